"""The fixtures, in a separate test run."""

import os
import subprocess
import sys
from pathlib import Path

TESTS = """
import httpx2
import pytest


def create(url, token):
    body = {"folder_id": "0", "file_name": "Project.mov", "file_size": 20000000}
    headers = {"Authorization": f"Bearer {token}"}
    return httpx2.post(f"{url}/files/upload_sessions", json=body, headers=headers).status_code


@pytest.mark.parametrize("run", [1, 2])
def test_a_test_starts_from_the_beginning(box_mock, box_mock_url, box_mock_token, run):
    assert not box_mock.state.sessions
    assert box_mock.state.offers_plan
    box_mock.state.offers_plan = False
    assert create(box_mock_url, box_mock_token) == 201
    assert len(box_mock.state.sessions) == 1
"""


def test_every_test_gets_a_fresh_mock(tmp_path: Path) -> None:
    assert "2 passed" in _pytest(tmp_path, TESTS)


UNFIRED = """
import pytest

from box_uploads_mock import Reset


def test_a_fault_that_does_not_happen(box_mock):
    box_mock.state.faults.add(Reset(operation="upload_part"))


def test_a_failure_of_its_own(box_mock):
    box_mock.state.faults.add(Reset(operation="upload_part"))
    raise ValueError("its own failure")


def test_a_test_without_the_mock():
    pass


def test_a_fault_of_the_shared_server(box_mock_server):
    box_mock_server.state.faults.add(Reset(operation="list_parts"))


def test_a_fault_of_a_mock_that_is_asked_for_late(request):
    request.getfixturevalue("box_mock").state.faults.add(Reset(operation="commit_upload_session"))


def test_a_limit_that_limits_nothing(box_mock):
    box_mock.state.rate_limit(retry_after_s=1, requests=5)


def test_nothing_is_left_of_earlier_tests(box_mock_url):
    pass
"""


def test_an_unused_fault_fails_only_its_test(tmp_path: Path) -> None:
    out = _pytest(tmp_path, UNFIRED)
    assert "5 failed, 2 passed" in out
    assert "error" not in out.splitlines()[-1]
    for operation in ("upload_part", "list_parts", "commit_upload_session"):
        assert f"UnfiredFaultsError: queued but not used: Reset(operation='{operation}'" in out
    assert "UnfiredFaultsError: queued but not used: RateLimit(retry_after_s=1, requests=5)" in out
    assert "ValueError: its own failure" in out


DISCONNECTED = """
import socket
import time
from urllib.parse import urlsplit

import pytest
from box_uploads_mock import SlowRead, Stall

OPERATION = "create_upload_session"
BODY = b'{"folder_id": "0", "file_name": "Project.mov", "file_size": 20000000}'


def send(box_mock):
    url = urlsplit(box_mock.base_url)
    connection = socket.create_connection((url.hostname, url.port), timeout=10)
    head = (
        f"POST {url.path}/files/upload_sessions HTTP/1.1\\r\\nHost: mock\\r\\nAuthorization: Bearer {box_mock.token}"
        f"\\r\\nContent-Type: application/json\\r\\nContent-Length: {len(BODY)}\\r\\n\\r\\n"
    )
    connection.sendall(head.encode() + BODY)
    return connection


@pytest.mark.parametrize("fault", [
    Stall(operation=OPERATION),
    Stall(operation=OPERATION, when="after"),
    SlowRead(operation=OPERATION, bytes_per_read=1, pause_s=60),
])
@pytest.mark.parametrize("tries", [1, 2])
def test_a_client_disconnects(box_mock, fault, tries):
    assert not box_mock.state.request_log
    box_mock.state.faults.add(fault)
    # Disconnects, as after a timeout.
    with send(box_mock):
        for _ in range(10_000):
            if box_mock.state.faults.stalled:
                break
            # Lets the server work.
            time.sleep(0.001)
    if tries == 2:
        with send(box_mock) as connection:
            assert connection.recv(100).startswith(b"HTTP/1.1 201 ")


def test_nothing_comes_in_late(box_mock):
    box_mock.wait_until_idle()
    assert not box_mock.state.request_log
    assert not box_mock.state.sessions
"""


def test_a_stalled_client_that_disconnects_does_not_affect_other_tests(tmp_path: Path) -> None:
    assert "7 passed" in _pytest(tmp_path, DISCONNECTED)


def _pytest(tmp_path: Path, tests: str) -> str:
    """Run tests with the fixtures, and return the output."""
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["box_uploads_mock.pytest_plugin"]\n')
    (tmp_path / "test_it.py").write_text(tests)
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", str(tmp_path)]
    # Ignore other installed plugins.
    env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path, env=env
    ).stdout
