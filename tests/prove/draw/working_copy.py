"""Working copies of the repository, where mutants are written to disk: processes that tests start have them, too."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec

from tests.prove.draw.population import ROOT

_COPIED = ("spec", "generator", "generated", "tests", "pyproject.toml", "README.md", "Makefile", ".ci", ".changes")
_PRODUCT = ("generated", "generator", "tests/mock")


class WorkingCopy(msgspec.Struct, frozen=True):
    """A copy of the repository in a folder."""

    root: Path

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a process that imports from this copy, whatever is installed."""
        folders = (self.root, self.root / "generated", self.root / "tests" / "mock")
        return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))}

    def create(self) -> None:
        """Create the copy; an older one is removed."""
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.mkdir(parents=True)
        for name in _COPIED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, self.root / name, symlinks=True, ignore=_ignore)
            elif (ROOT / name).exists():
                shutil.copy2(ROOT / name, self.root / name)

    def copy_to(self, other: WorkingCopy) -> None:
        """Copy this one with its compiled files."""
        shutil.rmtree(other.root, ignore_errors=True)
        shutil.copytree(self.root, other.root, symlinks=True)

    def compile(self) -> None:
        """Compile the product so that Python sees a changed source by its content, not by its time."""
        command = [sys.executable, "-m", "compileall", "-q", "-f", "--invalidation-mode", "checked-hash", *_PRODUCT]
        subprocess.run(command, cwd=self.root, check=True)


def _ignore(folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name == "__pycache__" or name.endswith(".pyc")}
