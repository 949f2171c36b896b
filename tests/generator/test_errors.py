"""An error is one line that a person can read, whatever the document holds."""

from __future__ import annotations

from typing import Any

import pytest

from generator.errors import SpecError, json_type


@pytest.mark.parametrize(
    ("place", "problem", "line"),
    [
        ("#/a", "b", "#/a: b"),
        ("", "b", "b"),
        ("#/a\nb", "c\td\u202e", "#/a\\nb: c\\td\\u202e"),
        ("p" * 300, "q" * 300, f"{'p' * 300}: {'q' * 300}"),
        ("p" * 150 + "-" + "r" * 150, "q" * 301, f"{'p' * 150}…{'r' * 150}: {'q' * 300}…"),
    ],
)
def test_an_error_message_is_one_line_of_limited_length(place: str, problem: str, line: str) -> None:
    found = SpecError(place, problem)

    assert (str(found), found.place, found.problem) == (line, place, problem)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        *(({}, "an object"), ([], "an array"), ("", "a string"), (False, "a boolean")),
        *((1, "a number"), (1.5, "a number"), (None, "null"), (b"", "a bytes")),
    ],
)
def test_a_value_is_described_by_its_json_type(value: Any, words: str) -> None:
    assert json_type(value) == words
