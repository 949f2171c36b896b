"""Uploading one part: sent, and if that fails, looked for before it is sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._runtime.errors import ClientError
from .._runtime.stream import PIECE, Stream
from . import digest
from .errors import DigestMismatchError, PartConflictError, SessionLostError
from .inventory import find_part
from .verdict import verdict_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .. import models
    from ..client import RawClient
    from .patience import Patience, Stop
    from .plan import Part
    from .verdict import Verdict

__all__ = ["Delivery", "check_stored", "deliver"]

_CORRUPTIONS = 3


class Delivery:
    """What one part needs on its way, apart from its bytes.

    Args:
        calls: The client's calls, each sent once.
        session: The session.
        file_size: Size of the file in bytes.
        part: The part.
        patience: How long failures are borne.
        stop: The wish to end the upload.
        count: Takes the number of bytes that were handed to the network; negative when they have to go again.
    """

    def __init__(  # noqa: PLR0913  # each is a plain value
        self,
        calls: RawClient,
        session: models.UploadSession,
        file_size: int,
        part: Part,
        *,
        patience: Patience,
        stop: Stop,
        count: Callable[[int], object],
    ) -> None:
        self.calls = calls
        self.session = session
        self.part = part
        self.patience = patience
        self.content_range = part.content_range(file_size)
        self._stop = stop
        self._count = count
        self._counted = 0
        self._corruptions = 0

    def bear(self, error: ClientError) -> Verdict:
        """Return what a failure means, unless it ends the part.

        Raises:
            UploadError: It does.
            ClientError: It does; the same error.
        """
        verdict = verdict_of(error)
        if verdict == "gone":
            raise SessionLostError(f"the session has ended: {error}") from error
        self._corruptions += verdict == "corrupt"
        if self._corruptions > _CORRUPTIONS:
            text = f"the server got other bytes at offset {self.part.offset} {self._corruptions} times: {error}"
            raise DigestMismatchError(text) from error
        if verdict == "final":
            raise error
        return verdict

    def body(self, content: memoryview) -> Stream:
        """Return the bytes as a body that is sent in pieces, and again for each attempt."""

        def pieces() -> Iterator[memoryview]:
            self.recount(0)
            for start in range(0, len(content), PIECE):
                self._stop.check()
                piece = content[start : start + PIECE]
                yield piece
                self.recount(self._counted + len(piece))

        return Stream(len(content), pieces)

    def recount(self, counted: int) -> None:
        """Tell how much of the part has been sent by now."""
        if counted != self._counted:
            self._count(counted - self._counted)
            self._counted = counted


def deliver(delivery: Delivery, content: memoryview, sha1: str) -> models.UploadPart:
    """Upload a part and return it as the server holds it.

    Args:
        delivery: What there is beside the bytes.
        content: The bytes, which stay the same until this returns.
        sha1: Their SHA-1 in hexadecimal digits.

    Raises:
        DigestMismatchError: The server got other bytes, several times, or says that it holds others.
        PartConflictError: The session holds other bytes in this range.
        SessionLostError: The session has ended.
        DeadlineExceededError: The part could not be uploaded in time.
        UploadAbortedError: The upload was cancelled.
        ApiError: The server refuses the part for good.
    """
    part, is_unsure = delivery.part, False
    while True:
        try:
            if is_unsure and (held := find_part(delivery.calls, delivery.session, part)):
                check_stored(held, part, sha1, PartConflictError)
                delivery.recount(part.size)
                return held
            is_unsure = False
            answer = delivery.calls.upload_part(
                delivery.session,
                body=delivery.body(content),
                digest=digest.header(sha1),
                content_range=delivery.content_range,
            )
            check_stored(answer.parsed.part, part, sha1, DigestMismatchError)
        except ClientError as error:
            # An overlap of a part that the server does not list: it was not persisted, says Box's guide.
            is_unsure |= delivery.bear(error) in {"unknown", "overlap"}
            delivery.patience.pause(error)
        else:
            return answer.parsed.part


def check_stored(
    stored: models.UploadPart, part: Part, sha1: str, failure: type[DigestMismatchError | PartConflictError]
) -> None:
    """Check that a part is stored as it was sent.

    Raises:
        DigestMismatchError: It is not, or the error that is given instead.
    """
    if (stored.offset, stored.size, stored.sha1) != (part.offset, part.size, sha1):
        raise failure(
            f"the server holds {stored.size} bytes with sha1 {stored.sha1} at offset {stored.offset};"
            f" ours are {part.size} bytes with sha1 {sha1} at offset {part.offset}"
        )
