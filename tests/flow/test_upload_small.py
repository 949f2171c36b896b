"""Files below the size of a session: one request, which is settled by looking when its response is lost."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from box_uploads import AsyncClient, errors, models
from box_uploads.upload import (
    BytesSent,
    CommitUnconfirmedError,
    DeadlineExceededError,
    DigestMismatchError,
    PartDone,
    PhaseChanged,
    Restarted,
    Retried,
    SourceChangedError,
    Started,
    Stored,
    Throttled,
    UploadCancelledError,
)
from box_uploads_mock import Failure, LostResponse, Reset, TokenExpiry, Truncation

from tests.flow.upload_ground import CONTENT, Ground, Interrupt, interrupt_at, of_type, write

NEW, VERSION = "upload_small_file", "upload_small_version"
CREATE = "create_upload_session"
CHECK, FILE = "check_upload", "get_file"
SMALL = bytes(range(256)) * 4000
SHA1 = hashlib.sha1(SMALL, usedforsecurity=False).hexdigest()
SENT = "The file was sent, and may be stored."
NO_EFFECT = "The response to an earlier request was lost; the file was not there afterwards."
BOTH_CLIENTS = pytest.mark.parametrize("is_async", [False, True], ids=["Client", "AsyncClient"])


class Case:
    """An upload of a new file or of a version, by either client, and the calls that it makes."""

    def __init__(self, ground: Ground, kind: str) -> None:
        self.ground, self.send = ground, kind
        self.look = CHECK if kind == NEW else FILE
        self.target: dict[str, Any] = {}
        if kind == VERSION:
            self.target = {"file_id": ground.upload(b"the first version").id}
        self.before = len(ground.state.request_log)

    def upload(self, source: Any = SMALL, **settings: Any) -> models.File:
        file: models.File = self.ground.upload(source, **self.target, **settings)
        return file

    @property
    def calls(self) -> list[str]:
        return [exchange.operation or "" for exchange in self.ground.state.request_log[self.before :]]

    @property
    def versions(self) -> list[tuple[int, bytes]]:
        """How often the file was replaced by these uploads, and its content."""
        files = [file for file in self.ground.state.files.values() if file.name == "film.mov"]
        return [(int(file.etag), self.ground.state.content(file.id)) for file in files]


@pytest.fixture(params=[NEW, VERSION])
def case(ground: Ground, request: pytest.FixtureRequest) -> Iterator[Case]:
    yield Case(ground, request.param)
    ground.server.wait_until_idle()
    ground.state.faults.require_fired()


@BOTH_CLIENTS
@pytest.mark.parametrize("size", [0, 1, len(SMALL)])
def test_a_small_file_is_one_request(case: Case, size: int, is_async: bool) -> None:
    events = list[Any]()
    file = case.upload(SMALL[:size], on_progress=events.append, is_async=is_async)
    sha1 = hashlib.sha1(SMALL[:size], usedforsecurity=False).hexdigest()
    assert (case.calls, file.size, file.sha1) == ([case.send], size, sha1)
    assert case.versions == [(1 if case.target else 0, SMALL[:size])]
    sent = [(event.sent, event.size) for event in of_type(BytesSent, events)][-1:]
    assert sent == ([(size, size)] if size else [])
    assert [event for event in events if not isinstance(event, BytesSent)] == [
        Started(size, size, 1),
        PhaseChanged("parts"),
        PartDone(0, 0, size, sha1, 1, 1, was_held=False),
        PhaseChanged("done"),
        Stored(file),
    ]


def test_the_border_is_at_20_million_bytes(case: Case) -> None:
    case.upload(bytes(19_999_999))
    assert case.calls == [case.send]
    case.upload(bytes(20_000_000), **({} if case.target else {"file_name": "second.mov"}))
    assert case.calls.count(case.send) == 1


def test_the_attributes_and_the_digest_are_sent(case: Case) -> None:
    day = models.FileAttributes(content_modified_at=case.ground.clock.today())
    file = case.upload(attributes=day, file_name="other.mov")
    assert (file.name, file.content_modified_at) == ("other.mov", case.ground.clock.today())
    (exchange,) = case.ground.state.request_log[case.before :]
    assert exchange.headers["content-md5"] == SHA1


@pytest.mark.parametrize(
    ("argument", "settings"),
    [("file_name", {"file_name": "a/b"}), ("folder_id", {"folder_id": "x"}), ("file_id", {"file_id": "x"})],
)
def test_a_wrong_argument_has_the_name_that_the_caller_knows(
    ground: Ground, argument: str, settings: dict[str, Any]
) -> None:
    with pytest.raises(errors.InvalidArgumentError) as caught:
        ground.upload(SMALL, **settings)
    assert (caught.value.argument, len(ground.state.request_log)) == (argument, 0)


def test_a_description_is_of_new_files_only(ground: Ground) -> None:
    words = models.FileAttributes(description="words")
    file = ground.upload(SMALL, attributes=words)
    assert ground.state.files[file.id].description == "words"
    before = len(ground.state.request_log)
    refused: list[dict[str, Any]] = [{"attributes": words}, {"folder_id": "0"}]
    for settings in refused:
        with pytest.raises(errors.InvalidArgumentError, match="cannot be given for a small version"):
            ground.upload(SMALL, file_id=file.id, **settings)
    assert len(ground.state.request_log) == before


# What is refused, and what passes


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 415])
def test_a_refusal_is_raised_at_once(case: Case, journal: Path, status: int) -> None:
    case.ground.fail(case.send, status)
    with pytest.raises(errors.ApiError) as caught:
        case.upload(resume=journal)
    assert (caught.value.status, case.calls, journal.exists()) == (status, [case.send], False)


@pytest.mark.parametrize(("size", "create"), [(len(SMALL), NEW), (len(CONTENT), CREATE)])
def test_a_name_that_is_taken_by_the_same_content_is_that_of_an_earlier_run_if_there_is_a_journal(
    ground: Ground, journal: Path, size: int, create: str
) -> None:
    content = bytes(size)
    file = ground.upload(content)
    with pytest.raises(errors.ConflictError):
        ground.upload(content)
    with pytest.raises(errors.ConflictError):
        ground.upload(content[1:] + b"x", resume=journal)
    events = list[Any]()
    found = ground.upload(content, resume=journal, on_progress=events.append)
    assert (found.id, events[-1], journal.exists()) == (file.id, Stored(found), False)
    assert not of_type(PartDone, events)
    assert (ground.calls(create), ground.calls(CHECK), found.etag) == (4, 0, "0")


def test_a_stale_etag_is_not_sent_again(ground: Ground) -> None:
    file = ground.upload(b"the first version")
    with pytest.raises(errors.PreconditionFailedError):
        ground.upload(SMALL, file_id=file.id, if_match="7")
    assert ground.calls(VERSION) == 1
    assert ground.upload(SMALL, file_id=file.id, if_match="0").etag == "1"


@BOTH_CLIENTS
def test_a_busy_server_is_waited_for(case: Case, is_async: bool) -> None:
    case.ground.fail(case.send, 429, retry_after_s=7)
    case.ground.fail(case.send, 409, code="operation_blocked_temporary")
    events = list[Any]()
    case.upload(on_progress=events.append, is_async=is_async)
    retries = [(event.step, event.delay_s) for event in of_type(Retried, events)]
    (pause,) = of_type(Throttled, events)
    assert (case.calls, retries) == ([case.send] * 3, [("request", 1)])
    assert 0 < pause.delay_s <= 7


def test_an_expired_token_is_renewed(case: Case) -> None:
    case.ground.state.faults.add(TokenExpiry(operation=case.send))
    tokens = iter(["old", case.ground.state.token])
    with case.ground.client(token=lambda: next(tokens)) as box:
        case.upload(client=box)
    assert case.versions[0][1] == SMALL


def test_corrupted_bytes_are_sent_again_three_times_at_most(case: Case) -> None:
    case.ground.fail(case.send, 400, 400, 400, code="bad_digest")
    case.upload()
    case.ground.fail(case.send, *[400] * 4, code="bad_digest")
    with pytest.raises(DigestMismatchError, match=r"^the file was corrupted 4 times"):
        case.upload(SMALL[1:], **({} if case.target else {"file_name": "second.mov"}))


def test_a_file_with_other_content_is_reported_with_its_id(case: Case, journal: Path) -> None:
    wrong = {"id": "77", "type": "file", "sha1": "0" * 40, "size": len(SMALL)}
    answer = httpx2.Response(201 if case.send == NEW else 200, json={"total_count": 1, "entries": [wrong]})
    with pytest.raises(DigestMismatchError, match=r"^stored file 77 has 1024000 bytes and sha1 0000"):
        case.upload(http=httpx2.Client(transport=httpx2.MockTransport(lambda _: answer)), resume=journal)
    assert not journal.exists()


# Lost responses


LOST: dict[str, Callable[[str], Any]] = {
    "lost": lambda send: LostResponse(operation=send),
    "500": lambda send: Failure(operation=send, status=500, carried_out=True),
    "truncated": lambda send: Truncation(operation=send),
}


@BOTH_CLIENTS
@pytest.mark.parametrize("fault", LOST)
def test_a_file_whose_response_is_lost_is_found_and_not_sent_again(case: Case, fault: str, is_async: bool) -> None:
    case.ground.state.faults.add(LOST[fault](case.send))
    file = case.upload(is_async=is_async)
    assert (case.calls, file.sha1) == ([case.send, case.look], SHA1)
    assert case.versions == [(1 if case.target else 0, SMALL)]


@BOTH_CLIENTS
def test_a_file_that_is_not_there_is_sent_again(case: Case, is_async: bool) -> None:
    case.ground.fail(case.send, 503)
    case.upload(is_async=is_async)
    assert case.calls == [case.send, case.look, case.send]
    condition = case.ground.state.request_log[-1].headers.get("if-match")
    assert condition == ("0" if case.send == VERSION else None)


def test_a_connection_that_breaks_in_the_middle_needs_no_look(case: Case) -> None:
    case.ground.state.faults.add(Reset(operation=case.send, when="during", after_bytes=100_000))
    case.upload(bytes(15_000_000))
    assert case.calls == [case.send, case.send]


def test_a_name_that_others_take_meanwhile_is_a_conflict(ground: Ground) -> None:
    ground.fail(NEW, 503)

    def take(event: object) -> None:
        if isinstance(event, Retried):
            ground.upload(b"of somebody else")

    with pytest.raises(errors.ConflictError) as caught:
        ground.upload(SMALL, on_progress=take)
    assert caught.value.__notes__ == [NO_EFFECT]


def test_a_version_that_others_make_meanwhile_is_replaced_unless_the_caller_forbids_it(ground: Ground) -> None:
    file = ground.upload(b"the first version")
    ground.fail(VERSION, 503, 412)
    assert ground.upload(SMALL, file_id=file.id).etag == "1"
    assert (ground.calls(VERSION), ground.calls(FILE)) == (3, 2)
    ground.fail(VERSION, 503, 412)
    with pytest.raises(errors.PreconditionFailedError) as caught:
        ground.upload(SMALL[1:], file_id=file.id, if_match="1")
    assert caught.value.__notes__ == [NO_EFFECT]


def test_a_file_that_is_stored_at_last_is_found_after_the_deadline(case: Case) -> None:
    case.ground.state.faults.add(LostResponse(operation=case.send))
    assert case.upload(deadline_s=0).sha1 == SHA1
    assert case.calls == [case.send, case.look]


def test_a_server_that_keeps_failing_is_given_up(case: Case, journal: Path) -> None:
    case.ground.fail(case.send, *[503] * 20)
    with pytest.raises(DeadlineExceededError, match=r"^request: no success within") as caught:
        case.upload(deadline_s=30, resume=journal)
    assert (caught.value.__notes__, journal.exists()) == ([NO_EFFECT], False)
    case.ground.state.faults.clear()


def test_a_file_that_cannot_be_looked_for_is_unconfirmed(case: Case, journal: Path) -> None:
    case.ground.state.faults.add(LostResponse(operation=case.send), Failure(operation=case.look, status=403))
    with pytest.raises(CommitUnconfirmedError, match="The file was sent, and may be stored") as caught:
        case.upload(resume=journal)
    assert (caught.value.sha1, journal.exists()) == (SHA1, True)
    events = list[Any]()
    file = case.upload(resume=journal, on_progress=events.append)
    assert (case.calls.count(case.send), of_type(Started, events), events[-1]) == (1, [], Stored(file))
    assert not journal.exists()


# Interruptions


@BOTH_CLIENTS
def test_an_interrupted_file_is_looked_for_by_the_next_run(case: Case, journal: Path, is_async: bool) -> None:
    """The interruption comes with the last bytes; whether they have arrived is not known."""

    def interrupt(event: object) -> None:
        if isinstance(event, PartDone):
            raise Interrupt

    with pytest.raises(Interrupt):
        case.upload(resume=journal, on_progress=interrupt, is_async=is_async)
    assert case.upload(resume=journal, is_async=is_async).sha1 == SHA1
    assert (case.calls, journal.exists()) == ([case.send, case.look], False)


def test_an_interruption_before_the_end_leaves_nothing(case: Case, journal: Path) -> None:
    with pytest.raises(Interrupt) as caught:
        case.upload(resume=journal, on_progress=interrupt_at(BytesSent))
    assert (getattr(caught.value, "__notes__", []), journal.exists()) == ([], False)
    assert case.upload(resume=journal).sha1 == SHA1


def test_other_content_is_not_taken_for_that_of_an_earlier_run(case: Case, journal: Path) -> None:
    case.ground.state.faults.add(LostResponse(operation=case.send), Failure(operation=case.look, status=403))
    with pytest.raises(CommitUnconfirmedError):
        case.upload(b"earlier", resume=journal)
    if case.target:
        assert case.upload(resume=journal).sha1 == SHA1
    else:
        with pytest.raises(errors.ConflictError):
            case.upload(resume=journal)
    assert (case.calls.count(case.send), case.calls.count(case.look)) == (2, 1)


def test_a_result_that_was_not_reported_is_reported_by_the_next_run(case: Case, journal: Path) -> None:
    with pytest.raises(Interrupt) as caught:
        case.upload(resume=journal, on_progress=interrupt_at(Stored))
    file = case.upload(resume=journal)
    assert caught.value.__notes__ == [f"The file is already stored, with id {file.id}."]
    assert (case.calls, journal.exists()) == ([case.send], False)


def test_a_file_that_has_grown_gets_a_session(case: Case, journal: Path) -> None:
    case.ground.state.faults.add(LostResponse(operation=case.send), Failure(operation=case.look, status=403))
    with pytest.raises(CommitUnconfirmedError):
        case.upload(b"earlier", resume=journal)
    if case.target:
        assert case.upload(bytes(20_000_000), resume=journal).size == 20_000_000
    else:
        with pytest.raises(errors.ConflictError):
            case.upload(bytes(20_000_000), resume=journal)


def test_a_cancelled_task_stops_sending(case: Case) -> None:
    async def main() -> UploadCancelledError | asyncio.CancelledError:
        async with AsyncClient(case.ground.state.token, base_url=case.ground.server.base_url) as box:
            started = asyncio.Event()

            def note(event: object) -> None:
                if isinstance(event, BytesSent):
                    started.set()

            upload = asyncio.create_task(
                case.ground.upload_async(bytes(19_000_000), box, on_progress=note, **case.target)
            )
            await started.wait()
            upload.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await upload
            return caught.value

    cancelled = asyncio.run(main())
    assert not any(SENT in note for note in getattr(cancelled, "__notes__", []))
    assert case.versions == ([(0, b"the first version")] if case.target else [])


# Sources


def test_a_source_that_changes_while_it_is_read_is_not_sent(case: Case, tmp_path: Path) -> None:
    path = write(tmp_path / "film.mov", SMALL)
    file = path.open("rb")
    read = file.readinto

    class Changed:
        """A file that changes when it is read."""

        name = "film.mov"
        seekable, seek, tell, fileno = file.seekable, file.seek, file.tell, file.fileno

        def readinto(self, view: memoryview) -> int:
            with path.open("ab") as more:
                more.write(b"x")
            return read(view)

        def read(self, size: int) -> bytes:
            return file.read(size)

    with file, pytest.raises(SourceChangedError):
        case.upload(Changed())
    assert case.calls == []


def test_memory_that_is_written_to_meanwhile_is_sent_as_it_was(case: Case) -> None:
    buffer = bytearray(SMALL)

    def write_to_it(event: object) -> None:
        buffer[:] = bytes(len(SMALL))

    case.upload(buffer, on_progress=write_to_it)
    assert case.versions[0][1] == SMALL


class Pipe:
    """A stream of unknown size."""

    def __init__(self, content: bytes) -> None:
        self.left = content

    def read(self, size: int) -> bytes:
        """Read some bytes."""
        piece, self.left = self.left[:size], self.left[size:]
        return piece


@BOTH_CLIENTS
@pytest.mark.parametrize("size", [0, 5, 20_000_001])
def test_a_stream_of_unknown_size_is_read_first(case: Case, size: int, is_async: bool) -> None:
    events = list[Any]()
    content = bytes(size)
    case.upload(Pipe(content), on_progress=events.append, is_async=is_async)
    assert events[0] == PhaseChanged("spool")
    assert (case.versions[0][1] == content, case.send in case.calls) == (True, size < 20_000_000)


def test_a_small_file_goes_from_here_also_with_an_executor(case: Case, tmp_path: Path) -> None:
    class Refusing(ThreadPoolExecutor):
        def submit(self, *_: Any, **__: Any) -> Any:
            raise AssertionError("nothing to do")

    with Refusing(1) as pool:
        assert case.upload(write(tmp_path / "film.mov", SMALL), executor=pool).sha1 == SHA1


def test_a_large_file_that_has_become_small_ends_its_session(case: Case, journal: Path) -> None:
    with pytest.raises(Interrupt):
        case.upload(bytes(20_000_000), resume=journal, on_progress=interrupt_at(PhaseChanged("commit")))
    events = list[Any]()
    case.upload(resume=journal, on_progress=events.append)
    assert events[0] == Restarted("the source has changed since the earlier run")
    assert (case.versions[0][1] == SMALL, dict(case.ground.state.sessions), journal.exists()) == (True, {}, False)
