"""The course of an upload: by a session that is created or resumed, filled and committed; or in one request."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import msgspec

from .. import models
from .._runtime.errors import BadRequestError, ClientError
from .cleanup import give_up_commit, keep_or_discard
from .commit import CommitFailed, commit_session, verify_file
from .context import UploadContext
from .digest import is_same
from .engine import Engine
from .errors import (
    CommitUnconfirmedError,
    DeadlineExceededError,
    DigestMismatchError,
    PartConflictError,
    SessionLostError,
    SourceChangedError,
)
from .events import PhaseChanged, Started, Stored
from .executor_parts import ExecutorPool, client_factory
from .group import UploadGroup
from .journal import Entry, open_journal
from .parts import Plan, needs_session
from .planning import FoundPart
from .reconcile import NotStored, Unknown, resolve_commit
from .reconcile import Stored as StoredFile
from .resume import (
    ActiveSession,
    find_file_of_earlier_run,
    list_parts_of_plan,
    note_pending_commit,
    restart_session,
    start_session,
)
from .retry import CancelToken
from .session import sessions_left
from .small_upload import check_small, upload_small
from .source_factory import open_source
from .target import resolve_target
from .worker_pool import LocalPool

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..client import AsyncClient, Client
    from .engine import UploadedParts
    from .events import ProgressEvent
    from .options import UploadOptions
    from .source_factory import SourceArgument
    from .upload_client import UploadClient

__all__ = ["run_upload", "upload"]

_RESTARTS = 2
_CHANGED = "the source changed during the upload: sha1"


def run_upload(  # noqa: PLR0913  # each is a part of the upload
    client: Client | AsyncClient,
    upload_client: UploadClient,
    source: SourceArgument,
    options: UploadOptions,
    *,
    emit: Callable[[ProgressEvent], object],
    cancel: CancelToken,
) -> models.File:
    """Open the source and the journal, and upload in this thread.

    Args:
        client: The caller's client; an executor's workers make clients like it.
        upload_client: Its calls on connections of the upload's own.
        source: What to upload.
        options: What the caller has decided.
        emit: Takes the events.
        cancel: Whether the upload was cancelled.

    Raises:
        ClientError: As `upload_file`.
        OSError: As `upload_file`.
    """
    # What an executor needs is checked before the source is opened.
    make_client = None if options.executor is None else client_factory(client)
    with ExitStack() as stack:
        group = options.group or UploadGroup(options.workers)
        limits = stack.enter_context(group.join(cancel))
        opened = stack.enter_context(open_source(source, options.size, check=_Spooling(emit, cancel).check))
        target = resolve_target(
            options.folder_id, options.file_id, options.file_name, opened.name, server=upload_client.base_url
        )
        journal = None if options.resume is None else stack.enter_context(open_journal(options.resume, target))
        return upload(
            UploadContext(
                upload_client,
                opened,
                target,
                options,
                make_client=make_client,
                journal=journal,
                emit=emit,
                cancel=cancel,
                limits=limits,
            )
        )


class _Spooling:
    """Reports that a source of unknown size is read first, and ends that if the upload is cancelled."""

    def __init__(self, emit: Callable[[ProgressEvent], object], cancel: CancelToken) -> None:
        self._emit = emit
        self._cancel = cancel
        self._is_reported = False

    def check(self) -> None:
        """Report it once, and check that the upload was not cancelled."""
        if not self._is_reported:
            self._is_reported = True
            self._emit(PhaseChanged("spool"))
        self._cancel.check()


def upload(context: UploadContext) -> models.File:
    """Upload a file, and return it.

    Raises:
        CommitUnconfirmedError: The file may be stored.
        UploadError: The file could not be uploaded.
        ClientError: As the calls raise it; the file could not be uploaded.
    """
    is_large = needs_session(context.source.size)
    if not is_large:
        check_small(context)
    try:
        found = _upload_by_sessions(context) if is_large else upload_small(context)
    except BaseException as error:
        if (left := sessions_left(context)) is not None:
            error.add_note(left.reason)
        raise
    # Box writes it in either letter case; callers compare it with that of `hashlib`.
    file = msgspec.structs.replace(found, sha1=found.sha1.lower()) if isinstance(found.sha1, str) else found
    _report(context, file)
    return file


def _upload_by_sessions(context: UploadContext) -> models.File:
    """Upload by a session, or by another one if the first cannot be used any more."""
    context.emit(PhaseChanged("create"))
    found, restarts = start_session(context), 0
    while isinstance(found, ActiveSession):
        found = _run_session(context, found, may_restart=restarts < _RESTARTS)
        restarts += 1
    return found


def _run_session(context: UploadContext, active: ActiveSession, *, may_restart: bool) -> ActiveSession | models.File:
    """Upload by a session, and return the file, or another session if this one cannot be used any more."""
    session = active.session
    try:
        uploaded = _upload_parts(context, active)
        if isinstance(uploaded, models.File):
            return uploaded
        result = _commit(context, active, uploaded)
    except (SessionLostError, PartConflictError) as error:
        # If this run sent the conflicting part itself, a new session would not help.
        is_ours = isinstance(error, PartConflictError) and active.is_new
        if may_restart and not is_ours and not context.source.is_sequential:
            return restart_session(context, session, str(error))
        keep_or_discard(context, session, error)
        raise
    except BaseException as error:
        keep_or_discard(context, session, error)
        raise
    if isinstance(result, CommitFailed):
        return give_up_commit(context, session, result.error, uploaded.sha1)
    return result


def _upload_parts(context: UploadContext, active: ActiveSession) -> UploadedParts | models.File:
    """Upload the parts that the session lacks; return the file instead if an earlier run's commit has made it."""
    try:
        with note_pending_commit(active.pending_sha1):
            return _send_parts(context, active)
    except SessionLostError as error:
        # The commit of an earlier run may have taken effect only now.
        if active.pending_sha1 is None:
            raise
        if context.source.is_sequential:
            text = f"an earlier run may have stored the stream; look for a file with sha1 {active.pending_sha1}"
            raise CommitUnconfirmedError(text) from error
        file = find_file_of_earlier_run(context, active.session, active.pending_sha1)
        if file is None:
            raise
        return file


