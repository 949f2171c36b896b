"""Conversion of faults to and from JSON, for the control plane."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TypeVar, cast

from box_uploads_mock.fault_kinds import KINDS, Fault
from box_uploads_mock.faults import RateLimit

_KIND_OF_TYPE = {kind: name for name, kind in KINDS.items()}


def parse_fault(place: str, value: object) -> Fault:
    """Return the fault that an object describes by its `kind` and the fields of that kind.

    Raises:
        ValueError: The object is invalid; the message names the place.
    """
    fields = parse_object(place, value)
    name = fields.get("kind")
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise ValueError(f"{place}.kind: missing or unknown; use one of {', '.join(KINDS)}")
    return _build(place, kind, {name: item for name, item in fields.items() if name != "kind"})


def parse_rate_limit(place: str, value: object) -> RateLimit:
    """Return the rate limit that an object describes.

    Raises:
        ValueError: The object is invalid; the message names the place.
    """
    return _build(place, RateLimit, parse_object(place, value))


def fault_to_json(fault: Fault) -> Mapping[str, object]:
    """Return the object that describes a fault."""
    return {"kind": _KIND_OF_TYPE[type(fault)], **dataclasses.asdict(fault)}


def parse_object(place: str, value: object) -> Mapping[str, object]:
    """Return a JSON object as a mapping.

    Raises:
        ValueError: The value is not an object.
    """
    if not isinstance(value, dict):
        raise ValueError(f"{place}: not an object; give names and values")  # noqa: TRY004 - the data is wrong
    return cast("dict[str, object]", value)


def check_keys(place: str, fields: Mapping[str, object], known: Sequence[str]) -> None:
    """Check that an object has no unknown keys.

    Raises:
        ValueError: A key is unknown; the message names it.
    """
    for name in fields:
        if name not in known:
            raise ValueError(f"{place}: {name!a} is unknown; use {', '.join(known)}")


_Kind = TypeVar("_Kind", bound=Fault | RateLimit)


def _build(place: str, kind: type[_Kind], fields: Mapping[str, object]) -> _Kind:
    known = dataclasses.fields(kind)
    # Fields that all faults have are rarely given: list them last.
    check_keys(place, fields, sorted((field.name for field in known), key=lambda name: name in {"skip", "times"}))
    values: dict[str, object] = {}
    for field in known:
        if field.name in fields:
            value = fields[field.name]
            values[field.name] = float(value) if isinstance(value, Decimal) else value
        elif field.default is dataclasses.MISSING:
            raise ValueError(f"{place}.{field.name}: missing; this field is required")
    try:
        return cast("Callable[..., _Kind]", kind)(**values)
    except ValueError as error:
        raise ValueError(f"{place}.{error}") from None
