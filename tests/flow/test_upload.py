"""Whole uploads over a socket: sources, sizes, executors, resuming, progress, the asynchronous twin."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
import json
import multiprocessing
import os
import pickle
import threading
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest
from box_uploads import AsyncClient, Client, Hooks, errors, models
from box_uploads.upload import (
    BackoffPolicy,
    BytesSent,
    JournalError,
    PartDone,
    PhaseChanged,
    Restarted,
    Resumed,
    Retried,
    SourceChangedError,
    Stored,
    UploadError,
)
from box_uploads_mock import Failure, LostResponse, TokenExpiry

from tests.flow.upload_ground import CONTENT, PART_SIZE, SHA1, Ground, Interrupt, interrupt_after, of_type, write

PART, COMMIT = "upload_part", "commit_upload_session"
NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
BOTH_CLIENTS = pytest.mark.parametrize("is_async", [False, True])
PATH_AND_BYTES = pytest.mark.parametrize("source", ["path", "bytes"])


class Stream(io.RawIOBase):
    """A stream that gives its content in odd pieces, and cannot seek."""

    def __init__(self, content: bytes = CONTENT) -> None:
        super().__init__()
        self._inner = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._inner.readinto(memoryview(buffer)[:999_983])


def require_nothing_left(ground: Ground) -> None:
    assert (ground.stored(), len(ground.state.sessions)) == ([], 0)


# Sources


def test_a_path_is_uploaded_under_its_own_name(ground: Ground, tmp_path: Path) -> None:
    file = ground.upload(str(write(tmp_path / "named.mov")), file_name=None)
    assert (file.name, file.sha1) == ("named.mov", SHA1)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, io.BytesIO])
def test_content_in_memory_is_uploaded(ground: Ground, kind: Any) -> None:
    ground.upload(kind(CONTENT))
    assert ground.stored() == [CONTENT]


def test_a_stream_of_a_declared_size_is_uploaded_without_spooling(ground: Ground) -> None:
    stream = Stream()
    ground.state.faults.add(Failure(operation=PART, status=500, skip=1, times=2), LostResponse(operation=PART, skip=1))
    ground.upload(stream, size=len(CONTENT))
    assert (ground.stored(), stream.closed) == ([CONTENT], False)


@pytest.mark.parametrize("content", [CONTENT + b"x", CONTENT[:-1]], ids=["longer", "shorter"])
def test_a_stream_of_another_size_than_declared_is_not_committed(ground: Ground, content: bytes) -> None:
    with pytest.raises(SourceChangedError):
        ground.upload(Stream(content), size=len(CONTENT))
    require_nothing_left(ground)


class Pieces:
    """Reads what a generator yields, as is often written: at its end, it raises."""

    def __init__(self, content: bytes) -> None:
        self._pieces = (content[start : start + 4096] for start in range(0, len(content), 4096))

    def read(self, _: int) -> bytes:
        return next(self._pieces)


@BOTH_CLIENTS
def test_a_reader_that_raises_at_its_end_has_come_to_it(ground: Ground, is_async: bool) -> None:
    with pytest.raises(SourceChangedError, match=r"^the source ended early, at byte 19996672$"):
        ground.upload(Pieces(CONTENT[:19_996_672]), size=len(CONTENT), is_async=is_async)
    ground.upload(Pieces(CONTENT), size=len(CONTENT), is_async=is_async)
    assert ground.stored() == [CONTENT]


def test_an_asynchronous_upload_needs_no_thread_of_the_loop(ground: Ground) -> None:
    """The program may use all of these for something else, or for something that waits for the upload."""

    async def upload() -> None:
        executor = ThreadPoolExecutor(1)
        executor.shutdown()
        asyncio.get_running_loop().set_default_executor(executor)
        await ground.upload_async()

    asyncio.run(upload())
    assert ground.stored() == [CONTENT]


@pytest.mark.parametrize("where", ["source", "resume", "executor"])
def test_an_exception_that_no_future_holds_ends_an_asynchronous_upload(ground: Ground, film: Path, where: str) -> None:
    class Wrong(io.BytesIO, os.PathLike[str]):
        def seekable(self) -> bool:
            raise StopIteration

        def __fspath__(self) -> str:
            raise StopIteration

    class Broken(ThreadPoolExecutor):
        def submit(self, *_: Any, **__: Any) -> Any:
            raise StopIteration

    with Broken(1) as broken:
        given: Any = {"source": {}, "resume": {"resume": Wrong()}, "executor": {"executor": broken}}[where]
        upload = ground.upload_async(Wrong() if where == "source" else film, **given)
        with pytest.raises((RuntimeError, UploadError), match="StopIteration"):
            asyncio.run(asyncio.wait_for(upload, 20))


def test_a_url_is_uploaded_by_threads_and_by_jobs(ground: Ground) -> None:
    system: Any = import_module("fsspec").filesystem("memory")
    system.pipe("/film.mov", CONTENT)
    ground.upload("memory://film.mov", file_name=None)
    with ThreadPoolExecutor(2) as pool:
        ground.upload("memory://film.mov", file_name="again.mov", executor=pool)
    assert (ground.stored(), ground.stored("again.mov")) == ([CONTENT], [CONTENT])


@pytest.mark.parametrize("size", [PART_SIZE * 5 - 1, PART_SIZE * 5, PART_SIZE * 5 + 1])
def test_sizes_around_a_multiple_of_the_part_size_have_no_empty_part(ground: Ground, size: int) -> None:
    content = bytes(size)
    ground.upload(content)
    assert ground.stored() == [content]
    assert ground.calls(PART) == -(-size // PART_SIZE)


# Arguments that the server gets, and what it proposes


def test_a_taken_name_is_reported_before_a_byte_is_sent(ground: Ground) -> None:
    with pytest.raises(errors.ConflictError):
        ground.upload(file_name="Contract.pdf")
    assert ground.calls(PART) == 0


def test_attributes_become_those_of_the_file(ground: Ground) -> None:
    attributes = models.FileAttributes(description="a film", content_modified_at=NOW)
    file_id = ground.upload(attributes=attributes).id
    file = ground.state.files[file_id]
    assert (file.description, file.content_modified_at) == ("a film", "2026-11-22T12:00:00Z")


def test_a_version_may_be_moved_and_renamed(ground: Ground) -> None:
    file = ground.upload(file_id="12345", folder_id="100", file_name="other.mov")
    stored = ground.state.files["12345"]
    assert (file.id, stored.name, stored.folder, stored.sha1) == ("12345", "other.mov", "100", SHA1)


def test_a_session_whose_parts_do_not_fit_into_memory_is_aborted(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    def huge(_: int) -> int:
        return 2**40

    settings: Any = vars(ground.state.session_store)["_settings"]
    monkeypatch.setattr(ground.state.session_store, "_settings", replace(settings, part_size_for=huge))
    with pytest.raises(errors.PlanError, match=r"^the server's part size is 1099511627776 bytes, not 1 to 268435456$"):
        ground.upload()
    assert (ground.calls(PART), len(ground.state.sessions)) == (0, 0)


# Executors


def processes(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))


@PATH_AND_BYTES
def test_parts_are_uploaded_by_other_processes(ground: Ground, film: Path, source: str) -> None:
    events: list[Any] = []
    with processes(2) as pool:
        content = film if source == "path" else CONTENT
        ground.upload(content, executor=pool, on_progress=events.append, backoff=None)
        assert pool.submit(os.getpid).result() != os.getpid()
    assert ground.stored() == [CONTENT]
    assert sum(event.count for event in of_type(BytesSent, events)) == len(CONTENT)


def test_jobs_retry_after_failures_and_report_each(ground: Ground, film: Path) -> None:
    events: list[Any] = []
    ground.state.faults.add(LostResponse(operation=PART, skip=1), Failure(operation=PART, status=503, retry_after_s=0))
    with ThreadPoolExecutor(2) as pool:
        ground.upload(film, executor=pool, on_progress=events.append)
    assert ground.stored() == [CONTENT]
    assert len(of_type(Retried, events)) == 2


@PATH_AND_BYTES
@pytest.mark.parametrize("skip", [0, 2, 4])
def test_an_executor_that_remembers_results_gets_another_job_for_each_attempt(
    ground: Ground, film: Path, source: str, skip: int
) -> None:
    class Remembering(ThreadPoolExecutor):
        """Takes jobs for pure functions, as Dask does."""

        def __init__(self) -> None:
            super().__init__(1)
            self.futures: dict[bytes, Future[Any]] = {}

        def submit(self, function: Any, /, *given: Any, **named: Any) -> Any:
            key = pickle.dumps(given)
            if key not in self.futures:
                self.futures[key] = super().submit(function, *given, **named)
            return self.futures[key]

    ground.fail(PART, 500, skip=skip)
    with Remembering() as executor:
        ground.upload(film if source == "path" else CONTENT, executor=executor, workers=1)
    assert (ground.stored(), ground.calls(PART)) == ([CONTENT], 6)


@PATH_AND_BYTES
def test_cancelling_does_not_wait_for_the_pauses_of_jobs(ground: Ground, film: Path, source: str) -> None:
    ground.fail(PART, 503, 503, 503, retry_after_s=20)

    def on_progress(event: object) -> None:
        if isinstance(event, Retried):
            raise KeyError("enough")

    given = film if source == "path" else CONTENT
    with ThreadPoolExecutor(2) as executor, pytest.raises(KeyError):
        ground.upload(given, workers=1, executor=executor, on_progress=on_progress, backoff=BackoffPolicy())
    assert ground.calls(PART) == 1
    assert not ground.state.sessions
    ground.state.faults.clear()


def test_jobs_that_wait_in_the_executor_s_queue_are_cancelled(ground: Ground, film: Path) -> None:
    class Busy(ThreadPoolExecutor):
        """Runs one job, and has no worker for those that follow."""

        def __init__(self) -> None:
            super().__init__(1)
            self.waiting: list[Future[Any]] = []
            self.is_busy = False

        def submit(self, *given: Any, **named: Any) -> Any:
            if not self.is_busy:
                self.is_busy = True
                return super().submit(*given, **named)
            self.waiting.append(Future())
            return self.waiting[-1]

    callback = interrupt_after(1, RuntimeError)
    with ThreadPoolExecutor(1) as thread, Busy() as executor:
        upload = thread.submit(ground.upload, film, executor=executor, workers=2, on_progress=callback)
        try:
            with pytest.raises(RuntimeError):
                upload.result(20)
            assert executor.waiting
            assert all(future.cancelled() for future in executor.waiting)
        finally:
            for future in executor.waiting:
                future.cancel()
    require_nothing_left(ground)


class Vault:
    """Gives a token, and holds what cannot be pickled."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._lock = threading.Lock()

    def token(self) -> str:
        with self._lock:
            return self._token


