"""Usage: what is wrong with a command is told in one line with a hint, before anything is sent."""

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
    ("upload a.mov", "say where it goes: --folder-id for a new file, --file-id for a new version"),
    ("upload a.mov b.mov --file-id 1", "--file-id is for one file, and there are 2 paths"),
    ("upload a.mov b.mov --folder-id 0 --name c", "--name is for one file, and there are 2 paths"),
    ("upload a.mov - --folder-id 0", "stdin (-) is uploaded alone"),
    ("upload a.mov --folder-id 0 --size 20000000", "--size is for stdin (-)"),
    ("upload a.mov --folder-id 0 --if-match 1", "--if-match is for a new version: --file-id"),
    ("upload - --folder-id 0", "stdin (-) has no name; give one: --name"),
    ("upload - --folder-id 0 --name a --resume", "stdin (-) cannot be read again, so its upload cannot be resumed"),
    ("upload a.mov --folder-id 0 --workers 65", "Invalid value for '--workers': 65 is not in the range 1<=x<=64."),
    ("upload a.mov --folder-id 0 --rate 3", "No such option '--rate'."),
    ("session create --size 20000000", "a new file needs --folder-id and --name, a new version --file-id"),
    ("session create --folder-id 0 --name a --size 1", "--size=1: must be at least 20000000 "),
    ("session status", "Missing argument 'SESSION'"),
    ("upload a.mov --folder-id=", "Invalid value for '--folder-id': must not be empty"),
    ("upload a.mov --folder-id 0 --name=", "Invalid value for '--name': must not be empty"),
    ("upload a.mov --folder-id abc", "Invalid value for '--folder-id': 'abc' is no decimal number, as an id at Box is"),
    ("upload a.mov --file-id 1_0", "Invalid value for '--file-id': '1_0' is no decimal number, as an id at Box is"),
    ("session create --file-id x --size 20000000", "Invalid value for '--file-id': 'x' is no decimal number"),
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
def test_wrong_usage_is_told_with_exit_code_2(box: Run, mock: MockServer, command: str, message: str) -> None:
    code, out, err = box(*command.split())

    assert (code, out) == (2, "")
    assert err.startswith(f"box-uploads: error: {message}")
    assert not mock.state.request_log


@pytest.mark.parametrize("wrong", [("--workers", "0"), ("--nothing",), ("--folder-id", "abc"), ("--size",)])
def test_wrong_usage_is_told_to_a_machine_as_well(box: Run, wrong: tuple[str, ...]) -> None:
    code, out, _ = box("upload", "a.mov", "--json", *wrong)

    told = json.loads(out)
    error = told.pop("error")
    assert (code, error["type"], list(error)) == (2, "UsageError", ["type", "message"])
    # click does not say of which command it is, if an option lacks its value.
    hint = f"box-uploads{'' if wrong == ('--size',) else ' upload'} --help tells more"
    assert told == {"outcome": "failed", "session": None, "resumable": False, "hints": [hint]}


def test_a_file_of_that_name_is_no_option(box: Run) -> None:
    code, out, _ = box("upload", "--nothing", "--", "--json")

    assert (code, out) == (2, "")


@pytest.mark.parametrize("command", [("upload", "a.mov", "", "--folder-id", "0"), ("session", "status", "")])
def test_an_empty_argument_is_told_before_anything_is_sent(
    box: Run, mock: MockServer, command: tuple[str, ...]
) -> None:
    code, _, err = box(*command)

    assert (code, mock.state.request_log) == (2, ())
    assert "must not be empty" in err


