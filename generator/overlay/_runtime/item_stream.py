"""Bodies that are read item by item while they are received: what streams of events and of lines of JSON share.

Imported late, since few APIs have them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from typing import TYPE_CHECKING, Generic, Protocol, Self, TypeVar

from msgspec import UNSET, UnsetType

from .errors import DecodeError, ResponseTooLargeError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from .headers import Headers
    from .messages import RawResponse
    from .response_stream import AsyncResponseStream, ResponseStream

__all__ = ["MAX_ITEM", "AsyncItemStream", "ItemStream", "Items", "Parser"]

P = TypeVar("P")
P_co = TypeVar("P_co", covariant=True)
T = TypeVar("T")

MAX_ITEM = 16 * 1024 * 1024
"""Largest item in bytes, a line included that has not ended yet."""


class Parser(Protocol[P_co]):
    """Cuts a body into the pieces that items are made of, in whatever chunks it comes.

    `feed` takes some bytes, and yields the pieces that end in them; it raises a `ValueError` if one is too large. `end`
    yields what the end of the body ends.
    """

    def feed(self, chunk: bytes) -> Iterator[P_co]: ...

    def end(self) -> Iterator[P_co]: ...


class Items(ABC, Generic[P, T]):
    """The items of a response, whichever way it is read.

    Args:
        raw: The response without its body.
        parser: Cuts the body into pieces.
        media_types: The media types that the response may have; the first one is named in the error.
    """

    def __init__(self, raw: RawResponse, parser: Parser[P], media_types: Collection[str]) -> None:
        self.raw = raw
        self._parser = parser
        self._pending: deque[P] = deque()
        self._is_done = False
        # A 204 says that there are no items, and has no media type.
        if raw.status != 204 and raw.media_type not in media_types:
            raise self._error(f"is {raw.media_type or 'of no media type'}, not {next(iter(media_types))}")

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.raw.status

    @property
    def headers(self) -> Headers:
        """The header fields, looked up without regard to case."""
        return self.raw.headers

    @abstractmethod
    def _read_piece(self, piece: P) -> T | UnsetType:
        """Return the item that a piece is, `UNSET` if it is none.

        Raises:
            DecodeError: It does not match the document.
        """

    def _feed(self, chunk: bytes | None) -> bool:
        """Take the next bytes, None at the end; return whether there may be more items."""
        try:
            self._pending.extend(self._parser.end() if chunk is None else self._parser.feed(chunk))
        except ValueError as error:
            problem = str(error)
        else:
            return chunk is not None or bool(self._pending)
        raise ResponseTooLargeError(
            f"{self.raw.operation}: {problem}",
            operation=self.raw.operation,
            kind="ResponseTooLarge",
            sent=True,
            retry_safe=self.raw.idempotent,
        )

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


class ItemStream(Items[P, T]):
    """The items of a response, read while you iterate over them, once."""

    _stream: ResponseStream

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        while not self._is_done:
            while not self._pending:
                if not self._feed(next(self._stream, None)):
                    raise StopIteration
            item = self._read_piece(self._pending.popleft())
            if item is not UNSET:
                return item
        raise StopIteration

    def close(self) -> None:
        """Stop reading, and close the connection."""
        self._stream.close()


class AsyncItemStream(Items[P, T]):
    """As `ItemStream`, with `async for`."""

    _stream: AsyncResponseStream

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        while not self._is_done:
            while not self._pending:
                if not self._feed(await anext(self._stream, None)):
                    raise StopAsyncIteration
            item = self._read_piece(self._pending.popleft())
            if item is not UNSET:
                return item
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Stop reading, and close the connection."""
        await self._stream.aclose()
