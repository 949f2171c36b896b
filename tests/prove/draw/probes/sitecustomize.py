"""Puts a probe into each function of the product, in every Python process of the run that records reach.

Modules are changed while they are loaded, not on disk: tests copy, check and compare the files. In the process of the
tests, `tests.prove.draw.reach_plugin` reads and clears what was reached. A process that a test has started writes at
once what it reaches, since it may be killed. Little is imported here, because tests check what is.
"""

from __future__ import annotations

import ast
import builtins
import marshal
import os
from importlib.machinery import SourceFileLoader
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import CodeType

REACHED: set[int] = set()
_REACH = "__reach__"


class _Probes:
    """Where probes belong.

    Args:
        numbers: Number of the probe by path of the module and first line of the function.
        copied: Modules that the generator copies into each package: by the end of a path, the module it is copied from.
    """

    def __init__(self, numbers: Mapping[str, Mapping[str, int]], copied: Mapping[str, str]) -> None:
        self._numbers = numbers
        self._copied = copied

    def insert(self, path: str) -> ast.Module | None:
        """Return the module with probes, or None if it gets none."""
        origin, shift, source = path, 0, ""
        if path not in self._numbers:
            origin = self._copied.get("/".join(path.split("/")[-2:]), "")
            if origin not in self._numbers:
                return None
            source, original = _read(path), _read(origin)
            if not source.endswith(original):
                return None
            shift = source.count("\n") - original.count("\n")
        numbers = self._numbers[origin]
        tree = ast.parse(source or _read(path))
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                number = numbers[str(node.lineno - shift)]
                has_docstring = ast.get_docstring(node, clean=False) is not None
                call = ast.Expr(ast.Call(ast.Name(_REACH, ast.Load()), [ast.Constant(number)], []))
                ast.copy_location(call, node.body[0])
                node.body.insert(int(has_docstring), ast.fix_missing_locations(call))
        return tree


def _read(path: str) -> str:
    with open(path, encoding="utf-8") as file:  # noqa: PTH123  # pathlib loads modules that tests look for
        return file.read()


def _write_at_once() -> None:
    """Make this process write what it reaches at once."""
    # Pytest names the test in the environment, which its children inherit.
    test = os.environ["PYTEST_CURRENT_TEST"].rpartition(" (")[0]
    file = os.open(os.environ["PROBES_WRITE_TO"] + f"/{os.getpid()}", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    seen = set()

    def reach(place: int) -> None:
        if place not in seen:
            seen.add(place)
            os.write(file, f"{test}\t{place}\n".encode())

    setattr(builtins, _REACH, reach)


def _probe_loaded_modules(probes: _Probes) -> None:
    get_code = SourceFileLoader.get_code

    def get_probed_code(self: SourceFileLoader, fullname: str) -> CodeType | None:
        path = self.get_filename(fullname)
        tree = probes.insert(path)
        # Modules with probes bypass the cache, which other processes read.
        return get_code(self, fullname) if tree is None else compile(tree, path, "exec", dont_inherit=True)

    SourceFileLoader.get_code = get_probed_code  # type: ignore[method-assign,assignment]  # the same call


if "PROBES" in os.environ:
    with open(os.environ["PROBES"], "rb") as _places:  # noqa: PTH123  # as in _read
        _probe_loaded_modules(_Probes(**marshal.load(_places)))  # noqa: S302  # the run has written it itself
    if "PYTEST_CURRENT_TEST" in os.environ:
        _write_at_once()
    else:
        setattr(builtins, _REACH, REACHED.add)
        os.register_at_fork(after_in_child=lambda: _write_at_once() if "PYTEST_CURRENT_TEST" in os.environ else None)
