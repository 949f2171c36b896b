"""Server-sent events: `text/event-stream` as the WHATWG's HTML standard has it read (section 9.2).

Imported late, since few APIs have them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

from .errors import DecodeError
from .item_stream import MAX_ITEM, AsyncItemStream, Items, ItemStream
from .text import short_repr

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .messages import RawResponse
    from .response_stream import AsyncResponseStream, ResponseStream

__all__ = ["AsyncEventStream", "Event", "EventParser", "EventStream"]

T = TypeVar("T")

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

    def __init__(self, limit: int = MAX_ITEM) -> None:
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

    def end(self) -> Iterator[Event[str]]:
        """Yield nothing: an event that has not ended is none."""
        return iter(())

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


class _Events(Items[Event[str], Event[T]]):
    """The common part of both kinds of streams of events."""

    def __init__(self, raw: RawResponse, read: Callable[[bytes], T]) -> None:
        self._read = read
        super().__init__(raw, EventParser(), ["text/event-stream"])

    def _read_piece(self, piece: Event[str]) -> Event[T] | msgspec.UnsetType:
        content = piece.data.encode()
        try:
            return Event(self._read(content), piece.event, piece.id, piece.retry_ms)
        except DecodeError as error:
            if piece.data.strip() == _DONE:
                self._is_done = True
                return msgspec.UNSET
            # Servers tell of errors by events of other names.
            where = "" if piece.event == "message" else f" (event {short_repr(piece.event)})"
            failure = self._error(f"{error.reason}{where}", error.path, content)
        raise failure


class EventStream(_Events[T], ItemStream[Event[str], Event[T]]):
    """The events of a response, read while you iterate over them, once.

    The `read_s` of the client's timeout limits the wait for the next bytes, and nothing limits the whole.
    An event whose data does not match the document raises a `DecodeError`; the one after it can still be read.

    Attributes:
        raw: The response without its body.
    """

    def __init__(self, stream: ResponseStream, read: Callable[[bytes], T]) -> None:
        self._stream = stream
        super().__init__(stream.raw, read)


class AsyncEventStream(_Events[T], AsyncItemStream[Event[str], Event[T]]):
    """As `EventStream`, with `async for`."""

    def __init__(self, stream: AsyncResponseStream, read: Callable[[bytes], T]) -> None:
        self._stream = stream
        super().__init__(stream.raw, read)
