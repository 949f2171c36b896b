"""The defects that `make prove` plants: where, how many, and that planting them changes something."""

from __future__ import annotations

import sys
from collections import Counter
from types import ModuleType
from typing import Any

import pytest

from tests.prove.campaign import NO_DEFECT
from tests.prove.hand_made import HAND_MADE
from tests.prove.planting import LABELS, Catalogue, HandMade, Planted

PLANTED = {group: campaigns[0].planted() for group, campaigns in HAND_MADE.items()}
MOCK = PLANTED["mock defects"]
CLIENT = {**PLANTED["client defects"], **PLANTED["conduct of the client"]}
ALL = [pytest.param(one, id=one.id) for group in PLANTED.values() for one in group.values()]


@pytest.mark.parametrize("planted", ALL)
def test_each_defect_has_a_place_and_says_what_is_different(planted: Planted) -> None:
    owner, name, is_entry = planted.found()
    assert name in owner if is_entry else hasattr(owner, name)
    assert planted.change
    assert not planted.change[0].islower()
    assert planted.focus


def test_there_are_enough_of_them() -> None:
    assert len(MOCK) >= 60
    assert len(CLIENT) >= 50
    assert len(PLANTED["uploader defects"]) >= 50
    assert len(set(CLIENT)) == len(PLANTED["client defects"]) + len(PLANTED["conduct of the client"])


@pytest.mark.parametrize(("defects", "least"), [(MOCK, 4), (CLIENT, 3)])
def test_every_operation_has_some(defects: dict[str, Planted], least: int) -> None:
    counts = Counter(name for one in defects.values() for name in one.focus if name in LABELS)
    assert {name: counts[name] for name in LABELS if counts[name] < least} == {}


def test_the_labels_are_those_of_the_fragment() -> None:
    from tests.contract.fragment import operations  # noqa: PLC0415  # it reads what other campaigns change

    assert {name: f"[{method.upper()} {path}]" for name, (path, method, _) in operations().items()} == LABELS


def test_campaigns_of_a_group_have_the_same_defects() -> None:
    for campaigns in HAND_MADE.values():
        assert len({tuple(one.defects()) for one in campaigns}) == 1


class Subject:
    """Something to spoil."""

    constant = 1

    def method(self) -> int:
        return 1

    @property
    def value(self) -> int:
        return 1

    @classmethod
    def made(cls) -> int:
        return 1


@pytest.fixture
def subject(monkeypatch: pytest.MonkeyPatch) -> Any:
    fresh: Any = type("Subject", (), {**vars(Subject), "entries": {"key": 1}})
    module: Any = ModuleType("subject_of_defects")
    module.Subject = fresh
    monkeypatch.setitem(sys.modules, "subject_of_defects", module)
    return fresh


def _planted(place: str, spoil: Any) -> Planted:
    return Planted(id="x", place=f"subject_of_defects.Subject.{place}", change="-", focus=(), spoil=spoil)


def test_whatever_is_there_is_replaced_by_its_kind(subject: Any) -> None:
    for name in ("method", "value", "made"):
        _planted(name, lambda original: lambda self: original(self) + 1).plant()
    _planted("constant", lambda original: original + 1).plant()
    _planted("entries[key]", lambda original: original + 1).plant()
    one = subject()
    assert (one.method(), one.value, subject.made(), subject.constant, subject.entries) == (2, 2, 2, 2, {"key": 2})


@pytest.mark.parametrize("place", ["missing", "entries[missing]", "missing.method"])
def test_a_place_that_does_not_exist_is_an_error(subject: Any, place: str) -> None:
    with pytest.raises((LookupError, ImportError)):
        _planted(place, lambda original: original).plant()


def test_two_defects_have_two_names() -> None:
    table = Catalogue()

    def one(original: Any) -> Any:
        return original

    table.defect("a.b")(one)
    with pytest.raises(ValueError, match="two defects one"):
        table.defect("a.c")(one)


def test_the_control_plants_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HandMade, "planted", lambda _: pytest.fail("something is planted"))
    HAND_MADE["mock defects"][0].plant(NO_DEFECT)
