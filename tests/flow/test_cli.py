"""`box-uploads` as users run it: a process with lines, objects, a bar and exit codes, that is interrupted."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from box_uploads_mock import Failure, MockServer, Stall, State, TokenExpiry, constant_part_size

from tests.flow.upload_ground import CONTENT, PART_SIZE, SHA1, write

PART = "upload_part"
TOKEN = "s3cr3t-t0k3n"
# Longer than anything takes on a machine that is busy with other things; nobody waits for it otherwise.
LONG_S = 120


class Stalls:
    """Waiting in the mock that never ends by itself, and records that it has started."""

    def __init__(self) -> None:
        self.started = threading.Semaphore(0)

    async def sleep(self, _delay_s: float) -> None:
        self.started.release()
        await asyncio.Event().wait()


@dataclass
class Desk:
    """A user's machine: a folder with a file, a folder for states, and Box."""

    folder: Path
    server: MockServer
    stalls: Stalls

    @property
    def state(self) -> State:
        return self.server.state

    def environment(self, **changed: str) -> dict[str, str]:
        ours = ("BOX_", "COLUMNS", "COV", "FORCE_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        own = {"BOX_ACCESS_TOKEN": TOKEN, "BOX_BASE_URL": self.server.base_url}
        own |= {"BOX_UPLOADS_STATE_DIR": str(self.folder / "state"), "PYTHONWARNINGS": "error"}
        own |= {"BOX_UPLOADS_PROFILES": str(self.folder / "profiles.json")}
        return {**kept, **own, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **changed}

    def start(self, *arguments: str, **settings: Any) -> subprocess.Popen[bytes]:
        pipes: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        command = [sys.executable, "-m", "box_uploads.cli", *arguments]
        # A child does not inherit a handler, but it does inherit that a signal is ignored, as in background jobs.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            settings = {"env": self.environment(), **pipes, **settings}
            return subprocess.Popen[bytes](command, cwd=self.folder, **settings)
        finally:
            signal.signal(signal.SIGINT, before)

    def run(self, *arguments: str, **settings: Any) -> tuple[int, str, str]:
        content = settings.pop("content", None)
        if content is not None:
            settings["stdin"] = subprocess.PIPE
        with self.start(*arguments, **settings) as process:
            out, err = process.communicate(content, timeout=LONG_S)
        return process.returncode, (out or b"").decode(), (err or b"").decode()

    def run_program(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run another program than the command line, or in another way."""
        environment = self.environment()
        return subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)

    def stored(self, name: str = "film.mov") -> list[bytes]:
        return [self.state.content(file.id) for file in self.state.files.values() if file.name == name]

    def left(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "state").rglob("*") if path.is_file())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    stalls = Stalls()
    state = State(token=TOKEN, part_size_for=constant_part_size(PART_SIZE), sleep=stalls.sleep)
    write(tmp_path / "film.mov")
    with MockServer(state=state) as server:
        yield Desk(tmp_path, server, stalls)
    state.faults.require_fired()


def unprivileged(desk: Desk, *arguments: str) -> tuple[int, str, str]:
    """Run a command as a user whom permissions count for, which they do not for root."""
    if os.geteuid() != 0:
        return desk.run(*arguments)
    mapped = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--inh-caps", "-all"]
    ended = desk.run_program(*mapped, sys.executable, "-m", "box_uploads.cli", *arguments)
    return ended.returncode, ended.stdout, ended.stderr


UPLOAD = ("upload", "film.mov", "--folder-id", "0")
CREATE = ("session", "create", "--folder-id", "0", "--name", "a.mov", "--size", "20000000")


def test_the_start_is_on_stderr_and_the_result_on_stdout(desk: Desk) -> None:
    code, out, err = desk.run(*UPLOAD)

    (file,) = [file for file in desk.state.files.values() if file.name == "film.mov"]
    assert (code, desk.stored()) == (0, [CONTENT])
    assert out == f"film.mov: done, file {file.id}, 20,000,000 bytes, sha1 {SHA1}, etag 0\n"
    assert err == "film.mov: 20.0 MB, 5 parts of 4.2 MB\n"
    assert desk.left() == []


def test_files_of_any_size_are_uploaded_and_an_unchanged_version_is_named(desk: Desk) -> None:
    write(desk.folder / "empty.txt", b"")
    write(desk.folder / "small.txt", b"x")
    code, out, err = desk.run("upload", "empty.txt", "small.txt", "film.mov", "--folder-id", "0", "--transfers", "1")
    assert (code, [line.split(",")[0] for line in out.splitlines()]) == (
        0, ["empty.txt: done", "small.txt: done", "film.mov: done"],
    )  # fmt: skip
    assert err == "empty.txt: 0 bytes\nsmall.txt: 1 byte\nfilm.mov: 20.0 MB, 5 parts of 4.2 MB\n"
    file = next(file for file in desk.state.files.values() if file.name == "film.mov")
    assert desk.run("upload", "film.mov", "--file-id", file.id)[1].startswith("film.mov: unchanged, file ")


def test_json_has_one_object_for_each_path(desk: Desk) -> None:
    command = ("upload", "--folder-id", "0", "--json", "--quiet")
    code, out, err = desk.run(*command, "nothing.mov", "film.mov")

    nothing, untried = (json.loads(line) for line in out.splitlines())
    assert (code, untried["path"], untried["outcome"]) == (2, "film.mov", "skipped")
    assert nothing["error"] == {"type": "FileNotFoundError", "message": "No such file or directory"}
    assert "error: nothing.mov: No such file or directory\n" in err
    assert err.endswith("1 of 2 files cannot be uploaded; nothing was sent\n")

    write(desk.folder / "more.mov")
    desk.state.faults.add(Failure(operation="create_upload_session", status=403))
    code, out, err = desk.run(*command, "more.mov", "film.mov", "--transfers", "1")

    more, film = (json.loads(line) for line in out.splitlines())
    (file,) = [file for file in desk.state.files.values() if file.name == "film.mov"]
    assert (code, more["outcome"], more["error"]["status"]) == (1, "failed", 403)
    stored = {"id": file.id, "name": "film.mov", "size": len(CONTENT), "sha1": SHA1, "etag": "0"}
    assert film == {
        "path": "film.mov",
        "outcome": "stored",
        "already_there": False,
        "unchanged": False,
        "sessions_left": 0,
        "pauses": 0,
        **stored,
    }
    helped = desk.run("upload", "--help")[1]
    assert all(key in helped for key in (*film, *nothing))
    assert err.endswith("1 of 2 files uploaded, 1 failed\n")


def test_stdin_is_uploaded_with_a_name_and_a_size(desk: Desk) -> None:
    stdin = ("upload", "-", "--folder-id", "0", "--name", "film.mov", "--size", "20000000")
    code, _, err = desk.run(*stdin, content=CONTENT)

    assert (code, desk.stored()) == (0, [CONTENT]), err
    assert desk.left() == []


def test_a_new_version_keeps_the_files_id(desk: Desk) -> None:
    code, out, _ = desk.run("upload", "film.mov", "--file-id", "12345", "--if-match", "0", "--json")

    assert (code, json.loads(out)["id"], json.loads(out)["etag"]) == (0, "12345", "1")
    assert desk.state.content("12345") == CONTENT


@contextlib.contextmanager
def stalled(desk: Desk, *arguments: str, stalls: int = 1) -> Generator[subprocess.Popen[bytes]]:
    """An upload of which a part has arrived and is not answered; or of as many, one of each upload."""
    desk.state.faults.add(Stall(operation=PART, when="after", skip=2, times=stalls, limit_s=600))
    # Without a buffer, since `communicate` does not see what was read ahead.
    with desk.start(*arguments, bufsize=0) as process:
        try:
            for _ in range(stalls):
                assert desk.stalls.started.acquire(timeout=LONG_S)
            yield process
        finally:
            desk.state.faults.release()
            process.kill()


def interrupt(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal, and wait for its report."""
    process.send_signal(number)
    assert process.stderr is not None
    text = ""
    for line in process.stderr:
        text += line.decode()
        if "stopping; press Ctrl-C again to quit at once\n" in text:
            return
    raise AssertionError(text)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_same_command_resumes_an_interrupted_upload(desk: Desk, number: signal.Signals) -> None:
    with stalled(desk, *UPLOAD) as process:
        interrupt(process, number)
        out, err = process.communicate(timeout=LONG_S)
    assert (process.returncode, out, desk.stored()) == (130, b"", [])
    (session_id,) = desk.state.sessions
    assert err.decode().splitlines() == [
        "film.mov: interrupted",
        f"hint: run the same command again; it resumes session {session_id}",
    ]
    (journal,) = [name for name in desk.left() if name.endswith(".json")]
    assert TOKEN not in (desk.folder / "state" / "uploads" / journal).read_text()

    code, _, err_again = desk.run(*UPLOAD)

    assert (code, desk.stored(), desk.left()) == (0, [CONTENT], [])
    assert not desk.state.sessions
    assert " of 5 parts already uploaded\n" in err_again


def test_a_second_signal_exits_at_once(desk: Desk) -> None:
    desk.state.faults.add(Stall(operation="abort_upload_session", when="before", limit_s=600))
    with stalled(desk, *UPLOAD, "--no-resume") as process:
        interrupt(process, signal.SIGINT)
        assert desk.stalls.started.acquire(timeout=LONG_S)
        process.send_signal(signal.SIGINT)
        assert process.wait(LONG_S) == 130

    code, _, _ = desk.run(*UPLOAD)

    assert (code, desk.stored()) == (0, [CONTENT])


def test_the_same_command_resumes_a_killed_upload(desk: Desk) -> None:
    with stalled(desk, *UPLOAD) as process:
        process.kill()
        assert process.wait(LONG_S) == -signal.SIGKILL

    code, _, _ = desk.run(*UPLOAD)

    assert (code, desk.stored(), desk.left()) == (0, [CONTENT], [])
    assert not desk.state.sessions


@pytest.mark.parametrize("settings", [(), ("--json",)])
def test_a_broken_pipe_on_stdout_does_not_stop_the_uploads(desk: Desk, settings: tuple[str, ...]) -> None:
    write(desk.folder / "more.mov", CONTENT[::-1])
    reading, writing = os.pipe()
    os.close(reading)
    code, _, err = desk.run(*UPLOAD, "more.mov", *settings, stdout=writing)
    os.close(writing)

    assert (code, desk.stored(), desk.stored("more.mov")) == (1, [CONTENT], [CONTENT[::-1]])
    assert [line for line in err.splitlines() if "stdout" in line] == ["error: stdout: Broken pipe"]
    assert "Traceback" not in err


FULL = Path("/dev/full")
NEEDS_FULL = pytest.mark.skipif(not FULL.exists(), reason="this system has no full device")


@NEEDS_FULL
@pytest.mark.parametrize("arguments", [UPLOAD, (*UPLOAD, "--json")])
def test_a_result_that_cannot_be_written_is_reported_in_one_line(desk: Desk, arguments: tuple[str, ...]) -> None:
    with FULL.open("wb") as full:
        code, _, err = desk.run(*arguments, stdout=full)

    assert (code, desk.stored()) == (1, [CONTENT])
    assert err.splitlines()[1:] == ["error: stdout: No space left on device"]


@NEEDS_FULL
@pytest.mark.parametrize("arguments", [("--help",), CREATE, ("upload", "film.mov", "--json")])
def test_output_that_cannot_be_written_has_exit_code_1_and_no_traceback(desk: Desk, arguments: tuple[str, ...]) -> None:
    with FULL.open("wb") as full:
        code, _, err = desk.run(*arguments, stdout=full)

    assert code == 1
    assert err.splitlines()[-1].endswith("No space left on device")
    assert "Traceback" not in err


@NEEDS_FULL
def test_progress_that_cannot_be_written_does_not_stop_the_upload(desk: Desk) -> None:
    with FULL.open("wb") as full:
        code, out, _ = desk.run(*UPLOAD, stderr=full)
        failed, _, _ = desk.run(*UPLOAD, "--name", "Contract.pdf", stderr=full)

    assert (code, desk.stored(), failed) == (0, [CONTENT], 1)
    assert out.startswith("film.mov: done, file ")


# A result that nobody can read is a failure; a report on stderr may be lost.
CLOSED = [
    ("box-uploads upload film.mov --folder-id 0 2>&-", 0, 1),
    ("box-uploads upload film.mov --folder-id 0 >&-", 1, 1),
    ("box-uploads upload film.mov --folder-id 0 --json >&-", 1, 1),
    ("box-uploads upload film.mov --folder-id 0 --quiet >&-", 0, 1),
    ("box-uploads upload film.mov --folder-id 0 >&- 2>&-", 1, 1),
    ("box-uploads upload film.mov --folder-id 0 --quiet <&- >&- 2>&-", 0, 1),
    ("box-uploads upload - --folder-id 0 --name a.mov --size 20000000 <&-", 2, 0),
    ("box-uploads session status - <&-", 2, 0),
    ("box-uploads upload nothing.mov --folder-id 0 2>&-", 2, 0),
    ("box-uploads --help >&-", 1, 0),
]


@pytest.mark.parametrize(("command", "code", "stored"), CLOSED)
def test_closed_streams_do_not_stop_the_upload_or_lose_a_result_silently(
    desk: Desk, command: str, code: int, stored: int
) -> None:
    program = f"box-uploads() {{ '{sys.executable}' -m box_uploads.cli \"$@\"; }}; {command}"
    ended = desk.run_program("bash", "-c", program)

    assert ended.returncode == code
    assert "Traceback" not in ended.stdout + ended.stderr
    assert "Exception ignored" not in ended.stderr
    assert len(desk.stored()) == stored
    is_reported = "Bad file descriptor" in ended.stderr
    assert is_reported == (">&-" in command and "2>&-" not in command and code == 1)


INTERRUPTED_IMPORT = """
import builtins, sys
from box_uploads.cli import main
real = builtins.__import__
def interrupt(name, *rest):
    if name == 'click':
        raise KeyboardInterrupt
    return real(name, *rest)
builtins.__import__ = interrupt
sys.exit(main())
"""


def test_ctrl_c_during_the_import_is_reported_in_one_line(desk: Desk) -> None:
    ended = desk.run_program(sys.executable, "-c", INTERRUPTED_IMPORT)

    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "interrupted\n")


NEEDS_PERMISSIONS = pytest.mark.skipif(
    os.geteuid() == 0 and shutil.which("setpriv") is None, reason="nothing is unreadable for root"
)


@NEEDS_PERMISSIONS
def test_an_unreadable_file_is_reported_before_anything_is_sent(desk: Desk) -> None:
    write(desk.folder / "secret.mov", CONTENT).chmod(0)
    code, out, err = unprivileged(desk, "upload", "secret.mov", "film.mov", "--folder-id", "0", "--no-resume")

    assert (code, out, desk.stored(), desk.state.request_log) == (2, "", [], ())
    assert err.startswith("error: secret.mov: Permission denied\n")


@NEEDS_PERMISSIONS
@pytest.mark.parametrize("arguments", [(*UPLOAD, "--token-file", "secret"), ("session", "status", "secret")])
def test_an_unreadable_argument_has_a_hint(desk: Desk, arguments: tuple[str, ...]) -> None:
    write(desk.folder / "secret").chmod(0)
    code, _, err = unprivileged(desk, *arguments)

    assert code == 1
    assert err.splitlines()[0] == "error: secret: Permission denied"
    assert [line.partition(" ")[0] for line in err.splitlines()[1:]] == ["hint:"]


def test_an_interruption_without_a_journal_aborts_the_session(desk: Desk) -> None:
    with stalled(desk, *UPLOAD, "--no-resume", "--json") as process:
        interrupt(process, signal.SIGTERM)
        out, err = process.communicate(timeout=LONG_S)

    assert (process.returncode, desk.stored(), desk.left()) == (130, [], [])
    assert not desk.state.sessions
    assert b"starts over" in err
    result = json.loads(out)
    assert (result["outcome"], result["resumable"], result["session"]) == ("interrupted", False, None)


def test_files_after_an_interruption_are_skipped(desk: Desk) -> None:
    write(desk.folder / "more.mov")
    with stalled(desk, *UPLOAD, "more.mov", "--json", "--transfers", "1") as process:
        interrupt(process, signal.SIGTERM)
        out, err = process.communicate(timeout=LONG_S)

    assert err.endswith(b"0 of 2 files uploaded, 1 interrupted, 1 not tried\n")
    film, more = (json.loads(line) for line in out.splitlines())
    (session_id,) = desk.state.sessions
    assert (film["outcome"], film["session"]) == ("interrupted", session_id)
    rest: dict[str, Any] = {"session": None, "resumable": False, "hints": [], "error": None}
    assert more == {"path": "more.mov", "outcome": "skipped", **rest}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_files_that_are_uploaded_side_by_side_are_interrupted_and_resumed_together(
    desk: Desk, number: signal.Signals
) -> None:
    paths = ("film.mov", "b.mov", "c.mov")
    for name in paths[1:]:
        write(desk.folder / name)
    # They take turns with their parts: with one worker, the other one would wait until the stalled part is given up.
    command = ("upload", *paths, "--folder-id", "0", "--json", "--transfers", "2", "--workers", "2")
    with stalled(desk, *command, stalls=2) as process:
        interrupt(process, number)
        out, err = process.communicate(timeout=LONG_S)

    assert process.returncode == 130
    assert err.endswith(b"0 of 3 files uploaded, 2 interrupted, 1 not tried\n")
    results = {result["path"]: result for result in map(json.loads, out.splitlines())}
    assert [results[path]["outcome"] for path in paths] == ["interrupted", "interrupted", "skipped"]
    assert {results[path]["session"] for path in paths} == {*desk.state.sessions, None}

    code, out_again, err_again = desk.run(*command)
    results = {result["path"]: result for result in map(json.loads, out_again.splitlines())}
    assert (code, [results[path]["outcome"] for path in paths]) == (0, ["stored"] * 3)
    assert [desk.stored(path) for path in paths] == [[CONTENT]] * 3
    assert (err_again.count(" of 5 parts already uploaded\n"), desk.state.sessions, desk.left()) == (2, {}, [])


def test_a_second_process_does_not_join_a_running_upload(desk: Desk) -> None:
    with stalled(desk, *UPLOAD) as process:
        code, _, err = desk.run(*UPLOAD)
        desk.state.faults.release()
        process.communicate(timeout=LONG_S)

    assert (code, process.returncode) == (1, 0)
    assert re.match(r"error: film\.mov: \S+ is in use by another process", err)
    assert err.endswith("\nhint: wait for the other process to end, then run the same command again\n")
    assert desk.stored() == [CONTENT]


def test_an_expired_token_is_read_again_from_its_file(desk: Desk) -> None:
    with stalled(desk, *UPLOAD, "--token-file", str(write(desk.folder / "token", f"{TOKEN}\n".encode()))) as process:
        write(desk.folder / "token", b"n3w-t0k3n\n")
        desk.state.faults.add(TokenExpiry(operation="commit_upload_session", new_token="n3w-t0k3n"))
        desk.state.faults.release()
        out, err = process.communicate(timeout=LONG_S)

    assert (process.returncode, desk.stored()) == (0, [CONTENT]), err
    assert b"n3w" not in out + err


class Terminal:
    """A terminal of 100 columns, and what was written to it."""

    def __init__(self) -> None:
        self._own, self.theirs = pty.openpty()
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))

    def text(self) -> str:
        os.close(self.theirs)
        written = b""
        # Reading a terminal whose other side is closed fails, here, rather than to end.
        with contextlib.suppress(OSError):
            while chunk := os.read(self._own, 65_536):
                written += chunk
        os.close(self._own)
        return written.decode()


