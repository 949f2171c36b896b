"""Committing: until it is known to have happened."""

from __future__ import annotations

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
