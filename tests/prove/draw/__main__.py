"""`python -m tests.prove.draw`: draws mutants of everything that ships, and says how many of them the tests notice."""

from __future__ import annotations

import argparse
import hashlib
import shlex
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from rich.console import Console

from tests.prove.campaign import ControlError, Verdict
from tests.prove.draw.campaign import DRAWN, write_drawn
from tests.prove.draw.controls import check_controls, draw_controls
from tests.prove.draw.population import ROOT, Module, Mutant, modules
from tests.prove.draw.reach import TESTS, Reach, find_reach
from tests.prove.draw.score import Score, print_score, write_report
from tests.prove.draw.tree import Tree
from tests.prove.equivalents import equivalents
from tests.prove.judge import Order
from tests.prove.runner import Memory, Runner, fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_FOLDER = ROOT / ".prove" / "draw"
_NUMBER = 400
# What a look costs at the most before all the tests are run that reach a mutant.
_BRIEF_S = 15.0
_BRIEF_FILES = 4


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw, judge and report; return 0 if each package is on its target, 1 if not, 130 if interrupted."""
    options = _parsed(arguments)
    console = Console(width=None if sys.stdout.isatty() else 160, soft_wrap=True)
    since = time.monotonic()
    # Verdicts of some tests are none of all.
    state = fingerprint() if options.tests == TESTS else f"{fingerprint()[:8]} {shlex.join(options.tests)}"
    seed = options.seed or _commit() or state
    memories = {one.name: Memory(_FOLDER / f"{one.name.replace(' ', '-')}.ndjson", state) for one in DRAWN}
    verdicts = {key: verdict for memory in memories.values() for key, verdict in memory.verdicts.items()}
    try:
        drawn = _draw(options, seed, verdicts)
        console.print(
            f"Seed {seed}: {len(drawn)} of {_population(options.module)} mutants; the same draw again: "
            f"python -m tests.prove.draw --seed {seed} --number {len(drawn)}",
            markup=False,
        )
        if options.list:
            for mutant in drawn:
                console.print(f"{mutant.mode}\t{mutant.id}", markup=False)
            return 0
        _judge(console, drawn, state, memories, options)
    except KeyboardInterrupt:
        console.print("Interrupted; what was found is kept, and the same command goes on.")
        return 130
    except ControlError as error:
        console.print(str(error), markup=False, style="red")
        return 1
    verdicts = {key: verdict for memory in memories.values() for key, verdict in memory.verdicts.items()}
    score = Score(drawn, verdicts, equivalents().get("draw", {}))
    print_score(console, score)
    path = _FOLDER.parent / "draw.txt"
    write_report(path, score)
    console.print(f"What noticed each of them: {path.relative_to(ROOT)}. {time.monotonic() - since:.0f} s")
    return 0 if score.is_on_target else 1


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.prove.draw", description=__doc__)
    parser.add_argument("--number", type=int, default=_NUMBER, help=f"how many ({_NUMBER})")
    parser.add_argument("--seed", help="what decides about the order of the mutants (the commit)")
    parser.add_argument("--module", action="append", default=[], metavar="PATH", help="only of modules below it")
    parser.add_argument(
        "--tests", nargs="+", default=TESTS, metavar="PATH", help="tests to judge by (all of behaviour)"
    )
    parser.add_argument("--workers", type=int, default=3, help="processes at a time (3)")
    parser.add_argument("--list", action="store_true", help="list what is drawn, and judge nothing")
    return parser.parse_args(arguments)


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short=12", "HEAD"], cwd=ROOT, check=False, capture_output=True, text=True
    )
    return done.stdout.strip()


def _population(paths: Sequence[str]) -> int:
    return sum(one.count() for one in _chosen(paths))


def _chosen(paths: Sequence[str]) -> list[Module]:
    return [one for one in modules() if not paths or any(one.name.startswith(path) for path in paths)]


def _draw(options: argparse.Namespace, seed: str, verdicts: Mapping[str, Verdict]) -> list[Mutant]:
    """Return the first mutants in the order of a seed; when all of them are known, so many more."""
    chosen = _chosen(options.module)
    places = [(module, number) for module in chosen for number in range(module.count())]
    places.sort(key=lambda place: hashlib.sha256(f"{seed}:{place[0].name}:{place[1]}".encode()).digest())
    wanted = options.number
    while True:
        drawn = list(_mutants(places[:wanted]))
        if wanted >= len(places) or any(one.id not in verdicts for one in drawn) or options.list:
            return drawn
        wanted += options.number


def _mutants(places: Sequence[tuple[Module, int]]) -> Iterator[Mutant]:
    for module, number in places:
        try:
            yield from module.mutants([number])
        except SyntaxError:
            # An operator has made what is no Python, which no test is needed for.
            continue


def _judge(
    console: Console, drawn: Sequence[Mutant], state: str, memories: Mapping[str, Memory], options: argparse.Namespace
) -> None:
    trees = [Tree(_FOLDER / "trees" / str(number)) for number in range(options.workers)]
    path = _FOLDER / f"reach-{hashlib.sha256(state.encode()).hexdigest()[:16]}.json"
    first = trees[0]
    first.fill()
    if not path.exists():
        console.print("Finding out which tests reach what, with nothing planted ...")
    reach = find_reach(first, path, options.tests, options.workers)
    controls = draw_controls(drawn, reach)
    everything = [*drawn, *(one.mutant for one in controls)]
    write_drawn(first.root, everything, options.tests)
    first.compile()
    for tree in trees[1:]:
        first.copy_to(tree)
    for campaign in DRAWN:
        memory = memories[campaign.name]
        of_it = [one for one in everything if one.mode == campaign.stage]
        for mutant in of_it:
            if not reach.of(mutant) and mutant.id not in memory.verdicts:
                memory.keep_unreached(mutant.id)
        for is_brief in (True, False):
            orders = {
                one.id: _order(one, reach, is_brief=is_brief)
                for one in of_it
                if one.id not in memory.verdicts and not (is_brief and one.id in memory.unnoticed)
            }
            if not orders and not memory.doubted:
                continue
            with Runner(campaign.name, memory, options.workers, trees) as runner:
                runner.judge(orders, _teller(console, campaign.name, len(orders)), has_control=False, orders=orders)
                runner.check_doubted()
        check_controls([one for one in controls if one.mutant.mode == campaign.stage], memory.verdicts)


def _order(mutant: Mutant, reach: Reach, *, is_brief: bool) -> Order:
    tests = reach.of(mutant)
    if is_brief:
        tests = _brief(mutant, tests, reach)
    seconds = {name: reach.seconds.get(name, 1.0) for name in tests}
    is_all = len(tests) == len(reach.of(mutant))
    # Beside other judges, and with what one test would have prepared for the next, they take several times as long.
    limit_s = int(60 + 10 * sum(seconds.values()))
    return Order(mutant.id, seconds, is_brief=is_brief and not is_all, only=tests, timeout_s=limit_s)


def _brief(mutant: Mutant, tests: Sequence[str], reach: Reach) -> list[str]:
    """Return quick tests, of a few files if these have to be collected for each mutant."""
    if mutant.mode == "collection":
        files: dict[str, int] = {}
        for name in tests:
            file = name.partition("::")[0]
            files[file] = files.get(file, 0) + 1
        stem = mutant.paths[0].rpartition("/")[2].removesuffix(".py").strip("_")
        near = sorted(files, key=lambda file: (stem not in file, not file.startswith("tests/unit"), -files[file]))
        tests = [one for one in tests if one.partition("::")[0] in near[:_BRIEF_FILES]]
    chosen: list[str] = []
    spent = 0.0
    for name in tests:
        spent += reach.seconds.get(name, 1.0)
        if spent > _BRIEF_S and chosen:
            break
        chosen.append(name)
    return chosen


def _teller(console: Console, name: str, total: int) -> Callable[[Verdict], None]:
    done = [0]

    def tell(verdict: Verdict) -> None:
        done[0] += 1
        if done[0] % 50 == 0 or done[0] == total:
            console.print(f"{name}: {done[0]} of {total} looks", markup=False)

    return tell


def _end(number: int, _frame: object) -> None:
    """Leave in good order: the judges are ended and their files removed."""
    sys.exit(128 + number)


if __name__ == "__main__":
    for one in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, _end)
    sys.exit(main())
