"""Facts about bodies: what is decoded, what is refused and with which message."""

from __future__ import annotations

import contextlib
import datetime as dt
import decimal
import enum
import pathlib
import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, Meta, Struct, UnsetType

from generator.overlay._runtime.codecs import Binary, Empty, Form, Json, Text
from generator.overlay._runtime.errors import DecodeError, InvalidArgumentError
from generator.overlay._runtime.formats import FORMAT_PATTERNS
from generator.overlay._runtime.headers import Headers
from generator.overlay._runtime.messages import RawResponse
from generator.overlay._runtime.open_object import EXTRA, Open
from generator.overlay._runtime.union_type import union_type

NAME = Meta(pattern="^[^/]{1,9}$", description="Name of the file, 1 to 9 characters, without slash.")


class Colour(enum.Enum):
    RED = "red"


class Part(Struct, kw_only=True):
    size: Annotated[int, Meta(ge=1, description="Size in bytes.")]
    ratio: float | None = None


class Upload(Struct, kw_only=True, rename={"kind": "type"}):
    file_name: Annotated[str, NAME]
    kind: str = "file"
    file_size: Annotated[int, Meta(ge=20, le=2**63 - 1)] | UnsetType = UNSET
    parts: list[Part] = []
    labels: dict[str, int] = {}
    ratio: float | UnsetType | None = UNSET
    when: dt.datetime | None = None
    colour: Colour = Colour.RED
    anything: Any = None


UPLOAD: Json[Upload] = Json(Upload)


def forged(**fields: Any) -> Upload:
    """Return an upload with fields of any type, as a program that is not type-checked may make it."""
    settings: dict[str, Any] = {"file_name": "a"} | fields
    return Upload(**settings)


def raw(content: bytes, media_type: str | None = "application/json", **more: str) -> RawResponse:
    pairs = [("content-type", media_type)] if media_type is not None else []
    pairs += [(name.replace("_", "-"), value) for name, value in more.items()]
    return RawResponse("create_upload", "POST", 201, Headers(pairs), content)


def decode_error(codec: Any, content: bytes, media_type: str | None = "application/json", **more: str) -> DecodeError:
    with pytest.raises(DecodeError) as caught:
        codec.decode(raw(content, media_type, **more))
    return caught.value


def encode_error(codec: Any, value: Any) -> InvalidArgumentError:
    with pytest.raises(InvalidArgumentError) as caught:
        codec.encode(value)
    return caught.value


JSON_TYPES = ["application/json", "application/json; charset=utf-8", "Application/JSON", "application/vnd.box+json"]


@pytest.mark.parametrize("media_type", [*JSON_TYPES, "application/problem+json;x=y"])
def test_json_media_types_are_decoded(media_type: str) -> None:
    assert Json[dict[str, int]](dict[str, int]).decode(raw(b'{"a":1}', media_type)) == {"a": 1}


@pytest.mark.parametrize("media_type", ["text/html", "application/jsonp", "text/json", "", None, "json"])
def test_other_media_types_are_refused_by_name(media_type: str | None) -> None:
    error = decode_error(UPLOAD, b'{"file_name":"a"}', media_type)
    assert error.reason == f"is {media_type or 'of no media type'}, not application/json"
    assert (error.status, error.content) == (201, b'{"file_name":"a"}')


def test_a_violation_is_located() -> None:
    error = decode_error(UPLOAD, b'{"file_name":"a","parts":[{"size":5},{"size":0}]}')
    assert (error.path, error.reason) == ("$.parts[1].size", "must be at least 1")
    # The server has accepted the call already.
    assert error.retry_safe is False


@pytest.mark.parametrize("text", ["1e3", "1000.0", "1E+3", "100000e-2", "1000"])
def test_an_integer_may_be_written_as_any_integral_number(text: str) -> None:
    content = b'{"file_name":"a","file_size":%s,"ratio":1.0,"parts":[{"size":2.0,"ratio":2}]}' % text.encode()
    decoded = UPLOAD.decode(raw(content))
    assert decoded.file_size == 1000
    assert type(decoded.file_size) is int
    assert type(decoded.ratio) is float
    assert decoded.parts == [Part(size=2, ratio=2.0)]


