"""Names of methods made of HTTP method and path: what is done with which resource.

`GET /files/{file_id}/versions/{version_id}` gives `get_version`, `POST /files/{file_id}/copy` gives `copy`. What
stands after `#` in a path tells operations on one URL apart, and names what is done.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from generator.python.naming import words

_VERBS = {"post": "create", "put": "update", "patch": "update"}
_ACTIONS = frozenset({"add", "clear", "create", "delete", "get", "list", "remove", "set", "update"})
# What a path begins with before it names a resource, and a constant that names none, such as `6VMVochwUWo`.
_VERSION = re.compile(r"api|rest|v\d[\w.]*|\d+([.-]\d+)*")
_OPAQUE = re.compile(r"(?=.*\d)(?=.*[a-z])(?=.*[A-Z])[A-Za-z\d]{8,}")
_PARAMETER = re.compile(r"\{([^{}]*)\}")
# A segment such as `levels:append`.
_VERB_LAST = re.compile(r"([^/{}:?#]+):([^/{}:?#]+)(?=$|[?#])")
# What a summary says of more than the verb and its object.
_MORE = re.compile(r"\(|[.,;:]|\b(?:at|by|for|from|in|into|of|on|to|using|via|with)\b")
_ARTICLES = frozenset({"a", "an", "the", "new"})
_OF_OTHER_METHODS = frozenset({"delete", "get", "list", "replace", "update"})
_ODD_PLURALS = {"aliases": "alias", "canvases": "canvas", "cookies": "cookie", "movies": "movie", "series": "series"}


@dataclass(frozen=True)
class _Resource:
    """What a piece of a path names, and whether a parameter after it chooses one of these."""

    words: tuple[str, ...] = ()
    is_item: bool = False

    @property
    def singular(self) -> tuple[str, ...]:
        return (*self.words[:-1], _singular(self.words[-1])) if self.words else ()


def shared_base(paths: Collection[str]) -> str:
    """Return what all paths begin with up to a version, such as `/gitlab/api/v4`; empty if no name follows in one."""
    split = [re.split("[?#]", path)[0].split("/") for path in paths]
    shared = [found[0] for found in takewhile(lambda found: len({*found}) == 1, zip(*split, strict=False))]
    size = max((index for index, segment in enumerate(shared, 1) if _VERSION.fullmatch(segment)), default=0)
    has_names = all(re.match("[^{]", segments[size] if size < len(segments) else "") for segments in split)
    return "/".join(shared[:size]) if has_names else ""


def repeats_path(operation_id: str, verb: str, path: str, base: str = "") -> bool:
    """Return whether an operationId says what method and path say, and nothing else.

    Args:
        operation_id: The operationId.
        verb: The method, such as `get`.
        path: The path.
        base: What stands before the path in the URL, and may be said or not.
    """
    said = words(operation_id)
    ways = [*([piece, []] for segment in base.split("/") if (piece := _singular_words(segment))), *_ways_to_say(path)]
    return (said[:1] == [verb] and _fits(said[1:], ways)) or (said[-1:] == [verb] and _fits(said[:-1], ways))


def path_names(
    verb: str, path: str, group: str, methods: Mapping[str, Collection[str]], summary: str = ""
) -> list[str]:
    """Return names for an operation; where others have the first one as well, the next one says more.

    Args:
        verb: The method, such as `get`.
        path: The path, without what all begin with.
        group: The group that has the method, whose words need not be said again; empty if there is none.
        methods: The methods of each path of the document.
        summary: What the document says of the operation; a POST that its path does not name may be named by it.
    """
    resources = _resources(_VERB_LAST.sub(r"\2 \1", path) if verb == "post" else path)
    target = resources.pop() if resources else _Resource()
    owner = next((found for found in reversed(resources) if found.is_item), None)
    parent = owner or (resources[-1] if resources else None)
    name = [*_name(verb, path, target, parent, group, methods, summary)]
    short = "_".join(name)
    long = "_".join([*name, "for", *parent.singular]) if parent else short
    # One that is of no item keeps the short name if all others are: /sessions beside /users/{id}/sessions.
    return [short, long] if owner else [short, short, long]


def _name(  # noqa: PLR0913, PLR0917  # one caller
    verb: str,
    path: str,
    target: _Resource,
    parent: _Resource | None,
    group: str,
    methods: Mapping[str, Collection[str]],
    summary: str,
) -> Sequence[str]:
    is_known = _is_said(target, group)
    if "#" in path and not is_known and (verb == "post" or target.words[0] in _ACTIONS):
        return target.words
    has_items = any(_is_item_of(other, path) for other in methods)
    is_list = has_items or (target.singular != target.words and not target.is_item)
    is_alone = set(methods[path]) == {"post"} and not has_items
    is_action = verb == "post" and is_alone and parent is not None and not target.is_item and not is_known
    is_odd = verb == "post" and target.is_item and not has_items and bool({"put", "patch"} & set(methods[path]))
    if (is_action or is_odd) and (said := _said_by(summary, target, group)):
        return said
    if is_action and parent:
        needs_object = len(target.words) == 1 and parent.is_item and not _is_said(parent, group)
        return (*target.words, *(parent.singular if needs_object else ()))
    match verb:
        case "get" if is_list:
            word = "list"
        case "post" if target.is_item and not has_items:
            word = "submit" if is_odd else "update"
        case "put" if "patch" in methods[path]:
            word = "replace"
        case _:
            word = _VERBS.get(verb, verb)
    if is_known:
        return (word, "all") if verb == "delete" and is_list else (word,)
    return (word, *(target.words if is_list and verb != "post" else target.singular))


def _said_by(summary: str, target: _Resource, group: str) -> Sequence[str]:
    """Return the verb of a summary such as `Restore file`, and what it is about unless the group says that.

    Empty if it is about something that neither the path nor the group names, or if its first word is in them already
    or the verb of another method.
    """
    verb, *rest = words(_MORE.split(summary)[0]) or [""]
    named = [word for word in rest if word not in _ARTICLES]
    of_group = {*map(_singular, words(group))}
    is_said = verb in target.words or verb in of_group
    if not named or is_said or verb in _OF_OTHER_METHODS or _singular(verb) != verb:
        return ()
    if {*map(_singular, named)} <= of_group:
        return (verb,)
    about = named[-len(target.words) :]
    return (verb, *about) if [*map(_singular, about)] == [*map(_singular, target.words)] else ()


def _is_said(resource: _Resource, group: str) -> bool:
    """Whether the words of a group name a resource."""
    return {_singular(word) for word in resource.words} <= {_singular(word) for word in words(group)}


def _resources(path: str) -> list[_Resource]:
    found: list[_Resource] = []
    bare, _, fragment = path.partition("#")
    for segment in bare.partition("?")[0].split("/"):
        if not segment or (not found and _VERSION.fullmatch(segment)):
            continue
        named = _words(_PARAMETER.sub(" ", segment))
        if found and (segment.startswith("{") or not named or all(word.isdecimal() for word in named)):
            found[-1] = replace(found[-1], is_item=True)
        if named and not (found and all(word.isdecimal() for word in named)):
            found.append(_Resource(named))
        elif not found:
            of_parameter = words(segment)
            is_id = len(of_parameter) > 1 and of_parameter[-1] == "id"
            found.append(_Resource(tuple(of_parameter[:-1] if is_id else of_parameter), is_item=True))
    return [*found, *([_Resource(_words(fragment))] if _words(fragment) else [])]


def _words(text: str) -> tuple[str, ...]:
    tokens = re.split(r"[\W_]+", text)
    return tuple(word for token in tokens if not _OPAQUE.fullmatch(token) for word in words(token))


def _is_item_of(other: str, path: str) -> bool:
    """Whether only parameters follow a path in another."""
    return other.startswith(f"{path}/{{") and not _PARAMETER.sub("", other[len(path) :]).strip("/")


def _ways_to_say(path: str) -> Iterator[list[list[str]]]:
    """Yield, for each piece of a path, the words that an operationId may have for it."""
    bare, _, fragment = path.partition("#")
    last: list[str] = []
    for segment in bare.partition("?")[0].split("/"):
        for index, text in enumerate(_PARAMETER.split(segment)):
            said = _singular_words(text)
            if index % 2:
                yield [[], ["id"], said, last, ["by", *said], ["by", "id"]]
            elif said:
                yield [said, []] if _VERSION.fullmatch(segment) else [said]
                last = said
    if fragment:
        yield [_singular_words(fragment)]


def _fits(said: Sequence[str], ways: Sequence[Sequence[Sequence[str]]]) -> bool:
    found, ends = [_singular(word) for word in said], {0}
    for pieces in ways:
        ends = {end + len(piece) for end in ends for piece in pieces if found[end : end + len(piece)] == piece}
    return len(found) in ends


def _singular_words(text: str) -> list[str]:
    return [_singular(word) for word in words(text)]


def _singular(word: str) -> str:
    """Return the singular of an English plural, and any other word as it is."""
    if word in _ODD_PLURALS:
        return _ODD_PLURALS[word]
    for plural, singular in (("ies", "y"), *((f"{end}es", end) for end in ("ss", "x", "ch", "sh", "tus"))):
        if word.endswith(plural) and len(word) > len(plural) + 1:
            return word.removesuffix(plural) + singular
    is_plural = len(word) > 3 and word.endswith("s") and word[-2] not in "siu"
    return word.removesuffix("s") if is_plural else word
