"""Facts about both transports: what is sent, what comes back, what fails."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import operator
import random
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from generator.overlay._runtime import response_reader
from generator.overlay._runtime.auth import Credentials
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

from .conftest import BASE, Closing, Connect, Handler, Recorder, Send

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

JSON = (("content-type", "application/json"),)
POST = Request("create_thing", "POST", "https://api.example/2.0", "/things", content=b"{}", headers=JSON)
GET = Request("get_thing", "GET", "https://api.example/2.0", "/things/1")


def get(path: str = "/things", **fields: Any) -> Request:
    return Request("op", "GET", BASE, path, **fields)


def answer(status: int = 200, **fields: Any) -> Handler:
    return lambda _: httpx2.Response(status, **fields)


def echo_url(request: httpx2.Request) -> httpx2.Response:
    return httpx2.Response(200, text=str(request.url))


def echo_header(name: str) -> Handler:
    return lambda request: httpx2.Response(200, text=request.headers.get(name, "none"))


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
    recorder = Recorder(201, headers=[("X-A", "1"), ("x-a", "2")], content=b"{}")
    (raw,) = send(POST, handler=recorder, user_agent="box-uploads/1")
    (request,) = recorder.requests
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
    (raw,) = send(get(headers=(("Accept", "image/png"),)), handler=echo_header("accept"))
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
def test_a_parameter_replaces_one_in_the_url_of_a_response(send: Send, given: str, query: Any, expected: str) -> None:
    (raw,) = send(get(url=f"{BASE}/things{given}", query=query), handler=echo_url)
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
    (raw,) = send(request, handler=echo_url, base_url=base_url)
    assert raw.content.decode() == url


def test_calls_do_not_share_their_queries(send: Send) -> None:
    queries = ["?offset=5", "", "?offset=6"]
    by_parameter = [get(query=query) for query in ((("offset", "5"),), (), (("offset", "6"),))]
    by_url = [get(url=f"{BASE}/things{query}") for query in queries]
    for requests in (by_parameter, by_url):
        responses = send(*requests, handler=echo_url)
        assert [raw.content.decode() for raw in responses] == [f"{BASE}/things{query}" for query in queries]


def test_the_cache_of_urls_stays_small(connect: Connect) -> None:
    transport = connect(answer())
    for number in range(1000):
        transport.send(get(f"/{number}"))
    # Not by attribute: pyright keeps private names private, also to tests.
    cache: Any = operator.attrgetter("_builder._urls")(transport.transport)
    assert 0 < len(cache) <= 256


PLAIN_HTTP = "must be https unless it is a loopback address: http exposes the token"
BAD_BASE_URLS = {
    "must be an absolute https URL": ["//h", "ftp://h", "https://", "/api", ""],
    "must be a URL of ASCII characters, with everything else percent-encoded": [
        *("https://bücher.example", "https://h/a b", "https://h /", "https://h\n", "https://h/{x}"),
        "http://localhost\\@evil.example",
    ],
    "must have a port below 65536": ["http://localhost:0", "http://localhost:65536", "http://localhost:99999"],
    "must have no user name and no password": ["https://u:p@h", "https://@h", "http://localhost@evil.example"],
    "must have no query and no fragment": ["https://h?x", "https://h#x", "https://h/#"],
    PLAIN_HTTP: [
        *("http://upload.box.com", "http://upload.box.com/api", "http://127.0.0.1.evil.example", "http://127.1"),
        *("http://localhost.evil.example", "http://0.0.0.0", "http://2130706433", "http://10.0.0.1", "http://[::2]"),
    ],
}


@pytest.mark.parametrize(("rule", "url"), [(rule, url) for rule, urls in BAD_BASE_URLS.items() for url in urls])
def test_a_bad_base_url_or_server_is_refused_with_the_rule(connect: Connect, rule: str, url: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        connect(base_url=url)
    permission = f"; to permit it all the same, use trusted_hosts=[{url.removesuffix('/api')!r}]"
    assert str(caught.value) == f"base_url: {rule}{permission if rule == PLAIN_HTTP else ''}"

    def never(_: httpx2.Request) -> httpx2.Response:
        raise AssertionError("sent")

    with pytest.raises(InvalidArgumentError):
        connect(never, base_url=None).send(Request("op", "GET", url, "/x"))


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://intranet:8080/v1", "http://intranet:8080"),
        ("http://intranet", "http://intranet"),
        ("http://intranet:80/v1", "http://intranet"),
        ("http://10.0.0.1", "http://10.0.0.1:80"),
        ("http://INTRANET", "http://intranet"),
    ],
)
def test_plain_http_is_permitted_to_a_host_that_is_trusted_with_it(connect: Connect, url: str, host: str) -> None:
    for base_url in (url, None):
        recorder = Recorder(200)
        connect(recorder, base_url=base_url, trusted_hosts=[host]).send(Request("op", "GET", url, "/x"))
        assert recorder.requests[0].headers["authorization"] == "Bearer t0ken"


@pytest.mark.parametrize("host", ["intranet", "http://intranet:8080", "http://intra", "http://net", "intranet:80"])
def test_plain_http_is_permitted_to_no_other_host(connect: Connect, host: str) -> None:
    with pytest.raises(InvalidArgumentError, match=PLAIN_HTTP):
        connect(base_url="http://intranet", trusted_hosts=[host])


def test_a_server_of_the_document_over_plain_http_is_named_as_such(connect: Connect) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        connect(Recorder(200), base_url=None).send(Request("op", "GET", "http://intranet:8080/v1", "/x"))
    permission = "to permit it all the same, use trusted_hosts=['http://intranet:8080']"
    assert str(caught.value) == f"base_url: the document's own {PLAIN_HTTP}; {permission}"


def test_a_server_of_the_document_on_this_machine_gets_the_token(connect: Connect) -> None:
    recorder = Recorder(200)
    connect(recorder, base_url=None).send(Request("op", "GET", "http://localhost:8080/v1", "/x"))
    assert str(recorder.requests[0].url) == "http://localhost:8080/v1/x"
    assert recorder.requests[0].headers["authorization"] == "Bearer t0ken"


@pytest.mark.parametrize("url", ["https://h:1/x", "https://h:65535", "http://localhost/~a"])
def test_a_base_url_may_have_any_port_and_path(connect: Connect, url: str) -> None:
    assert connect(base_url=url).transport.settings.base_url == url


NUMBER = "must be a number of seconds, or a Timeout"
LIMITS = "must be more than 0 and at most 1,000,000,000 seconds"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"timeout_s": True}, f"timeout_s=True: {NUMBER}"),
        ({"timeout_s": "5"}, f"timeout_s='5': {NUMBER}"),
        ({"timeout_s": 0}, f"timeout_s=0: {LIMITS}"),
        ({"timeout_s": float("nan")}, f"timeout_s=nan: {LIMITS}"),
        ({"timeout_s": float("inf")}, f"timeout_s=inf: {LIMITS}"),
        ({"timeout_s": 1e9 + 1}, f"timeout_s=1000000001.0: {LIMITS}"),
        ({"timeout_s": Timeout(-1, 1, 1, 1, 1)}, f"timeout_s={str(Timeout(-1, 1, 1, 1, 1))[:59]}…: {LIMITS}"),
        ({"timeout_s": Timeout(1, -1, 1, 1, 1)}, f"timeout_s={str(Timeout(1, -1, 1, 1, 1))[:59]}…: {LIMITS}"),
        ({"base_url": 5}, "base_url=5: must be a str"),
        ({"retry": 5}, "retry=5: must be a RetryPolicy"),
        ({"trusted_hosts": "x"}, "trusted_hosts='x': must be a collection of hosts"),
        (
            {"trusted_hosts": ["h/"]},
            "trusted_hosts='h/': must be a host, host:port, or http://host to permit plain http",
        ),
    ],
)
def test_a_bad_setting_is_refused_with_its_rule(connect: Connect, options: Any, message: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        connect(**options)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("kind", "other", "rule"),
    [
        (SyncTransport, httpx2.AsyncClient(), "must be an httpx2.Client or an httpx2.BaseTransport"),
        (AsyncTransport, httpx2.Client(), "must be an httpx2.AsyncClient or an httpx2.AsyncBaseTransport"),
    ],
)
def test_what_cannot_send_is_refused_with_what_can(kind: Any, other: Any, rule: str) -> None:
    for http in (5, object(), other):
        with pytest.raises(InvalidArgumentError) as caught:
            kind(Credentials("t"), http=http)
        assert str(caught.value).endswith(f": {rule}")
        assert http != 5 or str(caught.value).startswith("http=5: ")


@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:9", "foo://user:secret@bar", "http://127.0.0.1:notaport"])
def test_an_unusable_proxy_of_the_environment_is_reported(
    monkeypatch: pytest.MonkeyPatch, connect: Connect, proxy: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(InvalidArgumentError, match=r"proxies of the environment \(such as HTTPS_PROXY\): ") as caught:
        connect(base_url=None)
    assert "secret" not in str(caught.value)


def test_no_proxy_of_the_environment_sees_a_plain_http_request(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.invalid:1")
    monkeypatch.setenv("ALL_PROXY", "http://proxy.invalid:1")
    with pytest.raises(TransportError, match=r"(?i)refused|failed|connect") as caught:
        send(GET, retry=RetryPolicy(max_retries=0), base_url="http://127.0.0.1:9")
    assert "name" not in str(caught.value).lower()


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (get(headers=(("x", "ä"),)), "headers: must be ASCII"),
        (get(headers=(("ä", "x"),)), "headers: must be ASCII"),
        (get(query=(("limit", "\ud800"),)), r"limit: is not valid Unicode, it has a lone surrogate"),
        (get("/" + "a" * 100_000), f"url='{BASE}/{'a' * 30}……: URL too long"),
    ],
    ids=["header value", "header name", "query", "long URL"],
)
def test_a_request_that_cannot_be_written_is_refused(send: Send, request_: Request, message: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        send(request_, handler=answer())
    assert str(caught.value) == message
    assert caught.value.argument == message.partition("=")[0].partition(":")[0]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("request_", [GET, POST], ids=["GET", "POST"])
def test_redirects_are_not_followed(connect: Connect, request_: Request, status: int) -> None:
    recorder = Recorder(status, headers={"location": "https://evil.example/"})
    own = connect.http_client(transport=httpx2.MockTransport(recorder), follow_redirects=True)
    for transport in (connect(recorder), connect(http=own)):
        assert transport.send(request_).status == status
    assert len(recorder.requests) == 2


@pytest.mark.parametrize("status", [200, 204, 299, 404, 520, 599, 999])
def test_every_status_comes_back_as_an_integer(send: Send, status: int) -> None:
    (raw,) = send(POST, handler=answer(status))
    assert raw.status == status


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
@pytest.mark.parametrize(("headers", "wait_s"), [({"retry-after": "7"}, 7.0), ({}, 0.5)])
def test_a_failed_server_gets_the_pause_that_it_asks_for(
    send: Send, status: int, headers: dict[str, str], wait_s: float
) -> None:
    pauses: list[float] = []
    policy = RetryPolicy(random=lambda: 1.0)
    (raw,) = send(GET, handler=Recorder(status, 200, headers=headers), sleep=pauses.append, retry=policy)
    assert (raw.status, pauses) == (200, [wait_s])


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
def test_a_failure_says_whether_the_request_was_sent_and_is_retried_if_safe_and_transient(
    send: Send, kind: str, sent: bool | None, is_transient: bool, request_: Request
) -> None:
    attempts = 0

    def fail(request: httpx2.Request) -> httpx2.Response:
        nonlocal attempts
        attempts += 1
        raise getattr(httpx2, kind)("broken\nline", request=request)

    with pytest.raises(TransportError) as caught:
        send(request_, handler=fail)
    is_safe = sent is False or request_ is GET
    assert (caught.value.kind, caught.value.sent, caught.value.is_transient) == (kind, sent, is_transient)
    assert caught.value.retry_safe is is_safe
    assert attempts == (3 if is_safe and is_transient else 1)
    assert str(caught.value) == f"{request_.operation}: {kind}: broken line"
    assert isinstance(caught.value.__cause__, httpx2.TransportError)
    assert str(caught.value.__cause__) == "broken line"


def test_a_failure_without_a_message_has_no_details(send: Send) -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.WriteTimeout("", request=request)

    with pytest.raises(TransportError) as caught:
        send(POST, handler=handler)
    assert (str(caught.value), caught.value.operation) == ("create_thing: WriteTimeout: no details", "create_thing")
    assert (type(caught.value.__cause__), str(caught.value.__cause__)) == (httpx2.WriteTimeout, "no details")


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


def test_a_callable_token_is_fetched_once_and_again_after_a_401(send: Send) -> None:
    tokens = iter(["t0", "t1"])
    used: list[str] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        used.append(request.headers["authorization"])
        return httpx2.Response(401 if used[-1] == "Bearer t0" else 200)

    responses = send(POST, POST, handler=handler, token=lambda: next(tokens))
    assert [raw.status for raw in responses] == [200, 200]
    assert used == ["Bearer t0", "Bearer t1", "Bearer t1"]


def test_tasks_that_find_a_token_stale_await_another_once() -> None:
    fetched = 0

    async def token() -> str:
        nonlocal fetched
        fetched += 1
        await asyncio.sleep(0)
        return f"t{fetched}"

    def handler(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response({"Bearer t1": 401, "Bearer t2": 200}[request.headers["authorization"]])

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

    http = httpx2.MockTransport(handler)
    with SyncTransport(Credentials(token), base_url=BASE, http=http) as transport, ThreadPoolExecutor(8) as pool:
        assert [raw.status for raw in pool.map(transport.send, [POST] * 8)] == [200] * 8
    assert fetched == 2


def test_the_http_library_s_own_authentication_is_used(send: Send) -> None:
    (raw,) = send(GET, handler=echo_header("authorization"), token=httpx2.BasicAuth("u", "p"))
    assert raw.content == b"Basic dTpw"


@pytest.mark.parametrize("token", ["t", lambda: "t", httpx2.BasicAuth("u", "p"), None])
def test_a_request_without_authentication_carries_none(send: Send, token: Any) -> None:
    (raw,) = send(get(authenticated=False), handler=echo_header("authorization"), token=token)
    assert raw.content == b"none"


def compressed(content: bytes, encoding: str) -> bytes:
    if encoding == "raw deflate":
        compressor = zlib.compressobj(wbits=-15)
        return compressor.compress(content) + compressor.flush()
    return (
        gzip.compress(content) if "gzip" in encoding else zlib.compress(content) if encoding == "deflate" else content
    )


@pytest.mark.parametrize("encoding", ["", "identity", "gzip", "x-gzip", "GZip", "deflate", "raw deflate"])
def test_a_body_that_is_compressed_unasked_is_read(send: Send, encoding: str) -> None:
    content = b'{"a": 1}' * 1000
    body = compressed(content, encoding.lower())
    stream = Stream(body[:10], body[10:])
    (raw,) = send(GET, handler=answer(headers={"content-encoding": encoding.removeprefix("raw ")}, stream=stream))
    assert raw.content == content
    assert stream.closed


def test_a_body_that_a_hook_of_the_caller_has_read_is_used() -> None:
    hooks: dict[str, list[Any]] = {"response": [httpx2.Response.read]}
    # What is stored may be compressed itself.
    file = gzip.compress(b"abc")
    handler = answer(headers={"content-encoding": "gzip"}, stream=Stream(gzip.compress(file)))
    with httpx2.Client(transport=httpx2.MockTransport(handler), event_hooks=hooks) as http:
        assert SyncTransport(Credentials("t"), base_url=BASE, http=http).send(GET).content == file


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("br", b"x"), ("gzip", b"no gzip"), ("gzip", gzip.compress(b"abc", mtime=0)[:-3]), ("gzip, gzip", b"x")],
)
def test_an_error_keeps_its_status_if_its_body_cannot_be_decompressed(send: Send, encoding: str, body: bytes) -> None:
    (raw,) = send(POST, handler=answer(503, headers={"content-encoding": encoding}, stream=Stream(body)))
    assert (raw.status, raw.content) == (503, body)


@pytest.fixture
def small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse response bodies of more than 1000 bytes."""
    monkeypatch.setattr(response_reader, "MAX_BODY", 1000)