@given(st.integers(-(2**53), 2**53) | st.just(2**63 - 1))
def test_every_integer_is_read_exactly_from_a_decimal_notation(number: int) -> None:
    assert Json[list[int]](list[int]).decode_bytes(b"[%d.0]" % number) == [number]


def test_an_integer_with_an_exponent_has_41_digits_at_most() -> None:
    assert Json[int](int).decode(raw(b"1e40")) == 10**40
    for text in (b"1e41", b"1e5000"):
        decode_error(Json[int](int), text)


BEYOND = ["1e400", "1e400000000", "-1e400000000", "1e41", "1e5000", "1e99999999999999999999"]


@pytest.mark.parametrize("text", [*BEYOND, "1.5", "1e-1", '"1"', "true", "null", "NaN"])
def test_anything_but_an_integer_is_refused_with_bounded_work(text: str) -> None:
    decode_error(UPLOAD, b'{"file_name":"a","file_size":%s}' % text.encode())


def test_the_second_reading_reports_the_first_error_and_keeps_all_rules() -> None:
    assert decode_error(UPLOAD, b'{"file_name":"a","file_size":1e3,"parts":[{"size":1.5}]}').path == "$.file_size"
    decode_error(UPLOAD, b'{"file_size":1e3,"file_name":"a/b"}')


def test_other_numbers_are_floats_on_the_second_reading() -> None:
    upload = UPLOAD.decode(raw(b'{"file_name": "a", "file_size": 20.0, "ratio": 1.5}'))
    assert (upload.file_size, upload.ratio) == (20, 1.5)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"<html>", b'"\xff"', b"[" * 100_000, b'{"a":' * 100_000, b"{}{}", b"\x00"]
)
def test_malformed_bodies_are_decode_errors(content: bytes) -> None:
    error = decode_error(UPLOAD, content)
    assert error.__cause__ is None
    assert str(error).isprintable()


def test_a_body_that_is_nested_too_deeply_is_refused() -> None:
    assert decode_error(Json[Any](Any), b"[" * 100_000).reason == "is nested too deeply"
    decode_error(Json[list[int]](list[int]), b"[1.0," + b"[" * 100_000)


@given(st.binary())
def test_no_body_raises_anything_but_a_decode_error(content: bytes) -> None:
    with contextlib.suppress(DecodeError):
        UPLOAD.decode(raw(content))


def test_the_decoder_is_built_once_on_first_use() -> None:
    codec: Json[Any] = Json("this is no type")
    with pytest.raises(TypeError):
        codec.decode_bytes(b"1")
    shared: Json[Upload] = Json(Upload)
    with ThreadPoolExecutor(8) as pool:
        found = pool.map(shared.decode_bytes, [b'{"file_name":"a"}'] * 8)
    assert list(found) == [Upload(file_name="a")] * 8


def test_unset_fields_are_not_encoded_and_null_is() -> None:
    assert UPLOAD.encode(Upload(file_name="a", ratio=None)) == (
        b'{"file_name":"a","type":"file","parts":[],"labels":{},"ratio":null,"when":null,"colour":"red","anything":null}'
    )
    assert b"ratio" not in UPLOAD.encode(Upload(file_name="a"))


