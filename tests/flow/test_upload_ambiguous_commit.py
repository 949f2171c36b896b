"""Commits whose response is lost: what is stored is found, what is not is uploaded, and nothing is done twice."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest
from box_uploads import errors, models
from box_uploads.upload import (
    CommitUnconfirmedError,
    DigestMismatchError,
    PhaseChanged,
    Restarted,
    Retried,
    SourceChangedError,
    Started,
    Stored,
)
from box_uploads.upload.digest import header
from box_uploads.upload.journal import Entry, Journal
from box_uploads_mock import Failure, LostResponse, Truncation

from tests.flow.upload_ground import CONTENT, SHA1, Ground, Interrupt, interrupt_at, of_type

CREATE, VERSION = "create_upload_session", "create_version_upload_session"
STATUS, COMMIT, ABORT = "get_upload_session", "commit_upload_session", "abort_upload_session"
OTHER = CONTENT[::-1]
SENT = "A commit was sent and may have taken effect."
SIZE: dict[str, Any] = {"size": len(CONTENT)}
BOTH_CLIENTS = pytest.mark.parametrize("is_async", [False, True])


class Stream(io.BytesIO):
    """A stream that cannot seek."""

    def seekable(self) -> bool:
        return False


def versions(ground: Ground) -> tuple[int, bytes]:
    """Return how many versions a file has beyond its first one, and its content."""
    (file,) = [file for file in ground.state.files.values() if file.name == "film.mov"]
    return int(file.etag), ground.state.content(file.id)


def require_stored_once(ground: Ground, target: dict[str, Any]) -> None:
    assert versions(ground) == (1 if target else 0, CONTENT)
    assert not ground.state.sessions


def interrupt_commit(
    ground: Ground, journal: Path, source: Any = CONTENT, *, is_carried_out: bool, **settings: Any
) -> BaseException:
    """Upload until a commit was sent, which got no answer."""
    lost = LostResponse(operation=COMMIT) if is_carried_out else Failure(operation=COMMIT, status=503)
    ground.state.faults.add(lost)
    with pytest.raises(Interrupt) as caught:
        ground.upload(source, resume=journal, on_progress=interrupt_at(Retried), **settings)
    return caught.value


def carry_out_commit(ground: Ground, session: models.UploadSession) -> None:
    """Have the server carry out a commit that was sent before."""
    with ground.client() as box:
        parts: Iterable[models.UploadPart] = box.iter_parts(session)
        named = [models.CommitPart(part_id=part.part_id, offset=part.offset, size=part.size, sha1=part.sha1)
                 for part in parts]  # fmt: skip
        box.commit_upload_session(session, parts=named, digest=header(SHA1))


def carry_out_commit_of(journal: Path, ground: Ground) -> None:
    """Have the server carry out the commit that an earlier run has sent."""
    entry = msgspec.json.decode(journal.read_bytes())
    assert entry["sha1"] == SHA1
    carry_out_commit(ground, msgspec.convert(entry["session"], models.UploadSession))


@pytest.fixture
def file_id(ground: Ground) -> str:
    return str(ground.upload(OTHER).id)


@pytest.fixture(params=["file", "version"])
def target(request: pytest.FixtureRequest, ground: Ground) -> dict[str, Any]:
    """What the arguments of a new file lack for a version: nothing, or the file's id."""
    return {"file_id": ground.upload(OTHER).id} if request.param == "version" else {}


# Versions, which cannot be found by their name


def test_a_session_that_failed_before_the_commit_was_sent_is_restarted(
    ground: Ground, file_id: str, journal: Path
) -> None:
    with pytest.raises(Interrupt):
        ground.upload(file_id=file_id, resume=journal, on_progress=interrupt_at(PhaseChanged("commit")))
    ground.fail(STATUS, 410, code="upload_failed")
    events: list[Any] = []
    ground.upload(file_id=file_id, resume=journal, on_progress=events.append)
    assert versions(ground) == (1, CONTENT)
    assert of_type(Restarted, events)


