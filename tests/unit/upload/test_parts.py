"""How a file is cut into parts."""

from __future__ import annotations

import pytest
from box_uploads.upload import PlanError
from box_uploads.upload.parts import LARGEST_PART, Part, Plan, needs_session
from hypothesis import given, settings
from hypothesis import strategies as st


@settings(deadline=None, derandomize=True, database=None)
@given(st.integers(1, 2**40), st.integers(2**20, 2**28))
def test_the_parts_cover_the_file_exactly(size: int, part_size: int) -> None:
    plan = Plan.checked(size, part_size, -(-size // part_size))
    last = plan.part(plan.total_parts - 1)
    assert plan.part(0).offset == 0
    assert 0 < last.size <= part_size
    assert last.offset + last.size == size
    assert all(plan.part(index).size == part_size for index in {0, plan.total_parts // 2} - {last.index})


@settings(deadline=None, derandomize=True, database=None)
@given(st.integers(1, 60), st.integers(1, 20))
def test_the_parts_of_a_small_file_follow_each_other(size: int, part_size: int) -> None:
    parts = list(Plan.checked(size, part_size, -(-size // part_size)).parts())
    assert [part.offset for part in parts] == list(range(0, size, part_size))
    assert sum(part.size for part in parts) == size


@settings(deadline=None, derandomize=True, database=None)
@given(st.integers(1, 2**45), st.integers(1, LARGEST_PART), st.integers(-(2**31), 2**31 - 1))
def test_a_number_of_parts_that_does_not_fit_is_refused(size: int, part_size: int, total: int) -> None:
    if total == -(-size // part_size):
        return
    with pytest.raises(PlanError):
        Plan.checked(size, part_size, total)


@pytest.mark.parametrize("part_size", [0, -1, LARGEST_PART + 1, 2**62])
def test_parts_that_do_not_fit_into_memory_are_refused(part_size: int) -> None:
    with pytest.raises(PlanError, match="part size is"):
        Plan.checked(20_000_000, part_size, 1)


@pytest.mark.parametrize("size", [2**31 - 1, 2**31, 2**32, 2**32 + 1, 5 * 2**40])
def test_offsets_beyond_2_and_4_gib_are_exact(size: int) -> None:
    plan = Plan.checked(size, 2**26, -(-size // 2**26))
    last = plan.part(plan.total_parts - 1)
    assert last.content_range(size) == f"bytes {last.offset}-{size - 1}/{size}"


def test_an_exact_multiple_has_no_empty_last_part() -> None:
    plan = Plan.checked(2**32, 2**26, 64)
    assert plan.part(63).content_range(2**32) == f"bytes {63 * 2**26}-{2**32 - 1}/{2**32}"
    with pytest.raises(PlanError):
        Plan.checked(2**32, 2**26, 65)


def test_only_parts_of_the_plan_are_recognised() -> None:
    plan = Plan.checked(25, 10, 3)
    assert (plan.holds(0, 10), plan.holds(20, 5)) == (Part(0, 0, 10), Part(2, 20, 5))
    assert [plan.holds(*found) for found in [(20, 10), (5, 10), (30, 10), (0, 9)]] == [None] * 4
    plan = Plan.checked(30, 10, 3)
    assert (plan.holds(20, 10), plan.holds(30, 0)) == (Part(2, 20, 10), None)


def test_a_session_is_for_files_from_20_million_bytes_on() -> None:
    assert [needs_session(size) for size in (0, 19_999_999, 20_000_000)] == [False, False, True]


def test_a_part_of_256_mib_is_the_largest() -> None:
    largest = 256 * 1024 * 1024
    assert Plan.checked(largest, largest, 1).part_size == largest
    with pytest.raises(PlanError, match=f"part size is {largest + 1} bytes, not 1 to {largest}"):
        Plan.checked(largest, largest + 1, 1)
    with pytest.raises(PlanError, match=r"^the server plans 3 parts of 10 bytes, but 20 bytes need 2$"):
        Plan.checked(20, 10, 3)


@pytest.mark.parametrize("value", [Part(0, 0, 1), Plan.checked(30, 10, 3)])
def test_parts_and_plans_stay_as_they_are(value: Part | Plan) -> None:
    with pytest.raises(AttributeError):
        value.size = 2  # type: ignore[misc]  # what is under test
