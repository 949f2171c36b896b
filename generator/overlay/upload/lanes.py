"""Where parts are uploaded: in threads, from the engine's own buffers, or by an executor, from the source itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import msgspec

from . import digest
from .errors import PartConflictError
from .job import PartJob, PartResult, run_part_job
from .part import Delivery, check_stored, deliver
from .patience import Pace, Patience

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor, Future
    from types import TracebackType
    from typing import Self

    from .. import models
    from ..client import RawClient
    from .calls import Connect
    from .patience import Stop
    from .plan import Part
    from .progress import Retried
    from .source import Source

__all__ = ["JobLanes", "ThreadLanes"]


class ThreadLanes:
    """Threads of this upload alone, which send what the engine has read; a context manager that ends them.

    Args:
        calls: The client's calls.
        session: The session.
        file_size: Size of the file in bytes.
        workers: Number of threads.
        pace: Lengths of pauses.
        deadline_s: Seconds for which the failures of a part are borne.
        stop: The wish to end the upload.
        count: Takes numbers of bytes that were sent.
        note: Takes the events of parts that are sent again.
    """

    def __init__(  # noqa: PLR0913  # each is a plain value
        self,
        calls: RawClient,
        session: models.UploadSession,
        *,
        file_size: int,
        workers: int,
        pace: Pace,
        deadline_s: float,
        stop: Stop,
        count: Callable[[int], object],
        note: Callable[[Retried], object],
    ) -> None:
        self._calls = calls
        self._session = session
        self._file_size = file_size
        self._pace = pace
        self._deadline_s = deadline_s
        self._stop = stop
        self._count = count
        self._note = note
        # One part is read ahead of the workers.
        self.width = workers + 1
        self._executor = ThreadPoolExecutor(workers, thread_name_prefix="box-upload")

    def submit(self, part: Part, window: memoryview, held: models.UploadPart | None) -> Future[PartResult]:
        """Begin to upload a part from a view, which stays the same until the future is done."""
        return self._executor.submit(self._upload, part, window, held)

    def _upload(self, part: Part, window: memoryview, held: models.UploadPart | None) -> PartResult:
        self._stop.check()
        sha1 = digest.part_sha1(window)
        if held is not None:
            check_stored(held, part, sha1, PartConflictError)
            return PartResult(held)
        patience = Patience(
            "part",
            pace=self._pace,
            deadline_s=self._deadline_s,
            stop=self._stop,
            tell=self._note,
            offset=part.offset,
        )
        delivery = Delivery(
            self._calls,
            self._session,
            self._file_size,
            part,
            patience=patience,
            stop=self._stop,
            count=self._count,
        )
        return PartResult(deliver(delivery, window, sha1), part.size)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._executor.shutdown(cancel_futures=True)


class JobLanes:
    """Jobs for an executor of the caller's, which stays open: processes, or machines of a cluster.

    Args:
        executor: The executor.
        connect: Makes a client where the job runs.
        session: The session.
        source: The source, whose path or URL is opened where the job runs; without either, jobs carry the bytes.
        width: How many jobs are given to the executor at a time.
        pace: Lengths of pauses.
        deadline_s: Seconds for which the failures of a part are borne.
    """

    def __init__(  # noqa: PLR0913  # each is a plain value
        self,
        executor: Executor,
        connect: Connect,
        session: models.UploadSession,
        source: Source,
        *,
        width: int,
        pace: Pace,
        deadline_s: float,
    ) -> None:
        self._executor = executor
        self._connect = connect
        self._session = msgspec.json.encode(session)
        self._source = source
        self._pace = pace
        self._deadline_s = deadline_s
        self.width = width

    def submit(self, part: Part, window: memoryview, held: models.UploadPart | None) -> Future[PartResult]:
        """Begin to upload a part."""
        location = self._source.location
        job = PartJob(
            connect=self._connect,
            session=self._session,
            source=location or bytes(window),
            fingerprint=self._source.fingerprint if location else None,
            file_size=self._source.size,
            part=part,
            held=held,
            pace=self._pace,
            deadline_s=self._deadline_s,
        )
        return self._executor.submit(run_part_job, job)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """The executor is the caller's."""
