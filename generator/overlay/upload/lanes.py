"""Where parts are uploaded: each in a thread that sends it, or that has it sent by an executor and waits."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

from .carrier import JobCarrier, WindowCarrier
from .engine import PartResult
from .job import PartJob
from .part import Delivery, deliver
from .patience import Patience

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from types import TracebackType
    from typing import Self

    from .. import models
    from .engine import Wants
    from .order import Order, Remote
    from .patience import Stop
    from .plan import Part
    from .progress import Retried

__all__ = ["JobLanes", "WindowLanes"]


class _ThreadLanes:
    """Threads of one upload alone, each with one part; a context manager that ends them.

    Args:
        order: What is uploaded.
        session: The session.
        stop: The wish to end the upload.
        note: Takes the events of parts that are sent again.
    """

    def __init__(
        self, order: Order, session: models.UploadSession, *, stop: Stop, note: Callable[[Retried], object]
    ) -> None:
        self._order = order
        self._session = session
        self._stop = stop
        self._note = note
        self.width = order.options.workers
        self._threads = ThreadPoolExecutor(self.width, thread_name_prefix="box-upload")

    def _patience(self, part: Part) -> Patience:
        options = self._order.options
        return Patience(
            "part",
            pace=options.pace,
            deadline_s=options.deadline_s,
            stop=self._stop,
            tell=self._note,
            offset=part.offset,
        )

    def _upload(
        self, part: Part, carrier: WindowCarrier | JobCarrier, patience: Patience, held: models.UploadPart | None
    ) -> PartResult:
        if held is None:
            held = deliver(Delivery(self._order.calls, self._session, part, patience), carrier)
        else:
            carrier.compare(held)
        return PartResult(held, carrier.counted)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._threads.shutdown(cancel_futures=True)


class WindowLanes(_ThreadLanes):
    """Threads that send what the engine has read.

    Args:
        order: What is uploaded.
        session: The session.
        stop: The wish to end the upload.
        note: Takes the events of parts that are sent again.
        count: Takes numbers of bytes that were sent.
    """

    wants: Wants = "windows"

    def __init__(
        self,
        order: Order,
        session: models.UploadSession,
        *,
        stop: Stop,
        note: Callable[[Retried], object],
        count: Callable[[int], object],
    ) -> None:
        super().__init__(order, session, stop=stop, note=note)
        self._count = count
        # One part is read ahead of the workers.
        self.width += 1

    def submit(self, part: Part, window: memoryview, held: models.UploadPart | None) -> Future[PartResult]:
        """Begin to upload a part from a view, which stays the same until the future is done."""
        return self._threads.submit(self._send, part, window, held)

    def _send(self, part: Part, window: memoryview, held: models.UploadPart | None) -> PartResult:
        self._stop.check()
        patience = self._patience(part)
        carrier = WindowCarrier(
            self._order.calls,
            self._session,
            self._order.source.size,
            part,
            window,
            patience=patience,
            stop=self._stop,
            count=self._count,
        )
        try:
            return self._upload(part, carrier, patience, held)
        finally:
            carrier.release()


class JobLanes(_ThreadLanes):
    """Threads that have an executor of the caller's send the parts: in processes, or on machines of a cluster.

    Args:
        order: What is uploaded; its source's path or URL is opened where a job runs, without either, jobs carry the
            bytes.
        session: The session.
        remote: The executor, and what makes a client where it runs a job.
        stop: The wish to end the upload.
        note: Takes the events of parts that are sent again.
    """

    def __init__(
        self,
        order: Order,
        session: models.UploadSession,
        remote: Remote,
        *,
        stop: Stop,
        note: Callable[[Retried], object],
    ) -> None:
        super().__init__(order, session, stop=stop, note=note)
        self.wants: Wants = "nothing" if order.source.location else "copies"
        self._remote = remote
        self._client = uuid4().hex
        self._encoded = msgspec.json.encode(session)

    def submit(self, part: Part, window: memoryview, held: models.UploadPart | None) -> Future[PartResult]:
        """Begin to upload a part; the view is free again when this returns."""
        source = self._order.source
        job = PartJob(
            connect=self._remote.connect,
            client=self._client,
            session=self._encoded,
            source=source.location or bytes(window),
            fingerprint=source.fingerprint if source.location else None,
            file_size=source.size,
            part=part,
        )
        return self._threads.submit(self._send, job, held)

    def _send(self, job: PartJob, held: models.UploadPart | None) -> PartResult:
        patience = self._patience(job.part)
        return self._upload(job.part, JobCarrier(self._remote.executor, job, patience, self._stop), patience, held)
