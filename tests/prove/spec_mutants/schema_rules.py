"""How the keywords of schemas are changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from tests.prove.spec_mutants.mutant import Change, without
from tests.prove.spec_mutants.patterns import looser_and_tighter
from tests.prove.spec_mutants.sites import Site

__all__ = ["SCHEMA_RULES", "Rule"]

Rule: TypeAlias = Callable[[Site], Iterator[Change]]
"""Proposes changes of one keyword of an object that has it."""

_OTHER_TYPE: Final = {
    "string": "integer",
    "integer": "string",
    "number": "string",
    "boolean": "string",
    "array": "object",
    "object": "string",
    "null": "boolean",
}
_OTHER_FORMAT: Final = {"int32": "int64", "int64": "int32", "date-time": "date", "uri": "uuid"}


def _set(node: dict[str, Any], kind: str, name: str, value: Any) -> Change:
    return Change(kind, f"{_said(node[name])} becomes {_said(value)}", {**node, name: value}, (name,))


def _dropped(node: dict[str, Any], kind: str, name: str) -> Change:
    return Change(kind, f"{_said(node[name])} is dropped", without(node, name), (name,))


def _said(value: Any) -> str:
    return str(value) if isinstance(value, str | int) else "it"


def _type(site: Site) -> Iterator[Change]:
    node, value = site.node, site.node["type"]
    names = [value] if isinstance(value, str) else value
    other = [_OTHER_TYPE[names[0]], *names[1:]]
    changed = {**node, "type": other if isinstance(value, list) else other[0]}
    yield Change("type", f"{names[0]} becomes {other[0]}", changed, ("type",))
    if len(names) > 1:
        only = [name for name in names if name != "null"]
        yield Change("nullability", "null is no longer allowed", {**node, "type": only[0]}, ("type",))
    elif names != ["null"]:
        yield Change("nullability", "null is allowed as well", {**node, "type": [*names, "null"]}, ("type",))


def _bound(name: str) -> Rule:
    def rule(site: Site) -> Iterator[Change]:
        value = site.node[name]
        for step in (-1, 1):
            if value + step >= 0 or name in {"minimum", "maximum"}:
                yield _set(site.node, "bound", name, value + step)
        yield _dropped(site.node, "bound", name)

    return rule


def _format(site: Site) -> Iterator[Change]:
    if site.node["format"] in _OTHER_FORMAT:
        yield _set(site.node, "format", "format", _OTHER_FORMAT[site.node["format"]])
    yield _dropped(site.node, "format", "format")


def _pattern(site: Site) -> Iterator[Change]:
    for pattern in looser_and_tighter(site.node["pattern"]):
        yield Change("pattern", f"becomes {pattern}", {**site.node, "pattern": pattern}, ("pattern",))
    yield Change("pattern", "is dropped", without(site.node, "pattern"), ("pattern",))


def _enum(site: Site) -> Iterator[Change]:
    values = site.node["enum"]
    for value in values:
        rest = [other for other in values if other != value]
        yield Change("enum", f"{value} is no longer in it", {**site.node, "enum": rest}, ("enum",))
    changed = [*values[:-1], f"{values[-1]}_"]
    yield Change("enum", f"{values[-1]} becomes {values[-1]}_", {**site.node, "enum": changed}, ("enum",))
    yield Change("enum", "another is in it", {**site.node, "enum": [*values, "another"]}, ("enum",))
    yield Change("enum", "is dropped", without(site.node, "enum"), ("enum",))


def _const(site: Site) -> Iterator[Change]:
    yield _set(site.node, "const", "const", f"{site.node['const']}_")
    yield _dropped(site.node, "const", "const")


def _members(name: str) -> Rule:
    def rule(site: Site) -> Iterator[Change]:
        for index in range(len(site.node[name])):
            rest = [member for place, member in enumerate(site.node[name]) if place != index]
            yield Change("composition", f"member {index} is dropped", {**site.node, name: rest}, (name, index))

    return rule


def _items(site: Site) -> Iterator[Change]:
    yield Change("items", "is dropped", without(site.node, "items"), ("items",))


def _properties(site: Site) -> Iterator[Change]:
    """Rename and remove properties, in `required` as well, and require those that may be absent."""
    node, properties = site.node, site.node["properties"]
    required: list[str] = node.get("required", [])
    for name in properties:
        place = ("properties", name)
        renamed = {f"{key}_" if key == name else key: value for key, value in properties.items()}
        names = [f"{other}_" if other == name else other for other in required]
        yield Change("property", f"is called {name}_", _shaped(node, renamed, names), place)
        names = [other for other in required if other != name]
        yield Change("property", "is removed", _shaped(node, without(properties, name), names), place)
        if name not in required:
            yield Change("required", "is required", _shaped(node, properties, [*required, name]), place)


def _shaped(node: dict[str, Any], properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    """Return an object schema with other properties; an empty `required` is left out."""
    shaped = {**without(node, "required"), "properties": properties}
    return {**shaped, "required": required} if required else shaped


def _required(site: Site) -> Iterator[Change]:
    required: list[str] = site.node["required"]
    for name in required:
        rest = [other for other in required if other != name]
        changed = _shaped(site.node, site.node["properties"], rest)
        yield Change("required", "is no longer required", changed, ("properties", name))


def _additional(site: Site) -> Iterator[Change]:
    yield Change(
        "additionalProperties", "is dropped", without(site.node, "additionalProperties"), ("additionalProperties",)
    )


def _object(site: Site) -> Iterator[Change]:
    """Close an object that is open by saying nothing."""
    if site.node["type"] == "object" and "additionalProperties" not in site.node:
        closed = {**site.node, "additionalProperties": False}
        yield Change("additionalProperties", "becomes false", closed, ("additionalProperties",))


def _default(site: Site) -> Iterator[Change]:
    yield _set(site.node, "default", "default", site.node["default"] + 1)
    yield _dropped(site.node, "default", "default")


def _reference(site: Site) -> Iterator[Change]:
    folder, _, name = site.node["$ref"].rpartition("/")
    # Any other shape will do: text where there was none, and a number in place of text.
    other = "FileSize" if name in _TEXTS else "FileName"
    yield Change("reference", f"leads to {other}", {**site.node, "$ref": f"{folder}/{other}"}, ("$ref",))


_TEXTS: Final = frozenset({"BoxId", "FileName", "Sha1", "PartId", "UploadSessionId", "ErrorCode"})

SCHEMA_RULES: Mapping[str, tuple[Rule, ...]] = {
    "$ref": (_reference,),
    "type": (_type, _object),
    "format": (_format,),
    **{name: (_bound(name),) for name in ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems")},
    "pattern": (_pattern,),
    "enum": (_enum,),
    "const": (_const,),
    **{name: (_members(name),) for name in ("allOf", "anyOf", "oneOf")},
    "items": (_items,),
    "properties": (_properties,),
    "required": (_required,),
    "additionalProperties": (_additional,),
    "default": (_default,),
}
