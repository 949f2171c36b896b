"""Mutants of regular expressions, as far as the dialect of schemas goes: anchors, repeats, classes, alternatives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

_CLASS = r"\[\^?(?:\\.|[^\]\\])+\]"
_REPEAT = re.compile(r"\{([0-9]+)(?:(,)([0-9]*))?\}")
_TOKEN = re.compile(rf"{_CLASS}|{_REPEAT.pattern}|\\.|\((?:\?[:=!])?|.", re.DOTALL)
_CHARACTER = r"\\x[0-9a-f]{2}|\\.|[^\\]"
_MEMBER = re.compile(rf"({_CHARACTER})(?:-({_CHARACTER}))?", re.DOTALL)
# How often something may come, once looser and once tighter, where there is such a neighbour.
_NEIGHBOURS = {"?": ("*", ""), "*": ("+",), "+": ("*", "")}
# What classes are compared on: all that a pattern of the dialect names, and one character beyond.
_CHARACTERS = [chr(code) for code in range(0x101)]


def looser_and_tighter(pattern: str) -> Iterator[str]:
    """Yield patterns that differ from a pattern in one thing; what Python cannot compile is left out."""
    yield from (changed for changed in dict.fromkeys(_changed(pattern)) if _compiles(changed))


def _changed(pattern: str) -> Iterator[str]:
    if pattern.startswith("^"):
        yield pattern[1:]
    if pattern.endswith("$"):
        yield pattern[:-1]
    tokens = list(_TOKEN.finditer(pattern))
    for token in tokens:
        for other in _others(token[0]):
            yield pattern[: token.start()] + other + pattern[token.end() :]
    for start, end in _alternatives(tokens, len(pattern)):
        yield pattern[:start] + pattern[end:]


def _others(token: str) -> Iterator[str]:
    """Yield what may stand in the place of a token."""
    repeat = _REPEAT.fullmatch(token)
    if repeat is not None:
        yield from _repeats(*repeat.groups())
    elif re.fullmatch(_CLASS, token):
        yield from (other for other in _classes(token) if _compiles(other) and _matched(other) != _matched(token))
    else:
        yield from _NEIGHBOURS.get(token, ())


def _repeats(least: str, comma: str | None, most: str | None) -> Iterator[str]:
    if comma is None:
        yield from (f"{{{int(least) + step}}}" for step in (-1, 1))
        return
    for step in (-1, 1):
        if int(least) + step >= 0 and (not most or int(least) + step <= int(most)):
            yield f"{{{int(least) + step},{most}}}"
        if most:
            yield f"{{{least},{int(most) + step}}}"


def _classes(token: str) -> Iterator[str]:
    """Yield a class without each of its members, and with each end of its ranges moved by one."""
    first = 2 if token.startswith("[^") else 1
    for member in _MEMBER.finditer(token, first, len(token) - 1):
        before, after = token[: member.start()], token[member.end() :]
        yield before + after
        if member[2] is not None:
            least, most = map(_code, member.groups())
            for step in (-1, 1):
                # Before the first of all characters there is none: the class stays as it is, which is no mutant.
                yield f"{before}{_written(max(least + step, 0))}-{member[2]}{after}"
                yield f"{before}{member[1]}-{_written(most + step)}{after}"


def _alternatives(tokens: list[re.Match[str]], length: int) -> Iterator[tuple[int, int]]:
    """Yield where each alternative stands, with the bar that separates it from another."""
    groups = [[0]]
    for token in tokens:
        if token[0].startswith("("):
            groups.append([token.end()])
        elif token[0] == "|":
            groups[-1].append(token.end())
        elif token[0] == ")":
            yield from _spans(groups.pop(), token.start())
    yield from _spans(groups.pop(), length)


def _spans(starts: list[int], end: int) -> Iterator[tuple[int, int]]:
    if len(starts) > 1:
        yield from pairwise(starts)
        yield starts[-1] - 1, end


def _code(character: str) -> int:
    return int(f"0{character[1:]}", 0) if character.startswith(r"\x") else ord(character[-1])


def _written(code: int) -> str:
    return chr(code) if chr(code).isalnum() and code < 0x80 else rf"\x{code:02x}"


def _matched(token: str) -> list[str]:
    return re.findall(token, "".join(_CHARACTERS))


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True
