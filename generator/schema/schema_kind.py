"""The kind of a schema (its types, or a model), and whether its keywords fit that kind."""

from __future__ import annotations

from typing import Any

from generator.document.document import Document, Node
from generator.document.keywords import check_keywords
from generator.errors import SpecError, json_type
from generator.overlay._runtime.json_types import is_array

_KEYWORDS_BY_TYPE = {
    "string": {"minLength", "maxLength", "pattern", "contentEncoding"},
    "integer": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
    "number": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
    "array": {"items", "prefixItems", "minItems", "maxItems", "uniqueItems"},
    "object": {
        *("properties", "required", "additionalProperties", "minProperties", "maxProperties"),
        *("propertyNames", "patternProperties"),
    },
}
_OF_ONE_TYPE = frozenset(keyword for keywords in _KEYWORDS_BY_TYPE.values() for keyword in keywords)
_ALL_TYPES = ("string", "integer", "number", "boolean", "array", "object", "null")

# What the values of keywords are, and what is said of others.
_SHAPES: dict[str, tuple[type, str]] = {
    "format": (str, "must be a string, not {}; put it in quotes"),
    "properties": (dict, "must be an object, not {}"),
    "discriminator": (dict, "must be an object, not {}"),
    "required": (list, "must be an array, not {}; list the required properties"),
}


def check_schema(document: Document, node: Node) -> None:
    """Note the keywords of a schema that are not supported, or of another version of OpenAPI."""
    check_keywords(node, "schema")
    schema = node.object()
    if "nullable" in schema and not document.is_3_0:
        problem = "is a keyword of OpenAPI 3.0; in 3.1, write type: [..., 'null']"
        (node / "nullable").note(problem, "taken as in 3.0")
    if "discriminator" in schema:
        check_keywords(node / "discriminator", "discriminator")


def well_formed(node: Node) -> Node:
    """Return a schema without keywords whose values cannot be meant, such as `required: true` of older versions.

    Raises:
        SpecError: There is one, and the document is read strictly.
    """
    schema = dict(node.object())
    types = schema.get("type")
    names: list[Any] = types if is_array(types) else [] if types is None else [types]
    if (unknown := next((name for name in names if not isinstance(name, str)), None)) is not None:
        (node / "type").note(_not_a_type(unknown))
        del schema["type"]
    for name, (kind, problem) in _SHAPES.items():
        if name in schema and not isinstance(schema[name], kind):
            (node / name).note(problem.format(json_type(schema[name])))
            del schema[name]
    if "required" in schema:
        items = (node / "required").items()
        for item in items:
            if not isinstance(item.value, str):
                item.note(_SHAPES["format"][1].format(json_type(item.value)))
        schema["required"] = [item.value for item in items if isinstance(item.value, str)]
    return node if schema == node.value else node.with_value(schema)


def _not_a_type(name: object) -> str:
    return f"{name!r} is not one of {', '.join(_ALL_TYPES)}"


def check_keywords_fit(node: Node, names: list[str]) -> None:
    """Note constraints that do not apply to the type, and any constraint beside an enum."""
    unfit = (_OF_ONE_TYPE & node.object().keys()) - {
        keyword for name in names for keyword in _KEYWORDS_BY_TYPE.get(name, ())
    }
    if unfit:
        about = f"type {' or '.join(names)}" if names else "an enum or const"
        node.note(f"{', '.join(sorted(unfit))} does not apply to {about}; remove it")


def type_names(node: Node) -> list[str]:
    """Return the types of a schema, or `any`; keywords such as `properties` imply an object or array."""
    declared = node.object().get("type")
    if declared is None:
        keywords = _OF_ONE_TYPE & node.object().keys()
        for name in ("object", "array"):
            if keywords and keywords <= _KEYWORDS_BY_TYPE[name]:
                return [name]
        if keywords or "format" in node.object():
            node.note("has constraints but no type; add one", "taken as any type")
        return ["any"]
    names: list[Any] = declared if is_array(declared) else [declared]
    for name in names:
        if name not in _ALL_TYPES:
            raise SpecError(f"{node.place}/type", _not_a_type(name))
    if not names:
        raise SpecError(f"{node.place}/type", "is empty, so no value matches; list at least one")
    return names


def is_model(node: Node) -> bool:
    """Return whether a schema is an object with properties, perhaps nullable."""
    if not isinstance(node.value, dict):
        return False
    schema = node.object()
    names = schema.get("type", "object")
    is_object = names == "object" or names in (["object"], ["object", "null"], ["null", "object"])
    return is_object and not schema.keys() & {"$ref", "oneOf", "anyOf", "enum", "const"} and has_properties(node)


def undeclared(node: Node) -> Node | None:
    """Return the schema of the properties that an object does not declare, None unless it mentions any."""
    given = node.object().get("additionalProperties", False)
    if given is False:
        return None
    return node.with_value({}) if given is True else node / "additionalProperties"


def has_properties(node: Node) -> bool:
    """Return whether the schema of an object declares its properties."""
    schema = node.object()
    closed = schema.get("additionalProperties") is False and "patternProperties" not in schema
    return bool(schema.get("properties")) or closed
