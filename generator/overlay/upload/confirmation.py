"""Whether a file was stored by a commit whose answer nobody has seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from .. import models
from .._runtime.errors import ClientError, ConflictError
from . import session as sessions
from .commit import is_open
from .errors import CommitUnconfirmedError
from .verdict import is_name_taken

if TYPE_CHECKING:
    from .order import Order

__all__ = ["confirmed", "stored_already"]


def confirmed(order: Order, session: models.UploadSession, sha1: str) -> models.File | None:
    """Return the file that a commit has made whose answer is not known, or None if it has made none.

    A new file is found by its name, which a new session for it is refused for. So is a version whose name and
    folder are known. Of other versions there is no such proof: but before its expiry, only a commit ends a
    session that nobody aborts, and a commit only succeeds with the right SHA-1.

    Raises:
        CommitUnconfirmedError: The session has expired meanwhile, so nothing can be concluded.
    """
    target, size = order.target, order.source.size
    if target.folder_id is not None and target.file_name is not None:
        probe = msgspec.structs.replace(target, file_id=None)
        try:
            found, _ = sessions.create(order, probe, order.patience("confirm"))
        except ConflictError as error:
            return stored_already(error, sha1, size)
        sessions.end(order, found)
        return None
    if is_open(order.calls, session, order.patience("confirm")):
        return None
    if order.options.pace.now() < session.session_expires_at:
        return models.File(type="file", id=target.file_id or "", size=size, sha1=sha1)
    raise CommitUnconfirmedError(
        f"the session ended after a commit was sent; compare the sha1 of file {target.file_id} with {sha1}"
    )


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
