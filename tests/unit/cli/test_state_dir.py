"""The state directory: what cleaning up may delete, symbolic links, and a full disk."""

from __future__ import annotations

import datetime as dt
import errno
import os
from pathlib import Path
from typing import NoReturn

import pytest
from box_uploads._runtime.file_lock import lock_file
from box_uploads.cli.state_dir import StateDir
from box_uploads_mock import MockServer

from .conftest import CREATE, CREATE_VERSION, UPLOAD, Run, objects

DAY = dt.timedelta(days=1)


@pytest.fixture
def journal(box: Run, tmp_path: Path) -> Path:
    """A journal whose session expires in some days."""
    box(CREATE)
    (session,) = (tmp_path / "state" / "sessions").iterdir()
    state_dir = StateDir(tmp_path / "state")
    state_dir.create_journal_folder()
    journal = state_dir.journal_path("film")
    journal.write_text(f'{{"session": {session.read_text()}}}')
    return journal


def beside(journal: Path, ending: str) -> Path:
    return journal.with_name(f".{journal.name}.{ending}")


def clean_up(tmp_path: Path, after: dt.timedelta, start: dt.datetime | None = None) -> None:
    StateDir(tmp_path / "state").clean_up((start or dt.datetime.now(dt.UTC)) + after)


def test_a_clock_that_is_ahead_deletes_nothing_of_a_running_upload(journal: Path, tmp_path: Path) -> None:
    with lock_file(beside(journal, "lock")):
        clean_up(tmp_path, 10 * DAY)
        assert (journal.exists(), beside(journal, "lock").exists()) == (True, True)
    clean_up(tmp_path, 10 * DAY)
    assert list(journal.parent.iterdir()) == []


def test_a_journal_is_kept_for_exactly_a_day_after_it_expired(journal: Path, tmp_path: Path) -> None:
    session = StateDir(tmp_path / "state").read_session(journal)
    assert session is not None
    clean_up(tmp_path, DAY, session.session_expires_at)
    assert journal.exists()
    clean_up(tmp_path, DAY + dt.timedelta.resolution, session.session_expires_at)
    assert not journal.exists()


@pytest.mark.parametrize(("content", "is_journal"), [
    (b'{"format":"box-uploads-journal-1","target":{"folder_id":"0"},"fingerprint":{},"session":null}', True),
    (b'{"target":{},"session":5}', False),
    (b'{"session":null}', False),
    (b"{", False),
])  # fmt: skip
def test_the_journal_of_a_small_file_is_kept_for_8_days(
    journal: Path, tmp_path: Path, content: bytes, *, is_journal: bool
) -> None:
    journal.write_bytes(content)
    beside(journal, "lock").touch()
    for path in (journal, beside(journal, "lock")):
        os.utime(path, (1_800_000_000, 1_800_000_000))
    touched_at = dt.datetime.fromtimestamp(1_800_000_000, dt.UTC)
    clean_up(tmp_path, 8 * DAY, touched_at)
    assert journal.exists()
    clean_up(tmp_path, 8 * DAY + dt.timedelta.resolution, touched_at)
    assert list(journal.parent.iterdir()) == ([] if is_journal else [journal, beside(journal, "lock")])


@pytest.mark.parametrize("ending", ["lock", "new"])
def test_leftovers_of_a_killed_upload_are_kept_for_exactly_a_day(journal: Path, tmp_path: Path, ending: str) -> None:
    journal.unlink()
    leftover = beside(journal, ending)
    leftover.touch()
    os.utime(leftover, (1_800_000_000, 1_800_000_000))
    touched_at = dt.datetime.fromtimestamp(1_800_000_000, dt.UTC)
    clean_up(tmp_path, DAY, touched_at)
    assert leftover.exists()
    clean_up(tmp_path, DAY + dt.timedelta(seconds=1), touched_at)
    assert list(journal.parent.iterdir()) == []


def test_a_session_that_another_process_deletes_at_the_same_time_is_deleted(
    journal: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlink = Path.unlink

    def unlink_twice(path: Path, missing_ok: bool = False) -> None:
        unlink(path, missing_ok=True)
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink_twice)
    state_dir = StateDir(tmp_path / "state")
    session = state_dir.read_session(journal)
    assert session is not None
    state_dir.delete_session(session.id)

    assert not journal.exists()


def test_an_old_lock_file_does_not_delete_a_journal_in_use(journal: Path, tmp_path: Path) -> None:
    beside(journal, "lock").touch()
    clean_up(tmp_path, 2 * DAY)
    assert set(journal.parent.iterdir()) == {journal, beside(journal, "lock")}


def test_a_session_is_not_written_through_a_symbolic_link(box: Run, tmp_path: Path, mock: MockServer) -> None:
    _, out, _ = box(f"{CREATE} --json")
    made = objects(out)[0]["id"]
    file = tmp_path / "state" / "sessions" / f"{made}.json"
    file.unlink()
    file.symlink_to(tmp_path / "elsewhere")
    mock.state.reset()
    code, out, err = box(f"{CREATE} --json")

    assert (code, objects(out)[0]["id"]) == (0, made)
    assert not (tmp_path / "elsewhere").exists()
    assert "the state directory cannot be written" in err


@pytest.mark.usefixtures("film")
def test_a_full_state_directory_has_hints(box: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    code, _, err = box(UPLOAD)

    assert code == 1
    error, *hints = err.splitlines()[-3:]
    assert error.startswith(f"error: film.mov: {tmp_path / 'state' / 'uploads'}")
    assert error.endswith(": No space left on device")
    assert hints == [
        "hint: free some space for the journal",
        "hint: choose another folder with --state-dir, or use --no-resume to upload without a journal",
    ]


def test_unprintable_names_are_escaped_in_json(box: Run, film: Path) -> None:
    name = "a\u202e\u200bb.mov"
    film.rename(name)
    code, out, err = box(f"upload {name} --folder-id 0 --json")
    assert (code, objects(out)[0]["name"]) == (0, name)
    assert (out + err).replace("\n", "").isprintable()

    code, out, err = box(f"session status {name}2 --json")
    assert code == 1
    assert f"{name}2" in objects(out)[0]["error"]["message"]
    assert (out + err).replace("\n", "").isprintable()


def test_a_session_that_cannot_be_locked_is_kept(box: Run, tmp_path: Path) -> None:
    box(CREATE_VERSION)
    (kept,) = (tmp_path / "state" / "sessions").glob("*.json")
    in_the_way = kept.with_name(f".{kept.name}.lock")
    in_the_way.mkdir()

    clean_up(tmp_path, 30 * DAY)
    assert kept.exists()

    in_the_way.rmdir()
    clean_up(tmp_path, 30 * DAY)
    assert not kept.exists()
