"""One result for each path, whatever comes between the stored file and the end of the run."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from box_uploads.cli.batch import Batch
from box_uploads.upload.journal import Journal
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

    assert code == 2
    assert [json.loads(line)["outcome"] for line in out.splitlines()] == ["failed", "stored"]
    assert "is a URL that fsspec cannot open: BadZipFile" in err
    assert "Traceback" not in err


def test_a_folder_above_the_journals_gets_no_hint_about_them(box: Run, tmp_path: Path) -> None:
    code, _, err = box("upload", str(tmp_path), "--folder-id", "0")

    assert code == 1
    assert "--state-dir" not in err
