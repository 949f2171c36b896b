"""`allOf`: a schema and its members, merged into one schema; also constraints beside `$ref` and `oneOf`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

from generator.document.document import Document, Node
from generator.document.keywords import ANNOTATIONS
from generator.errors import SpecError
from generator.overlay._runtime.json_types import is_array, is_object

from .schema_kind import is_model, well_formed

_PROSE = frozenset({"title", "description", "default", "deprecated", "readOnly", "writeOnly"})
_NOT_ASSERTIONS = ANNOTATIONS["schema"] | _PROSE


class NoValueError(SpecError):
    """No value matches a schema."""


def merge_all_of(document: Document, node: Node) -> Node:
    """Return an equivalent schema without `allOf`: a `$ref` with annotations beside it, or a schema without `$ref`.

    Of members that no value matches together, the later one counts: it is there to replace the other.

    Raises:
        SpecError: The members cannot be merged into one schema.
    """
    return _merge(document, node, ())


def merge_or_refer(document: Document, node: Node) -> Node:
    """Return what `merge_all_of` does, but the reference among the members of `allOf` to which the others add nothing.

    Raises:
        SpecError: The members cannot be merged into one schema.
    """
    flat = merge_all_of(document, node)
    if flat is node or _is_reference(flat):
        return flat
    for member in reversed(_members(node)):
        reference = merge_or_refer(document, member)
        if _is_reference(reference) and _adds_nothing(document, flat, flatten(document, reference)):
            annotations = {name: value for name, value in flat.object().items() if not _is_assertion(name)}
            nullable = {"nullable": True} if flat.flag("nullable") else {}
            return flat.with_value({**annotations, **nullable, "$ref": reference.object()["$ref"]})
    return flat


def flatten(document: Document, node: Node) -> Node:
    """Return an equivalent schema without `allOf` and without `$ref`; what stands beside a `$ref` is left out.

    Raises:
        SpecError: The members cannot be merged into one schema.
    """
    seen: list[str] = []
    while True:
        node = merge_all_of(document, document.resolve_schema(node))
        if not _is_reference(node):
            return node
        if node.place in seen:
            raise SpecError(node.place, "is a reference to itself")
        seen.append(node.place)


def union_alternatives(document: Document, node: Node, keyword: Literal["oneOf", "anyOf"]) -> list[Node]:
    """Return the alternatives of `oneOf` or `anyOf`; keywords beside it are merged into each of them."""
    beside = {name: value for name, value in node.object().items() if name not in {keyword, "discriminator"}}
    beside = {name: value for name, value in beside.items() if _is_assertion(name)}
    alternatives = (node / keyword).items()
    if not alternatives:
        raise SpecError(f"{node.place}/{keyword}", "is empty, so no value matches; list at least one")
    if not beside.keys() - {"nullable"}:
        return alternatives
    possible: list[Node] = []
    contradictions: list[NoValueError] = []
    for alternative in alternatives:
        # An alternative that the keywords beside it rule out matches no value.
        try:
            narrowed = _narrow(document, alternative, node.with_value(beside))
            if narrowed is not alternative:
                _refuse_contradiction(document, narrowed)
            possible.append(narrowed)
        except NoValueError as error:
            contradictions.append(error)
    if not possible:
        node.notes.add(contradictions[0].place, contradictions[0].problem, "the alternatives count as they are")
        return alternatives
    return possible


def is_null(node: Node) -> bool:
    """Return whether a schema is null alone."""
    schema = node.value
    return is_object(schema) and (schema.get("type") in ("null", ["null"]) or schema.get("enum") == [None])


def only_alternative(document: Document, node: Node) -> Node:
    """Return the object that a `oneOf` or `anyOf` without another alternative means, which may be null; else the node.

    Raises:
        SpecError: The members of its `allOf` cannot be merged into one schema.
    """
    schema = node.value
    keywords = [keyword for keyword in ("oneOf", "anyOf") if keyword in schema] if is_object(schema) else []
    if not is_object(schema) or len(keywords) != 1 or "discriminator" in schema:
        return node
    alternatives = union_alternatives(document, node, "oneOf" if "oneOf" in schema else "anyOf")
    others = [alternative for alternative in alternatives if not is_null(alternative)]
    if len(others) != 1:
        return node
    found = merge_all_of(document, others[0])
    if not is_model(found):
        return node
    may_be_null = len(others) < len(alternatives) or node.flag("nullable")
    beside = {name: value for name, value in schema.items() if not _is_assertion(name)}
    return node.with_value({**found.object(), **beside, **({"type": ["object", "null"]} if may_be_null else {})})


def _refuse_contradiction(document: Document, node: Node) -> None:
    """Refuse a schema whose `const` is not in its `enum`, or with a required property that no value matches."""
    if not is_object(node.value):
        return
    schema = node.object()
    if {"const", "enum"} <= schema.keys() and is_array(schema["enum"]) and schema["const"] not in schema["enum"]:
        raise NoValueError(f"{node.place}/const", "is not in the enum beside it; correct one of them")
    required = schema.get("required")
    for name, member in node.members("properties"):
        if is_array(required) and name in required and is_object(member.value) and "allOf" in member.value:
            try:
                _refuse_contradiction(document, _merge(document, member, (), is_exact=True))
            except NoValueError:
                raise
            except SpecError:
                # Reading its type notes it.
                continue


def _is_assertion(name: str) -> bool:
    """Return whether a keyword can make a value invalid."""
    return name not in _NOT_ASSERTIONS and not name.startswith("x-")


def _merge(document: Document, node: Node, above: tuple[str, ...], *, is_exact: bool = False) -> Node:
    if not isinstance(node.value, dict):
        return node
    node = well_formed(node)
    schema = node.object()
    asserting = [name for name in schema if _is_assertion(name) and name not in {"allOf", "$ref", "nullable"}]
    if (
        "$ref" in schema
        and document.is_3_0
        and (beside := sorted({*asserting, *({"allOf", "nullable"} & schema.keys())}))
    ):
        node.note(f"{', '.join(beside)} beside $ref is ignored in OpenAPI 3.0; put both into allOf")
        schema = {name: value for name, value in schema.items() if name not in beside}
        asserting = []
    if "allOf" in schema and not node.items("allOf"):
        (node / "allOf").note("is empty; remove it")
        schema = {name: value for name, value in schema.items() if name != "allOf"}
    node = node if len(schema) == len(node.object()) else node.with_value(schema)
    if "allOf" not in schema and not ("$ref" in schema and asserting):
        return node
    members = _members(node)
    own = {name: value for name, value in schema.items() if name not in {"allOf", "$ref"}}
    references = [member for member in members if _is_reference(member)]
    others = [member for member in members if not _is_reference(member)]
    if len(references) == 1 and not asserting and not any(_has_assertions(other) for other in others):
        return _redescribe(references[0], others, node.with_value(own))
    parts: list[Node] = []
    is_refined = own_discriminator(node) is not None
    for part in (*members, node.with_value(own)):
        whole = _flatten(document, part, node, above)
        parts.append(_without_discriminator(whole) if is_refined and _is_reference(part) else whole)
    flat = _merge_flat(parts, node, is_exact=is_exact)
    if document.is_3_0 and own.get("nullable") is True:
        flat["nullable"] = True
    return node.with_value(flat)


def own_discriminator(node: Node) -> Node | None:
    """Return the discriminator of a schema itself, or of a member of its `allOf`; it refines that of a base."""
    if not is_object(node.value):
        return None
    members = node.items("allOf") if is_array(node.value.get("allOf")) else []
    parts = (node, *(member for member in members if not _is_reference(member)))
    found = (part / "discriminator" for part in parts if is_object(part.value) and "discriminator" in part.value)
    return next((discriminator for discriminator in found if is_object(discriminator.value)), None)


def _without_discriminator(node: Node) -> Node:
    return node.with_value({name: value for name, value in node.object().items() if name != "discriminator"})


def _members(node: Node) -> list[Node]:
    """Return the members of `allOf`, of which the reference beside it is one."""
    reference = [node.with_value({"$ref": node.object()["$ref"]})] if _is_reference(node) else []
    return [*reference, *node.items("allOf")]


def _adds_nothing(document: Document, flat: Node, whole: Node) -> bool:
    """Return whether a schema that was merged with others is as it was, but for a null."""
    if not is_object(whole.value) or (whole.flag("nullable") and not flat.flag("nullable")):
        return False
    merged, own = (_assertions({**schema.object(), "nullable": False}) for schema in (flat, whole))
    if merged == own:
        return True
    keyword: Literal["oneOf", "anyOf"] = "oneOf" if "oneOf" in own else "anyOf"
    if keyword not in own or merged.keys() - own.keys() != {"type"} or {**merged, **own} != merged:
        return False
    # Each alternative may have this type already.
    alternatives = [alternative.value for alternative in union_alternatives(document, flat, keyword)]
    return alternatives == (whole / keyword).array()


def _merge_flat(parts: list[Node], owner: Node, *, is_exact: bool) -> dict[str, Any]:
    """Merge schemas that have neither `$ref` nor `allOf`.

    Raises:
        NoValueError: No value matches all of them, and this is asked for.
    """
    flat: dict[str, Any] = {}
    for part in parts:
        try:
            flat = _merge_two(flat, part, owner)
        except NoValueError as error:
            if is_exact:
                raise
            owner.note(error.problem, "the later one counts")
            flat = dict(part.object())
    flat.pop("nullable", None)
    asserting = [part for part in parts if _has_assertions(part)]
    if asserting and all(part.object().get("nullable") is True for part in asserting):
        flat["nullable"] = True
    return flat


def _narrow(document: Document, alternative: Node, beside: Node) -> Node:
    """Merge the keywords beside `oneOf` into an alternative; if they change nothing, return it as it is."""
    whole = _flatten(document, alternative, alternative, ())
    flat = _merge_flat([whole, beside], alternative, is_exact=True)
    if _assertions(flat) == _assertions(whole.object()):
        return alternative
    # A narrowed component keeps the place of the component, which a discriminator refers to.
    place = document.target(alternative).place if _is_reference(alternative) else alternative.place
    return alternative.with_value(flat, place)


def _assertions(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the keywords that can make a value invalid, normalized so that equal ones compare equal."""
    found = {name: value for name, value in schema.items() if _is_assertion(name)}
    if "properties" in found:
        found.setdefault("type", "object")
    if "required" in found:
        found["required"] = set(found["required"])
    return found


