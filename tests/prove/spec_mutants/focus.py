"""Which tests are likely to detect a mutant: those of the operations and messages that its place belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.prove.spec_mutants.sites import METHODS, Keys

REQUEST = "request"
# More add nothing to a brief run: a shared schema is the same in each operation.
_MOST_LABELS = 2

# Quick tests of what belongs to no operation.
_ALWAYS = (
    *("test_a_whole_upload", "test_links_lead", "TestWhoMayCall", "whatever_the_fragment_says", "are_listed_from"),
    *("of_an_open_set", "test_requests_go_to", "at_a_trusted_host"),
)

Message = tuple[str, str]
"""An operationId, and a status or `request`."""


class Messages:
    """The messages of a document, and which components each of them is made of."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._labels: dict[str, str] = {}
        self._paths: dict[str, list[str]] = {}
        self._parts: dict[Message, frozenset[Keys]] = {}
        for path, item in document["paths"].items():
            for method in filter(item.__contains__, METHODS):
                name = item[method]["operationId"]
                self._labels[name] = f"{method.upper()} {path}"
                self._paths.setdefault(path, []).append(name)
                request = [*item.get("parameters", []), {**item[method], "responses": {}}]
                self._parts[name, REQUEST] = frozenset(self._components(request, ()))
                for status, response in item[method]["responses"].items():
                    # Where links lead is no part of the answer.
                    self._parts[name, status] = frozenset(self._components(response, ()))

    def touched(self, keys: Keys) -> list[Message]:
        """Return the messages that what stands at the end of a way belongs to."""
        if keys[0] == "components" and keys[1] != "securitySchemes":
            return [message for message, parts in self._parts.items() if keys[1:3] in parts]
        if keys[0] != "paths" or len(keys) < 2:
            return list(self._parts)
        path, *rest = (str(key) for key in keys[1:])
        names = self._paths[path]
        if rest and rest[0] in METHODS:
            names = [self._document["paths"][path][rest[0]]["operationId"]]
            rest = rest[1:]
        messages = [message for message in self._parts if message[0] in names]
        if rest[:1] == ["responses"] and len(rest) > 1:
            return [message for message in messages if message[1] == rest[1]]
        if rest[:1] and rest[0] in {"parameters", "requestBody"}:
            return [message for message in messages if message[1] == REQUEST]
        return messages

    def focus(self, keys: Keys, mutant: dict[str, Any]) -> tuple[str, ...]:
        """Return parts of the ids of tests that look at what stands at the end of a way."""
        touched = self.touched(keys)
        names = list(dict.fromkeys(name for name, _ in touched))
        requested = [name for name, part in touched if part == REQUEST]
        answered = [(name, part) for name, part in touched if part != REQUEST]
        # Successes first: what is refused is mostly refused in the same way everywhere.
        chosen = requested or [name for name, status in sorted(answered, key=lambda message: message[1])]
        parts = [f"[{self._labels[name]}]" for name in list(dict.fromkeys(chosen))[:_MOST_LABELS]]
        parts += [f"[{label}]" for label in _labels(mutant) if label not in self._labels.values()]
        parts += [f"[POST /{name}]" for name in dict.fromkeys(self._schemas(answered))]
        parts += [f"{name}-{status}" for name, status in answered]
        parts += names if requested or len(names) <= _MOST_LABELS else []
        parts += ["that_leads_elsewhere"] if keys[0] == "x-trusted-hosts" else []
        parts += ["request_id"] if keys[0] == "x-request-id-headers" else []
        return tuple(dict.fromkeys([*parts, *_ALWAYS]))

    def _schemas(self, messages: list[Message]) -> Iterator[str]:
        """Yield the names of the schemas that whole answers have."""
        for name, status in messages:
            method, path = self._labels[name].split(" ")
            response = self._target(self._document["paths"][path][method.lower()]["responses"][status])
            for media in response.get("content", {}).values():
                # The bytes of a download have none of their own.
                if "$ref" in media["schema"]:
                    yield media["schema"]["$ref"].rpartition("/")[2]

    def _components(self, node: Any, seen: Keys) -> Iterator[Keys]:
        """Yield the folders and names of all components that a node needs, directly or not."""
        if isinstance(node, list):
            for inner in node:
                yield from self._components(inner, seen)
        elif isinstance(node, dict):
            for key, value in node.items():
                if key != "$ref":
                    yield from self._components(value, seen)
                elif value not in seen:
                    yield tuple(value.split("/")[2:4])
                    yield from self._components(self._target(node), (*seen, value))

    def _target(self, node: dict[str, Any]) -> Any:
        target: Any = node
        if "$ref" in node:
            target = self._document
            for part in node["$ref"].split("/")[1:]:
                target = target[part]
        return target


def _labels(document: Mapping[str, Any]) -> Iterator[str]:
    for path, item in document["paths"].items():
        yield from (f"{method.upper()} {path}" for method in METHODS if method in item)
