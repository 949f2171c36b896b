"""rclone, whose Box backend knows Box's hosts alone, takes the mock for Box: over TLS, through a proxy."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from box_uploads_mock import Accepted, File, Folder, MockServer, World, default_world

from tests.flow.box_proxy import HOSTS, BoxProxy

PROGRAM = shutil.which("rclone")
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="rclone is not installed")

# A byte more than rclone sends in one request.
BIG_SIZE = 50 * 1024**2 + 1
PARTS = 7
# 2020-09-13T12:26:40Z; rclone compares sizes and times.
MODIFIED_AT_S = 1_600_000_000
WORLD = World(
    folders=[Folder(id="1", name="Takes")],
    files=[File(id="5", name="Notes.txt", folder="1", content=b"Of the world.")],
    apps=default_world().apps,
)
Call = tuple[str | None, int | None]
# How many there are depends on what rclone knows already.
LOOKUPS = {("list_folder_items", 200), ("check_upload", 200)}


class Rclone:
    """Runs rclone with the remote `box:`, configured by its environment alone.

    Attributes:
        source: A folder for files to upload.
        environment: The variables of its environment; no other has an effect.
    """

    def __init__(self, server: MockServer, proxy: BoxProxy, folder: Path) -> None:
        self._server = server
        self.source = folder / "source"
        self.source.mkdir()
        trusted = folder / "ca.pem"
        trusted.write_text(server.ca_pem, encoding="ascii")
        self.environment = {
            "HOME": str(folder),
            "HTTPS_PROXY": proxy.url,
            "RCLONE_CONFIG": str(folder / "rclone.conf"),
            "RCLONE_CONFIG_BOX_TYPE": "box",
            "SSL_CERT_FILE": str(trusted),
            "TZ": "UTC",
        }
        self.set_token(server.token, refresh_token="", expiry="2999-01-01T00:00:00Z")

    def set_token(self, access_token: str, *, refresh_token: str, expiry: str) -> None:
        token = {"access_token": access_token, "refresh_token": refresh_token, "expiry": expiry, "token_type": "bearer"}
        self.environment["RCLONE_CONFIG_BOX_TOKEN"] = json.dumps(token)

    def write(self, path: str, content: bytes) -> None:
        """Write a file to upload."""
        target = self.source / path
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(content)
        os.utime(target, (MODIFIED_AT_S, MODIFIED_AT_S))

    def run(self, *arguments: str) -> str:
        """Run a command that succeeds at its first try, and return its output."""
        command = [str(PROGRAM), "--retries=1", "--low-level-retries=1", *arguments]
        done = subprocess.run(
            command, env=self.environment, cwd=self.source, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def changes(self, *arguments: str) -> list[Call]:
        """Run a command, and return its calls without those that find what rclone looks for."""
        before = len(self._server.state.request_log)
        self.run(*arguments)
        calls = [(exchange.operation, exchange.status) for exchange in self._server.state.request_log[before:]]
        return [call for call in calls if call not in LOOKUPS]


@pytest.fixture
def server() -> Iterator[MockServer]:
    with MockServer(world=WORLD, tls=True, names=HOSTS) as server:
        yield server


@pytest.fixture
def rclone(server: MockServer, tmp_path: Path) -> Iterator[Rclone]:
    with BoxProxy(server) as proxy:
        yield Rclone(server, proxy, tmp_path)
        assert set(proxy.asked) <= {f"{host}:443" for host in HOSTS}


def stored(server: MockServer) -> dict[str, File]:
    """Return the files by their paths."""
    folders = server.state.folders
    parents = {"0": "", **{folder.id: folder.name for folder in folders.values() if folder.parent == "0"}}
    return {f"{parents[file.folder]}/{file.name}": file for file in server.state.files.values()}


def test_rclone_copies_a_folder_and_then_sends_nothing(server: MockServer, rclone: Rclone) -> None:
    contents = {"Takes/one.txt": b"The first take.", "Takes/Ünïcode.txt": b"Another.", "empty": b""}
    for path, content in contents.items():
        rclone.write(path, content)
    (rclone.source / "Later").mkdir()
    command = ("copy", "--create-empty-src-dirs", ".", "box:")
    assert sorted(rclone.changes(*command)) == [
        ("create_folder", 201),
        *[("upload_small_file", 201)] * 3,
    ]
    for path, content in contents.items():
        file = stored(server)[path if "/" in path else f"/{path}"]
        assert server.state.content(file.id) == content
        assert file.content_modified_at == "2020-09-13T12:26:40Z"
    assert [folder.name for folder in server.state.folders.values()] == ["Takes", "Later"]
    assert rclone.changes(*command) == []


@pytest.mark.parametrize(("options", "checks"), [
    ((), []),
    # Without a listing, rclone learns the id of the file from the conflict.
    (("--no-check-dest",), [("check_upload", 409)]),
], ids=["listed", "not listed"])  # fmt: skip
def test_a_changed_file_becomes_a_version(
    server: MockServer, rclone: Rclone, options: tuple[str, ...], checks: list[Call]
) -> None:
    rclone.write("Notes.txt", b"Of the test.")
    assert rclone.changes("copy", *options, ".", "box:Takes") == [*checks, ("upload_small_version", 200)]
    assert server.state.content("5") == b"Of the test."
    assert server.state.files["5"].etag == "1"


def test_a_big_file_is_sent_in_parts(server: MockServer, rclone: Rclone) -> None:
    content = random.Random(1).randbytes(BIG_SIZE)
    parts = [("upload_part", 200)] * PARTS
    server.state.faults.add(Accepted(times=2))
    commits = [("commit_upload_session", status) for status in (202, 202, 201)]
    rclone.write("film.mov", content)
    assert rclone.changes("copy", ".", "box:Takes") == [("create_upload_session", 201), *parts, *commits]
    file = stored(server)["Takes/film.mov"]
    assert server.state.content(file.id) == content
    assert rclone.changes("copy", ".", "box:Takes") == []

    rclone.write("film.mov", content[::-1])
    assert rclone.changes("copy", "--ignore-times", ".", "box:Takes") == [
        ("create_version_upload_session", 201), *parts, commits[-1],
    ]  # fmt: skip
    assert server.state.content(file.id) == content[::-1]
    assert server.state.files[file.id].etag == "1"


def test_rclone_makes_folders_once(server: MockServer, rclone: Rclone) -> None:
    assert rclone.changes("mkdir", "box:Takes/Monday/Morning") == [("create_folder", 201)] * 2
    *_, monday, morning = server.state.folders.values()
    assert (monday.name, monday.parent, morning.name, morning.parent) == ("Monday", "1", "Morning", monday.id)
    assert rclone.changes("mkdir", "box:Takes/Monday/Morning") == []


def test_rclone_reads_what_is_stored(rclone: Rclone) -> None:
    listed = rclone.run("lsf", "--recursive", "--format=ps", "--separator= ", "box:")
    assert listed.splitlines() == ["Takes/ -1", "Takes/Notes.txt 13"]
    assert rclone.run("cat", "box:Takes/Notes.txt") == "Of the world."
    rclone.write("Notes.txt", b"Of the world.")
    rclone.run("check", "--download", ".", "box:Takes")


def test_rclone_refreshes_an_expired_token(server: MockServer, rclone: Rclone) -> None:
    refresh_token = server.state.add_refresh_token("mock-client", "1")
    rclone.environment |= {
        "RCLONE_CONFIG_BOX_CLIENT_ID": "mock-client",
        "RCLONE_CONFIG_BOX_CLIENT_SECRET": "mock-client-secret",
    }
    rclone.set_token("of yesterday", refresh_token=refresh_token, expiry="2020-01-01T00:00:00Z")
    # Before it sends the secret in the form, Go's OAuth library tries Basic authentication.
    assert rclone.changes("lsf", "box:")[-1] == ("request_token", 200)
