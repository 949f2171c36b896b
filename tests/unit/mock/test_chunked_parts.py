"""Parts with `Transfer-Encoding: chunked`, as Box's JavaScript SDKs send them, and parts with `Content-Length`."""

import json
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import pytest
from box_uploads_mock import MockServer, SlowRead, State

from tests.unit.mock.in_process import NoResponseError
from tests.unit.mock.uploading import DATA, PART_SIZE, Upload, digest, small_state

PUT = "upload_part"
# First, middle and last part of the ten bytes; the last one is shorter.
PARTS = range(3)

# Sends the pieces of a part's body, and returns status and error code of the response, "" for none.
Sender = Callable[[Upload, int, Sequence[bytes], str], tuple[int, str]]


def content(index: int) -> bytes:
    return DATA[index * PART_SIZE : (index + 1) * PART_SIZE]


@contextmanager
def serving(state: State) -> Iterator[tuple[MockServer, socket.socket]]:
    with MockServer(state=state) as server:
        address = ("127.0.0.1", urlsplit(server.origin).port or 0)
        with socket.create_connection(address, timeout=10) as connection:
            yield server, connection


def head(upload: Upload, index: int, expected: str, *lines: str) -> bytes:
    fixed = [
        f"PUT {upload.path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Authorization: Bearer mock-token",
        "Content-Type: application/octet-stream",
        f"Digest: {expected}",
        f"Content-Range: {upload.range(index)}",
    ]
    return "\r\n".join([*fixed, *lines, "", ""]).encode()


def framed(pieces: Sequence[bytes]) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces if piece)


def answer_of(connection: socket.socket) -> tuple[int, str]:
    response = HTTPResponse(connection)
    response.begin()
    body = json.loads(response.read())
    return response.status, body.get("code", "")


def over_sockets(upload: Upload, index: int, pieces: Sequence[bytes], expected: str) -> tuple[int, str]:
    with serving(upload.state) as (_, connection):
        start = head(upload, index, expected, "Transfer-Encoding: chunked")
        connection.sendall(start + framed(pieces) + b"0\r\n\r\n")
        return answer_of(connection)


def over_sockets_with_length(upload: Upload, index: int, pieces: Sequence[bytes], expected: str) -> tuple[int, str]:
    body = b"".join(pieces)
    with serving(upload.state) as (_, connection):
        connection.sendall(head(upload, index, expected, f"Content-Length: {len(body)}") + body)
        return answer_of(connection)


def in_process(upload: Upload, index: int, pieces: Sequence[bytes], expected: str) -> tuple[int, str]:
    response = upload.put(
        index, chunks=[*pieces, b""], digest=expected, content_length=None, transfer_encoding="chunked"
    )
    return response.status, response.body.get("code", "")


def in_process_with_length(upload: Upload, index: int, pieces: Sequence[bytes], expected: str) -> tuple[int, str]:
    response = upload.put(index, b"".join(pieces), chunks=[*pieces, b""], digest=expected)
    return response.status, response.body.get("code", "")


CHUNKED: list[Sender] = [over_sockets, in_process]
WITH_LENGTH: list[Sender] = [over_sockets_with_length, in_process_with_length]
EVERY_WAY = pytest.mark.parametrize("send_part", [*CHUNKED, *WITH_LENGTH])
EVERY_PART = pytest.mark.parametrize("index", PARTS)


@pytest.fixture
def upload() -> Upload:
    return Upload(small_state())


def stored(upload: Upload) -> int:
    return int(upload.get().body["num_parts_processed"])


