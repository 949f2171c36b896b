"""The layers know only what the house plan lets them know."""

from __future__ import annotations

import ast
import re
import sys
import tomllib

import pytest

from tests.frame import layers

MODULES = layers.modules()


def test_a_module_keeps_to_its_layer() -> None:
    found = {module: layers.violations(module, path.read_text(encoding="utf-8")) for module, path in MODULES.items()}

    assert {module: violations for module, violations in found.items() if violations} == {}


def test_every_layer_has_modules() -> None:
    """A rule about modules that do not exist would hold for ever."""
    assert {layers.layer_of(module).prefix for module in MODULES} == {layer.prefix for layer in layers.LAYERS}


RUNTIME, UPLOAD, CLI = "box_uploads._runtime.codecs", "box_uploads.upload.part_upload", "box_uploads.cli.batch"
API, MODELS, CLIENT = "box_uploads.api.sessions.create", "box_uploads.models.__init__", "box_uploads.client"
MOCK, OVERLAY, PIPELINE = "box_uploads_mock.state", "generator.overlay._runtime.codecs", "generator.pipeline"
FORBIDDEN_IMPORTS = [
    (RUNTIME, "from .. import models", "box_uploads.models"),
    (RUNTIME, "from ..client import Client", "box_uploads.client.Client"),
    (RUNTIME, "import requests", "requests"),
    (RUNTIME, "import box_uploads", "box_uploads"),
    (MODELS, "from .._runtime import codecs", "box_uploads._runtime.codecs"),
    (MODELS, "import httpx2", "httpx2"),
    (API, "from ...client import Client", "box_uploads.client.Client"),
    (API, "import httpx2", "httpx2"),
    (CLIENT, "from tests.flow import demo", "tests.flow.demo"),
    (CLIENT, "import box_uploads_mock", "box_uploads_mock"),
    ("box_uploads.__init__", "from . import api", "box_uploads.api"),
    (CLIENT, "from . import cli", "box_uploads.cli"),
    (UPLOAD, "from ..cli import text", "box_uploads.cli.text"),
    (UPLOAD, "import click", "click"),
    (CLI, "from .._runtime import auth", "box_uploads._runtime.auth"),
    (CLI, "from ..upload import journal", "box_uploads.upload.journal"),
    (CLI, "import httpx2", "httpx2"),
    (MOCK, "from box_uploads import models", "box_uploads.models"),
    (MOCK, "import generator.pipeline", "generator.pipeline"),
    (MOCK, "import pytest", "pytest"),
    (MOCK, "import jsonschema", "jsonschema"),
    ("generator.render.package", "import openapi_python_client.utils", "openapi_python_client.utils"),
    ("generator.python.naming", "from box_uploads import models", "box_uploads.models"),
    (PIPELINE, "import box_uploads_mock", "box_uploads_mock"),
    (PIPELINE, "def f():\n    from tests import conftest", "tests.conftest"),
    (OVERLAY, "from generator import pipeline", "generator.pipeline"),
    (OVERLAY, "from ... import pipeline", "generator.pipeline"),
]
OTHER_FAULTS = [
    (PIPELINE, "import importlib\nimportlib.import_module('box_uploads')", "may not import by name"),
    (MOCK, "__import__('box_uploads')", "may not import by name"),
    (CLIENT, "assert True", "assert, which -O removes"),
    (CLIENT, "x = 1  # type: ignore[misc]", "a checker is told to look away"),
    (CLIENT, "# pyright: basic", "a checker is told to look away"),
    (CLIENT, "x = 1  # noqa", "noqa without a code"),
    (CLIENT, "x = 1  # noqa: E501", "noqa without a reason"),
]


@pytest.mark.parametrize(("module", "source", "message"), [
    *((module, source, f"may not import {name}") for module, source, name in FORBIDDEN_IMPORTS), *OTHER_FAULTS
])  # fmt: skip
def test_a_planted_fault_is_found(module: str, source: str, message: str) -> None:
    (found,) = layers.violations(module, source)

    assert found.endswith(message)


@pytest.mark.parametrize(("module", "source"), [
    (MODELS, "from .._runtime.formats import FORMAT_PATTERNS"),
    (API, "from ... import models\nfrom ..._runtime.codecs import Json"),
    (RUNTIME, "from . import errors\nfrom .message import Headers\nimport os.path"),
    (MOCK, "from box_uploads_mock import faults"),
    (CLI, "from .. import Client\nfrom ..upload import upload_file\nimport rich.progress"),
    ("generator.render.upstream", "from generator.document.document import Document\nimport openapi_python_client"),
    (CLIENT, "x = 1  # noqa: E501 - a reason\ny = 1  # noqa: E501  # a reason"),
    (CLIENT, "# A reason.\nx = 1  # noqa: E501"),
    (CLIENT, "x = '# type: ignore'"),
])  # fmt: skip
def test_what_is_allowed_is_not_found(module: str, source: str) -> None:
    assert layers.violations(module, source) == []


def test_each_imported_distribution_is_declared() -> None:
    """What works only because a dependency of a dependency is installed may stop to work any day."""
    document = tomllib.loads((layers.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    own, extras = document["project"]["dependencies"], document["project"]["optional-dependencies"]
    declared = {
        "box_uploads": own,
        "box_uploads.auth": [*own, *extras["jwt"]],
        "box_uploads.cli": [*own, *extras["cli"]],
        "box_uploads_mock": extras["mock"],
        "box_uploads_mock.tls": extras["mock-tls"],
        "generator": [*own, *document["dependency-groups"]["generate"]],
        "generator.overlay.auth": [*own, *extras["jwt"]],
        "generator.overlay.cli": [*own, *extras["cli"]],
    }
    distributions = {"yaml": "pyyaml", "ruamel": "ruamel-yaml", "openapi_python_client": "openapi-python-client"}
    distributions |= {"jwt": "pyjwt", "python_multipart": "python-multipart"}
    for module, path in MODULES.items():
        # It is only imported by pytest itself.
        if module != "box_uploads_mock.pytest_plugin":
            home = max((package for package in declared if layers.is_below(module, package)), key=len)
            names = {re.split(r"[\[<>=]", requirement)[0].replace("_", "-").lower() for requirement in declared[home]}
            imported = _foreign(path.read_text(encoding="utf-8"))
            assert {distributions.get(name, name) for name in imported} <= names, module


def _foreign(source: str) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add((node.module or "").partition(".")[0])
    return names - sys.stdlib_module_names - {"box_uploads", "box_uploads_mock", "generator"}
