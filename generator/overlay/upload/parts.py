"""Divide a file into parts: pure arithmetic on sizes of any magnitude."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from .errors import PlanError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["LARGEST_PART", "MINIMUM_SIZE", "Part", "Plan", "needs_session"]

MINIMUM_SIZE = 20_000_000
"""Smallest file in bytes that gets a session. The guides say "20MB"; Box's own tests use this number."""

LARGEST_PART = 256 * 1024 * 1024
"""Largest part in bytes for which memory is allocated; the largest seen is 64 MiB, for files of some GiB."""


class Part(msgspec.Struct, frozen=True):
    """One part of a file.

    Attributes:
        index: Its number, from 0.
        offset: Where it begins in the file, in bytes.
        size: How long it is, in bytes; never 0.
    """

    index: int
    offset: int
    size: int

    def content_range(self, file_size: int) -> str:
        """Return the `Content-Range` of the part, which names its first and its last byte."""
        return f"bytes {self.offset}-{self.offset + self.size - 1}/{file_size}"


class Plan(msgspec.Struct, frozen=True):
    """All parts of a file.

    Attributes:
        size: Size of the file in bytes.
        part_size: Size in bytes of every part but the last, which may be smaller.
        total_parts: Number of parts.
    """

    size: int
    part_size: int
    total_parts: int

    @classmethod
    def checked(cls, size: int, part_size: int, total_parts: int, *, largest_part: int = LARGEST_PART) -> Plan:
        """Return the plan that a server proposes, if it covers the file exactly and its parts fit into memory.

        Args:
            size: Size of the file in bytes.
            part_size: Size of a part in bytes, as the server says.
            total_parts: Number of parts, as the server says.
            largest_part: Largest size of a part in bytes.

        Raises:
            PlanError: It does not fit.
        """
        if not 0 < part_size <= largest_part:
            raise PlanError(f"the server's part size is {part_size} bytes, not 1 to {largest_part}")
        needed = -(-size // part_size)
        if size < 1 or total_parts != needed:
            raise PlanError(
                f"the server plans {total_parts} parts of {part_size} bytes, but {size} bytes need {needed}"
            )
        return cls(size, part_size, total_parts)

    def part(self, index: int) -> Part:
        """Return a part by its number, from 0."""
        offset = index * self.part_size
        return Part(index, offset, min(self.part_size, self.size - offset))

    def parts(self) -> Iterator[Part]:
        """Return the parts, lowest offsets first. A multiple of the part size has no empty part at its end."""
        return map(self.part, range(self.total_parts))

    def holds(self, offset: int, size: int) -> Part | None:
        """Return the part with this offset and size, or None if there is none."""
        index, rest = divmod(offset, self.part_size)
        if rest or not 0 <= index < self.total_parts:
            return None
        part = self.part(index)
        return part if part.size == size else None


def needs_session(size: int) -> bool:
    """Return whether a file of this size gets a session; a smaller one is sent in one request."""
    return size >= MINIMUM_SIZE
