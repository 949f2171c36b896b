"""Box's JavaScript SDK, whose parts are streams without an announced length, takes the mock for Box."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import shutil
import subprocess
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


def test_the_javascript_sdk_uploads_a_big_file(modules: Path, tmp_path: Path) -> None:
    content = random.Random(1).randbytes(20_000_001)
    film = tmp_path / "film.mov"
    film.write_bytes(content)
    with MockServer() as server:
        command = ["node", str(PROGRAM), server.origin, server.token, str(film), film.name]
        environment = {**os.environ, "NODE_PATH": str(modules)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        file = json.loads(done.stdout)
        assert server.state.content(file["id"]) == content
        sha1 = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        assert (file["name"], file["size"], file["sha1"]) == ("film.mov", len(content), sha1)
        assert [(exchange.operation, exchange.status) for exchange in server.state.request_log] == [
            ("create_upload_session", 201),
            *[("upload_part", 200)] * 3,
            ("list_parts", 200),
            ("commit_upload_session", 201),
        ]
