"""The ASGI app, called in process."""

import asyncio
import json
from typing import Any

import httpx2
from box_uploads_mock import State, create_app
from starlette.types import Message

from tests.unit.mock.in_process import SESSIONS, headers, new_file, send


def test_an_asgi_transport_reaches_the_app(state: State) -> None:
    async def create() -> httpx2.Response:
        transport = httpx2.ASGITransport(app=create_app(state))
        async with httpx2.AsyncClient(transport=transport, base_url="http://mock.test") as client:
            return await client.post(SESSIONS, json=new_file(), headers={"authorization": "Bearer mock-token"})

    response = asyncio.run(create())
    assert response.status_code == 201
    assert response.json()["session_endpoints"]["status"].startswith(f"http://mock.test{SESSIONS}/")


def test_the_app_takes_part_in_the_lifespan_protocol(state: State) -> None:
    incoming: list[Message] = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[Message] = []

    async def receive() -> Message:
        return incoming.pop(0)

    async def keep(message: Message) -> None:
        sent.append(message)

    async def live() -> None:
        await create_app(state)({"type": "lifespan"}, receive, keep)

    asyncio.run(live())
    assert sent == [{"type": "lifespan.startup.complete"}, {"type": "lifespan.shutdown.complete"}]


def test_two_apps_may_share_a_state(state: State) -> None:
    async def create(client: httpx2.AsyncClient) -> Any:
        response = await client.post(SESSIONS, json=new_file(), headers={"authorization": "Bearer mock-token"})
        return json.loads(response.content)["id"]

    async def both() -> list[Any]:
        ids: list[Any] = []
        for _ in range(2):
            transport = httpx2.ASGITransport(app=create_app(state))
            async with httpx2.AsyncClient(transport=transport, base_url="http://mock.test") as client:
                ids.append(await create(client))
        return ids

    assert asyncio.run(both()) == list(state.sessions)


def test_a_hostile_host_header_does_not_confuse_the_control_plane(state: State) -> None:
    assert send(state, "GET", "/_mock/faults", {"host": "[/_mock/reset"}).status == 403
    assert send(state, "GET", "//mock/_mock/faults", {"host": "x"}).status == 404


def test_a_scope_may_have_no_raw_path(state: State) -> None:
    assert send(state, "GET", "/api/2.0/files/12345", headers(), has_raw_path=False).body["id"] == "12345"
    assert state.request_log[-1].path == "/api/2.0/files/12345"
