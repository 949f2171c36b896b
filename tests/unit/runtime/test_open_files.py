"""Open files as bodies and in forms: read while they are sent, again where they can go back, and else once."""

from __future__ import annotations

import gzip
import io
import os
import tempfile
import threading
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from generator.overlay._runtime.body import PIECE, Content, OpenFile, content_of, pieces
from generator.overlay._runtime.codecs import Binary
from generator.overlay._runtime.errors import InvalidArgumentError, TransportError
from generator.overlay._runtime.messages import Request
from generator.overlay._runtime.multipart import File, FormField, Multipart

from .conftest import BASE, Connect, Recorder, Send

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DATA = bytes(range(256)) * (PIECE // 128) + b"end"
SPENT = "not repeated: its body came from a stream that cannot be read again; open it anew, or pass a path"


class Pipe(io.RawIOBase):
    """What is read once, from its beginning to its end, as a pipe or a socket is."""

    def __init__(self, content: bytes = DATA) -> None:
        self._left = io.BytesIO(content)
        self.name: object = 0
        self.largest = 0
        self.threads: set[int] = set()

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        self.threads.add(threading.get_ident())
        found = self._left.read(size)
        self.largest = max(self.largest, len(found))
        return found


def sent(content: Content) -> bytes:
    return b"".join(pieces(content))


def put(content: Content) -> Request:
    return Request("put", "PUT", BASE, "/x", content=content)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "data").write_bytes(DATA)
    return tmp_path / "data"


@pytest.fixture(params=["file", "unbuffered", "BytesIO", "gzip", "temporary", "spooled"])
def opened(request: pytest.FixtureRequest, path: Path, tmp_path: Path) -> Iterator[Any]:
    """A file that is open for reading bytes, and can go back."""
    with gzip.open(tmp_path / "gz", "wb") as file:
        file.write(DATA)
    makers: dict[str, Callable[[], Any]] = {
        "file": lambda: path.open("rb"),
        "unbuffered": lambda: path.open("rb", buffering=0),
        "BytesIO": lambda: io.BytesIO(DATA),
        "gzip": lambda: gzip.GzipFile(tmp_path / "gz"),
        "temporary": tempfile.TemporaryFile,
        "spooled": tempfile.SpooledTemporaryFile,
    }
    with makers[request.param]() as file:
        if request.param in {"temporary", "spooled"}:
            file.write(DATA)
            file.seek(0)
        yield file


def test_an_open_file_is_sent_at_every_attempt_from_where_it_stood(send: Send, opened: Any) -> None:
    opened.seek(5)
    recorder = Recorder(503, 200)
    send(put(Binary().encode(opened)), handler=recorder)
    assert [request.content for request in recorder.requests] == [DATA[5:], DATA[5:]]
    assert {request.headers["content-length"] for request in recorder.requests} == {str(len(DATA) - 5)}
    assert not opened.closed


def test_a_path_is_sent_at_every_attempt(send: Send, path: Path) -> None:
    recorder = Recorder(503, 200)
    send(put(Binary().encode(path)), handler=recorder)
    assert [request.content for request in recorder.requests] == [DATA, DATA]


def test_a_pipe_is_sent_once_without_a_length(send: Send) -> None:
    recorder = Recorder(200)
    send(put(Binary().encode(Pipe())), handler=recorder)
    (request,) = recorder.requests
    assert request.content == DATA
    assert "content-length" not in request.headers
    assert request.headers["transfer-encoding"] == "chunked"


def test_a_pipe_of_the_system_is_sent(send: Send) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"from a pipe")
    os.close(writing)
    recorder = Recorder(200)
    with open(reading, "rb") as file:  # noqa: PTH123  # a number, not a path
        send(put(Binary().encode(file)), handler=recorder)
    assert recorder.requests[0].content == b"from a pipe"


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize("status", [503, 429, 401, 404])
def test_a_pipe_is_not_repeated_after_bytes_were_taken(send: Send, method: str, status: int) -> None:
    recorder = Recorder(status, 200)
    request = Request("put", method, BASE, "/x", content=Binary().encode(Pipe()))
    (raw,) = send(request, handler=recorder, token=lambda: "t0ken")
    assert (raw.status, raw.note, len(recorder.requests)) == (status, SPENT, 1)


def test_a_pipe_is_not_repeated_after_a_broken_connection_and_the_error_says_so(send: Send) -> None:
    def broken(request: httpx2.Request) -> httpx2.Response:
        assert request.content == DATA
        raise httpx2.ReadError("broken")

    with pytest.raises(TransportError) as caught:
        send(put(Binary().encode(Pipe())), handler=broken)
    assert str(caught.value) == f"put: ReadError: broken; {SPENT}"


class Refusing(httpx2.MockTransport):
    """Refuses the first connection, before any of the body is read."""

    def __init__(self) -> None:
        super().__init__(Recorder(200))
        self.count = 0

    def _refuse(self) -> None:
        self.count += 1
        if self.count == 1:
            raise httpx2.ConnectError("refused")

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self._refuse()
        return super().handle_request(request)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self._refuse()
        return await super().handle_async_request(request)


