"""Whole uploads over a socket: sources, sizes, executors, resuming, progress, the asynchronous twin."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
import json
import multiprocessing
import os
import pickle
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx2
import pytest
from box_uploads import AsyncClient, Client, errors, models
from box_uploads.upload import (
    BackoffPolicy,
    BytesSent,
    FileTooSmallError,
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

from tests.flow.upload_ground import CONTENT, PART_SIZE, SHA1, Ground, write

PART, COMMIT = "upload_part", "commit_upload_session"
NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


class Stream(io.RawIOBase):
    """A stream that gives its content in odd pieces, and cannot seek."""

    def __init__(self, content: bytes = CONTENT, piece: int = 999_983) -> None:
        super().__init__()
        self._inner, self._piece = io.BytesIO(content), piece

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._inner.readinto(memoryview(buffer)[: self._piece])


# Sources


def test_a_path_is_uploaded_under_its_own_name(ground: Ground, tmp_path: Path) -> None:
    file = ground.upload(str(write(tmp_path / "named.mov")), file_name=None)
    assert (file.name, file.sha1) == ("named.mov", SHA1)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, io.BytesIO])
def test_content_in_memory_is_uploaded(ground: Ground, kind: Any) -> None:
    ground.upload(kind(CONTENT))
    assert ground.stored() == [CONTENT]


def test_a_file_object_is_read_from_where_it_stands_and_stays_open(ground: Ground, tmp_path: Path) -> None:
    with write(tmp_path / "film.mov", b"head" + CONTENT).open("rb") as file:
        file.seek(4)
        ground.upload(file)
        assert not file.closed
    assert ground.stored() == [CONTENT]


def test_a_stream_of_a_declared_size_is_uploaded_without_spooling(ground: Ground) -> None:
    stream = Stream()
    ground.state.faults.add(Failure(operation=PART, status=500, skip=1, times=2), LostResponse(operation=PART, skip=1))
    ground.upload(stream, size=len(CONTENT))
    assert (ground.stored(), stream.closed) == ([CONTENT], False)


@pytest.mark.parametrize("size", [len(CONTENT) - 1, len(CONTENT) + 1])
def test_a_stream_of_another_size_than_declared_is_not_committed(ground: Ground, size: int) -> None:
    content = CONTENT + b"x"
    with pytest.raises(SourceChangedError):
        ground.upload(Stream(content if size == len(CONTENT) - 1 else CONTENT), size=max(size, 20_000_000))
    assert (ground.stored(), len(ground.state.sessions)) == ([], 0)


class Pieces:
    """Reads what a generator yields, as is often written: at its end, it raises."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = iter(pieces)

    def read(self, _: int) -> bytes:
        return next(self._pieces)


def pieces(content: bytes) -> Pieces:
    return Pieces(*(content[start : start + 4096] for start in range(0, len(content), 4096)))


@pytest.mark.parametrize("is_async", [False, True])
def test_a_reader_that_raises_at_its_end_has_come_to_it(ground: Ground, is_async: bool) -> None:
    def upload(content: bytes) -> None:
        source, size = pieces(content), len(CONTENT)
        if is_async:
            asyncio.run(ground.upload_async(source, size=size))
        else:
            ground.upload(source, size=size)

    with pytest.raises(SourceChangedError, match="ends at byte 19996672"):
        upload(CONTENT[:19_996_672])
    upload(CONTENT)
    assert ground.stored() == [CONTENT]


def test_an_exception_that_no_future_holds_ends_an_asynchronous_upload(ground: Ground) -> None:
    class Wrong:
        def seekable(self) -> bool:
            raise StopIteration

        def read(self, _: int) -> bytes:
            return b""

    with pytest.raises(RuntimeError, match="StopIteration"):
        asyncio.run(asyncio.wait_for(ground.upload_async(Wrong()), 20))


def test_a_stream_without_a_size_is_refused(ground: Ground) -> None:
    with pytest.raises(errors.InvalidArgumentError, match="cannot seek"):
        ground.upload(Stream())


def test_a_url_without_fsspec_says_what_to_install(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "fsspec.core", None)
    with pytest.raises(errors.InvalidArgumentError, match="pip install fsspec"):
        ground.upload("s3://bucket/film.mov")


