"""What a draw says of the population: the share of mutants that the tests detect, with its confidence interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import sqrt
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from tests.prove.campaign import MutantResult
from tests.prove.draw.population import PACKAGES, Mutant

_Z = 1.959963984540054
"""Quantile of the normal distribution for 95 %."""


class Score(msgspec.Struct, frozen=True):
    """The drawn mutants, their verdicts by id, and why some are equivalent, by module and change."""

    drawn: Sequence[Mutant]
    verdicts: Mapping[str, MutantResult]
    equivalent: Mapping[str, str]

    def of(self, *packages: str) -> tuple[int, int, int]:
        """Return how many mutants of some packages were detected, are equivalent, and were drawn."""
        drawn = [mutant for mutant in self.drawn if mutant.package in packages]
        detected = sum(map(self.is_detected, drawn))
        return (
            detected,
            sum(self.is_equivalent(mutant) and not self.is_detected(mutant) for mutant in drawn),
            len(drawn),
        )

    def is_detected(self, mutant: Mutant) -> bool:
        """Whether a test failed, or mypy refused it."""
        return self.verdicts[mutant.id].outcome != "survived"

    def by_types(self, *packages: str) -> int:
        """Return how many mutants of some packages mypy refused after a brief run of the tests."""
        drawn = (mutant for mutant in self.drawn if mutant.package in packages)
        return sum(self.verdicts[mutant.id].outcome == "refused" for mutant in drawn)

    def is_equivalent(self, mutant: Mutant) -> bool:
        """Whether it is listed as equivalent."""
        return mutant.equivalence_id in self.equivalent

    @property
    def survivors(self) -> list[Mutant]:
        """Mutants that no test detected, and that are not listed."""
        return [mutant for mutant in self.drawn if not self.is_detected(mutant) and not self.is_equivalent(mutant)]

    @property
    def stale(self) -> list[str]:
        """Mutants that are listed as equivalent, but detected."""
        return [
            mutant.equivalence_id for mutant in self.drawn if self.is_detected(mutant) and self.is_equivalent(mutant)
        ]

    @property
    def is_on_target(self) -> bool:
        """Whether the packages of each target are, taken together, and the list of equivalents is right.

        A draw has so few mutants of a small package that one of them would decide.
        """
        return not self.stale and all(self._is_on_target(target) for target in set(PACKAGES.values()))

    def _is_on_target(self, target: float) -> bool:
        detected, equivalent, drawn = self.of(*with_target(target))
        return detected >= target * (drawn - equivalent)


def with_target(target: float) -> list[str]:
    """Return the packages with a target."""
    return [package for package, wanted in PACKAGES.items() if wanted == target]


def interval(detected: int, drawn: int) -> tuple[float, float]:
    """Return the bounds of Wilson's 95 % interval of a share."""
    if not drawn:
        return 0.0, 1.0
    share, square = detected / drawn, _Z * _Z / drawn
    middle = (share + square / 2) / (1 + square)
    half = _Z / (1 + square) * sqrt(share * (1 - share) / drawn + square / (4 * drawn))
    return max(0.0, middle - half), min(1.0, middle + half)


def print_score(console: Console, score: Score) -> None:
    """Print a line for each package, for those with the same target together, and for each survivor."""
    table = Table(title="Drawn mutants", title_justify="left")
    table.add_column("package")
    for name in ("drawn", "detected", "by types", "equivalent", "survived", "score", "95 % interval", "target"):
        table.add_column(name, justify="right")
    for target in sorted(set(PACKAGES.values()), reverse=True):
        for packages in (*([package] for package in with_target(target)), with_target(target)):
            is_sum = len(packages) > 1
            detected, equivalent, drawn = score.of(*packages)
            counted = drawn - equivalent
            low, high = interval(detected, counted)
            table.add_row(
                "together" if is_sum else packages[0],
                *map(str, (drawn, detected, score.by_types(*packages), equivalent, counted - detected)),
                f"{100 * detected / counted:.1f} %" if counted else "-",
                f"{100 * low:.1f} to {100 * high:.1f} %",
                f"{100 * target:.0f} %" if is_sum else "",
                end_section=is_sum,
            )
    console.print(table)
    for mutant in score.survivors:
        console.print(f"survived: {mutant.place}: {mutant.equivalence_id.partition(': ')[2]}", markup=False)
    for name in score.stale:
        console.print(f"listed as equivalent, and was detected: {name}", markup=False)


def write_report(path: Path, score: Score) -> None:
    """Write what detected each mutant, or why nothing can."""
    lines = []
    for mutant in score.drawn:
        reason = score.equivalent.get(mutant.equivalence_id, score.verdicts[mutant.id])
        lines.append(f"{mutant.place}: {mutant.id}\n  {reason}\n")
    path.write_text("".join(lines), encoding="utf-8")
