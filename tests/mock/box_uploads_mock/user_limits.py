"""Limits of each user's calls and uploads per minute, as token buckets."""

import math
import threading
from datetime import datetime

from box_uploads_mock.operation_names import (
    CREATE_UPLOAD_SESSION,
    CREATE_VERSION_UPLOAD_SESSION,
    UPLOAD_SMALL_FILE,
    UPLOAD_SMALL_VERSION,
)

# Inferred: Box limits "file uploads" without saying which calls it counts; each file takes one of these.
UPLOADS = frozenset({CREATE_UPLOAD_SESSION, CREATE_VERSION_UPLOAD_SESSION, UPLOAD_SMALL_FILE, UPLOAD_SMALL_VERSION})
MINUTE_S = 60


class TokenBucket:
    """A bucket that holds as many tokens as one minute brings, and is full at first.

    Args:
        per_minute: How many tokens come in a minute, evenly.
        now: The current time.
    """

    def __init__(self, per_minute: int, now: datetime) -> None:
        self._per_minute = per_minute
        self._tokens = float(per_minute)
        self._filled_at = now

    def wait_s(self, now: datetime) -> float:
        """Return the seconds until there is a token, 0 if there is one now."""
        # A test's clock may be turned back.
        elapsed_s = max(0.0, (now - self._filled_at).total_seconds())
        self._filled_at = now
        self._tokens = min(self._per_minute, self._tokens + elapsed_s * self._per_minute / MINUTE_S)
        return max(0.0, 1 - self._tokens) * MINUTE_S / self._per_minute

    def take(self) -> None:
        """Take a token."""
        self._tokens -= 1


class UserLimits:
    """The limits of all users, each of whom has buckets of their own; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._per_minute: dict[str, int | None] = {"calls": None, "uploads": None}
        self._buckets: dict[tuple[str, str], TokenBucket] = {}

    def limit(self, kind: str) -> int | None:
        """Return how many `calls` or `uploads` a user has per minute, None without a limit."""
        return self._per_minute[kind]

    def set_limit(self, kind: str, per_minute: int | None) -> None:
        """Set a limit; all buckets of its kind are full then.

        Raises:
            ValueError: It is not a positive number.
        """
        # A number from the control plane may be of any type.
        is_number = isinstance(per_minute, int) and not isinstance(per_minute, bool) and per_minute > 0
        if per_minute is not None and not is_number:
            raise ValueError(f"{kind}_per_minute: {per_minute!r} is no limit; use a whole number from 1, or none")
        with self._lock:
            self._per_minute[kind] = per_minute
            self._buckets = {key: bucket for key, bucket in self._buckets.items() if key[0] != kind}

    def take(self, user_id: str, operation: str, now: datetime) -> int | None:
        """Count a call of a user; return its `Retry-After` in seconds, None if it is within the limits.

        A call that is refused takes nothing.
        """
        with self._lock:
            buckets: list[TokenBucket] = []
            for kind in ("calls", "uploads") if operation in UPLOADS else ("calls",):
                per_minute, key = self._per_minute[kind], (kind, user_id)
                if per_minute is not None:
                    if key not in self._buckets:
                        self._buckets[key] = TokenBucket(per_minute, now)
                    buckets.append(self._buckets[key])
            wait_s = max((bucket.wait_s(now) for bucket in buckets), default=0.0)
            # Tokens are fractions that were added up, and a full one may be short of 1 by a rounding error.
            if wait_s > 1e-6:
                return math.ceil(wait_s - 1e-6)
            for bucket in buckets:
                bucket.take()
            return None