def _redescribe(reference: Node, others: list[Node], own: Node) -> Node:
    """Return a reference with new annotations beside it: its type stays the one of the component."""
    flat: dict[str, Any] = {}
    for part in (reference, *others, own):
        if isinstance(part.value, dict):
            flat |= part.object()
    return own.with_value({**flat, "$ref": reference.object()["$ref"]})


def _flatten(document: Document, part: Node, node: Node, above: tuple[str, ...]) -> Node:
    """Return a member of `allOf` with its own `$ref` and `allOf` resolved."""
    whole = part
    seen = (*above, node.place)
    while True:
        resolved = document.resolve_schema(whole)
        if resolved.place in seen and resolved.place != part.place:
            raise SpecError(node.place, f"allOf contains itself, by way of {resolved.place}")
        resolved = _without_heirs(document, resolved, seen)
        seen = (*seen, resolved.place)
        whole = _merge(document, resolved, seen)
        if not _is_reference(whole):
            break
    if whole.value is True:
        return whole.with_value({})
    if whole.value is False:
        raise SpecError(whole.place, "the schema false, which matches no value, is not supported; remove it")
    return whole


def _without_heirs(document: Document, base: Node, heirs: tuple[str, ...]) -> Node:
    """Return a schema without the alternatives that extend it: what they take from it is the rest."""
    if not is_object(base.value):
        return base
    left = dict(base.object())
    for keyword in ("oneOf", "anyOf"):
        listed = base.items(keyword) if is_array(left.get(keyword)) else []
        if any(_is_reference(node) and document.target(node).place in heirs for node in listed):
            # Nor is what tells these alternatives apart of any use to one of them.
            left = {name: value for name, value in left.items() if name not in {keyword, "discriminator"}}
    return base if len(left) == len(base.object()) else base.with_value(left)


