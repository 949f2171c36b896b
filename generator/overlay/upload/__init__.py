"""Uploading a file in parts: several at a time, verified, resumable.

Example:
    with Client(token="…") as box:
        file = upload_file(box, "Project.mov", folder_id="0", resume="Project.mov.upload")
"""

from __future__ import annotations

from .awaiting import upload_file_async
from .blocking import upload_file
from .errors import (
    CommitUnconfirmedError,
    DeadlineExceededError,
    DigestMismatchError,
    FileTooSmallError,
    JournalError,
    PartConflictError,
    PlanError,
    SessionLostError,
    SourceChangedError,
    UploadAbortedError,
    UploadError,
)
from .job import PartJob, run_part_job
from .patience import Pace
from .plan import MINIMUM_SIZE
from .progress import (
    BytesSent,
    PartDone,
    PhaseChanged,
    ProgressEvent,
    Restarted,
    Resumed,
    Retried,
    SessionLeft,
    Started,
    Stored,
)

__all__ = [
    "MINIMUM_SIZE",
    "BytesSent",
    "CommitUnconfirmedError",
    "DeadlineExceededError",
    "DigestMismatchError",
    "FileTooSmallError",
    "JournalError",
    "Pace",
    "PartConflictError",
    "PartDone",
    "PartJob",
    "PhaseChanged",
    "PlanError",
    "ProgressEvent",
    "Restarted",
    "Resumed",
    "Retried",
    "SessionLeft",
    "SessionLostError",
    "SourceChangedError",
    "Started",
    "Stored",
    "UploadAbortedError",
    "UploadError",
    "run_part_job",
    "upload_file",
    "upload_file_async",
]
