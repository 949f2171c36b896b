"""Schemas of the document become types and definitions.

Upstream's own schema parser is not used: it drops constraints, defaults, named scalars and discriminators, and loses
whole schemas that it cannot read. Here every keyword is either translated, known to be a mere annotation, or refused
with its place.
"""

from __future__ import annotations

import math
from typing import Any, Literal

from .composition import merged, variants
from .document import Document, Node, SpecError
from .filters import class_name, python_literal, python_name
from .overlay._runtime.formats import FORMAT_PATTERNS
from .patterns import python_pattern
from .types import ANY, NONE, Alias, Array, Choice, Field, Map, Model, Named, Scalar, Type, Union, union
from .unions import check_union, tag_models

# What the models module uses itself; a field of that name would hide it from the annotations of the fields after it.
_USED_IN_MODELS = frozenset({"str", "int", "float", "bool", "list", "dict", "bytes", "datetime"})

ANNOTATIONS = frozenset(
    {
        *("title", "description", "example", "examples", "default", "deprecated", "readOnly", "writeOnly"),
        *("externalDocs", "xml", "$comment", "$defs", "definitions", "contentEncoding", "contentMediaType"),
    }
)
_SCALAR_KEYWORDS = {
    "string": {"minLength", "maxLength", "pattern"},
    "integer": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
    "number": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
    "array": {"items", "minItems", "maxItems"},
    "object": {"properties", "required", "additionalProperties", "minProperties", "maxProperties", "discriminator"},
}
_ALL_TYPES = ("string", "integer", "number", "boolean", "array", "object", "null")
_KEYWORDS = {
    *ANNOTATIONS,
    *("type", "format", "enum", "const", "nullable", "allOf", "anyOf", "oneOf", "$ref"),
    *(keyword for keywords in _SCALAR_KEYWORDS.values() for keyword in keywords),
}
_OBJECT_FORMATS: dict[str, Scalar] = {
    "date-time": Scalar("datetime.datetime", (("tz", "True"),)),
    "date": Scalar("datetime.date"),
    "uuid": Scalar("UUID"),
    "byte": Scalar("bytes"),
    "binary": Scalar("bytes"),
}
_INTEGER_BOUNDS = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}
_LENGTHS = {"minLength": "min_length", "maxLength": "max_length"}


