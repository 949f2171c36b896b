"""Pagination (`x-pages`): an operation that returns a list page by page gets an iterator over all items."""

from __future__ import annotations

from collections.abc import Collection

from generator.document.document import Node
from generator.errors import SpecError
from generator.python.naming import python_name
from generator.schema.types import Array, Field, Model, Named, Scalar, Type

from .model import Operation, Pagination

_KEYS = frozenset({"method", "items", "offset", "total"})


def read_pagination(node: Node, operation: Operation, taken: Collection[str]) -> Pagination | None:
    """Return what `x-pages` of an operation says, or None if the operation has none.

    Args:
        node: The operation in the document.
        operation: The operation as it was read.
        taken: Names that the iterator's method must not have.

    Raises:
        SpecError: `x-pages` does not fit the operation.
    """
    pages = node.get("x-pages")
    if pages is None:
        return None
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
    return Pagination(method.value, array.item, items.name, total.name, parameters[0].name)


def _required_property(model: Model, node: Node) -> Field:
    field = next((field for field in model.fields if field.wire_name == node.text()), None)
    if field is None or not field.required:
        raise SpecError(node.place, f"{node.value!r} is not a required property of the response")
    return field


def _is_integer(type_: Type) -> bool:
    resolved = type_.resolved
    return isinstance(resolved, Scalar) and resolved.python == "int"
