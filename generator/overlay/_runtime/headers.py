"""Header fields as an immutable mapping."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar, overload

__all__ = ["Headers"]

_D = TypeVar("_D")


class Headers(Mapping[str, str]):
    """Header fields: immutable, looked up without regard to case, repeated fields joined by a comma."""

    __slots__ = ("_index", "_pairs")

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._pairs = tuple((name.lower(), value) for name, value in pairs)
        index = dict(self._pairs)
        if len(index) != len(self._pairs):
            index = {name: ", ".join(self.get_list(name)) for name in index}
        self._index = index

    def get_list(self, name: str) -> list[str]:
        """Return the values of a field, one for each time that it was sent."""
        name = name.lower()
        return [value for own, value in self._pairs if own == name]

    @overload
    def get(self, key: str, default: None = None, /) -> str | None: ...
    @overload
    def get(self, key: str, default: str | _D, /) -> str | _D: ...
    def get(self, key: str, default: Any = None, /) -> Any:
        """Return the value of a field, or a default."""
        return self._index.get(key.lower(), default)

    def map_values(self, change: Callable[[str], str]) -> Headers:
        """Return the same fields with each value changed."""
        return Headers((name, change(value)) for name, value in self._pairs)

    def __getitem__(self, name: str) -> str:
        return self._index[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._index)

    def __len__(self) -> int:
        return len(self._index)

    def __eq__(self, other: object) -> bool:
        return self._pairs == other._pairs if isinstance(other, Headers) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._pairs)

    def __repr__(self) -> str:
        return f"Headers({list(self._pairs)!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Headers, (self._pairs,)
