"""Streams of items in responses: server-sent events, and JSON values that have a line each."""

from __future__ import annotations

from typing import Any

from generator.document.document import Document, Node
from generator.errors import SpecError
from generator.overlay._runtime.json_lines import LINE_TYPES
from generator.overlay._runtime.json_types import is_object
from generator.schema.all_of import flatten
from generator.schema.schemas import SchemaReader
from generator.schema.types import ANY, Scalar

from .media_types import bare, is_watch
from .model import EVENTS, Codec

_EVENT_FIELDS = frozenset({"data", "event", "id", "retry"})


class StreamReader:
    """Reads the streams of a document.

    Args:
        document: The document.
        schemas: Reader of their types.
    """

    def __init__(self, document: Document, schemas: SchemaReader) -> None:
        self._document = document
        self._schemas = schemas

    def read_item(self, node: Node, media_type: str, hint: str) -> Codec | None:
        """Return how an item of a body is decoded, None if the body is no stream of items.

        The type is that of `x-event`, `itemSchema` (OpenAPI 3.2), or else the schema.
        """
        is_events = bare(media_type) == EVENTS
        if not is_events and not self._is_lines(node, media_type):
            return None
        item = self._item_data(node, media_type) if is_events else node.get("itemSchema")
        schema = node.get("x-event") or item or self._schema_of_one(node, media_type)
        if is_events and (schema is None or self._is_text(schema)):
            return Codec("Text", Scalar("str"))
        if schema is None:
            return Codec("Json", ANY)
        type_ = self._schemas.type_of(schema, f"{hint}{'Event' if is_events else 'Line'}", is_sent=False)
        return Codec("Json", type_, tolerant=self._document.tolerant)

    def _is_lines(self, node: Node, media_type: str) -> bool:
        """Return whether a body is a stream of JSON values, one for each line."""
        if bare(media_type) not in LINE_TYPES and not is_watch(media_type):
            return False
        schema = node.get("schema")
        # A string is the whole: a file to be stored, say.
        return schema is None or "itemSchema" in node.object() or self._keywords(schema).get("type") != "string"

    def _keywords(self, schema: Node) -> dict[str, Any]:
        """Return the keywords of a schema, none if it is no object or cannot be read, which reading its type notes."""
        try:
            flat = flatten(self._document, schema)
        except SpecError:
            return {}
        return flat.object() if is_object(flat.value) else {}

    def _schema_of_one(self, node: Node, media_type: str) -> Node | None:
        """Return the schema of an item as the schema of a stream has it; None if that says nothing of one."""
        schema = node.get("schema")
        keywords = self._keywords(schema) if schema else {}
        if schema and keywords.get("type") == "array":
            # An array stands for the items one after the other.
            return flatten(self._document, schema).get("items")
        properties = keywords.get("properties")
        if schema and is_watch(media_type) and is_object(properties) and "items" in properties:
            listed = flatten(self._document, schema) / "properties" / "items"
            # Kubernetes names the whole list here, and sends what happens to its items.
            return None if self._keywords(listed).get("type") == "array" else schema
        return schema

    def _item_data(self, node: Node, media_type: str) -> Node | None:
        """Return the schema of the data within `itemSchema`, which describes an event with its fields.

        Without that, it is the schema that may do so; None if it does not.
        """
        item = node.get("itemSchema")
        if item is None:
            item = self._schema_of_one(node, media_type)
            if item is None or not all(self._is_envelope(event) for event in self._events(item)):
                return None
        found = [self._data(event) for event in self._events(item)]
        data = [schema for schema in found if schema is not None]
        if len(data) < len(found) or not data:
            return item
        return data[0] if len(data) == 1 else item.with_value({"anyOf": [schema.value for schema in data]})

    def _events(self, item: Node) -> list[Node]:
        """Return the schemas of the events that there may be."""
        resolved = self._document.resolve_schema(item)
        if not isinstance(resolved.value, dict):
            return [item]
        return [*resolved.items("oneOf"), *resolved.items("anyOf")] or [item]

    def _is_envelope(self, event: Node) -> bool:
        """Return whether a schema describes an event with its fields rather than its data."""
        properties = self._keywords(event).get("properties")
        return is_object(properties) and {"data", "event"} <= properties.keys() <= _EVENT_FIELDS

    def _data(self, event: Node) -> Node | None:
        """Return the schema of the data of an event."""
        flat = flatten(self._document, event)
        data = dict(flat.members("properties")).get("data") if is_object(flat.value) else None
        if data is None:
            return None
        target = self._document.resolve_schema(data)
        return (target.get("contentSchema") if isinstance(target.value, dict) else None) or data

    def _is_text(self, schema: Node) -> bool:
        """Return whether a schema is one of strings, or says nothing."""
        flat = flatten(self._document, schema)
        return flat.value is True or (
            is_object(flat.value) and (not flat.object() or flat.object().get("type") == "string")
        )
