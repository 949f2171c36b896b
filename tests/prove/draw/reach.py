"""Finds out which tests reach which functions: a mutant is judged by all tests that could notice it, and no others.

A probe is put at the beginning of each function while its module is loaded, and all tests are run so, once, in a copy
of the tree: they have to pass.
"""

from __future__ import annotations

import marshal
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tests.prove.campaign import ControlError
from tests.prove.draw.population import ROOT, functions, modules

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.prove.draw.population import Mutant
    from tests.prove.draw.tree import Tree

__all__ = ["TESTS", "Reach", "find_reach"]

TESTS: Sequence[str] = (
    "tests/unit",
    "tests/contract",
    "tests/flow",
    "tests/generator",
    "tests/frame/test_readme.py",
    "--ignore=tests/generator/test_static.py",
)
"""Tests of behaviour. Those of texts, of drift and of types notice that a source was edited, whatever it does."""


class Reach(msgspec.Struct):
    """Which tests reach which functions.

    Attributes:
        seconds: How long each test takes.
        tests: Numbers of tests, in the order of `seconds`, by path and first line of the function.
    """

    seconds: dict[str, float]
    tests: dict[str, list[int]]

    def of(self, mutant: Mutant) -> list[str]:
        """Return the tests that reach what a mutant changes, quick ones first."""
        found: set[int] = set()
        for path in mutant.paths:
            found |= self._of_file(path, mutant)
        if not found and (mutant.mode == "collection" or not self._has_probes(mutant.paths[-1])):
            found = self._of_package(mutant.paths[-1])
        names = list(self.seconds)
        return sorted((names[number] for number in found), key=lambda name: (self.seconds[name], name))

    def _of_file(self, path: str, mutant: Mutant) -> set[int]:
        if mutant.mode == "collection":
            known = [numbers for place, numbers in self.tests.items() if place.partition(":")[0] == path]
            return self._of_files({number for numbers in known for number in numbers})
        source = (ROOT / path).read_text(encoding="utf-8")
        # The first of the paths is the one that the line is of; a copy has a stamp above it.
        shift = source.count("\n", 0, source.index(mutant.before)) - _line(mutant)
        line = mutant.line + shift
        inside = [node.lineno for node, first, last in functions(source) if first <= line <= last]
        return set(self.tests.get(f"{path}:{inside[-1]}", ())) if inside else set()

    def _has_probes(self, path: str) -> bool:
        """Whether anything of a module was reached; one that is only run in an isolated Python tells of nothing."""
        return any(place.startswith(f"{path}:") for place in self.tests)

    def _of_files(self, reached: set[int]) -> set[int]:
        """Return all tests of the files that some are in: constants are looked at by tests that call nothing."""
        names = list(self.seconds)
        files = {names[number].partition("::")[0] for number in reached}
        return {number for number, name in enumerate(names) if name.partition("::")[0] in files}

    def _of_package(self, path: str) -> set[int]:
        """Return the tests that reach a module without functions: any of its package."""
        folder = path.rpartition("/")[0]
        while folder:
            known = [numbers for place, numbers in self.tests.items() if place.startswith(f"{folder}/")]
            if known:
                return {number for numbers in known for number in numbers}
            folder = folder.rpartition("/")[0]
        return set(range(len(self.seconds)))


def _line(mutant: Mutant) -> int:
    source = (ROOT / mutant.paths[0]).read_text(encoding="utf-8")
    return source.count("\n", 0, source.index(mutant.before))


def find_reach(tree: Tree, path: Path, tests: Sequence[str], workers: int) -> Reach:
    """Return which tests reach which functions, from a file if that was found out before.

    Raises:
        ControlError: A test fails with nothing planted.
    """
    if path.exists():
        return msgspec.json.decode(path.read_bytes(), type=Reach)
    places = [f"{name}:{line}" for name, lines in _functions() for line in lines]
    folder = tree.root / ".prove" / "reached"
    folder.mkdir(parents=True)
    probes = folder.with_name("probes")
    probes.write_bytes(marshal.dumps(_probes(tree.root, places)))
    # Without asserts of its own, pytest imports the mock's plugin like any other module.
    command = [sys.executable, "-m", "pytest", "-q", "--assert=plain", "-p", "tests.prove.draw.reach_plugin", *tests]
    command += ["-n", str(workers), "--dist", "loadfile"]
    environment = tree.environment | {"PROBES": str(probes), "PROBES_WRITE_TO": str(folder)}
    environment["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).with_name("probed")), environment["PYTHONPATH"]])
    done = subprocess.run(command, cwd=tree.root, env=environment, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise ControlError(f"red with nothing planted but probes:\n{done.stdout[-4000:]}{done.stderr[-2000:]}")
    reach = _read(folder, places)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.encode(reach))
    return reach


def _functions() -> Iterator[tuple[str, list[int]]]:
    """Yield the modules, and the first lines of their functions."""
    for name in (name for module in modules() for name in module.paths):
        yield name, [node.lineno for node, _, _ in functions((ROOT / name).read_text(encoding="utf-8"))]


def _probes(root: Path, places: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return what `probed/sitecustomize.py` reads."""
    numbers: dict[str, dict[str, int]] = defaultdict(dict)
    for number, place in enumerate(places):
        name, _, line = place.partition(":")
        numbers[str(root / name)][line] = number
    copied = [root / module.name for module in modules() if len(module.paths) > 1]
    return {"numbers": dict(numbers), "copied": {"/".join(one.parts[-2:]): str(one) for one in copied}}


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
        # What a module sets up for all of its tests; and what a child process has written by the name without a label.
        for known in {name, name.partition("::")[0], name.partition("[")[0] if "::" in name else name}:
            for place in reached.get(known, ()):
                tests[places[place]].add(number)
    return Reach(dict(seconds), {place: sorted(numbers) for place, numbers in tests.items()})
