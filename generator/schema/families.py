"""Polymorphism by inheritance: a schema with a `discriminator`, and those that extend it by `allOf`.

A `$ref` to such a base means any of its family: what the discriminator names, or the base itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from generator.document.document import Document, Node
from generator.errors import SpecError
from generator.overlay._runtime.json_types import is_array, is_object


def read_families(document: Document, components: list[tuple[str, Node]]) -> Mapping[str, list[Node]]:
    """Return the schemas that extend each base, directly or by way of others, by the place of the base."""
    children: dict[str, list[Node]] = {}
    bases: list[Node] = []
    for _, node in components:
        if not is_object(node.value):
            continue
        if is_object(node.value.get("discriminator")) and not node.value.keys() & {"oneOf", "anyOf"}:
            bases.append(node)
        for parent in _parents(document, node):
            children.setdefault(parent, []).append(node)
    found: dict[str, list[Node]] = {}
    waiting = [base for base in bases if base.place in children]
    while waiting:
        base = waiting.pop()
        if base.place in found:
            continue
        found[base.place] = _heirs(base, children)
        # What extends a base and is extended itself is a base as well: it inherits the discriminator.
        waiting += [heir for heir in found[base.place] if heir.place in children]
    return found


def _parents(document: Document, node: Node) -> list[str]:
    """Return the places of the components that a schema extends."""
    members = node.value.get("allOf")
    found: list[str] = []
    for member in (node / "allOf").items() if is_array(members) else []:
        if is_object(member.value) and "$ref" in member.value:
            try:
                found.append(document.resolve_schema(member).place)
            except SpecError:
                # Reading the schema notes it.
                continue
    return found


def _heirs(base: Node, children: Mapping[str, list[Node]]) -> list[Node]:
    found: dict[str, Node] = {}
    waiting = [*children[base.place]]
    while waiting:
        node = waiting.pop(0)
        if node.place not in found and node.place != base.place:
            found[node.place] = node
            waiting += children.get(node.place, [])
    return list(found.values())
