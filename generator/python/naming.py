"""Names of the document as Python identifiers."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Collection, Sequence
from itertools import count

# A capital begins a word if it is the first, or the last of several as in `GetAUser` and `APIKey`. It does not in
# plurals such as `VPNs`, nor after the letters that many words begin with: `getOAuth`, `getIPv6`, `withETag`.
_NEXT_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?<![a-z0-9][EIO])(?=[A-Z](?!s(?![a-z]))[a-z])")

# What is before a number, as in `+1` and `sort--1`, is its sign; a hyphen after a letter or a digit only separates.
_SIGN = re.compile(r"(?<![^\W_])[+-](?=\d)")
_SIGNS = {"+": "plus ", "-": "minus "}
# A bound, as in the parameter `DateSent<`; a name such as `Page<User>` has none.
_BOUND = re.compile(r"([^<>=]+)([<>]=?)")
_BOUNDS = {"<": " lt", "<=": " lte", ">": " gt", ">=": " gte"}


def python_name(text: str, *, taken: Collection[str] = (), fallback: str = "field") -> str:
    """Return the snake_case identifier for a name of the document.

    Args:
        text: The name, anything.
        taken: Identifiers that are not free; keywords of Python never are.
        fallback: The identifier for a name without usable characters, and the prefix for one that begins with a digit.
    """
    name = "_".join(words(text)) or fallback
    if not name.isidentifier():
        name = f"{fallback}_{name}"
    if not name.isidentifier():
        name = fallback
    return free_name(name + "_" if keyword.iskeyword(name) else name, taken)


def python_names(texts: Sequence[str], *, taken: Collection[str] = (), fallback: str = "field") -> list[str]:
    """Return an identifier for each of some names that stand beside each other.

    One that is an identifier as it stands keeps it, whatever the order: of `_id` and `id`, the second is `id`.

    Args:
        texts: The names, anything.
        taken: Identifiers that are not free.
        fallback: As of `python_name`.
    """
    used = set(taken)
    found: dict[int, str] = {}
    for index, text in sorted(enumerate(texts), key=lambda each: python_name(each[1], fallback=fallback) != each[1]):
        found[index] = python_name(text, taken=used, fallback=fallback)
        used.add(found[index])
    return [found[index] for index in range(len(texts))]


def words(text: str) -> list[str]:
    """Return the words of a name, in lower case: `getFile_by-id` has four."""
    spaced = _NEXT_WORD.sub("_", _normalize(text))
    return [word for word in re.split(r"[\W_]+", _normalize(spaced.lower())) if word]


def class_name(text: str, *, taken: Collection[str] = ()) -> str:
    """Return the PascalCase identifier for a name of the document."""
    parts = [part for part in re.split(r"[\W_]+", _normalize(text)) if part]
    name = _normalize("".join(part[0].upper() + part[1:] for part in parts)) or "Model"
    if not name.isidentifier():
        name = f"Model{name}"
    if not name.isidentifier():
        name = "Model"
    return free_name(name + "_" if keyword.iskeyword(name) else name, taken)


def constant_name(text: str, *, taken: Collection[str] = ()) -> str:
    """Return the UPPER_CASE identifier for a name of the document."""
    return free_name(python_name(text, fallback="value").rstrip("_").upper(), taken)


def free_name(name: str, taken: Collection[str]) -> str:
    """Return the name, with an underscore or a number after it if it is taken."""
    if name not in taken:
        return name
    if f"{name}_" not in taken and not name.endswith("_"):
        return f"{name}_"
    number = next(number for number in range(2, len(taken) + 3) if f"{name.rstrip('_')}_{number}" not in taken)
    return f"{name.rstrip('_')}_{number}"


def numbered_name(name: str, taken: Collection[str]) -> str:
    """Return the name of a class, with a number after it if it is taken."""
    stem = f"{name}_" if name[-1].isdigit() else name
    numbered = (f"{stem}{number}" for number in count(2))
    return name if name not in taken else next(found for found in numbered if found not in taken)


def header_token(text: str) -> str:
    """Return the text with only the characters that a product name in `User-Agent` may have."""
    return re.sub(r"[^A-Za-z0-9.+_-]+", "-", text).strip("-") or "0"


def used_in(names: Collection[str], code: str) -> list[str]:
    """Return those of some names that stand in code, in their order."""
    found = set(re.findall(r"\w+", code))
    return [name for name in names if name in found]


def _normalize(text: str) -> str:
    """Return a name as Python normalizes it, with signs and bounds as words."""
    plain = _SIGN.sub(lambda sign: _SIGNS[sign[0]], unicodedata.normalize("NFKC", text))
    bounded = _BOUND.fullmatch(plain)
    return f"{bounded[1]}{_BOUNDS[bounded[2]]}" if bounded else plain
