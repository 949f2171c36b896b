"""Text for a person: on one line, of characters that do nothing to a terminal."""

from __future__ import annotations

import os
from typing import Any

import msgspec

__all__ = ["clock_text", "counted", "json_text", "path_text", "printable", "seconds", "size_text"]

_UNITS = ("kB", "MB", "GB", "TB")


def printable(text: str) -> str:
    """Return a text in which what is not printable, such as the escapes of a terminal, is replaced."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def json_text(data: Any) -> str:
    """Return JSON in which what is not printable is escaped: it does nothing to a terminal, and decodes as it was."""
    text = msgspec.json.encode(data).decode()
    return "".join(character if character.isprintable() else _escaped(character) for character in text)


def _escaped(character: str) -> str:
    """Return the escape of a character, which is a pair of them beyond U+FFFF."""
    units = character.encode("utf-16-be").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))


def path_text(path: str) -> str:
    """Return a path as valid text; a file system may hold names that are none."""
    return os.fsencode(path).decode("utf-8", "replace")


def counted(number: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def seconds(delay_s: float) -> str:
    """Return a number of seconds, with fractions where they matter."""
    return f"{delay_s:.1f} s" if delay_s < 10 else f"{delay_s:.0f} s"


def clock_text(duration_s: float | None) -> str:
    """Return a duration in minutes and seconds, with hours where there are some; None is one that is not known."""
    if duration_s is None:
        return "--:--"
    minutes, rest_s = divmod(int(duration_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest_s:02}" if hours else f"{minutes:02}:{rest_s:02}"


def size_text(size: int) -> str:
    """Return a size in the unit that suits it."""
    value, unit = float(size), "bytes"
    for larger in _UNITS:
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{size} bytes" if unit == "bytes" else f"{value:.1f} {unit}"
