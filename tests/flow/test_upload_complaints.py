"""What users of other uploaders have met, and no other test shows: memory, threads, tokens in errors."""

from __future__ import annotations

import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from box_uploads import errors
from box_uploads.upload import PartDone
from box_uploads_mock import Failure, Fault, MockServer, Reset, TokenExpiry, constant_part_size

from tests.flow.upload_ground import CONTENT, PART_SIZE, Ground, interrupt_at

ROOT = Path(__file__).parents[2]
MIB = 1024**2
LARGE_SIZE = 256 * MIB + 1
SECRET = "a-token-that-nobody-may-see"
CREATE, PART, COMMIT, ABORT = "create_upload_session", "upload_part", "commit_upload_session", "abort_upload_session"


def test_a_large_file_takes_the_memory_of_a_few_parts(tmp_path: Path) -> None:
    """Measured as the system sees it, in a process that only uploads; the benchmark of memory goes on to 8 GiB."""
    path = tmp_path / "film.mov"
    with path.open("wb") as file:
        file.truncate(LARGE_SIZE)  # sparse: it takes no room on the disk
    with MockServer(store="discard", part_size_for=constant_part_size(PART_SIZE)) as server:
        command = [sys.executable, "-m", "tests.bench.memory", str(path), server.base_url]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        (stored,) = [file for file in server.state.files.values() if file.name == "film.mov"]
    assert (stored.size, len(server.state.sessions)) == (LARGE_SIZE, 0)
    # Four workers and one part ahead of them, and what Python and the system take for themselves.
    assert int(done.stdout) <= 5 * PART_SIZE + 64 * MIB


def test_a_resumed_upload_leaves_no_thread_behind(ground: Ground, film: Path, journal: Path) -> None:
    ground.upload(file_name="before.mov")
    ground.server.wait_until_idle()
    before = set(threading.enumerate())
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            ground.upload(film, resume=journal, workers=2, on_progress=interrupt_at(PartDone, KeyboardInterrupt))
    ground.upload(film, resume=journal, workers=2)
    ground.server.wait_until_idle()
    # The server's own threads come and go as it likes.
    left = {
        thread for thread in set(threading.enumerate()) - before if not thread.name.startswith(("AnyIO", "asyncio"))
    }
    assert left == set()
    assert ground.stored() == [CONTENT]


class Broken(BytesIO):
    """A file that cannot be read from its third part on."""

    def readinto(self, buffer: Any, /) -> int:
        if self.tell() >= 2 * PART_SIZE:
            raise OSError(5, "Input/output error")
        return super().readinto(buffer)


def test_a_source_that_cannot_be_read_ends_its_session(ground: Ground) -> None:
    with pytest.raises(OSError, match="Input/output error"):
        ground.upload(Broken(CONTENT))
    assert (ground.calls(ABORT), len(ground.state.sessions), ground.stored()) == (1, 0, [])


def texts_of(error: BaseException) -> Iterator[str]:
    """Return all that an error and its causes say, where people and programs look for it."""
    yield "".join(traceback.format_exception(error))
    found: BaseException | None = error
    while found is not None:
        yield from (str(found), repr(found), repr(vars(found)), repr(getattr(found, "headers", "")))
        found = found.__cause__ or found.__context__


FAILURES: list[Callable[[str], Fault]] = [
    lambda step: Failure(operation=step, status=401, times=9),
    lambda step: Failure(operation=step, status=403),
    lambda step: Failure(operation=step, status=500, body="html", times=9),
    lambda step: Reset(operation=step, times=9),
    lambda step: Reset(operation=step, when="during", after_bytes=9, times=9),
    lambda step: TokenExpiry(operation=step),
]


@pytest.mark.parametrize("is_callable", [False, True])
@pytest.mark.parametrize("make", FAILURES)
@pytest.mark.parametrize("step", [CREATE, PART, COMMIT])
def test_no_error_and_no_event_of_a_failed_upload_shows_the_token(
    small_ground: Ground, step: str, make: Callable[[str], Fault], is_callable: bool
) -> None:
    ground, events = small_ground, list[object]()
    ground.state.add_token(SECRET)
    # What ends the session fails as well, so that the error has a note.
    ground.state.faults.add(make(step), Failure(operation=ABORT, status=403))
    client = ground.client(token=(lambda: SECRET) if is_callable else SECRET)
    with pytest.raises(errors.BoxUploadsError) as caught:
        ground.upload(CONTENT[:3000], client, deadline_s=1, on_progress=events.append)
    ground.server.wait_until_idle()
    # What strikes one step strikes no other, so there is one failure for each operation at most.
    left = {fault.operation: fault for fault in ground.state.faults.unfired}
    ground.state.faults.clear()
    assert left.get(step) != make(step), "the upload has failed for another reason"
    if step != CREATE:
        start = "The session could not be aborted, and stays open until it expires: ForbiddenError("
        assert [note for note in caught.value.__notes__ if note.startswith(start)]
        assert ABORT not in left
    assert not [text for text in (*texts_of(caught.value), repr(events)) if SECRET in text]
