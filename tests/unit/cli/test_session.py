"""`box-uploads session`, and the sessions and journals in the state directory."""

from __future__ import annotations

import datetime as dt
import io
import json
import stat
import sys
from pathlib import Path

import pytest
from box_uploads.cli.state_dir import StateDir, parse_session
from box_uploads_mock import Failure, MockServer

from .conftest import CREATE, CREATE_VERSION, UPLOAD, Run, objects

STATE_DIR_HINT = "hint: choose another folder with --state-dir, or use --no-resume to upload without a journal"
SESSION_HINT = "hint: pass an id from this machine, or a file with the output of `box-uploads session create --json`"


def test_a_session_is_created_inspected_and_aborted_by_its_id(box: Run, mock: MockServer, tmp_path: Path) -> None:
    code, out, _ = box(CREATE)
    (session_id,) = mock.state.sessions
    assert code == 0
    assert out.startswith(f"session  {session_id}\nparts    0 of 3 uploaded, 8,388,608 bytes each\nexpires  ")

    assert box(f"session status {session_id.lower()}")[1] == out
    assert box(f"session parts {session_id}") == (0, "", "")
    assert box(f"session abort {session_id}") == (0, f"session {session_id} aborted\n", "")
    assert (len(mock.state.sessions), list((tmp_path / "state").rglob("*.json"))) == (0, [])

    code, _, err = box(f"session status {session_id}")
    assert (code, err.splitlines()) == (1, [f"error: session {session_id} is not in the state directory", SESSION_HINT])


def test_the_output_of_create_is_accepted_with_another_state_directory(
    box: Run, mock: MockServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, out, _ = box(f"{CREATE} --json")
    (tmp_path / "session.json").write_text(out)
    monkeypatch.setenv("BOX_UPLOADS_STATE_DIR", str(tmp_path / "another"))

    assert box("session status session.json --json") == (0, out, "")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(out.encode())))
    code, printed, _ = box("session abort - --json")

    assert (code, objects(printed)) == (0, [{"id": objects(out)[0]["id"], "outcome": "aborted"}])
    assert not mock.state.sessions


def test_a_session_for_a_version_needs_no_name(box: Run, mock: MockServer) -> None:
    assert box(CREATE_VERSION)[0] == 0
    assert [item.file_id for item in mock.state.sessions.values()] == ["12345"]


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"id": "1"}', b"\xff"])
def test_a_file_without_a_session_is_a_usage_error(box: Run, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "session.json").write_bytes(content)
    code, out, err = box("session abort session.json")

    assert (code, out) == (2, "")
    assert err.startswith("error: session.json does not contain a session: ")


@pytest.mark.usefixtures("film")
def test_the_session_of_a_failed_upload_can_be_inspected_and_aborted(
    box: Run, mock: MockServer, tmp_path: Path
) -> None:
    mock.state.faults.add(Failure(operation="commit_upload_session", status=403))
    code, _, err = box(UPLOAD)
    (session_id,) = mock.state.sessions
    assert (code, err.splitlines()[-1]) == (1, f"hint: run the same command again; it resumes session {session_id}")

    code, out, _ = box(f"session parts {session_id}")
    assert [line.split()[1:3] for line in out.splitlines()] == [
        ["0", "8,388,608"],
        ["8,388,608", "8,388,608"],
        ["16,777,216", "3,222,784"],
    ]
    # A journal without its session would have the next run take the file for committed.
    assert box(f"session abort {session_id}")[0] == 0
    assert list((tmp_path / "state").rglob("*.json")) == []
    code, _, err = box(UPLOAD)
    assert (code, err) == (0, "film.mov: 20.0 MB, 3 parts of 8.4 MB\n")


@pytest.mark.usefixtures("film")
def test_an_uploaded_file_is_not_uploaded_again(box: Run, mock: MockServer) -> None:
    box(UPLOAD)
    before = len(mock.state.request_log)
    code, out, _ = box(f"{UPLOAD} --json")

    assert (code, objects(out)[0]["already_there"], len(mock.state.request_log)) == (0, True, before + 1)


