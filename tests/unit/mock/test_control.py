"""The control plane."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from box_uploads_mock import Failure, Fault, State
from box_uploads_mock.fault_kinds import KINDS
from box_uploads_mock.operation_names import OPERATIONS

from tests.unit.mock.in_process import HOST, SESSIONS, Response, new_file, post, send, versions
from tests.unit.mock.uploading import DATA, SHA1, Upload, complete, small_state

RESET = {"kind": "reset", "operation": "upload_part"}
FAILURE_FIELDS = ("status", "code", "retry_after_s", "body", "after_bytes", "carried_out", "skip", "times")
RESET_FIELDS = "operation, when, after_bytes, skip, times"
ONE_OPERATION = f"is unknown; use one of {', '.join(OPERATIONS)}"
NEGATIVE = "is negative; use a whole number from 0"
NOT_STORED = "The bytes of file 12345 are not stored: it was not uploaded to this mock, or the store discards."
FAILURE = {"kind": "failure", "operation": "create_upload_session", "status": 503, "retry_after_s": 2}
UNKNOWN_OPERATION = {**FAILURE, "operation": "x"}


def control(state: State, method: str, path: str, body: object = None) -> Response:
    content = b"" if body is None else json.dumps(body).encode()
    named = {"content-type": "application/json", "content-length": str(len(content))} if content else {}
    return send(state, method, path, {"host": HOST, **named}, [content])


def test_the_request_log_has_method_path_status_and_operation(state: State) -> None:
    post(state, f"{SESSIONS}?access_token=secret", new_file())
    post(state, versions("%34%30%34"), {"file_size": 20_000_000})
    send(state, "TRACE", SESSIONS, {"host": HOST})
    post(state, "/api/2.0/elsewhere", {}, authorization="Bearer secret")
    response = control(state, "GET", "/_mock/requests")
    assert response.status == 200
    assert [tuple(request.values())[:6] for request in response.body["requests"]] == [
        ("POST", SESSIONS, 201, "create_upload_session", None, None),
        ("POST", versions("%34%30%34"), 404, "create_version_upload_session", None, None),
        ("TRACE", SESSIONS, 405, None, None, None),
        ("POST", "/api/2.0/elsewhere", 404, None, None, None),
    ]
    names = ["method", "path", "status", "operation", "content_range", "event", "headers", "body_start"]
    assert [*response.body["requests"][0]] == names
    assert b"secret" not in response.content
    assert b"mock-token" not in response.content


def test_added_faults_are_listed_until_they_fire(state: State) -> None:
    limit = {"retry_after_s": 3, "requests": 1}
    added = control(state, "POST", "/_mock/faults", {"faults": [FAILURE], "rate_limit": limit})
    rest = {"code": "", "body": "box", "after_bytes": None, "carried_out": False, "skip": 0, "times": 1}
    pending = {"unfired": [{**FAILURE, **rest}], "rate_limited_requests": 1, "stalled": 0}
    assert (added.status, added.body) == (201, pending)
    assert control(state, "GET", "/_mock/faults").body == pending
    assert [post(state, SESSIONS, new_file()).status for _ in range(3)] == [429, 503, 201]
    assert control(state, "GET", "/_mock/faults").body == {"unfired": [], "rate_limited_requests": 0, "stalled": 0}


def test_a_failure_of_any_status_is_listed_as_it_was_added_and_can_be_added_again(state: State) -> None:
    for status in range(400, 600):
        state.reset()
        added = control(state, "POST", "/_mock/faults", {"faults": [{**FAILURE, "status": status}]})
        assert (added.status, added.body["unfired"][0]["status"]) == (201, status)
        assert control(state, "GET", "/_mock/faults").body == added.body
        again = control(state, "POST", "/_mock/faults", {"faults": added.body["unfired"]})
        assert (again.status, again.body["unfired"]) == (201, added.body["unfired"] * 2)


def test_nothing_is_queued_if_the_response_cannot_be_built(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(fault: Fault) -> Mapping[str, object]:
        raise ValueError(f"{fault.operation} cannot be shown")

    monkeypatch.setattr("box_uploads_mock.control.fault_to_json", refuse)
    response = control(state, "POST", "/_mock/faults", {"faults": [FAILURE], "rate_limit": {"retry_after_s": 1}})
    assert (response.status, response.body) == (400, {"error": "create_upload_session cannot be shown"})
    assert (state.faults.unfired, state.faults.limited_requests) == ((), 0)


def test_reset_over_http_forgets_everything(state: State) -> None:
    post(state, SESSIONS, new_file())
    state.faults.add(Failure(operation="create_upload_session", status=500))
    response = control(state, "POST", "/_mock/reset")
    assert (response.status, response.content) == (204, b"")
    assert [*state.sessions, *state.request_log, *state.faults.unfired] == []


def test_the_control_plane_has_no_rate_limit_and_no_log(state: State) -> None:
    state.rate_limit(retry_after_s=1, requests=1)
    for _ in range(2):
        assert control(state, "GET", "/_mock/requests").body == {"requests": []}


UNKNOWN = "is unknown; use"
NO_KIND = f"faults[0].kind: missing or unknown; use one of {', '.join(KINDS)}"
NO_ASCII = "'\\xe9' is not an ASCII string; give an ASCII string"
LIMIT = {"retry_after_s": 1}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (None, "The request body is not valid JSON."),
        ([], "The request body is not a JSON object."),
        ({}, "the body is empty; give faults, rate_limit or both"),
        ({"fault": 1}, f"the body: 'fault' {UNKNOWN} faults, rate_limit"),
        ({"failures": [FAILURE]}, f"the body: 'failures' {UNKNOWN} faults, rate_limit"),
        ({"faults": {}}, "faults: not a list; give a list of objects"),
        ({"faults": [FAILURE, 1]}, "faults[1]: not an object; give names and values"),
        ({"faults": [{"kind": "failure", "status": 500}]}, "faults[0].operation: missing; this field is required"),
        ({"faults": [{**FAILURE, "status": 500.5}]}, "faults[0].status: 500.5 is not an integer; give an integer"),
        ({"faults": [{**FAILURE, "when": 1}]}, f"faults[0]: 'when' {UNKNOWN} operation, {', '.join(FAILURE_FIELDS)}"),
        ({"faults": [FAILURE, UNKNOWN_OPERATION], "rate_limit": LIMIT}, f"faults[1].operation: 'x' {ONE_OPERATION}"),
        ({"faults": [{}]}, NO_KIND),
        ({"faults": [{"kind": []}]}, NO_KIND),
        ({"faults": [{**RESET, "operation": "\u00e9"}]}, f"faults[0].operation: {NO_ASCII}"),
        ({"faults": [{**RESET, "limit_s": 1}]}, f"faults[0]: 'limit_s' {UNKNOWN} {RESET_FIELDS}"),
        ({"faults": [FAILURE], "rate_limit": 1}, "rate_limit: not an object; give names and values"),
        ({"rate_limit": {}}, "rate_limit.retry_after_s: missing; this field is required"),
        ({"faults": [FAILURE], "rate_limit": {"retry_after_s": -1}}, f"rate_limit.retry_after_s: -1 {NEGATIVE}"),
    ],
    ids=str,
)
def test_an_invalid_request_says_why_and_changes_nothing(state: State, body: Any, message: str) -> None:
    response = control(state, "POST", "/_mock/faults", body)
    assert (response.status, response.body) == (400, {"error": message})
    assert state.faults.unfired == ()
    assert state.faults.limited_requests == 0


def test_an_unknown_path_gets_the_list_of_paths(state: State) -> None:
    response = control(state, "GET", "/_mock/state")
    known = "/_mock/reset, /_mock/requests, /_mock/faults, /_mock/release, /_mock/limits or /_mock/files/<id>"
    assert (response.status, response.body) == (404, {"error": f"/_mock/state does not exist; use {known}."})


@pytest.mark.parametrize(("path", "allow"), [
    ("reset", "POST"), ("requests", "GET"), ("faults", "GET, POST"), ("release", "POST"), ("limits", "GET, POST"),
    ("files/12345", "GET"), ("files/12345/content", "GET"),
])  # fmt: skip
def test_an_unsupported_method_gets_the_allowed_methods(state: State, path: str, allow: str) -> None:
    response = control(state, "DELETE", f"/_mock/{path}")
    assert (response.status, response.headers["allow"]) == (405, allow)
    assert response.body == {"error": f"/_mock/{path} does not support DELETE; use {allow}."}


def test_an_uploaded_file_can_be_read_back() -> None:
    state = small_state()
    file = complete(state).stored()
    assert control(state, "GET", f"/_mock/files/{file['id']}").body == file
    content = control(state, "GET", f"/_mock/files/{file['id']}/content")
    assert (content.status, content.content) == (200, DATA)
    assert content.headers["content-type"] == "application/octet-stream"
    assert content.headers["content-length"] == str(len(DATA))
    assert file["sha1"] == SHA1


@pytest.mark.parametrize("path", ["404", "404/content", "12345/versions", "12345/content/x", ""])
def test_unknown_files_get_404(state: State, path: str) -> None:
    response = control(state, "GET", f"/_mock/files/{path}")
    assert (response.status, response.body) == (404, {"error": f"/_mock/files/{path} does not exist."})


def test_the_content_of_a_file_that_was_not_uploaded_gets_404(state: State) -> None:
    response = control(state, "GET", "/_mock/files/12345/content")
    assert (response.status, response.body) == (404, {"error": NOT_STORED})


def test_a_file_of_the_world_can_be_read(state: State) -> None:
    assert control(state, "GET", "/_mock/files/12347").body == {
        "type": "file",
        "id": "12347",
        "sequence_id": "0",
        "etag": "0",
        "sha1": "5e65fb67d93be4d755b7953f413c3866a6143986",
        "file_version": {
            "type": "file_version",
            "id": state.files["12347"].version_id,
            "sha1": "5e65fb67d93be4d755b7953f413c3866a6143986",
        },
        "name": "Interview.mov",
        "description": "",
        "size": 734_003_200,
        "parent": {"type": "folder", "id": "100"},
        "content_created_at": "2012-12-12T10:53:43-08:00",
        "content_modified_at": "2012-12-12T10:53:43-08:00",
        "item_status": "active",
    }


def test_the_request_log_has_ranges_and_events() -> None:
    upload = Upload(small_state())
    upload.put(1)
    event = {"event_type": "x", "event_info": "y"}
    upload.log(event)
    requests = control(upload.state, "GET", "/_mock/requests").body["requests"]
    assert [request["content_range"] for request in requests] == [None, "bytes 4-7/10", None]
    assert [request["event"] for request in requests] == [None, None, event]
