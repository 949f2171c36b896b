"""Every keyword of OpenAPI 3.0 and 3.1 and of JSON Schema 2020-12, and what the generator does with it.

A keyword is translated, ignored as an annotation (docstrings keep what a reader needs), or noted with its place. A
name in none of these tables is not a keyword: it is noted too, as it may be misspelt. `x-…` is always allowed.
"""

from __future__ import annotations

from typing import Any

from .document import Node

TRANSLATED: dict[str, frozenset[str]] = {
    "document": frozenset({"openapi", "info", "servers", "paths", "components", "security"}),
    "info": frozenset({"title", "description", "version"}),
    "components": frozenset(
        {"schemas", "parameters", "responses", "requestBodies", "headers", "links", "examples", "pathItems"}
        | {"securitySchemes", "mediaTypes"}
    ),
    "path item": frozenset(
        {"$ref", "summary", "description", "servers", "parameters"}
        | {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
        # Of OpenAPI 3.2.
        | {"query", "additionalOperations"}
    ),
    "operation": frozenset(
        {"operationId", "summary", "description", "externalDocs", "tags", "parameters", "requestBody", "responses"}
        | {"deprecated", "security", "servers"}
    ),
    "parameter": frozenset(
        {"name", "in", "description", "required", "deprecated", "schema", "content", "style", "explode"}
        | {"example", "examples"}
    ),
    "body": frozenset({"description", "content", "required"}),
    "media type": frozenset({"schema", "example", "examples", "encoding", "itemSchema"}),
    "response": frozenset({"description", "headers", "content", "links"}),
    "header": frozenset({"description", "required", "deprecated"}),
    "link": frozenset({"operationId", "description"}),
    "server": frozenset({"url", "variables"}),
    "server variable": frozenset({"default"}),
    "schema": frozenset(
        {"$ref", "type", "format", "enum", "const", "nullable", "allOf", "anyOf", "oneOf", "discriminator"}
        | {"minLength", "maxLength", "pattern", "contentEncoding"}
        | {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
        | {"items", "prefixItems", "minItems", "maxItems", "uniqueItems"}
        | {"properties", "required", "additionalProperties", "minProperties", "maxProperties"}
        | {"propertyNames", "patternProperties"}
        | {"title", "description", "default", "deprecated", "readOnly", "writeOnly"}
    ),
    "discriminator": frozenset({"propertyName", "mapping"}),
}
"""What changes the generated code or its docstrings."""

ANNOTATIONS: dict[str, frozenset[str]] = {
    "document": frozenset({"tags", "externalDocs", "jsonSchemaDialect"}),
    "info": frozenset({"summary", "termsOfService", "contact", "license"}),
    "parameter": frozenset({"allowEmptyValue"}),
    # The caller reads response headers from `raw`, as text: their types are not used.
    "header": frozenset({"schema", "content", "style", "explode", "example", "examples"}),
    # A docstring names the link; the client does not follow it.
    "link": frozenset({"parameters", "requestBody", "server"}),
    "server": frozenset({"description", "name"}),
    "server variable": frozenset({"enum", "description"}),
    "schema": frozenset(
        {
            "example",
            "examples",
            "externalDocs",
            "xml",
            "$anchor",
            "$comment",
            "$defs",
            "definitions",
            "contentMediaType",
        }
    ),
}
"""Keywords that change no message: they are for people who read the document."""

REFUSED: dict[str, dict[str, str]] = {
    "document": {"webhooks": "the client receives no calls"},
    "components": {"callbacks": "the client receives no calls"},
    "operation": {"callbacks": "the client receives no calls"},
    "parameter": {"allowReserved": "reserved characters are always percent-encoded"},
    "link": {"operationRef": "name the operation by its operationId"},
    "schema": {
        "not": "describe what is allowed instead",
        "if": "use oneOf",
        "then": "use oneOf",
        "else": "use oneOf",
        "dependentRequired": "use oneOf",
        "dependentSchemas": "use oneOf",
        "dependencies": "use oneOf",
        "additionalItems": "use items",
        "unevaluatedItems": "use items",
        "contains": "remove it, or move it into the description",
        "minContains": "remove it, or move it into the description",
        "maxContains": "remove it, or move it into the description",
        "unevaluatedProperties": "use additionalProperties",
        "contentSchema": "remove it, or move it into the description",
        "$schema": "all schemas are of the document's dialect",
        "$id": "refer to schemas by their place, #/components/schemas/…",
        "$dynamicAnchor": "refer to schemas by their place, #/components/schemas/…",
        "$dynamicRef": "refer to schemas by their place, #/components/schemas/…",
        "$recursiveAnchor": "refer to schemas by their place, #/components/schemas/…",
        "$recursiveRef": "refer to schemas by their place, #/components/schemas/…",
        "$vocabulary": "all schemas are of the document's dialect",
    },
}
"""Keywords that change the meaning of messages and cannot be generated, with the cure.

Each of them only forbids something, or is about calls that a client does not make: without it, no valid body is lost.
"""

# Keywords with a value that has no effect, wherever they stand.
_WITHOUT_EFFECT: tuple[tuple[str, Any], ...] = (
    ("allowReserved", False),
    ("webhooks", {}),
    ("callbacks", {}),
)


def check_keywords(node: Node, kind: str) -> None:
    """Note the keywords of an object that are neither translated nor annotations.

    Args:
        node: The object.
        kind: What it is: a key of the tables above.

    Raises:
        SpecError: There is one, and the document is read strictly.
    """
    known = TRANSLATED.get(kind, frozenset()) | ANNOTATIONS.get(kind, frozenset())
    for name, value in node.object().items():
        if name in known or name.startswith("x-") or (name, value) in _WITHOUT_EFFECT:
            continue
        cure = REFUSED.get(kind, {}).get(name)
        if cure is None:
            node.note(f"{name!r} is not a keyword of the {_object(kind)} Object; correct it, or call it x-{name}")
        else:
            (node / name).note(f"is not supported: {cure}")


def _object(kind: str) -> str:
    """Return what the specification calls it, as in "Path Item Object"."""
    return {"document": "OpenAPI", "body": "Request Body"}.get(kind, kind.title())
