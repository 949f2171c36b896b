"""`allOf`, and constraints beside `$ref` and `oneOf`, merged into one schema that says the same."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

from generator.document.document import Document, Node
from generator.document.keywords import ANNOTATIONS
from generator.errors import SpecError
from generator.overlay._runtime.shape import is_object

_WORDS = frozenset({"title", "description", "default", "deprecated", "readOnly", "writeOnly"})
_SAYS_NOTHING = ANNOTATIONS["schema"] | _WORDS


def merged(document: Document, node: Node) -> Node:
    """Return the schema without `allOf`.

    What remains is either a `$ref` with annotations beside it, or keywords that stand for themselves.

    Raises:
        SpecError: If the parts contradict each other, or cannot be said by one schema.
    """
    return _merged(document, node, ())


def variants(document: Document, node: Node, keyword: Literal["oneOf", "anyOf"]) -> list[Node]:
    """Return the alternatives of a schema; keywords beside `oneOf` hold for each of them."""
    rest = {name: value for name, value in node.object().items() if name not in {keyword, "discriminator"}}
    rest = {name: value for name, value in rest.items() if asserts(name)}
    alternatives = (node / keyword).items()
    if not alternatives:
        raise SpecError(f"{node.place}/{keyword}", "is empty, so nothing matches")
    if not rest.keys() - {"nullable"}:
        return alternatives
    return [_narrowed(document, one, Node(rest, node.place)) for one in alternatives]


def asserts(name: str) -> bool:
    """Return whether a keyword can make a value invalid."""
    return name not in _SAYS_NOTHING and not name.startswith("x-")


def _merged(document: Document, node: Node, above: tuple[str, ...]) -> Node:
    if not isinstance(node.value, dict):
        return node
    schema = node.object()
    asserting = [name for name in schema if asserts(name) and name not in {"allOf", "$ref", "nullable"}]
    if (
        "$ref" in schema
        and document.is_3_0
        and (beside := sorted({*asserting, *({"allOf", "nullable"} & schema.keys())}))
    ):
        raise SpecError(node.place, f"{', '.join(beside)} beside $ref is ignored in OpenAPI 3.0; put both into allOf")
    if "allOf" not in schema and not ("$ref" in schema and asserting):
        return node
    members = node.items("allOf")
    if "allOf" in schema and not members:
        raise SpecError(f"{node.place}/allOf", "is empty; take it out")
    own = {name: value for name, value in schema.items() if name not in {"allOf", "$ref"}}
    if "$ref" in schema:
        members = [Node({"$ref": schema["$ref"]}, node.place), *members]
    references = [one for one in members if _refers(one)]
    rest = [one for one in members if not _refers(one)]
    if len(references) == 1 and not asserting and not any(_asserts_anything(one) for one in rest):
        return _renewed(references[0], rest, own, node.place)
    parts = [_whole(document, part, node, above) for part in (*members, Node(own, node.place))]
    flat = _all_of(parts, node.place)
    if document.is_3_0 and own.get("nullable") is True:
        flat["nullable"] = True
    return Node(flat, node.place)


def _all_of(parts: list[Node], place: str) -> dict[str, Any]:
    """Return what schemas without `$ref` and `allOf` say together."""
    flat: dict[str, Any] = {}
    for part in parts:
        flat = _both(flat, part, place)
    flat.pop("nullable", None)
    asserting = [one for one in parts if _asserts_anything(one)]
    if asserting and all(one.object().get("nullable") is True for one in asserting):
        flat["nullable"] = True
    return flat


def _narrowed(document: Document, one: Node, rest: Node) -> Node:
    """Return an alternative with what stands beside `oneOf`, or as it is if that says nothing new about it."""
    whole = _whole(document, one, one, ())
    flat = _all_of([whole, rest], one.place)
    if _assertions(flat) == _assertions(whole.object()):
        return one
    # A variant of a named schema keeps the place of the name, by which a discriminator calls it.
    return Node(flat, document.target(one).place if _refers(one) else one.place)


def _assertions(schema: dict[str, Any]) -> dict[str, Any]:
    """Return what can make a value invalid, in one spelling."""
    said = {name: value for name, value in schema.items() if asserts(name)}
    if "properties" in said:
        said.setdefault("type", "object")
    if "required" in said:
        said["required"] = set(said["required"])
    return said


def _renewed(reference: Node, rest: list[Node], own: dict[str, Any], place: str) -> Node:
    """Return one schema, described anew: it keeps its name."""
    flat: dict[str, Any] = {}
    for part in (reference, *rest, Node(own, place)):
        if isinstance(part.value, dict):
            flat |= part.object()
    return Node({**flat, "$ref": reference.object()["$ref"]}, place)


def _whole(document: Document, part: Node, node: Node, above: tuple[str, ...]) -> Node:
    """Return a member of `allOf` without `$ref` and `allOf` of its own."""
    whole = part
    seen = (*above, node.place)
    while True:
        resolved = document.resolve(whole)
        if resolved.place in seen and resolved.place != part.place:
            raise SpecError(node.place, f"allOf contains itself, by way of {resolved.place}")
        seen = (*seen, resolved.place)
        whole = _merged(document, resolved, seen)
        if not _refers(whole):
            break
    if whole.value is True:
        return Node({}, whole.place)
    if whole.value is False:
        raise SpecError(whole.place, "a schema that nothing matches (false) is not supported")
    return whole


def _both(first: dict[str, Any], second: Node, place: str) -> dict[str, Any]:
    result = dict(first)
    for name, value in second.object().items():
        if name.startswith("x-"):
            continue
        if name not in result or name in _SAYS_NOTHING or name == "nullable" or result[name] == value:
            result[name] = value
        elif name in _MERGES:
            try:
                result[name] = _MERGES[name](result[name], value)
            except (TypeError, AttributeError, ValueError):
                raise SpecError(place, f"allOf has two {name} of which one is malformed") from None
        else:
            raise SpecError(place, f"allOf has two different {name}, {result[name]!r} and {value!r}; leave one of them")
        if result[name] == [] and name in {"type", "enum"}:
            raise SpecError(place, f"allOf leaves no {name} that matches all its members")
    _check_closed(first, second.object(), place)
    for keyword, flag in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        flags = isinstance(result.get(flag), bool)
        if flags and keyword in first and keyword in second.object() and first[keyword] != second.object()[keyword]:
            raise SpecError(place, f"allOf has two different {keyword} of which one is exclusive; leave one of them")
    return result


def _check_closed(first: dict[str, Any], second: dict[str, Any], place: str) -> None:
    for closed, other in ((first, second), (second, first)):
        beyond = set(other.get("properties") or {}) - set(closed.get("properties") or {})
        if closed.get("additionalProperties") is False and beyond:
            names = ", ".join(sorted(beyond))
            raise SpecError(
                place, f"a member of allOf has additionalProperties: false and so forbids {names}; take that out of it"
            )


def _types(first: Any, second: Any) -> Any:
    firsts, seconds = ([one] if isinstance(one, str) else one for one in (first, second))
    common = [name for name in firsts if name in seconds or (name == "integer" and "number" in seconds)]
    common += [name for name in seconds if name == "integer" and "number" in firsts and name not in common]
    return common[0] if len(common) == 1 else common


def _properties(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    result = dict(first)
    for name, value in second.items():
        result[name] = {"allOf": [result[name], value]} if name in result and result[name] != value else value
    return result


def _closed(first: Any, second: Any) -> Any:
    if first is False or second is False:
        return False
    if first is True or second is True:
        return second if first is True else first
    return {"allOf": [first, second]}


def _multiple(first: float, second: float) -> int:
    """Return what is a multiple of both, for whole numbers."""
    if first != int(first) or second != int(second):
        raise ValueError
    return math.lcm(int(first), int(second))


_MERGES: dict[str, Callable[[Any, Any], Any]] = {
    "type": _types,
    "properties": _properties,
    "required": lambda first, second: list(dict.fromkeys([*first, *second])),
    "enum": lambda first, second: [value for value in first if value in second],
    "items": lambda first, second: {"allOf": [first, second]},
    "additionalProperties": _closed,
    "multipleOf": _multiple,
    **dict.fromkeys(("minimum", "minLength", "minItems", "minProperties"), max),
    **dict.fromkeys(("maximum", "maxLength", "maxItems", "maxProperties"), min),
}


def _refers(node: Node) -> bool:
    return is_object(node.value) and "$ref" in node.value


def _asserts_anything(node: Node) -> bool:
    if not isinstance(node.value, dict):
        return node.value is False
    return any(asserts(name) and name != "nullable" for name in node.object())
