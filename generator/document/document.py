"""The OpenAPI document as plain data, each value with its place, and how its references are resolved."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from generator.errors import SpecError, json_type
from generator.overlay._runtime.json_types import is_array, is_object

from .load import parse, pointer_part
from .notes import Notes
from .own_references import refer_by_place


@dataclass(frozen=True, slots=True)
class Node:
    """A value of the document with its place, a JSON pointer."""

    value: Any
    place: str
    notes: Notes = field(default_factory=lambda: Notes(strict=True), compare=False, repr=False)

    def __truediv__(self, key: str | int) -> Node:
        """Return the member `key` of this object or array.

        Raises:
            SpecError: There is none.
        """
        if isinstance(key, str) and key not in self.object():
            raise SpecError(self.place, f"lacks {key!r}")
        return Node(self.value[key], f"{self.place}/{pointer_part(str(key))}", self.notes)

    def with_value(self, value: Any, place: str | None = None) -> Node:
        """Return another value of this document, by default for the same place."""
        return Node(value, self.place if place is None else place, self.notes)

    def note(self, problem: str, meaning: str = "ignored") -> None:
        """Note what is wrong with this value.

        Raises:
            SpecError: The document is read strictly.
        """
        self.notes.add(self.place, problem, meaning)

    def get(self, key: str) -> Node | None:
        """Return the member `key` of this object, or None if it has none."""
        return self / key if key in self.object() else None

    def object(self) -> dict[str, Any]:
        """Return the value, which has to be an object."""
        if not is_object(self.value):
            raise SpecError(self.place, f"must be an object, not {json_type(self.value)}")
        return self.value

    def array(self) -> list[Any]:
        """Return the value, which has to be an array."""
        if not is_array(self.value):
            raise SpecError(self.place, f"must be an array, not {json_type(self.value)}")
        return self.value

    def text(self) -> str:
        """Return the value, which has to be a string."""
        if not isinstance(self.value, str):
            raise SpecError(self.place, f"must be a string, not {json_type(self.value)}; put it in quotes")
        return self.value

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Return the member `key` of this object, which has to be true or false if it is there."""
        value = self.object().get(key, default)
        if not isinstance(value, bool):
            problem = f"must be true or false, not {json_type(value)}"
            self.notes.add(f"{self.place}/{pointer_part(key)}", problem, f"taken as {str(default).lower()}")
            return default
        return value

    def prose(self, key: str) -> str:
        """Return the member `key` of this object as text for a reader, empty if there is none."""
        member = self.get(key) if isinstance(self.value, dict) else None
        if member is None or member.value is None:
            return ""
        if not isinstance(member.value, str):
            member.note(f"must be a string, not {json_type(member.value)}; put it in quotes")
            return ""
        return member.value.strip()

    def members(self, key: str | None = None) -> list[tuple[str, Node]]:
        """Return the names and members of this object, or of its member `key`, which may be absent."""
        if key is None:
            return [(name, self / name) for name in self.object()]
        member = self.get(key)
        return member.members() if member else []

    def items(self, key: str | None = None) -> list[Node]:
        """Return the items of this array, or of the member `key` of this object, which may be absent."""
        if key is None:
            return [self / index for index in range(len(self.array()))]
        member = self.get(key)
        if member and member.value is None:
            # YAML without a value, as in `parameters:` with all its items commented out.
            member.note("must be an array, not null", "taken as empty")
            return []
        return member.items() if member else []


