"""`upload_file`: from a source to a stored file, in the thread that calls it and a few that help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._runtime.errors import InvalidArgumentError
from .calls import is_awaited, line_of
from .patience import Stop
from .request import DEADLINE_S, WORKERS, Request

if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from concurrent.futures import Executor

    from .. import models
    from ..client import Client
    from .opening import SourceArgument
    from .patience import Pace
    from .progress import ProgressEvent

__all__ = ["upload_file"]


def upload_file(  # noqa: PLR0913  # each is a setting of an upload
    client: Client,
    source: SourceArgument,
    *,
    folder_id: str | None = None,
    file_id: str | None = None,
    file_name: str | None = None,
    size: int | None = None,
    workers: int = WORKERS,
    executor: Executor | None = None,
    on_progress: Callable[[ProgressEvent], object] | None = None,
    resume: str | os.PathLike[str] | None = None,
    attributes: models.FileAttributes | None = None,
    if_match: str | None = None,
    deadline_s: float = DEADLINE_S,
    pace: Pace | None = None,
) -> models.File:
    """Upload a file in parts, and return it as Box has stored it.

    The parts are sent several at a time, lowest offsets first; at most `workers` and one more are in memory. A part
    whose answer is lost is looked for before it is sent again. Digests are compared for each part and for the file.

    Whatever this ends with but success, nothing is committed, and the session is aborted; unless there is a journal to
    resume from, which Ctrl-C and every failure leave behind that a later run may get over. The same call then goes on
    where this one ended, also after the process was killed, and makes the file once. What an error comes too late for,
    it says itself: `CommitUnconfirmedError`, a `DigestMismatchError` that names a file, and the notes of what
    `on_progress` raises or a signal does once the commit was sent.

    The upload has connections of its own, and breaks them when it ends, so that nobody waits for a server that is
    silent; the end of a session is waited for twice 5 seconds, a new connection as long as the client waits for
    one. What the client's own `http=` or an executor has begun, is waited for.

    Args:
        client: The client, which stays open.
        source: Path, fsspec URL, bytes or binary file object; file objects are read from where they stand to their
            end, and stay open. Memory that can be written to, such as a bytearray, is hashed once more in the end.
        folder_id: Id of the folder for a new file; with `file_id`, the folder that the file moves to.
        file_id: Id of the file that gets a new version.
        file_name: Name of the new file, by default that of the source; with `file_id`, the file's new name.
        size: Size in bytes; only needed for a stream that cannot seek.
        workers: Parts that are sent at a time, 1 to 64.
        executor: Sends the parts, such as a process pool, each attempt as a job of its own. A path or a URL is read
            where its parts are sent, and needs one buffer for each worker there; other sources are copied into the
            jobs, of which there are as many as workers. It stays open. The client's token goes there: give the client
            a picklable callable to keep it out of jobs.
        on_progress: Called with each event in this thread; an exception that it raises cancels the upload.
        resume: File for the journal, which makes the upload resumable; it is deleted in the end.
        attributes: Attributes of the file.
        if_match: Etag that the file must still have when its new version is committed.
        deadline_s: Seconds for which the failures of one step, such as a part, are borne; the time in which its bytes
            move does not count. No answer of the server is waited for longer, but for 10 seconds, so that a step may
            take twice that. With 0, each call is made once.
        pace: Lengths of pauses and the clocks that they are measured by.

    Raises:
        InvalidArgumentError: An argument cannot be used; nothing was sent.
        FileTooSmallError: The file is smaller than 20,000,000 bytes; nothing was sent.
        SourceChangedError: The source has changed meanwhile; nothing was committed.
        DeadlineExceededError: A step kept failing.
        UploadError: Another kind of failure that only uploads have.
        JournalError: The journal is none, belongs to another upload, or another process works with it.
        ConflictError: A file has the name already.
        ApiError: The server refuses a call.
        OSError: The source or the journal cannot be read or written.
    """
    request = Request(
        source=source,
        folder_id=folder_id,
        file_id=file_id,
        file_name=file_name,
        size=size,
        workers=workers,
        executor=executor,
        on_progress=on_progress,
        resume=resume,
        attributes=attributes,
        if_match=if_match,
        deadline_s=deadline_s,
        pace=pace,
    )
    request.check()
    if is_awaited(on_progress):
        raise InvalidArgumentError("on_progress", "must not have to be awaited; upload_file_async takes such callables")
    with line_of(client, deadline_s) as line:
        return request.run(client, line, on_progress or _ignore, Stop())


def _ignore(event: ProgressEvent) -> None:
    """Take an event that nobody wants."""
