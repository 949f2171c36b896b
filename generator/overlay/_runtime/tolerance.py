"""Read what a server sends beyond its document: new members of an enum or a union, and nulls that nobody declared.

A value that the document does not know stays as it was sent: a string in place of a `Literal`, a dictionary in place of
a model. So does one that has the JSON type of the document, and only breaks a constraint or a format: a string in place
of a date. One of another JSON type is an error as ever. Only a body that did not fit is read this way.
"""

from __future__ import annotations

import datetime as dt
from types import UnionType as PlainUnion
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

import msgspec

from .booleans import BOOLEANS
from .by_position import ByPosition, item_types
from .conversion import convert
from .json_types import is_array, is_object
from .model_facts import fields_of, has_other_tag, is_other, known_properties, model_of, with_tag
from .open_object import Open, nest_extra
from .union_type import UnionType
from .unique_list import Unique
from .validation_errors import within

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["convert_tolerantly"]

_WRITTEN_AS_STRINGS = frozenset({dt.datetime, dt.date, UUID, bytes})


def convert_tolerantly(value: object, type_: Any) -> Any:
    """Return a value of plain types as a type, with what the type does not know as it is.

    Raises:
        ValidationError: It does not fit for another reason.
    """
    knowing = _Reader()
    try:
        return knowing.read(value, type_)
    except msgspec.ValidationError:
        return _Reader(knowing).read(value, type_)


class _Reader:
    """Reads one value and all that is in it, each part as each union once, as `union_type` does.

    Args:
        stricter: Reader that bears no broken constraints, if this one does. What fits an alternative of a union for it
            is that alternative: constraints may be all that tells them apart.
    """

    def __init__(self, stricter: _Reader | None = None) -> None:
        self._stricter = stricter
        # Each entry keeps its part, so that no other object gets its id meanwhile.
        self._read_before: dict[tuple[int, Any], tuple[object, Any, msgspec.ValidationError | None]] = {}

    def read(self, value: object, type_: Any) -> Any:
        """Return a value of plain types as a type."""
        if isinstance(type_, type) and issubclass(type_, UnionType):
            return self._read_union(value, type_)
        return self._read(value, type_)

    def _read(self, value: object, type_: Any) -> Any:
        try:
            return convert(value, type_, tolerant=True)
        except msgspec.ValidationError as error:
            if value is None:
                return None
            return self._read_inner(value, type_, error)

    def _read_union(self, value: object, union: type[UnionType]) -> Any:
        key = (id(value), union)
        if key not in self._read_before:
            try:
                self._read_before[key] = (value, self._read(value, union), None)
            except msgspec.ValidationError as error:
                self._read_before[key] = (value, None, error)
        _, found, misfit = self._read_before[key]
        if misfit is not None:
            raise misfit
        return found

    def _read_at(self, step: str, value: object, type_: Any) -> Any:
        """Read a part, whose error has to say where it is: the first misfit may be one that is borne."""
        try:
            return self.read(value, type_)
        except msgspec.ValidationError as error:
            raise msgspec.ValidationError(within(step, error)) from None

    def _read_inner(self, value: object, type_: Any, error: msgspec.ValidationError) -> Any:  # noqa: PLR0911  # one for each kind
        origin, arguments = get_origin(type_), get_args(type_)
        if origin is Annotated:
            inner = arguments[0]
            return self._read_inner(value, inner, error) if self._stricter is None else self.read(value, inner)
        if _may_be_member(value, type_) or (self._stricter is not None and _may_be_written_so(value, type_)):
            return value
        if origin in {Union, PlainUnion}:
            return self._read_alternative(value, arguments, error)
        if isinstance(type_, type) and issubclass(type_, UnionType):
            return self._read_by_tag(value, type_, error)
        if origin is Unique:
            return self._read_inner(value, arguments[0], error)
        if origin is Open:
            return self._read_inner(nest_extra(value, arguments[0]), arguments[0], error)
        if is_array(value):
            return self._read_array(value, type_, error)
        if origin is dict and is_object(value):
            return {name: self._read_at("[...]", member, arguments[1]) for name, member in value.items()}
        if isinstance(type_, type) and issubclass(type_, msgspec.Struct) and is_object(value):
            return self._read_struct(value, type_, error)
        raise error

    def _read_array(self, value: list[Any], type_: Any, error: msgspec.ValidationError) -> Any:
        origin, arguments = get_origin(type_), get_args(type_)
        if origin is list:
            return [self._read_at(f"[{index}]", item, arguments[0]) for index, item in enumerate(value)]
        if origin is not tuple and origin is not ByPosition:
            raise error
        try:
            types = item_types(type_ if origin is tuple else arguments[0], value)
        except ValueError:
            raise error from None
        return tuple(self._read_at(f"[{index}]", value[index], kind) for index, kind in enumerate(types))

    def _read_by_tag(self, value: object, union: type[UnionType], error: msgspec.ValidationError) -> Any:
        """Return a value as the alternative that its tag names, or as it is if the tag is unknown."""
        left = union.left_by_tag(value, tolerant=True)
        if left is None:
            return value
        if union.lacks_tag(value) and len(left) == len(union.alternatives()):
            raise error
        return self._read_alternative(value, left, error)

    def _read_alternative(self, value: object, alternatives: tuple[Any, ...], error: msgspec.ValidationError) -> Any:
        """Return a value as the alternative that knows most of it, or as it is if each says that it is another.

        Of alternatives that know as much of an object, the first that it fits is taken. One that knows less is taken
        only after all broken constraints have been borne.
        """
        known = [kind for kind in alternatives if kind not in {None, type(None), msgspec.UnsetType}]
        models = [model for kind in known if (model := model_of(kind)) is not None]
        # Beside null alone, a model is no choice: another tag is one more value of its property.
        fields = value if is_object(value) and len(models) > 1 else None
        possible = known if fields is None else [kind for kind in known if _may_be(fields, kind, models)]
        misfits = list[msgspec.ValidationError]()
        for equals in _by_known_properties(value, possible):
            for reader in (self._stricter, self) if self._stricter else (self,):
                for kind in equals:
                    try:
                        return reader.read(value, kind)
                    except msgspec.ValidationError as misfit:
                        misfits.append(misfit)
            if self._stricter is None:
                break
        if fields is not None and all(_is_unknown(fields, model) for model in models):
            return value
        raise misfits[-1] if len(possible) == 1 else error

    def _read_struct(self, value: dict[str, Any], model: type[msgspec.Struct], error: msgspec.ValidationError) -> Any:
        found: dict[str, Any] = {}
        for field in fields_of(model):
            if field.wire_name in value:
                found[field.name] = self._read_at(f".{field.wire_name}", value[field.wire_name], field.type)
            elif field.is_required:
                raise msgspec.ValidationError(f"Object missing required field `{field.wire_name}`")
        tag_field, tag = model.__struct_config__.tag_field, model.__struct_config__.tag
        is_closed = model.__struct_config__.forbid_unknown_fields and self._stricter is None
        if is_closed and value.keys() - {*model.__struct_encode_fields__, tag_field}:
            raise error
        if tag_field is None or not has_other_tag(value, model):
            return model(**found)
        sent = value[tag_field]
        if sent is not None and type(sent) is not type(tag):
            raise error
        return with_tag(model, sent, found)