@pytest.mark.parametrize("has_lock", [True, False])
def test_a_token_that_cannot_go_to_another_process_is_an_error_with_advice(ground: Ground, has_lock: bool) -> None:
    token = ground.state.token
    client = ground.client(token=Vault(token).token if has_lock else lambda: token)
    refused = pytest.raises(UploadError, match="use a string, or a module-level function")
    with processes(1) as pool, refused:
        ground.upload(CONTENT, client, executor=pool)
    assert not ground.state.sessions


@pytest.mark.parametrize("kind", [TypeError, AttributeError])
def test_an_error_of_the_callers_code_in_a_job_is_raised_as_it_is(
    ground: Ground, film: Path, kind: type[Exception]
) -> None:
    calls: list[object] = []

    def token() -> str:
        calls.append(None)
        if len(calls) > 1:
            raise kind("a fault of the caller's own")
        return ground.state.token

    with ThreadPoolExecutor(1) as executor, pytest.raises(kind, match=r"^a fault of the caller's own$"):
        ground.upload(film, ground.client(token=token), executor=executor)


def test_jobs_of_one_upload_share_a_client_whatever_gives_the_token(ground: Ground, film: Path) -> None:
    calls: list[Provider] = []

    @dataclass
    class Provider:
        """Neither hashable nor equal to a copy of itself."""

        def __call__(self) -> str:
            calls.append(self)
            return ground.state.token

    with ThreadPoolExecutor(1) as executor:
        ground.upload(film, ground.client(token=Provider()), executor=executor)
    # Once for the client of the upload, and once for that of its jobs.
    assert len(calls) == 2


