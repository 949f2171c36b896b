"""The client of a large document has its methods in groups by tag, each loaded when it is used."""

from __future__ import annotations

import ast
import asyncio
import inspect
import subprocess
import sys
from typing import Any

import httpx2
import pytest

from generator.document.document import Document
from generator.operation.names import Naming
from generator.operation.reader import OperationReader
from generator.render.groups import group_operations
from generator.schema.schemas import SchemaReader

from .conftest import INT, TEXT, Make, Package, document, operation, parameter

TAGS = [
    *("files", "list", "class", "groups", "close", "response", "any", "api", "models", "raw", "httpx2", "A-B"),
    *("модуль", "with_options", "import_module", "transport", "event stream"),
]


@pytest.fixture(scope="module")
def package(make: Make) -> Package:
    page = {"type": "object", "properties": {"entries": {"type": "array", "items": INT}, "next_marker": TEXT}}
    answer = {"200": {"description": "A page.", "content": {"application/json": {"schema": page}}}}
    user = parameter("header", "as-user", TEXT, **{"x-client-option": True})
    query = [parameter("query", "marker", TEXT), parameter("query", "kinds", {"type": "array", "items": TEXT})]
    list_ = operation(operationId="files/list", tags=["files"], parameters=[*query, user], responses=answer)
    print_ = operation(operationId="files/print", tags=["files"], parameters=[user])
    others = {f"/{number}": {"get": operation(operationId=f"{tag}/get", tags=[tag])} for number, tag in enumerate(TAGS)}
    return make(
        document(
            {"/files": {"get": list_, "post": print_}, **others},
            tags=[{"name": "files", "description": "What is stored."}],
        ),
        Naming("grouped"),
    )


def use(package: Package, kind: str, call: Any, **options: Any) -> tuple[Any, list[httpx2.Request]]:
    """Return what a call on a client of either kind gives, and what it sends; there are two pages."""
    requests: list[httpx2.Request] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        requests.append(request)
        if "files" not in request.url.path:
            return httpx2.Response(204)
        pages = {None: {"entries": [1, 2], "next_marker": "m"}, "m": {"entries": [3]}}
        return httpx2.Response(200, json=pages[request.url.params.get("marker")])

    async def awaited() -> Any:
        async with package.module.AsyncClient(http=httpx2.MockTransport(handle), **options) as client:
            found = call(client)
            return [item async for item in found] if inspect.isasyncgen(found) else await found

    if kind == "AsyncClient":
        return asyncio.run(awaited()), requests
    with package.module.Client(http=httpx2.MockTransport(handle), **options) as client:
        found = call(client)
        return list(found) if inspect.isgenerator(found) else found, requests


KINDS = pytest.mark.parametrize("kind", ["Client", "AsyncClient"])


@KINDS
def test_a_method_of_a_group_calls_the_operation(package: Package, kind: str) -> None:
    page, requests = use(package, kind, lambda client: client.files.list(kinds=["a"]), as_user="u")
    whole, _ = use(package, kind, lambda client: client.files.raw.list())

    assert page.entries == whole.parsed.entries == [1, 2]
    assert (requests[0].url.params.get("kinds"), requests[0].headers["as-user"]) == ("a", "u")


@KINDS
def test_a_group_goes_through_pages(package: Package, kind: str) -> None:
    assert use(package, kind, lambda client: client.files.iter_all())[0] == [1, 2, 3]


@KINDS
def test_options_of_a_call_hold_in_groups(package: Package, kind: str) -> None:
    _, requests = use(
        package, kind, lambda client: client.with_options(headers={"x-trace": "1"}).files.list(), as_user="u"
    )

    assert (requests[0].headers["x-trace"], requests[0].headers["as-user"]) == ("1", "u")


@KINDS
def test_each_tag_is_an_attribute_whatever_its_name(package: Package, kind: str) -> None:
    client = getattr(package.module, kind)()
    names = [name for name in dir(client) if not name.startswith("_")]

    groups = [name for name in names if name not in {"with_options", "close", "aclose"}]
    assert set(groups) == {
        *("a_b", "any_", "api", "class_", "close_", "files", "groups", "httpx2_", "list_", "models", "raw_"),
        *("response", "модуль", "with_options_", "import_module_", "transport_", "event_stream"),
    }
    for name in groups:
        assert use(package, kind, lambda client, name=name: getattr(client, name).get())[0] is None


def test_a_group_says_what_the_document_says_of_its_tag(package: Package) -> None:
    group = package.module.Client().files

    assert (inspect.getdoc(type(group)) or "").splitlines()[:3] == ["The operations of `files`.", "", "What is stored."]
    assert inspect.getdoc(package.module.Client.files) == "The operations of `files`."


def test_a_group_is_loaded_when_it_is_used(package: Package) -> None:
    code = f"""
import sys
import {package.name}
client = {package.name}.Client()
loaded = lambda: sorted(name for name in sys.modules if name.startswith("{package.name}.groups."))
before = loaded()
client.files
print(before, loaded(), [name for name in sys.modules if name.startswith("{package.name}.api.")])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=package.folder.parent, check=True, capture_output=True, text=True
    )

    assert done.stdout == f"[] ['{package.name}.groups.files'] []\n"


@pytest.mark.parametrize("tags", ["files", ["files"], [{"description": "What is stored."}]])
def test_wrong_tags_of_a_document_cost_descriptions_alone(tags: Any) -> None:
    content = Document(document(tags=tags), "test", strict=False)
    paths = document({"/a": {"get": operation(tags=["files"])}})
    operations = OperationReader(Document(paths, "test"), SchemaReader(content), Naming("grouped")).read()

    assert [(group.name, group.title, group.description) for group in group_operations(content, operations)] == [
        ("files", "The operations of `files`.", "")
    ]
    assert [note.meaning for note in content.notes.found] == ["its groups are not described"]


def test_no_class_of_a_group_has_an_imported_name(package: Package) -> None:
    for module in sorted((package.folder / "groups").glob("[a-z]*.py")):
        nodes = list(ast.walk(ast.parse(module.read_text(encoding="utf-8"))))
        imported = {name.name for node in nodes if isinstance(node, ast.ImportFrom) for name in node.names}
        assert not imported & {node.name for node in nodes if isinstance(node, ast.ClassDef)}


def test_the_readme_shows_the_groups(package: Package) -> None:
    text = package.text("README.md")

    assert "`files.list(*, marker=UNSET, kinds=UNSET)`" in text
    assert "| `files.iter_all` | `files.list` | `marker` |" in text
    assert "client.files.raw." in text
