from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from box_uploads_mock import MockServer, State

NOW = datetime(2026, 11, 22, 12, 0, 0, 987_654, tzinfo=UTC)


@pytest.fixture
def state() -> State:
    return State(clock=lambda: NOW)


@pytest.fixture(scope="module")
def shared_server() -> Iterator[MockServer]:
    with MockServer() as server:
        yield server


@pytest.fixture
def server(shared_server: MockServer) -> MockServer:
    shared_server.state.reset()
    return shared_server
