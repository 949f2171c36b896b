"""Patterns of JSON Schema (ECMA-262 regular expressions), translated for Python's `re`."""

from __future__ import annotations

import re
import warnings

_CLASSES = {
    "d": "0-9",
    "w": "A-Za-z0-9_",
    "s": r"\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff",
    # The complements, spelt out: Python's own classes cover other characters.
    "D": r"\x00-/:-\U0010ffff",
    "W": r"\x00-/:-@\[-\^`\{-\U0010ffff",
    "S": (
        r"\x00-\x08\x0e-\x1f!-\x9f\xa1-\u167f\u1681-\u1fff\u200b-\u2027\u202a-\u202e"
        r"\u2030-\u205e\u2060-\u2fff\u3001-\ufefe\uff00-\U0010ffff"
    ),
}
_WORD = "[A-Za-z0-9_]"
_BOUNDARIES = {
    "b": f"(?:(?<={_WORD})(?!{_WORD})|(?<!{_WORD})(?={_WORD}))",
    "B": f"(?:(?<={_WORD})(?={_WORD})|(?<!{_WORD})(?!{_WORD}))",
}
_GROUP = re.compile(r"\((\?(?:[:=!]|<[=!]|<(?P<name>[A-Za-z_]\w*)>))?")
_QUANTIFIER = re.compile(r"([*+?]|\{\d+(?:,\d*)?\})(\??)(\+?)")
_CODE = re.compile(
    r"u[dD](?P<high>[89abAB][0-9a-fA-F]{2})\\u[dD](?P<low>[c-fC-F][0-9a-fA-F]{2})"
    r"|u\{(?P<braced>[0-9a-fA-F]{1,6})\}|u(?P<four>[0-9a-fA-F]{4})|x(?P<two>[0-9a-fA-F]{2})|c(?P<control>[A-Za-z])"
    r"|(?P<null>0)(?![0-9])"
)


def python_pattern(pattern: str) -> str:
    r"""Return a Python pattern that matches the same texts as the ECMA pattern.

    `$` ends the text (Python's also matches before a final newline), `\d`, `\w`, `\s` and `\b` keep their ECMA sets,
    `.` stops at all line ends, and named groups are spelt Python's way.

    Raises:
        ValueError: The pattern is malformed, or `re` cannot express it.
    """
    translated = "".join(_Translator(pattern).parts())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(translated)
    except (re.error, Warning, RecursionError, OverflowError) as error:
        raise ValueError(f"cannot be translated for Python's re: {error}") from error
    return translated


class _Translator:
    """Translates a pattern in one pass."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._position = 0

    def parts(self) -> list[str]:
        """Return the parts of the Python pattern."""
        result: list[str] = []
        while self._position < len(self._pattern):
            result.append(self._part())
        return result

    def _part(self) -> str:
        character = self._pattern[self._position]
        if character == "\\":
            return self._escape()
        if character == "[":
            return self._set()
        if character == "(":
            return self._group()
        if quantifier := self._match(_QUANTIFIER):
            if quantifier[3]:
                raise ValueError("repeats a repetition")
            return quantifier[0]
        self._position += 1
        return {"$": r"\Z", ".": r"[^\n\r\u2028\u2029]", "{": r"\{", "}": r"\}"}.get(character, character)

    def _group(self) -> str:
        start = self._position
        group = self._match(_GROUP)
        if group is None or (group[0] == "(" and self._pattern.startswith("?", self._position)):
            raise ValueError(f"has an unknown group {self._pattern[start : start + 4]}")
        return f"(?P<{group['name']}>" if group["name"] else group[0]

    def _set(self) -> str:
        self._position += 1
        negated = self._take("^")
        if self._take("]"):
            if negated:
                return r"[\s\S]"
            raise ValueError("has an empty set [], which matches nothing")
        parts = ["[^" if negated else "["]
        while not self._take("]"):
            if self._position == len(self._pattern):
                raise ValueError("has a set without an end")
            character = self._pattern[self._position]
            if character == "\\":
                parts += self._escape_in_set(parts)
                continue
            self._position += 1
            # Python reserves these for set operations, and warns.
            plain = character not in "[&~|" and not (character == "-" and (len(parts) == 1 or parts[-1] == "-"))
            parts.append(character if plain else f"\\{character}")
        return "".join((*parts, "]"))

    def _escape_in_set(self, before: list[str]) -> list[str]:
        kind = self._kind()
        if kind in _CLASSES:
            self._position += 2
            # A class cannot end a range, so a hyphen beside it is a literal hyphen.
            if before[-1] == "-":
                before[-1] = r"\-"
            return [_CLASSES[kind], *([r"\-"] if self._take("-") else [])]
        if kind == "b":
            self._position += 2
            return [r"\x08"]
        if kind.isdigit() and kind != "0":
            raise ValueError(f"has \\{kind} within a set")
        return [self._character()]

    def _escape(self) -> str:
        kind = self._kind()
        start, self._position = self._position, self._position + 2
        if kind in _CLASSES:
            return f"[{_CLASSES[kind]}]" if kind.islower() else f"[^{_CLASSES[kind.lower()]}]"
        if kind in _BOUNDARIES:
            return _BOUNDARIES[kind]
        if kind == "k":
            if name := self._match(re.compile(r"<([A-Za-z_]\w*)>")):
                return f"(?P={name[1]})"
            raise ValueError("has a \\k without a name")
        if kind.isdigit() and kind != "0":
            if self._match(re.compile("[0-9]")):
                raise ValueError("refers to a group by more than one digit")
            # In a group of its own, so that a digit after it does not become part of its number.
            return f"(?:\\{kind})"
        self._position = start
        return self._character()

    def _character(self) -> str:
        """Translate an escape of a single character."""
        kind = self._kind()
        self._position += 1
        if found := self._match(_CODE):
            name = str(found.lastgroup)
            if name == "low":
                return f"\\U{0x10000 + ((int(found['high'], 16) & 0x3FF) << 10) + (int(found['low'], 16) & 0x3FF):08x}"
            if name == "control":
                return f"\\x{ord(found[name]) % 32:02x}"
            code = 0 if name == "null" else int(found[name], 16)
            return f"\\x{code:02x}" if code < 0x100 else f"\\U{code:08x}"
        self._position += 1
        if kind in {"p", "P"}:
            raise ValueError(f"has a Unicode property \\{kind}, which Python's re does not know")
        if kind in "fnrtv":
            return f"\\{kind}"
        if kind.isalnum() or not kind.isascii():
            raise ValueError(f"has an unknown escape \\{kind}")
        return re.escape(kind)

    def _kind(self) -> str:
        kind = self._pattern[self._position + 1 : self._position + 2]
        if not kind:
            raise ValueError("ends in a backslash")
        return kind

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self._pattern, self._position)
        if match:
            self._position = match.end()
        return match

    def _take(self, text: str) -> bool:
        found = self._pattern.startswith(text, self._position)
        self._position += len(text) if found else 0
        return found
