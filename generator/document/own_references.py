"""`$recursiveRef` and `$dynamicRef`, written as the `$ref` that they mean in a document of one file.

Without schemas of other files that extend them, the first is the component around it, or the schema that has the
`$recursiveAnchor` there, and the second is the one schema with the `$dynamicAnchor`.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from generator.overlay._runtime.json_types import is_array, is_object

from .load import pointer_part

_SCHEMAS = "#/components/schemas"


def refer_by_place(schemas: dict[str, Any]) -> dict[str, Any]:
    """Return the schemas of components with a `$ref` for each of these references that has one meaning."""
    if not any("$recursiveRef" in part or "$dynamicRef" in part for part, _, _ in _parts(schemas)):
        return schemas
    try:
        result = deepcopy(schemas)
    except RecursionError:
        # What is nested that deeply is noted where it is read.
        return schemas
    anchors: dict[str, list[str]] = {}
    parts = list(_parts(result))
    for part, place, _ in parts:
        if isinstance(name := part.get("$dynamicAnchor"), str):
            anchors.setdefault(f"#{name}", []).append(place)
    known = {reference: places[0] for reference, places in anchors.items() if len(places) == 1}
    for part, _, around in parts:
        if part.get("$recursiveRef") == "#":
            part.setdefault("$ref", around)
            del part["$recursiveRef"]
        if part.get("$recursiveAnchor") is True:
            del part["$recursiveAnchor"]
        reference, anchor = part.get("$dynamicRef"), part.get("$dynamicAnchor")
        if isinstance(reference, str) and reference in known:
            part.setdefault("$ref", known[reference])
            del part["$dynamicRef"]
        if isinstance(anchor, str) and f"#{anchor}" in known:
            del part["$dynamicAnchor"]
    return result


def _parts(schemas: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Yield all objects in schemas, each with its place, and the place of the schema that `#` means in it."""
    waiting: list[tuple[Any, str, str]] = []
    for name, schema in schemas.items():
        place = f"{_SCHEMAS}/{pointer_part(str(name))}"
        waiting.append((schema, place, place))
    while waiting:
        part, place, around = waiting.pop()
        if is_object(part):
            around = place if part.get("$recursiveAnchor") is True else around
            yield part, place, around
            waiting += [(member, f"{place}/{pointer_part(str(name))}", around) for name, member in part.items()]
        elif is_array(part):
            waiting += [(member, f"{place}/{index}", around) for index, member in enumerate(part)]
