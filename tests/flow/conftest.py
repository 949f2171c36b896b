"""A mock on a loopback port, and both clients behind one blocking call."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, Any

import pytest
from box_uploads import AsyncClient, Client
from box_uploads_mock import MockServer

from tests.flow.upload_ground import SMALL_PART_SIZE, Ground, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from box_uploads.models import UploadSession


class SyncCaller:
    """Calls `Client`; what it would sleep is noted instead."""

    def __init__(self, base_url: str, token: str | Callable[[], str], **options: Any) -> None:
        self.slept_s: list[float] = []
        self._client = Client(token, base_url=base_url, sleep=self.slept_s.append, **options)

    def create(self, **arguments: Any) -> UploadSession:
        return self._client.create_upload_session(**arguments)

    def create_version(self, file_id: str, **arguments: Any) -> UploadSession:
        return self._client.create_version_upload_session(file_id, **arguments)

    def close(self) -> None:
        self._client.close()


class AsyncCaller:
    """Calls `AsyncClient`, in an event loop of its own; what it would sleep is noted instead."""

    def __init__(self, base_url: str, token: str | Callable[[], str], **options: Any) -> None:
        self.slept_s: list[float] = []
        self._runner = asyncio.Runner()
        self._client = AsyncClient(token, base_url=base_url, sleep=self._note, **options)

    async def _note(self, delay_s: float) -> None:
        self.slept_s.append(delay_s)

    def create(self, **arguments: Any) -> UploadSession:
        return self._runner.run(self._client.create_upload_session(**arguments))

    def create_version(self, file_id: str, **arguments: Any) -> UploadSession:
        return self._runner.run(self._client.create_version_upload_session(file_id, **arguments))

    def close(self) -> None:
        self._runner.run(self._client.aclose())
        self._runner.close()


Caller = SyncCaller | AsyncCaller


@pytest.fixture(scope="session")
def server() -> Iterator[MockServer]:
    with MockServer() as server:
        yield server


@pytest.fixture
def mock(server: MockServer) -> MockServer:
    server.state.reset()
    return server


@pytest.fixture(params=[SyncCaller, AsyncCaller], ids=["Client", "AsyncClient"])
def connect(request: pytest.FixtureRequest, mock: MockServer) -> Iterator[Callable[..., Caller]]:
    """Makes a caller of one kind; it is closed when the test ends."""
    callers: list[Caller] = []

    def connect(token: str | Callable[[], str] = mock.token, **options: Any) -> Caller:
        callers.append(request.param(mock.base_url, token, **options))
        return callers[-1]

    yield connect
    for caller in callers:
        caller.close()


@pytest.fixture(scope="module", autouse=True)
def _certificates_once() -> Iterator[None]:
    """Read the certificates to trust once, not for each client: nobody looks at them over plain HTTP."""
    context = ssl.create_default_context()

    def context_of(**_: object) -> ssl.SSLContext:
        return context

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("httpx2._transports.default.create_ssl_context", context_of)
        yield


@pytest.fixture(scope="session")
def shared_ground() -> Iterator[Ground]:
    ground = Ground()
    with ground.server:
        yield ground


@pytest.fixture
def ground(shared_ground: Ground) -> Ground:
    shared_ground.reset()
    return shared_ground


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return write(tmp_path / "film.mov")


@pytest.fixture
def small_ground(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    """A server of small parts, for which no file is too small; nor is one for the uploader and the client."""

    def accept(*_: object) -> None:
        """Take anything."""

    monkeypatch.setattr("box_uploads.upload.workflow.check_minimum", accept)
    monkeypatch.setattr("box_uploads._runtime.codecs._validate", accept)
    ground = Ground(SMALL_PART_SIZE, min_file_size=1)
    with ground.server:
        yield ground
