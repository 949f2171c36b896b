"""Unions: what msgspec can decode, and how the models of a union are told apart."""

from __future__ import annotations

from collections import Counter

from generator.document.document import Node
from generator.errors import SpecError

from .types import ANY, Array, Choice, Map, Model, Named, Scalar, Type, annotated

_STRINGS = {"str", "datetime.datetime", "datetime.date", "UUID", "bytes"}


def check_union(node: Node, type_: Type) -> None:
    """Refuse a union whose alternatives msgspec does not tell apart by the kind of JSON value.

    Raises:
        SpecError: Naming the alternatives in question.
    """
    families: dict[str, list[Type]] = {}
    for member in dict.fromkeys(type_.members):
        for family in _families(member):
            families.setdefault(family, []).append(member)
    for family, members in families.items():
        if len(members) < 2 or (family == "object" and all(isinstance(one, Named) for one in members)):
            continue
        if family in {"string", "integer"} and _is_open_set(members):
            continue
        shown = " and ".join(_plainly(one) for one in members)
        raise SpecError(
            node.place, f"a union of {shown} is not supported: the kind of the value does not tell them apart"
        )
    containers = [*families.get("array", []), *(one for one in families.get("object", []) if isinstance(one, Map))]
    if containers and any(
        isinstance(one, Scalar) and "pattern" in dict(one.meta) for one in families.get("string", [])
    ):
        # Found by the tests of this generator in msgspec 0.22.0: its decoder mixes the pattern up with the items.
        problem = "msgspec crashes on a union of a string with a pattern or format and an array or a map"
        raise SpecError(node.place, f"{problem}; take the pattern out, or put the array into an object")
    numbers = [*families.get("number", []), *families.get("integer", [])]
    if families.get("number") and len(numbers) > 1 and any(not _unconstrained(one) for one in numbers):
        raise SpecError(node.place, "a union of integers and numbers is only supported without constraints")


def check_exclusive(node: Node, types: list[Type]) -> None:
    """Refuse a `oneOf` of which a value can match two alternatives: it would have to be rejected, and is not.

    Raises:
        SpecError: If there is such a value.
    """
    values: Counter[object] = Counter()
    kinds: Counter[object] = Counter()
    for type_ in types:
        members = dict.fromkeys(type_.members)
        values.update(value for member in members if isinstance(member, Choice) for value in member.values)
        kinds.update({member.python for member in members if isinstance(member, Scalar) and member.python != "None"})
    open_kinds = {"string" if kind == "str" else "integer" for kind in kinds if kind in {"str", "int"}} & {
        "string" if isinstance(value, str) else "integer" for value in values
    }
    if open_kinds or (kinds["int"] and kinds["float"]) or (kinds["Any"] and len(types) > 1):
        raise SpecError(node.place, "a value can match two alternatives, which oneOf forbids; use anyOf")
    if twice := [one for found in (values, kinds) for one, number in found.items() if number > 1]:
        raise SpecError(node.place, f"two alternatives match {twice[0]!r}, which oneOf forbids; use anyOf")


def tag_models(unions: list[tuple[Node, list[Model]]]) -> None:
    """Find for each union of models the property that tells them apart, and make it their tag.

    Raises:
        SpecError: If there is none, or if two unions need different ones.
    """
    for node, models in unions:
        discriminator = node.get("discriminator")
        if discriminator:
            name = (discriminator / "propertyName").text()
            tags = [_mapped_tag(node, discriminator, model, name) for model in models]
            _check_mapping(discriminator, models)
        else:
            name = _common_property(node, models)
            tags = [tag for model in models if (tag := _single_value(model, name)) is not None]
        if len(set(tags)) != len(models):
            raise SpecError(node.place, f"two alternatives have the same {name!r}; give each its own")
        if len({type(tag) for tag in tags}) > 1:
            raise SpecError(node.place, f"{name!r} is a string in one alternative and a number in another; use strings")
        for model, tag in zip(models, tags, strict=True):
            if model.tag_field is None:
                _tag(node, model, name, tag)
            elif (model.tag_field, model.tag) != (name, tag):
                earlier = f"{model.tag_field!r} = {model.tag!r}"
                raise SpecError(
                    node.place, f"{model.name} is told apart by {earlier} in another union already; use that"
                )


