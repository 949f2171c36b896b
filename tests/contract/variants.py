"""Values around what a schema allows, in a fixed order: a whole one, and then each with one thing different.

They are the same in every run, take no search, and go further than a generator does: to both sides of each bound, to
each character beside a range of a pattern, to each type in each place. Whether one is right is not said here.
"""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING, Any

from tests.contract.fragment import resolved

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["least", "variants", "whole"]

_OF_EACH_TYPE: list[Any] = [None, True, -1, 0, 1, 2, 1.5, 2.0, "", "1", "text", [], {}, ["text"], {"a": 1}]
_TEXT_OF_FORMAT = {"date-time": "2012-12-12T10:53:43-08:00", "uri": "https://upload.box.com/a", "binary": "text"}
_NEAR_FORMATS = {
    "date-time": ["2012-12-12", "2012-12-12T10:53:43", "2012-13-12T10:53:43Z", "2012-12-12T10:53:43.5Z", "10:53:43Z"],
    "uri": ["/a", "https://a b", "urn:a:b", "d9428888-122b-11e1-b85c-61cd3cbb3210"],
}
# Both ends of the ranges that patterns are made of, and their neighbours.
_BESIDE_RANGES = "/0189:;@AFGYZ[`afgyz{\x1f !\x7e\x7f\x80+=.-\\\n\x00\x1e é"


def whole(schema: Any) -> Any:
    """Return a value with everything that the schema names."""
    merged = _merged(schema)
    if "const" in merged or "enum" in merged:
        return merged["const"] if "const" in merged else merged["enum"][0]
    for alternative in _alternatives(merged)[:1]:
        return whole(alternative)
    kind = _kind(merged)
    if kind == "object":
        return {name: whole(inner) for name, inner in merged.get("properties", {}).items()}
    if kind == "array":
        return [whole(merged["items"])]
    if kind == "integer":
        return max(merged.get("minimum", 0), 1)
    return _text(merged) if kind == "string" else None


def least(schema: Any) -> Any:
    """Return a value with as little as the schema allows."""
    merged = _merged(schema)
    if "const" not in merged and _kind(merged) == "object":
        required = merged.get("required", [])
        return {name: least(inner) for name, inner in merged["properties"].items() if name in required}
    return whole(merged)


def variants(schema: Any) -> Iterator[Any]:
    """Yield a whole value, and it with one thing different, wherever that is."""
    merged = _merged(schema)
    value = whole(merged)
    yield value
    for alternative in _alternatives(merged):
        yield from variants(alternative)
    if isinstance(value, dict):
        yield least(merged)
        for name in value:
            yield {key: item for key, item in value.items() if key != name}
        yield {**value, "more": "text"}
        for name, inner in merged.get("properties", {}).items():
            yield from ({**value, name: changed} for changed in variants(inner))
    elif isinstance(value, list):
        yield [*value, *value]
        yield from ([changed] for changed in variants(merged["items"]))
    yield from _telling(merged, value)


def _telling(schema: Any, value: Any) -> Iterator[Any]:
    yield from _OF_EACH_TYPE
    if isinstance(value, str):
        yield f"{value} {value}"
        for name in ("minLength", "maxLength"):
            yield from ("a" * (schema[name] + step) for step in (-1, 0, 1) if name in schema)
        yield from _NEAR_FORMATS.get(schema.get("format", ""), [])
        if "pattern" in schema or "enum" in schema or "const" in schema:
            for example in dict.fromkeys([value, *schema.get("examples", [])]):
                yield from _near(example)
    elif isinstance(value, int):
        bounds = {schema.get("minimum", 0), schema.get("maximum", 0), 2**31, 2**63}
        yield from (bound + step for bound in sorted(bounds) for step in (-1, 0, 1))


def _near(text: str) -> Iterator[str]:
    """Yield texts that differ in a character or two, at the ends and in the middle."""
    yield from (text[:-1], text[1:], text + text[-1], text[0] + text, text * 2)
    for character in "~x \n\x7fé":
        yield from (f"{character}{text}", f"{text}{character}", f"{text}{character}{text}")
    for place in sorted({0, 1, len(text) // 2, len(text) - 2, len(text) - 1} & set(range(len(text)))):
        yield from (text[:place] + character + text[place + 1 :] for character in _BESIDE_RANGES)
    numbers = list(re.finditer("[0-9]+", text))
    # Many of them are the digits of a checksum.
    for number in numbers if len(numbers) < 4 else ():
        repeated = (digit * length for digit in "09" for length in range(1, 22))
        for changed in (*repeated, "", "1", "10", "/", ":", "1/", "1:"):
            yield text[: number.start()] + changed + text[number.end() :]
    for run in (string.digits, string.ascii_lowercase):
        yield from (text.replace(character, "") for character in sorted(set(text) & set(run))[:3])


def _merged(schema: Any) -> dict[str, Any]:
    """Return a schema without references and `allOf`."""
    merged: dict[str, Any] = {}
    own = {key: value for key, value in schema.items() if key not in {"$ref", "allOf"}}
    parts = [resolved({"$ref": schema["$ref"]})] if "$ref" in schema else []
    for part in (*map(_merged, [*parts, *schema.get("allOf", [])]), own):
        properties = {**merged.get("properties", {}), **part.get("properties", {})}
        required = [*merged.get("required", []), *part.get("required", [])]
        merged |= part
        merged |= {"properties": properties, "required": required} if properties else {}
    return merged


def _alternatives(schema: dict[str, Any]) -> list[dict[str, Any]]:
    own = {key: value for key, value in schema.items() if key not in {"anyOf", "oneOf"}}
    return [{**own, **_merged(alternative)} for key in ("anyOf", "oneOf") for alternative in schema.get(key, [])]


def _kind(schema: dict[str, Any]) -> str:
    kind: str | list[str] = schema.get("type", "null")
    return kind if isinstance(kind, str) else kind[0]


def _text(schema: dict[str, Any]) -> str:
    examples: list[str] = schema.get("examples", [_TEXT_OF_FORMAT.get(schema.get("format", ""), "text")])
    return examples[0]
