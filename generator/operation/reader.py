"""Operations of the document, read as methods of the client, and the names of these."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Generator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Literal
from urllib.parse import parse_qsl

from generator.document.document import Document, Node
from generator.document.keywords import check_keywords
from generator.errors import SpecError
from generator.overlay._runtime.json_types import is_object
from generator.python.naming import class_name, free_name, python_name
from generator.schema.schemas import SchemaReader
from generator.schema.types import Model, Named, OneOf, Type

from .bodies import BodyReader
from .links import connect_link
from .model import EVENTS, USED_IN_METHODS, Body, BodyStream, Codec, Operation, Parameter, Response
from .names import BY_SIZE, Declared, Naming, name_operations, reserved_names, stream_method, tag_name
from .pagination import read_pagination
from .parameters import ParameterReader, without
from .security import Security, read_security, says_nothing, with_authorization
from .servers import base_path, server_url

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_DIALECTS = ("https://spec.openapis.org/oas/3.1/dialect/base", "https://json-schema.org/draft/2020-12/schema")
_SUMMARY_WIDTH = 100


class OperationReader:
    """Reads the operations of a document.

    Args:
        document: The document.
        schemas: Reader of their types.
        naming: How their methods are named.
    """

    def __init__(self, document: Document, schemas: SchemaReader, naming: Naming = BY_SIZE) -> None:
        self._document = document
        self._naming = naming
        self._bodies = BodyReader(document, schemas)
        self._parameters = ParameterReader(document, schemas)

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
        if root.object().get("jsonSchemaDialect", _DIALECTS[0]) not in _DIALECTS:
            (root / "jsonSchemaDialect").note("is not supported; only that of OpenAPI 3.1 is", "taken as that")
        declared = self._declared()
        problems = name_operations(list(declared), self._naming, _version(root), base_path(root))
        may_be_any = says_nothing(self._document, (operation.node for operation in declared))
        described: list[tuple[Declared, Node, list[Node], Security]] = []
        for operation, item in declared.items():
            with self._isolated(operation):
                if operation in problems:
                    raise problems[operation]
                security, nodes = with_authorization(
                    read_security(self._document, self._parameters, operation.node, may_be_any=may_be_any),
                    self._parameters,
                    self._parameters.collect(operation.path, item, operation.node),
                )
                nodes = without(security.credentials, nodes, sends_token=security.scopes is not None)
                # Options of the client first: they have one name in all operations.
                for parameter in nodes:
                    self._parameters.register_client_option(parameter)
                described.append((operation, item, nodes, security))
        securities = [security for *_, security in described]
        names_none = may_be_any and not any(found.credentials or found.scopes is not None for found in securities)
        operations: dict[Declared, Operation] = {}
        for operation, item, nodes, security in described:
            with self._isolated(operation):
                operations[operation] = found = self._read_operation(operation, item, nodes, security)
                # Many documents leave out how to log in.
                found.authenticated |= names_none
                found.may_send_token = names_none
        self._connect_links(operations)
        self._name_further_methods(operations)
        return list(operations.values())

    def _declared(self) -> dict[Declared, Node]:
        """Return all operations, each with the item of its path."""
        found: dict[Declared, Node] = {}
        for path, item in self._path_items():
            for verb in (verb for verb in item.object() if verb in METHODS):
                operation = Declared(path, verb, item / verb)
                with self._isolated(operation):
                    operation.tag = tag_name(operation.node)
                    found[operation] = item
            for method, node in item.members("additionalOperations"):
                problem = "a method of one's own is not supported; use one of those of the standard"
                self._document.notes.leave_out(f"{method} {path}", SpecError(node.place, problem))
        return found

    def _name_further_methods(self, operations: Mapping[Declared, Operation]) -> None:
        """Name what iterates over pages or reads a body while it is used; all other names are known."""
        names: dict[str, set[str]] = defaultdict(set)
        for operation in operations.values():
            names[operation.group].add(operation.name)
        for declared, operation in operations.items():
            taken = names[operation.group]
            reserved = reserved_names(operation.group)
            try:
                operation.pagination = read_pagination(declared.node, operation, taken | reserved)
            except SpecError as error:
                declared.node.notes.add(error.place, error.problem, "no iterator is made")
            if operation.pagination:
                taken.add(operation.pagination.method)
            operation.streams = _streams(operation, taken | reserved)
            taken.update(stream.method for stream in operation.streams)

    @contextmanager
    def _isolated(self, operation: Declared) -> Generator[None]:
        """Leave out an operation that cannot be generated."""
        try:
            yield
        except SpecError as error:
            self._document.notes.leave_out(operation.title, error)

    def _connect_links(self, operations: Mapping[Declared, Operation]) -> None:
        """Replace the operationId in each link by the name of its method, and connect the links with `x-url`."""
        by_id = {declared.operation_id: operation for declared, operation in operations.items()}
        for operation in operations.values():
            for response in operation.responses:
                for link in tuple(response.links):
                    if link.target not in by_id:
                        problem = f"a link leads to {link.target!r}, which is not an operationId"
                        self._document.notes.add(operation.place, problem)
                        response.links.remove(link)
                        continue
                    target = by_id[link.target]
                    link.target = target.full_name
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
            try:
                resolved = self._path_item(item)
            except SpecError as error:
                # Its operations are unknown, so that only the path can be named.
                self._document.notes.leave_out(path, error)
                continue
            shape = re.sub(r"\{[^{}]*\}", "{}", path)
            if not path.startswith("/") or re.search(r"\\|[^\x21-\x7e]", shape):
                problem = "a path begins with a slash, and what is not ASCII in it and spaces are percent-encoded"
                for method in [method for method in METHODS if method in resolved.object()]:
                    self._document.notes.leave_out(f"{method.upper()} {path}", SpecError(item.place, problem))
                continue
            if shape in shapes:
                item.note(
                    f"is the same as {shapes[shape]}, but for the names of parameters; merge them", "both are kept"
                )
            shapes[shape] = path
            found.append((path, resolved))
        return found

    def _path_item(self, item: Node) -> Node:
        """Return the item of a path, whose `$ref` has been followed."""
        if item.value is None:
            item.note("must be an object, not null", "taken as empty")
            return item.with_value({})
        resolved = self._document.resolve_component(item)
        check_keywords(resolved, "path item")
        return resolved

    def _read_operation(
        self, declared: Declared, item: Node, parameter_nodes: list[Node], security: Security
    ) -> Operation:
        node = declared.node
        check_keywords(node, "operation")
        # What follows # tells two operations on one URL apart, and is not sent.
        bare, _, query = declared.path.partition("#")[0].partition("?")
        hint = class_name("_".join(filter(None, (declared.group, declared.name))))
        parameters = [*self._parameters.read(parameter_nodes, hint), *security.credentials]
        body = self._bodies.read_request(node, hint, declared.verb)
        if body:
            _spread_body(body, parameters)
        successes, errors, follows = self._bodies.read_responses(node, hint, parameters, verb=declared.verb)
        _add_partial_content(successes, parameters)
        documentation = node.get("externalDocs")
        summary, description = _texts(item, node)
        operation = Operation(
            name=declared.name,
            group=declared.group,
            method=declared.verb.upper(),
            path=bare,
            place=node.place,
            fixed_query=_fixed_query(item, query),
            tag=declared.tag,
            server=server_url(self._document, item, node),
            authenticated=security.scopes is not None,
            needs_token=security.needs_token,
            scopes=security.scopes or [],
            summary=summary,
            description=description,
            documentation=documentation.prose("url") if documentation else "",
            deprecated=node.flag("deprecated"),
            parameters=parameters,
            body=body,
            successes=successes,
            errors=errors,
            idempotent=node.flag("x-idempotent") if "x-idempotent" in node.object() else None,
            follows_redirect=follows,
        )
        _name_constants(operation)
        return operation


def _texts(item: Node, node: Node) -> tuple[str, str]:
    """Return the summary and the description of an operation, for which those of its path stand in.

    Where there is no summary, a description of one short line is it.
    """
    summary = node.prose("summary") or item.prose("summary")
    description = node.prose("description") or item.prose("description")
    is_short = len(description) <= _SUMMARY_WIDTH and "\n" not in description
    return (summary, description) if summary or not is_short else (description, "")


def _streams(operation: Operation, taken: Collection[str]) -> list[BodyStream]:
    """Return the methods that read the body of an operation while it is used."""
    name = stream_method(operation.name, taken)
    found: list[BodyStream] = []
    switch = operation.switch.name if operation.switch else ""
    for media in operation.item_streams:
        method = free_name(f"{name}_lines", taken) if found else name
        kind: Literal["events", "lines"] = "events" if media.is_events else "lines"
        found.append(BodyStream(method, kind, media.media_type, media.item, switch, operation.switching_attribute))
    if wanted := operation.bytes_types:
        name = free_name(f"{name}_bytes", taken) if found else name
        is_asked_for = all(base in operation.accept for base in wanted) and EVENTS not in operation.accept
        found.append(BodyStream(name, "bytes", "" if is_asked_for else ", ".join(wanted)))
    return found


def _fixed_query(item: Node, query: str) -> tuple[tuple[str, str], ...]:
    """Return the names and values that a path itself has after its question mark."""
    if re.search("[{}]", query):
        item.note("has a parameter after the question mark of its path; declare it with in: query", "not sent")
    return tuple(pair for pair in parse_qsl(query, keep_blank_values=True) if not re.search("[{}]", pair[1]))


def _version(root: Node) -> str:
    info = root.object().get("info")
    version = info.get("version") if is_object(info) else None
    return version if isinstance(version, str) else ""


def _add_partial_content(successes: list[Response], parameters: list[Parameter]) -> None:
    """Add what a server answers to a range of bytes, which many documents forget: a 206 like the 200."""
    has_range = any(found.location == "header" and found.wire_name.lower() == "range" for found in parameters)
    if not has_range or any(success.status == "206" for success in successes):
        return
    for success in list(successes):
        if success.status == "200" and any(media.codec.kind == "Binary" for media in success.media):
            place = successes.index(success) + 1
            text = "The part of it that `range` names."
            successes.insert(
                place, replace(success, status="206", description=text, headers=[], links=[], takes_any_success=False)
            )


def _spread_body(body: Body, parameters: list[Parameter]) -> None:
    """Make each property of the body an argument of the method."""
    type_ = body.media[0].codec.type.resolved
    body.taken = USED_IN_METHODS | {parameter.name for parameter in parameters}
    for media in body.media:
        if media.codec.form:
            # A form with files has no value of its own, and its properties no other names than the arguments.
            body.media = [media]
            for field, argument in zip(body.fields, body.arguments, strict=True):
                field.name = argument.name
            return
    if len(body.media) > 1 or not isinstance(type_, Named):
        return
    model = type_.definition
    if isinstance(model, Model) and not model.is_open:
        body.model = model


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
    codecs: dict[tuple[str, Type, tuple[tuple[str, str], ...]], Codec] = {}

    def shared(given: Codec) -> Codec:
        """Return the codec that stands for all equal ones."""
        type_ = given.type
        codec = codecs.setdefault((given.kind, type_, given.styles), given)
        codec.tolerant |= given.tolerant
        if not codec.constant and codec.kind != "Empty":
            definition = type_.definition if isinstance(type_, Named) else None
            label = codec.kind if definition is None or isinstance(definition, OneOf) else definition.name
            codec.constant = constant_name(python_name(label), "_BODY")
            operation.codecs.append(codec)
        return codec

    for media in operation.body.media if operation.body else []:
        media.codec = shared(media.codec)
    for response in operation.responses:
        for media in response.media:
            media.codec = shared(media.codec)
        for media in response.streams:
            if media.item and media.item.kind == "Json":
                media.item = shared(media.item)
