"""The errors of the generator: what is wrong with a document, and where, in one line."""

from __future__ import annotations

from typing import Any

_MAX_LENGTH = 300
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
    """The document has something that cannot be generated.

    Args:
        place: JSON pointer into the document, such as `#/components/schemas/Pet`; empty for the whole document.
        problem: What is wrong there and how to fix it, in one line.
    """

    def __init__(self, place: str, problem: str) -> None:
        shown_place = _escape_unprintable(place)
        if len(shown_place) > _MAX_LENGTH:
            shown_place = f"{shown_place[: _MAX_LENGTH // 2]}…{shown_place[-_MAX_LENGTH // 2 :]}"
        shown_problem = _escape_unprintable(problem)
        if len(shown_problem) > _MAX_LENGTH:
            shown_problem = f"{shown_problem[:_MAX_LENGTH]}…"
        super().__init__(f"{shown_place}: {shown_problem}" if shown_place else shown_problem)
        self.place = place
        self.problem = problem


class GenerationError(Exception):
    """The package cannot be written, for a reason outside of the document."""


def json_type(value: Any) -> str:
    """Return the JSON type of a value with its article, such as `an object`."""
    name = type(value).__name__
    return _TYPE_NAMES.get(name, f"a {name}")


def _escape_unprintable(text: str) -> str:
    """Escape line breaks and control characters: the text may come from the document."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode() for character in text
    )
