"""The ASGI app, called in process."""

import asyncio
from typing import Any

import httpx2
from box_uploads_mock import State, create_app
from starlette.types import Message

from tests.unit.mock.in_process import SESSIONS, headers, new_file, send


async def create(state: State) -> Any:
    transport = httpx2.ASGITransport(app=create_app(state))
    async with httpx2.AsyncClient(transport=transport, base_url="http://mock.test") as client:
        response = await client.post(SESSIONS, json=new_file(), headers={"authorization": "Bearer mock-token"})
        assert response.status_code == 201
        return response.json()


def test_apps_called_with_an_asgi_transport_may_share_a_state(state: State) -> None:
    sessions = [asyncio.run(create(state)) for _ in range(2)]
    for session in sessions:
        assert session["session_endpoints"]["status"].startswith(f"http://mock.test{SESSIONS}/")
    assert [session["id"] for session in sessions] == list(state.sessions)


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


def test_a_hostile_host_header_does_not_confuse_the_control_plane(state: State) -> None:
    assert send(state, "GET", "/_mock/faults", {"host": "[/_mock/reset"}).status == 403
    assert send(state, "GET", "//mock/_mock/faults", {"host": "x"}).status == 404


def test_a_scope_may_have_no_raw_path(state: State) -> None:
    assert send(state, "GET", "/api/2.0/files/12345", headers(), has_raw_path=False).body["id"] == "12345"
    assert state.request_log[-1].path == "/api/2.0/files/12345"
