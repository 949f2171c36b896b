"""Defects of the client: how it decodes bodies."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
from box_uploads import errors, models

from tests.prove.planting import Catalogue

__all__ = ["DEFECTS"]

DEFECTS = Catalogue()
CREATE = "create_upload_session"
UPLOAD, LIST = "upload_part", "list_parts"
COMMIT = "commit_upload_session"
NEAR, WRONG, READING = "near_misses_are_told", "whatever_the_fragment_says", "every_response_is_read"


def _decoding(change: Any) -> Any:
    """Return a spoiler of `Json.decode`: a function of the body, its type and the true way to decode it."""

    def spoil(original: Any) -> Any:
        return lambda codec, raw: change(raw.content, codec._type, lambda: original(codec, raw))

    return spoil


@DEFECTS.defect("box_uploads._runtime.codec.Json.decode", CREATE, NEAR)
def types_are_converted(original: Any) -> Any:
    """A number that is written as a text is taken for a number."""

    def lax(content: bytes, type_: Any, decode: Any) -> Any:
        try:
            return msgspec.json.decode(content, type=type_, strict=False)
        except msgspec.MsgspecError:
            return decode()

    return _decoding(lax)(original)


@DEFECTS.defect("box_uploads._runtime.codec.Json._decode_again", CREATE, NEAR)
def an_integer_may_not_be_a_float(original: Any) -> Any:
    """An integer that is written as 1.0 is refused."""

    def spoiled(codec: Any, content: bytes, error: Exception, raw: Any) -> Any:
        return original(codec, content, ValueError(str(error)), raw)

    return spoiled


@DEFECTS.defect("box_uploads._runtime.codec._number", CREATE, NEAR)
def a_number_is_rounded(original: Any) -> Any:
    """A fraction is rounded to an integer."""
    return lambda text: round(float(text))


@DEFECTS.defect("box_uploads._runtime.codec.Json.decode", CREATE, WRONG)
def wrong_bodies_are_taken(original: Any) -> Any:
    """A body that breaks the contract is returned as it is."""

    def loose(content: bytes, type_: Any, decode: Any) -> Any:
        try:
            return decode()
        except errors.DecodeError:
            return msgspec.json.decode(content)

    return _decoding(loose)(original)


@DEFECTS.defect("box_uploads._runtime.codec.Json.decode", CREATE, "ignored")
def unknown_properties_are_refused(original: Any) -> Any:
    """A session with a property that is not named is refused."""

    def strict(content: bytes, type_: Any, decode: Any) -> Any:
        value = decode()
        if type_ is models.UploadSession and set(msgspec.json.decode(content)) - set(type_.__struct_fields__):
            raise errors.DecodeError("is unknown")
        return value

    return _decoding(strict)(original)


@DEFECTS.defect("box_uploads._runtime.codec.Json.decode", "unknown_codes", CREATE)
def unknown_codes_are_refused(original: Any) -> Any:
    """An error of a code that is not documented is not decoded."""

    def closed(content: bytes, type_: Any, decode: Any) -> Any:
        value = decode()
        if type_ is models.ConflictErrorBody and value.code not in {"item_name_in_use", "session_conflict"}:
            raise errors.DecodeError("is unknown")
        return value

    return _decoding(closed)(original)


@DEFECTS.defect("box_uploads._runtime.codec.Json.decode", CREATE, NEAR)
def a_time_without_an_offset_is_utc(original: Any) -> Any:
    """A time without an offset from UTC is taken for UTC."""

    def naive(content: bytes, type_: Any, decode: Any) -> Any:
        return (type_ is models.UploadSession and decode_naive(content)) or decode()

    def decode_naive(content: bytes) -> Any:
        try:
            body = msgspec.json.decode(content)
            expiry = dt.datetime.fromisoformat(body["session_expires_at"])
            body["session_expires_at"] = (expiry if expiry.tzinfo else expiry.replace(tzinfo=dt.UTC)).isoformat()
            return msgspec.convert(body, models.UploadSession)
        except (ValueError, TypeError, KeyError):
            return None

    return _decoding(naive)(original)


@DEFECTS.defect("box_uploads._runtime.codec.Json.decode", CREATE)
def the_offset_of_a_time_is_dropped(original: Any) -> Any:
    """The expiry of a session is read as UTC, whatever its offset."""

    def dropped(content: bytes, type_: Any, decode: Any) -> Any:
        value = decode()
        if type_ is models.UploadSession:
            return msgspec.structs.replace(value, session_expires_at=value.session_expires_at.replace(tzinfo=dt.UTC))
        return value

    return _decoding(dropped)(original)


def _loosened(model: Any, **fields: Any) -> Any:
    """Return a spoiler that takes some fields of a model as they are; of each, their type and a right value."""

    def spoil(original: Any) -> Any:
        def spoiled(codec: Any, raw: Any) -> Any:
            try:
                return original(codec, raw)
            except errors.DecodeError:
                if codec._type is not model:
                    raise
                body = msgspec.json.decode(raw.content)
                found = {name: body[name] for name in fields if isinstance(body, dict) and name in body}
                if not all(isinstance(found.get(name), kind) for name, (kind, _) in fields.items()):
                    raise
                body |= {name: right for name, (_, right) in fields.items()}
                value = original(codec, msgspec.structs.replace(raw, content=msgspec.json.encode(body)))
                return msgspec.structs.replace(value, **found)

        return spoiled

    return spoil


@DEFECTS.defect("box_uploads._runtime.codec.Json.decode", CREATE, NEAR)
def a_session_id_of_any_text_is_read(original: Any) -> Any:
    """The pattern of a session's id is not looked at."""
    return _loosened(models.UploadSession, id=(str, "F" * 32))(original)


