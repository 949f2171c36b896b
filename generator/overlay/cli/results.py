"""Results on stdout: a line of text for each stored file, or a JSON object for each path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

from .failure import failure_from
from .streams import OutputError
from .text import json_text, path_text, printable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..models import File
    from .display import Display

__all__ = ["ResultKind", "Results"]

ResultKind: TypeAlias = Literal["text", "json", "none"]


class Results:
    """Writes the results of one command.

    Args:
        display: Writes the lines.
        kind: How results are printed: as text, as JSON, or not at all.

    Attributes:
        failed: Whether stdout could not be written.
    """

    def __init__(self, display: Display, kind: ResultKind) -> None:
        self._display = display
        self._kind = kind
        self.failed = False

    def write_json(self, path: str, data: Mapping[str, Any]) -> None:
        """Write the object of a path, if objects are wanted."""
        if self._kind == "json":
            self._write(json_text({"path": path_text(path), **data}))

    def write_stored(self, path: str, name: str, file: File, run: Mapping[str, Any]) -> None:
        """Write the result of a stored file.

        Args:
            path: The path.
            name: Its name on the display.
            file: The file at Box.
            run: What happened in this run, for its object.
        """
        fields = {field: getattr(file, field) for field in ("id", "name", "size", "sha1", "etag")}
        known = {field: None if value is msgspec.UNSET else value for field, value in fields.items()}
        self.write_json(path, {"outcome": "stored", **run, **known})
        if self._kind == "text":
            words = [
                "unchanged" if run["unchanged"] else "already uploaded" if run["already_there"] else "done",
                f"file {file.id}",
                *([] if known["size"] is None else [f"{known['size']:,} bytes"]),
                f"sha1 {known['sha1']}",
                *([] if known["etag"] is None else [f"etag {known['etag']}"]),
            ]
            self._write(printable(f"{known['name'] or name}: {', '.join(words)}"))

    def _write(self, line: str) -> None:
        """Write a line; a stdout that cannot be written is reported once, and does not stop the other uploads."""
        try:
            self._display.write_result(line)
        except OutputError as error:
            if not self.failed:
                self._display.write_message(failure_from(error).lines()[0])
            self.failed = True
