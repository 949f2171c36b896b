"""Uploading one part: sent, and if that fails, looked for before it is sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from .._runtime.errors import ClientError
from .digest import is_same
from .errors import DigestMismatchError, PartConflictError, SessionLostError
from .inventory import find_part
from .verdict import verdict_of

if TYPE_CHECKING:
    from .. import models
    from ..client import RawClient
    from .patience import Patience
    from .plan import Part
    from .verdict import Verdict

__all__ = ["Carrier", "Delivery", "check_stored", "deliver"]

_CORRUPTIONS = 3


class Carrier(Protocol):
    """Who has the bytes of a part, or knows where they are read."""

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


class Delivery:
    """What one part needs on its way, apart from its bytes.

    Args:
        calls: The client's calls, each sent once.
        session: The session.
        part: The part.
        patience: How long failures are borne.
    """

    def __init__(self, calls: RawClient, session: models.UploadSession, part: Part, patience: Patience) -> None:
        self._calls = calls
        self._session = session
        self._part = part
        self._patience = patience
        self._corruptions = 0

    def find(self) -> models.UploadPart | None:
        """Return the part as the server holds it, or None if it does not."""
        return find_part(self._calls, self._session, self._part)

    def bear(self, error: ClientError) -> Verdict:
        """Wait after a failure, unless that does not help, and return what it means.

        Raises:
            SessionLostError: The session has ended.
            DigestMismatchError: The part has not arrived whole too often.
            DeadlineExceededError: It has failed for too long.
            UploadAbortedError: The upload was cancelled.
        """
        verdict = verdict_of(error)
        if verdict == "gone":
            raise SessionLostError(f"the session has ended: {error}") from error
        self._corruptions += verdict == "corrupt"
        if self._corruptions > _CORRUPTIONS:
            text = f"the server got other bytes at offset {self._part.offset} {self._corruptions} times: {error}"
            raise DigestMismatchError(text) from error
        if verdict not in {"final", "unreadable"}:
            self._patience.pause(error)
        return verdict


def deliver(delivery: Delivery, carrier: Carrier) -> models.UploadPart:
    """Upload a part and return it as the server holds it.

    Raises:
        DigestMismatchError: The server got other bytes, several times, or says that it holds others.
        PartConflictError: The session holds other bytes in this range.
        SessionLostError: The session has ended.
        DeadlineExceededError: The part could not be uploaded in time.
        UploadAbortedError: The upload was cancelled.
        ApiError: The server refuses the part for good.
        DecodeError: A success cannot be read, and the session does not hold the part.
    """
    is_unsure = False
    while True:
        try:
            if is_unsure and (held := delivery.find()):
                carrier.compare(held)
                return held
            is_unsure = False
            return carrier.send()
        except ClientError as error:
            verdict = delivery.bear(error)
            # What the list of parts says cannot be found out elsewhere.
            if verdict == "unreadable" and not is_unsure and (held := _stored(delivery, error)):
                carrier.compare(held)
                return held
            if verdict in {"final", "unreadable"}:
                raise
            # An overlap of a part that the server does not list: it was not persisted, says Box's guide.
            is_unsure |= verdict in {"unknown", "overlap"}


def _stored(delivery: Delivery, unreadable: ClientError) -> models.UploadPart | None:
    """Return a part whose upload was answered by a success that cannot be read, or None if the session lacks it.

    Raises:
        ClientError: As `deliver`; it could not be found out.
    """
    while True:
        try:
            held = delivery.find()
        except ClientError as error:
            if delivery.bear(error) in {"final", "unreadable"}:
                raise
        else:
            if held is None:
                unreadable.add_note("The session does not hold the part.")
            return held


def check_stored(
    stored: models.UploadPart, part: Part, sha1: str, failure: type[DigestMismatchError | PartConflictError]
) -> None:
    """Check that a part is stored as it was sent.

    Raises:
        DigestMismatchError: It is not, or the error that is given instead.
    """
    if (stored.offset, stored.size) != (part.offset, part.size) or not is_same(stored.sha1, sha1):
        raise failure(
            f"the server holds {stored.size} bytes with sha1 {stored.sha1} at offset {stored.offset};"
            f" ours are {part.size} bytes with sha1 {sha1} at offset {part.offset}"
        )
