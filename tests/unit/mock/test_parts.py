"""Uploading parts and listing them."""

import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from box_uploads_mock import State

from tests.unit.mock.in_process import SESSIONS, headers, require_error, send
from tests.unit.mock.uploading import DATA, NO_DIGEST, NOW, SESSION_CALLS, Upload, digest, small_state


@pytest.fixture
def upload() -> Upload:
    return Upload(small_state())


def test_a_part_is_returned_in_the_format_of_box(upload: Upload) -> None:
    response = upload.put(0)
    assert response.status == 200
    part = response.body["part"]
    assert re.fullmatch(r"[0-9A-F]{8}", part.pop("part_id"))
    sha1 = hashlib.sha1(DATA[:4], usedforsecurity=False).hexdigest()
    assert part == {"offset": 0, "size": 4, "sha1": sha1}


def test_a_part_may_be_returned_bare(upload: Upload) -> None:
    upload.state.bare_responses = True
    assert upload.put(0).body.keys() == {"part_id", "offset", "size", "sha1"}


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_parts_come_in_any_order_and_are_counted(upload: Upload, order: tuple[int, ...]) -> None:
    for done, index in enumerate(order, 1):
        assert upload.put(index).status == 200
        assert upload.get().body["num_parts_processed"] == done
    assert [part["offset"] for part in upload.get("/parts").body["entries"]] == [0, 4, 8]
    assert upload.get("/parts").body["entries"][2]["size"] == 2


def test_the_status_is_the_session_as_it_was_created(upload: Upload) -> None:
    assert upload.get().body == upload.session


def test_a_stored_range_gets_416_with_the_stored_part(upload: Upload) -> None:
    part = upload.put(1).body["part"]
    for body in (None, b"____"):
        response = upload.put(1, body)
        assert (response.status, response.code) == (416, "range_overlaps_existing_part")
        named = {"id": part["part_id"], "offset": 4, "size": 4}
        assert response.body["context_info"] == {"part": named}
        shown = f'{{"id":"{part["part_id"]}","offset":4,"size":4}}'
        assert response.body["message"] == f"Part overlaps with previously uploaded part: {shown}"
    assert upload.get().body["num_parts_processed"] == 1


@pytest.mark.parametrize("name", ["SHA=", "sha=", "Sha="])
def test_the_digest_algorithm_is_case_insensitive(upload: Upload, name: str) -> None:
    assert upload.put(0, digest=name + digest(DATA[:4])[4:]).status == 200


@pytest.mark.parametrize(("value", "body"), [
    ("1-4", b"1234"), ("0-2", b"012"), ("8-8", b"8"), ("8-11", b"89__"), ("12-15", b"____"), ("4-3", b""),
    ("10-9", b""), ("0-9999999999999999999", b"0123"),
])  # fmt: skip
def test_a_range_that_is_not_a_part_gets_416(upload: Upload, value: str, body: bytes) -> None:
    response = upload.put(0, body, content_range=f"bytes {value}/10")
    assert (response.status, response.code) == (416, "requested_range_not_satisfiable")


def test_a_body_larger_than_a_part_gets_413_before_it_is_read(upload: Upload) -> None:
    response = upload.put(0, chunks=[], content_length="5")
    require_error(response, 413, "request_entity_too_large", "Request Entity Too Large")


NO_DIGESTS = [
    *("", "x", "sha=", "md5=" + digest(b"")[4:], digest(b"")[4:], "sha=" + "A" * 40, digest(b"") + "=", "bytes 0-0/0")
]
NO_RANGES = [
    *("", "x", "x" * 99, "bytes 0-0/0", "bytes 0-3", "0-3/10", "bytes 0-3/*", "bytes 00-3/10", "bytes=0-3/10"),
    "bytes -3/10",
]
NO_BINARY = [None, "", "application/json", "text/plain"]
NO_RANGE = "The content range is not bytes <first>-<last>/<size of the file>."
OTHER_FILE = "The range 'bytes 0-3/11' is not a part: the file has 10 bytes, every part but the last 4."


@pytest.mark.parametrize(
    ("changes", "status", "code", "message", "name"),
    [
        ({"digest": None}, 400, "bad_request", "The digest header is missing.", None),
        *(({"digest": value}, 400, "invalid_parameter", NO_DIGEST, "digest") for value in NO_DIGESTS),
        ({"content_range": None}, 400, "bad_request", "The content-range header is missing.", None),
        *(({"content_range": value}, 400, "invalid_parameter", NO_RANGE, "content-range") for value in NO_RANGES),
        ({"content_range": "bytes 0-3/11"}, 416, "requested_range_not_satisfiable", OTHER_FILE, None),
        ({"content_length": None}, 411, "length_required", "Length Required", None),
        ({"content_length": "x"}, 400, "bad_request", "The Content-Length header is malformed.", None),
        *(({"content_type": v}, 415, "unsupported_media_type", "Unsupported Media Type", None) for v in NO_BINARY),
    ],
    ids=str,
)
def test_a_rejected_part_says_why(
    upload: Upload, *, changes: dict[str, Any], status: int, code: str, message: str, name: str | None
) -> None:
    require_error(upload.put(0, **changes), status, code, message, name)


