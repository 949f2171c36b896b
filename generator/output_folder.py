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


def refuse_foreign_files(target: Path) -> None:
    """Check that replacing the package would lose nothing that the generator did not make.

    Raises:
        GenerationError: Naming a file or symbolic link that would be lost.
    """
    is_folder = target.is_dir() and not target.is_symlink()
    found = [target / path for path in sorted(list_files(target))] if is_folder else [target]
    for path in found:
        if path.is_symlink() or (path.exists() and not (is_folder and _is_generated(path))):
            problem = "was not made by the generator and would be lost; move it away, or choose another --output"
            raise GenerationError(f"{path} {problem}")


def replace_package(made: Path, target: Path) -> None:
    """Put the package `made` in the place of `target`, as the last and shortest step; a failure brings the old back."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".generating-") as name:
        new, old = Path(name) / "new", Path(name) / "old"
        shutil.copytree(made, new)
        if target.exists():
            target.rename(old)
        try:
            new.rename(target)
        except BaseException:
            if old.exists():
                old.rename(target)
            raise


def _is_generated(path: Path) -> bool:
    return path.name == MARKER or is_stamped(path)
