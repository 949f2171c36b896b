"""What all sign-ins have in common: one token for everybody, renewed in time, by one request at a time."""

from __future__ import annotations

import asyncio
import copy
import os
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias, cast

import msgspec

from .._runtime.auth import Secret, TokenProvider
from .._runtime.errors import ClientError, InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .token_request import Granted, TokenSettings

__all__ = ["MARGIN_S", "SignIn", "TokenInUse", "checked_secret", "checked_text"]

MARGIN_S = 300.0
"""Seconds before its end from which a token is renewed: a call that begins with it may take a while."""


class TokenInUse(msgspec.Struct, frozen=True):
    """A token and its times by this machine's clock, which are None if the server has not said how long it lives."""

    secret: Secret
    renew_at: float | None = None
    expires_at: float | None = None


# An error is a value here, since each of those who wait raises one of their own.
_Outcome: TypeAlias = "TokenInUse | BaseException"


class SignIn(TokenProvider):
    """A provider of tokens that signs in when a token is needed.

    It may be given to any number of clients, blocking and asynchronous, and used by threads and tasks at once: the
    first that needs a token requests it, in a thread of its own that a cancelled task or Ctrl-C does not interrupt, and
    all others wait for the same.

    A provider is not pickled, since the pickle would hold its secrets in clear, unless it was made with
    `shareable=True`. Jobs of an `executor` need that; see that the way to them is private.
    """

    def __init__(
        self, settings: TokenSettings, *, margin_s: float, shareable: bool, arguments: Mapping[str, Any]
    ) -> None:
        margin = cast("object", margin_s)
        if isinstance(margin, bool) or not isinstance(margin, (int, float)) or margin < 0:
            raise InvalidArgumentError("margin_s", "must be a number of seconds, 0 or more")
        self._settings = settings
        self._margin_s = margin_s
        self._shareable = shareable
        # Secrets are wrapped there as well.
        self._arguments = dict(arguments)
        self._lock = threading.Lock()
        self._flight: Future[_Outcome] | None = None
        self._process = 0
        self._in_use: TokenInUse | None = None

    def sign_in(self, refused: Secret | None, /) -> TokenInUse:
        """Get a token other than a refused one, in whatever way it takes."""
        raise NotImplementedError

    @property
    def expires_at(self) -> float | None:
        """Unix time at which the token in use expires, or None if there is none or that is not known."""
        in_use = self._in_use
        return None if in_use is None else in_use.expires_at

    def token(self) -> str:
        """Return a token as text, for other libraries.

        Raises:
            SignInError: There is no token.
        """
        return self.fetch().reveal()

    def current(self) -> Secret | None:
        """Return the token in use without waiting, or None if there is none yet or it is to be renewed."""
        in_use = self._in_use
        return in_use.secret if in_use is not None and self._is_fresh(in_use) else None

    def fetch(self, refused: Secret | None = None) -> Secret:
        """Return a token other than a refused one; wait while it is requested.

        Raises:
            SignInError: There is no token.
        """
        found = self._join(refused)
        if isinstance(found, Secret):
            return found
        secret = _secret_of(found.result())
        if is_same(secret, refused):
            # What was under way when the token was refused may have ended with just this one.
            found = self._join(refused)
            secret = found if isinstance(found, Secret) else _secret_of(found.result())
        return secret

    async def fetch_async(self, refused: Secret | None = None) -> Secret:
        """As `fetch`, without blocking the event loop.

        Raises:
            SignInError: There is no token.
        """
        found = self._join(refused)
        if isinstance(found, Secret):
            return found
        secret = _secret_of(await _result_of(found))
        if is_same(secret, refused):
            # As above.
            found = self._join(refused)
            secret = found if isinstance(found, Secret) else _secret_of(await _result_of(found))
        return secret

    def in_use_from(self, granted: Granted) -> TokenInUse:
        """Return a token with its times."""
        granted.access_token.check()
        if granted.lifetime_s is None:
            return TokenInUse(granted.access_token)
        return self.in_use_until(granted.access_token, self._settings.clock() + granted.lifetime_s)

    def in_use_until(self, secret: Secret, expires_at: float) -> TokenInUse:
        """Return a token that expires at a time."""
        # Of a token that lives for less than twice the margin, half of the time.
        left_s = max(0.0, expires_at - self._settings.clock())
        return TokenInUse(secret, expires_at - min(self._margin_s, left_s / 2), expires_at)

    def _is_fresh(self, in_use: TokenInUse) -> bool:
        return in_use.renew_at is None or self._settings.clock() < in_use.renew_at

    def _join(self, refused: Secret | None) -> Secret | Future[_Outcome]:
        """Return the token in use, or the sign-in that is under way, which is started if need be."""
        with self._lock:
            in_use = self._in_use
            if in_use is not None and self._is_fresh(in_use) and not is_same(in_use.secret, refused):
                return in_use.secret
            if self._flight is not None and self._process == os.getpid():
                return self._flight
            # What was under way when this process was forked goes on in the other one alone.
            flight: Future[_Outcome] = Future()
            self._flight, self._process = flight, os.getpid()
        thread = threading.Thread(target=self._fly, args=(flight, refused), name="box-uploads-sign-in")
        try:
            # Not a daemon: a refresh token that was used up must not be lost when the program ends.
            thread.start()
        except RuntimeError:
            # The interpreter is ending, or the system has no thread left.
            self._fly(flight, refused)
        return flight

    def _fly(self, flight: Future[_Outcome], refused: Secret | None) -> None:
        outcome: _Outcome
        try:
            outcome = self.sign_in(refused)
        except BaseException as error:  # noqa: BLE001  # it is raised by those who wait
            # Neither frames nor causes: they hold secrets.
            error.__traceback__ = error.__cause__ = error.__context__ = None
            outcome = error
        with self._lock:
            if isinstance(outcome, TokenInUse):
                self._in_use = outcome
            self._flight = None
        flight.set_result(outcome)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"

    def __reduce__(self) -> tuple[Any, ...]:
        if not self._shareable:
            _refuse_pickle(type(self).__name__, "with shareable=True it may be, where that is private")
        if self._settings.http is not None:
            _refuse_pickle(type(self).__name__, "and what it sends by (http=) cannot be pickled")
        arguments = {
            **{name: value.reveal() if isinstance(value, Secret) else value for name, value in self._arguments.items()},
            **{name: getattr(self._settings, name) for name in ("base_url", "timeout_s", "trusted_hosts")},
            "margin_s": self._margin_s,
            "shareable": True,
        }
        return _restore, (type(self), arguments)


