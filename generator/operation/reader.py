"""Operations of the document: paths, parameters, names."""

from __future__ import annotations

import builtins
import re

from generator.document.document import Document, Node
from generator.document.keywords import check_keywords
from generator.errors import SpecError
from generator.python.filters import class_name, free_name, python_name
from generator.schema.schemas import Schemas
from generator.schema.types import Model, Named, Type

from . import security
from .bodies import Bodies
from .links import connect
from .model import Body, Codec, Media, Operation, Parameter
from .pagination import read_pages
from .parameters import USED_IN_METHODS, Parameters

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_DIALECTS = frozenset(
    {"https://spec.openapis.org/oas/3.1/dialect/base", "https://json-schema.org/draft/2020-12/schema"}
)
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
        self._bodies = Bodies(document, schemas)
        self._parameters = Parameters(document, schemas)
        self._names: set[str] = set()
        self._ids: dict[str, str] = {}
        self._names_by_method: dict[str, Node] = {}

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
        for path, _, method, node in methods:
            self._note_id(node, f"{method} {path}")
        # Options of the client first: they have one name in all operations.
        parameters = [self._parameters.declared(path, item, node) for path, item, _, node in methods]
        for node in (one for found in parameters for one in found):
            self._parameters.note_option(node)
        found = [
            self._operation(path, item, method, node, declared)
            for (path, item, method, node), declared in zip(methods, parameters, strict=True)
        ]
        self._follow_links(found)
        for (_, _, _, node), one in zip(methods, found, strict=True):
            one.pages = read_pages(node, one, self._names | _RESERVED_OPERATIONS)
            if one.pages:
                self._names.add(one.pages.method)
        return found

    def _follow_links(self, operations: list[Operation]) -> None:
        """Let links name methods, rather than the operationIds that these are made of."""
        names = {self._ids[one.place]: one.name for one in operations if one.place in self._ids}
        by_name = {one.name: one for one in operations}
        for operation in operations:
            for response in operation.responses:
                for link in response.links:
                    if link.target not in names:
                        raise SpecError(operation.place, f"a link leads to {link.target!r}, which is no operationId")
                    link.target = names[link.target]
                    if link.source:
                        connect(by_name[link.target], link.source)

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

    def _note_id(self, node: Node, words: str) -> None:
        """Refuse an operation whose method is that of another: a number at its name would change with their order."""
        given = node.get("operationId")
        if given and given.text() in self._ids.values():
            raise SpecError(
                given.place, f"{given.value!r} is the operationId of another operation already; choose another"
            )
        name = given if given and given.value.strip() else Node(words, node.place)
        method = python_name(name.value, fallback="call")
        earlier = self._names_by_method.setdefault(method, name)
        if earlier is not name:
            both = f"{name.value!r} and {earlier.value!r} ({earlier.place}) are both {method} in Python"
            raise SpecError(name.place, f"{both}; {'rename one' if name is given else 'give it an operationId'}")
        if given:
            self._ids[node.place] = given.value

    def _operation(self, path: str, item: Node, method: str, node: Node, declared: list[Node]) -> Operation:
        check_keywords(node, "operation")
        wanted = node.words("operationId") or f"{method} {path}"
        name = python_name(wanted, taken=_RESERVED_OPERATIONS, fallback="call")
        self._names.add(name)
        _check_length(node, name)
        parameters = self._parameters.read(declared)
        body = self._bodies.request(node, class_name(name))
        if body:
            _spread(body, parameters)
        successes, errors = self._bodies.responses(node, class_name(name), is_head=method == "head")
        scopes = security.scopes(self._document, node)
        documentation = node.get("externalDocs")
        operation = Operation(
            name=name,
            method=method.upper(),
            path=path,
            place=node.place,
            tag=self._tag(node),
            server=security.server(self._document, item, node),
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
    """Refuse a name that is too long for that of a file."""
    if len(name.encode()) > _LONGEST_NAME:
        raise SpecError(node.place, f"the name {name[:20]}… is too long; give a shorter operationId or tag")


def _spread(body: Body, parameters: list[Parameter]) -> None:
    """Make the properties of the body arguments, where that cannot be misread."""
    type_ = body.media[0].codec.type.resolved
    if not body.required or len(body.media) > 1 or not isinstance(type_, Named):
        return
    model = type_.definition
    names = USED_IN_METHODS | {one.name for one in parameters}
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
