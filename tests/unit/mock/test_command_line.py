"""`python -m box_uploads_mock`."""

import json
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from box_uploads_mock import MockServer

COMMAND = [sys.executable, "-m", "box_uploads_mock"]


@contextmanager
def running(*arguments: str) -> Generator[subprocess.Popen[str]]:
    with subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_line_is_the_base_url_and_an_interrupt_ends_it_well(number: signal.Signals) -> None:
    with running("--port", "0", "--token", "abc", "--seed", "3") as process:
        assert process.stdout is not None
        base_url = process.stdout.readline().rstrip("\n")
        assert re.fullmatch(r"http://127\.0\.0\.1:[0-9]+/api/2\.0", base_url)
        body = json.dumps({"folder_id": "0", "file_name": "Project.mov", "file_size": 20_000_000}).encode()
        headers = {"Authorization": "Bearer abc", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{base_url}/files/upload_sessions", body, headers, method="POST")
        with urllib.request.urlopen(request, timeout=10) as response:
            assert response.status == 201
        process.send_signal(number)
        assert process.wait(10) == 0


def test_a_port_in_use_is_told_in_one_line() -> None:
    with MockServer() as server:
        port = re.findall(r":([0-9]+)/", server.base_url)[0]
        done = run("--port", port)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"box_uploads_mock: cannot listen on 127.0.0.1:{port}: Address already in use")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("port", ["70000", "-1"])
def test_an_impossible_port_is_told_in_one_line(port: str) -> None:
    done = run("--port", port)
    assert done.returncode == 1
    assert done.stderr.startswith("box_uploads_mock: cannot listen on ")
    assert done.stderr.count("\n") == 1


def test_a_bad_world_is_told_in_one_line(tmp_path: Path) -> None:
    world = tmp_path / "world.yaml"
    world.write_text("files: [{id: '1', name: a, folder: '9'}]")
    done = run("--world", str(world))
    assert (done.returncode, done.stdout) == (2, "")
    place = "files[0].folder: there is no folder '9'; list that folder or name another"
    assert done.stderr == f"box_uploads_mock: {world}: {place}\n"


@pytest.mark.parametrize("token", ["", "a b"])
def test_a_bad_token_is_told_in_one_line(token: str) -> None:
    done = run("--token", token)
    assert done.returncode == 2
    assert done.stderr.startswith("box_uploads_mock: tokens[0]: the token does not fit into a header; ")


def test_store_and_sizes_are_the_callers_to_set() -> None:
    with running("--store", "disk", "--part-size", "7", "--min-file-size", "1") as process:
        assert process.stdout is not None
        base_url = process.stdout.readline().rstrip("\n")
        body = json.dumps({"folder_id": "0", "file_name": "Project.mov", "file_size": 20}).encode()
        headers = {"Authorization": "Bearer mock-token", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{base_url}/files/upload_sessions", body, headers, method="POST")
        with urllib.request.urlopen(request, timeout=10) as response:
            session = json.load(response)
        assert (session["part_size"], session["total_parts"]) == (7, 3)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


@pytest.mark.parametrize("arguments", [("--store", "tape"), ("--part-size", "0"), ("--min-file-size", "x")])
def test_an_impossible_setting_is_wrong_usage(arguments: tuple[str, str]) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"argument {arguments[0]}" in done.stderr


@pytest.mark.parametrize("size", ["x", "0", "-1", "1.5", ""])
def test_a_size_that_is_none_is_told_what_one_is(size: str) -> None:
    done = run(f"--part-size={size}")
    assert done.stderr.endswith(f"--part-size: {size!r} is not a size; use a whole number of bytes from 1\n")


@pytest.mark.parametrize("package", ["starlette", "uvicorn"])
def test_a_package_that_is_missing_is_told_with_what_to_install(package: str) -> None:
    program = f"import sys; sys.modules[{package!r}] = None; import box_uploads_mock"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.stderr.splitlines()[-1].endswith("pip install 'box-uploads[mock]' has what the mock needs")
