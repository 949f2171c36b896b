"""Decisions of the templates about names, literals and text; no statements of Python."""

from __future__ import annotations

import keyword
import re
import textwrap
import unicodedata
from collections.abc import Collection
from typing import Any

_WIDTH = 120
_QUOTES = 6
# Longest string literal on one line.
_LITERAL = 90
_INVISIBLE = {"Cc", "Cf", "Cs"}
_LIST_ITEM = re.compile(r"\n(?=\s*(?:[-*+]|\d{1,3}[.)]) )")


def python_name(text: str, *, taken: Collection[str] = (), fallback: str = "field") -> str:
    """Return the snake_case identifier for a name of the document.

    Args:
        text: The name, anything.
        taken: Identifiers that it must not be; keywords never are.
        fallback: What a name without usable characters becomes, and the start of one that begins with a digit.
    """
    spaced = re.sub(r"([a-z0-9])([A-Z])|([A-Z])(?=[A-Z][a-z])", r"\1\3_\2", _plain(text))
    words = [word for word in re.split(r"[\W_]+", _plain(spaced.lower())) if word]
    name = "_".join(words) or fallback
    if not name.isidentifier():
        name = f"{fallback}_{name}"
    if not name.isidentifier():
        name = fallback
    return free_name(name + "_" if keyword.iskeyword(name) else name, taken)


def class_name(text: str, *, taken: Collection[str] = ()) -> str:
    """Return the PascalCase identifier for a name of the document."""
    words = [word for word in re.split(r"[\W_]+", _plain(text)) if word]
    name = _plain("".join(word[0].upper() + word[1:] for word in words)) or "Model"
    if not name.isidentifier():
        name = f"Model{name}"
    if not name.isidentifier():
        name = "Model"
    return free_name(name + "_" if keyword.iskeyword(name) else name, taken)


def free_name(name: str, taken: Collection[str]) -> str:
    """Return the name, with an underscore or a number if it is taken."""
    if name not in taken:
        return name
    if f"{name}_" not in taken and not name.endswith("_"):
        return f"{name}_"
    number = next(number for number in range(2, len(taken) + 3) if f"{name.rstrip('_')}_{number}" not in taken)
    return f"{name.rstrip('_')}_{number}"


def python_literal(value: Any) -> str:
    """Return a string, number, boolean or None as Python, in printable characters and double quotes."""
    return f'"{_escaped(value)}"' if isinstance(value, str) else repr(value)


def long_literal(text: str) -> str:
    """Return a string as Python, in several literals that Python joins if it is long."""
    pieces = [""]
    for word in re.findall(r"\S+\s*|\s+", text):
        if pieces[-1] and len(pieces[-1]) + len(word) > _LITERAL:
            pieces.append("")
        pieces[-1] += word
    return " ".join(python_literal(piece) for piece in pieces)


def docstring_text(text: str, indent: int = 0, hanging: int = 0, lead: str = "") -> str:
    """Return text of the document as lines of a docstring: wrapped, and without a way out of it.

    Args:
        text: The text, anything.
        indent: Columns before each line but the first.
        hanging: Columns before continuation lines, on top of `indent`.
        lead: What stands before the text on its first line.
    """
    if not text.isprintable():
        text = "".join(one if one == "\n" else " " if one.isspace() else one for one in text)
        text = "".join(one for one in text if one == "\n" or unicodedata.category(one) not in _INVISIBLE)
    text = docstring_code(text.strip())
    lines: list[str] = []
    for paragraph in re.split(r"\n\s*\n", text):
        for number, item in enumerate(_LIST_ITEM.split(paragraph)):
            lines += textwrap.wrap(
                " ".join(item.split()),
                _WIDTH - indent - hanging - _QUOTES,
                # Columns that are taken already: of the first line by the lead, of further ones by nothing.
                initial_indent="\0" * (0 if lines or number else max(0, len(lead) - hanging)),
                break_long_words=False,
                break_on_hyphens=False,
            )
        lines.append("")
    start = " " * (indent + hanging)
    first, *others = (line.replace("\0", "") for line in lines[:-1] or [""])
    return "\n".join([first, *(start + line if line else "" for line in others)])


def docstring_code(text: str) -> str:
    """Return printable text as it is written in a docstring, without a way out of it and without a change of lines."""
    return re.sub(r'"(?=""|\Z)', r"\"", text.replace("\\", "\\\\"))


def one_line(text: str) -> str:
    """Return the text as one line."""
    return " ".join(text.split())


def sentence(text: str) -> str:
    """Return the text with a full stop."""
    stripped = text.rstrip()
    return stripped if not stripped or stripped[-1] in ".!?:" else f"{stripped}."


def header_token(text: str) -> str:
    """Return the text with nothing but what a product name in `User-Agent` may have."""
    return re.sub(r"[^A-Za-z0-9.+_-]+", "-", text).strip("-") or "0"


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _escaped(text: str) -> str:
    return "".join(_escape(character) for character in text)


def _escape(character: str) -> str:
    if character in {'"', "\\"}:
        return f"\\{character}"
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
