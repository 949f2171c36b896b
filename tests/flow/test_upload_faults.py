"""What the uploader does about single faults: what it sends again, what it asks, how long it waits."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from box_uploads import errors
from box_uploads.upload import DeadlineExceededError, PartDone, PhaseChanged, Resumed, Retried, SessionLeft, Stored
from box_uploads_mock import Failure, LostResponse, Reset, Stall, TokenExpiry, Truncation

from tests.flow.upload_ground import CONTENT, SHA1, Ground, Interrupt, interrupt_at, of_type

CREATE, VERSION = "create_upload_session", "create_version_upload_session"
PART, LIST, COMMIT = "upload_part", "list_parts", "commit_upload_session"
STATUS, ABORT = "get_upload_session", "abort_upload_session"
NOT_ABORTED = "The session could not be aborted, and stays open until it expires: ForbiddenErr"
LEFT = "An unused session may stay open at Box until it expires."
BOTH_CLIENTS = pytest.mark.parametrize("is_async", [False, True])
BOTH_TARGETS = pytest.mark.parametrize("step", [CREATE, VERSION])


def left_sessions(count: int) -> str:
    """Return what is said of sessions that were created, and whose responses were lost."""
    many = f"Up to {count} unused sessions may stay open at Box until they expire."
    return LEFT if count == 1 else many


def target_of(ground: Ground, step: str) -> dict[str, Any]:
    return {"file_id": ground.upload(CONTENT[::-1]).id} if step == VERSION else {}


@pytest.fixture
def ground(ground: Ground) -> Iterator[Ground]:
    yield ground
    ground.server.wait_until_idle()
    ground.state.faults.require_fired()


@pytest.mark.parametrize(
    ("status", "note"),
    [(400, "could not be aborted"), (404, None), (503, "Error('abort: no success within 0 s and 1 attempt: ")],
)
def test_an_abort_that_fails_does_not_hide_the_failure(ground: Ground, status: int, note: str | None) -> None:
    """A session that is gone need not be aborted."""
    ground.fail(PART, 403)
    ground.fail(ABORT, status)
    with pytest.raises(errors.ForbiddenError) as caught:
        ground.upload(deadline_s=0)
    notes: list[str] = getattr(caught.value, "__notes__", [])
    assert notes == [] if note is None else note in notes[0]


LOST_PARTS = [LostResponse(operation=PART, skip=2), Failure(operation=PART, status=500, carried_out=True)]


@pytest.mark.parametrize("fault", LOST_PARTS, ids=["lost", "500"])
def test_a_part_that_was_stored_without_an_answer_is_not_sent_again(ground: Ground, fault: Any) -> None:
    ground.state.faults.add(fault)
    ground.upload(workers=1)
    assert (ground.calls(PART), ground.calls(LIST)) == (5, 1)


def test_a_refused_part_is_sent_again_without_looking_for_it(ground: Ground) -> None:
    ground.fail(PART, 429, retry_after_s=11)
    ground.upload(workers=1)
    assert (ground.calls(PART), ground.calls(LIST)) == (6, 0)
    assert ground.clock.slept[0] == pytest.approx(11, abs=1)


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


def test_a_server_that_does_not_answer_is_given_up_after_the_timeout(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forever(_: float) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(ground.state, "sleep", forever)
    try:
        ground.state.faults.add(Stall(operation=PART, when="after", skip=1))
        ground.upload(client=ground.client(timeout_s=1.5))
    finally:
        ground.state.faults.release()
    assert ground.stored() == [CONTENT]


def test_the_deadline_holds_for_each_step(ground: Ground) -> None:
    ground.state.faults.add(Failure(operation=PART, status=503, times=1000, skip=2))
    with pytest.raises(DeadlineExceededError, match="within 50 s"):
        ground.upload(deadline_s=50, workers=1)
    assert ground.clock.now_s < 60
    ground.state.faults.clear()


# Sessions whose creation got no answer


@pytest.mark.parametrize("has_journal", [False, True])
@BOTH_TARGETS
@pytest.mark.parametrize("kind", ["lost", "carried out"])
def test_a_session_whose_answer_is_lost_for_good_is_aborted(
    ground: Ground, journal: Path, kind: str, step: str, has_journal: bool
) -> None:
    settings: dict[str, Any] = {"resume": journal} if has_journal else {}
    if step == VERSION:
        settings["file_id"] = "12345"
    lost = LostResponse(operation=step) if kind == "lost" else Failure(operation=step, status=500, carried_out=True)
    ground.state.faults.add(lost)
    with pytest.raises(DeadlineExceededError):
        ground.upload(deadline_s=0, **settings)
    assert (ground.calls(step), len(ground.state.sessions), list(journal.parent.iterdir())) == (2, 0, [])


@pytest.mark.parametrize("carried_out", [False, True])
def test_an_interruption_before_the_session_is_known_leaves_none(ground: Ground, carried_out: bool) -> None:
    ground.fail(CREATE, 500, carried_out=carried_out)
    with pytest.raises(Interrupt):
        ground.upload(on_progress=interrupt_at(Retried))
    assert (ground.calls(CREATE), len(ground.state.sessions)) == (2, 0)


def test_a_refusal_leaves_nothing_to_look_for(ground: Ground) -> None:
    ground.fail(CREATE, 429, retry_after_s=1)
    with pytest.raises(DeadlineExceededError):
        ground.upload(deadline_s=0)
    assert ground.calls(CREATE) == 1


def test_of_sessions_with_lost_responses_before_a_failure_the_one_that_is_found_is_aborted(ground: Ground) -> None:
    ground.state.faults.add(Truncation(operation=CREATE, times=2), LostResponse(operation=CREATE))
    ground.fail(CREATE, 403)
    with pytest.raises(errors.ForbiddenError) as caught:
        ground.upload()
    assert caught.value.__notes__ == [left_sessions(2)]
    assert (ground.calls(CREATE), len(ground.state.sessions)) == (5, 2)


def test_a_session_that_may_be_there_and_cannot_be_found_is_noted(ground: Ground) -> None:
    ground.state.faults.add(Reset(operation=CREATE, times=2))
    with pytest.raises(DeadlineExceededError) as caught:
        ground.upload(deadline_s=0)
    # Nor is it known what became of the request that was to find it.
    assert caught.value.__notes__ == [left_sessions(2)]


def upload(ground: Ground, **settings: Any) -> list[Any]:
    """Upload, and return the events."""
    events: list[Any] = []
    ground.upload(on_progress=events.append, **settings)
    return events


@BOTH_CLIENTS
@BOTH_TARGETS
@pytest.mark.parametrize("times", [1, 3])
def test_sessions_whose_responses_are_cut_off_are_reported_once_by_a_success(
    ground: Ground, times: int, step: str, is_async: bool
) -> None:
    """The server takes its response for received: the next request creates another session, and no call lists them."""
    target = target_of(ground, step)
    ground.state.faults.add(Truncation(operation=step, times=times))
    events = upload(ground, is_async=is_async, **target)
    assert (ground.stored(), len(ground.state.sessions)) == ([CONTENT], times)
    assert of_type(SessionLeft, events) == [SessionLeft(times, left_sessions(times))]
    assert [type(event) for event in events[-3:]] == [SessionLeft, PhaseChanged, Stored]


@BOTH_CLIENTS
@BOTH_TARGETS
def test_no_session_is_reported_that_was_refused_or_is_found(ground: Ground, step: str, is_async: bool) -> None:
    target = target_of(ground, step)
    ground.state.faults.add(Failure(operation=step, status=429), LostResponse(operation=step))
    events = upload(ground, is_async=is_async, **target)
    assert (ground.stored(), len(ground.state.sessions)) == ([CONTENT], 0)
    assert of_type(SessionLeft, events) == []
    # Whoever has made it may have sent parts as well, so it is asked what it holds.
    assert (events.count(Resumed(0, 0)), ground.calls(LIST)) == (1, 1)


def test_of_two_lost_responses_one_session_is_found_and_the_other_reported(ground: Ground) -> None:
    ground.state.faults.add(Truncation(operation=CREATE), LostResponse(operation=CREATE))
    events = upload(ground)
    assert (ground.stored(), len(ground.state.sessions)) == ([CONTENT], 1)
    assert [event.count for event in of_type(SessionLeft, events)] == [1]


@pytest.mark.parametrize("status", [404, 410])
def test_sessions_left_before_and_after_a_restart_are_reported_together(ground: Ground, status: int) -> None:
    ground.state.faults.add(Truncation(operation=CREATE), Failure(operation=PART, status=status, skip=1))
    ground.state.faults.add(Truncation(operation=CREATE, skip=1))
    events = upload(ground)
    assert (ground.stored(), len(ground.state.sessions)) == ([CONTENT], 2)
    assert [event.count for event in of_type(SessionLeft, events)] == [2]


@pytest.mark.parametrize("is_interrupted", [False, True])
def test_a_failure_notes_sessions_whose_responses_were_cut_off(ground: Ground, is_interrupted: bool) -> None:
    ground.state.faults.add(Truncation(operation=CREATE, times=2))
    if not is_interrupted:
        ground.fail(PART, 403)
    with pytest.raises(Interrupt if is_interrupted else errors.ForbiddenError) as caught:
        ground.upload(on_progress=interrupt_at(PartDone) if is_interrupted else None)
    assert len(ground.state.sessions) == 2
    assert caught.value.__notes__ == [left_sessions(2)]


@BOTH_CLIENTS
@BOTH_TARGETS
def test_a_resumed_run_reports_sessions_whose_responses_were_cut_off_before_it(
    ground: Ground, journal: Path, step: str, is_async: bool
) -> None:
    settings: dict[str, Any] = {"resume": journal, "is_async": is_async, **target_of(ground, step)}
    ground.state.faults.add(Truncation(operation=step, times=2))
    with pytest.raises(KeyboardInterrupt):
        ground.upload(on_progress=interrupt_at(PartDone, KeyboardInterrupt), **settings)
    events = upload(ground, **settings)
    assert (ground.stored(), ground.calls(step)) == ([CONTENT], 3)
    assert [event.count for event in of_type(SessionLeft, events)] == [2]


@pytest.mark.parametrize("status", [None, 429])
def test_a_server_that_cannot_be_reached_is_asked_four_times(ground: Ground, status: int | None) -> None:
    paths: list[str] = []

    def refuse(request: httpx2.Request) -> httpx2.Response:
        paths.append(request.url.path)
        if status is not None and len(paths) == 1:
            return httpx2.Response(status)
        raise httpx2.ConnectError("refused")

    with pytest.raises(errors.TransportError, match=r"^create_upload_session: ConnectError: refused$"):
        ground.upload(client=ground.client(max_retries=0, http=httpx2.MockTransport(refuse)))
    assert len(paths) == 4 + (status is not None)


@BOTH_CLIENTS
def test_an_interruption_at_the_report_of_a_session_notes_both_the_file_and_the_session(
    ground: Ground, is_async: bool
) -> None:
    ground.state.faults.add(Truncation(operation=CREATE))
    with pytest.raises(KeyboardInterrupt) as caught:
        ground.upload(on_progress=interrupt_at(SessionLeft, KeyboardInterrupt), is_async=is_async)
    stored, left = caught.value.__notes__
    assert stored.startswith("The file is already stored, with id ")
    assert left == LEFT


@pytest.mark.parametrize("status", [403, 410])
def test_a_session_that_asked_for_the_name_and_cannot_be_aborted_is_reported(ground: Ground, status: int) -> None:
    ground.fail(COMMIT, 500, 410)
    ground.fail(STATUS, 410)
    ground.fail(ABORT, status)
    events = upload(ground)
    assert ground.stored() == [CONTENT]
    left = of_type(SessionLeft, events)
    assert [event.count for event in left] == ([] if status == 410 else [1])
    assert all(event.reason.startswith(NOT_ABORTED) for event in left)


def test_a_session_that_cannot_be_aborted_for_a_new_one_is_reported(ground: Ground) -> None:
    ground.fail(PART, 404)
    ground.fail(ABORT, 403)
    events = upload(ground, workers=1)
    assert (ground.stored(), len(ground.state.sessions)) == ([CONTENT], 1)
    (left,) = of_type(SessionLeft, events)
    assert left.count == 1
    assert left.reason.startswith(NOT_ABORTED)
    assert events[-1].file.sha1 == SHA1


def test_a_journal_that_cannot_be_written_ends_the_session(
    ground: Ground, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("box_uploads.upload.journal.Journal.write", fail)
    with pytest.raises(OSError, match="No space"):
        ground.upload(resume=journal)
    assert not ground.state.sessions


def test_a_version_is_not_taken_for_committed_while_its_session_is_there(ground: Ground) -> None:
    first = ground.upload()
    ground.state.faults.add(Reset(operation=COMMIT, when="after"), Failure(operation=COMMIT, status=404))
    ground.upload(CONTENT[::-1], file_id=first.id)
    assert ground.stored() == [CONTENT[::-1]]
    assert not ground.state.sessions
