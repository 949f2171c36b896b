"""A body that is read while it is used: nothing of it is kept, and nothing that is missing goes unnoticed."""

from __future__ import annotations

import gzip
import io
import os
import stat
import zlib
from typing import TYPE_CHECKING, Any, Self

import httpx2
import pytest

from generator.overlay._runtime.api_error import api_error
from generator.overlay._runtime.errors import InvalidArgumentError, NotFoundError, TransportError
from generator.overlay._runtime.hooks import Hooks
from generator.overlay._runtime.messages import RawResponse, Request
from generator.overlay._runtime.response_stream import CHUNK, BodyDecoder
from generator.overlay._runtime.retry import RetryPolicy
from generator.overlay._runtime.transport_settings import Timeout

from .conftest import BASE, Connect, Recorder
from .test_deadline import AsyncServer, Clock, Server
from .test_transport import Stream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

GET = Request("get_content", "GET", BASE, "/things/1/content")
RESET = httpx2.ReadError("reset; Bearer t0ken")


def check(raw: RawResponse) -> None:
    if raw.status != 200:
        raise api_error(raw, {})


def deflated(content: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(content) + stream.flush()


class Piece(bytes):
    """A chunk that counts how many of its kind there are."""

    alive = 0
    most = 0

    def __new__(cls, content: bytes) -> Self:
        Piece.alive += 1
        Piece.most = max(Piece.most, Piece.alive)
        return super().__new__(cls, content)

    def __del__(self) -> None:
        Piece.alive -= 1


class Watched(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A body of one piece that notes the permissions of what is being written in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.modes: list[int] = []

    def __iter__(self) -> Iterator[bytes]:
        self.modes += [stat.S_IMODE(path.stat().st_mode) for path in self.folder.glob(".*.part")]
        yield b"new"

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece


class Endless(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A body of many pieces that are made when they are asked for."""

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(500):
            yield Piece(b"0123456789")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece


def test_chunks_come_as_they_are_received(connect: Connect) -> None:
    body = Stream(b"ab", b"c", b"", b"def")
    recorder = Recorder(200, stream=body, headers={"x-a": "1", "content-length": "6"})
    with connect(recorder).stream(GET, check) as stream:
        assert (stream.stream.status, stream.stream.headers["X-A"], body.given) == (200, "1", 0)
        assert (next(stream), body.given) == (b"ab", 1)
        assert list(stream) == [b"c", b"def"]
        assert list(stream) == []
    (request,) = recorder.requests
    assert (request.headers["accept"], request.headers["authorization"]) == ("*/*", "Bearer t0ken")
    assert body.closed


def test_no_more_than_a_few_chunks_are_held(connect: Connect, tmp_path: Path) -> None:
    Piece.alive = Piece.most = 0
    with connect(Recorder(200, stream=Endless())).stream(GET) as stream:
        assert sum(len(chunk) for chunk in stream) == 5000
    # The caller has one while the next one is made.
    assert Piece.most == 2

    Piece.most = 0
    with connect(Recorder(200, stream=Endless())).stream(GET) as stream:
        assert stream.call("write_to", tmp_path / "file") == 5000
    # A thread that writes may drop its own a little later.
    assert 2 <= Piece.most <= 5


def test_the_rest_is_read_as_a_whole(connect: Connect) -> None:
    with connect(Recorder(200, stream=Stream(b"ab", b"cd", b"e"))).stream(GET) as stream:
        next(stream)
        assert stream.call("read") == b"cde"


def test_an_error_is_that_of_the_plain_call(connect: Connect) -> None:
    body = Stream(b'{"message": "gone", ', b'"code": "x"}')
    with (
        pytest.raises(NotFoundError, match=r"^404 x: gone \(get_content\)$"),
        connect(Recorder(404, stream=body)).stream(GET, check),
    ):
        pytest.fail("yields nothing")
    assert body.closed


def test_a_failure_before_the_body_is_retried(connect: Connect) -> None:
    recorder = Recorder(503, 200, content=b"abc")
    with connect(recorder).stream(GET, check) as stream:
        assert list(stream) == [b"abc"]
    assert len(recorder.requests) == 2


def test_a_failure_within_the_body_is_not_retried_and_shows_no_token(connect: Connect) -> None:
    body = Stream(b"ab", RESET)
    recorder = Recorder(200, stream=body)
    with connect(recorder, token="t0ken-that-is-long").stream(GET) as stream:  # none
        next(stream)
        with pytest.raises(TransportError, match=r"^get_content: ReadError: reset; Bearer \[secure\]$") as caught:
            next(stream)
        with pytest.raises(
            TransportError, match=r"^get_content: StreamClosed: the stream is closed, or has failed before$"
        ):
            next(stream)
    error = caught.value
    assert (error.operation, error.kind, error.sent, error.is_transient, error.retry_safe) == (
        *("get_content", "ReadError", True, True),
        True,
    )
    assert error.__context__ is None
    assert not hasattr(error.__cause__, "_request") or error.__cause__._request is None  # type: ignore[union-attr]
    assert len(recorder.requests) == 1
    assert body.closed


def test_a_body_that_ends_early_is_an_error(connect: Connect) -> None:
    fields: Any = {"stream": Stream(b"ab"), "headers": {"content-length": "5"}}
    with connect(Recorder(200, **fields)).stream(GET) as stream:
        assert next(stream) == b"ab"
        with pytest.raises(TransportError, match=r"^get_content: RemoteProtocolError: the body ended 3 bytes early$"):
            next(stream)


def test_leaving_early_closes_the_connection(connect: Connect) -> None:
    body = Stream(b"ab", b"cd", b"ef")
    with connect(Recorder(200, stream=body)).stream(GET) as stream:
        next(stream)
        assert not body.closed
    assert (body.closed, body.given) == (True, 1)
    with pytest.raises(
        TransportError, match=r"^get_content: StreamClosed: the stream is closed, or has failed before$"
    ):
        next(stream)

    body = Stream(b"ab")
    with pytest.raises(KeyError), connect(Recorder(200, stream=body)).stream(GET):
        raise KeyError
    assert body.closed

    body = Stream(b"ab")
    with connect(Recorder(200, stream=body)).stream(GET) as stream:
        stream.call("close")
        assert body.closed


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "DEFLATE"])
def test_a_compressed_body_is_decompressed_in_bounded_pieces(connect: Connect, encoding: str) -> None:
    content = bytes(5 * CHUNK) + b"end"
    ways: dict[str, Callable[[bytes], bytes]] = {"deflate": zlib.compress, "DEFLATE": deflated}
    packed = ways.get(encoding, gzip.compress)(content)
    cut = Stream(*(packed[at : at + 7] for at in range(0, len(packed), 7)))
    for body in (Stream(packed), cut):
        fields: Any = {"stream": body, "headers": {"content-encoding": encoding, "content-length": str(len(packed))}}
        with connect(Recorder(200, **fields)).stream(GET) as stream:
            pieces = list(stream)
        assert b"".join(pieces) == content
        assert max(map(len, pieces)) <= CHUNK


@pytest.mark.parametrize(
    ("encoding", "content", "problem"),
    [
        ("gzip", gzip.compress(b"content", mtime=0)[:-3], "the compressed body ended early"),
        ("gzip", gzip.compress(b"content", mtime=0) + b"more", "goes on after the end"),
        ("gzip", b"content", "cannot be decompressed"),
        ("gzip", zlib.compress(b"content"), "cannot be decompressed"),
        ("x-gzip", zlib.compress(b"content"), "cannot be decompressed"),
        ("br", b"content", "content-encoding br, which is not supported"),
    ],
)
def test_a_body_that_cannot_be_decompressed_is_an_error(
    connect: Connect, encoding: str, content: bytes, problem: str
) -> None:
    body = Stream(content)
    fields: Any = {"stream": body, "headers": {"content-encoding": encoding}}
    with (
        pytest.raises(TransportError, match=problem),
        connect(Recorder(200, **fields)).stream(GET) as stream,
    ):
        list(stream)
    assert body.closed


@pytest.mark.parametrize("encoding", ["identity", "Identity"])
def test_a_body_that_says_that_it_is_as_it_is_is_taken_so(connect: Connect, encoding: str) -> None:
    fields: Any = {"stream": Stream(b"content"), "headers": {"content-encoding": encoding}}
    with connect(Recorder(200, **fields)).stream(GET) as stream:
        assert list(stream) == [b"content"]


def test_an_empty_body_needs_no_decompression() -> None:
    decoder = BodyDecoder("gzip", 0)
    assert decoder.take() == b""
    decoder.check_end()


def test_a_file_is_replaced_at_the_end(connect: Connect, tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_bytes(b"old")
    with connect(Recorder(200, stream=Stream(b"ab", b"cde"))).stream(GET) as stream:
        assert stream.call("write_to", target) == 5
    assert target.read_bytes() == b"abcde"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.skipif(os.name != "posix", reason="files have no such permissions here")
@pytest.mark.parametrize("mode", [0o600, 0o644, 0o755, 0o440])
def test_a_file_that_is_replaced_keeps_its_permissions(connect: Connect, tmp_path: Path, mode: int) -> None:
    target = tmp_path / "file"
    target.write_bytes(b"old")
    target.chmod(mode)
    body = Watched(tmp_path)
    with connect(Recorder(200, stream=body)).stream(GET) as stream:
        stream.call("write_to", target)
    assert target.read_bytes() == b"new"
    assert stat.S_IMODE(target.stat().st_mode) == mode
    assert body.modes == [mode]


def test_a_file_stays_as_it_was_if_the_body_does_not_come(connect: Connect, tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_bytes(b"old")
    with (
        connect(Recorder(200, stream=Stream(b"ab", RESET))).stream(GET) as stream,
        pytest.raises(TransportError),
    ):
        stream.call("write_to", str(target))
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_that_is_missing_is_told_by_the_callers_path(connect: Connect, tmp_path: Path) -> None:
    target = tmp_path / "missing" / "file"
    with connect(Recorder(200, content=b"ab")).stream(GET) as stream, pytest.raises(FileNotFoundError) as caught:
        stream.call("write_to", target)
    assert caught.value.filename == str(target)


def test_a_link_stays_a_link(connect: Connect, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")
    with connect(Recorder(200, content=b"ab")).stream(GET) as stream:
        stream.call("write_to", tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"ab"


def test_a_file_of_the_caller_is_written_and_stays_open(connect: Connect) -> None:
    class Slow(io.RawIOBase):
        """Takes two bytes at a time."""

        def __init__(self) -> None:
            self.taken = b""

        def write(self, content: Any) -> int:
            self.taken += bytes(content[:2])
            return min(2, len(content))

    for file in (Slow(), io.BytesIO()):
        with connect(Recorder(200, content=b"abcde")).stream(GET) as stream:
            assert stream.call("write_to", file) == 5
        assert not file.closed
        assert (file.taken if isinstance(file, Slow) else file.getvalue()) == b"abcde"


def test_what_is_no_file_is_refused_before_anything_is_read(connect: Connect, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for target in (tmp_path, pipe, io.StringIO(), 7):
        body = Stream(b"ab")
        with (
            connect(Recorder(200, stream=body)).stream(GET) as stream,
            pytest.raises(InvalidArgumentError, match=r"^target="),
        ):
            stream.call("write_to", target)
        assert body.given == 0


def test_hooks_hear_of_the_response_when_it_begins(connect: Connect) -> None:
    heard: list[Any] = []
    body = Stream(b"ab", b"cd")
    hooks = Hooks(on_response=lambda request, status, _: heard.append((request.operation, status, body.given)))
    with connect(Recorder(200, stream=body), hooks=hooks).stream(GET) as stream:
        list(stream)
    assert heard == [("get_content", 200, 0)]


def test_a_hook_that_raises_closes_the_connection(connect: Connect) -> None:
    def refuse(*_: object) -> None:
        raise KeyError

    body = Stream(b"ab")
    with pytest.raises(KeyError), connect(Recorder(200, stream=body), hooks=Hooks(on_response=refuse)).stream(GET):
        pytest.fail("yields nothing")
    assert body.closed


def test_options_hold_for_a_stream(connect: Connect) -> None:
    recorder = Recorder(503, content=b"")
    once = RetryPolicy(max_retries=0)
    derived = connect(recorder).but(
        lambda transport: transport.with_options(timeout_s=5, headers={"x-a": "1"}, retry=once)
    )
    with derived.stream(GET) as stream:
        assert list(stream) == []
    (request,) = recorder.requests
    assert (request.headers["x-a"], request.extensions["timeout"]["read"]) == ("1", 5)


def test_a_body_that_a_client_s_own_hook_has_read_is_there(connect: Connect) -> None:
    is_async = connect.http_client is httpx2.AsyncClient

    def read(response: Any) -> None:
        response.read()

    async def read_async(response: Any) -> None:
        await response.aread()

    hooks: Any = {"response": [read_async if is_async else read]}
    packed = gzip.compress(b"abc", mtime=0)
    handler = Recorder(200, stream=Stream(packed), headers={"content-encoding": "gzip"})
    http = connect.http_client(transport=httpx2.MockTransport(handler), event_hooks=hooks)
    with connect(http=http).stream(GET) as stream:
        assert list(stream) == [b"abc"]


@pytest.fixture
def receive(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Stream from a server by real connections, with limits of 9 s for a piece and 50 s for a whole response."""

    def receive(server: Server) -> list[bytes]:
        async def connect_tcp(*_: object, **__: object) -> AsyncServer:
            return AsyncServer(server)

        monkeypatch.setattr("httpcore2._backends.sync.SyncBackend.connect_tcp", lambda *_, **__: server)
        monkeypatch.setattr("httpcore2._backends.anyio.AnyIOBackend.connect_tcp", connect_tcp)
        limits = Timeout(read_s=9.0, response_s=50.0)
        transport = connect(clock=server.clock, retry=RetryPolicy(max_retries=0), timeout_s=limits)
        try:
            with transport.stream(GET) as stream:
                return list(stream)
        finally:
            transport.close()

    return receive


HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 300\r\n\r\n"


def test_only_the_wait_for_each_piece_is_limited(receive: Any) -> None:
    clock = Clock()
    body = receive(Server(clock, [HEAD, *[b"x"] * 300]))
    assert body == [b"x"] * 300
    assert clock.now > 1000 + 300


def test_header_fields_that_trickle_are_given_up(receive: Any) -> None:
    clock = Clock()
    with pytest.raises(TransportError, match=r"^get_content: ReadTimeout: the response did not end within 50 s$"):
        receive(Server(clock, [HEAD[:20], *[b"x"] * 300]))
    assert clock.now == 1050


def test_a_server_that_falls_silent_is_given_up(receive: Any) -> None:
    server = Server(Clock())

    def fall_silent() -> Iterator[bytes]:
        yield HEAD
        server.pace_s = 20.0
        yield b"x"

    server.answers = [fall_silent()]
    with pytest.raises(TransportError, match=r"^get_content: ReadTimeout: timed out$") as caught:
        receive(server)
    assert (caught.value.operation, server.clock.now) == ("get_content", 1000 + 1 + 1 + 9)


def test_a_connection_that_closes_within_the_body_is_an_error(receive: Any) -> None:
    with pytest.raises(TransportError, match="get_content: RemoteProtocolError"):
        receive(Server(Clock(), [HEAD, b"x"]))
