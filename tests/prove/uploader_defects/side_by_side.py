"""Defects of the uploader: several uploads at a time, which share how many parts are in memory."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from tests.prove.patches import always, patch


def _last_first(slots: Any) -> None:
    if slots._waiting:
        slots._waiting.pop()()
    else:
        slots._free += 1


# fmt: off
DEFECTS = (
    patch("Parts in memory have no limit", "upload.slots.Slots.take", always(True)),
    patch("Who has waited longest gets a slot last", "upload.slots.Slots.give_back", _last_first),
    patch("An upload that no longer waits gets a slot that is lost", "upload.slots.Slots.withdraw", always(None)),
    patch("A small file takes no slot", "upload.slots.Slots.one", lambda slots, cancel: nullcontext()),
    patch("An upload keeps its slots although others wait", "upload.slots.HeldSlots.give_back", always(0)),
    patch("A failed upload keeps its slots", "upload.slots.HeldSlots.close", always(None)),
    patch("A small file of an earlier run is a conflict", "upload.small_upload.stored_by_earlier_run", always(None)),
)
