"""Committing: until it is known to have happened."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from box_uploads import errors, models
from box_uploads.upload import (
    CommitUnconfirmedError,
    DeadlineExceededError,
    DigestMismatchError,
    SessionLostError,
    UploadCancelledError,
)
from box_uploads.upload.commit import CommitFailed, commit_session, verify_file
from box_uploads.upload.engine import UploadedParts
from box_uploads.upload.planning import FoundPart
from box_uploads.upload.target import Target
from msgspec import UNSET

from tests.unit.upload.script import Answer, Script, api_error, context, lost, session, stored

COMMIT = "commit_upload_session"
SHA1 = "a" * 40
PARTS = UploadedParts([stored(0, b"0123456789")], SHA1)


class Server(Script):
    """Answers 202 a number of times, and records the commits that it gets."""

    def __init__(self, *failures: Any, pending: int = 0, retry_after: str = "7", more: Any = ()) -> None:
        super().__init__(commit_upload_session=list(failures))
        self.pending, self.retry_after, self.more = pending, retry_after, more
        self.sessions: list[Any] = []
        self.commits: list[dict[str, Any]] = []

    def commit_upload_session(self, *arguments: Any, **named: Any) -> Answer:
        self.sessions.append(arguments[0])
        self.commits.append(named)
        answer = super().commit_upload_session(*arguments, **named)
        if self.pending:
            self.pending -= 1
            return Answer(None, {"retry-after": self.retry_after})
        answer.parsed.entries.extend(self.more)
        return answer


def run(server: Server, *, ambiguous: bool = False, **options: Any) -> tuple[Any, list[Any]]:
    upload, events = context(server, **options)
    return commit_session(upload, session(), PARTS, ambiguous=ambiguous), events


def fail(server: Server, **settings: Any) -> CommitFailed:
    found, _ = run(server, **settings)
    assert isinstance(found, CommitFailed)
    return found


def refused(status: int, code: str = "") -> errors.ApiError:
    return api_error(status, code, COMMIT)


def test_a_part_that_the_server_has_found_is_committed_without_a_digest() -> None:
    server, sent = Server(), stored(0, b"01234")
    found = FoundPart(part_id="found", offset=5, size=5, sha1="b" * 40)
    upload, _ = context(server)
    commit_session(upload, session(), UploadedParts([sent, found], SHA1), ambiguous=False)
    (commit,) = server.commits
    assert [part.sha1 for part in commit["parts"]] == [sent.sha1, UNSET]


@pytest.mark.parametrize(
    ("retry_after", "delay_s"),
    [
        ("7", 7),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 300),
        ("Mon, 01 Jan 2001 00:00:00 GMT", 0.75),
        ("9" * 400, 300),
        ("0", 0.75),
        ("-5", 0.75),
        ("1.5", 0.75),
        ("soon", 0.75),
        ("Fri, 99 Xxx 0000 99:99:99 GMT", 0.75),
        ("", 0.75),
    ],
)
def test_a_202_may_ask_for_a_pause_in_any_form(retry_after: str, delay_s: float) -> None:
    file, events = run(Server(pending=1, retry_after=retry_after), deadline_s=1000)
    assert (file.id, [event.delay_s for event in events]) == ("7", [delay_s])


class Unchanged(Server):
    """A server whose 202 asks for no pause, and that holds a file."""

    def __init__(self, sha1: str) -> None:
        super().__init__(pending=1, retry_after="")
        self.sha1 = sha1

    def get_file(self, file_id: str) -> Answer:
        self._step(f"get_file {file_id}")
        return Answer(models.File(type="file", id=file_id, sha1=self.sha1))

    def abort_upload_session(self, _: Any) -> None:
        self._step("abort_upload_session")


def test_a_202_without_a_pause_is_about_the_present_content_of_the_file() -> None:
    version = Target(folder_id=None, file_id="8", file_name=None)
    server = Unchanged(SHA1.upper())
    upload, events = context(server, target=version)
    file = commit_session(upload, session(), PARTS, ambiguous=False)
    assert (isinstance(file, models.File) and file.id, upload.is_unchanged, events) == ("8", True, [])
    assert server.log == [COMMIT, "get_file 8", "abort_upload_session"]

    server = Unchanged("0" * 40)
    upload, events = context(server, target=version)
    commit_session(upload, session(), PARTS, ambiguous=False)
    assert (server.log, upload.is_unchanged, len(events)) == ([COMMIT, "get_file 8", COMMIT], False, 1)

    server = Unchanged(SHA1)
    run(server)
    assert server.log == [COMMIT, COMMIT]


def test_a_202_is_waited_for_as_long_as_it_asks() -> None:
    file, events = run(Server(pending=3))
    assert (file.id, [event.delay_s for event in events]) == ("7", [7, 7, 7])


def test_a_202_without_end_ends_at_the_deadline() -> None:
    failed = fail(Server(pending=10_000))
    assert isinstance(failed.error, DeadlineExceededError)
    assert "202" in str(failed.error)
    assert not failed.ambiguous


@pytest.mark.parametrize("failure", [refused(400, "parts_mismatch"), api_error(429), lost(), api_error(502)])
def test_a_transient_failure_is_retried(failure: Exception) -> None:
    server = Server(failure, failure)
    assert run(server)[0].id == "7"
    assert server.log == [COMMIT] * 3


FINAL = [
    (refused(404), SessionLostError),
    (refused(410, "upload_failed"), SessionLostError),
    (refused(412), errors.PreconditionFailedError),
    (refused(409, "item_name_in_use"), errors.ConflictError),
    (refused(400, "digest_mismatch"), DigestMismatchError),
    (refused(400, "bad_digest"), DigestMismatchError),
]
FIRST = [(lost(), True), (api_error(500), True), (api_error(429), False), (lost("ConnectError"), False), (None, False)]


@pytest.mark.parametrize(("last", "kind"), FINAL)
@pytest.mark.parametrize(("first", "is_ambiguous"), FIRST)
def test_a_failed_commit_is_ambiguous_if_an_attempt_may_have_taken_effect(
    first: Exception | None, is_ambiguous: bool, last: Exception, kind: type[Exception]
) -> None:
    failed = fail(Server(last) if first is None else Server(first, last))
    assert (type(failed.error), failed.ambiguous) == (kind, is_ambiguous)
    # What has a kind of its own only in uploads has the server's refusal as its cause.
    assert last in {failed.error, failed.error.__cause__}


@pytest.mark.parametrize("failure", [errors.DecodeError("no JSON", status=201), refused(200)])
def test_a_commit_whose_success_cannot_be_read_is_not_repeated(failure: errors.BoxUploadsError) -> None:
    server = Server(*[failure] * 9)
    assert fail(server) == CommitFailed(failure, ambiguous=True)
    assert server.log == [COMMIT]


def test_a_commit_stays_ambiguous_when_later_attempts_are_refused() -> None:
    assert fail(Server(lost(), api_error(429), refused(412))).ambiguous


def test_a_commit_of_an_earlier_run_makes_this_one_ambiguous() -> None:
    refusal = refused(412)
    assert fail(Server(refusal), ambiguous=True) == CommitFailed(refusal, ambiguous=True)


@pytest.mark.parametrize("pending", [0, 10_000])
def test_a_commit_whose_attempts_are_lost_until_the_deadline_is_ambiguous(pending: int) -> None:
    failed = fail(Server(*[lost()] * 10_000, pending=pending))
    assert (type(failed.error), failed.ambiguous) == (DeadlineExceededError, True)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), UploadCancelledError("cancelled"), RuntimeError("no vault")])
def test_an_error_during_a_commit_notes_that_it_was_sent(error: BaseException) -> None:
    with pytest.raises(type(error)) as caught:
        run(Server(lost(), error))
    assert caught.value.__notes__ == ["A commit was sent and may have taken effect."]


@pytest.mark.parametrize(
    ("failure", "text"),
    [
        (refused(404), "the session has ended: 404"),
        (refused(400, "digest_mismatch"), "the server assembled other bytes: 400 digest_mismatch"),
    ],
)
def test_an_error_says_what_ended_the_commit(failure: Exception, text: str) -> None:
    assert str(fail(Server(failure)).error).startswith(text)


def test_the_pauses_say_what_they_are_for() -> None:
    events = run(Server(api_error(429), pending=1))[1]
    reasons = ["429 (upload_part)", "the server is still processing the parts (202)"]
    assert [event.reason for event in events] == reasons


# What is sent


def test_a_commit_names_the_parts_the_digest_and_what_the_caller_wants() -> None:
    server = Server()
    part = stored(0, b"0123456789")
    attributes = models.FileAttributes(description="d")
    run(server, attributes=attributes, if_match="3")
    digest = f"sha={b64encode(bytes.fromhex(SHA1)).decode()}"
    named = models.CommitPart(part_id=part.part_id, offset=0, size=10, sha1=part.sha1)
    assert server.commits == [{"parts": [named], "digest": digest, "attributes": attributes, "if_match": "3"}]
    assert server.sessions == [session()]


def test_a_commit_wants_nothing_else_by_default() -> None:
    server = Server()
    run(server)
    assert (server.commits[0]["attributes"], server.commits[0]["if_match"]) == (UNSET, UNSET)


@pytest.mark.parametrize("failure", [None, lost(), api_error(503), api_error(429), api_error(400, "parts_mismatch")])
def test_a_repeated_commit_wants_the_same_as_the_first(failure: Exception | None) -> None:
    server = Server(failure, pending=failure is None)
    attributes = models.FileAttributes(description="d")
    run(server, attributes=attributes, if_match="3")
    first, second = server.commits
    assert (second["if_match"], second["attributes"]) == ("3", attributes)
    assert first == second


# What is stored


def test_the_first_entry_of_a_response_is_the_file() -> None:
    assert run(Server(more=[models.File(type="file", id="8", sha1=SHA1)]))[0].id == "7"


@pytest.mark.parametrize(("sha1", "size"), [(SHA1, 10), (SHA1, UNSET), (SHA1.upper(), 10)])
def test_a_stored_file_that_is_ours_is_returned(sha1: str, size: Any) -> None:
    file = models.File(type="file", id="9", sha1=sha1, size=size)
    assert verify_file(file, SHA1, 10) is file


@pytest.mark.parametrize(("sha1", "size"), [("b" * 40, 10), (SHA1, 11)])
def test_a_stored_file_that_is_not_ours_is_an_error(sha1: str, size: int) -> None:
    words = f"^stored file 9 has {size} bytes and sha1 {sha1}, the source 10 and {SHA1}$"
    with pytest.raises(DigestMismatchError, match=words):
        verify_file(models.File(type="file", id="9", sha1=sha1, size=size), SHA1, 10)


def test_a_stored_file_of_unknown_content_is_not_taken_for_ours() -> None:
    with pytest.raises(CommitUnconfirmedError, match=f"^file 9 was stored, .*; compare the file with {SHA1}$"):
        verify_file(models.File(type="file", id="9", size=10), SHA1, 10)
