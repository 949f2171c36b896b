"""Uploads through a proxy that breaks connections at random: `python -m tests.flow.chaos --uploads 200 --seed N`.

What happens to a connection, and to the answer of a commit, is drawn from the seed and a number, so that a seed repeats
the decisions; in which order threads get to them may differ. Pauses and deadlines are short, so that stalls cost
little: 200 uploads take a minute or two.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import socket
import struct
import sys
import textwrap
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import msgspec
from box_uploads import AsyncClient, Client, RetryPolicy, errors
from box_uploads.upload import (
    BackoffPolicy,
    CommitUnconfirmedError,
    DigestMismatchError,
    PartConflictError,
    PlanError,
    Restarted,
    Resumed,
    SessionLeft,
    SessionLostError,
    SourceChangedError,
    Started,
    upload_file,
    upload_file_async,
)

from tests.flow.upload_ground import SMALL_PART_SIZE, Ground, open_sessions_in

__all__ = ["Chaos", "main"]

KINDS = ("reset", "cut", "half close", "stall", "trickle", "delay")
_SHARE = 0.8
_TIMEOUT_S = 0.3
_STALL_S = 0.6
# The short ones end in errors, from which the next run goes on.
_DEADLINES_S = (0.02, 0.1, 0.2, 0.5)
_HANG_UP_S = 10.0
_RUNS = 6
# So many at a time, each by a server and a proxy of its own.
_LANES = 4
_RESET = struct.pack("ii", 1, 0)
# What becomes of a commit, by weight; a cut network stays so until the run has ended.
_COMMITS = {"nothing": 6, "answer lost": 3, "answer lost, network cut": 2, "network cut": 1}
_UNDER_WAY = re.compile(r"may (?:still take|have taken) effect")
# After these a session is of no use to a later run.
_WORTHLESS = (SourceChangedError, PartConflictError, PlanError, DigestMismatchError, SessionLostError)
_EVERY = 20
_STUCK_S = 120.0
_WIDTH = 80


class Proxy:
    """A TCP proxy on loopback whose connections break as the seed says.

    Args:
        port: Port of the server behind it.
        seed: Decides what happens to which connection.

    Attributes:
        port: Its own port.
        kinds: How often connections were treated in which way.
        cuts: What has become of how many commits.
    """

    def __init__(self, port: int, seed: str) -> None:
        self._port, self._seed = port, seed
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.kinds: Counter[str] = Counter()
        self.cuts: Counter[str] = Counter()
        self._is_cut = False
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    @property
    def commits(self) -> int:
        """How many commits were sent."""
        return self.cuts.total()

    def close(self) -> None:
        """Take no further connection, and wait for those that there are, whose clients and server have hung up."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(_HANG_UP_S)

    def mend(self) -> None:
        """Let a network that was cut after a commit work again."""
        self._is_cut = False

    def _accept(self) -> None:
        number = 0
        while True:
            try:
                near, _ = self._listener.accept()
                if self._is_cut:
                    _break(near, is_reset=True)
                    continue
                far = socket.create_connection(("127.0.0.1", self._port))
            except OSError:
                return
            draw = random.Random(f"{self._seed}:{number}")
            number += 1
            kind = draw.choice(KINDS) if draw.random() < _SHARE else "nothing"
            self.kinds[kind] += 1
            hits_request, after = draw.random() < 0.5, draw.randrange(3 * SMALL_PART_SIZE)
            losing = threading.Event()
            there, back = (
                _Way(source, sink, source is near, kind if is_hit else "nothing", after, losing)
                for source, sink, is_hit in ((near, far, hits_request), (far, near, not hits_request))
            )
            self._start(self._carry, there, back)

    def _start(self, work: Callable[..., object], *arguments: object) -> threading.Thread:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread

    def _carry(self, there: _Way, back: _Way) -> None:
        """Carry a connection to its end, in both directions."""
        with there.source, there.sink:
            other = self._start(self._pump, back)
            self._pump(there)
            other.join()

    def _pump(self, way: _Way) -> None:
        moved = 0
        with suppress(OSError):
            while data := way.source.recv(65536):
                if self._is_lost(way, data):
                    _break(way.source, way.sink, is_reset=False)
                    return
                if way.kind != "nothing" and moved + len(data) > way.after:
                    cut = max(0, way.after - moved)
                    way.sink.sendall(data[:cut])
                    if not _strike(way, data[cut:]):
                        return
                    way.kind = "nothing"
                else:
                    way.sink.sendall(data)
                moved += len(data)
        with suppress(OSError):
            way.sink.shutdown(socket.SHUT_WR)

    def _is_lost(self, way: _Way, data: bytes) -> bool:
        """Look at what passes, and return whether it gets no further."""
        if way.losing.is_set():
            return not way.is_request
        if self._is_cut or not way.is_request:
            return self._is_cut
        if b"/commit " not in data:
            return False
        with self._lock:
            draw = random.Random(f"{self._seed}/commit {self.commits}")
            (cut,) = draw.choices(tuple(_COMMITS), tuple(_COMMITS.values()))
            self.cuts[cut] += 1
        if cut.startswith("answer lost"):
            way.losing.set()
        self._is_cut = cut.endswith("network cut")
        return cut == "network cut"


