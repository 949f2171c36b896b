"""Every example in a document decodes: those of properties as their fields, those of responses whole."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, get_type_hints

from generator.document.document import Node

from .subject import Subject


@dataclass
class Tally:
    """How many things were tried, and what became of those that failed."""

    tried: int = 0
    failures: list[str] = field(default_factory=list[str])

    def add(self, name: str, error: object) -> None:
        """Count a thing, which failed unless the error is None."""
        self.tried += 1
        if error is not None:
            self.failures.append(f"{name}: {error}"[:300])


def property_examples(subject: Subject) -> Tally:
    """Read each example of a property of a component as the field that it is of."""
    tally, convert = Tally(), subject.runtime("tolerance").convert_tolerantly
    by_place = {model.place: model for model in subject.schemas.models}
    components = subject.document.root.get("components")
    for name, schema in components.members("schemas") if components else []:
        model = by_place.get(schema.place)
        if model is None:
            continue
        hints = get_type_hints(getattr(subject.models, model.name), include_extras=True)
        fields = {found.wire_name: found.name for found in model.fields}
        for wire_name, member in _properties(subject, schema):
            if "example" in member.object() and wire_name in fields:
                tally.add(
                    f"{name}.{wire_name}", _failure(convert, member.object()["example"], hints[fields[wire_name]])
                )
    return tally


def _properties(subject: Subject, schema: Node) -> list[tuple[str, Node]]:
    found = [(name, member) for name, member in schema.members("properties") if isinstance(member.value, dict)]
    for part in schema.items("allOf"):
        if "$ref" not in part.object():
            found += _properties(subject, part)
    return found


def response_examples(subject: Subject) -> Tally:
    """Read each example of a whole successful response."""
    tally, messages = Tally(), subject.runtime("messages")
    for operation in subject.operations:
        read = subject.module(operation).read_response
        for status, declared in (subject.node(operation) / "responses").members():
            response = subject.document.resolve_component(declared)
            for media_type, media in response.members("content") if status.startswith("2") else []:
                for example in _examples(subject, media):
                    headers = messages.Headers([("content-type", media_type.replace("*/*", "application/json"))])
                    code = int(status.replace("XX", "00").replace("xx", "00"))
                    raw = messages.RawResponse(operation.full_name, "GET", code, headers, json.dumps(example).encode())
                    tally.add(operation.full_name, _failure(read, raw))
    return tally


def _examples(subject: Subject, media: Node) -> list[Any]:
    if "example" in media.object():
        return [media.object()["example"]]
    found = [subject.document.resolve_component(example) for _, example in media.members("examples")]
    return [example.object()["value"] for example in found if "value" in example.object()]


def _failure(call: Any, *arguments: Any) -> Exception | None:
    try:
        call(*arguments)
    except Exception as error:  # noqa: BLE001  # all of them are counted
        return error
    return None
