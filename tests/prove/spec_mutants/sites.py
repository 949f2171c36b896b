"""The objects of an OpenAPI document, each with its place and its kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

import msgspec

Keys: TypeAlias = tuple[str | int, ...]
"""The way from the root to a place."""

METHODS: Final = ("get", "put", "post", "delete", "patch", "head", "options", "trace")

# What stands behind a keyword: an object, a list of them (`[]`), or a map of them (`{}`), and of which kind they are.
_CHILDREN: Mapping[str, Mapping[str, str]] = {
    "document": {"servers": "server[]", "paths": "path item{}", "components": "components"},
    "components": {
        "securitySchemes": "security scheme{}",
        "parameters": "parameter{}",
        "schemas": "schema{}",
        "responses": "response{}",
    },
    "path item": {"parameters": "parameter[]", **dict.fromkeys(METHODS, "operation")},
    "operation": {
        "servers": "server[]",
        "parameters": "parameter[]",
        "requestBody": "request body",
        "responses": "response{}",
    },
    "parameter": {"schema": "schema"},
    "request body": {"content": "media type{}"},
    "response": {"content": "media type{}", "headers": "header{}", "links": "link{}"},
    "media type": {"schema": "schema"},
    "header": {"schema": "schema"},
    "schema": {
        "contentSchema": "schema",
        "properties": "schema{}",
        "items": "schema",
        **dict.fromkeys(("allOf", "anyOf", "oneOf"), "schema[]"),
    },
}


class Site(msgspec.Struct, frozen=True):
    """An object of the document: its kind (`... reference` if it only has a `$ref`), the way to it, and itself."""

    kind: str
    keys: Keys
    node: dict[str, Any]


def sites(document: dict[str, Any]) -> Iterator[Site]:
    """Yield every object of a document whose keywords mean something, in the order of the document."""
    yield from _below("document", (), document)


def _below(kind: str, keys: Keys, node: Any) -> Iterator[Site]:
    if not isinstance(node, dict):
        # A schema may be `true` or `false`.
        return
    if kind != "schema" and "$ref" in node:
        yield Site(f"{kind} reference", keys, node)
        return
    yield Site(kind, keys, node)
    for name, child in _CHILDREN.get(kind, {}).items():
        if name not in node:
            continue
        below, value = (*keys, name), node[name]
        if child.endswith("[]"):
            for index, inner in enumerate(value):
                yield from _below(child[:-2], (*below, index), inner)
        elif child.endswith("{}"):
            for key, inner in value.items():
                yield from _below(child[:-2], (*below, key), inner)
        else:
            yield from _below(child, below, value)
