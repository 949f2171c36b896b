"""Polymorphism by inheritance: a schema with a `discriminator`, and those that extend it by `allOf` or that it maps.

A `$ref` to such a base means any of its family: what the discriminator names, or the base itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from generator.document.document import Document, Node
from generator.errors import SpecError
from generator.overlay._runtime.json_types import is_array, is_object

from .all_of import own_discriminator


def read_families(document: Document, components: list[tuple[str, Node]]) -> Mapping[str, list[Node]]:
    """Return the schemas that extend each base, directly or by way of others, by the place of the base."""
    children: dict[str, list[Node]] = {}
    bases: list[Node] = []
    known = {node.place: node for _, node in components}
    for _, node in components:
        if not is_object(node.value):
            continue
        for parent in _parents(document, node):
            children.setdefault(parent, []).append(node)
        discriminator = own_discriminator(node)
        if discriminator and not node.value.keys() & {"oneOf", "anyOf"}:
            bases.append(node)
            if mapped := [known[place] for place in _mapped(discriminator) if place in known]:
                children.setdefault(node.place, []).extend(mapped)
    found: dict[str, list[Node]] = {}
    waiting = [base for base in bases if base.place in children]
    while waiting:
        base = waiting.pop()
        if base.place in found:
            continue
        heirs = _heirs(base, children)
        found[base.place] = [node for place, node in known.items() if place in heirs]
        # What extends a base and is extended itself is a base as well: it inherits the discriminator.
        waiting += [heir for heir in found[base.place] if heir.place in children]
    return found


def mapping_targets(discriminator: Node) -> list[Node]:
    """Return what a mapping leads to; nothing if it is malformed, which telling the alternatives apart notes."""
    mapping = discriminator.get("mapping")
    return [target for _, target in mapping.members()] if mapping and is_object(mapping.value) else []


def _mapped(discriminator: Node) -> list[str]:
    """Return the places that a mapping leads to; it may also name components."""
    targets = [target.value for target in mapping_targets(discriminator) if isinstance(target.value, str)]
    return [target if target.startswith("#") else f"#/components/schemas/{target}" for target in targets]


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


def _heirs(base: Node, children: Mapping[str, list[Node]]) -> set[str]:
    found: set[str] = set()
    waiting = [*children[base.place]]
    while waiting:
        node = waiting.pop(0)
        if node.place not in found and node.place != base.place:
            found.add(node.place)
            waiting += children.get(node.place, [])
    return found
