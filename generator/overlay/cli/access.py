"""Where the token and the API are: the options that commands have in common, and the client that they make."""

from __future__ import annotations

import os
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .. import Client

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Access", "NoTokenError", "access_options"]

_R = TypeVar("_R")
_TOKEN = "BOX_ACCESS_TOKEN"  # noqa: S105  # the name of the variable
_LARGEST = 64 * 1024

_OPTIONS = (
    click.option(
        "--token-file",
        type=click.Path(path_type=Path),
        help="File with the access token, read again when the token expires.  [default: BOX_ACCESS_TOKEN]",
    ),
    click.option("--base-url", envvar="BOX_BASE_URL", metavar="URL", show_envvar=True, help="Where the API is."),
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


class TokenFile:
    """A file with a token, read each time that one is wanted: whoever renews it there keeps a long upload going."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self) -> str:
        """Return the token.

        Raises:
            OSError: The file cannot be read.
        """
        with self._path.open("rb") as file:
            return file.read(_LARGEST).decode("ascii", "replace").strip()


class Access:
    """How to reach Box.

    Args:
        token_file: File with the token, or None for the token of the environment.
        base_url: Where the API is, or None for Box.
        trusted_hosts: Further hosts that the token may be sent to.
    """

    def __init__(self, token_file: Path | None, base_url: str | None, trusted_hosts: tuple[str, ...]) -> None:
        self._token_file = token_file
        self.base_url = base_url
        self._trusted_hosts = trusted_hosts

    def client(self) -> Client:
        """Make a client.

        Raises:
            NoTokenError: There is no token.
            InvalidArgumentError: The token or another setting cannot be used.
            OSError: The file with the token cannot be read.
        """
        # A token is nowhere a local variable, so that no traceback that shows those shows it.
        settings: dict[str, Any] = {"base_url": self.base_url, "trusted_hosts": self._trusted_hosts}
        if self._token_file is not None:
            file = TokenFile(self._token_file)
            # A file that cannot be read, or holds no token, is told before anything is sent.
            Client(file(), **settings).close()
            return Client(file, **settings)
        if not os.environ.get(_TOKEN):
            raise NoTokenError("there is no token")
        return Client(os.environ[_TOKEN], **settings)


def access_options(command: Callable[..., _R]) -> Callable[..., _R]:
    """Give a command the options by which Box is reached, as its first argument."""

    @wraps(command)
    def call(*, token_file: Path | None, base_url: str | None, trusted_hosts: tuple[str, ...], **rest: Any) -> _R:
        return command(Access(token_file, base_url, trusted_hosts), **rest)

    for option in reversed(_OPTIONS):
        call = option(call)
    return call
