"""Bodies of requests and responses: media types and codecs, and the headers and links of responses."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from generator.document.document import Document, Node
from generator.document.keywords import check_keywords
from generator.errors import SpecError
from generator.python.naming import class_name
from generator.schema.scalars import is_binary
from generator.schema.schemas import SchemaReader
from generator.schema.types import ANY, NONE, Model, Named, Scalar, Type

from .links import read_url_source
from .model import Body, Codec, Link, Media, Response

_WORD = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_MEDIA_TYPE = re.compile(rf"{_WORD}/{_WORD}(\s*;\s*{_WORD}=({_WORD}|\"[\x20-\x21\x23-\x5b\x5d-\x7e]*\"))*")
_CHARSET = re.compile(r";\s*charset=\"?([^\";]*)", re.IGNORECASE)
_STATUS = re.compile(r"[1-5](\d\d|XX)|default", re.ASCII)


class BodyReader:
    """Reads the bodies of a document.

    Args:
        document: The document.
        schemas: Reader of their types.
    """

    def __init__(self, document: Document, schemas: SchemaReader) -> None:
        self._document = document
        self._schemas = schemas

    def read_request(self, operation: Node, hint: str) -> Body | None:
        """Return the body of an operation's request, or None if it has none."""
        request_body = operation.get("requestBody")
        if request_body is None:
            return None
        node = self._document.resolve_component(request_body)
        check_keywords(node, "body")
        media = self._read_media(node / "content", f"{hint}Body", is_request=True)
        if not media:
            raise SpecError(f"{node.place}/content", "is empty; name a media type")
        return Body(media, required=node.flag("required"), description=node.prose("description"))

    def read_responses(self, operation: Node, hint: str, *, is_head: bool) -> tuple[list[Response], list[Response]]:
        """Return the responses of an operation: its successes in the order in which they are tried, and its errors."""
        found: dict[str, Response] = {}
        for status, node in (operation / "responses").members():
            if status.startswith("x-"):
                continue
            key = status if status == "default" else status.upper()
            if not _STATUS.fullmatch(key):
                raise SpecError(node.place, "is not a status; give a number, a range such as 4XX, or default")
            if key in found:
                raise SpecError(node.place, "is declared twice; keep one of them")
            found[key] = self._read_response(node, key, hint, is_head=is_head)
        successes = [response for status, response in found.items() if status[0] == "2"]
        if not successes:
            # Without a 2XX, `default` describes the successes too.
            successes = [response for status, response in found.items() if status == "default"]
        if not successes:
            raise SpecError(f"{operation.place}/responses", "has no successful response; add a 2XX status, or default")
        errors = [response for status, response in found.items() if status[0] != "2"]
        # An exact status is tried before a range.
        return sorted(successes, key=lambda success: (success.status.endswith("XX"), success.status)), errors

    def _read_response(self, declared: Node, status: str, hint: str, *, is_head: bool) -> Response:
        node = self._document.resolve_component(declared)
        check_keywords(node, "response")
        content = node.get("content")
        media = (
            self._read_media(content, f"{hint}{class_name(_status_phrase(status))}", is_request=False)
            if content
            else []
        )
        headers: list[tuple[str, str]] = []
        for name, member in node.members("headers"):
            header = self._document.resolve_component(member)
            check_keywords(header, "header")
            note = " Always there." if header.flag("required") else ""
            headers.append((name, f"{header.prose('description') or 'See the API.'}{note}"))
        links: list[Link] = []
        for name, member in node.members("links"):
            link = self._document.resolve_component(member)
            check_keywords(link, "link")
            types = [body.codec.type for body in media]
            url_source = read_url_source(link, types) if "x-url" in link.object() else None
            links.append(Link((link / "operationId").text(), link.prose("description") or name, url_source))
        return Response(
            status=status,
            description=node.prose("description"),
            # The response to a HEAD request has no body, even if the document declares one.
            media=media if media and not is_head else [Media("", Codec("Empty", NONE))],
            headers=headers,
            links=links,
        )

    def _read_media(self, content: Node, hint: str, *, is_request: bool) -> list[Media]:
        result: list[Media] = []
        for media_type, node in content.members():
            check_keywords(node, "media type")
            media = self._read_media_type(node, media_type, hint, is_request=is_request)
            if media.base in {other.base for other in result}:
                raise SpecError(node.place, f"{media.base} is declared twice; keep one of them")
            result.append(media)
        if not is_request:
            # An exact media type is tried before a range; the last one is used if none matches.
            result.sort(key=lambda media: (media.base == "*/*", media.base.endswith("/*")))
        return result

    def _read_media_type(self, node: Node, media_type: str, hint: str, *, is_request: bool) -> Media:
        if not _MEDIA_TYPE.fullmatch(media_type):
            raise SpecError(node.place, "is not a media type, such as application/json")
        base, semicolon, parameters = media_type.partition(";")
        base = base.strip().lower()
        charset = _CHARSET.search(media_type)
        if is_request and "*" in base:
            raise SpecError(node.place, "a request needs one media type, not a range of them")
        if is_request and charset and charset[1].lower() not in {"utf-8", "utf8", "us-ascii"}:
            raise SpecError(node.place, "only utf-8 is supported")
        codec = self._choose_codec(node, base, hint, is_request=is_request)
        return Media(f"{base}{semicolon}{parameters}" if is_request else base, codec, self._find_example(node))

    def _choose_codec(self, node: Node, base: str, hint: str, *, is_request: bool) -> Codec:
        schema = node.get("schema")
        if base.startswith("multipart/"):
            raise SpecError(node.place, "is not supported; JSON, text, binary data and urlencoded forms are")
        is_json = base == "application/json" or base.endswith("+json")
        if not is_json and schema and is_binary(self._document.resolve_schema(schema)):
            return Codec("Binary", Scalar("Content" if is_request else "bytes"))
        type_ = self._schemas.type_of(schema, hint) if schema else ANY
        if is_json:
            return Codec("Json", type_)
        if base == "application/x-www-form-urlencoded" and is_request:
            _check_form(node, type_)
            return Codec("Form", type_)
        if type_ != ANY and not _is_text(type_):
            problem = "only JSON and urlencoded forms have a structure; give it a schema of type string, or none"
            raise SpecError(node.place, problem)
        return (
            Codec("Text", Scalar("str"))
            if base.startswith("text/")
            else Codec("Binary", Scalar("Content" if is_request else "bytes"))
        )

    def _find_example(self, node: Node) -> Any:
        if "example" in node.object():
            return node.object()["example"]
        for _, example in node.members("examples"):
            return self._document.resolve_component(example).object().get("value")
        return None


