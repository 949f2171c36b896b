"""Defects of the uploader: its journal, and creating, resuming and aborting sessions."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec
from box_uploads import errors, models
from box_uploads.upload import conflicting_items
from box_uploads.upload.reconcile import NotStored, Stored, Unknown

from tests.prove.patches import patch, wrap

UPLOAD, FAULTS = "test_upload.py", "test_upload_faults"


def _a_journal_is_written_in_place(journal: Any, entry: Any) -> None:
    journal._path.write_bytes(msgspec.json.encode(entry))
    journal.entry = entry


def _the_target_of_a_journal_is_not_compared(original: Any, path: Any, target: Any) -> Any:
    try:
        return original(path, target)
    except errors.JournalError as error:
        if "another place" not in str(error):
            raise
        entry = msgspec.json.decode(path.read_bytes())
        return original(path, msgspec.convert(entry["target"], type(target)))


def _any_file_of_the_name_is_ours(error: Any, sha1: str, size: int) -> Any:
    items = conflicting_items(error)
    return models.File(type="file", id=items[0]["id"], sha1=sha1, size=size) if items else None


def _a_session_that_is_gone_was_committed(original: Any, context: Any, session: Any, sha1: str) -> Any:
    found = original(context, session, sha1)
    file = models.File(type="file", id=context.target.file_id or "1", sha1=sha1, size=context.source.size)
    return Stored(file) if isinstance(found, Unknown) else found


def _a_session_that_is_gone_was_not_committed(original: Any, *arguments: Any) -> Any:
    found = original(*arguments)
    return NotStored() if isinstance(found, Unknown) else found


def _none_on(error: type[Exception]) -> Any:
    """Return None instead of raising an error."""

    def call(original: Any, *arguments: Any) -> Any:
        with suppress(error):
            return original(*arguments)
        return None

    return call


# fmt: off
DEFECTS = (
    wrap("a-journal-can-be-read-by-all", "box_uploads.upload.journal.os.open", "The journal is readable by everybody.",
        lambda original, path, flags, mode=0o777: original(path, flags, 0o644 if mode == 0o600 else mode), "journal"),
    patch("a-journal-is-written-in-place", "box_uploads.upload.journal.Journal.write",
        "The journal is not replaced atomically.", _a_journal_is_written_in_place, "journal"),
    patch("no-journal-is-written", "box_uploads.upload.workflow._write_journal",
        "The journal does not record the session.",
        lambda order, session, sha1: None, "journal", "resum", "interrupted"),
    wrap("a-journal-forgets-the-commit", "box_uploads.upload.workflow._write_journal",
        "The journal does not record the commit.",
        lambda original, order, session, sha1: original(order, session, None), "kill", "journal"),
    patch("a-journal-stays", "box_uploads.upload.journal.Journal.remove", "The journal is not deleted.",
        lambda journal: None, "journal"),
    wrap("the-target-of-a-journal-is-not-compared", "box_uploads.upload.journal._read",
        "A journal of another target is resumed.", _the_target_of_a_journal_is_not_compared, "journal"),
    wrap("a-broken-journal-is-overwritten", "box_uploads.upload.journal._read",
        "A file that is no journal counts as an empty one.", _none_on(errors.JournalError), "journal"),
    patch("a-session-is-not-aborted", "box_uploads.upload.cleanup.abort_session", "A useless session is not aborted.",
        lambda order, session, error=None: None, UPLOAD, FAULTS, "leaves_nothing"),
    patch("a-session-conflict-is-final", "box_uploads.upload.session._existing_session",
        "A session whose creation response was lost is not reused.", lambda error: None, FAULTS, "taken_over"),
    patch("a-session-that-may-exist-is-left", "box_uploads.upload.session._withdraw",
        "A session that may have been created is not aborted.", lambda order, target, error: None, FAULTS, "aborted",
        "session"),
    patch("a-lost-session-ends-the-upload", "box_uploads.upload.workflow._RESTARTS", "A lost session is not replaced.",
        0, UPLOAD, FAULTS, "anew"),
    patch("held-parts-are-not-listed", "box_uploads.upload.resume.list_held_parts",
        "A resumed upload ignores stored parts.", lambda calls, session: iter(()), "interrupted", "held", "resum"),
    patch("any-held-part-is-the-plan-s", "box_uploads.upload.parts.Plan.holds",
        "A stored part is matched by its offset alone.",
        lambda plan, offset, size: plan.part(offset // plan.part_size), "plan", "resum"),
    patch("held-parts-are-not-compared", "box_uploads.upload.part_upload.check_stored",
        "The digest of a stored part is not checked.", lambda stored, part, sha1, failure: None, "changed", "resum",
        "held", "interrupted"),
    patch("a-file-that-is-there-is-a-conflict", "box_uploads.upload.resume.stored_under_name",
        "An upload that is already stored is a conflict.", lambda error, sha1, size: None, "same_command"),
    patch("any-file-of-the-name-is-ours", "box_uploads.upload.resume.stored_under_name",
        "A conflicting file counts as ours, whatever its digest.", _any_file_of_the_name_is_ours, UPLOAD,
        "same_command", "taken_name"),
    wrap("a-session-that-is-gone-was-committed", "box_uploads.upload.workflow.resolve_commit",
        "A version counts as stored without a check.", _a_session_that_is_gone_was_committed, "doubt"),
    wrap("a-session-that-is-gone-was-not-committed", "box_uploads.upload.workflow.resolve_commit",
        "A version with an unknown outcome is uploaded again.", _a_session_that_is_gone_was_not_committed, "doubt"),
    wrap("a-session-is-open-until-it-is-said-otherwise", "box_uploads.upload.reconcile._session_status",
        "An unknown session counts as open.", lambda original, *given: original(*given).replace("gone", "open"),
        "doubt"),
    patch("a-late-commit-is-not-looked-for", "box_uploads.upload.cleanup.find_stored_file",
        "A late effect of a commit is not looked for.", lambda context, sha1, failure: NotStored(), "doubt"),
)
