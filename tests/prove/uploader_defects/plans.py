"""Defects of the uploader: reading the source, and cutting it into parts."""

from __future__ import annotations

from msgspec.structs import replace

from tests.prove.patches import before, patch, wrap

UPLOAD = "test_upload.py"


# fmt: off
DEFECTS = (
    patch("a-change-of-the-source-is-not-noticed", "box_uploads.upload.source.Source.check_unchanged",
        "A changed source is not detected.", lambda source: None, "changes"),
    patch("the-rest-of-a-stream-is-not-noticed", "box_uploads.upload.source.StreamSource.check_unchanged",
        "A stream longer than declared is truncated.", lambda source: None, "stream"),
    wrap("a-source-is-known-by-its-size", "box_uploads.upload.source_factory._stat_fingerprint",
        "Only the size of a file is compared.",
        lambda original, found, start=0: replace(original(found, start), mtime_ns=None, inode=None, device=None),
        "chang"),
    wrap("a-file-object-is-read-from-its-beginning", "box_uploads.upload.source.SeekableSource.window",
        "The position of a file object is ignored.", before(lambda source, *_: setattr(source, "_start", 0)), UPLOAD),
    wrap("the-last-part-is-as-long-as-the-others", "box_uploads.upload.parts.Plan.part",
        "The last part exceeds the end of the file.",
        lambda original, plan, index: type(original(plan, index))(index, index * plan.part_size, plan.part_size),
        "plan"),
    patch("there-is-an-empty-last-part", "box_uploads.upload.parts.Plan.parts",
        "A multiple of the part size has an empty last part.",
        lambda plan: map(plan.part, range(plan.size // plan.part_size + 1)), "plan"),
    patch("the-server-s-plan-is-not-checked", "box_uploads.upload.parts.Plan.checked",
        "The server's plan is not checked.",
        lambda cls, size, part_size, total_parts, largest_part=0: cls(size, part_size, total_parts), "plan"),
    patch("a-range-ends-behind-the-part", "box_uploads.upload.parts.Part.content_range",
        "The last byte in `Content-Range` is one too many.",
        lambda part, size: f"bytes {part.offset}-{part.offset + part.size}/{size}", "part", "plan"),
    patch("a-small-file-is-tried", "box_uploads.upload.workflow.check_minimum", "The minimum size is not checked.",
        lambda size: None, UPLOAD),
    patch("a-digest-is-of-hexadecimal-digits", "box_uploads.upload.digest.header",
        "The `Digest` header is hexadecimal.", lambda sha1: f"sha={sha1}", "digest", "part"),
    patch("arguments-are-found-to-be-wrong-when-they-are-sent",
        "box_uploads.upload.options._KINDS", "The types of arguments are not checked before the upload.", {},
        "test_options"),
    patch("memory-is-not-looked-at-again", "box_uploads.upload.workflow._check_parts",
        "Changes to sent memory are not detected.", lambda source, finished: None, "changes"),
    patch("a-source-that-changed-is-the-server-s-fault", "box_uploads.upload.workflow._check_source",
        "A changed source is reported as a wrong digest.", lambda order, finished, error: None, "changes"),
    patch("a-file-object-may-give-anything", "box_uploads.upload.source._checked",
        "Short reads of a file object are not detected.", lambda count, view: count, "source"),
)
