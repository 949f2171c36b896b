"""Sources that change while they are uploaded: nothing of a mixture is committed."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from box_uploads.upload import DigestMismatchError, PartDone, SourceChangedError, source_factory
from box_uploads.upload.digest import WholeDigest
from box_uploads_mock import Failure

from tests.flow.upload_ground import CONTENT, Ground, write

COMMIT = "commit_upload_session"


@pytest.mark.parametrize("change", ["grow", "shrink", "touch", "replace", "delete"])
def test_a_source_that_changes_meanwhile_is_not_committed(ground: Ground, tmp_path: Path, change: str) -> None:
    path = write(tmp_path / "film.mov")

    def told(event: object) -> None:
        if isinstance(event, PartDone) and event.index == 0:
            if change == "grow":
                write(path, CONTENT + b"x")
            elif change == "shrink":
                os.truncate(path, 4_200_000)
            elif change == "touch":
                os.utime(path, ns=(1, 1))
            elif change == "replace":
                write(tmp_path / "other").replace(path)
            else:
                path.unlink()

    journal = tmp_path / "journal"
    with pytest.raises(SourceChangedError):
        ground.upload(path, on_progress=told, workers=1, resume=journal)
    assert (ground.stored(), len(ground.state.sessions), journal.exists()) == ([], 0, False)


class Rewritten(httpx2.BaseTransport):
    """Writes to a buffer when its first part is on its way, or is stored."""

    def __init__(self, buffer: bytearray, *, is_on_way: bool) -> None:
        self._inner = httpx2.HTTPTransport()
        self._buffer = buffer
        self._is_on_way = is_on_way
        self._is_done = False

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        is_now = request.method == "PUT" and not self._is_done
        self._is_done |= is_now
        if is_now and self._is_on_way:
            self._buffer[0] ^= 1
        response = self._inner.handle_request(request)
        if is_now and not self._is_on_way:
            self._buffer[0] ^= 1
        return response

    def close(self) -> None:
        self._inner.close()


@pytest.mark.parametrize("is_on_way", [True, False])
@pytest.mark.parametrize("view", [bytearray, memoryview])
def test_memory_that_is_written_to_meanwhile_is_not_committed(ground: Ground, is_on_way: bool, view: Any) -> None:
    buffer = bytearray(CONTENT)
    http = Rewritten(buffer, is_on_way=is_on_way)
    source = buffer if view is bytearray else memoryview(buffer)
    with pytest.raises(SourceChangedError, match=r"during the upload: sha1$"):
        ground.upload(source, ground.client(http=http), workers=1)
    assert (ground.stored(), len(ground.state.sessions)) == ([], 0)


@pytest.mark.parametrize("has_doubt", [True, False])
@pytest.mark.parametrize("is_sent_by_jobs", [True, False])
def test_a_whole_that_was_read_otherwise_than_its_parts_is_the_source_s_fault(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, has_doubt: bool, is_sent_by_jobs: bool
) -> None:
    # As if the first byte had been another one for a moment, while the whole was read.
    class Then(WholeDigest):
        def sha1(self) -> str:
            return "0" * 40

    monkeypatch.setattr("box_uploads.upload.engine.WholeDigest", Then)
    if has_doubt:
        ground.state.faults.add(Failure(operation=COMMIT, status=500))
    settings: dict[str, Any] = {}
    with ThreadPoolExecutor(2) as pool:
        if is_sent_by_jobs:
            settings["executor"] = pool
        with pytest.raises(SourceChangedError, match=r"during the upload: sha1$"):
            ground.upload(bytearray(CONTENT), **settings)
    assert (ground.stored(), len(ground.state.sessions)) == ([], 0)


@pytest.mark.parametrize("kind", ["bytes", "bytearray", "path"])
def test_a_server_that_puts_other_bytes_together_is_not_the_source_s_fault(
    ground: Ground, tmp_path: Path, kind: str
) -> None:
    source: Any = {"bytes": CONTENT, "bytearray": bytearray(CONTENT), "path": write(tmp_path / "film.mov")}[kind]
    with ThreadPoolExecutor(2) as pool:
        for executor in (None, pool):
            ground.state.faults.add(Failure(operation=COMMIT, status=400, code="digest_mismatch"))
            with pytest.raises(DigestMismatchError):
                ground.upload(source, executor=executor)


def test_a_path_whose_parts_jobs_have_read_otherwise_has_changed(
    ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "film.mov")
    other = write(tmp_path / "other.mov", CONTENT[::-1])
    present = source_factory.open_source

    def same(*_: object) -> bool:
        return True

    def opened(source: Any) -> Any:
        # As on a machine where another file has the path.
        return present(other if source == str(path) else source)

    monkeypatch.setattr("box_uploads.upload.executor_parts.open_source", opened)
    monkeypatch.setattr("box_uploads.upload.source.Fingerprint.agrees", same)
    with ThreadPoolExecutor(2) as pool, pytest.raises(SourceChangedError, match=r"during the upload: sha1$"):
        ground.upload(path, executor=pool)
    assert (ground.stored(), len(ground.state.sessions)) == ([], 0)
