"""Arrays whose items have types of their own by their position, in numbers that msgspec cannot express."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeAlias, TypeVar, Unpack, cast, get_args, get_origin

from .json_types import is_array

__all__ = ["ByPosition", "by_position", "item_types"]

_T = TypeVar("_T")

if TYPE_CHECKING:
    ByPosition: TypeAlias = Annotated[_T, "by position"]
else:

    class _ByPositionMeta(type):
        def __instancecheck__(cls, instance: object) -> bool:
            return True

    class ByPosition(Generic[_T], metaclass=_ByPositionMeta):
        """A tuple of one of several lengths, or of any, as msgspec takes it: it is decoded by a hook."""


def by_position(*types: Any) -> Any:
    """Return the type of such an array as a value: type checkers take `ByPosition` in annotations alone.

    Args:
        types: Its tuples, the longest first, and perhaps None.
    """
    tuples = [type_ for type_ in types if get_origin(type_) is tuple]
    others = [type_ for type_ in types if get_origin(type_) is not tuple]
    return _either([cast("Any", ByPosition)[_either(tuples)], *others])


def _either(types: list[Any]) -> Any:
    whole = types[0]
    for type_ in types[1:]:
        whole |= type_
    return whole


def item_types(type_: Any, value: Any) -> list[Any]:
    """Return the type of each item of an array.

    Args:
        type_: A tuple, or a union of tuples of different lengths, the longest first.
        value: The array.

    Raises:
        ValueError: It is no array, or has a number of items that no tuple has.
    """
    if not is_array(value) and not isinstance(value, tuple):
        raise ValueError(f"must be array, not {type(value).__name__}")
    size = len(cast("Any", value))
    alternatives = [type_] if get_origin(type_) is tuple else get_args(type_)
    for alternative in alternatives:
        types = [*get_args(alternative)]
        rest = _repeated(types[-1]) if types else ()
        if rest and size >= len(types) - 1:
            return [*types[:-1], *rest * (size - len(types) + 1)]
        if size == len(types) and not rest:
            return types
    raise ValueError(f"must not have {size} item{'' if size == 1 else 's'}")


def _repeated(type_: Any) -> tuple[Any, ...]:
    """Return the type of the items for which `*tuple[…, ...]` stands, nothing if this is another type."""
    if get_origin(type_) is Unpack:
        return get_args(get_args(type_)[0])[:1]
    return get_args(type_)[:1] if getattr(type_, "__unpacked__", False) else ()
