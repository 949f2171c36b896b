"""Blocking transports beside an asynchronous one, for threads that send what would keep an event loop busy.

Large bodies cost less CPU when a thread sends them: under TLS, asynchronous sending was measured at 1.3 to 1.5 times
the CPU of blocking sending in pieces of 256 KiB, and at more than that in one piece.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from .retry import RetryPolicy
from .transport import SyncTransport

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from .auth import Secret
    from .message import RawResponse, Request
    from .transport import AsyncTransport

__all__ = ["Run", "blocking_twin"]

T = TypeVar("T")


class Run(Protocol):
    """Runs a coroutine in the event loop of the asynchronous transport, from another thread."""

    def __call__(self, coroutine: Coroutine[Any, Any, T], /) -> T:
        """Return the result of the coroutine, once it is there."""
        ...


def blocking_twin(origin: AsyncTransport, run: Run) -> SyncTransport:
    """Return a transport for threads, with the settings and credentials of an asynchronous one, which sends once.

    It has connections of its own, which have to be closed; or, if the asynchronous transport sends with what the
    caller has brought (a proxy, certificates, a test's transport), it lets the event loop send.
    """
    if origin.settings.is_plain and origin.credentials.auth is None:
        return _Twin(origin, run)
    return _Relay(origin, run)


class _Twin(SyncTransport):
    """Connections of its own, the credentials of another."""

    def __init__(self, origin: AsyncTransport, run: Run) -> None:
        settings = origin.settings
        super().__init__(
            origin.credentials,
            base_url=settings.base_url,
            timeout_s=settings.timeout_s,
            retry=RetryPolicy(max_retries=0),
            user_agent=settings.user_agent,
            api_hosts=settings.api_hosts,
            trusted_hosts=settings.trusted_hosts,
        )
        self._origin = origin
        self._run = run

    def _fetch(self, stale: Secret | None) -> Secret:
        # The callable may return an awaitable; and of all threads and tasks, one shall ask it.
        return self._run(self._origin.fetch_token(stale))


class _Relay(SyncTransport):
    """No connections; the event loop sends."""

    def __init__(self, origin: AsyncTransport, run: Run) -> None:
        self._sender = origin.without_retries()
        self._run = run

    def send(self, request: Request) -> RawResponse:
        """Send a request by way of the event loop."""
        return self._run(self._sender.send(request))

    def close(self) -> None:
        """Nothing to close."""
