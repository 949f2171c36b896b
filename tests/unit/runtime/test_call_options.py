"""A transport with other options for some calls: the same connections and credentials, and closed with its origin."""

from __future__ import annotations

import asyncio
import json
import traceback
from typing import Any

import httpx2
import pytest

from generator.overlay._runtime.auth import Credentials
from generator.overlay._runtime.dedicated_transport import dedicate
from generator.overlay._runtime.errors import ClientClosedError, InvalidArgumentError, TransportError
from generator.overlay._runtime.messages import Request
from generator.overlay._runtime.retry import RetryPolicy
from generator.overlay._runtime.transport import AsyncTransport, SyncTransport, Timeout

from .conftest import BASE, Blocking, Closing, Connect, Recorder

GET = Request("get_thing", "GET", BASE, "/things/1", headers=(("X-Own", "own"), ("accept", "image/png")))
KEY = "k3y-0f-the-operation"
NEW_KEY = "an0ther-k3y"


def derive(origin: Blocking, **options: Any) -> Blocking:
    return origin.but(lambda transport: transport.with_options(**options))


def sent(recorder: Recorder) -> dict[str, str]:
    return dict(recorder.requests[-1].headers)


def test_headers_are_added_and_win_over_the_operation_s_and_the_client_s_own(connect: Connect) -> None:
    recorder = Recorder(200)
    origin = connect(recorder, user_agent="mine/1")
    derive(origin, headers={"X-Own": "new", "x-trace": "1", "User-Agent": "other", "ACCEPT": "*/*"}).send(GET)
    found = recorder.requests[-1].headers
    names = ("x-own", "x-trace", "user-agent", "accept", "authorization")
    assert [found.get_list(name) for name in names] == [["new"], ["1"], ["other"], ["*/*"], ["Bearer t0ken"]]
    origin.send(GET)
    found = recorder.requests[-1].headers
    assert [found.get_list(name) for name in names] == [["own"], [], ["mine/1"], ["image/png"], ["Bearer t0ken"]]


def test_headers_win_over_those_of_the_caller_s_client(connect: Connect) -> None:
    recorder = Recorder(200)
    http = connect.http_client(transport=httpx2.MockTransport(recorder), headers={"x-trace": "old", "x-kept": "kept"})
    derive(connect(http=http), headers={"X-Trace": "new"}).send(GET)
    assert (sent(recorder)["x-trace"], sent(recorder)["x-kept"]) == ("new", "kept")


def test_headers_of_an_earlier_derivation_stay_unless_their_names_are_equal(connect: Connect) -> None:
    recorder = Recorder(200)
    first = derive(connect(recorder), headers={"x-a": "1", "x-b": "1"})
    second = derive(first, headers={"X-B": "2"})
    derive(second, timeout_s=1).send(GET)
    assert (sent(recorder)["x-a"], sent(recorder)["x-b"]) == ("1", "2")
    first.send(GET)
    assert (sent(recorder)["x-a"], sent(recorder)["x-b"]) == ("1", "1")


def test_headers_are_sent_with_each_attempt(connect: Connect) -> None:
    recorder = Recorder(503, 503, 200)
    derive(connect(recorder), headers={"x-trace": "1"}).send(GET)
    assert [request.headers["x-trace"] for request in recorder.requests] == ["1", "1", "1"]


def test_a_mapping_that_changes_later_changes_nothing(connect: Connect) -> None:
    recorder, headers = Recorder(200), {"x-trace": "1"}
    transport = derive(connect(recorder), headers=headers)
    headers["x-trace"] = "2"
    transport.send(GET)
    assert sent(recorder)["x-trace"] == "1"


