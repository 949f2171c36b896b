"""Python types: type expressions, and the models and aliases that they refer to.

A type has two texts: with its constraints (`Annotated[str, Meta(...)]`) for decoders and validators, and plain (`str`)
for signatures.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field

from generator.overlay._runtime.open_object import EXTRA
from generator.python.literals import python_literal

# How the constraints of a string say that it is a password.
_OF_SECRETS = '"format": "password"'
EXTRA_FIELD = "additional_properties"
"""The field of a model with the properties that are not declared."""


INTEGERS: Mapping[tuple[tuple[str, str], ...], str] = {
    (("ge", str(low)), ("le", str(high))): name
    for name, low, high in (
        *((f"Int{bits}", -(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64)),
        *((f"UInt{bits}", 0, 2**bits - 1) for bits in (8, 16, 32)),
    )
}
"""The integers of a format without other bounds, by their constraints: names of the runtime's types."""


@dataclass(frozen=True)
class Type(ABC):
    """A type expression."""

    @abstractmethod
    def text(self, prefix: str = "", *, plain: bool = False) -> str:
        """Return the expression as Python.

        Args:
            prefix: Prefix of the names of models and aliases, such as `models.`.
            plain: Whether constraints are left out and aliases resolved.
        """

    def expression(self, prefix: str = "") -> str:
        """Return the expression for a place where Python evaluates it, which is no annotation."""
        return self.text(prefix)

    @property
    def members(self) -> tuple[Type, ...]:
        """The alternatives, if this is a union."""
        return (self,)

    @property
    def resolved(self) -> Type:
        """The type that an alias stands for; any other type is itself."""
        return self


@dataclass(frozen=True)
class Scalar(Type):
    """A type of Python or msgspec, perhaps with constraints: `str`, `int`, `datetime.datetime`, `Any`, `None` ..."""

    python: str
    meta: tuple[tuple[str, str], ...] = ()

    def text(self, prefix: str = "", *, plain: bool = False) -> str:
        """Return the expression as Python."""
        if plain:
            return self.python
        return INTEGERS.get(self.meta) or annotated(self.python, self.meta)


@dataclass(frozen=True)
class Choice(Type):
    """One of several strings or integers."""

    values: tuple[str | int, ...]

    def text(self, prefix: str = "", *, plain: bool = False) -> str:
        """Return the expression as Python."""
        return f"Literal[{', '.join(python_literal(value) for value in self.values)}]"


@dataclass(frozen=True)
class Truth(Type):
    """Only true, or only false."""

    value: bool

    def text(self, prefix: str = "", *, plain: bool = False) -> str:
        """Return the expression as Python."""
        return f"Literal[{self.value}]" if plain else f"Only{self.value}"


@dataclass(frozen=True)
class Array(Type):
    """A list."""

    item: Type
    meta: tuple[tuple[str, str], ...] = ()
    is_unique: bool = False
    """Whether no two items may be equal, which is checked when the list is sent."""

    def text(self, prefix: str = "", *, plain: bool = False) -> str:
        """Return the expression as Python."""
        text = f"list[{self.item.text(prefix, plain=plain)}]"
        if plain:
            return text
        text = annotated(text, self.meta)
        return f"Unique[{text}]" if self.is_unique else text


@dataclass(frozen=True)
class Row(Type):
    """A list whose items have types of their own by their position."""

    items: tuple[Type, ...]
    least: int
    """How many items there are at least."""
    rest: Type | None = None
    """The type of all further items, if there may be any."""

    @property
    def is_native(self) -> bool:
        """Whether msgspec decodes it: it has one length."""
        return self.rest is None and self.least == len(self.items)

    def text(self, prefix: str = "", *, plain: bool = False) -> str:
        """Return the expression as Python: a tuple, or a union of tuples of each length."""
        text = " | ".join(self.tuples(prefix, plain=plain))
        return text if plain or self.is_native else f"ByPosition[{text}]"

    def expression(self, prefix: str = "") -> str:
        """Return the expression for a place where Python evaluates it, which is no annotation."""
        return self.text(prefix) if self.is_native else f"by_position({', '.join(self.tuples(prefix))})"

    def tuples(self, prefix: str, *, plain: bool = False) -> list[str]:
        """Return the tuple of each length, as Python, the longest first; that may go on with further items."""
        items = [item.text(prefix, plain=plain) for item in self.items]
        rest = [] if self.rest is None else [f"*tuple[{self.rest.text(prefix, plain=plain)}, ...]"]
        shorter = [items[:length] for length in range(len(items) - 1, self.least - 1, -1)]
        return [f"tuple[{', '.join(found) or '()'}]" for found in ([*items, *rest], *shorter)]


