"""What a run found, as tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.prove.campaign import Outcome
from tests.prove.session import Finding


class Score(msgspec.Struct, frozen=True):
    """The result of a group of campaigns; `stale` says what is wrong with its list of equivalents."""

    group: str
    campaigns: Sequence[str]
    findings: Sequence[Finding]
    equivalent: Mapping[str, str]
    stale: Sequence[str]

    @property
    def detected(self) -> list[Finding]:
        """Defects that tests, or the tool chain before them, detected."""
        return [finding for finding in self.findings if finding.is_detected]

    @property
    def survivors(self) -> list[Finding]:
        """Defects that nothing detected and that are not listed as equivalent."""
        return [
            finding for finding in self.findings if not finding.is_detected and finding.defect.id not in self.equivalent
        ]

    @property
    def is_perfect(self) -> bool:
        """Whether every defect is detected or rightly listed."""
        return not self.survivors and not self.stale

    def shown(self, campaign: str) -> int:
        """Return how many defects a campaign ran."""
        return sum(campaign in finding.shown for finding in self.findings)

    def by(self, campaign: str, outcome: Outcome) -> int:
        """Return how many defects have an outcome in a campaign."""
        verdicts = (finding.verdicts.get(campaign) for finding in self.findings)
        return sum(verdict is not None and verdict.outcome == outcome for verdict in verdicts)

    def first(self, outcome: Outcome) -> int:
        """Return how many defects have an outcome in the first campaign that detected them."""
        return sum(next(iter(finding.verdicts.values())).outcome == outcome for finding in self.detected)


def print_scores(console: Console, scores: Sequence[Score]) -> None:
    """Print a line for each group, and below it one for each campaign: how many defects it ran and detected."""
    outcomes: list[Outcome] = ["refused", "killed"]
    if any(score.first("timeout") for score in scores):
        outcomes.append("timeout")
    table = _table("Planted defects", "campaign", "defects", *outcomes, "equivalent", "survived", "rate")
    for score in scores:
        equivalent = len(score.findings) - len(score.detected) - len(score.survivors)
        counts = (len(score.findings), *map(score.first, outcomes), equivalent, len(score.survivors))
        table.add_row(score.group, *map(str, counts), _rate(len(score.detected), len(score.findings) - equivalent))
        for name in score.campaigns if len(score.campaigns) > 1 else ():
            table.add_row(f"  {name}", *map(str, (score.shown(name), *(score.by(name, way) for way in outcomes))))
    console.print(table)


def print_kinds(console: Console, score: Score) -> None:
    """Print how many defects of each kind were detected."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for finding in score.findings:
        count = counts[finding.defect.kind]
        count[0] += 1
        count[1] += finding.is_detected
        count[2] += not finding.is_detected and finding.defect.id in score.equivalent
    table = _table(f"{score.group}, by kind of change", "kind", "defects", "detected", "equivalent", "rate")
    for kind, (total, detected, equivalent) in sorted(counts.items()):
        table.add_row(kind, str(total), str(detected), str(equivalent), _rate(detected, total - equivalent))
    console.print(table)


def print_survivors(console: Console, score: Score) -> None:
    """Print what nothing detected, and what is wrong with the list of equivalents."""
    for finding in score.survivors:
        console.print(f"[red]survived[/] {escape(finding.defect.place)}: {escape(finding.defect.change)}")
    for line in score.stale:
        console.print(f"[red]stale[/] {escape(line)}")


def report(scores: Sequence[Score]) -> Iterator[str]:
    """Yield lines that name what detected each defect, or why nothing can."""
    for score in scores:
        for finding in score.findings:
            yield f"{score.group}: {finding.defect.place}: {finding.defect.change} ({finding.defect.id})"
            yield from (f"  {name}: {verdict}" for name, verdict in finding.verdicts.items())
            if not finding.is_detected:
                yield f"  {score.equivalent.get(finding.defect.id, 'survived')}"


def _table(title: str, first: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(first)
    for name in columns:
        table.add_column(name, justify="right")
    return table


def _rate(part: int, of: int) -> str:
    return f"{100 * part / of:.1f} %" if of else "-"