@pytest.mark.parametrize(
    "headers",
    [
        *({name: "x"} for name in ("Authorization", "host", "Content-Length", "content-type", "Cookie")),
        *({name: "x"} for name in ("transfer-encoding", "", "x y", "x:", "x\n", "é", "x\x00", 5, b"x")),
        *({"x-a": value} for value in ("a\nb", "a\r", "é", "\x7f", " a", "a ", "\ta", "a\t", "\x00", 5, None, b"a")),
        *({"x-fine": "1", "x-a": "a\nb"}, [("x-a", "1")], "x-a: 1", 5),
    ],
    ids=repr,
)
def test_headers_that_the_client_sets_or_that_cannot_be_sent_are_refused(connect: Connect, headers: Any) -> None:
    origin = connect(Recorder(200))
    with pytest.raises(InvalidArgumentError, match=r"^headers[:=]") as caught:
        derive(origin, headers=headers)
    assert caught.value.argument == "headers"


@pytest.mark.parametrize("value", ["", "a", "a b\tc", "~!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}"])
def test_any_other_value_is_sent_as_it_is(connect: Connect, value: str) -> None:
    recorder = Recorder(200)
    derive(connect(recorder), headers={"x-!#$%&'*+-.^_`|~9": value}).send(GET)
    assert sent(recorder)["x-!#$%&'*+-.^_`|~9"] == value


def test_a_refused_value_is_not_shown(connect: Connect) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        derive(connect(Recorder(200)), headers={"x-api-key": f"{KEY}\n"})
    assert KEY not in "".join(traceback.format_exception(caught.value))
    assert "x-api-key" in str(caught.value)


def test_a_transport_shows_no_value_of_a_header(connect: Connect) -> None:
    transport = derive(connect(Recorder(200)), headers={"x-api-key": KEY}).transport
    assert KEY not in f"{transport!r} {vars(transport)}"
    assert "x-api-key" in f"{vars(transport)}"


