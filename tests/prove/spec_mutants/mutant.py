"""A mutant of the fragment: the value at one place is another one."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Change", "Keys", "Mutant", "difference", "pointer", "replaced", "without"]

Keys: TypeAlias = tuple[str | int, ...]
"""The way from the root to a place."""


class Change(msgspec.Struct, frozen=True):
    """What a rule proposes for a node.

    Attributes:
        kind: What is changed, for the table of scores.
        words: What is different; with the place it names the mutant.
        node: The node as it is after the change.
        below: The part of the node that is different, as far as one can be named.
    """

    kind: str
    words: str
    node: Any
    below: Keys = ()


class Mutant(msgspec.Struct, frozen=True, kw_only=True):
    """One changed place of the fragment.

    Attributes:
        keys: Way to the node that is replaced.
        below: Way from there to what is different in it.
        kind: What is changed, for the table of scores.
        words: What is different.
        node: What stands there instead.
    """

    keys: Keys
    below: Keys
    kind: str
    words: str
    node: Any

    @property
    def place(self) -> str:
        """Where the difference is, as a JSON pointer."""
        return pointer((*self.keys, *self.below))

    @property
    def id(self) -> str:
        """Name of the mutant: its place and what is different."""
        return f"{self.place}: {self.words}"

    def document(self, true: dict[str, Any]) -> dict[str, Any]:
        """Return the whole mutant; it shares what is equal with the true fragment."""
        mutant: dict[str, Any] = replaced(true, self.keys, self.node)
        return mutant


def pointer(keys: Keys) -> str:
    """Return a way as a JSON pointer."""
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in keys)


def replaced(node: Any, keys: Keys, value: Any) -> Any:
    """Return a copy of a node with another value at the end of a way."""
    if not keys:
        return value
    copy = node.copy()
    copy[keys[0]] = replaced(node[keys[0]], keys[1:], value)
    return copy


def without(node: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return a copy of an object that lacks some members."""
    return {name: value for name, value in node.items() if name not in names}


def difference(true: dict[str, Any], mutant: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of a unified diff between two documents."""
    before, after = (yaml.safe_dump(document, sort_keys=False, width=110).splitlines() for document in (true, mutant))
    yield from difflib.unified_diff(before, after, "spec/openapi.yaml", "mutant", lineterm="", n=4)
