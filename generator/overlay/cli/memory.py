"""What is remembered from one command to the next, in a folder of the user's own.

The journal of an upload is found again by what the command says: the source, where it goes, and the server. Sessions
are remembered because a session's id alone does not tell the URLs of its calls. No token is in either.
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

from .._runtime.conversion import decode
from ..models import UploadSession
from ..upload.lock import HeldError, locked
from .arguments import filled

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Memory", "NoSessionError", "SessionUnknownError", "memory_option", "read_session"]

_PRIVATE = 0o700
_UPLOADS = "uploads"


_FOLDER = user_state_path("box-uploads", appauthor=False)
_WITHOUT_LINKS: int = getattr(os, "O_NOFOLLOW", 0)
_KEPT = dt.timedelta(days=1)


def _memory(context: click.Context, parameter: click.Parameter, value: str | None) -> Memory:
    folder = filled(context, parameter, value)
    return Memory(_FOLDER if folder is None else Path(folder))


memory_option = click.option(
    "--state-dir",
    "memory",
    type=click.Path(readable=False),
    metavar="FOLDER",
    envvar="BOX_UPLOADS_STATE_DIR",
    show_envvar=True,
    callback=_memory,
    help=f"Folder of journals, by which interrupted uploads go on, and of sessions.  [default: {_FOLDER}]",
)


class SessionUnknownError(OSError):
    """Nothing is remembered of a session."""


class NoSessionError(ValueError):
    """A text describes no session."""


class _Journal(msgspec.Struct):
    """What counts here of an upload's journal."""

    session: UploadSession


class Memory:
    """A folder of journals and sessions.

    Args:
        folder: The folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def journal(self, *described: str | None) -> Path:
        """Return the path of an upload's journal.

        Args:
            described: All that tells the upload from others.
        """
        name = hashlib.sha256(msgspec.json.encode(described)).hexdigest()[:32]
        return self._folder / _UPLOADS / f"{name}.json"

    def prepare(self) -> None:
        """Make the folder of the journals.

        Raises:
            OSError: It cannot be made.
        """
        self._made(_UPLOADS)

    def remember(self, session: UploadSession) -> None:
        """Keep a session, so that its id is enough from now on.

        Raises:
            OSError: The folder cannot be written to.
        """
        path = self._made("sessions") / f"{session.id}.json"
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _WITHOUT_LINKS, 0o600)
        with os.fdopen(number, "wb") as file:
            file.write(msgspec.json.encode(session))

    def find(self, session_id: str) -> UploadSession:
        """Return a session by its id.

        Raises:
            SessionUnknownError: It is not remembered.
        """
        for _, session in self._all():
            if session.id.lower() == session_id.lower():
                return session
        raise SessionUnknownError(f"session {session_id} is not known here")

    def forget(self, session_id: str) -> None:
        """Drop a session that was aborted, and the journal of an upload that would count on it.

        Raises:
            OSError: The folder cannot be written to.
        """
        for path, session in list(self._all()):
            if session.id == session_id:
                path.unlink(missing_ok=True)

    def left(self, journal: Path) -> UploadSession | None:
        """Return the session that an upload has left in its journal; None if there is none, or it is broken."""
        with suppress(OSError, NoSessionError):
            return read_session(journal.read_bytes())
        return None

    def holds(self, path: str | None) -> bool:
        """Whether a path is in the folder, or is the folder or one above it."""
        if path is None:
            return False
        one, folder = Path(path).absolute(), self._folder.absolute()
        return one.is_relative_to(folder) or folder.is_relative_to(one)

    def tidy(self, now: dt.datetime) -> None:
        """Drop what is of no use any more, since its session has expired for over a day, or a kill has left it alone.

        What a running upload holds stays, whatever the clock says.
        """
        oldest = now - _KEPT
        for path, session in list(self._all()):
            if session.session_expires_at < oldest:
                self._drop(path, oldest)
        alone = {_owner(beside) for beside in self._folder.glob("*/.*.json.*") if _is_older(beside, oldest)}
        for path in alone:
            if not path.exists():
                self._drop(path, oldest)

    def _drop(self, path: Path, oldest: dt.datetime) -> None:
        """Delete a file and what lies beside it, unless somebody works with it or it is of use after all."""
        # The lock's own file goes with the lock.
        with suppress(OSError, HeldError), locked(path.with_name(f".{path.name}.lock")):
            session = self.left(path)
            if session is None and path.exists():
                return
            if session is None or session.session_expires_at < oldest:
                path.with_name(f".{path.name}.new").unlink(missing_ok=True)
                path.unlink(missing_ok=True)

    def _all(self) -> Iterator[tuple[Path, UploadSession]]:
        for path in sorted(self._folder.glob("*/*.json")):
            session = self.left(path)
            if session is not None:
                yield path, session

    def _made(self, name: str) -> Path:
        folder = self._folder / name
        self._folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        folder.mkdir(mode=_PRIVATE, exist_ok=True)
        return folder


def _owner(beside: Path) -> Path:
    """Return the journal that a lock or a draft lies beside."""
    return beside.with_name(beside.name.removeprefix(".").rpartition(".")[0])


def _is_older(path: Path, oldest: dt.datetime) -> bool:
    # A younger one may be that of an upload that has not locked it yet, and that must not find it held.
    with suppress(OSError):
        return path.lstat().st_mtime < oldest.timestamp()
    return False


def read_session(content: bytes) -> UploadSession:
    """Return the session that a JSON text describes: a session as it is printed, or the journal of an upload.

    Raises:
        NoSessionError: The text describes none.
    """
    try:
        try:
            return decode(content, _Journal).session
        except msgspec.ValidationError:
            return decode(content, UploadSession)
    except (ValueError, RecursionError) as error:
        raise NoSessionError(str(error)) from None
