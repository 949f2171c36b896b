"""A file is downloaded as it was uploaded, by either client in front of the mock, in little memory."""

from __future__ import annotations

import asyncio
import hashlib
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from box_uploads import AsyncClient, Client, errors, models
from box_uploads_mock import Accepted, MockServer, State, Truncation

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE = 24 * 1024**2
ATTRIBUTES = models.NewFileAttributes(name="film.mov", parent=models.FolderReference(id="0"))
EACH = pytest.mark.parametrize("is_async", [False, True])


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("films") / "film.mov"
    with path.open("wb") as file:
        for number in range(SIZE // 1024**2):
            file.write(hashlib.sha256(b"%d" % number).digest() * 32_768)
    return path


@pytest.fixture
def server() -> Iterator[MockServer]:
    with MockServer(state=State(store="disk")) as server:
        yield server


@pytest.fixture
def stored(server: MockServer, film: Path) -> models.File:
    """The file as the mock holds it."""
    with Client(server.token, base_url=server.base_url) as box:
        checked = box.check_upload(name="film.mov", parent=ATTRIBUTES.parent, size=SIZE)
        assert checked.upload_url == f"{server.base_url}/files/content"
        (file,) = box.upload_small_file(attributes=ATTRIBUTES, file=film).entries
    return file


def write(server: MockServer, is_async: bool, target: Any, *place: str, **named: Any) -> int:
    """Write a download to a file, and return its size."""
    if not is_async:
        with (
            Client(server.token, base_url=server.base_url) as box,
            box.stream_download_file(*place, **named) as response,
        ):
            return response.write_to(target)

    async def run() -> int:
        async with (
            AsyncClient(server.token, base_url=server.base_url) as box,
            box.stream_download_file(*place, **named) as response,
        ):
            return await response.write_to(target)

    return asyncio.run(run())


def peak_of(use: Callable[[], Any]) -> int:
    """Return the most memory that was in use at a time, in bytes."""
    tracemalloc.start()
    try:
        use()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@EACH
def test_a_file_is_downloaded_in_little_memory(
    server: MockServer, stored: models.File, film: Path, tmp_path: Path, is_async: bool
) -> None:
    target = tmp_path / "copy.mov"
    peak = peak_of(lambda: write(server, is_async, target, stored.id))
    assert hashlib.sha1(target.read_bytes(), usedforsecurity=False).hexdigest() == stored.sha1
    assert target.read_bytes() == film.read_bytes()
    # That of the mock included, which reads a mebibyte at a time.
    assert peak < SIZE // 4


@EACH
def test_a_download_that_broke_off_is_continued_with_a_range(
    server: MockServer, stored: models.File, film: Path, tmp_path: Path, is_async: bool
) -> None:
    server.state.faults.add(Truncation(operation="download_content", sent_bytes=1_000_000))
    target = tmp_path / "copy.mov"
    with target.open("wb") as file:
        with pytest.raises(errors.TransportError):
            write(server, is_async, file, stored.id)
        had = file.tell()
        assert 0 < had < SIZE
        write(server, is_async, file, stored.id, range=f"bytes={had}-")
    assert target.read_bytes() == film.read_bytes()


@EACH
def test_a_version_is_downloaded_once_it_is_ready(
    server: MockServer, stored: models.File, tmp_path: Path, is_async: bool
) -> None:
    assert stored.file_version
    server.state.faults.add(Accepted(operation="download_file", retry_after_s=3))
    target = tmp_path / "part.mov"
    version = {"version": stored.file_version.id, "range": "bytes=0-31"}
    with pytest.raises(errors.ApiError) as caught:
        write(server, is_async, target, stored.id, **version)
    assert (caught.value.status, caught.value.retry_after_s, target.exists()) == (202, 3.0, False)
    assert write(server, is_async, target, stored.id, **version) == 32
    assert target.read_bytes() == hashlib.sha256(b"0").digest()
    with pytest.raises(errors.NotFoundError):
        write(server, is_async, target, stored.id, version="1")


def test_a_range_beyond_the_file_names_the_error(server: MockServer, stored: models.File) -> None:
    with Client(server.token, base_url=server.base_url) as box:
        with pytest.raises(errors.RangeNotSatisfiableError) as caught:
            box.download_file(stored.id, range=f"bytes={SIZE}-")
        assert caught.value.headers["content-range"] == f"bytes */{SIZE}"
        response = box.raw.download_file(stored.id, range="bytes=-3")
        assert (response.status, len(response.parsed or b"")) == (206, 3)
        assert box.check_version_upload(stored.id, size=1).upload_url == f"{server.base_url}/files/{stored.id}/content"
