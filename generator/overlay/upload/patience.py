"""How long a failing step is tried again: pauses, a deadline, and the wish to stop."""

from __future__ import annotations

import time
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING

import msgspec

from .._runtime.errors import ClientError, InvalidArgumentError, one_line, short_repr
from .errors import DeadlineExceededError, UploadAbortedError
from .progress import Retried

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = ["Pace", "Patience", "Stop", "check_seconds"]


def _random() -> float:
    from random import random  # noqa: PLC0415  # as in the retry policy of calls

    return random()  # noqa: S311  # spreads pauses, protects nothing


def check_seconds(name: str, value: object) -> None:
    """Check that an argument is a number of seconds, which may be infinite.

    Raises:
        InvalidArgumentError: It is not.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
        raise InvalidArgumentError(name, "must be a number of seconds, which is not negative", shown=short_repr(value))


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How patiently steps are tried again, and the clocks that this is measured by.

    Attributes:
        base_s: Longest pause after the first failure in seconds; it doubles with each further one.
        cap_s: Longest pause in seconds that is chosen here.
        retry_after_cap_s: Longest pause in seconds that the server can ask for; asked for more, this long.
        clock: Returns seconds that never go back.
        sleep: Waits for some seconds; None waits so that a cancelled upload does not.
        random: Returns a number in [0, 1), which spreads the pauses.
    """

    base_s: float = 1.0
    cap_s: float = 30.0
    retry_after_cap_s: float = 300.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], object] | None = None
    random: Callable[[], float] = _random

    def __post_init__(self) -> None:
        for name in ("base_s", "cap_s", "retry_after_cap_s"):
            check_seconds(name, getattr(self, name))

    def delay_s(self, attempt: int, asked_s: float | None) -> float:
        """Return the seconds to wait after an attempt, from 1; what the server asks for comes first."""
        if asked_s:
            return min(asked_s, self.retry_after_cap_s)
        # Half of it is certain, so that a server that answers at once is not asked without end.
        longest = min(self.cap_s, self.base_s * 2.0 ** min(attempt - 1, 60))
        return longest * (0.5 + 0.5 * self.random())


class Stop:
    """The wish to end an upload, which every thread of it looks at."""

    def __init__(self) -> None:
        self._event = Event()
        self._listeners: list[Callable[[], object]] = []

    def set(self) -> None:
        """Wish for the end."""
        self._event.set()
        for listener in tuple(self._listeners):
            listener()

    def listen(self, listener: Callable[[], object]) -> None:
        """Call something when the end is wished for, from the thread that wishes; at once, if it was."""
        self._listeners.append(listener)
        if self._event.is_set():
            listener()

    @contextmanager
    def listening(self, listener: Callable[[], object]) -> Generator[None]:
        """Call something when the end is wished for, as long as the context lasts."""
        self.listen(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)

    @property
    def is_set(self) -> bool:
        """Whether the end is wished for."""
        return self._event.is_set()

    def check(self) -> None:
        """Go on only if nobody wishes for the end.

        Raises:
            UploadAbortedError: Somebody does.
        """
        if self._event.is_set():
            raise UploadAbortedError("the upload was cancelled")

    def wait(self, delay_s: float, sleep: Callable[[float], object] | None) -> None:
        """Wait for some seconds, or until the end is wished for.

        Raises:
            UploadAbortedError: The end is wished for.
        """
        if sleep is None:
            self._event.wait(delay_s)
        else:
            sleep(delay_s)
        self.check()


class Patience:
    """How often one step has failed, and for how long it may.

    Args:
        step: Name of the step.
        pace: Lengths of the pauses.
        deadline_s: Seconds after which the step is given up: of pauses, and of attempts while nothing moves.
        stop: The wish to end the upload.
        tell: Takes the event of each further attempt.
        offset: Where the part begins that the step is about, in bytes.
    """

    def __init__(  # noqa: PLR0913  # each is a plain value
        self,
        step: str,
        *,
        pace: Pace,
        deadline_s: float,
        stop: Stop,
        tell: Callable[[Retried], object],
        offset: int | None = None,
    ) -> None:
        self._step = step
        self._pace = pace
        self._deadline_s = deadline_s
        self._stop = stop
        self._tell = tell
        self._offset = offset
        self._idle_s = 0.0
        self._idle_since: float | None = None
        self.attempts = 0

    def moved(self) -> None:
        """Take note that something moves: on a slow line, an attempt may take longer than failures are borne."""
        if self._idle_since is not None:
            self._idle_since = self._pace.clock()

    def pause(self, cause: ClientError | str, asked_s: float | None = None) -> None:
        """Wait before the next attempt.

        Args:
            cause: Why there is another one.
            asked_s: Seconds that the server asks for.

        Raises:
            DeadlineExceededError: The step has failed for too long.
            UploadAbortedError: The end of the upload is wished for.
        """
        self._stop.check()
        now = self._pace.clock()
        self._idle_s += 0.0 if self._idle_since is None else now - self._idle_since
        self.attempts += 1
        if asked_s is None and isinstance(cause, ClientError):
            asked_s = cause.retry_after_s
        delay_s = self._pace.delay_s(self.attempts, asked_s)
        if self._idle_s + delay_s > self._deadline_s:
            where = "" if self._offset is None else f" at offset {self._offset}"
            raise DeadlineExceededError(
                f"{self._step}{where}: not done within {self._deadline_s:g} s, after {self.attempts} attempts: {cause}"
            ) from (cause if isinstance(cause, ClientError) else None)
        self._tell(Retried(self._step, self.attempts, delay_s, one_line(str(cause)), self._offset))
        self._stop.wait(delay_s, self._pace.sleep)
        self._idle_since = self._pace.clock()
        self._idle_s += self._idle_since - now
