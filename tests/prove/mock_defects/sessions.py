"""Defects of the mock: how a session is described."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from tests.prove.mock_defects.outcomes import with_entries, without_entry
from tests.prove.operations import CREATE, GET, VERSION
from tests.prove.patches import always, change, patch, with_result, wrap

BODY = "mock.operations.session_body"


def _linked(**changes: Any) -> Any:
    """Change some endpoints of a session: functions of all of them."""

    def describe(original: Any, session: Any, call: Any) -> dict[str, Any]:
        body = original(session, call)
        links = body["session_endpoints"]
        return {**body, "session_endpoints": links | {name: change(links) for name, change in changes.items()}}

    return describe


# fmt: off
DEFECTS = (
    patch("`total_parts` ignores a smaller last part", "mock.sessions.Session.total_parts",
        lambda session: max(1, session.file_size // session.part_size), CREATE, VERSION),
    patch("`total_parts` is one too many for a multiple of the part size", "mock.sessions.Session.total_parts",
        lambda session: session.file_size // session.part_size + 1, CREATE, VERSION),
    wrap("`part_size` is a string of digits", BODY,
        with_result(lambda body, session, _: {**body, "part_size": str(session.part_size)}), CREATE),
    wrap("`type` of a session is missing", BODY, without_entry("type"), GET),
    wrap("`type` of a session is `session`", BODY, with_entries(type="session"), CREATE),
    wrap("`num_parts_processed` is called `parts_processed`", BODY,
        with_result(lambda body, *_: {name.replace("num_parts", "parts"): value for name, value in body.items()}),
        VERSION),
    wrap("`num_parts_processed` is null", BODY, with_entries(num_parts_processed=None), GET),
    wrap("`session_expires_at` has no UTC offset", BODY,
        with_result(lambda body, session, _: {**body, "session_expires_at": f"{session.expires_at:%FT%T}"}), CREATE),
    wrap("`session_expires_at` has a space instead of the `T`", BODY,
        with_result(lambda body, session, _: {**body, "session_expires_at": f"{session.expires_at:%F %TZ}"}), CREATE),
    wrap("A session has an undocumented property", BODY, with_entries(owner="0"), CREATE),
    wrap("The `upload_part` endpoint has another session id", BODY,
        _linked(upload_part=lambda links: re.sub("[0-9A-F]{32}", "F" * 32, links["upload_part"])), CREATE),
    wrap("The `commit` endpoint lacks its last segment", BODY, _linked(commit=lambda links: links["status"]), VERSION),
    wrap("The `log_event` endpoint is a path", BODY,
        _linked(log_event=lambda links: "/" + links["log_event"].partition("//")[2].partition("/")[2]), CREATE),
    patch("The endpoints name another host than the request", "mock.request_checks.origin",
        always("http://upload.example"), CREATE),
    change("Sessions expire a day too early", "mock.session_store.SESSION_LIFETIME",
        lambda original: original - timedelta(days=1), CREATE, VERSION),
    patch("Each session gets the id of the first", "mock.identifiers.Identifiers.new_session_id", always("A" * 32),
        CREATE),
    patch("`num_parts_processed` stays 0", "mock.sessions.Session.num_parts_processed", always(0), GET),
    wrap("`num_parts_processed` is one too many", "mock.sessions.Session.num_parts_processed",
        lambda original, session: original(session) + 1, GET),
)
