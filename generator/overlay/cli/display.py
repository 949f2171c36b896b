"""Progress on stderr: as plain lines for a log, or none. `progress_bar.py` has that for a terminal."""

from __future__ import annotations

import os
import re
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

import click

from ..upload import BytesSent, PartDone, Restarted, Resumed, Retried, SessionLeft, Started, Throttled
from .streams import write_line
from .text import count_text, delay_text, printable, progress_text, size_text

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from ..upload import ProgressEvent

__all__ = [
    "STOPPING",
    "Display",
    "EventMessages",
    "FileDisplay",
    "LogDisplay",
    "QuietDisplay",
    "Repeats",
    "started_text",
]

STOPPING = "stopping; press Ctrl-C again to quit at once"
_EVERY_S = 30.0
# A worker's delay varies by up to half of it, so that workers that fail together report within this time.
_REPEAT_S = 60.0
_REQUEST_ID = re.compile(r", request id [^)]*")
_STEPS = {
    "abort": "the abort of the session",
    "commit": "the commit",
    "request": "the upload",
    "confirm": "the check of the commit",
    "create": "the creation of the session",
    "parts": "the list of the parts",
    "status": "the status of the session",
}


class FileDisplay(Protocol):
    """Shows the upload of one file."""

    def show_event(self, event: ProgressEvent) -> None:
        """Show an event of the upload."""
        ...

    def finish(self, size: int | None) -> None:
        """Show that the file is done: its size in bytes if it is uploaded, or None if it failed."""
        ...


class Display(Protocol):
    """Shows the uploads of one command. Its methods are called by one thread at a time."""

    def start_file(self, index: int, name: str) -> FileDisplay:
        """Start to show a file: its place among all paths, counted from 0, and its name."""
        ...

    def write_message(self, line: str) -> None:
        """Write a line to stderr."""
        ...

    def write_result(self, line: str) -> None:
        """Write a line to stdout, unchanged.

        Raises:
            OutputError: stdout cannot be written.
        """
        ...

    def show_stopping(self) -> None:
        """Show that the upload is being stopped; called by a signal handler."""
        ...

    def close(self) -> None:
        """Stop showing progress."""
        ...


class _QuietFile:
    """Shows nothing of a file."""

    def show_event(self, event: ProgressEvent) -> None:
        """Show an event of the upload."""

    def finish(self, size: int | None) -> None:
        """Show that the file is done."""


class QuietDisplay:
    """Shows no progress."""

    def start_file(self, index: int, name: str) -> FileDisplay:  # noqa: ARG002  # nothing is shown of them
        """Start to show a file."""
        return _QuietFile()

    def write_message(self, line: str) -> None:
        """Write a line to stderr."""
        click.echo(printable(line), err=True)

    def write_result(self, line: str) -> None:
        """Write a line to stdout, unchanged."""
        write_line(line)

    def show_stopping(self) -> None:
        """Show that the upload is being stopped."""

    def close(self) -> None:
        """Stop showing progress."""


