"""A file that only its owner may read, replaced as a whole and shared by processes."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from .._runtime.file_lock import HeldError, lock_file
from .errors import TokenStoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = ["LOCK_TIMEOUT_S", "PrivateFile"]

LOCK_TIMEOUT_S = 120.0
"""Seconds to wait for another process, which may be signing in."""

_POLL_S = 0.05
_PRIVATE = 0o600
_OTHERS = 0o077


class PrivateFile:
    """A file of mode 0600 that holds secrets in clear; its errors hold none.

    Args:
        path: The file; its folder has to exist.
        lock_timeout_s: Seconds to wait for a lock that another process holds.
        sleep: Waits for some seconds.
        clock: Returns a time in seconds that never goes back.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        lock_timeout_s: float = LOCK_TIMEOUT_S,
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = Path(path).absolute()
        self._lock_timeout_s = lock_timeout_s
        self._sleep = sleep
        self._clock = clock

    def read(self) -> bytes | None:
        """Return the content, or None if there is no file.

        Raises:
            TokenStoreError: The file cannot be read, or others may read it.
        """
        try:
            with self.path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                if os.name != "posix" or not mode & _OTHERS:
                    return file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise TokenStoreError(f"{self.path}: cannot be read ({error.strerror})") from None
        hint = f"run chmod 600 {self.path}, and sign in again"
        raise TokenStoreError(f"{self.path}: other users may read it", hint=hint)

    def write(self, content: bytes) -> None:
        """Replace the file; when this returns, the content is on the disk.

        Raises:
            TokenStoreError: The file cannot be written.
        """
        problem = self._write(content)
        # An error raised with it would have it in its frames.
        del content
        if problem:
            raise TokenStoreError(f"{self.path}: cannot be written ({problem})", hint="make its folder writable")

    def delete(self) -> None:
        """Delete the file, if there is one.

        Raises:
            TokenStoreError: It cannot be deleted.
        """
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise TokenStoreError(f"{self.path}: cannot be deleted ({error.strerror})") from None

    @contextmanager
    def lock(self, name: str = "") -> Generator[None]:
        """Keep other threads and processes from the file, or from what a name in it stands for.

        Raises:
            TokenStoreError: Another process keeps the lock, or it cannot be taken.
        """
        path = self.path.with_name(f"{self.path.name}.{name}.lock" if name else f"{self.path.name}.lock")
        deadline = self._clock() + self._lock_timeout_s
        while True:
            held = lock_file(path)
            try:
                held.__enter__()
            except HeldError:
                if self._clock() >= deadline:
                    raise TokenStoreError(f"{self.path}: in use by another process") from None
            except OSError as error:
                raise TokenStoreError(f"{path}: cannot be locked ({error.strerror})") from None
            else:
                break
            self._sleep(_POLL_S)
        try:
            yield
        finally:
            held.__exit__(None, None, None)

    def _write(self, content: bytes) -> str:
        """Return what went wrong, if anything."""
        new = self.path.with_name(f"{self.path.name}.{token_hex(4)}.new")
        try:
            number = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), _PRIVATE)
            try:
                with os.fdopen(number, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                new.replace(self.path)
            except BaseException:
                with suppress(OSError):
                    new.unlink()
                raise
            self._sync_folder()
        except OSError as error:
            return error.strerror or type(error).__name__
        return ""

    def _sync_folder(self) -> None:
        """Make the new name durable, where folders can be synchronized."""
        if os.name == "posix":
            number = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(number)
            finally:
                os.close(number)
