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

from .conftest import SIZE, UPLOAD, Run, objects

UPLOAD_VERSION = "upload film.mov --file-id 12345"
pytestmark = pytest.mark.usefixtures("film")


def test_a_result_is_printed_before_the_journal_is_deleted(
    box: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    printed_before: list[str] = []
    remove: Callable[[Journal], None] = Journal.remove

    def removed(journal: Journal) -> None:
        printed_before.append(capsys.readouterr().out)
        remove(journal)

    monkeypatch.setattr(Journal, "remove", removed)

    assert box(f"{UPLOAD_VERSION} --json")[:2] == (0, "")
    assert json.loads(printed_before[-1])["outcome"] == "stored"


def test_a_result_that_was_not_printed_is_printed_by_the_next_run(
    box: Run, mock: MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any, **__: Any) -> NoReturn:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Batch, "_report_stored", interrupted)
        assert box(f"{UPLOAD_VERSION} --json")[0] == 130
    code, out, _ = box(f"{UPLOAD_VERSION} --json")

    (result,) = objects(out)
    assert (code, result["already_there"], result["etag"]) == (0, True, "1")
    assert mock.state.files["12345"].etag == "1"


@pytest.mark.parametrize(
    ("error", "exit_code"), [(PermissionError(13, "Permission denied"), 1), (KeyboardInterrupt(), 130)]
)
def test_a_stored_file_has_one_result_even_if_the_run_fails_afterwards(
    box: Run, monkeypatch: pytest.MonkeyPatch, error: BaseException, exit_code: int
) -> None:
    def failing(_: Journal) -> NoReturn:
        raise error

    monkeypatch.setattr(Journal, "remove", failing)
    code, out, err = box(f"{UPLOAD} --json")

    assert (code, [result["outcome"] for result in objects(out)]) == (exit_code, ["stored"])
    assert "film.mov" in err


@pytest.mark.parametrize(
    ("command", "operation"),
    [(UPLOAD, "create_upload_session"), (UPLOAD_VERSION, "create_version_upload_session")],
)
def test_a_result_has_the_number_of_sessions_that_may_be_left(
    box: Run, mock: MockServer, monkeypatch: pytest.MonkeyPatch, command: str, operation: str
) -> None:
    monkeypatch.setattr("box_uploads.upload.retry.backoff_s", lambda *_, **__: 0.0)
    mock.state.faults.add(Failure(operation=operation, status=429), Truncation(operation=operation))
    code, out, err = box(f"{command} --json")

    assert (code, objects(out)[0]["sessions_left"], len(mock.state.sessions)) == (0, 1, 1)
    assert err.count("film.mov: uploaded; an unused session may stay open at Box until it expires.\n") == 1
    assert objects(box(f"{UPLOAD_VERSION} --json")[1])[0]["sessions_left"] == 0


@pytest.mark.parametrize(("options", "name"), [("", "film.mov"), ("--name other.mov", "other.mov")])
def test_the_line_of_a_stored_file_has_its_name_id_size_sha1_and_etag(
    box: Run, mock: MockServer, options: str, name: str
) -> None:
    code, out, err = box(f"{UPLOAD} {options}")

    (file,) = [file for file in mock.state.files.values() if file.size == SIZE]
    sha1 = hashlib.sha1(bytes(SIZE), usedforsecurity=False).hexdigest()
    assert (code, out) == (0, f"{name}: done, file {file.id}, 20,000,000 bytes, sha1 {sha1}, etag 0\n")
    assert err == "film.mov: 20.0 MB, 3 parts of 8.4 MB\n"


