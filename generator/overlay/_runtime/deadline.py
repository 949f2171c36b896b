"""Limit the time of a whole response, however slowly it trickles in.

The HTTP library's read timeout starts again with each byte, so a server that sends one byte now and then would never
time out, neither in the header fields nor in the body. So the limit of the whole response travels with the read timeout
down to the connection, which enforces it. It starts with the first read after the last write.

Sending needs no such limit: a system calls a socket writable only when a good share of its buffer is free, so a server
that takes a byte a second runs into the write timeout, and a slow link that moves does not. Nor does the TLS handshake:
Python and its event loops apply the connect timeout to the whole of it.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self, cast
from weakref import ref

import httpx2

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ReadTimeout", "bound_stream", "late", "opened_stream"]


class ReadTimeout(float):
    """Seconds between two pieces of a response, with the seconds for all of it.

    The HTTP library hands the number to the connection as it is.
    """

    __slots__ = ("response_s",)

    response_s: float

    def __new__(cls, read_s: float | None, response_s: float) -> Self:
        """Make the timeout; without seconds for a piece, those for the whole response hold."""
        found = super().__new__(cls, response_s if read_s is None else min(read_s, response_s))
        found.response_s = response_s
        return found

    def __reduce__(self) -> tuple[Any, ...]:
        return ReadTimeout, (float(self), self.response_s)


def late(response_s: float) -> httpx2.ReadTimeout:
    """Return the error for a response that did not end in time."""
    return httpx2.ReadTimeout(f"the response did not end within {round(response_s, 1):g} s")


def opened_stream(event: str, info: dict[str, Any]) -> Any:
    """Return the connection in an event of the HTTP library (its `trace` extension), or None."""
    if event.endswith(".send_request_headers.started"):
        # The connection is found: later events add nothing, and each of them costs time.
        request = info["request"]
        request.extensions = {name: value for name, value in request.extensions.items() if name != "trace"}
        return None
    return info["return_value"] if event.endswith((".connect_tcp.complete", ".start_tls.complete")) else None


def bound_stream(stream: Any, clock: Callable[[], float], *, is_async: bool) -> None:
    """Enforce the limits of whole responses on a connection of the HTTP library; other timeouts stay as they are.

    Args:
        stream: The connection.
        clock: Returns seconds, of which only differences count.
        is_async: Whether the connection is awaited.
    """
    # A caller's own kind of connection may refuse; then the limit is kept between pieces of the body.
    with suppress(AttributeError, TypeError):
        bounds = _AsyncBounds(stream, clock) if is_async else _Bounds(stream, clock)
        stream.read, stream.write = bounds.read, bounds.write


class _Bounds:
    """The methods of a connection, with limits; refers to it weakly, so that it can be collected."""

    def __init__(self, stream: Any, clock: Callable[[], float]) -> None:
        self._stream = ref(stream)
        kind = cast("Any", type(stream))
        self._read, self._write = kind.read, kind.write
        self._clock = clock
        self._since: float | None = None

    def left_s(self, timeout: float | None) -> float | None:
        """Return the seconds for the next read.

        Raises:
            ReadTimeout: None are left.
        """
        if not isinstance(timeout, ReadTimeout):
            return timeout
        now = self._clock()
        if self._since is None:
            self._since = now
        left_s = self._since + timeout.response_s - now
        if left_s <= 0:
            raise late(timeout.response_s)
        return min(float(timeout), left_s)

    def check(self, timeout: float | None) -> None:
        """Check, after a failed read, whether the response has taken too long.

        Raises:
            ReadTimeout: It has.
        """
        if (
            isinstance(timeout, ReadTimeout)
            and self._since is not None
            and self._clock() >= self._since + timeout.response_s
        ):
            raise late(timeout.response_s) from None

    def read(self, max_bytes: int, timeout: float | None = None) -> Any:
        """Read as the connection does, within the limits."""
        left_s = self.left_s(timeout)
        try:
            return self._read(self._stream(), max_bytes, left_s)
        except Exception:
            self.check(timeout)
            raise

    def write(self, buffer: bytes, timeout: float | None = None) -> Any:
        """Write as the connection does; the next response begins."""
        self._since = None
        return self._write(self._stream(), buffer, timeout)


class _AsyncBounds(_Bounds):
    """As `_Bounds`, for a connection that is awaited."""

    async def read(self, max_bytes: int, timeout: float | None = None) -> Any:  # noqa: ASYNC109  # as in the HTTP library
        """Read as the connection does, within the limits."""
        left_s = self.left_s(timeout)
        try:
            return await self._read(self._stream(), max_bytes, left_s)
        except Exception:
            self.check(timeout)
            raise
