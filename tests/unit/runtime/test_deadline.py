"""An answer that trickles in without end is given up in time, wherever it trickles; no time passes in these tests."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING, Any

import httpcore2
import pytest

from generator.overlay._runtime.deadline import ReadTimeout, bound_stream
from generator.overlay._runtime.errors import InvalidArgumentError, TransportError
from generator.overlay._runtime.messages import Request
from generator.overlay._runtime.retry import RetryPolicy
from generator.overlay._runtime.transport_settings import Timeout

from .conftest import BASE, Connect

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from generator.overlay._runtime.messages import RawResponse

GET = Request("get_thing", "GET", BASE, "/things/1")
POST = Request("commit_thing", "POST", BASE, "/things/1/commit", content=b"{}")
OPENING = b"HTTP/1.1 201 Created\r\n"
GOOD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
ANSWER_S = 50.0


class Clock:
    """A clock that only moves when a server takes its time."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def drip(beginning: bytes, byte: bytes) -> Iterator[bytes]:
    """An answer that begins at once and goes on for 10,000 seconds, a byte a second."""
    yield beginning
    for _ in range(10_000):
        yield byte


class Server(httpcore2.NetworkStream):
    """A connection whose other side sends a piece a second, and which waits no longer than it may."""

    def __init__(self, clock: Clock, *answers: Iterable[bytes], pace_s: float = 1.0) -> None:
        self.clock, self.pace_s = clock, pace_s
        self.answers = [iter(answer) for answer in answers]
        self.reading = False
        self.requests = 0

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.reading = False

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if not self.reading:
            self.reading, self.requests = True, self.requests + 1
            self.answer = self.answers.pop(0)
        if timeout is not None and timeout < self.pace_s:
            self.clock.now += timeout
            raise httpcore2.ReadTimeout("timed out")
        self.clock.now += self.pace_s
        return next(self.answer, b"")

    def close(self) -> None:
        pass

    def get_extra_info(self, info: str) -> Any:
        return None


class AsyncServer(httpcore2.AsyncNetworkStream):
    def __init__(self, server: Server) -> None:
        self.server = server

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109  # as in httpcore2
        self.server.write(buffer, timeout)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109  # as above
        return self.server.read(max_bytes, timeout)

    async def aclose(self) -> None:
        pass

    def get_extra_info(self, info: str) -> Any:
        return None


class Encrypted(Server):
    """A connection that becomes one to the server once it is encrypted."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def start_tls(self, *_: object, **__: object) -> Server:
        return self.server


class AsyncEncrypted(AsyncServer):
    async def start_tls(self, *_: object, **__: object) -> AsyncServer:
        return AsyncServer(self.server)


@pytest.fixture(params=["own", "http=", "https"])
def ask(request: pytest.FixtureRequest, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Send requests to a server, by a client of our own making or the caller's, or encrypted."""
    is_encrypted = request.param == "https"

    def ask(server: Server, *requests: Request, within: float | None = None) -> list[RawResponse]:
        async def connect_tcp(*_: object, **__: object) -> AsyncServer:
            return AsyncEncrypted(server) if is_encrypted else AsyncServer(server)

        first = Encrypted(server) if is_encrypted else server
        monkeypatch.setattr("httpcore2._backends.sync.SyncBackend.connect_tcp", lambda *_, **__: first)
        monkeypatch.setattr("httpcore2._backends.anyio.AnyIOBackend.connect_tcp", connect_tcp)
        transport = connect(
            http=connect.http_client(trust_env=False) if request.param == "http=" else None,
            base_url=BASE.replace("http:", "https:") if is_encrypted else BASE,
            clock=server.clock,
            retry=RetryPolicy(max_retries=0),
            timeout_s=Timeout(read_s=9.0, response_s=ANSWER_S),
        )
        used = transport if within is None else transport.derive("with_timeout_cap", within)
        try:
            return [used.send(request) for request in requests]
        finally:
            transport.close()

    return ask


TRICKLES = {
    "header fields": (OPENING, b"x-a: "),
    "body": (OPENING + b"content-length: 9000\r\n\r\n", b" "),
    "chunk size": (OPENING + b"transfer-encoding: chunked\r\n\r\n", b"0"),
    "body without a length": (OPENING + b"\r\n", b" "),
}


@pytest.mark.parametrize("where", TRICKLES)
@pytest.mark.parametrize("request_", [GET, POST], ids=["GET", "POST"])
@pytest.mark.parametrize("pace_s", [1.0, 0.75])
def test_a_response_that_trickles_is_given_up_in_time(ask: Any, where: str, request_: Request, pace_s: float) -> None:
    beginning, byte = TRICKLES[where]
    clock = Clock()
    with pytest.raises(TransportError, match=r"the response did not end within 50 s$") as caught:
        ask(Server(clock, drip(beginning, byte[:1]), pace_s=pace_s), request_)
    # The last wait is no longer than what was left.
    assert clock.now == 1000 + ANSWER_S
    assert (caught.value.kind, caught.value.retry_safe) == ("ReadTimeout", request_ is GET)


def test_an_error_whose_body_trickles_keeps_its_status(ask: Any) -> None:
    clock = Clock()
    (raw,) = ask(Server(clock, drip(b"HTTP/1.1 409 Conflict\r\ncontent-length: 9000\r\n\r\n", b" ")), POST)
    assert raw.status == 409
    assert clock.now <= 1000 + ANSWER_S + 1


def test_each_answer_of_a_connection_has_the_whole_time(ask: Any) -> None:
    slow = [GOOD[:10], *(GOOD[at : at + 1] for at in range(10, len(GOOD)))]
    server = Server(Clock(), slow, slow, slow)
    assert [raw.content for raw in ask(server, GET, POST, GET)] == [b"{}"] * 3
    assert server.clock.now > 1000 + ANSWER_S


def test_a_silent_server_is_given_up_by_the_read_timeout(ask: Any) -> None:
    server = Server(Clock(), [GOOD], pace_s=20.0)
    with pytest.raises(TransportError, match=r"^get_thing: ReadTimeout: timed out$"):
        ask(server, GET)
    assert server.clock.now == 1009


def test_less_time_for_an_answer_can_be_given(ask: Any) -> None:
    server = Server(Clock(), drip(OPENING, b"x"))
    with pytest.raises(TransportError, match=r"^get_thing: ReadTimeout: the response did not end within 7 s$"):
        ask(server, GET, within=7.0)
    assert server.clock.now <= 1008


@pytest.mark.parametrize("response_s", [0, -1, float("nan"), float("inf")])
def test_an_unusable_limit_is_refused(connect: Connect, response_s: float) -> None:
    with pytest.raises(InvalidArgumentError, match="timeout_s"):
        connect(timeout_s=Timeout(response_s=response_s))


def test_a_connection_that_takes_no_other_methods_stays_as_it_is() -> None:
    class Closed:
        __slots__ = ()

        def read(self, _max_bytes: int, _timeout: float | None = None) -> bytes:
            return b"read"

        def write(self, _buffer: bytes, _timeout: float | None = None) -> None: ...

    for is_async in (False, True):
        stream = Closed()
        bound_stream(stream, Clock(), is_async=is_async)
        assert stream.read(1) == b"read"


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda limit: pickle.loads(pickle.dumps(limit))])  # noqa: S301  # our own
def test_the_limits_of_an_answer_are_kept_when_a_request_is_copied(again: Any) -> None:
    found = again(ReadTimeout(9.0, 50.0))

    assert (type(found), found, found.response_s) == (ReadTimeout, 9.0, 50.0)
