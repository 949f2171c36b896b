"""Defects of the uploader: reading the source, and cutting it into parts."""

from __future__ import annotations

from msgspec.structs import replace

from tests.prove.patches import always, before, patch, wrap

# fmt: off
DEFECTS = (
    patch("A changed source is not detected", "upload.source.Source.check_unchanged", always(None)),
    patch("A stream longer than declared is truncated", "upload.source.StreamSource.check_unchanged", always(None)),
    wrap("Only the size of a file is compared", "upload.source_factory._stat_fingerprint",
        lambda original, found, start=0: replace(original(found, start), mtime_ns=None, inode=None, device=None)),
    wrap("The position of a file object is ignored", "upload.source.SeekableSource.window",
        before(lambda source, *_: setattr(source, "_start", 0))),
    wrap("The last part exceeds the end of the file", "upload.parts.Plan.part",
        lambda original, plan, index: type(original(plan, index))(index, index * plan.part_size, plan.part_size)),
    patch("A multiple of the part size has an empty last part", "upload.parts.Plan.parts",
        lambda plan: map(plan.part, range(plan.size // plan.part_size + 1))),
    patch("The server's plan is not checked", "upload.parts.Plan.checked",
        lambda cls, size, part_size, total_parts, largest_part=0: cls(size, part_size, total_parts)),
    patch("The last byte in `Content-Range` is one too many", "upload.parts.Part.content_range",
        lambda part, size: f"bytes {part.offset}-{part.offset + part.size}/{size}"),
    patch("Any file gets a session", "upload.workflow.needs_session", always(True)),
    patch("Any file is sent in one request", "upload.workflow.needs_session", always(False)),
    patch("The `Digest` header is hexadecimal", "upload.digest.header", lambda sha1: f"sha={sha1}"),
    patch("The types of arguments are not checked before the upload", "upload.options._KINDS", {}),
    patch("Changes to sent memory are not detected", "upload.workflow._check_parts", always(None)),
    patch("A changed source is reported as a wrong digest", "upload.workflow._check_source", always(None)),
    patch("Short reads of a file object are not detected", "upload.source._checked", lambda count, view: count),
)
