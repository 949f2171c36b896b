"""A sign-in is one request for everybody, renewed in time, and shows none of its secrets."""

from __future__ import annotations

import asyncio
import logging
import pickle
import threading
import traceback
from concurrent.futures import Future
from typing import Any

import httpx2
import pytest
from box_uploads import AsyncClient, errors
from box_uploads.auth import (
    ClientCredentials,
    RefreshToken,
    SignInError,
    SignInRefusedError,
    SignInUnavailableError,
    StaticToken,
)
from box_uploads_mock import Failure, LostResponse, Reset, Stall, TokenExpiry, Truncation

from tests.unit.auth.ground import CLIENT_ID, CLIENT_SECRET, ENTERPRISE, PASSPHRASE, START, Clock, Ground, secrets_in

HOUR = 3600
JSON = "application/json"
PROVIDERS = ["client_credentials", "jwt", "refresh_token"]


@pytest.fixture(params=PROVIDERS)
def provider(request: pytest.FixtureRequest, ground: Ground, app_config: Any) -> Any:
    if request.param == "jwt":
        return ground.jwt(app_config)
    return ground.signed_in() if request.param == "refresh_token" else ground.client_credentials()


def wait_for_stall(ground: Ground) -> None:
    while not ground.server.state.faults._holds:
        threading.Event().wait(0.001)


def through_pickle(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))  # noqa: S301  # our own


def test_a_client_signs_in_when_it_needs_a_token_and_keeps_it(ground: Ground, provider: Any) -> None:
    with ground.box(provider) as box:
        assert ground.statuses() == []
        first, second = box.get_current_user(), box.get_current_user()
    assert first == second
    assert ground.statuses() == [200]


def test_an_asynchronous_client_signs_in_as_well(ground: Ground, provider: Any) -> None:
    async def run() -> None:
        async with AsyncClient(provider, base_url=ground.server.base_url) as box:
            await asyncio.gather(*(box.get_current_user() for _ in range(10)))

    asyncio.run(run())
    assert ground.statuses() == [200]
    assert ground.statuses("get_current_user") == [200] * 10


def test_the_user_is_who_was_asked_for(ground: Ground) -> None:
    with ground.box(ground.client_credentials()) as box:
        assert (box.get_current_user().login or "").startswith("AutomationUser_")
    with ground.box(ground.client_credentials(enterprise_id=None, user_id="4711")) as box:
        assert box.get_current_user().id == "4711"
    with ground.box(ground.signed_in()) as box:
        assert box.get_current_user().id == "10001"


def test_threads_and_tasks_that_share_a_provider_wait_for_one_request(ground: Ground, provider: Any) -> None:
    ground.server.state.faults.add(Stall(operation="request_token"))
    tokens: list[str] = []

    async def tasks() -> list[Any]:
        return await asyncio.gather(*(provider.fetch_async() for _ in range(5)))

    threads = [threading.Thread(target=lambda: tokens.append(provider.token())) for _ in range(5)]
    threads.append(threading.Thread(target=lambda: tokens.extend(one.reveal() for one in asyncio.run(tasks()))))
    for thread in threads:
        thread.start()
    wait_for_stall(ground)
    ground.server.state.faults.release()
    for thread in threads:
        thread.join()
    assert (len(tokens), len(set(tokens))) == (10, 1)
    assert ground.statuses() == [200]


def test_a_forked_process_does_not_wait_for_its_parent(ground: Ground) -> None:
    provider = ground.client_credentials()
    provider._flight, provider._process = Future(), -1
    assert provider.token()


def test_a_cancelled_task_does_not_cancel_the_sign_in_of_others(ground: Ground, provider: Any) -> None:
    ground.server.state.faults.add(Stall(operation="request_token"))

    async def run() -> str:
        first, second = (asyncio.create_task(provider.fetch_async()) for _ in range(2))
        await asyncio.to_thread(wait_for_stall, ground)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        ground.server.state.faults.release()
        return str((await second).reveal())

    assert asyncio.run(run()) == provider.token()
    assert ground.statuses() == [200]


