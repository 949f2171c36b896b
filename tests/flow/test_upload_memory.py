"""What an upload keeps of memory when it has ended: nothing, whether or not the garbage collector runs."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from box_uploads import errors
from box_uploads.upload import PartDone
from box_uploads.upload.engine import Engine
from box_uploads_mock import Failure

from tests.flow.upload_ground import CONTENT, Ground, write


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

    monkeypatch.setattr("box_uploads.upload.transfer.Engine", Watched)
    return alive


class EnoughError(Exception):
    """What a callback raises."""


def fail(event: object) -> None:
    """Raise something once a part is stored."""
    if isinstance(event, PartDone):
        raise EnoughError


# The futures of asyncio keep each other, and the error of the upload with them, until the collector comes.
@pytest.mark.parametrize(
    ("end", "is_async"), [("stored", False), ("refused", False), ("raised", False), ("stored", True)]
)
def test_memory_is_the_caller_s_again(
    ground: Ground, tmp_path: Path, engines: weakref.WeakSet[Engine], end: str, is_async: bool
) -> None:
    buffer = bytearray(CONTENT)
    for source in (buffer, write(tmp_path / "film.mov")):
        if end == "refused":
            ground.state.faults.add(Failure(operation="upload_part", status=403, skip=1))
        settings: dict[str, Any] = {
            "on_progress": fail if end == "raised" else None,
            "file_name": type(source).__name__,
        }
        try:
            if is_async:
                asyncio.run(ground.upload_async(source, **settings))
            else:
                ground.upload(source, **settings)
        except (EnoughError, errors.ForbiddenError):
            assert end != "stored"
        assert len(engines) == 0
    # Impossible while something has a view of it.
    buffer.extend(b"more")


def test_an_error_that_is_kept_keeps_no_buffers(ground: Ground, tmp_path: Path) -> None:
    with pytest.raises(EnoughError) as caught:
        ground.upload(write(tmp_path / "film.mov"), on_progress=fail)
    (engine, *_) = [
        found for frame in caught.traceback if isinstance(found := frame.frame.f_locals.get("self"), Engine)
    ]
    kept: Any = vars(engine)
    known: list[Any] = [value for one in caught.traceback for value in one.frame.f_locals.values()]
    assert [value for value in known if isinstance(value, memoryview) and value.nbytes > 1024 * 1024] == []
    assert (kept["_buffers"], kept["_lent"], kept["_pending"]) == ([], {}, {})
