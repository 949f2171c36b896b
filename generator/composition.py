"""`allOf` and constraints beside `$ref` and `oneOf`, merged into one schema that says the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from .document import Document, Node, SpecError

_ANNOTATIONS = ("title", "description", "example", "examples", "default", "deprecated", "readOnly", "writeOnly")
_IGNORED = ("externalDocs", "xml", "$comment", "$defs", "definitions")


def merged(document: Document, node: Node) -> Node:
    """Return the schema without `allOf`.

    What remains is either a `$ref` with annotations beside it, or keywords that stand for themselves.

    Raises:
        SpecError: If the parts contradict each other, or cannot be said by one schema.
    """
    return _merged(document, node, ())


def variants(node: Node, keyword: Literal["oneOf", "anyOf"]) -> list[Node]:
    """Return the alternatives of a schema; keywords beside `oneOf` hold for each of them."""
    rest = {name: value for name, value in node.object().items() if name not in {keyword, "discriminator"} and _asserts(name)}
    rest.pop("nullable", None)
    alternatives = (node / keyword).items()
    if not alternatives:
        raise SpecError(f"{node.place}/{keyword}", "is empty, so nothing matches")
    if not rest or rest.keys() == {"type"} and all(_has_type(one) for one in alternatives):
        return alternatives
    return [Node({"allOf": [one.value, rest]}, one.place) for one in alternatives]


def _merged(document: Document, node: Node, above: tuple[str, ...]) -> Node:
    if not isinstance(node.value, dict):
        return node
    schema = node.object()
    asserting = [name for name in schema if _asserts(name) and name not in {"allOf", "$ref", "nullable"}]
    if "allOf" not in schema and not ("$ref" in schema and asserting):
        return node
    members = (node / "allOf").items() if "allOf" in schema else []
    own = {name: value for name, value in schema.items() if name not in {"allOf", "$ref"}}
    references = [one for one in members if isinstance(one.value, dict) and "$ref" in one.value]
    if "$ref" in schema:
        references.insert(0, Node({"$ref": schema["$ref"]}, node.place))
        members = [references[0], *members]
    rest = [one for one in members if one not in references]
    if len(references) == 1 and not asserting and not any(_asserts_anything(one) for one in rest):
        # One schema, described anew: it keeps its name.
        flat: dict[str, Any] = {"$ref": references[0].object()["$ref"]}
        for part in (*references, *rest, Node(own, node.place)):
            flat |= {name: value for name, value in part.object().items() if name != "$ref"}
        return Node(flat, node.place)
    flat = {}
    for part in (*members, Node(own, node.place)):
        resolved = document.resolve(part)
        if resolved.place in above:
            raise SpecError(node.place, f"allOf contains itself, by way of {resolved.place}")
        whole = _merged(document, resolved, (*above, resolved.place, node.place))
        if isinstance(whole.value, dict) and "$ref" in whole.value:
            whole = _merged(document, document.resolve(whole), (*above, resolved.place, node.place))
        flat = _both(flat, whole, node.place)
    return Node(flat, node.place)


def _both(first: dict[str, Any], second: Node, place: str) -> dict[str, Any]:
    result = dict(first)
    for name, value in second.object().items():
        if name in _IGNORED or name.startswith("x-"):
            continue
        if name not in result or name in _ANNOTATIONS or name == "nullable" or result[name] == value:
            result[name] = value
        elif name in _MERGES:
            result[name] = _MERGES[name](result[name], value)
        else:
            raise SpecError(place, f"allOf has two different {name}, {result[name]!r} and {value!r}")
        if result[name] == []:
            raise SpecError(place, f"allOf leaves no {name} that matches all its members")
    _check_closed(first, second.object(), place)
    return result


def _check_closed(first: dict[str, Any], second: dict[str, Any], place: str) -> None:
    for closed, other in ((first, second), (second, first)):
        beyond = set(other.get("properties", {})) - set(closed.get("properties", {}))
        if closed.get("additionalProperties") is False and beyond:
            raise SpecError(
                place, f"allOf forbids its own properties {', '.join(sorted(beyond))}: a member has additionalProperties: false"
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


_MERGES: dict[str, Callable[[Any, Any], Any]] = {
    "type": _types,
    "properties": _properties,
    "required": lambda first, second: list(dict.fromkeys([*first, *second])),
    "enum": lambda first, second: [value for value in first if value in second],
    "items": lambda first, second: {"allOf": [first, second]},
    "additionalProperties": _closed,
    **dict.fromkeys(("minimum", "minLength", "minItems", "minProperties"), max),
    **dict.fromkeys(("maximum", "maxLength", "maxItems", "maxProperties"), min),
}


def _asserts(name: str) -> bool:
    return name not in _ANNOTATIONS and name not in _IGNORED and not name.startswith("x-")


def _asserts_anything(node: Node) -> bool:
    return any(_asserts(name) and name != "nullable" for name in node.object())


def _has_type(node: Node) -> bool:
    return isinstance(node.value, dict) and ("type" in node.value or "$ref" in node.value)
