"""The commit: the one call that makes the file, repeated until its outcome is known or its deadline has passed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET

from .. import models
from .._runtime.errors import ClientError
from .._runtime.retry import parse_retry_after
from .digest import header, is_same
from .errors import COMMIT_SENT, CommitUnconfirmedError, DigestMismatchError, SessionLostError, UploadCancelledError
from .options import given
from .outcomes import Outcome, classify_error, is_late_mismatch, is_retryable
from .planning import FoundPart
from .session import abort_session

if TYPE_CHECKING:
    from .context import UploadContext
    from .engine import UploadedParts

__all__ = ["CommitFailed", "commit_session", "verify_file"]


class CommitFailed(msgspec.Struct, frozen=True):
    """A commit that was given up.

    Attributes:
        error: Why.
        ambiguous: Whether an attempt before may have made the file.
    """

    error: ClientError
    ambiguous: bool


def commit_session(
    context: UploadContext, session: models.UploadSession, uploaded: UploadedParts, *, ambiguous: bool
) -> models.File | CommitFailed:
    """Commit the parts, and return the file as the server describes it, or why the commit failed.

    Box returns 202 while it still processes the parts, and 400 `parts_mismatch` until it has replicated the last
    part; both pass with time. A 202 without `Retry-After` may also say that a new version has the content of the
    present one, so that none was made: then the file has the SHA-1 already. A commit whose response is lost is
    repeated: a session is committed once, so the second attempt either succeeds or finds the session gone. One whose
    success cannot be read is not repeated.

    Args:
        context: The upload.
        session: The session.
        uploaded: The parts.
        ambiguous: Whether an earlier run has sent a commit of the same file.

    Raises:
        UploadCancelledError: The upload was cancelled between two attempts.
        BaseException: What `on_progress` raised, or a signal's handler.
    """
    options, budget = context.options, context.retry_budget("commit")
    calls = context.client.calls_within(budget)
    parts = [_commit_part(part) for part in uploaded.parts]
    try:
        while True:
            try:
                response = calls.commit_upload_session(
                    session,
                    parts=parts,
                    digest=header(uploaded.sha1),
                    attributes=given(options.attributes),
                    if_match=given(options.if_match),
                )
            except ClientError as error:
                _check_session(error)
                ambiguous |= classify_error(error) in {Outcome.AMBIGUOUS, Outcome.UNREADABLE}
                if not is_retryable(error) and not is_late_mismatch(error):
                    raise
                budget.wait(error)
            else:
                if response.parsed is not None:
                    return response.parsed.entries[0]
                retry_after_s = parse_retry_after(response.headers.get("retry-after"))
                if retry_after_s is None and (file := _find_unchanged(context, session, uploaded.sha1)):
                    return file
                budget.wait("the server is still processing the parts (202)", retry_after_s)
    except BaseException as error:
        if isinstance(error, ClientError) and not isinstance(error, UploadCancelledError):
            return CommitFailed(error, ambiguous)
        if budget.attempts or not budget.is_at_gate:
            error.add_note(COMMIT_SENT)
        raise


def _commit_part(part: models.UploadPart) -> models.CommitPart:
    sha1 = UNSET if isinstance(part, FoundPart) else part.sha1
    return models.CommitPart(part_id=part.part_id, offset=part.offset, size=part.size, sha1=sha1)


def _find_unchanged(context: UploadContext, session: models.UploadSession, sha1: str) -> models.File | None:
    """Return the file that was to get a new version if it has the content already, and end the session; else None."""
    file_id = context.target.file_id
    if file_id is None:
        return None
    file = context.call_with_retry("confirm", lambda calls: calls.get_file(file_id).parsed)
    if not is_same(file.sha1, sha1):
        return None
    context.is_unchanged = True
    if left := abort_session(context, session):
        context.unended_sessions.append(left)
    return file


def verify_file(file: models.File, sha1: str, size: int) -> models.File:
    """Check that the stored file has the source's SHA-1 and size, and return it.

    Raises:
        DigestMismatchError: It is not.
        CommitUnconfirmedError: The server reports no SHA-1.
    """
    if file.sha1 is UNSET:
        raise CommitUnconfirmedError(
            f"file {file.id} was stored, but the server reports no sha1; compare the file with {sha1}"
        )
    if not is_same(file.sha1, sha1) or file.size not in {UNSET, size}:
        raise DigestMismatchError(
            f"stored file {file.id} has {file.size} bytes and sha1 {file.sha1}, the source {size} and {sha1}"
        )
    return file


def _check_session(error: ClientError) -> None:
    """Check that a failed attempt left something to commit: its session, with the source's bytes."""
    match classify_error(error):
        case Outcome.SESSION_GONE:
            raise SessionLostError(f"the session has ended: {error}") from error
        case Outcome.CORRUPT:
            raise DigestMismatchError(f"the server assembled other bytes: {error}") from error
        case _:
            pass
