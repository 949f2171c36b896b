"""The mock as a server in a thread of the process that tests with it."""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Collection
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


class _NotifyingServer(uvicorn.Server):
    """A server that tells when it listens, so that nobody has to poll for it."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()


def _certificate(hosts: Collection[str]) -> "Certificate":
    from box_uploads_mock.tls import Certificate  # noqa: PLC0415 - only TLS needs the extra

    return Certificate(hosts)


class MockServer:
    """A mock on a loopback port, as a context manager.

    Args:
        world: What exists at first; by default `default_world()`.
        state: A state of the caller's, who closes it too, instead of all that describes one.
        token: The one token to accept, instead of the world's tokens.
        seed: Decides all ids.
        clock: Returns the present time, with its offset from UTC.
        store: Where uploaded bytes are kept: in `memory`, on `disk` until the server stops, or not at all (`discard`).
        part_size_for: Returns the part size for a file size, both in bytes.
        min_file_size: Size in bytes of the smallest file that gets a session.
        host: Address to listen on.
        port: Port to listen on, 0 for any free one.
        names: Names and addresses by which clients call the server, beside `localhost`, loopback addresses and `host`:
            `api.box.com`, for instance, where a hosts file leads here. The control plane answers to them, and the
            certificate is for them.
        tls: Whether the server speaks https, with a certificate of an authority that is made with the server. Needs the
            extra `mock-tls`.
        require_fired: Whether faults and rate limits that were asked for and did not happen are an error when the
            context ends without another one.

    Attributes:
        state: What the mock remembers; look and change at will.
        token: A token that the mock accepts.

    Raises:
        ValueError: A state is given beside what it replaces, or one of the names is none.
        ModuleNotFoundError: What TLS needs is not installed.
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
        host: str = "127.0.0.1",
        port: int = 0,
        names: Collection[str] = (),
        tls: bool = False,
        require_fired: bool = True,
    ) -> None:
        settings: dict[str, Any] = {"world": world, "token": token, "seed": seed, "clock": clock, "store": store}
        settings |= {"part_size_for": part_size_for, "min_file_size": min_file_size}
        settings = {name: value for name, value in settings.items() if value is not None}
        self._owns_state = state is None
        if state is None:
            state = State(**settings)
        elif settings:
            raise ValueError(f"A state has its own {', '.join(settings)}; give that to the state.")
        self.state = state
        self.token = state.token
        self._host = host
        self._port = port
        if isinstance(names, str):
            raise ValueError(f"names: {names!r} is one text; give a list of names")  # noqa: TRY004 - about a value
        for name in names:
            check_host_name(name)
        # Without a host the server listens at all addresses.
        self._hosts = (*filter(None, (host,)), *names)
        self._certificate = _certificate(self._hosts) if tls else None
        self._require_fired = require_fired
        self._server: _NotifyingServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def origin(self) -> str:
        """Scheme, host and port; the control plane is below it at `/_mock/`."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http{'s' if self._certificate else ''}://{host}:{self._port}"

    @property
    def base_url(self) -> str:
        """URL of the API; the port is known once the server has been started."""
        return f"{self.origin}{API_BASE}"

    @property
    def ca_pem(self) -> str:
        """The certificate that clients have to trust, as PEM: `ssl.create_default_context(cadata=server.ca_pem)`.

        Raises:
            RuntimeError: The server speaks plain http.
        """
        if self._certificate is None:
            raise RuntimeError("The mock server speaks plain http, without a certificate; make it with tls=True.")
        return self._certificate.ca_pem

    def start(self) -> None:
        """Listens, and returns when requests are accepted.

        Raises:
            OSError: The port cannot be listened on.
            RuntimeError: The server runs already, or does not start.
        """
        if self._thread is not None:
            raise RuntimeError("The mock server runs already.")
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listening = socket.create_server((self._host, self._port), family=family)
        # Accepted sockets inherit it. Event loops only set it on sockets that were made with TCP's number, which
        # `create_server` leaves out; answers would wait 40 ms for a delayed acknowledgement.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._port = listening.getsockname()[1]
        config = uvicorn.Config(
            create_app(self.state, hosts=self._hosts),
            http=Protocol,
            ws="none",
            lifespan="off",
            # Tracebacks of the mock's own faults must be seen; nothing else is logged at this level.
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
        self._server = _NotifyingServer(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([listening],), name="box-uploads-mock", daemon=True
        )
        self._thread.start()
        if not self._server.listening.wait(START_TIMEOUT_S):
            raise RuntimeError(f"The mock server did not start within {START_TIMEOUT_S} s.")

    def stop(self) -> None:
        """Closes all connections and the port, and a state of its own; a server that does not run is left alone.

        Raises:
            RuntimeError: The server does not stop.
        """
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        for _ in range(STOP_POLLS):
            # Nobody waits for calls that are held up to end by themselves; some come to be held up only now.
            self.state.faults.release()
            self._thread.join(STOP_POLL_S)
            if not self._thread.is_alive():
                break
        else:
            raise RuntimeError(f"The mock server did not stop within {STOP_POLLS * STOP_POLL_S:g} s.")
        self._server = None
        self._thread = None
        if self._owns_state:
            self.state.close()

    def wait_until_idle(self) -> None:
        """Waits until the clients have hung up and their last requests are answered.

        A server that serves one test after the other does so before `State.reset`: what a client has sent just before
        it hung up is read later, and would be answered by the next test's state.

        Raises:
            RuntimeError: A client does not hang up.
        """
        if self._server is None:
            return
        found = self._server.server_state
        for _ in range(IDLE_POLLS):
            if not found.connections and not found.tasks:
                return
            # Uvicorn tells nobody.
            time.sleep(IDLE_POLL_S)
        raise RuntimeError(f"{len(found.connections)} connections to the mock server are still open.")

    def reset(self) -> None:
        """Returns the state to the beginning, to which nothing belongs that clients have sent so far.

        Connections may stay open; requests that are not answered yet are left without an answer.
        """
        if self._server is not None:
            # What was sent before this request, by clients that have hung up since, is read before it.
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