@dataclass(frozen=True)
class Map(Type):
    """An object with any property names."""

    value: Type
    meta: tuple[tuple[str, str], ...] = ()
    key: Type = field(default_factory=lambda: Scalar("str"))

    def text(self, prefix: str = "", *, plain: bool = False) -> str:
        """Return the expression as Python."""
        text = f"dict[{self.key.text(prefix, plain=plain)}, {self.value.text(prefix, plain=plain)}]"
        return text if plain else annotated(text, self.meta)


@dataclass(frozen=True)
class Union(Type):
    """One of several types, of which none is a union itself."""

    alternatives: tuple[Type, ...]

    def text(self, prefix: str = "", *, plain: bool = False) -> str:
        """Return the expression as Python."""
        return " | ".join(dict.fromkeys(type_.text(prefix, plain=plain) for type_ in self.alternatives))

    def expression(self, prefix: str = "") -> str:
        """Return the expression for a place where Python evaluates it, which is no annotation."""
        rows = [type_ for type_ in self.alternatives if isinstance(type_, Row) and not type_.is_native]
        if rows:
            # No other alternative but None is beside one: such unions have classes of their own.
            return f"by_position({', '.join([*rows[0].tuples(prefix), 'None'])})"
        texts = dict.fromkeys(type_.text(prefix) for type_ in self.alternatives)
        # Type checkers know no `|` of types with constraints there.
        is_plain = self.text(prefix) == self.text(prefix, plain=True)
        return " | ".join(texts) if is_plain else f"Union[{', '.join(texts)}]"

    @property
    def members(self) -> tuple[Type, ...]:
        """The alternatives."""
        return tuple(member for type_ in self.alternatives for member in type_.resolved.members)


@dataclass(frozen=True)
class Named(Type):
    """A model, alias or union, by its name."""

    definition: Model | Alias | OneOf

    def text(self, prefix: str = "", *, plain: bool = False) -> str:
        """Return the expression as Python."""
        if plain and isinstance(self.definition, Alias):
            return self.definition.type.text(prefix, plain=True)
        if isinstance(self.definition, OneOf) and self.definition.is_native:
            return Union(self.definition.alternatives).text(prefix, plain=plain)
        name = prefix + self.definition.name
        is_open = isinstance(self.definition, Model) and self.definition.is_open
        return f"Open[{name}]" if is_open and not plain else name

    @property
    def members(self) -> tuple[Type, ...]:
        """The alternatives of what is named."""
        if isinstance(self.definition, OneOf):
            return self.definition.members
        return self.resolved.members if isinstance(self.definition, Alias) else (self,)

    @property
    def resolved(self) -> Type:
        """The type that an alias stands for; a model is itself."""
        return self.definition.type.resolved if isinstance(self.definition, Alias) else self


def parts(type_: Type) -> list[Type]:
    """Return the types that a type is made of: of items, values or alternatives, but not the fields of a model."""
    match type_.resolved:
        case Array(item=inner) | Map(value=inner):
            return [inner]
        case Row(items=items, rest=rest):
            return [*items, *([rest] if rest else [])]
        case Union(alternatives=alternatives) | Named(OneOf(alternatives=alternatives)):
            return list(alternatives)
        case _:
            return []


def is_secret(type_: Type) -> bool:
    """Return whether a value is a password, or a list or map of such."""
    waiting, seen = [type_], set[int]()
    while waiting:
        part = waiting.pop().resolved
        if id(part) in seen:
            continue
        seen.add(id(part))
        if isinstance(part, Scalar) and any(
            _OF_SECRETS in text for word, text in part.meta if word == "extra_json_schema"
        ):
            return True
        waiting += parts(part)
    return False


NONE = Scalar("None")
ANY = Scalar("Any")


def union(*types: Type) -> Type:
    """Return the union of the types: flat, without duplicates, `None` last. With `Any` among them it is `Any`."""
    flat: list[Type] = []
    for type_ in types:
        flat.extend(type_.alternatives if isinstance(type_, Union) else [type_])
    different = [*dict.fromkeys(type_ for type_ in flat if type_ != NONE), *([NONE] if NONE in flat else [])]
    if ANY in different:
        return ANY
    return different[0] if len(different) == 1 else Union(tuple(different))


def annotated(text: str, meta: tuple[tuple[str, str], ...]) -> str:
    """Return the type with its constraints."""
    return f"Annotated[{text}, Meta({', '.join(f'{name}={value}' for name, value in meta)})]" if meta else text


