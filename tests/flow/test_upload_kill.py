"""A process that ends at any moment, then the same command again: the right file is there, exactly once."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from box_uploads.upload import JournalError, Resumed

from tests.flow import upload_killed
from tests.flow.upload_ground import CONTENT, Ground

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
# A process is forked that has imported all of it: there are many to kill.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.flow.upload_killed"])
# Requests in their order: create, five parts, commit.
REQUESTS = range(1, 8)
POINTS = [
    *(f"before:{number}" for number in REQUESTS),
    "during:2",
    "during:6",
    *(f"unanswered:{number}" for number in REQUESTS),
    *(f"after:{number}" for number in REQUESTS),
    "event:Started",
    "event:PartDone",
    "event:PhaseChangedcommit",
    "event:PhaseChangeddone",
    "event:Stored",
    "audit:open:1",
    "audit:os.rename:1",
    "audit:os.rename:2",
    "audit:os.rename:3",
    "audit:os.remove:1",
]
# The server has made a session, and nobody has written down which: it is left to expire.
ORPHANS = {"unanswered:1", "after:1", "audit:os.rename:1"}


def arguments(ground: Ground, point: str, path: Path, *, name: str, place: str = "new") -> list[str]:
    """Return the arguments of an upload that sends itself a signal at a point."""
    journal = path.parent / "journal"
    return [point, ground.server.base_url, ground.state.token, str(path), str(journal), place, name]


def killed(ground: Ground, point: str, path: Path, *, place: str = "new") -> Path:
    """Upload in another process until it is killed, and return the path of its journal."""
    process = PROCESSES.Process(
        target=upload_killed.main, args=arguments(ground, point, path, name="KILL", place=place)
    )
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    return path.parent / "journal"


def command(ground: Ground, point: str, path: Path, *, name: str) -> list[str]:
    """Return the command of an upload that sends itself a signal at a point."""
    return [sys.executable, "-m", "tests.flow.upload_killed", *arguments(ground, point, path, name=name)]


def ended(ground: Ground, point: str, path: Path, *, name: str) -> Path:
    """Run the command until it dies of a signal, and return the path of its journal."""
    process = subprocess.run(command(ground, point, path, name=name), cwd=ROOT, env=ENVIRONMENT, check=False)
    assert process.returncode == -signal.Signals[f"SIG{name}"]
    return path.parent / "journal"


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_upload_is_done_once_by_the_same_command(ground: Ground, film: Path, point: str) -> None:
    journal = killed(ground, point, film)
    file = ground.upload(film, resume=journal)
    assert (file.name, ground.stored()) == ("film.mov", [CONTENT])
    assert len(ground.state.sessions) <= (point in ORPHANS)
    assert [entry.name for entry in film.parent.iterdir()] == ["film.mov"]


def test_the_points_are_many_and_each_is_another() -> None:
    assert len(set(POINTS)) == len(POINTS) >= 20
    # Before its answer, between the answer and the journal, and after the commit, before it was reported.
    assert {"before:1", "unanswered:1", "after:1", "audit:os.rename:1", "unanswered:7", "after:7"} <= set(POINTS)


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_version_is_made_once_by_the_same_command(ground: Ground, film: Path, point: str) -> None:
    first = ground.upload(CONTENT[::-1])
    journal = killed(ground, point, film, place=first.id)
    file = ground.upload(film, resume=journal, file_id=first.id)
    assert (file.id, ground.state.files[first.id].etag) == (first.id, "1")
    assert ground.stored() == [CONTENT]
    assert len(ground.state.sessions) <= (point in ORPHANS)
    assert [entry.name for entry in film.parent.iterdir()] == ["film.mov"]


def test_a_version_is_no_other_one_after_a_run_that_has_reported_its_result(ground: Ground, film: Path) -> None:
    """When the upload has returned, nothing remembers that it was done; but Box sees that nothing has changed."""
    first = ground.upload(CONTENT[::-1])
    journal = killed(ground, "end:0", film, place=first.id)
    assert (ground.state.files[first.id].etag, journal.exists()) == ("1", False)
    ground.upload(film, resume=journal, file_id=first.id)
    assert (ground.state.files[first.id].etag, ground.stored()) == ("1", [CONTENT])
    assert not ground.state.sessions


def test_parts_that_arrived_before_the_kill_are_not_sent_again(ground: Ground, film: Path) -> None:
    journal = killed(ground, "after:5", film)
    before = ground.calls("upload_part")
    ground.upload(film, resume=journal)
    assert (before, ground.calls("upload_part")) == (4, 5)
    assert ground.stored() == [CONTENT]


# Signals


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP"])
@pytest.mark.parametrize("point", ["during:3", "event:PartDone", "unanswered:4"])
def test_a_signal_leaves_a_journal_that_is_resumed(ground: Ground, film: Path, point: str, name: str) -> None:
    """SIGINT becomes `KeyboardInterrupt`; by default, Python dies of the others at once, and the journal is there."""
    journal = ended(ground, point, film, name=name)
    assert journal.exists()
    assert len(ground.state.sessions) == 1
    events: list[object] = []
    ground.upload(film, resume=journal, on_progress=events.append)
    assert any(isinstance(event, Resumed) and event.parts for event in events)
    assert ground.stored() == [CONTENT]
    assert [entry.name for entry in film.parent.iterdir()] == ["film.mov"]


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP"])
def test_a_signal_that_is_ignored_where_the_tests_run_ends_the_upload_nevertheless(
    ground: Ground, film: Path, name: str
) -> None:
    number = signal.Signals[f"SIG{name}"]
    before = signal.signal(number, signal.SIG_IGN)
    try:
        assert ended(ground, "event:PartDone", film, name=name).exists()
    finally:
        signal.signal(number, before)


def test_ctrl_c_before_the_session_is_known_leaves_none(ground: Ground, film: Path) -> None:
    ended(ground, "audit:os.rename:1", film, name="INT")
    assert not ground.state.sessions
    assert [entry.name for entry in film.parent.iterdir()] == ["film.mov"]


# Two processes


def test_a_second_process_is_refused_as_long_as_the_first_lives(ground: Ground, film: Path, journal: Path) -> None:
    first = command(ground, "event:PartDone", film, name="STOP")
    with subprocess.Popen(first, cwd=ROOT, env=ENVIRONMENT) as process:
        try:
            _, status = os.waitpid(process.pid, os.WUNTRACED)
            assert os.WIFSTOPPED(status)
            before = journal.read_bytes()
            with pytest.raises(JournalError, match="in use by another process"):
                ground.upload(film, resume=journal)
            assert journal.read_bytes() == before
        finally:
            process.kill()
    ground.upload(film, resume=journal)
    assert ground.stored() == [CONTENT]
    assert [entry.name for entry in film.parent.iterdir()] == ["film.mov"]
