"""How the keywords of schemas are changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from tests.prove.spec_mutants.mutant import Change, Rule, drop, put, renamed, without
from tests.prove.spec_mutants.patterns import looser_and_tighter
from tests.prove.spec_mutants.sites import Site

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
_TEXTS: Final = frozenset({"BoxId", "FileName", "Sha1", "PartId", "UploadSessionId", "ErrorCode"})


def _set(site: Site, kind: str, name: str, value: Any) -> Change:
    return put(site, kind, f"{site.node[name]} becomes {value}", name, value)


def _drop_value(kind: str, name: str) -> Rule:
    return lambda site: drop(kind, name, f"{site.node[name]} is dropped")(site)


def _type(site: Site) -> Iterator[Change]:
    value = site.node["type"]
    names = [value] if isinstance(value, str) else value
    other = [_OTHER_TYPE[names[0]], *names[1:]]
    yield put(site, "type", f"{names[0]} becomes {other[0]}", "type", other if isinstance(value, list) else other[0])
    if len(names) > 1:
        only = [name for name in names if name != "null"]
        yield put(site, "nullability", "null is no longer allowed", "type", only[0])
    elif names != ["null"]:
        yield put(site, "nullability", "null is allowed as well", "type", [*names, "null"])


def _bound(name: str) -> Rule:
    def rule(site: Site) -> Iterator[Change]:
        value = site.node[name]
        for step in (-1, 1):
            if value + step >= 0 or name in {"minimum", "maximum"}:
                yield _set(site, "bound", name, value + step)

    return rule


def _format(site: Site) -> Iterator[Change]:
    if site.node["format"] in _OTHER_FORMAT:
        yield _set(site, "format", "format", _OTHER_FORMAT[site.node["format"]])


def _pattern(site: Site) -> Iterator[Change]:
    for pattern in looser_and_tighter(site.node["pattern"]):
        yield put(site, "pattern", f"becomes {pattern}", "pattern", pattern)


def _enum(site: Site) -> Iterator[Change]:
    values = site.node["enum"]
    for value in values:
        rest = [other for other in values if other != value]
        yield put(site, "enum", f"{value} is no longer in it", "enum", rest)
    yield put(site, "enum", f"{values[-1]} becomes {values[-1]}_", "enum", [*values[:-1], f"{values[-1]}_"])
    yield put(site, "enum", "another is in it", "enum", [*values, "another"])


def _const(site: Site) -> Iterator[Change]:
    yield _set(site, "const", "const", f"{site.node['const']}_")


def _members(name: str) -> Rule:
    def rule(site: Site) -> Iterator[Change]:
        members = site.node[name]
        for index in range(len(members)):
            rest = [*members[:index], *members[index + 1 :]]
            yield put(site, "composition", f"member {index} is dropped", name, rest, index)

    return rule


def _properties(site: Site) -> Iterator[Change]:
    """Rename and remove properties, in `required` as well, and require those that may be absent."""
    node, properties = site.node, site.node["properties"]
    required: list[str] = node.get("required", [])
    for name in properties:
        place = ("properties", name)
        names = [f"{other}_" if other == name else other for other in required]
        renaming = _shaped(node, renamed(properties, name, f"{name}_"), names)
        yield Change("property", f"is called {name}_", renaming, place)
        names = [other for other in required if other != name]
        yield Change("property", "is removed", _shaped(node, without(properties, name), names), place)
        if name not in required:
            yield Change("required", "is required", _shaped(node, properties, [*required, name]), place)


def _shaped(node: dict[str, Any], properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    """Return an object schema with other properties; an empty `required` is left out."""
    shaped = {**without(node, "required"), "properties": properties}
    return {**shaped, "required": required} if required else shaped


def _required(site: Site) -> Iterator[Change]:
    for name in site.node["required"]:
        rest = [other for other in site.node["required"] if other != name]
        changed = _shaped(site.node, site.node["properties"], rest)
        yield Change("required", "is no longer required", changed, ("properties", name))


def _object(site: Site) -> Iterator[Change]:
    """Close an object that is open by saying nothing."""
    name = "additionalProperties"
    if site.node["type"] == "object" and name not in site.node:
        yield put(site, name, "becomes false", name, False)  # the value of a keyword


def _default(site: Site) -> Iterator[Change]:
    yield _set(site, "default", "default", site.node["default"] + 1)


def _reference(site: Site) -> Iterator[Change]:
    folder, _, name = site.node["$ref"].rpartition("/")
    # Any other type will do: text where there was none, and a number in place of text.
    other = "FileSize" if name in _TEXTS else "FileName"
    yield put(site, "reference", f"leads to {other}", "$ref", f"{folder}/{other}")


_BOUNDS: Final = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems")
SCHEMA_RULES: Mapping[tuple[str, str], tuple[Rule, ...]] = {
    ("schema", "$ref"): (_reference,),
    ("schema", "type"): (_type, _object),
    ("schema", "format"): (_format, _drop_value("format", "format")),
    **{("schema", name): (_bound(name), _drop_value("bound", name)) for name in _BOUNDS},
    ("schema", "pattern"): (_pattern, drop("pattern", "pattern")),
    ("schema", "enum"): (_enum, drop("enum", "enum")),
    ("schema", "const"): (_const, _drop_value("const", "const")),
    **{("schema", name): (_members(name),) for name in ("allOf", "anyOf", "oneOf")},
    ("schema", "items"): (drop("items", "items"),),
    ("schema", "properties"): (_properties,),
    ("schema", "required"): (_required,),
    ("schema", "additionalProperties"): (drop("additionalProperties", "additionalProperties"),),
    ("schema", "default"): (_default, _drop_value("default", "default")),
}
