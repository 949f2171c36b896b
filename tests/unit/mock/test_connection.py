"""Faults that break or delay a connection, over the loopback interface."""

import asyncio
import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from box_uploads_mock import (
    Failure,
    Fault,
    LostResponse,
    MockServer,
    Reset,
    SlowRead,
    Stall,
    State,
    Truncation,
    constant_part_size,
)
from box_uploads_mock.connection import Connection

from tests.unit.mock.connecting import connect, post_head
from tests.unit.mock.in_process import SESSIONS, new_file
from tests.unit.mock.uploading import digest

SIZE = 2 * 1024**2
DATA = bytes(range(256)) * (SIZE // 256)
PART = "upload_part"


@pytest.fixture(scope="module")
def shared_server() -> Iterator[MockServer]:
    async def pause(seconds: float) -> None:
        """Return at once; a pause of a minute or more never ends."""
        if seconds >= 60:
            await asyncio.get_running_loop().create_future()

    state = State(min_file_size=1, part_size_for=constant_part_size(SIZE), sleep=pause)
    with MockServer(state=state) as server:
        yield server


@pytest.fixture
def server(shared_server: MockServer, caplog: pytest.LogCaptureFixture) -> Iterator[MockServer]:
    shared_server.state.reset()
    yield shared_server
    shared_server.state.faults.require_fired()
    # The server logs no error for a connection that a fault breaks.
    shared_server.wait_until_idle()
    assert caplog.get_records("call") == []


def test_a_connection_that_is_closing_already_is_only_dropped() -> None:
    """Do nothing: the socket may have been reused by then."""

    class Closing(asyncio.Transport):
        aborted = False

        def is_closing(self) -> bool:
            return True

        def get_extra_info(self, name: str, default: object = None) -> object:
            raise AssertionError(name)

        def abort(self) -> None:
            self.aborted = True

    transport = Closing()
    Connection(transport).reset()
    assert transport.aborted


class Browser:
    """A client with one connection."""

    def __init__(self, server: MockServer) -> None:
        self._server = server
        self.connection = http.client.HTTPConnection(urlsplit(server.origin).netloc, timeout=10)

    def call(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        sent = {"authorization": f"Bearer {self._server.token}", **(headers or {})}
        self.connection.request(method, path, body, sent)
        response = self.connection.getresponse()
        return response.status, response.read()

    def create(self) -> str:
        body = json.dumps(new_file(file_size=SIZE)).encode()
        status, content = self.call("POST", SESSIONS, body, {"content-type": "application/json"})
        assert status == 201
        return f"{SESSIONS}/{json.loads(content)['id']}"

    def put(self, path: str) -> tuple[int, bytes]:
        headers = {"content-type": "application/octet-stream", "digest": digest(DATA)}
        return self.call("PUT", path, DATA, {**headers, "content-range": f"bytes 0-{SIZE - 1}/{SIZE}"})


@pytest.fixture
def browser(server: MockServer) -> Iterator[Browser]:
    browser = Browser(server)
    yield browser
    browser.connection.close()


def wait_for_stall(server: MockServer, *, release: bool = False) -> None:
    """Wait until a call stalls, over another connection; then release it, if asked to."""
    with closing(Browser(server).connection) as connection:
        for _ in range(5_000):
            connection.request("GET", "/_mock/faults")
            if json.loads(connection.getresponse().read())["stalled"]:
                break
        else:
            pytest.fail("no call has stalled")
        if release:
            connection.request("POST", "/_mock/release")
            assert connection.getresponse().status == 204


@pytest.mark.parametrize(
    "settings",
    [{}, {"when": "during"}, {"when": "during", "after_bytes": SIZE // 2}, {"when": "after"}],
    ids=str,
)
def test_a_reset_connection_stores_nothing_and_the_next_connection_works(
    server: MockServer, browser: Browser, settings: dict[str, Any]
) -> None:
    path = browser.create()
    server.state.faults.add(Reset(operation=PART, **settings))
    with pytest.raises((ConnectionResetError, BrokenPipeError)):
        browser.put(path)
    browser.connection.close()
    assert browser.put(path)[0] == 200
    assert [exchange.status for exchange in server.state.request_log] == [201, None, 200]


def test_a_reset_is_a_reset_and_no_orderly_end(server: MockServer) -> None:
    server.state.faults.add(Reset(operation="create_upload_session"))
    with connect(server) as connection:
        connection.sendall(post_head(server, 0))
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


def test_a_lost_response_resets_the_connection_but_stores_the_part(server: MockServer, browser: Browser) -> None:
    path = browser.create()
    server.state.faults.add(LostResponse(operation=PART))
    with pytest.raises(ConnectionResetError):
        browser.put(path)
    browser.connection.close()
    assert browser.put(path)[0] == 416


@pytest.mark.parametrize("sent_bytes", [0, 10, 100_000])
def test_a_truncated_response_announces_more_bytes_than_it_sends(
    server: MockServer, browser: Browser, sent_bytes: int
) -> None:
    path = browser.create()
    server.state.faults.add(Truncation(operation="get_upload_session", sent_bytes=sent_bytes))
    with pytest.raises(http.client.IncompleteRead) as caught:
        browser.call("GET", path)
    assert caught.value.expected is not None
    assert caught.value.expected > 0
    if sent_bytes < 1000:
        assert len(caught.value.partial) == sent_bytes
    browser.connection.close()
    assert browser.call("GET", path)[0] == 200


def test_a_failure_in_the_middle_of_a_body_leaves_the_connection_usable(server: MockServer, browser: Browser) -> None:
    path = browser.create()
    server.state.faults.add(Failure(operation=PART, status=503, after_bytes=SIZE // 2))
    assert browser.put(path)[0] == 503
    assert browser.put(path)[0] == 200


@pytest.mark.parametrize(
    "fault",
    [
        Stall(operation=PART, limit_s=60),
        Stall(operation=PART, limit_s=60, when="during", after_bytes=SIZE // 2),
        Stall(operation=PART, limit_s=60, when="after"),
        SlowRead(operation=PART, bytes_per_read=1, pause_s=60),
    ],
    ids=str,
)
def test_a_stalled_call_goes_on_when_it_is_released(server: MockServer, browser: Browser, fault: Fault) -> None:
    path = browser.create()
    server.state.faults.add(fault)
    with _putting(browser, path) as statuses:
        wait_for_stall(server)
        assert statuses == []
        wait_for_stall(server, release=True)
    assert statuses == [200]


@pytest.mark.parametrize(
    "fault", [Stall(operation=PART, limit_s=600), SlowRead(operation=PART, bytes_per_read=1, pause_s=600)], ids=str
)
def test_a_stopping_server_finishes_stalled_calls(fault: Fault, caplog: pytest.LogCaptureFixture) -> None:
    state = State(min_file_size=1, part_size_for=constant_part_size(SIZE))
    with ExitStack() as calls, MockServer(state=state) as server:
        browser = Browser(server)
        path = browser.create()
        state.faults.add(fault)
        statuses = calls.enter_context(_putting(browser, path))
        wait_for_stall(server)
    browser.connection.close()
    assert statuses == [200]
    assert caplog.records == []


def test_a_call_that_stalls_while_the_server_stops_is_finished(caplog: pytest.LogCaptureFixture) -> None:
    state = State(min_file_size=1)
    body = json.dumps(new_file()).encode()
    with MockServer(state=state) as server:
        head = post_head(server, len(body))
        state.faults.add(
            Stall(operation="create_upload_session", when="during", after_bytes=1, limit_s=600),
            Stall(operation="create_upload_session", when="during", after_bytes=len(body), limit_s=600),
        )
        first, second = connect(server), connect(server)
        first.sendall(head + body)
        wait_for_stall(server)
        # All but the last byte, at which the call stalls.
        second.sendall(head + body[:-1])
        # Both requests are read before this one.
        wait_for_stall(server)
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        with first, second:
            assert first.recv(100).startswith(b"HTTP/1.1 201 ")
            second.sendall(body[-1:])
            assert second.recv(100).startswith(b"HTTP/1.1 201 ")
        stopping.join(10)
    assert caplog.records == []


@contextmanager
def _putting(browser: Browser, path: str) -> Iterator[list[int]]:
    """Upload a part in a thread; the status of the response is in the list when the context ends."""
    statuses: list[int] = []
    caller = threading.Thread(target=lambda: statuses.append(browser.put(path)[0]))
    caller.start()
    yield statuses
    caller.join(10)
    assert not caller.is_alive()
