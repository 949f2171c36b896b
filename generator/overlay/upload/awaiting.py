"""`upload_file_async`: the same upload for an event loop, which only waits while threads work.

Hashing and sending large bodies is work for the CPU, and an event loop that does it is late for everything else. The
facts measured for this transport: under TLS, asynchronous sending took 1.3 to 1.5 times the CPU of blocking threads.
So the loop lends its settings and its token to a blocking twin of the client, and stays free.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import suppress
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, TypeVar

from .._runtime.errors import TransportError
from .calls import FAREWELL_S, awaiting_line_of
from .patience import Stop
from .request import DEADLINE_S, WORKERS, Request

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Coroutine
    from concurrent.futures import Executor, Future

    from .. import models
    from ..client import AsyncClient
    from .opening import SourceArgument
    from .patience import Pace
    from .progress import ProgressEvent

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
    pace: Pace | None = None,
) -> models.File:
    """Upload a file in parts, and return it as Box has stored it; everything is as with `upload_file`.

    Threads read, hash and send; `on_progress` is called in the event loop, and awaited if it has to be. A client with
    an `http=` of its own sends by it, in the event loop. Cancelling the task ends the upload as Ctrl-C does: parts that
    are on their way are broken off; answers of a create and of a commit are waited for, and so is a stream's writer.

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
        pace: As with `upload_file`.

    Raises:
        ClientError: As `upload_file`.
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
    loop, stop = asyncio.get_running_loop(), Stop()

    def submit(coroutine: Coroutine[Any, Any, T], /) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(coroutine, loop)

    def fetch(coroutine: Coroutine[Any, Any, T], /) -> T:
        return _fetched(submit(coroutine), stop)

    def tell(event: ProgressEvent) -> None:
        if on_progress is None:
            return
        told = submit(_told(on_progress, event))
        # Who has cancelled the upload may not be there any more to take its events.
        with stop.listening(told.cancel):
            try:
                told.result()
            except CancelledError:
                stop.check()
                raise
            finally:
                del told

    def work() -> models.File:
        try:
            with awaiting_line_of(client, submit, fetch, deadline_s) as line:
                return request.run(client, line, tell, stop)
        except StopIteration as error:
            # No future can hold it.
            raise RuntimeError("the upload was ended by a StopIteration") from error

    thread = ThreadPoolExecutor(1, thread_name_prefix="box-upload-async")
    upload = loop.run_in_executor(thread, work)
    try:
        return await asyncio.shield(upload)
    except asyncio.CancelledError as cancelled:
        # The upload still goes on; the loop has to run until its threads have ended.
        stop.set()
        await _ended(upload)
        for note in _notes(upload):
            cancelled.add_note(note)
        raise
    finally:
        del upload
        thread.shutdown()


def _fetched(token: Future[T], stop: Stop) -> T:
    """Return a token that is awaited; when the end is wished for, it is not waited for much longer.

    Raises:
        TransportError: It has not come.
    """
    try:
        if stop.is_set:
            return token.result(FAREWELL_S)
        with stop.listening(token.cancel):
            return token.result()
    except (CancelledError, TimeoutError) as error:
        if not token.cancel() and not token.cancelled():
            # It is the callable's own.
            raise
        # Nothing was sent without it.
        raise TransportError("the token was not waited for any longer", kind="ConnectTimeout") from error
    finally:
        # Its error would refer to itself, and to all that the upload has needed; so are others deleted.
        del token


async def _ended(upload: asyncio.Future[Any]) -> None:
    """Wait for the end; that the task is cancelled once more changes nothing, since it is cancelled already."""
    while not upload.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([upload])


def _notes(upload: asyncio.Future[models.File]) -> list[str]:
    """Return what a cancelled upload has to tell."""
    if upload.cancelled():
        return []
    error = upload.exception()
    if error is None:
        return [f"The file was stored before that, with the id {upload.result().id}."]
    return getattr(error, "__notes__", [])


async def _told(on_progress: Callable[[ProgressEvent], object], event: ProgressEvent) -> None:
    told = on_progress(event)
    if isawaitable(told):
        await told
