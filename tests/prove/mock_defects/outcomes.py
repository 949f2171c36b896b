"""Ways to spoil the answer of an operation of the mock."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["HANDLER", "with_body", "with_outcome"]

HANDLER = "box_uploads_mock.operations.HANDLERS[{}]".format
"""Name of what answers an operation."""


def with_outcome(handler: Any, **changes: object) -> Any:
    """Return a handler that answers as another one, apart from some attributes of the answer."""

    async def spoiled(call: Any) -> Any:
        return replace(await handler(call), **changes)

    return spoiled


def with_body(handler: Any, change: Callable[[Any], object]) -> Any:
    """Return a handler that answers as another one, with a copy of its body that was changed."""

    async def spoiled(call: Any) -> Any:
        outcome = await handler(call)
        if outcome.body is None:
            return outcome
        body = dict(outcome.body)
        change(body)
        return replace(outcome, body=body)

    return spoiled
