"""The names of the operations' methods, and whether the client has all of them itself, or in groups by tag.

An operationId that only repeats method and path, as many tools write it, says no more than these: `path_names` makes
the name. Of others, what repeats the group is left out: `repos/get-branch` is `get_branch` of `repos`.
"""

from __future__ import annotations

import builtins
import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Literal

from generator.document.document import Node
from generator.document.load import parse
from generator.errors import GenerationError, SpecError, json_type
from generator.overlay._runtime.json_types import is_array, is_object
from generator.python.naming import free_name, python_name, words

from .path_names import path_names, repeats_path, shared_base

Layout = Literal["flat", "grouped"]

MOST_FLAT = 50
"""The client of a document with more operations has them in groups."""
_MAX_BYTES = 200
_MOST_BY_CHANCE = 0.8
_OF_CLIENT = frozenset({"raw", "transport", "with_options", "with_transport", "call_options", "close", "aclose"})
# Names in the modules that declare the methods.
_IN_MODULES = frozenset({"models", "datetime", "httpx2", "annotations", "import_module"})
_IN_ANNOTATIONS = frozenset({"bool", "bytes", "dict", "float", "int", "object", "str", "tuple", "type", "property"})
_RESERVED: Mapping[Layout, frozenset[str]] = {
    "flat": _OF_CLIENT | _IN_MODULES | frozenset(dir(builtins)),
    "grouped": frozenset({"raw"}) | _IN_MODULES | _IN_ANNOTATIONS,
}
_RESERVED_TAGS = frozenset({*dir(builtins), "annotations", "import_module", "httpx2"}) | _OF_CLIENT


@dataclass(eq=False)
class Declared:
    """An operation as the document declares it, and its name.

    Attributes:
        path: Its path, with what stands after `#` or `?` in it.
        verb: Its method, such as `get`.
        node: The operation.
        route: Its path without what the paths of all operations begin with.
        tag: Its first tag as a Python name.
        group: The group that has its method: the tag, or empty if the client itself has it.
        name: The name of its method.
        operation_id: Its operationId; empty if it has none of its own.
        candidates: Names that it may get, the best one first.
    """

    path: str
    verb: str
    node: Node
    route: str = ""
    tag: str = ""
    group: str = ""
    name: str = ""
    operation_id: str = ""
    candidates: list[str] = field(default_factory=list[str])

    @property
    def title(self) -> str:
        """Method and path."""
        return f"{self.verb.upper()} {self.path}"

    @property
    def name_node(self) -> Node:
        """What names it in the document."""
        return self.node / "operationId" if self.operation_id else self.node

    @property
    def shown_id(self) -> str:
        """What names it in the document."""
        return self.operation_id or f"{self.verb} {self.path}"


@dataclass(frozen=True)
class Naming:
    """How the methods are named.

    Attributes:
        layout: `flat` or `grouped`; None to decide by the number of operations.
        names: Names that were chosen by hand, by operationId or by method and path, as in `GET /files`.
        file: The file that has them, for messages.
    """

    layout: Layout | None = None
    names: Mapping[str, str] = field(default_factory=dict[str, str])
    file: str = ""

    @classmethod
    def load(cls, layout: Layout | None, path: Path | None) -> Naming:
        """Read the chosen names from a YAML or JSON file, if there is one.

        Raises:
            GenerationError: The file cannot be read, or is not a map from operations to names.
        """
        if path is None:
            return cls(layout)
        try:
            found = parse(path.read_text(encoding="utf-8-sig"), is_json=path.suffix == ".json")
        except (OSError, UnicodeDecodeError) as error:
            raise GenerationError(f"{path.name} cannot be read: {error}") from error
        except SpecError as error:
            raise GenerationError(f"{path.name} {error}") from error
        if not is_object(found):
            raise GenerationError(f"{path.name} is {json_type(found)}, not a map from operationIds to names")
        for operation, name in found.items():
            parts = name.split(".") if isinstance(name, str) else []
            if not 0 < len(parts) < 3 or any(python_name(part) != part for part in parts):
                rule = "is not a name; write one such as get_version, or files.get_version with its group"
                raise GenerationError(f"{path.name}: {operation}: {name!r} {rule}")
        return cls(layout, found, path.name)


BY_SIZE = Naming()
"""The layout by the number of operations, and no name chosen by hand."""


