"""Defects of the mock: reading and aborting a session."""

from __future__ import annotations

import re

from tests.prove.mock_defects.outcomes import HANDLER, with_body, with_outcome
from tests.prove.operations import ABORT, GET, VERSION
from tests.prove.patches import after, always, before, patch, wrap

# fmt: off
DEFECTS = (
    wrap("The status of a read session is 203", HANDLER(GET), with_outcome(status=203), GET),
    wrap("Expired sessions are found", "mock.session_store.SessionStore.find",
        lambda original, uploads, name: uploads._sessions.get(name.upper()) or original(uploads, name), GET),
    patch("An expired session is answered with 404", "mock.errors.STATUS_OF_CODE[session_expired]", 404, GET),
    patch("An unknown session is answered with 410", "mock.errors.STATUS_OF_CODE[upload_session_not_found]", 410, GET),
    patch("A malformed session id counts as unknown", "mock.session_store._SESSION_ID", re.compile(r"(?s).*"), GET),
    patch("A session id in lower case counts as malformed", "mock.session_store._SESSION_ID",
        re.compile(r"[0-9A-F]{32}"), GET),
    wrap("The status of an abort is 200", HANDLER(ABORT), with_outcome(status=200), ABORT),
    patch("An aborted session still exists", "mock.session_store.SessionStore.abort",
        lambda uploads, session_id: uploads.find(session_id) and None, ABORT, GET),
    patch("An abort of an unknown session succeeds", "mock.session_store.SessionStore.abort",
        lambda uploads, session_id: uploads._sessions.pop(session_id.upper(), None), ABORT),
    wrap("An abort ends every session", "mock.session_store.SessionStore.abort",
        after(lambda ended, uploads, *_: uploads._sessions.clear()), ABORT),
    wrap("An abort after the commit is refused", "mock.session_store.SessionStore.abort",
        before(lambda uploads, session_id: uploads._committed.clear()), ABORT),
    patch("The parts of an aborted session are kept", "mock.part_store.PartStore.clear", always(None), ABORT),
    wrap("`total_parts` of a session for a version is 1", HANDLER(VERSION),
        with_body(lambda body: body.update(total_parts=1)), VERSION),
)