class _Way(msgspec.Struct):
    """One direction of a connection.

    Attributes:
        source: Where bytes come from.
        sink: Where they go.
        is_request: Whether they come from the client.
        kind: What happens to them.
        after: How many of them pass before that.
        losing: Whether the answer is going to be lost, for both directions.
    """

    source: socket.socket
    sink: socket.socket
    is_request: bool
    kind: str
    after: int
    losing: threading.Event


def _strike(way: _Way, data: bytes) -> bool:
    """Do what was drawn, and return whether the connection goes on."""
    if way.kind == "trickle":
        for start in range(0, len(data), 100):
            way.sink.sendall(data[start : start + 100])
            time.sleep(0.005)
        return True
    if way.kind == "half close":
        way.sink.shutdown(socket.SHUT_WR)
        return False
    if way.kind in ("delay", "stall"):
        time.sleep(_STALL_S if way.kind == "stall" else 0.05)
        if way.kind == "delay":
            way.sink.sendall(data)
            return True
    _break(way.source, way.sink, is_reset=way.kind == "reset")
    return False


def _break(*ends: socket.socket, is_reset: bool) -> None:
    for end in ends:
        if is_reset:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()


@contextmanager
def _small_files() -> Generator[None]:
    """Let the uploader and the client take files that are too small for Box."""
    with (
        mock.patch("box_uploads.upload.workflow.needs_session", return_value=True),
        mock.patch("box_uploads.upload.reconcile.needs_session", return_value=True),
        mock.patch("box_uploads._runtime.codecs._validate", return_value=None),
    ):
        yield


class Run(msgspec.Struct, kw_only=True):
    """One run of an upload, and what it tells.

    Attributes:
        error: What it ended with, or None for a result.
        has_started: Whether there was a session to send parts to.
        was_resumed: Whether it went on with a session of an earlier run.
        reported: How many sessions it reported as still open.
    """

    error: BaseException | None = None
    has_started: bool = False
    was_resumed: bool = False
    reported: int = 0

    def note(self, event: Any) -> None:
        """Take an event."""
        self.has_started |= isinstance(event, Started)
        self.was_resumed |= isinstance(event, Resumed)
        if isinstance(event, Restarted):
            self.reported += open_sessions_in(event.reason)
        elif isinstance(event, SessionLeft):
            self.reported += event.count

    def end(self, error: BaseException) -> None:
        """Take the error that it ended with."""
        self.error = error
        self.reported += sum(map(open_sessions_in, getattr(error, "__notes__", ())))

    @property
    def may_be_under_way(self) -> bool:
        """Whether it says that a commit may have been carried out."""
        said = (str(self.error), *getattr(self.error, "__notes__", ()))
        return isinstance(self.error, CommitUnconfirmedError) or any(_UNDER_WAY.search(text) for text in said)


