"""Names of the document as Python identifiers."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Collection


def python_name(text: str, *, taken: Collection[str] = (), fallback: str = "field") -> str:
    """Return the snake_case identifier for a name of the document.

    Args:
        text: The name, anything.
        taken: Identifiers that are not free; keywords of Python never are.
        fallback: The identifier for a name without usable characters, and the prefix for one that begins with a digit.
    """
    spaced = re.sub(r"([a-z0-9])([A-Z])|([A-Z])(?=[A-Z][a-z])", r"\1\3_\2", _normalize(text))
    words = [word for word in re.split(r"[\W_]+", _normalize(spaced.lower())) if word]
    name = "_".join(words) or fallback
    if not name.isidentifier():
        name = f"{fallback}_{name}"
    if not name.isidentifier():
        name = fallback
    return free_name(name + "_" if keyword.iskeyword(name) else name, taken)


def class_name(text: str, *, taken: Collection[str] = ()) -> str:
    """Return the PascalCase identifier for a name of the document."""
    words = [word for word in re.split(r"[\W_]+", _normalize(text)) if word]
    name = _normalize("".join(word[0].upper() + word[1:] for word in words)) or "Model"
    if not name.isidentifier():
        name = f"Model{name}"
    if not name.isidentifier():
        name = "Model"
    return free_name(name + "_" if keyword.iskeyword(name) else name, taken)


def free_name(name: str, taken: Collection[str]) -> str:
    """Return the name, with an underscore or a number after it if it is taken."""
    if name not in taken:
        return name
    if f"{name}_" not in taken and not name.endswith("_"):
        return f"{name}_"
    number = next(number for number in range(2, len(taken) + 3) if f"{name.rstrip('_')}_{number}" not in taken)
    return f"{name.rstrip('_')}_{number}"


def header_token(text: str) -> str:
    """Return the text with only the characters that a product name in `User-Agent` may have."""
    return re.sub(r"[^A-Za-z0-9.+_-]+", "-", text).strip("-") or "0"


def used_in(names: Collection[str], code: str) -> list[str]:
    """Return those of some names that stand in code, in their order."""
    words = set(re.findall(r"\w+", code))
    return [name for name in names if name in words]


def _normalize(text: str) -> str:
    return unicodedata.normalize("NFKC", text)
