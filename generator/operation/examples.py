"""Examples of the document as Python."""

from __future__ import annotations

import json
from typing import Any

from generator.overlay._runtime.json_types import is_object
from generator.python.literals import python_literal
from generator.schema.types import Model, Named, Scalar, Type


def example_value(type_: Type, value: Any) -> str | None:
    """Return a value of an example as Python, None if it takes more than scalars and models."""
    if Scalar("FileContent") in type_.members:
        return f"b{python_literal(value)}" if isinstance(value, str) and value.isascii() else None
    if not isinstance(type_, Named) or not isinstance(type_.definition, Model):
        return python_literal(value) if isinstance(value, (str, int, float, bool)) else None
    try:
        # In a form, it may be a text of JSON.
        given = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return None
    if not is_object(given):
        return None
    fields = {field.wire_name: field for field in type_.definition.fields}
    values = {name: example_value(fields[name].type, given[name]) if name in fields else None for name in given}
    if None in values.values():
        return None
    arguments = ", ".join(f"{fields[name].name}={shown}" for name, shown in values.items())
    return f"models.{type_.definition.name}({arguments})"
