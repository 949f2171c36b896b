"""Compares the fragment with its last release: `python -m tests.compatibility [--released FILE] [--fragment FILE]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.compatibility.operations import compare
from tests.compatibility.version import needed, parsed

if TYPE_CHECKING:
    from collections.abc import Sequence

SPEC = Path(__file__).parents[2] / "spec"


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints a line for each change; returns 1 if they need a higher version than the fragment has."""
    parser = argparse.ArgumentParser(prog="python -m tests.compatibility", description=main.__doc__)
    parser.add_argument("--released", type=Path, help="the released document (default: the last of spec/released)")
    parser.add_argument("--fragment", type=Path, default=SPEC / "openapi.yaml", help="the document of today")
    options = parser.parse_args(arguments)
    before, after = _loaded(options.released or last_release()), _loaded(options.fragment)

    changes = compare(before, after)
    for change in changes:
        print(change)
    released, version = (document["info"]["version"] for document in (before, after))
    least = needed(parsed(released), changes)
    if parsed(version) >= least:
        print(f"{version} may follow {released}: {len(changes)} changes.")
        return 0
    word = ".".join(map(str, least))
    print(f"{version} may not follow {released}: these changes need {word} or more (info.version).", file=sys.stderr)
    return 1


def last_release() -> Path:
    """Return the file of the highest released version."""
    return max((SPEC / "released").glob("*.yaml"), key=lambda path: parsed(path.stem))


def _loaded(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


if __name__ == "__main__":
    sys.exit(main())
