"""All benchmarks, as tables of what was measured in this run beside what is aimed at.

`python -m tests.bench` measures everything, `python -m tests.bench memory` what is named.
"""

from __future__ import annotations

import platform
import sys

from tests.bench import calls, decoding, generation, imports, memory, uploading

BENCHMARKS = {
    # Before the others, which keep this process to one CPU.
    "uploads": uploading.run,
    "memory": memory.run,
    "decoding": decoding.run,
    "calls": calls.run,
    "imports": imports.run,
    "generation": generation.run,
}


def main(names: list[str]) -> None:
    """Measure and show everything, or what is named."""
    print(f"Python {platform.python_version()}; medians of interleaved rounds, on this machine and in this run")
    for name in names or BENCHMARKS:
        BENCHMARKS[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
