"""Defects of the mock: uploading a part."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

from tests.prove.mock_defects.outcomes import HANDLER, with_body, with_entries, with_outcome, without_entry
from tests.prove.operations import LIST, UPLOAD
from tests.prove.patches import after, always, before, patch, with_result, wrap


def _accept_hexadecimal(original: Any, value: str | None) -> Any:
    digits = (value or "").removeprefix("sha=")
    return bytes.fromhex(digits) if len(digits) == 40 else original(value)


def _accept_short_part(original: Any, session: Any, wanted: Any) -> None:
    stop = min(wanted.start + session.part_size, session.file_size)
    original(session, replace(wanted, stop=stop if wanted.start < wanted.stop <= stop else wanted.stop))


def _require_whole_part(original: Any, session: Any, wanted: Any) -> None:
    original(session, wanted if wanted.size == session.part_size else replace(wanted, start=1))


async def _read_any_length(call: Any, wanted: Any, writer: Any) -> None:
    async for chunk in call.injector.read_body():
        writer.write(chunk)
    await call.injector.on_read()


def _write_zeros(original: Any, writer: Any, chunk: bytes) -> None:
    blob, writer.blob = writer.blob, None
    original(writer, chunk)
    writer.blob = blob
    if blob is not None:
        blob.write(bytes(len(chunk)))


# fmt: off
DEFECTS = (
    wrap("The status of a stored part is 201", HANDLER(UPLOAD), with_outcome(status=201), UPLOAD),
    wrap("The part is not in `part`", HANDLER(UPLOAD), with_body(lambda body: body.update(body.pop("part"))), UPLOAD),
    patch("The digest of a part is not checked", "mock.transfers._require_digest", always(None), UPLOAD),
    patch("412 is answered with 409", "mock.errors.STATUS_OF_CODE[precondition_failed]", 409, UPLOAD),
    wrap("A missing digest is accepted as some default", "mock.headers.parse_digest",
        lambda original, value: original(value or "sha=2jmj7l5rSw0yVb/vlWAYkK/YBwk="), UPLOAD),
    wrap("A hexadecimal digest is accepted", "mock.headers.parse_digest", _accept_hexadecimal, UPLOAD),
    wrap("`SHA=`, which older clients send, is refused", "mock.headers.parse_digest",
        lambda original, value: original(value if value is None or value.startswith("sha") else ""), UPLOAD),
    wrap("The last byte of `content-range` is read as exclusive", "mock.headers.parse_content_range",
        with_result(lambda found, _: replace(found, stop=found.stop - 1)), UPLOAD),
    patch("The range of a part is not checked", "mock.sessions.Session.require_range", always(None), UPLOAD),
    wrap("The total of a range is not checked", "mock.sessions.Session.require_range",
        lambda original, session, wanted: original(session, replace(wanted, total=session.file_size)), UPLOAD),
    wrap("A part may be smaller than the part size", "mock.sessions.Session.require_range", _accept_short_part, UPLOAD),
    wrap("A smaller last part is refused", "mock.sessions.Session.require_range", _require_whole_part, UPLOAD),
    patch("A stored range can be overwritten", "mock.session_store._require_free_range", always(None), UPLOAD),
    patch("A range that is stored already is answered with 400",
        "mock.errors.STATUS_OF_CODE[range_overlaps_existing_part]", 400, UPLOAD),
    wrap("A body that does not fill its range is answered with 400", "mock.transfers._length_error",
        after(lambda refusal, *_: setattr(refusal, "status", 400)), UPLOAD),
    patch("The length of a part's body is not checked", "mock.transfers._receive_body", _read_any_length, UPLOAD),
    wrap("A part is reported as stored, but is not", "mock.session_store.SessionStore.finish_part",
        after(lambda part, uploads, session_id, *_: uploads.find(session_id).part_store._parts.pop(part.offset)),
        UPLOAD),
    wrap("The id of a part is too short", "mock.identifiers.Identifiers.new_part_id",
        lambda original, identifiers: original(identifiers)[:7], UPLOAD),
    wrap("The SHA-1 of a stored part is in base64", "mock.part_store.Part.body",
        with_result(lambda body, part: {**body, "sha1": base64.b64encode(bytes.fromhex(part.sha1)).decode()}), UPLOAD),
    wrap("`offset` is the end of the part", "mock.part_store.Part.body",
        with_result(lambda body, part: {**body, "offset": part.offset + part.size}), UPLOAD),
    wrap("`size` of a part is missing", "mock.part_store.Part.body", without_entry("size"), LIST),
    wrap("The SHA-1 of a stored part is null", "mock.part_store.Part.body", with_entries(sha1=None), LIST),
    wrap("Zeros are stored instead of a part's bytes", "mock.part_store.PartWriter.write", _write_zeros, UPLOAD),
    wrap("The file's digest is computed in order of arrival", "mock.part_store.PartStore.open_writer",
        before(lambda part_store, offset: setattr(part_store, "_hashed", offset)), UPLOAD),
)
