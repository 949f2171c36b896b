"""The options for token and API, common to all commands, and the client that they describe."""

from __future__ import annotations

import os
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .. import Client
from .arguments import PATH, require_value

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ClientOptions", "NoTokenError", "TokenFileError", "TrustStoreError", "client_options"]

_R = TypeVar("_R")
_TOKEN = "BOX_ACCESS_TOKEN"  # noqa: S105  # the name of the variable
_CERTIFICATES = "SSL_CERT_FILE"
_MAX_TOKEN_FILE = 64 * 1024

_OPTIONS = (
    click.option(
        "--token-file",
        type=PATH,
        callback=require_value,
        help="File or pipe that contains the access token. A file is read again when the token expires."
        "  [default: the environment variable BOX_ACCESS_TOKEN]",
    ),
    click.option(
        "--base-url",
        envvar="BOX_BASE_URL",
        metavar="URL",
        show_envvar=True,
        callback=require_value,
        help="URL of the API.  [default: Box's own servers]",
    ),
    click.option(
        "--trusted-host",
        "trusted_hosts",
        multiple=True,
        metavar="HOST",
        help="Additional host that may receive the token, such as a proxy for Box; may be repeated.",
    ),
)


class NoTokenError(click.UsageError):
    """No access token is given."""


class TokenFileError(OSError):
    """The token file cannot be read."""


class TrustStoreError(OSError):
    """The trusted certificates cannot be read."""


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
                return file.read(_MAX_TOKEN_FILE).decode("ascii", "replace").strip()
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


class ClientOptions:
    """The values of the common options.

    Args:
        token_file: File with the token, or None for the environment variable.
        base_url: URL of the API, or None for Box.
        trusted_hosts: Additional hosts that may receive the token.
    """

    def __init__(self, token_file: str | None, base_url: str | None, trusted_hosts: tuple[str, ...]) -> None:
        self._token_file = None if token_file is None else TokenFile(Path(token_file))
        self.base_url = base_url
        self._trusted_hosts = trusted_hosts

    def open_client(self) -> Client:
        """Return a new client, which the caller closes.

        Raises:
            NoTokenError: No token is given.
            InvalidArgumentError: The token or another option is invalid.
            TokenFileError: The token file cannot be read.
            TrustStoreError: The trusted certificates cannot be read.
        """
        # The token is never bound to a local variable, so that no traceback with local variables shows it.
        file = self._token_file
        if file is None:
            if _TOKEN not in os.environ:
                raise NoTokenError("no access token is given")
            if not os.environ[_TOKEN]:
                raise NoTokenError(f"{_TOKEN} must not be empty")
            return self._open(os.environ[_TOKEN])
        if file.is_regular:
            # Read once now, so that an unreadable or empty file is reported before anything is sent.
            self._open(file()).close()
            return self._open(file)
        return self._open(file())

    def _open(self, token: str | TokenFile) -> Client:
        try:
            return Client(token, base_url=self.base_url, trusted_hosts=self._trusted_hosts)
        except OSError as error:
            # The certificates are the only file that a new client reads.
            raise TrustStoreError(error.errno, error.strerror, os.environ.get(_CERTIFICATES)) from error


def client_options(command: Callable[..., _R]) -> Callable[..., _R]:
    """Add the common options to a command, which gets them as its first argument, a `ClientOptions`."""

    @wraps(command)
    def call(*, token_file: str | None, base_url: str | None, trusted_hosts: tuple[str, ...], **rest: Any) -> _R:
        return command(ClientOptions(token_file, base_url, trusted_hosts), **rest)

    for option in reversed(_OPTIONS):
        call = option(call)
    return call
