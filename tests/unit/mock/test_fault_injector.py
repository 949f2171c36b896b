"""The effect of each kind of fault on a call, in process."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from box_uploads_mock import (
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
)

from tests.unit.mock.in_process import SESSIONS, new_file, post
from tests.unit.mock.uploading import CALLS, Upload, small_state

CREATE = "create_upload_session"
PART = "upload_part"
COMMIT = "commit_upload_session"
BROKEN = r"^A queued fault breaks the connection\.$"


class Pauses:
    """A sleep that takes no time and records its arguments."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(0)


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def state(pauses: Pauses) -> State:
    return small_state(sleep=pauses)


# Of the world's files there are no bytes.
DOWNLOADS = ("download_file", "download_content")


@pytest.fixture
def upload(state: State) -> Upload:
    return Upload(state)


@pytest.mark.parametrize("operation", CALLS)
@pytest.mark.parametrize("body", ["box", "html", "none"])
def test_every_operation_may_fail(upload: Upload, operation: str, body: Any) -> None:
    upload.state.faults.add(Failure(operation=operation, status=503, retry_after_s=2, body=body))
    response = CALLS[operation](upload)
    assert (response.status, response.headers["retry-after"]) == (503, "2")
    assert response.content == b"" if body == "none" else response.content[:1] in b"{<"
    upload.state.faults.require_fired()
    assert upload.get().body["num_parts_processed"] == 0


