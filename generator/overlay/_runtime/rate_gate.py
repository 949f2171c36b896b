"""One rate for all calls of a client: when each may start once the server has refused one with 429; does not wait.

A server limits a user, not a call. If each refused call obeys `Retry-After` by itself, all of them come back at
the same moment, and most are refused again. So all calls of a client, from any thread or task, ask one gate.
"""

from __future__ import annotations

from collections import deque
from math import inf
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple, Protocol

from .retry import random_fraction

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["RateGate", "Throttle", "Wait"]

_JITTER = 0.2
_PRECISION_S = 1.0
_LONGEST_S = 3600.0
_FIRST_RATE, _LEAST_RATE = 4.0, 0.1
_DROP = 0.3
_WINDOW_S, _LEAST_WINDOW_S = 10.0, 1.0
_MEASURED = 8
_RECOVERY_S, _RECOVERY = 10.0, 3.0
# Then the rate is four times that of the refusal, and the limit forgotten.
_RECOVERED = 1 + 10 ** (1 / 3)


class Wait(NamedTuple):
    """What a call has to wait for before it may start.

    Attributes:
        delay_s: The seconds.
        until_s: The time at which it may start, by the clock of the gate's callers; reserved for this call.
        pause: Number of the pause that the server has asked for, from 1; 0 if that is over, and calls are only spaced.
        is_refused: Whether the pause is longer than the call would wait; then nothing is reserved.
    """

    delay_s: float
    until_s: float
    pause: int
    is_refused: bool = False


class Throttle(Protocol):
    """Waits at the gate in place of a client's `sleep`, for callers that have a limit of their own."""

    def gate_left_s(self) -> float:
        """Return the longest time in seconds to wait for."""
        ...

    def wait_at_gate(self, delay_s: float, pause: int) -> None:
        """Wait for some seconds; what this raises ends the call, of which nothing was sent.

        Args:
            delay_s: The seconds.
            pause: As of a `Wait`.
        """
        ...


class RateGate:
    """Tells the calls of one user when they may start; thread-safe, and without a clock.

    As long as nothing was refused, it only notes when calls start. A 429 closes it for as long as `Retry-After` says,
    an hour at most. Then one call goes ahead. The others follow after a jitter of up to a fifth of the wait, evenly
    spaced: at 0.7 times the rate at which they were refused. The rate recovers, slowly where it was refused before,
    and at four times that, the limit is forgotten. Calls under way are not affected.

    The time of the gate is the latest that it was told, so that callers whose `sleep` does not wait are not held again.

    Args:
        random: Returns a number in [0, 1), for the jitter.

    Attributes:
        is_limited: Whether calls have to ask; if not, they only note their start.
        pauses: Number of pauses so far.
    """

    def __init__(self, random: Callable[[], float] = random_fraction) -> None:
        self.is_limited = False
        self.pauses = 0
        self._random = random
        self._lock = Lock()
        self._starts: deque[float] = deque(maxlen=256)
        self._now = self._opens_s = self._others_s = self._since_s = self._next_s = -inf
        self._rate = self._recovery_s = 0.0

    def note_start(self, now: float) -> None:
        """Note that a call starts without asking."""
        self._starts.append(now)

    def advance(self, now: float) -> None:
        """Tell the time, such as after a wait that a caller has decided on by itself."""
        with self._lock:
            self._now = max(self._now, now)

    def admit(self, now: float, most_s: float = inf, reserved_s: float | None = None) -> Wait | None:
        """Return what a call has to wait for, or None if it starts now.

        Args:
            now: The time in seconds, of which only differences count.
            most_s: Longest pause in seconds that the call waits for.
            reserved_s: The time that was reserved for the call, which has waited for it since.
        """
        with self._lock:
            now = self._now = max(self._now, now)
            if not self.is_limited:
                self._starts.append(now)
                return None
            closed_s = self._opens_s - now
            if closed_s > most_s:
                return Wait(closed_s, self._opens_s, self.pauses, is_refused=True)
            # A refusal since then may have closed the gate once more.
            start_s = self._reserve(now) if reserved_s is None or reserved_s < self._opens_s else reserved_s
            if start_s > now:
                return Wait(start_s - now, start_s, self.pauses if closed_s > 0 else 0)
            self._starts.append(now)
            self.is_limited = now < self._since_s + _RECOVERED * self._recovery_s
            return None

    def refuse(self, now: float, retry_after_s: float | None) -> None:
        """Take note that the server has refused a call with 429.

        Args:
            now: The time of the response.
            retry_after_s: The wait that the server asks for, or None; then calls are only spaced.
        """
        with self._lock:
            now = self._now = max(self._now, now)
            until_s = now + min(retry_after_s or 0.0, _LONGEST_S)
            # Without a pause, refusals of others that were under way come a moment later, and are no further one.
            if now >= self._opens_s + (0.0 if until_s > now else _PRECISION_S):
                self._rate = self._refused_rate(now)
                self._starts.clear()
                self._recovery_s = max(_RECOVERY_S, _RECOVERY * (until_s - now))
                self._others_s = until_s + _JITTER * self._random() * (until_s - now)
                self.pauses += until_s > now
                self._opens_s = self._since_s = until_s
                self._next_s = max(self._next_s, until_s)
                self.is_limited = True
            elif until_s > self._opens_s + _PRECISION_S:
                # With a pause, they ask for the same one in whole seconds.
                self._opens_s = self._since_s = until_s
                self._next_s = max(self._next_s, until_s)

    def _reserve(self, now: float) -> float:
        """Return the next time at which a call may start, which no other call gets."""
        start_s = max(now, self._next_s)
        self._next_s = max(self._others_s, start_s + 1 / self._rate_at(start_s))
        return start_s

    def _rate_at(self, now: float) -> float:
        """Return the calls per second: a cubic that is flat where calls were refused before."""
        return self._rate * (1 + _DROP * ((now - self._since_s) / self._recovery_s - 1) ** 3)

    def _refused_rate(self, now: float) -> float:
        """Return the rate of calls at which the server has refused one; with too few of them, a guess."""
        since_s = now - _WINDOW_S
        # A copy, since calls note their start without the lock.
        recent = [start_s for start_s in self._starts.copy() if start_s > since_s]
        if len(recent) >= _MEASURED:
            rate = len(recent) / max(_LEAST_WINDOW_S, now - recent[0])
        else:
            # Soon after a wait, the limit is far below.
            rate = self._rate_at(now) / 2 if self.is_limited else 0.0
        return max(rate, _LEAST_RATE if self.is_limited else _FIRST_RATE)
