"""The standard streams as daemons and cron may leave them: closed, full, or without a reader."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, suppress
from io import BufferedWriter, FileIO, TextIOWrapper
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["OutputError", "robust_streams", "write_line"]

_STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


class OutputError(Exception):
    """A result could not be written to stdout."""


class _LossyFile(FileIO):
    """Drops what cannot be written: a message that fails to reach stderr must not stop an upload."""

    def write(self, data: Any, /) -> int:
        """Write bytes, ignoring failures, and return their number."""
        with suppress(OSError):
            return super().write(data) or len(data)
        return len(data)


@contextmanager
def robust_streams() -> Generator[None]:
    """Replace closed standard streams, and make stderr one that never fails."""
    for name, mode in _STREAMS:
        if getattr(sys, name) is None:
            # Opened in their order, so that no later file gets their descriptors; and read-only, so that writing a
            # result to a closed stdout fails instead of losing it silently.
            number = os.open(os.devnull, os.O_RDONLY)
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115  # lives as we do
    # A name that the terminal's encoding cannot show must not stop an upload.
    cast("TextIOWrapper[BufferedWriter]", sys.stdout).reconfigure(errors="backslashreplace")
    raw = BufferedWriter(_LossyFile(sys.stderr.fileno(), "wb", closefd=False))
    sys.stderr = TextIOWrapper(raw, sys.stderr.encoding, "backslashreplace", line_buffering=True)
    try:
        yield
    finally:
        try:
            sys.stdout.flush()
        except OSError:
            # This was reported already. When Python exits it would flush again, report again and change the exit code.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def write_line(line: str) -> None:
    """Write a line to stdout.

    Raises:
        OutputError: stdout cannot be written.
    """
    try:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except OSError as error:
        raise OutputError(f"stdout: {error.strerror}") from error
