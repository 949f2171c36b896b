"""Committing a session: the one call after which there is a file, made until it is known to have happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET

from .. import models
from .._runtime.errors import ClientError
from .._runtime.retry import parse_retry_after
from .digest import header, is_same
from .errors import CommitUnconfirmedError, DigestMismatchError, SessionLostError, UploadAbortedError
from .verdict import is_late_mismatch, verdict_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msgspec import UnsetType

    from ..client import RawClient
    from .patience import Patience
    from .verdict import Verdict

__all__ = ["CommitInDoubtError", "check_file", "commit"]


class CommitInDoubtError(Exception):
    """A commit failed after an attempt whose outcome nobody knows, which may have made the file.

    Attributes:
        failure: What it failed with in the end.
        sha1: SHA-1 of the whole file in hexadecimal digits.
    """

    def __init__(self, failure: ClientError, sha1: str) -> None:
        super().__init__(str(failure))
        self.failure = failure
        self.sha1 = sha1


def commit(  # noqa: PLR0913  # each is an argument of the call
    calls: RawClient,
    session: models.UploadSession,
    parts: Sequence[models.UploadPart],
    sha1: str,
    *,
    patience: Patience,
    attributes: models.FileAttributes | UnsetType = UNSET,
    if_match: str | UnsetType = UNSET,
    is_unsure: bool = False,
) -> models.File:
    """Make the file, and return it as the server describes it.

    Box answers 202 while it still processes the parts, and 400 `parts_mismatch` while not all of it has seen the last
    one; both heal by waiting. A commit whose answer is lost is repeated: a session is committed once, so the second
    one either succeeds or finds the session gone. One whose success cannot be read is not repeated: it is looked up.
    `is_unsure` says that one was sent before already.

    Raises:
        SessionLostError: The session has ended, without a commit.
        DigestMismatchError: The server puts the file together differently, and did not store it.
        DeadlineExceededError: The file was not there in time.
        ApiError: The server refuses.
        CommitInDoubtError: One of these, after an attempt that may have been the commit.
    """
    named = [
        models.CommitPart(part_id=part.part_id, offset=part.offset, size=part.size, sha1=part.sha1) for part in parts
    ]
    try:
        while True:
            try:
                response = calls.commit_upload_session(
                    session, parts=named, digest=header(sha1), attributes=attributes, if_match=if_match
                )
            except ClientError as error:
                verdict = verdict_of(error)
                _check_outcome(error, verdict)
                is_unsure |= verdict in {"unknown", "unreadable"}
                if verdict not in {"unknown", "refused"} and not is_late_mismatch(error):
                    raise
                patience.pause(error)
                continue
            if response.parsed is not None:
                return response.parsed.entries[0]
            asked_s = parse_retry_after(response.headers.get("retry-after"))
            patience.pause("the server is still processing the parts (202)", asked_s)
    except BaseException as error:
        if isinstance(error, UploadAbortedError) or not isinstance(error, ClientError):
            error.add_note("A commit had been sent, and may have been carried out.")
        elif is_unsure:
            raise CommitInDoubtError(error, sha1) from error
        raise


def check_file(file: models.File, sha1: str, size: int) -> models.File:
    """Check that the stored file is ours.

    Raises:
        DigestMismatchError: It is not.
        CommitUnconfirmedError: The server does not say it.
    """
    if file.sha1 is UNSET:
        raise CommitUnconfirmedError(
            f"file {file.id} was stored, but the server does not tell its sha1; compare it with {sha1}"
        )
    if not is_same(file.sha1, sha1) or file.size not in {UNSET, size}:
        raise DigestMismatchError(
            f"file {file.id} was stored with {file.size} bytes and sha1 {file.sha1}; ours has {size} and {sha1}"
        )
    return file


def _check_outcome(error: ClientError, verdict: Verdict) -> None:
    """Check that a failed attempt does not say that there is nothing to commit.

    Raises:
        SessionLostError: The session has ended.
        DigestMismatchError: The server puts other bytes together.
    """
    if verdict == "gone":
        raise SessionLostError(f"the session has ended: {error}") from error
    if verdict == "corrupt":
        raise DigestMismatchError(f"the server puts other bytes together: {error}") from error
