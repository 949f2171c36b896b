"""Every mutant of what ships and of the generator: the population that a draw speaks for.

The operators are mutmut's and three of our own. Mutmut's runner is not used: it copies the project for each run, and
knows nothing of `generated/`, where the overlay's modules are imported from.
"""

from __future__ import annotations

import ast
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

import libcst as cst
import msgspec
from mutmut.mutation.file_mutation import Mutation, MutationVisitor, deep_replace
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import get_ignored_lines

from tests.prove.draw.code_swap import can_swap

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

__all__ = ["PACKAGES", "Mode", "Module", "Mutant", "modules"]

ROOT = Path(__file__).parents[3]
_OVERLAY = Path("generator", "overlay")
_GENERATED = Path("generated", "box_uploads")
_SHOWN = 160

Mode: TypeAlias = Literal["run", "collection"]
"""When a mutant is planted: `run`: the code of functions is swapped after the tests were collected. `collection`: what
runs at import is different, so that it has to be there before the tests are collected."""

PACKAGES: Mapping[str, float] = {
    "uploader": 0.96,
    "runtime": 0.96,
    "rendered client": 0.96,
    "mock": 0.96,
    "command line": 0.92,
    "generator": 0.92,
}
"""The packages of the population, and the share of mutants of each that the tests have to notice."""


class Mutant(msgspec.Struct, frozen=True, kw_only=True):
    """One change of one module.

    Attributes:
        id: Path of the module, number of the mutant in it, and what changes.
        package: Package of the population.
        paths: Files that have the text which changes, relative to the root; an overlay's module and its copy, both.
        line: Number of the first line that changes in the first of them.
        before: The statement of the top level that changes.
        after: What it becomes.
        mode: When it is planted.
    """

    id: str
    package: str
    paths: tuple[str, ...]
    line: int
    before: str
    after: str
    mode: Mode

    @property
    def listed_as(self) -> str:
        """The name in the list of equivalents: without the number, which changes with every mutant above it."""
        name, _, change = self.id.partition("#")
        return f"{name}: {change.partition(': ')[2]}"

    def texts(self, root: Path) -> dict[Path, str]:
        """Return the whole text of each file with the change.

        Raises:
            ValueError: A file does not have the statement, or has it more than once.
        """
        changed = {}
        for name in self.paths:
            text = (root / name).read_text(encoding="utf-8")
            if text.count(self.before) != 1:
                raise ValueError(f"{name} does not have the statement of {self.id} once")
            changed[root / name] = text.replace(self.before, self.after)
        return changed


class Module(msgspec.Struct, frozen=True):
    """A module of the population.

    Attributes:
        package: Its package.
        paths: The file, and its copy if it is the overlay's; relative to the root.
    """

    package: str
    paths: tuple[str, ...]

    @property
    def name(self) -> str:
        """The path of the file that is edited by hand, or rendered."""
        return self.paths[0]

    def count(self) -> int:
        """Return how many mutants there are."""
        return len(_mutations(self.name)[1])

    def mutants(self, numbers: Iterable[int]) -> Iterator[Mutant]:
        """Yield mutants by their numbers, which begin at 0."""
        source = (ROOT / self.name).read_text(encoding="utf-8")
        tree, mutations = _mutations(self.name)
        statements = _Statements(tree, source)
        for number in numbers:
            mutation = mutations[number]
            start, statement = statements.around(mutation.original_node)
            # A statement is much smaller than the module, and replacing in it that much faster.
            before = tree.code_for_node(statement)
            mutated: Any = deep_replace(statement, mutation.original_node, mutation.mutated_node)
            after = tree.code_for_node(mutated)
            change, line = _describe(before, after)
            changed = source[:start] + after + source[start + len(before) :]
            yield Mutant(
                id=f"{self.name}#{number}: {change}",
                package=self.package,
                paths=self.paths,
                line=source.count("\n", 0, start) + line,
                before=before,
                after=after,
                mode="run" if can_swap(source, changed) else "collection",
            )


def modules() -> list[Module]:
    """Return all modules of the population, in the order of packages and names."""
    return [
        *_modules("uploader", (_OVERLAY / "upload").rglob("*.py")),
        *_modules("runtime", (_OVERLAY / "_runtime").rglob("*.py")),
        *_modules("rendered client", _rendered()),
        *_modules("mock", Path("tests", "mock", "box_uploads_mock").rglob("*.py")),
        *_modules("command line", (_OVERLAY / "cli").rglob("*.py")),
        *_modules("generator", _generator()),
    ]


def _modules(package: str, paths: Iterable[Path]) -> Iterator[Module]:
    for path in sorted((ROOT / one).relative_to(ROOT) for one in paths):
        copy = (_GENERATED / path.relative_to(_OVERLAY),) if path.is_relative_to(_OVERLAY) else ()
        yield Module(package, tuple(one.as_posix() for one in (path, *copy)))


