"""Blocking transports beside a client's own, for work in many threads that may have to end at any time.

A dedicated transport has the client's settings and credentials, but connections of its own, which another thread can
abort: its calls then stop waiting for a silent server, and the client's other calls continue.

An asynchronous client has one as well. Large bodies cost less CPU when a thread sends them: under TLS, asynchronous
sending was measured at 1.3 to 1.5 times the CPU of blocking sending in pieces of 256 KiB, and at more than that in one
piece.
"""

from __future__ import annotations

import socket
import time
from concurrent.futures import CancelledError
from contextlib import suppress
from copy import copy
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar
from weakref import WeakSet

from .errors import TransportError
from .retry import RetryPolicy
from .transport import SyncTransport
from .transport_settings import refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from concurrent.futures import Future

    from .auth import Secret
    from .messages import RawResponse, Request
    from .transport import AsyncTransport

__all__ = ["AwaitToken", "DedicatedTransport", "LoopTransport", "Submit", "dedicate", "dedicate_async"]

T = TypeVar("T")


class Submit(Protocol):
    """Runs a coroutine in the event loop of the asynchronous transport, from another thread."""

    def __call__(self, coroutine: Coroutine[Any, Any, T], /) -> Future[T]:
        """Return the future of its result."""
        ...


class AwaitToken(Protocol):
    """Runs the coroutine that gets a token in the event loop of the asynchronous transport."""

    def __call__(self, coroutine: Coroutine[Any, Any, Secret], /) -> Secret:
        """Return the token.

        Raises:
            TransportError: It was not returned in time.
        """
        ...


def dedicate(origin: SyncTransport) -> SyncTransport:
    """Return a transport for the time of one job, which sends each call once; the caller closes it.

    If the client sends by the caller's own `http=` (a proxy, certificates, a test's transport), so does this one, and
    its connections cannot be aborted.
    """
    if not origin.settings.uses_default_http:
        return origin.without_retries()
    return DedicatedTransport(origin, origin.fetch_token)


def dedicate_async(origin: AsyncTransport, submit: Submit, await_token: AwaitToken) -> SyncTransport:
    """Return a blocking transport for threads beside an event loop, which sends each call once; the caller closes it.

    If the client sends by the caller's own `http=`, the event loop sends.
    """
    if not origin.settings.uses_default_http or origin.credentials.auth is not None:
        return LoopTransport(origin.without_retries(), _LoopCalls(submit))
    # The callable for the token may return an awaitable, and only one thread or task at a time may call it.
    return DedicatedTransport(origin, lambda stale: await_token(origin.fetch_token(stale)))


class DedicatedTransport(SyncTransport):
    """Connections of its own, settings and credentials of another transport.

    Args:
        origin: The other transport.
        fetch_token: Returns a token other than a stale one.
    """

    def __init__(self, origin: SyncTransport | AsyncTransport, fetch_token: Callable[[Secret | None], Secret]) -> None:
        settings = origin.settings
        super().__init__(
            origin.credentials,
            base_url=settings.base_url,
            timeout_s=settings.timeout_s,
            retry=RetryPolicy(max_retries=0),
            user_agent=settings.user_agent,
            api_hosts=settings.api_hosts,
            trusted_hosts=settings.trusted_hosts,
            request_id_headers=settings.request_id_headers,
            clock=origin.clock,
            hooks=origin.observer.hooks,
            certificates=origin.certificates,
        )
        self.gate = origin.gate
        self.added_headers = origin.added_headers
        self._origin = origin
        self._fetch_token = fetch_token
        self._connections = _Connections()
        self._builder.on_connect(self._connections.add)

    def fetch_token(self, stale: Secret | None) -> Secret:
        """Return a token other than a stale one."""
        return self._fetch_token(stale)

    def abort_connections(self) -> None:
        """Break all connections, from any thread: calls in flight fail, later calls open new connections."""
        self._connections.abort()

    def _check_open(self, *, closed: bool) -> None:
        super()._check_open(closed=closed or self._origin.is_closed)


class LoopTransport(SyncTransport):
    """No connections; the event loop of an asynchronous transport sends.

    Args:
        origin: The asynchronous transport.
        calls: Runs its coroutines.
    """

    def __init__(self, origin: AsyncTransport, calls: _LoopCalls) -> None:
        # Threads wait at the gate themselves: the loop could not tell an upload how long.
        self._loop_transport = origin.past_gate()
        self._calls = calls
        self._retry = RetryPolicy(max_retries=0)
        self._sleep = time.sleep
        self._throttle = None
        self._is_past_gate = False
        self.gate, self.clock = origin.gate, origin.clock

    def send(self, request: Request) -> RawResponse:
        """Send a request in the event loop."""
        if refused_s := self.wait_for_turn():
            return refusal(request, refused_s)
        return self._calls.run(self._loop_transport.send(request))

    def with_timeout_cap(self, cap_s: float | Callable[[], float]) -> Self:
        """As of any transport."""
        transport = copy(self)
        transport._loop_transport = self._loop_transport.with_timeout_cap(cap_s)  # noqa: SLF001  # its own kind
        return transport

    def abort_connections(self) -> None:
        """Cancel all calls, from any thread."""
        self._calls.cancel()

    def close(self) -> None:
        """Nothing to close."""


class _Connections:
    """The connections of one HTTP client."""

    def __init__(self) -> None:
        self._streams: WeakSet[Any] = WeakSet()
        self._lock = Lock()

    def add(self, stream: Any) -> None:
        with self._lock:
            self._streams.add(stream)

    def abort(self) -> None:
        """Break all connections: a thread that waits for one gets an error."""
        with self._lock:
            streams = tuple(self._streams)
        for stream in streams:
            # Not the TLS socket's method, which is not safe from another thread.
            with suppress(OSError):
                socket.socket.shutdown(stream.get_extra_info("socket"), socket.SHUT_RDWR)


class _LoopCalls:
    """Coroutines of an event loop that threads wait for.

    Args:
        submit: Runs them.
    """

    def __init__(self, submit: Submit) -> None:
        self._submit = submit
        self._futures: set[Future[Any]] = set()
        # Otherwise a coroutine that already runs, but is not in the set yet, would not be cancelled.
        self._lock = Lock()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
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
            raise TransportError("the call was aborted", kind="ReadError", is_transient=True) from None
        finally:
            self._futures.discard(future)
            # Not bound to a name: the error would refer to this frame, and the frame to the error.
            del future

    def cancel(self) -> None:
        """Cancel them all."""
        with self._lock:
            futures = tuple(self._futures)
        for future in futures:
            future.cancel()
