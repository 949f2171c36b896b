"""How a drawn mutant is planted: written to disk, and swapped into imported functions if nothing else changes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tests.prove.campaign import BASELINE, Campaign, Controls, Defect, Stage
from tests.prove.draw.code_swap import swap
from tests.prove.draw.population import Mutant

# That of the working copy, in a worker.
_ROOT = Path(__file__).parents[3]
_DRAW_CAMPAIGNS = Path(".prove", "drawn.json")
_PRODUCT = ("box_uploads", "box_uploads_mock", "generator")


class _Draw(msgspec.Struct):
    tests: list[str]
    mutants: list[Mutant]


def write_drawn(root: Path, mutants: Sequence[Mutant], tests: Sequence[str]) -> None:
    """Write what was drawn for the workers in a working copy."""
    path = root / _DRAW_CAMPAIGNS
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(msgspec.json.encode(_Draw(list(tests), list(mutants))))


class DrawCampaign(Campaign):
    """Drawn mutants of one stage before all tests that reach them."""

    def __init__(self, name: str, stage: Stage) -> None:
        self.name, self.stage = name, stage
        self._mutants: dict[str, Mutant] = {}

    @property
    def tests(self) -> Sequence[str]:  # type: ignore[override]  # it depends on the draw
        """The tests; before the collection, only their folder, since each task names its files.

        Pytest imports the `conftest.py` of a given folder at once, and with it the product without the mutant.
        """
        return self._drawn().tests if self.stage == "run" else ("tests",)

    @staticmethod
    def _drawn() -> _Draw:
        return msgspec.json.decode((_ROOT / _DRAW_CAMPAIGNS).read_bytes(), type=_Draw)

    def defects(self) -> Sequence[Defect]:
        """Return what was drawn."""
        self._mutants = {mutant.id: mutant for mutant in self._drawn().mutants if mutant.stage == self.stage}
        return [
            Defect(id=mutant.id, place=mutant.place, change=mutant.id.partition(": ")[2], kind=mutant.package)
            for mutant in self._mutants.values()
        ]

    def controls(self, seed: str) -> Controls:
        """Return those that were drawn with the mutants."""
        return Controls(*(defect for defect in self.defects() if defect.id.startswith("control")))

    def plant(self, defect: Defect) -> None:
        """Write the mutant to disk for later imports, and swap the code of what is imported already."""
        if self.stage == "collection":
            for name in [name for name in sys.modules if name.partition(".")[0] in _PRODUCT]:
                del sys.modules[name]
        if defect is BASELINE:
            return
        for path, after in self._mutants[defect.id].texts(_ROOT).items():
            before = path.read_text(encoding="utf-8")
            path.write_text(after, encoding="utf-8")
            if self.stage == "run":
                swap(str(path), before, after)

    def undo(self, defect: Defect) -> None:
        """Restore the files."""
        if defect is BASELINE:
            return
        mutant = self._mutants[defect.id]
        for name in mutant.paths:
            text = (_ROOT / name).read_text(encoding="utf-8")
            if mutant.after in text:
                (_ROOT / name).write_text(text.replace(mutant.after, mutant.before), encoding="utf-8")


DRAW_CAMPAIGNS: Sequence[DrawCampaign] = (DrawCampaign("draw", "run"), DrawCampaign("draw at import", "collection"))
