"""What a change is: where it happened, what was changed, and whom it breaks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Breaks(Enum):
    """Who fails that was built to the old contract, when the other side follows the new one."""

    CLIENTS = "breaks clients"
    SERVERS = "breaks servers"
    BOTH = "breaks clients and servers"
    NOBODY = "breaks nobody"


class Direction(Enum):
    """Which way a value goes."""

    REQUEST = "request"
    RESPONSE = "response"


class Effect(Enum):
    """What becomes of the set of values that are allowed."""

    NARROWER = auto()
    WIDER = auto()
    OTHER = auto()

    def breaks(self, direction: Direction) -> Breaks:
        """Tell who fails: who sends what is no longer allowed, or who gets what was not allowed before."""
        if self is Effect.OTHER:
            return Breaks.BOTH
        return Breaks.CLIENTS if (self is Effect.NARROWER) == (direction is Direction.REQUEST) else Breaks.SERVERS


@dataclass(frozen=True, order=True)
class Place:
    """A place in the document, as a JSON pointer."""

    pointer: str = ""

    def __truediv__(self, name: str | int) -> Place:
        return Place(f"{self.pointer}/{str(name).replace('~', '~0').replace('/', '~1')}")


@dataclass(frozen=True)
class Change:
    """One change; `str` says it in one line."""

    place: Place
    says: str
    breaks: Breaks

    def __str__(self) -> str:
        return f"{self.breaks.value}: {self.place.pointer}: {self.says}"
