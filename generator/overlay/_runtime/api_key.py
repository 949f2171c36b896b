"""Credentials beside a bearer token: API keys, and names with passwords. Errors do not show them."""

from __future__ import annotations

import re
from base64 import b64encode
from typing import TypeAlias, cast

import msgspec

from .errors import InvalidArgumentError
from .parameters import query_text

__all__ = ["ApiKey", "BasicAuth", "Credential"]

Credential: TypeAlias = "str | tuple[str, str] | msgspec.UnsetType"

# Spaces come after the word by which an API wants its keys marked, as in `Token s3cret`.
_VISIBLE = re.compile(r"[\x21-\x7e]+(?: +[\x21-\x7e]+)*\Z")


class ApiKey:
    """A key that is sent with each call that takes it.

    Args:
        wire_name: Name of the header field, cookie or parameter.
        argument: Name of the client's argument.
    """

    def __init__(self, wire_name: str, argument: str) -> None:
        self._name = wire_name
        self._argument = argument

    def in_header(self, value: str | msgspec.UnsetType) -> tuple[tuple[str, str], ...]:
        """Return the key as a header field.

        Raises:
            InvalidArgumentError: It cannot be sent in one.
        """
        if isinstance(value, msgspec.UnsetType):
            return ()
        if not isinstance(cast("object", value), str) or not _VISIBLE.match(value):
            rule = "must be a non-empty string of visible ASCII characters, with spaces only between them"
            raise InvalidArgumentError(self._argument, rule)
        return ((self._name, value),)

    def in_query(self, value: str | msgspec.UnsetType) -> tuple[tuple[str, str], ...]:
        """Return the key as a name and value of a query.

        Raises:
            InvalidArgumentError: It cannot be sent in one.
        """
        return self.in_header(value)

    def in_cookie(self, value: str | msgspec.UnsetType) -> tuple[tuple[str, str], ...]:
        """Return the key as a cookie, percent-encoded.

        Raises:
            InvalidArgumentError: It cannot be sent in one.
        """
        return tuple((name, query_text(text, self._argument)) for name, text in self.in_header(value))


class BasicAuth:
    """A user name and a password, as HTTP's basic authentication sends them.

    Args:
        argument: Name of the client's argument.
    """

    def __init__(self, argument: str) -> None:
        self._argument = argument

    def in_header(self, value: tuple[str, str] | msgspec.UnsetType) -> tuple[tuple[str, str], ...]:
        """Return them as a header field.

        Raises:
            InvalidArgumentError: They are not two strings, or the name has a colon.
        """
        if isinstance(value, msgspec.UnsetType):
            return ()
        given = cast("object", value)
        pair = cast("tuple[object, ...]", given) if isinstance(given, tuple) else ()
        name, password = pair if len(pair) == 2 else (None, None)
        if not isinstance(name, str) or not isinstance(password, str) or ":" in name:
            raise InvalidArgumentError(self._argument, "must be a name without a colon, and a password")
        try:
            credential = b64encode(f"{name}:{password}".encode()).decode()
        except UnicodeEncodeError:
            raise InvalidArgumentError(self._argument, "is not valid Unicode, it has a lone surrogate") from None
        return (("authorization", f"Basic {credential}"),)
