"""Defects of the mock: listing parts."""

from __future__ import annotations

from typing import Any

from tests.prove.mock_defects.outcomes import HANDLER, with_body
from tests.prove.operations import LIST
from tests.prove.patches import change, patch, wrap


def _fixed(fixed: str, value: int) -> Any:
    """Ignore a number of the query."""
    return lambda original, call, name, least, most, *, default: (
        value if name == fixed else original(call, name, least, most, default=default)
    )


def _a_malformed_number_is_ignored(original: Any, call: Any, name: str, least: int, most: int, *, default: int) -> int:
    is_number = call.query.get(name, "").isdecimal()
    return original(call, name, least, most, default=default) if is_number else default


# fmt: off
DEFECTS = (
    patch("parts-are-listed-as-they-came", "box_uploads_mock.part_store.PartStore.parts",
        "The parts are listed in order of arrival.", lambda part_store: list(part_store._parts.values()), LIST),
    wrap("parts-are-listed-backwards", "box_uploads_mock.part_store.PartStore.parts",
        "The parts are listed in reverse.",
        lambda original, part_store: list(reversed(original(part_store))), LIST),
    wrap("the-count-is-that-of-the-page", HANDLER(LIST), "`total_count` counts the parts of the page.",
        with_body(lambda body: body.update(total_count=len(body["entries"]))), LIST),
    wrap("the-page-does-not-say-where-it-begins", HANDLER(LIST), "`offset` is always 0.",
        with_body(lambda body: body.update(offset=0)), LIST),
    wrap("a-page-has-one-part-less", HANDLER(LIST), "The last part of a page is missing.",
        with_body(lambda body: body.update(entries=body["entries"][:-1])), LIST),
    wrap("a-list-has-no-entries", HANDLER(LIST), "`entries` is called `parts`.",
        with_body(lambda body: body.update(parts=body.pop("entries"))), LIST),
    wrap("the-offset-of-a-page-is-ignored", "box_uploads_mock.operations._query_number",
        "All pages start with the first part.", _fixed("offset", 0), LIST),
    wrap("the-limit-of-a-page-is-ignored", "box_uploads_mock.operations._query_number",
        "All pages have up to 1,000 parts.", _fixed("limit", 1000), LIST),
    wrap("a-malformed-number-is-ignored", "box_uploads_mock.operations._query_number",
        "A malformed offset or limit is ignored.", _a_malformed_number_is_ignored, LIST),
    change("an-offset-may-be-one-larger", "box_uploads_mock.operations.MAX_OFFSET", "10,001 parts can be skipped.",
        lambda original: original + 1, LIST),
    wrap("a-limit-may-be-0", "box_uploads_mock.operations._query_number", "A limit of 0 is accepted.",
        lambda original, call, name, least, most, *, default: original(call, name, 0, most, default=default), LIST),
)
