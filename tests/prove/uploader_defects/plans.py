"""Defects of the uploader: what it reads, and how it cuts it into parts."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.prove.planting import Catalogue

__all__ = ["DEFECTS"]

DEFECTS = Catalogue()
UPLOAD = "test_upload.py"


@DEFECTS.defect("box_uploads.upload.source.Source.check_unchanged", "changes")
def a_change_of_the_source_is_not_noticed(original: Any) -> Any:
    """The source is not looked at again."""
    return lambda source: None


@DEFECTS.defect("box_uploads.upload.source.StreamSource.check_unchanged", "stream")
def the_rest_of_a_stream_is_not_noticed(original: Any) -> Any:
    """A stream that is longer than was said is cut off."""
    return lambda source: None


@DEFECTS.defect("box_uploads.upload.opening._stat_fingerprint", "chang")
def a_source_is_known_by_its_size(original: Any) -> Any:
    """Of a file, only the size tells whether it has changed."""
    return lambda found, start=0: msgspec.structs.replace(
        original(found, start), mtime_ns=None, inode=None, device=None
    )


@DEFECTS.defect("box_uploads.upload.source.SeekableSource.window", UPLOAD)
def a_file_object_is_read_from_its_beginning(original: Any) -> Any:
    """Where a file object stands does not matter."""

    def spoiled(source: Any, offset: int, size: int, buffer: Any) -> Any:
        source._start = 0
        return original(source, offset, size, buffer)

    return spoiled


@DEFECTS.defect("box_uploads.upload.plan.Plan.part", "plan")
def the_last_part_is_as_long_as_the_others(original: Any) -> Any:
    """The last part is not cut off at the end of the file."""
    return lambda plan, index: type(original(plan, index))(index, index * plan.part_size, plan.part_size)


@DEFECTS.defect("box_uploads.upload.plan.Plan.parts", "plan")
def there_is_an_empty_last_part(original: Any) -> Any:
    """A multiple of the part size has one part too many."""
    return lambda plan: map(plan.part, range(plan.size // plan.part_size + 1))


@DEFECTS.defect("box_uploads.upload.plan.Plan.checked", "plan")
def the_server_s_plan_is_not_checked(original: Any) -> Any:
    """Parts that do not cover the file are uploaded."""
    return lambda cls, size, part_size, total_parts, largest_part=0: cls(size, part_size, total_parts)


@DEFECTS.defect("box_uploads.upload.plan.Part.content_range", "part", "plan")
def a_range_ends_behind_the_part(original: Any) -> Any:
    """The last byte in `Content-Range` is one too many."""
    return lambda part, size: f"bytes {part.offset}-{part.offset + part.size}/{size}"


@DEFECTS.defect("box_uploads.upload.uploader.check_minimum", UPLOAD)
def a_small_file_is_tried(original: Any) -> Any:
    """A file that is too small for a session is sent to the server."""
    return lambda size: None


@DEFECTS.defect("box_uploads.upload.digest.header", "digest", "part")
def a_digest_is_of_hexadecimal_digits(original: Any) -> Any:
    """The `Digest` header has the digits instead of base64."""
    return lambda sha1: f"sha={sha1}"


@DEFECTS.defect("box_uploads.upload.request.Request.check", "request")
def arguments_are_found_to_be_wrong_when_they_are_sent(original: Any) -> Any:
    """Nothing is checked before the upload begins."""
    return lambda request: None


@DEFECTS.defect("box_uploads.upload.transfer._check_parts", "changes")
def memory_is_not_looked_at_again(original: Any) -> Any:
    """That somebody has written to parts that were sent is not noticed."""
    return lambda source, finished: None


@DEFECTS.defect("box_uploads.upload.transfer._check_cause", "changes")
def a_source_that_changed_is_the_server_s_fault(original: Any) -> Any:
    """A whole that was read otherwise than its parts is told as a wrong digest."""
    return lambda order, finished, error: None


@DEFECTS.defect("box_uploads.upload.source._checked", "source")
def a_file_object_may_give_anything(original: Any) -> Any:
    """How much a file object has read is not compared with what it was asked for."""
    return lambda count, view: count
