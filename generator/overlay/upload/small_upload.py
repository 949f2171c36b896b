"""Upload a small file in one request: one below the size of sessions, or an empty one.

The request makes the file, so it is settled as a commit is: after a lost response, the file is looked for before it is
sent again. A new file is found by its name. A version is sent again only under the condition that the file still has
the etag it was seen with, so that a request that arrives late does not make a second version.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET, UnsetType

from .. import models
from .._runtime.body import PIECE, Stream
from .._runtime.codecs import Json
from .._runtime.errors import ClientError, InvalidArgumentError, PreconditionFailedError
from .cleanup import discard_session
from .commit import verify_file
from .digest import is_same, part_sha1
from .errors import FILE_SENT, CommitUnconfirmedError, DeadlineExceededError, DigestMismatchError
from .events import BytesSent, PartDone, PhaseChanged, Restarted, Started
from .journal import Entry
from .options import given
from .outcomes import Outcome, classify_error
from .reconcile import NotStored, Stored, Unknown, find_stored_file, stored_by_earlier_run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .context import UploadContext
    from .retry import RetryBudget
    from .source import Source

__all__ = ["check_small", "upload_small"]

_CORRUPTIONS = 3
_NO_EFFECT = "The response to an earlier request was lost; the file was not there afterwards."


class _Arguments(msgspec.Struct):
    """The caller's arguments that say where the file goes, which have the types of the spec."""

    folder_id: models.BoxId | UnsetType = UNSET
    file_id: models.BoxId | UnsetType = UNSET
    file_name: models.FileName | UnsetType = UNSET


_ARGUMENTS: Json[_Arguments] = Json(_Arguments)


def check_small(context: UploadContext) -> None:
    """Check the caller's arguments, and that one request can say what they ask for.

    Raises:
        InvalidArgumentError: They break a rule, or it cannot; nothing was sent.
    """
    target = context.target
    # Checked here, so that an error has the name of the caller's argument rather than its place in the request.
    _ARGUMENTS.encode(_Arguments(given(target.folder_id), given(target.file_id), given(target.file_name)))
    if target.file_id is None:
        return
    rule = "cannot be given for a small version, which Box takes in one request without it"
    if target.folder_id is not None:
        raise InvalidArgumentError("folder_id", rule)
    if context.options.attributes is not None and context.options.attributes.description is not UNSET:
        raise InvalidArgumentError("attributes.description", rule)


def upload_small(context: UploadContext) -> models.File:
    """Upload a file in one request, and return it.

    Raises:
        SourceChangedError: The source changed while it was read; nothing was sent.
        CommitUnconfirmedError: The file may be stored.
        DeadlineExceededError: The request kept failing.
        DigestMismatchError: Other bytes arrived, several times, or are stored.
        ClientError: As the calls raise it; the file is not stored.
    """
    with context.limits.in_memory.one(context.cancel), context.limits.sent.one(context.cancel):
        content = _read(context.source)
        upload = _SmallUpload(context, content, part_sha1(content))
        try:
            return upload.find_file_of_earlier_run() or upload.send()
        except BaseException as error:
            if (file := stored_by_earlier_run(context, error, lambda: upload.sha1)) is not None:
                return file
            upload.forget_or_note(error)
            raise


def _read(source: Source) -> memoryview:
    """Return all bytes of a source, which stay the same from now on."""
    content = source.window(0, source.size, memoryview(bytearray(0 if source.in_memory else source.size)))
    source.check_unchanged()
    return memoryview(bytes(content)) if source.is_writable else content


