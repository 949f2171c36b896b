"""Each operation becomes one method; the document alone decides each part of it."""

from __future__ import annotations

from inspect import cleandoc
from typing import Any

import pytest

from generator.document.document import Document
from generator.operation.model import Operation, Parameter, Response
from generator.operation.reader import OperationReader
from generator.operation.servers import api_hosts, request_id_headers
from generator.schema.schemas import SchemaReader
from generator.schema.types import Field

from .conftest import INT, TEXT, document, json_body, obj, operation, parameter, ref

TEXTS = {"type": "array", "items": TEXT}
NOTHING = "success 204 if raw.status == 204: Done."
NAME = parameter("path", "name")


def _path(**parts: Any) -> dict[str, Any]:
    return document({"/a": parts})


def _answer(schema: Any = None, **others: Any) -> dict[str, Any]:
    content = {} if schema is None else {"content": {"application/json": {"schema": schema}}}
    return {"description": "Done.", **content, **others}


def read(content: dict[str, Any]) -> list[Operation]:
    found = Document(content, "test")
    schemas = SchemaReader(found)
    schemas.read_components()
    result = OperationReader(found, schemas).read()
    schemas.settle()
    return result


def _argument(found: Parameter | Field) -> str:
    text = f"{found.name}{'' if found.required else '?'}: {found.type.text()}"
    if isinstance(found, Parameter):
        exploded = " exploded" if found.explode else ""
        text += f" as {found.constant} in {found.location} {found.wire_name!r}{exploded}"
    return f"{text} # {found.description}".removesuffix(" # ")


def _response(found: Response) -> list[str]:
    media = [
        f"{each.condition}: {each.codec.kind} {each.codec.constant} {each.codec.type.text()}"
        for each in found.media
        if found.has_content
    ]
    headers = [f"header {name}: {text}" for name, text in found.headers]
    links = [f"link {each.target}: {each.description}" for each in found.links]
    return [f"{found.shown_status} if {found.condition}: {found.description}", *media, *headers, *links]


def described(found: Operation) -> list[str]:
    """Return everything that the templates read of an operation, in lines."""
    lines = [f"{found.tag}.{found.name}: {found.method} {found.server} {found.path}"]
    # The usual title is left out.
    lines += [found.title] if found.title != f"Call `{found.method} {found.path}`" else []
    lines += [f"token for {' '.join(found.scopes)}".strip()] if found.authenticated and not found.may_send_token else []
    lines += [text for text in (found.description, found.documentation) if text]
    lines += ["deprecated"] * found.deprecated
    lines += [
        _argument(argument)
        for argument in (*found.positional_arguments, *found.keyword_arguments, *found.client_options)
    ]
    if found.body:
        optional = "" if found.body.required else "?"
        lines.append(f"body{optional}: {found.body.type.text(plain=True)} # {found.body.description}".rstrip())
        lines += [f"{each.media_type}: {each.codec.kind} {each.codec.constant}" for each in found.body.media]
    for kind, responses in (("success", found.successes), ("error", found.errors)):
        for response in responses:
            first, *others = _response(response)
            lines += [f"{kind} {first}", *others]
    return [*lines, f"-> {found.result.text()}"] if lines[-1] != NOTHING else lines[:-1]


