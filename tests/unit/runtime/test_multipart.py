"""Facts about forms with files: the exact bytes, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, cast

import pytest
from msgspec import UNSET, Struct

from generator.overlay._runtime.body import PIECE, Stream, size_of
from generator.overlay._runtime.errors import InvalidArgumentError
from generator.overlay._runtime.multipart import File, FormField, Multipart, MultipartBody
from generator.overlay._runtime.union_type import union_type
from generator.overlay._runtime.unique_list import Unique

FILE = FormField("the-file", "the_file", None)
FILES = FormField("the-file", "the_file", None, is_list=True)
TEXT = FormField("the-text", "the_text", str)
PLAIN = 'Content-Disposition: form-data; name="the-text"\r\n\r\n'


class Point(Struct):
    x: int


def encode(value: Any, field: FormField = FILE) -> MultipartBody:
    return Multipart(field).encode({field.wire_name: value})


def parts_of(body: MultipartBody) -> list[bytes]:
    """Return the parts of a form, of which all other bytes are as they have to be."""
    media_type, _, boundary = body.media_type.partition("; boundary=")
    assert media_type == "multipart/form-data"
    assert boundary.isalnum()
    content = b"".join(body)
    assert len(body) == size_of(body) == len(content)
    assert content == b"".join(body)
    opening, end = f"--{boundary}\r\n".encode(), f"--{boundary}--\r\n".encode()
    assert content.endswith(end)
    first, *parts = content.removesuffix(end).split(opening)
    assert first == b""
    assert all(part.endswith(b"\r\n") for part in parts)
    return [part.removesuffix(b"\r\n") for part in parts]


def file_part(content: bytes, name: str, media_type: str = "application/octet-stream", more: str = "") -> bytes:
    head = f'Content-Disposition: form-data; name="the-file"; filename="{name}"\r\nContent-Type: {media_type}\r\n'
    return f"{head}{more}\r\n".encode() + content


def refusal(value: Any, field: FormField = FILE) -> str:
    with pytest.raises(InvalidArgumentError) as caught:
        encode(value, field)
    assert caught.value.argument.startswith(field.argument)
    return str(caught.value)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "film ä.mov"
    path.write_bytes(b"film\r\n")
    return path


def test_the_bytes_of_a_form_are_exactly_these() -> None:
    form = Multipart(TEXT, FILE, FormField("point", "point", Point, "application/json"))
    body = form.encode({"the-file": b"\x00\r\n", "point": Point(1), "the-text": "ä & b"})
    boundary = body.media_type.removeprefix("multipart/form-data; boundary=")
    assert (
        b"".join(body)
        == (
            f'--{boundary}\r\nContent-Disposition: form-data; name="the-text"\r\n\r\nä & b\r\n'
            f'--{boundary}\r\nContent-Disposition: form-data; name="the-file"; filename="the-file"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n\x00\r\n\r\n"
            f'--{boundary}\r\nContent-Disposition: form-data; name="point"\r\nContent-Type: application/json\r\n\r\n'
            f'{{"x":1}}\r\n--{boundary}--\r\n'
        ).encode()
    )


def test_each_form_has_a_boundary_of_its_own() -> None:
    assert encode(b"x").media_type != encode(b"x").media_type


@pytest.mark.parametrize(
    "content",
    [b"abc", bytearray(b"abc"), memoryview(b"abc"), Stream(3, lambda: [b"a", b"bc"]), File(b"abc")],
    ids=lambda content: type(content).__name__,
)
def test_a_file_may_be_bytes_or_a_stream(content: Any) -> None:
    assert parts_of(encode(content)) == [file_part(b"abc", "the-file")]


def test_a_text_is_not_taken_for_a_path(path: Path) -> None:
    with pytest.raises(
        InvalidArgumentError, match=r"^the_file: is a text; pass Path\('film\.mov'\) for a file, or bytes for content$"
    ) as caught:
        encode(cast("Any", str(path)))
    assert caught.value.argument == "the_file"


def test_a_file_may_be_a_path_whose_name_it_has(path: Path) -> None:
    for value in (path, File(path), File(str(path))):
        assert parts_of(encode(value)) == [file_part(b"film\r\n", "film ä.mov")]
    assert parts_of(encode(File(path, name="other.mov"))) == [file_part(b"film\r\n", "other.mov")]


def test_a_file_has_the_name_media_type_and_headers_that_it_is_given() -> None:
    file = File(b"x", "a.txt", "text/plain", (("Content-MD5", "abc="), ("X-Other", "y")))
    assert parts_of(encode(file)) == [file_part(b"x", "a.txt", "text/plain", "Content-MD5: abc=\r\nX-Other: y\r\n")]


@pytest.mark.parametrize("content", [b"", Stream(0, list), b"x" * (2 * PIECE + 1)], ids=["none", "stream", "large"])
def test_a_file_may_be_empty_or_larger_than_a_piece(content: Any) -> None:
    body = encode(content)
    assert parts_of(body) == [file_part(b"".join([content]) if isinstance(content, bytes) else b"", "the-file")]
    assert max(map(len, body)) <= PIECE


def test_a_file_is_read_while_it_is_sent(path: Path) -> None:
    body = encode(path)
    path.write_bytes(b"FILM\r\n")
    assert parts_of(body) == [file_part(b"FILM\r\n", "film ä.mov")]
    path.write_bytes(b"F")
    with pytest.raises(InvalidArgumentError, match=r"^body: has 1 bytes, not 6$"):
        b"".join(body)


@pytest.mark.parametrize(
    ("name", "written"),
    [('a"b', "a%22b"), ("a\r\nX: y", "a%0D%0AX: y"), ("\n\r", "%0A%0D"), ("ä%\\", "ä%\\")],
)
def test_quotes_and_line_breaks_in_names_are_escaped(name: str, written: str) -> None:
    assert parts_of(encode(File(b"x", name))) == [file_part(b"x", written)]
    body = encode("x", FormField(name, "argument", str))
    assert parts_of(body) == [f'Content-Disposition: form-data; name="{written}"\r\n\r\nx'.encode()]


@pytest.mark.parametrize("bad", ["a\rb", "a\nb", "a\r\nb: c", "\n"])
def test_line_breaks_in_header_fields_are_refused(bad: str) -> None:
    for file in (File(b"x", media_type=bad), File(b"x", headers=((bad, "x"),)), File(b"x", headers={"x": bad})):
        assert "has a line break in a header field of its part" in refusal(file)


def test_a_lone_surrogate_is_refused_where_it_is() -> None:
    rule = "is not valid Unicode, it has a lone surrogate"
    assert refusal("\ud800", TEXT) == f"the_text: {rule}"
    for file in (File(b"x", "\ud800"), File(b"x", headers=(("x", "\ud800"),))):
        assert refusal(file).endswith(rule)


@pytest.mark.skipif(os.name != "posix", reason="file names are Unicode here")
def test_a_file_whose_name_is_not_unicode_is_refused_unless_it_is_given_another(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xff")
    try:
        path.write_bytes(b"x")
    except OSError:
        pytest.skip("this file system has no such names")
    assert refusal(path).startswith("the_file=")
    assert parts_of(encode(File(path, "x"))) == [file_part(b"x", "x")]


def test_a_list_of_files_is_a_part_for_each(path: Path) -> None:
    assert parts_of(encode([b"a", File(b"b", "b.txt"), path], FILES)) == [
        file_part(b"a", "the-file"),
        file_part(b"b", "b.txt"),
        file_part(b"film\r\n", "film ä.mov"),
    ]
    assert parts_of(encode([], FILES)) == []


@pytest.mark.parametrize("value", [[], [b"a"]], ids=str)
def test_a_list_is_refused_where_one_file_is_meant(value: Any) -> None:
    assert refusal(value) == f"the_file={value!r}: must be one file, not a list"


NO_FILES: list[Any] = [5, None, [5], ("x",), File(cast("Any", 5)), object()]


@pytest.mark.parametrize("value", NO_FILES, ids=lambda value: type(value).__name__)
def test_anything_else_is_no_file(value: Any) -> None:
    assert refusal(value, FILES).endswith("a Stream, a path such as Path('film.mov'), or an open binary file")


def test_a_file_that_may_be_null_is_left_out_then() -> None:
    assert parts_of(encode(None, FormField("the-file", "the_file", None, is_nullable=True))) == []


def test_a_file_that_does_not_exist_is_an_error_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        encode(tmp_path / "none")


def test_a_required_part_has_to_be_there_and_an_optional_one_need_not() -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        Multipart(TEXT).encode({})
    assert str(caught.value) == "the_text: is required"
    assert refusal(UNSET) == "the_file: is required"
    optional = [FormField("a", "a", str, required=False), FormField("b", "b", None, required=False)]
    assert parts_of(Multipart(*optional, TEXT).encode({"a": UNSET, "the-text": "x"})) == [f"{PLAIN}x".encode()]
    assert parts_of(Multipart(*optional).encode({})) == []


@pytest.mark.parametrize(
    ("type_", "value", "texts"),
    [
        (str, "", [""]),
        (int, 5, ["5"]),
        (bool, True, ["true"]),
        (str | None, None, []),
        (list[str | None], ["a", None], ["a"]),
        (list[int], [1, 2], ["1", "2"]),
        (list[str], [], []),
        (union_type("Either", lambda: (int, str)), "x", ["x"]),
    ],
    ids=str,
)
def test_scalars_are_texts_and_lists_repeated(type_: Any, value: Any, texts: list[str]) -> None:
    body = encode(value, FormField("the-text", "the_text", type_))
    assert parts_of(body) == [f"{PLAIN}{text}".encode() for text in texts]


@pytest.mark.parametrize(
    ("type_", "value", "message"),
    [
        (str, 5, "the_text=5: must be str, not int"),
        (list[int], [1, "x"], "the_text[1]='x': must be int, not str"),
        (Any, {"x": float("inf")}, "the_text.x=inf: must be a finite number"),
        (float, float("nan"), "the_text=nan: must be a finite number"),
        (Unique[list[str]], ["a", "a"], "the_text=['a', 'a']: must not have an item twice"),
        (
            union_type("Either", lambda: (int, bool)),
            "x",
            "the_text='x': fits no alternative of Either: int: must be int, not str; bool: must be bool, not str",
        ),
    ],
    ids=str,
)
def test_a_text_that_breaks_its_type_is_refused(type_: Any, value: Any, message: str) -> None:
    assert refusal(value, FormField("the-text", "the_text", type_)) == message


def test_a_part_in_json_is_checked_against_its_type() -> None:
    field = FormField("point", "point", Point, "application/json")
    head = b'Content-Disposition: form-data; name="point"\r\nContent-Type: application/json\r\n\r\n'
    assert parts_of(encode(Point(1), field)) == [head + b'{"x":1}']
    assert parts_of(encode(None, FormField("point", "point", Point | None, "application/json"))) == []
    assert refusal(None, field) == "point=None: must be object, not null"
    with pytest.raises(InvalidArgumentError, match=r"^point\.x='y': must be int, not str$"):
        encode({"x": "y"}, field)


def test_an_array_of_objects_is_a_part_in_json_for_each() -> None:
    field = FormField("points", "points", list[Point], "application/json")
    head = b'Content-Disposition: form-data; name="points"\r\nContent-Type: application/json\r\n\r\n'
    assert parts_of(encode([Point(1), {"x": 2}], field)) == [head + b'{"x":1}', head + b'{"x":2}']
    assert parts_of(encode([], field)) == []
    assert refusal([Point(1), {"x": "y"}], field) == "points[1].x='y': must be int, not str"
    text = FormField("points", "points", list[Point], is_json=True)
    assert parts_of(encode([Point(1)], text)) == [b'Content-Disposition: form-data; name="points"\r\n\r\n[{"x":1}]']


def test_a_text_of_json_has_no_media_type() -> None:
    field = FormField("point", "point", Point, is_json=True)
    head = b'Content-Disposition: form-data; name="point"\r\n\r\n'
    assert parts_of(encode(Point(1), field)) == [head + b'{"x":1}']
    assert refusal({"x": "y"}, field) == "point.x='y': must be int, not str"
    assert refusal({"x": "\ud800"}, FormField("point", "point", Any, is_json=True)).startswith("point.x")
    assert refusal({"x": float("inf")}, FormField("point", "point", Any, is_json=True)).startswith("point.x")
    assert refusal({"x": object()}, FormField("point", "point", Any, is_json=True)).startswith("point.x")


@pytest.mark.parametrize(
    ("of_field", "of_file", "sent"),
    [
        ("", "", b"application/octet-stream"),
        ("image/png", "", b"image/png"),
        ("image/png", "image/gif", b"image/gif"),
        ("", "image/gif", b"image/gif"),
    ],
)
def test_a_file_has_its_own_media_type_or_that_of_the_document(of_field: str, of_file: str, sent: bytes) -> None:
    field = FormField("a", "a", None, of_field)

    assert b"\r\nContent-Type: " + sent + b"\r\n\r\nx" in b"".join(
        Multipart(field).encode({"a": File(b"x", media_type=of_file)})
    )
