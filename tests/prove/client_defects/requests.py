"""Defects of the client: method, path and body of requests."""

from __future__ import annotations

import unicodedata
from typing import Any

import msgspec

from tests.prove.client_defects.building import BUILD, with_body, with_headers, with_request
from tests.prove.operations import ABORT, CREATE, GET, LOG, VERSION
from tests.prove.patches import patch, wrap


def _without_leading_zeros(path: str) -> str:
    first, file_id, last = path.rsplit("/", 2)
    return f"{first}/{int(file_id)}/{last}"


def _a_session_is_read_by_its_parts(original: Any, session: Any, **options: Any) -> Any:
    request = original(session, **options)
    return msgspec.structs.replace(request, url=session.session_endpoints.list_parts, path=f"{request.path}/parts")


# fmt: off
DEFECTS = (
    wrap("a-session-is-created-elsewhere", BUILD(CREATE), "The path of the request has a slash at its end.",
        with_request(path=lambda path: f"{path}/"), CREATE),
    wrap("a-session-is-put", BUILD(CREATE), "The method is PUT.", with_request(method=lambda _: "PUT"), CREATE),
    wrap("a-folder-is-not-sent", BUILD(CREATE), "`folder_id` is not in the body.",
        with_body(lambda body: body.pop("folder_id")), CREATE),
    wrap("a-folder-is-sent-as-a-number", BUILD(CREATE), "`folder_id` is a number in the body.",
        with_body(lambda body: body.update(folder_id=int(body["folder_id"]))), CREATE),
    wrap("a-size-is-sent-as-a-text", BUILD(CREATE), "`file_size` is a string in the body.",
        with_body(lambda body: body.update(file_size=str(body["file_size"]))), CREATE),
    wrap("a-name-is-sent-in-camel-case", BUILD(CREATE), "`file_name` is called `fileName`.",
        with_body(lambda body: body.update(fileName=body.pop("file_name"))), CREATE),
    wrap("a-sent-name-is-trimmed", BUILD(CREATE), "Blanks around a name are not sent.",
        with_body(lambda body: body.update(file_name=body["file_name"].strip())), CREATE),
    wrap("a-sent-name-is-normalised", BUILD(CREATE), "A name is sent in another normal form of Unicode.",
        with_body(lambda body: body.update(file_name=unicodedata.normalize("NFKC", body["file_name"]))), CREATE),
    wrap("json-is-sent-as-text", BUILD(CREATE), "The media type is `text/plain`.",
        with_headers(lambda name, value: (name, "text/plain" if name == "content-type" else value)), CREATE),
    wrap("an-absent-name-is-sent-as-null", BUILD(VERSION), "Omitted properties are null in the body.",
        with_body(lambda body: [body.setdefault(name, None) for name in ("file_name", "folder_id")]), VERSION),
    wrap("a-version-is-not-moved", BUILD(VERSION), "`folder_id` of a version is not sent.",
        with_body(lambda body: body.pop("folder_id", None)), VERSION),
    wrap("a-version-is-of-a-number", BUILD(VERSION), "Leading zeros of the file's id are dropped.",
        with_request(path=_without_leading_zeros), VERSION),
    patch("an-id-in-a-path-is-not-checked", "box_uploads._runtime.parameters.Parameter.in_path",
        "Path parameters are not checked or encoded.", lambda parameter, value: str(value), VERSION),
    patch("a-path-is-not-percent-encoded", "box_uploads._runtime.parameters.query_text",
        "Reserved characters are not encoded.", lambda text, argument: text, VERSION),
    patch("dots-in-a-path-are-not-encoded", "box_uploads._runtime.parameters._DOTS",
        "A path segment of dots leads elsewhere.", {}, VERSION),
    wrap("a-session-is-read-by-its-parts", BUILD(GET), "The request goes to the `list_parts` endpoint.",
        _a_session_is_read_by_its_parts, GET),
    wrap("a-session-is-read-instead-of-aborted", BUILD(ABORT), "The method is GET.",
        with_request(method=lambda _: "GET"), ABORT),
    wrap("an-abort-has-a-body", BUILD(ABORT), "An abort sends an empty object.", with_request(content=lambda _: b"{}"),
        ABORT),
    wrap("the-details-of-an-event-are-dropped", BUILD(LOG), "`event_info` is not sent.",
        with_body(lambda body: body.pop("event_info", None)), LOG),
    wrap("an-event-has-another-property", BUILD(LOG), "`event_type` is called `type`.",
        with_body(lambda body: body.update(type=body.pop("event_type"))), LOG),
    wrap("an-event-is-sent-without-a-media-type", BUILD(LOG), "The body has no media type.",
        with_headers(lambda name, value: None if name == "content-type" else (name, value)), LOG),
)
