"""The draw: its population, what is planted of it, which tests judge it, and what is made of their verdicts."""

from __future__ import annotations

import marshal
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from tests.prove.campaign import ControlError, Outcome, Verdict
from tests.prove.draw.code_swap import can_swap
from tests.prove.draw.controls import check_controls, draw_controls
from tests.prove.draw.population import PACKAGES, ROOT, Module, Mutant, modules
from tests.prove.draw.reach import Reach
from tests.prove.draw.score import Score, interval
from tests.prove.equivalents import equivalents

PLAN = Module("uploader", ("generator/overlay/upload/plan.py", "generated/box_uploads/upload/plan.py"))


def mutant(number: int = 0, package: str = "mock") -> Mutant:
    return Mutant(
        id=f"m.py#{number}: a => b", package=package, paths=("m.py",), line=1, before="a", after="b", mode="run"
    )


def test_everything_that_ships_and_the_generator_is_in_the_population() -> None:
    found = modules()
    written = {
        path.relative_to(ROOT).as_posix()
        for folder in ("generator", "generated/box_uploads", "tests/mock")
        for path in (ROOT / folder).rglob("*.py")
    }
    assert {one.package for one in found} == set(PACKAGES)
    assert {name for one in found for name in one.paths} == written


def test_each_mutant_changes_its_module_at_its_line_and_the_copy_with_it() -> None:
    found = list(PLAN.mutants(range(PLAN.count())))
    sources = {name: (ROOT / name).read_text(encoding="utf-8") for name in PLAN.paths}

    assert len(found) > 80
    assert len({one.id for one in found}) == len(found)
    for one in found:
        texts = one.texts(ROOT)
        assert [path.relative_to(ROOT).as_posix() for path in texts] == list(PLAN.paths)
        assert all(text != sources[path.relative_to(ROOT).as_posix()] for path, text in texts.items())
        changed = texts[ROOT / PLAN.name].splitlines()
        assert changed[one.line - 1 : one.line] != sources[PLAN.name].splitlines()[one.line - 1 : one.line]


def test_what_only_type_checkers_read_is_no_mutant() -> None:
    rules = Module("mock", ("tests/mock/box_uploads_mock/commit_rules.py",))
    changes = [one.id.partition(" => ")[2] for one in rules.mutants(range(rules.count()))]

    assert any('cast("dict[str, object]", None)' in change for change in changes)
    assert not any("cast(None" in change or "XXdict" in change or "DICT[" in change for change in changes)


@pytest.mark.parametrize(
    ("after", "is_possible"),
    [
        ("def f(a=1):\n    return a + 2\n", True),
        ("def f(a=1):\n    return lambda: a\n", False),
        ("def f(a=2):\n    return a + 1\n", False),
        ("X = 1\ndef f(a=1):\n    return a + 1\n", False),
        ("\n\ndef f(a=1):\n    return a + 1\n", True),
    ],
)
def test_code_is_swapped_where_functions_alone_change(after: str, is_possible: bool) -> None:
    assert can_swap("def f(a=1):\n    return a + 1\n", after) is is_possible