@pytest.mark.parametrize(("elapsed", "requests"), [(HOUR - 301, 1), (HOUR - 300, 2), (HOUR + 1, 2)])
def test_a_token_is_renewed_before_it_expires(
    ground: Ground, clock: Clock, provider: Any, elapsed: int, requests: int
) -> None:
    with ground.box(provider) as box:
        box.get_current_user()
        clock.advance(elapsed)
        box.get_current_user()
    assert ground.statuses() == [200] * requests
    assert ground.statuses("get_current_user") == [200, 200]


def test_a_token_that_lives_for_less_than_the_margin_is_used_for_half_of_its_life(ground: Ground, clock: Clock) -> None:
    ground.server.state.token_lifetime_s = 60
    provider = ground.client_credentials()
    first = provider.token()
    clock.advance(29)
    assert provider.token() == first
    clock.advance(1)
    assert provider.token() != first
    assert provider.expires_at == START.timestamp() + 90


def test_a_refused_token_is_renewed_once_and_the_call_goes_on(ground: Ground, provider: Any) -> None:
    ground.server.state.faults.add(TokenExpiry(operation="get_current_user", skip=1))
    with ground.box(provider) as box:
        box.get_current_user()
        box.get_current_user()
    assert ground.statuses("get_current_user") == [200, 401, 200]
    assert ground.statuses() == [200, 200]


def test_a_second_refusal_is_the_user_s_to_see(ground: Ground, provider: Any) -> None:
    ground.server.state.faults.add(Failure(operation="get_current_user", status=401, times=2))
    with ground.box(provider) as box, pytest.raises(errors.UnauthorizedError):
        box.get_current_user()
    assert ground.statuses() == [200, 200]


def test_failures_are_repeated_after_waiting(ground: Ground, clock: Clock, provider: Any) -> None:
    ground.server.state.faults.add(
        Failure(operation="request_token", status=503),
        Failure(operation="request_token", status=429, retry_after_s=7),
        Failure(operation="request_token", status=500, body="html"),
        Reset(operation="request_token"),
    )
    assert provider.token()
    assert ground.statuses() == [503, 429, 500, None, 200]
    assert (len(clock.waits), clock.waits[1]) == (4, 7)


def test_it_gives_up_after_five_attempts(ground: Ground, provider: Any) -> None:
    ground.server.state.faults.add(Failure(operation="request_token", status=503, times=5))
    with pytest.raises(SignInUnavailableError, match=r"sign-in failed: 503 .*\(attempt 5 of 5\)") as caught:
        provider.token()
    assert caught.value.retry_safe is True
    assert provider.token()


def test_a_wait_that_is_too_long_is_not_waited_for(ground: Ground, clock: Clock, provider: Any) -> None:
    ground.server.state.faults.add(Failure(operation="request_token", status=429, retry_after_s=61))
    with pytest.raises(SignInUnavailableError, match="429 temporarily_unavailable") as caught:
        provider.token()
    assert (caught.value.retry_after_s, clock.waits) == (61, [])


def test_an_answer_that_cannot_be_read_is_an_error_without_it(ground: Ground, provider: Any) -> None:
    ground.server.state.faults.add(Truncation(operation="request_token", sent_bytes=60, times=5))
    with pytest.raises(SignInError) as caught:
        provider.token()
    ground.server.state.faults.clear()
    assert secrets_in(caught.value, list(ground.server.state.secrets)) == []


@pytest.mark.parametrize("answer", ["", "{", "[]", '{"access_token": ["a-secret-token"]}', '["a-secret-token"]'])
def test_a_success_that_is_none_is_an_error_that_does_not_quote_it(ground: Ground, answer: str) -> None:
    http = httpx2.MockTransport(lambda _: httpx2.Response(200, text=answer, headers={"content-type": JSON}))
    with pytest.raises(SignInUnavailableError, match="the response to request_token cannot be read") as caught:
        ground.client_credentials(http=http).token()
    assert secrets_in(caught.value, ["a-secret-token"]) == []


