"""Who brings a part to the server: this process, from a view of its bytes, or a job that an executor runs elsewhere."""

from __future__ import annotations

from concurrent.futures import BrokenExecutor, CancelledError
from pickle import PicklingError, dumps
from typing import TYPE_CHECKING

import msgspec

from .. import models
from .._runtime.errors import ApiError, one_line, short_repr
from .._runtime.stream import PIECE, Stream
from . import digest
from .errors import DigestMismatchError, PartConflictError, SourceChangedError, UploadError
from .job import run_part_job
from .part import check_stored
from .source import release

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor, Future

    from ..client import RawClient
    from .job import PartJob
    from .patience import Patience, Stop
    from .plan import Part

__all__ = ["JobCarrier", "WindowCarrier"]

_BROKEN = "the executor that sends the parts is broken"


class WindowCarrier:
    """Sends a view of the bytes, which stay the same meanwhile.

    Args:
        calls: The client's calls, each sent once.
        session: The session.
        file_size: Size of the file in bytes.
        part: The part.
        window: Its bytes.
        patience: Is told that bytes move.
        stop: The wish to end the upload.
        count: Takes the number of bytes that were handed to the network; negative when they have to go again.

    Attributes:
        counted: How many bytes count at present.
    """

    def __init__(  # noqa: PLR0913  # each is a plain value
        self,
        calls: RawClient,
        session: models.UploadSession,
        file_size: int,
        part: Part,
        window: memoryview,
        *,
        patience: Patience,
        stop: Stop,
        count: Callable[[int], object],
    ) -> None:
        self.counted = 0
        self._calls = calls
        self._session = session
        self._part = part
        # Views of its own: whoever gave the window still reads from it.
        self._window = window[:]
        self._given: list[memoryview] = []
        self._patience = patience
        self._stop = stop
        self._count = count
        self._content_range = part.content_range(file_size)
        self._sha1 = digest.part_sha1(window)

    def send(self) -> models.UploadPart:
        """Send the bytes in pieces."""
        try:
            answer = self._calls.upload_part(
                self._session,
                body=Stream(len(self._window), self._pieces),
                digest=digest.header(self._sha1),
                content_range=self._content_range,
            )
            check_stored(answer.parsed.part, self._part, self._sha1, DigestMismatchError)
        except (ApiError, DigestMismatchError) as error:
            # The view may be of memory that the caller writes to.
            if digest.part_sha1(self._window) != self._sha1:
                raise SourceChangedError("the source has changed while it was uploaded: sha1") from error
            raise
        return answer.parsed.part

    def compare(self, held: models.UploadPart) -> None:
        """Compare the part with what the server holds."""
        check_stored(held, self._part, self._sha1, PartConflictError)

    def release(self) -> None:
        """Give the bytes back, even if frames of the HTTP library are kept, with the pieces that they were sending."""
        for view in (self._window, *self._given):
            release(view)

    def _pieces(self) -> Iterator[memoryview]:
        self._recount(0)
        for start in range(0, len(self._window), PIECE):
            self._stop.check()
            piece = self._window[start : start + PIECE]
            self._given.append(piece)
            yield piece
            self._patience.moved()
            self._recount(self.counted + len(piece))

    def _recount(self, counted: int) -> None:
        if counted != self.counted:
            self._count(counted - self.counted)
            self.counted = counted


class JobCarrier:
    """Has jobs run by an executor, one for each attempt.

    Args:
        executor: The executor, which is the caller's.
        job: The part as a job.
        patience: Is told that bytes may have moved, since nobody tells whether they do.
        stop: The wish to end the upload; a job that has not begun then is taken back.

    Attributes:
        counted: How many bytes count at present: none before the end.
    """

    counted = 0

    def __init__(self, executor: Executor, job: PartJob, patience: Patience, stop: Stop) -> None:
        self._executor = executor
        self._job = job
        self._patience = patience
        self._stop = stop
        self._attempts = 0

    def send(self) -> models.UploadPart:
        """Have the part sent."""
        return self._run(self._job)

    def compare(self, held: models.UploadPart) -> None:
        """Have the part compared with what the server holds."""
        self._run(msgspec.structs.replace(self._job, held=held))

    def _run(self, job: PartJob) -> models.UploadPart:
        self._stop.check()
        self._attempts += 1
        future = self._submit(msgspec.structs.replace(job, attempt=self._attempts))
        try:
            with self._stop.listening(future.cancel):
                return _checked(future.result())
        except CancelledError:
            self._stop.check()
            raise UploadError("the executor has cancelled a part") from None
        except BrokenExecutor as error:
            raise UploadError(f"{_BROKEN}: {error}") from error
        except (PicklingError, AttributeError, TypeError) as error:
            # Pickle raises all three, and a callable for the token may raise two of them where the job runs.
            if not isinstance(error, PicklingError) and not _is_from_pickling(error, job):
                raise
            text = "the executor cannot carry the client's token: give a string, or a function of a module"
            raise UploadError(f"{text} ({error})") from error
        finally:
            self._patience.moved()
            # Its error would refer to itself.
            del future

    def _submit(self, job: PartJob) -> Future[models.UploadPart]:
        try:
            return self._executor.submit(run_part_job, job)
        except BrokenExecutor as error:
            raise UploadError(f"{_BROKEN}: {error}") from error
        except Exception as error:
            raise UploadError(f"the executor takes no part: {one_line(str(error) or repr(error))}") from error


def _is_from_pickling(error: Exception, job: PartJob) -> bool:
    """Whether an error is the one that pickling the job ends with; each Python words it in its own way."""
    try:
        # All else are plain values, some of them large.
        dumps(job.connect)
    except type(error) as again:
        return str(again) == str(error)
    except Exception:  # noqa: BLE001  # a callable's own way of being pickled may raise anything
        return False
    return False


def _checked(result: object) -> models.UploadPart:
    if not isinstance(result, models.UploadPart):
        raise UploadError(f"the executor has returned {short_repr(result)} for a part")
    return result
