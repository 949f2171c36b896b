"""The control plane."""

import json
from typing import Any

import pytest
from box_uploads_mock import Failure, State

from tests.unit.mock.in_process import HOST, SESSIONS, Answer, new_file, post, send, versions

FAILURE = {"operation": "create_upload_session", "status": 503, "retry_after_s": 2}


def control(state: State, method: str, path: str, body: object = None) -> Answer:
    content = b"" if body is None else json.dumps(body).encode()
    return send(state, method, path, {"host": HOST}, [content])


def test_the_journal_tells_method_path_status_and_operation_of_every_api_request(state: State) -> None:
    post(state, f"{SESSIONS}?access_token=secret", new_file())
    post(state, versions("%34%30%34"), {"file_size": 20_000_000})
    send(state, "TRACE", SESSIONS, {"host": HOST})
    post(state, "/api/2.0/elsewhere", {}, authorization="Bearer secret")
    answer = control(state, "GET", "/_mock/requests")
    assert answer.status == 200
    assert [tuple(request.values()) for request in answer.body["requests"]] == [
        ("POST", SESSIONS, 201, "create_upload_session"),
        ("POST", versions("%34%30%34"), 404, "create_version_upload_session"),
        ("TRACE", SESSIONS, 405, None),
        ("POST", "/api/2.0/elsewhere", 404, None),
    ]
    assert [*answer.body["requests"][0]] == ["method", "path", "status", "operation"]
    assert b"secret" not in answer.content
    assert b"mock-token" not in answer.content


def test_faults_are_added_and_accounted_for(state: State) -> None:
    limit = {"retry_after_s": 3, "requests": 1}
    added = control(state, "POST", "/_mock/faults", {"failures": [FAILURE], "rate_limit": limit})
    assert added.status == 201
    pending = {"unfired": [{**FAILURE, "code": "unavailable", "body": "box"}], "rate_limited_requests": 1}
    assert added.body == pending
    assert control(state, "GET", "/_mock/faults").body == pending
    assert [post(state, SESSIONS, new_file()).status for _ in range(3)] == [429, 503, 201]
    assert control(state, "GET", "/_mock/faults").body == {"unfired": [], "rate_limited_requests": 0}


def test_reset_over_http_forgets_everything(state: State) -> None:
    post(state, SESSIONS, new_file())
    state.faults.add(Failure(operation="create_upload_session", status=500))
    answer = control(state, "POST", "/_mock/reset")
    assert (answer.status, answer.content) == (204, b"")
    assert [*state.sessions, *state.journal, *state.faults.unfired] == []


def test_the_control_plane_ignores_rate_limits_and_leaves_no_trace(state: State) -> None:
    state.rate_limit(retry_after_s=1, requests=1)
    assert control(state, "GET", "/_mock/requests").body == {"requests": []}
    assert control(state, "GET", "/_mock/requests").body == {"requests": []}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (None, "The request body is not valid JSON."),
        ([], "The request body is not a JSON object."),
        ({}, "the body is empty; give failures, rate_limit or both"),
        ({"fault": 1}, "the body: 'fault' is unknown; use failures, rate_limit"),
        ({"failures": {}}, "failures: not a list; give a list of objects"),
        ({"failures": [FAILURE, 1]}, "failures[1]: not an object; give names and values"),
        ({"failures": [{"status": 500}]}, "failures[0].operation: missing or no ASCII string; give one"),
        ({"failures": [{**FAILURE, "status": "500"}]}, "failures[0].status: missing or no whole number; give one"),
        ({"failures": [{**FAILURE, "status": True}]}, "failures[0].status: missing or no whole number; give one"),
        ({"failures": [{**FAILURE, "status": 200}]}, "failures[0].status: 200 is no error; use 400 to 599"),
        (
            {"failures": [{**FAILURE, "when": 1}]},
            "failures[0]: 'when' is unknown; use operation, status, code, retry_after_s, body",
        ),
        (
            {"failures": [FAILURE, {**FAILURE, "operation": "x"}], "rate_limit": {"retry_after_s": 1}},
            "operation: 'x' is unknown; use one of create_upload_session, create_version_upload_session",
        ),
        ({"failures": [FAILURE], "rate_limit": 1}, "rate_limit: not an object; give names and values"),
        ({"rate_limit": {}}, "rate_limit.retry_after_s: missing or no whole number; give one"),
        (
            {"failures": [FAILURE], "rate_limit": {"retry_after_s": -1}},
            "rate_limit.retry_after_s: -1 is negative; use a whole number from 0",
        ),
    ],
    ids=str,
)
def test_a_bad_request_says_what_is_wrong_and_changes_nothing(state: State, body: Any, message: str) -> None:
    answer = control(state, "POST", "/_mock/faults", body)
    assert (answer.status, answer.body) == (400, {"error": message})
    assert state.faults.unfired == ()
    assert state.faults.limited_requests == 0


def test_an_unknown_path_is_told_the_known_ones(state: State) -> None:
    answer = control(state, "GET", "/_mock/state")
    assert answer.status == 404
    assert "/_mock/reset, /_mock/requests, /_mock/faults" in answer.body["error"]


def test_a_wrong_method_is_told_the_right_ones(state: State) -> None:
    answer = control(state, "DELETE", "/_mock/faults")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, POST")