class Chaos:
    """Uploads through the proxy, each looked at in the server's own store.

    Attributes:
        failures: What was not as promised, a line each.
        outcomes: How often runs ended in which way.
        seen: How often the cases occurred: resumed runs, unconfirmed commits, errors with and without a journal.
        left: How many sessions were left behind, by how they were reported.
    """

    WANTED = (
        "stored",
        "stored by a resumed run",
        "stored after an unconfirmed commit",
        "an unconfirmed commit with a journal",
        "an unconfirmed commit without a journal",
        "an error with a journal",
        "an error without a journal",
    )

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.failures: list[str] = []
        self.outcomes: Counter[str] = Counter()
        self.seen: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.cuts: Counter[str] = Counter()
        self.left: Counter[str] = Counter()
        self._done = 0
        self._lock = threading.Lock()

    @property
    def missing(self) -> list[str]:
        """What was never seen, though it should be."""
        return [kind for kind in self.WANTED if not self.seen[kind]]

    def run(self, uploads: int, say: Callable[[str], object] = print) -> None:
        """Make uploads, and say what fails."""
        with _small_files(), ThreadPoolExecutor(_LANES) as pool:
            for lane in [pool.submit(self._lane, range(start, uploads, _LANES), say) for start in range(_LANES)]:
                lane.result()
        say(f"seed {self._seed}: {uploads} uploads, {len(self.failures)} failures")
        counts = {"runs": self.outcomes, "seen": self.seen, "connections": self.kinds, "commits": self.cuts}
        for name, found in {**counts, "sessions left": self.left}.items():
            say(f"{name}: {', '.join(f'{count} {kind}' for kind, count in sorted(found.items())) or 'none'}")

    def _lane(self, numbers: range, say: Callable[[str], object]) -> None:
        """Make some of the uploads, one after the other."""
        ground = Ground(SMALL_PART_SIZE, min_file_size=1)
        with ground.server, TemporaryDirectory() as folder:
            proxy = Proxy(int(ground.server.origin.rpartition(":")[2]), f"{self._seed}/{numbers.start}")
            try:
                for number in numbers:
                    failures = self._upload(ground, proxy, number, Path(folder))
                    with self._lock:
                        self.failures += failures
                        self._done += 1
                        for line in failures:
                            say(line)
                        if self._done % _EVERY == 0:
                            say(f"{self._done} uploads have ended")
            finally:
                proxy.close()
                with self._lock:
                    self.kinds += proxy.kinds
                    self.cuts += proxy.cuts

    def _upload(self, ground: Ground, proxy: Proxy, number: int, folder: Path) -> list[str]:
        draw = random.Random(f"{self._seed}/{number}")
        content = draw.randbytes(draw.randrange(1, 5 * SMALL_PART_SIZE))
        name, journal = f"{number}.mov", folder / f"{number}.journal"
        source = folder / name
        source.write_bytes(content)
        is_version, is_async, keeps = (draw.random() < 0.5 for _ in range(3))
        etag = int(ground.state.files["12345"].etag)
        settings: dict[str, Any] = {"workers": draw.choice((1, 3)), "deadline_s": draw.choice(_DEADLINES_S)}
        settings |= {"file_id": "12345"} if is_version else {"folder_id": "0", "file_name": name}
        settings |= {"backoff": BackoffPolicy(base_s=0.01, max_s=0.05), "resume": journal if keeps else None}
        live, reported, was_unconfirmed, failures = set(ground.state.sessions), 0, False, list[str]()
        title = f"seed {self._seed} upload {number}"
        for count in range(_RUNS):
            commits = proxy.commits
            run = self._ended(f"http://127.0.0.1:{proxy.port}/api/2.0", ground, source, settings, is_async=is_async)
            error, reported = run.error, reported + run.reported
            proxy.mend()
            ground.server.wait_until_idle()
            if is_version:
                file = ground.state.files["12345"]
                new = int(file.etag) - etag
                right = new > 0 and ground.state.content(file.id) == content
            else:
                stored = ground.stored(name)
                new, right = len(stored), stored == [content]
            self._count(run, keeps=keeps, was_unconfirmed=was_unconfirmed)
            wrong = [
                *_wrong(run, new, was_sent=proxy.commits > commits or was_unconfirmed, is_right=right),
                *(_wrong_journal(run, journal) if keeps else ()),
            ]
            end = "a result" if error is None else f"{type(error).__name__}: {error}"
            failures += [f"{title} run {count}: {reason}, after {end}" for reason in wrong]
            was_unconfirmed |= run.may_be_under_way
            # Without a journal, an upload whose commit is unconfirmed is not made again.
            if error is None or wrong or (run.may_be_under_way and not keeps):
                break
        left = set(ground.state.sessions) - live
        return failures + [f"{title}: {reason}" for reason in self._account(left, journal, reported)]

    def _count(self, run: Run, *, keeps: bool, was_unconfirmed: bool) -> None:
        is_unconfirmed = isinstance(run.error, CommitUnconfirmedError)
        with self._lock:
            self.outcomes["stored" if run.error is None else type(run.error).__name__] += 1
            if run.error is None:
                self.seen["stored"] += 1
                self.seen["stored by a resumed run"] += run.was_resumed
                self.seen["stored after an unconfirmed commit"] += was_unconfirmed
            else:
                kind, kept = (
                    "an unconfirmed commit" if is_unconfirmed else "an error",
                    f"with{'' if keeps else 'out'} a journal",
                )
                self.seen[f"{kind} {kept}"] += 1

    def _account(self, left: set[str], journal: Path, reported: int) -> Iterator[str]:
        """Count the sessions that are left behind, and yield those that were not reported."""
        held = journal.read_bytes() if journal.exists() else b""
        named = {session_id for session_id in left if session_id.encode() in held}
        alone = left - named
        unreported = max(0, len(alone) - reported)
        with self._lock:
            self.left["in a journal"] += len(named)
            self.left["reported"] += min(reported, len(alone))
            self.left["not reported"] += unreported
        if unreported:
            yield f"{unreported} sessions are left and not reported: {', '.join(sorted(alone))}"

    def _ended(self, url: str, ground: Ground, source: Path, settings: dict[str, Any], *, is_async: bool) -> Run:
        retry, run = RetryPolicy(max_retries=0, base_s=0.01), Run()
        settings = {**settings, "on_progress": run.note}
        try:
            if is_async:
                asyncio.run(_upload_async(url, ground.state.token, source, settings, retry))
            else:
                with Client(ground.state.token, base_url=url, timeout_s=_TIMEOUT_S, retry=retry) as box:
                    upload_file(box, source, **settings)
        except Exception as error:  # noqa: BLE001  # which kind it is, is looked at
            run.end(error)
        return run


