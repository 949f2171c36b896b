"""Defects of the mock: how sessions are read, and how they end."""

from __future__ import annotations

import re
from typing import Any

from tests.prove.mock_defects.outcomes import HANDLER, with_body, with_outcome
from tests.prove.planting import Catalogue

__all__ = ["DEFECTS"]

DEFECTS = Catalogue()
VERSION = "create_version_upload_session"
GET, ABORT = "get_upload_session", "abort_upload_session"


def _described(original: Any, **changes: object) -> Any:
    return lambda session, call: {**original(session, call), **changes}


def _linked(original: Any, **change: Any) -> Any:
    def spoiled(session: Any, call: Any) -> dict[str, Any]:
        body = dict(original(session, call))
        endpoints = body["session_endpoints"]
        body["session_endpoints"] = endpoints | {name: spoil(endpoints) for name, spoil in change.items()}
        return body

    return spoiled


@DEFECTS.defect(HANDLER(GET), GET)
def a_session_is_answered_203(original: Any) -> Any:
    """The status of a session that is read is 203."""
    return with_outcome(original, status=203)


@DEFECTS.defect("box_uploads_mock.uploads.Uploads.find", GET)
def sessions_do_not_expire(original: Any) -> Any:
    """An expired session is as good as another."""

    def spoiled(uploads: Any, session_id: str) -> Any:
        found = uploads._sessions.get(session_id.upper())
        return found if found is not None else original(uploads, session_id)

    return spoiled


@DEFECTS.defect("box_uploads_mock.errors.STATUS_OF_CODE[session_expired]", GET)
def an_expired_session_is_not_found(original: Any) -> Any:
    """An expired session is told by 404."""
    return 404


@DEFECTS.defect("box_uploads_mock.errors.STATUS_OF_CODE[upload_session_not_found]", GET)
def an_unknown_session_is_gone(original: Any) -> Any:
    """An unknown session is told by 410."""
    return 410


@DEFECTS.defect("box_uploads_mock.uploads._SESSION_ID", GET)
def a_session_id_may_be_any_text(original: Any) -> Any:
    """An id that is none is unknown rather than malformed."""
    return re.compile(r"(?s).*")


@DEFECTS.defect("box_uploads_mock.uploads._SESSION_ID", GET)
def a_session_id_has_capital_letters(original: Any) -> Any:
    """An id in small letters is malformed."""
    return re.compile(r"[0-9A-F]{32}")


@DEFECTS.defect("box_uploads_mock.operations.HANDLERS[abort_upload_session]", ABORT)
def an_abort_is_answered_200(original: Any) -> Any:
    """The status of an abort is 200."""
    return with_outcome(original, status=200)


@DEFECTS.defect("box_uploads_mock.uploads.Uploads.abort", ABORT, GET)
def an_aborted_session_goes_on(original: Any) -> Any:
    """An abort succeeds and ends nothing."""
    return lambda uploads, session_id: uploads.find(session_id) and None


@DEFECTS.defect("box_uploads_mock.uploads.Uploads.abort", ABORT)
def what_does_not_exist_is_aborted(original: Any) -> Any:
    """An abort of an unknown session succeeds."""
    return lambda uploads, session_id: uploads._sessions.pop(session_id.upper(), None)


@DEFECTS.defect("box_uploads_mock.uploads.Uploads.abort", ABORT)
def an_abort_ends_all_sessions(original: Any) -> Any:
    """An abort ends every session."""

    def spoiled(uploads: Any, session_id: str) -> Any:
        ended = original(uploads, session_id)
        uploads._sessions.clear()
        return ended

    return spoiled


@DEFECTS.defect("box_uploads_mock.uploads.Uploads.abort", ABORT)
def a_committed_session_cannot_be_aborted(original: Any) -> Any:
    """An abort after the commit is refused."""

    def spoiled(uploads: Any, session_id: str) -> Any:
        uploads._committed.clear()
        return original(uploads, session_id)

    return spoiled


@DEFECTS.defect("box_uploads_mock.assembly.Assembly.drop", ABORT)
def an_abort_keeps_the_bytes(original: Any) -> Any:
    """The parts of an aborted session stay where they are stored."""
    return lambda assembly: None


@DEFECTS.defect(HANDLER(VERSION), VERSION)
def a_session_for_a_version_has_one_part(original: Any) -> Any:
    """`total_parts` of a session for a version is 1."""
    return with_body(original, lambda body: body.update(total_parts=1))
