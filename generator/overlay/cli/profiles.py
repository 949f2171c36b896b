"""Profiles: the sign-ins that `box-uploads login` keeps, all in one private file.

The file (mode 0600) holds client secrets and tokens in clear: whoever can read it can act as the user.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec
from platformdirs import user_config_path

from ..auth import RefreshToken, SignInRefusedError, StoredTokens, TokenStoreError
from ..auth.private_file import PrivateFile
from .arguments import require_value

if TYPE_CHECKING:
    from collections.abc import Collection
    from contextlib import AbstractContextManager

__all__ = [
    "DEFAULT_PROFILE",
    "Profile",
    "ProfileSignIn",
    "ProfileTokens",
    "Profiles",
    "find_profiles",
    "login_command",
    "require_profile_name",
]

DEFAULT_PROFILE = "default"
_VARIABLE = "BOX_UPLOADS_PROFILES"
_PRIVATE = 0o700
# It is part of the name of a lock file.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class Profile(msgspec.Struct, kw_only=True, tag_field="kind", tag="user"):
    """A user who has signed in to an application.

    Attributes:
        client_id: Client id of the application.
        client_secret: Its client secret.
        base_url: URL of the API that the tokens are for, or None for Box itself.
        tokens: The latest tokens.
    """

    client_id: str
    client_secret: str
    base_url: str | None = None
    tokens: StoredTokens

    def __repr__(self) -> str:
        return "Profile(…)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Return no field, as the library Rich asks for them: it shows the variables of tracebacks."""
        return []


class _Content(msgspec.Struct):
    """What is in the file. Of the profiles that a command does not name, nothing is read, and nothing is lost."""

    profiles: dict[str, msgspec.Raw]


