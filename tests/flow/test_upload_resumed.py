"""Resuming in all its kinds: what is held is compared, what has changed is noticed, what was cancelled is kept."""

from __future__ import annotations

import asyncio
import itertools
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
from box_uploads import errors, models
from box_uploads.upload import PartDone, PhaseChanged, Restarted, Resumed, Retried, Started
from box_uploads.upload.digest import header, part_sha1
from box_uploads_mock import Accepted, Failure, LostResponse

from tests.flow.upload_ground import SMALL_PART_SIZE, Ground, Interrupt, interrupt_at, of_type, write

COMMIT, PART = "commit_upload_session", "upload_part"
# Four parts, of which the last is shorter.
SMALL = bytes(number % 251 for number in range(3 * SMALL_PART_SIZE + 500))
PARTS = 4


class Means:
    """One of the ways to upload: by a blocking or an asynchronous client, by threads or by an executor's jobs."""

    def __init__(self, ground: Ground, *, is_async: bool, has_executor: bool, is_version: bool) -> None:
        self.ground, self.is_async, self.has_executor = ground, is_async, has_executor
        self.target = {"file_id": ground.upload(b"first").id} if is_version else {}

    def upload(self, source: Any, **settings: Any) -> Any:
        """Upload, and return the file."""
        with ThreadPoolExecutor(2) as pool:
            means: dict[str, Any] = {
                "executor": pool if self.has_executor else None,
                "workers": 1,
                "is_async": self.is_async,
            }
            return self.ground.upload(source, **means, **self.target, **settings)

    def start(self, source: Any, journal: Path, held: set[int]) -> None:
        """Start an upload that is interrupted when the session holds some of its parts."""
        with suppress(Interrupt):
            self.upload(source, resume=journal, on_progress=interrupt_at(Started))
        session = msgspec.convert(json.loads(journal.read_bytes())["session"], models.UploadSession)
        with self.ground.client() as box:
            for index in held:
                offset = index * SMALL_PART_SIZE
                part = SMALL[offset : offset + SMALL_PART_SIZE]
                where = f"bytes {offset}-{offset + len(part) - 1}/{len(SMALL)}"
                box.upload_part(session, body=part, digest=header(part_sha1(part)), content_range=where)

    def contents(self) -> list[bytes]:
        """Return what the server holds."""
        return self.ground.stored()


@pytest.fixture(params=["file", "version"])
def is_version(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "version")


@pytest.fixture(params=itertools.product(["sync", "async"], ["threads", "executor"]), ids="-".join)
def means(request: pytest.FixtureRequest, small_ground: Ground, is_version: bool) -> Means:
    client, pool = request.param
    return Means(small_ground, is_async=client == "async", has_executor=pool == "executor", is_version=is_version)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return write(tmp_path / "film.mov", SMALL)


@pytest.mark.parametrize(
    ("held", "is_path"),
    [*(({*held}, True) for held in [[0], [1], [3], [0, 3], [1, 2], [0, 1, 2, 3]]), ({0, 3}, False)],
    ids=str,
)
def test_parts_that_a_session_holds_are_not_sent_again(
    means: Means, film: Path, journal: Path, held: set[int], is_path: bool
) -> None:
    source, events = film if is_path else SMALL, list[Any]()
    means.start(source, journal, held)
    before = means.ground.calls(PART)
    means.upload(source, resume=journal, on_progress=events.append)
    assert means.contents() == [SMALL]
    assert means.ground.calls(PART) - before == PARTS - len(held)
    assert {event.index for event in of_type(PartDone, events) if event.was_held} == held
    assert [event.parts for event in of_type(Resumed, events)] == [len(held)]
    assert of_type(Restarted, events) == []
    assert (journal.exists(), len(means.ground.state.sessions)) == (False, 0)


@pytest.mark.parametrize("index", range(PARTS))
def test_a_held_part_that_differs_from_the_source_is_never_taken(
    means: Means, film: Path, journal: Path, index: int
) -> None:
    """The change is one that no fingerprint shows."""
    events: list[Any] = []
    means.start(film, journal, set(range(PARTS)))
    was, changed = film.stat(), bytearray(SMALL)
    changed[min((index + 1) * SMALL_PART_SIZE, len(SMALL)) - 1] ^= 1
    write(film, bytes(changed))
    os.utime(film, ns=(was.st_atime_ns, was.st_mtime_ns))
    means.upload(film, resume=journal, on_progress=events.append)
    assert means.contents() == [bytes(changed)]
    assert ["holds" in event.reason for event in of_type(Restarted, events)] == [True]
    # It is found by comparing, not by the server's refusal of the whole.
    assert means.ground.calls(COMMIT) == (2 if means.target else 1)
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


def test_a_journal_that_0_2_0_has_written_is_resumed(means: Means, film: Path, journal: Path) -> None:
    def fill(recorded: Any, written: Any) -> Any:
        if not isinstance(recorded, dict):
            return written
        fields = cast("dict[str, Any]", recorded)
        return {name: fill(value, written[name]) for name, value in fields.items()}

    events: list[Any] = []
    means.start(film, journal, {0, 1})
    journal.write_text(json.dumps(fill(json.loads(JOURNAL_OF_0_2_0), json.loads(journal.read_bytes()))))
    means.upload(film, resume=journal, on_progress=events.append)
    assert means.contents() == [SMALL]
    assert [event.parts for event in of_type(Resumed, events)] == [2]
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
def test_a_url_with_another_mark_is_uploaded_from_the_start(
    small_ground: Ground, monkeypatch: pytest.MonkeyPatch, journal: Path, mark: str, is_changed: bool
) -> None:
    means = Means(small_ground, is_async=False, has_executor=False, is_version=False)
    check_url(means, monkeypatch, journal, mark, is_changed)


