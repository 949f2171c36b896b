"""Uploads that run at the same time: they share how many parts are sent and in memory, and are cancelled together."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from .retry import CancelToken
from .slots import WORKERS, PartLimits, check_workers

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["UploadGroup"]


class UploadGroup:
    """Uploads that run at the same time, in threads or tasks, each started with `group=`.

    Together they send no more parts at a time than one of them would, and hold no more in memory; a small file counts
    as a part. Who has waited longest goes first, so that all of them move on.

    Args:
        workers: Parts that are sent at a time, of all uploads together, 1 to 64; one more is read ahead.

    Raises:
        InvalidArgumentError: `workers` is another value.
    """

    def __init__(self, workers: int = WORKERS) -> None:
        check_workers(workers)
        self._limits = PartLimits(workers)
        self._cancel = CancelToken()

    def cancel(self) -> None:
        """Cancel all uploads of the group, from any thread; later ones are cancelled when they start.

        Each of them raises `UploadCancelledError` once it has ended as after Ctrl-C: with `resume=`, the same call
        resumes. A create, a commit, and the request of a small file whose bytes are all sent run to completion before,
        as long as the client waits for a response; if the file is stored then, it is returned.
        """
        self._cancel.cancel()

    @contextmanager
    def join(self, cancel: CancelToken) -> Generator[PartLimits]:
        """Let an upload be one of the group for the time of the context; `upload_file` calls this.

        Args:
            cancel: Cancels the upload.
        """
        with self._cancel.on_cancel(cancel.cancel):
            yield self._limits
