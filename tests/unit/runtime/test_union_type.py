"""Facts about unions whose alternatives msgspec does not tell apart: which one is taken, and what fits none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
import pytest
from msgspec import UNSET, Meta, Struct, UnsetType

import generator.overlay._runtime.union_type as some_module
from generator.overlay._runtime.codecs import Json
from generator.overlay._runtime.conversion import convert
from generator.overlay._runtime.errors import DecodeError, InvalidArgumentError
from generator.overlay._runtime.union_type import UnionType, from_json, union_type
from generator.overlay._runtime.unique_list import Unique

ROOT = Path(some_module.__file__).parents[3]


class Small(Struct, kw_only=True):
    a: int
    b: int | UnsetType = UNSET


class Large(Struct, kw_only=True):
    a: int
    b: int | UnsetType = UNSET
    c: int | UnsetType = UNSET


class Loose(Struct, kw_only=True):
    z: int | UnsetType = UNSET


class Strict(Struct, kw_only=True, forbid_unknown_fields=True):
    a: int


class Tagged(Struct, kw_only=True, tag_field="kind", tag="tagged"):
    a: int


class Cat(Struct, kw_only=True):
    kind: Literal["cat", "lion"]
    size: int


class Dog(Struct, kw_only=True):
    kind: str
    size: int


class Other(Struct, kw_only=True):
    b: int


# Their names are types only for msgspec, as in a generated package.
ANIMAL = union_type("Animal", lambda: (Dog, Cat), tag="kind", mapping={"dog": 0, "cat": 1, "lion": 1})
NUMBERED = union_type("Numbered", lambda: (Small, Large), tag="a", mapping={1: 0, 2: 1})
EITHER = union_type("Either", lambda: (Small, Other))
TREE: Any = union_type("Tree", lambda: (str, TREES, TREE_MAP))
TREES: Any = list[TREE]
TREE_MAP: Any = dict[str, TREE]
TEXTS: TypeAlias = Literal["x", "y"]


class Holder(Struct, kw_only=True):
    items: list[EITHER]  # type: ignore[valid-type]  # a type for msgspec alone
    animals: dict[str, ANIMAL] = {}  # type: ignore[valid-type]  # as above
    maybe: EITHER | UnsetType | None = UNSET  # type: ignore[valid-type]  # as above
    deep: list[list[TREE]] = []  # pyright: ignore[reportInvalidTypeForm]  # as above


HOLDER: Json[Holder] = Json(Holder)


def union(*alternatives: Any, **options: Any) -> Any:
    return union_type("Either", lambda: alternatives, **options)


def decode_error(type_: Any, content: bytes) -> DecodeError:
    with pytest.raises(DecodeError) as caught:
        Json[Any](type_).decode_bytes(content)
    return caught.value


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        ({"kind": "dog", "size": 1}, Dog(kind="dog", size=1)),
        ({"kind": "cat", "size": 1}, Cat(kind="cat", size=1)),
        ({"kind": "lion", "size": 1}, Cat(kind="lion", size=1)),
        ({"kind": "eel", "size": 1}, Dog(kind="eel", size=1)),
    ],
)
def test_a_property_that_tells_them_apart_decides_if_its_value_is_known(value: object, taken: object) -> None:
    assert convert(value, ANIMAL) == taken


def test_the_property_may_be_a_number_and_decides_against_more_properties() -> None:
    assert convert({"a": 1, "b": 2, "c": 3}, NUMBERED) == Small(a=1, b=2)
    assert convert({"a": 2}, NUMBERED) == Large(a=2)


def test_what_the_property_decides_is_not_tried_as_another() -> None:
    error = decode_error(ANIMAL, b'{"kind":"cat","size":"x"}')
    assert (error.path, error.reason) == ("$.size", "must be int, not str")
    # A dog would be of any kind.
    assert decode_error(ANIMAL, b'{"kind":"cat"}').reason == "lacks size"


@pytest.mark.parametrize("kind", [[], {}, None, ["cat"]], ids=repr)
def test_a_value_that_cannot_tell_them_apart_is_one_that_fits_none(kind: object) -> None:
    error = decode_error(ANIMAL, msgspec.json.encode({"kind": kind, "size": 1}))
    assert error.path == "$.kind"
    assert error.reason.startswith("fits no alternative of Animal: Dog and Cat: must be str, not")


@pytest.mark.parametrize(
    ("alternatives", "value", "taken"),
    [
        ((Small, Large), {"a": 1, "c": 2}, Large(a=1, c=2)),
        ((Large, Small), {"a": 1, "c": 2}, Large(a=1, c=2)),
        ((Small, Large), {"a": 1, "b": 2}, Small(a=1, b=2)),
        ((Large, Small), {"a": 1, "b": 2}, Large(a=1, b=2)),
        ((Loose, Small), {"a": 1}, Small(a=1)),
        ((Small, Loose), {"a": "x", "z": 1}, Loose(z=1)),
        ((Small, Tagged), {"a": 1, "kind": "tagged"}, Tagged(a=1)),
        ((Small, Tagged), {"a": 1, "kind": "small"}, Small(a=1)),
        ((Strict, Loose), {"a": 1, "y": 1}, Loose()),
        ((dict[str, int], Loose), {"x": 1}, {"x": 1}),
        ((Loose, dict[str, int]), {"x": 1}, Loose()),
        ((dict[str, int], Loose), {"z": 1}, Loose(z=1)),
    ],
    ids=str,
)
def test_the_one_with_the_most_known_properties_is_taken_and_the_first_of_equals(
    alternatives: Any, value: object, taken: object
) -> None:
    assert convert(value, union(*alternatives)) == taken


@pytest.mark.parametrize(
    ("alternatives", "value", "taken"),
    [
        ((int, str), "5", "5"),
        ((str, int), 5, 5),
        ((int, float), 1.5, 1.5),
        ((int, bool), True, True),
        ((TEXTS, str), "z", "z"),
        ((list[int], list[str]), ["a"], ["a"]),
        ((list[int], list[str]), [1], [1]),
        ((list[int], list[str]), [], []),
        ((list[Small], list[Other]), [{"b": 1}], [Other(b=1)]),
        ((list[Small], Small), {"a": 1}, Small(a=1)),
        ((int, None), None, None),
    ],
    ids=str,
)
def test_scalars_and_lists_are_taken_by_their_type(alternatives: Any, value: object, taken: object) -> None:
    found = Json[Any](union(*alternatives)).decode_bytes(msgspec.json.encode(value))
    assert (found, type(found)) == (taken, type(taken))


def test_null_fits_only_where_it_is_allowed() -> None:
    error = decode_error(EITHER, b"null")
    assert error.path == "$"
    reasons = "Small and Other: must be object, not null"
    assert error.reason == f"fits no alternative of Either: {reasons}"
    assert HOLDER.decode_bytes(b'{"items":[],"maybe":null}').maybe is None
    assert HOLDER.decode_bytes(b'{"items":[]}').maybe is UNSET
    assert decode_error(Holder, b'{"items":[null]}').path == "$.items[0]"


def test_a_union_may_contain_itself() -> None:
    content = b'["a",["b",[]],{"c":["d",{}]}]'
    found = Json[Any](TREE).decode_bytes(content)
    assert found == ["a", ["b", []], {"c": ["d", {}]}]
    assert Json[Any](TREE).encode(found) == content
    assert decode_error(TREE, b'["a",["b",5]]').path == "$[1][1]"


def test_a_union_that_is_nested_too_deeply_is_refused() -> None:
    assert decode_error(TREE, b"[" * 900 + b"]" * 900).reason == "is nested too deeply"


def test_alternatives_may_be_defined_later_and_are_unions_as_well() -> None:
    outer = union_type("Outer", lambda: (later, int))
    later = union_type("Inner", lambda: (Small, Large))
    assert convert({"a": 1, "c": 1}, outer) == Large(a=1, c=1)
    assert outer.alternatives() == (later, int)
    error = decode_error(list[outer], b'[1,{"a":"x"}]')  # type: ignore[valid-type]  # a type for msgspec alone
    assert error.path == "$[1].a"
    assert "Inner (Small and Large: must be int, not str at $.a)" in error.reason


@pytest.mark.parametrize(
    ("alternatives", "value", "reasons"),
    [
        ((Annotated[str, Meta(min_length=2)], Annotated[str, Meta(pattern="^a")]), 5, "str: must be str, not int"),
        ((list[int], list[TREE]), 5, "array of int and array of Tree: must be array, not int"),
        ((dict[str, int], None), 5, "object of int: must be object, not int; null: must be null, not int"),
        ((Literal["a", "b"], Unique[list[int]]), 5, "enum: must be str, not int; array of int: must be array, not int"),
        (
            (list[int | None], list[str | None]),
            5,
            "array of int or null and array of str or null: must be array, not int",
        ),
    ],
    ids=str,
)
def test_an_error_names_alternatives_in_words_and_each_once(alternatives: Any, value: object, reasons: str) -> None:
    error = decode_error(union(*alternatives), msgspec.json.encode(value))
    assert error.reason == f"fits no alternative of Either: {reasons}"


WAY: Any = union_type("Way", lambda: (LEFT, RIGHT, LEAF))
LEAF: Any = msgspec.defstruct("Leaf", [("end", int)], forbid_unknown_fields=True)
LEFT: Any = msgspec.defstruct("Left", [("next", WAY)])
RIGHT: Any = msgspec.defstruct("Right", [("next", WAY), ("side", int, 0)])
DEPTH = 30


def nested(innermost: object) -> object:
    value = innermost
    for _ in range(DEPTH):
        value = {"next": value}
    return value


@pytest.mark.parametrize("sends", [True, False])
@pytest.mark.parametrize("end", [1, "x"])
def test_a_union_that_contains_itself_twice_reads_each_part_once(
    monkeypatch: pytest.MonkeyPatch, end: object, *, sends: bool
) -> None:
    calls = 0
    read = UnionType.from_json.__func__  # type: ignore[attr-defined]

    def counted(cls: Any, /, value: object, hook: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        assert calls <= DEPTH + 1, "a part was read again"
        return read(cls, value, hook, **options)

    monkeypatch.setattr(UnionType, "from_json", classmethod(counted))
    if end == 1:
        assert convert(nested({"end": 1}), WAY, sends=sends) is not None
    else:
        with pytest.raises(msgspec.ValidationError) as caught:
            convert(nested({"end": "x"}), WAY, sends=sends)
        # Neither does the reason double with each level.
        assert len(str(caught.value)) < 200 * DEPTH
    assert calls == DEPTH + 1


def test_a_value_that_fits_none_is_refused_with_all_reasons() -> None:
    with pytest.raises(ValueError, match=r"^fits no alternative of Either: ") as caught:
        EITHER.from_json({"a": "x", "b": "y"}, from_json)
    reasons = str(caught.value).partition(": ")[2]
    assert reasons == "Small: must be int, not str at $.a; Other: must be int, not str at $.b"
    with pytest.raises(
        msgspec.ValidationError, match=r"^fits no alternative of Either: Small: lacks a; Other: lacks b$"
    ):
        convert({}, EITHER)


@pytest.mark.parametrize(
    ("content", "path", "reason"),
    [
        (b'{"items":[{"a":"x"}]}', "$.items[0].a", "Small: must be int, not str at $.a; Other: lacks b"),
        (b'{"items":[{"a":1},{"b":null}]}', "$.items[1].b", "Other: must be int, not null at $.b"),
        (b'{"items":[{"a":"x","b":"x"}]}', "$.items[0]", "Small: must be int, not str at $.a; "),
        (b'{"items":[{"a":1},5]}', "$.items[1]", "Small and Other: must be object, not int"),
        (b'{"items":[{}]}', "$.items[0]", "Small: lacks a; Other: lacks b"),
        (b'{"items":[],"maybe":{"a":"x"}}', "$.maybe.a", "Small: must be int, not str at $.a; Other: lacks b"),
        (b'{"items":[],"animals":{"x":{"kind":"cat","size":"x"}}}', "$.animals[...].size", "must be int, not str"),
        (b'{"items":[],"deep":[[],["a",["b",{"c":5}]]]}', "$.deep[1][1][1][...]", "fits no alternative of Tree: "),
    ],
)
def test_a_decode_error_leads_to_the_place(content: bytes, path: str, reason: str) -> None:
    error = decode_error(Holder, content)
    assert error.path == path
    assert reason in error.reason
    assert "`" not in str(error)


def test_integers_may_be_written_as_floats_in_each_alternative() -> None:
    assert HOLDER.decode_bytes(b'{"items":[{"a":1.0},{"b":1e1}]}').items == [Small(a=1), Other(b=10)]


def test_values_are_encoded_as_they_are_and_checked_before() -> None:
    holder = Holder(items=[Small(a=1), Other(b=2)], animals={"x": Cat(kind="cat", size=1)})
    content = HOLDER.encode(holder)
    assert content == b'{"items":[{"a":1},{"b":2}],"animals":{"x":{"kind":"cat","size":1}},"deep":[]}'
    assert HOLDER.decode_bytes(content) == holder
    with pytest.raises(InvalidArgumentError, match="must be int, not str") as caught:
        HOLDER.encode(Holder(items=[Small(a=1), msgspec.structs.replace(Small(a=1), a="x")]))
    assert caught.value.argument == "items[1].a"


def test_any_value_passes_for_one_of_a_union() -> None:
    assert isinstance(5, EITHER)
    assert issubclass(EITHER, UnionType)


def test_another_type_is_none_of_this_package() -> None:
    with pytest.raises(TypeError, match=r"^<class 'complex'> is not a type of this package$"):
        from_json(complex, 1)


# msgspec evaluates the annotation while it looks at the type for the first time; the other thread comes in between.
CODE = """
import threading
import msgspec
from generator.overlay._runtime import codecs
from generator.overlay._runtime.union_type import from_json, union_type

done = []


def use(name):
    codec.decode_bytes(b'[{"field": 1}]')
    done.append(name)


def come_between():
    global come_between
    come_between = lambda: int
    other.start()
    # It has to wait for us, and nothing tells that it does.
    other.join(0.3)
    return int


class Model(msgspec.Struct):
    field: "come_between()"


codec = codecs.Json(list[union_type("Either", lambda: (Model,))])
codec.decode_bytes(b"[]")
other = threading.Thread(target=use, args=("second",))
use("first")
other.join()
print(*done, sep=", ")
"""


def test_a_thread_that_uses_an_alternative_while_another_one_looks_at_it_waits() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "first, second", "")
