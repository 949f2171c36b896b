"""`python -m tests.prove`: plants defects, one at a time, and counts those that the tests notice."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.prove.campaign import ControlError
from tests.prove.campaigns import CAMPAIGNS, groups
from tests.prove.equivalents import equivalents, stale
from tests.prove.runner import fingerprint
from tests.prove.sample import sample
from tests.prove.scores import Score, print_kinds, print_scores, print_survivors, report, said
from tests.prove.spec_campaigns import ClientFromMutant
from tests.prove.spec_mutants.mutant import difference
from tests.prove.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_FOLDER = Path(__file__).parents[2] / ".prove"
# What a judge takes to begin with is more than a defect takes, so the sample is of the greatest groups alone.
_SAMPLE_SIZES = {"spec mutants": 18, "mock defects": 8, "client defects": 8}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the arguments say, and return the exit code: 0 if all is proven, 1 if not, 130 if interrupted."""
    options = _parsed(arguments)
    # A log has no use for a width of 80 columns.
    console = Console(width=None if sys.stdout.isatty() else 160)
    wanted = options.campaign or (_SAMPLE_SIZES if options.sample else groups())
    chosen = {name: names for name, names in groups().items() if name in wanted}
    kinds = {one.kind for names in chosen.values() for one in CAMPAIGNS[names[0]].defects()} if options.kind else set()
    if options.kind and options.kind not in kinds:
        console.print(f"No defect is of the kind {options.kind!r}; there are: {', '.join(sorted(kinds))}", markup=False)
        return 2
    if options.list or options.show:
        return _show(console, chosen, options.show, options.kind)
    # The judges draw the places of the controls by it, too.
    os.environ.setdefault("PROVE_SEED", fingerprint())
    since = time.monotonic()
    scores: list[Score] = []
    try:
        for group, names in chosen.items():
            scores.append(_run(console, group, names, options))
    except KeyboardInterrupt:
        console.print("Interrupted; what was found is kept, and the same command goes on.")
        return 130
    except ControlError as error:
        console.print(f"[red]{escape(str(error))}[/]")
        return 1
    for score in scores:
        print_kinds(console, score)
    print_scores(console, scores)
    for score in scores:
        print_survivors(console, score)
    path = _FOLDER / f"{'sample' if options.sample else 'report'}.txt"
    path.write_text("".join(f"{line}\n" for line in report(scores)), encoding="utf-8")
    console.print(f"What noticed each of them: {path}", soft_wrap=True)
    console.print(f"{time.monotonic() - since:.0f} s")
    return 0 if all(score.is_perfect for score in scores) else 1


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.prove", description=__doc__)
    parser.add_argument("--campaign", nargs="+", choices=groups(), metavar="NAME", help=", ".join(groups()))
    parser.add_argument("--kind", help="only defects of this kind of change")
    parser.add_argument("--sample", action="store_true", help="a few defects of the greatest groups, for a quick run")
    parser.add_argument("--both", action="store_true", help="show each defect to all campaigns of its group")
    parser.add_argument("--workers", type=int, default=2, help="processes at a time (2)")
    parser.add_argument("--fresh", action="store_true", help="forget what earlier runs found")
    parser.add_argument("--list", action="store_true", help="list the defects, and run nothing")
    parser.add_argument("--show", metavar="ID", help="show a defect, and run nothing")
    return parser.parse_args(arguments)


def _run(console: Console, group: str, names: Sequence[str], options: argparse.Namespace) -> Score:
    if options.fresh:
        for name in names:
            (_FOLDER / f"{name.replace(' ', '-')}.ndjson").unlink(missing_ok=True)
    trial = Trial(names, _FOLDER, fingerprint(), options.workers)
    listed = equivalents().get(group, {})
    known = [one.id for one in trial.defects]
    defects = [one for one in trial.defects if options.kind in {None, one.kind}]
    if options.sample:
        defects = sample(defects, _SAMPLE_SIZES.get(group, 10))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(group, total=len(defects))
        tell = _teller(console, group, len(defects), lambda done: progress.update(task, completed=done))
        findings = trial.run(
            defects, tell, equivalent=frozenset(listed), is_sample=options.sample, is_thrifty=not options.both
        )
    return Score(group, names, findings, listed, stale(listed, known, findings))


def _teller(console: Console, group: str, total: int, update: Callable[[int], object]) -> Callable[[str, int], None]:
    """Return what is told of each look: it moves the bar, or writes a line now and then where there is none."""
    shown = [0]

    def tell(phase: str, done: int) -> None:
        update(done)
        if not console.is_terminal and done >= shown[0] + max(total // 10, 1):
            shown[0] = done
            console.print(f"{group}: {done} of {total} are settled ({phase})")

    return tell


def _show(console: Console, chosen: dict[str, Sequence[str]], wanted: str | None, kind: str | None) -> int:
    for group, names in chosen.items():
        for one in CAMPAIGNS[names[0]].defects():
            if kind not in {None, one.kind}:
                continue
            if wanted is None:
                console.print(f"{group}\t{one.kind}\t{one.id}", markup=False, soft_wrap=True)
            elif one.id == wanted:
                _describe(console, group, names, one.id)
                return 0
    if wanted is None:
        return 0
    console.print(f"No defect is called {wanted!r}; --list names them all.", markup=False)
    return 1


def _describe(console: Console, group: str, names: Sequence[str], wanted: str) -> None:
    defect = next(one for one in CAMPAIGNS[names[0]].defects() if one.id == wanted)
    console.print(f"{group}: {defect.place}: {defect.change}", markup=False, soft_wrap=True)
    campaign = CAMPAIGNS[names[0]]
    if isinstance(campaign, ClientFromMutant):
        for line in difference(campaign.true, campaign.document(defect)):
            console.print(line, markup=False, soft_wrap=True)
    (known,) = (one for one in Trial(names, _FOLDER, fingerprint(), 1).findings if one.defect.id == wanted)
    for name in names:
        verdict = known.verdicts.get(name)
        unknown = "does not notice it" if name in known.shown else "has not judged it"
        console.print(f"{name}: {said(verdict) if verdict else unknown}", markup=False, soft_wrap=True)
        command = shlex.join(["python", "-m", "tests.prove.judge", name, wanted])
        console.print(f"Judge it alone: {command}", markup=False, soft_wrap=True)


def _end(number: int, _frame: object) -> None:
    """Leave in good order: the judges are ended and their files removed."""
    sys.exit(128 + number)


if __name__ == "__main__":
    for one in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, _end)
    sys.exit(main())
