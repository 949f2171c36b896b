"""Upload several paths, some of them at the same time, and report each."""

from __future__ import annotations

import errno
import os
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from threading import RLock
from typing import TYPE_CHECKING, Any

import msgspec

from .._runtime.errors import ClientError
from ..upload import PartDone, SessionLeft, Started, Stored, Throttled, UploadGroup, upload_file
from .arguments import STDIN
from .checks import check_paths, convert_name_error
from .failure import FAILED, INTERRUPTED, USAGE_ERROR, Failure, failure_from, skipped_data
from .text import count_text, path_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from .. import Client
    from ..upload import ProgressEvent
    from .display import Display, FileDisplay
    from .results import Results
    from .settings import Settings
    from .state_dir import StateDir

__all__ = ["Batch"]

# How many of the paths that were not tried are named.
_NAMED = 10


class Batch:
    """The uploads of one command.

    Args:
        paths: The paths.
        client: The client.
        settings: The options of all uploads.
        state_dir: Where journals are kept, or None to keep none.
        display: Shows progress and messages.
        results: Writes the results.
        server: URL of the API, or None for Box; it is part of what identifies an upload.
    """

    def __init__(  # noqa: PLR0913  # all collaborators
        self,
        paths: tuple[str, ...],
        client: Client,
        settings: Settings,
        state_dir: StateDir | None,
        *,
        display: Display,
        results: Results,
        server: str | None,
        as_user: str | None = None,
    ) -> None:
        self._paths = paths
        self._client = client
        self._settings = settings
        self._state_dir = state_dir
        self._display = display
        self._results = results
        self._server = server
        self._as_user = as_user
        self._group = UploadGroup(settings.workers)
        # Held by the thread that shows or reports something, or takes the next path.
        self._lock = RLock()
        self._next = self._running = 0
        self._is_stopped = self._is_interrupted = False
        self._codes: list[int] = []
        self._has_started = False

    def upload(self) -> int:
        """Upload all paths, and return the exit code: a usage error only if no upload has started."""
        if found := check_paths(self._paths, self._settings):
            return self._refuse(found)
        self._run()
        self._display.close()
        codes, untried = self._codes, self._paths[self._next :]
        if untried:
            self._skip(untried)
        if len(self._paths) > 1 and any(codes):
            self._display.write_message(_summary(codes, len(untried)))
        if self._is_interrupted or INTERRUPTED in codes:
            return INTERRUPTED
        if set(codes) == {USAGE_ERROR} and not self._has_started and not self._results.failed:
            return USAGE_ERROR
        return FAILED if any(codes) or self._results.failed else 0

    def _refuse(self, found: Mapping[int, ClientError | OSError]) -> int:
        """Report all paths that cannot be uploaded; the others are skipped."""
        for index, path in enumerate(self._paths):
            if index not in found:
                self._results.write_json(path, skipped_data(self._session_left(path)))
                continue
            failure = failure_from(found[index], path=path, session=self._session_left(path))
            self._report(path, msgspec.structs.replace(failure, exit_code=USAGE_ERROR))
        if len(self._paths) > 1:
            text = f"{len(found)} of {len(self._paths)} files cannot be uploaded; nothing was sent"
            self._display.write_message(text)
        return USAGE_ERROR

    def _skip(self, paths: Sequence[str]) -> None:
        """Name the paths that were not tried."""
        verb = "was" if len(paths) == 1 else "were"
        names = ", ".join(path_text(path) for path in paths[:_NAMED])
        if len(paths) > _NAMED:
            names += f" and {len(paths) - _NAMED} more"
        self._display.write_message(f"error: {count_text(len(paths), 'file')} {verb} not tried: {names}")
        for path in paths:
            self._results.write_json(path, skipped_data(self._session_left(path)))

    def _run(self) -> None:
        threads = min(self._settings.transfers, len(self._paths))
        if threads == 1:
            # In this thread, where a signal also ends the wait for a pipe.
            self._upload_paths()
            return
        with ThreadPoolExecutor(threads, thread_name_prefix="box-transfer") as pool:
            try:
                for done in as_completed([pool.submit(self._upload_paths) for _ in range(threads)]):
                    done.result()
            except BaseException as error:
                self._is_stopped = True
                self._group.cancel()
                if not isinstance(error, KeyboardInterrupt):
                    raise
                self._is_interrupted = True

    def _upload_paths(self) -> None:
        """Upload one path after the other until none is left, in this thread."""
        while (index := self._take()) is not None:
            failure = self._upload_path(index)
            with self._lock:
                self._running -= 1
                self._codes.append(0 if failure is None else failure.exit_code)

    def _take(self) -> int | None:
        """Return the index of the next path, or None if there is none."""
        with self._lock:
            if self._is_stopped or self._next == len(self._paths):
                return None
            self._running += 1
            self._next += 1
            return self._next - 1

    def _upload_path(self, index: int) -> Failure | None:
        """Upload a path and report it; return the failure, if any."""
        path = self._paths[index]
        with self._lock:
            transfer = _Transfer(path, self._display.start_file(index, self._display_name(path)))
        try:
            self._send(transfer)
        except (ClientError, OSError, KeyboardInterrupt) as error:
            hints = _state_dir_hints(error) if self._is_about_state_dir(path, error) else ()
            session, has_journal = self._session_left(path), self._journal_path(path) is not None
            failure = failure_from(error, path=path, session=session, has_journal=has_journal, hints=hints)
        else:
            return None
        with self._lock:
            self._is_stopped |= failure.is_final
            if not failure.is_interruption:
                transfer.shown.finish(None)
            self._close_after_last()
            # A failure after the file was stored adds no second result.
            self._report(path, failure, is_reported=transfer.is_reported)
        return failure

    def _close_after_last(self) -> None:
        """Close the display if no other path is being uploaded or waits for it."""
        if self._running == 1 and (self._is_stopped or self._next == len(self._paths)):
            self._display.close()

    def _report(self, path: str, failure: Failure, *, is_reported: bool = False) -> None:
        for line in failure.lines(path_text(path)):
            self._display.write_message(line)
        if not is_reported:
            self._results.write_json(path, failure.json_data())

    def _is_about_state_dir(self, path: str, error: BaseException) -> bool:
        """Whether an error is about the state directory rather than the source."""
        if self._state_dir is None or not isinstance(error, OSError) or path == STDIN:
            return False
        is_about_source = str(error.filename) in {path, os.path.abspath(path)}  # noqa: PTH100  # as the uploader does
        return not is_about_source and self._state_dir.overlaps(error.filename)

    def _journal_path(self, path: str) -> Path | None:
        if self._state_dir is None or path == STDIN:
            return None
        source = path if "://" in path else os.path.abspath(path)  # noqa: PTH100  # as the uploader does
        settings = self._settings
        target = (settings.folder_id, settings.file_id, settings.file_name)
        # A session is its user's, and folder 0 of each user is another one.
        user = () if self._as_user is None else (self._as_user,)
        return self._state_dir.journal_path(self._server, source, *target, *user)

    def _session_left(self, path: str) -> str | None:
        """Return the id of the session that the same command would resume, or None."""
        journal = self._journal_path(path)
        session = None if journal is None or self._state_dir is None else self._state_dir.read_session(journal)
        return None if session is None else session.id

    def _send(self, transfer: _Transfer) -> None:
        settings, path = self._settings, transfer.path

        def handle_event(event: ProgressEvent) -> None:
            with self._lock:
                self._show(transfer, event)

        if self._state_dir is not None:
            self._state_dir.create_journal_folder()
        with convert_name_error(settings):
            upload_file(
                self._client,
                sys.stdin.buffer if path == STDIN else path,
                folder_id=settings.folder_id,
                file_id=settings.file_id,
                file_name=settings.file_name,
                size=settings.size,
                workers=settings.workers,
                if_match=settings.if_match,
                on_progress=handle_event,
                resume=self._journal_path(path),
                group=self._group,
            )

    def _show(self, transfer: _Transfer, event: ProgressEvent) -> None:
        transfer.note(event)
        self._has_started |= transfer.has_started
        transfer.shown.show_event(event)
        if isinstance(event, Stored):
            # Reported before the journal is deleted: if this process is killed in between, the next run reports the
            # file again.
            size = event.file.size
            transfer.shown.finish(size if isinstance(size, int) else 0)
            self._close_after_last()
            self._report_stored(transfer, event)

    def _report_stored(self, transfer: _Transfer, event: Stored) -> None:
        transfer.is_reported = True
        name = self._display_name(transfer.path)
        self._results.write_stored(transfer.path, name, event.file, transfer.json_data())

    def _display_name(self, path: str) -> str:
        if path == STDIN:
            return self._settings.file_name or "stdin"
        return path_text(path).rstrip("/").rpartition("/")[2]


