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
from msgspec import UNSET

from tests.unit.upload.script import Answer, Script, api_error, context, lost, session, stored

COMMIT = "commit_upload_session"
SHA1 = "a" * 40


class Server(Script):
    """Answers 202 a number of times."""

    def __init__(self, *, pending: int = 0, **steps: list[Any]) -> None:
        super().__init__(**steps)
        self.pending = pending

    def commit_upload_session(self, *arguments: Any, **named: Any) -> Answer:
        answer = super().commit_upload_session(*arguments, **named)
        if self.pending:
            self.pending -= 1
            return Answer(None, {"retry-after": "7"})
        return answer


PARTS = UploadedParts([stored(0, b"0123456789")], SHA1)


def run(server: Server, **options: Any) -> tuple[Any, list[Any]]:
    upload, events = context(server, **options)
    return commit_session(upload, session(), PARTS, ambiguous=False), events


def fail(server: Server, **options: Any) -> CommitFailed:
    found, _ = run(server, **options)
    assert isinstance(found, CommitFailed)
    return found


def test_a_202_is_waited_for_as_long_as_it_asks() -> None:
    file, events = run(Server(pending=3))
    assert (file.id, [event.delay_s for event in events]) == ("7", [7, 7, 7])


def test_a_202_without_end_ends_at_the_deadline() -> None:
    failed = fail(Server(pending=10_000))
    assert isinstance(failed.error, DeadlineExceededError)
    assert "202" in str(failed.error)
    assert not failed.ambiguous


@pytest.mark.parametrize("failure", [api_error(400, "parts_mismatch", COMMIT), api_error(429), lost(), api_error(502)])
def test_what_heals_is_waited_for(failure: Exception) -> None:
    server = Server(commit_upload_session=[failure, failure])
    assert run(server)[0].id == "7"
    assert server.log == [COMMIT] * 3


FINAL = [
    (api_error(404, operation=COMMIT), SessionLostError),
    (api_error(410, "upload_failed", COMMIT), SessionLostError),
    (api_error(412, operation=COMMIT), errors.PreconditionFailedError),
    (api_error(409, "item_name_in_use", COMMIT), errors.ConflictError),
    (api_error(400, "digest_mismatch", COMMIT), DigestMismatchError),
]


@pytest.mark.parametrize(("last", "kind"), FINAL)
@pytest.mark.parametrize("first", [lost(), api_error(500)])
def test_a_commit_that_fails_after_an_ambiguous_attempt_is_ambiguous(
    first: Exception, last: Exception, kind: type[Exception]
) -> None:
    failed = fail(Server(commit_upload_session=[first, last]))
    assert (type(failed.error), failed.ambiguous) == (kind, True)


@pytest.mark.parametrize("failure", [errors.DecodeError("no JSON", status=201), api_error(200, operation=COMMIT)])
def test_a_commit_whose_success_cannot_be_read_is_not_repeated(failure: errors.BoxUploadsError) -> None:
    server = Server(commit_upload_session=[failure] * 9)
    assert fail(server) == CommitFailed(failure, ambiguous=True)
    assert server.log == [COMMIT]


def test_a_commit_stays_ambiguous_when_later_attempts_are_refused() -> None:
    assert fail(Server(commit_upload_session=[lost(), api_error(429), api_error(412, operation=COMMIT)])).ambiguous


def test_a_commit_of_an_earlier_run_makes_this_one_ambiguous() -> None:
    refused = api_error(412, operation=COMMIT)
    upload, _ = context(Server(commit_upload_session=[refused]))
    assert commit_session(upload, session(), PARTS, ambiguous=True) == CommitFailed(refused, ambiguous=True)


@pytest.mark.parametrize(("last", "kind"), FINAL)
@pytest.mark.parametrize("first", [api_error(429), lost("ConnectError"), None])
def test_a_commit_of_which_no_attempt_took_effect_is_not_ambiguous(
    first: Exception | None, last: Exception, kind: type[Exception]
) -> None:
    failed = fail(Server(commit_upload_session=[last] if first is None else [first, last]))
    assert (type(failed.error), failed.ambiguous) == (kind, False)


@pytest.mark.parametrize("pending", [0, 10_000])
def test_a_commit_whose_attempts_are_lost_until_the_deadline_is_ambiguous(pending: int) -> None:
    failed = fail(Server(pending=pending, commit_upload_session=[lost()] * 10_000))
    assert (type(failed.error), failed.ambiguous) == (DeadlineExceededError, True)


@pytest.mark.parametrize("wish", [KeyboardInterrupt(), UploadCancelledError("cancelled"), RuntimeError("no vault")])
def test_an_error_during_a_commit_notes_that_it_was_sent(wish: BaseException) -> None:
    with pytest.raises(type(wish)) as caught:
        run(Server(commit_upload_session=[lost(), wish]))
    assert caught.value.__notes__ == ["A commit had been sent, and may have taken effect."]


