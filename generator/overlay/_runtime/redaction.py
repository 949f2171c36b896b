"""Keep credentials that a server repeats out of errors."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, AnyStr, cast

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["SECURE", "Redaction"]

SECURE = "[secure]"
"""What stands for a credential or a password."""

# A shorter one is no real token, and would match inside of words.
_SHORTEST = 8


def _written(character: str) -> str:
    r"""Return a pattern for a character of ASCII as it is, escaped in JSON (`\/`, `\u002f`) or in a URL (`%2F`)."""
    code = ord(character)
    return rf"(?:\\?{re.escape(character)}|(?i:\\u{code:04x}|%{code:02x}))"


# A client sends one credential many times, and each error has several texts.
@lru_cache(maxsize=8)
def _pattern(credential: str) -> str:
    return "".join(map(_written, credential))


class Redaction:
    """Removes the credentials that were sent from what came back; its repr, comparison and pickle do not have them.

    Args:
        authorization: Value of the request's `Authorization`, with or without a scheme; empty if none was sent.
        secrets: Other credentials in the request; of a name and a password, the password is removed.
    """

    __slots__ = ("_credentials",)

    def __init__(self, authorization: str = "", secrets: Iterable[object] = ()) -> None:
        scheme, _, rest = authorization.partition(" ")
        found = [rest or scheme]
        for secret in secrets:
            parts = cast("tuple[object, ...]", secret) if isinstance(secret, tuple) else (secret,)
            found.extend(part for part in parts[-1:] if isinstance(part, str))
            if isinstance(secret, str) and " " in secret:
                # A key behind a scheme, such as `Token token="s3cret"`.
                found.extend(re.split(r'[ "=,]+', secret))
        self._credentials = tuple(credential for credential in found if len(credential) >= _SHORTEST)

    def __call__(self, text: AnyStr) -> AnyStr:
        """Return a text or bytes without the credentials."""
        for credential in self._credentials:
            pattern = _pattern(credential)
            if isinstance(text, bytes):
                text = re.sub(pattern.encode(), SECURE.encode(), text)
            else:
                text = re.sub(pattern, SECURE, text)
        return text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Redaction)

    def __hash__(self) -> int:
        return hash(Redaction)

    def __repr__(self) -> str:
        return "Redaction(…)"

    def __reduce__(self) -> tuple[type[Redaction], tuple[()]]:
        return Redaction, ()
