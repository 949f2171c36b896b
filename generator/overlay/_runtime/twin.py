"""Blocking transports beside a client's own, for work in many threads that may have to end at any time.

A twin has the client's settings and credentials, but connections of its own, which another thread can break: then
nobody waits for a silent server any more, and the client's other calls go on.

An asynchronous client has a blocking twin as well. Large bodies cost less CPU when a thread sends them: under TLS,
asynchronous sending was measured at 1.3 to 1.5 times the CPU of blocking sending in pieces of 256 KiB, and at more than
that in one piece.
"""

from __future__ import annotations

import socket
from concurrent.futures import CancelledError
from contextlib import suppress
from copy import copy
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar
from weakref import WeakSet

import msgspec

from .errors import TransportError
from .retry import RetryPolicy
from .transport import SyncTransport

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from concurrent.futures import Future

    from .auth import Secret
    from .message import RawResponse, Request
    from .transport import AsyncTransport

__all__ = ["Fetch", "Submit", "Twin", "awaiting_twin", "blocking_twin"]

T = TypeVar("T")


class Submit(Protocol):
    """Runs a coroutine in the event loop of the asynchronous transport, from another thread."""

    def __call__(self, coroutine: Coroutine[Any, Any, T], /) -> Future[T]:
        """Return the future of its result."""
        ...


class Twin(msgspec.Struct, frozen=True):
    """A transport for some time, which sends each call once.

    Attributes:
        transport: The transport, which has to be closed.
        break_off: Ends all calls that are on their way, by errors; later ones are sent as ever. From any thread.
    """

    transport: SyncTransport
    break_off: Callable[[], object]


def blocking_twin(origin: SyncTransport) -> Twin:
    """Return a twin of a blocking transport.

    If that sends with what the caller has brought (a proxy, certificates, a test's transport), so does the twin; then
    its calls end by themselves alone.
    """
    if not origin.settings.is_plain:
        return Twin(origin.without_retries(), _do_nothing)
    connections = _Connections()
    return Twin(_Beside(origin, origin.fetch_token, connections), connections.break_off)


class Fetch(Protocol):
    """Runs the coroutine that gets a token in the event loop of the asynchronous transport."""

    def __call__(self, coroutine: Coroutine[Any, Any, Secret], /) -> Secret:
        """Return the token.

        Raises:
            TransportError: It has not come in time.
        """
        ...


def awaiting_twin(origin: AsyncTransport, submit: Submit, fetch: Fetch) -> Twin:
    """Return a blocking twin of an asynchronous transport.

    If that sends with what the caller has brought, then the twin lets the event loop send.
    """
    if not origin.settings.is_plain or origin.credentials.auth is not None:
        awaited = _Awaited(submit)
        return Twin(_Relay(origin.without_retries(), awaited), awaited.break_off)
    connections = _Connections()
    # The callable may return an awaitable; and of all threads and tasks, one shall ask it.
    return Twin(_Beside(origin, lambda stale: fetch(origin.fetch_token(stale)), connections), connections.break_off)


def _do_nothing() -> None:
    """End nothing."""


class _Connections:
    """The connections of one HTTP client."""

    def __init__(self) -> None:
        self._streams: WeakSet[Any] = WeakSet()
        self._lock = Lock()

    def note(self, stream: Any) -> None:
        """Take note of a connection that was opened."""
        with self._lock:
            self._streams.add(stream)

    def break_off(self) -> None:
        """Break all connections: who waits for one, in another thread, gets an error."""
        with self._lock:
            streams = tuple(self._streams)
        for stream in streams:
            # Not the method of a socket with TLS, which is not made for two threads.
            with suppress(OSError):
                socket.socket.shutdown(stream.get_extra_info("socket"), socket.SHUT_RDWR)


class _Awaited:
    """Coroutines of an event loop that threads wait for."""

    def __init__(self, submit: Submit) -> None:
        self._submit = submit
        self._futures: set[Future[Any]] = set()
        # A coroutine that runs already, but is not among the futures yet, would not be cancelled.
        self._lock = Lock()

    def result(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Return the result of a coroutine.

        Raises:
            TransportError: It was cancelled.
        """
        with self._lock:
            future = self._submit(coroutine)
            self._futures.add(future)
        try:
            return future.result()
        except CancelledError:
            raise TransportError("the call was broken off", kind="ReadError") from None
        finally:
            self._futures.discard(future)
            # Its error would refer to itself.
            del future

    def break_off(self) -> None:
        """Cancel them all."""
        with self._lock:
            futures = tuple(self._futures)
        for future in futures:
            future.cancel()


class _Beside(SyncTransport):
    """Connections of its own, the credentials of another.

    Args:
        origin: The transport whose settings and credentials it has.
        fetch: Returns a token other than a stale one.
        connections: Is told of its connections.
    """

    def __init__(
        self,
        origin: SyncTransport | AsyncTransport,
        fetch: Callable[[Secret | None], Secret],
        connections: _Connections,
    ) -> None:
        settings = origin.settings
        super().__init__(
            origin.credentials,
            base_url=settings.base_url,
            timeout_s=settings.timeout_s,
            retry=RetryPolicy(max_retries=0),
            user_agent=settings.user_agent,
            api_hosts=settings.api_hosts,
            trusted_hosts=settings.trusted_hosts,
            clock=origin.clock,
        )
        self._origin = origin
        self._fetch = fetch
        self._wire.watch(connections.note)

    def fetch_token(self, stale: Secret | None) -> Secret:
        """Return a token other than a stale one."""
        return self._fetch(stale)

    def _check_open(self, *, closed: bool) -> None:
        super()._check_open(closed=closed or self._origin.is_closed)


class _Relay(SyncTransport):
    """No connections; the event loop sends.

    Args:
        sender: The asynchronous transport.
        awaited: Runs its coroutines.
    """

    def __init__(self, sender: AsyncTransport, awaited: _Awaited) -> None:
        self._sender = sender
        self._awaited = awaited

    def send(self, request: Request) -> RawResponse:
        """Send a request by way of the event loop."""
        return self._awaited.result(self._sender.send(request))

    def hasty(self, longest_s: float) -> Self:
        """Return a relay that waits less."""
        twin = copy(self)
        twin._sender = self._sender.hasty(longest_s)  # noqa: SLF001  # its own kind
        return twin

    def within(self, answer_s: float) -> Self:
        """Return a relay that waits less for whole answers."""
        twin = copy(self)
        twin._sender = self._sender.within(answer_s)  # noqa: SLF001  # its own kind
        return twin

    def close(self) -> None:
        """Nothing to close."""