@pytest.mark.parametrize("code", ["upload_failed", "session_expired"])
@pytest.mark.parametrize("has_journal", [False, True])
def test_a_session_that_failed_after_a_commit_without_effect_is_restarted(
    ground: Ground, file_id: str, journal: Path, code: str, has_journal: bool
) -> None:
    ground.fail(COMMIT, 503)
    ground.fail(COMMIT, 410, code=code)
    ground.fail(STATUS, 410, code=code)
    ground.upload(file_id=file_id, resume=journal if has_journal else None)
    assert versions(ground) == (1, CONTENT)


def test_a_commit_without_effect_in_an_earlier_run_is_made_in_the_next(
    ground: Ground, file_id: str, journal: Path
) -> None:
    interrupted = interrupt_commit(ground, journal, is_carried_out=False, file_id=file_id)
    assert interrupted.__notes__ == [SENT]
    ground.fail(STATUS, 410, 410, code="upload_failed")
    ground.upload(file_id=file_id, resume=journal)
    assert versions(ground) == (1, CONTENT)


@BOTH_CLIENTS
@pytest.mark.parametrize("question", [STATUS, "list_parts"])
def test_a_resumed_run_that_gets_no_answer_notes_the_commit_that_was_sent_before(
    ground: Ground, target: dict[str, Any], journal: Path, question: str, is_async: bool
) -> None:
    interrupt_commit(ground, journal, is_carried_out=False, **target)
    for _ in range(2):
        ground.fail(question, 403)
        with pytest.raises(errors.ForbiddenError) as caught:
            ground.upload(resume=journal, is_async=is_async, **target)
        assert caught.value.__notes__ == [SENT]
    ground.upload(resume=journal, **target)
    assert versions(ground)[1] == CONTENT


# None is what the mock itself answers to the second commit.
@pytest.mark.parametrize("last", [None, 404, 412, 409, 410])
def test_a_commit_with_a_lost_response_is_found_whatever_the_next_is_answered(
    ground: Ground, target: dict[str, Any], last: int | None
) -> None:
    ground.state.faults.add(LostResponse(operation=COMMIT))
    if last is not None:
        ground.fail(COMMIT, last, code={409: "item_name_in_use", 410: "session_expired"}.get(last, ""))
    file = ground.upload(**target)
    assert (target.get("file_id", file.id), file.sha1) == (file.id, SHA1)
    require_stored_once(ground, target)


def test_a_commit_that_is_refused_after_one_without_effect_raises_the_refusal(ground: Ground, file_id: str) -> None:
    ground.fail(COMMIT, 500, 412)
    with pytest.raises(errors.PreconditionFailedError):
        ground.upload(file_id=file_id)
    assert versions(ground) == (0, OTHER)
    assert not ground.state.sessions


@pytest.mark.parametrize("is_late", [False, True])
def test_a_session_that_somebody_else_has_aborted_is_not_taken_for_committed(
    ground: Ground, file_id: str, journal: Path, is_late: bool
) -> None:
    interrupt_commit(ground, journal, is_carried_out=False, file_id=file_id)
    (session,) = ground.state.sessions
    ground.state.session_store.abort(session)
    if is_late:
        ground.clock.advance(8 * 24 * 3600)
    text = rf"file {file_id} has the sha1 (?!{SHA1}).*, not {SHA1}.* not there, delete the journal$"
    for _ in range(2):
        with pytest.raises(CommitUnconfirmedError, match=text):
            ground.upload(file_id=file_id, resume=journal)
    assert versions(ground) == (0, OTHER)
    journal.unlink()
    ground.upload(file_id=file_id, resume=journal)
    assert versions(ground) == (1, CONTENT)


