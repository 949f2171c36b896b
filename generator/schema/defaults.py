"""Defaults: whether they fit their schema, and which of them the client applies.

A default says what the server takes for a value that is absent: the client sends nothing, and the docstring tells it.
With `x-client-default: true` beside it, the client sends it for an argument that is not given.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any
from uuid import UUID

import msgspec

from generator.document.document import Node
from generator.overlay._runtime.json_types import is_array, is_object
from generator.python.literals import python_literal

from .types import Array, Choice, Map, Model, Named, OneOf, Row, Scalar, Truth, Type

_CLIENT_DEFAULT = "x-client-default"
_KINDS: dict[str, Any] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "None": None,
    "bytes": bytes,
    "datetime.datetime": dt.datetime,
    "datetime.date": dt.date,
    "UUID": UUID,
}
_LITERAL_KINDS = frozenset({"str", "int", "float", "bool", "Any"})


def read_default(schemas: list[Node], type_: Type) -> str:
    """Return the default that the client applies, as Python; empty if there is none.

    Args:
        schemas: What may have the default: the first one counts.
        type_: The type that the default should be of.
    """
    node = next((schema for schema in schemas if "default" in schema.object()), None)
    if node is None:
        return ""
    value = (node / "default").value
    is_applied = any(schema.flag(_CLIENT_DEFAULT) for schema in schemas)
    if not _fits(value, type_):
        meaning = "not applied" if is_applied else "only shown"
        (node / "default").note(f"{json.dumps(value)} does not fit its own schema; correct one of them", meaning)
        return ""
    if is_applied and not any(_is_literal(value, member) for member in type_.members):
        problem = "x-client-default is only supported for strings without a format, numbers and booleans"
        (node / "default").note(problem, "not applied")
        return ""
    return python_literal(value) if is_applied else ""


def least_number(schemas: list[Node]) -> object:
    """Return the smallest number that a value may be, or else the one that the server takes; None if nothing says so.

    Args:
        schemas: What may say so: the first one counts.
    """
    found = (schema.object().get(keyword) for keyword in ("minimum", "default") for schema in schemas)
    return next((value for value in found if value is not None), None)


def server_default(schemas: list[Node]) -> object:
    """Return what the server takes for a value that is absent; None if nothing says so.

    Args:
        schemas: What may say so: the first one counts.
    """
    return next((schema.object()["default"] for schema in schemas if "default" in schema.object()), None)


def _fits(value: Any, type_: Type) -> bool:  # noqa: PLR0911  # a return for each kind
    """Return whether a value has the kind that a type asks for; its constraints are not checked."""
    match type_.resolved:
        case Choice(values):
            return not isinstance(value, bool) and value in values
        case Truth(allowed):
            return value is allowed
        case Array(item):
            return is_array(value) and all(_fits(member, item) for member in value)
        case Row(items, least, rest):
            types = (*items, *([rest] * (len(value) - len(items)) if is_array(value) and rest else []))
            return is_array(value) and least <= len(value) <= len(types) and all(map(_fits, value, types))
        case Map() | Named(Model()):
            return is_object(value)
        case Named(OneOf(is_recursive=True)) | Scalar("Any"):
            return True
        case Scalar(kind) if kind in _KINDS:
            return _is_of_kind(value, _KINDS[kind])
        case Scalar():
            return True
        case _:
            return any(_fits(value, member) for member in type_.members)


def _is_of_kind(value: Any, kind: Any) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


def _is_literal(value: Any, type_: Type) -> bool:
    """Return whether a value, written as a literal, is of a type."""
    is_plain = isinstance(type_, (Choice, Truth)) or (isinstance(type_, Scalar) and type_.python in _LITERAL_KINDS)
    return is_plain and isinstance(value, (str, int, float)) and _fits(value, type_)
