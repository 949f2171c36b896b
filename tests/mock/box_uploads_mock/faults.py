"""The queue of faults and the rate limit, and which of them are still unused."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from box_uploads_mock.fault_kinds import Fault
from box_uploads_mock.field_types import check_types

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """The next requests, whatever their operation, get 429 with `Retry-After`."""

    retry_after_s: int
    requests: int = 1

    def __post_init__(self) -> None:
        check_types(self)
        for name, value in (("retry_after_s", self.retry_after_s), ("requests", self.requests)):
            if value < 0:
                raise ValueError(f"{name}: {value} is negative; use a whole number from 0")


_NO_LIMIT = RateLimit(retry_after_s=0, requests=0)


class UnfiredFaultsError(AssertionError):
    """A queued fault or rate limit was not used, so the test has not tested what it was written for."""


class QueuedFault:
    """A fault in the queue; a call takes one of its occurrences, and puts it back if the fault has not fired."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.skip = fault.skip
        self.pending = fault.times
        self.in_flight = 0

    def remaining(self) -> Fault:
        """Return the fault with the occurrences that have not fired."""
        return replace(self.fault, skip=self.skip, times=self.pending + self.in_flight)


class Hold:
    """A call that waits, in the event loop of that call."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._released = asyncio.Event()

    @property
    def is_released(self) -> bool:
        """Whether the call need not wait any longer."""
        return self._released.is_set()

    def release(self) -> None:
        """Let the call continue; may be called from any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._released.set)

    async def wait(self, limit_s: float, sleep: Sleep) -> None:
        """Wait until the call is released or `sleep(limit_s)` returns."""
        if self.is_released:
            return
        waits = [asyncio.ensure_future(self._released.wait()), asyncio.ensure_future(sleep(limit_s))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


class Faults:
    """The queued faults and the rate limit; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: list[QueuedFault] = []
        self._limit = _NO_LIMIT
        self._holds: set[Hold] = set()

    def add(self, *faults: Fault) -> None:
        """Queue faults; those of one operation fire in the order in which they were added, one per call."""
        with self._lock:
            self._queue.extend(QueuedFault(fault) for fault in faults)

    def take(self, operation: str) -> QueuedFault | None:
        """Return the next fault of an operation, None if there is none; pass it to `mark_fired` or `put_back`."""
        with self._lock:
            for queued in self._queue:
                if queued.fault.operation != operation or not queued.pending:
                    continue
                if queued.skip:
                    queued.skip -= 1
                    return None
                queued.pending -= 1
                queued.in_flight += 1
                return queued
        return None

    def mark_fired(self, queued: QueuedFault) -> None:
        """Count one occurrence as fired."""
        with self._lock:
            queued.in_flight -= 1
            if not queued.pending and not queued.in_flight and queued in self._queue:
                self._queue.remove(queued)

    def put_back(self, queued: QueuedFault) -> None:
        """Return to the queue an occurrence that has not fired."""
        with self._lock:
            queued.in_flight -= 1
            queued.pending += 1

    @property
    def unfired(self) -> tuple[Fault, ...]:
        """The faults that have not fired yet."""
        with self._lock:
            return tuple(queued.remaining() for queued in self._queue)

    def require_fired(self) -> None:
        """Check that all faults have fired and that the rate limit is used up.

        Raises:
            UnfiredFaultsError: A fault or the rate limit is unused.
        """
        with self._lock:
            unused: list[Fault | RateLimit] = [queued.remaining() for queued in self._queue]
            if self._limit.requests:
                unused.append(self._limit)
        if unused:
            raise UnfiredFaultsError(
                f"queued but not used: {', '.join(map(repr, unused))}; "
                "make the client send the requests that they are for, or remove them from the test"
            )

    @contextmanager
    def hold(self) -> Generator[Hold]:
        """Count a call as stalled while the context lasts."""
        hold = Hold()
        with self._lock:
            self._holds.add(hold)
        try:
            yield hold
        finally:
            with self._lock:
                self._holds.discard(hold)

    @property
    def stalled(self) -> int:
        """How many calls are waiting now: stalled, or read slowly."""
        with self._lock:
            return len(self._holds)

    def release(self) -> None:
        """Let all waiting calls continue: stalls end, and slow reads have no further pauses."""
        with self._lock:
            for hold in self._holds:
                hold.release()

    def limit_rate(self, limit: RateLimit) -> None:
        """Set the rate limit; it replaces an earlier one, and a limit of 0 requests removes it."""
        with self._lock:
            self._limit = limit

    def take_rate_limit(self) -> int | None:
        """Count a request against the rate limit; return its `Retry-After` in seconds, None if it is not limited."""
        with self._lock:
            if self._limit.requests == 0:
                return None
            self._limit = replace(self._limit, requests=self._limit.requests - 1)
            return self._limit.retry_after_s

    @property
    def limited_requests(self) -> int:
        """How many further requests will get 429."""
        with self._lock:
            return self._limit.requests

    def clear(self) -> None:
        """Remove all faults and the rate limit, and let all waiting calls continue."""
        self.release()
        with self._lock:
            self._queue.clear()
            self._limit = _NO_LIMIT
