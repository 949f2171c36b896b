"""openapi-python-client: its project, its template environment, and its check of the document.

No other module imports it. Its parser is not used (see generator/README.md): the project gets the operations and models
that we read from the raw document, and renders its usual files from our templates of the same names.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import openapi_python_client
from jinja2 import BytecodeCache, StrictUndefined, TemplateError
from jinja2.bccache import Bucket
from openapi_python_client import Project
from openapi_python_client import schema as upstream_schema
from openapi_python_client.config import Config, ConfigFile, MetaType
from openapi_python_client.parser.openapi import Endpoint, EndpointCollection, GeneratorData
from openapi_python_client.schema.untrusted_string import UntrustedString
from openapi_python_client.strings import PythonIdentifier
from pydantic import ValidationError

from generator.document.document import Document
from generator.errors import GenerationError, SpecError, json_type
from generator.operation.model import Operation
from generator.overlay._runtime.json_types import is_array, is_object

from .groups import Group

_SCHEMAS_IN_SCHEMA = {
    **dict.fromkeys(("items", "not"), "schema"),
    **dict.fromkeys(("properties", "allOf", "oneOf", "anyOf"), "schemas"),
}
_SCHEMAS_ELSEWHERE = {"schema": "schema", "schemas": "schemas"}
_PROBLEMS = {
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), "must be an object, not {}"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "must be true or false, not {}"),
    **dict.fromkeys(("int_type", "int_parsing", "float_type", "float_parsing"), "must be a number, not {}"),
    "list_type": "must be an array, not {}",
    "string_type": "must be a string, not {}",
    "too_short": "is empty",
}
"""Our messages for pydantic's error types; `{}` is the JSON type of the value."""
_TEMPLATES = Path(openapi_python_client.__file__).parent / "templates"


@dataclass(frozen=True)
class _Endpoint:
    """An endpoint for upstream, which only reads its name: `Operation` has one that upstream would change."""

    name: str
    operation: Operation


class _CompiledTemplates(BytecodeCache):
    """Cache of compiled templates, so that a process that makes several packages compiles them once."""

    def __init__(self) -> None:
        self._compiled: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Load a template that was compiled before."""
        if bucket.key in self._compiled:
            bucket.bytecode_from_string(self._compiled[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Store a compiled template."""
        self._compiled[bucket.key] = bucket.bytecode_to_string()


_COMPILED = _CompiledTemplates()


class MsgspecProject(Project):
    """A project of openapi-python-client that renders our operations and models.

    Args:
        document: The document.
        operations: Its operations.
        templates: Folder of the templates that replace upstream's.
        config: File with upstream's settings.
        package: Name of the package.
        output: Folder that becomes the package; must not exist.
        filters: Filters for the templates.
        variables: Global variables for the templates.
    """

    def __init__(  # noqa: PLR0913  # one caller, which names each argument
        self,
        document: Document,
        operations: list[Operation],
        *,
        templates: Path,
        config: Path,
        package: str,
        output: Path,
        filters: dict[str, Callable[..., Any]],
        variables: dict[str, Any],
    ) -> None:
        self._output = output
        self._operations = operations
        info = document.root / "info"
        super().__init__(
            openapi=GeneratorData(
                title=UntrustedString((info / "title").text()),
                # Our templates take it from the document.
                description=None,
                version=UntrustedString((info / "version").text()),
                models=[],
                errors=[],
                endpoint_collections_by_tag=_collections(operations),
                enums=[],
            ),
            config=Config.from_sources(
                ConfigFile.load_from_path(config),
                MetaType.NONE,
                document.name,
                "utf-8",
                overwrite=False,
                output_path=output,
            ),
            custom_template_path=templates,
        )
        self.package_name = package
        self.env.undefined = StrictUndefined
        self.env.bytecode_cache = _COMPILED
        environment: Any = self.env
        environment.filters.update(filters)
        known: dict[str, Any] = {
            "raw": document.root.value,
            "package_name": package,
            "operations": operations,
            "title": (info / "title").text(),
            "description": info.prose("description"),
            "version": (info / "version").text(),
            **variables,
        }
        environment.globals.update(known)

    def render(self, groups: Sequence[Group], project: Path | None = None) -> None:
        """Write the package.

        Args:
            groups: The groups of operations that are attributes of the client.
            project: File that becomes the `pyproject.toml` of the package, or None.

        Raises:
            GenerationError: A template fails.
        """
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                problems = self.build()
            # Upstream writes them only for a project, and not into the package.
            self._write("README.md.jinja", self._output / "README.md")
            if project:
                self._write("pyproject.toml.jinja", project)
            if groups:
                (self._output / "groups").mkdir()
                self._write("_groups.jinja", self._output / "groups" / "__init__.py")
            for group in groups:
                self._write("_group.jinja", self._output / "groups" / f"{group.name}.py", group=group)
        except TemplateError as error:
            raise GenerationError(f"a template failed: {error}") from error
        if problems:
            raise GenerationError(f"openapi-python-client failed: {problems[0].header} {problems[0].detail}")
        made = [
            (self._output / "api" / operation.tag / f"{_module(index)}.py", operation.name)
            for index, operation in enumerate(self._operations)
        ]
        # In two steps: an operation may be called `operation_0`, the temporary name of another.
        for module, _ in made:
            module.rename(module.with_suffix(".new"))
        for module, name in made:
            module.with_suffix(".new").rename(module.with_name(f"{name}.py"))

    def _write(self, template: str, path: Path, **variables: object) -> None:
        path.write_text(self.env.get_template(template).render(variables), encoding="utf-8")


