"""The program in this process, against a mock on a loopback port."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from box_uploads.cli.program import run
from box_uploads_mock import MockServer

SIZE = 20_000_000
UPLOAD = "upload film.mov --folder-id 0"
CREATE = "session create --folder-id 0 --name a.mov --size 20000000"
CREATE_VERSION = "session create --file-id 12345 --size 20000000"
Ran = tuple[int, str, str]
Run = Callable[..., Ran]


def objects(out: str) -> list[dict[str, Any]]:
    """Return what `--json` has printed."""
    return [json.loads(line) for line in out.splitlines()]


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
    """Runs a command line and further arguments in a folder of its own; returns exit code, stdout and stderr."""
    monkeypatch.setenv("BOX_ACCESS_TOKEN", mock.token)
    monkeypatch.setenv("BOX_BASE_URL", mock.base_url)
    monkeypatch.setenv("BOX_UPLOADS_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("BOX_UPLOADS_PROFILES", str(tmp_path / "config" / "profiles.json"))
    monkeypatch.chdir(tmp_path)

    def call(command: str = "", *arguments: str) -> Ran:
        capsys.readouterr()
        code = run((*shlex.split(command), *arguments))
        out, err = capsys.readouterr()
        return code, out, err

    return call


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A file of the smallest size that can be uploaded, in the folder of `box`."""
    path = tmp_path / "film.mov"
    path.touch()
    os.truncate(path, SIZE)
    return path
