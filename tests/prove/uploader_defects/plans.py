"""Defects of the uploader: what it reads, and how it cuts it into parts."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from tests.prove.patches import patch, wrap

UPLOAD = "test_upload.py"


def _a_file_object_is_read_from_its_beginning(original: Any, source: Any, offset: int, size: int, buffer: Any) -> Any:
    source._start = 0
    return original(source, offset, size, buffer)


# fmt: off
DEFECTS = (
    patch("a-change-of-the-source-is-not-noticed", "box_uploads.upload.source.Source.check_unchanged",
        "The source is not looked at again.", lambda source: None, "changes"),
    patch("the-rest-of-a-stream-is-not-noticed", "box_uploads.upload.source.StreamSource.check_unchanged",
        "A stream that is longer than was said is cut off.", lambda source: None, "stream"),
    wrap("a-source-is-known-by-its-size", "box_uploads.upload.opening._stat_fingerprint",
        "Of a file, only the size tells whether it has changed.",
        lambda original, found, start=0: replace(original(found, start), mtime_ns=None, inode=None, device=None),
        "chang"),
    wrap("a-file-object-is-read-from-its-beginning", "box_uploads.upload.source.SeekableSource.window",
        "Where a file object stands does not matter.", _a_file_object_is_read_from_its_beginning, UPLOAD),
    wrap("the-last-part-is-as-long-as-the-others", "box_uploads.upload.plan.Plan.part",
        "The last part is not cut off at the end of the file.",
        lambda original, plan, index: type(original(plan, index))(index, index * plan.part_size, plan.part_size),
        "plan"),
    patch("there-is-an-empty-last-part", "box_uploads.upload.plan.Plan.parts",
        "A multiple of the part size has one part too many.",
        lambda plan: map(plan.part, range(plan.size // plan.part_size + 1)), "plan"),
    patch("the-server-s-plan-is-not-checked", "box_uploads.upload.plan.Plan.checked",
        "Parts that do not cover the file are uploaded.",
        lambda cls, size, part_size, total_parts, largest_part=0: cls(size, part_size, total_parts), "plan"),
    patch("a-range-ends-behind-the-part", "box_uploads.upload.plan.Part.content_range",
        "The last byte in `Content-Range` is one too many.",
        lambda part, size: f"bytes {part.offset}-{part.offset + part.size}/{size}", "part", "plan"),
    patch("a-small-file-is-tried", "box_uploads.upload.uploader.check_minimum",
        "A file that is too small for a session is sent to the server.", lambda size: None, UPLOAD),
    patch("a-digest-is-of-hexadecimal-digits", "box_uploads.upload.digest.header",
        "The `Digest` header has the digits instead of base64.", lambda sha1: f"sha={sha1}", "digest", "part"),
    patch("arguments-are-found-to-be-wrong-when-they-are-sent", "box_uploads.upload.request.Request.check",
        "Nothing is checked before the upload begins.", lambda request: None, "request"),
    patch("memory-is-not-looked-at-again", "box_uploads.upload.transfer._check_parts",
        "That somebody has written to parts that were sent is not noticed.", lambda source, finished: None,
        "changes"),
    patch("a-source-that-changed-is-the-server-s-fault", "box_uploads.upload.transfer._check_cause",
        "A whole that was read otherwise than its parts is told as a wrong digest.",
        lambda order, finished, error: None, "changes"),
    patch("a-file-object-may-give-anything", "box_uploads.upload.source._checked",
        "How much a file object has read is not compared with what it was asked for.", lambda count, view: count,
        "source"),
)
