"""Find the session to upload by: a new one, that of an earlier run, or none if an earlier run stored the file."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import msgspec

from .. import models
from .._runtime.errors import ClientError, ConflictError, GoneError, NotFoundError
from .cleanup import discard_session
from .digest import is_same
from .errors import COMMIT_SENT, PartConflictError, SessionLostError, SourceChangedError
from .events import Restarted, Resumed
from .part_listing import list_held_parts
from .reconcile import NotStored, Stored, Unknown, resolve_commit, stored_by_earlier_run
from .session import create_session

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from ..client import RawClient
    from .context import UploadContext
    from .parts import Plan

__all__ = [
    "ActiveSession",
    "find_file_of_earlier_run",
    "list_parts_of_plan",
    "note_pending_commit",
    "restart_session",
    "start_session",
]

_T = TypeVar("_T")


class ActiveSession(msgspec.Struct, frozen=True):
    """A session to upload by.

    Attributes:
        session: The session.
        is_new: Whether it holds no parts yet.
        pending_sha1: SHA-1 of the file whose commit an earlier run sent, with unknown outcome; or None.
    """

    session: models.UploadSession
    is_new: bool
    pending_sha1: str | None = None


def start_session(context: UploadContext) -> ActiveSession | models.File:
    """Return the session to upload by, or the file if an earlier run has stored it."""
    return _resume(context) or _create(context)


def restart_session(context: UploadContext, old: models.UploadSession, reason: str) -> ActiveSession | models.File:
    """Discard a session that cannot be used any more, and create another."""
    left = discard_session(context, old)
    if left.session is not None:
        context.unended_sessions.append(left.session)
    context.emit(Restarted(reason if left.journal is None else f"{reason}. {left.journal}"))
    return _create(context)


@contextmanager
def note_pending_commit(pending_sha1: str | None) -> Generator[None]:
    """Note on an error that an earlier run sent a commit, if its outcome is not known yet.

    Args:
        pending_sha1: As in `ActiveSession`.
    """
    try:
        yield
    except SessionLostError:
        # The next step finds out the outcome.
        raise
    except ClientError as error:
        if pending_sha1 is not None:
            error.add_note(COMMIT_SENT)
        raise


def find_file_of_earlier_run(context: UploadContext, session: models.UploadSession, sha1: str) -> models.File | None:
    """Return the file that an earlier run's commit of unknown outcome stored from the same source, or None.

    Args:
        context: The upload.
        session: The session of the earlier run.
        sha1: SHA-1 of the file whose commit it sent.

    Raises:
        CommitUnconfirmedError: The outcome stays unknown.
        SourceChangedError: The earlier run stored another stream; this one cannot be reread.
    """
    source = context.source
    if not source.is_sequential and not is_same(sha1, source.sha1(context.cancel)):
        return None
    match resolve_commit(context, session, sha1):
        case Stored(file):
            return file if not source.is_sequential or _has_content_of_source(context, session, file) else None
        case NotStored():
            return None
        case Unknown(error):
            raise error


def list_parts_of_plan(
    context: UploadContext, session: models.UploadSession, plan: Plan
) -> dict[int, models.UploadPart]:
    """Ask the server which parts of a plan a session holds, and return them by their index.

    Raises:
        PartConflictError: The session holds a part that is not in the plan.
    """
    held: dict[int, models.UploadPart] = {}
    for listed in _ask_session(context, "parts", lambda calls: list_held_parts(calls, session)):
        part = plan.holds(listed.offset, listed.size)
        if part is None:
            text = f"the session holds {listed.size} bytes at offset {listed.offset}, which match no part"
            raise PartConflictError(text)
        held[part.index] = listed
    context.emit(Resumed(len(held), sum(part.size for part in held.values())))
    return held


def _create(context: UploadContext) -> ActiveSession | models.File:
    try:
        session, is_new = create_session(context, context.retry_budget("create"))
    except ConflictError as error:
        file = stored_by_earlier_run(context, error, lambda: context.source.sha1(context.cancel))
        if file is None:
            raise
        return file
    return ActiveSession(session, is_new)


def _resume(context: UploadContext) -> ActiveSession | models.File | None:
    journal = context.journal
    if journal is None or journal.entry is None:
        return None
    entry = journal.entry
    session = entry.session
    if session is None:
        # The file was small then, so that it was sent in one request; now it has other content.
        journal.remove()
        return None
    # The run that was killed did not report it.
    context.lost_creates = entry.lost_creates
    if not context.source.fingerprint.agrees(entry.fingerprint):
        return restart_session(context, session, "the source has changed since the earlier run")
    if entry.file is not None:
        return _resume_stored(context, session, entry.file)
    try:
        with note_pending_commit(entry.sha1):
            present = _ask_session(context, "status", lambda calls: calls.get_upload_session(session).parsed)
    except SessionLostError:
        file = None if entry.sha1 is None else find_file_of_earlier_run(context, session, entry.sha1)
        return file or restart_session(context, session, "the session of the earlier run has expired or vanished")
    return ActiveSession(present, is_new=False, pending_sha1=entry.sha1)


def _resume_stored(
    context: UploadContext, session: models.UploadSession, file: models.File
) -> ActiveSession | models.File:
    """Return the file of a run that was killed after it was stored, unless the source has changed since."""
    if _has_content_of_source(context, session, file):
        return file
    return restart_session(context, session, "the earlier run has stored other content")


def _has_content_of_source(context: UploadContext, session: models.UploadSession, file: models.File) -> bool:
    """Whether a file that an earlier run has stored has the content of the source."""
    if is_same(file.sha1, context.source.sha1(context.cancel)):
        return True
    if context.source.is_sequential:
        discard_session(context, session)
        text = f"an earlier run stored another stream as file {file.id}; this one was read for the comparison"
        raise SourceChangedError(f"{text}; pass it again")
    return False


def _ask_session(context: UploadContext, step: str, call: Callable[[RawClient], _T]) -> _T:
    """Make a call about a session that changes nothing.

    Raises:
        SessionLostError: The session has ended.
    """
    try:
        return context.call_with_retry(step, call)
    except (NotFoundError, GoneError) as error:
        raise SessionLostError(f"the session has ended: {error}") from error
