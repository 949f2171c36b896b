"""Server-sent events: `text/event-stream` as the WHATWG's HTML standard has it read (section 9.2).

Imported late, since few APIs have them.
"""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Generic, Self, TypeVar

import msgspec

from .errors import DecodeError, ResponseTooLargeError
from .text import short_repr

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .headers import Headers
    from .messages import RawResponse
    from .response_stream import AsyncResponseStream, ResponseStream

__all__ = ["MAX_EVENT", "AsyncEventStream", "Event", "EventParser", "EventStream"]

T = TypeVar("T")

MAX_EVENT = 16 * 1024 * 1024
"""Largest event in bytes, a line included that has not ended yet."""

_LINE_END = re.compile(rb"\r\n|\r|\n")
_BOM = b"\xef\xbb\xbf"
# What several APIs send after the last event, which is no JSON.
_DONE = "[DONE]"


class Event(msgspec.Struct, Generic[T], frozen=True):
    """An event that a server has sent.

    Attributes:
        data: Its data: as the document types it, or else its text.
        event: Its name, `message` if the server gives none.
        id: The last id that the server gave to this or an earlier event, or an empty string.
        retry_ms: The last wait before a new connection that the server asked for, in milliseconds, or None.
    """

    data: T
    event: str = "message"
    id: str = ""
    retry_ms: int | None = None


class EventParser:
    """Takes a stream of events in pieces, however they are cut.

    Args:
        limit: Largest event in bytes.
    """

    def __init__(self, limit: int = MAX_EVENT) -> None:
        self._limit = limit
        self._beginning: bytes | None = b""
        self._after_cr = False
        self._line: list[bytes] = []
        self._data: list[str] = []
        self._size = 0
        self._event = ""
        self._id = ""
        self._retry_ms: int | None = None

    def feed(self, chunk: bytes) -> Iterator[Event[str]]:
        """Take some bytes, and yield the events that end in them.

        Raises:
            ValueError: An event is larger than the limit.
        """
        if self._beginning is not None:
            chunk = self._beginning + chunk
            if len(chunk) < len(_BOM) and _BOM.startswith(chunk):
                self._beginning = chunk
                return
            self._beginning, chunk = None, chunk.removeprefix(_BOM)
        if not chunk:
            return
        if self._after_cr and chunk.startswith(b"\n"):
            # The second half of a line end that was cut in two.
            chunk = chunk[1:]
        self._after_cr = chunk.endswith(b"\r")
        *ended, rest = _LINE_END.split(chunk)
        for line in ended:
            self._add(line)
            found = self._end_line(b"".join(self._line))
            self._line = []
            if found is not None:
                yield found
        self._add(rest)

    def _add(self, piece: bytes) -> None:
        if piece:
            self._line.append(piece)
            self._size += len(piece)
            if self._size > self._limit:
                raise ValueError(f"an event is larger than {self._limit} bytes")

    def _end_line(self, line: bytes) -> Event[str] | None:
        if not line:
            return self._end_event()
        name, _, value = line.decode("utf-8", "replace").partition(":")
        value = value.removeprefix(" ")
        # An empty line of data costs memory as well.
        self._size += 1
        if name == "data":
            self._data.append(value)
            return None
        self._size -= len(line) + 1
        if name == "event":
            self._event = value
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "retry" and value.isascii() and value.isdigit() and len(value) <= 15:
            self._retry_ms = int(value)
        return None

    def _end_event(self) -> Event[str] | None:
        lines, event = self._data, self._event
        self._data, self._event, self._size = [], "", 0
        return Event("\n".join(lines), event or "message", self._id, self._retry_ms) if lines else None


class _Events(Generic[T]):
    """The common part of both kinds of streams of events."""

    def __init__(self, raw: RawResponse, read: Callable[[bytes], T]) -> None:
        self.raw = raw
        self._read = read
        self._parser = EventParser()
        self._pending: deque[Event[str]] = deque()
        self._is_done = False
        # A 204 says that there are no events, and has no media type.
        if raw.status != 204 and raw.media_type != "text/event-stream":
            raise self._error(f"is {raw.media_type or 'of no media type'}, not text/event-stream")

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.raw.status

    @property
    def headers(self) -> Headers:
        """The header fields, looked up without regard to case."""
        return self.raw.headers

    def _feed(self, chunk: bytes) -> None:
        try:
            self._pending.extend(self._parser.feed(chunk))
        except ValueError as error:
            problem = str(error)
        else:
            return
        raise ResponseTooLargeError(
            f"{self.raw.operation}: {problem}",
            operation=self.raw.operation,
            kind="ResponseTooLarge",
            sent=True,
            retry_safe=self.raw.idempotent,
        )

    def _next(self) -> Event[T] | None:
        """Return the next event of those received, None after the last one.

        Raises:
            DecodeError: Its data does not match the document.
        """
        event = self._pending.popleft()
        content = event.data.encode()
        try:
            return Event(self._read(content), event.event, event.id, event.retry_ms)
        except DecodeError as error:
            if event.data.strip() == _DONE:
                self._is_done = True
                return None
            # Servers tell of errors by events of other names.
            where = "" if event.event == "message" else f" (event {short_repr(event.event)})"
            failure = self._error(f"{error.reason}{where}", error.path, content)
        raise failure

    def _error(self, reason: str, path: str = "$", content: bytes = b"") -> DecodeError:
        raw = self.raw
        return DecodeError(
            raw.redaction(reason),
            path=raw.redaction(path),
            status=raw.status,
            content=raw.redaction(content),
            operation=raw.operation,
            retry_safe=raw.idempotent,
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.raw.operation}: {self.raw.status}>"


class EventStream(_Events[T]):
    """The events of a response, read while you iterate over them, once.

    The `read_s` of the client's timeout limits the wait for the next bytes, and nothing limits the whole.
    An event whose data does not match the document raises a `DecodeError`; the one after it can still be read.

    Attributes:
        raw: The response without its body.
    """

    def __init__(self, stream: ResponseStream, read: Callable[[bytes], T]) -> None:
        self._stream = stream
        super().__init__(stream.raw, read)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Event[T]:
        while not self._is_done:
            while not self._pending:
                self._feed(next(self._stream))
            event = self._next()
            if event is not None:
                return event
        raise StopIteration

    def close(self) -> None:
        """Stop reading, and close the connection."""
        self._stream.close()


class AsyncEventStream(_Events[T]):
    """As `EventStream`, with `async for`."""

    def __init__(self, stream: AsyncResponseStream, read: Callable[[bytes], T]) -> None:
        self._stream = stream
        super().__init__(stream.raw, read)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event[T]:
        while not self._is_done:
            while not self._pending:
                self._feed(await anext(self._stream))
            event = self._next()
            if event is not None:
                return event
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Stop reading, and close the connection."""
        await self._stream.aclose()
