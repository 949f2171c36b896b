"""The state directory: journals of unfinished uploads, and sessions, kept from one command to the next.

A journal is found again by the source, the target and the server that a command names. Sessions are kept because the
id of a session does not tell the URLs of its calls. Neither contains a token.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec
from platformdirs import user_state_path

from .._runtime.file_lock import HeldError, lock_file
from ..models import UploadSession
from .arguments import require_value
from .text import path_text

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "InvalidSessionError",
    "SessionFileError",
    "StateDir",
    "UnknownSessionError",
    "parse_session",
    "state_dir_option",
]

_PRIVATE = 0o700
_UPLOADS, _SESSIONS = "uploads", "sessions"
_DEFAULT = user_state_path("box-uploads", appauthor=False)
_NO_FOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
_KEEP_EXPIRED = dt.timedelta(days=1)
# As long as Box keeps a session.
_KEEP_SMALL = dt.timedelta(days=7)


class _SmallJournal(msgspec.Struct):
    """The journal of a file in one request, which has no session."""

    session: None
    target: dict[str, object]


def _parse_state_dir(context: click.Context, parameter: click.Parameter, value: str | None) -> StateDir:
    folder = require_value(context, parameter, value)
    return StateDir(_DEFAULT if folder is None else Path(folder))


state_dir_option = click.option(
    "--state-dir",
    type=click.Path(readable=False),
    metavar="FOLDER",
    envvar="BOX_UPLOADS_STATE_DIR",
    show_envvar=True,
    callback=_parse_state_dir,
    help=f"Folder for the journals of unfinished uploads, and for sessions.  [default: {_DEFAULT}]",
)


class UnknownSessionError(OSError):
    """The state directory has no such session."""


class SessionFileError(OSError):
    """A file that is given as a session cannot be read."""


class InvalidSessionError(ValueError):
    """A text does not contain a session."""


class _Journal(msgspec.Struct):
    """The field of an upload's journal that is needed here."""

    session: UploadSession


class StateDir:
    """A folder with journals and sessions.

    Args:
        folder: The folder; it is created when it is first written to.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def journal_path(self, *key: str | None) -> Path:
        """Return the path of an upload's journal.

        Args:
            key: Everything that distinguishes the upload from others.
        """
        texts = [None if part is None else path_text(part) for part in key]
        name = hashlib.sha256(msgspec.json.encode(texts)).hexdigest()[:32]
        return self._folder / _UPLOADS / f"{name}.json"

    def create_journal_folder(self) -> None:
        """Create the folder of the journals, if it does not exist.

        Raises:
            OSError: It cannot be created.
        """
        self._create_folder(_UPLOADS)

    def save_session(self, session: UploadSession) -> None:
        """Save a session, so that later commands find it by its id.

        Raises:
            OSError: The folder cannot be written.
        """
        path = self._create_folder(_SESSIONS) / f"{session.id}.json"
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _NO_FOLLOW, 0o600)
        with os.fdopen(number, "wb") as file:
            file.write(msgspec.json.encode(session))

    def find_session(self, session_id: str) -> UploadSession:
        """Return a session by its id.

        Raises:
            UnknownSessionError: The state directory does not have it.
        """
        for _, session in self._sessions():
            if session.id.lower() == session_id.lower():
                return session
        raise UnknownSessionError(f"session {session_id} is not in the state directory")

    def delete_session(self, session_id: str) -> None:
        """Delete an aborted session, and the journal of the upload that used it.

        Raises:
            OSError: The folder cannot be written.
        """
        for path, session in list(self._sessions()):
            if session.id == session_id:
                path.unlink(missing_ok=True)

    def read_session(self, path: Path) -> UploadSession | None:
        """Return the session in a journal or session file, or None if there is none or it cannot be read."""
        with suppress(OSError, InvalidSessionError):
            return parse_session(path.read_bytes())
        return None

    def overlaps(self, path: str | None) -> bool:
        """Whether a path is the folder, inside it, or above it."""
        if path is None:
            return False
        absolute, folder = Path(path).absolute(), self._folder.absolute()
        return absolute.is_relative_to(folder) or folder.is_relative_to(absolute)

    def clean_up(self, now: dt.datetime) -> None:
        """Delete sessions and journals that expired more than a day ago, and the leftovers of killed uploads.

        The files of a running upload are locked, so they stay even if the clock is wrong.
        """
        oldest = now - _KEEP_EXPIRED
        for path in sorted(self._folder.glob("*/*.json")):
            expires_at = self._expires_at(path)
            if expires_at is not None and expires_at < oldest:
                self._delete_unused(path, oldest)
        owners = {_owner(path) for path in self._folder.glob("*/.*.json.*") if _is_older(path, oldest)}
        for path in owners:
            if not path.exists():
                self._delete_unused(path, oldest)

    def _delete_unused(self, path: Path, oldest: dt.datetime) -> None:
        """Delete a file and its temporary file, unless it is locked, not expired, or of unknown content."""
        # The lock file is deleted when the lock is released.
        with suppress(OSError, HeldError), lock_file(path.with_name(f".{path.name}.lock")):
            expires_at = self._expires_at(path)
            if expires_at is None and path.exists():
                return
            if expires_at is None or expires_at < oldest:
                path.with_name(f".{path.name}.new").unlink(missing_ok=True)
                path.unlink()

    def _expires_at(self, path: Path) -> dt.datetime | None:
        """Return when a session or journal expires, or None if it is neither."""
        if (session := self.read_session(path)) is not None:
            return session.session_expires_at
        with suppress(OSError, msgspec.MsgspecError):
            # That of a small file has no session.
            msgspec.json.decode(path.read_bytes(), type=_SmallJournal)
            return dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC) + _KEEP_SMALL
        return None

    def _sessions(self) -> Iterator[tuple[Path, UploadSession]]:
        for path in sorted(self._folder.glob("*/*.json")):
            session = self.read_session(path)
            if session is not None:
                yield path, session

    def _create_folder(self, name: str) -> Path:
        folder = self._folder / name
        self._folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        folder.mkdir(mode=_PRIVATE, exist_ok=True)
        return folder


def _owner(path: Path) -> Path:
    """Return the journal that a lock file or temporary file belongs to."""
    return path.with_name(path.name.removeprefix(".").rpartition(".")[0])


def _is_older(path: Path, oldest: dt.datetime) -> bool:
    # A recent lock file may belong to an upload that is about to lock it, and would fail if we held the lock.
    with suppress(OSError):
        return path.lstat().st_mtime < oldest.timestamp()
    return False


def parse_session(content: bytes) -> UploadSession:
    """Return the session in a JSON text: a printed session, or the journal of an upload.

    Raises:
        InvalidSessionError: The text does not contain a session.
    """
    try:
        try:
            return msgspec.json.decode(content, type=_Journal).session
        except msgspec.ValidationError:
            return msgspec.json.decode(content, type=UploadSession)
    except (ValueError, RecursionError) as error:
        raise InvalidSessionError(str(error)) from None
