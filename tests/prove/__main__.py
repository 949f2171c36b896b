"""`python -m tests.prove`: plants defects, one at a time, and counts those that the tests detect."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
import time
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.prove.campaign import InvalidRunError
from tests.prove.campaigns import CAMPAIGNS, GROUPS
from tests.prove.equivalents import equivalents, find_stale
from tests.prove.result_store import ROOT, fingerprint
from tests.prove.sample import sample
from tests.prove.scores import Score, print_kinds, print_scores, print_survivors, report
from tests.prove.session import Session
from tests.prove.spec_campaigns import ClientFromMutant
from tests.prove.spec_mutants.mutant import difference

_FOLDER = ROOT / ".prove"
# Starting a worker takes longer than running a defect, so the sample is of the largest groups alone.
_SAMPLE_SIZES = {"spec mutants": 18, "mock defects": 8, "client defects": 8}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return the exit code: 0 if every defect is detected, 1 if not, 130 if interrupted."""
    options = _parse(arguments)
    # A log need not be 80 columns wide.
    console = Console(width=None if sys.stdout.isatty() else 160)
    wanted = options.campaign or (_SAMPLE_SIZES if options.sample else GROUPS)
    chosen = {name: names for name, names in GROUPS.items() if name in wanted}
    if options.kind:
        kinds = {defect.kind for names in chosen.values() for defect in CAMPAIGNS[names[0]].defects()}
        if options.kind not in kinds:
            text = f"No defect is of the kind {options.kind!r}; there are: {', '.join(sorted(kinds))}"
            console.print(text, markup=False)
            return 2
    if options.list or options.show:
        return _show(console, chosen, options.show, options.kind)
    # Workers draw the places of the controls by it, too.
    os.environ.setdefault("PROVE_SEED", fingerprint())
    since = time.monotonic()
    try:
        scores = [_run(console, group, names, options) for group, names in chosen.items()]
    except KeyboardInterrupt:
        console.print("Interrupted. Results are kept: the same command continues.")
        return 130
    except InvalidRunError as error:
        console.print(f"[red]{escape(str(error))}[/]")
        return 1
    for score in scores:
        print_kinds(console, score)
    print_scores(console, scores)
    for score in scores:
        print_survivors(console, score)
    path = _FOLDER / f"{'sample' if options.sample else 'report'}.txt"
    path.write_text("".join(f"{line}\n" for line in report(scores)), encoding="utf-8")
    console.print(f"What detected each of them: {path}", soft_wrap=True)
    console.print(f"{time.monotonic() - since:.0f} s")
    return 0 if all(score.is_perfect for score in scores) else 1


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.prove", description=__doc__)
    parser.add_argument("--campaign", nargs="+", choices=GROUPS, metavar="NAME", help=", ".join(GROUPS))
    parser.add_argument("--kind", help="only defects of this kind of change")
    parser.add_argument("--sample", action="store_true", help="a few defects of the largest groups, for a quick run")
    parser.add_argument("--both", action="store_true", help="run each defect in all campaigns of its group")
    parser.add_argument("--workers", type=int, default=2, help="number of processes (2)")
    parser.add_argument("--fresh", action="store_true", help="discard the results of earlier runs")
    parser.add_argument("--list", action="store_true", help="list the defects, and run nothing")
    parser.add_argument("--show", metavar="ID", help="show a defect, and run nothing")
    return parser.parse_args(arguments)


def _run(console: Console, group: str, names: Sequence[str], options: argparse.Namespace) -> Score:
    if options.fresh:
        for name in names:
            (_FOLDER / f"{name.replace(' ', '-')}.ndjson").unlink(missing_ok=True)
    session = Session(names, _FOLDER, fingerprint(), options.workers)
    listed = equivalents().get(group, {})
    defects = [defect for defect in session.defects if options.kind in {None, defect.kind}]
    if options.sample:
        defects = sample(defects, _SAMPLE_SIZES.get(group, 10))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        bar = progress.add_task(group, total=len(defects))
        shown = 0

        def on_progress(phase: str, done: int) -> None:
            nonlocal shown
            progress.update(bar, completed=done)
            # Without a terminal, a line now and then.
            if not console.is_terminal and done >= shown + max(len(defects) // 10, 1):
                shown = done
                console.print(f"{group}: {done} of {len(defects)} are detected ({phase})")

        findings = session.run(
            defects,
            on_progress,
            equivalent=frozenset(listed),
            is_sample=options.sample,
            skip_killed=not options.both,
        )
    stale = find_stale(listed, [defect.id for defect in session.defects], findings)
    return Score(group, names, findings, listed, stale)


def _show(console: Console, chosen: dict[str, Sequence[str]], wanted: str | None, kind: str | None) -> int:
    for group, names in chosen.items():
        for defect in CAMPAIGNS[names[0]].defects():
            if kind not in {None, defect.kind}:
                continue
            if wanted is None:
                console.print(f"{group}\t{defect.kind}\t{defect.id}", markup=False, soft_wrap=True)
            elif defect.id == wanted:
                _describe(console, group, names, defect.id)
                return 0
    if wanted is None:
        return 0
    console.print(f"No defect is called {wanted!r}; --list names them all.", markup=False)
    return 1


def _describe(console: Console, group: str, names: Sequence[str], wanted: str) -> None:
    (finding,) = (
        finding for finding in Session(names, _FOLDER, fingerprint(), 1).findings if finding.defect.id == wanted
    )
    lines = [f"{group}: {finding.defect.place}: {finding.defect.change}"]
    campaign = CAMPAIGNS[names[0]]
    if isinstance(campaign, ClientFromMutant):
        lines += difference(campaign.true, campaign.document(finding.defect))
    for name in names:
        unknown = "does not detect it" if name in finding.shown else "has not run it"
        lines.append(f"{name}: {finding.verdicts.get(name, unknown)}")
        lines.append(f"Run it alone: {shlex.join(['python', '-m', 'tests.prove.worker', name, wanted])}")
    for line in lines:
        console.print(line, markup=False, soft_wrap=True)


def exit_on_signal(number: int, _: object) -> None:
    """Exit in good order: workers are killed and their files removed."""
    sys.exit(128 + number)


if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, exit_on_signal)
    sys.exit(main())
