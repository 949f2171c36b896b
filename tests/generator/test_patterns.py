"""Patterns of ECMA-262 match in Python what they match in ECMAScript; what cannot be said is refused."""

from __future__ import annotations

import re
import sys

import pytest

from generator.schema.patterns import python_pattern

SPACES = "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("^a$", ["a"], ["a\n", "ba"]),
        ("b", ["abc"], ["ac"]),
        (r"^\d$", ["5"], ["\u0665", "a"]),
        (r"^\w$", ["a", "_", "9"], ["é", "-"]),
        (r"^[\d_]$", ["5", "_"], ["\u0665"]),
        (r"^\D\W\S$", ["\u0665éx"], ["5éx", "\u0665ax", "\u0665é "]),
        (r"^[\D]$", ["\u0665", "a"], ["5"]),
        (r"^[\W]$", ["é", "-", "["], ["a", "_", "9"]),
        (r"^[\S]$", ["a", "\u0085", "\u200b"], [*SPACES]),
        (r"^[^\S]$", [*SPACES], ["a", "\u0085"]),
        (r"^\s$", [*SPACES], ["\u0085", "\x1c", "a"]),
        (r"^[\s\S]*$", ["", "a\nb\u2028"], []),
        ("^.$", ["a", "\u0085", "\v"], ["\n", "\r", "\u2028", "\u2029"]),
        ("^[^]$", ["a", "\n"], ["", "ab"]),
        (r"\bé", ["aé"], ["éé", "é"]),
        (r"a\B", ["aa"], ["a", "aé"]),
        ("a{,3}", ["a{,3}"], ["aa"]),
        ("^a{2}b{1,}c{0,1}$", ["aabb", "aabc"], ["ab", "aabcc"]),
        ("^{}$", ["{}"], [""]),
        (r"^[+-\d]$", ["+", "-", "0"], [",", "."]),
        (r"^[\d-z]$", ["5", "-", "z"], ["a"]),
        ("^[--/]$", ["-", ".", "/"], [","]),
        ("^[a-]$", ["a", "-"], ["b"]),
        ("^[a&&b|~~[]$", ["a", "&", "|", "~", "["], ["c"]),
        (r"^[\]\\^-]$", ["]", "\\", "^", "-"], ["a"]),
        (r"^[\b]$", ["\b"], ["b", "X"]),
        ("^(?<year>[0-9]{4})-\\k<year>$", ["2026-2026"], ["2026-2025"]),
        (r"^(a)\1$", ["aa"], ["a1", "ab"]),
        (r"^(?:ab)+(?=c)", ["ababc"], ["abd"]),
        (r"^(?!\.{1,2}$)[a.]+$", ["a", "...", "a."], [".", ".."]),
        (r"(?<=a)b(?<!c)", ["ab"], ["cb"]),
        (r"^\u0041\x42\u{1F600}\uD83D\uDE00$", ["AB\U0001f600\U0001f600"], ["AB"]),
        (r"^\cJ\0\t\n\v\f\r$", ["\n\0\t\n\v\f\r"], [""]),
        (r"^\/\-\"\_\.\*\{$", ['/-"_.*{'], ["/"]),
        (r"^[\u{1F600}-\u{1F64F}]$", ["\U0001f601"], ["a"]),
        ("a*?b+?c??", ["b"], ["a"]),
        ("#.\\ ", ["#a "], ["a"]),
    ],
)
def test_a_pattern_matches_as_in_ecmascript(pattern: str, matching: list[str], others: list[str]) -> None:
    found = re.compile(python_pattern(pattern))

    assert [text for text in matching if not found.search(text)] == []
    assert [text for text in others if found.search(text)] == []


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("(?a)", "has an unknown group (?a)"),
        ("x(?P<a>b)", "has an unknown group (?P<"),
        ("(?<1>a)", "has an unknown group (?<1"),
        ("[]", "has an empty set [], which matches nothing"),
        ("[a", "has a set without an end"),
        (r"[\1]", r"has \1 within a set"),
        (r"\k", r"has a \k without a name"),
        (r"(a)\12", "refers to a group by more than one digit"),
        (r"\P{L}", r"has a Unicode property \P, which Python's re does not know"),
        (r"\q", r"has an unknown escape \q"),
        (r"\é", r"has an unknown escape \é"),
        ("[\\", "ends in a backslash"),
        ("a*+", "repeats a repetition"),
        ("[b-a]", "cannot be translated for Python's re: bad character range b-a at position 1"),
    ],
)
def test_an_untranslatable_construct_is_named(pattern: str, words: str) -> None:
    with pytest.raises(ValueError) as failure:  # the whole message is compared
        python_pattern(pattern)

    assert str(failure.value) == words


@pytest.mark.parametrize(
    ("pattern", "translated"),
    [
        (r"\uD83D\uDE00\uD83Dx", r"\U0001f600\U0000d83dx"),
        (r"\u{10FFFF}\u00e9\u00ff\u0100\x41", r"\U0010ffff\xe9\xff\U00000100\x41"),
        (r"\cJ\cz\0", r"\x0a\x1a\x00"),
        (r"$.{a}]", r"\Z[^\n\r\u2028\u2029]\{a\}]"),
        (r"[\w-a][a-\d][--a]", r"[A-Za-z0-9_\-a][a\-0-9][\--a]"),
        ("[+--][a-]", r"[+-\-][a-]"),
        (r"(?<n>a)\k<n>(?:b)(?=c)(?!d)(?<=e)(?<!f)(a)\2", r"(?P<n>a)(?P=n)(?:b)(?=c)(?!d)(?<=e)(?<!f)(a)(?:\2)"),
        ("a{1,2}?b{3}c{4,}", "a{1,2}?b{3}c{4,}"),
    ],
)
def test_only_what_differs_in_python_is_translated(pattern: str, translated: str) -> None:
    assert python_pattern(pattern) == translated


@pytest.mark.parametrize(
    "pattern",
    [
        *("(", ")", "[a", "[]", "a**", "a++", "a*+", "a{2}+", "(?>a)", "(?i)a", "(?P<a>b)", "(?#a)", "(?(1)a|b)"),
        *(r"\p{L}", r"\P{L}", r"\u12", r"\x1", r"\u{110000}", r"\c1", r"\q", r"\A", r"\Z", r"\é", "\\", r"[\1]"),
        *(r"\1", r"\k<a>", r"\k", r"(a)\12", r"\01", "[b-a]", "(?<=a*)b", "(?<a>b)(?<a>c)", "(?<1>a)", "a{2,1}"),
        *("[\\", "?", "*a", "(?<", "(?"),
    ],
)
def test_an_untranslatable_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"^\S.*"):
        python_pattern(pattern)


def test_character_classes_match_the_same_characters_as_in_ecmascript() -> None:
    characters = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]
    for small, large in ("dD", "wW", "sS"):
        inside = re.compile(python_pattern(f"^\\{small}$"))
        outside = re.compile(python_pattern(f"^[\\{large}]$"))
        for character in characters[:0x3100] + characters[-0x200:] + ["\ufeff", "\ufefe", "\uff00"]:
            assert bool(inside.search(character)) != bool(outside.search(character))
