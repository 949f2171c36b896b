"""The mock over https."""

import asyncio
import hashlib
import http.client
import io
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
import uvicorn
from box_uploads import Client
from box_uploads.models import File
from box_uploads.upload import upload_file
from box_uploads_mock import MockServer, Reset, Stall, State, Truncation, constant_part_size
from box_uploads_mock.connection import Protocol
from uvicorn.server import ServerState

from tests.unit.mock.in_process import SESSIONS, new_file
from tests.unit.mock.test_command_line import run, running
from tests.unit.mock.test_official_sdk import client_of

DATA = bytes(20_000_000)
SHA1 = hashlib.sha1(DATA, usedforsecurity=False).hexdigest()
NAMES = ["api.box.com", "upload.box.com", "mock", "192.0.2.7", "2001:db8::7"]


@pytest.fixture(scope="module")
def shared_server() -> Iterator[MockServer]:
    state = State(store="discard", part_size_for=constant_part_size(8_000_000), min_file_size=1)
    with MockServer(state=state, tls=True, names=NAMES) as server:
        yield server


@pytest.fixture
def server(shared_server: MockServer) -> Iterator[MockServer]:
    shared_server.state.reset()
    yield shared_server
    shared_server.state.faults.require_fired()


def trusting(server: MockServer) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=server.ca_pem)


def upload(server: MockServer) -> File:
    with Client(server.token, base_url=server.base_url, http=httpx2.HTTPTransport(verify=trusting(server))) as client:
        session = client.create_upload_session(folder_id="100", file_name="b.mov", file_size=len(DATA))
        assert session.session_endpoints.commit.startswith(f"{server.origin}/api/2.0/files/upload_sessions/")
        return upload_file(client, DATA, folder_id="0", file_name="a.mov")


@pytest.mark.parametrize("fault", [None, Reset(operation="upload_part"), Truncation(operation="upload_part")], ids=str)
def test_the_client_uploads_over_tls(server: MockServer, fault: Reset | Truncation | None) -> None:
    assert server.base_url.startswith("https://127.0.0.1:")
    if fault:
        server.state.faults.add(fault)
    file = upload(server)
    assert (file.name, file.size, file.sha1) == ("a.mov", len(DATA), SHA1)
    assert server.state.files[file.id].sha1 == SHA1


