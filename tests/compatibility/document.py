"""A document whose references are followed, and whose schemas are seen as one object each."""

from __future__ import annotations

from functools import reduce
from typing import Any, TypeAlias

from tests.compatibility.change import Place
from tests.compatibility.intersection import constraints, intersection, types

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
        """Follow references, and return where they led; the words beside a reference are added to its target."""
        while "$ref" in node:
            target, place = self._target(node["$ref"])
            node = {**target, **_without(node, "$ref")}
        return node, place

    def schema(self, node: Schema, place: Place) -> tuple[Node, Place]:
        """Return a schema without references and `allOf`: of those, and of what stands beside them, all has to hold."""
        if isinstance(node, bool):
            return ({} if node else {"not": {}}), place
        own = _without(node, "$ref", "allOf")
        parts: list[Node] = []
        if "$ref" in node:
            target, target_place = self.schema(*self._target(node["$ref"]))
            if "allOf" not in node and not constraints(own):
                return {**target, **own}, target_place
            parts.append(target)
        parts += [self.schema(part, place)[0] for part in node.get("allOf", [])]
        return reduce(intersection, parts, own), place

    def _target(self, reference: str) -> tuple[Any, Place]:
        target: Any = self.root
        for part in reference.removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        return target, Place(reference.removeprefix("#"))

    def alternatives(self, node: Node, place: Place) -> list[tuple[Node, Place]]:
        """Return the alternatives of a schema, each with what stands beside them; itself if it has none.

        An alternative that another alternative contains, as the known values of an open set, says nothing.
        """
        for keyword in ("anyOf", "oneOf"):
            if keyword in node:
                beside = _without(node, keyword)
                found = [
                    self.schema({"allOf": [alternative, beside]}, place / keyword / index)
                    for index, alternative in enumerate(node[keyword])
                ]
                # No value has none of all types.
                possible = [(alternative, where) for alternative, where in found if alternative.get("type") != []]
                open_types = {
                    name
                    for alternative, _ in possible
                    if constraints(alternative) == {"type"}
                    for name in types(alternative)
                }
                return [
                    (alternative, where)
                    for alternative, where in possible
                    if constraints(alternative) == {"type"}
                    or not types(alternative)
                    or not types(alternative) <= open_types
                ]
        return [(node, place)]


def _without(node: Node, *keywords: str) -> Node:
    return {key: value for key, value in node.items() if key not in keywords}
