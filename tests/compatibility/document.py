"""A document whose references are followed, and whose schemas are seen as one object each."""

from __future__ import annotations

from typing import Any, TypeAlias

from tests.compatibility.change import Place

Node: TypeAlias = dict[str, Any]
Schema: TypeAlias = Node | bool


class Document:
    """An OpenAPI document.

    Args:
        root: The document as data.
    """

    def __init__(self, root: Node) -> None:
        self.root = root

    def resolved(self, node: Node, place: Place) -> tuple[Node, Place]:
        """Follow references, and return where they led; what stands beside a reference is added to its target."""
        while "$ref" in node:
            reference: str = node["$ref"]
            target: Any = self.root
            for part in reference.removeprefix("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            beside = {key: value for key, value in node.items() if key != "$ref"}
            node, place = {**target, **beside}, Place(reference.removeprefix("#"))
        return node, place

    def schema(self, node: Schema, place: Place) -> tuple[Node, Place]:
        """Return a schema without references and `allOf`."""
        if isinstance(node, bool):
            return ({} if node else {"not": {}}), place
        node, place = self.resolved(node, place)
        if "allOf" not in node:
            return node, place
        merged: Node = {}
        for part in (*node["allOf"], {key: value for key, value in node.items() if key != "allOf"}):
            whole, _ = self.schema(part, place)
            properties = {**merged.get("properties", {}), **whole.get("properties", {})}
            required = sorted({*merged.get("required", []), *whole.get("required", [])})
            merged |= whole
            merged |= {"properties": properties} if properties else {}
            merged |= {"required": required} if required else {}
        return merged, place

    def alternatives(self, node: Node, place: Place) -> list[tuple[Node, Place]]:
        """Return the alternatives of a schema, each with what stands beside them; itself if it has none.

        An alternative that another one contains, as the known values of an open set, says nothing.
        """
        for keyword in ("anyOf", "oneOf"):
            if keyword in node:
                beside = {key: value for key, value in node.items() if key != keyword}
                found = [
                    self.schema({"allOf": [one, beside]}, place / keyword / index)
                    for index, one in enumerate(node[keyword])
                ]
                open_types = {one["type"] for one, _ in found if constraints(one) == {"type"}}
                return [
                    (one, where)
                    for one, where in found
                    if constraints(one) == {"type"} or not types(one) or not types(one) <= open_types
                ]
        return [(node, place)]


ANNOTATIONS = {"$comment", "default", "deprecated", "description", "example", "examples", "externalDocs", "title"}


def constraints(schema: Node) -> set[str]:
    """Return the keywords of a schema that say more than words do."""
    return {key for key in schema if key not in ANNOTATIONS and not key.startswith("x-")}


def types(schema: Node) -> set[str]:
    """Return the types that a schema names, by itself or by its values; none if it leaves them open."""
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    named = schema.get("type", ["string"] if values and all(isinstance(one, str) for one in values) else [])
    return {named} if isinstance(named, str) else set(named)