class _SmallUpload:
    """The upload of one small file.

    Args:
        context: The upload.
        content: The bytes of the file.
        sha1: Their SHA-1 in hexadecimal digits.

    Attributes:
        sha1: Their SHA-1 in hexadecimal digits.
    """

    def __init__(self, context: UploadContext, content: memoryview, sha1: str) -> None:
        self._context = context
        self._content = content
        self.sha1 = sha1
        self._if_match = given(context.options.if_match)
        self._counted = 0
        self._corruptions = 0
        # The server cannot store the file before it has the end of the request.
        self._is_complete = False
        self._may_be_stored = False

    def find_file_of_earlier_run(self) -> models.File | None:
        """Return the file if an earlier run has stored it, else None.

        Raises:
            CommitUnconfirmedError: It is not known.
        """
        context = self._context
        entry = None if context.journal is None else context.journal.entry
        if entry is None:
            return None
        if entry.session is not None:
            context.lost_creates = entry.lost_creates
            left = discard_session(context, entry.session)
            if left.session is not None:
                context.unended_sessions.append(left.session)
            context.emit(Restarted("the source has changed since the earlier run"))
            return None
        if not is_same(entry.sha1, self.sha1):
            return None
        if entry.file is not None:
            return entry.file
        self._may_be_stored = True
        return self._look_up(None)

    def send(self) -> models.File:
        """Send the file until it is stored, and return it."""
        context, size = self._context, self._context.source.size
        if context.journal is not None:
            context.journal.write(
                Entry(target=context.target, fingerprint=context.source.fingerprint, session=None, sha1=self.sha1)
            )
        context.emit(Started(size, size, 1))
        context.emit(PhaseChanged("parts"))
        budget = context.retry_budget("request")
        file = self._attempt(budget)
        while file is None:
            file = self._attempt(budget)
        if self._counted < size:
            self._recount(size)
        context.emit(PartDone(0, 0, size, self.sha1, 1, 1, was_held=False))
        return file

    def forget_or_note(self, error: BaseException) -> None:
        """Delete the journal after a failure that leaves nothing to find out; else say that the file may be there."""
        if isinstance(error, CommitUnconfirmedError):
            return
        if (self._may_be_stored or self._is_complete) and not isinstance(error, DigestMismatchError):
            error.add_note(FILE_SENT)
        elif self._context.journal is not None:
            with suppress(OSError):
                self._context.journal.remove()

    def _attempt(self, budget: RetryBudget) -> models.File | None:
        """Send the file once; return it if it is stored, or None if it is to be sent again."""
        context = self._context
        context.cancel.check()
        try:
            with context.cancel.on_cancel(self._abort_unless_complete):
                file = self._request(budget)
        except ClientError as error:
            failure = error
        else:
            return verify_file(file, self.sha1, context.source.size)
        return self._settle(failure, budget)

    def _abort_unless_complete(self) -> None:
        # Only the response says whether a complete request took effect.
        if not self._is_complete:
            self._context.client.abort_connections()

    def _request(self, budget: RetryBudget) -> models.File:
        context, target = self._context, self._context.target
        self._is_complete = False
        calls = context.client.calls_within(budget)
        attributes = context.options.attributes or models.FileAttributes()
        body = Stream(len(self._content), lambda: self._pieces(budget))
        if target.file_id is None:
            response = calls.upload_small_file(
                attributes=models.NewFileAttributes(
                    name=target.file_name or "",
                    parent=models.FolderReference(id=target.folder_id or ""),
                    description=attributes.description,
                    content_created_at=attributes.content_created_at,
                    content_modified_at=attributes.content_modified_at,
                ),
                file=body,
                content_md5=self.sha1,
            )
        else:
            response = calls.upload_small_version(
                target.file_id,
                attributes=models.NewVersionAttributes(
                    name=target.file_name or UNSET,
                    content_created_at=attributes.content_created_at,
                    content_modified_at=attributes.content_modified_at,
                ),
                file=body,
                content_md5=self.sha1,
                if_match=self._if_match,
            )
        return response.parsed.entries[0]

    def _pieces(self, budget: RetryBudget) -> Iterator[memoryview]:
        self._recount(0)
        budget.note_sending()
        for start in range(0, len(self._content), PIECE):
            self._context.cancel.check()
            piece = self._content[start : start + PIECE]
            yield piece
            budget.note_progress()
            self._recount(self._counted + len(piece))
        self._is_complete = True

    def _recount(self, counted: int) -> None:
        if counted != self._counted:
            count, self._counted = counted - self._counted, counted
            self._context.emit(BytesSent(count, counted, self._context.source.size))

    def _settle(self, failure: ClientError, budget: RetryBudget) -> models.File | None:
        """Find out what a failed attempt means: return the file if it is stored, None to send it again.

        Raises:
            ClientError: Another attempt would not help.
        """
        outcome = classify_error(failure)
        self._may_be_stored |= self._is_complete and outcome in {Outcome.AMBIGUOUS, Outcome.UNREADABLE}
        self._is_complete = False
        end = self._wait(failure, outcome, budget)
        if self._may_be_stored:
            file = self._look_up(failure)
            if file is not None:
                return file
        if end is None:
            return None
        if self._may_be_stored:
            self._may_be_stored = False
            end.add_note(_NO_EFFECT)
        raise end

    def _wait(self, failure: ClientError, outcome: Outcome, budget: RetryBudget) -> ClientError | None:
        """Wait for another attempt, or return the error if there is no point in one."""
        if outcome is Outcome.CORRUPT:
            self._corruptions += 1
            if self._corruptions > _CORRUPTIONS:
                return DigestMismatchError(f"the file was corrupted {self._corruptions} times: {failure}")
        elif outcome not in {Outcome.NOT_APPLIED, Outcome.AMBIGUOUS} and not self._is_by_own_condition(failure):
            return failure
        try:
            budget.wait(failure)
        except DeadlineExceededError as error:
            return error
        return None

    def _is_by_own_condition(self, failure: ClientError) -> bool:
        """Whether the file has changed since it was looked at, which the caller has not made a condition."""
        return isinstance(failure, PreconditionFailedError) and self._context.options.if_match is None

    def _look_up(self, failure: ClientError | None) -> models.File | None:
        """Return the file if it is stored, else None.

        Raises:
            CommitUnconfirmedError: It is not known.
        """
        match find_stored_file(self._context, self.sha1, failure):
            case Stored(file):
                return file
            case Unknown(error):
                raise error
            case NotStored(etag):
                if self._context.options.if_match is None:
                    self._if_match = given(etag)
                return None
