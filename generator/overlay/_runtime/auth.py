"""Credentials: what a client accepts as a token, and how it keeps the token secret."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from .errors import InvalidArgumentError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import httpx2

__all__ = ["AsyncToken", "Credentials", "Secret", "Token", "TokenProvider"]

Token: TypeAlias = "str | Callable[[], str] | TokenProvider | httpx2.Auth"  # noqa: S105  # a type
"""A token, a callable that returns one (asked again after a 401), a provider, or the HTTP library's authentication."""

AsyncToken: TypeAlias = "str | Callable[[], str | Awaitable[str]] | TokenProvider | httpx2.Auth"
"""As `Token`; the callable may also return an awaitable."""

_TOKEN = re.compile(r"[\x21-\x7e]+\Z")


class Secret:
    """A token that repr, str, format and pickle do not reveal."""

    __slots__ = ("_value",)

    def __init__(self, value: object) -> None:
        self._value = value

    def check(self) -> None:
        """Check that the token can be sent in a header.

        Raises:
            InvalidArgumentError: It cannot; the token is not shown, however malformed it is.
        """
        if not isinstance(self._value, str) or not _TOKEN.match(self._value):
            raise InvalidArgumentError("token", "must be a non-empty string of visible ASCII characters without spaces")

    def reveal(self) -> str:
        """Return the token itself."""
        return str(self._value)

    def __repr__(self) -> str:
        return "Secret(…)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a token is not pickled")


class TokenProvider:
    """Where clients get tokens that expire: it keeps one, and renews it for all clients that share the provider.

    It may be used by several threads and tasks at once.
    """

    def current(self) -> Secret | None:
        """Return the token in use without waiting, or None if there is none yet or it is to be renewed."""
        raise NotImplementedError

    def fetch(self, refused: Secret | None = None) -> Secret:
        """Return a token other than one that a server has refused."""
        raise NotImplementedError

    async def fetch_async(self, refused: Secret | None = None) -> Secret:
        """As `fetch`, without blocking the event loop."""
        raise NotImplementedError


class Credentials:
    """Where the token of a client comes from, and the token that is in use.

    Nothing is checked yet, so that no frame that holds the bare token is part of the traceback of an error.

    Args:
        token: A token, a callable or a provider that returns one, the HTTP library's authentication, or None to send
            none.
    """

    __slots__ = ("_current", "_source", "auth", "provider")

    def __init__(self, token: Any) -> None:
        self.auth: Any = token if hasattr(token, "auth_flow") else None
        self.provider: TokenProvider | None = token if isinstance(token, TokenProvider) else None
        is_own = self.auth is None and self.provider is None
        self._source: Callable[[], Any] | None = token if is_own and callable(token) else None
        self._current: Secret | None = None
        if token is not None and is_own and self._source is None:
            self._current = Secret(token)

    def check(self) -> None:
        """Check that the token, if there is one already, can be sent in a header.

        Raises:
            InvalidArgumentError: It cannot; the token is not shown.
        """
        if self._current is not None:
            self._current.check()

    @property
    def current(self) -> Secret | None:
        """The token in use, or None if one has to be fetched."""
        return self._current if self.provider is None else self.provider.current()

    @property
    def uses_bearer(self) -> bool:
        """Whether a bearer token is sent."""
        return self._current is not None or self._source is not None or self.provider is not None

    @property
    def can_refresh(self) -> bool:
        """Whether another token can be fetched."""
        return self._source is not None or self.provider is not None

    def token_source(self) -> Any:
        """Return what the token comes from, for a client in another process: a token in clear, callable or provider.

        The caller has to make sure that the way there is private.
        """
        source = self.auth or self._source or self.provider
        if source is not None:
            return source
        return None if self._current is None else self._current.reveal()

    def current_unless(self, stale: Secret | None) -> Secret | None:
        """Return the token in use, or None if there is none but the stale one, so that one must be fetched."""
        return None if self._current is stale else self._current

    def fetch(self) -> Any:
        """Ask the callable for a token, or for an awaitable of one."""
        return None if self._source is None else self._source()

    def store(self, secret: Secret) -> Secret:
        """Check a fetched token and keep it.

        Raises:
            InvalidArgumentError: The token cannot be sent in a header; it is not shown.
        """
        secret.check()
        self._current = secret
        return secret

    def __repr__(self) -> str:
        return "Credentials(…)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("credentials are not pickled")