def _merge_two(first: dict[str, Any], second: Node, owner: Node) -> dict[str, Any]:
    result = dict(first)
    for name, value in second.object().items():
        if name.startswith("x-"):
            continue
        if name not in result or name in _NOT_ASSERTIONS or name == "nullable" or result[name] == value:
            result[name] = value
        elif name in _MERGES:
            try:
                result[name] = _MERGES[name](result[name], value)
            except (TypeError, AttributeError, ValueError):
                raise SpecError(owner.place, f"allOf has two {name} of which one is malformed; correct it") from None
        elif name == "const":
            raise NoValueError(owner.place, "allOf leaves no const that matches all its members")
        else:
            problem = f"allOf has two different {name}, {result[name]!r} and {value!r}; keep one of them"
            owner.note(problem, "the first one counts")
        if result[name] == [] and name in {"type", "enum"}:
            raise NoValueError(owner.place, f"allOf leaves no {name} that matches all its members")
    _open_closed(result, first, second.object(), owner)
    for keyword, flag in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        flags = isinstance(result.get(flag), bool)
        if flags and keyword in first and keyword in second.object() and first[keyword] != second.object()[keyword]:
            problem = f"allOf has two different {keyword} of which one is exclusive; keep one of them"
            owner.note(problem, "none of them counts")
            result = {name: value for name, value in result.items() if name not in {keyword, flag}}
    return result


