"""Parts with `Transfer-Encoding: chunked`, as Box's JavaScript SDKs send them, and parts with `Content-Length`."""

import json
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPResponse
from typing import Any

import pytest
from box_uploads_mock import MockServer, SlowRead

from tests.unit.mock.connecting import connect
from tests.unit.mock.in_process import NoResponseError
from tests.unit.mock.uploading import DATA, PART_SIZE, Upload, digest, small_state

PUT = "upload_part"
# First, middle and last part of the ten bytes; the last one is shorter.
PARTS = range(3)
EVERY_PART = pytest.mark.parametrize("index", PARTS)
OVER_A_SOCKET_OR_IN_PROCESS = pytest.mark.parametrize("over_socket", [True, False])
WITH_EITHER_FRAMING = pytest.mark.parametrize("is_chunked", [True, False])
CHUNKED: dict[str, Any] = {"content_length": None, "transfer_encoding": "chunked"}
TOO_LARGE = (413, "request_entity_too_large")
NO_RANGE = (416, "requested_range_not_satisfiable")


def content(index: int) -> bytes:
    return DATA[index * PART_SIZE : (index + 1) * PART_SIZE]


@contextmanager
def connected(upload: Upload) -> Iterator[socket.socket]:
    with MockServer(state=upload.state) as server, connect(server) as connection:
        yield connection


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


def receive(connection: socket.socket) -> tuple[int, str]:
    """Return the status and the error code of a response, "" for none."""
    response = HTTPResponse(connection)
    response.begin()
    return response.status, json.loads(response.read()).get("code", "")


def send_chunked(
    connection: socket.socket, upload: Upload, index: int, pieces: Sequence[bytes], expected: str
) -> tuple[int, str]:
    start = head(upload, index, expected, "Transfer-Encoding: chunked")
    connection.sendall(start + framed(pieces) + b"0\r\n\r\n")
    return receive(connection)


def send_part(
    upload: Upload, index: int, pieces: Sequence[bytes], expected: str, *, over_socket: bool, is_chunked: bool
) -> tuple[int, str]:
    body = b"".join(pieces)
    if not over_socket:
        response = upload.put(index, body, chunks=[*pieces, b""], digest=expected, **(CHUNKED if is_chunked else {}))
        return response.status, response.body.get("code", "")
    with connected(upload) as connection:
        if is_chunked:
            return send_chunked(connection, upload, index, pieces, expected)
        connection.sendall(head(upload, index, expected, f"Content-Length: {len(body)}") + body)
        return receive(connection)


@pytest.fixture
def upload() -> Upload:
    return Upload(small_state())


def require_not_stored(upload: Upload, index: int) -> None:
    """Check that nothing is stored, and that the part can still be uploaded."""
    assert upload.get().body["num_parts_processed"] == 0
    assert upload.put(index).status == 200


@OVER_A_SOCKET_OR_IN_PROCESS
@WITH_EITHER_FRAMING
@EVERY_PART
@pytest.mark.parametrize("pieces", [1, 4])
def test_a_part_that_fills_its_range_is_stored(
    upload: Upload, over_socket: bool, is_chunked: bool, index: int, pieces: int
) -> None:
    body = content(index)
    step = -(-len(body) // pieces)
    cut = [body[start : start + step] for start in range(0, len(body), step)]
    response = send_part(upload, index, cut, digest(body), over_socket=over_socket, is_chunked=is_chunked)
    assert response == (200, "")
    for other in set(PARTS) - {index}:
        assert upload.put(other).status == 200
    file = upload.commit(upload.get("/parts").body["entries"])
    assert upload.state.content(file.body["entries"][0]["id"]) == DATA


@OVER_A_SOCKET_OR_IN_PROCESS
@WITH_EITHER_FRAMING
@EVERY_PART
def test_a_part_of_another_length_or_digest_is_rejected(
    upload: Upload, over_socket: bool, is_chunked: bool, index: int
) -> None:
    right = content(index)
    for pieces in ([b""], [right[:-1]], [right, b"_"], [right, b"_" * 100_000]):
        body = b"".join(pieces)
        response = send_part(upload, index, pieces, digest(body), over_socket=over_socket, is_chunked=is_chunked)
        assert response == (TOO_LARGE if len(body) > PART_SIZE and not is_chunked else NO_RANGE)
    response = send_part(upload, index, [right], digest(b"other"), over_socket=over_socket, is_chunked=is_chunked)
    assert response == (412, "precondition_failed")
    require_not_stored(upload, index)


@EVERY_PART
@WITH_EITHER_FRAMING
@pytest.mark.parametrize("size", [0, 1])
def test_a_part_whose_client_disconnects_is_not_stored(upload: Upload, index: int, is_chunked: bool, size: int) -> None:
    sent = content(index)[:size]
    line = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {len(content(index))}"
    with connected(upload) as connection:
        body = framed([sent]) if is_chunked else sent
        connection.sendall(head(upload, index, digest(content(index)), line) + body)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(100) == b""
    assert [exchange.operation for exchange in upload.state.request_log].count(PUT) == 0
    require_not_stored(upload, index)


@EVERY_PART
@WITH_EITHER_FRAMING
def test_a_part_whose_in_process_client_disconnects_is_not_stored(upload: Upload, index: int, is_chunked: bool) -> None:
    with pytest.raises(NoResponseError):
        upload.put(index, chunks=[], digest=digest(content(index)), **(CHUNKED if is_chunked else {}))
    require_not_stored(upload, index)


def test_a_malformed_chunk_size_is_rejected(upload: Upload) -> None:
    with connected(upload) as connection:
        start = head(upload, 0, digest(content(0)), "Transfer-Encoding: chunked")
        connection.sendall(start + b"4\r\n0123\r\nxyz\r\n")
        assert b"200" not in connection.recv(100)
    require_not_stored(upload, 0)


@pytest.mark.parametrize("encoding", ["gzip", "chunked, gzip", "gzip, chunked", "identity", ""])
def test_other_transfer_encodings_get_400(upload: Upload, encoding: str) -> None:
    response = upload.put(0, content_length=None, transfer_encoding=encoding)
    assert (response.status, response.code) == (400, "bad_request")
    assert "'chunked'" in response.body["message"]


def test_chunked_encoding_with_content_length_gets_400(upload: Upload) -> None:
    response = upload.put(0, transfer_encoding="chunked")
    assert (response.status, response.code) == (400, "bad_request")
    with connected(upload) as connection:
        start = head(upload, 0, digest(content(0)), "Transfer-Encoding: chunked", "Content-Length: 4")
        connection.sendall(start + framed([content(0)]) + b"0\r\n\r\n")
        assert receive(connection) == (400, "bad_request")
    require_not_stored(upload, 0)


def test_transfer_encoding_is_case_insensitive(upload: Upload) -> None:
    assert upload.put(0, content_length=None, transfer_encoding="Chunked").status == 200


def test_a_connection_stays_open_after_a_chunked_part_and_faults_fire_for_it(upload: Upload) -> None:
    upload.state.faults.add(SlowRead(operation=PUT, bytes_per_read=1, pause_s=0))
    with connected(upload) as connection:
        for index in PARTS:
            body = content(index)
            assert send_chunked(connection, upload, index, [body], digest(body)) == (200, "")
