"""The journal: whole or not there, private, and one process's at a time."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import stat
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from box_uploads._runtime import file_lock as locks
from box_uploads._runtime.file_lock import HeldError, lock_file
from box_uploads.upload import JournalError
from box_uploads.upload import journal as journals
from box_uploads.upload.journal import Entry, Journal
from box_uploads.upload.source import Fingerprint
from box_uploads.upload.target import Target

from tests.unit.upload.script import session

TARGET = Target(folder_id="0", file_id=None, file_name="film.mov")
FIRST = Entry(target=TARGET, fingerprint=Fingerprint(kind="file", size=25, mtime_ns=2**62), session=session())
SECOND = msgspec.structs.replace(FIRST, sha1="a" * 40)
ROOT = Path(__file__).parents[3]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "film.upload"


@contextmanager
def written(path: Path, *entries: Entry) -> Iterator[Journal]:
    with journals.open_journal(path, TARGET) as journal:
        for entry in entries:
            journal.write(entry)
        yield journal


def require_held(path: Path) -> None:
    with pytest.raises(HeldError), lock_file(path):
        pass


def read(path: Path) -> Entry | None:
    with journals.open_journal(path, TARGET) as journal:
        return journal.entry


# What it says


def test_a_written_entry_is_read_by_the_next_process_until_it_is_removed(path: Path) -> None:
    assert read(path) is None
    assert list(path.parent.iterdir()) == []
    with written(path, FIRST, SECOND) as journal:
        assert journal.entry == SECOND
    assert read(path) == SECOND
    with journals.open_journal(path, TARGET) as journal:
        journal.remove()
        journal.remove()
        assert journal.entry is None
    assert list(path.parent.iterdir()) == []


def test_it_names_the_session_that_it_was_written_for(path: Path) -> None:
    other = session()
    other.id = "B" * 32
    with written(path) as journal:
        assert not journal.names(session())
        journal.write(FIRST)
        assert (journal.names(session()), journal.names(other)) == (True, False)


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o777])
def test_it_is_private_whatever_the_mask(path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        with written(path, FIRST):
            # The lock as well.
            modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes == {0o600 & ~mask}


def test_it_names_session_and_source_and_nothing_else(path: Path) -> None:
    with written(path, FIRST):
        pass
    content = json.loads(path.read_text())
    assert content["sha1"] is None
    assert set(content) == {"format", "target", "fingerprint", "session", "sha1", "file", "lost_creates"}
    assert content["session"]["session_endpoints"]["commit"].startswith("https://upload.box.com/")


def test_a_journal_without_a_count_of_lost_sessions_is_read(path: Path) -> None:
    with written(path, FIRST):
        pass
    content = json.loads(path.read_text())
    del content["lost_creates"]
    path.write_text(json.dumps(content))
    assert read(path) == FIRST


def test_an_entry_is_immutable() -> None:
    with pytest.raises(AttributeError):
        FIRST.sha1 = "a" * 40  # type: ignore[misc]  # what the type checker refuses too


# Broken ones


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is not an upload journal; name another file$"),
        (b"{}", "is not an upload journal"),
        (b"\xff\xfe", "is not an upload journal"),
        (b"[" * 100_000, "is not an upload journal"),
        (b'{"format": "box-uploads-journal-2"}', "is not an upload journal"),
        (msgspec.json.encode(FIRST)[:-1], "a damaged upload journal; delete it to start again: Input"),
        (msgspec.json.encode(FIRST).replace(b'"size":25', b'"size":"25"'), "a damaged upload journal"),
        (msgspec.json.encode(FIRST) + b" " * 1024 * 1024, "a damaged upload journal"),
    ],
    ids=["empty", "object", "no text", "deep", "newer", "cut off", "wrong type", "oversize"],
)
def test_another_file_is_refused_and_left_as_it_is(path: Path, content: bytes, words: str) -> None:
    path.write_bytes(content)
    with pytest.raises(JournalError, match=words):
        read(path)
    assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("field", ["folder_id", "file_id", "file_name", "server"])
def test_a_journal_of_an_upload_to_elsewhere_is_left_as_it_is(path: Path, field: str) -> None:
    with written(path, msgspec.structs.replace(FIRST, target=msgspec.structs.replace(TARGET, **{field: "7"}))):
        pass
    with pytest.raises(JournalError, match="another target; use another file"):
        read(path)
    assert path.exists()


def test_a_folder_that_does_not_exist_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "missing" / "journal")


# Atomicity: it is the old one or the new one, whatever fails

STEPS = ["open", "write", "flush", "fsync", "replace"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("before", [None, FIRST], ids=["first", "second"])
def test_a_failed_write_leaves_the_entry_before(
    path: Path, step: str, before: Entry | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with written(path, *([before] if before else [])) as journal:
        with monkeypatch.context() as patch:
            break_step(patch, step)
            with pytest.raises(OSError, match="No space left"):
                journal.write(SECOND)
        assert journal.entry == before
        assert list(path.parent.glob("*.new")) == []
    assert read(path) == before


def break_step(patch: pytest.MonkeyPatch, step: str) -> None:
    """Let a step fail."""
    full = OSError(28, "No space left on device")

    def fail(*_: object, **__: object) -> Any:
        raise full

    if step in {"open", "fsync"}:
        patch.setattr(os, step, fail)
    elif step == "replace":
        patch.setattr(Path, "replace", fail)
    else:
        fdopen = os.fdopen

        class Full:
            def __init__(self, number: int, mode: str) -> None:
                self.file = fdopen(number, mode)

            def __enter__(self) -> Any:
                setattr(self, step, fail)
                return self

            def write(self, content: bytes) -> int:
                return self.file.write(content[:10])

            def __exit__(self, *_: object) -> None:
                self.file.close()

        patch.setattr(os, "fdopen", Full)


def test_the_content_is_on_the_disk_before_it_gets_the_name(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def synced(number: int) -> None:
        steps.append(stat.filemode(os.fstat(number).st_mode)[0])
        fsync(number)

    def replaced(source: Path, target: Path) -> Path:
        steps.append("replace")
        return replace(source, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", replaced)
    with written(path, FIRST):
        pass
    assert steps == ["-", "replace", "d"]


def test_a_failure_is_raised_even_if_the_draft_is_gone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def vanish(_: int) -> None:
        path.with_name(f".{path.name}.new").unlink()
        raise OSError(5, "Input/output error")

    with written(path) as journal, monkeypatch.context() as patch:
        patch.setattr(os, "fsync", vanish)
        with pytest.raises(OSError, match="Input/output error"):
            journal.write(FIRST)


@pytest.mark.parametrize("step", ["open", "fsync"])
def test_a_system_that_does_not_sync_folders_is_no_obstacle(
    path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    before = getattr(os, step)

    def refuse(what: Any, *rest: Any) -> Any:
        if Path(what).is_dir() if step == "open" else stat.S_ISDIR(os.fstat(what).st_mode):
            raise PermissionError(13, "Permission denied")
        return before(what, *rest)

    monkeypatch.setattr(os, step, refuse)
    with written(path, FIRST):
        pass
    assert read(path) == FIRST


def test_the_draft_of_a_killed_process_is_no_obstacle(path: Path) -> None:
    draft = path.with_name(f".{path.name}.new")
    draft.write_bytes(b"half")
    with written(path, FIRST) as journal:
        draft.write_bytes(b"half")
        journal.remove()
    assert list(path.parent.iterdir()) == []


# One process at a time


def test_a_second_process_is_refused_as_long_as_the_first_works(path: Path) -> None:
    with written(path, FIRST):
        with pytest.raises(JournalError, match="is in use by another process") as caught:
            read(path)
        assert caught.value.in_use
        assert path.exists()
    assert read(path) == FIRST


def test_the_lock_is_released_after_an_error(path: Path) -> None:
    with pytest.raises(KeyError), journals.open_journal(path, TARGET):
        raise KeyError
    assert read(path) is None


HOLDER = """
import os, sys
from pathlib import Path
from box_uploads._runtime.file_lock import lock_file
with lock_file(Path(sys.argv[1])):
    # It is the child that tells, since only then it has let go of what its parent holds.
    is_child = sys.argv[2] == "fork" and os.fork() == 0
    if is_child or sys.argv[2] == "alone":
        print("held", flush=True)
    if is_child:
        os.close(1)
    sys.stdin.read()
    if is_child:
        os._exit(0)
