"""The groups of operations that the client of a large document has as attributes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from generator.document.document import Document
from generator.errors import SpecError
from generator.operation.model import Operation
from generator.python.naming import class_name, python_name

# What the module of a group imports.
_IMPORTED = frozenset(
    {
        *("Any", "AsyncIterator", "Iterator", "Literal", "Mapping", "TYPE_CHECKING", "UNSET", "UUID", "UnsetType"),
        *("LinkPager", "MarkerPager", "NumberPager", "Pager", "PageError", "FileContent", "Source", "Response"),
        *("AsyncTransport", "SyncTransport", "AbstractAsyncContextManager", "AbstractContextManager"),
        *("AsyncEventStream", "EventStream", "AsyncResponseStream", "ResponseStream"),
        *("AsyncJsonLines", "JsonLines"),
    }
)
# Neither a class nor the one that awaits may have an imported name: `Transport` would make `AsyncTransport`.
_TAKEN = _IMPORTED | {name.removeprefix("Async") for name in _IMPORTED}


@dataclass(frozen=True)
class Group:
    """Operations with one tag.

    Attributes:
        name: The attribute of the client.
        class_name: The class of the attribute; others have the same name after `Raw` and `Async`.
        title: Whose operations they are, in one sentence.
        description: All that the document says of it.
        operations: Its operations, one that is called `list` last.
    """

    name: str
    class_name: str
    title: str
    description: str
    operations: list[Operation]


def group_operations(document: Document, operations: Sequence[Operation]) -> list[Group]:
    """Return the groups in the order of the document, none if the client itself has all methods."""
    described = _descriptions(document) if any(operation.group for operation in operations) else {}
    groups: dict[str, Group] = {}
    for operation in operations:
        if not operation.group:
            continue
        if operation.group not in groups:
            tag, description = described.get(operation.group, (operation.group, ""))
            name = class_name(operation.group, taken=_TAKEN)
            groups[operation.group] = Group(operation.group, name, f"The operations of `{tag}`.", description, [])
        groups[operation.group].operations.append(operation)
    for group in groups.values():
        group.operations.sort(key=lambda operation: operation.name == "list")
    return list(groups.values())


def _descriptions(document: Document) -> dict[str, tuple[str, str]]:
    """Return each tag that the document declares as it is written, and its description, by its Python name."""
    found: dict[str, tuple[str, str]] = {}
    try:
        for tag in document.root.items("tags"):
            name = (tag / "name").text()
            found.setdefault(python_name(name), (name, tag.prose("description")))
    except SpecError as error:
        document.notes.add(error.place, error.problem, "its groups are not described")
    return found
