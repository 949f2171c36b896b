"""The course of a call, without any sending."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from msgspec import UNSET

from generator.overlay._runtime.auth import Credentials, Secret
from generator.overlay._runtime.call_flow import Attempt, FetchToken, Pause, call_flow
from generator.overlay._runtime.errors import TransportError
from generator.overlay._runtime.headers import Headers
from generator.overlay._runtime.messages import RawResponse, Request
from generator.overlay._runtime.retry import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Callable

POLICY = RetryPolicy(random=lambda: 1.0)


def drive(
    outcomes: list[int | TransportError], *, credential: Any = "t", method: str = "POST", authenticated: bool = True
) -> tuple[Any, list[Any]]:
    """Play the outcomes, and return the result with the steps that were asked for."""
    request = Request("op", method, "https://x", "/", authenticated=authenticated)
    credentials = Credentials(credential)
    steps = call_flow(request, POLICY, credentials)
    log: list[Any] = []
    step = next(steps)
    answers = iter(outcomes)
    try:
        while True:
            answer: Any = None
            if isinstance(step, Attempt):
                log.append(step.secret.reveal() if step.secret else None)
                found = next(answers)
                answer = RawResponse("op", method, found, Headers(), b"") if isinstance(found, int) else found
            elif isinstance(step, FetchToken):
                log.append("fetch")
                answer = credentials.current_unless(step.stale) or credentials.store(Secret(credentials.fetch()))
            else:
                assert isinstance(step, Pause)
                log.append(step.delay_s)
            step = steps.send(answer)
    except StopIteration as stop:
        return stop.value.status, log
    except TransportError as error:
        return error, log


def tokens() -> Callable[[], str]:
    counter = iter(range(1, 100))
    return lambda: f"t{next(counter)}"


def test_a_success_takes_one_attempt() -> None:
    assert drive([201]) == (201, ["t"])


def test_retries_pause_in_between() -> None:
    assert drive([429, 429, 201]) == (201, ["t", 0.5, "t", 1.0, "t"])
    assert drive([429, 429, 429]) == (429, ["t", 0.5, "t", 1.0, "t"])


def test_a_post_that_may_have_arrived_is_sent_once() -> None:
    lost = TransportError("x", kind="ReadTimeout", is_transient=True)
    assert drive([lost]) == (lost, ["t"])
    assert drive([503]) == (503, ["t"])
    assert drive([lost, 200], method="PUT") == (200, ["t", 0.5, "t"])


def test_a_callable_is_asked_first_and_once_more_after_a_401() -> None:
    assert drive([201], credential=tokens()) == (201, ["fetch", "t1"])
    assert drive([401, 201], credential=tokens()) == (201, ["fetch", "t1", "fetch", "t2"])
    assert drive([401, 401], credential=tokens()) == (401, ["fetch", "t1", "fetch", "t2"])


def test_a_401_does_not_use_up_a_retry() -> None:
    assert drive([429, 401, 429, 201], credential=tokens()) == (
        201,
        ["fetch", "t1", 0.5, "t1", "fetch", "t2", 1.0, "t2"],
    )


def test_a_token_that_another_call_has_got_meanwhile_is_used_after_a_pause() -> None:
    credentials = Credentials(tokens())
    steps = call_flow(Request("op", "GET", "https://x", "/"), POLICY, credentials)
    next(steps)
    steps.send(credentials.store(Secret("old")))
    assert isinstance(steps.send(RawResponse("op", "GET", 500, Headers(), b"")), Pause)
    fresh = credentials.store(Secret("fresh"))
    assert steps.send(None) == Attempt(fresh)


def test_a_fixed_token_is_not_repeated_after_a_401() -> None:
    assert drive([401]) == (401, ["t"])


@pytest.mark.parametrize("token", ["t", tokens(), None])
def test_without_authentication_no_token_is_used(token: Any) -> None:
    assert drive([401], credential=token, authenticated=False) == (401, [None])
    assert drive([200], credential=None) == (200, [None])


def test_the_error_is_raised_without_a_context() -> None:
    error, _ = drive([TransportError("x", kind="ReadTimeout", is_transient=True)])
    assert error.__context__ is None


@pytest.mark.parametrize(
    ("status", "token", "authenticated", "secrets", "is_noted"),
    [
        (401, None, True, (), True),
        (401, None, True, (UNSET,), True),
        (401, None, True, ("key",), False),
        (401, None, False, (), False),
        (401, httpx2.BasicAuth("user", "password"), True, (), False),
        (401, "t", True, (), False),
        (403, None, True, (), False),
    ],
)
def test_a_401_says_that_the_client_has_no_token(
    status: int, token: Any, authenticated: bool, secrets: tuple[object, ...], is_noted: bool
) -> None:
    request = Request("op", "GET", "https://x", "/", authenticated=authenticated, secrets=secrets)
    steps = call_flow(request, POLICY, Credentials(token))
    next(steps)

    with pytest.raises(StopIteration) as stop:
        steps.send(RawResponse("op", "GET", status, Headers(), b""))

    assert stop.value.value.note == ("the client has no token; make it with one, as Client(token)" if is_noted else "")
