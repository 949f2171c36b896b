"""Defects of the mock: uploading a part."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

from box_uploads_mock.headers import ContentRange

from tests.prove.mock_defects.outcomes import HANDLER, with_body, with_entries, with_outcome, without_entry
from tests.prove.operations import LIST, UPLOAD
from tests.prove.patches import after, before, patch, wrap


def _the_digest_may_be_hexadecimal(original: Any, value: str | None) -> Any:
    digits = (value or "").removeprefix("sha=")
    return bytes.fromhex(digits) if len(digits) == 40 else original(value)


def _the_end_of_a_range_is_not_part_of_it(original: Any, value: str | None) -> Any:
    found = original(value)
    return ContentRange(found.start, found.stop - 1, found.total)


def _a_part_may_be_short(original: Any, session: Any, wanted: Any) -> None:
    stop = min(wanted.start + session.part_size, session.file_size)
    original(session, replace(wanted, stop=stop if wanted.start < wanted.stop <= stop else wanted.stop))


def _the_last_part_has_to_be_whole(original: Any, session: Any, wanted: Any) -> None:
    original(session, wanted if wanted.size == session.part_size else replace(wanted, start=1))


async def _a_body_may_have_another_length(call: Any, wanted: Any, writer: Any) -> None:
    async for chunk in call.injector.read_body():
        writer.write(chunk)
    await call.injector.on_read()


def _other_bytes_are_stored(original: Any, writer: Any, chunk: bytes) -> None:
    blob, writer.blob = writer.blob, None
    original(writer, chunk)
    writer.blob = blob
    if blob is not None:
        blob.write(bytes(len(chunk)))


# fmt: off
DEFECTS = (
    wrap("a-stored-part-is-answered-201", HANDLER(UPLOAD), "The status of a stored part is 201.",
        with_outcome(status=201), UPLOAD),
    wrap("a-stored-part-is-answered-bare", HANDLER(UPLOAD), "The part is not in `part`.",
        with_body(lambda body: body.update(body.pop("part"))), UPLOAD),
    patch("the-digest-of-a-part-is-not-compared", "box_uploads_mock.transfers._require_digest",
        "The digest of a part is not checked.", lambda writer, expected: None, UPLOAD),
    patch("a-wrong-digest-is-a-conflict", "box_uploads_mock.errors.STATUS_OF_CODE[precondition_failed]",
        "A part of other bytes, and a condition that fails, are answered with 409.", 409, UPLOAD),
    wrap("the-digest-may-be-missing", "box_uploads_mock.headers.parse_digest",
        "A missing digest is accepted as some default.",
        lambda original, value: original(value or "sha=2jmj7l5rSw0yVb/vlWAYkK/YBwk="), UPLOAD),
    wrap("the-digest-may-be-hexadecimal", "box_uploads_mock.headers.parse_digest", "A hexadecimal digest is accepted.",
        _the_digest_may_be_hexadecimal, UPLOAD),
    wrap("the-algorithm-is-in-small-letters", "box_uploads_mock.headers.parse_digest",
        "`SHA=`, which older clients send, is refused.",
        lambda original, value: original(value if value is None or value.startswith("sha") else ""), UPLOAD),
    wrap("the-end-of-a-range-is-not-part-of-it", "box_uploads_mock.headers.parse_content_range",
        "The last byte of `content-range` is read as exclusive.", _the_end_of_a_range_is_not_part_of_it, UPLOAD),
    patch("any-range-will-do", "box_uploads_mock.sessions.Session.require_range",
        "The range of a part is not checked.", lambda session, wanted: None, UPLOAD),
    wrap("the-size-of-the-file-is-not-compared", "box_uploads_mock.sessions.Session.require_range",
        "The total of a range is not checked.",
        lambda original, session, wanted: original(session, replace(wanted, total=session.file_size)), UPLOAD),
    wrap("a-part-may-be-short", "box_uploads_mock.sessions.Session.require_range",
        "A part may be smaller than the part size.", _a_part_may_be_short, UPLOAD),
    wrap("the-last-part-has-to-be-whole", "box_uploads_mock.sessions.Session.require_range",
        "A smaller last part is refused.", _the_last_part_has_to_be_whole, UPLOAD),
    patch("a-part-can-be-replaced", "box_uploads_mock.session_store._require_free_range",
        "A stored range can be overwritten.", lambda session, wanted: None, UPLOAD),
    patch("an-overlap-is-a-bad-request", "box_uploads_mock.errors.STATUS_OF_CODE[range_overlaps_existing_part]",
        "A range that is stored already is answered with 400.", 400, UPLOAD),
    wrap("a-wrong-length-is-a-bad-request", "box_uploads_mock.transfers._length_error",
        "A body that does not fill its range is answered with 400.",
        after(lambda refusal, *_: setattr(refusal, "status", 400)), UPLOAD),
    patch("a-body-may-have-another-length", "box_uploads_mock.transfers._receive_body",
        "The length of a part's body is not checked.", _a_body_may_have_another_length, UPLOAD),
    wrap("a-part-is-not-stored", "box_uploads_mock.session_store.SessionStore.finish_part",
        "A part is reported as stored, but is not.",
        after(lambda part, uploads, session_id, *_: uploads.find(session_id).part_store._parts.pop(part.offset)),
        UPLOAD),
    wrap("a-part-id-has-seven-digits", "box_uploads_mock.identifiers.Identifiers.new_part_id",
        "The id of a part is too short.", lambda original, identifiers: original(identifiers)[:7], UPLOAD),
    wrap("the-digest-of-a-part-is-base64", "box_uploads_mock.part_store.Part.body",
        "The SHA-1 of a stored part is in base64.",
        lambda original, part: {**original(part), "sha1": base64.b64encode(bytes.fromhex(part.sha1)).decode()},
        UPLOAD),
    wrap("the-offset-of-a-part-is-its-end", "box_uploads_mock.part_store.Part.body", "`offset` is the end of the part.",
        lambda original, part: {**original(part), "offset": part.offset + part.size}, UPLOAD),
    wrap("a-part-has-no-size", "box_uploads_mock.part_store.Part.body", "`size` is missing.", without_entry("size"),
        LIST),
    wrap("the-digest-of-a-part-is-null", "box_uploads_mock.part_store.Part.body", "The SHA-1 of a stored part is null.",
        with_entries(sha1=None), LIST),
    wrap("other-bytes-are-stored", "box_uploads_mock.part_store.PartWriter.write",
        "Zeros are stored instead of a part's bytes.", _other_bytes_are_stored, UPLOAD),
    wrap("parts-are-hashed-as-they-come", "box_uploads_mock.part_store.PartStore.open_writer",
        "The file's digest is computed in order of arrival.",
        before(lambda part_store, offset: setattr(part_store, "_hashed", offset)), UPLOAD),
)