def test_a_commit_is_found_after_the_expiry_of_its_session(ground: Ground, file_id: str, journal: Path) -> None:
    interrupt_commit(ground, journal, is_carried_out=True, file_id=file_id)
    ground.clock.advance(8 * 24 * 3600)
    file = ground.upload(file_id=file_id, resume=journal)
    assert (file.id, file.name, file.etag, file.sha1) == (file_id, "film.mov", "1", SHA1)
    assert versions(ground) == (1, CONTENT)


@pytest.mark.parametrize("resumes", [True, False])
def test_another_file_of_the_same_content_is_not_taken_for_the_version(
    ground: Ground, file_id: str, journal: Path, resumes: bool
) -> None:
    twin = ground.upload(file_name="twin.mov")
    with pytest.raises(errors.ConflictError):
        ground.upload(file_id=file_id, folder_id="0", file_name="twin.mov", resume=journal if resumes else None)
    assert (twin.sha1, ground.state.content(file_id)) == (SHA1, OTHER)
    assert not ground.state.sessions


def test_another_file_that_has_got_the_name_is_not_the_version(ground: Ground, file_id: str) -> None:
    def make_twin(event: object) -> None:
        if isinstance(event, PhaseChanged) and event.phase == "commit":
            ground.upload(file_name="twin.mov")
            ground.fail(COMMIT, 500, 404)
            ground.fail(STATUS, 404)

    with pytest.raises(errors.BoxUploadsError):
        ground.upload(file_id=file_id, folder_id="0", file_name="twin.mov", on_progress=make_twin)
    assert ground.state.content(file_id) == OTHER


# New files


def test_an_ambiguous_commit_at_the_deadline_keeps_the_session_that_is_still_open(
    ground: Ground, journal: Path
) -> None:
    ground.fail(COMMIT, 500)
    with pytest.raises(errors.UploadError, match="no success within 0 s"):
        ground.upload(resume=journal, deadline_s=0)
    sent = ground.calls("upload_part")
    assert ground.upload(resume=journal).sha1 == SHA1
    assert (ground.calls("upload_part"), ground.calls(CREATE)) == (sent, 1)


def test_a_session_that_only_asks_for_the_name_is_aborted(ground: Ground) -> None:
    ground.fail(COMMIT, 500, 410)
    ground.fail(STATUS, 410)
    assert ground.upload().sha1 == SHA1
    assert ground.calls(CREATE) == 3
    assert not ground.state.sessions


