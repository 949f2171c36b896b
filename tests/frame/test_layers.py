"""The layers know only what the house plan lets them know."""

from __future__ import annotations

import ast
import sys
import tomllib

import pytest

from tests.frame import layers

MODULES = layers.modules()


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_module_keeps_to_its_layer(module: str) -> None:
    assert layers.violations(module, MODULES[module].read_text(encoding="utf-8")) == []


def test_every_layer_has_modules() -> None:
    """A rule about modules that do not exist would hold for ever."""
    assert {layers.layer_of(module).prefix for module in MODULES} == {layer.prefix for layer in layers.LAYERS}


@pytest.mark.parametrize(
    ("module", "source", "said"),
    [
        ("box_uploads._runtime.codecs", "from .. import models", "may not import box_uploads.models"),
        ("box_uploads._runtime.codecs", "from ..client import Client", "may not import box_uploads.client.Client"),
        ("box_uploads._runtime.codecs", "import requests", "may not import requests"),
        ("box_uploads._runtime.codecs", "import box_uploads", "may not import box_uploads"),
        ("box_uploads.models.__init__", "from .._runtime import codecs", "may not import box_uploads._runtime.codecs"),
        ("box_uploads.models.__init__", "import httpx2", "may not import httpx2"),
        ("box_uploads.api.sessions.create", "from ...client import Client", "may not import box_uploads.client.Client"),
        ("box_uploads.api.sessions.create", "import httpx2", "may not import httpx2"),
        ("box_uploads.client", "from tests.flow import demo", "may not import tests.flow.demo"),
        ("box_uploads.client", "import box_uploads_mock", "may not import box_uploads_mock"),
        ("box_uploads.__init__", "from . import api", "may not import box_uploads.api"),
        ("box_uploads.client", "from . import cli", "may not import box_uploads.cli"),
        ("box_uploads.upload.part_upload", "from ..cli import text", "may not import box_uploads.cli.text"),
        ("box_uploads.upload.part_upload", "import click", "may not import click"),
        ("box_uploads.cli.batch", "from .._runtime import auth", "may not import box_uploads._runtime.auth"),
        ("box_uploads.cli.batch", "from ..upload import journal", "may not import box_uploads.upload.journal"),
        ("box_uploads.cli.batch", "import httpx2", "may not import httpx2"),
        ("box_uploads_mock.state", "from box_uploads import models", "may not import box_uploads.models"),
        ("box_uploads_mock.state", "import generator.pipeline", "may not import generator.pipeline"),
        ("box_uploads_mock.state", "import pytest", "may not import pytest"),
        ("box_uploads_mock.state", "import jsonschema", "may not import jsonschema"),
        (
            "generator.render.package",
            "import openapi_python_client.utils",
            "may not import openapi_python_client.utils",
        ),
        ("generator.python.naming", "from box_uploads import models", "may not import box_uploads.models"),
        ("generator.pipeline", "import box_uploads_mock", "may not import box_uploads_mock"),
        ("generator.pipeline", "def f():\n    from tests import conftest", "may not import tests.conftest"),
        ("generator.overlay._runtime.codecs", "from generator import pipeline", "may not import generator.pipeline"),
        ("generator.overlay._runtime.codecs", "from ... import pipeline", "may not import generator.pipeline"),
        ("generator.pipeline", "import importlib\nimportlib.import_module('box_uploads')", "may not import by name"),
        ("box_uploads_mock.state", "__import__('box_uploads')", "may not import by name"),
        ("box_uploads.client", "assert True", "assert, which -O removes"),
        ("box_uploads.client", "x = 1  # type: ignore[misc]", "a checker is told to look away"),
        ("box_uploads.client", "# pyright: basic", "a checker is told to look away"),
        ("box_uploads.client", "x = 1  # noqa", "noqa without a code"),
        ("box_uploads.client", "x = 1  # noqa: E501", "noqa without a reason"),
    ],
)
def test_a_planted_fault_is_found(module: str, source: str, said: str) -> None:
    found = layers.violations(module, source)

    assert len(found) == 1
    assert found[0].endswith(said)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("box_uploads.models.__init__", "from .._runtime.formats import FORMAT_PATTERNS"),
        ("box_uploads.api.sessions.create", "from ... import models\nfrom ..._runtime.codecs import Json"),
        ("box_uploads._runtime.codecs", "from . import errors\nfrom .message import Headers\nimport os.path"),
        ("box_uploads_mock.state", "from box_uploads_mock import faults"),
        ("box_uploads.cli.batch", "from .. import Client\nfrom ..upload import upload_file\nimport rich.progress"),
        ("generator.render.upstream", "from generator.document.document import Document\nimport openapi_python_client"),
        ("box_uploads.client", "x = 1  # noqa: E501 - a reason\ny = 1  # noqa: E501  # a reason"),
        ("box_uploads.client", "# A reason.\nx = 1  # noqa: E501"),
        ("box_uploads.client", "x = '# type: ignore'"),
    ],
)
def test_what_is_allowed_is_not_found(module: str, source: str) -> None:
    assert layers.violations(module, source) == []


def test_each_imported_distribution_is_declared() -> None:
    """What works only because a dependency of a dependency is installed may stop to work any day."""
    project = tomllib.loads((layers.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    declared = {
        "box_uploads": project["project"]["dependencies"],
        "box_uploads.cli": [
            *project["project"]["dependencies"],
            *project["project"]["optional-dependencies"]["cli"],
        ],
        "box_uploads_mock": project["project"]["optional-dependencies"]["mock"],
        "box_uploads_mock.tls": project["project"]["optional-dependencies"]["mock-tls"],
        "generator": [*project["project"]["dependencies"], *project["dependency-groups"]["generate"]],
        "generator.overlay.cli": [
            *project["project"]["dependencies"],
            *project["project"]["optional-dependencies"]["cli"],
        ],
    }
    distributions = {"yaml": "pyyaml", "ruamel": "ruamel-yaml", "openapi_python_client": "openapi-python-client"}
    for module, path in MODULES.items():
        if module == "box_uploads_mock.pytest_plugin":
            continue
        home = max((one for one in declared if layers.is_below(module, one)), key=len)
        names = {one.replace("_", "-").lower() for one in _requirement_names(declared[home])}
        for name in _foreign(path.read_text(encoding="utf-8")):
            assert distributions.get(name, name) in names, f"{module} imports {name}"


def _requirement_names(requirements: list[str]) -> list[str]:
    return [
        one.replace("[", " ").replace("<", " ").replace(">", " ").replace("=", " ").split()[0] for one in requirements
    ]


def _foreign(source: str) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add((node.module or "").partition(".")[0])
    own = {"box_uploads", "box_uploads_mock", "generator"}
    return {name for name in names if name not in sys.stdlib_module_names and name not in own}
