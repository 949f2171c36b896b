"""A client holds to its whole document: the sample of `python -m tests.generality` that runs with the other tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest

from tests.generality.__main__ import main

TEXT, INT = {"type": "string"}, {"type": "integer", "minimum": 1}


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


SCHEMAS: dict[str, Any] = {
    "Cat": {
        "type": "object",
        "required": ["kind", "lives"],
        "properties": {"kind": {"const": "cat"}, "lives": {**INT, "example": 9}},
    },
    "Dog": {"type": "object", "required": ["tricks"], "properties": {"tricks": {"type": "array", "items": TEXT}}},
    "Pet": {"anyOf": [ref("Cat"), ref("Dog")]},
    "Bag": {"type": "object", "properties": {"id": TEXT}, "required": ["id"], "additionalProperties": INT},
    "Tree": {"anyOf": [{"type": "array", "items": ref("Tree")}, TEXT]},
    "Set": {
        "type": "array",
        "items": {"type": "object", "properties": {"k": {"const": 1}}, "required": ["k"]},
        "minItems": 2,
        "uniqueItems": True,
    },
    "Odd": {"type": "object", "properties": {"a": {**TEXT, "minimum": 3}}, "required": ["a", "b"], "own": 1},
}


def operation(name: str, example: Any) -> dict[str, Any]:
    content = {"*/*" if name == "Pet" else "application/json": {"schema": ref(name), "example": example}}
    return {
        "operationId": f"send_{name.lower()}",
        "parameters": [
            {"in": "query", "name": name, "required": True, "schema": schema}
            for name, schema in (
                ("n", INT),
                ("paging", {"type": "object", "properties": {"page": INT}, "required": ["page"]}),
            )
        ]
        + [{"in": "query", "name": "json", "required": True, "content": {"application/json": {"schema": TEXT}}}],
        "requestBody": {"content": {"application/json": {"schema": ref(name)}}},
        "responses": {"200": {"description": "The same.", "content": content}},
    }


EXAMPLES: dict[str, Any] = {
    "Pet": {"kind": "cat", "lives": 9},
    "Bag": {"id": "1", "x": 2},
    "Tree": [["a"], "b"],
    "Odd": {"a": "x", "b": None},
    "Set": [{"k": 1, "x": 1}, {"k": 1, "x": 2}],
}


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "document.json"
    content = {
        "openapi": "3.1.0",
        "info": {"title": "Pets", "version": "1"},
        "paths": {f"/{name}": {"post": operation(name, example)} for name, example in EXAMPLES.items()},
        "components": {"schemas": SCHEMAS},
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_everything_holds_for_a_document_of_others(document: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(document), "--examples", "5"]) == 0, capsys.readouterr().out
    found = [line.split() for line in capsys.readouterr().out.splitlines()[1:]]
    assert [(words[0], words[-2 if words[-1] == "ms" else -3 :]) for words in found] == [
        *[("operations", ["5", "of", "5"])] * 3,
        *[("examples", ["1", "of", "1"]), ("examples", ["5", "of", "5"])],
        *[("package", [ANY, "ms"]), ("models", [ANY, "ms"]), ("slowest", [ANY, "ms"])],
    ]


def test_a_body_that_does_not_come_back_is_found(
    document: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    content = json.loads(document.read_text(encoding="utf-8"))
    # What the generated client does not keep: a property of an object that has others.
    content["components"]["schemas"]["Odd"] |= {"minProperties": 3}
    document.write_text(json.dumps(content), encoding="utf-8")
    assert main([str(document), "--examples", "5"]) == 1
    assert "operations whose drawn bodies round-trip      4 of 5" in capsys.readouterr().out
