"""The items that a 409 names."""

from __future__ import annotations

from typing import Any

import pytest
from box_uploads.upload import conflicting_items

from .script import api_error

CONFLICTS: list[tuple[Any, list[dict[str, str]]]] = [
    ({"conflicts": {"id": "1"}}, [{"id": "1"}]),
    ({"conflicts": [{"id": "1"}, {"id": "2"}]}, [{"id": "1"}, {"id": "2"}]),
    ({"conflicts": [5, None, {"id": "2"}, []]}, [{"id": "2"}]),
    ({"conflicts": None}, []),
    ({"conflicts": "x"}, []),
    ({}, []),
    (None, []),
    ("x", []),
    ([], []),
]


@pytest.mark.parametrize(("context", "conflicts"), CONFLICTS)
def test_conflicting_items_are_a_list_whatever_the_server_sent(context: object, conflicts: list[object]) -> None:
    assert conflicting_items(api_error(409, fields={"context_info": context})) == conflicts
