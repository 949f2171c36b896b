"""The standard streams as daemons and cron may leave them: closed, full, or without a reader."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from io import BufferedWriter, FileIO, TextIOWrapper
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["UnwrittenError", "put", "usable_streams"]

_STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


class UnwrittenError(Exception):
    """A result could not be written to stdout."""


class _Lossy(FileIO):
    """What cannot be written to it is lost: nothing that is told on stderr is worth the end of an upload."""

    def write(self, data: Any, /) -> int:
        """Write bytes as far as that is possible, and return how many there were."""
        with suppress(OSError):
            return super().write(data) or len(data)
        return len(data)


@contextmanager
def usable_streams() -> Generator[None]:
    """Have streams that can be used in place of those that are closed, and a stderr that never fails."""
    for name, mode in _STREAMS:
        if getattr(sys, name) is None:
            # In their order, so that no file that is opened later gets their numbers; and only to be read, so that
            # what is written is not lost in silence.
            number = os.open(os.devnull, os.O_RDONLY)
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115  # lives as we do
    # A name that a terminal of another encoding cannot show is no reason to stop.
    cast("TextIOWrapper[BufferedWriter]", sys.stdout).reconfigure(errors="backslashreplace")
    raw = BufferedWriter(_Lossy(sys.stderr.fileno(), "wb", closefd=False))
    sys.stderr = TextIOWrapper(raw, sys.stderr.encoding, "backslashreplace", line_buffering=True)
    try:
        yield
    finally:
        try:
            sys.stdout.flush()
        except OSError:
            # It was told already; Python's own attempt at its end would tell it again, and change the exit code.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def put(line: str) -> None:
    """Write a line to stdout.

    Raises:
        UnwrittenError: It cannot be written.
    """
    try:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except OSError as error:
        raise UnwrittenError(f"stdout: {error.strerror}") from error
