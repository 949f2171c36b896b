"""Both transports behind one blocking interface, since they promise the same."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeAlias

import httpx2
import pytest

from generator.overlay._runtime.auth import Credentials
from generator.overlay._runtime.transport import AsyncTransport, SyncTransport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from generator.overlay._runtime.messages import RawResponse, Request

BASE = "http://127.0.0.1:9/api/2.0"

Handler: TypeAlias = Callable[[httpx2.Request], httpx2.Response]


class Recorder:
    """Keeps all requests, and answers with the statuses in turn; the last one repeats."""

    def __init__(self, *statuses: int, **fields: Any) -> None:
        self.requests: list[httpx2.Request] = []
        self._statuses, self._fields = list(statuses), fields

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        status = self._statuses.pop(0) if len(self._statuses) > 1 else self._statuses[0]
        return httpx2.Response(status, **self._fields)


class Closing(httpx2.MockTransport):
    """Tells whether it was closed."""

    is_closed = False

    def close(self) -> None:
        self.is_closed = True

    async def aclose(self) -> None:
        self.is_closed = True


class BlockingStream:
    """A stream of either kind, as a context manager whose iteration blocks."""

    def __init__(self, manager: Any, wait: Callable[[Any], Any]) -> None:
        self._manager, self._wait = manager, wait
        self.is_async = hasattr(manager, "__aenter__")

    def __enter__(self) -> Self:
        manager = self._manager
        self.stream: Any = self._wait(manager.__aenter__() if self.is_async else manager.__enter__())
        return self

    def __exit__(self, *error: object) -> Any:
        manager = self._manager
        return self._wait(manager.__aexit__(*error) if self.is_async else manager.__exit__(*error))

    def __iter__(self) -> BlockingStream:
        return self

    def __next__(self) -> Any:
        if not self.is_async:
            return next(self.stream)
        try:
            return self._wait(anext(self.stream))
        except StopAsyncIteration:
            raise StopIteration from None

    def call(self, method: str, *arguments: Any) -> Any:
        name = "aclose" if method == "close" and self.is_async else method
        return self._wait(getattr(self.stream, name)(*arguments))


class Blocking:
    """A transport of either kind whose calls block."""

    def __init__(self, transport: Any, wait: Callable[[Any], Any]) -> None:
        self.transport, self._wait = transport, wait

    def send(self, request: Request) -> RawResponse:
        raw: RawResponse = self._wait(self.transport.send(request))
        return raw

    def stream(self, request: Request, check: Callable[[RawResponse], object] = lambda _: None) -> BlockingStream:
        return BlockingStream(self.transport.stream(request, check), self._wait)

    def stream_events(self, request: Request, read: Callable[[bytes], Any] = bytes.decode) -> BlockingStream:
        return BlockingStream(self.transport.stream_events(request, lambda _: None, read), self._wait)

    def stream_lines(
        self, request: Request, read: Callable[[bytes], Any] = bytes.decode, accept: str = "application/x-ndjson"
    ) -> BlockingStream:
        return BlockingStream(self.transport.stream_lines(request, lambda _: None, read, accept=accept), self._wait)

    def close(self) -> None:
        self._wait(self.transport.aclose() if isinstance(self.transport, AsyncTransport) else self.transport.close())

    def derive(self, method: str, *arguments: Any) -> Blocking:
        return self.but(lambda transport: getattr(transport, method)(*arguments))

    def but(self, change: Callable[[Any], Any]) -> Blocking:
        return Blocking(change(self.transport), self._wait)


class Connect:
    """Makes transports of one kind; `http_client` is the client of the HTTP library that fits."""

    def __init__(self, runner: asyncio.Runner | None) -> None:
        self._runner = runner
        self.http_client: Any = httpx2.AsyncClient if runner else httpx2.Client

    def __call__(self, handler: Handler | None = None, **options: Any) -> Blocking:
        settings: dict[str, Any] = {"token": "t0ken", "base_url": BASE, "sleep": lambda _: None} | options
        if handler is not None:
            settings["http"] = httpx2.MockTransport(handler)
        credentials, pause = Credentials(settings.pop("token")), settings.pop("sleep")

        async def sleep(delay_s: float) -> None:
            pause(delay_s)

        if self._runner is None:
            return Blocking(SyncTransport(credentials, sleep=pause, **settings), lambda result: result)
        return Blocking(AsyncTransport(credentials, sleep=sleep, **settings), self._runner.run)


class Send(Protocol):
    def __call__(self, *requests: Request, handler: Handler | None = None, **options: Any) -> list[RawResponse]: ...


@pytest.fixture(params=["sync", "async"])
def connect(request: pytest.FixtureRequest) -> Iterator[Connect]:
    with asyncio.Runner() as runner:
        yield Connect(runner if request.param == "async" else None)


@pytest.fixture
def send(connect: Connect) -> Send:
    """Send requests by a transport that is closed afterwards."""

    def send(*requests: Request, handler: Handler | None = None, **options: Any) -> list[RawResponse]:
        transport = connect(handler, **options)
        try:
            return [transport.send(request) for request in requests]
        finally:
            transport.close()

    return send
