"""The demo says what happened, and fails when something is off."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from box_uploads_mock import default_world

from tests.flow import demo

RUN: Any = subprocess.run


@pytest.fixture(autouse=True)
def _few_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "WARM_UP_CALLS", 1)
    monkeypatch.setattr(demo, "UPLOAD_SIZE", 20_000_000)


@pytest.fixture
def lines() -> list[str]:
    lines: list[str] = []
    demo.show(lines.append, calls=2)
    return lines


def test_the_demo_shows_sessions_a_conflict_a_refusal_times_and_uploads_of_each_size(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert text.count("   session  ") == 3
    assert "ConflictError" in text
    assert "in the way   file 12345, Contract.pdf" in text
    assert "InvalidArgumentError" in text
    assert "sent         nothing" in text
    assert [line.split()[0] for line in lines if line.endswith(" ms")] == ["Client", "AsyncClient"]
    words = " ".join(text.split())
    assert "command python -m box_uploads.cli upload Empty.txt Notes.bin Interview.mov --folder-id 0" in words
    assert "printed sign-in client credentials" in words
    assert lines.count("   printed      Interview.mov: 20.0 MB, 3 parts of 8.4 MB") == 2
    digests = [line.split()[2] for line in lines if line.startswith("   sha1 ")]
    assert (digests[::2], len(digests), len(digests[-1])) == (digests[1::2], 8, 40)
    assert all(f"bytes, sha1 {digest}, etag 0" in words for digest in digests[:-2:2])
    assert f"bytes, sha1 {digests[-1]}, etag 1" in words
    assert "   sent         1 of 3 parts; Box has the others already" in lines
    assert lines[-1] == "Done: every response matched the contract."


def test_the_demo_fits_a_plain_terminal_and_shows_no_token(lines: list[str]) -> None:
    assert all(line.isascii() and len(line) <= 80 for line in lines)
    assert not any(secret in "\n".join(lines) for secret in ("mock-token", default_world().apps[0].client_secret))


def test_the_demo_succeeds_with_exit_code_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert demo.main(calls=2) == 0

    output = capsys.readouterr()
    assert output.out.endswith("Done: every response matched the contract.\n")
    assert output.err == ""


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("UPLOAD_SIZE", 1_000, "0 parts were sent"),
        ("UPLOAD_NAME", "Contract.pdf", "the command ended with 1"),
        ("TAKEN_NAME", "Free.pdf", "a second file with the same name was let in"),
        ("TOO_SMALL", 20_000_000, "a file that is too small was let in"),
        # Larger than the mock's limit for one file.
        ("FILE_SIZE", 2**50, "ForbiddenError: 403 file_size_limit_exceeded"),
    ],
)
def test_the_demo_fails_with_exit_code_1_when_something_is_off(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: object, message: str
) -> None:
    monkeypatch.setattr(demo, name, value)

    assert demo.main(calls=2) == 1

    output = capsys.readouterr()
    assert "All went well" not in output.out
    assert message in output.err


def test_the_command_that_is_shown_is_the_one_that_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []

    def record(command: list[str], **settings: Any) -> Any:
        commands.append(command)
        return RUN(command, **settings)

    monkeypatch.setattr(subprocess, "run", record)
    lines: list[str] = []
    demo.show(lines.append, calls=2)

    words = " ".join(" ".join(lines).split())
    assert len(commands) == 3
    for program, *arguments in commands:
        assert program == sys.executable
        assert f"command python {shlex.join(arguments)} printed" in words


def test_the_demo_fails_with_exit_code_1_when_other_bytes_are_stored(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run_with_other_bytes(*arguments: Any, cwd: Path, **settings: Any) -> Any:
        (cwd / demo.UPLOAD_NAME).write_bytes(bytes(20_000_000))
        return RUN(*arguments, cwd=cwd, **settings)

    monkeypatch.setattr(subprocess, "run", run_with_other_bytes)

    assert demo.main(calls=2) == 1
    assert "the stored bytes of Interview.mov differ from the file" in capsys.readouterr().err