def test_uploads_through_one_executor_have_a_client_each(ground: Ground, film: Path) -> None:
    with ThreadPoolExecutor(1) as executor:
        ground.upload(film, ground.client(token=ground.state.token), executor=executor)
        ground.state.faults.add(TokenExpiry(operation="get_file", new_token="second"))
        with pytest.raises(errors.UnauthorizedError), ground.client() as box:
            box.get_file("1")
        ground.upload(film, ground.client(token="second"), file_name="again.mov", executor=executor)
    assert ground.stored("again.mov") == [CONTENT]


def test_an_executor_needs_a_token_that_need_not_be_awaited(ground: Ground, film: Path) -> None:
    async def token() -> str:
        return ground.state.token

    client = AsyncClient(token, base_url=ground.server.base_url)
    refused = pytest.raises(
        errors.InvalidArgumentError,
        match=r"^executor: needs a token, or a callable that returns one without being awaited$",
    )
    with ThreadPoolExecutor(1) as executor, refused as caught:
        ground.upload(film, client, executor=executor, is_async=True)
    assert (caught.value.argument, ground.stored()) == ("executor", [])


def test_an_executor_needs_a_client_that_can_be_made_again(ground: Ground, film: Path) -> None:
    refused = pytest.raises(
        errors.InvalidArgumentError,
        match=r"^executor: needs a client with a token or a callable for it, and without http=$",
    )
    with ThreadPoolExecutor(1) as pool, httpx2.Client() as http, refused:
        ground.upload(film, http=http, executor=pool)


