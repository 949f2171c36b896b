"""`x-enum-varnames` and `x-enum-descriptions`: names for the values of an enum, and what each of them means."""

from __future__ import annotations

from typing import Any

from generator.document.document import Node
from generator.overlay._runtime.json_types import is_array
from generator.python.naming import constant_name

from .types import NamedValue

_NAMES = "x-enum-varnames"
_DESCRIPTIONS = "x-enum-descriptions"


def read_named_values(node: Node) -> tuple[NamedValue, ...]:
    """Return the values of an enum with their names; none if the document neither names nor describes them.

    Null has no constant: `None` is its name.
    """
    enum = node.object().get("enum")
    values: list[Any] = enum if is_array(enum) else []
    names, texts = _texts(node, _NAMES, len(values)), _texts(node, _DESCRIPTIONS, len(values))
    if not names and not texts:
        return ()
    found: dict[str, NamedValue] = {}
    for index, value in enumerate(values):
        if not isinstance(value, (str, int, float)):
            continue
        name = constant_name(names[index] if names else str(value).replace("-", "minus "), taken=found)
        found[name] = NamedValue(name, value, texts[index] if texts else "")
    return tuple(found.values())


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
