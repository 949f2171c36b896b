"""What a draw says of the whole: the share that the tests notice, with the interval that it is known to."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import msgspec
from rich.table import Table

from tests.prove.draw.population import PACKAGES, Mutant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from rich.console import Console

    from tests.prove.campaign import Verdict

__all__ = ["Score", "interval", "print_score", "write_report"]

_Z = 1.959963984540054
"""Quantile of the normal distribution for 95 %."""


class Score(msgspec.Struct, frozen=True):
    """What was drawn and what the tests said.

    Attributes:
        drawn: The mutants.
        verdicts: What the tests said, by the name of the mutant.
        equivalent: Reasons of those that no test can notice, by module and change.
    """

    drawn: Sequence[Mutant]
    verdicts: Mapping[str, Verdict]
    equivalent: Mapping[str, str]

    def of(self, package: str | None) -> tuple[int, int, int]:
        """Return how many mutants of a package, or of all, were noticed, are equivalent, and were drawn."""
        drawn = [one for one in self.drawn if package in {None, one.package}]
        noticed = sum(self.is_noticed(one) for one in drawn)
        return noticed, sum(not self.is_noticed(one) and self.is_equivalent(one) for one in drawn), len(drawn)

    def is_noticed(self, mutant: Mutant) -> bool:
        """Whether a test failed."""
        return self.verdicts[mutant.id].outcome != "survived"

    def is_equivalent(self, mutant: Mutant) -> bool:
        """Whether it is listed as one that no test can notice."""
        return mutant.listed_as in self.equivalent

    @property
    def survivors(self) -> list[Mutant]:
        """Mutants that no test noticed, and that are not listed."""
        return [one for one in self.drawn if not self.is_noticed(one) and not self.is_equivalent(one)]

    @property
    def stale(self) -> list[str]:
        """Listed as equivalent, and noticed nevertheless."""
        return [one.listed_as for one in self.drawn if self.is_noticed(one) and self.is_equivalent(one)]

    @property
    def is_on_target(self) -> bool:
        """Whether each package is, as far as the draw tells, and the list of equivalents is right."""
        return not self.stale and all(self._is_on_target(package, target) for package, target in PACKAGES.items())

    def _is_on_target(self, package: str, target: float) -> bool:
        noticed, equivalent, drawn = self.of(package)
        return noticed >= target * (drawn - equivalent)


def interval(noticed: int, drawn: int) -> tuple[float, float]:
    """Return the bounds of Wilson's 95 % interval of a share."""
    if not drawn:
        return 0.0, 1.0
    share, square = noticed / drawn, _Z * _Z / drawn
    middle = (share + square / 2) / (1 + square)
    half = _Z / (1 + square) * sqrt(share * (1 - share) / drawn + square / (4 * drawn))
    return max(0.0, middle - half), min(1.0, middle + half)


def print_score(console: Console, score: Score) -> None:
    """Print a line for each package, and each survivor."""
    table = Table(title="Drawn mutants", title_justify="left")
    table.add_column("package")
    for name in ("drawn", "noticed", "equivalent", "survived", "score", "95 % interval", "target"):
        table.add_column(name, justify="right")
    for package in (*PACKAGES, None):
        noticed, equivalent, drawn = score.of(package)
        counted = drawn - equivalent
        low, high = interval(noticed, counted)
        table.add_row(
            package or "all",
            *map(str, (drawn, noticed, equivalent, counted - noticed)),
            f"{100 * noticed / counted:.1f} %" if counted else "-",
            f"{100 * low:.1f} to {100 * high:.1f} %",
            f"{100 * PACKAGES[package]:.0f} %" if package else "",
            end_section=package is None,
        )
    console.print(table)
    for mutant in score.survivors:
        console.print(f"survived: {mutant.paths[0]}:{mutant.line}: {mutant.listed_as.partition(': ')[2]}", markup=False)
    for name in score.stale:
        console.print(f"listed as equivalent, and was noticed: {name}", markup=False)


def write_report(path: Path, score: Score) -> None:
    """Write what noticed each mutant, or why nothing can."""
    lines = []
    for one in score.drawn:
        verdict = score.verdicts[one.id]
        said = " ".join(filter(None, (verdict.outcome, verdict.by and f"by {verdict.by}", verdict.reason)))
        lines.append(f"{one.paths[0]}:{one.line}: {one.id}\n  {score.equivalent.get(one.listed_as, said)}\n")
    path.write_text("".join(lines), encoding="utf-8")
