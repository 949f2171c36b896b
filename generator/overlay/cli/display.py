"""What a person sees of uploads while they go on: plain lines on stderr, or nothing; a bar is in `bar.py`."""

from __future__ import annotations

import os
import re
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

import click

from ..upload import BytesSent, Restarted, Resumed, Retried, SessionLeft, Started
from .streams import put
from .text import counted, printable, seconds, size_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..upload import ProgressEvent

__all__ = ["STOPPING", "Display", "Lines", "Quiet", "Remarks", "remark"]

STOPPING = "stopping; once more to stop at once"
_EVERY_S = 30.0
# Pauses grow up to half of it, so that workers that wait for the same server are no further apart.
_SAME_S = 60.0
_REQUEST = re.compile(r", request id [^)]*")


class Display(Protocol):
    """Shows uploads, one after the other."""

    def begin(self, name: str) -> None:
        """Go on to another upload."""
        ...

    def tell(self, event: ProgressEvent) -> None:
        """Take an event of the upload."""
        ...

    def ended(self, size: int | None) -> None:
        """Take the end of the upload: the size of the file that is stored, in bytes, or None if none is."""
        ...

    def say(self, line: str) -> None:
        """Write a line on stderr."""
        ...

    def result(self, line: str) -> None:
        """Write a line on stdout, as it is.

        Raises:
            UnwrittenError: It cannot be written.
        """
        ...

    def stopping(self) -> None:
        """Show that the end was asked for; called by the handler of a signal."""
        ...

    def end(self) -> None:
        """Show nothing further."""
        ...


class Quiet:
    """Shows nothing of what goes on."""

    def begin(self, name: str) -> None:
        """Go on to another upload."""

    def tell(self, event: ProgressEvent) -> None:
        """Take an event of the upload."""

    def ended(self, size: int | None) -> None:
        """Take the end of the upload."""

    def say(self, line: str) -> None:
        """Write a line on stderr."""
        click.echo(printable(line), err=True)

    def result(self, line: str) -> None:
        """Write a line on stdout, as it is."""
        put(line)

    def stopping(self) -> None:
        """Show that the end was asked for."""

    def end(self) -> None:
        """Show nothing further."""


class Lines(Quiet):
    """A line for what is worth knowing later, in the log of whoever has started this.

    Args:
        clock: Returns seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._remarks = Remarks(clock)

    def begin(self, name: str) -> None:
        """Go on to another upload."""
        self._name, self._told_s = name, self._clock()

    def tell(self, event: ProgressEvent) -> None:
        """Write the events that matter, and from time to time how much is sent."""
        if isinstance(event, Started):
            parts = counted(event.total_parts, "part")
            self.say(f"{self._name}: {event.size:,} bytes in {parts} of {event.part_size:,}")
        elif isinstance(event, BytesSent):
            if self._clock() - self._told_s >= _EVERY_S:
                self._told_s = self._clock()
                share = 100 * event.sent // event.size
                self.say(f"{self._name}: {share} %, {size_text(event.sent)} of {size_text(event.size)}")
        elif said := self._remarks.on(event):
            self.say(f"{self._name}: {said}")

    def stopping(self) -> None:
        """Write a line past all buffers, which may be in use just now."""
        with suppress(OSError, ValueError):
            os.write(sys.stderr.fileno(), f"{STOPPING}\n".encode())


class Remarks:
    """What is worth a line of its own, once: in an outage, all workers fail in the same way.

    Args:
        clock: Returns seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._told_s: dict[tuple[str, int, str], float] = {}

    def on(self, event: ProgressEvent) -> str:
        """Return what is to be told of an event, or an empty text."""
        if isinstance(event, Retried):
            kind = (event.step, event.attempt, _REQUEST.sub("", event.reason))
            if self._clock() - self._told_s.get(kind, -_SAME_S) < _SAME_S:
                return ""
            self._told_s[kind] = self._clock()
        return remark(event)


def remark(event: ProgressEvent) -> str:
    """Return what is worth a line of its own, or an empty text.

    A first failure passes mostly, and waiting for a commit is usual: told are the second, fourth, eighth … attempt.
    """
    match event:
        case Resumed(parts=parts, size=size):
            there = f"{counted(parts, 'part')}, {size_text(size)}" if parts else "no part yet"
            return f"goes on where an earlier run ended; there from then: {there}"
        case Restarted(reason=reason):
            return f"begins anew: {reason}"
        case SessionLeft(reason=reason):
            return f"stored; {reason[:1].lower()}{reason[1:]}"
        case Retried(attempt=attempt, step=step) if attempt > 1 and not attempt & (attempt - 1):
            where = step if event.offset is None else f"{step} at {event.offset:,}"
            return f"{where}, attempt {attempt}, again in {seconds(event.delay_s)}: {event.reason}"
        case _:
            return ""
