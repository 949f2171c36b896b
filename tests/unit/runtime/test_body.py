"""Bodies in pieces: never copied, read anew for each attempt, as long as announced."""

from __future__ import annotations

import asyncio
from array import array
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from generator.overlay._runtime.auth import Credentials
from generator.overlay._runtime.body import PIECE, Stream, check_content, pieces
from generator.overlay._runtime.errors import InvalidArgumentError
from generator.overlay._runtime.messages import Request
from generator.overlay._runtime.retry import RetryPolicy
from generator.overlay._runtime.transport import AsyncTransport, SyncTransport

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from generator.overlay._runtime.body import Content

BASE = "https://api.example"
DATA = bytes(range(256)) * (PIECE // 128) + b"end"
CONTENTS: list[Content] = [
    DATA,
    bytearray(DATA),
    memoryview(DATA),
    Stream(len(DATA), lambda: [DATA[:7], DATA[7:]]),
    b"",
    b"x",
    memoryview(DATA[:PIECE]).cast("I"),
]


NO_PIECES: list[Any] = [None, 5, ["a"], [None], [b"a", "b"], b"ab", "ab", [[b"a"]]]


def put(content: Content) -> Request:
    return Request("put", "PUT", BASE, "/x", content=content)


def send_sync(handler: Callable[[httpx2.Request], httpx2.Response], content: Content) -> None:
    policy = RetryPolicy(random=lambda: 0.0)
    http = httpx2.MockTransport(handler)
    with SyncTransport(Credentials("t"), base_url=BASE, http=http, retry=policy, sleep=lambda _: None) as transport:
        transport.send(put(content))


def send_async(handler: Callable[[httpx2.Request], httpx2.Response], content: Content) -> None:
    async def sleep(_: float) -> None:
        pass

    async def run() -> None:
        policy = RetryPolicy(random=lambda: 0.0)
        http = httpx2.MockTransport(handler)
        async with AsyncTransport(Credentials("t"), base_url=BASE, http=http, retry=policy, sleep=sleep) as transport:
            await transport.send(put(content))

    asyncio.run(run())


@pytest.fixture(params=[send_sync, send_async], ids=["sync", "async"])
def send(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.mark.parametrize(
    "content", CONTENTS, ids=["bytes", "bytearray", "memoryview", "stream", "empty", "small", "items"]
)
def test_a_body_arrives_whole_with_its_length_at_every_attempt(send: Any, content: Content) -> None:
    seen: list[tuple[bytes, str, str]] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        headers = request.headers
        seen.append((request.content, headers.get("content-length", ""), headers.get("transfer-encoding", "")))
        return httpx2.Response(503 if len(seen) == 1 else 200)

    send(handler, content)
    whole = b"".join(content) if isinstance(content, Stream) else bytes(content)
    assert seen == [(whole, str(len(whole)), "")] * 2


class Counting(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """Notes in which pieces bodies are handed over."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        assert isinstance(request.stream, httpx2.SyncByteStream)
        self.sizes += [len(piece) for piece in request.stream]
        return httpx2.Response(200)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        assert isinstance(request.stream, httpx2.AsyncByteStream)
        self.sizes += [len(piece) async for piece in request.stream]
        return httpx2.Response(200)


@pytest.mark.parametrize("content", [memoryview(DATA), DATA])
def test_a_large_body_is_handed_over_in_pieces(content: bytes | memoryview) -> None:
    """So that a write timeout covers a piece of it."""

    async def run(http: Counting) -> None:
        async with AsyncTransport(Credentials("t"), http=http) as transport:
            await transport.send(put(content))

    blocking, awaited = Counting(), Counting()
    with SyncTransport(Credentials("t"), http=blocking) as transport:
        transport.send(put(content))
    asyncio.run(run(awaited))
    assert blocking.sizes == awaited.sizes == [PIECE, PIECE, 3]


@pytest.mark.parametrize("content", [memoryview(DATA), DATA])
def test_pieces_are_views_rather_than_copies(content: bytes | memoryview) -> None:
    found = list(pieces(content))
    assert [len(piece) for piece in found] == [PIECE, PIECE, 3]
    assert all(isinstance(piece, memoryview) and piece.obj is DATA for piece in found)


@pytest.mark.parametrize("said", [len(DATA) - 1, len(DATA) + 1, 0])
def test_a_stream_of_another_length_is_refused(said: int) -> None:
    with pytest.raises(InvalidArgumentError, match="body"):
        list(Stream(said, lambda: [DATA]))


@pytest.mark.parametrize("cut", [[1], [1, 1], [0, 1, 1, 0], [1, 0, 1, 1]])
def test_of_a_stream_that_is_longer_no_server_gets_a_whole_body(cut: list[int]) -> None:
    size, sent = sum(cut) - 1, list[Any]()
    with pytest.raises(InvalidArgumentError, match=f"longer than the {size} bytes"):
        sent.extend(Stream(size, lambda: [b"x" * length for length in cut]))
    assert sum(map(len, sent)) < size or not size


def test_a_stream_of_nothing_that_has_something_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="longer than the 0 bytes"):
        list(Stream(0, lambda: [b"x"]))


def test_a_piece_is_measured_in_bytes_whatever_its_items_are() -> None:
    words = array("H", [1, 2, 3])
    view = memoryview(words)
    assert b"".join(Stream(view.nbytes, lambda: [view[:1], view[1:]])) == words.tobytes()


def test_a_body_of_other_items_arrives_as_bytes(send: Any) -> None:
    words, seen = array("I", range(PIECE)), list[tuple[str, bytes]]()

    def handler(request: httpx2.Request) -> httpx2.Response:
        seen.append((request.headers["content-length"], request.content))
        return httpx2.Response(200)

    send(handler, memoryview(words))
    assert seen == [(str(4 * PIECE), words.tobytes())]
    assert repr(put(memoryview(words))).endswith(f"{4 * PIECE} bytes>")


@pytest.mark.parametrize("view", [memoryview(DATA)[::2], memoryview(DATA)[::-1]])
def test_bytes_that_do_not_follow_each_other_are_refused_before_anything_is_sent(view: memoryview) -> None:
    with pytest.raises(InvalidArgumentError, match="body: must be a memoryview of bytes that follow each other"):
        check_content(view)
    with pytest.raises(InvalidArgumentError, match="body: must be a memoryview of bytes that follow each other"):
        list(Stream(view.nbytes, lambda: [view]))


def test_a_released_view_is_refused() -> None:
    view = memoryview(DATA)
    view.release()
    with pytest.raises(InvalidArgumentError, match="released"):
        check_content(view)


def test_a_stretch_of_a_file_is_sent_at_every_attempt(send: Any, tmp_path: Path) -> None:
    file, seen = tmp_path / "data", list[tuple[bytes, str]]()
    file.write_bytes(DATA)

    def handler(request: httpx2.Request) -> httpx2.Response:
        seen.append((request.content, request.headers["content-length"]))
        return httpx2.Response(503 if len(seen) == 1 else 200)

    send(handler, Stream.of_file(file, offset=5, length=PIECE + 1))
    assert seen == [(DATA[5 : PIECE + 6], str(PIECE + 1))] * 2


@pytest.mark.parametrize(
    ("offset", "length", "expected"),
    [(0, None, DATA), (7, None, DATA[7:]), (len(DATA), None, b""), (len(DATA) - 1, 1, DATA[-1:]), (3, 0, b"")],
)
def test_a_stretch_may_be_any_of_the_file(tmp_path: Path, offset: int, length: int | None, expected: bytes) -> None:
    file = tmp_path / "data"
    file.write_bytes(DATA)
    stream = Stream.of_file(str(file), offset=offset, length=length)
    assert (len(stream), b"".join(stream)) == (len(expected), expected)


def test_a_stretch_is_read_in_pieces_that_can_be_kept(tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.write_bytes(DATA)
    assert [len(piece) for piece in Stream.of_file(file)] == [PIECE, PIECE, 3]


@pytest.mark.parametrize(
    ("offset", "length", "message"),
    [
        (-1, None, "offset=-1: must be within the 3 bytes of the file"),
        (4, None, "offset=4: must be within the 3 bytes of the file"),
        (1, 3, "length=3: must be 0 to 2 here"),
        (0, -1, "length=-1: must be 0 to 3 here"),
    ],
)
def test_a_stretch_that_the_file_does_not_have_is_refused(
    tmp_path: Path, offset: int, length: int | None, message: str
) -> None:
    file = tmp_path / "data"
    file.write_bytes(b"abc")
    with pytest.raises(InvalidArgumentError) as caught:
        Stream.of_file(file, offset=offset, length=length)
    assert str(caught.value) == message


def test_a_file_that_shrinks_while_it_waits_is_noticed(tmp_path: Path) -> None:
    file = tmp_path / "data"
    file.write_bytes(b"abc")
    stream = Stream.of_file(file)
    file.write_bytes(b"ab")
    with pytest.raises(InvalidArgumentError, match="body: has 2 bytes, not 3"):
        list(stream)


def test_a_file_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Stream.of_file(tmp_path / "none")


def test_a_negative_size_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match=r"^size=-1: must not be negative$"):
        Stream(-1, list)


@pytest.mark.parametrize("value", ["text", None, 5, [b"x"], iter([b"x"])])
def test_what_is_no_body_is_refused(value: object) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        check_content(value)
    assert str(caught.value) == f"body={value!r}: must be bytes, a bytearray, a memoryview or a Stream"


@pytest.mark.parametrize("read", NO_PIECES, ids=repr)
@pytest.mark.parametrize("send", [send_sync, send_async])
def test_what_is_read_and_is_no_pieces_of_bytes_is_refused(send: Callable[..., None], read: Any) -> None:
    with pytest.raises(
        InvalidArgumentError, match=r"^body=.*: must be read in pieces of bytes, bytearray or memoryview$"
    ):
        send(lambda request: httpx2.Response(200, content=request.read()), Stream(2, lambda: read))


def test_an_error_of_the_reader_itself_passes() -> None:
    def read() -> Any:
        raise TypeError("mine")

    with pytest.raises(TypeError, match=r"^mine$"):
        list(Stream(2, read))


@pytest.mark.parametrize(
    ("size", "message"),
    [(2, "body: is longer than the 2 bytes that were announced"), (4, "body: has 3 bytes, not 4")],
)
def test_a_body_of_another_length_is_told_with_both(size: int, message: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        list(Stream(size, lambda: [b"ab", b"c"]))
    assert str(caught.value) == message


def test_a_folder_is_no_body(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgumentError, match=r"^path='.*: must be that of a file$"):
        Stream.of_file(tmp_path)


def test_a_stream_shows_its_size() -> None:
    assert repr(Stream(3, list)) == "Stream(3)"
