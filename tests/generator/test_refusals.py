"""What cannot be generated ends in one line that names the place and the cure; nothing is written."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from generator.__main__ import main

from .conftest import document, operation

ROOT = Path(__file__).parents[2]
TEXT = {"type": "string"}
REF = "#/components/schemas/"
BEARER = {"securitySchemes": {"t": {"type": "http", "scheme": "bearer"}}}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _get(**parts: Any) -> dict[str, Any]:
    return document({"/a": {"get": operation(**parts)}})


def _parameter(**parts: Any) -> dict[str, Any]:
    return _get(parameters=[{"in": "query", "name": "q", "schema": TEXT, **parts}])


def _body(**content: Any) -> dict[str, Any]:
    return document({"/a": {"post": operation(requestBody={"required": True, "content": content})}})


def _answers(**responses: Any) -> dict[str, Any]:
    return _get(responses={name.strip("_"): {"description": "x", **one} for name, one in responses.items()})


def _schema(**schema: Any) -> dict[str, Any]:
    return document(schemas={"S": schema})


def _schemas(**schemas: Any) -> dict[str, Any]:
    return document(schemas=schemas)


def _ref(name: str) -> dict[str, str]:
    return {"$ref": REF + name}


def _nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(depth):
        schema = {"type": "array", "items": schema}
    return schema


def _elsewhere(part: Any) -> dict[str, Any]:
    """Return a document with a schema where nobody has looked at it before."""
    return {**document(schemas={"S": {"$ref": PART}}), "x-parts": {"S": part}}


def _linked(link: dict[str, Any], *more: dict[str, Any], **others: Any) -> dict[str, Any]:
    """Return a document with a session, and links from it to the operation that ends it."""
    ends = _object(stop=TEXT, more={"type": "array", "items": TEXT})
    session = {**_object(id=TEXT, ends=ends, note=TEXT), "required": ["id", "ends"]}
    answer = {"description": "x", "content": others.pop("content", {"application/json": {"schema": session}})}
    links = {f"link{number}": {"operationId": "stop", **one} for number, one in enumerate((link, *more))}
    name = {"in": "path", "name": "name", "required": True, "schema": TEXT}
    return document(
        {
            "/a": {"get": operation(responses={"200": {**answer, "links": links}})},
            "/b/{name}": {"delete": operation(operationId="stop", parameters=[name])},
        },
        **others,
    )


def _body_part(expression: str, **parameters: str) -> dict[str, Any]:
    return {
        "x-url": f"$response.body#/{expression}",
        "parameters": {name: f"$response.body#/{one}" for name, one in parameters.items()},
    }


S = "#/components/schemas/S"
PART = "#/x-parts/S"
LINK = "#/paths/~1a/get/responses/200/links/link0"
GET = "#/paths/~1a/get"
ANSWER = f"{GET}/responses/200/content/text~1json+json"
REFUSED: dict[str, tuple[Any, str, str]] = {
    # The document.
    "a list": ([1], "", "is an array, not an OpenAPI document"),
    "a string": ("text", "", "is a string, not an OpenAPI document"),
    "no version": ({"info": {}}, "#/openapi", "must be a version 3.0 or 3.1, not None"),
    "version 2": ({"swagger": "2.0"}, "#/openapi", "must be a version 3.0 or 3.1, not None"),
    "version 3.2": (document(openapi="3.2.0"), "#/openapi", "must be a version 3.0 or 3.1, not '3.2.0'"),
    "a number as version": (
        document(openapi=3.1),
        "#/openapi",
        "must be a version 3.0 or 3.1, not the number 3.1; put it in quotes",
    ),
    "no info": ({"openapi": "3.1.0", "paths": {}}, "#", "lacks 'info'"),
    "no title": (document(info={"version": "1"}), "#/info", "lacks 'title'"),
    "a number as title": (
        document(info={"title": 5, "version": "1"}),
        "#/info/title",
        "must be a string, not a number",
    ),
    "no paths": ({"openapi": "3.1.0", "info": {"title": "a", "version": "1"}}, "#", "lacks 'paths'"),
    "paths as a list": ({**document(), "paths": [1]}, "#/paths", "must be an object, not an array"),
    "an operation as a list": (document({"/a": {"get": []}}), GET, "must be an object, not an array"),
    "webhooks": (document(webhooks={"a": {}}), "#/webhooks", "is not supported: the client receives no calls"),
    "an unknown keyword of the document": (
        document(pathz={}),
        "#",
        "'pathz' is not a keyword of a document; correct it, or call it x-pathz",
    ),
    "an unknown part of the components": (
        document(components={"schemes": {}}),
        "#/components",
        "'schemes' is not a keyword of a components; correct it, or call it x-schemes",
    ),
    "another dialect": (
        document(jsonSchemaDialect="http://json-schema.org/draft-07/schema#"),
        "#/jsonSchemaDialect",
        "is not supported; only that of OpenAPI 3.1 is",
    ),
    # Paths and operations.
    "a path without a slash": (
        document({"a": {"get": operation()}}),
        "#/paths/a",
        "a path begins with a slash, and what is not ASCII in it, ?, # and spaces are percent-encoded",
    ),
    "a path with a query": (
        document({"/a?b=1": {"get": operation()}}),
        "#/paths/~1a?b=1",
        "a path begins with a slash, and what is not ASCII in it, ?, # and spaces are percent-encoded",
    ),
    "an unknown method": (
        document({"/a": {"connect": operation()}}),
        "#/paths/~1a",
        "'connect' is not a keyword of a path item; correct it, or call it x-connect",
    ),
    "the same path twice": (
        document(
            {
                f"/a/{{{name}}}": {
                    "get": operation(
                        operationId=name, parameters=[{"in": "path", "name": name, "required": True, "schema": TEXT}]
                    )
                }
                for name in "xy"
            }
        ),
        "#/paths/~1a~1{y}",
        "is the same as /a/{x}, but for the names of parameters; merge them",
    ),
    "the same id twice": (
        document({"/a": {"get": operation()}, "/b": {"get": operation()}}),
        "#/paths/~1b/get/operationId",
        "'call' is the operationId of another operation already; choose another",
    ),
    "a misspelt keyword": (
        _get(operationid="a"),
        GET,
        "'operationid' is not a keyword of a operation; correct it, or call it x-operationid",
    ),
    "callbacks": (
        _get(callbacks={"a": {"{$request.body#/url}": {}}}),
        f"{GET}/callbacks",
        "is not supported: the client receives no calls",
    ),
    "ids that are one name in Python": (
        document({"/a": {"get": operation(operationId="get-thing")}, "/b": {"get": operation(operationId="getThing")}}),
        "#/paths/~1b/get/operationId",
        "'getThing' and 'get-thing' (#/paths/~1a/get/operationId) are both get_thing in Python; rename one",
    ),
    "a path whose name is that of an id": (
        document({path: {"get": operation(operationId=one)} for path, one in (("/a", "get_a_b"), ("/a-b", ""))}),
        "#/paths/~1a-b/get",
        "'get /a-b' and 'get_a_b' (#/paths/~1a/get/operationId) are both get_a_b in Python; give it an operationId",
    ),
    "paths that are one name in Python": (
        document({path: {"get": {"responses": operation()["responses"]}} for path in ("/a_b", "/a/b")}),
        "#/paths/~1a~1b/get",
        "'get /a/b' and 'get /a_b' (#/paths/~1a_b/get) are both get_a_b in Python; give it an operationId",
    ),
    "a very long id": (
        _get(operationId="a" * 300),
        GET,
        "the name aaaaaaaaaaaaaaaaaaaa… is too long; give a shorter operationId or tag",
    ),
    "a link to nowhere": (
        _answers(_200={"links": {"next": {"operationId": "other"}}}),
        GET,
        "a link leads to 'other', which is not an operationId",
    ),
    "a link by reference": (
        _answers(_200={"links": {"next": {"operationRef": "#/paths/~1a/get"}}}),
        f"{GET}/responses/200/links/next/operationRef",
        "is not supported: name the operation by its operationId",
    ),
    # Servers and security.
    "a server variable without a value": (
        document({"/a": {"get": operation(servers=[{"url": "https://{x}"}])}}),
        f"{GET}/servers/0",
        "the URL 'https://{x}' has a variable without a default; give it one in variables",
    ),
    "a server that is no URL": (
        _get(servers=[{"url": 'https://a b/"'}]),
        f"{GET}/servers/0/url",
        "'https://a b/\"' is not the URL of an HTTP server; percent-encode special characters",
    ),
    "a server of another scheme": (
        _get(servers=[{"url": "ftp://a"}]),
        f"{GET}/servers/0/url",
        "'ftp://a' is not the URL of an HTTP server; percent-encode special characters",
    ),
    "an undeclared scheme": (
        _get(security=[{"x": []}]),
        f"{GET}/security/0",
        "'x' is not among components/securitySchemes; declare it there",
    ),
    "an API key": (
        document(
            {"/a": {"get": operation(security=[{"k": []}])}},
            components={"securitySchemes": {"k": {"type": "apiKey", "in": "header", "name": "x"}}},
        ),
        f"{GET}/security",
        "apiKey is not supported; bearer tokens are",
    ),
    "basic authentication": (
        document(
            {"/a": {"get": operation()}},
            security=[{"k": []}],
            components={"securitySchemes": {"k": {"type": "http", "scheme": "Basic"}}},
        ),
        "#/security",
        "http basic is not supported; bearer tokens are",
    ),
    "a token and a key": (
        document(
            {"/a": {"get": operation(security=[{"t": [], "k": []}])}},
            components={
                "securitySchemes": {**BEARER["securitySchemes"], "k": {"type": "apiKey", "in": "header", "name": "x"}}
            },
        ),
        f"{GET}/security",
        "apiKey is not supported; bearer tokens are",
    ),
    # Parameters.
    "an unknown place": (
        _parameter(**{"in": "body"}),
        f"{GET}/parameters/0/in",
        "input should be 'query', 'path', 'header' or 'cookie'",
    ),
    "a place of 2.0": (
        _parameter(**{"in": "formData"}),
        f"{GET}/parameters/0/in",
        "input should be 'query', 'path', 'header' or 'cookie'",
    ),
    "a parameter without schema": (
        _get(parameters=[{"in": "query", "name": "q"}]),
        f"{GET}/parameters/0",
        "lacks 'schema'",
    ),
    "content in a parameter": (
        _get(parameters=[{"in": "query", "name": "q", "content": {"application/json": {}}}]),
        f"{GET}/parameters/0/content",
        "is not supported: give it a schema",
    ),
    "a deep object": (
        _parameter(style="deepObject"),
        f"{GET}/parameters/0/style",
        "'deepObject' is not supported in query; only 'form'",
    ),
    "pipes": (
        _parameter(style="pipeDelimited"),
        f"{GET}/parameters/0/style",
        "'pipeDelimited' is not supported in query; only 'form'",
    ),
    "reserved characters": (
        _parameter(allowReserved=True),
        f"{GET}/parameters/0/allowReserved",
        "is not supported: reserved characters are always percent-encoded",
    ),
    "an object in the query": (
        _parameter(schema=_object(a=TEXT)),
        f"{GET}/parameters/0/schema",
        "an object or a nested array is not supported here; use scalars and lists of them",
    ),
    "nested arrays in the query": (
        _parameter(schema=_nested(2)),
        f"{GET}/parameters/0/schema",
        "an object or a nested array is not supported here; use scalars and lists of them",
    ),
    "bytes in the query": (
        _parameter(schema={"type": "string", "format": "byte"}),
        f"{GET}/parameters/0/schema",
        "format byte is not supported here; use a string",
    ),
    "binary in the query": (
        _parameter(schema={"type": "string", "format": "binary"}),
        f"{GET}/parameters/0/schema",
        "format binary is only supported as a whole body; in JSON, use byte (base64)",
    ),
    "a header of the client": (
        _parameter(**{"in": "header", "name": "Authorization"}),
        f"{GET}/parameters/0",
        "the header Authorization is set by the client itself; remove the parameter",
    ),
    "a header with a line break": (
        _parameter(**{"in": "header", "name": "a\r\nb"}),
        f"{GET}/parameters/0/name",
        "'a\\r\\nb' cannot be the name of a header",
    ),
    "a path parameter that is not declared": (
        document({"/{x}": {"get": operation()}}),
        "#/paths/~1{x}/get",
        "the path has the parameters ['x'], but [] are declared; make both the same",
    ),
    "a path parameter that is not in the path": (
        _get(parameters=[{"in": "path", "name": "x", "required": True, "schema": TEXT}]),
        GET,
        "the path has the parameters [], but ['x'] are declared; make both the same",
    ),
    "a path parameter that is optional": (
        document({"/{x}": {"get": operation(parameters=[{"in": "path", "name": "x", "schema": TEXT}])}}),
        "#/paths/~1{x}/get/parameters/0",
        "a parameter in the path must have required: true",
    ),
    "braces in a path": (
        document({"/a{": {"get": operation()}}),
        "#/paths/~1a{/get",
        "the path has the parameters [], but [] are declared; make both the same",
    ),
    "a parameter twice": (
        _get(parameters=[{"in": "header", "name": one, "schema": TEXT} for one in ("X-A", "x-a")]),
        f"{GET}/parameters/1",
        "the header parameter 'x-a' is declared twice; keep one of them",
    ),
    "an option of the client in the path": (
        document(
            {
                "/{x}": {
                    "get": operation(
                        parameters=[
                            {"in": "path", "name": "x", "required": True, "x-client-option": True, "schema": TEXT}
                        ]
                    )
                }
            }
        ),
        "#/paths/~1{x}/get/parameters/0",
        "a parameter in the path cannot be an option of the client",
    ),
    "two options of the client with one name": (
        document(
            {
                f"/{type_}": {
                    "get": operation(
                        operationId=type_,
                        parameters=[{"in": "query", "name": "q", "x-client-option": True, "schema": {"type": type_}}],
                    )
                }
                for type_ in ("string", "integer")
            }
        ),
        "#/paths/~1integer/get/parameters/0",
        "the client option 'q' is declared differently elsewhere; use one $ref",
    ),
    "words instead of a flag": (
        _parameter(**{"x-client-option": "yes"}),
        f"{GET}/parameters/0/x-client-option",
        "must be true or false, not a string",
    ),
    "an idempotence in words": (
        _get(**{"x-idempotent": "no"}),
        f"{GET}/x-idempotent",
        "must be true or false, not a string",
    ),
    # Bodies and responses.
    "no media type": (_body(), "#/paths/~1a/post/requestBody/content", "is empty; name a media type"),
    "multipart": (
        _body(**{"multipart/form-data": {"schema": _object(a=TEXT)}}),
        "#/paths/~1a/post/requestBody/content/multipart~1form-data",
        "is not supported; JSON, text, binary data and urlencoded forms are",
    ),
    "a structure in XML": (
        _body(**{"application/xml": {"schema": _object(a=TEXT)}}),
        "#/paths/~1a/post/requestBody/content/application~1xml",
        "only JSON and urlencoded forms have a structure; give it a schema of type string, or none",
    ),
    "a number as text": (
        _body(**{"text/plain": {"schema": {"type": "integer"}}}),
        "#/paths/~1a/post/requestBody/content/text~1plain",
        "only JSON and urlencoded forms have a structure; give it a schema of type string, or none",
    ),
    "a constraint on text": (
        _body(**{"text/plain": {"schema": {"type": "string", "maxLength": 3}}}),
        "#/paths/~1a/post/requestBody/content/text~1plain",
        "only JSON and urlencoded forms have a structure; give it a schema of type string, or none",
    ),
    "text in another charset": (
        _body(**{"text/plain; charset=latin-1": {}}),
        "#/paths/~1a/post/requestBody/content/text~1plain; charset=latin-1",
        "only utf-8 is supported",
    ),
    "a range of media types to send": (
        _body(**{"image/*": {}}),
        "#/paths/~1a/post/requestBody/content/image~1*",
        "a request needs one media type, not a range of them",
    ),
    "a media type with a line break": (
        _body(**{"a/b\r\nx: y": {}}),
        "#/paths/~1a/post/requestBody/content/a~1b\\r\\nx: y",
        "is not a media type, such as application/json",
    ),
    "a media type twice": (
        _body(**{"text/plain": {}, "TEXT/plain;x=y": {}}),
        "#/paths/~1a/post/requestBody/content/TEXT~1plain;x=y",
        "text/plain is declared twice; keep one of them",
    ),
    "a form of scalars": (
        _body(**{"application/x-www-form-urlencoded": {"schema": TEXT}}),
        "#/paths/~1a/post/requestBody/content/application~1x-www-form-urlencoded",
        "a form needs an object with properties",
    ),
    "a form with objects": (
        _body(**{"application/x-www-form-urlencoded": {"schema": _object(a=_object(b=TEXT))}}),
        "#/paths/~1a/post/requestBody/content/application~1x-www-form-urlencoded/schema",
        "an object or a nested array is not supported here; use scalars and lists of them",
    ),
    "the encoding of a form": (
        _body(**{"application/x-www-form-urlencoded": {"schema": _object(a=TEXT), "encoding": {"a": {}}}}),
        "#/paths/~1a/post/requestBody/content/application~1x-www-form-urlencoded/encoding",
        "is not supported: parts and fields are encoded in the default way",
    ),
    "binary within JSON": (
        _body(**{"application/json": {"schema": {"type": "string", "format": "binary"}}}),
        "#/paths/~1a/post/requestBody/content/application~1json/schema",
        "format binary is only supported as a whole body; in JSON, use byte (base64)",
    ),
    "no responses": (
        _get(responses={}),
        f"{GET}/responses",
        "has no successful response; add a 2XX status, or default",
    ),
    "only errors": (_answers(_404={}), f"{GET}/responses", "has no successful response; add a 2XX status, or default"),
    "a word as status": (
        _answers(ok={}),
        f"{GET}/responses/ok",
        "is not a status; give a number, a range such as 4XX, or default",
    ),
    "a status out of range": (
        _answers(_200={}, _600={}),
        f"{GET}/responses/600",
        "is not a status; give a number, a range such as 4XX, or default",
    ),
    "a status twice": (_answers(_2XX={}, _2xx={}), f"{GET}/responses/2xx", "is declared twice; keep one of them"),
    "a misspelt keyword of a response": (
        _answers(_200={"contents": {}}),
        f"{GET}/responses/200",
        "'contents' is not a keyword of a response; correct it, or call it x-contents",
    ),
    # References.
    "a reference to another file": (
        _schema(**{"$ref": "other.yaml#/a"}),
        f"{S}/$ref",
        "'other.yaml#/a' is not in this document; bundle it into one file first",
    ),
    "a reference to a URL": (
        _get(responses={"200": {"$ref": "https://a/b#/c"}}),
        f"{GET}/responses/200/$ref",
        "'https://a/b#/c' is not in this document; bundle it into one file first",
    ),
    "a reference to nowhere": (_schema(**_ref("T")), f"{S}/$ref", "'#/components/schemas/T' does not exist"),
    "a reference to an anchor": (
        _schema(**{"$ref": "#thing"}),
        f"{S}/$ref",
        "'#thing' is not a JSON pointer; write it as #/components/…",
    ),
    "a reference to itself": (
        _schema(**_ref("S")),
        S,
        "is recursive without an object with properties in between; give it one",
    ),
    "references in a circle": (
        _schemas(S=_ref("T"), T=_ref("S")),
        S,
        "is recursive without an object with properties in between; give it one",
    ),
    "parameters in a circle": (
        document(
            {"/a": {"get": operation(parameters=[{"$ref": "#/components/parameters/p"}])}},
            components={"parameters": {"p": {"$ref": "#/components/parameters/p"}}},
        ),
        "#/components/parameters/p",
        (
            "#/paths/~1a/get/parameters/0 -> #/components/parameters/p -> #/components/parameters/p is a reference "
            "to itself"
        ),
    ),
    "something beside the reference of a parameter": (
        document(
            {"/a": {"get": operation(parameters=[{"$ref": "#/components/parameters/p", "required": True}])}},
            components={"parameters": {"p": {"in": "query", "name": "q", "schema": TEXT}}},
        ),
        f"{GET}/parameters/0",
        "required beside $ref is ignored; put it into the target",
    ),
    "something beside a reference of 3.0": (
        document(
            schemas={"S": {"type": "object", "properties": {"a": {**_ref("T"), "nullable": True}}}, "T": TEXT},
            version="3.0.3",
        ),
        f"{S}/properties/a",
        "nullable beside $ref is ignored in OpenAPI 3.0; put both into allOf",
    ),
    "a constraint beside a reference of 3.0": (
        document(schemas={"S": {**_ref("T"), "minLength": 1}, "T": TEXT}, version="3.0.3"),
        S,
        "minLength beside $ref is ignored in OpenAPI 3.0; put both into allOf",
    ),
    # Schemas.
    "an unknown type": (
        _schema(type="text"),
        f"{S}/type",
        "input should be 'string', 'number', 'integer', 'boolean', 'array', 'object' or 'null'",
    ),
    "an unknown keyword": (
        _schema(type="string", minLenght=1),
        S,
        "'minLenght' is not a keyword of a schema; correct it, or call it x-minLenght",
    ),
    "the schema false": (
        _schema(type="array", items=False),
        f"{S}/items",
        "the schema false, which matches no value, is not supported; remove it",
    ),
    "constraints without type": (_schema(minLength=1), S, "has constraints but no type; add one"),
    "a format without type": (_schema(format="date"), S, "has constraints but no type; add one"),
    "constraints of another type": (
        _schema(type="integer", minLength=1),
        S,
        "minLength does not apply to type integer; remove it",
    ),
    "constraints of neither type": (
        _schema(type=["string", "integer"], minProperties=1, maxItems=1),
        S,
        "maxItems, minProperties does not apply to type string or integer; remove it",
    ),
    "no types": (_schema(type=[]), f"{S}/type", "is empty, so no value matches; list at least one"),
    "a required property that is none": (
        _schema(type="object", properties={"a": TEXT}, required=["b"]),
        f"{S}/required",
        "'b' is not among the properties; add it to them",
    ),
    "required without properties": (
        _schema(type="object", required=["b"]),
        f"{S}/required",
        "names properties that are not declared; add them to properties",
    ),
    "additional properties beside named ones": (
        _schema(type="object", properties={"a": TEXT}, additionalProperties=TEXT),
        f"{S}/additionalProperties",
        "a schema is not supported beside properties; use true or false",
    ),
    "a number of properties": (
        _schema(type="object", properties={"a": TEXT}, minProperties=1),
        f"{S}/minProperties",
        "is not supported for an object with named properties",
    ),
    "a property with a quote": (
        _schema(**_object(**{'a"b': TEXT})),
        f'{S}/properties/a"b',
        "msgspec has no properties with quotes, backslashes or control characters in their names",
    ),
    "a negative length": (
        _schema(type="string", minLength=-1),
        f"{S}/minLength",
        "input should be greater than or equal to 0",
    ),
    "a fraction as length": (
        _schema(type="array", minItems=1.5),
        f"{S}/minItems",
        "input should be a valid integer, got a number with a fractional part",
    ),
    "a string as bound": (_schema(type="integer", minimum="1"), f"{S}/minimum", "must be a number"),
    "a bound beyond 64 bits": (
        _schema(type="integer", maximum=2**63),
        S,
        "the bound le 9223372036854775808 is beyond int64, which msgspec cannot check",
    ),
    "a bound beyond floats": (
        _schema(type="number", maximum=10**400),
        f"{S}/maximum",
        "is beyond what a float can hold; remove it",
    ),
    "an exclusive flag without bound": (
        _schema(type="integer", exclusiveMinimum=True),
        f"{S}/exclusiveMinimum",
        "has no effect without minimum; write the bound itself",
    ),
    "a multiple of 0.1": (
        _schema(type="number", multipleOf=0.1),
        f"{S}/multipleOf",
        "0.1 has no exact binary form, so it cannot be checked; remove it",
    ),
    "a multiple of zero": (_schema(type="number", multipleOf=0), f"{S}/multipleOf", "input should be greater than 0"),
    "an integer multiple of a half": (
        _schema(type="integer", multipleOf=0.5),
        f"{S}/multipleOf",
        "0.5 is not supported for an integer; use a whole number",
    ),
    "a length of a date": (
        _schema(type="string", format="date", maxLength=3),
        S,
        "maxLength is not supported beside format date; remove one",
    ),
    "a pattern of a URI": (
        _schema(type="string", format="uri", pattern="^a"),
        S,
        "pattern is not supported beside format uri; remove one",
    ),
    "a broken pattern": (
        _schema(type="string", pattern="("),
        f"{S}/pattern",
        "cannot be translated for Python's re: missing ), unterminated subpattern at position 0",
    ),
    "a Unicode property": (
        _schema(type="string", pattern=r"\p{L}"),
        f"{S}/pattern",
        "has a Unicode property \\p, which Python's re does not know",
    ),
    "nullable in 3.1": (
        _schema(type="string", nullable=True),
        f"{S}/nullable",
        "is a keyword of OpenAPI 3.0; in 3.1, write type: [..., 'null']",
    ),
    "an empty enum": (_schema(enum=[]), f"{S}/enum", "is empty"),
    "an enum of booleans": (
        _schema(enum=[True]),
        f"{S}/enum",
        "True is not supported; only strings, integers and null are",
    ),
    "an enum of numbers": (
        _schema(type="number", enum=[0.5]),
        f"{S}/enum",
        "0.5 is not supported; only strings, integers and null are",
    ),
    "an enum of objects": (_schema(enum=[{}]), f"{S}/enum", "{} is not supported; only strings, integers and null are"),
    "a const that is an object": (_schema(const={"a": 1}), f"{S}/const", "must be a string, not an object"),
    "an enum of another type": (_schema(type="integer", enum=["1"]), f"{S}/enum", "'1' is not of type integer"),
    "null in an enum of strings": (_schema(type="string", enum=["a", None]), f"{S}/enum", "None is not of type string"),
    "a huge value": (
        _schema(const=2**63),
        f"{S}/const",
        "9223372036854775808 is beyond int64, which msgspec cannot compare",
    ),
    "a huge negative value": (
        _schema(const=-(2**63) - 1),
        f"{S}/const",
        "-9223372036854775809 is beyond int64, which msgspec cannot compare",
    ),
    "a const outside of its enum": (
        _schema(const="a", enum=["b"]),
        f"{S}/const",
        "is not in the enum beside it, so no value matches; correct one of them",
    ),
    "constraints beside an enum": (
        _schema(enum=["a"], type="string", minLength=1),
        S,
        "minLength does not apply to an enum or const; remove it",
    ),
    "recursion without an object": (
        _schemas(S={"type": "array", "items": _ref("S")}),
        S,
        "is recursive without an object with properties in between; give it one",
    ),
    "recursion outside of the components": (
        _answers(_200={"content": {"text/json+json": {"schema": {"items": {"$ref": f"{ANSWER}/schema"}}}}}),
        f"{ANSWER}/schema/items",
        "is recursive; move it to components/schemas",
    ),
    # Compositions.
    "an empty oneOf": (_schema(oneOf=[]), f"{S}/oneOf", "is empty, so no value matches; list at least one"),
    "an empty allOf": (_schema(allOf=[]), f"{S}/allOf", "is empty; remove it"),
    "oneOf and anyOf": (_schema(oneOf=[TEXT], anyOf=[TEXT]), S, "has oneOf and anyOf; put one into the other"),
    "objects that nothing tells apart": (
        _schemas(S={"oneOf": [_object(a=TEXT), _object(b=TEXT)]}),
        S,
        (
            "SOption1, SOption2 cannot be told apart: add a discriminator, or a required property with a "
            "different const in each"
        ),
    ),
    "objects with the same value": (
        _schemas(S={"oneOf": [_object(k={"const": "a"}), _object(k={"const": "a"}, b=TEXT)]}),
        S,
        (
            "SOption1, SOption2 cannot be told apart: add a discriminator, or a required property with a "
            "different const in each"
        ),
    ),
    "objects told apart by an optional property": (
        _schemas(S={"oneOf": [{"properties": {"k": {"const": one}}} for one in "ab"]}),
        S,
        (
            "SOption1, SOption2 cannot be told apart: add a discriminator, or a required property with a "
            "different const in each"
        ),
    ),
    "objects told apart by a string and a number": (
        _schemas(S={"oneOf": [_object(k={"const": "a"}), _object(k={"const": 1})]}),
        S,
        "'k' is a string in one alternative and a number in another; use strings",
    ),
    "an object told apart in two ways": (
        _schemas(
            A=_object(k={"const": "a"}, j={"const": "a"}),
            B=_object(k={"const": "b"}),
            C=_object(j={"const": "c"}),
            S={"oneOf": [_ref("A"), _ref("B")]},
            T={"oneOf": [_ref("A"), _ref("C")]},
        ),
        "#/components/schemas/T",
        "A is told apart by 'k' = 'a' in another union; use the same here",
    ),
    "an object and a map": (
        _schema(anyOf=[_object(a=TEXT), {"type": "object"}]),
        S,
        "a union of SOption1 and dict[str, Any] is not supported: the JSON type of a value does not tell them apart",
    ),
    "two arrays": (
        _schema(anyOf=[{"type": "array", "items": TEXT}, {"type": "array", "items": {"type": "integer"}}]),
        S,
        "a union of list[str] and list[int] is not supported: the JSON type of a value does not tell them apart",
    ),
    "a date or a string": (
        _schema(anyOf=[TEXT, {"type": "string", "format": "date"}]),
        S,
        "a union of str and datetime.date is not supported: the JSON type of a value does not tell them apart",
    ),
    "a string with a pattern and an array": (
        _schema(anyOf=[{"type": "string", "format": "uri"}, {"type": "array", "items": TEXT}]),
        S,
        (
            "msgspec crashes on a union of a string with a pattern or format and an array or a map; remove the "
            "pattern, or put the array into an object"
        ),
    ),
    "a string with a pattern and a map": (
        _schema(type=["string", "object"], pattern="a", additionalProperties=TEXT),
        S,
        (
            "msgspec crashes on a union of a string with a pattern or format and an array or a map; remove the "
            "pattern, or put the array into an object"
        ),
    ),
    "an open set with a constraint": (
        _schema(anyOf=[{"enum": ["a"]}, {"type": "string", "minLength": 2}]),
        S,
        (
            'a union of Literal["a"] and Annotated[str, Meta(min_length=2)] is not supported: the JSON type of a '
            "value does not tell them apart"
        ),
    ),
    "a known number or any float": (
        _schema(anyOf=[{"enum": [1]}, {"type": "number"}]),
        S,
        "a union of integers and numbers is only supported without constraints",
    ),
    "two alternatives for one value": (
        _schema(oneOf=[{"enum": ["a"]}, TEXT]),
        S,
        "a value can match two alternatives, which oneOf forbids; use anyOf",
    ),
    "an integer and a number": (
        _schema(oneOf=[{"type": "integer"}, {"type": "number"}]),
        S,
        "a value can match two alternatives, which oneOf forbids; use anyOf",
    ),
    "the same alternative twice": (
        _schema(oneOf=[TEXT, TEXT]),
        S,
        "two alternatives match 'str', which oneOf forbids; use anyOf",
    ),
    "a value in two enums": (
        _schema(oneOf=[{"enum": ["a", "b"]}, {"enum": ["b"]}]),
        S,
        "two alternatives match 'b', which oneOf forbids; use anyOf",
    ),
    "anything or something": (
        _schema(oneOf=[{}, TEXT]),
        S,
        "a value can match two alternatives, which oneOf forbids; use anyOf",
    ),
    "a discriminator without alternatives": (
        _schema(**_object(k=TEXT), discriminator={"propertyName": "k"}),
        f"{S}/discriminator",
        "has no effect without oneOf; list the alternatives in one",
    ),
    "a discriminator of scalars": (
        _schema(oneOf=[TEXT, {"type": "integer"}], discriminator={"propertyName": "k"}),
        f"{S}/discriminator",
        "tells objects apart, and there are none here; remove it",
    ),
    "a discriminator without name": (
        _schema(oneOf=[_object(k=TEXT)], discriminator={}),
        f"{S}/discriminator",
        "lacks 'propertyName'",
    ),
    "a discriminator that is no property": (
        _schemas(
            A=_object(a=TEXT),
            B=_object(b=TEXT),
            S={"oneOf": [_ref("A"), _ref("B")], "discriminator": {"propertyName": "k"}},
        ),
        S,
        "'k' tells A from the others, so it must be a required property of it",
    ),
    "a discriminator that an object denies": (
        _schemas(
            A=_object(k={"enum": ["x", "y"]}),
            B=_object(k=TEXT),
            S={"oneOf": [_ref("A"), _ref("B")], "discriminator": {"propertyName": "k"}},
        ),
        S,
        "'k' of A cannot be 'A', the value that tells it from the others",
    ),
    "a discriminator of objects without names": (
        _schemas(S={"oneOf": [_object(k=TEXT), _object(k=TEXT, b=TEXT)], "discriminator": {"propertyName": "k"}}),
        S,
        (
            "the discriminator maps no 'k' to #/components/schemas/S/oneOf/0; add it to the mapping, or give the "
            "property a const"
        ),
    ),
    "two values for one object": (
        _schemas(
            A=_object(k=TEXT),
            S={"oneOf": [_ref("A")], "discriminator": {"propertyName": "k", "mapping": {"x": "A", "y": "A"}}},
        ),
        f"{S}/discriminator/mapping",
        "x and y map to the same schema; keep one of them",
    ),
    "a mapping to another object": (
        _schemas(
            A=_object(k=TEXT), S={"oneOf": [_ref("A")], "discriminator": {"propertyName": "k", "mapping": {"x": "B"}}}
        ),
        f"{S}/discriminator/mapping/x",
        "'B' is not one of the alternatives; correct it",
    ),
    "types without a common value": (
        _schema(allOf=[TEXT, {"type": "integer"}]),
        S,
        "allOf leaves no type that matches all its members",
    ),
    "enums without a common value": (
        _schema(allOf=[{"enum": ["a"]}, {"enum": ["b"]}]),
        S,
        "allOf leaves no enum that matches all its members",
    ),
    "two patterns": (
        _schema(allOf=[{"type": "string", "pattern": "a"}, {"pattern": "b"}]),
        S,
        "allOf has two different pattern, 'a' and 'b'; keep one of them",
    ),
    "a closed member of allOf": (
        _schema(allOf=[{**_object(a=TEXT), "additionalProperties": False}, _object(b=TEXT)]),
        S,
        "a member of allOf has additionalProperties: false and so forbids b; remove that there",
    ),
    "allOf in a circle": (
        _schemas(S={"allOf": [_ref("S"), _object(a=TEXT)]}),
        S,
        "allOf contains itself, by way of #/components/schemas/S",
    ),
    "allOf in a wide circle": (
        _schemas(S={"allOf": [_ref("T"), _object(a=TEXT)]}, T={"allOf": [_ref("S"), _object(b=TEXT)]}),
        "#/components/schemas/T",
        "allOf contains itself, by way of #/components/schemas/S",
    ),
    "a union of itself": (
        _schemas(S={"required": ["a"], "oneOf": [_ref("S"), _object(a=TEXT)]}),
        S,
        "is recursive without an object with properties in between; give it one",
    ),
    "a union of itself in allOf": (
        _schemas(S={"allOf": [{"anyOf": [_ref("S"), _object(a=TEXT)]}, {"required": ["a"]}]}),
        S,
        "is recursive without an object with properties in between; give it one",
    ),
    "a union of itself by way of another": (
        _schemas(S={"required": ["a"], "oneOf": [_ref("T")]}, T={"required": ["b"], "oneOf": [_ref("S")]}),
        S,
        "is recursive without an object with properties in between; give it one",
    ),
    "a discriminator of a string": (
        _schema(type="string", discriminator={"propertyName": "k"}),
        f"{S}/discriminator",
        "has no effect without oneOf; list the alternatives in one",
    ),
    "a value that is the name of another": (
        _schemas(
            A=_object(k={"const": "B"}),
            B=_object(k=TEXT),
            S={"oneOf": [_ref("A"), _ref("B")], "discriminator": {"propertyName": "k"}},
        ),
        S,
        "two alternatives have the same 'k'; give each its own",
    ),
    "null as type in one of two": (
        _schema(allOf=[{"type": ["string"]}, {"type": None}]),
        S,
        "allOf has two type of which one is malformed; correct it",
    ),
    "two bounds of which one is exclusive": (
        document(
            schemas={
                "S": {
                    "allOf": [
                        {"type": "integer", "maximum": 3, "exclusiveMaximum": True},
                        {"type": "integer", "maximum": 4, "exclusiveMaximum": True},
                    ]
                }
            },
            version="3.0.3",
        ),
        S,
        "allOf has two different maximum of which one is exclusive; keep one of them",
    ),
    "two lower bounds of which one is exclusive": (
        document(
            schemas={
                "S": {
                    "allOf": [
                        {"type": "integer", "minimum": 3, "exclusiveMinimum": True},
                        {"type": "integer", "minimum": 4, "exclusiveMinimum": True},
                    ]
                }
            },
            version="3.0.3",
        ),
        S,
        "allOf has two different minimum of which one is exclusive; keep one of them",
    ),
    "an array as bound": (_schema(type="integer", minimum=[]), f"{S}/minimum", "must be a number, not an array"),
    "a word as bound": (_schema(type="integer", minimum="a"), f"{S}/minimum", "must be a number, not a string"),
    "an array as length": (_schema(type="string", minLength=[]), f"{S}/minLength", "must be a number, not an array"),
    "a word as length": (_schema(type="string", minLength="a"), f"{S}/minLength", "must be a number, not a string"),
    "an array as flag": (_get(deprecated=[]), f"{GET}/deprecated", "must be true or false, not an array"),
    "a word as flag of an operation": (
        _get(deprecated="a"),
        f"{GET}/deprecated",
        "must be true or false, not a string",
    ),
    "an object as tags": (_get(tags={}), f"{GET}/tags", "must be an array, not an object"),
    "multiples of which one is a fraction": (
        _schema(allOf=[{"type": "number", "multipleOf": 0.5}, {"multipleOf": 2}]),
        S,
        "allOf has two multipleOf of which one is malformed; correct it",
    ),
    "false in allOf": (
        _schema(allOf=[_object(a=TEXT), False]),
        f"{S}/allOf/1",
        "the schema false, which matches no value, is not supported; remove it",
    ),
    # What is only read where something refers to it.
    "a type that there is not": (
        _elsewhere({"type": "text"}),
        f"{PART}/type",
        "'text' is not one of string, integer, number, boolean, array, object, null",
    ),
    "an enum that is not an array": (_elsewhere({"enum": "a"}), f"{PART}/enum", "must be an array, not a string"),
    "an enum of nothing": (
        _elsewhere({"enum": []}),
        f"{PART}/enum",
        "is empty, so no value matches; list at least one",
    ),
    "alternatives that are no array": (_elsewhere({"oneOf": {}}), f"{PART}/oneOf", "must be an array, not an object"),
    "a length in words": (
        _elsewhere({"type": "string", "minLength": "1"}),
        f"{PART}/minLength",
        "must be a whole number, zero or more",
    ),
    "a length that is true": (
        _elsewhere({"type": "string", "maxLength": True}),
        f"{PART}/maxLength",
        "must be a whole number, zero or more",
    ),
    "a length below zero": (
        _elsewhere({"type": "string", "maxLength": -1}),
        f"{PART}/maxLength",
        "must be a whole number, zero or more",
    ),
    "half a length": (
        _elsewhere({"type": "array", "minItems": 0.5}),
        f"{PART}/minItems",
        "must be a whole number, zero or more",
    ),
    "a length beyond 64 bits": (
        _elsewhere({"type": "object", "maxProperties": 2**63}),
        f"{PART}/maxProperties",
        "must be a whole number, zero or more",
    ),
    "a bound that is true": (_elsewhere({"type": "integer", "minimum": True}), f"{PART}/minimum", "must be a number"),
    "a bound of 400 digits": (
        _elsewhere({"type": "number", "minimum": 10**400}),
        f"{PART}/minimum",
        "is beyond what a float can hold; remove it",
    ),
    "a multiple below zero": (
        _elsewhere({"type": "integer", "multipleOf": -1}),
        f"{PART}/multipleOf",
        "must be greater than 0",
    ),
    "a number as pattern": (
        _elsewhere({"type": "string", "pattern": 5}),
        f"{PART}/pattern",
        "must be a string, not a number; put it in quotes",
    ),
    "a number as format": (
        _elsewhere({"type": "string", "format": 5}),
        f"{PART}/format",
        "must be a string, not a number; put it in quotes",
    ),
    "a number as required property": (
        _elsewhere({**_object(a=TEXT), "required": [1]}),
        f"{PART}/required/0",
        "must be a string, not a number; put it in quotes",
    ),
    "a schema that is a number": (_elsewhere(5), PART, "must be an object, not a number"),
    "a word as flag": (
        _elsewhere(_object(a={"type": "string", "readOnly": "no"})),
        f"{PART}/properties/a/readOnly",
        "must be true or false, not a string",
    ),
    "text by a reference to itself": (
        {
            **document(
                {"/a": {"post": operation(requestBody={"content": {"text/plain": {"schema": {"$ref": PART}}}})}}
            ),
            "x-parts": {"S": {"$ref": PART}},
        },
        PART,
        "#/x-parts/S -> #/x-parts/S is a reference to itself",
    ),
    "a place that is read first here": (
        {
            **document({"/a": {"get": operation(parameters=[{"$ref": PART}])}}),
            "x-parts": {"S": {"in": "body", "name": "q", "schema": TEXT}},
        },
        f"{PART}/in",
        "'body' is not one of path, query, header, cookie",
    ),
    # Links that lead to a URL.
    "a URL in a response of two bodies": (
        _linked(
            _body_part("id"), content={one: {"schema": _object(id=TEXT)} for one in ("text/json+json", "a/b+json")}
        ),
        LINK,
        "x-url needs a response with one body, an object with properties",
    ),
    "a URL in an array": (
        _linked(_body_part("0"), content={"application/json": {"schema": {"type": "array", "items": TEXT}}}),
        LINK,
        "x-url needs a response with one body, an object with properties",
    ),
    "a URL in a response without a body": (
        _linked(_body_part("id"), content={}),
        LINK,
        "x-url needs a response with one body, an object with properties",
    ),
    "a URL that is no property": (
        _linked(_body_part("ends/go", name="id")),
        f"{LINK}/x-url",
        "'go' is not a property of the response, or is inside an optional one",
    ),
    "a URL in a string": (
        _linked(_body_part("id/x", name="id")),
        f"{LINK}/x-url",
        "'x' is not a property of the response, or is inside an optional one",
    ),
    "a URL in a header": (
        _linked({"x-url": "$response.header.Location"}),
        f"{LINK}/x-url",
        "is not supported; only $response.body#/… is",
    ),
    "a URL by a number": (_linked({"x-url": 5}), f"{LINK}/x-url", "must be a string, not a number; put it in quotes"),
    "a parameter in the query beside a URL": (
        _linked(_body_part("ends/stop", **{"query.name": "id"})),
        f"{LINK}/parameters/query.name",
        "beside x-url only parameters of the path are supported",
    ),
    "a parameter of the path that nothing gives": (
        _linked(_body_part("ends/stop")),
        "#/paths/~1b~1{name}/delete",
        "a link with x-url leads here; it must give the parameters ['name']",
    ),
    "two URLs for one operation": (
        _linked(_body_part("ends/stop", name="id"), _body_part("id", name="id")),
        "#/paths/~1b~1{name}/delete",
        "two links with x-url find its URL in different properties; use the same one",
    ),
    "a URL as trusted host": (
        _linked(_body_part("ends/stop", name="id"), **{"x-trusted-hosts": ["a.example", "https://a.example"]}),
        "#/x-trusted-hosts/1",
        "'https://a.example' is not a domain, such as example.com",
    ),
    "trusted hosts that are no array": (
        _linked(_body_part("ends/stop", name="id"), **{"x-trusted-hosts": "a.example"}),
        "#/x-trusted-hosts",
        "must be an array, not a string",
    ),
    # Servers and what else there is.
    "a misspelt keyword of a server": (
        _get(servers=[{"url": "https://a", "uri": "x"}]),
        f"{GET}/servers/0",
        "'uri' is not a keyword of a server; correct it, or call it x-uri",
    ),
    "a misspelt keyword of a server variable": (
        _get(servers=[{"url": "https://{a}", "variables": {"a": {"default": "x", "enumm": []}}}]),
        f"{GET}/servers/0/variables/a",
        "'enumm' is not a keyword of a server variable; correct it, or call it x-enumm",
    ),
    "a server with a question": (
        _get(servers=[{"url": "https://a.example/?b=c"}]),
        f"{GET}/servers/0/url",
        "'https://a.example/?b=c' is not the URL of an HTTP server; percent-encode special characters",
    ),
    "a very long tag": (
        _get(tags=["ä" * 150]),
        GET,
        "the name ääääääääääääääääääää… is too long; give a shorter operationId or tag",
    ),
    "a media type of a parameter": (
        _body(**{"text/plain; charset": {}}),
        "#/paths/~1a/post/requestBody/content/text~1plain; charset",
        "is not a media type, such as application/json",
    ),
    "a cookie with a space": (
        _parameter(**{"in": "cookie", "name": "a b"}),
        f"{GET}/parameters/0/name",
        "'a b' cannot be the name of a cookie",
    ),
    "deep nesting": (
        _schema(**_nested(200)),
        "",
        "is nested too deeply; name the inner schemas under components/schemas",
    ),
    "very deep nesting": (
        _schema(**_nested(300)),
        "",
        "is nested too deeply; name the inner schemas under components/schemas",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_names_the_place_and_the_cure(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content, place, problem = REFUSED[name]
    (tmp_path / "spec.json").write_text(json.dumps(content), encoding="utf-8")

    code = main(["--spec", str(tmp_path / "spec.json"), "--output", str(tmp_path / "out"), "--package", "made"])

    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert (code, out, len(lines)) == (1, "", 1), err
    assert lines[0] == (f"spec.json: {place}: {problem}" if place else f"spec.json: {problem}")
    assert not (tmp_path / "out").exists()


TEXTS: dict[str, tuple[str, bytes, str]] = {
    "broken YAML": (
        "spec.yaml",
        b"openapi: 3.1.0\ninfo: [\n",
        "is not YAML: expected the node content, but found '<stream end>' in line 3",
    ),
    "a tab": (
        "spec.yaml",
        b"openapi: 3.1.0\n\tinfo: 1\n",
        "is not YAML: found character '\\t' that cannot start any token in line 2",
    ),
    "a key twice": (
        "spec.yaml",
        b"openapi: 3.1.0\ninfo: 1\ninfo: 2\n",
        'is not YAML: found duplicate key "info" with value "2" (original value: "1") in line 3',
    ),
    "a key twice, once as a number": (
        "spec.yaml",
        b"openapi: 3.1.0\nx: {200: 1, '200': 2}\n",
        "#/x: has the key '200' twice, once in quotes and once without",
    ),
    "an unknown tag": (
        "spec.yaml",
        b"openapi: !!python/name:os.system x\n",
        (
            "is not YAML: could not determine a constructor for the tag 'tag:yaml.org,2002:python/name:os.system' in "
            "line 1"
        ),
    ),
    "a set": ("spec.yaml", b"openapi: 3.1.0\nx: !!set {a}\n", "#/x: a set is not a value in JSON"),
    "bytes": ("spec.yaml", b"openapi: 3.1.0\nx: !!binary YWI=\n", "#/x: a bytes is not a value in JSON"),
    "no number": ("spec.yaml", b"openapi: 3.1.0\nx: .nan\n", "#/x: nan is not a number in JSON"),
    "a document within itself": (
        "spec.yaml",
        b"&a\nopenapi: 3.1.0\nx: *a\n",
        "is nested too deeply, or contains itself",
    ),
    "two documents": ("spec.yaml", b"a: 1\n---\nb: 2\n", "is not YAML: but found another document in line 2"),
    "many aliases": (
        "spec.yaml",
        b"a0: &a0 [x]\n"
        + b"".join(b"a%d: &a%d [%s]\n" % (n, n, b",".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 9)),
        "says more than 100,000 things again by aliases; write them out, or use $ref",
    ),
    "deep YAML": ("spec.yaml", b"a: " + b"[" * 700 + b"]" * 700, "is nested too deeply, or contains itself"),
    "a long number": (
        "spec.yaml",
        b"openapi: " + b"1" * 5000,
        (
            "is not YAML: Exceeds the limit (4300 digits) for integer string conversion: value has 5000 digits; use "
            "sys.set_int_max_str_digits() to increase the limit"
        ),
    ),
    "no UTF-8": ("spec.yaml", b"\xff\xfe", "is not UTF-8 (byte 0)"),
    "nothing": ("spec.yaml", b"", "is null, not an OpenAPI document"),
    "broken JSON": ("spec.json", b'{"openapi": }', "is not JSON: Expecting value: line 1 column 13 (char 12)"),
    "a key twice in JSON": ("spec.json", b'{"a": 1, "a": 2}', "has the key 'a' twice in one object"),
    "infinity in JSON": ("spec.json", b'{"a": Infinity}', "is not JSON: it has Infinity"),
    "a large number in JSON": ("spec.json", b'{"a": 1e400}', "#/a: inf is not a number in JSON"),
    "deep JSON": ("spec.json", b"[" * 100_000, "is nested too deeply, or contains itself"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_that_is_not_a_document_is_refused(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, content, problem = TEXTS[name]
    (tmp_path / file).write_bytes(content)

    assert main(["--spec", str(tmp_path / file), "--output", str(tmp_path / "out"), "--package", "made"]) == 1

    (line,) = capsys.readouterr().err.splitlines()
    assert line == f"{file}: {problem}"
    assert not (tmp_path / "out").exists()


def test_a_missing_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--spec", str(tmp_path / "none.yaml"), "--output", str(tmp_path / "out"), "--package", "made"]) == 1
    assert capsys.readouterr().err == "none.yaml: cannot be read: No such file or directory\n"


@pytest.mark.parametrize("package", ["a-b", "class", "json", "", "1a"])
def test_an_invalid_package_name_is_a_usage_error(package: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--package", package])

    assert stop.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == f"python -m generator: error: --package {package!r} is not a valid name for a Python package"


def test_a_refusal_is_printable_on_any_terminal(tmp_path: Path) -> None:
    (tmp_path / "spec.json").write_text(json.dumps(_schema(type="string", größe="\u202e\n\x1b[31m")), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "generator",
        "--spec",
        str(tmp_path / "spec.json"),
        "--output",
        str(tmp_path),
        "--package",
        "made",
    ]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}

    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)

    assert (result.returncode, result.stdout) == (1, b"")
    (line,) = result.stderr.decode("ascii").splitlines()
    assert line.startswith(r"spec.json: #/components/schemas/S: 'gr\xf6\xdfe' is not a keyword of a schema; correct it")


def test_a_refused_document_leaves_the_package_unchanged(tmp_path: Path) -> None:
    spec = tmp_path / "spec.json"
    arguments = ["--spec", str(spec), "--output", str(tmp_path / "out"), "--package", "made"]
    spec.write_text(json.dumps(document()), encoding="utf-8")
    assert main(arguments) == 0
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}

    spec.write_text(json.dumps(_schema(type="text")), encoding="utf-8")
    assert main(arguments) == 1

    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()} == before
