"""The two transports: both execute the steps of a call, one blocking and one awaiting."""

from __future__ import annotations

import time
from contextlib import aclosing, asynccontextmanager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Self

from .auth import Secret
from .call_flow import Attempt, FetchToken, call_flow
from .transport_settings import (
    BaseTransport,
    Timeout,
    accepting,
    check_http,
    check_proxies,
    refusal,
    trusted_certificates,
)

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Generator, Sequence
    from contextlib import AbstractContextManager
    from types import TracebackType
    from typing import TypeVar

    import httpx2

    from .auth import Credentials
    from .call_flow import Step
    from .errors import TransportError
    from .event_stream import AsyncEventStream, EventStream
    from .hooks import Hooks
    from .json_lines import AsyncJsonLines, JsonLines
    from .messages import RawResponse, Request
    from .response_stream import AsyncResponseStream, OpenResponse, ResponseStream
    from .retry import RetryPolicy

    T = TypeVar("T")

__all__ = ["AsyncTransport", "SyncTransport", "Timeout"]


def _hidden_in_log(secrets: Sequence[object]) -> AbstractContextManager[None]:
    """Hide the secrets of a request in the HTTP library's log."""
    if not secrets:
        return nullcontext()
    # Most requests have none, and `logging` is loaded for it.
    from .http_log import hidden_in_log  # noqa: PLC0415

    return hidden_in_log(secrets)


