"""The main job in one command: `python -m tests.flow.demo`, which is `make demo`.

Drives both clients and the command line against a mock that runs in this process, and shows what a user wants to see.
It needs nothing but the two packages and their extras, so an installed wheel can be shown in the same way.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import shlex
import statistics
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING

from box_uploads import AsyncClient, Client, errors
from box_uploads.upload import conflicting_items
from box_uploads_mock import MockServer, default_world

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from box_uploads.models import UploadSession

    Write = Callable[[str], object]

__all__ = ["DemoError", "show"]

CALLS = 200
# The first calls open the connection and fill the caches; a program that runs for a while does not see them.
WARM_UP_CALLS = 50
FILE_SIZE = 104_857_600
TAKEN_NAME = "Contract.pdf"
TOO_SMALL = 1_000
SMALL_SIZE = 1_000_000
UPLOAD_NAME = "Interview.mov"
UPLOAD_SIZE = 64 * 1024 * 1024
_LABEL = 13
_WIDTH = 80


class DemoError(Exception):
    """Something was not as it must be."""


def show(write: Write, *, calls: int = CALLS) -> None:
    """Show everything, line by line.

    Args:
        write: Takes each line.
        calls: How many calls to time for each client.

    Raises:
        DemoError: Something was not as it must be.
    """
    with MockServer() as mock, Client(token=mock.token, base_url=mock.base_url) as box:
        write("Uploads to Box: the generated client against the embedded mock")
        write(f"at {mock.base_url}")
        _show_new_file(write, box)
        _show_new_version(write, box)
        _show_conflict(write, box)
        _show_refusal(write, box, mock)
        _show_times(write, box, mock, calls)
        _show_uploads(write, mock)
    write("")
    write("Done: every response matched the contract.")


def _show_new_file(write: Write, box: Client) -> None:
    _heading(write, "1. A session for a new file")
    _line(write, "file", f"Project.mov, {FILE_SIZE:,} bytes, for folder 0")
    session = box.create_upload_session(folder_id="0", file_name="Project.mov", file_size=FILE_SIZE)
    _show_session(write, session)


def _show_new_version(write: Write, box: Client) -> None:
    _heading(write, "2. A session for a new version of file 12346")
    _line(write, "file", f"{FILE_SIZE:,} bytes, and the new name Report-final.docx")
    session = box.create_version_upload_session("12346", file_size=FILE_SIZE, file_name="Report-final.docx")
    _show_session(write, session)


def _show_conflict(write: Write, box: Client) -> None:
    _heading(write, "3. A name that is taken")
    _line(write, "file", f"{TAKEN_NAME}, {FILE_SIZE:,} bytes, for folder 0")
    try:
        box.create_upload_session(folder_id="0", file_name=TAKEN_NAME, file_size=FILE_SIZE)
    except errors.ConflictError as error:
        conflict = error
    else:
        raise DemoError("a second file with the same name was let in")
    _show_error(write, conflict)
    _expect(conflict.code == "item_name_in_use", f"the conflict has the code {conflict.code}")
    _expect(len(conflicting_items(conflict)) == 1, "the conflict does not name the one file that is in the way")
    existing = conflicting_items(conflict)[0]
    _line(write, "in the way", f"{existing['type']} {existing['id']}, {existing['name']}")
    _line(write, "so instead", f"a session for a new version of file {existing['id']}")
    session = box.create_version_upload_session(existing["id"], file_size=FILE_SIZE)
    _show_session(write, session)


def _show_refusal(write: Write, box: Client, mock: MockServer) -> None:
    _heading(write, "4. An argument that no server could accept")
    _line(write, "file", f"tiny.txt, {TOO_SMALL:,} bytes, for folder 0")
    before = len(mock.state.request_log)
    try:
        box.create_upload_session(folder_id="0", file_name="tiny.txt", file_size=TOO_SMALL)
    except errors.InvalidArgumentError as error:
        refusal = error
    else:
        raise DemoError("a file that is too small was let in")
    _show_error(write, refusal)
    sent = len(mock.state.request_log) - before
    _expect(refusal.argument == "file_size", f"the refusal names {refusal.argument}")
    _expect(sent == 0, "a request was sent that no server could accept")
    _line(write, "sent", "nothing")


def _show_times(write: Write, box: Client, mock: MockServer, calls: int) -> None:
    _heading(write, f"5. The time of a call: create_upload_session, {calls} calls each, warm")
    before = len(mock.state.sessions)
    blocking = _timed(box, calls)
    awaited = asyncio.run(_timed_async(mock, calls))
    created = len(mock.state.sessions) - before
    _expect(created == 2 * (calls + WARM_UP_CALLS), f"{created} sessions were created while the calls were timed")
    write(f"   {'':{_LABEL}}{'median':>9}{'p95':>12}")
    for name, times_s in (("Client", blocking), ("AsyncClient", awaited)):
        median_ms, p95_ms = statistics.median(times_s) * 1000, statistics.quantiles(times_s, n=20)[-1] * 1000
        write(f"   {name:{_LABEL}}{median_ms:6.2f} ms{p95_ms:9.2f} ms")
    write("   over loopback, with the mock's own work in the same process")


def _timed(box: Client, calls: int) -> Sequence[float]:
    times_s: list[float] = []
    for number in range(WARM_UP_CALLS + calls):
        start_s = time.perf_counter()
        box.create_upload_session(folder_id="0", file_name=f"clip-{number}.mov", file_size=FILE_SIZE)
        times_s.append(time.perf_counter() - start_s)
    return times_s[WARM_UP_CALLS:]


async def _timed_async(mock: MockServer, calls: int) -> Sequence[float]:
    times_s: list[float] = []
    async with AsyncClient(token=mock.token, base_url=mock.base_url) as box:
        for number in range(WARM_UP_CALLS + calls):
            start_s = time.perf_counter()
            await box.create_upload_session(folder_id="0", file_name=f"clip-{number}.mov", file_size=FILE_SIZE)
            times_s.append(time.perf_counter() - start_s)
    return times_s[WARM_UP_CALLS:]


def _show_uploads(write: Write, mock: MockServer) -> None:
    _heading(write, "6. Signed in by client credentials: an empty, a small and a large file")
    contents = {
        "Empty.txt": b"",
        "Notes.bin": random.Random(1).randbytes(SMALL_SIZE),
        UPLOAD_NAME: random.Random(2).randbytes(UPLOAD_SIZE),
    }
    with tempfile.TemporaryDirectory(prefix="box-uploads-demo-") as name:
        folder = Path(name)
        for file_name, content in contents.items():
            (folder / file_name).write_bytes(content)
        _run(write, mock, folder, "whoami")
        _run(write, mock, folder, "upload", *contents, "--folder-id", "0")
        stored = [_show_stored(write, mock, file_name, content) for file_name, content in contents.items()]
        _show_changed(write, mock, folder / UPLOAD_NAME, stored[-1])


def _show_changed(write: Write, mock: MockServer, path: Path, file_id: str) -> None:
    _heading(write, "7. A new version of the large file, of which one byte has changed")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    before = len(mock.state.request_log)
    _run(write, mock, path.parent, "upload", path.name, "--file-id", file_id)
    calls = [exchange.operation for exchange in mock.state.request_log[before:]]
    sent, looked_for = calls.count("upload_part"), calls.count("plan_upload_parts")
    _line(write, "sent", f"{sent} of {looked_for} parts; Box has the others already")
    _expect(sent == 1, f"{sent} parts were sent")
    _show_stored(write, mock, path.name, bytes(content))


def _show_stored(write: Write, mock: MockServer, name: str, content: bytes) -> str:
    """Compare a stored file with what was uploaded, and return its id."""
    ours = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    theirs = hashlib.sha1(usedforsecurity=False)
    (stored,) = [file for file in mock.state.files.values() if (file.folder, file.name) == ("0", name)]
    for chunk in mock.state.content_chunks(stored.id):
        theirs.update(chunk)
    _line(write, "sha1 here", f"{ours}  {name}")
    _line(write, "sha1 there", theirs.hexdigest())
    _expect(theirs.hexdigest() == ours, f"the stored bytes of {name} differ from the file")
    return stored.id


def _run(write: Write, mock: MockServer, folder: Path, *command: str) -> None:
    """Run the command line and show what it prints; its bar goes to the terminal, if there is one."""
    arguments = ["-m", "box_uploads.cli", *command]
    _wrapped(write, "command", shlex.join(["python", *arguments]))
    app = default_world().apps[0]
    settings = {"BOX_CLIENT_ID": app.client_id, "BOX_CLIENT_SECRET": app.client_secret}
    settings |= {"BOX_ENTERPRISE_ID": app.enterprise_id, "BOX_BASE_URL": mock.base_url}
    settings |= {"BOX_UPLOADS_STATE_DIR": str(folder / "state"), "XDG_CONFIG_HOME": str(folder / "config")}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("BOX_")}
    start_s = time.perf_counter()
    ended = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=inherited | settings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=None if sys.stderr.isatty() else subprocess.PIPE,
        text=True,
        check=False,
    )
    took_s = time.perf_counter() - start_s
    for line in f"{ended.stderr or ''}{ended.stdout}".splitlines():
        _wrapped(write, "printed", line)
    _expect(ended.returncode == 0, f"the command ended with {ended.returncode}")
    _line(write, "took", f"{took_s:.1f} s, with the start of Python")


def _show_session(write: Write, session: UploadSession) -> None:
    last = FILE_SIZE - (session.total_parts - 1) * session.part_size
    _expect(0 < last <= session.part_size, "the parts do not add up to the file")
    _expect(session.num_parts_processed == 0, "a new session has parts already")
    _expect(session.id in session.session_endpoints.upload_part, "the session's URLs belong to another session")
    _line(write, "session", session.id)
    _line(write, "parts", f"{session.total_parts} of {session.part_size:,} bytes, the last of {last:,}")
    _line(write, "expires", f"{session.session_expires_at:%Y-%m-%d %H:%M:%S %Z}")


def _show_error(write: Write, error: errors.BoxUploadsError) -> None:
    _line(write, "refused", type(error).__name__)
    _wrapped(write, "", str(error))


def _heading(write: Write, text: str) -> None:
    write("")
    write(text)


def _wrapped(write: Write, label: str, text: str) -> None:
    first, *others = textwrap.wrap(text, _WIDTH - _LABEL - 3, break_long_words=False, break_on_hyphens=False)
    _line(write, label, first)
    for line in others:
        _line(write, "", line)


def _line(write: Write, label: str, text: str) -> None:
    write(f"   {label:{_LABEL}}{text}")


def _expect(condition: bool, otherwise: str) -> None:
    if not condition:
        raise DemoError(otherwise)


def main(calls: int = CALLS) -> int:
    """Show everything on the terminal; returns the exit code: 0 all went well, 1 something did not."""
    try:
        show(print, calls=calls)
    except (DemoError, errors.BoxUploadsError) as error:
        print(f"\nDemo failed: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
