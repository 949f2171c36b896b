"""A small part of the defects that stands for all: each kind of change, at places far from each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import chain, zip_longest

from tests.prove.campaign import Defect


def sample(defects: Sequence[Defect], size: int) -> list[Defect]:
    """Return some of the defects, always the same: one of each kind, then another of each, until there are enough."""
    kinds: dict[str, list[Defect]] = defaultdict(list)
    for defect in defects:
        kinds[defect.kind].append(defect)
    rounds = zip_longest(*(_spread(members) for members in kinds.values()))
    return [defect for defect in chain.from_iterable(rounds) if defect is not None][:size]


def _spread(members: Sequence[Defect]) -> list[Defect]:
    """Return the members in an order in which neighbours are far from each other: halves, then quarters."""
    width = max(len(members) - 1, 1).bit_length()
    order = (int(f"{index:0{width}b}"[::-1], 2) for index in range(2**width))
    return [members[place] for place in order if place < len(members)]
