"""Each kind of schema becomes one type, with names that can be foretold, and definitions that say the same."""

from __future__ import annotations

from typing import Any

import pytest

from generator.document.document import Document
from generator.schema.schemas import SchemaReader

from .conftest import document

TEXT = {"type": "string"}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def rendered(schema: Any, **others: Any) -> tuple[str, dict[str, str]]:
    """Return the type of a schema whose name would be `Hint`, and the definitions; `?` stands for what is optional."""
    read = Document({**document(**others), "x-parts": {"it": schema}}, "test")
    found = SchemaReader(read)
    found.read_components()
    type_ = found.type_of(read.root / "x-parts" / "it", "Hint")
    found.tag_unions()
    definitions = {one.name: one.type.text() for one in found.aliases}
    for model in found.models:
        fields = [f"{one.name}{'' if one.required else '?'}: {one.type.text()}" for one in model.fields]
        tag = [f"{model.tag_name} = {model.tag!r}"] if model.tag_name else []
        definitions[model.name] = ", ".join([*tag, *fields, *(["closed"] if model.forbids_unknown_fields else [])])
    return type_.text("models."), definitions


RENDERED: dict[str, tuple[Any, str, dict[str, str], dict[str, Any]]] = {
    "anything": ({}, "Any", {}, {}),
    "int32": ({"type": "integer", "format": "int32"}, "Annotated[int, Meta(ge=-2147483648, le=2147483647)]", {}, {}),
    "int8": ({"type": "integer", "format": "int8"}, "Annotated[int, Meta(ge=-128, le=127)]", {}, {}),
    "int16": ({"type": "integer", "format": "int16"}, "Annotated[int, Meta(ge=-32768, le=32767)]", {}, {}),
    "int64": (
        {"type": "integer", "format": "int64"},
        "Annotated[int, Meta(ge=-9223372036854775808, le=9223372036854775807)]",
        {},
        {},
    ),
    "uint8": ({"type": "integer", "format": "uint8"}, "Annotated[int, Meta(ge=0, le=255)]", {}, {}),
    "uint16": ({"type": "integer", "format": "uint16"}, "Annotated[int, Meta(ge=0, le=65535)]", {}, {}),
    "uint32": ({"type": "integer", "format": "uint32"}, "Annotated[int, Meta(ge=0, le=4294967295)]", {}, {}),
    "integers with both bounds": (
        {"type": "integer", "minimum": 1.5, "maximum": 3.5, "exclusiveMinimum": 1.5, "exclusiveMaximum": 3.5},
        "Annotated[int, Meta(ge=2, le=3)]",
        {},
        {},
    ),
    "integers beyond a whole bound": (
        {"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 4},
        "Annotated[int, Meta(ge=2, le=3)]",
        {},
        {},
    ),
    "numbers": (
        {"type": "number", "minimum": 1, "exclusiveMinimum": 1, "maximum": 2, "exclusiveMaximum": 2, "multipleOf": 0.5},
        "Annotated[float, Meta(gt=1, lt=2, multiple_of=0.5)]",
        {},
        {},
    ),
    "numbers with the stricter bound": (
        {"type": "number", "minimum": 1.5, "exclusiveMinimum": 1, "maximum": 2, "exclusiveMaximum": 3},
        "Annotated[float, Meta(ge=1.5, le=2)]",
        {},
        {},
    ),
    "integers within their format": (
        {"type": "integer", "format": "int8", "minimum": -5, "maximum": 300},
        "Annotated[int, Meta(ge=-5, le=127)]",
        {},
        {},
    ),
    "multiples": ({"type": "integer", "multipleOf": 3.0}, "Annotated[int, Meta(multiple_of=3)]", {}, {}),
    "flags of 3.0": (
        {"type": "integer", "minimum": 1, "exclusiveMinimum": True, "maximum": 5, "exclusiveMaximum": False},
        "Annotated[int, Meta(ge=2, le=5)]",
        {},
        {"version": "3.0.3"},
    ),
    "numbers with flags": (
        {"type": "number", "minimum": 1, "exclusiveMinimum": True, "maximum": 5, "exclusiveMaximum": True},
        "Annotated[float, Meta(gt=1, lt=5)]",
        {},
        {"version": "3.0.3"},
    ),
    "text": (
        {"type": "string", "minLength": 1, "maxLength": 4, "pattern": "^a$"},
        'Annotated[str, Meta(min_length=1, max_length=4, pattern=r"^a\\Z")]',
        {},
        {},
    ),
    "a pattern with a quote": (
        {"type": "string", "pattern": '^"\\x01$'},
        'Annotated[str, Meta(pattern="^\\"\\\\x01\\\\Z")]',
        {},
        {},
    ),
    "a format that is checked": (
        {"type": "string", "format": "uri", "maxLength": 9},
        'Annotated[str, Meta(max_length=9, pattern=FORMAT_PATTERNS["uri"])]',
        {},
        {},
    ),
    "an unknown format": (
        {"type": "string", "format": "colour", "contentEncoding": "base64url"},
        'Annotated[str, Meta(extra_json_schema={"format": "colour", "contentEncoding": "base64url"})]',
        {},
        {},
    ),
    "base64 in capitals": ({"type": "string", "contentEncoding": "BASE64"}, "bytes", {}, {}),
    "base64 beside a format": (
        {"type": "string", "format": "colour", "contentEncoding": "base64"},
        'Annotated[str, Meta(extra_json_schema={"format": "colour", "contentEncoding": "base64"})]',
        {},
        {},
    ),
    "values": ({"enum": ["a", 1, None, "a"]}, 'Literal["a", 1] | None', {}, {}),
    "the least and the greatest of int64": (
        {"enum": [-(2**63), 2**63 - 1]},
        "Literal[-9223372036854775808, 9223372036854775807]",
        {},
        {},
    ),
    "null alone": ({"const": None}, "None", {}, {}),
    "a const beside its enum": ({"const": "a", "enum": ["a", "b"]}, 'Literal["a"]', {}, {}),
    "values or null in 3.0": (
        {"type": "string", "enum": ["a", None], "nullable": True},
        'Literal["a"] | None',
        {},
        {"version": "3.0.3"},
    ),
    "several types": ({"type": ["null", "string", "integer", "boolean", "string"]}, "str | int | bool | None", {}, {}),
    "arrays with sizes": (
        {"type": "array", "minItems": 1, "maxItems": 3, "items": {"type": "integer"}},
        "Annotated[list[int], Meta(min_length=1, max_length=3)]",
        {},
        {},
    ),
    "arrays of anything": ({"type": "array"}, "list[Any]", {}, {}),
    "arrays that do not say so": ({"items": TEXT}, "list[str]", {}, {}),
    "maps with sizes": (
        {"type": "object", "minProperties": 1, "maxProperties": 3, "additionalProperties": {"type": "integer"}},
        "Annotated[dict[str, int], Meta(min_length=1, max_length=3)]",
        {},
        {},
    ),
    "maps of anything": ({"type": "object"}, "dict[str, Any]", {}, {}),
    "maps that do not say so": ({"additionalProperties": TEXT}, "dict[str, str]", {}, {}),
    "an object without properties": (
        {"type": "object", "additionalProperties": False},
        "models.Hint",
        {"Hint": "closed"},
        {},
    ),
    "objects in an array": (
        {"type": "array", "items": _object(a=TEXT)},
        "list[models.HintItem]",
        {"HintItem": "a: str"},
        {},
    ),
    "objects in a map": (
        {"type": "object", "additionalProperties": _object(a=TEXT)},
        "dict[str, models.HintValue]",
        {"HintValue": "a: str"},
        {},
    ),
    "objects in an object": (
        _object(**{"a-b": _object(c={"type": "array", "items": _object(d=TEXT)})}),
        "models.Hint",
        {"Hint": "a_b: HintAB", "HintAB": "c: list[HintABCItem]", "HintABCItem": "d: str"},
        {},
    ),
    "objects in a union": (
        {
            "anyOf": [
                _object(k={"const": "a"}),
                _object(k={"const": "b"}),
                {"type": "null"},
                {"type": "array", "items": _object(x=TEXT)},
            ]
        },
        "models.HintOption1 | models.HintOption2 | list[models.HintOption4Item] | None",
        {"HintOption1": "k = 'a'", "HintOption2": "k = 'b'", "HintOption4Item": "x: str"},
        {},
    ),
    "one alternative": ({"oneOf": [_object(a=TEXT)]}, "models.Hint", {"Hint": "a: str"}, {}),
    "properties of taken names": (
        _object(**{"list": TEXT, "datetime": TEXT, "Hint": TEXT, "a b": TEXT, "a_b": TEXT, "class": TEXT}),
        "models.Hint",
        {"Hint": "list_: str, datetime_: str, hint: str, a_b: str, a_b_: str, class_: str"},
        {},
    ),
    "properties of one way": (
        _object(a=TEXT, b={"type": "string", "readOnly": True}, c={"type": "string", "writeOnly": True}, d=_ref("R")),
        "models.Hint",
        {"R": "str", "Hint": "a: str, b?: str, c?: str, d?: R"},
        {"schemas": {"R": {"type": "string", "readOnly": True}}},
    ),
    "a model by name": (_ref("M"), "models.M", {"M": "a: str"}, {"schemas": {"M": _object(a=TEXT)}}),
    "a model or null by name": (
        _ref("M"),
        "models.M | None",
        {"M": "a: str"},
        {"schemas": {"M": {"type": ["object", "null"], "properties": {"a": TEXT}, "required": ["a"]}}},
    ),
    "a model or null by name in 3.0": (
        _ref("M"),
        "models.M | None",
        {"M": "a: str"},
        {
            "version": "3.0.3",
            "schemas": {"M": {"type": "object", "properties": {"a": TEXT}, "required": ["a"], "nullable": True}},
        },
    ),
    "a described string by name": (
        _ref("M"),
        "models.M",
        {"M": 'Annotated[str, Meta(max_length=3, description="Some words.")]'},
        {"schemas": {"M": {"type": "string", "maxLength": 3, "description": "Some\n words."}}},
    ),
    "a place within a schema": (
        {"$ref": "#/components/schemas/M/properties/the-inner"},
        "models.TheInner",
        {"M": "the_inner: MTheInner", "MTheInner": "a: str", "TheInner": "a: str"},
        {"schemas": {"M": _object(**{"the-inner": _object(a=TEXT)})}},
    ),
    "allOf": (
        {"allOf": [_ref("A"), {"required": ["b"], "properties": {"b": TEXT, "a": {"maxLength": 3}}}, {}]},
        "models.Hint",
        {"A": "a: str", "Hint": "a: Annotated[str, Meta(max_length=3)], b: str"},
        {"schemas": {"A": _object(a=TEXT)}},
    ),
    "allOf types": ({"allOf": [{"type": ["integer", "string"]}, {"type": ["number", "null"]}]}, "int", {}, {}),
    "allOf numbers": (
        {
            "allOf": [
                {"type": "number", "minimum": 1, "maximum": 9, "multipleOf": 4},
                {"type": "integer", "minimum": 2, "maximum": 8, "multipleOf": 6},
            ]
        },
        "Annotated[int, Meta(ge=2, le=8, multiple_of=12)]",
        {},
        {},
    ),
    "allOf lengths": (
        {"allOf": [{"type": "string", "minLength": 1, "maxLength": 9}, {"minLength": 2, "maxLength": 8}]},
        "Annotated[str, Meta(min_length=2, max_length=8)]",
        {},
        {},
    ),
    "allOf enums": ({"allOf": [{"enum": ["a", "b", "c"]}, {"enum": ["c", "b"]}]}, 'Literal["b", "c"]', {}, {}),
    "allOf items": (
        {
            "allOf": [
                {"type": "array", "items": {"type": "string", "minLength": 2}, "minItems": 1, "maxItems": 9},
                {"items": {"maxLength": 3}, "minItems": 2, "maxItems": 8},
            ]
        },
        "Annotated[list[Annotated[str, Meta(min_length=2, max_length=3)]], Meta(min_length=2, max_length=8)]",
        {},
        {},
    ),
    "allOf maps": (
        {
            "allOf": [
                {
                    "type": "object",
                    "additionalProperties": {"type": "integer", "minimum": 1},
                    "minProperties": 1,
                    "maxProperties": 9,
                },
                {"additionalProperties": {"maximum": 5}, "minProperties": 2, "maxProperties": 8},
            ]
        },
        "Annotated[dict[str, Annotated[int, Meta(ge=1, le=5)]], Meta(min_length=2, max_length=8)]",
        {},
        {},
    ),
    "allOf closed": (
        {
            "allOf": [
                {"type": "object", "properties": {"a": TEXT}, "required": ["a"], "additionalProperties": False},
                {"additionalProperties": True},
            ]
        },
        "models.Hint",
        {"Hint": "a: str, closed"},
        {},
    ),
    "allOf open": (
        {"allOf": [{"type": "object", "additionalProperties": True}, {"additionalProperties": TEXT}]},
        "dict[str, str]",
        {},
        {},
    ),
    "allOf open2": (
        {"allOf": [{"type": "object", "additionalProperties": TEXT}, {"additionalProperties": True}]},
        "dict[str, str]",
        {},
        {},
    ),
    "allOf true": ({"allOf": [True, TEXT]}, "str", {}, {}),
    "allOf x": (
        {"allOf": [{"type": "string", "x-a": 1}, {"x-a": 2, "maxLength": 2}]},
        "Annotated[str, Meta(max_length=2)]",
        {},
        {},
    ),
    "allOf null30": (
        {"allOf": [{"type": "string", "nullable": True}, {"maxLength": 2, "nullable": True}]},
        "Annotated[str, Meta(max_length=2)] | None",
        {},
        {"version": "3.0.3"},
    ),
    "allOf half null30": (
        {"allOf": [{"type": "string", "nullable": True}, {"maxLength": 2}]},
        "Annotated[str, Meta(max_length=2)]",
        {},
        {"version": "3.0.3"},
    ),
    "allOf own null30": ({"nullable": True, "allOf": [TEXT]}, "str | None", {}, {"version": "3.0.3"}),
    "a constraint beside a reference": (
        {"$ref": "#/components/schemas/T", "maxLength": 2},
        "Annotated[str, Meta(max_length=2)]",
        {"T": "str"},
        {"schemas": {"T": TEXT}},
    ),
    "what stands beside oneOf": (
        {"required": ["n"], "oneOf": [_ref("A"), _ref("B")]},
        "models.HintA | models.HintB",
        {
            "A": 'k: Literal["a"], n?: str',
            "B": 'k: Literal["b"], n?: str',
            "HintA": "k = 'a', n: str",
            "HintB": "k = 'b', n: str",
        },
        {
            "schemas": {
                "A": {"type": "object", "required": ["k"], "properties": {"k": {"const": "a"}, "n": TEXT}},
                "B": {"type": "object", "required": ["k"], "properties": {"k": {"const": "b"}, "n": TEXT}},
            }
        },
    ),
    "a discriminator with a mapping": (
        {"oneOf": [_ref("A"), _ref("B")], "discriminator": {"propertyName": "k", "mapping": {"x": "A"}}},
        "models.A | models.B",
        {"A": "k = 'x'", "B": "k = 'B', c: str"},
        {"schemas": {"A": _object(k=TEXT), "B": _object(k={"type": "string", "description": "Which."}, c=TEXT)}},
    ),
    "open set": ({"anyOf": [{"enum": ["a"]}, TEXT]}, 'Literal["a"] | str', {}, {}),
    "open numbers": ({"anyOf": [{"enum": [1]}, {"type": "integer"}]}, "Literal[1] | int", {}, {}),
    "number or integer": ({"anyOf": [{"type": "integer"}, {"type": "number"}]}, "int | float", {}, {}),
    "a union of kinds": (
        {"anyOf": [{"type": "string", "format": "uuid"}, {"type": "integer"}, {"type": "boolean"}, {"type": "null"}]},
        "UUID | int | bool | None",
        {},
        {},
    ),
    "a union with anything": ({"anyOf": [{}, TEXT]}, "Any", {}, {}),
}


@pytest.mark.parametrize("name", RENDERED)
def test_a_schema_becomes_one_type_and_its_definitions(name: str) -> None:
    schema, type_, definitions, others = RENDERED[name]

    assert rendered(schema, **others) == (type_, definitions)


# What the models module says itself.
CLASSES = [
    *("Annotated", "Any", "ClassVar", "FORMAT_PATTERNS", "Literal", "Meta", "Struct"),
    *("TypeAlias", "UNSET", "UUID", "UnsetType"),
]


def test_a_schema_with_a_reserved_name_gets_an_underscore() -> None:
    fields = _object(**dict.fromkeys(("str", "int", "float", "bool", "list", "dict", "bytes", "datetime"), TEXT))
    _, definitions = rendered(fields, schemas=dict.fromkeys(CLASSES, TEXT))

    assert {name.rstrip("_") for name in definitions} == {"Hint", *CLASSES, "FORMATPATTERNS"} - {"FORMAT_PATTERNS"}
    assert [name for name in CLASSES if name in definitions] == []
    assert definitions["Hint"] == ", ".join(f"{name}_: str" for name in fields["properties"])