@dataclass(eq=False)
class OneOf:
    """A union that the document declares."""

    name: str
    """Name of the class that it becomes if msgspec does not tell its alternatives apart."""
    place: str
    description: str = ""
    alternatives: tuple[Type, ...] = ()
    is_recursive: bool = False
    """Whether it contains itself, without an object with properties in between."""
    is_native: bool = True
    """Whether msgspec tells the alternatives apart."""
    tag: str = ""
    """The property that tells the alternatives apart, if they are told apart here."""
    tag_values: dict[str | int, int] = field(default_factory=dict[str | int, int])
    """Its values, each with the index of its alternative."""
    base: Model | None = None
    """The model that the others extend: a value with any other tag is one of it."""

    @property
    def text(self) -> str:
        """The union as a type checker sees it."""
        return Union(self.alternatives).text(plain=True)

    @property
    def choice(self) -> str:
        """How an alternative is chosen, in words."""
        if self.base and self.tag:
            base = self.base.name
            return f"The property `{self.tag}` tells which one a value is; with any other value, it is `{base}`."
        best = "the one that knows the most properties is taken, the first one of equals"
        if self.tag:
            return f"The property `{self.tag}` tells which alternative a value is; of others that fit, {best}."
        return f"Of the alternatives that a value fits, {best}."

    @property
    def members(self) -> tuple[Type, ...]:
        """The alternatives, those of inner unions included."""
        found: list[Type] = []
        seen, waiting = {id(self)}, list(self.alternatives)
        while waiting:
            type_ = waiting.pop(0).resolved
            if isinstance(type_, Union):
                waiting[:0] = type_.alternatives
            elif isinstance(type_, Named) and isinstance(type_.definition, OneOf):
                if id(type_.definition) not in seen:
                    seen.add(id(type_.definition))
                    waiting[:0] = type_.definition.alternatives
            else:
                found.append(type_)
        return tuple(found)


@dataclass(frozen=True)
class NamedValue:
    """A value of an enum for which the document has a name."""

    name: str
    value: str | int | float
    description: str = ""

    @property
    def type(self) -> str:
        """The type that has this value alone; a type checker knows none for a fraction."""
        return "float" if isinstance(self.value, float) else f"Literal[{python_literal(self.value)}]"


@dataclass(frozen=True)
class NamedValues:
    """The named values of an enum, which become a class with a constant for each."""

    name: str
    description: str
    values: tuple[NamedValue, ...]


@dataclass(eq=False)
class Field:
    """A property of a model; if the model is a body, it may be an argument of the method."""

    wire_name: str
    name: str
    type: Type
    required: bool
    description: str = ""
    argument_description: str = ""
    """Its description as an argument of the method, if a default is sent for it."""
    default: str = ""
    """What a method sends if the argument is not given, as Python; empty if that is nothing."""
    is_read_only: bool = False
    """Whether it is in responses alone, and so no argument."""
    is_write_only: bool = False
    """Whether it is in requests alone."""
    server_default: object = None
    """What the server takes if it is absent, as the document says."""
    is_needed: bool = False
    """Whether it is required where it may be: not required in a model that is sent and received, if it goes one way."""
    least: object = None
    """The smallest number that it may be, or else the one that the server takes; None if nothing says so."""


@dataclass(eq=False)
class Model:
    """An object with declared properties, which becomes a `msgspec.Struct`."""

    name: str
    place: str
    description: str = ""
    fields: list[Field] = field(default_factory=list[Field])
    forbids_unknown_fields: bool = False
    tag_field: str | None = None
    tag: str | int | None = None
    tag_name: str | None = None
    """Python name of the property that distinguishes the model from the others of a union."""
    tag_description: str = ""
    given_tag: str = ""
    """The tag that its schema has by `x-ms-discriminator-value`."""
    extra: Map | None = None
    """The type of the properties that are not declared, if they are kept."""

    @property
    def passwords(self) -> list[str]:
        """The fields that a repr must not show."""
        return sorted(field.name for field in self.fields if is_secret(field.type))

    @property
    def is_open(self) -> bool:
        """Whether properties that are not declared are kept."""
        return self.extra is not None

    @property
    def renamed(self) -> dict[str, str]:
        """The fields whose name on the wire is not their Python name."""
        renamed = {field.name: field.wire_name for field in self.fields if field.name != field.wire_name}
        return {**renamed, EXTRA_FIELD: EXTRA} if self.is_open else renamed


@dataclass(eq=False)
class Alias:
    """A named schema that is not a model, which becomes a `TypeAlias`."""

    name: str
    type: Type = ANY
    description: str = ""
