"""A tolerant reader keeps what a server adds to its document, and refuses all else."""

from __future__ import annotations

import codecs
import datetime as dt
import json
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias

import msgspec
import pytest
from msgspec import UNSET, Meta, Struct, UnsetType

from generator.overlay._runtime.by_position import ByPosition
from generator.overlay._runtime.codecs import Json
from generator.overlay._runtime.errors import DecodeError
from generator.overlay._runtime.headers import Headers
from generator.overlay._runtime.messages import RawResponse
from generator.overlay._runtime.open_object import Open
from generator.overlay._runtime.tolerance import convert_tolerantly
from generator.overlay._runtime.union_type import UnionType, union_type


class File(Struct, kw_only=True, tag_field="type", tag="file"):
    size: int


class Folder(Struct, kw_only=True, tag_field="type", tag="folder"):
    type_: ClassVar[Literal["folder"]] = "folder"
    name: str = "root"


class Bag(Struct, kw_only=True, rename={"additional_properties": "⁂ additional properties"}):
    id: str
    additional_properties: dict[str, Literal["a"]] = {}


if TYPE_CHECKING:
    Loose: TypeAlias = "Literal['x', 'y'] | int"
else:
    Loose = union_type("Loose", lambda: (Literal["x", "y"], Annotated[int, Meta(ge=1)]))


class Cat(Struct, kw_only=True):
    claws: int


class Dog(Struct, kw_only=True):
    bark: str


if TYPE_CHECKING:
    Pet: TypeAlias = "Cat | Dog"
else:
    Pet = union_type("Pet", lambda: (Cat, Dog))


class Closed(Struct, kw_only=True, forbid_unknown_fields=True):
    a: int


class A(Struct, kw_only=True):
    code: Annotated[str, Meta(pattern="^a")]
    state: Literal["old"]


class B(Struct, kw_only=True):
    code: Annotated[str, Meta(pattern="^b")]
    state: Literal["old"]


if TYPE_CHECKING:
    Coded: TypeAlias = "A | B"
else:
    Coded = union_type("Coded", lambda: (A, B))


class Kitten(Struct, kw_only=True):
    kind: str
    name: str | UnsetType = UNSET


class Puppy(Struct, kw_only=True):
    kind: str
    size: Literal["small", "big"] | UnsetType = UNSET
    bark: int | UnsetType = UNSET


if TYPE_CHECKING:
    Young: TypeAlias = "Kitten | Puppy"
else:
    Young = union_type("Young", lambda: (Kitten, Puppy), tag="kind", mapping={"kitten": 0, "puppy": 1, "whelp": 1})


class Page(Struct, kw_only=True):
    state: Literal["open", "closed"] = msgspec.field(name="status")
    at: Annotated[dt.datetime, Meta(tz=True)] | UnsetType | None = UNSET
    items: list[File | Folder] | UnsetType = UNSET
    by_name: dict[str, Literal[1, 2]] | UnsetType = UNSET
    bag: Open[Bag] | UnsetType = UNSET
    loose: Loose | UnsetType = UNSET
    text: Annotated[str, Meta(max_length=3)] | UnsetType = UNSET
    pets: list[Pet] | UnsetType = UNSET
    parent: Folder | UnsetType | None = UNSET
    few: Annotated[list[Annotated[int, Meta(le=9)]], Meta(max_length=2)] | UnsetType = UNSET
    closed: Closed | UnsetType = UNSET
    pair: ByPosition[tuple[int, Literal["a"], *tuple[Literal["b"], ...]]] | UnsetType = UNSET
    coded: Coded | UnsetType = UNSET
    young: Young | UnsetType = UNSET


# As a server sends them, whatever the types say.
HUB: Any = {"type": "hub", "a": 1}
NOTHING: Any = None
OTHER: Any = "b"
NEW: Any = "new"
OTHER_DATE: Any = "soon"


