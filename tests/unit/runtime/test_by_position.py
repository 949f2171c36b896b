"""An array whose items have types by their position is a tuple, of each length that is allowed."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import Struct

from generator.overlay._runtime.by_position import ByPosition, by_position
from generator.overlay._runtime.codecs import Json
from generator.overlay._runtime.errors import DecodeError, InvalidArgumentError
from generator.overlay._runtime.parameters import Parameter


class Item(Struct):
    id: int


class Rows(Struct, omit_defaults=True):
    rest: ByPosition[tuple[int, Item, *tuple[str, ...]]] = (0, Item(0))
    most: ByPosition[tuple[int, str] | tuple[int] | tuple[()]] = ()


ROWS = Json[Rows](Rows)


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b'{"rest":[1,{"id":2}]}', Rows(rest=(1, Item(2)))),
        (b'{"rest":[1,{"id":2},"a","b"]}', Rows(rest=(1, Item(2), "a", "b"))),
        (b'{"most":[1]}', Rows(most=(1,))),
        (b'{"most":[1,"a"]}', Rows(most=(1, "a"))),
    ],
)
def test_each_length_is_the_same_after_both_ways(content: bytes, rows: Rows) -> None:
    assert ROWS.decode_bytes(content) == rows
    assert ROWS.encode(rows) == content
    assert ROWS.decode_bytes(b'{"most":[]}') == Rows()


WRONG: list[tuple[str, list[Any], str, str]] = [
    ("rest", [1], "", "must not have 1 item"),
    ("most", [1, "a", "b"], "", "must not have 3 items"),
    ("rest", ["a", {"id": 1}], "[0]", "must be int, not str"),
    ("rest", [1, {"id": "x"}], "[1].id", "must be int, not str"),
    ("rest", [1, {"id": 1}, 2], "[2]", "must be str, not int"),
]


@pytest.mark.parametrize(("name", "items", "at", "reason"), WRONG)
@pytest.mark.parametrize("tolerant", [True, False])
def test_an_item_of_another_type_is_located(name: str, items: list[Any], at: str, reason: str, tolerant: bool) -> None:
    codec = Json[Rows](Rows, tolerant=tolerant)
    with pytest.raises(DecodeError) as received:
        codec.decode_bytes(Json[Any](Any).encode({name: items}))
    assert (received.value.path, received.value.reason) == (f"$.{name}{at}", reason)
    wrong: Any = tuple(items)
    with pytest.raises(InvalidArgumentError) as sent:
        codec.encode(Rows(**{name: wrong}))
    assert sent.value.argument == f"{name}{at}"
    assert reason in sent.value.rule


def test_what_is_no_array_is_refused() -> None:
    with pytest.raises(DecodeError, match=r"^response body at \$\.most: must be array, not str$"):
        ROWS.decode_bytes(b'{"most":"ab"}')


def test_a_parameter_is_checked_by_position() -> None:
    pair = Parameter[Any]("pair", "pair", by_position(tuple[int, str], tuple[int], None))
    assert pair.in_query((1, "a")) == (("pair", "1"), ("pair", "a"))
    assert pair.in_query(None) == ()
    with pytest.raises(InvalidArgumentError, match=r"^pair\[1\]=2: must be str, not int$"):
        pair.in_query((1, 2))
