"""Links that say where the next call goes: the URL stands in the response, and nobody has to build it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from generator.document.document import Document, Node
from generator.errors import SpecError
from generator.schema.types import Model, Named, Type

from .model import Operation, Source

_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_IN_BODY = re.compile(r"\$response\.body#(/.+)")


def read_source(link: Node, types: Sequence[Type]) -> Source:
    """Return where a link with `x-url` finds the URL and the parameters of the next call.

    Args:
        link: The link.
        types: The types of the response's bodies.

    Raises:
        SpecError: If they are not properties of the response's body; all but the URL itself have to be required.
    """
    type_ = types[0].resolved if types else None
    if len(types) != 1 or not isinstance(type_, Named) or not isinstance(type_.definition, Model):
        raise SpecError(link.place, "x-url needs a response with one body, an object with properties")
    model = type_.definition
    parameters: list[tuple[str, str]] = []
    for name, node in link.members("parameters"):
        location, dot, wire_name = name.rpartition(".")
        if dot and location != "path":
            raise SpecError(node.place, "beside x-url only parameters of the path are supported")
        attribute, is_sure = _attribute(model, node)
        if not is_sure:
            raise SpecError(node.place, "is no required property of the response")
        parameters.append((wire_name, attribute))
    url, is_sure = _attribute(model, link / "x-url")
    return Source(model, url, is_sure, tuple(sorted(parameters)))


def connect(operation: Operation, source: Source) -> None:
    """Let an operation take the model that says where it is called.

    Raises:
        SpecError: If another link says something else, or a parameter of the path remains open.
    """
    if operation.source not in {None, source}:
        raise SpecError(operation.place, "two links with x-url find its URL in different places; let them agree")
    wanted = sorted(one.wire_name for one in operation.at("path"))
    if wanted != [name for name, _ in source.parameters]:
        raise SpecError(operation.place, f"a link with x-url leads here, and has to give the parameters {wanted}")
    operation.source = source


def _attribute(model: Model, node: Node) -> tuple[str, bool]:
    """Return the attribute that a runtime expression means, such as `session_endpoints.commit`, and whether it is sure.

    Only the last property of the way may be missing from a response.
    """
    match = _IN_BODY.fullmatch(node.text())
    if not match:
        raise SpecError(node.place, "is not supported; only $response.body#/… is")
    names: list[str] = []
    current: Model | None = model
    is_sure = True
    for part in match[1][1:].split("/"):
        field = next((one for one in current.fields if one.wire_name == part), None) if current else None
        if field is None or not is_sure:
            raise SpecError(node.place, f"{part!r} is no property of the response, or below one that is not required")
        names.append(field.name)
        is_sure = field.required
        resolved = field.type.resolved
        definition = resolved.definition if isinstance(resolved, Named) else None
        current = definition if isinstance(definition, Model) else None
    return ".".join(names), is_sure


def api_hosts(document: Document, operations: Sequence[Operation]) -> tuple[str, ...]:
    """Return the domains that URLs of responses may lead to: `x-trusted-hosts`, or else the hosts of the servers.

    Raises:
        SpecError: If one is no domain.
    """
    named = document.root.items("x-trusted-hosts")
    for node in named:
        if not _DOMAIN.fullmatch(node.text()):
            raise SpecError(node.place, f"{node.value!r} is no domain, such as example.com")
    servers = {re.sub(r"https?://|[:/].*", "", one.server) for one in operations} - {""}
    return tuple(node.value for node in named) or tuple(sorted(servers))
