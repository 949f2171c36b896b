"""The project around a package, which pip installs: its name and its version."""

from __future__ import annotations

import re

from packaging.version import Version

from generator.document.document import Document
from generator.python.docstrings import visible

_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_NO_VERSION = "0.0.0"


def project_name(package: str) -> str:
    """Return the name of the project for that of its package, empty if pip would not take it."""
    name = re.sub("_+", "-", package).strip("-")
    return name if name.isascii() else ""


def project_version(document: Document) -> str:
    """Return the version of the document as pip writes it, and note if it is none.

    Raises:
        SpecError: It is none, and the document is read strictly.
    """
    node = document.root / "info" / "version"
    # Many an API is versioned by dates.
    text = _DATE.sub(r"\1.\2.\3", node.text())
    try:
        return str(Version(text))
    except ValueError:
        # Also for a number with more digits than Python reads.
        node.note(f"{node.value[:40]!r} is not a version for pip; write it as 1.2.3", f"the project's is {_NO_VERSION}")
        return _NO_VERSION


def toml_string(text: str) -> str:
    """Return text as a string of TOML on one line."""
    line = " ".join(visible(text).split())
    return '"' + line.replace("\\", r"\\").replace('"', r"\"") + '"'
