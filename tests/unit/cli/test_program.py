"""Usage: errors in a command, the help, and completion."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import pytest
from box_uploads import __version__
from box_uploads.cli.token_file import _open_nonblocking
from box_uploads_mock import Failure, MockServer
from platformdirs import user_state_path

from .conftest import CREATE, CREATE_VERSION, UPLOAD, Run, objects

NOT_AN_ID = "is not an id; ids at Box are decimal numbers"
EMPTY = "must not be empty"
NEW_FILE = "--folder-id and --name are required for a new file"
STATE_DIR = "'--state-dir' (env var: 'BOX_UPLOADS_STATE_DIR')"
USAGE_ERRORS: list[tuple[str, str]] = [
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
    ("session create --size 20000000", f"{NEW_FILE}, --file-id for a new version"),
    ("session create --folder-id 0 --name a --size 1", "--size=1: must be at least 20000000 "),
    ("session status", "Missing argument 'SESSION'"),
    ("upload a.mov '' --folder-id 0", f"Invalid value for 'PATH...': {EMPTY}"),
    ("session status ''", f"Invalid value for 'SESSION': {EMPTY}"),
    ("upload a.mov --folder-id=", f"Invalid value for '--folder-id': {EMPTY}"),
    ("upload a.mov --folder-id 0 --name=", f"Invalid value for '--name': {EMPTY}"),
    ("upload a.mov --folder-id abc", f"Invalid value for '--folder-id': 'abc' {NOT_AN_ID}"),
    ("upload a.mov --file-id 1_0", f"Invalid value for '--file-id': '1_0' {NOT_AN_ID}"),
    ("session create --file-id x --size 20000000", f"Invalid value for '--file-id': 'x' {NOT_AN_ID}"),
    ("upload a.mov --folder-id 0 --as-user ann", f"Invalid value for '--as-user': 'ann' {NOT_AN_ID}"),
    ("upload a.mov --folder-id 0 --token-file=", f"Invalid value for '--token-file': {EMPTY}"),
    ("upload a.mov --folder-id 0 --state-dir=", f"Invalid value for {STATE_DIR}: {EMPTY}"),
    ("upload a.mov --folder-id 0 --trusted-host ftp://x", "--trusted-host='ftp://x': must be a host, host:port, or"),
    ("completion", "Missing argument '{bash|zsh|fish}'. Choose from: bash, zsh, fish"),
    ("completion tcsh", "Invalid value for '{bash|zsh|fish}': 'tcsh' is not one of 'bash', 'zsh', 'fish'."),
    ("download", "No such command 'download'."),
]


@pytest.mark.parametrize(("command", "message"), USAGE_ERRORS, ids=[command for command, _ in USAGE_ERRORS])
def test_a_usage_error_has_exit_code_2(box: Run, mock: MockServer, command: str, message: str) -> None:
    code, out, err = box(command)

    assert (code, out, mock.state.request_log) == (2, "", ())
    assert err.startswith(f"error: {message}")


@pytest.mark.parametrize("wrong", ["--workers 0", "--nothing", "--folder-id abc", "--size"])
def test_a_usage_error_is_a_json_object_too(box: Run, wrong: str) -> None:
    code, out, _ = box(f"upload a.mov --json {wrong}")

    (printed,) = objects(out)
    error = printed.pop("error")
    assert (code, error["type"], list(error)) == (2, "UsageError", ["type", "message"])
    # click does not say of which command it is, if an option lacks its value.
    hint = f"see `box-uploads{'' if wrong == '--size' else ' upload'} --help`"
    assert printed == {"outcome": "failed", "session": None, "resumable": False, "hints": [hint]}


def test_a_path_named_like_the_json_option_is_not_the_option(box: Run) -> None:
    assert box("upload --nothing -- --json")[:2] == (2, "")


@pytest.mark.parametrize(("command", "hint"), [
    (f"{UPLOAD} --token=s3cr3t", "set BOX_ACCESS_TOKEN, or name a file with --token-file"),
    ("login --client-secret=s3cr3t", "set BOX_CLIENT_SECRET, or leave it out to be asked for it"),
])  # fmt: skip
def test_a_secret_as_an_argument_is_refused_and_not_printed(box: Run, command: str, hint: str) -> None:
    code, out, err = box(command)

    expected = f"hint: {hint}; other users could see it in an argument"
    assert (code, out, err.splitlines()[1]) == (2, "", expected)
    assert "s3cr3t" not in err


@pytest.mark.parametrize("command", [UPLOAD, "session status S1"])
@pytest.mark.parametrize(("variable", "message"), [
    ("BOX_ACCESS_TOKEN", f"BOX_ACCESS_TOKEN {EMPTY}"),
    ("BOX_BASE_URL", f"Invalid value for '--base-url' (env var: 'BOX_BASE_URL'): {EMPTY}"),
    ("BOX_UPLOADS_STATE_DIR", f"Invalid value for {STATE_DIR}: {EMPTY}"),
])  # fmt: skip
def test_an_empty_variable_is_a_usage_error(
    box: Run, mock: MockServer, monkeypatch: pytest.MonkeyPatch, *, variable: str, message: str, command: str
) -> None:
    monkeypatch.setenv(variable, "")
    code, out, err = box(command)

    assert (code, out, mock.state.request_log) == (2, "", ())
    assert err.startswith(f"error: {message}\nhint: ")


def test_an_option_overrides_an_empty_variable(
    box: Run, mock: MockServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text(mock.token)
    for variable in ("BOX_ACCESS_TOKEN", "BOX_BASE_URL", "BOX_UPLOADS_STATE_DIR"):
        monkeypatch.setenv(variable, "")

    assert box(f"{CREATE_VERSION} --token-file token --base-url {mock.base_url} --state-dir state")[0] == 0


NO_TOKEN = "token: must be a non-empty string of visible ASCII characters without spaces\n"
TOKEN_FILE_HINT = "\nhint: set --token-file to a file that contains an access token and nothing else\n"


@pytest.mark.parametrize(("name", "code", "message"), [
    ("empty", 2, NO_TOKEN),
    ("two-words", 2, NO_TOKEN),
    ("binary", 2, NO_TOKEN),
    ("pipe-without-writer", 2, NO_TOKEN),
    ("missing", 1, f"missing: No such file or directory{TOKEN_FILE_HINT}"),
    ("folder", 1, f"folder: Is a directory{TOKEN_FILE_HINT}"),
])  # fmt: skip
def test_a_token_file_without_a_token_is_an_error(
    box: Run, mock: MockServer, tmp_path: Path, *, name: str, code: int, message: str
) -> None:
    for file, content in {"empty": b"", "two-words": b"a b", "binary": b"\xff"}.items():
        (tmp_path / file).write_bytes(content)
    os.mkfifo(tmp_path / "pipe-without-writer")
    (tmp_path / "folder").mkdir()
    ended, _, err = box(f"{UPLOAD} --token-file {name}")

    assert (ended, mock.state.request_log) == (code, ())
    assert err.startswith(f"error: {message}")


def test_a_token_is_read_from_a_pipe_once(box: Run, mock: MockServer) -> None:
    reading, writing = os.pipe()
    os.write(writing, f"{mock.token}\n".encode())
    os.close(writing)
    code, _, err = box(f"{CREATE_VERSION} --token-file /dev/fd/{reading}")
    os.close(reading)

    assert (code, err) == (0, "")


def test_the_writer_of_a_pipe_may_take_its_time(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    number = _open_nonblocking(str(pipe), os.O_RDONLY)
    try:
        assert os.get_blocking(number)
    finally:
        os.close(number)


def test_without_arguments_the_help_is_printed(box: Run) -> None:
    code, out, err = box()

    assert (code, out) == (2, "")
    assert err.startswith("Usage: box-uploads [OPTIONS] COMMAND [ARGS]...\n")


def test_the_version_is_printed(box: Run) -> None:
    assert box("--version") == (0, f"box-uploads {__version__}\n", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_the_script_of_each_shell(box: Run, shell: str) -> None:
    code, out, _ = box(f"completion {shell}")

    assert code == 0
    assert f"_BOX_UPLOADS_COMPLETE={shell}_complete" in out


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
    path, modules = f"{tmp_path}{os.pathsep}{os.environ['PATH']}", os.pathsep.join(filter(None, sys.path))
    ended = subprocess.run(
        ["bash", "--norc", "-c", BASH],
        env=os.environ | {"PATH": path, "PYTHONPATH": modules},
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


def test_a_pipe_on_stdin_needs_no_size(box: Run, mock: MockServer, monkeypatch: pytest.MonkeyPatch) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Pipe(b"x")))
    code, out, err = box("upload - --folder-id 0 --name a.mov")

    assert (code, err) == (0, "a.mov: 1 byte\n")
    (file,) = [file for file in mock.state.files.values() if file.name == "a.mov"]
    assert (out.split(",")[0], mock.state.content(file.id)) == ("a.mov: done", b"x")


def test_missing_certificates_have_a_hint(box: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent")
    code, _, err = box(UPLOAD)

    assert code == 1
    assert err.startswith("error: /nonexistent: No such file or directory\nhint: set SSL_CERT_FILE ")


def test_every_call_is_made_for_the_user_that_is_named(box: Run, mock: MockServer, film: Path) -> None:
    (film.parent / "small.txt").write_bytes(b"small")
    for command in ("upload film.mov small.txt --folder-id 0 --quiet", "whoami", CREATE):
        code, _, err = box(f"{command} --as-user 4711")
        assert (code, err) == (0, "")

    assert len(mock.state.request_log) > 6
    assert {exchange.headers.get("as-user") for exchange in mock.state.request_log} == {"4711"}


def test_an_upload_for_another_user_has_a_journal_of_its_own(box: Run, mock: MockServer, film: Path) -> None:
    mock.state.faults.add(Failure(operation="upload_part", status=403, skip=1))
    assert box(f"{UPLOAD} --as-user 4711")[0] == 1
    (session,) = mock.state.sessions
    for user in ("4712", "4711"):
        box(f"{UPLOAD} --as-user {user}")
    users = {exchange.headers["as-user"] for exchange in mock.state.request_log if session in exchange.path}
    assert users == {"4711"}


@pytest.mark.parametrize("option", ["--folder-id 0", "--file-id 12345 --json"])
def test_a_name_that_is_no_unicode_is_a_usage_error(box: Run, film: Path, option: str) -> None:
    code, out, err = box(f"upload film.mov {option}", "--name", "a\udcff")

    assert (code, "Traceback" in err, err.startswith("error: film.mov: --name")) == (2, False, True)
    assert [found["error"]["type"] for found in objects(out)] == ["InvalidArgumentError"] * ("--json" in option)


def test_a_404_that_names_no_item_has_a_hint_about_the_base_url(box: Run, mock: MockServer) -> None:
    code, _, err = box(f"{CREATE_VERSION} --base-url {mock.base_url.replace('2.0', '3.0')}")
    assert (code, "--base-url" in err) == (1, True)

    code, _, err = box("session create --folder-id 404 --name a.mov --size 20000000")
    assert (code, "--base-url" in err) == (1, False)


def test_the_help_shows_the_default_state_directory(box: Run) -> None:
    text = "".join(box("upload --help")[1].split())

    assert f"[default:{user_state_path('box-uploads', appauthor=False)}]" in text


SERVER = {
    "--base-url": "URL URL of the API. [default: Box's own servers] [env var: BOX_BASE_URL]",
    "--trusted-host": "HOST Additional host that may receive the token, such as a proxy for Box; may be repeated.",
    "--json": "Print each result as a JSON object on its own line.",
    "-h, --help": "Show this message and exit.",
}
SIGN_IN = {
    **SERVER,
    "--token-file": "File or pipe that contains the access token. A file is read again when the token expires."
    " [default: the environment variable BOX_ACCESS_TOKEN]",
    "--config": "App config of Box's developer console (JSON): sign in as the app, by its private key.",
    "--profile": "NAME Sign in as with this profile, which `box-uploads login` has saved."
    " [default: default, if the environment has no sign-in]",
    "--as-user": "ID Act on behalf of this user; the sign-in has to be an administrator's or an app's that may do so.",
}
ACCESS = {**SIGN_IN, "--state-dir": "FOLDER Folder for the journals of unfinished uploads, and for sessions."}
TARGET = {"--file-id": "ID File that gets a new version."}
HELP = {
    "upload": {
        **ACCESS,
        **TARGET,
        "--folder-id": "ID Folder of the new files; 0 is the root folder.",
        "--name": "NAME Name of the file at Box. [default: the name of PATH; with --file-id, the current name]",
        "--size": "BYTES Number of bytes on stdin, if that is a pipe; without it, the pipe is read to its end first."
        " [x>=0]",
        "--if-match": "ETAG With --file-id: fail unless the file still has this etag.",
        "--resume / --no-resume": "Keep a journal, so that the same command resumes after an interruption"
        " or a crash. [default: --resume, except for stdin]",
        "--transfers": "Number of files to upload in parallel. [default: 4; 1<=x<=64]",
        "--workers": "Number of parts to upload in parallel, of all files together; one more is in memory."
        " [default: 4; 1<=x<=64]",
        "-q, --quiet": "Print only errors, and with --json the objects.",
    },
    "session create": {
        **ACCESS,
        **TARGET,
        "--folder-id": "ID Folder of the new file; 0 is the root folder.",
        "--name": "NAME Name of the file at Box.",
        "--size": "BYTES Size of the whole file. [required]",
    },
    "login": {
        **SERVER,
        "--profile": "NAME Profile to save the sign-in in. [default: default]",
        "--client-id": "ID Client id of your app. [default: that of the profile] [env var: BOX_CLIENT_ID]",
        "--port": "Port of http://localhost:PORT/callback."
        " [default: the first free one of 3000, 3001, 4000, 5000, 8080] [1<=x<=65535]",
        "--no-browser": "Print the URL of the page, and ask for the URL that it leads to.",
        "--authorize-url": "URL Sign-in page. [default: https://account.box.com/api/oauth2/authorize,"
        " or oauth2/authorize below a --base-url on this machine]",
    },
    "logout": {
        **SERVER,
        "--profile": "NAME Profile to sign out of. [default: default]",
        "--force": "Delete the profile even if its tokens cannot be revoked.",
    },
    "whoami": SIGN_IN,
    "session status": ACCESS,
    "session parts": ACCESS,
    "session abort": ACCESS,
}


@pytest.mark.parametrize(
    ("command", "option", "text"), [(command, *item) for command, options in HELP.items() for item in options.items()]
)
def test_the_help_describes_each_option(box: Run, command: str, option: str, text: str) -> None:
    code, out, err = box(f"{command} --help")

    assert (code, err, max(map(len, out.splitlines())) <= 100) == (0, "", True)
    words = " ".join(out.partition("Options:\n")[2].split())
    assert re.search(rf"(?:^| ){re.escape(option)} (?:(?:PATH|INTEGER RANGE) )?{re.escape(text)}", words), words


@pytest.mark.parametrize(("command", "text"), [
    ("", "Usage: box-uploads [OPTIONS] COMMAND [ARGS]... Upload files of any size to Box:"),
    ("", "A command signs in by --token-file, --config or --profile; else by the environment: BOX_ACCESS_TOKEN, or"),
    ("", "else by the default profile, which the command login saves. No secret is ever an argument,"),
    ("", "login Sign in as a user, on Box's page, and save a profile."),
    ("", "logout Sign out: revoke a profile's tokens, and delete it."),
    ("", "whoami Show who is signed in, and the storage that is left."),
    ("", "completion Print the completion script for a shell."),
    ("", "session Create, inspect and abort single upload sessions."),
    ("", "upload Upload files: paths, URLs, or stdin."),
    ("", "0 done, 1 failed, 2 wrong usage (nothing was sent), 130 interrupted"),
    ("", "130 interrupted (the same command resumes, except with --no-resume)."),
    ("upload", "Usage: box-uploads upload [OPTIONS] PATH... Upload files, several in parallel:"),
    ("upload", "All paths are checked first; if one cannot be uploaded, nothing is sent."),
    ("upload", "run the same command again: it resumes, and stores each file only once."),
    ("upload", "A part that fails is retried for up to 10 minutes; the time that a rate limit takes does not count."),
    ("session", "SESSION is the id of a session that this user has created on this machine,"),
    ("session create", "Create a session. Box checks the name, the folder and the free storage."),
    ("session status", "Usage: box-uploads session status [OPTIONS] SESSION Show how many parts of a session"),
    ("session status", "Show how many parts of a session are uploaded."),
    ("session parts", "[OPTIONS] SESSION List the uploaded parts of a session, one per line."),
    ("login", "Profiles are in a private file of your configuration folder, or in the file that BOX_UPLOADS_PROFILES"),
    ("login", "On a machine without a browser it prints the URL of the page:"),
    ("login", "with the redirect URI http://localhost:3000/callback."),
    ("logout", "Sign out: revoke the tokens of a profile at Box, then delete the profile."),
    ("whoami", "storage_left and max_upload_size in bytes and token_expires_at."),
    ("session abort", "[OPTIONS] SESSION Abort a session, and delete its uploaded parts."),
])  # fmt: skip
def test_the_help_describes_each_command(box: Run, command: str, text: str) -> None:
    code, out, _ = box(f"{command} -h")

    assert code == 0
    assert text in " ".join(out.split())


def test_no_help_text_is_truncated_or_rewrapped(box: Run) -> None:
    assert "..." not in box("--help")[1].partition("Commands:")[2]
    lines = box("completion --help")[1].splitlines()
    usage = [line.split()[0] for line in lines if "box-uploads completion " in line]
    assert usage == ["Usage:", "bash", "zsh", "fish"]
    assert "compinit" in "\n".join(lines)
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize("as_json", [False, True])
def test_ctrl_c_outside_an_upload_is_one_line_and_a_json_object(
    box: Run, monkeypatch: pytest.MonkeyPatch, *, as_json: bool
) -> None:
    class Interrupted(io.BytesIO):
        def read(self, _size: int | None = -1) -> NoReturn:
            raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Interrupted()))
    code, out, err = box(f"session status - {'--json' if as_json else ''}")

    assert (code, err.strip()) == (130, "interrupted")
    printed: dict[str, object] = {
        "outcome": "interrupted",
        "session": None,
        "resumable": False,
        "hints": [],
        "error": None,
    }
    assert objects(out) == ([printed] if as_json else [])
