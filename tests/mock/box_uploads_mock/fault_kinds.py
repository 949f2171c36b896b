"""The kinds of faults, as data."""

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
    GET_FILE,
    GET_UPLOAD_SESSION,
    LIST_PARTS,
    LOG_UPLOAD_EVENT,
    OPERATIONS,
)

BodyKind = Literal["box", "html", "none"]
BODY_KINDS: Sequence[BodyKind] = get_args(BodyKind)
When = Literal["before", "during", "after"]
WHENS: Sequence[When] = get_args(When)

# More than any test waits, less than any test run: a stall that nobody releases must end.
MAX_STALL_S = 600

_CREATES = (CREATE_UPLOAD_SESSION, CREATE_VERSION_UPLOAD_SESSION)
_BODILESS_REQUESTS = (GET_UPLOAD_SESSION, LIST_PARTS, ABORT_UPLOAD_SESSION, GET_FILE)
_BODILESS_RESPONSES = (ABORT_UPLOAD_SESSION, LOG_UPLOAD_EVENT)

_CODE_OF_STATUS = {
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
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
    """When in the handling of a request a fault strikes."""

    # Before anything is looked at.
    ARRIVAL = auto()
    # While the body is read.
    BODY = auto()
    # After the body was read.
    READ = auto()
    # When the request is found good, instead of carrying it out.
    CHECKED = auto()
    # When the request was carried out, instead of saying so.
    SUCCESS = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What all faults have in common.

    Attributes:
        operation: Name of the operation that it strikes.
        skip: How many calls of the operation go by first.
        times: How many calls it strikes.

    Raises:
        ValueError: A field has an impossible value; the message names it.
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
        """When the fault strikes."""
        return Stage.ARRIVAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure(Fault):
    """The call gets this error instead of its own answer.

    A `session_conflict` is special: it stands for a request whose earlier, equal twin created the session and
    lost its answer. So the session is created, and the answer names it (seen in Box's own web uploader).

    Attributes:
        status: HTTP status, 400 to 599.
        code: Error code; empty for the one that belongs to the status, which is `error_code`.
        retry_after_s: Value of `Retry-After` in seconds, None to leave the header out.
        body: An error of Box, a page of HTML as proxies send it, or none.
        after_bytes: How many bytes of the request body are read first; None to strike before anything is looked at.
        carried_out: Whether the call takes effect all the same, as when a part is stored but answered with 500.
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
            raise ValueError(f"status: {self.status} is no error; use 400 to 599")
        if self.retry_after_s is not None and self.retry_after_s < 0:
            raise ValueError(f"retry_after_s: {self.retry_after_s} is negative; use whole seconds from 0")
        _require_one_of("body", self.body, BODY_KINDS)
        if self.code and STATUS_OF_CODE.get(self.code, self.status) != self.status:
            raise ValueError(
                f"code: {self.code!r} belongs to status {STATUS_OF_CODE[self.code]}; leave one of them out"
            )
        if self.after_bytes is not None:
            if self.carried_out:
                raise ValueError("after_bytes: a call that is carried out is read to its end; leave one of them out")
            _require_from("after_bytes", self.after_bytes, 0)
            _require_request_body(self.operation, "after_bytes")
        if self.code == "session_conflict" and self.operation not in _CREATES:
            raise ValueError(f"code: a call of {self.operation} creates no session; leave it out")

    @property
    def error_code(self) -> str:
        """The error code of the answer."""
        if self.code:
            return self.code
        if self.status == 409 and self.operation in _CREATES:
            return "session_conflict"
        return _CODE_OF_STATUS.get(self.status, "bad_request" if self.status < 500 else "internal_server_error")

    @property
    def stage(self) -> Stage:
        """When the fault strikes."""
        if self.carried_out or self.error_code == "session_conflict":
            return Stage.SUCCESS
        return Stage.ARRIVAL if self.after_bytes is None else Stage.BODY


@dataclass(frozen=True, slots=True, kw_only=True)
class _TimedFault(Fault):
    """A fault that strikes before, during or after the reading of the request body.

    Attributes:
        when: `before` anything is looked at, `during` the body, or `after` it, before the call is carried out.
        after_bytes: How many bytes of the body are read first, if `during`.
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
            raise ValueError("after_bytes: only counts during the body; leave it out, or use when='during'")

    @property
    def stage(self) -> Stage:
        """When the fault strikes."""
        return {"before": Stage.ARRIVAL, "during": Stage.BODY, "after": Stage.READ}[self.when]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset(_TimedFault):
    """The connection is reset, and the call is not carried out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stall(_TimedFault):
    """Nothing happens until `Faults.release` is called, or for a bounded time; then the call goes on as usual.

    Attributes:
        limit_s: The longest time in seconds.
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
        bytes_per_read: How many bytes are taken at once.
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
        """When the fault strikes."""
        return Stage.BODY


@dataclass(frozen=True, slots=True, kw_only=True)
class Truncation(Fault):
    """The call is carried out, but its answer ends too early and the connection is closed.

    Attributes:
        sent_bytes: How many bytes of the answer's body are sent; `Content-Length` promises more.
    """

    sent_bytes: int = 1

    def __post_init__(self) -> None:
        Fault.__post_init__(self)
        _require_from("sent_bytes", self.sent_bytes, 0)
        if self.operation in _BODILESS_RESPONSES:
            raise ValueError(f"operation: the answer of {self.operation} has no body; use a lost answer instead")

    @property
    def stage(self) -> Stage:
        """When the fault strikes."""
        return Stage.SUCCESS


@dataclass(frozen=True, slots=True, kw_only=True)
class LostResponse(Fault):
    """The call is carried out, but the connection is reset instead of an answer.

    If it was to create a session, equal requests get 409 `session_conflict`, which names the session, until that ends
    (seen in Box's own web uploader).
    """

    @property
    def stage(self) -> Stage:
        """When the fault strikes."""
        return Stage.SUCCESS


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted(Fault):
    """A commit that would succeed is answered with 202 and an empty body, and not carried out.

    Attributes:
        retry_after_s: Value of `Retry-After` in seconds.
    """

    operation: str = COMMIT_UPLOAD_SESSION
    retry_after_s: int = 0

    def __post_init__(self) -> None:
        Fault.__post_init__(self)
        _require_from("retry_after_s", self.retry_after_s, 0)
        _require_commit(self.operation)

    @property
    def stage(self) -> Stage:
        """When the fault strikes."""
        return Stage.CHECKED


@dataclass(frozen=True, slots=True, kw_only=True)
class LatePartsMismatch(Fault):
    """A commit that would succeed is answered with 400 `parts_mismatch`: not all of Box has seen the last part yet.

    Seen in rclone, which treats it as a reason to wait.
    """

    operation: str = COMMIT_UPLOAD_SESSION

    def __post_init__(self) -> None:
        Fault.__post_init__(self)
        _require_commit(self.operation)

    @property
    def stage(self) -> Stage:
        """When the fault strikes."""
        return Stage.CHECKED


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenExpiry(Fault):
    """The token of the call has expired when it arrives, and stays so.

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
        raise ValueError(f"{name}: a request of {operation} has no body")


def _require_commit(operation: str) -> None:
    if operation != COMMIT_UPLOAD_SESSION:
        raise ValueError(f"operation: only {COMMIT_UPLOAD_SESSION} is answered so; leave it out")
