"""All mutants of what ships and of the generator: the population that is drawn from.

The operators are mutmut's and three of our own. Mutmut's runner is not used: it copies the project for each run, and
ignores `generated/`, where the overlay's modules are imported from.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, TypeAlias, cast

import libcst as cst
import msgspec
from mutmut.mutation.file_mutation import Mutation, MutationVisitor, deep_replace
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import get_ignored_lines

from tests.prove.campaign import Stage
from tests.prove.draw.code_swap import can_swap

ROOT = Path(__file__).parents[3]
_OVERLAY = Path("generator", "overlay")
_GENERATED = Path("generated", "box_uploads")
_SHOWN = 160
_CODECS = frozenset({"utf-8", "ascii", "latin-1"})

PACKAGES: Mapping[str, float] = {
    "uploader": 0.96,
    "sign-in": 0.96,
    "runtime": 0.96,
    "rendered client": 0.96,
    "mock": 0.96,
    "command line": 0.92,
    "generator": 0.92,
}
"""The share of mutants that the tests have to detect, by package."""


class Mutant(msgspec.Struct, frozen=True, kw_only=True):
    """One change of one module.

    Attributes:
        id: Path of the module, number of the mutant in it, and what changes.
        package: Package of the population.
        paths: Files that change, relative to the root: the module, and its copy if it is the overlay's.
        line: First line that changes in the first of them.
        before: The top-level statement that changes.
        after: What it becomes.
        stage: `run` if only functions change, `collection` if code that runs at import does.
    """

    id: str
    package: str
    paths: tuple[str, ...]
    line: int
    before: str
    after: str
    stage: Stage

    @property
    def place(self) -> str:
        """Where it is."""
        return f"{self.paths[0]}:{self.line}"

    @property
    def equivalence_id(self) -> str:
        """The name in the list of equivalents: without the number, which depends on the mutants above."""
        name, _, change = self.id.partition("#")
        return f"{name}: {change.partition(': ')[2]}"

    def texts(self, root: Path) -> dict[Path, str]:
        """Return the whole text of each file with the change."""
        changed = {}
        for name in self.paths:
            text = (root / name).read_text(encoding="utf-8")
            if text.count(self.before) != 1:
                raise ValueError(f"{name} does not have the statement of {self.id} once")
            changed[root / name] = text.replace(self.before, self.after)
        return changed


class Module(msgspec.Struct, frozen=True):
    """A module: the path of the file, and that of its copy if it is the overlay's, relative to the root."""

    package: str
    paths: tuple[str, ...]

    @property
    def name(self) -> str:
        """The path of the original file."""
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
            # Replacing in a statement is much faster than in the module.
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
                stage="run" if can_swap(source, changed) else "collection",
            )


def modules() -> list[Module]:
    """Return all modules of the population, in the order of packages and names."""
    return [
        *_modules("uploader", (_OVERLAY / "upload").rglob("*.py")),
        *_modules("sign-in", (_OVERLAY / "auth").rglob("*.py")),
        *_modules("runtime", (_OVERLAY / "_runtime").rglob("*.py")),
        *_modules("rendered client", _rendered()),
        *_modules("mock", Path("tests", "mock", "box_uploads_mock").rglob("*.py")),
        *_modules("command line", (_OVERLAY / "cli").rglob("*.py")),
        *_modules("generator", _generator()),
    ]


def _modules(package: str, paths: Iterable[Path]) -> Iterator[Module]:
    for path in sorted((ROOT / found).relative_to(ROOT) for found in paths):
        copy = (_GENERATED / path.relative_to(_OVERLAY),) if path.is_relative_to(_OVERLAY) else ()
        yield Module(package, tuple(file.as_posix() for file in (path, *copy)))


def _rendered() -> Iterator[Path]:
    copied = {_GENERATED / path.relative_to(_OVERLAY).parts[0] for path in _OVERLAY.rglob("*.py")}
    return (path for path in _GENERATED.rglob("*.py") if not any(map(path.is_relative_to, copied)))


def _generator() -> Iterator[Path]:
    return (path for path in Path("generator").rglob("*.py") if not path.is_relative_to(_OVERLAY))


def _drop(node: cst.SimpleStatementLine) -> Iterator[cst.SimpleStatementLine]:
    """Remove a call whose result is not used, or a `raise`."""
    (first, *others) = node.body
    is_call = isinstance(first, cst.Expr) and isinstance(first.value, (cst.Call, cst.Await))
    if not others and (is_call or isinstance(first, (cst.Raise, cst.Del))):
        yield node.with_changes(body=[cst.Pass()])


