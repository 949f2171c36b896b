"""Descriptions of models and their properties combine everything that the document says of them."""

from __future__ import annotations

from typing import Any

import pytest

from generator.document.document import Document
from generator.schema.schemas import SchemaReader

from .conftest import document


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({}, ""),
        ({"title": "A title"}, "A title"),
        ({"title": "A title", "description": " Words. "}, "Words."),
        ({"description": None, "title": "A title"}, "A title"),
        ({"$ref": "#/components/schemas/Named"}, "Of the name. Deprecated. The server takes `1` if it is absent."),
        (
            {"$ref": "#/components/schemas/Named", "description": "Own", "default": 2},
            "Own. Deprecated. The server takes `2` if it is absent.",
        ),
        ({"deprecated": True, "readOnly": True, "writeOnly": True}, "Deprecated. Only in responses. Only in requests."),
        ({"deprecated": False, "default": None}, "The server takes `null` if it is absent."),
        (
            {"deprecated": False, "$ref": "#/components/schemas/Named"},
            "Of the name. The server takes `1` if it is absent.",
        ),
        ({"default": {"ü": [True]}}, 'The server takes `{"ü": [true]}` if it is absent.'),
    ],
)
def test_a_property_description_includes_its_annotations(schema: dict[str, Any], words: str) -> None:
    named = {"type": "integer", "description": "Of the name", "deprecated": True, "default": 1}
    schemas = {"Named": named, "S": {"type": "object", "description": "Own.", "properties": {"a": schema}}}
    found = SchemaReader(Document(document(schemas=schemas), "test"))
    found.read_components()

    (model,) = found.models
    assert model.description == "Own."
    assert [field.description for field in model.fields] == [words]
    assert [alias.description for alias in found.aliases] == ["Of the name"]
