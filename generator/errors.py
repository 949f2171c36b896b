"""What is reported about a document: a place and a problem, in one line."""

from __future__ import annotations

from typing import Any

_LONGEST = 300
_TYPE_NAMES = {
    "dict": "an object",
    "list": "an array",
    "str": "a string",
    "bool": "a boolean",
    "int": "a number",
    "float": "a number",
    "NoneType": "null",
}


class SpecError(Exception):
    """Something in the document that cannot be generated.

    Args:
        place: JSON pointer into the document, such as `#/components/schemas/Pet`; empty for the whole document.
        problem: What is wrong there and how to mend it, in one line.
    """

    def __init__(self, place: str, problem: str) -> None:
        where = _line(place)
        if len(where) > _LONGEST:
            where = f"{where[: _LONGEST // 2]}…{where[-_LONGEST // 2 :]}"
        what = _line(problem)
        what = what if len(what) <= _LONGEST else f"{what[:_LONGEST]}…"
        super().__init__(f"{where}: {what}" if where else what)
        self.place = place
        self.problem = problem


class GenerationError(Exception):
    """The package cannot be written, for a reason outside of the document."""


def described(value: Any) -> str:
    """Return the kind of a value in words."""
    name = type(value).__name__
    return _TYPE_NAMES.get(name, f"a {name}")


def _line(text: str) -> str:
    """Return a text that may come from the document as one line of printable characters."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
