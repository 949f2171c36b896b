"""The OpenAPI document as plain data: loading, places, references."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError, YAMLError

_TYPE_NAMES = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", int: "a number", type(None): "null"}

class SpecError(Exception):
    """Something in the document that cannot be generated.

    Args:
        place: JSON pointer into the document, such as `#/components/schemas/Pet`; empty for the whole document.
        problem: What is wrong there and how to mend it, in one line.
    """

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place}: {problem}" if place else problem)
        self.place = place
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Node:
    """A value of the document and its place."""

    value: Any
    place: str

    def __truediv__(self, key: str | int) -> Node:
        """Return the member `key` of this object or array."""
        return Node(self.value[key], f"{self.place}/{_escaped(str(key))}")

    def get(self, key: str) -> Node | None:
        """Return the member `key` of this object, or None if it has none."""
        return self / key if key in self.object() else None

    def object(self) -> dict[str, Any]:
        """Return the value, which has to be an object."""
        if not isinstance(self.value, dict):
            raise SpecError(self.place, f"must be an object, not {_described(self.value)}")
        return cast("dict[str, Any]", self.value)

    def array(self) -> list[Any]:
        """Return the value, which has to be an array."""
        if not isinstance(self.value, list):
            raise SpecError(self.place, f"must be an array, not {_described(self.value)}")
        return cast("list[Any]", self.value)

    def text(self) -> str:
        """Return the value, which has to be a string."""
        if not isinstance(self.value, str):
            raise SpecError(self.place, f"must be a string, not {_described(self.value)}; put it in quotes")
        return self.value

    def members(self) -> list[tuple[str, Node]]:
        """Return the names and members of this object."""
        return [(name, self / name) for name in self.object()]

    def items(self) -> list[Node]:
        """Return the items of this array."""
        return [self / index for index in range(len(self.array()))]


class Document:
    """An OpenAPI 3.0 or 3.1 document.

    Args:
        root: The parsed document.
        source: What the document is called in messages and in the headers of the generated files.
    """

    def __init__(self, root: Any, source: str) -> None:
        self.root = Node(root, "#")
        self.source = source
        if not isinstance(root, dict):
            raise SpecError("", f"is {_described(root)}, not an OpenAPI document")
        version = cast("dict[str, Any]", root).get("openapi")
        match = re.match(r"3\.([01])(\.\d+)?\Z", version) if isinstance(version, str) else None
        if not match:
            raise SpecError("#/openapi", f"must be a version 3.0 or 3.1, not {version!r}")
        self.is_3_0 = match[1] == "0"

    @classmethod
    def load(cls, path: Path, source: str) -> Document:
        """Load a document from a YAML or JSON file.

        Raises:
            SpecError: If the file cannot be read or is no OpenAPI document.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise SpecError("", f"cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise SpecError("", f"is not UTF-8 (byte {error.start})") from error
        return cls(parse(text, is_json=path.suffix == ".json"), source)

    def resolve(self, node: Node) -> Node:
        """Follow `$ref` until something else than a reference is found."""
        seen: list[str] = []
        while isinstance(node.value, Mapping) and "$ref" in node.value:
            target = (node / "$ref").text()
            if target in seen:
                raise SpecError(node.place, f"{' -> '.join([*seen, target])} is a reference to itself")
            seen.append(target)
            node = self.target(node)
        return node

    def target(self, node: Node) -> Node:
        """Return what the `$ref` of `node` points to."""
        reference = (node / "$ref").text()
        if not reference.startswith("#/"):
            raise SpecError(f"{node.place}/$ref", f"{reference!r} is not in this document; bundle it into one file first")
        found = self.root
        for part in reference[2:].split("/"):
            key = part.replace("~1", "/").replace("~0", "~")
            value = found.value
            if isinstance(value, dict) and key in value:
                found = found / key
            elif isinstance(value, list) and key.isdecimal() and int(key) < len(cast("list[Any]", value)):
                found = found / int(key)
            else:
                raise SpecError(f"{node.place}/$ref", f"{reference!r} does not exist")
        return found


def parse(text: str, *, is_json: bool = False) -> Any:
    """Parse YAML 1.2 or JSON; dates stay strings, as they do in JSON.

    Raises:
        SpecError: If the text is neither.
    """
    if is_json:
        try:
            return json.loads(text)
        except ValueError as error:
            raise SpecError("", f"is not JSON: {error}") from error
    loader = YAML(typ="safe", pure=True)
    loader.Constructor = _StringDates
    try:
        return _with_text_keys(loader.load(text))
    except MarkedYAMLError as error:
        where = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise SpecError("", f"is not YAML: {error.problem or error.context}{where}") from error
    except YAMLError as error:
        raise SpecError("", f"is not YAML: {' '.join(str(error).split())}") from error


class _StringDates(SafeConstructor):
    """Keeps timestamps as the strings that they are in JSON."""


_StringDates.add_constructor("tag:yaml.org,2002:timestamp", SafeConstructor.construct_yaml_str)


def _with_text_keys(value: Any) -> Any:
    """Turn keys such as the status `200:` into the strings that they are in JSON."""
    if isinstance(value, dict):
        return {str(key): _with_text_keys(member) for key, member in cast("dict[Any, Any]", value).items()}
    if isinstance(value, list):
        return [_with_text_keys(item) for item in cast("list[Any]", value)]
    return value


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _described(value: Any) -> str:
    return _TYPE_NAMES.get(type(value), type(value).__name__)
