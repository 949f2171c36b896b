"""Types that msgspec does not have: unions whose alternatives the JSON type of a value does not tell apart.

A type checker sees the union itself, msgspec a class of its own whose values `from_json` makes.
"""

from __future__ import annotations

from types import UnionType as UnionOfPython
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, cast, get_args, get_origin

import msgspec

from .booleans import BOOLEANS
from .by_position import ByPosition, item_types
from .json_types import is_array, is_object
from .model_facts import is_other, known_properties, model_of
from .open_object import Open, misplaced_names, nest_extra
from .unique_list import Unique, has_repeats
from .validation_errors import explain_decode_error, within

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["UnionType", "from_caller", "from_json", "from_server", "union_type"]

_MISFIT = "fits no alternative of "
# Types that a reader of the document knows by other names.
_CONTAINERS = {list: "array", dict: "object"}
_KINDS: dict[Any, str] = {
    **dict.fromkeys((list, tuple, ByPosition), "array"),
    **dict.fromkeys((None, type(None)), "null"),
    dict: "object",
    Literal: "enum",
    Any: "any",
}


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
    def left_by_tag(cls, value: object, *, tolerant: bool = False) -> tuple[Any, ...] | None:
        """Return the alternatives that a value can be by its tag: one if the tag is known, all if there is none.

        A tag that is unknown leaves those alternatives that have no tag, and None if all have one. For a tolerant
        reader, an object without a tag is the base of a family, if the union is one.
        """
        alternatives = cls.alternatives()
        index = cls._index_by_tag(value)
        if index is not None:
            return (alternatives[index],)
        tagged = {*cls._mapping.values()}
        others = tuple(kind for index, kind in enumerate(alternatives) if index not in tagged)
        if tolerant and cls.lacks_tag(value):
            return tuple(kind for kind in others if model_of(kind) is not None) or alternatives
        if not is_object(value) or not cls._mapping or cls._tag not in value or not _is_hashable(value[cls._tag]):
            return alternatives
        return others or None

    @classmethod
    def _index_by_tag(cls, value: object) -> int | None:
        tag = value.get(cls._tag) if is_object(value) else None
        return cls._mapping.get(tag) if _is_hashable(tag) else None

    @classmethod
    def lacks_tag(cls, value: object) -> bool:
        """Return whether a value is an object without the property that tells the alternatives apart."""
        return is_object(value) and bool(cls._mapping) and cls._tag not in value

    @classmethod
    def from_json(cls, value: object, hook: Callable[[Any, Any], Any], *, tolerant: bool = False) -> Any:
        """Return a value of plain types as one of the alternatives.

        Args:
            value: The value.
            hook: Returns values of the types that msgspec does not have.
            tolerant: Whether a tag that is unknown, or an alternative that knows more of the value and misfits, is a
                misfit of the whole, for a tolerant reader to decide.

        Raises:
            ValueError: It fits none of them.
        """
        alternatives = cls.alternatives()
        index = cls._index_by_tag(value)
        if index is not None:
            return _convert(value, alternatives[index], hook)
        best: Any = None
        most, failures = -1, list[tuple[Any, msgspec.ValidationError]]()
        left = cls.left_by_tag(value, tolerant=tolerant)
        for alternative in left or (() if tolerant else alternatives):
            try:
                found = _convert(value, alternative, hook)
            except msgspec.ValidationError as error:
                failures.append((alternative, error))
                continue
            known = known_properties(type(found), value)
            if known > most:
                best, most = found, known
        if most < 0 or (tolerant and _knows_more(most, value, alternatives, failures)):
            raise _misfit(cls.__name__, failures)
        return best


def _knows_more(
    most: int, value: object, alternatives: tuple[Any, ...], failures: list[tuple[Any, msgspec.ValidationError]]
) -> bool:
    """Return whether an alternative that misfits knows more properties of a value than the best that fits."""
    if not is_object(value):
        return False
    models = [model for kind in alternatives if (model := model_of(kind)) is not None]
    misfits = [model for kind, _ in failures if (model := model_of(kind)) is not None]
    return any(known_properties(model, value) > most and not is_other(value, model, models) for model in misfits)


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
    return _Reader(sends=False)(type_, value)


def from_caller(type_: Any, value: object) -> Any:
    """As `from_json`, for what is sent: lists whose items have to differ and further properties are checked too.

    Raises:
        ValueError: It does not fit the type.
        TypeError: The type is none of this module's.
    """
    return _Reader(sends=True)(type_, value)


def from_server(type_: Any, value: object) -> Any:
    """As `from_json`, for a tolerant reader: an alternative of a union is taken only if no other may be meant.

    Raises:
        ValueError: It does not fit the type.
        TypeError: The type is none of this module's.
    """
    return _Reader(sends=False, tolerant=True)(type_, value)


