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

from tests.flow.upload_ground import CONTENT, SHA1, Ground

CREATE, VERSION = "create_upload_session", "create_version_upload_session"
PART, LIST, COMMIT = "upload_part", "list_parts", "commit_upload_session"
STATUS, ABORT = "get_upload_session", "abort_upload_session"


@pytest.fixture
def ground(ground: Ground) -> Iterator[Ground]:
    yield ground
    ground.server.wait_until_idle()
    ground.state.faults.require_fired()


def test_an_abort_that_fails_for_good_does_not_hide_the_failure(ground: Ground) -> None:
    ground.state.faults.add(Failure(operation=PART, status=403), Failure(operation=ABORT, status=400))
    with pytest.raises(errors.ForbiddenError) as caught:
        ground.upload()
    assert "could not be aborted" in caught.value.__notes__[0]


def test_a_part_whose_answer_is_lost_is_not_sent_again(ground: Ground) -> None:
    ground.state.faults.add(LostResponse(operation=PART, skip=2))
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


@pytest.mark.parametrize("status", [404, 410])
def test_a_session_that_vanishes_is_begun_anew(ground: Ground, status: int) -> None:
    events: list[Any] = []
    ground.state.faults.add(Failure(operation=PART, status=status, skip=3))
    ground.upload(on_progress=events.append)
    assert ground.stored() == [CONTENT]
    assert "Restarted" in [type(event).__name__ for event in events]


def test_a_version_whose_commit_answer_is_lost_is_committed_once(ground: Ground) -> None:
    first = ground.upload()
    ground.state.faults.add(LostResponse(operation=COMMIT))
    second = ground.upload(CONTENT[::-1], file_id=first.id)
    assert (second.id, ground.state.files[first.id].etag) == (first.id, "1")
    assert ground.stored() == [CONTENT[::-1]]


def test_a_version_session_whose_answer_is_lost_is_taken_over(ground: Ground) -> None:
    first = ground.upload()
    ground.state.faults.add(LostResponse(operation=VERSION))
    ground.upload(CONTENT[::-1], file_id=first.id)
    assert ground.stored() == [CONTENT[::-1]]
    assert not ground.state.sessions


def test_a_commit_that_is_lost_again_and_again_is_found_by_its_name(ground: Ground) -> None:
    ground.state.faults.add(LostResponse(operation=COMMIT), Failure(operation=STATUS, status=500, times=2))
    file = ground.upload(deadline_s=30)
    assert file.sha1 == SHA1
    assert ground.stored() == [CONTENT]


def test_the_deadline_is_one_of_each_step(ground: Ground) -> None:
    ground.state.faults.add(Failure(operation=PART, status=503, times=1000, skip=2))
    with pytest.raises(DeadlineExceededError, match="within 50 s"):
        ground.upload(deadline_s=50, workers=1)
    assert ground.clock.now_s < 60
    ground.state.faults.clear()


# Sessions that nobody has been told of


@pytest.mark.parametrize("has_journal", [False, True])
@pytest.mark.parametrize("step", [CREATE, VERSION])
@pytest.mark.parametrize("kind", ["lost", "carried out"])
def test_a_session_whose_answer_is_lost_for_good_is_ended(
    ground: Ground, tmp_path: Path, kind: str, step: str, has_journal: bool
) -> None:
    settings: dict[str, Any] = {"resume": tmp_path / "journal"} if has_journal else {}
    if step == VERSION:
        settings["file_id"] = "12345"
    lost = LostResponse(operation=step) if kind == "lost" else Failure(operation=step, status=500, carried_out=True)
    ground.state.faults.add(lost)
    with pytest.raises(DeadlineExceededError):
        ground.upload(deadline_s=0, **settings)
    assert (ground.calls(step), len(ground.state.sessions), list(tmp_path.iterdir())) == (2, 0, [])


@pytest.mark.parametrize("carried_out", [False, True])
def test_who_is_interrupted_before_the_session_is_known_leaves_none(ground: Ground, carried_out: bool) -> None:
    def told(event: object) -> None:
        if isinstance(event, Retried):
            raise KeyboardInterrupt

    ground.state.faults.add(Failure(operation=CREATE, status=500, carried_out=carried_out))
    with pytest.raises(KeyboardInterrupt):
        ground.upload(on_progress=told)
    assert (ground.calls(CREATE), len(ground.state.sessions)) == (2, 0)


def test_a_refusal_leaves_nothing_to_look_for(ground: Ground) -> None:
    ground.state.faults.add(Failure(operation=CREATE, status=429, retry_after_s=1))
    with pytest.raises(DeadlineExceededError):
        ground.upload(deadline_s=0)
    assert ground.calls(CREATE) == 1


