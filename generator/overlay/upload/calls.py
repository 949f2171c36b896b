"""The client's calls as the uploader makes them: each one sent once, since it knows best what to do after a failure."""

from __future__ import annotations

from contextlib import contextmanager
from inspect import iscoroutinefunction
from math import inf
from typing import TYPE_CHECKING, Any, cast

import msgspec

from .._runtime.connection import ConnectionSettings, Timeout
from .._runtime.errors import InvalidArgumentError, short_repr
from .._runtime.retry import RetryPolicy
from .._runtime.twin import awaiting_twin, blocking_twin
from ..client import AsyncClient, Client, RawClient

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from .._runtime.transport import AsyncTransport, SyncTransport
    from .._runtime.twin import Fetch, Submit, Twin

__all__ = [
    "FAREWELL_S",
    "Connect",
    "GivenToken",
    "Line",
    "awaiting_line_of",
    "calls_of",
    "connect_like",
    "is_awaited",
    "line_of",
]

_LEAST_ANSWER_S = 10.0
FAREWELL_S = 5.0
"""Seconds that a call is waited for when the upload has ended."""


class GivenToken:
    """A token that is the same forever, as a callable that can be pickled; its repr does not show it.

    Equal for equal tokens, so that a worker finds the client that it has made for an earlier job.
    """

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self) -> str:
        """Return the token."""
        return self._token

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GivenToken) and self._token == other._token

    def __hash__(self) -> int:
        return hash(self._token)

    def __repr__(self) -> str:
        return "GivenToken(…)"


class Connect(msgspec.Struct, frozen=True, kw_only=True):
    """Makes a client like another one; plain values, for a worker in another process.

    Attributes:
        token: Returns a token; has to be picklable for a process, such as a function of a module.
        base_url: Where the API is, or None for the default.
        timeout_s: The client's `Timeout` as plain seconds, in its order, or None for the defaults.
        trusted_hosts: Further hosts that the session's URLs may lead to.
        as_user: Id of the user on whose behalf the token acts, or None.
    """

    token: Callable[[], str]
    base_url: str | None
    timeout_s: tuple[float, ...] | None
    trusted_hosts: tuple[str, ...]
    as_user: str | None

    def __call__(self) -> Client:
        """Make the client, which sends each call once."""
        return Client(
            self.token,
            base_url=self.base_url,
            timeout_s=None if self.timeout_s is None else Timeout(*self.timeout_s),
            trusted_hosts=self.trusted_hosts,
            retry=RetryPolicy(max_retries=0),
            as_user=self.as_user,
        )

    def __repr__(self) -> str:
        return f"Connect({self.base_url!r})"


class Line(msgspec.Struct, frozen=True):
    """A client's calls for the time of one upload, each sent once.

    Attributes:
        calls: The calls.
        farewell: The same calls, which wait less for a server that may be silent.
        break_off: Ends all calls that are on their way, by errors, if they are not sent by what the caller has brought.
        server: URL of the API in place of Box's, or None.
    """

    calls: RawClient
    farewell: RawClient
    break_off: Callable[[], object]
    server: str | None = None


@contextmanager
def line_of(client: Client, answer_s: float = inf) -> Generator[Line]:
    """Open the line of a client, with connections of its own, for answers that take no longer than `answer_s`.

    Raises:
        InvalidArgumentError: It is another kind of client.
    """
    if not isinstance(cast("object", client), Client):
        rule = "must be a Client; upload_file_async takes an AsyncClient"
        raise InvalidArgumentError("client", rule, shown=short_repr(client))
    with _line(client, blocking_twin(_transport(client)), answer_s) as line:
        yield line


@contextmanager
def awaiting_line_of(client: AsyncClient, submit: Submit, fetch: Fetch, answer_s: float = inf) -> Generator[Line]:
    """Open the line of an asynchronous client, for threads, and for answers that take no longer than `answer_s`.

    Raises:
        InvalidArgumentError: It is another kind of client.
    """
    if not isinstance(cast("object", client), AsyncClient):
        rule = "must be an AsyncClient; upload_file takes a Client"
        raise InvalidArgumentError("client", rule, shown=short_repr(client))
    with _line(client, awaiting_twin(_transport(client), submit, fetch), answer_s) as line:
        yield line


@contextmanager
def _line(client: Client | AsyncClient, twin: Twin, answer_s: float) -> Generator[Line]:
    as_user, transport = vars(client.raw)["_as_user"], twin.transport
    try:
        yield Line(
            # With a deadline of 0, each call is made once, and its answer has to have time to come.
            RawClient(transport.within(max(answer_s, _LEAST_ANSWER_S)), as_user=as_user),
            RawClient(transport.hasty(FAREWELL_S), as_user=as_user),
            twin.break_off,
            _transport(client).settings.base_url,
        )
    finally:
        transport.close()


def _transport(client: Client | AsyncClient) -> Any:
    return vars(client.raw)["_transport"]


def calls_of(client: Client) -> RawClient:
    """Return the calls of a client, each sent once, over the client's own connections."""
    return RawClient(_transport(client).without_retries(), as_user=vars(client.raw)["_as_user"])


def connect_like(client: Client | AsyncClient, answer_s: float = inf) -> Connect:
    """Return what makes a client like this one, for answers that take no longer than `answer_s`, in another process.

    Raises:
        InvalidArgumentError: The client sends with what the caller has brought, which cannot go there.
    """
    inner: dict[str, Any] = vars(client.raw)
    transport: SyncTransport | AsyncTransport = _transport(client)
    settings: ConnectionSettings = transport.settings
    token = transport.credentials.provider()
    if is_awaited(token):
        raise InvalidArgumentError("executor", "needs a token, or a callable that returns one without being awaited")
    if not settings.is_plain or transport.credentials.auth is not None or token is None:
        rule = "works with clients that have a token or a callable for it, and no http= of their own"
        raise InvalidArgumentError("executor", rule)
    limits = settings.timeout_s
    answer_s = max(answer_s, _LEAST_ANSWER_S)
    if answer_s < (limits or Timeout()).answer_s:
        limits = msgspec.structs.replace(limits or Timeout(), answer_s=answer_s)
    as_user = inner["_as_user"]
    return Connect(
        token=GivenToken(token) if isinstance(token, str) else token,
        base_url=settings.base_url,
        timeout_s=None if limits is None else msgspec.structs.astuple(limits),
        trusted_hosts=settings.trusted_hosts,
        as_user=None if as_user is msgspec.UNSET else as_user,
    )


def is_awaited(function: object) -> bool:
    """Whether what a callable returns has to be awaited, as far as it tells."""
    return iscoroutinefunction(function) or iscoroutinefunction(type(function).__call__ if callable(function) else None)
