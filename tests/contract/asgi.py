"""Requests that no HTTP library sends, given to an ASGI application as they are."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping


def call(app: Any, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> httpx.Response:
    """Call the application; no header is added, a `Content-Length` neither."""
    sent: list[dict[str, Any]] = []
    path, _, query = path.partition("?")
    sent_headers = {"host": "testserver", **headers}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in sent_headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("testserver", 80),
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    response = httpx.Response(
        sent[0]["status"],
        headers=sent[0]["headers"],
        content=b"".join(message.get("body", b"") for message in sent[1:]),
        request=httpx.Request(method, f"http://testserver{path}?{query}"),
    )
    # Schemathesis asks for it.
    response.elapsed = timedelta(0)
    return response
