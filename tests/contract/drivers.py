"""Both clients behind one blocking call, so that one suite judges both."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, Any, Self

import httpx2
from box_uploads import AsyncClient, Client, RetryPolicy

from tests.contract.fragment import TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable

    from box_uploads.types import Response

    Options = dict[str, Any] | None

NO_RETRIES = RetryPolicy(max_retries=0)
# Reading the certificates to trust takes longer than most calls, and over plain HTTP nobody looks at them.
_UNUSED = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Recording(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """Keeps each request before it is carried out.

    Args:
        answer: Gives the response instead of the network.
    """

    def __init__(self, answer: Callable[[httpx2.Request], httpx2.Response] | None = None) -> None:
        self.requests: list[httpx2.Request] = []
        self._answer = httpx2.MockTransport(answer) if answer else None
        self._sync: httpx2.BaseTransport = self._answer or httpx2.HTTPTransport(verify=_UNUSED)
        self._async: httpx2.AsyncBaseTransport = self._answer or httpx2.AsyncHTTPTransport(verify=_UNUSED)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        request.read()
        self.requests.append(request)
        return self._sync.handle_request(request)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        await request.aread()
        self.requests.append(request)
        return await self._async.handle_async_request(request)

    def close(self) -> None:
        self._sync.close()

    async def aclose(self) -> None:
        await self._async.aclose()


def _settings(base_url: str | None, transport: Recording, options: Options) -> dict[str, Any]:
    return {"token": TOKEN, "base_url": base_url, "retry": NO_RETRIES, "http": transport, **(options or {})}


class SyncDriver:
    """Calls `Client`."""

    def __init__(self, base_url: str | None, transport: Recording) -> None:
        self._base_url, self._transport = base_url, transport

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._transport.close()

    def call(self, operation: str, *path: Any, options: Options = None, **arguments: Any) -> Response[Any]:
        """Call an operation and return the whole response."""
        client = Client(**_settings(self._base_url, self._transport, options))
        # Not closed: the transport serves the next client as well.
        response: Response[Any] = getattr(client.raw, operation)(*path, **arguments)
        return response


class AsyncDriver:
    """Calls `AsyncClient`, in one event loop."""

    def __init__(self, base_url: str | None, transport: Recording) -> None:
        self._base_url, self._transport = base_url, transport
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._transport.aclose())
        self._runner.close()

    def call(self, operation: str, *path: Any, options: Options = None, **arguments: Any) -> Response[Any]:
        """Call an operation and return the whole response."""

        async def run() -> Response[Any]:
            client = AsyncClient(**_settings(self._base_url, self._transport, options))
            response: Response[Any] = await getattr(client.raw, operation)(*path, **arguments)
            return response

        return self._runner.run(run())


DRIVERS: dict[str, type[SyncDriver | AsyncDriver]] = {"Client": SyncDriver, "AsyncClient": AsyncDriver}
