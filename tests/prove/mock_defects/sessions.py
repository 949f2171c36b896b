"""Defects of the mock: how a session is described."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from tests.prove.mock_defects.outcomes import with_entries, without_entry
from tests.prove.operations import CREATE, GET, VERSION
from tests.prove.patches import change, patch, wrap

BODY = "box_uploads_mock.operations.session_body"


def _the_part_count_is_renamed(original: Any, session: Any, call: Any) -> dict[str, Any]:
    body = dict(original(session, call))
    body["parts_processed"] = body.pop("num_parts_processed")
    return body


def _described(entries: Any) -> Any:
    """Change some entries of a session's description."""
    return lambda original, session, call: {**original(session, call), **entries(session)}


def _linked(**changes: Any) -> Any:
    """Change some endpoints of a session: functions of all of them."""

    def describe(original: Any, session: Any, call: Any) -> dict[str, Any]:
        body = original(session, call)
        links = body["session_endpoints"]
        return {**body, "session_endpoints": links | {name: change(links) for name, change in changes.items()}}

    return describe


# fmt: off
DEFECTS = (
    patch("total-parts-is-rounded-down", "box_uploads_mock.sessions.Session.total_parts",
        "`total_parts` ignores a smaller last part.", lambda session: max(1, session.file_size // session.part_size),
        CREATE, VERSION),
    patch("total-parts-counts-an-empty-last-part", "box_uploads_mock.sessions.Session.total_parts",
        "`total_parts` is one too many for a multiple of the part size.",
        lambda session: session.file_size // session.part_size + 1, CREATE, VERSION),
    wrap("the-part-size-is-a-text", BODY, "`part_size` is a string of digits.",
        _described(lambda session: {"part_size": str(session.part_size)}), CREATE),
    wrap("a-session-has-no-type", BODY, "`type` is missing.", without_entry("type"), GET),
    wrap("a-session-has-another-type", BODY, "`type` is `session`.", with_entries(type="session"), CREATE),
    wrap("the-part-count-is-renamed", BODY, "`num_parts_processed` is called `parts_processed`.",
        _the_part_count_is_renamed, VERSION),
    wrap("the-part-count-is-null", BODY, "`num_parts_processed` is null.", with_entries(num_parts_processed=None),
        GET),
    wrap("the-expiry-has-no-offset", BODY, "`session_expires_at` has no UTC offset.",
        _described(lambda session: {"session_expires_at": f"{session.expires_at:%FT%T}"}), CREATE),
    wrap("the-expiry-is-written-with-a-space", BODY, "`session_expires_at` has a space instead of the `T`.",
        _described(lambda session: {"session_expires_at": f"{session.expires_at:%F %TZ}"}), CREATE),
    wrap("a-session-says-more", BODY, "A session has an undocumented property.", with_entries(owner="0"), CREATE),
    wrap("the-links-are-of-another-session", BODY, "The `upload_part` endpoint has another session id.",
        _linked(upload_part=lambda links: re.sub("[0-9A-F]{32}", "F" * 32, links["upload_part"])), CREATE),
    wrap("the-link-to-the-commit-is-that-of-the-session", BODY, "The `commit` endpoint lacks its last segment.",
        _linked(commit=lambda links: links["status"]), VERSION),
    wrap("a-link-has-no-host", BODY, "The `log_event` endpoint is a path.",
        _linked(log_event=lambda links: "/" + links["log_event"].partition("//")[2].partition("/")[2]), CREATE),
    patch("the-links-lead-to-another-host", "box_uploads_mock.request_checks.origin",
        "The endpoints name another host than the request.", lambda request: "http://upload.example", CREATE),
    change("a-session-lives-for-six-days", "box_uploads_mock.session_store.SESSION_LIFETIME",
        "Sessions expire a day too early.", lambda original: original - timedelta(days=1), CREATE, VERSION),
    patch("all-sessions-have-one-id", "box_uploads_mock.identifiers.Identifiers.new_session_id",
        "Each session gets the id of the first.", lambda identifiers: "A" * 32, CREATE),
    patch("parts-are-never-processed", "box_uploads_mock.sessions.Session.num_parts_processed",
        "`num_parts_processed` stays 0.", lambda session: 0, GET),
    wrap("a-part-is-processed-before-it-comes", "box_uploads_mock.sessions.Session.num_parts_processed",
        "`num_parts_processed` is one too many.", lambda original, session: original(session) + 1, GET),
)