class Unreadable(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """Spoils the bodies of some conflicts on their way: by HTML, by a cut, or by a connection that breaks."""

    def __init__(self, inner: httpx2.BaseTransport, times: int, damage: str) -> None:
        self._inner, self._times, self._damage = inner, times, damage

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        response = self._inner.handle_request(request)
        if response.status_code != 409 or not self._times:
            return response
        self._times -= 1
        content = response.read()[:60] if self._damage != "html" else b"<html>409 Conflict</html>"
        if self._damage == "broken":
            raise httpx2.ReadError("the connection broke in the middle of the answer")
        return httpx2.Response(409, headers={"content-type": "text/html"}, content=content)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        await request.aread()
        # Trace callbacks of an asynchronous client would have to be awaited.
        request.extensions = {name: value for name, value in request.extensions.items() if name != "trace"}
        response = await asyncio.to_thread(self.handle_request, request)
        content = await asyncio.to_thread(response.read)
        return httpx2.Response(response.status_code, headers=response.headers, content=content)

    def close(self) -> None:
        self._inner.close()

    async def aclose(self) -> None:
        self.close()


@BOTH_CLIENTS
@pytest.mark.parametrize("damage", ["html", "cut", "broken"])
@pytest.mark.parametrize("times", [2, 1000])
@pytest.mark.parametrize("is_last_look", [False, True])
def test_a_stored_file_is_found_or_not_confirmed_when_the_conflict_cannot_be_read(
    ground: Ground, times: int, is_last_look: bool, damage: str, is_async: bool
) -> None:
    if is_last_look:
        ground.fail(COMMIT, 503, 403)
    else:
        ground.state.faults.add(LostResponse(operation=COMMIT))
    http = Unreadable(LateCommit(ground) if is_last_look else httpx2.HTTPTransport(), times, damage)
    if times == 2:
        assert ground.upload(http=http, is_async=is_async).sha1 == SHA1
    else:
        with pytest.raises(CommitUnconfirmedError, match=rf"look in folder 0 for film\.mov with the sha1 {SHA1}"):
            ground.upload(http=http, is_async=is_async)
    require_stored_once(ground, {})


def test_a_resumed_run_leaves_the_commit_to_the_next_when_the_conflict_cannot_be_read(
    ground: Ground, journal: Path
) -> None:
    interrupt_commit(ground, journal, is_carried_out=True)
    with pytest.raises(CommitUnconfirmedError, match=r"only if it is not there, delete the journal$"):
        ground.upload(http=Unreadable(httpx2.HTTPTransport(), 1000, "cut"), resume=journal)
    assert ground.upload(resume=journal).sha1 == SHA1
    assert versions(ground) == (0, CONTENT)


# Commits of an earlier run


class BeforeListing(httpx2.HTTPTransport):
    """Calls something before the parts of a session are listed for the first time."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__()
        self._actions = [act]

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/parts") and self._actions:
            self._actions.pop()()
        return super().handle_request(request)


def test_a_commit_of_an_earlier_run_that_arrives_before_its_parts_are_listed_is_found(
    ground: Ground, target: dict[str, Any], journal: Path
) -> None:
    interrupt_commit(ground, journal, is_carried_out=False, **target)
    http = BeforeListing(lambda: carry_out_commit_of(journal, ground))
    assert ground.upload(http=http, resume=journal, **target).sha1 == SHA1
    assert versions(ground) == (1 if target else 0, CONTENT)
    assert ground.calls(VERSION) == (1 if target else 0)


def test_a_commit_of_an_earlier_run_that_arrives_late_is_found(ground: Ground, file_id: str, journal: Path) -> None:
    interrupt_commit(ground, journal, is_carried_out=False, file_id=file_id)

    def on_progress(event: object) -> None:
        if isinstance(event, Started) and versions(ground) == (0, OTHER):
            carry_out_commit_of(journal, ground)

    assert ground.upload(file_id=file_id, resume=journal, on_progress=on_progress).sha1 == SHA1
    assert versions(ground) == (1, CONTENT)
    assert ground.calls(VERSION) == 1


def test_a_stream_whose_earlier_run_has_committed_it_meanwhile_asks_a_person_to_look(
    ground: Ground, file_id: str, journal: Path
) -> None:
    interrupt_commit(ground, journal, Stream(CONTENT), is_carried_out=False, file_id=file_id, **SIZE)
    ground.fail("list_parts", 404)
    with pytest.raises(CommitUnconfirmedError, match=SHA1):
        ground.upload(Stream(CONTENT), file_id=file_id, resume=journal, **SIZE)


@pytest.mark.parametrize("status", [404, 410])
def test_a_stream_whose_earlier_commit_had_no_effect_is_uploaded_or_left_to_a_person(
    ground: Ground, file_id: str, journal: Path, status: int
) -> None:
    interrupt_commit(ground, journal, Stream(CONTENT), is_carried_out=False, file_id=file_id, **SIZE)
    ground.fail(STATUS, status, status)
    if status == 404:
        with pytest.raises(CommitUnconfirmedError, match="delete the journal"):
            ground.upload(Stream(CONTENT), file_id=file_id, resume=journal, **SIZE)
    else:
        ground.upload(Stream(CONTENT), file_id=file_id, resume=journal, **SIZE)
        assert versions(ground) == (1, CONTENT)


def test_a_stream_that_an_earlier_run_has_stored_without_an_answer_is_found(
    ground: Ground, target: dict[str, Any], journal: Path
) -> None:
    interrupt_commit(ground, journal, Stream(CONTENT), is_carried_out=True, **target, **SIZE)
    assert ground.upload(Stream(CONTENT), resume=journal, **target, **SIZE).sha1 == SHA1
    assert versions(ground) == (1 if target else 0, CONTENT)
    assert list(journal.parent.iterdir()) == []


@pytest.mark.parametrize("is_reported", [False, True])
def test_another_stream_than_the_stored_one_is_asked_for_once_more(
    ground: Ground, file_id: str, journal: Path, is_reported: bool
) -> None:
    settings: dict[str, Any] = {"file_id": file_id, "resume": journal, **SIZE}
    if not is_reported:
        ground.state.faults.add(LostResponse(operation=COMMIT))
    with pytest.raises(Interrupt):
        ground.upload(Stream(CONTENT), on_progress=interrupt_at(Stored if is_reported else Retried), **settings)
    with pytest.raises(SourceChangedError, match=f"another stream as file {file_id}; .* pass it again"):
        ground.upload(Stream(OTHER), **settings)
    assert versions(ground) == (1, CONTENT)
    ground.upload(Stream(OTHER), **settings)
    assert versions(ground) == (2, OTHER)


def test_a_new_file_that_somebody_has_renamed_is_not_made_twice(ground: Ground, journal: Path) -> None:
    def rename(event: object) -> None:
        if isinstance(event, Retried):
            (file,) = [file for file in ground.state.files.values() if file.name == "film.mov"]
            ground.upload(file_id=file.id, file_name="archived.mov")

    ground.state.faults.add(LostResponse(operation=COMMIT))
    with pytest.raises(CommitUnconfirmedError, match=r"has no film\.mov with the sha1"):
        ground.upload(resume=journal, on_progress=rename)
    assert (ground.stored(), ground.stored("archived.mov")) == ([], [CONTENT])
    assert not ground.state.sessions


def test_a_session_that_was_aborted_for_wrong_bytes_is_not_taken_for_committed(
    ground: Ground, file_id: str, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kill(_: object) -> None:
        raise Interrupt

    ground.fail(COMMIT, 400, code="digest_mismatch")
    with monkeypatch.context() as patch:
        patch.setattr("box_uploads.upload.journal.Journal.remove", kill)
        with pytest.raises(Interrupt):
            ground.upload(file_id=file_id, resume=journal)
    ground.upload(file_id=file_id, resume=journal)
    assert versions(ground) == (1, CONTENT)


def test_a_refused_commit_is_not_ambiguous(ground: Ground, file_id: str, journal: Path) -> None:
    with pytest.raises(errors.PreconditionFailedError):
        ground.upload(file_id=file_id, resume=journal, if_match="7")
    (session,) = ground.state.sessions
    ground.state.session_store.abort(session)
    ground.upload(file_id=file_id, resume=journal, if_match="0")
    assert versions(ground) == (1, CONTENT)


@pytest.mark.parametrize("event", [Retried, Stored])
def test_another_content_after_a_commit_of_an_earlier_run_is_uploaded(
    ground: Ground, file_id: str, journal: Path, event: object
) -> None:
    if event is Retried:
        ground.state.faults.add(LostResponse(operation=COMMIT))
    with pytest.raises(Interrupt):
        ground.upload(file_id=file_id, resume=journal, on_progress=interrupt_at(event))
    ground.upload(OTHER, file_id=file_id, resume=journal)
    assert versions(ground) == (2, OTHER)


def test_a_commit_whose_outcome_cannot_be_found_out_is_unconfirmed(ground: Ground, journal: Path) -> None:
    ground.state.faults.add(LostResponse(operation=COMMIT), Failure(operation=STATUS, status=403))
    with pytest.raises(CommitUnconfirmedError, match="A commit was sent and may have taken effect") as caught:
        ground.upload(resume=journal, deadline_s=0)
    assert isinstance(caught.value.__cause__, errors.ForbiddenError)
    assert ground.upload(resume=journal).sha1 == SHA1
    assert versions(ground) == (0, CONTENT)


def test_a_file_that_has_become_small_ends_its_session(ground: Ground, journal: Path) -> None:
    with pytest.raises(Interrupt):
        ground.upload(resume=journal, on_progress=interrupt_at(PhaseChanged("commit")))
    events = list[Any]()
    ground.upload(b"small", resume=journal, on_progress=events.append)
    assert events[0] == Restarted("the source has changed since the earlier run")
    assert (ground.stored(), dict(ground.state.sessions), journal.exists()) == ([b"small"], {}, False)


# Done, and not yet reported


@pytest.mark.parametrize("event", [Stored, PhaseChanged("done")])
def test_a_result_that_was_not_reported_is_reported_by_the_next_run(
    ground: Ground, target: dict[str, Any], journal: Path, event: object
) -> None:
    with pytest.raises(Interrupt) as caught:
        ground.upload(on_progress=interrupt_at(event), resume=journal, **target)
    before, events = len(ground.state.request_log), list[Any]()
    file = ground.upload(on_progress=events.append, resume=journal, **target)
    assert caught.value.__notes__ == [f"The file is already stored, with id {file.id}."]
    assert events == [PhaseChanged("create"), PhaseChanged("done"), Stored(file)]
    assert len(ground.state.request_log) == before
    assert versions(ground) == (1 if target else 0, CONTENT)
    assert list(journal.parent.iterdir()) == []


def test_a_stream_of_a_run_that_was_done_is_compared(ground: Ground, file_id: str, journal: Path) -> None:
    settings: dict[str, Any] = {"resume": journal, "file_id": file_id, **SIZE}
    with pytest.raises(Interrupt):
        ground.upload(Stream(CONTENT), on_progress=interrupt_at(Stored), **settings)
    assert ground.upload(Stream(CONTENT), **settings).sha1 == SHA1
    assert versions(ground) == (1, CONTENT)


def test_a_result_that_the_journal_cannot_take_hides_no_success(
    ground: Ground, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Journal.write

    def write_on_full_disk(journal: Journal, entry: Entry) -> None:
        if entry.file is not None:
            raise OSError("no space left")
        write(journal, entry)

    monkeypatch.setattr(Journal, "write", write_on_full_disk)
    assert ground.upload(resume=journal).sha1 == SHA1


@pytest.mark.parametrize("wanted", [PhaseChanged("done"), Stored])
def test_a_task_that_is_cancelled_too_late_leaves_the_result_to_the_next(
    ground: Ground, file_id: str, journal: Path, wanted: object
) -> None:
    async def main() -> None:
        task = asyncio.current_task()
        assert task is not None

        def cancel(event: object) -> None:
            if wanted in (event, type(event)):
                task.cancel()

        await ground.upload_async(on_progress=cancel, resume=journal, file_id=file_id)

    with pytest.raises(asyncio.CancelledError) as caught:
        asyncio.run(main())
    assert caught.value.__notes__ == [f"The file is already stored, with id {file_id}."]
    assert ground.upload(resume=journal, file_id=file_id).sha1 == SHA1
    assert versions(ground) == (1, CONTENT)


def test_a_cancelled_task_does_not_wait_for_its_callback(ground: Ground) -> None:
    async def main() -> None:
        is_called = asyncio.Event()

        async def on_progress(_: object) -> None:
            is_called.set()
            await asyncio.Event().wait()

        task = asyncio.create_task(ground.upload_async(on_progress=on_progress))
        await asyncio.wait({asyncio.ensure_future(is_called.wait()), task}, return_when=asyncio.FIRST_COMPLETED)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert not ground.state.sessions


# Wrong responses, and clients that fail


class Spoiling(httpx2.HTTPTransport):
    """Changes the responses of a call on their way."""

    def __init__(self, end_of_path: str, change: Callable[[Any], object]) -> None:
        super().__init__()
        self._end_of_path, self._change = end_of_path, change

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        response = super().handle_request(request)
        if not request.url.path.endswith(self._end_of_path):
            return response
        body = json.loads(response.read())
        self._change(body)
        headers = [(name, value) for name, value in response.headers.items() if name.lower() != "content-length"]
        return httpx2.Response(response.status_code, headers=headers, json=body)


@pytest.mark.parametrize(
    ("field", "value", "kind", "text"),
    [
        ("sha1", "0" * 40, DigestMismatchError, rf"^stored file [0-9]+ has .*{'0' * 40}"),
        ("size", 7, DigestMismatchError, r"^stored file [0-9]+ has 7 bytes"),
        ("sha1", None, CommitUnconfirmedError, f"compare the file with {SHA1}"),
    ],
)
def test_a_stored_file_that_is_not_ours_or_has_no_sha1_is_an_error(
    ground: Ground, field: str, value: object, kind: type[Exception], text: str
) -> None:
    def change(body: Any) -> None:
        body["entries"][0][field] = value
        if value is None:
            del body["entries"][0][field]

    with pytest.raises(kind, match=text):
        ground.upload(http=Spoiling("/commit", change))


@pytest.mark.parametrize("is_cut_before", [False, True])
def test_a_created_session_that_cannot_be_read_is_noted_and_not_created_again(
    ground: Ground, is_cut_before: bool
) -> None:
    """If the response before was cut off, the session that cannot be read counts as another one."""
    if is_cut_before:
        ground.state.faults.add(Truncation(operation=CREATE))
    spoiling = Spoiling("/upload_sessions", lambda body: body.update(part_size=0))
    settings: dict[str, Any] = {"deadline_s": 0} if is_cut_before else {}
    with pytest.raises(errors.BoxUploadsError if is_cut_before else errors.DecodeError) as caught:
        ground.upload(http=spoiling, **settings)
    many = "Up to 2 unused sessions may stay open at Box until they expire."
    single = "An unused session may stay open at Box until it expires."
    assert caught.value.__notes__ == [many if is_cut_before else single]
    assert ground.calls(CREATE) == len(ground.state.sessions) == (2 if is_cut_before else 1)


def test_an_error_of_the_callback_is_not_hidden_by_one_of_the_token(ground: Ground) -> None:
    is_sealed = False

    def token() -> str:
        if is_sealed:
            raise OSError("the vault is sealed")
        return ground.state.token

    def on_progress(event: object) -> None:
        nonlocal is_sealed
        if event == PhaseChanged("commit"):
            is_sealed = True
            ground.state.expire_token(ground.state.token)
            raise RuntimeError("own reason")

    with pytest.raises(RuntimeError, match="own reason") as caught:
        ground.upload(client=ground.client(token=token), on_progress=on_progress)
    assert "could not be aborted" in caught.value.__notes__[0]
    assert "the vault is sealed" in caught.value.__notes__[0]


# Commits that are carried out late


class LateCommit(httpx2.HTTPTransport):
    """Brings a commit to the server just before it is asked to abort the session."""

    def __init__(self, ground: Ground) -> None:
        super().__init__()
        self._ground = ground
        self._session: models.UploadSession | None = None

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "DELETE" and (session := self._session) is not None:
            self._session = None
            carry_out_commit(self._ground, session)
        response = super().handle_request(request)
        if request.url.path.endswith("/upload_sessions") and response.status_code == 201:
            self._session = msgspec.json.decode(response.read(), type=models.UploadSession)
        return response


def test_a_commit_that_is_carried_out_after_the_session_was_found_open_is_found(
    ground: Ground, target: dict[str, Any]
) -> None:
    ground.fail(COMMIT, 503, 403)
    assert ground.upload(http=LateCommit(ground), **target).sha1 == SHA1
    require_stored_once(ground, target)


@pytest.mark.parametrize("is_readable", [True, False])
def test_a_commit_without_effect_is_noted_unless_the_file_cannot_be_read(
    ground: Ground, file_id: str, is_readable: bool
) -> None:
    ground.fail(COMMIT, 503, 403)
    if not is_readable:
        ground.fail("get_file", 403)
    with pytest.raises(errors.ForbiddenError if is_readable else CommitUnconfirmedError) as caught:
        ground.upload(file_id=file_id)
    assert ground.calls(ABORT) == 1
    if is_readable:
        assert caught.value.__notes__ == ["A commit was sent and had no effect."]
    else:
        assert isinstance(caught.value.__cause__, errors.ForbiddenError)
        where = f"look among the versions of file {file_id} for a version with the sha1 {SHA1}"
        assert str(caught.value).endswith(where)
    assert versions(ground) == (0, OTHER)


def test_the_commit_of_a_session_that_cannot_be_aborted_may_still_take_effect(
    ground: Ground, target: dict[str, Any]
) -> None:
    ground.fail(COMMIT, 503, 403)
    ground.fail(ABORT, 403)
    with pytest.raises(errors.ForbiddenError) as caught:
        ground.upload(**target)
    assert ground.state.sessions
    notes = caught.value.__notes__
    assert notes[0].startswith("The session could not be aborted, and stays open until it expires")
    assert notes[1:] == ["A commit was sent and may still take effect."]


def test_the_commit_of_a_session_that_is_kept_may_still_take_effect(
    ground: Ground, file_id: str, journal: Path
) -> None:
    ground.fail(COMMIT, 503, 403)
    with pytest.raises(errors.ForbiddenError) as caught:
        ground.upload(file_id=file_id, resume=journal)
    assert caught.value.__notes__ == ["A commit was sent and may still take effect."]
    assert ground.upload(file_id=file_id, resume=journal).sha1 == SHA1


# Journals that cannot be written


@pytest.mark.parametrize("is_ambiguous", [False, True])
def test_a_session_is_aborted_though_its_journal_cannot_be_written(
    ground: Ground, journal: Path, monkeypatch: pytest.MonkeyPatch, is_ambiguous: bool
) -> None:
    def fail(*_: object) -> None:
        raise OSError("no space left")

    def fill_disk(event: object) -> None:
        if isinstance(event, Retried):
            monkeypatch.setattr(Journal, "write", fail)
            monkeypatch.setattr(Journal, "remove", fail)

    ground.fail(COMMIT, 503 if is_ambiguous else 429)
    ground.fail(COMMIT, 400, code="digest_mismatch")
    with pytest.raises(DigestMismatchError) as caught:
        ground.upload(resume=journal, on_progress=fill_disk)
    assert not ground.state.sessions
    assert caught.value.__notes__.count("The journal could not be deleted: no space left") == 1


def test_a_session_whose_journal_is_gone_is_aborted(ground: Ground, tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()

    def delete_journal(event: object) -> None:
        if event == PhaseChanged("commit"):
            for path in folder.iterdir():
                path.unlink()
            folder.rmdir()

    with pytest.raises(FileNotFoundError):
        ground.upload(resume=folder / "journal", on_progress=delete_journal)
    assert not ground.state.sessions


@pytest.mark.parametrize("is_version", [False, True])
def test_a_session_that_is_always_lost_is_restarted_twice_and_then_an_error(
    small_ground: Ground, is_version: bool
) -> None:
    content = b"x" * 500
    target = {"file_id": small_ground.upload(b"y" * 500).id} if is_version else {}
    small_ground.fail("upload_part", 410, 410, 410, code="session_expired")
    events: list[Any] = []
    with pytest.raises(errors.UploadError, match="the session has ended"):
        small_ground.upload(content, on_progress=events.append, **target)
    assert len(of_type(Restarted, events)) == 2
    assert not small_ground.state.sessions
