"""What each error says: its status, its code, its message, and the argument that it blames."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from box_uploads_mock import Failure, LatePartsMismatch, State, World

from tests.unit.mock.in_process import SESSIONS, Answer, get_file, headers, new_file, post, send, versions
from tests.unit.mock.uploading import DATA, NOW, SHA1, Upload, digest, small_state

CREATE = "create_upload_session"
PART = {"part_id": "0" * 8, "offset": 0, "size": 1, "sha1": SHA1}
HELP_URL = "https://developer.box.com/guides/api-calls/permissions-and-errors/common-errors/"


def require_error(answer: Answer, status: int, code: str, message: str, name: str | None = None) -> None:
    """Check the whole body of an error; the name is that of the argument which it blames, if it blames one."""
    blamed = {"errors": [{"reason": "invalid_parameter", "name": name, "message": message}]}
    body = answer.body
    assert len(body.pop("request_id")) == 32
    assert (answer.status, body) == (
        status,
        {
            "type": "error",
            "status": status,
            "code": code,
            "message": message,
            "context_info": None if name is None else blamed,
            "help_url": HELP_URL,
        },
    )


NOT_DIGITS = "The id of the folder is not 1 to 19 decimal digits."
NO_NAME = "The name is not one that Box can store."
TOO_SMALL = "The file size is below the minimum of 20000000 bytes."


@pytest.mark.parametrize(
    ("changes", "code", "name", "message"),
    [
        ({"folder_id": None}, "missing_destination", "folder_id", "The folder of the file is missing."),
        ({"folder_id": "x"}, "invalid_folder_id", "folder_id", NOT_DIGITS),
        ({"file_name": None}, "missing_file_name", "file_name", "The name of the file is missing."),
        ({"file_name": 1}, "item_name_invalid", "file_name", NO_NAME),
        ({"file_name": "/"}, "item_name_invalid", "file_name", NO_NAME),
        ({"file_name": "a" * 256}, "item_name_too_long", "file_name", "The name has more than 255 characters."),
        ({"file_size": None}, "missing_file_size", "file_size", "The size of the file is missing."),
        ({"file_size": "1"}, "invalid_file_size", "file_size", "The file size is not a whole number of bytes."),
        ({"file_size": 19_999_999}, "file_size_too_small", "file_size", TOO_SMALL),
        ({"more": 1}, "bad_request", "more", "The request body has a property that is not known."),
        ({"\u00e9" * 30: 1}, "bad_request", "\\xe9" * 25, "The request body has a property that is not known."),
    ],
    ids=str,
)
def test_a_create_says_what_is_wrong(
    state: State, changes: Mapping[str, object], code: str, name: str, message: str
) -> None:
    body = new_file(**changes)
    require_error(post(state, SESSIONS, body), 400, code, message, name)
    # What may be left out of a request for a version is wrong there if it is null.
    if not code.startswith("missing") or name == "file_size":
        require_error(post(state, versions("12345"), body), 400, code, message, name)


@pytest.mark.parametrize("path", [SESSIONS, versions("12345")])
@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "The request body is not valid JSON."),
        (b'{"file_size": NaN}', "The request body is not valid JSON."),
        (b"[]", "The request body is not a JSON object."),
    ],
)
def test_a_body_that_is_no_object_is_told_so(state: State, path: str, body: bytes, message: str) -> None:
    require_error(post(state, path, body), 400, "bad_request", message)


@pytest.mark.parametrize(
    ("changes", "status", "code", "message", "name"),
    [
        ({"host": None}, 400, "bad_request", "The Host header is missing or malformed.", None),
        ({"authorization": None}, 401, "unauthorized", "Unauthorized", None),
        ({"authorization": "Bearer x"}, 401, "unauthorized", "Unauthorized", None),
        (
            {"as_user": "x"},
            400,
            "invalid_parameter",
            "The id of the user is not 1 to 19 decimal digits.",
            "as-user",
        ),
        (
            {"as_user": "2"},
            403,
            "access_denied_insufficient_permissions",
            "Access denied - insufficient permission",
            None,
        ),
        ({"content_length": None}, 411, "length_required", "Length Required", None),
        ({"content_length": "x"}, 400, "bad_request", "The Content-Length header is malformed.", None),
        ({"content_length": "9" * 19}, 413, "request_entity_too_large", "Request Entity Too Large", None),
        ({"content_type": "text/plain"}, 415, "unsupported_media_type", "Unsupported Media Type", None),
    ],
    ids=str,
)
def test_a_request_that_is_not_admitted_is_told_why(
    changes: Mapping[str, str | None], status: int, code: str, message: str, name: str | None
) -> None:
    require_error(post(State(World(users=["1"])), SESSIONS, new_file(), **changes), status, code, message, name)


def test_a_limited_request_is_told_when_to_come_again(state: State) -> None:
    state.rate_limit(retry_after_s=3)
    answer = post(state, SESSIONS, new_file())
    require_error(answer, 429, "rate_limit_exceeded", "Request rate limit exceeded, please try again later")
    assert answer.headers["retry-after"] == "3"


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", SESSIONS, "OPTIONS, POST"),
        ("GET", versions("12345"), "OPTIONS, POST"),
        ("POST", f"{SESSIONS}/{'A' * 32}", "DELETE, GET, OPTIONS, PUT"),
        ("PUT", f"{SESSIONS}/{'A' * 32}/parts", "GET, OPTIONS"),
        ("GET", f"{SESSIONS}/{'A' * 32}/commit", "OPTIONS, POST"),
        ("GET", f"{SESSIONS}/{'A' * 32}/log", "OPTIONS, POST"),
        ("PUT", "/api/2.0/files/12345", "GET, OPTIONS"),
    ],
)
def test_a_method_that_a_path_does_not_take_is_told_the_others(
    state: State, method: str, path: str, allow: str
) -> None:
    answer = send(state, method, path, headers())
    require_error(answer, 405, "method_not_allowed", "Method Not Allowed")
    assert answer.headers["allow"] == allow


def test_a_path_that_there_is_not_is_told_so(state: State) -> None:
    require_error(send(state, "GET", "/api/2.0/folders/0", headers()), 404, "not_found", "Not Found")


@pytest.mark.parametrize(
    ("path", "code", "message", "name"),
    [
        ("404", "not_found", "Invalid value '404'.", "file"),
        ("12348", "trashed", "The file '12348' is in the trash.", "file"),
        ("x", "invalid_parameter", "The id of the file is not 1 to 19 decimal digits.", "file_id"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_why(state: State, path: str, code: str, message: str, name: str) -> None:
    status = 400 if code == "invalid_parameter" else 404
    require_error(get_file(state, path), status, code, message, name)
    require_error(post(state, versions(path), {"file_size": 20_000_000}), status, code, message, name)


@pytest.mark.parametrize(
    ("changes", "code", "message", "name"),
    [
        ({"folder_id": "404"}, "not_found", "Invalid value '404'.", "folder"),
        ({"folder_id": "300"}, "trashed", "The folder '300' is in the trash.", "folder"),
        (
            {"file_size": 2**63 - 1},
            "file_size_limit_exceeded",
            "The file is larger than the account allows for one file.",
            "file_size",
        ),
    ],
    ids=str,
)
def test_a_file_that_cannot_be_stored_is_told_why(
    state: State, changes: Mapping[str, object], code: str, message: str, name: str
) -> None:
    status = 403 if code == "file_size_limit_exceeded" else 404
    require_error(post(state, SESSIONS, new_file(**changes)), status, code, message, name)
    body = {"file_size": 20_000_000, **changes}
    require_error(post(state, versions("12345"), body), status, code, message, name)


def test_a_storage_without_room_is_told_so() -> None:
    answer = post(State(World(quota_bytes=20_000_000)), SESSIONS, new_file(file_size=20_000_001))
    require_error(answer, 403, "storage_limit_exceeded", "Account storage limit reached")


@pytest.mark.parametrize(
    ("name", "conflict"),
    [
        ("footage", {"type": "folder", "id": "100", "name": "Footage", "sequence_id": "0", "etag": "0"}),
        (
            "contract.pdf",
            {
                "type": "file",
                "id": "12345",
                "name": "Contract.pdf",
                "sequence_id": "0",
                "etag": "0",
                "sha1": "8cb2237d0679ca88db6464eac60da96345513964",
            },
        ),
    ],
)
@pytest.mark.parametrize("as_list", [False, True])
def test_a_name_that_is_taken_is_told_by_what(state: State, name: str, conflict: object, *, as_list: bool) -> None:
    state.conflicts_as_list = as_list
    answer = post(state, SESSIONS, new_file(file_name=name))
    assert (answer.status, answer.code) == (409, "item_name_in_use")
    assert answer.body["message"] == "Item with the same name already exists"
    assert answer.body["context_info"] == {"conflicts": [conflict] if as_list else conflict}


def test_a_session_of_which_nobody_was_told_is_a_conflict() -> None:
    upload = Upload(small_state())
    upload.state.session_store.mark_unacknowledged(upload.id)
    answer = post(upload.state, SESSIONS, new_file(file_size=len(DATA)))
    assert (answer.status, answer.code) == (409, "session_conflict")
    assert answer.body["message"] == "A session for this file already exists"
    assert answer.body["context_info"] == {"session": upload.session}


@pytest.mark.parametrize(
    "call", [Upload.get, Upload.abort, lambda upload: upload.put(0), lambda upload: upload.commit([PART])]
)
def test_a_session_that_is_not_open_is_told_so(call: Callable[[Upload], Answer]) -> None:
    now = [NOW]
    upload = Upload(small_state(clock=lambda: now[0]))
    path = upload.path
    upload.path = f"{SESSIONS}/x"
    message = "The id of the session is not 32 hexadecimal digits."
    require_error(call(upload), 400, "invalid_upload_session_id", message, "upload_session_id")
    upload.path = f"{SESSIONS}/{'A' * 32}"
    require_error(call(upload), 404, "upload_session_not_found", "Upload session not found")
    upload.path = path
    now[0] += timedelta(days=7)
    require_error(call(upload), 410, "session_expired", "The upload session has expired")


NO_DIGEST = "The digest is not sha= and the base64 of a SHA-1."
NO_RANGE = "The content range is not bytes <first>-<last>/<size of the file>."
OTHER_FILE = "The range 'bytes 0-3/11' is none of the session: the file has 10 bytes, every part but the last 4."


@pytest.mark.parametrize(
    ("changes", "status", "code", "message", "name"),
    [
        ({"digest": None}, 400, "bad_request", "The digest header is missing.", None),
        ({"digest": "x"}, 400, "invalid_parameter", NO_DIGEST, "digest"),
        ({"content_range": None}, 400, "bad_request", "The content-range header is missing.", None),
        ({"content_range": "x"}, 400, "invalid_parameter", NO_RANGE, "content-range"),
        ({"content_range": "bytes 0-3/11"}, 416, "requested_range_not_satisfiable", OTHER_FILE, None),
        ({"content_length": "5"}, 413, "request_entity_too_large", "Request Entity Too Large", None),
        ({"content_length": None}, 411, "length_required", "Length Required", None),
        ({"content_length": "x"}, 400, "bad_request", "The Content-Length header is malformed.", None),
        ({"content_type": "text/plain"}, 415, "unsupported_media_type", "Unsupported Media Type", None),
    ],
    ids=str,
)
def test_a_part_that_is_not_taken_is_told_why(
    changes: dict[str, Any], status: int, code: str, message: str, name: str | None
) -> None:
    require_error(Upload(small_state()).put(0, **changes), status, code, message, name)


@pytest.mark.parametrize(
    ("body", "chunks", "length"),
    [(b"012", None, 3), (None, [b"012"], 3), (None, [b"0123", b"45"], 6), (None, [b""], 0)],
)
def test_a_part_of_another_length_is_told_both_lengths(body: bytes | None, chunks: Any, length: int) -> None:
    message = f"The body has {length} bytes, the range 'bytes 0-3/10' has 4."
    answer = Upload(small_state()).put(0, body, chunks=chunks)
    require_error(answer, 416, "requested_range_not_satisfiable", message)


NO_PART_ID = "The id of a part is not 8 hexadecimal digits."
NO_PART_SIZE = "Offset or size of a part is not a number of bytes."
NO_PART_SHA1 = "The SHA-1 of a part is not 40 hexadecimal digits."
NO_ATTRIBUTES = "The attributes are not an object."
NO_TIME = "The time is not written as RFC 3339 has it."
NO_DESCRIPTION = "It is not a text of at most 256 characters."
UNKNOWN = "The request body has a property that is not known."


@pytest.mark.parametrize(
    ("body", "code", "name", "message"),
    [
        ({}, "invalid_parameter", "parts", "The parts are missing."),
        ({"parts": 1}, "invalid_parameter", "parts", "The parts are missing."),
        ({"parts": [1]}, "invalid_parameter", "parts", "A part is not an object."),
        ({"parts": [{**PART, "part_id": "x"}]}, "invalid_parameter", "part_id", NO_PART_ID),
        ({"parts": [{**PART, "part_id": 1}]}, "invalid_parameter", "part_id", NO_PART_ID),
        ({"parts": [{**PART, "offset": -1}]}, "invalid_parameter", "parts", NO_PART_SIZE),
        ({"parts": [{**PART, "size": 0}]}, "invalid_parameter", "parts", NO_PART_SIZE),
        ({"parts": [{**PART, "sha1": "x"}]}, "invalid_parameter", "sha1", NO_PART_SHA1),
        ({"parts": [{**PART, "sha1": 1}]}, "invalid_parameter", "sha1", NO_PART_SHA1),
        ({"parts": [PART], "attributes": 1}, "invalid_parameter", "attributes", NO_ATTRIBUTES),
        ({"parts": [PART], "attributes": {"x": 1}}, "bad_request", "x", UNKNOWN),
        (
            {"parts": [PART], "attributes": {"content_created_at": "x"}},
            "invalid_parameter",
            "content_created_at",
            NO_TIME,
        ),
        (
            {"parts": [PART], "attributes": {"content_modified_at": 1}},
            "invalid_parameter",
            "content_modified_at",
            NO_TIME,
        ),
        ({"parts": [PART], "attributes": {"description": 1}}, "invalid_parameter", "description", NO_DESCRIPTION),
        ({"parts": [PART], "more": 1}, "bad_request", "more", UNKNOWN),
    ],
    ids=str,
)
def test_a_commit_says_what_is_wrong(body: object, code: str, name: str, message: str) -> None:
    require_error(Upload(small_state()).commit(body=body), 400, code, message, name)


@pytest.mark.parametrize(
    ("changes", "code", "message", "name"),
    [
        ({"digest": None}, "bad_request", "The digest header is missing.", None),
        ({"digest": "x"}, "invalid_parameter", NO_DIGEST, "digest"),
        ({"if_match": "a b"}, "invalid_parameter", "The etag in if-match is malformed.", "if-match"),
        ({"if_none_match": "a b"}, "invalid_parameter", "The etag in if-none-match is malformed.", "if-none-match"),
    ],
    ids=str,
)
def test_a_commit_says_which_header_is_wrong(
    changes: dict[str, Any], code: str, message: str, name: str | None
) -> None:
    require_error(Upload(small_state()).commit([PART], **changes), 400, code, message, name)


@pytest.mark.parametrize("name", ["if_match", "if_none_match"])
def test_a_condition_that_is_not_met_is_told_so(name: str) -> None:
    upload = Upload(small_state(), file_id="12345")
    upload.put_all()
    condition = {name: "1" if name == "if_match" else "0"}
    message = "The resource has been modified. Please retrieve the resource again."
    require_error(upload.commit(**condition), 412, "precondition_failed", message)


def test_a_part_that_was_not_uploaded_is_repeated_in_the_mismatch() -> None:
    upload = Upload(small_state())
    upload.put_all()
    shown = f'{{"part_id":"00000000","offset":0,"size":1,"sha1":"{SHA1}"}}'
    require_error(upload.commit([PART]), 400, "parts_mismatch", f"No matching part found on server for {shown}")
    require_error(upload.commit(upload.parts[:2]), 400, "parts_mismatch", "The file has 3 parts, not 2")
    early = {"part_id": "0123456789", "offset": 4, "sha1": None}
    shown = '{"part_id":"01234567","offset":4,"sha1":null}'
    require_error(upload.commit([early]), 400, "parts_mismatch", f"No matching part found on server for {shown}")


def test_a_mismatch_does_not_repeat_more_than_200_characters() -> None:
    early = {"part_id": "1", "sha1": None, "more": "x" * 300}
    message = Upload(small_state()).commit([early]).body["message"]
    assert message.removeprefix("No matching part found on server for ") == (
        '{"part_id":"1","sha1":null,"more":"' + "x" * 165
    )


def test_a_late_mismatch_says_that_nothing_was_found() -> None:
    upload = Upload(small_state())
    upload.put_all()
    upload.state.faults.add(LatePartsMismatch())
    require_error(upload.commit(), 400, "parts_mismatch", "No matching part found on server")


@pytest.mark.parametrize(
    ("body", "code", "name", "message"),
    [
        ({}, "invalid_parameter", "event_type", "The type of the event is missing."),
        ({"event_type": ""}, "invalid_parameter", "event_type", "The type of the event is missing."),
        ({"event_type": 1}, "invalid_parameter", "event_type", "It is not a text of at most 255 characters."),
        (
            {"event_type": "x", "event_info": 1},
            "invalid_parameter",
            "event_info",
            "It is not a text of at most 4000 characters.",
        ),
        ({"event_type": "x", "more": 1}, "bad_request", "more", UNKNOWN),
    ],
    ids=str,
)
def test_an_event_that_is_not_kept_is_told_why(body: object, code: str, name: str, message: str) -> None:
    require_error(Upload(small_state()).log(body), 400, code, message, name)


@pytest.mark.parametrize(
    ("query", "name", "message"),
    [
        ("offset=x", "offset", "It is not a whole number from 0 to 10000."),
        ("offset=10001", "offset", "It is not a whole number from 0 to 10000."),
        ("limit=0", "limit", "It is not a whole number from 1 to 1000."),
    ],
)
def test_a_page_that_there_is_not_is_told_why(query: str, name: str, message: str) -> None:
    answer = Upload(small_state()).get(f"/parts?{query}")
    require_error(answer, 400, "invalid_parameter", message, name)


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (400, "bad_request", "Bad request"),
        (401, "unauthorized", "Unauthorized"),
        (403, "forbidden", "Forbidden"),
        (404, "not_found", "Not found"),
        (410, "session_expired", "Session expired"),
        (411, "length_required", "Length required"),
        (412, "precondition_failed", "Precondition failed"),
        (413, "request_entity_too_large", "Request entity too large"),
        (415, "unsupported_media_type", "Unsupported media type"),
        (416, "range_overlaps_existing_part", "Range overlaps existing part"),
        (429, "rate_limit_exceeded", "Rate limit exceeded"),
        (499, "bad_request", "Bad request"),
        (500, "internal_server_error", "Internal server error"),
        (502, "bad_gateway", "Bad gateway"),
        (503, "unavailable", "Unavailable"),
        (599, "internal_server_error", "Internal server error"),
    ],
)
def test_a_failure_says_what_its_status_means(state: State, status: int, code: str, message: str) -> None:
    state.faults.add(Failure(operation=CREATE, status=status), Failure(operation=CREATE, status=status, body="html"))
    require_error(post(state, SESSIONS, new_file()), status, code, message)
    page = post(state, SESSIONS, new_file())
    title = f"<html><head><title>{message}</title></head><body><h1>{message}</h1></body></html>"
    assert (page.status, page.content.decode()) == (status, f"<!DOCTYPE html>\n{title}\n")


@pytest.mark.parametrize("operation", ["get_file", "commit_upload_session"])
def test_a_conflict_of_a_call_that_creates_nothing_is_just_that(operation: str) -> None:
    failure = Failure(operation=operation, status=409)
    assert failure.error_code == "conflict"


@pytest.mark.parametrize(
    ("status", "codes"),
    [
        (
            400,
            """bad_request invalid_parameter missing_destination invalid_folder_id missing_file_name item_name_invalid
            item_name_too_long missing_file_size invalid_file_size file_size_too_small invalid_upload_session_id
            bad_digest digest_mismatch parts_mismatch""",
        ),
        (401, "unauthorized"),
        (
            403,
            "forbidden storage_limit_exceeded file_size_limit_exceeded access_denied_insufficient_permissions",
        ),
        (404, "not_found trashed upload_session_not_found"),
        (405, "method_not_allowed"),
        (409, "conflict item_name_in_use session_conflict"),
        (410, "session_expired upload_failed"),
        (411, "length_required"),
        (412, "precondition_failed"),
        (413, "request_entity_too_large"),
        (415, "unsupported_media_type"),
        (416, "range_overlaps_existing_part requested_range_not_satisfiable"),
        (429, "rate_limit_exceeded"),
        (500, "internal_server_error"),
        (502, "bad_gateway"),
        (503, "unavailable"),
    ],
)
def test_a_code_of_box_has_the_status_that_box_gives_it(status: int, codes: str) -> None:
    for code in codes.split():
        assert Failure(operation=CREATE, status=status, code=code).error_code == code
        message = f"^code: '{code}' belongs to status {status}; use that status or another code$"
        with pytest.raises(ValueError, match=message):
            Failure(operation=CREATE, status=status + 1, code=code)


def test_a_failure_of_ones_own_code_says_it_in_words(state: State) -> None:
    state.faults.add(Failure(operation=CREATE, status=409, code="operation_blocked_temporary"))
    answer = post(state, SESSIONS, new_file())
    require_error(answer, 409, "operation_blocked_temporary", "Operation blocked temporary")


def test_a_digest_of_another_part_is_told_with_both(state: State) -> None:
    answer = Upload(small_state()).put(0, digest=digest(b""))
    shown = f"Actual: {digest(DATA[:4])[4:]} Expected: {digest(b'')[4:]}"
    require_error(answer, 412, "precondition_failed", f"Part digest was incorrect. {shown}")
