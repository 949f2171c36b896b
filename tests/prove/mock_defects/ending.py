"""Defects of the mock: reading and aborting a session."""

from __future__ import annotations

import re
from typing import Any

from tests.prove.mock_defects.outcomes import HANDLER, with_body, with_outcome
from tests.prove.operations import ABORT, GET, VERSION
from tests.prove.patches import after, before, patch, wrap


def _sessions_do_not_expire(original: Any, uploads: Any, session_id: str) -> Any:
    found = uploads._sessions.get(session_id.upper())
    return found if found is not None else original(uploads, session_id)


# fmt: off
DEFECTS = (
    wrap("a-session-is-answered-203", HANDLER(GET), "The status of a read session is 203.", with_outcome(status=203),
        GET),
    wrap("sessions-do-not-expire", "box_uploads_mock.session_store.SessionStore.find", "Expired sessions are found.",
        _sessions_do_not_expire, GET),
    patch("an-expired-session-is-not-found", "box_uploads_mock.errors.STATUS_OF_CODE[session_expired]",
        "An expired session is answered with 404.", 404, GET),
    patch("an-unknown-session-is-gone", "box_uploads_mock.errors.STATUS_OF_CODE[upload_session_not_found]",
        "An unknown session is answered with 410.", 410, GET),
    patch("a-session-id-may-be-any-text", "box_uploads_mock.session_store._SESSION_ID",
        "A malformed session id counts as unknown.", re.compile(r"(?s).*"), GET),
    patch("a-session-id-has-capital-letters", "box_uploads_mock.session_store._SESSION_ID",
        "A session id in lower case counts as malformed.", re.compile(r"[0-9A-F]{32}"), GET),
    wrap("an-abort-is-answered-200", HANDLER(ABORT), "The status of an abort is 200.", with_outcome(status=200),
        ABORT),
    patch("an-aborted-session-goes-on", "box_uploads_mock.session_store.SessionStore.abort",
        "An aborted session still exists.",
        lambda uploads, session_id: uploads.find(session_id) and None, ABORT, GET),
    patch("what-does-not-exist-is-aborted", "box_uploads_mock.session_store.SessionStore.abort",
        "An abort of an unknown session succeeds.",
        lambda uploads, session_id: uploads._sessions.pop(session_id.upper(), None), ABORT),
    wrap("an-abort-ends-all-sessions", "box_uploads_mock.session_store.SessionStore.abort",
        "An abort ends every session.",
        after(lambda ended, uploads, *_: uploads._sessions.clear()), ABORT),
    wrap("a-committed-session-cannot-be-aborted", "box_uploads_mock.session_store.SessionStore.abort",
        "An abort after the commit is refused.", before(lambda uploads, session_id: uploads._committed.clear()),
        ABORT),
    patch("an-abort-keeps-the-bytes", "box_uploads_mock.part_store.PartStore.clear",
        "The parts of an aborted session are kept.", lambda assembly: None, ABORT),
    wrap("a-session-for-a-version-has-one-part", HANDLER(VERSION), "`total_parts` of a session for a version is 1.",
        with_body(lambda body: body.update(total_parts=1)), VERSION),
)
