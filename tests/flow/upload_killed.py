"""A process that uploads a file and sends itself a signal at a point that is named: `python -m … POINT …`.

A point is `before:N`, `during:N`, `unanswered:N` (carried out, and its answer not read) or `after:N` for the N-th
request, `event:NAME` for an event of the progress, `audit:NAME:N` for the N-th audit event of Python that concerns
the journal, or `end:0` for the moment after the upload.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from typing import Any

import httpx2
from box_uploads import Client
from box_uploads.upload import upload_file


class Signal:
    """Sends this process a signal, once."""

    def __init__(self, name: str) -> None:
        self._number = signal.Signals[f"SIG{name}"]
        if name not in {"KILL", "STOP"}:
            # Who runs the tests may have it ignored, as nohup does, and its children inherit that.
            signal.signal(self._number, signal.default_int_handler if name == "INT" else signal.SIG_DFL)
        self._is_sent = False

    def __call__(self) -> None:
        """Send it; all but SIGINT and SIGSTOP end the process here."""
        if not self._is_sent:
            self._is_sent = True
            os.kill(os.getpid(), self._number)


class Dying(httpx2.HTTPTransport):
    """Sends requests until the one at which it dies."""

    def __init__(self, when: str, number: int, die: Signal) -> None:
        super().__init__()
        self._when, self._left, self._die = when, number, die

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self._left -= 1
        if self._left:
            return super().handle_request(request)
        if self._when == "before":
            self._die()
        if self._when == "during":
            request.stream = _Half(request.stream, self._die)
        response = super().handle_request(request)
        if self._when == "unanswered":
            self._die()
        response.read()
        self._die()
        return response


class _Half(httpx2.SyncByteStream):
    """The first pieces of a body."""

    def __init__(self, stream: Any, die: Signal) -> None:
        self._stream, self._die = stream, die

    def __iter__(self) -> Iterator[bytes]:
        for number, piece in enumerate(self._stream):
            if number == 3:
                self._die()
            yield piece


def main(point: str, base_url: str, token: str, path: str, *rest: str) -> None:
    """Upload one file, one part at a time, and die on the way."""
    journal, place, name_of_signal = rest
    die = Signal(name_of_signal)
    kind, name, *number = point.split(":")
    counts = {name: int(number[0]) if number else 1}

    def audit(event: str, args: tuple[Any, ...]) -> None:
        if event == name and journal in str(args):
            counts[name] -= 1
            if not counts[name]:
                die()

    def report(event: object) -> None:
        if kind == "event" and type(event).__name__ + getattr(event, "phase", "") == name:
            die()

    if kind == "audit":
        sys.addaudithook(audit)
    http = Dying(kind, int(name), die) if kind in {"before", "during", "unanswered", "after"} else None
    target: dict[str, Any] = {"folder_id": "0"} if place == "new" else {"file_id": place}
    with Client(token, base_url=base_url, http=http) as box:
        upload_file(box, path, resume=journal, workers=1, on_progress=report, **target)
    if kind == "end":
        die()


if __name__ == "__main__":
    main(*sys.argv[1:])
