"""Pages of a folder: how its items are ordered, and the markers between the pages.

A marker says behind which item a page begins, so that what is created or renamed between two pages moves no other item
from one page to another.
"""

import base64
import json
from collections.abc import Sequence
from typing import TypeAlias

from box_uploads_mock.errors import argument_error
from box_uploads_mock.names import name_key
from box_uploads_mock.world import File, Folder

_Place: TypeAlias = tuple[bool, str, str]


def ordered(items: Sequence[File | Folder]) -> Sequence[File | Folder]:
    """Return items in the order in which Box lists them: folders first, then by name."""
    return sorted(items, key=_place)


def page(
    items: Sequence[File | Folder], folder_id: str, marker: str | None, limit: int
) -> tuple[Sequence[File | Folder], str | None]:
    """Return a page of items, and the marker of the next page, None on the last one.

    Args:
        items: All items of the folder.
        folder_id: The folder, for which alone the marker is valid.
        marker: The marker that the page before had, None for the first page.
        limit: Number of items in a page.

    Raises:
        ApiError: The marker is none of the folder's.
    """
    start = None if marker is None else _read(marker, folder_id)
    rest = [item for item in ordered(items) if start is None or _place(item) > start]
    found = rest[:limit]
    return found, _write(folder_id, _place(found[-1])) if len(rest) > limit else None


def _place(item: File | Folder) -> _Place:
    return isinstance(item, File), name_key(item.name), item.id


def _write(folder_id: str, place: _Place) -> str:
    return base64.urlsafe_b64encode(json.dumps([folder_id, *place]).encode()).decode("ascii").rstrip("=")


def _read(marker: str, folder_id: str) -> _Place:
    try:
        text = base64.b64decode(marker + "=" * (-len(marker) % 4), altchars=b"-_", validate=True)
        found, is_file, name, item_id = json.loads(text)
        place = (bool(is_file), str(name), str(item_id))
    # ValueError: also not base64, not JSON or not of four values; TypeError: not a list.
    except (ValueError, TypeError, RecursionError):
        found, place = None, (False, "", "")
    # Only what the mock writes is a marker.
    if found != folder_id or marker != _write(folder_id, place):
        raise argument_error("bad_request", "marker", "It is not the next_marker of a page of this folder.")
    return place
