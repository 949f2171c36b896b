"""When a call is retried, and after how long."""

from __future__ import annotations

import math
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.overlay._runtime.errors import InvalidArgumentError, ResponseTooLargeError, TransportError
from generator.overlay._runtime.headers import Headers
from generator.overlay._runtime.messages import RawResponse, Request
from generator.overlay._runtime.retry import RetryPolicy, parse_retry_after

NOW = 784111777.0  # Sun, 06 Nov 1994 08:49:37 GMT
POLICY = RetryPolicy(random=lambda: 1.0, clock=lambda: NOW)
POST = Request("op", "POST", "https://x", "/")
PUT = Request("op", "PUT", "https://x", "/")
SETTINGS = pytest.mark.parametrize("name", ["max_retries", "base_s", "max_s", "max_retry_after_s"])


def answer(status: int, retry_after: str | None = None) -> RawResponse:
    return RawResponse("op", "POST", status, Headers([("Retry-After", retry_after)] if retry_after else []), b"")


def lost(*, sent: bool | None, is_transient: bool) -> TransportError:
    return TransportError("x", sent=sent, is_transient=is_transient)


@pytest.mark.parametrize(
    ("sent", "request_", "delay_s"),
    [(False, POST, 0.5), (False, PUT, 0.5), (None, POST, None), (None, PUT, 0.5), (True, POST, None), (True, PUT, 0.5)],
)
def test_a_request_that_may_have_been_sent_is_retried_only_if_idempotent(
    sent: bool | None, request_: Request, delay_s: float | None
) -> None:
    assert POLICY.delay_s(request_, 1, lost(sent=sent, is_transient=True)) == delay_s


@pytest.mark.parametrize("sent", [None, False, True])
def test_a_failure_that_would_repeat_is_not_retried(sent: bool | None) -> None:
    assert POLICY.delay_s(PUT, 1, lost(sent=sent, is_transient=False)) is None
    assert POLICY.delay_s(PUT, 1, ResponseTooLargeError("x", kind="ResponseTooLarge")) is None


@pytest.mark.parametrize("status", [500, 502, 503, 504, 507, 509, 520, 530, 598, 599])
def test_a_server_error_is_retried_only_if_idempotent(status: int) -> None:
    assert POLICY.delay_s(POST, 1, answer(status)) is None
    assert POLICY.delay_s(POST, 1, answer(status, "1")) is None
    assert POLICY.delay_s(PUT, 1, answer(status)) == 0.5


@pytest.mark.parametrize("status", [200, 302, 400, 401, 404, 409, 501, 505, 508, 510, 519, 531, 597, 600])
def test_other_statuses_are_final(status: int) -> None:
    assert POLICY.delay_s(PUT, 1, answer(status, "1")) is None


def test_a_rate_limit_is_retried_for_every_method_unless_the_wait_is_too_long() -> None:
    assert POLICY.delay_s(POST, 1, answer(429, "7")) == 7
    assert POLICY.delay_s(POST, 1, answer(429, "Sun, 06 Nov 1994 08:49:47 GMT")) == 10
    assert POLICY.delay_s(POST, 1, answer(429)) == 0.5
    assert POLICY.delay_s(POST, 1, answer(429, "60")) == 60
    assert POLICY.delay_s(POST, 1, answer(429, "61")) is None


def test_retries_end() -> None:
    assert POLICY.delay_s(PUT, 2, answer(500)) is not None
    assert POLICY.delay_s(PUT, 3, answer(500)) is None
    assert RetryPolicy(max_retries=0).delay_s(PUT, 1, answer(429)) is None


@given(st.integers(1, 5000), st.floats(0, 1, exclude_max=True))
def test_the_delay_is_spread_doubles_and_is_capped(attempt: int, spread: float) -> None:
    policy = RetryPolicy(max_retries=5000, random=lambda: spread)
    assert policy.delay_s(PUT, attempt, answer(500)) == (
        min(8.0, 0.5 * 2.0 ** min(attempt - 1, 60)) * (0.5 + 0.5 * spread)
    )


def test_the_default_randomness_is_a_fraction() -> None:
    delay = RetryPolicy().delay_s(PUT, 1, answer(500))
    assert delay is not None
    assert 0.25 <= delay < 0.5


RANGE, NUMBER = "must be 0 or more, and below 1,000,000,000", "must be a number"


@SETTINGS
@pytest.mark.parametrize(
    ("value", "rule"),
    [*((value, RANGE) for value in (-1, math.nan, math.inf, 1e9)), *((value, NUMBER) for value in (True, "1", None))],
)
def test_a_bad_setting_is_refused(name: str, value: Any, rule: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        RetryPolicy(**{name: value})
    assert caught.value.argument == name
    assert str(caught.value) == f"{name}={value!r}: {rule}"


@SETTINGS
@pytest.mark.parametrize("value", [0, 999_999_999])
def test_a_setting_may_be_at_either_limit(name: str, value: Any) -> None:
    assert getattr(RetryPolicy(**{name: value}), name) == value


def test_a_policy_is_made_by_keywords_and_stays_as_it_is() -> None:
    with pytest.raises(TypeError):
        RetryPolicy(1)  # type: ignore[call-arg]  # what is under test
    with pytest.raises(AttributeError):
        POLICY.max_retries = 5  # type: ignore[misc]  # as above


def test_a_date_is_read_against_the_real_clock_by_default() -> None:
    assert RetryPolicy().delay_s(POST, 1, answer(429, "Sun, 06 Nov 1994 08:49:37 GMT")) == 0


def test_the_delay_stops_doubling_before_it_overflows() -> None:
    policy = RetryPolicy(max_retries=2000, base_s=1e-12, max_s=9e8, random=lambda: 1.0)
    delays = [policy.delay_s(PUT, attempt, answer(500)) for attempt in (60, 61, 62, 1999)]
    assert delays == [1e-12 * 2.0**59, *[1e-12 * 2.0**60] * 3]


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the time zone of a process cannot be set here")
def test_a_date_does_not_depend_on_the_time_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "XYZ+5")
    time.tzset()
    try:
        assert parse_retry_after("Sun, 06 Nov 1994 08:49:39 GMT", lambda: NOW) == 2
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        (" 120 ", 120),
        ("0" * 19 + "5", 5),
        ("0" * 20 + "5", 1e9),
        *(("9" * 400, 1e9), ("9" * 5000, 1e9), ("Fri, 31 Dec 9999 23:59:59 GMT", 1e9)),
        ("Sun, 06 Nov 1994 08:49:39 GMT", 2),
        ("Sunday, 06-Nov-94 08:49:39 GMT", 2),
        ("Sun Nov  6 08:49:39 1994", 2),
        ("Sun, 06 Nov 1994 08:49:30 GMT", 0),
        *((junk, None) for junk in ("Sun, 99 Nov 1994 08:49:39 GMT", "Sun, 06 Nov 1994", "Sun, " + "0" * 100_000)),
        *((junk, None) for junk in ("-1", "1.5", "١٢", "soon", "", None)),
    ],
)
def test_both_forms_of_retry_after_are_read_and_junk_is_ignored(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value, lambda: NOW) == seconds


DATES = st.from_regex(r"Mon, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT")


@given(st.text() | st.text("0123456789SunNovMon, :+-GMT", max_size=40) | DATES)
def test_any_retry_after_gives_a_bounded_number_or_nothing(value: str) -> None:
    seconds = parse_retry_after(value, lambda: NOW)
    assert seconds is None or 0 <= seconds <= 1e9
