"""The fragment as data, and a validator of its own that knows nothing of the client, the mock or schemathesis."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import jsonschema_rs
import yaml
from schemathesis.config import SchemathesisConfig

if TYPE_CHECKING:
    from collections.abc import Iterator

    import schemathesis

    Case: TypeAlias = schemathesis.Case[Any]

# `make prove` puts mutants of the fragment in its place.
PATH = Path(os.environ.get("CONTRACT_FRAGMENT", Path(__file__).parents[2] / "spec" / "openapi.yaml"))
FRAGMENT: dict[str, Any] = (json.loads if PATH.suffix == ".json" else yaml.safe_load)(PATH.read_text(encoding="utf-8"))
ACCEPTED = ("2xx", "3xx", "401", "403", "404", "409", "429", "5xx")
API_BASE = "/api/2.0"
SESSION: dict[str, Any] = FRAGMENT["components"]["examples"]["UploadSession"]["value"]
CREATING = ("create_upload_session", "create_version_upload_session")
TOKEN = "mock-token"

# `make contract-long` sets them; without them every run makes the same cases.
EXAMPLES = int(os.environ.get("CONTRACT_EXAMPLES", "60"))
IS_LONG = "CONTRACT_EXAMPLES" in os.environ
IS_SHRUNK = os.environ.get("CONTRACT_SHRINK", "yes") == "yes"


def config(*, has_auth: bool = True, examples: int = EXAMPLES, **phases: Any) -> SchemathesisConfig:
    """Return schemathesis's settings: every phase and every check on, and the same cases in each run."""
    settings: dict[str, Any] = {
        "generation": {
            "max-examples": examples,
            "deterministic": not IS_LONG,
            "database": "none",
            "no-shrink": not IS_SHRUNK,
        },
        # The literals of the mock's source would otherwise be among the generated values.
        "analysis": {"constants": {"enabled": False}},
        # The mock is one place, whatever operations the fragment has at servers of their own.
        "base-url": FRAGMENT["servers"][0]["url"],
        "phases": phases,
    }
    if has_auth:
        # Links are followed as the fragment gives them; guessed ones would crowd them out.
        settings["phases"] = {**phases, "stateful": {"inference": {"algorithms": []}}}
        # That bytes have a digest, and a range lies within a file, is beyond JSON Schema.
        settings["operations"] = [
            {
                "include-operation-id": name,
                "checks": {"positive_data_acceptance": {"expected-statuses": [*ACCEPTED, *beyond_schema]}},
            }
            for name, beyond_schema in (
                ("upload_part", ["412", "413", "416"]),
                ("commit_upload_session", ["400", "412"]),
            )
        ]
        settings["auth"] = {"openapi": {"bearerAuth": {"bearer": TOKEN}}}
    return SchemathesisConfig.from_dict(settings)


def operations() -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Return path, method and definition of each operation by its operationId."""
    return {
        operation["operationId"]: (path, method, operation)
        for path, item in FRAGMENT["paths"].items()
        for method, operation in item.items()
        if method in {"get", "put", "post", "delete", "patch", "head", "options", "trace"}
    }


def operations_of(parameter: str) -> list[str]:
    """Return the operations whose path has a parameter."""
    return [name for name, (path, _, _) in operations().items() if f"{{{parameter}}}" in path]


def documented_errors() -> list[tuple[str, int]]:
    """Return each operation with each of its error statuses."""
    return [
        (name, int(status))
        for name, (_, _, operation) in operations().items()
        for status in operation["responses"]
        if int(status) >= 400
    ]


def server_url(operation_id: str) -> str:
    """Return the URL of the server that an operation is at: its own, or that of the fragment."""
    _, _, operation = operations()[operation_id]
    url: str = operation.get("servers", FRAGMENT["servers"])[0]["url"]
    return url


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
        for media_type, media in resolved(response).get("content", {}).items():
            yield int(status), media_type, media["schema"]


def request_schema(operation_id: str) -> dict[str, Any] | None:
    """Return the schema of the operation's JSON request body, or None if it has none."""
    content = operations()[operation_id][2].get("requestBody", {}).get("content", {})
    schema: dict[str, Any] | None = content.get("application/json", {}).get("schema")
    return schema


def parameters(operation_id: str) -> dict[str, dict[str, Any]]:
    """Return the operation's parameters by name, those of its path included."""
    path, _, operation = operations()[operation_id]
    both = [*FRAGMENT["paths"][path].get("parameters", []), *operation.get("parameters", [])]
    return {parameter["name"]: parameter for parameter in map(resolved, both)}


def parameters_in(place: str) -> list[tuple[str, str]]:
    """Return each operation with each of its parameters in the header or the query."""
    return [
        (operation, name)
        for operation in operations()
        for name, found in parameters(operation).items()
        if found["in"] == place
    ]


def validator(schema: Any) -> jsonschema_rs.Draft202012Validator:
    """Return a validator for a schema of the fragment, which asserts formats; references lead into the fragment."""
    bounded = _with_integer_bounds({"schema": schema, "components": FRAGMENT["components"]})
    return jsonschema_rs.Draft202012Validator({"$ref": "#/schema", **bounded}, validate_formats=True)


def _with_integer_bounds(node: Any) -> Any:
    """Say `int32` and `int64` as bounds: JSON Schema only annotates them, OpenAPI's format registry defines them."""
    if isinstance(node, list):
        return [_with_integer_bounds(item) for item in node]
    if not isinstance(node, dict):
        return node
    result = {key: _with_integer_bounds(value) for key, value in node.items()}
    if node.get("format") in {"int32", "int64"} and node.get("type") == "integer":
        limit = 2 ** (31 if node["format"] == "int32" else 63)
        result["minimum"] = max(-limit, node.get("minimum", -limit))
        result["maximum"] = min(limit - 1, node.get("maximum", limit - 1))
    return result


def strict(node: Any) -> Any:
    """Return flattened schemas without room for what they do not name."""
    if isinstance(node, list):
        return [strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    closed = {key: strict(value) for key, value in node.items()}
    if isinstance(closed.get("properties"), dict) and closed.get("type") == "object":
        closed.setdefault("additionalProperties", False)
    return closed


def flattened(schema: Any) -> Any:
    """Return the schema without references and `allOf`, as far as the fragment uses them."""
    if isinstance(schema, list):
        return [flattened(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    own = {key: value for key, value in schema.items() if key not in {"$ref", "allOf", "examples", "example"}}
    parts = [*schema.get("allOf", []), *([resolved({"$ref": schema["$ref"]})] if "$ref" in schema else [])]
    merged: dict[str, Any] = {}
    for whole in (*map(flattened, parts), {key: flattened(value) for key, value in own.items()}):
        properties = {**merged.get("properties", {}), **whole.get("properties", {})}
        required = [*merged.get("required", []), *whole.get("required", [])]
        merged |= whole
        merged |= {"properties": properties} if properties else {}
        merged |= {"required": required} if required else {}
    return merged
