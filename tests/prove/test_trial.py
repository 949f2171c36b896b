"""What surrounds the judging: memory, samples, lists of equivalents, scores."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from tests.prove import __main__ as command
from tests.prove.campaign import ControlError, Defect, Outcome, Verdict
from tests.prove.campaigns import CAMPAIGNS, groups
from tests.prove.equivalents import equivalents, stale
from tests.prove.judge import Ruling
from tests.prove.runner import Memory, fingerprint
from tests.prove.sample import sample
from tests.prove.scores import Score, print_scores, print_survivors, report
from tests.prove.trial import Finding, Trial

KILLED = Verdict(id="a", outcome="killed", by="test_x", reason="wrong")
SURVIVED = Verdict(id="b", outcome="survived")


def finding(name: str, *outcomes: str) -> Finding:
    verdicts = {
        f"c{index}": Verdict(id=name, outcome=one, by="test_x")  # type: ignore[arg-type]  # one of the outcomes
        for index, one in enumerate(outcomes)
        if one
    }
    shown = frozenset(f"c{index}" for index in range(len(outcomes)))
    return Finding(Defect(id=name, place=f"/{name}", change="[red]is changed", kind="type"), verdicts, shown)


def test_a_memory_keeps_verdicts_for_the_same_state_only(tmp_path: Path) -> None:
    path = tmp_path / "m.ndjson"
    memory = Memory(path, "now")
    memory.keep(Ruling(KILLED, {"test_x": 1.0}))
    memory.keep(Ruling(SURVIVED, {}, is_brief=True))
    again = Memory(path, "now")
    assert (again.verdicts, again.unnoticed) == ({"a": KILLED}, {"b"})
    later = Memory(path, "later")
    assert later.verdicts == {}
    # To look is not to forget.
    assert Memory(path, "now").verdicts == {"a": KILLED}
    later.keep(Ruling(SURVIVED, {}))
    assert Memory(path, "now").verdicts == {}
    assert Memory(path, "later").verdicts == {"b": SURVIVED}


def test_a_line_that_was_cut_off_is_judged_again(tmp_path: Path) -> None:
    path = tmp_path / "m.ndjson"
    Memory(path, "now").keep(Ruling(KILLED, {}))
    path.write_bytes(path.read_bytes()[:-9])
    assert Memory(path, "now").verdicts == {}


def test_a_sample_has_every_kind_and_is_always_the_same() -> None:
    defects = [Defect(id=str(number), place="-", change="-", kind=str(number % 3)) for number in range(90)]
    chosen = sample(defects, 12)
    assert [one.kind for one in chosen[:3]] == ["0", "1", "2"]
    assert len({one.id for one in chosen}) == 12
    assert max(int(one.id) for one in chosen) - min(int(one.id) for one in chosen) > 45
    assert sample(defects, 12) == chosen
    assert len(sample(defects, 1000)) == 90


def test_a_list_of_equivalents_gives_each_its_reason(tmp_path: Path) -> None:
    path = tmp_path / "e.yaml"
    path.write_text("mutants:\n  It is the same.:\n    - a\n    - b\n", encoding="utf-8")
    assert equivalents(path) == {"mutants": {"a": "It is the same.", "b": "It is the same."}}


def test_what_is_listed_has_to_exist_and_to_survive() -> None:
    findings = [finding("a", "killed"), finding("b", "")]
    assert stale({"a": "-", "b": "-", "c": "-"}, ["a", "b"], findings) == [
        "listed as equivalent, and does not exist: c",
        "listed as equivalent, and was noticed: a",
    ]


def test_the_repository_lists_only_defects_that_exist() -> None:
    # Of drawn mutants, `test_draw.py` says it.
    for group, names in groups().items():
        listed = equivalents().get(group, {})
        known = {one.id for one in CAMPAIGNS[names[0]].defects()}
        assert set(listed) <= known


def test_a_score_counts_what_each_side_noticed() -> None:
    findings = [finding("a", "killed", ""), finding("b", "refused", "killed"), finding("c"), finding("d")]
    score = Score("mutants", ("c0", "c1"), findings, {"c": "it is the same"}, [])
    assert [one.defect.id for one in score.survivors] == ["d"]
    assert not score.is_perfect
    assert (score.by("c0", "killed"), score.by("c0", "refused"), score.by("c1", "killed")) == (1, 1, 1)
    assert (score.first("killed"), score.first("refused")) == (1, 1)
    assert (score.shown("c0"), score.shown("c1")) == (2, 2)
    said = io.StringIO()
    console = Console(file=said, width=120)
    print_scores(console, [score])
    print_survivors(console, score)
    assert "66.7 %" in said.getvalue()
    assert "timeout" not in said.getvalue()
    assert "survived /d: [red]is changed" in said.getvalue()


def test_a_timeout_has_a_column_of_its_own() -> None:
    said = io.StringIO()
    print_scores(Console(file=said, width=120), [Score("mutants", ("c0",), [finding("a", "timeout")], {}, [])])
    assert "timeout" in said.getvalue()


def test_a_report_names_what_noticed_each_defect() -> None:
    findings = [finding("a", "", "killed"), finding("b"), finding("c")]
    lines = report([Score("mutants", ("c0", "c1"), findings, {"b": "It is the same."}, [])])
    assert list(lines) == [
        "mutants: /a: [red]is changed (a)", "  c1: killed by test_x",
        "mutants: /b: [red]is changed (b)", "  It is the same.",
        "mutants: /c: [red]is changed (c)", "  survived",
    ]  # fmt: skip


def test_a_perfect_score_has_neither_survivors_nor_stale_entries() -> None:
    assert Score("m", ("c0",), [finding("a", "killed"), finding("b")], {"b": "-"}, []).is_perfect
    assert not Score("m", ("c0",), [finding("a", "killed")], {}, ["stale"]).is_perfect


def remembered(folder: Path, *, harmless: Outcome = "survived", glaring: Outcome = "killed") -> Trial:
    """Return a trial of which everything is known."""
    names = groups()["gateway defects"]
    controls = CAMPAIGNS[names[0]].controls("")
    for name in names:
        memory = Memory(folder / f"{name.replace(' ', '-')}.ndjson", "now")
        for one in CAMPAIGNS[name].defects():
            memory.keep(Ruling(Verdict(id=one.id, outcome="killed", by="t"), {}))
        memory.keep(Ruling(Verdict(id=controls.harmless.id, outcome=harmless, by="t"), {}, is_brief=True))
        memory.keep(Ruling(Verdict(id=controls.glaring.id, outcome=glaring, by="t"), {}, is_brief=True))
        memory.keep(Ruling(Verdict(id="-", outcome="survived"), {"t": 1.0}))
    return Trial(names, folder, "now", 1)


def test_what_is_remembered_is_not_judged_again(tmp_path: Path) -> None:
    """No judge is started: there is nothing left to look at."""
    trial = remembered(tmp_path)
    findings = trial.run(trial.defects, lambda _phase, _done: None, equivalent=frozenset())
    assert [one.is_noticed for one in findings] == [True] * len(trial.defects)


@pytest.mark.parametrize(
    ("outcomes", "message"),
    [
        ({"harmless": "killed"}, "a control that changes nothing is noticed"),
        ({"glaring": "survived"}, "a control is not noticed"),
    ],
)
def test_without_the_verdicts_of_the_controls_no_verdict_counts(
    tmp_path: Path, outcomes: dict[str, Outcome], message: str
) -> None:
    trial = remembered(tmp_path, **outcomes)
    with pytest.raises(ControlError, match=message):
        trial.run(trial.defects, lambda _phase, _done: None, equivalent=frozenset(one.id for one in trial.defects))


def test_the_seed_draws_the_controls_of_all_campaigns_of_a_group() -> None:
    for names in groups().values():
        drawn = {seed: {control_ids(name, seed) for name in names} for seed in "abcdefgh"}
        assert {len(ids) for ids in drawn.values()} == {1}
        assert len(set.union(*drawn.values())) > 1


def control_ids(name: str, seed: str) -> tuple[str, str]:
    controls = CAMPAIGNS[name].controls(seed)
    return controls.harmless.id, controls.glaring.id


def test_a_defect_is_shown_with_its_difference_and_what_noticed_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(command, "_FOLDER", tmp_path)
    name = "/components/schemas/FileSize/minimum: 20000000 becomes 20000001"
    memory = Memory(tmp_path / "client-from-spec-mutants.ndjson", fingerprint())
    memory.keep(Ruling(Verdict(id=name, outcome="killed", by="test_x", reason="it is wrong"), {}))
    assert command.main(["--show", "/components/schemas/FileSize/minimum: 20000000 becomes 20000001"]) == 0
    said = capsys.readouterr().out
    assert "+      minimum: 20000001" in said
    assert "client from spec mutants: killed by test_x it is wrong" in said
    assert "mock against spec mutants: has not judged it" in said
    assert f"python -m tests.prove.judge 'mock against spec mutants' '{name}'" in said
    assert command.main(["--show", "nothing"]) == 1
