"""Defects of the uploader: its journal, and creating, resuming and aborting sessions."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec
from box_uploads import errors, models
from box_uploads.upload import conflicting_items
from box_uploads.upload.reconcile import NotStored, Stored, Unknown

from tests.prove.patches import always, patch, with_result, wrap


def _write_in_place(journal: Any, entry: Any) -> None:
    journal._path.write_bytes(msgspec.json.encode(entry))
    journal.entry = entry


def _accept_other_target(original: Any, path: Any, target: Any) -> Any:
    with suppress(OSError, msgspec.MsgspecError, LookupError, TypeError):
        target = msgspec.convert(msgspec.json.decode(path.read_bytes())["target"], type(target))
    return original(path, target)


def _accept_conflicting_file(error: Any, name: str, sha1: str, size: int) -> Any:
    items = conflicting_items(error)
    return models.File(type="file", id=items[0]["id"], sha1=sha1, size=size) if items else None


def _assume_committed(original: Any, context: Any, session: Any, sha1: str) -> Any:
    found = original(context, session, sha1)
    file = models.File(type="file", id=context.target.file_id or "1", sha1=sha1, size=context.source.size)
    return Stored(file) if isinstance(found, Unknown) else found


def _none_on(error: type[Exception]) -> Any:
    """Return None instead of raising an error."""

    def call(original: Any, *arguments: Any) -> Any:
        with suppress(error):
            return original(*arguments)
        return None

    return call


# fmt: off
DEFECTS = (
    wrap("The journal is readable by everybody", "upload.journal.os.open",
        lambda original, path, flags, mode=0o777: original(path, flags, 0o644 if mode == 0o600 else mode)),
    patch("The journal is not replaced atomically", "upload.journal.Journal.write", _write_in_place),
    patch("The journal does not record the session", "upload.workflow._write_journal", always(None)),
    wrap("The journal does not record the commit", "upload.workflow._write_journal",
        lambda original, order, session, sha1: original(order, session, None)),
    patch("The journal is not deleted", "upload.journal.Journal.remove", always(None)),
    wrap("A journal of another target is resumed", "upload.journal._read", _accept_other_target),
    wrap("A file that is not a journal is overwritten", "upload.journal._read", _none_on(errors.JournalError)),
    patch("A useless session is not aborted", "upload.cleanup.abort_session", lambda order, session, error=None: None),
    patch("A session whose creation response was lost is not reused", "upload.session._existing_session", always(None)),
    patch("A session that may have been created is not aborted", "upload.session._withdraw", always(None)),
    patch("A lost session is not replaced", "upload.workflow._RESTARTS", 0),
    patch("A resumed upload ignores stored parts", "upload.resume.list_held_parts", always(iter(()))),
    patch("A stored part is matched by its offset alone", "upload.parts.Plan.holds",
        lambda plan, offset, size: plan.part(offset // plan.part_size)),
    patch("The digest of a stored part is not checked", "upload.part_upload.check_stored", always(None)),
    patch("An upload that is already stored is a conflict", "upload.resume.stored_by_earlier_run", always(None)),
    patch("A conflicting file counts as ours, whatever its digest", "upload.reconcile.stored_under_name",
        _accept_conflicting_file),
    patch("A conflicting file whose name is in another case counts as ours", "upload.reconcile._is_in_other_case",
        always(value=False)),
    wrap("A version counts as stored without a check", "upload.workflow.resolve_commit", _assume_committed),
    wrap("A version with an unknown outcome is uploaded again", "upload.workflow.resolve_commit",
        with_result(lambda found, *_: NotStored() if isinstance(found, Unknown) else found)),
    wrap("An unknown session counts as open", "upload.reconcile._session_status",
        lambda original, *given: original(*given).replace("gone", "open")),
    patch("A late effect of a commit is not looked for", "upload.cleanup.find_stored_file",
        lambda context, sha1, failure: NotStored()),
)