def name_operations(
    declared: Sequence[Declared], naming: Naming, version: str, server_path: str
) -> dict[Declared, SpecError]:
    """Name the method of each operation, and return those whose names are too long.

    Args:
        declared: All operations.
        naming: How they are named.
        version: The version of the document, which need not be said again.
        server_path: The path of the server's URL, which need not be said again.

    Raises:
        GenerationError: A name that was chosen by hand is of no operation, or another's already.
        SpecError: Two operations have one name, and the document is read strictly.
    """
    _read_ids(declared)
    tags = {operation.tag for operation in declared}
    layout = naming.layout or ("grouped" if len(declared) > MOST_FLAT and len(tags) > 1 else "flat")
    base = shared_base([operation.path for operation in declared])
    methods: dict[str, list[str]] = defaultdict(list)
    for operation in declared:
        operation.group = operation.tag if layout == "grouped" else ""
        operation.route = operation.path.removeprefix(base)
        methods[operation.route].append(operation.verb)
    chosen = _choose_by_hand(declared, naming, layout)
    said = {operation: _said(operation, version) for operation in declared} | _without_numbers(declared)
    by_path = _repeat_paths(said, f"{server_path}{base}")
    repeated = _repeated_groups(declared)
    for operation in declared:
        names = [operation.name]
        if operation not in chosen:
            names = _candidates(operation, said[operation], methods, repeated, by_path=by_path)
        operation.candidates = [python_name(name, taken=_RESERVED[layout], fallback="call") for name in names]
    _tell_apart(declared, chosen)
    problems: dict[Declared, SpecError] = {}
    for operation in declared:
        operation.name = operation.candidates[0]
        for name in (operation.name, operation.tag):
            if len(name.encode()) > _MAX_BYTES:
                problem = f"the name {name[:20]}… is too long; give a shorter operationId or tag"
                problems[operation] = SpecError(operation.node.place, problem)
    return problems


def reserved_names(group: str) -> frozenset[str]:
    """Return the names that no method of a group may have, or none of the client if it has no groups."""
    return _RESERVED["grouped" if group else "flat"]


def stream_method(name: str, taken: Collection[str]) -> str:
    """Return the name of the method that reads the response of another one while it is used.

    Args:
        name: The name of the other method.
        taken: Names that are not free.
    """
    thing = re.sub("^get(_|$)", "", name.rstrip("_"))
    other = re.sub("^stream(_|$)|(^|_)stream$", "", thing)
    usual = f"stream_{thing}".rstrip("_")
    if other == thing and usual not in taken:
        return usual
    return free_name("_".join(filter(None, ("open", other, "stream"))), taken)


def tag_name(node: Node) -> str:
    """Return the first tag of an operation as a Python name."""
    tags = node.object().get("tags", [])
    if not is_array(tags) or not all(isinstance(tag, str) for tag in tags):
        (node / "tags").note("must be a list of strings")
        tags = [tag for tag in tags if isinstance(tag, str)] if is_array(tags) else []
    return python_name(tags[0] if tags else "default", taken=_RESERVED_TAGS, fallback="tag")


def _read_ids(declared: Sequence[Declared]) -> None:
    seen: set[str] = set()
    for operation in declared:
        given = operation.node.get("operationId")
        text = _id_text(given) if given else ""
        if given and text in seen:
            given.note(f"{text!r} is the operationId of another operation already; choose another", "path names it")
        elif text.strip():
            operation.operation_id = text
            seen.add(text)


def _id_text(given: Node) -> str:
    """Return an operationId; YAML reads one such as `5` as a number if it has no quotes."""
    if isinstance(given.value, str):
        return given.value
    text = str(given.value) if isinstance(given.value, (int, float)) else ""
    meaning = f"taken as {text!r}" if text else "path names it"
    given.note(f"must be a string, not {json_type(given.value)}; put it in quotes", meaning)
    return text


def _choose_by_hand(declared: Sequence[Declared], naming: Naming, layout: Layout) -> set[Declared]:
    """Give operations the names that were chosen for them, and return these operations."""
    by_key = {operation.title: operation for operation in declared}
    by_key |= {operation.operation_id: operation for operation in declared if operation.operation_id}
    chosen: dict[str, Declared] = {}
    keys: dict[Declared, str] = {}
    for key, name in naming.names.items():
        if key not in by_key:
            problem = f"no operation is called {key!r}; write its operationId, or method and path as in 'GET /files'"
            raise GenerationError(f"{naming.file}: {problem}")
        if name in chosen:
            raise GenerationError(f"{naming.file}: {name!r} is the name of two operations")
        operation = by_key[key]
        if operation in keys:
            raise GenerationError(f"{naming.file}: {keys[operation]!r} and {key!r} are one operation; keep one line")
        keys[operation] = key
        chosen[name] = operation
        group, _, operation.name = name.rpartition(".")
        if group and layout == "flat":
            problem = f"{name!r} has a group, but the client has none; use --layout grouped"
            raise GenerationError(f"{naming.file}: {key}: {problem}")
        if operation.name in _RESERVED[layout]:
            raise GenerationError(f"{naming.file}: {key}: {operation.name!r} is reserved; choose another name")
        if group:
            operation.group = operation.tag = group
    return set(chosen.values())


