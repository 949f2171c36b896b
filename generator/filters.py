"""Decisions of the templates about names, literals and text; no statements of Python."""

from __future__ import annotations

import keyword
import re
import textwrap
import unicodedata
from collections.abc import Collection
from typing import Any

_WIDTH = 120
_QUOTES = 3


def python_name(text: str, *, taken: Collection[str] = (), fallback: str = "field") -> str:
    """Return the snake_case identifier for a name of the document.

    Args:
        text: The name, anything.
        taken: Identifiers that it must not be; keywords never are.
        fallback: What a name without usable characters becomes, and the start of one that begins with a digit.
    """
    spaced = re.sub(r"([a-z0-9])([A-Z])|([A-Z])(?=[A-Z][a-z])", r"\1\3_\2", _plain(text))
    words = [word for word in re.split(r"[\W_]+", spaced.lower()) if word]
    name = "_".join(words) or fallback
    if not name.isidentifier():
        name = f"{fallback}_{name}"
    if keyword.iskeyword(name) or keyword.issoftkeyword(name) and name == "_":
        name += "_"
    return free_name(name, taken)


def class_name(text: str, *, taken: Collection[str] = ()) -> str:
    """Return the PascalCase identifier for a name of the document."""
    words = [word for word in re.split(r"[\W_]+", _plain(text)) if word]
    name = "".join(word[0].upper() + word[1:] for word in words) or "Model"
    if not name.isidentifier():
        name = f"Model{name}"
    return free_name(name + "_" if keyword.iskeyword(name) else name, taken)


def free_name(name: str, taken: Collection[str]) -> str:
    """Return the name, numbered if it is taken."""
    if name not in taken:
        return name
    if f"{name}_" not in taken and not name.endswith("_"):
        return f"{name}_"
    number = next(number for number in range(2, len(taken) + 3) if f"{name.rstrip('_')}_{number}" not in taken)
    return f"{name.rstrip('_')}_{number}"


def python_literal(value: Any) -> str:
    """Return a string, number, boolean or None as Python, in printable characters and double quotes."""
    if not isinstance(value, str):
        return repr(value)
    body = "".join(_escaped(character) for character in value)
    return f'"{body}"'


def docstring_text(text: str, indent: int = 0, hanging: int = 0, lead: str = "") -> str:
    """Return text of the document as lines of a docstring: wrapped, and without a way out of it.

    Args:
        text: The text, anything.
        indent: Columns before each line but the first.
        hanging: Columns before continuation lines, on top of `indent`.
        lead: What stands before the text on its first line.
    """
    safe = "".join(one for one in text if one == "\n" or unicodedata.category(one) not in {"Cc", "Cf", "Cs", "Zl", "Zp"})
    safe = safe.replace("\\", "\\\\").replace('"""', r"\"\"\"").rstrip()
    if safe.endswith('"'):
        safe = safe[:-1] + r"\""
    lines: list[str] = []
    for paragraph in re.split(r"\n\s*\n", safe.strip()):
        wrapped = textwrap.wrap(
            " ".join(paragraph.split()),
            _WIDTH - indent - hanging - _QUOTES,
            initial_indent="-" * max(0, len(lead) - hanging) if lead and not lines else "",
            break_long_words=False,
            break_on_hyphens=False,
        )
        lines += [*wrapped, ""]
    start = " " * (indent + hanging)
    lines[0] = lines[0].lstrip("-") if lead else lines[0]
    return "\n".join([lines[0], *(start + line if line else "" for line in lines[1:-1])])


def one_line(text: str) -> str:
    """Return the text as one line."""
    return " ".join(text.split())


def sentence(text: str) -> str:
    """Return the text with a full stop."""
    stripped = text.rstrip()
    return stripped if not stripped or stripped[-1] in ".!?:" else f"{stripped}."


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _escaped(character: str) -> str:
    if character in {'"', "\\"}:
        return f"\\{character}"
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
