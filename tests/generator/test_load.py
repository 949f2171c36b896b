"""Documents are read as JSON would be, whether they are JSON or YAML."""

from __future__ import annotations

import pytest

from generator.document.load import parse, pointer_part


def test_yaml_is_read_as_json_would_be() -> None:
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
