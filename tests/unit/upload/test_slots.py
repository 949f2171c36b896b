"""How many parts are in memory: never more than there are slots, and each upload in its turn."""

from __future__ import annotations

import hashlib
import threading
from concurrent.futures import Future
from functools import partial
from typing import Any

import pytest
from box_uploads.upload import UploadCancelledError
from box_uploads.upload.engine import Engine, Needs, PartResult
from box_uploads.upload.parts import Part, Plan
from box_uploads.upload.retry import CancelToken
from box_uploads.upload.slots import HeldSlots, PartLimits, Slots
from box_uploads.upload.source import Fingerprint, Source
from box_uploads.upload.workflow import upload
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.upload.script import context, stored

BOUND_S = 60
STEPS = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["take", "end", "last", "close"])), max_size=60)


class Upload:
    """An upload that wants slots, and notes which it has been given."""

    def __init__(self, slots: Slots) -> None:
        self.parts = self.handed_over = 0
        self.is_closed = False
        self.held = HeldSlots(slots, self.take_note)

    def take_note(self) -> None:
        self.handed_over += 1

    def receive(self) -> None:
        while self.handed_over:
            self.handed_over -= 1
            self.held.receive()


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.integers(1, 3), STEPS)
def test_there_are_never_more_parts_than_slots_and_none_gets_lost(workers: int, steps: list[tuple[int, str]]) -> None:
    slots = Slots(workers + 1)
    uploads = [Upload(slots) for _ in range(4)]
    for number, step in steps:
        upload = uploads[number]
        upload.receive()
        if upload.is_closed:
            continue
        if step == "take" and upload.held.take():
            upload.parts += 1
        elif step == "end" and upload.parts:
            upload.parts -= 1
            upload.held.keep()
            upload.held.give_back()
        elif step == "last":
            upload.held.keep_no_more()
            upload.held.give_back()
        elif step == "close":
            upload.parts, upload.is_closed = 0, True
            upload.held.close()
        assert sum(upload.parts for upload in uploads) <= workers + 1
    for upload in uploads:
        upload.receive()
        upload.held.close()
    assert [slots.take(list) for _ in range(workers + 2)] == [True] * (workers + 1) + [False]


def test_who_has_waited_longest_gets_the_next_slot() -> None:
    slots, turns = Slots(2), list[str]()
    assert slots.take(list)
    assert slots.take(list)
    waiting = {name: HeldSlots(slots, partial(turns.append, name)) for name in "abc"}
    for held in waiting.values():
        assert not held.take()
    waiting["b"].close()
    slots.give_back()
    slots.give_back()
    assert turns == ["a", "c"]


def test_a_slot_is_kept_for_the_next_part_unless_others_wait_for_it_or_there_is_none() -> None:
    slots, turns = Slots(2), list[str]()
    held, other = HeldSlots(slots, list), HeldSlots(slots, lambda: turns.append("other"))
    assert (held.take(), held.take(), other.take()) == (True, True, False)
    held.keep()
    assert (held.give_back(), turns, held.take()) == (1, ["other"], False)
    other.receive()
    held.close()
    assert (other.take(), other.take()) == (True, True)
    other.keep()
    assert (other.give_back(), other.take()) == (0, True)
    other.keep()
    other.keep_no_more()
    assert (other.give_back(), slots.take(list)) == (1, True)


class Counted(Source):
    """A source that notes in how many buffers, of all sources, parts are read that have not ended yet."""

    def __init__(self, content: bytes) -> None:
        super().__init__(lambda: Fingerprint(kind="test", size=len(content)))
        self.content = content

    def window(self, offset: int, size: int, buffer: memoryview) -> memoryview:
        buffer[:size] = self.content[offset : offset + size]
        return buffer[:size]


class Threaded:
    """A pool of one thread, which counts the parts of all pools that are in memory."""

    needs: Needs = "until done"
    width = 3

    def __init__(self, count: Count) -> None:
        self._count = count

    def submit(self, part: Part, window: memoryview, held: Any) -> Future[PartResult]:
        future: Future[PartResult] = Future()
        self._count.add(1)

        def end() -> None:
            result = PartResult(stored(part.offset, bytes(window)))
            self._count.add(-1)
            future.set_result(result)

        threading.Thread(target=end).start()
        return future


class Count:
    """How many parts are in memory, and how many were at most."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.now = self.most = 0

    def add(self, number: int) -> None:
        with self._lock:
            self.now += number
            self.most = max(self.most, self.now)


def test_uploads_side_by_side_have_as_many_parts_in_memory_as_one() -> None:
    slots, count = Slots(3), Count()
    contents = [bytes([number]) * 1000 for number in range(6)]
    found: dict[int, str] = {}

    def run(number: int) -> None:
        engine = Engine(Plan(1000, 10, 100), Counted(contents[number]), CancelToken(), lambda _: None, slots)
        found[number] = engine.run(Threaded(count), {}).sha1

    threads = [threading.Thread(target=run, args=[number]) for number in range(len(contents))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(BOUND_S)
    assert found == {n: hashlib.sha1(c, usedforsecurity=False).hexdigest() for n, c in enumerate(contents)}
    assert (count.now, count.most) == (0, 3)


def test_an_upload_that_has_failed_gives_its_slots_back() -> None:
    class Short(Counted):
        def window(self, offset: int, size: int, buffer: memoryview) -> memoryview:
            if offset:
                raise OSError("broken")
            return super().window(offset, size, buffer)

    slots = Slots(2)
    engine = Engine(Plan(100, 10, 10), Short(bytes(100)), CancelToken(), lambda _: None, slots)
    with pytest.raises(OSError, match="broken"):
        engine.run(Threaded(Count()), {})
    assert [slots.take(list) for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize("is_cancelled", [True, False])
def test_a_small_file_waits_for_a_slot_and_gives_it_back(*, is_cancelled: bool) -> None:
    slots, cancel = Slots(2), CancelToken()
    assert slots.take(list)
    assert slots.take(list)
    waits, errors = threading.Event(), list[BaseException]()

    def wait() -> None:
        try:
            with slots.one(cancel):
                waits.set()
        except UploadCancelledError as error:
            errors.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    assert not waits.is_set()
    if is_cancelled:
        cancel.cancel()
    else:
        slots.give_back()
    thread.join(BOUND_S)
    if is_cancelled:
        slots.give_back()
    assert (waits.is_set(), len(errors)) == (not is_cancelled, is_cancelled)
    slots.give_back()
    assert [slots.take(list) for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize("which", ["in_memory", "sent"])
def test_a_small_upload_takes_a_slot_of_each_kind(which: str) -> None:
    class TakenError(Exception):
        """The slot was asked for."""

    class Busy(Slots):
        def take(self, on_free: Any) -> bool:
            raise TakenError

    found, _ = context(None)
    setattr(found.limits, which, Busy(1))
    with pytest.raises(TakenError):
        upload(found)
    assert found.limits.in_memory.take(list) if which == "sent" else found.limits.sent.take(list)


def test_one_part_more_is_in_memory_than_is_sent() -> None:
    limits = PartLimits(2)
    assert [limits.sent.take(list) for _ in range(3)] == [True, True, False]
    assert [limits.in_memory.take(list) for _ in range(4)] == [True, True, True, False]
