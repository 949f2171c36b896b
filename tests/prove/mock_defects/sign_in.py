"""Defects of the mock: signing in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.prove.mock_defects.outcomes import HANDLER, with_body, with_outcome
from tests.prove.operations import REVOKE, TOKEN, USER
from tests.prove.patches import always, patch, with_result, wrap


def _use_again(original: Any, store: Any, tokens: Any, *arguments: Any) -> Any:
    grant = original(store, tokens, *arguments)
    for token in tokens.values():
        token.is_used_up = False
    return grant


def _keep_grant(_: Any, store: Any, form: Any) -> None:
    store._app(form)


def _any_app(_: Any, store: Any, form: Any) -> Any:
    return store._apps.get(form.get("client_id", "")) or next(iter(store._apps.values()))


def _forget_assertions(original: Any, store: Any, *arguments: Any) -> Any:
    store._used_assertions.clear()
    return original(store, *arguments)


def _without_needed(original: Any, store: Any, form: Any) -> Any:
    needed = {"box_subject_type": "enterprise", "box_subject_id": "123456"}
    return original(store, {**needed, **form})


# fmt: off
DEFECTS = (
    wrap("The status of a token is 201", HANDLER(TOKEN), with_outcome(status=201), TOKEN),
    wrap("`access_token` is missing", HANDLER(TOKEN), with_body(lambda body: body.pop("access_token")), TOKEN),
    wrap("`expires_in` is a text", HANDLER(TOKEN),
        with_body(lambda body: body.update(expires_in=str(body["expires_in"]))), TOKEN),
    wrap("Revoking has a body", HANDLER(REVOKE), with_outcome(body={}), REVOKE),
    wrap("The id of a user is missing", HANDLER(USER), with_body(lambda body: body.pop("id")), USER),
    patch("A sign-in needs a token", "mock.app.SIGN_IN", frozenset[str](), TOKEN, REVOKE),
    wrap("A refresh token and a code work again", "mock.token_store.TokenStore._use_up", _use_again, TOKEN),
    wrap("Revoking ends nothing", "mock.token_store.TokenStore.revoke", _keep_grant, TOKEN, REVOKE, USER),
    wrap("Any application may sign in", "mock.token_store.TokenStore._app", _any_app, TOKEN, REVOKE),
    wrap("An assertion works again", "mock.token_store.TokenStore._asserted", _forget_assertions, TOKEN),
    wrap("A subject is not needed", "mock.token_store.TokenStore.exchange", _without_needed, TOKEN),
    patch("Tokens and codes never expire", "mock.token_store.TokenStore._is_past", always(False), TOKEN, USER),
    patch("Every signature is right", "mock.rsa.PublicKey.has_signed", always(True), TOKEN),
    patch("An assertion may live for an hour", "mock.assertions.MAX_LIFETIME_S", 3600, TOKEN),
    patch("The audience is the mock", "mock.assertions.AUDIENCE", "http://127.0.0.1/oauth2/token", TOKEN),
    patch("The log has the secrets of a form", "mock.app.hide_secrets", lambda content: content, TOKEN),
    wrap("A service account is a user without an enterprise", "mock.token_store.service_account",
        with_result(lambda user, _: replace(user, enterprise_id=None, name="Nobody")), USER),
)
