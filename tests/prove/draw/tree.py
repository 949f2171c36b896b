"""Copies of the tree in which a mutant may be written to disk, so that processes which tests start have it as well."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import msgspec

from tests.prove.draw.population import ROOT

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Tree"]

_COPIED = ("spec", "generator", "generated", "tests", "pyproject.toml", "README.md", "Makefile", ".ci", ".changes")
_PRODUCT = ("generated", "generator", "tests/mock")


class Tree(msgspec.Struct, frozen=True):
    """A copy of the tree.

    Attributes:
        root: Its folder.
    """

    root: Path

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a process that imports from here, whatever is installed."""
        folders = (self.root, self.root / "generated", self.root / "tests" / "mock")
        return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))}

    def fill(self) -> None:
        """Make the copy anew."""
        shutil.rmtree(self.root, ignore_errors=True)
        self.root.mkdir(parents=True)
        for name in _COPIED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, self.root / name, symlinks=True, ignore=_is_left_behind)
            elif (ROOT / name).exists():
                shutil.copy2(ROOT / name, self.root / name)

    def copy_to(self, other: Tree) -> None:
        """Copy this one, with what was compiled in it."""
        shutil.rmtree(other.root, ignore_errors=True)
        shutil.copytree(self.root, other.root, symlinks=True)

    def compile(self) -> None:
        """Compile the product so that a change of a source is seen by its content, not by its time."""
        command = [sys.executable, "-m", "compileall", "-q", "-f", "--invalidation-mode", "checked-hash", *_PRODUCT]
        subprocess.run(command, cwd=self.root, check=True)


def _is_left_behind(folder: str, names: list[str]) -> set[str]:
    return {one for one in names if one == "__pycache__" or one.endswith(".pyc")}