def test_swapping_changes_functions_wherever_they_are_held(tmp_path: Path) -> None:
    before = "def make():\n    def inner(): return 1\n    return inner\nclass C:\n    def m(self): return make()()\n"
    (tmp_path / "m.py").write_text(before, encoding="utf-8")
    script = f"""
        import gc, sys
        sys.path.insert(0, {str(tmp_path)!r})
        from m import C, make
        held = make()
        gc.freeze()
        from tests.prove.draw.code_swap import swap
        before = open({str(tmp_path / "m.py")!r}).read()
        print(swap({str(tmp_path / "m.py")!r}, before, before.replace("return 1", "return 2")), held(), C().m())
    """
    done = subprocess.run([sys.executable, "-c", dedent(script)], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["2", "2", "2"]


@pytest.mark.parametrize("stamp", ["", "# Generated.\n"])
def test_probes_tell_which_functions_are_reached_in_a_module_and_in_copies_of_it(tmp_path: Path, stamp: str) -> None:
    source = '@property\ndef f():\n    """Says."""\n    def g(): return 1\n    def h():\n        """Says."""\n    h()\n'
    origin, copy = tmp_path / "overlay" / "part" / "m.py", tmp_path / "made" / "part" / "m.py"
    for path, text in ((origin, source), (copy, stamp + source)):
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    numbers = {str(origin): {"2": 20, "4": 40, "5": 50}}
    (tmp_path / "probes").write_bytes(marshal.dumps({"numbers": numbers, "copied": {"part/m.py": str(origin)}}))
    script = f"""
        import sitecustomize, sys
        sys.path.insert(0, {str((copy if stamp else origin).parent)!r})
        import m
        m.f.fget()
        print(sorted(sitecustomize.REACHED), m.f.fget.__doc__)
    """
    environment = {
        "PROBES": str(tmp_path / "probes"),
        "PROBES_WRITE_TO": str(tmp_path),
        "PYTHONPATH": str(ROOT / "tests" / "prove" / "draw" / "probed"),
    }
    done = subprocess.run(
        [sys.executable, "-c", dedent(script)], env=environment, check=True, capture_output=True, text=True
    )

    assert done.stdout == "[20, 50] Says.\n"
    assert origin.read_text(encoding="utf-8") == source


def test_a_mutant_is_judged_by_the_tests_that_reach_its_function() -> None:
    # The function in which a part's range is made.
    name = PLAN.paths[1]
    source = (ROOT / name).read_text(encoding="utf-8").splitlines()
    line = next(number for number, text in enumerate(source, 1) if "def content_range" in text)
    drawn = next(one for one in PLAN.mutants(range(PLAN.count())) if "return f" in one.before and '"bytes' in one.id)
    reach = Reach({"slow": 2.0, "quick": 1.0, "other": 0.5}, {f"{name}:{line}": [0, 1], f"{name}:1": [2]})

    assert reach.of(drawn) == ["quick", "slow"]


def test_what_is_decided_at_import_is_judged_by_all_tests_of_the_files_that_reach_its_module() -> None:
    drawn = next(one for one in PLAN.mutants(range(PLAN.count())) if one.mode == "collection")
    seconds = {"a.py::calls": 1.0, "a.py::looks": 0.5, "b.py::other": 0.1}
    assert Reach(seconds, {f"{PLAN.paths[1]}:1": [0]}).of(drawn) == ["a.py::looks", "a.py::calls"]


def test_controls_of_both_modes_are_drawn_and_decide_whether_verdicts_count() -> None:
    drawn = [one for one in PLAN.mutants(range(PLAN.count())) if one.mode == "run"]
    every_line = {f"{PLAN.paths[0]}:{line}": [0] for line in range(200)}
    controls = draw_controls(drawn, Reach({"quick": 0.1}, every_line))

    assert [(one.mutant.mode, one.expected) for one in controls] == [
        ("run", "survived"),
        ("run", "killed"),
        ("collection", "survived"),
        ("collection", "killed"),
    ]
    verdicts = {one.mutant.id: Verdict(id=one.mutant.id, outcome=one.expected) for one in controls}
    check_controls(controls, verdicts)
    for one in controls:
        wrong: Outcome = "killed" if one.expected == "survived" else "survived"
        with pytest.raises(ControlError, match=f"{wrong} instead of {one.expected}"):
            check_controls(controls, verdicts | {one.mutant.id: Verdict(id=one.mutant.id, outcome=wrong)})


def test_there_is_no_draw_without_a_place_for_controls() -> None:
    with pytest.raises(ControlError, match="no place"):
        draw_controls([], Reach({}, {}))


@pytest.mark.parametrize(
    ("noticed", "drawn", "bounds"), [(0, 0, (0.0, 1.0)), (96, 100, (0.902, 0.984)), (9, 9, (0.701, 1.0))]
)
def test_the_interval_is_wilson_s(noticed: int, drawn: int, bounds: tuple[float, float]) -> None:
    assert interval(noticed, drawn) == pytest.approx(bounds, abs=0.001)


def test_a_package_below_its_target_fails_the_draw() -> None:
    drawn = [mutant(number) for number in range(100)]

    def score(survived: int, listed: dict[str, str] | None = None) -> Score:
        verdicts = {
            one.id: Verdict(id=one.id, outcome="survived" if number < survived else "killed")
            for number, one in enumerate(drawn)
        }
        return Score(drawn, verdicts, listed or {})

    assert score(4).is_on_target
    assert not score(5).is_on_target
    assert len(score(5).survivors) == 5
    # All have the same words here; those that were noticed make the list wrong.
    assert not score(5, {"m.py: a => b": "a reason"}).is_on_target
    assert score(100, {"m.py: a => b": "a reason"}).is_on_target


def test_what_is_listed_as_equivalent_can_be_found() -> None:
    for name in equivalents()["draw"]:
        path, _, change = name.partition(": ")
        gone = change.partition(" => ")[0]
        lines = [line.strip() for line in (ROOT / path).read_text(encoding="utf-8").splitlines()]
        assert any(line and (gone.startswith(line) or line.startswith(gone)) for line in lines), name
