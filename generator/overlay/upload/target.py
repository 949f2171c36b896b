"""Where a file goes: into a folder, or in place of a file's present version."""

from __future__ import annotations

import msgspec

from .._runtime.errors import InvalidArgumentError

__all__ = ["Target", "resolve_target"]


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Where a file goes.

    Attributes:
        folder_id: Id of the folder, for a new file; for a version only to move it.
        file_id: Id of the file that gets a new version, or None for a new file.
        file_name: Name of the new file; for a version only to rename it.
        server: URL of the API in place of Box's, or None.
    """

    folder_id: str | None
    file_id: str | None
    file_name: str | None
    server: str | None = None


def resolve_target(
    folder_id: str | None, file_id: str | None, file_name: str | None, source_name: str, *, server: str | None = None
) -> Target:
    """Return where a file goes, by the arguments of a caller.

    Raises:
        InvalidArgumentError: The arguments do not say it.
    """
    if folder_id is None and file_id is None:
        raise InvalidArgumentError("folder_id", "must be given for a new file, or file_id for a new version")
    if file_id is None and not file_name:
        file_name = source_name
        if not file_name:
            raise InvalidArgumentError("file_name", "must be given for a source that has no name")
    if server is not None:
        server = server.rstrip("/")
    return Target(folder_id=folder_id, file_id=file_id, file_name=file_name or None, server=server)
