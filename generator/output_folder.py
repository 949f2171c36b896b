"""The folder that gets the package: replaced as a whole, and only if the generator made what is there."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from .compare import list_files
from .errors import GenerationError
from .stamp import is_stamped

MARKER = "py.typed"
"""The one generated file without a stamp: it tells type checkers that the package has types."""
PROJECT = "pyproject.toml"
"""What makes the folder around the package a project that pip installs."""
_FOREIGN = "was not made by the generator and would be lost; move it away, or choose another --output"


def refuse_foreign_files(target: Path) -> None:
    """Check that replacing the package would lose nothing that the generator did not make.

    Raises:
        GenerationError: Naming a file or symbolic link that would be lost.
    """
    is_folder = target.is_dir() and not target.is_symlink()
    found = [target / path for path in sorted(list_files(target))] if is_folder else [target]
    for path in found:
        if path.is_symlink() or (path.exists() and not (is_folder and _is_generated(path))):
            raise GenerationError(f"{path} {_FOREIGN}")


def refuse_foreign_project(path: Path, name: str) -> None:
    """Check that replacing the file of the project would lose nothing that the generator did not make for it.

    Args:
        path: The file.
        name: The name of the project.

    Raises:
        GenerationError: The file would be lost.
    """
    if not path.is_symlink() and not path.exists():
        return
    if path.is_symlink() or not path.is_file() or not is_stamped(path):
        raise GenerationError(f"{path} {_FOREIGN}")
    # A folder is one project only: the other package would lose its own.
    if f'\nname = "{name}"\n' not in path.read_text(encoding="utf-8", errors="replace"):
        raise GenerationError(f"{path} is of another package; remove it, or choose another --output")


def replace_package(made: Path, target: Path, project: Path | None = None) -> None:
    """Put the package `made` in the place of `target`, as the last and shortest step; a failure brings the old back.

    Args:
        made: The new package.
        target: The old one, if there is one.
        project: The new `pyproject.toml` that is put beside it as well, or None.
    """
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".generating-") as name:
        new, old = Path(name) / "new", Path(name) / "old"
        shutil.copytree(made, new)
        beside = Path(name) / PROJECT
        if project:
            shutil.copy(project, beside)
        if target.exists():
            target.rename(old)
        try:
            new.rename(target)
            if project:
                beside.replace(target.with_name(PROJECT))
        except BaseException:
            if target.exists():
                target.rename(new)
            if old.exists():
                old.rename(target)
            raise


def _is_generated(path: Path) -> bool:
    return path.name == MARKER or is_stamped(path)