def read(**members: Any) -> Page:
    content = json.dumps({"status": "open", **members}).encode()
    raw = RawResponse("get", "GET", 200, Headers([("content-type", "application/json")]), content)
    strict, tolerant = Json[Page](Page), Json[Page](Page, tolerant=True)
    with pytest.raises(DecodeError):
        strict.decode(raw)
    return tolerant.decode(raw)


@pytest.mark.parametrize(
    ("members", "name", "kept"),
    [
        ({"status": "archived"}, "state", "archived"),
        ({"status": None}, "state", None),
        ({"items": None}, "items", None),
        ({"items": [{"type": "file", "size": 1}, HUB]}, "items", [File(size=1), HUB]),
        ({"items": [{"type": "folder", "name": None}]}, "items", [Folder(name=NOTHING)]),
        ({"by_name": {"a": 1, "b": 3}}, "by_name", {"a": 1, "b": 3}),
        ({"bag": {"id": "1", "x": OTHER}}, "bag", Bag(id="1", additional_properties={"x": OTHER})),
        ({"loose": "z"}, "loose", "z"),
        ({"pets": [{"claws": 4}, {"wings": 2}]}, "pets", [Cat(claws=4), {"wings": 2}]),
        # What breaks a constraint or a format, and is of the JSON type.
        ({"text": "long"}, "text", "long"),
        ({"at": "yesterday"}, "at", "yesterday"),
        ({"at": "2030-01-01T00:00:00"}, "at", dt.datetime(2030, 1, 1)),  # noqa: DTZ001  # as it was sent
        ({"loose": 0}, "loose", 0),
        ({"few": [1, 2, 30]}, "few", [1, 2, 30]),
        ({"closed": {"a": 1, "b": 2}}, "closed", Closed(a=1)),
        ({"pair": [1, "x", "y"]}, "pair", (1, "x", "y")),
        ({"coded": {"code": "b1", "state": "new"}}, "coded", B(code="b1", state=NEW)),
        # The tag decides, though a kitten would fit as well.
        ({"young": {"kind": "whelp", "size": NEW, "bark": 1}}, "young", Puppy(kind="whelp", size=NEW, bark=1)),
        (
            {"young": {"kind": "whale", "name": None, "size": NEW}},
            "young",
            {"kind": "whale", "name": None, "size": NEW},
        ),
        ({"young": {"kind": None}}, "young", {"kind": None}),
    ],
)
def test_what_a_server_adds_is_kept_as_it_was_sent(members: Any, name: str, kept: Any) -> None:
    assert getattr(read(**members), name) == kept


def test_constraints_tell_alternatives_apart_where_others_are_broken() -> None:
    assert read(text="long", coded={"code": "b1", "state": "new"}).coded == B(code="b1", state=NEW)


def test_all_else_is_typed_as_ever() -> None:
    page = read(status="archived", at="2030-01-01T00:00:00Z", items=[{"type": "file", "size": 2}])
    assert page.at == dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
    assert page.items == [File(size=2)]


@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({"status": 1}, "$.status"),
        ({"items": [{"type": "file"}]}, r"$.items[0]"),
        ({"items": [{"type": "file", "size": "1"}]}, r"$.items[0].size"),
        ({"items": {"type": "file"}}, "$.items"),
        ({"by_name": {"a": "1"}}, "$.by_name[...]"),
        ({"bag": {"x": "a"}}, "$.bag"),
        ({"text": 1234}, "$.text"),
        ({"at": 1}, "$.at"),
        ({"text": "long", "items": [{"type": "file", "size": "1"}]}, "$.items[0].size"),
        ({"pets": [{"claws": "four"}]}, "$.pets[0].claws"),
        ({"parent": {"type": "folder_v2", "name": 1}}, "$.parent.name"),
        ({"young": {"kind": "puppy", "bark": "loud"}}, "$.young.bark"),
        ({"young": {"bark": 1}}, "$.young"),
        ({"items": [{"size": 1}]}, r"$.items[0]"),
        ({"parent": {"type": 1}}, "$.parent.type"),
        ({"status": "archived", "items": [{"type": "file", "size": 1}, {"type": "file"}]}, "$.items[1]"),
        ({"status": "archived", "by_name": {"a": "1"}}, "$.by_name[...]"),
        ({"status": "archived", "bag": {"x": "a"}}, "$.bag"),
    ],
)
def test_all_else_that_does_not_fit_is_an_error(members: Any, path: str) -> None:
    with pytest.raises(DecodeError) as caught:
        read(**members)
    assert caught.value.path == path


