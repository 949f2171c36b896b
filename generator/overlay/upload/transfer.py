"""From a session to a stored file: the parts that it does not hold yet, and the commit."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from .._runtime.errors import ClientError
from .beginning import held_by
from .commit import CommitInDoubtError, check_file, commit
from .digest import is_same
from .engine import Engine, Finished
from .errors import DigestMismatchError, SourceChangedError, UploadAbortedError
from .journal import Entry
from .lanes import JobLanes, WindowLanes
from .patience import Stop
from .plan import Plan
from .progress import PhaseChanged, Started

if TYPE_CHECKING:
    from .. import models
    from .beginning import Begun
    from .order import Order

__all__ = ["committed", "transferred"]

_CHANGED = "the source has changed while it was uploaded: sha1"


def transferred(order: Order, begun: Begun) -> Finished:
    """Upload the parts that the session does not hold, and compare those that it does.

    Raises:
        PlanError: The server's parts do not fit the file.
        UploadError: As the engine raises it.
    """
    session, source = begun.session, order.source
    plan = Plan.checked(source.size, session.part_size, session.total_parts)
    held = {} if begun.is_new else held_by(order, session, plan)
    _note(order, session, begun.doubt)
    order.tell(Started(plan.size, plan.part_size, plan.total_parts))
    order.tell(PhaseChanged("parts"))
    stop = Stop()
    engine = Engine(plan, source, stop, order.tell)
    # What the parts wait for is not worth waiting for; of other calls, the answer may be all that tells what is there.
    with (
        order.stop.listening(stop.set),
        stop.listening(order.break_off),
        _lanes(order, session, engine, stop) as lanes,
    ):
        finished = engine.run(lanes, held)
    source.check_unchanged()
    if source.is_writable:
        _check_parts(order, finished)
    return finished


def committed(order: Order, begun: Begun, finished: Finished) -> models.File:
    """Make the file of its parts.

    Raises:
        SourceChangedError: The server puts other bytes together than were read here; nothing was committed.
        UploadError: As `commit` and `check_file`.
        CommitInDoubtError: As `commit`.
    """
    options, session = order.options, begun.session
    order.tell(PhaseChanged("commit"))
    # From here on, a run that finds the session gone has to ask whether this one has committed it.
    _note(order, session, finished.sha1)
    try:
        file = commit(
            order.calls,
            session,
            finished.parts,
            finished.sha1,
            patience=order.patience("commit"),
            attributes=options.attributes,
            if_match=options.if_match,
            is_unsure=is_same(begun.doubt, finished.sha1),
        )
    except UploadAbortedError:
        raise
    except CommitInDoubtError as doubt:
        _check_cause(order, finished, doubt.failure)
        raise
    except ClientError as error:
        # Refused for certain; with a doubt, it would be another error, and without this, a person may have to look.
        with suppress(OSError):
            _note(order, session, None)
        _check_cause(order, finished, error)
        raise
    return check_file(file, finished.sha1, order.source.size)


def _check_parts(order: Order, finished: Finished) -> None:
    for part in finished.parts:
        if not is_same(part.sha1, order.source.sha1(order.stop, part.offset, part.size)):
            raise SourceChangedError(_CHANGED)


def _check_cause(order: Order, finished: Finished, error: ClientError) -> None:
    """Check that it was not the source's fault if the server has put other bytes together.

    Raises:
        SourceChangedError: It was: each part arrived as it was read, and the whole was read another time.
    """
    is_read_twice = order.source.is_writable or (order.options.remote is not None and not order.source.is_sequential)
    if not is_read_twice or not isinstance(error, DigestMismatchError):
        return
    _check_parts(order, finished)
    if order.source.sha1(order.stop) != finished.sha1:
        raise SourceChangedError(_CHANGED)


def _note(order: Order, session: models.UploadSession, sha1: str | None) -> None:
    if order.journal is not None:
        order.journal.write(
            Entry(
                target=order.target,
                fingerprint=order.source.fingerprint,
                session=session,
                sha1=sha1,
                lost_creates=order.lost_creates,
            )
        )


def _lanes(order: Order, session: models.UploadSession, engine: Engine, stop: Stop) -> JobLanes | WindowLanes:
    remote = order.options.remote
    if remote is not None:
        return JobLanes(order, session, remote, stop=stop, note=engine.post)
    return WindowLanes(order, session, stop=stop, note=engine.post, count=engine.post)
