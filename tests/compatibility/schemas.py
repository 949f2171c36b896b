"""The rules for schemas: what each keyword's change does to the values that are allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.compatibility.change import Breaks, Change, Direction, Effect, Place
from tests.compatibility.intersection import LEAST, MOST, NARROWING_FORMATS, All, constraints, types

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.compatibility.document import Document, Node, Schema

Found = tuple[str, str, Effect]
# Between these a number is anyway, so that a bound there says nothing.
LIMITS_OF_FORMATS = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}
_BY_RULES = {"type", "enum", "const", "format", "properties", "required", "additionalProperties", "items"}
_BY_RULES |= {"anyOf", "oneOf", *LEAST, *MOST}


def changed_types(before: Node, after: Node) -> Iterator[Found]:
    """A type more, or one fewer; a number may be an integer."""
    old, new = (types(schema) | ({"integer"} if "number" in types(schema) else set()) for schema in (before, after))
    if not old and not new:
        return
    if not old:
        yield "type", f"is {_listed(new)} now, and was anything", Effect.NARROWER
    elif not new:
        yield "type", f"is anything now, and was {_listed(old)}", Effect.WIDER
    elif old - new and new - old:
        yield "type", f"is {_listed(new)} now, and was {_listed(old)}", Effect.OTHER
    elif old != new:
        effect = Effect.NARROWER if old - new else Effect.WIDER
        yield "type", f"{_listed(old ^ new)} is {'no longer' if old - new else 'now'} allowed", effect


def changed_values(before: Node, after: Node) -> Iterator[Found]:
    """Values of an enumeration; a constant is one with a single value."""
    old, new = (_values(schema) for schema in (before, after))
    place = "const" if "const" in after or ("const" in before and "enum" not in after) else "enum"
    if old is None and new is not None:
        yield place, f"is one of {_listed(new)} now", Effect.NARROWER
    elif old is not None and new is None:
        yield place, "is no longer one of certain values", Effect.WIDER
    elif old is not None and new is not None:
        for value in (value for value in old if value not in new):
            yield place, f"{value!r} is no longer allowed", Effect.NARROWER
        for value in (value for value in new if value not in old):
            yield place, f"{value!r} is now allowed", Effect.WIDER


def changed_bounds(before: Node, after: Node) -> Iterator[Found]:
    """Limits of numbers, lengths and counts."""
    for keywords, is_least in ((LEAST, True), (MOST, False)):
        for keyword in keywords:
            old, new = (_bound(schema, keyword) for schema in (before, after))
            if old == new:
                continue
            if old is None or new is None:
                word = f"is {new} now, and there was none" if old is None else f"was {old}, and there is none now"
                yield keyword, word, Effect.NARROWER if old is None else Effect.WIDER
            else:
                narrower = (new > old) == is_least
                yield keyword, f"is {new} now, and was {old}", Effect.NARROWER if narrower else Effect.WIDER


def changed_format(before: Node, after: Node) -> Iterator[Found]:
    """A format, of which some contain others."""
    old, new = before.get("format"), after.get("format")
    if old == new:
        return
    if old is None or (old, new) in NARROWING_FORMATS:
        yield "format", f"is {new} now, and was {old or 'free'}", Effect.NARROWER
    elif new is None or (new, old) in NARROWING_FORMATS:
        yield "format", f"is {new or 'free'} now, and was {old}", Effect.WIDER
    else:
        yield "format", f"is {new} now, and was {old}", Effect.OTHER


def changed_rest(before: Node, after: Node) -> Iterator[Found]:
    """Everything that no other rule knows: patterns, multiples, conditions."""
    for keyword in sorted((constraints(before) | constraints(after)) - _BY_RULES):
        old, new = (All.of(schema[keyword]) if keyword in schema else All() for schema in (before, after))
        if keyword == "uniqueItems":
            # False is as good as nothing.
            old, new = (All(value for value in values if value) for values in (old, new))
        is_more, is_less = (all(value in these for value in those) for these, those in ((new, old), (old, new)))
        if not (is_more and is_less):
            effect = Effect.NARROWER if is_more else Effect.WIDER if is_less else Effect.OTHER
            yield keyword, f"is {new!r} now" if new else "is gone now", effect


RULES: tuple[Callable[[Node, Node], Iterator[Found]], ...] = (
    changed_types,
    changed_values,
    changed_bounds,
    changed_format,
    changed_rest,
)


class Schemas:
    """Compares schemas of two documents, for values that go one way.

    Args:
        before: The old document.
        after: The new document.
    """

    def __init__(self, before: Document, after: Document, direction: Direction) -> None:
        self._before, self._after, self._direction = before, after, direction
        self._open: set[tuple[int, int]] = set()

    def compare(self, before: Schema, after: Schema, old_place: Place, place: Place) -> Iterator[Change]:
        """Yield the changes from one schema to another; a pair that contains itself is compared once."""
        pair = id(before), id(after)
        if pair in self._open:
            return
        self._open.add(pair)
        old, old_place = self._before.schema(before, old_place)
        new, place = self._after.schema(after, place)
        yield from self._alternatives(
            self._before.alternatives(old, old_place), self._after.alternatives(new, place), place
        )
        self._open.discard(pair)

    def _alternatives(
        self, before: list[tuple[Node, Place]], after: list[tuple[Node, Place]], place: Place
    ) -> Iterator[Change]:
        """Compare alternatives; those that are the same are no matter, wherever they stand."""
        if len(before) == len(after) == 1:
            yield from self._single(*before[0], *after[0])
            return
        same = [(old, new) for old in before for new in after if not list(self._single(*old, *new))]
        before = [alternative for alternative in before if not any(alternative is old for old, _ in same)]
        after = [alternative for alternative in after if not any(alternative is new for _, new in same)]
        for old, new in zip(before, after, strict=False):
            yield from self._single(*old, *new)
        for alternative, _ in before[len(after) :]:
            yield self._change(place, f"{_named(alternative)} is no longer an alternative", Effect.NARROWER)
        for alternative, _ in after[len(before) :]:
            yield self._change(place, f"{_named(alternative)} is an alternative now", Effect.WIDER)

    def _single(self, old: Node, old_place: Place, new: Node, place: Place) -> Iterator[Change]:
        for rule in RULES:
            for keyword, says, effect in rule(old, new):
                yield self._change(place / keyword, says, effect)
        yield from self._properties(old, new, old_place, place)
        for keyword in ("items", "additionalProperties"):
            if keyword not in old and keyword not in new:
                continue
            given = old.get(keyword, True), new.get(keyword, True)
            if given[0] is False or given[1] is False:
                if given[0] is not given[1]:
                    effect = Effect.NARROWER if given[1] is False else Effect.WIDER
                    yield self._change(place / keyword, f"is {'forbidden' if given[1] is False else 'allowed'}", effect)
            else:
                yield from self.compare(*given, old_place / keyword, place / keyword)
        if self._direction is Direction.REQUEST and old.get("default") != new.get("default"):
            says = f"is {new.get('default')!r} now, and was {old.get('default')!r}"
            yield Change(place / "default", says, Breaks.CLIENTS)

    def _properties(self, old: Node, new: Node, old_place: Place, place: Place) -> Iterator[Change]:
        old_ones, new_ones = old.get("properties", {}), new.get("properties", {})
        was_required, is_required = set(old.get("required", [])), set(new.get("required", []))
        for name in sorted(old_ones.keys() | new_ones.keys() | was_required | is_required):
            where = place / "properties" / name
            if name in old_ones and name in new_ones:
                yield from self.compare(old_ones[name], new_ones[name], old_place / "properties" / name, where)
            elif name in old_ones:
                # Whoever looks for it, or still sends it, looks and sends in vain; an old server may ask for it.
                is_missed = self._direction is Direction.REQUEST and name in was_required
                yield Change(where, "the property is gone", Breaks.BOTH if is_missed else Breaks.CLIENTS)
                continue
            elif name in new_ones and name not in is_required:
                is_closed = old.get("additionalProperties") is False
                breaks = Effect.WIDER.breaks(self._direction) if is_closed else Breaks.NOBODY
                yield Change(where, "the property is new", breaks)
            if name in was_required ^ is_required:
                says = "now required" if name in is_required else "no longer required"
                new_word = "new and " if name not in old_ones else ""
                effect = Effect.NARROWER if name in is_required else Effect.WIDER
                yield self._change(where, f"the property is {new_word}{says}", effect)

    def _change(self, place: Place, says: str, effect: Effect) -> Change:
        return Change(place, says, effect.breaks(self._direction))


def _bound(schema: Node, keyword: str) -> Any:
    """Return a bound, None if it says nothing."""
    bound = schema.get(keyword)
    least, most = LIMITS_OF_FORMATS.get(schema.get("format", ""), (None, None))
    limits = {"minimum": least, "maximum": most, **dict.fromkeys(("minLength", "minItems", "minProperties"), 0)}
    limit = limits.get(keyword)
    if bound is None or limit is None:
        return bound
    return None if (bound <= limit if keyword in LEAST else bound >= limit) else bound


def _values(schema: Node) -> list[Any] | None:
    return [schema["const"]] if "const" in schema else schema.get("enum")


def _listed(values: Any) -> str:
    return " or ".join(sorted(map(str, values)))


def _named(schema: Node) -> str:
    return _listed(types(schema)) or "a schema"