def _restore(cls: type[SignIn], arguments: dict[str, Any]) -> SignIn:
    make: Callable[..., SignIn] = cls
    return make(**arguments)


def _refuse_pickle(name: str, rule: str) -> NoReturn:
    raise TypeError(f"{name} is not pickled: the pickle would hold its secrets in clear; {rule}")


async def _result_of(flight: Future[_Outcome]) -> _Outcome:
    # Shielded: a task that is cancelled does not cancel what others wait for.
    return await asyncio.shield(asyncio.wrap_future(flight))


def _secret_of(outcome: _Outcome) -> Secret:
    if isinstance(outcome, TokenInUse):
        return outcome.secret
    # One for each of those who wait, since raising an error changes it.
    raise copy.copy(outcome) if isinstance(outcome, ClientError) else outcome


def is_same(secret: Secret, other: Secret | None) -> bool:
    """Whether two secrets are equal."""
    return other is not None and secret.reveal() == other.reveal()


def checked_text(name: str, value: object) -> str:
    """Return an argument that is a text.

    Raises:
        InvalidArgumentError: It is none, an empty one, or cannot be sent; it is not shown.
    """
    if not isinstance(value, str) or not value:
        raise InvalidArgumentError(name, "must be a non-empty string")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise InvalidArgumentError(name, "is not valid Unicode, it has a lone surrogate") from None
    return value


def checked_secret(name: str, value: object) -> Secret:
    """Return an argument that is a secret text.

    Raises:
        InvalidArgumentError: It is none, an empty one, or cannot be sent; it is not shown.
    """
    return Secret(checked_text(name, value))
