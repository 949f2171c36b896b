"""Has defects judged by several processes at a time, and remembers what they said."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING, Self

import msgspec

from tests.prove.campaign import NO_DEFECT, Verdict
from tests.prove.judge import Order, Ruling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["ControlError", "Memory", "Runner", "fingerprint"]

_ROOT = Path(__file__).parents[2]
_JUDGED = ("spec", "generator", "generated", "tests", "pyproject.toml", ".ci/constraints.txt")


class ControlError(Exception):
    """The tests fail although nothing is planted, so their failures say nothing."""


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
        seconds: How long each test took when nothing was planted.
    """

    def __init__(self, path: Path, fingerprint: str) -> None:
        self._path = path
        self._fingerprint = fingerprint
        self._lock = Lock()
        self.verdicts: dict[str, Verdict] = {}
        self.unnoticed: set[str] = set()
        self.seconds: dict[str, float] = {}
        lines = path.read_bytes().splitlines() if path.exists() else []
        if lines and lines[0].decode() == fingerprint:
            for line in lines[1:]:
                self._learn(line)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{fingerprint}\n", encoding="utf-8")

    def keep(self, ruling: Ruling) -> None:
        """Remember a verdict, also for later runs; that a brief look found nothing is no verdict yet."""
        with self._lock, self._path.open("ab") as file:
            if ruling.verdict.id != NO_DEFECT.id:
                ruling.seconds = {}
            line = msgspec.json.encode(ruling)
            file.write(line + b"\n")
            self._learn(line)

    def _learn(self, line: bytes) -> None:
        try:
            ruling = msgspec.json.decode(line, type=Ruling)
        except msgspec.MsgspecError:
            # The run was ended while it wrote; what the line would have said is judged again.
            return
        if ruling.is_brief and ruling.verdict.outcome == "survived":
            self.unnoticed.add(ruling.verdict.id)
            return
        self.verdicts[ruling.verdict.id] = ruling.verdict
        self.seconds.update(ruling.seconds)


class Runner:
    """Judges of one campaign.

    Args:
        campaign: Name of the campaign.
        memory: What is known of earlier runs, and remembers what is found.
        workers: How many processes judge at a time.
    """

    def __init__(self, campaign: str, memory: Memory, workers: int) -> None:
        self._memory = memory
        self._stack = ExitStack()
        self._judges = [self._stack.enter_context(_Judge(campaign)) for _ in range(workers)]
        self._campaign = campaign

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def check_control(self) -> None:
        """Run the tests with nothing planted, unless that is known to be well.

        Raises:
            ControlError: They fail.
        """
        verdict = self._memory.verdicts.get(NO_DEFECT.id)
        if verdict is None:
            ruling = self._judges[0].judge(Order(NO_DEFECT.id))
            verdict = ruling.verdict
            if verdict.outcome == "survived":
                self._memory.keep(ruling)
        if verdict.outcome != "survived":
            raise ControlError(f"{self._campaign}: red with nothing planted: {verdict.by}: {verdict.reason}")

    def judge(self, ids: Iterable[str], tell: Callable[[Verdict], object], *, is_brief: bool = False) -> None:
        """Have defects judged; each verdict is told, from several threads."""
        waiting: SimpleQueue[str] = SimpleQueue()
        for name in ids:
            waiting.put(name)

        def work(judge: _Judge) -> None:
            while True:
                try:
                    name = waiting.get_nowait()
                except Empty:
                    return
                ruling = judge.judge(Order(name, self._memory.seconds, is_brief))
                self._memory.keep(ruling)
                tell(ruling.verdict)

        with ThreadPoolExecutor(len(self._judges)) as pool:
            try:
                for done in [pool.submit(work, judge) for judge in self._judges]:
                    done.result()
            except BaseException:
                # Interrupted: nobody starts with another one.
                with suppress(Empty):
                    while True:
                        waiting.get_nowait()
                raise


class _Judge:
    """A process that judges one defect after the other."""

    def __init__(self, campaign: str) -> None:
        self._command: Sequence[str] = (sys.executable, "-m", "tests.prove.judge", campaign)

    def __enter__(self) -> Self:
        # Whatever becomes of the process, its files are removed.
        self._scratch = TemporaryDirectory(prefix="prove-")
        self._process = subprocess.Popen(
            self._command,
            cwd=_ROOT,
            env={**os.environ, "TMPDIR": self._scratch.name},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        return self

    def __exit__(self, *exception: object) -> None:
        # At the end of its input it ends by itself; what it is in the middle of is of no interest any more.
        self._process.stdin.close()  # type: ignore[union-attr]  # opened above
        self._process.stdout.close()  # type: ignore[union-attr]  # opened above
        self._process.terminate()
        self._process.wait()
        self._scratch.cleanup()

    def judge(self, order: Order) -> Ruling:
        self._process.stdin.write(msgspec.json.encode(order) + b"\n")  # type: ignore[union-attr]  # opened above
        self._process.stdin.flush()  # type: ignore[union-attr]  # opened above
        line = self._process.stdout.readline()  # type: ignore[union-attr]  # opened above
        if not line:
            raise ControlError(f"the judge ended with {self._process.wait()}: {' '.join(self._command)}")
        return msgspec.json.decode(line, type=Ruling)
