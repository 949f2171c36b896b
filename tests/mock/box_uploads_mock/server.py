"""The mock as an HTTP server in a thread of the test process."""

import asyncio
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import uvicorn

from box_uploads_mock.allowed_hosts import check_host_name
from box_uploads_mock.app import create_app
from box_uploads_mock.blobs import StoreKind
from box_uploads_mock.connection import Protocol
from box_uploads_mock.control import CONTROL_BASE
from box_uploads_mock.routes import API_BASE
from box_uploads_mock.state import State
from box_uploads_mock.world import World

if TYPE_CHECKING:
    from box_uploads_mock.tls import Certificate

START_TIMEOUT_S = 10
RESET_TIMEOUT_S = 10
STOP_POLLS = 1_000
STOP_POLL_S = 0.01
IDLE_POLLS = 10_000
IDLE_POLL_S = 0.001


class _ThreadedServer(uvicorn.Server):
    """A server with a thread to run it, that sets an event when it listens."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket]) -> None:
        super().__init__(config)
        self.listening = threading.Event()
        self.thread = threading.Thread(target=self.run, args=(sockets,), name="box-uploads-mock", daemon=True)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        self.listening.set()

    async def main_loop(self) -> None:
        # Uvicorn's own looks every 0.1 s whether it is to end.
        await self._ended.wait()

    def end(self) -> None:
        """Accept no connection any more, and end the thread once all requests are handled; from any thread."""
        self.should_exit = True
        if self.listening.is_set():
            # The thread may have ended by itself.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._ended.set)


def _certificate(hosts: Collection[str]) -> "Certificate":
    from box_uploads_mock.tls import Certificate  # noqa: PLC0415 - only TLS needs the extra

    return Certificate(hosts)


class MockServer:
    """A mock server on a loopback port; use it as a context manager.

    Args:
        world: The initial content; by default `default_world()`.
        state: An existing state, which the caller closes; it excludes the other arguments that describe a state.
        token: The only token to accept, instead of the world's tokens.
        seed: The seed of all ids.
        clock: Returns the current time, with its offset from UTC.
        store: Where to keep uploaded bytes: in `memory`, on `disk` until the server stops, or nowhere (`discard`).
        part_size_for: Returns the part size for a file size, both in bytes.
        min_file_size: Size in bytes of the smallest file that gets a session.
        token_lifetime_s: Seconds after which the access tokens expire that a sign-in returns.
        calls_per_minute: How many calls of each user are answered in a minute; by default there is no limit.
        uploads_per_minute: The same for calls that begin an upload.
        host: Address to listen on.
        port: Port to listen on, 0 for any free port.
        names: Names and addresses that clients use for the server, in addition to `localhost`, loopback addresses and
            `host`: for example `api.box.com` if a hosts file points it here. The control plane accepts them, and the
            certificate is valid for them.
        tls: Whether to serve https, with a certificate from a new CA. Needs the extra `mock-tls`.
        require_fired: Whether unused faults and rate limits raise `UnfiredFaultsError` when the context ends without
            another error.

    Attributes:
        state: The state of the mock, to read and change.
        token: A token that the mock accepts.

    Raises:
        ValueError: A state is combined with arguments that describe one, or a name is not a host.
        ModuleNotFoundError: The extra for TLS is not installed.
    """

    def __init__(
        self,
        *,
        world: World | None = None,
        state: State | None = None,
        token: str | None = None,
        seed: int | None = None,
        clock: Callable[[], datetime] | None = None,
        store: StoreKind | None = None,
        part_size_for: Callable[[int], int] | None = None,
        min_file_size: int | None = None,
        token_lifetime_s: int | None = None,
        calls_per_minute: int | None = None,
        uploads_per_minute: int | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        names: Collection[str] = (),
        tls: bool = False,
        require_fired: bool = True,
    ) -> None:
        settings: dict[str, Any] = {"world": world, "token": token, "seed": seed, "clock": clock, "store": store}
        settings |= {"part_size_for": part_size_for, "min_file_size": min_file_size}
        settings |= {"token_lifetime_s": token_lifetime_s}
        settings |= {"calls_per_minute": calls_per_minute, "uploads_per_minute": uploads_per_minute}
        settings = {name: value for name, value in settings.items() if value is not None}
        self._owns_state = state is None
        if state is None:
            state = State(**settings)
        elif settings:
            raise ValueError(f"state: cannot be combined with {', '.join(settings)}; pass them to State instead")
        self.state = state
        self.token = state.token
        self._host = host
        self._port = port
        if isinstance(names, str):
            raise ValueError(f"names: {names!r} is a string; give a list of names")  # noqa: TRY004 - as for other values
        for name in names:
            check_host_name(name)
        # With an empty host the server listens on all addresses.
        self._hosts = (*filter(None, (host,)), *names)
        self._certificate = _certificate(self._hosts) if tls else None
        self._require_fired = require_fired
        self._server: _ThreadedServer | None = None

    @property
    def origin(self) -> str:
        """Scheme, host and port; the control plane is at `/_mock/` below it."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http{'s' if self._certificate else ''}://{host}:{self._port}"

    @property
    def base_url(self) -> str:
        """URL of the API; with `port=0` it is complete once the server has started."""
        return f"{self.origin}{API_BASE}"

    @property
    def ca_pem(self) -> str:
        """The CA certificate that clients must trust, as PEM: `ssl.create_default_context(cadata=server.ca_pem)`.

        Raises:
            RuntimeError: The server serves plain http.
        """
        if self._certificate is None:
            raise RuntimeError("The mock server serves plain http and has no certificate; create it with tls=True.")
        return self._certificate.ca_pem

    def start(self) -> None:
        """Start the server, and return once it accepts connections.

        Raises:
            OSError: The server cannot listen on the port.
            RuntimeError: The server is already running, or does not start in time.
        """
        if self._server is not None:
            raise RuntimeError("The mock server is already running; stop it first.")
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listening = socket.create_server((self._host, self._port), family=family)
        # Without TCP_NODELAY responses would wait 40 ms for a delayed acknowledgement. Accepted sockets inherit it;
        # event loops set it only on sockets created with the protocol number of TCP, which `create_server` leaves out.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._port = listening.getsockname()[1]
        config = uvicorn.Config(
            create_app(self.state, hosts=self._hosts),
            http=Protocol,
            ws="none",
            lifespan="off",
            # Tracebacks of bugs in the mock must be visible; nothing else is logged at this level.
            log_config=None,
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=1,
        )
        if self._certificate is not None:
            config.load()
            config.ssl = self._certificate.server_context
        self._server = _ThreadedServer(config, [listening])
        self._server.thread.start()
        if not self._server.listening.wait(START_TIMEOUT_S):
            raise RuntimeError(f"The mock server did not start within {START_TIMEOUT_S} s.")

    def stop(self) -> None:
        """Stop the server, and close its state unless the caller owns it; do nothing if the server is not running.

        Raises:
            RuntimeError: The server does not stop in time.
        """
        if self._server is None:
            return
        self._server.end()
        for _ in range(STOP_POLLS):
            # Waiting calls must not delay the stop; calls in progress may start to wait only now, so repeat it.
            self.state.faults.release()
            self._server.thread.join(STOP_POLL_S)
            if not self._server.thread.is_alive():
                break
        else:
            raise RuntimeError(f"The mock server did not stop within {STOP_POLLS * STOP_POLL_S:g} s.")
        self._server = None
        if self._owns_state:
            self.state.close()

    def wait_until_idle(self) -> None:
        """Wait until all clients have disconnected and their last requests are handled.

        Raises:
            RuntimeError: A client keeps its connection open.
        """
        if self._server is None:
            return
        server_state = self._server.server_state
        for _ in range(IDLE_POLLS):
            if not server_state.connections and not server_state.tasks:
                return
            # Uvicorn has no event to wait for.
            time.sleep(IDLE_POLL_S)
        raise RuntimeError(
            f"{len(server_state.connections)} connections to the mock server are still open; close their clients first."
        )

    def reset(self) -> None:
        """Reset the state, so that no request sent before has an effect on it.

        Connections may stay open; requests that are still being handled get no response.
        """
        if self._server is not None:
            # Requests of clients that have disconnected since may be unread: the server reads them before this one.
            connection = self._connection()
            try:
                connection.request("GET", CONTROL_BASE)
                connection.getresponse().read()
            finally:
                connection.close()
        self.state.reset()

    def _connection(self) -> http.client.HTTPConnection:
        host = self._host or "localhost"
        if self._certificate is None:
            return http.client.HTTPConnection(host, self._port, timeout=RESET_TIMEOUT_S)
        context = ssl.create_default_context(cadata=self.ca_pem)
        return http.client.HTTPSConnection(host, self._port, timeout=RESET_TIMEOUT_S, context=context)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
        if kind is None and self._require_fired:
            self.state.faults.require_fired()
