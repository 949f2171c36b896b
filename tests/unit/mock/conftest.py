from datetime import UTC, datetime

import pytest
from box_uploads_mock import State

NOW = datetime(2026, 11, 22, 12, 0, 0, 987_654, tzinfo=UTC)


@pytest.fixture
def state() -> State:
    return State(clock=lambda: NOW)
