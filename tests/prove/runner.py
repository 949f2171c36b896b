"""Has defects judged by several processes at a time, and remembers what they said."""

from __future__ import annotations

import hashlib
import os
import shlex
import signal
import subprocess
import sys
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING, Self

import msgspec

from tests.prove.campaign import NO_DEFECT, ControlError, Verdict
from tests.prove.judge import Order, Ruling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tests.prove.draw.tree import Tree

__all__ = ["Memory", "Runner", "fingerprint"]

_ROOT = Path(__file__).parents[2]
_COMMAND = (sys.executable, "-m", "tests.prove.judge")
_JUDGED = ("spec", "generator", "generated", "tests", "pyproject.toml", ".ci/constraints.txt")


def fingerprint(root: Path = _ROOT) -> str:
    """Return a digest of everything that verdicts depend on."""
    digest = hashlib.sha256()
    for name in _JUDGED:
        top = root / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


class Memory:
    """The verdicts of a campaign in a file, so that an interrupted run goes on where it ended.

    Args:
        path: The file, which need not exist.
        fingerprint: What verdicts depend on; those of another state are forgotten.

    Attributes:
        verdicts: What is known, by the name of the defect.
        unnoticed: Defects that a brief look has not noticed.
        seconds: How long each test took when nothing was planted; it passed.
    """

    def __init__(self, path: Path, fingerprint: str) -> None:
        self._path = path
        self._fingerprint = fingerprint
        self._lock = Lock()
        self.verdicts: dict[str, Verdict] = {}
        self.unnoticed: set[str] = set()
        self.seconds: dict[str, float] = {}
        lines = path.read_bytes().splitlines() if path.exists() else []
        self._is_of_now = bool(lines) and lines[0].decode() == fingerprint
        for line in lines[1:] if self._is_of_now else ():
            self._learn(line)

    @property
    def known(self) -> set[str]:
        """Defects that were looked at."""
        return self.verdicts.keys() | self.unnoticed

    @property
    def doubted(self) -> set[str]:
        """Tests that noticed something, and are not known to pass when nothing is planted."""
        if NO_DEFECT.id in self.verdicts:
            return set()
        return {one.by for one in self.verdicts.values() if one.by} - self.seconds.keys()

    def keep(self, ruling: Ruling) -> None:
        """Remember a verdict, also for later runs; that a brief look found nothing is no verdict yet."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._lock, self._path.open("ab" if self._is_of_now else "wb") as file:
            if not self._is_of_now:
                file.write(f"{self._fingerprint}\n".encode())
                self._is_of_now = True
            if ruling.verdict.id != NO_DEFECT.id:
                ruling.seconds = {}
            line = msgspec.json.encode(ruling)
            file.write(line + b"\n")
            self._learn(line)

    def keep_unreached(self, name: str) -> None:
        """Remember that no test can notice a defect, since none reaches it."""
        self.keep(Ruling(Verdict(id=name, outcome="survived", reason="no test reaches it"), {}))

    def _learn(self, line: bytes) -> None:
        try:
            ruling = msgspec.json.decode(line, type=Ruling)
        except msgspec.MsgspecError:
            # The run was ended while it wrote; what the line would have said is judged again.
            return
        self.seconds.update(ruling.seconds)
        if ruling.is_brief and ruling.verdict.outcome == "survived":
            self.unnoticed.add(ruling.verdict.id)
        else:
            self.verdicts[ruling.verdict.id] = ruling.verdict


class Runner:
    """Judges of one campaign.

    Args:
        campaign: Name of the campaign.
        memory: What is known of earlier runs, and remembers what is found.
        workers: How many processes judge at a time.
        trees: Where each of them works, if not all in the true tree.
    """

    def __init__(self, campaign: str, memory: Memory, workers: int, trees: Sequence[Tree] = ()) -> None:
        self._memory = memory
        self._stack = ExitStack()
        places = [(one.root, one.environment) for one in trees] or [(_ROOT, dict(os.environ))] * workers
        self._judges = [self._stack.enter_context(_Judge(campaign, *place)) for place in places[:workers]]
        self._campaign = campaign

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def check_doubted(self) -> None:
        """Run the tests that noticed something with nothing planted, unless that is known to be well.

        Raises:
            ControlError: They fail.
        """
        doubted = sorted(self._memory.doubted)
        if not doubted:
            return
        ruling = self._judges[0].judge(Order(NO_DEFECT.id, only=doubted))
        if ruling.verdict.outcome != "survived":
            raise self._red(ruling.verdict)
        # A collection that failed, or a test that a defect made, has no time of its own.
        self._memory.keep(Ruling(ruling.verdict, {**dict.fromkeys(doubted, 0.0), **ruling.seconds}, is_brief=True))

    def _red(self, verdict: Verdict) -> ControlError:
        return ControlError(f"{self._campaign}: red with nothing planted: {verdict.by}: {verdict.reason}")

    def judge(
        self,
        ids: Iterable[str],
        tell: Callable[[Verdict], object],
        *,
        is_brief: bool = False,
        has_control: bool = True,
        orders: Mapping[str, Order] | None = None,
    ) -> None:
        """Have defects judged; each verdict is told, from several threads.

        Args:
            ids: Names of the defects.
            tell: Takes the verdicts.
            is_brief: Whether only the tests in focus are run.
            has_control: Whether all tests are run with nothing planted as well, unless that is known to be well.
            orders: What exactly is asked of the judges, by the name of the defect.

        Raises:
            ControlError: They fail with nothing planted, or a judge is gone.
        """
        waiting: SimpleQueue[str] = SimpleQueue()
        # First, since it takes the longest, and the others are to know how long each test takes.
        if has_control and NO_DEFECT.id not in self._memory.verdicts:
            waiting.put(NO_DEFECT.id)
        for name in ids:
            waiting.put(name)

        with ThreadPoolExecutor(len(self._judges)) as pool:
            try:
                at_work = [
                    pool.submit(self._work, judge, waiting, tell, is_brief, orders or {}) for judge in self._judges
                ]
                for done in wait(at_work, return_when=FIRST_EXCEPTION).done:
                    done.result()
            except BaseException:
                # Interrupted: nobody starts with another one, or waits for what will never be said.
                with suppress(Empty):
                    while True:
                        waiting.get_nowait()
                for judge in self._judges:
                    judge.end()
                raise

    def _work(
        self,
        judge: _Judge,
        waiting: SimpleQueue[str],
        tell: Callable[[Verdict], object],
        is_brief: bool,
        orders: Mapping[str, Order],
    ) -> None:
        while True:
            try:
                name = waiting.get_nowait()
            except Empty:
                return
            is_control = name == NO_DEFECT.id
            order = orders.get(name) or Order(name, self._memory.seconds, is_brief and not is_control)
            ruling = judge.judge(order)
            if is_control and ruling.verdict.outcome != "survived":
                raise self._red(ruling.verdict)
            self._memory.keep(ruling)
            if not is_control:
                tell(ruling.verdict)


class _Judge:
    """A process that judges one defect after the other."""

    def __init__(self, campaign: str, root: Path, environment: Mapping[str, str]) -> None:
        self._command: Sequence[str] = (*_COMMAND, campaign)
        self._root = root
        self._environment = environment

    def __enter__(self) -> Self:
        # Whatever becomes of the process, its files are removed.
        self._scratch = TemporaryDirectory(prefix="prove-")
        self._process = subprocess.Popen(
            self._command,
            cwd=self._root,
            env={**self._environment, "TMPDIR": self._scratch.name},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # An interrupt at the terminal is for this process; what a judge is to make of it is said below.
            start_new_session=True,
        )
        return self

    def __exit__(self, *exception: object) -> None:
        self.end()
        with suppress(BrokenPipeError):
            self._process.stdin.close()  # type: ignore[union-attr]  # opened above
        self._process.stdout.close()  # type: ignore[union-attr]  # opened above
        self._process.wait()
        self._scratch.cleanup()

    def end(self) -> None:
        """End the process and its copies: what they are in the middle of is of no interest any more."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def judge(self, order: Order) -> Ruling:
        with suppress(BrokenPipeError):
            self._process.stdin.write(msgspec.json.encode(order) + b"\n")  # type: ignore[union-attr]  # opened above
            self._process.stdin.flush()  # type: ignore[union-attr]  # opened above
        line = self._process.stdout.readline()  # type: ignore[union-attr]  # opened above
        if not line:
            raise ControlError(f"the judge is gone: {shlex.join(self._command)}")
        ruling = msgspec.json.decode(line, type=Ruling)
        if ruling.verdict.outcome == "lost":
            raise ControlError(f"{shlex.join((*self._command, order.id))}: {ruling.verdict.reason}")
        return ruling
