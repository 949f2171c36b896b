"""The smallest value that a schema allows, with the properties that it has to have."""

from __future__ import annotations

from typing import Any

from generator.document.document import Document, Node
from generator.errors import SpecError
from generator.schema.all_of import merge_all_of

_FORMATS = {
    "date-time": "2030-01-01T00:00:00+00:00",
    "date": "2030-01-01",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "byte": "YQ==",
    "uri": "https://example.com/",
    "email": "a@example.com",
    "hostname": "example.com",
    "ipv4": "127.0.0.1",
    "ipv6": "::1",
}
_DEPTH = 12


def sample(document: Document, schema: Node, depth: int = 0) -> Any:  # noqa: C901, PLR0911, PLR0912  # one for each kind
    """Return a value that a schema allows, as JSON; patterns are not looked at, but for examples."""
    flat = merge_all_of(document, document.resolve_schema(schema))
    while "$ref" in (flat.value if isinstance(flat.value, dict) else ()):
        flat = merge_all_of(document, document.resolve_schema(flat))
    if not isinstance(flat.value, dict):
        return {}
    keywords = flat.object()
    if "example" in keywords and keywords.get("type") in {"string", "integer", "number", "boolean"}:
        return keywords["example"]
    for name in ("const", "enum"):
        if name in keywords:
            return keywords[name] if name == "const" else keywords[name][0]
    for name in ("oneOf", "anyOf"):
        for alternative in flat.items(name):
            return sample(document, alternative, depth)
    kind = keywords.get("type", "object" if "properties" in keywords else "array" if "items" in keywords else None)
    if isinstance(kind, list):
        kind = next((name for name in kind if name != "null"), "null")
    match kind:
        case "object":
            properties = dict(flat.members("properties"))
            names = keywords.get("required", []) if depth < _DEPTH else []
            return {
                name: sample(document, properties[name], depth + 1) if name in properties else None for name in names
            }
        case "array":
            items = flat.get("items")
            count = keywords.get("minItems", 0) if depth < _DEPTH else 0
            return [sample(document, items, depth + 1) if items else {} for _ in range(count)]
        case "string":
            text = _FORMATS.get(keywords.get("format", ""), "text")
            return text.ljust(keywords.get("minLength", 0), "x")[: keywords.get("maxLength", len(text) + 1000)]
        case "integer" | "number":
            return max(keywords.get("minimum", 0), keywords.get("exclusiveMinimum", -1) + 1)
        case "boolean":
            return True
        case _:
            return None


def valid_sample(document: Document, schema: Node | None) -> Any:
    """Return a sample, or an empty object where a schema cannot be read."""
    try:
        return {} if schema is None else sample(document, schema)
    except SpecError:
        return {}
