"""The queue of faults, with an account of those that have not happened yet."""

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
    """The next requests, of whatever operation, are answered with 429 and `Retry-After`."""

    retry_after_s: int
    requests: int = 1

    def __post_init__(self) -> None:
        check_types(self)
        for name, value in (("retry_after_s", self.retry_after_s), ("requests", self.requests)):
            if value < 0:
                raise ValueError(f"{name}: {value} is negative; use a whole number from 0")


_NO_LIMIT = RateLimit(retry_after_s=0, requests=0)


class UnfiredFaultsError(AssertionError):
    """Faults were queued that did not happen, so the test that queued them has not tested what it says."""


class QueuedFault:
    """A fault in the queue; its occurrences are handed to calls, and come back if they did not happen there."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.skip = fault.skip
        self.pending = fault.times
        self.in_flight = 0

    def remaining(self) -> Fault:
        """Returns what has not happened of the fault."""
        return replace(self.fault, skip=self.skip, times=self.pending + self.in_flight)


class Hold:
    """What holds up one call, in the event loop of that call."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._released = asyncio.Event()

    @property
    def is_released(self) -> bool:
        """Whether the call is held up no more."""
        return self._released.is_set()

    def release(self) -> None:
        """Lets the call go on; called from any thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._released.set)

    async def wait(self, limit_s: float, sleep: Sleep) -> None:
        """Waits until the call is released, or for as long as `sleep` takes for a limit in seconds."""
        if self.is_released:
            return
        waits = [asyncio.ensure_future(self._released.wait()), asyncio.ensure_future(sleep(limit_s))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


class Faults:
    """The faults that were asked for and have not happened yet; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: list[QueuedFault] = []
        self._limit = _NO_LIMIT
        self._holds: set[Hold] = set()

    def add(self, *faults: Fault) -> None:
        """Queues faults; those of one operation happen in the order in which they were added, one for each call."""
        with self._lock:
            self._queue.extend(QueuedFault(fault) for fault in faults)

    def take(self, operation: str) -> QueuedFault | None:
        """Hands the operation's next fault to a call, which has to count it or to put it back."""
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
        """Takes note that a fault has happened to the call that it was handed to."""
        with self._lock:
            queued.in_flight -= 1
            if not queued.pending and not queued.in_flight and queued in self._queue:
                self._queue.remove(queued)

    def put_back(self, queued: QueuedFault) -> None:
        """Lets a fault wait again that has not happened to the call that it was handed to."""
        with self._lock:
            queued.in_flight -= 1
            queued.pending += 1

    @property
    def unfired(self) -> tuple[Fault, ...]:
        """The faults that have not happened yet."""
        with self._lock:
            return tuple(queued.remaining() for queued in self._queue)

    def require_fired(self) -> None:
        """Checks that all faults have happened, and that all requests were limited that were to be.

        Raises:
            UnfiredFaultsError: Something has not happened.
        """
        with self._lock:
            rest: list[Fault | RateLimit] = [queued.remaining() for queued in self._queue]
            if self._limit.requests:
                rest.append(self._limit)
        if rest:
            raise UnfiredFaultsError(f"queued, but did not happen: {', '.join(map(repr, rest))}")

    @contextmanager
    def hold(self) -> Generator[Hold]:
        """Holds a call up for as long as the context lasts."""
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
        """How many calls are held up at present: stalled, or read slowly."""
        with self._lock:
            return len(self._holds)

    def release(self) -> None:
        """Lets all calls that are held up go on: stalls end, and slow reading has no further pauses."""
        with self._lock:
            for hold in self._holds:
                hold.release()

    def limit_rate(self, limit: RateLimit) -> None:
        """Answers the next requests with 429; replaces an earlier limit, one of 0 requests lifts it."""
        with self._lock:
            self._limit = limit

    def take_rate_limit(self) -> int | None:
        """Returns for a limited request the seconds to wait, and counts the request."""
        with self._lock:
            if self._limit.requests == 0:
                return None
            self._limit = replace(self._limit, requests=self._limit.requests - 1)
            return self._limit.retry_after_s

    @property
    def limited_requests(self) -> int:
        """How many further requests will be answered with 429."""
        with self._lock:
            return self._limit.requests

    def clear(self) -> None:
        """Forgets all faults and lets calls that are held up go on."""
        self.release()
        with self._lock:
            self._queue.clear()
            self._limit = _NO_LIMIT