@DEFECTS.defect("box_uploads._runtime.codec.Json.decode", CREATE, NEAR)
def a_part_size_of_0_is_read(original: Any) -> Any:
    """The bounds of a part size are not looked at."""
    return _loosened(models.UploadSession, part_size=(int, 1))(original)


@DEFECTS.defect("box_uploads._runtime.codec.Json.decode", CREATE, NEAR)
def any_type_of_a_session_is_read(original: Any) -> Any:
    """`type` of a session is not looked at."""
    return _loosened(models.UploadSession, type=(str, "upload_session"))(original)


@DEFECTS.defect("box_uploads._runtime.codec.Json.decode", LIST, READING)
def any_count_of_parts_is_read(original: Any) -> Any:
    """The bounds of `total_count` are not looked at."""
    return _loosened(models.UploadParts, total_count=(int, 1))(original)


@DEFECTS.defect("box_uploads._runtime.codec.Json.decode", UPLOAD, READING)
def any_part_is_read(original: Any) -> Any:
    """What is wrong with a stored part is not looked at."""
    right = {"part_id": "00000000", "offset": 0, "size": 1, "sha1": "0" * 40}
    return _loosened(models.UploadedPart, part=(dict, right))(original)


@DEFECTS.defect("box_uploads._runtime.codec.Json.decode", COMMIT, READING)
def a_list_of_files_may_be_empty(original: Any) -> Any:
    """A commit that names no file is a success."""
    return _loosened(models.Files, entries=(list, [{"type": "file", "id": "1"}]))(original)


@DEFECTS.defect("box_uploads._runtime.codec.Json.decode", LIST, READING)
def the_order_of_a_list_is_dropped(original: Any) -> Any:
    """`order` of a list of parts is not read."""

    def dropped(content: bytes, type_: Any, decode: Any) -> Any:
        value = decode()
        return msgspec.structs.replace(value, order=msgspec.UNSET) if type_ is models.UploadParts else value

    return _decoding(dropped)(original)


@DEFECTS.defect("box_uploads._runtime.codec._check_json", CREATE, READING)
def any_body_is_json(original: Any) -> Any:
    """The media type of a response is not looked at."""
    return lambda raw: None


@DEFECTS.defect("box_uploads._runtime.codec._check_json", CREATE, "media")
def json_has_one_name(original: Any) -> Any:
    """`application/json` with parameters is refused."""

    def spoiled(raw: Any) -> None:
        if raw.headers.get("content-type") != "application/json":
            raise errors.DecodeError("is not application/json", status=raw.status)

    return spoiled
