"""Defects of the client: method, path and body of requests."""

from __future__ import annotations

import unicodedata

from tests.prove.client_defects.building import (
    BUILD,
    renamed_property,
    with_body,
    with_header,
    with_request,
    with_session,
    without_header,
    without_property,
)
from tests.prove.operations import ABORT, CREATE, GET, LOG, VERSION
from tests.prove.patches import patch, wrap


def _without_leading_zeros(path: str) -> str:
    first, file_id, last = path.rsplit("/", 2)
    return f"{first}/{int(file_id)}/{last}"


# fmt: off
DEFECTS = (
    wrap("The path of the request has a slash at its end", BUILD(CREATE), with_request(path=lambda path: f"{path}/"),
        CREATE),
    wrap("A session is created with PUT", BUILD(CREATE), with_request(method="PUT"), CREATE),
    wrap("`folder_id` is not in the body", BUILD(CREATE), without_property("folder_id"), CREATE),
    wrap("`folder_id` is a number in the body", BUILD(CREATE),
        with_body(lambda body: body.update(folder_id=int(body["folder_id"]))), CREATE),
    wrap("`file_size` is a string in the body", BUILD(CREATE),
        with_body(lambda body: body.update(file_size=str(body["file_size"]))), CREATE),
    wrap("`file_name` is called `fileName`", BUILD(CREATE), renamed_property("file_name", "fileName"), CREATE),
    wrap("Blanks around a name are not sent", BUILD(CREATE),
        with_body(lambda body: body.update(file_name=body["file_name"].strip())), CREATE),
    wrap("A name is sent in another normal form of Unicode", BUILD(CREATE),
        with_body(lambda body: body.update(file_name=unicodedata.normalize("NFKC", body["file_name"]))), CREATE),
    wrap("JSON is sent as `text/plain`", BUILD(CREATE), with_header("content-type", "text/plain"), CREATE),
    wrap("Omitted properties are null in the body", BUILD(VERSION),
        with_body(lambda body: [body.setdefault(name, None) for name in ("file_name", "folder_id")]), VERSION),
    wrap("`folder_id` of a version is not sent", BUILD(VERSION), without_property("folder_id"), VERSION),
    wrap("Leading zeros of the id of a file that gets a version are dropped", BUILD(VERSION),
        with_request(path=_without_leading_zeros), VERSION),
    patch("Path parameters are not checked or encoded", "runtime.parameters.Parameter.in_path",
        lambda parameter, value: str(value), VERSION),
    patch("Reserved characters are not encoded", "runtime.parameters.query_text", lambda text, argument: text, VERSION),
    patch("A path segment of dots leads elsewhere", "runtime.parameters._DOTS", {}, VERSION),
    wrap("A session is read at the endpoint `list_parts`", BUILD(GET),
        with_session(lambda request, endpoints: {"url": endpoints.list_parts, "path": f"{request.path}/parts"}), GET),
    wrap("A session is aborted with GET", BUILD(ABORT), with_request(method="GET"), ABORT),
    wrap("An abort sends an empty object", BUILD(ABORT), with_request(content=b"{}"), ABORT),
    wrap("`event_info` is not sent", BUILD(LOG), without_property("event_info"), LOG),
    wrap("`event_type` is called `type`", BUILD(LOG), renamed_property("event_type", "type"), LOG),
    wrap("The body of an event has no media type", BUILD(LOG), without_header("content-type"), LOG),
)
