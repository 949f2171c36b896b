"""Servers that fall silent: who wishes for the end does not wait for them."""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from math import inf
from pathlib import Path
from typing import Any

import httpx2
import pytest
from box_uploads import AsyncClient, Client, Timeout, errors
from box_uploads.upload import BackoffPolicy, BytesSent, PartDone, upload_file, upload_file_async
from box_uploads.upload.upload_client import open_upload_client
from box_uploads_mock import Failure, Stall, TokenExpiry

from tests.flow.upload_ground import CONTENT, PART_SIZE, Freeze, Ground
from tests.unit.upload.script import session

PART, STATUS = "upload_part", "get_upload_session"
# Far longer than a test, which does not wait for either unless it fails.
PATIENT = Timeout(read_s=60, write_s=60)
LONG_S = 20


class StoppedError(Exception):
    """What a callback raises."""


class Silence:
    """Parts after the first one that are not answered."""

    def __init__(self) -> None:
        self._freeze = Freeze()
        self._started = threading.Event()
        self._is_stored = False
        self._sent = 0

    async def sleep(self, _: float) -> None:
        """Fall silent."""
        self._started.set()
        await self._freeze.sleep(0)

    def end(self) -> None:
        """Go on."""
        self._freeze.end()

    def has_started(self, event: object) -> bool:
        """Take an event of the progress, and return whether a part is stored and another one waits."""
        self._is_stored |= isinstance(event, PartDone)
        self._sent = event.sent if isinstance(event, BytesSent) else self._sent
        # Waiting for a part that was not sent yet would keep the upload from sending it.
        is_waiting = self._is_stored and self._sent >= 2 * PART_SIZE
        assert not is_waiting or self._started.wait(LONG_S)
        return is_waiting

    def then(self, act: Callable[[], object]) -> Callable[[object], None]:
        """Return a callback for the progress that does something once it has started."""

        def on_progress(event: object) -> None:
            if self.has_started(event):
                act()

        return on_progress


