"""Whatever goes wrong at whatever step: the right file is stored once, or a typed error and nothing at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from box_uploads import errors
from box_uploads.upload import DeadlineExceededError, UploadError
from box_uploads_mock import (
    Accepted,
    Failure,
    Fault,
    LatePartsMismatch,
    LostAnswer,
    Reset,
    SlowRead,
    Stall,
    TokenExpiry,
    Truncation,
)

from tests.flow.upload_ground import CONTENT, SHA1, Ground

CREATE, PART, LIST, COMMIT = "create_upload_session", "upload_part", "list_parts", "commit_upload_session"
STATUS, ABORT, VERSION = "get_upload_session", "abort_upload_session", "create_version_upload_session"
STEPS = (CREATE, PART, COMMIT)


@pytest.fixture(scope="module")
def shared_ground() -> Iterator[Ground]:
    ground = Ground()
    with ground.server:
        yield ground


@pytest.fixture
def ground(shared_ground: Ground) -> Iterator[Ground]:
    shared_ground.reset()
    yield shared_ground
    shared_ground.state.faults.require_fired()


def shown(fault: Fault) -> str:
    """Return a fault as the id of a test."""
    default = type(fault)
    fields = ((name, getattr(fault, name)) for name in sorted(set(dir(fault)) & set(NAMES)))
    told = [f"{name}={value}" for name, value in fields if value]
    return "-".join([default.__name__, *told])


NAMES = ("operation", "status", "code", "when", "carried_out", "body", "times", "skip", "after_bytes", "retry_after_s")


def passing(operation: str) -> list[Fault]:
    """Return the faults of a step that an upload gets over."""
    faults: list[Fault] = [
        Failure(operation=operation, status=500, times=3),
        Failure(operation=operation, status=502),
        Failure(operation=operation, status=429, retry_after_s=100),
        Failure(operation=operation, status=500, body="html"),
        Failure(operation=operation, status=503, body="none", retry_after_s=7),
        Failure(operation=operation, status=500, carried_out=True),
        *(Reset(operation=operation, when=when, times=2) for when in ("before", "after")),
        Reset(operation=operation, when="during", after_bytes=10),
        Failure(operation=operation, status=500, after_bytes=10),
        Stall(operation=operation, when="after"),
        LostAnswer(operation=operation),
    ]
    return faults


PASSING = [
    *(fault for step in STEPS for fault in passing(step)),
    *(Failure(operation=PART, status=500, carried_out=carried_out, skip=2, times=2) for carried_out in (True, False)),
    Truncation(operation=PART),
    Truncation(operation=COMMIT, sent_bytes=0),
    LostAnswer(operation=PART, times=5),
    LostAnswer(operation=PART, skip=4),
    Reset(operation=PART, when="during", after_bytes=3_000_000, times=4),
    SlowRead(operation=PART, bytes_per_read=100_000, pause_s=1),
    Accepted(retry_after_s=5, times=20),
    Accepted(retry_after_s=0, times=5),
    LatePartsMismatch(times=6),
    Failure(operation=PART, status=412, code="precondition_failed"),
    Failure(operation=PART, status=400, code="bad_digest", times=2),
]


@pytest.mark.parametrize("fault", PASSING, ids=shown)
def test_a_passing_fault_ends_in_the_right_file_once(ground: Ground, fault: Fault) -> None:
    ground.state.faults.add(fault)
    file = ground.upload()
    assert (file.sha1, file.size) == (SHA1, len(CONTENT))
    assert ground.stored() == [CONTENT]
    assert not ground.state.sessions


LASTING = [
    *(Failure(operation=step, status=status) for step in STEPS for status in (400, 403)),
    *(Failure(operation=step, status=500, times=10_000) for step in STEPS),
    *(Reset(operation=step, when="before", times=10_000) for step in STEPS),
    Failure(operation=CREATE, status=404),
    Failure(operation=COMMIT, status=409, code="item_name_in_use"),
    Failure(operation=COMMIT, status=412),
    Failure(operation=PART, status=412, times=10_000),
    Accepted(times=10_000, retry_after_s=10),
    LatePartsMismatch(times=10_000),
    Failure(operation=COMMIT, status=400, code="digest_mismatch"),
]


@pytest.mark.parametrize("fault", LASTING, ids=shown)
def test_a_lasting_fault_ends_in_a_typed_error_and_nothing_is_left(ground: Ground, fault: Fault) -> None:
    ground.state.faults.add(fault)
    with pytest.raises(errors.BoxUploadsError) as caught:
        ground.upload()
    assert isinstance(caught.value, (UploadError, errors.ApiError, errors.TransportError))
    assert ground.stored() == []
    assert not ground.state.sessions
    ground.state.faults.clear()


def test_a_session_whose_answer_was_cut_off_is_left_to_expire(ground: Ground) -> None:
    # Nobody was told its id, and the server has not noticed: the next request creates another session.
    ground.state.faults.add(Truncation(operation=CREATE))
    ground.upload()
    assert ground.stored() == [CONTENT]
    assert len(ground.state.sessions) == 1


ABORTING = [
    Failure(operation=ABORT, status=500, times=3),
    Failure(operation=ABORT, status=429, retry_after_s=3),
    Failure(operation=ABORT, status=500, carried_out=True),
    Reset(operation=ABORT, times=2),
    LostAnswer(operation=ABORT),
    Stall(operation=ABORT),
]


@pytest.mark.parametrize("fault", ABORTING, ids=shown)
def test_a_session_is_aborted_in_spite_of_faults(ground: Ground, fault: Fault) -> None:
    ground.state.faults.add(Failure(operation=PART, status=403), fault)
    with pytest.raises(errors.ForbiddenError):
        ground.upload()
    assert not ground.state.sessions


def test_an_abort_that_fails_for_good_does_not_hide_the_failure(ground: Ground) -> None:
    ground.state.faults.add(Failure(operation=PART, status=403), Failure(operation=ABORT, status=400))
    with pytest.raises(errors.ForbiddenError) as caught:
        ground.upload()
    assert "could not be aborted" in caught.value.__notes__[0]


LISTING = [
    Failure(operation=LIST, status=500, times=2),
    Failure(operation=LIST, status=429, retry_after_s=3),
    Failure(operation=LIST, status=502, body="html"),
    Reset(operation=LIST),
    Truncation(operation=LIST),
    LostAnswer(operation=LIST),
]


@pytest.mark.parametrize("fault", LISTING, ids=shown)
def test_a_part_is_looked_for_in_spite_of_faults(ground: Ground, fault: Fault) -> None:
    ground.state.faults.add(LostAnswer(operation=PART, skip=1), fault)
    ground.upload()
    assert ground.stored() == [CONTENT]
    assert ground.calls(PART) == 5


def test_a_part_whose_answer_is_lost_is_not_sent_again(ground: Ground) -> None:
    ground.state.faults.add(LostAnswer(operation=PART, skip=2))
    ground.upload(workers=1)
    assert (ground.calls(PART), ground.calls(LIST)) == (5, 1)


def test_a_part_that_was_stored_but_answered_500_is_not_sent_again(ground: Ground) -> None:
    ground.state.faults.add(Failure(operation=PART, status=500, carried_out=True))
    ground.upload(workers=1)
    assert (ground.calls(PART), ground.calls(LIST)) == (5, 1)


def test_a_refused_part_is_sent_again_without_looking_for_it(ground: Ground) -> None:
    ground.state.faults.add(Failure(operation=PART, status=429, retry_after_s=11))
    ground.upload(workers=1)
    assert (ground.calls(PART), ground.calls(LIST)) == (6, 0)
    assert ground.clock.slept == [11]


def test_a_token_that_expires_meanwhile_is_fetched_once(ground: Ground) -> None:
    fetched: list[str] = []

    def token() -> str:
        fetched.append("first" if not fetched else "second")
        return fetched[-1]

    ground.state.add_token("first")
    ground.state.faults.add(TokenExpiry(operation=PART, skip=2, new_token="second"))
    ground.upload(client=ground.client(token=token))
    assert fetched == ["first", "second"]
    assert ground.stored() == [CONTENT]


def test_a_token_that_cannot_be_renewed_ends_the_upload(ground: Ground) -> None:
    ground.state.faults.add(Failure(operation=PART, status=401, skip=1))
    with pytest.raises(errors.UnauthorizedError):
        ground.upload()
    assert not ground.state.sessions


def test_a_server_that_does_not_answer_is_given_up_after_the_timeout(ground: Ground) -> None:
    ground.state.sleep = _forever
    try:
        ground.state.faults.add(Stall(operation=PART, when="after", skip=1))
        ground.upload(client=ground.client(timeout_s=0.2))
    finally:
        ground.state.faults.release()
    assert ground.stored() == [CONTENT]


async def _forever(_: float) -> None:
    import asyncio  # noqa: PLC0415

    await asyncio.Event().wait()


@pytest.mark.parametrize("status", [404, 410])
def test_a_session_that_vanishes_is_begun_anew(ground: Ground, status: int) -> None:
    events: list[Any] = []
    ground.state.faults.add(Failure(operation=PART, status=status, skip=3))
    ground.upload(on_progress=events.append)
    assert ground.stored() == [CONTENT]
    assert "Restarted" in [type(event).__name__ for event in events]


def test_a_version_whose_commit_answer_is_lost_is_committed_once(ground: Ground) -> None:
    first = ground.upload()
    ground.state.faults.add(LostAnswer(operation=COMMIT))
    second = ground.upload(CONTENT[::-1], file_id=first.id)
    assert (second.id, ground.state.files[first.id].etag) == (first.id, "1")
    assert ground.stored() == [CONTENT[::-1]]


def test_a_version_session_whose_answer_is_lost_is_taken_over(ground: Ground) -> None:
    first = ground.upload()
    ground.state.faults.add(LostAnswer(operation=VERSION))
    ground.upload(CONTENT[::-1], file_id=first.id)
    assert ground.stored() == [CONTENT[::-1]]
    assert not ground.state.sessions


def test_a_commit_that_is_lost_again_and_again_is_found_by_its_name(ground: Ground) -> None:
    ground.state.faults.add(LostAnswer(operation=COMMIT), Failure(operation=STATUS, status=500, times=2))
    file = ground.upload(deadline_s=0)
    assert file.sha1 == SHA1
    assert ground.stored() == [CONTENT]


def test_the_deadline_is_one_of_each_step(ground: Ground) -> None:
    ground.state.faults.add(Failure(operation=PART, status=503, times=1000, skip=2))
    with pytest.raises(DeadlineExceededError, match="within 50 s"):
        ground.upload(deadline_s=50, workers=1)
    assert ground.clock.now_s < 60
    ground.state.faults.clear()
