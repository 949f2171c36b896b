"""Facts about parameters: how they are written, and what is refused."""

from __future__ import annotations

import datetime as dt
import enum
import re
import uuid
from typing import Annotated, Any, Literal
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Meta, Struct, UnsetType

from generator.overlay._runtime.errors import InvalidArgumentError
from generator.overlay._runtime.parameters import Parameter, check_model, cookie_header

ID = Annotated[str, Meta(pattern="^[0-9]{1,19}$")]
PLACES = pytest.mark.parametrize("place", ["in_path", "in_query", "in_header", "in_cookie"])
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


class Order(enum.Enum):
    UP = "ASC"


class Filter(Struct, kw_only=True, rename={"size": "min-size"}):
    size: int | UnsetType = UNSET
    tags: list[str] = []
    inner: dict[str, Any] = {}


def parameter(type_: Any, **options: Any) -> Parameter[Any]:
    return Parameter("wire-name", "argument", type_, **options)


def refusal(place: str, type_: Any, value: Any, **options: Any) -> InvalidArgumentError:
    with pytest.raises(InvalidArgumentError) as caught:
        getattr(parameter(type_, **options), place)(value)
    return caught.value


SCALARS: list[tuple[Any, Any, str]] = [
    (ID, "12345", "12345"),
    (bool, True, "true"),
    (bool, False, "false"),
    (int, -5, "-5"),
    (float, 1.5, "1.5"),
    (float, 2, "2"),
    (float, 1e16, "10000000000000000"),
    (uuid.UUID, uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (dt.date, dt.date(2020, 1, 2), "2020-01-02"),
    (dt.datetime, dt.datetime(2020, 1, 2, tzinfo=dt.UTC), "2020-01-02T00:00:00+00:00"),
    (Order, Order.UP, "ASC"),
    (Order, "ASC", "ASC"),
]


@pytest.mark.parametrize(("type_", "value", "text"), SCALARS, ids=str)
def test_scalars_are_written_in_every_place(type_: Any, value: Any, text: str) -> None:
    codec = parameter(type_)
    assert unquote(codec.in_path(value)) == text
    assert codec.in_query(value) == (("wire-name", text),)
    assert codec.in_header(value) == (("wire-name", text),)
    assert [(name, unquote(found)) for name, found in codec.in_cookie(value)] == [("wire-name", text)]


@given(TEXT)
def test_any_text_is_one_segment_that_no_server_normalises_away(text: str) -> None:
    segment = parameter(str).in_path(text)
    assert unquote(segment) == text
    assert segment not in {".", ".."}
    assert not set(segment) & set("/?#\\ ")
    assert segment.isascii()


@pytest.mark.parametrize(
    ("text", "segment"),
    [(".", "%2E"), ("..", "%2E%2E"), ("...", "..."), ("a/b", "a%2Fb"), ("%2F", "%252F"), ("ä", "%C3%A4")],
)
def test_dots_and_slashes_stay_within_the_segment(text: str, segment: str) -> None:
    assert parameter(str).in_path(text) == segment


@pytest.mark.parametrize(("type_", "value"), [(str, ""), (list[str], []), (str | None, None)])
def test_an_empty_segment_is_refused(type_: Any, value: Any) -> None:
    assert refusal("in_path", type_, value).rule == "must not be empty"


def test_neither_unset_nor_null_is_sent() -> None:
    codec = parameter(str | None)
    assert codec.in_query(UNSET) == codec.in_header(UNSET) == codec.in_cookie(UNSET) == ()
    assert codec.in_query(None) == codec.in_header(None) == codec.in_cookie(None) == ()
    assert parameter(str | None, explode=False).in_query(None) == ()
    assert refusal("in_query", str, None).rule == "must be str, not null"


def test_null_is_left_out_of_lists_and_objects() -> None:
    joined = parameter(list[int | None], explode=False)
    assert parameter(list[int | None]).in_query([1, None, 2]) == (("wire-name", "1"), ("wire-name", "2"))
    assert joined.in_query([1, None, 2]) == joined.in_header([1, None, 2]) == (("wire-name", "1,2"),)
    assert joined.in_query([None]) == joined.in_header([None]) == ()
    value = {"x": None, "y": [None, 2]}
    kind = dict[str, list[int | None] | None]
    assert parameter(kind).in_query(value) == (("y", "2"),)
    assert parameter(dict[str, int | None], explode=False).in_header({"x": None, "y": 2}) == (("wire-name", "y,2"),)


@PLACES
@pytest.mark.parametrize(
    ("value", "text"),
    [
        *((3, "3"), (10**16, "10000000000000000"), (2**53 + 1, "9007199254740993")),
        *((3.0, "3"), (1e16, "10000000000000000"), (1e-5, "0.00001"), (1e300, "1e+300")),
        *(([1, 2.5, 2**53 + 1], "1,2.5,9007199254740993"), ({"x": 2**53 + 1}, "x,9007199254740993")),
    ],
    ids=str,
)
def test_a_number_is_written_as_it_is_given_and_without_an_exponent(place: str, value: Any, text: str) -> None:
    codec = parameter(float | list[float] | dict[str, float], explode=False)
    found = getattr(codec, place)(value)
    assert unquote(found if place == "in_path" else found[0][1]) == text


def test_arrays_are_repeated_or_joined() -> None:
    assert parameter(list[int]).in_query([1, 2]) == (("wire-name", "1"), ("wire-name", "2"))
    assert parameter(list[int], explode=False).in_query([1, 2]) == (("wire-name", "1,2"),)
    assert parameter(list[int]).in_header([1, 2]) == (("wire-name", "1,2"),)
    assert parameter(list[str]).in_path(["a,b", "c"]) == "a%2Cb,c"
    assert parameter(list[int]).in_query([]) == ()
    assert parameter(list[int], explode=False).in_query([]) == ()
    assert parameter(list[str]).in_header(["a,b"]) == (("wire-name", "a,b"),)


def test_objects_follow_their_style() -> None:
    value = {"x": 1, "y": 2}
    kind = dict[str, int]
    assert parameter(kind).in_query(value) == (("x", "1"), ("y", "2"))
    assert parameter(kind, explode=False).in_query(value) == (("wire-name", "x,1,y,2"),)
    assert parameter(kind).in_header(value) == (("wire-name", "x=1,y=2"),)
    assert parameter(kind, explode=False).in_path(value) == "x,1,y,2"
    # The standard leaves open how a list in an object is written; servers expect it as they do any other list.
    assert parameter(dict[str, list[int]]).in_query({"x": [1, 2]}) == (("x", "1"), ("x", "2"))


@PLACES
@pytest.mark.parametrize(
    ("type_", "value"),
    [
        *((ID, "x"), (ID, 5), (int, "5"), (int, True), (str, b"x"), (str, "\ud800"), (list[int], ["a"])),
        *((float, float("nan")), (float, float("inf"))),
    ],
    ids=str,
)
def test_values_of_the_wrong_type_are_refused_everywhere(place: str, type_: Any, value: Any) -> None:
    assert refusal(place, type_, value).argument.startswith("argument")


@pytest.mark.parametrize("text", ["a\r\nb: c", "a\n", "\x00", " a", "a ", "ä", "日", "a\x7f"])
def test_unsafe_header_values_are_refused(text: str) -> None:
    assert "header" in str(refusal("in_header", str, text))


@given(st.text())
def test_a_header_value_is_sent_exactly_or_refused(text: str) -> None:
    try:
        ((_, sent),) = parameter(str).in_header(text)
    except InvalidArgumentError:
        return
    assert sent == text
    assert sent.isascii()
    assert not set(sent) & set("\r\n\x00")


def test_cookies_are_percent_encoded_and_joined() -> None:
    pairs = parameter(str).in_cookie('a; b="c"')
    assert pairs == (("wire-name", "a%3B%20b%3D%22c%22"),)
    assert cookie_header(*pairs, ("x", "1")) == (("cookie", "wire-name=a%3B%20b%3D%22c%22; x=1"),)
    assert cookie_header() == ()


COMMA = "must not contain a comma, which separates the items"


@pytest.mark.parametrize(
    ("place", "type_", "value", "message"),
    [
        ("in_path", ID, "../x", "argument='../x': does not match ^[0-9]{1,19}$"),
        ("in_path", str, UNSET, "argument: is required"),
        ("in_path", str, "", "argument='': must not be empty"),
        ("in_header", list[str], ["a,b", "c"], f"argument=['a,b', 'c']: {COMMA}"),
        ("in_header", str, "a\n", r"argument='a\n': has characters that cannot be sent in a header"),
        ("in_query", int, "x", "argument='x': must be int, not str"),
        ("in_query", list[int], [1, "x"], "argument[1]='x': must be int, not str"),
    ],
)
@pytest.mark.parametrize(("description", "meant"), [("Meant so.", " (Meant so)"), ("", "")])
def test_a_refusal_gives_argument_value_rule_and_description(
    place: str, type_: Any, value: Any, message: str, *, description: str, meant: str
) -> None:
    assert str(refusal(place, type_, value, description=description)) == message + meant


@pytest.mark.parametrize(
    ("type_", "value", "message"),
    [
        (Literal["a", "b"], "c", "argument='c': must be one of 'a', 'b'"),
        (int, "x", "argument='x': must be int, not str"),
    ],
)
def test_a_refusal_ends_in_no_cut_description(type_: Any, value: Any, message: str) -> None:
    assert str(refusal("in_query", type_, value, description="Words. " * 30)) == message
    assert str(refusal("in_query", Literal["a", "b"], "c", description="Which one.")).endswith("one of 'a', 'b'")


def test_an_item_of_a_joined_query_has_no_comma() -> None:
    assert str(refusal("in_query", list[str], ["a,b"], explode=False)) == f"argument=['a,b']: {COMMA}"


@PLACES
@pytest.mark.parametrize(
    ("type_", "value", "message"),
    [
        (float, float("nan"), "argument=nan: must be a finite number"),
        (list[list[int]], [[1]], "argument=[1]: must be a scalar"),
    ],
)
def test_a_value_without_a_text_is_refused_everywhere(place: str, type_: Any, value: Any, message: str) -> None:
    assert str(refusal(place, type_, value)) == message


@pytest.mark.parametrize(
    ("place", "item"), [("in_path", [1]), ("in_header", [1]), ("in_query", [[1]]), ("in_query", {})]
)
def test_an_object_in_an_object_is_refused(place: str, item: Any) -> None:
    assert refusal(place, dict[str, Any], {"x": item}).rule == "must be a scalar"


@pytest.mark.parametrize("place", ["in_path", "in_query", "in_cookie"])
@pytest.mark.parametrize(
    ("type_", "value"), [(str, "\ud800"), (list[str], ["\ud800"]), (dict[str, str], {"x": "\ud800"})]
)
@pytest.mark.parametrize("explode", [True, False])
def test_a_lone_surrogate_is_refused_everywhere(place: str, type_: Any, value: Any, *, explode: bool) -> None:
    error = refusal(place, type_, value, explode=explode)
    assert re.fullmatch("argument='.*': is not valid Unicode, it has a lone surrogate", str(error))


def test_a_model_that_no_earlier_call_has_returned_is_refused() -> None:
    check_model("order", Order.UP, Order)
    with pytest.raises(InvalidArgumentError) as caught:
        check_model("order", "ASC", Order)
    assert str(caught.value) == "order='ASC': must be the Order of an earlier call"


NESTED: dict[str, Any] = {"a": {"b": [True, None, {"c": "ä&"}]}, "d": 1.5}


@pytest.mark.parametrize(
    ("style", "type_", "value", "pairs"),
    [
        (
            "deepObject",
            dict[str, Any],
            NESTED,
            {"f[a][b][0]": "true", "f[a][b][1][c]": "ä&", "f[d]": "1.5"},
        ),
        (
            "deepObject",
            Filter,
            Filter(size=5, tags=["x", "y"]),
            {"f[min-size]": "5", "f[tags][0]": "x", "f[tags][1]": "y"},
        ),
        ("deepObject", dict[str, int], {}, {}),
        ("deepObject", dict[str, float | None] | None, {"a": None, "b": 2**53 + 1}, {"f[b]": "9007199254740993"}),
        ("deepObject", dict[str, int] | None, None, {}),
        ("deepObject", list[int], [7, 8], {"f[0]": "7", "f[1]": "8"}),
        ("deepObject", str | dict[str, str], "x", {"f": "x"}),
        ("json", dict[str, Any], NESTED, {"f": '{"a":{"b":[true,null,{"c":"ä&"}]},"d":1.5}'}),
        ("json", Filter, Filter(size=5), {"f": '{"min-size":5,"tags":[],"inner":{}}'}),
        ("json", list[dt.date], [dt.date(2020, 1, 2)], {"f": '["2020-01-02"]'}),
        ("json", str | None, None, {"f": "null"}),
        ("json", str, "x", {"f": '"x"'}),
        ("deepObject", Order, Order.UP, {"f": "ASC"}),
        ("json", Order, Order.UP, {"f": '"ASC"'}),
    ],
    ids=str,
)
def test_a_query_has_an_object_in_brackets_or_in_json(
    style: str, type_: Any, value: Any, pairs: dict[str, str]
) -> None:
    codec: Parameter[Any] = Parameter("f", "argument", type_, style=style)
    assert dict(codec.in_query(value)) == pairs
    assert len(codec.in_query(value)) == len(pairs)
    assert codec.in_query(UNSET) == ()


@pytest.mark.parametrize(
    ("style", "joined"), [("form", "a,b,c"), ("spaceDelimited", "a b c"), ("pipeDelimited", "a|b|c")]
)
def test_a_query_has_a_list_joined_by_the_separator_of_its_style(style: str, joined: str) -> None:
    codec = parameter(list[str], style=style, explode=False)
    assert codec.in_query(["a", "b", "c"]) == (("wire-name", joined),)
    assert codec.in_query([]) == ()
    assert parameter(dict[str, str], style=style, explode=False).in_query({"a": "b"}) == (("wire-name", joined[:3]),)
    assert parameter(list[str], style=style).in_query(["a", "b"]) == (("wire-name", "a"), ("wire-name", "b"))


@pytest.mark.parametrize(
    ("style", "item", "words"),
    [("form", "a,b", "a comma"), ("spaceDelimited", "a b", "a space"), ("pipeDelimited", "a|b", "a pipe")],
)
def test_an_item_has_only_separators_of_other_styles(style: str, item: str, words: str) -> None:
    rule = f"must not contain {words}, which separates the items"
    assert refusal("in_query", list[str], [item, "c"], style=style, explode=False).rule == rule
    others = "".join(set(", |") - set(item))
    ((_, joined),) = parameter(list[str], style=style, explode=False).in_query([others, "c"])
    assert joined == f"{others}{item[1]}c"


@pytest.mark.parametrize(
    ("style", "type_", "value", "message"),
    [
        ("deepObject", dict[str, int], {"a": "x"}, "argument[…]: must be int, not str"),
        ("deepObject", Filter, Filter(tags=["x", 5]), "argument.tags[1]=5: must be str, not int"),  # type: ignore[list-item]  # what is under test
        ("deepObject", Any, {"a": float("nan")}, "argument=nan: must be a finite number"),
        ("deepObject", Any, {"a": "\ud800"}, r"argument='\ud800': is not valid Unicode, it has a lone surrogate"),
        ("json", Filter, Filter(size="x"), "argument.size='x': must be int, not str"),  # type: ignore[arg-type]  # what is under test
        ("json", Any, {"a": [float("inf")]}, "argument.a[0]=inf: must be a finite number"),
        ("json", Any, {"a": "\ud800"}, r"argument.a='\ud800': is not valid Unicode, it has a lone surrogate"),
        ("json", str, 5, "argument=5: must be str, not int"),
    ],
    ids=str,
)
def test_an_object_that_breaks_its_type_is_refused_in_each_style(
    style: str, type_: Any, value: Any, message: str
) -> None:
    assert str(refusal("in_query", type_, value, style=style)) == message
