"""Faults on demand: rate limits and one-shot failures, with an account of those that have not happened yet."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from box_uploads_mock.errors import STATUS_OF_CODE

BodyKind = Literal["box", "html", "none"]
BODY_KINDS: Sequence[BodyKind] = ("box", "html", "none")

_CODE_OF_STATUS = {
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    409: "session_conflict",
    429: "rate_limit_exceeded",
    500: "internal_server_error",
    502: "bad_gateway",
    503: "unavailable",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """The next requests, of whatever operation, are answered with 429 and `Retry-After`."""

    retry_after_s: int
    requests: int = 1

    def __post_init__(self) -> None:
        for name, value in (("retry_after_s", self.retry_after_s), ("requests", self.requests)):
            if value < 0:
                raise ValueError(f"{name}: {value} is negative; use a whole number from 0")


class Stage(Enum):
    """When in the handling of a request a failure strikes."""

    ARRIVAL = "arrival"
    AFTER_SUCCESS = "after success"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One failure of one operation: instead of its own answer, the next call of the operation gets this one.

    A `session_conflict` is special: it stands for a request whose earlier, equal twin created the session and
    lost its answer. So the session is created, and the answer names it (seen in Box's own web uploader).

    Attributes:
        operation: Name of the operation that fails.
        status: HTTP status, 400 to 599.
        code: Error code; by default one that belongs to the status.
        retry_after_s: Value of `Retry-After` in seconds, None to leave the header out.
        body: An error of Box, a page of HTML as proxies send it, or none.
    """

    operation: str
    status: int
    code: str = ""
    retry_after_s: int | None = None
    body: BodyKind = "box"

    def __post_init__(self) -> None:
        if not 400 <= self.status <= 599:
            raise ValueError(f"status: {self.status} is no error; use 400 to 599")
        if self.retry_after_s is not None and self.retry_after_s < 0:
            raise ValueError(f"retry_after_s: {self.retry_after_s} is negative; use whole seconds from 0")
        if self.body not in BODY_KINDS:
            raise ValueError(f"body: {self.body!r} is unknown; use one of {', '.join(BODY_KINDS)}")
        if self.code and STATUS_OF_CODE.get(self.code, self.status) != self.status:
            raise ValueError(
                f"code: {self.code!r} belongs to status {STATUS_OF_CODE[self.code]}; leave one of them out"
            )
        if not self.code:
            default = "bad_request" if self.status < 500 else "internal_server_error"
            object.__setattr__(self, "code", _CODE_OF_STATUS.get(self.status, default))

    @property
    def stage(self) -> Stage:
        """When the failure strikes."""
        return Stage.AFTER_SUCCESS if self.code == "session_conflict" else Stage.ARRIVAL


class Faults:
    """The faults that were asked for and have not happened yet; thread-safe."""

    def __init__(self, operations: Sequence[str]) -> None:
        self._operations = operations
        self._lock = threading.Lock()
        self._failures: list[Failure] = []
        self._limited_requests = 0
        self._retry_after_s = 0

    def add(self, *failures: Failure) -> None:
        """Queues failures; those of one operation happen in the order in which they were added.

        Raises:
            ValueError: A failure names an operation that the mock does not have; nothing is queued then.
        """
        for failure in failures:
            if failure.operation not in self._operations:
                known = ", ".join(self._operations)
                raise ValueError(f"operation: {failure.operation!r} is unknown; use one of {known}")
        with self._lock:
            self._failures.extend(failures)

    def take(self, operation: str, stage: Stage) -> Failure | None:
        """Removes and returns the operation's next failure, if it strikes at this stage."""
        with self._lock:
            for index, failure in enumerate(self._failures):
                if failure.operation == operation:
                    return self._failures.pop(index) if failure.stage is stage else None
        return None

    @property
    def unfired(self) -> tuple[Failure, ...]:
        """The failures that have not happened yet."""
        with self._lock:
            return tuple(self._failures)

    def limit_rate(self, limit: RateLimit) -> None:
        """Answers the next requests with 429; replaces an earlier limit, one of 0 requests lifts it."""
        with self._lock:
            self._retry_after_s = limit.retry_after_s
            self._limited_requests = limit.requests

    def take_rate_limit(self) -> int | None:
        """Returns for a limited request the seconds to wait, and counts the request."""
        with self._lock:
            if self._limited_requests == 0:
                return None
            self._limited_requests -= 1
            return self._retry_after_s

    @property
    def limited_requests(self) -> int:
        """How many further requests will be answered with 429."""
        with self._lock:
            return self._limited_requests

    def clear(self) -> None:
        """Forgets all faults."""
        with self._lock:
            self._failures.clear()
            self._limited_requests = 0
