"""Numbers with units, and output that cannot control a terminal."""

from __future__ import annotations

import json

import pytest
from box_uploads.cli.text import count_text, duration_text, json_text, printable, progress_text, size_text

# A C1 control, an override of the direction, a zero-width space, a line separator, and a tag beyond U+FFFF.
TRICKS = "a\x9b\u202e\u200b\u2028\U000e0041b.mov"


@pytest.mark.parametrize(("size", "text"), [
    (0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (1_500_000, "1.5 MB"), (2 * 10**9, "2.0 GB"),
    (3 * 10**12, "3.0 TB"), (4 * 10**15, "4000.0 TB"),
])  # fmt: skip
def test_a_size_has_the_largest_unit_that_leaves_at_least_1(size: int, text: str) -> None:
    assert size_text(size) == text


@pytest.mark.parametrize(("done", "total", "text"), [
    (0, 40_000_000, "0.0/40.0 MB"), (600_000_000, 1_200_000_000, "0.6/1.2 GB"), (0, 0, "0/0 bytes"),
    (7, 999, "7/999 bytes"),
])  # fmt: skip
def test_progress_has_the_unit_of_the_total(done: int, total: int, text: str) -> None:
    assert progress_text(done, total) == text


@pytest.mark.parametrize(("duration_s", "text"), [(0, "0:00"), (6.9, "0:06"), (601, "10:01"), (4001, "1:06:41")])
def test_a_duration_has_hours_only_if_it_is_that_long(duration_s: float, text: str) -> None:
    assert duration_text(duration_s) == text


def test_only_a_count_of_1_is_singular() -> None:
    assert [count_text(number, "part") for number in (0, 1, 2000)] == ["0 parts", "1 part", "2,000 parts"]


def test_unprintable_characters_are_replaced_in_text_and_escaped_in_json() -> None:
    text = json_text({"name": TRICKS})
    assert text.isprintable()
    assert json.loads(text) == {"name": TRICKS}
    assert json.loads(json_text({"path": "a\udcff"})) == {"path": "a\udcff"}
    assert printable(TRICKS) == "a\ufffd\ufffd\ufffd\ufffd\ufffdb.mov"
