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

from .model import Operation, Pagination, Parameter

_KEYS = frozenset({"method", "items", "offset", "total", "marker", "next", "page"})
_WAYS = ("offset", "marker", "page")
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
    way = [name for name in _WAYS if name in pages.object()]
    if len(way) != 1:
        rule = "the parameter that says which page is asked for"
        raise SpecError(pages.place, f"needs one of {', '.join(_WAYS)}: {rule}")
    items = _property(page.definition, pages / "items")
    array = items.type.resolved
    if not isinstance(array, Array):
        raise SpecError(f"{pages.place}/items", f"{items.wire_name!r} is not an array")
    argument = _argument(operation, pages / way[0], "str" if way[0] == "marker" else "int")
    if way[0] == "marker":
        following = _property(page.definition, pages / "next", is_required=False)
        return Pagination(method.value, array.item, items.name, argument.name, "MarkerPager", "marker", following.name)
    if way[0] == "page":
        return _numbered(method.value, array.item, items, argument)
    total = _property(page.definition, pages / "total")
    if not _is_integer(total.type):
        raise SpecError(f"{pages.place}/total", f"{total.wire_name!r} is not an integer")
    return Pagination(method.value, array.item, items.name, argument.name, "Pager", "offset", total.name)


def _numbered(method: str, item: Type, items: Field, argument: Parameter) -> Pagination:
    first = 0 if argument.least == 0 else 1
    return Pagination(method, item, items.name, argument.name, "NumberPager", "number", "", first)


def _argument(operation: Operation, node: Node, kind: str) -> Parameter:
    for parameter in operation.parameters_in("query"):
        if parameter.wire_name == node.text() and not parameter.is_client_option and kind in _plain(parameter.type):
            return parameter
    what = "an integer" if kind == "int" else "a string"
    raise SpecError(node.place, f"{node.value!r} is not {what} parameter in the query")


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
            return _numbered(method, item, items, query[name])
    return None


def _item(type_: Type) -> Type | None:
    """Return the type of the items of an array that may be null, or None if it is none."""
    arrays = [member for member in type_.members if isinstance(member, Array)]
    others = [member for member in type_.members if not isinstance(member, Array) and member != NONE]
    return arrays[0].item if len(arrays) == 1 and not others else None


def _plain(type_: Type) -> set[str]:
    """Return the Python types of a value, null left out."""
    return {member.text(plain=True) for member in type_.members if member != NONE}


def _property(model: Model, node: Node, *, is_required: bool = True) -> Field:
    field = next((field for field in model.fields if field.wire_name == node.text()), None)
    if field is None or (is_required and not field.required):
        kind = "a required property" if is_required else "a property"
        raise SpecError(node.place, f"{node.value!r} is not {kind} of the response")
    return field


def _is_integer(type_: Type) -> bool:
    resolved = type_.resolved
    return isinstance(resolved, Scalar) and resolved.python == "int"
