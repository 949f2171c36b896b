"""Every kind of fault at every step: the right file is stored once, or a typed error and nothing is left behind."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import box_uploads
import pytest
from box_uploads import AsyncClient, errors
from box_uploads.upload import CommitUnconfirmedError, PartDone, Retried, SessionLeft, UploadError
from box_uploads_mock import (
    Accepted,
    Failure,
    Fault,
    LatePartsMismatch,
    LostResponse,
    Reset,
    SlowRead,
    Stall,
    TokenExpiry,
    Truncation,
)
from box_uploads_mock.fault_kinds import KINDS

from tests.flow.upload_ground import CONTENT, SMALL_PART_SIZE, Freeze, Ground, open_sessions_in, write

CREATE, VERSION = "create_upload_session", "create_version_upload_session"
PART, LIST, COMMIT = "upload_part", "list_parts", "commit_upload_session"
STATUS, ABORT = "get_upload_session", "abort_upload_session"
FILE = "get_file"
# Not needed for an upload, so it is a matrix of its own.
PLAN = "plan_upload_parts"
STEPS = (CREATE, VERSION, PART, LIST, COMMIT, STATUS, ABORT, FILE)
LASTING = 10_000
# Of five parts, the last one shorter, as a file of the least size has.
SMALL = CONTENT[: 4 * SMALL_PART_SIZE + 700]

Make = Callable[[str], Fault]
PASSING: list[Make] = [
    lambda step: Failure(operation=step, status=500),
    lambda step: Failure(operation=step, status=500, body="html"),
    lambda step: Failure(operation=step, status=503, body="none", retry_after_s=7),
    lambda step: Failure(operation=step, status=429, retry_after_s=25),
    lambda step: Failure(operation=step, status=401),
    lambda step: Failure(operation=step, status=500, carried_out=True),
    lambda step: Failure(operation=step, status=502, after_bytes=10),
    lambda step: Reset(operation=step, when="before"),
    lambda step: Reset(operation=step, when="during", after_bytes=10),
    lambda step: Reset(operation=step, when="after"),
    lambda step: Stall(operation=step, when="before"),
    lambda step: Stall(operation=step, when="during", after_bytes=10),
    lambda step: Stall(operation=step, when="after"),
    lambda step: SlowRead(operation=step, bytes_per_read=100, pause_s=1),
    lambda step: Truncation(operation=step, sent_bytes=0),
    lambda step: Truncation(operation=step, sent_bytes=9),
    lambda step: LostResponse(operation=step),
    lambda step: Accepted(operation=step, retry_after_s=5),
    lambda step: LatePartsMismatch(operation=step),
    lambda step: TokenExpiry(operation=step, new_token="fresh"),
]
"""What an error says of a session that could not be ended."""
FINAL: list[Make] = [
    lambda step: Failure(operation=step, status=400),
    lambda step: Failure(operation=step, status=403),
    lambda step: Failure(operation=step, status=404),
    lambda step: Failure(operation=step, status=410),
    lambda step: Failure(operation=step, status=409, code="item_name_in_use"),
    lambda step: Failure(operation=step, status=412),
    lambda step: Failure(operation=step, status=416),
    lambda step: TokenExpiry(operation=step),
]


def faults(makers: list[Make], times: int = 1, steps: tuple[str, ...] = STEPS) -> list[Fault]:
    """Return the faults that can strike a step, for every step."""
    found: list[Fault] = []
    for step in steps:
        for make in makers:
            # Such as the body of a request that has none.
            with suppress(ValueError):
                found.append(replace(make(step), times=times))
    return found


def shown(fault: Fault) -> str:
    """Return a fault as the id of a test."""
    settings = [f"{field.name}={getattr(fault, field.name)}" for field in fields(fault) if getattr(fault, field.name)]
    return "-".join([type(fault).__name__, *settings])


@pytest.fixture
def ground(small_ground: Ground) -> Iterator[Ground]:
    small_ground.state.add_token("fresh")
    yield small_ground
    # The tests look at them themselves, and faults that last are not used up.
    small_ground.state.faults.clear()


class Run:
    """An upload that comes to a step, in one of both ways; `client` are settings of the client."""

    def __init__(
        self, ground: Ground, step: str, folder: Path, *, is_async: bool, content: bytes = SMALL, **client: Any
    ) -> None:
        self.ground, self.step, self.is_async = ground, step, is_async
        self.content, self.client = content, client
        self.journal = folder / "journal"
        self.settings: dict[str, Any] = {}
        self.left: list[SessionLeft] = []
        self.source: Any = content
        self.before: list[bytes] = []
        if step in {VERSION, FILE, PLAN}:
            # The server finds the first part and the last one in it, and is sent those between them.
            first, last = SMALL_PART_SIZE, 4 * SMALL_PART_SIZE
            self.before = [content[:first] + content[first:last][::-1] + content[last:]]
            self.settings = {"file_id": ground.upload(self.before[0]).id}
        if step == STATUS:
            self.begin(folder)

    def begin(self, folder: Path) -> None:
        """Have an earlier run upload two parts, which the next one resumes."""
        self.source = write(folder / "film.mov", self.content)
        self.settings["resume"] = self.journal
        with pytest.raises(KeyboardInterrupt):
            self.ground.upload(self.source, on_progress=_interrupt, **self.settings)

    def upload(self, *faults: Fault) -> Any:
        """Upload as far as possible; what makes it come to the step is a fault as well."""
        preludes: dict[str, Fault] = {
            LIST: LostResponse(operation=PART),
            ABORT: Failure(operation=PART, status=403),
            FILE: LostResponse(operation=COMMIT),
        }
        prelude = [preludes[self.step]] if self.step in preludes else []
        self.ground.state.faults.add(*prelude, *faults)
        self.settings["on_progress"] = self._hear
        return self._upload()

    def _hear(self, event: object) -> None:
        if isinstance(event, SessionLeft):
            self.left.append(event)

    def _upload(self) -> Any:
        tokens = iter([self.ground.state.token])

        def token() -> str:
            return next(tokens, "fresh")

        if not self.is_async:
            return self.ground.upload(self.source, self.ground.client(token=token, **self.client), **self.settings)
        client = AsyncClient(token, base_url=self.ground.server.base_url, **self.client)
        return asyncio.run(self.ground.upload_async(self.source, client, **self.settings))

    def check_done(self, file: Any, *, unreported: int = 0) -> None:
        """Check that the file is there, once, and nothing else."""
        assert file.sha1 == _sha1(self.content)
        assert self.ground.stored() == [self.content]
        assert self.ground.state.files[file.id].etag == ("1" if self.before else "0")
        assert len(self.ground.state.sessions) == unreported
        # Of those as well, once and with their number.
        assert len(self.left) <= 1
        assert unreported <= sum(event.count for event in self.left)
        assert not self.journal.exists()

    def check_failed(self, error: Exception, *, unreported: int = 0) -> None:
        """Check that nothing was committed, and that no session is left that this error does not tell of."""
        assert isinstance(error, (UploadError, errors.ApiError, errors.TransportError))
        if self.step == FILE:
            # It was stored, and the server does not say so.
            assert isinstance(error, CommitUnconfirmedError)
            assert (self.ground.stored(), len(self.ground.state.sessions)) == ([self.content], 0)
            return
        assert self.ground.stored() == self.before
        if self.journal.exists():
            self.ground.state.add_token("fresh")
            self.ground.state.faults.clear()
            self.check_done(self._upload())
            return
        reported = sum(map(open_sessions_in, getattr(error, "__notes__", [])))
        assert len(self.ground.state.sessions) <= unreported + reported


@cache
def _sha1(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def _interrupt(event: object) -> None:
    if isinstance(event, PartDone) and event.parts_done == 2:
        raise KeyboardInterrupt


def unreported(fault: Fault) -> int:
    """Return how many sessions nobody knows of: the server says that they ended."""
    is_denied = isinstance(fault, Failure) and fault.operation == ABORT and fault.status in {404, 410}
    return fault.times if is_denied else 0


def cut_off(fault: Fault) -> int:
    """Return how many sessions the server counts as reported."""
    return fault.times if isinstance(fault, Truncation) and fault.operation in {CREATE, VERSION} else 0


@pytest.fixture(params=[False, True], ids=["sync", "async"])
def is_async(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.mark.parametrize("fault", faults(PASSING), ids=shown)
def test_a_passing_fault_ends_in_the_right_file_once(
    ground: Ground, tmp_path: Path, fault: Fault, is_async: bool
) -> None:
    run = Run(ground, fault.operation, tmp_path, is_async=is_async)
    if fault.operation == ABORT:
        with pytest.raises(errors.ForbiddenError) as caught:
            run.upload(fault)
        run.check_failed(caught.value)
        assert not ground.state.sessions
    else:
        run.check_done(run.upload(fault), unreported=cut_off(fault))
    ground.state.faults.require_fired()


@pytest.mark.parametrize("fault", [*faults(PASSING, LASTING), *faults(FINAL)], ids=shown)
def test_any_other_fault_ends_well_or_leaves_nothing(ground: Ground, tmp_path: Path, fault: Fault) -> None:
    # The course of the asynchronous upload is the same; one fault of each step shows that it ends there as well.
    is_async = isinstance(fault, Failure) and (fault.status, fault.times) == (403, 1)
    run = Run(ground, fault.operation, tmp_path, is_async=is_async)
    try:
        file = run.upload(fault)
    except box_uploads.errors.BoxUploadsError as error:
        accounted = ground.state.faults.unfired
        run.check_failed(error, unreported=unreported(fault))
    else:
        accounted = ground.state.faults.unfired
        run.check_done(file, unreported=cut_off(fault))
    assert sum(left.times for left in accounted) < fault.times


# The plan of a version, which only saves work

AT_PLAN = [
    *faults(PASSING, steps=(PLAN,)),
    *faults(FINAL, steps=(PLAN,)),
    Failure(operation=PLAN, status=429, retry_after_s=25, times=LASTING),
]


@pytest.mark.parametrize("is_resumed", [False, True], ids=["fresh", "resumed"])
@pytest.mark.parametrize("fault", AT_PLAN, ids=shown)
def test_whatever_happens_to_its_plan_a_version_is_stored_once(
    ground: Ground, tmp_path: Path, fault: Fault, is_resumed: bool, is_async: bool
) -> None:
    run = Run(ground, PLAN, tmp_path, is_async=is_async)
    run.settings["workers"] = 1
    if is_resumed:
        run.begin(tmp_path)
    sent = ground.calls(PART)
    # One of two parts is held already: found by a fresh run, and sent by the earlier one.
    run.check_done(run.upload(replace(fault, skip=0 if is_resumed else 1)))
    assert ground.calls(PART) - sent <= 4
    assert sum(left.times for left in ground.state.faults.unfired) < fault.times


# Servers that stop, for longer than the client waits

IMPATIENT = box_uploads.Timeout(read_s=0.4, write_s=0.4)
STALLS = [fault for fault in faults(PASSING) if isinstance(fault, Stall)]
PLAN_STALLS = [fault for fault in AT_PLAN if isinstance(fault, Stall)]


def given_up(run: Run, fault: Fault) -> tuple[Any, Exception | None]:
    """Upload past a server that stops, let it go on afterwards, and return the file or the error."""
    freeze, state = Freeze(), run.ground.state
    state.sleep = freeze.sleep
    file, error = None, None
    try:
        file = run.upload(fault)
    except errors.BoxUploadsError as caught:
        error = caught
    finally:
        freeze.end()
        run.ground.server.wait_until_idle()
    assert sum(left.times for left in state.faults.unfired) < fault.times
    state.faults.clear()
    return file, error


@pytest.mark.parametrize(
    "fault", [*STALLS, *PLAN_STALLS, *(replace(stall, times=LASTING) for stall in PLAN_STALLS)], ids=shown
)
def test_a_stall_that_outlasts_the_client_ends_in_the_right_file_once(
    small_ground: Ground, tmp_path: Path, fault: Stall
) -> None:
    step = fault.operation
    run = Run(small_ground, step, tmp_path, is_async=fault.when == "after", timeout_s=IMPATIENT)
    file, error = given_up(run, fault)
    late = len(small_ground.state.sessions)
    if step == ABORT:
        assert isinstance(error, errors.ForbiddenError)
        assert (small_ground.stored(), late) == ([], 0)
    else:
        # A session for a version that is made when nobody waits for it any more has no name in its way.
        assert late <= (step == VERSION)
        run.check_done(file, unreported=late)


@pytest.mark.parametrize("fault", [replace(stall, times=LASTING) for stall in STALLS], ids=shown)
def test_a_server_that_always_stalls_is_given_up_and_nothing_is_left_untold(
    small_ground: Ground, tmp_path: Path, fault: Stall
) -> None:
    run = Run(small_ground, fault.operation, tmp_path, is_async=False, timeout_s=IMPATIENT)
    # Of the uploader's own time: as long as one failure may take, and a second one.
    run.settings["deadline_s"] = 1
    _, error = given_up(run, fault)
    assert error is not None
    notes = " ".join(getattr(error, "__notes__", []))
    if fault.operation in {CREATE, VERSION}:
        assert "may stay open" in notes
        assert (small_ground.stored(), run.journal.exists()) == (run.before, False)
        return
    assert open_sessions_in(notes) == (fault.operation == ABORT)
    assert run.journal.exists() == (fault.operation == STATUS)
    run.check_failed(error)


LARGE = bytes(20_000_000)


def test_a_part_that_is_read_too_slowly_is_given_up_and_sent_again() -> None:
    ground, retries = Ground(len(LARGE)), list[str]()
    freeze = Freeze()

    def on_progress(event: object) -> None:
        if isinstance(event, Retried):
            retries.append(event.reason)
            freeze.end()

    ground.state.sleep = freeze.sleep
    ground.state.faults.add(SlowRead(operation=PART, bytes_per_read=1000, pause_s=1))
    with ground.server:
        # More than the system takes on its way, so the sender notices.
        timeout_s = box_uploads.Timeout(write_s=0.5)
        ground.upload(LARGE, ground.client(timeout_s=timeout_s), on_progress=on_progress)
        ground.server.wait_until_idle()
    ground.state.faults.require_fired()
    assert ["WriteTimeout" in reason for reason in retries] == [True]
    assert (ground.stored(), len(ground.state.sessions)) == ([LARGE], 0)


@pytest.mark.parametrize("step", [CREATE, VERSION, PART, COMMIT])
def test_a_body_that_is_read_slowly_but_in_time_is_sent_once(small_ground: Ground, tmp_path: Path, step: str) -> None:
    run = Run(small_ground, step, tmp_path, is_async=False, max_retries=0)

    async def pause(_: float) -> None:
        await asyncio.sleep(0.01)

    small_ground.state.sleep = pause
    calls = small_ground.calls(step)
    run.check_done(run.upload(SlowRead(operation=step, bytes_per_read=100, pause_s=1)))
    assert small_ground.calls(step) - calls == (5 if step == PART else 1)
    small_ground.state.faults.require_fired()


def test_the_matrix_is_complete() -> None:
    needed = Path(box_uploads.__file__).parents[2] / "generator" / "overlay" / "upload" / "operations.txt"
    assert set(needed.read_text(encoding="utf-8").split()) == set(STEPS)
    found = {(type(fault), fault.operation) for fault in faults(PASSING)}
    assert {kind for kind, _ in found} == set(KINDS.values())
    everywhere = {kind for kind in KINDS.values() if all((kind, step) in found for step in STEPS)}
    assert everywhere == {Failure, Reset, Stall, LostResponse, TokenExpiry}
    assert {step for kind, step in found if kind is Truncation} == set(STEPS) - {ABORT}
    assert {step for kind, step in found if kind is SlowRead} == {CREATE, VERSION, PART, COMMIT}
    assert {(stall.operation, stall.when) for stall in STALLS} == {
        *((step, when) for step in STEPS for when in ("before", "after")),
        *((step, "during") for step in (CREATE, VERSION, PART, COMMIT)),
    }
    assert {step for kind, step in found if kind in {Accepted, LatePartsMismatch}} == {COMMIT}
    assert {type(fault) for fault in AT_PLAN} == set(KINDS.values()) - {Accepted, LatePartsMismatch}
