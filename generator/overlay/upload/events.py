"""Progress of an upload as typed events, handed to `on_progress` one after the other.

The callable is called by one thread only: by the caller's own in `upload_file`, by the event loop's in
`upload_file_async`. An exception that it raises cancels the upload and comes out of it.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from .. import models  # the field of a Struct looks at it

__all__ = [
    "BytesSent",
    "PartDone",
    "Phase",
    "PhaseChanged",
    "ProgressEvent",
    "Restarted",
    "Resumed",
    "Retried",
    "SessionLeft",
    "Started",
    "Stored",
    "Throttled",
]

Phase: TypeAlias = Literal["spool", "create", "parts", "commit", "done"]


class Started(msgspec.Struct, frozen=True, tag=True):
    """A session is open, and its parts are about to be sent; or a small file, which is a single part, is.

    Attributes:
        size: Size of the file in bytes.
        part_size: Size of a part in bytes; that of the file if it is small, also 0.
        total_parts: Number of parts.
    """

    size: int
    part_size: int
    total_parts: int


class Resumed(msgspec.Struct, frozen=True, tag=True):
    """The session of an earlier run is resumed; each part that it holds is compared with the source before it counts.

    Attributes:
        parts: Number of parts that the server holds.
        size: Their size in bytes.
    """

    parts: int
    size: int


class Restarted(msgspec.Struct, frozen=True, tag=True):
    """The session cannot be used any more, and a new one replaces it; all counts start at 0 again.

    Attributes:
        reason: Why, in words.
    """

    reason: str


class PhaseChanged(msgspec.Struct, frozen=True, tag=True):
    """The upload goes from one phase to the next: `create`, `parts`, `commit`, `done`.

    A small file has no `create` and no `commit`. Before them, `spool` reads a source of unknown size to its end.
    """

    phase: Phase


class BytesSent(msgspec.Struct, frozen=True, tag=True):
    """Bytes were handed to the network, or no longer count since their part is sent again.

    Attributes:
        count: How many since the last event; negative if a part is sent again.
        sent: Bytes sent so far, with those of parts that the server held already.
        size: Size of the file in bytes.
    """

    count: int
    sent: int
    size: int


class PartDone(msgspec.Struct, frozen=True, tag=True):
    """A part is stored, and the server's digest of it is ours.

    Attributes:
        index: Number of the part, from 0.
        offset: Where it begins, in bytes.
        size: How long it is, in bytes.
        sha1: Its SHA-1 in hexadecimal digits.
        parts_done: Number of parts that are stored.
        total_parts: Number of all parts.
        was_held: Whether the server had it already: from an earlier run, or in the file's present version.
    """

    index: int
    offset: int
    size: int
    sha1: str
    parts_done: int
    total_parts: int
    was_held: bool


class Retried(msgspec.Struct, frozen=True, tag=True):
    """A step failed, or is not finished at the server, and is tried again after a delay.

    Attributes:
        step: Name of the step: `create`, `part`, `commit`, `abort` …
        attempt: Number of attempts so far, from 1.
        delay_s: The delay in seconds.
        reason: The failure in one line.
        offset: Where the part begins, in bytes; None for other steps.
    """

    step: str
    attempt: int
    delay_s: float
    reason: str
    offset: int | None = None


class Throttled(msgspec.Struct, frozen=True, tag=True):
    """The user's limit for calls is reached (429): for a while, no call of the client starts, in no upload.

    Emitted once for each pause, however many parts wait. Parts in flight continue, and the pause is no retry.

    Attributes:
        delay_s: Seconds until the first call starts again.
    """

    delay_s: float


class SessionLeft(msgspec.Struct, frozen=True, tag=True):
    """The file is stored, but sessions of this upload may still be open at Box: they could not be found or aborted.

    Emitted once, before the end. Box has no call that lists sessions; each holds its parts until it expires, and makes
    no file by itself.

    Attributes:
        count: How many they are, at most.
        reason: What is known of them, in words.
    """

    count: int
    reason: str


class Stored(msgspec.Struct, frozen=True, tag=True):
    """The file is stored, by this run or by an earlier one; the last event.

    The journal is deleted after this event: a run that is killed in between reports the file again, and does not
    upload it twice.

    Attributes:
        file: The file, as `upload_file` returns it.
        is_unchanged: Whether the file had the content already, so that Box made no new version.
    """

    file: models.File
    is_unchanged: bool = False


ProgressEvent: TypeAlias = (
    Started | Resumed | Restarted | PhaseChanged | BytesSent | PartDone | Retried | Throttled | SessionLeft | Stored
)
