"""Runs the defects of a campaign in several workers at a time."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from typing import IO, Self, cast

import msgspec

from tests.prove.campaign import BASELINE, InvalidRunError, MutantResult
from tests.prove.draw.working_copy import WorkingCopy
from tests.prove.result_store import ROOT, ResultStore
from tests.prove.worker import BASELINE_TIMEOUT_S, Result, Task

_COMMAND = (sys.executable, "-m", "tests.prove.worker")


class WorkerPool:
    """Workers of one campaign, each in a working copy, if there are any."""

    def __init__(self, campaign: str, store: ResultStore, workers: int, copies: Sequence[WorkingCopy] = ()) -> None:
        self._store = store
        self._stack = ExitStack()
        places = [(copy.root, copy.environment) for copy in copies] or [(ROOT, dict(os.environ))] * workers
        self._workers = [self._stack.enter_context(_WorkerProcess(campaign, *place)) for place in places[:workers]]
        self._campaign = campaign

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def verify_tests(self) -> None:
        """Run the tests that detected something with nothing planted, unless they are known to pass."""
        unverified = sorted(self._store.unverified)
        if not unverified:
            return
        result = self._workers[0].run(Task(BASELINE.id, only=unverified, timeout_s=BASELINE_TIMEOUT_S))
        if result.verdict.outcome != "survived":
            raise self._baseline_error(result.verdict)
        # A failed collection, or a test that only a defect has made, has no duration of its own.
        self._store.add(Result(result.verdict, {**dict.fromkeys(unverified, 0.0), **result.seconds}, is_brief=True))

    def _baseline_error(self, verdict: MutantResult) -> InvalidRunError:
        return InvalidRunError(f"{self._campaign}: fails with nothing planted: {verdict.by}: {verdict.reason}")

    def run(
        self,
        ids: Iterable[str],
        on_verdict: Callable[[MutantResult], object],
        *,
        is_brief: bool = False,
        has_baseline: bool = True,
        tasks: Mapping[str, Task] | None = None,
    ) -> None:
        """Run defects.

        Args:
            ids: Names of the defects.
            on_verdict: Is called from several threads.
            is_brief: Whether only the tests in focus run.
            has_baseline: Whether all tests run with nothing planted as well, unless they are known to pass.
            tasks: What exactly the workers run, by the name of the defect.

        Raises:
            InvalidRunError: The tests fail with nothing planted, or a worker crashed.
        """

        def make_task(name: str) -> Task:
            if name == BASELINE.id:
                return Task(name, timeout_s=BASELINE_TIMEOUT_S)
            return (tasks or {}).get(name) or Task(name, self._store.seconds, is_brief)

        waiting: SimpleQueue[str] = SimpleQueue()
        # The baseline is first: it takes longest, and tells how long each test takes.
        if has_baseline and BASELINE.id not in self._store.verdicts:
            waiting.put(BASELINE.id)
        for name in ids:
            waiting.put(name)

        with ThreadPoolExecutor(len(self._workers)) as pool:
            try:
                futures = [pool.submit(self._work, worker, waiting, on_verdict, make_task) for worker in self._workers]
                for future in wait(futures, return_when=FIRST_EXCEPTION).done:
                    future.result()
            except BaseException:
                # Interrupted: no worker starts another task, or is waited for.
                with suppress(Empty):
                    while True:
                        waiting.get_nowait()
                for worker in self._workers:
                    worker.kill()
                raise

    def _work(
        self,
        worker: _WorkerProcess,
        waiting: SimpleQueue[str],
        on_verdict: Callable[[MutantResult], object],
        make_task: Callable[[str], Task],
    ) -> None:
        with suppress(Empty):
            while True:
                name = waiting.get_nowait()
                result = worker.run(make_task(name))
                is_baseline = name == BASELINE.id
                if is_baseline and result.verdict.outcome != "survived":
                    raise self._baseline_error(result.verdict)
                self._store.add(result)
                if not is_baseline:
                    on_verdict(result.verdict)


class _WorkerProcess:
    """The process of a worker."""

    def __init__(self, campaign: str, root: Path, environment: Mapping[str, str]) -> None:
        self._command: Sequence[str] = (*_COMMAND, campaign)
        self._root = root
        self._environment = environment

    def __enter__(self) -> Self:
        # Removed whatever happens to the process.
        self._scratch = TemporaryDirectory(prefix="prove-")
        self._process = subprocess.Popen(
            self._command,
            cwd=self._root,
            env={**self._environment, "TMPDIR": self._scratch.name},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # An interrupt at the terminal is for this process alone, which then kills its workers.
            start_new_session=True,
        )
        self._stdin, self._stdout = (cast("IO[bytes]", pipe) for pipe in (self._process.stdin, self._process.stdout))
        return self

    def __exit__(self, *exception: object) -> None:
        self.kill()
        with suppress(BrokenPipeError):
            self._stdin.close()
        self._stdout.close()
        self._process.wait()
        self._scratch.cleanup()

    def kill(self) -> None:
        """Kill the process and its forks: nothing they are doing matters any more."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def run(self, task: Task) -> Result:
        with suppress(BrokenPipeError):
            self._stdin.write(msgspec.json.encode(task) + b"\n")
            self._stdin.flush()
        line = self._stdout.readline()
        if not line:
            raise InvalidRunError(f"a worker has ended: {shlex.join(self._command)}")
        result = msgspec.json.decode(line, type=Result)
        if result.verdict.outcome == "crashed":
            raise InvalidRunError(f"{shlex.join((*self._command, task.id))}: {result.verdict.reason}")
        return result
