"""A list whose items have to differ is checked when it is sent, and not when it is received."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import Struct

from generator.overlay._runtime.codecs import Json
from generator.overlay._runtime.errors import InvalidArgumentError
from generator.overlay._runtime.parameters import Parameter
from generator.overlay._runtime.union_type import union_type
from generator.overlay._runtime.unique_list import Unique


class Item(Struct):
    id: int
    note: str = ""


class Order(Struct):
    items: Unique[list[Item]]


EITHER: Any = union_type("Either", lambda: (Unique[list[int]], str))
TWICE = Order(items=[Item(1, "a"), Item(2), Item(1, "a")])


def test_a_list_that_repeats_an_item_is_not_sent() -> None:
    with pytest.raises(InvalidArgumentError, match=r"^items=\[Item\(.*…: must not have an item twice$"):
        Json[Order](Order).encode(TWICE)
    assert Json[Order](Order).encode(Order(items=[Item(1), Item(2)])) == (
        b'{"items":[{"id":1,"note":""},{"id":2,"note":""}]}'
    )
    with pytest.raises(InvalidArgumentError, match="must not have an item twice"):
        Json[Any](EITHER).encode([1, 1])


def test_a_list_that_repeats_an_item_is_received() -> None:
    content = b'{"items":[{"id":1,"note":"a"},{"id":2,"note":""},{"id":1,"note":"a"}]}'
    assert Json[Order](Order).decode_bytes(content) == TWICE
    assert Json[Any](EITHER).decode_bytes(b"[1,1]") == [1, 1]


@pytest.mark.parametrize(("items", "differ"), [([1, True], True), ([{"a": 1, "b": 2}, {"b": 2, "a": 1}], False)])
def test_items_are_compared_as_json_is(items: list[Any], differ: bool) -> None:  # a parameter
    codec = Json[list[Any]](Unique[list[Any]])
    if differ:
        assert codec.encode(items)
        return
    with pytest.raises(InvalidArgumentError):
        codec.encode(items)


def test_a_parameter_checks_its_list_as_well() -> None:
    parameter = Parameter[list[str]]("ids", "ids", Unique[list[str]])
    assert parameter.in_query(["a", "b"]) == (("ids", "a"), ("ids", "b"))
    with pytest.raises(InvalidArgumentError, match=r"^ids=\['a', 'a'\]: must not have an item twice$"):
        parameter.in_query(["a", "a"])
