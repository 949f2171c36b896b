"""Defects of the uploader: new versions, of which only what changed is sent."""

from __future__ import annotations

from typing import Any

from tests.prove.patches import after, always, patch, wrap


def _stay_on(_: object, planner: Any, *__: Any) -> None:
    planner.is_on = True


# fmt: off
DEFECTS = (
    patch("All parts of a version are sent", "upload.planning.Planner.find", always(None)),
    wrap("A plan that fails is asked for again", "upload.planning.Planner.find", after(_stay_on)),
    patch("Found parts are committed with a digest", "upload.commit.FoundPart", int),
    patch("Found parts do not count as held", "upload.engine.FoundPart", int),
    patch("A refused commit of found parts is final", "upload.workflow._check_found_parts", always(None)),
    patch("A version that changes nothing is waited for", "upload.commit._find_unchanged", always(None)),
    patch("A 202 always says that nothing changed", "upload.commit.parse_retry_after", always(None)),
)
