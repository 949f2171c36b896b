"""The two transports: they carry out the steps of a call, one by blocking and one by awaiting."""

from __future__ import annotations

import time
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Self

import msgspec

from .auth import Credentials, Secret
from .errors import ClientError, InvalidArgumentError, short_repr
from .exchange import Attempt, FetchToken, exchange
from .retry import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType

    import httpx2

    from .auth import AsyncToken, Token
    from .errors import TransportError
    from .message import RawResponse, Request
    from .wire import Body

__all__ = ["AsyncTransport", "SyncTransport", "Timeout"]

_LONGEST_S = 1e9


class Timeout(msgspec.Struct, frozen=True):
    """How long each phase of an attempt may last, in seconds.

    Attributes:
        connect_s: To connect, TLS included.
        read_s: Between two pieces of the response.
        write_s: To send a piece of the request.
        pool_s: To get a connection while all are in use.
    """

    connect_s: float = 10.0
    read_s: float = 60.0
    write_s: float = 60.0
    pool_s: float = 10.0


class _Transport:
    """What both transports are made of."""

    def __init__(  # noqa: PLR0913  # each is a setting of the client
        self,
        credentials: Credentials,
        *,
        base_url: str | None,
        timeout_s: float | Timeout | None,
        retry: RetryPolicy | None,
        user_agent: str,
        caller: httpx2.Client | httpx2.AsyncClient | None,
    ) -> None:
        credentials.check()
        # Imported here, so that importing the package does not pay for the HTTP library.
        import httpx2  # noqa: PLC0415

        from . import wire  # noqa: PLC0415

        timeouts = None
        if timeout_s is not None or caller is None:
            limits = _timeout(timeout_s)
            timeouts = httpx2.Timeout(
                connect=limits.connect_s, read=limits.read_s, write=limits.write_s, pool=limits.pool_s
            )
        self._wire = wire.Wire(base_url=base_url, user_agent=user_agent, timeouts=timeouts, client=caller)
        self._body, self._failure = wire.Body, wire.failure
        self._failures = (httpx2.HTTPError, httpx2.StreamError)
        self._auth: Any = credentials.auth
        if self._auth is None and not credentials.bearer:
            # Without a token, the caller's own client may authenticate by itself.
            self._auth = httpx2.USE_CLIENT_DEFAULT
        self._credentials = credentials
        self._retry = retry or RetryPolicy()
        self._closed = False

    def _check_open(self, *, closed: bool) -> None:
        if closed or self._closed:
            raise ClientError("the client is closed", retry_safe=True)


