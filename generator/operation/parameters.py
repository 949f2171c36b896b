"""Parameters of operations: their locations, names, types and styles."""

from __future__ import annotations

import re
from typing import Any

from generator.document.document import Document, Node
from generator.document.keywords import check_keywords
from generator.errors import SpecError
from generator.python.naming import class_name, python_name
from generator.schema.descriptions import default_note, join_sentences, schema_description
from generator.schema.schemas import SchemaReader

from .bodies import check_flat
from .model import Parameter

_STYLES = {"path": "simple", "query": "form", "header": "simple", "cookie": "form"}
_SET_BY_CLIENT = frozenset({"accept", "content-type", "authorization", "cookie", "host", "content-length"})
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
# Names that the rendered methods, clients and modules use themselves.
USED_IN_METHODS = frozenset({"self", "api", "models", "request", "response"})
_RESERVED_ARGUMENTS = USED_IN_METHODS | {
    *("body", "content_type", "str", "int", "float", "bool", "list", "dict", "bytes")
}
_RESERVED_OPTIONS = frozenset({"transport", "token", "base_url", "timeout_s", "retry", "http", "sleep", "raw"})


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

    def collect(self, path: str, item: Node, operation: Node) -> list[Node]:
        """Return the parameter nodes of an operation; its own replace those of its path."""
        found: dict[tuple[str, str], Node] = {}
        for owner in (item, operation):
            own: set[tuple[str, str]] = set()
            for node in owner.items("parameters"):
                parameter = self._document.resolve_component(node)
                check_keywords(parameter, "parameter")
                name = (parameter / "name").text()
                location = (parameter / "in").text()
                if location not in _STYLES:
                    raise SpecError(f"{parameter.place}/in", f"{location!r} is not one of {', '.join(_STYLES)}")
                key = (location, name.lower() if location == "header" else name)
                if key in own:
                    raise SpecError(
                        node.place, f"the {location} parameter {name!r} is declared twice; keep one of them"
                    )
                own.add(key)
                found[key] = parameter
        in_path = re.findall(r"\{([^{}]*)\}", path)
        declared = sorted(name for location, name in found if location == "path")
        if sorted(set(in_path)) != declared or re.search("[{}]", re.sub(r"\{[^{}]*\}", "", path)):
            raise SpecError(
                operation.place,
                f"the path has the parameters {sorted(set(in_path))}, but {declared} are declared; make both the same",
            )
        return list(found.values())

    def register_client_option(self, node: Node) -> None:
        """Give a parameter that is an option of the client one name for all operations; ignore any other."""
        if not node.flag("x-client-option"):
            return
        location, wire_name = (node / "in").text(), (node / "name").text()
        if location == "path":
            raise SpecError(node.place, "a parameter in the path cannot be an option of the client")
        taken = {option.name for option in self._options.values()} | _RESERVED_ARGUMENTS | _RESERVED_OPTIONS
        name = python_name(wire_name, taken=taken, fallback="option")
        option = self._read_parameter(node, location, wire_name, name)
        earlier = self._options.setdefault((location, wire_name), option)
        if (earlier.type, earlier.required, earlier.explode) != (option.type, option.required, option.explode):
            raise SpecError(
                node.place, f"the client option {wire_name!r} is declared differently elsewhere; use one $ref"
            )

    def read(self, nodes: list[Node]) -> list[Parameter]:
        """Return the parameters of an operation, each with its own name in Python."""
        taken = {*_RESERVED_ARGUMENTS, *(option.name for option in self._options.values())}
        result: list[Parameter] = []
        for node in nodes:
            location, wire_name = (node / "in").text(), (node / "name").text()
            if node.flag("x-client-option"):
                name = self._options[location, wire_name].name
            else:
                name = python_name(wire_name, taken=taken, fallback="argument")
                taken.add(name)
            result.append(self._read_parameter(node, location, wire_name, name))
        return result

    def _read_parameter(self, node: Node, location: str, wire_name: str, name: str) -> Parameter:
        if location in {"header", "cookie"} and not _TOKEN.fullmatch(wire_name):
            raise SpecError(f"{node.place}/name", f"{wire_name!r} cannot be the name of a {location}")
        if location == "header" and wire_name.lower() in _SET_BY_CLIENT:
            raise SpecError(node.place, f"the header {wire_name} is set by the client itself; remove the parameter")
        style = node.object().get("style", _STYLES[location])
        if style != _STYLES[location]:
            raise SpecError(
                f"{node.place}/style", f"{style!r} is not supported in {location}; only {_STYLES[location]!r}"
            )
        if location == "path" and not node.flag("required"):
            raise SpecError(node.place, "a parameter in the path must have required: true")
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
            description=self._description(node, schema),
            is_client_option=node.flag("x-client-option"),
        )

    def _description(self, node: Node, schema: Node) -> str:
        both = [found for found in (schema, self._document.resolve_schema(schema)) if isinstance(found.value, dict)]
        texts = [node.prose("description"), *(schema_description(found) for found in both)]
        defaults: list[Any] = [found.object()["default"] for found in both if "default" in found.object()]
        return join_sentences(
            [
                next((text for text in texts if text), ""),
                default_note(defaults),
                "Deprecated." if node.flag("deprecated") else "",
            ]
        )
