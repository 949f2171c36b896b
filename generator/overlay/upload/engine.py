"""Upload the parts of a file, several at a time: read in order, hashed as a whole, sent by a pool of workers.

The thread that runs the engine reads a part and hands it to a worker. While the worker hashes and sends it, the engine
adds it to the SHA-1 of the whole file. So every byte is read once, and the SHA-1s of the parts and of the whole are of
the same bytes. There are as many buffers as workers and one more, whatever the size of the file, also for several
uploads that share their slots; lowest offsets go first. Where workers read the parts elsewhere, a small buffer does.
"""

from __future__ import annotations

from concurrent.futures import wait
from functools import partial
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import msgspec

from .. import models  # the field of a Struct looks at it
from .digest import WholeDigest
from .errors import SourceChangedError
from .events import BytesSent, PartDone, Retried, Throttled
from .parts import Part
from .planning import FoundPart
from .slots import HeldSlots
from .source import release

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Future

    from .events import ProgressEvent
    from .parts import Plan
    from .retry import CancelToken
    from .slots import Slots
    from .source import Source

__all__ = ["Engine", "Needs", "PartResult", "UploadedParts", "WorkerPool"]

Needs: TypeAlias = Literal["until done", "until submitted", "nothing"]
"""How long a pool needs the bytes of a part in this process; `nothing`: the workers read them elsewhere."""

_NOTHING = memoryview(b"")
_WINDOW = 1024 * 1024


class PartResult(msgspec.Struct, frozen=True):
    """What became of a part.

    Attributes:
        stored: The part as the server holds it.
        counted: How many of its bytes were counted on their way.
    """

    stored: models.UploadPart
    counted: int = 0


class WorkerPool(Protocol):
    """Uploads parts, several at a time."""

    @property
    def width(self) -> int:
        """How many parts may be submitted at a time, those that wait for a worker included."""
        ...

    @property
    def needs(self) -> Needs:
        """How long the bytes of a part are needed here."""
        ...

    def submit(self, part: Part, window: memoryview, held: models.UploadPart | None) -> Future[PartResult]:
        """Start to upload a part, or to compare it with what the server holds of it."""
        ...


class UploadedParts(msgspec.Struct, frozen=True):
    """All parts of a file, as the server holds them.

    Attributes:
        parts: The parts as the server holds them, ordered by offset.
        sha1: SHA-1 of the whole file in hexadecimal digits.
    """

    parts: list[models.UploadPart]
    sha1: str


_SLOT: Literal["slot"] = "slot"
_Message: TypeAlias = "int | Retried | Throttled | Part | Literal['slot'] | None"


