"""Defects of the client: how it sends parts, and asks for their lists and the commit."""

from __future__ import annotations

import base64
import datetime as dt
from typing import Any

import msgspec

from tests.prove.client_defects.building import BUILD, with_arguments, with_body, with_headers, with_request
from tests.prove.planting import Catalogue

__all__ = ["DEFECTS"]

DEFECTS = Catalogue()
UPLOAD, LIST = "upload_part", "list_parts"
COMMIT = "commit_upload_session"


# Parts


@DEFECTS.defect(BUILD(UPLOAD), UPLOAD)
def a_part_is_posted(original: Any) -> Any:
    """The method is POST."""
    return with_request(original, method=lambda _: "POST")


@DEFECTS.defect(BUILD(UPLOAD), UPLOAD)
def a_part_has_no_digest(original: Any) -> Any:
    """`digest` is not sent."""
    return with_headers(original, lambda name, value: None if name == "digest" else (name, value))


@DEFECTS.defect(BUILD(UPLOAD), UPLOAD)
def a_digest_is_sent_in_hexadecimal_digits(original: Any) -> Any:
    """`digest` is sent in another encoding."""

    def changed(name: str, value: str) -> tuple[str, str]:
        return name, f"sha={base64.b64decode(value[4:]).hex()}" if name == "digest" else value

    return with_headers(original, changed)


@DEFECTS.defect(BUILD(UPLOAD), UPLOAD)
def a_range_is_sent_by_another_name(original: Any) -> Any:
    """`content-range` is called `range`."""
    return with_headers(original, lambda name, value: ("range" if name == "content-range" else name, value))


@DEFECTS.defect(BUILD(UPLOAD), UPLOAD)
def a_range_is_sent_half_open(original: Any) -> Any:
    """The last byte in `content-range` is the one behind the part."""

    def changed(value: str) -> str:
        first, _, rest = value.partition("-")
        last, _, total = rest.partition("/")
        return f"{first}-{int(last) + 1}/{total}" if last.isdecimal() else value

    return with_arguments(original, content_range=changed)


@DEFECTS.defect(BUILD(UPLOAD), UPLOAD)
def a_part_lacks_its_last_byte(original: Any) -> Any:
    """The body is one byte short."""
    return with_request(original, content=lambda content: content[:-1])


@DEFECTS.defect(BUILD(UPLOAD), UPLOAD)
def a_part_is_called_json(original: Any) -> Any:
    """The media type of a part is JSON."""
    return with_headers(original, lambda name, value: (name, "application/json" if name == "content-type" else value))


@DEFECTS.defect(BUILD(UPLOAD), UPLOAD)
def a_part_goes_where_the_session_is_committed(original: Any) -> Any:
    """The request goes to the `commit` endpoint."""
    return lambda session, **rest: msgspec.structs.replace(
        original(session, **rest), url=session.session_endpoints.commit
    )


@DEFECTS.defect("box_uploads._runtime.codec.check_content", UPLOAD)
def a_part_may_be_a_text(original: Any) -> Any:
    """What is no bytes is not refused as a body."""
    return lambda value: None


@DEFECTS.defect("box_uploads._runtime.wire.is_small", UPLOAD)
def a_large_body_goes_in_one_piece(original: Any) -> Any:
    """A body of any size is handed to the HTTP library at once."""
    return lambda content: isinstance(content, bytes)


@DEFECTS.defect("box_uploads._runtime.wire.size_of", UPLOAD)
def a_length_is_one_too_many(original: Any) -> Any:
    """`content-length` of a body in pieces is wrong."""
    return lambda content: original(content) + 1


@DEFECTS.defect("box_uploads._runtime.wire.Wire._headers", UPLOAD)
def a_length_is_not_announced(original: Any) -> Any:
    """A body in pieces is sent in chunks without a length."""

    class Silent(list[Any]):
        def append(self, field: Any) -> None:
            if field[0] != "content-length":
                super().append(field)

    return lambda wire, request: Silent(original(wire, request))


# Lists and commits


@DEFECTS.defect(BUILD(LIST), LIST)
def the_offset_of_a_list_is_dropped(original: Any) -> Any:
    """`offset` is not sent."""
    return with_request(original, query=lambda query: tuple(pair for pair in query if pair[0] != "offset"))


@DEFECTS.defect(BUILD(LIST), LIST)
def an_offset_of_0_is_dropped(original: Any) -> Any:
    """`offset` is not sent if it is 0."""
    return with_request(original, query=lambda query: tuple(pair for pair in query if pair != ("offset", "0")))


@DEFECTS.defect(BUILD(LIST), LIST)
def the_limit_of_a_list_is_renamed(original: Any) -> Any:
    """`limit` is called `page_size`."""
    return with_request(
        original, query=lambda query: tuple(("page_size" if name == "limit" else name, value) for name, value in query)
    )


@DEFECTS.defect("box_uploads.api.upload_sessions.list_parts._LIMIT", LIST)
def the_limit_of_a_list_is_not_checked(original: Any) -> Any:
    """`limit` may be any number."""
    return type(original)("limit", "limit", int)


@DEFECTS.defect(BUILD(COMMIT), COMMIT)
def parts_are_committed_without_their_digests(original: Any) -> Any:
    """`sha1` of the parts is not sent."""
    return with_body(original, lambda body: [part.pop("sha1", None) for part in body["parts"]])


@DEFECTS.defect(BUILD(COMMIT), COMMIT)
def absent_attributes_are_sent_as_null(original: Any) -> Any:
    """`attributes` that are not given are null in the body."""
    return with_body(original, lambda body: body.setdefault("attributes", None))


@DEFECTS.defect(BUILD(COMMIT), COMMIT)
def parts_are_committed_backwards(original: Any) -> Any:
    """The parts are sent in the opposite order."""
    return with_body(original, lambda body: body["parts"].reverse())


@DEFECTS.defect(BUILD(COMMIT), COMMIT)
def the_attributes_of_a_commit_are_dropped(original: Any) -> Any:
    """`attributes` is not sent."""
    return with_body(original, lambda body: body.pop("attributes", None))


@DEFECTS.defect(BUILD(COMMIT), COMMIT)
def times_of_a_file_are_sent_without_their_offset(original: Any) -> Any:
    """Times are sent as if they were UTC, whatever their offset."""

    def local(body: dict[str, Any]) -> None:
        for name, value in body.get("attributes", {}).items():
            if name != "description":
                body["attributes"][name] = f"{dt.datetime.fromisoformat(value):%FT%TZ}"

    return with_body(original, local)


@DEFECTS.defect(BUILD(COMMIT), COMMIT)
def a_condition_is_dropped(original: Any) -> Any:
    """`if-match` is not sent."""
    return with_headers(original, lambda name, value: None if name == "if-match" else (name, value))


@DEFECTS.defect(BUILD(COMMIT), COMMIT)
def a_condition_is_turned_round(original: Any) -> Any:
    """`if-none-match` is sent as `if-match`."""
    return with_headers(original, lambda name, value: ("if-match" if name == "if-none-match" else name, value))


@DEFECTS.defect(BUILD(COMMIT), COMMIT)
def a_commit_has_no_digest(original: Any) -> Any:
    """`digest` of the whole file is not sent."""
    return with_headers(original, lambda name, value: None if name == "digest" else (name, value))


@DEFECTS.defect("box_uploads._runtime.wire.size_of", UPLOAD)
def a_length_is_counted_in_items(original: Any) -> Any:
    """`content-length` of a view of larger items is their number."""
    return len
