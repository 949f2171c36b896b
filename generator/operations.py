"""Operations of the document: paths, parameters, names."""

from __future__ import annotations

import builtins
import re
from typing import Any

from . import access
from .bodies import Bodies, check_flat
from .document import Document, Node
from .filters import class_name, free_name, python_name
from .keywords import check_keywords
from .operation import Body, Codec, Media, Operation, Parameter
from .problem import SpecError
from .schemas import Schemas
from .types import Model, Named, Type
from .words import default_note, description, joined

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_STYLES = {"path": "simple", "query": "form", "header": "simple", "cookie": "form"}
_SET_BY_CLIENT = frozenset({"accept", "content-type", "authorization", "cookie", "host", "content-length"})
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_DIALECTS = frozenset(
    {"https://spec.openapis.org/oas/3.1/dialect/base", "https://json-schema.org/draft/2020-12/schema"}
)
# Names that a method, a client or a module uses itself.
_USED_IN_METHODS = frozenset({"self", "api", "models", "request", "response"})
_RESERVED_ARGUMENTS = _USED_IN_METHODS | {
    *("body", "content_type", "str", "int", "float", "bool", "list", "dict", "bytes")
}
_RESERVED_OPTIONS = frozenset({"transport", "token", "base_url", "timeout_s", "retry", "http", "sleep", "raw"})
_RESERVED_OPERATIONS = frozenset(
    {*dir(builtins), "models", "datetime", "httpx2", "raw", "close", "aclose", "annotations", "import_module"}
)
_LONGEST_NAME = 200
_RESERVED_TAGS = frozenset({*dir(builtins), "annotations"})


