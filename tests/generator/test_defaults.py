"""Defaults: what the document says of them, and which of them the client sends."""

from __future__ import annotations

import inspect
import json
from typing import Any

import pytest
from msgspec import UNSET

from generator.document.document import Document
from generator.errors import SpecError
from generator.schema.schemas import SchemaReader

from .conftest import (
    INT,
    NUM,
    TEXT,
    Answer,
    Make,
    Package,
    document,
    json_body,
    obj,
    operation,
    parameter,
    ref,
)

APPLIED = {"x-client-default": True}
LIMIT = {**INT, "default": 10}


@pytest.fixture(scope="module")
def defaults(make: Make) -> Package:
    body = {"type": "object", "properties": {"size": {**LIMIT, **APPLIED}, "note": {**TEXT, "default": "none"}}}
    call = operation(
        parameters=[
            parameter("query", "limit", LIMIT),
            parameter("query", "sort", {**ref("Sort"), "default": "down", **APPLIED}),
            parameter("query", "deep", {"type": "boolean", "default": False, **APPLIED}, required=True),
            parameter("header", "rate", {**NUM, "default": 0.5, **APPLIED}),
        ],
        requestBody=json_body(body),
        responses={"200": {"description": "Read.", **json_body(ref("Result"), required=False)}},
    )
    schemas = {"Sort": {"enum": ["up", "down"]}, "Result": {"type": "object", "properties": {"page": LIMIT}}}
    return make(document({"/call": {"post": call}}, schemas))


def test_only_a_marked_default_is_sent(defaults: Package) -> None:
    _, request = defaults.call("call")
    assert request.url.query == b"sort=down&deep=false"
    assert request.headers["rate"] == "0.5"
    assert json.loads(request.content) == {"size": 10}


def test_an_argument_replaces_the_default_and_unset_sends_nothing(defaults: Package) -> None:
    _, request = defaults.call("call", sort="up", deep=True, rate=UNSET, size=3, note="x", limit=5)
    assert request.url.query == b"limit=5&sort=up&deep=true"
    assert "rate" not in request.headers
    assert json.loads(request.content) == {"size": 3, "note": "x"}


def test_the_default_of_a_response_is_the_servers(defaults: Package) -> None:
    found, _ = defaults.call("call", answer=Answer(content=b"{}"))
    assert found == defaults.models.Result()
    assert found.page is not None
    assert found.page != 10


def test_docstrings_tell_who_applies_a_default(defaults: Package) -> None:
    text = inspect.getdoc(defaults.module.Client.call) or ""
    assert "limit: The server takes `10` if it is absent." in text
    assert 'sort: A method sends `"down"` for this argument if it is not given.' in text
    assert "size: A method sends `10` for this argument if it is not given." in text
    models = defaults.text("models/__init__.py")
    assert '"""The server takes `10` if it is absent."""' in models
    assert "A method sends" not in models


SCHEMA = "#/components/schemas/S/properties/a"
WRONG: list[tuple[dict[str, Any], Any]] = [
    ({"type": "boolean"}, "true"),
    (INT, "4"),
    (INT, True),
    (NUM, "5.5"),
    (NUM, True),
    (TEXT, 6),
    ({**TEXT, "format": "date"}, "xxx"),
    ({**TEXT, "format": "date-time"}, 3),
    ({**TEXT, "format": "uuid"}, "xxx"),
    ({"enum": ["a", "b"]}, "x"),
    ({"const": True}, False),
    ({"anyOf": [{"type": "boolean"}, INT]}, "xxx"),
    ({"type": "array", "items": INT}, ["a"]),
    ({"type": "object"}, []),
    (TEXT, None),
]
RIGHT: list[tuple[dict[str, Any], Any]] = [
    *(({}, 3), (NUM, 5), (INT, 5), (TEXT, ""), ({"type": ["string", "null"]}, None), ({"enum": [1, "a", True]}, True)),
    *(({**TEXT, "format": "date"}, "2024-01-02"), ({**TEXT, "format": "uuid"}, "07EF8B4D-AA09-4FFA-898D-C710796AFF41")),
    *(({"anyOf": [{"type": "boolean"}, INT]}, 3), ({"type": "array", "items": INT}, []), (obj(a=INT), {"a": 1})),
    ({"type": "array", "prefixItems": [INT, TEXT], "minItems": 2, "items": False}, [1, "a"]),
]


def read(schema: dict[str, Any]) -> None:
    content = document(schemas={"S": {"type": "object", "properties": {"a": schema}}})
    SchemaReader(Document(content, "spec.json")).read_components()


@pytest.mark.parametrize(("schema", "default"), WRONG, ids=repr)
def test_a_default_that_does_not_fit_its_schema_is_noted(schema: Any, default: Any) -> None:
    with pytest.raises(SpecError, match="does not fit its own schema") as caught:
        read({**schema, "default": default})
    assert caught.value.place == f"{SCHEMA}/default"


@pytest.mark.parametrize(("more", "meaning"), [({}, "only shown"), ({"x-client-default": True}, "not applied")])
def test_a_note_says_what_becomes_of_a_wrong_default(more: Any, meaning: str) -> None:
    content = document(schemas={"S": {"type": "object", "properties": {"a": {**INT, "default": "a", **more}}}})
    read_document = Document(content, "spec.json", strict=False)
    SchemaReader(read_document).read_components()
    assert [str(note) for note in read_document.notes.found] == [
        f'{SCHEMA}/default: "a" does not fit its own schema; correct one of them ({meaning})'
    ]


@pytest.mark.parametrize(("schema", "default"), RIGHT, ids=repr)
def test_a_default_that_fits_is_not_noted(schema: Any, default: Any) -> None:
    read({**schema, "default": default})


def test_a_default_that_cannot_be_written_as_an_argument_is_not_applied() -> None:
    schema = {**TEXT, "format": "date", "default": "2024-01-02", **APPLIED}
    with pytest.raises(SpecError, match="only supported for strings without a format, numbers and booleans"):
        read(schema)
