"""Keep a credential that a server repeats out of errors."""

from __future__ import annotations

import re
from typing import AnyStr

__all__ = ["Redaction"]

# A shorter one is no real token, and would match inside of words.
_SHORTEST = 8


def _written(character: str) -> str:
    r"""Return a pattern for a character of ASCII as it is, escaped in JSON (`\/`, `\u002f`) or in a URL (`%2F`)."""
    code = ord(character)
    return rf"(?:\\?{re.escape(character)}|(?i:\\u{code:04x}|%{code:02x}))"


class Redaction:
    """Removes the credential that was sent from what came back; its repr, comparison and pickle do not have it.

    Args:
        authorization: Value of the request's `Authorization`, with or without a scheme; empty if none was sent.
    """

    __slots__ = ("_authorization",)

    def __init__(self, authorization: str = "") -> None:
        self._authorization = authorization

    def __call__(self, text: AnyStr) -> AnyStr:
        """Return a text or bytes without the credential."""
        scheme, _, rest = self._authorization.partition(" ")
        credential = rest or scheme
        if len(credential) < _SHORTEST:
            return text
        pattern = "".join(map(_written, credential))
        if isinstance(text, bytes):
            return re.sub(pattern.encode(), b"[secure]", text)
        return re.sub(pattern, "[secure]", text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Redaction)

    def __hash__(self) -> int:
        return hash(Redaction)

    def __repr__(self) -> str:
        return "Redaction(…)"

    def __reduce__(self) -> tuple[type[Redaction], tuple[()]]:
        return Redaction, ()
