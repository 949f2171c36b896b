"""Components that are forms and nothing else: a file in one is a part of the form, and no JSON."""

from __future__ import annotations

import re
from typing import Any

from generator.document.document import Document
from generator.overlay._runtime.json_types import is_array, is_object

_FORM = "multipart/form-data"
_PART = re.compile(r"/(properties/[^/]+|additionalProperties)(/items|/(allOf|anyOf|oneOf)/\d+)*\Z")


class Forms:
    """The components that are the schema of a form, and that nothing else refers to.

    Args:
        document: The document.
    """

    def __init__(self, document: Document) -> None:
        forms: set[str] = set()
        others: set[str] = set()
        waiting: list[tuple[Any, bool]] = [(document.root.value, False)]
        while waiting:
            value, is_form = waiting.pop()
            if is_array(value):
                waiting += [(item, is_form) for item in value]
            elif is_object(value):
                if isinstance(target := value.get("$ref"), str):
                    (forms if is_form else others).add(target)
                waiting += [
                    (member, name == _FORM or (is_form and name in {"schema", "allOf"}))
                    for name, member in value.items()
                ]
        self._places = forms - others

    def has_part(self, place: str) -> bool:
        """Return whether a schema is that of a part of one of them, or of the items of such a part."""
        return any(place.startswith(form) and _PART.match(place, len(form)) for form in self._places)
