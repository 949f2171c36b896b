"""Page through a list: where the next page begins, and whether there is one, without sending anything."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Generic, TypeVar, cast
from urllib.parse import urljoin

import msgspec
from msgspec import UNSET, UnsetType

from .errors import InvalidArgumentError, PageError

if TYPE_CHECKING:
    from .headers import Headers
    from .messages import Request

__all__ = ["LinkPager", "MarkerPager", "NumberPager", "Pager", "page_request"]

T = TypeVar("T")
M = TypeVar("M")

_PARAMETER = r'\s*;\s*([^\s=;,"<>]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"<>]*)))?'
_LINK = re.compile(rf"<([^<>]*)>((?:{_PARAMETER})*)\s*(?:,|\Z)")
# What is not written like one of these is a marker rather than a URL.
_REFERENCE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[/?]|[A-Za-z0-9_.~%()/-]+\?")


class Pager(Generic[T]):
    """The state of paging through one list.

    Args:
        operation: Name of the operation that returns a page, for errors.

    Attributes:
        offset: Number of items before the next page.
        is_done: Whether the last page was taken.
    """

    __slots__ = ("_operation", "_page", "is_done", "offset")

    def __init__(self, operation: str) -> None:
        self._operation = operation
        self._page: Sequence[T] = ()
        self.offset = 0
        self.is_done = False

    def take(self, items: Sequence[T] | UnsetType | None, total: float | UnsetType | None = None) -> Sequence[T]:
        """Take a page, and return its items.

        Args:
            items: The items of the page.
            total: Number of items of all pages, as this page says; if none does, an empty page is the last one.

        Raises:
            PageError: The page has only what the page before had, or is empty although items are missing.
        """
        items = () if items is None or isinstance(items, UnsetType) else items
        repeated = self._repeated(items, is_counted=isinstance(total, (int, float)))
        if isinstance(total, UnsetType) or total is None:
            total = self.offset + len(items) + bool(items)
        # Where each number has the same type, as in JavaScript, it is a float.
        total = math.ceil(total)
        if repeated is None:
            rule = "repeats an item of the page before: the list may have changed; list it again from offset 0"
            raise PageError(f"the page after {self.offset} of {total} items {rule}", self._operation)
        self._page = items
        self.offset += len(items)
        self.is_done = self.offset >= total
        if not items and not self.is_done:
            raise PageError(f"the page after {self.offset} of {total} items is empty", self._operation)
        return items[repeated:]

    def _repeated(self, items: Sequence[T], *, is_counted: bool) -> int | None:
        """Return how many items are the end of the page before once more, None if that means another list.

        Offsets may also count items that the caller must not see, so that a page begins before the end of the last one.
        """
        if items and _is_scalar(items[0]):
            # Where nothing says how many there are, this ends a list whose offset the server ignores.
            return None if items == self._page and not is_counted else 0
        if not items or items[0] not in self._page:
            return 0
        start = self._page.index(items[0])
        count = len(self._page) - start
        is_end = start > 0 and items[:count] == self._page[start:]
        return count if is_end and not any(item in self._page for item in items[count:]) else None


class MarkerPager(Generic[T, M]):
    """The state of paging through a list whose pages each name the next one.

    Args:
        operation: Name of the operation that returns a page, for errors.

    Attributes:
        marker: What names the next page; unset for the first one.
        is_done: Whether the last page was taken.
    """

    __slots__ = ("_operation", "is_done", "marker")

    def __init__(self, operation: str) -> None:
        self._operation = operation
        self.marker: M | UnsetType = UNSET
        self.is_done = False

    def take(self, items: Sequence[T] | UnsetType | None, marker: M | UnsetType | None) -> Sequence[T]:
        """Take a page, and return its items.

        Args:
            items: The items of the page.
            marker: What names the next page; empty, 0, null or unset on the last one: what follows is never the start.

        Raises:
            PageError: The page names itself as the next one.
        """
        if marker and marker == self.marker:
            raise PageError(f"the page {marker!r} names itself as the next one", self._operation)
        self.marker = marker or UNSET
        self.is_done = not marker
        return items or ()


class LinkPager(Generic[T]):
    """The state of paging through a list whose pages each have the URL of the next one.

    Args:
        operation: Name of the operation that returns a page, for errors.

    Attributes:
        url: The URL of the next page, perhaps relative to that of the list; unset for the first one.
        is_done: Whether the last page was taken.
    """

    __slots__ = ("_operation", "is_done", "url")

    def __init__(self, operation: str) -> None:
        self._operation = operation
        self.url: str | UnsetType = UNSET
        self.is_done = False

    def take(self, items: Sequence[T] | UnsetType | None, link: str | UnsetType | None) -> Sequence[T]:
        """Take a page, and return its items.

        Args:
            items: The items of the page.
            link: The URL of the next page, perhaps relative to that of this one; empty, null or unset on the last one.

        Raises:
            PageError: The page names itself as the next one.
        """
        following = urljoin(self.url or "", link) if link else UNSET
        if following and following == self.url:
            # The URL is not shown: its query may hold a key.
            raise PageError("a page names itself as the next one", self._operation)
        self.url = following
        self.is_done = not following
        return items or ()

    @staticmethod
    def link_in(headers: Headers) -> str | None:
        """Return the URL in the `Link` fields of a response whose relation is `next` (RFC 8288), or None."""
        for url, parameters in (match.groups()[:2] for match in _LINK.finditer(headers.get("link", ""))):
            given: dict[str, str] = {}
            for name, quoted, plain in re.findall(_PARAMETER, parameters):
                # Of several relations the first one counts.
                given.setdefault(name.lower(), quoted or plain)
            if "next" in given.get("rel", "").lower().split() and "anchor" not in given:
                return url
        return None


class NumberPager(Generic[T]):
    """The state of paging through a list whose pages are numbered, up to their number or an empty page.

    Args:
        operation: Name of the operation that returns a page, for errors.
        first: Number of the first page.

    Attributes:
        number: Number of the next page.
        is_done: Whether the last page was taken.
    """

    __slots__ = ("_first", "_operation", "_page", "is_done", "number")

    def __init__(self, operation: str, first: int = 1) -> None:
        self._operation = operation
        self._first = first
        self._page: Sequence[T] = ()
        self.number = first
        self.is_done = False

    def take(self, items: Sequence[T] | UnsetType | None, pages: float | UnsetType | None = None) -> Sequence[T]:
        """Take a page, and return its items.

        Args:
            items: The items of the page.
            pages: Number of all pages, as this page says; if it does not, an empty page is the last one.

        Raises:
            PageError: The page is the one before once more.
        """
        items = () if items is None or isinstance(items, UnsetType) else items
        count = pages if isinstance(pages, (int, float)) else 0
        # Where nothing says how many there are, this ends a list whose page the server ignores.
        if items and items == self._page and not (count > 0 and _is_scalar(items[0])):
            raise PageError(f"page {self.number} is the one before once more", self._operation)
        self._page = items
        self.number += 1
        self.is_done = not items or 0 < count <= self.number - self._first
        return items


def _is_scalar(item: object) -> bool:
    """Whether an item may well be equal to another one, as two lines of a log are."""
    return item is None or isinstance(item, (str, int, float, bytes))


def page_request(url: str | UnsetType, argument: str, request: Request) -> Request:
    """Return the request for a page of a list.

    Args:
        url: The URL of the page, as the page before names it; unset for the first one.
        argument: Name of the argument, for errors.
        request: The request for the first page. Of its query, only credentials are added to a URL.

    Raises:
        InvalidArgumentError: It is no URL.
    """
    if isinstance(url, UnsetType):
        return request
    if not isinstance(cast("object", url), str) or not _REFERENCE.match(url):
        rule = "must be a URL, or the end of one from a path or question mark on"
        raise InvalidArgumentError(argument, rule)
    query = tuple(pair for pair in request.query if pair[1] in request.secrets)
    return msgspec.structs.replace(request, url=url, query=query, is_page=True)
