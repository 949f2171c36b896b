"""One result for each path, whatever comes between the stored file and the end of the run."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from box_uploads import errors
from box_uploads.cli.batch import Batch
from box_uploads.upload.journal import Journal
from box_uploads.upload.source import SeekableSource
from box_uploads_mock import MockServer

from .conftest import Run

SIZE = 20_000_000
Removal = Callable[[Journal], None]


@pytest.fixture
def film(tmp_path: Path) -> str:
    path = tmp_path / "film.mov"
    with path.open("wb") as file:
        os.truncate(file.fileno(), SIZE)
    return path.name


def test_a_result_is_told_before_the_journal_is_gone(
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


def test_a_run_that_ends_before_it_tells_has_the_next_one_tell(
    box: Run, mock: MockServer, film: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ("upload", film, "--file-id", "12345", "--json")

    def interrupted(*_: Any, **__: Any) -> NoReturn:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Batch, "_tell", interrupted)
        assert box(*command)[0] == 130
    code, out, _ = box(*command)

    told = json.loads(out)
    assert (code, told["already_there"], told["etag"]) == (0, True, "1")
    assert mock.state.files["12345"].etag == "1"


@pytest.mark.parametrize(
    ("error", "exit_code"), [(PermissionError(13, "Permission denied"), 1), (KeyboardInterrupt(), 130)]
)
def test_a_stored_file_has_one_result_though_the_run_fails_afterwards(
    box: Run, film: str, monkeypatch: pytest.MonkeyPatch, error: BaseException, exit_code: int
) -> None:
    def failing(_: Journal) -> NoReturn:
        raise error

    monkeypatch.setattr(Journal, "remove", failing)
    code, out, err = box("upload", film, "--folder-id", "0", "--json")

    assert code == exit_code
    assert [json.loads(line)["outcome"] for line in out.splitlines()] == ["stored"]
    assert film in err


def test_a_url_that_cannot_be_opened_keeps_no_other_from_being_uploaded(box: Run, film: str, tmp_path: Path) -> None:
    (tmp_path / "no.zip").write_bytes(b"no zip")
    code, out, err = box("upload", f"zip://a.mov::file://{tmp_path}/no.zip", film, "--folder-id", "0", "--json")

    assert code == 1
    assert [json.loads(line)["outcome"] for line in out.splitlines()] == ["failed", "stored"]
    assert "is a URL that fsspec cannot open: BadZipFile" in err
    assert "Traceback" not in err


BAD_NAME = (
    ": its name breaks the rule: Name of the file, 1 to 255 characters, without slash, backslash or control characters,"
    " and neither `.` nor `..`"
)
PIPED = "through stdin it can be uploaded: - --size BYTES --name NAME"
PATHS: list[tuple[str, int, str, str]] = [
    ("missing", 1, ": No such file or directory", "check how it is written; a relative path begins at {folder}"),
    ("film.mov/x", 1, ": Not a directory", "check how it is written; a relative path begins at {folder}"),
    (
        "{folder}/missing",
        1,
        ": No such file or directory",
        "check how it is written, and whether its volume is mounted",
    ),
    ("memory://x", 1, ": FileNotFoundError: /x", "check the URL; fsspec finds nothing there"),
    (
        "nowhere://b/x",
        2,
        ": is a URL that fsspec cannot open: Protocol not known: nowhere",
        f"install what fsspec needs for such a URL beside box-uploads; {PIPED}",
    ),
    ("back\\slash.mov", 2, BAD_NAME, "upload it alone, with another name: --name NAME"),
    ("pipe", 2, ": is a pipe or a device, whose size nobody knows", PIPED),
]


@pytest.mark.parametrize(("path", "code", "said", "hint"), PATHS, ids=[path for path, *_ in PATHS])
def test_what_is_wrong_with_a_path_is_told_in_words_of_the_command_line_with_a_hint(
    box: Run, film: str, tmp_path: Path, *, path: str, code: int, said: str, hint: str
) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "back\\slash.mov").hardlink_to(film)
    path = path.format(folder=tmp_path)
    ended, _, err = box("upload", path, "--folder-id", "0")

    assert ended == code
    assert err.splitlines() == [f"box-uploads: error: {path}{said}", f"hint: {hint.format(folder=tmp_path)}"]


def test_a_name_that_was_given_is_told_as_the_option(box: Run, film: str) -> None:
    code, _, err = box("upload", film, "--folder-id", "0", "--name", "a/b")

    assert code == 2
    assert err.startswith("box-uploads: error: film.mov: --name='a/b': breaks the rule: ")


def test_a_size_that_is_not_that_of_stdin_is_told_with_a_hint(
    box: Run, film: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Path(film).open(encoding="utf-8") as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        code, _, err = box("upload", "-", "--folder-id", "0", "--name", "a.mov", "--size", "20000001")

    assert code == 2
    assert err.splitlines() == [
        "box-uploads: error: -: --size=20000001: is not the size of the source, 20000000",
        "hint: --size has to be the number of bytes that come from stdin; only a pipe needs it",
    ]


def test_a_base_url_of_the_environment_is_not_blamed_on_an_option_alone(
    box: Run, film: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOX_BASE_URL", "http://example.org")
    code, _, err = box("upload", film, "--folder-id", "0")

    assert code == 2
    said, hint = err.splitlines()
    assert said.startswith("box-uploads: error: --base-url or BOX_BASE_URL: must be https: a token must not travel")
    assert hint == "hint: it says where the API is, as https://HOST/PATH; leave it out for Box's own servers"


def test_wrong_usage_is_the_exit_code_only_if_nothing_was_sent(
    box: Run, mock: MockServer, film: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("bad\\name.mov").hardlink_to(film)
    Path("bad\\too.mov").hardlink_to(film)
    bad = ("bad\\name.mov", "bad\\too.mov")

    assert box("upload", *bad, "--folder-id", "0")[0] == 2
    assert mock.state.journal == ()
    assert box("upload", *bad, "missing", "--folder-id", "0")[0] == 1
    assert box("upload", film, *bad, "--folder-id", "0")[0] == 1

    def refuse(*_: Any) -> NoReturn:
        raise errors.InvalidArgumentError("source", "must give bytes when it is read")

    monkeypatch.setattr(SeekableSource, "window", refuse)
    assert box("upload", film, "--file-id", "12345")[0] == 1


def test_a_folder_above_the_journals_gets_no_hint_about_them(box: Run, tmp_path: Path) -> None:
    code, _, err = box("upload", str(tmp_path), "--folder-id", "0")

    assert code == 1
    assert "--state-dir" not in err
