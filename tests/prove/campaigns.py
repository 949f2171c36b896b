"""All campaigns, and which of them show the same defects to different tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.prove.draw.campaign import DRAWN
from tests.prove.gateway_defects import GATEWAY_DEFECTS
from tests.prove.hand_made import HAND_MADE
from tests.prove.spec_campaigns import ClientFromMutant, MockAgainstMutant

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.prove.campaign import Campaign

__all__ = ["CAMPAIGNS", "groups"]

_SPEC_MUTANTS: Sequence[Campaign] = (ClientFromMutant(), MockAgainstMutant())
_HAND_MADE: Mapping[str, Sequence[Campaign]] = HAND_MADE
_GATEWAY: Sequence[Campaign] = GATEWAY_DEFECTS

_BY_GROUP = {"spec mutants": _SPEC_MUTANTS, **_HAND_MADE, "gateway defects": _GATEWAY}

_DRAWN: Sequence[Campaign] = DRAWN

CAMPAIGNS: Mapping[str, Campaign] = {one.name: one for group in (*_BY_GROUP.values(), _DRAWN) for one in group}


def groups() -> Mapping[str, Sequence[str]]:
    """Return the campaigns that are run and counted together, by the name of the group.

    They have the same defects; one counts as noticed when the tests of one of the campaigns notice it.
    """
    return {name: [one.name for one in group] for name, group in _BY_GROUP.items()}
