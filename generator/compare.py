"""Comparison of two folders, file by file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True)
class Differences:
    """How a folder differs from what it should be; paths are relative to it."""

    changed: tuple[str, ...]
    missing: tuple[str, ...]
    stray: tuple[str, ...]

    def lines(self) -> list[str]:
        """Return a line for each file that differs."""
        groups = (("changed", self.changed), ("missing", self.missing), ("stray", self.stray))
        return [f"{kind}: {path}" for kind, paths in groups for path in paths]


def compare(expected: Path, actual: Path) -> Differences:
    """Compare `actual` with `expected`: the bytes, type and mode of each file. Python's caches are ignored."""
    expected_files, actual_files = list_files(expected), list_files(actual)
    changed = sorted(path for path in expected_files & actual_files if _is_changed(expected / path, actual / path))
    return Differences(
        # The folder itself may be a symbolic link, which is all that git would see.
        changed=(*(["."] if actual.is_symlink() else []), *changed),
        missing=tuple(sorted(expected_files - actual_files)),
        stray=tuple(sorted(actual_files - expected_files)),
    )


def compare_file(expected: Path, actual: Path, differences: Differences, name: str) -> Differences:
    """Add to the differences, under a name, how one file beside the folder differs from what it should be."""
    if not actual.is_symlink() and not actual.exists():
        return replace(differences, missing=(*differences.missing, name))
    if not actual.is_symlink() and not actual.is_file():
        return replace(differences, stray=(*differences.stray, name))
    is_changed = _is_changed(expected, actual)
    return replace(differences, changed=(*differences.changed, name)) if is_changed else differences


def _is_changed(expected: Path, actual: Path) -> bool:
    """Return whether git would see a difference: other bytes, a symbolic link, or another executable bit."""
    if actual.is_symlink():
        return True
    has_other_mode = actual.stat().st_mode & 0o100 != expected.stat().st_mode & 0o100
    return has_other_mode or expected.read_bytes() != actual.read_bytes()


def list_files(folder: Path) -> set[str]:
    """Return the files and symbolic links below a folder, as paths relative to it."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_symlink() or path.is_file())
    return {path.as_posix() for path in found if "__pycache__" not in path.parts}
