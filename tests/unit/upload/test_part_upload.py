"""Uploading one part: what is done after each kind of failure."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from typing import Any

import pytest
from box_uploads import errors
from box_uploads.upload import DeadlineExceededError, DigestMismatchError, PartConflictError, SessionLostError
from box_uploads.upload.errors import UploadCancelledError
from box_uploads.upload.part_upload import BufferSender, PartUploader
from box_uploads.upload.parts import Part
from box_uploads.upload.retry import CancelToken

from tests.unit.upload.script import Script, api_error, budget, lost, session, stored

CONTENT = b"0123456789"
PUT, LIST = "upload_part", "list_parts"


def upload(
    script: Script, counted: list[int] | None = None, deadline_s: float = 100, cancel: CancelToken | None = None
) -> Any:
    calls: Any = script
    part, (limit, script.events) = Part(1, 10, 10), budget(deadline_s)
    count = (counted if counted is not None else []).append
    window = memoryview(CONTENT)
    sender = BufferSender(calls, session(), 25, part, window, budget=limit, cancel=cancel or CancelToken(), count=count)
    return PartUploader(calls, session(), part, sender, limit).upload()


def arrive(script: Script) -> None:
    """Store the part, and lose the answer."""
    script.held[10] = stored(10, CONTENT)
    raise lost()


def test_a_part_is_sent_with_its_digest_and_range() -> None:
    script = Script()
    upload(script)
    digest = b64encode(hashlib.sha1(CONTENT, usedforsecurity=False).digest()).decode()
    assert script.last == (CONTENT, f"sha={digest}", "bytes 10-19/25")


def test_no_piece_is_read_after_a_cancellation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("box_uploads.upload.part_upload.PIECE", 4)
    cancel, taken = CancelToken(), list[bytes]()

    class Cancelling(Script):
        def upload_part(self, *_: Any, body: Any, **__: Any) -> Any:
            for piece in body:
                taken.append(bytes(piece))
                cancel.cancel()

    with pytest.raises(UploadCancelledError):
        upload(Cancelling(), cancel=cancel)
    assert taken == [CONTENT[:4]]


MAY_HAVE_ARRIVED = [
    *(lost(kind) for kind in ("ReadError", "WriteTimeout", "RemoteProtocolError")),
    *(api_error(status) for status in (500, 503, 408)),
    api_error(416, "range_overlaps_existing_part"),
    api_error(409, "conflict"),
]
HAS_NOT_ARRIVED = [
    *(lost(kind) for kind in ("ConnectError", "PoolTimeout")),
    api_error(429),
    api_error(412, "precondition_failed"),
    api_error(400, "bad_digest"),
]


@pytest.mark.parametrize(
    ("failure", "asks"),
    [*((failure, True) for failure in MAY_HAVE_ARRIVED), *((failure, False) for failure in HAS_NOT_ARRIVED)],
    ids=str,
)
def test_a_part_that_may_have_arrived_is_looked_for(failure: Exception, asks: bool) -> None:
    script = Script(upload_part=[failure])
    upload(script)
    assert script.log == [PUT, *[LIST] * asks, PUT]


def test_a_part_that_has_arrived_is_not_sent_again() -> None:
    script = Script(upload_part=[arrive], list_parts=[api_error(502), lost(), api_error(429)])
    assert upload(script).offset == 10
    assert script.log == [PUT, LIST, LIST, LIST, LIST]


class Changed(Script):
    """A server that answers with another part than it has stored."""

    def change(self, part: Any) -> None:
        raise NotImplementedError

    def upload_part(self, *arguments: Any, **named: Any) -> Any:
        answer = super().upload_part(*arguments, **named)
        self.change(answer.parsed.part)
        return answer


UNREADABLE = [errors.DecodeError("no JSON", status=200), api_error(206)]


@pytest.mark.parametrize("failure", UNREADABLE, ids=str)
def test_a_part_whose_success_cannot_be_read_is_looked_up_once(failure: Exception) -> None:
    def store(script: Script) -> None:
        script.held[10] = stored(10, CONTENT)
        raise failure

    script = Script(upload_part=[store], list_parts=[api_error(502), lost()])
    assert upload(script).offset == 10
    assert script.log == [PUT, LIST, LIST, LIST]


@pytest.mark.parametrize("failure", UNREADABLE, ids=str)
def test_a_part_whose_success_cannot_be_read_and_that_is_not_held_is_an_error(failure: Exception) -> None:
    script = Script(upload_part=[failure] * 9)
    with pytest.raises(type(failure)) as caught:
        upload(script)
    assert (script.log, caught.value) == ([PUT, LIST], failure)
    assert "The session does not hold the part." in caught.value.__notes__


@pytest.mark.parametrize("first", [lost(), UNREADABLE[0]], ids=str)
def test_a_list_of_parts_that_cannot_be_read_is_asked_for_once(first: Exception) -> None:
    script = Script(upload_part=[first], list_parts=[errors.DecodeError("no list", status=200)] * 9)
    with pytest.raises(errors.DecodeError, match=r"^response body at \$: no list \(status 200\)$"):
        upload(script)
    assert script.log == [PUT, LIST]


def test_a_part_that_is_answered_with_a_sha1_in_capitals_is_ours() -> None:
    class Loud(Changed):
        def change(self, part: Any) -> None:
            part.sha1 = part.sha1.upper()

    assert upload(Loud()).offset == 10
    assert upload(Loud(upload_part=[arrive])).offset == 10


def test_an_overlap_that_is_not_listed_was_not_persisted() -> None:
    script = Script(upload_part=[api_error(416)] * 3)
    upload(script)
    assert script.log == [PUT, LIST, PUT, LIST, PUT, LIST, PUT]


def test_an_overlap_with_other_bytes_is_a_conflict() -> None:
    script = Script(upload_part=[api_error(416)])
    script.held[10] = stored(10, CONTENT[::-1])
    with pytest.raises(PartConflictError, match="the server holds"):
        upload(script)


FATAL = [
    (api_error(404), SessionLostError),
    (api_error(410), SessionLostError),
    (api_error(401), errors.UnauthorizedError),
    (api_error(403), errors.ForbiddenError),
    (api_error(400), errors.BadRequestError),
    (errors.UntrustedUrlError("https://evil", "is not Box"), errors.UntrustedUrlError),
]


@pytest.mark.parametrize(("failure", "raised"), FATAL, ids=str)
def test_a_fatal_error_ends_the_part_at_once(failure: Exception, raised: type[Exception]) -> None:
    script = Script(upload_part=[failure])
    with pytest.raises(raised) as caught:
        upload(script)
    assert (script.log, script.events) == ([PUT], [])
    if raised is SessionLostError:
        assert str(caught.value).startswith(f"the session has ended: {failure}")
        assert caught.value.__cause__ is failure


def test_bytes_that_never_arrive_whole_are_given_up() -> None:
    script = Script(upload_part=[api_error(412)] * 9)
    with pytest.raises(
        DigestMismatchError, match=r"^the part at offset 10 was corrupted 4 times: 412 \(upload_part\)$"
    ):
        upload(script)
    assert script.log == [PUT] * 4


@pytest.mark.parametrize("field", ["sha1", "size", "offset"])
def test_an_answer_about_another_part_is_an_error(field: str) -> None:
    class Liar(Changed):
        def change(self, part: Any) -> None:
            setattr(part, field, "0" * 40 if field == "sha1" else 11)

    with pytest.raises(DigestMismatchError):
        upload(Liar())


def test_failures_are_retried_until_the_deadline() -> None:
    script = Script(upload_part=[api_error(503)] * 10_000)
    with pytest.raises(
        DeadlineExceededError, match=r"^step: no success within 40 s and 6 attempts: 503 \(upload_part\)$"
    ) as caught:
        upload(script, deadline_s=40)
    assert isinstance(caught.value.__cause__, errors.ServerError)
    assert script.log.count(PUT) < 10


def test_bytes_that_are_sent_again_are_taken_back() -> None:
    counted: list[int] = []
    upload(Script(upload_part=[api_error(429), lost()]), counted)
    assert (sum(counted), counted) == (10, [10, -10, 10, -10, 10])


def test_all_calls_are_about_the_session() -> None:
    class Asked(Script):
        def upload_part(self, *arguments: Any, **named: Any) -> Any:
            sessions.extend(arguments)
            return super().upload_part(*arguments, **named)

        def list_parts(self, *arguments: Any, **named: Any) -> Any:
            sessions.extend(arguments)
            return super().list_parts(*arguments, **named)

    sessions: list[Any] = []
    upload(Asked(upload_part=[lost()]))
    assert sessions == [session()] * 3
