"""Request bodies that are sent in pieces, and again for each attempt."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from typing import Self, TypeAlias, cast

from .errors import InvalidArgumentError
from .text import short_repr

__all__ = ["PIECE", "Content", "Stream", "check_content", "is_small", "pieces", "size_of"]

PIECE = 256 * 1024
"""Bytes that are handed to the HTTP library at a time, so that a write timeout covers a piece, not the whole body."""


class Stream:
    """A body of a known size that is read while it is sent.

    Args:
        size: Size of the body in bytes.
        read: Returns the body from its beginning, in pieces; called again for each attempt. A piece has to stay as it
            is until the next but one is asked for: the last one is only sent when nothing follows.

    Raises:
        InvalidArgumentError: The size is negative.
    """

    __slots__ = ("_read", "_size")

    def __init__(self, size: int, read: Callable[[], Iterable[bytes | bytearray | memoryview]]) -> None:
        if size < 0:
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
            raise InvalidArgumentError("path", "must name a file", shown=short_repr(str(path)))
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

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[bytes | bytearray | memoryview]:
        """Read the body once.

        The last piece is held back until the body ends: a body that is too long is never sent in full.

        Raises:
            InvalidArgumentError: The body is not as long as declared, or is not an iterable of bytes.
        """
        left, last = self._size, None
        found = self._read()
        if not isinstance(cast("object", found), Iterable):
            raise _not_pieces(found)
        for piece in found:
            if not isinstance(cast("object", piece), (bytes, bytearray, memoryview)):
                raise _not_pieces(piece)
            content = _flat(piece) if isinstance(piece, memoryview) else piece
            left -= len(content)
            if left < 0:
                raise InvalidArgumentError("body", f"is longer than the declared {self._size} bytes")
            if left:
                yield content
            elif last is None:
                last = content
        if left:
            raise InvalidArgumentError("body", f"has {self._size - left} bytes, not {self._size}")
        if last is not None:
            yield last

    def __repr__(self) -> str:
        return f"Stream({self._size})"


Content: TypeAlias = bytes | bytearray | memoryview | Stream
"""A body of bytes: in memory, or read while it is sent. None of them is copied."""


def size_of(content: Content) -> int:
    """Return the size of a body in bytes."""
    return content.nbytes if isinstance(content, memoryview) else len(content)


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


def check_content(value: object) -> None:
    """Check the type of a body, for callers without a type checker.

    Raises:
        InvalidArgumentError: It is none.
    """
    if not isinstance(value, (bytes, bytearray, memoryview, Stream)):
        rule = "must be bytes, a bytearray, a memoryview or a Stream"
        raise InvalidArgumentError("body", rule, shown=short_repr(value))
    if isinstance(value, memoryview):
        _flat(cast("memoryview", value))


def _not_pieces(found: object) -> InvalidArgumentError:
    return InvalidArgumentError("body", "must yield bytes, bytearray or memoryview", shown=short_repr(found))


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
