"""The hand-written defects: where they are, how many there are, and that planting one replaces something."""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.prove.campaign import BASELINE
from tests.prove.campaigns import PATCH_CAMPAIGNS
from tests.prove.operations import LABELS
from tests.prove.patches import Patch, PatchCampaign, change, find, patch, wrap

PATCHES = {group: campaigns[0].patches() for group, campaigns in PATCH_CAMPAIGNS.items()}
MOCK = PATCHES["mock defects"]
CLIENT = {**PATCHES["client defects"], **PATCHES["conduct of the client"]}
ALL = [defect for group in PATCHES.values() for defect in group.values()]


def test_each_defect_has_a_sentence() -> None:
    assert [defect.id for defect in ALL if defect.text.endswith(".") or defect.text[0].islower()] == []


def test_each_defect_has_a_place() -> None:
    assert [defect.id for defect in ALL if not has_place(defect)] == []


def has_place(defect: Patch) -> bool:
    try:
        owner, name, is_entry = find(defect.place)
    except (LookupError, ImportError):
        return False
    return name in owner if is_entry else hasattr(owner, name)


@pytest.mark.parametrize("campaign", [campaign for group in PATCH_CAMPAIGNS.values() for campaign in group[:1]])
def test_the_focus_names_contract_tests(campaign: PatchCampaign) -> None:
    sources = "".join(Path(name).read_text(encoding="utf-8") for name in campaign.tests if name.endswith(".py"))
    focus = {word for defect in campaign.patches().values() for word in defect.focus} - LABELS.keys()
    assert {word for word in focus if word not in sources} == set()


def test_there_are_enough_of_them() -> None:
    assert len(MOCK) >= 60
    assert len(CLIENT) >= 50
    assert len(PATCHES["uploader defects"]) >= 50
    assert len(set(CLIENT)) == len(PATCHES["client defects"]) + len(PATCHES["conduct of the client"])


@pytest.mark.parametrize(("defects", "least"), [(MOCK, 4), (CLIENT, 3)])
def test_every_operation_has_some(defects: dict[str, Patch], least: int) -> None:
    counts = Counter(name for defect in defects.values() for name in defect.focus if name in LABELS)
    assert {name: counts[name] for name in LABELS if counts[name] < least} == {}


def test_the_labels_are_those_of_the_fragment() -> None:
    from tests.contract.fragment import operations  # noqa: PLC0415  # it reads what other campaigns change

    assert {name: f"[{method.upper()} {path}]" for name, (path, method, _) in operations().items()} == LABELS


def test_campaigns_of_a_group_have_the_same_defects() -> None:
    for campaigns in PATCH_CAMPAIGNS.values():
        assert len({tuple(campaign.defects()) for campaign in campaigns}) == 1


class Subject:
    """Something to patch."""

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


def at(name: str) -> str:
    return f"subject_of_defects.Subject.{name}"


def test_each_kind_of_attribute_is_replaced_by_its_own_kind(subject: Any) -> None:
    for name in ("method", "value", "made"):
        wrap("X", at(name), lambda original, self: original(self) + 1).plant()
    change("X", at("constant"), lambda original: original + 1).plant()
    patch("X", at("entries[key]"), 2).plant()
    instance = subject()
    assert (instance.method(), instance.value, subject.made()) == (2, 2, 2)
    assert (subject.constant, subject.entries) == (2, {"key": 2})


def test_an_async_function_is_wrapped_by_an_async_function(subject: Any) -> None:
    async def original() -> int:
        return 1

    async def add_one(original: Any) -> int:
        return int(await original()) + 1

    subject.method = original
    wrap("X", at("method"), add_one).plant()
    assert inspect.iscoroutinefunction(subject.method)
    assert asyncio.run(subject.method()) == 2


@pytest.mark.parametrize("place", ["missing", "entries[missing]", "missing.method"])
def test_a_missing_place_is_an_error(subject: Any, place: str) -> None:
    with pytest.raises((LookupError, ImportError)):
        patch("X", at(place), None).plant()


def test_names_are_unique(subject: Any) -> None:
    sys.modules["subject_of_defects"].DEFECTS = [patch("X", at(name), 1) for name in ("a", "b")]  # type: ignore[attr-defined]  # it is a table
    with pytest.raises(ValueError, match="another defect x"):
        PatchCampaign("-", ["subject_of_defects"]).patches()


def test_the_baseline_plants_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PatchCampaign, "patches", lambda _: pytest.fail("something is planted"))
    PATCH_CAMPAIGNS["mock defects"][0].plant(BASELINE)