def test_the_official_sdk_uploads_over_tls(server: MockServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trusted = tmp_path / "ca.pem"
    trusted.write_text(server.ca_pem)
    # Overrides the setting of the machine.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(trusted))
    with client_of(server) as client:
        file = client.chunked_uploads.upload_big_file(io.BytesIO(DATA), "a.mov", len(DATA), "0")
    assert (file.name, file.sha_1) == ("a.mov", SHA1)


def test_a_client_that_does_not_trust_the_ca_cannot_connect(server: MockServer) -> None:
    with httpx2.Client() as client, pytest.raises(httpx2.ConnectError, match="certificate verify failed"):
        client.get(f"{server.origin}/_mock/requests")
    with MockServer(tls=True) as other, httpx2.Client(verify=trusting(other)) as client:
        assert client.get(f"{other.origin}/_mock/requests").status_code == 200
        with pytest.raises(httpx2.ConnectError, match="certificate verify failed"):
            client.get(f"{server.origin}/_mock/requests")


def shake_hands(server: MockServer, name: str) -> None:
    url = urlsplit(server.origin)
    with (
        socket.create_connection((url.hostname or "", url.port or 0), timeout=10) as plain,
        trusting(server).wrap_socket(plain, server_hostname=name),
    ):
        pass


def test_the_certificate_is_valid_for_local_and_given_names_only(server: MockServer) -> None:
    for name in ("localhost", "127.0.0.1", "::1", *NAMES):
        shake_hands(server, name)
    for name in ("box.com", "www.box.com", "evil.example", "192.0.2.8"):
        with pytest.raises(ssl.SSLCertVerificationError):
            shake_hands(server, name)


def test_the_certificate_is_valid_for_the_listening_address() -> None:
    with MockServer(tls=True, host="127.0.0.2") as server:
        assert server.base_url.startswith("https://127.0.0.2:")
        shake_hands(server, "127.0.0.2")
        server.reset()


def test_endpoints_have_the_name_that_the_client_used(server: MockServer) -> None:
    with httpx2.Client(verify=trusting(server)) as client:
        headers = {"authorization": f"Bearer {server.token}", "host": "upload.box.com"}
        session = client.post(f"{server.origin}{SESSIONS}", json=new_file(), headers=headers).json()
    assert session["session_endpoints"]["abort"] == f"https://upload.box.com{SESSIONS}/{session['id']}"


@pytest.mark.parametrize("tls", [False, True])
def test_the_control_plane_accepts_given_names_only(tls: bool) -> None:
    with MockServer(tls=tls, names=NAMES) as server, httpx2.Client(verify=trusting(server) if tls else True) as client:
        for name in ("api.box.com", "API.box.com", "mock:443", "192.0.2.7", "[2001:db8::7]", "www.box.com"):
            for headers in ({"host": name}, {"origin": f"https://{name}"}):
                response = client.get(f"{server.origin}/_mock/requests", headers=headers)
                assert response.status_code == (403 if name == "www.box.com" else 200)


@pytest.mark.parametrize("name", [
    "https://api.box.com", "api.box.com:443", "a/b", "a@b.c", "10.0.0.0/8", "*.a", "", "a.",
])  # fmt: skip
def test_an_invalid_name_is_rejected(name: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{name!a} is not a host; give a name or an address")):
        MockServer(names=["localhost", name])


def test_names_must_be_a_list() -> None:
    with pytest.raises(ValueError, match=r"^names: 'mock' is a string; give a list of names$"):
        MockServer(names="mock")


@pytest.mark.parametrize("host", ["my_host", "a" * 64])
def test_a_host_that_does_not_fit_a_certificate_is_rejected(host: str) -> None:
    with pytest.raises(ValueError, match=f"host '{host}' cannot be put into a certificate"):
        MockServer(host=host, tls=True)


def test_a_server_without_tls_has_no_ca() -> None:
    with pytest.raises(
        RuntimeError, match=r"^The mock server serves plain http and has no certificate; create it with tls=True\.$"
    ):
        _ = MockServer().ca_pem


def test_reset_works_over_tls(server: MockServer) -> None:
    before = trusting(server)
    with httpx2.Client(verify=before) as client:
        headers = {"authorization": f"Bearer {server.token}"}
        assert client.post(f"{server.origin}{SESSIONS}", json=new_file(), headers=headers).status_code == 201
        server.reset()
        assert client.get(f"{server.origin}/_mock/requests").json() == {"requests": []}
    assert not server.state.sessions


@pytest.mark.parametrize("is_stalled", [False, True])
def test_a_server_stops_without_waiting_for_open_tls_connections(
    is_stalled: bool, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    before = set(threading.enumerate())
    stopping = threading.Event()
    shutdown = Protocol.shutdown

    def shut_down(protocol: Protocol) -> None:
        shutdown(protocol)
        stopping.set()

    def release_later() -> None:
        if stopping.is_set():
            release()

    monkeypatch.setattr(Protocol, "shutdown", shut_down)
    with MockServer(tls=True) as server:
        release = server.state.faults.release
        monkeypatch.setattr(server.state.faults, "release", release_later)
        connection = http.client.HTTPSConnection(urlsplit(server.origin).netloc, timeout=10, context=trusting(server))
        connection.request("GET", "/_mock/requests")
        assert connection.getresponse().read()
        if is_stalled:
            server.state.faults.add(Stall(operation="get_file"))
            connection.request("GET", "/api/2.0/files/12345", headers={"authorization": f"Bearer {server.token}"})
            with httpx2.Client(verify=trusting(server)) as client:
                for _ in range(5_000):
                    if client.get(f"{server.origin}/_mock/faults").json()["stalled"]:
                        break
        assert server._server is not None
        found = server._server.server_state
    assert not found.connections
    # A thread of an earlier test may end meanwhile.
    assert not set(threading.enumerate()) - before
    # The server logs an error for each request that it has to cancel.
    assert capfd.readouterr().err == ""
    connection.close()


def test_tls_without_trustme_names_the_extra_to_install() -> None:
    program = "import sys; sys.modules['trustme'] = None; from box_uploads_mock.__main__ import main; "
    program += "sys.exit(main(['--tls']))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("box_uploads_mock: ")
    assert done.stderr.endswith("; run pip install 'box-uploads[mock-tls]'\n")
    assert done.stderr.count("\n") == 1


def test_without_trustme_plain_http_works() -> None:
    program = "import sys; sys.modules['trustme'] = None; from box_uploads_mock import MockServer as M; M().start()"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_program_writes_the_ca_file_before_it_prints_its_url(tmp_path: Path) -> None:
    trusted = tmp_path / "ca.pem"
    trusted.write_text("of an earlier run, and longer than a certificate" * 100)
    with running("--tls", "--ca-file", str(trusted), "--name", "mock", "--name", "api.box.com") as process:
        assert process.stdout is not None
        base_url = process.stdout.readline().rstrip("\n")
        assert re.fullmatch(r"https://127\.0\.0\.1:[0-9]+/api/2\.0", base_url)
        url = f"{base_url.removesuffix('/api/2.0')}/_mock/requests"
        with httpx2.Client(verify=ssl.create_default_context(cafile=str(trusted))) as client:
            for name in ("localhost", "mock", "api.box.com"):
                response = client.get(url, headers={"host": name}, extensions={"sni_hostname": name})
                assert response.status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


def test_a_program_that_cannot_listen_does_not_write_the_ca_file(server: MockServer, tmp_path: Path) -> None:
    trusted = tmp_path / "ca.pem"
    trusted.write_text("of the one that runs")
    done = run("--tls", "--ca-file", str(trusted), "--port", str(urlsplit(server.origin).port))
    assert done.returncode == 1
    assert trusted.read_text() == "of the one that runs"


def test_an_unwritable_ca_file_is_reported_in_one_line(tmp_path: Path) -> None:
    trusted = tmp_path / "missing" / "ca.pem"
    done = run("--tls", "--ca-file", str(trusted))
    message = f"cannot write {trusted}: No such file or directory; choose another --ca-file"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"box_uploads_mock: {message}\n")


def test_ca_file_needs_tls(tmp_path: Path) -> None:
    done = run("--ca-file", str(tmp_path / "ca.pem"))
    assert done.returncode == 2
    assert done.stderr.endswith("--ca-file: without --tls there is no certificate to write; add --tls\n")


def test_an_invalid_name_is_reported_in_one_line() -> None:
    done = run("--name", "https://api.box.com")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("box_uploads_mock: 'https://api.box.com' is not a host; ")


class ClosedTransport:
    """A TLS connection that was closed: asyncio of Python 3.12 fails where it is asked for more."""

    def __init__(self) -> None:
        self.was_closed = False
        self.calls: list[str] = []

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        if self.was_closed:
            raise AttributeError(name)
        return object() if name == "ssl_object" else default

    def is_closing(self) -> bool:
        return self.was_closed

    def close(self) -> None:
        self.calls.append("close")

    def abort(self) -> None:
        self.calls.append("abort")


def test_a_connection_that_was_closed_before_the_server_stops_is_aborted() -> None:
    async def stop() -> list[str]:
        config = uvicorn.Config(lambda: None, lifespan="off", ws="none", log_config=None)
        config.load()
        transport = ClosedTransport()
        protocol = Protocol(config, ServerState(), {})
        protocol.connection_made(transport)
        transport.was_closed = True
        protocol.shutdown()
        return transport.calls

    assert asyncio.run(stop())[-1] == "abort"
