"""Whether a file was stored by a commit whose answer nobody has seen."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Literal

import msgspec

from .. import models
from .._runtime.errors import ClientError, ConflictError, GoneError, NotFoundError
from . import session as sessions
from .errors import CommitUnconfirmedError, UploadAbortedError
from .verdict import is_name_taken

if TYPE_CHECKING:
    from .order import Order

__all__ = ["looked_up", "settled", "stored_already"]

_LAST_LOOK_S = 30.0
_SENT = "A commit had been sent, and may have been carried out."


def settled(order: Order, session: models.UploadSession, sha1: str) -> models.File | None:
    """Return the file that a commit has made whose answer is not known, or None if it has made none.

    Raises:
        CommitUnconfirmedError: It could not be found out.
        UploadAbortedError: The upload was cancelled meanwhile.
    """
    try:
        return _confirmed(order, session, sha1)
    except CommitUnconfirmedError:
        raise
    except UploadAbortedError as error:
        error.add_note(_SENT)
        raise
    except ClientError as error:
        raise CommitUnconfirmedError(f"{_SENT} What became of it could not be found out: {error}") from error


def _confirmed(order: Order, session: models.UploadSession, sha1: str) -> models.File | None:
    """Return the file that a commit has made whose answer is not known, or None if it has made none.

    As long as the session is open, nothing was made of it. After that, a version is found by the id of its file, and a
    new file by its name, which a new session for it is refused for. What is found there has to have the SHA-1.

    Args:
        order: What is uploaded.
        session: The session that a commit was sent for.
        sha1: SHA-1 of the whole file in hexadecimal digits.

    Raises:
        CommitUnconfirmedError: There is no such file, and the session does not say that it failed: either somebody has
            aborted it, or has moved or changed the file since.
    """
    state = _state(order, session)
    if state == "open":
        return None
    file, found = looked_up(order, sha1)
    if file is not None or state == "failed":
        return file
    text = f"the session is gone, and {found}: the commit had no effect, or the file was changed since"
    if order.journal is not None:
        text += "; to upload it again, delete the journal"
    raise CommitUnconfirmedError(text)


def _state(order: Order, session: models.UploadSession) -> Literal["open", "failed"] | None:
    """Return what the server says of a session: it goes on, it has expired or failed; or None if there is none."""
    try:
        order.ask("confirm", lambda: order.calls.get_upload_session(session), at_least_s=_LAST_LOOK_S)
    except NotFoundError:
        return None
    except GoneError:
        return "failed"
    return "open"


def looked_up(order: Order, sha1: str) -> tuple[models.File | None, str | None]:
    """Look for the file where it would be, and return it, or else None and what is there.

    Raises:
        ClientError: It could not be found out.
    """
    target = order.target
    if target.file_id is not None:
        return _by_id(order, target.file_id, sha1)
    return _by_name(order, sha1), f"folder {target.folder_id} has no {target.file_name} with the sha1 {sha1}"


def _by_id(order: Order, file_id: str, sha1: str) -> tuple[models.File | None, str | None]:
    """Return the file if it is ours, or else None and what it is."""
    file = order.ask("confirm", lambda: order.calls.get_file(file_id).parsed, at_least_s=_LAST_LOOK_S)
    if file.sha1 != sha1:
        return None, f"file {file_id} has the sha1 {file.sha1 or '(not told)'}, not {sha1}"
    name = order.target.file_name
    if name not in {None, file.name}:
        return None, f"file {file_id} has the name {file.name}, not {name}"
    return file, None


def _by_name(order: Order, sha1: str) -> models.File | None:
    try:
        found, _ = sessions.create(order, order.target, order.patience("confirm", at_least_s=_LAST_LOOK_S))
    except ConflictError as error:
        return stored_already(error, sha1, order.source.size)
    sessions.end(order, found)
    return None


def stored_already(error: ClientError, sha1: str, size: int) -> models.File | None:
    """Return the file whose name is in the way, if its content is ours; else None."""
    if not is_name_taken(error) or not isinstance(error, ConflictError):
        return None
    for item in error.conflicts:
        if item.get("sha1") == sha1 and item.get("type", "file") == "file":
            fields: dict[str, object] = {"type": "file", "sha1": sha1, "size": size}
            fields |= {name: item[name] for name in ("id", "name", "etag", "sequence_id") if name in item}
            with suppress(msgspec.ValidationError):
                return msgspec.convert(fields, models.File)
    return None
