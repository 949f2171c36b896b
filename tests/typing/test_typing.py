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


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project of a user's."""
    for name in PROGRAMS:
        shutil.copy(HERE / name, tmp_path / name)
    (tmp_path / "pyrightconfig.json").write_text(json.dumps({"typeCheckingMode": "strict"}), encoding="utf-8")
    return tmp_path


def run(folder: Path, *command: str) -> str:
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert result.returncode in {0, 1}, result.stdout + result.stderr
    return result.stdout


def wrong_lines(name: str) -> set[int]:
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return {number for number, line in enumerate(lines, 1) if "  # wrong: " in line}


@pytest.mark.parametrize("name", PROGRAMS)
def test_mypy_flags_the_wrong_lines_and_no_others(folder: Path, name: str) -> None:
    found = re.findall(rf"^{name}:(\d+): error:", run(folder, *MYPY, name), re.MULTILINE)

    assert {int(line) for line in found} == wrong_lines(name)


@pytest.mark.parametrize("name", PROGRAMS)
def test_pyright_flags_the_wrong_lines_and_no_others(folder: Path, name: str) -> None:
    report = json.loads(run(folder, *PYRIGHT, name))

    assert report["summary"]["filesAnalyzed"] == 1
    found = [one for one in report["generalDiagnostics"] if one["severity"] == "error"]
    assert {one["range"]["start"]["line"] + 1 for one in found} == wrong_lines(name)
