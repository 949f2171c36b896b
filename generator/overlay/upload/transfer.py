"""From a session to a stored file: the parts that it does not hold yet, and the commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._runtime.errors import ClientError
from .beginning import held_by
from .commit import check_file, commit
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
    order.stop.listen(stop.set)
    engine = Engine(plan, source, stop, order.tell)
    with _lanes(order, session, engine, stop) as lanes:
        finished = engine.run(lanes, held)
    source.check_unchanged()
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
            is_unsure=begun.doubt == finished.sha1,
        )
    except UploadAbortedError:
        raise
    except ClientError as error:
        # Refused for certain; with a doubt, it would be another error.
        _note(order, session, None)
        if not isinstance(error, DigestMismatchError):
            raise
        if options.remote is None:
            raise
        # Each part arrived as it was read, so they were read from different contents.
        raise SourceChangedError("the source has changed while it was uploaded: sha1") from error
    return check_file(file, finished.sha1, order.source.size)


def _note(order: Order, session: models.UploadSession, sha1: str | None) -> None:
    if order.journal is not None:
        order.journal.write(
            Entry(target=order.target, fingerprint=order.source.fingerprint, session=session, sha1=sha1)
        )


def _lanes(order: Order, session: models.UploadSession, engine: Engine, stop: Stop) -> JobLanes | WindowLanes:
    remote = order.options.remote
    if remote is not None:
        return JobLanes(order, session, remote, stop=stop, note=engine.note)
    return WindowLanes(order, session, stop=stop, note=engine.note, count=engine.count)
