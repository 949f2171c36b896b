"""Defects of the mock: how sessions are read, and how they end."""

from __future__ import annotations

import re
from typing import Any

from tests.prove.mock_defects.outcomes import HANDLER, with_body, with_outcome
from tests.prove.operations import ABORT, GET, VERSION
from tests.prove.patches import patch, wrap


def _sessions_do_not_expire(original: Any, uploads: Any, session_id: str) -> Any:
    found = uploads._sessions.get(session_id.upper())
    return found if found is not None else original(uploads, session_id)


def _an_abort_ends_all_sessions(original: Any, uploads: Any, session_id: str) -> Any:
    ended = original(uploads, session_id)
    uploads._sessions.clear()
    return ended


def _a_committed_session_cannot_be_aborted(original: Any, uploads: Any, session_id: str) -> Any:
    uploads._committed.clear()
    return original(uploads, session_id)


# fmt: off
DEFECTS = (
    wrap("a-session-is-answered-203", HANDLER(GET), "The status of a session that is read is 203.",
        with_outcome(status=203), GET),
    wrap("sessions-do-not-expire", "box_uploads_mock.uploads.Uploads.find",
        "An expired session is as good as another.", _sessions_do_not_expire, GET),
    patch("an-expired-session-is-not-found", "box_uploads_mock.errors.STATUS_OF_CODE[session_expired]",
        "An expired session is told by 404.", 404, GET),
    patch("an-unknown-session-is-gone", "box_uploads_mock.errors.STATUS_OF_CODE[upload_session_not_found]",
        "An unknown session is told by 410.", 410, GET),
    patch("a-session-id-may-be-any-text", "box_uploads_mock.uploads._SESSION_ID",
        "An id that is none is unknown rather than malformed.", re.compile(r"(?s).*"), GET),
    patch("a-session-id-has-capital-letters", "box_uploads_mock.uploads._SESSION_ID",
        "An id in small letters is malformed.", re.compile(r"[0-9A-F]{32}"), GET),
    wrap("an-abort-is-answered-200", HANDLER(ABORT), "The status of an abort is 200.", with_outcome(status=200),
        ABORT),
    patch("an-aborted-session-goes-on", "box_uploads_mock.uploads.Uploads.abort",
        "An abort succeeds and ends nothing.", lambda uploads, session_id: uploads.find(session_id) and None, ABORT,
        GET),
    patch("what-does-not-exist-is-aborted", "box_uploads_mock.uploads.Uploads.abort",
        "An abort of an unknown session succeeds.",
        lambda uploads, session_id: uploads._sessions.pop(session_id.upper(), None), ABORT),
    wrap("an-abort-ends-all-sessions", "box_uploads_mock.uploads.Uploads.abort", "An abort ends every session.",
        _an_abort_ends_all_sessions, ABORT),
    wrap("a-committed-session-cannot-be-aborted", "box_uploads_mock.uploads.Uploads.abort",
        "An abort after the commit is refused.", _a_committed_session_cannot_be_aborted, ABORT),
    patch("an-abort-keeps-the-bytes", "box_uploads_mock.assembly.Assembly.drop",
        "The parts of an aborted session stay where they are stored.", lambda assembly: None, ABORT),
    wrap("a-session-for-a-version-has-one-part", HANDLER(VERSION), "`total_parts` of a session for a version is 1.",
        with_body(lambda body: body.update(total_parts=1)), VERSION),
)
