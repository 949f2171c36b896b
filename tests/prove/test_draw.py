"""The draw: its population, how mutants are planted, which tests run, and what the verdicts say."""

from __future__ import annotations

import marshal
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import msgspec
import pytest

from tests.prove.campaign import InvalidRunError, MutantResult, Outcome
from tests.prove.draw.code_swap import can_swap
from tests.prove.draw.controls import check_controls, draw_controls
from tests.prove.draw.population import PACKAGES, ROOT, Module, Mutant, modules
from tests.prove.draw.reach import Reach
from tests.prove.draw.score import Score, interval
from tests.prove.draw.type_check import TypeCheck
from tests.prove.draw.working_copy import WorkingCopy
from tests.prove.equivalents import equivalents

OVERLAY, GENERATED = "generator/overlay", "generated/box_uploads"
PLAN = Module("uploader", tuple(f"{root}/upload/parts.py" for root in (OVERLAY, GENERATED)))


def mutant(number: int = 0, package: str = "mock") -> Mutant:
    return Mutant(
        id=f"m.py#{number}: a => b", package=package, paths=("m.py",), line=1, before="a", after="b", stage="run"
    )


def test_the_population_has_everything_that_ships_and_the_generator() -> None:
    found = modules()
    written = {
        path.relative_to(ROOT).as_posix()
        for folder in ("generator", "generated/box_uploads", "tests/mock")
        for path in (ROOT / folder).rglob("*.py")
    }
    assert {module.package for module in found} == set(PACKAGES)
    assert {name for module in found for name in module.paths} == written


def test_a_mutant_changes_one_line_of_its_module_and_of_the_copy() -> None:
    found = list(PLAN.mutants(range(PLAN.count())))
    sources = {name: (ROOT / name).read_text(encoding="utf-8") for name in PLAN.paths}

    assert len(found) > 70
    assert len({changed.id for changed in found}) == len(found)
    for found_mutant in found:
        texts = found_mutant.texts(ROOT)
        assert [path.relative_to(ROOT).as_posix() for path in texts] == list(PLAN.paths)
        assert all(text != sources[path.relative_to(ROOT).as_posix()] for path, text in texts.items())
        changed, line = texts[ROOT / PLAN.name].splitlines(), found_mutant.line
        assert changed[line - 1] != sources[PLAN.name].splitlines()[line - 1]


def test_code_that_only_type_checkers_read_is_not_mutated() -> None:
    rules = Module("mock", ("tests/mock/box_uploads_mock/commit_rules.py",))
    changes = [change.id.partition(" => ")[2] for change in rules.mutants(range(rules.count()))]

    assert any('cast("dict[str, object]", None)' in change for change in changes)
    assert not any("cast(None" in change or "XXdict" in change or "DICT[" in change for change in changes)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("generator/pipeline.py", "utf-8"),
        ("generator/overlay/upload/commit.py", "retry-after"),
        ("tests/mock/box_uploads_mock/app.py", "box-request-id"),
    ],
)
def test_the_letter_case_of_a_codec_or_header_field_is_not_mutated(module: str, name: str) -> None:
    mutated = Module("any", (module,))
    changes = [change.id.partition(" => ")[2] for change in mutated.mutants(range(mutated.count()))]

    assert any(f"XX{name}XX" in change for change in changes)
    assert not any(name.upper() in change for change in changes)


def test_mypy_refuses_a_mutant_and_leaves_the_source_as_it_was(tmp_path: Path) -> None:
    source = tmp_path / "m.py"
    source.write_text("def f() -> bool:\n    return False\n", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text('[tool.mypy]\nstrict = true\nfiles = ["m.py"]\n', encoding="utf-8")
    types = TypeCheck(WorkingCopy(tmp_path), tmp_path / "cache")
    change = msgspec.structs.replace(mutant(), before="return False", after="return None")

    assert types.refusal(change).startswith("m.py:2: error: ")
    assert types.refusal(msgspec.structs.replace(change, after="return True")) == ""
    assert source.read_text(encoding="utf-8") == "def f() -> bool:\n    return False\n"
    source.write_text("x = 1\n1 + ''\n", encoding="utf-8")
    with pytest.raises(InvalidRunError, match=r"nothing planted: m\.py:2"):
        TypeCheck(WorkingCopy(tmp_path), tmp_path / "cache")


@pytest.mark.parametrize(("after", "is_possible"), [
    ("def f(a=1):\n    return a + 2\n", True),
    ("def f(a=1):\n    return lambda: a\n", False),
    ("def f(a=2):\n    return a + 1\n", False),
    ("X = 1\ndef f(a=1):\n    return a + 1\n", False),
    ("\n\ndef f(a=1):\n    return a + 1\n", True),
])  # fmt: skip
def test_code_can_be_swapped_if_only_functions_change(after: str, is_possible: bool) -> None:
    assert can_swap("def f(a=1):\n    return a + 1\n", after) is is_possible


def test_swapping_changes_functions_wherever_they_are_referenced(tmp_path: Path) -> None:
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
def test_probes_report_reached_functions_of_a_module_and_its_copies(tmp_path: Path, stamp: str) -> None:
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
        "PYTHONPATH": str(ROOT / "tests" / "prove" / "draw" / "probes"),
    }
    done = subprocess.run(
        [sys.executable, "-c", dedent(script)], env=environment, check=True, capture_output=True, text=True
    )

    assert done.stdout == "[20, 50] Says.\n"
    assert origin.read_text(encoding="utf-8") == source


