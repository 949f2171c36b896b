"""Which parts a session holds, as the server tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import PlanError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .. import models
    from ..client import RawClient
    from .plan import Part

__all__ = ["find_part", "held_parts"]

_PAGE = 1000
_LAST_OFFSET = 10_000
_NEARBY = 64


def held_parts(
    calls: RawClient, session: models.UploadSession, *, page_size: int = _PAGE
) -> Iterator[models.UploadPart]:
    """Return all parts that a session holds, page by page, ordered by offset.

    Box refuses to skip more than 10,000 parts, so no more than 10,000 and one page can be listed.

    Args:
        calls: The calls.
        session: The session.
        page_size: Largest number of parts in a page, 1 to 1000.

    Raises:
        PlanError: The session has more parts than can be listed, or the server repeats itself.
        ApiError: The server refuses.
        TransportError: No response was received.
    """
    seen, last = 0, -1
    while True:
        page = calls.list_parts(session, offset=seen, limit=page_size).parsed
        last = _checked(page, last)
        yield from page.entries
        seen += len(page.entries)
        if not page.entries or _is_last(page, seen):
            return


def find_part(calls: RawClient, session: models.UploadSession, part: Part) -> models.UploadPart | None:
    """Return the part that a session holds at the offset of a part, or None if it holds none there.

    The list counts the parts that are stored, not those that are planned: with parts on their way, one stands as many
    places before its number as there are gaps before it. So some places before its number are asked for as well.
    """
    wanted = max(0, part.index - _NEARBY + 1)
    start = min(wanted, _LAST_OFFSET)
    page = calls.list_parts(session, offset=start, limit=_NEARBY).parsed
    found = next((one for one in page.entries if one.offset == part.offset), None)
    is_before = start > 0 and (not page.entries or page.entries[0].offset > part.offset)
    if found is None and (is_before or start < wanted):
        return next((one for one in held_parts(calls, session) if one.offset == part.offset), None)
    return found


def _checked(page: models.UploadParts, last: int) -> int:
    """Return the offset of the last part of a page, whose parts have to follow each other."""
    for part in page.entries:
        if part.offset <= last:
            raise PlanError("the server lists the parts of the session out of order, or repeats them")
        last = part.offset
    return last


def _is_last(page: models.UploadParts, seen: int) -> bool:
    if seen >= page.total_count:
        return True
    if seen > _LAST_OFFSET:
        raise PlanError(f"the session holds {page.total_count} parts; Box lists none behind the first {seen}")
    return False