@pytest.mark.parametrize("operation", CALLS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_every_connection_may_be_reset(upload: Upload, operation: str, when: Any) -> None:
    upload.state.faults.add(Reset(operation=operation, when=when))
    with pytest.raises(ConnectionResetError, match=BROKEN):
        CALLS[operation](upload)
    upload.state.faults.require_fired()
    exchange = upload.state.request_log[-1]
    assert (exchange.operation, exchange.status) == (operation, None)
    assert upload.get().body["num_parts_processed"] == 0
    assert len(upload.state.sessions) == 1


@pytest.mark.parametrize("operation", CALLS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_every_call_may_stall_for_a_bounded_time_and_goes_on(
    upload: Upload, pauses: Pauses, operation: str, when: Any
) -> None:
    upload.state.faults.add(Stall(operation=operation, when=when, limit_s=30))
    CALLS[operation](upload)
    assert pauses.seconds == [30]
    assert upload.state.faults.stalled == 0
    upload.state.faults.require_fired()


@pytest.mark.parametrize("after_bytes", [0, 1, 3, 4])
@pytest.mark.parametrize("chunks", [[b"0123"], [b"0", b"1", b"2", b"3"], [b"01", b"23"]], ids=str)
def test_a_failure_may_come_in_the_middle_of_the_body(upload: Upload, after_bytes: int, chunks: list[bytes]) -> None:
    upload.state.faults.add(Failure(operation=PART, status=401, after_bytes=after_bytes))
    response = upload.put(0, chunks=chunks)
    assert (response.status, response.code) == (401, "unauthorized")
    assert "expired" in response.headers["www-authenticate"]
    upload.state.faults.require_fired()
    assert upload.get().body["num_parts_processed"] == 0
    assert upload.put(0).status == 200


def test_a_stall_in_the_middle_of_the_body_changes_nothing_else(upload: Upload, pauses: Pauses) -> None:
    upload.state.faults.add(Stall(operation=PART, when="during", after_bytes=2, limit_s=9))
    assert upload.put(0).status == 200
    assert pauses.seconds == [9]
    upload.put_all_from(1)
    assert upload.commit().status == 201


def test_a_fault_beyond_the_end_of_the_body_stays_unfired(upload: Upload) -> None:
    fault = Reset(operation=PART, when="during", after_bytes=5)
    upload.state.faults.add(fault)
    assert upload.put(0).status == 200
    assert upload.state.faults.unfired == (fault,)


def test_a_slow_reader_pauses_after_each_read(upload: Upload, pauses: Pauses) -> None:
    upload.state.faults.add(SlowRead(operation=PART, bytes_per_read=3, pause_s=0.5))
    assert upload.put(0).status == 200
    assert pauses.seconds == [0.5, 0.5]
    upload.state.faults.require_fired()
    assert upload.state.sessions[upload.id].part_store.parts[0].size == 4


STALLING = [
    *(Stall(operation=operation, when="before") for operation in (PART, CREATE)),
    *(Stall(operation=operation, when="during", after_bytes=2) for operation in (PART, CREATE)),
    *(Stall(operation=operation, when="after") for operation in (PART, CREATE, "list_parts")),
    *(SlowRead(operation=operation, bytes_per_read=1, pause_s=1) for operation in (PART, CREATE)),
]


@pytest.mark.parametrize("fault", STALLING, ids=str)
def test_a_fault_counts_as_fired_when_it_fires(fault: Fault) -> None:
    seen: list[Sequence[Fault]] = []

    async def look(_: float) -> None:
        seen.append(own.faults.unfired)

    own = small_state(sleep=look)
    upload = Upload(own)
    own.faults.add(replace(fault, times=2))
    CALLS[fault.operation](upload)
    assert set(seen) == {(fault,)}


@pytest.mark.parametrize("fault", STALLING, ids=str)
def test_a_call_in_progress_during_a_reset_leaves_no_trace(fault: Fault) -> None:
    async def reset(_: float) -> None:
        own.reset()

    own = small_state(sleep=reset)
    first = post(own, SESSIONS, new_file()).content
    upload = Upload(own, file_name="second")
    own.faults.add(fault)
    with pytest.raises(ConnectionResetError):
        CALLS[fault.operation](upload)
    assert [*own.request_log, *own.sessions, *own.faults.unfired] == []
    assert post(own, SESSIONS, new_file()).content == first


@pytest.mark.parametrize(
    "operation", [name for name in CALLS if name not in {"abort_upload_session", "log_upload_event", *DOWNLOADS}]
)
def test_every_response_with_a_body_may_be_truncated(upload: Upload, operation: str) -> None:
    if operation == COMMIT:
        upload.put_all_from(0)
    upload.state.faults.add(Truncation(operation=operation, sent_bytes=5))
    with pytest.raises(ConnectionResetError, match=BROKEN):
        CALLS[operation](upload)
    upload.state.faults.require_fired()
    assert upload.state.request_log[-1].status in {200, 201}


def test_a_part_may_be_stored_and_get_500(upload: Upload) -> None:
    upload.state.faults.add(Failure(operation=PART, status=500, carried_out=True))
    assert upload.put(0).status == 500
    assert upload.get("/parts").body["total_count"] == 1
    assert upload.put(0).code == "range_overlaps_existing_part"


def test_a_call_with_a_lost_response_takes_effect(upload: Upload) -> None:
    for index in range(3):
        upload.state.faults.add(LostResponse(operation=PART))
        with pytest.raises(ConnectionResetError):
            upload.put(index)
    upload.parts = upload.get("/parts").body["entries"]
    upload.state.faults.add(LostResponse(operation=COMMIT))
    with pytest.raises(ConnectionResetError):
        upload.commit()
    assert not upload.state.sessions
    assert len([file for file in upload.state.files.values() if file.name == "Project.mov"]) == 1


def test_only_a_session_conflict_names_the_session_that_was_created(state: State) -> None:
    state.faults.add(
        Failure(operation=CREATE, status=500, carried_out=True),
        Failure(operation=CREATE, status=409, code="session_conflict", carried_out=True),
    )
    first, second = post(state, SESSIONS, new_file()), post(state, SESSIONS, new_file(file_name="other"))
    assert (first.status, first.body["context_info"]) == (500, None)
    assert second.body["context_info"]["session"]["id"] == list(state.sessions)[1]


@pytest.mark.parametrize(
    "fault", [LostResponse(operation=CREATE), Failure(operation=CREATE, status=500, carried_out=True)]
)
def test_an_equal_request_gets_the_session_whose_response_was_lost(state: State, fault: Fault) -> None:
    state.faults.add(fault)
    with suppress(ConnectionResetError):
        assert post(state, SESSIONS, new_file()).status == 500
    (session_id,) = state.sessions
    # Other files do not conflict.
    assert post(state, SESSIONS, new_file(file_name="other")).status == 201
    responses = [post(state, SESSIONS, new_file()) for _ in range(2)]
    assert [(response.status, response.code) for response in responses] == [(409, "session_conflict")] * 2
    session = responses[1].body["context_info"]["session"]
    assert session["id"] == session_id
    assert session["session_endpoints"]["upload_part"].endswith(session_id)
    upload = Upload(state, file_name="third")
    upload.path = f"{SESSIONS}/{session_id}"
    assert upload.abort().status == 204
    assert post(state, SESSIONS, new_file()).status == 201


def test_a_fault_after_success_waits_for_a_call_that_succeeds(upload: Upload) -> None:
    upload.state.faults.add(LostResponse(operation=PART))
    assert upload.put(0, digest="sha=").status == 400
    assert len(upload.state.faults.unfired) == 1
    with pytest.raises(ConnectionResetError):
        upload.put(0)


def test_a_late_parts_mismatch_ends(upload: Upload) -> None:
    upload.state.faults.add(LatePartsMismatch(times=2))
    upload.put(0)
    # This mismatch is not the fault's: parts are missing.
    assert upload.commit().code == "parts_mismatch"
    assert len(upload.state.faults.unfired) == 1
    assert upload.state.faults.unfired[0].times == 2
    upload.put_all_from(1)
    assert [upload.commit().code for _ in range(2)] == ["parts_mismatch"] * 2
    assert upload.commit().status == 201


def test_a_token_may_expire_in_the_middle_of_an_upload(upload: Upload) -> None:
    upload.state.faults.add(TokenExpiry(operation=PART, skip=1, new_token="fresh"))
    assert upload.put(0).status == 200
    for index in (1, 2):
        response = upload.put(index)
        assert (response.status, response.code) == (401, "unauthorized")
        assert "expired" in response.headers["www-authenticate"]
    assert upload.put(1, authorization="Bearer fresh").status == 200
    assert upload.get().status == 401
