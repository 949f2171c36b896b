"""Facts about objects with declared properties and further ones of one type."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import pytest
from msgspec import UNSET, Meta, Struct, UnsetType

from generator.overlay._runtime.codecs import Form, Json
from generator.overlay._runtime.errors import DecodeError, InvalidArgumentError
from generator.overlay._runtime.open_object import EXTRA, Open, inline_extra, nest_extra
from generator.overlay._runtime.parameters import Parameter
from generator.overlay._runtime.union_type import union_type

RENAMED = {"additional_properties": EXTRA, "kind": "type"}
POSITIVE = Annotated[int, Meta(ge=1)]


class Counts(Struct, kw_only=True, rename=RENAMED):
    kind: str
    total: int | UnsetType = UNSET
    additional_properties: dict[str, POSITIVE] = {}


class Tagged(Struct, kw_only=True, tag_field="kind", tag="tagged", rename=RENAMED):
    additional_properties: dict[str, Any] = {}


class Tree(Struct, kw_only=True, rename=RENAMED):
    name: str
    additional_properties: dict[str, Open[Tree]] = {}


class Holder(Struct, kw_only=True):
    items: list[Open[Counts]] = []
    any: Any = None


COUNTS: Json[Counts] = Json(Open[Counts])
HOLDER: Json[Holder] = Json(Holder)
TREE: Json[Tree] = Json(Open[Tree])
TAGGED: Json[Tagged] = Json(Open[Tagged])


def refusal(codec: Any, value: Any) -> InvalidArgumentError:
    with pytest.raises(InvalidArgumentError) as caught:
        codec.encode(value)
    return caught.value


def test_unknown_properties_are_kept_and_encoded_beside_the_declared_ones() -> None:
    counts = COUNTS.decode_bytes(b'{"x":1,"type":"a","total":5,"y":2}')
    assert counts == Counts(kind="a", total=5, additional_properties={"x": 1, "y": 2})
    assert msgspec.json.decode(COUNTS.encode(counts)) == {"type": "a", "total": 5, "x": 1, "y": 2}
    assert COUNTS.decode_bytes(COUNTS.encode(counts)) == counts


def test_without_unknown_properties_nothing_is_added() -> None:
    assert COUNTS.decode_bytes(b'{"type":"a"}') == Counts(kind="a")
    assert COUNTS.encode(Counts(kind="a")) == b'{"type":"a"}'


def test_the_name_of_a_field_in_python_is_no_declared_property() -> None:
    found = COUNTS.decode_bytes(b'{"type":"a","kind":1,"additional_properties":2}')
    assert found == Counts(kind="a", additional_properties={"kind": 1, "additional_properties": 2})


@pytest.mark.parametrize("total", [UNSET, 5])
def test_a_declared_property_is_refused_among_the_further_ones(total: Any) -> None:
    counts = Counts(kind="a", total=total, additional_properties={"total": 7, "x": 1})
    rule = "additional_properties must not have total, which is a property of its own"
    assert rule in str(refusal(COUNTS, counts))
    assert rule in str(refusal(HOLDER, Holder(items=[counts])))
    named = Counts(kind="a", additional_properties={"type": 7})
    assert "must not have type" in str(refusal(COUNTS, named))
    assert "must not have kind" in str(refusal(TAGGED, Tagged(additional_properties={"kind": "tagged"})))


def test_the_tag_of_an_object_is_none_of_its_further_properties() -> None:
    found = TAGGED.decode_bytes(b'{"kind":"tagged","x":null}')
    assert found == Tagged(additional_properties={"x": None})
    assert msgspec.json.decode(TAGGED.encode(found)) == {"kind": "tagged", "x": None}


@pytest.mark.parametrize(
    ("codec", "content", "path", "reason"),
    [
        (COUNTS, b'{"type":"a","x":"y"}', "$[...]", "must be int, not str"),
        (COUNTS, b'{"type":"a","x":0}', "$[...]", "must be at least 1"),
        (COUNTS, b'{"type":5}', "$.type", "must be str, not int"),
        (COUNTS, b'{"x":1}', "$", "lacks type"),
        (COUNTS, b"[]", "$", "must be object, not array"),
        (HOLDER, b'{"items":[{"type":"a"},{"type":"a","x":"y"}]}', "$.items[1][...]", "must be int, not str"),
        (HOLDER, b'{"items":[{"type":"a","total":"y"}]}', "$.items[0].total", "must be int, not str"),
        (TREE, b'{"name":"a","x":{"name":"b","y":{"name":5}}}', "$[...][...].name", "must be str, not int"),
    ],
)
def test_a_value_that_breaks_its_type_is_refused_at_its_place(
    codec: Json[Any], content: bytes, path: str, reason: str
) -> None:
    with pytest.raises(DecodeError) as caught:
        codec.decode_bytes(content)
    assert (caught.value.path, caught.value.reason) == (path, reason)


def test_a_further_value_of_an_argument_is_checked_against_its_type() -> None:
    wrong: Any = {"x": "y"}
    assert str(refusal(COUNTS, Counts(kind="a", additional_properties={"x": 0}))) == (
        "additional_properties[…]: must be at least 1"
    )
    error = refusal(HOLDER, Holder(items=[Counts(kind="a"), Counts(kind="a", additional_properties=wrong)]))
    assert str(error) == "items[1].additional_properties[…]: must be int, not str"


def test_a_further_number_that_json_does_not_have_is_refused() -> None:
    error = refusal(TAGGED, Tagged(additional_properties={"x": [float("nan")]}))
    assert str(error) == "additional_properties.x[0]=nan: must be a finite number"


def test_open_objects_are_nested() -> None:
    content = b'{"x":{"y":{"name":"c"},"name":"b"},"name":"a"}'
    tree = TREE.decode_bytes(content)
    inner = Tree(name="b", additional_properties={"y": Tree(name="c")})
    assert tree == Tree(name="a", additional_properties={"x": inner})
    assert msgspec.json.decode(TREE.encode(tree)) == msgspec.json.decode(content)


@pytest.mark.parametrize("wrap", [list[Any], tuple[Any, ...]])
def test_open_objects_are_encoded_within_lists_tuples_and_anything(wrap: Any) -> None:
    counts = Counts(kind="a", additional_properties={"x": 1})
    content = HOLDER.encode(Holder(items=wrap([counts]), any=wrap([{"y": counts}])))
    plain = {"type": "a", "x": 1}
    assert msgspec.json.decode(content) == {"items": [plain], "any": [{"y": plain}]}


def test_integers_may_be_written_as_floats() -> None:
    found = COUNTS.decode_bytes(b'{"type":"a","total":5.0,"x":1e1}')
    assert found == Counts(kind="a", total=5, additional_properties={"x": 10})


def test_an_open_object_is_an_alternative_of_a_union() -> None:
    union: Any = union_type("Either", lambda: (Open[Tree], Open[Counts]))
    found = Json[Any](union).decode_bytes(b'{"type":"a","total":1,"x":1}')
    assert found == Counts(kind="a", total=1, additional_properties={"x": 1})
    assert Json[Any](union).decode_bytes(b'{"name":"a","x":{"name":"b"}}') == Tree(
        name="a", additional_properties={"x": Tree(name="b")}
    )


def test_a_form_and_a_query_have_further_properties_beside_the_declared_ones() -> None:
    counts = Counts(kind="a", additional_properties={"x": 1})
    assert sorted(Form[Counts](Open[Counts]).encode(counts).split(b"&")) == [b"type=a", b"x=1"]
    query = Parameter[Counts]("f", "argument", Open[Counts], style="deepObject")
    assert sorted(query.in_query(counts)) == [("f[type]", "a"), ("f[x]", "1")]


def test_what_is_no_object_is_left_as_it_is() -> None:
    assert nest_extra([1], Counts) == [1]
    assert inline_extra("x") == "x"
    open_: Any = Open
    assert isinstance(5, open_)