READ: dict[str, tuple[dict[str, Any], str]] = {
    "an operation with nothing optional": (
        document({"/a/{name}": {"get": {"parameters": [NAME], "responses": {"200": _answer()}}}}),
        """
        default.get_a: GET https://api.example/v1 /a/{name}
        name: str as _NAME in path 'name'
        success 200 if raw.status == 200: Done.
        -> None
        """,
    ),
    "descriptions of the path": (
        _path(
            summary="Of the path",
            description="More of the path.",
            get=operation(),
            put=operation(
                operationId="own",
                summary="Own",
                description="Own words.",
                externalDocs={"url": "https://docs.example"},
                deprecated=True,
            ),
        ),
        """
        default.call: GET https://api.example/v1 /a
        Of the path
        More of the path.

        default.own: PUT https://api.example/v1 /a
        Own
        Own words.
        https://docs.example
        deprecated
        """,
    ),
    "servers": (
        _path(
            servers=[
                {
                    "url": "http://{where}.example:{port}/",
                    "variables": {"where": {"default": "b"}, "port": {"default": "80"}},
                }
            ],
            get=operation(),
            put=operation(
                operationId="own", servers=[{"url": "https://own.example/a//"}, {"url": "https://other.example"}]
            ),
            post=operation(operationId="relative", servers=[{"url": "/v2"}]),
            patch=operation(operationId="without", servers=[]),
        ),
        """
        default.call: GET http://b.example:80 /a

        default.own: PUT https://own.example/a /a

        default.relative: POST  /a

        default.without: PATCH http://b.example:80 /a
        """,
    ),
    "tokens": (
        {
            **_path(
                get=operation(),
                put=operation(operationId="none", security=[]),
                post=operation(operationId="optional", security=[{}, {"login": ["write"]}]),
                patch=operation(operationId="second", security=[{"key": []}, {"plain": []}]),
                delete=operation(operationId="both", security=[{"login": ["a", "b"], "open": ["c"]}]),
                head=operation(operationId="no_token", security=[{}]),
            ),
            "security": [{"login": ["read"]}],
            "components": {
                "securitySchemes": {
                    "login": {"type": "oauth2", "flows": {}},
                    "plain": {"type": "http", "scheme": "Bearer"},
                    "open": {"type": "openIdConnect", "openIdConnectUrl": "https://a.example"},
                    "key": {"type": "apiKey", "in": "header", "name": "x"},
                }
            },
        },
        """
        default.call: GET https://api.example/v1 /a
        token for read

        default.none: PUT https://api.example/v1 /a

        default.optional: POST https://api.example/v1 /a
        token for write

        default.second: PATCH https://api.example/v1 /a
        token for
        key?: str as _KEY in header 'x' exploded # The API key.

        default.both: DELETE https://api.example/v1 /a
        token for a b c

        default.no_token: HEAD https://api.example/v1 /a
        """,
    ),
    "schemes that no operation asks for": (
        document(
            {
                "/a": {"get": operation()},
                "/b": {
                    "get": operation(
                        operationId="declared",
                        parameters=[parameter("header", "X")],
                    )
                },
            },
            components={
                "securitySchemes": {
                    "login": {"type": "http", "scheme": "bearer"},
                    "key": {"type": "apiKey", "in": "query", "name": "x"},
                }
            },
        ),
        """
        default.call: GET https://api.example/v1 /a
        token for
        key?: str as _KEY in query 'x' exploded # The API key.

        default.declared: GET https://api.example/v1 /b
        token for
        x?: str as _X in header 'X'
        key?: str as _KEY in query 'x' exploded # The API key.
        """,
    ),
    "parameters": (
        document(
            {
                "/{b}/x/{a-b}": {
                    "parameters": [
                        parameter("path", "a-b", {**TEXT, "description": "Of the schema."}),
                        parameter("path", "b", INT, description="Own."),
                    ],
                    "get": operation(
                        parameters=[
                            parameter("query", "body", ref("Described")),
                            parameter("query", "q", TEXTS, required=True, deprecated=True),
                            parameter("query", "Q", TEXTS, explode=False),
                            parameter("header", "X-A", {**TEXTS, "default": ["x"]}, description="Some"),
                            parameter("cookie", "1"),
                            parameter("query", "@"),
                            parameter("query", "raw", **{"x-client-option": True}),
                            parameter("query", "$", **{"x-client-option": True}),
                        ]
                    ),
                }
            },
            schemas={"Described": {**TEXT, "title": "One", "default": "ü"}},
        ),
        """
        default.call: GET https://api.example/v1 /{b}/x/{a-b}
        b: int as _B in path 'b' # Own.
        a_b: str as _A_B in path 'a-b' # Of the schema.
        q: list[str] as _Q in query 'q' exploded # Deprecated.
        body_?: Described as _BODY_ in query 'body' exploded # One. The server takes `"ü"` if it is absent.
        q_?: list[str] as _Q_ in query 'Q'
        x_a?: list[str] as _X_A in header 'X-A' # Some. The server takes `["x"]` if it is absent.
        argument_1?: str as _ARGUMENT_1 in cookie '1' exploded
        argument?: str as _ARGUMENT in query '@' exploded
        raw_?: str as _RAW_ in query 'raw' exploded
        option?: str as _OPTION in query '$' exploded
        """,
    ),
    "bodies": (
        _path(
            get=operation(
                operationId="spread",
                requestBody={
                    "required": True,
                    "description": "What to do.",
                    "content": {"Application/JSON;a=b": {"schema": {**obj(a=TEXT, b=INT), "required": ["b"]}}},
                },
            ),
            put=operation(operationId="optional", requestBody=json_body(obj(a=TEXT), required=False)),
            post=operation(
                operationId="taken", parameters=[parameter("query", "a")], requestBody=json_body(obj(a=TEXT))
            ),
            patch=operation(operationId="used", requestBody=json_body(obj(request=TEXT))),
            delete=operation(
                operationId="several",
                requestBody={
                    "required": True,
                    "content": {
                        "application/json": {"schema": obj(a=TEXT)},
                        "a/b+json": {"schema": obj(c=TEXT)},
                        "application/x-www-form-urlencoded": {"schema": ref("Form")},
                        "text/plain; charset=UTF8": {"schema": {**TEXT, "format": "uuidish"}},
                        "text/csv; charset=us-ascii": {},
                        "application/xml": {"schema": TEXT},
                        "image/png": {"schema": {**TEXT, "format": "binary"}},
                    },
                },
            ),
            head=operation(
                operationId="empty", requestBody=json_body({"type": "object", "additionalProperties": False})
            ),
        )
        | {"components": {"schemas": {"Form": obj(a={"type": "array", "items": INT})}}},
        """
        default.spread: GET https://api.example/v1 /a
        b: int
        a?: str
        body: SpreadBody # What to do.
        application/json;a=b: Json _SPREAD_BODY

        default.optional: PUT https://api.example/v1 /a
        a: str
        body?: OptionalBody #
        application/json: Json _OPTIONAL_BODY

        default.taken: POST https://api.example/v1 /a
        a_: str
        a?: str as _A in query 'a' exploded
        body: TakenBody #
        application/json: Json _TAKEN_BODY

        default.used: PATCH https://api.example/v1 /a
        request_: str
        body: UsedBody #
        application/json: Json _USED_BODY

        default.several: DELETE https://api.example/v1 /a
        body: SeveralBody | SeveralBody2 | Form | str | Source #
        application/json: Json _SEVERAL_BODY
        a/b+json: Json _SEVERAL_BODY2
        application/x-www-form-urlencoded: Form _FORM
        text/plain; charset=UTF8: Text _TEXT
        text/csv; charset=us-ascii: Text _TEXT
        application/xml: Text _TEXT
        image/png: Binary _BINARY

        default.empty: HEAD https://api.example/v1 /a
        body: EmptyBody #
        application/json: Json _EMPTY_BODY
        """,
    ),
    "responses": (
        document(
            {
                "/a": {
                    "get": operation(
                        responses={
                            "2xx": _answer(obj(a=TEXT)),
                            "201": _answer(obj(b=TEXT), description="Made."),
                            "200": {"$ref": "#/components/responses/Several"},
                            "404": _answer(obj(c=TEXT)),
                            "4XX": _answer(ref("Problem")),
                            "599": _answer(obj(d=TEXT)),
                            "default": _answer(ref("Problem")),
                            "x-note": 1,
                        }
                    ),
                    "put": operation(operationId="default", responses={"default": _answer(TEXT), "500": _answer()}),
                    "head": operation(operationId="probe", responses={"200": _answer(TEXT)}),
                    "post": operation(
                        operationId="same",
                        responses={"200": _answer(obj(a=TEXT)), "302": _answer(), "400": _answer(obj(a=TEXT))},
                    ),
                }
            },
            schemas={"Problem": obj(title=TEXT)},
            components={
                "responses": {
                    "Several": {
                        "description": "Several.",
                        "content": {
                            "*/*": {},
                            "image/*": {},
                            "text/html": {"schema": TEXT},
                            "application/json; charset=utf-8": {"schema": {"type": "array", "items": obj(e=TEXT)}},
                            "application/octet-stream": {"schema": {**TEXT, "format": "binary"}},
                            "application/x-www-form-urlencoded": {},
                        },
                        "headers": {
                            "ETag": {"required": True, "description": "Version."},
                            "Age": {"$ref": "#/components/headers/Age"},
                        },
                        "links": {
                            "again": {"operationId": "call"},
                            "other": {"operationId": "probe", "description": "Looks."},
                        },
                    }
                },
                "headers": {"Age": {"schema": INT}},
            },
        ),
        """
        default.call: GET https://api.example/v1 /a
        success 200 if raw.status == 200: Several.
        raw.media_type == "text/html": Text _TEXT str
        raw.media_type == "application/json": Json _JSON list[CallOKItem]
        raw.media_type == "application/x-www-form-urlencoded": Binary _BINARY bytes
        raw.media_type == "application/octet-stream": Binary _BINARY bytes
        raw.media_type.startswith("image/"): Binary _BINARY bytes
        raw.media_type.startswith("*/"): Binary _BINARY bytes
        header ETag: Version. Always there.
        header Age: See the API.
        link call: again
        link probe: Looks.
        success 201 if raw.status == 201: Made.
        raw.media_type == "application/json": Json _CALL_CREATED CallCreated
        success 2XX if 200 <= raw.status < 300: Done.
        raw.media_type == "application/json": Json _CALL_STATUS2_XX CallStatus2XX
        error 404 if raw.status == 404: Done.
        raw.media_type == "application/json": Json _CALL_NOT_FOUND CallNotFound
        error 4XX if 400 <= raw.status < 500: Done.
        raw.media_type == "application/json": Json _PROBLEM Problem
        error 599 if raw.status == 599: Done.
        raw.media_type == "application/json": Json _CALL_STATUS599 CallStatus599
        error Any other status if raw.status < 400: Done.
        raw.media_type == "application/json": Json _PROBLEM Problem
        -> str | list[CallOKItem] | bytes | CallCreated | CallStatus2XX

        default.default: PUT https://api.example/v1 /a
        success Any other status if raw.status < 400: Done.
        raw.media_type == "application/json": Json _JSON str
        error Any other status if raw.status < 400: Done.
        raw.media_type == "application/json": Json _JSON str
        error 500 if raw.status == 500: Done.
        -> str

        default.probe: HEAD https://api.example/v1 /a
        success 200 if raw.status == 200: Done.
        -> None

        default.same: POST https://api.example/v1 /a
        success 200 if raw.status == 200: Done.
        raw.media_type == "application/json": Json _SAME_OK SameOK
        error 302 if raw.status == 302: Done.
        error 400 if raw.status == 400: Done.
        raw.media_type == "application/json": Json _SAME_BAD_REQUEST SameBadRequest
        -> SameOK
        """,
    ),
}


