"""Defects of the mock: parts that are uploaded."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

from box_uploads_mock.headers import ContentRange

from tests.prove.mock_defects.outcomes import HANDLER, with_body, with_outcome
from tests.prove.planting import Catalogue

__all__ = ["DEFECTS"]

DEFECTS = Catalogue()
UPLOAD, LIST = "upload_part", "list_parts"


def _said(original: Any, **changes: object) -> Any:
    return lambda part: {**original(part), **changes}


@DEFECTS.defect(HANDLER(UPLOAD), UPLOAD)
def a_stored_part_is_answered_201(original: Any) -> Any:
    """The status of a stored part is 201."""
    return with_outcome(original, status=201)


@DEFECTS.defect(HANDLER(UPLOAD), UPLOAD)
def a_stored_part_is_answered_bare(original: Any) -> Any:
    """The part is not within `part`."""

    def bare(body: dict[str, Any]) -> None:
        body |= body.pop("part")

    return with_body(original, bare)


@DEFECTS.defect("box_uploads_mock.transfers._require_digest", UPLOAD)
def the_digest_of_a_part_is_not_compared(original: Any) -> Any:
    """A part of other bytes than its digest says is stored."""
    return lambda writer, expected: None


@DEFECTS.defect("box_uploads_mock.errors.STATUS_OF_CODE[precondition_failed]", UPLOAD)
def a_wrong_digest_is_a_conflict(original: Any) -> Any:
    """A part of other bytes, and a condition that fails, are told by 409."""
    return 409


@DEFECTS.defect("box_uploads_mock.headers.digest", UPLOAD)
def the_digest_may_be_missing(original: Any) -> Any:
    """Without a digest, some other one is taken."""
    return lambda value: original(value or "sha=2jmj7l5rSw0yVb/vlWAYkK/YBwk=")


@DEFECTS.defect("box_uploads_mock.headers.digest", UPLOAD)
def the_digest_may_be_hexadecimal(original: Any) -> Any:
    """A digest in hexadecimal digits is taken as well."""

    def spoiled(value: str | None) -> Any:
        digits = (value or "").removeprefix("sha=")
        return bytes.fromhex(digits) if len(digits) == 40 else original(value)

    return spoiled


@DEFECTS.defect("box_uploads_mock.headers.digest", UPLOAD)
def the_algorithm_is_in_small_letters(original: Any) -> Any:
    """`SHA=` is refused, which older clients send."""
    return lambda value: original(value if value is None or value.startswith("sha") else "")


@DEFECTS.defect("box_uploads_mock.headers.content_range", UPLOAD)
def the_end_of_a_range_is_not_part_of_it(original: Any) -> Any:
    """The last byte of a `content-range` is taken for the one behind it."""

    def spoiled(value: str | None) -> Any:
        found = original(value)
        return ContentRange(found.start, found.stop - 1, found.total)

    return spoiled


@DEFECTS.defect("box_uploads_mock.sessions.Session.require_range", UPLOAD)
def any_range_will_do(original: Any) -> Any:
    """A part may begin and end anywhere."""
    return lambda session, wanted: None


@DEFECTS.defect("box_uploads_mock.sessions.Session.require_range", UPLOAD)
def the_size_of_the_file_is_not_compared(original: Any) -> Any:
    """A range of a file of another size is taken."""
    return lambda session, wanted: original(session, replace(wanted, total=session.file_size))


@DEFECTS.defect("box_uploads_mock.sessions.Session.require_range", UPLOAD)
def a_part_may_be_short(original: Any) -> Any:
    """A part may have fewer bytes than the session's parts have."""

    def spoiled(session: Any, wanted: Any) -> None:
        stop = min(wanted.start + session.part_size, session.file_size)
        original(session, replace(wanted, stop=stop if wanted.start < wanted.stop <= stop else wanted.stop))

    return spoiled


@DEFECTS.defect("box_uploads_mock.sessions.Session.require_range", UPLOAD)
def the_last_part_has_to_be_whole(original: Any) -> Any:
    """A last part that is smaller than the others is refused."""

    def spoiled(session: Any, wanted: Any) -> None:
        original(session, wanted if wanted.size == session.part_size else replace(wanted, start=1))

    return spoiled


