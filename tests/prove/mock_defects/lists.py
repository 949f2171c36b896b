"""Defects of the mock: listing parts."""

from __future__ import annotations

from typing import Any

from tests.prove.mock_defects.outcomes import HANDLER, with_body
from tests.prove.operations import LIST
from tests.prove.patches import add, change, patch, wrap


def _fix_number(fixed: str, value: int) -> Any:
    """Ignore a number of the query."""
    return lambda original, call, name, least, most, *, default: (
        value if name == fixed else original(call, name, least, most, default=default)
    )


def _ignore_malformed_number(original: Any, call: Any, name: str, least: int, most: int, *, default: int) -> int:
    is_number = call.query.get(name, "").isdecimal()
    return original(call, name, least, most, default=default) if is_number else default


# fmt: off
DEFECTS = (
    patch("The parts are listed in order of arrival", "mock.part_store.PartStore.parts",
        lambda part_store: list(part_store._parts.values()), LIST),
    wrap("The parts are listed in reverse", "mock.part_store.PartStore.parts",
        lambda original, part_store: list(reversed(original(part_store))), LIST),
    wrap("`total_count` counts the parts of the page", HANDLER(LIST),
        with_body(lambda body: body.update(total_count=len(body["entries"]))), LIST),
    wrap("`offset` is always 0", HANDLER(LIST), with_body(lambda body: body.update(offset=0)), LIST),
    wrap("The last part of a page is missing", HANDLER(LIST),
        with_body(lambda body: body.update(entries=body["entries"][:-1])), LIST),
    wrap("`entries` is called `parts`", HANDLER(LIST), with_body(lambda body: body.update(parts=body.pop("entries"))),
        LIST),
    wrap("All pages start with the first part", "mock.calls.Call.query_number", _fix_number("offset", 0), LIST),
    wrap("All pages have up to 1,000 parts", "mock.calls.Call.query_number", _fix_number("limit", 1000), LIST),
    wrap("A malformed offset or limit is ignored", "mock.calls.Call.query_number", _ignore_malformed_number, LIST),
    change("10,001 parts can be skipped", "mock.operations.MAX_OFFSET", add(1), LIST),
    wrap("A limit of 0 is accepted", "mock.calls.Call.query_number",
        lambda original, call, name, least, most, *, default: original(call, name, 0, most, default=default), LIST),
)
