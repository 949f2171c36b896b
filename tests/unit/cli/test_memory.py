"""The folder for states: what tidying may delete, links in it, and a disk that is full."""

from __future__ import annotations

import datetime as dt
import errno
import json
import os
from pathlib import Path
from typing import NoReturn

import pytest
from box_uploads.cli.memory import Memory
from box_uploads.cli.text import json_text, printable
from box_uploads.upload.lock import locked
from box_uploads_mock import MockServer

from .conftest import Run

NEW = ("session", "create", "--folder-id", "0", "--name", "a.mov", "--size", "20000000")
TEN_DAYS = dt.timedelta(days=10)
# A C1 control, an override of the direction, a space of no width, a line separator, and a tag beyond U+FFFF.
TRICKS = "a\x9b\u202e\u200b\u2028\U000e0041b.mov"


@pytest.fixture
def journal(box: Run, tmp_path: Path) -> Path:
    """A journal whose session expires in some days."""
    box(*NEW)
    (session,) = (tmp_path / "state" / "sessions").iterdir()
    memory = Memory(tmp_path / "state")
    memory.prepare()
    journal = memory.journal("film")
    journal.write_text(f'{{"session": {session.read_text()}}}')
    return journal


def beside(journal: Path, ending: str) -> Path:
    return journal.with_name(f".{journal.name}.{ending}")


def tidy(tmp_path: Path, ahead: dt.timedelta) -> None:
    Memory(tmp_path / "state").tidy(dt.datetime.now(dt.UTC) + ahead)


def test_a_clock_that_is_ahead_deletes_nothing_of_a_running_upload(journal: Path, tmp_path: Path) -> None:
    with locked(beside(journal, "lock")):
        tidy(tmp_path, TEN_DAYS)
        assert (journal.exists(), beside(journal, "lock").exists()) == (True, True)
    tidy(tmp_path, TEN_DAYS)
    assert list(journal.parent.iterdir()) == []


@pytest.mark.parametrize("ending", ["lock", "new"])
def test_what_a_kill_has_left_without_a_journal_goes_after_a_day(journal: Path, tmp_path: Path, ending: str) -> None:
    journal.unlink()
    beside(journal, ending).touch()
    tidy(tmp_path, dt.timedelta(hours=23))
    assert beside(journal, ending).exists()
    tidy(tmp_path, dt.timedelta(hours=25))
    assert list(journal.parent.iterdir()) == []


def test_an_old_lock_beside_a_journal_that_is_of_use_takes_nothing_with_it(journal: Path, tmp_path: Path) -> None:
    beside(journal, "lock").touch()
    tidy(tmp_path, dt.timedelta(days=2))
    assert set(journal.parent.iterdir()) == {journal, beside(journal, "lock")}


def test_a_session_is_not_written_through_a_link(box: Run, tmp_path: Path, mock: MockServer) -> None:
    _, out, _ = box(*NEW, "--json")
    made = json.loads(out)["id"]
    (tmp_path / "state" / "sessions" / f"{made}.json").unlink()
    (tmp_path / "state" / "sessions" / f"{made}.json").symlink_to(tmp_path / "elsewhere")
    mock.state.reset()
    code, out, err = box(*NEW, "--json")

    assert (code, json.loads(out)["id"]) == (0, made)
    assert not (tmp_path / "elsewhere").exists()
    assert "--state-dir cannot be written to" in err


def test_a_full_folder_for_states_is_named_with_what_helps(
    box: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with Path("a.mov").open("wb") as file:
        file.truncate(20_000_000)
    monkeypatch.setattr(os, "fsync", full)
    code, _, err = box("upload", "a.mov", "--folder-id", "0")

    assert code == 1
    said, *hints = err.splitlines()[-3:]
    assert said.startswith(f"box-uploads: error: a.mov: No space left on device: {tmp_path / 'state' / 'uploads'}")
    assert hints == [
        "hint: the source is not to blame; free some space for the journal",
        "hint: --state-dir or BOX_UPLOADS_STATE_DIR chooses another folder for journals, --no-resume keeps none",
    ]


def test_names_do_nothing_to_a_terminal_and_json_still_holds_them() -> None:
    text = json_text({"name": TRICKS})
    assert text.isprintable()
    assert json.loads(text) == {"name": TRICKS}
    assert printable(TRICKS) == "a\ufffd\ufffd\ufffd\ufffd\ufffdb.mov"


@pytest.mark.parametrize("command", ["upload", "session"])
def test_a_name_from_elsewhere_is_escaped_in_each_object(box: Run, command: str) -> None:
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


def test_what_cannot_be_locked_stays_and_is_no_failure(box: Run, tmp_path: Path) -> None:
    box("session", "create", "--file-id", "12345", "--size", "20000000")
    (kept,) = (tmp_path / "state" / "sessions").glob("*.json")
    in_the_way = kept.with_name(f".{kept.name}.lock")
    in_the_way.mkdir()
    later = dt.datetime.now(dt.UTC) + dt.timedelta(days=30)

    Memory(tmp_path / "state").tidy(later)
    assert kept.exists()

    in_the_way.rmdir()
    Memory(tmp_path / "state").tidy(later)
    assert not kept.exists()
