"""What the failure of a call means for what comes next: a pure decision."""

from __future__ import annotations

from typing import Literal, TypeAlias

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

__all__ = ["Verdict", "is_gone", "is_late_mismatch", "is_name_taken", "verdict_of"]

Verdict: TypeAlias = Literal["refused", "unknown", "unreadable", "overlap", "corrupt", "gone", "final"]
"""`refused`: nothing has happened, try again. `unknown`: it may have happened, find out first. `unreadable`: it
has happened, says the status, and its answer cannot be read; so would the next one be. `overlap`: the server says that
it did happen. `corrupt`: the bytes did not arrive as they were sent. `gone`: the session has ended. `final`:
trying again does not help."""

_NOT_SENT = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout"})
_HOPELESS = frozenset({"UnsupportedProtocol", "LocalProtocolError", "ProxyError"})
_DIGEST_CODES = frozenset({"bad_digest", "digest_mismatch"})


def verdict_of(error: ClientError) -> Verdict:  # noqa: C901, PLR0911  # a table
    """Return what the failure of a call means."""
    match error:
        case DecodeError() | ResponseTooLargeError():
            return "unreadable"
        case ApiError(status=status) if 200 <= status <= 299:
            # A success that the contract does not know.
            return "unreadable"
        case TransportError(kind=kind):
            if kind in _HOPELESS:
                return "final"
            return "refused" if kind in _NOT_SENT else "unknown"
        case ServerError() | ApiError(status=408):
            # Of a 500, box-java-sdk pull request 781 tells that the part was stored nevertheless.
            return "unknown"
        case RateLimitedError() | ConflictError(code=("operation_blocked_temporary" | "name_temporarily_reserved")):
            return "refused"
        case NotFoundError() | GoneError():
            return "gone"
        case RangeNotSatisfiableError() | ConflictError(operation="upload_part"):
            # 416 is what was seen (rclone issue 2054); the API's documentation says 409.
            return "overlap"
        case PreconditionFailedError(operation="upload_part"):
            return "corrupt"
        case BadRequestError(code=code) if code in _DIGEST_CODES:
            return "corrupt"
        case _:
            return "final"


def is_gone(error: ClientError) -> bool:
    """Whether the session is unknown to the server, has expired or failed."""
    return isinstance(error, (NotFoundError, GoneError))


def is_late_mismatch(error: ClientError) -> bool:
    """Whether a commit came before all of Box had seen the last part; it heals by waiting (rclone issue 97)."""
    return isinstance(error, BadRequestError) and error.code == "parts_mismatch"


def is_name_taken(error: ClientError) -> bool:
    """Whether a file in the folder has the name."""
    return isinstance(error, ConflictError) and error.code == "item_name_in_use"