def test_a_broken_rule_names_argument_value_rule_and_description() -> None:
    error = encode_error(UPLOAD, Upload(file_name="a/b"))
    assert str(error) == (
        "file_name='a/b': does not match ^[^/]{1,9}$ (Name of the file, 1 to 9 characters, without slash)"
    )
    assert error.argument == "file_name"
    assert error.__cause__ is None


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"file_size": 19}, "file_size", "at least 20"),
    ({"file_size": 2**63}, "file_size", "at most|out of range"),
    ({"file_size": 2**70}, "file_size", "at most|out of range"),
    ({"file_size": "20"}, "file_size", "must be int, not str"),
    ({"file_size": 20.0}, "file_size", "must be int, not float"),
    ({"file_size": True}, "file_size", "must be int, not bool"),
    ({"file_size": None}, "file_size", "must be int, not null"),
    ({"file_name": UNSET}, "file_name", r": is required\b"),
    ({"file_name": b"abc"}, "file_name", "must be str, not bytes"),
    ({"file_name": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)}, "file_name", "must be str, not datetime"),
    ({"file_name": pathlib.Path("a")}, "file_name", "cannot be encoded"),
    ({"file_name": {"a"}}, "file_name", "must be str, not array"),
    ({"file_name": "\ud800"}, "file_name", "lone surrogate"),
    ({"kind": 5}, "kind", "must be str, not int"),
    ({"parts": [Part(size=1), Part(size=0)]}, r"parts\[1\]\.size", r"at least 1 \(Size in bytes\)"),
    ({"parts": [Part(size=1, ratio=float("nan"))]}, r"parts\[0\]\.ratio", "finite"),
    ({"parts": 5}, "parts", "must be array, not int"),
    ({"labels": {"a": "b"}}, "labels", "must be int, not str"),
    ({"ratio": float("inf")}, "ratio", "finite"),
    ({"anything": float("nan")}, "anything", "finite"),
    ({"anything": [1, {"a": object()}]}, r"anything\[1\]\.a", "object cannot be encoded"),
    ({"anything": "\udfff"}, "anything", "lone surrogate"),
    ({"when": "2020-01-01"}, "when", "is not a date and time such as "),
    ({"colour": "green"}, "colour", "must be 'red'"),
]


@pytest.mark.parametrize(("fields", "argument", "rule"), WRONG, ids=[str(index) for index in range(len(WRONG))])
def test_a_value_that_no_server_could_accept_is_refused(fields: dict[str, Any], argument: str, rule: str) -> None:
    error = encode_error(UPLOAD, forged(**fields))
    assert re.search(rule, str(error))
    assert re.fullmatch(argument + r"(\[…\])?", error.argument)
    assert str(error).startswith(error.argument)
    assert error.retry_safe is True


def test_a_long_value_is_shortened() -> None:
    assert len(str(encode_error(UPLOAD, Upload(file_name="x" * 1_000_000)))) < 250


def test_a_value_of_another_type_is_the_body() -> None:
    assert encode_error(Json[Any](list[int]), "x").argument == "body"


@given(
    st.builds(
        Upload,
        file_name=st.text(
            st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1, max_size=9
        ).filter(lambda text: "\n" not in text),
        file_size=st.just(UNSET) | st.integers(20, 2**63 - 1),
        parts=st.lists(
            st.builds(
                Part, size=st.integers(1, 2**62), ratio=st.none() | st.floats(allow_nan=False, allow_infinity=False)
            )
        ),
        labels=st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers(-(2**63), 2**63)),
        when=st.none() | st.datetimes(timezones=st.just(dt.UTC)),
    )
)
def test_what_is_encoded_is_decoded_to_the_same(upload: Upload) -> None:
    assert UPLOAD.decode_bytes(UPLOAD.encode(upload)) == upload


def test_text_is_read_in_its_charset() -> None:
    assert Text().decode(raw("ä".encode(), "text/plain")) == "ä"
    assert Text().decode(raw("ä".encode("latin-1"), 'text/plain; charset="ISO-8859-1"; x=y')) == "ä"
    assert Text().decode(raw(b"text", None)) == "text"
    declared = '<?xml version="1.0" encoding="ISO-8859-1"?><a>ä</a>'
    assert Text().decode(raw(declared.encode("latin-1"), "application/xml")) == declared
    assert Text().decode(raw(declared.encode(), "application/xml; charset=utf-8")) == declared


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_a_mark_before_a_text_names_its_charset_and_is_no_part_of_it(mark: str) -> None:
    content = "\ufeffä".encode("utf-16-be") if mark == "utf-16-be" else "ä".encode(mark)
    assert Text().decode(raw(content, "text/plain; charset=utf-8")) == "ä"


def test_a_text_is_sent_in_utf_8() -> None:
    assert Text().encode("ä") == b"\xc3\xa4"


