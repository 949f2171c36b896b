"""Bodies in pieces: never copied, read anew for each attempt, as long as announced."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from generator.overlay._runtime.body import PIECE, Stream, content_of, pieces
from generator.overlay._runtime.errors import InvalidArgumentError
from generator.overlay._runtime.messages import Request

from .conftest import BASE, Recorder, Send

if TYPE_CHECKING:
    from pathlib import Path

    from generator.overlay._runtime.body import Content

RULE = "must be bytes, a bytearray, a memoryview, a Stream, a path such as Path('film.mov'), or an open binary file"
DATA = bytes(range(256)) * (PIECE // 128) + b"end"
CONTENTS: list[Content] = [
    DATA,
    bytearray(DATA),
    memoryview(DATA),
    Stream(len(DATA), lambda: [DATA[:7], DATA[7:]]),
    b"",
    b"x",
    memoryview(DATA[:PIECE]).cast("I"),
    memoryview(array("I", range(PIECE))),
]


def put(content: Content) -> Request:
    return Request("put", "PUT", BASE, "/x", content=content)


def sent_twice(send: Send, content: Content) -> bytes:
    """Send a body that is answered by an error first, and return what arrived at both attempts."""
    recorder = Recorder(503, 200)
    send(put(content), handler=recorder)
    first, second = recorder.requests
    assert first.content == second.content
    for request in (first, second):
        assert request.headers["content-length"] == str(len(request.content))
        assert "transfer-encoding" not in request.headers
    return first.content


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "data").write_bytes(DATA)
    return tmp_path / "data"


@pytest.mark.parametrize(
    "content", CONTENTS, ids=["bytes", "bytearray", "memoryview", "stream", "empty", "small", "items", "array"]
)
def test_a_body_arrives_whole_with_its_length_at_every_attempt(send: Send, content: Content) -> None:
    assert sent_twice(send, content) == (b"".join(content) if isinstance(content, Stream) else bytes(content))


def test_a_body_of_other_items_is_shown_by_its_bytes() -> None:
    assert repr(put(memoryview(array("I", range(5))))).endswith(f"{4 * 5} bytes>")


class Counting(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """Keeps the sizes of the pieces in which bodies are sent."""

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
def test_a_large_body_is_sent_in_pieces(send: Send, content: bytes | memoryview) -> None:
    """So that a write timeout covers a piece of it."""
    http = Counting()
    send(put(content), http=http)
    assert http.sizes == [PIECE, PIECE, 3]


@pytest.mark.parametrize("content", [memoryview(DATA), DATA])
def test_pieces_are_views_rather_than_copies(content: bytes | memoryview) -> None:
    found = list(pieces(content))
    assert [len(piece) for piece in found] == [PIECE, PIECE, 3]
    assert all(isinstance(piece, memoryview) and piece.obj is DATA for piece in found)


@pytest.mark.parametrize(
    ("size", "message"),
    [
        (0, "body: is longer than the declared 0 bytes"),
        (2, "body: is longer than the declared 2 bytes"),
        (4, "body: has 3 bytes, not 4"),
    ],
)
def test_a_stream_of_another_length_is_refused(size: int, message: str) -> None:
    for read in ([b"ab", b"c"], [b"abc"]):
        with pytest.raises(InvalidArgumentError) as caught:
            list(Stream(size, lambda: read))  # noqa: B023  # read at once
        assert str(caught.value) == message


@pytest.mark.parametrize("cut", [[1], [1, 1], [0, 1, 1, 0], [1, 0, 1, 1]])
def test_no_server_gets_a_longer_stream_in_full(cut: list[int]) -> None:
    size, sent = sum(cut) - 1, list[Any]()
    with pytest.raises(InvalidArgumentError, match=f"longer than the declared {size} bytes"):
        sent.extend(Stream(size, lambda: [b"x" * length for length in cut]))
    assert sum(map(len, sent)) < size or not size


def test_a_piece_is_measured_in_bytes_whatever_its_items_are() -> None:
    words = array("H", [1, 2, 3])
    view = memoryview(words)
    assert b"".join(Stream(view.nbytes, lambda: [view[:1], view[1:]])) == words.tobytes()


@pytest.mark.parametrize("view", [memoryview(DATA)[::2], memoryview(DATA)[::-1]])
def test_a_view_with_gaps_is_refused(view: memoryview) -> None:
    for use in (lambda: content_of(view), lambda: list(Stream(view.nbytes, lambda: [view]))):
        with pytest.raises(InvalidArgumentError, match="body: must be a contiguous memoryview"):
            use()


def test_a_released_view_is_refused() -> None:
    view = memoryview(DATA)
    view.release()
    with pytest.raises(InvalidArgumentError, match="released"):
        content_of(view)


def test_a_range_of_a_file_is_sent_at_every_attempt(send: Send, file: Path) -> None:
    assert sent_twice(send, Stream.of_file(file, offset=5, length=PIECE + 1)) == DATA[5 : PIECE + 6]


@pytest.mark.parametrize(
    ("offset", "length", "expected"),
    [(0, None, DATA), (7, None, DATA[7:]), (len(DATA), None, b""), (len(DATA) - 1, 1, DATA[-1:]), (3, 0, b"")],
)
def test_a_range_may_be_any_of_the_file(file: Path, offset: int, length: int | None, expected: bytes) -> None:
    stream = Stream.of_file(str(file), offset=offset, length=length)
    assert (len(stream), b"".join(stream)) == (len(expected), expected)


def test_a_file_is_read_in_pieces_that_can_be_kept(file: Path) -> None:
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
def test_a_range_beyond_the_file_is_refused(file: Path, offset: int, length: int | None, message: str) -> None:
    file.write_bytes(b"abc")
    with pytest.raises(InvalidArgumentError) as caught:
        Stream.of_file(file, offset=offset, length=length)
    assert str(caught.value) == message


def test_a_file_that_shrinks_while_it_waits_is_noticed(file: Path) -> None:
    file.write_bytes(b"abc")
    stream = Stream.of_file(file)
    file.write_bytes(b"ab")
    with pytest.raises(InvalidArgumentError, match="body: has 2 bytes, not 3"):
        list(stream)


def test_a_path_that_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Stream.of_file(tmp_path / "none")
    with pytest.raises(InvalidArgumentError, match=r"^path='.*: must name a file; open a pipe "):
        Stream.of_file(tmp_path)


def test_a_negative_size_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match=r"^size=-1: must not be negative$"):
        Stream(-1, list)


@pytest.mark.parametrize("value", ["text", None, 5, [b"x"], iter([b"x"])])
def test_a_body_of_another_type_is_refused(value: Any) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        content_of(value)
    assert str(caught.value) == f"body={value!r}: {RULE}"


@pytest.mark.parametrize("read", [None, 5, ["a"], [None], [b"a", "b"], b"ab", "ab", [[b"a"]]], ids=repr)
def test_a_stream_of_anything_but_pieces_of_bytes_is_refused(send: Send, read: Any) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        send(put(Stream(2, lambda: read)), handler=lambda request: httpx2.Response(200, content=request.read()))
    assert str(caught.value).startswith("body=")
    cure = "; open a file with mode 'rb'" if "='" in str(caught.value) else ""
    assert str(caught.value).endswith(f": must yield bytes, bytearray or memoryview{cure}")


def test_an_error_of_the_reader_itself_passes() -> None:
    def read() -> Any:
        raise TypeError("mine")

    with pytest.raises(TypeError, match=r"^mine$"):
        list(Stream(2, read))


def test_a_stream_shows_its_size() -> None:
    assert repr(Stream(3, list)) == "Stream(3)"