class Profiles:
    """The file of the profiles.

    Args:
        path: The file; its folder is created when it is first written to.
    """

    def __init__(self, path: Path) -> None:
        self._file = PrivateFile(path)

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._file.path

    def names(self) -> list[str]:
        """Return the names of all profiles.

        Raises:
            TokenStoreError: The file cannot be read, is not private, or holds something else.
        """
        return sorted(self._read().profiles)

    def load(self, name: str) -> Profile | None:
        """Return a profile, or None if there is none with that name.

        Raises:
            TokenStoreError: The file cannot be read, is not private, or holds something else.
        """
        raw = self._read().profiles.get(name)
        found = None if raw is None else _decoded(bytes(raw), Profile)
        is_wrong = raw is not None and found is None
        # An error raised with it would have it in its frames.
        del raw
        if is_wrong:
            raise TokenStoreError(f"{self.path}: the profile {name} cannot be read", hint=login_command(name))
        return found

    def save(self, name: str, profile: Profile) -> None:
        """Add or replace a profile; when this returns, it is on the disk.

        Raises:
            TokenStoreError: The file cannot be read or written.
        """
        self._change(name, profile)

    def delete(self, name: str) -> None:
        """Delete a profile, if there is one with that name.

        Raises:
            TokenStoreError: The file cannot be read or written.
        """
        self._change(name, None)

    def lock(self, name: str) -> AbstractContextManager[None]:
        """Keep other threads and processes from the tokens of a profile.

        Raises:
            TokenStoreError: Another process keeps the lock, or it cannot be taken.
        """
        self._create_folder()
        return self._file.lock(name)

    def _change(self, name: str, profile: Profile | None) -> None:
        self._create_folder()
        # Of the whole file, since another process may change another profile.
        with self._file.lock():
            content = self._read()
            content.profiles.pop(name, None)
            if profile is not None:
                content.profiles[name] = msgspec.Raw(msgspec.json.encode(profile))
            self._file.write(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")

    def _read(self) -> _Content:
        text = self._file.read()
        found = _Content({}) if text is None else _decoded(text, _Content)
        # As above.
        del text
        if found is None:
            raise TokenStoreError(f"{self.path}: holds no profiles", hint="delete it, and run `box-uploads login`")
        return found

    def _create_folder(self) -> None:
        try:
            self.path.parent.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        except OSError as error:
            raise TokenStoreError(f"{self.path.parent}: cannot be created ({error.strerror})") from None


def _decoded(content: bytes, kind: type[Any]) -> Any:
    """Return what is in a text, or None; an error raised here would have its secrets in its frames."""
    try:
        return msgspec.json.decode(content, type=kind)
    except (ValueError, RecursionError):
        return None


class ProfileTokens:
    """The tokens of a profile, as a store for `RefreshToken`.

    Args:
        profiles: The file of the profiles.
        name: Name of the profile.
        new: A profile that is saved with the tokens; by default there has to be one.
    """

    def __init__(self, profiles: Profiles, name: str, new: Profile | None = None) -> None:
        self._profiles = profiles
        self._name = name
        self._new = new

    def load(self) -> StoredTokens:
        """Return the tokens.

        Raises:
            TokenStoreError: There is no such profile (any more), or it cannot be read.
        """
        return self._load().tokens

    def save(self, tokens: StoredTokens) -> None:
        """Keep the tokens for good before this returns.

        Raises:
            TokenStoreError: There is no such profile (any more), or the file cannot be written.
        """
        profile = self._load() if self._new is None else self._new
        self._profiles.save(self._name, msgspec.structs.replace(profile, tokens=tokens))

    def lock(self) -> AbstractContextManager[None]:
        """Keep all others from the tokens, in this process and in others."""
        return self._profiles.lock(self._name)

    def _load(self) -> Profile:
        profile = self._profiles.load(self._name)
        if profile is None:
            raise TokenStoreError(f"there is no profile {self._name}", hint=login_command(self._name))
        return profile


class ProfileSignIn(RefreshToken):
    """Stays signed in by the refresh tokens of a profile; an error that ends the sign-in says how to log in again.

    Args:
        profiles: The file of the profiles.
        name: Name of the profile.
        profile: The profile, whose tokens are read again when they are needed.
        trusted_hosts: As of `Client`.
        is_new: Whether the profile is only to be saved, by `exchange_code`.
    """

    def __init__(
        self, profiles: Profiles, name: str, profile: Profile, *, trusted_hosts: Collection[str], is_new: bool = False
    ) -> None:
        super().__init__(
            profile.client_id,
            profile.client_secret,
            store=ProfileTokens(profiles, name, profile if is_new else None),
            base_url=profile.base_url,
            trusted_hosts=trusted_hosts,
        )
        self._name = name

    def sign_in(self, refused: Any, /) -> Any:
        """Take the token that another process has stored, or request one and store it."""
        try:
            return super().sign_in(refused)
        except SignInRefusedError as error:
            hint = error.hint
            if error.error == "invalid_grant":
                hint = f"the sign-in has ended; {login_command(self._name)}"
            elif error.error == "invalid_client":
                hint = f"set BOX_CLIENT_SECRET to the secret that the app has now, then {login_command(self._name)}"
            raise SignInRefusedError(error.status, error.error, error.description, hint=hint) from None


def login_command(name: str) -> str:
    """Return the instruction to log in with a profile."""
    option = "" if name == DEFAULT_PROFILE else f" --profile {name}"
    return f"run `box-uploads login{option}`"


def find_profiles() -> Profiles:
    """Return the file of the profiles.

    Raises:
        UsageError: The variable that names the file is empty.
    """
    path = os.environ.get(_VARIABLE)
    if path == "":
        raise click.UsageError(f"{_VARIABLE} must not be empty")
    return Profiles(user_config_path("box-uploads", appauthor=False) / "profiles.json" if path is None else Path(path))


def require_profile_name(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Refuse what is no name of a profile."""
    if require_value(context, parameter, value) is not None and not _NAME.fullmatch(str(value)):
        raise click.BadParameter("is not a name of letters, digits, '_', '.' and '-' (64 at most)")
    return value
