"""A mock on a loopback port, and both clients behind one blocking call."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from box_uploads import AsyncClient, Client
from box_uploads_mock import MockServer

from tests.flow.upload_ground import SMALL_PART_SIZE, Ground, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from box_uploads.models import UploadSession


class Caller:
    """Calls `Client`, or `AsyncClient` in an event loop of its own."""

    def __init__(self, server: MockServer, *, is_async: bool) -> None:
        self._runner = asyncio.Runner() if is_async else None
        kind: Any = AsyncClient if is_async else Client
        self._client = kind(server.token, base_url=server.base_url)

    def _wait(self, result: Any) -> Any:
        return self._runner.run(result) if self._runner else result

    def create(self, **arguments: Any) -> UploadSession:
        session: UploadSession = self._wait(self._client.create_upload_session(**arguments))
        return session

    def create_version(self, file_id: str, **arguments: Any) -> UploadSession:
        session: UploadSession = self._wait(self._client.create_version_upload_session(file_id, **arguments))
        return session

    def close(self) -> None:
        if self._runner:
            self._runner.run(self._client.aclose())
            self._runner.close()
        else:
            self._client.close()


@pytest.fixture(scope="session")
def server() -> Iterator[MockServer]:
    with MockServer() as server:
        yield server


@pytest.fixture
def mock(server: MockServer) -> MockServer:
    server.state.reset()
    return server


@pytest.fixture(params=[False, True], ids=["Client", "AsyncClient"])
def caller(request: pytest.FixtureRequest, mock: MockServer) -> Iterator[Caller]:
    caller = Caller(mock, is_async=request.param)
    yield caller
    caller.close()


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


@pytest.fixture(scope="session")
def shared_small_ground() -> Iterator[Ground]:
    ground = Ground(SMALL_PART_SIZE, min_file_size=1)
    with ground.server:
        yield ground


@pytest.fixture
def small_ground(shared_small_ground: Ground, monkeypatch: pytest.MonkeyPatch) -> Ground:
    """A server of small parts, for which no file is too small; nor is one for the uploader and the client."""

    def accept(*_: object) -> None:
        """Take anything."""

    def always(_: int) -> bool:
        return True

    for module in ("workflow", "reconcile"):
        monkeypatch.setattr(f"box_uploads.upload.{module}.needs_session", always)
    monkeypatch.setattr("box_uploads._runtime.codecs._validate", accept)
    # Tests may replace it.
    monkeypatch.setattr(shared_small_ground.state, "sleep", shared_small_ground.state.sleep)
    shared_small_ground.reset()
    return shared_small_ground
