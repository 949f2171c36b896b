"""The mutants of the overlay: each changes one place, is named by it, and is imported instead of the module."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.prove.overlay_mutants import OVERLAY_MUTANTS, OverlayMutants, mutants

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("campaign", OVERLAY_MUTANTS, ids=lambda one: one.name)
def test_the_tests_of_each_module_exist(campaign: OverlayMutants) -> None:
    assert campaign.tests
    assert all((ROOT / name).is_file() for name in campaign.tests)


def test_each_mutant_is_another_module_that_can_be_compiled() -> None:
    source = (ROOT / "generator/overlay/upload/plan.py").read_text(encoding="utf-8")
    found = list(mutants("upload/plan.py"))
    assert len(found) > 50
    assert len({one.id for one in found}) == len({one.code for one in found}) == len(found)
    for one in found:
        ast.parse(one.code)
        line = source.splitlines()[one.line - 1]
        assert one.code.splitlines()[one.line - 1] != line
        assert one.id.startswith(line.strip()[:40])


def test_what_only_names_things_is_left_alone() -> None:
    assert not [one.id for one in mutants("upload/plan.py") if "__all__" in one.id or "TYPE_CHECKING" in one.id]


def test_a_mutant_is_imported_instead_of_the_module() -> None:
    script = """
from tests.prove.overlay_mutants import OverlayMutants
campaign = OverlayMutants("upload/plan.py")
(defect,) = [one for one in campaign.defects() if one.id == "MINIMUM_SIZE = 20_000_000 => MINIMUM_SIZE = 20000001"]
campaign.plant(defect)
from box_uploads.upload.plan import MINIMUM_SIZE
print(MINIMUM_SIZE)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "20000001"
