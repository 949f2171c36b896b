"""Facts about both transports: what is sent, what comes back, what fails."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import operator
import random
import threading
import zlib
from typing import TYPE_CHECKING, Any, Protocol

import httpx2
import pytest

from generator.overlay._runtime import response_reader
from generator.overlay._runtime.auth import Credentials, Secret
from generator.overlay._runtime.errors import (
    ClientClosedError,
    ClientError,
    InvalidArgumentError,
    ResponseTooLargeError,
    TransportError,
)
from generator.overlay._runtime.messages import Request
from generator.overlay._runtime.retry import RetryPolicy
from generator.overlay._runtime.transport import AsyncTransport, SyncTransport, Timeout

from .conftest import BASE, Send

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

POST = Request(
    "create_thing",
    "POST",
    "https://api.example/2.0",
    "/things",
    content=b"{}",
    headers=(("content-type", "application/json"),),
)
GET = Request("get_thing", "GET", "https://api.example/2.0", "/things/1")
QUICK = RetryPolicy(random=lambda: 1.0)


PROXIES = ["socks5://127.0.0.1:9", "foo://user:secret@bar", "http://127.0.0.1:notaport"]


@pytest.mark.parametrize("proxy", PROXIES)
@pytest.mark.parametrize("transport", [SyncTransport, AsyncTransport])
def test_a_proxy_of_the_environment_that_cannot_be_used_is_told(
    monkeypatch: pytest.MonkeyPatch, transport: Any, proxy: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(InvalidArgumentError, match=r"proxies of the environment \(such as HTTPS_PROXY\): ") as caught:
        transport(Credentials("token"))
    assert "secret" not in str(caught.value)


class Stream(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A body that is received in pieces, and may break off."""

    def __init__(self, *chunks: bytes | Exception) -> None:
        self.chunks = chunks
        self.closed = False
        self.given = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.chunks:
            if isinstance(chunk, Exception):
                raise chunk
            self.given += 1
            yield chunk

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self:
            yield chunk

    def close(self) -> None:
        self.closed = True

    async def aclose(self) -> None:
        self.closed = True


def test_the_request_is_sent_as_described(send: Send) -> None:
    seen: list[httpx2.Request] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(201, headers=[("X-A", "1"), ("x-a", "2")], content=b"{}")

    (raw,) = send(POST, handler=handler, user_agent="box-uploads/1")
    (request,) = seen
    assert (request.method, str(request.url), request.content) == ("POST", f"{BASE}/things", b"{}")
    assert dict(request.headers) == {
        "host": "127.0.0.1:9",
        "accept": "application/json",
        "accept-encoding": "identity",
        "user-agent": "box-uploads/1",
        "content-type": "application/json",
        "content-length": "2",
        "authorization": "Bearer t0ken",
    }
    assert (raw.operation, raw.method, raw.status, raw.content) == ("create_thing", "POST", 201, b"{}")
    assert raw.headers["X-a"] == "1, 2"


def test_a_request_s_own_headers_replace_the_client_s(send: Send) -> None:
    request = Request("op", "GET", BASE, "/x", headers=(("Accept", "image/png"),))
    (raw,) = send(request, handler=lambda got: httpx2.Response(200, text=",".join(got.headers.get_list("accept"))))
    assert raw.content == b"image/png"


@pytest.mark.parametrize(
    ("given", "query", "expected"),
    [
        ("?zone=eu&offset=5", (("offset", "1"), ("limit", "2")), "?zone=eu&offset=1&limit=2"),
        ("?offset=5&zone=eu&offset=6", (("offset", "1"),), "?zone=eu&offset=1"),
        ("?%6Fffset=5", (("offset", "1"),), "?offset=1"),
        ("?zone=e%2Cu&flag&&", (("ids", "1,2"), ("ids", "3")), "?zone=e%2Cu&flag&ids=1,2&ids=3"),
        ("?zone=eu&offset=5", (), "?zone=eu&offset=5"),
        ("", (("offset", "1"),), "?offset=1"),
    ],
)
def test_a_parameter_takes_the_place_of_one_in_the_url_of_a_response(
    send: Send, given: str, query: Any, expected: str
) -> None:
    request = Request("op", "GET", BASE, "/things", url=f"{BASE}/things{given}", query=query)
    (raw,) = send(request, handler=lambda got: httpx2.Response(200, text=str(got.url)))
    assert raw.content.decode() == f"{BASE}/things{expected}"


