"""Text for people: numbers with units, and output that cannot control a terminal."""

from __future__ import annotations

import json
import os
from typing import Any

import msgspec

__all__ = [
    "count_text",
    "delay_text",
    "duration_text",
    "json_text",
    "path_text",
    "printable",
    "progress_text",
    "size_text",
]

_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def printable(text: str) -> str:
    """Return a text with each unprintable character, such as a terminal escape, replaced."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def json_text(data: Any) -> str:
    """Return JSON with each unprintable character escaped, which decodes to the same data."""
    # Names of files may hold what is no Unicode, which msgspec does not write.
    text = json.dumps(msgspec.to_builtins(data), ensure_ascii=False, separators=(",", ":"))
    return "".join(character if character.isprintable() else _escape(character) for character in text)


def _escape(character: str) -> str:
    """Return the JSON escape of a character, which is a surrogate pair beyond U+FFFF."""
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))


def path_text(path: str) -> str:
    """Return a path as valid text; file systems accept names that are not valid UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace")


def count_text(number: int, noun: str) -> str:
    """Return a number with its noun: `1 part`, `2 parts`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def delay_text(delay_s: float) -> str:
    """Return a delay in seconds, with one decimal below 10 seconds."""
    return f"{delay_s:.1f} s" if delay_s < 10 else f"{delay_s:.0f} s"


def duration_text(duration_s: float) -> str:
    """Return a duration as minutes and seconds, `0:06`, or with hours, `1:06:41`."""
    minutes, rest_s = divmod(int(duration_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest_s:02}" if hours else f"{minutes}:{rest_s:02}"


def size_text(size: int) -> str:
    """Return a size in its largest unit that leaves at least 1: `1 byte`, `999 bytes`, `1.5 MB`."""
    if size == 1:
        return "1 byte"
    unit = _unit(size)
    return f"{_number_text(size, unit)} {_UNITS[unit]}"


def progress_text(done: int, total: int) -> str:
    """Return how much of a size is done, both in the unit of the total: `0.6/1.2 GB`."""
    unit = _unit(total)
    return f"{_number_text(done, unit)}/{_number_text(total, unit)} {_UNITS[unit]}"


def _unit(size: int) -> int:
    """Return the index of the largest unit that leaves at least 1."""
    unit = 0
    while unit + 1 < len(_UNITS) and size >= 1000 ** (unit + 1):
        unit += 1
    return unit


def _number_text(size: int, unit: int) -> str:
    return f"{size / 1000**unit:.1f}" if unit else str(size)
