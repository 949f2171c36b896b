"""Which sign-in a command uses: the one that an option names, else that of the environment, else the default profile.

| place | kind |
| --- | --- |
| `--token-file`, `--config` or `--profile`; two of them contradict each other | by its name |
| `BOX_ACCESS_TOKEN` | token |
| `BOX_CLIENT_ID` and `BOX_CLIENT_SECRET` with `BOX_ENTERPRISE_ID` or `BOX_USER_ID` | client credentials |
| the profile `default` | user |

A token and the id of an enterprise or a user in the environment contradict each other, too: which of them would act is
no guess that a command should make. A client id and a secret alone are no sign-in; `box-uploads login` takes them.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

import click
import msgspec

from ..auth import JWT, ClientCredentials
from .profiles import DEFAULT_PROFILE, ProfileSignIn, login_command

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ..auth import SignIn
    from .profiles import Profile, Profiles

__all__ = [
    "CLIENT_ID",
    "CLIENT_SECRET",
    "SUBJECTS",
    "TOKEN",
    "Choice",
    "SignInUsageError",
    "choose_sign_in",
    "find_profile",
    "open_sign_in",
]

TOKEN = "BOX_ACCESS_TOKEN"  # noqa: S105  # the name of the variable
CLIENT_ID = "BOX_CLIENT_ID"
CLIENT_SECRET = "BOX_CLIENT_SECRET"  # noqa: S105  # as above
SUBJECTS = _ENTERPRISE, _USER = "BOX_ENTERPRISE_ID", "BOX_USER_ID"
_VARIABLES = (TOKEN, CLIENT_ID, CLIENT_SECRET, _ENTERPRISE, _USER)
_WAYS = (
    f"run `box-uploads login`, or set {TOKEN}, --token-file or --config, or"
    f" {CLIENT_ID} and {CLIENT_SECRET} with {_ENTERPRISE} or {_USER}"
)


class SignInUsageError(click.UsageError):
    """No sign-in is given, or two are, or one lacks something.

    Attributes:
        hint: What to do about it.
    """

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class Choice(msgspec.Struct, frozen=True):
    """The sign-in of a command; it holds no secret.

    Attributes:
        kind: How a token is got.
        text: Where that is from, for people: `profile default`, `BOX_ACCESS_TOKEN`.
        name: Name of the file or the profile, or an empty string.
    """

    kind: Literal["token", "client_credentials", "jwt", "user"]
    text: str
    name: str = ""

    @property
    def profile(self) -> str | None:
        """Name of the profile, or None."""
        return self.name if self.kind == "user" else None


def choose_sign_in(token_file: str | None, config: str | None, profile: str | None, profiles: Profiles) -> Choice:
    """Return the sign-in to use.

    Args:
        token_file: Value of `--token-file`, or None.
        config: Value of `--config`, or None.
        profile: Value of `--profile`, or None.
        profiles: The file of the profiles.

    Raises:
        SignInUsageError: There is none, or there are two.
        TokenStoreError: The profiles cannot be read.
    """
    options = {"--token-file": token_file, "--config": config, "--profile": profile}
    given = [name for name, value in options.items() if value is not None]
    if len(given) > 1:
        raise SignInUsageError(f"{' and '.join(given)} are {len(given)} ways to sign in", hint="use only one of them")
    if token_file is not None:
        return Choice("token", f"--token-file {token_file}", token_file)
    if config is not None:
        return Choice("jwt", f"--config {config}", config)
    found = None if profile is not None else _choose_by_environment(os.environ)
    if found is not None:
        return found
    name = DEFAULT_PROFILE if profile is None else profile
    if profile is not None or DEFAULT_PROFILE in profiles.names():
        return Choice("user", f"profile {name}", name)
    hint = _WAYS
    if CLIENT_ID in os.environ:
        hint = f"run `box-uploads login`, or set {_ENTERPRISE} or {_USER} for client credentials"
    raise SignInUsageError("no sign-in is given", hint=hint)


def _choose_by_environment(environment: Mapping[str, str]) -> Choice | None:
    for name in _VARIABLES:
        if environment.get(name) == "":
            raise SignInUsageError(f"{name} must not be empty", hint="set it to its value, or unset it")
    subjects = [name for name in SUBJECTS if name in environment]
    if TOKEN in environment:
        if subjects:
            raise SignInUsageError(f"{TOKEN} and {subjects[0]} are 2 ways to sign in", hint="unset one of them")
        return Choice("token", TOKEN)
    if len(subjects) > 1:
        hint = f"unset {_USER} to act as the app's service account, or {_ENTERPRISE} to act as the user"
        raise SignInUsageError(f"{_ENTERPRISE} and {_USER} are both set", hint=hint)
    if not subjects:
        return None
    missing = [name for name in (CLIENT_ID, CLIENT_SECRET) if name not in environment]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        problem = f"{subjects[0]} is set, but {' and '.join(missing)} {verb} not"
        raise SignInUsageError(problem, hint=f"set {' and '.join(missing)}, or unset {subjects[0]}")
    return Choice("client_credentials", f"{CLIENT_ID} and {subjects[0]}")


def open_sign_in(
    choice: Choice, profiles: Profiles, *, base_url: str | None, trusted_hosts: Collection[str]
) -> SignIn | None:
    """Return the provider of tokens for a choice, or None if that is a token.

    Raises:
        SignInUsageError: There is no such profile, or it is for another server.
        InvalidArgumentError: An id in the environment cannot be right.
        SignInError: The app config or the profiles cannot be used.
    """
    if choice.kind == "jwt":
        return JWT.from_config(choice.name, base_url=base_url, trusted_hosts=trusted_hosts)
    if choice.kind == "client_credentials":
        return ClientCredentials(
            os.environ[CLIENT_ID],
            os.environ[CLIENT_SECRET],
            enterprise_id=os.environ.get(_ENTERPRISE),
            user_id=os.environ.get(_USER),
            base_url=base_url,
            trusted_hosts=trusted_hosts,
        )
    if choice.kind == "user":
        profile = find_profile(profiles, choice.name, base_url=base_url)
        return ProfileSignIn(profiles, choice.name, profile, trusted_hosts=trusted_hosts)
    return None


def find_profile(profiles: Profiles, name: str, *, base_url: str | None) -> Profile:
    """Return a profile for a server.

    Raises:
        SignInUsageError: There is no such profile, or it is for another server.
        TokenStoreError: The profiles cannot be read.
    """
    profile = profiles.load(name)
    if profile is None:
        others = ", ".join(other for other in profiles.names())
        known = f"; there is {others}" if others else ""
        raise SignInUsageError(f"there is no profile {name}", hint=login_command(name) + known)
    # Another server must get neither the secret of the app nor the tokens.
    if _normal(profile.base_url) != _normal(base_url):
        own, wanted = (_server_text(url) for url in (profile.base_url, base_url))
        hint = "leave out --base-url and BOX_BASE_URL" if profile.base_url is None else "set --base-url to that URL"
        problem = f"the profile {name} is for {own}, not for {wanted}"
        raise SignInUsageError(problem, hint=f"{hint}, or use another --profile")
    return profile


def _normal(base_url: str | None) -> str | None:
    return None if base_url is None else base_url.rstrip("/")


def _server_text(base_url: str | None) -> str:
    return "Box itself" if base_url is None else base_url