@pytest.mark.parametrize("code", ["digest_mismatch", "bad_digest"])
def test_a_file_of_other_bytes_is_not_committed(code: str) -> None:
    assert isinstance(fail(Server(commit_upload_session=[api_error(400, code, COMMIT)])).error, DigestMismatchError)


@pytest.mark.parametrize("failure", [api_error(412, operation=COMMIT), api_error(409, "item_name_in_use", COMMIT)])
def test_a_refusal_is_final(failure: errors.ApiError) -> None:
    assert fail(Server(commit_upload_session=[failure])) == CommitFailed(failure, ambiguous=False)


@pytest.mark.parametrize("size", [10, UNSET])
def test_a_stored_file_that_is_ours_is_returned(size: Any) -> None:
    file = models.File(type="file", id="9", sha1=SHA1, size=size)
    assert verify_file(file, SHA1, 10) is file


def test_a_stored_file_whose_sha1_is_in_capitals_is_ours() -> None:
    file = models.File(type="file", id="9", sha1=SHA1.upper(), size=10)
    assert verify_file(file, SHA1, 10) is file


@pytest.mark.parametrize(("sha1", "size"), [("b" * 40, 10), (SHA1, 11)])
def test_a_stored_file_that_is_not_ours_is_an_error(sha1: str, size: int) -> None:
    words = f"^file 9 was stored with {size} bytes and sha1 {sha1}; ours has 10 and {SHA1}$"
    with pytest.raises(DigestMismatchError, match=words):
        verify_file(models.File(type="file", id="9", sha1=sha1, size=size), SHA1, 10)


def test_a_stored_file_of_unknown_content_is_not_taken_for_ours() -> None:
    with pytest.raises(CommitUnconfirmedError, match=f"^file 9 was stored, .*; compare it with {SHA1}$"):
        verify_file(models.File(type="file", id="9", size=10), SHA1, 10)


class Recording(Server):
    """Keeps what it is called with."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.sessions: list[Any] = []
        self.commits: list[dict[str, Any]] = []

    def commit_upload_session(self, *arguments: Any, **named: Any) -> Answer:
        self.sessions.append(arguments[0])
        self.commits.append(named)
        return super().commit_upload_session(*arguments, **named)


def test_a_commit_names_the_parts_the_digest_and_what_the_caller_wants() -> None:
    server: Any = Recording()
    part = stored(0, b"0123456789")
    attributes = models.FileAttributes(description="d")
    run(server, attributes=attributes, if_match="3")
    digest = f"sha={b64encode(bytes.fromhex(SHA1)).decode()}"
    named = models.CommitPart(part_id=part.part_id, offset=0, size=10, sha1=part.sha1)
    assert server.commits == [{"parts": [named], "digest": digest, "attributes": attributes, "if_match": "3"}]
    assert server.sessions == [session()]


def test_a_commit_wants_nothing_else_by_default() -> None:
    server = Recording()
    run(server)
    assert (server.commits[0]["attributes"], server.commits[0]["if_match"]) == (UNSET, UNSET)


def test_the_pauses_say_what_they_are_for() -> None:
    events = run(Server(pending=1, commit_upload_session=[api_error(429)]))[1]
    assert [event.reason for event in events] == [
        "429 (upload_part)",
        "the server is still processing the parts (202)",
    ]


def test_what_ends_a_commit_is_told_in_words() -> None:
    gone = fail(Server(commit_upload_session=[api_error(404)])).error
    assert str(gone).startswith("the session has ended: 404")
    other = fail(Server(commit_upload_session=[api_error(400, "digest_mismatch", COMMIT)])).error
    assert str(other).startswith("the server puts other bytes together: 400 digest_mismatch")


@pytest.mark.parametrize(
    ("asked", "delay_s"),
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
def test_a_202_may_ask_for_a_pause_in_any_form(asked: str, delay_s: float) -> None:
    class Pending(Server):
        def commit_upload_session(self, *arguments: Any, **named: Any) -> Answer:
            answer = super().commit_upload_session(*arguments, **named)
            return Answer(None, {"retry-after": asked}) if len(self.log) == 1 else answer

    file, events = run(Pending(), deadline_s=1000)
    assert (file.id, [event.delay_s for event in events]) == ("7", [delay_s])


@pytest.mark.parametrize("failure", [None, lost(), api_error(503), api_error(429), api_error(400, "parts_mismatch")])
def test_a_repeated_commit_wants_the_same_as_the_first(failure: Exception | None) -> None:
    server: Any = Recording(pending=failure is None, commit_upload_session=[failure])
    attributes = models.FileAttributes(description="d")
    run(server, attributes=attributes, if_match="3")
    first, second = server.commits
    assert (second["if_match"], second["attributes"]) == ("3", attributes)
    assert first == second


def test_the_first_entry_of_an_answer_is_the_file() -> None:
    class Several(Server):
        def commit_upload_session(self, *arguments: Any, **named: Any) -> Answer:
            answer = super().commit_upload_session(*arguments, **named)
            answer.parsed.entries.append(models.File(type="file", id="8", sha1=SHA1))
            return answer

    assert run(Several())[0].id == "7"
