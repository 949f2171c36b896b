"""What a schema becomes in Python: type expressions, and the definitions that they refer to.

Templates ask a type for its text in one of two forms: with its constraints (`Annotated[str, Meta(...)]`), as decoders
and validators need it, or plain (`str`), as a reader of a signature wants it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from generator.python.filters import python_literal


@dataclass(frozen=True)
class Type:
    """A type expression."""

    def text(self, prefix: str = "", *, plain: bool = False) -> str:
        """Return the expression as Python.

        Args:
            prefix: What stands before the names of definitions, such as `models.`.
            plain: Whether constraints are left out and names of scalars resolved.
        """
        raise NotImplementedError

    @property
    def members(self) -> tuple[Type, ...]:
        """The alternatives, if this is a union."""
        return (self,)

    @property
    def resolved(self) -> Type:
        """The type itself, where this is the name of another type."""
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
    """An object whose names are not known beforehand."""

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
        return " | ".join(dict.fromkeys(one.text(prefix, plain=plain) for one in self.alternatives))

    @property
    def members(self) -> tuple[Type, ...]:
        """The alternatives."""
        return tuple(member for one in self.alternatives for member in one.resolved.members)


@dataclass(frozen=True)
class Named(Type):
    """A definition in the models module, by its name."""

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
        """What is named, unless it is a model."""
        return self.definition.type.resolved if isinstance(self.definition, Alias) else self


NONE = Scalar("None")
ANY = Scalar("Any")


def union(*types: Type) -> Type:
    """Return the union of the types: flat, without duplicates, `None` last; anything and something is anything."""
    flat: list[Type] = []
    for one in types:
        flat.extend(one.alternatives if isinstance(one, Union) else [one])
    different = [*dict.fromkeys(one for one in flat if one != NONE), *([NONE] if NONE in flat else [])]
    if ANY in different:
        return ANY
    return different[0] if len(different) == 1 else Union(tuple(different))


def annotated(text: str, meta: tuple[tuple[str, str], ...]) -> str:
    """Return the type with its constraints."""
    return f"Annotated[{text}, Meta({', '.join(f'{name}={value}' for name, value in meta)})]" if meta else text


@dataclass(eq=False)
class Field:
    """A property of a model, or a property of a body that is an argument of its own."""

    wire_name: str
    name: str
    type: Type
    required: bool
    description: str = ""


@dataclass(eq=False)
class Model:
    """An object with known properties, which becomes a `msgspec.Struct`."""

    name: str
    place: str
    description: str = ""
    fields: list[Field] = field(default_factory=list[Field])
    forbids_unknown_fields: bool = False
    tag_field: str | None = None
    tag: str | int | None = None
    tag_name: str | None = None
    """Python name of the property that tells this model from the others of a union."""
    tag_description: str = ""

    @property
    def renamed(self) -> dict[str, str]:
        """The fields whose Python name is not the one on the wire."""
        return {one.name: one.wire_name for one in self.fields if one.name != one.wire_name}


@dataclass(eq=False)
class Alias:
    """A named schema that is no object with properties."""

    name: str
    type: Type = ANY
    description: str = ""
