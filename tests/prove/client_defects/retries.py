"""Defects of the client: when it retries, and how long it waits."""

from __future__ import annotations

import re
from typing import Any

import httpx2
import msgspec

from tests.prove.patches import change, patch, wrap

RETRY, CLIENT = "test_retry", "test_client"


DELAY = "box_uploads._runtime.retry.RetryPolicy.delay_s"


def _a_rate_limit_is_final(original: Any, policy: Any, request: Any, attempt: int, outcome: Any) -> Any:
    return None if getattr(outcome, "status", 0) == 429 else original(policy, request, attempt, outcome)


def _any_wish_to_wait_is_granted(original: Any, policy: Any, *arguments: Any) -> Any:
    return original(msgspec.structs.replace(policy, retry_after_cap_s=1e8), *arguments)


# fmt: off
DEFECTS = (
    patch("a-create-is-repeated-after-a-500", "box_uploads._runtime.messages.Request.idempotent",
        "Every method is retried as idempotent.", lambda request: True, RETRY, CLIENT),
    patch("a-part-is-not-repeated", "box_uploads._runtime.messages.Request.idempotent",
        "Only GET is retried as idempotent.", lambda request: request.method == "GET", RETRY),
    patch("a-failed-create-is-safe-to-repeat", "box_uploads._runtime.messages.RawResponse.idempotent",
        "The error of a POST says that a retry is safe.", lambda raw: True, "test_failure"),
    change("a-lost-answer-counts-as-not-sent", "box_uploads._runtime.response_reader._NOT_SENT",
        "A read timeout counts as a request that was not sent.",
        lambda original: (*original, httpx2.ReadTimeout, httpx2.ReadError), "test_transport", CLIENT),
    patch("a-refused-connection-is-final", "box_uploads._runtime.response_reader._NOT_SENT",
        "A request that was not sent is not sent again.", (), "test_transport", CLIENT),
    change("a-503-is-final", "box_uploads._runtime.retry._BROKEN_SERVER", "503 is not retried.",
        lambda original: original - {503}, RETRY),
    change("a-404-is-repeated", "box_uploads._runtime.retry._BROKEN_SERVER", "404 is retried.",
        lambda original: original | {404}, RETRY),
    wrap("a-call-is-repeated-once-more", DELAY, "There is one retry more than `max_retries`.",
        lambda original, policy, request, attempt, outcome: original(policy, request, max(1, attempt - 1), outcome),
        RETRY, CLIENT),
    wrap("a-call-is-repeated-once-less", DELAY, "There is one retry less than `max_retries`.",
        lambda original, policy, request, attempt, outcome: original(policy, request, attempt + 1, outcome), RETRY,
        CLIENT),
    wrap("a-rate-limit-is-final", DELAY, "429 is not retried.", _a_rate_limit_is_final, RETRY, CLIENT),
    patch("pauses-are-not-spread", "box_uploads._runtime.retry.RetryPolicy._backoff_s",
        "The delay is the longest one, without jitter.",
        lambda policy, attempt: min(policy.cap_s, policy.base_s * 2.0 ** min(attempt - 1, 60)), RETRY),
    wrap("pauses-do-not-grow", "box_uploads._runtime.retry.RetryPolicy._backoff_s", "Every delay is like the first.",
        lambda original, policy, attempt: original(policy, 1), RETRY),
    patch("pauses-have-no-cap", "box_uploads._runtime.retry.RetryPolicy._backoff_s", "The delays grow without end.",
        lambda policy, attempt: policy.base_s * 2.0 ** (attempt - 1) * policy.random(), RETRY),
    patch("the-wish-to-wait-is-ignored", "box_uploads._runtime.retry.parse_retry_after", "`Retry-After` is ignored.",
        lambda value, clock=None: None, RETRY, CLIENT),
    patch("a-date-to-wait-for-is-ignored", "box_uploads._runtime.retry._DATE",
        "`Retry-After` is only read in seconds.", re.compile(r"(?!)"), RETRY, CLIENT),
    wrap("any-wish-to-wait-is-granted", DELAY, "The server can make the client wait for hours.",
        _any_wish_to_wait_is_granted, RETRY, CLIENT),
)
