"""Whether the fields of a dataclass have the types of their annotations."""

import types
import typing
from functools import cache


def check_types(instance: object) -> None:
    """Checks the types of a dataclass's fields: a boolean is no number, and text is ASCII.

    Raises:
        ValueError: A field has another type; the message names it.
    """
    # Type checkers take no class of an object for hashable.
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
        return None if isinstance(value, bool) else "neither true nor false; give one of them"
    if hint is int:
        return None if isinstance(value, int) and not isinstance(value, bool) else "no whole number; give one"
    if hint is float:
        return None if isinstance(value, int | float) and not isinstance(value, bool) else "no number; give one"
    # Text, or one of several texts, which the dataclass itself checks.
    return None if isinstance(value, str) and value.isascii() else "no ASCII string; give one"
