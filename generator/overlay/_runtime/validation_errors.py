"""Explain why msgspec rejects a value, in words that name the argument."""

from __future__ import annotations

import datetime as dt
import decimal
import functools
import math
import re
import uuid
from typing import TYPE_CHECKING, Any, NamedTuple, cast, get_args

import msgspec

from .errors import InvalidArgumentError
from .formats import FORMAT_PATTERNS
from .hidden import Discreet
from .json_types import is_object
from .open_object import EXTRA
from .redaction import SECURE
from .text import short_repr

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = [
    "NATIVE",
    "argument_error",
    "aside",
    "check_finite",
    "encoding_error",
    "explain_decode_error",
    "holds_secret",
    "inspect_type",
    "shown_value",
    "within",
]

# Types that msgspec would write as strings by itself; unchanged, they pass only where their type is expected.
NATIVE = (
    bytes, bytearray, memoryview, decimal.Decimal, uuid.UUID,
    dt.datetime, dt.date, dt.time, dt.timedelta,
)  # fmt: skip

_INNER = ("type", "item_type", "key_type", "value_type")

_AT = re.compile(r"(?s)(.*?)(?: - at (?:`key` in )?`(\$.*)`)?\Z")
# Types that msgspec does not have report the path within them, before msgspec adds the one that leads to them.
_AND_AT = re.compile(r"` - at (?:`key` in )?`")
_MISSING = re.compile(r"Object missing required field `(.*)`\Z")
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`\Z")
_NO_MEMBER = re.compile(r"(?s)Invalid enum value (.*)\Z")
_STEP = re.compile(r"\[(\d+|\.\.\.)\]|\.([^.\[]+)")
_MISFIT = object()
_PATTERN = "does not match"
_READABLE = 50
# What is longer would be cut in a message, and says little without its end.
_ASIDE = 120
_MEMBERS = 160
_FORMATS = {
    FORMAT_PATTERNS[name]: f"is not a valid {words}"
    for name, words in (
        ("uri", "URI"),
        ("uri-reference", "URI reference"),
        ("email", "e-mail address"),
        ("hostname", "host name"),
        ("ipv4", "IPv4 address"),
        ("ipv6", "IPv6 address"),
    )
}
_UNITS = {
    "str": ("character", "characters"),
    "bytes": ("byte", "bytes"),
    "object": ("property", "properties"),
}
_BOUNDS = {">=": "at least", "<=": "at most", ">": "more than", "<": "less than", "==": "exactly"}


def explain_decode_error(error: Exception, type_: Any) -> tuple[str, str]:
    """Return why a body does not fit its type, and the JSON path of the fault, `$` if msgspec names none.

    Args:
        error: What msgspec raised.
        type_: The type that the body was read as.
    """
    reason, path = _split(error)
    node, described = inspect_type(type_), ""
    for step in _steps(path):
        _, node, _ = _descend(step, "", node, _MISFIT)
        described = _description(node) or described
    rule = _rule(reason, node)
    if (found := _NO_MEMBER.match(reason)) and not holds_secret(node):
        rule += f"; got {found[1]}"
    return (_said(described) if _explains(described, rule) else rule), path.replace(f".{EXTRA}", "")


def argument_error(
    error: Exception, value: object, type_: Any, *, root: str = "", note: str = ""
) -> InvalidArgumentError:
    """Return the error for an argument that does not fit its type.

    Args:
        error: What msgspec raised.
        value: The whole value that was checked.
        type_: The type that it was checked against.
        root: Name of the argument that is the whole value; empty if its fields are the arguments.
        note: What the argument means, where its type does not say it.
    """
    reason, path = _split(error)
    name, node, found = root, inspect_type(type_), value
    described = _description(node)
    for step in _steps(path):
        name, node, found = _descend(step, name, node, found)
        described = _description(node) or described
    described = described or note
    missing = _MISSING.match(reason) or _UNKNOWN.match(reason)
    if missing:
        name, node, _ = _descend(missing[1], name, node, found)
        rule, shown = ("is required" if _MISSING.match(reason) else "is not known"), None
        described = _description(node)
    else:
        rule, shown = _rule(reason, node), None if found is _MISFIT else shown_value(found, node)
    if _explains(described, rule):
        rule = _said(described)
    elif not _NO_MEMBER.match(reason):
        rule += aside(described)
    return InvalidArgumentError(f"body{name}" if name[:1] in {"", "["} else name, rule, shown=shown)


def _split(error: Exception) -> tuple[str, str]:
    """Return the reason of a msgspec error and the JSON path that it names, `$` if it names none."""
    match = _AT.match(str(error))
    reason, path = match.groups() if match else (str(error), None)
    inner_first = _AND_AT.split(path or "$")
    return str(reason), "$" + "".join(part.removeprefix("$") for part in reversed(inner_first))


def _steps(path: str) -> Iterator[str | int | None]:
    for index, name in _STEP.findall(path):
        if name:
            yield name
        else:
            yield None if index == "..." else int(index)


def _descend(step: str | int | None, name: str, node: Any, value: object) -> tuple[str, Any, object]:
    if step is None:
        return f"{name}[…]", _child(node, lambda inner: getattr(inner, "value_type", None)), _MISFIT
    if isinstance(step, int):
        items = cast("Any", value)
        found = items[step] if isinstance(value, (list, tuple)) and step < len(items) else _MISFIT
        return f"{name}[{step}]", _child(node, lambda inner: getattr(inner, "item_type", None)), found
    field = _child(node, lambda inner: _field(inner, step))
    own = str(field.name) if field is not None else "additional_properties" if step == EXTRA else step
    found = value.get(step, _MISFIT) if is_object(value) else getattr(value, own, _MISFIT)
    return (f"{name}.{own}" if name else own), None if field is None else field.type, found


def _field(node: Any, name: str) -> Any:
    return next((field for field in getattr(node, "fields", ()) if field.encode_name == name), None)


def _child(node: Any, look: Callable[[Any], Any]) -> Any:
    """Look into a type, through annotations and into each member of a union."""
    if isinstance(node, msgspec.inspect.Metadata):
        return _child(node.type, look)
    if isinstance(node, msgspec.inspect.UnionType):
        return next((found for member in node.types if (found := _child(member, look)) is not None), None)
    return look(node)


def _description(node: Any) -> str:
    if isinstance(node, msgspec.inspect.Metadata):
        schema: object = cast("Any", node).extra_json_schema
        text = schema.get("description") if is_object(schema) else None
        return str(text) if text else _description(node.type)
    if isinstance(node, msgspec.inspect.UnionType):
        return next((text for member in node.types if (text := _description(member))), "")
    return ""


@functools.lru_cache(maxsize=128)
def inspect_type(type_: Any) -> Any:
    """Return a type as msgspec describes it, None if it cannot."""
    try:
        return msgspec.inspect.type_info(type_)
    except Exception:  # noqa: BLE001  # the description is a courtesy, the rejection is not
        return None


def holds_secret(node: Any, value: object = None) -> bool:
    """Return whether a value has a password in it, by its type, that its repr would show.

    Args:
        node: The type, as msgspec describes it.
        value: The value; a model hides its own passwords.
    """
    waiting, seen = [node], set[int]()
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        schema: object = getattr(part, "extra_json_schema", None)
        if is_object(schema) and schema.get("format") == "password":
            return True
        waiting += getattr(part, "types", ())
        waiting += (getattr(part, name) for name in _INNER if hasattr(part, name))
        if isinstance(part, msgspec.inspect.CustomType):
            waiting += map(inspect_type, _alternatives(part.cls) or get_args(part.cls))
        if not isinstance(value, msgspec.Struct):
            waiting += (field.type for field in getattr(part, "fields", ()))
    return False


def shown_value(value: object, node: Any) -> str:
    """Return a value as an error shows it: not a password."""
    return SECURE if holds_secret(node, value) else short_repr(value)


def aside(described: str) -> str:
    """Return what a value means as the end of a message; nothing if it would be cut."""
    return f" ({described.rstrip('.')})" if 0 < len(described) <= _ASIDE else ""


def _explains(described: str, rule: str) -> bool:
    """Whether a description is easier to read than a rule, which is a long pattern."""
    return 0 < len(described) <= 2 * _ASIDE and rule.startswith(_PATTERN) and len(rule) > _READABLE


def _alternatives(cls: Any) -> tuple[Any, ...]:
    """Return the alternatives of a union that msgspec does not have."""
    return tuple(cls.alternatives()) if hasattr(cls, "alternatives") else ()


def within(step: str, error: Exception) -> str:
    """Return what msgspec said of a part, with the step that leads to it before its path."""
    reason, at, path = str(error).rpartition(" - at `$")
    return f"{reason if at else error} - at `${step}{path if at else '`'}"


