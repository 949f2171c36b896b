"""Validation of the bodies of commits, plans and log events: JSON in, typed requests or Box's error codes out."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from box_uploads_mock.errors import ApiError, argument_error
from box_uploads_mock.part_store import Part
from box_uploads_mock.rules import parse_json_object, reject_unknown_fields, whole_number

MAX_DESCRIPTION_LENGTH = 256
MAX_EVENT_TYPE_LENGTH = 255
MAX_EVENT_INFO_LENGTH = 4_000

_PART_ID = re.compile(r"[0-9A-Fa-f]{8}")
_SHA1 = re.compile(r"[0-9A-Fa-f]{40}")
_SHA512 = re.compile(r"[0-9A-Fa-f]{128}")
# RFC 3339, section 5.6.
_DATE_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:)([0-9]{2})(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """The file attributes in a commit; None where the commit leaves one out."""

    content_created_at: str | None = None
    content_modified_at: str | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitRequest:
    """A valid commit.

    Attributes:
        digest: The raw SHA-1 of the whole file.
        if_match: Etag that the file must have, None for no condition.
        if_none_match: Etag that the file must not have, None for no condition.
        parts: The parts; a digest that was not sent is empty: Box's documentation does not require it.
    """

    digest: bytes
    if_match: str | None
    if_none_match: str | None
    parts: Sequence[Part]
    attributes: Attributes


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEvent:
    """An event that a client has logged, as Box's own web uploader does."""

    event_type: str
    event_info: str | None = None


def parse_commit(body: bytes) -> tuple[Sequence[Part], Attributes]:
    """Return the parts and the attributes of a commit.

    Raises:
        ApiError: The body breaks a rule.
    """
    fields = parse_json_object(body)
    parts = fields.get("parts")
    if not isinstance(parts, list) or not parts:
        raise argument_error("invalid_parameter", "parts", "The parts are missing.")
    checked = [_part(part) for part in cast("list[object]", parts)]
    attributes = _attributes(fields["attributes"]) if "attributes" in fields else Attributes()
    reject_unknown_fields(fields, {"parts", "attributes"})
    if len({bool(part.sha512) for part in checked}) > 1:
        # The rejection is documented; its status and code are inferred.
        raise argument_error("bad_digest", "sha512", "Some parts have a SHA-512 and some have none.")
    return checked, attributes


def parse_plan(body: bytes) -> Sequence[Part]:
    """Return the parts that a plan asks for; they have neither id nor SHA-1.

    Raises:
        ApiError: The body breaks a rule.
    """
    fields = parse_json_object(body)
    parts = fields.get("parts")
    if not isinstance(parts, list) or not parts:
        raise argument_error("invalid_parameter", "parts", "The parts are missing.")
    checked = [_planned(part) for part in cast("list[object]", parts)]
    reject_unknown_fields(fields, {"parts"})
    return checked


def parse_log_event(body: bytes) -> LogEvent:
    """Return the event of a request to log one.

    Raises:
        ApiError: The body breaks a rule.
    """
    fields = parse_json_object(body)
    event_type = text(fields, "event_type", MAX_EVENT_TYPE_LENGTH)
    if not event_type:
        raise argument_error("invalid_parameter", "event_type", "The type of the event is missing.")
    reject_unknown_fields(fields, {"event_type", "event_info"})
    return LogEvent(event_type=event_type, event_info=text(fields, "event_info", MAX_EVENT_INFO_LENGTH))


def _part(value: object) -> Part:
    if not isinstance(value, dict):
        raise argument_error("invalid_parameter", "parts", "A part is not an object.")
    fields = cast("dict[str, object]", value)
    part_id, sha1 = fields.get("part_id"), fields.get("sha1")
    if sha1 is None and "sha1" in fields:
        # Observed when a client commits the parts of a listing that it has read too early (rclone issue 97).
        shown = json.dumps({**fields, "part_id": str(part_id)[:8]}, default=str, separators=(",", ":"))[:200]
        raise ApiError("parts_mismatch", f"No matching part found on server for {shown}")
    if not isinstance(part_id, str) or not _PART_ID.fullmatch(part_id):
        raise argument_error("invalid_parameter", "part_id", "The id of a part is not 8 hexadecimal digits.")
    offset, size = _offset_and_size(fields)
    if sha1 is not None and (not isinstance(sha1, str) or not _SHA1.fullmatch(sha1)):
        raise argument_error("invalid_parameter", "sha1", "The SHA-1 of a part is not 40 hexadecimal digits.")
    # Hits of a plan have no SHA-1. Other properties are ignored: clients send a part back as the server returned it.
    sha512 = _sha512(fields) if "sha512" in fields else ""
    return Part(part_id=part_id.upper(), offset=offset, size=size, sha1=(sha1 or "").lower(), sha512=sha512)


def _planned(value: object) -> Part:
    if not isinstance(value, dict):
        raise argument_error("invalid_parameter", "parts", "A part is not an object.")
    fields = cast("dict[str, object]", value)
    offset, size = _offset_and_size(fields)
    return Part(part_id="", offset=offset, size=size, sha1="", sha512=_sha512(fields))


def _offset_and_size(fields: Mapping[str, object]) -> tuple[int, int]:
    offset, size = whole_number(fields.get("offset")), whole_number(fields.get("size"))
    if offset is None or not size:
        raise argument_error("invalid_parameter", "parts", "Offset or size of a part is not a number of bytes.")
    return offset, size


def _sha512(fields: Mapping[str, object]) -> str:
    value = fields.get("sha512")
    if not isinstance(value, str) or not _SHA512.fullmatch(value):
        raise argument_error("invalid_parameter", "sha512", "The SHA-512 of a part is not 128 hexadecimal digits.")
    return value.lower()


def _attributes(value: object) -> Attributes:
    if not isinstance(value, dict):
        raise argument_error("invalid_parameter", "attributes", "The attributes are not an object.")
    fields = cast("dict[str, object]", value)
    reject_unknown_fields(fields, {"content_created_at", "content_modified_at", "description"})
    return Attributes(
        content_created_at=date_time(fields, "content_created_at"),
        content_modified_at=date_time(fields, "content_modified_at"),
        description=text(fields, "description", MAX_DESCRIPTION_LENGTH),
    )


def date_time(fields: Mapping[str, object], name: str) -> str | None:
    """Return a time in RFC 3339 format as it was sent, None if there is none.

    Raises:
        ApiError: It is in another format.
    """
    if name not in fields:
        return None
    value = fields[name]
    match = _DATE_TIME.fullmatch(value) if isinstance(value, str) else None
    if match is not None:
        day, time, second, _, offset = match.groups()
        # RFC 3339 allows leap seconds, which Python cannot parse.
        second = "59" if second == "60" else second
        try:
            datetime.fromisoformat(f"{day}T{time}{second}{offset.upper()}")
        except ValueError:
            match = None
    if match is None:
        raise argument_error("invalid_parameter", name, "The time is not in RFC 3339 format.")
    return match[0]


def text(fields: Mapping[str, object], name: str, max_length: int) -> str | None:
    """Return a text, None if there is none.

    Raises:
        ApiError: It is none, or too long.
    """
    if name not in fields:
        return None
    value = fields[name]
    if not isinstance(value, str) or len(value) > max_length or re.search(r"[\ud800-\udfff]", value):
        message = f"It is not a text of at most {max_length} characters."
        raise argument_error("invalid_parameter", name, message)
    return value