class SyncTransport(BaseTransport):
    """Sends requests and waits for their responses; may be used by several threads at once.

    Args:
        credentials: Where the token comes from.
        base_url: URL in place of each request's own server, https unless its host is a loopback address.
        timeout_s: Seconds for each phase of an attempt, or a `Timeout`; by default 10 to connect, 60 to read or write
            and 10 for a connection to be free, or what the caller's own client has; and 300 for a whole answer.
        retry: When a call is repeated; by default up to 2 times.
        http: The caller's own `httpx2.Client`, which stays open, or a transport that a client is made around.
        sleep: Waits for some seconds.
        user_agent: Name of the client.
        api_hosts: Domains of the API, which the URLs of responses may lead to.
        trusted_hosts: Further hosts that they may lead to.
        request_id_headers: Header fields in which the server names a request, the first one that it sends counts.
        clock: Returns seconds, of which only differences count.
        hooks: Called with the attempts of each call.
        certificates: What TLS trusts, by default what the system does.

    Raises:
        InvalidArgumentError: The token cannot be sent in a header, or may not be sent to the base URL.
    """

    def __init__(  # noqa: PLR0913  # each is a setting of the client
        self,
        credentials: Credentials,
        *,
        base_url: str | None = None,
        timeout_s: float | Timeout | None = None,
        retry: RetryPolicy | None = None,
        http: httpx2.Client | httpx2.BaseTransport | None = None,
        sleep: Callable[[float], object] | None = None,
        user_agent: str = "python-client",
        api_hosts: Collection[str] = (),
        trusted_hosts: Collection[str] = (),
        request_id_headers: Sequence[str] = ("x-request-id",),
        clock: Callable[[], float] = time.monotonic,
        hooks: Hooks | None = None,
        certificates: ssl.SSLContext | None = None,
    ) -> None:
        from threading import Lock  # noqa: PLC0415  # comes with the HTTP library anyway

        import httpx2  # noqa: PLC0415  # as in BaseTransport

        check_http(http, httpx2.Client, httpx2.BaseTransport)
        super().__init__(
            credentials,
            base_url=base_url,
            timeout_s=timeout_s,
            retry=retry,
            user_agent=user_agent,
            caller=http if isinstance(http, httpx2.Client) else None,
            api_hosts=api_hosts,
            trusted_hosts=trusted_hosts,
            request_id_headers=request_id_headers,
            clock=clock,
            is_async=False,
            uses_default_http=http is None,
            hooks=hooks,
        )
        if isinstance(http, httpx2.Client):
            self._client, self._owns_client = http, False
        else:
            # Plain http only goes to loopback addresses, where no proxy of the environment belongs.
            with check_proxies():
                if http is None:
                    self.certificates = certificates or trusted_certificates()
                verify = self.certificates or True
                self._client = httpx2.Client(transport=http, verify=verify, mounts={"http://": None})
            self._owns_client = True
        self._sleep = sleep or time.sleep
        self._lock = Lock()

    def send(self, request: Request) -> RawResponse:
        """Send a request, repeated where that is safe, and return the response, whatever its status.

        Raises:
            TransportError: No response was received.
            InvalidArgumentError: The request cannot be sent.
            ClientClosedError: The client is closed.
        """
        return self._call(request, None)

    @contextmanager
    def stream(
        self, request: Request, check: Callable[[RawResponse], object], *, accept: str = ""
    ) -> Generator[ResponseStream]:
        """Send a request as `send` does, and yield its response, whose body is read while it is used.

        Args:
            request: The request.
            check: Raises the error for a response that is no success.
            accept: The media types that are asked for, by default those of the request, or any.

        Raises:
            TransportError: No response was received.
            InvalidArgumentError: The request cannot be sent.
            ClientClosedError: The client is closed.
        """
        from .response_stream import OpenResponse, ResponseStream  # noqa: PLC0415  # for those who use it

        opened = OpenResponse(request, self._map_error)
        try:
            raw = self._call(accepting(request, accept), opened)
            check(raw)
            opened.keep(raw.content)
            stream = ResponseStream(raw, opened, self._http_errors)
            try:
                yield stream
            finally:
                stream.close()
        finally:
            opened.close()

    @contextmanager
    def stream_events(
        self, request: Request, check: Callable[[RawResponse], object], read: Callable[[bytes], T]
    ) -> Generator[EventStream[T]]:
        """Send a request as `stream` does, and yield its response as events.

        Args:
            request: The request.
            check: Raises the error for a response that is no success.
            read: Decodes the data of an event.

        Raises:
            DecodeError: The response is no stream of events.
        """
        from .event_stream import EventStream  # noqa: PLC0415  # for those who use it

        with self.stream(request, check, accept="text/event-stream") as stream:
            yield EventStream(stream, read)

    @contextmanager
    def stream_lines(
        self, request: Request, check: Callable[[RawResponse], object], read: Callable[[bytes], T], *, accept: str
    ) -> Generator[JsonLines[T]]:
        """Send a request as `stream` does, and yield its response as lines of JSON.

        Args:
            request: The request.
            check: Raises the error for a response that is no success.
            read: Decodes the value of a line.
            accept: The media type that is asked for.

        Raises:
            DecodeError: The response has another media type.
        """
        from .json_lines import JsonLines  # noqa: PLC0415  # for those who use it

        with self.stream(request, check, accept=accept) as stream:
            yield JsonLines(stream, read, accept)

    def _call(self, request: Request, opened: OpenResponse | None) -> RawResponse:
        """Carry out the steps of a call; with `opened`, that gets the body of a success unread."""
        if self.added_headers is not None:
            request = self.added_headers.add_to(request)
        steps = call_flow(request, self._retry, self.credentials, self._builder.redirect)
        step = next(steps)
        while True:
            try:
                step = steps.send(self._carry_out(step, request, opened))
            except StopIteration as stop:
                response: RawResponse = stop.value
                return response

    def _carry_out(
        self, step: Step, request: Request, opened: OpenResponse | None
    ) -> RawResponse | TransportError | Secret | None:
        if isinstance(step, Attempt):
            # What a redirect leads to is another server's, as a rule.
            if step.redirected is None and (refused_s := self.wait_for_turn()):
                return refusal(request, refused_s)
            request = step.redirected or request
            watch = self.observer.watch(request, step.secret)
            outcome = self._attempt(request, step.secret, opened)
            if watch is not None:
                watch.end(outcome)
            if step.redirected is None:
                self._note_outcome(outcome)
            return outcome
        if isinstance(step, FetchToken):
            return self.fetch_token(step.stale)
        self.observer.retry(request, self.credentials.current, step)
        since_s = self.clock()
        self._sleep(step.delay_s)
        self.gate.advance(since_s + step.delay_s)
        return None

    def wait_for_turn(self) -> float:
        """Wait until the gate lets a call start; return 0, or the seconds that it stays closed if that is too long."""
        if self._is_past_gate:
            return 0.0
        now = self.clock()
        if not self.gate.is_limited:
            self.gate.note_start(now)
            return 0.0
        left_s = self._gate_left_s
        wait = self.gate.admit(now, left_s)
        while wait is not None:
            if wait.is_refused:
                return wait.delay_s
            if self._throttle is None:
                self._sleep(wait.delay_s)
            else:
                self._throttle.wait_at_gate(wait.delay_s, wait.pause)
            left_s -= wait.delay_s
            wait = self.gate.admit(max(self.clock(), wait.until_s), left_s, wait.until_s)
        return 0.0

    def abort_connections(self) -> None:
        """Abort the calls in flight, which then fail, if this transport can: those of `dedicated_transport` can."""

    def close(self) -> None:
        """Close the connections, unless the HTTP client is the caller's own; may be called again."""
        self._closed = True
        if self._owns_client:
            self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _attempt(
        self, request: Request, secret: Secret | None, opened: OpenResponse | None
    ) -> RawResponse | TransportError:
        self._check_open(closed=self._client.is_closed)
        builder = self._builder_now()
        prepared = builder.build(request, secret)
        if opened is not None:
            opened.prepare(request, prepared)
        auth = self._auth if request.authenticated else None
        try:
            with _hidden_in_log(request.secrets):
                response = self._client.send(prepared, stream=True, auth=auth, follow_redirects=False)
        except self._http_errors as error:
            return self._map_error(request, error, prepared)
        reader = self._reader(request, response, builder)
        if opened is not None and response.is_success:
            opened.take(response)
            return reader.finish(None)
        try:
            try:
                if not reader.take_read_body():
                    for chunk in response.iter_raw():
                        if not reader.add(chunk):
                            break
            finally:
                response.close()
        except self._http_errors as error:
            return reader.finish(self._map_error(request, error, prepared))
        return reader.finish(None)

    def fetch_token(self, stale: Secret | None) -> Secret:
        """Return a token other than a stale one."""
        if self.credentials.provider is not None:
            return self.credentials.provider.fetch(stale)
        # Of several threads that find the token stale, one fetches another.
        with self._lock:
            found = self.credentials.current_unless(stale)
            return found or self.credentials.store(Secret(self.credentials.fetch()))


