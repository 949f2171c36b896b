"""The fields of faults, their JSON, and the queue."""

import json
import re
from typing import Any

import pytest
from box_uploads_mock import (
    Accepted,
    Failure,
    Fault,
    LatePartsMismatch,
    LostResponse,
    Reset,
    SlowRead,
    Stall,
    State,
    TokenExpiry,
    Truncation,
    UnfiredFaultsError,
)
from box_uploads_mock.fault_json import fault_to_json, parse_fault
from box_uploads_mock.fault_kinds import KINDS
from box_uploads_mock.faults import RateLimit
from box_uploads_mock.rules import parse_json_object

from tests.unit.mock.in_process import SESSIONS, new_file, post

CREATE = "create_upload_session"
PART = "upload_part"
OPERATIONS = (
    "create_upload_session, create_version_upload_session, get_upload_session, upload_part, list_parts, "
    "commit_upload_session, abort_upload_session, log_upload_event, plan_upload_parts, get_file, "
    "upload_small_file, upload_small_version, create_folder, get_folder, list_folder_items, request_token, "
    "revoke_token, get_current_user, authorize, check_upload, check_version_upload, download_file, download_content"
)


GOOD: dict[type[Fault | RateLimit], dict[str, object]] = {
    Failure: {"operation": PART, "status": 500},
    SlowRead: {"operation": PART, "bytes_per_read": 1, "pause_s": 0},
    Accepted: {},
    RateLimit: {"retry_after_s": 1},
}
NO_INTEGER = "is not an integer; give an integer"
NO_NUMBER = "is not a number; give a number"
NO_STRING = "is not an ASCII string; give an ASCII string"
NO_STATUS = "is not an error status; use 400 to 599"
OUT_OF_BOUNDS = "is out of bounds; use 0 to 600 seconds"
FROM_0 = "is too small; use a whole number from 0"
FROM_1 = "is too small; use a whole number from 1"
NOT_NEGATIVE = "is negative; use a whole number from 0"
NO_CONFLICT = "code: upload_part creates no session; use session_conflict with create_upload_session"
READ_TO_THE_END = "after_bytes: a call that is carried out is read to the end; leave out one of the two"
ONLY_COMMIT = "operation: this fault exists only for commit_upload_session; leave it out"
NOT_READY = "operation: this fault exists only for commit_upload_session and download_file; leave it out"
INVALID: list[tuple[Any, Any, str]] = [
    (Reset, {"operation": 1}, f"operation: 1 {NO_STRING}"),
    (Reset, {"operation": "create_session"}, f"operation: 'create_session' is unknown; use one of {OPERATIONS}"),
    (Reset, {"skip": -1}, f"skip: -1 {FROM_0}"),
    (Reset, {"skip": True}, f"skip: True {NO_INTEGER}"),
    (Reset, {"times": 0}, f"times: 0 {FROM_1}"),
    (Reset, {"times": 1.5}, f"times: 1.5 {NO_INTEGER}"),
    (Reset, {"when": None}, f"when: None {NO_STRING}"),
    (Reset, {"when": "later"}, "when: 'later' is unknown; use one of before, during, after"),
    (Reset, {"when": "during", "after_bytes": -1}, f"after_bytes: -1 {FROM_0}"),
    (Reset, {"after_bytes": 1}, "after_bytes: only valid with when='during'; set that or leave it out"),
    *((Stall, {"limit_s": value}, f"limit_s: {value} {OUT_OF_BOUNDS}") for value in (-1, 601, 600.5, float("nan"))),
    *((Stall, {"limit_s": value}, f"limit_s: {value!r} {NO_NUMBER}") for value in ("60", True)),
    (SlowRead, {"bytes_per_read": 0}, f"bytes_per_read: 0 {FROM_1}"),
    (SlowRead, {"pause_s": None}, f"pause_s: None {NO_NUMBER}"),
    *((SlowRead, {"pause_s": value}, f"pause_s: {value} {OUT_OF_BOUNDS}") for value in (-1, 600.5)),
    (Truncation, {"sent_bytes": -1}, f"sent_bytes: -1 {FROM_0}"),
    (Accepted, {"retry_after_s": -1}, f"retry_after_s: -1 {FROM_0}"),
    (Accepted, {"operation": PART}, NOT_READY),
    (LatePartsMismatch, {"operation": PART}, ONLY_COMMIT),
    *((Failure, {"status": value}, f"status: {value} {NO_STATUS}") for value in (200, 600)),
    (Failure, {"status": "500"}, f"status: '500' {NO_INTEGER}"),
    (Failure, {"retry_after_s": 0.5}, f"retry_after_s: 0.5 {NO_INTEGER}"),
    (Failure, {"retry_after_s": -1}, "retry_after_s: -1 is negative; use whole seconds from 0"),
    (Failure, {"body": "xml"}, "body: 'xml' is unknown; use one of box, html, none"),
    (Failure, {"code": "\u00e9"}, f"code: '\\xe9' {NO_STRING}"),
    (Failure, {"status": 409, "code": "session_conflict"}, NO_CONFLICT),
    (Failure, {"after_bytes": -1}, f"after_bytes: -1 {FROM_0}"),
    (Failure, {"after_bytes": "1"}, f"after_bytes: '1' {NO_INTEGER}"),
    (Failure, {"carried_out": 1}, "carried_out: 1 is not a boolean; use true or false"),
    (Failure, {"after_bytes": 1, "carried_out": True}, READ_TO_THE_END),
    (TokenExpiry, {"new_token": b"x"}, f"new_token: b'x' {NO_STRING}"),
    (RateLimit, {"retry_after_s": "1"}, f"retry_after_s: '1' {NO_INTEGER}"),
    (RateLimit, {"requests": 1.5}, f"requests: 1.5 {NO_INTEGER}"),
    *((RateLimit, {name: -1}, f"{name}: -1 {NOT_NEGATIVE}") for name in ("retry_after_s", "requests")),
]


