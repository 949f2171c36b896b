"""Each operation becomes one method; the document alone decides each part of it."""

from __future__ import annotations

from typing import Any

import pytest

from generator.document.document import Document
from generator.operation.model import Operation, Parameter, Response
from generator.operation.reader import OperationReader
from generator.operation.servers import api_hosts
from generator.schema.schemas import SchemaReader
from generator.schema.types import Field

from .conftest import document, operation

TEXT = {"type": "string"}
INTEGER = {"type": "integer"}
NOTHING = "success 204 if raw.status == 204: Done."
NAME = {"in": "path", "name": "name", "required": True, "schema": TEXT}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _answer(schema: Any = None, **others: Any) -> dict[str, Any]:
    content = {} if schema is None else {"content": {"application/json": {"schema": schema}}}
    return {"description": "Done.", **content, **others}


def read(content: dict[str, Any]) -> list[Operation]:
    found = Document(content, "test")
    schemas = SchemaReader(found)
    schemas.read_components()
    result = OperationReader(found, schemas).read()
    schemas.tag_unions()
    return result


def _argument(one: Parameter | Field) -> str:
    text = f"{one.name}{'' if one.required else '?'}: {one.type.text()}"
    if isinstance(one, Parameter):
        exploded = " exploded" if one.explode else ""
        text += f" as {one.constant} in {one.location} {one.wire_name!r}{exploded}"
    return f"{text} # {one.description}".removesuffix(" # ")


def _response(one: Response) -> list[str]:
    media = [
        f"{each.condition}: {each.codec.kind} {each.codec.constant} {each.codec.type.text()}"
        for each in one.media
        if one.has_content
    ]
    headers = [f"header {name}: {text}" for name, text in one.headers]
    links = [f"link {each.target}: {each.description}" for each in one.links]
    return [f"{one.shown_status} if {one.condition}: {one.description}", *media, *headers, *links]


def said(one: Operation) -> list[str]:
    """Return all that the templates get to know of an operation, in lines."""
    lines = [f"{one.tag}.{one.name}: {one.method} {one.server} {one.path}", one.title]
    lines += [f"token for {' '.join(one.scopes)}".strip()] if one.authenticated else []
    lines += [text for text in (one.description, one.documentation) if text]
    lines += ["deprecated"] * one.deprecated
    lines += [
        _argument(argument) for argument in (*one.positional_arguments, *one.keyword_arguments, *one.client_options)
    ]
    if one.body:
        optional = "" if one.body.required else "?"
        lines.append(f"body{optional}: {one.body.type.text(plain=True)} # {one.body.description}")
        lines += [f"{each.media_type}: {each.codec.kind} {each.codec.constant}" for each in one.body.media]
    for kind, responses in (("success", one.successes), ("error", one.errors)):
        for response in responses:
            first, *others = _response(response)
            lines += [f"{kind} {first}", *others]
    return [*lines, f"-> {one.result.text()}"] if lines[-1] != NOTHING else lines[:-1]


