"""Create a session, once even if responses are lost, and abort it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET

from .. import models
from .._runtime.conversion import convert
from .._runtime.errors import ClientError, ConflictError, TransportError
from .._runtime.json_types import is_object
from .events import SessionLeft
from .outcomes import Outcome, classify_error, is_retryable, is_session_gone

if TYPE_CHECKING:
    from ..client import RawClient
    from .context import UploadContext
    from .retry import RetryBudget

__all__ = ["abort_session", "create_session", "sessions_left"]

_CONNECTIONS = 4
_SILENCES = 2
_MAY_HAVE_CREATED = frozenset({Outcome.AMBIGUOUS, Outcome.UNREADABLE})


def create_session(context: UploadContext, budget: RetryBudget) -> tuple[models.UploadSession, bool]:
    """Create a session, or take over the one that an attempt with a lost response created.

    A repeated request is answered by 409 `session_conflict` with the session (seen in Box's own web uploader). So no
    session is left behind, with two exceptions. If the response is cut off after its beginning, the server takes it for
    received and creates another session; and a response that cannot be understood names none. There is no call to find
    the first; it expires by itself, and is counted in the context.

    Returns:
        The session, and whether it is new.

    Raises:
        ConflictError: A file has the name.
        DeadlineExceededError: No session could be created in time.
        DecodeError: The response cannot be understood; another request would create another session.
        ApiError: The server refuses.
    """
    calls = context.client.calls_within(budget)
    lost = unreachable = 0
    try:
        while True:
            lost_before, lost = lost, lost + 1
            try:
                session = _request_session(calls, context)
            except ClientError as error:
                if (existing := _existing_session(error)) is not None:
                    # One of the lost responses has named it.
                    context.lost_creates += max(0, lost_before - 1)
                    return existing, False
                lost = lost_before + (classify_error(error) in _MAY_HAVE_CREATED)
                unreachable += isinstance(error, TransportError) and error.sent is False
                # Nothing is lost yet, so a server that cannot be reached is not waited for long.
                if unreachable == _CONNECTIONS or not is_retryable(error):
                    raise
                budget.wait(error)
            else:
                context.lost_creates += lost_before
                return session, True
    except BaseException as error:
        if lost:
            _withdraw(context, error, lost)
        raise


def abort_session(context: UploadContext, session: models.UploadSession) -> str | None:
    """Abort a session, which drops its parts; return what to report if it could not be aborted, else None."""
    budget, timeouts = context.cleanup_budget(), 0
    calls = context.client.cleanup_calls_within(budget)
    try:
        while True:
            try:
                calls.abort_upload_session(session)
            except ClientError as error:
                if is_session_gone(error) or classify_error(error) is Outcome.UNREADABLE:
                    return None
                timeouts += isinstance(error, TransportError) and error.kind.endswith("Timeout")
                if timeouts == _SILENCES or not is_retryable(error):
                    raise
                budget.wait(error)
            else:
                return None
    except Exception as error:  # noqa: BLE001  # also that of a token provider; another error is reported first
        return f"The session could not be aborted, and stays open until it expires: {error!r}"


def sessions_left(context: UploadContext) -> SessionLeft | None:
    """Return the event about sessions that may be open and that nothing else reports, or None if there are none."""
    reasons, lost = list(context.unended_sessions), context.lost_creates
    if lost == 1:
        reasons.insert(0, "An unused session may stay open at Box until it expires.")
    elif lost:
        reasons.insert(0, f"Up to {lost} unused sessions may stay open at Box until they expire.")
    return SessionLeft(lost + len(context.unended_sessions), " ".join(reasons)) if reasons else None


def _request_session(calls: RawClient, context: UploadContext) -> models.UploadSession:
    target, size = context.target, context.source.size
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


def _existing_session(error: Exception) -> models.UploadSession | None:
    """Return the session that a 409 names as the one that exists already, or None."""
    if not isinstance(error, ConflictError) or error.code != "session_conflict" or not is_object(error.context_info):
        return None
    try:
        session: models.UploadSession = convert(error.context_info.get("session"), models.UploadSession)
    except msgspec.ValidationError:
        return None
    return session


def _withdraw(context: UploadContext, error: BaseException, lost: int) -> None:
    """Abort the session that an attempt may have created: a repeated request names it, or creates another one."""
    context.lost_creates += lost
    if isinstance(error, ClientError) and classify_error(error) is Outcome.UNREADABLE:
        return
    try:
        session = _request_session(context.client.cleanup_calls_within(context.cleanup_budget()), context)
    except Exception as failure:  # noqa: BLE001  # such as that of a token provider; the first error is reported
        existing = _existing_session(failure)
        if existing is None:
            # This response was lost as well.
            context.lost_creates += isinstance(failure, ClientError) and classify_error(failure) in _MAY_HAVE_CREATED
            return
        session = existing
        context.lost_creates -= 1
    # No conflict: this session is new, and the lost request may still create another one.
    if left := abort_session(context, session):
        context.unended_sessions.append(left)
