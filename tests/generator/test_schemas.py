"""Each kind of schema becomes one type, with names that can be foretold, and definitions that say the same."""

from __future__ import annotations

from typing import Any

import pytest

from generator.document.document import Document
from generator.schema.schemas import SchemaReader

from .conftest import INT, NUM, TEXT, document, obj, ref


def rendered(schema: Any, **others: Any) -> tuple[str, dict[str, str]]:
    """Return the type of a schema whose name would be `Hint`, and the definitions; `?` stands for what is optional."""
    read = Document({**document(**others), "x-parts": {"it": schema}}, "test")
    found = SchemaReader(read)
    found.read_components()
    type_ = found.type_of(read.root / "x-parts" / "it", "Hint")
    found.settle()
    definitions = {alias.name: alias.type.text() for alias in found.aliases}
    for model in found.models:
        fields = [f"{field.name}{'' if field.required else '?'}: {field.type.text()}" for field in model.fields]
        tag = [f"{model.tag_name} = {model.tag!r}"] if model.tag_name else []
        definitions[model.name] = ", ".join([*tag, *fields, *(["closed"] if model.forbids_unknown_fields else [])])
    return type_.text("models."), definitions


def many(item: Any) -> dict[str, Any]:
    """Return the schema of an array."""
    return {"type": "array", "items": item}


def row(**others: Any) -> dict[str, Any]:
    """Return the schema of an array that begins with an integer and a string."""
    return {"type": "array", "prefixItems": [INT, TEXT], **others}


