"""Checks of all paths before the first byte is sent."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from .. import errors
from .._runtime.errors import ClientError
from ..api.upload_sessions import create_upload_session
from ..upload import MINIMUM_SIZE
from ..upload.source_factory import open_source
from .arguments import STDIN, DuplicateNameError, PathNameError
from .text import path_text

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from .settings import Settings

__all__ = ["check_paths", "convert_name_error"]


def check_paths(paths: Sequence[str], settings: Settings) -> dict[int, ClientError | OSError]:
    """Return the errors of paths that cannot be uploaded, by their index.

    Args:
        paths: The paths.
        settings: The options of all uploads.
    """
    found: dict[int, ClientError | OSError] = {}
    first_of_name: dict[str, tuple[str, str]] = {}
    for index, path in enumerate(paths):
        # stdin is checked when it is read.
        if path == STDIN:
            continue
        try:
            name = _check_path(path, settings)
            if settings.file_id is None and (first := first_of_name.get(name.casefold())):
                raise DuplicateNameError(first[1], is_equal=first[0] == name)
            first_of_name[name.casefold()] = (name, path_text(path))
        except (ClientError, OSError) as error:
            found[index] = error
    return found


def _check_path(path: str, settings: Settings) -> str:
    """Check a path, and return its file name at Box."""
    with open_source(path) as source:
        size, name = source.size, settings.file_name or source.name
    if settings.file_id is None and settings.folder_id is not None:
        # Its rules for names hold for files of any size.
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
