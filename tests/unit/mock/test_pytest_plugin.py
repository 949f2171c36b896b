"""The fixtures, in a test run of their own."""

import os
import subprocess
import sys
from pathlib import Path

TESTS = """
import urllib.error
import urllib.request

import pytest


def create(url, token):
    body = b'{"folder_id": "0", "file_name": "Project.mov", "file_size": 20000000}'
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/files/upload_sessions", body, headers, method="POST")
    with urllib.request.urlopen(request, timeout=10) as response:
        return response.status


@pytest.mark.parametrize("run", [1, 2])
def test_a_test_starts_from_the_beginning(box_mock, box_mock_url, box_mock_token, run):
    assert not box_mock.state.sessions
    box_mock.state.offers_plan = True
    assert create(box_mock_url, box_mock_token) == 201
    assert len(box_mock.state.sessions) == 1
"""


def test_the_fixtures_give_each_test_a_fresh_mock(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["box_uploads_mock.pytest_plugin"]\n')
    (tmp_path / "test_it.py").write_text(TESTS)
    assert "2 passed" in _pytest(tmp_path)


UNFIRED = """
from box_uploads_mock import Reset


def test_a_fault_that_does_not_happen(box_mock):
    box_mock.state.faults.add(Reset(operation="upload_part"))


def test_a_failure_of_its_own(box_mock):
    box_mock.state.faults.add(Reset(operation="upload_part"))
    raise ValueError("its own failure")


def test_nothing_is_left_of_earlier_tests(box_mock_url):
    pass


def test_a_test_without_the_mock():
    pass
"""


def test_a_fault_that_does_not_happen_fails_its_test(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["box_uploads_mock.pytest_plugin"]\n')
    (tmp_path / "test_it.py").write_text(UNFIRED)
    out = _pytest(tmp_path)
    assert "2 failed, 2 passed" in out
    assert "UnfiredFaultsError: queued, but did not happen: Reset(operation='upload_part'" in out
    assert "ValueError: its own failure" in out


def _pytest(tmp_path: Path) -> str:
    command = [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", str(tmp_path)]
    # Other plugins that happen to be installed have no part in this.
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path, env=environment
    )
    return done.stdout
