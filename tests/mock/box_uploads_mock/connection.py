"""Answers that break the connection, and the hook into the server that they need."""

import asyncio
import socket
import struct
from typing import Any, cast

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

_KEY = "box_uploads_mock.connection"
# Lingering for no time at all makes the system send RST rather than FIN.
_NO_LINGER = struct.pack("ii", 1, 0)


class Connection:
    """The connection of a request."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def reset(self) -> None:
        """Resets the connection; what was not sent yet is lost."""
        if not self._transport.is_closing():
            found: socket.socket = self._transport.get_extra_info("socket")
            found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self._transport.abort()

    def close(self) -> None:
        """Closes the connection in good order, once everything has been sent."""
        self._transport.close()


class Protocol(H11Protocol):
    """HTTP/1.1 whose requests know their connection."""

    _is_stopping = False

    def connection_made(self, transport: Any) -> None:
        """Takes over a connection; what is in the state gets into the scope of each of its requests."""
        self.app_state = {**self.app_state, _KEY: Connection(transport)}
        super().connection_made(transport)

    def shutdown(self) -> None:
        """Closes the connection, at once or after the answer that is on its way, since the server stops."""
        super().shutdown()
        self._is_stopping = True
        self._abort_if_closing()

    def on_response_complete(self) -> None:
        """Goes on to the next request, unless the server stops."""
        super().on_response_complete()
        if self._is_stopping:
            self._abort_if_closing()

    def _abort_if_closing(self) -> None:
        # Over TLS, closing waits half a minute for a client to take note, which one that is not reading does not.
        if self.transport.is_closing() and self.transport.get_extra_info("ssl_object") is not None:
            self.transport.abort()


class ResetResponse(Response):
    """No answer: the connection is reset.

    Raises:
        ConnectionResetError: The app is called in process, where there is no connection.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - nothing is sent
        """Resets the connection."""
        _connection(scope).reset()
        await _wait_for_disconnect(receive)


class TruncatedResponse(Response):
    """An answer whose body ends too early.

    Args:
        whole: The answer as it should be.
        sent_bytes: How many bytes of its body are sent.

    Raises:
        ConnectionResetError: The app is called in process, where there is no connection.
    """

    def __init__(self, whole: Response, sent_bytes: int) -> None:
        body = bytes(whole.body)[:sent_bytes]
        headers: dict[str, str] = {**whole.headers, "content-length": str(max(len(whole.body), len(body) + 1))}
        super().__init__(body, whole.status_code, headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends the beginning of the answer and closes the connection."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        _connection(scope).close()
        await _wait_for_disconnect(receive)


def _connection(scope: Scope) -> Connection:
    state = cast("dict[str, object]", scope.get("state") or {})
    connection = state.get(_KEY)
    if not isinstance(connection, Connection):
        raise ConnectionResetError("The mock breaks the connection, as it was told to.")
    return connection


async def _wait_for_disconnect(receive: Receive) -> None:
    """Waits until the server knows that the connection is gone; it complains of a missing answer otherwise."""
    while (await receive())["type"] != "http.disconnect":
        pass
