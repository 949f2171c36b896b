"""Models with passwords, which their repr does not show."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from .redaction import SECURE

__all__ = ["Discreet"]


class _Hidden:
    """Stands for a password in a repr."""

    def __repr__(self) -> str:
        return SECURE


_HIDDEN = _Hidden()


class Discreet(msgspec.Struct):
    """A model whose repr shows `[secure]` in place of its passwords."""

    # No property has such a name in Python.
    __passwords__: ClassVar[frozenset[str]] = frozenset()

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Return the names and values of the fields, as the library Rich asks for them."""
        return [(name, self._shown(name)) for name in self.__struct_fields__]

    def _shown(self, name: str) -> Any:
        value = getattr(self, name)
        return _HIDDEN if name in self.__passwords__ and value is not None and value is not msgspec.UNSET else value

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"
