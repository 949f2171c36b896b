"""Where the tokens of a user are kept between runs, and shared by processes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import msgspec

from .._runtime.hidden import Discreet
from .errors import TokenStoreError
from .private_file import LOCK_TIMEOUT_S, PrivateFile

if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from contextlib import AbstractContextManager

__all__ = ["FileTokenStore", "StoredTokens", "TokenStore"]


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
        lock_timeout_s: float = LOCK_TIMEOUT_S,
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._file = PrivateFile(path, lock_timeout_s=lock_timeout_s, sleep=sleep, clock=clock)

    def load(self) -> StoredTokens | None:
        """Return the tokens, or None if there is no file.

        Raises:
            TokenStoreError: The file cannot be read, is not private, or holds something else.
        """
        content = self._file.read()
        tokens = None if content is None else _decoded(content)
        is_wrong = content is not None and tokens is None
        # An error raised with it would have it in its frames.
        del content
        if is_wrong:
            raise TokenStoreError(f"{self._file.path}: holds no tokens", hint="delete it, and sign in again")
        return tokens

    def save(self, tokens: StoredTokens) -> None:
        """Replace the file; when this returns, the tokens are on the disk.

        Raises:
            TokenStoreError: The file cannot be written.
        """
        self._file.write(msgspec.json.encode(tokens))

    def clear(self) -> None:
        """Delete the file.

        Raises:
            TokenStoreError: It cannot be deleted.
        """
        self._file.delete()

    def lock(self) -> AbstractContextManager[None]:
        """Keep other threads and processes from the tokens.

        Raises:
            TokenStoreError: Another process keeps the lock, or it cannot be taken.
        """
        return self._file.lock()

    def __repr__(self) -> str:
        return f"FileTokenStore({str(self._file.path)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # Only where the tokens are.
        return FileTokenStore, (str(self._file.path),)


def _decoded(content: bytes) -> StoredTokens | None:
    """Return the tokens in a file, or None; an error raised here would have them in its frames."""
    try:
        return msgspec.json.decode(content, type=StoredTokens)
    except (ValueError, RecursionError):
        return None
