"""Parameters of operations: their locations, names, types and styles."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from generator.document.document import Document, Node
from generator.document.keywords import check_keywords
from generator.errors import SpecError
from generator.python.naming import class_name, python_name, python_names
from generator.schema.defaults import least_number, read_default, server_default
from generator.schema.descriptions import default_note, join_sentences, schema_description
from generator.schema.schemas import SchemaReader
from generator.schema.types import Field, Model, Named, Scalar, Type

from .forms import is_flat, is_flat_object
from .model import USED_IN_METHODS, Parameter

_QUERY_STYLES = frozenset({"deepObject", "spaceDelimited", "pipeDelimited"})
_STYLES = {"path": "simple", "query": "form", "header": "simple", "cookie": "form"}
_SET_BY_CLIENT = frozenset({"accept", "content-type", "cookie", "host", "content-length"})
_URLENCODED = "application/x-www-form-urlencoded"
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_RESERVED_ARGUMENTS = USED_IN_METHODS | {
    *("body", "content_type", "str", "int", "float", "bool", "list", "dict", "bytes")
}
_RESERVED_OPTIONS = frozenset(
    {"transport", "token", "base_url", "timeout_s", "retry", "http", "sleep", "raw", "hooks", "trusted_hosts"}
)


def _is_sendable(parameter: Node) -> bool:
    """Return whether a parameter is the caller's, and can be sent; what is wrong with another one is noted."""
    name, location = (parameter / "name").text(), (parameter / "in").text()
    if location in {"header", "cookie"} and not _TOKEN.fullmatch(name):
        (parameter / "name").note(f"{name!r} cannot be the name of a {location}", "left out")
        return False
    if location == "header" and name.lower() in _SET_BY_CLIENT:
        _note_set_by_client(parameter)
        return False
    return True


def _note_set_by_client(parameter: Node) -> None:
    name = (parameter / "name").text()
    parameter.note(f"the header {name} is set by the client itself; remove the parameter", "left out")


def without(credentials: Iterable[Parameter], nodes: Iterable[Node], *, sends_token: bool) -> list[Node]:
    """Return the nodes of parameters that are none of the credentials, which the client sends."""
    sent = {_key(credential.location, credential.wire_name) for credential in credentials}
    left: list[Node] = []
    for node in nodes:
        if is_authorization(node) and sends_token:
            _note_set_by_client(node)
        elif _key((node / "in").text(), (node / "name").text()) in sent:
            node.note("is what the security scheme has the client send; remove the parameter", "left out")
        else:
            left.append(node)
    return left


def _in_query(parameter: Node) -> Node:
    """Return the parameter of OpenAPI 3.2 that is a whole query as an object whose properties are parameters."""
    content = dict(parameter.members("content"))
    if parameter.object().get("in") != "querystring" or _URLENCODED not in content:
        return parameter
    schema = content[_URLENCODED].object().get("schema", {})
    beside = {name: value for name, value in parameter.object().items() if name != "content"}
    return parameter.with_value({**beside, "in": "query", "schema": schema})


def is_authorization(node: Node) -> bool:
    """Return whether a parameter is the header field of credentials."""
    return _key((node / "in").text(), (node / "name").text()) == ("header", "authorization")


def _key(location: str, name: str) -> tuple[str, str]:
    """Return what tells a parameter from all others of its operation."""
    return location, name.lower() if location == "header" else name