def test_a_pipe_is_sent_after_a_connection_that_took_nothing(send: Send) -> None:
    http = Refusing()
    (raw,) = send(put(Binary().encode(Pipe())), http=http)
    assert (raw.status, http.count) == (200, 2)


def test_a_pipe_that_was_sent_is_refused_the_next_time(send: Send) -> None:
    content = Binary().encode(Pipe())
    send(put(content), handler=Recorder(200))
    with pytest.raises(InvalidArgumentError, match=r"^body: was sent already, and cannot be read again; open it anew$"):
        send(put(content), handler=Recorder(200))


def test_no_more_than_a_piece_is_read_at_a_time_and_by_a_thread_beside_the_event_loop(connect: Connect) -> None:
    pipe = Pipe()
    connect(Recorder(200)).send(put(Binary().encode(pipe)))
    assert pipe.largest == PIECE
    is_async = connect.http_client is httpx2.AsyncClient
    # Nothing is read before it is sent, but for nothing at all.
    assert (pipe.threads == {threading.get_ident()}) != is_async


def test_a_form_takes_open_files_and_pipes(send: Send, opened: Any) -> None:
    form = Multipart(FormField("a", "a", None), FormField("b", "b", None, required=False))
    first, second = Recorder(503, 200), Recorder(503, 200)
    send(put(form.encode({"a": File(opened, "a.bin", "image/png")})), handler=first)
    bodies = [request.content for request in first.requests]
    assert bodies == [bodies[0]] * 2
    assert b'filename="a.bin"\r\nContent-Type: image/png\r\n\r\n' + DATA + b"\r\n--" in bodies[0]
    assert first.requests[0].headers["content-length"] == str(len(bodies[0]))

    opened.seek(0)
    (raw,) = send(put(form.encode({"a": opened, "b": Pipe(b"piped")})), handler=second)
    assert (raw.status, raw.note, len(second.requests)) == (503, SPENT, 1)
    assert DATA in second.requests[0].content
    assert b'name="b"; filename="b"\r\nContent-Type: application/octet-stream\r\n\r\npiped\r\n' in (
        second.requests[0].content
    )
    assert "content-length" not in second.requests[0].headers


def test_an_open_file_has_its_name_in_a_form(path: Path) -> None:
    form = Multipart(FormField("a", "a", None))
    with path.open("rb") as file:
        assert b'filename="data"' in b"".join(form.encode({"a": file}))
        assert b'filename="other"' in b"".join(form.encode({"a": File(file, "other")}))
    reading, writing = os.pipe()
    os.close(writing)
    with open(reading, "rb") as pipe:  # noqa: PTH123  # a number, not a path
        assert b'filename="a"' in b"".join(form.encode({"a": pipe}))
    named = Pipe(b"x")
    named.name = "<stdin>"
    assert b'filename="a"' in b"".join(form.encode({"a": named}))


def in_a_form(file: Any) -> Content:
    return Multipart(FormField("body", "body", None)).encode({"body": file})


@pytest.mark.parametrize("take", [content_of, in_a_form])
def test_a_file_that_is_not_open_for_bytes_is_refused_with_the_cure(path: Path, take: Callable[[Any], Any]) -> None:
    with path.open(encoding="latin-1") as text, pytest.raises(InvalidArgumentError) as caught:
        take(text)
    assert str(caught.value).startswith("body=<_io.TextIOWrapper")
    assert str(caught.value).endswith(": is open as text; open it with mode 'rb'")
    with tempfile.NamedTemporaryFile("w+") as wrapped, pytest.raises(InvalidArgumentError, match="is open as text"):
        take(wrapped)
    with (
        path.open("wb") as writing,
        pytest.raises(InvalidArgumentError, match=r"is not open for reading bytes \(read\); open"),
    ):
        take(writing)
    with path.open("rb") as closed:
        pass
    with pytest.raises(InvalidArgumentError, match=r"is not open for reading bytes \(.*closed file\); open it with"):
        take(closed)
    with pytest.raises(InvalidArgumentError, match=r"^body=.*: must name a file; open a pipe or a device"):
        take(path.parent)


@pytest.mark.parametrize("piece", [None, "text"])
def test_a_file_that_yields_no_bytes_is_refused_when_it_is_read(piece: Any) -> None:
    class Odd:
        def read(self, size: int) -> Any:
            return piece if size else b""

    with pytest.raises(InvalidArgumentError, match="must yield bytes"):
        sent(content_of(Odd()))


def test_a_file_that_shrinks_while_it_waits_is_noticed(path: Path) -> None:
    with path.open("rb") as file:
        body = Binary().encode(file)
        path.write_bytes(b"ab")
        with pytest.raises(InvalidArgumentError, match=f"body: has 2 bytes, not {len(DATA)}"):
            sent(body)


def test_a_file_that_grows_is_sent_as_far_as_it_went(path: Path) -> None:
    with path.open("rb") as file:
        body = Binary().encode(file)
        with path.open("ab") as more:
            more.write(b"more")
        assert sent(body) == DATA


def test_a_request_with_a_stream_of_unknown_size_shows_that() -> None:
    assert repr(put(Binary().encode(Pipe()))).endswith("/x, a stream>")
    with pytest.raises(TypeError, match=r"^the size of this stream is not known$"):
        len(OpenFile(Pipe()))
