"""Regular expressions of JSON Schema (ECMA-262) as regular expressions of Python's `re`."""

from __future__ import annotations

import re

_CLASSES = {
    "d": "0-9",
    "w": "A-Za-z0-9_",
    "s": r"\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff",
}


def python_pattern(pattern: str) -> str:
    r"""Return the Python pattern that matches what the ECMA pattern matches.

    `$` ends the text (Python's also matches before a final newline), `\d`, `\w` and `\s` keep their ECMA sets, `.` stops
    at all line ends, and named groups are spelt Python's way.

    Raises:
        ValueError: If the pattern has something that `re` cannot say, or is no pattern.
    """
    result: list[str] = []
    position, in_class = 0, False
    while position < len(pattern):
        character = pattern[position]
        if character == "\\":
            translated, position = _escape(pattern, position, in_class=in_class)
            result.append(translated)
            continue
        position += 1
        if in_class:
            in_class = character != "]"
            # Python warns of these as future set operations.
            result.append(f"\\{character}" if character in "[&~|" else character)
        elif character == "[":
            in_class = True
            if pattern.startswith("]", position):
                raise ValueError("an empty set [] matches nothing")
            if pattern.startswith("^]", position):
                result.append(r"[\s\S]")
                position, in_class = position + 2, False
            else:
                result.append("[")
        elif character == "$":
            result.append(r"\Z")
        elif character == ".":
            result.append(r"[^\n\r\u2028\u2029]")
        elif character == "(" and pattern.startswith("?<", position) and pattern[position + 2 : position + 3] not in {"=", "!"}:
            result.append("(?P<")
            position += 2
        else:
            result.append(character)
    translated = "".join(result)
    try:
        re.compile(translated)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"cannot be said in Python: {error}") from error
    return translated


def _escape(pattern: str, position: int, *, in_class: bool) -> tuple[str, int]:
    kind = pattern[position + 1 : position + 2]
    after = position + 2
    if not kind:
        raise ValueError("ends in a backslash")
    if kind in _CLASSES:
        return (_CLASSES[kind] if in_class else f"[{_CLASSES[kind]}]"), after
    if kind in {"D", "W", "S"}:
        if in_class:
            raise ValueError(f"has \\{kind} within a set")
        return f"[^{_CLASSES[kind.lower()]}]", after
    if kind in {"p", "P"}:
        raise ValueError(f"has a Unicode property \\{kind}, which Python's re does not know")
    if kind == "k" and pattern.startswith("<", after):
        end = pattern.index(">", after)
        return f"(?P={pattern[after + 1 : end]})", end + 1
    if kind == "c":
        return f"\\x{ord(pattern[after]) % 32:02x}", after + 1
    if kind == "u" and pattern.startswith("{", after):
        end = pattern.index("}", after)
        return f"\\U{int(pattern[after + 1 : end], 16):08x}", end + 1
    if kind == "0":
        return r"\x00", after
    if kind in {"x", "u"}:
        digits = 2 if kind == "x" else 4
        return pattern[position : after + digits], after + digits
    if kind in {"/", "-", '"', "'", "`", "%", "@", "#", "<", ">", "=", "!", ",", ";", ":", "&", "~", "_"} and not in_class:
        return re.escape(kind), after
    if kind in {"b"} and in_class:
        return r"\x08", after
    if kind.isalpha() and kind not in "bBfnrtv":
        raise ValueError(f"has an unknown escape \\{kind}")
    return pattern[position:after], after
