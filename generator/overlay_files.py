"""The hand-written files of `overlay/`: which of them a package gets, and the errors that they add to it."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path

from .compare import list_files
from .errors import GenerationError


def select_overlay_files(overlay: Path, operations: set[str]) -> set[str]:
    """Return the modules of the overlay that belong into a package with these operations.

    A folder with an `operations.txt` belongs only into a package that has all the operations named there.
    """
    left_out = {
        path.parent.name for path in overlay.glob("*/operations.txt") if not _read_operations(path) <= operations
    }
    return {path for path in list_files(overlay) if path.endswith(".py") and path.partition("/")[0] not in left_out}


def overlay_errors(overlay: Path, paths: set[str]) -> dict[str, list[str]]:
    """Return the public errors of each selected folder with an `errors.py`, apart from the runtime's."""
    modules = [overlay / path for path in sorted(paths) if path.endswith("/errors.py")]
    return {module.parent.name: sorted(_public_names(module)) for module in modules if module.parent.name != "_runtime"}


def overlay_pages(overlay: Path, paths: set[str], package: str) -> list[str]:
    """Return what the README of a package says about each selected folder, which is in the folder's own `README.md`."""
    folders = sorted({path.partition("/")[0] for path in paths})
    pages = [page for folder in folders if (page := overlay / folder / "README.md").is_file()]
    return [page.read_text(encoding="utf-8").replace("{package}", package).strip() for page in pages]


def copy_overlay_files(overlay: Path, paths: set[str], package: Path) -> None:
    """Copy the selected files into the package.

    Raises:
        GenerationError: A file would replace a rendered one.
    """
    if conflicts := paths & list_files(package):
        raise GenerationError(f"rendered and in generator/overlay/ as well: {', '.join(sorted(conflicts))}")
    for path in sorted(paths):
        target = package / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(overlay / path, target)


def _read_operations(path: Path) -> set[str]:
    return set(path.read_text(encoding="utf-8").split())


def _public_names(module: Path) -> list[str]:
    # Parsed, not imported: the module imports others that exist only inside a package.
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__all__":
            return list(ast.literal_eval(node.value))
    return []
