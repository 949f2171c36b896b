"""The client's calls for one upload: each is sent once, over connections that belong to the upload."""

from __future__ import annotations

from contextlib import contextmanager
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, cast

import msgspec

from .._runtime.dedicated_transport import dedicate, dedicate_async
from .._runtime.errors import InvalidArgumentError
from .._runtime.text import short_repr
from ..client import AsyncClient, Client, RawClient

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from .._runtime.dedicated_transport import AwaitToken, Submit
    from .._runtime.transport import SyncTransport
    from .retry import RetryBudget

__all__ = [
    "CLEANUP_CALL_S",
    "UploadClient",
    "is_coroutine_function",
    "open_async_upload_client",
    "open_upload_client",
]

CLEANUP_CALL_S = 5.0
"""Seconds that a call is waited for once the upload has ended."""


class UploadClient(msgspec.Struct, frozen=True):
    """A client's calls for the time of one upload, each sent once.

    Attributes:
        calls: The calls, with the client's own timeouts.
        cleanup_calls: The same calls, with short timeouts.
        abort_connections: Makes all calls in flight fail, unless the caller's own HTTP client sends them.
        base_url: URL of the API in place of Box's, or None.
    """

    calls: RawClient
    cleanup_calls: RawClient
    abort_connections: Callable[[], object]
    base_url: str | None = None

    def calls_within(self, budget: RetryBudget) -> RawClient:
        """Return the calls, each with no more time than is left for a step, which also waits for a rate limit."""
        transport = self.calls.transport.with_timeout_cap(budget.attempt_s)
        return self.calls.with_transport(transport.with_throttle(budget))

    def cleanup_calls_within(self, budget: RetryBudget) -> RawClient:
        """Return the calls with short timeouts, for a step that also waits for a rate limit."""
        return self.cleanup_calls.with_transport(self.cleanup_calls.transport.with_throttle(budget))


@contextmanager
def open_upload_client(client: Client) -> Generator[UploadClient]:
    """Open connections for one upload beside a client's own.

    Raises:
        InvalidArgumentError: It is another kind of client.
    """
    if not isinstance(cast("object", client), Client):
        rule = "must be a Client; upload_file_async takes an AsyncClient"
        raise InvalidArgumentError("client", rule, shown=short_repr(client))
    with _open(client, dedicate(client.raw.transport)) as upload_client:
        yield upload_client


@contextmanager
def open_async_upload_client(client: AsyncClient, submit: Submit, await_token: AwaitToken) -> Generator[UploadClient]:
    """Open connections for one upload, which threads send by, beside an asynchronous client's own.

    Args:
        client: The client.
        submit: Runs a coroutine in the event loop.
        await_token: Returns the token that a coroutine gets in the event loop.

    Raises:
        InvalidArgumentError: It is another kind of client.
    """
    if not isinstance(cast("object", client), AsyncClient):
        rule = "must be an AsyncClient; upload_file takes a Client"
        raise InvalidArgumentError("client", rule, shown=short_repr(client))
    with _open(client, dedicate_async(client.raw.transport, submit, await_token)) as upload_client:
        yield upload_client


@contextmanager
def _open(client: Client | AsyncClient, transport: SyncTransport) -> Generator[UploadClient]:
    try:
        yield UploadClient(
            client.raw.with_transport(transport),
            client.raw.with_transport(transport.with_timeout_cap(CLEANUP_CALL_S)),
            transport.abort_connections,
            client.raw.transport.settings.base_url,
        )
    finally:
        transport.close()


def is_coroutine_function(function: object) -> bool:
    """Return whether a callable is a coroutine function, also behind a partial or `__call__`."""
    return iscoroutinefunction(function) or iscoroutinefunction(type(function).__call__ if callable(function) else None)
