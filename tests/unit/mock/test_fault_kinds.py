"""Faults as data: which are possible, what is left of them, and how they are accounted for."""

import json

import pytest
from box_uploads_mock import (
    Accepted,
    Failure,
    Fault,
    LatePartsMismatch,
    LostAnswer,
    Reset,
    SlowRead,
    Stall,
    State,
    Truncation,
    UnfiredFaultsError,
)
from box_uploads_mock.fault_data import data_of, fault_of
from box_uploads_mock.fault_kinds import KINDS
from box_uploads_mock.faults import RateLimit
from box_uploads_mock.rules import json_object

from tests.unit.mock.in_process import SESSIONS, new_file, post

CREATE = "create_upload_session"
PART = "upload_part"


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        (Reset, {"operation": PART, "skip": -1}, "skip: -1 is too small"),
        (Reset, {"operation": PART, "times": 0}, "times: 0 is too small"),
        (Reset, {"operation": PART, "when": "later"}, "when: 'later' is unknown; use one of before, during, after"),
        (Reset, {"operation": PART, "when": "during", "after_bytes": -1}, "after_bytes: -1 is too small"),
        (Reset, {"operation": PART, "after_bytes": 1}, "after_bytes: only counts during the body"),
        (Reset, {"operation": "list_parts", "when": "during"}, "when: a request of list_parts has no body"),
        (Reset, {"operation": "get_file", "when": "during"}, "when: a request of get_file has no body"),
        (Stall, {"operation": PART, "limit_s": -1}, "limit_s: -1 is out of bounds"),
        (Stall, {"operation": PART, "limit_s": 601}, "limit_s: 601 is out of bounds"),
        (SlowRead, {"operation": PART, "bytes_per_read": 0, "pause_s": 0}, "bytes_per_read: 0 is too small"),
        (SlowRead, {"operation": PART, "bytes_per_read": 1, "pause_s": -1}, "pause_s: -1 is out of bounds"),
        (SlowRead, {"operation": "get_upload_session", "bytes_per_read": 1, "pause_s": 0}, "has no body"),
        (Truncation, {"operation": PART, "sent_bytes": -1}, "sent_bytes: -1 is too small"),
        (Truncation, {"operation": "abort_upload_session"}, "the answer of abort_upload_session has no body"),
        (Accepted, {"operation": PART}, "only commit_upload_session is answered so"),
        (Accepted, {"retry_after_s": -1}, "retry_after_s: -1 is too small"),
        (LatePartsMismatch, {"operation": PART}, "only commit_upload_session is answered so"),
        (Failure, {"operation": PART, "status": 409, "code": "session_conflict"}, "creates no session"),
        (Failure, {"operation": PART, "status": 500, "after_bytes": -1}, "after_bytes: -1 is too small"),
        (Failure, {"operation": "abort_upload_session", "status": 500, "after_bytes": 1}, "has no body"),
        (Failure, {"operation": PART, "status": 500, "after_bytes": 1, "carried_out": True}, "leave one of them out"),
    ],
)
def test_an_impossible_fault_is_refused(kind: type[Fault], fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kind(**fields)  # type: ignore[arg-type]  # what is tested is data


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        (Reset, {"operation": 1}, "operation: 1 is no ASCII string; give one"),
        (Reset, {"operation": "create_session"}, "operation: 'create_session' is unknown; use one of create_upload_"),
        (Reset, {"operation": PART, "times": 1.5}, "times: 1.5 is no whole number; give one"),
        (Reset, {"operation": PART, "skip": True}, "skip: True is no whole number; give one"),
        (Reset, {"operation": PART, "when": None}, "when: None is no ASCII string; give one"),
        (Failure, {"operation": PART, "status": "500"}, "status: '500' is no whole number; give one"),
        (Failure, {"operation": PART, "status": 500, "retry_after_s": 0.5}, "retry_after_s: 0.5 is no whole number"),
        (Failure, {"operation": PART, "status": 500, "after_bytes": "1"}, "after_bytes: '1' is no whole number"),
        (Failure, {"operation": PART, "status": 500, "carried_out": 1}, "carried_out: 1 is neither true nor false"),
        (Failure, {"operation": PART, "status": 500, "code": "\u00e9"}, r"code: '\\xe9' is no ASCII string; give one"),
        (Stall, {"operation": PART, "limit_s": "60"}, "limit_s: '60' is no number; give one"),
        (Stall, {"operation": PART, "limit_s": True}, "limit_s: True is no number; give one"),
        (Stall, {"operation": PART, "limit_s": float("nan")}, "limit_s: nan is out of bounds"),
        (SlowRead, {"operation": PART, "bytes_per_read": 1, "pause_s": None}, "pause_s: None is no number; give one"),
        (KINDS["token_expiry"], {"operation": PART, "new_token": b"x"}, "new_token: b'x' is no ASCII string; give one"),
        (RateLimit, {"retry_after_s": "1"}, "retry_after_s: '1' is no whole number; give one"),
        (RateLimit, {"retry_after_s": 1, "requests": 1.5}, "requests: 1.5 is no whole number; give one"),
    ],
)
def test_a_value_of_another_type_is_refused_by_name(
    kind: type[Fault | RateLimit], fields: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=f"^{message}"):
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
    state.faults.add(Reset(operation=PART), LostAnswer(operation=CREATE))
    with pytest.raises(UnfiredFaultsError, match=r"did not happen: Reset\(operation='upload_part', .*LostAnswer\("):
        state.faults.require_fired()


def test_requests_that_were_not_limited_are_named(state: State) -> None:
    state.rate_limit(retry_after_s=1, requests=3)
    assert post(state, SESSIONS, new_file()).status == 429
    with pytest.raises(UnfiredFaultsError, match=r"did not happen: RateLimit\(retry_after_s=1, requests=2\)"):
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
    state.faults.count(other)
    assert list(state.faults.unfired) == [fault]
    assert state.faults.take(PART) is queued


FAULTS = [
    Failure(operation=PART, status=503, retry_after_s=2, body="html", after_bytes=5, skip=1, times=2),
    Failure(operation=CREATE, status=500, carried_out=True),
    Reset(operation=PART, when="during", after_bytes=3),
    Stall(operation=CREATE, when="after", limit_s=1.5),
    SlowRead(operation=PART, bytes_per_read=3, pause_s=0.25),
    Truncation(operation="list_parts", sent_bytes=0),
    LostAnswer(operation="commit_upload_session"),
    Accepted(times=3, retry_after_s=1),
    LatePartsMismatch(times=2),
    KINDS["token_expiry"](operation=PART),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_every_kind_goes_through_json_unharmed(fault: Fault) -> None:
    assert fault_of("x", json_object(json.dumps(data_of(fault)).encode())) == fault


def test_every_kind_is_among_the_examples() -> None:
    assert {type(fault) for fault in FAULTS} == set(KINDS.values())
