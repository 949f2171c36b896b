"""Judges defects, one process each: `python -m tests.prove.judge CAMPAIGN`, which the runner starts.

With the name of a defect behind it, pytest itself shows what its tests say of that defect.

A pytest session gets as far as the campaign's stage, and stops. For every defect named on the standard input, the
process forks; the child plants the defect and goes on with the session until the first failure. So a defect pays
neither for the imports nor, if it is planted late, for the collection, and leaves nothing behind.
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
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import msgspec
import pytest
import schemathesis
from _pytest.unittest import TestCaseFunction
from schemathesis.core.result import Err
from schemathesis.pytest import plugin

from tests.prove.campaign import NO_DEFECT, Defect, NoDifference, Refused, Verdict
from tests.prove.campaigns import CAMPAIGNS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from io import BufferedReader, RawIOBase

    from tests.prove.campaign import Campaign, Outcome

__all__ = ["TIMEOUT_S", "Judge", "Order", "Ruling", "name_of"]

TIMEOUT_S = 300
_GRACE_S = 30
_PRELOADED = (
    "httpx",
    "hypothesis.stateful",
    "jsonschema_rs",
    "schemathesis.pytest",
    "starlette.testclient",
    "uvicorn",
    "yaml",
)
_REASON = 240
_ENDED = frozenset({pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED})


class Order(msgspec.Struct):
    """A line of the standard input.

    Attributes:
        id: Name of the defect to judge.
        seconds: How long each test took when nothing was planted; quick ones come first.
        is_brief: Whether only the tests that the defect's focus names are run.
        only: Names of tests; if there are any, no others are run, and only their files are collected.
        timeout_s: Seconds after which the tests are taken not to end.
    """

    id: str
    seconds: dict[str, float] = {}
    is_brief: bool = False
    only: Sequence[str] = ()
    timeout_s: int = TIMEOUT_S


class Ruling(msgspec.Struct):
    """A line of the standard output.

    Attributes:
        verdict: What the tests said.
        seconds: How long each test took that was run.
        is_brief: Whether only the tests in focus were run.
    """

    verdict: Verdict
    seconds: dict[str, float]
    is_brief: bool = False


class Judge:
    """The plugin that holds the session, and lets copies of it go on.

    Args:
        campaign: What is planted.
        orders: Where the names of the defects come from.
        rulings: Where the verdicts go.
    """

    def __init__(self, campaign: Campaign, orders: BufferedReader, rulings: RawIOBase) -> None:
        self._campaign = campaign
        controls = campaign.controls(os.environ.get("PROVE_SEED", ""))
        known = (NO_DEFECT, *campaign.defects(), controls.harmless, controls.glaring)
        self._defects = {one.id: one for one in known}
        self._orders = orders
        self._rulings = rulings
        self._case: _Case | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> bool | None:
        """Stop before the collection."""
        if self._campaign.stage != "collection":
            return None
        _preload()
        if not self._serve():
            # The process that only forks collects nothing.
            return True
        cast("_Case", self._case).narrow()
        return None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Stop before the first test."""
        if self._case is None and not (self._campaign.stage == "run" and self._serve()):
            return True
        case = cast("_Case", self._case)
        session.items = case.arranged(session.items)
        return None

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Leave out files that have none of the tests that are asked for."""
        return True if self._case is not None and self._case.leaves_out(collection_path) else None

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A module that cannot even be imported is a failure."""
        if self._case is not None and report.failed:
            self._case.end("killed", f"collection of {report.nodeid}", str(report.longrepr).strip().splitlines()[-1])

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Note which test is running."""
        if self._case is not None:
            self._case.running = name_of(item)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        """Note how long a test took."""
        if self._case is not None:
            self._case.name = name = name_of(item)
            self._case.seconds[name] = self._case.seconds.get(name, 0.0) + call.duration

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """End with the first failure."""
        if self._case is not None and report.failed:
            self._case.end("killed", self._case.name, _reason(report))

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Nothing has failed, if the session came to its end."""
        if self._case is not None and exitstatus in _ENDED:
            self._case.end("survived")

    def _serve(self) -> bool:
        """Fork for each order; return True in a child, False when there are no more orders."""
        decoder = msgspec.json.Decoder(Order)
        # Nothing of what is there by now will be garbage in a copy.
        gc.freeze()
        for line in self._orders:
            order = decoder.decode(line)
            read, write = os.pipe()
            scratch = tempfile.mkdtemp()
            pid = os.fork()
            if pid == 0:
                os.close(read)
                tempfile.tempdir = scratch
                self._case = _Case(self._defects[order.id], order, write)
                signal.signal(signal.SIGALRM, self._case.end_late)
                signal.alarm(order.timeout_s)
                self._case.plant(self._campaign)
                return True
            os.close(write)
            with os.fdopen(read, "rb") as pipe:
                # It may not even come to its handler of the alarm.
                is_stuck = not select.select([pipe], [], [], order.timeout_s + _GRACE_S)[0]
                if is_stuck:
                    os.kill(pid, signal.SIGKILL)
                ruling = pipe.read()
            _, status = os.waitpid(pid, 0)
            shutil.rmtree(scratch, ignore_errors=True)
            self._campaign.undo(self._defects[order.id])
            if not ruling:
                # Whatever else ends a process, such as a lack of memory, is no doing of a test.
                outcome: Outcome = "timeout" if is_stuck else "lost"
                code = os.waitstatus_to_exitcode(status)
                verdict = Verdict(id=order.id, outcome=outcome, reason=f"the process ended with {code}")
                ruling = msgspec.json.encode(Ruling(verdict, {}))
            self._rulings.write(ruling + b"\n")
        return False


