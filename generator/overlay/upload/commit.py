"""Committing a session: the one call after which there is a file, made until it is known to have happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET

from .. import models
from .._runtime.errors import ClientError
from .._runtime.retry import parse_retry_after
from .digest import header
from .errors import DeadlineExceededError, DigestMismatchError, SessionLostError
from .verdict import is_late_mismatch, verdict_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msgspec import UnsetType

    from ..client import RawClient
    from .patience import Patience

__all__ = ["commit", "is_open"]

_LAST_LOOK_S = 30.0


def commit(  # noqa: PLR0913  # each is an argument of the call
    calls: RawClient,
    session: models.UploadSession,
    parts: Sequence[models.UploadPart],
    sha1: str,
    *,
    patience: Patience,
    attributes: models.FileAttributes | UnsetType = UNSET,
    if_match: str | UnsetType = UNSET,
) -> models.File:
    """Make the file, and return it.

    Box answers 202 while it still processes the parts, and 400 `parts_mismatch` while not all of it has seen the last
    one; both heal by waiting. A commit whose answer is lost is repeated: a session is committed once, so the second
    one either succeeds or finds the session gone.

    Raises:
        SessionLostError: The session has ended; `maybe_committed` says whether an earlier attempt may have done it.
        DigestMismatchError: The server puts the file together differently.
        DeadlineExceededError: The file was not there in time.
        ApiError: The server refuses.
    """
    named = [
        models.CommittedPart(part_id=one.part_id, offset=one.offset, size=one.size, sha1=one.sha1) for one in parts
    ]
    is_unsure = False
    while True:
        try:
            response = calls.commit_upload_session(
                session, parts=named, digest=header(sha1), attributes=attributes, if_match=if_match
            )
        except ClientError as error:
            match verdict_of(error):
                case "gone":
                    raise SessionLostError(f"the session has ended: {error}", maybe_committed=is_unsure) from error
                case "unknown":
                    is_unsure = True
                case "refused":
                    pass
                case "corrupt":
                    raise DigestMismatchError(f"the server puts other bytes together: {error}") from error
                case _ if not is_late_mismatch(error):
                    raise
                case _:
                    pass
            _pause(calls, session, patience, error, is_unsure=is_unsure)
            continue
        if response.parsed is not None:
            return _check_file(response.parsed.entries[0], sha1, sum(one.size for one in parts))
        asked_s = parse_retry_after(response.headers.get("retry-after"))
        text = "the server is still processing the parts (202)"
        _pause(calls, session, patience, text, asked_s, is_unsure=is_unsure)


def _pause(  # noqa: PLR0913  # as those of a pause, and where to ask
    calls: RawClient,
    session: models.UploadSession,
    patience: Patience,
    cause: ClientError | str,
    asked_s: float | None = None,
    *,
    is_unsure: bool,
) -> None:
    """Wait before the next attempt; when there is none any more, find out whether an earlier one was the commit."""
    try:
        patience.pause(cause, asked_s)
    except DeadlineExceededError as late:
        if is_unsure and not is_open(calls, session, patience.another("status", _LAST_LOOK_S)):
            raise SessionLostError("the session has ended", maybe_committed=True) from late
        raise


def is_open(calls: RawClient, session: models.UploadSession, patience: Patience) -> bool:
    """Whether a session is still there.

    Raises:
        DeadlineExceededError: The server did not say it in time.
        ApiError: The server refuses to say it.
    """
    while True:
        try:
            calls.get_upload_session(session)
        except ClientError as error:
            verdict = verdict_of(error)
            if verdict == "gone":
                return False
            if verdict not in {"refused", "unknown"}:
                raise
            patience.pause(error)
        else:
            return True


def _check_file(file: models.File, sha1: str, size: int) -> models.File:
    """Check that the stored file is ours, as far as the server describes it.

    Raises:
        DigestMismatchError: It is not.
    """
    if file.sha1 not in {UNSET, sha1} or file.size not in {UNSET, size}:
        raise DigestMismatchError(
            f"file {file.id} was stored with {file.size} bytes and sha1 {file.sha1}; ours has {size} and {sha1}"
        )
    return file
