"""Uploads, one after the other, and what is told of each when it has ended."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

from .. import errors
from .._runtime.errors import ClientError
from ..api.upload_sessions import create_upload_session
from ..upload import MINIMUM_SIZE, SessionLeft, Started, Stored, upload_file
from ..upload.opening import opened
from ..upload.plan import check_minimum
from .arguments import STDIN, DuplicateNameError, PathNameError
from .failure import FAILED, INTERRUPTED, WRONG_USAGE, Failure, failure_of, skipped
from .streams import UnwrittenError
from .text import json_text, path_text, printable

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from .. import Client
    from ..models import File
    from ..upload import ProgressEvent
    from .display import Display
    from .memory import Memory

__all__ = ["Batch", "Results", "Settings"]

Results: TypeAlias = Literal["text", "json", "none"]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the options say about each upload."""

    folder_id: str | None
    file_id: str | None
    file_name: str | None
    size: int | None
    workers: int
    if_match: str | None


class Batch:
    """The uploads of one command.

    Args:
        client: The client.
        settings: What all uploads have in common.
        memory: Where journals are, or None to keep none.
        display: Shows what goes on.
        server: Where the API is, if not at Box; an upload to elsewhere is another one.
        results: How results are printed: as text, as JSON, or not at all.
    """

    def __init__(  # noqa: PLR0913  # each is a part of the whole
        self,
        client: Client,
        settings: Settings,
        memory: Memory | None,
        display: Display,
        *,
        server: str | None,
        results: Results,
    ) -> None:
        self._client = client
        self._settings = settings
        self._memory = memory
        self._display = display
        self._server = server
        self._results = results
        self._is_unwritten = False
        self._is_told = False
        self._has_begun = False

    def upload(self, paths: tuple[str, ...]) -> int:
        """Upload all paths, and return the exit code: that of wrong usage only if nothing has begun."""
        if wrong := self._wrong(paths):
            return self._refused(paths, wrong)
        codes: list[int] = []
        for number, path in enumerate(paths, 1):
            ended = self._ended(path, is_last=number == len(paths))
            codes.append(0 if ended is None else ended.exit_code)
            if ended is not None and ended.is_final:
                break
        if untried := paths[len(codes) :]:
            self._skip(untried)
        if len(paths) > 1 and any(codes):
            self._display.say(f"{codes.count(0)} of {len(paths)} files are stored")
        if INTERRUPTED in codes:
            return INTERRUPTED
        if set(codes) == {WRONG_USAGE} and not self._has_begun and not self._is_unwritten:
            return WRONG_USAGE
        return FAILED if any(codes) or self._is_unwritten else 0

    def _skip(self, paths: tuple[str, ...]) -> None:
        """Name paths that were not tried."""
        were = "file was" if len(paths) == 1 else "files were"
        names = ", ".join(path_text(path) for path in paths)
        self._display.say(f"box-uploads: error: {len(paths):,} {were} not tried: {names}")
        for path in paths:
            self._print(path, skipped(self._left(path)))

    def _wrong(self, paths: tuple[str, ...]) -> dict[int, Failure]:
        """Return what is wrong with files, by their numbers, as far as that can be told before anything is sent."""
        wrong: dict[int, Failure] = {}
        first: dict[str, str] = {}
        for number, path in enumerate(paths):
            # What stdin holds is only known when it is read.
            if path == STDIN:
                continue
            try:
                name = self._check(path)
                if self._settings.file_id is None and name in first:
                    raise DuplicateNameError(first[name])  # told as the others are
                first[name] = path_text(path)
            except (ClientError, OSError) as error:
                failure = failure_of(error, path=path, session=self._left(path))
                wrong[number] = msgspec.structs.replace(failure, exit_code=WRONG_USAGE)
        return wrong

    def _check(self, path: str) -> str:
        """Check a file, and return the name that it gets at Box."""
        settings = self._settings
        with opened(path) as source:
            size, name = source.size, settings.file_name or source.name
        # The end of a session that an earlier run has left for it is the uploader's to see to.
        if self._left(path) is None:
            check_minimum(size)
        if settings.file_id is None and settings.folder_id is not None:
            with self._of_path():
                create_upload_session.build_request(
                    folder_id=settings.folder_id, file_name=name, file_size=max(size, MINIMUM_SIZE)
                )
        return name

    def _refused(self, paths: tuple[str, ...], wrong: dict[int, Failure]) -> int:
        """Tell of all that is wrong; nothing is sent of the others either."""
        for number, path in enumerate(paths):
            failure = wrong.get(number)
            if failure is None:
                self._print(path, skipped(self._left(path)))
                continue
            for line in failure.lines(path_text(path)):
                self._display.say(line)
            self._print(path, failure.data())
        if len(paths) > 1:
            self._display.say(f"{len(wrong)} of {len(paths)} files cannot be uploaded; nothing was sent")
        return WRONG_USAGE

    @contextmanager
    def _of_path(self) -> Generator[None]:
        """Take a wrong name for that of the path, if no other one was given."""
        try:
            yield
        except errors.InvalidArgumentError as error:
            if error.argument == "file_name" and self._settings.file_name is None:
                raise PathNameError(error.rule) from None
            raise

    def _ended(self, path: str, *, is_last: bool) -> Failure | None:
        """Upload a path, and return what has come in the way."""
        self._display.begin(self._name(path))
        self._is_told = False
        try:
            self._send(path, is_last=is_last)
        except (ClientError, OSError, KeyboardInterrupt) as error:
            if self._is_of_memory(path, error):
                for hint in _memory_hints(error):
                    error.add_note(hint)
            failure = failure_of(error, path=path, session=self._left(path))
        else:
            return None
        if not failure.is_final:
            self._display.ended(None)
        if is_last or failure.is_final:
            self._display.end()
        for line in failure.lines(path_text(path)):
            self._display.say(line)
        if not self._is_told:
            self._print(path, failure.data())
        return failure

    def _is_of_memory(self, path: str, error: BaseException) -> bool:
        """Whether an error is about the folder for journals, and not about what is uploaded."""
        if self._memory is None or not isinstance(error, OSError) or path == STDIN:
            return False
        is_of_source = str(error.filename) in {path, os.path.abspath(path)}  # noqa: PTH100  # as the uploader does
        return not is_of_source and self._memory.holds(error.filename)

    def _journal(self, path: str) -> Path | None:
        if self._memory is None or path == STDIN:
            return None
        where = path if "://" in path else os.path.abspath(path)  # noqa: PTH100  # as the uploader does
        settings = self._settings
        target = (settings.folder_id, settings.file_id, settings.file_name)
        return self._memory.journal(self._server, path_text(where), *target)

    def _left(self, path: str) -> str | None:
        """Return the id of the session that the same command would go on with."""
        journal = self._journal(path)
        session = None if journal is None or self._memory is None else self._memory.left(journal)
        return None if session is None else session.id

    def _send(self, path: str, *, is_last: bool) -> None:
        settings, has_begun, sessions_left = self._settings, False, 0

        def note(event: ProgressEvent) -> None:
            nonlocal has_begun, sessions_left
            # Without a session, an earlier run has stored the file.
            has_begun |= isinstance(event, Started)
            self._has_begun |= has_begun
            self._display.tell(event)
            if isinstance(event, SessionLeft):
                sessions_left = event.count
            if isinstance(event, Stored):
                # Told now, since a run that is killed before it tells the result has to tell it in the next.
                self._display.ended(event.file.size or None)
                if is_last:
                    self._display.end()
                self._tell(path, event.file, was_there=not has_begun, sessions_left=sessions_left)

        if self._memory is not None:
            self._memory.prepare()
        with self._of_path():
            upload_file(
                self._client,
                sys.stdin.buffer if path == STDIN else path,
                folder_id=settings.folder_id,
                file_id=settings.file_id,
                file_name=settings.file_name,
                size=settings.size,
                workers=settings.workers,
                if_match=settings.if_match,
                on_progress=note,
                resume=self._journal(path),
            )

    def _name(self, path: str) -> str:
        if path == STDIN:
            return self._settings.file_name or "stdin"
        return path_text(path).rstrip("/").rpartition("/")[2]

    def _tell(self, path: str, file: File, *, was_there: bool, sessions_left: int) -> None:
        self._is_told = True
        said = {name: getattr(file, name) for name in ("id", "name", "size", "sha1", "etag")}
        known = {name: None if value is msgspec.UNSET else value for name, value in said.items()}
        said_of_run = {"already_there": was_there, "sessions_left": sessions_left}
        self._print(path, {"outcome": "stored", **said_of_run, **known})
        if self._results == "text":
            where = f"file {file.id}{', already there' if was_there else ''}"
            size = "" if known["size"] is None else f", {known['size']:,} bytes"
            etag = "" if known["etag"] is None else f", etag {known['etag']}"
            text = f"{known['name'] or self._name(path)}: {where}{size}, sha1 {known['sha1']}{etag}"
            self._put(printable(text))

    def _print(self, path: str, data: dict[str, Any]) -> None:
        if self._results == "json":
            self._put(json_text({"path": path_text(path), **data}))

    def _put(self, line: str) -> None:
        """Write a result; one that cannot be written keeps no file from being uploaded."""
        try:
            self._display.result(line)
        except UnwrittenError as error:
            if not self._is_unwritten:
                self._display.say(failure_of(error).lines()[0])
            self._is_unwritten = True


def _memory_hints(error: BaseException) -> list[str]:
    hint = "--state-dir or BOX_UPLOADS_STATE_DIR chooses another folder for journals, --no-resume keeps none"
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}:
        return ["the source is not to blame; free some space for the journal", hint]
    return [hint]
