"""Polymorphism by inheritance: a discriminator in a base that other schemas extend by `allOf`, without a `oneOf`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .conftest import INT, TEXT, Answer, Make, Package, document, json_body, obj, operation, ref

PETS: dict[str, Any] = {
    "Pet": {
        **obj(kind=TEXT, name=TEXT),
        "discriminator": {"propertyName": "kind", "mapping": {"dog": "#/components/schemas/Dog", "puppy": "Puppy"}},
    },
    "Cat": {"allOf": [ref("Pet"), {"type": "object", "properties": {"lives": INT, "mother": ref("Pet")}}]},
    "Dog": {"allOf": [ref("Pet"), obj(bark=TEXT)]},
    "Puppy": {"allOf": [ref("Dog"), {"type": "object", "properties": {"age": INT}}]},
    # It adds nothing, and is another model all the same.
    "Fish": {"description": "A fish.", "allOf": [ref("Pet")]},
    "Household": obj(pets={"type": "array", "items": ref("Pet")}),
}


def _echo(name: str, schema: str) -> dict[str, Any]:
    answer = {"description": "-", **json_body(ref(schema), required=False)}
    return {"post": operation(operationId=name, requestBody=json_body(ref(schema)), responses={"200": answer})}


ANSWERS = {f"/{name}": _echo(name, schema) for name, schema in (("pet", "Pet"), ("dog", "Dog"), ("house", "Household"))}


@pytest.fixture(scope="module")
def pets(make: Make) -> Package:
    return make(document(ANSWERS, PETS))


def read(package: Package, method: str, value: Any, **arguments: Any) -> Any:
    found, _ = package.call(method, answer=Answer(content=json.dumps(value).encode()), **arguments)
    return found


def test_a_reference_to_a_base_is_any_of_its_family(pets: Package) -> None:
    models = pets.models
    sent = models.Fish(name="Wanda")
    kitten = {"kind": "Cat", "name": "Tom", "lives": 9, "mother": {"kind": "dog", "name": "Rex", "bark": "wow"}}
    cat = read(pets, "pet", kitten, body=sent)
    assert cat == models.Cat(name="Tom", lives=9, mother=models.Dog(kind="dog", name="Rex", bark="wow"))
    assert read(pets, "house", {"pets": [kitten]}, pets=[cat]) == models.Household(pets=[cat])
    # A family within the family.
    puppy = {"kind": "puppy", "name": "Rex", "bark": "wow", "age": 1}
    assert read(pets, "pet", puppy, body=sent) == read(
        pets, "dog", puppy, body=models.Dog(kind="dog", name="a", bark="b")
    )
    assert read(pets, "pet", puppy, body=sent) == models.Puppy(name="Rex", bark="wow", age=1)


def test_what_no_other_of_the_family_is_called_is_the_base(pets: Package) -> None:
    value = {"kind": "wolf", "name": "Akela", "bark": "woo"}
    for kind in ("wolf", "Pet", ""):
        assert read(pets, "pet", {**value, "kind": kind}, body=pets.models.Fish(name="a")) == pets.models.Pet(
            kind=kind, name="Akela"
        )


def test_a_tag_is_read_by_the_model_that_it_names_alone(pets: Package) -> None:
    with pytest.raises(pets.errors.DecodeError, match=r"lacks bark"):
        read(pets, "pet", {"kind": "dog", "name": "Rex"}, body=pets.models.Fish(name="a"))


def test_a_model_that_is_of_one_family_alone_brings_its_tag(pets: Package) -> None:
    models = pets.models
    _, request = pets.call("pet", body=models.Cat(name="Tom"), answer=Answer(content=b'{"kind": "Cat", "name": "Tom"}'))
    assert json.loads(request.content) == {"kind": "Cat", "name": "Tom"}
    assert models.Cat(name="Tom").kind == "Cat"


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_a_family_is_no_contradiction(version: str, make: Make) -> None:
    """The document is read strictly, so that a note would be an error."""
    package = make(document(ANSWERS, PETS, version=version))
    assert 'AnyPet: TypeAlias = "Cat | Dog | Puppy | Fish | Pet"' in package.text("models/__init__.py")


@pytest.mark.parametrize("keyword", ["oneOf", "anyOf"])
def test_a_base_may_list_what_extends_it(keyword: str, make: Make) -> None:
    """So springdoc writes it; by JSON Schema alone, each of them would contain itself."""
    base = {**PETS["Pet"], keyword: [ref(name) for name in ("Cat", "Dog", "Puppy")]}
    package = make(document(ANSWERS, {**PETS, "Pet": base}))
    models, tom = package.models, {"kind": "Cat", "name": "Tom", "lives": 9}
    assert 'Pet: TypeAlias = "Cat | Dog | Puppy"' in package.text("models/__init__.py")
    assert read(package, "pet", tom, body=models.Cat(kind="Cat", name="a")) == models.Cat(
        kind="Cat", name="Tom", lives=9
    )
    puppy = {"kind": "puppy", "name": "Rex", "bark": "wow", "age": 1}
    assert read(package, "pet", puppy, body=models.Cat(kind="Cat", name="a")) == models.Puppy(
        kind="puppy", name="Rex", bark="wow", age=1
    )


def test_what_a_discriminator_maps_need_not_extend_its_base(make: Make) -> None:
    tagged = {"discriminator": {"propertyName": "kind", "mapping": {"s": "Square", "c": "#/components/schemas/Circle"}}}
    schemas = {"Shape": {**obj(kind=TEXT), **tagged}, "Square": obj(kind=TEXT, a=INT), "Circle": obj(kind=TEXT, r=INT)}
    package = make(document({"/shape": _echo("shape", "Shape")}, schemas))
    for value, model in (
        ({"kind": "c", "r": 1}, "Circle"),
        ({"kind": "s", "a": 1}, "Square"),
        ({"kind": "x"}, "Shape"),
    ):
        found = read(package, "shape", value, body=package.models.Shape(kind="x"))
        assert type(found) is getattr(package.models, model)


def test_a_union_of_what_extends_one_base_is_told_apart_by_that_base(make: Make) -> None:
    mapping = {"created": "#/components/schemas/Created", "deleted": "Deleted"}
    schemas = {
        "Event": {**obj(type=TEXT), "discriminator": {"propertyName": "type", "mapping": mapping}},
        "Created": {"allOf": [ref("Event"), {"type": "object", "properties": {"at": TEXT}}]},
        "Deleted": {"allOf": [ref("Event"), {"type": "object", "properties": {"at": TEXT}}]},
        "Either": {"oneOf": [ref("Created"), ref("Deleted")]},
    }
    package = make(document({"/event": _echo("event", "Either")}, schemas))
    sent = package.models.Created(at="a")
    assert read(package, "event", {"type": "deleted", "at": "x"}, body=sent) == package.models.Deleted(at="x")


def test_a_schema_may_name_its_tag_itself(make: Make) -> None:
    """So Azure's documents do."""
    schemas = {
        "Disk": {**obj(kind=TEXT), "discriminator": {"propertyName": "kind"}},
        "ManagedDisk": {
            "x-ms-discriminator-value": "Managed",
            "allOf": [ref("Disk"), {"type": "object", "properties": {"sku": TEXT}}],
        },
    }
    package = make(document({"/disk": _echo("disk", "Disk")}, schemas))
    managed = package.models.ManagedDisk(sku="P")
    assert read(package, "disk", {"kind": "Managed", "sku": "P"}, body=managed) == managed
    _, request = package.call("disk", body=managed, answer=Answer(content=b'{"kind": "x"}'))
    assert json.loads(request.content) == {"kind": "Managed", "sku": "P"}


