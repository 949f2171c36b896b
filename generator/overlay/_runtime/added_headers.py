"""Header fields that a caller adds to the requests of some calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import msgspec

from .errors import InvalidArgumentError
from .text import short_repr

if TYPE_CHECKING:
    from .messages import Request

__all__ = ["AddedHeaders"]

_NAME_MARKS = "!#$%&'*+-.^_`|~"
_SET_BY_CLIENT = frozenset({"authorization", "host", "content-length", "content-type", "cookie", "transfer-encoding"})
_CREDENTIAL_WORDS = ("auth", "cookie", "credential", "key", "password", "secret", "signature", "token")


class AddedHeaders:
    """Header fields in place of a request's own with the same names; its repr does not have their values.

    Args:
        headers: Names and values.
        earlier: Those that were added before, which give way to equal names, or None.

    Raises:
        InvalidArgumentError: One of them cannot be sent, or is set by the client itself.
    """

    __slots__ = ("_fields",)

    def __init__(self, headers: Mapping[str, str], earlier: AddedHeaders | None = None) -> None:
        self._fields: dict[str, str] = {} if earlier is None else dict(earlier._fields)
        if not isinstance(cast("object", headers), Mapping):
            raise InvalidArgumentError("headers", "must be a mapping of names to values", shown=short_repr(headers))
        for name, value in headers.items():
            _check(name, value)
            self._fields[name.lower()] = value

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """Names, in lower case, and values."""
        return tuple(self._fields.items())

    def add_to(self, request: Request) -> Request:
        """Return a request with the fields.

        The value of a field that takes the place of a credential, or whose name says that it is one, is kept out of
        errors, hooks and the log as a credential is.
        """
        own = [(name, value) for name, value in request.headers if name.lower() not in self._fields]
        replaced = {name.lower() for name, value in request.headers if value in request.secrets}
        secrets = [
            value
            for name, value in self._fields.items()
            if name in replaced or any(word in name for word in _CREDENTIAL_WORDS)
        ]
        return msgspec.structs.replace(
            request, headers=(*own, *self._fields.items()), secrets=(*request.secrets, *secrets)
        )

    def __repr__(self) -> str:
        return f"AddedHeaders({', '.join(self._fields)})"


def _is_token(name: str) -> bool:
    return name.isascii() and name != "" and all(character.isalnum() or character in _NAME_MARKS for character in name)


def _check(name: object, value: object) -> None:
    # No value is shown, since it may be a credential.
    if not isinstance(name, str) or not _is_token(name):
        raise InvalidArgumentError("headers", f"has a name that cannot be sent: {short_repr(name)}")
    if name.lower() in _SET_BY_CLIENT:
        raise InvalidArgumentError("headers", f"must not have {name}, which the client sets itself")
    is_sendable = isinstance(value, str) and value.isascii() and value.replace("\t", " ").isprintable()
    if not is_sendable or value != cast("str", value).strip(" \t"):
        rule = "must be visible ASCII characters, with spaces and tabs only between them"
        raise InvalidArgumentError("headers", f"the value of {name} {rule}")
