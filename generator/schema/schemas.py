"""Schemas of the document, read as Python types, models and aliases.

The schema parser of openapi-python-client is not used: it drops constraints, defaults, named scalars and
discriminators, and loses whole schemas that it cannot read. Here each keyword is translated, ignored as an annotation,
or refused with its place.
"""

from __future__ import annotations

import re
from typing import Literal

from generator.document.document import Document, Node
from generator.errors import SpecError
from generator.python.docstrings import one_line
from generator.python.literals import long_literal
from generator.python.naming import class_name, python_name

from . import scalars
from .all_of import merge_all_of, union_alternatives
from .descriptions import property_description, schema_description
from .schema_kind import check_keywords_fit, check_schema, has_properties, is_model, type_names
from .types import ANY, NONE, Alias, Array, Field, Map, Model, Named, Scalar, Type, union
from .unions import check_exclusive, check_union, tag_models

# Names that the models module uses itself: a field with such a name would hide it from the annotations below it.
_USED_IN_MODELS = frozenset({"str", "int", "float", "bool", "list", "dict", "bytes", "datetime"})
_CLASSES_IN_MODELS = frozenset(
    {
        "Annotated",
        "Any",
        "ClassVar",
        "FORMAT_PATTERNS",
        "Literal",
        "Meta",
        "Struct",
        "TypeAlias",
        "UNSET",
        "UUID",
        "UnsetType",
    }
)
_RECURSIVE = "is recursive without an object with properties in between; give it one"
_UNSUPPORTED_NAME = re.compile(r'["\\\x00-\x1f]')


