"""Bodies in pieces: never copied, read anew for each attempt, as long as announced."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from generator.overlay._runtime.auth import Credentials
from generator.overlay._runtime.errors import InvalidArgumentError
from generator.overlay._runtime.message import Request
from generator.overlay._runtime.retry import RetryPolicy
from generator.overlay._runtime.stream import PIECE, Stream, check_content, pieces
from generator.overlay._runtime.transport import AsyncTransport, SyncTransport

if TYPE_CHECKING:
    from collections.abc import Callable

    from generator.overlay._runtime.stream import Content

BASE = "https://api.example"
DATA = bytes(range(256)) * (PIECE // 128) + b"end"
CONTENTS: list[Content] = [
    DATA,
    bytearray(DATA),
    memoryview(DATA),
    Stream(len(DATA), lambda: [DATA[:7], DATA[7:]]),
    b"",
    b"x",
]


def put(content: Content) -> Request:
    return Request("put", "PUT", BASE, "/x", content=content)


def send_sync(handler: Callable[[httpx2.Request], httpx2.Response], content: Content) -> None:
    policy = RetryPolicy(random=lambda: 0.0)
    http = httpx2.MockTransport(handler)
    with SyncTransport(Credentials("t"), base_url=BASE, http=http, retry=policy, sleep=lambda _: None) as transport:
        transport.send(put(content))


def send_async(handler: Callable[[httpx2.Request], httpx2.Response], content: Content) -> None:
    async def sleep(_: float) -> None:
        pass

    async def run() -> None:
        policy = RetryPolicy(random=lambda: 0.0)
        http = httpx2.MockTransport(handler)
        async with AsyncTransport(Credentials("t"), base_url=BASE, http=http, retry=policy, sleep=sleep) as transport:
            await transport.send(put(content))

    asyncio.run(run())


@pytest.fixture(params=[send_sync, send_async], ids=["sync", "async"])
def send(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.mark.parametrize("content", CONTENTS, ids=["bytes", "bytearray", "memoryview", "stream", "empty", "small"])
def test_a_body_arrives_whole_with_its_length_at_every_attempt(send: Any, content: Content) -> None:
    seen: list[tuple[bytes, str, str]] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        headers = request.headers
        seen.append((request.content, headers.get("content-length", ""), headers.get("transfer-encoding", "")))
        return httpx2.Response(503 if len(seen) == 1 else 200)

    send(handler, content)
    whole = b"".join(content) if isinstance(content, Stream) else bytes(content)
    assert seen == [(whole, str(len(whole)), "")] * 2


class Counting(httpx2.BaseTransport, httpx2.AsyncBaseTransport):
    """Notes in which pieces bodies are handed over."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        assert isinstance(request.stream, httpx2.SyncByteStream)
        self.sizes += [len(piece) for piece in request.stream]
        return httpx2.Response(200)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        assert isinstance(request.stream, httpx2.AsyncByteStream)
        self.sizes += [len(piece) async for piece in request.stream]
        return httpx2.Response(200)


@pytest.mark.parametrize("content", [memoryview(DATA), DATA])
def test_a_large_body_is_handed_over_in_pieces(content: bytes | memoryview) -> None:
    """So that a write timeout covers a piece of it."""

    async def run(http: Counting) -> None:
        async with AsyncTransport(Credentials("t"), http=http) as transport:
            await transport.send(put(content))

    blocking, awaited = Counting(), Counting()
    with SyncTransport(Credentials("t"), http=blocking) as transport:
        transport.send(put(content))
    asyncio.run(run(awaited))
    assert blocking.sizes == awaited.sizes == [PIECE, PIECE, 3]


@pytest.mark.parametrize("content", [memoryview(DATA), DATA])
def test_pieces_are_views_rather_than_copies(content: bytes | memoryview) -> None:
    found = list(pieces(content))
    assert [len(piece) for piece in found] == [PIECE, PIECE, 3]
    assert all(isinstance(piece, memoryview) and piece.obj is DATA for piece in found)


@pytest.mark.parametrize("said", [len(DATA) - 1, len(DATA) + 1, 0])
def test_a_stream_of_another_length_is_refused(said: int) -> None:
    with pytest.raises(InvalidArgumentError, match="body"):
        list(Stream(said, lambda: [DATA]))


def test_a_negative_size_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="size"):
        Stream(-1, list)


@pytest.mark.parametrize("value", ["text", None, 5, [b"x"], iter([b"x"])])
def test_what_is_no_body_is_refused(value: object) -> None:
    with pytest.raises(InvalidArgumentError, match="body"):
        check_content(value)
