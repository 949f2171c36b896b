"""A worker, `python -m tests.prove.worker CAMPAIGN`: runs the tests on one defect after the other.

It is a pytest session that stops at the campaign's stage. For each task on the standard input it forks; the child
plants the defect and continues the session until the first failure. So a defect costs no imports and, if it is planted
late, no collection, and leaves nothing behind. With the name of a defect as a second argument, pytest itself shows what
the tests say of that defect.
"""

from __future__ import annotations

import gc
import os
import select
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Sequence
from importlib import import_module
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
import schemathesis
from _pytest.unittest import TestCaseFunction
from schemathesis.core.result import Err
from schemathesis.pytest import plugin

from tests.prove.campaign import BASELINE, Campaign, Defect, MutantResult, NoEffectError, Outcome, RefusedError
from tests.prove.campaigns import CAMPAIGNS

TIMEOUT_S = 300
# All tests, on a machine that is busy with something else.
BASELINE_TIMEOUT_S = 1800
_GRACE_S = 30
_PRELOADED = (
    *("httpx", "hypothesis.stateful", "jsonschema_rs", "schemathesis.pytest", "starlette.testclient", "uvicorn"),
    "yaml",
)
_MAX_REASON = 240
_FINISHED = frozenset({pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED})


class Task(msgspec.Struct):
    """A line of the standard input.

    Attributes:
        id: Name of the defect.
        seconds: Duration of each test in the baseline; quick ones run first.
        is_brief: Whether to run only the tests in the defect's focus.
        only: If not empty, the names of the tests to run; only their files are collected.
        timeout_s: Time limit.
    """

    id: str
    seconds: dict[str, float] = {}
    is_brief: bool = False
    only: Sequence[str] = ()
    timeout_s: int = TIMEOUT_S


class Result(msgspec.Struct):
    """A line of the standard output: the verdict, and the duration of each test that ran."""

    verdict: MutantResult
    seconds: dict[str, float]
    is_brief: bool = False


class Worker:
    """The pytest plugin that stops the session, and lets forks of it continue."""

    def __init__(self, campaign: Campaign, tasks: BufferedReader, results: RawIOBase) -> None:
        self._campaign = campaign
        controls = campaign.controls(os.environ.get("PROVE_SEED", ""))
        known = (BASELINE, *campaign.defects(), controls.noop, controls.fatal)
        self._defects = {defect.id: defect for defect in known}
        self._tasks = tasks
        self._results = results
        self._run: _Run | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> bool | None:
        """Stop before the collection."""
        if self._campaign.stage != "collection":
            return None
        _preload()
        if not self._serve():
            # The process that only forks collects nothing.
            return True
        cast("_Run", self._run).narrow_collection()
        return None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Stop before the first test."""
        if self._run is None and not (self._campaign.stage == "run" and self._serve()):
            return True
        session.items = cast("_Run", self._run).select(session.items)
        return None

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Skip files without any of the wanted tests."""
        return True if self._run is not None and self._run.skips(collection_path) else None

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A module that cannot even be imported is a failure."""
        if self._run is not None and report.failed:
            self._run.finish("killed", f"collection of {report.nodeid}", str(report.longrepr).strip().splitlines()[-1])

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Record which test is running."""
        if self._run is not None:
            self._run.running = name_of(item)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        """Record the duration of a test."""
        if self._run is not None:
            self._run.reported = name = name_of(item)
            self._run.seconds[name] = self._run.seconds.get(name, 0.0) + call.duration

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Finish with the first failure."""
        if self._run is not None and report.failed:
            self._run.finish("killed", self._run.reported, _reason(report))

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Nothing has failed, if the session reached its end."""
        if self._run is not None and exitstatus in _FINISHED:
            self._run.finish("survived")

    def _serve(self) -> bool:
        """Fork for each task; return True in a child, False when there are no more tasks."""
        decoder = msgspec.json.Decoder(Task)
        # Nothing that exists by now will be garbage in a fork.
        gc.freeze()
        for line in self._tasks:
            task = decoder.decode(line)
            read, write = os.pipe()
            scratch = tempfile.mkdtemp()
            pid = os.fork()
            if pid == 0:
                os.close(read)
                tempfile.tempdir = scratch
                self._run = _Run(self._defects[task.id], task, write)
                signal.signal(signal.SIGALRM, self._run.time_out)
                signal.alarm(task.timeout_s)
                self._run.plant(self._campaign)
                return True
            os.close(write)
            with os.fdopen(read, "rb") as pipe:
                # A child may be too stuck to handle its alarm.
                is_stuck = not select.select([pipe], [], [], task.timeout_s + _GRACE_S)[0]
                if is_stuck:
                    os.kill(pid, signal.SIGKILL)
                result = pipe.read()
            _, status = os.waitpid(pid, 0)
            shutil.rmtree(scratch, ignore_errors=True)
            self._campaign.undo(self._defects[task.id])
            if not result:
                # What else ends a process, such as a lack of memory, says nothing about the defect.
                outcome: Outcome = "timeout" if is_stuck else "crashed"
                code = os.waitstatus_to_exitcode(status)
                verdict = MutantResult(id=task.id, outcome=outcome, reason=f"the process ended with {code}")
                result = msgspec.json.encode(Result(verdict, {}))
            self._results.write(result + b"\n")
        return False


