"""The defects that show what schemathesis finds with the client as a server, before our own tests of the client."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.prove.campaign import BASELINE, Campaign, Controls, Defect, draw_one
from tests.prove.operations import LABELS
from tests.prove.patches import NOOP, RAISES, raise_error


class GatewayCampaign(Campaign):
    """The defects of `tests/contract/test_gateway.py`; their kinds say whether schemathesis finds them."""

    def __init__(self, name: str, *tests: str) -> None:
        self.name, self.stage, self.tests = name, "run", tests

    def defects(self) -> Sequence[Defect]:
        """Return all defects."""
        from tests.contract import test_gateway as gateway  # noqa: PLC0415  # it reads what other campaigns change

        tables = {"found by schemathesis": gateway.FOUND, "overlooked by schemathesis": gateway.OVERLOOKED}
        return [
            _defect(name, operation, name, kind)
            for kind, table in tables.items()
            for name, (_, operation, _) in table.items()
        ]

    def controls(self, seed: str) -> Controls:
        """Return requests that do not change, and responses that cannot be read, of a drawn operation."""
        operation = draw_one(seed, {defect.place for defect in self.defects()})
        return Controls(*(_defect(f"{text}{operation}", operation, text) for text in (NOOP, RAISES)))

    def plant(self, defect: Defect) -> None:
        """Plant a defect; the process ends with it."""
        from tests.contract import test_gateway as gateway  # noqa: PLC0415  # as above

        if defect is BASELINE:
            return
        if defect.id.startswith(NOOP):
            plant = gateway.requests_of(defect.place)
        elif defect.id.startswith(RAISES):
            plant = gateway.responses_of(defect.place, raise_error)
        else:
            plant, _, _ = {**gateway.FOUND, **gateway.OVERLOOKED}[defect.id]
        plant(pytest.MonkeyPatch())


def _defect(name: str, operation: str, change: str, kind: str = "") -> Defect:
    focus = (operation, LABELS[operation], "tests/unit/")
    return Defect(id=name, place=operation, change=change, kind=kind, focus=focus)
