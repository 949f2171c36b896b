"""A server that answers every request with the same created session, as cheaply as Python can.

Run as a process of its own, so that its work is not counted: `python -m tests.bench.loopback` prints its port.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
_SESSION = "F971964745A5CD0C001BBE4E58196BFD"
# A host as long as those of Box's zones.
_URL = f"https://upload-las.app.box.com/api/2.0/files/upload_sessions/{_SESSION}"
BODY = json.dumps(
    {
        "id": _SESSION,
        "type": "upload_session",
        "session_expires_at": "2012-12-12T10:53:43-08:00",
        "part_size": 8388608,
        "total_parts": 13,
        "num_parts_processed": 0,
        "session_endpoints": {
            "upload_part": _URL,
            "commit": f"{_URL}/commit",
            "abort": _URL,
            "list_parts": f"{_URL}/parts",
            "status": _URL,
            "log_event": f"{_URL}/log",
        },
    },
    indent=1,
).encode()
_HEAD = f"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n"
_ANSWER = _HEAD.encode() + BODY
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")


class _Answering(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._received = b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        while True:
            head, end, rest = self._received.partition(b"\r\n\r\n")
            length = _LENGTH.search(head)
            size = int(length[1]) if length else 0
            if not end or len(rest) < size:
                return
            self._received = rest[size:]
            assert isinstance(self._transport, asyncio.Transport)
            self._transport.write(_ANSWER)


async def _serve() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    # Inherited by the connections: an answer is one packet that shall not wait for another.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    server = await asyncio.get_running_loop().create_server(_Answering, sock=listening)
    print(listening.getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def loopback_server() -> Iterator[str]:
    """Serve while the context lasts, and give the origin; both processes keep to a CPU of their own where they can."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.loopback"], cwd=ROOT, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL
    )
    assert process.stdout is not None
    try:
        port = int(process.stdout.readline())
        _separate(process.pid)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def _separate(server: int) -> None:
    if hasattr(os, "sched_setaffinity"):
        cpus = sorted(os.sched_getaffinity(0))
        if len(cpus) > 1:
            os.sched_setaffinity(0, {cpus[0]})
            os.sched_setaffinity(server, {cpus[1]})


if __name__ == "__main__":
    asyncio.run(_serve())