@pytest.mark.parametrize("name", READ)
def test_an_operation_is_read_as_the_document_describes_it(name: str) -> None:
    content, expected = READ[name]

    assert "\n\n".join("\n".join(described(found)) for found in read(content)) == cleandoc(expected)


ENDS = {"content": {"application/json": {"schema": obj(id=TEXT, ends=obj(stop=TEXT), n=INT)}}}
LINKS = {
    "stopped": {
        "operationId": "stop",
        "x-url": "$response.body#/ends/stop",
        "parameters": {"path.name": "$response.body#/id", "n": "$response.body#/n"},
    }
}
NUMBER = parameter("path", "n", INT)


def _linked(**others: Any) -> tuple[Document, list[Operation]]:
    start = operation(operationId="start", responses={"200": {"description": "x", "links": LINKS, **ENDS}})
    stop = operation(operationId="stop", parameters=[NAME, NUMBER])
    content = document({"/a": {"get": start}, "/b/{n}/{name}": {"delete": stop}}, **others)
    return Document(content, "test"), read(content)


def test_a_link_with_x_url_makes_the_method_take_the_earlier_response() -> None:
    _, (start, stop) = _linked()

    assert start.responses[0].links[0].url_source == stop.url_source
    assert [_argument(argument) for argument in stop.positional_arguments] == [
        "start_ok: StartOK # What an earlier call returned; the request goes to its `ends.stop`."
    ]
    assert stop.url_source
    assert (stop.url_source.name, stop.url_source.url) == ("start_ok", "ends.stop")
    assert {item.wire_name: stop.path_argument(item) for item in stop.parameters_in("path")} == {
        "name": "start_ok.id",
        "n": "start_ok.n",
    }
    assert start.path_argument(stop.parameters[0]) == "name"


