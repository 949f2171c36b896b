"""The items that a 409 response names as conflicting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._runtime.json_types import is_array, is_object

if TYPE_CHECKING:
    from .._runtime.errors import ApiError

__all__ = ["conflicting_items"]


def conflicting_items(error: ApiError) -> list[dict[str, Any]]:
    """Return the items that a request conflicts with, as decoded JSON.

    Box sends one object for an upload and a list for a folder (seen in its reference and in rclone's code); both are
    read.
    """
    found = error.context_info.get("conflicts") if is_object(error.context_info) else None
    return [item for item in (found if is_array(found) else [found]) if is_object(item)]
