"""`upload_file_async`: the entry point for an event loop, which only waits while threads work.

Hashing and sending large bodies is work for the CPU, and an event loop that does it is late for everything else. Under
TLS, asynchronous sending was measured at 1.3 to 1.5 times the CPU of blocking threads. So the upload runs in threads,
over blocking connections with the client's settings and token.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import suppress
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, TypeVar

from .._runtime.errors import TransportError
from .options import DEADLINE_S, UploadOptions
from .retry import BackoffPolicy, CancelToken
from .slots import WORKERS
from .upload_client import CLEANUP_CALL_S, open_async_upload_client
from .workflow import run_upload

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Coroutine
    from concurrent.futures import Executor, Future

    from .. import models
    from ..client import AsyncClient
    from .events import ProgressEvent
    from .group import UploadGroup
    from .source_factory import SourceArgument

__all__ = ["upload_file_async"]

T = TypeVar("T")


async def upload_file_async(  # noqa: PLR0913  # each is a setting of an upload
    client: AsyncClient,
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
    """Upload a file of any size, as `upload_file` does, and return it as Box has stored it.

    Threads read, hash and send; `on_progress` is called in the event loop, and awaited if it has to be. A client with
    an `http=` of its own sends by it, in the event loop. Cancelling the task cancels the upload as Ctrl-C does: parts
    in flight are aborted; a create and a commit run to completion, and a stream's writer is waited for.

    Args:
        client: The client, which stays open.
        source: As with `upload_file`; it is read by a thread.
        folder_id: As with `upload_file`.
        file_id: As with `upload_file`.
        file_name: As with `upload_file`.
        size: As with `upload_file`.
        workers: As with `upload_file`.
        executor: As with `upload_file`; the client's token must not be a callable that has to be awaited.
        on_progress: Called with each event in the event loop; an exception that it raises cancels the upload.
        resume: As with `upload_file`.
        attributes: As with `upload_file`.
        if_match: As with `upload_file`.
        deadline_s: As with `upload_file`.
        backoff: As with `upload_file`.
        group: As with `upload_file`; the others are in other tasks.

    Raises:
        ClientError: As `upload_file`.
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
    loop, cancel = asyncio.get_running_loop(), CancelToken()

    def submit(coroutine: Coroutine[Any, Any, T], /) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(coroutine, loop)

    def await_token(coroutine: Coroutine[Any, Any, T], /) -> T:
        return _wait_for_token(submit(coroutine), cancel)

    def emit(event: ProgressEvent) -> None:
        if on_progress is None:
            return
        emitted = submit(_call(on_progress, event))
        # The callback may not work any more once the task is cancelled.
        with cancel.on_cancel(emitted.cancel):
            try:
                emitted.result()
            except CancelledError:
                cancel.check()
                raise
            finally:
                del emitted

    def run() -> models.File:
        with open_async_upload_client(client, submit, await_token) as upload_client:
            return run_upload(client, upload_client, source, options, emit=emit, cancel=cancel)

    thread = ThreadPoolExecutor(1, thread_name_prefix="box-upload-async")
    upload = loop.run_in_executor(thread, run)
    try:
        return await asyncio.shield(upload)
    except asyncio.CancelledError as cancelled:
        # The loop has to run until the threads of the upload have ended.
        cancel.cancel()
        await _wait_for_end(upload)
        for note in _notes(upload):
            cancelled.add_note(note)
        raise
    finally:
        del upload
        thread.shutdown()


def _wait_for_token(token: Future[T], cancel: CancelToken) -> T:
    """Return the token that a coroutine gets in the loop; after a cancellation, wait a few seconds at most.

    Raises:
        TransportError: It was not returned in time.
    """
    try:
        if cancel.is_cancelled:
            return token.result(CLEANUP_CALL_S)
        with cancel.on_cancel(token.cancel):
            return token.result()
    except (CancelledError, TimeoutError) as error:
        if not token.cancel() and not token.cancelled():
            # The callable itself raised it.
            raise
        text = "gave up waiting for the token"
        raise TransportError(text, kind="ConnectTimeout", sent=False, is_transient=True) from error
    finally:
        # Not bound to a name: the error would refer to this frame, and so keep all that the upload needed.
        del token


async def _wait_for_end(upload: asyncio.Future[Any]) -> None:
    """Wait for the end of an upload, even if the task is cancelled once more."""
    while not upload.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([upload])


def _notes(upload: asyncio.Future[models.File]) -> list[str]:
    """Return the notes for the cancelled caller: the file that was stored, or what is left of the session."""
    if upload.cancelled():
        return []
    error = upload.exception()
    if error is None:
        return [f"The file is already stored, with id {upload.result().id}."]
    return getattr(error, "__notes__", [])


async def _call(on_progress: Callable[[ProgressEvent], object], event: ProgressEvent) -> None:
    result = on_progress(event)
    if isawaitable(result):
        await result
