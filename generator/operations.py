"""Operations of the document, as the templates want them."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from .document import Document, Node, SpecError
from .filters import class_name, free_name, python_literal, python_name
from .schemas import Schemas
from .types import ANY, Choice, Field, Model, Named, Scalar, Type, union

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_OTHER_PATH_ITEM_KEYS = {"summary", "description", "servers", "parameters"}
_OPERATION_KEYS = {
    *("operationId", "summary", "description", "externalDocs", "tags", "parameters", "requestBody", "responses"),
    *("deprecated", "security", "servers"),
}
_STYLES = {"path": "simple", "query": "form", "header": "simple", "cookie": "form"}
_RESERVED_HEADERS = {"accept", "content-type", "authorization"}
# Names that a method or a request builder uses itself.
_RESERVED_ARGUMENTS = frozenset({"self", "api", "models", "annotations", "datetime", "str", "int", "float", "bool", "list", "dict"})
_RESERVED_OPERATIONS = frozenset({*dir(builtins), "raw", "close", "aclose", "self"})


@dataclass(eq=False)
class Parameter:
    """A parameter of an operation."""

    location: str
    wire_name: str
    name: str
    type: Type
    required: bool
    explode: bool
    description: str
    is_client_option: bool

    @property
    def constant(self) -> str:
        """Name of the constant that holds the parameter's codec."""
        return f"_{self.name.upper().strip('_')}"


@dataclass(eq=False)
class Codec:
    """How a body becomes a value, or a value a body."""

    kind: str
    """`Json`, `Form`, `Text`, `Binary` or `Empty`, the classes of the runtime."""
    type: Type
    constant: str = ""

    @property
    def is_typed(self) -> bool:
        """Whether the codec takes the type of the value."""
        return self.kind in {"Json", "Form"}


@dataclass(eq=False)
class Media:
    """One media type of a body."""

    media_type: str
    codec: Codec
    example: Any = None


@dataclass(eq=False)
class Body:
    """The body of a request."""

    media: list[Media]
    required: bool
    description: str
    fields: list[Field] = field(default_factory=list[Field])
    """The properties of the body, if they are arguments of their own."""

    @property
    def type(self) -> Type:
        """The type of the value, whatever the media type."""
        return union(*(one.codec.type for one in self.media))


@dataclass(eq=False)
class Response:
    """What the server answers with one status."""

    status: str
    description: str
    media: list[Media]
    headers: list[tuple[str, str, bool]]
    links: list[tuple[str, str, str]]

    @property
    def condition(self) -> str:
        """When the response is this one, as Python."""
        if self.status == "default":
            return "raw.status < 400"
        if self.status.endswith("XX"):
            return f"{self.status[0]}00 <= raw.status < {int(self.status[0]) + 1}00"
        return f"raw.status == {self.status}"


@dataclass(eq=False)
class Operation:
    """A method of the client."""

    name: str
    method: str
    path: str
    place: str
    tag: str
    server: str
    authenticated: bool
    summary: str
    description: str
    documentation: str
    deprecated: bool
    parameters: list[Parameter]
    body: Body | None
    successes: list[Response]
    errors: list[Response]
    codecs: list[Codec] = field(default_factory=list[Codec])

    def at(self, location: str) -> list[Parameter]:
        """Return the parameters of one location."""
        return [one for one in self.parameters if one.location == location]

    @property
    def path_parts(self) -> list[tuple[str, Parameter | None]]:
        """The path, as pairs of text and the parameter that follows it."""
        known = {one.wire_name: one for one in self.at("path")}
        pieces = re.split(r"\{([^{}]*)\}", self.path)
        return [(text, known[name] if name else None) for text, name in zip(pieces[::2], [*pieces[1::2], ""], strict=True)]

    @property
    def positional(self) -> list[Parameter]:
        """The path parameters in the order of the path."""
        return [parameter for _, parameter in self.path_parts if parameter is not None]

    @property
    def keywords(self) -> list[Parameter | Field]:
        """The other arguments: required ones first."""
        arguments: list[Parameter | Field] = [
            *(self.body.fields if self.body else []),
            *(one for one in self.parameters if one.location != "path" and not one.is_client_option),
        ]
        return sorted(arguments, key=lambda one: not one.required)

    @property
    def options(self) -> list[Parameter]:
        """The parameters that are settings of the client."""
        return [one for one in self.parameters if one.is_client_option]

    @property
    def result(self) -> Type:
        """The type of what a successful call returns."""
        types = [media.codec.type for response in self.successes for media in response.media]
        return union(*types) if types else Scalar("None")

    @property
    def example_call(self) -> str:
        """An exemplary call, as Python; empty if the document has no example."""
        if not self.body or not self.body.fields or not isinstance(self.body.media[0].example, dict):
            return ""
        given: dict[str, Any] = self.body.media[0].example
        named = {one.name: given[one.wire_name] for one in self.body.fields if one.wire_name in given}
        arguments = [one.name for one in self.positional] + [f"{name}={python_literal(one)}" for name, one in named.items()]
        return f"client.{self.name}({', '.join(arguments)})"