def test_without_a_token_it_says_where_to_put_one(box: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BOX_ACCESS_TOKEN")
    code, out, err = box("upload", "a.mov", "--folder-id", "0")

    assert (code, out) == (2, "")
    assert err == (
        "box-uploads: error: there is no token\n"
        "hint: set BOX_ACCESS_TOKEN, or name a file that holds one: --token-file; an argument could be seen by others\n"
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
def test_an_empty_variable_is_not_taken_for_one_that_is_not_set(
    box: Run, mock: MockServer, monkeypatch: pytest.MonkeyPatch, variable: str, said: str
) -> None:
    monkeypatch.setenv(variable, "")
    for command in ("upload a.mov --folder-id 0", "session status S1"):
        code, out, err = box(*command.split())

        assert (code, out, mock.state.request_log) == (2, "", ())
        assert err.startswith(f"box-uploads: error: {said}\nhint: ")


def test_an_empty_variable_does_not_matter_where_an_option_says_it(
    box: Run, mock: MockServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text(mock.token)
    for variable in ("BOX_ACCESS_TOKEN", "BOX_BASE_URL", "BOX_UPLOADS_STATE_DIR"):
        monkeypatch.setenv(variable, "")
    access = ("--token-file", "token", "--base-url", mock.base_url, "--state-dir", "state")

    assert box("session", "create", "--file-id", "12345", "--size", "20000000", *access)[0] == 0


def test_a_token_as_an_argument_is_refused_and_not_repeated(box: Run) -> None:
    code, out, err = box("upload", "a.mov", "--folder-id", "0", "--token=s3cr3t")

    assert (code, out) == (2, "")
    assert "--token-file" in err
    assert "s3cr3t" not in err


@pytest.mark.parametrize(
    ("content", "said"), [(b"", "token: must be a non-empty string"), (b"a b", "token: "), (b"\xff", "token: ")]
)
def test_a_file_without_a_token_is_told_before_anything_is_sent(
    box: Run, mock: MockServer, tmp_path: Any, content: bytes, said: str
) -> None:
    (tmp_path / "token").write_bytes(content)
    code, _, err = box("upload", "a.mov", "--folder-id", "0", "--token-file", "token")

    assert (code, mock.state.request_log) == (2, ())
    assert err.startswith(f"box-uploads: error: {said}")


def test_without_arguments_it_shows_its_help(box: Run) -> None:
    code, out, err = box()

    assert (code, out) == (2, "")
    assert err.startswith("Usage: box-uploads [OPTIONS] COMMAND [ARGS]...\n")


def test_it_knows_its_version(box: Run) -> None:
    assert box("--version") == (0, f"box-uploads {__version__}\n", "")


def test_help_says_the_exit_codes_and_what_resuming_is(box: Run) -> None:
    code, out, _ = box("--help")
    assert code == 0
    assert "0 done, 1 failed, 2 wrong usage (nothing was sent), 130 interrupted" in " ".join(out.split())
    assert "makes each file once" in " ".join(box("upload", "--help")[1].split())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_script(box: Run, shell: str) -> None:
    code, out, _ = box("completion", shell)

    assert code == 0
    assert f"_BOX_UPLOADS_COMPLETE={shell}_complete" in out


def test_a_shell_is_told_the_options_that_go_on_a_word() -> None:
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
def test_bash_completes_what_is_typed(tmp_path: Path) -> None:
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


def test_stdin_without_a_size_says_which_option_is_missing(box: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Pipe(b"x")))
    code, _, err = box("upload", "-", "--folder-id", "0", "--name", "a.mov")

    assert code == 2
    assert err.startswith("box-uploads: error: stdin (-) is a pipe, whose size nobody knows; give it: --size\nhint: ")


@pytest.mark.parametrize("place", ["nothing", "folder"])
def test_a_token_file_that_cannot_be_read_is_told_as_one(
    box: Run, mock: MockServer, tmp_path: Path, place: str
) -> None:
    (tmp_path / "folder").mkdir()
    code, _, err = box("upload", "a.mov", "--folder-id", "0", "--token-file", place)

    assert (code, mock.state.request_log) == (1, ())
    assert err.splitlines()[0].endswith(f": {place}")
    assert err.splitlines()[1] == "hint: --token-file names a file that holds an access token and nothing else"


def test_a_token_of_a_pipe_is_read_once(box: Run, mock: MockServer) -> None:
    reading, writing = os.pipe()
    os.write(writing, f"{mock.token}\n".encode())
    os.close(writing)
    code, _, err = box(
        "session", "create", "--file-id", "12345", "--size", "20000000", "--token-file", f"/dev/fd/{reading}"
    )
    os.close(reading)

    assert (code, err) == (0, "")


def test_a_pipe_without_a_writer_holds_no_token(box: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "token")
    code, _, err = box("upload", "a.mov", "--folder-id", "0", "--token-file", "token")

    assert code == 2
    assert err.startswith("box-uploads: error: token: must be a non-empty string")


def test_certificates_that_are_missing_are_named(box: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent")
    code, _, err = box("upload", "a.mov", "--folder-id", "0")

    assert code == 1
    assert err.startswith("box-uploads: error: No such file or directory: /nonexistent\nhint: SSL_CERT_FILE ")


def test_a_path_of_no_api_is_not_taken_for_a_wrong_folder_alone(box: Run, mock: MockServer) -> None:
    base_url = mock.base_url.replace("2.0", "3.0")
    code, _, err = box("session", "create", "--file-id", "12345", "--size", "20000000", "--base-url", base_url)
    assert (code, "--base-url" in err) == (1, True)

    code, _, err = box("session", "create", "--folder-id", "404", "--name", "a.mov", "--size", "20000000")
    assert (code, "--base-url" in err) == (1, False)


def test_a_session_that_is_not_known_here_is_told_with_what_is_enough_anywhere(box: Run) -> None:
    code, out, err = box("session", "status", "S1")

    hint = "`box-uploads session create --json` prints a session; a file with that is enough anywhere"
    assert (code, out) == (1, "")
    assert err == f"box-uploads: error: session S1 is not known here\nhint: {hint}\n"


def test_help_says_what_is_taken_by_default(box: Run) -> None:
    said = " ".join(box("upload", "--help")[1].split())

    assert "the environment variable BOX_ACCESS_TOKEN" in said
    assert "[default: Box's own servers]" in said
    assert f"[default:{user_state_path('box-uploads', appauthor=False)}]" in said.replace(" ", "")
    assert "needed if that is a pipe" in said
    assert "is sent again, for up to 10 minutes" in said


ACCESS = {
    "--token-file": "File or pipe with the access token; a file is read again when the token expires."
    " [default: the token is in the environment variable BOX_ACCESS_TOKEN]",
    "--base-url": "URL Where the API is. [default: Box's own servers] [env var: BOX_BASE_URL]",
    "--trusted-host": "HOST A further host that may get the token if Box's answers lead there; may be repeated.",
    "--json": "Print a JSON object for each result, one on a line.",
    "--state-dir": "FOLDER Folder of journals, by which interrupted uploads go on, and of sessions.",
    "-h, --help": "Show this message and exit.",
}
TARGET = {"--file-id": "ID File that gets a new version."}
HELP = {
    "upload": {
        **ACCESS,
        **TARGET,
        "--folder-id": "ID Folder that gets the files; 0 is the root folder.",
        "--name": "NAME Name of the file at Box. [default: that of PATH, or with --file-id the present one]",
        "--size": "BYTES Size of what comes from stdin; needed if that is a pipe. [x>=0]",
        "--if-match": "ETAG With --file-id: only if the file still has this etag.",
        "--resume / --no-resume": "Whether a journal is kept, by which the same command goes on after an interruption"
        " or a crash. [default: --resume, but for stdin]",
        "--workers": "Parts that are sent at a time. [default: 4; 1<=x<=64]",
        "-q, --quiet": "Show nothing but errors, and with --json the objects.",
    },
    "session create": {
        **ACCESS,
        **TARGET,
        "--folder-id": "ID Folder that gets the file; 0 is the root folder.",
        "--name": "NAME Name of the file at Box.",
        "--size": "BYTES Size of the whole file. [required]",
    },
    "session status": ACCESS,
    "session parts": ACCESS,
    "session abort": ACCESS,
}


@pytest.mark.parametrize(
    ("command", "option", "said"), [(command, *one) for command, options in HELP.items() for one in options.items()]
)
def test_help_says_of_each_option_what_it_takes_and_does(box: Run, command: str, option: str, said: str) -> None:
    code, out, err = box(*command.split(), "--help")

    assert (code, err, max(map(len, out.splitlines())) <= 100) == (0, "", True)
    words = " ".join(out.partition("Options:\n")[2].split())
    assert re.search(rf"(?:^| ){re.escape(option)} (?:(?:PATH|INTEGER RANGE) )?{re.escape(said)}", words), words


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("", "Usage: box-uploads [OPTIONS] COMMAND [ARGS]... Upload large files to Box, in parts: several at a time,"),
        ("", "The token comes from BOX_ACCESS_TOKEN or from the file of --token-file, never from an argument."),
        ("", "completion Print the script of a shell that completes options."),
        ("", "session Work with single upload sessions."),
        ("", "upload Upload files: paths, URLs, or stdin."),
        ("", "130 interrupted (the same command goes on, but for --no-resume)."),
        ("upload", "Usage: box-uploads upload [OPTIONS] PATH... Upload files, one after the other:"),
        ("upload", "All of them are looked at first; if one cannot be uploaded, nothing is sent."),
        ("session", "SESSION is the id of a session that this user has made on this machine,"),
        ("session create", "Create a session, which also checks the name, the folder and the storage."),
        ("session status", "Usage: box-uploads session status [OPTIONS] SESSION Show how far a session is."),
        ("session parts", "[OPTIONS] SESSION List the parts that a session holds, one on a line."),
        ("session abort", "[OPTIONS] SESSION End a session, and drop the parts that it holds."),
    ],
)
def test_help_says_what_a_command_does(box: Run, command: str, said: str) -> None:
    assert said in " ".join(box(*command.split(), "-h")[1].split())


@pytest.mark.parametrize("as_json", [False, True])
def test_ctrl_c_outside_of_an_upload_is_one_line_and_an_object(
    box: Run, monkeypatch: pytest.MonkeyPatch, *, as_json: bool
) -> None:
    class Interrupted(io.BytesIO):
        def read(self, _size: int | None = -1) -> NoReturn:
            raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Interrupted()))
    code, out, err = box("session", "status", "-", *(["--json"] if as_json else []))

    assert (code, err.strip()) == (130, "box-uploads: interrupted")
    told: dict[str, Any] = {"outcome": "interrupted", "session": None, "resumable": False, "hints": [], "error": None}
    assert (json.loads(out) if as_json else out) == (told if as_json else "")


def test_no_help_is_cut_short_or_loses_its_lines(box: Run) -> None:
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
