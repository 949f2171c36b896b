"""Results on disk, so that an interrupted run continues where it stopped."""

from __future__ import annotations

import hashlib
from pathlib import Path
from threading import Lock

import msgspec

from tests.prove.campaign import BASELINE, MutantResult
from tests.prove.worker import Result

ROOT = Path(__file__).parents[2]
_INPUTS = ("spec", "generator", "generated", "tests", "pyproject.toml", ".ci/constraints.txt")


def fingerprint(root: Path = ROOT) -> str:
    """Return a digest of everything that verdicts depend on."""
    digest = hashlib.sha256()
    for name in _INPUTS:
        top = root / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


class ResultStore:
    """The results of a campaign.

    Args:
        path: The file, which need not exist.
        fingerprint: What verdicts depend on; those of another fingerprint are ignored.

    Attributes:
        verdicts: Final verdicts, by the name of the defect.
        survived_brief: Defects that survived a brief run.
        seconds: Duration of each test that passed in the baseline.
    """

    def __init__(self, path: Path, fingerprint: str) -> None:
        self._path = path
        self._fingerprint = fingerprint
        self._lock = Lock()
        self.verdicts: dict[str, MutantResult] = {}
        self.survived_brief: set[str] = set()
        self.seconds: dict[str, float] = {}
        lines = path.read_bytes().splitlines() if path.exists() else []
        self._is_current = bool(lines) and lines[0].decode() == fingerprint
        for line in lines[1:] if self._is_current else ():
            self._read(line)

    @property
    def tried(self) -> set[str]:
        """Defects that a brief or a full run was made for."""
        return self.verdicts.keys() | self.survived_brief

    @property
    def unverified(self) -> set[str]:
        """Tests that detected something and are not known to pass in the baseline."""
        if BASELINE.id in self.verdicts:
            return set()
        return {verdict.by for verdict in self.verdicts.values() if verdict.by} - self.seconds.keys()

    def add(self, result: Result) -> None:
        """Keep a result, also for later runs; to survive a brief run is no verdict yet."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._lock, self._path.open("ab" if self._is_current else "wb") as file:
            if not self._is_current:
                file.write(f"{self._fingerprint}\n".encode())
                self._is_current = True
            if result.verdict.id != BASELINE.id:
                result.seconds = {}
            line = msgspec.json.encode(result)
            file.write(line + b"\n")
            self._read(line)

    def add_unreached(self, name: str) -> None:
        """Keep that a defect survives because no test reaches it."""
        self.add(Result(MutantResult(id=name, outcome="survived", reason="no test reaches it"), {}))

    def _read(self, line: bytes) -> None:
        try:
            result = msgspec.json.decode(line, type=Result)
        except msgspec.MsgspecError:
            # The run was killed while it wrote; the defect is run again.
            return
        self.seconds.update(result.seconds)
        if result.is_brief and result.verdict.outcome == "survived":
            self.survived_brief.add(result.verdict.id)
        else:
            self.verdicts[result.verdict.id] = result.verdict
