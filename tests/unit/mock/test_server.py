"""The server in a thread, over connections on the loopback interface."""

import http.client
import json
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import box_uploads_mock
import httpx2
import pytest
from box_uploads_mock import Failure, MockServer, State, UnfiredFaultsError, World

from tests.unit.mock.connecting import connect, post_head
from tests.unit.mock.in_process import SESSIONS, new_file
from tests.unit.mock.uploading import complete

FAULT = Failure(operation="create_upload_session", status=503)


def exchange(server: MockServer, method: str, body: Any) -> tuple[int, bytes]:
    with closing(http.client.HTTPConnection(urlsplit(server.origin).netloc, timeout=10)) as connection:
        headers = {"authorization": f"Bearer {server.token}", "content-type": "application/json"}
        connection.request(method, SESSIONS, body, headers)
        response = connection.getresponse()
        return response.status, response.read()


def create(server: MockServer, **changes: object) -> dict[str, Any]:
    status, content = exchange(server, "POST", json.dumps(new_file(**changes)))
    assert status == 201
    session: dict[str, Any] = json.loads(content)
    return session


def test_endpoints_have_the_address_of_the_server(server: MockServer) -> None:
    session = create(server)
    parsed = urlsplit(server.base_url)
    assert (parsed.scheme, parsed.hostname, parsed.path) == ("http", "127.0.0.1", "/api/2.0")
    assert parsed.port
    url = f"{server.base_url}/files/upload_sessions/{session['id']}"
    assert session["session_endpoints"]["commit"] == f"{url}/commit"
    assert list(server.state.sessions) == [session["id"]]


@pytest.mark.parametrize("method", ["GET", "HEAD", "TRACE", "QUERY", "PATCH"])
def test_unsupported_methods_get_405_over_a_connection(server: MockServer, method: str) -> None:
    status, content = exchange(server, method, None)
    assert status == 405
    assert bool(content) is (method != "HEAD")


def test_a_chunked_json_body_gets_411(server: MockServer) -> None:
    assert exchange(server, "POST", iter([b"{}"]))[0] == 411


def test_a_large_body_gets_413_before_it_is_sent(server: MockServer) -> None:
    with connect(server) as connection:
        connection.sendall(post_head(server, 1_000_000_000))
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_body_shorter_than_its_content_length_gets_no_response(server: MockServer) -> None:
    with connect(server) as connection:
        connection.sendall(post_head(server, 10) + b"{}")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(100) == b""
    assert not server.state.request_log


def test_connections_stay_open_after_an_error(server: MockServer) -> None:
    with closing(http.client.HTTPConnection(urlsplit(server.origin).netloc, timeout=10)) as connection:
        for token, status in (("wrong", 401), (server.token, 201)):
            headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
            connection.request("POST", SESSIONS, json.dumps(new_file()), headers)
            response = connection.getresponse()
            response.read()
            assert response.status == status
            assert connection.sock is not None


def test_many_clients_at_once_get_sessions_of_their_own(server: MockServer) -> None:
    with ThreadPoolExecutor(8) as pool:
        sessions = pool.map(lambda number: create(server, file_name=f"{number}.bin"), range(40))
    ids = {session["id"] for session in sessions}
    assert ids == set(server.state.sessions)
    assert len(ids) == 40


def test_a_stopped_server_frees_its_thread_and_port() -> None:
    before = set(threading.enumerate())
    with MockServer() as server:
        port = urlsplit(server.base_url).port or 0
        exchange(server, "POST", "{}")
        threads = [thread for thread in threading.enumerate() if thread.name == "box-uploads-mock"]
        # Daemon threads do not keep the process alive.
        assert threads
        assert all(thread.daemon for thread in threads)
    # A thread of an earlier test may end meanwhile.
    assert not set(threading.enumerate()) - before
    with MockServer(port=port) as again:
        assert urlsplit(again.base_url).port == port