@pytest.mark.usefixtures("small_limit")
@pytest.mark.parametrize("encoding", ["identity", "gzip", "deflate"])
@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize(("request_", "safe"), [(GET, True), (POST, False)])
def test_a_body_beyond_the_limit_is_refused(
    send: Send, encoding: str, request_: Request, status: int, *, safe: bool
) -> None:
    bodies = iter([compressed(b"\x00" * 1000, encoding), compressed(b"\x00" * 1001, encoding)])

    def handler(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(status, headers={"content-encoding": encoding}, stream=Stream(next(bodies)))

    with pytest.raises(ResponseTooLargeError) as caught:
        send(request_, request_, handler=handler)
    assert next(bodies, None) is None
    name = request_.operation
    assert str(caught.value) == f"{name}: the response body is larger than 1000 bytes (status {status})"
    assert (caught.value.operation, caught.value.kind, caught.value.retry_safe) == (name, "ResponseTooLarge", safe)


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
        send(GET, handler=answer(headers={"content-encoding": "gzip"}, stream=Stream(bomb)))
    assert asked == [response_reader.MAX_BODY + 1]


@pytest.mark.usefixtures("small_limit")
def test_an_endless_body_is_left_and_closed(send: Send) -> None:
    streams = [Stream(*[b"x" * 400] * 1000), Stream(*[b"x" * 400] * 1000)]
    responses = iter([httpx2.Response(404, stream=streams[0]), httpx2.Response(200, stream=streams[1])])
    with pytest.raises(ResponseTooLargeError):
        send(GET, GET, handler=lambda _: next(responses))
    assert [(stream.given, stream.closed) for stream in streams] == [(3, True), (3, True)]


@pytest.mark.usefixtures("small_limit")
def test_an_error_keeps_its_status_if_its_body_is_too_large_or_breaks_off(send: Send) -> None:
    bodies = iter([Stream(b"x" * 5000), Stream(b"x" * 10, httpx2.ReadError("gone"))])
    responses = send(POST, POST, handler=lambda _: httpx2.Response(409, stream=next(bodies)))
    assert [(raw.status, len(raw.content)) for raw in responses] == [(409, 1000), (409, 10)]


def test_a_success_whose_body_breaks_off_is_a_transport_error(send: Send) -> None:
    stream = Stream(b"x", httpx2.ReadError("gone"))
    with pytest.raises(TransportError) as caught:
        send(POST, handler=answer(201, stream=stream))
    assert (caught.value.kind, caught.value.retry_safe) == ("ReadError", False)
    assert stream.closed


@pytest.mark.parametrize("has_response", [True, False], ids=["during the response", "before the response"])
def test_a_cancelled_call_closes_its_response_and_stays_cancelled(*, has_response: bool) -> None:
    class Slow(Stream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"x"
            await asyncio.Event().wait()

    stream = Slow()

    async def handler(_: httpx2.Request) -> httpx2.Response:
        if not has_response:
            await asyncio.Event().wait()
        return httpx2.Response(200, stream=stream)

    async def run() -> None:
        async with AsyncTransport(Credentials("t"), base_url=BASE, http=httpx2.MockTransport(handler)) as transport:
            task = asyncio.create_task(transport.send(GET))
            for _ in range(5):
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(run())
    assert stream.closed is has_response


DERIVED: list[Any] = [("without_retries",), ("with_timeout_cap", 1.0)]


@pytest.mark.parametrize("derive", [None, *DERIVED], ids=str)
def test_closing_a_transport_closes_neither_its_origin_nor_the_caller_s_client(connect: Connect, derive: Any) -> None:
    http = connect.http_client(transport=httpx2.MockTransport(answer()))
    origin = connect(http=http)
    transport = origin.derive(*derive) if derive else origin
    assert transport.send(GET).status == 200
    transport.close()
    with pytest.raises(ClientClosedError) as caught:
        transport.send(GET)
    assert (str(caught.value), caught.value.retry_safe) == ("the client is closed; create a new one", True)
    assert transport.transport.is_closed
    assert derive is None or origin.send(GET).status == 200
    assert not http.is_closed


def test_connections_are_closed_with_the_transport_that_opened_them_alone(connect: Connect) -> None:
    http = Closing(answer())
    origin = connect(http=http)
    for derive in DERIVED:
        origin.derive(*derive).close()
    assert not http.is_closed
    assert origin.send(GET).status == 200
    origin.close()
    assert http.is_closed
    # Closing again does no harm.
    origin.close()
    with pytest.raises(ClientClosedError):
        origin.send(GET)


def test_the_caller_s_client_is_used_as_it_is(connect: Connect) -> None:
    recorder = Recorder(200)
    own: dict[str, Any] = {"headers": {"x-own": "1"}, "auth": ("u", "p"), "timeout": httpx2.Timeout(4, connect=1)}
    http = connect.http_client(transport=httpx2.MockTransport(recorder), **own)
    connect(http=http).send(POST)
    connect(http=http, token=None, timeout_s=9).send(GET)
    connect(http=http).send(get(authenticated=False))
    first, second, third = recorder.requests
    assert first.extensions["timeout"] == {"connect": 1, "read": 4, "write": 4, "pool": 4}
    assert (first.headers["x-own"], first.headers["authorization"]) == ("1", "Bearer t0ken")
    assert second.extensions["timeout"] == {"connect": 9, "read": 9, "write": 9, "pool": 9}
    assert third.headers["x-own"] == "1"
    # Without a token, the caller's client authenticates by itself.
    assert second.headers["authorization"].startswith("Basic ")


def test_a_closed_client_of_the_caller_is_reported() -> None:
    with httpx2.Client(transport=httpx2.MockTransport(answer())) as http:
        transport = SyncTransport(Credentials("t"), base_url=BASE, http=http)
    with pytest.raises(ClientError, match=r"^the client is closed; create a new one$"):
        transport.send(GET)


OWN = {"timeout": httpx2.Timeout(connect=1, read=2, write=30, pool=None)}


@pytest.mark.parametrize(
    ("derive", "http", "timeout_s", "phases", "response_s"),
    [
        (None, {}, None, (10, 60, 60, 10), 300),
        (None, {}, 3, (3, 3, 3, 3), 300),
        (None, {}, 1e9, (1e9, 1e9, 1e9, 1e9), 1e9),
        (None, {}, Timeout(write_s=1), (10, 60, 1, 10), 300),
        (("with_timeout_cap", 4.0), {}, None, (4, 4, 4, 4), 4),
        (("with_timeout_cap", 4.0), {}, Timeout(1, 2, 30, 3, 3.5), (1, 2, 4, 3), 3.5),
        (("with_timeout_cap", 1e6), {}, None, (10, 60, 60, 10), 300),
        (("with_timeout_cap", 4.0), OWN, None, (1, 2, 4, 4), 4),
        (("with_timeout_cap", 4.0), OWN, 2, (2, 2, 2, 2), 4),
        (("with_timeout_cap", float("inf")), OWN, None, (1, 2, 30, 300), 300),
        (("with_timeout_cap", 4.0), {"timeout": httpx2.Timeout(0)}, None, (0, 0, 0, 0), 4),
    ],
)
def test_a_request_has_the_timeouts_of_the_settings_or_the_shorter_cap(
    connect: Connect, derive: Any, http: Any, timeout_s: Any, *, phases: Any, response_s: float
) -> None:
    recorder = Recorder(200)
    mock = httpx2.MockTransport(recorder)
    transport = connect(http=connect.http_client(transport=mock, **http) if http else mock, timeout_s=timeout_s)
    (transport.derive(*derive) if derive else transport).send(GET)
    found = recorder.requests[0].extensions["timeout"]
    assert found == dict(zip(("connect", "read", "write", "pool"), phases, strict=True))
    assert found["read"].response_s == response_s
