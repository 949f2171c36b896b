"""Documents of a few lines are run through the generator, and what comes out is imported and executed."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import itertools
import json
import sys
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import httpx2
import pytest

from generator.operation.names import BY_SIZE, Naming
from generator.pipeline import Job, generate

_NUMBERS = itertools.count(1)
TEXT: dict[str, Any] = {"type": "string"}
INT: dict[str, Any] = {"type": "integer"}
NUM: dict[str, Any] = {"type": "number"}
KITCHEN_SINK = Path(__file__).with_name("kitchen_sink.yaml")


@dataclass(frozen=True)
class Answer:
    """What the server answers, and what it was asked."""

    status: int = 200
    content: bytes = b"{}"
    media_type: str = "application/json"


@dataclass(frozen=True)
class Package:
    """A generated package, imported."""

    name: str
    folder: Path

    @property
    def module(self) -> Any:
        return importlib.import_module(self.name)

    @property
    def models(self) -> Any:
        return importlib.import_module(f"{self.name}.models")

    @property
    def errors(self) -> Any:
        return importlib.import_module(f"{self.name}.errors")

    @property
    def message(self) -> Any:
        return importlib.import_module(f"{self.name}._runtime.messages")

    def operation(self, name: str, tag: str = "default") -> Any:
        return importlib.import_module(f"{self.name}.api.{tag}.{name}")

    def text(self, path: str) -> str:
        return (self.folder / path).read_text(encoding="utf-8")

    def response(self, status: int = 200, content: bytes = b"", media_type: str = "application/json") -> Any:
        headers = self.message.Headers([("content-type", media_type)] if media_type else [])
        return self.message.RawResponse("operation", "GET", status, headers, content)

    def call(
        self, method: str, *arguments: Any, answer: Answer | None = None, **keywords: Any
    ) -> tuple[Any, httpx2.Request]:
        """Call a method of both clients; return what both return, and the request that both send."""
        found: list[Any] = []
        requests: list[httpx2.Request] = []
        options = keywords.pop("options", {})
        reply = answer or Answer()

        def handle(request: httpx2.Request) -> httpx2.Response:
            requests.append(request)
            headers = {"content-type": reply.media_type} if reply.media_type else {}
            return httpx2.Response(reply.status, content=reply.content, headers=headers)

        def outcome(call: Callable[[], Any]) -> None:
            try:
                found.append(call())
            except self.errors.ApiError as error:
                found.append(error)

        if "token" in inspect.signature(self.module.Client).parameters:
            options = {"token": "secret", **options}
        with self.module.Client(**options, http=httpx2.MockTransport(handle)) as client:
            outcome(lambda: getattr(client, method)(*arguments, **keywords))
            outcome(lambda: getattr(client.raw, method)(*arguments, **keywords))

        async def awaited() -> None:
            async with self.module.AsyncClient(**options, http=httpx2.MockTransport(handle)) as client:
                for target in (client, client.raw):
                    try:
                        found.append(await getattr(target, method)(*arguments, **keywords))
                    except self.errors.ApiError as error:
                        found.append(error)

        asyncio.run(awaited())
        first = requests[0]
        assert all(
            (request.method, request.url, request.content, request.headers)
            == (first.method, first.url, first.content, first.headers)
            for request in requests
        )
        if not isinstance(found[0], Exception):
            assert found == [found[0], found[1], found[0], found[1]]
            assert found[1].parsed == found[0]
        return found[0], first


def document(
    paths: dict[str, Any] | None = None, schemas: dict[str, Any] | None = None, *, version: str = "3.1.0", **others: Any
) -> dict[str, Any]:
    """Return a document with the parts that every document needs."""
    components = {**others.pop("components", {}), **({"schemas": schemas} if schemas else {})}
    return {
        "openapi": version,
        "info": {"title": "Example", "version": "1.0"},
        "servers": [{"url": "https://api.example/v1"}],
        "paths": paths or {},
        **({"components": components} if components else {}),
        **others,
    }


def operation(**parts: Any) -> dict[str, Any]:
    """Return an operation that answers 204, but for the parts that are given."""
    return {"operationId": "call", "responses": {"204": {"description": "Done."}}, **parts}


def parameter(place: str, name: str, schema: Any = TEXT, **others: Any) -> dict[str, Any]:
    return {"in": place, "name": name, "schema": schema, **({"required": True} if place == "path" else {}), **others}


def json_body(schema: Any, *, required: bool = True, **media: Any) -> dict[str, Any]:
    content = {"content": {"application/json": {"schema": schema, **media}}}
    return {"required": True, **content} if required else content


def obj(**properties: Any) -> dict[str, Any]:
    """Return the schema of an object whose properties are all required."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def write_spec(folder: Path, content: Any) -> Path:
    spec = folder / "spec.json"
    spec.write_text(json.dumps(content), encoding="utf-8")
    return spec


def command_line(spec: Path, output: Path, package: str = "made") -> list[str]:
    return ["--spec", str(spec), "--output", str(output), "--package", package]


def job_for(spec: Path, output: Path, package: str = "made") -> Job:
    command = f"python -m generator --spec {spec.name} --package {package}"
    return Job(spec=spec, package=package, output=output, shown_spec=spec.name, command=command, lock=None)


def _imported(spec: Path, folder: Path, naming: Naming = BY_SIZE, *, tolerant: bool = False) -> Generator[Package]:
    name = f"made_{next(_NUMBERS)}"
    job = job_for(spec, folder / "out", name)
    generate(replace(job, naming=naming, tolerant=tolerant))
    sys.path.insert(0, str(folder / "out"))
    importlib.invalidate_caches()
    try:
        yield Package(name, job.target)
    finally:
        sys.path.remove(str(folder / "out"))
        for module in [key for key in sys.modules if key == name or key.startswith(f"{name}.")]:
            del sys.modules[module]


class Make(Protocol):
    """Generates and imports a package."""

    def __call__(self, content: dict[str, Any], naming: Naming = BY_SIZE, *, tolerant: bool = False) -> Package: ...


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Generator[Make]:
    """Return a function that generates and imports a package; all are gone after the module's tests."""
    packages: list[Generator[Package]] = []

    def made(content: dict[str, Any], naming: Naming = BY_SIZE, *, tolerant: bool = False) -> Package:
        folder = tmp_path_factory.mktemp("made")
        running = _imported(write_spec(folder, content), folder, naming, tolerant=tolerant)
        package = next(running)
        packages.append(running)
        return package

    yield made
    for running in packages:
        running.close()


@pytest.fixture(scope="session")
def sink(tmp_path_factory: pytest.TempPathFactory) -> Generator[Package]:
    """The package made from the document that has one of everything."""
    yield from _imported(KITCHEN_SINK, tmp_path_factory.mktemp("sink"))
