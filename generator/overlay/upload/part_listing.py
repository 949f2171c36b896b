"""List the parts that a session holds at the server."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from .errors import PlanError

if TYPE_CHECKING:
    from .. import models
    from ..client import RawClient
    from .parts import Part

__all__ = ["find_part", "list_held_parts"]

_PAGE = 1000
_LAST_OFFSET = 10_000
_NEARBY = 64
_LISTINGS = 8


def list_held_parts(
    calls: RawClient, session: models.UploadSession, *, page_size: int = _PAGE
) -> list[models.UploadPart]:
    """Return all parts that a session holds, ordered by offset.

    A part that is stored meanwhile, such as the last one of a run that was killed, moves those behind it by one place,
    so that pages overlap; then they are listed again. Box refuses to skip more than 10,000 parts, so no more than
    10,000 and one page can be listed.

    Args:
        calls: The calls.
        session: The session.
        page_size: Largest number of parts in a page, 1 to 1000.

    Raises:
        PlanError: The session has more parts than can be listed, or the server returns the same page again.
        ApiError: The server refuses.
        TransportError: No response was received.
    """
    for _ in range(_LISTINGS):
        parts = _list_once(calls, session, page_size)
        if all(part.offset < following.offset for part, following in pairwise(parts)):
            return parts
    raise PlanError("the server lists the parts of the session out of order, or repeats them")


def _list_once(calls: RawClient, session: models.UploadSession, page_size: int) -> list[models.UploadPart]:
    parts: list[models.UploadPart] = []
    while True:
        page = calls.list_parts(session, offset=len(parts), limit=page_size).parsed
        parts += page.entries
        if not page.entries or _is_last(page, len(parts)):
            return parts


def find_part(calls: RawClient, session: models.UploadSession, part: Part) -> models.UploadPart | None:
    """Return the part that a session holds at the offset of a part, or None if it holds none there.

    The server lists stored parts only. While earlier parts are missing, a part is listed as many
    places before its index as there are missing parts. So the page begins some places before its index.
    """
    wanted = max(0, part.index - _NEARBY + 1)
    start = min(wanted, _LAST_OFFSET)
    page = calls.list_parts(session, offset=start, limit=_NEARBY).parsed
    found = next((entry for entry in page.entries if entry.offset == part.offset), None)
    is_before = start > 0 and (not page.entries or page.entries[0].offset > part.offset)
    if found is None and (is_before or start < wanted):
        return next((entry for entry in list_held_parts(calls, session) if entry.offset == part.offset), None)
    return found


def _is_last(page: models.UploadParts, seen: int) -> bool:
    if seen >= page.total_count:
        return True
    if seen > _LAST_OFFSET:
        raise PlanError(f"the session holds {page.total_count} parts, but Box lists only the first {seen}")
    return False
