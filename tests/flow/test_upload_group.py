"""Uploads side by side: as many parts in memory as for one, and one cancellation for all."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from box_uploads import AsyncClient, Client, errors, models
from box_uploads.upload import (
    Resumed,
    UploadCancelledError,
    UploadGroup,
    upload_file,
    upload_file_async,
)
from box_uploads_mock import MockServer, Stall, State, constant_part_size

from tests.flow.upload_ground import CONTENT, PART_SIZE

SMALL = b"small"
BOUND_S = 120
BOTH_CLIENTS = pytest.mark.parametrize("is_async", [False, True], ids=["Client", "AsyncClient"])


class Waiting:
    """Parts that have arrived and are not answered: how many there are at most, and whether there are enough."""

    def __init__(self, count: int) -> None:
        self._enough = count
        self._now = self.most = 0
        self.are_enough = threading.Event()

    async def sleep(self, _delay_s: float) -> None:
        self._now += 1
        self.most = max(self.most, self._now)
        if self._now == self._enough:
            self.are_enough.set()
        try:
            await asyncio.Event().wait()
        finally:
            self._now -= 1


@pytest.fixture
def waiting() -> Waiting:
    return Waiting(2)


@pytest.fixture
def server(waiting: Waiting) -> Iterator[MockServer]:
    state = State(part_size_for=constant_part_size(PART_SIZE), sleep=waiting.sleep)
    with MockServer(state=state) as server:
        yield server
        go_on(server)


def go_on(server: MockServer) -> None:
    """Answer all parts, from now on."""
    server.state.faults.clear()
    server.state.faults.release()


def upload_all(
    server: MockServer, contents: list[bytes], group: UploadGroup, is_async: bool, **settings: list[Any]
) -> list[models.File | BaseException]:
    """Upload at the same time, in threads or in tasks, and return the files or errors."""
    options: list[dict[str, Any]] = [
        {"folder_id": "0", "file_name": f"{number}.mov", "group": group}
        | {name: values[number] for name, values in settings.items()}
        for number in range(len(contents))
    ]
    uploads = list(zip(contents, options, strict=True))
    if is_async:

        async def run() -> list[models.File | BaseException]:
            async with AsyncClient(server.token, base_url=server.base_url) as box:
                running = [upload_file_async(box, content, **given) for content, given in uploads]
                return await asyncio.gather(*running, return_exceptions=True)

        return asyncio.run(run())
    with Client(server.token, base_url=server.base_url) as box, ThreadPoolExecutor(len(contents)) as threads:
        started = [threads.submit(upload_file, box, content, **given) for content, given in uploads]
        return [upload.exception(BOUND_S) or upload.result() for upload in started]


def at(event: threading.Event, act: Callable[[], object]) -> threading.Thread:
    """Start a thread that acts once an event has happened."""

    def run() -> None:
        assert event.wait(BOUND_S)
        act()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@BOTH_CLIENTS
def test_uploads_of_a_group_send_as_many_parts_at_a_time_as_one_of_them(
    server: MockServer, waiting: Waiting, is_async: bool
) -> None:
    for operation in ("upload_part", "upload_small_file"):
        server.state.faults.add(Stall(operation=operation, when="after", times=100, limit_s=600))
    contents = [CONTENT, SMALL, CONTENT[::-1], SMALL[::-1], CONTENT]
    release = at(waiting.are_enough, lambda: go_on(server))
    files = upload_all(server, contents, UploadGroup(workers=2), is_async, workers=[4] * len(contents))
    release.join(BOUND_S)
    assert [server.state.content(getattr(file, "id", "")) for file in files] == contents
    assert waiting.most == 2


@BOTH_CLIENTS
def test_a_group_is_cancelled_as_a_whole_and_resumes(
    server: MockServer, waiting: Waiting, tmp_path: Path, is_async: bool
) -> None:
    server.state.faults.add(Stall(operation="upload_part", when="after", skip=1, times=100, limit_s=600))
    group, contents = UploadGroup(workers=2), [CONTENT, CONTENT[::-1], SMALL, CONTENT]
    stop = at(waiting.are_enough, group.cancel)
    journals = [tmp_path / f"{number}.journal" for number in range(len(contents))]
    ended = upload_all(server, contents, group, is_async, resume=journals)
    stop.join(BOUND_S)
    assert {type(error) for error in ended} <= {UploadCancelledError, models.File}
    assert UploadCancelledError in {type(error) for error in ended}
    with Client(server.token, base_url=server.base_url) as box, pytest.raises(UploadCancelledError):
        upload_file(box, SMALL, folder_id="0", file_name="late", group=group)

    go_on(server)
    events = list[Any]()
    files = upload_all(
        server, contents, UploadGroup(), is_async, resume=journals, on_progress=[events.append] * len(contents)
    )
    assert [server.state.content(getattr(file, "id", "")) for file in files] == contents
    assert any(isinstance(event, Resumed) for event in events)
    assert (server.state.sessions, list(tmp_path.iterdir())) == ({}, [])


@pytest.mark.parametrize("workers", [0, 65, True, 2.0, "4"])
def test_a_group_has_1_to_64_workers(workers: Any) -> None:
    with pytest.raises(errors.InvalidArgumentError, match="must be a whole number from 1 to 64"):
        UploadGroup(workers)


def test_a_group_is_an_upload_group(server: MockServer) -> None:
    group: Any = "all"
    with (
        Client(server.token, base_url=server.base_url) as box,
        pytest.raises(errors.InvalidArgumentError, match="group='all': must be an UploadGroup"),
    ):
        upload_file(box, SMALL, folder_id="0", file_name="a", group=group)
