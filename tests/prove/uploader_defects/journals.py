"""Defects of the uploader: its journal, and the sessions that it begins, resumes and ends."""

from __future__ import annotations

from typing import Any

import msgspec
from box_uploads import errors, models

from tests.prove.patches import patch, wrap

UPLOAD, FAULTS = "test_upload.py", "test_upload_faults"


def _a_journal_is_written_in_place(journal: Any, entry: Any) -> None:
    journal._path.write_bytes(msgspec.json.encode(entry))
    journal.entry = entry


def _the_target_of_a_journal_is_not_compared(original: Any, path: Any, target: Any) -> Any:
    try:
        return original(path, target)
    except errors.JournalError as error:
        if "elsewhere" not in str(error):
            raise
        entry = msgspec.json.decode(path.read_bytes())
        return original(path, msgspec.convert(entry["target"], type(target)))


def _a_broken_journal_is_overwritten(original: Any, path: Any, target: Any) -> Any:
    try:
        return original(path, target)
    except errors.JournalError:
        return None


def _any_file_of_the_name_is_ours(error: Any, sha1: str, size: int) -> Any:
    item = {**error.conflicts[0], "sha1": sha1} if getattr(error, "conflicts", None) else None
    return None if item is None else models.File(type="file", id=item["id"], sha1=sha1, size=size)


def _a_session_that_is_gone_was_committed(original: Any, order: Any, session: Any, sha1: str) -> Any:
    try:
        return original(order, session, sha1)
    except errors.CommitUnconfirmedError:
        return models.File(type="file", id=order.target.file_id, sha1=sha1, size=order.source.size)


def _a_session_that_is_gone_was_not_committed(original: Any, order: Any, session: Any, sha1: str) -> Any:
    try:
        return original(order, session, sha1)
    except errors.CommitUnconfirmedError:
        return None


# fmt: off
DEFECTS = (
    wrap("a-journal-can-be-read-by-all", "box_uploads.upload.journal.os.open",
        "The journal is readable by everybody.",
        lambda original, path, flags, mode=0o777: original(path, flags, 0o644 if mode == 0o600 else mode), "journal"),
    patch("a-journal-is-written-in-place", "box_uploads.upload.journal.Journal.write",
        "The journal is overwritten, so that a crash may leave half of it.", _a_journal_is_written_in_place,
        "journal"),
    patch("no-journal-is-written", "box_uploads.upload.transfer._note", "The journal says nothing of the session.",
        lambda order, session, sha1: None, "journal", "resum", "interrupted"),
    wrap("a-journal-forgets-the-commit", "box_uploads.upload.transfer._note",
        "The journal does not say that a commit may have been sent.",
        lambda original, order, session, sha1: original(order, session, None), "kill", "journal"),
    patch("a-journal-stays", "box_uploads.upload.journal.Journal.remove", "The journal is there after the end.",
        lambda journal: None, "journal"),
    wrap("the-target-of-a-journal-is-not-compared", "box_uploads.upload.journal._read",
        "The journal of an upload to elsewhere is gone on with.", _the_target_of_a_journal_is_not_compared,
        "journal"),
    wrap("a-broken-journal-is-overwritten", "box_uploads.upload.journal._read",
        "What is no journal is taken for an empty one.", _a_broken_journal_is_overwritten, "journal"),
    patch("a-session-is-not-aborted", "box_uploads.upload.session.end", "A session of no use is left to expire.",
        lambda order, session, error=None: None, UPLOAD, FAULTS, "leaves_nothing"),
    patch("a-session-conflict-is-final", "box_uploads.upload.session._existing",
        "The session that a lost answer has created is not taken over.", lambda error: None, FAULTS, "taken_over"),
    patch("a-session-that-may-exist-is-left", "box_uploads.upload.session._withdraw",
        "The session that a lost answer may have created is not ended.", lambda order, target, error: None, FAULTS,
        "aborted", "session"),
    patch("a-lost-session-ends-the-upload", "box_uploads.upload.uploader._RESTARTS",
        "A session that vanishes is not replaced.", 0, UPLOAD, FAULTS, "anew"),
    patch("held-parts-are-not-listed", "box_uploads.upload.beginning.held_parts",
        "A resumed upload takes the session for empty.", lambda calls, session: iter(()), "interrupted", "held",
        "resum"),
    patch("any-held-part-is-the-plan-s", "box_uploads.upload.plan.Plan.holds",
        "A part of the session is taken by its offset, whatever its size.",
        lambda plan, offset, size: plan.part(offset // plan.part_size), "plan", "resum"),
    patch("held-parts-are-not-compared", "box_uploads.upload.carrier.check_stored",
        "A part that the session holds is trusted without a look at its digest.",
        lambda stored, part, sha1, failure: None, "changed", "resum", "held", "interrupted"),
    patch("a-file-that-is-there-is-a-conflict", "box_uploads.upload.beginning.stored_already",
        "The same command after the end does not find its work done.", lambda error, sha1, size: None,
        "same_command"),
    patch("any-file-of-the-name-is-ours", "box_uploads.upload.beginning.stored_already",
        "The file in the way is taken for ours without a look at its digest.", _any_file_of_the_name_is_ours, UPLOAD,
        "same_command", "taken_name"),
    wrap("a-session-that-is-gone-was-committed", "box_uploads.upload.confirmation._confirmed",
        "A version is taken for stored without a look at its file.", _a_session_that_is_gone_was_committed, "doubt"),
    wrap("a-session-that-is-gone-was-not-committed", "box_uploads.upload.confirmation._confirmed",
        "A version of which nothing is known is made again.", _a_session_that_is_gone_was_not_committed, "doubt"),
    wrap("a-session-is-open-until-it-is-said-otherwise", "box_uploads.upload.confirmation._state",
        "A session that nobody knows any more is taken for one that goes on.",
        lambda original, order, session: original(order, session) or "open", "doubt"),
    patch("a-late-commit-is-not-looked-for", "box_uploads.upload.uploader.looked_up",
        "A session that was found open is taken for one whose commit can have no effect any more.",
        lambda order, sha1: (None, None), "doubt"),
)
