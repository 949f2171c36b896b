"""What the client says of values as the fragment does: the known ones of open sets, and words in errors."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any, get_args, get_type_hints

import pytest
from box_uploads import models
from box_uploads._runtime.parameters import Parameter

from tests.contract.fragment import FRAGMENT, operations, parameters


def known(schema: Any) -> Iterator[str]:
    """Yield the values that the enums of a schema name, without those of other schemas."""
    if isinstance(schema, dict):
        yield from (value for value in schema.get("enum", ()) if isinstance(value, str))
        for name, part in schema.items():
            yield from known(part) if name != "example" else ()
    elif isinstance(schema, list):
        for part in schema:
            yield from known(part)


def literals(type_: Any) -> Iterator[str]:
    """Yield the strings that a type names."""
    for part in get_args(type_):
        yield from [part] if isinstance(part, str) else literals(part)


SCHEMAS = {name: set(known(schema)) for name, schema in FRAGMENT["components"]["schemas"].items()}


@pytest.mark.parametrize("name", [name for name, values in SCHEMAS.items() if values])
def test_an_editor_offers_the_values_that_the_fragment_knows(name: str) -> None:
    """Also of a set that is open, so that nothing refuses others."""
    model = getattr(models, name)
    types = get_type_hints(model, dict(vars(models))).values() if isinstance(model, type) else [model]

    assert {value for type_ in types for value in literals(type_)} >= SCHEMAS[name]


@pytest.mark.parametrize("operation_id", operations())
def test_an_error_of_a_parameter_has_the_words_of_the_fragment(operation_id: str) -> None:
    tag = operations()[operation_id][2]["tags"][0].replace(" ", "_").lower()
    module = vars(import_module(f"box_uploads.api.{tag}.{operation_id}"))
    said = {value._name: value._description for value in module.values() if isinstance(value, Parameter)}
    meant = {
        name: " ".join(parameter["description"].split())
        for name, parameter in parameters(operation_id).items()
        if name in said and parameter.get("description")
    }

    assert {name: said[name][: len(text)] for name, text in meant.items()} == meant
