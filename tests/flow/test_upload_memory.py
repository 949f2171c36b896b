"""What an upload keeps of memory when it has ended: nothing, whether or not the garbage collector runs."""

from __future__ import annotations

import gc
import inspect
import tracemalloc
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from box_uploads import errors
from box_uploads.upload import PartDone
from box_uploads.upload.engine import Engine
from box_uploads.upload.part_upload import BufferSender
from box_uploads_mock import Failure, Reset

from tests.flow.upload_ground import CONTENT, PART_SIZE, Ground, interrupt_at

LOSSES: list[dict[str, Any]] = [{"when": "before"}, {"when": "during", "after_bytes": 9}, {"when": "after"}]


@pytest.fixture(autouse=True)
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> weakref.WeakSet[Engine]:
    """The engines of uploads, which hold the buffers."""
    alive: weakref.WeakSet[Engine] = weakref.WeakSet()

    class Watched(Engine):
        def __init__(self, *given: Any) -> None:
            super().__init__(*given)
            alive.add(self)

    monkeypatch.setattr("box_uploads.upload.workflow.Engine", Watched)
    return alive


class EnoughError(Exception):
    """What a callback raises."""


def size_of(view: Any) -> int:
    """Return how many bytes a view keeps: none once it is released."""
    try:
        return int(view.nbytes)
    except ValueError:
        return 0


def bytes_of_buffers() -> int:
    """Return how much memory of the engine's making is still there."""
    found = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, "*/upload/engine.py")])
    return sum(statistic.size for statistic in found.statistics("filename"))


@pytest.fixture
def _traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


def run_to_the_end(ground: Ground, source: Any, end: str, is_async: bool) -> None:
    """Upload, and forget the error that it ends with."""
    if end == "refused":
        ground.state.faults.add(Failure(operation="upload_part", status=403, skip=1))
    if end == "stored after losses":
        ground.state.faults.add(*(Reset(operation="upload_part", **loss) for loss in LOSSES))
    callback = interrupt_at(PartDone, EnoughError) if end == "raised" else None
    try:
        ground.upload(source, on_progress=callback, file_name=type(source).__name__, is_async=is_async)
    except (EnoughError, errors.ForbiddenError):
        assert "stored" not in end
    else:
        assert "stored" in end


# The futures of asyncio keep each other, and the error of the upload with them, until the collector comes.
@pytest.mark.parametrize(
    ("end", "is_async"),
    [("stored", False), ("stored after losses", False), ("refused", False), ("raised", False), ("stored", True)],
)
def test_memory_is_the_caller_s_again(
    ground: Ground, film: Path, engines: weakref.WeakSet[Engine], end: str, is_async: bool
) -> None:
    buffer = bytearray(CONTENT)
    for source in (buffer, film):
        run_to_the_end(ground, source, end, is_async)
        assert len(engines) == 0
    # Impossible while something has a view of it.
    buffer.extend(b"more")


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("end", ["stored", "stored after losses", "refused", "raised"])
@pytest.mark.usefixtures("_traced")
def test_buffers_are_freed_and_memory_is_given_back_whoever_keeps_the_engine(
    ground: Ground, film: Path, monkeypatch: pytest.MonkeyPatch, end: str, is_async: bool
) -> None:
    kept: list[object] = []

    class Keeping(BufferSender):
        """Keeps the frames that send, as the HTTP library does after some failures."""

        def _pieces(self) -> Iterator[memoryview]:
            for piece in super()._pieces():
                kept.extend((self, piece, inspect.currentframe()))
                yield piece

    monkeypatch.setattr("box_uploads.upload.worker_pool.BufferSender", Keeping)
    buffer = bytearray(CONTENT)
    for source in (buffer, film):
        run_to_the_end(ground, source, end, is_async)
    assert kept
    buffer.extend(b"more")
    assert bytes_of_buffers() < PART_SIZE // 2


def test_an_error_that_is_kept_keeps_no_buffers(ground: Ground, film: Path) -> None:
    with pytest.raises(EnoughError) as caught:
        ground.upload(film, on_progress=interrupt_at(PartDone, EnoughError))
    (engine, *_) = [
        found for frame in caught.traceback if isinstance(found := frame.frame.f_locals.get("self"), Engine)
    ]
    kept: Any = vars(engine)
    known: list[Any] = [value for frame in caught.traceback for value in frame.frame.f_locals.values()]
    assert [value for value in known if isinstance(value, memoryview) and size_of(value) > 1024 * 1024] == []
    assert (kept["_buffers"], kept["_taken"], kept["_windows"], kept["_pending"]) == ([], {}, {}, {})
