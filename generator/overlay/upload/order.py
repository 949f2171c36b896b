"""An order to upload: what is uploaded, where to, by which means, and how patiently."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from .._runtime.errors import ClientError
from .patience import Pace, Patience, Stop
from .verdict import verdict_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from msgspec import UnsetType

    from .. import models
    from .calls import Connect, Line
    from .journal import Journal
    from .progress import ProgressEvent
    from .source import Source
    from .target import Target

__all__ = ["Options", "Order", "Remote"]

_T = TypeVar("_T")
_AFTER_S = 30.0


class Remote(msgspec.Struct, frozen=True):
    """An executor that sends the parts.

    Attributes:
        executor: The executor, which is the caller's.
        connect: Makes a client where it runs jobs.
    """

    executor: Executor
    connect: Connect


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller decides about an upload.

    Attributes:
        workers: How many parts are sent at a time.
        remote: Where they are sent, or None for here.
        attributes: Attributes of the file.
        if_match: Etag that the file must still have.
        deadline_s: Seconds for which the failures of one step are borne.
        pace: Lengths of pauses, and clocks.
    """

    workers: int
    remote: Remote | None
    attributes: models.FileAttributes | UnsetType
    if_match: str | UnsetType
    deadline_s: float
    pace: Pace


class Order:
    """What all steps of one upload know.

    Args:
        line: The client's calls.
        source: The bytes.
        target: Where the file goes.
        options: What the caller has decided.
        journal: Where another process finds what it needs to go on, or None if there shall be no other.
        tell: Takes the events of the progress.
        stop: The wish to end the upload.

    Attributes:
        lost_creates: How many answers that may have named a session were lost, and the session was not found.
        not_ended: What is known of each session that could not be ended, and that nothing else tells of.
    """

    def __init__(  # noqa: PLR0913  # each is a part of the upload
        self,
        line: Line,
        source: Source,
        target: Target,
        options: Options,
        *,
        journal: Journal | None,
        tell: Callable[[ProgressEvent], object],
        stop: Stop,
    ) -> None:
        self.calls = line.calls
        self.farewell = line.farewell
        self.break_off = line.break_off
        self.source = source
        self.target = target
        self.options = options
        self.journal = journal
        self.tell = tell
        self.stop = stop
        self.lost_creates = 0
        self.not_ended: list[str] = []

    def patience(self, step: str) -> Patience:
        """Return the patience for a step of the upload."""
        options = self.options
        return Patience(step, pace=options.pace, deadline_s=options.deadline_s, stop=self.stop, tell=self.tell)

    def ask(self, step: str, question: Callable[[], _T]) -> _T:
        """Ask the server something that changes nothing, until it answers.

        Raises:
            DeadlineExceededError: It has not answered in time.
            UploadAbortedError: The end of the upload is wished for.
            ApiError: It refuses to answer, or what it is asked about is not there.
        """
        patience = self.patience(step)
        while True:
            self.stop.check()
            try:
                with self.stop.listening(self.break_off):
                    return question()
            except ClientError as error:
                if verdict_of(error) not in {"refused", "unknown"}:
                    raise
                patience.pause(error)

    def farewell_patience(self) -> Patience:
        """Return the patience for what is done after the end, which nobody can wish to end."""
        deadline_s = min(_AFTER_S, self.options.deadline_s)
        return Patience("abort", pace=self.options.pace, deadline_s=deadline_s, stop=Stop(), tell=lambda _: None)
