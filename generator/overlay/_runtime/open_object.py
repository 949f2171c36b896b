"""Objects with declared properties and further ones of one type, which msgspec does not have.

The further properties of such a model are in its field `additional_properties`. In JSON they stand beside the declared
ones; between the two, as msgspec sees the object, they are one property with a name that no document has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeAlias, TypeVar, cast

from .json_types import is_array, is_object

if TYPE_CHECKING:
    import msgspec

__all__ = ["EXTRA", "EXTRA_BYTES", "Open", "inline_extra", "misplaced_names", "nest_extra"]

EXTRA = "⁂ additional properties"
EXTRA_BYTES = EXTRA.encode()

_T = TypeVar("_T")

if TYPE_CHECKING:
    Open: TypeAlias = Annotated[_T, EXTRA]
else:

    class _OpenMeta(type):
        def __instancecheck__(cls, instance: object) -> bool:
            return True

    class Open(Generic[_T], metaclass=_OpenMeta):
        """A model with further properties, as msgspec takes it: it is decoded by a hook."""


def nest_extra(value: object, model: type[msgspec.Struct]) -> object:
    """Return an object with its further properties in one; anything else is returned as it is."""
    if not is_object(value):
        return value
    declared = {*model.__struct_encode_fields__, model.__struct_config__.tag_field}
    found: dict[str, Any] = {name: member for name, member in value.items() if name in declared}
    extra = {name: member for name, member in value.items() if name not in declared}
    inner = found.get(EXTRA)
    return {**found, EXTRA: {**extra, **(inner if is_object(inner) else {})}}


def misplaced_names(value: object, model: type[msgspec.Struct]) -> list[str]:
    """Return the declared properties that a caller gave as further ones, where their own rules would not apply."""
    extra = value.get(EXTRA) if is_object(value) else None
    declared = {*model.__struct_encode_fields__, model.__struct_config__.tag_field}
    return sorted(name for name in extra if name in declared) if is_object(extra) else []


def inline_extra(value: Any) -> Any:
    """Return a value of plain types with all further properties beside the declared ones."""
    if is_array(value) or isinstance(value, tuple):
        return [inline_extra(item) for item in cast("list[Any]", value)]
    if not is_object(value):
        return value
    members = {name: inline_extra(member) for name, member in value.items()}
    extra = members.pop(EXTRA, {})
    return {**extra, **members}