TYPES: list[tuple[Any, str]] = [
    ({}, "Any"),
    ({**INT, "format": "int32"}, "Int32"),
    ({**INT, "format": "int8"}, "Int8"),
    ({**INT, "format": "int16"}, "Int16"),
    ({**INT, "format": "int64"}, "Int64"),
    ({**INT, "format": "uint8"}, "UInt8"),
    ({**INT, "format": "uint16"}, "UInt16"),
    ({**INT, "format": "uint32"}, "UInt32"),
    (
        {**INT, "minimum": 1.5, "maximum": 3.5, "exclusiveMinimum": 1.5, "exclusiveMaximum": 3.5},
        "Annotated[int, Meta(ge=2, le=3)]",
    ),
    ({**INT, "exclusiveMinimum": 1, "exclusiveMaximum": 4}, "Annotated[int, Meta(ge=2, le=3)]"),
    (
        {**NUM, "minimum": 1, "exclusiveMinimum": 1, "maximum": 2, "exclusiveMaximum": 2, "multipleOf": 0.5},
        "Annotated[float, Meta(gt=1, lt=2, multiple_of=0.5)]",
    ),
    (
        {**NUM, "minimum": 1.5, "exclusiveMinimum": 1, "maximum": 2, "exclusiveMaximum": 3},
        "Annotated[float, Meta(ge=1.5, le=2)]",
    ),
    ({**INT, "format": "int8", "minimum": -5, "maximum": 300}, "Annotated[int, Meta(ge=-5, le=127)]"),
    ({**INT, "multipleOf": 3.0}, "Annotated[int, Meta(multiple_of=3)]"),
    (
        {**TEXT, "minLength": 1, "maxLength": 4, "pattern": "^a$"},
        'Annotated[str, Meta(min_length=1, max_length=4, pattern=r"^a\\Z")]',
    ),
    ({**TEXT, "pattern": '^"\\x01$'}, 'Annotated[str, Meta(pattern="^\\"\\\\x01\\\\Z")]'),
    ({**TEXT, "format": "uri", "maxLength": 9}, 'Annotated[str, Meta(max_length=9, pattern=FORMAT_PATTERNS["uri"])]'),
    (
        {**TEXT, "format": "colour", "contentEncoding": "base64url"},
        'Annotated[str, Meta(extra_json_schema={"format": "colour", "contentEncoding": "base64url"})]',
    ),
    ({**TEXT, "contentEncoding": "BASE64"}, "bytes"),
    ({**TEXT, "format": "int-or-string"}, "int | str"),
    ({"type": ["string", "null"], "format": "int-or-string"}, "int | str | None"),
    ({**TEXT, "format": "int-or-string", "oneOf": [INT, TEXT]}, "int | str"),
    ({"format": "int-or-string", "anyOf": [INT, TEXT]}, "int | str"),
    (
        {**TEXT, "format": "colour", "contentEncoding": "base64"},
        'Annotated[str, Meta(extra_json_schema={"format": "colour", "contentEncoding": "base64"})]',
    ),
    ({"enum": ["a", 1, None, "a"]}, 'Literal["a", 1] | None'),
    ({"enum": [-(2**63), 2**63 - 1]}, "Literal[-9223372036854775808, 9223372036854775807]"),
    ({"const": None}, "None"),
    ({"const": "a", "enum": ["a", "b"]}, 'Literal["a"]'),
    ({"type": ["null", "string", "integer", "boolean", "string"]}, "str | int | bool | None"),
    (
        {"type": "array", "minItems": 1, "maxItems": 3, "items": INT},
        "Annotated[list[int], Meta(min_length=1, max_length=3)]",
    ),
    ({"type": "array", "maxItems": 2**63 - 1}, "Annotated[list[Any], Meta(max_length=9223372036854775807)]"),
    ({"type": "array"}, "list[Any]"),
    ({"items": TEXT}, "list[str]"),
    (row(), "ByPosition[tuple[int, str, *tuple[Any, ...]] | tuple[int] | tuple[()]]"),
    (row(minItems=2), "ByPosition[tuple[int, str, *tuple[Any, ...]]]"),
    (row(minItems=2, items=NUM), "ByPosition[tuple[int, str, *tuple[float, ...]]]"),
    (row(minItems=3, items=NUM), "ByPosition[tuple[int, str, float, *tuple[float, ...]]]"),
    (row(minItems=2, maxItems=3, items=NUM), "ByPosition[tuple[int, str, float] | tuple[int, str]]"),
    (row(minItems=2, items=False), "tuple[int, str]"),
    (row(minItems=2, maxItems=2), "tuple[int, str]"),
    (row(items=False), "ByPosition[tuple[int, str] | tuple[int] | tuple[()]]"),
    (row(maxItems=1), "ByPosition[tuple[int] | tuple[()]]"),
    (row(maxItems=0), "Annotated[list[Any], Meta(max_length=0)]"),
    (
        {"type": "object", "minProperties": 1, "maxProperties": 3, "additionalProperties": INT},
        "Annotated[dict[str, int], Meta(min_length=1, max_length=3)]",
    ),
    ({"type": "object"}, "dict[str, Any]"),
    ({"additionalProperties": TEXT}, "dict[str, str]"),
    (
        {"additionalProperties": TEXT, "propertyNames": {"maxLength": 3}},
        "dict[Annotated[str, Meta(max_length=3)], str]",
    ),
    ({"additionalProperties": TEXT, "propertyNames": True}, "dict[str, str]"),
    ({"allOf": [{"type": ["integer", "string"]}, {"type": ["number", "null"]}]}, "int"),
    (
        {
            "allOf": [
                {**NUM, "minimum": 1, "maximum": 9, "multipleOf": 4},
                {**INT, "minimum": 2, "maximum": 8, "multipleOf": 6},
            ]
        },
        "Annotated[int, Meta(ge=2, le=8, multiple_of=12)]",
    ),
    (
        {"allOf": [{**TEXT, "minLength": 1, "maxLength": 9}, {"minLength": 2, "maxLength": 8}]},
        "Annotated[str, Meta(min_length=2, max_length=8)]",
    ),
    ({"allOf": [{"enum": ["a", "b", "c"]}, {"enum": ["c", "b"]}]}, 'Literal["b", "c"]'),
    (
        {
            "allOf": [
                {"type": "array", "items": {**TEXT, "minLength": 2}, "minItems": 1, "maxItems": 9},
                {"items": {"maxLength": 3}, "minItems": 2, "maxItems": 8},
            ]
        },
        "Annotated[list[Annotated[str, Meta(min_length=2, max_length=3)]], Meta(min_length=2, max_length=8)]",
    ),
    (
        {
            "allOf": [
                {
                    "type": "object",
                    "additionalProperties": {**INT, "minimum": 1},
                    "minProperties": 1,
                    "maxProperties": 9,
                },
                {"additionalProperties": {"maximum": 5}, "minProperties": 2, "maxProperties": 8},
            ]
        },
        "Annotated[dict[str, Annotated[int, Meta(ge=1, le=5)]], Meta(min_length=2, max_length=8)]",
    ),
    ({"allOf": [{"type": "object", "additionalProperties": True}, {"additionalProperties": TEXT}]}, "dict[str, str]"),
    ({"allOf": [{"type": "object", "additionalProperties": TEXT}, {"additionalProperties": True}]}, "dict[str, str]"),
    ({"allOf": [True, TEXT]}, "str"),
    ({"allOf": [{**TEXT, "x-a": 1}, {"x-a": 2, "maxLength": 2}]}, "Annotated[str, Meta(max_length=2)]"),
    ({"anyOf": [{"enum": ["a"]}, TEXT]}, 'Literal["a"] | str'),
    ({"anyOf": [{"enum": [1]}, INT]}, "Literal[1] | int"),
    ({"anyOf": [INT, NUM]}, "int | float"),
    ({**TEXT, "format": "uuid", "minLength": 36, "maxLength": 36}, "UUID"),
    ({"anyOf": [{**TEXT, "format": "uuid"}, INT, {"type": "boolean"}, {"type": "null"}]}, "UUID | int | bool | None"),
    ({"anyOf": [{}, TEXT]}, "Any"),
]
TYPES_OF_3_0: list[tuple[Any, str]] = [
    (
        {**INT, "minimum": 1, "exclusiveMinimum": True, "maximum": 5, "exclusiveMaximum": False},
        "Annotated[int, Meta(ge=2, le=5)]",
    ),
    (
        {**NUM, "minimum": 1, "exclusiveMinimum": True, "maximum": 5, "exclusiveMaximum": True},
        "Annotated[float, Meta(gt=1, lt=5)]",
    ),
    ({**TEXT, "enum": ["a", None], "nullable": True}, 'Literal["a"] | None'),
    (
        {"allOf": [{**TEXT, "nullable": True}, {"maxLength": 2, "nullable": True}]},
        "Annotated[str, Meta(max_length=2)] | None",
    ),
    ({"allOf": [{**TEXT, "nullable": True}, {"maxLength": 2}]}, "Annotated[str, Meta(max_length=2)]"),
    ({"nullable": True, "allOf": [TEXT]}, "str | None"),
]
# A schema, the schemas of the document, the type, and the definitions.
MODELS: list[tuple[Any, dict[str, Any], str, dict[str, str]]] = [
    ({"type": "object", "additionalProperties": False}, {}, "models.Hint", {"Hint": "closed"}),
    ({"$ref": "#kind"}, {"Kind": {"$anchor": "kind", **TEXT}}, "models.Kind", {"Kind": "str"}),
    ({"type": "array", "items": obj(a=TEXT)}, {}, "list[models.HintItem]", {"HintItem": "a: str"}),
    (
        {"type": "object", "additionalProperties": obj(a=TEXT)},
        {},
        "dict[str, models.HintValue]",
        {"HintValue": "a: str"},
    ),
    (
        obj(**{"a-b": obj(c={"type": "array", "items": obj(d=TEXT)})}),
        {},
        "models.Hint",
        {"Hint": "a_b: HintAB", "HintAB": "c: list[HintABCItem]", "HintABCItem": "d: str"},
    ),
    (
        {
            "anyOf": [
                obj(k={"const": "a"}),
                obj(k={"const": "b"}),
                {"type": "null"},
                {"type": "array", "items": obj(x=TEXT)},
            ]
        },
        {},
        "models.HintA | models.HintB | list[models.HintItem] | None",
        {"HintA": "k = 'a'", "HintB": "k = 'b'", "HintItem": "x: str"},
    ),
    ({"oneOf": [obj(a=TEXT)]}, {}, "models.Hint", {"Hint": "a: str"}),
    ({"anyOf": [obj(a=TEXT), {"type": "null"}]}, {}, "models.Hint | None", {"Hint": "a: str"}),
    (
        {"oneOf": [{"type": "array", "items": obj(a=TEXT)}, {"enum": [None]}]},
        {},
        "list[models.HintItem] | None",
        {"HintItem": "a: str"},
    ),
    (ref("M"), {"M": {"oneOf": [obj(m=ref("M"))]}}, "models.M", {"M": "m: M"}),
    (ref("M"), {"M": {"anyOf": [{"type": "null"}, obj(m=ref("M"))]}}, "models.M | None", {"M": "m: M | None"}),
    (
        ref("N"),
        {"M": {"anyOf": [obj(a=TEXT), {"type": "null"}]}, "N": {"allOf": [ref("M"), {"properties": {"b": TEXT}}]}},
        "models.N | None",
        {"M": "a: str", "N": "a: str, b?: str"},
    ),
    (
        ref("M"),
        {"M": {"type": ["object", "string"], "properties": {"m": ref("M")}}},
        "models.M",
        {"M": "MObject | str", "MObject": "m?: M"},
    ),
    (
        obj(**{"list": TEXT, "datetime": TEXT, "Hint": TEXT, "a b": TEXT, "a_b": TEXT, "class": TEXT}),
        {},
        "models.Hint",
        {"Hint": "list_: str, datetime_: str, hint: str, a_b_: str, a_b: str, class_: str"},
    ),
    (
        obj(a=TEXT, b={**TEXT, "readOnly": True}, c={**TEXT, "writeOnly": True}, d=ref("R")),
        {"R": {**TEXT, "readOnly": True}},
        "models.Hint",
        {"R": "str", "Hint": "a: str, b?: str, c: str, d?: R"},
    ),
    (ref("M"), {"M": obj(a=TEXT)}, "models.M", {"M": "a: str"}),
    (ref("M"), {"M": True}, "models.M", {"M": "Any"}),
    (ref("M"), {"M": {"properties": {"a": TEXT}}}, "models.M", {"M": "a?: str"}),
    (
        ref("M"),
        {"M": {**obj(a=TEXT), "anyOf": [obj(k={"const": "a"}), obj(k={"const": "b"})]}},
        "models.M",
        {"M": "MA | MB", "MA": "k = 'a', a: str", "MB": "k = 'b', a: str"},
    ),
    (
        ref("M"),
        {"M": {"type": ["object", "null"], "properties": {"a": TEXT}, "required": ["a"]}},
        "models.M | None",
        {"M": "a: str"},
    ),
    (ref("M"), {"M": {**obj(a=TEXT), "type": ["object"]}}, "models.M", {"M": "a: str"}),
    (
        ref("M"),
        {"M": {**TEXT, "maxLength": 3, "description": "Some\n words."}},
        "models.M",
        {"M": 'Annotated[str, Meta(max_length=3, description="Some words.")]'},
    ),
    (
        {"$ref": "#/components/schemas/M/properties/the-inner"},
        {"M": obj(**{"the-inner": obj(a=TEXT)})},
        "models.TheInner",
        {"M": "the_inner: MTheInner", "MTheInner": "a: str", "TheInner": "a: str"},
    ),
    (
        {"allOf": [ref("A"), {"required": ["b"], "properties": {"b": TEXT, "a": {"maxLength": 3}}}, {}]},
        {"A": obj(a=TEXT)},
        "models.Hint",
        {"A": "a: str", "Hint": "a: Annotated[str, Meta(max_length=3)], b: str"},
    ),
    (
        {"allOf": [{**obj(a=TEXT), "additionalProperties": False}, {"additionalProperties": True}]},
        {},
        "models.Hint",
        {"Hint": "a: str, closed"},
    ),
    ({**ref("T"), "maxLength": 2}, {"T": TEXT}, "Annotated[str, Meta(max_length=2)]", {"T": "str"}),
    (
        {"required": ["n"], "oneOf": [ref("A"), ref("B")]},
        {
            "A": {**obj(k={"const": "a"}, n=TEXT), "required": ["k"]},
            "B": {**obj(k={"const": "b"}, n=TEXT), "required": ["k"]},
        },
        "models.HintA | models.HintB",
        {
            "A": 'k: Literal["a"], n?: str',
            "B": 'k: Literal["b"], n?: str',
            "HintA": "k = 'a', n: str",
            "HintB": "k = 'b', n: str",
        },
    ),
    (
        {"oneOf": [ref("A"), ref("B")], "discriminator": {"propertyName": "k", "mapping": {"x": "A"}}},
        {"A": obj(k=TEXT), "B": obj(k={**TEXT, "description": "Which."}, c=TEXT)},
        "models.A | models.B",
        {"A": "k = 'x'", "B": "k = 'B', c: str"},
    ),
]