def _repeat_paths(said: Mapping[Declared, str], base: str) -> bool:
    """Whether a tool has made the operationIds from methods and paths; that a few read so is chance."""
    named = [operation for operation in said if operation.operation_id]
    repeating = sum(repeats_path(said[operation], operation.verb, operation.route, base) for operation in named)
    return repeating > _MOST_BY_CHANCE * len(named)


def _said(operation: Declared, version: str) -> str:
    """Return an operationId without what tools append: FastAPI path and method, others the version."""
    whole = operation.operation_id.removesuffix(f"_v{version}")
    appended = re.sub(r"\W", "_", operation.path) + f"_{operation.verb}"
    return whole.removesuffix(appended).strip("_") or whole


def _without_numbers(declared: Sequence[Declared]) -> dict[Declared, str]:
    """Return the operationIds that are repeated, which springdoc counts (`list`, `list_1`, `list_2`), as they were."""
    ids = {operation.operation_id for operation in declared}
    found: dict[Declared, str] = {}
    for operation in declared:
        counted = re.fullmatch(r"(.+)_[1-9]\d*", operation.operation_id)
        if counted and {counted[1], f"{counted[1]}_1"} <= ids:
            found[operation] = counted[1]
    return found


def _repeated_groups(declared: Sequence[Declared]) -> set[str]:
    """Return the groups whose operationIds all begin with the name of the group, and say more."""
    ids: dict[str, list[list[str]]] = defaultdict(list)
    for operation in declared:
        if operation.group:
            ids[operation.group].append(words(operation.operation_id))
    return {
        group
        for group, found in ids.items()
        if len(found) > 1 and all(one[: len(words(group))] == words(group) != one for one in found)
    }


def _candidates(
    operation: Declared, said: str, methods: Mapping[str, Sequence[str]], repeated: set[str], *, by_path: bool
) -> list[str]:
    last = f"{operation.verb} {operation.route}"
    from_path = path_names(operation.verb, operation.route, operation.group, methods, operation.node.prose("summary"))
    if by_path or not said:
        return [*from_path, said or last]
    return [*_from_id(operation, said, repeated), *from_path, last]


def _from_id(operation: Declared, name: str, repeated: set[str]) -> list[str]:
    """Return the names that an operationId makes, without the name of the group if that is before it."""
    if operation.group in repeated:
        return ["_".join(words(name)[len(words(operation.group)) :]), name]
    prefix = re.match(r"(.+?)(?:[/.:]|_(?=[A-Z]))(?=.)", name)
    if prefix and operation.group and words(prefix[1]) == words(operation.group):
        return [name[prefix.end() :], name]
    return [name]


def _tell_apart(declared: Sequence[Declared], chosen: set[Declared]) -> None:
    """Replace equal names by the next candidates, and by numbered ones at last."""
    while True:
        by_name: dict[tuple[str, str], list[Declared]] = defaultdict(list)
        for operation in declared:
            by_name[operation.group, operation.candidates[0]].append(operation)
        clashes = [found for found in by_name.values() if len(found) > 1]
        if not clashes:
            return
        for clash in clashes:
            _settle(clash, chosen, {name for group, name in by_name if group == clash[0].group})


def _settle(clash: Sequence[Declared], chosen: set[Declared], taken: set[str]) -> None:
    """Give the next candidates to operations with one name, or a number, which may change with the document's order.

    The one that the document or somebody's choice calls so keeps the name.
    """
    name = clash[0].candidates[0]
    known = [operation for operation in clash if operation in chosen]
    known += [operation for operation in clash if _own_name(operation) == name]
    keeps = next(iter(known), None)
    others = [operation for operation in clash if operation is not keeps]
    movable = [operation for operation in others if len(operation.candidates) > 1]
    for operation in movable:
        if keeps and _own_name(operation) == name:
            problem = _are_both(operation, keeps, name, "rename one")
            if keeps in chosen:
                problem = f"{name} is the name of {keeps.shown_id!r} in the file of names; choose one for each"
            operation.name_node.note(problem, "path names it")
        operation.candidates.pop(0)
    if movable:
        return
    keeps = keeps or others.pop(0)
    for operation in others:
        numbered = next(found for number in count(2) if (found := f"{name}_{number}") not in taken)
        problem = _are_both(operation, keeps, name, "give it an operationId")
        operation.name_node.note(problem, f"called {numbered}")
        operation.candidates = [numbered]
        taken.add(numbered)


def _own_name(operation: Declared) -> str:
    """Return the name that the operationId makes as it stands; empty if there is none."""
    reserved = reserved_names(operation.group)
    return python_name(operation.operation_id, taken=reserved, fallback="call") if operation.operation_id else ""


def _are_both(one: Declared, other: Declared, name: str, cure: str) -> str:
    return f"{one.shown_id!r} and {other.shown_id!r} ({other.name_node.place}) are both {name} in Python; {cure}"
