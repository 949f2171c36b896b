"""New versions of large files: only the parts that changed are sent, and an unchanged one is no version."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from box_uploads import errors
from box_uploads.upload import PartDone, Restarted, Stored, UploadError
from box_uploads_mock import Failure, Reset

from tests.flow.upload_ground import CONTENT, Ground, Interrupt, interrupt_after, of_type, write

PLAN, PART, COMMIT = "plan_upload_parts", "upload_part", "commit_upload_session"
CHANGED = CONTENT[:9_000_000] + b"changed" + CONTENT[9_000_007:]
FAULTS = [Failure(operation=PLAN, status=403), Failure(operation=PLAN, status=500), Reset(operation=PLAN)]
BOTH_CLIENTS = pytest.mark.parametrize("is_async", [False, True], ids=["Client", "AsyncClient"])


@pytest.fixture
def ground(ground: Ground) -> Iterator[Ground]:
    yield ground
    ground.server.wait_until_idle()
    ground.state.faults.require_fired()


@pytest.fixture
def file_id(ground: Ground) -> str:
    """The file of which versions are made."""
    file_id: str = ground.upload().id
    return file_id


def made(ground: Ground, *operations: str) -> list[int]:
    """Return how often each operation was called since the file was there, which took five parts and a commit."""
    first = {PART: 5, COMMIT: 1}
    return [ground.calls(operation) - first.get(operation, 0) for operation in operations]


class Pipe:
    """A stream."""

    def __init__(self, content: bytes) -> None:
        self.left = content

    def read(self, size: int) -> bytes:
        """Read some bytes."""
        piece, self.left = self.left[:size], self.left[size:]
        return piece


@BOTH_CLIENTS
@pytest.mark.parametrize("kind", ["memory", "path", "stream", "executor", "executor and path"])
def test_only_changed_parts_are_sent(ground: Ground, file_id: str, kind: str, tmp_path: Path, is_async: bool) -> None:
    events = list[Any]()
    source: Any = write(tmp_path / "film.mov", CHANGED) if "path" in kind else CHANGED
    if kind == "stream":
        source = Pipe(CHANGED)
    settings: dict[str, Any] = {"size": len(CHANGED)} if kind == "stream" else {}
    with ThreadPoolExecutor(2) as pool:
        settings |= {"executor": pool} if "executor" in kind else {}
        ground.upload(source, file_id=file_id, on_progress=events.append, is_async=is_async, **settings)
    held = {event.index: event.was_held for event in of_type(PartDone, events)}
    assert held == {0: True, 1: True, 2: False, 3: True, 4: True}
    assert (made(ground, PLAN, PART), ground.state.content(file_id)) == ([5, 1], CHANGED)


def test_a_new_file_is_not_planned(ground: Ground, file_id: str) -> None:
    ground.upload(file_name="second.mov")
    assert made(ground, PLAN, PART) == [0, 5]


def test_a_session_without_the_url_is_not_planned(
    ground: Ground, file_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ground.state, "offers_plan", False)
    ground.upload(CHANGED, file_id=file_id)
    assert made(ground, PLAN, PART) == [0, 5]


@BOTH_CLIENTS
@pytest.mark.parametrize("fault", FAULTS, ids=["403", "500", "reset"])
def test_a_plan_that_fails_is_given_up(ground: Ground, file_id: str, fault: Any, is_async: bool) -> None:
    ground.state.faults.add(fault)
    ground.upload(CHANGED, file_id=file_id, workers=1, is_async=is_async)
    assert (made(ground, PLAN, PART), ground.state.content(file_id)) == ([1, 5], CHANGED)


def test_a_plan_that_comes_too_often_is_asked_for_again(ground: Ground, file_id: str) -> None:
    ground.fail(PLAN, 429, retry_after_s=1)
    ground.upload(CHANGED, file_id=file_id, workers=1)
    assert made(ground, PLAN, PART) == [5, 2]


def test_a_part_that_fails_is_planned_once(ground: Ground, file_id: str) -> None:
    ground.fail(PART, 503)
    ground.upload(CHANGED, file_id=file_id)
    assert made(ground, PLAN, PART) == [5, 2]


def test_a_resumed_version_sends_only_changed_parts(ground: Ground, file_id: str, journal: Path) -> None:
    with pytest.raises(Interrupt):
        ground.upload(CHANGED, file_id=file_id, resume=journal, on_progress=interrupt_after(4), workers=1)
    ground.upload(CHANGED, file_id=file_id, resume=journal)
    assert (made(ground, PART), ground.state.content(file_id)) == ([1], CHANGED)


@pytest.mark.parametrize("code", ["parts_mismatch", "digest_mismatch", "bad_request"])
@BOTH_CLIENTS
def test_a_commit_that_does_not_take_found_parts_is_repeated_with_all(
    ground: Ground, file_id: str, code: str, is_async: bool
) -> None:
    ground.fail(COMMIT, *[400] * (3 if code == "parts_mismatch" else 1), code=code)
    events = list[Any]()
    ground.upload(CHANGED, file_id=file_id, deadline_s=3, on_progress=events.append, is_async=is_async)
    (restarted,) = of_type(Restarted, events)
    assert restarted.reason.startswith("the server does not take the parts that it found: ")
    assert (made(ground, PART), ground.state.content(file_id)) == ([6], CHANGED)
    assert not ground.state.sessions


def test_a_commit_that_may_have_taken_effect_is_looked_for_before_all_parts_are_sent(
    ground: Ground, file_id: str
) -> None:
    ground.state.faults.add(Failure(operation=COMMIT, status=500, carried_out=True))
    ground.fail(COMMIT, 400, code="bad_request")
    file = ground.upload(CHANGED, file_id=file_id)
    assert (file.etag, made(ground, PART, COMMIT), ground.calls("create_version_upload_session")) == ("1", [1, 2], 1)


def test_a_commit_that_does_not_take_the_found_parts_of_a_stream_is_an_error(ground: Ground, file_id: str) -> None:
    ground.fail(COMMIT, 400, code="bad_request")
    with pytest.raises(UploadError, match="the server does not take the parts that it found"):
        ground.upload(Pipe(CHANGED), size=len(CHANGED), file_id=file_id)
    assert not ground.state.sessions


def test_a_refused_commit_of_sent_parts_is_raised_as_it_is(ground: Ground, file_id: str) -> None:
    ground.fail(COMMIT, 400, code="bad_request")
    with pytest.raises(errors.BadRequestError):
        ground.upload(CONTENT[::-1], file_id=file_id)
    ground.fail(COMMIT, 403)
    with pytest.raises(errors.ForbiddenError):
        ground.upload(CHANGED, file_id=file_id)


@BOTH_CLIENTS
def test_an_unchanged_version_is_none(ground: Ground, file_id: str, journal: Path, is_async: bool) -> None:
    events = list[Any]()
    file = ground.upload(file_id=file_id, on_progress=events.append, resume=journal, is_async=is_async)
    assert events[-1] == Stored(file, is_unchanged=True)
    assert (file.etag, made(ground, COMMIT), ground.clock.slept) == ("0", [1], [])
    assert (dict(ground.state.sessions), journal.exists()) == ({}, False)


def test_a_version_that_is_still_processed_is_waited_for(ground: Ground, file_id: str) -> None:
    ground.state.pending_commits = 2
    events = list[Any]()
    file = ground.upload(CHANGED, file_id=file_id, on_progress=events.append)
    assert (file.etag, made(ground, COMMIT), events[-1]) == ("1", [3], Stored(file))
    ground.state.pending_commits = 0
