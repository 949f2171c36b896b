"""`kill -9` at any moment, then the same command again: the right file is there, exactly once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.flow.upload_ground import CONTENT, Ground, write

ROOT = Path(__file__).parents[2]
# Requests in their order: create, five parts, commit.
REQUESTS = range(1, 8)
POINTS = [
    *(f"before:{number}" for number in REQUESTS),
    "during:2",
    "during:6",
    *(f"after:{number}" for number in REQUESTS),
    "event:Started",
    "event:PartDone",
    "event:PhaseChangedcommit",
    "event:PhaseChangeddone",
    "audit:open:1",
    "audit:os.rename:1",
    "audit:os.rename:2",
    "audit:os.remove:1",
]
# The server has made a session, and nobody has written down which: it is left to expire.
ORPHANS = {"after:1", "audit:os.rename:1"}


@pytest.fixture(scope="module")
def shared_ground() -> Iterator[Ground]:
    ground = Ground()
    with ground.server:
        yield ground


@pytest.fixture
def ground(shared_ground: Ground) -> Ground:
    shared_ground.reset()
    return shared_ground


def killed(ground: Ground, point: str, path: Path, journal: Path, place: str = "new") -> None:
    """Run the command until it dies."""
    command = [sys.executable, "-m", "tests.flow.upload_killed", point]
    values = [ground.server.base_url, ground.state.token, str(path), str(journal), place]
    paths = os.pathsep.join(filter(None, sys.path))
    ended = subprocess.run([*command, *values], cwd=ROOT, env={**os.environ, "PYTHONPATH": paths}, check=False)
    assert ended.returncode == -signal.SIGKILL


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_upload_is_done_once_by_the_same_command(ground: Ground, tmp_path: Path, point: str) -> None:
    path, journal = write(tmp_path / "film.mov"), tmp_path / "journal"
    killed(ground, point, path, journal)
    file = ground.upload(path, resume=journal)
    assert (file.name, ground.stored()) == ("film.mov", [CONTENT])
    assert len(ground.state.sessions) <= (point in ORPHANS)
    assert [entry.name for entry in tmp_path.iterdir()] == ["film.mov"]


@pytest.mark.parametrize("point", ["before:7", "after:7", "audit:os.rename:2", "during:4"])
def test_a_killed_version_is_made_once_by_the_same_command(ground: Ground, tmp_path: Path, point: str) -> None:
    first = ground.upload(CONTENT[::-1])
    path, journal = write(tmp_path / "film.mov"), tmp_path / "journal"
    killed(ground, point, path, journal, first.id)
    file = ground.upload(path, resume=journal, file_id=first.id)
    assert (file.id, ground.state.files[first.id].etag) == (first.id, "1")
    assert ground.stored() == [CONTENT]
    assert not ground.state.sessions


def test_parts_that_arrived_before_the_kill_are_not_sent_again(ground: Ground, tmp_path: Path) -> None:
    path, journal = write(tmp_path / "film.mov"), tmp_path / "journal"
    killed(ground, "after:5", path, journal)
    before = ground.calls("upload_part")
    ground.upload(path, resume=journal)
    assert (before, ground.calls("upload_part")) == (4, 5)
    assert ground.stored() == [CONTENT]
