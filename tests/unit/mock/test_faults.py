"""Faults on demand."""

import json

import pytest
from box_uploads_mock import Failure, State

from tests.unit.mock.in_process import SESSIONS, new_file, post, versions

CREATE = "create_upload_session"
CREATE_VERSION = "create_version_upload_session"


def test_the_next_requests_are_limited_and_no_more(state: State) -> None:
    state.rate_limit(retry_after_s=7, requests=2)
    for answer in (post(state, SESSIONS, new_file()), post(state, versions("404"), {}, authorization=None)):
        assert (answer.status, answer.code, answer.headers["retry-after"]) == (429, "rate_limit_exceeded", "7")
    assert post(state, SESSIONS, new_file()).status == 201


def test_a_limit_of_no_requests_lifts_the_limit(state: State) -> None:
    state.rate_limit(retry_after_s=7, requests=5)
    state.rate_limit(retry_after_s=7, requests=0)
    assert post(state, SESSIONS, new_file()).status == 201


@pytest.mark.parametrize("limit", [{"retry_after_s": -1}, {"retry_after_s": 1, "requests": -1}])
def test_a_negative_limit_is_refused(state: State, limit: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="negative"):
        state.rate_limit(**limit)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "unauthorized"),
        (403, "forbidden"),
        (418, "bad_request"),
        (500, "internal_server_error"),
        (502, "bad_gateway"),
        (503, "unavailable"),
        (504, "internal_server_error"),
    ],
)
def test_a_failure_happens_once_in_the_shape_of_box(state: State, status: int, code: str) -> None:
    state.faults.add(Failure(operation=CREATE, status=status))
    answer = post(state, SESSIONS, new_file())
    assert (answer.status, answer.code, answer.body["status"]) == (status, code, status)
    assert not state.sessions
    assert post(state, SESSIONS, new_file()).status == 201


@pytest.mark.parametrize("retry_after_s", [None, 0, 30])
def test_a_failure_says_when_to_retry_only_if_told_to(state: State, retry_after_s: int | None) -> None:
    state.faults.add(Failure(operation=CREATE, status=503, retry_after_s=retry_after_s))
    expected = None if retry_after_s is None else str(retry_after_s)
    assert post(state, SESSIONS, new_file()).headers.get("retry-after") == expected


def test_a_failed_authentication_is_a_challenge(state: State) -> None:
    state.faults.add(Failure(operation=CREATE, status=401, body="none"))
    assert 'error="invalid_token"' in post(state, SESSIONS, new_file()).headers["www-authenticate"]


def test_a_failure_may_have_no_body(state: State) -> None:
    state.faults.add(Failure(operation=CREATE, status=500, body="none"))
    answer = post(state, SESSIONS, new_file())
    assert (answer.content, answer.headers["content-length"]) == (b"", "0")
    assert "content-type" not in answer.headers


def test_a_failure_may_have_the_page_of_a_proxy(state: State) -> None:
    state.faults.add(Failure(operation=CREATE, status=502, body="html"))
    answer = post(state, SESSIONS, new_file())
    assert answer.headers["content-type"].startswith("text/html")
    assert b"<h1>Bad gateway</h1>" in answer.content


def test_a_session_conflict_names_the_session_that_was_created(state: State) -> None:
    state.faults.add(Failure(operation=CREATE, status=409))
    answer = post(state, SESSIONS, new_file())
    assert (answer.status, answer.code) == (409, "session_conflict")
    session = answer.body["context_info"]["session"]
    assert list(state.sessions) == [session["id"]]
    assert session.keys() == post(state, SESSIONS, new_file()).body.keys()


def test_a_session_conflict_waits_for_a_request_that_would_succeed(state: State) -> None:
    state.faults.add(Failure(operation=CREATE, status=409))
    assert post(state, SESSIONS, new_file(folder_id="404")).status == 404
    assert len(state.faults.unfired) == 1


def test_another_conflict_strikes_on_arrival(state: State) -> None:
    state.faults.add(Failure(operation=CREATE, status=409, code="operation_blocked_temporary"))
    assert post(state, SESSIONS, new_file()).code == "operation_blocked_temporary"
    assert not state.sessions


def test_failures_strike_their_operation_in_order(state: State) -> None:
    failures = [
        Failure(operation=CREATE, status=500),
        Failure(operation=CREATE_VERSION, status=502),
        Failure(operation=CREATE, status=409),
        Failure(operation=CREATE, status=503),
    ]
    state.faults.add(*failures)
    assert state.faults.unfired == tuple(failures)
    assert [post(state, SESSIONS, new_file()).status for _ in range(4)] == [500, 409, 503, 201]
    assert state.faults.unfired == (failures[1],)
    assert post(state, versions("12345"), {"file_size": 20_000_000}).status == 502
    assert not state.faults.unfired


def test_an_unknown_operation_is_refused_with_the_known_ones(state: State) -> None:
    good = Failure(operation=CREATE, status=500)
    with pytest.raises(ValueError, match=r"'create_session' is unknown; use one of create_upload_session, "):
        state.faults.add(good, Failure(operation="create_session", status=500))
    assert not state.faults.unfired


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"status": 200}, "status: 200 is not an error status"),
        ({"status": 600}, "status: 600 is not an error status"),
        ({"retry_after_s": -1}, "retry_after_s: -1 is negative"),
        ({"body": "xml"}, "body: 'xml' is unknown; use one of box, html, none"),
        ({"code": "not_found"}, "code: 'not_found' belongs to status 404"),
    ],
)
def test_an_impossible_failure_is_refused(changes: dict[str, object], message: str) -> None:
    fields: dict[str, object] = {"operation": CREATE, "status": 500, **changes}
    with pytest.raises(ValueError, match=message):
        Failure(**fields)  # type: ignore[arg-type]  # what the types forbid is what is tested


def test_reset_returns_to_the_beginning(state: State) -> None:
    first = post(state, SESSIONS, new_file()).content
    state.faults.add(Failure(operation=CREATE, status=500))
    state.rate_limit(retry_after_s=1)
    state.expire_token("mock-token")
    state.conflicts_as_list, state.offers_plan = True, False
    state.reset()
    assert [*state.sessions, *state.request_log, *state.faults.unfired] == []
    assert (state.conflicts_as_list, state.offers_plan) == (False, True)
    assert post(state, SESSIONS, new_file()).content == first


def test_bodies_of_failures_are_json_to_any_reader(state: State) -> None:
    state.faults.add(Failure(operation=CREATE, status=500))
    assert json.loads(post(state, SESSIONS, new_file()).content)["message"] == "Internal server error"
