"""The present throughput of an upload."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Throughput"]

_WINDOW_S = 30.0
_STALLED_S = 5.0
_SAMPLES = 1000


class Throughput:
    """Bytes per second, averaged over the last half minute.

    Args:
        clock: Returns monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._samples: deque[tuple[float, int]] = deque(maxlen=_SAMPLES)

    def add(self, count: int) -> None:
        """Add bytes sent since the last call; negative if they have to be sent again."""
        now_s = self._clock()
        self._samples.append((now_s, count))
        while now_s - self._samples[0][0] > _WINDOW_S:
            self._samples.popleft()

    def bytes_per_s(self) -> float | None:
        """Return the throughput, or None if it is unknown or nothing was sent for some seconds."""
        # A copy, since the thread that draws a bar asks while others add.
        samples = self._samples.copy()
        if len(samples) < 2 or self._clock() - samples[-1][0] > _STALLED_S:
            return None
        (first_s, first), (last_s, _) = samples[0], samples[-1]
        # The bytes of the first sample were sent before the measured interval.
        count = sum(count for _, count in samples) - first
        return count / (last_s - first_s) if last_s > first_s and count > 0 else None
