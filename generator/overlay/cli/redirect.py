"""The way back from Box's sign-in page: a browser that is sent to a loopback port, or a URL that the user pastes."""

from __future__ import annotations

import errno
import os
import socket
import threading
import time
from hmac import compare_digest
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qs, urlsplit

from ..auth import SignInError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["LIMIT_S", "PORTS", "LoginError", "RedirectServer", "StateMismatchError", "read_redirect", "redirect_uri"]

PORTS = (3000, 3001, 4000, 5000, 8080)
"""Those of boxcli's own app, so that an app that was made for it has their redirect URIs already."""

LIMIT_S = 300.0
"""How long a user may take on the sign-in page, in seconds; as in boxcli."""

_POLL_S = 0.05
_PATH = "/callback"
_MAX_TEXT = 200
_IN_USE = {errno.EADDRINUSE, errno.EACCES}
_PAGE = """\
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>box-uploads</title></head>
<body><h1>{title}</h1><p>{text}</p></body></html>
"""
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'",
    "Referrer-Policy": "no-referrer",
    "Connection": "close",
}


class LoginError(SignInError):
    """Nobody has signed in."""


class StateMismatchError(LoginError):
    """A redirect has not the state of this sign-in, so it may be an attempt to sign the user in as somebody else."""


def redirect_uri(port: int) -> str:
    """Return the URL that Box sends the browser to; it has to be among the redirect URIs of the app."""
    return f"http://localhost:{port}{_PATH}"


def read_redirect(url: str, state: str) -> str | LoginError:
    """Return the authorization code in a redirect.

    An error is returned, so that whoever raises it can drop the URL first.

    Args:
        url: Where Box has sent the browser, at least its query.
        state: What was given to the sign-in page.
    """
    try:
        query = parse_qs(urlsplit(url).query)
    except ValueError:
        query = {}
    values = {name: found[0] for name, found in query.items() if len(found) == 1}
    if not compare_digest(values.get("state", "").encode(errors="replace"), state.encode()):
        problem = "the redirect is not from this sign-in (its state is another one)"
        return StateMismatchError(problem, hint="run the command again, and use the page that it shows")
    if "code" in values:
        return values["code"]
    if "error" not in values:
        return LoginError("the redirect has neither a code nor an error")
    said = ": ".join(values[name] for name in ("error", "error_description") if name in values)[:_MAX_TEXT]
    hint = "run the command again, and grant access" if values["error"] == "access_denied" else ""
    return LoginError(f"Box has not signed you in: {said}", hint=hint)


class _Server(ThreadingTCPServer):
    """A server on one address."""

    daemon_threads = True
    # So that a port can be used again at once. Windows would give it to two programs.
    allow_reuse_address = os.name == "posix"

    def __init__(self, family: socket.AddressFamily, address: tuple[str, int], owner: RedirectServer) -> None:
        self.address_family = family
        self.owner = owner
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    """Answers the browser."""

    # A browser may connect without sending a request.
    timeout = 10

    def do_GET(self) -> None:
        """Take the redirect, and say that it was taken."""
        owner = cast("_Server", self.server).owner
        if urlsplit(self.path).path != _PATH:
            self._answer(404, "Not found", "There is nothing here.")
            return
        found = read_redirect(self.path, owner.state)
        if isinstance(found, StateMismatchError):
            self._answer(400, "Refused", "This is not the sign-in that box-uploads waits for.")
            owner.on_refused()
        elif not owner.claim():
            self._answer(410, "Done", "box-uploads does not wait any more.")
        else:
            title = "Not signed in" if isinstance(found, LoginError) else "Done"
            self._answer(200, title, "You may close this window, and go back to the terminal.")
            owner.finish(found)

    def _answer(self, status: int, title: str, text: str) -> None:
        page = _PAGE.format(title=title, text=text).encode()
        try:
            self.send_response(status)
            for name, value in _HEADERS.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)
        except OSError:
            # What the browser has brought counts, whether it waits for the page or not.
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name there
        """Log nothing: a request has the code in it."""


class RedirectServer:
    """Waits on a loopback port for the browser, and takes one redirect with the right state.

    Args:
        ports: The ports to try, in this order.
        state: What was given to the sign-in page.
        on_refused: Called, in another thread, when a redirect with another state was refused.
        clock: Returns a time in seconds that never goes back.

    Raises:
        LoginError: Other programs use the ports.
    """

    def __init__(
        self,
        ports: Sequence[int],
        state: str,
        *,
        on_refused: Callable[[], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.state = state
        self.on_refused = on_refused
        self._clock = clock
        self._lock = threading.Lock()
        self._is_claimed = False
        self._outcome: str | LoginError = ""
        self._done = threading.Event()
        self._servers: list[_Server] = []
        for port in ports:
            self._servers = self._bind(port)
            if self._servers:
                self.port = port
                break
        else:
            named = ", ".join(map(str, ports))
            problem = f"port {named} is in use" if len(ports) == 1 else f"the ports {named} are in use"
            hint = "use --port PORT, and add http://localhost:PORT/callback to the redirect URIs of the app"
            raise LoginError(problem, hint=f"{hint}; or use --no-browser, which needs no port")
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(_POLL_S,), daemon=True).start()

    def wait(self) -> str | LoginError:
        """Wait for the browser, and return the authorization code or what went wrong."""
        deadline = self._clock() + LIMIT_S
        while not self._done.wait(_POLL_S):
            if self._clock() >= deadline and self.claim():
                hint = "run the command again; if this machine has no browser, with --no-browser"
                return LoginError(f"nobody has signed in within {LIMIT_S / 60:.0f} minutes", hint=hint)
        return self._outcome

    def claim(self) -> bool:
        """Whether a redirect is the first, which alone counts."""
        with self._lock:
            is_first, self._is_claimed = not self._is_claimed, True
        return is_first

    def finish(self, outcome: str | LoginError) -> None:
        """Take what the first redirect has brought."""
        self._outcome = outcome
        self._done.set()

    def close(self) -> None:
        """Stop listening."""
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def _bind(self, port: int) -> list[_Server]:
        """Listen on both loopback addresses, since `localhost` may be either; or on none if a program uses one."""
        servers: list[_Server] = []
        for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            try:
                servers.append(_Server(family, (host, port), self))
            except OSError as error:
                # Not every machine has IPv6.
                if family is socket.AF_INET or error.errno in _IN_USE:
                    for server in servers:
                        server.server_close()
                    return []
        return servers

    def __repr__(self) -> str:
        return "RedirectServer(…)"