@pytest.mark.parametrize(
    ("content", "media_type", "charset"),
    [
        (b"\xff", "text/plain", "utf-8"),
        (b"x", "text/plain; charset=none-such", "none-such"),
        (b"x", 'text/plain; charset="none-such"', "none-such"),
        (b"x", "text/plain; charset=hex", "hex"),
    ],
)
def test_text_in_another_charset_is_refused(content: bytes, media_type: str, charset: str) -> None:
    error = decode_error(Text(), content, media_type)
    assert (error.reason, error.status, error.path) == (f"is not text in {charset}", 201, "$")


def test_binary_and_empty_bodies_are_taken_as_they_are() -> None:
    assert Binary().decode(raw(b"\x00", "image/png")) == b"\x00"
    assert Binary().encode(b"\x00") == b"\x00"
    encode_error(Binary(), "text")
    Empty().decode(raw(b"ignored", "text/html"))
    Empty().encode()


class Grant(Struct):
    grant_type: str
    scopes: list[str] | UnsetType = UNSET
    valid: bool = True
    when: dt.datetime | None = None


def test_forms_are_percent_encoded_and_lists_repeated() -> None:
    form = Form[Grant](Grant)
    assert form.encode(Grant("a b&c=ä", ["x", "y z"], when=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))) == (
        b"grant_type=a+b%26c%3D%C3%A4&scopes=x&scopes=y+z&valid=true&when=2020-01-01T00%3A00%3A00%2B00%3A00"
    )
    assert form.encode(Grant("a")) == b"grant_type=a&valid=true"
    encode_error(form, Grant(5))  # type: ignore[arg-type]  # what is under test


def test_decimals_pass_where_they_are_asked_for() -> None:
    codec = Json[list[decimal.Decimal]](list[decimal.Decimal])
    assert codec.decode_bytes(codec.encode([decimal.Decimal("1.10")])) == [decimal.Decimal("1.10")]


def test_msgspec_still_words_its_errors_as_the_rules_expect() -> None:
    table: list[tuple[Any, Any, str]] = [
        (Annotated[str, Meta(max_length=1)], "ab", r"must have at most 1 character\b"),
        (Annotated[str, Meta(min_length=1)], "", r"must have at least 1 character\b"),
        (Annotated[list[int], Meta(min_length=1)], [], r"must have at least 1 item\b"),
        (Annotated[list[int], Meta(max_length=2)], [1, 2, 3], r"must have at most 2 items\b"),
        (Annotated[int, Meta(multiple_of=3)], 4, "must be a multiple of 3"),
        (Annotated[int, Meta(gt=3)], 3, "must be more than 3|must be at least 4"),
        (Annotated[float, Meta(lt=3.5)], 4.0, "must be less than 3.5"),
        (Annotated[dt.datetime, Meta(tz=True)], dt.datetime(2020, 1, 1), "must have a time zone"),  # noqa: DTZ001  # what is under test
        (dt.date, "x", "is not a date such as "),
        (uuid.UUID, "x", "is not a UUID"),
        (bytes, "x", "is not base64"),
        (Annotated[dict[str, int], Meta(min_length=2)], {"a": 1}, "must have at least 2 properties"),
        (tuple[int, int], [1], "must have 2 items, not 1"),
    ]
    for type_, value, words in table:
        assert re.search(words, str(encode_error(Json[Any](type_), value)))


def test_the_rule_of_a_value_in_an_optional_map_is_explained() -> None:
    code = Annotated[str, Meta(pattern=f"^({'a' * 60}|b)$", description="Code of a country.")]
    error = decode_error(Json[Any](list[int] | dict[str, code] | None), b'{"a": "x"}')
    assert (error.path, error.reason) == ("$[...]", "breaks the rule: Code of a country")


def test_a_struct_that_was_changed_is_checked_again() -> None:
    upload = Upload(file_name="a")
    upload.parts = msgspec.convert([{"size": 1}], list[Part])
    upload.parts[0].size = -1
    encode_error(UPLOAD, upload)


def test_a_decode_error_has_the_call_and_the_content() -> None:
    error = decode_error(UPLOAD, b"{")
    assert (error.operation, error.status, error.path, error.content) == ("create_upload", 201, "$", b"{")


