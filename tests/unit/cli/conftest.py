"""The program in this process, against a mock on a loopback port."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from box_uploads.cli.program import run
from box_uploads_mock import MockServer

Ran = tuple[int, str, str]
Run = Callable[..., Ran]


@pytest.fixture(scope="session")
def server() -> Iterator[MockServer]:
    with MockServer() as server:
        yield server


@pytest.fixture
def mock(server: MockServer) -> MockServer:
    server.state.reset()
    return server


@pytest.fixture
def box(mock: MockServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs a command in a folder of its own, and returns its exit code, stdout and stderr."""
    monkeypatch.setenv("BOX_ACCESS_TOKEN", mock.token)
    monkeypatch.setenv("BOX_BASE_URL", mock.base_url)
    monkeypatch.setenv("BOX_UPLOADS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> Ran:
        capsys.readouterr()
        code = run(arguments)
        said = capsys.readouterr()
        return code, said.out, said.err

    return call
