"""Parts in parallel: order, bounds, and how it ends."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from box_uploads.upload import PartDone, SourceChangedError, UploadCancelledError
from box_uploads.upload.engine import Engine, Needs, PartResult
from box_uploads.upload.parts import Part, Plan
from box_uploads.upload.retry import CancelToken
from box_uploads.upload.slots import Slots
from box_uploads.upload.source import Fingerprint, Source
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.upload.script import stored


class Buffered(Source):
    """A source that fills buffers, and remembers which."""

    def __init__(self, content: bytes) -> None:
        super().__init__(lambda: Fingerprint(kind="test", size=len(content)))
        self.content = content
        self.buffers: set[int] = set()

    def window(self, offset: int, size: int, buffer: memoryview) -> memoryview:
        self.buffers.add(id(buffer.obj))
        buffer[:size] = self.content[offset : offset + size]
        return buffer[:size]


class Scripted:
    """A pool whose parts end when the test says so: one as soon as the pool is full, in the order that it chooses."""

    needs: Needs = "until done"

    def __init__(self, width: int, choose: Callable[[int], int] = lambda _: 0, fail: int | None = None) -> None:
        self.width = width
        self.choose = choose
        self.fail = fail
        self.order: list[int] = []
        self.most = 0
        self.waiting: list[tuple[Part, memoryview, Future[PartResult]]] = []

    def submit(self, part: Part, window: memoryview, held: Any) -> Future[PartResult]:
        future: Future[PartResult] = Future()
        self.order.append(part.index)
        # What is only lent until this returns is copied, as jobs do.
        self.waiting.append((part, memoryview(bytes(window)) if self.needs == "until submitted" else window, future))
        self.most = max(self.most, len(self.waiting))
        return future

    def end_one(self) -> None:
        part, window, future = self.waiting.pop(self.choose(len(self.waiting)))
        if part.index == self.fail:
            future.set_exception(OSError("broken"))
        else:
            future.set_result(PartResult(stored(part.offset, bytes(window))))


def run(engine: Engine, pool: Scripted, held: Any = None) -> Any:
    """Run an engine, whose mailbox ends a part whenever the engine waits."""
    mailbox: Any = engine._mailbox

    class Mailbox:
        def get(self) -> Any:
            while mailbox.empty():
                pool.end_one()
            return mailbox.get()

        get_nowait, empty, put = mailbox.get_nowait, mailbox.empty, mailbox.put

    vars(engine)["_mailbox"] = Mailbox()
    return engine.run(pool, held or {})


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.binary(min_size=1, max_size=200), st.integers(1, 30), st.integers(1, 6), st.randoms(use_true_random=False))
def test_the_file_is_whole_whatever_order_its_parts_end_in(
    content: bytes, part_size: int, width: int, rng: Any
) -> None:
    source = Buffered(content)
    plan = Plan.checked(len(content), part_size, -(-len(content) // part_size))
    pool = Scripted(width, rng.randrange)
    finished = run(Engine(plan, source, CancelToken(), lambda _: None, Slots(9)), pool)
    assert finished.sha1 == hashlib.sha1(content, usedforsecurity=False).hexdigest()
    assert finished.parts == [stored(part.offset, content[part.offset :][: part.size]) for part in plan.parts()]
    assert pool.order == sorted(pool.order)
    assert pool.most <= width
    assert len(source.buffers) <= width


def test_buffers_are_used_again() -> None:
    source = Buffered(bytes(10_000))
    run(Engine(Plan.checked(10_000, 10, 1000), source, CancelToken(), lambda _: None, Slots(9)), Scripted(5))
    assert len(source.buffers) == 5


@pytest.mark.parametrize("needs", ["until done", "until submitted"])
def test_the_view_of_a_part_ends_before_its_buffer_is_used_again(needs: Needs) -> None:
    """Whoever still reads the part gets an error, rather than the bytes of another one."""

    class Lending(Buffered):
        lent: memoryview | None = None

        def window(self, offset: int, size: int, buffer: memoryview) -> memoryview:
            if self.lent is not None:
                with pytest.raises(ValueError, match="released"):
                    self.lent.tobytes()
            self.lent = super().window(offset, size, buffer)
            return self.lent

    pool = Scripted(1)
    pool.needs = needs
    run(Engine(Plan(100, 10, 10), Lending(bytes(100)), CancelToken(), lambda _: None, Slots(9)), pool)
    assert pool.order == list(range(10))


@pytest.mark.parametrize(("needs", "buffers"), [("until done", 3), ("until submitted", 1), ("nothing", 1)])
def test_there_are_no_more_buffers_than_the_pool_needs(needs: Needs, buffers: int) -> None:
    source, pool = Buffered(bytes(100)), Scripted(3)
    pool.needs = needs
    engine = Engine(Plan(100, 10, 10), source, CancelToken(), lambda _: None, Slots(9))
    assert run(engine, pool).sha1 == hashlib.sha1(bytes(100), usedforsecurity=False).hexdigest()
    assert len(source.buffers) == buffers


def test_the_first_failure_ends_the_others() -> None:
    cancel, pool = CancelToken(), Scripted(3, fail=1)
    with pytest.raises(OSError, match=r"^broken$"):
        run(Engine(Plan.checked(100, 10, 10), Buffered(bytes(100)), cancel, lambda _: None, Slots(3)), pool)
    assert cancel.is_cancelled
    assert max(pool.order) < 6
    assert all(future.done() for _, _, future in pool.waiting)


def test_cancelling_ends_the_engine() -> None:
    cancel, pool = CancelToken(), Scripted(3)

    def cancel_at_part(event: object) -> None:
        if isinstance(event, PartDone):
            cancel.cancel()

    with pytest.raises(UploadCancelledError):
        run(Engine(Plan.checked(100, 10, 10), Buffered(bytes(100)), cancel, cancel_at_part, Slots(3)), pool)
    assert len(pool.order) < 10


@pytest.mark.parametrize("has_failed", [True, False])
def test_a_part_that_has_failed_comes_before_a_source_that_ends_too_early(has_failed: bool) -> None:
    class Short(Buffered):
        def window(self, offset: int, size: int, buffer: memoryview) -> memoryview:
            if offset < 30:
                return super().window(offset, size, buffer)
            if has_failed:
                pool.end_one()
            raise SourceChangedError("the source ends")

    pool = Scripted(5, fail=0)
    engine = Engine(Plan.checked(100, 10, 10), Short(bytes(100)), CancelToken(), lambda _: None, Slots(9))
    with pytest.raises(OSError if has_failed else SourceChangedError):
        engine.run(pool, {})