@EVERY_WAY
@EVERY_PART
@pytest.mark.parametrize("pieces", [1, 4])
def test_a_part_that_fills_its_range_is_stored_with_either_framing(
    upload: Upload, send_part: Sender, index: int, pieces: int
) -> None:
    body = content(index)
    step = -(-len(body) // pieces)
    cut = [body[start : start + step] for start in range(0, len(body), step)]
    assert send_part(upload, index, cut, digest(body)) == (200, "")
    for other in set(PARTS) - {index}:
        assert upload.put(other).status == 200
    parts = upload.get("/parts").body["entries"]
    file = upload.commit([{name: part[name] for name in ("part_id", "offset", "size", "sha1")} for part in parts])
    assert upload.state.content(file.body["entries"][0]["id"]) == DATA


@EVERY_WAY
@EVERY_PART
def test_a_part_that_is_too_short_gets_416(upload: Upload, send_part: Sender, index: int) -> None:
    for body in (b"", content(index)[:-1]):
        assert send_part(upload, index, [body], digest(body)) == (416, "requested_range_not_satisfiable")
    assert stored(upload) == 0
    assert upload.put(index).status == 200


@pytest.mark.parametrize("send_part", CHUNKED)
@EVERY_PART
@pytest.mark.parametrize("extra", [b"_", b"_" * 100_000])
def test_a_chunked_part_that_is_too_long_gets_416(upload: Upload, send_part: Sender, index: int, extra: bytes) -> None:
    body = content(index) + extra
    response = send_part(upload, index, [content(index), extra], digest(body))
    assert response == (416, "requested_range_not_satisfiable")
    assert stored(upload) == 0
    assert upload.put(index).status == 200


@pytest.mark.parametrize("send_part", WITH_LENGTH)
@EVERY_PART
def test_a_part_whose_content_length_is_too_long_is_rejected(upload: Upload, send_part: Sender, index: int) -> None:
    body = content(index) + b"_"
    is_larger_than_any_part = len(body) > PART_SIZE
    expected = (
        (413, "request_entity_too_large") if is_larger_than_any_part else (416, "requested_range_not_satisfiable")
    )
    assert send_part(upload, index, [body], digest(body)) == expected
    assert stored(upload) == 0


@EVERY_WAY
@EVERY_PART
def test_a_part_with_a_wrong_digest_gets_412_with_either_framing(upload: Upload, send_part: Sender, index: int) -> None:
    assert send_part(upload, index, [content(index)], digest(b"other")) == (412, "precondition_failed")
    assert stored(upload) == 0
    assert upload.put(index).status == 200


@EVERY_PART
@pytest.mark.parametrize("is_chunked", [True, False])
@pytest.mark.parametrize("size", [0, 1])
def test_a_part_whose_client_disconnects_is_not_stored(upload: Upload, index: int, is_chunked: bool, size: int) -> None:
    sent = content(index)[:size]
    line = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {len(content(index))}"
    with serving(upload.state) as (_, connection):
        body = framed([sent]) if is_chunked else sent
        connection.sendall(head(upload, index, digest(content(index)), line) + body)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(100) == b""
    assert stored(upload) == 0
    assert [exchange.operation for exchange in upload.state.request_log].count(PUT) == 0
    assert upload.put(index).status == 200


@EVERY_PART
@pytest.mark.parametrize("framing", [{}, {"content_length": None, "transfer_encoding": "chunked"}], ids=str)
def test_a_part_whose_in_process_client_disconnects_is_not_stored(
    upload: Upload, index: int, framing: dict[str, Any]
) -> None:
    with pytest.raises(NoResponseError):
        upload.put(index, chunks=[], digest=digest(content(index)), **framing)
    assert stored(upload) == 0
    assert upload.put(index).status == 200


def test_a_malformed_chunk_size_is_rejected(upload: Upload) -> None:
    with serving(upload.state) as (_, connection):
        start = head(upload, 0, digest(content(0)), "Transfer-Encoding: chunked")
        connection.sendall(start + b"4\r\n0123\r\nxyz\r\n")
        assert b"200" not in connection.recv(100)
    assert stored(upload) == 0


@pytest.mark.parametrize("encoding", ["gzip", "chunked, gzip", "gzip, chunked", "identity", ""])
def test_other_transfer_encodings_get_400(upload: Upload, encoding: str) -> None:
    response = upload.put(0, content_length=None, transfer_encoding=encoding)
    assert (response.status, response.code) == (400, "bad_request")
    assert "'chunked'" in response.body["message"]


def test_chunked_encoding_with_content_length_gets_400(upload: Upload) -> None:
    response = upload.put(0, transfer_encoding="chunked")
    assert (response.status, response.code) == (400, "bad_request")
    with serving(upload.state) as (_, connection):
        start = head(upload, 0, digest(content(0)), "Transfer-Encoding: chunked", "Content-Length: 4")
        connection.sendall(start + framed([content(0)]) + b"0\r\n\r\n")
        assert answer_of(connection) == (400, "bad_request")
    assert stored(upload) == 0


def test_transfer_encoding_is_case_insensitive(upload: Upload) -> None:
    assert upload.put(0, content_length=None, transfer_encoding="Chunked").status == 200


def test_a_connection_stays_open_after_a_chunked_part(upload: Upload) -> None:
    with serving(upload.state) as (_, connection):
        for index in PARTS:
            start = head(upload, index, digest(content(index)), "Transfer-Encoding: chunked")
            connection.sendall(start + framed([content(index)]) + b"0\r\n\r\n")
            assert answer_of(connection) == (200, "")


def test_faults_fire_for_chunked_parts(upload: Upload) -> None:
    upload.state.faults.add(SlowRead(operation=PUT, bytes_per_read=1, pause_s=0))
    assert over_sockets(upload, 0, [content(0)], digest(content(0))) == (200, "")
    upload.state.faults.require_fired()