def _tag(node: Node, model: Model, name: str, tag: str | int) -> None:
    field = next((one for one in model.fields if one.wire_name == name), None)
    if field is None or not field.required:
        raise SpecError(
            node.place, f"{name!r} tells {model.name} from the others, so it has to be a required property of it"
        )
    values = [value for one in field.type.members if isinstance(one, Choice) for value in one.values]
    is_open = any(isinstance(one, Scalar) and one.python == "str" for one in field.type.members)
    if tag not in values and not (is_open and isinstance(tag, str)):
        raise SpecError(node.place, f"{name!r} of {model.name} cannot be {tag!r}, by which it is told apart")
    model.tag_field, model.tag, model.tag_name = name, tag, field.name
    model.tag_description = field.description
    model.fields.remove(field)


def _mapped_tag(node: Node, discriminator: Node, model: Model, name: str) -> str | int:
    component = model.place.rpartition("/")[2]
    values = [value for value, target in discriminator.members("mapping") if target.value in {model.place, component}]
    if len(values) > 1:
        raise SpecError(
            f"{discriminator.place}/mapping", f"{' and '.join(values)} mean the same schema; one value each"
        )
    if values:
        return values[0]
    single = _single_value(model, name)
    if single is None and model.place.count("/") != "#/components/schemas/name".count("/"):
        raise SpecError(
            node.place, f"the discriminator does not say which {name!r} is that of {model.place}; give it a const"
        )
    return component if single is None else single


def _check_mapping(discriminator: Node, models: list[Model]) -> None:
    known = {name for model in models for name in (model.place, model.place.rpartition("/")[2])}
    for _, target in discriminator.members("mapping"):
        if target.value not in known:
            raise SpecError(target.place, f"{target.value!r} is none of the alternatives")


def _common_property(node: Node, models: list[Model]) -> str:
    """Return the name of the property that has one value in each model, and another in each other."""
    names = [model.tag_field for model in models if model.tag_field is not None]
    names += [field.wire_name for field in models[0].fields if field.required]
    for name in names:
        values = [_single_value(model, name) for model in models]
        if None not in values and len(set(values)) == len(values):
            return name
    shown = ", ".join(model.name for model in models)
    raise SpecError(
        node.place,
        f"nothing tells {shown} apart: add a discriminator, or a required property with another const in each",
    )


def _single_value(model: Model, name: str) -> str | int | None:
    if model.tag_field == name:
        return model.tag
    for field in model.fields:
        type_ = field.type.resolved
        if field.wire_name == name and field.required and isinstance(type_, Choice) and len(type_.values) == 1:
            return type_.values[0]
    return None


def _families(type_: Type) -> set[str]:
    """Return the kinds of JSON values that a member of a union matches; null never makes a conflict."""
    if isinstance(type_, (Named, Map)):
        return {"object"}
    if isinstance(type_, Array):
        return {"array"}
    if isinstance(type_, Choice):
        return {"string" if isinstance(value, str) else "integer" for value in type_.values}
    if not isinstance(type_, Scalar) or type_ == ANY or type_.python == "None":
        return set()
    if type_.python in _STRINGS:
        return {"string"}
    return {"integer"} if type_.python == "int" else {"number"} if type_.python == "float" else {"boolean"}


def _is_open_set(members: list[Type]) -> bool:
    """Return whether these are known values, and perhaps any other of the same kind."""
    others = [one for one in members if not isinstance(one, Choice)]
    return len(others) <= 1 and all(_unconstrained(one) and one.text(plain=True) in {"str", "int"} for one in others)


def _unconstrained(type_: Type) -> bool:
    return isinstance(type_, Scalar) and all(word == "extra_json_schema" for word, _ in type_.meta)


def _plainly(type_: Type) -> str:
    text = type_.text(plain=True)
    return annotated(text, type_.meta) if isinstance(type_, Scalar) and type_.meta else text
