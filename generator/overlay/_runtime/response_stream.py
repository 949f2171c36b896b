"""Responses whose body is read while it is used: in pieces, or into a file, never as a whole.

Imported late, since most calls read the whole body.
"""

from __future__ import annotations

import zlib
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Self

from .errors import TransportError
from .file_target import open_target

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncGenerator, Callable, Iterator
    from typing import BinaryIO

    import httpx2

    from .deadline import ReadTimeout
    from .headers import Headers
    from .messages import RawResponse, Request

__all__ = ["CHUNK", "AsyncResponseStream", "BodyDecoder", "OpenResponse", "ResponseStream"]

CHUNK = 64 * 1024
"""Most bytes that decompression yields at a time, however much they were compressed."""

_NO_LIMIT = float("inf")
_WINDOWS = {"gzip": (31,), "x-gzip": (31,), "deflate": (15, -15)}


class BodyDecoder:
    """Takes a body as it is received, and returns it in pieces, decompressed; no more than one piece is kept.

    Args:
        encoding: The `Content-Encoding` of the response.
        size: Bytes that the response promises as received, or None.

    Raises:
        ValueError: The encoding is not supported.
    """

    def __init__(self, encoding: str, size: int | None) -> None:
        name = encoding.strip().lower()
        if name not in {"", "identity", *_WINDOWS}:
            raise ValueError(f"the body has the content-encoding {name}, which is not supported")
        self._windows = list(_WINDOWS.get(name, ()))
        self._stream: Any = zlib.decompressobj(self._windows[0]) if self._windows else None
        self._pending = b""
        self._left = size
        self._is_empty = True

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the body; only after `take` has returned all of those before."""
        self._pending = chunk
        if self._left is not None:
            self._left -= len(chunk)

    def take(self) -> bytes:
        """Return the next piece of what was fed, empty if there is none.

        Raises:
            ValueError: The body cannot be decompressed.
        """
        pending, self._pending = self._pending, b""
        if self._stream is None or not pending:
            # What a full decompressor still holds comes without further input.
            return self._inflate(b"") if self._stream is not None and not self._is_empty else pending
        return self._inflate(pending)

    def check_end(self) -> None:
        """Check that the body is complete.

        Raises:
            ValueError: It ended early.
        """
        if self._left is not None and self._left > 0:
            raise ValueError(f"the body ended {self._left} bytes early")
        if self._stream is not None and not self._is_empty and not self._stream.eof:
            raise ValueError("the compressed body ended early")

    def _inflate(self, content: bytes) -> bytes:
        if self._stream.eof:
            if content:
                raise ValueError("the body goes on after the end of its compressed data")
            return b""
        try:
            found: bytes = self._stream.decompress(content, CHUNK)
        except zlib.error as error:
            # Some servers send deflate without its header, which shows at the first bytes.
            if not self._is_empty or len(self._windows) == 1:
                raise ValueError(f"the body cannot be decompressed: {error}") from None
            self._windows = self._windows[1:]
            self._stream = zlib.decompressobj(self._windows[0])
            return self._inflate(content)
        self._is_empty = self._is_empty and not content
        self._pending = self._stream.unconsumed_tail or self._stream.unused_data
        return found


class OpenResponse:
    """The response of one call whose body is still to be read; it has none until the call has succeeded.

    Args:
        request: The request, for errors.
        map_error: Returns our error for one of the HTTP library.
    """

    def __init__(self, request: Request, map_error: Callable[..., TransportError]) -> None:
        self.request = request
        self.response: httpx2.Response | None = None
        self._map_error = map_error
        self._prepared: httpx2.Request | None = None
        self._limit: ReadTimeout | None = None
        self._whole: bytes | None = None

    def prepare(self, request: Request, prepared: httpx2.Request) -> None:
        """Give an attempt a limit of its own for the whole response, which ends when the body begins."""
        timeouts = prepared.extensions["timeout"]
        given = timeouts["read"]
        self._limit = type(given)(float(given), given.response_s)
        prepared.extensions = {**prepared.extensions, "timeout": {**timeouts, "read": self._limit}}
        # Errors hide what this request was sent with, where a redirect leads included.
        self.request, self._prepared = request, prepared

    def take(self, response: httpx2.Response) -> None:
        """Take the response of the attempt that succeeded."""
        self.response = response
        if self._limit is not None:
            # A large file may take hours: from here on, only the wait for each piece is limited.
            self._limit.response_s = _NO_LIMIT

    def keep(self, content: bytes) -> None:
        """Keep a body that was read already."""
        self._whole = content

    def decoder(self, raw: RawResponse) -> BodyDecoder:
        """Return what decodes the body.

        Raises:
            TransportError: Its encoding is not supported.
        """
        if self.response is None or self.response.is_stream_consumed:
            return BodyDecoder("", None)
        length = raw.headers.get("content-length", "")
        is_sized = length.isascii() and length.isdigit() and "transfer-encoding" not in raw.headers
        try:
            return BodyDecoder(raw.headers.get("content-encoding", ""), int(length[:20]) if is_sized else None)
        except ValueError as error:
            problem = str(error)
        raise self.failure(problem, "DecodingError")

    def chunks(self) -> Iterator[bytes]:
        """Return the body as it is received."""
        if self.response is None:
            return iter((self._whole or b"",))
        return iter((self.response.content,)) if self.response.is_stream_consumed else self.response.iter_raw()

    async def chunks_async(self) -> AsyncGenerator[bytes]:
        """Return the body as it is received."""
        if self.response is None:
            yield self._whole or b""
        elif self.response.is_stream_consumed:
            yield self.response.content
        else:
            async with aclosing(self.response.aiter_raw()) as chunks:
                async for chunk in chunks:
                    yield chunk

    def map_error(self, error: Any) -> TransportError:
        """Return our error for one that interrupted the body."""
        found = self._map_error(self.request, error, self._prepared)
        found.sent = True
        return found

    def failure(self, problem: str, kind: str) -> TransportError:
        """Return the error for a body that is wrong."""
        return TransportError(
            f"{self.request.operation}: {kind}: {problem}",
            operation=self.request.operation,
            kind=kind,
            sent=True,
            is_transient=kind == "RemoteProtocolError",
            retry_safe=self.request.idempotent,
        )

    def close(self) -> None:
        """Close the connection, unless the body was read to its end."""
        if self.response is not None:
            self.response.close()

    async def aclose(self) -> None:
        """As `close`, for an asynchronous client."""
        if self.response is not None:
            await self.response.aclose()


class _Stream:
    """The common part of both kinds of streams."""

    def __init__(self, raw: RawResponse, opened: OpenResponse, http_errors: tuple[type[Exception], ...]) -> None:
        self.raw = raw
        self._opened = opened
        self._http_errors = http_errors
        self._body = opened.decoder(raw)
        self._is_closed = False

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.raw.status

    @property
    def headers(self) -> Headers:
        """The header fields, looked up without regard to case."""
        return self.raw.headers

    def _take(self) -> bytes:
        """Return the next piece of what was received, empty if more must be received."""
        if self._is_closed:
            # Otherwise a loop over it would find an empty body.
            raise self._opened.failure("the stream is closed, or has failed before", "StreamClosed")
        try:
            return self._body.take()
        except ValueError as error:
            problem = str(error)
        self._is_closed = True
        raise self._opened.failure(problem, "DecodingError")

    def _end(self) -> None:
        """Check that the body is complete."""
        try:
            self._body.check_end()
        except ValueError as error:
            problem = str(error)
        else:
            return
        self._is_closed = True
        raise self._opened.failure(problem, "RemoteProtocolError")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.raw.operation}: {self.raw.status}>"


class ResponseStream(_Stream):
    """A successful response whose body is read while you iterate over it, once.

    A chunk is what one read of the connection returns, some 64 KiB at most; no more than one is kept. The `read_s` of
    the client's timeout limits the wait for each, and nothing limits the whole. A body that does not come completely
    raises a `TransportError`.

    Attributes:
        raw: The response without its body.
    """

    def __init__(self, raw: RawResponse, opened: OpenResponse, http_errors: tuple[type[Exception], ...]) -> None:
        super().__init__(raw, opened, http_errors)
        self._source = opened.chunks()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        while not (piece := self._take()):
            failure = None
            try:
                chunk = next(self._source, None)
            except self._http_errors as error:
                chunk, failure = None, self._opened.map_error(error)
            if failure is not None:
                self._is_closed = True
                try:
                    raise failure
                finally:
                    # An error that refers to itself keeps its frames until the collector runs.
                    del failure
            if chunk is None:
                self._end()
                raise StopIteration
            self._body.feed(chunk)
        return piece

    def read(self) -> bytes:
        """Return the rest of the body as a whole."""
        return b"".join(self)

    def write_to(self, target: str | os.PathLike[str] | BinaryIO) -> int:
        """Write the rest of the body, and return the number of bytes.

        Args:
            target: The path of a file, which is replaced once the body is complete and else stays as it was; or a file
                that is open for writing bytes, and stays open.

        Raises:
            TransportError: The body did not come completely.
            InvalidArgumentError: The target is neither, or names a folder or a device.
            OSError: The file cannot be written.
        """
        size = 0
        with open_target(target) as write:
            for chunk in self:
                write(chunk)
                size += len(chunk)
        return size

    def close(self) -> None:
        """Stop reading: the connection is closed unless the body has ended."""
        self._is_closed = True
        self._opened.close()


class AsyncResponseStream(_Stream):
    """As `ResponseStream`, with `async for`."""

    def __init__(self, raw: RawResponse, opened: OpenResponse, http_errors: tuple[type[Exception], ...]) -> None:
        super().__init__(raw, opened, http_errors)
        self._source = opened.chunks_async()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        while not (piece := self._take()):
            failure = None
            try:
                chunk = await anext(self._source, None)
            except self._http_errors as error:
                chunk, failure = None, self._opened.map_error(error)
            if failure is not None:
                self._is_closed = True
                try:
                    raise failure
                finally:
                    # As above.
                    del failure
            if chunk is None:
                self._end()
                raise StopAsyncIteration
            self._body.feed(chunk)
        return piece

    async def read(self) -> bytes:
        """Return the rest of the body as a whole."""
        return b"".join([chunk async for chunk in self])

    async def write_to(self, target: str | os.PathLike[str] | BinaryIO) -> int:
        """As of `ResponseStream`; a thread writes, so that the event loop does not wait for the disk."""
        from asyncio import to_thread  # noqa: PLC0415  # costs a blocking client nothing here

        size = 0
        with open_target(target) as write:
            async for chunk in self:
                await to_thread(write, chunk)
                size += len(chunk)
        return size

    async def aclose(self) -> None:
        """Stop reading: the connection is closed unless the body has ended."""
        self._is_closed = True
        await self._source.aclose()
        await self._opened.aclose()
