"""Values of the document as Python literals."""

from __future__ import annotations

import re
from typing import Any

# Longest string literal on one line.
_MAX_LITERAL = 90


def python_literal(value: Any) -> str:
    """Return a string, number, boolean or None as Python, in printable characters and double quotes."""
    return f'"{_escape(value)}"' if isinstance(value, str) else repr(value)


def long_literal(text: str) -> str:
    """Return a string as Python: several adjacent literals if it is long."""
    pieces = [""]
    for word in re.findall(r"\S+\s*|\s+", text):
        if pieces[-1] and len(pieces[-1]) + len(word) > _MAX_LITERAL:
            pieces.append("")
        pieces[-1] += word
    return " ".join(python_literal(piece) for piece in pieces)


def _escape(text: str) -> str:
    return "".join(_escape_character(character) for character in text)


def _escape_character(character: str) -> str:
    if character in {'"', "\\"}:
        return f"\\{character}"
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
