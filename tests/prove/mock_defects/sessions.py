"""Defects of the mock: how a session is described."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from tests.prove.planting import Catalogue

__all__ = ["DEFECTS"]

DEFECTS = Catalogue()
CREATE, VERSION = "create_upload_session", "create_version_upload_session"
GET = "get_upload_session"


def _described(original: Any, **changes: object) -> Any:
    return lambda session, call: {**original(session, call), **changes}


def _linked(original: Any, **change: Any) -> Any:
    def spoiled(session: Any, call: Any) -> dict[str, Any]:
        body = dict(original(session, call))
        endpoints = body["session_endpoints"]
        body["session_endpoints"] = endpoints | {name: spoil(endpoints) for name, spoil in change.items()}
        return body

    return spoiled


BODY = "box_uploads_mock.operations.session_body"


@DEFECTS.defect("box_uploads_mock.sessions.Session.total_parts", CREATE, VERSION)
def total_parts_is_rounded_down(original: Any) -> Any:
    """A last, smaller part is not counted in `total_parts`."""
    return lambda session: max(1, session.file_size // session.part_size)


@DEFECTS.defect("box_uploads_mock.sessions.Session.total_parts", CREATE, VERSION)
def total_parts_counts_an_empty_last_part(original: Any) -> Any:
    """Of a multiple of the part size, `total_parts` is one too many."""
    return lambda session: session.file_size // session.part_size + 1


@DEFECTS.defect(BODY, CREATE)
def the_part_size_is_a_text(original: Any) -> Any:
    """`part_size` is a string of digits."""
    return lambda session, call: {**original(session, call), "part_size": str(session.part_size)}


@DEFECTS.defect(BODY, GET)
def a_session_has_no_type(original: Any) -> Any:
    """`type` is missing."""
    return lambda session, call: {name: value for name, value in original(session, call).items() if name != "type"}


@DEFECTS.defect(BODY, CREATE)
def a_session_has_another_type(original: Any) -> Any:
    """`type` is `session`."""
    return _described(original, type="session")


@DEFECTS.defect(BODY, VERSION)
def the_part_count_is_renamed(original: Any) -> Any:
    """`num_parts_processed` is called `parts_processed`."""

    def spoiled(session: Any, call: Any) -> dict[str, Any]:
        body = dict(original(session, call))
        body["parts_processed"] = body.pop("num_parts_processed")
        return body

    return spoiled


@DEFECTS.defect(BODY, GET)
def the_part_count_is_null(original: Any) -> Any:
    """`num_parts_processed` is null."""
    return _described(original, num_parts_processed=None)


@DEFECTS.defect(BODY, CREATE)
def the_expiry_has_no_offset(original: Any) -> Any:
    """`session_expires_at` is a time without an offset from UTC."""
    return lambda session, call: {**original(session, call), "session_expires_at": f"{session.expires_at:%FT%T}"}


@DEFECTS.defect(BODY, CREATE)
def the_expiry_is_written_with_a_space(original: Any) -> Any:
    """`session_expires_at` has a space instead of the `T`."""
    return lambda session, call: {**original(session, call), "session_expires_at": f"{session.expires_at:%F %TZ}"}


@DEFECTS.defect(BODY, CREATE)
def a_session_says_more(original: Any) -> Any:
    """There is a property that no document names."""
    return _described(original, owner="0")


@DEFECTS.defect(BODY, CREATE)
def the_links_are_of_another_session(original: Any) -> Any:
    """All endpoints lead to a session of another id."""
    return _linked(original, upload_part=lambda links: re.sub("[0-9A-F]{32}", "F" * 32, links["upload_part"]))


@DEFECTS.defect(BODY, VERSION)
def the_link_to_the_commit_is_that_of_the_session(original: Any) -> Any:
    """The `commit` endpoint lacks its last segment."""
    return _linked(original, commit=lambda links: links["status"])


@DEFECTS.defect(BODY, CREATE)
def a_link_has_no_host(original: Any) -> Any:
    """The `log_event` endpoint is a path."""
    return _linked(original, log_event=lambda links: "/" + links["log_event"].partition("//")[2].partition("/")[2])


@DEFECTS.defect("box_uploads_mock.admission.origin", CREATE)
def the_links_lead_to_another_host(original: Any) -> Any:
    """The endpoints name a host of their own, not the one that was addressed."""
    return lambda request: "http://upload.example"


@DEFECTS.defect("box_uploads_mock.uploads.SESSION_LIFETIME", CREATE, VERSION)
def a_session_lives_for_six_days(original: Any) -> Any:
    """Sessions expire a day too early."""
    return original - timedelta(days=1)


@DEFECTS.defect("box_uploads_mock.identifiers.Identifiers.session_id", CREATE)
def all_sessions_have_one_id(original: Any) -> Any:
    """Each session gets the id of the first."""
    return lambda identifiers: "A" * 32


@DEFECTS.defect("box_uploads_mock.sessions.Session.num_parts_processed", GET)
def parts_are_never_processed(original: Any) -> Any:
    """`num_parts_processed` stays 0."""
    return lambda session: 0


@DEFECTS.defect("box_uploads_mock.sessions.Session.num_parts_processed", GET)
def a_part_is_processed_before_it_comes(original: Any) -> Any:
    """`num_parts_processed` is one too many."""
    return lambda session: original(session) + 1
