"""Request bodies that are sent in pieces, and again for each attempt."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from io import TextIOBase
from typing import Any, Protocol, Self, TypeAlias, cast

from .errors import InvalidArgumentError
from .text import short_repr

__all__ = ["PIECE", "BinaryFile", "Content", "OpenFile", "Source", "Stream"]
__all__ += ["content_of", "is_small", "is_source", "is_spent", "pieces", "size_of"]

PIECE = 256 * 1024
"""Bytes that are handed to the HTTP library at a time, so that a write timeout covers a piece, not the whole body."""


class Stream:
    """A body that is read while it is sent; an asynchronous client reads it in a thread.

    Args:
        size: Size of the body in bytes, or None if it is not known: the body is then sent without a `Content-Length`,
            which not every server accepts.
        read: Returns the body from its beginning, in pieces; called again for each attempt. A piece has to stay as it
            is until the next but one is asked for: the last one is only sent when nothing follows.

    Raises:
        InvalidArgumentError: The size is negative.
    """

    __slots__ = ("_read", "_size")

    def __init__(self, size: int | None, read: Callable[[], Iterable[bytes | bytearray | memoryview]]) -> None:
        if size is not None and size < 0:
            raise InvalidArgumentError("size", "must not be negative", shown=str(size))
        self._size = size
        self._read = read

    @classmethod
    def of_file(cls, path: str | os.PathLike[str], *, offset: int = 0, length: int | None = None) -> Self:
        """Return a stretch of a file as a body; it is opened for each attempt, and read while it is sent.

        Args:
            path: The file.
            offset: Where the stretch begins, in bytes.
            length: Its length in bytes; by default all that follows.

        Raises:
            InvalidArgumentError: The file does not have these bytes.
            OSError: The file cannot be examined, or, while it is sent, not be read.
        """
        found = os.stat(path)  # noqa: PTH116  # pathlib would be loaded for this alone
        size = found.st_size
        if not stat.S_ISREG(found.st_mode):
            rule = "must name a file; open a pipe or a device, and pass the open file"
            raise InvalidArgumentError("path", rule, shown=short_repr(str(path)))
        if not 0 <= offset <= size:
            raise InvalidArgumentError("offset", f"must be within the {size} bytes of the file", shown=str(offset))
        length = size - offset if length is None else length
        if not 0 <= length <= size - offset:
            raise InvalidArgumentError("length", f"must be 0 to {size - offset} here", shown=str(length))

        def read() -> Iterator[bytes]:
            left = length
            with open(path, "rb", buffering=0) as file:  # noqa: PTH123  # as above
                file.seek(offset)
                # New bytes each time: mocks and hooks that join the pieces may keep them.
                while left and (piece := file.read(min(PIECE, left))):
                    left -= len(piece)
                    yield piece

        return cls(length, read)

    @property
    def size(self) -> int | None:
        """Size of the body in bytes, or None if it is not known."""
        return self._size

    @property
    def is_spent(self) -> bool:
        """Whether it cannot be read again, because bytes were taken from what does not go back."""
        return False

    def __len__(self) -> int:
        """Return the size in bytes.

        Raises:
            TypeError: It is not known.
        """
        if self._size is None:
            raise TypeError("the size of this stream is not known")
        return self._size

    def __iter__(self) -> Iterator[bytes | bytearray | memoryview]:
        """Read the body once.

        The last piece is held back until the body ends: a body that is too long is never sent in full.

        Raises:
            InvalidArgumentError: The body is not as long as declared, or is not an iterable of bytes.
        """
        found = self._read()
        if not isinstance(cast("object", found), Iterable):
            raise _not_pieces(found)
        size, taken, last = self._size, 0, None
        for piece in found:
            if not isinstance(cast("object", piece), (bytes, bytearray, memoryview)):
                raise _not_pieces(piece)
            content = _flat(piece) if isinstance(piece, memoryview) else piece
            taken += len(content)
            if size is None or taken < size:
                yield content
            elif taken > size:
                raise InvalidArgumentError("body", f"is longer than the declared {size} bytes")
            elif last is None:
                last = content
        if size is not None and taken < size:
            raise InvalidArgumentError("body", f"has {taken} bytes, not {size}")
        if last is not None:
            yield last

    def __repr__(self) -> str:
        return f"Stream({self._size})"


class BinaryFile(Protocol):
    """A file that is open for reading bytes, or anything else that is read like one."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, none at the end."""
        ...