class SchemaReader:
    """Reads schemas, and collects the models and aliases that they need.

    Args:
        document: The document.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.models: list[Model] = []
        self.aliases: list[Alias] = []
        self._named: dict[str, Model | Alias] = {}
        self._class_names: set[str] = set(_CLASSES_IN_MODELS)
        self._component_names: dict[str, str] = {}
        self._unfinished: list[str] = []
        self._open_unions: list[str] = []
        self._unfilled: list[tuple[Model, Node]] = []
        self._nullable_models: set[str] = set()
        self._object_unions: list[tuple[Node, list[Model]]] = []
        components = document.root.get("components")
        self._components = components.members("schemas") if components else []
        for name, node in self._components:
            self._component_names[node.place] = self._new_class_name(name)

    def read_components(self) -> None:
        """Read every schema under `components`, used or not."""
        for _, node in self._components:
            # Raw bytes are only supported as a whole body, which needs no definition.
            if not scalars.is_binary(node):
                self._read_component(node)
                self._fill_models()

    def tag_unions(self) -> None:
        """Find for each union of models the property that distinguishes them; call this after everything is read."""
        tag_models(self._object_unions)

    def type_of(self, node: Node, hint: str) -> Type:
        """Return the type of a schema.

        Args:
            node: The schema.
            hint: Class name, if the schema becomes a model.

        Raises:
            SpecError: The schema cannot be translated.
        """
        type_ = self._type_of(node, hint)
        self._fill_models()
        return type_

    def _type_of(self, node: Node, hint: str) -> Type:
        if node.value is True:
            return ANY
        if node.value is False:
            raise SpecError(node.place, "the schema false, which matches no value, is not supported; remove it")
        flat = merge_all_of(self.document, node)
        check_schema(self.document, flat)
        type_ = self._reference_type(flat) if "$ref" in flat.object() else self._inline_type(flat, hint)
        return union(type_, NONE) if flat.flag("nullable") else type_

    def _reference_type(self, node: Node) -> Type:
        target = self.document.target(node)
        if target.place in self._component_names:
            definition = Named(self._read_component(target))
            return union(definition, NONE) if target.place in self._nullable_models else definition
        # A schema outside of components/schemas has no name of its own: it is read as if it stood here.
        if target.place in self._unfinished:
            raise SpecError(node.place, "is recursive; move it to components/schemas")
        self._unfinished.append(target.place)
        result = self._type_of(target, class_name(target.place.rpartition("/")[2]))
        self._unfinished.remove(target.place)
        return result

    def _read_component(self, node: Node) -> Model | Alias:
        if node.place in self._named:
            return self._named[node.place]
        name = self._component_names[node.place]
        flat = merge_all_of(self.document, node)
        if is_model(flat):
            return self._declare_model(node.place, name, flat)
        if node.place in self._unfinished:
            raise SpecError(node.place, _RECURSIVE)
        self._unfinished.append(node.place)
        alias = Alias(name, self._type_of(node, name), schema_description(flat))
        alias.type = _with_description(alias.type, alias.description)
        self._unfinished.remove(node.place)
        self._named[node.place] = alias
        self.aliases.append(alias)
        return alias

    def _declare_model(self, place: str, name: str, node: Node) -> Model:
        check_schema(self.document, node)
        model = Model(name, node.place)
        self._named[place] = model
        if node.flag("nullable") or isinstance(node.object().get("type"), list):
            self._nullable_models.add(place)
        self._unfilled.append((model, node))
        return model

    def _fill_models(self) -> None:
        """Read the fields of the declared models, in a loop: recursion would be too deep for a long chain of models."""
        while self._unfilled:
            self._read_fields(*self._unfilled.pop(0))

    def _inline_type(self, node: Node, hint: str) -> Type:
        schema = node.object()
        for keyword in ("oneOf", "anyOf"):
            if keyword in schema:
                return self._union_type(node, keyword, hint)
        if "discriminator" in schema:
            raise SpecError((node / "discriminator").place, "has no effect without oneOf; list the alternatives in one")
        if "const" in schema or "enum" in schema:
            check_keywords_fit(node, [])
            return scalars.enum_type(node)
        names = type_names(node)
        check_keywords_fit(node, names)
        result = union(*(self._simple_type(node, name, hint) for name in dict.fromkeys(names)))
        check_union(node, result)
        return result

    def _simple_type(self, node: Node, name: str, hint: str) -> Type:  # noqa: PLR0911  # a return for each type
        match name:
            case "string":
                return scalars.string_type(node)
            case "integer" | "number":
                return scalars.number_type(node, name)
            case "array":
                return self._array_type(node, hint)
            case "object":
                return self._object_type(node, hint)
            case "boolean":
                return Scalar("bool")
            case "null":
                return NONE
            case _:
                return ANY

    def _array_type(self, node: Node, hint: str) -> Type:
        items = node.get("items")
        item = self._type_of(items, f"{hint}Item") if items else ANY
        return Array(item, _sizes(node, "minItems", "maxItems"))

    def _object_type(self, node: Node, hint: str) -> Type:
        if has_properties(node):
            model = Model(self._new_class_name(hint), node.place)
            self._read_fields(model, node)
            return Named(model)
        if node.items("required"):
            raise SpecError(f"{node.place}/required", "names properties that are not declared; add them to properties")
        value = node.get("additionalProperties")
        return Map(
            self._type_of(value, f"{hint}Value") if value else ANY, _sizes(node, "minProperties", "maxProperties")
        )

    def _read_fields(self, model: Model, node: Node) -> None:
        model.description = schema_description(node)
        if "discriminator" in node.object():
            raise SpecError((node / "discriminator").place, "has no effect without oneOf; list the alternatives in one")
        for keyword in ("minProperties", "maxProperties"):
            if keyword in node.object():
                raise SpecError(f"{node.place}/{keyword}", "is not supported for an object with named properties")
        extra = node.object().get("additionalProperties", True)
        if extra not in (True, False, {}):
            problem = "a schema is not supported beside properties; use true or false"
            raise SpecError(f"{node.place}/additionalProperties", problem)
        model.forbids_unknown_fields = extra is False
        members = node.members("properties")
        required = [name.text() for name in node.items("required")]
        for name in required:
            if name not in dict(members):
                raise SpecError(f"{node.place}/required", f"{name!r} is not among the properties; add it to them")
        taken: set[str] = {*_USED_IN_MODELS, *self._class_names}
        self.models.append(model)
        for wire_name, member in members:
            if _UNSUPPORTED_NAME.search(wire_name):
                problem = "msgspec has no properties with quotes, backslashes or control characters in their names"
                raise SpecError(member.place, problem)
            name = python_name(wire_name, taken=taken)
            taken.add(name)
            model.fields.append(
                self._read_field(wire_name, name, member, model.name, is_required=wire_name in required)
            )

    def _read_field(self, wire_name: str, name: str, node: Node, owner: str, *, is_required: bool) -> Field:
        type_ = self._type_of(node, f"{owner}{class_name(wire_name)}")
        flat = merge_all_of(self.document, node)
        target = merge_all_of(self.document, self.document.resolve_schema(flat))
        both = [schema for schema in (flat, target) if isinstance(schema.value, dict)]
        is_one_way = any(schema.flag(keyword) for schema in both for keyword in ("readOnly", "writeOnly"))
        return Field(
            wire_name=wire_name,
            name=name,
            type=type_,
            # A readOnly property is absent from requests, a writeOnly one from responses.
            required=is_required and not is_one_way,
            description=property_description(both),
        )

    def _union_type(self, node: Node, keyword: Literal["oneOf", "anyOf"], hint: str) -> Type:
        if keyword == "oneOf" and "anyOf" in node.object():
            raise SpecError(node.place, "has oneOf and anyOf; put one into the other")
        if node.place in self._open_unions:
            raise SpecError(node.place, _RECURSIVE)
        self._open_unions.append(node.place)
        alternatives = union_alternatives(self.document, node, keyword)
        types: list[Type] = []
        for index, alternative in enumerate(alternatives):
            # A component that keywords beside `oneOf` narrow gets a second class, next to its own.
            name = self._component_names.get(alternative.place) or (
                "" if len(alternatives) == 1 else f"Option{index + 1}"
            )
            types.append(self._type_of(alternative, f"{hint}{name}"))
        self._open_unions.pop()
        result = union(*types)
        models = [
            member.definition
            for member in result.members
            if isinstance(member, Named) and isinstance(member.definition, Model)
        ]
        models = list(dict.fromkeys(models))
        if len(models) > 1 or (models and "discriminator" in node.object()):
            self._object_unions.append((node, models))
        elif "discriminator" in node.object():
            raise SpecError((node / "discriminator").place, "tells objects apart, and there are none here; remove it")
        if keyword == "oneOf":
            check_exclusive(node, types)
        check_union(node, result)
        return result

    def _new_class_name(self, text: str) -> str:
        name = class_name(text, taken=self._class_names)
        self._class_names.add(name)
        return name


def _with_description(type_: Type, text: str) -> Type:
    """Put the description of a named scalar into its constraints, where msgspec's users look for it."""
    if isinstance(type_, Scalar) and type_.meta and text:
        return Scalar(type_.python, (*type_.meta, ("description", long_literal(one_line(text)))))
    return type_


def _sizes(node: Node, minimum: str, maximum: str) -> tuple[tuple[str, str], ...]:
    words = ((minimum, "min_length"), (maximum, "max_length"))
    return tuple((word, str(scalars.whole_number(node / name))) for name, word in words if name in node.object())