def check_flat(place: str, type_: Type) -> None:
    """Check that a value of the type can be encoded in a URL, a header or a form.

    Raises:
        SpecError: The type is neither scalar nor a list of scalars.
    """
    for member in type_.members:
        item = getattr(member, "item", None)
        for part in item.members if isinstance(item, Type) else (member,):
            if part.text(plain=True).startswith(("list[", "dict[")) or isinstance(part, Named):
                raise SpecError(
                    place, "an object or a nested array is not supported here; use scalars and lists of them"
                )
            if isinstance(part, Scalar) and part.python == "bytes":
                raise SpecError(place, "format byte is not supported here; use a string")


def _check_form(node: Node, type_: Type) -> None:
    resolved = type_.resolved
    if not isinstance(resolved, Named) or not isinstance(resolved.definition, Model):
        raise SpecError(node.place, "a form needs an object with properties")
    for field in resolved.definition.fields:
        check_flat(resolved.definition.place, field.type)


def _is_text(type_: Type) -> bool:
    resolved = type_.resolved
    # A format or description is only for readers; any other constraint would not be checked.
    return (
        isinstance(resolved, Scalar)
        and resolved.python == "str"
        and {word for word, _ in resolved.meta} <= {"extra_json_schema", "description"}
    )


def _status_phrase(status: str) -> str:
    try:
        return HTTPStatus(int(status)).phrase
    except ValueError:
        return f"Status {status}"
