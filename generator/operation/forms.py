"""Forms of requests: their parts, and how their properties are written."""

from __future__ import annotations

import re
from typing import Any

from generator.document.document import Document, Node
from generator.errors import SpecError
from generator.overlay._runtime.json_types import is_array, is_object
from generator.overlay._runtime.open_object import EXTRA
from generator.schema.all_of import flatten
from generator.schema.scalars import is_binary
from generator.schema.schema_kind import undeclared
from generator.schema.schemas import SchemaReader
from generator.schema.types import ANY, NONE, Array, Field, Map, Model, Named, Row, Scalar, Type, union

from .media_types import JSON, bare, is_file_type, is_json_type
from .model import FormField

PARTS = "multipart/form-data"
RANGES = frozenset({"*/*", "application/*"})
WORD = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_BINARY = {"type": "string", "format": "binary"}
_JOINED = ("form", "spaceDelimited", "pipeDelimited")
OPENING = frozenset({"patternProperties", "minProperties", "maxProperties", "propertyNames", "oneOf", "anyOf", "enum"})
"""What a schema of an object may have properties by."""


class FormReader:
    """Reads the forms of a document.

    Args:
        document: The document.
        schemas: Reader of their types.
    """

    def __init__(self, document: Document, schemas: SchemaReader) -> None:
        self._document = document
        self._schemas = schemas

    def parts_without_names(self, schema: Node | None) -> dict[str, Any] | None:
        """Return the schema of each part of a form that names none, None if it may be of some other kind."""
        if schema is None:
            return {}
        if self._file_type(schema):
            return {"oneOf": [_BINARY, {"type": "array", "items": _BINARY}]}
        flat = flatten(self._document, schema)
        if not is_object(flat.value):
            return {} if flat.value is True else None
        is_open = not flat.object().keys() & (OPENING | {"additionalProperties"})
        return {} if is_open and flat.object().get("type", "object") in ("object", "array") else None

    def has_files(self, node: Node) -> bool:
        """Return whether a form has files."""
        encoding = dict(node.members("encoding"))
        flat = flatten(self._document, node / "schema")
        rest = undeclared(flat)
        return any(
            self._file_type(member) or (name in encoding and is_file_type(encoding[name].prose("contentType")))
            for name, member in (*flat.members("properties"), *([(EXTRA, rest)] if rest else []))
        )

    def is_form(self, node: Node, base: str) -> bool:
        """Return whether the parts of a body are known."""
        schema = node.get("schema") if base == PARTS else None
        flat = flatten(self._document, schema) if schema else None
        return flat is not None and is_object(flat.value) and bool(flat.value.get("properties") or undeclared(flat))

    def read(self, node: Node, schema: Node, hint: str) -> list[FormField]:
        """Return the parts of a form with files, in their order; none if it is not an object with properties."""
        parts: list[FormField] = []
        encoding = dict(node.members("encoding"))
        flat, texts = self._with_decoded(flatten(self._document, schema))
        for field, file in self._schemas.fields_of(flat, hint, self._file_type):
            part = _read_part(field, file, encoding.get(field.wire_name), is_text_of_json=field.wire_name in texts)
            if field.wire_name == EXTRA:
                part.is_rest, field.type = True, Map(field.type)
            parts.append(part)
        return parts

    def _with_decoded(self, form: Node) -> tuple[Node, set[str]]:
        """Return a form with the schema of what is in each text of JSON instead of the text's, and their names."""
        found: dict[str, Any] = {}
        for name, member in form.members("properties"):
            try:
                text = self._document.resolve_schema(member)
            except SpecError:
                # Reading its type notes it.
                continue
            content = text.get("contentSchema") if isinstance(text.value, dict) else None
            if content and text.object().get("type") == "string" and is_json_type(bare(text.prose("contentMediaType"))):
                description = text.prose("description") if is_object(content.value) else ""
                found[name] = {**content.object(), "description": description} if description else content.value
        if not found:
            return form, set()
        return form.with_value({**form.object(), "properties": {**form.object()["properties"], **found}}), set(found)

    def _file_type(self, schema: Node) -> Type | None:
        """Return the type of a property that is a file, a list of files, or one of both; None for any other."""
        try:
            flat = flatten(self._document, schema)
        except SpecError:
            # Reading its type notes it.
            return None
        if not isinstance(flat.value, dict):
            return None
        file = self._type_as_file(flat)
        return union(file, NONE) if file and _may_be_null(flat) else file

    def _type_as_file(self, flat: Node) -> Type | None:
        """As `_file_type`, without the null that the schema itself allows."""
        if is_binary(flat) or ("type" not in flat.object() and is_file_type(flat.prose("contentMediaType"))):
            return Scalar("FileContent")
        if items := flat.get("items"):
            # No part is null: as an item, it is none.
            item = self._file_type(items)
            return Array(Scalar("FileContent")) if item and {*item.members} <= {Scalar("FileContent"), NONE} else None
        alternatives = [node for node in (*flat.items("oneOf"), *flat.items("anyOf")) if node.value != {"type": "null"}]
        types = [self._file_type(node) for node in alternatives]
        files = [type_ for type_ in types if type_]
        return union(*files) if files and len(files) == len(types) else None