def _negate(node: cst.If | cst.While) -> Iterator[cst.If | cst.While]:
    """Negate a condition."""
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
        for_types = {id(node) for call in _casts(tree) for node in _within(call.args[0])}
        of_headers = {id(name) for name in _header_names(tree)}
        _KNOWN[name] = (
            tree,
            [
                mutation
                for mutation in visitor.mutations
                if not _only_types(mutation, for_types) and not _only_case(mutation, of_headers)
            ],
        )
    return _KNOWN[name]


def _is_cast(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Call) and isinstance(node.func, cst.Name) and node.func.value == "cast"


def _casts(tree: cst.CSTNode) -> Iterator[cst.Call]:
    return (cast("cst.Call", node) for node in _within(tree) if _is_cast(node))


def _within(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    yield node
    for child in node.children:
        yield from _within(child)


def _only_types(mutation: Mutation, for_types: Collection[int]) -> bool:
    """Whether only type checkers read what changes: annotations, and the first argument of `cast`."""
    old, new = mutation.original_node, mutation.mutated_node
    if isinstance(old, cst.Call) and isinstance(new, cst.Call) and _is_cast(old) and _is_cast(new):
        return len(new.args) == len(old.args) and new.args[1].deep_equals(old.args[1])
    return id(old) in for_types


def _header_names(tree: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """Yield the names by which header fields are looked up."""
    for node in _within(tree):
        match node:
            case cst.Call(
                func=cst.Attribute(value=fields, attr=cst.Name(value="get" | "get_list")),
                args=[cst.Arg(value=name), *_],
            ) if _are_headers(fields):
                yield name
            case cst.Subscript(value=fields, slice=[cst.SubscriptElement(slice=cst.Index(value=name))]) if _are_headers(
                fields
            ):
                yield name
            case _:
                pass


def _are_headers(node: cst.CSTNode) -> bool:
    name = node.attr if isinstance(node, cst.Attribute) else node
    return isinstance(name, cst.Name) and name.value == "headers"


def _only_case(mutation: Mutation, of_headers: Collection[int]) -> bool:
    """Whether a name changes its letter case where that means nothing: that of a codec, or of a header field."""
    old, new = mutation.original_node, mutation.mutated_node
    if not isinstance(old, cst.SimpleString) or not isinstance(new, cst.SimpleString):
        return False
    is_free = old.value.strip("\"'") in _CODECS or id(old) in of_headers
    return is_free and old.value.lower() == new.value.lower()


class _Statements:
    """Finds the top-level statement around a node."""

    def __init__(self, tree: cst.Module, source: str) -> None:
        self._around: dict[int, tuple[int, cst.CSTNode]] = {}
        start = len(source) - sum(len(tree.code_for_node(node)) for node in (*tree.body, *tree.footer))
        for statement in tree.body:
            self._enter(statement, (start, statement))
            start += len(tree.code_for_node(statement))

    def _enter(self, node: cst.CSTNode, found: tuple[int, cst.CSTNode]) -> None:
        self._around[id(node)] = found
        for child in node.children:
            self._enter(child, found)

    def around(self, node: cst.CSTNode) -> tuple[int, cst.CSTNode]:
        """Return where the statement begins, and the statement."""
        return self._around[id(node)]


def _describe(before: str, after: str) -> tuple[str, int]:
    """Return what changes between two texts, in one line, and its first line number."""
    old, new = before.splitlines(), after.splitlines()
    codes = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    changes = [code for code in codes if code[0] != "equal"]
    first, last = changes[0], changes[-1]
    removed = " ".join(line.strip() for line in old[first[1] : last[2]])
    added = " ".join(line.strip() for line in new[first[3] : last[4]])
    return f"{removed[:_SHOWN]} => {added[:_SHOWN] or 'nothing'}", first[1] + 1


def functions(source: str) -> list[tuple[ast.FunctionDef | ast.AsyncFunctionDef, int, int]]:
    """Return the functions of a module with the first and the last line of their bodies, outer ones first."""
    nodes = (node for node in ast.walk(ast.parse(source)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)))
    return sorted(((node, node.body[0].lineno, node.end_lineno or 0) for node in nodes), key=lambda found: found[1])