class ParameterReader:
    """Reads the parameters of a document.

    Args:
        document: The document.
        schemas: Reader of their types.
    """

    def __init__(self, document: Document, schemas: SchemaReader) -> None:
        self._document = document
        self._schemas = schemas
        self._options: dict[tuple[str, str], Parameter] = {}
        # Operations that share a parameter share its type.
        self._types: dict[str, Type] = {}

    def collect(self, path: str, item: Node, operation: Node) -> list[Node]:
        """Return the parameter nodes of an operation; its own replace those of its path."""
        found = {key: parameter for owner in (item, operation) for key, parameter in self._declared(owner).items()}
        path = re.split("[?#]", path)[0]
        in_path = re.findall(r"\{([^{}]*)\}", path)
        declared = sorted(name for location, name in found if location == "path")
        problem = f"the path has the parameters {sorted(set(in_path))}, but {declared} are declared; make both the same"
        if re.search("[{}]", re.sub(r"\{[^{}]*\}", "", path)):
            raise SpecError(operation.place, "the path has a brace without its other one; write a parameter as {name}")
        if sorted(set(in_path)) != declared:
            operation.note(problem, "those of the path are sent, as strings if they are not declared")
        for name in set(declared) - set(in_path):
            del found["path", name]
        for name in in_path:
            schema = {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            found.setdefault(("path", name), operation.with_value(schema))
        return list(found.values())

    def _declared(self, owner: Node) -> dict[tuple[str, str], Node]:
        """Return the parameters of a path or an operation that can be sent."""
        found: dict[tuple[str, str], Node] = {}
        for node in owner.items("parameters"):
            try:
                parameter = self._document.resolve_component(node)
            except SpecError as error:
                node.with_value(node.value, error.place).note(error.problem, "left out")
                continue
            check_keywords(parameter, "parameter")
            parameter = _in_query(parameter)
            if not _is_sendable(parameter):
                continue
            name, location = (parameter / "name").text(), (parameter / "in").text()
            if location not in _STYLES:
                (parameter / "in").note(f"{location!r} is not one of {', '.join(_STYLES)}", "left out")
                continue
            key = _key(location, name)
            if key in found:
                node.note(f"the {location} parameter {name!r} is declared twice; keep one of them")
                continue
            found[key] = parameter
        return found

    def register_client_option(self, node: Node) -> None:
        """Give a parameter that is an option of the client one name for all operations; ignore any other."""
        if not node.flag("x-client-option"):
            return
        location, wire_name = (node / "in").text(), (node / "name").text()
        if location == "path":
            raise SpecError(node.place, "a parameter in the path cannot be an option of the client")
        taken = {option.name for option in self._options.values()} | _RESERVED_ARGUMENTS | _RESERVED_OPTIONS
        name = python_name(wire_name, taken=taken, fallback="option")
        option = self._read_parameter(node, name)
        earlier = self._options.setdefault((location, wire_name), option)
        if (earlier.type, earlier.required, earlier.explode) != (option.type, option.required, option.explode):
            raise SpecError(
                node.place, f"the client option {wire_name!r} is declared differently elsewhere; use one $ref"
            )

    def credential(  # noqa: PLR0913, PLR0917  # each is a plain value
        self, scheme: str, kind: str, location: str, wire_name: str, type_: Type, description: str
    ) -> Parameter:
        """Return a credential as an option of the client, the same one for each operation; its name is the scheme's."""
        found = self._options.get((location, wire_name))
        if found is None:
            taken = {option.name for option in self._options.values()} | _RESERVED_ARGUMENTS | _RESERVED_OPTIONS
            name = python_name(scheme, taken=taken, fallback="credential")
            found = Parameter(
                location=location,
                wire_name=wire_name,
                name=name,
                type=type_,
                required=False,
                explode=True,
                description=description,
                is_client_option=True,
                kind=kind,
            )
            self._options[location, wire_name] = found
        return replace(found)

    def read(self, nodes: list[Node], owner: str) -> list[Parameter]:
        """Return the parameters of an operation, each with its own name in Python.

        Args:
            nodes: The parameters.
            owner: The operation, as a class name.
        """
        taken = {*_RESERVED_ARGUMENTS, *(option.name for option in self._options.values())}
        declared = self._spread(nodes, owner)
        own = [
            field.wire_name if field else (node / "name").text()
            for node, field in declared
            if not node.flag("x-client-option")
        ]
        names = iter(python_names(own, taken=taken, fallback="argument"))
        result: list[Parameter] = []
        for node, field in declared:
            key = (node / "in").text(), (node / "name").text()
            name = self._options[key].name if node.flag("x-client-option") else next(names)
            result.append(_of_property(field, name, node) if field else self._read_parameter(node, name, owner))
        return result

    def _spread(self, nodes: list[Node], owner: str) -> list[tuple[Node, Field | None]]:
        """Return the parameters; for an object in a query, its properties, unless another has the name of one."""
        objects = [self._properties(node, owner) for node in nodes]
        names = Counter(field.wire_name for fields in objects for field in fields)
        names.update((node / "name").text() for node, fields in zip(nodes, objects, strict=True) if not fields)
        found: list[tuple[Node, Field | None]] = []
        for node, fields in zip(nodes, objects, strict=True):
            is_spread = bool(fields) and all(names[field.wire_name] == 1 for field in fields)
            found += [(node, field) for field in fields] if is_spread else [(node, None)]
        return found

    def _properties(self, node: Node, owner: str) -> list[Field]:
        """Return the properties of an object in a query, each of which can be an argument; none if the object is one.

        It stays one if it says more than they do: what else there may be, a default of the whole, or that some have to
        be there once there are others.
        """
        declared = node.object()
        if declared["in"] != "query" or "content" in declared or declared.get("style", "form") != "form":
            return []
        if node.flag("x-client-option") or not node.flag("explode", default=True):
            return []
        schema, _ = self._schema(node)
        type_ = self._type(schema, class_name(python_name((node / "name").text())), owner).resolved
        model = type_.definition if isinstance(type_, Named) else None
        if not isinstance(model, Model) or model.is_open or not is_flat_object(type_):
            return []
        fields = [field for field in model.fields if not field.is_read_only]
        has_default = any("default" in found.object() for found in (schema, self._document.resolve_schema(schema)))
        may_be_absent = not node.flag("required")
        return [] if has_default or (may_be_absent and any(field.is_needed for field in fields)) else fields

    def _read_parameter(self, node: Node, name: str, owner: str = "") -> Parameter:
        location, wire_name = (node / "in").text(), (node / "name").text()
        style = node.object().get("style", _STYLES[location])
        if style != _STYLES[location] and not (location == "query" and style in _QUERY_STYLES):
            problem = f"{style!r} is not supported in {location}; only {_STYLES[location]!r}"
            if location == "path":
                # Another style is another URL.
                raise SpecError(f"{node.place}/style", problem)
            (node / "style").note(problem)
            style = _STYLES[location]
        if location == "path" and not node.flag("required"):
            node.note("a parameter in the path must have required: true", "taken as required")
        schema, is_json = self._schema(node)
        type_ = self._type(schema, class_name(name), owner)
        if is_json and location != "query":
            schema.note(
                "JSON is only supported in a query; give it a schema of its own", "the caller writes it as text"
            )
            type_ = Scalar("str")
        elif is_json:
            style = "json"
        elif location == "query" and style == "form" and is_flat_object(type_):
            # Each property is a parameter.
            pass
        elif location == "query" and style == "form" and not is_flat(type_):
            schema.note("an object or a nested array has no form in a query; give it style: deepObject", "sent as JSON")
            style = "json"
        elif style != "deepObject" and not is_flat(type_):
            problem = "an object or a nested array is not supported here; use scalars and lists of them"
            schema.note(problem, "the caller writes it as text")
            type_ = Scalar("str")
        schemas = [found for found in (schema, self._document.resolve_schema(schema)) if isinstance(found.value, dict)]
        default = read_default(schemas, type_)
        if default and (location == "path" or node.flag("x-client-option")):
            schema.note("x-client-default is only supported for optional arguments of a method", "not applied")
            default = ""
        return Parameter(
            location=location,
            wire_name=wire_name,
            name=name,
            type=type_,
            required=location == "path" or node.flag("required"),
            explode=node.flag("explode", default=style == "form"),
            description=self._description(node, schemas, default),
            default=default,
            is_client_option=node.flag("x-client-option"),
            style=style if location == "query" else "form",
            least=least_number(schemas),
            server_default=server_default(schemas),
        )

    def _type(self, schema: Node, hint: str, owner: str) -> Type:
        if schema.place not in self._types:
            self._types[schema.place] = self._schemas.type_of(schema, hint, owner=owner)
        return self._types[schema.place]

    def _schema(self, node: Node) -> tuple[Node, bool]:
        """Return the schema of a parameter, and whether its value is written as JSON."""
        for media_type, media in node.members("content"):
            return (media.get("schema") or media.with_value({})), media_type.endswith("json")
        return (node.get("schema") or node.with_value({"type": "string"})), False

    def _description(self, node: Node, schemas: list[Node], default: str) -> str:
        texts = [node.prose("description"), *(schema_description(found) for found in schemas)]
        defaults: list[Any] = [found.object()["default"] for found in schemas if "default" in found.object()]
        return join_sentences(
            [
                next((text for text in texts if text), ""),
                default_note(defaults, default),
                "Deprecated." if node.flag("deprecated") else "",
            ]
        )


def _of_property(field: Field, name: str, node: Node) -> Parameter:
    """Return the parameter that a property of an object in a query is."""
    described = field.argument_description or field.description or node.prose("description")
    return Parameter(
        location="query",
        wire_name=field.wire_name,
        name=name,
        type=field.type,
        required=field.is_needed,
        explode=True,
        description=join_sentences([described, "Deprecated." if node.flag("deprecated") else ""]),
        is_client_option=False,
        default=field.default,
        least=field.least,
        server_default=field.server_default,
    )