@pytest.mark.parametrize("is_resumed", [False, True])
def test_an_executor_that_is_shut_down_midway_is_an_error(
    ground: Ground, film: Path, journal: Path, is_resumed: bool
) -> None:
    settings: dict[str, Any] = {"resume": journal} if is_resumed else {}
    with ThreadPoolExecutor(1) as pool:

        def shut_down(event: object) -> None:
            if isinstance(event, PartDone):
                pool.shutdown(wait=False)

        with pytest.raises(UploadError, match=r"^executor\.submit failed: cannot schedule new futures after shutdown$"):
            ground.upload(film, executor=pool, workers=1, on_progress=shut_down, **settings)
    assert (ground.stored(), len(ground.state.sessions)) == ([], int(is_resumed))
    if is_resumed:
        ground.upload(film, **settings)
        assert ground.stored() == [CONTENT]


class Odd(ThreadPoolExecutor):
    """An executor that runs the job, or does not, and raises or returns something else."""

    def __init__(self, oddity: Any) -> None:
        super().__init__(1)
        self._oddity = oddity

    def submit(self, *given: Any, **named: Any) -> Any:
        if isinstance(self._oddity, Exception):
            raise self._oddity
        future = Future[Any]()
        if self._oddity == "cancelled":
            future.cancel()
        else:
            super().submit(*given, **named).result()
            future.set_result(self._oddity)
        return future


