"""The fragment as data, and a validator of its own that knows nothing of the client, the mock or schemathesis."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml
from schemathesis.config import SchemathesisConfig

PATH = Path(__file__).parents[2] / "spec" / "openapi.yaml"
FRAGMENT: dict[str, Any] = yaml.safe_load(PATH.read_text(encoding="utf-8"))
API_BASE = "/api/2.0"
TOKEN = "mock-token"

# `make contract-long` sets them; without them every run makes the same cases.
EXAMPLES = int(os.environ.get("CONTRACT_EXAMPLES", "60"))
IS_LONG = "CONTRACT_EXAMPLES" in os.environ


def config(**phases: Any) -> SchemathesisConfig:
    """Return schemathesis's settings: every phase and every check on, and the same cases in each run."""
    return SchemathesisConfig.from_dict(
        {
            "generation": {"max-examples": EXAMPLES, "deterministic": not IS_LONG, "database": "none"},
            # The literals of the mock's source would otherwise be among the generated values.
            "analysis": {"constants": {"enabled": False}},
            "auth": {"openapi": {"bearerAuth": {"bearer": TOKEN}}},
            "phases": phases,
        }
    )


def operations() -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Return path, method and definition of each operation by its operationId."""
    return {
        operation["operationId"]: (path, method, operation)
        for path, item in FRAGMENT["paths"].items()
        for method, operation in item.items()
        if method in {"get", "put", "post", "delete", "patch", "head", "options", "trace"}
    }


def resolved(node: Any, root: Any = FRAGMENT) -> Any:
    """Follow the reference of a node, if it is one."""
    while isinstance(node, dict) and set(node) == {"$ref"}:
        target = root
        for part in node["$ref"][2:].split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def responses(operation_id: str) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Yield status, media type and schema of each documented response of an operation."""
    for status, response in operations()[operation_id][2]["responses"].items():
        for media_type, media in resolved(response)["content"].items():
            yield int(status), media_type, media["schema"]


def request_schema(operation_id: str) -> dict[str, Any]:
    """Return the schema of the operation's request body."""
    schema: dict[str, Any] = operations()[operation_id][2]["requestBody"]["content"]["application/json"]["schema"]
    return schema


def validator(schema: Any, *, is_strict: bool = False) -> jsonschema_rs.Draft202012Validator:
    """Return a validator for a schema of the fragment, which asserts formats.

    Args:
        schema: The schema; its references lead into the fragment.
        is_strict: Whether objects may only have the properties that the fragment names.
    """
    root = strict(FRAGMENT) if is_strict else FRAGMENT
    schema = strict(schema) if is_strict else schema
    return jsonschema_rs.Draft202012Validator(
        {"$ref": "#/schema", "schema": schema, "components": root["components"]}, validate_formats=True
    )


def strict(node: Any) -> Any:
    """Return the schemas without room for what they do not name: a round trip keeps only what is named."""
    if isinstance(node, list):
        return [strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    copied = {key: strict(value) for key, value in copy.copy(node).items()}
    if isinstance(copied.get("properties"), dict) and copied.get("type") == "object":
        copied.setdefault("unevaluatedProperties" if "allOf" in copied else "additionalProperties", False)
    return copied


def flattened(schema: Any) -> Any:
    """Return the schema with every `allOf` merged, as far as the fragment uses it, so that it can be made strict."""
    schema = resolved(schema)
    if isinstance(schema, list):
        return [flattened(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    merged: dict[str, Any] = {key: flattened(value) for key, value in schema.items() if key not in {"allOf", "examples", "example"}}
    for part in schema.get("allOf", []):
        whole = flattened(part)
        merged["type"] = whole.get("type", merged.get("type"))
        merged["properties"] = {**merged.get("properties", {}), **whole.get("properties", {})}
        merged["required"] = [*merged.get("required", []), *whole.get("required", [])]
    return merged
