"""Where the token and the API are: the options that commands have in common, and the client that they make."""

from __future__ import annotations

import os
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .. import Client
from .arguments import PATH, filled

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Access", "NoTokenError", "TokenFileError", "TrustStoreError", "access_options"]

_R = TypeVar("_R")
_TOKEN = "BOX_ACCESS_TOKEN"  # noqa: S105  # the name of the variable
_CERTIFICATES = "SSL_CERT_FILE"
_LARGEST = 64 * 1024

_OPTIONS = (
    click.option(
        "--token-file",
        type=PATH,
        callback=filled,
        help="File or pipe with the access token; a file is read again when the token expires."
        "  [default: the token is in the environment variable BOX_ACCESS_TOKEN]",
    ),
    click.option(
        "--base-url",
        envvar="BOX_BASE_URL",
        metavar="URL",
        show_envvar=True,
        callback=filled,
        help="Where the API is.  [default: Box's own servers]",
    ),
    click.option(
        "--trusted-host",
        "trusted_hosts",
        multiple=True,
        metavar="HOST",
        help="A further host that may get the token if Box's answers lead there; may be repeated.",
    ),
)


class NoTokenError(click.UsageError):
    """Nothing says what the token is."""


class TokenFileError(OSError):
    """The file with the token cannot be read."""


class TrustStoreError(OSError):
    """The certificates to trust cannot be read."""


class TokenFile:
    """A file with a token, read each time that one is wanted: whoever renews it there keeps a long upload going."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def is_lasting(self) -> bool:
        """Whether it can be read again; what a pipe gives, it gives once."""
        return self._path.is_file()

    def __call__(self) -> str:
        """Return the token.

        Raises:
            TokenFileError: The file cannot be read.
        """
        try:
            with open(self._path, "rb", opener=_opened) as file:
                return file.read(_LARGEST).decode("ascii", "replace").strip()
        except OSError as error:
            raise TokenFileError(error.errno, error.strerror, str(self._path)) from error


def _opened(path: str, flags: int) -> int:
    """Open a file; a pipe without a writer too, which is as good as empty and would be waited for else."""
    without_waiting: int = getattr(os, "O_NONBLOCK", 0)
    number = os.open(path, flags | without_waiting)
    if without_waiting:
        # A writer that is there may take its time.
        os.set_blocking(number, True)
    return number


class Access:
    """How to reach Box.

    Args:
        token_file: File with the token, or None for the token of the environment.
        base_url: Where the API is, or None for Box.
        trusted_hosts: Further hosts that the token may be sent to.
    """

    def __init__(self, token_file: str | None, base_url: str | None, trusted_hosts: tuple[str, ...]) -> None:
        self._token_file = None if token_file is None else TokenFile(Path(token_file))
        self.base_url = base_url
        self._trusted_hosts = trusted_hosts

    def client(self) -> Client:
        """Make a client.

        Raises:
            NoTokenError: There is no token.
            InvalidArgumentError: The token or another setting cannot be used.
            TokenFileError: The file with the token cannot be read.
            TrustStoreError: The certificates to trust cannot be read.
        """
        # A token is nowhere a local variable, so that no traceback that shows those shows it.
        file = self._token_file
        if file is None:
            if _TOKEN not in os.environ:
                raise NoTokenError("there is no token")
            if not os.environ[_TOKEN]:
                raise NoTokenError(f"{_TOKEN} must not be empty")
            return self._client(os.environ[_TOKEN])
        if file.is_lasting:
            # A file that cannot be read, or holds no token, is told before anything is sent.
            self._client(file()).close()
            return self._client(file)
        return self._client(file())

    def _client(self, token: str | TokenFile) -> Client:
        try:
            return Client(token, base_url=self.base_url, trusted_hosts=self._trusted_hosts)
        except OSError as error:
            # Nothing else is read to make one.
            raise TrustStoreError(error.errno, error.strerror, os.environ.get(_CERTIFICATES)) from error


def access_options(command: Callable[..., _R]) -> Callable[..., _R]:
    """Give a command the options by which Box is reached, as its first argument."""

    @wraps(command)
    def call(*, token_file: str | None, base_url: str | None, trusted_hosts: tuple[str, ...], **rest: Any) -> _R:
        return command(Access(token_file, base_url, trusted_hosts), **rest)

    for option in reversed(_OPTIONS):
        call = option(call)
    return call
