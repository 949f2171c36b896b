"""Lists that come in pages: all items once, and an end whatever the server says."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

import pytest

from generator.overlay._runtime.errors import PageError
from generator.overlay._runtime.pagination import Pager


def take_all(total: int, *pages: Sequence[str]) -> tuple[list[str], list[int]]:
    """Take pages until the pager has enough; return the items, and the offsets that were asked for."""
    pager, rest = Pager[str]("list_things"), list(pages)
    items, offsets = list[str](), list[int]()
    while not pager.is_done:
        offsets.append(pager.offset)
        items += pager.take(rest.pop(0), total)
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
