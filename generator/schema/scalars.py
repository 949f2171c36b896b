"""Strings, numbers and enums as types with constraints."""

from __future__ import annotations

import json
import math
import re
import sys
from fractions import Fraction
from typing import Any

from generator.document.document import Node
from generator.errors import SpecError
from generator.overlay._runtime.formats import FORMAT_PATTERNS
from generator.overlay._runtime.json_types import is_array
from generator.python.literals import long_literal, python_literal

from .patterns import python_pattern
from .types import ANY, NONE, Choice, Scalar, Truth, Type

_OBJECT_FORMATS: dict[Any, Scalar] = {
    "date-time": Scalar("datetime.datetime", (("tz", "True"),)),
    "date": Scalar("datetime.date"),
    "uuid": Scalar("UUID"),
    "byte": Scalar("bytes"),
}
_STRING_CONSTRAINTS = ("minLength", "maxLength", "pattern")
_LENGTHS = {"minLength": "min_length", "maxLength": "max_length"}
_INT64 = (-(2**63), 2**63 - 1)
_INTEGER_FORMATS: dict[Any, tuple[int, int]] = {
    "int8": (-(2**7), 2**7 - 1),
    "int16": (-(2**15), 2**15 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "int64": _INT64,
    "uint8": (0, 2**8 - 1),
    "uint16": (0, 2**16 - 1),
    "uint32": (0, 2**32 - 1),
}
_SAYS_A_VALUE = re.compile(r"true|false|-?(0|[1-9]\d{0,99})(\.\d{1,99})?")
_TYPES_OF_VALUES = {
    str: {"string"},
    bool: {"boolean"},
    int: {"integer", "number"},
    float: {"number"},
    type(None): {"null"},
}


def is_binary(node: Node) -> bool:
    """Return whether a schema means raw bytes, not JSON."""
    if not isinstance(node.value, dict):
        return False
    schema = node.object()
    # OpenAPI 3.1 says it with a media type, where nothing encodes the bytes as text.
    is_content = schema.get("contentMediaType") == "application/octet-stream" and "contentEncoding" not in schema
    return schema.get("format") == "binary" or (is_content and "type" in schema)


def with_both_types(node: Node) -> Node:
    """Return a schema of format int-or-string with both types, which Kubernetes declares as a string alone."""
    if node.object().get("format") != "int-or-string":
        return node
    rest = {name: value for name, value in node.object().items() if name not in {"format", "oneOf", "anyOf"}}
    null = ["null"] if "null" in _declared_types(node) else []
    return node.with_value({**rest, "type": ["integer", "string", *null]})


def string_type(node: Node, *, is_part: bool = False) -> Type:
    """Return the type of a schema of type string, which may be that of a part of a form."""
    schema = node.object()
    format_ = schema.get("format")
    constraints = [name for name in _STRING_CONSTRAINTS if name in schema]
    if is_binary(node):
        if not is_part:
            problem = "format binary is only supported as a whole body or a file of a form; in JSON, use byte (base64)"
            node.note(problem, "taken as a string")
        format_ = None
    object_type = _OBJECT_FORMATS.get(format_)
    if object_type is None and format_ is None and str(schema.get("contentEncoding")).lower() == "base64":
        object_type = _OBJECT_FORMATS["byte"]
    if object_type is not None:
        if constraints := [name for name in constraints if not _is_implied(node / name, format_)]:
            node.note(f"{', '.join(constraints)} is not supported beside format {format_ or 'byte'}; remove one")
        return object_type
    meta = [(_LENGTHS[name], str(whole_number(node / name))) for name in _LENGTHS if name in schema]
    if format_ in FORMAT_PATTERNS and "pattern" in schema:
        node.note(f"pattern is not supported beside format {format_}; remove one", "the pattern counts")
    if format_ in FORMAT_PATTERNS and "pattern" not in schema:
        meta.append(("pattern", f"FORMAT_PATTERNS[{python_literal(format_)}]"))
    elif "pattern" in schema and (pattern := _read_pattern(node / "pattern")):
        meta.append(("pattern", pattern))
    # An unknown format or encoding is only an annotation; it stays visible in the type.
    notes = {name: (node / name).text() for name in ("format", "contentEncoding") if name in schema}
    if notes and (format_ not in FORMAT_PATTERNS or "pattern" in schema):
        shown = ", ".join(f"{python_literal(name)}: {python_literal(text)}" for name, text in notes.items())
        meta.append(("extra_json_schema", f"{{{shown}}}"))
    return Scalar("str", tuple(meta))


def number_type(node: Node, name: str) -> Type:  # a branch for each keyword
    """Return the type of a schema of type integer or number."""
    schema = node.object()
    whole = name == "integer"
    bounds: dict[str, list[tuple[int | float, bool]]] = {"minimum": [], "maximum": []}
    if whole and schema.get("format") in _INTEGER_FORMATS:
        low, high = _INTEGER_FORMATS[schema["format"]]
        bounds["minimum"].append((low, False))
        bounds["maximum"].append((high, False))
    for keyword, found in bounds.items():
        exclusive = node.get(f"exclusive{keyword.capitalize()}")
        is_flag = exclusive is not None and isinstance(exclusive.value, bool)
        if keyword in schema:
            found.append((_read_number(node / keyword), is_flag and exclusive is not None and exclusive.value))
        elif is_flag and exclusive is not None:
            exclusive.note(f"has no effect without {keyword}; write the bound itself")
        if exclusive is not None and not is_flag:
            found.append((_read_number(exclusive), True))
    meta: list[tuple[str, str]] = []
    if bounds["minimum"]:
        value, is_exclusive = max(bounds["minimum"])
        meta.append(_lower_bound(value, exclusive=is_exclusive, whole=whole))
    if bounds["maximum"]:
        value, is_exclusive = min(bounds["maximum"], key=lambda bound: (bound[0], not bound[1]))
        meta.append(_upper_bound(value, exclusive=is_exclusive, whole=whole))
    if "multipleOf" in schema and (multiple := _read_multiple(node / "multipleOf", whole=whole)):
        meta.append(("multiple_of", multiple))
    beyond = [(word, text) for word, text in meta if whole and not _INT64[0] <= int(text) <= _INT64[1]]
    for word, text in beyond:
        node.note(f"the bound {word} {text} is beyond int64, which msgspec cannot check")
    return Scalar("int" if whole else "float", tuple(found for found in meta if found not in beyond))


def enum_types(node: Node) -> list[Type]:
    """Return the types of a schema with `const` or `enum`, whose union it is."""
    schema = node.object()
    where = node / ("const" if "const" in schema else "enum")
    values: list[Any] = [schema["const"]] if "const" in schema else where.array()
    if "const" in schema and "enum" in schema and schema["const"] not in (node / "enum").array():
        raise SpecError(where.place, "is not in the enum beside it, so no value matches; correct one of them")
    declared = _declared_types(node)
    if not values:
        raise SpecError(where.place, "is empty, so no value matches; list at least one")
    if meant := values_as_declared(node):
        shown = ", ".join(json.dumps(value, ensure_ascii=False) for value in meant)
        where.note(f"has no value of type {' or '.join(sorted(declared))}; write {shown}", f"{shown} allowed as well")
        # Some servers mean the type, others the values.
        values = [*meant, *values]
    for value in () if meant else values:
        fits = not declared or bool(declared & _TYPES_OF_VALUES.get(value.__class__, declared))
        if not fits and (value is not None or schema.get("nullable") is not True):
            where.note(f"{value!r} is not of type {' or '.join(sorted(declared))}", "allowed as well")
    types = [_value_type(where, value) for value in values]
    named = dict.fromkeys(value for type_ in types if isinstance(type_, Choice) for value in type_.values)
    if Scalar("int") in types:
        named = {value: None for value in named if isinstance(value, str)}
    others = [type_ for type_ in dict.fromkeys(types) if not isinstance(type_, Choice)]
    if {Truth(value=True), Truth(value=False)} <= set(others):
        others = [*(type_ for type_ in others if not isinstance(type_, Truth)), Scalar("bool")]
    return [*([Choice(tuple(named))] if named else []), *others]


def values_as_declared(node: Node) -> list[Any]:
    """Return the values of an enum as those of the type beside it, such as 0 for "0".

    Empty if a value is of that type already, or says no value of it; null is left as it is.
    """
    values: Any = node.object().get("enum")
    declared = _declared_types(node)
    if not declared or not is_array(values) or all(value is None for value in values):
        return []
    found = [value if value is None else _as_declared(value, declared) for value in values]
    return [] if any(new is None and old is not None for new, old in zip(found, values, strict=True)) else found


def _as_declared(value: object, declared: set[str]) -> str | float | None:
    """Return a string as the number or boolean that it says, or one of these as a string; None if it is neither."""
    if isinstance(value, str):
        said = json.loads(value) if "string" not in declared and _SAYS_A_VALUE.fullmatch(value) else None
        # What is written in another way, such as 1.50, may be meant as text.
        is_exact = said is not None and json.dumps(said) == value
        return said if is_exact and _TYPES_OF_VALUES[type(said)] & declared else None
    is_said = isinstance(value, (int, float)) and not _TYPES_OF_VALUES[type(value)] & declared
    return json.dumps(value) if is_said and "string" in declared else None


def _declared_types(node: Node) -> set[str]:
    types = node.object().get("type")
    return set[str](types) if is_array(types) else {types} if types else set[str]()


def _value_type(where: Node, value: object) -> Type:  # noqa: PLR0911  # a return for each kind
    """Return the type that has a value of an enum alone; a wider one, with a note, if there is none."""
    match value:
        case None:
            return NONE
        case bool():
            return Truth(value)
        case str():
            return Choice((value,))
        case int() if _INT64[0] <= value <= _INT64[1]:
            return Choice((value,))
        case int():
            where.note(f"{value} is beyond int64, which msgspec cannot compare", "any integer is allowed")
            return Scalar("int")
        case float() if value.is_integer():
            # JSON does not tell 1.0 from 1.
            return _value_type(where, int(value))
        case float() if math.isfinite(value):
            return Scalar("float", (("ge", repr(value)), ("le", repr(value))))
        case _:
            problem = f"{value!r} is not supported; only strings, numbers, booleans and null are"
            where.note(problem, "any value is allowed")
            return ANY


def _is_implied(node: Node, format_: object) -> bool:
    """Return whether a length says nothing new about a string of a format: each UUID has 36 characters."""
    name = node.place.rpartition("/")[2]
    length = node.value if isinstance(node.value, int) else -1
    return format_ == "uuid" and ((name == "minLength" and length <= 36) or (name == "maxLength" and length >= 36))


def whole_number(node: Node) -> int:
    """Return the value of a node, which has to be a whole number, zero or more."""
    if isinstance(node.value, bool) or not isinstance(node.value, (int, float)):
        raise SpecError(node.place, "must be a whole number, zero or more")
    if node.value < 0 or node.value != int(node.value) or node.value > _INT64[1]:
        raise SpecError(node.place, "must be a whole number, zero or more")
    return int(node.value)


def _read_number(node: Node) -> int | float:
    if isinstance(node.value, bool) or not isinstance(node.value, (int, float)):
        raise SpecError(node.place, "must be a number")
    if abs(node.value) > sys.float_info.max:
        raise SpecError(node.place, "is beyond what a float can hold; remove it")
    return node.value


def _lower_bound(value: float, *, exclusive: bool, whole: bool) -> tuple[str, str]:
    if whole:
        return "ge", str(math.floor(value) + 1 if exclusive else math.ceil(value))
    return "gt" if exclusive else "ge", repr(value)


def _upper_bound(value: float, *, exclusive: bool, whole: bool) -> tuple[str, str]:
    if whole:
        return "le", str(math.ceil(value) - 1 if exclusive else math.floor(value))
    return "lt" if exclusive else "le", repr(value)


def _read_multiple(node: Node, *, whole: bool) -> str | None:
    value = _read_number(node)
    if value <= 0:
        raise SpecError(node.place, "must be greater than 0")
    if whole:
        if value != int(value):
            node.note(f"{value} is not supported for an integer; use a whole number")
            return None
        return str(int(value))
    # In binary, 0.3 is not a multiple of 0.1: a check would reject values that the document allows.
    if Fraction(repr(value)) != Fraction(value):
        node.note(f"{value} has no exact binary form, so it cannot be checked; remove it")
        return None
    return repr(value)


def _read_pattern(node: Node) -> str | None:
    try:
        pattern = python_pattern(node.text())
    except ValueError as error:
        node.note(str(error))
        return None
    if '"' in pattern or pattern.endswith("\\") or not pattern.isprintable():
        return long_literal(pattern)
    return f'r"{pattern}"'
