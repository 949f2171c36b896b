"""The session that takes a file to its place: created once, in spite of lost answers, and ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET

from .. import models
from .._runtime.conversion import convert
from .._runtime.errors import ClientError, ConflictError, TransportError
from .._runtime.shape import is_object
from .progress import SessionLeft
from .verdict import is_gone, verdict_of

if TYPE_CHECKING:
    from ..client import RawClient
    from .order import Order
    from .patience import Patience
    from .target import Target

__all__ = ["create", "end", "left_behind"]

_CONNECTIONS = 4
_SILENCES = 2


def create(order: Order, target: Target, patience: Patience) -> tuple[models.UploadSession, bool]:
    """Create a session, or take over the one that an attempt has created whose answer was lost.

    A repeated request is answered by 409 `session_conflict` with the session (seen in Box's own web uploader). So no
    session is left behind, with two exceptions: if the beginning of an answer arrives, and its rest does not, then the
    server takes it for told and creates another session; and an answer that cannot be understood names none. There is
    no call to find the first; it expires by itself, and is counted in the order.

    Returns:
        The session, and whether it is new.

    Raises:
        ConflictError: A file has the name.
        DeadlineExceededError: No session could be created in time.
        DecodeError: The server's answer cannot be understood; asked again, it would create another session.
        ApiError: The server refuses.
    """
    lost = unreachable = 0
    try:
        while True:
            lost_before, lost = lost, lost + 1
            try:
                session = _request(order.calls, order, target)
            except ClientError as error:
                if (existing := _existing(error)) is not None:
                    # One of the answers that were lost has named it.
                    order.lost_creates += max(0, lost_before - 1)
                    return existing, False
                verdict = verdict_of(error)
                lost = lost_before + (verdict in {"unknown", "unreadable"})
                unreachable += isinstance(error, TransportError) and verdict == "refused"
                # A server that cannot be reached is no reason to wait for long: there is nothing to lose yet.
                if unreachable == _CONNECTIONS or verdict not in {"refused", "unknown"}:
                    raise
                patience.pause(error)
            else:
                order.lost_creates += lost_before
                return session, True
    except BaseException as error:
        if lost:
            _withdraw(order, target, error, lost)
        raise


def left_behind(order: Order) -> SessionLeft | None:
    """Return what is to be told of sessions that may go on and that nothing else tells of; None if there are none."""
    reasons, lost = list(order.not_ended), order.lost_creates
    if lost == 1:
        reasons.insert(0, "A session may have been created, which goes on until it expires.")
    elif lost:
        reasons.insert(0, f"Up to {lost} sessions may have been created, each of which goes on until it expires.")
    return SessionLeft(lost + len(order.not_ended), " ".join(reasons)) if reasons else None


def end(order: Order, session: models.UploadSession) -> str | None:
    """End a session and drop its parts, as well as it can be done; return what to tell if it goes on."""
    try:
        _abort(order, session, order.farewell_patience())
    except Exception as failure:  # noqa: BLE001  # also that of a token provider; there is something else to tell first
        return f"The session could not be aborted, and goes on until it expires: {failure!r}"
    return None


def _abort(order: Order, session: models.UploadSession, patience: Patience) -> None:
    silences = 0
    while True:
        try:
            order.farewell.abort_upload_session(session)
        except ClientError as error:
            if is_gone(error) or _is_unreadable(error):
                return
            silences += isinstance(error, TransportError) and error.kind.endswith("Timeout")
            if silences == _SILENCES or verdict_of(error) not in {"refused", "unknown"}:
                raise
            patience.pause(error)
        else:
            return


def _request(calls: RawClient, order: Order, target: Target) -> models.UploadSession:
    size = order.source.size
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


def _is_unreadable(error: BaseException) -> bool:
    return isinstance(error, ClientError) and verdict_of(error) == "unreadable"


def _existing(error: Exception) -> models.UploadSession | None:
    if not isinstance(error, ConflictError) or error.code != "session_conflict" or not is_object(error.context_info):
        return None
    try:
        session: models.UploadSession = convert(error.context_info.get("session"), models.UploadSession)
    except msgspec.ValidationError:
        return None
    return session


def _withdraw(order: Order, target: Target, error: BaseException, lost: int) -> None:
    """End the session that an attempt may have created: asked once more, the server names it, or creates another."""
    order.lost_creates += lost
    if _is_unreadable(error):
        return
    try:
        session = _request(order.farewell, order, target)
    except Exception as failure:  # noqa: BLE001  # such as that of a token provider; the first error is the one to tell
        found = _existing(failure)
        if found is None:
            # This answer was lost as well.
            order.lost_creates += isinstance(failure, ClientError) and verdict_of(failure) in {"unknown", "unreadable"}
            return
        session = found
        order.lost_creates -= 1
    # Else it is another one, for which the first was no conflict; that may come into being even now.
    if left := end(order, session):
        order.not_ended.append(left)
