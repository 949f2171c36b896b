"""Which properties a model always has: requests lack those that are readOnly, responses those that are writeOnly."""

from __future__ import annotations

from collections.abc import Iterable

from generator.document.document import Node
from generator.overlay._runtime.json_types import is_object

from .types import Model, Named, Type, parts


def settle_directions(sent: Iterable[Type], received: Iterable[Type]) -> None:
    """Make a required property of one direction required in each model that goes this way alone.

    Args:
        sent: The types of parameters and of the bodies of requests.
        received: The types of the bodies of responses.
    """
    in_requests, in_responses = _models_within(sent), _models_within(received)
    for model in in_requests ^ in_responses:
        for field in model.fields:
            is_absent = field.is_read_only if model in in_requests else field.is_write_only
            field.required = field.is_needed and not is_absent


def lose_tags(families: Iterable[tuple[Node, Iterable[Model]]], received: Iterable[Type]) -> None:
    """Make the property that a discriminator names optional where it is received, since servers forget it.

    Args:
        families: Each base with a discriminator, and the models that extend it.
        received: The types of the bodies of responses.
    """
    in_responses = _models_within(received)
    for base, heirs in families:
        discriminator = base.get("discriminator")
        name = discriminator.object().get("propertyName") if discriminator and is_object(discriminator.value) else None
        family = [*heirs, *(model for model in in_responses if model.place == base.place)]
        for field in [field for model in in_responses.intersection(family) for field in model.fields]:
            field.required &= field.wire_name != name


def _models_within(types: Iterable[Type]) -> set[Model]:
    """Return the models that types lead to, by way of the fields of others as well."""
    found, seen, waiting = set[Model](), set[int](), list(types)
    while waiting:
        type_ = waiting.pop().resolved
        definition = type_.definition if isinstance(type_, Named) else type_
        if id(definition) in seen:
            continue
        seen.add(id(definition))
        if isinstance(definition, Model):
            found.add(definition)
            waiting += [field.type for field in definition.fields]
            waiting += [definition.extra] if definition.extra else []
        else:
            waiting += parts(type_)
    return found