def _read_part(field: Field, file: Type | None, encoding: Node | None, *, is_text_of_json: bool) -> FormField:
    """Return how a property of a form is sent.

    Args:
        field: The property.
        file: Its type as a file, if it is one.
        encoding: What the document says about its part.
        is_text_of_json: Whether it stands for a text, which has it as JSON.
    """
    given = encoding.prose("contentType") if encoding else ""
    if encoding and "headers" in encoding.object():
        problem = "the headers of a part are the caller's: those of a file are `headers` of its `File`"
        (encoding / "headers").note(problem, "not sent")
    if file or (field.type == ANY and is_file_type(given)):
        # OpenAPI 3.1 writes a file as a property without a type, whose encoding names its media type.
        field.type = field.type if file else Scalar("FileContent")
        # Of several, or a range, the caller chooses one.
        media_type = given if re.fullmatch(f"{WORD}/[^*,]+", given) else ""
        kinds = field.type.members
        is_list = any(isinstance(one, Array) for one in kinds)
        return FormField(field, None, media_type, is_list=is_list, is_nullable=NONE in kinds)
    if is_text_of_json:
        return FormField(field, field.type, is_json=True)
    if encoding and (style := _read_style(encoding, field.type)):
        return FormField(field, field.type, style=style)
    bases = [bare(one) for one in given.split(",")] if given else []
    json = next((base for base in bases if is_json_type(base)), "")
    if encoding and bases and not json and not RANGES & set(bases):
        meaning = "sent as text without a media type" if _has_text(field.type) else "sent as JSON"
        encoding.note("only JSON and text are encoded", meaning)
    return FormField(field, field.type, json or ("" if _has_text(field.type) else JSON))


def _has_text(type_: Type) -> bool:
    """Return whether a part may be a text without a media type; an object beside it is JSON still."""
    return any(is_flat(part) for member in type_.members for part in _parts(member) if part != NONE)


def _may_be_null(flat: Node) -> bool:
    """Return whether a schema that means a file allows null, too."""
    types = flat.object().get("type")
    if flat.flag("nullable") or (is_array(types) and "null" in types):
        return True
    return any(node.value == {"type": "null"} for node in (*flat.items("oneOf"), *flat.items("anyOf")))


def is_flat(type_: Type) -> bool:
    """Return whether a value of the type can be encoded in a URL, a header or a form: a scalar, or a list of them."""
    for member in type_.members:
        for part in _parts(member):
            if part.text(plain=True).startswith(("list[", "dict[", "tuple[")) or isinstance(part, Named):
                return False
    return True


def is_flat_object(type_: Type) -> bool:
    """Return whether all values of a type are objects of scalars and lists of them, whose names can be parameters."""
    for member in type_.members:
        match member:
            case Map(value=value):
                inner = [value]
            case Named(definition=Model(fields=fields, extra=extra)):
                inner = [field.type for field in fields] + ([extra.value] if extra else [])
            case _:
                return False
        if not all(is_flat(value) for value in inner):
            return False
    return True


def _parts(type_: Type) -> list[Type]:
    """Return the types of the items of a list, or a type that is no list itself."""
    match type_:
        case Array(item=item):
            return [*item.members]
        case Row(items=items, rest=rest):
            return [part for item in (*items, *([rest] if rest else [])) for part in item.members]
        case _:
            return [type_]


def read_styles(form: Node, type_: Type) -> tuple[tuple[str, str], ...]:
    """Return the properties of an urlencoded form that are not written as usual, each with its style."""
    models = [member.definition for member in type_.members if isinstance(member, Named)]
    types = {field.wire_name: field.type for model in models if isinstance(model, Model) for field in model.fields}
    found: dict[str, str] = {}
    for name, encoding in form.members("encoding"):
        found[name] = _read_style(encoding, types.get(name, ANY))
        if not found[name] and any(is_json_type(bare(one)) for one in encoding.prose("contentType").split(",")):
            found[name] = "json"
    return tuple((name, style) for name, style in found.items() if style)


def _read_style(encoding: Node, type_: Type) -> str:
    """Return how a property of a form is written, empty if as usual: each item of a list by itself."""
    style = encoding.prose("style") or "form"
    if style == "deepObject":
        return style
    if style not in _JOINED:
        encoding.note(f"{style!r} is not a style of a form; use one of {', '.join(_JOINED)}, deepObject", "ignored")
        return ""
    if encoding.flag("explode", default=style == "form"):
        return ""
    if not all(is_flat(member) or is_flat_object(member) for member in type_.members):
        encoding.note("an object or a nested array cannot be joined; use style deepObject", "sent as JSON")
        return ""
    return style
