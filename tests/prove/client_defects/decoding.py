"""Defects of the client: how it decodes bodies."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from typing import Any

import msgspec
from box_uploads import errors, models
from msgspec.structs import replace

from tests.prove.operations import COMMIT, CREATE, LIST, UPLOAD
from tests.prove.patches import always, patch, with_result, wrap

DECODE = "runtime.codecs.Json.decode"
NEAR, WRONG, READING = "near_misses_are_refused_and_hits", "whatever_the_fragment_says", "every_response_is_read"


def _convert_types(original: Any, codec: Any, raw: Any) -> Any:
    try:
        return msgspec.json.decode(raw.content, type=codec._type, strict=False)
    except msgspec.MsgspecError:
        return original(codec, raw)


def _accept_any_body(original: Any, codec: Any, raw: Any) -> Any:
    try:
        return original(codec, raw)
    except errors.DecodeError:
        return msgspec.json.decode(raw.content)


def _refuse_unknown_properties(original: Any, codec: Any, raw: Any) -> Any:
    value, type_ = original(codec, raw), codec._type
    if type_ is models.UploadSession and set(msgspec.json.decode(raw.content)) - set(type_.__struct_fields__):
        raise errors.DecodeError("is unknown")
    return value


def _refuse_unknown_codes(original: Any, codec: Any, raw: Any) -> Any:
    value = original(codec, raw)
    if codec._type is models.ConflictErrorBody and value.code not in {"item_name_in_use", "session_conflict"}:
        raise errors.DecodeError("is unknown")
    return value


def _read_time_as_utc(original: Any, codec: Any, raw: Any) -> Any:
    if codec._type is models.UploadSession:
        with suppress(ValueError, TypeError, KeyError):
            body = msgspec.json.decode(raw.content)
            expiry = dt.datetime.fromisoformat(body["session_expires_at"])
            body["session_expires_at"] = (expiry if expiry.tzinfo else expiry.replace(tzinfo=dt.UTC)).isoformat()
            return msgspec.convert(body, models.UploadSession)
    return original(codec, raw)


def _changed(model: Any, **changes: Any) -> Any:
    """Change some fields of a decoded model."""

    def change_fields(value: Any, codec: Any, _: Any) -> Any:
        if codec._type is not model:
            return value
        return replace(value, **{name: change(getattr(value, name)) for name, change in changes.items()})

    return with_result(change_fields)


def _loosened(model: Any, **fields: Any) -> Any:
    """Accept anything in some fields of a model; of each, the type and a valid value."""

    def decode(original: Any, codec: Any, raw: Any) -> Any:
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
            value = original(codec, replace(raw, content=msgspec.json.encode(body)))
            return replace(value, **found)

    return decode


def _require_exact_media_type(raw: Any) -> None:
    if raw.headers.get("content-type") != "application/json":
        raise errors.DecodeError("is not application/json", status=raw.status)


_PART = {"part_id": "00000000", "offset": 0, "size": 1, "sha1": "0" * 40}


# fmt: off
DEFECTS = (
    wrap("A number written as text is accepted", DECODE, _convert_types, CREATE, NEAR),
    wrap("An integer written as 1.0 is refused", "runtime.codecs.Json._decode_again",
        lambda original, codec, content, error, raw: original(codec, content, ValueError(str(error)), raw), CREATE,
        NEAR),
    patch("A fraction is rounded to an integer", "runtime.codecs._number", lambda text: round(float(text)), CREATE,
        NEAR),
    wrap("A body that breaks the contract is returned undecoded", DECODE, _accept_any_body, CREATE, WRONG),
    wrap("A session with an unknown property is refused", DECODE, _refuse_unknown_properties, CREATE, "ignored"),
    wrap("An error with an undocumented code is not decoded", DECODE, _refuse_unknown_codes, "unknown_codes", CREATE),
    wrap("A time without a UTC offset counts as UTC", DECODE, _read_time_as_utc, CREATE, NEAR),
    wrap("The expiry of a session is read as UTC, whatever its offset", DECODE,
        _changed(models.UploadSession, session_expires_at=lambda time: time.replace(tzinfo=dt.UTC)), CREATE),
    wrap("The pattern of a session's id is ignored", DECODE, _loosened(models.UploadSession, id=(str, "F" * 32)),
        CREATE, NEAR),
    wrap("The bounds of a part size are ignored", DECODE, _loosened(models.UploadSession, part_size=(int, 1)), CREATE,
        NEAR),
    wrap("`type` of a session is ignored", DECODE, _loosened(models.UploadSession, type=(str, "upload_session")),
        CREATE, NEAR),
    wrap("The bounds of `total_count` are ignored", DECODE, _loosened(models.UploadParts, total_count=(int, 1)), LIST,
        READING),
    wrap("A malformed stored part is accepted", DECODE, _loosened(models.UploadedPart, part=(dict, _PART)), UPLOAD,
        READING),
    wrap("A commit without a file is a success", DECODE,
        _loosened(models.Files, entries=(list, [{"type": "file", "id": "1"}])), COMMIT, READING),
    wrap("`order` of a list of parts is not read", DECODE, _changed(models.UploadParts, order=always(msgspec.UNSET)),
        LIST, READING),
    patch("The media type of a response is ignored", "runtime.codecs._check_json", always(None), CREATE, READING),
    patch("`application/json` with parameters is refused", "runtime.codecs._check_json", _require_exact_media_type,
        CREATE),
)