def test_a_body_without_a_response_needs_no_media_type() -> None:
    assert UPLOAD.decode_bytes(b'{"file_name":"a"}') == Upload(file_name="a")
    with pytest.raises(DecodeError) as caught:
        UPLOAD.decode_bytes(b'{"file_name": 1}')
    error = caught.value
    assert (error.operation, error.status, error.path) == ("", None, "$.file_name")
    assert error.content == b'{"file_name": 1}'


@pytest.mark.parametrize(("encoding", "note"), [("Identity", ""), ("br", " (content-encoding br)")])
def test_a_decode_error_names_the_content_encoding_if_there_is_one(encoding: str, note: str) -> None:
    assert decode_error(Json[int](int), b'"a"', content_encoding=encoding).reason == f"must be int, not str{note}"
    assert note in str(decode_error(UPLOAD, b"\x0b\x02", content_encoding=encoding))


class Place(Struct, forbid_unknown_fields=True):
    """Something with rules that msgspec reports as patterns."""

    url: Annotated[str, Meta(pattern=FORMAT_PATTERNS["uri"], description="Where it is.")]
    relative: Annotated[str, Meta(pattern=FORMAT_PATTERNS["uri-reference"])] | None = None
    mail: Annotated[str, Meta(pattern=FORMAT_PATTERNS["email"])] = "a@b"
    host: Annotated[str, Meta(pattern=FORMAT_PATTERNS["hostname"])] = "a"
    ipv4: Annotated[str, Meta(pattern=FORMAT_PATTERNS["ipv4"])] = "1.2.3.4"
    ipv6: list[Annotated[str, Meta(pattern=FORMAT_PATTERNS["ipv6"])]] = []
    short: Annotated[str, Meta(pattern="^['a]$")] = "a"
    long: Annotated[str, Meta(pattern="^" + "(c|'){10}" * 8 + "$", description="Ten of it.")] = ""
    whole: Annotated[str, Meta(pattern="^" + "a" * 78 + "$")] = "a" * 78
    cut: Annotated[str, Meta(pattern="^" + "a" * 79 + "$")] = "a" * 79


@pytest.mark.parametrize(
    ("fields", "path", "reason"),
    [
        ({"url": " "}, "$.url", "is not a valid URI"),
        ({"relative": " "}, "$.relative", "is not a valid URI reference"),
        ({"mail": ""}, "$.mail", "is not a valid e-mail address"),
        ({"host": ""}, "$.host", "is not a valid host name"),
        ({"ipv4": ""}, "$.ipv4", "is not a valid IPv4 address"),
        ({"ipv6": ["::1", ""]}, "$.ipv6[...]", "is not a valid IPv6 address"),
        ({"short": "b"}, "$.short", "does not match ^['a]$"),
        ({"long": "b"}, "$.long", "breaks the rule: Ten of it"),
        ({"whole": "b"}, "$.whole", f"does not match ^{'a' * 78}$"),
        ({"cut": "b"}, "$.cut", f"does not match ^{'a' * 78}…"),
        ({"host": 5}, "$.host", "must be str, not int"),
        ({"more": 5}, "$", "has the unknown field more"),
    ],
)
def test_a_rule_that_a_body_breaks_is_given_in_words(fields: dict[str, Any], path: str, reason: str) -> None:
    error = decode_error(Json[Place](Place), msgspec.json.encode({"url": "https://a/b", **fields}))
    assert (error.path.replace("[1]", "[...]"), error.reason) == (path, reason)


@pytest.mark.parametrize(
    ("type_", "words"),
    [
        (Literal["b", "a"], "must be one of 'a', 'b'"),
        (Literal["a"] | None, "must be 'a'"),
        (Literal["a", 1], "must be one of "),
        (Colour, "must be 'red'"),
        (Annotated[Literal["a", "b"], Meta(description="Which.")], "must be one of 'a', 'b'"),
        (Literal[tuple(f"value {number:03}" for number in range(99))], "must be one of 'value 000', 'value 001', "),
    ],
    ids=str,
)
def test_the_values_of_an_enum_are_listed(type_: Any, words: str) -> None:
    received = decode_error(Json[Any](type_), b'"c"').reason
    assert received.startswith(words)
    assert received.endswith("; got 'c'")
    assert str(encode_error(Json[Any](type_), "c")) == "body='c': " + received.removesuffix("; got 'c'")
    assert len(received) < 230
    assert ("…" in received) == ("(99 values)" in received) == ("000" in words)