class _Reader:
    """Reads one value and all that is in it.

    It reads each part as each union once: a union that contains itself in two alternatives would otherwise read its
    innermost parts twice for each level above them.

    Args:
        sends: Whether the value is to be sent.
        tolerant: Whether a tolerant reader reads what misfits.
    """

    def __init__(self, *, sends: bool, tolerant: bool = False) -> None:
        self._sends = sends
        self._tolerant = tolerant
        # Each entry keeps its part, so that no other object gets its id meanwhile.
        self._read_before: dict[tuple[int, Any], tuple[object, Any, str | None]] = {}

    def __call__(self, type_: Any, value: object) -> Any:
        """Return a value of plain types as a type that msgspec does not have."""
        kind = get_origin(type_) or type_
        if kind in BOOLEANS:
            return _read_boolean(value, allowed=BOOLEANS[kind])
        try:
            if kind is Unique:
                return self._read_unique(type_, value)
            if kind is Open:
                return self._read_open(type_, value)
            if kind is ByPosition:
                return self._read_by_position(type_, value)
            if isinstance(kind, _UnionMeta):
                return self._read_union(cast("type[UnionType]", kind), value)
        except msgspec.ValidationError as error:
            # To an error of its own, msgspec would not add the path that leads here.
            raise ValueError(str(error)) from None
        raise TypeError(f"{type_} is not a type of this package")

    def _read_unique(self, type_: Any, value: object) -> Any:
        if self._sends and has_repeats(value):
            raise ValueError("must not have an item twice")
        return _convert(value, get_args(type_)[0], self)

    def _read_open(self, type_: Any, value: object) -> Any:
        (model,) = get_args(type_)
        if self._sends and (names := misplaced_names(value, model)):
            raise ValueError(f"additional_properties must not have {names[0]}, which is a property of its own")
        return _convert(nest_extra(value, model), model, self)

    def _read_by_position(self, type_: Any, value: Any) -> tuple[Any, ...]:
        found: list[Any] = []
        for index, item_type in enumerate(item_types(get_args(type_)[0], value)):
            try:
                found.append(_convert(value[index], item_type, self))
            except msgspec.ValidationError as error:
                raise ValueError(within(f"[{index}]", error)) from None
        return tuple(found)

    def _read_union(self, union: type[UnionType], value: object) -> Any:
        key = (id(value), union)
        if key not in self._read_before:
            try:
                self._read_before[key] = (value, union.from_json(value, self, tolerant=self._tolerant), None)
            except ValueError as error:
                self._read_before[key] = (value, None, str(error))
        _, found, problem = self._read_before[key]
        if problem is not None:
            raise ValueError(problem)
        return found


def _read_boolean(value: object, *, allowed: bool) -> bool:
    if value is not allowed:
        raise ValueError(f"must be {str(allowed).lower()}")
    return allowed


def _convert(value: object, type_: Any, hook: Callable[[Any, Any], Any]) -> Any:
    return msgspec.convert(value, type_, dec_hook=hook)


def _misfit(name: str, failures: list[tuple[Any, msgspec.ValidationError]]) -> ValueError:
    """Return the error for a value that fits no alternative.

    It leads into the value if all alternatives that fail inside of it fail at one place.
    """
    # Alternatives that fail for one reason share it: a reason that each level repeated would double with each level.
    names: dict[tuple[str, str], list[str]] = {}
    for alternative, error in failures:
        names.setdefault(explain_decode_error(error, alternative), []).append(_name(alternative))
    inner = {path for _, path in names if path != "$"}
    at = f" - at `{inner.pop()}`" if len(inner) == 1 else ""
    reasons = [_said(" and ".join(dict.fromkeys(own)), *reason) for reason, own in names.items()]
    return ValueError(f"{_MISFIT}{name}: {'; '.join(reasons)}{at}")


def _said(name: str, reason: str, path: str) -> str:
    """Return why an alternative does not fit; the reason of one that is a union has its name and places already."""
    own = f"{_MISFIT}{name}: "
    if reason.startswith(own):
        return f"{name} ({reason.removeprefix(own)})"
    return f"{name}: {reason}{'' if path == '$' else f' at {path}'}"


def _is_hashable(value: object) -> bool:
    return not is_object(value) and not is_array(value)


def _name(type_: Any) -> str:
    """Return what an error calls a type: the words of msgspec, or the name of a model or union."""
    kind, parts = get_origin(type_), get_args(type_)
    if kind in {Annotated, Open, Unique}:
        return _name(parts[0])
    if kind in {Union, UnionOfPython}:
        return " or ".join(map(_name, parts))
    if kind in _CONTAINERS:
        return f"{_CONTAINERS[kind]} of {_name(parts[-1])}"
    if kind is not None:
        return _KINDS.get(kind, str(getattr(kind, "__name__", kind)))
    return _KINDS.get(type_, str(getattr(type_, "__name__", type_)))