def test_of_sessions_whose_answers_were_lost_before_a_failure_the_one_that_is_found_is_ended(ground: Ground) -> None:
    ground.state.faults.add(Truncation(operation=CREATE, times=2), LostResponse(operation=CREATE))
    ground.state.faults.add(Failure(operation=CREATE, status=403))
    with pytest.raises(errors.ForbiddenError) as caught:
        ground.upload()
    assert caught.value.__notes__ == [
        "Up to 2 sessions may have been created, each of which stays open until it expires."
    ]
    assert (ground.calls(CREATE), len(ground.state.sessions)) == (5, 2)


def test_a_session_that_may_be_there_and_cannot_be_found_is_told_of(ground: Ground) -> None:
    ground.state.faults.add(Reset(operation=CREATE, times=2))
    with pytest.raises(DeadlineExceededError) as caught:
        ground.upload(deadline_s=0)
    # Nor is it known what became of the request that was to find it.
    assert caught.value.__notes__ == [
        "Up to 2 sessions may have been created, each of which stays open until it expires."
    ]


def uploaded(ground: Ground, is_async: bool, **settings: Any) -> list[Any]:
    """Upload by one of both clients, and return the events."""
    events: list[Any] = []
    settings = {"on_progress": events.append, **settings}
    if is_async:
        asyncio.run(ground.upload_async(**settings))
    else:
        ground.upload(**settings)
    return events


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("step", [CREATE, VERSION])
@pytest.mark.parametrize("times", [1, 3])
def test_sessions_whose_answers_are_cut_off_are_told_of_once_though_all_is_well(
    ground: Ground, times: int, step: str, is_async: bool
) -> None:
    """The server thinks that it has told, so the next request creates another session, and no call lists sessions."""
    settings = {"file_id": ground.upload(CONTENT[::-1]).id} if step == VERSION else {}
    ground.state.faults.add(Truncation(operation=step, times=times))
    events = uploaded(ground, is_async, **settings)
    assert (ground.stored(), len(ground.state.sessions)) == ([CONTENT], times)
    (left,) = [event for event in events if isinstance(event, SessionLeft)]
    many = "Up to 3 sessions may have been created, each of which stays open until it expires."
    one = "A session may have been created, which stays open until it expires."
    assert left == SessionLeft(times, one if times == 1 else many)
    assert [type(event) for event in events[-3:]] == [SessionLeft, PhaseChanged, Stored]


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("step", [CREATE, VERSION])
def test_no_session_is_told_of_that_was_refused_or_is_found(ground: Ground, step: str, is_async: bool) -> None:
    settings = {"file_id": ground.upload(CONTENT[::-1]).id} if step == VERSION else {}
    ground.state.faults.add(Failure(operation=step, status=429), LostResponse(operation=step))
    events = uploaded(ground, is_async, **settings)
    assert (ground.stored(), len(ground.state.sessions)) == ([CONTENT], 0)
    assert not any(isinstance(event, SessionLeft) for event in events)
    # Whoever has made it may have sent parts as well, so it is asked what it holds.
    assert (events.count(Resumed(0, 0)), ground.calls(LIST)) == (1, 1)


def test_of_two_answers_that_were_lost_one_session_is_found_and_the_other_told_of(ground: Ground) -> None:
    ground.state.faults.add(Truncation(operation=CREATE), LostResponse(operation=CREATE))
    events = uploaded(ground, is_async=False)
    assert (ground.stored(), len(ground.state.sessions)) == ([CONTENT], 1)
    assert [event.count for event in events if isinstance(event, SessionLeft)] == [1]


@pytest.mark.parametrize("status", [404, 410])
def test_sessions_of_several_beginnings_are_told_of_once(ground: Ground, status: int) -> None:
    ground.state.faults.add(Truncation(operation=CREATE), Failure(operation=PART, status=status, skip=1))
    ground.state.faults.add(Truncation(operation=CREATE, skip=1))
    events = uploaded(ground, is_async=False)
    assert (ground.stored(), len(ground.state.sessions)) == ([CONTENT], 2)
    assert [event.count for event in events if isinstance(event, SessionLeft)] == [2]


