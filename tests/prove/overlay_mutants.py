"""Mutants of the hand-written modules that decide what is correct: mutmut makes them, the judge plants them.

Mutmut's own runner copies the project for each run and knows nothing of `generated/`, where the overlay's modules are
imported from. So its operators are used as a library, and a mutated module takes the place of the true one when it is
imported.
"""

from __future__ import annotations

import sys
from difflib import SequenceMatcher
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_loader
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from tests.prove.campaign import NO_DEFECT, Defect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import CodeType, ModuleType

    import libcst

__all__ = ["OVERLAY_MUTANTS", "Mutant", "OverlayMutants", "mutants"]

_ROOT = Path(__file__).parents[2]
_OVERLAY = Path("generator", "overlay")
_PACKAGES = ("box_uploads.", "generator.overlay.")
_SHOWN = 160


class Mutant(msgspec.Struct, frozen=True, kw_only=True):
    """One change of a module.

    Attributes:
        id: The lines that change, and what they become.
        line: Number of the first of them.
        code: The source text of the whole module with the change.
    """

    id: str
    line: int
    code: str


def mutants(module: str) -> Iterator[Mutant]:
    """Yield the mutants of a module of the overlay, in the order of their places.

    Args:
        module: Its path within the overlay.
    """
    # Imported late: only this campaign's processes pay for it.
    from mutmut.mutation.file_mutation import create_mutations, deep_replace  # noqa: PLC0415

    source = (_ROOT / _OVERLAY / module).read_text(encoding="utf-8")
    tree, mutations, *_ = create_mutations(module, source)
    statements = _Statements(tree, source)
    seen: dict[str, int] = {}
    for mutation in mutations:
        start, statement = statements.around(mutation.original_node)
        # A statement is much smaller than the module, and replacing in it that much faster.
        before = tree.code_for_node(statement)
        mutated: Any = deep_replace(statement, mutation.original_node, mutation.mutated_node)
        after = tree.code_for_node(mutated)
        name, line = _described(before, after)
        seen[name] = seen.get(name, 0) + 1
        yield Mutant(
            id=name if seen[name] == 1 else f"{name} #{seen[name]}",
            line=source.count("\n", 0, start) + line,
            code=source[:start] + after + source[start + len(before) :],
        )


class _Statements:
    """The statements of a module, to be found by what is in them."""

    def __init__(self, tree: libcst.Module, source: str) -> None:
        self._around: dict[int, tuple[int, libcst.CSTNode]] = {}
        start = len(source) - sum(len(tree.code_for_node(one)) for one in (*tree.body, *tree.footer))
        for statement in tree.body:
            self._enter(statement, (start, statement))
            start += len(tree.code_for_node(statement))

    def _enter(self, node: libcst.CSTNode, found: tuple[int, libcst.CSTNode]) -> None:
        self._around[id(node)] = found
        for child in node.children:
            self._enter(child, found)

    def around(self, node: libcst.CSTNode) -> tuple[int, libcst.CSTNode]:
        """Return where the outermost statement around a node begins, and the statement."""
        return self._around[id(node)]


def _described(before: str, after: str) -> tuple[str, int]:
    """Return what changes from one text to another, in one line, and the number of the line where it begins."""
    old, new = before.splitlines(), after.splitlines()
    changes = [one for one in SequenceMatcher(None, old, new, autojunk=False).get_opcodes() if one[0] != "equal"]
    first, last = changes[0], changes[-1]
    gone = " ".join(line.strip() for line in old[first[1] : last[2]])
    come = " ".join(line.strip() for line in new[first[3] : last[4]])
    return f"{gone[:_SHOWN]} => {come[:_SHOWN] or 'nothing'}", first[1] + 1


class OverlayMutants:
    """Mutants of one module, and the tests that hold it.

    Args:
        module: Path of the module within the overlay.
        tests: Names of the test modules, below `tests/unit`.
    """

    stage: Literal["collection"] = "collection"

    def __init__(self, module: str, *tests: str) -> None:
        self.name = f"overlay {module}"
        self.tests: Sequence[str] = [f"tests/unit/{one}.py" for one in tests]
        self._module = module
        self._mutants: Mapping[str, Mutant] = {}

    def defects(self) -> Sequence[Defect]:
        """Return all mutants."""
        self._mutants = {one.id: one for one in mutants(self._module)}
        path = (_OVERLAY / self._module).as_posix()
        return [
            # Everything is in focus: there are no tests but those of the module.
            Defect(id=one.id, place=f"{path}:{one.line}", change=one.id, focus=tuple(self.tests))
            for one in self._mutants.values()
        ]

    def plant(self, defect: Defect) -> None:
        """Let the mutant be imported instead of the module."""
        if defect is not NO_DEFECT:
            # The generator, which another campaign imports, uses a few of these modules itself.
            for loaded in [one for one in sys.modules if one.startswith(_PACKAGES)]:
                del sys.modules[loaded]
            name = self._module.removesuffix(".py").replace("/", ".")
            # Tests of the runtime import it from where it is written, all others from where it is used.
            for package, folder in (("generator.overlay", _OVERLAY), ("box_uploads", Path("generated", "box_uploads"))):
                path = str(_ROOT / folder / self._module)
                sys.meta_path.insert(0, _Instead(f"{package}.{name}", path, self._mutants[defect.id].code))


class _Instead(SourceFileLoader):
    """Finds and loads one module from a text instead of from its file."""

    def __init__(self, name: str, path: str, code: str) -> None:
        super().__init__(name, path)
        self._code = code

    def find_spec(self, name: str, path: object = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Return how to load the module, if it is the one."""
        return spec_from_loader(name, self) if name == self.name else None

    def get_code(self, fullname: str) -> CodeType | None:
        """Compile the text."""
        code: CodeType = compile(self._code, self.path, "exec", dont_inherit=True)
        return code


OVERLAY_MUTANTS: Sequence[OverlayMutants] = (
    OverlayMutants("_runtime/errors.py", "runtime/test_errors"),
    OverlayMutants("_runtime/retry.py", "runtime/test_retry"),
    OverlayMutants("_runtime/codec.py", "runtime/test_codec"),
    OverlayMutants("_runtime/trust.py", "runtime/test_trust"),
    OverlayMutants("upload/plan.py", "upload/test_plan"),
    OverlayMutants("upload/verdict.py", "upload/test_verdict", "upload/test_part", "upload/test_commit"),
    OverlayMutants("upload/journal.py", "upload/test_journal"),
    OverlayMutants("upload/commit.py", "upload/test_commit"),
    OverlayMutants("upload/confirmation.py", "upload/test_confirmation"),
    OverlayMutants("upload/digest.py", "upload/test_digest"),
    OverlayMutants("upload/part.py", "upload/test_part"),
)
