"""Operations as the templates need them: parameters, bodies, responses, and the arguments of the method."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from generator.overlay._runtime.json_types import is_object
from generator.python.literals import python_literal
from generator.python.naming import free_name, python_name
from generator.schema.descriptions import default_note, join_sentences
from generator.schema.types import NONE, Field, Model, Named, Scalar, Truth, Type, is_secret, union

from .examples import example_value

# Names that the rendered methods, clients and modules use themselves.
USED_IN_METHODS = frozenset({"self", "api", "models", "request", "response"})
EVENTS = "text/event-stream"
_JSON = "application/json"
_SWITCHES = {"body": frozenset({"stream"}), "query": frozenset({"stream", "watch"})}
_RANGES = frozenset({"*/*", "application/*"})
_FORMATS = frozenset({"format", "_format", "$format", "alt", "output", "output_format", "response_format", "type"})
_BOOL = Scalar("bool")
_MAX_EXAMPLE = 104
"""Length up to which an example stands on one line of a docstring."""


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
    default: str = ""
    """What is sent if the argument is not given, as Python; empty if that is nothing."""
    style: str = "form"
    """How an array or object is written in a query."""
    least: object = None
    """The smallest number that it may be, or else the one that the server takes; None if nothing says so."""
    server_default: object = None
    """What the server takes if it is absent, as the document says."""
    kind: str = "Parameter"
    """Class of the runtime: `Parameter`, or `ApiKey` or `BasicAuth` for a credential."""
    constant: str = ""
    """Name of the constant that holds the parameter's codec."""


def may_choose_format(parameters: Iterable[Parameter]) -> bool:
    """Return whether a caller may ask for something else than JSON by one of some parameters."""
    return any(parameter.wire_name.lower() in _FORMATS for parameter in parameters)


@dataclass(eq=False)
class FormField:
    """A property of a form with files.

    Attributes:
        field: The property as an argument of the method.
        type: Its type, None for a file.
        media_type: Media type of its part; empty for a text without one.
        is_json: Whether that text is JSON.
        is_list: Whether it may be a list of files.
        is_nullable: Whether a file may be None.
        style: How it is written, if not as a part for each item: `deepObject` as names with keys, such as
            `metadata[size]`, or `form`, `spaceDelimited` or `pipeDelimited` for what joins the items.
        is_rest: Whether it stands for all that is not declared: its value has a part for each name.
    """

    field: Field
    type: Type | None
    media_type: str = ""
    is_json: bool = False
    is_list: bool = False
    is_nullable: bool = False
    style: str = ""
    is_rest: bool = False


@dataclass(eq=False)
class Codec:
    """How a body is encoded or decoded."""

    kind: str
    """Class of the runtime: `Json`, `Form`, `Multipart`, `Text`, `Binary`, `Location` or `Empty`."""
    type: Type
    constant: str = ""
    tolerant: bool = False
    """Whether it keeps what a server sends beyond its type."""
    form: list[FormField] = field(default_factory=list[FormField])
    """The properties of a form with files."""
    styles: tuple[tuple[str, str], ...] = ()
    """Properties of an urlencoded form, each with how it is written: a style as of `FormField`, or `json`."""

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
    item: Codec | None = None
    """How an item is decoded, if it is a stream: the data of an event, or a line of JSON."""

    @property
    def is_events(self) -> bool:
        """Whether it is a stream of events."""
        return self.item is not None and self.base == EVENTS

    @property
    def base(self) -> str:
        """The media type without parameters."""
        return self.media_type.partition(";")[0].strip()

    @property
    def condition(self) -> str:
        """Python expression: whether a response has the media type."""
        if self.base.endswith("/*"):
            return f"raw.media_type.startswith({python_literal(self.base[:-1])})"
        return f"raw.media_type == {python_literal(self.base)}"