"""


@contextmanager
def held_by(path: Path, kind: str = "alone") -> Iterator[subprocess.Popen[str]]:
    """Run a process that holds a lock until it is told to end, or killed."""
    command = [sys.executable, "-c", HOLDER, str(path), kind]
    settings: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": ROOT}
    settings["env"] = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, **settings) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "held\n"
        yield run


@pytest.mark.parametrize("kind", ["alone", "fork"])
def test_a_killed_process_holds_no_lock(path: Path, kind: str) -> None:
    with held_by(path, kind) as process:
        require_held(path)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        assert path.exists()
        # Its child, if there is one, still lives: it waits for the end of its input.
        with lock_file(path):
            pass
    assert not path.exists()


def test_a_lock_whose_file_was_removed_meanwhile_is_not_held(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between opening and locking, the one before may have removed the file; then another one may hold the next."""
    lock, removed = locks._lock, list[int]()

    def late(number: int) -> None:
        if not removed:
            removed.append(number)
            path.unlink()
        lock(number)

    monkeypatch.setattr(locks, "_lock", late)
    with lock_file(path):
        assert path.exists()
        require_held(path)
    assert removed


def test_a_lock_file_that_is_always_replaced_is_given_up(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "_is_at", lambda *_: False)
    require_held(path)


def test_a_file_that_cannot_be_locked_is_an_error_of_the_system(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(OSError, match="No locks"), lock_file(path):
        pass


# How much is read of it


@pytest.mark.parametrize(("size", "is_read"), [(1024 * 1024, True), (1024 * 1024 + 1, False)])
def test_a_journal_of_more_than_a_mebibyte_is_refused(path: Path, size: int, is_read: bool) -> None:
    with written(path, FIRST):
        pass
    path.write_bytes(path.read_bytes().ljust(size))
    if is_read:
        assert read(path) == FIRST
    else:
        with pytest.raises(JournalError, match="more than 1048576 bytes"):
            read(path)


def test_a_larger_file_is_not_read_whole(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(64 * 1024 * 1024)
    tracemalloc.start()
    try:
        with pytest.raises(JournalError):
            read(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * 1024 * 1024


def test_an_error_about_it_is_no_longer_than_a_few_lines(path: Path) -> None:
    path.write_bytes(msgspec.json.encode({"format": "box-uploads-journal-1" + "x" * 1000}))
    with pytest.raises(JournalError) as caught:
        read(path)
    assert len(str(caught.value)) == 300


# Links


@pytest.mark.parametrize("exists", [False, True])
def test_a_lock_does_not_follow_a_link(path: Path, tmp_path: Path, exists: bool) -> None:
    target = tmp_path / "elsewhere"
    if exists:
        target.write_bytes(b"other")
    path.symlink_to(target)
    with pytest.raises(OSError, match="the lock file is a symbolic link; delete it") as caught, lock_file(path):
        pass
    assert caught.value.filename == str(path)
    assert target.exists() == exists
    assert path.is_symlink()
