"""Retry one step: how long to wait, when to give up, and how to cancel meanwhile."""

from __future__ import annotations

import time
from contextlib import contextmanager
from threading import Event, Lock
from typing import TYPE_CHECKING

import msgspec

from .._runtime.errors import ClientError, InvalidArgumentError, RateLimitedError
from .._runtime.retry import backoff_s, random_fraction
from .._runtime.text import one_line, short_repr
from .errors import DeadlineExceededError, UploadCancelledError
from .events import Retried, Throttled

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = ["BackoffPolicy", "CancelToken", "PauseLog", "RetryBudget", "check_seconds"]

_LEAST_RESPONSE_S = 10.0


def check_seconds(name: str, value: object) -> None:
    """Check that an argument is a number of seconds, which may be infinite.

    Raises:
        InvalidArgumentError: It is not.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
        raise InvalidArgumentError(name, "must be a non-negative number of seconds", shown=short_repr(value))


class BackoffPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Exponential backoff with equal jitter, and the clocks that it is measured by.

    Attributes:
        base_s: Upper bound of the first delay in seconds. It doubles with every attempt.
        max_s: Upper bound of any delay that is chosen here, in seconds.
        max_retry_after_s: Longest `Retry-After` that is honoured, in seconds. A longer one is cut to this. For that
            of a 429, which stops all calls of the client, `max_throttled_s` counts instead.
        max_throttled_s: Longest time in seconds that one step waits because of 429s, which its deadline does not count.
            If it had to wait for longer, it fails with the `RateLimitedError`.
        clock: Returns monotonic seconds.
        sleep: Waits for some seconds; with None, cancelling the upload ends the wait.
        random: Returns a number in [0, 1), which spreads the delays.
    """

    base_s: float = 1.0
    max_s: float = 30.0
    max_retry_after_s: float = 300.0
    max_throttled_s: float = 3600.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] | None = None
    random: Callable[[], float] = random_fraction

    def __post_init__(self) -> None:
        for name in ("base_s", "max_s", "max_retry_after_s", "max_throttled_s"):
            check_seconds(name, getattr(self, name))

    def delay_s(self, attempt: int, retry_after_s: float | None) -> float:
        """Return the delay in seconds after an attempt, counted from 1; what the server asks for comes first."""
        if retry_after_s:
            return min(retry_after_s, self.max_retry_after_s)
        return backoff_s(attempt, base_s=self.base_s, max_s=self.max_s, random=self.random)


class CancelToken:
    """Shared by the threads of an upload: whether it was cancelled."""

    def __init__(self) -> None:
        self._event = Event()
        self._callbacks: list[Callable[[], object]] = []

    def cancel(self) -> None:
        """Cancel the upload, and run the callbacks in this thread."""
        self._event.set()
        for callback in tuple(self._callbacks):
            callback()

    @contextmanager
    def on_cancel(self, callback: Callable[[], object]) -> Generator[None]:
        """Register a callback for the time of the context; it runs at once if the upload was cancelled already."""
        self._callbacks.append(callback)
        try:
            if self._event.is_set():
                callback()
            yield
        finally:
            self._callbacks.remove(callback)

    @property
    def is_cancelled(self) -> bool:
        """Whether the upload was cancelled."""
        return self._event.is_set()

    def check(self) -> None:
        """Check that the upload was not cancelled.

        Raises:
            UploadCancelledError: It was.
        """
        if self._event.is_set():
            raise UploadCancelledError("the upload was cancelled")

    def wait(self, delay_s: float, sleep: Callable[[float], object] | None) -> None:
        """Wait for some seconds, or until the upload is cancelled.

        Raises:
            UploadCancelledError: It was cancelled.
        """
        if sleep is None:
            self._event.wait(delay_s)
        else:
            sleep(delay_s)
        self.check()


class PauseLog:
    """Which pauses of the client's calls an upload has emitted; shared by its threads."""

    def __init__(self) -> None:
        self._latest = 0
        self._lock = Lock()

    def is_new(self, pause: int) -> bool:
        """Return whether nobody has asked for this pause before, or a later one; they are counted from 1."""
        with self._lock:
            before, self._latest = self._latest, max(self._latest, pause)
        return pause > before


