"""Text of the document, as names, literals, docstrings and messages: the exact words, whatever there is in it."""

from __future__ import annotations

from typing import Any

import pytest

from generator.document.document import Document
from generator.document.load import parse, pointer_part
from generator.errors import SpecError, described
from generator.python import filters
from generator.schema.schemas import Schemas

from .conftest import document

WORDS = "word " * 40
TEXTS: list[tuple[str, tuple[Any, ...], str]] = [
    ("one_line", ("  a \n\t b ",), "a b"),
    *(("sentence", (text,), text) for text in ("", "a.", "a!", "a?", "a:")),
    ("sentence", ("a ",), "a."),
    ("sentence", ("  ",), ""),
    ("header_token", ("A z/0.9+_-é(x)",), "A-z-0.9+_--x"),
    ("header_token", ("-é-",), "0"),
    ("python_literal", (None,), "None"),
    ("python_literal", (True,), "True"),
    ("python_literal", (1.5,), "1.5"),
    ("python_literal", ('a"\\\n\x7f\u0100\u202e\U000e0001ü',), '"a\\"\\\\\\x0a\\x7f\u0100\\u202e\\U000e0001ü"'),
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
def test_a_filter_makes_the_same_text_of_the_same_text(name: str, arguments: tuple[Any, ...], expected: str) -> None:
    assert getattr(filters, name)(*arguments) == expected


def test_names_of_classes_are_free() -> None:
    assert filters.class_name("a b", taken={"AB", "AB_"}) == "AB_2"


@pytest.mark.parametrize(
    ("name", "taken", "free"),
    [
        ("a", (), "a"),
        ("a", ("a",), "a_"),
        ("a", ("a", "a_"), "a_2"),
        ("a", ("a", "a_", "a_2", "a_4"), "a_3"),
        ("a_", ("a_",), "a_2"),
    ],
)
def test_a_taken_name_gets_an_underscore_and_then_a_number(name: str, taken: tuple[str, ...], free: str) -> None:
    assert filters.free_name(name, taken) == free


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
def test_a_problem_is_one_line_of_a_length_that_can_be_read(place: str, problem: str, line: str) -> None:
    found = SpecError(place, problem)

    assert (str(found), found.place, found.problem) == (line, place, problem)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        *(({}, "an object"), ([], "an array"), ("", "a string"), (False, "a boolean")),
        *((1, "a number"), (1.5, "a number"), (None, "null"), (b"", "a bytes")),
    ],
)
def test_a_value_is_described_by_its_kind(value: Any, words: str) -> None:
    assert described(value) == words


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({}, ""),
        ({"title": "A title"}, "A title"),
        ({"title": "A title", "description": " Words. "}, "Words."),
        ({"description": None, "title": "A title"}, "A title"),
        ({"$ref": "#/components/schemas/Named"}, "Of the name. Deprecated. The server takes `1` if it is absent."),
        (
            {"$ref": "#/components/schemas/Named", "description": "Own", "default": 2},
            "Own. Deprecated. The server takes `2` if it is absent.",
        ),
        ({"deprecated": True, "readOnly": True, "writeOnly": True}, "Deprecated. Only in responses. Only in requests."),
        ({"deprecated": False, "default": None}, "The server takes `null` if it is absent."),
        (
            {"deprecated": False, "$ref": "#/components/schemas/Named"},
            "Of the name. The server takes `1` if it is absent.",
        ),
        ({"default": {"ü": [True]}}, 'The server takes `{"ü": [true]}` if it is absent.'),
    ],
)
def test_a_property_is_described_by_all_that_is_said_of_it(schema: dict[str, Any], words: str) -> None:
    named = {"type": "integer", "description": "Of the name", "deprecated": True, "default": 1}
    schemas = {"Named": named, "S": {"type": "object", "description": "Own.", "properties": {"a": schema}}}
    found = Schemas(Document(document(schemas=schemas), "test"))
    found.read_components()

    (model,) = found.models
    assert model.description == "Own."
    assert [one.description for one in model.fields] == [words]
    assert [one.description for one in found.aliases] == ["Of the name"]


def test_yaml_says_what_json_would_say() -> None:
    text = "{true: 1, False: 2, null: 3, 200: 4, 1.5: 5, when: 2026-01-02, at: 2026-01-02T03:04:05Z, on: no, ~/: [*b]}"
    text = text.replace("*b", "{a: 1.0}")

    assert parse(text) == {
        "true": 1,
        "false": 2,
        "null": 3,
        "200": 4,
        "1.5": 5,
        "when": "2026-01-02",
        "at": "2026-01-02T03:04:05Z",
        "on": "no",
        "~/": [{"a": 1.0}],
    }


@pytest.mark.parametrize(("key", "part"), [("a/b~c", "a~1b~0c"), ("~1", "~01"), ("", "")])
def test_a_key_is_escaped_in_a_pointer(key: str, part: str) -> None:
    assert pointer_part(key) == part