@pytest.mark.parametrize(
    ("base_url", "path", "query", "url"),
    [
        ("https://h/api/", "/a", (), "https://h/api/a"),
        ("https://h", "/a%2Fb/%2E%2E", (), "https://h/a%2Fb/%2E%2E"),
        ("https://h/v1//", "/a", (("q", "a b&c"), ("q", "1,2"), ("ü", "")), "https://h/v1/a?q=a%20b%26c&q=1,2&%C3%BC="),
        (None, "/a", (), "https://server.example/2.0/a"),
        ("http://[::1]:80/", "/a", (), "http://[::1]/a"),
        ("http://localhost:8080", "/a", (), "http://localhost:8080/a"),
    ],
)
def test_the_url_is_base_path_and_query(send: Send, base_url: str | None, path: str, query: Any, url: str) -> None:
    request = Request("op", "GET", "https://server.example/2.0/", path, query=query)
    (raw,) = send(request, handler=lambda got: httpx2.Response(200, text=str(got.url)), base_url=base_url)
    assert raw.content.decode() == url


REFUSED = [
    "http://upload.box.com/api",
    "http://127.0.0.1.evil.example",
    "http://localhost.evil.example",
    "http://127.1",
    "http://0.0.0.0",
    "http://2130706433",
    "ftp://h",
    "//h",
    "/api",
    "",
    "https://",
    "https://u:p@h",
    "https://@h",
    "http://localhost\\@evil.example",
    "https://h?x",
    "https://h/#",
    "https://h /",
    "https://h\n",
    "https://bücher.example",
    "http://localhost:99999",
    "http://localhost@evil.example",
    "https://h/{x}",
    "http://10.0.0.1",
    "http://[::2]",
]


@pytest.mark.parametrize("url", REFUSED)
def test_a_token_is_not_sent_to_a_doubtful_base_url(send: Send, url: str) -> None:
    def handler(_: httpx2.Request) -> httpx2.Response:
        raise AssertionError("sent")

    with pytest.raises(InvalidArgumentError):
        send(GET, handler=handler, base_url=url)
    with pytest.raises(InvalidArgumentError):
        send(Request("op", "GET", url, "/x"), handler=handler, base_url=None)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("request_", [GET, POST], ids=["GET", "POST"])
def test_redirects_are_not_followed(send: Send, request_: Request, status: int) -> None:
    seen: list[str] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        seen.append(str(request.url))
        return httpx2.Response(status, headers={"location": "https://evil.example/"})

    (raw,) = send(request_, handler=handler)
    assert (raw.status, len(seen)) == (status, 1)


def test_a_query_is_that_of_its_own_call_alone(send: Send) -> None:
    queries = [(("offset", "5"),), (), (("offset", "6"),)]
    requests = [Request("list_things", "GET", BASE, "/things", query=query) for query in queries]
    listed = send(*requests, handler=lambda got: httpx2.Response(200, text=got.url.query.decode()))
    assert [raw.content for raw in listed] == [b"offset=5", b"", b"offset=6"]


def test_the_query_of_a_response_s_url_is_that_of_its_own_call_alone(send: Send) -> None:
    urls = [f"{BASE}/things?zone=eu", f"{BASE}/things", f"{BASE}/things?zone=us"]
    requests = [Request("list_things", "GET", BASE, "/things", url=url) for url in urls]
    listed = send(*requests, handler=lambda got: httpx2.Response(200, text=str(got.url)))
    assert [raw.content.decode() for raw in listed] == urls


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
@pytest.mark.parametrize(("asked", "wait_s"), [("7", 7.0), (None, 0.5)])
def test_any_failure_of_a_server_that_asks_for_a_pause_gets_it(
    send: Send, status: int, asked: str | None, wait_s: float
) -> None:
    answers = iter(
        [httpx2.Response(status, headers={} if asked is None else {"retry-after": asked}), httpx2.Response(200)]
    )
    pauses: list[float] = []
    send(GET, handler=lambda _: next(answers), sleep=pauses.append, retry=QUICK)
    assert pauses == [wait_s]


class Owned(Protocol):
    def __call__(self, use: str) -> tuple[list[int], bool]: ...


def _sync_use(use: str) -> tuple[list[int], bool]:
    with httpx2.Client(transport=httpx2.MockTransport(lambda _: httpx2.Response(200))) as http:
        transport = SyncTransport(Credentials("t"), base_url=BASE, http=http)
        other = transport if use == "itself" else transport.without_retries() if use == "without_retries" else None
        other = other or (
            transport.with_timeout_cap(1.0) if use == "with_timeout_cap" else transport.with_response_cap(1.0)
        )
        statuses = [other.send(GET).status]
        other.close()
        with pytest.raises(ClientError, match="the client is closed"):
            other.send(GET)
        if other is not transport:
            statuses.append(transport.send(GET).status)
        return statuses, http.is_closed


def _async_use(use: str) -> tuple[list[int], bool]:
    async def run() -> tuple[list[int], bool]:
        async with httpx2.AsyncClient(transport=httpx2.MockTransport(lambda _: httpx2.Response(200))) as http:
            transport = AsyncTransport(Credentials("t"), base_url=BASE, http=http)
            other = transport if use == "itself" else transport.without_retries() if use == "without_retries" else None
            other = other or (
                transport.with_timeout_cap(1.0) if use == "with_timeout_cap" else transport.with_response_cap(1.0)
            )
            statuses = [(await other.send(GET)).status]
            await other.aclose()
            with pytest.raises(ClientError, match="the client is closed"):
                await other.send(GET)
            if other is not transport:
                statuses.append((await transport.send(GET)).status)
            return statuses, http.is_closed

    return asyncio.run(run())


