"""What is printed for a machine: with `--json`, an object for each result, one on a line of stdout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import msgspec

if TYPE_CHECKING:
    from .failure import Failure

__all__ = ["Audience", "json_option", "print_json"]


class Audience:
    """Who reads the results of a command; the object of its context.

    Attributes:
        is_machine: Whether it is a machine.
    """

    def __init__(self) -> None:
        self.is_machine = False

    def complain(self, failure: Failure) -> int:
        """Tell of a failure on stderr, and to a machine on stdout as well; return its exit code."""
        for line in failure.lines():
            click.echo(line, err=True)
        if self.is_machine:
            print_json(failure.data())
        return failure.exit_code


def print_json(data: Any) -> None:
    """Print an object, on a line of its own."""
    click.echo(msgspec.json.encode(data))


def _note(context: click.Context, _parameter: click.Parameter, value: bool) -> bool:  # noqa: FBT001  # click's order
    context.ensure_object(Audience).is_machine = value
    return value


json_option = click.option(
    "--json",
    "as_json",
    is_flag=True,
    # Before the others, so that what is wrong with those is told to the machine as well.
    is_eager=True,
    callback=_note,
    help="Print a JSON object for each result, one on a line.",
)
