"""What the document says to a person, as text for docstrings."""

from __future__ import annotations

import json
from typing import Any

from generator.document.document import Node
from generator.python.filters import sentence


def description(node: Node) -> str:
    """Return the description of a schema, or its title if it has none."""
    return node.words("description") or node.words("title")


def property_description(schemas: list[Node]) -> str:
    """Return the description of a property, with what its other annotations say.

    Args:
        schemas: The schema, and what it refers to: the first that has an annotation counts.
    """

    def first(keyword: str) -> Any:
        return next((one.object()[keyword] for one in schemas if keyword in one.object()), None)

    notes = [
        next((text for one in schemas if (text := description(one))), ""),
        "Deprecated." if first("deprecated") is True else "",
        "Only in responses." if first("readOnly") is True else "",
        "Only in requests." if first("writeOnly") is True else "",
        default_note([one.object()["default"] for one in schemas if "default" in one.object()]),
    ]
    return joined(notes)


def default_note(values: list[Any]) -> str:
    """Return what the server takes if something is absent; the values are none, or the default is the first."""
    return f"The server takes `{json.dumps(values[0], ensure_ascii=False)}` if it is absent." if values else ""


def joined(texts: list[str]) -> str:
    """Return the texts as one, each but the last with a full stop."""
    found = [text for text in texts if text]
    return " ".join([*map(sentence, found[:-1]), *found[-1:]])
