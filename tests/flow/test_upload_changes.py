"""Sources that change while they are uploaded: nothing of a mixture is committed."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from box_uploads.upload import DigestMismatchError, PartDone, SourceChangedError, source_factory
from box_uploads.upload.digest import WholeDigest

from tests.flow.upload_ground import CONTENT, Ground, write

COMMIT = "commit_upload_session"


CHANGES: dict[str, Callable[[Path], object]] = {
    "grow": lambda path: write(path, CONTENT + b"x"),
    "shrink": lambda path: os.truncate(path, 4_200_000),
    "touch": lambda path: os.utime(path, ns=(1, 1)),
    "replace": lambda path: write(path.with_name("other")).replace(path),
    "delete": lambda path: path.unlink(),
}


@pytest.mark.parametrize(
    ("change", "has_executor"), [*((change, False) for change in CHANGES), ("touch", True)], ids=str
)
def test_a_source_that_changes_meanwhile_is_not_committed(
    ground: Ground, film: Path, journal: Path, change: str, has_executor: bool
) -> None:
    def change_source(event: object) -> None:
        if isinstance(event, PartDone) and event.index == 0:
            CHANGES[change](film)

    with ThreadPoolExecutor(1) as pool, pytest.raises(SourceChangedError):
        ground.upload(
            film, on_progress=change_source, resume=journal, workers=1, executor=pool if has_executor else None
        )
    assert (ground.stored(), len(ground.state.sessions), journal.exists()) == ([], 0, False)


class Rewritten(httpx2.HTTPTransport):
    """Writes to a buffer when its first part is on its way, or is stored."""

    def __init__(self, buffer: bytearray, *, is_on_way: bool) -> None:
        super().__init__()
        self._buffer, self._is_on_way = buffer, is_on_way
        self._is_done = False

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        is_now = request.method == "PUT" and not self._is_done
        self._is_done |= is_now
        if is_now and self._is_on_way:
            self._buffer[0] ^= 1
        response = super().handle_request(request)
        if is_now and not self._is_on_way:
            self._buffer[0] ^= 1
        return response


@pytest.mark.parametrize("is_on_way", [True, False])
@pytest.mark.parametrize("view", [bytearray, memoryview])
def test_memory_that_is_written_to_meanwhile_is_not_committed(ground: Ground, is_on_way: bool, view: Any) -> None:
    buffer = bytearray(CONTENT)
    http = Rewritten(buffer, is_on_way=is_on_way)
    source = buffer if view is bytearray else memoryview(buffer)
    with pytest.raises(SourceChangedError, match=r"^the source changed during the upload: sha1$"):
        ground.upload(source, http=http, workers=1)
    assert (ground.stored(), len(ground.state.sessions)) == ([], 0)


@pytest.mark.parametrize("is_ambiguous", [True, False])
@pytest.mark.parametrize("has_executor", [True, False])
def test_a_whole_that_was_read_otherwise_than_its_parts_is_the_source_s_fault(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, is_ambiguous: bool, has_executor: bool
) -> None:
    # As if the first byte had been another one for a moment, while the whole was read.
    class Then(WholeDigest):
        def sha1(self) -> str:
            return "0" * 40

    monkeypatch.setattr("box_uploads.upload.engine.WholeDigest", Then)
    if is_ambiguous:
        ground.fail(COMMIT, 500)
    with (
        ThreadPoolExecutor(2) as pool,
        pytest.raises(SourceChangedError, match=r"^the source changed during the upload: sha1$"),
    ):
        ground.upload(bytearray(CONTENT), executor=pool if has_executor else None)
    assert (ground.stored(), len(ground.state.sessions)) == ([], 0)


@pytest.mark.parametrize("kind", ["bytes", "bytearray", "path"])
def test_a_server_that_puts_other_bytes_together_is_not_the_source_s_fault(
    ground: Ground, tmp_path: Path, kind: str
) -> None:
    source: Any = {"bytes": CONTENT, "bytearray": bytearray(CONTENT), "path": write(tmp_path / "film.mov")}[kind]
    with ThreadPoolExecutor(2) as pool:
        for executor in (None, pool):
            ground.fail(COMMIT, 400, code="digest_mismatch")
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
    with (
        ThreadPoolExecutor(2) as pool,
        pytest.raises(SourceChangedError, match=r"^the source changed during the upload: sha1$"),
    ):
        ground.upload(path, executor=pool)
    assert (ground.stored(), len(ground.state.sessions)) == ([], 0)