class _Transfer:
    """The upload of one path.

    Args:
        path: The path.
        shown: Shows its progress.

    Attributes:
        path: The path.
        shown: Shows its progress.
        has_started: Whether this run sends the file.
        is_reported: Whether its result is written.
    """

    def __init__(self, path: str, shown: FileDisplay) -> None:
        self.path = path
        self.shown = shown
        self.has_started = self.is_reported = False
        # If the file is stored without that, an earlier run has stored it.
        self._has_sent = self._is_unchanged = False
        self._sessions_left = self._pauses = 0

    def note(self, event: ProgressEvent) -> None:
        """Note what the result tells of an event."""
        self.has_started |= isinstance(event, Started)
        self._has_sent |= isinstance(event, PartDone)
        self._pauses += isinstance(event, Throttled)
        if isinstance(event, SessionLeft):
            self._sessions_left = event.count
        if isinstance(event, Stored):
            self._is_unchanged = event.is_unchanged

    def json_data(self) -> dict[str, Any]:
        """Return what the object of a stored file tells of this run."""
        return {
            "already_there": not self._has_sent,
            "unchanged": self._is_unchanged,
            "sessions_left": self._sessions_left,
            "pauses": self._pauses,
        }


def _summary(codes: Sequence[int], untried: int) -> str:
    """Return how many files were uploaded, failed, and so on: `2 of 3 files uploaded, 1 failed`."""
    uploaded, interrupted = codes.count(0), codes.count(INTERRUPTED)
    counts = {
        "failed": len(codes) - uploaded - interrupted,
        "interrupted": interrupted,
        "not tried": untried,
    }
    others = (f", {count} {outcome}" for outcome, count in counts.items() if count)
    return f"{uploaded} of {len(codes) + untried} files uploaded{''.join(others)}"


def _state_dir_hints(error: BaseException) -> list[str]:
    hint = "choose another folder with --state-dir, or use --no-resume to upload without a journal"
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}:
        return ["free some space for the journal", hint]
    return [hint]