def _send_parts(context: UploadContext, active: ActiveSession) -> UploadedParts:
    session, source = active.session, context.source
    plan = Plan.checked(source.size, session.part_size, session.total_parts)
    held = {} if active.is_new else list_parts_of_plan(context, session, plan)
    _write_journal(context, session, active.pending_sha1)
    context.emit(Started(plan.size, plan.part_size, plan.total_parts))
    context.emit(PhaseChanged("parts"))
    cancel = CancelToken()
    engine = Engine(plan, source, cancel, context.emit, context.limits.in_memory)
    # Cancelling aborts part uploads. Create and commit run to completion: only their response says whether they took
    # effect.
    with (
        context.cancel.on_cancel(cancel.cancel),
        cancel.on_cancel(context.client.abort_connections),
        _open_pool(context, session, engine, cancel) as pool,
    ):
        uploaded = engine.run(pool, held)
    source.check_unchanged()
    if source.is_writable:
        _check_parts(context, uploaded)
    return uploaded


def _open_pool(
    context: UploadContext, session: models.UploadSession, engine: Engine, cancel: CancelToken
) -> ExecutorPool | LocalPool:
    executor, make_client = context.options.executor, context.make_client
    if executor is not None and make_client is not None:
        return ExecutorPool(context, session, executor, make_client, cancel=cancel, emit=engine.post)
    return LocalPool(context, session, cancel=cancel, emit=engine.post, count=engine.post)


def _commit(context: UploadContext, active: ActiveSession, uploaded: UploadedParts) -> models.File | CommitFailed:
    """Commit, and return the verified file; or the failure if a commit may still take effect."""
    session, sha1 = active.session, uploaded.sha1
    context.emit(PhaseChanged("commit"))
    # From here on, a later run that finds the session gone has to ask whether this run committed it.
    _write_journal(context, session, sha1)
    result = commit_session(context, session, uploaded, ambiguous=is_same(active.pending_sha1, sha1))
    if isinstance(result, CommitFailed):
        if not result.ambiguous:
            # Certainly refused. If the mark stays, the user may have to look.
            with suppress(OSError):
                _write_journal(context, session, None)
        _check_source(context, uploaded, result.error)
        if not result.ambiguous:
            _check_found_parts(context, uploaded, result.error)
            raise result.error
        match resolve_commit(context, session, sha1):
            case StoredFile(file):
                result = file
            case Unknown(error):
                raise error
            case NotStored() if isinstance(result.error, SessionLostError):
                raise result.error
            case NotStored():
                _check_found_parts(context, uploaded, result.error)
        return result
    return verify_file(result, sha1, context.source.size)


def _check_parts(context: UploadContext, uploaded: UploadedParts) -> None:
    for part in uploaded.parts:
        if not is_same(part.sha1, context.source.sha1(context.cancel, part.offset, part.size)):
            raise SourceChangedError(_CHANGED)


def _check_source(context: UploadContext, uploaded: UploadedParts, error: ClientError) -> None:
    """Blame the source if the server's SHA-1 differs: it was read twice, and may have changed in between."""
    source = context.source
    is_read_twice = source.is_writable or (context.options.executor is not None and not source.is_sequential)
    if not is_read_twice or not isinstance(error, DigestMismatchError):
        return
    _check_parts(context, uploaded)
    if source.sha1(context.cancel) != uploaded.sha1:
        raise SourceChangedError(_CHANGED)


def _check_found_parts(context: UploadContext, uploaded: UploadedParts, error: ClientError) -> None:
    """Check that a commit was not refused for parts that the server had found and that were not sent.

    Raises:
        SessionLostError: It may have been; another session gets all parts.
    """
    refusal = error.__cause__ if isinstance(error, DeadlineExceededError) else error
    is_refusal = isinstance(refusal, (BadRequestError, DigestMismatchError))
    if is_refusal and any(isinstance(part, FoundPart) for part in uploaded.parts):
        context.may_plan = False
        raise SessionLostError(f"the server does not take the parts that it found: {error}") from error


def _write_journal(context: UploadContext, session: models.UploadSession, sha1: str | None) -> None:
    if context.journal is not None:
        context.journal.write(
            Entry(
                target=context.target,
                fingerprint=context.source.fingerprint,
                session=session,
                sha1=sha1,
                lost_creates=context.lost_creates,
            )
        )


def _report(context: UploadContext, file: models.File) -> None:
    """Emit `Stored` before deleting the journal: a run killed in between reports the file again, and makes no other."""
    journal, left = context.journal, sessions_left(context)
    try:
        if journal is not None and journal.entry is not None:
            # Without the mark, the next run asks the server, as after a lost response.
            with suppress(OSError):
                journal.write(msgspec.structs.replace(journal.entry, file=file))
        if left is not None:
            context.emit(left)
            left = None
        context.emit(PhaseChanged("done"))
        context.emit(Stored(file, context.is_unchanged))
        # A caller that cancels at the last moment does not see the result; the next run returns it.
        if journal is not None and not context.cancel.is_cancelled:
            journal.remove()
    except BaseException as error:
        error.add_note(f"The file is already stored, with id {file.id}.")
        if left is not None:
            error.add_note(left.reason)
        raise
