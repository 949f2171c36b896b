"""Bodies that are sent piece by piece, and again for each attempt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from .errors import InvalidArgumentError, short_repr

__all__ = ["PIECE", "Content", "Stream", "check_content", "is_small", "pieces", "size_of"]

PIECE = 256 * 1024
"""Bytes that are handed to the HTTP library at a time, so that a write timeout covers a piece, not the whole body."""


class Stream:
    """A body of a known size that is read while it is sent.

    Args:
        size: Size of the body in bytes.
        read: Returns the body from its beginning, in pieces; called anew for each attempt.

    Raises:
        InvalidArgumentError: The size is negative.
    """

    __slots__ = ("_read", "_size")

    def __init__(self, size: int, read: Callable[[], Iterable[bytes | bytearray | memoryview]]) -> None:
        if size < 0:
            raise InvalidArgumentError("size", "must not be negative", shown=str(size))
        self._size = size
        self._read = read

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[bytes | bytearray | memoryview]:
        """Read the body once.

        Raises:
            InvalidArgumentError: What is read is not as long as was said.
        """
        left = self._size
        for piece in self._read():
            left -= len(piece)
            if left < 0:
                raise InvalidArgumentError("body", f"is longer than the {self._size} bytes that were announced")
            yield piece
        if left:
            raise InvalidArgumentError("body", f"has {self._size - left} bytes, not {self._size}")

    def __repr__(self) -> str:
        return f"Stream({self._size})"


Content: TypeAlias = bytes | bytearray | memoryview | Stream
"""A body of bytes: in memory, or read while it is sent. None of them is copied."""


def size_of(content: Content) -> int:
    """Return the size of a body in bytes."""
    return content.nbytes if isinstance(content, memoryview) else len(content)


def is_small(content: Content) -> bool:
    """Tell whether a body is sent at once rather than piece by piece."""
    return isinstance(content, bytes) and len(content) <= PIECE


def pieces(content: Content) -> Iterator[bytes | bytearray | memoryview]:
    """Return a body piece by piece."""
    if isinstance(content, Stream):
        yield from content
        return
    view = memoryview(content).cast("B")
    for start in range(0, len(view), PIECE):
        yield view[start : start + PIECE]


def check_content(value: object) -> None:
    """Check what a program that is not type-checked gives as a body.

    Raises:
        InvalidArgumentError: It is none.
    """
    if not isinstance(value, (bytes, bytearray, memoryview, Stream)):
        raise InvalidArgumentError("body", "must be bytes, a memoryview or a Stream", shown=short_repr(value))
