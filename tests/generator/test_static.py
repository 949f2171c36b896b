"""Generated code passes both type checkers in strict mode, without a single exception."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from generator.operation.names import Naming
from generator.pipeline import generate

from .conftest import KITCHEN_SINK, Package, job_for

ROOT = Path(__file__).parents[2]
FRAGMENT = ROOT / "generated" / "box_uploads"
# Folders of the overlay, which is held to the rules where it is written.
HAND_WRITTEN = {"_runtime", "auth", "upload"}


@pytest.fixture(scope="module")
def folder(sink: Package, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages of the kitchen sink, flat and in groups, and of this project's fragment, side by side."""
    found = tmp_path_factory.mktemp("typed")
    shutil.copytree(sink.folder, found / "sink", ignore=shutil.ignore_patterns("__pycache__"))
    generate(replace(job_for(KITCHEN_SINK, found, "grouped"), naming=Naming("grouped")))
    shutil.copytree(FRAGMENT, found / "box_uploads", ignore=shutil.ignore_patterns("__pycache__", "cli"))
    # Written as a user writes: what a checker infers of the methods is what the document says.
    (found / "use.py").write_text(USE, encoding="utf-8")
    return found


USE = """
from __future__ import annotations

from typing import assert_type

from sink import AsyncClient, Client, Response, models


def blocking(client: Client) -> None:
    assert_type(client.get_part("a", 1, order="up"), models.Part)
    assert_type(client.raw.get_part("a", 1, order="up"), Response[models.Part])
    assert_type(client.delete_part("a", 1), None)
    assert_type(list(client.iter_links()), list[models.Part])
    assert_type(client.list_links(page_url="?page=2"), models.Links)
    assert_type(list(client.iter_find_parts(depth=1, sort=["a"], text="x")), list[models.Part])
    assert_type(client.upload(body=[1]), dict[str, int] | bytes | str)
    shape = client.draw(body=[models.Circle(radius=1.0)])
    if shape.shape == "circle":
        assert_type(shape, models.Circle)


async def awaited(client: AsyncClient) -> None:
    assert_type(await client.get_part("a", 1, order="down"), models.Part)
    assert_type([part async for part in client.iter_linked()], list[models.Part])
"""


def _run(*command: str, cwd: Path) -> str:
    result = subprocess.run(
        [sys.executable, "-m", *command], cwd=cwd, capture_output=True, text=True, encoding="utf-8", check=False
    )
    return "" if result.returncode == 0 else result.stdout + result.stderr


def test_generated_code_passes_mypy_strict(folder: Path) -> None:
    # The runtime comes along with each package; once is enough to look at.
    files = sorted(
        str(path) for path in folder.rglob("*.py") if not re.search("(box_uploads|grouped)/_runtime", path.as_posix())
    )
    codes = [f"--enable-error-code={code}" for code in ("redundant-expr", "truthy-bool", "ignore-without-code")]
    options = ["--strict", *codes, "--config-file="]

    assert _run("mypy", *options, "--cache-dir", str(folder / ".cache"), *files, cwd=folder) == ""


def test_generated_code_passes_pyright_strict(folder: Path) -> None:
    settings = {
        "include": [
            "sink",
            "grouped/groups",
            "grouped/client.py",
            "box_uploads/models",
            "box_uploads/api",
            "box_uploads/*.py",
            "use.py",
        ],
        "typeCheckingMode": "strict",
        "pythonVersion": "3.11",
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")

    assert _run("pyright", "--pythonpath", sys.executable, cwd=folder) == ""


def test_generated_code_suppresses_no_checker(folder: Path) -> None:
    rule = re.compile(r"#\s*(type:|pyright:|mypy:|noqa|ruff:|fmt:)")

    found = [
        f"{path.name}: {line}"
        for path in sorted(folder.rglob("*.py"))
        if not HAND_WRITTEN & set(path.parts)
        for line in path.read_text(encoding="utf-8").splitlines()
        if rule.search(line)
    ]

    assert found == []


def test_lines_of_generated_code_have_at_most_120_columns(folder: Path) -> None:
    long = [
        f"{path.relative_to(folder)}: {line}"
        for path in sorted(folder.rglob("*.py"))
        if not HAND_WRITTEN & set(path.parts)
        # The stamp is as long as the name of the document.
        for line in path.read_text(encoding="utf-8").splitlines()[1:]
        if len(line) > 120
    ]

    assert long == []
