"""An operation as the templates want it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from generator.overlay._runtime.shape import is_object
from generator.python.filters import python_literal, python_name
from generator.schema.types import Field, Model, Named, Scalar, Type, union


@dataclass(eq=False)
class Parameter:
    """A parameter of an operation."""

    location: str
    wire_name: str
    name: str
    type: Type
    required: bool
    explode: bool
    description: str
    is_client_option: bool
    constant: str = ""
    """Name of the constant that holds the parameter's codec."""


@dataclass(eq=False)
class Codec:
    """How a body becomes a value, or a value a body."""

    kind: str
    """`Json`, `Form`, `Text`, `Binary` or `Empty`, the classes of the runtime."""
    type: Type
    constant: str = ""

    @property
    def is_typed(self) -> bool:
        """Whether the codec takes the type of the value."""
        return self.kind in {"Json", "Form"}


@dataclass(eq=False)
class Media:
    """One media type of a body."""

    media_type: str
    codec: Codec
    example: Any = None

    @property
    def base(self) -> str:
        """The media type without parameters."""
        return self.media_type.partition(";")[0].strip()

    @property
    def condition(self) -> str:
        """Whether a response has the media type, as Python."""
        if self.base.endswith("/*"):
            return f"raw.media_type.startswith({python_literal(self.base[:-1])})"
        return f"raw.media_type == {python_literal(self.base)}"


@dataclass(eq=False)
class Body:
    """The body of a request."""

    media: list[Media]
    required: bool
    description: str
    fields: list[Field] = field(default_factory=list[Field])
    """The properties of the body, if they are arguments of their own."""

    @property
    def type(self) -> Type:
        """The type of the value, whatever the media type."""
        return union(*(one.codec.type for one in self.media))

    @property
    def is_binary(self) -> bool:
        """Whether bytes are sent as they are, in one of the media types."""
        return any(one.codec.kind == "Binary" for one in self.media)


@dataclass(frozen=True)
class Source:
    """The model that says where the next call goes.

    Attributes:
        model: The model.
        url: The attribute that holds the URL, such as `session_endpoints.commit`.
        is_sure: Whether every response has the URL.
        parameters: The attributes that hold the parameters of the path, by their names in the document.
    """

    model: Model
    url: str
    is_sure: bool
    parameters: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """Name of the argument."""
        return python_name(self.model.name)


@dataclass(eq=False)
class Link:
    """A call that a response leads to."""

    target: str
    """The operationId of the other operation, until all are read; then the name of its method."""
    description: str
    source: Source | None = None
    """Where the URL of the call is, if the response holds it."""


@dataclass(eq=False)
class Response:
    """What the server answers with one status."""

    status: str
    description: str
    media: list[Media]
    headers: list[tuple[str, str]]
    links: list[Link]

    @property
    def condition(self) -> str:
        """When the response is this one, as Python."""
        if self.status == "default":
            return "raw.status < 400"
        if self.status.endswith("XX"):
            return f"{self.status[0]}00 <= raw.status < {int(self.status[0]) + 1}00"
        return f"raw.status == {self.status}"

    @property
    def has_content(self) -> bool:
        """Whether there is a body that means something."""
        return any(one.codec.kind != "Empty" for one in self.media)

    @property
    def shown_status(self) -> str:
        """When the response is this one, for a person."""
        return "Any other status" if self.status == "default" else self.status


@dataclass(frozen=True)
class Pages:
    """How the pages of a list are gone through.

    Attributes:
        method: Name of the method that goes through them.
        item: The type of an item.
        items: The attribute of a page that holds its items.
        total: The attribute of a page that holds the number of all items.
        offset: The argument that says how many items are skipped.
    """

    method: str
    item: Type
    items: str
    total: str
    offset: str


@dataclass(eq=False)
class Operation:
    """A method of the client."""

    name: str
    method: str
    path: str
    place: str
    tag: str
    server: str
    authenticated: bool
    scopes: list[str]
    summary: str
    description: str
    documentation: str
    deprecated: bool
    parameters: list[Parameter]
    body: Body | None
    successes: list[Response]
    errors: list[Response]
    idempotent: bool | None = None
    """Whether two calls have the effect of one, or None if the method says it."""
    codecs: list[Codec] = field(default_factory=list[Codec])
    source: Source | None = None
    """Where the URL of the call is, if an earlier response holds it."""
    pages: Pages | None = None
    """How the result is gone through, if it is a page of a list."""

    @property
    def title(self) -> str:
        """What the operation does, in a sentence."""
        return self.summary or f"Call `{self.method} {self.path}`"

    def at(self, location: str) -> list[Parameter]:
        """Return the parameters of one location."""
        return [one for one in self.parameters if one.location == location]

    @property
    def responses(self) -> list[Response]:
        """All responses; `default` may be a success and an error."""
        return list(dict.fromkeys([*self.successes, *self.errors]))

    @property
    def path_parts(self) -> list[tuple[str, Parameter | None]]:
        """The path, as pairs of text and the parameter that follows it."""
        known = {one.wire_name: one for one in self.at("path")}
        pieces = re.split(r"\{([^{}]*)\}", self.path)
        names = [*(known[name] for name in pieces[1::2]), None]
        return list(zip(pieces[::2], names, strict=True))

    @property
    def positional(self) -> list[Parameter | Field]:
        """The model that says where the call goes, or else the path parameters in the order of the path."""
        if self.source:
            text = f"What an earlier call returned; the request goes to its `{self.source.url}`."
            return [
                Field(self.source.name, self.source.name, Named(self.source.model), required=True, description=text)
            ]
        found = [parameter for _, parameter in self.path_parts if parameter is not None]
        return list(dict.fromkeys(found))

    def path_argument(self, parameter: Parameter) -> str:
        """Return where the value of a path parameter is, as Python."""
        return (
            f"{self.source.name}.{dict(self.source.parameters)[parameter.wire_name]}" if self.source else parameter.name
        )

    @property
    def keywords(self) -> list[Parameter | Field]:
        """The other arguments: required ones first."""
        arguments: list[Parameter | Field] = [
            *(self.body.fields if self.body else []),
            *(one for one in self.parameters if one.location != "path" and not one.is_client_option),
        ]
        return sorted(arguments, key=lambda one: not one.required)

    @property
    def options(self) -> list[Parameter]:
        """The parameters that are settings of the client."""
        return [one for one in self.parameters if one.is_client_option]

    @property
    def result(self) -> Type:
        """The type of what a successful call returns."""
        types = [media.codec.type for response in self.successes for media in response.media]
        return union(*types) if types else Scalar("None")

    @property
    def example_call(self) -> str:
        """An exemplary call, as Python; empty if the document has no example."""
        given = self.body.media[0].example if self.body and self.body.fields else None
        if not self.body or not is_object(given):
            return ""
        named = {one.name: given[one.wire_name] for one in self.body.fields if one.wire_name in given}
        others = [one for one in self.keywords if one.required and one.name not in named]
        if others or not all(isinstance(value, (str, int, float, bool)) for value in named.values()):
            return ""
        arguments = [one.name for one in self.positional]
        arguments += [f"{name}={python_literal(value)}" for name, value in named.items()]
        return f"client.{self.name}({', '.join(arguments)})"
