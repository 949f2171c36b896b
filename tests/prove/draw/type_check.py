"""Shows mutants to mypy, which is part of `make test` as the tests are."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.prove.campaign import InvalidRunError
from tests.prove.draw.population import Mutant
from tests.prove.draw.working_copy import WorkingCopy


class TypeCheck:
    """Mypy on a working copy, one mutant after the other; its cache makes each of them a matter of a second.

    Args:
        copy: The working copy, with nothing planted.
        cache: The folder of the cache.

    Raises:
        InvalidRunError: Mypy finds errors with nothing planted, or does not run.
    """

    def __init__(self, copy: WorkingCopy, cache: Path) -> None:
        self._copy, self._cache = copy, cache
        self._second = int(time.time())
        error = self._first_error()
        if error:
            raise InvalidRunError(f"mypy finds errors with nothing planted: {error}")

    def refusal(self, mutant: Mutant) -> str:
        """Return the first error that mypy finds in a mutant, or an empty text.

        Raises:
            InvalidRunError: Mypy does not run.
        """
        before = {path: path.read_bytes() for path in mutant.texts(self._copy.root)}
        try:
            for path, text in mutant.texts(self._copy.root).items():
                self._write(path, text.encode())
            return self._first_error()
        finally:
            for path, content in before.items():
                self._write(path, content)

    def _write(self, path: Path, content: bytes) -> None:
        path.write_bytes(content)
        # Mypy takes a file of the same size and the same second for the same.
        self._second += 1
        os.utime(path, (self._second, self._second))

    def _first_error(self) -> str:
        # That a comment is needed no more says nothing about the code.
        command = [sys.executable, "-m", "mypy", "--no-warn-unused-ignores", "--cache-dir", str(self._cache)]
        done = subprocess.run(
            command, cwd=self._copy.root, env=self._copy.environment, check=False, capture_output=True, text=True
        )
        if done.returncode == 0:
            return ""
        errors = [line for line in done.stdout.splitlines() if ": error: " in line]
        if not errors:
            raise InvalidRunError(f"mypy does not run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return errors[0]
