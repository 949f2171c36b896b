"""Workers: how they end, what that says, and which tests have to pass before a verdict is final."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from tests.prove import worker_pool
from tests.prove.campaign import InvalidRunError, MutantResult
from tests.prove.result_store import ResultStore
from tests.prove.worker import Result
from tests.prove.worker_pool import WorkerPool

ROOT = Path(__file__).parents[2]

# A worker whose outcome is in the name of the defect; `test_that_fails` fails with nothing planted.
WORKER = """
import json, os, sys
for line in sys.stdin:
    task = json.loads(line)
    if task["id"] == "gone":
        sys.exit()
    is_baseline = task["id"] == "-" and not task["only"]
    fails = "test_that_fails" in task["only"] or (is_baseline and "FAIL" in os.environ)
    # All tests take long on a busy machine.
    fails = fails or (task["id"] == "-" and task["timeout_s"] < 1800)
    outcome = "killed" if fails else "survived"
    outcome, by = (outcome, "-") if task["id"] == "-" else task["id"].split()
    verdict = {"id": task["id"], "outcome": outcome, "by": by}
    print(json.dumps({"verdict": verdict, "seconds": {test: 1.0 for test in task["only"]}}), flush=True)
"""


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ResultStore:
    monkeypatch.setattr(worker_pool, "_COMMAND", (sys.executable, "-c", WORKER))
    return ResultStore(tmp_path / "m.ndjson", "now")


def run(store: ResultStore, *ids: str, has_baseline: bool = False, workers: int = 1) -> None:
    with WorkerPool("campaign", store, workers) as pool:
        pool.run(ids, lambda _verdict: None, has_baseline=has_baseline)
        pool.verify_tests()


def test_only_a_test_that_does_not_end_is_a_timeout() -> None:
    script = """
import io, os, signal, sys
from tests.prove import worker
from tests.prove.campaign import Controls, Defect

class Dying:
    def controls(self, seed):
        return Controls(*self.defects()[:2])
    def undo(self, defect):
        pass
    name, stage, tests = "dying", "run", ()
    def defects(self):
        return [Defect(id=name, place="-", change="-") for name in ("SIGALRM", "SIGKILL", "stuck")]
    def plant(self, defect):
        if defect.id == "stuck":
            signal.pause()
        os.kill(os.getpid(), getattr(signal, defect.id))

def serve(tasks):
    worker.Worker(Dying(), io.BytesIO(tasks), sys.stdout.buffer)._serve()

serve(b'{"id": "SIGALRM"}\\n{"id": "SIGKILL"}\\n')
worker._GRACE_S = 0
serve(b'{"id": "stuck", "timeout_s": 0}\\n')
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True, capture_output=True)
    verdicts = [msgspec.json.decode(line, type=Result).verdict for line in done.stdout.splitlines()]
    assert [(verdict.id, verdict.outcome, verdict.reason) for verdict in verdicts] == [
        ("SIGALRM", "timeout", "still running after 300 s"),
        ("SIGKILL", "crashed", "the process ended with -9"),
        ("stuck", "timeout", "the process ended with -9"),
    ]


@pytest.mark.parametrize(("name", "message"), [("crashed -", "'crashed -'"), ("gone", "a worker has ended")])
def test_a_crash_is_no_verdict(store: ResultStore, name: str, message: str) -> None:
    with pytest.raises(InvalidRunError, match=message):
        run(store, name)
    assert store.verdicts == {}


def test_a_test_that_fails_with_nothing_planted_detects_nothing(store: ResultStore, tmp_path: Path) -> None:
    for again in (store, ResultStore(tmp_path / "m.ndjson", "now")):
        with pytest.raises(InvalidRunError, match="fails with nothing planted"):
            run(again, *(() if again.verdicts else ("killed test_that_fails",)))
    assert ResultStore(tmp_path / "m.ndjson", "now").unverified == {"test_that_fails"}


@pytest.mark.parametrize("workers", [1, 3])
def test_the_run_stops_when_the_baseline_fails(
    store: ResultStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, workers: int
) -> None:
    monkeypatch.setenv("FAIL", "1")
    ids = [f"killed test_{number}" for number in range(1000)]
    with pytest.raises(InvalidRunError, match="fails with nothing planted"):
        run(store, *ids, has_baseline=True, workers=workers)
    assert len(store.verdicts) < len(ids)
    # What was detected meanwhile is not final until they pass.
    assert ResultStore(tmp_path / "m.ndjson", "now").unverified == {verdict.by for verdict in store.verdicts.values()}


def test_the_baseline_runs_once(store: ResultStore, tmp_path: Path) -> None:
    run(store, "killed test_a", has_baseline=True)
    again = ResultStore(tmp_path / "m.ndjson", "now")
    assert again.verdicts.keys() == {"-", "killed test_a"}
    run(again, "killed test_b", has_baseline=True)
    lines = (tmp_path / "m.ndjson").read_text().splitlines()
    assert [msgspec.json.decode(line)["verdict"]["id"] for line in lines[1:]] == ["-", "killed test_a", "killed test_b"]


def test_a_test_that_detected_something_runs_once_with_nothing_planted(store: ResultStore, tmp_path: Path) -> None:
    run(store, "killed test_a", "killed test_b")
    again = ResultStore(tmp_path / "m.ndjson", "now")
    assert (again.unverified, again.seconds) == (set(), {"test_a": 1.0, "test_b": 1.0})
    again.add(Result(MutantResult(id="c", outcome="killed", by="test_c"), {}))
    assert again.unverified == {"test_c"}
    again.add(Result(MutantResult(id="-", outcome="survived"), {"test_c": 1.0}))
    assert again.unverified == set()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ending_the_run_kills_its_workers(tmp_path: Path, number: signal.Signals, code: int) -> None:
    started, folder = tmp_path / "started", tmp_path / "scratch"
    os.mkfifo(started)
    folder.mkdir()
    hanging = f"import os, signal; open({str(started)!r}, 'w').write(str(os.getpid())); signal.pause()"
    script = f"""
import pathlib, signal, sys
from tests.prove import __main__ as command, worker_pool
signal.signal(signal.SIGTERM, command.exit_on_signal)
command._FOLDER = pathlib.Path({str(tmp_path)!r})
worker_pool._COMMAND = (sys.executable, "-c", {hanging!r})
sys.exit(command.main(["--campaign", "mock defects", "--sample", "--workers", "1"]))
"""
    environment = {**os.environ, "TMPDIR": str(folder)}
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, start_new_session=True, stderr=subprocess.PIPE
    ) as process:
        pid = int(started.read_text())
        # As a terminal does.
        os.killpg(process.pid, number)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said.decode()) == (code, "")
    assert list(folder.glob("prove-*")) == []
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
