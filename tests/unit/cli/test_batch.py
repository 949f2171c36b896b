"""A batch of uploads: one result for each path, in whatever way the run ends."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from box_uploads import errors, models
from box_uploads.cli.batch import Batch
from box_uploads.cli.display import QuietDisplay
from box_uploads.upload import Stored
from box_uploads.upload.journal import Journal
from box_uploads.upload.source import SeekableSource
from box_uploads_mock import Failure, MockServer, Truncation

from .conftest import Run

SIZE = 20_000_000
Removal = Callable[[Journal], None]


@pytest.fixture
def film(tmp_path: Path) -> str:
    path = tmp_path / "film.mov"
    with path.open("wb") as file:
        os.truncate(file.fileno(), SIZE)
    return path.name


def test_a_result_is_printed_before_the_journal_is_deleted(
    box: Run, film: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told_before: list[str] = []
    remove: Removal = Journal.remove

    def removed(journal: Journal) -> None:
        told_before.append(capsys.readouterr().out)
        remove(journal)

    monkeypatch.setattr(Journal, "remove", removed)
    code, out, _ = box("upload", film, "--file-id", "12345", "--json")

    assert (code, out) == (0, "")
    assert json.loads(told_before[-1])["outcome"] == "stored"


def test_a_result_that_was_not_printed_is_printed_by_the_next_run(
    box: Run, mock: MockServer, film: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("upload", film, "--file-id", "12345", "--json")

    def interrupted(*_: Any, **__: Any) -> NoReturn:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Batch, "_report_stored", interrupted)
        assert box(*command)[0] == 130
    code, out, _ = box(*command)

    told = json.loads(out)
    assert (code, told["already_there"], told["etag"]) == (0, True, "1")
    assert mock.state.files["12345"].etag == "1"


@pytest.mark.parametrize(
    ("error", "exit_code"), [(PermissionError(13, "Permission denied"), 1), (KeyboardInterrupt(), 130)]
)
def test_a_stored_file_has_one_result_even_if_the_run_fails_afterwards(
    box: Run, film: str, monkeypatch: pytest.MonkeyPatch, error: BaseException, exit_code: int
) -> None:
    def failing(_: Journal) -> NoReturn:
        raise error

    monkeypatch.setattr(Journal, "remove", failing)
    code, out, err = box("upload", film, "--folder-id", "0", "--json")

    assert code == exit_code
    assert [json.loads(line)["outcome"] for line in out.splitlines()] == ["stored"]
    assert film in err


@pytest.mark.parametrize("place", [("--folder-id", "0"), ("--file-id", "12345")])
def test_a_result_has_the_number_of_sessions_that_may_be_left(
    box: Run, mock: MockServer, film: str, place: tuple[str, str]
) -> None:
    step = "create_upload_session" if place[0] == "--folder-id" else "create_version_upload_session"
    mock.state.faults.add(Failure(operation=step, status=429), Truncation(operation=step))
    code, out, err = box("upload", film, *place, "--json")

    assert (code, json.loads(out)["sessions_left"], len(mock.state.sessions)) == (0, 1, 1)
    assert err.count("film.mov: uploaded; a session may have been created, which stays open until it expires.\n") == 1
    assert json.loads(box("upload", film, "--file-id", "12345", "--json")[1])["sessions_left"] == 0


@pytest.mark.parametrize("is_named", [False, True])
def test_the_line_of_a_stored_file_has_its_name_id_size_sha1_and_etag(
    box: Run, mock: MockServer, film: str, *, is_named: bool
) -> None:
    code, out, err = box("upload", film, "--folder-id", "0", *(["--name", "other.mov"] if is_named else []))

    (file,) = [file for file in mock.state.files.values() if file.size == SIZE]
    name = "other.mov" if is_named else "film.mov"
    sha1 = hashlib.sha1(bytes(SIZE), usedforsecurity=False).hexdigest()
    assert (code, out) == (0, f"{name}: done, file {file.id}, 20,000,000 bytes, sha1 {sha1}, etag 0\n")
    assert err == "film.mov: 20.0 MB, 3 parts of 8.4 MB\n"


@pytest.mark.parametrize("as_json", [False, True])
def test_fields_that_the_server_leaves_out_are_left_out_or_null(
    box: Run, film: str, monkeypatch: pytest.MonkeyPatch, *, as_json: bool
) -> None:
    def stored(*_: object, on_progress: Callable[[object], None], **__: object) -> None:
        on_progress(Stored(models.File(id="7", type="file", sha1="0" * 40)))

    monkeypatch.setattr("box_uploads.cli.batch.upload_file", stored)
    code, out, _ = box("upload", film, "--folder-id", "0", *(["--json"] if as_json else []))

    assert code == 0
    if not as_json:
        assert out == f"film.mov: already uploaded, file 7, sha1 {'0' * 40}\n"
        return
    told: dict[str, object] = {"path": "film.mov", "outcome": "stored", "already_there": True, "sessions_left": 0}
    told |= {"id": "7", "sha1": "0" * 40}
    assert json.loads(out) == {**told, "name": None, "size": None, "etag": None}


def test_the_display_is_closed_before_the_last_result(
    box: Run, mock: MockServer, film: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Recorder(QuietDisplay):
        def __init__(self) -> None:
            self.calls: list[str] = []

        def start_file(self, name: str) -> None:
            self.calls.append(f"start {name}")

        def finish_file(self, size: int | None) -> None:
            self.calls.append(f"finish {size}")

        def write_message(self, line: str) -> None:
            self.calls.append(f"message {line.partition(':')[0]}")

        def write_result(self, line: str) -> None:
            self.calls.append(f"result {line.partition(':')[0]}")

        def close(self) -> None:
            self.calls.append("close")

    def shown(*names: str) -> list[str]:
        recorder = Recorder()
        monkeypatch.setattr("box_uploads.cli.upload._create_display", lambda *_, **__: recorder)
        box("upload", *names, "--folder-id", "0")
        return recorder.calls

    (tmp_path / "b.mov").write_bytes(bytes(SIZE))
    first, last = ["start film.mov", f"finish {SIZE}"], ["start b.mov", f"finish {SIZE}", "close"]
    assert shown(film, "b.mov") == [*first, "result film.mov", *last, "result b.mov", "close"]

    mock.state.reset()
    for _ in range(2):
        mock.state.faults.add(Failure(operation="create_upload_session", status=403, code="access_denied"))
    messages = ["message error", "message hint"]
    failed = ["start film.mov", "finish None", *messages, "start b.mov", "finish None", "close", *messages]
    assert shown(film, "b.mov") == [*failed, "message 0 of 2 files uploaded, 2 failed", "close"]


def test_quiet_prints_only_errors(box: Run, mock: MockServer, film: str) -> None:
    assert box("upload", film, "--folder-id", "0", "--quiet") == (0, "", "")

    mock.state.faults.add(Failure(operation="create_version_upload_session", status=403, code="access_denied"))
    code, out, err = box("upload", film, "--file-id", "12345", "-q")
    assert (code, out, err.startswith(f"error: {film}: ")) == (1, "", True)


def test_a_terminal_gets_a_progress_bar_with_the_known_sizes(
    box: Run, film: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = list[object]()

    class Recorder(QuietDisplay):
        def __init__(self, known: list[int | None], *, results_here: bool) -> None:
            sizes.append((known, results_here))

    (tmp_path / "b.mov").write_bytes(bytes(SIZE + 1))
    monkeypatch.setattr("box_uploads.cli.upload.ProgressBar", Recorder)
    for terminal in (sys.stderr, sys.stdout):
        monkeypatch.setattr(terminal, "isatty", lambda: True)
        box("upload", film, "b.mov", "memory://none.mov", "gone.mov", "--folder-id", "0")
    monkeypatch.setenv("TERM", "dumb")
    box("upload", film, "--folder-id", "0")

    known = [SIZE, SIZE + 1, None, 0]
    assert sizes == [(known, False), (known, True)]


def test_a_url_that_cannot_be_opened_is_reported_before_anything_is_sent(
    box: Run, mock: MockServer, film: str, tmp_path: Path
) -> None:
    (tmp_path / "no.zip").write_bytes(b"no zip")
    code, out, err = box("upload", film, f"zip://a.mov::file://{tmp_path}/no.zip", "--folder-id", "0", "--json")

    assert (code, mock.state.request_log) == (2, ())
    assert [json.loads(line)["outcome"] for line in out.splitlines()] == ["skipped", "failed"]
    assert "is a URL that fsspec cannot open: BadZipFile" in err
    assert "Traceback" not in err


BAD_NAME = (
    ": the file name breaks the rule: Name of the file, 1 to 255 characters, without slash, backslash or control"
    " characters, and neither `.` nor `..`"
)
PIPED = "pipe it to stdin: box-uploads upload - --size BYTES --name NAME"
PATHS: list[tuple[str, int, str, str]] = [
    ("missing", 2, ": No such file or directory", "check the spelling; relative paths start at {folder}"),
    ("film.mov/x", 2, ": Not a directory", "check the spelling; relative paths start at {folder}"),
    (
        "{folder}/missing",
        2,
        ": No such file or directory",
        "check the spelling, and whether the volume is mounted",
    ),
    ("memory://x", 2, ": FileNotFoundError: /x", "check the URL; fsspec finds no file there"),
    (
        "nowhere://b/x",
        2,
        ": is a URL that fsspec cannot open: Protocol not known: nowhere",
        f"install the package that fsspec needs for this URL, or {PIPED}",
    ),
    ("back\\slash.mov", 2, BAD_NAME, "upload it on its own, with --name NAME"),
    ("pipe", 2, ": is a pipe or a device, whose size nobody knows", PIPED),
]


@pytest.mark.parametrize(("path", "code", "said", "hint"), PATHS, ids=[path for path, *_ in PATHS])
def test_a_path_that_cannot_be_uploaded_has_an_error_and_a_hint(
    box: Run, film: str, tmp_path: Path, *, path: str, code: int, said: str, hint: str
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "back\\slash.mov").hardlink_to(film)
    path = path.format(folder=tmp_path)
    ended, _, err = box("upload", path, "--folder-id", "0")

    assert ended == code
    assert err.splitlines() == [f"error: {path}{said}", f"hint: {hint.format(folder=tmp_path)}"]


def test_an_invalid_name_is_reported_as_the_option(box: Run, film: str) -> None:
    code, _, err = box("upload", film, "--folder-id", "0", "--name", "a/b")

    assert code == 2
    assert err.startswith("error: film.mov: --name='a/b': breaks the rule: ")


def test_a_wrong_size_of_stdin_has_an_error_and_a_hint(box: Run, film: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Path(film).open(encoding="utf-8") as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        code, _, err = box("upload", "-", "--folder-id", "0", "--name", "a.mov", "--size", "20000001")

    assert code == 2
    assert err.splitlines() == [
        "error: -: --size=20000001: is not the size of the source, 20000000",
        "hint: set --size to the number of bytes on stdin, or leave it out if stdin is a file",
    ]


def test_an_invalid_base_url_names_the_option_and_the_variable(
    box: Run, film: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOX_BASE_URL", "http://example.org")
    code, _, err = box("upload", film, "--folder-id", "0")

    assert code == 2
    said, hint = err.splitlines()
    assert said.startswith("error: --base-url or BOX_BASE_URL: must be https: a token must not travel")
    assert hint == "hint: set it to https://HOST/PATH, or leave it out to use Box's own servers"


def test_the_exit_code_is_2_only_if_nothing_was_sent(
    box: Run, mock: MockServer, film: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("bad\\name.mov").hardlink_to(film)
    Path("bad\\too.mov").hardlink_to(film)
    bad = ("bad\\name.mov", "bad\\too.mov")

    assert box("upload", *bad, "--folder-id", "0")[0] == 2
    assert mock.state.request_log == ()
    assert box("upload", *bad, "missing", "--folder-id", "0")[0] == 2
    assert box("upload", film, *bad, "--folder-id", "0")[0] == 2
    assert mock.state.request_log == ()
    assert box("upload", film, "memory://missing", "--folder-id", "0")[0] == 2
    assert mock.state.request_log == ()

    def refuse(*_: Any) -> NoReturn:
        raise errors.InvalidArgumentError("source", "must give bytes when it is read")

    monkeypatch.setattr(SeekableSource, "window", refuse)
    assert box("upload", film, "--file-id", "12345")[0] == 1


def test_a_folder_above_the_state_directory_has_no_hint_about_it(box: Run, tmp_path: Path) -> None:
    code, _, err = box("upload", str(tmp_path), "--folder-id", "0")

    assert code == 2
    assert "--state-dir" not in err


WRONG = ("missing.mov", "folder", "pipe", "small.mov", "back\\slash.mov", "other/film.mov")


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["the good one first", "the good one last"])
def test_all_paths_are_checked_before_the_first_byte_is_sent(
    box: Run, mock: MockServer, film: str, order: tuple[int, int]
) -> None:
    Path("folder").mkdir()
    Path("other").mkdir()
    os.mkfifo("pipe")
    Path("small.mov").write_bytes(bytes(SIZE - 1))
    for name in WRONG[-2:]:
        Path(name).hardlink_to(film)
    groups = ([film], list(WRONG))
    paths = [path for group in order for path in groups[group]]
    code, out, err = box("upload", *paths, "--folder-id", "0", "--json")

    # Of two of one name, the second one is told.
    bad = set(WRONG) if order == (0, 1) else {*WRONG[:-1], film}
    assert (code, mock.state.request_log) == (2, ())
    said = [json.loads(line) for line in out.splitlines()]
    assert [item["path"] for item in said] == paths
    assert {item["path"] for item in said if item["outcome"] == "failed"} == bad
    assert {item["outcome"] for item in said if item["path"] not in bad} == {"skipped"}
    for path in bad:
        assert f"error: {path}: " in err
    assert err.splitlines()[-1] == "6 of 7 files cannot be uploaded; nothing was sent"


def test_two_paths_with_the_same_name_have_an_error_and_a_hint(box: Run, mock: MockServer, film: str) -> None:
    code, _, err = box("upload", film, f"./{film}", "--folder-id", "0")

    assert (code, mock.state.request_log) == (2, ())
    assert err.splitlines()[:2] == [
        "error: ./film.mov: the file name is the same as that of film.mov",
        "hint: upload it on its own, with --name NAME",
    ]


@pytest.mark.parametrize(
    ("others", "files"), [(("a.mov",), "1 file was"), (("a.mov", "b.mov", "c.mov"), "3 files were")]
)
def test_an_error_that_ends_the_batch_names_the_files_that_were_not_tried(
    box: Run, mock: MockServer, film: str, others: tuple[str, ...], files: str
) -> None:
    for name in others:
        Path(name).hardlink_to(film)
    mock.state.faults.add(Failure(operation="create_upload_session", status=401, times=2))
    code, out, err = box("upload", film, *others, "--folder-id", "0", "--json")

    assert code == 1
    outcomes = [(item["path"], item["outcome"]) for item in map(json.loads, out.splitlines())]
    assert outcomes == [(film, "failed"), *((name, "skipped") for name in others)]
    assert err.splitlines()[-2:] == [
        f"error: {files} not tried: {', '.join(others)}",
        f"0 of {len(others) + 1} files uploaded, 1 failed, {len(others)} not tried",
    ]
    mock.state.faults.clear()
