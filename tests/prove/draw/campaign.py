"""How a drawn mutant is planted: written to disk, and swapped in what was imported already if only functions change."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from tests.prove.campaign import NO_DEFECT, Controls, Defect
from tests.prove.draw.code_swap import swap
from tests.prove.draw.population import Mutant

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["DRAWN", "Drawn", "write_drawn"]

# That of the copy of the tree, when this is imported from one.
_ROOT = Path(__file__).parents[3]
_DRAWN = Path(".prove", "drawn.json")
_PRODUCT = ("box_uploads", "box_uploads_mock", "generator")


class _Drawn(msgspec.Struct):
    tests: list[str]
    mutants: list[Mutant]


def write_drawn(root: Path, mutants: Sequence[Mutant], tests: Sequence[str]) -> None:
    """Leave what was drawn to the judges that work in a copy of the tree."""
    path = root / _DRAWN
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(msgspec.json.encode(_Drawn(list(tests), list(mutants))))


class Drawn:
    """Drawn mutants, before all tests that reach them.

    Args:
        name: Name of the campaign.
        stage: Which of them it is about.
    """

    def __init__(self, name: str, stage: Literal["collection", "run"]) -> None:
        self.name = name
        self.stage: Literal["collection", "run"] = stage
        self._mutants: dict[str, Mutant] = {}

    @property
    def tests(self) -> Sequence[str]:
        """The tests that judge what was drawn; before the collection, only the folder that each order names files of.

        Pytest imports the `conftest.py` of a folder that it is given at once, and with it the product without a mutant.
        """
        return self._drawn().tests if self.stage == "run" else ("tests",)

    @staticmethod
    def _drawn() -> _Drawn:
        return msgspec.json.decode((_ROOT / _DRAWN).read_bytes(), type=_Drawn)

    def defects(self) -> Sequence[Defect]:
        """Return what was drawn."""
        self._mutants = {one.id: one for one in self._drawn().mutants if one.mode == self.stage}
        return [
            Defect(id=one.id, place=f"{one.paths[0]}:{one.line}", change=one.id.partition(": ")[2], kind=one.package)
            for one in self._mutants.values()
        ]

    def controls(self, seed: str) -> Controls:
        """Return those that were drawn with the mutants.

        Raises:
            LookupError: There are none.
        """
        harmless, glaring = (one for one in self.defects() if one.id.startswith("control"))
        return Controls(harmless, glaring)

    def plant(self, defect: Defect) -> None:
        """Write the mutant to disk, for what is imported from now on, and swap the code of what was imported."""
        if self.stage == "collection":
            for name in [one for one in sys.modules if one.partition(".")[0] in _PRODUCT]:
                del sys.modules[name]
        if defect is NO_DEFECT:
            return
        for path, after in self._mutants[defect.id].texts(_ROOT).items():
            before = path.read_text(encoding="utf-8")
            path.write_text(after, encoding="utf-8")
            if self.stage == "run":
                swap(str(path), before, after)

    def undo(self, defect: Defect) -> None:
        """Write to disk what was there before."""
        if defect is NO_DEFECT:
            return
        mutant = self._mutants[defect.id]
        for name in mutant.paths:
            text = (_ROOT / name).read_text(encoding="utf-8")
            if mutant.after in text:
                (_ROOT / name).write_text(text.replace(mutant.after, mutant.before), encoding="utf-8")


DRAWN: Sequence[Drawn] = (Drawn("draw", "run"), Drawn("draw at import", "collection"))
