"""The names of classes: each once, and none that hides what the models module uses itself."""

from __future__ import annotations

from generator.python.naming import class_name, numbered_name

from .types import INTEGERS

# A field with such a name would hide it from the annotations below it.
_USED_IN_MODELS = frozenset({"str", "int", "float", "bool", "list", "dict", "bytes", "datetime"})
_CLASSES_IN_MODELS = frozenset(
    {
        *INTEGERS.values(),
        "Annotated",
        "ByPosition",
        "Discreet",
        "Any",
        "ClassVar",
        "FORMAT_PATTERNS",
        "Final",
        "Literal",
        "Meta",
        "OnlyFalse",
        "OnlyTrue",
        "Open",
        "Struct",
        "TYPE_CHECKING",
        "Unique",
        "TypeAlias",
        "UNSET",
        "UUID",
        "UnsetType",
        "union_type",
    }
)


class ClassNames:
    """The names of the classes of the models module."""

    def __init__(self) -> None:
        self._taken: set[str] = set(_CLASSES_IN_MODELS)
        # What has the schema at a place, as a class name.
        self._owners: dict[str, str] = {}

    @property
    def no_fields(self) -> set[str]:
        """The names that a field must not have."""
        return {*_USED_IN_MODELS, *self._taken}

    def set_owner(self, place: str, owner: str) -> None:
        """Say what has the schema at a place, as a class name."""
        self._owners[place] = owner

    def add(self, text: str, place: str) -> str:
        """Return the class name of what stands at a place; if it is taken, its owner is said, or a number at last."""
        name = class_name(text, taken=_CLASSES_IN_MODELS)
        if name in self._taken:
            name = numbered_name(f"{self._owner(place)}{name}", self._taken)
        self._taken.add(name)
        return name

    def _owner(self, place: str) -> str:
        """Return what has the schema around a place, empty if nothing is known to have it."""
        while place and place not in self._owners:
            place = place.rpartition("/")[0]
        return self._owners.get(place, "")