class LogDisplay(QuietDisplay):
    """Writes plain lines: the start, what goes wrong, and the progress every half minute.

    Args:
        clock: Returns monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._repeats = Repeats(clock)

    def start_file(self, index: int, name: str) -> FileDisplay:  # noqa: ARG002  # lines have the name
        """Start to show a file."""
        return _FileLog(name, EventMessages(self._repeats), self.write_message, self._clock)

    def show_stopping(self) -> None:
        """Write a line without a buffer: the signal may have interrupted a write to the buffered stream."""
        with suppress(OSError, ValueError):
            os.write(sys.stderr.fileno(), f"{STOPPING}\n".encode())


class _FileLog:
    """Writes lines about one file.

    Args:
        name: What each line begins with.
        messages: The messages for its events.
        write: Writes a line.
        clock: Returns monotonic seconds.
    """

    def __init__(
        self, name: str, messages: EventMessages, write: Callable[[str], None], clock: Callable[[], float]
    ) -> None:
        self._name = name
        self._messages = messages
        self._write = write
        self._clock = clock
        self._written_s = clock()
        self._parts_done = self._total_parts = 0

    def show_event(self, event: ProgressEvent) -> None:
        """Write the events that matter, and the progress from time to time."""
        match event:
            case Started():
                self._total_parts = event.total_parts
                self._write(f"{self._name}: {started_text(event)}")
            case PartDone():
                self._parts_done = event.parts_done
            case Restarted():
                self._parts_done = 0
            case BytesSent() if self._clock() - self._written_s >= _EVERY_S:
                self._written_s = self._clock()
                self._write(f"{self._name}: {self._progress(event)}")
            case _:
                pass
        if message := self._messages.message(event):
            self._write(f"{self._name}: {message}")

    def finish(self, size: int | None) -> None:
        """Write nothing: the result says it."""

    def _progress(self, event: BytesSent) -> str:
        parts = f"{self._parts_done}/{self._total_parts} parts"
        return f"{100 * event.sent // event.size}%, {progress_text(event.sent, event.size)}, {parts}"


def started_text(event: Started) -> str:
    """Return the size and the parts of a file: `1.2 GB, 36 parts of 33.6 MB`, or `1.5 kB`."""
    if event.part_size == event.size:
        return size_text(event.size)
    return f"{size_text(event.size)}, {count_text(event.total_parts, 'part')} of {size_text(event.part_size)}"


class Repeats:
    """Which messages repeat what another worker or file has just reported.

    In an outage all workers fail in the same way, and a rate limit stops all files.

    Args:
        clock: Returns monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._until_s: dict[Hashable, float] = {}

    def is_new(self, kind: Hashable, for_s: float) -> bool:
        """Whether a kind of message was not reported lately; if so, it is known for some seconds from now on."""
        now_s = self._clock()
        if now_s < self._until_s.get(kind, now_s):
            return False
        self._until_s[kind] = now_s + for_s
        return True


class EventMessages:
    """The events of one file's upload that deserve a line of their own.

    Args:
        repeats: What was reported already, also of other files.
    """

    def __init__(self, repeats: Repeats) -> None:
        self._repeats = repeats
        self._resumed: Resumed | None = None
        self._part_size = 0

    def message(self, event: ProgressEvent) -> str:
        """Return the message for an event, or an empty text."""
        match event:
            case Resumed():
                # Reported when the parts start, with their total number.
                self._resumed = event
            case Started():
                return self._start_message(event)
            case Restarted(reason=reason):
                self._resumed = None
                return f"starting over: {reason}"
            case SessionLeft(reason=reason):
                return f"uploaded; {reason[:1].lower()}{reason[1:]}"
            case Throttled(delay_s=delay_s) if self._repeats.is_new("rate limit", delay_s):
                return f"rate limit reached, continuing in {delay_text(delay_s)}"
            case Retried():
                return self._retry_message(event)
            case _:
                pass
        return ""

    def _start_message(self, event: Started) -> str:
        self._part_size = event.part_size
        resumed, self._resumed = self._resumed, None
        if resumed is None:
            return ""
        return f"resuming, {resumed.parts} of {count_text(event.total_parts, 'part')} already uploaded"

    def _retry_message(self, event: Retried) -> str:
        """Return a message for the second, fourth, eighth ... attempt: most failures do not repeat."""
        attempt = event.attempt
        if attempt == 1 or attempt & (attempt - 1):
            return ""
        if not self._repeats.is_new((event.step, attempt, _REQUEST_ID.sub("", event.reason)), _REPEAT_S):
            return ""
        delay = delay_text(event.delay_s)
        return f"retrying {self._step_text(event)} in {delay} after {attempt} attempts: {event.reason}"

    def _step_text(self, event: Retried) -> str:
        if event.offset is None:
            return _STEPS.get(event.step, event.step)
        return (
            f"part {event.offset // self._part_size + 1}" if self._part_size else f"the part at byte {event.offset:,}"
        )
