"""Controls of a draw: an edit that changes nothing has to survive, and one that nobody can miss has to be noticed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tests.prove.campaign import ControlError
from tests.prove.draw.population import ROOT, Mode, Mutant, functions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.prove.campaign import Outcome, Verdict
    from tests.prove.draw.reach import Reach

__all__ = ["Control", "check_controls", "draw_controls"]

_NOTHING = "_nothing = None"
_RAISES = 'raise AssertionError("a planted control")'
_LONGEST_S = 20.0


class Control(msgspec.Struct, frozen=True):
    """An edit whose verdict is known.

    Attributes:
        mutant: The edit.
        expected: The verdict.
    """

    mutant: Mutant
    expected: Outcome


def draw_controls(drawn: Sequence[Mutant], reach: Reach) -> list[Control]:
    """Return the controls of both modes, at the first of the drawn places that quick tests reach.

    Raises:
        ControlError: There is no such place.
    """
    modes: tuple[Mode, ...] = ("run", "collection")
    return [one for mode in modes for one in _of_mode(drawn, reach, mode)]


def _of_mode(drawn: Sequence[Mutant], reach: Reach, mode: Mode) -> Iterator[Control]:
    for mutant in drawn:
        tests = reach.of(mutant)
        if mutant.mode == "run" and tests and sum(map(reach.seconds.__getitem__, tests)) < _LONGEST_S:
            yield Control(_with_line(mutant, _NOTHING, mode), "survived")
            yield Control(_with_line(mutant, _RAISES, mode), "killed")
            return
    raise ControlError(f"no place for a control that is planted at {mode}")


def _with_line(mutant: Mutant, line: str, mode: Mode) -> Mutant:
    """Return an edit of the same function: another line at its beginning."""
    name = mutant.paths[0]
    source = (ROOT / name).read_text(encoding="utf-8")
    node = [node for node, first, last in functions(source) if first <= mutant.line <= last][-1]
    body = node.body
    first = (
        body[1]
        if len(body) > 1 and getattr(getattr(body[0], "value", None), "value", None).__class__ is str
        else body[0]
    )
    number = min([first.lineno, *(one.lineno for one in getattr(first, "decorator_list", []))])
    lines = source.splitlines(keepends=True)
    lines.insert(number - 1, f"{' ' * first.col_offset}{line}\n")
    return msgspec.structs.replace(
        mutant, id=f"control, {mode}: {name}:{number}: {line}", before=source, after="".join(lines), mode=mode
    )


def check_controls(controls: Sequence[Control], verdicts: Mapping[str, Verdict]) -> None:
    """Check what the tests said of the controls.

    Raises:
        ControlError: It is not what has to be said, so that no verdict counts.
    """
    for control in controls:
        verdict = verdicts[control.mutant.id]
        if verdict.outcome != control.expected:
            text = f"{control.mutant.id}: {verdict.outcome} instead of {control.expected}"
            raise ControlError(f"{text}: {verdict.by} {verdict.reason}")