@pytest.mark.parametrize(
    ("oddity", "words"),
    [
        (KeyError("no such queue"), "executor.submit failed: 'no such queue'"),
        (BrokenExecutor("a worker was killed"), "executor .* is broken: a worker was killed"),
        ("cancelled", "^the executor has cancelled a part$"),
        (None, "the executor has returned None for a part"),
    ],
)
def test_an_executor_that_does_something_else_is_an_error(
    ground: Ground, film: Path, oddity: object, words: str
) -> None:
    with Odd(oddity) as executor, pytest.raises(UploadError, match=words):
        ground.upload(film, executor=executor)
    require_nothing_left(ground)


def test_the_time_in_which_jobs_run_does_not_count_for_the_deadline(ground: Ground, film: Path) -> None:
    class Slow(ThreadPoolExecutor):
        def submit(self, *given: Any, **named: Any) -> Any:
            ground.clock.advance(100)
            return super().submit(*given, **named)

    ground.fail(PART, 503, 503, 503)
    with Slow(1) as executor:
        ground.upload(film, executor=executor, workers=1, deadline_s=60)
    assert ground.stored() == [CONTENT]


# Resuming


def interrupt(ground: Ground, source: Any, journal: Path, parts: int, kind: type[BaseException] = Interrupt) -> None:
    """Upload until the session holds some parts."""
    with pytest.raises(kind):
        ground.upload(source, resume=journal, workers=1, on_progress=interrupt_after(parts, kind))


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, RuntimeError])
def test_an_interrupted_upload_goes_on_where_it_was(
    ground: Ground, film: Path, journal: Path, kind: type[BaseException]
) -> None:
    events: list[Any] = []
    interrupt(ground, film, journal, 2, kind)
    ground.upload(film, resume=journal, workers=1, on_progress=events.append)
    assert ground.stored() == [CONTENT]
    assert ground.calls(PART) in {5, 6}
    resumed = of_type(Resumed, events)[0]
    assert resumed.parts >= 2
    assert [event.was_held for event in of_type(PartDone, events)].count(True) == resumed.parts
    assert not journal.exists()


@pytest.mark.parametrize("operation", ["get_upload_session", "list_parts"])
def test_a_resumed_upload_asks_again_what_was_not_answered(
    ground: Ground, film: Path, journal: Path, operation: str
) -> None:
    interrupt(ground, film, journal, 1)
    ground.fail(operation, 503, 429)
    ground.upload(film, resume=journal)
    assert ground.stored() == [CONTENT]
    assert (ground.calls("create_upload_session"), ground.state.faults.unfired) == (1, ())


def own_threads() -> list[str]:
    """Return the names of the uploader's threads; the server may start some of its own at any time."""
    names = [thread.name for thread in threading.enumerate()]
    return [name for name in names if name.startswith(("box-upload_", "box-upload-"))]


@pytest.mark.parametrize(
    ("kind", "is_async"), [(KeyboardInterrupt, False), (SystemExit, False), (RuntimeError, False), (RuntimeError, True)]
)
def test_without_a_journal_an_interrupted_upload_leaves_nothing(
    ground: Ground, kind: type[BaseException], is_async: bool
) -> None:
    with pytest.raises(kind):
        ground.upload(on_progress=interrupt_after(2, kind), is_async=is_async)
    require_nothing_left(ground)
    assert own_threads() == []


def test_the_journal_of_another_server_is_refused(ground: Ground, journal: Path) -> None:
    interrupt(ground, CONTENT, journal, 1)
    other = Client(ground.state.token, base_url=ground.server.base_url.replace("127.0.0.1", "localhost"))
    # An aborted request may still arrive.
    ground.server.wait_until_idle()
    before = len(ground.state.request_log)
    with pytest.raises(JournalError, match="another target"):
        ground.upload(client=other, resume=journal)
    assert len(ground.state.request_log) == before
    ground.upload(resume=journal)
    assert ground.stored() == [CONTENT]


