"""Schemas of the document, read as Python types, models and aliases.

The schema parser of openapi-python-client is not used: it drops constraints, defaults, named scalars and
discriminators, and loses whole schemas that it cannot read. Here each keyword is translated, ignored as an annotation,
or refused with its place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Literal

from generator.document.document import Document, Node
from generator.errors import SpecError
from generator.overlay._runtime.open_object import EXTRA
from generator.python.docstrings import one_line
from generator.python.literals import long_literal
from generator.python.naming import class_name, python_names

from . import scalars
from .all_of import merge_all_of, merge_or_refer, only_alternative, own_discriminator, union_alternatives
from .alternatives import name_alternatives
from .class_names import ClassNames
from .defaults import least_number, read_default, server_default
from .descriptions import property_description, schema_description
from .directions import lose_tags, settle_directions
from .families import read_families
from .forms import Forms
from .named_values import read_named_values
from .schema_kind import check_keywords_fit, check_schema, has_properties, is_model, type_names, undeclared
from .types import (
    ANY,
    EXTRA_FIELD,
    NONE,
    Alias,
    Array,
    Choice,
    Field,
    Map,
    Model,
    Named,
    NamedValues,
    OneOf,
    Row,
    Scalar,
    Type,
    union,
)
from .unions import (
    alternatives_of,
    check_exclusive,
    check_mapping,
    inner_unions,
    only_union,
    settle_unions,
    take_over,
    without,
)

# Beyond this many items, their number is not part of the type.
_MOST_BY_POSITION = 8
_GIVEN_TAG = "x-ms-discriminator-value"
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
        self.unions: list[OneOf] = []
        self.named_values: list[NamedValues] = []
        self._named: dict[str, Model | Alias] = {}
        self._class_names = ClassNames()
        self._component_names: dict[str, str] = {}
        self._unfinished: list[str] = []
        # With the inline objects around each, by their content.
        self._unfilled: list[tuple[Model, Node, dict[str, Model]]] = []
        self._nullable_models: set[str] = set()
        self._with_named_values: set[str] = set()
        self._unions: list[tuple[Node, OneOf]] = []
        # The types of parameters and bodies, and of the parts of forms.
        self._sent: list[Type] = []
        self._received: list[Type] = []
        self._recursive: dict[str, OneOf] = {}
        self._inline_objects: dict[str, Model] = {}
        self._is_reading = False
        self._forms = Forms(document)
        components = document.root.get("components")
        self._components = components.members("schemas") if components else []
        # One that is a class name as it stands keeps it, whatever the order.
        for name, node in sorted(self._components, key=lambda component: class_name(component[0]) != component[0]):
            self._component_names[node.place] = self._class_names.add(name, node.place)
        self._families = read_families(document, self._components)
        self._heirs = {heir.place for heirs in self._families.values() for heir in heirs}
        self._family_unions: dict[str, OneOf] = {}

    def read_components(self) -> None:
        """Read every schema under `components`, used or not."""
        for _, node in self._components:
            # Raw bytes are only supported as a whole body, which needs no definition.
            if not scalars.is_binary(node):
                self._read_component(node)
                self._fill_models()

    def settle(self) -> None:
        """Decide what depends on all that is read: which properties a model always has, and how unions are decoded."""
        settle_directions(self._sent, self._received)
        self._settle_unions()
        if self.document.tolerant:
            lose_tags(self._read_families(), self._received)

    def _settle_unions(self) -> None:
        """Decide how the alternatives of each union are told apart."""
        fields = [field.type for model in self.models for field in model.fields]
        extra = [model.extra for model in self.models if model.extra]
        settle_unions(self._unions, [*self._sent, *self._received, *fields, *extra], self._read_families())
        whole: dict[OneOf, Alias] = {}
        for alias in self.aliases:
            declared = only_union(alias.type)
            if declared and not declared.base:
                whole[declared] = alias
        doubles = [inner for recursive in self._recursive.values() if (inner := take_over(recursive))]
        for _, one_of in self._unions:
            if one_of.is_native or one_of in doubles:
                continue
            if one_of in whole:
                # The union is the component, and has its name.
                alias = whole[one_of]
                one_of.name, one_of.description = alias.name, alias.description
                one_of.alternatives = tuple(dict.fromkeys((*one_of.alternatives, *alternatives_of(alias.type)[1:])))
                self.aliases.remove(alias)
            else:
                one_of.name = self._class_names.add(one_of.name, one_of.place)
            self.unions.append(one_of)

    def type_of(self, node: Node, hint: str, *, owner: str = "", is_sent: bool = True) -> Type:
        """Return the type of a schema.

        Args:
            node: The schema.
            hint: Class name, if the schema becomes a model.
            owner: What has the schema, as a class name; it stands before class names that are taken.
            is_sent: Whether it is of a request, not of a response.

        Raises:
            SpecError: The schema cannot be translated.
        """
        self._class_names.set_owner(node.place, owner)
        type_ = self._type_of(node, hint)
        self._fill_models()
        (self._sent if is_sent else self._received).append(type_)
        return type_

    def fields_of(self, node: Node, hint: str, files: Callable[[Node], Type | None]) -> list[tuple[Field, Type | None]]:
        """Return the properties of a form as fields, without making a model of it.

        Args:
            node: The schema of the form.
            hint: Class name for the models in it.
            files: Returns the type of a property that is a file, None for any other.

        Returns:
            The fields, each with its type as a file, if it is one. The last one is what is not declared, if the schema
            mentions that: its type is that of one value.
        """
        required = [name.text() for name in node.items("required")]
        found: list[tuple[Field, Type | None]] = []
        members, rest = node.members("properties"), undeclared(node)
        names = python_names([wire_name for wire_name, _ in members], taken={EXTRA_FIELD} if rest else ())
        for (wire_name, member), name in zip(members, names, strict=True):
            # A file has no type of its own.
            file = files(member)
            typed = member.with_value({"type": "string", "description": schema_description(member)}) if file else member
            field = self._read_field(wire_name, name, typed, hint, is_required=wire_name in required)
            if field.is_read_only:
                continue
            self._sent.append(field.type)
            field.type, field.required = file or field.type, field.is_needed
            found.append((field, file))
        if rest:
            file = files(rest)
            text = schema_description(rest) or "What is sent beside the declared parts, by name."
            type_ = file or self._type_of(rest, f"{hint}Value")
            self._sent.append(type_)
            found.append((Field(EXTRA, EXTRA_FIELD, type_, required=False, description=text), file))
        self._fill_models()
        return found

    def _type_of(self, node: Node, hint: str) -> Type:
        is_outermost, self._is_reading = not self._is_reading, True
        try:
            return self._read_type(node, hint)
        except SpecError as error:
            node.notes.add(error.place, error.problem, "taken as any value")
            return ANY
        except RecursionError:
            if not is_outermost:
                raise
            node.note("is nested too deeply; name the inner schemas under components/schemas", "taken as any value")
            return ANY
        finally:
            self._is_reading = not is_outermost

    def _read_type(self, node: Node, hint: str) -> Type:
        if node.value is True:
            return ANY
        if node.value is False:
            raise SpecError(node.place, "the schema false, which matches no value, is not supported; remove it")
        flat = merge_or_refer(self.document, node)
        check_schema(self.document, flat)
        type_ = self._reference_type(flat) if "$ref" in flat.object() else self._inline_type(flat, hint)
        return union(type_, NONE) if flat.flag("nullable") else type_

    def _reference_type(self, node: Node) -> Type:
        target = self.document.target(node)
        if target.place in self._component_names:
            definition = Named(self._family(target) or self._read_component(target))
            return union(definition, NONE) if target.place in self._nullable_models else definition
        # A schema outside of components/schemas has no name of its own: it is read as if it stood here.
        if target.place in self._unfinished:
            raise SpecError(node.place, "is recursive; move it to components/schemas")
        with _within(self._unfinished, target.place):
            return self._type_of(target, class_name(target.place.rpartition("/")[2]))

    def _read_component(self, node: Node) -> Model | Alias | OneOf:
        if node.place in self._named:
            return self._named[node.place]
        name = self._component_names[node.place]
        try:
            flat = self._merged(node)
        except SpecError as error:
            node.notes.add(error.place, error.problem, "taken as any value")
            node = flat = node.with_value({})
        if is_model(flat):
            model = self._declare_model(node.place, name, flat)
            model.given_tag = node.prose(_GIVEN_TAG)
            return model
        if node.place in self._unfinished:
            return self._recursive.setdefault(node.place, OneOf(name, node.place, is_recursive=True))
        with _within(self._unfinished, node.place):
            alias = Alias(name, self._type_of(node, name), schema_description(flat))
        alias.type = _with_description(alias.type, alias.description)
        if whole := self._recursive.get(node.place):
            whole.alternatives = without(alternatives_of(alias.type), whole)
            for inner in inner_unions(whole):
                inner.alternatives = without(inner.alternatives, whole)
            if set(whole.alternatives) <= {NONE}:
                node.note("refers to nothing but itself; describe the value", "taken as any value")
                whole.alternatives = (ANY,)
            alias.type = Named(whole)
            self._unions.append((node, whole))
        self._named[node.place] = alias
        self.aliases.append(alias)
        return alias

    def _family(self, base: Node) -> OneOf | None:
        """Return the union of a base and the models that extend it, None if there are none."""
        if base.place in self._family_unions or base.place not in self._families:
            return self._family_unions.get(base.place)
        definition = self._read_component(base)
        heirs = [self._read_component(heir) for heir in self._families[base.place] if self._is_model(heir)]
        if not isinstance(definition, Model) or not heirs:
            return None
        alternatives = tuple(Named(model) for model in (*heirs, definition))
        description = f"`{definition.name}`, or what extends it."
        one_of = OneOf(f"Any{definition.name}", base.place, description, alternatives, base=definition)
        self._family_unions[base.place] = one_of
        # A mapping that is inherited leads to others, too.
        if own := own_discriminator(base):
            check_mapping(own, [model for model in (*heirs, definition) if isinstance(model, Model)])
        self._unions.append((merge_all_of(self.document, base), one_of))
        return one_of

    def _read_families(self) -> list[tuple[Node, list[Model]]]:
        """Return each base that is a model, and the models that extend it."""
        found: list[tuple[Node, list[Model]]] = []
        for place, heirs in self._families.items():
            base = next(node for _, node in self._components if node.place == place)
            models = [self._named.get(heir.place) for heir in heirs]
            if self._is_model(base):
                found.append((self._merged(base), [model for model in models if isinstance(model, Model)]))
        return found

    def _merged(self, node: Node) -> Node:
        """Return a component as one schema; one that extends a base is another model, even if it adds nothing."""
        if node.place in self._heirs and "allOf" in node.object():
            node = node.with_value({**node.object(), "allOf": [*node.object()["allOf"], {"type": "object"}]})
        return only_alternative(self.document, merge_all_of(self.document, node))

    def _is_of_family(self, place: str) -> bool:
        """Return whether a schema is a base, or extends one."""
        return place in self._families or place in self._heirs

    def _is_model(self, node: Node) -> bool:
        """Return whether a component becomes a model."""
        try:
            return is_model(self._merged(node))
        except SpecError:
            # Reading it notes it.
            return False

    def _declare_model(self, place: str, name: str, node: Node) -> Model:
        check_schema(self.document, node)
        model = Model(name, node.place)
        self._named[place] = model
        if node.flag("nullable") or "null" in node.object().get("type", ""):
            self._nullable_models.add(place)
        self._unfilled.append((model, node, {}))
        return model

    def _fill_models(self) -> None:
        """Read the fields of the declared models, in a loop: recursion would be too deep for a long chain of models."""
        while self._unfilled:
            model, node, self._inline_objects = self._unfilled.pop(0)
            self._fill(model, node)
        self._inline_objects = {}

    def _fill(self, model: Model, node: Node) -> None:
        """Read the fields of a model; it is there whatever happens, as others may refer to it already."""
        self.models.append(model)
        try:
            self._read_fields(model, node)
        except SpecError as error:
            node.notes.add(error.place, error.problem, "the properties after it are left out")

    def _inline_type(self, node: Node, hint: str) -> Type:
        node = scalars.with_both_types(node)
        schema = node.object()
        for keyword in ("oneOf", "anyOf"):
            if keyword in schema:
                return self._union_type(node, keyword, hint)
        if "discriminator" in schema:
            (node / "discriminator").note("has no effect without oneOf; list the alternatives in one")
        if ("const" in schema or "enum" in schema) and not _is_password(node):
            check_keywords_fit(node, [])
            types = scalars.enum_types(node)
            self._name_values(node, hint)
            return self._declare_union(node, types, hint)
        names = type_names(node)
        check_keywords_fit(node, names)
        # A component has its name itself.
        is_one_of_several = node.place in self._component_names and len({*names} - {"null"}) > 1
        inner = f"{hint}Object" if is_one_of_several and has_properties(node) else hint
        types = [self._simple_type(node, name, inner) for name in dict.fromkeys(names)]
        return self._declare_union(node, types, hint)

    def _simple_type(self, node: Node, name: str, hint: str) -> Type:  # noqa: PLR0911  # a return for each type
        match name:
            case "string":
                return scalars.string_type(node, is_part=scalars.is_binary(node) and self._forms.has_part(node.place))
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
        items, prefix = node.get("items"), node.items("prefixItems")
        sizes = _sizes(node, "minItems", "maxItems")
        is_unique = node.flag("uniqueItems")
        if not prefix:
            return Array(self._type_of(items, f"{hint}Item") if items else ANY, sizes, is_unique)
        return self._row_type(node, prefix, items, hint)

    def _row_type(self, node: Node, prefix: list[Node], items: Node | None, hint: str) -> Type:
        """Return the type of a list with `prefixItems`."""
        bounds = {name: scalars.whole_number(node / name) for name in ("minItems", "maxItems") if name in node.object()}
        least, most = bounds.get("minItems", 0), bounds.get("maxItems")
        types = [self._type_of(item, f"{hint}Item{index + 1}") for index, item in enumerate(prefix)]
        has_rest = items is None or items.value is not False
        rest = (self._type_of(items, f"{hint}Item") if items else ANY) if has_rest else None
        if rest is not None and max(least, most or 0) <= _MOST_BY_POSITION:
            # Each length within the bounds is a tuple of its own.
            types += [rest] * (max(least, most or 0) - len(types))
        if most is not None and most <= len(types):
            types, rest = types[:most], None
        elif rest is not None and most is not None:
            node.note(f"maxItems beyond {_MOST_BY_POSITION} is not supported beside prefixItems", "not checked")
        if least > len(types):
            cause = "minItems asks for more items than there may be" if rest is None else "minItems is too large"
            node.note(f"{cause}, beside prefixItems", "not checked")
            least = len(types)
        if node.flag("uniqueItems"):
            (node / "uniqueItems").note("is not supported beside prefixItems", "not checked")
        if not types:
            return Array(ANY if rest is None else rest, (("max_length", "0"),))
        return Row(tuple(types), least, rest)

    def _object_type(self, node: Node, hint: str) -> Type:
        if has_properties(node):
            content = json.dumps(node.value, sort_keys=True)
            if content in self._inline_objects:
                # Merging a recursive schema gives an object that contains itself.
                return Named(self._inline_objects[content])
            model = Model(self._class_names.add(hint, node.place), node.place)
            self._inline_objects[content] = model
            try:
                if self._unfinished:
                    # Its properties may refer to what is being read, which is known only at the end.
                    self._unfilled.append((model, node, dict(self._inline_objects)))
                else:
                    self._fill(model, node)
            finally:
                del self._inline_objects[content]
            return Named(model)
        if node.items("required"):
            (node / "required").note("names properties that are not declared; add them to properties")
        value, key = node.get("additionalProperties"), self._key_type(node, hint)
        patterns = node.members("patternProperties")
        if len(patterns) == 1 and value is not None and value.value is False:
            # All names match the one pattern.
            pattern, value = patterns[0]
            key = scalars.string_type(node.with_value({"pattern": pattern}))
        elif patterns:
            (node / "patternProperties").note(
                "is only supported alone, beside additionalProperties: false", "not checked"
            )
            value = None
        return Map(
            self._type_of(value, f"{hint}Value") if value else ANY, _sizes(node, "minProperties", "maxProperties"), key
        )

    def _key_type(self, node: Node, hint: str) -> Type:
        """Return the type of the names of an object's properties."""
        names = node.get("propertyNames")
        if names is None or names.value is True:
            return Scalar("str")
        key = self._type_of(names.with_value({"type": "string", **names.object()}), f"{hint}Key")
        if key.text(plain=True) == "str" or isinstance(key.resolved, Choice):
            return key
        names.note("is only supported for strings with constraints", "not checked")
        return Scalar("str")

    def _read_fields(self, model: Model, node: Node) -> None:
        model.description = schema_description(node)
        if "discriminator" in node.object() and not self._is_of_family(model.place):
            (node / "discriminator").note("has no effect without oneOf; list the alternatives in one")
        for keyword in ("minProperties", "maxProperties", "propertyNames", "patternProperties"):
            if keyword in node.object():
                (node / keyword).note("is not supported for an object with named properties", "not checked")
        extra = node.object().get("additionalProperties", True)
        model.forbids_unknown_fields = extra is False
        members = node.members("properties")
        required = [name.text() for name in node.items("required")]
        unknown: list[str] = []
        for name in required:
            if name not in dict(members):
                problem = f"{name!r} is not among the properties; add it to them"
                (node / "required").note(problem, "taken as any value that need not be there")
                members.append((name, node.with_value({}, f"{node.place}/required")))
                unknown.append(name)
        taken = self._class_names.no_fields
        if "additionalProperties" in node.object() and extra is not False:
            taken.add(EXTRA_FIELD)
            model.extra = Map(
                ANY if extra is True else self._type_of(node / "additionalProperties", f"{model.name}Value")
            )
        names = python_names([wire_name for wire_name, _ in members], taken=taken)
        for (wire_name, member), name in zip(members, names, strict=True):
            if _UNSUPPORTED_NAME.search(wire_name):
                member.note("msgspec has no properties with quotes, backslashes or control characters in their names")
                continue
            model.fields.append(
                self._read_field(
                    wire_name,
                    name,
                    member,
                    model.name,
                    is_required=wire_name in required and wire_name not in unknown,
                )
            )

    def _read_field(self, wire_name: str, name: str, node: Node, owner: str, *, is_required: bool) -> Field:
        type_ = self._type_of(node, f"{owner}{class_name(wire_name)}")
        both = self._annotated(node)
        default = read_default(both, type_)
        is_read_only, is_write_only = (
            any(schema.flag(keyword) for schema in both) for keyword in ("readOnly", "writeOnly")
        )
        return Field(
            wire_name=wire_name,
            name=name,
            type=type_,
            # Until it is known that its model goes its way alone.
            required=is_required and not is_read_only and not is_write_only,
            description=property_description(both),
            argument_description=property_description(both, default),
            default=default,
            is_read_only=is_read_only,
            is_write_only=is_write_only,
            is_needed=is_required,
            least=least_number(both),
            server_default=server_default(both),
        )

    def _annotated(self, node: Node) -> list[Node]:
        """Return a schema and the one that it refers to, for their annotations."""
        try:
            flat = merge_all_of(self.document, node)
            target = merge_all_of(self.document, self.document.resolve_schema(flat))
        except SpecError:
            # Reading its type has noted it.
            flat = target = node
        return [schema for schema in (flat, target) if isinstance(schema.value, dict)]

    def _union_type(self, node: Node, keyword: Literal["oneOf", "anyOf"], hint: str) -> Type:
        if keyword == "oneOf" and "anyOf" in node.object():
            node.note("has oneOf and anyOf; put one into the other", "oneOf counts")
            node = node.with_value({name: value for name, value in node.object().items() if name != "anyOf"})
        alternatives = union_alternatives(self.document, node, keyword)
        names = name_alternatives(self.document, alternatives, hint, self._component_names)
        types = [self._type_of(alternative, name) for alternative, name in zip(alternatives, names, strict=True)]
        if keyword == "oneOf":
            check_exclusive(node, types)
        return self._declare_union(node, types, hint)

    def _declare_union(self, node: Node, types: list[Type], hint: str) -> Type:
        """Return the union of some types; how they are told apart is decided once all of them are read."""
        result = union(*types)
        alternatives = tuple(type_ for type_ in alternatives_of(result) if type_ != NONE)
        has_discriminator = "discriminator" in node.object()
        if has_discriminator and not any(isinstance(type_.resolved, Named) for type_ in alternatives):
            (node / "discriminator").note("tells objects apart, and there are none here; remove it")
            has_discriminator = False
        if len(alternatives) < 2 and not has_discriminator:
            return result
        one_of = OneOf(hint, node.place, schema_description(node), alternatives)
        self._unions.append((node, one_of))
        return union(Named(one_of), *([NONE] if NONE in alternatives_of(result) else []))

    def _name_values(self, node: Node, hint: str) -> None:
        """Declare the constants of an enum whose values have names, once for each place."""
        is_known = node.place in self._with_named_values
        values = () if is_known else read_named_values(node, is_component=node.place in self._component_names)
        if values:
            self._with_named_values.add(node.place)
            self.named_values.append(
                NamedValues(
                    self._class_names.add(f"{hint}Values", node.place),
                    schema_description(node) or f"The values of `{class_name(hint)}`.",
                    values,
                )
            )


def _is_password(node: Node) -> bool:
    """Return whether an enum is of passwords: its values would stand in the code, and one that is none in an error."""
    schema = node.object()
    if schema.get("format") != "password" or "string" not in type_names(node):
        return False
    for keyword in ("const", "enum"):
        if keyword in schema:
            (node / keyword).note("shows passwords, which format password hides; remove it", "any string is allowed")
    return True


@contextmanager
def _within(places: list[str], place: str) -> Generator[None]:
    """Keep a place in a list for the time of the context."""
    places.append(place)
    try:
        yield
    finally:
        places.remove(place)


def _with_description(type_: Type, text: str) -> Type:
    """Put the description of a named scalar into its constraints, where msgspec's users look for it."""
    if isinstance(type_, Scalar) and type_.meta and text:
        return Scalar(type_.python, (*type_.meta, ("description", long_literal(one_line(text)))))
    return type_


def _sizes(node: Node, minimum: str, maximum: str) -> tuple[tuple[str, str], ...]:
    words = ((minimum, "min_length"), (maximum, "max_length"))
    return tuple((word, str(scalars.whole_number(node / name))) for name, word in words if name in node.object())
