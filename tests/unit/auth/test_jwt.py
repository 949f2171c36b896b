"""Assertions are signed anew for each attempt, with Box's time if this machine's is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2
import jwt
import pytest
from box_uploads.auth import JWT, AppConfigError, SignInRefusedError
from box_uploads_mock import Failure
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.unit.auth.ground import (
    CLIENT_ID,
    CLIENT_SECRET,
    ENTERPRISE,
    KEY_ID,
    PASSPHRASE,
    Clock,
    Ground,
    PemOf,
    secrets_in,
)


class Recorder(httpx2.BaseTransport):
    """Keeps the forms that are sent."""

    def __init__(self) -> None:
        self._transport = httpx2.HTTPTransport()
        self.forms: list[dict[str, str]] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.forms.append(dict(httpx2.QueryParams(request.read().decode())))
        return self._transport.handle_request(request)

    def claims(self, key: rsa.RSAPrivateKey) -> list[dict[str, Any]]:
        options: Any = {"verify_exp": False}
        audience, algorithms = "https://api.box.com/oauth2/token", ["RS256", "RS384", "RS512"]
        return [
            jwt.decode(form["assertion"], key.public_key(), algorithms, audience=audience, options=options)
            for form in self.forms
        ]

    def close(self) -> None:
        self._transport.close()


def test_each_attempt_has_an_assertion_of_its_own(
    ground: Ground, app_config: Any, private_key: rsa.RSAPrivateKey, clock: Clock
) -> None:
    ground.server.state.faults.add(Failure(operation="request_token", status=429, retry_after_s=30, times=2))
    recorder = Recorder()
    ground.jwt(app_config, http=recorder).token()
    claims = recorder.claims(private_key)
    assert len({one["jti"] for one in claims}) == 3
    assert [one["exp"] for one in claims] == [int(clock.seconds()) - 60 + 30 * step + 45 for step in range(3)]
    assert {(one["iss"], one["sub"], one["box_sub_type"]) for one in claims} == {(CLIENT_ID, ENTERPRISE, "enterprise")}
    # Box has refused assertions of clocks that are ahead for their `iat`.
    assert [one.keys() & {"iat", "nbf"} for one in claims] == [set()] * 3
    assert jwt.get_unverified_header(recorder.forms[0]["assertion"])["kid"] == KEY_ID
    assert {form["client_secret"] for form in recorder.forms} == {CLIENT_SECRET}
    recorder.close()


@pytest.mark.parametrize("off_s", [-3600, -61, 30, 86400])
def test_a_clock_that_is_off_is_corrected_by_box_s(ground: Ground, app_config: Any, clock: Clock, off_s: int) -> None:
    provider = ground.jwt(app_config, clock=lambda: clock.seconds() + off_s)
    assert provider.token()
    assert ground.statuses() == [400, 200]
    clock.advance(3600)
    assert provider.token()
    # It is remembered.
    assert ground.statuses() == [400, 200, 200]
    assert clock.waits == []


def test_a_clock_is_not_corrected_for_ever(ground: Ground, app_config: Any) -> None:
    code = "Please check the 'exp' claim."
    sent: list[str] = []

    def refuse(request: httpx2.Request) -> httpx2.Response:
        sent.append(request.read().decode())
        body = {"error": "invalid_grant", "error_description": code}
        return httpx2.Response(400, json=body, headers={"date": "Sun, 22 Nov 2026 12:00:00 GMT"})

    with pytest.raises(SignInRefusedError, match="'exp' claim"):
        ground.jwt(app_config, http=httpx2.MockTransport(refuse)).token()
    assert len(sent) == 3


@pytest.mark.parametrize(("description", "date"), [
    ("Please check the 'sub' claim.", "Sun, 22 Nov 2026 12:00:00 GMT"),
    ("Please check the 'exp' claim.", "soon"),
    ("Please check the 'exp' claim.", ""),
])  # fmt: skip
def test_another_refusal_is_not_taken_for_a_wrong_clock(
    ground: Ground, app_config: Any, description: str, date: str
) -> None:
    sent: list[str] = []

    def refuse(request: httpx2.Request) -> httpx2.Response:
        sent.append(request.read().decode())
        body = {"error": "invalid_grant", "error_description": description}
        return httpx2.Response(400, json=body, headers={"date": date} if date else {})

    with pytest.raises(SignInRefusedError, match="publicKeyID"):
        ground.jwt(app_config, http=httpx2.MockTransport(refuse)).token()
    assert len(sent) == 1


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512"])
@pytest.mark.parametrize(("form", "passphrase"), [
    *(("PKCS8", passphrase) for passphrase in (PASSPHRASE, "Schlüßel", None)),
    *(("TraditionalOpenSSL", passphrase) for passphrase in (PASSPHRASE, "Schlüßel", None)),
])  # fmt: skip
def test_every_form_of_key_and_every_algorithm_works(
    ground: Ground, pem_of: PemOf, form: str, passphrase: str | None, algorithm: Any
) -> None:
    provider = JWT(
        CLIENT_ID,
        CLIENT_SECRET,
        key_id=KEY_ID,
        private_key=pem_of(form, passphrase),
        # One that is not needed does no harm: Box's file always has it.
        passphrase=passphrase or PASSPHRASE,
        enterprise_id=ENTERPRISE,
        algorithm=algorithm,
        **ground.settings,
    )
    assert provider.token()


def test_a_config_file_is_read(ground: Ground, config_file: Path) -> None:
    with ground.box(ground.jwt(config_file)) as box:
        assert (box.get_current_user().login or "").startswith("AutomationUser_")
    with ground.box(ground.jwt(str(config_file), user_id="4711")) as box:
        assert box.get_current_user().id == "4711"
    # As editors of Windows save it.
    config_file.write_bytes(b"\xef\xbb\xbf" + config_file.read_bytes())
    assert ground.jwt(config_file).token()


@pytest.mark.parametrize(("enterprise", "user", "who"), [
    ("123456", "4711", "enterprise"), (None, "4711", "user"), ("0", "4711", "user"), (123456, None, "enterprise"),
])  # fmt: skip
def test_the_config_decides_whose_token_it_is(
    ground: Ground, app_config: dict[str, Any], enterprise: Any, user: Any, who: str
) -> None:
    provider = ground.jwt({**app_config, "enterpriseID": enterprise, "userID": user})
    assert provider._subject == (who, {"enterprise": "123456", "user": "4711"}[who])


def _without(config: dict[str, Any], *path: str) -> dict[str, Any]:
    copied: dict[str, Any] = json.loads(json.dumps(config))
    place = copied
    for name in path[:-1]:
        place = place[name]
    del place[path[-1]]
    return copied


@pytest.mark.parametrize(("path", "said"), [
    (("boxAppSettings",), "boxAppSettings.clientID, boxAppSettings.clientSecret, boxAppSettings.appAuth.publicKeyID"),
    (("boxAppSettings", "clientSecret"), "boxAppSettings.clientSecret: missing"),
    (("boxAppSettings", "appAuth", "privateKey"), "boxAppSettings.appAuth.privateKey: missing"),
    (("boxAppSettings", "appAuth", "passphrase"), "it is encrypted, and there is no passphrase"),
    (("enterpriseID",), "neither enterpriseID nor userID"),
])  # fmt: skip
def test_what_a_config_lacks_is_named(app_config: dict[str, Any], path: tuple[str, ...], said: str) -> None:
    with pytest.raises(AppConfigError, match=said) as caught:
        JWT.from_config(_without(app_config, *path))
    assert secrets_in(caught.value, [CLIENT_SECRET, PASSPHRASE]) == []


@pytest.mark.parametrize(("content", "said"), [(b"{", "is no JSON"), (None, "cannot be read")])
def test_a_file_that_is_no_config_is_named(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "config.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(AppConfigError, match=rf"config\.json: {said}"):
        JWT.from_config(path)


EC_KEY = """-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIGlRIbqGVbQRrTNgRdrHzLnrNcUyPXBYFZrzZ4sxMdC2oAoGCCqGSM49
AwEHoUQDQgAE2NsoxIvNXrZ5B3RIyxJGLcfRNRmGDM4nWMNk5xgVJ5i8yJkXqkyY
-----END EC PRIVATE KEY-----
"""


@pytest.mark.parametrize(("changed", "said"), [
    ({"passphrase": "wrong"}, "the passphrase is wrong"),
    ({"privateKey": "MIIE"}, "it is not in PEM form"),
    ({"privateKey": EC_KEY}, "it is damaged, or not a private key"),
])  # fmt: skip
def test_an_unusable_key_says_what_is_wrong(app_config: dict[str, Any], changed: dict[str, str], said: str) -> None:
    app_config["boxAppSettings"]["appAuth"] |= changed
    with pytest.raises(AppConfigError, match=said) as caught:
        JWT.from_config(app_config)
    assert caught.value.hint
    key = app_config["boxAppSettings"]["appAuth"]["privateKey"].splitlines()[-2:][0]
    assert secrets_in(caught.value, [CLIENT_SECRET, PASSPHRASE, *([key] if len(key) > 20 else [])]) == []
