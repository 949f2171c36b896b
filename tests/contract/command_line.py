"""Schemathesis's own command line, `st run`, and what its reports say was really exercised."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.contract.fragment import EXAMPLES, IS_LONG, PATH

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = PATH.parents[1]
SETTINGS = Path(__file__).parent / "schemathesis.toml"
TIMEOUT_S = 3600 if IS_LONG else 300


@dataclass
class Run:
    """A finished run.

    Attributes:
        output: All that it printed.
        cases: How many cases each operation got in each phase, by `METHOD path` and the name of the phase.
        statuses: How often an operation answered what.
        links: How often each link was followed, by schemathesis's names for them.
    """

    code: int
    output: str
    reports: Path
    cases: Counter[tuple[str, str]] = field(default_factory=Counter)
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    links: Counter[str] = field(default_factory=Counter)

    @property
    def has_warned(self) -> bool:
        """Whether any warning was printed."""
        return " WARNINGS " in self.output

    def drop_reports(self) -> None:
        """Remove the reports."""
        shutil.rmtree(self.reports)


def st_run(name: str, base_url: str, *options: str, seed: str | None = None) -> Run:
    """Run all phases and checks against a server, with reports in a folder of that name.

    A seed makes other cases than the settings do; a long run makes more of them, too.
    """
    # Git ignores it, and `make clean` removes it.
    reports = ROOT / f".schemathesis-{name}"
    shutil.rmtree(reports, ignore_errors=True)
    reports.mkdir()
    events = reports / "st.ndjson"
    written = ["--report-junit-path", str(reports / "junit.xml"), "--report-har-path", str(reports / "st.har")]
    written += ["--report-ndjson-path", str(events)]
    settings = reports / "schemathesis.toml"
    text = SETTINGS.read_text(encoding="utf-8")
    settings.write_text(re.sub("max-examples = .*", _more, text) if IS_LONG else text, encoding="utf-8")
    command = ["-m", "schemathesis.cli", "--config-file", str(settings), "run", str(PATH), "--url", base_url]
    command += [] if seed is None else ["--seed", seed]
    result = subprocess.run(
        [sys.executable, *command, *written, *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert events.exists(), f"st run did not start:\n{result.stdout}"
    run = Run(result.returncode, result.stdout, reports)
    for phase, case, interaction in _recorded(events):
        operation = f"{case['value']['method']} {case['value']['path']}"
        run.cases[operation, phase] += 1
        if interaction.get("response"):
            run.statuses[operation, interaction["response"]["status_code"]] += 1
        link = case.get("transition")
        if link and case["is_transition_applied"] and not link["is_inferred"]:
            run.links[link["id"]] += 1
    return run


def _more(setting: re.Match[str]) -> str:
    return f"max-examples = {max(EXAMPLES, int(setting[0].split()[-1]))}"


def _recorded(events: Path) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Yield phase, case and what was sent and answered, of each case that was sent."""
    with events.open(encoding="utf-8") as lines:
        for line in lines:
            scenario = json.loads(line).get("ScenarioFinished", {})
            recorder = scenario.get("recorder", {})
            for case_id, interaction in recorder.get("interactions", {}).items():
                yield scenario["phase"], recorder["cases"][case_id], interaction