@pytest.mark.parametrize(("body", "chunks"), [
    (b"", [b""]), (b"012", [b"012"]), (b"0123", [b"012"]), (b"0123", [b"0123", b"45"]), (b"0123", [b""]),
])  # fmt: skip
def test_a_part_of_another_length_says_both_lengths(upload: Upload, body: bytes, chunks: list[bytes]) -> None:
    message = f"The body has {len(b''.join(chunks))} bytes, the range 'bytes 0-3/10' has 4."
    response = upload.put(0, body, chunks=chunks)
    require_error(response, 416, "requested_range_not_satisfiable", message)
    assert upload.get().body["num_parts_processed"] == 0


def test_a_wrong_digest_of_a_part_says_both_digests(upload: Upload) -> None:
    for other in (b"", b"other"):
        shown = f"Actual: {digest(DATA[:4])[4:]} Expected: {digest(other)[4:]}"
        response = upload.put(0, digest=digest(other))
        require_error(response, 412, "precondition_failed", f"Part digest was incorrect. {shown}")
    assert upload.get().body["num_parts_processed"] == 0
    assert upload.put(0).status == 200


def test_the_checks_of_a_part_come_in_a_fixed_order(upload: Upload) -> None:
    bad: dict[str, Any] = {"authorization": None, "as_user": "x", "content_length": None, "content_type": None}
    bad |= {"digest": None, "content_range": "bytes 1-2/3"}
    statuses = [upload.put(0, b"_", **bad).status]
    for name in list(bad):
        del bad[name]
        statuses.append(upload.put(0, b"_", **bad).status)
    assert statuses == [401, 400, 411, 415, 400, 416, 416]


def test_header_names_are_case_insensitive(upload: Upload) -> None:
    sent = headers(DATA[:4], content_type="application/octet-stream")
    sent |= {"DIGEST": digest(DATA[:4]), "Content-Range": upload.range(0)}
    assert send(upload.state, "PUT", upload.path, sent, [DATA[:4]]).status == 200


def test_session_ids_are_case_insensitive(upload: Upload) -> None:
    upload.path = upload.path.lower()
    assert upload.put(0).status == 200


@pytest.mark.parametrize("query", [
    "offset=10001", "limit=1001", "limit=0", "offset=-1", "offset=x", "limit=", "limit=1.5",
])  # fmt: skip
def test_a_page_out_of_bounds_says_the_bounds(upload: Upload, query: str) -> None:
    name = query.partition("=")[0]
    message = f"It is not a whole number from {'0 to 10000' if name == 'offset' else '1 to 1000'}."
    require_error(upload.get(f"/parts?{query}"), 400, "invalid_parameter", message, name)


@pytest.mark.parametrize("query", ["limit=1.0", "offset=0&unknown=1"])
def test_a_page_within_bounds_is_returned(upload: Upload, query: str) -> None:
    assert upload.get(f"/parts?{query}").status == 200


@pytest.mark.parametrize("call", SESSION_CALLS.values(), ids=SESSION_CALLS)
def test_a_session_that_is_not_open_says_why(call: Callable[[Upload], Any]) -> None:
    now = [NOW]
    upload = Upload(small_state(clock=lambda: now[0]))
    path = upload.path
    for session_id in ("x", "0" * 31, "0" * 33, "g" * 32, "%D9%A1" * 32, "0" * 32 + "%0A"):
        upload.path = f"{SESSIONS}/{session_id}"
        message = "The id of the session is not 32 hexadecimal digits."
        require_error(call(upload), 400, "invalid_upload_session_id", message, "upload_session_id")
    for session_id in ("0" * 32, "f" * 32, "A" * 32):
        upload.path = f"{SESSIONS}/{session_id}"
        require_error(call(upload), 404, "upload_session_not_found", "Upload session not found")
    upload.path = path
    now[0] = NOW + timedelta(days=7, microseconds=-1)
    assert upload.get().status == 200
    now[0] = NOW + timedelta(days=7)
    require_error(call(upload), 410, "session_expired", "The upload session has expired")


def test_parts_are_kept_by_ids_that_the_seed_decides() -> None:
    def run(seed: int) -> list[object]:
        upload = Upload(small_state(seed=seed))
        return [upload.put(index).content for index in range(3)]

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_the_part_size_can_be_that_of_box(state: State) -> None:
    assert Upload(state, bytes(20_000_000)).session["part_size"] == 8 * 1024**2