@DEFECTS.defect("box_uploads_mock.uploads._require_free_range", UPLOAD)
def a_part_can_be_replaced(original: Any) -> Any:
    """A range that is stored is stored again."""
    return lambda session, wanted: None


@DEFECTS.defect("box_uploads_mock.errors.STATUS_OF_CODE[range_overlaps_existing_part]", UPLOAD)
def an_overlap_is_a_bad_request(original: Any) -> Any:
    """A range that is stored already is told by 400."""
    return 400


@DEFECTS.defect("box_uploads_mock.transfers._wrong_length", UPLOAD)
def a_wrong_length_is_a_bad_request(original: Any) -> Any:
    """A body that does not fill its range is told by 400."""

    def spoiled(wanted: Any, length: int) -> Any:
        refusal = original(wanted, length)
        refusal.status = 400
        return refusal

    return spoiled


@DEFECTS.defect("box_uploads_mock.transfers._receive", UPLOAD)
def a_body_may_have_another_length(original: Any) -> Any:
    """What comes is stored, however long it is."""

    async def spoiled(call: Any, wanted: Any, writer: Any) -> None:
        async for chunk in call.strike.body():
            writer.write(chunk)
        await call.strike.on_read()

    return spoiled


@DEFECTS.defect("box_uploads_mock.uploads.Uploads.finish_part", UPLOAD)
def a_part_is_not_stored(original: Any) -> Any:
    """A part is answered as stored, and is not."""

    def spoiled(uploads: Any, session_id: str, wanted: Any, writer: Any) -> Any:
        part = original(uploads, session_id, wanted, writer)
        uploads.find(session_id).assembly._parts.pop(part.offset)
        return part

    return spoiled


@DEFECTS.defect("box_uploads_mock.identifiers.Identifiers.part_id", UPLOAD)
def a_part_id_has_seven_digits(original: Any) -> Any:
    """The id of a part is too short."""
    return lambda identifiers: original(identifiers)[:7]


@DEFECTS.defect("box_uploads_mock.assembly.Part.body", UPLOAD)
def the_digest_of_a_part_is_base64(original: Any) -> Any:
    """The SHA-1 of a stored part is not told in hexadecimal digits."""
    return lambda part: {**original(part), "sha1": base64.b64encode(bytes.fromhex(part.sha1)).decode()}


@DEFECTS.defect("box_uploads_mock.assembly.Part.body", UPLOAD)
def the_offset_of_a_part_is_its_end(original: Any) -> Any:
    """`offset` tells where the part ends."""
    return lambda part: {**original(part), "offset": part.offset + part.size}


@DEFECTS.defect("box_uploads_mock.assembly.Part.body", LIST)
def a_part_has_no_size(original: Any) -> Any:
    """`size` is missing."""
    return lambda part: {name: value for name, value in original(part).items() if name != "size"}


@DEFECTS.defect("box_uploads_mock.assembly.Part.body", LIST)
def the_digest_of_a_part_is_null(original: Any) -> Any:
    """The SHA-1 of a stored part is null."""
    return _said(original, sha1=None)


@DEFECTS.defect("box_uploads_mock.assembly.PartWriter.write", UPLOAD)
def other_bytes_are_stored(original: Any) -> Any:
    """What is kept of a part are zeros, though its digests are right."""

    def spoiled(writer: Any, chunk: bytes) -> None:
        blob, writer.blob = writer.blob, None
        original(writer, chunk)
        writer.blob = blob
        if blob is not None:
            blob.write(bytes(len(chunk)))

    return spoiled


@DEFECTS.defect("box_uploads_mock.assembly.Assembly.open", UPLOAD)
def parts_are_hashed_as_they_come(original: Any) -> Any:
    """The digest of the whole file is of the parts in the order of their arrival."""

    def spoiled(assembly: Any, offset: int) -> Any:
        assembly._hashed = offset
        return original(assembly, offset)

    return spoiled
