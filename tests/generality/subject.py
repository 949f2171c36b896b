"""The client of a document: generated, imported, and its operations beside what the document says of them."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

from generator.document.document import Document, Node
from generator.document.notes import Notes
from generator.operation.model import Operation
from generator.operation.reader import METHODS, OperationReader
from generator.pipeline import Job, generate
from generator.schema.schemas import SchemaReader


@dataclass(frozen=True)
class Subject:
    """A document with its client.

    Attributes:
        document: The document.
        operations: What the generator makes of its operations.
        schemas: What it makes of its schemas.
        notes: What is wrong with it.
        folder: Folder of the package.
    """

    document: Document
    operations: list[Operation]
    schemas: SchemaReader
    notes: Notes
    folder: Path

    @property
    def client(self) -> Any:
        """The package."""
        return importlib.import_module(self.folder.name)

    @property
    def models(self) -> Any:
        """Its models."""
        return importlib.import_module(f"{self.folder.name}.models")

    def runtime(self, module: str) -> Any:
        """Return a module of its runtime."""
        return importlib.import_module(f"{self.folder.name}._runtime.{module}")

    def module(self, operation: Operation) -> ModuleType:
        """Return the module of an operation."""
        return importlib.import_module(f"{self.folder.name}.api.{operation.tag}.{operation.name}")

    def node(self, operation: Operation) -> Node:
        """Return an operation as the document declares it."""
        found = self.document.root
        for part in operation.place.removeprefix("#/").split("/"):
            found /= part.replace("~1", "/").replace("~0", "~")
        return found

    @property
    def declared(self) -> int:
        """How many operations the document declares."""
        items = (self.document.resolve_component(item) for _, item in self.document.root.members("paths"))
        return sum(method in METHODS for item in items for method in item.object())

    @property
    def whole_schema(self) -> dict[str, Any]:
        """The components, for schemas that refer to them."""
        components = self.document.root.get("components")
        return {"components": json_schema(components.value if components else {})}


def json_schema(value: Any) -> Any:
    """Return a part of a document with the keywords of OpenAPI 3.0 in those of JSON Schema."""
    if isinstance(value, list):
        return [json_schema(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {name: json_schema(member) for name, member in value.items() if name not in {"example", "examples"}}
    for flag, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if isinstance(found.get(flag), bool):
            found = {name: member for name, member in found.items() if name != flag} | (
                {flag: found.pop(bound)} if found[flag] and bound in found else {}
            )
    if found.pop("nullable", None) is not True:
        return found
    return {"anyOf": [found, {"type": "null"}]}


@contextmanager
def generated(spec: Path, package: str) -> Iterator[Subject]:
    """Generate the client of a document; it is gone on exit."""
    with TemporaryDirectory(prefix="generality-") as name:
        output = Path(name)
        job = Job(
            spec=spec,
            package=package,
            output=output,
            shown_spec=spec.name,
            command="python -m tests.generality",
            lock=None,
            strict=False,
            tolerant=True,
        )
        notes = generate(job)
        document = Document.load(spec, spec.name, strict=False, tolerant=True)
        schemas = SchemaReader(document)
        schemas.read_components()
        operations = OperationReader(document, schemas).read()
        schemas.settle()
        sys.path.insert(0, name)
        importlib.invalidate_caches()
        try:
            yield Subject(document, operations, schemas, notes, job.target)
        finally:
            sys.path.remove(name)
            for module in [key for key in sys.modules if key == package or key.startswith(f"{package}.")]:
                del sys.modules[module]
