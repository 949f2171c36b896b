"""Text of the document becomes exactly this Python, whatever it contains."""

from __future__ import annotations

from typing import Any

import pytest

from generator.render.package import FILTERS

WORDS = "word " * 40
TEXTS: list[tuple[str, tuple[Any, ...], str]] = [
    ("one_line", ("  a \n\t b ",), "a b"),
    *(("sentence", (text,), text) for text in ("", "a.", "a!", "a?", "a:")),
    ("sentence", ("a ",), "a."),
    ("sentence", ("An X",), "An X."),
    ("sentence", ("  ",), ""),
    ("header_token", ("A z/0.9+_-é(x)",), "A-z-0.9+_--x"),
    ("header_token", ("-é-",), "0"),
    ("python_literal", (None,), "None"),
    ("python_literal", (True,), "True"),
    ("python_literal", (1.5,), "1.5"),
    (
        "python_literal",
        ('a"\\\n\x7f\u0100\u202e\U000e0001ü',),
        '"a\\"\\\\\\x0a\\x7f\u0100\\u202e\\U000e0001ü"',
    ),
    ("long_literal", ("",), '""'),
    ("long_literal", ("a" * 100 + " b",), f'"{"a" * 100} " "b"'),
    ("long_literal", (WORDS,), f'"{"word " * 18}" "{"word " * 18}" "{"word " * 4}"'),
    ("long_literal", ("  a",), '"  a"'),
    ("docstring_code", ('a\\b"c"""d"',), 'a\\\\b"c\\"""d\\"'),
    ("docstring_text", ("",), ""),
    ("docstring_text", ("a\u0007b\tc\u202ed\ud800e\u2028f\u2029g",), "ab cde f g"),
    ("docstring_text", ("One\ntwo.\n \nThree.",), "One two.\n\nThree."),
    ("docstring_text", ("One\n\nTwo", 4), "One\n\n    Two"),
    (
        "docstring_text",
        ("A:\n- b\n  c\n* d\n+ e\n1. f\n123) g\n1234. h\n-i",),
        "A:\n- b c\n* d\n+ e\n1. f\n123) g 1234. h -i",
    ),
    ("docstring_text", (WORDS, 8), f"{'word ' * 20}word\n        {'word ' * 18}word"),
    ("docstring_text", (WORDS, 8, 4), f"{'word ' * 19}word\n            {'word ' * 19}word"),
    ("docstring_text", (WORDS[:-5], 8, 4, "a_name: "), f"{'word ' * 18}word\n            {'word ' * 19}word"),
    (
        "docstring_text",
        (WORDS, 8, 4, "a_long_name: "),
        f"{'word ' * 17}word\n            {'word ' * 19}word\n            word word",
    ),
    ("docstring_text", ("x" * 200 + " a-b",), "x" * 200 + "\na-b"),
    ("class_name", ("a-b c_d",), "ABCD"),
    ("class_name", ("²",), "Model2"),
    ("class_name", ("\u0300",), "Model"),
    ("class_name", ("aBC d",), "ABCD"),
    ("class_name", ("true",), "True_"),
]


@pytest.mark.parametrize(("name", "arguments", "expected"), TEXTS)
def test_a_filter_returns_exactly_this_text(name: str, arguments: tuple[Any, ...], expected: str) -> None:
    assert FILTERS[name](*arguments) == expected
