"""Whether a file was stored by a commit whose answer nobody has seen."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from .. import models
from .._runtime.conversion import convert
from .._runtime.errors import ApiError, ClientError, ConflictError, GoneError, NotFoundError
from . import session as sessions
from .digest import is_same
from .errors import CommitUnconfirmedError, UploadAbortedError
from .verdict import is_name_taken

if TYPE_CHECKING:
    from .order import Order

__all__ = ["looked_up", "settled", "stored_already", "unconfirmed"]

_SHA1 = re.compile("[0-9a-fA-F]{40}")
_SENT = "A commit had been sent, and may have been carried out."


def settled(order: Order, session: models.UploadSession, sha1: str) -> models.File | None:
    """Return the file that a commit has made whose answer is not known, or None if it has made none.

    Raises:
        CommitUnconfirmedError: It could not be found out.
        UploadAbortedError: The upload was cancelled meanwhile.
    """
    try:
        return _confirmed(order, session, sha1)
    except CommitUnconfirmedError as error:
        raise unconfirmed(order, str(error), sha1) from error.__cause__
    except UploadAbortedError as error:
        error.add_note(_SENT)
        raise
    except ClientError as error:
        text = f"{_SENT} What became of it could not be found out: {error}"
        raise unconfirmed(order, text, sha1) from error


def unconfirmed(order: Order, text: str, sha1: str) -> CommitUnconfirmedError:
    """Return the error for a commit whose outcome is unknown, with what to compare and to do next."""
    target = order.target
    return CommitUnconfirmedError(
        f"{text}. {_advice(order, sha1)}",
        folder_id=target.folder_id,
        file_id=target.file_id,
        file_name=target.file_name,
        sha1=sha1,
    )


def _advice(order: Order, sha1: str) -> str:
    target = order.target
    if target.file_id is None:
        where, name = f"in folder {target.folder_id}", target.file_name
    else:
        where, name = f"among the versions of file {target.file_id}", target.file_name or "a version"
    text = f"Before uploading again, look {where} for {name} with the sha1 {sha1}"
    is_remembered = order.journal is not None and order.journal.entry is not None
    return text if not is_remembered else f"{text}; only if it is not there, delete the journal"


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
    raise CommitUnconfirmedError(
        f"the session is gone, and {found}: the commit had no effect, or the file was changed since"
    )


def _state(order: Order, session: models.UploadSession) -> Literal["open", "failed"] | None:
    """Return what the server says of a session: it goes on, it has expired or failed; or None if there is none."""
    try:
        order.ask("confirm", lambda: order.calls.get_upload_session(session))
    except NotFoundError:
        return None
    except GoneError:
        return "failed"
    return "open"


def looked_up(order: Order, sha1: str) -> tuple[models.File | None, str | None]:
    """Look for the file where it would be, and return it, or else None and what is there.

    Raises:
        CommitUnconfirmedError: The server does not tell what the file contains.
        ClientError: It could not be found out.
    """
    target = order.target
    if target.file_id is not None:
        return _by_id(order, target.file_id, sha1)
    return _by_name(order, sha1), f"folder {target.folder_id} has no {target.file_name} with the sha1 {sha1}"


def _by_id(order: Order, file_id: str, sha1: str) -> tuple[models.File | None, str | None]:
    """Return the file if it is ours, or else None and what it is."""
    file = order.ask("confirm", lambda: order.calls.get_file(file_id).parsed)
    if file.sha1 is msgspec.UNSET:
        raise CommitUnconfirmedError(f"the server does not tell the sha1 of file {file_id}")
    if not is_same(file.sha1, sha1):
        return None, f"file {file_id} has the sha1 {file.sha1}, not {sha1}"
    name = order.target.file_name
    if name not in {None, file.name}:
        return None, f"file {file_id} has the name {file.name}, not {name}"
    return file, None


def _by_name(order: Order, sha1: str) -> models.File | None:
    patience = order.patience("confirm")
    while True:
        try:
            found, _ = sessions.create(order, order.target, patience)
        except ConflictError as error:
            file = stored_already(error, sha1, order.source.size)
            if file is not None or _is_of_others(error, sha1):
                return file
            read = _read(order, error)
            if read is not None and read.sha1 is not msgspec.UNSET:
                return read if is_same(read.sha1, sha1) else None
            # One that cannot be read proves nothing: the file in the way may be ours.
            patience.pause(error)
        else:
            if left := sessions.end(order, found):
                order.not_ended.append(left)
            return None


def _read(order: Order, error: ConflictError) -> models.File | None:
    """Return the file in the way if the conflict names it and tells nothing of its content; None if it says less."""
    if not is_name_taken(error) or len(error.conflicts) != 1:
        return None
    (item,) = error.conflicts
    file_id = item.get("id")
    if item.get("type", "file") != "file" or not isinstance(file_id, str) or not file_id.isdecimal():
        return None
    try:
        return order.ask("confirm", lambda: order.calls.get_file(file_id).parsed)
    except ApiError:
        # It may be gone by now, so the name is asked for once more.
        return None


def _is_of_others(error: ConflictError, sha1: str) -> bool:
    """Return whether a conflict says of each item in the way that it is no file of this content."""
    return is_name_taken(error) and bool(error.conflicts) and all(_is_other(item, sha1) for item in error.conflicts)


def _is_other(item: dict[str, Any], sha1: str) -> bool:
    kind = item.get("type", "file")
    return isinstance(kind, str) if kind != "file" else _digest_of(item) not in {None, sha1}


def _digest_of(item: dict[str, Any]) -> str | None:
    """Return the SHA-1 that an item has, in lower case, or None if it is not told in whole."""
    found = item.get("sha1")
    return found.lower() if isinstance(found, str) and _SHA1.fullmatch(found) else None


def stored_already(error: ClientError, sha1: str, size: int) -> models.File | None:
    """Return the file whose name is in the way, if its content is ours; else None."""
    if not is_name_taken(error) or not isinstance(error, ConflictError):
        return None
    for item in error.conflicts:
        if is_same(item.get("sha1"), sha1) and item.get("type", "file") == "file":
            fields: dict[str, object] = {"type": "file", "sha1": sha1, "size": size}
            fields |= {name: item[name] for name in ("id", "name", "etag", "sequence_id") if name in item}
            with suppress(msgspec.ValidationError):
                file: models.File = convert(fields, models.File)
                return file
    return None
