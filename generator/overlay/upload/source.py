"""Sources of bytes, of whatever kind, as the uploader reads them."""

from __future__ import annotations

from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Protocol, cast

import msgspec

from .._runtime.errors import InvalidArgumentError
from .._runtime.text import short_repr
from .digest import WholeDigest
from .errors import SourceChangedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .retry import CancelToken

__all__ = [
    "Fingerprint",
    "MemorySource",
    "Readable",
    "SeekableSource",
    "Source",
    "StreamSource",
    "read_into",
    "release",
]


_WINDOW = 1024 * 1024


class Readable(Protocol):
    """A binary file object; this is the only method it needs."""

    def read(self, size: int, /) -> bytes | None:
        """Return up to `size` bytes, or none at the end."""
        ...


class Seekable(Readable, Protocol):
    """A binary file object that can be read anywhere."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to an offset, and return it."""
        ...


class Fingerprint(msgspec.Struct, frozen=True, kw_only=True):
    """What identifies a version of a source without reading it; unknown values are None.

    Attributes:
        kind: Kind of the source.
        size: Size in bytes.
        mtime_ns: Time of the last change in nanoseconds.
        inode: Number of the file within its device.
        device: Number of the device.
        mark: What else identifies the version, such as the etag of an object store.
    """

    kind: str
    size: int
    mtime_ns: int | None = None
    inode: int | None = None
    device: int | None = None
    mark: str | None = None

    def agrees(self, other: Fingerprint) -> bool:
        """Return whether this is the same version, as far as another machine or a later run can know.

        Inode and device numbers differ there and are not compared. The content itself is compared, part by part.
        """
        here, there = (msgspec.structs.replace(fingerprint, inode=None, device=None) for fingerprint in (self, other))
        return here == there


class Source:
    """Bytes to upload, of a known size.

    Args:
        present: Returns the fingerprint as it is now.
        name: Name of the file, empty if the source has none.
        location: Path or URL by which another process finds the source, empty if there is none.

    Attributes:
        fingerprint: What the source was when it was opened.
        size: Its size in bytes.
        in_memory: Whether `window` needs no buffer.
        is_writable: Whether its bytes are in memory that can be written to, which the fingerprint does not notice.
        is_sequential: Whether it can only be read once, from its beginning to its end.
    """

    in_memory = False
    is_writable = False
    is_sequential = False

    def __init__(self, present: Callable[[], Fingerprint], *, name: str = "", location: str = "") -> None:
        self._present = present
        self.name = name
        self.location = location
        self.fingerprint = present()
        self.size = self.fingerprint.size

    def window(self, offset: int, size: int, buffer: memoryview) -> memoryview:
        """Return `size` bytes from an offset on, as a view of the buffer or of the source itself.

        Raises:
            SourceChangedError: The source ends too early.
            OSError: It cannot be read.
        """
        raise NotImplementedError

    def windows(self, offset: int, size: int, buffer: memoryview) -> Iterator[memoryview]:
        """Return `size` bytes from an offset on, in views no longer than the buffer; only the last view is valid.

        Raises:
            SourceChangedError: As `window`.
            OSError: As `window`.
        """
        for start in range(offset, offset + size, len(buffer)):
            with self.window(start, min(len(buffer), offset + size - start), buffer) as view:
                yield view

    def sha1(self, cancel: CancelToken, offset: int = 0, size: int | None = None) -> str:
        """Return the SHA-1 of `size` bytes from an offset on, by default of all, in hexadecimal digits.

        Raises:
            UploadCancelledError: The upload was cancelled.
            SourceChangedError: As `window`.
            OSError: As `window`.
        """
        whole = WholeDigest()
        for window in self.windows(offset, self.size if size is None else size, memoryview(bytearray(_WINDOW))):
            cancel.check()
            whole.add(window)
        return whole.sha1()

    def check_unchanged(self) -> None:
        """Check that the source is what it was when it was opened.

        Raises:
            SourceChangedError: It is not.
        """
        try:
            present = self._present()
        except OSError as error:
            raise SourceChangedError(f"the source is no longer accessible: {error}") from error
        if present != self.fingerprint:
            names = Fingerprint.__struct_fields__
            changed = [name for name in names if getattr(present, name) != getattr(self.fingerprint, name)]
            raise SourceChangedError(f"the source changed during the upload: {', '.join(changed)}")


