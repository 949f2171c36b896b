"""Defects of the mock: parts that are listed."""

from __future__ import annotations

from typing import Any

from tests.prove.mock_defects.outcomes import HANDLER, with_body
from tests.prove.planting import Catalogue

__all__ = ["DEFECTS"]

DEFECTS = Catalogue()
LIST = "list_parts"


def _said(original: Any, **changes: object) -> Any:
    return lambda part: {**original(part), **changes}


@DEFECTS.defect("box_uploads_mock.assembly.Assembly.parts", LIST)
def parts_are_listed_as_they_came(original: Any) -> Any:
    """The parts are listed in the order of their arrival."""
    return lambda assembly: list(assembly._parts.values())


@DEFECTS.defect("box_uploads_mock.assembly.Assembly.parts", LIST)
def parts_are_listed_backwards(original: Any) -> Any:
    """The parts are listed with the last one first."""
    return lambda assembly: list(reversed(original(assembly)))


@DEFECTS.defect(HANDLER(LIST), LIST)
def the_count_is_that_of_the_page(original: Any) -> Any:
    """`total_count` tells how many parts the page has."""
    return with_body(original, lambda body: body.update(total_count=len(body["entries"])))


@DEFECTS.defect(HANDLER(LIST), LIST)
def the_page_does_not_say_where_it_begins(original: Any) -> Any:
    """`offset` is always 0."""
    return with_body(original, lambda body: body.update(offset=0))


@DEFECTS.defect(HANDLER(LIST), LIST)
def a_page_has_one_part_less(original: Any) -> Any:
    """The last part of a page is missing."""
    return with_body(original, lambda body: body.update(entries=body["entries"][:-1]))


@DEFECTS.defect(HANDLER(LIST), LIST)
def a_list_has_no_entries(original: Any) -> Any:
    """`entries` is called `parts`."""
    return with_body(original, lambda body: body.update(parts=body.pop("entries")))


def _numbered(original: Any, name: str, value: int) -> Any:
    return lambda call, asked, least, most, *, default: (
        value if asked == name else original(call, asked, least, most, default=default)
    )


@DEFECTS.defect("box_uploads_mock.operations._query_number", LIST)
def the_offset_of_a_page_is_ignored(original: Any) -> Any:
    """All pages begin with the first part."""
    return _numbered(original, "offset", 0)


@DEFECTS.defect("box_uploads_mock.operations._query_number", LIST)
def the_limit_of_a_page_is_ignored(original: Any) -> Any:
    """All pages have up to 1,000 parts."""
    return _numbered(original, "limit", 1000)


@DEFECTS.defect("box_uploads_mock.operations._query_number", LIST)
def a_malformed_number_is_ignored(original: Any) -> Any:
    """An offset or a limit that is no number is as good as none."""

    def spoiled(call: Any, name: str, least: int, most: int, *, default: int) -> int:
        is_number = call.query.get(name, "").isdecimal()
        return original(call, name, least, most, default=default) if is_number else default

    return spoiled


@DEFECTS.defect("box_uploads_mock.operations.MAX_OFFSET", LIST)
def an_offset_may_be_one_larger(original: Any) -> Any:
    """10,001 parts can be skipped."""
    return original + 1


@DEFECTS.defect("box_uploads_mock.operations._query_number", LIST)
def a_limit_may_be_0(original: Any) -> Any:
    """A page may have no part."""
    return lambda call, name, least, most, *, default: original(call, name, 0, most, default=default)
