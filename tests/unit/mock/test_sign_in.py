"""The mock's sign-in: grants, tokens with a lifetime, and what it refuses in Box's words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qs, urlencode

import jwt
import pytest
from box_uploads_mock import App, State, User, World, WorldError
from box_uploads_mock.rsa import read_public_key
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from tests.unit.mock.in_process import Response, send

CLIENT_ID, CLIENT_SECRET = "an-app", "the-secret-of-the-app"
APP = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_pem(key: Any = KEY, form: str = "SubjectPublicKeyInfo") -> str:
    chosen = getattr(serialization.PublicFormat, form)
    pem: bytes = key.public_key().public_bytes(serialization.Encoding.PEM, chosen)
    return pem.decode()


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def state(clock: Clock) -> State:
    return state_of(clock)


def state_of(clock: Clock, users: Any = (), **changed: Any) -> State:
    app = App(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, public_keys={"key": public_pem()}, **changed)
    return State(World(apps=(app,), users=users), clock=clock)


def post_form(state: State, form: Mapping[str, str] | bytes, path: str = "/oauth2/token", **headers: str) -> Response:
    body = form if isinstance(form, bytes) else urlencode(form).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    given = {"host": "mock", "content-type": "application/x-www-form-urlencoded", "content-length": str(len(body))}
    return send(state, "POST", path, {**given, **named}, [body])


def get_user(state: State, token: str, query: str = "") -> Response:
    return send(state, "GET", f"/2.0/users/me{query}", {"host": "mock", "authorization": f"Bearer {token}"})


def client_credentials(**changed: str) -> dict[str, str]:
    subject = {"box_subject_type": "enterprise", "box_subject_id": "123456"}
    return {"grant_type": "client_credentials", **APP, **subject, **changed}


def assertion(
    clock: Clock, key: Any = KEY, kid: str = "key", algorithm: str = "RS256", **changed: Any
) -> dict[str, str]:
    claims = {
        "iss": CLIENT_ID,
        "sub": "123456",
        "box_sub_type": "enterprise",
        "aud": "https://api.box.com/oauth2/token",
        "jti": "0123456789abcdef",
        "exp": int(clock.now.timestamp()) + 45,
        **changed,
    }
    claims = {name: value for name, value in claims.items() if value is not None}
    text = jwt.encode(claims, key, algorithm, headers={"kid": kid})
    return {"grant_type": JWT_BEARER, "assertion": text, **APP}


def refusal(response: Response) -> tuple[int, str, str]:
    return response.status, response.body["error"], response.body.get("error_description", "")


@pytest.mark.parametrize("path", ["/oauth2/token", "/api/oauth2/token", "/2.0/oauth2/token", "/api/2.0/oauth2/token"])
def test_a_token_is_requested_wherever_clients_look_for_it(state: State, path: str) -> None:
    response = post_form(state, client_credentials(), path)
    assert response.status == 200
    assert get_user(state, response.body["access_token"]).status == 200


def test_a_token_expires_by_the_clock_of_the_mock(state: State, clock: Clock) -> None:
    body = post_form(state, client_credentials()).body
    assert (body["expires_in"], body["token_type"], "refresh_token" in body) == (3600, "bearer", False)
    clock.now += timedelta(seconds=3599)
    assert get_user(state, body["access_token"]).status == 200
    clock.now += timedelta(seconds=1)
    refused = get_user(state, body["access_token"])
    assert refused.status == 401
    assert "has expired" in refused.headers["www-authenticate"]
    assert get_user(state, state.token).status == 200


def test_a_lifetime_can_be_chosen_and_is_reset(state: State) -> None:
    state.token_lifetime_s = 5
    assert post_form(state, client_credentials()).body["expires_in"] == 5
    state.reset()
    assert post_form(state, client_credentials()).body["expires_in"] == 3600
    assert State(token_lifetime_s=7).token_lifetime_s == 7


def test_the_date_is_that_of_the_clock(state: State, clock: Clock) -> None:
    clock.now += timedelta(days=400)
    assert parsedate_to_datetime(post_form(state, client_credentials()).headers["date"]) == clock.now


@pytest.mark.parametrize(("changed", "refused"), [
    ({"client_id": "another"}, ("invalid_client", "The client credentials are invalid")),
    ({"client_secret": "another"}, ("invalid_client", "The client credentials are invalid")),
    ({"box_subject_id": "1"}, ("invalid_grant", "Grant credentials are invalid")),
    ({"grant_type": "password"}, ("unsupported_grant_type", "Unsupported grant type")),
    ({"scope": "x"}, ("invalid_request", "The request body has an unknown or an empty field.")),
    ({"client_id": ""}, ("invalid_request", "The request body has an unknown or an empty field.")),
])  # fmt: skip
def test_a_grant_that_is_wrong_is_refused(state: State, changed: dict[str, str], refused: tuple[str, str]) -> None:
    assert refusal(post_form(state, client_credentials(**changed))) == (400, *refused)


@pytest.mark.parametrize("body", [b"", b"\xff", b"a", b"grant_type=a&grant_type=b", b'{"grant_type": "a"}', b"a=%ff"])
def test_what_is_no_form_is_an_invalid_request(state: State, body: bytes) -> None:
    assert refusal(post_form(state, body))[:2] == (400, "invalid_request")


def test_an_app_may_have_to_be_authorized_and_may_not_act_for_users(clock: Clock) -> None:
    user = client_credentials(box_subject_type="user", box_subject_id="4711")
    refused = post_form(state_of(clock, is_authorized=False), client_credentials())
    assert refusal(refused)[1:] == ("unauthorized_client", "This app is not authorized by the enterprise admin")
    assert refusal(post_form(state_of(clock, acts_for_users=False), user))[1] == "invalid_grant"
    assert refusal(post_form(state_of(clock, users=("1",)), user))[1] == "invalid_grant"
    assert post_form(state_of(clock, users=("4711",)), user).status == 200


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512"])
@pytest.mark.parametrize("form", ["SubjectPublicKeyInfo", "PKCS1"])
def test_an_assertion_is_checked_with_the_public_key(clock: Clock, algorithm: str, form: str) -> None:
    app = App(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, public_keys={"key": public_pem(KEY, form)})
    state = State(World(apps=(app,)), clock=clock)
    assert post_form(state, assertion(clock, algorithm=algorithm)).status == 200


NOW = int(START.timestamp())


@pytest.mark.parametrize(("changed", "said"), [
    ({"key": OTHER_KEY}, "Signature verification error"),
    ({"kid": "another"}, "'kid'"),
    ({"key": "x" * 64, "algorithm": "HS512"}, "'alg'"),
    ({"exp": NOW}, "MUST be before the expiration date/time listed in the 'exp' claim"),
    ({"exp": NOW + 61}, "check the 'exp' claim"),
    ({"exp": None}, "check the 'exp' claim"),
    ({"iat": NOW + 1}, "check the 'iat' claim"),
    ({"nbf": NOW + 1}, "check the 'nbf' claim"),
    ({"aud": "https://example.com"}, "check the 'aud' claim"),
    ({"iss": "another"}, "check the 'iss' claim"),
    ({"jti": "0" * 15}, "check the 'jti' claim"),
    ({"jti": "0" * 129}, "check the 'jti' claim"),
    ({"jti": None}, "check the 'jti' claim"),
    ({"sub": "1"}, "check the 'sub' claim"),
    ({"sub": None}, "check the 'sub' claim"),
    ({"box_sub_type": "app"}, "check the 'box_sub_type' claim"),
])  # fmt: skip
def test_an_assertion_that_is_wrong_is_refused(state: State, clock: Clock, changed: dict[str, Any], said: str) -> None:
    status, error, description = refusal(post_form(state, assertion(clock, **changed)))
    assert (status, error) == (400, "invalid_grant")
    assert said in description


@pytest.mark.parametrize("text", ["x", "x.y", "x.y.z", "e30.e30.", "W10.W10.W10", "é.e30.e30"])
def test_what_is_no_assertion_is_refused(state: State, text: str) -> None:
    assert refusal(post_form(state, {"grant_type": JWT_BEARER, "assertion": text, **APP}))[:2] == (400, "invalid_grant")


def test_an_assertion_works_once(state: State, clock: Clock) -> None:
    form = assertion(clock)
    assert post_form(state, form).status == 200
    assert "unique 'jti'" in refusal(post_form(state, form))[2]
    assert post_form(state, assertion(clock, jti="another-0123456789")).status == 200


def test_a_refresh_token_works_once_and_for_60_days(state: State, clock: Clock) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": state.add_refresh_token(CLIENT_ID, "4711"), **APP}
    body = post_form(state, form).body
    assert get_user(state, body["access_token"]).body["id"] == "4711"
    assert refusal(post_form(state, form)) == (400, "invalid_grant", "Invalid refresh token")
    clock.now += timedelta(days=60)
    form["refresh_token"] = body["refresh_token"]
    assert refusal(post_form(state, form)) == (400, "invalid_grant", "Refresh token has expired")


def test_a_token_of_another_app_is_refused(clock: Clock) -> None:
    apps = [App(client_id=name, client_secret=CLIENT_SECRET) for name in ("one", "two")]
    state = State(World(apps=apps), clock=clock)
    form = {"grant_type": "refresh_token", "refresh_token": state.add_refresh_token("one"), "client_id": "two"}
    assert refusal(post_form(state, {**form, "client_secret": CLIENT_SECRET}))[1] == "invalid_grant"
    revocation = {"token": form["refresh_token"], "client_secret": CLIENT_SECRET}
    assert post_form(state, {**revocation, "client_id": "two"}, "/oauth2/revoke").status == 200
    assert post_form(state, {**form, "client_id": "one", "client_secret": CLIENT_SECRET}).status == 200


def test_a_code_works_once_and_for_30_seconds(state: State, clock: Clock) -> None:
    form = {"grant_type": "authorization_code", "code": state.authorize(CLIENT_ID), **APP}
    assert "refresh_token" in post_form(state, form).body
    assert refusal(post_form(state, form))[2] == "Invalid authorization code"
    form["code"] = state.authorize(CLIENT_ID)
    clock.now += timedelta(seconds=30)
    assert refusal(post_form(state, form))[2] == "Authorization code has expired"


ASKED = {"response_type": "code", "client_id": CLIENT_ID, "redirect_uri": "http://localhost:3000/callback"}


def ask(state: State, path: str = "/api/oauth2/authorize", **changed: str) -> Response:
    query = urlencode({**ASKED, "state": "s&t", **changed})
    return send(state, "GET", f"{path}?{query}", {"host": "mock"})


@pytest.mark.parametrize("path", ["/api/oauth2/authorize", "/api/2.0/oauth2/authorize"])
def test_the_sign_in_page_sends_a_browser_back_with_a_code_and_the_state(state: State, path: str) -> None:
    response = ask(state, path)
    uri, _, answer = response.headers["location"].partition("?")
    (code,), (kept,) = parse_qs(answer)["code"], parse_qs(answer)["state"]
    assert (response.status, uri, kept) == (302, ASKED["redirect_uri"], "s&t")
    form = {"grant_type": "authorization_code", "code": code, **APP}
    assert get_user(state, post_form(state, form).body["access_token"]).body["id"] == "10001"
    assert code not in str(state.request_log)


def test_the_sign_in_page_says_so_if_access_is_denied(clock: Clock) -> None:
    uri = "http://[::1]:3000/?a=b"
    denied = ask(state_of(clock, is_denied=True), redirect_uri=uri)
    assert denied.headers["location"] == f"{uri}&error=access_denied&state=s%26t"
    unsupported = ask(state_of(clock), response_type="token")
    assert "error=unsupported_response_type" in unsupported.headers["location"]


@pytest.mark.parametrize("changed", [
    {"client_id": "another"},
    {"redirect_uri": ""},
    {"redirect_uri": "https://evil.example/"},
    {"redirect_uri": "http://localhost:3000@evil.example/"},
])  # fmt: skip
def test_the_sign_in_page_sends_nobody_to_an_unknown_place(state: State, changed: dict[str, str]) -> None:
    assert refusal(ask(state, **changed))[:2] == (400, "invalid_request")


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_revoking_ends_all_tokens_of_a_sign_in(state: State, which: str) -> None:
    code = {"grant_type": "authorization_code", "code": state.authorize(CLIENT_ID), **APP}
    tokens = post_form(state, code).body
    revoked = post_form(state, {**APP, "token": tokens[which]}, "/oauth2/revoke")
    assert (revoked.status, revoked.content) == (200, b"")
    assert get_user(state, tokens["access_token"]).status == 401
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], **APP}
    assert refusal(post_form(state, form))[1] == "invalid_grant"


def test_a_user_is_who_the_world_says(clock: Clock) -> None:
    user = User(id="4711", name="Ada", login="ada@example.com", role="coadmin", enterprise_id="9")
    state = state_of(clock, users=(user,))
    token = post_form(state, client_credentials(box_subject_type="user", box_subject_id="4711")).body["access_token"]
    body = get_user(state, token, "?fields=name,login,role,enterprise,unknown").body
    expected = {"type": "user", "id": "4711", "name": "Ada", "login": "ada@example.com", "role": "coadmin"}
    assert body == {**expected, "enterprise": {"type": "enterprise", "id": "9", "name": "Mock Enterprise"}}
    assert get_user(state, token, "?fields=Name").status == 400


def test_no_secret_is_in_the_request_log(state: State, clock: Clock) -> None:
    form = assertion(clock)
    token = post_form(state, form).body["access_token"]
    code = state.authorize(CLIENT_ID)
    tokens = post_form(state, {"grant_type": "authorization_code", "code": code, **APP}).body
    post_form(state, urlencode({"grant_type": "client_credentials"}).encode() + b"&%63lient_secret=the-guess")
    post_form(state, b'{"client_secret": "the-guess"}')
    get_user(state, token)
    log = json.dumps([[one.path, one.body_start, dict(one.headers)] for one in state.request_log])
    secrets = [CLIENT_SECRET, form["assertion"], token, code, tokens["refresh_token"], "the-guess"]
    assert [secret for secret in secrets if secret in log] == []
    assert "client_id=an-app" in log


@pytest.mark.parametrize(("changed", "problem"), [
    ({"client_id": ""}, "apps[0]: the client id or the client secret is empty"),
    ({"enterprise_id": "x"}, "apps[0].enterprise_id: 'x' is not an id"),
    ({"public_keys": {"key": "x"}}, "apps[0].public_keys['key']: no PEM of a public key"),
])  # fmt: skip
def test_an_app_that_cannot_be_is_named(changed: dict[str, Any], problem: str) -> None:
    with pytest.raises(WorldError) as caught:
        World(apps=(App(**{**APP, **changed}),))
    assert str(caught.value).startswith(problem)
    with pytest.raises(WorldError, match="another app's"):
        World(apps=(App(**APP), App(**APP)))  # type: ignore[arg-type]  # texts only


class TestSignatures:
    def test_a_signature_is_that_of_the_message_and_the_digest(self) -> None:
        key, signature = read_public_key(public_pem()), KEY.sign(b"text", padding.PKCS1v15(), hashes.SHA384())
        assert key.has_signed(b"text", signature, "sha384")
        assert not key.has_signed(b"texts", signature, "sha384")
        assert not key.has_signed(b"text", signature, "sha256")
        assert not key.has_signed(b"text", signature[:-1], "sha384")
        assert not read_public_key(public_pem(OTHER_KEY)).has_signed(b"text", signature, "sha384")

    def test_a_key_that_is_none_of_rsa_is_refused(self) -> None:
        pem = public_pem(ec.generate_private_key(ec.SECP256R1()))
        cut = "-----BEGIN PUBLIC KEY-----\nMIIBIjAN\n-----END PUBLIC KEY-----"
        for text in (pem, cut, "-----BEGIN PUBLIC KEY-----\nA\n-----END PUBLIC KEY-----"):
            with pytest.raises(ValueError, match=r"PEM"):
                read_public_key(text)
