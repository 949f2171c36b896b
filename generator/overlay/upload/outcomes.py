"""Decide what the failure of a call means for the next step."""

from __future__ import annotations

import enum

from .._runtime.errors import (
    ApiError,
    BadRequestError,
    ClientError,
    ConflictError,
    DecodeError,
    GoneError,
    NotFoundError,
    PreconditionFailedError,
    RangeNotSatisfiableError,
    RateLimitedError,
    ResponseTooLargeError,
    ServerError,
    TransportError,
)

__all__ = ["Outcome", "classify_error", "is_late_mismatch", "is_name_taken", "is_retryable", "is_session_gone"]

_DIGEST_CODES = frozenset({"bad_digest", "digest_mismatch"})


class Outcome(enum.Enum):
    """What a failed call may have done, and whether another attempt helps."""

    NOT_APPLIED = enum.auto()
    """The call had no effect: retry."""
    AMBIGUOUS = enum.auto()
    """The effect is unknown: find out before retrying."""
    UNREADABLE = enum.auto()
    """The call took effect, but its response cannot be read; repeating the call would not help."""
    OVERLAP = enum.auto()
    """The server says that the part is stored already."""
    CORRUPT = enum.auto()
    """The bytes did not arrive as they were sent."""
    SESSION_GONE = enum.auto()
    """The session has ended."""
    FATAL = enum.auto()
    """Trying again does not help."""


def classify_error(error: ClientError) -> Outcome:  # noqa: C901, PLR0911  # a table
    """Return what the failure of a call means."""
    match error:
        case DecodeError() | ResponseTooLargeError():
            return Outcome.UNREADABLE
        case ApiError(status=status) if 200 <= status <= 299:
            # A success that the spec does not know.
            return Outcome.UNREADABLE
        case TransportError(sent=False, is_transient=is_transient):
            return Outcome.NOT_APPLIED if is_transient else Outcome.FATAL
        case TransportError() | ServerError() | ApiError(status=408):
            # A 500 may follow a part that was stored (box-java-sdk pull request 781).
            return Outcome.AMBIGUOUS
        case _ if getattr(error, "is_transient", False):
            # A sign-in that is out of order: there is no token at the moment, so nothing was sent.
            return Outcome.NOT_APPLIED
        case RateLimitedError() | ConflictError(code=("operation_blocked_temporary" | "name_temporarily_reserved")):
            return Outcome.NOT_APPLIED
        case NotFoundError() | GoneError():
            return Outcome.SESSION_GONE
        case RangeNotSatisfiableError() | ConflictError(operation="upload_part"):
            # 416 is what was seen (rclone issue 2054); the API's documentation says 409.
            return Outcome.OVERLAP
        case PreconditionFailedError(operation="upload_part"):
            return Outcome.CORRUPT
        case BadRequestError(code=code) if code in _DIGEST_CODES:
            return Outcome.CORRUPT
        case _:
            return Outcome.FATAL


def is_retryable(error: ClientError) -> bool:
    """Whether a call that changes nothing is worth repeating after this failure."""
    return classify_error(error) in {Outcome.NOT_APPLIED, Outcome.AMBIGUOUS}


def is_session_gone(error: ClientError) -> bool:
    """Whether the session is unknown to the server, has expired or has failed."""
    return isinstance(error, (NotFoundError, GoneError))


def is_late_mismatch(error: ClientError) -> bool:
    """Whether a commit came before all of Box had seen the last part; waiting heals it (rclone issue 97)."""
    return isinstance(error, BadRequestError) and error.code == "parts_mismatch"


def is_name_taken(error: ClientError) -> bool:
    """Whether an item in the folder has the name already."""
    return isinstance(error, ConflictError) and error.code == "item_name_in_use"