def _may_be(value: Mapping[str, object], kind: Any, models: list[type[msgspec.Struct]]) -> bool:
    """Return whether an object may be an alternative: it has the tag, if that has one, and says of no other one."""
    model = model_of(kind)
    if model is None:
        return True
    tag_field = model.__struct_config__.tag_field
    return (tag_field is None or tag_field in value) and not is_other(value, model, models)


def _by_known_properties(value: object, alternatives: list[Any]) -> list[list[Any]]:
    """Return alternatives in groups that know as many properties of an object, those that know most first."""
    groups: dict[int, list[Any]] = {}
    for kind in alternatives:
        groups.setdefault(known_properties(kind, value), []).append(kind)
    return [groups[number] for number in sorted(groups, reverse=True)]


def _may_be_member(value: object, type_: Any) -> bool:
    """Return whether a value is of the kind of an enum's members, so that it may be a new one."""
    if isinstance(type_, type) and type_ in BOOLEANS:
        return isinstance(value, bool)
    return get_origin(type_) is Literal and any(type(value) is type(member) for member in get_args(type_))


def _may_be_written_so(value: object, type_: Any) -> bool:
    """Return whether a value has the JSON type of a type that is written as a string."""
    return isinstance(value, str) and type_ in _WRITTEN_AS_STRINGS


def _is_unknown(value: Mapping[str, object], model: type[msgspec.Struct]) -> bool:
    """Return whether an object is no such model: by its tag, or else because it lacks what the model needs."""
    if model.__struct_config__.tag_field is not None:
        return has_other_tag(value, model)
    return any(field.is_required and field.wire_name not in value for field in fields_of(model))