class MemorySource(Source):
    """Bytes that are in memory already; they are not copied."""

    in_memory = True

    def __init__(self, content: bytes | bytearray | memoryview) -> None:
        self._content = memoryview(content).cast("B")
        self.is_writable = not self._content.readonly
        size = len(self._content)
        super().__init__(lambda: Fingerprint(kind="memory", size=size))

    def window(self, offset: int, size: int, buffer: memoryview) -> memoryview:  # noqa: ARG002  # none is needed
        """Return a view of the bytes."""
        return self._content[offset : offset + size]

    def close(self) -> None:
        """Release the caller's memory."""
        release(self._content)


class SeekableSource(Source):
    """A file object that can be read anywhere, by one thread at a time.

    Args:
        file: The file object; its owner closes it.
        present: Returns the fingerprint as it is now.
        start: Offset in the file object at which the source begins.
        name: Name of the file.
        location: Path or URL by which another process finds the source.
    """

    def __init__(
        self,
        file: Seekable,
        present: Callable[[], Fingerprint],
        *,
        start: int = 0,
        name: str = "",
        location: str = "",
    ) -> None:
        super().__init__(present, name=name, location=location)
        self._file = file
        self._start = start
        self._lock = Lock()

    def window(self, offset: int, size: int, buffer: memoryview) -> memoryview:
        """Read into the buffer."""
        with self._lock:
            self._file.seek(self._start + offset)
            return _fill(self._file, buffer[:size], offset)


class StreamSource(Source):
    """A file object that can only be read from here to its end, such as a pipe, of a size that the caller declares.

    The parts that are on their way are kept in memory, so that they can be sent again; nothing is spooled to a disk.

    Args:
        file: The file object; its owner closes it.
        size: Size in bytes.
        name: Name of the file.
        may_go_on: Whether something else may follow, as on a connection; then nothing is read beyond `size`.
    """

    is_sequential = True

    def __init__(self, file: Readable, size: int, *, name: str, may_go_on: bool) -> None:
        super().__init__(lambda: Fingerprint(kind="stream", size=size), name=name)
        self._file = file
        self._may_go_on = may_go_on
        self._position = 0

    def window(self, offset: int, size: int, buffer: memoryview) -> memoryview:
        """Read into the buffer.

        Raises:
            SourceChangedError: The stream ends too early, or has been read beyond the offset before.
        """
        if offset != self._position:
            raise SourceChangedError("the stream has been read already, and cannot be read again")
        view = _fill(self._file, buffer[:size], offset)
        self._position += size
        return view

    def check_unchanged(self) -> None:
        """Check that the stream has ended after the declared size.

        Raises:
            SourceChangedError: It has not.
        """
        if not self._may_go_on and self._position == self.size and read_into(self._file, memoryview(bytearray(1))):
            raise SourceChangedError(f"the stream is longer than the declared {self.size} bytes")


def release(view: memoryview) -> None:
    """Release a view, so that the memory below it is free even while a reference to the view is kept."""
    # After a second signal, a thread that was not waited for may still be reading from it.
    with suppress(BufferError):
        view.release()


def _fill(file: Readable, view: memoryview, offset: int) -> memoryview:
    """Fill a view from a file object, which may give less than it is asked for at a time."""
    filled = 0
    while filled < len(view):
        count = read_into(file, view[filled:])
        if not count:
            raise SourceChangedError(f"the source ended early, at byte {offset + filled}")
        filled += count
    return view


def read_into(file: Readable, view: memoryview) -> int:
    """Read up to as many bytes as a view has from a file object, and return how many; 0 at the end.

    Raises:
        InvalidArgumentError: It does not return bytes.
        OSError: It cannot be read.
    """
    readinto: Callable[[memoryview], int | None] | None = getattr(file, "readinto", None)
    try:
        if readinto is not None:
            return _checked(readinto(view), view)
        chunk = file.read(len(view))
    except StopIteration:
        # An iterator behind the reader is exhausted; a future cannot hold StopIteration.
        return 0
    if chunk is not None and not isinstance(cast("object", chunk), (bytes, bytearray, memoryview)):
        raise InvalidArgumentError("source", "must return bytes from read()", shown=short_repr(file))
    count = _checked(None if chunk is None else len(chunk), view)
    view[:count] = chunk or b""
    return count


def _checked(count: int | None, view: memoryview) -> int:
    if count is None:
        raise BlockingIOError("the source is a non-blocking file without data; make it blocking")
    if not 0 <= count <= len(view):
        raise InvalidArgumentError("source", f"returned {count} bytes when {len(view)} were requested")
    return count
