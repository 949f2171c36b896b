"""Types and checks of option values and arguments."""

from __future__ import annotations

import os
import re

import click

from .. import errors

__all__ = ["PATH", "STDIN", "DuplicateNameError", "PathNameError", "require_id", "require_value", "require_values"]

_ID = re.compile(r"[0-9]{1,19}", re.ASCII)

STDIN = "-"

PATH = click.Path(allow_dash=True, readable=False)
"""A path that click does not check: all paths are checked together later, and all their problems are reported."""


class PathNameError(errors.InvalidArgumentError):
    """The name of a path is not a valid file name at Box, and `--name` is not given."""

    def __init__(self, rule: str) -> None:
        super().__init__("source", f"the file name {rule}")


class DuplicateNameError(errors.InvalidArgumentError):
    """Two paths of one command have the same file name, as Box compares them.

    Args:
        first: The earlier path with that name.
        is_equal: Whether the names are equal in letter case, too.
    """

    def __init__(self, first: str, *, is_equal: bool) -> None:
        beside = "" if is_equal else ", as Box ignores letter case"
        super().__init__("source", f"the file name is the same as that of {first}{beside}")


def require_value(_context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Refuse an empty value, which mostly comes from an unset variable of a script."""
    # click reads an empty environment variable as an unset one.
    variable = parameter.envvar if value is None else None
    if value == "" or (isinstance(variable, str) and os.environ.get(variable) == ""):
        raise click.BadParameter("must not be empty")
    return value


def require_values(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse an empty value among several."""
    for value in values:
        require_value(context, parameter, value)
    return values


def require_id(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Refuse a value that is not an id at Box."""
    if require_value(context, parameter, value) is not None and not _ID.fullmatch(str(value)):
        raise click.BadParameter(f"{value!r} is not an id; ids at Box are decimal numbers")
    return value
