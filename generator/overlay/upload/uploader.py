"""The course of one upload: begun or resumed, its parts sent, committed; or given up without a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from .. import models
from .._runtime.errors import ClientError, ConflictError
from .commit import commit
from .digest import WholeDigest
from .engine import Engine
from .errors import (
    CommitUnconfirmedError,
    DigestMismatchError,
    PartConflictError,
    PlanError,
    SessionLostError,
    SourceChangedError,
    UploadError,
)
from .inventory import iter_parts
from .journal import Entry, Journal
from .lanes import JobLanes, ThreadLanes
from .patience import Pace, Patience, Stop
from .plan import LARGEST_PART, Plan, check_minimum
from .progress import PhaseChanged, Restarted, Resumed, Started
from .target import abort, create, stored_already
from .verdict import verdict_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from msgspec import UnsetType

    from ..client import RawClient
    from .calls import Connect
    from .progress import ProgressEvent
    from .source import Source
    from .target import Target

__all__ = ["Options", "Upload"]

_T = TypeVar("_T")
_RESTARTS = 2
_BEFORE_S = 60.0
_AFTER_S = 30.0
_WORTHLESS = (SourceChangedError, PartConflictError, PlanError, DigestMismatchError, SessionLostError)


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller decides about an upload.

    Attributes:
        workers: How many parts are sent at a time.
        executor: Where they are sent, or None for threads of the upload's own.
        connect: Makes a client where the executor runs; needed with an executor.
        attributes: Attributes of the file.
        if_match: Etag that the file must still have.
        deadline_s: Seconds for which the failures of one step are borne.
        pace: Lengths of pauses, and clocks.
    """

    workers: int
    executor: Executor | None
    connect: Connect | None
    attributes: models.FileAttributes | UnsetType
    if_match: str | UnsetType
    deadline_s: float
    pace: Pace


class _Begun(msgspec.Struct, frozen=True):
    session: models.UploadSession
    is_new: bool


