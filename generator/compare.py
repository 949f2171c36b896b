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
    return Differences(
        changed=tuple(sorted(path for path in wanted & found if _differ(expected / path, actual / path))),
        missing=tuple(sorted(wanted - found)),
        stray=tuple(sorted(found - wanted)),
    )


def _differ(expected: Path, actual: Path) -> bool:
    """Return whether git would see a difference: other bytes, a symbolic link, or a file that may be executed."""
    is_program = actual.stat().st_mode & 0o100 != expected.stat().st_mode & 0o100
    return actual.is_symlink() or is_program or expected.read_bytes() != actual.read_bytes()


def files(tree: Path) -> set[str]:
    """Return the files of a tree, as paths relative to it."""
    found = (path for path in tree.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(tree).as_posix() for path in found}
