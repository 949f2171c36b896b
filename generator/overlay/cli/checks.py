"""Checks of all paths before the first byte is sent."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from .. import errors
from .._runtime.errors import ClientError
from ..api.upload_sessions import create_upload_session
from ..upload import MINIMUM_SIZE, FileTooSmallError
from ..upload.source_factory import open_source
from .arguments import STDIN, DuplicateNameError, PathNameError
from .text import path_text

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from .settings import Settings

__all__ = ["check_paths", "convert_name_error"]


def check_paths(
    paths: Sequence[str], settings: Settings, has_session: Callable[[str], bool]
) -> dict[int, ClientError | OSError]:
    """Return the errors of paths that cannot be uploaded, by their index.

    Args:
        paths: The paths.
        settings: The options of all uploads.
        has_session: Whether an earlier run has left a session for a path.
    """
    found: dict[int, ClientError | OSError] = {}
    first_of_name: dict[str, str] = {}
    for index, path in enumerate(paths):
        # stdin is checked when it is read.
        if path == STDIN:
            continue
        try:
            name = _check_path(path, settings, may_be_small=has_session(path))
            if settings.file_id is None and name in first_of_name:
                raise DuplicateNameError(first_of_name[name])
            first_of_name[name] = path_text(path)
        except (ClientError, OSError) as error:
            found[index] = error
    return found


def _check_path(path: str, settings: Settings, *, may_be_small: bool) -> str:
    """Check a path, and return its file name at Box."""
    with open_source(path) as source:
        size, name = source.size, settings.file_name or source.name
    # If the file of an interrupted upload has become too small, the uploader aborts the old session.
    if size < MINIMUM_SIZE and not may_be_small:
        raise FileTooSmallError(size, MINIMUM_SIZE)
    if settings.file_id is None and settings.folder_id is not None:
        with convert_name_error(settings):
            create_upload_session.build_request(
                folder_id=settings.folder_id, file_name=name, file_size=max(size, MINIMUM_SIZE)
            )
    return name


@contextmanager
def convert_name_error(settings: Settings) -> Generator[None]:
    """Raise PathNameError for an invalid file name, unless it comes from `--name`."""
    try:
        yield
    except errors.InvalidArgumentError as error:
        if error.argument == "file_name" and settings.file_name is None:
            raise PathNameError(error.rule) from None
        raise
