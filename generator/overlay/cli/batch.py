"""Uploads, one after the other, and what is told of each when it has ended."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

from .._runtime.errors import ClientError
from ..upload import Started, upload_file
from .failure import FAILED, INTERRUPTED, Failure, failure_of
from .text import path_text, printable

if TYPE_CHECKING:
    from pathlib import Path

    from .. import Client
    from ..models import File
    from ..upload import ProgressEvent
    from .display import Display
    from .memory import Memory

__all__ = ["STDIN", "Batch", "Results", "Settings"]

STDIN = "-"
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
        self._has_begun = False

    def upload(self, paths: tuple[str, ...]) -> int:
        """Upload all paths, and return the exit code."""
        codes: list[int] = []
        for path in paths:
            ended = self._ended(path)
            is_final = isinstance(ended, Failure) and ended.is_final
            if len(codes) + 1 == len(paths) or is_final:
                self._display.end()
            self._tell(path, ended)
            codes.append(ended.exit_code if isinstance(ended, Failure) else 0)
            if is_final:
                break
        for path in paths[len(codes) :]:
            self._print(path, {"outcome": "skipped"})
        if len(paths) > 1 and any(codes):
            self._display.say(f"{codes.count(0)} of {len(paths)} files are stored")
        failed = {code for code in codes if code}
        return INTERRUPTED if INTERRUPTED in failed else FAILED if len(failed) > 1 else max(failed, default=0)

    def _ended(self, path: str) -> File | Failure:
        """Upload a path, and return what it has ended with."""
        journal: Path | None = None
        try:
            journal = self._journal(path)
            self._display.begin(self._name(path))
            return self._sent(path, journal)
        except (ClientError, OSError, KeyboardInterrupt) as error:
            return failure_of(error, path=path, resumable=journal is not None and journal.exists())

    def _journal(self, path: str) -> Path | None:
        if self._memory is None or path == STDIN:
            return None
        where = path if "://" in path else os.path.abspath(path)  # noqa: PTH100  # as the uploader does
        settings = self._settings
        target = (settings.folder_id, settings.file_id, settings.file_name)
        return self._memory.journal(self._server, path_text(where), *target)

    def _sent(self, path: str, journal: Path | None) -> File:
        settings = self._settings
        self._has_begun = False
        return upload_file(
            self._client,
            sys.stdin.buffer if path == STDIN else path,
            folder_id=settings.folder_id,
            file_id=settings.file_id,
            file_name=settings.file_name,
            size=settings.size,
            workers=settings.workers,
            if_match=settings.if_match,
            on_progress=self._note,
            resume=journal,
        )

    def _note(self, event: ProgressEvent) -> None:
        # Without a session, an earlier run has stored the file.
        self._has_begun |= isinstance(event, Started)
        self._display.tell(event)

    def _name(self, path: str) -> str:
        if path == STDIN:
            return self._settings.file_name or "stdin"
        return path_text(path).rstrip("/").rpartition("/")[2]

    def _tell(self, path: str, ended: File | Failure) -> None:
        if isinstance(ended, Failure):
            for line in ended.lines(path_text(path)):
                self._display.say(line)
            self._print(path, ended.data())
            return
        said = {name: getattr(ended, name) for name in ("id", "name", "size", "sha1", "etag")}
        known = {name: None if value is msgspec.UNSET else value for name, value in said.items()}
        self._print(path, {"outcome": "stored", "already_there": not self._has_begun, **known})
        if self._results == "text":
            where = f"file {ended.id}{'' if self._has_begun else ', already there'}"
            size = "" if known["size"] is None else f", {known['size']:,} bytes"
            etag = "" if known["etag"] is None else f", etag {known['etag']}"
            text = f"{known['name'] or self._name(path)}: {where}{size}, sha1 {known['sha1']}{etag}"
            self._display.result(printable(text))

    def _print(self, path: str, data: dict[str, Any]) -> None:
        if self._results == "json":
            self._display.result(msgspec.json.encode({"path": path_text(path), **data}).decode())