@pytest.mark.parametrize("run", [_sync_use, _async_use], ids=["sync", "async"])
@pytest.mark.parametrize("use", ["itself", "without_retries", "with_timeout_cap", "with_response_cap"])
def test_close_ends_what_was_closed_and_never_the_caller_s_client(run: Owned, use: str) -> None:
    statuses, is_closed = run(use)
    assert statuses == ([200] if use == "itself" else [200, 200])
    assert not is_closed


def _close_sync(use: str, http: Closing) -> int:
    transport = SyncTransport(Credentials("t"), base_url=BASE, http=http)
    beside = transport.without_retries() if use == "without_retries" else getattr(transport, use)(1.0)
    beside.close()
    assert not http.closed
    return transport.send(GET).status


def _close_async(use: str, http: Closing) -> int:
    async def run() -> int:
        transport = AsyncTransport(Credentials("t"), base_url=BASE, http=http)
        beside = transport.without_retries() if use == "without_retries" else getattr(transport, use)(1.0)
        await beside.aclose()
        assert not http.closed
        return (await transport.send(GET)).status

    return asyncio.run(run())


@pytest.mark.parametrize("close", [_close_sync, _close_async], ids=["sync", "async"])
@pytest.mark.parametrize("use", ["without_retries", "with_timeout_cap", "with_response_cap"])
def test_a_transport_beside_another_leaves_its_connections_open(close: Any, use: str) -> None:
    assert close(use, Closing()) == 200


@pytest.mark.parametrize("status", [200, 204, 299, 404, 520, 599, 999])
def test_every_status_comes_back_as_an_integer(send: Send, status: int) -> None:
    (raw,) = send(POST, handler=lambda _: httpx2.Response(status))
    assert raw.status == status


def test_retries_wait_as_the_policy_says(send: Send) -> None:
    answers = iter([httpx2.Response(429, headers={"retry-after": "7"}), httpx2.Response(429), httpx2.Response(201)])
    pauses: list[float] = []
    (raw,) = send(POST, handler=lambda _: next(answers), sleep=pauses.append, retry=QUICK)
    assert (raw.status, pauses) == (201, [7.0, 1.0])


@pytest.mark.parametrize(
    ("kind", "request_", "attempts", "safe"),
    [
        (httpx2.ConnectError, POST, 3, True),
        (httpx2.PoolTimeout, POST, 3, True),
        (httpx2.ReadTimeout, POST, 1, False),
        (httpx2.ReadTimeout, GET, 3, True),
        (httpx2.RemoteProtocolError, POST, 1, False),
        (httpx2.DecodingError, GET, 1, True),
        (httpx2.UnsupportedProtocol, POST, 1, True),
    ],
)
def test_failures_of_the_transport_say_whether_a_repetition_is_safe(
    send: Send, kind: type[httpx2.RequestError], request_: Request, attempts: int, *, safe: bool
) -> None:
    count = 0

    def handler(request: httpx2.Request) -> httpx2.Response:
        nonlocal count
        count += 1
        raise kind("broken\nline", request=request)

    with pytest.raises(TransportError) as caught:
        send(request_, handler=handler)
    assert count == attempts
    assert caught.value.retry_safe is safe
    assert caught.value.kind == kind.__name__
    assert str(caught.value) == f"{request_.operation}: {kind.__name__}: broken line"
    assert isinstance(caught.value.__cause__, httpx2.TransportError)


def test_a_callable_token_is_fetched_once_and_again_after_a_401(send: Send) -> None:
    fetched: list[str] = []

    def token() -> str:
        fetched.append(f"t{len(fetched)}")
        return fetched[-1]

    used: list[str] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        used.append(request.headers["authorization"])
        return httpx2.Response(401 if used[-1] == "Bearer t0" else 200)

    responses = send(POST, POST, handler=handler, token=token)
    assert [raw.status for raw in responses] == [200, 200]
    assert used == ["Bearer t0", "Bearer t1", "Bearer t1"]


def test_an_async_client_awaits_its_token() -> None:
    async def token() -> str:
        await asyncio.sleep(0)
        return "awaited"

    async def run() -> bytes:
        http = httpx2.MockTransport(lambda request: httpx2.Response(200, text=request.headers["authorization"]))
        async with AsyncTransport(Credentials(token), base_url=BASE, http=http) as transport:
            return (await transport.send(GET)).content

    assert asyncio.run(run()) == b"Bearer awaited"


