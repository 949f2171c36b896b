"""Transports beside a client's own: what they share with it, and how their calls are aborted."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import threading
import weakref
from concurrent.futures import Future
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any

import httpcore2
import httpx2
import pytest

from generator.overlay._runtime.auth import Credentials, Secret
from generator.overlay._runtime.dedicated_transport import dedicate, dedicate_async
from generator.overlay._runtime.errors import ClientClosedError, TransportError, UntrustedUrlError
from generator.overlay._runtime.messages import Request
from generator.overlay._runtime.retry import RetryPolicy
from generator.overlay._runtime.transport import AsyncTransport, SyncTransport, Timeout

from .conftest import Closing, Recorder

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

NOWHERE = "http://127.0.0.1:9"
LONGEST_S = 30.0


def get(path: str) -> Request:
    return Request("get_thing", "GET", "https://api.example", path)


class Loop:
    """An event loop in a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()

    def submit(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def run(self, coroutine: Any) -> Any:
        return self.submit(coroutine).result(LONGEST_S)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


class Server:
    """Answers each request by its own text, but for those to `/silent`."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.silent = threading.Event()
        self.connections: list[socket.socket] = []
        self.requests: list[bytes] = []
        self.threads: list[threading.Thread] = []
        self.run(self.accept)

    def run(self, *call: Any) -> None:
        self.threads.append(threading.Thread(target=call[0], args=call[1:]))
        self.threads[-1].start()

    def accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            self.run(self.serve, connection)

    def serve(self, connection: socket.socket) -> None:
        # The client may have reset it.
        with connection, suppress(OSError):
            self.answer(connection)

    def answer(self, connection: socket.socket) -> None:
        while request := connection.recv(65536):
            self.requests.append(request)
            if b" /silent " in request:
                self.silent.set()
                continue
            status = b"401 No" if b"Bearer stale" in request else b"503 No" if b" /broken " in request else b"200 OK"
            connection.sendall(b"HTTP/1.1 %s\r\ncontent-length: %d\r\n\r\n%s" % (status, len(request), request))

    def close(self) -> None:
        # A thread that waits is woken by this; it would wait for ever if its socket was closed.
        for waiting in (self.listener, *self.connections):
            with suppress(OSError):
                waiting.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join(LONGEST_S)
        self.listener.close()


@pytest.fixture
def server() -> Iterator[Server]:
    with closing(Server()) as server:
        yield server


@pytest.fixture
def loop() -> Iterator[Loop]:
    with closing(Loop()) as loop:
        yield loop


class Origin:
    """A client's transport, blocking or not, and a dedicated one."""

    def __init__(self, loop: Loop | None, token: Any, **options: Any) -> None:
        self.loop = loop
        kind: Any = SyncTransport if loop is None else AsyncTransport
        options = {"retry": RetryPolicy(max_retries=2, base_s=0.0)} | options
        self.transport: Any = kind(Credentials(token), **options)

    def dedicate(self) -> SyncTransport:
        if self.loop is None:
            return dedicate(self.transport)
        return dedicate_async(self.transport, self.loop.submit, self.loop.run)

    def send(self, request: Request) -> Any:
        return self.transport.send(request) if self.loop is None else self.loop.run(self.transport.send(request))

    def close(self) -> Any:
        return self.transport.close() if self.loop is None else self.loop.run(self.transport.aclose())


@pytest.fixture(params=["blocking", "awaiting"])
def beside(request: pytest.FixtureRequest, loop: Loop) -> Callable[..., Any]:
    """Return what opens an origin and a dedicated one."""

    @contextmanager
    def beside(token: Any = None, **options: Any) -> Generator[tuple[Origin, SyncTransport]]:
        origin = Origin(loop if request.param == "awaiting" else None, token or "t0ken", **options)
        dedicated = origin.dedicate()
        yield origin, dedicated
        dedicated.close()
        origin.close()

    return beside


def test_a_dedicated_transport_has_the_settings_and_credentials_of_its_origin(beside: Any, server: Server) -> None:
    options = {"base_url": server.url, "user_agent": "mine/1", "trusted_hosts": ["a.example"], "timeout_s": Timeout(7)}
    with beside(**options, api_hosts=("b.example",)) as (origin, dedicated):
        sent = dedicated.send(get("/x")).content
        assert sent.startswith(b"GET /x HTTP/1.1\r\n")
        assert b"user-agent: mine/1\r\n" in sent
        assert b"authorization: Bearer t0ken\r\n" in sent.replace(b"Authorization", b"authorization")
        assert dedicated.settings == origin.transport.settings
        assert dedicated.clock is origin.transport.clock
        with pytest.raises(UntrustedUrlError):
            dedicated.send(Request("op", "GET", "https://b.example", "/x", url="https://c.example/x"))


def test_a_dedicated_transport_sends_each_call_once(beside: Any, server: Server) -> None:
    with beside(base_url=server.url) as (origin, dedicated):
        assert dedicated.send(get("/broken")).status == 503
        assert len(server.requests) == 1
        assert origin.send(get("/broken")).status == 503
        assert len(server.requests) == 4


def test_the_trusted_certificates_are_read_once(beside: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading them takes longer than uploading a small file."""
    read, reads = httpcore2.default_ssl_context, list[ssl.SSLContext]()

    def count(**options: Any) -> ssl.SSLContext:
        reads.append(read(**options))
        return reads[-1]

    monkeypatch.setattr(httpcore2, "default_ssl_context", count)
    with beside() as (origin, dedicated):
        origin.dedicate().close()
        pool = dedicated._client._transport._pool
        assert (len(reads), pool._ssl_context) == (1, reads[0])


def test_a_stale_token_is_renewed_for_both(beside: Any, server: Server) -> None:
    asked: list[str] = []

    def token() -> str:
        asked.append("stale" if not asked else "fresh")
        return asked[-1]

    with beside(token, base_url=server.url) as (origin, dedicated):
        assert dedicated.send(get("/x")).status == 200
        assert origin.send(get("/x")).status == 200
    assert asked == ["stale", "fresh"]


def test_a_dedicated_transport_ends_with_its_origin(beside: Any, server: Server) -> None:
    with beside(base_url=server.url) as (origin, dedicated):
        dedicated.send(get("/x"))
        origin.close()
        with pytest.raises(ClientClosedError):
            dedicated.send(get("/x"))


def test_an_origin_outlives_its_dedicated_transport(beside: Any, server: Server) -> None:
    with beside(base_url=server.url) as (origin, dedicated):
        dedicated.close()
        with pytest.raises(ClientClosedError):
            dedicated.send(get("/x"))
        assert origin.send(get("/x")).status == 200


def test_calls_that_wait_are_aborted_and_later_ones_are_sent(beside: Any, server: Server) -> None:
    with beside(base_url=server.url) as (origin, dedicated):
        assert origin.send(get("/x")).status == 200
        with pytest.raises(TransportError) as caught:
            send_and_abort(dedicated, server.silent)
        assert caught.value.kind in {"ReadError", "RemoteProtocolError"}
        assert dedicated.send(get("/x")).status == 200
        assert origin.send(get("/x")).status == 200
        # The origin's own connection was left alone.
        assert len(server.connections) == 3


def send_and_abort(dedicated: SyncTransport, waiting: threading.Event) -> None:
    """Send a request that gets no response, and abort it once the event says that it waits."""

    def abort() -> None:
        if waiting.wait(LONGEST_S):
            dedicated.abort_connections()

    thread = threading.Thread(target=abort)
    thread.start()
    try:
        dedicated.send(get("/silent"))
    finally:
        thread.join()


def test_the_caller_s_http_sends_for_the_dedicated_transport_and_stays_open(beside: Any) -> None:
    recorder = Recorder(503)
    http = Closing(recorder)
    with beside(base_url=NOWHERE, http=http) as (origin, dedicated):
        assert dedicated.send(get("/x")).status == 503
        assert len(recorder.requests) == 1
        dedicated.abort_connections()
        assert dedicated.send(get("/x")).status == 503
        dedicated.close()
        assert not http.is_closed
        assert origin.send(get("/x")).status == 503
        assert len(recorder.requests) == 5


def test_a_dedicated_transport_that_waits_less_sends_the_same_way(beside: Any) -> None:
    recorder = Recorder(503)
    with beside(base_url=NOWHERE, http=httpx2.MockTransport(recorder)) as (_, dedicated):
        quick, slow = dedicated.with_timeout_cap(4.0), dedicated.with_timeout_cap(1e6)
        for transport in (quick, dedicated, slow):
            assert transport.send(get("/x")).status == 503
    seconds = [request.extensions["timeout"]["read"].response_s for request in recorder.requests]
    assert seconds == [4.0, 300.0, 300.0]
    phases = [request.extensions["timeout"]["connect"] for request in recorder.requests]
    assert phases == [4.0, 10.0, 10.0]


def test_the_event_loop_s_calls_are_aborted_as_well(loop: Loop) -> None:
    waiting, cancelled = threading.Event(), threading.Event()

    class Silent(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            if request.url.path == "/x":
                return httpx2.Response(200)
            waiting.set()
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()
            raise AssertionError("nobody has set the event")

    origin = Origin(loop, "t0ken", base_url=NOWHERE, http=Silent())
    dedicated = origin.dedicate()

    with pytest.raises(TransportError) as caught:
        send_and_abort(dedicated, waiting)
    assert (str(caught.value), caught.value.kind) == ("the call was aborted", "ReadError")
    assert cancelled.wait(LONGEST_S)
    assert dedicated.send(get("/x")).status == 200
    origin.close()


def test_an_authentication_of_the_http_library_is_left_to_the_event_loop(loop: Loop, server: Server) -> None:
    origin = Origin(loop, httpx2.BasicAuth("u", "p"), base_url=server.url)
    sent = origin.dedicate().send(get("/x")).content
    assert b"basic dtpw" in sent.lower()
    assert len(server.connections) == 1
    assert origin.send(get("/x")).status == 200
    assert len(server.connections) == 1
    origin.close()


def test_a_failed_call_of_the_event_loop_is_freed_without_the_garbage_collector() -> None:
    futures: list[weakref.ref[Future[Any]]] = []

    def fail(coroutine: Any) -> Future[Any]:
        coroutine.close()
        future: Future[Any] = Future()
        future.set_exception(TransportError("gone", kind="ReadError"))
        futures.append(weakref.ref(future))
        return future

    origin = AsyncTransport(
        Credentials("t0ken"), base_url=NOWHERE, http=httpx2.MockTransport(lambda _: httpx2.Response(200))
    )
    gc.disable()
    try:
        with pytest.raises(TransportError):
            dedicate_async(origin, fail, lambda _: Secret("t0ken")).send(get("/"))
        assert futures[0]() is None
    finally:
        gc.enable()
