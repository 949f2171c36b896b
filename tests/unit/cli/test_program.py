"""Usage: errors in a command, the help, and completion."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

import pytest
from box_uploads import __version__
from box_uploads_mock import MockServer
from platformdirs import user_state_path

from .conftest import Run

WRONG: list[tuple[str, str]] = [
    ("upload", "Missing argument 'PATH...'"),
    ("upload a.mov", "--folder-id is required for a new file, or --file-id for a new version"),
    ("upload a.mov b.mov --file-id 1", "--file-id is for a single path, but 2 are given"),
    ("upload a.mov b.mov --folder-id 0 --name c", "--name is for a single path, but 2 are given"),
    ("upload a.mov - --folder-id 0", "stdin (-) cannot be combined with other paths"),
    ("upload a.mov --folder-id 0 --size 20000000", "--size is only for stdin (-)"),
    ("upload a.mov --folder-id 0 --if-match 1", "--if-match requires --file-id"),
    ("upload - --folder-id 0", "stdin (-) has no name; set --name"),
    ("upload - --folder-id 0 --name a --resume", "stdin (-) cannot be read again, so its upload cannot be resumed"),
    ("upload a.mov --folder-id 0 --workers 65", "Invalid value for '--workers': 65 is not in the range 1<=x<=64."),
    ("upload a.mov --folder-id 0 --rate 3", "No such option '--rate'."),
    (
        "session create --size 20000000",
        "--folder-id and --name are required for a new file, --file-id for a new version",
    ),
    ("session create --folder-id 0 --name a --size 1", "--size=1: must be at least 20000000 "),
    ("session status", "Missing argument 'SESSION'"),
    ("upload a.mov --folder-id=", "Invalid value for '--folder-id': must not be empty"),
    ("upload a.mov --folder-id 0 --name=", "Invalid value for '--name': must not be empty"),
    (
        "upload a.mov --folder-id abc",
        "Invalid value for '--folder-id': 'abc' is not an id; ids at Box are decimal numbers",
    ),
    ("upload a.mov --file-id 1_0", "Invalid value for '--file-id': '1_0' is not an id; ids at Box are decimal numbers"),
    ("session create --file-id x --size 20000000", "Invalid value for '--file-id': 'x' is not an id;"),
    ("upload a.mov --folder-id 0 --token-file=", "Invalid value for '--token-file': must not be empty"),
    (
        "upload a.mov --folder-id 0 --state-dir=",
        "Invalid value for '--state-dir' (env var: 'BOX_UPLOADS_STATE_DIR'): must not",
    ),
    ("upload a.mov --folder-id 0 --trusted-host http://x", "--trusted-host='http://x': must be a host, or host:port"),
    ("completion", "Missing argument '{bash|zsh|fish}'. Choose from: bash, zsh, fish"),
    ("completion tcsh", "Invalid value for '{bash|zsh|fish}': 'tcsh' is not one of 'bash', 'zsh', 'fish'."),
    ("download", "No such command 'download'."),
]


@pytest.mark.parametrize(("command", "message"), WRONG, ids=[command for command, _ in WRONG])
def test_a_usage_error_has_exit_code_2(box: Run, mock: MockServer, command: str, message: str) -> None:
    code, out, err = box(*command.split())

    assert (code, out) == (2, "")
    assert err.startswith(f"error: {message}")
    assert not mock.state.request_log


@pytest.mark.parametrize("wrong", [("--workers", "0"), ("--nothing",), ("--folder-id", "abc"), ("--size",)])
def test_a_usage_error_is_a_json_object_too(box: Run, wrong: tuple[str, ...]) -> None:
    code, out, _ = box("upload", "a.mov", "--json", *wrong)

    told = json.loads(out)
    error = told.pop("error")
    assert (code, error["type"], list(error)) == (2, "UsageError", ["type", "message"])
    # click does not say of which command it is, if an option lacks its value.
    hint = f"see `box-uploads{'' if wrong == ('--size',) else ' upload'} --help`"
    assert told == {"outcome": "failed", "session": None, "resumable": False, "hints": [hint]}


def test_a_path_named_like_the_json_option_is_not_the_option(box: Run) -> None:
    code, out, _ = box("upload", "--nothing", "--", "--json")

    assert (code, out) == (2, "")


@pytest.mark.parametrize("command", [("upload", "a.mov", "", "--folder-id", "0"), ("session", "status", "")])
def test_an_empty_argument_is_a_usage_error(box: Run, mock: MockServer, command: tuple[str, ...]) -> None:
    code, _, err = box(*command)

    assert (code, mock.state.request_log) == (2, ())
    assert "must not be empty" in err


def test_a_missing_token_has_a_hint(box: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BOX_ACCESS_TOKEN")
    code, out, err = box("upload", "a.mov", "--folder-id", "0")

    assert (code, out) == (2, "")
    assert err == (
        "error: no access token is given\n"
        "hint: set BOX_ACCESS_TOKEN, or name a file with --token-file; other users could see a token in an argument\n"
    )


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        ("BOX_ACCESS_TOKEN", "BOX_ACCESS_TOKEN must not be empty"),
        ("BOX_BASE_URL", "Invalid value for '--base-url' (env var: 'BOX_BASE_URL'): must not be empty"),
        (
            "BOX_UPLOADS_STATE_DIR",
            "Invalid value for '--state-dir' (env var: 'BOX_UPLOADS_STATE_DIR'): must not be empty",
        ),
    ],
)
def test_an_empty_variable_is_a_usage_error(
    box: Run, mock: MockServer, monkeypatch: pytest.MonkeyPatch, variable: str, said: str
) -> None:
    monkeypatch.setenv(variable, "")
    for command in ("upload a.mov --folder-id 0", "session status S1"):
        code, out, err = box(*command.split())

        assert (code, out, mock.state.request_log) == (2, "", ())
        assert err.startswith(f"error: {said}\nhint: ")


def test_an_option_overrides_an_empty_variable(
    box: Run, mock: MockServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text(mock.token)
    for variable in ("BOX_ACCESS_TOKEN", "BOX_BASE_URL", "BOX_UPLOADS_STATE_DIR"):
        monkeypatch.setenv(variable, "")
    access = ("--token-file", "token", "--base-url", mock.base_url, "--state-dir", "state")

    assert box("session", "create", "--file-id", "12345", "--size", "20000000", *access)[0] == 0


def test_a_token_as_an_argument_is_refused_and_not_printed(box: Run) -> None:
    code, out, err = box("upload", "a.mov", "--folder-id", "0", "--token=s3cr3t")

    assert (code, out) == (2, "")
    assert "--token-file" in err
    assert "s3cr3t" not in err


@pytest.mark.parametrize(
    ("content", "said"), [(b"", "token: must be a non-empty string"), (b"a b", "token: "), (b"\xff", "token: ")]
)
def test_a_file_without_a_token_is_a_usage_error(
    box: Run, mock: MockServer, tmp_path: Any, content: bytes, said: str
) -> None:
    (tmp_path / "token").write_bytes(content)
    code, _, err = box("upload", "a.mov", "--folder-id", "0", "--token-file", "token")

    assert (code, mock.state.request_log) == (2, ())
    assert err.startswith(f"error: {said}")


def test_without_arguments_the_help_is_printed(box: Run) -> None:
    code, out, err = box()

    assert (code, out) == (2, "")
    assert err.startswith("Usage: box-uploads [OPTIONS] COMMAND [ARGS]...\n")


def test_the_version_is_printed(box: Run) -> None:
    assert box("--version") == (0, f"box-uploads {__version__}\n", "")


def test_the_help_lists_the_exit_codes(box: Run) -> None:
    code, out, _ = box("--help")
    assert code == 0
    assert "0 done, 1 failed, 2 wrong usage (nothing was sent), 130 interrupted" in " ".join(out.split())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_the_script_of_each_shell(box: Run, shell: str) -> None:
    code, out, _ = box("completion", shell)

    assert code == 0
    assert f"_BOX_UPLOADS_COMPLETE={shell}_complete" in out


def test_the_program_completes_an_option() -> None:
    asked = {"_BOX_UPLOADS_COMPLETE": "bash_complete", "COMP_WORDS": "box-uploads upload --fo", "COMP_CWORD": "2"}
    paths = os.pathsep.join(filter(None, sys.path))
    ended = subprocess.run(
        [sys.executable, "-m", "box_uploads.cli"],
        env=os.environ | asked | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ended.stdout, ended.stderr) == ("plain,--folder-id\n", "")


# What bash does when the tab key is pressed; it empties the replies itself.
BASH = """
eval "$(box-uploads completion bash)"
for words in "box-uploads ses" "box-uploads session st" "box-uploads upload --fo"; do
    COMP_WORDS=($words) COMP_CWORD=$(($(wc -w <<< "$words") - 1)) COMPREPLY=()
    "$(complete -p box-uploads | sed 's/.*-F \\([^ ]*\\).*/\\1/')" box-uploads
    echo "$words: ${COMPREPLY[*]}"
