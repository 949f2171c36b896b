"""Lists in which no two items may be equal, which msgspec does not have: checked in what is sent, not in responses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeAlias, TypeVar

import msgspec

from .json_types import is_array

__all__ = ["Unique", "has_repeats"]

_T = TypeVar("_T")

if TYPE_CHECKING:
    Unique: TypeAlias = Annotated[_T, "unique"]
else:

    class _UniqueMeta(type):
        def __instancecheck__(cls, instance: object) -> bool:
            return True

    class Unique(Generic[_T], metaclass=_UniqueMeta):
        """A list of unique items, as msgspec takes it: it is decoded by a hook."""


def has_repeats(value: Any) -> bool:
    """Return whether an item of an array is there twice, as JSON Schema compares them: `1` and `true` differ."""
    if not is_array(value):
        return False
    encode = msgspec.json.Encoder(order="sorted").encode
    texts = [encode(item) for item in value]
    return len(set(texts)) < len(texts)
