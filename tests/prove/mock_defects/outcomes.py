"""Functions for `wrap` that change what an operation of the mock answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

HANDLER = "box_uploads_mock.operations.HANDLERS[{}]".format


def with_outcome(**changes: object) -> Any:
    """Change some attributes of the response."""

    async def handle(original: Any, call: Any) -> Any:
        return replace(await original(call), **changes)

    return handle


def with_body(change: Callable[[Any], object]) -> Any:
    """Change a copy of the response's body in place."""

    async def handle(original: Any, call: Any) -> Any:
        outcome = await original(call)
        if outcome.body is None:
            return outcome
        body = dict(outcome.body)
        change(body)
        return replace(outcome, body=body)

    return handle


def with_entries(**changes: object) -> Any:
    """Change some entries of the returned object."""
    return lambda original, *arguments: {**original(*arguments), **changes}


def without_entry(name: str) -> Any:
    """Leave an entry of the returned object out."""
    return lambda original, *arguments: {key: value for key, value in original(*arguments).items() if key != name}
