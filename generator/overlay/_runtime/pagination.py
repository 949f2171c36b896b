"""Page through a list: where the next page begins, and whether there is one, without sending anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from .errors import PageError

__all__ = ["Pager"]

T = TypeVar("T")


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

    def take(self, items: Sequence[T], total: int) -> Sequence[T]:
        """Take a page, and return its items.

        Args:
            items: The items of the page.
            total: Number of items of all pages, as this page says.

        Raises:
            PageError: The page begins with an item of the page before, or is empty although items are missing.
        """
        if items and items[0] in self._page:
            rule = "repeats an item of the page before: the list may have changed; list it again from offset 0"
            raise PageError(f"the page after {self.offset} of {total} items {rule}", self._operation)
        self._page = items
        self.offset += len(items)
        self.is_done = self.offset >= total
        if not items and not self.is_done:
            raise PageError(f"the page after {self.offset} of {total} items is empty", self._operation)
        return items
