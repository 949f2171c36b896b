"""A token that somebody else has got, as a provider."""

from __future__ import annotations

from typing import Any

from .._runtime.auth import Secret, TokenProvider
from .errors import SignInError
from .provider import is_same

__all__ = ["StaticToken"]


class StaticToken(TokenProvider):
    """A token that is never renewed, such as a developer token.

    Args:
        token: The token.
        shareable: Whether the provider may be pickled, with the token in clear.

    Raises:
        InvalidArgumentError: The token cannot be sent in a header.
    """

    def __init__(self, token: str, *, shareable: bool = False) -> None:
        self._secret = Secret(token)
        del token
        self._secret.check()
        self._shareable = shareable

    def token(self) -> str:
        """Return the token as text."""
        return self._secret.reveal()

    def current(self) -> Secret | None:
        """Return the token."""
        return self._secret

    def fetch(self, refused: Secret | None = None) -> Secret:
        """Return the token.

        Raises:
            SignInError: The server has refused it, and there is no other one.
        """
        if is_same(self._secret, refused):
            raise SignInError("the server has refused the token", hint="get a new token; this one is never renewed")
        return self._secret

    async def fetch_async(self, refused: Secret | None = None) -> Secret:
        """As `fetch`."""
        return self.fetch(refused)

    def __repr__(self) -> str:
        return "StaticToken(…)"

    def __reduce__(self) -> tuple[Any, ...]:
        if not self._shareable:
            raise TypeError(
                "StaticToken is not pickled: the pickle would hold the token in clear; with shareable=True it may be,"
                " where that is private"
            )
        return _restore, (self._secret.reveal(),)


def _restore(token: str) -> StaticToken:
    return StaticToken(token, shareable=True)
