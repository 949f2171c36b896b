"""One group of campaigns from the first defect to the last: brief looks, then thorough ones at what is left."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from tests.prove.campaign import ControlError, Defect, Verdict
from tests.prove.campaigns import CAMPAIGNS
from tests.prove.runner import Memory, Runner

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

__all__ = ["Finding", "Trial"]

_NOTICED = frozenset({"killed", "refused", "timeout"})


class Finding(msgspec.Struct, frozen=True):
    """What is known of a defect after the trial.

    Attributes:
        defect: The defect.
        verdicts: What the tests of each campaign said that noticed it.
        shown: The campaigns that had a look at it.
    """

    defect: Defect
    verdicts: dict[str, Verdict]
    shown: frozenset[str] = frozenset()

    @property
    def is_noticed(self) -> bool:
        """Whether the tests of at least one campaign noticed it."""
        return bool(self.verdicts)


class Trial:
    """The defects of a group before the tests of its campaigns.

    Args:
        names: The campaigns, which have the same defects.
        folder: Where verdicts are remembered.
        fingerprint: What they depend on.
        workers: How many processes judge at a time.
    """

    def __init__(self, names: Sequence[str], folder: Path, fingerprint: str, workers: int) -> None:
        self.defects = CAMPAIGNS[names[0]].defects()
        self._controls = CAMPAIGNS[names[0]].controls(os.environ.get("PROVE_SEED", ""))
        self._workers = workers
        self._memories = {name: Memory(folder / f"{name.replace(' ', '-')}.ndjson", fingerprint) for name in names}

    @property
    def findings(self) -> list[Finding]:
        """What is known of each defect by now."""
        return [self._finding(one) for one in self.defects]

    def run(
        self,
        defects: Sequence[Defect],
        tell: Callable[[str, int], object],
        *,
        equivalent: frozenset[str],
        is_sample: bool = False,
        is_thrifty: bool = True,
    ) -> list[Finding]:
        """Have defects judged.

        Args:
            defects: Some of the defects, or all.
            tell: Is told what is done, and how many defects are settled by now.
            equivalent: Those that no test can notice; a brief look has to do for them.
            is_sample: Whether only those tests have to pass with nothing planted that noticed something.
            is_thrifty: Whether a campaign is spared the defects that another one has noticed.

        Raises:
            ControlError: Tests fail although nothing is planted, or a control has another verdict than it must have.
        """
        for is_brief in (True, False):
            for name, memory in self._memories.items():
                control_ids = [one for one in self._control_ids() if is_brief and one not in memory.known]
                needed = self._left(defects) if is_thrifty or not is_brief else defects
                waiting = self._unseen(memory, needed) if is_brief else self._doubtful(memory, needed, equivalent)
                waiting = [*control_ids, *waiting]
                if not waiting and not memory.doubted:
                    continue
                with Runner(name, memory, min(self._workers, len(waiting)) or 1) as runner:
                    phase = f"{name}, {'brief' if is_brief else 'thorough'}"
                    runner.judge(
                        waiting, self._telling(tell, phase, defects), is_brief=is_brief, has_control=not is_sample
                    )
                    # No verdict is final before.
                    runner.check_doubted()
        self._check_controls()
        return [self._finding(one) for one in defects]

    def _control_ids(self) -> tuple[str, str]:
        return self._controls.harmless.id, self._controls.glaring.id

    def _check_controls(self) -> None:
        """Check that what changes nothing is noticed by no campaign, and what nobody can miss by one of them.

        Raises:
            ControlError: It is otherwise.
        """
        harmless, glaring = (self._finding(one) for one in (self._controls.harmless, self._controls.glaring))
        for name, verdict in harmless.verdicts.items():
            text = f"{name}: a control that changes nothing is noticed: {harmless.defect.id}: {verdict.by}"
            raise ControlError(f"{text}: {verdict.reason}")
        if not glaring.is_noticed:
            raise ControlError(f"{', '.join(self._memories)}: a control is not noticed: {glaring.defect.id}")

    def _telling(
        self, tell: Callable[[str, int], object], phase: str, defects: Sequence[Defect]
    ) -> Callable[[Verdict], object]:
        return lambda _verdict: tell(phase, self._settled(defects))

    def _settled(self, defects: Sequence[Defect]) -> int:
        return sum(self._finding(one).is_noticed for one in defects)

    def _finding(self, defect: Defect) -> Finding:
        known = {name: memory.verdicts.get(defect.id) for name, memory in self._memories.items()}
        unnoticed = {name for name, memory in self._memories.items() if defect.id in memory.unnoticed}
        return Finding(
            defect,
            {name: one for name, one in known.items() if one and one.outcome in _NOTICED},
            frozenset(unnoticed | {name for name, one in known.items() if one}),
        )

    def _left(self, defects: Sequence[Defect]) -> list[Defect]:
        return [one for one in defects if not self._finding(one).is_noticed]

    @staticmethod
    def _unseen(memory: Memory, defects: Sequence[Defect]) -> list[str]:
        return [one.id for one in defects if one.id not in memory.verdicts and one.id not in memory.unnoticed]

    @staticmethod
    def _doubtful(memory: Memory, defects: Sequence[Defect], equivalent: frozenset[str]) -> list[str]:
        return [one.id for one in defects if one.id not in memory.verdicts and one.id not in equivalent]
