"""The limits of each user's calls and uploads per minute."""

from datetime import timedelta
from typing import Any

import pytest
from box_uploads_mock import MockServer, State

from tests.unit.mock.conftest import NOW
from tests.unit.mock.in_process import SESSIONS, headers, new_file, post, send
from tests.unit.mock.test_control import control

SESSION = f"{SESSIONS}/{'A' * 32}"


class Time:
    def __init__(self) -> None:
        self.now = NOW

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def limited(**limits: Any) -> tuple[State, Time]:
    time = Time()
    return State(clock=lambda: time.now, **limits), time


def look(state: State, **changes: Any) -> int:
    """Make a call that begins no upload."""
    return send(state, "GET", SESSION, headers(content_type=None, content_length=None, **changes)).status


def create(state: State, number: int = 0) -> int:
    return post(state, SESSIONS, {**new_file(), "file_name": f"{number}.mov"}).status


def test_without_a_limit_every_call_is_answered(state: State) -> None:
    assert (state.calls_per_minute, state.uploads_per_minute) == (None, None)
    assert {look(state) for _ in range(50)} == {404}


def test_a_minute_has_so_many_calls_and_the_next_one_is_told_when_there_is_room() -> None:
    state, time = limited(calls_per_minute=20)
    assert [look(state) for _ in range(21)] == [*[404] * 20, 429]
    time.advance(1.5)
    response = post(state, SESSIONS, new_file())
    assert (response.status, response.code, response.headers["retry-after"]) == (429, "rate_limit_exceeded", "2")
    # What is refused takes nothing.
    time.advance(1.5)
    assert [look(state) for _ in range(2)] == [404, 429]


def test_a_bucket_fills_evenly_and_holds_no_more_than_a_minute() -> None:
    state, time = limited(calls_per_minute=6)
    assert [look(state) for _ in range(7)] == [*[404] * 6, 429]
    for _ in range(3):
        time.advance(10)
        assert [look(state) for _ in range(2)] == [404, 429]
    time.advance(3600)
    assert [look(state) for _ in range(7)] == [*[404] * 6, 429]


def test_calls_that_begin_an_upload_count_for_both_limits() -> None:
    state, time = limited(calls_per_minute=600, uploads_per_minute=2)
    assert [create(state, number) for number in range(3)] == [201, 201, 429]
    assert look(state) == 404
    time.advance(30)
    assert [create(state, number) for number in range(3, 5)] == [201, 429]
    state.calls_per_minute = 1
    time.advance(60)
    # One that the calls refuse takes no upload, either.
    assert [create(state, number) for number in range(5, 7)] == [201, 429]
    state.calls_per_minute = None
    assert [create(state, number) for number in range(7, 9)] == [201, 429]


def test_each_user_has_a_limit() -> None:
    state, _ = limited(calls_per_minute=1)
    assert [look(state), look(state, as_user="7"), look(state, as_user="8"), look(state, as_user="7")] == [
        *(404, 404, 404),
        429,
    ]
    state.add_token("other")
    assert look(state, authorization="Bearer other") == 429


def test_a_call_without_a_user_takes_nothing() -> None:
    state, _ = limited(calls_per_minute=1)
    assert [look(state, authorization="Bearer wrong") for _ in range(3)] == [401] * 3
    assert look(state) == 404


def test_a_reset_fills_the_buckets_and_restores_the_limits() -> None:
    state, _ = limited(calls_per_minute=1)
    state.calls_per_minute = 2
    assert [look(state) for _ in range(3)] == [404, 404, 429]
    state.reset()
    assert [look(state) for _ in range(2)] == [404, 429]


def test_the_control_plane_reads_and_sets_the_limits(state: State) -> None:
    assert control(state, "GET", "/_mock/limits").body == {"calls_per_minute": None, "uploads_per_minute": None}
    done = control(state, "POST", "/_mock/limits", {"calls_per_minute": 1})
    assert (done.status, done.body) == (200, {"calls_per_minute": 1, "uploads_per_minute": None})
    assert [look(state) for _ in range(2)] == [404, 429]
    assert control(state, "POST", "/_mock/limits", {"calls_per_minute": None}).body == {
        "calls_per_minute": None,
        "uploads_per_minute": None,
    }


@pytest.mark.parametrize("value", [0, -1, True, 1.5, "1"])
def test_a_limit_that_is_none_is_refused_and_changes_nothing(state: State, value: object) -> None:
    done = control(state, "POST", "/_mock/limits", {"calls_per_minute": 7, "uploads_per_minute": value})
    assert done.status == 400
    assert done.body["error"].startswith("uploads_per_minute: ")
    assert (state.calls_per_minute, state.uploads_per_minute) == (None, None)
    with pytest.raises(ValueError, match="use a whole number from 1"):
        State(calls_per_minute=value)  # type: ignore[arg-type]  # what is under test


def test_an_unknown_limit_is_refused(state: State) -> None:
    done = control(state, "POST", "/_mock/limits", {"calls": 7})
    assert (done.status, done.body["error"]) == (
        400,
        "the body: 'calls' is unknown; use calls_per_minute, uploads_per_minute",
    )


def test_a_server_takes_the_limits() -> None:
    with MockServer(calls_per_minute=3, uploads_per_minute=2) as server:
        assert (server.state.calls_per_minute, server.state.uploads_per_minute) == (3, 2)