@pytest.mark.parametrize("name", ["x-box", "x-api-key", "x-session-token"])
def test_a_credential_in_a_header_is_kept_out_of_errors(connect: Connect, name: str) -> None:
    def broken(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError(f"refused {request.headers[name]}", request=request)

    # It takes the place of a credential of the operation's, or has the name of one.
    own = (("X-Box", KEY),) if name == "x-box" else ()
    request = Request("op", "GET", BASE, "/things", headers=own, secrets=(KEY,))
    with pytest.raises(TransportError, match=r"^op: ConnectError: refused \[secure\]$"):
        derive(connect(broken), headers={name: NEW_KEY}, retry=RetryPolicy(max_retries=0)).send(request)


def test_another_header_is_shown_as_it_came_back(connect: Connect) -> None:
    def echo(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(400, json={"seen": request.headers["x-trace"]})

    raw = derive(connect(echo), headers={"x-trace": "abcdefghij"}).send(GET)
    assert json.loads(raw.redacted().content) == {"seen": "abcdefghij"}


@pytest.mark.parametrize("own", [False, True], ids=["default", "caller"])
@pytest.mark.parametrize(
    ("timeout_s", "phases", "response_s"),
    [(5, (5, 5, 5, 5), 300), (400.0, (400, 400, 400, 400), 400), (Timeout(1, 2, 3, 4, 5), (1, 2, 3, 4), 5)],
)
def test_a_timeout_replaces_the_client_s(
    connect: Connect, timeout_s: Any, phases: Any, response_s: float, *, own: bool
) -> None:
    recorder = Recorder(200)
    mock = httpx2.MockTransport(recorder)
    http = connect.http_client(transport=mock, timeout=httpx2.Timeout(7)) if own else mock
    origin = connect(http=http)
    transport = derive(origin, timeout_s=timeout_s)
    transport.send(GET)
    derive(transport, headers={"x-a": "1"}).send(GET)
    for request in recorder.requests:
        found = request.extensions["timeout"]
        assert found == dict(zip(("connect", "read", "write", "pool"), phases, strict=True))
        assert found["read"].response_s == response_s
    assert transport.transport.settings.timeout_s.response_s == response_s
    origin.send(GET)
    assert recorder.requests[-1].extensions["timeout"]["connect"] == (7 if own else 10)


@pytest.mark.parametrize(
    ("argument", "value"), [("timeout_s", 0), ("timeout_s", "5"), ("timeout_s", True), ("retry", 3), ("retry", False)]
)
def test_an_option_is_checked_as_in_the_constructor(connect: Connect, argument: str, value: Any) -> None:
    with pytest.raises(InvalidArgumentError) as derived:
        derive(connect(Recorder(200)), **{argument: value})
    with pytest.raises(InvalidArgumentError) as constructed:
        connect(Recorder(200), **{argument: value})
    assert str(derived.value) == str(constructed.value)
    assert derived.value.argument == argument


def test_a_retry_policy_replaces_the_client_s_and_none_keeps_it(connect: Connect) -> None:
    recorder = Recorder(503)
    origin = connect(recorder, retry=RetryPolicy(max_retries=3))
    for options, count in (({"retry": RetryPolicy(max_retries=0)}, 1), ({"retry": None}, 4), ({"timeout_s": 1}, 4)):
        recorder.requests.clear()
        assert derive(origin, **options).send(GET).status == 503
        assert len(recorder.requests) == count
    recorder.requests.clear()
    once = derive(origin, retry=RetryPolicy(max_retries=0))
    derive(once, headers={"x-a": "1"}, timeout_s=1).send(GET)
    assert len(recorder.requests) == 1


def test_a_fetched_token_is_shared(connect: Connect) -> None:
    asked: list[str] = []

    def token() -> str:
        asked.append(f"token-{len(asked)}")
        return asked[-1]

    recorder = Recorder(401, 200)
    origin = connect(recorder, token=token)
    derive(origin, headers={"x-a": "1"}).send(GET)
    origin.send(GET)
    assert asked == ["token-0", "token-1"]
    tokens = [request.headers["authorization"] for request in recorder.requests]
    assert tokens == ["Bearer token-0", "Bearer token-1", "Bearer token-1"]


@pytest.mark.parametrize("own", [False, True], ids=["default", "caller"])
def test_closing_it_closes_nothing_else_and_it_ends_with_its_origin(connect: Connect, *, own: bool) -> None:
    mock = Closing(Recorder(200))
    origin = connect(http=connect.http_client(transport=mock) if own else mock)
    first = derive(origin, timeout_s=1)
    second = derive(first, headers={"x-a": "1"})
    first.close()
    with pytest.raises(ClientClosedError):
        first.send(GET)
    assert not mock.is_closed
    assert (origin.send(GET).status, second.send(GET).status) == (200, 200)
    assert not second.transport.is_closed
    origin.close()
    assert second.transport.is_closed
    with pytest.raises(ClientClosedError):
        second.send(GET)


def test_a_dedicated_transport_has_the_options_too() -> None:
    recorder = Recorder(200)
    with SyncTransport(Credentials("t"), base_url=BASE) as origin:
        options = origin.with_options(headers={"x-trace": "1"}, timeout_s=Timeout(1, 2, 3, 4, 5))
        with dedicate(options) as dedicated:
            dedicated._client = httpx2.Client(transport=httpx2.MockTransport(recorder))  # sends nowhere
            dedicated.send(GET)
            assert dedicated.settings == options.settings
    assert sent(recorder)["x-trace"] == "1"
    assert recorder.requests[0].extensions["timeout"] == {"connect": 1, "read": 2, "write": 3, "pool": 4}


def test_it_keeps_connections_of_the_kind_that_it_had() -> None:
    async def made() -> object:
        async with AsyncTransport(Credentials("t")) as origin:
            return origin.with_options(timeout_s=1)

    with SyncTransport(Credentials("t")) as origin:
        assert type(origin.with_options(timeout_s=1)) is SyncTransport
    assert type(asyncio.run(made())) is AsyncTransport
