"""Upload several paths, one after the other, and report each."""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

from .._runtime.errors import ClientError
from ..upload import SessionLeft, Started, Stored, Throttled, upload_file
from .arguments import STDIN
from .checks import check_paths, convert_name_error
from .failure import FAILED, INTERRUPTED, USAGE_ERROR, Failure, failure_from, skipped_data
from .streams import OutputError
from .text import count_text, json_text, path_text, printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from .. import Client
    from ..models import File
    from ..upload import ProgressEvent
    from .display import Display
    from .settings import Settings
    from .state_dir import StateDir

__all__ = ["Batch", "Results"]

Results: TypeAlias = Literal["text", "json", "none"]


class Batch:
    """The uploads of one command.

    Args:
        client: The client.
        settings: The options of all uploads.
        state_dir: Where journals are kept, or None to keep none.
        display: Shows progress and messages.
        server: URL of the API, or None for Box; it is part of what identifies an upload.
        results: How results are printed: as text, as JSON, or not at all.
    """

    def __init__(  # noqa: PLR0913  # all collaborators
        self,
        client: Client,
        settings: Settings,
        state_dir: StateDir | None,
        display: Display,
        *,
        server: str | None,
        results: Results,
    ) -> None:
        self._client = client
        self._settings = settings
        self._state_dir = state_dir
        self._display = display
        self._server = server
        self._results = results
        self._output_failed = False
        self._is_reported = False
        self._has_started = False

    def upload(self, paths: tuple[str, ...]) -> int:
        """Upload all paths, and return the exit code: a usage error only if no upload has started."""
        if found := check_paths(paths, self._settings):
            return self._refuse(paths, found)
        codes: list[int] = []
        for number, path in enumerate(paths, 1):
            failure = self._upload_path(path, is_last=number == len(paths))
            codes.append(0 if failure is None else failure.exit_code)
            if failure is not None and failure.is_final:
                break
        untried = paths[len(codes) :]
        if untried:
            self._skip(untried)
        if len(paths) > 1 and any(codes):
            self._display.write_message(_summary(codes, len(untried)))
        if INTERRUPTED in codes:
            return INTERRUPTED
        if set(codes) == {USAGE_ERROR} and not self._has_started and not self._output_failed:
            return USAGE_ERROR
        return FAILED if any(codes) or self._output_failed else 0

    def _refuse(self, paths: Sequence[str], found: Mapping[int, ClientError | OSError]) -> int:
        """Report all paths that cannot be uploaded; the others are skipped."""
        for index, path in enumerate(paths):
            if index not in found:
                self._print_json(path, skipped_data(self._session_left(path)))
                continue
            failure = failure_from(found[index], path=path, session=self._session_left(path))
            self._report(path, msgspec.structs.replace(failure, exit_code=USAGE_ERROR))
        if len(paths) > 1:
            self._display.write_message(f"{len(found)} of {len(paths)} files cannot be uploaded; nothing was sent")
        return USAGE_ERROR

    def _skip(self, paths: Sequence[str]) -> None:
        """Name the paths that were not tried."""
        verb = "was" if len(paths) == 1 else "were"
        names = ", ".join(path_text(path) for path in paths)
        self._display.write_message(f"error: {count_text(len(paths), 'file')} {verb} not tried: {names}")
        for path in paths:
            self._print_json(path, skipped_data(self._session_left(path)))

    def _upload_path(self, path: str, *, is_last: bool) -> Failure | None:
        """Upload a path and report it; return the failure, if any."""
        self._display.start_file(self._display_name(path))
        self._is_reported = False
        try:
            self._send(path, is_last=is_last)
        except (ClientError, OSError, KeyboardInterrupt) as error:
            hints = _state_dir_hints(error) if self._is_about_state_dir(path, error) else ()
            failure = failure_from(error, path=path, session=self._session_left(path), hints=hints)
        else:
            return None
        if not failure.is_interruption:
            self._display.finish_file(None)
        if is_last or failure.is_final:
            self._display.close()
        self._report(path, failure)
        return failure

    def _report(self, path: str, failure: Failure) -> None:
        for line in failure.lines(path_text(path)):
            self._display.write_message(line)
        # A failure after the file was stored adds no second result.
        if not self._is_reported:
            self._print_json(path, failure.json_data())

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
        return self._state_dir.journal_path(self._server, path_text(source), *target)

    def _session_left(self, path: str) -> str | None:
        """Return the id of the session that the same command would resume, or None."""
        journal = self._journal_path(path)
        session = None if journal is None or self._state_dir is None else self._state_dir.read_session(journal)
        return None if session is None else session.id

    def _send(self, path: str, *, is_last: bool) -> None:
        settings, has_started, sessions_left, pauses = self._settings, False, 0, 0

        def handle_event(event: ProgressEvent) -> None:
            nonlocal has_started, sessions_left, pauses
            # If the file is stored without `Started`, an earlier run has stored it.
            has_started |= isinstance(event, Started)
            self._has_started |= has_started
            self._display.show_event(event)
            if isinstance(event, SessionLeft):
                sessions_left = event.count
            pauses += isinstance(event, Throttled)
            if isinstance(event, Stored):
                # Reported before the journal is deleted: if this process is killed in between, the next run reports
                # the file again.
                size = event.file.size
                self._display.finish_file(size if isinstance(size, int) else 0)
                if is_last:
                    self._display.close()
                run = {
                    "already_there": not has_started,
                    "unchanged": event.is_unchanged,
                    "sessions_left": sessions_left,
                    "pauses": pauses,
                }
                self._report_stored(path, event.file, run)

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
            )

    def _display_name(self, path: str) -> str:
        if path == STDIN:
            return self._settings.file_name or "stdin"
        return path_text(path).rstrip("/").rpartition("/")[2]

    def _report_stored(self, path: str, file: File, run: Mapping[str, Any]) -> None:
        self._is_reported = True
        fields = {name: getattr(file, name) for name in ("id", "name", "size", "sha1", "etag")}
        known = {name: None if value is msgspec.UNSET else value for name, value in fields.items()}
        self._print_json(path, {"outcome": "stored", **run, **known})
        if self._results == "text":
            words = [
                "unchanged" if run["unchanged"] else "already uploaded" if run["already_there"] else "done",
                f"file {file.id}",
                *([] if known["size"] is None else [f"{known['size']:,} bytes"]),
                f"sha1 {known['sha1']}",
                *([] if known["etag"] is None else [f"etag {known['etag']}"]),
            ]
            self._write_result(printable(f"{known['name'] or self._display_name(path)}: {', '.join(words)}"))

    def _print_json(self, path: str, data: dict[str, Any]) -> None:
        if self._results == "json":
            self._write_result(json_text({"path": path_text(path), **data}))

    def _write_result(self, line: str) -> None:
        """Write a result; a stdout that cannot be written is reported once, and does not stop the other uploads."""
        try:
            self._display.write_result(line)
        except OutputError as error:
            if not self._output_failed:
                self._display.write_message(failure_from(error).lines()[0])
            self._output_failed = True


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
