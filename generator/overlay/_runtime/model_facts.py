"""What is asked of a model while a body is read: its fields, and what an object says of being one."""

from __future__ import annotations

from functools import cache
from types import UnionType as PlainUnion
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from .json_types import is_object
from .open_object import Open

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["FieldFacts", "fields_of", "has_other_tag", "is_other", "known_properties", "model_of", "with_tag"]


class FieldFacts(msgspec.Struct, frozen=True):
    """A field of a model: its names, its type, whether it is required, and its values if it is an enum."""

    name: str
    wire_name: str
    type: Any
    is_required: bool
    values: frozenset[object]


# Of the models of a package, which are as many as its document has.
@cache
def fields_of(model: type[msgspec.Struct]) -> tuple[FieldFacts, ...]:
    """Return the fields of a model."""
    hints = get_type_hints(model, include_extras=True)
    return tuple(
        FieldFacts(field.name, field.encode_name, hints[field.name], field.required, _values(hints[field.name]))
        for field in msgspec.structs.fields(model)
    )


def with_tag(model: type[msgspec.Struct], tag: str | int | None, fields: Mapping[str, Any]) -> msgspec.Struct:
    """Return an object of a model with another tag than the model has, which is kept and encoded.

    Args:
        model: The model.
        tag: The tag.
        fields: The fields by their names in Python.
    """
    name, open_model = _with_any_tag(model)
    return open_model(**fields, **{name: tag})


@cache
def _with_any_tag(model: type[msgspec.Struct]) -> tuple[str, type[msgspec.Struct]]:
    """Return a subclass of a model whose tag is a field, since the class itself has one tag; and the field's name."""
    wire_name = str(model.__struct_config__.tag_field)
    hints = get_type_hints(model, include_extras=True)
    name = next((name for name, hint in hints.items() if _is_tag(hint, model)), wire_name)
    tag = (name, Any, msgspec.field(name=wire_name))
    namespace = {"__doc__": model.__doc__}
    module = model.__module__
    return name, msgspec.defstruct(
        model.__name__, [tag], bases=(model,), tag=False, kw_only=True, module=module, namespace=namespace
    )


def model_of(type_: Any) -> type[msgspec.Struct] | None:
    """Return the model that an alternative of a union is, if it is one."""
    inner = get_args(type_)[0] if get_origin(type_) in {Open, Annotated} else type_
    return inner if isinstance(inner, type) and issubclass(inner, msgspec.Struct) else None


def known_properties(type_: Any, value: object) -> int:
    """Return how many properties of an object a model knows by name; 0 for anything else."""
    model = model_of(type_)
    if model is None or not is_object(value):
        return 0
    return len({*model.__struct_encode_fields__, model.__struct_config__.tag_field} & value.keys())


def is_other(value: Mapping[str, object], model: type[msgspec.Struct], models: Sequence[type[msgspec.Struct]]) -> bool:
    """Return whether an object says that it is no such model, but another of these.

    It says so by a tag, or by a member of an enum that another model has and this one has not: that is no new one.
    """
    if has_other_tag(value, model):
        return True
    return any(
        field.values
        and field.wire_name in value
        and not _is_among(value[field.wire_name], field.values)
        and any(_is_among(value[field.wire_name], _values_of(other, field.wire_name)) for other in models)
        for field in fields_of(model)
    )


def has_other_tag(value: Mapping[str, object], model: type[msgspec.Struct]) -> bool:
    """Return whether an object has another tag than a model."""
    config = model.__struct_config__
    return config.tag_field is not None and value.get(config.tag_field, config.tag) != config.tag


def _values_of(model: type[msgspec.Struct], wire_name: str) -> frozenset[object]:
    config = model.__struct_config__
    if config.tag_field == wire_name:
        return frozenset({config.tag})
    found = [field.values for field in fields_of(model) if field.wire_name == wire_name]
    return found[0] if found else frozenset[object]()


def _values(type_: Any) -> frozenset[object]:
    """Return the members of an enum that may be optional; none for another type."""
    origin, arguments = get_origin(type_), get_args(type_)
    if origin is Literal:
        return frozenset(arguments)
    if origin not in {Union, PlainUnion}:
        return frozenset[object]()
    inner = [kind for kind in arguments if kind not in {type(None), msgspec.UnsetType}]
    return frozenset[object]().union(*map(_values, inner)) if all(map(_values, inner)) else frozenset[object]()


def _is_among(value: object, values: frozenset[object]) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and value in values


def _is_tag(hint: Any, model: type[msgspec.Struct]) -> bool:
    inner = get_args(hint)
    return get_origin(hint) is ClassVar and get_args(inner[0]) == (model.__struct_config__.tag,)
