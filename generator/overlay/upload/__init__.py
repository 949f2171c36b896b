"""Upload a file of any size: in parts, several at a time, or in one request; verified, resumable.

Example:
    with Client(token="…") as box:
        file = upload_file(box, "Project.mov", folder_id="0", resume="Project.mov.journal")

A file below 20,000,000 bytes is sent in one request (`small_upload`). A larger one gets a session, whose course is
(`workflow` follows these arrows):

    create ── 409 session_conflict: a lost response had created it ──┐
       │                                                             ▼
       │◄── resume: the journal names the session ──────────── open session ◄─ restart, twice at most:
       ▼                                                             │         expired, or holds other bytes
    upload parts ── new version: first ask whether Box has the part  │
       │         ── lost response: look the part up, then send again │
       │         ── 412, wrong SHA-1: send again, 3 times at most    │
       │         ── out of time, Ctrl-C, kill: kept with a journal, else aborted
       ▼
    commit ── 202, parts_mismatch, 429, 5xx: wait, commit again
       │   ── lost response ──► reconcile: is the session open? is the file there?
       │                          ├─ Stored     the file
       │                          ├─ NotStored  aborted, or kept with a journal; the failure is raised
       │                          └─ Unknown    CommitUnconfirmedError
       ▼
    verify SHA-1 and size ── differ: DigestMismatchError, which names the file
       │
       ▼
    Stored; the journal is deleted

A refusal (401, 403, 409 name taken, ...) ends the upload at any step: the session is aborted, or kept with a journal.
"""

from __future__ import annotations

from .aio import upload_file_async
from .conflicts import conflicting_items
from .errors import (
    CommitUnconfirmedError,
    DeadlineExceededError,
    DigestMismatchError,
    JournalError,
    PartConflictError,
    PlanError,
    SessionLostError,
    SourceChangedError,
    UploadCancelledError,
    UploadError,
)
from .events import (
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
    Throttled,
)
from .executor_parts import PartJob, run_part_job
from .group import UploadGroup
from .parts import MINIMUM_SIZE
from .retry import BackoffPolicy
from .sync import upload_file

__all__ = [
    "MINIMUM_SIZE",
    "BackoffPolicy",
    "BytesSent",
    "CommitUnconfirmedError",
    "DeadlineExceededError",
    "DigestMismatchError",
    "JournalError",
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
    "Throttled",
    "UploadCancelledError",
    "UploadError",
    "UploadGroup",
    "conflicting_items",
    "run_part_job",
    "upload_file",
    "upload_file_async",
]
