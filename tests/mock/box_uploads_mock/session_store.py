"""The life of upload sessions: opened, filled with parts, committed or aborted. Knows nothing of HTTP."""

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from box_uploads_mock.blobs import BlobStore
from box_uploads_mock.commit_rules import CommitRequest
from box_uploads_mock.errors import ApiError, argument_error
from box_uploads_mock.file_store import FileStore
from box_uploads_mock.headers import ContentRange, base64_text
from box_uploads_mock.identifiers import Identifiers
from box_uploads_mock.part_store import Content, Part, PartStore, PartWriter, StoredPart
from box_uploads_mock.rules import NewFile, NewVersion
from box_uploads_mock.sessions import SESSION_LIFETIME, Session
from box_uploads_mock.world import File

_SESSION_ID = re.compile(r"[0-9A-Fa-f]{32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the caller of the mock decides about sessions.

    Attributes:
        part_size_for: Returns the part size for a file size, both in bytes.
        now: Returns the present time.
    """

    part_size_for: Callable[[int], int]
    now: Callable[[], datetime]


class DuplicateSessionError(Exception):
    """An equal request has created a session before, and its answer was lost."""

    def __init__(self, session: Session) -> None:
        super().__init__(session.id)
        self.session = session


class SessionStore:
    """The sessions; thread-safe by the state's lock, which it shares."""

    def __init__(
        self,
        lock: threading.RLock,
        settings: Settings,
        file_store: FileStore,
        identifiers: Identifiers,
        store: BlobStore,
    ) -> None:
        self._lock = lock
        self._settings = settings
        self._file_store = file_store
        self._identifiers = identifiers
        self._store = store
        self._sessions: dict[str, Session] = {}
        self._unacknowledged: list[Session] = []
        self._committed: set[str] = set()
        self.pending_commits = 0

    @property
    def sessions(self) -> Mapping[str, Session]:
        """The sessions that were neither committed nor aborted, by id, in the order of their creation."""
        with self._lock:
            return dict(self._sessions)

    def check_target(self, request: NewFile | NewVersion, file_id: str | None) -> None:
        """Checks what is checked when a session is created, and creates none.

        Raises:
            ApiError: The file cannot be stored.
        """
        with self._lock:
            self._file_store.require_target(request, file_id)

    def create(self, request: NewFile | NewVersion, file_id: str | None) -> Session:
        """Creates a session for a new file, or for a new version of a file.

        Raises:
            ApiError: The file cannot be stored.
            DuplicateSessionError: The client was not told of an equal session.
        """
        with self._lock:
            now = self._settings.now()
            self._file_store.require_target(request, file_id)
            for twin in self._unacknowledged:
                is_open = twin.id in self._sessions and now < twin.expires_at
                if is_open and (twin.target, twin.file_id) == (request, file_id):
                    raise DuplicateSessionError(twin)
            session = Session(
                id=self._identifiers.new_session_id(),
                target=request,
                file_id=file_id,
                expires_at=now + SESSION_LIFETIME,
                part_size=self._settings.part_size_for(request.file_size),
                part_store=PartStore(self._store),
                pending_commits=self.pending_commits,
            )
            self._sessions[session.id] = session
            return session

    def mark_unacknowledged(self, session_id: str) -> None:
        """Takes note that the client was not told of a session."""
        with self._lock:
            self._unacknowledged.append(self._sessions[session_id])

    def find(self, session_id: str) -> Session:
        """Returns an open session.

        Raises:
            ApiError: The id is malformed, or the session is unknown, ended or expired.
        """
        if not _SESSION_ID.fullmatch(session_id):
            message = "The id of the session is not 32 hexadecimal digits."
            raise argument_error("invalid_upload_session_id", "upload_session_id", message)
        with self._lock:
            session = self._sessions.get(session_id.upper())
            if session is None:
                raise ApiError("upload_session_not_found", "Upload session not found")
            if self._settings.now() >= session.expires_at:
                raise ApiError("session_expired", "The upload session has expired")
            return session

    def start_part(self, session_id: str, wanted: ContentRange) -> PartWriter:
        """Returns a writer for a part.

        Raises:
            ApiError: There is no such session, the range is none of its ranges or is stored already.
        """
        with self._lock:
            session = self.find(session_id)
            session.require_range(wanted)
            _require_free_range(session, wanted)
            return session.part_store.open_writer(wanted.start)

    def finish_part(self, session_id: str, wanted: ContentRange, writer: PartWriter) -> Part:
        """Stores a part that was written.

        Raises:
            ApiError: Meanwhile the session has ended, or an equal part was stored.
        """
        with self._lock:
            session = self.find(session_id)
            _require_free_range(session, wanted)
            part_id = self._new_part_id(session)
            part = Part(part_id=part_id, offset=wanted.start, size=writer.size, sha1=writer.digest.hex())
            session.part_store.add(part, writer)
            return part

    def _new_part_id(self, session: Session) -> str:
        while session.part_store.has_id(part_id := self._identifiers.new_part_id()):
            pass
        return part_id

    def plan(self, session_id: str, wanted: Sequence[Part]) -> Sequence[Part | None]:
        """Returns for each wanted part one that a commit may name instead of uploading it, or None.

        That is one whose size and SHA-512 a part of an open session or of a stored file has, whatever its offset
        there. Its bytes may have to be hashed first, so this is not for an event loop.

        Raises:
            ApiError: There is no such session.
        """
        with self._lock:
            session = self.find(session_id)
            held = [
                *self._file_store.stored_parts,
                *(one for each in self._sessions.values() for one in each.part_store.stored_parts),
            ]
        return [self._find_hit(session, part, held) for part in wanted]

    def _find_hit(self, session: Session, wanted: Part, held: Sequence[StoredPart]) -> Part | None:
        if not session.has_range(ContentRange(wanted.offset, wanted.offset + wanted.size, session.file_size)):
            return None
        stored = session.part_store.get(wanted.offset)
        if stored is not None:
            own = session.part_store.get_stored(wanted.offset)
            return stored if own is not None and _is_same(own, wanted) else None
        offered = session.part_store.find_hit(wanted.offset, wanted.sha512)
        if offered is not None:
            return offered
        for one in held:
            if _is_same(one, wanted):
                with self._lock:
                    part_id = self._new_part_id(session)
                return session.part_store.add_hit(replace(wanted, part_id=part_id, sha1=one.part.sha1), one.blob)
        return None

    def use_hits(self, session_id: str, named: Sequence[Part]) -> Session:
        """Lets parts that a plan has offered be parts of the session, since a commit names them, and returns it.

        Raises:
            ApiError: There is no such session.
        """
        with self._lock:
            session = self.find(session_id)
            for part in named:
                session.part_store.use_hit(part)
            return session

    def check_sha512(self, session: Session, named: Sequence[Part]) -> None:
        """Checks what a commit says of the SHA-512 of kept bytes, which are hashed; so not for an event loop.

        Raises:
            ApiError: A part has another one.
        """
        for part in named:
            held = session.part_store.get_stored(part.offset)
            if part.sha512 and held is not None and _sha512(held) not in {part.sha512, ""}:
                raise _mismatch_error(part)

    def check_commit(self, session_id: str, request: CommitRequest) -> Session:
        """Checks that a session can be committed; the parts have been hashed as far as they are there.

        Raises:
            ApiError: A condition fails, the parts or the digest are wrong, or the file cannot be stored.
        """
        with self._lock:
            session = self.find(session_id)
            _require_conditions(
                request, None if session.file_id is None else self._file_store.require_file(session.file_id)
            )
            _require_parts(session, request.parts)
            actual = session.part_store.digest
            if actual != request.digest:
                # The words are Box's (box-java-sdk issue 701).
                shown = f"Actual: {base64_text(actual)} Expected: {base64_text(request.digest)}"
                raise ApiError("digest_mismatch", f"File digest was incorrect. {shown}")
            self._file_store.require_target(session.target, session.file_id)
            return session

    def take_pending_commit(self, session: Session) -> bool:
        """Returns whether a good commit still has to wait, and counts it."""
        with self._lock:
            is_pending = session.pending_commits > 0
            session.pending_commits -= is_pending
            return is_pending

    def commit(self, session_id: str, request: CommitRequest) -> File:
        """Stores the file and ends the session.

        Raises:
            ApiError: As by `check_commit`: things may have changed since.
        """
        with self._lock:
            session = self.check_commit(session_id, request)
            held = session.part_store.take_stored_parts()
            file = self._file_store.put(
                session.target,
                session.file_id,
                sha1=request.digest.hex(),
                attributes=request.attributes,
                content=Content(held) if self._store.keeps_content else None,
            )
            del self._sessions[session.id]
            self._committed.add(session.id)
            return file

    def abort(self, session_id: str) -> Session | None:
        """Ends a session and returns it; its parts are the caller's to drop.

        Ending a session that was committed succeeds as well, which the tests of Box's Node SDK expect.

        Raises:
            ApiError: There is no such session.
        """
        with self._lock:
            if session_id.upper() in self._committed:
                return None
            session = self.find(session_id)
            return self._sessions.pop(session.id)

    def clear(self) -> None:
        """Forgets all sessions and their parts."""
        with self._lock:
            for session in self._sessions.values():
                session.part_store.clear()
            self._sessions.clear()
            self._unacknowledged.clear()
            self._committed.clear()


def _require_free_range(session: Session, wanted: ContentRange) -> None:
    stored = session.part_store.get(wanted.start)
    if stored is not None:
        # The words, and the JSON in them, are Box's (rclone issue 2054).
        context = {"part": {"id": stored.part_id, "offset": stored.offset, "size": stored.size}}
        shown = f'{{"id":"{stored.part_id}","offset":{stored.offset},"size":{stored.size}}}'
        message = f"Part overlaps with previously uploaded part: {shown}"
        raise ApiError("range_overlaps_existing_part", message, context=context)


def _require_conditions(request: CommitRequest, present: File | None) -> None:
    etag = None if present is None else present.etag
    wanted, unwanted = request.if_match, request.if_none_match
    fails_match = wanted is not None and (etag is None or wanted not in {etag, "*"})
    fails_none_match = unwanted is not None and etag is not None and unwanted in {etag, "*"}
    if fails_match or fails_none_match:
        raise ApiError("precondition_failed", "The resource has been modified. Please retrieve the resource again.")


def _is_same(held: StoredPart, wanted: Part) -> bool:
    return held.part.size == wanted.size and _sha512(held) == wanted.sha512


def _sha512(held: StoredPart) -> str:
    """Returns the SHA-512 of kept bytes, or nothing if they were removed meanwhile."""
    try:
        return held.blob.sha512
    except FileNotFoundError:
        return ""


def _mismatch_error(part: Part) -> ApiError:
    shown = f'{{"part_id":"{part.part_id}","offset":{part.offset},"size":{part.size},"sha1":"{part.sha1}"}}'
    return ApiError("parts_mismatch", f"No matching part found on server for {shown}")


def _require_parts(session: Session, named: Sequence[Part]) -> None:
    stored = {part.offset: part for part in session.part_store.parts}
    for part in named:
        found = stored.pop(part.offset, None)
        expected = None if found is None else replace(found, sha1=found.sha1 if part.sha1 else "")
        if part != expected:
            raise _mismatch_error(part)
    if len(named) != session.total_parts:
        raise ApiError("parts_mismatch", f"The file has {session.total_parts} parts, not {len(named)}")
