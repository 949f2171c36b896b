"""Pagination: an operation that returns a list page by page gets an iterator over all items.

`x-pages` says how, or else the names of parameters and properties do, as most APIs choose them.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from generator.document.document import Node
from generator.errors import SpecError
from generator.python.naming import python_name
from generator.schema.types import NONE, Array, Field, Model, Named, Scalar, Type

from .model import Operation, Pagination

_KEYS = frozenset({"method", "items", "offset", "total"})
_ITEMS = ("entries", "items", "data", "results", "values", "records")
_MARKERS = {
    "marker": ("next_marker",),
    "cursor": ("next_cursor", "cursor"),
    "page_token": ("next_page_token",),
    "pageToken": ("nextPageToken",),
    "next_token": ("next_token",),
    "continuation_token": ("next_continuation_token", "continuation_token"),
}
_OFFSETS = ("offset", "skip")
_TOTALS = ("total_count", "total", "totalCount")
_PAGES = ("page",)


def read_pagination(node: Node, operation: Operation, taken: Collection[str]) -> Pagination | None:
    """Return how to iterate over what an operation lists, or None if it does not list pages.

    Args:
        node: The operation in the document.
        operation: The operation as it was read.
        taken: Names that the iterator's method must not have.

    Raises:
        SpecError: `x-pages` does not fit the operation.
    """
    pages = node.get("x-pages")
    if pages is None:
        return _by_convention(operation, taken) if operation.method == "GET" else None
    if unknown := sorted(set(pages.object()) - _KEYS):
        raise SpecError(pages.place, f"{unknown[0]!r} is not one of {', '.join(sorted(_KEYS))}")
    method = pages / "method"
    if method.text() != python_name(method.text(), taken=taken):
        raise SpecError(
            method.place, f"{method.value!r} cannot be the name of another method; use a free snake_case one"
        )
    page = operation.result.resolved
    if not isinstance(page, Named) or not isinstance(page.definition, Model):
        raise SpecError(pages.place, "needs one success with one body, an object with properties")
    items = _required_property(page.definition, pages / "items")
    total = _required_property(page.definition, pages / "total")
    array = items.type.resolved
    if not isinstance(array, Array):
        raise SpecError(f"{pages.place}/items", f"{items.wire_name!r} is not an array")
    if not _is_integer(total.type):
        raise SpecError(f"{pages.place}/total", f"{total.wire_name!r} is not an integer")
    offset = pages / "offset"
    parameters = [
        parameter
        for parameter in operation.parameters_in("query")
        if parameter.wire_name == offset.text() and not parameter.is_client_option
    ]
    if not parameters or not _is_integer(parameters[0].type):
        raise SpecError(offset.place, f"{offset.value!r} is not an integer parameter in the query")
    return Pagination(method.value, array.item, items.name, parameters[0].name, "Pager", "offset", total.name)


def _by_convention(operation: Operation, taken: Collection[str]) -> Pagination | None:
    page = operation.result.resolved
    if not isinstance(page, Named) or not isinstance(page.definition, Model):
        return None
    fields = {field.wire_name: field for field in page.definition.fields}
    items = next((fields[name] for name in _ITEMS if name in fields and _item(fields[name].type)), None)
    item = None if items is None else _item(items.type)
    if items is None or item is None:
        return None
    query = {parameter.wire_name: parameter for parameter in operation.parameters_in("query") if not parameter.required}
    method = python_name(f"iter_{re.sub('^(get|list)(_|$)', '', operation.name) or 'all'}", taken=taken)
    # Where `usemarker` asks for markers, pages are by offset without it.
    for name in _MARKERS if "usemarker" not in query else ():
        end = next((fields[following] for following in _MARKERS[name] if following in fields), None)
        if name in query and end is not None and _plain(query[name].type) == _plain(end.type) == {"str"}:
            return Pagination(method, item, items.name, query[name].name, "MarkerPager", "marker", end.name)
    for name in _OFFSETS:
        if name in query and _plain(query[name].type) == {"int"}:
            total = next(
                (fields[end].name for end in _TOTALS if end in fields and _plain(fields[end].type) == {"int"}), ""
            )
            return Pagination(method, item, items.name, query[name].name, "Pager", "offset", total)
    for name in _PAGES:
        if name in query and _plain(query[name].type) == {"int"}:
            return Pagination(method, item, items.name, query[name].name, "NumberPager", "number", "")
    return None


def _item(type_: Type) -> Type | None:
    """Return the type of the items of an array that may be null, or None if it is none."""
    arrays = [member for member in type_.members if isinstance(member, Array)]
    others = [member for member in type_.members if not isinstance(member, Array) and member != NONE]
    return arrays[0].item if len(arrays) == 1 and not others else None


def _plain(type_: Type) -> set[str]:
    """Return the Python types of a value, null left out."""
    return {member.text(plain=True) for member in type_.members if member != NONE}


def _required_property(model: Model, node: Node) -> Field:
    field = next((field for field in model.fields if field.wire_name == node.text()), None)
    if field is None or not field.required:
        raise SpecError(node.place, f"{node.value!r} is not a required property of the response")
    return field


def _is_integer(type_: Type) -> bool:
    resolved = type_.resolved
    return isinstance(resolved, Scalar) and resolved.python == "int"
