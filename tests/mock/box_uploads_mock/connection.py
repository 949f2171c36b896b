"""Responses that break the connection, and the server protocol that makes them possible."""

import asyncio
import socket
import struct
from typing import Any, cast

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from box_uploads_mock.streamed_response import StreamedResponse

_KEY = "box_uploads_mock.connection"
# A linger time of zero makes the operating system send RST rather than FIN.
_NO_LINGER = struct.pack("ii", 1, 0)


class Connection:
    """The connection of a request."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def reset(self) -> None:
        """Reset the connection; unsent data is lost."""
        if not self._transport.is_closing():
            connected: socket.socket = self._transport.get_extra_info("socket")
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self._transport.abort()

    def close(self) -> None:
        """Close the connection once everything has been sent."""
        self._transport.close()


class Protocol(H11Protocol):
    """HTTP/1.1 that puts the connection into the scope of its requests."""

    _is_stopping = False

    def connection_made(self, transport: Any) -> None:
        """Start serving a connection; uvicorn copies `app_state` into the scope of each of its requests."""
        self.app_state = {**self.app_state, _KEY: Connection(transport)}
        # A TLS transport that was closed does not tell any more.
        self._has_tls = transport.get_extra_info("ssl_object") is not None
        super().connection_made(transport)

    def shutdown(self) -> None:
        """Close the connection as the server stops: at once, or after the response in progress."""
        super().shutdown()
        self._is_stopping = True
        self._abort_if_closing()

    def on_response_complete(self) -> None:
        """Continue with the next request, unless the server is stopping."""
        super().on_response_complete()
        if self._is_stopping:
            self._abort_if_closing()

    def _abort_if_closing(self) -> None:
        # A TLS connection waits up to 30 s for the client to confirm the closure; an idle client never does.
        if self._has_tls and self.transport.is_closing():
            self.transport.abort()


class ResetResponse(Response):
    """No response: reset the connection.

    Raises:
        ConnectionResetError: The app is called in process, where there is no connection.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - nothing is sent
        """Reset the connection."""
        _connection(scope).reset()
        await _wait_for_disconnect(receive)


class TruncatedResponse(Response):
    """A response whose body ends too early.

    Args:
        whole: The complete response.
        sent_bytes: How many bytes of its body to send.

    Raises:
        ConnectionResetError: The app is called in process, where there is no connection.
    """

    def __init__(self, whole: Response, sent_bytes: int) -> None:
        if isinstance(whole, StreamedResponse):
            size, body = whole.size, whole.take(sent_bytes)
        else:
            size, body = len(whole.body), bytes(whole.body)[:sent_bytes]
        headers: dict[str, str] = {**whole.headers, "content-length": str(max(size, len(body) + 1))}
        super().__init__(body, whole.status_code, headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the beginning of the response and close the connection."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        _connection(scope).close()
        await _wait_for_disconnect(receive)


def _connection(scope: Scope) -> Connection:
    state = cast("dict[str, object]", scope.get("state") or {})
    connection = state.get(_KEY)
    if not isinstance(connection, Connection):
        raise ConnectionResetError("A queued fault breaks the connection.")
    return connection


async def _wait_for_disconnect(receive: Receive) -> None:
    """Wait until the server has noticed the disconnect; otherwise it logs a missing response as an error."""
    while (await receive())["type"] != "http.disconnect":
        pass
