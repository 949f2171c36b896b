"""The defects that show what schemathesis finds with the client as a server, before our own tests of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest

from tests.prove.campaign import NO_DEFECT, Defect
from tests.prove.planting import LABELS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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

    def plant(self, defect: Defect) -> None:
        """Plant a defect; the process ends with it."""
        from tests.contract.test_gateway import FOUND, OVERLOOKED  # noqa: PLC0415  # as above

        if defect is not NO_DEFECT:
            plant, _, _ = {**FOUND, **OVERLOOKED}[defect.id]
            plant(pytest.MonkeyPatch())


GATEWAY_DEFECTS: Sequence[GatewayDefects] = (
    GatewayDefects(
        "gateway before the contract",
        "tests/contract/test_client_requests.py",
        "tests/contract/test_client_responses.py",
    ),
    GatewayDefects("gateway before its own tests", "tests/unit/client", "tests/unit/runtime"),
)
