"""Bodies of requests and responses: media types and codecs, and the headers and links of responses."""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from generator.document.document import Document, Node
from generator.document.keywords import check_keywords
from generator.errors import SpecError
from generator.overlay._runtime.json_types import is_object
from generator.python.naming import class_name
from generator.schema.all_of import flatten
from generator.schema.scalars import is_binary
from generator.schema.schema_kind import undeclared
from generator.schema.schemas import SchemaReader
from generator.schema.types import ANY, NONE, Map, Model, Named, Scalar, Type

from .forms import OPENING, PARTS, RANGES, WORD, FormReader, read_styles
from .links import read_url_source
from .media_types import JSON, bare, is_json_type, is_text_type, parameters_of
from .model import EVENTS, Body, Codec, Link, Media, Parameter, Response, may_choose_format
from .streams import StreamReader

_MEDIA_TYPE = re.compile(rf"{WORD}/{WORD}(\s*;\s*{WORD}=({WORD}|\"[\x20-\x21\x23-\x5b\x5d-\x7e]*\"))*")
_CHARSET = re.compile(r";\s*charset=\"?([^\";]*)", re.IGNORECASE)
_BYTES = "application/octet-stream"
_URLENCODED = "application/x-www-form-urlencoded"
_PATCH = "application/json-patch+json"
_RESPONSE_FORMS = frozenset({"text/plain"})
_REQUEST_FORMS = _RESPONSE_FORMS | {"text/json", "application/*+json", _URLENCODED}
_OTHER_FORM = re.compile(r"(?:[/+-]xml|yaml|protobuf|cbor|cbor-seq)\Z")
"""What a document may list beside JSON for the same content."""
_REDIRECTS = frozenset({"301", "302", "303", "307", "308"})
_WITHOUT_BODY = frozenset({"204", "205", "304"})
_READING = frozenset({"get", "head", "options", "query"})
_WITHOUT_REQUEST = frozenset({"get", "head", "delete"})
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
        self._streams = StreamReader(document, schemas)
        self._forms = FormReader(document, schemas)

    def read_request(self, operation: Node, hint: str, verb: str) -> Body | None:
        """Return the body of an operation's request, or None if it has none."""
        request_body = operation.get("requestBody")
        if request_body is None:
            return None
        node = self._document.resolve_component(request_body)
        check_keywords(node, "body")
        if not node.flag("required") and self._is_nothing(node / "content", has_none=verb in _WITHOUT_REQUEST):
            return None
        media = self._read_media(node / "content", f"{hint}Body", is_request=True)
        if not media:
            (node / "content").note("is empty; name a media type", "taken as no body")
            return None
        description = node.prose("description") or self._described(node / "content")
        return Body(media, required=node.flag("required"), description=description)

    def _described(self, content: Node) -> str:
        """Return what the schemas of a body say of it: the first text, empty if there is none."""
        schemas = [schema for _, media in content.members() if (schema := self._readable(media).get("schema"))]
        found = (each for schema in schemas for each in (schema, self._document.resolve_schema(schema)))
        return next((text for each in found if (text := each.prose("description"))), "")

    def _is_nothing(self, content: Node, *, has_none: bool) -> bool:
        """Return whether an optional body can only be an empty object, which says as much as no body.

        Args:
            content: Its media types.
            has_none: Whether its method usually has no body, so that an object without properties is an empty one.
        """
        schemas = [self._readable(node).get("schema") for _, node in content.members()]
        return bool(schemas) and all(
            schema is not None and self._is_empty(schema, has_none=has_none) for schema in schemas
        )

    def _is_empty(self, schema: Node, *, has_none: bool) -> bool:
        try:
            flat = flatten(self._document, schema)
        except SpecError:
            # Reading its type notes it.
            return False
        if not is_object(flat.value) or flat.object().get("type") != "object" or flat.object().get("properties"):
            return False
        is_closed = flat.object().get("additionalProperties") is False
        return not flat.object().keys() & OPENING and (is_closed or (has_none and undeclared(flat) is None))

    def read_responses(
        self, operation: Node, hint: str, parameters: Iterable[Parameter], *, verb: str
    ) -> tuple[list[Response], list[Response], bool]:
        """Return the responses of an operation, and whether a redirect is followed.

        The successes are in the order in which they are tried; the errors follow.
        """
        keeps_all = may_choose_format(parameters)
        found = self._read_statuses(operation, hint, is_head=verb == "head", keeps_all=keeps_all)
        successes = [response for status, response in found.items() if status[0] == "2"]
        if not successes:
            # Without a 2XX, `default` describes the successes too.
            successes = [response for status, response in found.items() if status == "default"]
        has_bytes = any(media.codec.kind == "Binary" for success in successes for media in success.media)
        redirects = [
            response
            for status, response in found.items()
            if status in _REDIRECTS
            # Without a success, or with bytes, a redirect is what the call is for: documents forget the header.
            and (not successes or has_bytes or any(name.lower() == "location" for name, _ in response.headers))
        ]
        # Without content behind it, where a redirect leads is what the call is for.
        is_way = bool(redirects) and any(success.has_content for success in successes)
        follows = operation.flag("x-follow-redirect", default=is_way)
        if not follows:
            for redirect in redirects:
                redirect.media = [Media("", Codec("Location", Scalar("str")))]
            successes += redirects
        if not successes:
            problem = "has no successful response; add a 2XX status, or default"
            (operation.get("responses") or operation).note(problem, "any 2XX is a success without a body")
            successes = [Response("2XX", "", [Media("", Codec("Empty", NONE))], [], [])]
        errors = [response for status, response in found.items() if status[0] != "2" and response not in redirects]
        # An exact status is tried before a range.
        successes.sort(key=lambda success: (success.status.endswith("XX"), success.status))
        if self._document.tolerant:
            _take_any_success(successes)
            _take_no_body(successes, reads=verb in _READING)
        return successes, errors, follows

    def _read_statuses(self, operation: Node, hint: str, *, is_head: bool, keeps_all: bool) -> dict[str, Response]:
        """Return the responses of an operation by their status; OpenAPI 3.1 lets an operation have none."""
        found: dict[str, Response] = {}
        for status, node in operation.members("responses"):
            if status.startswith("x-"):
                continue
            key = status if status == "default" else status.upper()
            if not _STATUS.fullmatch(key):
                node.note("is not a status; give a number, a range such as 4XX, or default")
                continue
            if key in found:
                node.note("is declared twice; keep one of them")
                continue
            try:
                found[key] = self._read_response(node, key, hint, is_head=is_head, keeps_all=keeps_all)
            except SpecError as error:
                if key[0] in "23":
                    raise
                node.with_value(node.value, error.place).note(error.problem, "an error without details")
        return found

    def _read_response(self, declared: Node, status: str, hint: str, *, is_head: bool, keeps_all: bool) -> Response:
        node = self._document.resolve_component(declared)
        check_keywords(node, "response")
        content = _read_content(node, status)
        name = f"{hint}{class_name(_status_phrase(status))}"
        media = self._read_media(content, name, is_request=False, keeps_all=keeps_all) if content else []
        streams = [body for body in media if body.item]
        if any(body.codec.kind in {"Json", "Binary"} for body in media if not body.item):
            # The plain method asks for JSON or bytes, and others for streams, unless a parameter may ask for lines.
            media = [body for body in media if not body.item or (keeps_all and not body.is_events)]
        headers: list[tuple[str, str]] = []
        for name, member in node.members("headers"):
            try:
                header = self._document.resolve_component(member)
            except SpecError as error:
                member.with_value(member.value, error.place).note(error.problem)
                continue
            check_keywords(header, "header")
            note = " Always there." if header.flag("required") else ""
            headers.append((name, f"{header.prose('description') or 'See the API.'}{note}"))
        links: list[Link] = []
        for name, member in node.members("links"):
            link = self._document.resolve_component(member)
            check_keywords(link, "link")
            if "operationId" not in link.object():
                continue
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
            streams=[] if is_head else streams,
        )

    def _read_media(self, content: Node, hint: str, *, is_request: bool, keeps_all: bool = False) -> list[Media]:
        result: list[Media] = []
        unsendable: list[Node] = []
        names: dict[str, str] = {}
        members = [(media_type, self._readable(node)) for media_type, node in content.members()]
        json = next((node.get("schema") for name, node in members if bare(name) == JSON), None)
        members = self._without_rivals(self._completed(members)) if is_request else members
        for media_type, node in members:
            check_keywords(node, "media type")
            if not _MEDIA_TYPE.fullmatch(media_type):
                node.note("is not a media type, such as application/json")
                continue
            if json and not keeps_all and self._is_another_form(node, bare(media_type), json, is_request=is_request):
                # The same content is there as JSON, and a call sends it or asks for it so.
                continue
            base = bare(media_type)
            if is_request and base.startswith("multipart/") and not self._forms.is_form(node, base):
                unsendable.append(node)
                continue
            media = self._read_media_type(node, media_type, hint, is_request=is_request)
            name = media.media_type if media.item else media.base
            if name in names:
                _note_second(node, name, (names[name], media_type))
                continue
            names[name] = media_type
            result.append(media)
        for node in unsendable:
            # Whoever sends it must name a boundary, and so know the parts.
            problem = "only multipart/form-data with named properties can be sent; give it a schema that has them"
            if not result:
                raise SpecError(node.place, problem)
            node.note(problem, "left out")
        if is_request:
            # The first one is sent by default.
            result.sort(key=lambda media: (media.base != JSON, media.codec.kind != "Json", media.base == _PATCH))
        else:
            # An exact media type is tried before a range; the last one is used if none matches, and any bytes fit this.
            result.sort(key=lambda media: (media.base == "*/*", media.base.endswith("/*"), media.base == _BYTES))
        return result

    def _completed(self, members: list[tuple[str, Node]]) -> list[tuple[str, Node]]:
        """Return the media types of a request, with what their schemas do not say.

        A form that names no part has undeclared ones, and a JSON Patch is a list. Beside something else, that is sent
        instead of such a form, unless it is known to have files.
        """
        is_alone = all(bare(name).startswith("multipart/") for name, _ in members)
        has_json = any(bare(name) == JSON for name, _ in members)
        result: list[tuple[str, Node]] = []
        for name, node in members:
            schema = node.get("schema") if bare(name) == _PATCH and not has_json else None
            if schema and self._is_any_object(schema):
                # Kubernetes says of all kinds of patches that they are objects; this one is an array (RFC 6902).
                listed = {"type": "array", "items": schema.value}
                result.append((name, node.with_value({**node.object(), "schema": listed})))
                continue
            is_nameless = bare(name) == PARTS and not self._forms.is_form(node, PARTS)
            rest = self._forms.parts_without_names(node.get("schema")) if is_nameless else None
            if rest is None or not (rest or is_alone):
                result.append((name, node))
                continue
            node.note("names no part; give it a schema with properties", "the caller names the parts")
            rest["description"] = "The parts of the form, by name."
            form = {"type": "object", "additionalProperties": rest}
            result.append((name, node.with_value({**node.object(), "schema": form})))
        return result

    def _is_any_object(self, schema: Node) -> bool:
        flat = flatten(self._document, schema)
        if not is_object(flat.value) or flat.object().get("properties"):
            return False
        return flat.object().get("type") == "object" and not flat.object().keys() & OPENING

    def _without_rivals(self, members: list[tuple[str, Node]]) -> list[tuple[str, Node]]:
        """Return either a form of parts or what stands beside it: a form has no value that a call could take instead.

        It is the form if that has files, which only it can send, or if nothing beside it has a structure.
        """
        forms = [(name, node) for name, node in members if self._forms.is_form(node, bare(name))]
        others = [member for member in members if member not in forms and not member[0].startswith("multipart/")]
        if not forms or not others:
            return members
        has_structure = any(is_json_type(bare(name)) or bare(name) == _URLENCODED for name, _ in others)
        is_needed = self._forms.has_files(forms[0][1]) or not has_structure
        kept = forms if is_needed else others
        schemas = [node.object().get("schema") for _, node in kept]
        for name, node in members:
            if node.object().get("schema") not in schemas:
                problem = f"{bare(name)} stands beside {bare(kept[0][0])}, and a call sends one of them"
                node.note(
                    f"{problem}; for a call of its own, declare it at the same path with #... behind it", "left out"
                )
        return kept

    def _is_another_form(self, node: Node, base: str, json: Node, *, is_request: bool) -> bool:
        """Return whether a media type has the schema of the JSON beside it, as XML may have."""
        schema = node.get("schema")
        if schema is None or schema.value != json.value or not self._has_structure(node):
            return False
        return base in (_REQUEST_FORMS if is_request else _RESPONSE_FORMS) or _OTHER_FORM.search(base) is not None

    def _readable(self, node: Node) -> Node:
        """Return a media type, with any value in place of a schema that leads nowhere."""
        node = self._document.resolve_component(node)
        schema = node.get("schema") if is_object(node.value) else None
        if schema is None:
            return node
        try:
            self._document.resolve_schema(schema)
        except SpecError as error:
            schema.with_value(schema.value, error.place).note(error.problem, "taken as any value")
            return node.with_value({**node.object(), "schema": {}})
        return node

    def _read_media_type(self, node: Node, media_type: str, hint: str, *, is_request: bool) -> Media:
        _, semicolon, parameters = media_type.partition(";")
        base = bare(media_type)
        charset = _CHARSET.search(media_type)
        if base == "application/*+json" or (base in RANGES and self._has_structure(node)):
            if is_request or base in RANGES:
                node.note("is a range, and only JSON has a structure; name application/json", "taken as JSON")
            # A response keeps its range: the server may name its JSON otherwise.
            base, semicolon, parameters = (base if base in RANGES and not is_request else JSON), "", ""
            is_json = True
        else:
            is_json = is_json_type(base)
        if is_request and "*" in base:
            node.note("a request needs one media type, not a range of them", f"sent as {_BYTES}")
            base, semicolon, parameters = _BYTES, "", ""
        if is_request and charset and charset[1].lower() not in {"utf-8", "utf8", "us-ascii"}:
            node.note("only utf-8 is supported", "sent as utf-8")
            semicolon = parameters = ""
        if not is_request and (item := self._streams.read_item(node, media_type, hint)):
            name = f"{base};stream=watch" if base == JSON else base
            whole = Codec("Text", Scalar("str")) if base == EVENTS else Codec("Binary", Scalar("bytes"))
            return Media(name, whole, self._find_example(node), item)
        codec = self._choose_codec(node, base, hint, is_request=is_request, is_json=is_json)
        return Media(f"{base}{semicolon}{parameters}" if is_request else base, codec, self._find_example(node))

    def _choose_codec(self, node: Node, base: str, hint: str, *, is_request: bool, is_json: bool) -> Codec:
        schema = node.get("schema")
        if base == PARTS and is_request and schema:
            return Codec("Multipart", ANY, form=self._forms.read(node, schema, hint))
        if not is_json and schema and self._means_bytes(schema, is_request=is_request):
            return Codec("Binary", Scalar("Source" if is_request else "bytes"))
        is_form = base == _URLENCODED and is_request
        if schema and not is_json and not is_form and not self._is_text_schema(schema):
            kinds = "JSON and urlencoded forms have" if is_request else "JSON has"
            problem = f"only {kinds} a structure{'' if is_request else ' in a response'}"
            node.note(
                f"{problem}; give it a schema of type string, or none",
                "taken as text" if is_text_type(base) else "taken as bytes",
            )
            schema = None
        type_ = self._schemas.type_of(schema, hint, is_sent=is_request) if schema else ANY
        if is_json:
            return Codec("Json", type_, tolerant=not is_request and self._document.tolerant)
        if is_form and not _is_object(type_):
            node.note("a form needs an object with properties", "the caller writes it as text")
            return Codec("Text", Scalar("str"))
        if is_form:
            return Codec("Form", type_, styles=read_styles(node, type_))
        return (
            Codec("Text", Scalar("str"))
            if is_text_type(base) or (base == "*/*" and schema and self._is_text_schema(schema))
            else Codec("Binary", Scalar("Source" if is_request else "bytes"))
        )

    def _means_bytes(self, schema: Node, *, is_request: bool) -> bool:
        """Return whether the schema of a body that is no JSON means raw bytes."""
        target = self._document.resolve_schema(schema)
        # Only in JSON do servers encode what they call `byte`, such as a `byte[]` of Java.
        is_byte = not is_request and is_object(target.value) and target.value.get("format") == "byte"
        return is_byte or is_binary(target)

    def _has_structure(self, node: Node) -> bool:
        """Return whether the schema of a media type means neither a text nor bytes."""
        schema = node.get("schema")
        if schema is None or self._is_text_schema(schema):
            return False
        return not is_binary(self._document.resolve_schema(schema))

    def _is_text_schema(self, schema: Node) -> bool:
        """Return whether a schema means a text that is sent as it is."""
        try:
            flat = flatten(self._document, schema)
        except SpecError:
            return False
        if not isinstance(flat.value, dict):
            return flat.value is True
        # A format or description is only for readers; any other constraint would not be checked.
        asserting = flat.object().keys() & {"minLength", "maxLength", "pattern", "enum", "const", "nullable"}
        return not flat.object() or (flat.object().get("type") == "string" and not asserting)

    def _find_example(self, node: Node) -> Any:
        if "example" in node.object():
            return node.object()["example"]
        for _, example in node.members("examples"):
            return self._document.resolve_component(example).object().get("value")
        return None


