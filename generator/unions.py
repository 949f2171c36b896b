"""Unions: what msgspec can decode, and how the models of a union are told apart."""

from __future__ import annotations

from typing import Any

from .document import Node, SpecError
from .types import Array, Choice, Map, Model, Named, Scalar, Type

_TEXT = {"datetime.datetime", "datetime.date", "UUID", "bytes"}


def check_union(node: Node, type_: Type) -> None:
    """Refuse a union whose alternatives JSON does not tell apart.

    Raises:
        SpecError: Naming the alternatives in question.
    """
    members = type_.members
    if len(members) < 2:
        return
    families: dict[str, list[Type]] = {}
    for member in members:
        families.setdefault(_family(member), []).append(member)
    texts = families.get("string", [])
    if len(texts) == 2 and any(isinstance(one, Choice) for one in texts):
        # Known values, or any other: the idiom of an open set.
        if not any(isinstance(one, Scalar) and one.python in _TEXT for one in texts):
            families["string"] = texts[:1]
    for family, alternatives in families.items():
        if len(alternatives) > 1 and family != "model" and len(set(alternatives)) > 1:
            shown = " and ".join(one.text() for one in alternatives)
            raise SpecError(node.place, f"a union of {shown} is not supported: JSON does not tell them apart")
    if "model" in families and "map" in families:
        raise SpecError(node.place, "a union of an object with properties and a map is not supported")


def tag_models(unions: list[tuple[Node, list[Model]]]) -> None:
    """Find for each union of models the property that tells them apart, and make it their tag.

    Raises:
        SpecError: If there is none, or if two unions need different ones.
    """
    for node, models in unions:
        discriminator = node.object().get("discriminator")
        if isinstance(discriminator, dict):
            name = str(discriminator.get("propertyName"))
            tags = {id(model): _mapped_tag(node, model, discriminator) for model in models}
        else:
            name = _common_property(node, models)
            tags = {id(model): _single_value(model, name) for model in models}
        if len(set(tags.values())) != len(models):
            raise SpecError(node.place, f"two alternatives have the same {name!r}")
        for model in models:
            tag = tags[id(model)]
            if model.tag_field is not None and (model.tag_field, model.tag) != (name, tag):
                raise SpecError(
                    node.place, f"{model.name} is told apart by {model.tag_field!r} = {model.tag!r} in another union already"
                )
            if model.tag_field is None:
                _tag(node, model, name, tag)


def _tag(node: Node, model: Model, name: str, tag: str | int | None) -> None:
    field = next((one for one in model.fields if one.wire_name == name), None)
    if field is None or not field.required:
        raise SpecError(node.place, f"{model.name} tells itself apart by {name!r}, which has to be a required property of it")
    model.tag_field, model.tag, model.tag_name = name, tag, field.name
    model.fields.remove(field)


def _mapped_tag(node: Node, model: Model, discriminator: dict[str, Any]) -> str | int:
    name = str(discriminator.get("propertyName"))
    component = model.place.rpartition("/")[2]
    values = [
        value
        for value, target in discriminator.get("mapping", {}).items()
        if target in {model.place, component} or str(target).rpartition("/")[2] == component
    ]
    if len(values) > 1:
        raise SpecError(f"{node.place}/discriminator/mapping", f"{' and '.join(values)} mean the same schema; one value each")
    if values:
        return values[0]
    return _single_value(model, name) or component


def _common_property(node: Node, models: list[Model]) -> str:
    for field in models[0].fields:
        values = [_single_value(model, field.wire_name) for model in models]
        if None not in values and len(set(values)) == len(values):
            return field.wire_name
    tagged = {model.tag_field for model in models}
    if len(tagged) == 1 and (name := tagged.pop()) is not None:
        return name
    names = ", ".join(model.name for model in models)
    raise SpecError(
        node.place, f"nothing tells {names} apart: add a discriminator, or a required property with another const in each"
    )


def _single_value(model: Model, name: str) -> str | int | None:
    if model.tag_field == name:
        return model.tag
    for field in model.fields:
        if field.wire_name == name and isinstance(field.type, Choice) and len(field.type.values) == 1:
            return field.type.values[0]
    return None


def _family(type_: Type) -> str:
    if isinstance(type_, Named):
        return "model"
    if isinstance(type_, Map):
        return "map"
    if isinstance(type_, Array):
        return "array"
    if isinstance(type_, Choice):
        return "string" if isinstance(type_.values[0], str) else "int"
    assert isinstance(type_, Scalar)
    return "string" if type_.python in {"str", *_TEXT} else type_.python
