"""Mutants of regular expressions, as far as the dialect of schemas goes: anchors, repeats, ranges, alternatives."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["looser_and_tighter"]

_REPEAT = re.compile(r"\{([0-9]+)(?:(,)([0-9]*))?\}")
_RANGE = re.compile(r"([0-9A-Za-z]|\\x[0-9a-f]{2})-([0-9A-Za-z]|\\x[0-9a-f]{2})(?=[^\]]*\])")


def looser_and_tighter(pattern: str) -> Iterator[str]:
    """Yield patterns that differ from a pattern in one thing."""
    if pattern.startswith("^"):
        yield pattern[1:]
    if pattern.endswith("$"):
        yield pattern[:-1]
    for match in _REPEAT.finditer(pattern):
        for repeat in _repeats(*match.groups()):
            yield pattern[: match.start()] + repeat + pattern[match.end() :]
    for match in _RANGE.finditer(pattern):
        # One character less at its upper end.
        shorter = f"{match[1]}-{_before(match[2])}"
        yield pattern[: match.start()] + shorter + pattern[match.end() :]


def _repeats(least: str, comma: str | None, most: str | None) -> Iterator[str]:
    if comma is None:
        yield from (f"{{{int(least) + step}}}" for step in (-1, 1))
        return
    for step in (-1, 1):
        if int(least) + step >= 0 and (not most or int(least) + step <= int(most)):
            yield f"{{{int(least) + step},{most}}}"
        if most:
            yield f"{{{least},{int(most) + step}}}"


def _before(character: str) -> str:
    if len(character) == 1:
        return chr(ord(character) - 1)
    # Written as an escape, such as \x1f.
    return rf"\x{int(character[-2:], 16) - 1:02x}"
