"""Uploads through a proxy that breaks connections at random: `python -m tests.flow.chaos --uploads 200 --seed N`.

What happens to a connection is drawn from the seed and the connection's number, so that a seed repeats the decisions;
in which order threads get to them may differ. Pauses and deadlines are short, so that stalls cost little.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import socket
import struct
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

from box_uploads import AsyncClient, Client, RetryPolicy, errors
from box_uploads.upload import CommitUnconfirmedError, Pace, upload_file, upload_file_async

from tests.flow.upload_ground import SMALL_PART_SIZE, Ground

__all__ = ["Chaos", "main"]

KINDS = ("reset", "cut", "half close", "stall", "trickle", "delay")
_SHARE = 0.8
_TIMEOUT_S = 0.3
_STALL_S = 0.6
# The short one ends in errors, from which the next run goes on.
_DEADLINES_S = (0.02, 1.0)
_RUNS = 6
_RESET = struct.pack("ii", 1, 0)


class Proxy:
    """A TCP proxy on loopback whose connections break as the seed says.

    Args:
        port: Port of the server behind it.
        seed: Decides what happens to which connection.
    """

    def __init__(self, port: int, seed: int) -> None:
        self._port, self._seed = port, seed
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.kinds: Counter[str] = Counter()
        self.commits = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no further connection."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        number = 0
        while True:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._port))
            except OSError:
                return
            draw = random.Random(f"{self._seed}:{number}")
            number += 1
            kind = draw.choice(KINDS) if draw.random() < _SHARE else "nothing"
            self.kinds[kind] += 1
            hits_request, after = draw.random() < 0.5, draw.randrange(3 * SMALL_PART_SIZE)
            for source, sink, is_hit in ((near, far, hits_request), (far, near, not hits_request)):
                arguments = (source, sink, kind if is_hit else "nothing", after, source is near)
                threading.Thread(target=self._pump, args=arguments, daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, kind: str, after: int, is_request: bool) -> None:
        moved = 0
        with suppress(OSError):
            while data := source.recv(65536):
                self.commits += is_request and b"/commit " in data
                if kind != "nothing" and moved + len(data) > after:
                    sink.sendall(data[: max(0, after - moved)])
                    data = data[max(0, after - moved) :]
                    if not self._strike(kind, source, sink, data):
                        return
                    kind = "nothing"
                else:
                    sink.sendall(data)
                moved += len(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def _strike(self, kind: str, source: socket.socket, sink: socket.socket, data: bytes) -> bool:
        """Do what was drawn, and return whether the connection goes on."""
        if kind == "trickle":
            for start in range(0, len(data), 100):
                sink.sendall(data[start : start + 100])
                time.sleep(0.005)
            return True
        if kind == "half close":
            sink.shutdown(socket.SHUT_WR)
            return False
        if kind in ("delay", "stall"):
            time.sleep(_STALL_S if kind == "stall" else 0.05)
            if kind == "delay":
                sink.sendall(data)
                return True
        for end in (source, sink):
            if kind == "reset":
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        return False


@contextmanager
def _small_files() -> Iterator[None]:
    """Let the uploader and the client take files that are too small for Box."""
    with (
        mock.patch("box_uploads.upload.uploader.check_minimum", return_value=None),
        mock.patch("box_uploads._runtime.codec._validate", return_value=None),
    ):
        yield


class Chaos:
    """Uploads through the proxy, each looked at in the server's own store.

    Attributes:
        failures: What was not as promised, a line each.
        outcomes: How often runs ended in which way.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.failures: list[str] = []
        self.outcomes: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.left: Counter[str] = Counter()

    def run(self, uploads: int, say: Callable[[str], object] = print) -> None:
        """Make uploads, and say what fails."""
        ground = Ground(SMALL_PART_SIZE, min_file_size=1)
        with _small_files(), ground.server, TemporaryDirectory() as folder:
            proxy = Proxy(int(ground.server.origin.rpartition(":")[2]), self._seed)
            try:
                for number in range(uploads):
                    before = len(self.failures)
                    self._upload(ground, proxy, number, Path(folder))
                    for line in self.failures[before:]:
                        say(line)
            finally:
                proxy.close()
                self.kinds = proxy.kinds
        say(f"seed {self._seed}: {uploads} uploads, {len(self.failures)} failures; {dict(self.outcomes)}")
        say(f"connections {dict(self.kinds)}; sessions left {dict(self.left)}")

    def _upload(self, ground: Ground, proxy: Proxy, number: int, folder: Path) -> None:
        draw = random.Random(f"{self._seed}/{number}")
        content = draw.randbytes(draw.randrange(1, 5 * SMALL_PART_SIZE))
        name, journal = f"{number}.mov", folder / f"{number}.journal"
        source = folder / name
        source.write_bytes(content)
        is_version, is_async, keeps = (draw.random() < 0.5 for _ in range(3))
        etag = int(ground.state.files["12345"].etag)
        settings: dict[str, Any] = {"workers": draw.choice((1, 3)), "deadline_s": draw.choice(_DEADLINES_S)}
        settings |= {"file_id": "12345"} if is_version else {"folder_id": "0", "file_name": name}
        settings |= {"pace": Pace(base_s=0.01, cap_s=0.05), "resume": journal if keeps else None}
        live, commits, told = set(ground.state.sessions), proxy.commits, 0
        for run in range(_RUNS):
            error = self._ended(f"http://127.0.0.1:{proxy.port}/api/2.0", ground, source, settings, is_async=is_async)
            ground.server.settle()
            self.outcomes["stored" if error is None else type(error).__name__] += 1
            told += sum("until it expires" in note for note in getattr(error, "__notes__", []))
            if is_version:
                file = ground.state.files["12345"]
                new = int(file.etag) - etag
                right = ground.state.content(file.id) == content
            else:
                stored = ground.stored(name)
                new, right = len(stored), stored == [content]
            head = f"seed {self._seed} upload {number} run {run}: {type(error).__name__}: {error}"
            if error is None and (new, right) != (1, True):
                self.failures.append(f"{head}: a result, and {new} new versions in the store, right: {right}")
            elif isinstance(error, CommitUnconfirmedError):
                if proxy.commits == commits:
                    self.failures.append(f"{head}: no commit was sent")
            elif error is not None and not isinstance(error, (errors.BoxUploadsError, OSError)):
                self.failures.append(f"{head}: is no typed error")
            elif error is not None and new:
                self.failures.append(f"{head}: the file is stored all the same")
            if error is None or new or isinstance(error, CommitUnconfirmedError):
                break
        left = set(ground.state.sessions) - live
        named = {one for one in left if journal.exists() and one.encode() in journal.read_bytes()}
        self.left.update({"in a journal": len(named), "told": min(told, len(left - named))})
        # A create whose answer was lost leaves a session that nobody can name.
        self.left["told of by nobody"] += max(0, len(left - named) - told)

    def _ended(
        self, url: str, ground: Ground, source: Path, settings: dict[str, Any], *, is_async: bool
    ) -> BaseException | None:
        retry = RetryPolicy(max_retries=0, base_s=0.01)
        try:
            if is_async:
                asyncio.run(_upload_async(url, ground.state.token, source, settings, retry))
            else:
                with Client(ground.state.token, base_url=url, timeout_s=_TIMEOUT_S, retry=retry) as box:
                    upload_file(box, source, **settings)
        except Exception as error:  # noqa: BLE001  # which kind it is, is looked at
            return error
        return None


async def _upload_async(url: str, token: str, source: Path, settings: dict[str, Any], retry: RetryPolicy) -> None:
    async with AsyncClient(token, base_url=url, timeout_s=_TIMEOUT_S, retry=retry) as box:
        await upload_file_async(box, source, **settings)


def main() -> int:
    """Run as a program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--uploads", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    chaos = Chaos(arguments.seed)
    chaos.run(arguments.uploads)
    return 1 if chaos.failures else 0


if __name__ == "__main__":
    sys.exit(main())
