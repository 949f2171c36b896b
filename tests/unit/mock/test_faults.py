"""Failures and rate limits."""

import pytest
from box_uploads_mock import Failure, State

from tests.unit.mock.conftest import NOW
from tests.unit.mock.in_process import SESSIONS, new_file, post, require_error, versions

CREATE = "create_upload_session"
CREATE_VERSION = "create_version_upload_session"


def test_only_the_given_number_of_requests_is_limited(state: State) -> None:
    state.rate_limit(retry_after_s=7, requests=2)
    for response in (post(state, SESSIONS, new_file()), post(state, versions("404"), {}, authorization=None)):
        assert (response.status, response.code, response.headers["retry-after"]) == (429, "rate_limit_exceeded", "7")
    assert post(state, SESSIONS, new_file()).status == 201


def test_a_limit_of_0_requests_removes_the_limit(state: State) -> None:
    state.rate_limit(retry_after_s=7, requests=5)
    state.rate_limit(retry_after_s=7, requests=0)
    assert post(state, SESSIONS, new_file()).status == 201


# The first code of a status is the one that a failure has by default, except for 409.
CODES = {
    400: "bad_request invalid_parameter missing_destination invalid_folder_id missing_file_name item_name_invalid "
    "item_name_too_long missing_file_size invalid_file_size file_size_too_small invalid_upload_session_id bad_digest "
    "digest_mismatch parts_mismatch",
    401: "unauthorized",
    403: "forbidden storage_limit_exceeded file_size_limit_exceeded access_denied_insufficient_permissions",
    404: "not_found trashed upload_session_not_found",
    405: "method_not_allowed",
    409: "conflict item_name_in_use session_conflict",
    410: "session_expired upload_failed",
    411: "length_required",
    412: "precondition_failed",
    413: "request_entity_too_large",
    415: "unsupported_media_type",
    416: "range_overlaps_existing_part requested_range_not_satisfiable",
    429: "rate_limit_exceeded",
    500: "internal_server_error",
    502: "bad_gateway",
    503: "unavailable",
}
DEFAULTS = {status: codes.split()[0] for status, codes in CODES.items() if status != 409}
DEFAULTS |= {418: "bad_request", 499: "bad_request", 504: "internal_server_error", 599: "internal_server_error"}


@pytest.mark.parametrize(("status", "code"), DEFAULTS.items())
def test_a_failure_fires_once_with_the_code_and_the_message_of_its_status(state: State, status: int, code: str) -> None:
    message = code.capitalize().replace("_", " ")
    state.faults.add(*(Failure(operation=CREATE, status=status, body=body) for body in ("box", "html", "none")))
    require_error(post(state, SESSIONS, new_file()), status, code, message)
    page = post(state, SESSIONS, new_file())
    title = f"<html><head><title>{message}</title></head><body><h1>{message}</h1></body></html>"
    assert (page.status, page.content.decode()) == (status, f"<!DOCTYPE html>\n{title}\n")
    assert page.headers["content-type"].startswith("text/html")
    empty = post(state, SESSIONS, new_file())
    assert (empty.status, empty.content, empty.headers["content-length"]) == (status, b"", "0")
    assert "content-type" not in empty.headers
    assert not state.sessions
    assert post(state, SESSIONS, new_file()).status == 201


def test_a_failure_with_another_code_has_the_message_of_that_code(state: State) -> None:
    state.faults.add(Failure(operation=CREATE, status=409, code="operation_blocked_temporary"))
    response = post(state, SESSIONS, new_file())
    require_error(response, 409, "operation_blocked_temporary", "Operation blocked temporary")
    assert not state.sessions


@pytest.mark.parametrize(("status", "codes"), CODES.items())
def test_a_code_is_only_valid_with_its_status_at_box(status: int, codes: str) -> None:
    for code in codes.split():
        assert Failure(operation=CREATE, status=status, code=code).error_code == code
        message = f"^code: '{code}' belongs to status {status}; use that status or another code$"
        with pytest.raises(ValueError, match=message):
            Failure(operation=CREATE, status=status + 1, code=code)


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        (CREATE, "session_conflict"),
        (CREATE_VERSION, "session_conflict"),
        ("get_file", "conflict"),
        ("commit_upload_session", "conflict"),
    ],
)
def test_only_an_operation_that_creates_a_session_has_a_session_conflict(operation: str, code: str) -> None:
    assert Failure(operation=operation, status=409).error_code == code
    assert Failure(operation=operation, status=409, code=code).error_code == code


@pytest.mark.parametrize("retry_after_s", [None, 0, 30])
def test_retry_after_is_sent_only_if_given(state: State, retry_after_s: int | None) -> None:
    state.faults.add(Failure(operation=CREATE, status=503, retry_after_s=retry_after_s))
    expected = None if retry_after_s is None else str(retry_after_s)
    assert post(state, SESSIONS, new_file()).headers.get("retry-after") == expected


def test_a_failed_authentication_is_a_challenge(state: State) -> None:
    state.faults.add(Failure(operation=CREATE, status=401, body="none"))
    assert 'error="expired_token"' in post(state, SESSIONS, new_file()).headers["www-authenticate"]


def test_a_session_conflict_names_the_session_that_was_created(state: State) -> None:
    state.faults.add(Failure(operation=CREATE, status=409))
    response = post(state, SESSIONS, new_file())
    assert (response.status, response.code) == (409, "session_conflict")
    session = response.body["context_info"]["session"]
    assert list(state.sessions) == [session["id"]]
    assert session.keys() == post(state, SESSIONS, new_file()).body.keys()


def test_a_session_conflict_waits_for_a_request_that_would_succeed(state: State) -> None:
    state.faults.add(Failure(operation=CREATE, status=409))
    assert post(state, SESSIONS, new_file(folder_id="404")).status == 404
    assert len(state.faults.unfired) == 1


def test_failures_fire_in_order_per_operation(state: State) -> None:
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


def test_reset_restores_the_initial_state() -> None:
    initial = {"pending_commits": 2, "commit_retry_after_s": 7, "conflicts_as_list": True, "bare_responses": True}
    state = State(clock=lambda: NOW, **initial, offers_plan=False)  # type: ignore[arg-type]  # options by name
    first = post(state, SESSIONS, new_file())
    state.faults.add(Failure(operation=CREATE, status=500))
    state.rate_limit(retry_after_s=1, requests=5)
    state.expire_token("mock-token")
    for name in (*initial, "offers_plan"):
        setattr(state, name, 5)
    state.reset()
    assert [*state.sessions, *state.request_log, *state.faults.unfired] == []
    assert {name: getattr(state, name) for name in (*initial, "offers_plan")} == {**initial, "offers_plan": False}
    again = post(state, SESSIONS, new_file())
    assert (again.content, again.headers) == (first.content, first.headers)
