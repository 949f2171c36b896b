"""The state directory: what cleaning up may delete, symbolic links, and a full disk."""

from __future__ import annotations

import datetime as dt
import errno
import json
import os
from pathlib import Path
from typing import NoReturn

import pytest
from box_uploads.cli.state_dir import StateDir
from box_uploads.upload.file_lock import lock_file
from box_uploads_mock import MockServer

from .conftest import Run

NEW = ("session", "create", "--folder-id", "0", "--name", "a.mov", "--size", "20000000")
TEN_DAYS = dt.timedelta(days=10)


@pytest.fixture
def journal(box: Run, tmp_path: Path) -> Path:
    """A journal whose session expires in some days."""
    box(*NEW)
    (session,) = (tmp_path / "state" / "sessions").iterdir()
    state_dir = StateDir(tmp_path / "state")
    state_dir.create_journal_folder()
    journal = state_dir.journal_path("film")
    journal.write_text(f'{{"session": {session.read_text()}}}')
    return journal


def beside(journal: Path, ending: str) -> Path:
    return journal.with_name(f".{journal.name}.{ending}")


def clean_up(tmp_path: Path, ahead: dt.timedelta) -> None:
    StateDir(tmp_path / "state").clean_up(dt.datetime.now(dt.UTC) + ahead)


def test_a_clock_that_is_ahead_deletes_nothing_of_a_running_upload(journal: Path, tmp_path: Path) -> None:
    with lock_file(beside(journal, "lock")):
        clean_up(tmp_path, TEN_DAYS)
        assert (journal.exists(), beside(journal, "lock").exists()) == (True, True)
    clean_up(tmp_path, TEN_DAYS)
    assert list(journal.parent.iterdir()) == []


@pytest.mark.parametrize("ending", ["lock", "new"])
def test_leftovers_of_a_killed_upload_are_deleted_after_a_day(journal: Path, tmp_path: Path, ending: str) -> None:
    journal.unlink()
    beside(journal, ending).touch()
    clean_up(tmp_path, dt.timedelta(hours=23))
    assert beside(journal, ending).exists()
    clean_up(tmp_path, dt.timedelta(hours=25))
    assert list(journal.parent.iterdir()) == []


def test_a_journal_is_kept_for_exactly_a_day_after_it_expired(journal: Path, tmp_path: Path) -> None:
    session = StateDir(tmp_path / "state").read_session(journal)
    assert session is not None
    a_day_later = session.session_expires_at + dt.timedelta(days=1)
    StateDir(tmp_path / "state").clean_up(a_day_later)
    assert journal.exists()
    StateDir(tmp_path / "state").clean_up(a_day_later + dt.timedelta.resolution)
    assert not journal.exists()


def test_a_leftover_is_kept_for_exactly_a_day(journal: Path, tmp_path: Path) -> None:
    journal.unlink()
    leftover = beside(journal, "new")
    leftover.touch()
    os.utime(leftover, (1_800_000_000, 1_800_000_000))
    a_day_later = dt.datetime.fromtimestamp(1_800_000_000, dt.UTC) + dt.timedelta(days=1)
    StateDir(tmp_path / "state").clean_up(a_day_later)
    assert leftover.exists()
    StateDir(tmp_path / "state").clean_up(a_day_later + dt.timedelta(seconds=1))
    assert not leftover.exists()


def test_an_old_lock_file_does_not_delete_a_journal_in_use(journal: Path, tmp_path: Path) -> None:
    beside(journal, "lock").touch()
    clean_up(tmp_path, dt.timedelta(days=2))
    assert set(journal.parent.iterdir()) == {journal, beside(journal, "lock")}


def test_a_session_is_not_written_through_a_symbolic_link(box: Run, tmp_path: Path, mock: MockServer) -> None:
    _, out, _ = box(*NEW, "--json")
    made = json.loads(out)["id"]
    (tmp_path / "state" / "sessions" / f"{made}.json").unlink()
    (tmp_path / "state" / "sessions" / f"{made}.json").symlink_to(tmp_path / "elsewhere")
    mock.state.reset()
    code, out, err = box(*NEW, "--json")

    assert (code, json.loads(out)["id"]) == (0, made)
    assert not (tmp_path / "elsewhere").exists()
    assert "the state directory cannot be written" in err


def test_a_full_state_directory_has_hints(box: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with Path("a.mov").open("wb") as file:
        file.truncate(20_000_000)
    monkeypatch.setattr(os, "fsync", full)
    code, _, err = box("upload", "a.mov", "--folder-id", "0")

    assert code == 1
    said, *hints = err.splitlines()[-3:]
    assert said.startswith(f"error: a.mov: {tmp_path / 'state' / 'uploads'}")
    assert said.endswith(": No space left on device")
    assert hints == [
        "hint: free some space for the journal",
        "hint: choose another folder with --state-dir, or use --no-resume to upload without a journal",
    ]


@pytest.mark.parametrize("command", ["upload", "session"])
def test_unprintable_names_are_escaped_in_json(box: Run, command: str) -> None:
    name = "a\u202e\u200bb.mov"
    if command == "upload":
        with Path(name).open("wb") as file:
            file.truncate(20_000_000)
        code, out, err = box("upload", name, "--folder-id", "0", "--json")
        assert json.loads(out)["name"] == name
    else:
        code, out, err = box("session", "status", name, "--json")
        assert name in json.loads(out)["error"]["message"]
    assert code == (command != "upload")
    assert (out + err).replace("\n", "").isprintable()


def test_a_session_that_cannot_be_locked_is_kept(box: Run, tmp_path: Path) -> None:
    box("session", "create", "--file-id", "12345", "--size", "20000000")
    (kept,) = (tmp_path / "state" / "sessions").glob("*.json")
    in_the_way = kept.with_name(f".{kept.name}.lock")
    in_the_way.mkdir()
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=30)

    StateDir(tmp_path / "state").clean_up(later)
    assert kept.exists()

    in_the_way.rmdir()
    StateDir(tmp_path / "state").clean_up(later)
    assert not kept.exists()