@pytest.mark.parametrize("is_changed", [False, True])
def test_a_url_with_another_etag_is_uploaded_from_the_start_by_all_means(
    means: Means, monkeypatch: pytest.MonkeyPatch, journal: Path, is_changed: bool
) -> None:
    check_url(means, monkeypatch, journal, "ETag", is_changed)


def check_url(means: Means, monkeypatch: pytest.MonkeyPatch, journal: Path, mark: str, is_changed: bool) -> None:
    """Upload a URL in two runs, between which its last byte changes, which was not sent yet."""
    system: Any = import_module("fsspec").filesystem("memory")
    system.pipe("/film.mov", SMALL)
    events: list[Any] = []
    with described(monkeypatch, **{mark: "first"}):
        means.start("memory://film.mov", journal, {0, 1})
    content = SMALL[:-1] + b"!" if is_changed else SMALL
    system.pipe("/film.mov", content)
    with described(monkeypatch, **{mark: "second" if is_changed else "first"}):
        means.upload("memory://film.mov", resume=journal, on_progress=events.append)
    assert means.contents() == [content]
    reasons = [event.reason for event in of_type(Restarted, events)]
    assert reasons == (["the source has changed since the earlier run"] if is_changed else [])
    assert not means.ground.state.sessions


# Uploads that are cancelled when all is done


class Cancelling(httpx2.AsyncHTTPTransport):
    """Has a task cancelled while the answer of a commit is on its way."""

    def __init__(self, task: asyncio.Task[Any] | None) -> None:
        super().__init__()
        self._task = task

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await super().handle_async_request(request)
        if request.url.path.endswith("/commit") and self._task is not None:
            await response.aread()
            self._task.cancel()
            # The task takes note of it before the answer is there.
            for _ in range(10):
                await asyncio.sleep(0)
        return response


@pytest.mark.parametrize("has_callback", [False, True])
def test_an_upload_that_is_cancelled_when_the_file_is_stored_gets_it_from_the_next_run(
    small_ground: Ground, journal: Path, is_version: bool, has_callback: bool
) -> None:
    settings: dict[str, Any] = {"file_id": small_ground.upload(b"first").id} if is_version else {}
    settings |= {"resume": journal}

    async def main() -> None:
        callback: dict[str, Any] = {"on_progress": list[Any]().append} if has_callback else {}
        await small_ground.upload_async(SMALL, http=Cancelling(asyncio.current_task()), **settings, **callback)

    with pytest.raises(asyncio.CancelledError) as caught:
        asyncio.run(main())
    (stored,) = [file for file in small_ground.state.files.values() if file.name == "film.mov"]
    assert any(stored.id in note or "may have taken effect" in note for note in caught.value.__notes__)
    commits = small_ground.calls(COMMIT)
    assert small_ground.upload(SMALL, **settings).id == stored.id
    assert (small_ground.calls(COMMIT), stored.etag) == (commits, "1" if is_version else "0")
    assert list(journal.parent.iterdir()) == []


# The etag that a version is made of

ONLY_VERSIONS = pytest.mark.parametrize("is_version", ["version"], indirect=True)


@ONLY_VERSIONS
@pytest.mark.parametrize("is_resumed", [False, True])
@pytest.mark.parametrize("is_accepted", [False, True])
def test_a_repeated_commit_overwrites_no_version_of_somebody_else(
    means: Means, film: Path, journal: Path, is_accepted: bool, is_resumed: bool
) -> None:
    if is_resumed:
        means.start(film, journal, {0, 3})
    accepted, failed = Accepted(operation=COMMIT, retry_after_s=1), Failure(operation=COMMIT, status=503)
    means.ground.state.faults.add(accepted if is_accepted else failed)

    def overwrite(event: object) -> None:
        if isinstance(event, Retried) and event.step == "commit":
            means.ground.upload(b"somebody else's", **means.target)

    # What the server had accepted is older than the other version; then the upload may succeed.
    refused = suppress(errors.PreconditionFailedError) if is_accepted else pytest.raises(errors.PreconditionFailedError)
    with refused:
        means.upload(film, if_match="0", on_progress=overwrite, resume=journal if is_resumed else None)
    assert means.contents() == [b"somebody else's"]


@ONLY_VERSIONS
@pytest.mark.parametrize(
    "fault", [LostResponse(operation=COMMIT), Accepted(operation=COMMIT, retry_after_s=1)], ids=repr
)
def test_a_commit_with_an_etag_is_made_once_whatever_becomes_of_its_answer(
    means: Means, film: Path, fault: Any
) -> None:
    means.ground.state.faults.add(fault)
    file = means.upload(film, if_match="0")
    assert (means.contents(), means.ground.state.files[file.id].etag) == ([SMALL], "1")
    with pytest.raises(errors.PreconditionFailedError):
        means.upload(write(film, SMALL[::-1]), if_match="0")
    assert (means.contents(), len(means.ground.state.sessions)) == ([SMALL], 0)


def test_an_upload_interrupted_before_its_commit_goes_on_with_its_etag(means: Means, film: Path, journal: Path) -> None:
    with pytest.raises(Interrupt):
        means.upload(film, resume=journal, on_progress=interrupt_at(PhaseChanged("commit")))
    sent = means.ground.calls(PART)
    settings = {"if_match": "0"} if means.target else {}
    means.upload(film, resume=journal, **settings)
    assert (means.contents(), means.ground.calls(PART)) == ([SMALL], sent)
