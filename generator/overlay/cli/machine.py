"""What is printed for a machine: with `--json`, an object for each result, one on a line of stdout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .streams import put
from .text import json_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .failure import Failure

__all__ = ["complain", "is_for_machine", "json_option", "print_json"]

_JSON = "--json"

json_option = click.option(_JSON, "as_json", is_flag=True, help="Print a JSON object for each result, one on a line.")


def is_for_machine(arguments: Sequence[str]) -> bool:
    """Whether arguments ask for JSON, also if they are too wrong for a parser to say so."""
    return _JSON in arguments[: arguments.index("--") if "--" in arguments else None]


def complain(failure: Failure, *, as_json: bool) -> int:
    """Tell of a failure on stderr, and to a machine on stdout as well; return its exit code."""
    for line in failure.lines():
        click.echo(line, err=True)
    if as_json:
        print_json(failure.data())
    return failure.exit_code


def print_json(data: Any) -> None:
    """Print an object, on a line of its own.

    Raises:
        UnwrittenError: It cannot be written.
    """
    put(json_text(data))
