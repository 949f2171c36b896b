"""Unions: which of them msgspec can decode, and the property that distinguishes the models of one."""

from __future__ import annotations

from collections import Counter

from generator.document.document import Node
from generator.errors import SpecError

from .types import ANY, Array, Choice, Map, Model, Named, Scalar, Type, annotated

_STRINGS = {"str", "datetime.datetime", "datetime.date", "UUID", "bytes"}


def check_union(node: Node, type_: Type) -> None:
    """Check that msgspec can distinguish the alternatives of a union by the JSON type of a value.

    Raises:
        SpecError: Naming the alternatives that it cannot distinguish.
    """
    by_json_type: dict[str, list[Type]] = {}
    for member in dict.fromkeys(type_.members):
        for json_type in _json_types(member):
            by_json_type.setdefault(json_type, []).append(member)
    for json_type, members in by_json_type.items():
        if len(members) < 2 or (json_type == "object" and all(isinstance(member, Named) for member in members)):
            continue
        if json_type in {"string", "integer"} and _is_open_enum(members):
            continue
        shown = " and ".join(_type_text(member) for member in members)
        raise SpecError(
            node.place, f"a union of {shown} is not supported: the JSON type of a value does not tell them apart"
        )
    containers = [
        *by_json_type.get("array", []),
        *(type_ for type_ in by_json_type.get("object", []) if isinstance(type_, Map)),
    ]
    if containers and any(
        isinstance(type_, Scalar) and "pattern" in dict(type_.meta) for type_ in by_json_type.get("string", [])
    ):
        # Seen with msgspec 0.22.0: its decoder confuses the pattern with the items.
        problem = "msgspec crashes on a union of a string with a pattern or format and an array or a map"
        raise SpecError(node.place, f"{problem}; remove the pattern, or put the array into an object")
    numbers = [*by_json_type.get("number", []), *by_json_type.get("integer", [])]
    if by_json_type.get("number") and len(numbers) > 1 and any(not _is_unconstrained(number) for number in numbers):
        raise SpecError(node.place, "a union of integers and numbers is only supported without constraints")


def check_exclusive(node: Node, types: list[Type]) -> None:
    """Check that no value matches two alternatives of a `oneOf`: the client would not reject it, as it should.

    Raises:
        SpecError: There is such a value.
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
    if duplicates := [key for counter in (values, kinds) for key, number in counter.items() if number > 1]:
        raise SpecError(node.place, f"two alternatives match {duplicates[0]!r}, which oneOf forbids; use anyOf")


def tag_models(unions: list[tuple[Node, list[Model]]]) -> None:
    """Find for each union of models the property that distinguishes them, and make it their tag.

    Raises:
        SpecError: There is none, or two unions need different ones.
    """
    for node, models in unions:
        discriminator = node.get("discriminator")
        if discriminator:
            name = (discriminator / "propertyName").text()
            tags = [_mapped_tag(node, discriminator, model, name) for model in models]
            _check_mapping(discriminator, models)
        else:
            name = _distinguishing_property(node, models)
            tags = [tag for model in models if (tag := _single_value(model, name)) is not None]
        if len(set(tags)) != len(models):
            raise SpecError(node.place, f"two alternatives have the same {name!r}; give each its own")
        if len({type(tag) for tag in tags}) > 1:
            raise SpecError(node.place, f"{name!r} is a string in one alternative and a number in another; use strings")
        for model, tag in zip(models, tags, strict=True):
            if model.tag_field is None:
                _set_tag(node, model, name, tag)
            elif (model.tag_field, model.tag) != (name, tag):
                earlier = f"{model.tag_field!r} = {model.tag!r}"
                raise SpecError(
                    node.place, f"{model.name} is told apart by {earlier} in another union; use the same here"
                )


def _set_tag(node: Node, model: Model, name: str, tag: str | int) -> None:
    field = next((field for field in model.fields if field.wire_name == name), None)
    if field is None or not field.required:
        raise SpecError(
            node.place, f"{name!r} tells {model.name} from the others, so it must be a required property of it"
        )
    values = [value for member in field.type.members if isinstance(member, Choice) for value in member.values]
    is_open = any(isinstance(member, Scalar) and member.python == "str" for member in field.type.members)
    if tag not in values and not (is_open and isinstance(tag, str)):
        raise SpecError(
            node.place, f"{name!r} of {model.name} cannot be {tag!r}, the value that tells it from the others"
        )
    model.tag_field, model.tag, model.tag_name = name, tag, field.name
    model.tag_description = field.description
    model.fields.remove(field)


def _mapped_tag(node: Node, discriminator: Node, model: Model, name: str) -> str | int:
    component = model.place.rpartition("/")[2]
    values = [value for value, target in discriminator.members("mapping") if target.value in {model.place, component}]
    if len(values) > 1:
        raise SpecError(
            f"{discriminator.place}/mapping", f"{' and '.join(values)} map to the same schema; keep one of them"
        )
    if values:
        return values[0]
    single = _single_value(model, name)
    if single is None and model.place.count("/") != "#/components/schemas/name".count("/"):
        raise SpecError(
            node.place,
            f"the discriminator maps no {name!r} to {model.place}; add it to the mapping, or give the property a const",
        )
    return component if single is None else single


def _check_mapping(discriminator: Node, models: list[Model]) -> None:
    known = {name for model in models for name in (model.place, model.place.rpartition("/")[2])}
    for _, target in discriminator.members("mapping"):
        if target.value not in known:
            raise SpecError(target.place, f"{target.value!r} is not one of the alternatives; correct it")


def _distinguishing_property(node: Node, models: list[Model]) -> str:
    """Return the name of the property that has a single value in each model, a different one in each."""
    names = [model.tag_field for model in models if model.tag_field is not None]
    names += [field.wire_name for field in models[0].fields if field.required]
    for name in names:
        values = [_single_value(model, name) for model in models]
        if None not in values and len(set(values)) == len(values):
            return name
    shown = ", ".join(model.name for model in models)
    raise SpecError(
        node.place,
        f"{shown} cannot be told apart: add a discriminator, or a required property with a different const in each",
    )


def _single_value(model: Model, name: str) -> str | int | None:
    if model.tag_field == name:
        return model.tag
    for field in model.fields:
        type_ = field.type.resolved
        if field.wire_name == name and field.required and isinstance(type_, Choice) and len(type_.values) == 1:
            return type_.values[0]
    return None


def _json_types(type_: Type) -> set[str]:
    """Return the JSON types that a member of a union matches; null is left out, as it never causes a conflict."""
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


def _is_open_enum(members: list[Type]) -> bool:
    """Return whether these are enums, and at most one plain `str` or `int` that also allows unknown values."""
    others = [member for member in members if not isinstance(member, Choice)]
    return len(others) <= 1 and all(
        _is_unconstrained(other) and other.text(plain=True) in {"str", "int"} for other in others
    )


def _is_unconstrained(type_: Type) -> bool:
    return isinstance(type_, Scalar) and all(word == "extra_json_schema" for word, _ in type_.meta)


def _type_text(type_: Type) -> str:
    text = type_.text(plain=True)
    return annotated(text, type_.meta) if isinstance(type_, Scalar) and type_.meta else text
