"""Which step of the version a change needs (Semantic Versioning 2.0.0, 4, 7 and 8)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from tests.compatibility.change import Breaks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.compatibility.change import Change

Version: TypeAlias = tuple[int, int, int]


def parsed(text: str) -> Version:
    """Return the numbers of a version.

    Raises:
        ValueError: It has not the three numbers of a release.
    """
    match = re.fullmatch(r"([0-9]+)\.([0-9]+)\.([0-9]+)", text)
    if match is None:
        raise ValueError(f"{text!r} is not a version such as 0.1.0")
    major, minor, patch = map(int, match.groups())
    return major, minor, patch


def needed(released: Version, changes: Iterable[Change]) -> Version:
    """Return the least version that may hold the changes.

    Before 1.0.0 whatever breaks somebody needs a new minor version; later, what breaks clients needs a major one.
    """
    broken = {change.breaks for change in changes} - {Breaks.NOBODY}
    major, minor, _ = released
    if not broken:
        return released
    if major and broken & {Breaks.CLIENTS, Breaks.BOTH}:
        return major + 1, 0, 0
    return major, minor + 1, 0
