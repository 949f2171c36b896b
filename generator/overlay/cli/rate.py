"""How fast bytes go at present, which is not known while none do."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Rate"]

_WINDOW_S = 30.0
_PATIENCE_S = 5.0
_SAMPLES = 1000


class Rate:
    """Bytes per second of the last half minute.

    Args:
        clock: Returns seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._moves: deque[tuple[float, int]] = deque(maxlen=_SAMPLES)

    def note(self, count: int) -> None:
        """Take a number of bytes that have gone since the last one; negative if they have to go again."""
        now_s = self._clock()
        self._moves.append((now_s, count))
        while now_s - self._moves[0][0] > _WINDOW_S:
            self._moves.popleft()

    def value(self) -> float | None:
        """Return the bytes per second, or None if nothing has moved for some seconds."""
        if len(self._moves) < 2 or self._clock() - self._moves[-1][0] > _PATIENCE_S:
            return None
        (first_s, first), (last_s, _) = self._moves[0], self._moves[-1]
        # The first ones have gone before the time that is looked at.
        count = sum(one for _, one in self._moves) - first
        return count / (last_s - first_s) if last_s > first_s and count > 0 else None
