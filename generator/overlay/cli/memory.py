"""What is remembered from one command to the next, in a folder of the user's own.

The journal of an upload is found again by what the command says: the source, where it goes, and the server. Sessions
are remembered because a session's id alone does not tell the URLs of its calls. No token is in either.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec
from platformdirs import user_state_path

from ..models import UploadSession

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Memory", "SessionUnknownError", "memory_option", "read_session"]

_LARGEST = 1024 * 1024
_PRIVATE = 0o700


def _memory(_context: click.Context, _parameter: click.Parameter, value: str | None) -> Memory:
    return Memory(value)


memory_option = click.option(
    "--state-dir",
    "memory",
    type=click.Path(file_okay=False),
    envvar="BOX_UPLOADS_STATE_DIR",
    show_envvar=True,
    callback=_memory,
    help="Folder of the journals, by which interrupted uploads go on.  [default: the user's folder for states]",
)


class SessionUnknownError(OSError):
    """Nothing is remembered of a session."""


class _Journal(msgspec.Struct):
    """What counts here of an upload's journal."""

    session: UploadSession


class Memory:
    """A folder of journals and sessions.

    Args:
        folder: The folder, or None for that of the user.
    """

    def __init__(self, folder: str | None) -> None:
        self._folder = user_state_path("box-uploads", appauthor=False) if folder is None else Path(folder)

    def journal(self, *described: str | None) -> Path:
        """Return the path of an upload's journal.

        Args:
            described: All that tells the upload from others.

        Raises:
            OSError: The folder cannot be made.
        """
        name = hashlib.sha256(msgspec.json.encode(described)).hexdigest()[:32]
        return self._made("uploads") / f"{name}.json"

    def remember(self, session: UploadSession) -> None:
        """Keep a session, so that its id is enough from now on."""
        path = self._made("sessions") / f"{session.id}.json"
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
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
        """Drop a session that was aborted, and the journal of an upload that would count on it."""
        for path, session in list(self._all()):
            if session.id == session_id:
                path.unlink(missing_ok=True)

    def _all(self) -> Iterator[tuple[Path, UploadSession]]:
        for path in sorted(self._folder.glob("*/*.json")):
            # What is broken, or goes away meanwhile, is none of those that are looked for.
            with suppress(OSError, msgspec.MsgspecError):
                yield path, read_session(path.read_bytes())

    def _made(self, name: str) -> Path:
        folder = self._folder / name
        self._folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        folder.mkdir(mode=_PRIVATE, exist_ok=True)
        return folder


def read_session(content: bytes) -> UploadSession:
    """Return the session that a JSON text describes: a session as it is printed, or the journal of an upload.

    Raises:
        MsgspecError: The text describes none.
    """
    try:
        return msgspec.json.decode(content, type=_Journal).session
    except msgspec.ValidationError:
        return msgspec.json.decode(content, type=UploadSession)
