"""Threads that upload the parts of one file from this process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from .engine import PartResult
from .part_upload import BufferSender, PartUploader
from .planning import Planner
from .retry import RetryBudget

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from types import TracebackType
    from typing import Self

    from .. import models
    from .context import UploadContext
    from .engine import Needs
    from .events import Retried, Throttled
    from .part_upload import PartSender
    from .parts import Part
    from .retry import CancelToken

__all__ = ["LocalPool", "ThreadPool"]


class ThreadPool:
    """The threads of one upload, one part each; leaving the context ends them.

    Args:
        context: The upload.
        session: The session.
        cancel: Cancels the parts.
        emit: Takes the events of parts that wait, from any thread.
    """

    def __init__(
        self,
        context: UploadContext,
        session: models.UploadSession,
        *,
        cancel: CancelToken,
        emit: Callable[[Retried | Throttled], object],
    ) -> None:
        self._context = context
        self._session = session
        self._cancel = cancel
        self._emit = emit
        self.width = context.options.workers
        self._planner = Planner(session) if context.target.file_id is not None and context.may_plan else None
        self._threads = ThreadPoolExecutor(self.width, thread_name_prefix="box-upload")

    def _retry_budget(self, part: Part) -> RetryBudget:
        options = self._context.options
        return RetryBudget(
            "part",
            backoff=options.backoff,
            deadline_s=options.deadline_s,
            cancel=self._cancel,
            emit=self._emit,
            offset=part.offset,
            pauses=self._context.pauses,
        )

    def _upload(
        self, part: Part, sender: PartSender, budget: RetryBudget, held: models.UploadPart | None
    ) -> PartResult:
        if held is None:
            calls = self._context.client.calls_within(budget)
            held = PartUploader(calls, self._session, part, sender, budget).upload()
        else:
            sender.compare(held)
        return PartResult(held, sender.counted)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._threads.shutdown()


class LocalPool(ThreadPool):
    """Threads that send what the engine has read.

    Args:
        context: The upload.
        session: The session.
        cancel: Cancels the parts.
        emit: Takes the events of parts that wait, from any thread.
        count: Takes numbers of bytes that were sent, from any thread.
    """

    needs: Needs = "until done"

    def __init__(
        self,
        context: UploadContext,
        session: models.UploadSession,
        *,
        cancel: CancelToken,
        emit: Callable[[Retried | Throttled], object],
        count: Callable[[int], object],
    ) -> None:
        super().__init__(context, session, cancel=cancel, emit=emit)
        self._count = count
        # One part is read ahead of the workers.
        self.width += 1

    def submit(self, part: Part, window: memoryview, held: models.UploadPart | None) -> Future[PartResult]:
        """Start to upload a part from a view, which stays the same until the future is done."""
        return self._threads.submit(self._send, part, window, held)

    def _send(self, part: Part, window: memoryview, held: models.UploadPart | None) -> PartResult:
        with self._context.limits.sent.one(self._cancel):
            self._cancel.check()
            budget = self._retry_budget(part)
            sender = BufferSender(
                self._context.client.calls_within(budget),
                self._session,
                self._context.source.size,
                part,
                window,
                budget=budget,
                cancel=self._cancel,
                count=self._count,
                planner=self._planner,
            )
            try:
                return self._upload(part, sender, budget, held)
            finally:
                sender.release()
