"""Nothing is dropped in silence: each keyword of the standards is translated, an annotation, or refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from generator.document.document import Document, Node
from generator.document.keywords import ANNOTATIONS, REFUSED, TRANSLATED, check_keywords
from generator.errors import SpecError
from generator.operation.reader import OperationReader
from generator.schema.schemas import SchemaReader

from .conftest import INT, TEXT, document, obj, operation, ref

# Copied by hand from OpenAPI 3.0.4 and 3.1.1, and from JSON Schema 2020-12.
# What the specification calls the objects whose name is not its title.
NAMES = {"document": "OpenAPI", "body": "Request Body"}
STANDARD: dict[str, str] = {
    "document": "openapi info jsonSchemaDialect servers paths webhooks components security tags externalDocs",
    "info": "title summary description termsOfService contact license version",
    "components": "schemas responses parameters examples requestBodies headers securitySchemes links"
    " callbacks pathItems",
    "path item": "$ref summary description get put post delete options head patch trace servers parameters",
    "operation": "tags summary description externalDocs operationId parameters requestBody responses callbacks"
    " deprecated security servers",
    "parameter": "name in description required deprecated allowEmptyValue style explode allowReserved schema example"
    " examples content",
    "body": "description content required",
    "media type": "schema example examples encoding",
    "response": "description headers content links",
    "header": "description required deprecated style explode schema example examples content",
    "link": "operationRef operationId parameters requestBody description server",
    "server": "url description variables",
    "server variable": "enum default description",
    "discriminator": "propertyName mapping",
    "schema": (
        # Core, applicators, unevaluated.
        "$schema $id $ref $anchor $dynamicRef $dynamicAnchor $vocabulary $comment $defs"
        " allOf anyOf oneOf not if then else dependentSchemas prefixItems items contains properties patternProperties"
        " additionalProperties propertyNames unevaluatedItems unevaluatedProperties"
        # Validation, format, content, meta-data.
        " type enum const multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength pattern"
        " maxItems minItems uniqueItems maxContains minContains maxProperties minProperties required dependentRequired"
        " format contentEncoding contentMediaType contentSchema"
        " title description default deprecated readOnly writeOnly examples"
        # OpenAPI's own, of both versions.
        " discriminator xml externalDocs example nullable"
        # Of older drafts, which documents still have.
        " definitions dependencies additionalItems $recursiveRef $recursiveAnchor"
    ),
}
WITHOUT_EFFECT: dict[tuple[str, str], Any] = {
    ("schema", "uniqueItems"): False,
    ("parameter", "allowReserved"): False,
    ("document", "webhooks"): {},
    ("operation", "callbacks"): {},
}
KEYWORDS = [(kind, keyword) for kind, keywords in STANDARD.items() for keyword in keywords.split()]


def test_each_keyword_is_in_exactly_one_table() -> None:
    tables = (TRANSLATED, ANNOTATIONS, REFUSED)
    counts = {(kind, keyword): sum(keyword in table.get(kind, {}) for table in tables) for kind, keyword in KEYWORDS}

    assert {place: count for place, count in counts.items() if count != 1} == {}


@pytest.mark.parametrize("kind", STANDARD)
def test_only_keywords_of_the_standards_are_known(kind: str) -> None:
    known = {name for table in (TRANSLATED, ANNOTATIONS, REFUSED) for name in table.get(kind, ())}

    assert known - set(STANDARD[kind].split()) <= {"query", "additionalOperations", "name", "itemSchema", "mediaTypes"}


@pytest.mark.parametrize(
    ("kind", "keyword"), [(kind, keyword) for kind, keywords in REFUSED.items() for keyword in keywords]
)
def test_a_refused_keyword_is_reported_with_its_place_and_a_cure(kind: str, keyword: str) -> None:
    with pytest.raises(SpecError) as failure:
        check_keywords(Node({keyword: {"a": 1}}, "#/x"), kind)

    assert str(failure.value) == f"#/x/{keyword}: is not supported: {REFUSED[kind][keyword]}"


@pytest.mark.parametrize(("kind", "keyword"), WITHOUT_EFFECT)
def test_a_keyword_whose_value_has_no_effect_is_accepted(kind: str, keyword: str) -> None:
    check_keywords(Node({keyword: WITHOUT_EFFECT[kind, keyword]}, "#/x"), kind)


@pytest.mark.parametrize("kind", STANDARD)
def test_an_unknown_keyword_is_refused_unless_it_is_an_extension(kind: str) -> None:
    check_keywords(Node({"x-own": 1}, "#/x"), kind)
    with pytest.raises(SpecError) as failure:
        check_keywords(Node({"own": 1}, "#/x"), kind)

    assert (
        str(failure.value)
        == f"#/x: 'own' is not a keyword of the {NAMES.get(kind, kind.title())} Object; correct it, or call it x-own"
    )


# What each translated keyword changes, seen in the types: with the keyword, and without it.
EFFECTS: dict[str, tuple[dict[str, Any], Any]] = {
    "$ref": (ref("Other"), {}),
    "type": (TEXT, {}),
    "format": ({**TEXT, "format": "date"}, TEXT),
    "enum": ({"enum": ["a"]}, {}),
    "const": ({"const": "a"}, {}),
    "nullable": ({**TEXT, "nullable": True}, TEXT),
    "allOf": ({"allOf": [TEXT]}, {}),
    "anyOf": ({"anyOf": [TEXT, INT]}, {}),
    "oneOf": ({"oneOf": [TEXT, INT]}, {}),
    "contentEncoding": ({**TEXT, "contentEncoding": "base64"}, TEXT),
    "items": ({"type": "array", "items": TEXT}, {"type": "array"}),
    "additionalProperties": ({"type": "object", "additionalProperties": TEXT}, {"type": "object"}),
    **{
        keyword: ({"type": type_, keyword: value}, {"type": type_})
        for type_, keyword, value in (
            *(("string", "minLength", 1), ("string", "maxLength", 1), ("string", "pattern", "a")),
            *(("integer", "minimum", 1), ("integer", "maximum", 1), ("integer", "multipleOf", 2)),
            *(("integer", "exclusiveMinimum", 1), ("integer", "exclusiveMaximum", 1)),
            *(("array", "minItems", 1), ("array", "maxItems", 1), ("array", "uniqueItems", True)),
            *(("object", "minProperties", 1), ("object", "maxProperties", 1)),
            ("object", "propertyNames", {"pattern": "a"}),
        )
    },
    "prefixItems": ({"type": "array", "prefixItems": [TEXT], "items": False}, {"type": "array"}),
    "patternProperties": (
        {"type": "object", "patternProperties": {"a": TEXT}, "additionalProperties": False},
        {"type": "object", "additionalProperties": False},
    ),
    "properties": ({"type": "object", "properties": {"a": {}}}, {"type": "object"}),
    "required": (obj(a={}), {"type": "object", "properties": {"a": {}}}),
    **{
        keyword: (
            {"type": "object", "properties": {"a": {keyword: value}}},
            {"type": "object", "properties": {"a": {}}},
        )
        for keyword, value in (
            *(("title", "Words."), ("description", "Words."), ("default", 1)),
            *(("deprecated", True), ("readOnly", True), ("writeOnly", True)),
        )
    },
    "discriminator": (
        {"oneOf": [ref("Other")], "discriminator": {"propertyName": "k", "mapping": {"o": "Other"}}},
        {"oneOf": [ref("Other")]},
    ),
}


def _seen(schema: dict[str, Any]) -> list[str]:
    version = "3.0.3" if "nullable" in schema else "3.1.0"
    schemas = SchemaReader(Document(document(schemas={"S": schema, "Other": obj(k=TEXT)}, version=version), "spec"))
    schemas.read_components()
    schemas.settle()
    return [
        *(f"{alias.name} = {alias.type.text()}" for alias in schemas.aliases),
        *(f"{model.name}.{field}" for model in schemas.models for field in model.fields),
        *(f"{model.name} {model.tag}" for model in schemas.models),
    ]


@pytest.mark.parametrize("keyword", sorted(TRANSLATED["schema"]))
def test_a_translated_keyword_of_a_schema_changes_the_types(keyword: str) -> None:
    with_it, without_it = EFFECTS[keyword]

    assert _seen(with_it) != _seen(without_it)


@pytest.mark.parametrize("keyword", sorted(ANNOTATIONS["schema"]))
def test_an_annotation_of_a_schema_changes_nothing(keyword: str) -> None:
    assert _seen({"type": "string", keyword: {"type": "integer"}}) == _seen({"type": "string"})


CALL = {
    "tags": (["a"], ["b"]),
    "summary": ("One.", "Two."),
    "description": ("One.", "Two."),
    "externalDocs": ({"url": "https://a"}, {"url": "https://b"}),
    "operationId": ("one", "two"),
    "parameters": ([{"in": "query", "name": "q", "schema": {}}], []),
    "requestBody": ({"content": {"text/plain": {}}}, {"content": {"application/json": {}}}),
    "responses": ({"200": {"description": "a"}}, {"201": {"description": "a"}}),
    "deprecated": (True, False),
    "security": ([{"t": []}], []),
    "servers": ([{"url": "https://a"}], [{"url": "https://b"}]),
}
PARAMETER = {
    "name": ("a", "b"),
    "in": ("query", "header"),
    "description": ("One.", "Two."),
    "required": (True, False),
    "deprecated": (True, False),
    "schema": ({"type": "string"}, {"type": "integer"}),
    "explode": (True, False),
}


def _operation(**parts: Any) -> str:
    content = document(
        {"/a": {"get": operation(**parts)}}, components={"securitySchemes": {"t": {"type": "http", "scheme": "bearer"}}}
    )
    loaded = Document(json.loads(json.dumps(content)), "spec")
    return repr(OperationReader(loaded, SchemaReader(loaded)).read())


@pytest.mark.parametrize("keyword", sorted(TRANSLATED["operation"]))
def test_a_translated_keyword_of_an_operation_changes_it(keyword: str) -> None:
    first, second = CALL[keyword]

    assert _operation(**{keyword: first}) != _operation(**{keyword: second})


@pytest.mark.parametrize("keyword", sorted(PARAMETER))
def test_a_translated_keyword_of_a_parameter_changes_it(keyword: str) -> None:
    first, second = ({"in": "query", "name": "q", "schema": {}, keyword: value} for value in PARAMETER[keyword])

    assert _operation(parameters=[first]) != _operation(parameters=[second])


def test_every_translated_keyword_of_parameters_is_tested() -> None:
    # Styles and `content` are tried by the operations, and examples belong to the document.
    assert TRANSLATED["parameter"] - set(PARAMETER) == {"content", "style", "example", "examples"}
    assert set(CALL) == TRANSLATED["operation"]
