"""The options for sign-in and API, common to most commands, and the client that they describe."""

from __future__ import annotations

import os
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .. import Client
from .arguments import PATH, require_id, require_value
from .profiles import DEFAULT_PROFILE, Profiles, find_profiles, require_profile_name
from .sign_in import TOKEN, choose_sign_in, open_sign_in
from .token_file import TokenFile

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..auth import SignIn
    from .sign_in import Choice

__all__ = ["ClientOptions", "ServerOptions", "TrustStoreError", "client_options", "profile_option", "server_options"]

_R = TypeVar("_R")
_F = TypeVar("_F", bound="Callable[..., Any]")
_CERTIFICATES = "SSL_CERT_FILE"


def profile_option(text: str, **settings: Any) -> Callable[[_F], _F]:
    """Return the option that names a profile."""
    return click.option("--profile", metavar="NAME", callback=require_profile_name, help=text, **settings)


_SIGN_IN_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--token-file",
        type=PATH,
        callback=require_value,
        help="File or pipe that contains the access token. A file is read again when the token expires."
        "  [default: the environment variable BOX_ACCESS_TOKEN]",
    ),
    click.option(
        "--config",
        type=PATH,
        callback=require_value,
        help="App config of Box's developer console (JSON): sign in as the app, by its private key.",
    ),
    profile_option(
        "Sign in as with this profile, which `box-uploads login` has saved."
        f"  [default: {DEFAULT_PROFILE}, if the environment has no sign-in]"
    ),
    click.option(
        "--as-user",
        metavar="ID",
        callback=require_id,
        help="Act on behalf of this user; the sign-in has to be an administrator's or an app's that may do so.",
    ),
)
_SERVER_OPTIONS = (
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


class TrustStoreError(OSError):
    """The trusted certificates cannot be read."""


class ServerOptions:
    """The options for the API, and the profiles.

    Args:
        base_url: URL of the API, or None for Box.
        trusted_hosts: Additional hosts that may receive the token.

    Attributes:
        profiles: The file of the profiles.
        as_user: Id of the user to act for, or None for the one whose sign-in it is.
    """

    as_user: str | None = None

    def __init__(self, base_url: str | None, trusted_hosts: tuple[str, ...]) -> None:
        self.base_url = base_url
        self.trusted_hosts = trusted_hosts
        self.profiles: Profiles = find_profiles()

    def open(self, token: str | TokenFile | SignIn) -> Client:
        """Return a new client, which the caller closes.

        Raises:
            InvalidArgumentError: The token or an option is invalid.
            TrustStoreError: The trusted certificates cannot be read.
        """
        try:
            return Client(token, base_url=self.base_url, trusted_hosts=self.trusted_hosts, as_user=self.as_user)
        except OSError as error:
            # The certificates are the only file that a new client reads.
            raise TrustStoreError(error.errno, error.strerror, os.environ.get(_CERTIFICATES)) from error


class ClientOptions(ServerOptions):
    """The options for sign-in and API.

    Args:
        token_file: File with the token, or None.
        config: App config, or None.
        profile: Name of a profile, or None.
        base_url: URL of the API, or None for Box.
        trusted_hosts: Additional hosts that may receive the token.
        as_user: Id of the user to act for, or None for the one whose sign-in it is.
    """

    def __init__(  # noqa: PLR0913  # each is an option
        self,
        token_file: str | None,
        config: str | None,
        profile: str | None,
        base_url: str | None,
        trusted_hosts: tuple[str, ...],
        *,
        as_user: str | None,
    ) -> None:
        super().__init__(base_url, trusted_hosts)
        self.as_user = as_user
        self._options = (token_file, config, profile)

    def choose(self) -> Choice:
        """Return the sign-in that the options, the environment and the profiles lead to.

        Raises:
            SignInUsageError: There is none, or there are two.
            TokenStoreError: The profiles cannot be read.
        """
        return choose_sign_in(*self._options, self.profiles)

    def open_sign_in(self, choice: Choice) -> SignIn | None:
        """Return the provider of tokens for a sign-in, or None if that is a token.

        Raises:
            SignInUsageError: There is no such profile, or it is for another server.
            InvalidArgumentError: An id in the environment cannot be right.
            SignInError: The app config or the profiles cannot be used.
        """
        return open_sign_in(choice, self.profiles, base_url=self.base_url, trusted_hosts=self.trusted_hosts)

    def open_client(self) -> Client:
        """Return a new client, which the caller closes.

        Raises:
            SignInUsageError: There is no sign-in, or there are two.
            InvalidArgumentError: The token or another option is invalid.
            TokenFileError: The token file cannot be read.
            SignInError: The app config or the profiles cannot be used.
            TrustStoreError: The trusted certificates cannot be read.
        """
        choice = self.choose()
        return self.open_client_for(choice, self.open_sign_in(choice))

    def open_client_for(self, choice: Choice, sign_in: SignIn | None) -> Client:
        """As `open_client`, for a sign-in that was chosen."""
        # A token is never bound to a local variable, so that no traceback with local variables shows it.
        if sign_in is not None:
            return self.open(sign_in)
        if not choice.name:
            return self.open(os.environ[TOKEN])
        file = TokenFile(Path(choice.name))
        if file.is_regular:
            # Read once now, so that an unreadable or empty file is reported before anything is sent.
            self.open(file()).close()
            return self.open(file)
        return self.open(file())


def server_options(command: Callable[..., _R]) -> Callable[..., _R]:
    """Add the options for the API to a command, which gets them as its first argument, a `ServerOptions`."""

    @wraps(command)
    def call(*, base_url: str | None, trusted_hosts: tuple[str, ...], **rest: Any) -> _R:
        return command(ServerOptions(base_url, trusted_hosts), **rest)

    for option in reversed(_SERVER_OPTIONS):
        call = option(call)
    return call


def client_options(command: Callable[..., _R]) -> Callable[..., _R]:
    """Add the options for sign-in and API to a command, which gets them as its first argument, a `ClientOptions`."""

    @wraps(command)
    def call(  # noqa: PLR0913  # each is an option
        *,
        token_file: str | None,
        config: str | None,
        profile: str | None,
        as_user: str | None,
        base_url: str | None,
        trusted_hosts: tuple[str, ...],
        **rest: Any,
    ) -> _R:
        return command(ClientOptions(token_file, config, profile, base_url, trusted_hosts, as_user=as_user), **rest)

    for option in reversed((*_SIGN_IN_OPTIONS, *_SERVER_OPTIONS)):
        call = option(call)
    return call
