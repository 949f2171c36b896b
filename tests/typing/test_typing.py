"""Type checkers find the faults of a user's program, and none where there is none.

The program is looked at as a user's is: outside of this repository, against the installed packages.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PROGRAMS = ["right_calls.py", "wrong_calls.py"]
MYPY = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-error-summary"]
PYRIGHT = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "--outputjson"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of a user's."""
    folder = tmp_path_factory.mktemp("project")
    for name in PROGRAMS:
        shutil.copy(HERE / name, folder / name)
    (folder / "pyrightconfig.json").write_text(json.dumps({"typeCheckingMode": "strict"}), encoding="utf-8")
    return folder


def run(folder: Path, *command: str) -> str:
    command = (*command, *PROGRAMS)
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert result.returncode in {0, 1}, result.stdout + result.stderr
    return result.stdout


Found = dict[str, set[int]]


@pytest.fixture(scope="module")
def mypy(folder: Path) -> Found:
    """The lines that mypy flags, by program."""
    found = re.findall(r"^(\w+\.py):(\d+): error:", run(folder, *MYPY), re.MULTILINE)
    return {name: {int(line) for own, line in found if own == name} for name in PROGRAMS}


@pytest.fixture(scope="module")
def pyright(folder: Path) -> Found:
    """The lines that pyright flags, by program."""
    report = json.loads(run(folder, *PYRIGHT))
    assert report["summary"]["filesAnalyzed"] == len(PROGRAMS)
    found = [
        (Path(diagnostic["file"]).name, diagnostic["range"]["start"]["line"] + 1)
        for diagnostic in report["generalDiagnostics"]
        if diagnostic["severity"] == "error"
    ]
    return {name: {line for own, line in found if own == name} for name in PROGRAMS}


def wrong_lines(name: str) -> set[int]:
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return {number for number, line in enumerate(lines, 1) if "  # wrong: " in line}


@pytest.mark.parametrize("name", PROGRAMS)
def test_mypy_flags_the_wrong_lines_and_no_others(mypy: Found, name: str) -> None:
    assert mypy[name] == wrong_lines(name)


@pytest.mark.parametrize("name", PROGRAMS)
def test_pyright_flags_the_wrong_lines_and_no_others(pyright: Found, name: str) -> None:
    assert pyright[name] == wrong_lines(name)
