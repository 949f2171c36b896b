"""Where the tokens of a user are kept between runs, and shared by processes."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import msgspec

from .._runtime.file_lock import HeldError, lock_file
from .._runtime.hidden import Discreet
from .errors import TokenStoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextlib import AbstractContextManager

__all__ = ["FileTokenStore", "StoredTokens", "TokenStore"]

_POLL_S = 0.05
_LOCK_TIMEOUT_S = 120.0
_PRIVATE = 0o600
_OTHERS = 0o077


class StoredTokens(Discreet, kw_only=True):
    """The tokens of a sign-in, as a store keeps them; their repr shows none.

    Attributes:
        refresh_token: What the next access token is requested with; it works once.
        access_token: The latest access token, which other processes may use, or an empty string.
        expires_at: Unix time at which it expires, in seconds.
    """

    __passwords__: ClassVar[frozenset[str]] = frozenset({"access_token", "refresh_token"})

    refresh_token: str
    access_token: str = ""
    expires_at: float = 0.0


class TokenStore(Protocol):
    """Keeps the tokens of a sign-in. `RefreshToken` holds `lock` while it reads, requests and saves tokens."""

    def load(self) -> StoredTokens | None:
        """Return the tokens, or None if there are none."""
        ...

    def save(self, tokens: StoredTokens) -> None:
        """Keep the tokens for good before this returns: they are used afterwards, and the old ones are worthless."""
        ...

    def lock(self) -> AbstractContextManager[object]:
        """Keep all others from the tokens, in this process and in others."""
        ...


class FileTokenStore:
    """Keeps the tokens in a private file (mode 0600), which is replaced as a whole.

    Processes that share the file wait for each other by a lock beside it, `<path>.lock`. The tokens are in clear:
    whoever can read the file can act as the user.

    Args:
        path: The file; its folder has to exist.
        lock_timeout_s: Seconds to wait for another process, which may be signing in.
        sleep: Waits for some seconds.
        clock: Returns a time in seconds that never goes back.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        lock_timeout_s: float = _LOCK_TIMEOUT_S,
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path = Path(path).absolute()
        self._lock_timeout_s = lock_timeout_s
        self._sleep = sleep
        self._clock = clock

    def load(self) -> StoredTokens | None:
        """Return the tokens, or None if there is no file.

        Raises:
            TokenStoreError: The file cannot be read, is not private, or holds something else.
        """
        tokens, problem, hint = self._read()
        if problem:
            raise TokenStoreError(f"{self._path}: {problem}", hint=hint)
        return tokens

    def save(self, tokens: StoredTokens) -> None:
        """Replace the file; when this returns, the tokens are on the disk.

        Raises:
            TokenStoreError: The file cannot be written.
        """
        problem = self._write(tokens)
        del tokens
        if problem:
            raise TokenStoreError(f"{self._path}: cannot be written ({problem})", hint="make its folder writable")

    def clear(self) -> None:
        """Delete the file.

        Raises:
            TokenStoreError: It cannot be deleted.
        """
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise TokenStoreError(f"{self._path}: cannot be deleted ({error.strerror})") from None

    @contextmanager
    def lock(self) -> Generator[None]:
        """Keep other threads and processes from the tokens.

        Raises:
            TokenStoreError: Another process keeps the lock, or it cannot be taken.
        """
        path = self._path.with_name(f"{self._path.name}.lock")
        deadline = self._clock() + self._lock_timeout_s
        while True:
            held = lock_file(path)
            try:
                held.__enter__()
            except HeldError:
                if self._clock() >= deadline:
                    raise TokenStoreError(f"{self._path}: in use by another process") from None
            except OSError as error:
                raise TokenStoreError(f"{path}: cannot be locked ({error.strerror})") from None
            else:
                break
            self._sleep(_POLL_S)
        try:
            yield
        finally:
            held.__exit__(None, None, None)

    def _read(self) -> tuple[StoredTokens | None, str, str]:
        """Return the tokens, or what is wrong and what to do; an error raised here would have them in its frames."""
        try:
            with self._path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                if os.name == "posix" and mode & _OTHERS:
                    return None, "other users may read it", f"run chmod 600 {self._path}, and sign in again"
                return msgspec.json.decode(file.read(), type=StoredTokens), "", ""
        except FileNotFoundError:
            return None, "", ""
        except OSError as error:
            return None, f"cannot be read ({error.strerror})", ""
        except (ValueError, RecursionError):
            return None, "holds no tokens", "delete it, and sign in again"

    def _write(self, tokens: StoredTokens) -> str:
        """Return what went wrong, if anything."""
        new = self._path.with_name(f"{self._path.name}.{token_hex(4)}.new")
        try:
            number = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), _PRIVATE)
            try:
                with os.fdopen(number, "wb") as file:
                    file.write(msgspec.json.encode(tokens))
                    file.flush()
                    os.fsync(file.fileno())
                new.replace(self._path)
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
            number = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(number)
            finally:
                os.close(number)

    def __repr__(self) -> str:
        return f"FileTokenStore({str(self._path)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # Only where the tokens are.
        return FileTokenStore, (str(self._path),)
