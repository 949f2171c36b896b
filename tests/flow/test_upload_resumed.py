"""Resuming in all its kinds: what is held is compared, what has changed is noticed, what was cancelled is kept."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import httpx2
import msgspec
import pytest
from box_uploads import AsyncClient, errors, models
from box_uploads.upload import PartDone, PhaseChanged, Restarted, Resumed, Retried, Started
from box_uploads_mock import Accepted, Failure, LostResponse

from tests.flow.upload_ground import SMALL_PART_SIZE, Ground, write

COMMIT, PART = "commit_upload_session", "upload_part"
# Four parts, of which the last is shorter.
SMALL = bytes(number % 251 for number in range(3 * SMALL_PART_SIZE + 500))
PARTS = 4


class Interrupt(BaseException):
    """What nobody catches."""


def at(wanted: type[object], events: list[Any]) -> Any:
    """Return a callback that notes all events, and interrupts the upload at the first one of a kind."""

    def tell(event: Any) -> None:
        events.append(event)
        if type(event) is wanted:
            raise Interrupt

    return tell


class Means:
    """One of the ways to upload: by a blocking or an asynchronous client, by threads or by an executor's jobs."""

    def __init__(self, ground: Ground, *, is_async: bool, has_executor: bool, is_version: bool) -> None:
        self.ground, self.is_async, self.has_executor = ground, is_async, has_executor
        self.settings: dict[str, Any] = {}
        if is_version:
            self.settings = {"file_id": ground.upload(b"first").id}

    def upload(self, source: Any, **settings: Any) -> Any:
        """Upload, and return the file."""
        with ThreadPoolExecutor(2) as pool:
            given: dict[str, Any] = {
                "executor": pool if self.has_executor else None,
                "workers": 1,
                **self.settings,
                **settings,
            }
            if self.is_async:
                return asyncio.run(self.ground.upload_async(source, **given))
            return self.ground.upload(source, **given)

    def begin(self, source: Any, journal: Path, held: set[int], content: bytes = SMALL) -> None:
        """Begin an upload that is interrupted when the session holds some of its parts."""
        with suppress(Interrupt):
            self.upload(source, resume=journal, on_progress=at(Started, []))
        session = msgspec.convert(json.loads(journal.read_bytes())["session"], models.UploadSession)
        with self.ground.client() as box:
            for index in held:
                offset = index * SMALL_PART_SIZE
                part = content[offset : offset + SMALL_PART_SIZE]
                digest = base64.b64encode(hashlib.sha1(part, usedforsecurity=False).digest()).decode()
                where = f"bytes {offset}-{offset + len(part) - 1}/{len(content)}"
                box.upload_part(session, body=part, digest=f"sha={digest}", content_range=where)

    def contents(self) -> list[bytes]:
        """Return what the server holds."""
        return self.ground.stored()


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def is_async(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(params=[False, True], ids=["file", "version"])
def is_version(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(params=[False, True], ids=["threads", "executor"])
def means(request: pytest.FixtureRequest, small_ground: Ground, is_async: bool, is_version: bool) -> Means:
    return Means(small_ground, is_async=is_async, has_executor=request.param, is_version=is_version)


@pytest.mark.parametrize("held", [{0}, {1}, {3}, {0, 3}, {1, 2}, {0, 1, 2, 3}], ids=str)
def test_what_a_session_holds_is_not_sent_again(means: Means, tmp_path: Path, held: set[int]) -> None:
    path, journal, events = write(tmp_path / "film.mov", SMALL), tmp_path / "journal", list[Any]()
    means.begin(path, journal, held)
    before = means.ground.calls(PART)
    means.upload(path, resume=journal, on_progress=events.append)
    assert means.contents() == [SMALL]
    assert means.ground.calls(PART) - before == PARTS - len(held)
    assert {event.index for event in events if isinstance(event, PartDone) and event.was_held} == held
    assert [event.parts for event in events if isinstance(event, Resumed)] == [len(held)]
    assert not any(isinstance(event, Restarted) for event in events)
    assert (journal.exists(), len(means.ground.state.sessions)) == (False, 0)


@pytest.mark.parametrize("index", range(PARTS))
def test_a_held_part_that_is_not_the_source_s_is_never_taken(means: Means, tmp_path: Path, index: int) -> None:
    """The change is one that no fingerprint shows."""
    path, journal, events = write(tmp_path / "film.mov", SMALL), tmp_path / "journal", list[Any]()
    means.begin(path, journal, set(range(PARTS)))
    was, changed = path.stat(), bytearray(SMALL)
    changed[min((index + 1) * SMALL_PART_SIZE, len(SMALL)) - 1] ^= 1
    write(path, bytes(changed))
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
    means.upload(path, resume=journal, on_progress=events.append)
    assert means.contents() == [bytes(changed)]
    assert [index] == [event.reason.count("holds") and index for event in events if isinstance(event, Restarted)]
    # It is found by comparing, not by the server's refusal of the whole.
    assert means.ground.calls(COMMIT) == (2 if means.settings else 1)
    assert not means.ground.state.sessions


# Written by 0.2.0; only values that differ from run to run are replaced.
JOURNAL_OF_0_2_0 = """{
  "format": "box-uploads-journal-1",
  "target": {"folder_id": "0", "file_id": null, "file_name": "film.mov", "server": "http://127.0.0.1:43967/api/2.0"},
  "fingerprint": {
    "kind": "file", "size": 20000000, "mtime_ns": 1795854513719174322, "inode": 2360942, "device": 65024, "mark": null
  },
  "session": {
    "id": "345F7A3A66E185143605C47E1177CCB3",
    "type": "upload_session",
    "session_expires_at": "2026-12-05T08:28:33Z",
    "part_size": 4194304,
    "total_parts": 5,
    "num_parts_processed": 0,
    "session_endpoints": {
      "upload_part": "http://127.0.0.1:43967/api/2.0/files/upload_sessions/345F7A3A66E185143605C47E1177CCB3",
      "commit": "http://127.0.0.1:43967/api/2.0/files/upload_sessions/345F7A3A66E185143605C47E1177CCB3/commit",
      "abort": "http://127.0.0.1:43967/api/2.0/files/upload_sessions/345F7A3A66E185143605C47E1177CCB3",
      "list_parts": "http://127.0.0.1:43967/api/2.0/files/upload_sessions/345F7A3A66E185143605C47E1177CCB3/parts",
      "status": "http://127.0.0.1:43967/api/2.0/files/upload_sessions/345F7A3A66E185143605C47E1177CCB3",
      "log_event": "http://127.0.0.1:43967/api/2.0/files/upload_sessions/345F7A3A66E185143605C47E1177CCB3/log",
      "plan": "http://127.0.0.1:43967/api/2.0/files/upload_sessions/345F7A3A66E185143605C47E1177CCB3/plan"
    }
  },
  "sha1": null,
  "file": null,
  "lost_creates": 0
}"""


def test_a_journal_that_0_2_0_has_written_is_resumed(means: Means, tmp_path: Path) -> None:
    def fill(recorded: Any, written: Any) -> Any:
        if not isinstance(recorded, dict):
            return written
        fields = cast("dict[str, Any]", recorded)
        return {name: fill(value, written[name]) for name, value in fields.items()}

    path, journal, events = write(tmp_path / "film.mov", SMALL), tmp_path / "journal", list[Any]()
    means.begin(path, journal, {0, 1})
    journal.write_text(json.dumps(fill(json.loads(JOURNAL_OF_0_2_0), json.loads(journal.read_bytes()))))
    means.upload(path, resume=journal, on_progress=events.append)
    assert means.contents() == [SMALL]
    assert [event.parts for event in events if isinstance(event, Resumed)] == [2]
    assert not journal.exists()


# URLs


@contextmanager
def described(monkeypatch: pytest.MonkeyPatch, **marks: object) -> Generator[None]:
    """Have a file system tell nothing of a file but its size and some marks."""

    def info(_: object, path: str, **__: object) -> dict[str, object]:
        return {"name": path, "type": "file", "size": len(SMALL), **marks}

    with monkeypatch.context() as patch:
        patch.setattr("fsspec.implementations.memory.MemoryFileSystem.info", info)
        yield


@pytest.mark.parametrize("is_changed", [False, True])
@pytest.mark.parametrize("mark", ["etag", "ETag", "generation", "version_id", "mtime", "LastModified", "created"])
def test_a_url_that_changed_between_two_runs_is_uploaded_anew(
    small_ground: Ground, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mark: str, is_changed: bool
) -> None:
    check_url(
        Means(small_ground, is_async=False, has_executor=False, is_version=False),
        monkeypatch,
        tmp_path,
        mark,
        is_changed=is_changed,
    )


@pytest.mark.parametrize("is_changed", [False, True])
def test_a_url_with_another_etag_is_uploaded_anew_by_all_means(
    means: Means, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, is_changed: bool
) -> None:
    check_url(means, monkeypatch, tmp_path, "ETag", is_changed=is_changed)


def check_url(means: Means, monkeypatch: pytest.MonkeyPatch, folder: Path, mark: str, *, is_changed: bool) -> None:
    """Upload a URL in two runs, between which its last byte changes, which was not sent yet."""
    system: Any = import_module("fsspec").filesystem("memory")
    system.pipe("/film.mov", SMALL)
    journal, events = folder / "journal", list[Any]()
    with described(monkeypatch, **{mark: "first"}):
        means.begin("memory://film.mov", journal, {0, 1})
    content = SMALL[:-1] + b"!" if is_changed else SMALL
    system.pipe("/film.mov", content)
    with described(monkeypatch, **{mark: "second" if is_changed else "first"}):
        means.upload("memory://film.mov", resume=journal, on_progress=events.append)
    assert means.contents() == [content]
    reasons = [event.reason for event in events if isinstance(event, Restarted)]
    assert reasons == (["the source has changed since the earlier run"] if is_changed else [])
    assert not means.ground.state.sessions


# Uploads that are cancelled when all is done


class Cancelling(httpx2.AsyncBaseTransport):
    """Has a task cancelled while the answer of a commit is on its way."""

    def __init__(self) -> None:
        self._inner = httpx2.AsyncHTTPTransport()
        self.task: asyncio.Task[Any] | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._inner.handle_async_request(request)
        if request.url.path.endswith("/commit") and self.task is not None:
            await response.aread()
            self.task.cancel()
            # The task takes note of it before the answer is there.
            for _ in range(10):
                await asyncio.sleep(0)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


@pytest.mark.parametrize("has_callback", [False, True])
def test_who_is_cancelled_when_the_file_is_stored_gets_it_from_the_next_run(
    small_ground: Ground, tmp_path: Path, is_version: bool, has_callback: bool
) -> None:
    settings: dict[str, Any] = {"file_id": small_ground.upload(b"first").id} if is_version else {}
    settings |= {"resume": tmp_path / "journal"}

    async def main() -> None:
        http = Cancelling()
        http.task = asyncio.current_task()
        client = AsyncClient(small_ground.state.token, base_url=small_ground.server.base_url, http=http)
        callback = {"on_progress": list[Any]().append} if has_callback else {}
        await small_ground.upload_async(SMALL, client, **settings, **callback)

    with pytest.raises(asyncio.CancelledError) as caught:
        asyncio.run(main())
    (stored,) = [file for file in small_ground.state.files.values() if file.name == "film.mov"]
    assert any(stored.id in note or "may have taken effect" in note for note in caught.value.__notes__)
    commits = small_ground.calls(COMMIT)
    assert small_ground.upload(SMALL, **settings).id == stored.id
    assert (small_ground.calls(COMMIT), stored.etag) == (commits, "1" if is_version else "0")
    assert list(tmp_path.iterdir()) == []


# The etag that a version is made of


@pytest.mark.parametrize("is_version", [True], indirect=True)
@pytest.mark.parametrize("is_resumed", [False, True])
@pytest.mark.parametrize("doubt", ["503", "202"])
def test_a_commit_that_is_repeated_overwrites_no_version_of_somebody_else(
    means: Means, tmp_path: Path, doubt: str, is_resumed: bool
) -> None:
    path, journal, file_id = write(tmp_path / "film.mov", SMALL), tmp_path / "journal", means.settings["file_id"]
    if is_resumed:
        means.begin(path, journal, {0, 3})
    fault = Failure(operation=COMMIT, status=503) if doubt == "503" else Accepted(operation=COMMIT, retry_after_s=1)
    means.ground.state.faults.add(fault)

    def overwrite(event: object) -> None:
        if isinstance(event, Retried) and event.step == "commit":
            means.ground.upload(b"somebody else's", file_id=file_id)

    try:
        means.upload(path, if_match="0", on_progress=overwrite, **({"resume": journal} if is_resumed else {}))
    except errors.PreconditionFailedError:
        assert means.contents() == [b"somebody else's"]
    else:
        # What the server had accepted is older than the other version.
        assert doubt == "202"
        assert means.contents() == [b"somebody else's"]


@pytest.mark.parametrize("is_version", [True], indirect=True)
@pytest.mark.parametrize(
    "fault", [LostResponse(operation=COMMIT), Accepted(operation=COMMIT, retry_after_s=1)], ids=repr
)
def test_a_commit_with_an_etag_is_made_once_whatever_becomes_of_its_answer(
    means: Means, tmp_path: Path, fault: Any
) -> None:
    means.ground.state.faults.add(fault)
    file = means.upload(write(tmp_path / "film.mov", SMALL), if_match="0")
    assert (means.contents(), means.ground.state.files[file.id].etag) == ([SMALL], "1")
    with pytest.raises(errors.PreconditionFailedError):
        means.upload(write(tmp_path / "film.mov", SMALL[::-1]), if_match="0")
    assert means.contents() == [SMALL]


def test_a_commit_phase_that_is_interrupted_goes_on_with_its_etag(means: Means, tmp_path: Path) -> None:
    """A run that ends between the parts and the commit."""
    path, journal = write(tmp_path / "film.mov", SMALL), tmp_path / "journal"

    def interrupt(event: object) -> None:
        if event == PhaseChanged("commit"):
            raise Interrupt

    with pytest.raises(Interrupt):
        means.upload(path, resume=journal, on_progress=interrupt)
    sent = means.ground.calls(PART)
    settings = {"if_match": "0"} if means.settings else {}
    means.upload(path, resume=journal, **settings)
    assert (means.contents(), means.ground.calls(PART)) == ([SMALL], sent)
