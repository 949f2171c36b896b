"""What two schemas allow that both have to hold, as one schema."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["ANNOTATIONS", "LEAST", "MOST", "NARROWING_FORMATS", "All", "constraints", "intersection", "types"]

_Node: TypeAlias = dict[str, Any]

ANNOTATIONS = {"$comment", "default", "deprecated", "description", "example", "examples", "externalDocs", "title"}
LEAST = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
MOST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
NARROWING_FORMATS = {("int64", "int32"), ("double", "float")}


class All(tuple[Any, ...]):
    """Values of one keyword that no single value can stand for, such as two patterns; each has to hold."""

    __slots__ = ()

    @classmethod
    def of(cls, value: Any) -> All:
        """Return a value as the only one, and several as they are."""
        return value if isinstance(value, cls) else cls([value])

    def __repr__(self) -> str:
        return " and ".join(map(repr, self))


def intersection(left: _Node, right: _Node) -> _Node:
    """Return a schema that allows what both allow; what says nothing of values is taken from the first."""
    merged = {**right, **left}
    for keyword in (left.keys() & right.keys() & constraints(left)) - {"const", "enum"}:
        merged[keyword] = _both(keyword, left[keyword], right[keyword])
    values = [given for given in map(_values, (left, right)) if given is not None]
    if len(values) > 1:
        merged.pop("const", None)
        merged["enum"] = [value for value in values[0] if value in values[1]]
    return merged


def _both(keyword: str, left: Any, right: Any) -> Any:
    """Return what a keyword says if it has to hold with both of its values."""
    if left == right:
        return left
    if keyword in _JOINED:
        return _JOINED[keyword](left, right)
    return All(dict.fromkeys((*All.of(left), *All.of(right))) if _is_plain(left, right) else (left, right))


def _common_types(left: Any, right: Any) -> Any:
    common = _spelled(left) & _spelled(right)
    names = sorted(common - {"integer"} if "number" in common else common)
    return names[0] if len(names) == 1 else names


def _narrower_format(left: Any, right: Any) -> Any:
    if (left, right) in NARROWING_FORMATS:
        return right
    return left if (right, left) in NARROWING_FORMATS else All([left, right])


def _properties(left: _Node, right: _Node) -> _Node:
    return {**right, **left, **{name: {"allOf": [left[name], right[name]]} for name in left.keys() & right.keys()}}


def _schema(left: Any, right: Any) -> Any:
    return False if left is False or right is False else {"allOf": [left, right]}


def _alternatives(left: list[Any], right: list[Any]) -> list[Any]:
    return [{"allOf": list(pair)} for pair in product(left, right)]


_JOINED: Mapping[str, Callable[[Any, Any], Any]] = {
    **dict.fromkeys(LEAST, max),
    **dict.fromkeys(MOST, min),
    "type": _common_types,
    "format": _narrower_format,
    "required": lambda left, right: sorted({*left, *right}),
    "properties": _properties,
    **dict.fromkeys(("items", "additionalProperties"), _schema),
    **dict.fromkeys(("anyOf", "oneOf"), _alternatives),
    # They differ, so one of them is true.
    "uniqueItems": lambda _one, _other: True,
}
"""How two values of a keyword are joined."""


def _is_plain(*values: Any) -> bool:
    return all(isinstance(value, str | int | float | All) for value in values)


def _spelled(names: Any) -> set[str]:
    """Return types by name; a number may be an integer."""
    given = {names} if isinstance(names, str) else set(names)
    return given | ({"integer"} if "number" in given else set())


def _values(schema: _Node) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def constraints(schema: _Node) -> set[str]:
    """Return the keywords of a schema that say more than words do."""
    return {key for key in schema if key not in ANNOTATIONS and not key.startswith("x-")}


def types(schema: _Node) -> set[str]:
    """Return the types that a schema names, by itself or by its values; none if it leaves them open."""
    values = schema.get("enum", [schema["const"]] if "const" in schema else [])
    named = schema.get("type", ["string"] if values and all(isinstance(value, str) for value in values) else [])
    return {named} if isinstance(named, str) else set(named)