@dataclass(eq=False)
class Body:
    """The body of a request."""

    media: list[Media]
    required: bool
    description: str
    model: Model | None = None
    """The model of the value, if each property that is sent is an argument of the method."""
    taken: frozenset[str] = frozenset()
    """Names that these arguments cannot have."""

    @property
    def type(self) -> Type:
        """The type of the value, whatever the media type."""
        return union(*(media.codec.type for media in self.media))

    @property
    def fields(self) -> list[Field]:
        """The properties that are sent, if each of them is an argument of the method."""
        if form := self.media[0].codec.form:
            return [part.field for part in form]
        fields = self.model.fields if self.model else []
        return [replace(field, required=field.is_needed) for field in fields if not field.is_read_only]

    @property
    def arguments(self) -> list[Field]:
        """The properties as arguments of the method: one whose name is taken is called `id_` rather than `id`."""
        taken = {*self.taken, *(field.name for field in self.fields)}
        found: list[Field] = []
        for declared in self.fields:
            name = free_name(declared.name, taken) if declared.name in self.taken else declared.name
            taken.add(name)
            described = declared.argument_description or declared.description
            found.append(replace(declared, name=name, description=described))
        return found

    @property
    def attributes(self) -> list[tuple[str, str]]:
        """The attributes of the body's model, each with the argument that is its value."""
        return [(field.name, argument.name) for field, argument in zip(self.fields, self.arguments, strict=True)]

    @property
    def may_be_absent(self) -> bool:
        """Whether no body is sent if no argument is given: it is optional, and has no required property."""
        return not self.required and not any(field.required for field in self.fields)

    @property
    def is_binary(self) -> bool:
        """Whether bytes are sent as they are, in one of the media types."""
        return any(media.codec.kind == "Binary" for media in self.media)


@dataclass(frozen=True)
class UrlSource:
    """The model of an earlier response that holds the URL of a call.

    Attributes:
        model: The model.
        url: The attribute with the URL, such as `session_endpoints.commit`.
        is_required: Whether every response has the URL.
        parameters: Names of the path parameters in the document, each with the attribute that holds its value.
        is_optional: Whether the call is also made without it.
    """

    model: Model
    url: str
    is_required: bool
    parameters: tuple[tuple[str, str], ...]
    is_optional: bool = False

    @property
    def name(self) -> str:
        """Name of the method's argument."""
        return python_name(self.model.name)


@dataclass(eq=False)
class Link:
    """A next call that a response names."""

    target: str
    """The operationId of the next call; the name of its method once all operations are read."""
    description: str
    url_source: UrlSource | None = None
    """Where the URL of the next call is, if the response holds it."""


@dataclass(eq=False)
class Response:
    """What the server answers with one status."""

    status: str
    description: str
    media: list[Media]
    headers: list[tuple[str, str]]
    links: list[Link]
    streams: list[Media] = field(default_factory=list[Media])
    """The media types that are streams of items."""
    takes_any_success: bool = False
    """Whether a 2XX that the document does not name is read as this one."""
    may_be_empty: bool = False
    """Whether a body without a byte, which is no JSON, is read as None."""

    @property
    def condition(self) -> str:
        """Python expression: whether a response has this status."""
        if self.takes_any_success:
            return "200 <= raw.status < 300"
        if self.status == "default":
            return "raw.status < 400"
        if self.status.endswith("XX"):
            return f"{self.status[0]}00 <= raw.status < {int(self.status[0]) + 1}00"
        return f"raw.status == {self.status}"

    @property
    def asked_for(self) -> list[str]:
        """The media types that a call asks for: JSON if the response may be that, else all that it may be."""
        found = [media.base for media in self.media if media.codec.kind not in {"Empty", "Location"}]
        is_json = any(media.codec.kind == "Json" and media.base in {_JSON, *_RANGES} for media in self.media)
        return [_JSON] if is_json else found

    @property
    def has_content(self) -> bool:
        """Whether the response has a body."""
        return any(media.codec.kind != "Empty" for media in self.media)

    @property
    def shown_status(self) -> str:
        """The status in a docstring."""
        return "Any other status" if self.status == "default" else self.status


