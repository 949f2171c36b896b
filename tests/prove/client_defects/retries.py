"""Defects of the client: when it calls again, and how long it waits."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from tests.prove.planting import Catalogue

__all__ = ["DEFECTS"]

DEFECTS = Catalogue()
RETRY, CLIENT = "test_retry", "test_client"
FAILURE = "test_failure"


@DEFECTS.defect("box_uploads._runtime.message.Request.idempotent", RETRY, CLIENT)
def a_create_is_repeated_after_a_500(original: Any) -> Any:
    """Every method counts as idempotent when it is repeated."""
    return lambda request: True


@DEFECTS.defect("box_uploads._runtime.message.Request.idempotent", RETRY)
def a_part_is_not_repeated(original: Any) -> Any:
    """Only GET counts as idempotent when it is repeated."""
    return lambda request: request.method == "GET"


@DEFECTS.defect("box_uploads._runtime.message.RawResponse.idempotent", FAILURE)
def a_failed_create_is_safe_to_repeat(original: Any) -> Any:
    """The error of a POST says that a second call is safe."""
    return lambda raw: True


@DEFECTS.defect("box_uploads._runtime.retry._NOT_SENT", RETRY, CLIENT)
def a_lost_answer_counts_as_not_sent(original: Any) -> Any:
    """A read that timed out is taken for a request that was not sent."""
    return original | {"ReadTimeout", "ReadError"}


@DEFECTS.defect("box_uploads._runtime.retry._NOT_SENT", RETRY, CLIENT)
def a_refused_connection_is_final(original: Any) -> Any:
    """A request that was not sent is not sent again."""
    return frozenset()


@DEFECTS.defect("box_uploads._runtime.retry._BROKEN_SERVER", RETRY)
def a_503_is_final(original: Any) -> Any:
    """503 is no reason to call again."""
    return original - {503}


@DEFECTS.defect("box_uploads._runtime.retry._BROKEN_SERVER", RETRY)
def a_404_is_repeated(original: Any) -> Any:
    """404 is a reason to call again."""
    return original | {404}


def _delayed(change: Any) -> Any:
    """Return a spoiler of the policy's decision."""

    def spoil(original: Any) -> Any:
        return lambda policy, request, attempt, outcome: change(
            policy, outcome, attempt, lambda attempt: original(policy, request, attempt, outcome)
        )

    return spoil


DELAY = "box_uploads._runtime.retry.RetryPolicy.delay_s"


@DEFECTS.defect(DELAY, RETRY, CLIENT)
def a_call_is_repeated_once_more(original: Any) -> Any:
    """There is one repetition more than `max_retries`."""
    return _delayed(lambda policy, outcome, attempt, decide: decide(max(1, attempt - 1)))(original)


@DEFECTS.defect(DELAY, RETRY, CLIENT)
def a_call_is_repeated_once_less(original: Any) -> Any:
    """There is one repetition less than `max_retries`."""
    return _delayed(lambda policy, outcome, attempt, decide: decide(attempt + 1))(original)


@DEFECTS.defect(DELAY, RETRY, CLIENT)
def a_rate_limit_is_final(original: Any) -> Any:
    """429 is no reason to call again."""
    return _delayed(
        lambda policy, outcome, attempt, decide: None if getattr(outcome, "status", 0) == 429 else decide(attempt)
    )(original)


@DEFECTS.defect("box_uploads._runtime.retry.RetryPolicy._backoff_s", RETRY)
def pauses_are_not_spread(original: Any) -> Any:
    """The delay is the longest one, without jitter."""
    return lambda policy, attempt: min(policy.cap_s, policy.base_s * 2.0 ** min(attempt - 1, 60))


@DEFECTS.defect("box_uploads._runtime.retry.RetryPolicy._backoff_s", RETRY)
def pauses_do_not_grow(original: Any) -> Any:
    """Every delay is like the first."""
    return lambda policy, attempt: original(policy, 1)


@DEFECTS.defect("box_uploads._runtime.retry.RetryPolicy._backoff_s", RETRY)
def pauses_have_no_cap(original: Any) -> Any:
    """The delays grow without end."""
    return lambda policy, attempt: policy.base_s * 2.0 ** (attempt - 1) * policy.random()


@DEFECTS.defect("box_uploads._runtime.retry.parse_retry_after", RETRY, CLIENT)
def the_wish_to_wait_is_ignored(original: Any) -> Any:
    """`Retry-After` is not read."""
    return lambda value, clock=None: None


@DEFECTS.defect("box_uploads._runtime.retry._DATE", RETRY, CLIENT)
def a_date_to_wait_for_is_ignored(original: Any) -> Any:
    """`Retry-After` is only read in seconds."""
    return re.compile(r"(?!)")


@DEFECTS.defect(DELAY, RETRY, CLIENT)
def any_wish_to_wait_is_granted(original: Any) -> Any:
    """The server may let the client wait for hours."""
    return lambda policy, request, attempt, outcome: original(
        msgspec.structs.replace(policy, retry_after_cap_s=1e8), request, attempt, outcome
    )