class SyncTransport(_Transport):
    """Sends requests and waits for their responses; may be used by several threads at once.

    Args:
        token: A token, a callable that returns one (asked again after a 401), an `httpx2.Auth`, or None.
        base_url: URL in place of each request's own server, https unless its host is a loopback address.
        timeout_s: Seconds for each phase of an attempt, or a `Timeout`; by default 10 to connect, 60 to read or write
            and 10 for a connection to be free, or what the caller's own client has.
        retry: When a call is repeated; by default up to 2 times.
        http: The caller's own `httpx2.Client`, which stays open, or a transport that a client is made around.
        sleep: Waits for some seconds.
        user_agent: Name of the client.

    Raises:
        InvalidArgumentError: The token cannot be sent in a header, or may not be sent to the base URL.
    """

    def __init__(  # noqa: PLR0913  # each is a setting of the client
        self,
        token: Token | None,
        *,
        base_url: str | None = None,
        timeout_s: float | Timeout | None = None,
        retry: RetryPolicy | None = None,
        http: httpx2.Client | httpx2.BaseTransport | None = None,
        sleep: Callable[[float], object] = time.sleep,
        user_agent: str = "python-client",
    ) -> None:
        credentials = Credentials(token)
        del token
        from threading import Lock  # noqa: PLC0415  # comes with the HTTP library anyway

        import httpx2  # noqa: PLC0415  # as in _Transport

        _check_http(http, httpx2.Client, httpx2.BaseTransport)
        caller = http if isinstance(http, httpx2.Client) else None
        super().__init__(
            credentials, base_url=base_url, timeout_s=timeout_s, retry=retry, user_agent=user_agent, caller=caller
        )
        self._owned = None
        if isinstance(http, httpx2.BaseTransport):
            self._owned = httpx2.Client(transport=http)
        elif caller is None:
            # Plain http only goes to loopback addresses, where no proxy of the environment belongs.
            self._owned = httpx2.Client(mounts={"http://": None})
        self._client = caller or self._owned or httpx2.Client()
        self._sleep = sleep
        self._lock = Lock()

    def send(self, request: Request) -> RawResponse:
        """Send a request, repeated where that is safe, and return the response, whatever its status.

        Raises:
            TransportError: No response was received.
            InvalidArgumentError: The request cannot be sent.
            ClientError: The client is closed.
        """
        steps = exchange(request, self._retry, self._credentials)
        step = next(steps)
        while True:
            outcome: RawResponse | TransportError | Secret | None = None
            if isinstance(step, Attempt):
                outcome = self._attempt(request, step.secret)
            elif isinstance(step, FetchToken):
                outcome = self._fetch(step.stale)
            else:
                self._sleep(step.delay_s)
            try:
                step = steps.send(outcome)
            except StopIteration as stop:
                response: RawResponse = stop.value
                return response

    def close(self) -> None:
        """Close the connections, unless the HTTP client is the caller's own; may be called again."""
        self._closed = True
        if self._owned is not None:
            self._owned.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _attempt(self, request: Request, secret: Secret | None) -> RawResponse | TransportError:
        self._check_open(closed=self._client.is_closed)
        prepared = self._wire.prepare(request, secret)
        auth = self._auth if request.authenticated else None
        body = broken = None
        try:
            response = self._client.send(prepared, stream=True, auth=auth, follow_redirects=False)
            body = self._body(request, response)
            try:
                if not body.read_already():
                    for chunk in response.iter_raw():
                        if not body.add(chunk):
                            break
            finally:
                response.close()
        except self._failures as error:
            broken = self._failure(request, error, secret)
        return _outcome(body, broken)

    def _fetch(self, stale: Secret | None) -> Secret:
        # Of several threads that find the token stale, one fetches another.
        with self._lock:
            found = self._credentials.usable(stale)
            return found or self._credentials.store(Secret(self._credentials.fetch()))