@pytest.mark.parametrize("is_interrupted", [False, True])
def test_a_failure_tells_of_sessions_whose_answers_were_cut_off_before_it(ground: Ground, is_interrupted: bool) -> None:
    def interrupt(event: object) -> None:
        if is_interrupted and isinstance(event, PartDone):
            raise KeyboardInterrupt

    ground.state.faults.add(Truncation(operation=CREATE, times=2))
    if not is_interrupted:
        ground.state.faults.add(Failure(operation=PART, status=403))
    with pytest.raises(KeyboardInterrupt if is_interrupted else errors.ForbiddenError) as caught:
        ground.upload(on_progress=interrupt)
    assert len(ground.state.sessions) == 2
    assert caught.value.__notes__ == [
        "Up to 2 sessions may have been created, each of which stays open until it expires."
    ]


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("step", [CREATE, VERSION])
def test_a_resumed_run_tells_of_sessions_whose_answers_were_cut_off_before_it(
    ground: Ground, tmp_path: Path, step: str, is_async: bool
) -> None:
    def interrupt(event: object) -> None:
        if isinstance(event, PartDone):
            raise KeyboardInterrupt

    settings: dict[str, Any] = {"file_id": ground.upload(CONTENT[::-1]).id} if step == VERSION else {}
    settings["resume"] = tmp_path / "journal"
    ground.state.faults.add(Truncation(operation=step, times=2))
    with pytest.raises(KeyboardInterrupt):
        uploaded(ground, is_async, on_progress=interrupt, **settings)
    events = uploaded(ground, is_async, **settings)
    assert (ground.stored(), ground.calls(step)) == ([CONTENT], 3)
    assert [event.count for event in events if isinstance(event, SessionLeft)] == [2]


@pytest.mark.parametrize("status", [None, 429])
def test_a_server_that_cannot_be_reached_is_asked_four_times(ground: Ground, status: int | None) -> None:
    asked: list[str] = []

    def refuse(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.url.path)
        if status is not None and len(asked) == 1:
            return httpx2.Response(status)
        raise httpx2.ConnectError("refused")

    client = ground.client(max_retries=0, http=httpx2.MockTransport(refuse))
    with pytest.raises(errors.TransportError, match="refused"):
        ground.upload(client=client)
    assert len(asked) == 4 + (status is not None)


@pytest.mark.parametrize("is_async", [False, True])
def test_who_stops_at_a_session_that_is_told_of_is_told_of_both_the_file_and_the_session(
    ground: Ground, is_async: bool
) -> None:
    def interrupt(event: object) -> None:
        if isinstance(event, SessionLeft):
            raise KeyboardInterrupt

    ground.state.faults.add(Truncation(operation=CREATE))
    with pytest.raises(KeyboardInterrupt) as caught:
        uploaded(ground, is_async, on_progress=interrupt)
    stored, left = caught.value.__notes__
    assert stored.startswith("The file was stored before that, with the id ")
    assert left == "A session may have been created, which stays open until it expires."


@pytest.mark.parametrize("status", [403, 410])
def test_a_session_that_asked_for_the_name_and_cannot_be_ended_is_told_of(ground: Ground, status: int) -> None:
    ground.state.faults.add(Failure(operation=COMMIT, status=500), Failure(operation=COMMIT, status=410))
    ground.state.faults.add(Failure(operation=STATUS, status=410), Failure(operation=ABORT, status=status))
    events = uploaded(ground, is_async=False)
    assert ground.stored() == [CONTENT]
    told = [event for event in events if isinstance(event, SessionLeft)]
    if status == 410:
        assert told == []
    else:
        assert [event.count for event in told] == [1]
        assert told[0].reason.startswith(
            "The session could not be aborted, and stays open until it expires: ForbiddenErr"
        )


def test_a_journal_that_cannot_be_written_ends_the_session(
    ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("box_uploads.upload.journal.Journal.write", full)
    with pytest.raises(OSError, match="No space"):
        ground.upload(resume=tmp_path / "journal")
    assert not ground.state.sessions


def test_a_version_is_not_taken_for_committed_while_its_session_is_there(ground: Ground) -> None:
    first = ground.upload()
    ground.state.faults.add(Reset(operation=COMMIT, when="after"), Failure(operation=COMMIT, status=404))
    ground.upload(CONTENT[::-1], file_id=first.id)
    assert ground.stored() == [CONTENT[::-1]]
    assert not ground.state.sessions


def test_a_session_that_cannot_be_ended_for_a_new_one_is_told_of(ground: Ground) -> None:
    events: list[Any] = []
    ground.state.faults.add(Failure(operation=PART, status=404), Failure(operation=ABORT, status=403))
    file = ground.upload(workers=1, on_progress=events.append)
    assert (file.sha1, len(ground.state.sessions)) == (SHA1, 1)
    (left,) = [event for event in events if isinstance(event, SessionLeft)]
    assert left.count == 1
    assert "could not be aborted, and stays open until it expires" in left.reason
