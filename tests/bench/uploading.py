"""Uploading a file: beside the official SDK, beside what the machine can do at most, and over a slow link."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import socket
import ssl
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any
from urllib.parse import urlsplit

import pytest
import trustme
from box_sdk_gen import BaseUrls, BoxClient, BoxDeveloperTokenAuth, NetworkSession
from box_uploads import AsyncClient, Client
from box_uploads.upload import upload_file, upload_file_async

from tests.bench.measure import Row, medians, show, times
from tests.bench.sink import PART_SIZE, sink

_FAST_SIZE = 1024**3
_SLOW_SIZE = 512 * 1024**2
_SLOW = 25_000_000
_CHUNK = 256 * 1024


def run() -> None:
    """Measure and show."""
    with _file(_FAST_SIZE) as path:
        _show_fast(path)
        with _certificate() as certificate:
            _show_fast(path, certificate)
        os.truncate(path, _SLOW_SIZE)
        _show_slow(path)


def _show_fast(path: Path, certificate: Path | None = None) -> None:
    with sink(certificate=certificate) as origin:
        variants: dict[str, Callable[[int], object]] = {
            "sync": lambda _: _upload(path, origin),
            "async": lambda _: asyncio.run(_upload_async(path, origin)),
            "boxsdk": lambda _: _upload_by_sdk(path, origin),
            "limit": lambda _: _hash_and_send(path, origin),
        }
        found = medians(variants, calls=1, rounds=5)
    sync, limit = found["sync"], found["limit"]
    rows = [
        Row("limit: two SHA-1 passes and bare sockets", _rate(_FAST_SIZE, limit)),
        Row("upload_file", _rate(_FAST_SIZE, sync), times(limit / sync), "at least 0.85 x of the limit"),
        Row(
            "upload_file_async",
            _rate(_FAST_SIZE, found["async"]),
            times(found["async"] / sync),
            "at most 1.10 x of sync",
        ),
        Row(
            "boxsdk", _rate(_FAST_SIZE, found["boxsdk"]), times(found["boxsdk"] / sync), "at least 2.5 x of upload_file"
        ),
    ]
    scheme = urlsplit(origin).scheme
    show(f"Uploading {_FAST_SIZE // 1024**2} MiB over loopback, {scheme}, in parts of {PART_SIZE // 1024**2} MiB", rows)


def _show_slow(path: Path) -> None:
    with sink(_SLOW) as origin:
        variants: dict[str, Callable[[int], object]] = {
            "4 workers": lambda _: _upload(path, origin, workers=4),
            "8 workers": lambda _: _upload(path, origin, workers=8),
            "boxsdk": lambda _: _upload_by_sdk(path, origin),
        }
        # Rounds without warming up: each takes many seconds, and the link is what limits.
        found = medians(variants, calls=1, rounds=1)
    peer = found["boxsdk"]
    rows = [Row("boxsdk", _rate(_SLOW_SIZE, peer))]
    for name, target in (("4 workers", "at least 3.5 x"), ("8 workers", "at least 6 x")):
        rows.append(
            Row(f"upload_file, {name}", _rate(_SLOW_SIZE, found[name]), times(peer / found[name]), f"{target} boxsdk's")
        )
    show(f"Uploading {_SLOW_SIZE // 1024**2} MiB where a connection takes {_SLOW / 1e6:.0f} MB/s", rows)


def _upload(path: Path, origin: str, workers: int = 4) -> None:
    with Client("token", base_url=f"{origin}/api/2.0") as box:
        upload_file(box, path, folder_id="0", workers=workers)


async def _upload_async(path: Path, origin: str) -> None:
    async with AsyncClient("token", base_url=f"{origin}/api/2.0") as box:
        await upload_file_async(box, path, folder_id="0")


def _upload_by_sdk(path: Path, origin: str) -> None:
    session = NetworkSession(base_urls=BaseUrls(upload_url=f"{origin}/api"))
    with path.open("rb") as file:
        client = BoxClient(BoxDeveloperTokenAuth(token="token"), network_session=session)
        client.chunked_uploads.upload_big_file(file, path.name, path.stat().st_size, "0")


def _hash_and_send(path: Path, origin: str) -> None:
    """Do only what cannot be left out, with nothing in between: read, hash twice, send."""
    size = path.stat().st_size
    buffers: SimpleQueue[memoryview] = SimpleQueue()
    connections: SimpleQueue[socket.socket] = SimpleQueue()
    address = urlsplit(origin)
    for _ in range(4):
        connection = socket.create_connection((address.hostname, address.port))
        if address.scheme == "https":
            connection = ssl.create_default_context().wrap_socket(connection, server_hostname=address.hostname)
        connections.put(connection)
    for _ in range(5):
        buffers.put(memoryview(bytearray(PART_SIZE)))

    def send(buffer: memoryview, count: int, offset: int, hashed: Any) -> None:
        part = buffer[:count]
        digest = base64.b64encode(hashlib.sha1(part, usedforsecurity=False).digest()).decode()
        head = f"PUT /api/2.0/files/upload_sessions/{'F' * 32} HTTP/1.1\r\nDigest: sha={digest}\r\n"
        head += f"Content-Range: bytes {offset}-{offset + len(part) - 1}/{size}\r\nContent-Length: {len(part)}\r\n\r\n"
        connection = connections.get()
        connection.sendall(head.encode())
        for start in range(0, len(part), _CHUNK):
            connection.sendall(part[start : start + _CHUNK])
        connection.recv(65536)
        connections.put(connection)
        hashed.result()
        buffers.put(buffer)

    whole = hashlib.sha1(usedforsecurity=False)
    with path.open("rb", buffering=0) as file, ThreadPoolExecutor(4) as workers, ThreadPoolExecutor(1) as chain:
        sending = []
        for offset in range(0, size, PART_SIZE):
            buffer = buffers.get()
            count = file.readinto(buffer)
            hashed = chain.submit(whole.update, buffer[:count])
            sending.append(workers.submit(send, buffer, count, offset, hashed))
        for future in sending:
            future.result()
    while not connections.empty():
        connections.get().close()


def _rate(size: int, seconds: float) -> str:
    return f"{size / seconds / 1e6:,.0f} MB/s"


@contextmanager
def _certificate() -> Iterator[Path]:
    """Give the key and the certificate of a server at 127.0.0.1, which every client here trusts meanwhile."""
    authority = trustme.CA()
    server = authority.issue_cert("127.0.0.1")
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        trusted, own = Path(folder) / "trusted.pem", Path(folder) / "server.pem"
        authority.cert_pem.write_to_path(trusted)
        server.private_key_and_cert_chain_pem.write_to_path(own)
        # The first is what OpenSSL reads, the second what the official SDK's requests does.
        for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
            patch.setenv(name, str(trusted))
        yield own


@contextmanager
def _file(size: int) -> Iterator[Path]:
    """Give a file whose content is in the cache of the system."""
    shared = Path("/dev/shm")  # noqa: S108  # in memory, where the system has it
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as folder:
        path = Path(folder) / "film.mov"
        block = os.urandom(1024 * 1024)
        with path.open("wb") as file:
            for _ in range(size // len(block)):
                file.write(block)
        yield path


if __name__ == "__main__":
    run()
