"""A boolean that has to be true, or false, which msgspec does not have: its `Literal` takes strings and integers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

__all__ = ["BOOLEANS", "OnlyFalse", "OnlyTrue"]

if TYPE_CHECKING:
    OnlyTrue: TypeAlias = Literal[True]
    OnlyFalse: TypeAlias = Literal[False]
else:

    class _BooleanMeta(type):
        def __instancecheck__(cls, instance: object) -> bool:
            return True

    class OnlyTrue(metaclass=_BooleanMeta):
        """The value true, as msgspec takes it: it is decoded by a hook."""

    class OnlyFalse(metaclass=_BooleanMeta):
        """The value false, as msgspec takes it: it is decoded by a hook."""


BOOLEANS: dict[object, bool] = {OnlyTrue: True, OnlyFalse: False}
"""The value of each type."""
