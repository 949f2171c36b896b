"""Python types: type expressions, and the models and aliases that they refer to.

A type has two texts: with its constraints (`Annotated[str, Meta(...)]`) for decoders and validators, and plain (`str`)
for signatures.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from generator.python.literals import python_literal


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
        return self.python if plain else annotated(self.python, self.meta)


@dataclass(frozen=True)
class Choice(Type):
    """One of several strings or integers."""

    values: tuple[str | int, ...]

    def text(self, prefix: str = "", *, plain: bool = False) -> str:
        """Return the expression as Python."""
        return f"Literal[{', '.join(python_literal(value) for value in self.values)}]"


@dataclass(frozen=True)
class Array(Type):
    """A list."""

    item: Type
    meta: tuple[tuple[str, str], ...] = ()

    def text(self, prefix: str = "", *, plain: bool = False) -> str:
        """Return the expression as Python."""
        text = f"list[{self.item.text(prefix, plain=plain)}]"
        return text if plain else annotated(text, self.meta)


@dataclass(frozen=True)
class Map(Type):
    """An object with any property names."""

    value: Type
    meta: tuple[tuple[str, str], ...] = ()

    def text(self, prefix: str = "", *, plain: bool = False) -> str:
        """Return the expression as Python."""
        text = f"dict[str, {self.value.text(prefix, plain=plain)}]"
        return text if plain else annotated(text, self.meta)


@dataclass(frozen=True)
class Union(Type):
    """One of several types."""

    alternatives: tuple[Type, ...]

    def text(self, prefix: str = "", *, plain: bool = False) -> str:
        """Return the expression as Python."""
        return " | ".join(dict.fromkeys(type_.text(prefix, plain=plain) for type_ in self.alternatives))

    @property
    def members(self) -> tuple[Type, ...]:
        """The alternatives."""
        return tuple(member for type_ in self.alternatives for member in type_.resolved.members)


@dataclass(frozen=True)
class Named(Type):
    """A model or alias, by its name."""

    definition: Model | Alias

    def text(self, prefix: str = "", *, plain: bool = False) -> str:
        """Return the expression as Python."""
        if plain and isinstance(self.definition, Alias):
            return self.definition.type.text(prefix, plain=True)
        return prefix + self.definition.name

    @property
    def members(self) -> tuple[Type, ...]:
        """The alternatives of what is named."""
        return self.resolved.members if isinstance(self.definition, Alias) else (self,)

    @property
    def resolved(self) -> Type:
        """The type that an alias stands for; a model is itself."""
        return self.definition.type.resolved if isinstance(self.definition, Alias) else self


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
class Field:
    """A property of a model; if the model is a body, it may be an argument of the method."""

    wire_name: str
    name: str
    type: Type
    required: bool
    description: str = ""


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

    @property
    def renamed(self) -> dict[str, str]:
        """The fields whose name on the wire is not their Python name."""
        return {field.name: field.wire_name for field in self.fields if field.name != field.wire_name}


@dataclass(eq=False)
class Alias:
    """A named schema that is not a model, which becomes a `TypeAlias`."""

    name: str
    type: Type = ANY
    description: str = ""
