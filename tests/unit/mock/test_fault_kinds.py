"""Faults as data: which are possible, what is left of them, and how they are accounted for."""

import json
import re
from collections.abc import Callable

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
    "preflight_upload, preflight_version_upload"
)


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        (Reset, {"operation": PART, "skip": -1}, "skip: -1 is too small; use a whole number from 0"),
        (Reset, {"operation": PART, "times": 0}, "times: 0 is too small; use a whole number from 1"),
        (Reset, {"operation": PART, "when": "later"}, "when: 'later' is unknown; use one of before, during, after"),
        (
            Reset,
            {"operation": PART, "when": "during", "after_bytes": -1},
            "after_bytes: -1 is too small; use a whole number from 0",
        ),
        (
            Reset,
            {"operation": PART, "after_bytes": 1},
            "after_bytes: only valid with when='during'; set that or leave it out",
        ),
        (
            Reset,
            {"operation": "list_parts", "when": "during"},
            "when: a request of list_parts has no body; use another operation",
        ),
        (
            Reset,
            {"operation": "get_file", "when": "during"},
            "when: a request of get_file has no body; use another operation",
        ),
        (Stall, {"operation": PART, "limit_s": -1}, "limit_s: -1 is out of bounds; use 0 to 600 seconds"),
        (Stall, {"operation": PART, "limit_s": 601}, "limit_s: 601 is out of bounds; use 0 to 600 seconds"),
        (
            SlowRead,
            {"operation": PART, "bytes_per_read": 0, "pause_s": 0},
            "bytes_per_read: 0 is too small; use a whole number from 1",
        ),
        (
            SlowRead,
            {"operation": PART, "bytes_per_read": 1, "pause_s": -1},
            "pause_s: -1 is out of bounds; use 0 to 600 seconds",
        ),
        (
            SlowRead,
            {"operation": "get_upload_session", "bytes_per_read": 1, "pause_s": 0},
            "operation: a request of get_upload_session has no body; use another operation",
        ),
        (Truncation, {"operation": PART, "sent_bytes": -1}, "sent_bytes: -1 is too small; use a whole number from 0"),
        (
            Truncation,
            {"operation": "abort_upload_session"},
            "operation: the response of abort_upload_session has no body; use LostResponse instead",
        ),
        (Accepted, {"operation": PART}, "operation: this fault exists only for commit_upload_session; leave it out"),
        (Accepted, {"retry_after_s": -1}, "retry_after_s: -1 is too small; use a whole number from 0"),
        (
            LatePartsMismatch,
            {"operation": PART},
            "operation: this fault exists only for commit_upload_session; leave it out",
        ),
        (
            Failure,
            {"operation": PART, "status": 409, "code": "session_conflict"},
            "code: upload_part creates no session; use session_conflict with create_upload_session",
        ),
        (
            Failure,
            {"operation": PART, "status": 500, "after_bytes": -1},
            "after_bytes: -1 is too small; use a whole number from 0",
        ),
        (
            Failure,
            {"operation": "abort_upload_session", "status": 500, "after_bytes": 1},
            "after_bytes: a request of abort_upload_session has no body; use another operation",
        ),
        (
            Failure,
            {"operation": PART, "status": 500, "after_bytes": 1, "carried_out": True},
            "after_bytes: a call that is carried out is read to the end; leave out one of the two",
        ),
    ],
)
def test_an_impossible_fault_is_refused(kind: type[Fault], fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        kind(**fields)  # type: ignore[arg-type]  # what is tested is data


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        (Reset, {"operation": 1}, "operation: 1 is not an ASCII string; give an ASCII string"),
        (Reset, {"operation": "create_session"}, f"operation: 'create_session' is unknown; use one of {OPERATIONS}"),
        (Reset, {"operation": PART, "times": 1.5}, "times: 1.5 is not an integer; give an integer"),
        (Reset, {"operation": PART, "skip": True}, "skip: True is not an integer; give an integer"),
        (Reset, {"operation": PART, "when": None}, "when: None is not an ASCII string; give an ASCII string"),
        (Failure, {"operation": PART, "status": "500"}, "status: '500' is not an integer; give an integer"),
        (
            Failure,
            {"operation": PART, "status": 500, "retry_after_s": 0.5},
            "retry_after_s: 0.5 is not an integer; give an integer",
        ),
        (
            Failure,
            {"operation": PART, "status": 500, "after_bytes": "1"},
            "after_bytes: '1' is not an integer; give an integer",
        ),
        (
            Failure,
            {"operation": PART, "status": 500, "carried_out": 1},
            "carried_out: 1 is not a boolean; use true or false",
        ),
        (
            Failure,
            {"operation": PART, "status": 500, "code": "\u00e9"},
            "code: '\\xe9' is not an ASCII string; give an ASCII string",
        ),
        (Stall, {"operation": PART, "limit_s": "60"}, "limit_s: '60' is not a number; give a number"),
        (Stall, {"operation": PART, "limit_s": True}, "limit_s: True is not a number; give a number"),
        (Stall, {"operation": PART, "limit_s": float("nan")}, "limit_s: nan is out of bounds; use 0 to 600 seconds"),
        (
            SlowRead,
            {"operation": PART, "bytes_per_read": 1, "pause_s": None},
            "pause_s: None is not a number; give a number",
        ),
        (
            KINDS["token_expiry"],
            {"operation": PART, "new_token": b"x"},
            "new_token: b'x' is not an ASCII string; give an ASCII string",
        ),
        (RateLimit, {"retry_after_s": "1"}, "retry_after_s: '1' is not an integer; give an integer"),
        (RateLimit, {"retry_after_s": 1, "requests": 1.5}, "requests: 1.5 is not an integer; give an integer"),
    ],
)
def test_a_value_of_another_type_is_refused_by_name(
    kind: type[Fault | RateLimit], fields: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        kind(**fields)  # type: ignore[arg-type]  # what the types forbid is what is tested


def test_a_fault_lets_calls_go_by_and_strikes_several_times(state: State) -> None:
    state.faults.add(Failure(operation=CREATE, status=500, skip=1, times=2))
    assert [post(state, SESSIONS, new_file()).status for _ in range(2)] == [201, 500]
    assert list(state.faults.unfired) == [Failure(operation=CREATE, status=500, skip=0, times=1)]
    assert [post(state, SESSIONS, new_file()).status for _ in range(2)] == [500, 201]
    assert not state.faults.unfired
    state.faults.require_fired()


@pytest.mark.parametrize("status", range(400, 600))
def test_a_failure_of_any_status_that_did_not_happen_is_what_was_queued(state: State, status: int) -> None:
    faults = [Failure(operation=operation, status=status, skip=1) for operation in (CREATE, "get_file")]
    state.faults.add(*faults)
    assert state.faults.unfired == tuple(faults)
    with pytest.raises(UnfiredFaultsError, match=f"status={status}, .*status={status}, "):
        state.faults.require_fired()
    assert post(state, SESSIONS, new_file()).status == 201
    assert post(state, SESSIONS, new_file()).status == status


def test_what_did_not_happen_is_named(state: State) -> None:
    state.faults.add(Reset(operation=PART), LostResponse(operation=CREATE))
    state.rate_limit(retry_after_s=2)
    with pytest.raises(UnfiredFaultsError) as caught:
        state.faults.require_fired()
    assert str(caught.value) == (
        "queued but not used: Reset(operation='upload_part', skip=0, times=1, when='before', after_bytes=0), "
        "LostResponse(operation='create_upload_session', skip=0, times=1), RateLimit(retry_after_s=2, requests=1); "
        "make the client send the requests that they are for, or remove them from the test"
    )


def test_requests_that_were_not_limited_are_named(state: State) -> None:
    state.rate_limit(retry_after_s=1, requests=3)
    assert post(state, SESSIONS, new_file()).status == 429
    with pytest.raises(UnfiredFaultsError, match=r"queued but not used: RateLimit\(retry_after_s=1, requests=2\)"):
        state.faults.require_fired()
    state.rate_limit(retry_after_s=1, requests=0)
    state.faults.require_fired()


def test_a_fault_that_is_handed_out_counts_as_unfired_until_it_happens(state: State) -> None:
    fault = Reset(operation=PART)
    state.faults.add(fault, Stall(operation=PART))
    queued = state.faults.take(PART)
    assert queued is not None
    # Another call at the same time gets the next one.
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
    KINDS["token_expiry"](operation=PART),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_every_kind_goes_through_json_unharmed(fault: Fault) -> None:
    assert parse_fault("x", parse_json_object(json.dumps(fault_to_json(fault)).encode())) == fault


@pytest.mark.parametrize(
    ("fault", "data"),
    [
        (
            Failure(operation=PART, status=500),
            {
                "kind": "failure",
                "status": 500,
                "code": "",
                "retry_after_s": None,
                "body": "box",
                "after_bytes": None,
                "carried_out": False,
            },
        ),
        (Reset(operation=PART), {"kind": "reset", "when": "before", "after_bytes": 0}),
        (Stall(operation=PART), {"kind": "stall", "when": "before", "after_bytes": 0, "limit_s": 60}),
        (
            SlowRead(operation=PART, bytes_per_read=1, pause_s=2),
            {"kind": "slow_read", "bytes_per_read": 1, "pause_s": 2},
        ),
        (Truncation(operation=PART), {"kind": "truncation", "sent_bytes": 1}),
        (LostResponse(operation=PART), {"kind": "lost_response"}),
        (Accepted(), {"kind": "accepted", "operation": "commit_upload_session", "retry_after_s": 0}),
        (LatePartsMismatch(), {"kind": "late_parts_mismatch", "operation": "commit_upload_session"}),
        (KINDS["token_expiry"](operation=PART), {"kind": "token_expiry", "new_token": ""}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_a_fault_leaves_out_has_its_usual_value(fault: Fault, data: dict[str, object]) -> None:
    assert fault_to_json(fault) == {"operation": PART, "skip": 0, "times": 1, **data}


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


@pytest.mark.parametrize(
    "operation", ["get_upload_session", "list_parts", "abort_upload_session", "get_file"]
)  # fmt: skip
def test_no_body_is_read_where_none_is_sent(operation: str) -> None:
    makers: list[Callable[[], Fault]] = [
        lambda: Reset(operation=operation, when="during"),
        lambda: Stall(operation=operation, when="during"),
        lambda: SlowRead(operation=operation, bytes_per_read=1, pause_s=0),
        lambda: Failure(operation=operation, status=500, after_bytes=0),
    ]
    for make in makers:
        with pytest.raises(ValueError, match=f": a request of {operation} has no body; use another operation$"):
            make()


@pytest.mark.parametrize("operation", ["abort_upload_session", "log_upload_event"])
def test_no_answer_is_truncated_that_has_no_body(operation: str) -> None:
    message = f"^operation: the response of {operation} has no body; use LostResponse instead$"
    with pytest.raises(ValueError, match=message):
        Truncation(operation=operation)


@pytest.mark.parametrize("operation", ["create_upload_session", "create_version_upload_session"])
def test_a_create_may_be_in_conflict_with_a_session(operation: str) -> None:
    assert Failure(operation=operation, status=409).error_code == "session_conflict"
    assert Failure(operation=operation, status=409, code="session_conflict").error_code == "session_conflict"


def test_every_kind_is_among_the_examples() -> None:
    assert {type(fault) for fault in FAULTS} == set(KINDS.values())
