"""The fragment as data, and a validator of its own that knows nothing of the client, the mock or schemathesis."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import parse_qsl, urlencode

import jsonschema_rs
import yaml
from schemathesis.config import SchemathesisConfig

from tests.contract import forms

if TYPE_CHECKING:
    import schemathesis

    Case: TypeAlias = schemathesis.Case[Any]

# `make prove` puts mutants of the fragment in its place.
PATH = Path(os.environ.get("CONTRACT_FRAGMENT", Path(__file__).parents[2] / "spec" / "openapi.yaml"))
FRAGMENT: dict[str, Any] = (json.loads if PATH.suffix == ".json" else yaml.safe_load)(PATH.read_text(encoding="utf-8"))
ACCEPTED = ("2xx", "3xx", "401", "403", "404", "409", "429", "5xx")
API_BASE = "/api/2.0"
SESSION: dict[str, Any] = FRAGMENT["components"]["examples"]["UploadSession"]["value"]
MULTIPART = "multipart/form-data"
CREATING = ("create_upload_session", "create_version_upload_session")
TOKEN = "mock-token"
JSON, FORM = "application/json", "application/x-www-form-urlencoded"

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
        # That bytes have a digest, and a range lies within a file, is beyond JSON Schema; and in a form, anything can
        # be the bytes of a file.
        settings["operations"] = [
            {
                "include-operation-id": name,
                "checks": {
                    "positive_data_acceptance": {"expected-statuses": [*ACCEPTED, *beyond_schema]},
                    "negative_data_rejection": {"enabled": not has_file(name)},
                },
            }
            for name, beyond_schema in (
                ("upload_part", ["412", "413", "416"]),
                ("commit_upload_session", ["400", "412"]),
                ("upload_small_file", ["400"]),
                ("upload_small_version", ["400", "412"]),
                # Nor does a schema know which applications and grants there are.
                ("request_token", ["400"]),
                ("revoke_token", ["400"]),
                # Nor which markers the mock has given.
                ("list_folder_items", ["400"]),
                # Of a header of this name, schemathesis makes what HTTP allows, whatever the fragment says.
                ("download_file", ["400"]),
            )
        ]
        settings["auth"] = {"openapi": {"bearerAuth": {"bearer": TOKEN}}}
    return SchemathesisConfig.from_dict(settings)


@cache
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


def target_of(operation_id: str, query: dict[str, str] | None = None, **path: str) -> str:
    """Return the path and the query of a right call, below the path of the server.

    Args:
        operation_id: The operation.
        query: Parameters of the query, in addition to those that it needs, or in their place.
        path: Parameters of the path, in the place of things that exist.
    """
    existing = {"file_id": "12345", "folder_id": "100", **path}
    texts = urlencode({**needed_query(operation_id), **(query or {})})
    return operations()[operation_id][0].format(**existing) + (f"?{texts}" if texts else "")


def needed_query(operation_id: str) -> dict[str, str]:
    """Return the parameters that the query of an operation needs, each with its only value."""
    return {
        name: json.dumps(found["schema"]["const"])
        for name, found in parameters(operation_id).items()
        if found["in"] == "query" and found.get("required")
    }


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


@cache
def responses(operation_id: str) -> tuple[tuple[int, str, dict[str, Any]], ...]:
    """Return status, media type and schema of each documented response of an operation."""
    return tuple(
        (int(status), media_type, media["schema"])
        for status, response in operations()[operation_id][2]["responses"].items()
        for media_type, media in resolved(response).get("content", {}).items()
    )


def request_media(operation_id: str) -> tuple[str, dict[str, Any]] | None:
    """Return media type and description of the operation's request body, if that has properties: JSON or a form."""
    content = operations()[operation_id][2].get("requestBody", {}).get("content", {})
    return next(((kind, content[kind]) for kind in (JSON, FORM, MULTIPART) if kind in content), None)


@cache
def request_schema(operation_id: str) -> dict[str, Any] | None:
    """Return the schema of the operation's JSON or form, or None if it has none."""
    media = request_media(operation_id)
    return None if media is None else decoded(media[1]["schema"])


def has_form(operation_id: str) -> bool:
    """Return whether the operation's request body is a form."""
    return FORM in operations()[operation_id][2].get("requestBody", {}).get("content", {})


def has_file(operation_id: str) -> bool:
    """Return whether the operation's request body is a form with a file."""
    return MULTIPART in operations()[operation_id][2].get("requestBody", {}).get("content", {})


def examples(operation_id: str) -> dict[str, Any]:
    """Return the examples of the operation's request body by name, with what is in texts of JSON decoded."""
    _, media = request_media(operation_id) or ("", {})
    texts = {name for name, inner in media["schema"].get("properties", {}).items() if "contentSchema" in inner}
    return {
        title: {name: json.loads(value) if name in texts else value for name, value in example["value"].items()}
        for title, example in media["examples"].items()
    }


def named(operation_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return what the operation's method has arguments for, of a body in JSON that may have other properties too."""
    schema = resolved(request_schema(operation_id))
    is_open = not has_file(operation_id) and schema.get("additionalProperties") is not False
    return {name: body[name] for name in body if not is_open or name in schema["properties"]}


def needs_token(operation_id: str) -> bool:
    """Return whether the operation is called with a token."""
    return bool(operations()[operation_id][2].get("security", FRAGMENT["security"]))


def encode_body(operation_id: str, value: Any) -> bytes:
    """Return a value as the body of a request."""
    if has_file(operation_id):
        return forms.encode(value)
    return urlencode(value).encode() if has_form(operation_id) else json.dumps(value).encode()


def decode_body(operation_id: str, content: bytes, media_type: str) -> Any:
    """Return the value in the body of a request; a file in it as text.

    Raises:
        ValueError: It is no JSON, or no form.
    """
    if has_file(operation_id):
        if (form := forms.read(media_type, content)) is None:
            raise ValueError("it is no form of attributes and a file")
        return form
    if not has_form(operation_id):
        return json.loads(content)
    pairs = parse_qsl(content.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict")
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a field is repeated")
    return dict(pairs)


def fits_form(value: Any) -> bool:
    """Return whether a value can be written as a form: an object of texts."""
    return isinstance(value, dict) and all(isinstance(member, str) for member in value.values())


def decoded(node: Any) -> Any:
    """Return schemas with that of what is in each text of JSON in the text's place, as generators of data take it."""
    if isinstance(node, list):
        return [decoded(item) for item in node]
    if not isinstance(node, dict):
        return node
    return decoded(node["contentSchema"]) if "contentSchema" in node else {key: decoded(node[key]) for key in node}


@cache
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