class _PlantOne:
    """The pytest plugin that plants one defect and changes nothing else."""

    def __init__(self, campaign: Campaign, wanted: str) -> None:
        self._campaign = campaign
        self._defect = next(defect for defect in (BASELINE, *campaign.defects()) if defect.id == wanted)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        """Plant it before the collection."""
        if self._campaign.stage == "collection":
            self._campaign.plant(self._defect)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self) -> None:
        """Plant it before the first test."""
        if self._campaign.stage == "run":
            self._campaign.plant(self._defect)


class _Run:
    """The tests of one defect, in a process of its own."""

    def __init__(self, defect: Defect, task: Task, pipe: int) -> None:
        self._defect = defect
        self._task = task
        self._pipe = pipe
        self._files = {(Path.cwd() / name.partition("::")[0]) for name in task.only}
        self._since = time.process_time()
        self.seconds: dict[str, float] = {}
        self.reported = ""
        self.running = ""

    def plant(self, campaign: Campaign) -> None:
        try:
            campaign.plant(self._defect)
        except RefusedError as error:
            self.finish("refused", "planting", str(error))
        except NoEffectError as error:
            self.finish("survived", reason=str(error))

    def narrow_collection(self) -> None:
        """In a brief run, collect only the operations in focus."""
        if self._task.is_brief and not self._task.only:
            _collect_operations({part[1:-1] for part in self._defect.focus if part.startswith("[")})

    def skips(self, path: Path) -> bool:
        """Whether a file has none of the wanted tests."""
        return bool(self._files) and path.name.startswith("test_") and path not in self._files

    def select(self, items: Sequence[pytest.Item]) -> list[pytest.Item]:
        """Return the tests to run: those in focus first, quick ones before slow ones, ledgers last."""

        def turn(item: pytest.Item) -> tuple[bool, bool, float]:
            return is_ledger(item), not self._is_in_focus(item), self._task.seconds.get(name_of(item), _guess_s(item))

        if self._task.only:
            items = _named(items, self._task.only)
        elif self._task.is_brief:
            items = [item for item in items if self._is_in_brief(item) and not is_ledger(item)]
        return sorted(items, key=turn)

    def _is_in_brief(self, item: pytest.Item) -> bool:
        return self._is_in_focus(item) and not any(part in name_of(item) for part in self._defect.aside)

    def _is_in_focus(self, item: pytest.Item) -> bool:
        return any(part in name_of(item) for part in self._defect.focus)

    def time_out(self, *_: object) -> None:
        """Report that the running test does not end."""
        self.finish("timeout", self.running, f"still running after {self._task.timeout_s} s")

    def finish(self, outcome: Outcome, by: str = "", reason: str = "") -> None:
        """Report the verdict and end the process at once: it is a fork."""
        spent = round(time.process_time() - self._since, 3)
        verdict = MutantResult(id=self._defect.id, outcome=outcome, by=by, reason=reason[:_MAX_REASON], seconds=spent)
        with os.fdopen(self._pipe, "wb") as pipe:
            pipe.write(msgspec.json.encode(Result(verdict, self.seconds, self._task.is_brief)))
        os._exit(0)


