"""Defects of the mock: what it makes of what happened before, and of what happens meanwhile."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from box_uploads_mock.assembly import Part
from box_uploads_mock.uploads import SessionTwinError

from tests.prove.mock_defects.outcomes import HANDLER
from tests.prove.planting import Catalogue

__all__ = ["DEFECTS"]

DEFECTS = Catalogue()
CREATE, ABORT, LOG = "create_upload_session", "abort_upload_session", "log_upload_event"
PART, COMMIT = "upload_part", "commit_upload_session"


@DEFECTS.defect("box_uploads_mock.uploads.Uploads.open", CREATE)
def an_expired_session_is_a_conflict(original: Any) -> Any:
    """After a lost answer, an equal request is refused for a session that has expired."""

    def spoiled(uploads: Any, request: Any, file_id: Any) -> Any:
        for twin in uploads._untold:
            if twin.id in uploads._sessions and (twin.target, twin.file_id) == (request, file_id):
                raise SessionTwinError(twin)
        return original(uploads, request, file_id)

    return spoiled


@DEFECTS.defect("box_uploads_mock.uploads.Uploads.abort", ABORT)
def a_committed_session_is_only_known_in_upper_case(original: Any) -> Any:
    """To end a committed session by its id in small letters is not found."""

    def spoiled(uploads: Any, session_id: str) -> Any:
        return (
            original(uploads, session_id)
            if session_id.isupper()
            else uploads._sessions.pop(uploads.find(session_id).id)
        )

    return spoiled


@DEFECTS.defect("box_uploads_mock.uploads._require_conditions", COMMIT)
def any_etag_is_one_of_no_file(original: Any) -> Any:
    """`If-Match: *` holds for a file that does not exist."""

    def spoiled(request: Any, present: Any) -> None:
        is_any = present is None and request.if_match == "*"
        original(replace(request, if_match=None) if is_any else request, present)

    return spoiled


@DEFECTS.defect(HANDLER(LOG), LOG)
def a_session_is_looked_up_before_an_event_is_read(original: Any) -> Any:
    """A wrong event of an unknown session is told by 404."""

    async def spoiled(call: Any) -> Any:
        call.state.uploads.find(call.session_id)
        return await original(call)

    return spoiled


@DEFECTS.defect("box_uploads_mock.uploads.Uploads.commit", COMMIT)
def a_commit_is_checked_once(original: Any) -> Any:
    """What has changed since a commit was checked is not noticed."""

    def spoiled(uploads: Any, session_id: str, request: Any) -> Any:
        uploads.check_commit = lambda session_id, _: uploads.find(session_id)
        try:
            return original(uploads, session_id, request)
        finally:
            del uploads.check_commit

    return spoiled


@DEFECTS.defect("box_uploads_mock.uploads.Uploads.finish_part", PART)
def a_range_is_checked_once(original: Any) -> Any:
    """Of two equal parts that are sent at a time, both are stored."""

    def spoiled(uploads: Any, session_id: str, wanted: Any, writer: Any) -> Any:
        session = uploads.find(session_id)
        part_id = uploads._new_part_id(session)
        part = Part(part_id=part_id, offset=wanted.start, size=writer.size, sha1=writer.digest.hex())
        session.assembly.add(part, writer)
        return part

    return spoiled


@DEFECTS.defect("box_uploads_mock.state.State.reset", ABORT)
def committed_sessions_outlive_a_reset(original: Any) -> Any:
    """After a reset, a session that was committed before can still be ended."""

    def spoiled(state: Any) -> None:
        committed = set(state.uploads._committed)
        original(state)
        state.uploads._committed |= committed

    return spoiled