@pytest.mark.parametrize(
    ("schema", "version", "type_"),
    [
        *((schema, "3.1.0", type_) for schema, type_ in TYPES),
        *((schema, "3.0.3", type_) for schema, type_ in TYPES_OF_3_0),
    ],
)
def test_a_schema_without_properties_becomes_one_type(schema: Any, version: str, type_: str) -> None:
    assert rendered(schema, version=version) == (type_, {})


@pytest.mark.parametrize(("schema", "schemas", "type_", "definitions"), MODELS)
def test_a_schema_with_models_becomes_a_type_and_definitions(
    schema: Any, schemas: dict[str, Any], type_: str, definitions: dict[str, str]
) -> None:
    assert rendered(schema, schemas=schemas) == (type_, definitions)


@pytest.mark.parametrize("keyword", ["title", "description", "default", "deprecated", "readOnly", "writeOnly"])
def test_what_says_nothing_of_a_value_may_differ_in_all_of_and_stand_beside_one_of(keyword: str) -> None:
    first, second = ("a", "b") if keyword in {"title", "description", "default"} else (True, False)

    assert rendered({"allOf": [{**TEXT, keyword: first}, {keyword: second}]})[0] == "str"
    assert rendered({"oneOf": [TEXT, INT], keyword: first})[0] == "str | int"


