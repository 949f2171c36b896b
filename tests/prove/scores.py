"""What a run found, as tables."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import Console

    from tests.prove.campaign import Outcome, Verdict
    from tests.prove.trial import Finding

__all__ = ["Score", "print_kinds", "print_scores", "print_survivors", "report", "said"]


class Score(msgspec.Struct, frozen=True):
    """The outcome of a group of campaigns.

    Attributes:
        group: Its name.
        campaigns: Its campaigns.
        findings: What is known of each defect.
        equivalent: Reasons of those that no test can notice, by their names.
        stale: What is wrong with that list.
    """

    group: str
    campaigns: Sequence[str]
    findings: Sequence[Finding]
    equivalent: Mapping[str, str]
    stale: Sequence[str]

    @property
    def noticed(self) -> list[Finding]:
        """Defects that tests, or what comes before them, noticed."""
        return [one for one in self.findings if one.is_noticed]

    @property
    def survivors(self) -> list[Finding]:
        """Defects that nothing noticed, and that are not listed as equivalent."""
        return [one for one in self.findings if not one.is_noticed and one.defect.id not in self.equivalent]

    @property
    def is_perfect(self) -> bool:
        """Whether every defect is noticed or rightly listed."""
        return not self.survivors and not self.stale

    def shown(self, campaign: str) -> int:
        """Return how many defects a campaign had a look at."""
        return sum(campaign in one.shown for one in self.findings)

    def by(self, campaign: str, outcome: Outcome) -> int:
        """Return how many defects a campaign noticed in a certain way."""
        verdicts = (one.verdicts.get(campaign) for one in self.findings)
        return sum(one is not None and one.outcome == outcome for one in verdicts)

    def first(self, outcome: Outcome) -> int:
        """Return how many defects were noticed in a certain way by the first campaign that noticed them."""
        return sum(next(iter(one.verdicts.values())).outcome == outcome for one in self.noticed)


def print_scores(console: Console, scores: Sequence[Score]) -> None:
    """Print a line for each group, and one below it for each of its campaigns, with what that was shown and noticed."""
    ways: list[Outcome] = ["refused", "killed"]
    if any(score.first("timeout") for score in scores):
        ways.append("timeout")
    table = Table(title="Planted defects", title_justify="left")
    table.add_column("campaign")
    for name in ("defects", *ways, "equivalent", "survived", "rate"):
        table.add_column(name, justify="right")
    for score in scores:
        equivalent = len(score.findings) - len(score.noticed) - len(score.survivors)
        counts = (len(score.findings), *map(score.first, ways), equivalent, len(score.survivors))
        table.add_row(score.group, *map(str, counts), _rate(len(score.noticed), len(score.findings) - equivalent))
        for name in score.campaigns if len(score.campaigns) > 1 else ():
            of_one = (score.shown(name), *(score.by(name, one) for one in ways))
            table.add_row(f"  {name}", *map(str, of_one))
    console.print(table)


def print_kinds(console: Console, score: Score) -> None:
    """Print how many defects of each kind were noticed."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for one in score.findings:
        count = counts[one.defect.kind]
        count[0] += 1
        count[1] += one.is_noticed
        count[2] += not one.is_noticed and one.defect.id in score.equivalent
    table = Table(title=f"{score.group}, by kind of change", title_justify="left")
    table.add_column("kind")
    for name in ("defects", "noticed", "equivalent", "rate"):
        table.add_column(name, justify="right")
    for kind, (all_, noticed, equivalent) in sorted(counts.items()):
        table.add_row(kind, str(all_), str(noticed), str(equivalent), _rate(noticed, all_ - equivalent))
    console.print(table)


def print_survivors(console: Console, score: Score) -> None:
    """Print what nothing noticed, and what is wrong with the list of equivalents."""
    for one in score.survivors:
        console.print(f"[red]survived[/] {escape(one.defect.place)}: {escape(one.defect.change)}")
    for line in score.stale:
        console.print(f"[red]stale[/] {escape(line)}")


def report(scores: Sequence[Score]) -> Iterator[str]:
    """Yield lines that name what noticed each defect, or why nothing can."""
    for score in scores:
        for one in score.findings:
            yield f"{score.group}: {one.defect.place}: {one.defect.change} ({one.defect.id})"
            yield from (f"  {name}: {said(verdict)}" for name, verdict in one.verdicts.items())
            if not one.is_noticed:
                yield f"  {score.equivalent.get(one.defect.id, 'survived')}"


def said(verdict: Verdict) -> str:
    """Return a verdict in one line."""
    return " ".join(filter(None, (verdict.outcome, verdict.by and f"by {verdict.by}", verdict.reason)))


def _rate(part: int, of: int) -> str:
    return f"{100 * part / of:.1f} %" if of else "-"
