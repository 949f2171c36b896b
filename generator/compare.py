"""Two trees of files, compared both ways."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Differences:
    """How a tree differs from what it should be; paths are relative to it."""

    changed: tuple[str, ...]
    missing: tuple[str, ...]
    stray: tuple[str, ...]

    def lines(self) -> list[str]:
        """Return a line for each file that differs."""
        kinds = (("changed", self.changed), ("missing", self.missing), ("stray", self.stray))
        return [f"{kind}: {path}" for kind, paths in kinds for path in paths]


def compare(expected: Path, actual: Path) -> Differences:
    """Compare `actual` with `expected`, by the bytes, kind and mode of each file; caches of Python do not count."""
    wanted, found = files(expected), files(actual)
    changed = sorted(path for path in wanted & found if _differ(expected / path, actual / path))
    return Differences(
        # The folder itself, if it is a link: git would see that alone.
        changed=(*(["."] if actual.is_symlink() else []), *changed),
        missing=tuple(sorted(wanted - found)),
        stray=tuple(sorted(found - wanted)),
    )


def _differ(expected: Path, actual: Path) -> bool:
    """Return whether git would see a difference: other bytes, a symbolic link, or a file that may be executed."""
    if actual.is_symlink():
        return True
    is_program = actual.stat().st_mode & 0o100 != expected.stat().st_mode & 0o100
    return is_program or expected.read_bytes() != actual.read_bytes()


def files(tree: Path) -> set[str]:
    """Return the files and symbolic links of a tree, as paths relative to it."""
    found = (path.relative_to(tree) for path in tree.rglob("*") if path.is_symlink() or path.is_file())
    return {path.as_posix() for path in found if "__pycache__" not in path.parts}