def _rendered() -> Iterator[Path]:
    copied = {_GENERATED / one.relative_to(_OVERLAY).parts[0] for one in _OVERLAY.rglob("*.py")}
    return (one for one in _GENERATED.rglob("*.py") if not any(one.is_relative_to(folder) for folder in copied))


def _generator() -> Iterator[Path]:
    return (path for path in Path("generator").rglob("*.py") if not path.is_relative_to(_OVERLAY))


def _drop(node: cst.SimpleStatementLine) -> Iterator[cst.SimpleStatementLine]:
    """Leave out a call whose result nobody takes, or a `raise`."""
    (first, *others) = node.body
    is_call = isinstance(first, cst.Expr) and isinstance(first.value, (cst.Call, cst.Await))
    if not others and (is_call or isinstance(first, (cst.Raise, cst.Del))):
        yield node.with_changes(body=[cst.Pass()])


def _negate(node: cst.If | cst.While) -> Iterator[cst.If | cst.While]:
    """Turn a condition around."""
    if isinstance(node, cst.If):
        inner = node.test.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
        yield node.with_changes(
            test=cst.UnaryOperation(operator=cst.Not(), expression=inner),
            whitespace_before_test=cst.SimpleWhitespace(" "),
        )


def _return_nothing(node: cst.Return) -> Iterator[cst.Return]:
    """Return None instead of a value."""
    is_none = isinstance(node.value, cst.Name) and node.value.value == "None"
    if node.value is not None and not is_none:
        yield node.with_changes(value=cst.Name("None"))


_Operator: TypeAlias = "tuple[type[cst.CSTNode], Callable[[Any], Iterable[cst.CSTNode]]]"
_OPERATORS: Sequence[_Operator] = (
    *mutation_operators,
    (cst.SimpleStatementLine, _drop),
    (cst.If, _negate),
    (cst.Return, _return_nothing),
)
_KNOWN: dict[str, tuple[cst.Module, list[Mutation]]] = {}


def _mutations(name: str) -> tuple[cst.Module, list[Mutation]]:
    if name not in _KNOWN:
        source = (ROOT / name).read_text(encoding="utf-8")
        wrapper = cst.MetadataWrapper(cst.parse_module(source))
        visitor = MutationVisitor(_OPERATORS, get_ignored_lines(name, source, wrapper, None), None)
        tree = wrapper.visit(visitor)
        for_types = {id(one) for call in _casts(tree) for one in _within(call.args[0])}
        _KNOWN[name] = tree, [one for one in visitor.mutations if not _is_of_a_type(one, for_types)]
    return _KNOWN[name]


def _is_cast(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value == "cast"


def _casts(tree: cst.CSTNode) -> Iterator[cst.Call]:
    return (cast("cst.Call", one) for one in _within(tree) if _is_cast(one))


def _within(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    yield node
    for child in node.children:
        yield from _within(child)


def _is_of_a_type(mutation: Mutation, for_types: Collection[int]) -> bool:
    """Whether only type checkers read what changes: the first argument of `cast` is left out, as annotations are."""
    old, new = mutation.original_node, mutation.mutated_node
    if isinstance(old, cst.Call) and isinstance(new, cst.Call) and _is_cast(old) and _is_cast(new):
        return len(new.args) == len(old.args) and new.args[1].deep_equals(old.args[1])
    return id(old) in for_types


class _Statements:
    """The statements of a module, to be found by what is in them."""

    def __init__(self, tree: cst.Module, source: str) -> None:
        self._around: dict[int, tuple[int, cst.CSTNode]] = {}
        start = len(source) - sum(len(tree.code_for_node(one)) for one in (*tree.body, *tree.footer))
        for statement in tree.body:
            self._enter(statement, (start, statement))
            start += len(tree.code_for_node(statement))

    def _enter(self, node: cst.CSTNode, found: tuple[int, cst.CSTNode]) -> None:
        self._around[id(node)] = found
        for child in node.children:
            self._enter(child, found)

    def around(self, node: cst.CSTNode) -> tuple[int, cst.CSTNode]:
        """Return where the outermost statement around a node begins, and the statement."""
        return self._around[id(node)]


def _describe(before: str, after: str) -> tuple[str, int]:
    """Return what changes from one text to another, in one line, and the number of the line where it begins."""
    old, new = before.splitlines(), after.splitlines()
    changes = [one for one in SequenceMatcher(None, old, new, autojunk=False).get_opcodes() if one[0] != "equal"]
    first, last = changes[0], changes[-1]
    gone = " ".join(line.strip() for line in old[first[1] : last[2]])
    come = " ".join(line.strip() for line in new[first[3] : last[4]])
    return f"{gone[:_SHOWN]} => {come[:_SHOWN] or 'nothing'}", first[1] + 1


def functions(source: str) -> list[tuple[ast.FunctionDef | ast.AsyncFunctionDef, int, int]]:
    """Return the functions of a module with the first and the last line of their bodies, outer ones first."""
    nodes = [one for one in ast.walk(ast.parse(source)) if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef))]
    return sorted(((one, one.body[0].lineno, one.end_lineno or 0) for one in nodes), key=lambda one: one[1])
