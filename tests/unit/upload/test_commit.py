"""Committing: until it is known to have happened."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from box_uploads import errors, models
from box_uploads.upload import DeadlineExceededError, DigestMismatchError, SessionLostError
from box_uploads.upload.commit import commit
from msgspec import UNSET

from tests.unit.upload.script import Answer, Script, api_error, lost, patience, session, stored

COMMIT, STATUS = "commit_upload_session", "get_upload_session"
SHA1 = "a" * 40


class Server(Script):
    """Answers 202 a number of times."""

    def __init__(self, *, pending: int = 0, file: models.File | None = None, **steps: list[Any]) -> None:
        super().__init__(**steps)
        self.pending = pending
        self.file = file

    def commit_upload_session(self, *arguments: Any, **named: Any) -> Answer:
        answer = super().commit_upload_session(*arguments, **named)
        if self.pending:
            self.pending -= 1
            return Answer(None, {"retry-after": "7"})
        if self.file is not None:
            answer.parsed.entries[0] = self.file
        return answer


def run(server: Server, deadline_s: float = 100) -> tuple[models.File, list[Any]]:
    calls: Any = server
    borne, events = patience(deadline_s)
    return commit(calls, session(), [stored(0, b"0123456789")], SHA1, patience=borne), events


def test_a_202_is_waited_for_as_long_as_it_asks() -> None:
    file, events = run(Server(pending=3))
    assert (file.id, [event.delay_s for event in events]) == ("7", [7, 7, 7])


def test_a_202_without_end_ends_at_the_deadline() -> None:
    with pytest.raises(DeadlineExceededError, match="202"):
        run(Server(pending=10_000))


@pytest.mark.parametrize("failure", [api_error(400, "parts_mismatch", COMMIT), api_error(429), lost(), api_error(502)])
def test_what_heals_is_waited_for(failure: Exception) -> None:
    server = Server(commit_upload_session=[failure, failure])
    assert run(server)[0].id == "7"
    assert server.log == [COMMIT] * 3


@pytest.mark.parametrize(("first", "is_unsure"), [(lost(), True), (api_error(500), True), (api_error(429), False)])
def test_a_session_that_is_gone_may_have_been_committed_before(first: Exception, is_unsure: bool) -> None:
    with pytest.raises(SessionLostError) as caught:
        run(Server(commit_upload_session=[first, api_error(404)]))
    assert caught.value.maybe_committed is is_unsure


def test_the_deadline_is_not_the_end_while_the_outcome_is_unknown() -> None:
    server = Server(commit_upload_session=[lost()], get_upload_session=[api_error(500), api_error(404)])
    with pytest.raises(SessionLostError) as caught:
        run(server, deadline_s=0)
    assert caught.value.maybe_committed
    assert server.log == [COMMIT, STATUS, STATUS]


def test_a_commit_that_has_not_happened_by_the_deadline_is_given_up() -> None:
    with pytest.raises(DeadlineExceededError):
        run(Server(commit_upload_session=[lost()]), deadline_s=0)


@pytest.mark.parametrize("code", ["digest_mismatch", "bad_digest"])
def test_a_file_of_other_bytes_is_not_committed(code: str) -> None:
    with pytest.raises(DigestMismatchError):
        run(Server(commit_upload_session=[api_error(400, code, COMMIT)]))


@pytest.mark.parametrize("failure", [api_error(412, operation=COMMIT), api_error(409, "item_name_in_use", COMMIT)])
def test_a_refusal_is_final(failure: errors.ApiError) -> None:
    with pytest.raises(type(failure)):
        run(Server(commit_upload_session=[failure]))


@pytest.mark.parametrize(("sha1", "size", "is_right"), [(SHA1, 10, True), (UNSET, UNSET, True), ("b" * 40, 10, False)])
def test_the_stored_file_is_compared_with_ours(sha1: Any, size: Any, is_right: bool) -> None:
    server = Server(file=models.File(type="file", id="9", sha1=sha1, size=size))
    if is_right:
        assert run(server)[0].id == "9"
    else:
        with pytest.raises(DigestMismatchError):
            run(server)


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

    def get_upload_session(self, _: Any) -> Answer:
        self.sessions.append(_)
        return super().get_upload_session(_)


def test_a_commit_names_the_parts_the_digest_and_what_the_caller_wants() -> None:
    server: Any = Recording()
    part = stored(0, b"0123456789")
    attributes = models.FileAttributes(description="d")
    commit(server, session(), [part], SHA1, patience=patience()[0], attributes=attributes, if_match="3")
    named = models.CommittedPart(part_id=part.part_id, offset=0, size=10, sha1=part.sha1)
    digest = f"sha={b64encode(bytes.fromhex(SHA1)).decode()}"
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


def test_the_last_look_has_30_seconds_of_its_own() -> None:
    server: Any = Recording(commit_upload_session=[lost()], get_upload_session=[api_error(429), *[lost()] * 10_000])
    borne, events = patience(0)
    with pytest.raises(DeadlineExceededError, match=r"^status: not done within 30 s"):
        commit(server, session(), [stored(0, b"0123456789")], SHA1, patience=borne)
    assert events[0].reason == "429 (upload_part)"
    assert server.sessions == [session()] * len(server.sessions)


def test_a_session_that_is_still_there_was_not_committed() -> None:
    server = Recording(commit_upload_session=[lost()])
    with pytest.raises(DeadlineExceededError, match=r"^step: not done within 0 s"):
        run(server, deadline_s=0)
    assert server.sessions == [session()] * 2


def test_a_wait_after_a_lost_answer_may_end_in_a_commit() -> None:
    server = Recording(pending=10_000, commit_upload_session=[lost()], get_upload_session=[api_error(404)])
    with pytest.raises(SessionLostError, match=r"^the session has ended$") as caught:
        run(server)
    assert caught.value.maybe_committed
    assert server.sessions == [session()] * len(server.sessions)


def test_what_ends_a_commit_is_told_in_words() -> None:
    with pytest.raises(SessionLostError, match=r"^the session has ended: 404"):
        run(Server(commit_upload_session=[api_error(404)]))
    with pytest.raises(DigestMismatchError, match=r"^the server puts other bytes together: 400 digest_mismatch"):
        run(Server(commit_upload_session=[api_error(400, "digest_mismatch", COMMIT)]))
    file = models.File(type="file", id="9", sha1="b" * 40, size=11)
    words = f"file 9 was stored with 11 bytes and sha1 {'b' * 40}; ours has 10 and {SHA1}"
    with pytest.raises(DigestMismatchError, match=rf"^{words}$"):
        run(Server(file=file))