@pytest.mark.parametrize("place", ["beside allOf", "in a member"])
def test_a_discriminator_within_a_family_refines_that_of_its_base(place: str, make: Make) -> None:
    """So Microsoft Graph has them: each base maps what extends it, directly or not."""
    names = ("User", "Message", "Folder")
    whole = {"propertyName": "type", "mapping": {f"#{name}": f"#/components/schemas/{name}" for name in names}}
    tagged = {"discriminator": {"propertyName": "type", "mapping": {"#User": "User"}}}
    base, own = ref("Entity"), {"type": "object", "properties": {"deleted": TEXT}}
    schemas = {
        "Entity": {**obj(type=TEXT), "discriminator": whole},
        "Item": {"allOf": [{**own, **tagged}, base]} if place == "in a member" else {"allOf": [base, own], **tagged},
        "User": {"allOf": [ref("Item"), {"type": "object", "properties": {"name": TEXT}}]},
        "Message": {"allOf": [base, {"type": "object", "properties": {"text": TEXT}}]},
        # It inherits the discriminator.
        "Folder": {"allOf": [base, {"type": "object", "properties": {"path": TEXT}}]},
        "Inbox": {"allOf": [ref("Folder"), {"type": "object", "properties": {"unread": INT}}]},
    }
    paths = {f"/{name}": _echo(name.lower(), name) for name in ("Entity", "Item", "Folder")}
    package = make(document(paths, schemas))
    models = package.models
    user = {"type": "#User", "deleted": "x", "name": "a"}
    sent = models.User(deleted="x", name="a")
    assert [read(package, method, user, body=sent) for method in ("entity", "item")] == [sent, sent]
    inbox = {"type": "Inbox", "unread": 1}
    assert read(package, "folder", inbox, body=models.Inbox(unread=1)) == models.Inbox(unread=1)
    assert type(read(package, "item", {"type": "other"}, body=sent)) is models.Item


def test_what_lacks_its_tag_is_the_class_that_is_declared_or_the_base(make: Make) -> None:
    made = make(document(ANSWERS, PETS), tolerant=True)
    models = made.models
    cat = models.Cat(name="Tom", lives=9)
    assert read(made, "house", {"pets": [{"name": "Rex", "bark": "wuff"}]}, pets=[cat]).pets == [models.Pet(name="Rex")]
    assert read(made, "pet", {"name": "Rex"}, body=cat) == models.Pet(name="Rex")
    assert read(made, "pet", {"name": "Rex", "kind": "Cat"}, body=cat) == models.Cat(name="Rex")
    dog = models.Dog(kind="dog", name="Rex", bark="wuff")
    assert read(made, "dog", {"name": "Rex", "bark": "wuff"}, body=dog) == models.Dog(name="Rex", bark="wuff")
    with pytest.raises(made.errors.DecodeError, match="lacks name"):
        read(made, "pet", {"lives": 9}, body=cat)

    strict = make(document(ANSWERS, PETS))
    with pytest.raises(TypeError, match="kind"):
        strict.models.Dog(name="Rex", bark="wuff")
