"""Fixtures for pytest: `pytest_plugins = ["box_uploads_mock.pytest_plugin"]`."""

from collections.abc import Iterator

import pytest

from box_uploads_mock.server import MockServer


@pytest.fixture(scope="session")
def box_mock_server() -> Iterator[MockServer]:
    """One server for all tests, since starting and stopping one takes longer than most tests; prefer `box_mock`."""
    with MockServer() as server:
        yield server


@pytest.fixture
def box_mock(box_mock_server: MockServer) -> MockServer:
    """A mock server as it was at the beginning: nothing of earlier tests is left."""
    box_mock_server.state.reset()
    return box_mock_server


@pytest.fixture
def box_mock_url(box_mock: MockServer) -> str:
    """The base URL of the API of `box_mock`."""
    return box_mock.base_url


@pytest.fixture
def box_mock_token(box_mock: MockServer) -> str:
    """A token that `box_mock` accepts."""
    return box_mock.token