def test_a_link_with_an_optional_x_url_adds_an_argument_to_the_method() -> None:
    link = {"operationId": "stop", "x-url": "$response.body#/ends/stop", "x-optional": True}
    links = {"a": link, "b": {**link, "parameters": {"path.name": "$request.path.name"}}}
    start = operation(operationId="start", responses={"200": {"description": "x", "links": links, **ENDS}})
    stop = operation(operationId="stop", parameters=[NAME, parameter("query", "n", INT)])
    _, found = read(document({"/a": {"get": start}, "/b/{name}": {"delete": stop}}))

    assert (found.signature, found.url_source) == ("stop(name, *, n=UNSET, stop=UNSET)", None)
    assert _argument(found.keyword_arguments[-1]) == (
        "stop?: str # URL in place of the usual one, as in `StartOK.stop`."
    )
    assert found.uses_urls


@pytest.mark.parametrize(
    ("others", "hosts"),
    [
        ({}, ("api.example",)),
        ({"servers": [{"url": "http://b.example:8080/v1"}]}, ("b.example",)),
        ({"servers": [{"url": "/v1"}]}, ()),
        ({"x-trusted-hosts": ["z.example", "a-1.b.example"]}, ("z.example", "a-1.b.example")),
    ],
)
def test_api_hosts_are_the_trusted_hosts_or_those_of_the_servers(
    others: dict[str, Any], hosts: tuple[str, ...]
) -> None:
    found, operations = _linked(**others)

    assert api_hosts(found, operations) == hosts


