"""Defects of the client: when it retries, and how long it waits."""

from __future__ import annotations

import math
import re

import httpx2
from box_uploads._runtime.rate_gate import RateGate
from msgspec.structs import replace

from tests.prove.patches import after, always, change, patch, wrap

DELAY = "runtime.retry.RetryPolicy.delay_s"


# fmt: off
DEFECTS = (
    patch("Every method is retried as idempotent", "runtime.messages.Request.idempotent", always(True)),
    patch("Only GET is retried as idempotent", "runtime.messages.Request.idempotent",
        lambda request: request.method == "GET"),
    patch("The error of a POST says that a retry is safe", "runtime.messages.RawResponse.idempotent", always(True)),
    change("A read timeout counts as a request that was not sent", "runtime.response_reader._NOT_SENT",
        lambda original: (*original, httpx2.ReadTimeout, httpx2.ReadError)),
    patch("A request that was not sent is not sent again", "runtime.response_reader._NOT_SENT", ()),
    change("503 is not retried", "runtime.retry._BROKEN_SERVER", lambda original: original - {503}),
    change("404 is retried", "runtime.retry._BROKEN_SERVER", lambda original: original | {404}),
    wrap("There is one retry more than `max_retries`", DELAY,
        lambda original, policy, request, attempt, outcome: original(policy, request, max(1, attempt - 1), outcome)),
    wrap("There is one retry less than `max_retries`", DELAY,
        lambda original, policy, request, attempt, outcome: original(policy, request, attempt + 1, outcome)),
    wrap("429 is not retried", DELAY,
        lambda original, *given: None if getattr(given[-1], "status", 0) == 429 else original(*given)),
    patch("The delay is the longest one, without jitter", "runtime.retry.RetryPolicy._backoff_s",
        lambda policy, attempt: min(policy.cap_s, policy.base_s * 2.0 ** min(attempt - 1, 60))),
    wrap("Every delay is like the first", "runtime.retry.RetryPolicy._backoff_s",
        lambda original, policy, attempt: original(policy, 1)),
    patch("The delays grow without end", "runtime.retry.RetryPolicy._backoff_s",
        lambda policy, attempt: policy.base_s * 2.0 ** (attempt - 1) * policy.random()),
    patch("The client ignores `Retry-After`", "runtime.retry.parse_retry_after", always(None)),
    patch("`Retry-After` is only read in seconds", "runtime.retry._DATE", re.compile(r"(?!)")),
    wrap("The server can make the client wait for hours", DELAY,
        lambda original, policy, *given: original(replace(policy, retry_after_cap_s=1e8), *given)),
    patch("A 429 is nothing to other calls of the client", "runtime.transport_settings.BaseTransport.note_refusal",
        always(None)),
    patch("Calls that have waited start together", "runtime.rate_gate.RateGate._reserve",
        lambda gate, now: max(now, gate._next_s)),
    patch("Calls that have waited follow the first without jitter", "runtime.rate_gate._JITTER", 0.0),
    patch("The rate does not recover after a 429", "runtime.rate_gate.RateGate._rate_at",
        lambda gate, now: 0.7 * gate._rate),
    patch("The rate after a 429 is a guess", "runtime.rate_gate._MEASURED", 10**9),
    wrap("A call waits for the gate however long that takes", "runtime.rate_gate.RateGate.admit",
        lambda original, gate, now, most_s=0.0, reserved_s=None: original(gate, now, math.inf, reserved_s)),
    wrap("Other options come with a gate of their own", "runtime.transport_settings.BaseTransport.with_options",
        after(lambda transport, *_: setattr(transport, "gate", RateGate()))),
)