class Engine:
    """Uploads the parts of one file, in the thread that calls `run`.

    Args:
        plan: The parts.
        source: The bytes.
        cancel: Cancels the parts; the engine cancels it as well when a part has failed.
        emit: Takes the events.
        slots: How many parts may be in memory.
    """

    def __init__(
        self,
        plan: Plan,
        source: Source,
        cancel: CancelToken,
        emit: Callable[[ProgressEvent], object],
        slots: Slots,
    ) -> None:
        self._plan = plan
        self._source = source
        self._cancel = cancel
        self._emit = emit
        self._mailbox: SimpleQueue[_Message] = SimpleQueue()
        self._slots = HeldSlots(slots, partial(self._mailbox.put, _SLOT))
        self._buffers: list[memoryview] = []
        self._taken: dict[int, memoryview] = {}
        self._windows: dict[int, memoryview] = {}
        self._pending: dict[int, Future[PartResult]] = {}
        self._stored: list[models.UploadPart | None] = [None] * plan.total_parts
        self._held: Mapping[int, models.UploadPart] = {}
        self._done = 0
        self._sent = 0

    @property
    def post(self) -> Callable[[int | Retried | Throttled], object]:
        """Takes the number of bytes that a worker has sent, or the event of a part that waits; from any thread.

        Whoever keeps it does not keep the engine.
        """
        return self._mailbox.put

    def run(self, pool: WorkerPool, held: Mapping[int, models.UploadPart]) -> UploadedParts:
        """Upload the parts that are not held, compare those that are, and return all of them.

        No worker is busy any more when this returns or raises.

        Raises:
            UploadError: A part could not be uploaded; the first failure is raised.
            SourceChangedError: The source ends too early.
            UploadCancelledError: The upload was cancelled.
            BaseException: What `on_progress` raised, or a signal's handler.
        """
        self._held = held
        try:
            with self._cancel.on_cancel(lambda: self._mailbox.put(None)):
                return self._run(pool)
        finally:
            # Views are released rather than forgotten: frames of the HTTP library outlive a broken connection in
            # cycles, and with them all that called them, but a released view keeps no memory.
            for view in (*self._windows.values(), *self._taken.values(), *self._buffers):
                release(view)
            for kept in (self._buffers, self._taken, self._windows, self._pending):
                kept.clear()
            self._slots.close()

    def _run(self, pool: WorkerPool) -> UploadedParts:
        whole = WholeDigest()
        small = memoryview(bytearray(_WINDOW if pool.needs == "nothing" else 0))
        try:
            for part in self._plan.parts():
                while len(self._pending) >= pool.width:
                    self._receive()
                self._drain()
                self._take_slot()
                # In a frame of its own, which is gone when a part fails: the error would keep the window alive.
                self._submit(pool, part, whole, small)
            self._slots.keep_no_more()
            self._give_back_slots()
            while self._pending:
                self._receive()
        except SourceChangedError:
            try:
                # A part that has failed by now is the first failure.
                self._drain()
            finally:
                self._stop_workers()
            raise
        except BaseException:
            self._stop_workers()
            raise
        return UploadedParts([part for part in self._stored if part is not None], whole.sha1())

    def _submit(self, pool: WorkerPool, part: Part, whole: WholeDigest, small: memoryview) -> None:
        if pool.needs == "nothing":
            self._start(pool, part, _NOTHING)
            for window in self._source.windows(part.offset, part.size, small):
                whole.add(window)
            return
        window = self._windows[part.index] = self._source.window(part.offset, part.size, self._take_buffer(part))
        self._start(pool, part, window)
        whole.add(window)
        if pool.needs == "until submitted":
            self._return_buffer(part)

    def _start(self, pool: WorkerPool, part: Part, window: memoryview) -> None:
        future = pool.submit(part, window, self._held.get(part.index))
        self._pending[part.index] = future
        put = self._mailbox.put
        future.add_done_callback(lambda _: put(part))

    def _take_slot(self) -> None:
        while not self._slots.take():
            self._receive()
        self._give_back_slots()

    def _give_back_slots(self) -> None:
        for _ in range(min(self._slots.give_back(), len(self._buffers))):
            release(self._buffers.pop())

    def _take_buffer(self, part: Part) -> memoryview:
        if self._source.in_memory:
            return _NOTHING
        # As many as the pool is wide: a part gives its buffer back before another one starts.
        view = self._buffers.pop() if self._buffers else memoryview(bytearray(self._plan.part_size))
        self._taken[part.index] = view
        return view

    def _return_buffer(self, part: Part) -> None:
        if (window := self._windows.pop(part.index, None)) is not None:
            release(window)
        if (view := self._taken.pop(part.index, None)) is not None:
            self._buffers.append(view)

    def _drain(self) -> None:
        while not self._mailbox.empty():
            self._receive()

    def _receive(self) -> None:
        """Wait for a message, and act on it and on the counts that came with it."""
        message, count = self._mailbox.get(), 0
        while isinstance(message, int):
            count += message
            try:
                message = self._mailbox.get_nowait()
            except Empty:
                break
        self._report(count)
        if message is None:
            self._cancel.check()
        elif isinstance(message, (Retried, Throttled)):
            self._emit(message)
        elif isinstance(message, Part):
            self._finish(message)
        elif message == _SLOT:
            self._slots.receive()

    def _report(self, count: int) -> None:
        if count:
            self._sent += count
            self._emit(BytesSent(count, self._sent, self._plan.size))

    def _finish(self, part: Part) -> None:
        self._return_buffer(part)
        self._slots.keep()
        self._give_back_slots()
        # Not bound to a name: future -> exception -> traceback -> frame -> future would keep the part's buffer alive.
        result = self._pending.pop(part.index).result()
        was_held = part.index in self._held or isinstance(result.stored, FoundPart)
        self._stored[part.index] = result.stored
        self._done += 1
        self._report(part.size - result.counted)
        self._emit(
            PartDone(
                part.index,
                part.offset,
                part.size,
                result.stored.sha1.lower(),
                self._done,
                self._plan.total_parts,
                was_held,
            )
        )

    def _stop_workers(self) -> None:
        """Cancel all parts, and wait for the workers, which check for it before each piece and after each delay."""
        self._cancel.cancel()
        wait([future for future in self._pending.values() if not future.cancel()])
