"""Defects of the client: uploading and listing parts, and the commit."""

from __future__ import annotations

import base64
import datetime as dt
from typing import Any

from tests.prove.client_defects.building import (
    BUILD,
    renamed_header,
    with_body,
    with_header,
    with_request,
    with_session,
    without_header,
    without_property,
)
from tests.prove.operations import COMMIT, LIST, UPLOAD
from tests.prove.patches import change, patch, wrap


def _drop_offsets(body: dict[str, Any]) -> None:
    for name, value in body.get("attributes", {}).items():
        if name != "description":
            body["attributes"][name] = f"{dt.datetime.fromisoformat(value):%FT%TZ}"


def _half_open(value: str) -> str:
    first, _, rest = value.partition("-")
    last, _, total = rest.partition("/")
    return f"{first}-{int(last) + 1}/{total}" if last.isdecimal() else value


# fmt: off
DEFECTS = (
    # Parts
    wrap("A part is sent with POST", BUILD(UPLOAD), with_request(method="POST"), UPLOAD),
    wrap("`digest` of a part is not sent", BUILD(UPLOAD), without_header("digest"), UPLOAD),
    wrap("`digest` is sent in hexadecimal", BUILD(UPLOAD),
        with_header("digest", lambda value: f"sha={base64.b64decode(value[4:]).hex()}"), UPLOAD),
    wrap("`content-range` is sent as `range`", BUILD(UPLOAD), renamed_header("content-range", "range"), UPLOAD),
    wrap("The last byte of `content-range` is one too many", BUILD(UPLOAD), with_header("content-range", _half_open),
        UPLOAD),
    wrap("The body of a part is one byte short", BUILD(UPLOAD), with_request(content=lambda content: content[:-1]),
        UPLOAD),
    wrap("The media type of a part is JSON", BUILD(UPLOAD), with_header("content-type", "application/json"), UPLOAD),
    wrap("A part is sent to the endpoint `commit`", BUILD(UPLOAD),
        with_session(lambda _, endpoints: {"url": endpoints.commit}), UPLOAD),
    patch("A body that is not bytes is accepted", "runtime.codecs.content_of", lambda source: source, UPLOAD),
    patch("A body of any size is passed to the HTTP library at once", "runtime.request_builder.is_small",
        lambda content: isinstance(content, bytes), UPLOAD),
    wrap("`content-length` of a streamed body is wrong", "runtime.request_builder.size_of",
        lambda original, content: original(content) + 1, UPLOAD),
    wrap("A streamed body is sent without a length", "runtime.request_builder.size_of", lambda *_: None, UPLOAD),
    # Lists and commits
    wrap("`offset` of a list is not sent", BUILD(LIST),
        with_request(query=lambda query: tuple(pair for pair in query if pair[0] != "offset")), LIST),
    wrap("`offset` is not sent if it is 0", BUILD(LIST),
        with_request(query=lambda query: tuple(pair for pair in query if pair != ("offset", "0"))), LIST),
    wrap("`limit` is called `page_size`", BUILD(LIST),
        with_request(query=lambda query: tuple((name.replace("limit", "page_size"), value) for name, value in query)),
        LIST),
    change("`limit` may be any number", "api.list_parts._LIMIT", lambda original: type(original)("limit", "limit", int),
        LIST),
    wrap("`sha1` of the parts is not sent", BUILD(COMMIT),
        with_body(lambda body: [part.pop("sha1", None) for part in body["parts"]]), COMMIT),
    wrap("Omitted `attributes` are null in the body", BUILD(COMMIT),
        with_body(lambda body: body.setdefault("attributes", None)), COMMIT),
    wrap("The parts are sent in reverse order", BUILD(COMMIT), with_body(lambda body: body["parts"].reverse()), COMMIT),
    wrap("`attributes` is not sent", BUILD(COMMIT), without_property("attributes"), COMMIT),
    wrap("Times are sent as UTC without conversion", BUILD(COMMIT), with_body(_drop_offsets), COMMIT),
    wrap("`if-match` is not sent", BUILD(COMMIT), without_header("if-match"), COMMIT),
    wrap("`if-none-match` is sent as `if-match`", BUILD(COMMIT), renamed_header("if-none-match", "if-match"), COMMIT),
    wrap("`digest` of the whole file is not sent", BUILD(COMMIT), without_header("digest"), COMMIT),
    patch("`content-length` of a memory view counts items, not bytes", "runtime.request_builder.size_of", len, UPLOAD),
)
