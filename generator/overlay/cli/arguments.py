"""What the values of options and arguments must be, so that a wrong one is told before anything is sent."""

from __future__ import annotations

import os
import re

import click

from .. import errors

__all__ = ["PATH", "STDIN", "DuplicateNameError", "PathNameError", "all_filled", "box_id", "filled"]

_ID = re.compile(r"[0-9]{1,19}", re.ASCII)

STDIN = "-"

PATH = click.Path(allow_dash=True, readable=False)
"""A path that is looked at before anything is sent: what is wrong with it is told together with what else is."""


class PathNameError(errors.InvalidArgumentError):
    """The name of a path cannot be that of a file at Box, and no other one was given."""

    def __init__(self, rule: str) -> None:
        super().__init__("source", f"its name {rule}")


class DuplicateNameError(errors.InvalidArgumentError):
    """Two paths of one command would get the same name at Box."""

    def __init__(self, first: str) -> None:
        super().__init__("source", f"gets the same name at Box as {first}")


def filled(_context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Refuse an empty value, which is mostly a variable of a script that is not set."""
    # click takes an empty variable of the environment for none.
    variable = parameter.envvar if value is None else None
    if value == "" or (isinstance(variable, str) and os.environ.get(variable) == ""):
        raise click.BadParameter("must not be empty")
    return value


def all_filled(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse an empty value among several."""
    for value in values:
        filled(context, parameter, value)
    return values


def box_id(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Refuse what is no id at Box."""
    if filled(context, parameter, value) is not None and not _ID.fullmatch(str(value)):
        raise click.BadParameter(f"{value!r} is no decimal number, as an id at Box is")
    return value
