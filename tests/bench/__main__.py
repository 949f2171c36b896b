"""All benchmarks, as tables of what was measured in this run beside what is aimed at."""

from __future__ import annotations

import platform

from tests.bench import calls, decoding, generation, imports, memory, uploading


def main() -> None:
    """Measure and show everything."""
    print(f"Python {platform.python_version()}; medians of interleaved rounds, on this machine and in this run")
    decoding.run()
    calls.run()
    imports.run()
    generation.run()
    uploading.run()
    memory.run()


if __name__ == "__main__":
    main()
