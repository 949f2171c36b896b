"""A machine that draws faults, names, uploads, interruptions and what happens between two runs, beside a model of it.

The model knows which files there are, with their bytes and etags, and how many sessions nobody can name any more.
Whatever is drawn, a run stores the file exactly once, or ends in a typed error with nothing committed and no session
left but the one that the journal names; and in the end, with nothing in the way, each upload that was started is done.
What was drawn is counted, and a test looks at the counts: a machine that draws nothing would be green as well.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from box_uploads import AsyncClient, errors
from box_uploads.upload import (
    CommitUnconfirmedError,
    PartDone,
    PhaseChanged,
    Restarted,
    Resumed,
    SessionLeft,
    UploadError,
)
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
from box_uploads_mock.errors import ApiError
from box_uploads_mock.fault_kinds import KINDS
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from msgspec import Struct

from tests.flow.upload_ground import HOSTILE, SMALL_PART_SIZE, Ground, open_sessions_in, write

CREATE, VERSION = "create_upload_session", "create_version_upload_session"
PART, LIST, COMMIT = "upload_part", "list_parts", "commit_upload_session"
PLAN = "plan_upload_parts"
STATUS, ABORT = "get_upload_session", "abort_upload_session"
# A small file, and what is asked about it once its response is lost.
SMALL, LOOKS = ("upload_small_file", "upload_small_version"), ("check_upload", "get_file")
STEPS = (CREATE, VERSION, PLAN, PART, LIST, COMMIT, STATUS, *SMALL, *LOOKS, ABORT)
WITH_BODY = (CREATE, VERSION, PLAN, PART, COMMIT, *SMALL)
# Of a session that is there, asked for it or told to end it, the server does not lie: these ended in truth, below.
OF_ENDED = (PLAN, PART, LIST, COMMIT)
# Where the files are on the disk, which does not take every name that Box takes.
PATHS = ("one.mov", "two.mov")
FORBIDDEN = "/\\\x7f" + "".join(map(chr, range(32)))
LONGEST_NAME = 255
DRAWN_NAMES = st.text(st.characters(codec="utf-8", exclude_characters=FORBIDDEN), min_size=1, max_size=LONGEST_NAME)
BOX_NAMES = st.lists(
    st.sampled_from(sorted(HOSTILE.values())) | DRAWN_NAMES.filter(lambda name: name not in {".", ".."}),
    min_size=len(PATHS),
    max_size=len(PATHS),
    unique_by=str.casefold,
)
SIZES = {"one below": -1, "exact": 0, "one above": 1, "between": 333}
EMPTY = "empty"
# Files of so many bytes and more get a session.
BORDER = 2 * SMALL_PART_SIZE
# The first part of all of these, which the server finds in another one.
SHARED = bytes(SMALL_PART_SIZE)
# Events, and the how-manieth of their kind; few runs resume or restart.
MOMENTS = (
    *((event, 1) for event in ("create", "Started", "parts", "commit", "done", *["Resumed", "Restarted"] * 3)),
    *((event, number) for event in ("BytesSent", "PartDone", "Retried") for number in (1, 2)),
)
ACTS = ("interrupt", "expire", "rewrite")
CHANGES = ("nothing", "expire", "rewrite", "abort")
MEANS = ("threads", "executor", "asynchronous")
EIGHT_DAYS_S = 8 * 86_400.0
MOST_PLANTED = 2

Make = Callable[..., Fault]
NATURES: dict[str, tuple[Make, tuple[str, ...], dict[str, st.SearchStrategy[Any]]]] = {
    **{
        f"Failure {status}": (
            Failure,
            steps,
            {
                "status": st.just(status),
                "body": st.sampled_from(["box", "html", "none"]),
                "retry_after_s": st.sampled_from([None, 0, 7]),
            },
        )
        for status, steps in {
            **dict.fromkeys((400, 401, 403, 429, 500, 503), STEPS),
            **dict.fromkeys((404, 410), OF_ENDED),
            409: (PART, COMMIT, *SMALL),
            412: (PART, COMMIT, *SMALL),
            416: (PART, COMMIT),
        }.items()
    },
    "Failure carried out": (Failure, STEPS, {"status": st.just(500), "carried_out": st.just(value=True)}),
    "Failure cut off": (Failure, WITH_BODY, {"status": st.just(502), "after_bytes": st.integers(0, 40)}),
    "Failure of a twin": (Failure, (CREATE, VERSION), {"status": st.just(409)}),
    "Reset before": (Reset, STEPS, {}),
    "Reset during": (Reset, WITH_BODY, {"when": st.just("during"), "after_bytes": st.integers(0, 40)}),
    "Reset after": (Reset, STEPS, {"when": st.just("after")}),
    "Stall": (Stall, STEPS, {"when": st.sampled_from(["before", "after"]), "limit_s": st.sampled_from([1.0, 60.0])}),
    "SlowRead": (SlowRead, WITH_BODY, {"bytes_per_read": st.integers(50, 500), "pause_s": st.just(1.0)}),
    "Truncation": (Truncation, STEPS[:-1], {"sent_bytes": st.integers(0, 40)}),
    "LostResponse": (LostResponse, STEPS, {}),
    "Accepted": (Accepted, (COMMIT,), {"retry_after_s": st.integers(0, 9)}),
    "LatePartsMismatch": (LatePartsMismatch, (COMMIT,), {}),
    "TokenExpiry": (TokenExpiry, STEPS, {"new_token": st.sampled_from(["", "fresh", "fresher"])}),
}


def faults_of(nature: str) -> st.SearchStrategy[Fault]:
    """Return faults of a nature, at each of its steps with equal weight."""
    make, steps, fields = NATURES[nature]
    return st.builds(
        make, operation=st.sampled_from(steps), skip=st.sampled_from([0, 0, 1, 2]), times=st.integers(1, 3), **fields
    )


FAULTS = st.sampled_from(sorted(NATURES)).flatmap(lambda nature: st.tuples(st.just(nature), faults_of(nature)))


# A small file whose response is lost is rare otherwise, and so is what then gets in the way of looking for it.
UNFOUND = st.sampled_from(
    [
        [("LostResponse", LostResponse(operation=send)), found]
        for send, look in zip(SMALL, LOOKS, strict=True)
        for found in (
            ("Failure 503", Failure(operation=look, status=503)),
            ("Failure 403", Failure(operation=look, status=403)),
            ("LostResponse", LostResponse(operation=look)),
        )
    ]
)


class Interruption(KeyboardInterrupt):
    """Ctrl-C at an event."""


class Cancellation(RuntimeError):  # noqa: N818  # no error, as KeyboardInterrupt is none
    """An exception of `on_progress`, as an event loop bears it."""


class Stored(Struct):
    """A file, as the model has it."""

    content: bytes
    etag: int


class StartedUpload(Struct):
    """An upload that is not known to have ended, and has left a journal unless it has just started."""

    content: bytes
    target: dict[str, str]
    is_stored: bool = False
    """Whether its file is stored without having been reported."""


class Plan(Struct, frozen=True):
    """How one run goes: by which means, into which faults, and what happens at an event of a kind."""

    means: str
    workers: int
    deadline_s: int
    faults: list[tuple[str, Fault]] = []
    act: str = ""
    moment: tuple[str, int] = ("", 0)


PLANS = st.builds(
    Plan,
    means=st.sampled_from(MEANS),
    workers=st.integers(1, 4),
    deadline_s=st.sampled_from([0, 40, 600]),
    faults=st.lists(FAULTS, max_size=2) | UNFOUND,
    act=st.sampled_from(["", "interrupt", *ACTS]),
    moment=st.sampled_from(MOMENTS),
)


class Run:
    """One call of the uploader, and what it was seen to do."""

    def __init__(self, machine: Machine, plan: Plan, path: Path) -> None:
        self.machine, self.plan, self.path = machine, plan, path
        self.heard: Counter[str] = Counter()
        self.has_resumed = False
        self.left = 0
        self.rewritten: bytes | None = None
        self.file: Any = None
        self.error: BaseException | None = None

    def go(self, **options: Any) -> None:
        """Upload, and keep what comes of it."""
        ground, plan = self.machine.ground, self.plan
        options |= {"workers": plan.workers, "deadline_s": plan.deadline_s, "on_progress": self._hear}
        token = self.machine.token
        try:
            if plan.means == "asynchronous":
                client = AsyncClient(token, base_url=ground.server.base_url)
                self.file = asyncio.run(ground.upload_async(self.path, client, **options))
            elif plan.means == "executor":
                with ThreadPoolExecutor(plan.workers) as pool:
                    self.file = ground.upload(self.path, ground.client(token=token), executor=pool, **options)
            else:
                self.file = ground.upload(self.path, ground.client(token=token), **options)
        except (UploadError, errors.ApiError, errors.TransportError, Interruption, Cancellation) as error:
            self.error = error

    def _hear(self, event: object) -> None:
        name = event.phase if isinstance(event, PhaseChanged) else type(event).__name__
        self.heard[name] += 1
        self.has_resumed |= isinstance(event, Resumed) and event.parts > 0
        self.left += open_sessions_in(event.reason) if isinstance(event, Restarted) else 0
        self.left += event.count if isinstance(event, SessionLeft) else 0
        self.machine.seen["found"] += isinstance(event, PartDone) and event.was_held and not self.has_resumed
        plan = self.plan
        if not plan.act or (name, self.heard[name]) != plan.moment:
            return
        self.machine.seen.update([f"at {name}", plan.act])
        if plan.act == "interrupt":
            raise Cancellation if plan.means == "asynchronous" else Interruption
        if plan.act == "expire":
            self.machine.let_sessions_expire()
        else:
            self.rewritten = self.machine.written(self.path, "one above", 2)

    @property
    def reported(self) -> int:
        """How many open sessions were reported."""
        return self.left + sum(map(open_sessions_in, getattr(self.error, "__notes__", [])))


class Machine(RuleBasedStateMachine):
    """Uploads, and what gets in their way.

    Args:
        ground: The server.
        seen: Counts what has happened.
    """

    def __init__(self, ground: Ground, seen: Counter[str]) -> None:
        super().__init__()
        self.ground, self.seen = ground, seen
        self.resources = ExitStack()
        self.folder = Path(self.resources.enter_context(TemporaryDirectory()))
        ground.reset()
        self.tokens = [ground.state.token, "fresh", "fresher"]
        self.others = set(ground.state.files)
        self.names: dict[str, str] = {}
        self.files: dict[str, Stored] = {}
        self.started: dict[str, StartedUpload] = {}
        self.natures: dict[Fault, str] = {}
        self.loose = 0
        self.contents = 0

    # What a rule draws, and whether there is one, must not hang on the state: threads are no clockwork.

    @initialize(names=BOX_NAMES)
    def name_them(self, names: list[str]) -> None:
        self.names = dict(zip(PATHS, names, strict=True))

    @rule(drawn=FAULTS)
    def plant(self, drawn: tuple[str, Fault]) -> None:
        self._plant(*drawn)

    def _plant(self, nature: str, fault: Fault) -> None:
        if sum(planted.operation == fault.operation for planted in self.ground.state.faults.unfired) < MOST_PLANTED:
            self.natures[kind_of(fault)] = nature
            self.ground.state.faults.add(fault)

    def let_sessions_expire(self) -> None:
        """Let a week go by, and another day."""
        self.ground.clock.advance(EIGHT_DAYS_S)
        self.loose = 0

    def may_be_aborted(self, name: str) -> bool:
        """Whether somebody may end the session of an upload: not if nothing but its end would tell of its commit."""
        if name not in self.started or self.session_of(name) not in self.live:
            return False
        entry = self.entry_of(name)
        return entry["target"]["folder_id"] is not None or entry["sha1"] is None

    def token(self) -> str:
        """Return a token that is good, if there is any."""
        return next(filter(self._is_good, self.tokens), self.tokens[0])

    def _is_good(self, token: str) -> bool:
        try:
            self.ground.state.authenticate(token)
        except ApiError:
            return False
        return True

    # Uploads

    @rule(
        name=st.sampled_from(PATHS),
        shape=st.sampled_from([EMPTY, *sorted(SIZES)]),
        parts=st.integers(1, 4),
        is_named=st.booleans(),
        has_journal=st.booleans(),
        change=st.sampled_from(["nothing"] * 3 + [*CHANGES]),
        plan=PLANS,
    )
    def upload(  # noqa: PLR0917  # each is drawn
        self, name: str, shape: str, parts: int, is_named: bool, has_journal: bool, change: str, plan: Plan
    ) -> None:
        if name in self.started:
            self.go_on(name, change, plan)
            return
        target = {"folder_id": "0", "file_name": self.names[name]}
        if name in self.files:
            target = {"file_id": self.found(name).id, **({"file_name": self.names[name]} if is_named else {})}
        if name in self.files and not self.files[name].content:
            # Whether an empty file has replaced another one is not to be seen.
            shape = "exact"
        started = StartedUpload(self.written(self.folder / name, shape, parts), target)
        self.seen[f"size {shape}"] += 1
        self.seen["one request" if len(started.content) < BORDER else "a session"] += 1
        self._run(name, started, plan, resume=self.journal_of(name) if has_journal else None)

    @rule(name=st.sampled_from(PATHS), parts=st.integers(1, 2), plan=PLANS)
    def collide(self, name: str, parts: int, plan: Plan) -> None:
        """Upload a new file whose name is taken, but for the case of its letters."""
        if name in self.files and name not in self.started:
            target = {"folder_id": "0", "file_name": in_other_case(self.names[name])}
            run = self._run(
                name, StartedUpload(self.written(self.folder / name, "exact", parts), target), plan, resume=None
            )
            assert run.error is not None
            self.seen["collided"] += isinstance(run.error, errors.ConflictError)

    @rule(name=st.sampled_from(PATHS), change=st.sampled_from(CHANGES), plan=PLANS)
    def go_on(self, name: str, change: str, plan: Plan) -> None:
        if name not in self.started:
            return
        if change == "expire":
            self.let_sessions_expire()
        elif change == "rewrite":
            target = self.started[name].target
            self.started[name] = StartedUpload(self.written(self.folder / name, "one below", 2), target)
        elif change == "abort" and self.may_be_aborted(name):
            self.ground.state.session_store.abort(self.session_of(name))
            self.seen["aborted"] += 1
        self.seen[f"{change} between"] += 1
        self._run(name, self.started[name], plan, resume=self.journal_of(name))

    def _run(self, name: str, started: StartedUpload, plan: Plan, resume: Path | None) -> Run:
        if not self._is_good(self.token()):
            self.ground.state.add_token("fresh")
        for drawn in plan.faults:
            self._plant(*drawn)
        run = Run(self, plan, self.folder / name)
        before = self._unfired()
        run.go(resume=resume, **started.target)
        self.ground.server.wait_until_idle()
        self._check(name, started, run, before - self._unfired())
        return run

    def _check(self, name: str, started: StartedUpload, run: Run, fired: Counter[Fault]) -> None:
        self._count(started, run, fired)
        done = self.files.get(name)
        if not started.is_stored:
            done = Stored(started.content, 0 if done is None else done.etag + 1)
        found = self.state_of(name)
        if run.error is None:
            assert found == done
            assert run.file.sha1 == hashlib.sha1(started.content, usedforsecurity=False).hexdigest()
            assert run.file.id == self.found(name).id
        elif found is not None and found == done:
            # Not reported: the response was lost, or the last event was interrupted.
            is_small = len(started.content) < BORDER
            is_unanswered = is_unanswered_small if is_small else is_unanswered_commit
            is_interrupted = run.heard["done"] or (is_small and run.heard["PartDone"])
            assert started.is_stored or is_interrupted or any(map(is_unanswered, fired))
            started.is_stored = True
            self.seen["stored unreported"] += 1
        if found is not None and found == done:
            self.files[name] = found
        self.loose += run.reported + sum(times for fault, times in fired.items() if is_cut_off(fault))
        if any(map(is_unanswered_commit, fired)):
            # A session that was only a question is ended without a word.
            self.loose += sum(times for fault, times in fired.items() if fault.operation == ABORT)
        if isinstance(run.error, CommitUnconfirmedError):
            # The error asks a person to look, who then deletes the journal, and with it the name of its session.
            self.loose += self.journal_of(name).exists()
            self.journal_of(name).unlink(missing_ok=True)
        self.started.pop(name, None)
        if self.journal_of(name).exists():
            assert run.error is not None
            self.started[name] = started if run.rewritten is None else StartedUpload(run.rewritten, started.target)

    def _count(self, started: StartedUpload, run: Run, fired: Counter[Fault]) -> None:
        for fault, times in fired.items():
            self.seen[self.natures[fault]] += times
            self.seen[type(fault).__name__] += times
            self.seen[fault.operation] += times
        what = "version" if "file_id" in started.target else "new file"
        self.seen.update([what, run.plan.means, f"{run.plan.workers} workers"])
        self.seen["stored" if run.error is None else "failed"] += 1
        self.seen["resumed"] += run.has_resumed
        self.seen["restarted"] += run.heard["Restarted"]
        self.seen[type(run.error).__name__] += 1

    # What always holds

    @invariant()
    def the_files_are_those_of_the_model(self) -> None:
        everything = [file.name for file in self.ground.state.files.values() if file.id not in self.others]
        assert sorted(everything) == sorted(self.names[name] for name in self.files)
        assert {name: self.state_of(name) for name in self.files} == self.files

    @invariant()
    def no_session_is_left_that_nobody_names(self) -> None:
        assert len(self.live - set(map(self.session_of, self.started))) <= self.loose

    @invariant()
    def nothing_is_left_on_the_disk(self) -> None:
        left = {path.name for path in self.folder.iterdir()} - set(PATHS)
        assert left == {self.journal_of(name).name for name in self.started}

    def teardown(self) -> None:
        """With nothing in the way, each upload that was started ends."""
        with self.resources:
            self.ground.state.faults.clear()
            for name in list(self.started):
                self.go_on(name, "nothing", Plan("threads", 1, 600))
                assert not self.journal_of(name).exists()
                self.the_files_are_those_of_the_model()
                self.no_session_is_left_that_nobody_names()

    # How things are

    @property
    def live(self) -> set[str]:
        """The sessions that have not ended."""
        now = self.ground.clock.today()
        return {session.id for session in self.ground.state.sessions.values() if now < session.expires_at}

    def written(self, path: Path, shape: str, parts: int) -> bytes:
        """Write a file that there has not been before, and return its content."""
        self.contents += 1
        seed = self.contents.to_bytes(4, "big")
        content = hashlib.shake_128(seed).digest(0 if shape == EMPTY else parts * SMALL_PART_SIZE + SIZES[shape])
        if len(content) >= BORDER:
            content = SHARED + content[len(SHARED) :]
        # The times of files are coarser than the times between two of them here.
        os.utime(write(path, content), ns=(self.contents, self.contents))
        return content

    def journal_of(self, name: str) -> Path:
        """Return where the journal of an upload is."""
        return self.folder / f"{name}.journal"

    def entry_of(self, name: str) -> dict[str, Any]:
        """Return what the journal of an upload says."""
        return dict(json.loads(self.journal_of(name).read_bytes()))

    def session_of(self, name: str) -> str:
        """Return the session that the journal of an upload names; empty for a file in one request."""
        session = self.entry_of(name)["session"]
        return "" if session is None else str(session["id"])

    def found(self, name: str) -> Any:
        """Return the file of a name, as the server describes it, or None."""
        files = self.ground.state.files.values()
        return next((file for file in files if file.name == self.names[name]), None)

    def state_of(self, name: str) -> Stored | None:
        """Return the file of a name as the model would have it."""
        file = self.found(name)
        return None if file is None else Stored(self.ground.state.content(file.id), int(file.etag))

    def _unfired(self) -> Counter[Fault]:
        counts: Counter[Fault] = Counter()
        for fault in self.ground.state.faults.unfired:
            counts[kind_of(fault)] += fault.times
        return counts


def in_other_case(name: str) -> str:
    """Return a name that Box takes for this one: in the other case, unless that is too long or has none."""
    other = name.swapcase()
    return other if other.casefold() == name.casefold() and len(other) <= LONGEST_NAME else name


def kind_of(fault: Fault) -> Fault:
    """Return a fault without its place in the queue, which changes as calls go by."""
    return replace(fault, skip=0, times=1)


def is_cut_off(fault: Fault) -> bool:
    """Whether a fault leaves a session that nobody can find."""
    return isinstance(fault, Truncation) and fault.operation in {CREATE, VERSION}


def is_unanswered_commit(fault: Fault) -> bool:
    """Whether a fault carries a commit out, and does not say so."""
    is_carried_out = isinstance(fault, Failure) and fault.carried_out
    return fault.operation == COMMIT and (isinstance(fault, (LostResponse, Truncation)) or is_carried_out)


def is_unanswered_small(fault: Fault) -> bool:
    """Whether a fault may carry the request of a small file out without saying so."""
    return fault.operation in SMALL


SEEN: Counter[str] = Counter()
SEARCHES = 12
SETTINGS = settings(
    max_examples=10,
    stateful_step_count=24,
    deadline=None,
    derandomize=True,
    database=None,
    # What threads do is not repeated exactly, so little would come of shrinking, and slowly.
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)


# The first examples of a search are drawn afresh, later ones repeat what was drawn: so there are several searches.
@pytest.mark.parametrize("number", range(SEARCHES))
def test_whatever_happens_each_file_is_stored_once(
    small_ground: Ground, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def needs_session(size: int) -> bool:
        return size >= BORDER

    for module in ("workflow", "reconcile"):
        monkeypatch.setattr(f"box_uploads.upload.{module}.needs_session", needs_session)

    @seed(number)
    class Here(Machine):
        def __init__(self) -> None:
            super().__init__(small_ground, SEEN)

    run_state_machine_as_test(Here, settings=SETTINGS)


@pytest.mark.ledger
def test_everything_that_can_be_drawn_has_happened() -> None:
    natures = set(NATURES) | {kind.__name__ for kind in KINDS.values()} | set(STEPS)
    between = {*(f"{change} between" for change in CHANGES), "aborted", "resumed", "restarted"}
    ways = {"new file", "version", *MEANS, *(f"{number} workers" for number in range(1, 5))}
    sizes = {*(f"size {shape}" for shape in (EMPTY, *SIZES)), "one request", "a session"}
    acts = {*ACTS, *(f"at {event}" for event, _ in MOMENTS)}
    outcomes = {"stored", "failed", "stored unreported"}
    missing = (natures | between | ways | sizes | acts | outcomes | {"collided", "found"}) - set(+SEEN)
    assert not missing, missing
