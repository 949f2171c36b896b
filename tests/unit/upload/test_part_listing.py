"""Which parts a session holds: pages that follow each other, and those that do not."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from box_uploads import models
from box_uploads.upload import PlanError
from box_uploads.upload.part_listing import find_part, list_held_parts
from box_uploads.upload.parts import Part

from tests.unit.upload.script import Answer, Script, session, stored

PARTS = [stored(offset, b"0123456789") for offset in (0, 10, 20)]


class Pages:
    """Answers one page after the other, whatever is asked for."""

    def __init__(self, total_count: int, *pages: list[models.UploadPart]) -> None:
        self._total_count = total_count
        self._pages = list(pages)
        self.offsets: list[int] = []

    def list_parts(self, _: Any, *, offset: int, limit: int) -> Answer:
        self.offsets.append(offset)
        entries = self._pages.pop(0)
        return Answer(models.UploadParts(entries=entries, total_count=self._total_count, offset=offset, limit=limit))


def held(pages: Any) -> list[models.UploadPart]:
    return list_held_parts(pages, session(), page_size=2)


def test_pages_are_requested_until_all_parts_are_listed() -> None:
    pages = Pages(3, PARTS[:2], PARTS[2:])
    assert held(pages) == PARTS
    assert pages.offsets == [0, 2]


def test_an_empty_page_is_the_last() -> None:
    assert held(Pages(3, PARTS[:2], [])) == PARTS[:2]


@pytest.mark.parametrize(
    "pages", [[[PARTS[1], PARTS[0]]], [PARTS[:2], PARTS[:1]], [PARTS[:2], PARTS[1:]], [[PARTS[0], PARTS[0]]]]
)
def test_parts_that_do_not_follow_each_other_are_an_error(pages: list[list[models.UploadPart]]) -> None:
    with pytest.raises(PlanError, match=r"^the server lists the parts of the session out of order, or repeats them$"):
        held(Pages(sum(map(len, pages)), *(pages * 8)))


def test_a_part_stored_during_the_listing_restarts_it() -> None:
    late = [[PARTS[0], PARTS[2]], [PARTS[2]]]
    pages = Pages(3, *late, PARTS[:2], PARTS[2:])
    assert held(pages) == PARTS
    assert pages.offsets == [0, 2, 0, 2]


def test_more_parts_than_can_be_listed_are_an_error() -> None:
    pages = Pages(10_003, [stored(10 * index, b"0123456789") for index in range(10_001)])
    with pytest.raises(PlanError, match=r"^the session holds 10003 parts, but Box lists only the first 10001$"):
        held(pages)


@pytest.mark.parametrize("index", [0, 63, 64, 9_999, 10_063, 10_064, 10_500])
@pytest.mark.parametrize("gaps", [0, 1, 400])
def test_a_part_is_found_wherever_the_list_can_be_read(index: int, gaps: int) -> None:
    script: Any = Script()
    held = stored(0, b"x")
    for number in [*range(gaps, index), index, *range(index + 2, index + 40)]:
        script.held[number] = msgspec.structs.replace(held, offset=number)
    found = find_part(script, session(), Part(index, index, 1))
    assert found is not None
    assert found.offset == index
    assert find_part(script, session(), Part(index + 1, index + 1, 1)) is None
