"""The defects that show what schemathesis finds with the client as a server, before our own tests of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NoReturn

import pytest

from tests.prove.campaign import NO_DEFECT, Controls, Defect, draw_one
from tests.prove.planting import LABELS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_HARMLESS, _GLARING = "control, nothing changes: ", "control, raises: "

__all__ = ["GATEWAY_DEFECTS", "GatewayDefects"]


class GatewayDefects:
    """The defects of `tests/contract/test_gateway.py`; their kinds say what schemathesis makes of them.

    Args:
        name: Name in the report.
        tests: Which tests judge.
    """

    stage: Literal["run"] = "run"

    def __init__(self, name: str, *tests: str) -> None:
        self.name = name
        self.tests: Sequence[str] = tests

    def defects(self) -> Sequence[Defect]:
        """Return all defects."""
        from tests.contract import test_gateway as gateway  # noqa: PLC0415  # it reads what other campaigns change

        tables: Mapping[str, Mapping[str, tuple[gateway.Plant, str, str]]] = {
            "found by schemathesis": gateway.FOUND,
            "overlooked by schemathesis": gateway.OVERLOOKED,
        }
        return [
            Defect(
                id=name, place=operation, change=name, kind=kind, focus=(operation, LABELS[operation], "tests/unit/")
            )
            for kind, table in tables.items()
            for name, (_, operation, _) in table.items()
        ]

    def controls(self, seed: str) -> Controls:
        """Return requests that stay what they are, and responses that cannot be read, of a drawn operation."""
        operation = draw_one(seed, {one.place for one in self.defects()})
        focus = (operation, LABELS[operation], "tests/unit/")
        harmless, glaring = (
            Defect(id=f"{words}{operation}", place=operation, change=words, focus=focus)
            for words in (_HARMLESS, _GLARING)
        )
        return Controls(harmless, glaring)

    def plant(self, defect: Defect) -> None:
        """Plant a defect; the process ends with it."""
        from tests.contract import test_gateway as gateway  # noqa: PLC0415  # as above

        if defect is NO_DEFECT:
            return
        if defect.id.startswith(_HARMLESS):
            plant = gateway.requests_of(defect.place)
        elif defect.id.startswith(_GLARING):
            plant = gateway.responses_of(defect.place, _raise)
        else:
            plant, _, _ = {**gateway.FOUND, **gateway.OVERLOOKED}[defect.id]
        plant(pytest.MonkeyPatch())

    def undo(self, defect: Defect) -> None:
        """Leave all as it is: nothing of a defect is on disk."""


def _raise(_: object) -> NoReturn:
    raise AssertionError("a planted control")


GATEWAY_DEFECTS: Sequence[GatewayDefects] = (
    GatewayDefects(
        "gateway before the contract",
        "tests/contract/test_client_requests.py",
        "tests/contract/test_client_responses.py",
    ),
    GatewayDefects("gateway before its own tests", "tests/unit/client", "tests/unit/runtime"),
)