def test_request_id_headers_are_in_lower_case() -> None:
    found, _ = _linked(**{"x-request-id-headers": ["Box-Request-Id", "x-id"]})

    assert request_id_headers(found) == ("box-request-id", "x-id")


@pytest.mark.parametrize("name", ["self", "api", "models", "request", "response"])
def test_a_property_whose_name_the_method_uses_gets_an_underscore(name: str) -> None:
    (found,) = read(_path(post=operation(requestBody=json_body(obj(**{name: TEXT})))))

    assert found.body
    assert found.body.attributes == [(name, f"{name}_")]


ARGUMENTS = ["self", "api", "models", "request", "response", "body", "content_type", "str", "int", "float", "bool"]
OPTIONS = ["transport", "token", "base_url", "timeout_s", "retry", "http", "sleep", "raw", "hooks"]
OPTIONS.append("trusted_hosts")


@pytest.mark.parametrize(
    ("name", "is_option"),
    [
        *((name, flag) for name in (*ARGUMENTS, "list", "dict", "bytes") for flag in (False, True)),
        *((name, True) for name in OPTIONS),
    ],
)
def test_a_parameter_with_a_reserved_name_gets_an_underscore(name: str, *, is_option: bool) -> None:
    option = {"x-client-option": is_option}
    (found,) = read(_path(get=operation(parameters=[parameter("query", name, **option)])))

    assert [argument.name for argument in found.parameters] == [f"{name}_"]


@pytest.mark.parametrize("name", ["models", "datetime", "httpx2", "raw", "close", "aclose", "annotations", "list"])
def test_an_operation_with_a_reserved_name_gets_an_underscore(name: str) -> None:
    (found,) = read(_path(get=operation(operationId=name)))

    assert found.name == f"{name}_"


EMPTY: dict[str, Any] = {"description": "Done."}
ANY_SUCCESS = "200 <= raw.status < 300"


@pytest.mark.parametrize(
    ("responses", "conditions"),
    [
        ({"200": _answer(obj(a=TEXT))}, [ANY_SUCCESS]),
        ({"204": EMPTY}, [ANY_SUCCESS]),
        ({"202": EMPTY, "204": EMPTY}, [ANY_SUCCESS, "raw.status == 204"]),
        ({"200": EMPTY, "201": _answer(obj(a=TEXT))}, ["raw.status == 200", ANY_SUCCESS]),
        ({"200": EMPTY, "2XX": _answer(obj(a=TEXT))}, ["raw.status == 200", ANY_SUCCESS]),
        ({"default": _answer(obj(a=TEXT))}, ["raw.status < 400"]),
    ],
)
def test_a_tolerant_client_reads_a_success_that_is_not_named_as_one_that_is(
    responses: Any, conditions: list[str]
) -> None:
    content = document({"/a": {"get": operation(responses=responses)}})
    for tolerant in (True, False):
        read = Document(content, "spec", tolerant=tolerant)
        (found,) = OperationReader(read, SchemaReader(read)).read()
        said = [response.condition for response in found.successes]
        assert (said == conditions) or not tolerant
        assert tolerant or [f"raw.status == {status}" for status in responses if status[1:].isdecimal()] == [
            condition for condition in said if "==" in condition
        ]
