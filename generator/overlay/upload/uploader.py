"""The course of one upload: begun or resumed, its parts sent, committed; or given up without a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import session as sessions
from .beginning import Begun, begin, begin_anew
from .confirmation import confirmed
from .errors import DigestMismatchError, PartConflictError, PlanError, SessionLostError, SourceChangedError
from .progress import PhaseChanged
from .transfer import committed, transferred

if TYPE_CHECKING:
    from .. import models
    from .order import Order

__all__ = ["upload"]

_RESTARTS = 2
_WORTHLESS = (SourceChangedError, PartConflictError, PlanError, DigestMismatchError, SessionLostError)


def upload(order: Order) -> models.File:
    """Upload a file, and return it.

    Raises:
        UploadError: It could not be done; nothing was committed.
        ClientError: As the calls raise it; nothing was committed.
    """
    order.tell(PhaseChanged("create"))
    found, restarts = begin(order), 0
    while isinstance(found, Begun):
        found = _continued(order, found, may_restart=restarts < _RESTARTS)
        restarts += 1
    if order.journal is not None:
        order.journal.remove()
    order.tell(PhaseChanged("done"))
    return found


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
    except BaseException as error:
        _give_up(order, begun.session, error)
        raise


def _stored(order: Order, begun: Begun) -> models.File:
    finished = transferred(order, begun)
    try:
        return committed(order, begun.session, finished)
    except SessionLostError as error:
        file = confirmed(order, begun.session, finished.sha1) if error.maybe_committed else None
        if file is None:
            raise
        return file


def _give_up(order: Order, session: models.UploadSession, error: BaseException) -> None:
    """Leave a session to be resumed if that may help and somebody knows of it; else end it."""
    journal = order.journal
    if not isinstance(error, _WORTHLESS) and journal is not None and journal.names(session):
        return
    sessions.end(order, session, error)
    if journal is not None:
        journal.remove()
