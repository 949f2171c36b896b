"""Upload one part: send it, and after a failure look it up before sending it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from .._runtime.body import PIECE, Stream
from .._runtime.errors import ApiError, ClientError
from . import digest
from .errors import DigestMismatchError, PartConflictError, SessionLostError, SourceChangedError
from .outcomes import Outcome, classify_error
from .part_listing import find_part
from .source import release

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .. import models
    from ..client import RawClient
    from .parts import Part
    from .planning import Planner
    from .retry import CancelToken, RetryBudget

__all__ = ["BufferSender", "PartSender", "PartUploader", "check_stored"]

_CORRUPTIONS = 3


class PartSender(Protocol):
    """Sends the bytes of a part, or has them read and sent elsewhere."""

    @property
    def counted(self) -> int:
        """How many of the bytes were counted as sent."""
        ...

    def send(self) -> models.UploadPart:
        """Send the part once, and return it as the server has stored it.

        Raises:
            DigestMismatchError: The server says that it stored something else.
            ClientError: As the call raises it.
        """
        ...

    def compare(self, held: models.UploadPart) -> None:
        """Compare the part with what the server holds.

        Raises:
            PartConflictError: They differ.
        """
        ...


class PartUploader:
    """Uploads one part.

    Args:
        calls: The client's calls, each sent once.
        session: The session.
        part: The part.
        sender: Sends its bytes.
        budget: The time that it may spend on failures.
    """

    def __init__(
        self, calls: RawClient, session: models.UploadSession, part: Part, sender: PartSender, budget: RetryBudget
    ) -> None:
        self._calls = calls
        self._session = session
        self._part = part
        self._sender = sender
        self._budget = budget
        self._corruptions = 0

    def upload(self) -> models.UploadPart:
        """Upload the part and return it as the server holds it.

        Raises:
            DigestMismatchError: The server got other bytes, several times, or says that it holds others.
            PartConflictError: The session holds other bytes in this range.
            SessionLostError: The session has ended.
            DeadlineExceededError: The part could not be uploaded in time.
            UploadCancelledError: The upload was cancelled.
            ApiError: The server refuses the part for good.
            DecodeError: A success cannot be read, and the session does not hold the part.
        """
        may_be_stored = False
        while True:
            try:
                if may_be_stored and (held := self._find()):
                    self._sender.compare(held)
                    return held
                may_be_stored = False
                return self._sender.send()
            except ClientError as error:
                outcome = self._handle_failure(error)
                # The list of parts cannot be read, and nothing else says what is stored.
                if outcome is Outcome.UNREADABLE and not may_be_stored and (held := self._find_after(error)):
                    self._sender.compare(held)
                    return held
                if outcome in {Outcome.FATAL, Outcome.UNREADABLE}:
                    raise
                # It overlaps a part that the server does not list: by Box's guide, that one was not persisted.
                may_be_stored |= outcome in {Outcome.AMBIGUOUS, Outcome.OVERLAP}

    def _find(self) -> models.UploadPart | None:
        """Return the part as the server holds it, or None if it holds none."""
        return find_part(self._calls, self._session, self._part)

    def _find_after(self, unreadable: ClientError) -> models.UploadPart | None:
        """Look up a part whose upload succeeded with a response that cannot be read."""
        while True:
            try:
                held = self._find()
            except ClientError as error:
                if self._handle_failure(error) in {Outcome.FATAL, Outcome.UNREADABLE}:
                    raise
            else:
                if held is None:
                    unreadable.add_note("The session does not hold the part.")
                return held

    def _handle_failure(self, error: ClientError) -> Outcome:
        """Wait after a failure if another attempt may help, and return what it means."""
        outcome = classify_error(error)
        if outcome is Outcome.SESSION_GONE:
            raise SessionLostError(f"the session has ended: {error}") from error
        self._corruptions += outcome is Outcome.CORRUPT
        if self._corruptions > _CORRUPTIONS:
            text = f"the part at offset {self._part.offset} was corrupted {self._corruptions} times: {error}"
            raise DigestMismatchError(text) from error
        if outcome not in {Outcome.FATAL, Outcome.UNREADABLE}:
            self._budget.wait(error)
        return outcome


class BufferSender:
    """Sends a part from a view of its bytes, which stay the same meanwhile.

    Args:
        calls: The client's calls, each sent once.
        session: The session.
        file_size: Size of the file in bytes.
        part: The part.
        window: Its bytes.
        budget: Counts moving bytes as progress.
        cancel: Whether the upload was cancelled.
        count: Takes the number of bytes that were handed to the network; negative when they have to go again.
        planner: Looks whether the server has the bytes already; None to send them in any case.

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
        budget: RetryBudget,
        cancel: CancelToken,
        count: Callable[[int], object],
        planner: Planner | None = None,
    ) -> None:
        self.counted = 0
        self._planner = planner
        self._calls = calls
        self._session = session
        self._part = part
        # A separate view: the engine still reads from the other one.
        self._window = window[:]
        self._pieces_sent: list[memoryview] = []
        self._budget = budget
        self._cancel = cancel
        self._count = count
        self._content_range = part.content_range(file_size)
        self._sha1 = digest.part_sha1(window)

    def send(self) -> models.UploadPart:
        """Send the bytes in pieces, unless the server has them already."""
        planner, self._planner = self._planner, None
        if planner is not None and (found := planner.find(self._calls, self._part, self._window, self._sha1)):
            return found
        try:
            response = self._calls.upload_part(
                self._session,
                body=Stream(len(self._window), self._pieces),
                digest=digest.header(self._sha1),
                content_range=self._content_range,
            )
            check_stored(response.parsed.part, self._part, self._sha1, DigestMismatchError)
        except (ApiError, DigestMismatchError) as error:
            # The caller may write to the memory below the view.
            if digest.part_sha1(self._window) != self._sha1:
                raise SourceChangedError("the source changed during the upload: sha1") from error
            raise
        return response.parsed.part

    def compare(self, held: models.UploadPart) -> None:
        """Compare the part with what the server holds."""
        check_stored(held, self._part, self._sha1, PartConflictError)

    def release(self) -> None:
        """Release the views, also of pieces that frames of the HTTP library may keep."""
        for view in (self._window, *self._pieces_sent):
            release(view)

    def _pieces(self) -> Iterator[memoryview]:
        self._recount(0)
        self._budget.note_sending()
        for start in range(0, len(self._window), PIECE):
            self._cancel.check()
            piece = self._window[start : start + PIECE]
            self._pieces_sent.append(piece)
            yield piece
            self._budget.note_progress()
            self._recount(self.counted + len(piece))

    def _recount(self, counted: int) -> None:
        if counted != self.counted:
            self._count(counted - self.counted)
            self.counted = counted


def check_stored(
    stored: models.UploadPart, part: Part, sha1: str, failure: type[DigestMismatchError | PartConflictError]
) -> None:
    """Check that a part is stored as it was sent.

    Raises:
        DigestMismatchError: It is not, or the error that is given instead.
    """
    if (stored.offset, stored.size) != (part.offset, part.size) or not digest.is_same(stored.sha1, sha1):
        raise failure(
            f"the server holds {stored.size} bytes with sha1 {stored.sha1} at offset {stored.offset};"
            f" expected {part.size} bytes with sha1 {sha1} at offset {part.offset}"
        )
