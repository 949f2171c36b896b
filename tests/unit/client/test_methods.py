"""The methods of both clients: each returns what its raw method has parsed."""

from __future__ import annotations

import asyncio
import inspect
from types import SimpleNamespace
from typing import Any

import pytest
from box_uploads import AsyncClient, Client

from tests.contract.calls import right_call
from tests.contract.fragment import operations


@pytest.mark.parametrize("operation_id", operations())
@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_method_returns_what_its_raw_method_has_parsed(kind: type[Client | AsyncClient], operation_id: str) -> None:
    asked: list[Any] = []
    parsed = object()

    def call(*arguments: Any, **named: Any) -> Any:
        asked.append((arguments, named))
        return SimpleNamespace(parsed=parsed)

    async def call_async(*arguments: Any, **named: Any) -> Any:
        return call(*arguments, **named)

    client: Any = kind("token")
    client.raw = SimpleNamespace(**{operation_id: call if kind is Client else call_async})
    path, named = right_call(operation_id)
    result = getattr(client, operation_id)(*path, **named)

    assert (asyncio.run(result) if inspect.iscoroutine(result) else result) is parsed
    ((sent_path, sent),) = asked
    assert sent_path == path
    assert sent.items() >= named.items()
