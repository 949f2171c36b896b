"""Type checks for the fields of a dataclass."""

import types
import typing
from functools import cache


def check_types(instance: object) -> None:
    """Check that the fields have the types of their annotations: a boolean is not a number, and strings are ASCII.

    Raises:
        ValueError: A field has another type; the message names it.
    """
    # Type checkers do not consider the type of an object hashable.
    for name, hint in _hints(typing.cast("typing.Any", type(instance))).items():
        value = getattr(instance, name)
        problem = _problem(hint, value)
        if problem is not None:
            raise ValueError(f"{name}: {value!a} is {problem}")


@cache
def _hints(kind: type) -> dict[str, object]:
    return typing.get_type_hints(kind)


def _problem(hint: object, value: object) -> str | None:
    options = typing.get_args(hint)
    if types.NoneType in options:
        return None if value is None else _problem(options[0], value)
    if hint is bool:
        return None if isinstance(value, bool) else "not a boolean; use true or false"
    if hint is int:
        return None if isinstance(value, int) and not isinstance(value, bool) else "not an integer; give an integer"
    if hint is float:
        return None if isinstance(value, int | float) and not isinstance(value, bool) else "not a number; give a number"
    # A string, or one of several strings, which the dataclass itself checks.
    return None if isinstance(value, str) and value.isascii() else "not an ASCII string; give an ASCII string"
