"""Lists that come in pages: all items once, and an end whatever the server says."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import Any

import pytest
from msgspec import UNSET, UnsetType

from generator.overlay._runtime.errors import InvalidArgumentError, PageError
from generator.overlay._runtime.headers import Headers
from generator.overlay._runtime.messages import Request
from generator.overlay._runtime.pagination import LinkPager, MarkerPager, NumberPager, Pager, page_request


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


@pytest.mark.parametrize("second", ["bcd", "b", "bc"])
def test_a_page_may_begin_before_the_end_of_the_last_one(second: str) -> None:
    """As where offsets count items that the caller must not see."""
    assert take_all(2 + len(second), "ab", second) == (list("ab" + second[1:]), [0, 2])


@pytest.mark.parametrize("second", ["ab", "ba", "abc", "bac"])
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


def test_a_total_may_be_of_the_type_number() -> None:
    pager = Pager[str]("list_things")
    assert [(pager.take(page, 3.0), pager.is_done) for page in ("ab", "c")] == [("ab", False), ("c", True)]
    with pytest.raises(PageError, match=r"^the page after 0 of 3 items is empty \(list_things\)$"):
        Pager[str]("list_things").take("", 3.0)


@pytest.mark.parametrize("last", [None, UNSET, ""])
def test_a_page_without_a_next_marker_is_the_last_one(last: str | UnsetType | None) -> None:
    pager = MarkerPager[str, str]("list_things")
    first = pager.marker
    assert first is UNSET
    assert pager.take("ab", "m1") == "ab"
    assert pager.marker == "m1"
    assert not pager.is_done
    assert pager.take(UNSET, "m2") == ()
    assert pager.take("c", last) == "c"
    assert pager.is_done


@pytest.mark.parametrize("last", [None, UNSET, 0, 0.0])
def test_no_page_follows_one_whose_next_number_is_0(last: float | UnsetType | None) -> None:
    pager = MarkerPager[str, float]("list_things")
    assert [(pager.take("a", marker), pager.marker) for marker in (5, -1.5)] == [("a", 5), ("a", -1.5)]
    assert not pager.is_done
    assert (pager.take("b", last), pager.marker, pager.is_done) == ("b", UNSET, True)


def test_a_page_that_names_itself_by_its_number_ends_in_an_error() -> None:
    pager = MarkerPager[str, int]("list_things")
    pager.take("a", 5)
    with pytest.raises(PageError, match=r"^the page 5 names itself as the next one \(list_things\)$"):
        pager.take("b", 5)


def test_a_page_that_names_itself_as_the_next_one_ends_in_an_error() -> None:
    pager = MarkerPager[str, str]("list_things")
    pager.take("a", "m1")
    with pytest.raises(PageError, match=r"^the page 'm1' names itself as the next one \(list_things\)$"):
        pager.take("b", "m1")


def test_numbered_pages_end_with_an_empty_one() -> None:
    pager = NumberPager[str]("list_things")
    numbers = list[int]()
    for page in ("ab", "c", ""):
        numbers.append(pager.number)
        assert (pager.take(page), pager.is_done) == (page, page == "")
    assert numbers == [1, 2, 3]


@pytest.mark.parametrize("pages", [2, 2.0])
@pytest.mark.parametrize(("first", "asked"), [(1, [1, 2]), (0, [0, 1])])
def test_numbered_pages_end_with_the_last_of_their_number(first: int, asked: list[int], pages: float) -> None:
    pager = NumberPager[str]("list_things", first=first)
    numbers = list[int]()
    while not pager.is_done:
        numbers.append(pager.number)
        pager.take(str(pager.number), pages)
    assert numbers == asked


@pytest.mark.parametrize("pages", [0, None, UNSET])
def test_a_number_of_pages_that_says_nothing_is_left_aside(pages: Any) -> None:
    pager = NumberPager[str]("list_things")
    assert [(pager.take(page, pages), pager.is_done) for page in ("ab", "")] == [("ab", False), ("", True)]


def test_a_numbered_page_that_comes_again_ends_in_an_error() -> None:
    pager = NumberPager[str]("list_things")
    pager.take("ab")
    with pytest.raises(PageError, match=r"^page 2 is the one before once more \(list_things\)$"):
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


def test_equal_pages_of_texts_are_no_repeated_ones_if_their_number_is_known() -> None:
    pager = NumberPager[str]("list_lines")
    assert [(pager.take(["ok"], pages), pager.is_done) for pages in (3, 3.0, 3)] == [
        (["ok"], False),
        (["ok"], False),
        (["ok"], True),
    ]


@pytest.mark.parametrize("pages", [None, UNSET, 0])
def test_equal_pages_of_texts_end_in_an_error_if_nothing_else_ends_them(pages: Any) -> None:
    number, offset = NumberPager[str]("list_lines"), Pager[str]("list_lines")
    number.take(["ok"], pages)
    offset.take(["ok"], pages or None)
    with pytest.raises(PageError, match=r"^page 2 is the one before once more"):
        number.take(["ok"], pages)
    with pytest.raises(PageError, match=r"repeats an item of the page before"):
        offset.take(["ok"], pages or None)


def test_an_equal_page_of_objects_ends_in_an_error_whatever_their_number() -> None:
    pager = NumberPager[dict[str, str]]("list_things")
    pager.take([{"name": "a"}], 3)
    with pytest.raises(PageError, match=r"^page 2 is the one before once more"):
        pager.take([{"name": "a"}], 3)


@pytest.mark.parametrize("last", [None, UNSET, ""])
def test_a_page_without_a_link_is_the_last_one(last: str | UnsetType | None) -> None:
    pager = LinkPager[str]("list_things")
    urls: list[str | UnsetType] = []
    for items, link in (("ab", "/things?page=2"), (None, "?page=3"), ("c", "https://b.example/x"), ("d", "y?1")):
        urls.append(pager.url)
        assert list(pager.take(items, link)) == list(items or "")
        assert not pager.is_done

    assert urls == [UNSET, "/things?page=2", "/things?page=3", "https://b.example/x"]
    assert pager.url == "https://b.example/y?1"
    assert pager.take("e", last) == "e"
    assert pager.is_done


def test_a_page_whose_link_is_its_own_ends_in_an_error_without_the_url() -> None:
    pager = LinkPager[str]("list_things")
    pager.take("a", "https://a.example/x?key=secret")
    with pytest.raises(PageError) as caught:
        pager.take("b", "?key=secret")
    assert str(caught.value) == "a page names itself as the next one (list_things)"


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        (['<https://a.example/?page=2>; rel="next"'], "https://a.example/?page=2"),
        (["</?page=2>;rel=next"], "/?page=2"),
        (['<a>; rel="prev", <b>; rel="next", <c>; rel="last"'], "b"),
        (["<a>; rel=prev", "<b>; rel=next"], "b"),
        (["<a?ids=1,2;3> ; REL = NEXT"], "a?ids=1,2;3"),
        (['<a>; rel="last next"'], "a"),
        (['<a>; title="x, <b>; rel=next"; rel="last"'], None),
        (['<a>; title="a \\" b"; rel="next"'], "a"),
        (["<a>; rel=last; rel=next"], None),
        (['<a>; rel="next"; anchor="#part"'], None),
        (["<a>; crossorigin; rel=next"], "a"),
        (["<a>"], None),
        (["<a>; rel"], None),
        (["<a>; rel=nextpage"], None),
        (["a; rel=next"], None),
        ([], None),
    ],
)
def test_the_header_field_link_names_the_next_page(fields: list[str], found: str | None) -> None:
    assert LinkPager[str].link_in(Headers(("Link", field) for field in fields)) == found


LISTING = Request("list_things", "GET", "https://a.example", "/x", query=(("size", "1"), ("key", "k")), secrets=("k",))


def test_the_request_for_a_page_has_its_url_and_of_the_query_only_credentials() -> None:
    assert page_request(UNSET, "page_url", LISTING) is LISTING

    found = page_request("https://b.example/y?size=2", "page_url", LISTING)

    assert (found.url, found.query, found.is_page) == ("https://b.example/y?size=2", (("key", "k"),), True)
    assert (found.operation, found.path) == ("list_things", "/x")


@pytest.mark.parametrize("url", ["list?at=2", "v1/list?at=2", "?at=2", "/list", "https://b.example"])
def test_a_page_may_be_named_relatively(url: str) -> None:
    assert page_request(url, "page_url", LISTING).url == url


@pytest.mark.parametrize("url", ["", "x", "a/b", "a:b", " /x", 5, None])
def test_a_page_is_not_asked_for_by_what_is_no_url(url: Any) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        page_request(url, "page_url", LISTING)

    # It is not shown: its query may hold a key.
    assert str(caught.value) == "page_url: must be a URL, or the end of one from a path or question mark on"