def on_terminal(desk: Desk, *arguments: str, stdout: int | None = None) -> tuple[int, str, str]:
    terminal = Terminal()
    environment = desk.environment(TERM="xterm-256color", LANG="C.UTF-8")
    settings = {"stdout": terminal.theirs if stdout is None else stdout, "stderr": terminal.theirs, "env": environment}
    with desk.start(*arguments, **settings) as process:
        reader = threading.Thread(target=lambda: written.append(terminal.text()))
        written: list[str] = []
        reader.start()
        out, _ = process.communicate(timeout=LONG_S)
    reader.join(LONG_S)
    return process.returncode, (out or b"").decode(), written[0]


def test_a_terminal_shows_a_progress_bar_without_control_characters_of_names(desk: Desk) -> None:
    name = "[red]\x1b[2J.mov"
    write(desk.folder / name)
    desk.state.faults.add(Failure(operation=PART, status=500, retry_after_s=0))
    code, _, shown = on_terminal(desk, "upload", name, "--folder-id", "0", "--name", "film.mov")

    assert code == 0
    assert "20.0/20.0 MB" in shown
    assert "5 parts, 1 retry" in shown
    assert "100%" in shown
    # The cursor is back.
    assert "\x1b[?25h" in shown
    assert shown.rstrip().endswith(f"sha1 {SHA1}, etag 0")
    assert "[red]\N{REPLACEMENT CHARACTER}[2J.mov" in shown
    assert "\x1b[2J" not in shown


