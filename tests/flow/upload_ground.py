"""What the flow tests of the uploader share: a mock on a socket, contents to upload, and time that costs none."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import random
import re
import threading
from pathlib import Path
from typing import Any

from box_uploads import AsyncClient, Client, RetryPolicy
from box_uploads.upload import MINIMUM_SIZE, BackoffPolicy, PartDone, upload_file, upload_file_async
from box_uploads_mock import Failure, MockServer, State, constant_part_size

__all__ = [
    "CONTENT",
    "HOSTILE",
    "PART_SIZE",
    "SHA1",
    "SMALL_PART_SIZE",
    "Clock",
    "Freeze",
    "Ground",
    "Interrupt",
    "interrupt_after",
    "interrupt_at",
    "of_type",
    "open_sessions_in",
    "write",
]

PART_SIZE = 4_194_304
SMALL_PART_SIZE = 1000
CONTENT = random.Random(1).randbytes(MINIMUM_SIZE)
SHA1 = hashlib.sha1(CONTENT, usedforsecurity=False).hexdigest()
# Names that Box takes, and that programs trip over.
HOSTILE = {
    "composed": "caf\u00e9.mov",
    "decomposed": "cafe\u0301.mov",
    "emoji": "\U0001f469\u200d\U0001f467 \u2764\ufe0f.mov",
    "from right to left": "\u202evom.\u05e9\u05dc\u05d5\u05dd",
    "longer in upper case": "stra\u00dfe.mov",
    "separators of lines": "a\u2028b\u0085c",
    "quotes": """a"; filename="b'; name=`c`""",
    "percent signs": "100%%00%2e%2e%2f%0d%0a%s%",
    "two dots": "..x",
    "three dots": "...",
    "spaces and dots": " . film.mov . ",
    "a byte order mark": "\ufefffilm.mov",
    "longest": "\U0001f3ac" * 255,
    "JSON": '{"name": "x", "parent": {"id": "1"}}, null]',
    "a boundary": '----boundary--; Content-Disposition: form-data; name="file"',
    "a device": "con.mov:a|<b>*?",
    "markup": "<b>&amp;<br>--><!--",
}
_STAY_OPEN = re.compile(r"(?:Up to ([0-9]+) unused sessions[^.]*|)until (?:it expires|they expire)")
_BEGINNING = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)


class Clock:
    """Time that passes when somebody sleeps, here or at the server; for any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.now_s = 0.0
        self.slept: list[float] = []

    def advance(self, delay_s: float) -> None:
        """Let time pass."""
        with self._lock:
            self.now_s += delay_s

    def sleep(self, delay_s: float) -> None:
        """Let time pass, and note it."""
        self.advance(delay_s)
        self.slept.append(delay_s)

    def today(self) -> dt.datetime:
        """Return the present time."""
        return _BEGINNING + dt.timedelta(seconds=self.now_s)

    def backoff(self) -> BackoffPolicy:
        """Return what an uploader needs to live in this time."""
        return BackoffPolicy(clock=lambda: self.now_s, sleep=self.sleep, random=lambda: 0.0)


class Freeze:
    """A pause of the server that lasts until it is ended, longer than any client waits."""

    def __init__(self) -> None:
        self._is_over = threading.Event()

    async def sleep(self, _: float) -> None:
        """Wait for the end."""
        while not self._is_over.is_set():  # noqa: ASYNC110  # it is ended by another thread
            await asyncio.sleep(0.005)

    def end(self) -> None:
        """Let the server go on."""
        self._is_over.set()


class Ground:
    """A mock on a socket, and what was uploaded to it.

    Args:
        part_size: Size of a part in bytes.
        settings: Further settings of the mock.
    """

    def __init__(self, part_size: int = PART_SIZE, **settings: Any) -> None:
        self.clock = Clock()
        self.state = State(
            part_size_for=constant_part_size(part_size),
            # Each test has a clock of its own.
            clock=lambda: self.clock.today(),  # noqa: PLW0108
            sleep=self._pause,
            **settings,
        )
        self.server = MockServer(state=self.state)

    async def _pause(self, delay_s: float) -> None:
        self.clock.advance(delay_s)
        await asyncio.sleep(0)

    def client(self, **settings: Any) -> Client:
        """Return a client of the mock, whose own retries take no time."""
        token = settings.pop("token", self.state.token)
        retry = RetryPolicy(max_retries=settings.pop("max_retries", 2))
        return Client(token, base_url=self.server.base_url, sleep=lambda _: None, retry=retry, **settings)

    def upload(
        self, source: Any = CONTENT, client: Any = None, *, http: Any = None, is_async: bool = False, **settings: Any
    ) -> Any:
        """Upload something by a blocking or an asynchronous client; to a new file, unless `file_id` is given."""
        if is_async:
            return asyncio.run(self.upload_async(source, client, http=http, **settings))
        with client or self.client(http=http) as box:
            return upload_file(box, source, **self._settings(settings))

    async def upload_async(
        self, source: Any = CONTENT, client: AsyncClient | None = None, *, http: Any = None, **settings: Any
    ) -> Any:
        """Upload something by an asynchronous client."""
        async with client or AsyncClient(self.state.token, base_url=self.server.base_url, http=http) as box:
            return await upload_file_async(box, source, **self._settings(settings))

    def fail(self, operation: str, *statuses: int, **settings: Any) -> None:
        """Have the next calls of an operation fail with these statuses, in order."""
        self.state.faults.add(*(Failure(operation=operation, status=status, **settings) for status in statuses))

    def _settings(self, settings: dict[str, Any]) -> dict[str, Any]:
        settings = {"backoff": self.clock.backoff(), **settings}
        return settings if "file_id" in settings else {"folder_id": "0", "file_name": "film.mov", **settings}

    def stored(self, name: str = "film.mov") -> list[bytes]:
        """Return the contents of the files of a name."""
        return [self.state.content(file.id) for file in self.state.files.values() if file.name == name]

    def calls(self, operation: str) -> int:
        """Return how often an operation was called."""
        return sum(exchange.operation == operation for exchange in self.state.request_log)

    def reset(self) -> None:
        """Return to the beginning."""
        self.server.wait_until_idle()
        self.state.reset()
        self.clock = Clock()


def write(path: Path, content: bytes = CONTENT) -> Path:
    """Write a file, and return its path."""
    path.write_bytes(content)
    return path


class Interrupt(BaseException):
    """What nobody catches."""


def interrupt_at(wanted: Any, kind: type[BaseException] = Interrupt) -> Any:
    """Return a callback that interrupts the upload at an event, or at the first event of a type."""

    def on_progress(event: Any) -> None:
        if wanted in (event, type(event)):
            raise kind

    return on_progress


def interrupt_after(parts: int, kind: type[BaseException] = Interrupt) -> Any:
    """Return a callback that interrupts the upload once so many parts are stored."""

    def on_progress(event: object) -> None:
        if isinstance(event, PartDone) and event.parts_done == parts:
            raise kind

    return on_progress


def of_type(kind: type[object], events: list[Any]) -> list[Any]:
    """Return the events of a type."""
    return [event for event in events if isinstance(event, kind)]


def open_sessions_in(text: str) -> int:
    """Return how many sessions a note or the reason of an event reports as still open."""
    return sum(int(found[1] or 1) for found in _STAY_OPEN.finditer(text))
