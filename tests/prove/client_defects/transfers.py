"""Defects of the client: uploading and listing parts, and the commit."""

from __future__ import annotations

import base64
import datetime as dt
from typing import Any

import msgspec

from tests.prove.client_defects.building import BUILD, with_arguments, with_body, with_headers, with_request
from tests.prove.operations import COMMIT, LIST, UPLOAD
from tests.prove.patches import change, patch, wrap


def _hexadecimal(name: str, value: str) -> tuple[str, str]:
    return name, f"sha={base64.b64decode(value[4:]).hex()}" if name == "digest" else value


def _rename_limit(query: Any) -> Any:
    return tuple(("page_size" if name == "limit" else name, value) for name, value in query)


def _half_open(value: str) -> str:
    first, _, rest = value.partition("-")
    last, _, total = rest.partition("/")
    return f"{first}-{int(last) + 1}/{total}" if last.isdecimal() else value


def _a_length_is_not_announced(original: Any, wire: Any, request: Any) -> Any:
    class Silent(list[Any]):
        def append(self, field: Any) -> None:
            if field[0] != "content-length":
                super().append(field)

    return Silent(original(wire, request))


def _drop_offsets(body: dict[str, Any]) -> None:
    for name, value in body.get("attributes", {}).items():
        if name != "description":
            body["attributes"][name] = f"{dt.datetime.fromisoformat(value):%FT%TZ}"


def _a_part_goes_where_the_session_is_committed(original: Any, session: Any, **options: Any) -> Any:
    return msgspec.structs.replace(original(session, **options), url=session.session_endpoints.commit)


# fmt: off
DEFECTS = (
    # Parts
    wrap("a-part-is-posted", BUILD(UPLOAD), "The method is POST.", with_request(method=lambda _: "POST"), UPLOAD),
    wrap("a-part-has-no-digest", BUILD(UPLOAD), "`digest` is not sent.",
        with_headers(lambda name, value: None if name == "digest" else (name, value)), UPLOAD),
    wrap("a-digest-is-sent-in-hexadecimal-digits", BUILD(UPLOAD), "`digest` is sent in hexadecimal.",
        with_headers(_hexadecimal), UPLOAD),
    wrap("a-range-is-sent-by-another-name", BUILD(UPLOAD), "`content-range` is sent as `range`.",
        with_headers(lambda name, value: ("range" if name == "content-range" else name, value)), UPLOAD),
    wrap("a-range-is-sent-half-open", BUILD(UPLOAD), "The last byte of `content-range` is one too many.",
        with_arguments(content_range=_half_open), UPLOAD),
    wrap("a-part-lacks-its-last-byte", BUILD(UPLOAD), "The body is one byte short.",
        with_request(content=lambda content: content[:-1]), UPLOAD),
    wrap("a-part-is-called-json", BUILD(UPLOAD), "The media type of a part is JSON.",
        with_headers(lambda name, value: (name, "application/json" if name == "content-type" else value)), UPLOAD),
    wrap("a-part-goes-where-the-session-is-committed", BUILD(UPLOAD), "The request goes to the `commit` endpoint.",
        _a_part_goes_where_the_session_is_committed, UPLOAD),
    patch("a-part-may-be-a-text", "box_uploads._runtime.codecs.check_content", "A body that is not bytes is accepted.",
        lambda value: None, UPLOAD),
    patch("a-large-body-goes-in-one-piece", "box_uploads._runtime.request_builder.is_small",
        "A body of any size is passed to the HTTP library at once.", lambda content: isinstance(content, bytes),
        UPLOAD),
    wrap("a-length-is-one-too-many", "box_uploads._runtime.request_builder.size_of",
        "`content-length` of a streamed body is wrong.", lambda original, content: original(content) + 1, UPLOAD),
    wrap("a-length-is-not-announced", "box_uploads._runtime.request_builder.RequestBuilder._headers",
        "A streamed body is sent without a length.", _a_length_is_not_announced, UPLOAD),
    # Lists and commits
    wrap("the-offset-of-a-list-is-dropped", BUILD(LIST), "`offset` is not sent.",
        with_request(query=lambda query: tuple(pair for pair in query if pair[0] != "offset")), LIST),
    wrap("an-offset-of-0-is-dropped", BUILD(LIST), "`offset` is not sent if it is 0.",
        with_request(query=lambda query: tuple(pair for pair in query if pair != ("offset", "0"))), LIST),
    wrap("the-limit-of-a-list-is-renamed", BUILD(LIST), "`limit` is called `page_size`.",
        with_request(query=_rename_limit), LIST),
    change("the-limit-of-a-list-is-not-checked", "box_uploads.api.upload_sessions.list_parts._LIMIT",
        "`limit` may be any number.", lambda original: type(original)("limit", "limit", int), LIST),
    wrap("parts-are-committed-without-their-digests", BUILD(COMMIT), "`sha1` of the parts is not sent.",
        with_body(lambda body: [part.pop("sha1", None) for part in body["parts"]]), COMMIT),
    wrap("absent-attributes-are-sent-as-null", BUILD(COMMIT), "Omitted `attributes` are null in the body.",
        with_body(lambda body: body.setdefault("attributes", None)), COMMIT),
    wrap("parts-are-committed-backwards", BUILD(COMMIT), "The parts are sent in reverse order.",
        with_body(lambda body: body["parts"].reverse()), COMMIT),
    wrap("the-attributes-of-a-commit-are-dropped", BUILD(COMMIT), "`attributes` is not sent.",
        with_body(lambda body: body.pop("attributes", None)), COMMIT),
    wrap("times-of-a-file-are-sent-without-their-offset", BUILD(COMMIT), "Times are sent as UTC without conversion.",
        with_body(_drop_offsets), COMMIT),
    wrap("a-condition-is-dropped", BUILD(COMMIT), "`if-match` is not sent.",
        with_headers(lambda name, value: None if name == "if-match" else (name, value)), COMMIT),
    wrap("a-condition-is-turned-round", BUILD(COMMIT), "`if-none-match` is sent as `if-match`.",
        with_headers(lambda name, value: ("if-match" if name == "if-none-match" else name, value)), COMMIT),
    wrap("a-commit-has-no-digest", BUILD(COMMIT), "`digest` of the whole file is not sent.",
        with_headers(lambda name, value: None if name == "digest" else (name, value)), COMMIT),
    patch("a-length-is-counted-in-items", "box_uploads._runtime.request_builder.size_of",
        "`content-length` of a memory view counts items, not bytes.", len, UPLOAD),
)
