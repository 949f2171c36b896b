"""Sessions: stored results, samples, lists of equivalents, scores."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import pytest
from rich.console import Console

from tests.prove import __main__ as command
from tests.prove.campaign import Defect, InvalidRunError, MutantResult, Outcome
from tests.prove.campaigns import CAMPAIGNS, GROUPS
from tests.prove.equivalents import equivalents, find_stale
from tests.prove.result_store import ResultStore, fingerprint
from tests.prove.sample import sample
from tests.prove.scores import Score, print_scores, print_survivors, report
from tests.prove.session import Finding, Session
from tests.prove.worker import Result

KILLED = MutantResult(id="a", outcome="killed", by="test_x", reason="wrong")
SURVIVED = MutantResult(id="b", outcome="survived")


def finding(name: str, *outcomes: str) -> Finding:
    verdicts = {
        f"c{index}": MutantResult(id=name, outcome=outcome, by="test_x")  # type: ignore[arg-type]  # it is an Outcome
        for index, outcome in enumerate(outcomes)
        if outcome
    }
    shown = frozenset(f"c{index}" for index in range(len(outcomes)))
    return Finding(Defect(id=name, place=f"/{name}", change="[red]is changed", kind="type"), verdicts, shown)


def test_a_store_keeps_verdicts_of_the_same_fingerprint_only(tmp_path: Path) -> None:
    path = tmp_path / "m.ndjson"
    store = ResultStore(path, "now")
    store.add(Result(KILLED, {"test_x": 1.0}))
    store.add(Result(SURVIVED, {}, is_brief=True))
    again = ResultStore(path, "now")
    assert (again.verdicts, again.survived_brief) == ({"a": KILLED}, {"b"})
    later = ResultStore(path, "later")
    assert later.verdicts == {}
    # Reading discards nothing.
    assert ResultStore(path, "now").verdicts == {"a": KILLED}
    later.add(Result(SURVIVED, {}))
    assert ResultStore(path, "now").verdicts == {}
    assert ResultStore(path, "later").verdicts == {"b": SURVIVED}


def test_a_truncated_line_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "m.ndjson"
    ResultStore(path, "now").add(Result(KILLED, {}))
    path.write_bytes(path.read_bytes()[:-9])
    assert ResultStore(path, "now").verdicts == {}


def test_a_sample_has_every_kind_and_is_always_the_same() -> None:
    defects = [Defect(id=str(number), place="-", change="-", kind=str(number % 3)) for number in range(90)]
    chosen = sample(defects, 12)
    assert [defect.kind for defect in chosen[:3]] == ["0", "1", "2"]
    assert len({defect.id for defect in chosen}) == 12
    assert max(int(defect.id) for defect in chosen) - min(int(defect.id) for defect in chosen) > 45
    assert sample(defects, 12) == chosen
    assert len(sample(defects, 1000)) == 90


def test_each_listed_equivalent_has_its_reason(tmp_path: Path) -> None:
    path = tmp_path / "e.yaml"
    path.write_text("mutants:\n  It is the same.:\n    - a\n    - b\n", encoding="utf-8")
    assert equivalents(path) == {"mutants": {"a": "It is the same.", "b": "It is the same."}}


def test_a_listed_equivalent_has_to_exist_and_to_survive() -> None:
    findings = [finding("a", "killed"), finding("b", "")]
    assert find_stale({"a": "-", "b": "-", "c": "-"}, ["a", "b"], findings) == [
        "listed as equivalent, and does not exist: c",
        "listed as equivalent, and was detected: a",
    ]


def test_the_repository_lists_only_defects_that_exist() -> None:
    # For drawn mutants, see `test_draw.py`.
    for group, names in GROUPS.items():
        listed = equivalents().get(group, {})
        known = {defect.id for defect in CAMPAIGNS[names[0]].defects()}
        assert set(listed) <= known


def test_a_score_counts_what_each_side_detected() -> None:
    findings = [finding("a", "killed", ""), finding("b", "refused", "killed"), finding("c"), finding("d")]
    score = Score("mutants", ("c0", "c1"), findings, {"c": "it is the same"}, [])
    assert [survivor.defect.id for survivor in score.survivors] == ["d"]
    assert not score.is_perfect
    assert (score.by("c0", "killed"), score.by("c0", "refused"), score.by("c1", "killed")) == (1, 1, 1)
    assert (score.first("killed"), score.first("refused")) == (1, 1)
    assert (score.shown("c0"), score.shown("c1")) == (2, 2)
    printed = io.StringIO()
    console = Console(file=printed, width=120)
    print_scores(console, [score])
    print_survivors(console, score)
    assert "66.7 %" in printed.getvalue()
    assert "timeout" not in printed.getvalue()
    assert "survived /d: [red]is changed" in printed.getvalue()


def test_timeouts_have_a_column_of_their_own() -> None:
    printed = io.StringIO()
    print_scores(Console(file=printed, width=120), [Score("mutants", ("c0",), [finding("a", "timeout")], {}, [])])
    assert "timeout" in printed.getvalue()


def test_a_report_names_what_detected_each_defect() -> None:
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


def finished(folder: Path, *, noop: Outcome = "survived", fatal: Outcome = "killed") -> Session:
    """Return a session with all results in its stores."""
    names = GROUPS["gateway defects"]
    controls = CAMPAIGNS[names[0]].controls("")
    for name in names:
        store = ResultStore(folder / f"{name.replace(' ', '-')}.ndjson", "now")
        for defect in CAMPAIGNS[name].defects():
            store.add(Result(MutantResult(id=defect.id, outcome="killed", by="t"), {}))
        store.add(Result(MutantResult(id=controls.noop.id, outcome=noop, by="t"), {}, is_brief=True))
        store.add(Result(MutantResult(id=controls.fatal.id, outcome=fatal, by="t"), {}, is_brief=True))
        store.add(Result(MutantResult(id="-", outcome="survived"), {"t": 1.0}))
    return Session(names, folder, "now", 1)


def run(session: Session, equivalent: frozenset[str] = frozenset()) -> Sequence[Finding]:
    return session.run(session.defects, lambda _phase, _done: None, equivalent=equivalent)


def test_stored_results_are_not_run_again(tmp_path: Path) -> None:
    """No worker is started."""
    session = finished(tmp_path)
    findings = run(session)
    assert [result.is_detected for result in findings] == [True] * len(session.defects)


@pytest.mark.parametrize(("outcomes", "message"), [
    ({"noop": "killed"}, "a control that changes nothing is detected"),
    ({"fatal": "survived"}, "a control is not detected"),
])  # fmt: skip
def test_a_wrong_verdict_of_a_control_makes_the_run_invalid(
    tmp_path: Path, outcomes: dict[str, Outcome], message: str
) -> None:
    session = finished(tmp_path, **outcomes)
    with pytest.raises(InvalidRunError, match=message):
        run(session, equivalent=frozenset(defect.id for defect in session.defects))


def test_the_seed_draws_the_controls_of_all_campaigns_of_a_group() -> None:
    for names in GROUPS.values():
        drawn = {seed: {control_ids(name, seed) for name in names} for seed in "abcdefgh"}
        assert {len(ids) for ids in drawn.values()} == {1}
        assert len(set.union(*drawn.values())) > 1


def control_ids(name: str, seed: str) -> tuple[str, str]:
    controls = CAMPAIGNS[name].controls(seed)
    return controls.noop.id, controls.fatal.id


def test_a_defect_is_shown_with_its_difference_and_what_detected_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(command, "_FOLDER", tmp_path)
    name = "/components/schemas/FileSize/minimum: 20000000 becomes 20000001"
    store = ResultStore(tmp_path / "client-from-spec-mutants.ndjson", fingerprint())
    store.add(Result(MutantResult(id=name, outcome="killed", by="test_x", reason="it is wrong"), {}))
    assert command.main(["--show", name]) == 0
    printed = capsys.readouterr().out
    assert "+      minimum: 20000001" in printed
    assert "client from spec mutants: killed by test_x it is wrong" in printed
    assert "mock against spec mutants: has not run it" in printed
    assert f"python -m tests.prove.worker 'mock against spec mutants' '{name}'" in printed
    assert command.main(["--show", "nothing"]) == 1