def test_the_progress_bar_is_never_on_stdout(desk: Desk) -> None:
    write(desk.folder / "more.mov", CONTENT[::-1])
    code, out, shown = on_terminal(desk, *UPLOAD, "more.mov", stdout=subprocess.PIPE)

    assert code == 0
    assert sorted(line.partition(":")[0] for line in out.splitlines()) == ["film.mov", "more.mov"]
    assert "\x1b" not in out
    assert "2/2 files" in shown
    assert "40.0/40.0 MB" in shown


def test_json_objects_on_a_terminal_are_whole_lines(desk: Desk) -> None:
    write(desk.folder / "more.mov", CONTENT[::-1])
    code, _, shown = on_terminal(desk, *UPLOAD, "more.mov", "--json")

    objects = [json.loads(line[line.index("{") :]) for line in shown.splitlines() if '{"path"' in line]
    assert code == 0
    assert sorted(item["path"] for item in objects) == ["film.mov", "more.mov"]


def test_the_token_is_in_no_output(desk: Desk) -> None:
    printed = ""
    for arguments in (
        ("--help",),
        ("upload", "--help"),
        ("upload", "film.mov"),
        ("upload", "film.mov", "--folder-id", "0", f"--token={TOKEN}"),
        (*UPLOAD, "--name", "Contract.pdf", "--json"),
        (*UPLOAD, "--base-url", "http://example.org"),
        (*UPLOAD, "--trusted-host", "//"),
        (*UPLOAD, "--token-file", "film.mov"),
        (*CREATE, "--json"),
        ("session", "status", "film.mov"),
    ):
        _, out, err = desk.run(*arguments)
        printed += out + err
    desk.state.expire_token(TOKEN)
    _, out, err = desk.run(*UPLOAD, "--json")

    assert "401" in err
    printed += out + err
    assert TOKEN not in printed
    assert "Traceback" not in printed


@pytest.mark.parametrize("package", ["click", "platformdirs", "rich"])
def test_a_missing_package_of_the_extra_is_reported_with_a_hint(desk: Desk, package: str) -> None:
    program = f"import sys; sys.modules[{package!r}] = None; from box_uploads.cli import main; sys.exit(main())"
    ended = desk.run_program(sys.executable, "-c", program)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == f'error: {package} is not installed\nhint: run `pip install "box-uploads[cli]"`\n'
