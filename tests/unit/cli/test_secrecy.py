"""The token is in no output, even if a server or a proxy repeats it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from .conftest import CREATE, Run

TOKEN = "s3cr3t-t0k3n"


class Echo(BaseHTTPRequestHandler):
    """Refuses everything, and repeats the token with and without its scheme."""

    def do_POST(self) -> None:
        """Answer a request to create a session."""
        self.rfile.read(int(self.headers["content-length"]))
        header = self.headers["authorization"]
        token = header.split()[1]
        conflict = {"conflicts": [{"type": "file", "id": token, "name": header}]}
        body = {"code": token, "message": f"{header} {token}", "request_id": token, "context_info": conflict}
        content = json.dumps(body).encode()
        self.send_response(409)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
        """Log nothing."""


@pytest.fixture
def echoing(box: Run, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs a command against that server."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("BOX_BASE_URL", f"http://127.0.0.1:{server.server_port}/api/2.0")
        monkeypatch.setenv("BOX_ACCESS_TOKEN", TOKEN)
        yield box
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("options", ["", "--json"])
def test_a_token_that_a_server_repeats_is_not_printed(echoing: Run, options: str) -> None:
    code, out, err = echoing(f"{CREATE} {options}")

    assert code == 1
    assert "[secure]" in err
    assert TOKEN not in out + err
