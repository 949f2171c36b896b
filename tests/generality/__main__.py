"""`python -m tests.generality DOCUMENT ...`: generates the client of each document, and counts what it holds to."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from .calls import call_all
from .examples import Tally, property_examples, response_examples
from .round_trip import round_trips
from .subject import Subject, generated
from .times import measure_times

_SHOWN = 5


def main(arguments: list[str] | None = None) -> int:
    """Run the command, and return its exit code: 0 if everything holds, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.generality", description=__doc__)
    parser.add_argument("documents", nargs="+", type=Path, metavar="DOCUMENT", help="an OpenAPI document, YAML or JSON")
    parser.add_argument("--examples", type=int, default=20, help="bodies to draw for each operation (20)")
    parser.add_argument(
        "--types", action="store_true", help="check each package with mypy --strict and pyright as well"
    )
    options = parser.parse_args(arguments)
    holds = True
    for number, document in enumerate(options.documents):
        begin_s = time.monotonic()
        with generated(document, f"subject{number}") as subject:
            print(f"{document.name}: generated in {time.monotonic() - begin_s:.1f} s, {len(subject.notes.found)} notes")
            holds &= report(subject, document, options.examples, types=options.types)
            times = measure_times(subject)
            print(f"  package imported beyond httpx2             {times.package:7.1f} ms")
            print(f"  models imported                            {times.models:7.1f} ms")
            print(f"  slowest operation made ready               {times.operation:7.1f} ms")
    return 0 if holds else 1


def report(subject: Subject, document: Path, examples: int, *, types: bool) -> bool:
    """Print what holds for a document, and return whether all does."""
    made = Tally(subject.declared, [str(missing) for missing in subject.notes.missing])
    rows = {
        "operations generated": made,
        "operations called, sync and async": call_all(subject),
        "operations whose drawn bodies round-trip": round_trips(subject, document, examples),
        "examples of properties decoded": property_examples(subject),
        "examples of whole responses decoded": response_examples(subject),
    }
    if types:
        rows["type checkers without an error"] = _type_checkers(subject)
    for name, tally in rows.items():
        print(f"  {name:42} {tally.tried - len(tally.failures):4} of {tally.tried}")
        for failure in tally.failures[:_SHOWN]:
            print(f"    {failure}")
        if len(tally.failures) > _SHOWN:
            print(f"    and {len(tally.failures) - _SHOWN} more")
    return not any(tally.failures for tally in rows.values())


def _type_checkers(subject: Subject) -> Tally:
    tally = Tally()
    commands = {"mypy": ["mypy", "--strict"], "pyright": ["pyright", "--pythonpath", sys.executable]}
    for name, command in commands.items():
        if name == "pyright":
            (subject.folder.parent / "pyrightconfig.json").write_text(
                '{"typeCheckingMode": "strict"}', encoding="utf-8"
            )
        result = subprocess.run(  # our own programs
            [sys.executable, "-m", *command, subject.folder.name],
            cwd=subject.folder.parent,
            capture_output=True,
            text=True,
            check=False,
        )
        last = (result.stdout or result.stderr).strip().splitlines()[-1:]
        tally.add(name, None if result.returncode == 0 else " ".join(last))
    return tally


if __name__ == "__main__":
    sys.exit(main())