class _Alone:
    """The plugin that plants one defect, and lets pytest tell what its tests say."""

    def __init__(self, campaign: Campaign, wanted: str) -> None:
        self._campaign = campaign
        self._defect = next(one for one in campaign.defects() if one.id == wanted)

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


class _Case:
    """One defect before the tests, in the process that it was planted in."""

    def __init__(self, defect: Defect, order: Order, pipe: int) -> None:
        self._defect = defect
        self._order = order
        self._pipe = pipe
        self._files = {(Path.cwd() / one.partition("::")[0]) for one in order.only}
        self._since = time.process_time()
        self.seconds: dict[str, float] = {}
        self.name = ""
        self.running = ""

    def plant(self, campaign: Campaign) -> None:
        try:
            campaign.plant(self._defect)
        except Refused as refusal:
            self.end("refused", "planting", str(refusal))
        except NoDifference as nothing:
            self.end("survived", reason=str(nothing))

    def narrow(self) -> None:
        """For a brief look, let only the operations in focus be collected."""
        if self._order.is_brief and not self._order.only:
            _narrow({part[1:-1] for part in self._defect.focus if part.startswith("[")})

    def leaves_out(self, path: Path) -> bool:
        """Whether none of the tests that are asked for is in a file."""
        return bool(self._files) and path.name.startswith("test_") and path not in self._files

    def arranged(self, items: Sequence[pytest.Item]) -> list[pytest.Item]:
        """Return the tests in their order: those in focus first, quick ones before slow ones, ledgers last."""

        def turn(item: pytest.Item) -> tuple[bool, bool, float]:
            is_ledger = item.get_closest_marker("ledger") is not None
            return is_ledger, not self._is_near(item), self._order.seconds.get(name_of(item), _guessed(item))

        # A ledger counts what all the others have seen.
        if self._order.only:
            items = _chosen(items, self._order.only)
        elif self._order.is_brief:
            items = [one for one in items if self._is_in_brief(one) and one.get_closest_marker("ledger") is None]
        return sorted(items, key=turn)

    def _is_in_brief(self, item: pytest.Item) -> bool:
        return self._is_near(item) and not any(part in name_of(item) for part in self._defect.aside)

    def _is_near(self, item: pytest.Item) -> bool:
        return any(part in name_of(item) for part in self._defect.focus)

    def end_late(self, *_: object) -> None:
        """Give the verdict that the running test does not end."""
        self.end("timeout", self.running)

    def end(self, outcome: Outcome, by: str = "", reason: str = "") -> None:
        """Give the verdict and end the process, with no tidying up: it is a copy."""
        spent = round(time.process_time() - self._since, 3)
        verdict = Verdict(id=self._defect.id, outcome=outcome, by=by, reason=reason[:_REASON], seconds=spent)
        with os.fdopen(self._pipe, "wb") as pipe:
            pipe.write(msgspec.json.encode(Ruling(verdict, self.seconds, self._order.is_brief)))
        os._exit(0)