READ: dict[str, tuple[dict[str, Any], list[list[str]]]] = {
    "an operation that says as little as it can": (
        document({"/a/{name}": {"get": {"parameters": [NAME], "responses": {"200": _answer()}}}}),
        [
            [
                "default.get_a_name: GET https://api.example/v1 /a/{name}",
                "Call `GET /a/{name}`",
                "name: str as _NAME in path 'name'",
                "success 200 if raw.status == 200: Done.",
                "-> None",
            ]
        ],
    ),
    "words of a path": (
        document(
            {
                "/a": {
                    "summary": "Of the path",
                    "description": "More of the path.",
                    "get": operation(),
                    "put": operation(
                        operationId="own",
                        summary="Own",
                        description="Own words.",
                        externalDocs={"url": "https://docs.example"},
                        deprecated=True,
                    ),
                }
            }
        ),
        [
            ["default.call: GET https://api.example/v1 /a", "Of the path", "More of the path."],
            ["default.own: PUT https://api.example/v1 /a", "Own", "Own words.", "https://docs.example", "deprecated"],
        ],
    ),
    "servers": (
        document(
            {
                "/a": {"get": operation()},
                "/b": {
                    "servers": [
                        {
                            "url": "http://{where}.example:{port}/",
                            "variables": {"where": {"default": "b"}, "port": {"default": "80"}},
                        }
                    ],
                    "get": operation(operationId="of_path"),
                    "put": operation(
                        operationId="own",
                        servers=[{"url": "https://own.example/a//"}, {"url": "https://other.example"}],
                    ),
                    "post": operation(operationId="relative", servers=[{"url": "/v2"}]),
                    "patch": operation(operationId="without", servers=[]),
                },
            }
        ),
        [
            ["default.call: GET https://api.example/v1 /a", "Call `GET /a`"],
            ["default.of_path: GET http://b.example:80 /b", "Call `GET /b`"],
            ["default.own: PUT https://own.example/a /b", "Call `PUT /b`"],
            ["default.relative: POST  /b", "Call `POST /b`"],
            ["default.without: PATCH http://b.example:80 /b", "Call `PATCH /b`"],
        ],
    ),
    "tokens": (
        document(
            {
                "/a": {
                    "get": operation(),
                    "put": operation(operationId="none", security=[]),
                    "post": operation(operationId="optional", security=[{}, {"login": ["write"]}]),
                    "patch": operation(operationId="second", security=[{"key": []}, {"plain": []}]),
                    "delete": operation(operationId="both", security=[{"login": ["a", "b"], "open": ["c"]}]),
                    "head": operation(operationId="no_token", security=[{}]),
                }
            },
            security=[{"login": ["read"]}],
            components={
                "securitySchemes": {
                    "login": {"type": "oauth2", "flows": {}},
                    "plain": {"type": "http", "scheme": "Bearer"},
                    "open": {"type": "openIdConnect", "openIdConnectUrl": "https://a.example"},
                    "key": {"type": "apiKey", "in": "header", "name": "x"},
                }
            },
        ),
        [
            ["default.call: GET https://api.example/v1 /a", "Call `GET /a`", "token for read"],
            ["default.none: PUT https://api.example/v1 /a", "Call `PUT /a`"],
            ["default.optional: POST https://api.example/v1 /a", "Call `POST /a`", "token for write"],
            ["default.second: PATCH https://api.example/v1 /a", "Call `PATCH /a`", "token for"],
            ["default.both: DELETE https://api.example/v1 /a", "Call `DELETE /a`", "token for a b c"],
            ["default.no_token: HEAD https://api.example/v1 /a", "Call `HEAD /a`"],
        ],
    ),
    "parameters": (
        document(
            {
                "/{b}/x/{a-b}": {
                    "parameters": [
                        {
                            "in": "path",
                            "name": "a-b",
                            "required": True,
                            "schema": {**TEXT, "description": "Of the schema."},
                        },
                        {"in": "path", "name": "b", "required": True, "schema": INTEGER, "description": "Own."},
                    ],
                    "get": operation(
                        parameters=[
                            {"in": "query", "name": "body", "schema": {"$ref": "#/components/schemas/Described"}},
                            {
                                "in": "query",
                                "name": "q",
                                "schema": {"type": "array", "items": TEXT},
                                "required": True,
                                "deprecated": True,
                            },
                            {"in": "query", "name": "Q", "schema": {"type": "array", "items": TEXT}, "explode": False},
                            {
                                "in": "header",
                                "name": "X-A",
                                "schema": {"type": "array", "items": TEXT, "default": ["x"]},
                                "description": "Some",
                            },
                            {"in": "cookie", "name": "1", "schema": TEXT},
                            {"in": "query", "name": "@", "schema": TEXT},
                            {"in": "query", "name": "raw", "schema": TEXT, "x-client-option": True},
                            {"in": "query", "name": "$", "schema": TEXT, "x-client-option": True},
                        ]
                    ),
                }
            },
            schemas={"Described": {"type": "string", "title": "One", "default": "ü"}},
        ),
        [
            [
                "default.call: GET https://api.example/v1 /{b}/x/{a-b}",
                "Call `GET /{b}/x/{a-b}`",
                "b: int as _B in path 'b' # Own.",
                "a_b: str as _A_B in path 'a-b' # Of the schema.",
                "q: list[str] as _Q in query 'q' exploded # Deprecated.",
                "body_?: Described as _BODY_ in query 'body' exploded # One. The server takes `\"ü\"` if it is absent.",
                "q_?: list[str] as _Q_ in query 'Q'",
                "x_a?: list[str] as _X_A in header 'X-A' # Some. The server takes `[\"x\"]` if it is absent.",
                "argument_1?: str as _ARGUMENT_1 in cookie '1' exploded",
                "argument?: str as _ARGUMENT in query '@' exploded",
                "raw_?: str as _RAW_ in query 'raw' exploded",
                "option?: str as _OPTION in query '$' exploded",
            ]
        ],
    ),
    "bodies": (
        document(
            {
                "/a": {
                    "get": operation(
                        operationId="spread",
                        requestBody={
                            "required": True,
                            "description": "What to do.",
                            "content": {
                                "Application/JSON;a=b": {"schema": {**_object(a=TEXT, b=INTEGER), "required": ["b"]}}
                            },
                        },
                    ),
                    "put": operation(
                        operationId="optional",
                        requestBody={"content": {"application/json": {"schema": _object(a=TEXT)}}},
                    ),
                    "post": operation(
                        operationId="taken",
                        parameters=[{"in": "query", "name": "a", "schema": TEXT}],
                        requestBody={"required": True, "content": {"application/json": {"schema": _object(a=TEXT)}}},
                    ),
                    "patch": operation(
                        operationId="used",
                        requestBody={
                            "required": True,
                            "content": {"application/json": {"schema": _object(request=TEXT)}},
                        },
                    ),
                    "delete": operation(
                        operationId="several",
                        requestBody={
                            "required": True,
                            "content": {
                                "application/json": {"schema": _object(a=TEXT)},
                                "a/b+json": {"schema": _object(c=TEXT)},
                                "application/x-www-form-urlencoded": {"schema": {"$ref": "#/components/schemas/Form"}},
                                "text/plain; charset=UTF8": {"schema": {"type": "string", "format": "uuidish"}},
                                "text/csv; charset=us-ascii": {},
                                "application/xml": {"schema": TEXT},
                                "image/png": {"schema": {"type": "string", "format": "binary"}},
                            },
                        },
                    ),
                    "head": operation(
                        operationId="empty",
                        requestBody={
                            "required": True,
                            "content": {
                                "application/json": {"schema": {"type": "object", "additionalProperties": False}}
                            },
                        },
                    ),
                }
            },
            schemas={"Form": _object(a={"type": "array", "items": INTEGER})},
        ),
        [
            [
                "default.spread: GET https://api.example/v1 /a",
                "Call `GET /a`",
                "b: int",
                "a?: str",
                "body: SpreadBody # What to do.",
                "application/json;a=b: Json _SPREAD_BODY",
            ],
            [
                "default.optional: PUT https://api.example/v1 /a",
                "Call `PUT /a`",
                "body?: OptionalBody # ",
                "application/json: Json _OPTIONAL_BODY",
            ],
            [
                "default.taken: POST https://api.example/v1 /a",
                "Call `POST /a`",
                "a?: str as _A in query 'a' exploded",
                "body: TakenBody # ",
                "application/json: Json _TAKEN_BODY",
            ],
            [
                "default.used: PATCH https://api.example/v1 /a",
                "Call `PATCH /a`",
                "body: UsedBody # ",
                "application/json: Json _USED_BODY",
            ],
            [
                "default.several: DELETE https://api.example/v1 /a",
                "Call `DELETE /a`",
                "body: SeveralBody | SeveralBody_ | Form | str | Content # ",
                "application/json: Json _SEVERAL_BODY",
                "a/b+json: Json _SEVERAL_BODY_BODY",
                "application/x-www-form-urlencoded: Form _FORM",
                "text/plain; charset=UTF8: Text _TEXT",
                "text/csv; charset=us-ascii: Text _TEXT",
                "application/xml: Binary _BINARY",
                "image/png: Binary _BINARY",
            ],
            [
                "default.empty: HEAD https://api.example/v1 /a",
                "Call `HEAD /a`",
                "body: EmptyBody # ",
                "application/json: Json _EMPTY_BODY",
            ],
        ],
    ),
    "responses": (
        document(
            {
                "/a": {
                    "get": operation(
                        responses={
                            "2xx": _answer(_object(a=TEXT)),
                            "201": _answer(_object(b=TEXT), description="Made."),
                            "200": {"$ref": "#/components/responses/Several"},
                            "404": _answer(_object(c=TEXT)),
                            "4XX": _answer({"$ref": "#/components/schemas/Problem"}),
                            "599": _answer(_object(d=TEXT)),
                            "default": _answer({"$ref": "#/components/schemas/Problem"}),
                            "x-note": 1,
                        }
                    ),
                    "put": operation(operationId="default", responses={"default": _answer(TEXT), "500": _answer()}),
                    "head": operation(operationId="probe", responses={"200": _answer(TEXT)}),
                    "post": operation(
                        operationId="same",
                        responses={"200": _answer(_object(a=TEXT)), "302": _answer(), "400": _answer(_object(a=TEXT))},
                    ),
                }
            },
            schemas={"Problem": _object(title=TEXT)},
            components={
                "responses": {
                    "Several": {
                        "description": "Several.",
                        "content": {
                            "*/*": {},
                            "image/*": {},
                            "text/html": {"schema": TEXT},
                            "application/json; charset=utf-8": {"schema": {"type": "array", "items": _object(e=TEXT)}},
                            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
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
                "headers": {"Age": {"schema": INTEGER}},
            },
        ),
        [
            [
                "default.call: GET https://api.example/v1 /a",
                "Call `GET /a`",
                "success 200 if raw.status == 200: Several.",
                'raw.media_type == "text/html": Text _TEXT str',
                'raw.media_type == "application/json": Json _JSON list[CallOKItem]',
                'raw.media_type == "application/octet-stream": Binary _BINARY bytes',
                'raw.media_type == "application/x-www-form-urlencoded": Binary _BINARY bytes',
                'raw.media_type.startswith("image/"): Binary _BINARY bytes',
                'raw.media_type.startswith("*/"): Binary _BINARY bytes',
                "header ETag: Version. Always there.",
                "header Age: See the API.",
                "link call: again",
                "link probe: Looks.",
                "success 201 if raw.status == 201: Made.",
                'raw.media_type == "application/json": Json _CALL_CREATED CallCreated',
                "success 2XX if 200 <= raw.status < 300: Done.",
                'raw.media_type == "application/json": Json _CALL_STATUS2_XX CallStatus2XX',
                "error 404 if raw.status == 404: Done.",
                'raw.media_type == "application/json": Json _CALL_NOT_FOUND CallNotFound',
                "error 4XX if 400 <= raw.status < 500: Done.",
                'raw.media_type == "application/json": Json _PROBLEM Problem',
                "error 599 if raw.status == 599: Done.",
                'raw.media_type == "application/json": Json _CALL_STATUS599 CallStatus599',
                "error Any other status if raw.status < 400: Done.",
                'raw.media_type == "application/json": Json _PROBLEM Problem',
                "-> str | list[CallOKItem] | bytes | CallCreated | CallStatus2XX",
            ],
            [
                "default.default: PUT https://api.example/v1 /a",
                "Call `PUT /a`",
                "success Any other status if raw.status < 400: Done.",
                'raw.media_type == "application/json": Json _JSON str',
                "error Any other status if raw.status < 400: Done.",
                'raw.media_type == "application/json": Json _JSON str',
                "error 500 if raw.status == 500: Done.",
                "-> str",
            ],
            [
                "default.probe: HEAD https://api.example/v1 /a",
                "Call `HEAD /a`",
                "success 200 if raw.status == 200: Done.",
                "-> None",
            ],
            [
                "default.same: POST https://api.example/v1 /a",
                "Call `POST /a`",
                "success 200 if raw.status == 200: Done.",
                'raw.media_type == "application/json": Json _SAME_OK SameOK',
                "error 302 if raw.status == 302: Done.",
                "error 400 if raw.status == 400: Done.",
                'raw.media_type == "application/json": Json _SAME_BAD_REQUEST SameBadRequest',
                "-> SameOK",
            ],
        ],
    ),
}


@pytest.mark.parametrize("name", READ)
def test_an_operation_is_read_as_the_document_describes_it(name: str) -> None:
    content, expected = READ[name]

    assert [said(one) for one in read(content)] == expected


ENDS = {"content": {"application/json": {"schema": _object(id=TEXT, ends=_object(stop=TEXT), n=INTEGER)}}}
LINKS = {
    "stopped": {
        "operationId": "stop",
        "x-url": "$response.body#/ends/stop",
        "parameters": {"path.name": "$response.body#/id", "n": "$response.body#/n"},
    }
}
NUMBER = {"in": "path", "name": "n", "required": True, "schema": INTEGER}


def _linked(**others: Any) -> tuple[Document, list[Operation]]:
    start = operation(operationId="start", responses={"200": {"description": "x", "links": LINKS, **ENDS}})
    stop = operation(operationId="stop", parameters=[NAME, NUMBER])
    content = document({"/a": {"get": start}, "/b/{n}/{name}": {"delete": stop}}, **others)
    return Document(content, "test"), read(content)


def test_a_link_with_x_url_makes_the_method_take_the_earlier_response() -> None:
    _, (start, stop) = _linked()

    assert start.responses[0].links[0].url_source == stop.url_source
    assert [_argument(one) for one in stop.positional_arguments] == [
        "start_ok: StartOK # What an earlier call returned; the request goes to its `ends.stop`."
    ]
    assert stop.url_source
    assert (stop.url_source.name, stop.url_source.url) == ("start_ok", "ends.stop")
    assert {one.wire_name: stop.path_argument(one) for one in stop.parameters_in("path")} == {
        "name": "start_ok.id",
        "n": "start_ok.n",
    }
    assert start.path_argument(stop.parameters[0]) == "name"


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


@pytest.mark.parametrize("name", ["self", "api", "models", "request", "response"])
def test_a_property_whose_name_the_method_uses_stays_in_the_body(name: str) -> None:
    body = {"required": True, "content": {"application/json": {"schema": _object(**{name: TEXT})}}}
    (found,) = read(document({"/a": {"post": operation(requestBody=body)}}))

    assert found.body
    assert found.body.fields == []


ARGUMENTS = ["self", "api", "models", "request", "response", "body", "content_type", "str", "int", "float", "bool"]
OPTIONS = ["transport", "token", "base_url", "timeout_s", "retry", "http", "sleep", "raw"]


@pytest.mark.parametrize(
    ("name", "is_option"),
    [
        *((name, flag) for name in (*ARGUMENTS, "list", "dict", "bytes") for flag in (False, True)),
        *((name, True) for name in OPTIONS),
    ],
)
def test_a_parameter_with_a_reserved_name_gets_an_underscore(name: str, *, is_option: bool) -> None:
    parameter = {"in": "query", "name": name, "schema": TEXT, "x-client-option": is_option}
    (found,) = read(document({"/a": {"get": operation(parameters=[parameter])}}))

    assert [one.name for one in found.parameters] == [f"{name}_"]


@pytest.mark.parametrize("name", ["models", "datetime", "httpx2", "raw", "close", "aclose", "annotations", "list"])
def test_an_operation_with_a_reserved_name_gets_an_underscore(name: str) -> None:
    (found,) = read(document({"/a": {"get": operation(operationId=name)}}))

    assert found.name == f"{name}_"
