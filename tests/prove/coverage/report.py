"""What was exercised, what was not and need not be: as lines for a terminal, and as a page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jinja2
import yaml

from tests.contract.fragment import FRAGMENT, operations
from tests.prove.coverage.cells import SENSELESS, SIDES, Cell, Kind, Side, cells, is_sensible

_HERE = Path(__file__).parent
_KINDS: tuple[Kind, ...] = (
    "status",
    "request property",
    "response property",
    "parameter",
    "header",
    "link",
    "security",
)
_OPERATION_KINDS: tuple[Kind, ...] = ("status", "parameter", "header", "link", "security")


class Coverage:
    """The cells that each side has exercised.

    Args:
        hits: How often each cell was seen, by side.
        listed: Why a cell cannot be exercised, by side and cell as text.
        all_cells: What there is to exercise.

    Attributes:
        problems: What is wrong, in words: gaps that nobody explains, and explanations without a gap.
    """

    def __init__(
        self,
        hits: Mapping[Side, Mapping[Cell, int]],
        listed: Mapping[Side, Mapping[str, str]],
        all_cells: set[Cell] | None = None,
    ) -> None:
        self.hits = hits
        self.listed = listed
        self.cells = sorted(cells() if all_cells is None else all_cells)
        self.problems = [*self._problems()]

    def wanted(self, side: Side, kind: Kind | None = None, owner: str | None = None) -> list[Cell]:
        """Return the cells that a side can exercise."""
        return [
            cell
            for cell in self.cells
            if is_sensible(cell, side) and kind in {None, cell.kind} and owner in {None, cell.owner}
        ]

    def unexplained(self, side: Side, kind: Kind | None = None, owner: str | None = None) -> list[Cell]:
        """Return the cells that a side could have exercised, and that are not listed."""
        listed, hits = self.listed.get(side, {}), self.hits[side]
        return [cell for cell in self.wanted(side, kind, owner) if not hits.get(cell) and str(cell) not in listed]

    def _problems(self) -> Iterator[str]:
        for side in SIDES:
            yield from (f"{side}: not exercised: {name}" for name in sorted(map(str, self.unexplained(side))))
            known = {str(cell): self.hits[side].get(cell) for cell in self.wanted(side)}
            for name in sorted(self.listed.get(side, {})):
                if name not in known:
                    yield f"{side}: listed in gaps.yaml, and is nothing that the fragment says: {name}"
                elif known[name]:
                    yield f"{side}: listed in gaps.yaml, and is exercised: {name}"


def listed_gaps(path: Path = _HERE / "gaps.yaml") -> dict[Side, dict[str, str]]:
    """Read which cells cannot be exercised, with the reasons."""
    listed: dict[Side, dict[str, str]] = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    return {side: dict(listed.get(side) or {}) for side in SIDES}


def summary(coverage: Coverage) -> Iterator[str]:
    """Yield the table, and the problems."""
    width = max(map(len, _KINDS))
    yield f"{'':{width}}" + "".join(f"{side:>16}" for side in SIDES)
    for kind in (*_KINDS, None):
        counts = [_count(coverage, side, kind) for side in SIDES]
        yield f"{kind or 'all':{width}}" + "".join(f"{seen:>8} of {wanted:>4}" for seen, wanted in counts)
    explained = sum(len(coverage.listed.get(side, {})) for side in SIDES)
    yield f"{explained} not exercised for a reason that is listed"
    yield from coverage.problems


def _count(coverage: Coverage, side: Side, kind: Kind | None = None, owner: str | None = None) -> tuple[int, int]:
    wanted = coverage.wanted(side, kind, owner)
    return sum(cell in coverage.hits[side] for cell in wanted), len(wanted)


def page(coverage: Coverage) -> str:
    """Return the page: every cell, by owner."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    environment.filters["state_of"] = lambda side, cell: _state(coverage, cell, side)
    names = list(operations())
    owners = [*names, *sorted({cell.owner for cell in coverage.cells} - set(names))]
    return environment.get_template("page.html").render(
        coverage=coverage,
        sides=SIDES,
        kinds=_KINDS,
        owners=owners,
        operations=names,
        operation_kinds=_OPERATION_KINDS,
        count=lambda *arguments: _count(coverage, *arguments),
        is_open=coverage.unexplained,
        senseless=SENSELESS,
        version=FRAGMENT["info"]["version"],
    )


def _state(coverage: Coverage, cell: Cell, side: Side) -> tuple[str, Any]:
    if not is_sensible(cell, side):
        return "senseless", SENSELESS[side, cell.kind][1]
    if seen := coverage.hits[side].get(cell):
        return "seen", seen
    reason = coverage.listed.get(side, {}).get(str(cell))
    return ("listed", reason) if reason else ("gap", "")