@pytest.mark.parametrize(("kind", "fields", "message"), INVALID)
def test_an_invalid_fault_says_why(kind: type[Fault | RateLimit], fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        kind(**{**GOOD.get(kind, {"operation": PART}), **fields})  # type: ignore[arg-type]  # the data is under test


@pytest.mark.parametrize(
    "operation", ["get_upload_session", "list_parts", "abort_upload_session", "get_file", "get_current_user"]
)
@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [(Reset, "when", "during"), (Stall, "when", "during"), (SlowRead, "operation", None), (Failure, "after_bytes", 0)],
)
def test_a_fault_cannot_fire_in_a_body_that_is_never_sent(
    kind: type[Fault], name: str, value: object, operation: str
) -> None:
    fields = {**GOOD.get(kind, {}), name: value, "operation": operation}
    with pytest.raises(ValueError, match=f"^{name}: a request of {operation} has no body; use another operation$"):
        kind(**fields)  # type: ignore[arg-type]  # the data is under test


@pytest.mark.parametrize("operation", ["abort_upload_session", "log_upload_event"])
def test_a_response_without_a_body_cannot_be_truncated(operation: str) -> None:
    message = f"^operation: the response of {operation} has no body; use LostResponse instead$"
    with pytest.raises(ValueError, match=message):
        Truncation(operation=operation)


def test_faults_skip_calls_and_fire_in_order_and_several_times(state: State) -> None:
    second = Failure(operation=CREATE, status=503)
    state.faults.add(Failure(operation=CREATE, status=500, skip=1, times=2), second)
    assert [post(state, SESSIONS, new_file()).status for _ in range(2)] == [201, 500]
    assert state.faults.unfired == (Failure(operation=CREATE, status=500, skip=0, times=1), second)
    assert [post(state, SESSIONS, new_file()).status for _ in range(3)] == [500, 503, 201]
    assert not state.faults.unfired
    state.faults.require_fired()


def test_an_unfired_failure_of_any_status_equals_the_queued_failure(state: State) -> None:
    for status in range(400, 600):
        state.reset()
        faults = [Failure(operation=operation, status=status, skip=1) for operation in (CREATE, "get_file")]
        state.faults.add(*faults)
        assert state.faults.unfired == tuple(faults)
        with pytest.raises(UnfiredFaultsError, match=f"status={status}, .*status={status}, "):
            state.faults.require_fired()
        assert post(state, SESSIONS, new_file()).status == 201
        assert post(state, SESSIONS, new_file()).status == status


def test_unused_faults_are_named_in_the_error(state: State) -> None:
    state.faults.add(Reset(operation=PART), LostResponse(operation=CREATE))
    state.rate_limit(retry_after_s=2)
    with pytest.raises(UnfiredFaultsError) as caught:
        state.faults.require_fired()
    assert str(caught.value) == (
        "queued but not used: Reset(operation='upload_part', skip=0, times=1, when='before', after_bytes=0), "
        "LostResponse(operation='create_upload_session', skip=0, times=1), RateLimit(retry_after_s=2, requests=1); "
        "make the client send the requests that they are for, or remove them from the test"
    )


