"""`python -m tests.prove.draw`: draws mutants of everything that ships, and counts how many the tests detect."""

from __future__ import annotations

import argparse
import hashlib
import shlex
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from rich.console import Console

from tests.prove.__main__ import exit_on_signal
from tests.prove.campaign import InvalidRunError, MutantResult
from tests.prove.draw.campaign import DRAW_CAMPAIGNS, write_drawn
from tests.prove.draw.controls import check_controls, draw_controls
from tests.prove.draw.population import ROOT, Module, Mutant, modules
from tests.prove.draw.reach import TESTS, Reach, find_reach
from tests.prove.draw.score import Score, print_score, write_report
from tests.prove.draw.type_check import TypeCheck
from tests.prove.draw.working_copy import WorkingCopy
from tests.prove.equivalents import equivalents
from tests.prove.result_store import ResultStore, fingerprint
from tests.prove.worker import Result, Task
from tests.prove.worker_pool import WorkerPool

_FOLDER = ROOT / ".prove" / "draw"
_NUMBER = 400
# Limits of a brief run.
_BRIEF_S = 5.0
_BRIEF_FILES = 4


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw, run and report; return 0 if each package is on its target, 1 if not, 130 if interrupted."""
    options = _parse(arguments)
    console = Console(width=None if sys.stdout.isatty() else 160, soft_wrap=True)
    since = time.monotonic()
    # Verdicts by some tests are not those by all.
    state = fingerprint() if options.tests == TESTS else f"{fingerprint()[:8]} {shlex.join(options.tests)}"
    seed = options.seed or _commit() or state
    stores = {
        campaign.name: ResultStore(_FOLDER / f"{campaign.name.replace(' ', '-')}.ndjson", state)
        for campaign in DRAW_CAMPAIGNS
    }
    population = [
        module
        for module in modules()
        if not options.module or any(module.name.startswith(path) for path in options.module)
    ]
    try:
        drawn = _draw(population, options, seed, _verdicts(stores))
        console.print(
            f"Seed {seed}: {len(drawn)} of {sum(module.count() for module in population)} mutants; the same draw "
            f"again: python -m tests.prove.draw --seed {seed} --number {len(drawn)}",
            markup=False,
        )
        if options.list:
            for mutant in drawn:
                console.print(f"{mutant.stage}\t{mutant.id}", markup=False)
            return 0
        _run(console, drawn, state, stores, options)
    except KeyboardInterrupt:
        console.print("Interrupted. Results are kept: the same command continues.")
        return 130
    except InvalidRunError as error:
        console.print(str(error), markup=False, style="red")
        return 1
    score = Score(drawn, _verdicts(stores), equivalents().get("draw", {}))
    print_score(console, score)
    path = _FOLDER.parent / "draw.txt"
    write_report(path, score)
    console.print(f"What detected each of them: {path.relative_to(ROOT)}. {time.monotonic() - since:.0f} s")
    return 0 if score.is_on_target else 1


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.prove.draw", description=__doc__)
    parser.add_argument("--number", type=int, default=_NUMBER, help=f"how many ({_NUMBER})")
    parser.add_argument("--seed", help="decides the order of the mutants (the commit)")
    parser.add_argument("--module", action="append", default=[], metavar="PATH", help="only of modules below it")
    parser.add_argument("--tests", nargs="+", default=TESTS, metavar="PATH", help="tests to run (all of behaviour)")
    parser.add_argument("--workers", type=int, default=3, help="number of processes (3)")
    parser.add_argument("--list", action="store_true", help="list the drawn mutants, and run nothing")
    return parser.parse_args(arguments)


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short=12", "HEAD"], cwd=ROOT, check=False, capture_output=True, text=True
    )
    return done.stdout.strip()


def _verdicts(stores: Mapping[str, ResultStore]) -> dict[str, MutantResult]:
    return {name: verdict for store in stores.values() for name, verdict in store.verdicts.items()}


def _draw(
    population: Sequence[Module], options: argparse.Namespace, seed: str, known: Mapping[str, MutantResult]
) -> list[Mutant]:
    """Return the first mutants in the order of a seed; when all of them are known, that many more."""
    places = [(module, number) for module in population for number in range(module.count())]
    places.sort(key=lambda place: hashlib.sha256(f"{seed}:{place[0].name}:{place[1]}".encode()).digest())
    wanted = options.number
    while True:
        drawn = list(_mutants(places[:wanted]))
        if wanted >= len(places) or any(mutant.id not in known for mutant in drawn) or options.list:
            return drawn
        wanted += options.number


def _mutants(places: Sequence[tuple[Module, int]]) -> Iterator[Mutant]:
    for module, number in places:
        try:
            yield from module.mutants([number])
        except SyntaxError:
            # An operator has made invalid Python, which needs no test.
            continue


def _run(
    console: Console,
    drawn: Sequence[Mutant],
    state: str,
    stores: Mapping[str, ResultStore],
    options: argparse.Namespace,
) -> None:
    copies = [WorkingCopy(_FOLDER / "trees" / str(number)) for number in range(options.workers)]
    path = _FOLDER / f"reach-{hashlib.sha256(state.encode()).hexdigest()[:16]}.json"
    first = copies[0]
    first.create()
    if not path.exists():
        console.print("Finding out which tests reach what, with nothing planted ...")
    reach = find_reach(first, path, options.tests, options.workers)
    controls = draw_controls(drawn, reach)
    everything = [*drawn, *(control.mutant for control in controls)]
    write_drawn(first.root, everything, options.tests)
    first.compile()
    for copy in copies[1:]:
        first.copy_to(copy)
    for campaign in DRAW_CAMPAIGNS:
        store = stores[campaign.name]
        mutants = [mutant for mutant in everything if mutant.stage == campaign.stage]
        for mutant in mutants:
            if not reach.of(mutant) and mutant.id not in store.verdicts:
                store.add_unreached(mutant.id)
        for is_brief in (True, False):
            done = store.tried if is_brief else store.verdicts.keys()
            tasks = {mutant.id: _task(mutant, reach, is_brief=is_brief) for mutant in mutants if mutant.id not in done}
            if tasks or store.unverified:
                with WorkerPool(campaign.name, store, options.workers, copies) as pool:
                    pool.run(tasks, _counter(console, campaign.name, len(tasks)), has_baseline=False, tasks=tasks)
                    pool.verify_tests()
            if is_brief:
                _check_types(console, campaign.name, TypeCheck(first, _FOLDER / "mypy"), mutants, store)
        check_controls([control for control in controls if control.mutant.stage == campaign.stage], store.verdicts)


def _check_types(console: Console, name: str, types: TypeCheck, mutants: Sequence[Mutant], store: ResultStore) -> None:
    """Keep a verdict of what tests have let through and mypy refuses."""
    detected = {name for name, verdict in store.verdicts.items() if verdict.outcome != "survived"}
    left = [mutant for mutant in mutants if mutant.id not in detected]
    for mutant in left:
        if error := types.refusal(mutant):
            store.add(Result(MutantResult(id=mutant.id, outcome="refused", reason=error), {}))
    console.print(f"{name}: {len(left)} shown to mypy", markup=False)


def _task(mutant: Mutant, reach: Reach, *, is_brief: bool) -> Task:
    reaching = reach.of(mutant)
    tests = _brief(mutant, reaching, reach) if is_brief else reaching
    seconds = {name: reach.seconds.get(name, 1.0) for name in tests}
    # Beside other workers, and without what earlier tests would have set up, they take several times as long.
    timeout_s = int(60 + 10 * sum(seconds.values()))
    is_partial = len(tests) < len(reaching)
    return Task(mutant.id, seconds, is_brief=is_brief and is_partial, only=tests, timeout_s=timeout_s)


def _brief(mutant: Mutant, tests: Sequence[str], reach: Reach) -> list[str]:
    """Return quick tests; of a few files, if these are collected for each mutant."""
    if mutant.stage == "collection":
        files = Counter(name.partition("::")[0] for name in tests)
        stem = mutant.paths[0].rpartition("/")[2].removesuffix(".py").strip("_")
        near = sorted(files, key=lambda file: (stem not in file, not file.startswith("tests/unit"), -files[file]))
        tests = [name for name in tests if name.partition("::")[0] in near[:_BRIEF_FILES]]
    chosen: list[str] = []
    spent = 0.0
    for name in tests:
        spent += reach.seconds.get(name, 1.0)
        if spent > _BRIEF_S and chosen:
            break
        chosen.append(name)
    return chosen


def _counter(console: Console, name: str, total: int) -> Callable[[MutantResult], None]:
    """Return a callback that prints a line now and then."""
    done = 0

    def count(_: MutantResult) -> None:
        nonlocal done
        done += 1
        if done % 50 == 0 or done == total:
            console.print(f"{name}: {done} of {total} runs", markup=False)

    return count


if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, exit_on_signal)
    sys.exit(main())
