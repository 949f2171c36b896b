"""Read what a server sends beyond its document: new members of an enum or a union, and nulls that nobody declared.

A value that the document does not know stays as it was sent: a string in place of a `Literal`, a dictionary in place of
a model. So does one that has the JSON type of the document, and only breaks a constraint or a format: a string in place
of a date. One of another JSON type is an error as ever. Only a body that did not fit is read this way.
"""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from types import UnionType as PlainUnion
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from .booleans import BOOLEANS
from .by_position import ByPosition, item_types
from .conversion import convert
from .json_types import is_array, is_object
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
            return convert(value, type_)
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
            return self.read_alternative(value, arguments, error)
        if isinstance(type_, type) and issubclass(type_, UnionType):
            return self.read_alternative(value, type_.alternatives(), error)
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

    def read_alternative(self, value: object, alternatives: tuple[Any, ...], error: msgspec.ValidationError) -> Any:
        """Return a value as the first alternative that it fits, or as it is if each of them says that it is another."""
        if self._stricter is not None:
            with suppress(msgspec.ValidationError):
                return self._stricter.read_alternative(value, alternatives, error)
        known = [kind for kind in alternatives if kind not in {None, type(None), msgspec.UnsetType}]
        models = [model for kind in known if (model := _model(kind)) is not None]
        # Beside null alone, a model is no choice: another tag is one more value of its property.
        fields = value if is_object(value) and len(models) > 1 else None
        misfits = list[msgspec.ValidationError]()
        for kind in known:
            model = _model(kind)
            if fields is not None and model is not None and _is_other(fields, model):
                continue
            try:
                return self.read(value, kind)
            except msgspec.ValidationError as misfit:
                misfits.append(misfit)
        if fields is not None and all(_is_unknown(fields, model) for model in models):
            return value
        raise misfits[0] if len(misfits) == 1 else error

    def _read_struct(self, value: dict[str, Any], model: type[msgspec.Struct], error: msgspec.ValidationError) -> Any:
        hints = get_type_hints(model, include_extras=True)
        found: dict[str, Any] = {}
        for field in msgspec.structs.fields(model):
            if field.encode_name in value:
                name = field.encode_name
                found[field.name] = self._read_at(f".{name}", value[name], hints[field.name])
            elif field.required:
                raise msgspec.ValidationError(f"Object missing required field `{field.encode_name}`")
        is_closed = model.__struct_config__.forbid_unknown_fields and self._stricter is None
        if is_closed and value.keys() - {*model.__struct_encode_fields__}:
            raise error
        return model(**found)


def _may_be_member(value: object, type_: Any) -> bool:
    """Return whether a value is of the kind of an enum's members, so that it may be a new one."""
    if isinstance(type_, type) and type_ in BOOLEANS:
        return isinstance(value, bool)
    return get_origin(type_) is Literal and any(type(value) is type(member) for member in get_args(type_))


def _may_be_written_so(value: object, type_: Any) -> bool:
    """Return whether a value has the JSON type of a type that is written as a string."""
    return isinstance(value, str) and type_ in _WRITTEN_AS_STRINGS


def _model(type_: Any) -> type[msgspec.Struct] | None:
    inner = get_args(type_)[0] if get_origin(type_) in {Open, Annotated} else type_
    return inner if isinstance(inner, type) and issubclass(inner, msgspec.Struct) else None


def _is_other(value: Mapping[str, object], model: type[msgspec.Struct]) -> bool:
    """Return whether an object says by its tag that it is no such model."""
    config = model.__struct_config__
    return config.tag_field is not None and value.get(config.tag_field, config.tag) != config.tag


def _is_unknown(value: Mapping[str, object], model: type[msgspec.Struct]) -> bool:
    """Return whether an object is no such model: by its tag, or else because it lacks what the model needs."""
    if model.__struct_config__.tag_field is not None:
        return _is_other(value, model)
    return any(field.required and field.encode_name not in value for field in msgspec.structs.fields(model))
