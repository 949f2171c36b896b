"""Delays, deadlines and cancellation."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from box_uploads.upload import BackoffPolicy, DeadlineExceededError, Retried, Throttled, UploadCancelledError
from box_uploads.upload.retry import CancelToken, PauseLog, RetryBudget

from tests.unit.upload.script import Time, api_error, budget, lost

STEADY = BackoffPolicy(random=lambda: 1.0)


@pytest.mark.parametrize(
    ("attempt", "asked_s", "delay_s"),
    [(1, None, 1), (2, None, 2), (3, None, 4), (6, None, 30), (10_000, None, 30), (1, 7, 7), (9, 1e9, 300), (1, 0, 1)],
)
def test_a_delay_doubles_unless_the_server_asks_for_one(attempt: int, asked_s: float | None, delay_s: float) -> None:
    assert STEADY.delay_s(attempt, asked_s) == delay_s


def test_half_of_a_delay_is_certain() -> None:
    assert BackoffPolicy(random=lambda: 0.0).delay_s(1, None) == 0.5
    assert 0.5 <= BackoffPolicy().delay_s(1, None) <= 1


def test_a_deadline_ends_the_delays() -> None:
    limit, events = budget(deadline_s=3)
    limit.wait(api_error(503))
    limit.wait(api_error(503))
    with pytest.raises(
        DeadlineExceededError, match=r"^step: no success within 3 s and 3 attempts: 503 \(upload_part\)$"
    ) as caught:
        limit.wait(api_error(503))
    assert [event.delay_s for event in events] == [0.75, 1.5]
    assert str(caught.value.__cause__).startswith("503")


def timed(time: Time) -> BackoffPolicy:
    return BackoffPolicy(base_s=10, clock=lambda: time.now, sleep=time.sleep, random=lambda: 1.0)


def test_the_first_attempt_counts_and_the_time_is_told_as_it_was() -> None:
    time = Time()
    limit, events = make_budget(backoff=timed(time), deadline_s=15)
    time.now += 5
    limit.wait(lost())
    assert [event.delay_s for event in events] == [10]
    time.now += 1.25
    with pytest.raises(DeadlineExceededError, match=r"^part: no success within 16\.2 s and 2 attempts: gone$"):
        limit.wait(lost())
    limit, _ = make_budget(backoff=timed(time), deadline_s=0)
    with pytest.raises(DeadlineExceededError, match=r"^part: no success within 0 s and 1 attempt: gone$"):
        limit.wait(lost())


@pytest.mark.parametrize(
    ("deadline_s", "idle_s", "attempt_s"),
    [
        *[(600, 0, 300), (600, 100, 250), (600, 580, 10), (600, 590, 10), (600, 592, 8), (600, 700, 0)],
        *[(20, 0, 10), (12, 0, 10), (5, 0, 10), (0, 0, 10), (0, 4, 6), (float("inf"), 9, float("inf"))],
    ],
)
def test_an_attempt_gets_half_of_what_is_left_or_ten_seconds(
    deadline_s: float, idle_s: float, attempt_s: float
) -> None:
    time = Time()
    limit, _ = make_budget(backoff=timed(time), deadline_s=deadline_s)
    time.now += 1000
    limit.note_progress(idle_s)
    assert limit.attempt_s() == attempt_s


def test_what_was_idle_before_bytes_move_counts_though_they_move_then() -> None:
    time = Time()
    limit, _ = make_budget(backoff=timed(time), deadline_s=15)
    time.now += 14
    limit.note_sending()
    time.now += 1000
    limit.note_progress()
    time.now += 2
    with pytest.raises(DeadlineExceededError, match=r"^part: no success within 16 s and 1 attempt: gone$"):
        limit.wait(lost())


def make_budget(**settings: Any) -> tuple[RetryBudget, list[Any]]:
    """Return a budget, and the events that it emits."""
    events: list[Any] = []
    settings = {"deadline_s": 100, "cancel": CancelToken(), "emit": events.append, **settings}
    return RetryBudget("part", **settings), events


def test_attempts_in_which_bytes_move_do_not_count() -> None:
    time = Time()
    limit, events = make_budget(backoff=timed(time))
    for _ in range(3):
        time.now += 655
        limit.note_progress()
        limit.wait(lost())
    assert [event.delay_s for event in events] == [10, 20, 30]
    time.now += 39
    with pytest.raises(DeadlineExceededError, match=r"^part: no success within 100 s and 4 attempts: gone$"):
        limit.wait(lost())


def test_a_delay_that_the_server_asks_for_is_not_waited_if_it_is_too_long() -> None:
    limit, events = budget(deadline_s=10)
    with pytest.raises(DeadlineExceededError):
        limit.wait(api_error(503, retry_after_s=11))
    assert events == []


def test_the_wait_of_a_429_is_that_of_all_calls_and_neither_a_retry_nor_idle_time() -> None:
    time = Time()
    limit, events = make_budget(backoff=timed(time), deadline_s=10)
    time.now += 4
    limit.wait(api_error(429, retry_after_s=200))
    assert (events, time.now) == ([], 4)
    limit.wait_at_gate(200, 1)
    limit.wait_at_gate(2, 0)
    assert (events, time.now, limit.gate_left_s()) == ([Throttled(200)], 206, 3600 - 202)
    time.now += 5.5
    assert limit.attempt_s() == 0.5
    assert not limit.is_at_gate
    # Without a wait that all obey, it is a failure like others.
    with pytest.raises(DeadlineExceededError, match=r"^part: no success within 10 s and 2 attempts: 429"):
        limit.wait(api_error(429))


def test_a_pause_is_emitted_by_one_of_all_parts() -> None:
    pauses, backoff = PauseLog(), timed(Time())
    limit, events = make_budget(backoff=backoff, pauses=pauses)
    other, further = make_budget(backoff=backoff, pauses=pauses)
    for each, pause in ((limit, 1), (other, 1), (other, 2), (limit, 2), (limit, 1), (limit, 0)):
        each.wait_at_gate(5, pause)
    assert (events, further) == ([Throttled(5)], [Throttled(5)])


def test_a_wait_beyond_what_is_left_for_all_of_them_is_the_error_itself() -> None:
    limit, _ = make_budget(backoff=BackoffPolicy(max_throttled_s=250, sleep=lambda _: None))
    limit.wait_at_gate(100, 1)
    limit.wait(api_error(429, retry_after_s=150))
    error = api_error(429, retry_after_s=151)
    with pytest.raises(type(error)) as caught:
        limit.wait(error)
    assert caught.value is error


def test_cancelling_ends_the_wait_for_a_rate_limit() -> None:
    cancel = CancelToken()

    def cancel_later(_: object) -> None:
        threading.Timer(0.05, cancel.cancel).start()

    limit, _ = make_budget(backoff=BackoffPolicy(), cancel=cancel, emit=cancel_later)
    with pytest.raises(UploadCancelledError):
        limit.wait_at_gate(1e6, 1)
    assert limit.is_at_gate


def test_each_retry_is_an_event_with_one_line_and_the_offset() -> None:
    backoff = BackoffPolicy(sleep=lambda _: None, random=lambda: 1.0, clock=lambda: 0.0)
    limit, events = make_budget(backoff=backoff, offset=10)
    limit.wait("two\nlines", 3)
    assert events == [Retried("part", 1, 3, "two lines", 10)]


def test_a_cause_that_is_no_error_is_named_and_not_raised_from() -> None:
    limit, _ = budget(deadline_s=0)
    with pytest.raises(
        DeadlineExceededError, match=r"^step: no success within 0 s and 1 attempt: still 202$"
    ) as caught:
        limit.wait("still 202")
    assert caught.value.__cause__ is None


def test_a_cancelled_upload_does_not_wait() -> None:
    limit, events = budget()
    vars(limit)["_cancel"].cancel()
    with pytest.raises(UploadCancelledError, match=r"^the upload was cancelled$"):
        limit.wait(lost())
    assert events == []


def test_cancelling_ends_a_wait_that_has_started() -> None:
    cancel = CancelToken()

    def cancel_later(_: object) -> None:
        threading.Timer(0.05, cancel.cancel).start()

    # If nobody cancelled, it would last longer than any test.
    backoff = BackoffPolicy(base_s=1e6, max_s=1e6)
    limit, _ = make_budget(backoff=backoff, deadline_s=1e9, cancel=cancel, emit=cancel_later)
    with pytest.raises(UploadCancelledError):
        limit.wait(lost())


def test_callbacks_run_when_the_upload_is_cancelled_also_if_they_come_late() -> None:
    cancel, heard = CancelToken(), list[str]()
    with cancel.on_cancel(lambda: heard.append("early")):
        cancel.check()
        cancel.cancel()
        with cancel.on_cancel(lambda: heard.append("late")):
            assert heard == ["early", "late"]
    cancel.cancel()
    assert heard == ["early", "late"]
    with pytest.raises(UploadCancelledError):
        cancel.check()
