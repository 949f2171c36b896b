"""Defects of the uploader: files in one request, and sources of unknown size."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET

from tests.prove.patches import after, always, before, patch, wrap


def _forget_condition(_: object, upload: Any, *__: Any) -> None:
    upload._if_match = UNSET


def _remove_journal(upload: Any, _: BaseException) -> None:
    if upload._context.journal is not None:
        upload._context.journal.remove()


# fmt: off
DEFECTS = (
    patch("A small file is sent again without being looked for", "upload.small_upload._SmallUpload._look_up",
        always(None)),
    wrap("Half a small file counts as sent", "upload.small_upload._SmallUpload._settle",
        before(lambda upload, *_: setattr(upload, "_is_complete", True))),
    wrap("A small version is sent again without a condition", "upload.small_upload._SmallUpload._look_up",
        after(_forget_condition)),
    patch("A stale etag of the caller is sent again", "upload.small_upload._SmallUpload._is_by_own_condition",
        always(True)),
    patch("A version that others make is not replaced", "upload.small_upload._SmallUpload._is_by_own_condition",
        always(False)),
    patch("A small file is not compared with what is stored", "upload.small_upload.verify_file",
        lambda file, sha1, size: file),
    patch("A corrupted small file is sent without end", "upload.small_upload._CORRUPTIONS", 10**6),
    patch("A small file of an earlier run is not looked for",
        "upload.small_upload._SmallUpload.find_file_of_earlier_run", always(None)),
    patch("An interrupted small file leaves no journal", "upload.small_upload._SmallUpload.forget_or_note",
        _remove_journal),
    patch("A refused small file leaves its journal", "upload.small_upload._SmallUpload.forget_or_note", always(None)),
    patch("The progress of a small file is not reported", "upload.small_upload._SmallUpload._recount", always(None)),
    patch("What one request cannot say is dropped", "upload.workflow.check_small", always(None)),
    patch("A cancelled small file is sent to its end", "upload.small_upload._SmallUpload._abort_unless_complete",
        always(None)),
    patch("A stream that is read first is not reported", "upload.workflow._Spooling.check", always(None)),
)
