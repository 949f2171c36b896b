"""Validation of request bodies, and the error codes of invalid bodies."""

import json
from decimal import Decimal

import pytest
from box_uploads_mock import State, rules

from tests.unit.mock.in_process import SESSIONS, new_file, post, require_error, versions

LONE_SURROGATE = "\ud800"
SIZE = 20_000_000
MESSAGES = {
    "missing_destination": "The folder of the file is missing.",
    "invalid_folder_id": "The id of the folder is not 1 to 19 decimal digits.",
    "missing_file_name": "The name of the file is missing.",
    "item_name_invalid": "Box cannot store this name.",
    "item_name_too_long": "The name has more than 255 characters.",
    "missing_file_size": "The size of the file is missing.",
    "invalid_file_size": "The file size is not a whole number of bytes.",
    "file_size_too_small": "The file size is below the minimum of 20000000 bytes.",
    "bad_request": "The request body has a property that is not known.",
}
NO_IDS = ["", 0, "-1", "1\n", "\u0661", "1" * 20, ["0"]]
NO_NAMES = ["", 7, ".", "..", "a/b", "a\\b", "a\x00", "a\n", "\x7f", LONE_SURROGATE]
NO_SIZES = ["20000000", True, -1, 20_000_000.5, 2**63, [20_000_000]]
MISSING = {"folder_id": "missing_destination", "file_name": "missing_file_name", "file_size": "missing_file_size"}


@pytest.mark.parametrize(("name", "code"), MISSING.items())
def test_a_new_file_needs_every_property(state: State, name: str, code: str) -> None:
    absent = {other: value for other, value in new_file().items() if other != name}
    for body in (absent, new_file(**{name: None})):
        require_error(post(state, SESSIONS, body), 400, code, MESSAGES[code], name)
    assert not state.sessions


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        *(("folder_id", value, "invalid_folder_id") for value in NO_IDS),
        *(("file_name", value, "item_name_invalid") for value in NO_NAMES),
        ("file_name", "a" * 256, "item_name_too_long"),
        *(("file_size", value, "invalid_file_size") for value in NO_SIZES),
        *(("file_size", value, "file_size_too_small") for value in (0, 19_999_999)),
        ("parent", {"id": "0"}, "bad_request"),
        (LONE_SURROGATE, 1, "bad_request"),
    ],
    ids=ascii,
)
def test_an_invalid_body_for_a_new_file_says_why(state: State, name: str, value: object, code: str) -> None:
    shown = "\\ud800" if name == LONE_SURROGATE else name
    require_error(post(state, SESSIONS, new_file(**{name: value})), 400, code, MESSAGES[code], shown)
    assert not state.sessions


@pytest.mark.parametrize(
    ("body", "code", "name"),
    [
        ({}, "missing_file_size", "file_size"),
        ({"file_size": None}, "missing_file_size", "file_size"),
        ({"file_size": 1}, "file_size_too_small", "file_size"),
        ({"file_size": "1"}, "invalid_file_size", "file_size"),
        *(({"file_size": SIZE, "file_name": name}, "item_name_invalid", "file_name") for name in (None, 1, "/")),
        ({"file_size": SIZE, "file_name": "a" * 256}, "item_name_too_long", "file_name"),
        *(({"file_size": SIZE, "folder_id": value}, "invalid_folder_id", "folder_id") for value in (None, "x")),
        ({"file_size": SIZE, "name": "x"}, "bad_request", "name"),
        ({"file_size": SIZE, "\u00e9" * 30: 1}, "bad_request", "\\xe9" * 25),
    ],
    ids=str,
)
def test_an_invalid_body_for_a_version_says_why(state: State, body: object, code: str, name: str) -> None:
    require_error(post(state, versions("12345"), body), 400, code, MESSAGES[code], name)


NO_OBJECTS = [b"[]", b"null", b'"text"']
NO_JSON = [
    *(b"", b"{", b'{"file_size": NaN}', b'{"file_size": Infinity}', b'{"file_size": -Infinity}', b"{} trailing"),
    *(b"\xff\xfe{}", b"\xef\xbb\xbf{}", b'{"file_name": "\xff"}', '{"file_size": 20000000}'.encode("utf-16")),
    *(b"[" * 60_000, b'{"file_size": ' + b"9" * 60_000 + b"}", b'{"file_size": 1e99999999999999999999999}'),
]


@pytest.mark.parametrize("body", [*NO_OBJECTS, *NO_JSON], ids=lambda body: repr(body[:40]))
def test_a_body_that_is_not_a_json_object_is_rejected(state: State, body: bytes) -> None:
    message = f"The request body is not {'a JSON object' if body in NO_OBJECTS else 'valid JSON'}."
    for path in (SESSIONS, versions("12345")):
        require_error(post(state, path, body), 400, "bad_request", message)


# The fifth one has more digits than a binary floating-point number has.
@pytest.mark.parametrize(("number", "file_size"), [
    ("20000000", 20_000_000), ("20000000.0", 20_000_000), ("2e7", 20_000_000), ("1E+8", 100_000_000),
    ("900719925474.0993e4", 9_007_199_254_740_993), ("9223372036854775807.0", 2**63 - 1),
    ("200000000e-1", 20_000_000), ("20000000." + "0" * 1000, 20_000_000),
])  # fmt: skip
def test_a_whole_number_in_any_notation_is_read_exactly(number: str, file_size: int) -> None:
    body = f'{{"file_size": {number}}}'.encode()
    assert rules.parse_new_version(body).file_size == file_size


@pytest.mark.parametrize("number", [
    "20000000.5", "9223372036854775807.5", "9223372036854775808.0", "1e999999999", "-2e7", "1e-999999999",
])  # fmt: skip
def test_an_invalid_size_gets_400(state: State, number: str) -> None:
    body = f'{{"file_size": {number}}}'.encode()
    assert post(state, versions("12345"), body).status == 400


@pytest.mark.parametrize("name", [
    "a", "a" * 255, "\U0001f600" * 255, "\U0001f600.mov", " both ends ", "...", "..a", ".hidden", "a.", "e\u0301",
    "\u2028", "\ufffe", "CON",
], ids=ascii)  # fmt: skip
def test_unusual_names_are_accepted(state: State, name: str) -> None:
    response = post(state, SESSIONS, new_file(file_name=name))
    assert response.status == 201


def test_an_escaped_surrogate_pair_is_one_character(state: State) -> None:
    body = json.dumps(new_file(file_name="\U0001f600" * 255)).encode()
    assert b"\\ud83d\\ude00" in body
    assert post(state, SESSIONS, body).status == 201


def test_the_last_of_repeated_names_counts(state: State) -> None:
    body = b'{"file_size": 1, "file_size": 20000000}'
    assert post(state, versions("12345"), body).status == 201


def test_fractions_are_read_as_decimals() -> None:
    assert rules.parse_json_object(b'{"a": 0.1}') == {"a": Decimal("0.1")}