class AsyncTransport(_Transport):
    """Sends requests and awaits their responses; may be used by several tasks of one event loop at once.

    Args:
        token: As for `SyncTransport`; a callable may also return an awaitable.
        base_url: URL in place of each request's own server, https unless its host is a loopback address.
        timeout_s: Seconds for each phase of an attempt, or a `Timeout`; by default 10 to connect, 60 to read or write
            and 10 for a connection to be free, or what the caller's own client has.
        retry: When a call is repeated; by default up to 2 times.
        http: The caller's own `httpx2.AsyncClient`, which stays open, or a transport that a client is made around.
        sleep: Returns an awaitable that waits for some seconds; by default asyncio's.
        user_agent: Name of the client.

    Raises:
        InvalidArgumentError: The token cannot be sent in a header, or may not be sent to the base URL.
    """

    def __init__(  # noqa: PLR0913  # each is a setting of the client
        self,
        token: AsyncToken | None,
        *,
        base_url: str | None = None,
        timeout_s: float | Timeout | None = None,
        retry: RetryPolicy | None = None,
        http: httpx2.AsyncClient | httpx2.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[object]] | None = None,
        user_agent: str = "python-client",
    ) -> None:
        credentials = Credentials(token)
        del token
        import asyncio  # noqa: PLC0415  # costs a blocking client nothing here

        import httpx2  # noqa: PLC0415  # as in _Transport

        _check_http(http, httpx2.AsyncClient, httpx2.AsyncBaseTransport)
        caller = http if isinstance(http, httpx2.AsyncClient) else None
        super().__init__(
            credentials, base_url=base_url, timeout_s=timeout_s, retry=retry, user_agent=user_agent, caller=caller
        )
        self._owned = None
        if isinstance(http, httpx2.AsyncBaseTransport):
            self._owned = httpx2.AsyncClient(transport=http)
        elif caller is None:
            # Plain http only goes to loopback addresses, where no proxy of the environment belongs.
            self._owned = httpx2.AsyncClient(mounts={"http://": None})
        self._client = caller or self._owned or httpx2.AsyncClient()
        self._sleep: Callable[[float], Awaitable[object]] = sleep or asyncio.sleep
        self._lock = asyncio.Lock()

    async def send(self, request: Request) -> RawResponse:
        """Send a request, repeated where that is safe, and return the response, whatever its status.

        Raises:
            TransportError: No response was received.
            InvalidArgumentError: The request cannot be sent.
            ClientError: The client is closed.
        """
        steps = exchange(request, self._retry, self._credentials)
        step = next(steps)
        while True:
            outcome: RawResponse | TransportError | Secret | None = None
            if isinstance(step, Attempt):
                outcome = await self._attempt(request, step.secret)
            elif isinstance(step, FetchToken):
                outcome = await self._fetch(step.stale)
            else:
                await self._sleep(step.delay_s)
            try:
                step = steps.send(outcome)
            except StopIteration as stop:
                response: RawResponse = stop.value
                return response

    async def aclose(self) -> None:
        """Close the connections, unless the HTTP client is the caller's own; may be called again."""
        self._closed = True
        if self._owned is not None:
            await self._owned.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _attempt(self, request: Request, secret: Secret | None) -> RawResponse | TransportError:
        self._check_open(closed=self._client.is_closed)
        prepared = self._wire.prepare(request, secret)
        auth = self._auth if request.authenticated else None
        body = broken = None
        try:
            response = await self._client.send(prepared, stream=True, auth=auth, follow_redirects=False)
            body = self._body(request, response)
            try:
                if not body.read_already():
                    async with aclosing(response.aiter_raw()) as chunks:
                        async for chunk in chunks:
                            if not body.add(chunk):
                                break
            finally:
                await response.aclose()
        except self._failures as error:
            broken = self._failure(request, error, secret)
        return _outcome(body, broken)

    async def _fetch(self, stale: Secret | None) -> Secret:
        # Of several tasks that find the token stale, one fetches another.
        async with self._lock:
            found = self._credentials.usable(stale)
            if found is not None:
                return found
            token = self._credentials.fetch()
            if hasattr(token, "__await__"):
                token = await token
            fresh = Secret(token)
            del token
            return self._credentials.store(fresh)


def _outcome(body: Body | None, broken: TransportError | None) -> RawResponse | TransportError:
    if body is not None:
        return body.finish(broken)
    if broken is None:
        raise AssertionError("an attempt ends with a response or with an error")
    return broken


def _check_http(http: object, client: type, transport: type) -> None:
    if http is not None and not isinstance(http, (client, transport)):
        rule = f"must be an httpx2.{client.__name__} or an httpx2.{transport.__name__}"
        raise InvalidArgumentError("http", rule, shown=short_repr(http))


def _timeout(timeout_s: float | Timeout | None) -> Timeout:
    if timeout_s is None:
        return Timeout()
    limits = timeout_s if isinstance(timeout_s, Timeout) else Timeout(timeout_s, timeout_s, timeout_s, timeout_s)
    if not all(0 < limit <= _LONGEST_S for limit in (limits.connect_s, limits.read_s, limits.write_s, limits.pool_s)):
        raise InvalidArgumentError("timeout_s", "must be a positive number of seconds", shown=short_repr(timeout_s))
    return limits
