"""Either client in front of a server that answers as a test says."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx2
import pytest
from box_uploads import AsyncClient, Client

TOKEN = "a-secret-token"
ID = "F971964745A5CD0C001BBE4E58196BFD"
UPLOADS = "https://upload.box.com/api/2.0"
HOME = f"{UPLOADS}/files/upload_sessions/{ID}"
SESSION: dict[str, Any] = {
    "id": ID,
    "type": "upload_session",
    "session_expires_at": "2012-12-12T10:53:43-08:00",
    "part_size": 1024,
    "total_parts": 1000,
    "num_parts_processed": 455,
    "session_endpoints": {
        "upload_part": HOME,
        "abort": HOME,
        "status": HOME,
        "commit": f"{HOME}/commit",
        "list_parts": f"{HOME}/parts",
        "log_event": f"{HOME}/log",
    },
}
NEW_FILE: dict[str, Any] = {"folder_id": "0", "file_name": "a", "file_size": 20_000_000}


class Recorder:
    """Keeps all requests, and answers with the statuses or errors in turn; the last one repeats."""

    def __init__(self, *outcomes: int | Exception, json: Any = None, headers: Any = None) -> None:
        self.requests: list[httpx2.Request] = []
        self._outcomes, self._json, self._headers = list(outcomes), json, headers

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        outcome = self._outcomes.pop(0) if len(self._outcomes) > 1 else self._outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return httpx2.Response(outcome, headers=self._headers, json=self._json)


class Caller:
    """Calls a method of a client that is made for the call."""

    def __init__(self, *, is_async: bool) -> None:
        self.is_async = is_async

    def __call__(
        self, handler: Any, name: str, place: Any = (), *, named: dict[str, Any], raw: bool = False, **settings: Any
    ) -> Any:
        http = httpx2.MockTransport(handler)
        if not self.is_async:
            with Client(TOKEN, http=http, **settings) as client:
                return getattr(client.raw if raw else client, name)(*place, **named)

        async def run() -> Any:
            async with AsyncClient(TOKEN, http=http, **settings) as client:
                return await getattr(client.raw if raw else client, name)(*place, **named)

        return asyncio.run(run())


@pytest.fixture(params=[False, True], ids=["Client", "AsyncClient"])
def caller(request: pytest.FixtureRequest) -> Caller:
    return Caller(is_async=request.param)
