"""Defects of the uploader: its journal, and the sessions that it begins, resumes and ends."""

from __future__ import annotations

from typing import Any

import msgspec
from box_uploads import errors, models

from tests.prove.planting import Catalogue

__all__ = ["DEFECTS"]

DEFECTS = Catalogue()
UPLOAD, FAULTS = "test_upload.py", "test_upload_faults"


@DEFECTS.defect("box_uploads.upload.journal.os.open", "journal")
def a_journal_can_be_read_by_all(original: Any) -> Any:
    """The journal is readable by everybody."""
    return lambda path, flags, mode=0o777: original(path, flags, 0o644 if mode == 0o600 else mode)


@DEFECTS.defect("box_uploads.upload.journal.Journal.write", "journal")
def a_journal_is_written_in_place(original: Any) -> Any:
    """The journal is overwritten, so that a crash may leave half of it."""

    def spoiled(journal: Any, entry: Any) -> None:
        journal._path.write_bytes(msgspec.json.encode(entry))
        journal.entry = entry

    return spoiled


@DEFECTS.defect("box_uploads.upload.transfer._note", "journal", "resum", "interrupted")
def no_journal_is_written(original: Any) -> Any:
    """The journal says nothing of the session."""
    return lambda order, session, sha1: None


@DEFECTS.defect("box_uploads.upload.transfer._note", "kill", "journal")
def a_journal_forgets_the_commit(original: Any) -> Any:
    """The journal does not say that a commit may have been sent."""
    return lambda order, session, sha1: original(order, session, None)


@DEFECTS.defect("box_uploads.upload.journal.Journal.remove", "journal")
def a_journal_stays(original: Any) -> Any:
    """The journal is there after the end."""
    return lambda journal: None


@DEFECTS.defect("box_uploads.upload.journal._read", "journal")
def the_target_of_a_journal_is_not_compared(original: Any) -> Any:
    """The journal of an upload to elsewhere is gone on with."""

    def spoiled(path: Any, target: Any) -> Any:
        try:
            return original(path, target)
        except errors.JournalError as error:
            if "elsewhere" not in str(error):
                raise
            entry = msgspec.json.decode(path.read_bytes())
            return original(path, msgspec.convert(entry["target"], type(target)))

    return spoiled


@DEFECTS.defect("box_uploads.upload.journal._read", "journal")
def a_broken_journal_is_overwritten(original: Any) -> Any:
    """What is no journal is taken for an empty one."""

    def spoiled(path: Any, target: Any) -> Any:
        try:
            return original(path, target)
        except errors.JournalError:
            return None

    return spoiled


@DEFECTS.defect("box_uploads.upload.session.end", UPLOAD, FAULTS, "leaves_nothing")
def a_session_is_not_aborted(original: Any) -> Any:
    """A session of no use is left to expire."""
    return lambda order, session, error=None: None


@DEFECTS.defect("box_uploads.upload.session._existing", FAULTS, "taken_over")
def a_session_conflict_is_final(original: Any) -> Any:
    """The session that a lost answer has created is not taken over."""
    return lambda error: None


@DEFECTS.defect("box_uploads.upload.session._withdraw", FAULTS, "aborted", "session")
def a_session_that_may_exist_is_left(original: Any) -> Any:
    """The session that a lost answer may have created is not ended."""
    return lambda order, target, error: None


@DEFECTS.defect("box_uploads.upload.uploader._RESTARTS", UPLOAD, FAULTS, "anew")
def a_lost_session_ends_the_upload(original: Any) -> Any:
    """A session that vanishes is not replaced."""
    return 0


@DEFECTS.defect("box_uploads.upload.beginning.held_parts", "interrupted", "held", "resum")
def held_parts_are_not_listed(original: Any) -> Any:
    """A resumed upload takes the session for empty."""
    return lambda calls, session: iter(())


@DEFECTS.defect("box_uploads.upload.plan.Plan.holds", "plan", "resum")
def any_held_part_is_the_plan_s(original: Any) -> Any:
    """A part of the session is taken by its offset, whatever its size."""
    return lambda plan, offset, size: plan.part(offset // plan.part_size)


@DEFECTS.defect("box_uploads.upload.carrier.check_stored", "changed", "resum", "held", "interrupted")
def held_parts_are_not_compared(original: Any) -> Any:
    """A part that the session holds is trusted without a look at its digest."""
    return lambda stored, part, sha1, failure: None


@DEFECTS.defect("box_uploads.upload.beginning.stored_already", "same_command")
def a_file_that_is_there_is_a_conflict(original: Any) -> Any:
    """The same command after the end does not find its work done."""
    return lambda error, sha1, size: None


@DEFECTS.defect("box_uploads.upload.beginning.stored_already", UPLOAD, "same_command", "taken_name")
def any_file_of_the_name_is_ours(original: Any) -> Any:
    """The file in the way is taken for ours without a look at its digest."""

    def spoiled(error: Any, sha1: str, size: int) -> Any:
        item = {**error.conflicts[0], "sha1": sha1} if getattr(error, "conflicts", None) else None
        return None if item is None else models.File(type="file", id=item["id"], sha1=sha1, size=size)

    return spoiled


@DEFECTS.defect("box_uploads.upload.confirmation._confirmed", "doubt")
def a_session_that_is_gone_was_committed(original: Any) -> Any:
    """A version is taken for stored without a look at its file."""

    def spoiled(order: Any, session: Any, sha1: str) -> Any:
        try:
            return original(order, session, sha1)
        except errors.CommitUnconfirmedError:
            return models.File(type="file", id=order.target.file_id, sha1=sha1, size=order.source.size)

    return spoiled


@DEFECTS.defect("box_uploads.upload.confirmation._confirmed", "doubt")
def a_session_that_is_gone_was_not_committed(original: Any) -> Any:
    """A version of which nothing is known is made again."""

    def spoiled(order: Any, session: Any, sha1: str) -> Any:
        try:
            return original(order, session, sha1)
        except errors.CommitUnconfirmedError:
            return None

    return spoiled


@DEFECTS.defect("box_uploads.upload.confirmation._state", "doubt")
def a_session_is_open_until_it_is_said_otherwise(original: Any) -> Any:
    """A session that nobody knows any more is taken for one that goes on."""
    return lambda order, session: original(order, session) or "open"


@DEFECTS.defect("box_uploads.upload.uploader.looked_up", "doubt")
def a_late_commit_is_not_looked_for(original: Any) -> Any:
    """A session that was found open is taken for one whose commit can have no effect any more."""
    return lambda order, sha1: (None, None)
