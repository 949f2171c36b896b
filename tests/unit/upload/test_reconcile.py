"""What became of a commit without an answer: each piece of evidence, and what is concluded from it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from box_uploads import errors, models
from box_uploads.upload import CommitUnconfirmedError, UploadCancelledError
from box_uploads.upload.reconcile import NotStored, Stored, Unknown, resolve_commit, stored_under_name
from box_uploads.upload.retry import CancelToken
from box_uploads.upload.source import MemorySource
from box_uploads.upload.target import Target

from tests.unit.upload.script import Answer, Script, Time, api_error, context, lost, session

CONTENT, SHA1, OTHER = bytes(30), "deb6c11e1971aa61dbbcbc76e5ea7553a5bea7b7", "a" * 40
STATUS, FILE, CREATE, ABORT = "get_upload_session", "get_file", "create_upload_session", "abort_upload_session"
SENT = "A commit was sent and may have taken effect."
ASKING = session(total_parts=7)
NEW = Target(folder_id="0", file_id=None, file_name="film.mov")
VERSION = Target(folder_id=None, file_id="7", file_name=None)


@pytest.fixture(autouse=True)
def _by_a_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("box_uploads.upload.reconcile.needs_session", lambda _: True)


def stored(**changed: Any) -> models.File:
    """Return a file as Box holds it: ours, but for what is changed."""
    return msgspec.structs.replace(models.File(type="file", id="7", name="film.mov", sha1=SHA1), **changed)


class Box(Script):
    """A server that holds one file."""

    def __init__(self, file: models.File | None = None, **steps: list[Any]) -> None:
        super().__init__(**steps)
        self.file = file

    def get_file(self, file_id: str) -> Answer:
        self._step(FILE)
        if self.file is None or self.file.id != file_id:
            raise api_error(404, operation=FILE)
        return Answer(self.file)

    def create_upload_session(self, **_: Any) -> Answer:
        self._step(CREATE)
        return Answer(ASKING)

    def abort_upload_session(self, ended: models.UploadSession) -> None:
        assert ended is ASKING
        self._step(ABORT)

    def get_upload_session(self, asked: models.UploadSession) -> Answer:
        assert asked == session()
        return super().get_upload_session(asked)


def resolve(box: Box, target: Target = VERSION, **settings: Any) -> models.File | None:
    """Resolve a commit whose response was lost, within 30 seconds of a time of its own; raise what is unknown."""
    settings |= {"source": MemorySource(CONTENT), "deadline_s": 30.0, "backoff": Time().backoff(0.0)}
    upload, _ = context(box, target=target, **settings)
    match resolve_commit(upload, session(), SHA1):
        case Stored(file):
            return file
        case NotStored():
            return None
        case Unknown(error):
            raise error


def gone(status: int) -> list[Any]:
    """Return what the server says of the session."""
    return [api_error(status, operation=STATUS)]


def conflict(code: str | None = "item_name_in_use", status: int = 409, **info: Any) -> errors.ApiError:
    """Return a 409 of any shape."""
    error = api_error(status, code or "", CREATE, fields={"context_info": info or None})
    error.code = code
    return error


def taken(**item: Any) -> errors.ApiError:
    """Return the refusal of a name that a file has."""
    return conflict(conflicts=[{"type": "file", "id": "9", "sha1": SHA1, **item}])


@pytest.mark.parametrize("target", [NEW, VERSION])
def test_nothing_was_made_of_a_session_that_is_open(target: Target) -> None:
    box = Box(stored())
    assert resolve(box, target) is None
    assert box.log == [STATUS]


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize("name", [None, "film.mov"])
def test_a_version_is_stored_if_its_file_has_the_sha1_and_the_name(status: int, name: str | None) -> None:
    box = Box(stored(), get_upload_session=gone(status))
    assert resolve(box, msgspec.structs.replace(VERSION, file_name=name)) is box.file
    assert box.log == [STATUS, FILE]


@pytest.mark.parametrize(
    ("file", "target", "found"),
    [
        (stored(sha1=OTHER), VERSION, f"file 7 has the sha1 {OTHER}, not {SHA1}"),
        (stored(), msgspec.structs.replace(VERSION, file_name="cut.mov"), "file 7 has the name film.mov, not cut.mov"),
        (None, NEW, f"folder 0 has no film.mov with the sha1 {SHA1}"),
    ],
)
def test_a_file_that_is_not_there_is_unconfirmed_or_was_never_made(file: Any, target: Target, found: str) -> None:
    text = f"the session is gone, and {found}: the commit had no effect, or the file was changed since"
    where = "in folder 0" if target is NEW else "among the versions of file 7"
    text += f". Before uploading again, look {where} for {target.file_name or 'a version'} with the sha1 {SHA1}"
    remembered, forgotten = SimpleNamespace(entry="of the session"), SimpleNamespace(entry=None)
    advice = "; only if it is not there, delete the journal"
    for journal, end in ((None, ""), (forgotten, ""), (remembered, advice)):
        with pytest.raises(CommitUnconfirmedError) as caught:
            resolve(Box(file, get_upload_session=gone(404)), target, journal=journal)
        assert str(caught.value) == text + end
    # The session itself says that it has failed, or expired.
    assert resolve(Box(file, get_upload_session=gone(410)), target) is None


def test_an_error_of_the_look_up_is_the_cause() -> None:
    with pytest.raises(CommitUnconfirmedError, match=f"^{SENT} Its outcome is unknown: 404") as caught:
        resolve(Box(get_upload_session=gone(404), get_file=[api_error(404, operation=FILE)]))
    assert isinstance(caught.value.__cause__, errors.NotFoundError)


def test_questions_are_asked_again_until_the_deadline() -> None:
    often = [api_error(503, operation=STATUS), lost(), api_error(429, operation=STATUS), *gone(404)]
    box = Box(stored(), get_upload_session=often, get_file=[lost(), api_error(500, operation=FILE)])
    assert resolve(box) is box.file
    assert box.log == [STATUS] * 4 + [FILE] * 3
    for operation in (STATUS, FILE, CREATE):
        steps: dict[str, list[Any]] = {STATUS: gone(404), operation: [lost()] * 1000}
        box = Box(stored(), **steps)
        with pytest.raises(CommitUnconfirmedError, match=r"confirm: no success within 30 s"):
            resolve(box, NEW if operation == CREATE else VERSION)
        assert 5 < box.log.count(operation) < 10


def test_cancelling_the_look_up_notes_the_commit() -> None:
    cancel = CancelToken()

    def cancel_and_fail(_: object) -> None:
        cancel.cancel()
        raise lost()

    with pytest.raises(UploadCancelledError) as caught:
        resolve(Box(get_upload_session=[cancel_and_fail]), cancel=cancel)
    assert caught.value.__notes__ == [SENT]


def test_nothing_is_asked_after_cancelling() -> None:
    cancel, box = CancelToken(), Box()
    cancel.cancel()
    with pytest.raises(UploadCancelledError):
        resolve(box, cancel=cancel)
    assert box.log == []


def test_a_new_file_is_found_by_its_name() -> None:
    known: dict[str, Any] = {"name": "film.mov", "etag": "0", "sequence_id": "1"}
    box = Box(get_upload_session=gone(404), create_upload_session=[taken(**known, size=1, more=2)])
    assert resolve(box, NEW) == models.File(type="file", id="9", sha1=SHA1, size=30, **known)
    assert box.log == [STATUS, CREATE]


@pytest.mark.parametrize(
    ("item", "calls"), [({"sha1": SHA1, "name": "FILM.MOV"}, []), ({"sha1": SHA1, "name": None}, [FILE]), ({}, [FILE])]
)
def test_a_file_whose_name_is_in_another_case_is_not_ours(item: dict[str, Any], calls: list[str]) -> None:
    error = conflict(conflicts={"type": "file", "id": "7", **item})
    box = Box(stored(name="FILM.MOV"), get_upload_session=gone(404), create_upload_session=[error])
    with pytest.raises(CommitUnconfirmedError, match=r"folder 0 has no film\.mov with the sha1"):
        resolve(box, NEW)
    assert box.log == [STATUS, CREATE, *calls]


def test_a_file_whose_name_box_has_changed_is_ours() -> None:
    error = taken(name="film .mov")
    box = Box(get_upload_session=gone(404), create_upload_session=[error])
    assert resolve(box, NEW) is not None


@pytest.mark.parametrize(("target", "file_id"), [(NEW, "9"), (VERSION, "7")])
def test_a_file_whose_sha1_is_in_capitals_is_found(target: Target, file_id: str) -> None:
    loud = SHA1.upper()
    box = Box(stored(sha1=loud), get_upload_session=gone(404), create_upload_session=[taken(sha1=loud)])
    found = resolve(box, target)
    assert found is not None
    assert found.id == file_id


@pytest.mark.parametrize("operation", [STATUS, FILE, CREATE])
def test_an_unreadable_response_is_not_asked_for_again(operation: str) -> None:
    steps: dict[str, list[Any]] = {STATUS: gone(404), operation: [errors.DecodeError("no JSON", status=200)] * 9}
    box = Box(stored(), **steps)
    with pytest.raises(CommitUnconfirmedError, match=r"is unknown: response body at \$: no JSON"):
        resolve(box, NEW if operation == CREATE else VERSION)
    assert box.log.count(operation) == 1


def test_a_session_that_asks_for_a_name_in_vain_is_aborted() -> None:
    box = Box(get_upload_session=gone(410))
    assert resolve(box, NEW) is None
    assert box.log == [STATUS, CREATE, ABORT]


NOT_OURS = [
    taken(sha1=OTHER),
    taken(type="folder"),
    taken(name="FILM.MOV"),
    taken(id=""),
    taken(id=None),
    conflict("conflict", conflicts=[{"id": "9", "sha1": SHA1}]),
    conflict(status=404),
]


@pytest.mark.parametrize("error", NOT_OURS, ids=str)
def test_an_item_that_is_not_our_file_is_none(error: Any) -> None:
    assert stored_under_name(error, "film.mov", SHA1, 30) is None


def test_of_several_conflicts_ours_is_found() -> None:
    error = conflict(conflicts=[{"id": "8", "sha1": OTHER}, {"id": "9", "sha1": SHA1}])
    assert stored_under_name(error, "film.mov", SHA1, 30) == models.File(type="file", id="9", sha1=SHA1, size=30)


UNREADABLE = [
    conflict(None),
    conflict(""),
    conflict("conflict"),
    conflict("storage_limit_exceeded"),
    conflict("session_conflict"),
    conflict("conflict", conflicts=[{"type": "file", "id": "9", "sha1": OTHER}]),
    conflict(),
    conflict(conflicts=[]),
    conflict(conflicts=None),
    conflict(conflicts="film.mov"),
    conflict(conflicts={}),
    conflict(conflicts={"type": "file", "id": "9"}),
    conflict(conflicts={"type": "file", "id": "9", "sha1": None}),
    conflict(conflicts={"type": "file", "id": "9", "sha1": OTHER[:30]}),
    conflict(conflicts={"type": "file", "id": None, "sha1": SHA1}),
    conflict(conflicts={"type": None, "id": "9", "sha1": OTHER}),
    conflict(conflicts=[{"type": "file", "id": "8", "sha1": OTHER}, {"type": "file", "id": "9"}]),
]


@pytest.mark.parametrize("error", UNREADABLE)
@pytest.mark.parametrize("status", [404, 410])
def test_a_conflict_that_tells_nothing_is_asked_for_again_and_is_unconfirmed_in_the_end(
    status: int, error: errors.ApiError
) -> None:
    ours = conflict(conflicts={"type": "file", "id": "9", "sha1": SHA1})
    box = Box(get_upload_session=gone(status), create_upload_session=[error, error, ours])
    found = resolve(box, NEW)
    assert found is not None
    # What is in the way may be asked for as well; there is none here.
    assert (found.id, [name for name in box.log if name != FILE]) == ("9", [STATUS] + [CREATE] * 3)
    box = Box(get_upload_session=gone(status), create_upload_session=[error] * 1000)
    with pytest.raises(CommitUnconfirmedError, match=f"look in folder 0 for film.mov with the sha1 {SHA1}$") as caught:
        resolve(box, NEW)
    raised = caught.value
    assert (raised.folder_id, raised.file_id, raised.file_name, raised.sha1) == ("0", None, "film.mov", SHA1)
    assert 5 < box.log.count(CREATE) < 10


SOMETHING_ELSE: list[dict[str, str]] = [
    {"type": "file", "id": "9", "sha1": OTHER},
    {"id": "9", "sha1": OTHER},
    {"type": "folder", "id": "9"},
    {"type": "web_link", "id": "9", "sha1": SHA1},
]


@pytest.mark.parametrize("item", SOMETHING_ELSE)
@pytest.mark.parametrize("is_list", [False, True])
def test_a_conflict_with_something_else_proves_that_nothing_was_stored(item: Any, is_list: bool) -> None:
    error = conflict(conflicts=[item] if is_list else item)
    box = Box(get_upload_session=gone(410), create_upload_session=[error])
    assert resolve(box, NEW) is None
    assert box.log == [STATUS, CREATE]


@pytest.mark.parametrize("is_list", [False, True])
def test_a_conflict_names_our_file_in_either_case(is_list: bool) -> None:
    item = {"type": "file", "id": "9", "sha1": SHA1.upper()}
    box = Box(get_upload_session=gone(404), create_upload_session=[conflict(conflicts=[item] if is_list else item)])
    assert resolve(box, NEW) == models.File(type="file", id="9", sha1=SHA1, size=30)


@pytest.mark.parametrize("status", [404, 410])
def test_a_version_of_unknown_sha1_is_unconfirmed(status: int) -> None:
    box = Box(stored(sha1=msgspec.UNSET), get_upload_session=gone(status))
    with pytest.raises(CommitUnconfirmedError, match=r"reports no sha1 for file 7\. Before uploading again"):
        resolve(box)


NAMELESS: list[Any] = [{"type": "file", "id": "7"}, {"id": "7", "sha1": None}, {"id": "7", "sha1": OTHER[:30]}]


@pytest.mark.parametrize("item", NAMELESS)
@pytest.mark.parametrize("is_list", [False, True])
@pytest.mark.parametrize("status", [404, 410])
def test_a_file_in_the_way_of_unknown_content_is_read(item: Any, is_list: bool, status: int) -> None:
    error = conflict(conflicts=[item] if is_list else item)
    box = Box(stored(), get_upload_session=gone(status), create_upload_session=[error], get_file=[lost()])
    assert resolve(box, NEW) is box.file
    assert box.log == [STATUS, CREATE, FILE, FILE]
    box = Box(stored(sha1=OTHER), get_upload_session=gone(410), create_upload_session=[error])
    assert resolve(box, NEW) is None
    assert box.log == [STATUS, CREATE, FILE]


@pytest.mark.parametrize(
    ("file", "item", "reads"),
    [
        (stored(sha1=msgspec.UNSET), {"id": "7"}, True),
        (None, {"id": "7"}, True),
        (stored(), {"id": "../7"}, False),
        (stored(), {"id": ""}, False),
        (stored(), {"id": 7}, False),
        (stored(), {"type": None, "id": "7"}, False),
        (stored(), [{"id": "7"}, {"id": "8"}], False),
    ],
)
def test_a_file_in_the_way_that_tells_nothing_is_unconfirmed(file: Any, item: Any, reads: bool) -> None:
    error = conflict(conflicts=item)
    box = Box(file, get_upload_session=gone(410), create_upload_session=[error] * 1000)
    with pytest.raises(CommitUnconfirmedError, match=f"look in folder 0 for film.mov with the sha1 {SHA1}$"):
        resolve(box, NEW)
    assert (FILE in box.log) == reads
