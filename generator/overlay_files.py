"""What a package gets from overlay/: the runtime always, other folders if the document has what they call."""

from __future__ import annotations

import ast
from pathlib import Path

from .compare import files


def copied_paths(overlay: Path, operations: set[str]) -> set[str]:
    """Return the modules of the overlay that belong into a package with these operations."""
    missing = {path.parent.name for path in overlay.glob("*/operations.txt") if not _needed(path) <= operations}
    return {path for path in files(overlay) if path.endswith(".py") and path.partition("/")[0] not in missing}


def added_errors(overlay: Path, paths: set[str]) -> dict[str, list[str]]:
    """Return the public errors of each folder that has some beside the runtime's."""
    sources = [overlay / path for path in sorted(paths) if path.endswith("/errors.py")]
    return {one.parent.name: sorted(_public_names(one)) for one in sources if one.parent.name != "_runtime"}


def _needed(path: Path) -> set[str]:
    """Read which operations a folder of the overlay calls; it is no part of a package that does not have them all."""
    return set(path.read_text(encoding="utf-8").split())


def _public_names(source: Path) -> list[str]:
    # Read, not imported: it imports modules that are only there in a package.
    for node in ast.parse(source.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__all__":
            return list(ast.literal_eval(node.value))
    return []
