"""Which tests reach which functions: a mutant runs the tests that reach its function.

All tests run once in a working copy, with a probe at the beginning of each function; they have to pass.
"""

from __future__ import annotations

import marshal
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from tests.prove.campaign import InvalidRunError
from tests.prove.draw.population import ROOT, Mutant, functions, modules
from tests.prove.draw.working_copy import WorkingCopy

TESTS: Sequence[str] = (
    "tests/unit",
    "tests/contract",
    "tests/flow",
    "tests/generator",
    "tests/frame/test_readme.py",
    "--ignore=tests/generator/test_static.py",
)
"""Tests of behaviour. Tests of texts, drift and types fail for any edited source, whatever it does."""

_READERS = {"generated/": "tests/unit/client/test_words.py"}
"""Tests that read the constants of all modules below a folder and call nothing, so that they reach no probe."""


class Reach(msgspec.Struct):
    """The duration of each test, and the indices of the tests that reach a function, by its path and first line."""

    seconds: dict[str, float]
    tests: dict[str, list[int]]

    def of(self, mutant: Mutant) -> list[str]:
        """Return the tests that reach what a mutant changes, quick ones first."""
        found: set[int] = set()
        for path in mutant.paths:
            found |= self._of_file(path, mutant)
        if not found and (mutant.stage == "collection" or not self._has_probes(mutant.paths[-1])):
            found = self._of_package(mutant.paths[-1])
        names = list(self.seconds)
        if mutant.stage == "collection":
            readers = [file for folder, file in _READERS.items() if mutant.paths[-1].startswith(folder)]
            found |= {number for number, name in enumerate(names) if name.partition("::")[0] in readers}
        return sorted((names[number] for number in found), key=lambda name: (self.seconds[name], name))

    def _of_file(self, path: str, mutant: Mutant) -> set[int]:
        function = None if mutant.stage == "collection" else _function(path, mutant)
        if function is not None:
            return set(self.tests.get(f"{path}:{function}", ()))
        # Code that runs at import, or a lambda of a table, which has no probe.
        known = [numbers for place, numbers in self.tests.items() if place.partition(":")[0] == path]
        return self._of_files({number for numbers in known for number in numbers})

    def _has_probes(self, path: str) -> bool:
        """Whether anything of a module was reached; code that only an isolated Python runs reports nothing."""
        return any(place.startswith(f"{path}:") for place in self.tests)

    def _of_files(self, reached: set[int]) -> set[int]:
        """Return all tests of the files with these tests: some read constants and call nothing."""
        names = list(self.seconds)
        files = {names[number].partition("::")[0] for number in reached}
        return {number for number, name in enumerate(names) if name.partition("::")[0] in files}

    def _of_package(self, path: str) -> set[int]:
        """Return the tests that reach anything in the package of a module without functions."""
        folder = path.rpartition("/")[0]
        while folder:
            known = [numbers for place, numbers in self.tests.items() if place.startswith(f"{folder}/")]
            if known:
                return {number for numbers in known for number in numbers}
            folder = folder.rpartition("/")[0]
        return set(range(len(self.seconds)))


def _function(path: str, mutant: Mutant) -> int | None:
    """Return the first line of the function that changes, or None if it is in none."""
    source = (ROOT / path).read_text(encoding="utf-8")
    # The line is of the first path; a copy has a stamp above it.
    shift = source.count("\n", 0, source.index(mutant.before)) - _line(mutant)
    line = mutant.line + shift
    inside = [node.lineno for node, first, last in functions(source) if first <= line <= last]
    return inside[-1] if inside else None


def _line(mutant: Mutant) -> int:
    source = (ROOT / mutant.paths[0]).read_text(encoding="utf-8")
    return source.count("\n", 0, source.index(mutant.before))


def find_reach(copy: WorkingCopy, path: Path, tests: Sequence[str], workers: int) -> Reach:
    """Return which tests reach which functions, from a file if it exists."""
    if path.exists():
        return msgspec.json.decode(path.read_bytes(), type=Reach)
    places = [f"{name}:{line}" for name, lines in _functions() for line in lines]
    folder = copy.root / ".prove" / "reached"
    folder.mkdir(parents=True)
    probes = folder.with_name("probes")
    probes.write_bytes(marshal.dumps(_probes(copy.root, places)))
    # With plain asserts, pytest imports the mock's plugin like any other module.
    command = [sys.executable, "-m", "pytest", "-q", "--assert=plain", "-p", "tests.prove.draw.reach_plugin", *tests]
    command += ["-n", str(workers), "--dist", "loadfile"]
    environment = copy.environment | {"PROBES": str(probes), "PROBES_WRITE_TO": str(folder)}
    environment["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).with_name("probes")), environment["PYTHONPATH"]])
    done = subprocess.run(command, cwd=copy.root, env=environment, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise InvalidRunError(
            f"tests fail with nothing planted but probes:\n{done.stdout[-4000:]}{done.stderr[-2000:]}"
        )
    reach = _read(folder, places)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.encode(reach))
    return reach


def _functions() -> Iterator[tuple[str, list[int]]]:
    """Yield the modules, and the first lines of their functions."""
    for name in (name for module in modules() for name in module.paths):
        yield name, [node.lineno for node, _, _ in functions((ROOT / name).read_text(encoding="utf-8"))]


def _probes(root: Path, places: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return what `probes/sitecustomize.py` reads."""
    numbers: dict[str, dict[str, int]] = defaultdict(dict)
    for number, place in enumerate(places):
        name, _, line = place.partition(":")
        numbers[str(root / name)][line] = number
    copied = [root / module.name for module in modules() if len(module.paths) > 1]
    return {"numbers": dict(numbers), "copied": {"/".join(path.parts[-2:]): str(path) for path in copied}}


def _read(folder: Path, places: Sequence[str]) -> Reach:
    seconds: dict[str, float] = defaultdict(float)
    reached: dict[str, set[int]] = defaultdict(set)
    for path in sorted(folder.iterdir()):
        for line in path.read_text(encoding="utf-8").splitlines():
            name, _, value = line.rpartition("\t")
            if path.name.startswith("seconds-"):
                seconds[name] += float(value)
            else:
                reached[name].add(int(value))
    tests: Mapping[str, set[int]] = defaultdict(set)
    for number, name in enumerate(seconds):
        # Also what the module sets up for all its tests, and what a child process wrote without the label.
        for known in {name, name.partition("::")[0], name.partition("[")[0] if "::" in name else name}:
            for place in reached.get(known, ()):
                tests[places[place]].add(number)
    return Reach(dict(seconds), {place: sorted(numbers) for place, numbers in tests.items()})