def test_a_mutant_runs_the_tests_that_reach_its_function() -> None:
    # The function that makes a part's range.
    name = PLAN.paths[1]
    source = (ROOT / name).read_text(encoding="utf-8").splitlines()
    line = next(number for number, text in enumerate(source, 1) if "def content_range" in text)
    mutants = PLAN.mutants(range(PLAN.count()))
    drawn = next(found for found in mutants if "return f" in found.before and '"bytes' in found.id)
    reach = Reach({"slow": 2.0, "quick": 1.0, "other": 0.5}, {f"{name}:{line}": [0, 1], f"{name}:1": [2]})

    assert reach.of(drawn) == ["quick", "slow"]


def test_a_mutant_of_import_time_code_runs_all_tests_of_the_files_that_reach_its_module() -> None:
    drawn = next(found for found in PLAN.mutants(range(PLAN.count())) if found.stage == "collection")
    words = "tests/unit/client/test_words.py::words"
    seconds = {"a.py::calls": 1.0, "a.py::looks": 0.5, "b.py::other": 0.1, words: 0.7}
    assert Reach(seconds, {f"{PLAN.paths[1]}:1": [0]}).of(drawn) == ["a.py::looks", words, "a.py::calls"]


def test_a_mutant_of_a_lambda_outside_of_functions_runs_them_too() -> None:
    texts = Module("runtime", tuple(f"{root}/_runtime/validation_errors.py" for root in (OVERLAY, GENERATED)))
    drawn = next(found for found in texts.mutants(range(texts.count())) if "lambda match: None" in found.id)
    assert drawn.stage == "run"
    seconds = {"a.py::calls": 1.0, "a.py::looks": 0.5, "b.py::other": 0.1}
    assert Reach(seconds, {f"{texts.paths[1]}:1": [0]}).of(drawn) == ["a.py::looks", "a.py::calls"]


def test_controls_of_both_stages_are_drawn_and_checked() -> None:
    drawn = [mutant for mutant in PLAN.mutants(range(PLAN.count())) if mutant.stage == "run"]
    every_line = {f"{PLAN.paths[0]}:{line}": [0] for line in range(200)}
    controls = draw_controls(drawn, Reach({"quick": 0.1}, every_line))

    expected = [(stage, outcome) for stage in ("run", "collection") for outcome in ("survived", "killed")]
    assert [(control.mutant.stage, control.expected) for control in controls] == expected
    verdicts = {control.mutant.id: MutantResult(id=control.mutant.id, outcome=control.expected) for control in controls}
    check_controls(controls, verdicts)
    for control in controls:
        wrong: Outcome = "killed" if control.expected == "survived" else "survived"
        with pytest.raises(InvalidRunError, match=f"{wrong} instead of {control.expected}"):
            check_controls(controls, verdicts | {control.mutant.id: MutantResult(id=control.mutant.id, outcome=wrong)})


def test_there_is_no_draw_without_a_place_for_controls() -> None:
    with pytest.raises(InvalidRunError, match="no place"):
        draw_controls([], Reach({}, {}))


@pytest.mark.parametrize(
    ("detected", "drawn", "bounds"), [(0, 0, (0.0, 1.0)), (96, 100, (0.902, 0.984)), (9, 9, (0.701, 1.0))]
)
def test_the_interval_is_wilsons(detected: int, drawn: int, bounds: tuple[float, float]) -> None:
    assert interval(detected, drawn) == pytest.approx(bounds, abs=0.001)


def test_a_package_below_its_target_fails_the_draw() -> None:
    drawn = [mutant(number) for number in range(100)]

    def score(survived: int, listed: dict[str, str] | None = None) -> Score:
        verdicts = {
            listed.id: MutantResult(id=listed.id, outcome="survived" if number < survived else "killed")
            for number, listed in enumerate(drawn)
        }
        return Score(drawn, verdicts, listed or {})

    refused = {drawn[0].id: MutantResult(id=drawn[0].id, outcome="refused")}
    assert Score(drawn, {**score(5).verdicts, **refused}, {}).is_on_target
    assert Score(drawn, {**score(5).verdicts, **refused}, {}).by_types("mock") == 1
    assert score(4).is_on_target
    assert not score(5).is_on_target
    assert len(score(5).survivors) == 5
    # All have the same text here; those that are detected make the list wrong.
    assert not score(5, {"m.py: a => b": "a reason"}).is_on_target
    assert score(100, {"m.py: a => b": "a reason"}).is_on_target


def test_packages_with_one_target_count_together() -> None:
    drawn = [mutant(number, package) for package in ("mock", "uploader", "generator") for number in range(50)]
    drawn = [msgspec.structs.replace(found, id=f"{found.package}{found.id}") for found in drawn]

    def score(*survived: str) -> Score:
        verdicts = {
            found.id: MutantResult(id=found.id, outcome="survived" if found.id in survived else "killed")
            for found in drawn
        }
        return Score(drawn, verdicts, {})

    few = [f"mockm.py#{number}: a => b" for number in range(4)]
    assert score(*few).is_on_target
    assert score(*few).of("mock", "uploader") == (96, 0, 100)
    assert not score(*few, "uploaderm.py#0: a => b").is_on_target
    assert not score(*(f"generatorm.py#{number}: a => b" for number in range(5))).is_on_target


def test_listed_equivalents_exist_in_the_source() -> None:
    for name in equivalents()["draw"]:
        path, _, change = name.partition(": ")
        gone = change.partition(" => ")[0]
        lines = [line.strip() for line in (ROOT / path).read_text(encoding="utf-8").splitlines()]
        assert any(line and (gone.startswith(line) or line.startswith(gone)) for line in lines), name
