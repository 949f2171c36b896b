"""Pauses, deadlines, and the wish to stop."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from box_uploads.upload import DeadlineExceededError, Pace, Retried, UploadAbortedError
from box_uploads.upload.patience import Patience, Stop

from tests.unit.upload.script import api_error, lost, patience

STEADY = Pace(random=lambda: 1.0)


@pytest.mark.parametrize(
    ("attempt", "asked_s", "delay_s"),
    [(1, None, 1), (2, None, 2), (3, None, 4), (6, None, 30), (10_000, None, 30), (1, 7, 7), (9, 1e9, 300), (1, 0, 1)],
)
def test_a_pause_doubles_unless_the_server_asks_for_one(attempt: int, asked_s: float | None, delay_s: float) -> None:
    assert STEADY.delay_s(attempt, asked_s) == delay_s


def test_half_of_a_pause_is_certain() -> None:
    assert Pace(random=lambda: 0.0).delay_s(1, None) == 0.5
    assert 0.5 <= Pace().delay_s(1, None) <= 1


def test_the_deadline_counts_from_the_first_failure() -> None:
    borne, events = patience(deadline_s=3)
    borne.pause(api_error(503))
    borne.pause(api_error(503))
    with pytest.raises(DeadlineExceededError, match=r"step: not done within 3 s, after 3 attempts: 503") as caught:
        borne.pause(api_error(503))
    assert [event.delay_s for event in events] == [0.75, 1.5]
    assert str(caught.value.__cause__).startswith("503")


def test_attempts_in_which_something_moves_do_not_count() -> None:
    now, events = [0.0], list[Any]()

    def sleep(delay_s: float) -> None:
        now[0] += delay_s

    pace = Pace(base_s=10, clock=lambda: now[0], sleep=sleep, random=lambda: 1.0)
    borne = Patience("part", pace=pace, deadline_s=100, stop=Stop(), tell=events.append)
    for _ in range(3):
        now[0] += 655
        borne.moved()
        borne.pause(lost())
    assert [event.delay_s for event in events] == [10, 20, 30]
    now[0] += 39
    with pytest.raises(DeadlineExceededError, match="within 100 s, after 4 attempts"):
        borne.pause(lost())


def test_a_pause_that_the_server_asks_for_is_not_begun_if_it_is_too_long() -> None:
    borne, events = patience(deadline_s=10)
    with pytest.raises(DeadlineExceededError):
        borne.pause(api_error(429, retry_after_s=11))
    assert events == []


def test_each_attempt_is_told_in_one_line_with_its_place() -> None:
    events: list[Any] = []
    pace = Pace(sleep=lambda _: None, random=lambda: 1.0, clock=lambda: 0.0)
    Patience("part", pace=pace, deadline_s=9, stop=Stop(), tell=events.append, offset=10).pause("two\nlines", 3)
    assert events == [Retried("part", 1, 3, "two lines", 10)]


def test_a_cause_that_is_no_error_is_named_and_not_raised_from() -> None:
    borne, _ = patience(deadline_s=0)
    with pytest.raises(DeadlineExceededError, match="202") as caught:
        borne.pause("still 202")
    assert caught.value.__cause__ is None


def test_who_wishes_to_stop_does_not_wait() -> None:
    borne, events = patience()
    vars(borne)["_stop"].set()
    with pytest.raises(UploadAbortedError):
        borne.pause(lost())
    assert events == []


def test_a_wish_ends_a_pause_that_has_begun() -> None:
    stop, begun = Stop(), threading.Event()

    def tell(_: object) -> None:
        begun.set()

    def wish() -> None:
        assert begun.wait(10)
        stop.set()

    other = threading.Thread(target=wish)
    other.start()
    with pytest.raises(UploadAbortedError):
        # Without the wish it would last longer than any test.
        Patience("step", pace=Pace(base_s=1e6, cap_s=1e6), deadline_s=1e9, stop=stop, tell=tell).pause(lost())
    other.join()


def test_listeners_are_told_of_the_wish_also_if_they_come_late() -> None:
    stop, heard = Stop(), list[str]()
    stop.listen(lambda: heard.append("early"))
    stop.check()
    stop.set()
    stop.listen(lambda: heard.append("late"))
    assert heard == ["early", "late"]
    with pytest.raises(UploadAbortedError):
        stop.check()
