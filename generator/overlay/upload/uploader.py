"""The course of one upload: begun or resumed, its parts sent, committed; or given up without a trace."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from .._runtime.errors import ClientError
from .beginning import Begun, begin, begin_anew, ended, mentioning, stored_by_earlier_run
from .commit import CommitInDoubtError
from .confirmation import looked_up, settled, unconfirmed
from .errors import (
    CommitUnconfirmedError,
    DigestMismatchError,
    FileTooSmallError,
    PartConflictError,
    PlanError,
    SessionLostError,
    SourceChangedError,
    UploadAbortedError,
)
from .plan import check_minimum
from .progress import PhaseChanged, Stored
from .session import left_behind
from .transfer import committed, transferred

if TYPE_CHECKING:
    from .. import models
    from .order import Order

__all__ = ["upload"]

_RESTARTS = 2
_UNDER_WAY = "A commit had been sent before, and may still be carried out."
_WORTHLESS = (SourceChangedError, PartConflictError, PlanError, DigestMismatchError, SessionLostError)


def upload(order: Order) -> models.File:
    """Upload a file, and return it.

    Raises:
        CommitUnconfirmedError: It may have been done.
        UploadError: It could not be done.
        ClientError: As the calls raise it; it could not be done.
    """
    _check_size(order)
    order.tell(PhaseChanged("create"))
    try:
        found, restarts = begin(order), 0
        while isinstance(found, Begun):
            found = _continued(order, found, may_restart=restarts < _RESTARTS)
            restarts += 1
    except BaseException as error:
        if (left := left_behind(order)) is not None:
            error.add_note(left.reason)
        raise
    # Box writes it in either letter case; callers compare it with that of `hashlib`.
    file = msgspec.structs.replace(found, sha1=found.sha1.lower()) if isinstance(found.sha1, str) else found
    _tell_of(order, file)
    return file


def _check_size(order: Order) -> None:
    try:
        check_minimum(order.source.size)
    except FileTooSmallError as error:
        if order.journal is not None and order.journal.entry is not None:
            _end(order, order.journal.entry.session, error)
        raise


def _tell_of(order: Order, file: models.File) -> None:
    """Tell that the file is stored, and forget it: whoever is killed before is told again, and makes no second one."""
    journal, left = order.journal, left_behind(order)
    try:
        if journal is not None and journal.entry is not None:
            # Without the mark, a run that follows a kill finds out as after a lost answer.
            with suppress(OSError):
                journal.write(msgspec.structs.replace(journal.entry, file=file))
        if left is not None:
            order.tell(left)
            left = None
        order.tell(PhaseChanged("done"))
        order.tell(Stored(file))
        # Who wished for the end at the last moment does not see the result, and gets it from the next run.
        if journal is not None and not order.stop.is_set:
            journal.remove()
    except BaseException as error:
        error.add_note(f"The file was stored before that, with the id {file.id}.")
        if left is not None:
            error.add_note(left.reason)
        raise


def _continued(order: Order, begun: Begun, *, may_restart: bool) -> Begun | models.File:
    """Take a session to its end; if it is of no use any more, return what to go on with."""
    try:
        return _stored(order, begun)
    except (SessionLostError, PartConflictError) as error:
        is_ours = isinstance(error, PartConflictError) and begun.is_new
        if may_restart and not is_ours and not order.source.is_sequential:
            return begin_anew(order, begun.session, str(error))
        _give_up(order, begun.session, error)
        raise
    except CommitInDoubtError as doubt:
        return _given_up_in_doubt(order, begun.session, doubt)
    except BaseException as error:
        _give_up(order, begun.session, error)
        raise


def _stored(order: Order, begun: Begun) -> models.File:
    try:
        with mentioning(begun.doubt):
            finished = transferred(order, begun)
    except SessionLostError as error:
        # The commit of an earlier run may have arrived only now.
        if begun.doubt is None:
            raise
        if order.source.is_sequential:
            text = f"an earlier run may have stored the stream, with the sha1 {begun.doubt}; look at the file"
            raise CommitUnconfirmedError(text) from error
        file = stored_by_earlier_run(order, begun.session, begun.doubt)
        if file is None:
            raise
        return file
    try:
        return committed(order, begun, finished)
    except CommitInDoubtError as doubt:
        file = settled(order, begun.session, finished.sha1)
        if file is not None:
            return file
        if isinstance(doubt.failure, SessionLostError):
            raise doubt.failure from doubt.failure.__cause__
        raise


def _given_up_in_doubt(order: Order, session: models.UploadSession, doubt: CommitInDoubtError) -> models.File:
    """Give up a session, and return the file if a commit has made it that was still under way.

    A session that goes on is left to the next run, which has the doubt in its journal. Of one that is ended, no file
    can come any more, so it is looked for once again; of one that cannot be ended, one may still come.

    Raises:
        CommitUnconfirmedError: The session is ended, and nothing tells whether the file is there.
        ClientError: The failure of the commit.
    """
    failure = doubt.failure
    if _goes_on(order, session, failure):
        failure.add_note(_UNDER_WAY)
    else:
        goes_on = not _end(order, session, failure)
        try:
            file, _ = looked_up(order, doubt.sha1)
        except UploadAbortedError as error:
            for note in (_UNDER_WAY, *getattr(failure, "__notes__", ())):
                error.add_note(note)
            raise
        except ClientError as error:
            text = f"{failure}. A commit had been sent before, and may have been carried out: {error}"
            unknown = unconfirmed(order, text, doubt.sha1)
            for note in getattr(failure, "__notes__", ()):
                unknown.add_note(note)
            raise unknown from failure
        else:
            if file is not None:
                return file
            failure.add_note(_UNDER_WAY if goes_on else "A commit had been sent before, and had no effect.")
    raise failure from failure.__cause__


def _goes_on(order: Order, session: models.UploadSession, error: BaseException) -> bool:
    """Whether a later run may get over an error, and knows of the session."""
    journal = order.journal
    return not isinstance(error, _WORTHLESS) and journal is not None and journal.names(session)


def _give_up(order: Order, session: models.UploadSession, error: BaseException) -> None:
    """Leave a session to be resumed if that may help and somebody knows of it; else end it."""
    if not _goes_on(order, session, error):
        _end(order, session, error)


def _end(order: Order, session: models.UploadSession, error: BaseException) -> bool:
    """End a session, tell of what is left of it, and return whether it has ended."""
    end = ended(order, session)
    for left in (end.session, end.journal):
        if left is not None:
            error.add_note(left)
    return end.session is None