def test_the_journal_records_each_step_before_it_is_reported(ground: Ground, journal: Path) -> None:
    steps: list[Any] = []

    def on_progress(event: object) -> None:
        entry: dict[str, Any] = json.loads(journal.read_text()) if journal.exists() else {"sha1": "?", "file": None}
        if isinstance(event, (PhaseChanged, Retried, Stored)):
            step = event.phase if isinstance(event, PhaseChanged) else type(event).__name__
            steps.append((step, entry["sha1"], entry["file"] is not None))

    ground.fail(COMMIT, 503)
    ground.upload(resume=journal, on_progress=on_progress)
    assert steps == [
        ("create", "?", False),
        ("parts", None, False),
        ("commit", None, False),
        ("Retried", SHA1, False),
        ("done", SHA1, True),
        ("Stored", SHA1, True),
    ]
    assert not journal.exists()


@pytest.mark.parametrize("status", [404, 410])
def test_a_session_that_has_ended_is_restarted(ground: Ground, film: Path, journal: Path, status: int) -> None:
    events: list[Any] = []
    interrupt(ground, film, journal, 2)
    with ground.client() as box:
        box.abort_upload_session(msgspec.convert(json.loads(journal.read_text())["session"], models.UploadSession))
    ground.fail("get_upload_session", status)
    ground.upload(film, resume=journal, on_progress=events.append)
    assert ground.stored() == [CONTENT]
    assert of_type(Restarted, events)


def test_a_source_that_changed_between_two_runs_is_uploaded_from_the_start(
    ground: Ground, film: Path, journal: Path
) -> None:
    events: list[Any] = []
    interrupt(ground, film, journal, 2)
    ground.upload(write(film, CONTENT[::-1]), resume=journal, on_progress=events.append)
    assert (ground.stored(), len(ground.state.sessions)) == ([CONTENT[::-1]], 0)
    assert of_type(Restarted, events)


def test_a_changed_journal_gets_no_token_sent_elsewhere(ground: Ground, film: Path, journal: Path) -> None:
    interrupt(ground, film, journal, 1)
    links = f"{ground.server.base_url}/files"
    journal.write_text(journal.read_text().replace(links, "https://box.com.evil.example/api/2.0/files"))
    with pytest.raises(errors.UntrustedUrlError):
        ground.upload(film, resume=journal)


def test_a_repeated_call_after_the_end_finds_the_stored_file(ground: Ground, film: Path, journal: Path) -> None:
    first = ground.upload(film, resume=journal)
    again = ground.upload(film, resume=journal)
    assert (again.id, ground.calls(PART)) == (first.id, 5)


def test_another_file_of_the_name_is_not_the_stored_file(ground: Ground, journal: Path) -> None:
    other = CONTENT[::-1]
    ground.upload(other)
    with pytest.raises(errors.ConflictError):
        ground.upload(resume=journal)
    assert ground.stored() == [other]


# Progress


def test_the_progress_adds_up(ground: Ground) -> None:
    events: list[Any] = []
    ground.state.faults.add(Failure(operation=PART, status=500, after_bytes=3_000_000, skip=1))
    ground.upload(on_progress=events.append)
    assert [event.phase for event in of_type(PhaseChanged, events)] == ["create", "parts", "commit", "done"]
    sent = of_type(BytesSent, events)
    assert sum(event.count for event in sent) == sent[-1].sent == len(CONTENT)
    assert sorted(event.index for event in of_type(PartDone, events)) == [0, 1, 2, 3, 4]


def test_a_callback_that_has_to_be_awaited_is_refused_unless_there_is_a_loop(ground: Ground) -> None:
    events: list[object] = []

    async def on_progress(event: object) -> None:
        await asyncio.sleep(0)
        events.append(event)

    with pytest.raises(
        errors.InvalidArgumentError, match=r"^on_progress: must not be a coroutine function; use upload_file_async$"
    ):
        ground.upload(on_progress=on_progress)
    ground.upload(on_progress=on_progress, is_async=True)
    assert isinstance(events[-1], Stored)


