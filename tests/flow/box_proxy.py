"""An HTTP proxy on a loopback port that leads Box's hosts to the mock, for clients that cannot be given other URLs."""

import select
import socket
import threading
from socketserver import StreamRequestHandler, ThreadingTCPServer
from types import TracebackType
from typing import Self, cast
from urllib.parse import urlsplit

from box_uploads_mock import MockServer

# rclone refreshes its token at the last one.
HOSTS = ("api.box.com", "upload.box.com", "app.box.com")
# A tunnel that neither side uses any more ends, and its thread with it.
IDLE_TIMEOUT_S = 60


class BoxProxy(ThreadingTCPServer):
    """A proxy for https alone; use it as a context manager.

    Args:
        server: The mock, created with `tls=True` and `names=HOSTS`.

    Attributes:
        asked: The destinations that clients have asked for, such as `api.box.com:443`. There is no way to others than
            the hosts of Box.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, server: MockServer) -> None:
        super().__init__(("127.0.0.1", 0), _Tunnel)
        url = urlsplit(server.origin)
        self.mock = (url.hostname or "", url.port or 0)
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        """The URL for `HTTPS_PROXY`."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.shutdown()
        self.server_close()


class _Tunnel(StreamRequestHandler):
    """One connection of a client: a `CONNECT` request, and then bytes in both directions."""

    # What the client sends after its request must stay in the socket.
    rbufsize = 0

    def handle(self) -> None:
        proxy = cast("BoxProxy", self.server)
        method, destination, _ = self.rfile.readline().decode("latin-1").split(" ")
        while self.rfile.readline().strip():
            pass
        proxy.asked.append(destination)
        if method != "CONNECT" or destination not in {f"{host}:443" for host in HOSTS}:
            self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            return
        with socket.create_connection(proxy.mock) as mock:
            self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            _relay(self.connection, mock)


def _relay(client: socket.socket, mock: socket.socket) -> None:
    """Pass bytes on until one side closes its connection."""
    others = {client: mock, mock: client}
    while True:
        readable, _, _ = select.select([client, mock], [], [], IDLE_TIMEOUT_S)
        if not readable:
            return
        for source in readable:
            try:
                content = source.recv(256 * 1024)
                others[source].sendall(content)
            except OSError:
                return
            if not content:
                return