class Operations:
    """Reads the operations of a document.

    Args:
        document: Where they stand.
        schemas: Where their models are defined.
    """

    def __init__(self, document: Document, schemas: Schemas) -> None:
        self._document = document
        self._schemas = schemas
        self._names: set[str] = set()

    def read(self) -> list[Operation]:
        """Return the operations in the order of the document.

        Raises:
            SpecError: If something of them cannot be generated.
        """
        if "webhooks" in self._document.root.object():
            raise SpecError("#/webhooks", "are not supported")
        found = [
            self._operation(path, item, method, node)
            for path, item in self._paths()
            for method, node in self._methods(item)
        ]
        known = {one.get("operationId") for one in self._raw_operations()}
        for operation in found:
            for response in (*operation.successes, *operation.errors):
                for name, target, _ in response.links:
                    if target not in known:
                        raise SpecError(operation.place, f"the link {name!r} leads to {target!r}, which is no operationId")
        return found

    def _paths(self) -> Iterator[tuple[str, Node]]:
        for path, item in (self._document.root / "paths").members() if "paths" in self._document.root.object() else []:
            if not path.startswith("x-"):
                yield path, self._document.resolve(item)

    def _methods(self, item: Node) -> Iterator[tuple[str, Node]]:
        for key, node in item.members():
            if key in METHODS:
                yield key, node
            elif key not in _OTHER_PATH_ITEM_KEYS and not key.startswith("x-"):
                raise SpecError(f"{item.place}/{key}", "is no method and not supported")

    def _raw_operations(self) -> Iterator[dict[str, Any]]:
        for _, item in self._paths():
            for _, node in self._methods(item):
                yield node.object()

    def _operation(self, path: str, item: Node, method: str, node: Node) -> Operation:
        raw = node.object()
        for key in raw:
            if key not in _OPERATION_KEYS and not key.startswith("x-"):
                raise SpecError(f"{node.place}/{key}", "is not supported")
        wanted = str(raw.get("operationId") or f"{method} {path}")
        name = python_name(wanted, taken=self._names | _RESERVED_OPERATIONS, fallback="call")
        self._names.add(name)
        parameters = self._parameters(path, item, node)
        body = self._body(node, class_name(name))
        if body:
            self._spread(body, parameters)
        tags = raw.get("tags") or ["default"]
        operation = Operation(
            name=name,
            method=method.upper(),
            path=path,
            place=node.place,
            tag=python_name(str(tags[0]), taken=set(dir(builtins)), fallback="tag"),
            server=self._server(item, node),
            authenticated=self._authenticated(node),
            summary=str(raw.get("summary") or "").strip(),
            description=str(raw.get("description") or "").strip(),
            documentation=str((raw.get("externalDocs") or {}).get("url", "")),
            deprecated=raw.get("deprecated") is True,
            parameters=parameters,
            body=body,
            successes=[],
            errors=[],
        )
        self._read_responses(operation, node, class_name(name))
        _name_codecs(operation)
        return operation

    def _parameters(self, path: str, item: Node, node: Node) -> list[Parameter]:
        found: dict[tuple[str, str], Node] = {}
        for owner in (item, node):
            for one in (owner / "parameters").items() if "parameters" in owner.object() else []:
                parameter = self._document.resolve(one)
                found[(parameter / "in").text(), (parameter / "name").text()] = parameter
        in_path = set(re.findall(r"\{([^{}]*)\}", path))
        declared = {name for location, name in found if location == "path"}
        if in_path != declared:
            raise SpecError(node.place, f"the path has {sorted(in_path)}, but its parameters are {sorted(declared)}")
        taken = set(_RESERVED_ARGUMENTS)
        result: list[Parameter] = []
        for (location, wire_name), parameter in found.items():
            name = python_name(wire_name, taken=taken, fallback="argument")
            taken.add(name)
            result.append(self._parameter(parameter, location, wire_name, name))
        return result

    def _parameter(self, node: Node, location: str, wire_name: str, name: str) -> Parameter:
        raw = node.object()
        if location not in _STYLES:
            raise SpecError(f"{node.place}/in", f"{location!r} is none of {', '.join(_STYLES)}")
        if location == "header" and wire_name.lower() in _RESERVED_HEADERS:
            raise SpecError(node.place, f"the header {wire_name} is set by the client itself; take the parameter out")
        if "schema" not in raw:
            raise SpecError(node.place, "has no schema; content in a parameter is not supported")
        style = raw.get("style", _STYLES[location])
        if style != _STYLES[location]:
            raise SpecError(f"{node.place}/style", f"{style!r} is not supported in {location}; only {_STYLES[location]!r}")
        if raw.get("allowReserved"):
            raise SpecError(f"{node.place}/allowReserved", "is not supported")
        type_ = self._schemas.type_of(node / "schema", class_name(name))
        _check_flat(node / "schema", type_)
        schema = self._document.resolve(node / "schema").value
        parts = [str(raw.get("description") or (schema.get("description", "") if isinstance(schema, dict) else "")).strip()]
        if isinstance(schema, dict) and "default" in schema:
            parts.append(f"The server takes {schema['default']!r} if it is absent.")
        if raw.get("deprecated"):
            parts.append("Deprecated.")
        return Parameter(
            location=location,
            wire_name=wire_name,
            name=name,
            type=type_,
            required=raw.get("required") is True,
            explode=raw.get("explode", location in {"query", "cookie"}),
            description=" ".join(part for part in parts if part),
            is_client_option=raw.get("x-client-option") is True,
        )

    def _body(self, node: Node, hint: str) -> Body | None:
        if "requestBody" not in node.object():
            return None
        body = self._document.resolve(node / "requestBody")
        raw = body.object()
        media = [
            self._media(one, media_type, f"{hint}Body", is_request=True)
            for media_type, one in (body / "content").members()
        ]
        if not media:
            raise SpecError(f"{body.place}/content", "is empty")
        return Body(media, required=raw.get("required") is True, description=str(raw.get("description") or "").strip())

    def _spread(self, body: Body, parameters: list[Parameter]) -> None:
        """Make the properties of the body arguments, where that cannot be misread."""
        type_ = body.media[0].codec.type.resolved
        if not body.required or len(body.media) > 1 or not isinstance(type_, Named):
            return
        model = type_.definition
        names = {one.name for one in parameters} | _RESERVED_ARGUMENTS
        if isinstance(model, Model) and model.fields and not names & {one.name for one in model.fields}:
            body.fields = model.fields

    def _media(self, node: Node, media_type: str, hint: str, *, is_request: bool) -> Media:
        base = media_type.partition(";")[0].strip().lower()
        schema = node.get("schema")
        type_ = self._schemas.type_of(schema, hint) if schema else None
        is_text = type_ is None or (isinstance(type_.resolved, Scalar) and type_.resolved.python in {"str", "bytes"})
        if base == "application/json" or base.endswith("+json"):
            codec = Codec("Json", type_ or ANY)
        elif is_request and base == "application/x-www-form-urlencoded":
            codec = Codec("Form", type_ or ANY)
            if not isinstance(codec.type.resolved, Named):
                raise SpecError(node.place, "a form needs an object with properties")
        elif base.startswith("text/") and is_text:
            codec = Codec("Text", Scalar("str"))
        elif base.startswith("multipart/") or not is_text:
            raise SpecError(node.place, "is not supported; JSON, text, binary data and urlencoded forms are")
        else:
            codec = Codec("Binary", Scalar("bytes"))
        return Media(base, codec, self._example(node))

    def _example(self, node: Node) -> Any:
        if "example" in node.object():
            return node.object()["example"]
        for _, example in (node / "examples").members() if "examples" in node.object() else []:
            return self._document.resolve(example).object().get("value")
        return None

    def _read_responses(self, operation: Operation, node: Node, hint: str) -> None:
        statuses: list[str] = []
        for status, one in (node / "responses").members() if "responses" in node.object() else []:
            if status.startswith("x-"):
                continue
            status = status.upper() if status != "default" else status  # noqa: PLW2901  4xx means 4XX
            if not re.fullmatch(r"[1-5](\d\d|XX)|default", status):
                raise SpecError(one.place, "is no status: give a number, a range such as 4XX, or default")
            statuses.append(status)
            response = self._response(one, status, hint)
            (operation.successes if status.startswith("2") else operation.errors).append(response)
        default = next((one for one in operation.errors if one.status == "default"), None)
        if default and not operation.successes:
            operation.successes.append(default)
            operation.errors.remove(default)
        operation.successes.sort(key=lambda one: (one.status == "default", one.status.endswith("XX"), one.status))

    def _response(self, node: Node, status: str, hint: str) -> Response:
        response = self._document.resolve(node)
        raw = response.object()
        label = _phrase(status)
        media = [
            self._media(one, media_type, f"{hint}{class_name(label)}", is_request=False)
            for media_type, one in ((response / "content").members() if raw.get("content") else [])
        ]
        headers: list[tuple[str, str, bool]] = []
        for name, one in (response / "headers").members() if "headers" in raw else []:
            header = self._document.resolve(one).object()
            headers.append((name, str(header.get("description", "")).strip(), header.get("required") is True))
        links: list[tuple[str, str, str]] = []
        for name, one in (response / "links").members() if "links" in raw else []:
            link = self._document.resolve(one).object()
            if "operationId" not in link:
                raise SpecError(one.place, "has no operationId; a link by operationRef is not supported")
            links.append((name, str(link["operationId"]), str(link.get("description", "")).strip()))
        return Response(
            status=status,
            description=str(raw.get("description", "")).strip(),
            media=media or [Media("", Codec("Empty", Scalar("None")))],
            headers=headers,
            links=links,
        )

    def _server(self, item: Node, node: Node) -> str:
        for owner in (node, item, self._document.root):
            servers = owner.get("servers")
            if servers and servers.array():
                first = servers / 0
                url = (first / "url").text()
                for name, variable in (first / "variables").members() if "variables" in first.object() else []:
                    url = url.replace(f"{{{name}}}", str(variable.object().get("default", "")))
                return url if re.match(r"https?://", url) else ""
        return ""

    def _authenticated(self, node: Node) -> bool:
        owner = node if "security" in node.object() else self._document.root
        if "security" not in owner.object():
            return False
        alternatives = (owner / "security").items()
        schemes = self._document.root.get("components")
        declared = schemes.object().get("securitySchemes", {}) if schemes else {}
        problems: list[str] = []
        for alternative in alternatives:
            names = list(alternative.object())
            kinds = [self._scheme_kind(declared, name, alternative) for name in names]
            if all(kind in {"http bearer", "oauth2", "openIdConnect"} for kind in kinds):
                if names:
                    return True
                continue
            problems += kinds
        if problems:
            raise SpecError(f"{owner.place}/security", f"{', '.join(problems)} is not supported; bearer tokens are")
        return False

    def _scheme_kind(self, declared: dict[str, Any], name: str, node: Node) -> str:
        if name not in declared:
            raise SpecError(node.place, f"{name!r} is not among components/securitySchemes")
        scheme: dict[str, Any] = declared[name]
        kind = str(scheme.get("type"))
        return f"http {str(scheme.get('scheme')).lower()}" if kind == "http" else kind