@pytest.mark.parametrize("tag", ["folder_v2", None])
def test_another_tag_of_a_model_that_stands_alone_is_kept_and_encoded(tag: Any) -> None:
    parent = read(parent={"type": tag, "name": "a"}).parent
    assert isinstance(parent, Folder)
    assert (parent.type_, parent.name) == (tag, "a")
    assert json.loads(msgspec.json.encode(parent)) == {"type": tag, "name": "a"}
    assert type(parent) is type(read(parent={"type": "folder_v3"}).parent)


class Brief(Struct, kw_only=True):
    id: str
    kind: Literal["brief"] | UnsetType = UNSET


class Whole(Struct, kw_only=True):
    id: str
    kind: Literal["whole"] | UnsetType = UNSET
    status: Literal["open"] | UnsetType = UNSET
    due: dt.date | UnsetType = UNSET
    owner: str | UnsetType = UNSET


if TYPE_CHECKING:
    Either: TypeAlias = "Brief | Whole"
else:
    Either = union_type("Either", lambda: (Brief, Whole))


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        ({"id": "1", "status": "new", "owner": "a"}, Whole(id="1", status=NEW, owner="a")),
        ({"id": "1", "status": None}, Whole(id="1", status=NOTHING)),
        ({"id": "1", "due": "soon"}, Whole(id="1", due=OTHER_DATE)),
        ({"id": "1", "kind": "new", "owner": "a"}, Whole(id="1", kind=NEW, owner="a")),
        # Another type is no addition of a server's, and a kind that another model has is no new one.
        ({"id": "1", "owner": 5}, Brief(id="1")),
        ({"id": "1", "kind": "brief", "owner": "a"}, Brief(id="1", kind="brief")),
        ({"id": "1"}, Brief(id="1")),
    ],
    ids=str,
)
def test_the_alternative_that_knows_the_most_is_taken_though_another_fits(value: Any, taken: object) -> None:
    raw = RawResponse("get", "GET", 200, Headers([("content-type", "application/json")]), json.dumps([value]).encode())
    assert Json[list[Either]](list[Either], tolerant=True).decode(raw) == [taken]


def test_an_unknown_tag_is_no_other_model_though_one_fits() -> None:
    content = b'{"kind":"whale","bark":1}'
    raw = RawResponse("get", "GET", 200, Headers([("content-type", "application/json")]), content)
    assert Json[Any](Young, tolerant=True).decode(raw) == {"kind": "whale", "bark": 1}
    assert Json[Any](Young).decode(raw) == Puppy(kind="whale", bark=1)


def test_the_fields_of_a_model_are_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up = list[object]()

    def counted(model: Any) -> Any:
        looked_up.append(model)
        return fields(model)

    fields = msgspec.structs.fields
    monkeypatch.setattr(msgspec.structs, "fields", counted)
    model = msgspec.defstruct("New", [("state", Literal["old"])])
    value = {"state": "new"}
    assert len(convert_tolerantly([value] * 20, list[model])) == 20  # type: ignore[valid-type]  # for msgspec alone
    assert looked_up == [model]


class Node(Struct, kw_only=True):
    below: Way
    kind: Literal["node"] = "node"


class Branch(Struct, kw_only=True):
    below: Way
    kind: Literal["branch"] = "branch"


class End(Struct, kw_only=True):
    end: int


if TYPE_CHECKING:
    Way: TypeAlias = "Node | Branch | End"
