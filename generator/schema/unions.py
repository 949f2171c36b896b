"""Unions: which of them msgspec decodes by itself, and the property that tells the models of one apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from generator.document.document import Node
from generator.errors import SpecError

from .families import mapping_targets
from .types import ANY, NONE, Array, Choice, Map, Model, Named, OneOf, Row, Scalar, Truth, Type, Union, parts, union

_STRINGS = {"str", "datetime.datetime", "datetime.date", "UUID", "bytes"}


def check_exclusive(node: Node, types: list[Type]) -> None:
    """Note a value that matches two alternatives of a `oneOf`: the client does not reject it, as it should."""
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
        node.note("a value can match two alternatives, which oneOf forbids; use anyOf", "taken as anyOf")
    elif duplicates := [key for counter in (values, kinds) for key, number in counter.items() if number > 1]:
        node.note(f"two alternatives match {duplicates[0]!r}, which oneOf forbids; use anyOf", "taken as anyOf")


def inner_unions(whole: OneOf) -> Iterator[OneOf]:
    """Yield the alternatives of a union that are unions of the same schema, such as `oneOf` beside other keywords."""
    for member in whole.alternatives:
        if isinstance(member, Named) and isinstance(member.definition, OneOf):
            is_here = f"{member.definition.place}/".startswith(f"{whole.place}/")
            yield from [member.definition] if is_here else []


def take_over(whole: OneOf) -> OneOf | None:
    """Make a union that contains itself the one of its schema, and return this one, unless msgspec decodes it."""
    inner = only_union(union(*whole.alternatives))
    if inner is None or inner.is_native or inner not in inner_unions(whole):
        return None
    whole.alternatives = (*inner.alternatives, *whole.alternatives[1:])
    whole.tag, whole.tag_values = inner.tag, inner.tag_values
    return inner


def only_union(type_: Type) -> OneOf | None:
    """Return the union that a type is, perhaps beside null."""
    first, *others = alternatives_of(type_)
    found = first.definition if isinstance(first, Named) and set(others) <= {NONE} else None
    return found if isinstance(found, OneOf) else None


def without(alternatives: Iterable[Type], whole: OneOf) -> tuple[Type, ...]:
    """Return alternatives without a union that contains them: nothing is added by it."""
    return tuple(member for member in alternatives if member.resolved != Named(whole))


def alternatives_of(type_: Type) -> tuple[Type, ...]:
    """Return the alternatives of a union; any other type is its only one."""
    return type_.alternatives if isinstance(type_, Union) else (type_,)


def settle_unions(
    unions: list[tuple[Node, OneOf]], used: Sequence[Type], families: Iterable[tuple[Node, Sequence[Model]]] = ()
) -> None:
    """Decide for each union how its alternatives are told apart: by msgspec itself, or one after the other.

    Args:
        unions: The unions; inner ones come before those that contain them.
        used: The types of all fields, parameters and bodies.
        families: Each base with a discriminator, and the models that extend it.
    """
    inherited = _inherited_tags(families)
    tags_of: dict[OneOf, _Tags | None] = {}
    claims: dict[Model, set[tuple[str, tuple[str | int, ...]]]] = {}
    for node, one_of in unions:
        models = _told_apart(one_of)
        # Before any other is decided: a recursive union is also inside of unions that come before it.
        one_of.is_native &= not one_of.is_recursive and one_of.base is None
        try:
            tags = _tags(node, models, is_family=one_of.base is not None) or _common_tags(models, inherited)
        except SpecError as error:
            node.notes.add(error.place, error.problem, "each alternative is tried")
            tags = None
        tags_of[one_of] = tags
        for model, values in zip(models, tags[1] if tags else [], strict=False):
            claims.setdefault(model, set()).add((tags[0] if tags else "", tuple(values)))
    untagged = [_models(one_of) for one_of, tags in tags_of.items() if tags is None]
    alone = _models_alone(used).union(*untagged, (one_of.base for _, one_of in unions if one_of.base))
    for _, one_of in unions:
        models, tags = _told_apart(one_of), tags_of[one_of]
        one_of.is_native &= not any(model.is_open for model in models) and _is_native(one_of)
        # Outside of its unions, the document may allow a model other values than its tag.
        free = [model for model in models if tags and model in alone and _single_value(model, tags[0]) is None]
        if one_of.is_native and tags:
            one_of.is_native = not free and all(_has_one_tag(model, tags[0], claims[model]) for model in models)
        elif len(models) > 1:
            one_of.is_native = False
        if tags and one_of.is_native:
            _set_tags(models, tags)
        elif tags:
            one_of.tag = tags[0]
            one_of.tag_values = _indexes(one_of, models, tags)
            if one_of.base:
                # Any other tag is one of the base, so that each of these has its own, as in a union of msgspec.
                fixed = [
                    index
                    for index, model in enumerate(models)
                    if model not in alone and _has_one_tag(model, tags[0], claims[model])
                ]
                _set_tags([models[index] for index in fixed], (tags[0], [tags[1][index] for index in fixed]))


def _indexes(one_of: OneOf, models: Sequence[Model], tags: _Tags) -> dict[str | int, int]:
    """Return the values of the tag, each with the index of the alternative that is its model, or a union with it."""
    found: dict[str | int, int] = {}
    for index, alternative in enumerate(one_of.alternatives):
        for model, values in zip(models, tags[1], strict=True):
            if Named(model) in alternative.members:
                for value in values:
                    found.setdefault(value, index)
    return found


def _told_apart(one_of: OneOf) -> list[Model]:
    """Return the models that have tags: those of a union, but for a base that has all other tags."""
    return [model for model in _models(one_of) if model is not one_of.base]


def _has_one_tag(model: Model, name: str, claims: set[tuple[str, tuple[str | int, ...]]]) -> bool:
    """Return whether a model has one tag, with one value, as a Struct can have, and always has it."""
    is_there = model.tag_field == name or any(field.wire_name == name and field.required for field in model.fields)
    return is_there and len(claims) == 1 and all(len(values) == 1 for _, values in claims)


def _models_alone(used: Sequence[Type]) -> set[Model]:
    """Return the models that types name elsewhere than as an alternative of a union."""
    found, seen, waiting = set[Model](), set[OneOf](), list(used)
    while waiting:
        match waiting.pop().resolved:
            case Named(Model() as model):
                found.add(model)
            case Named(OneOf() as one_of):
                if one_of not in seen:
                    seen.add(one_of)
                    waiting += [kind for kind in one_of.alternatives if not _is_model(kind)]
            case other:
                waiting += parts(other)
    return found


def _is_model(type_: Type) -> bool:
    return isinstance(type_.resolved, Named) and isinstance(type_.resolved.definition, Model)


def _models(one_of: OneOf) -> list[Model]:
    members = dict.fromkeys(one_of.members)
    found = [member.definition for member in members if isinstance(member, Named)]
    return list(dict.fromkeys(definition for definition in found if isinstance(definition, Model)))


def _is_native(one_of: OneOf) -> bool:
    """Return whether msgspec can tell the alternatives apart by the JSON type of a value, but for the models."""
    inner = [alternative.resolved for alternative in one_of.alternatives]
    if any(isinstance(type_, Named) and isinstance(type_.definition, OneOf) and not type_.definition.is_native
           for type_ in inner):  # fmt: skip
        return False
    if any(map(_has_hook, one_of.members)):
        return False
    by_json_type: dict[str, list[Type]] = {}
    for member in dict.fromkeys(one_of.members):
        for json_type in _json_types(member):
            by_json_type.setdefault(json_type, []).append(member)
    for json_type, members in by_json_type.items():
        if len(members) < 2 or (json_type == "object" and all(isinstance(member, Named) for member in members)):
            continue
        if json_type in {"string", "integer"} and _is_open_enum(members):
            continue
        return False
    containers = [
        *by_json_type.get("array", []),
        *(type_ for type_ in by_json_type.get("object", []) if isinstance(type_, Map)),
    ]
    patterns = [type_ for type_ in by_json_type.get("string", []) if isinstance(type_, Scalar)]
    if containers and any("pattern" in dict(type_.meta) for type_ in patterns):
        # Seen with msgspec 0.22.0: its decoder confuses the pattern with the items.
        return False
    numbers = [*by_json_type.get("number", []), *by_json_type.get("integer", [])]
    return not by_json_type.get("number") or len(numbers) < 2 or all(map(_is_unconstrained, numbers))


def _has_hook(type_: Type) -> bool:
    """Return whether a hook decodes a type: msgspec takes none inside of a union."""
    is_unique, is_row = isinstance(type_, Array) and type_.is_unique, isinstance(type_, Row) and not type_.is_native
    return isinstance(type_, Truth) or is_unique or is_row


_Tags = tuple[str, list[list[str | int]]]


def _tags(node: Node, models: Sequence[Model], *, is_family: bool) -> _Tags | None:
    """Return the property that tells the models of a union apart, and its values for each; None if there is none.

    Raises:
        SpecError: The discriminator contradicts the models.
    """
    discriminator = node.get("discriminator")
    if discriminator:
        name = (discriminator / "propertyName").text()
        values = [_mapped_values(node, discriminator, model, name) for model in models]
        if not is_family:
            check_mapping(discriminator, models)
        _check_tags(node, name, models, values)
        return name, values
    if len(models) < 2:
        return None
    found = _distinguishing_property(models)
    if found is None:
        return None
    return found, [[tag] for model in models if (tag := _single_value(model, found)) is not None]


def _inherited_tags(families: Iterable[tuple[Node, Sequence[Model]]]) -> Mapping[Model, tuple[str, list[str | int]]]:
    """Return the property by which each model is told from all others that extend its base, and its values."""
    found: dict[Model, tuple[str, list[str | int]]] = {}
    for base, models in families:
        try:
            discriminator = base / "discriminator"
            name = (discriminator / "propertyName").text()
            for model in models:
                found.setdefault(model, (name, _mapped_values(base, discriminator, model, name)))
        except SpecError as error:
            base.notes.add(error.place, error.problem, "each alternative is tried")
    return found


def _common_tags(models: Sequence[Model], inherited: Mapping[Model, tuple[str, list[str | int]]]) -> _Tags | None:
    """Return what tells models apart that extend one base, which says it for all of them."""
    known = [inherited[model] for model in models if model in inherited]
    values = [tag for _, tags in known for tag in tags]
    is_common = len(known) == len(models) > 1 and len({name for name, _ in known}) == 1
    return (known[0][0], [tags for _, tags in known]) if is_common and len({*values}) == len(values) else None


def _check_tags(node: Node, name: str, models: Sequence[Model], values: Sequence[Sequence[str | int]]) -> None:
    """Check that the tags of a discriminator differ, and that the models can have them."""
    tags = [tag for found in values for tag in found]
    if len(set(tags)) != len(tags):
        raise SpecError(node.place, f"two alternatives have the same {name!r}; give each its own")
    if len({type(tag) for tag in tags}) > 1:
        raise SpecError(node.place, f"{name!r} is a string in one alternative and a number in another; use strings")
    for model, found in zip(models, values, strict=True):
        if model.tag_field == name:
            continue
        field = next((field for field in model.fields if field.wire_name == name), None)
        if field is None or not field.required:
            problem = f"{name!r} tells {model.name} from the others, so it must be a required property of it"
            node.note(problem, "where it is absent, each alternative is tried")
        if field is None:
            continue
        allowed = [value for member in field.type.members if isinstance(member, Choice) for value in member.values]
        is_open = any(isinstance(member, Scalar) and member.python == "str" for member in field.type.members)
        for tag in found:
            if tag not in allowed and not (is_open and isinstance(tag, str)):
                problem = f"{name!r} of {model.name} cannot be {tag!r}, the value that tells it from the others"
                raise SpecError(node.place, problem)


def _set_tags(models: Sequence[Model], tags: _Tags) -> None:
    """Make a property the tag of each model."""
    name, values = tags
    for model, (tag,) in zip(models, values, strict=True):
        field = next((field for field in model.fields if field.wire_name == name), None)
        if field is not None:
            model.tag_field, model.tag, model.tag_name = name, tag, field.name
            model.tag_description = field.description
            model.fields.remove(field)


def _mapped_values(node: Node, discriminator: Node, model: Model, name: str) -> list[str | int]:
    component = model.place.rpartition("/")[2]
    values = [value for value, target in discriminator.members("mapping") if target.value in (model.place, component)]
    if values:
        return list(values)
    if model.given_tag:
        return [model.given_tag]
    single = _single_value(model, name)
    if single is None and model.place.count("/") != "#/components/schemas/name".count("/"):
        raise SpecError(
            node.place,
            f"the discriminator maps no {name!r} to {model.place}; add it to the mapping, or give the property a const",
        )
    return [component if single is None else single]


def check_mapping(discriminator: Node, models: Sequence[Model]) -> None:
    """Note what a discriminator maps that is not one of the alternatives."""
    known = [name for model in models for name in (model.place, model.place.rpartition("/")[2])]
    for target in mapping_targets(discriminator):
        if target.value not in known:
            target.note(f"{target.value!r} is not one of the alternatives; correct it")


def _distinguishing_property(models: Sequence[Model]) -> str | None:
    """Return the name of the property that has a single value in each model, a different one in each, or None."""
    names = [model.tag_field for model in models if model.tag_field is not None]
    names += [field.wire_name for field in models[0].fields if field.required]
    for name in names:
        values = [_single_value(model, name) for model in models]
        if None not in values and len(set(values)) == len(values) and len({type(value) for value in values}) == 1:
            return name
    return None


def _single_value(model: Model, name: str) -> str | int | None:
    if model.tag_field == name:
        return model.tag
    for field in model.fields:
        type_ = field.type.resolved
        if field.wire_name == name and field.required and isinstance(type_, Choice) and len(type_.values) == 1:
            return type_.values[0]
    return None


def _json_types(type_: Type) -> set[str]:  # noqa: PLR0911  # a return for each kind
    """Return the JSON types that a member of a union matches; null is left out, as it never causes a conflict."""
    if isinstance(type_, (Named, Map)):
        return {"object"}
    if isinstance(type_, (Array, Row)):
        return {"array"}
    if isinstance(type_, Truth):
        return {"boolean"}
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