def _open_closed(result: dict[str, Any], first: dict[str, Any], second: dict[str, Any], owner: Node) -> None:
    """Allow further properties if one of two schemas forbids those of the other."""
    for closed, other in ((first, second), (second, first)):
        beyond = set(other.get("properties") or {}) - set(closed.get("properties") or {})
        if closed.get("additionalProperties") is False and beyond:
            names = ", ".join(sorted(beyond))
            owner.note(f"a member of allOf has additionalProperties: false and so forbids {names}; remove that there")
            result.pop("additionalProperties", None)


def _merge_types(first: Any, second: Any) -> Any:
    firsts, seconds = ([types] if isinstance(types, str) else types for types in (first, second))
    common = [name for name in firsts if name in seconds or (name == "integer" and "number" in seconds)]
    common += [name for name in seconds if name == "integer" and "number" in firsts and name not in common]
    return common[0] if len(common) == 1 else common


def _merge_properties(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    result = dict(first)
    for name, value in second.items():
        result[name] = _both(result[name], value) if name in result else value
    return result


def _both(first: Any, second: Any) -> Any:
    """Return a schema that asks for both, which stays the same if it is merged with one of them again."""
    members: list[Any] = []
    for schema in (first, second):
        is_merged = is_object(schema) and schema.keys() == {"allOf"} and is_array(schema["allOf"])
        for member in schema["allOf"] if is_merged else [schema]:
            if member not in members:
                members.append(member)
    return members[0] if len(members) == 1 else {"allOf": members}


def _merge_additional(first: Any, second: Any) -> Any:
    if first is False or second is False:
        return False
    if second is True:
        return first
    return _both(first, second)


def _common_multiple(first: float, second: float) -> int:
    """Return the least common multiple; only whole numbers have one here."""
    if first != int(first) or second != int(second):
        raise ValueError
    return math.lcm(int(first), int(second))


_MERGES: dict[str, Callable[[Any, Any], Any]] = {
    "type": _merge_types,
    "properties": _merge_properties,
    "required": lambda first, second: list(dict.fromkeys([*first, *second])),
    "enum": lambda first, second: [value for value in first if value in second],
    "items": _both,
    "additionalProperties": _merge_additional,
    "multipleOf": _common_multiple,
    "uniqueItems": lambda first, second: bool(first or second),
    **dict.fromkeys(("minimum", "minLength", "minItems", "minProperties"), max),
    **dict.fromkeys(("maximum", "maxLength", "maxItems", "maxProperties"), min),
}


def _is_reference(node: Node) -> bool:
    return is_object(node.value) and "$ref" in node.value


def _has_assertions(node: Node) -> bool:
    if not isinstance(node.value, dict):
        return node.value is False
    return any(_is_assertion(name) and name != "nullable" for name in node.object())
