"""Hooks and the log tell of each attempt and each retry, and show no credential."""

from __future__ import annotations

import asyncio
import itertools
import logging
import subprocess
import sys
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import msgspec
import pytest

import generator.overlay._runtime.observer as observer_module
from generator.overlay._runtime.auth import Credentials
from generator.overlay._runtime.dedicated_transport import dedicate
from generator.overlay._runtime.errors import ClientError, InvalidArgumentError, TransportError
from generator.overlay._runtime.hooks import Hooks
from generator.overlay._runtime.messages import Request
from generator.overlay._runtime.retry import RetryPolicy
from generator.overlay._runtime.transport import AsyncTransport, SyncTransport

from .conftest import BASE, Connect, Recorder, Send

if TYPE_CHECKING:
    from collections.abc import Callable

LOGGER = "generator.overlay"
TOKEN = "s3cr3t-t0k3n"
KEY = "k3y-0f-the-caller"
PASSWORD = "p4ssw0rd-of-the-caller"
GET = Request("get_thing", "GET", BASE, "/things/1")
ROOT = Path(observer_module.__file__).parents[3]
NO_JITTER = RetryPolicy(random=lambda: 1.0)
SECRET = Request(
    "op",
    "GET",
    BASE,
    f"/things/{TOKEN}?fixed=value=value",
    query=(("key", KEY), ("short", "pin"), ("again", f"a{KEY}b"), ("q", "word"), ("line\nbreak", "x")),
    headers=(
        *(("x-key", KEY), ("authorization", "Basic dTpw"), ("Cookie", f"key={KEY}"), ("x-pin", "pin")),
        ("x-plain", "plain pin"),
    ),
    url=f"{BASE}/things/{TOKEN}?fixed=value=value&t={TOKEN}",
    secrets=(KEY, "pin", ("user", PASSWORD)),
)


