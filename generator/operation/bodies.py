"""Bodies of requests and responses: media types, codecs, and what a response says besides."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from generator.document.document import Document, Node
from generator.document.keywords import check_keywords
from generator.errors import SpecError
from generator.python.filters import class_name
from generator.schema.scalars import is_binary
from generator.schema.schemas import Schemas
from generator.schema.types import ANY, NONE, Model, Named, Scalar, Type

from .links import read_source
from .model import Body, Codec, Link, Media, Response

_WORD = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_MEDIA_TYPE = re.compile(rf"{_WORD}/{_WORD}(\s*;\s*{_WORD}=({_WORD}|\"[\x20-\x21\x23-\x5b\x5d-\x7e]*\"))*")
_CHARSET = re.compile(r";\s*charset=\"?([^\";]*)", re.IGNORECASE)
_STATUS = re.compile(r"[1-5](\d\d|XX)|default", re.ASCII)


class Bodies:
    """Reads the bodies of a document.

    Args:
        document: Where they stand.
        schemas: Where their models are defined.
    """

    def __init__(self, document: Document, schemas: Schemas) -> None:
        self._document = document
        self._schemas = schemas

    def request(self, operation: Node, hint: str) -> Body | None:
        """Return the body of an operation's request, if it has one."""
        found = operation.get("requestBody")
        if found is None:
            return None
        node = self._document.entry(found)
        check_keywords(node, "body")
        media = self._media(node / "content", f"{hint}Body", is_request=True)
        if not media:
            raise SpecError(f"{node.place}/content", "is empty; name a media type")
        return Body(media, required=node.flag("required"), description=node.words("description"))

    def responses(self, operation: Node, hint: str, *, is_head: bool) -> tuple[list[Response], list[Response]]:
        """Return what an operation answers: the successes in the order in which they are tried, and the errors."""
        found: dict[str, Response] = {}
        for status, node in (operation / "responses").members():
            if status.startswith("x-"):
                continue
            known = status if status == "default" else status.upper()
            if not _STATUS.fullmatch(known):
                raise SpecError(node.place, "is no status; give a number, a range such as 4XX, or default")
            if known in found:
                raise SpecError(node.place, "is there twice; leave one of them")
            found[known] = self._response(node, known, hint, is_head=is_head)
        successes = [one for status, one in found.items() if status[0] == "2"]
        if not successes:
            # Whatever is no error then is what `default` says.
            successes = [one for status, one in found.items() if status == "default"]
        if not successes:
            raise SpecError(f"{operation.place}/responses", "has no success; add a status 2XX, or default")
        errors = [one for status, one in found.items() if status[0] != "2"]
        return sorted(successes, key=lambda one: (one.status.endswith("XX"), one.status)), errors

    def _response(self, found: Node, status: str, hint: str, *, is_head: bool) -> Response:
        node = self._document.entry(found)
        check_keywords(node, "response")
        content = node.get("content")
        media = self._media(content, f"{hint}{class_name(_phrase(status))}", is_request=False) if content else []
        headers: list[tuple[str, str]] = []
        for name, one in node.members("headers"):
            header = self._document.entry(one)
            check_keywords(header, "header")
            note = " Always there." if header.flag("required") else ""
            headers.append((name, f"{header.words('description') or 'See the API.'}{note}"))
        links: list[Link] = []
        for name, one in node.members("links"):
            link = self._document.entry(one)
            check_keywords(link, "link")
            source = read_source(link, [one.codec.type for one in media]) if "x-url" in link.object() else None
            links.append(Link((link / "operationId").text(), link.words("description") or name, source))
        return Response(
            status=status,
            description=node.words("description"),
            # What answers a HEAD request has no body, whatever the document says of it.
            media=media if media and not is_head else [Media("", Codec("Empty", NONE))],
            headers=headers,
            links=links,
        )

    def _media(self, content: Node, hint: str, *, is_request: bool) -> list[Media]:
        result: list[Media] = []
        for media_type, node in content.members():
            check_keywords(node, "media type")
            one = self._one_media(node, media_type, hint, is_request=is_request)
            if one.base in {other.base for other in result}:
                raise SpecError(node.place, f"{one.base} is there twice; leave one of them")
            result.append(one)
        if not is_request:
            # An exact media type is tried before a range, and what is tried last is also taken if none fits.
            result.sort(key=lambda one: (one.base == "*/*", one.base.endswith("/*")))
        return result

    def _one_media(self, node: Node, media_type: str, hint: str, *, is_request: bool) -> Media:
        if not _MEDIA_TYPE.fullmatch(media_type):
            raise SpecError(node.place, "is no media type")
        base, semicolon, parameters = media_type.partition(";")
        base = base.strip().lower()
        charset = _CHARSET.search(media_type)
        if is_request and "*" in base:
            raise SpecError(node.place, "a request needs one media type, not a range of them")
        if is_request and charset and charset[1].lower() not in {"utf-8", "utf8", "us-ascii"}:
            raise SpecError(node.place, "only utf-8 is supported")
        codec = self._codec(node, base, hint, is_request=is_request)
        return Media(f"{base}{semicolon}{parameters}" if is_request else base, codec, self._example(node))

    def _codec(self, node: Node, base: str, hint: str, *, is_request: bool) -> Codec:
        schema = node.get("schema")
        if base.startswith("multipart/"):
            raise SpecError(node.place, "is not supported; JSON, text, binary data and urlencoded forms are")
        is_json = base == "application/json" or base.endswith("+json")
        if not is_json and schema and is_binary(self._document.resolve(schema)):
            return Codec("Binary", Scalar("Content" if is_request else "bytes"))
        type_ = self._schemas.type_of(schema, hint) if schema else ANY
        if is_json:
            return Codec("Json", type_)
        if base == "application/x-www-form-urlencoded" and is_request:
            check_form(node, type_)
            return Codec("Form", type_)
        if type_ != ANY and not _is_text(type_):
            problem = "only JSON and urlencoded forms have a structure; give it a schema of type string, or none"
            raise SpecError(node.place, problem)
        return (
            Codec("Text", Scalar("str"))
            if base.startswith("text/")
            else Codec("Binary", Scalar("Content" if is_request else "bytes"))
        )

    def _example(self, node: Node) -> Any:
        if "example" in node.object():
            return node.object()["example"]
        for _, example in node.members("examples"):
            return self._document.entry(example).object().get("value")
        return None


