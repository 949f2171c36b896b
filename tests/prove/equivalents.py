"""Defects that no test can detect, with the reasons, as `equivalent.yaml` lists them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from tests.prove.session import Finding

_LIST = Path(__file__).with_name("equivalent.yaml")


def equivalents(path: Path = _LIST) -> Mapping[str, Mapping[str, str]]:
    """Return the reason of each listed defect, by group and name of the defect."""
    listed = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    return {
        group: {name: reason for reason, names in reasons.items() for name in names}
        for group, reasons in listed.items()
    }


def find_stale(listed: Mapping[str, str], known: Sequence[str], findings: Sequence[Finding]) -> list[str]:
    """Return what is wrong with a list: defects that do not exist, or are detected."""
    detected = [finding.defect.id for finding in findings if finding.is_detected and finding.defect.id in listed]
    return [
        *(f"listed as equivalent, and does not exist: {name}" for name in sorted(set(listed) - set(known))),
        *(f"listed as equivalent, and was detected: {name}" for name in detected),
    ]
