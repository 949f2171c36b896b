"""Box's JavaScript SDK, whose bodies are streams without an announced length, takes the mock for Box."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from box_uploads_mock import MockServer

VERSION = "10.12.0"
PROGRAM = Path(__file__).with_name("box_node_sdk.cjs")
# What npm says when there is no way to its registry; anything else that goes wrong fails the test.
UNREACHABLE = re.compile(r"ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT")
INSTALL_TIMEOUT_S = 180


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the SDK outside of the tree."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    folder = tmp_path_factory.mktemp("box-node-sdk")
    (folder / "package.json").write_text('{"private": true}', encoding="utf-8")
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", f"box-node-sdk@{VERSION}"]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm did not install box-node-sdk within {INSTALL_TIMEOUT_S} s")
    if done.returncode and UNREACHABLE.search(done.stderr):
        pytest.skip(f"npm does not reach its registry: {done.stderr.strip().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    return folder / "node_modules"


@pytest.fixture
def server() -> Iterator[MockServer]:
    with MockServer() as server:
        yield server


class Sdk:
    """Runs the program that calls the SDK, each time with content as the file `film.mov`."""

    def __init__(self, modules: Path, server: MockServer, folder: Path) -> None:
        self._environment = {**os.environ, "NODE_PATH": str(modules)}
        self._server = server
        self._path = folder / "content"

    def run(self, call: str, content: bytes, *more: str) -> subprocess.CompletedProcess[str]:
        self._path.write_bytes(content)
        command = ["node", str(PROGRAM), self._server.origin, self._server.token, call, str(self._path), "film.mov"]
        return subprocess.run(
            [*command, *more], env=self._environment, capture_output=True, text=True, timeout=120, check=False
        )

    def upload(self, call: str, content: bytes, *more: str) -> str:
        """Upload a file, check what the SDK says about it and what is stored, and return its id."""
        done = self.run(call, content, *more)
        assert done.returncode == 0, done.stderr
        file = json.loads(done.stdout)
        assert self._server.state.content(file["id"]) == content
        sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        assert (file["name"], file["size"], file["sha1"]) == ("film.mov", len(content), sha1)
        return str(file["id"])


@pytest.fixture
def sdk(modules: Path, server: MockServer, tmp_path: Path) -> Sdk:
    return Sdk(modules, server, tmp_path)


def exchanges(server: MockServer) -> list[tuple[str | None, int | None]]:
    return [(exchange.operation, exchange.status) for exchange in server.state.request_log]


@pytest.mark.parametrize(("call", "size", "expected"), [
    ("uploadFile", 0, [("upload_small_file", 201)]),
    ("uploadFile", 1_000_001, [("upload_small_file", 201)]),
    ("uploadWithPreflightCheck", 1_000_001, [("check_upload", 200), ("upload_small_file", 201)]),
    ("uploadBigFile", 20_000_001, [
        ("create_upload_session", 201),
        *[("upload_part", 200)] * 3,
        ("list_parts", 200),
        ("commit_upload_session", 201),
    ]),
])  # fmt: skip
def test_the_javascript_sdk_uploads_a_file(
    sdk: Sdk, server: MockServer, call: str, size: int, expected: list[tuple[str, int]]
) -> None:
    sdk.upload(call, random.Random(1).randbytes(size))
    assert exchanges(server) == expected


@pytest.mark.parametrize("size", [0, 1_000_001])
def test_the_javascript_sdk_uploads_a_version(sdk: Sdk, server: MockServer, size: int) -> None:
    file_id = sdk.upload("uploadFile", b"The first version.")
    assert sdk.upload("uploadFileVersion", random.Random(1).randbytes(size), file_id) == file_id
    assert server.state.files[file_id].etag == "1"
    assert exchanges(server) == [("upload_small_file", 201), ("upload_small_version", 200)]


@pytest.mark.parametrize(("call", "operation"), [
    ("uploadFile", "upload_small_file"),
    ("uploadWithPreflightCheck", "check_upload"),
])  # fmt: skip
def test_the_javascript_sdk_reads_a_conflict(sdk: Sdk, server: MockServer, call: str, operation: str) -> None:
    sdk.upload("uploadFile", b"The first one.")
    done = sdk.run(call, b"Another one.")
    assert (done.returncode, done.stdout) == (1, "")
    assert "item_name_in_use" in done.stderr
    assert exchanges(server) == [("upload_small_file", 201), (operation, 409)]