class OpenFile(Stream):
    """The rest of a file that the caller has opened, from where it stands now; it stays open.

    If it can go back, as `BytesIO` can, it is read again for another attempt. If not, as a pipe, its size is not known,
    and it is sent once.

    Args:
        file: The file.

    Raises:
        InvalidArgumentError: It is not open for reading bytes.
    """

    __slots__ = ("_is_spent",)

    def __init__(self, file: BinaryFile) -> None:
        _check_open_file(file)
        start, size = _extent(file)
        self._is_spent = False

        def read() -> Iterator[bytes]:
            if self._is_spent:
                raise InvalidArgumentError("body", "was sent already, and cannot be read again; open it anew")
            if start is not None:
                cast("Any", file).seek(start)
            left = size
            while left != 0:
                piece = file.read(PIECE if left is None else min(PIECE, left))
                # No bytes are the end; the None of a file that does not wait for bytes is refused as no piece.
                if piece == b"":
                    return
                self._is_spent = start is None
                yield piece
                left = None if left is None else left - len(piece)

        super().__init__(size, read)

    @property
    def is_spent(self) -> bool:
        """Whether it cannot be read again, because bytes were taken from what does not go back."""
        return self._is_spent


Content: TypeAlias = bytes | bytearray | memoryview | Stream
"""A body of bytes: in memory, or read while it is sent. None of them is copied."""

Source: TypeAlias = "Content | os.PathLike[str] | BinaryFile"
"""What the bytes of a body come from: memory, a `Stream`, a path such as `Path("film.mov")`, an open binary file."""


def size_of(content: Content) -> int | None:
    """Return the size of a body in bytes, or None if it is not known."""
    if isinstance(content, Stream):
        return content.size
    return content.nbytes if isinstance(content, memoryview) else len(content)


def is_spent(content: Content | None) -> bool:
    """Return whether a body was sent and cannot be read again."""
    return isinstance(content, Stream) and content.is_spent


def is_small(content: Content) -> bool:
    """Return whether a body is sent whole rather than in pieces."""
    return isinstance(content, bytes) and len(content) <= PIECE


def pieces(content: Content) -> Iterator[bytes | bytearray | memoryview]:
    """Yield a body in pieces."""
    if isinstance(content, Stream):
        yield from content
        return
    view = _flat(memoryview(content))
    for start in range(0, len(view), PIECE):
        yield view[start : start + PIECE]


def is_source(value: object) -> bool:
    """Return whether a value is one that the bytes of a body come from."""
    kinds = (bytes, bytearray, memoryview, Stream, os.PathLike)
    return isinstance(value, kinds) or callable(getattr(value, "read", None))


def content_of(source: Source, argument: str = "body") -> Content:
    """Return the body that comes from a source; nothing is read yet.

    Args:
        source: The source.
        argument: Name of the argument, for errors.

    Raises:
        InvalidArgumentError: It is none, or not open for reading bytes.
        OSError: The file cannot be examined.
    """
    if isinstance(source, memoryview):
        _flat(source)
    if isinstance(source, (bytes, bytearray, memoryview, Stream)):
        return source
    try:
        if isinstance(source, os.PathLike):
            return Stream.of_file(source)
        if callable(getattr(source, "read", None)):
            return OpenFile(source)
    except InvalidArgumentError as error:
        raise InvalidArgumentError(argument, error.rule, shown=short_repr(source)) from None
    rule = "must be bytes, a bytearray, a memoryview, a Stream, a path such as Path('film.mov'), or an open binary file"
    raise InvalidArgumentError(argument, rule, shown=short_repr(source))


def _check_open_file(file: BinaryFile) -> None:
    try:
        found: object = "" if isinstance(cast("object", file), TextIOBase) else file.read(0)
    except (OSError, ValueError) as error:
        raise InvalidArgumentError("body", f"is not open for reading bytes ({error}); open it with mode 'rb'") from None
    if isinstance(found, str):
        raise InvalidArgumentError("body", "is open as text; open it with mode 'rb'")


def _extent(file: BinaryFile) -> tuple[int | None, int | None]:
    """Return where a file stands and how many bytes follow, both None if it cannot go back."""
    seekable: Any = file
    try:
        if not seekable.seekable():
            return None, None
        start = seekable.tell()
        seekable.seek(0, os.SEEK_END)
        end = seekable.tell()
        seekable.seek(start)
    except (AttributeError, OSError, ValueError):
        return None, None
    return start, max(0, end - start)


def _not_pieces(found: object) -> InvalidArgumentError:
    cure = "; open a file with mode 'rb'" if isinstance(found, str) else ""
    return InvalidArgumentError("body", f"must yield bytes, bytearray or memoryview{cure}", shown=short_repr(found))


def _flat(view: memoryview) -> memoryview:
    """Return a view of single bytes.

    Raises:
        InvalidArgumentError: The bytes of the view do not follow each other, or it is released.
    """
    try:
        # The same view where possible, so that releasing it releases the memory.
        return view if view.format == "B" and view.ndim == 1 and view.c_contiguous else view.cast("B")
    except (TypeError, ValueError) as error:
        rule = f"must be a contiguous memoryview: {error}"
        raise InvalidArgumentError("body", rule) from None