def _said(described: str) -> str:
    return f"breaks the rule: {described.rstrip('.')}"


def _rule(reason: str, node: Any) -> str:
    """Turn a reason of msgspec into a rule in words.

    Args:
        reason: The reason.
        node: The type of what it is about.
    """
    if "matching regex" in reason:
        pattern = _child(node, lambda inner: getattr(inner, "pattern", None))
        if pattern in _FORMATS:
            return _FORMATS[pattern]
    if _NO_MEMBER.match(reason) and (members := _members(node)):
        return f"must be {members}"
    for pattern, words in _RULES:
        if match := re.match(pattern, reason):
            return words(match)
    return reason.replace("`", "")


def _members(node: Any) -> str:
    """Return the values of an enum in words, as many as are easy to read; empty if the type has none."""
    shown = list(map(repr, _values(node)))
    size = 0
    few = [text for text in shown if (size := size + len(text) + 2) <= _MEMBERS] or shown[:1]
    if len(few) < len(shown):
        return f"one of {', '.join(few)}, … ({len(shown)} values)"
    return f"one of {', '.join(few)}" if len(few) > 1 else "".join(few)


def _values(node: Any) -> list[object]:
    if isinstance(node, msgspec.inspect.Metadata):
        return _values(node.type)
    if isinstance(node, msgspec.inspect.UnionType):
        return [value for member in node.types for value in _values(member)]
    if isinstance(node, msgspec.inspect.EnumType):
        return [member.value for member in node.cls]
    return list(node.values) if isinstance(node, msgspec.inspect.LiteralType) else []