@pytest.mark.parametrize(
    ("said", "extra"),
    [
        *(({"additionalProperties": True}, "dict[str, Any]"), ({"additionalProperties": {}}, "dict[str, Any]")),
        *(({"additionalProperties": INT}, "dict[str, int]"), ({"additionalProperties": False}, ""), ({}, "")),
    ],
)
def test_an_object_that_says_so_keeps_the_properties_that_it_does_not_name(said: Any, extra: str) -> None:
    read = Document(document(schemas={"S": {**obj(a=TEXT), **said}}), "test")
    found = SchemaReader(read)
    found.read_components()
    (model,) = found.models

    assert (model.extra.text() if model.extra else "") == extra


def test_a_nullable_object_of_3_0_is_a_model_or_none() -> None:
    schemas = {"M": {**obj(a=TEXT), "nullable": True}}

    assert rendered(ref("M"), schemas=schemas, version="3.0.3") == ("models.M | None", {"M": "a: str"})


def one(title: str = "", **properties: Any) -> dict[str, Any]:
    return {**obj(**properties), **({"title": title} if title else {})}


@pytest.mark.parametrize(
    ("alternatives", "names"),
    [
        ([one("Text part", a=TEXT), one("Image part", b=TEXT)], ["TextPart", "ImagePart"]),
        # What the name of the union says already is left out.
        ([one("Body content text", a=TEXT), one("Page content", b=TEXT)], ["Text", "Page"]),
        ([one("PDF", a=TEXT), one("content of GitHub", b=TEXT)], ["PDF", "OfGitHub"]),
        # FastAPI repeats the name of the property; and titles need not differ.
        ([one("Content", a=TEXT), one("Body Content", b=TEXT)], ["Option1", "Option2"]),
        ([one("Part", a=TEXT), one("Part", b=TEXT), one("Other", c=TEXT)], ["Option1", "Option2", "Other"]),
        ([one("A part that is a text", a=TEXT), one("image_part", b=TEXT)], ["Option1", "Option2"]),
        ([one("T" * 41, a=TEXT), one("文", b=TEXT), one("-", c=TEXT)], ["Option1", "Option2", "Option3"]),
        # Of components.
        ([one("Video", a=TEXT), one("Leaf", b=TEXT)], ["Option1", "Leaf"]),
        ([ref("Leaf"), {"title": "Big leaf", "allOf": [ref("Leaf"), obj(b=TEXT)]}], ["BigLeaf"]),
        ([ref("Leaf"), {"allOf": [ref("Leaf"), one("Big leaf", b=TEXT)]}], ["BigLeaf"]),
        ([one("Text", a=TEXT), {"title": "Picture", "oneOf": [one("PNG", b=TEXT), one("GIF", c=TEXT)]}],
         ["Text", "PicturePNG", "PictureGIF"]),
        # The property that tells them apart.
        ([one(o={"const": "part"}, t={"const": k}) for k in ("text", "image_url")], ["Text", "ImageUrl"]),
        ([one(t={"allOf": [TEXT, {"enum": [k]}]}) for k in ("text", "image_url")], ["Text", "ImageUrl"]),
        ([one(title, t={"const": k}) for title, k in (("Words", "text"), ("", "image_url"))], ["Words", "ImageUrl"]),
        ([one("Image", t={"const": "a"}), one(t={"const": "image"})], ["Image", "Option2"]),
        ([one(t={"const": "text"}), one(u={"const": "image"})], ["Option1", "Option2"]),
        ([one(t={"const": 1}), one(t={"const": 2})], ["Option1", "Option2"]),
        # What else is there is no object.
        ([one(a=TEXT), TEXT], ["Object"]),
        ([one("Content", a=TEXT), {"type": "array", "items": one(b=TEXT)}, {"type": "null"}], ["Object", "Item"]),
        ([one("Text", a=TEXT), TEXT], ["Text"]),
        ([ref("Leaf"), {"type": "object", "additionalProperties": False}], ["Empty"]),
        ([one(a=TEXT), ref("Leaf")], ["Option1"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("keyword", ["oneOf", "anyOf"])
def test_an_inline_alternative_is_called_by_its_title_or_tag(
    alternatives: list[Any], names: list[str], keyword: str
) -> None:
    schemas = {"Body": obj(content={keyword: alternatives}), "Leaf": obj(a=TEXT), "BodyContentVideo": TEXT}
    read = Document(document(schemas=schemas), "test")
    found = SchemaReader(read)
    found.read_components()

    assert [model.name for model in found.models if model.name not in schemas] == [
        f"BodyContent{name}" for name in names
    ]


@pytest.mark.parametrize("odd", [[{}], {}, 5, None, [[]], ["object", {}]])
def test_an_alternative_that_is_no_schema_costs_its_place_alone(odd: Any) -> None:
    broken = {"type": odd, "title": odd, "properties": {"a": {"const": odd}}}
    read = Document(document(schemas={"Either": {"oneOf": [broken, obj(a=TEXT)]}}), "test", strict=False)
    found = SchemaReader(read)
    found.read_components()

    assert [[field.wire_name for field in model.fields] for model in found.models] == [["a"], ["a"]]


TREE = {"properties": {"id": TEXT}, "required": ["id"]}
OBJECT = {"type": "object"}


@pytest.mark.parametrize(
    ("schema", "version", "type_"),
    [
        ({**ref("Tree"), **OBJECT}, "3.1.0", "models.Tree"),
        ({**ref("Tree"), "required": ["id"], "description": "Known."}, "3.1.0", "models.Tree"),
        ({**OBJECT, "description": "Known.", "allOf": [ref("Tree")]}, "3.0.3", "models.Tree"),
        ({**OBJECT, "nullable": True, "allOf": [ref("Tree")]}, "3.0.3", "models.Tree | None"),
        ({**OBJECT, "nullable": False, "allOf": [ref("Tree")]}, "3.0.3", "models.Tree"),
        ({"allOf": [ref("Tree"), {**OBJECT, "nullable": True}]}, "3.0.3", "models.Tree"),
        ({"allOf": [ref("MaybeTree"), OBJECT]}, "3.0.3", "models.Hint"),
        ({"allOf": [{"allOf": [ref("Tree"), OBJECT]}, OBJECT]}, "3.1.0", "models.Tree"),
        # The second one extends the first.
        ({"allOf": [ref("Tree"), ref("Oak")]}, "3.1.0", "models.Oak"),
        ({"allOf": [ref("Oak"), ref("Tree")]}, "3.1.0", "models.Oak"),
        ({"allOf": [OBJECT, ref("Wood")]}, "3.1.0", "models.Wood"),
        ({"allOf": [{"properties": {"x": TEXT}}, ref("Wood")]}, "3.1.0", "models.Hint"),
        ({"allOf": [{"required": ["more"]}, ref("Oak")]}, "3.1.0", "models.Hint"),
        ({"allOf": [ref("Colour"), TEXT]}, "3.1.0", "models.Colour"),
    ],
)
def test_what_others_add_nothing_to_keeps_its_class(schema: Any, version: str, type_: str) -> None:
    schemas = {
        "Tree": TREE,
        "MaybeTree": {**OBJECT, **TREE, "nullable": True},
        "Oak": {"allOf": [ref("Tree"), {"properties": {"more": ref("Tree")}}]},
        "Wood": {"oneOf": [ref("Tree"), ref("Oak")]},
        "Colour": {**TEXT, "enum": ["red"]},
    }
    if version != "3.0.3":
        del schemas["MaybeTree"]

    assert rendered(schema, schemas=schemas, version=version)[0] == type_


def test_a_reference_to_the_schema_around_it_makes_no_second_class() -> None:
    kinds = [{**ref("Filter"), **OBJECT}, {"allOf": [ref("Filter"), {**OBJECT, "description": "Known."}]}]
    schemas = {"Filter": {"properties": {f"p{index}": many(kind) for index, kind in enumerate(kinds)}}}

    assert rendered(ref("Filter"), schemas=schemas)[1] == {"Filter": "p0?: list[Filter], p1?: list[Filter]"}


USER, SHAPE = {"type": "array", "items": ref("User")}, {"type": "array", "items": ref("Shape")}
LATER = "the later one counts"


@pytest.mark.parametrize(
    ("declared", "meant", "type_", "meanings"),
    [
        # As the mixins of NestJS have it: the base says less, or something else.
        (many({}), USER, "list[User]", []),
        (many(OBJECT), USER, "list[User]", []),
        (many(OBJECT), SHAPE, "list[Shape]", []),
        (many(ref("User")), many(OBJECT), "list[User]", []),
        (OBJECT, USER, "list[User]", [LATER]),
        (USER, OBJECT, "dict[str, Any]", [LATER]),
        (many(many({})), USER, "list[User]", [LATER]),
        (many(many({})), SHAPE, "list[Cat | Dog]", ["the alternatives count as they are"]),
        (many(ref("Cat")), many(ref("Dog")), "list[HintPItem]", [LATER]),
        (many(obj(a=TEXT)), many(obj(b=INT)), "list[HintPItem]", []),
        ({"enum": ["base"]}, {"enum": ["child"]}, 'Literal["child"]', [LATER]),
        ({"const": "base"}, {"const": "child"}, 'Literal["child"]', [LATER]),
        ({**TEXT, "maxLength": 3}, INT, "int", [LATER]),
    ],
)
def test_of_two_properties_the_narrower_counts_and_the_later_if_no_value_fits_both(
    declared: Any, meant: Any, type_: str, meanings: list[str]
) -> None:
    cat, dog = (obj(kind={"const": kind}) for kind in ("cat", "dog"))
    shape = {"oneOf": [ref("Cat"), ref("Dog")]}
    base = {"type": "object", "properties": {"p": declared}}
    schemas = {"User": obj(id=TEXT), "Cat": cat, "Dog": dog, "Shape": shape, "Base": base}
    schema = {"allOf": [ref("Base"), {"properties": {"p": meant}}]}
    read = Document({**document(schemas=schemas), "x-parts": {"it": schema}}, "test", strict=False)
    found = SchemaReader(read)
    found.type_of(read.root / "x-parts" / "it", "Hint")
    found.settle()
    (hint,) = (model for model in found.models if model.name == "Hint")

    assert [field.type.text() for field in hint.fields] == [type_]
    assert [note.meaning for note in read.notes.found] == meanings


def test_the_properties_of_two_items_are_those_of_both() -> None:
    schema = {"allOf": [many({"properties": {"a": TEXT}}), many(obj(b=INT))]}

    assert rendered(schema) == ("list[models.HintItem]", {"HintItem": "a?: str, b: int"})


@pytest.mark.parametrize(
    ("schema", "definitions"),
    [
        ({"properties": {"of": many({"$recursiveRef": "#"})}}, {"Filter": "of?: list[Filter]"}),
        (
            {"$recursiveAnchor": True, "properties": {"of": {"oneOf": [ref("Leaf"), {"$recursiveRef": "#"}]}}},
            {"Filter": "of?: FilterOf"},
        ),
        (
            {"properties": {"a": {"$recursiveAnchor": True, "properties": {"b": {"$recursiveRef": "#"}}}}},
            {"Filter": "a?: FilterA", "FilterA": "b?: FilterA"},
        ),
        (
            {"$dynamicAnchor": "node", "properties": {"of": many({"$dynamicRef": "#node"})}},
            {"Filter": "of?: list[Filter]"},
        ),
    ],
)
def test_a_schema_may_refer_to_itself_by_other_keywords(schema: Any, definitions: dict[str, str]) -> None:
    schemas = {"Leaf": obj(a=TEXT), "Filter": schema}

    assert rendered(ref("Filter"), schemas=schemas)[1] == {"Leaf": "a: str", **definitions}


def test_a_reference_with_several_meanings_is_noted() -> None:
    nodes = {name: {"$dynamicAnchor": "node", "properties": {"of": {"$dynamicRef": "#node"}}} for name in ("A", "B")}
    read = Document(document(schemas=nodes), "test", strict=False)
    found = SchemaReader(read)
    found.read_components()

    assert [field.type.text() for model in found.models for field in model.fields] == ["Any", "Any"]
    assert {note.problem.partition(":")[0] for note in read.notes.found} == {"is not supported"}


# What the models module says itself.
CLASSES = [
    *("Annotated", "Any", "ClassVar", "FORMAT_PATTERNS", "Literal", "Meta", "Struct"),
    *("TypeAlias", "UNSET", "UUID", "UnsetType"),
]


def test_a_schema_with_a_reserved_name_gets_an_underscore() -> None:
    fields = obj(**dict.fromkeys(("str", "int", "float", "bool", "list", "dict", "bytes", "datetime"), TEXT))
    _, definitions = rendered(fields, schemas=dict.fromkeys(CLASSES, TEXT))

    assert {name.rstrip("_") for name in definitions} == {"Hint", *CLASSES, "FORMATPATTERNS"} - {"FORMAT_PATTERNS"}
    assert [name for name in CLASSES if name in definitions] == []
    assert definitions["Hint"] == ", ".join(f"{name}_: str" for name in fields["properties"])


def test_a_merged_object_that_contains_itself_is_one_model() -> None:
    extended = {"allOf": [ref("Tree"), {"properties": {"extra": TEXT}}]}
    _, definitions = rendered(ref("Tree"), schemas={"Tree": {"properties": {"child": extended}}})

    assert definitions == {"Tree": "child?: TreeChild", "TreeChild": "child?: TreeChild, extra?: str"}


def test_merging_two_recursive_schemas_comes_to_an_end() -> None:
    block = {"properties": {"nodes": {"type": "array", "items": {"oneOf": [ref("Block"), ref("Text")]}}}}
    text = {"properties": {"nodes": {"type": "array", "items": ref("Block")}, "text": TEXT}}
    _, definitions = rendered({"allOf": [ref("Block"), ref("Text")]}, schemas={"Block": block, "Text": text})

    assert set(definitions) >= {"Block", "Text", "Hint"}


@pytest.mark.parametrize(
    ("schema", "type_"),
    [
        ({"type": "string", "oneOf": [INT, {**TEXT, "maxLength": 2}]}, "Annotated[str, Meta(max_length=2)]"),
        ({"enum": ["a"], "anyOf": [{"enum": ["b"]}, TEXT]}, 'Literal["a"]'),
        (
            {"allOf": [obj(k={"enum": ["a"]}), {"oneOf": [obj(k={"enum": ["b"]}), obj(k={"enum": ["a"]}, n=TEXT)]}]},
            "models.Hint",
        ),
    ],
)
def test_an_alternative_that_no_value_matches_is_left_out(schema: Any, type_: str) -> None:
    assert rendered(schema)[0] == type_


def test_an_alternative_stays_if_only_what_it_may_lack_matches_no_value() -> None:
    a_or_b = [{"properties": {"k": {"enum": [value]}, value: TEXT}} for value in ("a", "b")]
    both = {"allOf": [{"properties": {"k": {"enum": ["a"]}}}, {"oneOf": a_or_b}]}
    read = Document(document(schemas={"Both": both}), "test", strict=False)
    found = SchemaReader(read)
    found.read_components()
    found.settle()

    assert [{field.wire_name for field in model.fields} for model in found.models] == [{"k", "a"}, {"k", "b"}]


def test_a_schema_that_is_nested_too_deeply_costs_its_place_alone() -> None:
    deep: dict[str, Any] = TEXT
    for _ in range(300):
        deep = {"type": "array", "items": {"allOf": [deep, {}]}}
    read = Document(document(schemas={"Deep": obj(a=deep, b=TEXT)}), "test", strict=False)
    found = SchemaReader(read)
    found.read_components()

    assert [field.type.text() for field in found.models[0].fields] == ["Any", "str"]
    assert [note.place for note in read.notes.found] == ["#/components/schemas/Deep/properties/a"]


@pytest.mark.parametrize("keyword", ["oneOf", "anyOf"])
def test_a_union_that_is_one_of_its_own_alternatives_has_the_others(keyword: str) -> None:
    """A type checker takes no alias that is an alternative of itself."""
    read = Document(document(schemas={"Loop": {keyword: [ref("Loop"), TEXT, INT]}}), "test")
    found = SchemaReader(read)
    found.read_components()
    found.settle()

    assert {union.text for union in found.unions} == {"str | int"}


@pytest.mark.parametrize(
    ("schema", "unions"),
    [
        ({"oneOf": [obj(all=many(ref("Filter"))), ref("Leaf")]}, {"Filter": "FilterOption1 | Leaf"}),
        (
            {"anyOf": [{"oneOf": [ref("Leaf"), obj(b=INT)]}, {"type": "null"}]},
            {"Filter": "Leaf | FilterOption2 | None"},
        ),
        (
            {"anyOf": [{"oneOf": [many(ref("Filter")), many(INT)]}, {"type": "null"}]},
            {"Filter": "list[Filter] | list[int] | None"},
        ),
        ({"anyOf": [many(ref("Filter")), many(INT)]}, {"Filter": "list[Filter] | list[int]"}),
        ({"anyOf": [many(ref("Filter")), many(INT), {"type": "null"}]}, {"Filter": "list[Filter] | list[int] | None"}),
        (
            {**TEXT, "type": ["string", "array"], "pattern": "a", "items": ref("Filter")},
            {"Filter": "str | list[Filter]"},
        ),
    ],
)
def test_a_union_that_contains_itself_or_null_is_one_class(schema: Any, unions: dict[str, str]) -> None:
    read = Document(document(schemas={"Leaf": obj(a=TEXT), "Filter": schema}), "test")
    found = SchemaReader(read)
    found.read_components()
    found.settle()

    assert {union.name: union.text for union in found.unions} == unions


def test_objects_that_contain_their_union_are_told_apart_by_msgspec() -> None:
    kinds = [obj(kind={"const": kind}, of=many(ref("Filter"))) for kind in ("all", "any")]
    _, definitions = rendered(ref("Filter"), schemas={"Filter": {"oneOf": kinds}})

    assert definitions == {
        "Filter": "FilterAll | FilterAny",
        "FilterAll": "kind = 'all', of: list[Filter]",
        "FilterAny": "kind = 'any', of: list[Filter]",
    }


def test_a_union_with_a_recursive_one_inside_is_not_left_to_msgspec() -> None:
    values = [TEXT, {"type": "array", "items": {"oneOf": [TEXT, ref("Plain")]}}, ref("Plain")]
    plain = {"type": "object", "additionalProperties": {"anyOf": values}}
    read = Document(document(schemas={"Plain": plain}), "test")
    found = SchemaReader(read)
    found.read_components()
    found.settle()

    assert len(found.unions) == 3


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({**INT, "minimum": 1, "type": ["integer", "null"]}, "Union[Annotated[int, Meta(ge=1)], None]"),
        ({"anyOf": [ref("Limit"), {"type": "null"}]}, "Union[models.Limit, None]"),
        ({"type": ["string", "null"]}, "str | None"),
        ({**INT, "minimum": 1}, "Annotated[int, Meta(ge=1)]"),
    ],
)
def test_a_type_as_an_argument_is_one_that_type_checkers_take(schema: Any, value: str) -> None:
    limit = {**INT, "minimum": 1}
    read = Document({**document(schemas={"Limit": limit}), "x-parts": {"it": schema}}, "test")
    found = SchemaReader(read)
    found.read_components()

    assert found.type_of(read.root / "x-parts" / "it", "Hint").expression("models.") == value
