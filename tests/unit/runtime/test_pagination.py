"""Lists that come in pages: all items once, and an end whatever the server says."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

import pytest
from msgspec import UNSET, UnsetType

from generator.overlay._runtime.errors import PageError
from generator.overlay._runtime.pagination import MarkerPager, NumberPager, Pager


def take_all(total: int, *pages: Sequence[str]) -> tuple[list[str], list[int]]:
    """Take pages of things with these names until the pager has enough; return the names, and the offsets asked for."""
    pager, rest = Pager[dict[str, str]]("list_things"), list(pages)
    items, offsets = list[str](), list[int]()
    while not pager.is_done:
        offsets.append(pager.offset)
        items += [thing["name"] for thing in pager.take([{"name": name} for name in rest.pop(0)], total)]
    assert not rest
    return items, offsets


@pytest.mark.parametrize(
    ("total", "pages", "offsets"),
    [
        (0, [""], [0]),
        (3, ["abc"], [0]),
        (3, ["ab", "c"], [0, 2]),
        (4, ["ab", "cd"], [0, 2]),
        (2, ["abc"], [0]),
        (3, ["a", "b", "a"], [0, 1, 2]),
    ],
)
def test_the_last_page_is_the_one_that_makes_the_total(total: int, pages: list[str], offsets: list[int]) -> None:
    assert take_all(total, *pages) == (list("".join(pages)), offsets)


@pytest.mark.parametrize("second", ["ab", "ba", "bc"])
def test_a_page_that_repeats_the_one_before_is_no_page(second: str) -> None:
    with pytest.raises(
        PageError, match=r"^the page after 2 of 5 items repeats an item of the page before: .*\(list_things\)$"
    ):
        take_all(5, "ab", second)


def test_an_empty_page_is_not_the_last_while_items_are_missing() -> None:
    with pytest.raises(PageError) as caught:
        take_all(3, "ab", "")
    assert str(caught.value) == "the page after 2 of 3 items is empty (list_things)"
    assert (caught.value.operation, caught.value.retry_safe) == ("list_things", True)
    assert vars(copy(caught.value)) == vars(caught.value)


def test_an_empty_page_ends_a_list_that_has_become_shorter() -> None:
    pager = Pager[str]("list_things")
    pager.take("ab", 3)
    assert (pager.take("", 2), pager.is_done) == ("", True)


@pytest.mark.parametrize("total", [None, UNSET])
def test_without_a_total_an_empty_page_is_the_last_one(total: UnsetType | None) -> None:
    pager = Pager[str]("list_things")
    assert [pager.take(page, total) for page in ("ab", "c", None)] == ["ab", "c", ()]
    assert (pager.offset, pager.is_done) == (3, True)


@pytest.mark.parametrize("last", [None, UNSET, ""])
def test_a_page_without_a_next_marker_is_the_last_one(last: str | UnsetType | None) -> None:
    pager = MarkerPager[str]("list_things")
    first = pager.marker
    assert first is UNSET
    assert pager.take("ab", "m1") == "ab"
    assert pager.marker == "m1"
    assert not pager.is_done
    assert pager.take(UNSET, "m2") == ()
    assert pager.take("c", last) == "c"
    assert pager.is_done


def test_a_page_that_names_itself_as_the_next_one_ends_in_an_error() -> None:
    pager = MarkerPager[str]("list_things")
    pager.take("a", "m1")
    with pytest.raises(PageError, match=r"the page 'm1' names itself as the next one \(list_things\)"):
        pager.take("b", "m1")


def test_numbered_pages_end_with_an_empty_one() -> None:
    pager = NumberPager[str]("list_things")
    numbers = list[int]()
    for page in ("ab", "c", ""):
        numbers.append(pager.number)
        assert (pager.take(page), pager.is_done) == (page, page == "")
    assert numbers == [1, 2, 3]


def test_a_numbered_page_that_comes_again_ends_in_an_error() -> None:
    pager = NumberPager[str]("list_things")
    pager.take("ab")
    with pytest.raises(PageError, match="page 2 is the one before once more"):
        pager.take("ab")


def test_pages_may_be_numbered_from_0() -> None:
    pager = NumberPager[str]("list_things", first=0)
    numbers: list[int] = []
    for page in (["a"], ["b"], []):
        numbers.append(pager.number)
        pager.take(page)

    assert (numbers, pager.is_done) == ([0, 1, 2], True)


def test_equal_texts_are_no_repeated_items() -> None:
    pager = Pager[str]("list_lines")
    pages = [["start", "ok"], ["ok", "ok"], ["stop"]]

    assert [pager.take(page, 5) for page in pages] == pages
    assert pager.is_done
