"""Descriptions of schemas as text for docstrings."""

from __future__ import annotations

import json
from typing import Any

from generator.document.document import Node
from generator.python.docstrings import sentence


def schema_description(node: Node) -> str:
    """Return the description of a schema, or its title if it has none."""
    return node.prose("description") or node.prose("title")


def property_description(schemas: list[Node], applied: str = "") -> str:
    """Return the description of a property, with its other annotations as sentences.

    Args:
        schemas: The schema, and the one that it refers to; the first with an annotation decides.
        applied: The default that the client applies, as Python; empty if there is none.
    """

    def first(keyword: str) -> Any:
        return next((schema.object()[keyword] for schema in schemas if keyword in schema.object()), None)

    notes = [
        next((text for schema in schemas if (text := schema_description(schema))), ""),
        "Deprecated." if first("deprecated") is True else "",
        "Only in responses." if first("readOnly") is True else "",
        "Only in requests." if first("writeOnly") is True else "",
        default_note([schema.object()["default"] for schema in schemas if "default" in schema.object()], applied),
    ]
    return join_sentences(notes)


def default_note(values: list[Any], applied: str = "") -> str:
    """Return a sentence about the default, which is the first of the values; empty if there is none."""
    if applied:
        return f"A method sends `{applied}` for this argument if it is not given."
    return f"The server takes `{json.dumps(values[0], ensure_ascii=False)}` if it is absent." if values else ""


def join_sentences(texts: list[str]) -> str:
    """Return the texts as one text; each but the last gets a full stop."""
    found = [text for text in texts if text]
    return " ".join([*map(sentence, found[:-1]), *found[-1:]])
