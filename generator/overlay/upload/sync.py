"""`upload_file`: the blocking entry point."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._runtime.errors import InvalidArgumentError
from .options import DEADLINE_S, UploadOptions
from .retry import BackoffPolicy, CancelToken
from .slots import WORKERS
from .upload_client import is_coroutine_function, open_upload_client
from .workflow import run_upload

if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from concurrent.futures import Executor

    from .. import models
    from ..client import Client
    from .events import ProgressEvent
    from .group import UploadGroup
    from .source_factory import SourceArgument

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
    backoff: BackoffPolicy | None = None,
    group: UploadGroup | None = None,
) -> models.File:
    """Upload a file of any size, and return it as Box has stored it.

    A file of at least 20,000,000 bytes is sent in parts, several at a time, lowest offsets first; at most `workers` and
    one more are in memory. A part whose response is lost is looked up before it is sent again. A smaller file, also an
    empty one, is read into memory and sent in one request from this process; after a lost response, the file is looked
    for before it is sent again. The SHA-1 of each part and of the file is verified.

    On failure or cancellation the session is aborted and nothing is committed. With `resume=`, Ctrl-C and every
    recoverable failure keep the session and the journal; the same call then sends only what is
    missing, also after the process was killed, and makes the file once. An error raised after the commit was sent says
    so: `CommitUnconfirmedError`, a `DigestMismatchError` that names a file, and a note on what `on_progress` raised or
    a signal did.

    The upload has connections of its own, and aborts them when it ends instead of waiting for a silent server. Only the
    responses to a create, to a commit and to the whole request of a small file are waited for, as long as the client
    does: they say whether something is stored. Aborting the session takes up to twice 5 seconds, and a new connection
    as long as the client waits for one. Calls that the client's own `http=` or an executor has started run to
    completion.

    Args:
        client: The client, which stays open.
        source: Path, fsspec URL, bytes or binary file object. File objects are read from their position to their
            end, and stay open. Memory that can be written to, such as a bytearray, is hashed once more in the end.
        folder_id: Id of the folder for a new file; with `file_id`, the folder that the file moves to.
        file_id: Id of the file that gets a new version.
        file_name: Name of the new file, by default that of the source; with `file_id`, the file's new name.
        size: Size in bytes of a stream that cannot seek. Without it, the stream is read to its end first: up to
            20,000,000 bytes into memory, and up to 16 GiB into a temporary file.
        workers: Parts that are sent at a time, 1 to 64.
        executor: Sends the parts, such as a process pool, each attempt as a job of its own. A path or a URL is read
            where its parts are sent, and needs one buffer for each worker there; other sources are copied into the
            jobs, of which there are as many as workers. It stays open. The client's token goes there, as do the
            headers of `with_options`: give the client a picklable callable to keep the token out of jobs. Its hooks
            are not called for these parts.
        on_progress: Called with each event in this thread; an exception that it raises cancels the upload.
        resume: File for the journal, which makes the upload resumable; deleted on success.
        attributes: Attributes of the file.
        if_match: Etag that the file must still have when its new version is made.
        deadline_s: Seconds that one step, such as a part, may take without success; the time in which its bytes move
            does not count, nor that in which a rate limit stops all calls of the client. A response may take half of
            what is left, but at least 10. With 0, each call is made once.
        backoff: Delays between attempts, and the clocks that they are measured by.
        group: Uploads that run at the same time in other threads, and share how many parts are in memory.

    Raises:
        InvalidArgumentError: An argument cannot be used; nothing was sent.
        SourceChangedError: The source changed during the upload; nothing was committed.
        DeadlineExceededError: A step kept failing.
        RateLimitedError: A rate limit stops a step for longer than `backoff` allows.
        UploadError: Another kind of failure that only uploads have.
        JournalError: The journal is not an upload journal, belongs to another upload, or is in use.
        ConflictError: A file has the name already.
        ApiError: The server refuses a call.
        OSError: The source or the journal cannot be read or written.
    """
    options = UploadOptions(
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
        backoff=BackoffPolicy() if backoff is None else backoff,
        group=group,
    )
    if is_coroutine_function(on_progress):
        raise InvalidArgumentError("on_progress", "must not be a coroutine function; use upload_file_async")
    with open_upload_client(client) as upload_client:
        return run_upload(client, upload_client, source, options, emit=on_progress or _ignore, cancel=CancelToken())


def _ignore(event: ProgressEvent) -> None:
    """Ignore an event."""
