"""How many parts are in memory and are sent, of one upload or of several that run side by side."""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from threading import Event, Lock
from typing import TYPE_CHECKING

from .._runtime.errors import InvalidArgumentError
from .._runtime.text import short_repr

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from .retry import CancelToken

__all__ = ["WORKERS", "HeldSlots", "PartLimits", "Slots", "check_workers", "is_whole"]

WORKERS = 4
"""Parts that are sent at a time; Box's guide recommends 3 to 5."""

_MOST_WORKERS = 64


def is_whole(value: object) -> bool:
    """Whether an argument is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


def check_workers(workers: int) -> None:
    """Check a number of workers.

    Raises:
        InvalidArgumentError: It is none.
    """
    if not is_whole(workers) or not 1 <= workers <= _MOST_WORKERS:
        rule = f"must be a whole number from 1 to {_MOST_WORKERS}"
        raise InvalidArgumentError("workers", rule, shown=short_repr(workers))


class PartLimits:
    """How many parts may be in memory, and how many of them are sent at a time.

    Args:
        workers: Parts that are sent at a time; one more is read ahead.

    Attributes:
        in_memory: A slot for each part in memory.
        sent: A slot for each part that is sent; who waits for one has one of the others.
    """

    def __init__(self, workers: int) -> None:
        self.in_memory = Slots(workers + 1)
        self.sent = Slots(workers)


class Slots:
    """A number of slots. Whoever has waited longest gets the next free one, so that uploads take turns.

    Args:
        count: The number.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        self._waiting: deque[Callable[[], object]] = deque()
        self._lock = Lock()

    @property
    def is_wanted(self) -> bool:
        """Whether somebody waits for a slot."""
        return bool(self._waiting)

    def take(self, on_free: Callable[[], object]) -> bool:
        """Take a slot and return True; or return False, and have one handed over later.

        Args:
            on_free: Called once the slot is the caller's, in the thread that has given it back.
        """
        with self._lock:
            if self._free:
                self._free -= 1
                return True
            self._waiting.append(on_free)
            return False

    def give_back(self) -> None:
        """Hand a slot over to who has waited longest, or keep it for the next."""
        with self._lock:
            if not self._waiting:
                self._free += 1
                return
            on_free = self._waiting.popleft()
        on_free()

    def withdraw(self, on_free: Callable[[], object]) -> None:
        """Wait no longer; a slot that was handed over already is given back."""
        with self._lock:
            if on_free in self._waiting:
                self._waiting.remove(on_free)
                return
        self.give_back()

    @contextmanager
    def one(self, cancel: CancelToken) -> Generator[None]:
        """Wait for a slot, and have it for the time of the context.

        Raises:
            UploadCancelledError: The upload was cancelled while it waited.
        """
        woken = Event()
        if not self.take(woken.set):
            try:
                with cancel.on_cancel(woken.set):
                    woken.wait()
                cancel.check()
            except BaseException:
                self.withdraw(woken.set)
                raise
        try:
            yield
        finally:
            self.give_back()


class HeldSlots:
    """The slots that one upload has: those of its parts, and those that it keeps for its next parts.

    A buffer goes with each, so that whoever gives one back drops its buffer as well.

    Args:
        slots: All slots.
        on_free: Called, in any thread, once a slot that was waited for is this upload's; then `receive` has to be.
    """

    def __init__(self, slots: Slots, on_free: Callable[[], object]) -> None:
        self._slots = slots
        self._on_free = on_free
        self._held = self._kept = 0
        self._is_waiting = False
        self._keeps = True

    def take(self) -> bool:
        """Take a slot for a part; return False if there is none yet."""
        if self._kept:
            self._kept -= 1
            return True
        if self._is_waiting:
            return False
        if self._slots.take(self._on_free):
            self._held += 1
            return True
        self._is_waiting = True
        return False

    def receive(self) -> None:
        """Keep the slot that was waited for."""
        self._is_waiting = False
        self._held += 1
        self._kept += 1
        if not self._keeps:
            self.give_back()

    def keep(self) -> None:
        """Keep the slot of a part that is done."""
        self._kept += 1

    def keep_no_more(self) -> None:
        """There is no further part."""
        self._keeps = False

    def give_back(self) -> int:
        """Give back the kept slots that others wait for, or all if there is no further part; return how many."""
        count = 0
        while self._kept and (self._slots.is_wanted or not self._keeps):
            self._kept -= 1
            self._held -= 1
            count += 1
            self._slots.give_back()
        return count

    def close(self) -> None:
        """Give back all slots; no part is in memory any more."""
        if self._is_waiting:
            self._is_waiting = False
            self._slots.withdraw(self._on_free)
        while self._held:
            self._held -= 1
            self._slots.give_back()