class Heard:
    """Keeps what the hooks are called with."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.hooks = Hooks(
            on_request=self._keep("request"), on_response=self._keep("response"), on_retry=self._keep("retry")
        )

    def _keep(self, kind: str) -> Callable[..., None]:
        return lambda *arguments: self.calls.append((kind, *arguments))

    def of(self, kind: str) -> list[list[Any]]:
        return [rest for found, *rest in self.calls if found == kind]


def ticks() -> Callable[[], float]:
    """Return a clock on which a second passes with each look."""
    counter = itertools.count()
    return lambda: float(next(counter))


def fail(error: type[httpx2.RequestError], text: str = "no") -> Callable[[httpx2.Request], httpx2.Response]:
    def handler(request: httpx2.Request) -> httpx2.Response:
        raise error(text, request=request)

    return handler


@pytest.fixture
def debug(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG, logger=LOGGER)
    return caplog


def lines(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    return [(record.levelname, record.getMessage()) for record in caplog.records if record.name == LOGGER]


def test_hooks_are_called_in_the_order_of_the_attempts(send: Send) -> None:
    heard = Heard()
    (raw,) = send(GET, handler=Recorder(503, 429, 200), hooks=heard.hooks, retry=NO_JITTER, clock=ticks())
    assert raw.status == 200
    kinds = ["request", "response", "retry", "request", "response", "retry", "request", "response"]
    assert [kind for kind, *_ in heard.calls] == kinds
    assert all(request == GET for _, request, *_ in heard.calls)
    assert [status for _, status, _ in heard.of("response")] == [503, 429, 200]
    assert all(type(elapsed_s) is float and elapsed_s > 0 for *_, elapsed_s in heard.of("response"))
    assert [rest for _, *rest in heard.of("retry")] == [[1, 0.5, "status 503"], [2, 1.0, "status 429"]]


def test_a_retry_is_told_before_the_wait(connect: Connect) -> None:
    heard = Heard()
    transport = connect(Recorder(503, 200), hooks=heard.hooks, sleep=lambda _: heard.calls.append(("sleep",)))
    transport.send(GET)
    assert [kind for kind, *_ in heard.calls] == ["request", "response", "retry", "sleep", "request", "response"]


def test_an_attempt_without_a_response_is_told_by_its_retry_alone(send: Send) -> None:
    heard = Heard()
    retry = RetryPolicy(max_retries=1, random=lambda: 1.0)
    with pytest.raises(TransportError):
        send(GET, handler=fail(httpx2.ReadTimeout, "too slow"), hooks=heard.hooks, retry=retry)
    assert [kind for kind, *_ in heard.calls] == ["request", "retry", "request"]
    assert heard.of("retry") == [[GET, 1, 0.5, "get_thing: ReadTimeout: too slow"]]


def test_a_new_token_after_a_401_is_no_retry(send: Send) -> None:
    heard = Heard()
    tokens = iter(["token-1", "token-2"])
    send(GET, handler=Recorder(401, 200), token=lambda: next(tokens), hooks=heard.hooks)
    assert [kind for kind, *_ in heard.calls] == ["request", "response", "request", "response"]


@pytest.mark.parametrize("name", ["on_request", "on_response", "on_retry"])
def test_a_hook_may_be_left_out_and_what_it_raises_ends_the_call(send: Send, name: str) -> None:
    class OurError(Exception):
        pass

    def hook(*_: object) -> None:
        raise OurError

    recorder = Recorder(503)
    with pytest.raises(OurError):
        send(GET, handler=recorder, hooks=Hooks(**{name: hook}))
    assert len(recorder.requests) == (0 if name == "on_request" else 1)
    send(GET, handler=Recorder(503, 200), hooks=Hooks(**{name: lambda *_: None}))


def test_a_client_is_usable_after_a_hook_has_raised(connect: Connect) -> None:
    answers = iter([True, False])

    def hook(*_: object) -> None:
        if next(answers):
            raise ZeroDivisionError

    transport = connect(Recorder(200), hooks=Hooks(on_response=hook))
    with pytest.raises(ZeroDivisionError):
        transport.send(GET)
    assert transport.send(GET).status == 200


def test_hooks_hold_for_derived_transports_and_see_added_headers(connect: Connect) -> None:
    heard = Heard()
    origin = connect(Recorder(200), hooks=heard.hooks)
    derived = origin.but(lambda transport: transport.with_options(headers={"x-trace": "1", "x-token": KEY}))
    derived.derive("with_timeout_cap", 1.0).send(GET)
    ((request,),) = heard.of("request")
    assert request.headers == (("x-trace", "1"), ("x-token", "[secure]"))


def test_hooks_are_called_in_the_thread_or_task_that_sends() -> None:
    threads: list[object] = []
    hooks = Hooks(
        on_request=lambda _: threads.append(threading.current_thread()),
        on_response=lambda *_: threads.append(threading.current_thread()),
        on_retry=lambda *_: threads.append(threading.current_thread()),
    )
    recorder = Recorder(503, 200)
    mock = httpx2.MockTransport(recorder)
    with SyncTransport(Credentials("t"), base_url=BASE, http=mock, hooks=hooks, sleep=lambda _: None) as transport:
        thread = threading.Thread(target=transport.send, args=(GET,))
        thread.start()
        thread.join()
    assert threads == [thread] * 5

    tasks: list[object] = []
    hooks = Hooks(on_request=lambda _: tasks.append(asyncio.current_task()))

    async def run() -> None:
        async with AsyncTransport(Credentials("t"), base_url=BASE, http=mock, hooks=hooks) as transport:
            task = asyncio.create_task(transport.send(GET))
            await task
        assert tasks == [task]

    asyncio.run(run())


def test_a_dedicated_transport_has_the_hooks_too() -> None:
    heard = Heard()
    with SyncTransport(Credentials("t"), base_url=BASE, hooks=heard.hooks) as origin, dedicate(origin) as dedicated:
        dedicated._client = httpx2.Client(transport=httpx2.MockTransport(Recorder(200)))  # sends nowhere
        dedicated.send(GET)
    assert [kind for kind, *_ in heard.calls] == ["request", "response"]


async def never_awaited(*_: object) -> None:
    """Would be called, and its coroutine thrown away."""


class Methods:
    async def never_awaited(self, *_: object) -> None:
        """As the function."""


@pytest.mark.parametrize("name", ["on_request", "on_response", "on_retry"])
@pytest.mark.parametrize("hook", [5, "print", never_awaited, Methods().never_awaited], ids=["5", "str", "f", "m"])
def test_what_is_no_plain_function_is_refused(name: str, hook: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="must be a function that is not async") as caught:
        Hooks(**{name: hook})
    assert caught.value.argument == name


@pytest.mark.parametrize("hooks", [print, {"on_request": print}, False])
def test_hooks_of_another_kind_are_refused(connect: Connect, hooks: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="must be a Hooks") as caught:
        connect(Recorder(200), hooks=hooks)
    assert caught.value.argument == "hooks"


def test_hooks_are_shown_no_credential(send: Send) -> None:
    heard = Heard()
    request = Request(**{name: getattr(SECRET, name) for name in SECRET.__struct_fields__ if name != "url"})
    handler = Recorder(503, 200)
    send(request, handler=handler, token=TOKEN, hooks=heard.hooks)
    assert KEY in str(handler.requests[0].url)
    assert len(heard.calls) == 5
    for _, shown, *rest in heard.calls:
        everything = f"{[getattr(shown, name) for name in shown.__struct_fields__]} {shown} {rest}"
        assert not [secret for secret in (TOKEN, KEY, PASSWORD, "dTpw", "'pin'") if secret in everything]
        assert shown.secrets == ()
        assert shown.query == (
            *(("key", "[secure]"), ("short", "[secure]"), ("again", "a[secure]b"), ("q", "word")),
            ("line\nbreak", "x"),
        )
        assert shown.headers[-1] == ("x-plain", "plain pin")


def test_a_url_of_a_response_is_shown_without_the_token(send: Send) -> None:
    heard = Heard()
    request = Request("op", "GET", BASE, "/things", url=f"{BASE}/things?t={TOKEN}")
    send(request, handler=Recorder(200), token=TOKEN, hooks=heard.hooks)
    assert [shown.url for _, shown, *_ in heard.calls] == [f"{BASE}/things?t=[secure]"] * 2


def test_the_reason_of_a_retry_shows_no_credential(send: Send) -> None:
    heard = Heard()
    handler = fail(httpx2.ConnectError, f"cannot reach with {TOKEN} and {KEY}")
    with pytest.raises(TransportError):
        send(
            Request("op", "GET", BASE, "/", secrets=(KEY,)),
            handler=handler,
            token=TOKEN,
            hooks=heard.hooks,
        )
    assert [reason for *_, reason in heard.of("retry")] == [
        "op: ConnectError: cannot reach with [secure] and [secure]"
    ] * 2


@pytest.mark.parametrize("name", ["on_request", "on_response", "on_retry"])
def test_the_traceback_of_a_hook_s_error_shows_no_credential(send: Send, name: str) -> None:
    def hook(*_: object) -> None:
        raise ZeroDivisionError

    request = Request("op", "GET", BASE, "/", query=(("key", KEY),), headers=(("x-key", KEY),), secrets=(KEY,))
    with pytest.raises(ZeroDivisionError) as caught:
        send(request, handler=Recorder(503), token=TOKEN, hooks=Hooks(**{name: hook}))
    stack = traceback.StackSummary.extract(traceback.walk_tb(caught.value.__traceback__), capture_locals=True)
    ours = "\n".join(str(frame.locals) for frame in stack if "_runtime" in Path(frame.filename).parts[-2])
    assert "request" in ours
    assert not [secret for secret in (TOKEN, KEY) if secret in ours]


def test_the_log_has_a_line_for_each_attempt_and_each_retry(send: Send, debug: pytest.LogCaptureFixture) -> None:
    send(GET, handler=Recorder(503, 200), retry=NO_JITTER, clock=lambda: 0.0)
    assert lines(debug) == [
        ("DEBUG", "GET /things/1: status 503 in 0 ms"),
        ("WARNING", "GET /things/1: attempt 1 failed with status 503, the next one is in 0.50 s"),
        ("DEBUG", "GET /things/1: status 200 in 0 ms"),
    ]


def test_the_log_counts_milliseconds(send: Send, debug: pytest.LogCaptureFixture) -> None:
    now = [0.0]

    def handler(_: httpx2.Request) -> httpx2.Response:
        now[0] += 0.25
        return httpx2.Response(200)

    send(GET, handler=handler, clock=lambda: now[0])
    assert lines(debug) == [("DEBUG", "GET /things/1: status 200 in 250 ms")]


def test_the_log_names_the_kind_of_an_error_and_not_its_text(send: Send, debug: pytest.LogCaptureFixture) -> None:
    retry = RetryPolicy(max_retries=1, random=lambda: 1.0)
    with pytest.raises(ClientError):
        send(GET, handler=fail(httpx2.ReadError, "https://x.example/?q=value"), retry=retry, clock=lambda: 0.0)
    assert lines(debug) == [
        ("DEBUG", "GET /things/1: ReadError in 0 ms"),
        ("WARNING", "GET /things/1: attempt 1 failed with ReadError, the next one is in 0.50 s"),
        ("DEBUG", "GET /things/1: ReadError in 0 ms"),
    ]


def test_the_log_has_the_names_of_a_query_without_values_and_no_credential(
    send: Send, debug: pytest.LogCaptureFixture
) -> None:
    request = Request(**{name: getattr(SECRET, name) for name in SECRET.__struct_fields__ if name != "url"})
    send(request, handler=Recorder(503, 200), token=TOKEN, clock=lambda: 0.0)
    texts = [text for _, text in lines(debug)]
    assert texts[0] == "GET /things/[secure]?fixed&key&short&again&q&line%0Abreak: status 503 in 0 ms"
    assert len(texts) == 3
    everything = " ".join(texts)
    assert not [part for part in (TOKEN, KEY, PASSWORD, "pin", "value", "word", "\n") if part in everything]


def test_the_log_of_the_http_library_has_no_credential_either(send: Send, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="httpx2")
    request = msgspec.structs.replace(GET, query=(("key", KEY), ("q", "word")), secrets=(KEY,))
    send(request, handler=Recorder(200))
    send(GET, handler=Recorder(200))
    first, second = [record.getMessage() for record in caplog.records if record.name == "httpx2"]
    assert "/things/1?key=[secure]&q=word " in first
    assert "/things/1 " in second


def test_the_log_does_not_repeat_the_body(send: Send, debug: pytest.LogCaptureFixture) -> None:
    send(Request("op", "POST", BASE, "/things", content=b"in-the-body"), handler=Recorder(201, content=b"in-the-reply"))
    assert len(lines(debug)) == 1
    assert "in-the" not in debug.text


def test_only_warnings_are_logged_above_debug(send: Send, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger=LOGGER)
    send(GET, handler=Recorder(503, 200))
    assert [level for level, _ in lines(caplog)] == ["WARNING"]
    caplog.clear()
    caplog.set_level(logging.ERROR, logger=LOGGER)
    send(GET, handler=Recorder(503, 200))
    assert lines(caplog) == []


def test_nothing_is_made_for_an_attempt_that_nobody_watches(
    send: Send, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO, logger=LOGGER)
    monkeypatch.delattr(observer_module, "_without_credentials")
    monkeypatch.delattr(observer_module, "Watch")
    (raw,) = send(GET, handler=Recorder(200))
    assert raw.status == 200


def test_a_program_without_logging_prints_nothing() -> None:
    code = (
        "import httpx2\n"
        "from generator.overlay._runtime.auth import Credentials\n"
        "from generator.overlay._runtime.messages import Request\n"
        "from generator.overlay._runtime.transport import SyncTransport\n"
        "http = httpx2.MockTransport(lambda _: httpx2.Response(503))\n"
        "transport = SyncTransport(Credentials('t'), http=http, sleep=lambda _: None)\n"
        "print(transport.send(Request('op', 'GET', 'https://x.example', '/')).status)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("503\n", "")


def test_the_event_hooks_of_the_caller_s_client_see_each_attempt(connect: Connect) -> None:
    seen: list[tuple[str, str]] = []

    def on_request(request: httpx2.Request) -> None:
        seen.append((request.method, str(request.url)))

    async def on_request_async(request: httpx2.Request) -> None:
        on_request(request)

    hook = on_request_async if connect.http_client is httpx2.AsyncClient else on_request
    mock = httpx2.MockTransport(Recorder(503, 200))
    connect(http=connect.http_client(transport=mock, event_hooks={"request": [hook]})).send(GET)
    assert seen == [("GET", f"{BASE}/things/1")] * 2