def _read_content(response: Node, status: str) -> Node | None:
    """Return the content of a response, None if it has none or its status rules one out."""
    content = response.get("content")
    if content and content.value and status in _WITHOUT_BODY:
        content.note(f"a {status} has no body; remove it")
        return None
    return content


def _note_second(node: Node, base: str, media_types: tuple[str, str]) -> None:
    """Note a media type that is the same as one before it, or differs from that in its parameters alone."""
    first, second = map(parameters_of, media_types)
    if first == second:
        node.note(f"{base} is declared twice; keep one of them")
    else:
        problem = f"is {base} with other parameters, which the client does not tell apart; keep one of them"
        node.note(problem, "left out")


def _take_any_success(successes: list[Response]) -> None:
    """Have a 2XX that the document does not name read as one that it names, best one with content."""
    named = [success for success in successes if success.status[0] == "2"]
    if named and not any(success.status == "2XX" for success in named):
        next((success for success in named if success.has_content), named[0]).takes_any_success = True


def _take_no_body(successes: list[Response], *, reads: bool) -> None:
    """Have a body that is empty read as None where one is likely.

    It is if another success has none, or if the document gives a write a range, which has the 204 in it.
    """
    is_documented = any(not success.has_content for success in successes)
    for success in successes:
        is_json = all(media.codec.kind == "Json" for media in success.media)
        success.may_be_empty = is_json and (is_documented or (success.status == "2XX" and not reads))


def _is_object(type_: Type) -> bool:
    """Return whether all values of a type are objects."""
    return all(isinstance(member, Map) or (isinstance(member, Named) and isinstance(member.definition, Model))
               for member in type_.members)  # fmt: skip


def _status_phrase(status: str) -> str:
    try:
        return HTTPStatus(int(status)).phrase
    except ValueError:
        return f"Status {status}"