class AsyncTransport(BaseTransport):
    """Sends requests and awaits their responses; may be used by several tasks of one event loop at once.

    Args:
        credentials: As for `SyncTransport`; a callable may also return an awaitable.
        base_url: URL in place of each request's own server, https unless its host is a loopback address.
        timeout_s: Seconds for each phase of an attempt, or a `Timeout`; by default 10 to connect, 60 to read or write
            and 10 for a connection to be free, or what the caller's own client has; and 300 for a whole answer.
        retry: When a call is repeated; by default up to 2 times.
        http: The caller's own `httpx2.AsyncClient`, which stays open, or a transport that a client is made around.
        sleep: Returns an awaitable that waits for some seconds; by default asyncio's.
        user_agent: Name of the client.
        hooks: Called with the attempts of each call.

    Raises:
        InvalidArgumentError: The token cannot be sent in a header, or may not be sent to the base URL.
    """

    def __init__(  # noqa: PLR0913  # each is a setting of the client
        self,
        credentials: Credentials,
        *,
        base_url: str | None = None,
        timeout_s: float | Timeout | None = None,
        retry: RetryPolicy | None = None,
        http: httpx2.AsyncClient | httpx2.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[object]] | None = None,
        user_agent: str = "python-client",
        api_hosts: Collection[str] = (),
        trusted_hosts: Collection[str] = (),
        request_id_headers: Sequence[str] = ("x-request-id",),
        clock: Callable[[], float] = time.monotonic,
        hooks: Hooks | None = None,
    ) -> None:
        import asyncio  # noqa: PLC0415  # costs a blocking client nothing here

        import httpx2  # noqa: PLC0415  # as in BaseTransport

        check_http(http, httpx2.AsyncClient, httpx2.AsyncBaseTransport)
        super().__init__(
            credentials,
            base_url=base_url,
            timeout_s=timeout_s,
            retry=retry,
            user_agent=user_agent,
            caller=http if isinstance(http, httpx2.AsyncClient) else None,
            api_hosts=api_hosts,
            trusted_hosts=trusted_hosts,
            request_id_headers=request_id_headers,
            clock=clock,
            is_async=True,
            uses_default_http=http is None,
            hooks=hooks,
        )
        if isinstance(http, httpx2.AsyncClient):
            self._client, self._owns_client = http, False
        else:
            # Plain http only goes to loopback addresses, where no proxy of the environment belongs.
            with check_proxies():
                if http is None:
                    self.certificates = trusted_certificates()
                verify = self.certificates or True
                self._client = httpx2.AsyncClient(transport=http, verify=verify, mounts={"http://": None})
            self._owns_client = True
        self._sleep: Callable[[float], Awaitable[object]] = sleep or asyncio.sleep
        self._lock = asyncio.Lock()

    async def send(self, request: Request) -> RawResponse:
        """Send a request, repeated where that is safe, and return the response, whatever its status.

        Raises:
            TransportError: No response was received.
            InvalidArgumentError: The request cannot be sent.
            ClientClosedError: The client is closed.
        """
        return await self._call(request, None)

    @asynccontextmanager
    async def stream(
        self, request: Request, check: Callable[[RawResponse], object], *, accept: str = ""
    ) -> AsyncGenerator[AsyncResponseStream]:
        """Send a request as `send` does, and yield its response, whose body is read while it is used.

        Args:
            request: The request.
            check: Raises the error for a response that is no success.
            accept: The media types that are asked for, by default those of the request, or any.

        Raises:
            TransportError: No response was received.
            InvalidArgumentError: The request cannot be sent.
            ClientClosedError: The client is closed.
        """
        from .response_stream import AsyncResponseStream, OpenResponse  # noqa: PLC0415  # for those who use it

        opened = OpenResponse(request, self._map_error)
        try:
            raw = await self._call(accepting(request, accept), opened)
            check(raw)
            opened.keep(raw.content)
            stream = AsyncResponseStream(raw, opened, self._http_errors)
            try:
                yield stream
            finally:
                await stream.aclose()
        finally:
            await opened.aclose()

    @asynccontextmanager
    async def stream_events(
        self, request: Request, check: Callable[[RawResponse], object], read: Callable[[bytes], T]
    ) -> AsyncGenerator[AsyncEventStream[T]]:
        """Send a request as `stream` does, and yield its response as events.

        Args:
            request: The request.
            check: Raises the error for a response that is no success.
            read: Decodes the data of an event.

        Raises:
            DecodeError: The response is no stream of events.
        """
        from .event_stream import AsyncEventStream  # noqa: PLC0415  # for those who use it

        async with self.stream(request, check, accept="text/event-stream") as stream:
            yield AsyncEventStream(stream, read)

    @asynccontextmanager
    async def stream_lines(
        self, request: Request, check: Callable[[RawResponse], object], read: Callable[[bytes], T], *, accept: str
    ) -> AsyncGenerator[AsyncJsonLines[T]]:
        """Send a request as `stream` does, and yield its response as lines of JSON.

        Args:
            request: The request.
            check: Raises the error for a response that is no success.
            read: Decodes the value of a line.
            accept: The media type that is asked for.

        Raises:
            DecodeError: The response has another media type.
        """
        from .json_lines import AsyncJsonLines  # noqa: PLC0415  # for those who use it

        async with self.stream(request, check, accept=accept) as stream:
            yield AsyncJsonLines(stream, read, accept)

    async def _call(self, request: Request, opened: OpenResponse | None) -> RawResponse:
        """Carry out the steps of a call; with `opened`, that gets the body of a success unread."""
        if self.added_headers is not None:
            request = self.added_headers.add_to(request)
        steps = call_flow(request, self._retry, self.credentials, self._builder.redirect)
        step = next(steps)
        while True:
            try:
                step = steps.send(await self._carry_out(step, request, opened))
            except StopIteration as stop:
                response: RawResponse = stop.value
                return response

    async def _carry_out(
        self, step: Step, request: Request, opened: OpenResponse | None
    ) -> RawResponse | TransportError | Secret | None:
        if isinstance(step, Attempt):
            # What a redirect leads to is another server's, as a rule.
            if step.redirected is None and (refused_s := await self.wait_for_turn()):
                return refusal(request, refused_s)
            request = step.redirected or request
            watch = self.observer.watch(request, step.secret)
            outcome = await self._attempt(request, step.secret, opened)
            if watch is not None:
                watch.end(outcome)
            if step.redirected is None:
                self._note_outcome(outcome)
            return outcome
        if isinstance(step, FetchToken):
            return await self.fetch_token(step.stale)
        self.observer.retry(request, self.credentials.current, step)
        since_s = self.clock()
        await self._sleep(step.delay_s)
        self.gate.advance(since_s + step.delay_s)
        return None

    async def wait_for_turn(self) -> float:
        """Wait until the gate lets a call start; return 0, or the seconds that it stays closed if that is too long."""
        if self._is_past_gate:
            return 0.0
        now = self.clock()
        if not self.gate.is_limited:
            self.gate.note_start(now)
            return 0.0
        left_s = self._gate_left_s
        wait = self.gate.admit(now, left_s)
        while wait is not None:
            if wait.is_refused:
                return wait.delay_s
            await self._sleep(wait.delay_s)
            left_s -= wait.delay_s
            wait = self.gate.admit(max(self.clock(), wait.until_s), left_s, wait.until_s)
        return 0.0

    async def aclose(self) -> None:
        """Close the connections, unless the HTTP client is the caller's own; may be called again."""
        self._closed = True
        if self._owns_client:
            await self._client.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _attempt(
        self, request: Request, secret: Secret | None, opened: OpenResponse | None
    ) -> RawResponse | TransportError:
        self._check_open(closed=self._client.is_closed)
        builder = self._builder_now()
        prepared = builder.build(request, secret)
        if opened is not None:
            opened.prepare(request, prepared)
        auth = self._auth if request.authenticated else None
        try:
            with _hidden_in_log(request.secrets):
                response = await self._client.send(prepared, stream=True, auth=auth, follow_redirects=False)
        except self._http_errors as error:
            return self._map_error(request, error, prepared)
        reader = self._reader(request, response, builder)
        if opened is not None and response.is_success:
            opened.take(response)
            return reader.finish(None)
        try:
            try:
                if not reader.take_read_body():
                    async with aclosing(response.aiter_raw()) as chunks:
                        async for chunk in chunks:
                            if not reader.add(chunk):
                                break
            finally:
                await response.aclose()
        except self._http_errors as error:
            return reader.finish(self._map_error(request, error, prepared))
        return reader.finish(None)

    async def fetch_token(self, stale: Secret | None) -> Secret:
        """Return a token other than a stale one."""
        if self.credentials.provider is not None:
            return await self.credentials.provider.fetch_async(stale)
        # Of several tasks that find the token stale, one fetches another.
        async with self._lock:
            found = self.credentials.current_unless(stale)
            if found is not None:
                return found
            token = self.credentials.fetch()
            if hasattr(token, "__await__"):
                token = await token
            fresh = Secret(token)
            del token
            return self.credentials.store(fresh)
