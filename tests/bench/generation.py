"""Generating the client from the fragment, with the start of Python."""

from __future__ import annotations

import subprocess
import sys
import tempfile

from tests.bench.loopback import ROOT
from tests.bench.measure import Row, medians, show


def run() -> None:
    """Measure and show."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "generator", "--output", folder]

        def generate(_: int) -> None:
            subprocess.run(command, cwd=ROOT, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

        found = medians({"generate": generate}, calls=1, rounds=3)
    value = f"{found['generate']:.2f} s"
    show("Generation of the client from spec/openapi.yaml", [Row("python -m generator", value, value, "at most 2 s")])