def check_flat(place: str, type_: Type) -> None:
    """Refuse what a URL, a header or a form has no one way to say.

    Raises:
        SpecError: If the type is neither scalar nor a list of scalars.
    """
    for member in type_.members:
        item = getattr(member, "item", None)
        for one in item.members if isinstance(item, Type) else (member,):
            if one.text(plain=True).startswith(("list[", "dict[")) or isinstance(one, Named):
                raise SpecError(
                    place, "an object or a nested array is not supported here; use scalars and lists of them"
                )
            if isinstance(one, Scalar) and one.python == "bytes":
                raise SpecError(place, "format byte is not supported here; use a string")


def check_form(node: Node, type_: Type) -> None:
    """Refuse a form that is no object of scalars and lists of scalars."""
    resolved = type_.resolved
    if not isinstance(resolved, Named) or not isinstance(resolved.definition, Model):
        raise SpecError(node.place, "a form needs an object with properties")
    for field in resolved.definition.fields:
        check_flat(resolved.definition.place, field.type)


def _is_text(type_: Type) -> bool:
    resolved = type_.resolved
    # The format or encoding of the text is a note for the reader; a constraint would not be checked.
    return (
        isinstance(resolved, Scalar)
        and resolved.python == "str"
        and {word for word, _ in resolved.meta} <= {"extra_json_schema", "description"}
    )


def _phrase(status: str) -> str:
    try:
        return HTTPStatus(int(status)).phrase
    except ValueError:
        return f"Status {status}"
