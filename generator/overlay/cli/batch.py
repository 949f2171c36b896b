"""Uploads, one after the other, and what is told of each when it has ended."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

from .. import errors
from .._runtime.errors import ClientError
from ..upload import Started, Stored, upload_file
from .arguments import STDIN, PathNameError
from .failure import FAILED, INTERRUPTED, WRONG_USAGE, Failure, failure_of, skipped
from .streams import UnwrittenError
from .text import path_text, printable

if TYPE_CHECKING:
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
        codes: list[int] = []
        for number, path in enumerate(paths, 1):
            ended = self._ended(path, is_last=number == len(paths))
            codes.append(0 if ended is None else ended.exit_code)
            if ended is not None and ended.is_final:
                break
        for path in paths[len(codes) :]:
            self._print(path, skipped(self._left(path)))
        if len(paths) > 1 and any(codes):
            self._display.say(f"{codes.count(0)} of {len(paths)} files are stored")
        if INTERRUPTED in codes:
            return INTERRUPTED
        if set(codes) == {WRONG_USAGE} and not self._has_begun and not self._is_unwritten:
            return WRONG_USAGE
        return FAILED if any(codes) or self._is_unwritten else 0

    def _ended(self, path: str, *, is_last: bool) -> Failure | None:
        """Upload a path, and return what has come in the way."""
        self._display.begin(self._name(path))
        self._is_told = False
        try:
            self._send(path, is_last=is_last)
        except (ClientError, OSError, KeyboardInterrupt) as error:
            if self._is_of_memory(path, error):
                error.add_note("--state-dir chooses another folder for journals, --no-resume keeps none")
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
        settings, has_begun = self._settings, False

        def note(event: ProgressEvent) -> None:
            nonlocal has_begun
            # Without a session, an earlier run has stored the file.
            has_begun |= isinstance(event, Started)
            self._has_begun |= has_begun
            self._display.tell(event)
            if isinstance(event, Stored):
                # Told now, since a run that is killed before it tells the result has to tell it in the next.
                self._display.ended(event.file.size or None)
                if is_last:
                    self._display.end()
                self._tell(path, event.file, was_there=not has_begun)

        if self._memory is not None:
            self._memory.prepare()
        try:
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
        except errors.InvalidArgumentError as error:
            if error.argument == "file_name" and settings.file_name is None:
                raise PathNameError(error.rule) from None
            raise

    def _name(self, path: str) -> str:
        if path == STDIN:
            return self._settings.file_name or "stdin"
        return path_text(path).rstrip("/").rpartition("/")[2]

    def _tell(self, path: str, file: File, *, was_there: bool) -> None:
        self._is_told = True
        said = {name: getattr(file, name) for name in ("id", "name", "size", "sha1", "etag")}
        known = {name: None if value is msgspec.UNSET else value for name, value in said.items()}
        self._print(path, {"outcome": "stored", "already_there": was_there, **known})
        if self._results == "text":
            where = f"file {file.id}{', already there' if was_there else ''}"
            size = "" if known["size"] is None else f", {known['size']:,} bytes"
            etag = "" if known["etag"] is None else f", etag {known['etag']}"
            text = f"{known['name'] or self._name(path)}: {where}{size}, sha1 {known['sha1']}{etag}"
            self._put(printable(text))

    def _print(self, path: str, data: dict[str, Any]) -> None:
        if self._results == "json":
            self._put(msgspec.json.encode({"path": path_text(path), **data}).decode())

    def _put(self, line: str) -> None:
        """Write a result; one that cannot be written keeps no file from being uploaded."""
        try:
            self._display.result(line)
        except UnwrittenError as error:
            if not self._is_unwritten:
                self._display.say(failure_of(error).lines()[0])
            self._is_unwritten = True
