"""What is planted, and before which tests: the words that the judge, the runner and the catalogues of defects share."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "NO_DEFECT",
    "Campaign",
    "ControlError",
    "Controls",
    "Defect",
    "NoDifference",
    "Outcome",
    "Refused",
    "Verdict",
    "draw_one",
]

Outcome: TypeAlias = Literal["killed", "survived", "refused", "timeout", "lost"]
"""`killed`: a test failed. `survived`: all passed. `refused`: it could not be planted, since the tool chain found it.
`timeout`: the tests did not end. `lost`: the process ended without a verdict, so that nothing is known."""


class Defect(msgspec.Struct, frozen=True, kw_only=True):
    """One planted defect.

    Attributes:
        id: Name, unique within its campaign and the same in every run.
        place: Where it is: a JSON pointer into the fragment, or the name of what is patched.
        change: What is different, in a few words.
        kind: What is changed, for the table of scores.
        focus: Parts of test ids; tests that have one of them come first, since they are likely to notice.
        aside: Parts of test ids; tests that have one of them are left out of a brief look.
    """

    id: str
    place: str
    change: str
    kind: str = ""
    focus: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()


class Controls(msgspec.Struct, frozen=True):
    """Two edits whose verdicts are known; other verdicts mean that nothing can be said of the defects.

    Attributes:
        harmless: Takes the way of a defect and changes nothing: it has to survive.
        glaring: Has to be noticed.
    """

    harmless: Defect
    glaring: Defect


NO_DEFECT = Defect(id="-", place="-", change="nothing is planted")
"""The control: with it, every test has to pass."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the tests said of a defect.

    Attributes:
        id: Name of the defect.
        outcome: Whether it was noticed.
        by: The test that failed first, empty if none did.
        reason: What the test said, in one line.
        seconds: CPU time that it took.
    """

    id: str
    outcome: Outcome
    by: str = ""
    reason: str = ""
    seconds: float = 0.0


class ControlError(Exception):
    """The tests fail although nothing is planted, or a judge is gone, so that nothing can be said of the defects."""


def draw_one(seed: str, names: Iterable[str]) -> str:
    """Return one of some names, which the seed decides about."""
    return min(names, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).digest())


class Refused(Exception):  # noqa: N818  # the outcome of the same name
    """A defect cannot be planted, since something before the tests refuses it: the generator, for example."""


class NoDifference(Exception):  # noqa: N818  # as Refused
    """A defect changes nothing that the tests run, so that they need not be run to say that it survives."""


class Campaign(Protocol):
    """Defects of one kind, and the tests that have to notice them.

    Attributes:
        name: Name in the report.
        stage: When a defect is planted: before the tests are collected, or after.
        tests: Arguments of pytest: which tests judge.
    """

    @property
    def name(self) -> str: ...
    @property
    def stage(self) -> Literal["collection", "run"]: ...
    @property
    def tests(self) -> Sequence[str]: ...

    def defects(self) -> Sequence[Defect]:
        """Return the defects, always in the same order."""
        ...

    def controls(self, seed: str) -> Controls:
        """Return the controls, at a place that the seed draws."""
        ...

    def plant(self, defect: Defect) -> None:
        """Plant a defect in this process, which does nothing else and then ends; `NO_DEFECT` takes the same way.

        Raises:
            Refused: It cannot be planted.
            NoDifference: It makes no difference to the tests.
        """
        ...

    def undo(self, defect: Defect) -> None:
        """Take back what planting a defect has left on disk, in the process that goes on with the next one."""
        ...
