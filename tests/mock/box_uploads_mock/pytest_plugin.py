"""Fixtures for pytest: `pytest_plugins = ["box_uploads_mock.pytest_plugin"]`."""

from collections.abc import Generator, Iterator

import pytest

from box_uploads_mock.server import MockServer

_SERVER = pytest.StashKey[MockServer]()


@pytest.fixture(scope="session")
def box_mock_server(request: pytest.FixtureRequest) -> Iterator[MockServer]:
    """One server for all tests, since starting and stopping one takes longer than most tests; prefer `box_mock`.

    A test fails after which faults or rate limits are left that did not happen; they are dropped then.
    """
    with MockServer() as server:
        request.session.stash[_SERVER] = server
        yield server


# The server is not looked for among the fixtures of the test, which may ask for it while it runs.
@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Fails a test that has queued faults which did not happen."""
    result = yield
    server = item.session.stash.get(_SERVER, None)
    if server is not None:
        server.state.faults.require_fired()
    return result


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Drops the faults of a test that has failed, for which no other test is to blame."""
    server = item.session.stash.get(_SERVER, None)
    if server is not None:
        server.state.faults.clear()


@pytest.fixture
def box_mock(box_mock_server: MockServer) -> MockServer:
    """A mock server as it was at the beginning: nothing of earlier tests is left, nor comes in late.

    A test that queues faults or rate limits which do not happen fails.
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
