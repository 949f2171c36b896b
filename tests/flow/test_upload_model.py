"""Drawn scenarios of faults, sizes, workers, interruptions and repetitions, beside a model of what has to come of them.

The model knows two things: whether the file is stored, and which sessions nobody can end. Whatever is drawn, a run
stores the file once, or ends in a typed error with nothing committed and no session left but one that the journal
names; and the same call, repeated until nothing is in its way, ends with the file, made exactly once.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from box_uploads import errors
from box_uploads.upload import UploadError
from box_uploads_mock import (
    Accepted,
    Failure,
    Fault,
    LatePartsMismatch,
    LostAnswer,
    Reset,
    SlowRead,
    Stall,
    TokenExpiry,
    Truncation,
)
from box_uploads_mock.fault_kinds import KINDS
from hypothesis import Phase, event, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from tests.flow.upload_ground import PART_SIZE, Ground, write

BYTES = random.Random(2).randbytes(6 * PART_SIZE + 1)
EARLIER = BYTES[::-1][:20_000_000]
CREATE, VERSION = "create_upload_session", "create_version_upload_session"
PART, LIST, COMMIT = "upload_part", "list_parts", "commit_upload_session"
STATUS, ABORT = "get_upload_session", "abort_upload_session"
STEPS = [CREATE, PART, LIST, COMMIT, STATUS, ABORT]

_step = st.sampled_from(STEPS)
# Of a session that is there, asked for it or told to end it, the server does not lie: 404 and 410 come elsewhere.
DRAWN: list[tuple[type[Fault], dict[str, Any]]] = [
    (Failure, {"operation": _step, "status": st.sampled_from([401, 429, 500, 503])}),
    (Failure, {"operation": _step, "status": st.just(500), "carried_out": st.just(value=True)}),
    (
        Failure,
        {"operation": st.sampled_from([CREATE, PART, COMMIT]), "status": st.just(502), "after_bytes": st.just(10)},
    ),
    (Failure, {"operation": st.sampled_from([PART, LIST, COMMIT]), "status": st.sampled_from([403, 404, 410])}),
    (Failure, {"operation": st.just(PART), "status": st.sampled_from([412, 416])}),
    (Reset, {"operation": _step, "when": st.sampled_from(["before", "after"])}),
    (Reset, {"operation": st.just(PART), "when": st.just("during"), "after_bytes": st.integers(0, PART_SIZE)}),
    (Stall, {"operation": _step}),
    (SlowRead, {"operation": st.just(PART), "bytes_per_read": st.just(500_000), "pause_s": st.just(1.0)}),
    (Truncation, {"operation": st.sampled_from([one for one in STEPS if one != ABORT])}),
    (LostAnswer, {"operation": _step}),
    (Accepted, {"retry_after_s": st.integers(0, 9)}),
    (LatePartsMismatch, {}),
    (TokenExpiry, {"operation": _step, "new_token": st.just("fresh")}),
]
FAULTS = st.one_of(
    [st.builds(kind, skip=st.integers(0, 3), times=st.integers(1, 3), **fields) for kind, fields in DRAWN]
)
SIZES = [20_000_000, *(parts * PART_SIZE + more for parts in (5, 6) for more in (-1, 0, 1))]


class Scenario(Struct, frozen=True):
    """What is drawn."""

    size: int
    workers: int
    has_journal: bool
    is_version: bool
    faults: list[Fault]
    interruptions: list[int]
    """Before which event each of the first runs is interrupted."""


SCENARIOS = st.builds(
    Scenario,
    size=st.sampled_from(SIZES),
    workers=st.integers(1, 6),
    has_journal=st.booleans(),
    is_version=st.booleans(),
    faults=st.lists(FAULTS, min_size=1, max_size=5),
    interruptions=st.lists(st.integers(1, 30), max_size=2),
)


class Interruption(KeyboardInterrupt):
    """Ctrl-C at an event."""


class Course:
    """A scenario on its way, and the model of it."""

    def __init__(self, ground: Ground, scenario: Scenario, folder: Path) -> None:
        self.ground, self.scenario = ground, scenario
        self.content = BYTES[: scenario.size]
        self.path = write(folder / "film.mov", self.content)
        self.settings: dict[str, Any] = {"workers": scenario.workers}
        self.journal = folder / "journal"
        if scenario.has_journal:
            self.settings["resume"] = self.journal
        ground.reset()
        ground.state.add_token("fresh")
        self.before = [EARLIER] * scenario.is_version
        if scenario.is_version:
            self.settings["file_id"] = ground.upload(EARLIER).id
        # The session of a version is created by another operation.
        self.faults = [
            replace(one, operation=VERSION) if scenario.is_version and one.operation == CREATE else one
            for one in scenario.faults
        ]
        ground.state.faults.add(*self.faults)
        self.unfired: tuple[Fault, ...] = ()
        self.told = 0

    def lift_faults(self) -> None:
        """Let nothing be in the way any more."""
        self.unfired = self.ground.state.faults.unfired
        self.ground.state.faults.clear()

    def happened(self, is_such: Callable[[Fault], bool] = lambda _: True) -> int:
        """Return how many faults of a kind have happened."""
        unfired = self.unfired or self.ground.state.faults.unfired
        return sum(one.times for one in self.faults if is_such(one)) - sum(one.times for one in unfired if is_such(one))

    @property
    def is_stored(self) -> bool:
        """Whether the file is there."""
        return self.ground.stored() == [self.content]

    def run(self, interruption: int | None = None) -> None:
        """Upload once, and compare with the model."""
        left = interruption

        def told(_: object) -> None:
            nonlocal left
            if left is not None:
                left -= 1
                if left == 0:
                    raise Interruption

        tokens = iter([self.ground.state.token])
        client = self.ground.client(token=lambda: next(tokens, "fresh"))
        try:
            file = self.ground.upload(self.path, client, on_progress=told, **self.settings)
        except (errors.BoxUploadsError, Interruption) as error:
            self._check_failed(error)
        else:
            assert self.is_stored
            assert (file.size, self.journal.exists()) == (len(self.content), False)
        self._check_sessions()

    def _check_failed(self, error: BaseException) -> None:
        known = (UploadError, errors.ApiError, errors.TransportError, Interruption)
        assert isinstance(error, known)
        self.told += sum("until it expires" in note for note in getattr(error, "__notes__", []))
        if not self.is_stored:
            assert self.ground.stored() == self.before
        elif not isinstance(error, Interruption):
            # The commit was carried out, its answer did not arrive, and the server cannot be asked.
            assert self.happened(is_unanswered_commit)

    def _check_sessions(self) -> None:
        named = self.journal.exists()
        assert len(self.ground.state.sessions) <= named + self.told + self.happened(is_cut_off)


def is_cut_off(fault: Fault) -> bool:
    """Whether a fault leaves a session that nobody can find."""
    return isinstance(fault, Truncation) and fault.operation in {CREATE, VERSION}


def is_unanswered_commit(fault: Fault) -> bool:
    """Whether a fault carries a commit out, and does not say so."""
    is_carried_out = isinstance(fault, Failure) and fault.carried_out
    return fault.operation == COMMIT and (isinstance(fault, (LostAnswer, Truncation)) or is_carried_out)


@settings(max_examples=50, deadline=None, derandomize=True, database=None, phases=[Phase.generate])
@given(scenario=SCENARIOS)
def test_whatever_happens_the_file_is_made_once(shared_ground: Ground, scenario: Scenario) -> None:
    with TemporaryDirectory() as name:
        course = Course(shared_ground, scenario, Path(name))
        for interruption in [*scenario.interruptions, None]:
            if not course.is_stored:
                course.run(interruption)
        course.lift_faults()
        event(f"faults that happened: {course.happened()}")
        if not course.is_stored or course.journal.exists():
            course.run()
        assert course.is_stored
        files = [file for file in shared_ground.state.files.values() if file.name == "film.mov"]
        assert [file.etag for file in files] == ["1" if scenario.is_version else "0"]


def test_every_kind_of_fault_can_be_drawn() -> None:
    assert {kind for kind, _ in DRAWN} == set(KINDS.values())
