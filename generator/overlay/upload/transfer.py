"""From a session to a stored file: the parts that it does not hold yet, and the commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .beginning import held_by
from .commit import commit
from .engine import Engine, Finished
from .errors import DigestMismatchError, SourceChangedError
from .journal import Entry
from .lanes import JobLanes, ThreadLanes
from .patience import Stop
from .plan import LARGEST_PART, Plan
from .progress import PhaseChanged, Started

if TYPE_CHECKING:
    from .. import models
    from .beginning import Begun
    from .order import Order

__all__ = ["committed", "transferred"]


def transferred(order: Order, begun: Begun) -> Finished:
    """Upload the parts that the session does not hold, and compare those that it does.

    Raises:
        PlanError: The server's parts do not fit the file.
        UploadError: As the engine raises it.
    """
    session, source = begun.session, order.source
    plan = Plan.checked(source.size, session.part_size, session.total_parts, largest_part=LARGEST_PART)
    held = {} if begun.is_new else held_by(order, session, plan)
    _note(order, session, None)
    order.tell(Started(plan.size, plan.part_size, plan.total_parts))
    order.tell(PhaseChanged("parts"))
    stop = Stop()
    order.stop.listen(stop.set)
    engine = Engine(plan, source, stop, order.tell)
    with _lanes(order, session, engine, stop) as lanes:
        finished = engine.run(lanes, held)
    source.check_unchanged()
    _note(order, session, finished.sha1)
    return finished


def committed(order: Order, session: models.UploadSession, finished: Finished) -> models.File:
    """Make the file of its parts.

    Raises:
        SourceChangedError: The server puts other bytes together than were read here.
        UploadError: As `commit`.
    """
    options = order.options
    order.tell(PhaseChanged("commit"))
    try:
        return commit(
            order.calls,
            session,
            finished.parts,
            finished.sha1,
            patience=order.patience("commit"),
            attributes=options.attributes,
            if_match=options.if_match,
        )
    except DigestMismatchError as error:
        if options.executor is None:
            raise
        # Each part arrived as it was read, so they were read from different contents.
        raise SourceChangedError("the source has changed while it was uploaded: sha1") from error


def _note(order: Order, session: models.UploadSession, sha1: str | None) -> None:
    if order.journal is not None:
        order.journal.write(
            Entry(target=order.target, fingerprint=order.source.fingerprint, session=session, sha1=sha1)
        )


def _lanes(order: Order, session: models.UploadSession, engine: Engine, stop: Stop) -> ThreadLanes | JobLanes:
    options = order.options
    if options.executor is not None and options.connect is not None:
        return JobLanes(
            options.executor,
            options.connect,
            session,
            order.source,
            width=options.workers,
            pace=options.pace,
            deadline_s=options.deadline_s,
        )
    return ThreadLanes(
        order.calls,
        session,
        file_size=order.source.size,
        workers=options.workers,
        pace=options.pace,
        deadline_s=options.deadline_s,
        stop=stop,
        count=engine.count,
        note=engine.note,
    )
