"""The parts of a file, several at a time: read in order, hashed as a whole meanwhile, uploaded by threads.

The thread that runs the engine reads a part, hands it to a worker, and while that hashes and sends it, adds it to the
digest of the whole file. So every byte is read once, and the digests of the parts and of the whole are of the same
bytes. There are as many buffers as workers and one more, whatever the size of the file; lowest offsets go first. Where
parts are read elsewhere, a small window is enough here.
"""

from __future__ import annotations

from concurrent.futures import wait
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import msgspec

from .. import models  # the field of a Struct looks at it
from .digest import WholeDigest
from .errors import SourceChangedError
from .plan import Part
from .progress import BytesSent, PartDone, Retried
from .source import release

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Future

    from .patience import Stop
    from .plan import Plan
    from .progress import ProgressEvent
    from .source import Source

__all__ = ["Engine", "Finished", "Lanes", "PartResult", "Wants"]

Wants: TypeAlias = Literal["windows", "copies", "nothing"]
"""What of a part is needed in this process. `windows`: its bytes, until it is done. `copies`: its bytes, until `submit`
returns. `nothing`: they are read elsewhere."""

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


class Lanes(Protocol):
    """Where parts are uploaded."""

    @property
    def width(self) -> int:
        """How many parts may be on their way, those that wait for a worker included."""
        ...

    @property
    def wants(self) -> Wants:
        """What of a part is needed here."""
        ...

    def submit(self, part: Part, window: memoryview, held: models.UploadPart | None) -> Future[PartResult]:
        """Begin to upload a part, or to compare it with what the server holds of it."""
        ...


class Finished(msgspec.Struct, frozen=True):
    """All parts are stored.

    Attributes:
        parts: The parts as the server holds them, ordered by offset.
        sha1: SHA-1 of the whole file in hexadecimal digits.
    """

    parts: list[models.UploadPart]
    sha1: str


_Message: TypeAlias = "int | Retried | Part | None"


class Engine:
    """Uploads the parts of one file, in the thread that calls `run`.

    Args:
        plan: The parts.
        source: The bytes.
        stop: The wish to end, set here as well when a part has failed.
        tell: Takes the events of the progress.
    """

    def __init__(self, plan: Plan, source: Source, stop: Stop, tell: Callable[[ProgressEvent], object]) -> None:
        self._plan = plan
        self._source = source
        self._stop = stop
        self._tell = tell
        self._mailbox: SimpleQueue[_Message] = SimpleQueue()
        self._buffers: list[memoryview] = []
        self._lent: dict[int, memoryview] = {}
        self._windows: dict[int, memoryview] = {}
        self._pending: dict[int, Future[PartResult]] = {}
        self._stored: list[models.UploadPart | None] = [None] * plan.total_parts
        self._held: Mapping[int, models.UploadPart] = {}
        self._done = 0
        self._sent = 0

    @property
    def post(self) -> Callable[[int | Retried], object]:
        """Takes the number of bytes that a worker has sent, or the event of a part that is sent again; from any thread.

        Whoever keeps it does not keep the engine.
        """
        return self._mailbox.put

    def run(self, lanes: Lanes, held: Mapping[int, models.UploadPart]) -> Finished:
        """Upload the parts that are not held, compare those that are, and return all of them.

        Whatever it ends with, no worker is busy any more.

        Raises:
            UploadError: A part could not be uploaded; the first failure is raised.
            SourceChangedError: The source ends too early.
            UploadAbortedError: The upload was cancelled.
            BaseException: What `on_progress` raised, or a signal's handler.
        """
        self._held = held
        try:
            with self._stop.listening(lambda: self._mailbox.put(None)):
                return self._run(lanes)
        finally:
            # What was lent is taken back rather than forgotten: frames of the HTTP library outlive a broken connection
            # in cycles, and with them all that called them, but a released view keeps no memory.
            for view in (*self._windows.values(), *self._lent.values(), *self._buffers):
                release(view)
            for kept in (self._buffers, self._lent, self._windows, self._pending):
                kept.clear()

    def _run(self, lanes: Lanes) -> Finished:
        whole = WholeDigest()
        small = memoryview(bytearray(_WINDOW if lanes.wants == "nothing" else 0))
        try:
            for part in self._plan.parts():
                while len(self._pending) >= lanes.width:
                    self._receive()
                self._drain()
                # In a frame of its own, which is gone when a part fails: an error would keep the window.
                self._begin(lanes, part, whole, small)
            while self._pending:
                self._receive()
        except SourceChangedError:
            try:
                # A part that has failed meanwhile is what came first.
                self._drain()
            finally:
                self._halt()
            raise
        except BaseException:
            self._halt()
            raise
        return Finished([one for one in self._stored if one is not None], whole.sha1())

    def _begin(self, lanes: Lanes, part: Part, whole: WholeDigest, small: memoryview) -> None:
        if lanes.wants == "nothing":
            self._start(lanes, part, _NOTHING)
            for window in self._source.windows(part.offset, part.size, small):
                whole.add(window)
            return
        window = self._windows[part.index] = self._source.window(part.offset, part.size, self._borrow(part))
        self._start(lanes, part, window)
        whole.add(window)
        if lanes.wants == "copies":
            self._take_back(part)

    def _start(self, lanes: Lanes, part: Part, window: memoryview) -> None:
        future = lanes.submit(part, window, self._held.get(part.index))
        self._pending[part.index] = future
        put = self._mailbox.put
        future.add_done_callback(lambda _: put(part))

    def _borrow(self, part: Part) -> memoryview:
        if self._source.in_memory:
            return _NOTHING
        # Not more than fit into the lanes: what a part has borrowed is given back before another one begins.
        view = self._buffers.pop() if self._buffers else memoryview(bytearray(self._plan.part_size))
        self._lent[part.index] = view
        return view

    def _take_back(self, part: Part) -> None:
        if (window := self._windows.pop(part.index, None)) is not None:
            release(window)
        if (view := self._lent.pop(part.index, None)) is not None:
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
            self._stop.check()
        elif isinstance(message, Retried):
            self._tell(message)
        elif isinstance(message, Part):
            self._end(message)

    def _report(self, count: int) -> None:
        if count:
            self._sent += count
            self._tell(BytesSent(count, self._sent, self._plan.size))

    def _end(self, part: Part) -> None:
        self._take_back(part)
        # In no variable: its error would refer to itself, and to all that the part has needed.
        result = self._pending.pop(part.index).result()
        was_held = part.index in self._held
        self._stored[part.index] = result.stored
        self._done += 1
        self._report(part.size - result.counted)
        self._tell(
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

    def _halt(self) -> None:
        """End all work, and wait until it has ended: workers look at `stop` before each piece and after each pause."""
        self._stop.set()
        wait([future for future in self._pending.values() if not future.cancel()])
