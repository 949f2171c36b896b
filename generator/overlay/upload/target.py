"""Where a file goes: into a folder, or in place of a file's present version; and the session that takes it there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET

from .. import models
from .._runtime.errors import ClientError, ConflictError, InvalidArgumentError, TransportError
from .._runtime.shape import is_object
from .errors import UploadError
from .verdict import is_gone, is_name_taken, verdict_of

if TYPE_CHECKING:
    from ..client import RawClient
    from .patience import Patience

_CONNECTIONS = 4

__all__ = ["Target", "abort", "create", "stored_already", "target_of"]


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Where a file goes.

    Attributes:
        folder_id: Id of the folder, for a new file; for a version only to move it.
        file_id: Id of the file that gets a new version, or None for a new file.
        file_name: Name of the new file; for a version only to rename it.
    """

    folder_id: str | None
    file_id: str | None
    file_name: str | None


def target_of(folder_id: str | None, file_id: str | None, file_name: str | None, source_name: str) -> Target:
    """Return where a file goes, by the arguments of a caller.

    Raises:
        InvalidArgumentError: The arguments do not say it.
    """
    if folder_id is None and file_id is None:
        raise InvalidArgumentError("folder_id", "must be given for a new file, or file_id for a new version")
    if file_id is None and not file_name:
        file_name = source_name
        if not file_name:
            raise InvalidArgumentError("file_name", "must be given for a source that has no name")
    return Target(folder_id=folder_id, file_id=file_id, file_name=file_name)


def create(calls: RawClient, target: Target, size: int, patience: Patience) -> tuple[models.UploadSession, bool]:
    """Create a session, or take over the one that an attempt has created whose answer was lost.

    A repeated request is answered by 409 `session_conflict` with the session (seen in Box's own web uploader).

    Returns:
        The session, and whether it is new.

    Raises:
        ConflictError: A file has the name.
        DeadlineExceededError: No session could be created in time.
        ApiError: The server refuses.
    """
    while True:
        try:
            return _create(calls, target, size), True
        except ClientError as error:
            if (session := _existing(error)) is not None:
                return session, False
            # A server that cannot be reached is no reason to wait for long: nothing has begun yet.
            verdict = verdict_of(error)
            is_unreachable = isinstance(error, TransportError) and verdict == "refused"
            if verdict not in {"refused", "unknown"} or (is_unreachable and patience.attempts == _CONNECTIONS):
                raise
            patience.pause(error)


def _create(calls: RawClient, target: Target, size: int) -> models.UploadSession:
    if target.file_id is None:
        response = calls.create_upload_session(
            folder_id=target.folder_id or "", file_name=target.file_name or "", file_size=size
        )
    else:
        response = calls.create_version_upload_session(
            target.file_id,
            file_size=size,
            file_name=target.file_name or UNSET,
            folder_id=target.folder_id or UNSET,
        )
    return response.parsed


def _existing(error: ClientError) -> models.UploadSession | None:
    if not isinstance(error, ConflictError) or error.code != "session_conflict" or not is_object(error.context_info):
        return None
    try:
        return msgspec.convert(error.context_info.get("session"), models.UploadSession)
    except msgspec.ValidationError:
        return None


def stored_already(error: ClientError, sha1: str, size: int) -> models.File | None:
    """Return the file whose name is in the way, if its content is ours; else None."""
    if not is_name_taken(error) or not isinstance(error, ConflictError):
        return None
    for item in error.conflicts:
        if item.get("sha1") == sha1 and item.get("type", "file") == "file":
            fields: dict[str, object] = {"type": "file", "sha1": sha1, "size": size}
            fields |= {name: item[name] for name in ("id", "name", "etag", "sequence_id") if name in item}
            return msgspec.convert(fields, models.File)
    return None


def abort(calls: RawClient, session: models.UploadSession, patience: Patience) -> bool:
    """End a session and drop its parts; return whether it was still there.

    Raises:
        UploadError: The session could not be ended in time.
        ApiError: The server refuses.
    """
    while True:
        try:
            calls.abort_upload_session(session)
        except ClientError as error:
            if is_gone(error):
                return False
            if verdict_of(error) not in {"refused", "unknown"} or isinstance(error, UploadError):
                raise
            patience.pause(error)
        else:
            return True
