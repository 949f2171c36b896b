"""Defects that no test can notice, each with its reason, as `equivalent.yaml` lists them by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.prove.trial import Finding

__all__ = ["equivalents", "stale"]

_LIST = Path(__file__).with_name("equivalent.yaml")


def equivalents(path: Path = _LIST) -> Mapping[str, Mapping[str, str]]:
    """Return the reason of each listed defect, by group and name of the defect.

    A list under one reason says it of each of its defects.
    """
    listed = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    found: dict[str, dict[str, str]] = {}
    for group, reasons in listed.items():
        for reason, names in reasons.items():
            found.setdefault(group, {}).update(dict.fromkeys(names, reason))
    return found


def stale(listed: Mapping[str, str], known: Sequence[str], findings: Sequence[Finding]) -> list[str]:
    """Return what is wrong with a list: defects that do not exist, and defects that were noticed."""
    noticed = [one.defect.id for one in findings if one.is_noticed and one.defect.id in listed]
    return [
        *(f"listed as equivalent, and does not exist: {name}" for name in sorted(set(listed) - set(known))),
        *(f"listed as equivalent, and was noticed: {name}" for name in noticed),
    ]