@pytest.fixture
def silence(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> Iterator[Silence]:
    silence = Silence()
    monkeypatch.setattr(ground.state, "sleep", silence.sleep)
    ground.state.faults.add(Stall(operation=PART, when="after", skip=1, times=3, limit_s=600))
    yield silence
    silence.end()
    # How many parts were on their way is left to chance.
    ground.state.faults.clear()


def within(call: Callable[[], Any]) -> Any:
    """Return what a call returns, unless it takes too long."""
    thread = ThreadPoolExecutor(1)
    try:
        return thread.submit(call).result(LONG_S)
    finally:
        thread.shutdown(wait=False)


def stop() -> None:
    """Raise something."""
    raise StoppedError


def left(ground: Ground) -> tuple[int, int, list[str]]:
    """Return how many files and sessions are left of an upload, and which of its threads."""
    threads = [
        thread.name for thread in threading.enumerate() if thread.name.startswith(("box-upload_", "box-upload-async"))
    ]
    return len(ground.stored()), len(ground.state.sessions), threads


def test_a_callback_that_raises_does_not_wait_for_the_server(ground: Ground, silence: Silence) -> None:
    client = ground.client(timeout_s=PATIENT)
    with pytest.raises(StoppedError):
        within(lambda: ground.upload(client=client, on_progress=silence.then(stop)))
    assert left(ground) == (0, 0, [])


def test_what_was_on_its_way_is_there_for_the_next_run(ground: Ground, silence: Silence, tmp_path: Path) -> None:
    client, journal = ground.client(timeout_s=PATIENT), tmp_path / "journal"
    with pytest.raises(StoppedError):
        within(lambda: ground.upload(client=client, resume=journal, on_progress=silence.then(stop)))
    assert left(ground) == (0, 1, [])
    silence.end()
    ground.upload(resume=journal)
    assert ground.stored() == [CONTENT]


def test_a_part_that_fails_for_good_does_not_wait_for_the_others(ground: Ground, silence: Silence) -> None:
    ground.state.faults.add(Failure(operation=PART, status=403))
    client = ground.client(timeout_s=PATIENT)
    with pytest.raises(errors.ForbiddenError):
        within(lambda: ground.upload(client=client, workers=5))
    assert left(ground) == (0, 0, [])


@pytest.mark.parametrize("is_own", [False, True])
def test_a_cancelled_task_does_not_wait_for_the_server(ground: Ground, silence: Silence, is_own: bool) -> None:
    async def main() -> None:
        task = asyncio.current_task()
        assert task is not None
        own = httpx2.AsyncClient() if is_own else None
        box = AsyncClient(ground.state.token, base_url=ground.server.base_url, timeout_s=PATIENT, http=own)

        async def on_progress(event: object) -> None:
            # Waited for in another thread, since the loop has to go on.
            if await asyncio.to_thread(silence.has_started, event):
                asyncio.get_running_loop().call_soon(task.cancel)

        async with own or contextlib.nullcontext():
            await ground.upload_async(client=box, on_progress=on_progress)

    with pytest.raises(asyncio.CancelledError):
        within(lambda: asyncio.run(main()))
    assert left(ground) == (0, 0, [])


def cancelled(ground: Ground, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> asyncio.CancelledError:
    """Upload until the server is slow, cancel the upload, and let the server answer."""
    has_answered = threading.Event()

    async def main() -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None

        async def sleep(_: float) -> None:
            loop.call_soon_threadsafe(task.cancel)
            # Until the threads have seen the cancellation, which emits nothing.
            while not task.cancelling():  # noqa: ASYNC110  # as above
                await asyncio.sleep(0.001)
            await asyncio.sleep(0.02)
            has_answered.set()

        monkeypatch.setattr(ground.state, "sleep", sleep)
        await ground.upload_async(**settings)

    with pytest.raises(asyncio.CancelledError) as caught:
        within(lambda: asyncio.run(main()))
    assert has_answered.is_set()
    return caught.value


def test_the_answer_of_a_commit_is_waited_for(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    ground.state.faults.add(Stall(operation="commit_upload_session", when="after", limit_s=1))
    error = cancelled(ground, monkeypatch)
    (file,) = [file for file in ground.state.files.values() if file.name == "film.mov"]
    assert error.__notes__ == [f"The file is already stored, with id {file.id}."]


@pytest.mark.parametrize("restarts", [False, True])
def test_the_answer_of_a_create_is_waited_for(ground: Ground, monkeypatch: pytest.MonkeyPatch, restarts: bool) -> None:
    if restarts:
        ground.state.faults.add(Failure(operation=PART, status=404))
    ground.state.faults.add(Stall(operation="create_upload_session", when="before", skip=int(restarts), limit_s=1))
    cancelled(ground, monkeypatch)
    assert left(ground) == (0, 0, [])
    assert ground.calls("create_upload_session") == 1 + restarts


def test_cancelling_during_an_unconfirmed_commit_says_so(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    ground.state.faults.add(Failure(operation="commit_upload_session", status=503))
    ground.state.faults.add(Failure(operation="commit_upload_session", status=403))
    ground.state.faults.add(Stall(operation="abort_upload_session", when="before", limit_s=1))
    # The file is looked for by its name, and not again.
    ground.state.faults.add(Failure(operation="create_upload_session", status=503, skip=1))
    error = cancelled(ground, monkeypatch)
    assert error.__notes__[0] == "A commit was sent and may still take effect."
    assert left(ground) == (0, 0, [])


@pytest.mark.parametrize(
    ("refused", "note"),
    [
        ("", ""),
        (PART, r"could not be aborted, .*: TransportError\('gave up waiting for the token'\)"),
        ("commit_upload_session", "A commit was sent and may have taken effect."),
    ],
)
def test_a_cancelled_task_does_not_wait_for_a_token(ground: Ground, refused: str, note: str) -> None:
    async def main() -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        asked: list[None] = []

        async def token() -> str:
            if refused and not asked:
                asked.append(None)
                return ground.state.token
            loop.call_soon(task.cancel)
            await asyncio.Event().wait()
            raise AssertionError

        await ground.upload_async(client=AsyncClient(token, base_url=ground.server.base_url))

    monkey = pytest.MonkeyPatch()
    monkey.setattr("box_uploads.upload.aio.CLEANUP_CALL_S", 0.01)
    if refused:
        ground.state.faults.add(TokenExpiry(operation=refused, new_token="second"))
    try:
        with pytest.raises(asyncio.CancelledError) as caught:
            within(lambda: asyncio.run(main()))
    finally:
        monkey.undo()
    assert ground.stored() == []
    assert re.search(note, "".join(getattr(caught.value, "__notes__", [])))


def test_other_calls_of_the_client_are_waited_for(ground: Ground, silence: Silence) -> None:
    with ground.client(timeout_s=PATIENT) as box, ThreadPoolExecutor(1) as thread:
        session = box.create_upload_session(folder_id="0", file_name="other.mov", file_size=len(CONTENT))
        ground.state.faults.add(Stall(operation=STATUS, when="after", limit_s=600))
        asked = thread.submit(box.get_upload_session, session)
        with pytest.raises(StoppedError):
            within(
                lambda: upload_file(box, CONTENT, folder_id="0", file_name="film.mov", on_progress=silence.then(stop))
            )
        silence.end()
        assert asked.result(LONG_S).id == session.id


def test_a_server_that_is_silent_to_the_end_is_asked_twice(ground: Ground, silence: Silence) -> None:
    ground.state.faults.add(Stall(operation="abort_upload_session", when="before", times=9, limit_s=600))
    client = ground.client(timeout_s=Timeout(read_s=0.2, write_s=0.2))
    with pytest.raises(StoppedError) as caught:
        within(lambda: ground.upload(client=client, on_progress=silence.then(stop), workers=1))
    assert "could not be aborted, and stays open until it expires: TransportError(" in caught.value.__notes__[0]
    assert sum(fault.times for fault in ground.state.faults.unfired if fault.operation != PART) == 7


def test_the_end_of_a_session_is_asked_for_with_less_patience() -> None:
    asked: list[dict[str, float]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.extensions["timeout"])
        return httpx2.Response(204)

    for timeout_s in (None, 60, 2, Timeout(connect_s=1)):
        with (
            Client("token", timeout_s=timeout_s, http=httpx2.MockTransport(answer)) as box,
            open_upload_client(box) as upload_client,
        ):
            upload_client.cleanup_calls.abort_upload_session(session())
    own = httpx2.Client(transport=httpx2.MockTransport(answer), timeout=3)
    with own, Client("token", http=own) as box, open_upload_client(box) as upload_client:
        upload_client.cleanup_calls.abort_upload_session(session())
        upload_client.calls.abort_upload_session(session())
    twos, threes, fives = (dict.fromkeys(("connect", "read", "write", "pool"), limit) for limit in (2, 3, 5))
    assert asked == [fives, fives, twos, fives | {"connect": 1}, threes, threes]


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize(("deadline_s", "response_s"), [(0.0, 10.0), (30.0, 15.0), (900.0, 300.0), (inf, 300.0)])
def test_no_answer_is_waited_for_longer_than_the_upload_bears(
    deadline_s: float, response_s: float, *, is_async: bool
) -> None:
    limits: list[float] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        limits.append(request.extensions["timeout"]["read"].response_s)
        return httpx2.Response(403)

    transport = httpx2.MockTransport(answer)
    settings: dict[str, Any] = {"folder_id": "0", "file_name": "a.bin", "deadline_s": deadline_s}
    settings["backoff"] = BackoffPolicy(clock=lambda: 0.0)

    async def run() -> None:
        async with AsyncClient("token", http=transport) as box:
            await upload_file_async(box, b"\0" * 20_000_000, **settings)

    def blocking() -> None:
        with Client("token", http=transport) as box:
            upload_file(box, b"\0" * 20_000_000, **settings)

    with pytest.raises(errors.ForbiddenError):
        asyncio.run(run()) if is_async else blocking()
    assert set(limits) == {response_s}
