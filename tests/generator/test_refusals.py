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


S = "#/components/schemas/S"
GET = "#/paths/~1a/get"
ANSWER = f"{GET}/responses/200/content/text~1json+json"
REFUSED: dict[str, tuple[Any, str, str]] = {
    # The document.
    "a list": ([1], "", "is an array, not an OpenAPI document"),
    "a string": ("text", "", "is a string"),
    "no version": ({"info": {}}, "#/openapi", "must be a version 3.0 or 3.1"),
    "version 2": ({"swagger": "2.0"}, "#/openapi", "must be a version 3.0 or 3.1"),
    "version 3.2": (document(openapi="3.2.0"), "#/openapi", "not '3.2.0'"),
    "a number as version": (document(openapi=3.1), "#/openapi", "not the number 3.1; put it in quotes"),
    "no info": ({"openapi": "3.1.0", "paths": {}}, "#", "lacks 'info'"),
    "no title": (document(info={"version": "1"}), "#/info", "lacks 'title'"),
    "a number as title": (document(info={"title": 5, "version": "1"}), "#/info/title", "string"),
    "no paths": ({"openapi": "3.1.0", "info": {"title": "a", "version": "1"}}, "#", "paths"),
    "paths as a list": ({**document(), "paths": [1]}, "#/paths", "object"),
    "an operation as a list": (document({"/a": {"get": []}}), GET, "object"),
    "webhooks": (document(webhooks={"a": {}}), "#/webhooks", "not supported"),
    "an unknown keyword of the document": (document(pathz={}), "#", "'pathz' is no keyword"),
    "an unknown part of the components": (
        document(components={"schemes": {}}),
        "#/components",
        "'schemes' is no keyword",
    ),
    "another dialect": (
        document(jsonSchemaDialect="http://json-schema.org/draft-07/schema#"),
        "#/jsonSchemaDialect",
        "not supported",
    ),
    # Paths and operations.
    "a path without a slash": (document({"a": {"get": operation()}}), "#/paths/a", "begins with a slash"),
    "a path with a query": (document({"/a?b=1": {"get": operation()}}), "#/paths/~1a?b=1", "begins with a slash"),
    "an unknown method": (document({"/a": {"connect": operation()}}), "#/paths/~1a", "'connect' is no keyword"),
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
        "is the same as /a/{x}",
    ),
    "the same id twice": (
        document({"/a": {"get": operation()}, "/b": {"get": operation()}}),
        "#/paths/~1b/get/operationId",
        "'call' is the operationId of another",
    ),
    "a misspelt keyword": (_get(operationid="a"), GET, "'operationid' is no keyword of a operation"),
    "callbacks": (_get(callbacks={"a": {"{$request.body#/url}": {}}}), f"{GET}/callbacks", "not supported"),
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
    "a very long id": (_get(operationId="a" * 300), GET, "too long"),
    "a link to nowhere": (
        _answers(_200={"links": {"next": {"operationId": "other"}}}),
        GET,
        "leads to 'other', which is no operationId",
    ),
    "a link by reference": (
        _answers(_200={"links": {"next": {"operationRef": "#/paths/~1a/get"}}}),
        f"{GET}/responses/200/links/next/operationRef",
        "operationId",
    ),
    # Servers and security.
    "a server variable without a value": (
        document({"/a": {"get": operation(servers=[{"url": "https://{x}"}])}}),
        f"{GET}/servers/0",
        "variable",
    ),
    "a server that is no URL": (_get(servers=[{"url": 'https://a b/"'}]), f"{GET}/servers/0/url", "no URL"),
    "a server of another scheme": (_get(servers=[{"url": "ftp://a"}]), f"{GET}/servers/0/url", "no URL"),
    "an undeclared scheme": (_get(security=[{"x": []}]), f"{GET}/security/0", "not among components/securitySchemes"),
    "an API key": (
        document(
            {"/a": {"get": operation(security=[{"k": []}])}},
            components={"securitySchemes": {"k": {"type": "apiKey", "in": "header", "name": "x"}}},
        ),
        f"{GET}/security",
        "apiKey is not supported",
    ),
    "basic authentication": (
        document(
            {"/a": {"get": operation()}},
            security=[{"k": []}],
            components={"securitySchemes": {"k": {"type": "http", "scheme": "Basic"}}},
        ),
        "#/security",
        "http basic is not supported",
    ),
    "a token and a key": (
        document(
            {"/a": {"get": operation(security=[{"t": [], "k": []}])}},
            components={
                "securitySchemes": {**BEARER["securitySchemes"], "k": {"type": "apiKey", "in": "header", "name": "x"}}
            },
        ),
        f"{GET}/security",
        "apiKey is not supported",
    ),
    # Parameters.
    "an unknown place": (_parameter(**{"in": "body"}), f"{GET}/parameters/0/in", "query"),
    "a place of 2.0": (_parameter(**{"in": "formData"}), f"{GET}/parameters/0/in", "query"),
    "a parameter without schema": (
        _get(parameters=[{"in": "query", "name": "q"}]),
        f"{GET}/parameters/0",
        "lacks 'schema'",
    ),
    "content in a parameter": (
        _get(parameters=[{"in": "query", "name": "q", "content": {"application/json": {}}}]),
        f"{GET}/parameters/0/content",
        "give it a schema",
    ),
    "a deep object": (
        _parameter(style="deepObject"),
        f"{GET}/parameters/0/style",
        "'deepObject' is not supported in query; only 'form'",
    ),
    "pipes": (_parameter(style="pipeDelimited"), f"{GET}/parameters/0/style", "only 'form'"),
    "reserved characters": (_parameter(allowReserved=True), f"{GET}/parameters/0/allowReserved", "percent-encoded"),
    "an object in the query": (
        _parameter(schema=_object(a=TEXT)),
        f"{GET}/parameters/0/schema",
        "an object or a nested array",
    ),
    "nested arrays in the query": (
        _parameter(schema=_nested(2)),
        f"{GET}/parameters/0/schema",
        "an object or a nested array",
    ),
    "bytes in the query": (
        _parameter(schema={"type": "string", "format": "byte"}),
        f"{GET}/parameters/0/schema",
        "format byte",
    ),
    "binary in the query": (
        _parameter(schema={"type": "string", "format": "binary"}),
        f"{GET}/parameters/0/schema",
        "only supported as a whole body",
    ),
    "a header of the client": (
        _parameter(**{"in": "header", "name": "Authorization"}),
        f"{GET}/parameters/0",
        "set by the client itself",
    ),
    "a header with a line break": (
        _parameter(**{"in": "header", "name": "a\r\nb"}),
        f"{GET}/parameters/0/name",
        "cannot be the name",
    ),
    "a path parameter that is not declared": (document({"/{x}": {"get": operation()}}), "#/paths/~1{x}/get", "['x']"),
    "a path parameter that is not in the path": (
        _get(parameters=[{"in": "path", "name": "x", "required": True, "schema": TEXT}]),
        GET,
        "['x'] are declared",
    ),
    "a path parameter that is optional": (
        document({"/{x}": {"get": operation(parameters=[{"in": "path", "name": "x", "schema": TEXT}])}}),
        "#/paths/~1{x}/get/parameters/0",
        "required: true",
    ),
    "braces in a path": (document({"/a{": {"get": operation()}}), "#/paths/~1a{/get", "parameters"),
    "a parameter twice": (
        _get(parameters=[{"in": "header", "name": one, "schema": TEXT} for one in ("X-A", "x-a")]),
        f"{GET}/parameters/1",
        "twice",
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
        "cannot be an option of the client",
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
        "declared differently",
    ),
    "words instead of a flag": (
        _parameter(**{"x-client-option": "yes"}),
        f"{GET}/parameters/0/x-client-option",
        "must be true or false",
    ),
    "an idempotence in words": (_get(**{"x-idempotent": "no"}), f"{GET}/x-idempotent", "must be true or false"),
    # Bodies and responses.
    "no media type": (_body(), "#/paths/~1a/post/requestBody/content", "is empty"),
    "multipart": (
        _body(**{"multipart/form-data": {"schema": _object(a=TEXT)}}),
        "#/paths/~1a/post/requestBody/content/multipart~1form-data",
        "is not supported",
    ),
    "a structure in XML": (
        _body(**{"application/xml": {"schema": _object(a=TEXT)}}),
        "#/paths/~1a/post/requestBody/content/application~1xml",
        "only JSON",
    ),
    "a number as text": (
        _body(**{"text/plain": {"schema": {"type": "integer"}}}),
        "#/paths/~1a/post/requestBody/content/text~1plain",
        "type string",
    ),
    "a constraint on text": (
        _body(**{"text/plain": {"schema": {"type": "string", "maxLength": 3}}}),
        "#/paths/~1a/post/requestBody/content/text~1plain",
        "type string",
    ),
    "text in another charset": (
        _body(**{"text/plain; charset=latin-1": {}}),
        "#/paths/~1a/post/requestBody/content/text~1plain; charset=latin-1",
        "utf-8",
    ),
    "a range of media types to send": (
        _body(**{"image/*": {}}),
        "#/paths/~1a/post/requestBody/content/image~1*",
        "not a range",
    ),
    "a media type with a line break": (
        _body(**{"a/b\r\nx: y": {}}),
        "#/paths/~1a/post/requestBody/content/a~1b\\r\\nx: y",
        "is no media type",
    ),
    "a media type twice": (
        _body(**{"text/plain": {}, "TEXT/plain;x=y": {}}),
        "#/paths/~1a/post/requestBody/content/TEXT~1plain;x=y",
        "twice",
    ),
    "a form of scalars": (
        _body(**{"application/x-www-form-urlencoded": {"schema": TEXT}}),
        "#/paths/~1a/post/requestBody/content/application~1x-www-form-urlencoded",
        "an object with properties",
    ),
    "a form with objects": (
        _body(**{"application/x-www-form-urlencoded": {"schema": _object(a=_object(b=TEXT))}}),
        "#/paths/~1a/post/requestBody/content/application~1x-www-form-urlencoded/schema",
        "an object or a nested array",
    ),
    "the encoding of a form": (
        _body(**{"application/x-www-form-urlencoded": {"schema": _object(a=TEXT), "encoding": {"a": {}}}}),
        "#/paths/~1a/post/requestBody/content/application~1x-www-form-urlencoded/encoding",
        "not supported",
    ),
    "binary within JSON": (
        _body(**{"application/json": {"schema": {"type": "string", "format": "binary"}}}),
        "#/paths/~1a/post/requestBody/content/application~1json/schema",
        "use byte",
    ),
    "no responses": (_get(responses={}), f"{GET}/responses", "no success"),
    "only errors": (_answers(_404={}), f"{GET}/responses", "add a status 2XX"),
    "a word as status": (_answers(ok={}), f"{GET}/responses/ok", "is no status"),
    "a status out of range": (_answers(_200={}, _600={}), f"{GET}/responses/600", "is no status"),
    "a status twice": (_answers(_2XX={}, _2xx={}), f"{GET}/responses/2xx", "twice"),
    "a misspelt keyword of a response": (
        _answers(_200={"contents": {}}),
        f"{GET}/responses/200",
        "'contents' is no keyword",
    ),
    # References.
    "a reference to another file": (_schema(**{"$ref": "other.yaml#/a"}), f"{S}/$ref", "bundle it into one file"),
    "a reference to a URL": (
        _get(responses={"200": {"$ref": "https://a/b#/c"}}),
        f"{GET}/responses/200/$ref",
        "bundle it",
    ),
    "a reference to nowhere": (_schema(**_ref("T")), f"{S}/$ref", "does not exist"),
    "a reference to an anchor": (_schema(**{"$ref": "#thing"}), f"{S}/$ref", "no JSON pointer"),
    "a reference to itself": (_schema(**_ref("S")), S, "recursive"),
    "references in a circle": (_schemas(S=_ref("T"), T=_ref("S")), S, "recursive"),
    "parameters in a circle": (
        document(
            {"/a": {"get": operation(parameters=[{"$ref": "#/components/parameters/p"}])}},
            components={"parameters": {"p": {"$ref": "#/components/parameters/p"}}},
        ),
        "#/components/parameters/p",
        "reference to itself",
    ),
    "something beside the reference of a parameter": (
        document(
            {"/a": {"get": operation(parameters=[{"$ref": "#/components/parameters/p", "required": True}])}},
            components={"parameters": {"p": {"in": "query", "name": "q", "schema": TEXT}}},
        ),
        f"{GET}/parameters/0",
        "required beside $ref is ignored",
    ),
    "something beside a reference of 3.0": (
        document(
            schemas={"S": {"type": "object", "properties": {"a": {**_ref("T"), "nullable": True}}}, "T": TEXT},
            version="3.0.3",
        ),
        f"{S}/properties/a",
        "nullable beside $ref is ignored in OpenAPI 3.0",
    ),
    "a constraint beside a reference of 3.0": (
        document(schemas={"S": {**_ref("T"), "minLength": 1}, "T": TEXT}, version="3.0.3"),
        S,
        "minLength beside $ref is ignored",
    ),
    # Schemas.
    "an unknown type": (_schema(type="text"), f"{S}/type", "string"),
    "an unknown keyword": (_schema(type="string", minLenght=1), S, "'minLenght' is no keyword of a schema"),
    "the schema false": (_schema(type="array", items=False), f"{S}/items", "nothing matches"),
    "constraints without type": (_schema(minLength=1), S, "add one"),
    "a format without type": (_schema(format="date"), S, "add one"),
    "constraints of another type": (
        _schema(type="integer", minLength=1),
        S,
        "minLength says nothing about type integer",
    ),
    "no types": (_schema(type=[]), f"{S}/type", "is empty"),
    "a required property that is none": (
        _schema(type="object", properties={"a": TEXT}, required=["b"]),
        f"{S}/required",
        "'b' is not among the properties",
    ),
    "required without properties": (_schema(type="object", required=["b"]), f"{S}/required", "not declared"),
    "additional properties beside named ones": (
        _schema(type="object", properties={"a": TEXT}, additionalProperties=TEXT),
        f"{S}/additionalProperties",
        "use true or false",
    ),
    "a number of properties": (
        _schema(type="object", properties={"a": TEXT}, minProperties=1),
        f"{S}/minProperties",
        "not supported",
    ),
    "a property with a quote": (_schema(**_object(**{'a"b': TEXT})), f'{S}/properties/a"b', "quotes"),
    "a negative length": (_schema(type="string", minLength=-1), f"{S}/minLength", ""),
    "a fraction as length": (_schema(type="array", minItems=1.5), f"{S}/minItems", ""),
    "a string as bound": (_schema(type="integer", minimum="1"), f"{S}/minimum", ""),
    "a bound beyond 64 bits": (_schema(type="integer", maximum=2**63), S, "beyond int64"),
    "a bound beyond floats": (_schema(type="number", maximum=10**400), f"{S}/maximum", ""),
    "an exclusive flag without bound": (
        _schema(type="integer", exclusiveMinimum=True),
        f"{S}/exclusiveMinimum",
        "without minimum",
    ),
    "a multiple of 0.1": (_schema(type="number", multipleOf=0.1), f"{S}/multipleOf", "no exact binary form"),
    "a multiple of zero": (_schema(type="number", multipleOf=0), f"{S}/multipleOf", "greater than 0"),
    "an integer multiple of a half": (_schema(type="integer", multipleOf=0.5), f"{S}/multipleOf", "whole number"),
    "a length of a date": (
        _schema(type="string", format="date", maxLength=3),
        S,
        "maxLength is not supported beside format date",
    ),
    "a pattern of a URI": (
        _schema(type="string", format="uri", pattern="^a"),
        S,
        "pattern is not supported beside format uri",
    ),
    "a broken pattern": (_schema(type="string", pattern="("), f"{S}/pattern", "cannot be said in Python"),
    "a Unicode property": (_schema(type="string", pattern=r"\p{L}"), f"{S}/pattern", r"has a Unicode property"),
    "nullable in 3.1": (_schema(type="string", nullable=True), f"{S}/nullable", "type: [..., 'null']"),
    "an empty enum": (_schema(enum=[]), f"{S}/enum", "is empty"),
    "an enum of booleans": (
        _schema(enum=[True]),
        f"{S}/enum",
        "True is not supported; only strings, integers and null are",
    ),
    "an enum of numbers": (_schema(type="number", enum=[0.5]), f"{S}/enum", "0.5 is not supported"),
    "an enum of objects": (_schema(enum=[{}]), f"{S}/enum", "{} is not supported"),
    "a const that is an object": (_schema(const={"a": 1}), f"{S}/const", "not an object"),
    "an enum of another type": (_schema(type="integer", enum=["1"]), f"{S}/enum", "'1' is not of type integer"),
    "null in an enum of strings": (_schema(type="string", enum=["a", None]), f"{S}/enum", "None is not of type string"),
    "a huge value": (_schema(const=2**63), f"{S}/const", "beyond int64"),
    "a const outside of its enum": (_schema(const="a", enum=["b"]), f"{S}/const", "nothing matches"),
    "constraints beside an enum": (
        _schema(enum=["a"], type="string", minLength=1),
        S,
        "minLength says nothing about an enum",
    ),
    "recursion without an object": (_schemas(S={"type": "array", "items": _ref("S")}), S, "recursive"),
    "recursion outside of the components": (
        _answers(_200={"content": {"text/json+json": {"schema": {"items": {"$ref": f"{ANSWER}/schema"}}}}}),
        f"{ANSWER}/schema/items",
        "under components/schemas",
    ),
    # Compositions.
    "an empty oneOf": (_schema(oneOf=[]), f"{S}/oneOf", "is empty"),
    "an empty allOf": (_schema(allOf=[]), f"{S}/allOf", "is empty"),
    "oneOf and anyOf": (_schema(oneOf=[TEXT], anyOf=[TEXT]), S, "put one into the other"),
    "objects that nothing tells apart": (
        _schemas(S={"oneOf": [_object(a=TEXT), _object(b=TEXT)]}),
        S,
        "nothing tells SOption1, SOption2 apart: add a discriminator",
    ),
    "objects with the same value": (
        _schemas(S={"oneOf": [_object(k={"const": "a"}), _object(k={"const": "a"}, b=TEXT)]}),
        S,
        "nothing tells",
    ),
    "objects told apart by an optional property": (
        _schemas(S={"oneOf": [{"properties": {"k": {"const": one}}} for one in "ab"]}),
        S,
        "nothing tells",
    ),
    "objects told apart by a string and a number": (
        _schemas(S={"oneOf": [_object(k={"const": "a"}), _object(k={"const": 1})]}),
        S,
        "use strings",
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
        "A is told apart by 'k' = 'a' in another union already",
    ),
    "an object and a map": (_schema(anyOf=[_object(a=TEXT), {"type": "object"}]), S, "does not tell them apart"),
    "two arrays": (
        _schema(anyOf=[{"type": "array", "items": TEXT}, {"type": "array", "items": {"type": "integer"}}]),
        S,
        "list[str] and list[int]",
    ),
    "a date or a string": (_schema(anyOf=[TEXT, {"type": "string", "format": "date"}]), S, "str and datetime.date"),
    "a string with a pattern and an array": (
        _schema(anyOf=[{"type": "string", "format": "uri"}, {"type": "array", "items": TEXT}]),
        S,
        "msgspec crashes on a union",
    ),
    "a string with a pattern and a map": (
        _schema(type=["string", "object"], pattern="a", additionalProperties=TEXT),
        S,
        "msgspec crashes on a union",
    ),
    "an open set with a constraint": (
        _schema(anyOf=[{"enum": ["a"]}, {"type": "string", "minLength": 2}]),
        S,
        "does not tell them apart",
    ),
    "a known number or any float": (_schema(anyOf=[{"enum": [1]}, {"type": "number"}]), S, "without constraints"),
    "two alternatives for one value": (_schema(oneOf=[{"enum": ["a"]}, TEXT]), S, "use anyOf"),
    "an integer and a number": (_schema(oneOf=[{"type": "integer"}, {"type": "number"}]), S, "use anyOf"),
    "the same alternative twice": (_schema(oneOf=[TEXT, TEXT]), S, "use anyOf"),
    "a value in two enums": (_schema(oneOf=[{"enum": ["a", "b"]}, {"enum": ["b"]}]), S, "two alternatives match 'b'"),
    "anything or something": (_schema(oneOf=[{}, TEXT]), S, "use anyOf"),
    "a discriminator without alternatives": (
        _schema(**_object(k=TEXT), discriminator={"propertyName": "k"}),
        f"{S}/discriminator",
        "says nothing without oneOf",
    ),
    "a discriminator of scalars": (
        _schema(oneOf=[TEXT, {"type": "integer"}], discriminator={"propertyName": "k"}),
        f"{S}/discriminator",
        "tells objects apart",
    ),
    "a discriminator without name": (
        _schema(oneOf=[_object(k=TEXT)], discriminator={}),
        f"{S}/discriminator",
        "propertyName",
    ),
    "a discriminator that is no property": (
        _schemas(
            A=_object(a=TEXT),
            B=_object(b=TEXT),
            S={"oneOf": [_ref("A"), _ref("B")], "discriminator": {"propertyName": "k"}},
        ),
        S,
        "has to be a required property",
    ),
    "a discriminator that an object denies": (
        _schemas(
            A=_object(k={"enum": ["x", "y"]}),
            B=_object(k=TEXT),
            S={"oneOf": [_ref("A"), _ref("B")], "discriminator": {"propertyName": "k"}},
        ),
        S,
        "'k' of A cannot be 'A'",
    ),
    "a discriminator of objects without names": (
        _schemas(S={"oneOf": [_object(k=TEXT), _object(k=TEXT, b=TEXT)], "discriminator": {"propertyName": "k"}}),
        S,
        "give it a const",
    ),
    "two values for one object": (
        _schemas(
            A=_object(k=TEXT),
            S={"oneOf": [_ref("A")], "discriminator": {"propertyName": "k", "mapping": {"x": "A", "y": "A"}}},
        ),
        f"{S}/discriminator/mapping",
        "one value each",
    ),
    "a mapping to another object": (
        _schemas(
            A=_object(k=TEXT), S={"oneOf": [_ref("A")], "discriminator": {"propertyName": "k", "mapping": {"x": "B"}}}
        ),
        f"{S}/discriminator/mapping/x",
        "none of the alternatives",
    ),
    "types without a common value": (_schema(allOf=[TEXT, {"type": "integer"}]), S, "leaves no type"),
    "enums without a common value": (_schema(allOf=[{"enum": ["a"]}, {"enum": ["b"]}]), S, "leaves no enum"),
    "two patterns": (_schema(allOf=[{"type": "string", "pattern": "a"}, {"pattern": "b"}]), S, "two different pattern"),
    "a closed member of allOf": (
        _schema(allOf=[{**_object(a=TEXT), "additionalProperties": False}, _object(b=TEXT)]),
        S,
        "forbids b",
    ),
    "allOf in a circle": (_schemas(S={"allOf": [_ref("S"), _object(a=TEXT)]}), S, "allOf contains itself"),
    "allOf in a wide circle": (
        _schemas(S={"allOf": [_ref("T"), _object(a=TEXT)]}, T={"allOf": [_ref("S"), _object(b=TEXT)]}),
        "#/components/schemas/T",
        "allOf contains itself",
    ),
    "a union of itself": (
        _schemas(S={"required": ["a"], "oneOf": [_ref("S"), _object(a=TEXT)]}),
        S,
        "is recursive without an object",
    ),
    "a union of itself in allOf": (
        _schemas(S={"allOf": [{"anyOf": [_ref("S"), _object(a=TEXT)]}, {"required": ["a"]}]}),
        S,
        "is recursive without an object",
    ),
    "a union of itself by way of another": (
        _schemas(S={"required": ["a"], "oneOf": [_ref("T")]}, T={"required": ["b"], "oneOf": [_ref("S")]}),
        S,
        "is recursive without an object",
    ),
    "deep nesting": (_schema(**_nested(200)), "", "is nested too deeply"),
    "very deep nesting": (_schema(**_nested(300)), "", "is nested too deeply"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_the_line_names_the_place_and_the_cure(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content, place, words = REFUSED[name]
    (tmp_path / "spec.json").write_text(json.dumps(content), encoding="utf-8")

    code = main(["--spec", str(tmp_path / "spec.json"), "--output", str(tmp_path / "out"), "--package", "made"])

    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert (code, out, len(lines)) == (1, "", 1), err
    assert lines[0].startswith(f"spec.json: {place}: " if place else "spec.json: ")
    assert words in lines[0]
    assert "Traceback" not in err
    assert not (tmp_path / "out").exists()


TEXTS: dict[str, tuple[str, bytes, str]] = {
    "broken YAML": ("spec.yaml", b"openapi: 3.1.0\ninfo: [\n", "is not YAML: "),
    "a tab": ("spec.yaml", b"openapi: 3.1.0\n\tinfo: 1\n", "in line 2"),
    "a key twice": ("spec.yaml", b"openapi: 3.1.0\ninfo: 1\ninfo: 2\n", "in line 3"),
    "a key twice, once as a number": (
        "spec.yaml",
        b"openapi: 3.1.0\nx: {200: 1, '200': 2}\n",
        "#/x: has the key '200' twice",
    ),
    "an unknown tag": ("spec.yaml", b"openapi: !!python/name:os.system x\n", "is not YAML"),
    "a set": ("spec.yaml", b"openapi: 3.1.0\nx: !!set {a}\n", "#/x: "),
    "bytes": ("spec.yaml", b"openapi: 3.1.0\nx: !!binary YWI=\n", "#/x: a bytes is no value of JSON"),
    "no number": ("spec.yaml", b"openapi: 3.1.0\nx: .nan\n", "#/x: nan is no number of JSON"),
    "a document within itself": ("spec.yaml", b"&a\nopenapi: 3.1.0\nx: *a\n", "contains itself"),
    "two documents": ("spec.yaml", b"a: 1\n---\nb: 2\n", "is not YAML"),
    "many aliases": (
        "spec.yaml",
        b"a0: &a0 [x]\n"
        + b"".join(b"a%d: &a%d [%s]\n" % (n, n, b",".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 9)),
        "100,000 things again by aliases",
    ),
    "deep YAML": ("spec.yaml", b"a: " + b"[" * 700 + b"]" * 700, "too deeply"),
    "a long number": ("spec.yaml", b"openapi: " + b"1" * 5000, "is not YAML"),
    "no UTF-8": ("spec.yaml", b"\xff\xfe", "is not UTF-8 (byte 0)"),
    "nothing": ("spec.yaml", b"", "is null, not an OpenAPI document"),
    "broken JSON": ("spec.json", b'{"openapi": }', "is not JSON: Expecting value: line 1"),
    "a key twice in JSON": ("spec.json", b'{"a": 1, "a": 2}', "has the key 'a' twice"),
    "infinity in JSON": ("spec.json", b'{"a": Infinity}', "it has Infinity"),
    "a large number in JSON": ("spec.json", b'{"a": 1e400}', "#/a: inf is no number"),
    "deep JSON": ("spec.json", b"[" * 100_000, "nested too deeply"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_that_is_no_document_is_refused(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, content, words = TEXTS[name]
    (tmp_path / file).write_bytes(content)

    assert main(["--spec", str(tmp_path / file), "--output", str(tmp_path / "out"), "--package", "made"]) == 1

    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{file}: ")
    assert words in line
    assert not (tmp_path / "out").exists()


def test_a_missing_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--spec", str(tmp_path / "none.yaml"), "--output", str(tmp_path / "out"), "--package", "made"]) == 1
    assert capsys.readouterr().err == "none.yaml: cannot be read: No such file or directory\n"


@pytest.mark.parametrize("package", ["a-b", "class", "json", "", "1a"])
def test_a_name_that_is_no_package_is_wrong_usage(package: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--package", package])

    assert stop.value.code == 2
    assert "is no name for a Python package" in capsys.readouterr().err


def test_a_refusal_can_be_printed_on_any_terminal(tmp_path: Path) -> None:
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
    assert line.startswith(r"spec.json: #/components/schemas/S: 'gr\xf6\xdfe' is no keyword of a schema; correct it")


def test_a_document_that_cannot_be_generated_leaves_what_is_there(tmp_path: Path) -> None:
    spec = tmp_path / "spec.json"
    arguments = ["--spec", str(spec), "--output", str(tmp_path / "out"), "--package", "made"]
    spec.write_text(json.dumps(document()), encoding="utf-8")
    assert main(arguments) == 0
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}

    spec.write_text(json.dumps(_schema(type="text")), encoding="utf-8")
    assert main(arguments) == 1

    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()} == before