done
"""


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_completes_commands_and_options(tmp_path: Path) -> None:
    program = tmp_path / "box-uploads"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m box_uploads.cli "$@"\n')
    program.chmod(0o755)
    paths = os.pathsep.join(filter(None, sys.path))
    ended = subprocess.run(
        ["bash", "--norc", "-c", BASH],
        env=os.environ | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.stderr == ""
    assert ended.stdout.splitlines() == [
        "box-uploads ses: session",
        "box-uploads session st: status",
        "box-uploads upload --fo: --folder-id",
    ]


def test_a_pipe_on_stdin_requires_the_size(box: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Pipe(b"x")))
    code, _, err = box("upload", "-", "--folder-id", "0", "--name", "a.mov")

    assert code == 2
    assert err.startswith("error: stdin (-) is a pipe of unknown size; set --size\nhint: ")


@pytest.mark.parametrize("place", ["nothing", "folder"])
def test_an_unreadable_token_file_has_a_hint(box: Run, mock: MockServer, tmp_path: Path, place: str) -> None:
    (tmp_path / "folder").mkdir()
    code, _, err = box("upload", "a.mov", "--folder-id", "0", "--token-file", place)

    assert (code, mock.state.request_log) == (1, ())
    assert err.startswith(f"error: {place}: ")
    assert err.splitlines()[1] == "hint: set --token-file to a file that contains an access token and nothing else"


def test_a_token_is_read_from_a_pipe_once(box: Run, mock: MockServer) -> None:
    reading, writing = os.pipe()
    os.write(writing, f"{mock.token}\n".encode())
    os.close(writing)
    code, _, err = box(
        "session", "create", "--file-id", "12345", "--size", "20000000", "--token-file", f"/dev/fd/{reading}"
    )
    os.close(reading)

    assert (code, err) == (0, "")


def test_a_token_pipe_without_a_writer_does_not_block(box: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "token")
    code, _, err = box("upload", "a.mov", "--folder-id", "0", "--token-file", "token")

    assert code == 2
    assert err.startswith("error: token: must be a non-empty string")


def test_missing_certificates_have_a_hint(box: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent")
    code, _, err = box("upload", "a.mov", "--folder-id", "0")

    assert code == 1
    assert err.startswith("error: /nonexistent: No such file or directory\nhint: set SSL_CERT_FILE ")


def test_a_404_that_names_no_item_has_a_hint_about_the_base_url(box: Run, mock: MockServer) -> None:
    base_url = mock.base_url.replace("2.0", "3.0")
    code, _, err = box("session", "create", "--file-id", "12345", "--size", "20000000", "--base-url", base_url)
    assert (code, "--base-url" in err) == (1, True)

    code, _, err = box("session", "create", "--folder-id", "404", "--name", "a.mov", "--size", "20000000")
    assert (code, "--base-url" in err) == (1, False)


def test_the_help_shows_the_default_state_directory(box: Run) -> None:
    said = " ".join(box("upload", "--help")[1].split())

    assert f"[default:{user_state_path('box-uploads', appauthor=False)}]" in said.replace(" ", "")


ACCESS = {
    "--token-file": "File or pipe that contains the access token. A file is read again when the token expires."
    " [default: the environment variable BOX_ACCESS_TOKEN]",
    "--base-url": "URL URL of the API. [default: Box's own servers] [env var: BOX_BASE_URL]",
    "--trusted-host": "HOST Additional host that may receive the token, such as a proxy for Box; may be repeated.",
    "--json": "Print each result as a JSON object on its own line.",
    "--state-dir": "FOLDER Folder for the journals of unfinished uploads, and for sessions.",
    "-h, --help": "Show this message and exit.",
}
TARGET = {"--file-id": "ID File that gets a new version."}
HELP = {
    "upload": {
        **ACCESS,
        **TARGET,
        "--folder-id": "ID Folder of the new files; 0 is the root folder.",
        "--name": "NAME Name of the file at Box. [default: the name of PATH; with --file-id, the current name]",
        "--size": "BYTES Number of bytes on stdin; required if that is a pipe. [x>=0]",
        "--if-match": "ETAG With --file-id: fail unless the file still has this etag.",
        "--resume / --no-resume": "Keep a journal, so that the same command resumes after an interruption"
        " or a crash. [default: --resume, except for stdin]",
        "--workers": "Number of parts to upload in parallel. [default: 4; 1<=x<=64]",
        "-q, --quiet": "Print only errors, and with --json the objects.",
    },
    "session create": {
        **ACCESS,
        **TARGET,
        "--folder-id": "ID Folder of the new file; 0 is the root folder.",
        "--name": "NAME Name of the file at Box.",
        "--size": "BYTES Size of the whole file. [required]",
    },
    "session status": ACCESS,
    "session parts": ACCESS,
    "session abort": ACCESS,
}


@pytest.mark.parametrize(
    ("command", "option", "said"), [(command, *item) for command, options in HELP.items() for item in options.items()]
)
def test_the_help_describes_each_option(box: Run, command: str, option: str, said: str) -> None:
    code, out, err = box(*command.split(), "--help")

    assert (code, err, max(map(len, out.splitlines())) <= 100) == (0, "", True)
    words = " ".join(out.partition("Options:\n")[2].split())
    assert re.search(rf"(?:^| ){re.escape(option)} (?:(?:PATH|INTEGER RANGE) )?{re.escape(said)}", words), words


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("", "Usage: box-uploads [OPTIONS] COMMAND [ARGS]... Upload large files to Box: in parallel parts,"),
        ("", "The token comes from BOX_ACCESS_TOKEN or from the file of --token-file, never from an argument."),
        ("", "completion Print the completion script for a shell."),
        ("", "session Create, inspect and abort single upload sessions."),
        ("", "upload Upload files: paths, URLs, or stdin."),
        ("", "130 interrupted (the same command resumes, except with --no-resume)."),
        ("upload", "Usage: box-uploads upload [OPTIONS] PATH... Upload files, one after the other:"),
        ("upload", "All paths are checked first; if one cannot be uploaded, nothing is sent."),
        ("upload", "run the same command again: it resumes, and stores each file only once."),
        ("upload", "A part that fails is retried for up to 10 minutes."),
        ("session", "SESSION is the id of a session that this user has created on this machine,"),
        ("session create", "Create a session. Box checks the name, the folder and the free storage."),
        (
            "session status",
            "Usage: box-uploads session status [OPTIONS] SESSION Show how many parts of a session are uploaded.",
        ),
        ("session parts", "[OPTIONS] SESSION List the uploaded parts of a session, one per line."),
        ("session abort", "[OPTIONS] SESSION Abort a session, and delete its uploaded parts."),
    ],
)
def test_the_help_describes_each_command(box: Run, command: str, said: str) -> None:
    assert said in " ".join(box(*command.split(), "-h")[1].split())


@pytest.mark.parametrize("as_json", [False, True])
def test_ctrl_c_outside_an_upload_is_one_line_and_a_json_object(
    box: Run, monkeypatch: pytest.MonkeyPatch, *, as_json: bool
) -> None:
    class Interrupted(io.BytesIO):
        def read(self, _size: int | None = -1) -> NoReturn:
            raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Interrupted()))
    code, out, err = box("session", "status", "-", *(["--json"] if as_json else []))

    assert (code, err.strip()) == (130, "interrupted")
    told: dict[str, Any] = {"outcome": "interrupted", "session": None, "resumable": False, "hints": [], "error": None}
    assert (json.loads(out) if as_json else out) == (told if as_json else "")


def test_no_help_text_is_truncated_or_rewrapped(box: Run) -> None:
    assert "..." not in box("--help")[1].partition("Commands:")[2]
    lines = box("completion", "--help")[1].splitlines()
    assert [line.split()[0] for line in lines if "box-uploads completion " in line] == [
        "Usage:",
        "bash",
        "zsh",
        "fish",
    ]
    assert "compinit" in "\n".join(lines)
    assert all(line.isprintable() for line in lines)
