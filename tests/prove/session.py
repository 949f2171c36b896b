"""One group of campaigns from the first defect to the last: brief runs, then full runs of what survived them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import msgspec

from tests.prove.campaign import Defect, InvalidRunError, MutantResult
from tests.prove.campaigns import CAMPAIGNS
from tests.prove.result_store import ResultStore
from tests.prove.worker_pool import WorkerPool

_DETECTED = frozenset({"killed", "refused", "timeout"})


class Finding(msgspec.Struct, frozen=True):
    """A defect, the verdicts of the campaigns that detected it, and the campaigns that ran it (`shown`)."""

    defect: Defect
    verdicts: dict[str, MutantResult]
    shown: frozenset[str] = frozenset()

    @property
    def is_detected(self) -> bool:
        """Whether the tests of at least one campaign detected it."""
        return bool(self.verdicts)


class Session:
    """The defects of a group before the tests of its campaigns.

    Args:
        names: The campaigns, which have the same defects.
        folder: Where results are kept.
        fingerprint: What they depend on.
        workers: Number of processes.
    """

    def __init__(self, names: Sequence[str], folder: Path, fingerprint: str, workers: int) -> None:
        self.defects = CAMPAIGNS[names[0]].defects()
        self._controls = CAMPAIGNS[names[0]].controls(os.environ.get("PROVE_SEED", ""))
        self._workers = workers
        self._stores = {name: ResultStore(folder / f"{name.replace(' ', '-')}.ndjson", fingerprint) for name in names}

    @property
    def findings(self) -> list[Finding]:
        """What is known of each defect by now."""
        return [self._finding(defect) for defect in self.defects]

    def run(
        self,
        defects: Sequence[Defect],
        on_progress: Callable[[str, int], object],
        *,
        equivalent: frozenset[str],
        is_sample: bool = False,
        skip_killed: bool = True,
    ) -> list[Finding]:
        """Run defects.

        Args:
            defects: Some of the defects, or all.
            on_progress: Gets the current phase, and how many defects are detected by now.
            equivalent: Defects that no test can detect: they get a brief run only.
            is_sample: Whether the baseline consists only of the tests that detected something.
            skip_killed: Whether a campaign skips the defects that another one has detected.

        Raises:
            InvalidRunError: Tests fail with nothing planted, or a control has the wrong verdict.
        """

        def report(phase: str, _: MutantResult) -> None:
            on_progress(phase, sum(self._finding(defect).is_detected for defect in defects))

        control_ids = (self._controls.noop.id, self._controls.fatal.id)
        for is_brief in (True, False):
            for name, store in self._stores.items():
                done = store.tried if is_brief else store.verdicts.keys() | equivalent
                left = [
                    defect.id
                    for defect in defects
                    if defect.id not in done
                    and ((is_brief and not skip_killed) or not self._finding(defect).is_detected)
                ]
                waiting = [*(control for control in control_ids if is_brief and control not in done), *left]
                if not waiting and not store.unverified:
                    continue
                phase = f"{name}, {'brief' if is_brief else 'full'}"
                with WorkerPool(name, store, min(self._workers, len(waiting)) or 1) as pool:
                    pool.run(waiting, partial(report, phase), is_brief=is_brief, has_baseline=not is_sample)
                    pool.verify_tests()
        self._check_controls()
        return [self._finding(defect) for defect in defects]

    def _check_controls(self) -> None:
        """Check that no campaign detects what changes nothing, and one of them what nobody can miss."""
        noop, fatal = (self._finding(control) for control in (self._controls.noop, self._controls.fatal))
        for name, verdict in noop.verdicts.items():
            text = f"{name}: a control that changes nothing is detected: {noop.defect.id}: {verdict.by}"
            raise InvalidRunError(f"{text}: {verdict.reason}")
        if not fatal.is_detected:
            raise InvalidRunError(f"{', '.join(self._stores)}: a control is not detected: {fatal.defect.id}")

    def _finding(self, defect: Defect) -> Finding:
        known = {name: store.verdicts.get(defect.id) for name, store in self._stores.items()}
        return Finding(
            defect,
            {name: verdict for name, verdict in known.items() if verdict and verdict.outcome in _DETECTED},
            frozenset(name for name, store in self._stores.items() if defect.id in store.tried),
        )
