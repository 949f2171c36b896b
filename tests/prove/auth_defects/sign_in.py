"""Defects of the sign-in: when a token is requested, by whom, and what becomes of it."""

from __future__ import annotations

import re
from typing import Any

from tests.prove.patches import always, patch, wrap


def _join_nobody(original: Any, provider: Any, refused: Any) -> Any:
    provider._flight = None
    return original(provider, refused)


def _unshielded(original: Any, flight: Any) -> Any:
    import asyncio  # noqa: PLC0415  # as little as possible is imported before the tests

    return asyncio.wrap_future(flight)


def _same_error(outcome: Any) -> Any:
    if isinstance(outcome, BaseException):
        raise outcome
    return outcome.secret


def _same_assertion(original: Any, provider: Any, now_s: float) -> Any:
    if not hasattr(provider, "_kept"):
        provider._kept = original(provider, now_s)
    return provider._kept


def _late(original: Any, provider: Any, secret: Any, expires_at: float) -> Any:
    in_use = original(provider, secret, expires_at)
    return type(in_use)(in_use.secret, in_use.expires_at, in_use.expires_at)


def _save_afterwards(original: Any, provider: Any, tokens: Any) -> None:
    try:
        original(provider, tokens)
    except OSError:
        provider._unsaved = None


def _with_secret(original: Any, request: Any, error: Any, attempts: int) -> Any:
    found = original(request, error, attempts)
    found.cause_of_it = getattr(error, "content", b"").decode() + repr(getattr(error, "__traceback__", None))
    return found


def _reveal(provider: Any) -> str:
    return str({name: getattr(value, "reveal", lambda value=value: value)() for name, value in vars(provider).items()})


# fmt: off
DEFECTS = (
    wrap("Everybody who waits requests a token", "auth.provider.SignIn._join", _join_nobody),
    wrap("A cancelled task cancels the sign-in of others", "auth.provider._result_of", _unshielded),
    patch("Those who wait share one error", "auth.provider._secret_of", _same_error),
    wrap("A token is renewed when it has expired", "auth.provider.SignIn.in_use_until", _late),
    patch("A refused token is returned again", "auth.provider.is_same", always(False)),
    patch("The repr of a provider shows its secrets", "auth.provider.SignIn.__repr__", _reveal),
    patch("A provider is always pickled", "auth.provider._refuse_pickle", always(None)),
    wrap("All attempts have one assertion", "auth.assertion.JWT._fields", _same_assertion),
    patch("An assertion lives for more than a minute", "auth.assertion._LIFETIME_S", 61),
    patch("The audience is the base URL", "auth.assertion._AUDIENCE", "http://127.0.0.1/oauth2/token"),
    patch("A wrong clock is never corrected", "auth.token_request.TokenRequest._corrects_clock", always(False)),
    patch("Every refusal corrects the clock", "auth.token_request._WRONG_TIME", re.compile("")),
    patch("A clock is corrected without end", "auth.token_request._MAX_CORRECTIONS", 50),
    patch("A failure is final", "auth.token_request._ATTEMPTS", 1),
    patch("It never gives up soon", "auth.token_request._ATTEMPTS", 7),
    patch("A wait of hours is waited for", "auth.token_request._MAX_RETRY_AFTER_S", 1e9),
    patch("A refusal has no hint", "auth.token_request.refusal_hint", lambda grant, error: ""),
    wrap("An error keeps the response", "auth.token_request.TokenRequest._error", _with_secret),
    patch("A refresh token is not saved", "auth.refresh_token.RefreshToken._save", always(None)),
    wrap("Tokens that are not saved are used", "auth.refresh_token.RefreshToken._save", _save_afterwards),
    patch("The token of another process is not taken", "auth.refresh_token.RefreshToken._stored", always(None)),
    patch("The file of the tokens is for all to read", "auth.private_file._PRIVATE", 0o644),
    patch("A file that others may read is taken", "auth.private_file._OTHERS", 0),
    patch("A file that others may read is refused by its owner's bits", "auth.private_file._OTHERS", 0o777),
    patch("Nobody is waited for", "auth.private_file.HeldError", OSError),
)