def test_a_url_is_uploaded_by_threads_and_by_jobs(ground: Ground) -> None:
    system: Any = import_module("fsspec").filesystem("memory")
    system.pipe("/film.mov", CONTENT)
    ground.upload("memory://film.mov", file_name=None)
    with ThreadPoolExecutor(2) as pool:
        ground.upload("memory://film.mov", file_name="again.mov", executor=pool)
    assert (ground.stored(), ground.stored("again.mov")) == ([CONTENT], [CONTENT])


# Sizes


@pytest.mark.parametrize("size", [PART_SIZE * 5 - 1, PART_SIZE * 5, PART_SIZE * 5 + 1])
def test_sizes_around_a_multiple_of_the_part_size_have_no_empty_part(ground: Ground, size: int) -> None:
    content = bytes(size)
    ground.upload(content)
    assert ground.stored() == [content]
    assert ground.calls(PART) == -(-size // PART_SIZE)


def test_a_file_below_the_minimum_is_refused_with_advice(ground: Ground) -> None:
    with pytest.raises(FileTooSmallError, match="files/content"):
        ground.upload(CONTENT[1:])
    assert ground.state.request_log == ()


def test_a_taken_name_is_told_before_a_byte_is_sent(ground: Ground) -> None:
    with pytest.raises(errors.ConflictError):
        ground.upload(file_name="Contract.pdf")
    assert ground.calls(PART) == 0


# What the server is told, and what it proposes


def test_attributes_become_those_of_the_file(ground: Ground) -> None:
    attributes = models.FileAttributes(description="a film", content_modified_at=NOW)
    file_id = ground.upload(attributes=attributes).id
    file = ground.state.files[file_id]
    assert (file.description, file.content_modified_at) == ("a film", "2026-11-22T12:00:00Z")


def test_a_version_is_only_made_of_the_etag_that_is_asked_for(ground: Ground) -> None:
    first = ground.upload()
    with pytest.raises(errors.PreconditionFailedError):
        ground.upload(CONTENT[::-1], file_id=first.id, if_match="7")
    assert (ground.stored(), len(ground.state.sessions)) == ([CONTENT], 0)
    ground.upload(CONTENT[::-1], file_id=first.id, if_match="0")
    assert (ground.stored(), ground.state.files[first.id].etag) == ([CONTENT[::-1]], "1")


def test_a_version_may_be_moved_and_renamed(ground: Ground) -> None:
    file = ground.upload(file_id="12345", folder_id="100", file_name="other.mov")
    stored = ground.state.files["12345"]
    assert (file.id, stored.name, stored.folder, stored.sha1) == ("12345", "other.mov", "100", SHA1)


def test_parts_that_do_not_fit_into_memory_are_refused_and_the_session_is_ended(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: Any = vars(ground.state.session_store)["_settings"]
    monkeypatch.setattr(ground.state.session_store, "_settings", replace(found, part_size_for=huge))
    with pytest.raises(errors.PlanError, match="parts of"):
        ground.upload()
    assert (ground.calls(PART), len(ground.state.sessions)) == (0, 0)


def huge(_: int) -> int:
    return 2**40


# Executors


@pytest.mark.parametrize("source", ["path", "memory"])
def test_parts_are_uploaded_by_other_processes(ground: Ground, tmp_path: Path, source: str) -> None:
    content: Any = write(tmp_path / "film.mov") if source == "path" else CONTENT
    events: list[Any] = []
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        ground.upload(content, executor=pool, on_progress=events.append, backoff=None)
        assert pool.submit(os.getpid).result() != os.getpid()
    assert ground.stored() == [CONTENT]
    assert sum(event.count for event in events if isinstance(event, BytesSent)) == len(CONTENT)


def test_a_source_that_changes_is_found_by_the_jobs_of_an_executor(ground: Ground, tmp_path: Path) -> None:
    path = write(tmp_path / "film.mov")

    def told(event: object) -> None:
        if isinstance(event, PartDone):
            os.utime(path, ns=(1, 1))

    with ThreadPoolExecutor(1) as pool, pytest.raises(SourceChangedError):
        ground.upload(path, executor=pool, on_progress=told, workers=1)
    assert (ground.stored(), len(ground.state.sessions)) == ([], 0)


def test_jobs_bear_failures_and_tell_of_them(ground: Ground, tmp_path: Path) -> None:
    events: list[Any] = []
    ground.state.faults.add(LostResponse(operation=PART, skip=1), Failure(operation=PART, status=503, retry_after_s=0))
    with ThreadPoolExecutor(2) as pool:
        ground.upload(write(tmp_path / "film.mov"), executor=pool, on_progress=events.append)
    assert ground.stored() == [CONTENT]
    assert len([event for event in events if isinstance(event, Retried)]) == 2


@pytest.mark.parametrize("source", ["path", "bytes"])
@pytest.mark.parametrize("skip", [0, 2, 4])
def test_an_executor_that_remembers_results_gets_another_job_for_each_attempt(
    ground: Ground, tmp_path: Path, source: str, skip: int
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

    ground.state.faults.add(Failure(operation=PART, status=500, skip=skip))
    with Remembering() as executor:
        ground.upload(write(tmp_path / "film.mov") if source == "path" else CONTENT, executor=executor, workers=1)
    assert (ground.stored(), ground.calls(PART)) == ([CONTENT], 6)


@pytest.mark.parametrize("source", ["path", "bytes"])
def test_a_wish_to_stop_does_not_wait_for_the_pauses_of_jobs(ground: Ground, tmp_path: Path, source: str) -> None:
    ground.state.faults.add(Failure(operation=PART, status=503, retry_after_s=20, times=3))

    def tell(event: object) -> None:
        if isinstance(event, Retried):
            raise KeyError("enough")

    given = write(tmp_path / "film.mov") if source == "path" else CONTENT
    with ThreadPoolExecutor(2) as executor, pytest.raises(KeyError):
        ground.upload(given, workers=1, executor=executor, on_progress=tell, backoff=BackoffPolicy())
    assert ground.calls(PART) == 1
    assert not ground.state.sessions
    ground.state.faults.clear()


def test_jobs_that_wait_in_the_executor_s_queue_are_taken_back(ground: Ground, tmp_path: Path) -> None:
    class Busy(ThreadPoolExecutor):
        """Runs one job, and has no worker for those that follow."""

        def __init__(self) -> None:
            super().__init__(1)
            self.waiting: list[Future[Any]] = []
            self.is_begun = False

        def submit(self, *given: Any, **named: Any) -> Any:
            if not self.is_begun:
                self.is_begun = True
                return super().submit(*given, **named)
            self.waiting.append(Future())
            return self.waiting[-1]

    path = write(tmp_path / "film.mov")
    with ThreadPoolExecutor(1) as thread, Busy() as executor:
        upload = thread.submit(
            ground.upload, path, executor=executor, workers=2, on_progress=interrupt_after(1, RuntimeError)
        )
        try:
            with pytest.raises(RuntimeError):
                upload.result(20)
            assert executor.waiting
            assert all(one.cancelled() for one in executor.waiting)
        finally:
            for one in executor.waiting:
                one.cancel()
    assert (ground.stored(), len(ground.state.sessions)) == ([], 0)


def test_an_executor_that_breaks_down_is_told_and_leaves_nothing(ground: Ground, tmp_path: Path) -> None:
    class Broken(ThreadPoolExecutor):
        def submit(self, *_: Any, **__: Any) -> Any:
            raise BrokenExecutor("a worker was killed")

    with Broken(1) as executor, pytest.raises(UploadError, match=r"executor .* is broken: a worker was killed"):
        ground.upload(write(tmp_path / "film.mov"), executor=executor)
    assert not ground.state.sessions


class Vault:
    """Gives a token, and holds what cannot be pickled."""

    def __init__(self, token: str) -> None:
        self._token = token
        self._lock = threading.Lock()

    def token(self) -> str:
        with self._lock:
            return self._token


@pytest.mark.parametrize("has_lock", [True, False])
def test_a_token_that_cannot_go_to_another_process_is_told_with_the_cure(ground: Ground, has_lock: bool) -> None:
    token = ground.state.token
    client = ground.client(token=Vault(token).token if has_lock else lambda: token)
    with (
        ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool,
        pytest.raises(UploadError, match="give a string, or a function of a module"),
    ):
        ground.upload(CONTENT, client, executor=pool)
    assert not ground.state.sessions


def test_a_job_that_somebody_else_cancels_is_told(ground: Ground, tmp_path: Path) -> None:
    class Cancelling(ThreadPoolExecutor):
        def submit(self, *_: Any, **__: Any) -> Any:
            future = Future[Any]()
            future.cancel()
            return future

    with Cancelling(1) as executor, pytest.raises(UploadError, match="the executor has cancelled a part"):
        ground.upload(write(tmp_path / "film.mov"), executor=executor)
    assert not ground.state.sessions


def test_jobs_of_one_upload_share_a_client_whatever_gives_the_token(ground: Ground, tmp_path: Path) -> None:
    made: list[Provider] = []

    @dataclass
    class Provider:
        """Neither hashable nor equal to a copy of itself."""

        def __call__(self) -> str:
            made.append(self)
            return ground.state.token

    with ThreadPoolExecutor(1) as executor:
        ground.upload(write(tmp_path / "film.mov"), ground.client(token=Provider()), executor=executor)
    # Once for the client of the upload, and once for that of its jobs.
    assert len(made) == 2


def test_an_executor_needs_a_token_that_need_not_be_awaited(ground: Ground, tmp_path: Path) -> None:
    async def token() -> str:
        return ground.state.token

    path, client = write(tmp_path / "film.mov"), AsyncClient(token, base_url=ground.server.base_url)
    with (
        ThreadPoolExecutor(1) as executor,
        pytest.raises(errors.InvalidArgumentError, match="without being awaited") as caught,
    ):
        asyncio.run(ground.upload_async(path, client, executor=executor))
    assert (caught.value.argument, ground.stored()) == ("executor", [])


def test_an_executor_needs_a_client_that_can_be_made_again(ground: Ground, tmp_path: Path) -> None:
    refused = pytest.raises(errors.InvalidArgumentError, match="executor")
    with ThreadPoolExecutor(1) as pool, httpx2.Client() as http, refused:
        ground.upload(write(tmp_path / "film.mov"), ground.client(http=http), executor=pool)


@pytest.mark.parametrize("is_resumed", [False, True])
def test_an_executor_that_is_shut_down_midway_is_told(ground: Ground, tmp_path: Path, is_resumed: bool) -> None:
    path, settings = write(tmp_path / "film.mov"), dict[str, Any]()
    if is_resumed:
        settings["resume"] = tmp_path / "journal"

    with ThreadPoolExecutor(1) as pool:

        def told(event: object) -> None:
            if isinstance(event, PartDone):
                pool.shutdown(wait=False)

        with pytest.raises(UploadError, match="the executor takes no part: cannot schedule new futures"):
            ground.upload(path, executor=pool, workers=1, on_progress=told, **settings)
    assert (ground.stored(), len(ground.state.sessions)) == ([], int(is_resumed))
    if is_resumed:
        ground.upload(path, **settings)
        assert ground.stored() == [CONTENT]


class Odd(ThreadPoolExecutor):
    """An executor that does something else than it should."""

    def __init__(self, oddity: str) -> None:
        super().__init__(1)
        self._oddity = oddity

    def submit(self, *given: Any, **named: Any) -> Any:
        if self._oddity == "raises":
            raise KeyError("no such queue")
        future: Future[Any] = super().submit(*given, **named)
        if self._oddity == "returns":
            future.result()
            future = Future()
            future.set_result(None)
        return future


@pytest.mark.parametrize(
    ("oddity", "words"), [("raises", "takes no part: 'no such queue'"), ("returns", "has returned None for a part")]
)
def test_an_executor_that_does_something_else_is_told(ground: Ground, tmp_path: Path, oddity: str, words: str) -> None:
    with Odd(oddity) as executor, pytest.raises(UploadError, match=f"the executor {words}"):
        ground.upload(write(tmp_path / "film.mov"), executor=executor)
    assert (ground.stored(), len(ground.state.sessions)) == ([], 0)


def test_the_time_in_which_jobs_run_does_not_count_for_the_deadline(ground: Ground, tmp_path: Path) -> None:
    class Slow(ThreadPoolExecutor):
        def submit(self, *given: Any, **named: Any) -> Any:
            ground.clock.advance(100)
            return super().submit(*given, **named)

    ground.state.faults.add(Failure(operation=PART, status=503, times=3))
    with Slow(1) as executor:
        ground.upload(write(tmp_path / "film.mov"), executor=executor, workers=1, deadline_s=60)
    assert ground.stored() == [CONTENT]


# Resuming


class Interrupt(KeyboardInterrupt):
    """Ctrl-C, as far as anybody can tell."""


def interrupt_after(parts: int, kind: type[BaseException] = Interrupt) -> Any:
    """Return a callback that raises once so many parts are stored."""

    def told(event: object) -> None:
        if isinstance(event, PartDone) and event.parts_done == parts:
            raise kind

    return told


@pytest.mark.parametrize("kind", [Interrupt, SystemExit, RuntimeError])
def test_an_interrupted_upload_goes_on_where_it_was(ground: Ground, tmp_path: Path, kind: type[BaseException]) -> None:
    path, journal, events = write(tmp_path / "film.mov"), tmp_path / "journal", list[Any]()
    with pytest.raises(kind):
        ground.upload(path, resume=journal, workers=1, on_progress=interrupt_after(2, kind))
    ground.upload(path, resume=journal, workers=1, on_progress=events.append)
    assert ground.stored() == [CONTENT]
    assert ground.calls(PART) in {5, 6}
    resumed = [event for event in events if isinstance(event, Resumed)]
    assert resumed[0].parts >= 2
    assert [event.was_held for event in events if isinstance(event, PartDone)].count(True) == resumed[0].parts
    assert not journal.exists()


@pytest.mark.parametrize("operation", ["get_upload_session", "list_parts"])
def test_a_resumed_upload_asks_again_what_was_not_answered(ground: Ground, tmp_path: Path, operation: str) -> None:
    path, journal = write(tmp_path / "film.mov"), tmp_path / "journal"
    with pytest.raises(Interrupt):
        ground.upload(path, resume=journal, on_progress=interrupt_after(1))
    ground.state.faults.add(Failure(operation=operation, status=503), Failure(operation=operation, status=429))
    ground.upload(path, resume=journal)
    assert ground.stored() == [CONTENT]
    assert (ground.calls("create_upload_session"), ground.state.faults.unfired) == (1, ())


@pytest.mark.parametrize("by_jobs", [False, True], ids=["threads", "executor"])
@pytest.mark.parametrize("source", ["path", "bytes"])
@pytest.mark.parametrize("held", [1, 3, 5])
def test_parts_that_are_held_are_compared_and_count_for_the_whole(
    ground: Ground, tmp_path: Path, by_jobs: bool, source: str, held: int
) -> None:
    given, events = write(tmp_path / "film.mov") if source == "path" else CONTENT, list[Any]()
    settings: dict[str, Any] = {"resume": tmp_path / "journal", "workers": 1}
    with pytest.raises(Interrupt):
        ground.upload(given, on_progress=interrupt_after(held), **settings)
    ground.server.wait_until_idle()
    with ThreadPoolExecutor(1) as pool:
        executor = pool if by_jobs else None
        ground.upload(given, executor=executor, on_progress=events.append, **settings)
    assert ground.stored() == [CONTENT]
    assert [event for event in events if isinstance(event, Restarted)] == []
    assert [event.was_held for event in events if isinstance(event, PartDone)].count(True) >= held


@pytest.mark.parametrize("by_jobs", [False, True], ids=["threads", "executor"])
@pytest.mark.parametrize("index", [0, 2, 4])
def test_a_held_part_that_is_another_now_is_noticed(ground: Ground, tmp_path: Path, by_jobs: bool, index: int) -> None:
    path, events = write(tmp_path / "film.mov"), list[Any]()
    settings: dict[str, Any] = {"resume": tmp_path / "journal", "workers": 1}
    with pytest.raises(Interrupt):
        ground.upload(path, on_progress=interrupt_after(5), **settings)
    was, other = path.stat(), bytearray(CONTENT)
    other[index * PART_SIZE] ^= 1
    write(path, bytes(other))
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
    with ThreadPoolExecutor(1) as pool:
        ground.upload(path, executor=pool if by_jobs else None, on_progress=events.append, **settings)
    assert ground.stored() == [bytes(other)]
    assert len([event for event in events if isinstance(event, Restarted)]) == 1


def own_threads() -> list[str]:
    """Return the names of the uploader's threads; the server may start some of its own at any time."""
    return [one.name for one in threading.enumerate() if one.name.startswith(("box-upload_", "box-upload-async"))]


@pytest.mark.parametrize("kind", [Interrupt, SystemExit, RuntimeError])
def test_without_a_journal_an_interrupted_upload_leaves_nothing(ground: Ground, kind: type[BaseException]) -> None:
    with pytest.raises(kind):
        ground.upload(on_progress=interrupt_after(2, kind))
    assert (ground.stored(), len(ground.state.sessions), own_threads()) == ([], 0, [])


def test_the_journal_is_private_and_holds_no_token(ground: Ground, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    with pytest.raises(Interrupt):
        ground.upload(write(tmp_path / "film.mov"), resume=journal, on_progress=interrupt_after(1))
    assert stat.S_IMODE(journal.stat().st_mode) == 0o600
    assert ground.state.token not in journal.read_text()
    assert set(json.loads(journal.read_text())) == {
        "format",
        "target",
        "fingerprint",
        "session",
        "sha1",
        "file",
        "lost_creates",
    }


def test_the_journal_of_another_server_is_refused(ground: Ground, tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    with pytest.raises(Interrupt):
        ground.upload(resume=journal, on_progress=interrupt_after(1))
    other = Client(ground.state.token, base_url=ground.server.base_url.replace("127.0.0.1", "localhost"))
    # What was broken off may still arrive.
    ground.server.wait_until_idle()
    before = len(ground.state.request_log)
    with pytest.raises(JournalError, match="another place"):
        ground.upload(client=other, resume=journal)
    assert len(ground.state.request_log) == before
    ground.upload(resume=journal)
    assert ground.stored() == [CONTENT]


def test_the_journal_says_what_has_happened_before_it_does(ground: Ground, tmp_path: Path) -> None:
    journal, said = tmp_path / "journal", list[Any]()

    def note(event: object) -> None:
        entry: dict[str, Any] = json.loads(journal.read_text()) if journal.exists() else {"sha1": "?", "file": None}
        if isinstance(event, (PhaseChanged, Retried, Stored)):
            step = event.phase if isinstance(event, PhaseChanged) else type(event).__name__
            said.append((step, entry["sha1"], entry["file"] is not None))

    ground.state.faults.add(Failure(operation=COMMIT, status=503))
    ground.upload(resume=journal, on_progress=note)
    assert said == [
        ("create", "?", False),
        ("parts", None, False),
        ("commit", None, False),
        ("Retried", SHA1, False),
        ("done", SHA1, True),
        ("Stored", SHA1, True),
    ]
    assert not journal.exists()


@pytest.mark.parametrize("status", [404, 410])
def test_an_ended_session_is_begun_anew_and_told(ground: Ground, tmp_path: Path, status: int) -> None:
    path, journal, events = write(tmp_path / "film.mov"), tmp_path / "journal", list[Any]()
    with pytest.raises(Interrupt):
        ground.upload(path, resume=journal, on_progress=interrupt_after(2))
    with ground.client() as box:
        box.abort_upload_session(next(models_of(journal)))
    ground.state.faults.add(Failure(operation="get_upload_session", status=status))
    ground.upload(path, resume=journal, on_progress=events.append)
    assert ground.stored() == [CONTENT]
    assert any(isinstance(event, Restarted) for event in events)


def models_of(journal: Path) -> Iterator[models.UploadSession]:
    """Return the session of a journal."""
    import msgspec  # noqa: PLC0415

    yield msgspec.convert(json.loads(journal.read_text())["session"], models.UploadSession)


@pytest.mark.parametrize("is_noticed", [True, False])
def test_a_source_that_changed_between_two_runs_is_uploaded_anew(
    ground: Ground, tmp_path: Path, is_noticed: bool
) -> None:
    path, journal, events = write(tmp_path / "film.mov"), tmp_path / "journal", list[Any]()
    with pytest.raises(Interrupt):
        ground.upload(path, resume=journal, on_progress=interrupt_after(2))
    was = path.stat()
    write(path, CONTENT[::-1])
    if not is_noticed:
        os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
    ground.upload(path, resume=journal, on_progress=events.append)
    assert ground.stored() == [CONTENT[::-1]]
    assert (any(isinstance(event, Restarted) for event in events), len(ground.state.sessions)) == (True, 0)


@pytest.mark.parametrize("content", [b"", b"{}", b"no journal", CONTENT[:5000]])
def test_what_is_no_journal_is_left_alone(ground: Ground, tmp_path: Path, content: bytes) -> None:
    journal = write(tmp_path / "precious", content)
    with pytest.raises(JournalError, match="is not an upload journal"):
        ground.upload(resume=journal)
    assert journal.read_bytes() == content


def test_a_journal_that_somebody_has_changed_gets_no_token_sent_elsewhere(ground: Ground, tmp_path: Path) -> None:
    path, journal = write(tmp_path / "film.mov"), tmp_path / "journal"
    with pytest.raises(Interrupt):
        ground.upload(path, resume=journal, on_progress=interrupt_after(1))
    links = f"{ground.server.base_url}/files"
    journal.write_text(journal.read_text().replace(links, "https://box.com.evil.example/api/2.0/files"))
    with pytest.raises(errors.UntrustedUrlError):
        ground.upload(path, resume=journal)


def test_the_journal_of_another_upload_is_left_alone(ground: Ground, tmp_path: Path) -> None:
    path, journal = write(tmp_path / "film.mov"), tmp_path / "journal"
    with pytest.raises(Interrupt):
        ground.upload(path, resume=journal, on_progress=interrupt_after(1))
    with pytest.raises(JournalError, match="another place"):
        ground.upload(path, resume=journal, file_name="other.mov")
    assert journal.exists()


def test_the_same_command_after_the_end_finds_its_work_done(ground: Ground, tmp_path: Path) -> None:
    path, journal = write(tmp_path / "film.mov"), tmp_path / "journal"
    first = ground.upload(path, resume=journal)
    again = ground.upload(path, resume=journal)
    assert (again.id, ground.calls(PART)) == (first.id, 5)


def test_another_file_of_the_name_is_no_work_done(ground: Ground, tmp_path: Path) -> None:
    other = CONTENT[::-1]
    ground.upload(other)
    with pytest.raises(errors.ConflictError):
        ground.upload(resume=tmp_path / "journal")
    assert ground.stored() == [other]


def test_a_session_that_has_ended_need_not_be_aborted(ground: Ground) -> None:
    faults = [Failure(operation=PART, status=403), Failure(operation="abort_upload_session", status=404)]
    ground.state.faults.add(*faults)
    with pytest.raises(errors.ForbiddenError) as caught:
        ground.upload()
    assert ground.state.faults.unfired == ()
    assert getattr(caught.value, "__notes__", []) == []


# Progress


def test_the_progress_adds_up(ground: Ground) -> None:
    events: list[Any] = []
    ground.state.faults.add(Failure(operation=PART, status=500, after_bytes=3_000_000, skip=1))
    ground.upload(on_progress=events.append)
    assert [event.phase for event in events if isinstance(event, PhaseChanged)] == ["create", "parts", "commit", "done"]
    sent = [event for event in events if isinstance(event, BytesSent)]
    assert sum(event.count for event in sent) == sent[-1].sent == len(CONTENT)
    assert sorted(event.index for event in events if isinstance(event, PartDone)) == [0, 1, 2, 3, 4]


def test_a_callback_that_has_to_be_awaited_is_refused_unless_there_is_a_loop(ground: Ground) -> None:
    told: list[object] = []

    async def tell(event: object) -> None:
        await asyncio.sleep(0)
        told.append(event)

    with pytest.raises(errors.InvalidArgumentError, match="upload_file_async"):
        ground.upload(on_progress=tell)
    asyncio.run(ground.upload_async(on_progress=tell))
    assert isinstance(told[-1], Stored)


def test_the_progress_is_told_in_the_callers_thread(ground: Ground) -> None:
    threads: set[int] = set()

    def told(_: object) -> None:
        threads.add(threading.get_ident())

    ground.upload(on_progress=told)
    assert threads == {threading.get_ident()}


# Lists of parts


def test_all_pages_of_the_parts_are_listed(ground: Ground) -> None:
    with ground.client() as box:
        session = box.create_upload_session(folder_id="0", file_name="x", file_size=len(CONTENT))
        assert list(box.iter_parts(session)) == []
    listed: list[int] = []

    def told(event: object) -> None:
        if isinstance(event, PartDone) and event.parts_done == 5:
            with ground.client() as box:
                newest = list(ground.state.sessions)[-1]
                session = box.create_upload_session(folder_id="0", file_name="y", file_size=len(CONTENT))
                link = session.session_endpoints.list_parts.replace(session.id, newest)
                session.session_endpoints.list_parts, session.id = link, newest
                listed.extend(part.offset for part in box.iter_parts(session, limit=2))

    ground.upload(on_progress=told)
    assert listed == [index * PART_SIZE for index in range(5)]


# The asynchronous twin


@pytest.mark.parametrize("brings_http", [False, True])
def test_an_asynchronous_client_uploads(ground: Ground, brings_http: bool) -> None:
    async def token() -> str:
        fetched.append("first" if not fetched else "second")
        return fetched[-1]

    async def run() -> Any:
        http = httpx2.AsyncHTTPTransport() if brings_http else None
        return await ground.upload_async(client=AsyncClient(token, base_url=ground.server.base_url, http=http))

    fetched: list[str] = []
    ground.state.add_token("first")
    ground.state.faults.add(TokenExpiry(operation=PART, skip=1, new_token="second"), LostResponse(operation=PART))
    assert asyncio.run(run()).sha1 == SHA1
    assert (ground.stored(), fetched) == ([CONTENT], ["first", "second"])


def test_the_event_loop_is_told_of_the_progress(ground: Ground) -> None:
    threads: set[int] = set()

    def told(_: object) -> None:
        threads.add(threading.get_ident())

    asyncio.run(ground.upload_async(on_progress=told))
    assert threads == {threading.get_ident()}


def test_an_exception_of_the_callback_cancels_the_asynchronous_upload(ground: Ground) -> None:
    with pytest.raises(RuntimeError):
        asyncio.run(ground.upload_async(on_progress=interrupt_after(2, RuntimeError)))
    assert (ground.stored(), len(ground.state.sessions)) == ([], 0)


def test_a_task_that_is_cancelled_twice_still_waits_for_its_threads(ground: Ground) -> None:
    held, release = threading.Event(), threading.Event()

    class Waiting(io.BytesIO):
        def readinto(self, buffer: Any) -> int:
            held.set()
            release.wait(30)
            return super().readinto(buffer)

    async def main() -> None:
        task = asyncio.create_task(ground.upload_async(Waiting(CONTENT)))
        await asyncio.to_thread(held.wait, 30)
        for _ in range(2):
            task.cancel()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        assert not task.done()
        release.set()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert [one.name for one in threading.enumerate() if one.name.startswith(("box-upload-", "box-upload_"))] == []
    assert not ground.state.sessions


def test_a_cancelled_task_leaves_nothing(ground: Ground) -> None:
    async def run() -> None:
        begun = asyncio.Event()

        def told(event: object) -> None:
            if isinstance(event, PartDone):
                begun.set()

        task = asyncio.create_task(ground.upload_async(on_progress=told))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    assert (ground.stored(), len(ground.state.sessions), own_threads()) == ([], 0, [])


def test_the_parts_are_listed_asynchronously(ground: Ground) -> None:
    async def run() -> list[models.UploadPart]:
        async with AsyncClient(ground.state.token, base_url=ground.server.base_url) as box:
            session = await box.create_upload_session(folder_id="0", file_name="x", file_size=len(CONTENT))
            return [part async for part in box.iter_parts(session)]

    assert asyncio.run(run()) == []