@BOTH_CLIENTS
def test_the_callback_runs_in_the_callers_thread(ground: Ground, is_async: bool) -> None:
    threads: set[int] = set()

    def on_progress(_: object) -> None:
        threads.add(threading.get_ident())

    ground.upload(on_progress=on_progress, is_async=is_async)
    assert threads == {threading.get_ident()}


@BOTH_CLIENTS
def test_the_threads_that_send_parts_are_named(ground: Ground, is_async: bool) -> None:
    names: set[str] = set()

    def on_request(request: Any) -> None:
        if request.method == "PUT":
            names.add(threading.current_thread().name.partition("_")[0])

    kind = AsyncClient if is_async else Client
    client = kind(ground.state.token, base_url=ground.server.base_url, hooks=Hooks(on_request=on_request))
    ground.upload(client=client, is_async=is_async)
    assert names == {"box-upload"}


# The asynchronous twin


@pytest.mark.parametrize("brings_http", [False, True])
def test_an_asynchronous_client_uploads(ground: Ground, brings_http: bool) -> None:
    fetched: list[str] = []

    async def token() -> str:
        fetched.append("first" if not fetched else "second")
        return fetched[-1]

    async def run() -> Any:
        http = httpx2.AsyncHTTPTransport() if brings_http else None
        return await ground.upload_async(client=AsyncClient(token, base_url=ground.server.base_url, http=http))

    ground.state.add_token("first")
    ground.state.faults.add(TokenExpiry(operation=PART, skip=1, new_token="second"), LostResponse(operation=PART))
    assert asyncio.run(run()).sha1 == SHA1
    assert (ground.stored(), fetched) == ([CONTENT], ["first", "second"])


def test_a_callback_that_cancels_itself_ends_the_upload(ground: Ground) -> None:
    async def report(event: object) -> None:
        if isinstance(event, PartDone):
            raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(ground.upload_async(on_progress=report))
    assert (ground.stored(), dict(ground.state.sessions)) == ([], {})


def test_a_task_that_is_cancelled_twice_still_waits_for_its_threads(ground: Ground) -> None:
    is_reading, release = threading.Event(), threading.Event()

    class Waiting(io.BytesIO):
        def readinto(self, buffer: Any) -> int:
            is_reading.set()
            release.wait(30)
            return super().readinto(buffer)

    async def main() -> None:
        task = asyncio.create_task(ground.upload_async(Waiting(CONTENT)))
        await asyncio.to_thread(is_reading.wait, 30)
        for _ in range(2):
            task.cancel()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert not task.done()
        release.set()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert own_threads() == []
    assert not ground.state.sessions


def test_a_cancelled_task_leaves_nothing(ground: Ground) -> None:
    async def run() -> None:
        has_part = asyncio.Event()

        def on_progress(event: object) -> None:
            if isinstance(event, PartDone):
                has_part.set()

        task = asyncio.create_task(ground.upload_async(on_progress=on_progress))
        await has_part.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    require_nothing_left(ground)
    assert own_threads() == []


@BOTH_CLIENTS
def test_a_new_session_has_no_parts(ground: Ground, is_async: bool) -> None:
    async def run() -> list[models.UploadPart]:
        async with AsyncClient(ground.state.token, base_url=ground.server.base_url) as box:
            session = await box.create_upload_session(folder_id="0", file_name="x", file_size=len(CONTENT))
            return [part async for part in box.iter_parts(session)]

    if is_async:
        assert asyncio.run(run()) == []
    else:
        with ground.client() as box:
            session = box.create_upload_session(folder_id="0", file_name="x", file_size=len(CONTENT))
            assert list(box.iter_parts(session)) == []
