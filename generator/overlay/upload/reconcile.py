"""Decide whether a commit, or the one request of a small file, stored the file, if its outcome is unknown."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from .. import models
from .._runtime.conversion import convert
from .._runtime.errors import ApiError, ClientError, ConflictError, GoneError, NotFoundError
from .conflicts import conflicting_items
from .digest import is_same
from .errors import COMMIT_SENT, FILE_SENT, CommitUnconfirmedError, UploadCancelledError
from .outcomes import is_name_taken
from .parts import needs_session
from .session import abort_session, create_session

if TYPE_CHECKING:
    from collections.abc import Callable

    from .context import UploadContext
    from .retry import RetryBudget

__all__ = [
    "NotStored",
    "Resolution",
    "Stored",
    "Unknown",
    "find_stored_file",
    "resolve_commit",
    "stored_by_earlier_run",
    "stored_under_name",
]

_SHA1 = re.compile("[0-9a-fA-F]{40}")


class Stored(msgspec.Struct, frozen=True):
    """The file is stored."""

    file: models.File


class NotStored(msgspec.Struct, frozen=True):
    """The file is not stored, and no commit that was sent can store it any more, unless its session is still open.

    Attributes:
        etag: Etag of the file that was to get a new version, as far as it is known.
    """

    etag: str | None = None


class _Other(msgspec.Struct, frozen=True):
    """What is where the file would be stored.

    Attributes:
        text: It in words.
        etag: As in `NotStored`.
    """

    text: str
    etag: str | None = None


class Unknown(msgspec.Struct, frozen=True):
    """It is not known whether the file is stored.

    Attributes:
        error: The error to raise; it says what was found and what to do.
    """

    error: CommitUnconfirmedError


Resolution: TypeAlias = Stored | NotStored | Unknown


def resolve_commit(context: UploadContext, session: models.UploadSession, sha1: str) -> Resolution:
    """Find out whether a commit of unknown outcome stored the file.

    As long as the session is open, no file was made. After that, a version is found by the id of its file, and a new
    file by its name: another session with that name is refused, and the refusal names the file. Its SHA-1 must match.

    Args:
        context: The upload.
        session: The session that a commit was sent for.
        sha1: SHA-1 of the whole file in hexadecimal digits.

    Raises:
        UploadCancelledError: The upload was cancelled meanwhile.
    """
    try:
        status = _session_status(context, session)
        if status == "open":
            return NotStored()
        found = _look_up(context, sha1)
    except UploadCancelledError as error:
        error.add_note(COMMIT_SENT)
        raise
    except CommitUnconfirmedError as error:
        return _unknown(context, sha1, str(error), error.__cause__)
    except ClientError as error:
        return _unknown(context, sha1, f"{COMMIT_SENT} Its outcome is unknown: {error}", error)
    if isinstance(found, models.File):
        return Stored(found)
    if status == "failed":
        return NotStored()
    text = f"the session is gone, and {found.text}: the commit had no effect, or the file was changed since"
    return _unknown(context, sha1, text, None)


def find_stored_file(context: UploadContext, sha1: str, failure: ClientError | None) -> Resolution:
    """Look for the file of a commit whose session has ended or cannot be used any more, or of a small file's request.

    Args:
        context: The upload.
        sha1: SHA-1 of the whole file in hexadecimal digits.
        failure: The error of the commit or the request; None if an earlier run sent it.

    Raises:
        UploadCancelledError: The upload was cancelled meanwhile.
    """
    try:
        found = _look_up(context, sha1)
    except UploadCancelledError:
        raise
    except ClientError as error:
        sent = COMMIT_SENT if needs_session(context.source.size) else FILE_SENT
        text = f"{sent} Its outcome is unknown: {error}"
        return _unknown(context, sha1, text if failure is None else f"{failure}. {text}", failure or error)
    return Stored(found) if isinstance(found, models.File) else NotStored(found.etag)


def stored_by_earlier_run(context: UploadContext, error: BaseException, sha1: Callable[[], str]) -> models.File | None:
    """Return the file that has the name already, if an earlier run of the same upload may have stored it; else None.

    That run may have been killed after its last step. Without a journal, no run continues another; and the name of a
    version is that of another file.

    Args:
        context: The upload.
        error: What it failed with.
        sha1: Returns the SHA-1 of its content.
    """
    if context.journal is None or context.source.is_sequential or context.target.file_id is not None:
        return None
    if not isinstance(error, ClientError) or not is_name_taken(error):
        return None
    return stored_under_name(error, context.target.file_name or "", sha1(), context.source.size)


def stored_under_name(error: ClientError, name: str, sha1: str, size: int) -> models.File | None:
    """Return the file that has the name already, if a refusal says that it and its content are ours; else None."""
    if not is_name_taken(error) or not isinstance(error, ConflictError):
        return None
    for item in conflicting_items(error):
        is_ours = is_same(item.get("sha1"), sha1) and not _is_in_other_case(item.get("name"), name)
        if is_ours and item.get("type", "file") == "file":
            fields: dict[str, object] = {"type": "file", "sha1": sha1, "size": size}
            fields |= {field: item[field] for field in ("id", "name", "etag", "sequence_id") if field in item}
            with suppress(msgspec.ValidationError):
                file: models.File = convert(fields, models.File)
                return file
    return None


def _unknown(context: UploadContext, sha1: str, text: str, cause: BaseException | None) -> Unknown:
    target = context.target
    if target.file_id is None:
        where, name = f"in folder {target.folder_id}", target.file_name
    else:
        where, name = f"among the versions of file {target.file_id}", target.file_name or "a version"
    text += f". Before uploading again, look {where} for {name} with the sha1 {sha1}"
    if context.journal is not None and context.journal.entry is not None:
        text += "; only if it is not there, delete the journal"
    error = CommitUnconfirmedError(
        text, folder_id=target.folder_id, file_id=target.file_id, file_name=target.file_name, sha1=sha1
    )
    error.__cause__ = cause
    return Unknown(error)


def _session_status(context: UploadContext, session: models.UploadSession) -> str:
    """Ask the server for the state of a session: open, failed or expired, or gone."""
    try:
        context.call_with_retry("confirm", lambda calls: calls.get_upload_session(session))
    except NotFoundError:
        return "gone"
    except GoneError:
        return "failed"
    return "open"


def _look_up(context: UploadContext, sha1: str) -> models.File | _Other:
    """Return the file where it would be stored, or what is there instead."""
    target = context.target
    if target.file_id is not None:
        return _look_up_version(context, target.file_id, sha1)
    file = _look_up_name(context, sha1)
    return file or _Other(f"folder {target.folder_id} has no {target.file_name} with the sha1 {sha1}")


def _look_up_version(context: UploadContext, file_id: str, sha1: str) -> models.File | _Other:
    file = context.call_with_retry("confirm", lambda calls: calls.get_file(file_id).parsed)
    if file.sha1 is msgspec.UNSET:
        raise CommitUnconfirmedError(f"the server reports no sha1 for file {file_id}")
    if not is_same(file.sha1, sha1):
        return _Other(f"file {file_id} has the sha1 {file.sha1}, not {sha1}", _etag_of(file))
    name = context.target.file_name
    if name not in {None, file.name}:
        return _Other(f"file {file_id} has the name {file.name}, not {name}", _etag_of(file))
    return file


def _etag_of(file: models.File) -> str | None:
    return file.etag if isinstance(file.etag, str) else None


def _look_up_name(context: UploadContext, sha1: str) -> models.File | None:
    name, budget = context.target.file_name or "", context.retry_budget("confirm")
    while True:
        try:
            _ask_for_name(context, budget)
        except ConflictError as error:
            file = stored_under_name(error, name, sha1, context.source.size)
            if file is not None or _is_by_others(error, name, sha1):
                return file
            read = _read_conflicting_file(context, error)
            if read is not None and read.sha1 is not msgspec.UNSET:
                return read if is_same(read.sha1, sha1) and not _is_in_other_case(read.name, name) else None
            # A conflict that cannot be read proves nothing: the file in the way may be ours.
            budget.wait(error)
        else:
            return None


def _ask_for_name(context: UploadContext, budget: RetryBudget) -> None:
    """Ask whether the name of a new file is free.

    Raises:
        ConflictError: It is not.
    """
    target = context.target
    if needs_session(context.source.size):
        session, _ = create_session(context, budget)
        if left := abort_session(context, session):
            context.unended_sessions.append(left)
        return
    parent = models.FolderReference(id=target.folder_id or "")
    context.call_with_retry("confirm", lambda calls: calls.check_upload(name=target.file_name or "", parent=parent))


def _read_conflicting_file(context: UploadContext, error: ConflictError) -> models.File | None:
    """Return the file in the way if the conflict names one; None if it does not, or the file is gone."""
    items = conflicting_items(error)
    if not is_name_taken(error) or len(items) != 1:
        return None
    file_id = items[0].get("id")
    if items[0].get("type", "file") != "file" or not isinstance(file_id, str) or not file_id.isdecimal():
        return None
    try:
        return context.call_with_retry("confirm", lambda calls: calls.get_file(file_id).parsed)
    except ApiError:
        # It may be gone by now, so the name is asked for once more.
        return None


def _is_by_others(error: ConflictError, name: str, sha1: str) -> bool:
    """Whether a conflict says of each item in the way that it is no file of this name and content."""
    items = conflicting_items(error)
    return is_name_taken(error) and bool(items) and all(_is_other(item, name, sha1) for item in items)


def _is_other(item: dict[str, Any], name: str, sha1: str) -> bool:
    kind = item.get("type", "file")
    if kind != "file":
        return isinstance(kind, str)
    return _sha1_of(item) not in {None, sha1} or _is_in_other_case(item.get("name"), name)


def _is_in_other_case(found: object, name: str) -> bool:
    """Whether this is another name that the server takes for the same: it ignores the case of letters, but keeps it."""
    return isinstance(found, str) and found != name and found.casefold() == name.casefold()


def _sha1_of(item: dict[str, Any]) -> str | None:
    """Return the SHA-1 of an item in lower case, or None if the server does not tell it in whole."""
    found = item.get("sha1")
    return found.lower() if isinstance(found, str) and _SHA1.fullmatch(found) else None
