"""Controls of a draw: an edit that changes nothing has to survive, and one that raises has to be detected."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

import msgspec

from tests.prove.campaign import InvalidRunError, MutantResult, Outcome, Stage
from tests.prove.draw.population import ROOT, Mutant, functions
from tests.prove.draw.reach import Reach

_EDITS: Mapping[str, Outcome] = {
    "_nothing = None": "survived",
    # After a `raise`, the compiler would drop what follows, with its inner functions.
    "_failure = 1 / 0": "killed",
}
_STAGES: Sequence[Stage] = ("run", "collection")
_MAX_S = 20.0


class Control(msgspec.Struct, frozen=True):
    """An edit whose verdict is known."""

    mutant: Mutant
    expected: Outcome


def draw_controls(drawn: Sequence[Mutant], reach: Reach) -> list[Control]:
    """Return the controls of both stages, at the first drawn place that quick tests reach."""
    for mutant in drawn:
        tests = reach.of(mutant)
        if mutant.stage == "run" and tests and sum(map(reach.seconds.__getitem__, tests)) < _MAX_S:
            return [
                Control(_insert_line(mutant, line, stage), expected)
                for stage in _STAGES
                for line, expected in _EDITS.items()
            ]
    raise InvalidRunError("no place for a control")


def _insert_line(mutant: Mutant, line: str, stage: Stage) -> Mutant:
    """Return another edit of the mutant's function: a line at its beginning."""
    name = mutant.paths[0]
    source = (ROOT / name).read_text(encoding="utf-8")
    node = [node for node, first, last in functions(source) if first <= mutant.line <= last][-1]
    has_docstring = len(node.body) > 1 and ast.get_docstring(node) is not None
    first = node.body[int(has_docstring)]
    number = min([first.lineno, *(decorator.lineno for decorator in getattr(first, "decorator_list", []))])
    lines = source.splitlines(keepends=True)
    lines.insert(number - 1, f"{' ' * first.col_offset}{line}\n")
    return msgspec.structs.replace(
        mutant, id=f"control, {stage}: {name}:{number}: {line}", before=source, after="".join(lines), stage=stage
    )


def check_controls(controls: Sequence[Control], verdicts: Mapping[str, MutantResult]) -> None:
    """Raise `InvalidRunError` if a control has the wrong verdict."""
    for control in controls:
        verdict = verdicts[control.mutant.id]
        if verdict.outcome != control.expected:
            text = f"{control.mutant.id}: {verdict.outcome} instead of {control.expected}"
            raise InvalidRunError(f"{text}: {verdict.by} {verdict.reason}")