class Operations:
    """Reads the operations of a document.

    Args:
        document: Where they stand.
        schemas: Where their models are defined.
    """

    def __init__(self, document: Document, schemas: Schemas) -> None:
        self._document = document
        self._schemas = schemas
        self._bodies = Bodies(document, schemas)
        self._names: set[str] = set()
        self._ids: dict[str, str] = {}
        self._options: dict[tuple[str, str], Parameter] = {}

    def read(self) -> list[Operation]:
        """Return the operations in the order of the document.

        Raises:
            SpecError: If something of them cannot be generated.
        """
        root = self._document.root
        check_keywords(root, "document")
        check_keywords(root / "info", "info")
        if components := root.get("components"):
            check_keywords(components, "components")
        if root.object().get("jsonSchemaDialect", next(iter(_DIALECTS))) not in _DIALECTS:
            raise SpecError("#/jsonSchemaDialect", "is not supported; only that of OpenAPI 3.1 is")
        methods = [
            (path, item, method, item / method)
            for path, item in self._paths()
            for method in item.object()
            if method in METHODS
        ]
        for _, _, _, node in methods:
            self._note_id(node)
        # Options of the client first: they have one name in all operations.
        parameters = [self._declared(path, item, node) for path, item, _, node in methods]
        for node in (one for found in parameters for one in found):
            self._note_option(node)
        found = [
            self._operation(path, item, method, node, declared)
            for (path, item, method, node), declared in zip(methods, parameters, strict=True)
        ]
        self._follow_links(found)
        return found

    def _follow_links(self, operations: list[Operation]) -> None:
        """Let links name methods, rather than the operationIds that these are made of."""
        names = {self._ids[one.place]: one.name for one in operations if one.place in self._ids}
        for operation in operations:
            for response in operation.responses:
                for link in response.links:
                    if link.target not in names:
                        raise SpecError(operation.place, f"a link leads to {link.target!r}, which is no operationId")
                    link.target = names[link.target]

    def _paths(self) -> list[tuple[str, Node]]:
        found: list[tuple[str, Node]] = []
        shapes: dict[str, str] = {}
        for path, item in self._document.root.members("paths"):
            if path.startswith("x-"):
                continue
            shape = re.sub(r"\{[^{}]*\}", "{}", path)
            if not path.startswith("/") or re.search(r"[?#\\]|[^\x21-\x7e]", shape):
                raise SpecError(
                    item.place,
                    "a path begins with a slash, and what is not ASCII in it, ?, # and spaces are percent-encoded",
                )
            if shape in shapes:
                raise SpecError(
                    item.place, f"is the same as {shapes[shape]}, but for the names of parameters; merge them"
                )
            shapes[shape] = path
            resolved = self._document.entry(item)
            check_keywords(resolved, "path item")
            found.append((path, resolved))
        return found

    def _note_id(self, node: Node) -> None:
        name = node.get("operationId")
        if name is None:
            return
        if name.text() in self._ids.values():
            raise SpecError(
                name.place, f"{name.value!r} is the operationId of another operation already; choose another"
            )
        self._ids[node.place] = name.value

    def _operation(self, path: str, item: Node, method: str, node: Node, declared: list[Node]) -> Operation:
        check_keywords(node, "operation")
        wanted = node.words("operationId") or f"{method} {path}"
        name = python_name(wanted, taken=self._names | _RESERVED_OPERATIONS, fallback="call")
        self._names.add(name)
        _check_length(node, name)
        parameters = self._parameters(declared)
        body = self._bodies.request(node, class_name(name))
        if body:
            _spread(body, parameters)
        successes, errors = self._bodies.responses(node, class_name(name), is_head=method == "head")
        scopes = access.scopes(self._document, node)
        documentation = node.get("externalDocs")
        operation = Operation(
            name=name,
            method=method.upper(),
            path=path,
            place=node.place,
            tag=self._tag(node),
            server=access.server(self._document, item, node),
            authenticated=scopes is not None,
            scopes=scopes or [],
            summary=node.words("summary") or item.words("summary"),
            description=node.words("description") or item.words("description"),
            documentation=documentation.words("url") if documentation else "",
            deprecated=node.flag("deprecated"),
            parameters=parameters,
            body=body,
            successes=successes,
            errors=errors,
        )
        _name_constants(operation)
        return operation

    def _tag(self, node: Node) -> str:
        tags = node.items("tags")
        name = python_name(tags[0].text() if tags else "default", taken=_RESERVED_TAGS, fallback="tag")
        _check_length(node, name)
        return name

    def _declared(self, path: str, item: Node, node: Node) -> list[Node]:
        """Return the parameters of an operation; its own replace those of its path."""
        found: dict[tuple[str, str], Node] = {}
        for owner in (item, node):
            own: set[tuple[str, str]] = set()
            for one in owner.items("parameters"):
                parameter = self._document.entry(one)
                check_keywords(parameter, "parameter")
                name = (parameter / "name").text()
                location = (parameter / "in").text()
                if location not in _STYLES:
                    raise SpecError(f"{parameter.place}/in", f"{location!r} is none of {', '.join(_STYLES)}")
                key = (location, name.lower() if location == "header" else name)
                if key in own:
                    raise SpecError(one.place, f"the {location} parameter {name!r} is there twice; leave one of them")
                own.add(key)
                found[key] = parameter
        in_path = re.findall(r"\{([^{}]*)\}", path)
        declared = sorted(name for location, name in found if location == "path")
        if sorted(set(in_path)) != declared or re.search("[{}]", re.sub(r"\{[^{}]*\}", "", path)):
            raise SpecError(
                node.place, f"the path has the parameters {sorted(set(in_path))}, and {declared} are declared"
            )
        return list(found.values())

    def _note_option(self, node: Node) -> None:
        if not node.flag("x-client-option"):
            return
        location, wire_name = (node / "in").text(), (node / "name").text()
        if location == "path":
            raise SpecError(node.place, "a parameter in the path cannot be an option of the client")
        known = {one.name for one in self._options.values()}
        name = python_name(wire_name, taken=known | _RESERVED_ARGUMENTS | _RESERVED_OPTIONS, fallback="option")
        option = self._parameter(node, location, wire_name, name)
        earlier = self._options.setdefault((location, wire_name), option)
        if (earlier.type, earlier.required, earlier.explode) != (option.type, option.required, option.explode):
            raise SpecError(
                node.place, f"the client option {wire_name!r} is declared differently elsewhere; use one $ref"
            )

    def _parameters(self, declared: list[Node]) -> list[Parameter]:
        taken = {*_RESERVED_ARGUMENTS, *(one.name for one in self._options.values())}
        result: list[Parameter] = []
        for node in declared:
            location, wire_name = (node / "in").text(), (node / "name").text()
            if node.flag("x-client-option"):
                name = self._options[location, wire_name].name
            else:
                name = python_name(wire_name, taken=taken, fallback="argument")
                taken.add(name)
            result.append(self._parameter(node, location, wire_name, name))
        return result

    def _parameter(self, node: Node, location: str, wire_name: str, name: str) -> Parameter:
        if location in {"header", "cookie"} and not _TOKEN.fullmatch(wire_name):
            raise SpecError(f"{node.place}/name", f"{wire_name!r} cannot be the name of a {location}")
        if location == "header" and wire_name.lower() in _SET_BY_CLIENT:
            raise SpecError(node.place, f"the header {wire_name} is set by the client itself; take the parameter out")
        style = node.object().get("style", _STYLES[location])
        if style != _STYLES[location]:
            raise SpecError(
                f"{node.place}/style", f"{style!r} is not supported in {location}; only {_STYLES[location]!r}"
            )
        if location == "path" and not node.flag("required"):
            raise SpecError(node.place, "a parameter in the path has to be required: true")
        schema = node / "schema"
        type_ = self._schemas.type_of(schema, class_name(name))
        check_flat(schema.place, type_)
        return Parameter(
            location=location,
            wire_name=wire_name,
            name=name,
            type=type_,
            required=node.flag("required"),
            explode=node.flag("explode", default=location in {"query", "cookie"}),
            description=self._parameter_description(node, schema),
            is_client_option=node.flag("x-client-option"),
        )

    def _parameter_description(self, node: Node, schema: Node) -> str:
        both = [one for one in (schema, self._document.resolve(schema)) if isinstance(one.value, dict)]
        texts = [node.words("description"), *(description(one) for one in both)]
        defaults: list[Any] = [one.object()["default"] for one in both if "default" in one.object()]
        return joined(
            [
                next((text for text in texts if text), ""),
                default_note(defaults),
                "Deprecated." if node.flag("deprecated") else "",
            ]
        )


