"""`python -m box_uploads_mock`."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from box_uploads_mock import MockServer
from box_uploads_mock.__main__ import main
from box_uploads_mock.identifiers import Identifiers

from tests.unit.mock.uploading import digest

COMMAND = [sys.executable, "-m", "box_uploads_mock"]


@contextmanager
def running(*arguments: str) -> Generator[subprocess.Popen[str]]:
    # With PYTHONUNBUFFERED Python would flush each line, even if the program does not.
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, text=True, env=buffered) as process:
        try:
            yield process
        finally:
            process.kill()


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=False)


def create(base_url: str, **body: object) -> httpx2.Response:
    headers = {"Authorization": "Bearer abc"}
    return httpx2.post(f"{base_url}/files/upload_sessions", json={"file_name": "Project.mov", **body}, headers=headers)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_line_is_the_base_url_and_a_signal_exits_with_0(number: signal.Signals) -> None:
    with running("--port", "0", "--token", "abc", "--seed", "3") as process:
        assert process.stdout is not None
        base_url = process.stdout.readline().rstrip("\n")
        assert re.fullmatch(r"http://127\.0\.0\.1:[0-9]+/api/2\.0", base_url)
        assert create(base_url, folder_id="0", file_size=20_000_000).status_code == 201
        process.send_signal(number)
        assert process.wait(10) == 0


def test_a_port_in_use_is_reported_in_one_line() -> None:
    with MockServer() as server:
        port = re.findall(r":([0-9]+)/", server.base_url)[0]
        done = run("--port", port)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"box_uploads_mock: cannot listen on 127.0.0.1:{port}: Address already in use")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("port", ["70000", "-1"])
def test_an_invalid_port_is_reported_in_one_line(port: str) -> None:
    done = run("--port", port)
    assert (done.returncode, done.stdout) == (1, "")
    # The reason is worded by Python.
    assert re.fullmatch(rf"box_uploads_mock: cannot listen on 127\.0\.0\.1:{port}: .*port.*0-65535.*\n", done.stderr)


def test_an_invalid_world_is_reported_in_one_line(tmp_path: Path) -> None:
    world = tmp_path / "world.yaml"
    world.write_text("files: [{id: '1', name: a, folder: '9'}]")
    done = run("--world", str(world))
    assert (done.returncode, done.stdout) == (2, "")
    place = "files[0].folder: folder '9' does not exist; add that folder or use another"
    assert done.stderr == f"box_uploads_mock: {world}: {place}\n"


@pytest.mark.parametrize("token", ["", "a b"])
def test_an_invalid_token_is_reported_in_one_line(token: str) -> None:
    done = run("--token", token)
    assert (done.returncode, done.stdout) == (2, "")
    hint = "use visible ASCII characters without spaces"
    assert done.stderr == f"box_uploads_mock: tokens[0]: the token cannot be sent in a header; {hint}\n"


def test_every_option_takes_effect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = tmp_path / "world.yaml"
    world.write_text("{token: abc, folders: [{id: '7', name: Footage}]}")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    own = ("--host", "localhost", "--world", str(world), "--seed", "3")
    with running(*own, "--store", "disk", "--part-size", "7", "--min-file-size", "20") as process:
        assert process.stdout is not None
        base_url = process.stdout.readline().rstrip("\n")
        assert base_url.startswith("http://localhost:")
        assert create(base_url, folder_id="7", file_size=19).status_code == 400
        session = create(base_url, folder_id="7", file_size=20).json()
        assert session["id"] == Identifiers(3).new_session_id()
        assert (session["part_size"], session["total_parts"]) == (7, 3)
        headers = {"Authorization": "Bearer abc", "Content-Type": "application/octet-stream"}
        headers |= {"Content-Range": "bytes 0-6/20", "Digest": digest(b"0123456")}
        httpx2.put(session["session_endpoints"]["upload_part"], content=b"0123456", headers=headers)
        assert [path.read_bytes() for path in tmp_path.glob("box-uploads-mock-*/*")] == [b"0123456"]
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    assert list(tmp_path.iterdir()) == [world]


def test_help_describes_every_option(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert shown.startswith("usage: python -m box_uploads_mock [-h] [--host HOST] [--port PORT] ")
    assert "Serve a mock of Box's upload sessions until interrupted. The first output line is the base URL." in shown
    assert shown.endswith(
        " --host HOST address to listen on (default: 127.0.0.1)"
        " --port PORT port to listen on (default: any free port)"
        " --name HOST a further host name or address of the mock, such as api.box.com; may be repeated"
        " --tls serve https (needs box-uploads[mock-tls])"
        " --ca-file FILE write the CA certificate for clients to trust to this file (PEM)"
        " --token TOKEN the only token to accept (default: mock-token, or the world's)"
        " --seed SEED seed of all ids (default: 0)"
        " --world FILE initial folders, files, users and limits, as JSON or YAML"
        " --store {memory,disk,discard} where to keep uploaded bytes (default: memory)"
        " --part-size BYTES part size of all sessions (default: as Box does)"
        " --min-file-size BYTES smallest file that gets a session (default: as Box does)"
        " --calls-per-minute N calls that each user may make (default: no limit)"
        " --uploads-per-minute N uploads that each user may begin (default: no limit)"
    )


@pytest.mark.parametrize(
    "arguments", [("--store", "tape"), ("--part-size", "0"), ("--min-file-size", "x"), ("--calls-per-minute", "0")]
)
def test_an_invalid_option_exits_with_2(arguments: tuple[str, str]) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"argument {arguments[0]}" in done.stderr


@pytest.mark.parametrize("size", ["x", "0", "-1", "1.5", ""])
def test_an_invalid_size_is_explained(size: str) -> None:
    done = run(f"--part-size={size}")
    assert done.stderr.endswith(f"--part-size: {size!r} is not a size; use a whole number of bytes, at least 1\n")


@pytest.mark.parametrize("package", ["starlette", "uvicorn"])
def test_a_missing_package_names_the_extra_to_install(package: str) -> None:
    program = f"import sys; sys.modules[{package!r}] = None; import box_uploads_mock"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.stderr.splitlines()[-1].endswith("run pip install 'box-uploads[mock]'")
