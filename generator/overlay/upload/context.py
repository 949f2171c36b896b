"""What all steps of one upload share."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from .._runtime.errors import ClientError
from .outcomes import is_retryable
from .retry import CancelToken, PauseLog, RetryBudget

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..client import RawClient
    from .events import ProgressEvent
    from .executor_parts import ClientFactory
    from .journal import Journal
    from .options import UploadOptions
    from .slots import PartLimits
    from .source import Source
    from .target import Target
    from .upload_client import UploadClient

__all__ = ["UploadContext"]

_T = TypeVar("_T")
_CLEANUP_S = 30.0


class UploadContext:
    """What all steps of one upload share.

    Args:
        client: The calls.
        source: The bytes.
        target: Where the file goes.
        options: What the caller has decided.
        make_client: Makes a client where an executor runs jobs, or None without an executor.
        journal: What a later run resumes from, or None.
        emit: Takes the events.
        cancel: Whether the upload was cancelled.
        limits: How many parts may be in memory and be sent.

    Attributes:
        lost_creates: How many sessions may have been created by calls whose responses were lost, and were not found.
        unended_sessions: What is known of each session that could not be aborted, and that nothing else reports.
        may_plan: Whether the server may be asked which parts of a version it has already.
        is_unchanged: Whether the file had the content already, so that no new version was made.
        pauses: The pauses of the client's calls that were emitted.
    """

    def __init__(  # noqa: PLR0913  # each is a part of the upload
        self,
        client: UploadClient,
        source: Source,
        target: Target,
        options: UploadOptions,
        *,
        make_client: ClientFactory | None = None,
        journal: Journal | None,
        emit: Callable[[ProgressEvent], object],
        cancel: CancelToken,
        limits: PartLimits,
    ) -> None:
        self.client = client
        self.source = source
        self.target = target
        self.options = options
        self.make_client = make_client
        self.journal = journal
        self.emit = emit
        self.cancel = cancel
        self.limits = limits
        self.lost_creates = 0
        self.unended_sessions: list[str] = []
        self.may_plan = True
        self.is_unchanged = False
        self.pauses = PauseLog()

    def retry_budget(self, step: str) -> RetryBudget:
        """Return the time that a step may take without progress, from now on."""
        options = self.options
        return RetryBudget(
            step,
            backoff=options.backoff,
            deadline_s=options.deadline_s,
            cancel=self.cancel,
            emit=self.emit,
            pauses=self.pauses,
        )

    def call_with_retry(self, step: str, call: Callable[[RawClient], _T]) -> _T:
        """Make a call that changes nothing, until the server answers it.

        Raises:
            DeadlineExceededError: The server has not answered in time.
            UploadCancelledError: The upload was cancelled.
            ApiError: The server refuses the call.
        """
        budget = self.retry_budget(step)
        calls = self.client.calls_within(budget)
        while True:
            self.cancel.check()
            try:
                with self.cancel.on_cancel(self.client.abort_connections):
                    return call(calls)
            except ClientError as error:
                if not is_retryable(error):
                    raise
                budget.wait(error)

    def cleanup_budget(self) -> RetryBudget:
        """Return the time that aborting a session may take; it cannot be cancelled and emits nothing."""
        options = self.options
        return RetryBudget(
            "abort",
            backoff=msgspec.structs.replace(options.backoff, max_throttled_s=_CLEANUP_S),
            deadline_s=min(_CLEANUP_S, options.deadline_s),
            cancel=CancelToken(),
            emit=lambda _: None,
        )