def test_an_unused_rate_limit_is_named_in_the_error(state: State) -> None:
    state.rate_limit(retry_after_s=1, requests=3)
    assert post(state, SESSIONS, new_file()).status == 429
    with pytest.raises(UnfiredFaultsError, match=r"queued but not used: RateLimit\(retry_after_s=1, requests=2\)"):
        state.faults.require_fired()
    state.rate_limit(retry_after_s=1, requests=0)
    state.faults.require_fired()


def test_a_taken_fault_is_unfired_until_it_is_marked(state: State) -> None:
    fault = Reset(operation=PART)
    state.faults.add(fault, Stall(operation=PART))
    queued = state.faults.take(PART)
    assert queued is not None
    # A concurrent call gets the next fault.
    other = state.faults.take(PART)
    assert other is not None
    assert (queued.fault, other.fault) == (fault, Stall(operation=PART))
    assert state.faults.take(PART) is None
    assert len(state.faults.unfired) == 2
    state.faults.put_back(queued)
    state.faults.mark_fired(other)
    assert list(state.faults.unfired) == [fault]
    assert state.faults.take(PART) is queued


FAULTS = [
    Failure(operation=PART, status=503, retry_after_s=2, body="html", after_bytes=5, skip=1, times=2),
    Failure(operation=CREATE, status=500, carried_out=True),
    Reset(operation=PART, when="during", after_bytes=3),
    Stall(operation=CREATE, when="after", limit_s=1.5),
    SlowRead(operation=PART, bytes_per_read=3, pause_s=0.25),
    Truncation(operation="list_parts", sent_bytes=0),
    LostResponse(operation="commit_upload_session"),
    Accepted(times=3, retry_after_s=1),
    LatePartsMismatch(times=2),
    TokenExpiry(operation=PART),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_every_kind_survives_a_json_round_trip(fault: Fault) -> None:
    assert parse_fault("x", parse_json_object(json.dumps(fault_to_json(fault)).encode())) == fault


FAILURE = {"status": 500, "code": "", "retry_after_s": None, "body": "box", "after_bytes": None, "carried_out": False}
AT_COMMIT = {"operation": "commit_upload_session"}


@pytest.mark.parametrize(
    ("fault", "kind", "fields"),
    [
        (Failure(operation=PART, status=500), "failure", FAILURE),
        (Reset(operation=PART), "reset", {"when": "before", "after_bytes": 0}),
        (Stall(operation=PART), "stall", {"when": "before", "after_bytes": 0, "limit_s": 60}),
        (SlowRead(operation=PART, bytes_per_read=1, pause_s=2), "slow_read", {"bytes_per_read": 1, "pause_s": 2}),
        (Truncation(operation=PART), "truncation", {"sent_bytes": 1}),
        (LostResponse(operation=PART), "lost_response", {}),
        (Accepted(), "accepted", {**AT_COMMIT, "retry_after_s": 0}),
        (LatePartsMismatch(), "late_parts_mismatch", AT_COMMIT),
        (TokenExpiry(operation=PART), "token_expiry", {"new_token": ""}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_omitted_fields_have_their_defaults(fault: Fault, kind: str, fields: dict[str, object]) -> None:
    assert fault_to_json(fault) == {"kind": kind, "operation": PART, "skip": 0, "times": 1, **fields}
    required: dict[str, object] = {} if "operation" in fields else {"operation": PART}
    required |= {name: fields[name] for name in ("status", "bytes_per_read", "pause_s") if name in fields}
    assert parse_fault("x", {"kind": kind, **required}) == fault


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (Failure, {"status": 400}),
        (Failure, {"status": 599, "retry_after_s": 0, "after_bytes": 0}),
        (Stall, {"limit_s": 0}),
        (Stall, {"limit_s": 600, "when": "during", "after_bytes": 0}),
        (SlowRead, {"bytes_per_read": 1, "pause_s": 0}),
        (SlowRead, {"bytes_per_read": 1, "pause_s": 600}),
        (Truncation, {"sent_bytes": 0}),
        (Accepted, {"operation": "commit_upload_session", "retry_after_s": 0}),
    ],
)
def test_a_fault_may_be_at_its_bounds(kind: type[Fault], fields: dict[str, object]) -> None:
    fault = kind(**{"operation": PART, "skip": 0, "times": 1, **fields})  # type: ignore[arg-type]  # data
    assert fault_to_json(fault).items() >= fields.items()


def test_every_kind_is_among_the_examples() -> None:
    assert {type(fault) for fault in FAULTS} == set(KINDS.values())
