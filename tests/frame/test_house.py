"""Rules of the house that no linter knows."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = re.findall(r"^([a-z-]+):(?!=)(.*)$", MAKEFILE, re.MULTILINE)
TOP = {"spec", "generator", "generated", "tests", "Makefile", "pyproject.toml", "README.md"}
# What the commands leave behind; .gitignore has it.
LEFT_BEHIND = {"build", "dist", "__pycache__"}
FOLDERS = ("spec", "generator", "generated", "tests", ".ci", ".changes", ".github")
TEXTS = [
    path
    for folder in FOLDERS
    for path in sorted((ROOT / folder).rglob("*"))
    # Caches of the tools are no part of the repository.
    if path.is_file() and not re.search(r"/(__pycache__|\.\w+_cache|\.hypothesis)/", path.as_posix())
] + [path for path in sorted(ROOT.iterdir()) if path.name in TOP and path.is_file()]


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_top_level_is_fixed() -> None:
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")} - LEFT_BEHIND

    assert found == TOP


def test_a_file_is_plain_text_of_any_machine() -> None:
    texts = {name(path): path.read_text(encoding="utf-8") for path in TEXTS}

    assert [path for path, text in texts.items() if "\r" in text] == []
    assert [path for path, text in texts.items() if text and not text.endswith("\n")] == []
    # Where something lay on the machine of its author says nothing to a reader.
    private = re.compile(r"(?<![\w.*~}/])/(?:root|home|Users|work|tmp|var)/")
    assert [path for path, text in texts.items() if private.search(text)] == []


def test_a_module_is_named_after_what_it_is_about() -> None:
    says_nothing = {"utils", "util", "helpers", "common", "misc", "base", "manager"}

    assert [name(path) for path in TEXTS if path.suffix == ".py" and path.stem in says_nothing] == []


def test_a_template_says_what_it_is_and_controls_no_whitespace() -> None:
    texts = {name(path): path.read_text(encoding="utf-8") for path in TEXTS if path.suffix == ".jinja"}

    assert texts
    assert [path for path, text in texts.items() if not text.startswith("{#")] == []
    assert [path for path, text in texts.items() if re.search(r"{%-|-%}", text)] == []


@pytest.mark.parametrize(("target", "rest"), TARGETS, ids=[target for target, _ in TARGETS])
def test_a_target_documents_itself(target: str, rest: str) -> None:
    assert re.search(r" ## [A-Z].*\.$", rest)
    assert re.search(rf"^\.PHONY:(?:.|\\\n)*\b{target}\b", MAKEFILE, re.MULTILINE)


def test_the_targets_of_the_public_surface_exist() -> None:
    surface = {
        *("demo", "test", "test-all", "generate", "check-generated", "contract", "contract-long", "prove"),
        *("prove-sample", "mock", "bench", "lint", "types", "build", "clean", "help"),
    }

    assert surface <= {target for target, _ in TARGETS}


def test_ci_calls_make_and_nothing_else_of_substance() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    commands = [line for line in script.splitlines() if line and not line.startswith("#")]

    assert commands == [
        "set -eu",
        'cd "$(dirname "$0")/.."',
        "make test </dev/null",
        "make prove-sample </dev/null",
        "WITHOUT=.venv/bin/python make test-all </dev/null",
    ]


def test_the_workflow_runs_the_tests_and_the_demo_on_every_supported_python() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yaml").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    job = workflow["jobs"]["test"]
    supported = [one.rpartition(" ")[2] for one in project["classifiers"] if ":: Python :: 3" in one]

    assert job["strategy"]["matrix"]["python"] == supported
    assert [step["run"] for step in job["steps"] if "run" in step] == ["make test", "make prove-sample", "make demo"]


def test_the_proof_is_run_by_schedule() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "prove.yaml").read_text(encoding="utf-8"))

    assert [step["run"] for step in workflow["jobs"]["prove"]["steps"] if "run" in step] == ["make prove"]


def test_the_summary_of_pytest_is_the_last_line_of_make_test() -> None:
    assert dict(TARGETS)["test"].partition("##")[0].split()[-1] == "pytest"


def test_constraints_are_exact_versions_of_everything_that_development_asks_for() -> None:
    lines = (ROOT / ".ci" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = [*document["dependency-groups"].values(), *document["project"]["optional-dependencies"].values()]
    asked = [
        requirement
        for group in (*groups, document["project"]["dependencies"])
        for requirement in group
        if isinstance(requirement, str)
    ]

    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line)] == []
    names = [_canonical(line.partition("==")[0]) for line in lines]
    assert sorted(set(names)) == sorted(names)
    assert {_canonical(re.split(r"[\[<>=]", requirement)[0]) for requirement in asked} - {"box-uploads"} <= set(names)


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_change_is_described_in_paragraphs_that_name_their_kind() -> None:
    kinds = ("Added: ", "Changed: ", "Deprecated: ", "Removed: ", "Fixed: ", "Security: ")
    for path in sorted((ROOT / ".changes").glob("*.md")):
        if path.name != "README.md":
            paragraphs = path.read_text(encoding="utf-8").strip().split("\n\n")
            assert paragraphs
            assert all(paragraph.startswith(kinds) for paragraph in paragraphs), path.name