@pytest.mark.parametrize("make", [
    lambda ground, text: ClientCredentials(CLIENT_ID, text, enterprise_id=ENTERPRISE),
    lambda ground, text: RefreshToken(CLIENT_ID, text, store=ground.store),
    lambda ground, text: ground.refresh_token().exchange_code(text),
    lambda ground, text: ground.box("token").request_token(grant_type="refresh_token", refresh_token=text),
    lambda ground, text: ground.box("token").request_token(grant_type="client_credentials", client_secret=text),
    lambda ground, text: ground.box("token").revoke_token(client_id="id", client_secret=text, token="token"),
])  # fmt: skip
def test_a_secret_that_is_no_unicode_is_not_shown(ground: Ground, make: Any) -> None:
    with pytest.raises(errors.InvalidArgumentError) as caught:
        make(ground, "a-secret\udcff")
    assert "is not valid Unicode" in str(caught.value)
    assert "a-secret" not in str(caught.value)


def test_the_answer_of_box_s_guide_is_read(ground: Ground, clock: Clock) -> None:
    """It says `bearer` in a property whose schema knows no such value, and lacks `token_type`."""
    sample = {"access_token": "a-token", "expires_in": 4123, "restricted_to": [], "issued_token_type": "bearer"}
    provider = ground.client_credentials(http=httpx2.MockTransport(lambda _: httpx2.Response(200, json=sample)))
    assert (provider.token(), provider.expires_at) == ("a-token", clock.seconds() + 4123)


def test_a_token_without_a_lifetime_is_used_until_it_is_refused(ground: Ground, clock: Clock) -> None:
    http = httpx2.MockTransport(lambda _: httpx2.Response(200, json={"access_token": ground.server.token}))
    provider = ground.client_credentials(http=http)
    assert (provider.token(), provider.expires_at) == (ground.server.token, None)
    clock.advance(10 * HOUR)
    assert provider.current() is not None


REFUSALS = [
    ("invalid_client", "check the client id and the client secret"),
    ("unauthorized_client", "an administrator has authorized the app"),
    ("invalid_grant", ""),
]


@pytest.mark.parametrize(("error", "hint"), REFUSALS)
def test_a_refusal_says_what_box_said_and_what_to_do(ground: Ground, provider: Any, error: str, hint: str) -> None:
    ground.server.state.faults.add(Failure(operation="request_token", status=400, code=error))
    with ground.box(provider) as box, pytest.raises(SignInRefusedError) as caught:
        box.get_current_user()
    refused = caught.value
    assert (refused.status, refused.error, refused.retry_safe) == (400, error, True)
    assert str(refused) == f"sign-in refused: 400 {error}: {error.replace('_', ' ').capitalize()}"
    assert refused.hint
    assert hint in refused.hint
    assert refused.hint in "".join(traceback.format_exception(refused))
    assert ground.statuses() == [400]


def test_each_of_those_who_wait_gets_an_error_of_its_own(ground: Ground) -> None:
    sent, released = threading.Event(), threading.Event()

    def refuse(_: httpx2.Request) -> httpx2.Response:
        sent.set()
        assert released.wait(10)
        return httpx2.Response(400, json={"error": "invalid_grant"})

    provider = ground.client_credentials(http=httpx2.MockTransport(refuse))

    async def run() -> list[Any]:
        waiting = [asyncio.create_task(provider.fetch_async()) for _ in range(3)]
        await asyncio.to_thread(sent.wait, 10)
        released.set()
        return await asyncio.gather(*waiting, return_exceptions=True)

    found = asyncio.run(run())
    assert [type(error) for error in found] == [SignInRefusedError] * 3
    assert len({id(error) for error in found}) == 3


