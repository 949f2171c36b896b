"""The journal of an upload, from which a later process can resume it.

It has the session and its links, where the file goes, and the fingerprint
of the source. The server knows which parts the session holds. There is no token in it; it is readable by its
owner only, and replaced as a whole, so that it is never half written. As long as a process works with it, no other
one does: the lock is a file of its own beside it, since the journal is replaced.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from .. import models  # the decoder of the journal looks at it, as at the next ones
from .._runtime.conversion import decode
from .._runtime.errors import InvalidArgumentError
from .._runtime.file_lock import HeldError, lock_file
from .errors import JournalError
from .source import Fingerprint  # as above
from .target import Target  # as above

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["Entry", "Journal", "open_journal"]

_LARGEST = 1024 * 1024
_FORMAT: Literal["box-uploads-journal-1"] = "box-uploads-journal-1"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """The content of a journal.

    Attributes:
        format: Name of the format.
        target: Where the file goes.
        fingerprint: Fingerprint of the source.
        session: The session, as the server described it; None for a file in one request.
        sha1: SHA-1 of the whole file, set just before the commit or the one request is sent; None until then.
        file: The stored file, from the moment on at which it is known; None before it.
        lost_creates: How many sessions may have been created whose answers were lost, and that were not found.
    """

    format: Literal["box-uploads-journal-1"] = _FORMAT
    target: Target
    fingerprint: Fingerprint
    session: models.UploadSession | None
    sha1: str | None = None
    file: models.File | None = None
    lost_creates: int = 0


class Journal:
    """The journal of one upload, for the process that has opened it.

    Args:
        path: File of the journal.
        entry: Its content.
    """

    def __init__(self, path: Path, entry: Entry | None) -> None:
        self._path = path
        # In the same folder, since only there a rename is atomic; of one name, so that crashes leave one file at most.
        self._draft = path.with_name(f".{path.name}.new")
        self.entry = entry

    def names(self, session: models.UploadSession) -> bool:
        """Return whether the journal names this session."""
        entry = self.entry
        is_named = entry is not None and entry.session is not None and entry.session.id == session.id
        return is_named and self._path.exists()

    def write(self, entry: Entry) -> None:
        """Replace the journal, so that a crash at any moment leaves the old one or the new one.

        Raises:
            OSError: It cannot be written; the old one is unchanged.
        """
        self._draft.unlink(missing_ok=True)
        number = os.open(self._draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(number, "wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(entry)))
                file.flush()
                os.fsync(file.fileno())
            self._draft.replace(self._path)
        except BaseException as error:
            self._draft.unlink(missing_ok=True)
            if isinstance(error, OSError) and error.filename is None:
                # A full disk's error names no file, and would be blamed on the source.
                raise OSError(error.errno, error.strerror, str(self._path)) from error
            raise
        _sync(self._path.parent)
        self.entry = entry

    def remove(self) -> None:
        """Delete the journal, if there is one."""
        self._draft.unlink(missing_ok=True)
        self._path.unlink(missing_ok=True)
        self.entry = None
        _sync(self._path.parent)


@contextmanager
def open_journal(path: str | os.PathLike[str], target: Target) -> Generator[Journal]:
    """Open the journal of an upload, with the content that an earlier process left.

    Args:
        path: File of the journal; it need not exist, its folder has to.
        target: Where the file goes.

    Raises:
        InvalidArgumentError: It is no path of a file.
        JournalError: Another process uses the file; or it is not a journal, is damaged, or is for an upload to
            another target. The file is unchanged.
        OSError: The file cannot be read or locked.
    """
    place = Path(os.fsdecode(path))
    with ExitStack() as stack:
        try:
            stack.enter_context(lock_file(place.with_name(f".{place.name}.lock")))
        except ValueError as error:
            raise InvalidArgumentError("resume", f"is not a file path: {error}") from None
        except HeldError:
            text = f"{place} is in use by another process; try again later"
            raise JournalError(text, in_use=True) from None
        yield Journal(place, _read(place, target))


def _read(path: Path, target: Target) -> Entry | None:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except FileNotFoundError:
        return None
    try:
        if len(content) > _LARGEST:
            raise msgspec.DecodeError(f"it has more than {_LARGEST} bytes")
        entry = decode(content, Entry)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        if _FORMAT.encode() not in content:
            raise JournalError(f"{path} is not an upload journal; name another file") from None
        raise JournalError(f"{path} is a damaged upload journal; delete it to start again: {error}"[:300]) from None
    if entry.target != target:
        raise JournalError(f"{path} belongs to an upload to another target; use another file")
    return entry


def _sync(folder: Path) -> None:
    # Without it, the name may be lost in a crash of the machine. Not every system opens folders.
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