class RetryBudget:
    """The time that one step may take without progress; it begins when this is made.

    Only idle time counts: an attempt that still moves bytes is not failing, however slow the link. Nor does
    the time count in which the rate of the client's calls is limited; it has a limit of its own.

    Args:
        step: Name of the step.
        backoff: Lengths of the delays.
        deadline_s: Seconds after which the step is given up: of delays, and of attempts while no bytes move. Below 10,
            an attempt is still given 10.
        cancel: Whether the upload was cancelled.
        emit: Takes the event of each retry, and of each pause.
        offset: Where the part begins that the step is about, in bytes.
        pauses: The pauses that the upload has emitted.

    Attributes:
        attempts: Number of attempts that have failed.
        is_at_gate: Whether the next attempt waits, or was ended while it did.
    """

    def __init__(  # noqa: PLR0913  # each is a plain value
        self,
        step: str,
        *,
        backoff: BackoffPolicy,
        deadline_s: float,
        cancel: CancelToken,
        emit: Callable[[Retried | Throttled], object],
        offset: int | None = None,
        pauses: PauseLog | None = None,
    ) -> None:
        self._step = step
        self._backoff = backoff
        self._deadline_s = deadline_s
        self._cancel = cancel
        self._emit = emit
        self._offset = offset
        self._pauses = PauseLog() if pauses is None else pauses
        self._throttled_s = self._idle_s = 0.0
        self._idle_since = backoff.clock()
        self.attempts = 0
        self.is_at_gate = False

    def note_sending(self) -> None:
        """Note that bytes begin to move: the time so far counts."""
        now = self._backoff.clock()
        self._idle_s += now - self._idle_since
        self._idle_since = now

    def note_progress(self, idle_s: float = 0.0) -> None:
        """Note that bytes have moved until some seconds ago, so that the time since they began does not count."""
        self._idle_since = self._backoff.clock() - idle_s

    def attempt_s(self) -> float:
        """Return the seconds that a server may be silent, or take for its response, in the next attempt.

        Half of what is left, so that there is time for another attempt, but no less than 10 while there are as many.
        """
        # With a deadline of 0, each call is made once, and its response has to have time to come.
        limit_s = max(self._deadline_s, _LEAST_RESPONSE_S)
        left_s = max(0.0, limit_s - self._idle_s - (self._backoff.clock() - self._idle_since))
        return min(left_s, max(left_s / 2, _LEAST_RESPONSE_S))

    def gate_left_s(self) -> float:
        """Return the seconds that the step may still wait because of 429s."""
        return self._backoff.max_throttled_s - self._throttled_s

    def wait_at_gate(self, delay_s: float, pause: int) -> None:
        """Wait until the next attempt may start, and emit a pause that the upload has not emitted yet.

        Raises:
            UploadCancelledError: The upload was cancelled.
        """
        self.is_at_gate = True
        self._cancel.check()
        self.note_sending()
        if self._pauses.is_new(pause):
            self._emit(Throttled(delay_s))
        self._cancel.wait(delay_s, self._backoff.sleep)
        self._throttled_s += delay_s
        self.note_progress()
        self.is_at_gate = False

    def wait(self, cause: ClientError | str, retry_after_s: float | None = None) -> None:
        """Wait before the next attempt; after a 429 with `Retry-After`, the client's gate holds that one back instead.

        Args:
            cause: Why there is another one.
            retry_after_s: Seconds that the server asks for; by default what the cause says.

        Raises:
            DeadlineExceededError: The budget is spent.
            RateLimitedError: The cause, if the server asks for more than the step may wait.
            UploadCancelledError: The upload was cancelled.
        """
        self.attempts += 1
        self._cancel.check()
        now = self._backoff.clock()
        self._idle_s += now - self._idle_since
        self._idle_since = now
        if retry_after_s is None and isinstance(cause, ClientError):
            retry_after_s = cause.retry_after_s
        delay_s = self._backoff.delay_s(self.attempts, retry_after_s)
        is_throttled = False
        if isinstance(cause, RateLimitedError) and retry_after_s:
            is_throttled = True
            if retry_after_s > self.gate_left_s():
                try:
                    raise cause
                finally:
                    # An error that refers to itself keeps its frames, and with them the part's buffer.
                    del cause
        # With a deadline of 0, each call is made once.
        if self._idle_s + (0.0 if is_throttled and self._deadline_s else delay_s) > self._deadline_s:
            where = "" if self._offset is None else f" at offset {self._offset}"
            # An attempt may take longer than a short deadline.
            within = f"{round(max(self._deadline_s, self._idle_s), 1):g} s"
            tries = "1 attempt" if self.attempts == 1 else f"{self.attempts} attempts"
            raise DeadlineExceededError(f"{self._step}{where}: no success within {within} and {tries}: {cause}") from (
                cause if isinstance(cause, ClientError) else None
            )
        if is_throttled:
            return
        self._emit(Retried(self._step, self.attempts, delay_s, one_line(str(cause)), self._offset))
        self._cancel.wait(delay_s, self._backoff.sleep)
        self._idle_since = self._backoff.clock()
        self._idle_s += self._idle_since - now