else:
    Way = union_type("Way", lambda: (Node, Branch, End))


@pytest.mark.parametrize("end", ["x", None])
def test_a_union_that_contains_itself_twice_is_not_read_once_for_each_way_through_it(
    monkeypatch: pytest.MonkeyPatch, end: object
) -> None:
    depth, tries = 12, 0
    read = UnionType.from_json.__func__  # type: ignore[attr-defined]  # of the class method

    def counted(cls: Any, /, value: object, hook: Any, **options: Any) -> Any:
        nonlocal tries
        tries += 1
        return read(cls, value, hook, **options)

    monkeypatch.setattr(UnionType, "from_json", classmethod(counted))
    value: Any = {"end": end}
    for _ in range(depth):
        value = {"below": value}
    if end is None:
        assert convert_tolerantly(value, Way) is not None
    else:
        with pytest.raises(msgspec.ValidationError):
            convert_tolerantly(value, Way)
    # The whole is tried as it is first, and then each part of it; all that once more for what breaks a constraint.
    assert tries <= 2 * 2 * (depth + 1) * (depth + 2)


WITHOUT_JSON = ["text/plain", "text/html; charset=utf-8", "application/octet-stream"]
NEARLY_JSON = ["text/json", "application/x-amz-json-1.1", "application/json-patch", None]


def answered(content: bytes, media_type: str | None) -> RawResponse:
    return RawResponse(
        "get", "GET", 200, Headers([] if media_type is None else [("content-type", media_type)]), content
    )


@pytest.mark.parametrize("media_type", [*WITHOUT_JSON, *NEARLY_JSON, "application/json"])
@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_a_body_of_json_is_read_whatever_its_media_type(media_type: str | None, mark: bytes) -> None:
    content = mark + b'{"claws": 1}'
    assert Json[Cat](Cat, tolerant=True).decode(answered(content, media_type)) == Cat(claws=1)
    if mark or media_type != "application/json":
        with pytest.raises(DecodeError):
            Json[Cat](Cat).decode(answered(content, media_type))


@pytest.mark.parametrize("media_type", [*WITHOUT_JSON, *NEARLY_JSON])
@pytest.mark.parametrize("content", [b"", b"<p>claws</p>", b'{"claws": 1', b"[" * 10**5, b"{} {}"])
def test_what_is_no_json_is_refused_by_its_media_type(media_type: str | None, content: bytes) -> None:
    with pytest.raises(DecodeError) as caught:
        Json[Cat](Cat, tolerant=True).decode(answered(content, media_type))
    name = "of no media type" if media_type is None else media_type.partition(";")[0]
    assert caught.value.reason == f"is {name}, not application/json"


def test_json_of_another_media_type_that_does_not_fit_is_located() -> None:
    with pytest.raises(DecodeError) as caught:
        Json[Cat](Cat, tolerant=True).decode(answered(b'{"claws": "1"}', "text/plain"))
    assert (caught.value.path, caught.value.reason) == ("$.claws", "must be int, not str")


def test_a_text_that_is_not_called_json_is_the_string_that_the_document_has() -> None:
    codec: Json[str] = Json(str, tolerant=True)
    for media_type in WITHOUT_JSON:
        for text in ("1\n00:00:01 --> 00:00:02\nH\u00e9!\n", '"quoted"', "1", ""):
            assert codec.decode(answered(text.encode(), media_type)) == text
    assert codec.decode(answered(b"\xe9", "text/plain; charset=latin-1")) == "\u00e9"
    for nearly in NEARLY_JSON:
        assert codec.decode(answered(b'"quoted"', nearly)) == "quoted"
        assert codec.decode(answered(b"plain", nearly)) == "plain"
    for content, media_type in ((b"plain", "application/json"), (b"\xff", "application/octet-stream")):
        with pytest.raises(DecodeError):
            codec.decode(answered(content, media_type))
    with pytest.raises(DecodeError):
        Json[str](str).decode(answered(b"plain", "text/plain"))
