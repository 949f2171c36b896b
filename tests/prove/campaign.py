"""What is planted, and before which tests: the terms that workers, sessions and campaigns share."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

import msgspec

Outcome: TypeAlias = Literal["killed", "survived", "refused", "timeout", "crashed"]
"""`killed`: a test failed. `survived`: all passed. `refused`: the tool chain refused the defect. `timeout`: the tests
did not end. `crashed`: the process ended without a verdict, which says nothing about the defect."""

Stage: TypeAlias = Literal["collection", "run"]
"""When a defect is planted: before the tests are collected, or after."""


class Defect(msgspec.Struct, frozen=True, kw_only=True):
    """One planted defect.

    Attributes:
        id: Name, unique within its campaign and the same in every run.
        place: A JSON pointer into the fragment, or the name of what is patched.
        change: What is different.
        kind: Row of the table of scores.
        focus: Parts of test ids: tests that are likely to detect it. They run first, and alone in a brief run.
        aside: Parts of test ids that are left out of a brief run.
    """

    id: str
    place: str
    change: str
    kind: str = ""
    focus: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()


class Controls(msgspec.Struct, frozen=True):
    """Two edits whose verdicts are known: any other verdict makes the run invalid.

    Attributes:
        noop: Changes nothing: it has to survive.
        fatal: Has to be detected.
    """

    noop: Defect
    fatal: Defect


BASELINE = Defect(id="-", place="-", change="nothing is planted")
"""No defect: every test has to pass."""


class MutantResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the tests said of a defect: the first test that failed, its message in one line, and the CPU time."""

    id: str
    outcome: Outcome
    by: str = ""
    reason: str = ""
    seconds: float = 0.0

    def __str__(self) -> str:
        return " ".join(filter(None, (self.outcome, self.by and f"by {self.by}", self.reason)))


class InvalidRunError(Exception):
    """The run says nothing about the defects: the baseline fails, a control has the wrong verdict, a worker crashed."""


class RefusedError(Exception):
    """A defect cannot be planted: the generator, for example, refuses it."""


class NoEffectError(Exception):
    """A defect changes nothing that the tests run: it survives without running them."""


def draw_one(seed: str, names: Iterable[str]) -> str:
    """Return one of some names, by a seed."""
    return min(names, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).digest())


class Campaign(ABC):
    """Defects of one kind, and the tests that have to detect them.

    Attributes:
        name: Name in the report.
        stage: When a defect is planted.
        tests: Arguments of pytest.
    """

    name: str
    stage: Stage
    tests: Sequence[str]

    @abstractmethod
    def defects(self) -> Sequence[Defect]:
        """Return the defects, always in the same order."""

    @abstractmethod
    def controls(self, seed: str) -> Controls:
        """Return the controls, at a place that the seed draws."""

    @abstractmethod
    def plant(self, defect: Defect) -> None:
        """Plant a defect, or `BASELINE`, in this process, which runs the tests and ends.

        Raises:
            RefusedError: It cannot be planted.
            NoEffectError: It changes nothing that the tests run.
        """

    def undo(self, defect: Defect) -> None:  # noqa: B027  # few campaigns write to disk
        """Remove what a defect has left on disk, in the process that starts the next one."""
