"""Types that msgspec does not have: unions whose alternatives the JSON type of a value does not tell apart.

A type checker sees the union itself, msgspec a class of its own whose values `from_json` makes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast, get_args, get_origin

import msgspec

from .json_types import is_array, is_object
from .open_object import Open, nest_extra
from .unique_list import Unique, has_repeats
from .validation_errors import explain_decode_error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["UnionType", "from_caller", "from_json", "union_type"]


class _UnionMeta(type):
    """Has each value pass for one of the class: its alternatives have been checked by then."""

    def __instancecheck__(cls, instance: object) -> bool:
        return True


class UnionType(metaclass=_UnionMeta):
    """A union; `union_type` makes one.

    A property that tells the alternatives apart decides, if the union has one. Otherwise each alternative is tried: of
    those that fit, the one that knows the most properties of an object is taken, and the first of equals.
    """

    _find: staticmethod[[], tuple[Any, ...]]
    _tag: str
    _mapping: Mapping[object, int]

    @classmethod
    def alternatives(cls) -> tuple[Any, ...]:
        """Return the alternatives, which may refer to types that are defined later."""
        return cls._find()

    @classmethod
    def from_json(cls, value: object, hook: Callable[[Any, Any], Any]) -> Any:
        """Return a value of plain types as one of the alternatives.

        Args:
            value: The value.
            hook: Returns values of the types that msgspec does not have.

        Raises:
            ValueError: It fits none of them.
        """
        alternatives = cls.alternatives()
        if is_object(value):
            index = cls._mapping.get(value.get(cls._tag)) if _is_hashable(value.get(cls._tag)) else None
            if index is not None:
                return _convert(value, alternatives[index], hook)
        best: Any = None
        most, failures = -1, list[tuple[Any, Exception]]()
        for alternative in alternatives:
            try:
                found = _convert(value, alternative, hook)
            except msgspec.ValidationError as error:
                failures.append((alternative, error))
                continue
            known = _known_properties(found, value)
            if known > most:
                best, most = found, known
        if most < 0:
            raise _misfit(cls.__name__, failures)
        return best


def union_type(
    name: str, find: Callable[[], tuple[Any, ...]], *, tag: str = "", mapping: Mapping[object, int] | None = None
) -> Any:
    """Return a union as msgspec takes it.

    Args:
        name: Name of the union, for errors.
        find: Returns the alternatives, in the order of the document.
        tag: Property that tells the alternatives apart, if there is one.
        mapping: Its values, each with the index of its alternative.
    """
    members = {"_find": staticmethod(find), "_tag": tag, "_mapping": mapping or {}}
    return _UnionMeta(name, (UnionType,), members)


def from_json(type_: Any, value: object) -> Any:
    """Return a value of plain types as a type that msgspec does not have; a hook for decoding.

    Raises:
        ValueError: It does not fit the type.
        TypeError: The type is none of this module's.
    """
    return _read(type_, value, from_json)


def from_caller(type_: Any, value: object) -> Any:
    """As `from_json`, for what is sent: lists whose items have to differ are checked.

    Raises:
        ValueError: It does not fit the type.
        TypeError: The type is none of this module's.
    """
    if get_origin(type_) is Unique and has_repeats(value):
        raise ValueError("must not have an item twice")
    return _read(type_, value, from_caller)


def _read(type_: Any, value: object, hook: Callable[[Any, Any], Any]) -> Any:
    kind = get_origin(type_) or type_
    try:
        if kind is Unique:
            return _convert(value, get_args(type_)[0], hook)
        if kind is Open:
            (model,) = get_args(type_)
            return _convert(nest_extra(value, model), model, hook)
        if isinstance(kind, _UnionMeta):
            return cast("type[UnionType]", kind).from_json(value, hook)
    except msgspec.ValidationError as error:
        # To an error of its own, msgspec would not add the path that leads here.
        raise ValueError(str(error)) from None
    raise TypeError(f"{type_} is not a type of this package")


def _convert(value: object, type_: Any, hook: Callable[[Any, Any], Any]) -> Any:
    return msgspec.convert(value, type_, dec_hook=hook, str_keys=True)


def _misfit(name: str, failures: list[tuple[Any, Exception]]) -> ValueError:
    """Return the error for a value that fits no alternative.

    It leads into the value if all alternatives that fail inside of it fail at one place.
    """
    explained = [(_name(alternative), *explain_decode_error(error, alternative)) for alternative, error in failures]
    inner = {path for _, _, path in explained if path != "$"}
    at = f" - at `{inner.pop()}`" if len(inner) == 1 else ""
    reasons = [f"{own}: {reason}{'' if path == '$' else f' at {path}'}" for own, reason, path in explained]
    return ValueError(f"fits no alternative of {name}: {'; '.join(reasons)}{at}")


def _known_properties(found: object, value: object) -> int:
    """Return how many properties of an object an alternative knows by name; 0 for anything else."""
    if not isinstance(found, msgspec.Struct) or not is_object(value):
        return 0
    names = set(found.__struct_encode_fields__)
    if tag := found.__struct_config__.tag_field:
        names.add(tag)
    return len(names & value.keys())


def _is_hashable(value: object) -> bool:
    return not is_object(value) and not is_array(value)


def _name(type_: Any) -> str:
    if get_origin(type_) is Open:
        (type_,) = get_args(type_)
    return getattr(type_, "__name__", None) or str(type_)
