"""Output of `--json`: one JSON object per line on stdout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .streams import write_line
from .text import json_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .failure import Failure

__all__ = ["json_option", "print_json", "report_failure", "wants_json"]

_JSON = "--json"

json_option = click.option(_JSON, "as_json", is_flag=True, help="Print each result as a JSON object on its own line.")


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether arguments contain `--json`, even if they cannot be parsed."""
    return _JSON in arguments[: arguments.index("--") if "--" in arguments else None]


def report_failure(failure: Failure, *, as_json: bool) -> int:
    """Write a failure to stderr, and with `as_json` to stdout too; return its exit code."""
    for line in failure.lines():
        click.echo(line, err=True)
    if as_json:
        print_json(failure.json_data())
    return failure.exit_code


def print_json(data: Any) -> None:
    """Print an object on its own line.

    Raises:
        OutputError: stdout cannot be written.
    """
    write_line(json_text(data))
