"""Streams of JSON values: one on each line (JSON Lines, NDJSON), or each behind a record separator (RFC 7464).

Imported late, since few APIs have them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

import msgspec

from .errors import DecodeError
from .item_stream import MAX_ITEM, AsyncItemStream, Items, ItemStream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .messages import RawResponse
    from .response_stream import AsyncResponseStream, ResponseStream

__all__ = ["LINE_TYPES", "AsyncJsonLines", "JsonLines", "LineParser"]

T = TypeVar("T")

LINE_TYPES = frozenset(
    f"application/{name}"
    for name in (
        *("jsonl", "x-jsonl", "jsonlines", "x-jsonlines", "json-lines", "ndjson", "x-ndjson"),
        *("json-seq", "geo+json-seq", "stream+json"),
    )
)
"""The media types of such streams."""

_ENDS = re.compile(rb"([\n\x1e])")
_SPACE = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"


class LineParser:
    """Takes a stream of JSON values in pieces, however they are cut.

    A value ends with its line; one that a record separator begins may have several lines.

    Args:
        limit: Largest value in bytes.
    """

    def __init__(self, limit: int = MAX_ITEM) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0
        # Whether a separator began the value, and whether its first line is not all of it.
        self._is_record = self._has_lines = False

    def feed(self, chunk: bytes) -> Iterator[tuple[bytes, bool]]:
        """Take some bytes, and yield the values that end in them, each with whether it has an end.

        Raises:
            ValueError: A value is larger than the limit.
        """
        pieces = _ENDS.split(chunk)
        for text, end in zip(pieces[::2], [*pieces[1::2], b""], strict=True):
            self._add(text)
            if end == b"\x1e":
                yield from self._take()
                self._is_record = True
            elif end and self._ends_with_line():
                yield from self._take()
            elif end:
                self._add(end)

    def end(self) -> Iterator[tuple[bytes, bool]]:
        """Yield the value that has no end, if there is one."""
        yield from self._take(has_end=False)

    def _add(self, piece: bytes) -> None:
        if piece:
            self._parts.append(piece)
            self._size += len(piece)
            if self._size > self._limit:
                raise ValueError(f"a line is larger than {self._limit} bytes")

    def _ends_with_line(self) -> bool:
        if not self._is_record:
            return True
        if self._has_lines:
            return False
        line = b"".join(self._parts).strip(_SPACE)
        if not line:
            self._parts, self._size = [], 0
            return False
        try:
            msgspec.json.decode(line, type=msgspec.Raw)
        except msgspec.DecodeError:
            # The next separator ends it.
            self._has_lines = True
        except RecursionError:
            # Reading it says so.
            pass
        return not self._has_lines

    def _take(self, *, has_end: bool = True) -> Iterator[tuple[bytes, bool]]:
        value = b"".join(self._parts).removeprefix(_BOM).strip(_SPACE)
        self._parts, self._size, self._is_record, self._has_lines = [], 0, False, False
        if value:
            yield value, has_end


class _Lines(Items[tuple[bytes, bool], T]):
    """The common part of both kinds of streams of JSON values."""

    def __init__(self, raw: RawResponse, read: Callable[[bytes], T], media_type: str) -> None:
        self._read = read
        super().__init__(raw, LineParser(), [media_type.partition(";")[0], *LINE_TYPES])

    def _read_piece(self, piece: tuple[bytes, bool]) -> T:
        content, has_end = piece
        try:
            return self._read(content)
        except DecodeError as error:
            where = "" if has_end else " (the last line, which has no end)"
            failure = self._error(f"{error.reason}{where}", error.path, content)
        raise failure


class JsonLines(_Lines[T], ItemStream[tuple[bytes, bool], T]):
    """The values of a response, one for each line, read while you iterate over them, once.

    The `read_s` of the client's timeout limits the wait for the next bytes, and nothing limits the whole.
    A value that does not match the document raises a `DecodeError`; the one after it can still be read.

    Attributes:
        raw: The response without its body.
    """

    def __init__(self, stream: ResponseStream, read: Callable[[bytes], T], media_type: str) -> None:
        self._stream = stream
        super().__init__(stream.raw, read, media_type)


class AsyncJsonLines(_Lines[T], AsyncItemStream[tuple[bytes, bool], T]):
    """As `JsonLines`, with `async for`."""

    def __init__(self, stream: AsyncResponseStream, read: Callable[[bytes], T], media_type: str) -> None:
        self._stream = stream
        super().__init__(stream.raw, read, media_type)