@dataclass(frozen=True)
class Way:
    """How the next page is asked for.

    Attributes:
        argument: The argument that says which page is asked for.
        pager: Class of the runtime that says what it is for the next page: `Pager`, `MarkerPager`, `LinkPager` or
            `NumberPager`.
        state: The pager's attribute with the value of the argument.
        following: Python expression of what the page says of the next one, or of the number of all items; empty if it
            says nothing.
        marker: Python type of what names the next page for a `MarkerPager`.
        first: The number of the first page.
        url: The argument, if it is the URL of the page and no parameter.
    """

    argument: str
    pager: str
    state: str
    following: str = ""
    marker: str = ""
    first: int = 1
    url: Field | None = None

    @property
    def reads_header(self) -> bool:
        """Whether a header field of the response names the next page."""
        return "_page.headers" in self.following


@dataclass(frozen=True)
class Pagination:
    """How to iterate over the items of all pages.

    Attributes:
        method: Name of the method that iterates.
        item: The type of an item.
        items: Python expression of the items of a page.
        way: How the next page is asked for.
        others: Python types of what the operation may return although a call asks for JSON.
        opposites: The arguments that ask for the page before, which no server takes beside what asks for the next.
    """

    method: str
    item: Type
    items: str
    way: Way
    others: tuple[str, ...] = ()
    opposites: tuple[str, ...] = ()

    @property
    def left_out(self) -> tuple[str, ...]:
        """The arguments of the operation that the method does not have."""
        return (self.way.argument, *self.opposites)


