"""Operations of the document, read as methods of the client, and the names of these."""

from __future__ import annotations

import builtins
import re

from generator.document.document import Document, Node
from generator.document.keywords import check_keywords
from generator.errors import SpecError
from generator.python.naming import class_name, free_name, python_name
from generator.schema.schemas import SchemaReader
from generator.schema.types import Model, Named, Type

from .bodies import BodyReader
from .links import connect_link
from .model import Body, Codec, Media, Operation, Parameter
from .pagination import read_pagination
from .parameters import USED_IN_METHODS, ParameterReader
from .security import token_scopes
from .servers import server_url

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_DIALECTS = frozenset(
    {"https://spec.openapis.org/oas/3.1/dialect/base", "https://json-schema.org/draft/2020-12/schema"}
)
_RESERVED_OPERATIONS = frozenset(
    {
        *dir(builtins),
        "models",
        "datetime",
        "httpx2",
        "raw",
        "transport",
        "with_transport",
        "call_options",
        "close",
        "aclose",
        "annotations",
        "import_module",
    }
)
_MAX_NAME_BYTES = 200
_RESERVED_TAGS = frozenset({*dir(builtins), "annotations"})


class OperationReader:
    """Reads the operations of a document.

    Args:
        document: The document.
        schemas: Reader of their types.
    """

    def __init__(self, document: Document, schemas: SchemaReader) -> None:
        self._document = document
        self._bodies = BodyReader(document, schemas)
        self._parameters = ParameterReader(document, schemas)
        self._names: set[str] = set()
        self._ids: dict[str, str] = {}
        self._names_by_method: dict[str, Node] = {}

    def read(self) -> list[Operation]:
        """Return the operations in the order of the document.

        Raises:
            SpecError: One of them cannot be generated.
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
            for path, item in self._path_items()
            for method in item.object()
            if method in METHODS
        ]
        for path, _, method, node in methods:
            self._register_id(node, f"{method} {path}")
        # Options of the client first: they have one name in all operations.
        parameter_nodes = [self._parameters.collect(path, item, node) for path, item, _, node in methods]
        for nodes in parameter_nodes:
            for node in nodes:
                self._parameters.register_client_option(node)
        operations = [
            self._read_operation(path, item, method, node, nodes)
            for (path, item, method, node), nodes in zip(methods, parameter_nodes, strict=True)
        ]
        self._connect_links(operations)
        for (_, _, _, node), operation in zip(methods, operations, strict=True):
            operation.pagination = read_pagination(node, operation, self._names | _RESERVED_OPERATIONS)
            if operation.pagination:
                self._names.add(operation.pagination.method)
        return operations

    def _connect_links(self, operations: list[Operation]) -> None:
        """Replace the operationId in each link by the name of its method, and connect the links with `x-url`."""
        by_id = {self._ids[operation.place]: operation for operation in operations if operation.place in self._ids}
        for operation in operations:
            for response in operation.responses:
                for link in response.links:
                    if link.target not in by_id:
                        raise SpecError(
                            operation.place, f"a link leads to {link.target!r}, which is not an operationId"
                        )
                    target = by_id[link.target]
                    link.target = target.name
                    if link.url_source:
                        connect_link(target, link.url_source)

    def _path_items(self) -> list[tuple[str, Node]]:
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
            resolved = self._document.resolve_component(item)
            check_keywords(resolved, "path item")
            found.append((path, resolved))
        return found

    def _register_id(self, node: Node, fallback: str) -> None:
        """Refuse an operation whose method has the name of another's.

        Numbering them would not do: the names would change with the order of the operations.
        """
        given = node.get("operationId")
        if given and given.text() in self._ids.values():
            raise SpecError(
                given.place, f"{given.value!r} is the operationId of another operation already; choose another"
            )
        name = given if given and given.value.strip() else Node(fallback, node.place)
        method = python_name(name.value, fallback="call")
        earlier = self._names_by_method.setdefault(method, name)
        if earlier is not name:
            both = f"{name.value!r} and {earlier.value!r} ({earlier.place}) are both {method} in Python"
            raise SpecError(name.place, f"{both}; {'rename one' if name is given else 'give it an operationId'}")
        if given:
            self._ids[node.place] = given.value

    def _read_operation(self, path: str, item: Node, method: str, node: Node, parameter_nodes: list[Node]) -> Operation:
        check_keywords(node, "operation")
        text = node.prose("operationId") or f"{method} {path}"
        name = python_name(text, taken=_RESERVED_OPERATIONS, fallback="call")
        self._names.add(name)
        _check_length(node, name)
        parameters = self._parameters.read(parameter_nodes)
        body = self._bodies.read_request(node, class_name(name))
        if body:
            _spread_body(body, parameters)
        successes, errors = self._bodies.read_responses(node, class_name(name), is_head=method == "head")
        scopes = token_scopes(self._document, node)
        documentation = node.get("externalDocs")
        operation = Operation(
            name=name,
            method=method.upper(),
            path=path,
            place=node.place,
            tag=self._tag(node),
            server=server_url(self._document, item, node),
            authenticated=scopes is not None,
            scopes=scopes or [],
            summary=node.prose("summary") or item.prose("summary"),
            description=node.prose("description") or item.prose("description"),
            documentation=documentation.prose("url") if documentation else "",
            deprecated=node.flag("deprecated"),
            parameters=parameters,
            body=body,
            successes=successes,
            errors=errors,
            idempotent=node.flag("x-idempotent") if "x-idempotent" in node.object() else None,
        )
        _name_constants(operation)
        return operation

    def _tag(self, node: Node) -> str:
        tags = node.items("tags")
        name = python_name(tags[0].text() if tags else "default", taken=_RESERVED_TAGS, fallback="tag")
        _check_length(node, name)
        return name


def _check_length(node: Node, name: str) -> None:
    """Refuse a name that is too long for a file."""
    if len(name.encode()) > _MAX_NAME_BYTES:
        raise SpecError(node.place, f"the name {name[:20]}… is too long; give a shorter operationId or tag")


def _spread_body(body: Body, parameters: list[Parameter]) -> None:
    """Make each property of the body an argument of the method, unless the names of both would clash."""
    type_ = body.media[0].codec.type.resolved
    if not body.required or len(body.media) > 1 or not isinstance(type_, Named):
        return
    model = type_.definition
    names = USED_IN_METHODS | {parameter.name for parameter in parameters}
    if isinstance(model, Model) and model.fields and not names & {field.name for field in model.fields}:
        body.fields = model.fields


def _name_constants(operation: Operation) -> None:
    """Name the module constants of the operation: one for each parameter, and one for each different codec."""
    taken = {"_ERRORS", "_BODIES", "_CONTENT_TYPE"}

    def constant_name(label: str, suffix_if_taken: str = "") -> str:
        name = f"_{label.upper()}"
        name = free_name(f"{name}{suffix_if_taken}" if name in taken else name, taken)
        taken.add(name)
        return name

    for parameter in operation.parameters:
        parameter.constant = constant_name(parameter.name)
    codecs: dict[tuple[str, Type], Codec] = {}
    all_media: list[Media] = [*(operation.body.media if operation.body else [])]
    for response in operation.responses:
        all_media += response.media
    for media in all_media:
        type_ = media.codec.type
        codec = codecs.setdefault((media.codec.kind, type_), media.codec)
        if not codec.constant and codec.kind != "Empty":
            label = type_.definition.name if isinstance(type_, Named) else codec.kind
            codec.constant = constant_name(python_name(label), "_BODY")
            operation.codecs.append(codec)
        media.codec = codec
