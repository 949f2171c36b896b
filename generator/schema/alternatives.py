"""What tells the inline alternatives of a union apart in the names of their classes, if possible no number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from generator.document.document import Document, Node
from generator.errors import SpecError
from generator.overlay._runtime.json_types import is_array, is_object
from generator.python.naming import class_name, words

from .all_of import is_null, merge_all_of

# A longer title is a sentence.
_MOST_WORDS = 4
_MOST_LETTERS = 40
# The only object is called so; what is in the only array needs no more than the name of the union.
_NAMES_BY_KIND = {"object": "Object", "array": ""}


def name_alternatives(
    document: Document, alternatives: Sequence[Node], hint: str, components: Mapping[str, str]
) -> list[str]:
    """Return the class name of each alternative of a union, for what becomes a class.

    Args:
        document: The document.
        alternatives: The alternatives.
        hint: Class name of the union.
        components: The class names of components, by their place.
    """
    # A component that keywords beside `oneOf` narrow gets a second class, next to its own.
    found = [components.get(alternative.place) for alternative in alternatives]
    if sum(not is_null(alternative) for alternative in alternatives) == 1:
        return [f"{hint}{name or ''}" for name in found]
    schemas = [_schema(document, alternative) for alternative in alternatives]
    inline = [schema if _kind(schema) == "object" and "$ref" not in schema else {} for schema in schemas]
    kinds = [_kind(_resolved(document, node)) for node in alternatives]
    levels = [
        [_after(hint, schema.get("title"), is_title=True) for schema in inline],
        [_after(hint, tag) for tag in _tags(inline)],
        # So some documents of OpenAPI 3.0 write null.
        ["Empty" if _is_empty(schema) else None for schema in inline],
        [_NAMES_BY_KIND.get(kind or "") for kind in _unique(kinds)],
    ]
    # The title of an alternative takes no name from a component; the union may be one itself.
    taken = {name for name in components.values() if name != hint}
    for names in levels:
        for index, name in enumerate(_unique(names)):
            if found[index] is None and name not in found and f"{hint}{name}" not in taken:
                found[index] = name
    return [f"{hint}{f'Option{index + 1}' if name is None else name}" for index, name in enumerate(found)]


def _unique(names: Sequence[str | None]) -> list[str | None]:
    """Return names without those that there are twice."""
    counts = Counter(names)
    return [name if counts[name] == 1 else None for name in names]


def _schema(document: Document, node: Node) -> dict[str, Any]:
    """Return a schema without `allOf`, with its own title; empty if it cannot be read, which reading its type notes."""
    try:
        found = merge_all_of(document, node).value
    except SpecError:
        return {}
    titles = [part.get("title") for part in (node.value, *_members(node.value)) if is_object(part)]
    title = next((title for title in titles if title), None)
    return {**found, "title": title} if is_object(found) else {}


def _resolved(document: Document, node: Node) -> dict[str, Any]:
    try:
        return _schema(document, document.resolve_schema(node))
    except SpecError:
        return {}


def _members(schema: Any) -> list[Any]:
    """Return the members of `allOf`."""
    members = schema.get("allOf") if is_object(schema) else None
    return members if is_array(members) else []


def _kind(schema: Mapping[str, Any]) -> str:
    """Return whether a schema is of objects, perhaps of several kinds, or of arrays; empty if it is neither."""
    types = schema.get("type", "object" if schema.keys() & {"properties", "oneOf", "anyOf"} else "")
    names = [name for name in (types if is_array(types) else [types]) if name != "null"]
    return next((name for name in _NAMES_BY_KIND if names == [name]), "")


def _is_empty(schema: Mapping[str, Any]) -> bool:
    """Return whether an object has no properties."""
    return schema.get("additionalProperties") is False and not schema.keys() & {"properties", "patternProperties"}


def _after(hint: str, text: Any, *, is_title: bool = False) -> str | None:
    """Return a text as the end of a class name, without the words that are before it already; None if it is no name.

    A title of several words with underscores is a name in the program of the server, and says nothing to a reader.
    """
    parts = words(text) if isinstance(text, str) and text.isascii() else []
    if not 0 < len(parts) <= _MOST_WORDS or (is_title and "_" in text):
        return None
    before, name = words(hint), class_name(f"X {text}")[1:]
    first = max((count for count in range(len(parts) + 1) if parts[:count] == before[len(before) - count :]), default=0)
    rest = parts[first:]
    last = max(
        (count for count in range(len(rest)) if rest[len(rest) - count :] == before[len(before) - count :]), default=0
    )
    name = name[sum(map(len, parts[:first])) : len(name) - sum(map(len, rest[len(rest) - last :]))]
    return name if 0 < len(name) <= _MOST_LETTERS else None


def _tags(schemas: Sequence[Mapping[str, Any]]) -> list[str | None]:
    """Return the value of the first property that has another string in each object; None for what is no object."""
    values = [_constants(schema) if schema else None for schema in schemas]
    objects = [constants for constants in values if constants is not None]
    for name in objects[0] if objects else ():
        tags = [constants.get(name) for constants in objects]
        if None not in tags and len({*tags}) == len(tags):
            return [constants[name] if constants is not None else None for constants in values]
    return [None] * len(schemas)


def _constants(schema: Mapping[str, Any]) -> dict[str, str]:
    """Return the properties of an object that have a string as their only value."""
    found: dict[str, str] = {}
    properties = schema.get("properties")
    for name, member in properties.items() if is_object(properties) else ():
        for part in (member, *_members(member)):
            if is_object(part):
                enum = part.get("enum")
                value = part.get("const", enum[0] if is_array(enum) and len(enum) == 1 else None)
                if isinstance(value, str):
                    found[name] = value
    return found