class Schemas:
    """The definitions of the models module, made as they are met.

    Args:
        document: Where the schemas stand.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.models: list[Model] = []
        self.aliases: list[Alias] = []
        self._named: dict[str, Model | Alias] = {}
        self._class_names: set[str] = {"Annotated", "Any", "ClassVar", "Literal", "Meta", "Struct", "TypeAlias"}
        self._class_names |= {"UNSET", "UnsetType", "UUID", "FORMAT_PATTERNS"}
        self._component_names: dict[str, str] = {}
        self._unfinished: list[str] = []
        self._nullable_models: set[str] = set()
        self._object_unions: list[tuple[Node, list[Model]]] = []
        components = document.root.get("components")
        self._components = components.get("schemas") if components else None
        for name, node in self._components.members() if self._components else []:
            self._component_names[node.place] = self._new_class_name(name)

    def read_components(self) -> None:
        """Define every schema under `components`, used or not."""
        for _, node in self._components.members() if self._components else []:
            self._component(node)

    def finish(self) -> None:
        """Settle what needs all definitions: how the models of each union are told apart."""
        tag_models(self._object_unions)

    def type_of(self, node: Node, hint: str) -> Type:
        """Return the type for a schema.

        Args:
            node: The schema.
            hint: Name for the model, should it have to become one.

        Raises:
            SpecError: If it cannot be translated.
        """
        if node.value is True or node.value == {}:
            return ANY
        if node.value is False:
            raise SpecError(node.place, "a schema that nothing matches (false) is not supported")
        schema = node.object()
        if "$ref" in schema:
            siblings = set(schema) - {"$ref"} - ANNOTATIONS
            if not any(not name.startswith("x-") for name in siblings):
                return self._reference(node)
            if self.document.is_3_0:
                raise SpecError(node.place, f"{_listed(siblings)} beside $ref is ignored in OpenAPI 3.0; use allOf")
        flat = merged(self.document, node)
        if "$ref" in flat.object():
            return self._nullable(flat, self._reference(flat))
        self._check_keywords(flat)
        return self._nullable(flat, self._described(flat, hint))

    def _nullable(self, node: Node, type_: Type) -> Type:
        return union(type_, NONE) if node.object().get("nullable") is True else type_

    def _reference(self, node: Node) -> Type:
        target = self.document.target(node)
        if target.place in self._component_names:
            definition = Named(self._component(target))
            return union(definition, NONE) if target.place in self._nullable_models else definition
        # A reference to somewhere else in the document: as if it stood here.
        if target.place in self._unfinished:
            raise SpecError(node.place, "a recursive schema has to stand under components/schemas")
        self._unfinished.append(target.place)
        result = self.type_of(target, class_name(target.place.rpartition("/")[2]))
        self._unfinished.remove(target.place)
        return result

    def _component(self, node: Node) -> Model | Alias:
        if node.place in self._named:
            return self._named[node.place]
        name = self._component_names[node.place]
        flat = node if not isinstance(node.value, dict) else merged(self.document, node)
        if _is_model(flat):
            model = Model(name, node.place)
            self._named[node.place] = model
            if flat.object().get("nullable") is True or isinstance(flat.object().get("type"), list):
                self._nullable_models.add(node.place)
            self._check_keywords(flat)
            self._fill(model, flat)
            return model
        if node.place in self._unfinished:
            raise SpecError(node.place, "is recursive without an object with properties in between")
        self._unfinished.append(node.place)
        alias = Alias(name, node.place)
        alias.type = self.type_of(node, name)
        alias.description = _text(flat, "description")
        alias.type = _with_description(alias.type, alias.description)
        self._unfinished.remove(node.place)
        self._named[node.place] = alias
        self.aliases.append(alias)
        return alias

    def _described(self, node: Node, hint: str) -> Type:
        schema = node.object()
        for keyword in ("oneOf", "anyOf"):
            if keyword in schema:
                return self._union(node, keyword, hint)
        if "const" in schema:
            return self._choice(node, [schema["const"]])
        if "enum" in schema:
            return self._choice(node, (node / "enum").array())
        names = self._type_names(node)
        unfit = set(schema) & {keyword for keywords in _SCALAR_KEYWORDS.values() for keyword in keywords}
        unfit -= {keyword for name in names for keyword in _SCALAR_KEYWORDS.get(name, ())}
        if unfit:
            raise SpecError(node.place, f"{_listed(unfit)} says nothing about type {' or '.join(names)}")
        result = union(*(self._one_type(node, name, hint) for name in names))
        check_union(node, result)
        return result

    def _type_names(self, node: Node) -> list[str]:
        declared = node.object().get("type")
        if declared is None:
            implied = [name for name, keywords in _SCALAR_KEYWORDS.items() if keywords & set(node.object())]
            if not implied:
                return ["any"]
            if implied[0] in {"object", "array"} and len(implied) == 1:
                return implied
            raise SpecError(node.place, "has constraints but no type; add one")
        names = declared if isinstance(declared, list) else [declared]
        for name in names:
            if name not in _ALL_TYPES:
                raise SpecError(f"{node.place}/type", f"{name!r} is none of {', '.join(_ALL_TYPES)}")
        return list(names)

    def _one_type(self, node: Node, name: str, hint: str) -> Type:
        match name:
            case "string":
                return self._string(node)
            case "integer" | "number":
                return self._number(node, name)
            case "array":
                return self._array(node, hint)
            case "object":
                return self._object(node, hint)
            case "boolean":
                return Scalar("bool")
            case "null":
                return NONE
            case _:
                return ANY

    def _string(self, node: Node) -> Type:
        schema = node.object()
        format_ = schema.get("format")
        constraints = sorted(set(schema) & _SCALAR_KEYWORDS["string"])
        if format_ in _OBJECT_FORMATS:
            if constraints:
                raise SpecError(node.place, f"{_listed(constraints)} is not supported beside format {format_}")
            return _OBJECT_FORMATS[format_]
        meta = [(_LENGTHS[name], str(_count(node / name))) for name in _LENGTHS if name in schema]
        if "pattern" in schema:
            if format_ in FORMAT_PATTERNS:
                raise SpecError(node.place, f"pattern is not supported beside format {format_}")
            try:
                pattern = python_pattern((node / "pattern").text())
            except (ValueError, IndexError) as error:
                raise SpecError(f"{node.place}/pattern", str(error)) from error
            meta.append(("pattern", _pattern_literal(pattern)))
        elif format_ in FORMAT_PATTERNS:
            meta.append(("pattern", f"FORMAT_PATTERNS[{python_literal(format_)}]"))
        elif format_ is not None:
            # An unknown format is an annotation; it stays visible in the type.
            meta.append(("extra_json_schema", f'{{"format": {python_literal((node / "format").text())}}}'))
        return Scalar("str", tuple(meta))

    def _number(self, node: Node, name: str) -> Type:
        schema = node.object()
        lower: list[tuple[float, int, str]] = []
        upper: list[tuple[float, int, str]] = []
        if name == "integer" and schema.get("format") in _INTEGER_BOUNDS:
            low, high = _INTEGER_BOUNDS[schema["format"]]
            lower.append((low, 0, "ge"))
            upper.append((high, 0, "le"))
        for keyword, bounds, strict in (("minimum", lower, "gt"), ("maximum", upper, "lt")):
            exclusive = schema.get(f"exclusive{keyword.capitalize()}")
            if keyword in schema:
                bounds.append((_number(node / keyword), int(exclusive is True), strict if exclusive is True else strict[0] + "e"))
            if exclusive is not None and not isinstance(exclusive, bool):
                bounds.append((_number(node / f"exclusive{keyword.capitalize()}"), 1, strict))
        meta: list[tuple[str, str]] = []
        if lower:
            value, _, word = max(lower)
            meta.append((word, repr(math.ceil(value) if name == "integer" and word == "ge" else value)))
        if upper:
            value, _, word = min(upper, key=lambda bound: (bound[0], -bound[1]))
            meta.append((word, repr(math.floor(value) if name == "integer" and word == "le" else value)))
        if "multipleOf" in schema:
            meta.append(("multiple_of", repr(_number(node / "multipleOf"))))
        for word, text in meta:
            if name == "integer" and not -(2**63) <= float(text) < 2**64:
                raise SpecError(node.place, f"the bound {word} {text} is beyond 64 bits")
        return Scalar("int" if name == "integer" else "float", tuple(meta))

    def _array(self, node: Node, hint: str) -> Type:
        items = node.get("items")
        item = self.type_of(items, f"{hint}Item") if items else ANY
        return Array(item, _sizes(node, "minItems", "maxItems"))

    def _object(self, node: Node, hint: str) -> Type:
        if _has_properties(node):
            model = Model(self._new_class_name(hint), node.place)
            self._fill(model, node)
            return Named(model)
        value = node.get("additionalProperties")
        return Map(self.type_of(value, f"{hint}Value") if value else ANY, _sizes(node, "minProperties", "maxProperties"))

    def _fill(self, model: Model, node: Node) -> None:
        schema = node.object()
        model.description = _text(node, "description")
        for keyword in ("minProperties", "maxProperties"):
            if keyword in schema:
                raise SpecError(f"{node.place}/{keyword}", "is not supported for an object with named properties")
        extra = schema.get("additionalProperties", True)
        if extra not in (True, False, {}):
            raise SpecError(
                f"{node.place}/additionalProperties", "a schema is not supported beside properties; use true or false"
            )
        model.forbids_unknown_fields = extra is False
        required = (node / "required").array() if "required" in schema else []
        properties = node.get("properties")
        members = (properties.members() if properties else [])
        for name in required:
            if name not in {wire_name for wire_name, _ in members}:
                raise SpecError(f"{node.place}/required", f"{name!r} is not among the properties")
        taken: set[str] = set(_USED_IN_MODELS)
        self.models.append(model)
        for wire_name, member in members:
            name = python_name(wire_name, taken=taken)
            taken.add(name)
            model.fields.append(self._field(wire_name, name, member, wire_name in required, model.name))

    def _field(self, wire_name: str, name: str, node: Node, required: bool, owner: str) -> Field:  # noqa: FBT001  one caller
        type_ = self.type_of(node, f"{owner}{class_name(wire_name)}")
        schema: dict[str, Any] = node.value if isinstance(node.value, dict) else {}
        target = self.document.resolve(node).value
        inherited: dict[str, Any] = target if isinstance(target, dict) else {}
        one_way: bool = schema.get("readOnly", inherited.get("readOnly")) or schema.get("writeOnly", inherited.get("writeOnly")) or False
        return Field(
            wire_name=wire_name,
            name=name,
            type=type_,
            # What is only read is absent from requests, and what is only written from responses.
            required=required and not one_way,
            description=_field_description(schema, inherited),
            default=schema.get("default", inherited.get("default")),
        )

    def _union(self, node: Node, keyword: Literal["oneOf", "anyOf"], hint: str) -> Type:
        alternatives = variants(node, keyword)
        types: list[Type] = []
        for index, one in enumerate(alternatives):
            known = "$ref" in one.value if isinstance(one.value, dict) else False
            types.append(self.type_of(one, hint if known or len(alternatives) == 1 else f"{hint}Option{index + 1}"))
        result = union(*types)
        models = [member.definition for member in result.members if isinstance(member, Named)]
        models = [model for model in dict.fromkeys(models) if isinstance(model, Model)]
        if len(models) > 1:
            self._object_unions.append((node, models))
        check_union(node, result)
        return result

    def _choice(self, node: Node, values: list[Any]) -> Type:
        names = node.object().get("type")
        nullable = None in values
        values = [value for value in values if value is not None]
        if not values:
            return NONE if nullable else _refuse(node, "an empty enum matches nothing")
        for value in values:
            if isinstance(value, bool) or not isinstance(value, (str, int)):
                raise SpecError(node.place, f"{value!r} in an enum is not supported; only strings and integers are")
        if isinstance(names, str) and names not in {"string", "integer", "number"}:
            raise SpecError(node.place, f"an enum of type {names} is not supported")
        choice = Choice(tuple(dict.fromkeys(values)))
        return Union((choice, NONE)) if nullable else choice

    def _check_keywords(self, node: Node) -> None:
        for name in node.object():
            if name not in _KEYWORDS and not name.startswith("x-"):
                raise SpecError(node.place, f"the keyword {name!r} is not supported; take it out or say it in another way")
        if node.object().get("nullable") is not None and not self.document.is_3_0:
            raise SpecError(node.place, "nullable is of OpenAPI 3.0; say type: [..., 'null']")

    def _new_class_name(self, text: str) -> str:
        name = class_name(text, taken=self._class_names)
        self._class_names.add(name)
        return name


def _is_model(node: Node) -> bool:
    schema = node.value
    if not isinstance(schema, dict) or schema.get("type", "object") not in ("object", ["object", "null"], ["null", "object"]):
        return False
    return not any(keyword in schema for keyword in ("oneOf", "anyOf", "enum", "const")) and _has_properties(node)


def _has_properties(node: Node) -> bool:
    schema = node.object()
    return bool(schema.get("properties")) or schema.get("additionalProperties") is False


def _with_description(type_: Type, description: str) -> Type:
    """Keep the description of a named scalar where an error message finds it."""
    if isinstance(type_, Scalar) and type_.meta and description:
        text = python_literal(" ".join(description.split()))
        return Scalar(type_.python, (*type_.meta, ("description", text)))
    return type_


def _field_description(schema: dict[str, Any], inherited: dict[str, Any]) -> str:
    text = str(schema.get("description", inherited.get("description", ""))).strip()
    notes = [
        "Deprecated." if schema.get("deprecated", inherited.get("deprecated")) else "",
        "Only in responses." if schema.get("readOnly", inherited.get("readOnly")) else "",
        "Only in requests." if schema.get("writeOnly", inherited.get("writeOnly")) else "",
    ]
    if "default" in schema or "default" in inherited:
        notes.append(f"The server takes {python_literal(schema.get('default', inherited.get('default')))} if it is absent.")
    return " ".join(note for note in (text, *notes) if note)


def _text(node: Node, name: str) -> str:
    value = node.object().get(name, "") if isinstance(node.value, dict) else ""
    return str(value).strip()


def _sizes(node: Node, minimum: str, maximum: str) -> tuple[tuple[str, str], ...]:
    words = ((minimum, "min_length"), (maximum, "max_length"))
    return tuple((word, str(_count(node / name))) for name, word in words if name in node.object())


def _count(node: Node) -> int:
    if isinstance(node.value, bool) or not isinstance(node.value, int) or node.value < 0:
        raise SpecError(node.place, "must be a whole number, zero or more")
    return node.value


def _number(node: Node) -> int | float:
    if isinstance(node.value, bool) or not isinstance(node.value, (int, float)):
        raise SpecError(node.place, "must be a number")
    return node.value


def _pattern_literal(pattern: str) -> str:
    raw_fits = '"' not in pattern and not pattern.endswith("\\") and pattern.isprintable()
    return f'r"{pattern}"' if raw_fits else python_literal(pattern)


def _listed(names: Any) -> str:
    return ", ".join(sorted(names))


def _refuse(node: Node, problem: str) -> Type:
    raise SpecError(node.place, problem)
