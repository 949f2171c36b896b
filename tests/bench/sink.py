"""A server that takes uploads as cheaply as it can: bodies are dropped unread, digests are believed.

Run as a process of its own, so that its work is not counted: `python -m tests.bench.sink 0` prints its origin. It is no
mock: nothing is checked, so that what is measured is the client.
"""

from __future__ import annotations

import base64
import json
import re
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

from tests.bench.loopback import ROOT

PART_SIZE = 32 * 1024 * 1024
_BASE = "/api/2.0/files/upload_sessions"
_HEADER = re.compile(rb"(?i)\r\n(content-length|content-range|digest): *([^\r]*)")
_CHUNK = 1024 * 1024
# Where the system can, the kernel drops what is received, and it is never copied. Under TLS it has to be decrypted.
_DROP = getattr(socket, "MSG_TRUNC", 0) if sys.platform == "linux" else 0


class _Connection:
    def __init__(self, connection: socket.socket, origin: str, parts: dict[int, Any], pace: float) -> None:
        self._connection = connection
        self._origin = origin
        self._parts = parts
        self._pace = pace
        self._received = b""
        self._room = memoryview(bytearray(_CHUNK))

    def serve(self, tls: ssl.SSLContext | None) -> None:
        if tls is not None:
            self._connection = tls.wrap_socket(self._connection, server_side=True)
        with self._connection:
            while b"\r\n\r\n" in self._received or self._more():
                if b"\r\n\r\n" in self._received:
                    self._answer()

    def _more(self) -> bytes:
        chunk = self._connection.recv(65536)
        self._received += chunk
        return chunk

    def _answer(self) -> None:
        head, _, self._received = self._received.partition(b"\r\n\r\n")
        method, path, _ = head.split(b" ", 2)
        headers = {name.lower(): value.decode() for name, value in _HEADER.findall(head)}
        length = int(headers.get(b"content-length", 0))
        is_part = method == b"PUT"
        body = self._drop(length) if is_part else self._read(length)
        status, answer = self._answered(method.decode(), path.decode(), headers, body)
        content = json.dumps(answer).encode()
        reply = f"HTTP/1.1 {status} -\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        self._connection.sendall(reply.encode() + content)

    def _read(self, length: int) -> bytes:
        while len(self._received) < length and self._more():
            pass
        body, self._received = self._received[:length], self._received[length:]
        return body

    def _drop(self, length: int) -> bytes:
        left = length - len(self._received)
        self._received = b""
        flags = 0 if isinstance(self._connection, ssl.SSLSocket) else _DROP
        while left > 0:
            count = self._connection.recv_into(self._room, min(left, _CHUNK), flags)
            left -= count
            if self._pace:
                time.sleep(count / self._pace)
            if not count:
                break
        return b""

    def _answered(self, method: str, path: str, headers: dict[bytes, str], body: bytes) -> tuple[int, Any]:
        if method == "PUT":
            start, end = map(int, headers[b"content-range"].split("/")[0].removeprefix("bytes ").split("-"))
            part = {"part_id": f"{start:08X}", "offset": start, "size": end - start + 1, "sha1": _hex(headers)}
            self._parts[start] = part
            return 200, {"part": part}
        if path.endswith("/commit"):
            size = sum(part["size"] for part in self._parts.values())
            file = {"type": "file", "id": "1", "name": "a", "etag": "0", "size": size, "sha1": _hex(headers)}
            return 201, {"total_count": 1, "entries": [file]}
        if "/parts" in path:
            entries = [self._parts[start] for start in sorted(self._parts)]
            return 200, {"total_count": len(entries), "limit": 1000, "offset": 0, "entries": entries}
        self._parts.clear()
        size = int(json.loads(body)["file_size"])
        return 201, self._session(size)

    def _session(self, size: int) -> dict[str, Any]:
        own = f"{self._origin}{_BASE}/{'F' * 32}"
        suffixes = {"upload_part": "", "status": "", "abort": "", "commit": "/commit", "list_parts": "/parts"}
        return {
            "id": "F" * 32,
            "type": "upload_session",
            "session_expires_at": "2112-12-12T10:53:43-08:00",
            "part_size": PART_SIZE,
            "total_parts": -(-size // PART_SIZE),
            "num_parts_processed": 0,
            "session_endpoints": {name: own + end for name, end in {**suffixes, "log_event": "/log"}.items()},
        }


def _hex(headers: dict[bytes, str]) -> str:
    return base64.b64decode(headers[b"digest"].partition("=")[2]).hex()


def _serve(bytes_per_s: float, certificate: str | None) -> None:
    tls = None
    if certificate is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    origin = f"http{'s' if tls else ''}://127.0.0.1:{listening.getsockname()[1]}"
    print(origin, flush=True)
    parts: dict[int, Any] = {}
    while True:
        connection, _ = listening.accept()
        served = _Connection(connection, origin, parts, bytes_per_s)
        Thread(target=served.serve, args=[tls], daemon=True).start()


@contextmanager
def sink(bytes_per_s: float = 0, certificate: Path | None = None) -> Iterator[str]:
    """Take uploads while the context lasts, and give the origin.

    Args:
        bytes_per_s: How much a connection takes in a second, 0 for all it can.
        certificate: Private key and certificates in PEM, to serve https.
    """
    command = [sys.executable, "-m", "tests.bench.sink", str(bytes_per_s), *([str(certificate)] if certificate else [])]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().decode().strip()
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


if __name__ == "__main__":
    _serve(float(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None)
