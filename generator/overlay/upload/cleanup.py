"""Keep the session of a failed upload for a later run, or discard it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from .._runtime.errors import ClientError
from .errors import (
    DigestMismatchError,
    PartConflictError,
    PlanError,
    SessionLostError,
    SourceChangedError,
    UploadCancelledError,
)
from .reconcile import NotStored, Stored, Unknown, find_stored_file
from .session import abort_session

if TYPE_CHECKING:
    from .. import models
    from .context import UploadContext

__all__ = ["DiscardResult", "discard_and_note", "discard_session", "give_up_commit", "keep_or_discard"]

_COMMIT_PENDING = "A commit was sent and may still take effect."
_COMMIT_WITHOUT_EFFECT = "A commit was sent and had no effect."
_NOT_RESUMABLE = (SourceChangedError, PartConflictError, PlanError, DigestMismatchError, SessionLostError)


class DiscardResult(msgspec.Struct, frozen=True):
    """What of a session could not be cleaned up.

    Attributes:
        session: What to report if the session could not be aborted, else None.
        journal: What to report if the journal could not be deleted, else None.
    """

    session: str | None
    journal: str | None


def discard_session(context: UploadContext, session: models.UploadSession) -> DiscardResult:
    """Abort a session and delete the journal, as far as that can be done."""
    journal = context.journal
    if journal is not None and journal.entry is not None:
        # From now on, a missing session does not mean that it was committed. Without this mark, the user has to look.
        with suppress(OSError):
            journal.write(msgspec.structs.replace(journal.entry, sha1=None))
    left = abort_session(context, session)
    try:
        if journal is not None:
            journal.remove()
    except OSError as error:
        return DiscardResult(left, f"The journal could not be deleted: {error}")
    return DiscardResult(left, None)


def give_up_commit(
    context: UploadContext, session: models.UploadSession, failure: ClientError, sha1: str
) -> models.File:
    """Give up a commit that may still take effect; return the file if it has been stored meanwhile.

    A session that can be resumed is left to the next run, which has the pending commit in its journal. Any other is
    aborted, so that its commit cannot take effect any more, and the file is looked up again. If aborting fails, the
    commit may still take effect.
    """
    if _can_resume(context, session, failure):
        failure.add_note(_COMMIT_PENDING)
        raise failure
    was_aborted = discard_and_note(context, session, failure)
    try:
        resolution = find_stored_file(context, sha1, failure)
    except UploadCancelledError as error:
        _move_notes(failure, error, _COMMIT_PENDING)
        raise
    match resolution:
        case Stored(file):
            return file
        case Unknown(unconfirmed):
            _move_notes(failure, unconfirmed)
            raise unconfirmed
        case NotStored():
            failure.add_note(_COMMIT_WITHOUT_EFFECT if was_aborted else _COMMIT_PENDING)
            raise failure


def _move_notes(source: BaseException, target: BaseException, *first: str) -> None:
    for note in (*first, *getattr(source, "__notes__", ())):
        target.add_note(note)


def keep_or_discard(context: UploadContext, session: models.UploadSession, error: BaseException) -> None:
    """Keep a session for a later run if that can resume it; else discard it."""
    if not _can_resume(context, session, error):
        discard_and_note(context, session, error)


def _can_resume(context: UploadContext, session: models.UploadSession, error: BaseException) -> bool:
    journal = context.journal
    return not isinstance(error, _NOT_RESUMABLE) and journal is not None and journal.names(session)


def discard_and_note(context: UploadContext, session: models.UploadSession, error: BaseException) -> bool:
    """Discard a session, note on the error what is left of it, and return whether it was aborted."""
    result = discard_session(context, session)
    for left in (result.session, result.journal):
        if left is not None:
            error.add_note(left)
    return result.session is None
