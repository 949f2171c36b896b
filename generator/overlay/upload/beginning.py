"""How an upload begins: with a new session, with that of an earlier run, or with the news that all is done."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

import msgspec

from .. import models
from .._runtime.errors import ClientError, ConflictError, GoneError, NotFoundError
from . import session as sessions
from .confirmation import settled, stored_already
from .digest import is_same
from .errors import PartConflictError, SessionLostError, SourceChangedError
from .inventory import held_parts
from .progress import Restarted, Resumed

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from .journal import Entry
    from .order import Order
    from .plan import Plan

__all__ = ["Begun", "Ended", "begin", "begin_anew", "ended", "held_by", "mentioning", "stored_by_earlier_run"]

_T = TypeVar("_T")


class Begun(msgspec.Struct, frozen=True):
    """A session to upload by.

    Attributes:
        session: The session.
        is_new: Whether it holds nothing yet.
        doubt: SHA-1 of the file that an earlier run has sent a commit for, whose outcome is not known; or None.
    """

    session: models.UploadSession
    is_new: bool
    doubt: str | None = None


class Ended(msgspec.Struct, frozen=True):
    """What has become of a session that was of no use any more.

    Attributes:
        session: What to tell of the session if it could not be ended, and goes on until it expires; else None.
        journal: What to tell of the journal if it could not be removed; else None.
    """

    session: str | None
    journal: str | None


@contextmanager
def mentioning(doubt: str | None) -> Generator[None]:
    """Let an error say that an earlier run has sent a commit, if the outcome of that is not known yet.

    Args:
        doubt: As in `Begun`.
    """
    try:
        yield
    except SessionLostError:
        # It is settled now.
        raise
    except ClientError as error:
        if doubt is not None:
            error.add_note("A commit had been sent before, and may have been carried out.")
        raise


def begin(order: Order) -> Begun | models.File:
    """Return the session to upload by, or the file if an earlier run has stored it."""
    return _resumed(order) or _created(order)


def begin_anew(order: Order, old: models.UploadSession, reason: str) -> Begun | models.File:
    """Return a session in place of one that is of no use any more; that one is ended, should it still be there."""
    left = ended(order, old)
    if left.session is not None:
        order.not_ended.append(left.session)
    order.tell(Restarted(reason if left.journal is None else f"{reason}. {left.journal}"))
    return _created(order)


def ended(order: Order, session: models.UploadSession) -> Ended:
    """End a session and forget it, as well as it can be done."""
    journal = order.journal
    if journal is not None and journal.entry is not None:
        # From now on, that the session is gone says nothing of a commit. Without it, a person has to look.
        with suppress(OSError):
            journal.write(msgspec.structs.replace(journal.entry, sha1=None))
    left = sessions.end(order, session)
    try:
        if journal is not None:
            journal.remove()
    except OSError as failure:
        return Ended(left, f"The journal could not be removed: {failure}")
    return Ended(left, None)


def stored_by_earlier_run(order: Order, session: models.UploadSession, sha1: str) -> models.File | None:
    """Return the file that an earlier run has made of the same source by a commit whose answer is not known, or None.

    Raises:
        CommitUnconfirmedError: It cannot be found out.
        SourceChangedError: It has made one of another stream than this, which cannot be read again.
    """
    if not order.source.is_sequential:
        return settled(order, session, sha1) if is_same(sha1, order.source.sha1(order.stop)) else None
    file = settled(order, session, sha1)
    return None if file is None or not _is_of_source(order, session, file) else file


def _is_of_source(order: Order, session: models.UploadSession, file: models.File) -> bool:
    """Return whether a file that an earlier run has stored has the content of the source.

    Raises:
        SourceChangedError: It has not, and the source cannot be read again.
    """
    if is_same(file.sha1, order.source.sha1(order.stop)):
        return True
    if order.source.is_sequential:
        ended(order, session)
        text = f"the earlier run has stored another stream, as file {file.id}; this one was read to compare them"
        raise SourceChangedError(f"{text}, so give it once more")
    return False


def held_by(order: Order, session: models.UploadSession, plan: Plan) -> dict[int, models.UploadPart]:
    """Ask the server which parts a session holds, by their numbers.

    Raises:
        PartConflictError: They are none of the plan's.
    """
    held: dict[int, models.UploadPart] = {}
    for one in _asked(order, "parts", lambda: held_parts(order.calls, session)):
        part = plan.holds(one.offset, one.size)
        if part is None:
            raise PartConflictError(f"the session holds {one.size} bytes at offset {one.offset}, which is no part")
        held[part.index] = one
    order.tell(Resumed(len(held), sum(one.size for one in held.values())))
    return held


def _created(order: Order) -> Begun | models.File:
    try:
        return Begun(*sessions.create(order, order.target, order.patience("create")))
    except ConflictError as error:
        # An earlier run may have been killed after its last step; then there is nothing left to do. The name of a
        # version, though, is that of another file.
        if order.journal is None or order.source.is_sequential or order.target.file_id is not None:
            raise
        file = stored_already(error, order.source.sha1(order.stop), order.source.size)
        if file is None:
            raise
        return file


def _resumed(order: Order) -> Begun | models.File | None:
    entry = None if order.journal is None else order.journal.entry
    if entry is None:
        return None
    # A run that was killed has reported nothing.
    order.lost_creates += entry.lost_creates
    if not order.source.fingerprint.agrees(entry.fingerprint):
        return begin_anew(order, entry.session, "the source has changed since the earlier run")
    if entry.file is not None:
        return _finished(order, entry, entry.file)
    try:
        with mentioning(entry.sha1):
            session = _asked(order, "status", lambda: order.calls.get_upload_session(entry.session).parsed)
    except SessionLostError:
        file = stored_by_earlier_run(order, entry.session, entry.sha1) if entry.sha1 is not None else None
        return file or begin_anew(order, entry.session, "the session of the earlier run has expired or vanished")
    return Begun(session, is_new=False, doubt=entry.sha1)


def _finished(order: Order, entry: Entry, file: models.File) -> Begun | models.File:
    """Return the file of an earlier run that was killed when all was done, if it would be the same again."""
    if _is_of_source(order, entry.session, file):
        return file
    return begin_anew(order, entry.session, "the earlier run has stored another content")


def _asked(order: Order, step: str, question: Callable[[], _T]) -> _T:
    try:
        return order.ask(step, question)
    except (NotFoundError, GoneError) as error:
        raise SessionLostError(f"the session has ended: {error}") from error
