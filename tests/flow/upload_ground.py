"""What the flow tests of the uploader share: a mock on a socket, contents to upload, and time that costs none."""

from __future__ import annotations

import asyncio
import hashlib
import random
import threading
from pathlib import Path
from typing import Any

from box_uploads import AsyncClient, Client, RetryPolicy
from box_uploads.upload import MINIMUM_SIZE, Pace, upload_file, upload_file_async
from box_uploads_mock import MockServer, State, constant_part_size

__all__ = ["CONTENT", "PART_SIZE", "SHA1", "Clock", "Ground", "write"]

PART_SIZE = 4_194_304
CONTENT = random.Random(1).randbytes(MINIMUM_SIZE)
SHA1 = hashlib.sha1(CONTENT, usedforsecurity=False).hexdigest()


class Clock:
    """Time that passes when somebody sleeps; for any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.now_s = 0.0
        self.slept: list[float] = []

    def sleep(self, delay_s: float) -> None:
        """Let time pass."""
        with self._lock:
            self.now_s += delay_s
            self.slept.append(delay_s)

    def pace(self) -> Pace:
        """Return what an uploader needs to live in this time."""
        return Pace(clock=lambda: self.now_s, sleep=self.sleep, random=lambda: 0.0)


class Ground:
    """A mock on a socket, and what was uploaded to it."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.state = State(part_size_for=constant_part_size(PART_SIZE), sleep=lambda _: asyncio.sleep(0))
        self.server = MockServer(state=self.state)

    def client(self, **settings: Any) -> Client:
        """Return a client of the mock, whose own retries take no time."""
        token = settings.pop("token", self.state.token)
        retry = RetryPolicy(max_retries=settings.pop("max_retries", 2))
        return Client(token, base_url=self.server.base_url, sleep=lambda _: None, retry=retry, **settings)

    def upload(self, source: Any = CONTENT, client: Client | None = None, **settings: Any) -> Any:
        """Upload something to a new file, unless it is said otherwise."""
        with client or self.client() as box:
            return upload_file(box, source, **self._settings(settings))

    async def upload_async(self, source: Any = CONTENT, client: AsyncClient | None = None, **settings: Any) -> Any:
        """Upload something by an asynchronous client."""
        async with client or AsyncClient(self.state.token, base_url=self.server.base_url) as box:
            return await upload_file_async(box, source, **self._settings(settings))

    def _settings(self, settings: dict[str, Any]) -> dict[str, Any]:
        settings = {"pace": self.clock.pace(), **settings}
        return settings if "file_id" in settings else {"folder_id": "0", "file_name": "film.mov", **settings}

    def stored(self, name: str = "film.mov") -> list[bytes]:
        """Return the contents of the files of a name."""
        return [self.state.content(file.id) for file in self.state.files.values() if file.name == name]

    def calls(self, operation: str) -> int:
        """Return how often an operation was called."""
        return sum(exchange.operation == operation for exchange in self.state.journal)

    def reset(self) -> None:
        """Return to the beginning."""
        self.server.settle()
        self.state.reset()
        self.clock = Clock()


def write(path: Path, content: bytes = CONTENT) -> Path:
    """Write a file, and return its path."""
    path.write_bytes(content)
    return path
