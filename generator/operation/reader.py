"""Operations of the document, read as methods of the client, and the names of these."""

from __future__ import annotations

import builtins
import re
from collections.abc import Generator
from contextlib import contextmanager
from urllib.parse import parse_qsl

from generator.document.document import Document, Node
from generator.document.keywords import check_keywords
from generator.errors import SpecError
from generator.python.naming import class_name, free_name, python_name
from generator.schema.schemas import SchemaReader
from generator.schema.types import Model, Named, OneOf, Type

from .bodies import BodyReader
from .links import connect_link
from .model import Body, Codec, Media, Operation, Parameter
from .pagination import read_pagination
from .parameters import USED_IN_METHODS, ParameterReader
from .security import Security, read_security
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
        "with_options",
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
        self._methods: dict[str, str] = {}
        self._names_by_method: dict[str, Node] = {}

    def read(self) -> list[Operation]:
        """Return the operations in the order of the document; those that cannot be generated are left out.

        Raises:
            SpecError: One of them cannot be generated, and the document is read strictly.
        """
        root = self._document.root
        check_keywords(root, "document")
        check_keywords(root / "info", "info")
        if components := root.get("components"):
            check_keywords(components, "components")
        if root.object().get("jsonSchemaDialect", next(iter(_DIALECTS))) not in _DIALECTS:
            (root / "jsonSchemaDialect").note("is not supported; only that of OpenAPI 3.1 is", "taken as that")
        methods = [
            (path, item, method, item / method)
            for path, item in self._path_items()
            for method in item.object()
            if method in METHODS
        ]
        declared: list[tuple[str, Node, str, Node, list[Node], Security]] = []
        for path, item, method, node in methods:
            with self._isolated(method, path):
                self._register_id(node, f"{method} {path}")
                # Options of the client first: they have one name in all operations.
                nodes = self._parameters.collect(path, item, node)
                for parameter in nodes:
                    self._parameters.register_client_option(parameter)
                security = read_security(self._document, self._parameters, node)
                declared.append((path, item, method, node, nodes, security))
        operations: list[tuple[Node, Operation]] = []
        for path, item, method, node, nodes, security in declared:
            with self._isolated(method, path):
                operations.append((node, self._read_operation(path, item, method, node, nodes, security)))
        self._connect_links([operation for _, operation in operations])
        for node, operation in operations:
            try:
                operation.pagination = read_pagination(node, operation, self._names | _RESERVED_OPERATIONS)
            except SpecError as error:
                node.notes.add(error.place, error.problem, "no iterator is made")
            if operation.pagination:
                self._names.add(operation.pagination.method)
        return [operation for _, operation in operations]

    @contextmanager
    def _isolated(self, method: str, path: str) -> Generator[None]:
        """Leave out an operation that cannot be generated."""
        try:
            yield
        except SpecError as error:
            self._document.notes.leave_out(f"{method.upper()} {path}", error)

    def _connect_links(self, operations: list[Operation]) -> None:
        """Replace the operationId in each link by the name of its method, and connect the links with `x-url`."""
        by_id = {self._ids[operation.place]: operation for operation in operations if operation.place in self._ids}
        for operation in operations:
            for response in operation.responses:
                for link in tuple(response.links):
                    if link.target not in by_id:
                        problem = f"a link leads to {link.target!r}, which is not an operationId"
                        self._document.notes.add(operation.place, problem)
                        response.links.remove(link)
                        continue
                    target = by_id[link.target]
                    link.target = target.name
                    if link.url_source:
                        try:
                            connect_link(target, link.url_source)
                        except SpecError as error:
                            self._document.notes.add(error.place, error.problem, "its URL is not followed")

    def _path_items(self) -> list[tuple[str, Node]]:
        found: list[tuple[str, Node]] = []
        shapes: dict[str, str] = {}
        for path, item in self._document.root.members("paths"):
            if path.startswith("x-"):
                continue
            shape = re.sub(r"\{[^{}]*\}", "{}", path)
            if not path.startswith("/") or re.search(r"\\|[^\x21-\x7e]", shape):
                problem = "a path begins with a slash, and what is not ASCII in it and spaces are percent-encoded"
                for method in [method for method in METHODS if method in item.object()]:
                    self._document.notes.leave_out(f"{method.upper()} {path}", SpecError(item.place, problem))
                continue
            if shape in shapes:
                item.note(
                    f"is the same as {shapes[shape]}, but for the names of parameters; merge them", "both are kept"
                )
            shapes[shape] = path
            resolved = self._document.resolve_component(item)
            check_keywords(resolved, "path item")
            found.append((path, resolved))
        return found

    def _register_id(self, node: Node, fallback: str) -> None:
        """Find the name of an operation's method: its operationId, or method and path if another has that name.

        Numbering them would not do: the names would change with the order of the operations.
        """
        given = node.get("operationId")
        if given and given.text() in self._ids.values():
            given.note(
                f"{given.value!r} is the operationId of another operation already; choose another", "path names it"
            )
            given = None
        name = given if given and given.value.strip() else node.with_value(fallback)
        method = python_name(name.value, fallback="call")
        earlier = self._names_by_method.setdefault(method, name)
        if earlier is not name:
            both = f"{name.value!r} and {earlier.value!r} ({earlier.place}) are both {method} in Python"
            problem = f"{both}; {'rename one' if name is given else 'give it an operationId'}"
            if name is not given:
                raise SpecError(name.place, problem)
            name.note(problem, "path names it")
            given, method = None, python_name(fallback)
            if self._names_by_method.setdefault(method, node) is not node:
                raise SpecError(name.place, problem)
        self._methods[node.place] = method
        if given:
            self._ids[node.place] = given.value

    def _read_operation(  # noqa: PLR0913, PLR0917  # each is a part of the operation
        self, path: str, item: Node, method: str, node: Node, parameter_nodes: list[Node], security: Security
    ) -> Operation:
        check_keywords(node, "operation")
        # What follows # tells two operations on one URL apart, and is not sent.
        bare, _, query = path.partition("#")[0].partition("?")
        name = python_name(self._methods[node.place], taken=_RESERVED_OPERATIONS, fallback="call")
        self._names.add(name)
        _check_length(node, name)
        parameters = [*self._parameters.read(parameter_nodes), *security.credentials]
        body = self._bodies.read_request(node, class_name(name))
        if body:
            _spread_body(body, parameters)
        successes, errors = self._bodies.read_responses(node, class_name(name), is_head=method == "head")
        documentation = node.get("externalDocs")
        operation = Operation(
            name=name,
            method=method.upper(),
            path=bare,
            place=node.place,
            fixed_query=_fixed_query(item, query),
            tag=self._tag(node),
            server=server_url(self._document, item, node),
            authenticated=security.scopes is not None,
            needs_token=security.needs_token,
            scopes=security.scopes or [],
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


def _fixed_query(item: Node, query: str) -> tuple[tuple[str, str], ...]:
    """Return the names and values that a path itself has after its question mark."""
    if re.search("[{}]", query):
        item.note("has a parameter after the question mark of its path; declare it with in: query", "not sent")
    return tuple(pair for pair in parse_qsl(query, keep_blank_values=True) if not re.search("[{}]", pair[1]))


def _check_length(node: Node, name: str) -> None:
    """Refuse a name that is too long for a file."""
    if len(name.encode()) > _MAX_NAME_BYTES:
        raise SpecError(node.place, f"the name {name[:20]}… is too long; give a shorter operationId or tag")


def _spread_body(body: Body, parameters: list[Parameter]) -> None:
    """Make each property of the body an argument of the method, unless the names of both would clash."""
    type_ = body.media[0].codec.type.resolved
    names = USED_IN_METHODS | {parameter.name for parameter in parameters}
    for media in body.media:
        if media.codec.form:
            # A form with files has no value of its own.
            body.media = [media]
            body.fields = [field.field for field in media.codec.form]
            for field in body.fields:
                field.name = free_name(field.name, names)
            return
    if len(body.media) > 1 or not isinstance(type_, Named):
        return
    model = type_.definition
    if not isinstance(model, Model) or not model.fields or model.is_open:
        return
    if not names & {field.name for field in model.fields}:
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
        codec.tolerant |= media.codec.tolerant
        if not codec.constant and codec.kind != "Empty":
            definition = type_.definition if isinstance(type_, Named) else None
            label = codec.kind if definition is None or isinstance(definition, OneOf) else definition.name
            codec.constant = constant_name(python_name(label), "_BODY")
            operation.codecs.append(codec)
        media.codec = codec
