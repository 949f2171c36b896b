"""Commits whose outcome nobody has seen: what is stored is told, what is not is uploaded, and nothing is done twice."""

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
from box_uploads import AsyncClient, errors, models
from box_uploads.upload import (
    CommitUnconfirmedError,
    DigestMismatchError,
    FileTooSmallError,
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

from tests.flow.upload_ground import CONTENT, SHA1, Ground

CREATE, VERSION = "create_upload_session", "create_version_upload_session"
STATUS, COMMIT, ABORT = "get_upload_session", "commit_upload_session", "abort_upload_session"
OTHER = CONTENT[::-1]


def named(parts: Iterable[models.UploadPart]) -> list[models.CommitPart]:
    """Return parts as a commit names them."""
    return [models.CommitPart(part_id=one.part_id, offset=one.offset, size=one.size, sha1=one.sha1) for one in parts]


class Stream(io.BytesIO):
    """A stream that cannot seek."""

    def seekable(self) -> bool:
        return False


class Interrupt(BaseException):
    """What nobody catches."""


def at(wanted: Any) -> Any:
    """Return a callback that interrupts the upload at an event, or at the first one of a kind."""

    def tell(event: Any) -> None:
        if wanted in (event, type(event)):
            raise Interrupt

    return tell


def versions(ground: Ground) -> tuple[int, bytes]:
    """Return how many versions a file has beyond its first one, and its content."""
    (file,) = [one for one in ground.state.files.values() if one.name == "film.mov"]
    return int(file.etag), ground.state.content(file.id)


@pytest.fixture
def file_id(ground: Ground) -> str:
    return str(ground.upload(OTHER).id)


# Versions, which cannot be found by their name


def test_a_session_that_failed_before_the_commit_was_sent_is_begun_anew(
    ground: Ground, file_id: str, tmp_path: Path
) -> None:
    journal = tmp_path / "journal"
    with pytest.raises(Interrupt):
        ground.upload(file_id=file_id, resume=journal, on_progress=at(PhaseChanged("commit")))
    ground.state.faults.add(Failure(operation=STATUS, status=410, code="upload_failed"))
    events: list[Any] = []
    ground.upload(file_id=file_id, resume=journal, on_progress=events.append)
    assert versions(ground) == (1, CONTENT)
    assert any(isinstance(event, Restarted) for event in events)


@pytest.mark.parametrize("code", ["upload_failed", "session_expired"])
@pytest.mark.parametrize("has_journal", [False, True])
def test_a_session_that_failed_after_a_commit_without_effect_is_begun_anew(
    ground: Ground, file_id: str, tmp_path: Path, code: str, has_journal: bool
) -> None:
    settings: dict[str, Any] = {"resume": tmp_path / "journal"} if has_journal else {}
    ground.state.faults.add(
        Failure(operation=COMMIT, status=503),
        Failure(operation=COMMIT, status=410, code=code),
        Failure(operation=STATUS, status=410, code=code),
    )
    ground.upload(file_id=file_id, **settings)
    assert versions(ground) == (1, CONTENT)


def test_a_commit_without_effect_in_an_earlier_run_is_made_in_the_next(
    ground: Ground, file_id: str, tmp_path: Path
) -> None:
    journal = tmp_path / "journal"
    ground.state.faults.add(Failure(operation=COMMIT, status=503))
    with pytest.raises(Interrupt) as caught:
        ground.upload(file_id=file_id, resume=journal, on_progress=at(Retried))
    assert caught.value.__notes__ == ["A commit had been sent, and may have taken effect."]
    ground.state.faults.add(Failure(operation=STATUS, status=410, code="upload_failed", times=2))
    ground.upload(file_id=file_id, resume=journal)
    assert versions(ground) == (1, CONTENT)


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("is_version", [False, True])
@pytest.mark.parametrize("question", [STATUS, "list_parts"])
def test_a_resumed_run_that_gets_no_answer_tells_of_the_commit_that_was_sent_before(  # noqa: PLR0917  # three axes
    ground: Ground, file_id: str, tmp_path: Path, question: str, is_version: bool, is_async: bool
) -> None:
    target: dict[str, Any] = {"file_id": file_id} if is_version else {"folder_id": "0", "file_name": "new.mov"}
    settings: dict[str, Any] = {"resume": tmp_path / "journal", **target}
    ground.state.faults.add(Failure(operation=COMMIT, status=503))
    with pytest.raises(Interrupt):
        ground.upload(**settings, on_progress=at(Retried))

    for _ in range(2):
        ground.state.faults.add(Failure(operation=question, status=403))
        with pytest.raises(errors.ForbiddenError) as caught:
            asyncio.run(ground.upload_async(**settings)) if is_async else ground.upload(**settings)
        assert caught.value.__notes__ == ["A commit had been sent, and may have taken effect."]

    ground.upload(**settings)
    stored = versions(ground)[1] if is_version else ground.stored("new.mov")[0]
    assert stored == CONTENT


@pytest.mark.parametrize("last", [404, 412, 409, 410])
def test_a_commit_whose_answer_is_lost_is_found_whatever_is_said_of_the_next(
    ground: Ground, file_id: str, last: int
) -> None:
    code = {409: "item_name_in_use", 410: "session_expired"}.get(last, "")
    ground.state.faults.add(LostResponse(operation=COMMIT), Failure(operation=COMMIT, status=last, code=code))
    file = ground.upload(file_id=file_id)
    assert (file.id, file.sha1) == (file_id, SHA1)
    assert versions(ground) == (1, CONTENT)


def test_a_commit_that_is_refused_after_one_without_effect_is_told_as_the_refusal(ground: Ground, file_id: str) -> None:
    ground.state.faults.add(Failure(operation=COMMIT, status=500), Failure(operation=COMMIT, status=412))
    with pytest.raises(errors.PreconditionFailedError):
        ground.upload(file_id=file_id)
    assert versions(ground) == (0, OTHER)
    assert not ground.state.sessions


@pytest.mark.parametrize("is_late", [False, True])
def test_a_session_that_somebody_else_has_aborted_is_not_taken_for_committed(
    ground: Ground, file_id: str, tmp_path: Path, is_late: bool
) -> None:
    journal = tmp_path / "journal"
    unanswered(ground, journal, file_id=file_id)
    (session,) = ground.state.sessions
    ground.state.session_store.abort(session)
    if is_late:
        ground.clock.advance(8 * 24 * 3600)
    for _ in range(2):
        with pytest.raises(
            CommitUnconfirmedError,
            match=rf"file {file_id} has the sha1 (?!{SHA1}).*, not {SHA1}.* not there, delete the journal$",
        ):
            ground.upload(file_id=file_id, resume=journal)
    assert versions(ground) == (0, OTHER)
    journal.unlink()
    ground.upload(file_id=file_id, resume=journal)
    assert versions(ground) == (1, CONTENT)


def test_without_a_journal_nothing_is_said_of_one(ground: Ground, file_id: str) -> None:
    ground.state.faults.add(Failure(operation=COMMIT, status=500), Failure(operation=COMMIT, status=404))
    ground.state.faults.add(Failure(operation=STATUS, status=404))
    with pytest.raises(CommitUnconfirmedError, match=rf"or the file was changed since\. .* with the sha1 {SHA1}$"):
        ground.upload(file_id=file_id)


def test_a_commit_is_found_after_the_expiry_of_its_session(ground: Ground, file_id: str, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    ground.state.faults.add(LostResponse(operation=COMMIT))
    with pytest.raises(Interrupt):
        ground.upload(file_id=file_id, resume=journal, on_progress=at(Retried))
    ground.clock.advance(8 * 24 * 3600)
    file = ground.upload(file_id=file_id, resume=journal)
    assert (file.id, file.name, file.etag, file.sha1) == (file_id, "film.mov", "1", SHA1)
    assert versions(ground) == (1, CONTENT)


def test_a_file_whose_name_was_not_changed_is_not_the_version_that_changes_it(ground: Ground, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    settings: dict[str, Any] = {"file_id": ground.upload().id, "file_name": "cut.mov"}
    unanswered(ground, journal, **settings)
    (session,) = ground.state.sessions
    ground.state.session_store.abort(session)
    with pytest.raises(CommitUnconfirmedError, match=r"has the name film\.mov, not cut\.mov"):
        ground.upload(resume=journal, **settings)


def test_a_file_that_may_not_be_read_leaves_the_doubt(ground: Ground, file_id: str) -> None:
    ground.state.faults.add(LostResponse(operation=COMMIT), Failure(operation="get_file", status=403))
    with pytest.raises(CommitUnconfirmedError, match="may have taken effect") as caught:
        ground.upload(file_id=file_id)
    assert isinstance(caught.value.__cause__, errors.ForbiddenError)


@pytest.mark.parametrize("resumes", [True, False])
def test_another_file_of_the_same_content_is_not_taken_for_the_version(
    ground: Ground, file_id: str, tmp_path: Path, resumes: bool
) -> None:
    twin = ground.upload(file_name="twin.mov")
    named: dict[str, Any] = {"file_id": file_id, "folder_id": "0", "file_name": "twin.mov"}
    with pytest.raises(errors.ConflictError):
        ground.upload(**named, resume=tmp_path / "journal" if resumes else None)
    assert (twin.sha1, ground.state.content(file_id)) == (SHA1, OTHER)
    assert not ground.state.sessions


def test_another_file_that_has_got_the_name_is_not_the_version(ground: Ground, file_id: str) -> None:
    def twin_comes(event: object) -> None:
        if isinstance(event, PhaseChanged) and event.phase == "commit":
            ground.upload(file_name="twin.mov")
            ground.state.faults.add(Failure(operation=COMMIT, status=500), Failure(operation=COMMIT, status=404))
            ground.state.faults.add(Failure(operation=STATUS, status=404))

    with pytest.raises(errors.BoxUploadsError):
        ground.upload(file_id=file_id, folder_id="0", file_name="twin.mov", on_progress=twin_comes)
    assert ground.state.content(file_id) == OTHER


# New files


@pytest.mark.parametrize("last", [404, 409, 410])
def test_a_new_file_whose_commit_is_lost_is_found_by_its_name(ground: Ground, last: int) -> None:
    code = {409: "item_name_in_use", 410: "session_expired"}.get(last, "")
    ground.state.faults.add(LostResponse(operation=COMMIT), Failure(operation=COMMIT, status=last, code=code))
    assert ground.upload().sha1 == SHA1
    assert versions(ground) == (0, CONTENT)
    assert not ground.state.sessions


def test_a_deadline_in_doubt_keeps_the_session_that_is_still_open(ground: Ground, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    ground.state.faults.add(Failure(operation=COMMIT, status=500))
    with pytest.raises(errors.UploadError, match="not done within 0 s"):
        ground.upload(resume=journal, deadline_s=0)
    sent = ground.calls("upload_part")
    assert ground.upload(resume=journal).sha1 == SHA1
    assert (ground.calls("upload_part"), ground.calls(CREATE)) == (sent, 1)


def test_a_folder_of_the_name_is_no_file_that_was_stored(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    ground.state.faults.add(Failure(operation=COMMIT, status=500), Failure(operation=COMMIT, status=404))
    ground.state.faults.add(Failure(operation=STATUS, status=404))
    conflict = {"type": "folder", "id": "9", "sha1": SHA1, "name": "film.mov"}

    def items(_: object) -> list[dict[str, str]]:
        return [conflict]

    monkeypatch.setattr("box_uploads.upload.reconcile.conflicting_items", items)
    ground.state.faults.add(Failure(operation=CREATE, status=409, code="item_name_in_use", skip=1))
    with pytest.raises(errors.UploadError):
        ground.upload(deadline_s=0)
    assert ground.stored() == []


def test_a_session_that_only_asks_for_the_name_is_ended(ground: Ground) -> None:
    ground.state.faults.add(Failure(operation=COMMIT, status=500), Failure(operation=COMMIT, status=410))
    ground.state.faults.add(Failure(operation=STATUS, status=410))
    assert ground.upload().sha1 == SHA1
    assert ground.calls(CREATE) == 3
    assert not ground.state.sessions


class Unreadable(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """Spoils the bodies of some conflicts on their way: by HTML, by a cut, or by a connection that breaks."""

    def __init__(self, inner: httpx2.BaseTransport, times: int, spoiled: str) -> None:
        self._inner = inner
        self._times = times
        self._changeed = spoiled

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        response = self._inner.handle_request(request)
        if response.status_code != 409 or not self._times:
            return response
        self._times -= 1
        content = response.read()[:60] if self._changeed != "html" else b"<html>409 Conflict</html>"
        if self._changeed == "broken":
            raise httpx2.ReadError("the connection broke in the middle of the answer")
        return httpx2.Response(409, headers={"content-type": "text/html"}, content=content)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        await request.aread()
        # What is told of an awaited connection would have to be awaited.
        request.extensions = {name: value for name, value in request.extensions.items() if name != "trace"}
        response = await asyncio.to_thread(self.handle_request, request)
        content = await asyncio.to_thread(response.read)
        return httpx2.Response(response.status_code, headers=response.headers, content=content)

    def close(self) -> None:
        self._inner.close()

    async def aclose(self) -> None:
        self.close()


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("spoiled", ["html", "cut", "broken"])
@pytest.mark.parametrize("times", [2, 1000])
@pytest.mark.parametrize("is_last_look", [False, True])
def test_a_stored_file_is_found_or_left_in_doubt_when_the_conflict_cannot_be_read(
    ground: Ground, times: int, is_last_look: bool, spoiled: str, is_async: bool
) -> None:
    if is_last_look:
        ground.state.faults.add(Failure(operation=COMMIT, status=503), Failure(operation=COMMIT, status=403))
    else:
        ground.state.faults.add(LostResponse(operation=COMMIT))
    http = Unreadable(Late(ground) if is_last_look else httpx2.HTTPTransport(), times, spoiled)

    def run() -> Any:
        if not is_async:
            return ground.upload(client=ground.client(http=http))
        client = AsyncClient(ground.state.token, base_url=ground.server.base_url, http=http)
        return asyncio.run(ground.upload_async(client=client))

    if times == 2:
        assert run().sha1 == SHA1
    else:
        with pytest.raises(CommitUnconfirmedError, match=rf"look in folder 0 for film\.mov with the sha1 {SHA1}"):
            run()
    assert versions(ground) == (0, CONTENT)
    assert not ground.state.sessions


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("spoiled", ["html", "cut", "broken"])
def test_a_version_is_found_whatever_conflict_cannot_be_read(
    ground: Ground, file_id: str, spoiled: str, is_async: bool
) -> None:
    ground.state.faults.add(LostResponse(operation=COMMIT))
    ground.state.faults.add(Failure(operation=COMMIT, status=409, code="item_name_in_use"))
    http = Unreadable(httpx2.HTTPTransport(), 1000, spoiled)
    if is_async:
        client = AsyncClient(ground.state.token, base_url=ground.server.base_url, http=http)
        file = asyncio.run(ground.upload_async(client=client, file_id=file_id))
    else:
        file = ground.upload(client=ground.client(http=http), file_id=file_id)
    assert (file.id, file.sha1, versions(ground)) == (file_id, SHA1, (1, CONTENT))
    assert not ground.state.sessions


def test_a_resumed_run_leaves_the_doubt_to_the_next_when_the_conflict_cannot_be_read(
    ground: Ground, tmp_path: Path
) -> None:
    journal = tmp_path / "journal"
    ground.state.faults.add(LostResponse(operation=COMMIT))
    with pytest.raises(Interrupt):
        ground.upload(resume=journal, on_progress=at(Retried))
    http = Unreadable(httpx2.HTTPTransport(), 1000, "cut")
    with pytest.raises(CommitUnconfirmedError, match=r"only if it is not there, delete the journal$"):
        ground.upload(client=ground.client(http=http), resume=journal)
    assert ground.upload(resume=journal).sha1 == SHA1
    assert versions(ground) == (0, CONTENT)


# Commits of an earlier run


def unanswered(ground: Ground, journal: Path, source: Any = CONTENT, **settings: Any) -> None:
    """Upload until a commit was sent, which was not carried out as yet."""
    ground.state.faults.add(Failure(operation=COMMIT, status=503))
    with pytest.raises(Interrupt):
        ground.upload(source, resume=journal, on_progress=at(Retried), **settings)


def arrive(ground: Ground, journal: Path) -> None:
    """Carry out the commit that an earlier run has sent."""
    entry = msgspec.json.decode(journal.read_bytes())
    assert entry["sha1"] == SHA1
    with ground.client() as box:
        known = msgspec.convert(entry["session"], models.UploadSession)
        box.commit_upload_session(known, parts=named(box.iter_parts(known)), digest=header(SHA1))


class Arriving(httpx2.BaseTransport):
    """Has the commit of an earlier run arrive before the parts of its session are listed."""

    def __init__(self, arrive: Callable[[], object]) -> None:
        self._inner = httpx2.HTTPTransport()
        self._arrive = arrive
        self._has_arrived = False

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/parts") and not self._has_arrived:
            self._has_arrived = True
            self._arrive()
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


@pytest.mark.parametrize("is_version", [False, True])
def test_a_commit_of_an_earlier_run_that_arrives_before_its_parts_are_listed_is_found(
    ground: Ground, tmp_path: Path, is_version: bool
) -> None:
    settings: dict[str, Any] = {"file_id": ground.upload(OTHER).id} if is_version else {}
    journal = tmp_path / "journal"
    unanswered(ground, journal, **settings)
    http = Arriving(lambda: arrive(ground, journal))
    assert ground.upload(client=ground.client(http=http), resume=journal, **settings).sha1 == SHA1
    assert versions(ground) == (int(is_version), CONTENT)
    assert ground.calls(VERSION) == int(is_version)


def test_a_commit_of_an_earlier_run_that_arrives_late_is_found(ground: Ground, file_id: str, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    unanswered(ground, journal, file_id=file_id)

    def tell(event: object) -> None:
        if isinstance(event, Started) and versions(ground) == (0, OTHER):
            arrive(ground, journal)

    assert ground.upload(file_id=file_id, resume=journal, on_progress=tell).sha1 == SHA1
    assert versions(ground) == (1, CONTENT)
    assert ground.calls(VERSION) == 1


def test_a_stream_whose_earlier_run_has_committed_it_meanwhile_asks_a_person_to_look(
    ground: Ground, file_id: str, tmp_path: Path
) -> None:
    journal = tmp_path / "journal"
    unanswered(ground, journal, Stream(CONTENT), size=len(CONTENT), file_id=file_id)
    ground.state.faults.add(Failure(operation="list_parts", status=404))
    with pytest.raises(CommitUnconfirmedError, match=SHA1):
        ground.upload(Stream(CONTENT), size=len(CONTENT), file_id=file_id, resume=journal)


@pytest.mark.parametrize("status", [404, 410])
def test_a_stream_whose_earlier_commit_had_no_effect_is_uploaded_or_left_to_a_person(
    ground: Ground, file_id: str, tmp_path: Path, status: int
) -> None:
    journal = tmp_path / "journal"
    settings: dict[str, Any] = {"size": len(CONTENT), "file_id": file_id, "resume": journal}
    unanswered(ground, journal, Stream(CONTENT), size=len(CONTENT), file_id=file_id)
    ground.state.faults.add(Failure(operation=STATUS, status=status, times=2))
    if status == 404:
        with pytest.raises(CommitUnconfirmedError, match="delete the journal"):
            ground.upload(Stream(CONTENT), **settings)
        return
    ground.upload(Stream(CONTENT), **settings)
    assert versions(ground) == (1, CONTENT)


@pytest.mark.parametrize("is_version", [False, True])
def test_a_stream_that_an_earlier_run_has_stored_without_an_answer_is_found(
    ground: Ground, tmp_path: Path, is_version: bool
) -> None:
    settings: dict[str, Any] = {"file_id": ground.upload(OTHER).id} if is_version else {}
    settings |= {"size": len(CONTENT), "resume": tmp_path / "journal"}
    ground.state.faults.add(LostResponse(operation=COMMIT))
    with pytest.raises(Interrupt):
        ground.upload(Stream(CONTENT), on_progress=at(Retried), **settings)
    assert ground.upload(Stream(CONTENT), **settings).sha1 == SHA1
    assert versions(ground) == (int(is_version), CONTENT)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("is_told", [False, True])
def test_another_stream_than_the_one_that_is_stored_is_asked_for_once_more(
    ground: Ground, file_id: str, tmp_path: Path, is_told: bool
) -> None:
    journal = tmp_path / "journal"
    settings: dict[str, Any] = {"size": len(CONTENT), "file_id": file_id, "resume": journal}
    if not is_told:
        ground.state.faults.add(LostResponse(operation=COMMIT))
    with pytest.raises(Interrupt):
        ground.upload(Stream(CONTENT), on_progress=at(Stored if is_told else Retried), **settings)
    with pytest.raises(SourceChangedError, match=f"another stream, as file {file_id}; .* give it once more"):
        ground.upload(Stream(OTHER), **settings)
    assert versions(ground) == (1, CONTENT)
    ground.upload(Stream(OTHER), **settings)
    assert versions(ground) == (2, OTHER)


def test_a_new_file_that_somebody_has_renamed_is_not_made_twice(ground: Ground, tmp_path: Path) -> None:
    def rename(event: object) -> None:
        if isinstance(event, Retried):
            (file,) = [one for one in ground.state.files.values() if one.name == "film.mov"]
            ground.upload(file_id=file.id, file_name="archived.mov")

    ground.state.faults.add(LostResponse(operation=COMMIT))
    with pytest.raises(CommitUnconfirmedError, match=r"has no film\.mov with the sha1"):
        ground.upload(resume=tmp_path / "journal", on_progress=rename)
    assert (ground.stored(), ground.stored("archived.mov")) == ([], [CONTENT])
    assert not ground.state.sessions


def test_a_session_that_was_ended_for_wrong_bytes_is_not_taken_for_committed(
    ground: Ground, file_id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = tmp_path / "journal"
    ground.state.faults.add(Failure(operation=COMMIT, status=400, code="digest_mismatch"))
    with monkeypatch.context() as patch:
        patch.setattr("box_uploads.upload.journal.Journal.remove", killed)
        with pytest.raises(Interrupt):
            ground.upload(file_id=file_id, resume=journal)
    ground.upload(file_id=file_id, resume=journal)
    assert versions(ground) == (1, CONTENT)


def killed(_: object) -> None:
    """Do what a kill does."""
    raise Interrupt


def test_a_refused_commit_is_none_that_may_have_been_carried_out(ground: Ground, file_id: str, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    with pytest.raises(errors.PreconditionFailedError):
        ground.upload(file_id=file_id, resume=journal, if_match="7")
    (session,) = ground.state.sessions
    ground.state.session_store.abort(session)
    ground.upload(file_id=file_id, resume=journal, if_match="0")
    assert versions(ground) == (1, CONTENT)


def test_another_content_after_a_commit_whose_answer_is_lost_is_uploaded(
    ground: Ground, file_id: str, tmp_path: Path
) -> None:
    journal = tmp_path / "journal"
    ground.state.faults.add(LostResponse(operation=COMMIT))
    with pytest.raises(Interrupt):
        ground.upload(file_id=file_id, resume=journal, on_progress=at(Retried))
    ground.upload(OTHER, file_id=file_id, resume=journal)
    assert versions(ground) == (2, OTHER)


def test_a_doubt_that_cannot_be_settled_is_told_as_such(ground: Ground, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    ground.state.faults.add(LostResponse(operation=COMMIT), Failure(operation=STATUS, status=403))
    with pytest.raises(CommitUnconfirmedError, match="A commit had been sent, and may have taken effect") as caught:
        ground.upload(resume=journal, deadline_s=0)
    assert isinstance(caught.value.__cause__, errors.ForbiddenError)
    assert ground.upload(resume=journal).sha1 == SHA1
    assert versions(ground) == (0, CONTENT)


def test_a_file_that_has_become_too_small_ends_its_session(ground: Ground, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    with pytest.raises(Interrupt):
        ground.upload(resume=journal, on_progress=at(PhaseChanged("commit")))
    with pytest.raises(FileTooSmallError):
        ground.upload(b"small", resume=journal)
    assert not ground.state.sessions
    assert not journal.exists()


# Done, and not yet told


@pytest.mark.parametrize("is_version", [False, True])
@pytest.mark.parametrize("event", [Stored, PhaseChanged("done")])
def test_a_run_that_ends_before_it_has_told_its_result_tells_it_in_the_next(
    ground: Ground, tmp_path: Path, event: object, is_version: bool
) -> None:
    settings: dict[str, Any] = {"resume": tmp_path / "journal"}
    if is_version:
        settings["file_id"] = ground.upload(OTHER).id
    with pytest.raises(Interrupt) as caught:
        ground.upload(on_progress=at(event), **settings)
    before, told = len(ground.state.request_log), list[Any]()
    file = ground.upload(on_progress=told.append, **settings)
    assert caught.value.__notes__ == [f"The file was stored before that, with the id {file.id}."]
    assert told == [PhaseChanged("create"), PhaseChanged("done"), Stored(file)]
    assert len(ground.state.request_log) == before
    assert versions(ground) == (int(is_version), CONTENT)
    assert list(tmp_path.iterdir()) == []


def test_a_stream_of_a_run_that_was_done_is_compared(ground: Ground, file_id: str, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"resume": tmp_path / "journal", "size": len(CONTENT), "file_id": file_id}
    with pytest.raises(Interrupt):
        ground.upload(Stream(CONTENT), on_progress=at(Stored), **settings)
    assert ground.upload(Stream(CONTENT), **settings).sha1 == SHA1
    assert versions(ground) == (1, CONTENT)


def test_a_mark_that_cannot_be_written_hides_no_success(
    ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Journal.write

    def full(journal: Journal, entry: Entry) -> None:
        if entry.file is not None:
            raise OSError("no space left")
        write(journal, entry)

    monkeypatch.setattr(Journal, "write", full)
    assert ground.upload(resume=tmp_path / "journal").sha1 == SHA1


@pytest.mark.parametrize("event", [PhaseChanged("done"), Stored])
def test_a_task_that_is_cancelled_too_late_tells_it_and_leaves_the_result_to_the_next(
    ground: Ground, file_id: str, tmp_path: Path, event: object
) -> None:
    settings: dict[str, Any] = {"resume": tmp_path / "journal", "file_id": file_id}

    async def main() -> None:
        task = asyncio.current_task()
        assert task is not None
        tell = at(event)

        def cancel(told: object) -> None:
            try:
                tell(told)
            except Interrupt:
                task.cancel()

        await ground.upload_async(on_progress=cancel, **settings)

    with pytest.raises(asyncio.CancelledError) as caught:
        asyncio.run(main())
    assert caught.value.__notes__ == [f"The file was stored before that, with the id {file_id}."]
    assert ground.upload(**settings).sha1 == SHA1
    assert versions(ground) == (1, CONTENT)


def test_a_cancelled_task_does_not_wait_for_who_takes_its_events(ground: Ground) -> None:
    async def main() -> None:
        never = asyncio.Event()

        async def tell(_: object) -> None:
            told.set()
            await never.wait()

        told = asyncio.Event()
        task = asyncio.create_task(ground.upload_async(on_progress=tell))
        await asyncio.wait({asyncio.ensure_future(told.wait()), task}, return_when=asyncio.FIRST_COMPLETED)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert not ground.state.sessions


def test_another_content_after_a_run_that_was_done_is_uploaded(ground: Ground, file_id: str, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    with pytest.raises(Interrupt):
        ground.upload(file_id=file_id, resume=journal, on_progress=at(Stored))
    ground.upload(OTHER, file_id=file_id, resume=journal)
    assert versions(ground) == (2, OTHER)


# Answers that are wrong, and clients that fail


class Spoiling(httpx2.BaseTransport):
    """Changes the answers of a call on their way."""

    def __init__(self, end_of_path: str, change: Callable[[Any], object]) -> None:
        self._inner = httpx2.HTTPTransport()
        self._end_of_path = end_of_path
        self._change = change

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        response = self._inner.handle_request(request)
        if not request.url.path.endswith(self._end_of_path):
            return response
        body = json.loads(response.read())
        self._change(body)
        headers = [(name, value) for name, value in response.headers.items() if name.lower() != "content-length"]
        return httpx2.Response(response.status_code, headers=headers, json=body)

    def close(self) -> None:
        self._inner.close()


@pytest.mark.parametrize(("field", "value"), [("sha1", "0" * 40), ("size", 7)])
def test_a_stored_file_that_is_not_ours_is_told_with_its_id(ground: Ground, field: str, value: object) -> None:
    spoiling = Spoiling("/commit", lambda body: body["entries"][0].update({field: value}))
    with pytest.raises(DigestMismatchError, match=rf"^file [0-9]+ was stored with .*{value}"):
        ground.upload(client=ground.client(http=spoiling))


def test_a_stored_file_whose_digest_is_not_told_is_not_confirmed(ground: Ground) -> None:
    spoiling = Spoiling("/commit", lambda body: body["entries"][0].pop("sha1"))
    with pytest.raises(CommitUnconfirmedError, match=f"compare it with {SHA1}"):
        ground.upload(client=ground.client(http=spoiling))


def test_an_answer_of_create_that_cannot_be_understood_is_not_asked_for_again(ground: Ground) -> None:
    with pytest.raises(errors.DecodeError) as caught:
        ground.upload(client=ground.client(http=Spoiling("/upload_sessions", lambda body: body.update(part_size=0))))
    assert caught.value.__notes__ == ["A session may have been created, which stays open until it expires."]
    assert (ground.calls(CREATE), len(ground.state.sessions)) == (1, 1)


def test_an_answer_that_cannot_be_understood_when_a_session_is_looked_for_counts_as_another_one(ground: Ground) -> None:
    spoiling = Spoiling("/upload_sessions", lambda body: body.update(part_size=0))
    ground.state.faults.add(Truncation(operation=CREATE))
    with pytest.raises(errors.BoxUploadsError) as caught:
        ground.upload(client=ground.client(http=spoiling), deadline_s=0)
    assert caught.value.__notes__ == [
        "Up to 2 sessions may have been created, each of which stays open until it expires."
    ]
    assert (ground.calls(CREATE), len(ground.state.sessions)) == (2, 2)


def test_an_error_of_the_callback_is_not_hidden_by_one_of_the_token(ground: Ground) -> None:
    sealed = False

    def token() -> str:
        if sealed:
            raise OSError("the vault is sealed")
        return ground.state.token

    def tell(event: object) -> None:
        nonlocal sealed
        if event == PhaseChanged("commit"):
            sealed = True
            ground.state.expire_token(ground.state.token)
            raise RuntimeError("own reason")

    with pytest.raises(RuntimeError, match="own reason") as caught:
        ground.upload(client=ground.client(token=token), on_progress=tell)
    assert "could not be aborted" in caught.value.__notes__[0]
    assert "the vault is sealed" in caught.value.__notes__[0]


# Commits that are carried out late


class Late(httpx2.BaseTransport):
    """Brings a commit to the server just before it is asked to abort the session."""

    def __init__(self, ground: Ground) -> None:
        self._inner = httpx2.HTTPTransport()
        self._ground = ground
        self._session: models.UploadSession | None = None

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "DELETE" and (session := self._session) is not None:
            self._session = None
            with self._ground.client() as box:
                box.commit_upload_session(session, parts=named(box.iter_parts(session)), digest=header(SHA1))
        response = self._inner.handle_request(request)
        if request.url.path.endswith("/upload_sessions") and response.status_code == 201:
            self._session = msgspec.json.decode(response.read(), type=models.UploadSession)
        return response

    def close(self) -> None:
        self._inner.close()


@pytest.mark.parametrize("is_version", [False, True])
def test_a_commit_that_is_carried_out_after_the_session_was_found_open_is_found(
    ground: Ground, is_version: bool
) -> None:
    settings = {"file_id": ground.upload(OTHER).id} if is_version else {}
    ground.state.faults.add(Failure(operation=COMMIT, status=503), Failure(operation=COMMIT, status=403))
    assert ground.upload(client=ground.client(http=Late(ground)), **settings).sha1 == SHA1
    assert versions(ground) == (int(is_version), CONTENT)
    assert not ground.state.sessions


@pytest.mark.parametrize("answer", [200, 403])
def test_what_is_not_there_in_the_end_is_told_with_the_failure(ground: Ground, file_id: str, answer: int) -> None:
    ground.state.faults.add(Failure(operation=COMMIT, status=503), Failure(operation=COMMIT, status=403))
    if answer == 403:
        ground.state.faults.add(Failure(operation="get_file", status=403))
    with pytest.raises(errors.ForbiddenError if answer == 200 else CommitUnconfirmedError) as caught:
        ground.upload(file_id=file_id)
    assert ground.calls(ABORT) == 1
    if answer == 200:
        assert caught.value.__notes__ == ["A commit had been sent before, and had no effect."]
    else:
        assert isinstance(caught.value.__cause__, errors.ForbiddenError)
        assert str(caught.value).endswith(
            f"look among the versions of file {file_id} for a version with the sha1 {SHA1}"
        )
    assert versions(ground) == (0, OTHER)


@pytest.mark.parametrize("is_version", [False, True])
def test_of_a_session_that_cannot_be_ended_nobody_says_that_its_commit_had_no_effect(
    ground: Ground, is_version: bool
) -> None:
    settings = {"file_id": ground.upload(OTHER).id} if is_version else {}
    ground.state.faults.add(Failure(operation=COMMIT, status=503), Failure(operation=COMMIT, status=403))
    ground.state.faults.add(Failure(operation=ABORT, status=403))
    with pytest.raises(errors.ForbiddenError) as caught:
        ground.upload(**settings)
    assert ground.state.sessions
    notes = caught.value.__notes__
    assert notes[0].startswith("The session could not be aborted, and stays open until it expires")
    assert notes[1:] == ["A commit had been sent before, and may still take effect."]


def test_a_session_that_is_left_in_doubt_is_told_as_such(ground: Ground, file_id: str, tmp_path: Path) -> None:
    ground.state.faults.add(Failure(operation=COMMIT, status=503), Failure(operation=COMMIT, status=403))
    with pytest.raises(errors.ForbiddenError) as caught:
        ground.upload(file_id=file_id, resume=tmp_path / "journal")
    assert caught.value.__notes__ == ["A commit had been sent before, and may still take effect."]
    assert ground.upload(file_id=file_id, resume=tmp_path / "journal").sha1 == SHA1


# Journals that cannot be written


@pytest.mark.parametrize("has_doubt", [False, True])
def test_a_session_is_ended_though_its_journal_cannot_be_written(
    ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_doubt: bool
) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left")

    def fill(event: object) -> None:
        if isinstance(event, Retried):
            monkeypatch.setattr(Journal, "write", full)
            monkeypatch.setattr(Journal, "remove", full)

    ground.state.faults.add(Failure(operation=COMMIT, status=503 if has_doubt else 429))
    ground.state.faults.add(Failure(operation=COMMIT, status=400, code="digest_mismatch"))
    with pytest.raises(DigestMismatchError) as caught:
        ground.upload(resume=tmp_path / "journal", on_progress=fill)
    assert not ground.state.sessions
    assert caught.value.__notes__.count("The journal could not be deleted: no space left") == 1


def test_a_session_whose_journal_is_gone_is_ended(ground: Ground, tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()

    def lose(event: object) -> None:
        if event == PhaseChanged("commit"):
            for path in folder.iterdir():
                path.unlink()
            folder.rmdir()

    with pytest.raises(FileNotFoundError):
        ground.upload(resume=folder / "journal", on_progress=lose)
    assert not ground.state.sessions


@pytest.mark.parametrize("is_version", [False, True])
def test_a_session_that_is_always_lost_is_begun_anew_twice_and_then_told(
    small_ground: Ground, is_version: bool
) -> None:
    content = b"x" * 500
    settings = {"file_id": small_ground.upload(content).id} if is_version else {}
    small_ground.state.faults.add(Failure(operation="upload_part", status=410, code="session_expired", times=3))
    events: list[Any] = []
    with pytest.raises(errors.UploadError, match="the session has ended"):
        small_ground.upload(content, on_progress=events.append, **settings)
    assert sum(isinstance(event, Restarted) for event in events) == 2
    assert not small_ground.state.sessions
