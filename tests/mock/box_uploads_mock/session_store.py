"""The upload sessions: create, add parts, commit, abort. Independent of HTTP."""

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from box_uploads_mock.blobs import BlobStore
from box_uploads_mock.commit_rules import CommitRequest
from box_uploads_mock.errors import ApiError, argument_error
from box_uploads_mock.file_store import FileStore, require_etag
from box_uploads_mock.headers import ContentRange, base64_text
from box_uploads_mock.identifiers import Identifiers
from box_uploads_mock.part_store import Content, Part, PartStore, PartWriter, StoredPart
from box_uploads_mock.rules import NewFile, NewVersion
from box_uploads_mock.sessions import SESSION_LIFETIME, Session
from box_uploads_mock.world import File

_SESSION_ID = re.compile(r"[0-9A-Fa-f]{32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSettings:
    """The configuration of sessions.

    Attributes:
        part_size_for: Returns the part size for a file size, both in bytes.
        now: Returns the current time.
    """

    part_size_for: Callable[[int], int]
    now: Callable[[], datetime]


class DuplicateSessionError(Exception):
    """An earlier, equal request has created a session, and its response was lost."""

    def __init__(self, session: Session) -> None:
        super().__init__(session.id)
        self.session = session


class SessionStore:
    """The sessions; thread-safe with the lock that it shares with the state."""

    def __init__(
        self,
        lock: threading.RLock,
        settings: SessionSettings,
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
        """The sessions that are neither committed nor aborted, by id, in the order of their creation."""
        with self._lock:
            return dict(self._sessions)

    def check_target(self, request: NewFile | NewVersion, file_id: str | None) -> None:
        """Run the checks of `create` without creating a session.

        Raises:
            ApiError: The file cannot be stored.
        """
        with self._lock:
            self._file_store.require_target(request, file_id)

    def create(self, request: NewFile | NewVersion, file_id: str | None) -> Session:
        """Create a session for a new file, or for a new version of a file.

        Raises:
            ApiError: The file cannot be stored.
            DuplicateSessionError: There is an equal session whose creation the client has not seen.
        """
        with self._lock:
            now = self._settings.now()
            self._file_store.require_target(request, file_id)
            for other in self._unacknowledged:
                is_open = other.id in self._sessions and now < other.expires_at
                if is_open and (other.target, other.file_id) == (request, file_id):
                    raise DuplicateSessionError(other)
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
        """Record that the response to the creation of a session was lost."""
        with self._lock:
            self._unacknowledged.append(self._sessions[session_id])

    def find(self, session_id: str) -> Session:
        """Return an open session.

        Raises:
            ApiError: The id is malformed, or the session is unknown, committed, aborted or expired.
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
        """Return a writer for a part.

        Raises:
            ApiError: The session is not open, or the range is not one of its parts or already stored.
        """
        with self._lock:
            session = self.find(session_id)
            session.require_range(wanted)
            _require_free_range(session, wanted)
            return session.part_store.open_writer(wanted.start)

    def finish_part(self, session_id: str, wanted: ContentRange, writer: PartWriter) -> Part:
        """Store a part that was written.

        Raises:
            ApiError: Meanwhile the session has ended, or another request has stored the part.
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
        """Return for each wanted part the hit that a commit may name without an upload, or None.

        A hit has the size and the SHA-512 of any stored part, whatever its offset, in an open session or a file.
        Hashes stored bytes, so do not call it in an event loop.

        Raises:
            ApiError: The session is not open.
        """
        with self._lock:
            session = self.find(session_id)
            stored_parts = [*self._file_store.stored_parts]
            for other in self._sessions.values():
                stored_parts += other.part_store.stored_parts
        return [self._find_hit(session, part, stored_parts) for part in wanted]

    def _find_hit(self, session: Session, wanted: Part, stored_parts: Sequence[StoredPart]) -> Part | None:
        if not session.has_range(ContentRange(wanted.offset, wanted.offset + wanted.size, session.file_size)):
            return None
        existing = session.part_store.get(wanted.offset)
        if existing is not None:
            stored = session.part_store.get_stored(wanted.offset)
            return existing if stored is not None and _has_content(stored, wanted) else None
        hit = session.part_store.find_hit(wanted.offset, wanted.sha512)
        if hit is not None:
            return hit
        for stored in stored_parts:
            if _has_content(stored, wanted):
                with self._lock:
                    part_id = self._new_part_id(session)
                return session.part_store.add_hit(replace(wanted, part_id=part_id, sha1=stored.part.sha1), stored.blob)
        return None

    def use_hits(self, session_id: str, named: Sequence[Part]) -> Session:
        """Make the hits that a commit names parts of the session, and return the session.

        Raises:
            ApiError: The session is not open.
        """
        with self._lock:
            session = self.find(session_id)
            for part in named:
                session.part_store.use_hit(part)
            return session

    def check_sha512(self, session: Session, named: Sequence[Part]) -> None:
        """Compare the SHA-512 digests in a commit with the stored bytes; slow, so do not call it in an event loop.

        Raises:
            ApiError: A digest differs.
        """
        for part in named:
            stored = session.part_store.get_stored(part.offset)
            if part.sha512 and stored is not None and _sha512(stored) not in {part.sha512, ""}:
                raise _mismatch_error(part)

    def check_commit(self, session_id: str, request: CommitRequest) -> Session:
        """Check that a session can be committed; the caller has hashed all pending parts.

        Raises:
            ApiError: A condition fails, the parts or the digest are wrong, or the file cannot be stored.
        """
        with self._lock:
            session = self.find(session_id)
            existing = None if session.file_id is None else self._file_store.require_file(session.file_id)
            require_etag(existing, request.if_match, request.if_none_match)
            _require_parts(session, request.parts)
            actual = session.part_store.digest
            if actual != request.digest:
                # Box's wording (box-java-sdk issue 701).
                shown = f"Actual: {base64_text(actual)} Expected: {base64_text(request.digest)}"
                raise ApiError("digest_mismatch", f"File digest was incorrect. {shown}")
            self._file_store.require_target(session.target, session.file_id)
            return session

    def take_pending_commit(self, session: Session) -> bool:
        """Return whether a valid commit gets 202, and count it."""
        with self._lock:
            is_pending = session.pending_commits > 0
            session.pending_commits -= is_pending
            return is_pending

    def end_unchanged(self, session_id: str, request: CommitRequest) -> bool:
        """End a session whose commit would change nothing of its file, and return whether it is one.

        Raises:
            ApiError: As in `check_commit`, whose result may have changed since.
        """
        with self._lock:
            session = self.check_commit(session_id, request)
            sha1, attributes = request.digest.hex(), request.attributes
            if session.file_id is None or self._file_store.changes(session.target, session.file_id, sha1, attributes):
                return False
            self._committed.add(self._sessions.pop(session.id).id)
        session.part_store.clear()
        return True

    def commit(self, session_id: str, request: CommitRequest) -> File:
        """Store the file and end the session.

        Raises:
            ApiError: As in `check_commit`, whose result may have changed since.
        """
        with self._lock:
            session = self.check_commit(session_id, request)
            stored_parts = session.part_store.take_stored_parts()
            file = self._file_store.put(
                session.target,
                session.file_id,
                sha1=request.digest.hex(),
                attributes=request.attributes,
                content=Content(stored_parts) if self._store.keeps_content else None,
                uploaded_at=self._settings.now().isoformat(timespec="seconds"),
            )
            del self._sessions[session.id]
            self._committed.add(session.id)
            return file

    def abort(self, session_id: str) -> Session | None:
        """End a session and return it; the caller deletes its parts.

        Aborting a committed session succeeds too, as the tests of Box's Node SDK expect, and returns None.

        Raises:
            ApiError: The session is not open.
        """
        with self._lock:
            if session_id.upper() in self._committed:
                return None
            session = self.find(session_id)
            return self._sessions.pop(session.id)

    def clear(self) -> None:
        """Delete all sessions and their parts."""
        with self._lock:
            for session in self._sessions.values():
                session.part_store.clear()
            self._sessions.clear()
            self._unacknowledged.clear()
            self._committed.clear()


def _require_free_range(session: Session, wanted: ContentRange) -> None:
    stored = session.part_store.get(wanted.start)
    if stored is not None:
        # Box's wording, including the JSON in it (rclone issue 2054).
        context = {"part": {"id": stored.part_id, "offset": stored.offset, "size": stored.size}}
        shown = f'{{"id":"{stored.part_id}","offset":{stored.offset},"size":{stored.size}}}'
        message = f"Part overlaps with previously uploaded part: {shown}"
        raise ApiError("range_overlaps_existing_part", message, context=context)


def _has_content(stored: StoredPart, wanted: Part) -> bool:
    return stored.part.size == wanted.size and _sha512(stored) == wanted.sha512


def _sha512(stored: StoredPart) -> str:
    """Return the SHA-512 of the stored bytes, an empty string if they were deleted meanwhile."""
    try:
        return stored.blob.sha512
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
