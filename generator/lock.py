"""The lock file: the hash of the document, the versions of the tools, the hashes of the replaced templates."""

from __future__ import annotations

import hashlib
import tomllib
from importlib.metadata import version
from pathlib import Path

_TOOLS = ("jinja2", "openapi-python-client", "ruff")


def lock_text(spec: Path, template_hashes: dict[str, str]) -> str:
    """Return the text of the lock file.

    Args:
        spec: The document.
        template_hashes: SHA-256 of upstream's templates, by name.
    """
    lines = [
        "# Written by `python -m generator`: what generated/ was made from.",
        "",
        "[spec]",
        f'sha256 = "{hashlib.sha256(spec.read_bytes()).hexdigest()}"',
        "",
        "[tools]",
        *(f'{name} = "{version(name)}"' for name in _TOOLS),
        "",
        "# Upstream's templates that ours replace; a changed hash asks for a look at what changed there.",
        "[upstream-templates]",
        *(f'"{name}" = "{digest}"' for name, digest in sorted(template_hashes.items())),
    ]
    return "\n".join(lines) + "\n"


def lock_difference(lock: Path, expected: str) -> str | None:
    """Return the name of the lock file with what differs in it, or None if it is as expected."""
    if not lock.is_file():
        return f"{lock.name} (missing)"
    text = lock.read_text(encoding="utf-8")
    if text == expected:
        return None
    now = tomllib.loads(expected)
    try:
        before = tomllib.loads(text)
        different = [
            f"{table}.{name}"
            for table in now
            for name in sorted(now[table].keys() | before.get(table, {}).keys())
            if now[table].get(name) != before.get(table, {}).get(name)
        ]
    except (tomllib.TOMLDecodeError, AttributeError):
        different = []
    return f"{lock.name} ({', '.join(different) or 'edited by hand'})"
