"""What there is to exercise: the cells of the contract, read from the fragment.

A cell is one aspect of one thing that the fragment says:

- a *status* of an operation with a media type: `seen`;
- a *property* of a schema that a body leads to, once for requests and once for responses: `valid`, `invalid` (it alone
  is wrong), `missing` if it is required, `at …` for each limit, `as …` for each alternative; and for closed objects an
  `unknown` property. A schema that several operations share counts once: it is one statement of the fragment;
- a *parameter* of an operation: as a property;
- a response *header*: `seen`, with a valid value;
- a *link*: `followed`, the call that it names was made with what it says;
- *security* of an operation: a `right`, a `wrong` and `no` token.

Two sides are asked: the mock by its tests, the client by its own. `SENSELESS` says where a side cannot be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Literal, TypeAlias

import msgspec

from tests.contract.fragment import needs_token, operations, parameters, request_schema, resolved, responses

Side: TypeAlias = Literal["mock", "client"]
Kind: TypeAlias = Literal["status", "request property", "response property", "parameter", "header", "link", "security"]
SIDES: tuple[Side, ...] = ("mock", "client")
_BOUNDS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems")


class Cell(msgspec.Struct, frozen=True, order=True):
    """One aspect of one statement: what an operation or a schema, the owner, says of something."""

    owner: str
    kind: Kind
    name: str
    aspect: str

    def __str__(self) -> str:
        return f"{self.owner}: {self.kind} {self.name}: {self.aspect}"


SENSELESS: Mapping[tuple[Side, Kind], tuple[str, str]] = {
    ("mock", "response property"): ("invalid missing at as", "the mock never sends a wrong body, and not all it may"),
    ("client", "request property"): ("missing unknown", "Python itself refuses a call with such arguments"),
    ("client", "parameter"): ("missing", "Python itself refuses a call without it"),
    ("client", "security"): ("no", "a client has a token"),
}
"""By side and kind: the first words of the aspects that the side cannot exercise, and why."""


def is_sensible(cell: Cell, side: Side) -> bool:
    """Whether a side can exercise a cell."""
    senseless, _ = SENSELESS.get((side, cell.kind), ("", ""))
    return cell.aspect.partition(" ")[0] not in senseless.split()


def cells() -> set[Cell]:
    """Return all cells of the fragment."""
    return {cell for name in operations() for cell in _of_operation(name)}


def _of_operation(name: str) -> Iterator[Cell]:
    definition = operations()[name][2]
    with_body = {status for status, *_ in responses(name)}
    for status, media_type, schema in responses(name):
        yield Cell(name, "status", f"{status} {media_type}", "seen")
        yield from _of_schema(schema, f"{name} {status}", "response property")
    for status, response in definition["responses"].items():
        if int(status) not in with_body:
            yield Cell(name, "status", f"{status} without body", "seen")
        for header in resolved(response).get("headers", {}):
            yield Cell(name, "header", f"{status} {header}", "seen")
        for link in resolved(response).get("links", {}):
            yield Cell(name, "link", f"{status} {link}", "followed")
    for parameter in parameters(name).values():
        # A path without its parameter is another path.
        is_required = parameter.get("required", False) and parameter["in"] != "path"
        for aspect in aspects(parameter["schema"], is_required=is_required):
            yield Cell(name, "parameter", f"{parameter['in']} {parameter['name']}", aspect)
    if (body := request_schema(name)) is not None:
        yield from _of_schema(body, f"{name} body", "request property")
    for token in ("right", "wrong", "no") if needs_token(name) else ():
        yield Cell(name, "security", "token", token)


def _of_schema(schema: Any, fallback: str, kind: Kind, seen: frozenset[str] = frozenset()) -> Iterator[Cell]:
    """Yield the cells of a schema, and of those that it leads to."""
    owner = title(schema, fallback)
    if owner in seen:
        return
    seen |= {owner}
    for part in members(schema):
        required = part.get("required", [])
        for name, inner in part.get("properties", {}).items():
            for aspect in aspects(inner, is_required=name in required):
                yield Cell(owner, kind, name, aspect)
        if part.get("additionalProperties") is False:
            yield Cell(owner, kind, "any other", "unknown")
        for name, inner in _inner(part):
            yield from _of_schema(inner, f"{owner}.{name}", kind, seen)
    # What is composed has the properties of its parts, under their names.
    for inner in resolved(schema).get("allOf", []):
        if "$ref" in inner:
            yield from _of_schema(inner, owner, kind, seen)


def _inner(part: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, inner in part.get("properties", {}).items():
        yield name, inner
    if "items" in part:
        yield "items", part["items"]
    for keyword in ("anyOf", "oneOf"):
        for inner in part.get(keyword, []):
            yield "alternative", inner


def title(schema: Any, fallback: str) -> str:
    """Return the name of a schema under `components`, or another one if it stands where it is used."""
    reference: str = schema.get("$ref", "")
    return reference.rpartition("/")[2] if set(schema) - {"description"} == {"$ref"} else fallback


def members(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield a schema and what it is composed of in place; what it is composed of by reference has a name of its own."""
    whole = target(schema)
    yield whole
    for part in whole.get("allOf", []):
        if "$ref" not in part:
            yield from members(part)


def target(schema: Any) -> dict[str, Any]:
    """Follow the reference of a schema; a description may stand beside it."""
    while "$ref" in schema:
        schema = resolved({"$ref": schema["$ref"]})
    found: dict[str, Any] = schema
    return found


def aspects(schema: Any, *, is_required: bool) -> Iterator[str]:
    """Yield the cases of a value."""
    yield "valid"
    if _can_be_wrong(schema):
        yield "invalid"
    if is_required:
        yield "missing"
    for name in limits(schema):
        yield f"at {name}"
    for name in alternatives(schema):
        yield f"as {name}"


def _can_be_wrong(schema: Any) -> bool:
    if target(schema).get("format") == "binary":
        # Any bytes are right.
        return False
    return bool(set(target(schema)) - {"description", "examples", "example", "title"})


def limits(schema: Any) -> dict[str, int]:
    """Return the limits of a value by keyword; those of `int32` and `int64` are limits as well."""
    found = target(schema)
    named = {name: found[name] for name in _BOUNDS if name in found}
    if found.get("format") in {"int32", "int64"}:
        named.setdefault("maximum", 2 ** (31 if found["format"] == "int32" else 63) - 1)
    return named


@cache
def typed(*names: str) -> dict[str, Any]:
    """Return the schema of all values of some types."""
    return {"type": list(names)}


def alternatives(schema: Any) -> dict[str, Any]:
    """Return the alternatives of a value by name, each as a schema of its own."""
    found = target(schema)
    types = found.get("type")
    if isinstance(types, list):
        return {name: typed(name) for name in types}
    listed = [inner for keyword in ("anyOf", "oneOf") for inner in found.get(keyword, [])]
    return {
        title(inner, str(target(inner).get("type", "enum"))) + ("" if "enum" not in inner else " listed"): inner
        for inner in listed
    }
