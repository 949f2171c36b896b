"""Fixtures for pytest: `pytest_plugins = ["box_uploads_mock.pytest_plugin"]`."""

from collections.abc import Generator, Iterator

import pytest

from box_uploads_mock.server import MockServer


@pytest.fixture(scope="session")
def box_mock_server() -> Iterator[MockServer]:
    """One server for all tests, since starting and stopping one takes longer than most tests; prefer `box_mock`."""
    with MockServer() as server:
        yield server


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fails a test that has queued faults for `box_mock` which did not happen."""
    result = yield
    server: object = getattr(item, "funcargs", {}).get("box_mock")
    if isinstance(server, MockServer):
        server.state.faults.require_fired()
    return result


@pytest.fixture
def box_mock(box_mock_server: MockServer) -> MockServer:
    """A mock server as it was at the beginning: nothing of earlier tests is left.

    A test that queues faults which do not happen fails.
    """
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