def test_stopping_twice_is_harmless_and_starting_twice_fails() -> None:
    with MockServer() as server:
        with pytest.raises(RuntimeError, match=r"^The mock server is already running; stop it first\.$"):
            server.start()
        server.stop()


def test_a_port_in_use_raises_os_error(server: MockServer) -> None:
    with pytest.raises(OSError, match="in use"):
        MockServer(port=urlsplit(server.origin).port or 0).start()


def test_a_server_accepts_the_arguments_of_a_state() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    own: dict[str, Any] = {"world": World(), "token": "abc", "seed": 7, "clock": lambda: now, "store": "discard"}
    with MockServer(**own, part_size_for=lambda size: size // 2, min_file_size=10) as server:
        assert (server.token, server.state.store.kind) == ("abc", "discard")
        session = create(server, file_name="Contract.pdf", file_size=10)
    assert session["session_expires_at"] == "2026-01-08T00:00:00+00:00"
    assert (session["part_size"], session["total_parts"]) == (5, 2)


def test_a_server_accepts_a_state_instead_of_its_arguments() -> None:
    state = State(token="abc")
    assert (MockServer(state=state).state, MockServer(state=state).token) == (state, "abc")
    with pytest.raises(ValueError, match=r"^state: cannot be combined with seed, store; pass them to State instead$"):
        MockServer(state=state, seed=1, store="disk")


def test_uploads_in_memory_remain_after_the_server_stops() -> None:
    with MockServer(min_file_size=1, part_size_for=lambda size: size) as server:
        file_id = complete(server.state, b"abc").stored()["id"]
    assert server.state.content(file_id) == b"abc"


def test_two_servers_are_independent(server: MockServer) -> None:
    with MockServer() as other:
        assert server.base_url != other.base_url
        create(server)
        assert (len(server.state.sessions), len(other.state.sessions)) == (1, 0)


def test_tcp_nodelay_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[socket.socket] = []
    create = socket.create_server

    def remember(*arguments: Any, **options: Any) -> socket.socket:
        made.append(create(*arguments, **options))
        return made[-1]

    monkeypatch.setattr(socket, "create_server", remember)
    with MockServer():
        assert made[0].getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize(
    "queue", [lambda state: state.faults.add(FAULT), lambda state: state.rate_limit(retry_after_s=1, requests=5)]
)
def test_unused_faults_raise_when_the_context_ends(queue: Callable[[State], None]) -> None:
    with pytest.raises(UnfiredFaultsError, match="queued but not used"), MockServer() as server:
        queue(server.state)
    assert server._server is None


def test_unused_faults_do_not_hide_another_error() -> None:
    def fail(state: State) -> None:
        state.faults.add(FAULT)
        raise KeyError("its own")

    with pytest.raises(KeyError, match=r"^'its own'$"), MockServer() as server:
        fail(server.state)


def test_unused_faults_are_allowed_without_require_fired() -> None:
    with MockServer(require_fired=False) as server:
        server.state.faults.add(FAULT)
    assert len(server.state.faults.unfired) == 1


def test_fired_faults_do_not_raise_when_the_context_ends() -> None:
    with MockServer() as server:
        server.state.faults.add(FAULT)
        assert exchange(server, "POST", json.dumps(new_file()))[0] == 503


def test_requests_sent_before_a_reset_do_not_affect_the_state(
    server: MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    getresponse = http.client.HTTPConnection.getresponse

    def wait_for_response(connection: http.client.HTTPConnection) -> http.client.HTTPResponse:
        gate.set()
        return getresponse(connection)

    monkeypatch.setattr(http.client.HTTPConnection, "getresponse", wait_for_response)
    assert server._server is not None
    # The server reads nothing until `reset` waits for its response.
    server._server.servers[0].get_loop().call_soon_threadsafe(gate.wait, 10)
    body = json.dumps(new_file()).encode()
    with connect(server) as connection:
        connection.sendall(post_head(server, len(body)) + body)
    server.reset()
    gate.set()
    # The server reads earlier requests before this one.
    assert httpx2.get(f"{server.origin}/_mock/requests").json() == {"requests": []}
    assert not server.state.sessions


def test_a_reset_leaves_connections_open() -> None:
    with MockServer() as server, httpx2.Client() as client:
        client.get(f"{server.origin}/_mock/requests")
        assert server._server is not None
        (before,) = server._server.server_state.connections
        server.reset()
        client.get(f"{server.origin}/_mock/requests")
        assert before in server._server.server_state.connections


def test_a_server_that_is_not_running_can_be_reset() -> None:
    server = MockServer()
    server.state.offers_plan = False
    server.reset()
    assert server.state.offers_plan


def test_wait_until_idle_returns_when_all_clients_have_disconnected() -> None:
    with MockServer() as server:
        server.wait_until_idle()
        with httpx2.Client() as client:
            client.get(f"{server.origin}/_mock/requests")
        server.wait_until_idle()
        state = server._server.server_state if server._server else None
        assert state is not None
        assert (state.connections, state.tasks) == (set(), set())
    server.wait_until_idle()


def test_wait_until_idle_fails_if_a_client_stays_connected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("box_uploads_mock.server.IDLE_POLLS", 3)
    with MockServer() as server, httpx2.Client() as client:
        client.get(f"{server.origin}/_mock/requests")
        message = r"^1 connections to the mock server are still open; close their clients first\.$"
        with pytest.raises(RuntimeError, match=message):
            server.wait_until_idle()


def test_a_server_that_does_not_start_or_stop_in_time_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    server = MockServer()
    wait = threading.Event.wait

    def time_out(event: threading.Event, timeout: float | None = None) -> bool:
        return timeout is None and wait(event)

    with monkeypatch.context() as patch:
        patch.setattr("box_uploads_mock.server.START_TIMEOUT_S", 0)
        patch.setattr(threading.Event, "wait", time_out)
        with pytest.raises(RuntimeError, match=r"^The mock server did not start within 0 s\.$"):
            server.start()
    with monkeypatch.context() as patch:
        patch.setattr("box_uploads_mock.server.STOP_POLLS", 0)
        with pytest.raises(RuntimeError, match=r"^The mock server did not stop within 0 s\.$"):
            server.stop()
    server.stop()
    assert server._server is None


def test_a_response_has_only_the_headers_of_the_mock(server: MockServer) -> None:
    sent = {"authorization": f"Bearer {server.token}", "x-forwarded-proto": "https", "x-forwarded-host": "other"}
    response = httpx2.post(f"{server.base_url}/files/upload_sessions", json=new_file(), headers=sent)
    assert response.headers.keys() == {"content-type", "content-length", "box-request-id", "date"}
    assert response.json()["session_endpoints"]["status"].startswith(f"{server.base_url}/files/")


@pytest.mark.parametrize(("host", "origin"), [("127.0.0.1", "http://127.0.0.1:0"), ("::1", "http://[::1]:0")])
def test_the_origin_is_a_url_for_ipv4_and_ipv6(host: str, origin: str) -> None:
    server = MockServer(host=host)
    assert (server.origin, server.base_url) == (origin, f"{origin}/api/2.0")


def test_a_server_listens_on_the_given_address() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6 on the loopback interface")
    with MockServer(host="::1") as server:
        create(server)


def test_the_package_exports_its_public_names() -> None:
    assert set(box_uploads_mock.__all__) == {
        "Accepted", "App", "Exchange", "Failure", "Fault", "File", "Folder", "LatePartsMismatch", "LogEvent",
        "LostResponse", "MockServer", "Part", "Reset", "SlowRead", "Stall", "State", "TokenExpiry", "Truncation",
        "UnfiredFaultsError", "User", "World", "WorldError", "WorldFileError", "constant_part_size", "create_app",
        "default_world", "load_world",
    }  # fmt: skip
