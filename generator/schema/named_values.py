"""Names for the values of an enum: those of `x-enum-varnames`, or else, for a component, those that the values make."""

from __future__ import annotations

from typing import Any

from generator.document.document import Node
from generator.overlay._runtime.json_types import is_array
from generator.python.naming import constant_name, words

from .scalars import values_as_declared
from .types import NamedValue

_NAMES = "x-enum-varnames"
_DESCRIPTIONS = "x-enum-descriptions"


def read_named_values(node: Node, *, is_component: bool = False) -> tuple[NamedValue, ...]:
    """Return the values of an enum with their names; none if nothing names them.

    Null has no constant: `None` is its name.

    Args:
        node: The schema of the enum.
        is_component: Whether the enum has a name of its own; its values then need no names in the document if they are
            strings, each of which makes another name.
    """
    enum = node.object().get("enum")
    values: list[Any] = values_as_declared(node) or (enum if is_array(enum) else [])
    names, texts = _texts(node, _NAMES, len(values)), _texts(node, _DESCRIPTIONS, len(values))
    if not names and not texts:
        return _named_by_themselves(values) if is_component else ()
    found: dict[str, NamedValue] = {}
    for index, value in enumerate(values):
        if not isinstance(value, (str, int, float)):
            continue
        name = constant_name(names[index] if names else _text(value), taken=found)
        found[name] = NamedValue(name, value, texts[index] if texts else "")
    return tuple(found.values())


def _named_by_themselves(values: list[Any]) -> tuple[NamedValue, ...]:
    """Return strings with the names that they make; none if one makes no name, or that of another."""
    strings = [value for value in values if value is not None]
    if len(strings) < 2 or not all(isinstance(value, str) and words(_text(value)) for value in strings):
        return ()
    names = dict.fromkeys(constant_name(_text(value)) for value in strings)
    return tuple(map(NamedValue, names, strings)) if len(names) == len(strings) else ()


def _text(value: str | float) -> str:
    """Return a value as text that names it; the empty string has no other name than what it is."""
    return str(value) or "empty"


def _texts(node: Node, keyword: str, size: int) -> list[str]:
    """Return the texts of an extension, one for each value; none if it cannot be read."""
    texts = node.object().get(keyword)
    if texts is None:
        return []
    if not is_array(texts) or not all(isinstance(text, str) for text in texts):
        (node / keyword).note("must be a list of strings")
        return []
    if len(texts) != size:
        (node / keyword).note(f"has {len(texts)} texts for {size} values; give one for each")
        return []
    return texts
