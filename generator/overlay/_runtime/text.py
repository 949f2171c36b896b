"""Text for error messages: one printable line, without credentials."""

from __future__ import annotations

import re

__all__ = ["one_line", "short_repr"]

_CREDENTIAL = re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+")
_LINE = 300
_VALUE = 60


def one_line(text: str, limit: int = _LINE) -> str:
    """Return a text as one printable line of at most `limit` characters, without credentials."""
    head = text[: 4 * limit]
    head = "".join(character if character.isprintable() else " " for character in head)
    head = _CREDENTIAL.sub(r"\1 [secure]", " ".join(head.split()))
    return head if len(head) <= limit and len(text) <= 4 * limit else head[: limit - 1] + "…"


def short_repr(value: object, limit: int = _VALUE) -> str:
    """Return the repr of a value as one line of at most `limit` characters."""
    if isinstance(value, (str, bytes)) and len(value) > limit:
        # Slicing first keeps the work small for a value of many megabytes.
        return one_line(repr(value[:limit]), limit - 1) + "…"
    try:
        return one_line(repr(value), limit)
    except Exception:  # noqa: BLE001  # a repr that fails must not hide what is wrong with the value
        return f"<{type(value).__name__}>"