def test_a_missing_field_is_named() -> None:
    assert str(decode_error(Json[Place](Place), b"{}")).startswith("response body at $: lacks url")


def test_an_argument_that_is_no_uri_is_refused_in_words() -> None:
    assert str(encode_error(Json[Place](Place), Place(url="a b"))) == "url='a b': is not a valid URI (Where it is)"


def test_keys_may_be_numbers() -> None:
    assert Json[Any](dict[str, int]).encode({1: 2}) == b'{"1":2}'
    assert Form[Any](dict[str, str]).encode({1: "a"}) == b"1=a"


def test_a_form_writes_a_deep_property_as_names_with_keys() -> None:
    form = Form[Any](dict[str, Any], styles={"a": "deepObject", "b": "deepObject"})

    assert form.encode({"a": {"x": 1, "y": {"z": "ä"}}, "b": ["p", {"q": True}], "c": {"d": 2}}) == (
        b"a%5Bx%5D=1&a%5By%5D%5Bz%5D=%C3%A4&b%5B0%5D=p&b%5B1%5D%5Bq%5D=true&c=%7B%22d%22%3A2%7D"
    )


@pytest.mark.parametrize(
    ("style", "value", "text"),
    [
        ("json", ["a", None, {"b": 1}], b"a=%5B%22a%22%2Cnull%2C%7B%22b%22%3A1%7D%5D"),
        ("json", "x y", b"a=%22x+y%22"),
        ("form", ["a b", None, 2, True], b"a=a+b,2,true"),
        ("form", {"x": 1, "y": None, "z": "ä"}, b"a=x,1,z,%C3%A4"),
        ("form", "x,y", b"a=x,y"),
        ("spaceDelimited", ["p,q", "r"], b"a=p%2Cq+r"),
        ("pipeDelimited", ["p", "r s"], b"a=p%7Cr+s"),
        ("pipeDelimited", [""], b"a="),
        ("json", None, b""),
        ("form", None, b""),
        ("form", [None], b""),
        ("form", {}, b""),
    ],
)
def test_a_form_writes_a_property_in_its_style(style: str, value: Any, text: bytes) -> None:
    assert Form[Any](dict[str, Any], styles={"a": style}).encode({"a": value}) == text


@pytest.mark.parametrize(("style", "item", "words"), [
    ("form", "p,q", "a comma"), ("spaceDelimited", "p q", "a space"), ("pipeDelimited", "p|q", "a pipe"),
])  # fmt: skip
def test_what_separates_the_items_of_a_form_cannot_be_in_one(style: str, item: str, words: str) -> None:
    with pytest.raises(InvalidArgumentError, match=rf"^a: must not contain {words}, which separates the items$"):
        Form[Any](dict[str, Any], styles={"a": style}).encode({"a": [item]})


def test_a_form_writes_what_is_no_scalar_as_json() -> None:
    form = Form[Any](dict[str, Any])
    assert form.encode({"a": {"b": [1, None]}, "c": [1, {"d": "é"}]}) == (
        b"a=%7B%22b%22%3A%5B1%2Cnull%5D%7D&c=1&c=%7B%22d%22%3A%22%C3%A9%22%7D"
    )


class Unsayable(enum.Enum):
    VALUE = "\ud800"


CYCLE: list[Any] = []
CYCLE.append(CYCLE)


