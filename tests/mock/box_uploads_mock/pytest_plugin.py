"""Fixtures for pytest: `pytest_plugins = ["box_uploads_mock.pytest_plugin"]`."""

from collections.abc import Generator, Iterator

import pytest

from box_uploads_mock.server import MockServer

_SERVER = pytest.StashKey[MockServer]()


@pytest.fixture(scope="session")
def box_mock_server(request: pytest.FixtureRequest) -> Iterator[MockServer]:
    """One server for all tests, because starting one takes longer than most tests; prefer `box_mock`.

    An unused fault or rate limit fails the test, and is removed afterwards.
    """
    with MockServer() as server:
        request.session.stash[_SERVER] = server
        yield server


# The server is in the stash, because a test may request the fixture only while it runs.
@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fail a test that leaves a fault or a rate limit unused."""
    result = yield
    server = item.session.stash.get(_SERVER, None)
    if server is not None:
        server.state.faults.require_fired()
    return result


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Remove the faults that a failed test leaves, so that they do not fail the next test."""
    server = item.session.stash.get(_SERVER, None)
    if server is not None:
        server.state.faults.clear()


@pytest.fixture
def box_mock(box_mock_server: MockServer) -> MockServer:
    """A mock server in its initial state: earlier tests have no effect on it, not even by late requests.

    An unused fault or rate limit fails the test.
    """
    box_mock_server.reset()
    return box_mock_server


@pytest.fixture
def box_mock_url(box_mock: MockServer) -> str:
    """The base URL of the API of `box_mock`."""
    return box_mock.base_url


@pytest.fixture
def box_mock_token(box_mock: MockServer) -> str:
    """A token that `box_mock` accepts."""
    return box_mock.token
