"""Raw connections to a mock server: what no HTTP client would send, and when."""

import socket
from urllib.parse import urlsplit

from box_uploads_mock import MockServer

from tests.unit.mock.in_process import SESSIONS


def connect(server: MockServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", urlsplit(server.origin).port or 0), timeout=10)


def post_head(server: MockServer, content_length: int) -> bytes:
    """Return the head of a request for a new session."""
    lines = [
        f"POST {SESSIONS} HTTP/1.1",
        "Host: mock",
        f"Authorization: Bearer {server.token}",
        "Content-Type: application/json",
        f"Content-Length: {content_length}",
    ]
    return "\r\n".join([*lines, "", ""]).encode()