FAULTS = [
    *(Failure(operation="request_token", status=status, times=5) for status in (400, 401, 429, 500, 503)),
    Reset(operation="request_token", times=5),
    LostResponse(operation="request_token", times=5),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{type(fault).__name__} {getattr(fault, 'status', '')}")
def test_no_secret_is_in_an_error_its_frames_or_the_log(
    ground: Ground, provider: Any, fault: Any, caplog: pytest.LogCaptureFixture, app_config: dict[str, Any]
) -> None:
    caplog.set_level(logging.DEBUG)
    ground.server.state.faults.add(fault)
    with ground.box(provider) as box, pytest.raises(SignInError) as caught:
        box.get_current_user()
    ground.server.state.faults.clear()
    key = app_config["boxAppSettings"]["appAuth"]["privateKey"].splitlines()[5]
    secrets = [*ground.server.state.secrets, PASSPHRASE, key]
    assert CLIENT_SECRET in secrets
    assert secrets_in(caught.value, secrets) == []
    assert secrets_in(through_pickle(caught.value), secrets) == []
    assert [secret for secret in secrets if secret in caplog.text] == []
    log = [f"{exchange.body_start}{exchange.headers}" for exchange in ground.server.state.request_log]
    assert [secret for secret in secrets if any(secret in text for text in log)] == []


@pytest.mark.parametrize("status", [200, 400, 503])
def test_an_error_keeps_nothing_of_a_response_but_code_and_description(ground: Ground, status: int) -> None:
    said = {"error": "invalid_client", "access_token": "not-to-be-seen", "expires_in": "soon"}
    provider = ground.client_credentials(http=httpx2.MockTransport(lambda _: httpx2.Response(status, json=said)))
    with pytest.raises(SignInError) as caught:
        provider.token()
    assert secrets_in(caught.value, ["not-to-be-seen"]) == []
    assert ("invalid_client" in str(caught.value)) is (status != 200)


def test_no_secret_is_in_a_repr_or_a_pickle(ground: Ground, provider: Any) -> None:
    token = provider.token()
    assert not any(secret in f"{provider!r}{provider}{vars(provider)}" for secret in (token, CLIENT_SECRET, PASSPHRASE))
    with pytest.raises(TypeError, match="is not pickled: the pickle would hold its secrets in clear; with shareable"):
        pickle.dumps(provider)


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_shareable_provider_can_be_pickled(ground: Ground, app_config: Any, name: str) -> None:
    given: dict[str, Any] = {"shareable": True}
    made: Any = ground.jwt(app_config, **given) if name == "jwt" else (
        ground.signed_in(**given) if name == "refresh_token" else ground.client_credentials(**given)
    )  # fmt: skip
    again = through_pickle(made)
    assert type(again) is type(made)
    assert again._settings.base_url == ground.server.base_url
    if name == "client_credentials":
        assert again.token()
    assert through_pickle(again)._arguments.keys() == made._arguments.keys()


def test_a_provider_with_an_http_client_of_the_caller_is_not_pickled(ground: Ground) -> None:
    with httpx2.Client() as http:
        provider = ground.client_credentials(shareable=True, http=http)
        assert provider.token()
        assert not http.is_closed
        with pytest.raises(TypeError, match="http="):
            pickle.dumps(provider)


class TestStaticToken:
    def test_it_is_used_and_never_renewed(self, ground: Ground) -> None:
        with ground.box(StaticToken(ground.server.token)) as box:
            assert box.get_current_user().id == "10001"
        with ground.box(StaticToken("another-token")) as box, pytest.raises(SignInError, match="get a new token"):
            box.get_current_user()

    def test_it_shows_nothing(self) -> None:
        with pytest.raises(TypeError):
            pickle.dumps(StaticToken("a-secret-token"))
        assert "a-secret-token" not in repr(StaticToken("a-secret-token"))
        assert through_pickle(StaticToken("a-token", shareable=True)).token() == "a-token"

    def test_a_token_that_no_header_carries_is_refused(self) -> None:
        with pytest.raises(errors.InvalidArgumentError) as caught:
            StaticToken("a secret\ntoken")
        assert secrets_in(caught.value, ["a secret"]) == []


@pytest.mark.parametrize(("changed", "said"), [
    ({"enterprise_id": None}, "give either enterprise_id"),
    ({"user_id": "1"}, "give either enterprise_id"),
    ({"enterprise_id": "x"}, "must be an id"),
    ({"enterprise_id": 5}, "must be a non-empty string"),
    ({"margin_s": -1}, "margin_s: must be a number"),
])  # fmt: skip
def test_an_argument_that_cannot_be_right_is_refused_at_once(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(errors.InvalidArgumentError, match=said) as caught:
        ClientCredentials(CLIENT_ID, CLIENT_SECRET, **{"enterprise_id": ENTERPRISE, **changed})
    assert secrets_in(caught.value, [CLIENT_SECRET]) == []
