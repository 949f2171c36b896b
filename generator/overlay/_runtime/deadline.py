"""How long an answer may take as a whole, however slowly it trickles in.

The HTTP library's read timeout begins anew with each byte, so that a server that sends one now and then is never given
up: not in the header fields, not in the body. So the limit of the whole answer travels with the read timeout down to
the connection, and is kept there: it begins with the first read after what was last written.

Sending needs no such limit. A system calls a socket writable only when a good share of its buffer is free, so that a
server that takes a byte a second runs into the write timeout, while a link that is slow but moves does not. Nor does
the handshake of TLS: Python and its event loops keep the connect timeout for the whole of it.
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
    """Seconds between two pieces of an answer, with the seconds for all of it.

    The HTTP library hands the number to the connection as it is.
    """

    __slots__ = ("answer_s",)

    answer_s: float

    def __new__(cls, read_s: float | None, answer_s: float) -> Self:
        """Make the timeout; without seconds for a piece, those for the whole answer hold."""
        found = super().__new__(cls, answer_s if read_s is None else min(read_s, answer_s))
        found.answer_s = answer_s
        return found

    def __reduce__(self) -> tuple[Any, ...]:
        return ReadTimeout, (float(self), self.answer_s)


def late(answer_s: float) -> httpx2.ReadTimeout:
    """Return the error for an answer that has not ended in time."""
    return httpx2.ReadTimeout(f"the answer did not end within {answer_s:g} s")


def opened_stream(event: str, info: dict[str, Any]) -> Any:
    """Return the connection that an event of the HTTP library tells of (its `trace` extension), or None."""
    if event.endswith(".send_request_headers.started"):
        # There is a connection: the events that follow tell nothing, and each of them costs time.
        request = info["request"]
        request.extensions = {name: value for name, value in request.extensions.items() if name != "trace"}
        return None
    return info["return_value"] if event.endswith((".connect_tcp.complete", ".start_tls.complete")) else None


def bound_stream(stream: Any, clock: Callable[[], float], *, is_async: bool) -> None:
    """Keep the limits of whole answers on a connection of the HTTP library; other timeouts stay as they are.

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
    """The methods of a connection, with limits; refers to it weakly, so that it goes when nobody needs it."""

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
        left_s = self._since + timeout.answer_s - now
        if left_s <= 0:
            raise late(timeout.answer_s)
        return min(float(timeout), left_s)

    def check(self, timeout: float | None) -> None:
        """Tell, after a failed read, if the answer has taken too long.

        Raises:
            ReadTimeout: It has.
        """
        if (
            isinstance(timeout, ReadTimeout)
            and self._since is not None
            and self._clock() >= self._since + timeout.answer_s
        ):
            raise late(timeout.answer_s) from None

    def read(self, max_bytes: int, timeout: float | None = None) -> Any:
        """Read as the connection does, within the limits."""
        left_s = self.left_s(timeout)
        try:
            return self._read(self._stream(), max_bytes, left_s)
        except Exception:
            self.check(timeout)
            raise

    def write(self, buffer: bytes, timeout: float | None = None) -> Any:
        """Write as the connection does; another answer begins."""
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