@dataclass(frozen=True)
class BodyStream:
    """A method that reads the body while it is used.

    Attributes:
        method: Its name.
        kind: What it reads: `events`, `lines` or `bytes`.
        accept: The media types that it asks for; empty if they are those of the operation.
        item: How the data of an event or a line is decoded; None if it reads bytes.
        switch: The argument of the operation that asks for the stream, and is sent as true; empty if there is none.
        attribute: The attribute of the body that does, and is sent as true unless it is given; empty if there is none.
    """

    method: str
    kind: Literal["events", "lines", "bytes"]
    accept: str = ""
    item: Codec | None = None
    switch: str = ""
    attribute: str = ""


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
    """Whether two calls have the same effect as one; None if the HTTP method decides."""
    codecs: list[Codec] = field(default_factory=list[Codec])
    url_source: UrlSource | None = None
    """Where the URL of the call is, if an earlier response holds it."""
    url_argument: Field | None = None
    """The argument with a URL in place of the operation's own, if an earlier response may hold one."""
    fixed_query: tuple[tuple[str, str], ...] = ()
    """Names and values that every call sends in the query."""
    needs_token: bool = True
    """Whether nothing else than a token identifies the caller."""
    may_send_token: bool = False
    """Whether a token is sent if there is one, since the document names nothing that identifies the caller."""
    pagination: Pagination | None = None
    """How to iterate over all items, if the result is a page of a list."""
    group: str = ""
    """The group of the client that has the method; empty if the client itself has it."""
    follows_redirect: bool = False
    """Whether a redirect is followed, once."""
    streams: list[BodyStream] = field(default_factory=list[BodyStream])
    """The methods that read the body while it is used: one for events, one for lines of JSON, and one for bytes."""

    @property
    def full_name(self) -> str:
        """The name of its method, with the group that has it."""
        return self.called(self.name)

    @property
    def raw_name(self) -> str:
        """The name of the method that returns the whole response."""
        return self.called(f"raw.{self.name}")

    @property
    def iterator_name(self) -> str:
        """The name of the method that goes through all pages, with the group that has it; empty if there is none."""
        return self.called(self.pagination.method) if self.pagination else ""

    def called(self, name: str) -> str:
        """Return the name of a method, with the group that has it."""
        return f"{self.group}.{name}" if self.group else name

    @property
    def page_url(self) -> Field | None:
        """The argument with the URL of a page, if pages are named by URLs."""
        return self.pagination.way.url if self.pagination else None

    @property
    def uses_urls(self) -> bool:
        """Whether a URL that the server has named may take the place of the operation's own."""
        return bool(self.url_source or self.url_argument or self.follows_redirect or self.page_url)

    @property
    def item_streams(self) -> list[Media]:
        """The streams of items that a success may be: one of events, and one of lines of JSON."""
        media = [found for response in self.successes for found in response.streams]
        events, lines = ([found for found in media if found.is_events is one] for one in (True, False))
        return [*events[:1], *lines[:1]]

    @property
    def switch(self) -> Parameter | Field | None:
        """The argument that decides whether a server answers with a stream of items, if there is one."""
        if not self.item_streams:
            return None
        properties = self.body.arguments if self.body else []
        arguments: list[tuple[str, Parameter | Field]] = [
            *(("body", field) for field in properties),
            *((found.location, found) for found in self.parameters if not found.is_client_option),
        ]
        return next((argument for place, argument in arguments if _is_switch(argument, place)), None)

    @property
    def switching_attribute(self) -> str:
        """The attribute of a body that is one argument, if it is what decides; else empty."""
        if self.body and self.has_whole_body and self.item_streams and not self.switch:
            match self.body.type.resolved:
                case Named(definition=Model(fields=fields)):
                    return next((field.name for field in fields if _is_switch(field, "body")), "")
                case _:
                    pass
        return ""

    @property
    def bytes_types(self) -> list[str]:
        """The media types of successes that are bytes of any number."""
        media = [media for response in self.successes for media in response.media]
        return list(dict.fromkeys(found.base for found in media if found.codec.kind == "Binary"))

    @property
    def may_be_pending(self) -> bool:
        """Whether a 202 says that what is streamed is not there yet."""
        return any(response.status == "202" and not response.has_content for response in self.successes)

    @property
    def title(self) -> str:
        """What the operation does, in a sentence."""
        return self.summary or f"Call `{self.method} {self.path}`"

    @property
    def accept(self) -> str:
        """The media types that a call asks for, and those of errors behind them; empty if that is JSON alone."""
        wanted = list(dict.fromkeys(base for response in self.successes for base in response.asked_for))
        if wanted in ([], [_JSON]):
            return ""
        if "*/*" in wanted:
            return "*/*"
        others = dict.fromkeys(base for response in self.errors for base in response.asked_for if base not in wanted)
        return ", ".join([*wanted, *(f"{base};q=0.5" for base in others)])

    def parameters_in(self, location: str) -> list[Parameter]:
        """Return the parameters of one location."""
        return [parameter for parameter in self.parameters if parameter.location == location]

    @property
    def responses(self) -> list[Response]:
        """All responses, each once: `default` may be both a success and an error."""
        return list(dict.fromkeys([*self.successes, *self.errors]))

    @property
    def path_parts(self) -> list[tuple[str, Parameter | None]]:
        """The path as pairs: a piece of text, and the parameter that follows it."""
        by_name = {parameter.wire_name: parameter for parameter in self.parameters_in("path")}
        pieces = re.split(r"\{([^{}]*)\}", self.path)
        parameters = [*(by_name[name] for name in pieces[1::2]), None]
        return list(zip(pieces[::2], parameters, strict=True))

    @property
    def positional_arguments(self) -> list[Parameter | Field]:
        """The model that holds the URL, or else the path parameters in the order of the path."""
        if source := self.url_source:
            text = f"What an earlier call returned; the request goes to its `{source.url}`."
            return [Field(source.name, source.name, Named(source.model), required=True, description=text)]
        parameters = [parameter for _, parameter in self.path_parts if parameter is not None]
        return list(dict.fromkeys(parameters))

    def path_argument(self, parameter: Parameter) -> str:
        """Return the Python expression for the value of a path parameter."""
        if source := self.url_source:
            return f"{source.name}.{dict(source.parameters)[parameter.wire_name]}"
        return parameter.name

    @property
    def keyword_arguments(self) -> list[Parameter | Field]:
        """The keyword-only arguments, the required ones first."""
        arguments: list[Parameter | Field] = [
            *(self.body.arguments if self.body else []),
            *(
                parameter
                for parameter in self.parameters
                if parameter.location != "path" and not parameter.is_client_option
            ),
            *([self.page_url] if self.page_url else []),
            *([self.url_argument] if self.url_argument else []),
        ]
        switch = self.switch
        is_stream = any(media.item for success in self.successes for media in success.media)
        if switch and switch.server_default is True and not switch.default and not is_stream:
            arguments = [_as_off(found) if found.name == switch.name else found for found in arguments]
        return sorted(arguments, key=lambda argument: not argument.required)

    @property
    def client_options(self) -> list[Parameter]:
        """The parameters that are settings of the client."""
        return [parameter for parameter in self.parameters if parameter.is_client_option]

    @property
    def credentials(self) -> list[Parameter]:
        """The API keys and passwords that it sends."""
        return [parameter for parameter in self.parameters if parameter.kind != "Parameter"]

    @property
    def secrets(self) -> list[str]:
        """The arguments that errors must not show: credentials and passwords."""
        arguments = [*self.positional_arguments, *self.keyword_arguments, *self.client_options]
        passwords = [argument.name for argument in arguments if is_secret(argument.type)]
        return list(dict.fromkeys([*(parameter.name for parameter in self.credentials), *passwords]))

    @property
    def result(self) -> Type:
        """The type that a successful call returns."""
        types = [media.codec.type for response in self.successes for media in response.media]
        types += [NONE for response in self.successes if response.may_be_empty]
        return union(*types) if types else Scalar("None")

    @property
    def beside_json(self) -> list[Media]:
        """What a success may be beside the JSON that each call asks for."""
        media = [found for response in self.successes if response.asked_for == [_JSON] for found in response.media]
        return [] if may_choose_format(self.parameters) else [found for found in media if found.codec.kind != "Json"]

    @property
    def signature(self) -> str:
        """The name of the method with the names of its arguments, as `help` shows them without types."""
        keywords = ["body" if self.body and self.body.required else "body=UNSET"] if self.has_whole_body else []
        keywords += [
            argument.name
            if argument.required and not argument.default
            else f"{argument.name}={argument.default or 'UNSET'}"
            for argument in self.keyword_arguments
        ]
        if self.body and len(self.body.media) > 1:
            keywords.append(f"content_type={python_literal(self.body.media[0].media_type)}")
        arguments = [argument.name for argument in self.positional_arguments]
        return f"{self.full_name}({', '.join([*arguments, *(['*'] if keywords else []), *keywords])})"

    @property
    def has_whole_body(self) -> bool:
        """Whether the body is one argument of the method."""
        return self.body is not None and not self.body.fields

    @property
    def example_arguments(self) -> list[str] | None:
        """The keyword arguments of an example call as Python, None if the document has no example."""
        example = self.body.media[0].example if self.body and self.body.fields else None
        if not self.body or not is_object(example):
            return None
        arguments = [field for field in self.body.arguments if field.wire_name in example]
        values = {field.name: example_value(field.type, example[field.wire_name]) for field in arguments}
        missing = [argument for argument in self.keyword_arguments if argument.required and argument.name not in values]
        if missing or None in values.values():
            return None
        return [f"{name}={value}" for name, value in values.items()]

    @property
    def example_call(self) -> str:
        """Python expression of an example call, empty if the document has no example."""
        if self.example_arguments is None:
            return ""
        arguments = [*(argument.name for argument in self.positional_arguments), *self.example_arguments]
        call = f"client.{self.full_name}"
        short = f"{call}({', '.join(arguments)})"
        if len(short) <= _MAX_EXAMPLE:
            return short
        return "\n".join([f"{call}(", *(f"    {argument}," for argument in arguments), ")"])


def _is_switch(argument: Parameter | Field, place: str) -> bool:
    """Return whether an argument may ask for a stream."""
    kinds = set(argument.type.members) - {NONE}
    return argument.wire_name in _SWITCHES.get(place, ()) and kinds in ({_BOOL}, {Truth(value=True)})


def _as_off(switch: Parameter | Field) -> Parameter | Field:
    """Return an argument that is sent as false if it is not given: a method that reads a whole gets no stream."""
    text = join_sentences([switch.description, default_note([], "False")])
    return replace(switch, default="False", description=text)