class Document:
    """An OpenAPI 3.0 or 3.1 document.

    Args:
        root: The parsed document.
        name: How the document is called in messages and in the generated files.
        strict: Whether contradictions that cost no meaning are refused, rather than noted.
        tolerant: Whether the client keeps what a server sends beyond the document.
    """

    def __init__(self, root: Any, name: str, *, strict: bool = True, tolerant: bool = False) -> None:
        self.tolerant = tolerant
        self.notes = Notes(strict=strict)
        self.root = Node(root, "#", self.notes)
        self.name = name
        if not is_object(root):
            raise SpecError("", f"is {json_type(root)}, not an OpenAPI document")
        if "swagger" in root and "openapi" not in root:
            problem = "is a Swagger 2.0 document; convert it to OpenAPI 3: npx swagger2openapi old.json -o new.json"
            raise SpecError("#/swagger", problem)
        version = self._read_version()
        self.is_3_0 = version.startswith("3.0")
        self.root = self.root.with_value(
            {**root, "openapi": version, "info": self._read_info(), **self._read_components()}
        )

    def _read_version(self) -> str:
        """Return the version of OpenAPI by which the document is read."""
        version = self.root.object().get("openapi")
        match = re.fullmatch(r"3\.(\d{1,2})(\.\d+)?", str(version))
        if not match:
            raise SpecError("#/openapi", f"must be a version 3.0 or 3.1, not {version!r}")
        if not isinstance(version, str):
            problem = f"must be a string, not the number {version}; put it in quotes"
            (self.root / "openapi").note(problem, "taken as that")
        minor, patch = match.groups(default=".0")
        if minor in {"0", "1"}:
            return f"3.{minor}{patch}"
        (self.root / "openapi").note(f"must be a version 3.0 or 3.1, not {version!r}", "taken as 3.1")
        return "3.1.0"

    def _read_info(self) -> Any:
        """Return `info` with a title and a version: they only name the API, so that a document can do without them."""
        info = self.root.get("info")
        if info is None or not is_object(info.value):
            problem = "lacks 'info'" if info is None else f"must be an object, not {json_type(info.value)}"
            (info or self.root).note(problem, "taken as empty")
            info = self.root.with_value({}, "#/info")
        value = dict(info.object())
        for name, fallback in (("title", "API"), ("version", "0")):
            if name not in value:
                info.note(f"lacks {name!r}", f"taken as {fallback!r}")
                value[name] = fallback
            elif not isinstance(value[name], str):
                shown = fallback if value[name] is None or isinstance(value[name], (dict, list)) else str(value[name])
                problem = f"must be a string, not {json_type(value[name])}; put it in quotes"
                (info / name).note(problem, f"taken as {shown!r}")
                value[name] = shown
        return value

    def _read_components(self) -> dict[str, Any]:
        """Return `components` as a member of the document, with objects where all members are read, if it has any."""
        components = self.root.get("components")
        if components is None:
            return {}
        value = dict(_object_or_empty(components))
        for name in ("schemas", "securitySchemes"):
            if name in value:
                value[name] = _object_or_empty(components / name)
        if "schemas" in value:
            value["schemas"] = refer_by_place(value["schemas"])
        return {"components": value}

    @classmethod
    def load(cls, path: Path, name: str, *, strict: bool = True, tolerant: bool = False) -> Document:
        """Load a document from a YAML or JSON file.

        Raises:
            SpecError: The file cannot be read, or is not an OpenAPI document.
        """
        try:
            text = path.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise SpecError("", f"cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise SpecError("", f"is not UTF-8 (byte {error.start})") from error
        return cls(parse(text, is_json=path.suffix == ".json"), name, strict=strict, tolerant=tolerant)

    def resolve_schema(self, node: Node) -> Node:
        """Follow the `$ref` of a schema to the end; keywords beside a `$ref` are left out."""
        seen: list[str] = []
        while is_object(node.value) and "$ref" in node.value:
            target = (node / "$ref").text()
            if target in seen:
                raise SpecError(node.place, f"{' -> '.join([*seen, target])} is a reference to itself")
            seen.append(target)
            node = self.target(node)
        return node

    def resolve_component(self, node: Node) -> Node:
        """Return the parameter, response or other component, not a schema, that a `$ref` refers to.

        The summary and description beside the `$ref` replace those of the target.

        Raises:
            SpecError: Something else stands beside the `$ref`, which would be ignored.
        """
        overrides: dict[str, Any] = {}
        seen: list[str] = []
        while is_object(node.value) and "$ref" in node.value:
            if node.place in seen:
                raise SpecError(node.place, f"{' -> '.join([*seen, node.place])} is a reference to itself")
            seen.append(node.place)
            beside = {name: value for name, value in node.object().items() if name != "$ref" and name[:2] != "x-"}
            if ignored := sorted(set(beside) - {"summary", "description"}):
                node.note(f"{', '.join(ignored)} beside $ref is ignored; put it into the target")
                beside = {name: value for name, value in beside.items() if name not in ignored}
            overrides = {**({} if self.is_3_0 else beside), **overrides}
            node = self.target(node)
        return node.with_value({**node.object(), **overrides}) if overrides else node

    @cached_property
    def _anchors(self) -> dict[str, Node]:
        """The components that a reference may name by their `$anchor`."""
        found: dict[str, Node] = {}
        components = self.root.get("components")
        waiting = [components] if components else []
        while waiting:
            node = waiting.pop()
            if is_object(node.value):
                if isinstance(anchor := node.value.get("$anchor"), str):
                    found.setdefault(anchor, node)
                waiting += [member for _, member in node.members()]
            elif is_array(node.value):
                waiting += node.items()
        return found

    def target(self, node: Node) -> Node:
        """Return what the `$ref` of `node` points to, which may be another reference."""
        reference = (node / "$ref").text()
        place = f"{node.place}/$ref"
        if not reference.startswith("#"):
            raise SpecError(place, f"{reference!r} is not in this document; bundle it into one file first")
        if reference[1:] in self._anchors:
            return self._anchors[reference[1:]]
        if not reference.startswith("#/"):
            problem = f"{reference!r} is neither a JSON pointer nor an $anchor; write it as #/components/…"
            raise SpecError(place, problem)
        found = self.root
        for part in unquote(reference[2:]).split("/"):
            key = part.replace("~1", "/").replace("~0", "~")
            value = found.value
            if is_object(value) and key in value:
                found = found / key
            elif is_array(value) and key.isdecimal() and len(key) < 9 and int(key) < len(value):
                found = found / int(key)
            else:
                raise SpecError(place, f"{reference!r} does not exist")
        return found


def _object_or_empty(node: Node) -> dict[str, Any]:
    if is_object(node.value):
        return node.value
    node.note(f"must be an object, not {json_type(node.value)}", "taken as empty")
    return {}
