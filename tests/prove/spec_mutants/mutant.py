"""A mutant of the fragment: the value at one place is different."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import msgspec
import yaml

from tests.prove.spec_mutants.sites import Keys, Site


class Change(msgspec.Struct, frozen=True):
    """What a rule proposes for a node.

    Attributes:
        kind: Row of the table of scores.
        words: What is different; with the place it names the mutant.
        node: The changed node.
        below: Way from the node to the difference, as far as it can be named.
    """

    kind: str
    words: str
    node: Any
    below: Keys = ()


Rule: TypeAlias = Callable[[Site], Iterator[Change]]
"""Proposes changes of one keyword of an object that has it."""


class Mutant(msgspec.Struct, frozen=True, kw_only=True):
    """One changed place of the fragment: `keys` lead to the node, and the rest is as in `Change`."""

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


def renamed(node: dict[str, Any], name: str, other: str) -> dict[str, Any]:
    """Return a copy of an object with one member renamed."""
    return {other if key == name else key: value for key, value in node.items()}


def put(site: Site, kind: str, words: str, keyword: str, value: Any, *below: str | int) -> Change:
    """Return a change that gives a keyword another value, at `below` in it."""
    return Change(kind, words, {**site.node, keyword: value}, (keyword, *below))


def drop(kind: str, keyword: str, words: str = "is dropped") -> Rule:
    """Return the rule that drops a keyword."""
    return lambda site: iter([Change(kind, words, without(site.node, keyword), (keyword,))])


def difference(true: dict[str, Any], mutant: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of a unified diff between two documents."""
    before, after = (yaml.safe_dump(document, sort_keys=False, width=110).splitlines() for document in (true, mutant))
    yield from difflib.unified_diff(before, after, "spec/openapi.yaml", "mutant", lineterm="", n=4)