def test_fields_that_the_server_leaves_out_are_left_out_or_null(box: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def stored(*_: object, on_progress: Callable[[object], None], **__: object) -> None:
        on_progress(Stored(models.File(id="7", type="file", sha1="0" * 40)))

    monkeypatch.setattr("box_uploads.cli.batch.upload_file", stored)

    assert box(UPLOAD)[:2] == (0, f"film.mov: already uploaded, file 7, sha1 {'0' * 40}\n")
    code, out, _ = box(f"{UPLOAD} --json")
    result = {"path": "film.mov", "outcome": "stored", "already_there": True, "unchanged": False}
    result |= {"sessions_left": 0, "pauses": 0}
    result |= {"id": "7", "sha1": "0" * 40, "name": None, "size": None, "etag": None}
    assert (code, objects(out)) == (0, [result])


def test_the_display_is_closed_before_the_last_result(
    box: Run, mock: MockServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Recorder(QuietDisplay):
        def __init__(self) -> None:
            self.calls: list[str] = []

        def start_file(self, index: int, name: str) -> Recorder:
            self.calls.append(f"start {index} {name}")
            return self

        def show_event(self, event: object) -> None:
            """Record nothing."""

        def finish(self, size: int | None) -> None:
            self.calls.append(f"finish {size}")

        def write_message(self, line: str) -> None:
            self.calls.append(f"message {line.partition(':')[0]}")

        def write_result(self, line: str) -> None:
            self.calls.append(f"result {line.partition(':')[0]}")

        def close(self) -> None:
            self.calls.append("close")

    def calls() -> list[str]:
        recorder = Recorder()
        monkeypatch.setattr("box_uploads.cli.upload._create_display", lambda *_, **__: recorder)
        box("upload film.mov b.mov --folder-id 0 --transfers 1")
        return recorder.calls

    (tmp_path / "b.mov").write_bytes(bytes(SIZE))
    first, last = ["start 0 film.mov", f"finish {SIZE}"], ["start 1 b.mov", f"finish {SIZE}", "close"]
    assert calls() == [*first, "result film.mov", *last, "result b.mov", "close", "close"]

    mock.state.reset()
    mock.state.faults.add(Failure(operation="create_upload_session", status=403, code="access_denied", times=2))
    messages = ["message error", "message hint"]
    failed = ["start 0 film.mov", "finish None", *messages, "start 1 b.mov", "finish None", "close", *messages]
    assert calls() == [*failed, "close", "message 0 of 2 files uploaded, 2 failed", "close"]


def test_quiet_prints_only_errors(box: Run, mock: MockServer) -> None:
    assert box(f"{UPLOAD} --quiet") == (0, "", "")

    mock.state.faults.add(Failure(operation="create_version_upload_session", status=403, code="access_denied"))
    code, out, err = box(f"{UPLOAD_VERSION} -q")
    assert (code, out, err.startswith("error: film.mov: ")) == (1, "", True)


def test_a_terminal_gets_a_progress_bar_with_the_known_sizes(
    box: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = list[object]()

    class Recorder(QuietDisplay):
        def __init__(self, known: list[int | None], *, results_here: bool) -> None:
            sizes.append((known, results_here))

    (tmp_path / "b.mov").write_bytes(bytes(SIZE + 1))
    monkeypatch.setattr("box_uploads.cli.upload.ProgressBar", Recorder)
    for terminal in (sys.stderr, sys.stdout):
        monkeypatch.setattr(terminal, "isatty", lambda: True)
        box("upload film.mov b.mov memory://none.mov gone.mov --folder-id 0")
    monkeypatch.setenv("TERM", "dumb")
    box(UPLOAD)

    known = [SIZE, SIZE + 1, None, 0]
    assert sizes == [(known, False), (known, True)]


def test_a_url_that_cannot_be_opened_is_reported_before_anything_is_sent(
    box: Run, mock: MockServer, tmp_path: Path
) -> None:
    (tmp_path / "no.zip").write_bytes(b"no zip")
    code, out, err = box(f"upload film.mov zip://a.mov::file://{tmp_path}/no.zip --folder-id 0 --json")

    assert (code, mock.state.request_log) == (2, ())
    assert [result["outcome"] for result in objects(out)] == ["skipped", "failed"]
    assert "is a URL that fsspec cannot open: BadZipFile" in err
    assert "Traceback" not in err


NAME_RULE = (
    "Name of the file, 1 to 255 characters, without slash, backslash or control characters, and neither `.` nor `..`"
)
ALONE = "upload it on its own, with --name NAME"
PIPE = "pipe it to stdin: box-uploads upload - --name NAME"
SPELLING = "check the spelling; relative paths start at {folder}"
PATHS: list[tuple[str, str, str]] = [
    ("missing", "No such file or directory", SPELLING),
    ("film.mov/x", "Not a directory", SPELLING),
    ("{folder}/missing", "No such file or directory", "check the spelling, and whether the volume is mounted"),
    ("memory://x", "FileNotFoundError: /x", "check the URL; fsspec finds no file there"),
    (
        "nowhere://b/x",
        "is a URL that fsspec cannot open: Protocol not known: nowhere",
        f"install the package that fsspec needs for this URL, or {PIPE}",
    ),
    ("back\\slash.mov", f"the file name breaks the rule: {NAME_RULE}", ALONE),
    ("./film.mov", "the file name is the same as that of film.mov", ALONE),
    ("pipe", "is a pipe or a device", PIPE),
]


@pytest.mark.parametrize(("path", "error", "hint"), PATHS, ids=[path for path, *_ in PATHS])
def test_a_path_that_cannot_be_uploaded_has_an_error_and_a_hint(
    box: Run, mock: MockServer, film: Path, *, path: str, error: str, hint: str
) -> None:
    os.mkfifo("pipe")
    Path("back\\slash.mov").hardlink_to(film)
    path, hint = path.format(folder=film.parent), hint.format(folder=film.parent)
    code, _, err = box("upload film.mov --folder-id 0", path)

    assert (code, mock.state.request_log) == (2, ())
    summary = "1 of 2 files cannot be uploaded; nothing was sent"
    assert err.splitlines() == [f"error: {path}: {error}", f"hint: {hint}", summary]


def test_an_invalid_name_is_reported_as_the_option(box: Run) -> None:
    code, _, err = box(f"{UPLOAD} --name a/b")

    assert code == 2
    assert err.startswith("error: film.mov: --name='a/b': breaks the rule: ")


def test_a_wrong_size_of_stdin_has_an_error_and_a_hint(box: Run, film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with film.open(encoding="utf-8") as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        code, _, err = box("upload - --folder-id 0 --name a.mov --size 20000001")

    assert code == 2
    assert err.splitlines() == [
        "error: -: --size=20000001: must be 20000000, the size of the source",
        "hint: set --size to the number of bytes on stdin, or leave it out",
    ]


def test_an_invalid_base_url_names_the_option_and_the_variable(box: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOX_BASE_URL", "http://example.org")
    code, _, err = box(UPLOAD)

    error, hint = err.splitlines()
    assert code == 2
    assert error.startswith("error: --base-url or BOX_BASE_URL: must be https unless it is a loopback address")
    assert hint == "hint: set it to https://HOST/PATH, or leave it out to use Box's own servers"


@pytest.mark.parametrize(
    "paths",
    [
        r"'bad\name.mov' 'bad\too.mov'",
        r"'bad\name.mov' missing",
        r"film.mov 'bad\too.mov'",
        "film.mov memory://missing",
    ],
)
def test_the_exit_code_is_2_if_nothing_was_sent(box: Run, mock: MockServer, film: Path, paths: str) -> None:
    Path("bad\\name.mov").hardlink_to(film)
    Path("bad\\too.mov").hardlink_to(film)

    assert box(f"upload {paths} --folder-id 0")[0] == 2
    assert mock.state.request_log == ()


def test_the_exit_code_is_1_for_a_wrong_argument_that_is_found_later(box: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> NoReturn:
        raise errors.InvalidArgumentError("source", "must return bytes from read()")

    monkeypatch.setattr(SeekableSource, "window", refuse)
    assert box(UPLOAD_VERSION)[0] == 1


def test_a_folder_above_the_state_directory_has_no_hint_about_it(box: Run, tmp_path: Path) -> None:
    code, _, err = box(f"upload {tmp_path} --folder-id 0")

    assert code == 2
    assert "--state-dir" not in err


WRONG = ("missing.mov", "folder", "pipe", "back\\slash.mov", "other/film.mov")


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["the good one first", "the good one last"])
def test_all_paths_are_checked_before_the_first_byte_is_sent(
    box: Run, mock: MockServer, film: Path, order: tuple[int, int]
) -> None:
    Path("folder").mkdir()
    Path("other").mkdir()
    os.mkfifo("pipe")
    for name in WRONG[-2:]:
        Path(name).hardlink_to(film)
    groups = (["film.mov"], list(WRONG))
    paths = [path for group in order for path in groups[group]]
    code, out, err = box("upload --folder-id 0 --json", *paths)

    # Of two with the same name, the second one is reported.
    bad = set(WRONG) if order == (0, 1) else {*WRONG[:-1], "film.mov"}
    assert (code, mock.state.request_log) == (2, ())
    results = [(result["path"], result["outcome"]) for result in objects(out)]
    assert results == [(path, "failed" if path in bad else "skipped") for path in paths]
    assert all(f"error: {path}: " in err for path in bad)
    assert err.splitlines()[-1] == "5 of 6 files cannot be uploaded; nothing was sent"


def test_names_that_box_takes_for_the_same_are_refused_before_anything_is_sent(
    box: Run, mock: MockServer, tmp_path: Path, film: Path
) -> None:
    (tmp_path / "more").mkdir()
    Path("more/FILM.mov").hardlink_to(film)
    code, out, err = box(f"{UPLOAD} more/FILM.mov --json")

    assert (code, mock.state.request_log) == (2, ())
    assert [result["outcome"] for result in objects(out)] == ["skipped", "failed"]
    assert "error: more/FILM.mov: the file name is the same as that of film.mov, as Box ignores letter case" in err


def test_not_more_than_ten_of_the_files_that_were_not_tried_are_named(box: Run, mock: MockServer, film: Path) -> None:
    others = [f"{number:02}.mov" for number in range(12)]
    for name in others:
        Path(name).hardlink_to(film)
    mock.state.faults.add(Failure(operation="create_upload_session", status=401, times=2))
    _, out, err = box(f"{UPLOAD} --json --transfers 1", *others)

    assert len(objects(out)) == 13
    assert f"error: 12 files were not tried: {', '.join(others[:10])} and 2 more\n" in err
    mock.state.faults.clear()


@pytest.mark.parametrize(
    ("others", "files"), [(("a.mov",), "1 file was"), (("a.mov", "b.mov", "c.mov"), "3 files were")]
)
def test_an_error_that_ends_the_batch_names_the_files_that_were_not_tried(
    box: Run, mock: MockServer, film: Path, others: tuple[str, ...], files: str
) -> None:
    for name in others:
        Path(name).hardlink_to(film)
    mock.state.faults.add(Failure(operation="create_upload_session", status=401, times=2))
    code, out, err = box(f"{UPLOAD} --json --transfers 1", *others)

    results = [(result["path"], result["outcome"]) for result in objects(out)]
    assert (code, results) == (1, [("film.mov", "failed"), *((name, "skipped") for name in others)])
    assert err.splitlines()[-2:] == [
        f"error: {files} not tried: {', '.join(others)}",
        f"0 of {len(others) + 1} files uploaded, 1 failed, {len(others)} not tried",
    ]
    mock.state.faults.clear()
