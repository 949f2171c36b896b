"""The processes that judge: how they end, what is made of it, and what has to be green before a verdict is final."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.prove import runner
from tests.prove.campaign import ControlError, Verdict
from tests.prove.judge import Ruling
from tests.prove.runner import Memory, Runner

ROOT = Path(__file__).parents[2]

# Answers with the name of the defect as the outcome; tests named so are red with nothing planted.
JUDGE = """
import json, os, sys
for line in sys.stdin:
    order = json.loads(line)
    if order["id"] == "gone":
        sys.exit()
    is_control = order["id"] == "-" and not order["only"]
    is_red = "test_that_is_red" in order["only"] or (is_control and "RED" in os.environ)
    outcome = "killed" if is_red else "survived"
    outcome, by = (outcome, "-") if order["id"] == "-" else order["id"].split()
    verdict = {"id": order["id"], "outcome": outcome, "by": by}
    print(json.dumps({"verdict": verdict, "seconds": {one: 1.0 for one in order["only"]}}), flush=True)
"""


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Memory:
    monkeypatch.setattr(runner, "_COMMAND", (sys.executable, "-c", JUDGE))
    return Memory(tmp_path / "m.ndjson", "now")


def judge(memory: Memory, *ids: str, has_control: bool = False, workers: int = 1) -> None:
    with Runner("campaign", memory, workers) as judges:
        judges.judge(ids, lambda _verdict: None, has_control=has_control)
        judges.check_doubted()


def test_only_what_takes_too_long_is_a_timeout() -> None:
    script = """
import io, os, signal, sys
from tests.prove import judge
from tests.prove.campaign import Controls, Defect

class Dying:
    def controls(self, seed):
        return Controls(*self.defects()[:2])
    def undo(self, defect):
        pass
    name, stage, tests = "dying", "run", ()
    def defects(self):
        return [Defect(id=one, place="-", change="-") for one in ("SIGALRM", "SIGKILL", "stuck")]
    def plant(self, defect):
        if defect.id == "stuck":
            signal.pause()
        os.kill(os.getpid(), getattr(signal, defect.id))

def serve(orders):
    judge.Judge(Dying(), io.BytesIO(orders), sys.stdout.buffer)._serve()

serve(b'{"id": "SIGALRM"}\\n{"id": "SIGKILL"}\\n')
judge._GRACE_S = 0
serve(b'{"id": "stuck", "timeout_s": 0}\\n')
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True)
    verdicts = [msgspec.json.decode(line, type=Ruling).verdict for line in done.stdout.splitlines()]
    assert [(one.id, one.outcome, one.reason) for one in verdicts] == [
        ("SIGALRM", "timeout", ""),
        ("SIGKILL", "lost", "the process ended with -9"),
        ("stuck", "timeout", "the process ended with -9"),
    ]


@pytest.mark.parametrize(("name", "message"), [("lost -", "'lost -'"), ("gone", "the judge is gone")])
def test_what_is_lost_is_no_verdict(memory: Memory, name: str, message: str) -> None:
    with pytest.raises(ControlError, match=message):
        judge(memory, name)
    assert memory.verdicts == {}


def test_a_test_that_is_red_with_nothing_planted_notices_nothing(memory: Memory, tmp_path: Path) -> None:
    for again in (memory, Memory(tmp_path / "m.ndjson", "now")):
        with pytest.raises(ControlError, match="red with nothing planted"):
            judge(again, *(() if again.verdicts else ("killed test_that_is_red",)))
    assert Memory(tmp_path / "m.ndjson", "now").doubted == {"test_that_is_red"}


@pytest.mark.parametrize("workers", [1, 3])
def test_nothing_is_judged_any_more_when_all_tests_are_red_with_nothing_planted(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, workers: int
) -> None:
    monkeypatch.setenv("RED", "1")
    ids = [f"killed test_{number}" for number in range(1000)]
    with pytest.raises(ControlError, match="red with nothing planted"):
        judge(memory, *ids, has_control=True, workers=workers)
    assert len(memory.verdicts) < len(ids)
    # What was noticed meanwhile is in doubt until they pass.
    assert Memory(tmp_path / "m.ndjson", "now").doubted == {one.by for one in memory.verdicts.values()}


def test_all_tests_are_run_once_with_nothing_planted(memory: Memory, tmp_path: Path) -> None:
    judge(memory, "killed test_a", has_control=True)
    again = Memory(tmp_path / "m.ndjson", "now")
    assert again.verdicts.keys() == {"-", "killed test_a"}
    judge(again, "killed test_b", has_control=True)
    lines = (tmp_path / "m.ndjson").read_text().splitlines()
    assert [msgspec.json.decode(line)["verdict"]["id"] for line in lines[1:]] == ["-", "killed test_a", "killed test_b"]


def test_what_noticed_something_is_run_once_with_nothing_planted(memory: Memory, tmp_path: Path) -> None:
    judge(memory, "killed test_a", "killed test_b")
    again = Memory(tmp_path / "m.ndjson", "now")
    assert (again.doubted, again.seconds) == (set(), {"test_a": 1.0, "test_b": 1.0})
    again.keep(Ruling(Verdict(id="c", outcome="killed", by="test_c"), {}))
    assert again.doubted == {"test_c"}
    again.keep(Ruling(Verdict(id="-", outcome="survived"), {"test_c": 1.0}))
    assert again.doubted == set()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_who_ends_the_run_ends_its_judges(tmp_path: Path, number: signal.Signals, code: int) -> None:
    started, folder = tmp_path / "started", tmp_path / "scratch"
    os.mkfifo(started)
    folder.mkdir()
    hanging = f"import os, signal; open({str(started)!r}, 'w').write(str(os.getpid())); signal.pause()"
    script = f"""
import pathlib, signal, sys
from tests.prove import __main__ as command, runner
signal.signal(signal.SIGTERM, command._end)
command._FOLDER = pathlib.Path({str(tmp_path)!r})
runner._COMMAND = (sys.executable, "-c", {hanging!r})
sys.exit(command.main(["--campaign", "mock defects", "--sample", "--workers", "1"]))
"""
    environment = {**os.environ, "TMPDIR": str(folder)}
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, start_new_session=True, stderr=subprocess.PIPE
    ) as run:
        pid = int(started.read_text())
        # As a terminal does.
        os.killpg(run.pid, number)
        _, said = run.communicate(timeout=60)
    assert (run.returncode, said.decode()) == (code, "")
    assert list(folder.glob("prove-*")) == []
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