def test_each_upload_has_its_own_journal_in_a_private_folder(tmp_path: Path) -> None:
    state_dir = StateDir(tmp_path / "state")
    state_dir.create_journal_folder()
    assert state_dir.journal_path("url", "a", None) != state_dir.journal_path("url", None, "a")
    assert state_dir.journal_path("url", "a", None) == state_dir.journal_path("url", "a", None)
    folders = [tmp_path / "state", tmp_path / "state" / "uploads"]
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in folders] == [0o700, 0o700]
    assert list(folders[1].iterdir()) == []


def test_a_session_is_saved_in_a_private_file(box: Run, tmp_path: Path) -> None:
    box(CREATE)
    (file,) = (tmp_path / "state" / "sessions").iterdir()

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.fixture
def blocked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place where no folder can be made, for any user: below a file."""
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("BOX_UPLOADS_STATE_DIR", str(tmp_path / "file" / "state"))
    return tmp_path / "file"


def test_a_session_that_cannot_be_saved_is_printed_with_a_warning(box: Run, mock: MockServer, blocked: Path) -> None:
    code, out, err = box(CREATE)

    (session_id,) = mock.state.sessions
    assert (code, out.splitlines()[0]) == (0, f"session  {session_id}")
    assert err == f"warning: the state directory cannot be written: {blocked / 'state'}: Not a directory\n"


@pytest.mark.usefixtures("film")
def test_a_state_directory_that_cannot_be_created_has_a_hint(box: Run, blocked: Path) -> None:
    code, _, err = box(UPLOAD)

    assert (code, err.splitlines()) == (1, [f"error: film.mov: {blocked / 'state'}: Not a directory", STATE_DIR_HINT])


def test_sessions_and_journals_are_deleted_a_day_after_they_expired(box: Run, mock: MockServer, tmp_path: Path) -> None:
    box(CREATE)
    box(CREATE.replace("a.mov", "b.mov"))
    state_dir = StateDir(tmp_path / "state")
    state_dir.create_journal_folder()
    old, recent = sorted((tmp_path / "state" / "sessions").iterdir())
    abandoned = tmp_path / "state" / "uploads" / "1.json"
    abandoned.write_text(f'{{"session": {old.read_text()}}}')
    lock = abandoned.with_name(".1.json.lock")
    lock.write_bytes(b"")
    expired = parse_session(old.read_bytes()).session_expires_at

    state_dir.clean_up(expired + dt.timedelta(hours=23))
    assert (old.exists(), recent.exists(), abandoned.exists(), lock.exists()) == (True, True, True, True)
    state_dir.clean_up(expired + dt.timedelta(hours=25))
    assert (abandoned.exists(), lock.exists(), old.exists()) == (False, False, False)


@pytest.mark.parametrize("command", [UPLOAD, CREATE])
def test_upload_and_create_clean_up_the_state_directory(
    box: Run, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    calls: list[dt.datetime] = []
    monkeypatch.setattr(StateDir, "clean_up", lambda _, now: calls.append(now))
    box(command)

    assert len(calls) == 1


def test_a_session_argument_that_cannot_be_read_has_a_hint(box: Run, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    code, _, err = box("session status folder")

    assert (code, err.splitlines()) == (1, ["error: folder: Is a directory", SESSION_HINT])


def test_a_session_url_without_https_has_no_hint_about_trusted_hosts(box: Run, tmp_path: Path) -> None:
    _, out, _ = box(f"{CREATE} --json")
    session = objects(out)[0]
    session["session_endpoints"]["status"] = session["session_endpoints"]["status"].replace("127.0.0.1", "example.org")
    (tmp_path / "session.json").write_text(json.dumps(session))
    code, _, err = box("session status session.json")

    assert (code, "is not https" in err, "--trusted-host" in err) == (1, True, False)