class Upload:
    """One upload.

    Args:
        calls: The client's calls, each sent once.
        source: The bytes.
        target: Where the file goes.
        options: What the caller has decided.
        journal: Where another process finds what it needs to go on, or None if there shall be no other.
        tell: Takes the events of the progress.
        stop: The wish to end the upload.
    """

    def __init__(  # noqa: PLR0913  # each is a part of the upload
        self,
        calls: RawClient,
        source: Source,
        target: Target,
        options: Options,
        *,
        journal: Journal | None,
        tell: Callable[[ProgressEvent], object],
        stop: Stop,
    ) -> None:
        check_minimum(source.size)
        self._calls = calls
        self._source = source
        self._target = target
        self._options = options
        self._journal = journal
        self._tell = tell
        self._stop = stop
        self._sha1 = ""

    def run(self) -> models.File:
        """Upload the file, and return it.

        Raises:
            UploadError: It could not be done; nothing was committed.
            ClientError: As the calls raise it; nothing was committed.
        """
        self._tell(PhaseChanged("create"))
        found = self._resumed() or self._created()
        restarts = 0
        while isinstance(found, _Begun):
            begun = found
            try:
                found = self._upload(begun)
            except (SessionLostError, PartConflictError) as error:
                found = self._after(begun, error, may_restart=restarts < _RESTARTS)
                restarts += 1
        if self._journal is not None:
            self._journal.remove()
        self._tell(PhaseChanged("done"))
        return found

    # How it begins

    def _created(self) -> _Begun | models.File:
        try:
            session, is_new = create(
                self._calls, self._target, self._source.size, self._patience("create", self._options.deadline_s)
            )
        except ConflictError as error:
            # An earlier run may have been killed after its last step; then there is nothing left to do.
            if self._journal is None or self._source.is_sequential:
                raise
            file = stored_already(error, self._whole_sha1(), self._source.size)
            if file is None:
                raise
            return file
        return _Begun(session, is_new)

    def _resumed(self) -> _Begun | models.File | None:
        entry = None if self._journal is None else self._journal.entry
        if entry is None:
            return None
        if entry.fingerprint != self._source.fingerprint:
            self._end(entry.session)
            self._restart("the source has changed since the earlier run")
            return None
        try:
            session = self._patiently("status", lambda: self._calls.get_upload_session(entry.session).parsed)
        except SessionLostError:
            if entry.sha1 is not None and (file := self._confirmed(entry.session, entry.sha1)) is not None:
                return file
            self._restart("the session of the earlier run has expired or vanished")
            return None
        return _Begun(session, is_new=False)

    def _restart(self, reason: str) -> None:
        if self._journal is not None:
            self._journal.remove()
        self._tell(Restarted(reason))

    def _held(self, session: models.UploadSession, plan: Plan) -> dict[int, models.UploadPart]:
        """Ask the server which parts it holds; raise PartConflictError if they are none of the plan's."""
        lister = _Lister(self._calls)
        held: dict[int, models.UploadPart] = {}
        for one in self._patiently("parts", lambda: list(iter_parts(lister, session))):
            part = plan.holds(one.offset, one.size)
            if part is None:
                raise PartConflictError(f"the session holds {one.size} bytes at offset {one.offset}, which is no part")
            held[part.index] = one
        self._tell(Resumed(len(held), sum(one.size for one in held.values())))
        return held

    def _patiently(self, step: str, call: Callable[[], _T]) -> _T:
        patience = self._patience(step, _BEFORE_S)
        while True:
            try:
                return call()
            except ClientError as error:
                verdict = verdict_of(error)
                if verdict == "gone":
                    raise SessionLostError(f"the session has ended: {error}") from error
                if verdict not in {"refused", "unknown"}:
                    raise
                patience.pause(error)

    # How it goes on

    def _upload(self, begun: _Begun) -> models.File:
        try:
            return self._transferred(begun)
        except BaseException as error:
            self._give_up(begun, error)
            raise

    def _transferred(self, begun: _Begun) -> models.File:
        session, source, options = begun.session, self._source, self._options
        plan = Plan.checked(source.size, session.part_size, session.total_parts, largest_part=LARGEST_PART)
        held = {} if begun.is_new else self._held(session, plan)
        self._note(session, None)
        self._tell(Started(plan.size, plan.part_size, plan.total_parts))
        self._tell(PhaseChanged("parts"))
        stop = Stop()
        self._stop.listen(stop.set)
        engine = Engine(plan, source, stop, self._tell)
        with self._lanes(session, engine, stop) as lanes:
            finished = engine.run(lanes, held)
        source.check_unchanged()
        self._sha1 = finished.sha1
        self._note(session, finished.sha1)
        self._tell(PhaseChanged("commit"))
        try:
            return commit(
                self._calls,
                session,
                finished.parts,
                finished.sha1,
                patience=self._patience("commit", options.deadline_s),
                attributes=options.attributes,
                if_match=options.if_match,
            )
        except DigestMismatchError as error:
            if options.executor is None:
                raise
            # Each part arrived as it was read, so they were read from different contents.
            raise SourceChangedError("the source has changed while it was uploaded: sha1") from error

    def _lanes(self, session: models.UploadSession, engine: Engine, stop: Stop) -> ThreadLanes | JobLanes:
        options = self._options
        if options.executor is not None and options.connect is not None:
            return JobLanes(
                options.executor,
                options.connect,
                session,
                self._source,
                width=options.workers,
                pace=options.pace,
                deadline_s=options.deadline_s,
            )
        return ThreadLanes(
            self._calls,
            session,
            file_size=self._source.size,
            workers=options.workers,
            pace=options.pace,
            deadline_s=options.deadline_s,
            stop=stop,
            count=engine.count,
            note=engine.note,
        )

    def _note(self, session: models.UploadSession, sha1: str | None) -> None:
        if self._journal is not None:
            entry = Entry(target=self._target, fingerprint=self._source.fingerprint, session=session, sha1=sha1)
            self._journal.write(entry)

    # How it ends

    def _after(self, begun: _Begun, error: UploadError, *, may_restart: bool) -> _Begun | models.File:
        """Decide what comes after a session that is of no use any more."""
        if isinstance(error, SessionLostError) and error.maybe_committed:
            file = self._confirmed(begun.session, self._sha1)
            if file is not None:
                return file
        elif isinstance(error, PartConflictError) and begun.is_new:
            raise error
        if not may_restart or self._source.is_sequential:
            raise error
        self._restart(str(error))
        return self._created()

    def _confirmed(self, session: models.UploadSession, sha1: str) -> models.File | None:
        """Find out whether a commit whose answer is not known has made the file.

        A new file is found by its name, which a new session for it is refused for. So is a version whose name and
        folder are known. Of other versions there is no such proof: but before its expiry, only a commit ends a
        session that nobody aborts, and a commit only succeeds with the right SHA-1.

        Raises:
            CommitUnconfirmedError: The session has expired meanwhile, so nothing can be concluded.
        """
        target, size = self._target, self._source.size
        if target.folder_id is not None and target.file_name is not None:
            probe = msgspec.structs.replace(target, file_id=None)
            try:
                found, _ = create(self._calls, probe, size, self._patience("confirm", _BEFORE_S))
            except ConflictError as error:
                return stored_already(error, sha1, size)
            self._end(found)
            return None
        if self._options.pace.now() < session.session_expires_at:
            return models.File(type="file", id=target.file_id or "", size=size, sha1=sha1)
        raise CommitUnconfirmedError(
            f"the session ended after a commit was sent; compare the sha1 of file {target.file_id} with {sha1}"
        )

    def _give_up(self, begun: _Begun, error: BaseException) -> None:
        is_worthless = isinstance(error, _WORTHLESS)
        if self._journal is not None and not is_worthless:
            return
        if not isinstance(error, SessionLostError):
            self._end(begun.session, error)
        if self._journal is not None and not (isinstance(error, SessionLostError) and error.maybe_committed):
            self._journal.remove()

    def _end(self, session: models.UploadSession, error: BaseException | None = None) -> None:
        """Abort a session as well as it can be done; it is no reason to hide why."""
        options = self._options
        patience = Patience(
            "abort",
            pace=options.pace,
            deadline_s=min(_AFTER_S, options.deadline_s),
            stop=Stop(),
            tell=lambda _: None,
        )
        try:
            abort(self._calls, session, patience)
        except ClientError as failure:
            if error is not None:
                error.add_note(f"The session could not be aborted, and goes on until it expires: {failure}")

    def _patience(self, step: str, deadline_s: float) -> Patience:
        options = self._options
        return Patience(
            step,
            pace=options.pace,
            deadline_s=min(deadline_s, options.deadline_s),
            stop=self._stop,
            tell=self._tell,
        )

    def _whole_sha1(self) -> str:
        whole, source = WholeDigest(), self._source
        buffer = memoryview(bytearray(0 if source.in_memory else 1024 * 1024))
        step = len(buffer) or source.size
        for offset in range(0, source.size, step):
            whole.add(source.window(offset, min(step, source.size - offset), buffer))
        return whole.sha1()


class _Lister:
    """The calls as `iter_parts` wants them."""

    def __init__(self, calls: RawClient) -> None:
        self._calls = calls

    def list_parts(self, upload_session: models.UploadSession, *, offset: int, limit: int) -> models.UploadParts:
        """Return a page of the parts."""
        return self._calls.list_parts(upload_session, offset=offset, limit=limit).parsed
