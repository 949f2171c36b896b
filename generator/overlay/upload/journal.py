"""What an upload leaves on the disk, so that another process can go on with it.

The journal says where to ask, not what is there: the session and its links, where the file goes, and the fingerprint
of the source. Which parts the session holds is asked of the server. There is no token in it; it is readable by its
owner only, and replaced as a whole, so that it is never half written.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from .. import models  # the decoder of the journal looks at it, as at the next ones
from .errors import JournalError
from .source import Fingerprint  # as above
from .target import Target  # as above

if TYPE_CHECKING:
    from typing import Self

__all__ = ["Entry", "Journal"]

_LARGEST = 1024 * 1024


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What a journal says.

    Attributes:
        format: Name of the format.
        target: Where the file goes.
        fingerprint: What the source was.
        session: The session, as the server has described it.
        sha1: SHA-1 of the whole file, from the moment on at which the commit may have been sent; None before it.
    """

    format: Literal["box-uploads-journal-1"] = "box-uploads-journal-1"
    target: Target
    fingerprint: Fingerprint
    session: models.UploadSession
    sha1: str | None = None


class Journal:
    """The journal of one upload.

    Args:
        path: File of the journal; it need not exist, its folder has to.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        self.entry: Entry | None = None

    @classmethod
    def opened(cls, path: str | os.PathLike[str], target: Target) -> Self:
        """Return the journal of an upload, with what an earlier process has left.

        Raises:
            JournalError: The file is no journal, is broken, or is about an upload to elsewhere; it is left as it is.
            OSError: The file cannot be read.
        """
        journal = cls(path)
        try:
            with journal._path.open("rb") as file:
                content = file.read(_LARGEST + 1)
        except FileNotFoundError:
            return journal
        try:
            entry = msgspec.json.decode(content, type=Entry)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            text = f"{journal._path} is no journal of an upload, or is broken; delete it to begin anew: {error}"
            raise JournalError(text[:300]) from None
        if entry.target != target:
            raise JournalError(f"{journal._path} is the journal of an upload to elsewhere; choose another one for this")
        journal.entry = entry
        return journal

    def write(self, entry: Entry) -> None:
        """Replace the journal, so that a crash at any moment leaves the old one or the new one.

        Raises:
            OSError: It cannot be written.
        """
        # In the same folder, since only there a rename is atomic; of one name, so that crashes leave one file at most.
        draft = self._path.with_name(f".{self._path.name}.new")
        draft.unlink(missing_ok=True)
        number = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(number, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(entry)))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)
        self._sync_folder()
        self.entry = entry

    def remove(self) -> None:
        """Delete the journal, if there is one."""
        self._path.unlink(missing_ok=True)
        self.entry = None
        self._sync_folder()

    def _sync_folder(self) -> None:
        # Without it, the name may be lost in a crash of the machine. Not every system opens folders.
        with suppress(OSError):
            number = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(number)
            finally:
                os.close(number)