@pytest.mark.parametrize(
    ("codec", "value", "message"),
    [
        (Text(), "\ud800", "body='\\ud800': is not valid Unicode, it has a lone surrogate"),
        (Text(), 5, "body=5: must be a string"),
        (Json[Any](Any), CYCLE, "body: cannot be encoded: maximum recursion"),
        (UPLOAD, Upload(file_name="a", anything=CYCLE), "body: cannot be encoded: maximum recursion"),
        (Json[Any](Any), Unsayable.VALUE, "body: cannot be encoded: 'utf-8' codec can't encode"),
        (Form[Any](int), 5, "body=5: must have fields"),
        (Form[Any](dict[str, str]), {"a": "\ud800"}, "a: is not valid Unicode"),
        (Form[Any](dict[str, str]), {"\ud800": "a"}, "\ud800: is not valid Unicode"),
        (Form[Any](dict[str, Any]), {"a": {"b": float("inf")}}, "a.b=inf: must be a finite number"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isascii() else "",
)
def test_a_value_that_cannot_be_encoded_is_named_and_shown(codec: Any, value: Any, message: str) -> None:
    assert str(encode_error(codec, value)).startswith(message)


def test_a_number_that_json_cannot_express_is_found_within_100_levels() -> None:
    value: Any = float("inf")
    for _ in range(100):
        value = [value]
    assert str(encode_error(Json[Any](Any), value)) == f"{'[0]' * 100}=inf: must be a finite number"


class Given(Struct, kw_only=True, rename={"additional_properties": EXTRA}):
    name: str | UnsetType | None = UNSET
    size: int | UnsetType = UNSET
    additional_properties: dict[str, int] = {}


class Scalars(Struct, kw_only=True):
    name: str | UnsetType | None = UNSET
    size: int | UnsetType = UNSET


class Nothing(Struct):
    pass


@pytest.mark.parametrize(
    ("type_", "value", "content"),
    [
        (Scalars, Scalars(), None),
        (Scalars, Scalars(name=None), b'{"name":null}'),
        (Scalars, Scalars(name="", size=0), b'{"name":"","size":0}'),
        (Open[Given], Given(), None),
        (Open[Given], Given(size=0), b'{"size":0}'),
        (Open[Given], Given(additional_properties={"x": 1}), b'{"x":1}'),
        (Nothing, Nothing(), None),
    ],
    ids=str,
)
def test_a_body_of_which_nothing_is_given_is_not_sent(type_: Any, value: Any, content: bytes | None) -> None:
    assert Json[Any](type_).encode_given(value) == content


def test_a_form_of_which_nothing_is_given_is_not_sent() -> None:
    form = Form[Scalars](Scalars)
    assert form.encode_given(Scalars()) is None
    assert form.encode_given(Scalars(name=None)) is None
    assert form.encode_given(Scalars(name=None, size=0)) == b"size=0"
    assert form.encode_given(Scalars(size=0)) == b"size=0"


@pytest.mark.parametrize("codec", [Json[Any](Scalars), Form[Any](Scalars)], ids=["json", "form"])
def test_what_is_given_is_checked(codec: Any) -> None:
    with pytest.raises(InvalidArgumentError, match=r"^size='x': must be int, not str$"):
        codec.encode_given(msgspec.structs.replace(Scalars(), size="x"))


def test_an_open_object_is_the_same_after_both_ways() -> None:
    codec = Json[Given](Open[Given])
    given_ = codec.decode(raw(b'{"x":1,"name":"a","y":2.0}'))
    assert given_ == Given(name="a", additional_properties={"x": 1, "y": 2})
    assert codec.encode(given_) == b'{"x":1,"y":2,"name":"a"}'
    error = decode_error(codec, b'{"x":"y"}')
    assert (error.path, error.reason, error.status) == ("$[...]", "must be int, not str", 201)


def test_a_union_is_the_same_after_both_ways() -> None:
    union: Any = union_type("Either", lambda: (Part, Open[Given], lists))
    lists: Any = list[union]
    codec = Json[Any](union)
    content = b'[{"size":1,"ratio":2.0},{"x":1,"name":"a"},[]]'
    found = codec.decode(raw(content))
    assert found == [Part(size=1, ratio=2.0), Given(name="a", additional_properties={"x": 1}), []]
    assert codec.encode(found) == content
    error = decode_error(codec, b'[{"name":5}]')
    assert (error.path, error.status) == ("$[0].name", 201)
    assert re.fullmatch("fits no alternative of Either: .*Part: lacks size.*", error.reason)
    assert "; Given: must be str | null, not int at $.name; " in error.reason
    wrong = msgspec.structs.replace(Given(), name=5)
    assert str(encode_error(codec, [wrong])).startswith("body[0].name=5: fits no alternative of Either: ")
