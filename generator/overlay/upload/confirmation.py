"""Whether a file was stored by a commit whose answer nobody has seen."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

import msgspec

from .. import models
from .._runtime.errors import ClientError, ConflictError, NotFoundError
from . import session as sessions
from .errors import CommitUnconfirmedError, UploadAbortedError
from .verdict import is_name_taken, verdict_of

if TYPE_CHECKING:
    from .order import Order

__all__ = ["settled", "stored_already"]

_SKEW = dt.timedelta(hours=1)
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

    A new file is found by its name, which a new session for it is refused for. So is a version whose name and
    folder are known. Of other versions there is no such proof; but before its expiry, only a commit makes a session
    unknown that nobody aborts, and a commit only succeeds with the right SHA-1. A session that has expired or failed
    is said to have done so (410).

    Args:
        order: What is uploaded.
        session: The session that a commit was sent for.
        sha1: SHA-1 of the whole file in hexadecimal digits.

    Raises:
        CommitUnconfirmedError: The session may have ended by its expiry as well, so nothing can be concluded.
    """
    target, size = order.target, order.source.size
    state = _state(order, session)
    if state == "open":
        return None
    if target.folder_id is not None and target.file_name is not None:
        probe = msgspec.structs.replace(target, file_id=None)
        try:
            found, _ = sessions.create(order, probe, order.patience("confirm", at_least_s=_LAST_LOOK_S))
        except ConflictError as error:
            file = stored_already(error, sha1, size)
            # A version whose name another file has was not made.
            return file if file is not None and target.file_id in {None, file.id} else None
        sessions.end(order, found)
        return None
    if state == "ended":
        return None
    if order.options.pace.now() < session.session_expires_at - _SKEW:
        return models.File(type="file", id=target.file_id or "", size=size, sha1=sha1)
    text = f"the session ended after a commit was sent; compare the sha1 of file {target.file_id} with {sha1}"
    if order.journal is not None:
        text += ", and if it is another one, delete the journal to upload it again"
    raise CommitUnconfirmedError(text)


def _state(order: Order, session: models.UploadSession) -> Literal["open", "ended", "unknown"]:
    """Return what the server says of a session: it goes on, it has expired or failed, or there is none.

    Raises:
        DeadlineExceededError: The server did not say it in time.
        ApiError: The server refuses to say it.
    """
    patience = order.patience("confirm", at_least_s=_LAST_LOOK_S)
    while True:
        try:
            with order.stop.listening(order.break_off):
                order.calls.get_upload_session(session)
        except ClientError as error:
            match verdict_of(error):
                case "gone":
                    return "unknown" if isinstance(error, NotFoundError) else "ended"
                case "refused" | "unknown":
                    patience.pause(error)
                case _:
                    raise
        else:
            return "open"


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
