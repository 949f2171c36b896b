"""A lock of the operating system, which ends with the process that holds it, even if that is killed.

It is taken here, without a library, for one reason that the libraries leave open: processes that were forked meanwhile,
such as those of a pool, would go on to hold it after their parent was killed.
"""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

__all__ = ["HeldError", "lock_file"]

_ATTEMPTS = 100
# The target of a symbolic link is neither created nor locked. Windows has no such flag.
_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
_held: set[int] = set()


class HeldError(Exception):
    """Another process or thread holds the lock."""


@contextmanager
def lock_file(path: Path) -> Generator[None]:
    """Hold a lock on a file, which is created and removed here; the file of a killed process is reused.

    Raises:
        HeldError: Another process or thread holds it.
        OSError: The file cannot be created or locked, or is a symbolic link.
    """
    number = _acquire(path)
    _held.add(number)
    try:
        yield
    finally:
        _held.discard(number)
        # While locked: whoever has opened the file sees that it is gone, and whoever opens it now makes another.
        with suppress(OSError):
            path.unlink()
        os.close(number)


def _acquire(path: Path) -> int:
    for _ in range(_ATTEMPTS):
        number = _open(path)
        try:
            _lock(number)
            if _is_at(path, number):
                return number
        except BaseException:
            os.close(number)
            raise
        os.close(number)
    raise HeldError


def _open(path: Path) -> int:
    if path.is_symlink():
        raise OSError(errno.ELOOP, "the lock file is a symbolic link; delete it", str(path))
    return os.open(path, _FLAGS, 0o600)


def _is_at(path: Path, number: int) -> bool:
    """Whether an open file still has its name: its previous holder may have removed it."""
    try:
        return os.path.samestat(os.fstat(number), path.lstat())
    except FileNotFoundError:
        return False


if sys.platform == "win32":

    def _lock(number: int) -> None:
        try:
            msvcrt.locking(number, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            raise HeldError from None

else:

    def _lock(number: int) -> None:
        try:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HeldError from None

    def _let_go() -> None:
        """Close the locks that a forked process inherited: they are its parent's."""
        for number in _held:
            os.close(number)
        _held.clear()

    os.register_at_fork(after_in_child=_let_go)
