"""The CPU time of one call that creates a session, beside bare httpx2 sending the same bytes, and the official SDK."""

from __future__ import annotations

import asyncio
import time

import httpx2
from box_sdk_gen import BaseUrls, BoxClient, BoxDeveloperTokenAuth, BoxNetworkClient, NetworkSession
from box_uploads import AsyncClient, Client

from tests.bench.loopback import loopback_server
from tests.bench.measure import Row, medians, show, times, us

FILE = {"folder_id": "0", "file_name": "Project.mov", "file_size": 104_857_600}


class _Recorder(httpx2.BaseTransport):
    """Keeps the request, so that the bare library can be told to send the very same."""

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self.content = request.read()
        self.headers = dict(request.headers)
        self.url = str(request.url)
        raise httpx2.ConnectError("nothing is sent")


def _recorded(base_url: str) -> _Recorder:
    recorder = _Recorder()
    box = Client("token", base_url=base_url, http=recorder, sleep=lambda _: None)
    try:
        box.create_upload_session(**FILE)  # type: ignore[arg-type]  # the values have the right types
    except Exception:  # noqa: BLE001 - it is never sent
        return recorder
    raise AssertionError("the recorder answered")


def _sync(origin: str, sent: _Recorder) -> dict[str, float]:
    box = Client("token", base_url=f"{origin}/api/2.0")
    bare = httpx2.Client()
    network = BoxNetworkClient()
    session = NetworkSession(network_client=network, base_urls=BaseUrls(upload_url=f"{origin}/api"))
    official = BoxClient(BoxDeveloperTokenAuth(token="token"), network_session=session)

    def bare_calls(calls: int) -> None:
        for _ in range(calls):
            assert bare.post(sent.url, content=sent.content, headers=sent.headers).content

    def client_calls(calls: int) -> None:
        for _ in range(calls):
            box.create_upload_session(folder_id="0", file_name="Project.mov", file_size=104_857_600)

    def official_calls(calls: int) -> None:
        for _ in range(calls):
            official.chunked_uploads.create_file_upload_session("0", 104_857_600, "Project.mov")

    variants = {"bare": bare_calls, "client": client_calls, "official": official_calls}
    try:
        return medians(variants, calls=300, rounds=9, clock=time.process_time)
    finally:
        box.close()
        bare.close()
        network.requests_session.close()


def _async(origin: str, sent: _Recorder) -> dict[str, float]:
    with asyncio.Runner() as runner:
        box = AsyncClient("token", base_url=f"{origin}/api/2.0")
        bare = httpx2.AsyncClient()

        async def bare_calls(calls: int) -> None:
            for _ in range(calls):
                response = await bare.post(sent.url, content=sent.content, headers=sent.headers)
                assert response.content

        async def client_calls(calls: int) -> None:
            for _ in range(calls):
                await box.create_upload_session(folder_id="0", file_name="Project.mov", file_size=104_857_600)

        variants = {
            "bare": lambda calls: runner.run(bare_calls(calls)),
            "client": lambda calls: runner.run(client_calls(calls)),
        }
        try:
            return medians(variants, calls=300, rounds=9, clock=time.process_time)
        finally:
            runner.run(box.aclose())
            runner.run(bare.aclose())


def run() -> None:
    """Measure and show."""
    with loopback_server() as origin:
        sent = _recorded(f"{origin}/api/2.0")
        sync, awaited = _sync(origin, sent), _async(origin, sent)
    bare, client, official = sync.values()
    async_bare, async_client = awaited.values()
    show(
        "CPU time of one call that creates a session, over a kept connection",
        [
            Row("bare httpx2.Client, same bytes", us(bare)),
            Row("box_uploads.Client", us(client), times(client / bare), "at most 1.10 x of bare"),
            Row("boxsdk", us(official), times(official / client), "above 1 x of box_uploads"),
            Row("bare httpx2.AsyncClient, same bytes", us(async_bare)),
            Row(
                "box_uploads.AsyncClient", us(async_client), times(async_client / async_bare), "at most 1.10 x of bare"
            ),
        ],
        "bare httpx2 only receives the answer, box_uploads also checks arguments and decodes it",
    )
