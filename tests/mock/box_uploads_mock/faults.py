"""The queue of faults, with an account of those that have not happened yet."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from box_uploads_mock.fault_kinds import Fault

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """The next requests, of whatever operation, are answered with 429 and `Retry-After`."""

    retry_after_s: int
    requests: int = 1

    def __post_init__(self) -> None:
        for name, value in (("retry_after_s", self.retry_after_s), ("requests", self.requests)):
            if value < 0:
                raise ValueError(f"{name}: {value} is negative; use a whole number from 0")


class UnfiredFaultsError(AssertionError):
    """Faults were queued that did not happen, so the test that queued them has not tested what it says."""


class Queued:
    """A fault in the queue; its occurrences are handed to calls, and come back if they did not happen there."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.skip = fault.skip
        self.waiting = fault.times
        self.handed_out = 0

    def rest(self) -> Fault:
        """Returns what has not happened of the fault."""
        return replace(self.fault, skip=self.skip, times=self.waiting + self.handed_out)


class Faults:
    """The faults that were asked for and have not happened yet; thread-safe."""

    def __init__(self, operations: Sequence[str]) -> None:
        self._operations = operations
        self._lock = threading.Lock()
        self._queue: list[Queued] = []
        self._limited_requests = 0
        self._retry_after_s = 0
        self._stalled: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    def add(self, *faults: Fault) -> None:
        """Queues faults; those of one operation happen in the order in which they were added, one for each call.

        Raises:
            ValueError: A fault names an operation that the mock does not have; nothing is queued then.
        """
        for fault in faults:
            if fault.operation not in self._operations:
                known = ", ".join(self._operations)
                raise ValueError(f"operation: {fault.operation!r} is unknown; use one of {known}")
        with self._lock:
            self._queue.extend(Queued(fault) for fault in faults)

    def take(self, operation: str) -> Queued | None:
        """Hands the operation's next fault to a call, which has to settle it."""
        with self._lock:
            for queued in self._queue:
                if queued.fault.operation != operation or not queued.waiting:
                    continue
                if queued.skip:
                    queued.skip -= 1
                    return None
                queued.waiting -= 1
                queued.handed_out += 1
                return queued
        return None

    def settle(self, queued: Queued, *, fired: bool) -> None:
        """Takes note of whether a fault has happened to the call that it was handed to; if not, it waits again."""
        with self._lock:
            queued.handed_out -= 1
            if not fired:
                queued.waiting += 1
            elif not queued.waiting and not queued.handed_out and queued in self._queue:
                self._queue.remove(queued)

    @property
    def unfired(self) -> tuple[Fault, ...]:
        """The faults that have not happened yet."""
        with self._lock:
            return tuple(queued.rest() for queued in self._queue)

    def require_fired(self) -> None:
        """Checks that everything queued has happened.

        Raises:
            UnfiredFaultsError: Something has not.
        """
        if unfired := self.unfired:
            raise UnfiredFaultsError(f"queued, but did not happen: {', '.join(map(repr, unfired))}")

    async def stall(self, limit_s: float, sleep: Sleep) -> None:
        """Waits until stalls are released, or for as long as `sleep` takes for a limit in seconds."""
        entry = (asyncio.get_running_loop(), asyncio.Event())
        with self._lock:
            self._stalled.add(entry)
        waits = [asyncio.ensure_future(entry[1].wait()), asyncio.ensure_future(sleep(limit_s))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            with self._lock:
                self._stalled.discard(entry)
            for wait in waits:
                wait.cancel()

    @property
    def stalled(self) -> int:
        """How many calls are stalled at present."""
        with self._lock:
            return len(self._stalled)

    def release(self) -> None:
        """Lets all stalled calls go on."""
        with self._lock:
            for loop, event in self._stalled:
                if not loop.is_closed():
                    loop.call_soon_threadsafe(event.set)

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
        """Forgets all faults and lets stalled calls go on."""
        self.release()
        with self._lock:
            self._queue.clear()
            self._limited_requests = 0
