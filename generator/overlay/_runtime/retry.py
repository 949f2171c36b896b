"""Decide when a call is retried, and after how long; waits and sends nothing."""

from __future__ import annotations

import datetime as dt
import re
import time
from typing import TYPE_CHECKING

import msgspec

from .errors import InvalidArgumentError, TransportError
from .text import short_repr

if TYPE_CHECKING:
    from collections.abc import Callable

    from .messages import RawResponse, Request

__all__ = ["RetryPolicy", "backoff_s", "parse_retry_after", "random_fraction"]

_BROKEN_SERVER = frozenset({500, 502, 503, 504, 507, 509, *range(520, 531), 598, 599})
_LONGEST_S = 1e9
_DATE = re.compile(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[A-Za-z]{0,6},? [\w :+-]{14,40}\Z")


def random_fraction() -> float:
    """Return a random number in [0, 1)."""
    # Imported late: it costs more than the rest of this module, and most programs never need it.
    from random import random  # noqa: PLC0415

    return random()  # noqa: S311  # spreads retries, protects nothing


def backoff_s(attempt: int, *, base_s: float, max_s: float, random: Callable[[], float]) -> float:
    """Return the delay after an attempt in seconds: exponential, with equal jitter.

    Args:
        attempt: Number of attempts so far, from 1.
        base_s: Upper bound of the first delay in seconds; it doubles with each attempt.
        max_s: Upper bound of any delay in seconds.
        random: Returns a number in [0, 1).
    """
    # The exponent is bounded, since 2.0**1024 overflows.
    bound_s = min(max_s, base_s * 2.0 ** min(attempt - 1, 60))
    # Never below half the bound, so that a server that fails at once is not asked without end.
    return bound_s * (0.5 + 0.5 * random())


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How often a call is retried, and after which delays.

    A request that may have had an effect is only repeated if it is idempotent, by its method or by the contract.

    Attributes:
        max_retries: Repetitions after the first attempt; 0 turns them off.
        base_s: Longest delay before the first repetition in seconds; it doubles with each further one.
        max_s: Longest delay that the client chooses itself, in seconds.
        max_retry_after_s: Longest delay in seconds that the server may ask for; beyond it the call fails at once. After
            a 429, this also limits how long other calls of the client wait before they are sent.
        random: Returns a number in [0, 1), which spreads the delays.
        clock: Returns the Unix time in seconds, against which a date in `Retry-After` is read.
    """

    max_retries: int = 2
    base_s: float = 0.5
    max_s: float = 8.0
    max_retry_after_s: float = 60.0
    random: Callable[[], float] = random_fraction
    clock: Callable[[], float] = time.time

    def __post_init__(self) -> None:
        for name in ("max_retries", "base_s", "max_s", "max_retry_after_s"):
            value: object = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise InvalidArgumentError(name, "must be a number", shown=short_repr(value))
            if not 0 <= value < _LONGEST_S:
                raise InvalidArgumentError(name, "must be 0 or more, and below 1,000,000,000", shown=short_repr(value))

    def delay_s(self, request: Request, attempt: int, outcome: RawResponse | TransportError) -> float | None:
        """Return the seconds to wait before the next attempt, or None if there is to be none.

        Args:
            request: The request that was sent.
            attempt: Number of attempts so far, from 1.
            outcome: The response, or the error that came instead of one.
        """
        if attempt > self.max_retries:
            return None
        if isinstance(outcome, TransportError):
            is_safe = outcome.sent is False or request.idempotent
            return self._backoff_s(attempt) if outcome.is_transient and is_safe else None
        if outcome.status != 429 and not (outcome.status in _BROKEN_SERVER and request.idempotent):
            return None
        asked_s = parse_retry_after(outcome.headers.get("retry-after"), self.clock)
        if asked_s is None:
            return self._backoff_s(attempt)
        return asked_s if asked_s <= self.max_retry_after_s else None

    def _backoff_s(self, attempt: int) -> float:
        return backoff_s(attempt, base_s=self.base_s, max_s=self.max_s, random=self.random)


def parse_retry_after(value: str | None, clock: Callable[[], float] = time.time) -> float | None:
    """Return the seconds that a `Retry-After` header asks for, in either of its forms.

    Args:
        value: The header, or None. Anything but seconds or an HTTP date is ignored.
        clock: Returns the Unix time in seconds, against which a date is read; a date in the past means 0.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:20]), _LONGEST_S) if len(text) <= 20 else _LONGEST_S
    if not _DATE.match(text):
        return None
    from email.utils import parsedate_tz  # noqa: PLC0415  # costs more than all of this package

    parsed = parsedate_tz(text)
    if parsed is None:
        return None
    try:
        date = dt.datetime(*parsed[:6], tzinfo=dt.UTC)
    except (ValueError, OverflowError):
        return None
    return min(max(0.0, date.timestamp() - clock()), _LONGEST_S)
