"""The kinds of faults."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal, get_args

from box_uploads_mock.errors import STATUS_OF_CODE
from box_uploads_mock.field_types import check_types
from box_uploads_mock.operation_names import (
    ABORT_UPLOAD_SESSION,
    COMMIT_UPLOAD_SESSION,
    CREATE_UPLOAD_SESSION,
    CREATE_VERSION_UPLOAD_SESSION,
    DOWNLOAD_CONTENT,
    DOWNLOAD_FILE,
    GET_CURRENT_USER,
    GET_FILE,
    GET_UPLOAD_SESSION,
    LIST_PARTS,
    LOG_UPLOAD_EVENT,
    OPERATIONS,
    REVOKE_TOKEN,
)

BodyKind = Literal["box", "html", "none"]
BODY_KINDS: Sequence[BodyKind] = get_args(BodyKind)
When = Literal["before", "during", "after"]
WHENS: Sequence[When] = get_args(When)

# Longer than any test waits, shorter than any test run: a stall must end even if it is never released.
MAX_STALL_S = 600

_CREATES = (CREATE_UPLOAD_SESSION, CREATE_VERSION_UPLOAD_SESSION)
_DOWNLOADS = (DOWNLOAD_FILE, DOWNLOAD_CONTENT)
_BODILESS_REQUESTS = (GET_UPLOAD_SESSION, LIST_PARTS, ABORT_UPLOAD_SESSION, GET_FILE, GET_CURRENT_USER, *_DOWNLOADS)
_BODILESS_RESPONSES = (ABORT_UPLOAD_SESSION, LOG_UPLOAD_EVENT, REVOKE_TOKEN, DOWNLOAD_FILE)

_CODE_OF_STATUS = {
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    410: "session_expired",
    411: "length_required",
    412: "precondition_failed",
    413: "request_entity_too_large",
    415: "unsupported_media_type",
    416: "range_overlaps_existing_part",
    429: "rate_limit_exceeded",
    500: "internal_server_error",
    502: "bad_gateway",
    503: "unavailable",
}


class Stage(Enum):
    """The point in the handling of a request at which a fault fires."""

    # Before any check.
    ARRIVAL = auto()
    # While the body is read.
    BODY = auto()
    # After the body was read.
    READ = auto()
    # After all checks have passed, instead of the operation.
    CHECKED = auto()
    # After the operation has succeeded, instead of its response.
    SUCCESS = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """The fields that all faults have.

    Attributes:
        operation: Name of the operation in which the fault fires.
        skip: How many calls of the operation succeed first.
        times: In how many calls the fault fires.

    Raises:
        ValueError: A field has an invalid value; the message names it.
    """

    operation: str
    skip: int = 0
    times: int = 1

    def __post_init__(self) -> None:
        check_types(self)
        _require_one_of("operation", self.operation, OPERATIONS)
        _require_from("skip", self.skip, 0)
        _require_from("times", self.times, 1)

    @property
    def stage(self) -> Stage:
        """When the fault fires."""
        return Stage.ARRIVAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure(Fault):
    """The call gets an error response.

    A `session_conflict` means that an earlier, equal request created the session but its response was lost. So the
    session is created, and the response contains it (observed in Box's own web uploader).

    Attributes:
        status: HTTP status, 400 to 599.
        code: Error code; empty for the code of the status, which is `error_code`.
        retry_after_s: Value of `Retry-After` in seconds, None to leave the header out.
        body: Box's JSON error, an HTML page as proxies send it, or no body.
        after_bytes: How many bytes of the request body are read first; None to fail before any check.
        carried_out: Whether the call takes effect nevertheless, as when a part is stored but the response is 500.
    """

    status: int
    code: str = ""
    retry_after_s: int | None = None
    body: BodyKind = "box"
    after_bytes: int | None = None
    carried_out: bool = False

    def __post_init__(self) -> None:
        Fault.__post_init__(self)
        if not 400 <= self.status <= 599:
            raise ValueError(f"status: {self.status} is not an error status; use 400 to 599")
        if self.retry_after_s is not None and self.retry_after_s < 0:
            raise ValueError(f"retry_after_s: {self.retry_after_s} is negative; use whole seconds from 0")
        _require_one_of("body", self.body, BODY_KINDS)
        if self.code and STATUS_OF_CODE.get(self.code, self.status) != self.status:
            raise ValueError(
                f"code: {self.code!r} belongs to status {STATUS_OF_CODE[self.code]}; use that status or another code"
            )
        if self.after_bytes is not None:
            if self.carried_out:
                raise ValueError("after_bytes: a call that is carried out is read to the end; leave out one of the two")
            _require_from("after_bytes", self.after_bytes, 0)
            _require_request_body(self.operation, "after_bytes")
        if self.code == "session_conflict" and self.operation not in _CREATES:
            raise ValueError(f"code: {self.operation} creates no session; use session_conflict with {_CREATES[0]}")

    @property
    def error_code(self) -> str:
        """The error code of the response."""
        if self.code:
            return self.code
        if self.status == 409 and self.operation in _CREATES:
            return "session_conflict"
        if self.status == 416 and self.operation in _DOWNLOADS:
            return "requested_range_not_satisfiable"
        return _CODE_OF_STATUS.get(self.status, "bad_request" if self.status < 500 else "internal_server_error")

    @property
    def stage(self) -> Stage:
        """When the fault fires."""
        if self.carried_out or self.error_code == "session_conflict":
            return Stage.SUCCESS
        return Stage.ARRIVAL if self.after_bytes is None else Stage.BODY


@dataclass(frozen=True, slots=True, kw_only=True)
class _TimedFault(Fault):
    """A fault that fires before, during or after the reading of the request body.

    Attributes:
        when: `before` any check, `during` the body, or `after` the body but before the call is carried out.
        after_bytes: With `during`, how many bytes of the body are read first.
    """

    when: When = "before"
    after_bytes: int = 0

    def __post_init__(self) -> None:
        Fault.__post_init__(self)
        _require_one_of("when", self.when, WHENS)
        _require_from("after_bytes", self.after_bytes, 0)
        if self.when == "during":
            _require_request_body(self.operation, "when")
        elif self.after_bytes:
            raise ValueError("after_bytes: only valid with when='during'; set that or leave it out")

    @property
    def stage(self) -> Stage:
        """When the fault fires."""
        return {"before": Stage.ARRIVAL, "during": Stage.BODY, "after": Stage.READ}[self.when]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset(_TimedFault):
    """The connection is reset, and the call is not carried out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall(_TimedFault):
    """The call waits until `Faults.release` is called or the limit is reached, then continues normally.

    Attributes:
        limit_s: The longest wait in seconds.
    """

    limit_s: float = 60

    def __post_init__(self) -> None:
        _TimedFault.__post_init__(self)
        if not 0 <= self.limit_s <= MAX_STALL_S:
            raise ValueError(f"limit_s: {self.limit_s} is out of bounds; use 0 to {MAX_STALL_S} seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowRead(Fault):
    """The request body is read slowly, until `Faults.release` is called.

    Attributes:
        bytes_per_read: How many bytes are read at once.
        pause_s: Seconds between two reads.
    """

    bytes_per_read: int
    pause_s: float

    def __post_init__(self) -> None:
        Fault.__post_init__(self)
        _require_from("bytes_per_read", self.bytes_per_read, 1)
        if not 0 <= self.pause_s <= MAX_STALL_S:
            raise ValueError(f"pause_s: {self.pause_s} is out of bounds; use 0 to {MAX_STALL_S} seconds")
        _require_request_body(self.operation, "operation")

    @property
    def stage(self) -> Stage:
        """When the fault fires."""
        return Stage.BODY


@dataclass(frozen=True, slots=True, kw_only=True)
class Truncation(Fault):
    """The call is carried out, but the response ends too early and the connection is closed.

    Attributes:
        sent_bytes: How many bytes of the response body are sent; `Content-Length` announces more.
    """

    sent_bytes: int = 1

    def __post_init__(self) -> None:
        Fault.__post_init__(self)
        _require_from("sent_bytes", self.sent_bytes, 0)
        if self.operation in _BODILESS_RESPONSES:
            raise ValueError(f"operation: the response of {self.operation} has no body; use LostResponse instead")

    @property
    def stage(self) -> Stage:
        """When the fault fires."""
        return Stage.SUCCESS


@dataclass(frozen=True, slots=True, kw_only=True)
class LostResponse(Fault):
    """The call is carried out, but the connection is reset before the response.

    If the call has created a session, equal requests get 409 `session_conflict` with that session until it ends
    (observed in Box's own web uploader).
    """

    @property
    def stage(self) -> Stage:
        """When the fault fires."""
        return Stage.SUCCESS


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted(Fault):
    """A commit that would succeed gets 202 with an empty body and is not carried out; a `download_file` likewise.

    Attributes:
        retry_after_s: Value of `Retry-After` in seconds.
    """

    operation: str = COMMIT_UPLOAD_SESSION
    retry_after_s: int = 0

    def __post_init__(self) -> None:
        Fault.__post_init__(self)
        _require_from("retry_after_s", self.retry_after_s, 0)
        _require_one_of_these(self.operation, COMMIT_UPLOAD_SESSION, DOWNLOAD_FILE)

    @property
    def stage(self) -> Stage:
        """When the fault fires."""
        return Stage.CHECKED


@dataclass(frozen=True, slots=True, kw_only=True)
class LatePartsMismatch(Fault):
    """A commit that would succeed gets 400 `parts_mismatch`, as when Box has not yet replicated the last part.

    Observed in rclone, which waits and tries again.
    """

    operation: str = COMMIT_UPLOAD_SESSION

    def __post_init__(self) -> None:
        Fault.__post_init__(self)
        _require_one_of_these(self.operation, COMMIT_UPLOAD_SESSION)

    @property
    def stage(self) -> Stage:
        """When the fault fires."""
        return Stage.CHECKED


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenExpiry(Fault):
    """The token of the call has expired on arrival, and stays expired.

    Attributes:
        new_token: A token that is accepted from then on, empty for none.
    """

    new_token: str = ""


KINDS: Mapping[str, type[Fault]] = {
    "failure": Failure,
    "reset": Reset,
    "stall": Stall,
    "slow_read": SlowRead,
    "truncation": Truncation,
    "lost_response": LostResponse,
    "accepted": Accepted,
    "late_parts_mismatch": LatePartsMismatch,
    "token_expiry": TokenExpiry,
}


def _require_from(name: str, value: int, least: int) -> None:
    if value < least:
        raise ValueError(f"{name}: {value} is too small; use a whole number from {least}")


def _require_one_of(name: str, value: str, known: Collection[str]) -> None:
    if value not in known:
        raise ValueError(f"{name}: {value!r} is unknown; use one of {', '.join(known)}")


def _require_request_body(operation: str, name: str) -> None:
    if operation in _BODILESS_REQUESTS:
        raise ValueError(f"{name}: a request of {operation} has no body; use another operation")


def _require_one_of_these(operation: str, *known: str) -> None:
    if operation not in known:
        raise ValueError(f"operation: this fault exists only for {' and '.join(known)}; leave it out")
