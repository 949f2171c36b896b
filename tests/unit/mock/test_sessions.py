"""The fields of a new session."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from box_uploads_mock import State, World
from box_uploads_mock.sessions import MAX_PARTS, part_size_for

from tests.unit.mock.in_process import HOST, SESSIONS, new_file, post, versions

MIB = 1024**2


def created(state: State, **changes: object) -> dict[str, Any]:
    response = post(state, SESSIONS, new_file(**changes))
    assert response.status == 201
    body: dict[str, Any] = response.body
    return body


def test_a_session_for_a_new_file_has_every_documented_field(state: State) -> None:
    body = created(state)
    url = f"http://{HOST}{SESSIONS}/{body['id']}"
    assert re.fullmatch(r"[0-9A-F]{32}", body.pop("id"))
    assert body == {
        "type": "upload_session",
        "session_expires_at": "2026-11-29T12:00:00+00:00",
        "part_size": 8 * MIB,
        "total_parts": 13,
        "num_parts_processed": 0,
        "session_endpoints": {
            "upload_part": url,
            "abort": url,
            "status": url,
            "commit": f"{url}/commit",
            "list_parts": f"{url}/parts",
            "log_event": f"{url}/log",
            "plan": f"{url}/plan",
        },
    }


def test_a_session_for_a_version_has_the_same_fields(state: State) -> None:
    response = post(state, versions("12345"), {"file_size": 104_857_600})
    assert (response.status, response.body.keys()) == (201, created(state).keys())


def test_expiry_keeps_the_offset_of_the_clock() -> None:
    now = datetime(2012, 12, 5, 10, 53, 43, tzinfo=timezone(timedelta(hours=-8)))
    assert created(State(clock=lambda: now))["session_expires_at"] == "2012-12-12T10:53:43-08:00"


def test_a_naive_clock_is_rejected() -> None:
    naive = datetime(2012, 12, 5)  # noqa: DTZ001 - what is refused
    message = r"^The clock returned a naive datetime; return one with a time zone"
    with pytest.raises(ValueError, match=message):
        State(clock=lambda: naive).now()


def test_the_default_clock_is_in_utc() -> None:
    before = datetime.now(UTC)
    assert before <= State().now() <= datetime.now(UTC)
    assert State().now().tzinfo is UTC


@pytest.mark.parametrize("size", [0, -1])
def test_min_file_size_must_be_at_least_1(size: int) -> None:
    message = f"^min_file_size: {size} is too small; use at least 1 byte$"
    with pytest.raises(ValueError, match=message):
        State(min_file_size=size)


@pytest.mark.parametrize(
    ("file_size", "part_size", "total_parts"),
    [
        *((20_000_000, 8 * MIB, 3), (1536 * MIB, 8 * MIB, 192), (1536 * MIB + 1, 32 * MIB, 49)),
        *((10 * 8 * MIB - 1, 8 * MIB, 10), (10 * 8 * MIB, 8 * MIB, 10), (10 * 8 * MIB + 1, 8 * MIB, 11)),
        *((4096 * MIB, 32 * MIB, 128), (4096 * MIB + 1, 64 * MIB, 65), (5_368_709_120, 64 * MIB, 80)),
        *((64 * MIB * MAX_PARTS, 64 * MIB, MAX_PARTS), (64 * MIB * MAX_PARTS + 1, 128 * MIB, MAX_PARTS // 2 + 1)),
    ],
)
def test_parts_cover_the_file_exactly(state: State, file_size: int, part_size: int, total_parts: int) -> None:
    body = created(state, file_size=file_size)
    assert (body["part_size"], body["total_parts"]) == (part_size, total_parts)


def test_the_part_size_keeps_the_number_of_parts_bounded_for_any_size() -> None:
    for exponent in range(25, 63):
        assert -(-(2**exponent) // part_size_for(2**exponent)) <= MAX_PARTS


def test_the_same_request_twice_makes_two_sessions(state: State) -> None:
    first, second = created(state), created(state)
    assert first["id"] != second["id"]
    assert list(state.sessions) == [first["id"], second["id"]]


def test_a_session_can_be_read_again_from_the_state(state: State) -> None:
    session_id = created(state, file_size=20_000_000)["id"]
    session = state.sessions[session_id]
    assert (session.file_size, session.total_parts, session.file_id) == (20_000_000, 3, None)
    version_id = post(state, versions("12345"), {"file_size": 30_000_000}).body["id"]
    assert (state.sessions[version_id].file_size, state.sessions[version_id].file_id) == (30_000_000, "12345")


def test_a_session_reserves_neither_name_nor_storage() -> None:
    state = State(World(quota_bytes=20_000_000))
    for _ in range(2):
        assert created(state, file_size=20_000_000)["num_parts_processed"] == 0


def test_the_same_seed_repeats_a_run_exactly() -> None:
    def run(seed: int) -> list[object]:
        state = State(seed=seed, clock=lambda: datetime.fromisoformat("2026-11-22T12:00:00+01:00"))
        responses = [post(state, SESSIONS, new_file(folder_id=folder)) for folder in ("0", "404", "100")]
        return [(response.status, response.headers, response.content) for response in responses]

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_a_failed_request_does_not_change_later_session_ids(state: State) -> None:
    other = State()
    post(other, SESSIONS, new_file(folder_id="404"))
    assert created(state)["id"] == created(other)["id"]