def _preload() -> None:
    """Import what the tests import and no defect changes."""
    for name in _PRELOADED:
        import_module(name)
    document = {"openapi": "3.1.0", "info": {"title": "-", "version": "1"}, "paths": {"/": {"get": {"responses": {}}}}}
    # Schemathesis imports most of itself on use.
    schema = schemathesis.openapi.from_dict(document)
    schema["/"]["GET"].as_strategy()


def _collect_operations(labels: Collection[str]) -> None:
    """Make schemathesis collect some operations only: collecting them takes longer than running most of them."""
    generate = plugin.SchemathesisCase._gen_items

    def generate_some(case: Any, result: Any, feedback: Any) -> Iterator[Any]:
        if isinstance(result, Err) or result.ok().label in labels:
            yield from generate(case, result, feedback)

    plugin.SchemathesisCase._gen_items = generate_some  # type: ignore[assignment,method-assign]  # it yields the same
    # A module may be left without tests.
    plugin.fail_on_no_matches = lambda _: None  # type: ignore[assignment,return-value,attr-defined]  # as it says


def name_of(item: pytest.Item) -> str:
    """Return the id of a test; that of a generated one names its operation as well."""
    label = getattr(item, "operation_label", None)
    return item.nodeid if label is None or f"[{label}]" in item.nodeid else f"{item.nodeid}[{label}]"


def is_ledger(item: pytest.Item) -> bool:
    """Whether a test counts what all other tests have seen."""
    return item.get_closest_marker("ledger") is not None


def _named(items: Sequence[pytest.Item], names: Collection[str]) -> Sequence[pytest.Item]:
    """Return the tests of some names: all for a ledger, all of its function for a test that only a defect has made."""
    found = [item for item in items if name_of(item) in names]
    if any(map(is_ledger, found)):
        return items
    functions = {name.partition("[")[0] for name in set(names) - {name_of(item) for item in found}}
    return [item for item in items if name_of(item) in names or name_of(item).partition("[")[0] in functions]


def _guess_s(item: pytest.Item) -> float:
    """Return the likely duration of an unknown test: generated requests are slow, sequences of them slower."""
    return 10.0 if isinstance(item, TestCaseFunction) else float(hasattr(item, "operation_label"))


def _reason(report: pytest.TestReport) -> str:
    crash: Any = getattr(report.longrepr, "reprcrash", None)
    text = str(crash.message if crash is not None else report.longrepr)
    return next(filter(None, map(str.strip, text.splitlines())), "")


def main(name: str, only: str = "") -> int:
    """Serve until the standard input ends, or show one defect; return pytest's exit code."""
    campaign = CAMPAIGNS[name]
    # The first failure is enough: shrinking it would only take time.
    os.environ["CONTRACT_SHRINK"] = "no"
    # Plugins are imported before pytest could rewrite their asserts, which do not matter here.
    plain = ["-W", "ignore::pytest.PytestAssertRewriteWarning", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    if only:
        return pytest.main([*plain, "-x", *campaign.tests], plugins=[_PlantOne(campaign, only)])
    results = os.fdopen(os.dup(1), "wb", buffering=0)
    tasks = os.fdopen(os.dup(0), "rb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):
        os.dup2(nowhere, stream)
    return pytest.main([*plain, *campaign.tests], plugins=[Worker(campaign, tasks, cast("RawIOBase", results))])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