def _collections(operations: list[Operation]) -> dict[PythonIdentifier, EndpointCollection]:
    collections: dict[PythonIdentifier, EndpointCollection] = {}
    for index, operation in enumerate(operations):
        tag = cast("PythonIdentifier", operation.tag)
        collection = collections.setdefault(tag, EndpointCollection(tag=tag))
        collection.endpoints.append(cast("Endpoint", _Endpoint(_module(index), operation)))
    return collections


def _module(index: int) -> str:
    """Return a temporary module name that upstream does not change."""
    return f"operation_{index}"


def validate(document: Document) -> None:
    """Check the document against upstream's model of OpenAPI.

    Raises:
        SpecError: Naming the first problem.
    """
    try:
        # A copy: upstream's model changes the data that it validates.
        upstream_schema.OpenAPI.model_validate(_as_upstream_reads(document.root.value))
    except ValidationError as error:
        if any(detail["type"].startswith("recursion") for detail in error.errors()):
            raise SpecError("", "is nested too deeply; name the inner schemas under components/schemas") from None
        findings = [_locate(document, tuple(detail["loc"]), detail["msg"], detail["type"]) for detail in error.errors()]
        # Where a reference may stand for an object, pydantic reports the errors of both readings: take the deeper one.
        place, problem = max(findings, key=lambda finding: finding[:2])[2:]
        raise SpecError(place, problem) from None


def _as_upstream_reads(value: Any, kind: str = "") -> Any:
    """Copy the document without what upstream refuses and is read here: the schemas `true` and `false`, and `const`.

    Args:
        value: A part of the document.
        kind: What it is: `schema`, `schemas` for a map or list of schemas, or anything else.
    """
    if is_array(value):
        return [_as_upstream_reads(item, "schema" if kind == "schemas" else "") for item in value]
    if is_object(value):
        kinds = _SCHEMAS_IN_SCHEMA if kind == "schema" else {} if kind == "schemas" else _SCHEMAS_ELSEWHERE
        inner = "schema" if kind == "schemas" else ""
        return {
            name: _as_upstream_reads(member, kinds.get(name, inner))
            for name, member in value.items()
            if not (kind == "schema" and name == "const")
        }
    return {} if kind == "schema" and isinstance(value, bool) else value


def _locate(document: Document, parts: tuple[str | int, ...], message: str, kind: str) -> tuple[int, bool, str, str]:
    """Return the depth of a pydantic error, whether it is the likelier reading, its place, and its message."""
    node, depth = document.root, 0
    for part in parts:
        # Pydantic's locations also contain the names of its models, which are not keys of the document.
        in_object = isinstance(part, str) and is_object(node.value) and part in node.value
        if in_object or (isinstance(part, int) and is_array(node.value) and part < len(node.value)):
            node, depth = node / part, depth + 1
    if kind == "missing":
        return depth, parts[-1] != "$ref", node.place, f"lacks {parts[-1]!r}"
    if kind in _PROBLEMS:
        text = _PROBLEMS[kind].format(json_type(node.value))
        # Pydantic rejects an integer that does not fit into a float as "not a number".
        message = text if text != "must be a number, not a number" else "is beyond what a float can hold; remove it"
    return depth, "Reference" not in parts, node.place, message[0].lower() + message[1:]


def template_hashes(names: list[str]) -> dict[str, str]:
    """Return the SHA-256 of upstream's templates by name; names that it does not have are left out."""
    paths = {name: _TEMPLATES / name for name in names}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in paths.items() if path.is_file()}
