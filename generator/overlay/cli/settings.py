"""The options of `box-uploads upload` that hold for each file."""

from __future__ import annotations

import msgspec

__all__ = ["Settings"]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Where files go, and how they are uploaded.

    Attributes:
        folder_id: Folder of new files, or None.
        file_id: File that gets a new version, or None.
        file_name: Name at Box, or None for that of the path or of the present version.
        size: Number of bytes on stdin, or None.
        workers: Number of parts that are sent in parallel, of all files.
        transfers: Number of files that are uploaded in parallel.
        if_match: Etag that the file must still have, or None.
    """

    folder_id: str | None
    file_id: str | None
    file_name: str | None
    size: int | None
    workers: int
    transfers: int
    if_match: str | None
