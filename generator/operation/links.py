"""Links with `x-url`: a response holds the URL of the next call, so the client need not build it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from generator.document.document import Node
from generator.errors import SpecError
from generator.schema.types import Field, Model, Named, Scalar, Type

from .model import USED_IN_METHODS, Operation, UrlSource

_IN_BODY = re.compile(r"\$response\.body#(/.+)")


def read_url_source(link: Node, types: Sequence[Type]) -> UrlSource:
    """Return where a link with `x-url` finds the URL and the path parameters of the next call.

    Args:
        link: The link.
        types: The types of the response's bodies.

    Raises:
        SpecError: They are not properties of the response's body, or one other than the URL is not required.
    """
    type_ = types[0].resolved if types else None
    if len(types) != 1 or not isinstance(type_, Named) or not isinstance(type_.definition, Model):
        raise SpecError(link.place, "x-url needs a response with one body, an object with properties")
    model = type_.definition
    url, has_always = _find_attribute(model, link / "x-url")
    if link.flag("x-optional"):
        return UrlSource(model, url, has_always, (), is_optional=True)
    parameters: list[tuple[str, str]] = []
    for name, node in link.members("parameters"):
        location, dot, wire_name = name.rpartition(".")
        if dot and location != "path":
            raise SpecError(node.place, "beside x-url only parameters of the path are supported")
        attribute, is_required = _find_attribute(model, node)
        if not is_required:
            raise SpecError(node.place, "is not a required property of the response")
        parameters.append((wire_name, attribute))
    return UrlSource(model, url, has_always, tuple(sorted(parameters)))


def connect_link(operation: Operation, url_source: UrlSource) -> None:
    """Make the method of an operation take the model that holds its URL instead of the path parameters; or a URL.

    Raises:
        SpecError: Another link finds the URL elsewhere, or the link does not give each path parameter.
    """
    argument = _url_argument(operation, url_source) if url_source.is_optional else None
    source = None if argument else url_source
    is_other = operation.url_argument and (argument is None or argument.name != operation.url_argument.name)
    if is_other or operation.url_source not in {None, source}:
        raise SpecError(operation.place, "two links with x-url find its URL in different properties; use the same one")
    expected = sorted(parameter.wire_name for parameter in operation.parameters_in("path"))
    if source and expected != [name for name, _ in source.parameters]:
        raise SpecError(operation.place, f"a link with x-url leads here; it must give the parameters {expected}")
    operation.url_source, operation.url_argument = source, argument


def _url_argument(operation: Operation, url_source: UrlSource) -> Field:
    """Return the optional argument for the URL, called like the property that holds it.

    Raises:
        SpecError: Another argument has the name.
    """
    name = url_source.url.rpartition(".")[2]
    others = [argument for argument in operation.keyword_arguments if argument is not operation.url_argument]
    if name in USED_IN_METHODS | {argument.name for argument in (*operation.positional_arguments, *others)}:
        problem = f"its argument {name!r} has the name of the URL that a link gives; rename one of them"
        raise SpecError(operation.place, problem)
    text = f"URL in place of the usual one, as in `{url_source.model.name}.{name}`."
    return Field(name, name, Scalar("str"), required=False, description=text)


def _find_attribute(model: Model, node: Node) -> tuple[str, bool]:
    """Return the attribute that a runtime expression means, such as `session_endpoints.commit`.

    The flag says whether every response has it: only the last property of the path may be optional.
    """
    match = _IN_BODY.fullmatch(node.text())
    if not match:
        raise SpecError(node.place, "is not supported; only $response.body#/… is")
    names: list[str] = []
    current: Model | None = model
    is_required = True
    for part in match[1][1:].split("/"):
        field = next((field for field in current.fields if field.wire_name == part), None) if current else None
        if field is None or not is_required:
            raise SpecError(node.place, f"{part!r} is not a property of the response, or is inside an optional one")
        names.append(field.name)
        is_required = field.required
        resolved = field.type.resolved
        definition = resolved.definition if isinstance(resolved, Named) else None
        current = definition if isinstance(definition, Model) else None
    return ".".join(names), is_required