def _wrong(run: Run, new: int, *, was_sent: bool, is_right: bool) -> Iterator[str]:
    """Yield what is not true of how a run has ended.

    Args:
        run: The run.
        new: How many files or versions the server has of the upload.
        was_sent: Whether a commit was sent.
        is_right: Whether what it has is what was uploaded.
    """
    error = run.error
    if new > 1 or (new and not is_right):
        yield f"{new} new versions, right: {is_right}"
    if error is None:
        if not new:
            yield "nothing is stored"
    elif not isinstance(error, (errors.BoxUploadsError, OSError)):
        yield "it is no typed error"
    elif run.may_be_under_way:
        if not was_sent:
            yield "no commit was sent"
    elif new:
        yield "the file is stored all the same"


def _wrong_journal(run: Run, journal: Path) -> Iterator[str]:
    """Yield what is not as it should be with a journal when a run has ended."""
    if run.error is None:
        if journal.exists():
            yield "the journal is still there"
    elif run.has_started and not isinstance(run.error, _WORTHLESS) and not journal.exists():
        yield "the journal to go on from is gone"


async def _upload_async(url: str, token: str, source: Path, settings: dict[str, Any], retry: RetryPolicy) -> None:
    async with AsyncClient(token, base_url=url, timeout_s=_TIMEOUT_S, retry=retry) as box:
        await upload_file_async(box, source, **settings)


def _say(line: str) -> None:
    print(textwrap.fill(line, _WIDTH, subsequent_indent="  ", break_on_hyphens=False), flush=True)


class _Watchdog:
    """Ends the process, with what each thread does, if nothing was said or done for long."""

    def __init__(self) -> None:
        self._fed = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def feed(self) -> None:
        """Tell that it goes on."""
        self._fed.set()

    def _watch(self) -> None:
        while self._fed.wait(_STUCK_S):
            self._fed.clear()
        _say(f"stuck: {_EVERY} uploads have not ended within {_STUCK_S:.0f} s")
        for frame in sys._current_frames().values():  # pyright: ignore[reportPrivateUsage]  # there is no other way
            traceback.print_stack(frame)
        sys.stderr.flush()
        os._exit(3)


def main() -> int:
    """Run as a program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--uploads", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    chaos, watchdog = Chaos(arguments.seed), _Watchdog()

    def say(line: str) -> None:
        watchdog.feed()
        _say(line)

    chaos.run(arguments.uploads, say)
    if chaos.missing:
        say(f"never seen: {', '.join(chaos.missing)}")
    return 1 if chaos.failures or chaos.missing else 0


if __name__ == "__main__":
    sys.exit(main())
