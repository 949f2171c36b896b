"""Defects of the mock: the effects of earlier and of concurrent calls."""

from __future__ import annotations

from typing import Any

from box_uploads_mock.part_store import Part
from box_uploads_mock.session_store import DuplicateSessionError

from tests.prove.mock_defects.outcomes import HANDLER
from tests.prove.operations import ABORT, COMMIT, CREATE, LOG, UPLOAD
from tests.prove.patches import before, patch, wrap


def _remember_expired_session(original: Any, uploads: Any, request: Any, file_id: Any) -> Any:
    for twin in uploads._unacknowledged:
        if twin.id in uploads._sessions and (twin.target, twin.file_id) == (request, file_id):
            raise DuplicateSessionError(twin)
    return original(uploads, request, file_id)


def _require_upper_case(original: Any, uploads: Any, session_id: str) -> Any:
    return original(uploads, session_id) if session_id.isupper() else uploads._sessions.pop(uploads.find(session_id).id)


def _match_missing_file(original: Any, present: Any, wanted: Any, unwanted: Any) -> Any:
    return original(present, None if present is None and wanted == "*" else wanted, unwanted)


def _skip_second_check(original: Any, uploads: Any, session_id: str, request: Any) -> Any:
    uploads.check_commit = lambda session_id, _: uploads.find(session_id)
    try:
        return original(uploads, session_id, request)
    finally:
        del uploads.check_commit


def _store_without_check(uploads: Any, session_id: str, wanted: Any, writer: Any) -> Any:
    session = uploads.find(session_id)
    part_id = uploads._new_part_id(session)
    part = Part(part_id=part_id, offset=wanted.start, size=writer.size, sha1=writer.digest.hex())
    session.part_store.add(part, writer)
    return part


def _keep_committed(original: Any, state: Any) -> None:
    committed = set(state.session_store._committed)
    original(state)
    state.session_store._committed |= committed


# fmt: off
DEFECTS = (
    wrap("After a lost response, an expired session is a conflict", "mock.session_store.SessionStore.create",
        _remember_expired_session, CREATE),
    wrap("A committed session is only found by its upper-case id", "mock.session_store.SessionStore.abort",
        _require_upper_case, ABORT),
    wrap("`If-Match: *` matches a missing file", "mock.session_store.require_etag", _match_missing_file, COMMIT),
    wrap("A wrong event of an unknown session is answered with 404", HANDLER(LOG),
        before(lambda call: call.state.session_store.find(call.session_id)), LOG),
    wrap("A commit ignores changes since it was checked", "mock.session_store.SessionStore.commit", _skip_second_check,
        COMMIT),
    patch("Two equal parts sent concurrently are both stored", "mock.session_store.SessionStore.finish_part",
        _store_without_check, UPLOAD),
    wrap("Committed sessions can be aborted after a reset", "mock.state.State.reset", _keep_committed, ABORT),
)
