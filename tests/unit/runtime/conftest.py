"""Both transports behind one blocking interface, since they promise the same."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import httpx2
import pytest

from generator.overlay._runtime.auth import Credentials
from generator.overlay._runtime.transport import AsyncTransport, SyncTransport

if TYPE_CHECKING:
    from generator.overlay._runtime.messages import RawResponse, Request

BASE = "http://127.0.0.1:9/api/2.0"


Handler: TypeAlias = Callable[[httpx2.Request], httpx2.Response]


def _no_pause(_: float) -> None:
    pass


class Send(Protocol):
    def __call__(self, *requests: Request, handler: Handler | None = None, **options: Any) -> list[RawResponse]: ...


def _sync(*requests: Request, handler: Handler | None = None, **options: Any) -> list[RawResponse]:
    settings: dict[str, Any] = {"token": "t0ken", "base_url": BASE, "sleep": _no_pause} | options
    if handler is not None:
        settings["http"] = httpx2.MockTransport(handler)
    with SyncTransport(Credentials(settings.pop("token")), **settings) as transport:
        return [transport.send(request) for request in requests]


def _async(*requests: Request, handler: Handler | None = None, **options: Any) -> list[RawResponse]:
    async def pause(_: float) -> None:
        await asyncio.sleep(0)

    async def run() -> list[RawResponse]:
        settings: dict[str, Any] = {"token": "t0ken", "base_url": BASE, "sleep": pause} | options
        if "sleep" in options:
            given = options["sleep"]

            async def sleep(delay_s: float) -> None:
                given(delay_s)

            settings["sleep"] = sleep
        if handler is not None:
            settings["http"] = httpx2.MockTransport(handler)
        async with AsyncTransport(Credentials(settings.pop("token")), **settings) as transport:
            return [await transport.send(request) for request in requests]

    return asyncio.run(run())


@pytest.fixture(params=["sync", "async"])
def send(request: pytest.FixtureRequest) -> Send:
    return _sync if request.param == "sync" else _async
