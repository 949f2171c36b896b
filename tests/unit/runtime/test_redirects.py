"""A redirect is followed once, over https; no credential goes to a host that is not trusted."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import httpx2
import msgspec
import pytest

from generator.overlay._runtime.api_error import api_error
from generator.overlay._runtime.errors import TransportError
from generator.overlay._runtime.hooks import Hooks
from generator.overlay._runtime.messages import Request
from generator.overlay._runtime.retry import RetryPolicy

if TYPE_CHECKING:
    from generator.overlay._runtime.messages import RawResponse

    from .conftest import Blocking, Connect

SERVER = "https://api.example/2.0"
KEY = "k3y-of-the-caller"
TOKEN = "t0ken-that-is-long"  # none
DOWNLOAD = "https://dl.elsewhere.example/d/s3cret-path/file?sign=s3cret-query"
GET = Request(
    "get_content",
    "GET",
    SERVER,
    "/things/1/content",
    query=(("version", "2"), ("key", KEY)),
    headers=(("range", "bytes=0-1"), ("x-key", KEY), ("if-none-match", KEY), ("cookie", "a=b"), ("x-link", "secret")),
    secrets=(KEY,),
    follows_redirect=True,
)


class Redirecting:
    """Redirects from the API, and answers elsewhere."""

    def __init__(self, location: str | None = DOWNLOAD, status: int = 302, then: Any = (200,)) -> None:
        self.requests: list[httpx2.Request] = []
        self.location, self.status, self.then = location, status, list(then)

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        if request.url.path == "/2.0/things/1/content":
            headers = {} if self.location is None else {"location": self.location}
            return httpx2.Response(self.status, headers=headers)
        found = self.then.pop(0)
        if isinstance(found, Exception):
            raise found
        if isinstance(found, str):
            return httpx2.Response(302, headers={"location": found})
        return httpx2.Response(found, content=b"content")


def transport(connect: Connect, server: Any, **options: Any) -> Blocking:
    settings = {"base_url": None, "api_hosts": ("api.example",), "token": TOKEN, **options}
    return connect(server, **settings)


def test_a_redirect_is_followed_without_anything_that_identifies_the_caller(connect: Connect) -> None:
    server = Redirecting()
    added = transport(connect, server).but(lambda found: found.with_options(headers={"x-added": "1"}))
    raw = added.send(GET)
    assert (raw.status, raw.content, raw.operation) == (200, b"content", "get_content")
    first, second = server.requests
    assert {"authorization", "x-key", "x-added", "x-link", "cookie"} < set(first.headers)
    assert (second.method, str(second.url)) == ("GET", DOWNLOAD)
    assert dict(second.headers) == {
        "host": "dl.elsewhere.example",
        "accept": "application/json",
        "accept-encoding": "identity",
        "user-agent": "python-client",
        "range": "bytes=0-1",
    }


@pytest.mark.parametrize(
    ("location", "options"),
    [
        ("https://dl.api.example/d", {}),
        ("https://api.example/d", {}),
        ("https://api.example:443/d", {}),
        ("//api.example/d", {}),
        ("/d", {}),
        ("d", {}),
        ("https://dl.elsewhere.example/d", {"trusted_hosts": ["dl.elsewhere.example"]}),
        ("https://own.example/d", {"base_url": "https://own.example/2.0"}),
        ("http://127.0.0.1:9/d", {"base_url": "http://127.0.0.1:8/2.0"}),
    ],
)
def test_a_trusted_host_gets_the_credentials(connect: Connect, location: str, options: Any) -> None:
    server = Redirecting(location)
    transport(connect, server, **options).send(GET)
    _, second = server.requests
    assert second.headers["authorization"] == f"Bearer {TOKEN}"
    assert second.headers["x-key"] == KEY
    assert second.url.query == b""
    if "//" not in location:
        assert str(second.url) == "https://api.example" + ("/d" if location == "/d" else "/2.0/things/1/d")


@pytest.mark.parametrize(
    "location",
    [
        "https://api.example.evil/d",
        "https://evilapi.example/d",
        "https://api.example:8443/d",
        "https://dl.elsewhere.example:8443/d",
    ],
)
def test_a_host_that_looks_like_a_trusted_one_gets_none(connect: Connect, location: str) -> None:
    server = Redirecting(location)
    transport(connect, server, trusted_hosts=["dl.elsewhere.example"]).send(GET)
    assert not {"authorization", "x-key", "cookie", "x-link"} & set(server.requests[1].headers)


LOCAL = "set a base_url= on this machine, or permit it with"
NO_URL = "leads to what is no plain URL of scheme, host and path"


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        (
            "http://api.example/d/s3cret",
            "leads to api.example over plain http; permit it with trusted_hosts=['http://api.example']",
        ),
        (
            "http://127.0.0.1:9/d/s3cret",
            f"leads to this machine, 127.0.0.1:9, over plain http; {LOCAL} trusted_hosts=['http://127.0.0.1:9']",
        ),
        ("ftp://api.example/d", "leads to api.example by another protocol than https"),
        ("file:///etc/passwd", NO_URL),
        ("data:text/plain,x", NO_URL),
        ("https://user:password@dl.example/d", NO_URL),
        ("https://dl.example\\@api.example/d", NO_URL),
        ("https://dl .example/d", NO_URL),
        (None, "does not say where to (Location); tell the operator of the server"),
    ],
)
def test_a_redirect_that_leads_to_no_plain_https_url_is_not_followed(
    connect: Connect, location: str | None, reason: str
) -> None:
    server = Redirecting(location)
    assert refusal(transport(connect, server).send(GET)) == f"the redirect is not followed: it {reason}"
    assert len(server.requests) == 1


def refusal(raw: RawResponse) -> str:
    """Return what the error of a response says of it, beside its status."""
    assert raw.status == 302
    text = str(api_error(raw, {}))
    return text.removeprefix("302: ").removesuffix(f" ({raw.operation})")


def test_plain_http_that_the_caller_permits_is_followed(connect: Connect) -> None:
    server = Redirecting("http://intranet:8080/d")
    transport(connect, server, trusted_hosts=["http://intranet:8080"]).send(GET)
    assert str(server.requests[1].url) == "http://intranet:8080/d"
    assert server.requests[1].headers["authorization"] == f"Bearer {TOKEN}"


def test_a_server_of_the_document_on_this_machine_may_redirect_there(connect: Connect) -> None:
    server = Redirecting("http://127.0.0.1:9/d")
    transport(connect, server).send(msgspec.structs.replace(GET, server="http://localhost:8/2.0"))
    assert str(server.requests[1].url) == "http://127.0.0.1:9/d"


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_by_a_host_that_got_no_credentials_says_how_to_trust_it(connect: Connect, status: int) -> None:
    note = (
        "a redirect led to dl.elsewhere.example, which got no credentials; if it should, use"
        " trusted_hosts=['dl.elsewhere.example']"
    )
    assert transport(connect, Redirecting(then=[status])).send(GET).note == note
    trusting = transport(connect, Redirecting(then=[status]), trusted_hosts=["dl.elsewhere.example"])
    assert not trusting.send(GET).note
    public = msgspec.structs.replace(GET, authenticated=False, secrets=())
    assert not transport(connect, Redirecting(then=[status])).send(public).note


def test_a_redirect_that_would_take_a_body_along_says_so(connect: Connect) -> None:
    request = Request("op", "POST", SERVER, "/things/1/content", content=b"{}", follows_redirect=True)
    raw = transport(connect, Redirecting(status=307)).send(request)
    assert raw.note == "the redirect is not followed: it would take the body along; set base_url= if the API has moved"


def test_two_locations_are_not_followed(connect: Connect) -> None:
    fields = [("location", DOWNLOAD), ("location", "https://other.example/")]
    raw = transport(connect, lambda _: httpx2.Response(302, headers=fields)).send(GET)
    reason = "names several places (Location); tell the operator of the server"
    assert refusal(raw) == f"the redirect is not followed: it {reason}"


def test_characters_that_belong_percent_encoded_are_so(connect: Connect) -> None:
    server = Redirecting("https://dl.example/a b|c%20[d]?e={f}#part")
    transport(connect, server).send(GET)
    assert str(server.requests[1].url) == "https://dl.example/a%20b%7Cc%20%5Bd%5D?e=%7Bf%7D"


def test_only_one_redirect_is_followed(connect: Connect) -> None:
    server = Redirecting(then=["https://dl.elsewhere.example/more", 200])
    raw = transport(connect, server).send(GET)
    assert raw.headers["location"] == "https://dl.elsewhere.example/more"
    note = "one redirect was followed, and a second one is not; the headers of the error have its location"
    assert refusal(raw) == note
    assert len(server.requests) == 2


def test_other_operations_follow_none(connect: Connect) -> None:
    server = Redirecting()
    assert transport(connect, server).send(Request("get", "GET", SERVER, "/things/1/content")).status == 302
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [300, 304, 305, 306])
def test_other_statuses_are_no_redirects(connect: Connect, status: int) -> None:
    assert transport(connect, Redirecting(status=status)).send(GET).status == status


@pytest.mark.parametrize(
    ("status", "method", "content", "sent"),
    [
        (303, "POST", b"{}", "GET"),
        (302, "POST", b"{}", "GET"),
        (301, "HEAD", None, "HEAD"),
        (308, "GET", None, "GET"),
        (307, "DELETE", None, "DELETE"),
        (307, "POST", b"{}", None),
        (308, "PUT", b"{}", None),
    ],
)
def test_a_body_is_not_sent_to_where_a_redirect_leads(
    connect: Connect, status: int, method: str, content: bytes | None, sent: str | None
) -> None:
    server = Redirecting(status=status, location="/d")
    fields: Any = {"content": content, "headers": (("content-type", "a/b"),), "follows_redirect": True}
    transport(connect, server).send(Request("op", method, SERVER, "/things/1/content", **fields))
    methods = [request.method for request in server.requests]
    assert methods == ([method] if sent is None else [method, sent])
    if content is not None and sent is not None:
        assert not {"content-type", "content-length"} & set(server.requests[1].headers)


def test_after_a_failure_behind_a_redirect_the_call_begins_anew(connect: Connect) -> None:
    server = Redirecting(then=[503, httpx2.ReadError("x"), 200])
    assert transport(connect, server).send(GET).content == b"content"
    hosts = [request.url.host for request in server.requests]
    assert hosts == ["api.example", "dl.elsewhere.example"] * 3


def test_a_401_of_another_host_costs_no_token(connect: Connect) -> None:
    server = Redirecting(then=[401])
    counter = iter(range(10_000_000, 10_000_009))
    assert transport(connect, server, token=lambda: str(next(counter))).send(GET).status == 401
    assert next(counter) == 10_000_001


def test_a_client_of_the_caller_sends_nothing_of_its_own_there(connect: Connect) -> None:
    server = Redirecting()
    http = connect.http_client(
        transport=httpx2.MockTransport(server),
        headers={"x-own": "1"},
        cookies={"own": "1"},
        params={"own": "1"},
        auth=("user", "password"),
        timeout=7,
    )
    transport(connect, None, http=http, token=None).send(GET)
    first, second = server.requests
    assert {"x-own", "cookie", "authorization"} < set(first.headers)
    assert not {"x-own", "cookie", "authorization"} & set(second.headers)
    assert str(second.url) == DOWNLOAD
    assert second.extensions["timeout"]["read"] == 7


def test_the_timeout_of_a_call_holds_there_rather_than_that_of_the_callers_client(connect: Connect) -> None:
    server = Redirecting()
    http = connect.http_client(transport=httpx2.MockTransport(server), timeout=7)
    transport(connect, None, http=http).but(lambda made: made.with_options(timeout_s=3)).send(GET)
    assert [request.extensions["timeout"]["read"] for request in server.requests] == [3, 3]


def test_neither_hooks_nor_log_nor_errors_show_where_it_leads(
    connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="generator.overlay")
    heard: list[Request] = []
    hooks = Hooks(on_request=heard.append, on_retry=lambda request, *_: heard.append(request))
    server = Redirecting(then=[httpx2.ReadError(f"{DOWNLOAD} failed"), 503])
    client = transport(connect, server, hooks=hooks, retry=RetryPolicy(max_retries=0))
    with pytest.raises(TransportError) as caught:
        client.send(GET)
    shown = [str(caught.value), repr(caught.value.__cause__), caplog.text, *(str(vars_of(found)) for found in heard)]
    assert not [text for text in shown if "s3cret" in text or KEY in text or TOKEN in text]
    assert "GET https://dl.elsewhere.example/…" in caplog.text
    assert heard[1].is_redirected


def vars_of(request: Request) -> dict[str, Any]:
    return {name: getattr(request, name) for name in request.__struct_fields__}


def test_a_stream_is_that_of_the_place(connect: Connect) -> None:
    server = Redirecting()
    with transport(connect, server).stream(GET) as stream:
        assert list(stream) == [b"content"]
    assert "authorization" not in server.requests[1].headers
    assert server.requests[1].headers["accept"] == "*/*"

    server = Redirecting(then=["https://dl.elsewhere.example/more"])

    def refuse(raw: Any) -> None:
        assert raw.status == 302
        raise KeyError

    with pytest.raises(KeyError), transport(connect, server).stream(GET, refuse):
        pytest.fail("yields nothing")