def _mismatch(match: re.Match[str]) -> str:
    # Msgspec shows the pattern as Python's repr does.
    pattern = match[1].replace("\\\\", "\\")
    return f"{_PATTERN} {pattern if len(pattern) <= 80 else pattern[:79] + '…'}"


def _length(match: re.Match[str]) -> str:
    one, many = _UNITS.get(match[1], ("item", "items"))
    return f"must have {_BOUNDS[match[2]]} {match[3]} {one if match[3] == '1' else many}"


_RULES: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (r"(?s)Expected `str` matching regex (?:'|\")(.*)(?:'|\")\Z", _mismatch),
    (r"Expected `(.*)` of length (>=|<=|>|<|==) (\S+)\Z", _length),
    (r"Expected `.*` (>=|<=|>|<) (\S+)\Z", lambda match: f"must be {_BOUNDS[match[1]]} {match[2]}"),
    (r"Expected `(.*)`, got `(.*)`\Z", lambda match: f"must be {match[1]}, not {match[2]}"),
    (r"Expected `.*` that's a (multiple of \S+)\Z", lambda match: f"must be a {match[1]}"),
    (r"Expected `datetime` with a timezone component", lambda _: "must have a time zone"),
    (r"Expected `array` of length (\d+), got (\d+)\Z", lambda match: f"must have {match[1]} items, not {match[2]}"),
    (_MISSING.pattern, lambda match: f"lacks {match[1]}"),
    (_UNKNOWN.pattern, lambda match: f"has the unknown field {match[1]}"),
    (_NO_MEMBER.pattern, lambda _: "is not one of the allowed values"),
    (r"Invalid RFC3339 encoded datetime", lambda _: "is not a date and time such as 2030-01-31T12:00:00Z"),
    (r"Invalid RFC3339 encoded date", lambda _: "is not a date such as 2030-01-31"),
    (r"Invalid UUID", lambda _: "is not a UUID"),
    (r"Invalid base64 encoded string", lambda _: "is not base64"),
)


def encoding_error(value: object, error: Exception, root: str = "") -> InvalidArgumentError:
    """Return the error for a value that cannot be encoded, naming the part that is to blame."""
    for found in _parts(value, root):
        name, part = found.name or "body", found.value
        if isinstance(part, str) and not part.isascii():
            try:
                part.encode()
            except UnicodeEncodeError:
                rule = "is not valid Unicode, it has a lone surrogate"
                return InvalidArgumentError(name, rule, shown=found.shown)
        elif not isinstance(part, (str, int, float, type(None), *NATIVE)):
            try:
                msgspec.to_builtins(part, str_keys=True)
            except (TypeError, ValueError, OverflowError, RecursionError):
                rule = f"{type(part).__name__} cannot be encoded"
                return InvalidArgumentError(name, rule, shown=found.shown)
    return InvalidArgumentError(root or "body", f"cannot be encoded: {error}")


def check_finite(value: object, root: str = "") -> None:
    """Refuse numbers that JSON does not have.

    Raises:
        InvalidArgumentError: A part of the value is infinite or no number.
    """
    for name, part, _ in _parts(value, root):
        if isinstance(part, (float, decimal.Decimal)) and not math.isfinite(part):
            raise InvalidArgumentError(name or "body", "must be a finite number", shown=short_repr(part))


class _Part(NamedTuple):
    """An innermost part of a value.

    Attributes:
        name: The name of the argument that it is.
        value: The part itself.
        is_password: Whether a model keeps it out of its repr.
    """

    name: str
    value: Any
    is_password: bool = False

    @property
    def shown(self) -> str:
        """The part as an error shows it."""
        return SECURE if self.is_password else short_repr(self.value)


def _parts(value: object, name: str, depth: int = 0, *, is_password: bool = False) -> list[_Part]:
    """List the innermost parts of a value with the names of the arguments that they are."""
    if depth > 100:
        return []
    inner: list[_Part] = []
    if isinstance(value, msgspec.Struct):
        hidden = value.__passwords__ if isinstance(value, Discreet) else ()
        inner = [
            _Part(f"{name}.{own}" if name else own, getattr(value, own), own in hidden)
            for own in value.__struct_fields__
        ]
    elif isinstance(value, dict):
        items = cast("dict[object, object]", value)
        inner = [_Part(f"{name}.{key}" if name else str(key), item) for key, item in items.items()]
        inner.extend(_Part(f"{name} (key)", key) for key in items)
    elif isinstance(value, (list, tuple)):
        inner = [_Part(f"{name}[{index}]", item) for index, item in enumerate(cast("list[object]", value))]
    else:
        return [] if value is msgspec.UNSET else [_Part(name, value, is_password)]
    return [
        found
        for part in inner
        for found in _parts(part.value, part.name, depth + 1, is_password=is_password or part.is_password)
    ]