def _check_length(node: Node, name: str) -> None:
    """Refuse a name that is too long for that of a file."""
    if len(name.encode()) > _LONGEST_NAME:
        raise SpecError(node.place, f"the name {name[:20]}… is too long; give a shorter operationId or tag")


def _spread(body: Body, parameters: list[Parameter]) -> None:
    """Make the properties of the body arguments, where that cannot be misread."""
    type_ = body.media[0].codec.type.resolved
    if not body.required or len(body.media) > 1 or not isinstance(type_, Named):
        return
    model = type_.definition
    names = _USED_IN_METHODS | {one.name for one in parameters}
    if isinstance(model, Model) and model.fields and not names & {one.name for one in model.fields}:
        body.fields = model.fields


def _name_constants(operation: Operation) -> None:
    """Give each parameter and each codec of the operation a constant; equal codecs share one."""
    taken = {"_ERRORS", "_BODIES", "_CONTENT_TYPE"}

    def constant(label: str, second: str = "") -> str:
        name = f"_{label.upper()}"
        name = free_name(f"{name}{second}" if name in taken else name, taken)
        taken.add(name)
        return name

    for parameter in operation.parameters:
        parameter.constant = constant(parameter.name)
    named: dict[tuple[str, Type], Codec] = {}
    media: list[Media] = [*(operation.body.media if operation.body else [])]
    for response in operation.responses:
        media += response.media
    for one in media:
        type_ = one.codec.type
        codec = named.setdefault((one.codec.kind, type_), one.codec)
        if not codec.constant and codec.kind != "Empty":
            label = type_.definition.name if isinstance(type_, Named) else codec.kind
            codec.constant = constant(python_name(label), "_BODY")
            operation.codecs.append(codec)
        one.codec = codec
