"""Checks of a rendered package: it is Python, it passes ruff, and it works."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from .compare import list_files
from .errors import GenerationError


def check_syntax(package: Path) -> None:
    """Parse each module of the package.

    Raises:
        GenerationError: A template rendered something that is not Python.
    """
    for path in sorted(path for path in list_files(package) if path.endswith(".py")):
        try:
            ast.parse((package / path).read_text(encoding="utf-8"))
        except SyntaxError as error:
            where = f"{path}:{error.lineno}: {error.msg}: {(error.text or '').strip()}"
            raise GenerationError(f"a template rendered invalid Python: {where}") from error


def format_package(package: Path, config: Path) -> None:
    """Format the package with ruff, and remove its unused imports.

    Raises:
        GenerationError: Ruff finds something that it cannot fix, such as an undefined name.
    """
    options = ["--quiet", "--no-cache", "--config", str(config)]
    check_options = ["--fix", "--unsafe-fixes", "--output-format", "concise", *options]
    # Formatted before the check as well: its time grows with the square of the longest line.
    for command in (["format", *options], ["check", *check_options], ["format", *options]):
        # As a module of this Python, ruff is found wherever it is installed, whatever PATH says.
        result = _run_isolated("-m", "ruff", *command, str(package))
        if result.returncode:
            message = ((result.stdout or result.stderr).strip() or "no message").splitlines()[0]
            raise GenerationError(f"ruff {command[0]} failed: {message.removeprefix(f'{package}/')}")


def verify_package(package: Path, script: Path) -> None:
    """Import the package and build its decoders, in a Python process of its own.

    Raises:
        GenerationError: The package cannot be used.
    """
    result = _run_isolated(str(script), str(package.parent), package.name)
    if result.returncode:
        message = (result.stderr.strip() or "no message").splitlines()[-1]
        raise GenerationError(f"the generated package does not work: {message}")


def _run_isolated(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run this Python, isolated from the caller's folder and environment."""
    command = [sys.executable, "-I", "-X", "utf8", *arguments]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)  # noqa: S603  # our own programs