def _preload() -> None:
    """Import what the tests import, as far as no defect is in it."""
    for name in _PRELOADED:
        import_module(name)
    document = {"openapi": "3.1.0", "info": {"title": "-", "version": "1"}, "paths": {"/": {"get": {"responses": {}}}}}
    # Schemathesis imports the most of itself when it is used.
    schema = schemathesis.openapi.from_dict(document)
    schema["/"]["GET"].as_strategy()


def _narrow(labels: Collection[str]) -> None:
    """Let schemathesis make tests of some operations only, since making them takes longer than running most of them."""
    make = plugin.SchemathesisCase._gen_items

    def make_some(case: Any, result: Any, feedback: Any) -> Iterator[Any]:
        if isinstance(result, Err) or result.ok().label in labels:
            yield from make(case, result, feedback)

    plugin.SchemathesisCase._gen_items = make_some  # type: ignore[assignment,method-assign]  # it yields the same
    # That no test is left of a module is meant.
    plugin.fail_on_no_matches = lambda _: None  # type: ignore[assignment,return-value,attr-defined]  # as it says


def name_of(item: pytest.Item) -> str:
    """Return the id of a test; that of a generated one names its operation as well."""
    label = getattr(item, "operation_label", None)
    return item.nodeid if label is None or f"[{label}]" in item.nodeid else f"{item.nodeid}[{label}]"


def _chosen(items: Sequence[pytest.Item], names: Collection[str]) -> Sequence[pytest.Item]:
    """Return the tests of some names; all of its function for one that a defect made, and all of all for a ledger."""
    found = [one for one in items if name_of(one) in names]
    if any(one.get_closest_marker("ledger") for one in found):
        return items
    functions = {name.partition("[")[0] for name in set(names) - {name_of(one) for one in found}}
    return [one for one in items if name_of(one) in names or name_of(one).partition("[")[0] in functions]


def _guessed(item: pytest.Item) -> float:
    """Return how long a test takes whose time is not known: generated requests are many, and sequences of them more."""
    return 10.0 if isinstance(item, TestCaseFunction) else float(hasattr(item, "operation_label"))


def _reason(report: pytest.TestReport) -> str:
    crash: Any = getattr(report.longrepr, "reprcrash", None)
    text = str(crash.message if crash is not None else report.longrepr)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0] if lines else ""


def main(name: str, only: str = "") -> int:
    """Serve until the standard input ends, or show what becomes of one defect; returns pytest's exit code."""
    campaign = CAMPAIGNS[name]
    # The first failure is enough: a smaller example of it would only take time.
    os.environ["CONTRACT_SHRINK"] = "no"
    # Modules of plugins are imported before pytest could rewrite their asserts, which are none of ours.
    plain = ["-W", "ignore::pytest.PytestAssertRewriteWarning", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    if only:
        return pytest.main([*plain, "-x", *campaign.tests], plugins=[_Alone(campaign, only)])
    rulings = os.fdopen(os.dup(1), "wb", buffering=0)
    orders = os.fdopen(os.dup(0), "rb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):
        os.dup2(nowhere, stream)
    return pytest.main([*plain, *campaign.tests], plugins=[Judge(campaign, orders, cast("RawIOBase", rulings))])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
