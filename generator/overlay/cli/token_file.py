"""An access token in a file or a pipe, which somebody else renews."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["TokenFile", "TokenFileError"]

_MAX_LENGTH = 64 * 1024


class TokenFileError(OSError):
    """The token file cannot be read."""


class TokenFile:
    """A token provider that reads a file each time, so that a renewed token keeps a long upload going.

    Args:
        path: A file or a pipe.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def is_regular(self) -> bool:
        """Whether it can be read again, unlike a pipe."""
        return self._path.is_file()

    def __call__(self) -> str:
        """Return the token.

        Raises:
            TokenFileError: The file cannot be read.
        """
        try:
            with open(self._path, "rb", opener=_open_nonblocking) as file:
                return file.read(_MAX_LENGTH).decode("ascii", "replace").strip()
        except OSError as error:
            raise TokenFileError(error.errno, error.strerror, str(self._path)) from error


def _open_nonblocking(path: str, flags: int) -> int:
    """Open a file. A pipe without a writer reads as empty instead of blocking forever."""
    nonblocking: int = getattr(os, "O_NONBLOCK", 0)
    number = os.open(path, flags | nonblocking)
    if nonblocking:
        # Reading blocks again, so that an existing writer may take its time.
        os.set_blocking(number, True)
    return number