def test_tasks_that_find_a_token_stale_fetch_another_once() -> None:
    fetched = 0

    async def token() -> str:
        nonlocal fetched
        fetched += 1
        await asyncio.sleep(0)
        return f"t{fetched}"

    def handler(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(401 if request.headers["authorization"] == "Bearer t1" else 200)

    async def run() -> list[int]:
        async with AsyncTransport(Credentials(token), base_url=BASE, http=httpx2.MockTransport(handler)) as transport:
            return [raw.status for raw in await asyncio.gather(*(transport.send(GET) for _ in range(8)))]

    assert asyncio.run(run()) == [200] * 8
    assert fetched == 2


def test_threads_that_find_a_token_stale_fetch_another_once() -> None:
    fetched = 0
    together = threading.Barrier(8)

    def token() -> str:
        nonlocal fetched
        fetched += 1
        return f"t{fetched}"

    def handler(request: httpx2.Request) -> httpx2.Response:
        if request.headers["authorization"] == "Bearer t1":
            together.wait(10)
            return httpx2.Response(401)
        return httpx2.Response(200)

    statuses: list[int] = []
    with SyncTransport(Credentials(token), base_url=BASE, http=httpx2.MockTransport(handler)) as transport:
        threads = [threading.Thread(target=lambda: statuses.append(transport.send(POST).status)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert statuses == [200] * 8
    assert fetched == 2


def test_the_http_library_s_own_authentication_is_used(send: Send) -> None:
    (raw,) = send(
        GET,
        handler=lambda request: httpx2.Response(200, text=request.headers.get("authorization", "none")),
        token=httpx2.BasicAuth("u", "p"),
    )
    assert raw.content == b"Basic dTpw"


@pytest.mark.parametrize("token", ["t", lambda: "t", httpx2.BasicAuth("u", "p"), None])
def test_a_request_without_authentication_carries_none(send: Send, token: Any) -> None:
    request = Request("op", "GET", BASE, "/x", authenticated=False)
    (raw,) = send(
        request, handler=lambda got: httpx2.Response(200, text=got.headers.get("authorization", "none")), token=token
    )
    assert raw.content == b"none"


def compressed(content: bytes, encoding: str) -> bytes:
    if encoding == "raw deflate":
        compressor = zlib.compressobj(wbits=-15)
        return compressor.compress(content) + compressor.flush()
    return (
        gzip.compress(content) if "gzip" in encoding else zlib.compress(content) if encoding == "deflate" else content
    )


@pytest.mark.parametrize("encoding", ["", "identity", "gzip", "x-gzip", "GZip", "deflate", "raw deflate"])
def test_a_server_that_compresses_unasked_is_understood(send: Send, encoding: str) -> None:
    content = b'{"a": 1}' * 1000
    body = compressed(content, encoding.lower())
    stream = Stream(body[:10], body[10:])
    name = encoding.removeprefix("raw ")
    (raw,) = send(GET, handler=lambda _: httpx2.Response(200, headers={"content-encoding": name}, stream=stream))
    assert raw.content == content
    assert stream.closed


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("br", b"x"), ("gzip", b"no gzip"), ("gzip", gzip.compress(b"abc", mtime=0)[:-3]), ("gzip, gzip", b"x")],
)
def test_a_body_that_cannot_be_decompressed_keeps_its_status(send: Send, encoding: str, body: bytes) -> None:
    (raw,) = send(
        POST, handler=lambda _: httpx2.Response(503, headers={"content-encoding": encoding}, stream=Stream(body))
    )
    assert (raw.status, raw.content) == (503, body)


@pytest.mark.parametrize("encoding", ["identity", "gzip", "deflate"])
def test_a_body_beyond_the_limit_is_refused(send: Send, encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response_reader, "MAX_BODY", 1000)
    bodies = iter([compressed(b"\x00" * 1000, encoding), compressed(b"\x00" * 1001, encoding)])

    def handler(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-encoding": encoding}, stream=Stream(next(bodies)))

    with pytest.raises(ResponseTooLargeError, match="larger than 1000 bytes") as caught:
        send(GET, GET, handler=handler)
    assert caught.value.retry_safe is True
    assert next(bodies, None) is None


def test_a_bomb_of_one_chunk_is_never_expanded_beyond_the_limit(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    real = zlib.decompressobj

    class Watched:
        def __init__(self, window: int) -> None:
            self.real = real(window)

        @property
        def eof(self) -> bool:
            return self.real.eof

        def decompress(self, data: bytes, limit: int) -> bytes:
            asked.append(limit)
            return self.real.decompress(data, limit)

    monkeypatch.setattr(zlib, "decompressobj", Watched)
    bomb = gzip.compress(b"\x00" * (64 << 20))
    with pytest.raises(ResponseTooLargeError):
        send(GET, handler=lambda _: httpx2.Response(200, headers={"content-encoding": "gzip"}, stream=Stream(bomb)))
    assert asked == [response_reader.MAX_BODY + 1]


def test_an_endless_body_is_left_and_closed(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response_reader, "MAX_BODY", 1000)
    streams = [Stream(*[b"x" * 400] * 1000), Stream(*[b"x" * 400] * 1000)]
    answers = iter(streams)
    statuses = iter([404, 200])
    with pytest.raises(ResponseTooLargeError):
        send(GET, GET, handler=lambda _: httpx2.Response(next(statuses), stream=next(answers)))
    assert [(stream.given, stream.closed) for stream in streams] == [(3, True), (3, True)]


def test_an_error_keeps_its_status_although_its_body_is_too_large_or_breaks_off(
    send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(response_reader, "MAX_BODY", 1000)
    bodies = iter([Stream(b"x" * 5000), Stream(b"x" * 10, httpx2.ReadError("gone"))])
    first, second = send(POST, POST, handler=lambda _: httpx2.Response(409, stream=next(bodies)))
    assert (first.status, len(first.content)) == (409, 1000)
    assert (second.status, len(second.content)) == (409, 10)


def test_a_success_whose_body_breaks_off_is_a_transport_error(send: Send) -> None:
    stream = Stream(b"x", httpx2.ReadError("gone"))
    with pytest.raises(TransportError) as caught:
        send(POST, handler=lambda _: httpx2.Response(201, stream=stream))
    assert (caught.value.kind, caught.value.retry_safe) == ("ReadError", False)
    assert stream.closed


def test_a_cancelled_call_closes_its_response_and_stays_cancelled() -> None:
    class Slow(Stream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"x"
            await asyncio.Event().wait()

    stream = Slow()

    async def run() -> None:
        http = httpx2.MockTransport(lambda _: httpx2.Response(200, stream=stream))
        async with AsyncTransport(Credentials("t"), base_url=BASE, http=http) as transport:
            task = asyncio.create_task(transport.send(GET))
            for _ in range(5):
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(run())
    assert stream.closed


def test_a_closed_client_says_so_and_closing_again_is_harmless() -> None:
    transport = SyncTransport(
        Credentials("t"), base_url=BASE, http=httpx2.MockTransport(lambda _: httpx2.Response(200))
    )
    transport.close()
    transport.close()
    with pytest.raises(ClientError, match="the client is closed"):
        transport.send(GET)

    async def run() -> None:
        other = AsyncTransport(
            Credentials("t"), base_url=BASE, http=httpx2.MockTransport(lambda _: httpx2.Response(200))
        )
        await other.aclose()
        await other.aclose()
        with pytest.raises(ClientError, match="the client is closed"):
            await other.send(GET)

    asyncio.run(run())


def test_the_caller_s_client_is_used_as_it_is_and_stays_open() -> None:
    seen: list[httpx2.Request] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(302, headers={"location": "/other"})

    timeout = httpx2.Timeout(connect=1, read=2, write=3, pool=4)
    with httpx2.Client(
        transport=httpx2.MockTransport(handler),
        timeout=timeout,
        headers={"x-own": "1"},
        follow_redirects=True,
        auth=("u", "p"),
    ) as http:
        with SyncTransport(Credentials("t"), base_url=BASE, http=http) as transport:
            assert transport.send(POST).status == 302
        with SyncTransport(Credentials(None), base_url=BASE, http=http, timeout_s=9) as transport:
            transport.send(GET)
        assert not http.is_closed
    first, second = seen
    assert first.extensions["timeout"] == {"connect": 1, "read": 2, "write": 3, "pool": 4}
    assert (first.headers["x-own"], first.headers["authorization"]) == ("1", "Bearer t")
    assert second.extensions["timeout"] == {"connect": 9, "read": 9, "write": 9, "pool": 9}
    # Without a token, the caller's client authenticates by itself.
    assert second.headers["authorization"].startswith("Basic ")
    with pytest.raises(ClientError, match="closed"):
        SyncTransport(Credentials("t"), base_url=BASE, http=http).send(GET)


def test_the_caller_s_asynchronous_client_follows_no_redirects_for_us() -> None:
    async def run() -> int:
        answer = httpx2.MockTransport(lambda _: httpx2.Response(302, headers={"location": "/other"}))
        async with (
            httpx2.AsyncClient(transport=answer, follow_redirects=True) as http,
            AsyncTransport(Credentials("t"), base_url=BASE, http=http) as transport,
        ):
            return (await transport.send(POST)).status

    assert asyncio.run(run()) == 302


@pytest.mark.parametrize(
    ("kind", "sent", "is_transient"),
    [
        *((kind, False, True) for kind in ("ConnectError", "ConnectTimeout", "PoolTimeout")),
        *((kind, False, False) for kind in ("ProxyError", "UnsupportedProtocol", "LocalProtocolError")),
        *((kind, None, True) for kind in ("ReadError", "ReadTimeout", "WriteError", "WriteTimeout", "CloseError")),
        ("RemoteProtocolError", None, True),
        *((kind, None, False) for kind in ("DecodingError", "TooManyRedirects")),
    ],
)
@pytest.mark.parametrize("request_", [POST, GET], ids=["POST", "GET"])
def test_a_failure_says_whether_the_request_was_sent_and_another_attempt_may_help(
    kind: str, sent: bool | None, is_transient: bool, request_: Request
) -> None:
    def fail(_: httpx2.Request) -> httpx2.Response:
        raise getattr(httpx2, kind)("no")

    policy = RetryPolicy(max_retries=0)
    with (
        SyncTransport(Credentials("t"), base_url=BASE, http=httpx2.MockTransport(fail), retry=policy) as transport,
        pytest.raises(TransportError) as caught,
    ):
        transport.send(request_)
    assert (caught.value.kind, caught.value.sent, caught.value.is_transient) == (kind, sent, is_transient)
    assert caught.value.retry_safe is (sent is False or request_ is GET)


def test_a_query_that_cannot_be_encoded_is_refused_by_its_name() -> None:
    request = Request("op", "GET", BASE, "/", query=(("limit", "\ud800"),))
    with SyncTransport(Credentials("t"), base_url=BASE) as transport, pytest.raises(InvalidArgumentError) as caught:
        transport.send(request)
    assert caught.value.argument == "limit"


def test_the_caller_s_asynchronous_client_stays_open() -> None:
    async def run() -> None:
        async with httpx2.AsyncClient(transport=httpx2.MockTransport(lambda _: httpx2.Response(200))) as http:
            async with AsyncTransport(Credentials("t"), base_url=BASE, http=http) as transport:
                await transport.send(GET)
            assert not http.is_closed

    asyncio.run(run())


class Closing(httpx2.MockTransport):
    """Tells whether it was closed."""

    closed = False

    def __init__(self) -> None:
        super().__init__(lambda _: httpx2.Response(200))

    def close(self) -> None:
        self.closed = True

    async def aclose(self) -> None:
        self.closed = True


def test_closing_a_client_closes_its_connections(send: Send) -> None:
    http = Closing()
    send(GET, http=http)
    assert http.closed


def test_timeouts_are_sent_with_each_request(send: Send) -> None:
    seen: list[Any] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.extensions["timeout"])
        return httpx2.Response(200)

    send(GET, handler=handler)
    send(GET, handler=handler, timeout_s=3)
    send(GET, handler=handler, timeout_s=Timeout(write_s=1))
    assert seen == [
        {"connect": 10, "read": 60, "write": 60, "pool": 10},
        {"connect": 3, "read": 3, "write": 3, "pool": 3},
        {"connect": 10, "read": 60, "write": 1, "pool": 10},
    ]


@pytest.mark.parametrize(
    "options",
    [
        {"timeout_s": 0},
        {"timeout_s": float("nan")},
        {"timeout_s": float("inf")},
        {"timeout_s": 1e9 + 1},
        {"timeout_s": Timeout(read_s=-1)},
        {"http": object()},
        {"token": 5},
    ],
)
def test_settings_without_sense_are_refused(send: Send, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgumentError):
        send(GET, **options)


def test_a_client_of_the_other_kind_is_refused() -> None:
    with pytest.raises(InvalidArgumentError):
        SyncTransport(Credentials("t"), http=httpx2.AsyncClient())  # type: ignore[arg-type]  # what is under test
    with httpx2.Client() as http, pytest.raises(InvalidArgumentError):
        AsyncTransport(Credentials("t"), http=http)  # type: ignore[arg-type]  # what is under test


def test_a_body_that_a_hook_has_read_is_taken_over() -> None:
    hooks: dict[str, list[Any]] = {"response": [httpx2.Response.read]}
    stream = Stream(gzip.compress(b"abc"))
    answer = httpx2.MockTransport(lambda _: httpx2.Response(200, headers={"content-encoding": "gzip"}, stream=stream))
    with httpx2.Client(transport=answer, event_hooks=hooks) as http:
        assert SyncTransport(Credentials("t"), base_url=BASE, http=http).send(GET).content == b"abc"


def test_no_proxy_of_the_environment_sees_a_plain_http_request(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.invalid:1")
    monkeypatch.setenv("ALL_PROXY", "http://proxy.invalid:1")
    with pytest.raises(TransportError, match=r"(?i)refused|failed|connect") as caught:
        send(GET, retry=RetryPolicy(max_retries=0), base_url="http://127.0.0.1:9")
    assert "name" not in str(caught.value).lower()


def test_the_cache_of_urls_stays_small() -> None:
    with SyncTransport(
        Credentials("t"), base_url=BASE, http=httpx2.MockTransport(lambda _: httpx2.Response(200))
    ) as transport:
        for number in range(1000):
            transport.send(Request("op", "GET", BASE, f"/{number}"))
        # Not by attribute: pyright keeps private names private, also to tests.
        cache: Any = operator.attrgetter("_builder._urls")(transport)
        assert 0 < len(cache) <= 256


def test_headers_that_are_not_ascii_are_refused(send: Send) -> None:
    with pytest.raises(InvalidArgumentError, match="ASCII"):
        send(Request("op", "GET", BASE, "/", headers=(("x", "ä"),)), handler=lambda _: httpx2.Response(200))


def test_a_url_that_is_too_long_is_refused(send: Send) -> None:
    with pytest.raises(InvalidArgumentError):
        send(Request("op", "GET", BASE, "/" + "a" * 100_000), handler=lambda _: httpx2.Response(200))


@pytest.mark.parametrize("seed", range(20))
def test_any_course_of_events_ends_in_a_response_or_a_known_error(send: Send, seed: int) -> None:
    dice = random.Random(seed)
    pieces: list[bytes | Exception] = [b"{}", b"", httpx2.ReadError("x")]

    def handler(request: httpx2.Request) -> httpx2.Response:
        if dice.random() < 0.3:
            raise dice.choice([httpx2.ConnectError, httpx2.ReadTimeout, httpx2.ProxyError])("x", request=request)
        stream = Stream(*dice.choices(pieces, k=2))
        headers = {
            "content-encoding": dice.choice(["", "gzip", "br"]),
            "retry-after": dice.choice(["0", "junk", "1e9"]),
        }
        return httpx2.Response(dice.choice([200, 201, 302, 401, 409, 429, 500, 520]), headers=headers, stream=stream)

    with contextlib.suppress(TransportError):
        send(*[dice.choice([GET, POST]) for _ in range(5)], handler=handler, token=lambda: "t")


def test_a_secret_is_taken_from_the_caller_s_callable_as_it_is() -> None:
    assert Secret("abc").reveal() == "abc"


SCHEME = "must be an absolute URL of scheme https"
PLAIN = "must be a URL of ASCII characters, with everything else percent-encoded"
WHAT_A_BASE_URL_BREAKS = {
    "//h": SCHEME,
    "ftp://h": SCHEME,
    "https://": SCHEME,
    "https://bücher.example": PLAIN,
    "https://h/a b": PLAIN,
    "http://localhost:0": "must have a port below 65536",
    "http://localhost:65536": "must have a port below 65536",
    "https://u:p@h": "must have no user name and no password",
    "https://h?x": "must have no query and no fragment",
    "https://h#x": "must have no query and no fragment",
    "http://upload.box.com": "must be https: a token must not travel in clear, except to a loopback address",
}


@pytest.mark.parametrize("kind", [SyncTransport, AsyncTransport])
@pytest.mark.parametrize("url", WHAT_A_BASE_URL_BREAKS)
def test_a_base_url_that_is_refused_is_told_why(kind: Any, url: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        kind(Credentials("t"), base_url=url)
    assert str(caught.value) == f"base_url: {WHAT_A_BASE_URL_BREAKS[url]}"


@pytest.mark.parametrize("kind", [SyncTransport, AsyncTransport])
@pytest.mark.parametrize("url", ["https://h:1/x", "https://h:65535", "http://localhost/~a"])
def test_a_base_url_may_have_any_port_and_path(kind: Any, url: str) -> None:
    assert kind(Credentials("t"), base_url=url).settings.base_url == url


ONE, LIMITS = "must be a number of seconds, or a Timeout", "must be more than 0 and at most 1,000,000,000 seconds"


@pytest.mark.parametrize("kind", [SyncTransport, AsyncTransport])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"timeout_s": True}, f"timeout_s=True: {ONE}"),
        ({"timeout_s": "5"}, f"timeout_s='5': {ONE}"),
        ({"timeout_s": 0}, f"timeout_s=0: {LIMITS}"),
        ({"timeout_s": 1e9 + 1}, f"timeout_s=1000000001.0: {LIMITS}"),
        ({"base_url": 5}, "base_url=5: must be a str"),
        ({"retry": 5}, "retry=5: must be a RetryPolicy"),
        ({"trusted_hosts": "x"}, "trusted_hosts='x': must be a collection of hosts"),
        ({"trusted_hosts": ["h/"]}, "trusted_hosts='h/': must be a host, or host:port"),
    ],
)
def test_a_setting_that_is_refused_is_named_with_the_rule(kind: Any, options: Any, message: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        kind(Credentials("t"), **options)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        (SyncTransport, "must be an httpx2.Client or an httpx2.BaseTransport"),
        (AsyncTransport, "must be an httpx2.AsyncClient or an httpx2.AsyncBaseTransport"),
    ],
)
def test_what_cannot_send_is_told_what_can(kind: Any, rule: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        kind(Credentials("t"), http=5)
    assert str(caught.value) == f"http=5: {rule}"


@pytest.mark.parametrize("kind", [SyncTransport, AsyncTransport])
def test_a_timeout_may_be_as_long_as_it_says(kind: Any) -> None:
    assert kind(Credentials("t"), timeout_s=1e9).settings.timeout_s == Timeout(1e9, 1e9, 1e9, 1e9, 1e9)
    assert kind(Credentials("t"), timeout_s=5).settings.timeout_s == Timeout(5, 5, 5, 5, 300)
    assert kind(Credentials("t")).settings.timeout_s is None


@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize(("request_", "safe"), [(GET, True), (POST, False)])
def test_a_body_that_is_too_large_is_told_with_call_limit_and_status(
    send: Send, monkeypatch: pytest.MonkeyPatch, request_: Request, status: int, *, safe: bool
) -> None:
    monkeypatch.setattr(response_reader, "MAX_BODY", 10)
    with pytest.raises(ResponseTooLargeError) as caught:
        send(request_, handler=lambda _: httpx2.Response(status, content=b"x" * 11))
    name = request_.operation
    assert str(caught.value) == f"{name}: the response body is larger than 10 bytes (status {status})"
    assert (caught.value.operation, caught.value.kind, caught.value.retry_safe) == (name, "ResponseTooLarge", safe)


def test_a_failure_without_words_is_told_nonetheless(send: Send) -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.WriteTimeout("", request=request)

    with pytest.raises(TransportError) as caught:
        send(POST, handler=handler)
    assert (str(caught.value), caught.value.operation) == ("create_thing: WriteTimeout: no details", "create_thing")
    assert (type(caught.value.__cause__), str(caught.value.__cause__)) == (httpx2.WriteTimeout, "no details")


@pytest.mark.parametrize("field", [("x", "ä"), ("ä", "x")])
def test_a_header_that_cannot_be_sent_is_told_so(send: Send, field: tuple[str, str]) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        send(Request("op", "GET", BASE, "/", headers=(field,)), handler=lambda _: httpx2.Response(200))
    assert str(caught.value) == "headers: must be ASCII"


def test_a_closed_client_says_what_to_do() -> None:
    transport = SyncTransport(Credentials("t"))
    transport.close()
    with pytest.raises(ClientClosedError) as caught:
        transport.send(GET)
    assert (str(caught.value), caught.value.retry_safe) == ("the client is closed; make another one", True)
    assert transport.is_closed


def _keeping(seen: list[httpx2.Request]) -> httpx2.MockTransport:
    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200)

    return httpx2.MockTransport(answer)


def _timeouts_sync(use: str, longest_s: float, http: dict[str, Any], **options: Any) -> dict[str, Any]:
    seen: list[httpx2.Request] = []
    mock = _keeping(seen)
    with httpx2.Client(transport=mock, **http) as own:
        transport = SyncTransport(Credentials("t"), base_url=BASE, http=own if http else mock, **options)
        getattr(transport, use)(longest_s).send(GET)
    found: dict[str, Any] = seen[0].extensions["timeout"]
    return found


def _timeouts_async(use: str, longest_s: float, http: dict[str, Any], **options: Any) -> dict[str, Any]:
    seen: list[httpx2.Request] = []
    mock = _keeping(seen)

    async def run() -> dict[str, Any]:
        async with httpx2.AsyncClient(transport=mock, **http) as own:
            transport = AsyncTransport(Credentials("t"), base_url=BASE, http=own if http else mock, **options)
            await getattr(transport, use)(longest_s).send(GET)
        found: dict[str, Any] = seen[0].extensions["timeout"]
        return found

    return asyncio.run(run())


OWN = {"timeout": httpx2.Timeout(connect=1, read=2, write=30, pool=None)}


@pytest.mark.parametrize("timeouts", [_timeouts_sync, _timeouts_async], ids=["sync", "async"])
@pytest.mark.parametrize(
    ("use", "longest_s", "http", "options", "phases", "response_s"),
    [
        ("with_timeout_cap", 4.0, {}, {}, (4, 4, 4, 4), 4),
        ("with_timeout_cap", 4.0, {}, {"timeout_s": Timeout(1, 2, 30, 3, 3.5)}, (1, 2, 4, 3), 3.5),
        ("with_timeout_cap", 1e6, {}, {}, (10, 60, 60, 10), 300),
        ("with_timeout_cap", 4.0, OWN, {}, (1, 2, 4, 4), 4),
        ("with_timeout_cap", 4.0, OWN, {"timeout_s": 2}, (2, 2, 2, 2), 4),
        ("with_response_cap", 4.0, {}, {}, (10, 4, 60, 10), 4),
        ("with_response_cap", 1e6, {}, {}, (10, 60, 60, 10), 300),
        ("with_response_cap", 4.0, OWN, {}, (1, 2, 30, None), 4),
        ("with_response_cap", 1.5, OWN, {}, (1, 1.5, 30, None), 1.5),
    ],
)
def test_a_transport_that_waits_less_waits_no_longer_than_it_did(
    timeouts: Any, use: str, longest_s: float, http: Any, options: Any, *, phases: Any, response_s: float
) -> None:
    found = timeouts(use, longest_s, http, **options)
    assert found == dict(zip(("connect", "read", "write", "pool"), phases, strict=True))
    assert found["read"].response_s == response_s