def _check_flat(node: Node, type_: Type) -> None:
    """Refuse parameters that a URL or header has no one way to say."""
    for member in type_.members:
        resolved = member.resolved
        item = getattr(resolved, "item", resolved)
        for one in item.members:
            if not isinstance(one.resolved, (Scalar, Choice)):
                raise SpecError(node.place, "an object or a nested array is not supported in a parameter")


def _phrase(status: str) -> str:
    if status.isdecimal():
        try:
            return HTTPStatus(int(status)).phrase
        except ValueError:
            return f"Status {status}"
    return f"Status {status}"


def _name_codecs(operation: Operation) -> None:
    """Give each codec of the operation a constant; equal ones share it."""
    named: dict[tuple[str, Type], Codec] = {}
    constants = {one.constant for one in operation.parameters} | {"_ERRORS", "_BODIES"}
    uses: list[Media] = [*(operation.body.media if operation.body else [])]
    for response in (*operation.successes, *operation.errors):
        uses += response.media
    for media in uses:
        key = (media.codec.kind, media.codec.type)
        if key not in named:
            type_ = media.codec.type
            label = type_.definition.name if isinstance(type_, Named) else media.codec.kind
            media.codec.constant = free_name(f"_{python_name(label).upper()}", constants)
            constants.add(media.codec.constant)
            named[key] = media.codec
            operation.codecs.append(media.codec)
        media.codec = named[key]
