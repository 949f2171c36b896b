"""Bodies of `multipart/form-data`, whose files are read while they are sent."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, cast
from uuid import uuid4

import msgspec

from .body import BinaryFile, Content, Source, Stream, content_of, is_source, is_spent, pieces, size_of
from .codecs import Json
from .conversion import convert
from .errors import InvalidArgumentError
from .json_types import is_array, is_object
from .open_object import inline_extra
from .parameters import deep_pairs, given_items, joined_text, plain_text
from .text import short_repr
from .validation_errors import NATIVE, argument_error

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["File", "FileContent", "FormField", "Multipart", "MultipartBody"]


class File(msgspec.Struct, frozen=True):
    """A file in a form, with what the form says about it.

    Attributes:
        content: Its path, its bytes, a `Stream` of them, or a file or pipe that is open for reading bytes.
        name: Its name, by default that of the path or of the open file, else that of the field.
        media_type: Its media type; empty for that of the document, or else `application/octet-stream`.
        headers: Further header fields of its part, such as `{"Content-MD5": "…"}`.
    """

    content: Content | str | os.PathLike[str] | BinaryFile
    name: str | None = None
    media_type: str = ""
    headers: Mapping[str, str] | tuple[tuple[str, str], ...] = ()


FileContent: TypeAlias = "Source | File"
"""A file in a form: bytes, a `Stream`, a path such as `Path("film.mov")`, an open file, or a `File` that says more."""


_Part: TypeAlias = "tuple[bytes, Content]"
"""The header fields of a part, and its content."""


class FormField(msgspec.Struct, frozen=True):
    """A property of a form.

    Attributes:
        wire_name: Name in the body.
        argument: Name in Python, for errors.
        type: Its type, as msgspec understands it; None for a file.
        media_type: Media type of its part, or of a file that has none of its own; empty for a text without one.
        required: Whether it has to be there.
        is_json: Whether it is encoded as JSON without a media type that says so.
        is_list: Whether it may be a list of files, each of which is a part.
        is_nullable: Whether a file may be None, and is left out then.
        style: How it is written, if not as a part for each item: `deepObject` as parts whose names have keys, such as
            `metadata[size]`, or `form`, `spaceDelimited` or `pipeDelimited` for what joins the items.
        is_rest: Whether it stands for what is not declared: a dict of values by the names of their parts.
    """

    wire_name: str
    argument: str
    type: Any
    media_type: str = ""
    required: bool = True
    is_json: bool = False
    is_list: bool = False
    is_nullable: bool = False
    style: str = ""
    is_rest: bool = False


class MultipartBody(Stream):
    """A form as a body, with the media type that names its boundary."""

    __slots__ = ("_contents", "media_type")

    def __init__(self, parts: list[_Part]) -> None:
        boundary = uuid4().hex
        self.media_type = f"multipart/form-data; boundary={boundary}"
        opening, end = f"--{boundary}\r\n".encode(), f"--{boundary}--\r\n".encode()
        self._contents = [content for _, content in parts]
        sizes = [size_of(content) for content in self._contents]
        known = [size for size in sizes if size is not None]
        around = sum(len(opening) + len(head) + 2 for head, _ in parts) + len(end)

        def read() -> Iterator[bytes | bytearray | memoryview]:
            for head, content in parts:
                yield opening + head
                yield from pieces(content)
                yield b"\r\n"
            yield end

        super().__init__(around + sum(known) if len(known) == len(sizes) else None, read)

    @property
    def is_spent(self) -> bool:
        """Whether it cannot be read again, because bytes were taken from a file that does not go back."""
        return any(map(is_spent, self._contents))


class Multipart:
    """Bodies of `multipart/form-data`: each property is a part, in the order of the document.

    A property of no type of its own may be a file or a list of them, too, and objects or lists in one are sent as JSON.
    None, where the type allows it, is left out.

    Args:
        fields: The properties.
    """

    def __init__(self, *fields: FormField) -> None:
        self._fields = fields

    def encode(self, values: Mapping[str, object]) -> MultipartBody:
        """Return values by their names in the body as a body.

        Raises:
            InvalidArgumentError: A value breaks a rule of its type, or a file cannot be sent.
            OSError: A file cannot be examined; while it is sent, that it cannot be read.
        """
        parts: list[_Part] = []
        for field in self._fields:
            value = values.get(field.wire_name, msgspec.UNSET)
            if value is not msgspec.UNSET:
                parts += self._further_parts(field, value) if field.is_rest else _parts(field, value)
            elif field.required:
                raise InvalidArgumentError(field.argument, "is required")
        return MultipartBody(parts)

    def _further_parts(self, rest: FormField, values: object) -> list[_Part]:
        """Return the parts that the document does not name."""
        if not is_object(values):
            raise InvalidArgumentError(
                rest.argument, "must be a dict of parts by their names", shown=short_repr(values)
            )
        parts: list[_Part] = []
        for name, value in values.items():
            if not isinstance(cast("object", name), str):
                raise InvalidArgumentError(rest.argument, "must have strings as names", shown=short_repr(name))
            argument = f"{rest.argument}[{short_repr(name)}]"
            if any(name == field.wire_name for field in self._fields):
                raise InvalidArgumentError(argument, "is declared, and so an argument of its own")
            parts += _parts(msgspec.structs.replace(rest, wire_name=name, argument=argument), value)
        return parts


def _parts(field: FormField, value: object) -> list[_Part]:
    """Return the parts that a property becomes: one for each item of a list."""
    if field.type is None:
        return _file_parts(field, value)
    values = value if is_array(value) else [value]
    if field.type is Any and any(map(_is_file, values)):
        # As text, its bytes would be base64.
        found = [[_file_part(field, each)] if _is_file(each) else _parts(field, each) for each in values]
        return [part for each in found for part in each]
    if field.media_type or field.is_json:
        content = Json[object](field.type).encode(value, field.argument)
        if value is None:
            return []
        # Of an array, each item is a part (OpenAPI 3.1.1, Encoding Object), unless it is within a text.
        is_array_of_parts = content.startswith(b"[") and not field.is_json
        items = msgspec.json.decode(content, type=list[msgspec.Raw]) if is_array_of_parts else [content]
        return [(_head(field, media_type=field.media_type), bytes(item)) for item in items]
    plain = _plain(field, value)
    if field.style == "deepObject":
        pairs = deep_pairs(field.wire_name, plain)
        return [_value_part(msgspec.structs.replace(field, wire_name=name), item) for name, item in pairs]
    if field.style:
        plain = joined_text(plain, field.style, field.argument)
    return [_value_part(field, item) for item in given_items(plain)]


def _is_file(value: object) -> bool:
    return isinstance(value, File) or is_source(value)


def _file_parts(field: FormField, value: object) -> list[_Part]:
    if value is None and field.is_nullable:
        return []
    if is_array(value) and not field.is_list:
        raise InvalidArgumentError(field.argument, "must be one file, not a list", shown=short_repr(value))
    return [_file_part(field, file) for file in (value if is_array(value) else [value])]


def _value_part(field: FormField, value: object) -> _Part:
    if is_object(value) or is_array(value):
        # Without a type of its own, a property may be anything.
        return _head(field, media_type="application/json"), Json[object](Any).encode(value, field.argument)
    return _head(field), _encoded(plain_text(value, field.argument), field)


def _file_part(field: FormField, value: object) -> _Part:
    if isinstance(value, str):
        # It may come from somebody else, who would choose what is read here.
        raise InvalidArgumentError(field.argument, "is a text; pass Path('film.mov') for a file, or bytes for content")
    file = value if isinstance(value, File) else File(cast("Any", value))
    source = Stream.of_file(file.content) if isinstance(file.content, str) else file.content
    name = file.name or _name_of(file.content) or field.wire_name
    media_type = file.media_type or field.media_type or "application/octet-stream"
    headers = file.headers.items() if isinstance(file.headers, Mapping) else file.headers
    return _head(field, name, media_type, tuple(headers)), content_of(source, field.argument)


def _name_of(source: Source | str) -> str:
    """Return the name of a path or of an open file, empty if it has none."""
    if isinstance(source, (str, os.PathLike)):
        return os.path.basename(source)  # noqa: PTH119  # pathlib would be loaded for this alone
    name: object = getattr(source, "name", None)
    # A pipe may have a number, and the standard input is called `<stdin>`.
    if not isinstance(name, str) or name.startswith("<"):
        return ""
    return os.path.basename(name)  # noqa: PTH119  # as above


def _plain(field: FormField, value: object) -> Any:
    """Return a value of plain types, checked against the type of its property."""
    try:
        plain = msgspec.to_builtins(value, builtin_types=NATIVE, str_keys=True)
        convert(plain, field.type, sends=True)
    except (ValueError, TypeError, RecursionError) as error:
        raise argument_error(error, value, field.type, root=field.argument) from None
    return inline_extra(plain)


def _head(
    field: FormField, file_name: str | None = None, media_type: str = "", headers: tuple[tuple[str, str], ...] = ()
) -> bytes:
    """Return the header fields of a part, with quotes and line breaks in names escaped as browsers do."""
    disposition = f'form-data; name="{_escaped(field.wire_name)}"'
    if file_name is not None:
        disposition += f'; filename="{_escaped(file_name)}"'
    fields = [("Content-Disposition", disposition), *([("Content-Type", media_type)] if media_type else []), *headers]
    for key, text in fields:
        if "\r" in key + text or "\n" in key + text:
            rule = "has a line break in a header field of its part"
            raise InvalidArgumentError(field.argument, rule, shown=short_repr(key))
    shown = None if file_name is None else short_repr(file_name)
    return _encoded("".join(f"{key}: {text}\r\n" for key, text in fields) + "\r\n", field, shown)


def _encoded(text: str, field: FormField, shown: str | None = None) -> bytes:
    """Return a text as bytes; in an error it is not shown, since it may be a secret."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        rule = "is not valid Unicode, it has a lone surrogate"
        raise InvalidArgumentError(field.argument, rule, shown=shown) from None


def _escaped(name: str) -> str:
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
