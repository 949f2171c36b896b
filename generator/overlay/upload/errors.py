"""The errors of an upload; errors of the client's calls are raised unchanged beside them."""

from __future__ import annotations

from .._runtime.errors import ClientError

__all__ = [
    "CommitUnconfirmedError",
    "DeadlineExceededError",
    "DigestMismatchError",
    "JournalError",
    "PartConflictError",
    "PlanError",
    "SessionLostError",
    "SourceChangedError",
    "UploadCancelledError",
    "UploadError",
]


COMMIT_SENT = "A commit was sent and may have taken effect."
"""Note on an error that came after a commit."""

FILE_SENT = "The file was sent, and may be stored."
"""Note on an error that came after the whole of a file was sent in one request."""


class UploadError(ClientError):
    """Base class of the errors that only uploads raise."""


class SourceChangedError(UploadError):
    """The source changed after the upload had started; nothing was committed."""


class PlanError(UploadError):
    """The server's part size and count do not fit the file, or it does not list all parts in order."""


class DigestMismatchError(UploadError):
    """The digest, size or offset that the server reports differs from what was sent.

    If the message names a file, that file is stored with other content; otherwise nothing was committed.
    """


class PartConflictError(UploadError):
    """The session holds other bytes in the range of a part, and parts cannot be replaced."""


class SessionLostError(UploadError):
    """The session has expired, has failed or has vanished."""


class CommitUnconfirmedError(UploadError):
    """A commit, or a small file, was sent, and its outcome is not known: the file may be stored or not.

    Compare the `sha1` of the file at Box (`Client.get_file`) with the source's before uploading again.

    Attributes:
        folder_id: Id of the folder of a new file, or None.
        file_id: Id of the file that may have a new version, or None.
        file_name: Name of the file, or None for a version that keeps its name.
        sha1: SHA-1 of the source in hexadecimal digits, or None if it is not known.
    """

    def __init__(
        self,
        message: str,
        *,
        folder_id: str | None = None,
        file_id: str | None = None,
        file_name: str | None = None,
        sha1: str | None = None,
    ) -> None:
        super().__init__(message)
        self.folder_id = folder_id
        self.file_id = file_id
        self.file_name = file_name
        self.sha1 = sha1


class DeadlineExceededError(UploadError):
    """A step kept failing for longer than `deadline_s`; the last failure is the cause."""


class JournalError(UploadError):
    """The journal cannot be used; it was not changed.

    It is not a journal, is damaged, belongs to another upload, or is in use by another process.

    Attributes:
        in_use: Whether another process is uploading with it.
    """

    def __init__(self, message: str, *, in_use: bool = False) -> None:
        super().__init__(message)
        self.in_use = in_use


class UploadCancelledError(UploadError):
    """The upload was cancelled."""
