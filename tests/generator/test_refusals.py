"""What cannot be generated ends in one line that names the place and the cure; nothing is written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from generator.__main__ import main

from .conftest import INT, NUM, TEXT, command_line, document, obj, operation, ref, write_spec

ROOT = Path(__file__).parents[2]
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
DONE = {"204": {"description": "Done."}}
X = {"in": "path", "name": "x", "required": True, "schema": TEXT}
OPTION = {"in": "query", "name": "q", "x-client-option": True}


def get(path: str = "/a", **parts: Any) -> dict[str, Any]:
    return document({path: {"get": operation(**parts)}})


def calls(names: dict[str, str]) -> dict[str, Any]:
    return document({path: {"get": operation(operationId=name)} for path, name in names.items()})


def parameter(place: str = "query", name: str = "q", **parts: Any) -> dict[str, Any]:
    return get(parameters=[{"in": place, "name": name, "schema": TEXT, **parts}])


def body(media_type: str, **content: Any) -> dict[str, Any]:
    return document({"/a": {"post": operation(requestBody={"required": True, "content": {media_type: content}})}})


def responses(**found: Any) -> dict[str, Any]:
    return get(responses={status.strip("_"): {"description": "x", **parts} for status, parts in found.items()})


def schema(base: dict[str, Any] | None = None, /, **keywords: Any) -> dict[str, Any]:
    return document(schemas={"S": {**(base or {}), **keywords}})


def schemas(**found: Any) -> dict[str, Any]:
    return document(schemas=found)


def old(**found: Any) -> dict[str, Any]:
    return document(schemas=found, version="3.0.3")


def union(mapping: dict[str, str] | None = None, **objects: Any) -> dict[str, Any]:
    """Return a document in which `k` tells the alternatives of S apart."""
    discriminator = {"propertyName": "k", **({"mapping": mapping} if mapping else {})}
    return schemas(**objects, S={"oneOf": [ref(name) for name in objects], "discriminator": discriminator})


def nested(depth: int) -> dict[str, Any]:
    return {"type": "array", "items": nested(depth - 1)} if depth else TEXT


def elsewhere(part: Any) -> dict[str, Any]:
    """Return a document with a schema that is first looked at where something refers to it."""
    return {**schema({"$ref": PART}), "x-parts": {"S": part}}


def linked(*links: dict[str, Any], content: Any = None, **others: Any) -> dict[str, Any]:
    """Return a document with a session, and links from it to the operation that ends it."""
    ends = obj(stop=TEXT, more={"type": "array", "items": TEXT})
    session = {**obj(id=TEXT, ends=ends, note=TEXT), "required": ["id", "ends"]}
    response = {
        "description": "x",
        "content": {JSON: {"schema": session}} if content is None else content,
        "links": {f"link{number}": {"operationId": "stop", **link} for number, link in enumerate(links)},
    }
    stop = operation(operationId="stop", parameters=[{**X, "name": "name"}])
    return document({"/a": {"get": operation(responses={"200": response})}, "/b/{name}": {"delete": stop}}, **others)


def link(expression: str, **parameters: str) -> dict[str, Any]:
    given = {name: f"$response.body#/{value}" for name, value in parameters.items()}
    return {"x-url": f"$response.body#/{expression}", "parameters": given}


def unknown(name: str) -> str:
    return f"'own' is not a keyword of the {name} Object; correct it, or call it x-own"


# Places.
S = "#/components/schemas/S"
T = "#/components/schemas/T"
P = "#/components/parameters/p"
PART = "#/x-parts/S"
GET = "#/paths/~1a/get"
ID = f"{GET}/operationId"
ITEM = "#/paths/~1a"
OTHER = "#/paths/~1b/get/operationId"
Q = f"{GET}/parameters/0"
BODY = "#/paths/~1a/post/requestBody/content"
FORM_BODY = f"{BODY}/application~1x-www-form-urlencoded"
ANSWER = f"{GET}/responses/200/content/text~1json+json"
LINK = f"{GET}/responses/200/links/link0"
STOPPED = "#/paths/~1b~1{name}/delete"
STOP = link("ends/stop", name="id")

# Problems that several documents have.
PLACES = "input should be 'query', 'path', 'header' or 'cookie'"
RECURSIVE = "refers to nothing but itself; describe the value"
NO_STATUS = "is not a status; give a number, a range such as 4XX, or default"
NO_SUCCESS = "has no successful response; add a 2XX status, or default"
NOT_FLAT = "an object or a nested array is not supported here; use scalars and lists of them"
NO_STRUCTURE = "only JSON and urlencoded forms have a structure; give it a schema of type string, or none"
NO_FORM = "an object or a nested array has no form in a query; give it style: deepObject"
PATH = "a path begins with a slash, and what is not ASCII in it and spaces are percent-encoded"
FORBIDDEN = "which oneOf forbids; use anyOf"
TWO_MATCH = f"a value can match two alternatives, {FORBIDDEN}"
GIVE_ID = "are both get_a_b in Python; give it an operationId"
OF_VALUES = "an enum or const"
NOT_WHOLE = "must be a whole number, zero or more"
QUOTES = "must be a string, not a number; put it in quotes"
NO_FLAG = "must be true or false, not a string"
NO_CALLS = "is not supported: the client receives no calls"
ONE_BODY = "x-url needs a response with one body, an object with properties"
NO_PROPERTY = "is not a property of the response, or is inside an optional one"
NOT_THERE = "is not in this document; bundle it into one file first"
NO_URL = "is not the URL of an HTTP server; percent-encode special characters"
EMPTY = "is empty, so no value matches; list at least one"
BOTH = "make both the same"
OTHER_TYPES = "only strings, numbers, booleans and null are"
KEEP = "keep one of them"
MALFORMED = "of which one is malformed; correct it"
TOO_LONG = "is too long; give a shorter operationId or tag"
TOO_DEEP = "is nested too deeply; name the inner schemas under components/schemas"
WITHOUT_ONE_OF = "has no effect without oneOf; list the alternatives in one"
NO_METHOD = "a method of one's own is not supported; use one of those of the standard"
NO_PARTS = "only multipart/form-data with named properties can be sent; give it a schema that has them"
BINARY = "format binary is only supported as a whole body or a file of a form; in JSON, use byte (base64)"
FALSE = "the schema false, which matches no value, is not supported; remove it"
BESIDE_30 = "beside $ref is ignored in OpenAPI 3.0; put both into allOf"
REFUSED: list[tuple[Any, str]] = [
    # The document.
    ([1], "is an array, not an OpenAPI document"),
    ("text", "is a string, not an OpenAPI document"),
    ({"info": {}}, "#/openapi: must be a version 3.0 or 3.1, not None"),
    (
        {"swagger": "2.0"},
        "#/swagger: is a Swagger 2.0 document; convert it to OpenAPI 3: npx swagger2openapi old.json -o new.json",
    ),
    (document(openapi="3.2.0"), "#/openapi: must be a version 3.0 or 3.1, not '3.2.0'"),
    (document(openapi=3.1), "#/openapi: must be a string, not the number 3.1; put it in quotes"),
    ({"openapi": "3.1.0", "paths": {}}, "#: lacks 'info'"),
    (document(info={"version": "1"}), "#/info: lacks 'title'"),
    (document(info={"title": 5, "version": "1"}), "#/info/title: must be a string, not a number; put it in quotes"),
    ({"openapi": "3.1.0", "info": {"title": "a", "version": "1"}}, "#: lacks 'paths'"),
    ({**document(), "paths": [1]}, "#/paths: must be an object, not an array"),
    (document({"/a": {"get": []}}), f"{GET}: must be an object, not an array"),
    (document(webhooks={"a": {}}), f"#/webhooks: {NO_CALLS}"),
    (
        document({"/a": {"additionalOperations": {"COPY": operation()}}}),
        f"#/paths/~1a/additionalOperations/COPY: {NO_METHOD}",
    ),
    (document(own={}), f"#: {unknown('OpenAPI')}"),
    (get() | {"components": None}, "#/components: must be an object, not null"),
    (get() | {"components": {"schemas": []}}, "#/components/schemas: must be an object, not an array"),
    (document(components={"own": {}}), f"#/components: {unknown('Components')}"),
    (
        document(jsonSchemaDialect="http://json-schema.org/draft-07/schema#"),
        "#/jsonSchemaDialect: is not supported; only that of OpenAPI 3.1 is",
    ),
    # Paths and operations.
    (get("a"), f"#/paths/a: {PATH}"),
    (document({"/a": {"own": operation()}}), f"#/paths/~1a: {unknown('Path Item')}"),
    (document({"/a": None}), "#/paths/~1a: must be an object, not null"),
    (document({"/a": []}), "#/paths/~1a: must be an object, not an array"),
    (document({"/a": {"$ref": "a.yaml"}}), f"#/paths/~1a/$ref: 'a.yaml' {NOT_THERE}"),
    (document({"/a": {"$ref": "#/none"}}), "#/paths/~1a/$ref: '#/none' does not exist"),
    (document({"/a": {"$ref": ITEM}}), f"{ITEM}: {ITEM} -> {ITEM} is a reference to itself"),
    (
        document({f"/a/{{{n}}}": {"get": operation(operationId=n, parameters=[{**X, "name": n}])} for n in "xy"}),
        "#/paths/~1a~1{y}: is the same as /a/{x}, but for the names of parameters; merge them",
    ),
    (get(operationId=5), f"{ID}: must be a string, not a number"),
    (get(operationId=None), f"{ID}: must be a string, not null; put it in quotes"),
    (calls({"/a": "x", "/b": "x"}), f"{OTHER}: 'x' is the operationId of another operation already; choose another"),
    (get(own="a"), f"{GET}: {unknown('Operation')}"),
    (get(callbacks={"a": {"{$request.body#/url}": {}}}), f"{GET}/callbacks: {NO_CALLS}"),
    (document(components={"callbacks": {"a": {}}}), f"#/components/callbacks: {NO_CALLS}"),
    (calls({"/a": "a-b", "/b": "aB"}), f"{OTHER}: 'aB' and 'a-b' ({ID}) are both a_b in Python; rename one"),
    (calls({"/a": "get_a_b", "/a-b": ""}), f"#/paths/~1a-b/get: 'get /a-b' and 'get_a_b' ({ID}) {GIVE_ID}"),
    (
        document({path: {"get": {"responses": DONE}} for path in ("/a_b", "/a-b")}),
        f"#/paths/~1a-b/get: 'get /a-b' and 'get /a_b' (#/paths/~1a_b/get) {GIVE_ID}",
    ),
    (get(operationId="a" * 300), f"{GET}: the name aaaaaaaaaaaaaaaaaaaa… {TOO_LONG}"),
    (
        responses(_200={"links": {"next": {"operationId": "other"}}}),
        f"{GET}: a link leads to 'other', which is not an operationId",
    ),
    (
        responses(_200={"links": {"l": {"operationRef": "x"}}}),
        f"{GET}/responses/200/links/l/operationRef: is not supported: name the operation by its operationId",
    ),
    # Servers and security.
    (get(parameters=None), f"{GET}/parameters: must be an array, not null"),
    (get() | {"security": None}, "#/security: must be an array, not null"),
    (get() | {"servers": None}, "#/servers: must be an array, not null"),
    (schema(oneOf=None), f"{S}/oneOf: must be an array, not null"),
    (schema(allOf=None), f"{S}/allOf: must be an array, not null"),
    (
        get(servers=[{"url": "/{x}"}]),
        f"{GET}/servers/0: the URL '/{{x}}' has a variable without a default; give it one in variables",
    ),
    (get(servers=[{"url": 'https://a b/"'}]), f"{GET}/servers/0/url: 'https://a b/\"' {NO_URL}"),
    (get(servers=[{"url": "ftp://a"}]), f"{GET}/servers/0/url: 'ftp://a' {NO_URL}"),
    (get(security=[{"x": []}]), f"{GET}/security/0: 'x' is not among components/securitySchemes; declare it there"),
    (
        get(security=[{"x": []}]) | {"components": {"securitySchemes": {"x": {"type": "apiKey", "name": "k"}}}},
        "#/components/securitySchemes/x: lacks 'in'",
    ),
    *(
        (
            get(security=[{"x": []}], parameters=[{"in": place, "name": name, "schema": TEXT}])
            | {"components": {"securitySchemes": {"x": {"type": "apiKey", "in": place, "name": "x-key"}}}},
            f"{Q}: is what the security scheme has the client send; remove the parameter",
        )
        for place, name in (("header", "X-Key"), ("query", "x-key"), ("cookie", "x-key"))
    ),
    # Parameters.
    (parameter("body"), f"{Q}/in: {PLACES}"),
    (parameter("formData"), f"{Q}/in: {PLACES}"),
    (
        get(parameters=[{"in": "header", "name": "q", "content": {JSON: {"schema": TEXT}}}]),
        f"{Q}/content/application~1json/schema: JSON is only supported in a query; give it a schema of its own",
    ),
    (parameter("header", style="form"), f"{Q}/style: 'form' is not supported in header; only 'simple'"),
    (
        parameter(allowReserved=True),
        f"{Q}/allowReserved: is not supported: reserved characters are always percent-encoded",
    ),
    (parameter(schema=obj(a=obj(b=TEXT))), f"{Q}/schema: {NO_FORM}"),
    (parameter(schema=nested(2)), f"{Q}/schema: {NO_FORM}"),
    (parameter("header", schema=nested(2)), f"{Q}/schema: {NOT_FLAT}"),
    (parameter(schema={"format": "binary", **TEXT}), f"{Q}/schema: {BINARY}"),
    *(
        (
            parameter("header", name),
            f"{Q}: the header {name} is set by the client itself; remove the parameter",
        )
        for name in ("Accept", "Content-Type", "Cookie", "Host", "Content-Length")
    ),
    (
        parameter("header", "Authorization"),
        f"{Q}: OpenAPI ignores a parameter Authorization; declare a security scheme",
    ),
    (parameter("header", "a\r\nb"), f"{Q}/name: 'a\\r\\nb' cannot be the name of a header"),
    (get("/{x}"), f"#/paths/~1{{x}}/get: the path has the parameters ['x'], but [] are declared; {BOTH}"),
    (get(parameters=[X]), f"{GET}: the path has the parameters [], but ['x'] are declared; {BOTH}"),
    (
        get("/{x}", parameters=[{**X, "required": False}]),
        "#/paths/~1{x}/get/parameters/0: a parameter in the path must have required: true",
    ),
    (get("/a{"), "#/paths/~1a{/get: the path has a brace without its other one; write a parameter as {name}"),
    (
        get(parameters=[{**X, "in": "header", "name": n} for n in ("X-A", "x-a")]),
        f"{GET}/parameters/1: the header parameter 'x-a' is declared twice; {KEEP}",
    ),
    (
        get("/{x}", parameters=[{**X, "x-client-option": True}]),
        "#/paths/~1{x}/get/parameters/0: a parameter in the path cannot be an option of the client",
    ),
    (
        document(
            {
                f"/{kind}": {"get": operation(operationId=kind, parameters=[{**OPTION, "schema": {"type": kind}}])}
                for kind in ("string", "integer")
            }
        ),
        "#/paths/~1integer/get/parameters/0: the client option 'q' is declared differently elsewhere; use one $ref",
    ),
    (parameter(**{"x-client-option": "yes"}), f"{Q}/x-client-option: {NO_FLAG}"),
    (get(**{"x-idempotent": "no"}), f"{GET}/x-idempotent: {NO_FLAG}"),
    # Bodies and responses.
    (document({"/a": {"post": operation(requestBody={"content": {}})}}), f"{BODY}: is empty; name a media type"),
    (body("application/xml", schema=obj(a=TEXT)), f"{BODY}/application~1xml: {NO_STRUCTURE}"),
    (body("text/plain", schema=INT), f"{BODY}/text~1plain: {NO_STRUCTURE}"),
    (body("text/plain", schema={"type": "string", "maxLength": 3}), f"{BODY}/text~1plain: {NO_STRUCTURE}"),
    (body("text/plain; charset=latin-1"), f"{BODY}/text~1plain; charset=latin-1: only utf-8 is supported"),
    (body("image/*"), f"{BODY}/image~1*: a request needs one media type, not a range of them"),
    (body("a/b\r\nx: y"), f"{BODY}/a~1b\\r\\nx: y: is not a media type, such as application/json"),
    (
        document({"/a": {"post": operation(requestBody={"content": {"text/plain": {}, "TEXT/plain;x=y": {}}})}}),
        f"{BODY}/TEXT~1plain;x=y: is text/plain with other parameters, which the client does not tell apart; {KEEP}",
    ),
    (
        document(
            {"/a": {"post": operation(requestBody={"content": {"text/plain": {}, "TEXT/plain; charset=utf-8": {}}})}}
        ),
        f"{BODY}/TEXT~1plain; charset=utf-8: text/plain is declared twice; {KEEP}",
    ),
    (body(FORM, schema=TEXT), f"{FORM_BODY}: a form needs an object with properties"),
    (body(JSON, schema={"format": "binary", **TEXT}), f"{BODY}/application~1json/schema: {BINARY}"),
    (get(responses={}), f"{GET}/responses: {NO_SUCCESS}"),
    (responses(_404={}), f"{GET}/responses: {NO_SUCCESS}"),
    (responses(ok={}), f"{GET}/responses/ok: {NO_STATUS}"),
    (responses(_200={}, _600={}), f"{GET}/responses/600: {NO_STATUS}"),
    # Digits, but not those of a status.
    (responses(_200={}, _4٠٤={}), f"{GET}/responses/4\u0660\u0664: {NO_STATUS}"),
    (responses(_2XX={}, _2xx={}), f"{GET}/responses/2xx: is declared twice; {KEEP}"),
    (responses(_204={"content": {"text/plain": {}}}), f"{GET}/responses/204/content: a 204 has no body; remove it"),
    (responses(_200={"own": {}}), f"{GET}/responses/200: {unknown('Response')}"),
    # References.
    (schema({"$ref": "other.yaml#/a"}), f"{S}/$ref: 'other.yaml#/a' {NOT_THERE}"),
    (get(responses={"200": {"$ref": "https://a/b#/c"}}), f"{GET}/responses/200/$ref: 'https://a/b#/c' {NOT_THERE}"),
    (schema(ref("T")), f"{S}/$ref: '{T}' does not exist"),
    (
        schema({"$ref": "#thing"}),
        f"{S}/$ref: '#thing' is neither a JSON pointer nor an $anchor; write it as #/components/…",
    ),
    (schema(ref("S")), f"{S}: {RECURSIVE}"),
    (schemas(S=ref("T"), T=ref("S")), f"{S}: {RECURSIVE}"),
    (
        {**get(parameters=[{"$ref": P}]), "components": {"parameters": {"p": {"$ref": P}}}},
        f"{P}: {Q} -> {P} -> {P} is a reference to itself",
    ),
    (
        {**get(parameters=[{"$ref": P, "required": True}]), "components": {"parameters": {"p": X}}},
        f"{Q}: required beside $ref is ignored; put it into the target",
    ),
    (old(S=obj(a={**ref("T"), "nullable": True}), T=TEXT), f"{S}/properties/a: nullable {BESIDE_30}"),
    (old(S={**ref("T"), "minLength": 1}, T=TEXT), f"{S}: minLength {BESIDE_30}"),
    # Schemas.
    (
        schema(type="text"),
        f"{S}/type: input should be 'string', 'number', 'integer', 'boolean', 'array', 'object' or 'null'",
    ),
    (schema(TEXT, own=1), f"{S}: {unknown('Schema')}"),
    (schema(obj(a=TEXT), own=1), f"{S}: {unknown('Schema')}"),
    (schema(type="array", items=False), f"{S}/items: {FALSE}"),
    (schema(minLength=1), f"{S}: has constraints but no type; add one"),
    (schema(format="date"), f"{S}: has constraints but no type; add one"),
    (schema(INT, minLength=1), f"{S}: minLength does not apply to type integer; remove it"),
    (
        schema(type=["string", "integer"], minProperties=1, maxItems=1),
        f"{S}: maxItems, minProperties does not apply to type string or integer; remove it",
    ),
    (
        schema(obj(a=TEXT), enum=[{"a": "b"}]),
        f"{S}: properties, required does not apply to an enum or const; remove it",
    ),
    (schema(obj(a=TEXT), const="a"), f"{S}: properties, required does not apply to an enum or const; remove it"),
    (schema(type=[]), f"{S}/type: {EMPTY}"),
    (schema(properties={"a": TEXT}, required=["b"]), f"{S}/required: 'b' is not among the properties; add it to them"),
    (
        schema(type="object", required=["b"]),
        f"{S}/required: names properties that are not declared; add them to properties",
    ),
    (schema(obj(a=TEXT), minProperties=1), f"{S}/minProperties: is not supported for an object with named properties"),
    (
        schema(obj(**{'a"b': TEXT})),
        f'{S}/properties/a"b: msgspec has no properties with quotes, backslashes or control characters in their names',
    ),
    (schema(TEXT, minLength=-1), f"{S}/minLength: input should be greater than or equal to 0"),
    (
        schema(type="array", minItems=1.5),
        f"{S}/minItems: input should be a valid integer, got a number with a fractional part",
    ),
    (schema(INT, minimum="1"), f"{S}/minimum: must be a number"),
    (schema(INT, maximum=2**63), f"{S}: the bound le 9223372036854775808 is beyond int64, which msgspec cannot check"),
    (schema(NUM, maximum=10**400), f"{S}/maximum: is beyond what a float can hold; remove it"),
    (
        schema(INT, exclusiveMinimum=True),
        f"{S}/exclusiveMinimum: has no effect without minimum; write the bound itself",
    ),
    (schema(NUM, multipleOf=0.1), f"{S}/multipleOf: 0.1 has no exact binary form, so it cannot be checked; remove it"),
    (schema(NUM, multipleOf=0), f"{S}/multipleOf: input should be greater than 0"),
    (schema(INT, multipleOf=0.5), f"{S}/multipleOf: 0.5 is not supported for an integer; use a whole number"),
    (schema(TEXT, format="date", maxLength=3), f"{S}: maxLength is not supported beside format date; remove one"),
    (schema(TEXT, format="uri", pattern="^a"), f"{S}: pattern is not supported beside format uri; remove one"),
    (
        schema(TEXT, pattern="("),
        f"{S}/pattern: cannot be translated for Python's re: missing ), unterminated subpattern at position 0",
    ),
    (schema(TEXT, pattern=r"\p{L}"), f"{S}/pattern: has a Unicode property \\p, which Python's re does not know"),
    (schema(TEXT, nullable=True), f"{S}/nullable: is a keyword of OpenAPI 3.0; in 3.1, write type: [..., 'null']"),
    (schema(enum=[]), f"{S}/enum: is empty"),
    (schema(TEXT, enum=["a", True]), f"{S}/enum: True is not of type string"),
    (schema(TEXT, enum=[1, True, None]), f'{S}/enum: has no value of type string; write "1", "true", null'),
    (schema(INT, enum=[0.5]), f"{S}/enum: 0.5 is not of type integer"),
    (schema(enum=[[]]), f"{S}/enum: [] is not supported; {OTHER_TYPES}"),
    (schema(enum=[{}]), f"{S}/enum: {{}} is not supported; {OTHER_TYPES}"),
    (schema(const={"a": 1}), f"{S}/const: {{'a': 1}} is not supported; only strings, numbers, booleans and null are"),
    (schema(INT, enum=["0", "1"]), f"{S}/enum: has no value of type integer; write 0, 1"),
    (schema(NUM, enum=["0.5", "2"]), f"{S}/enum: has no value of type number; write 0.5, 2"),
    (schema(type="boolean", enum=["true"]), f"{S}/enum: has no value of type boolean; write true"),
    (
        schema(TEXT, enum=["a"], format="password"),
        f"{S}/enum: shows passwords, which format password hides; remove it",
    ),
    (schema(INT, enum=["01"]), f"{S}/enum: '01' is not of type integer"),
    (schema(INT, enum=["1", "1.5"]), f"{S}/enum: '1' is not of type integer"),
    (schema(TEXT, enum=["a", None]), f"{S}/enum: None is not of type string"),
    (schema(const=2**63), f"{S}/const: 9223372036854775808 is beyond int64, which msgspec cannot compare"),
    (schema(const=-(2**63) - 1), f"{S}/const: -9223372036854775809 is beyond int64, which msgspec cannot compare"),
    (
        schema(const="a", enum=["b"]),
        f"{S}/const: is not in the enum beside it, so no value matches; correct one of them",
    ),
    (schema(enum=["a"], type="string", minLength=1), f"{S}: minLength does not apply to an enum or const; remove it"),
    (
        responses(_200={"content": {"text/json+json": {"schema": {"items": {"$ref": f"{ANSWER}/schema"}}}}}),
        f"{ANSWER}/schema/items: is recursive; move it to components/schemas",
    ),
    # Compositions.
    (schema(oneOf=[]), f"{S}/oneOf: {EMPTY}"),
    (schema(allOf=[]), f"{S}/allOf: is empty; remove it"),
    (schema(oneOf=[TEXT], anyOf=[TEXT]), f"{S}: has oneOf and anyOf; put one into the other"),
    (schema(oneOf=[{"enum": ["a"]}, TEXT]), f"{S}: {TWO_MATCH}"),
    (schema(oneOf=[INT, NUM]), f"{S}: {TWO_MATCH}"),
    (schema(oneOf=[TEXT, TEXT]), f"{S}: two alternatives match 'str', {FORBIDDEN}"),
    (schema(oneOf=[{"enum": ["a", "b"]}, {"enum": ["b"]}]), f"{S}: two alternatives match 'b', {FORBIDDEN}"),
    (schema(oneOf=[{}, TEXT]), f"{S}: {TWO_MATCH}"),
    (schema(obj(k=TEXT), discriminator={"propertyName": "k"}), f"{S}/discriminator: {WITHOUT_ONE_OF}"),
    (
        schema(oneOf=[TEXT, INT], discriminator={"propertyName": "k"}),
        f"{S}/discriminator: tells objects apart, and there are none here; remove it",
    ),
    (schema(oneOf=[obj(k=TEXT)], discriminator={}), f"{S}/discriminator: lacks 'propertyName'"),
    (union(A=obj(a=TEXT), B=obj(b=TEXT)), f"{S}: 'k' tells A from the others, so it must be a required property of it"),
    (
        union(A=obj(k={"enum": ["x", "y"]}), B=obj(k=TEXT)),
        f"{S}: 'k' of A cannot be 'A', the value that tells it from the others",
    ),
    (
        schema({"oneOf": [obj(k=TEXT), obj(k=TEXT, b=TEXT)], "discriminator": {"propertyName": "k"}}),
        f"{S}: the discriminator maps no 'k' to {S}/oneOf/0; add it to the mapping, or give the property a const",
    ),
    (union({"x": "B"}, A=obj(k=TEXT)), f"{S}/discriminator/mapping/x: 'B' is not one of the alternatives; correct it"),
    (schema(allOf=[TEXT, INT]), f"{S}: allOf leaves no type that matches all its members"),
    (schema(allOf=[{"enum": ["a"]}, {"enum": ["b"]}]), f"{S}: allOf leaves no enum that matches all its members"),
    (schema(allOf=[{"const": 1}, {"const": 2}]), f"{S}: allOf leaves no const that matches all its members"),
    (
        schema(**TEXT, oneOf=[INT, {"type": "boolean"}]),
        f"{S}/oneOf/0: allOf leaves no type that matches all its members",
    ),
    (
        schema(allOf=[{**TEXT, "pattern": "a"}, {"pattern": "b"}]),
        f"{S}: allOf has two different pattern, 'a' and 'b'; keep one of them",
    ),
    (
        schema(allOf=[{**obj(a=TEXT), "additionalProperties": False}, obj(b=TEXT)]),
        f"{S}: a member of allOf has additionalProperties: false and so forbids b; remove that there",
    ),
    (schema(allOf=[ref("S"), obj(a=TEXT)]), f"{S}: allOf contains itself, by way of {S}"),
    (
        schemas(S={"allOf": [ref("T"), obj(a=TEXT)]}, T={"allOf": [ref("S"), obj(b=TEXT)]}),
        f"{T}: allOf contains itself, by way of {S}",
    ),
    (schema(TEXT, discriminator={"propertyName": "k"}), f"{S}/discriminator: {WITHOUT_ONE_OF}"),
    (union(A=obj(k={"const": "B"}), B=obj(k=TEXT)), f"{S}: two alternatives have the same 'k'; give each its own"),
    (schema(allOf=[{"type": ["string"]}, {"type": None}]), f"{S}: allOf has two type {MALFORMED}"),
    (
        old(S={"allOf": [{**INT, "maximum": n, "exclusiveMaximum": True} for n in (3, 4)]}),
        f"{S}: allOf has two different maximum of which one is exclusive; keep one of them",
    ),
    (
        old(S={"allOf": [{**INT, "minimum": n, "exclusiveMinimum": True} for n in (3, 4)]}),
        f"{S}: allOf has two different minimum of which one is exclusive; keep one of them",
    ),
    (schema(INT, minimum=[]), f"{S}/minimum: must be a number, not an array"),
    (schema(INT, minimum="a"), f"{S}/minimum: must be a number, not a string"),
    (schema(TEXT, minLength=[]), f"{S}/minLength: must be a number, not an array"),
    (schema(TEXT, minLength="a"), f"{S}/minLength: must be a number, not a string"),
    (get(deprecated=[]), f"{GET}/deprecated: must be true or false, not an array"),
    (get(deprecated="a"), f"{GET}/deprecated: {NO_FLAG}"),
    (get(tags={}), f"{GET}/tags: must be an array, not an object"),
    (schema(allOf=[{**NUM, "multipleOf": 0.5}, {"multipleOf": 2}]), f"{S}: allOf has two multipleOf {MALFORMED}"),
    (schema(allOf=[obj(a=TEXT), False]), f"{S}/allOf/1: {FALSE}"),
    # What is only read where something refers to it.
    (
        elsewhere({"type": "text"}),
        f"{PART}/type: 'text' is not one of string, integer, number, boolean, array, object, null",
    ),
    (elsewhere({"enum": "a"}), f"{PART}/enum: must be an array, not a string"),
    (elsewhere({"enum": []}), f"{PART}/enum: {EMPTY}"),
    (elsewhere({"oneOf": {}}), f"{PART}/oneOf: must be an array, not an object"),
    (elsewhere({**TEXT, "minLength": "1"}), f"{PART}/minLength: {NOT_WHOLE}"),
    (elsewhere({**TEXT, "maxLength": True}), f"{PART}/maxLength: {NOT_WHOLE}"),
    (elsewhere({**TEXT, "maxLength": -1}), f"{PART}/maxLength: {NOT_WHOLE}"),
    (elsewhere({"type": "array", "minItems": 0.5}), f"{PART}/minItems: {NOT_WHOLE}"),
    (elsewhere({"type": "object", "maxProperties": 2**63}), f"{PART}/maxProperties: {NOT_WHOLE}"),
    (elsewhere({**INT, "minimum": True}), f"{PART}/minimum: must be a number"),
    (elsewhere({"type": "number", "minimum": 10**400}), f"{PART}/minimum: is beyond what a float can hold; remove it"),
    (elsewhere({**INT, "multipleOf": -1}), f"{PART}/multipleOf: must be greater than 0"),
    (elsewhere({**TEXT, "pattern": 5}), f"{PART}/pattern: {QUOTES}"),
    (elsewhere({**TEXT, "format": 5}), f"{PART}/format: {QUOTES}"),
    (elsewhere({**obj(a=TEXT), "required": [1]}), f"{PART}/required/0: {QUOTES}"),
    (elsewhere(5), f"{PART}: must be an object, not a number"),
    (elsewhere(obj(a={"type": "string", "readOnly": "no"})), f"{PART}/properties/a/readOnly: {NO_FLAG}"),
    (
        {**body("text/plain", schema={"$ref": PART}), "x-parts": {"S": {"$ref": PART}}},
        f"{PART}: {PART} -> {PART} is a reference to itself",
    ),
    (
        {**get(parameters=[{"$ref": PART}]), "x-parts": {"S": {**X, "in": "body"}}},
        f"{PART}/in: 'body' is not one of path, query, header, cookie",
    ),
    # Links that lead to a URL.
    (
        linked(link("id"), content={kind: {"schema": obj(id=TEXT)} for kind in (JSON, "a/b+json")}),
        f"{LINK}: {ONE_BODY}",
    ),
    (linked(link("0"), content={JSON: {"schema": {"items": TEXT}}}), f"{LINK}: {ONE_BODY}"),
    (linked(link("id"), content={}), f"{LINK}: {ONE_BODY}"),
    (linked(link("ends/go", name="id")), f"{LINK}/x-url: 'go' {NO_PROPERTY}"),
    (linked(link("id/x", name="id")), f"{LINK}/x-url: 'x' {NO_PROPERTY}"),
    (linked({"x-url": "$response.header.Location"}), f"{LINK}/x-url: is not supported; only $response.body#/… is"),
    (linked({"x-url": 5}), f"{LINK}/x-url: {QUOTES}"),
    (
        linked(link("ends/stop", **{"query.name": "id"})),
        f"{LINK}/parameters/query.name: beside x-url only parameters of the path are supported",
    ),
    (linked(link("ends/stop")), f"{STOPPED}: a link with x-url leads here; it must give the parameters ['name']"),
    (
        linked(STOP, link("id", name="id")),
        f"{STOPPED}: two links with x-url find its URL in different properties; use the same one",
    ),
    (
        linked({**link("ends/stop"), "x-optional": True}, {**link("note"), "x-optional": True}),
        f"{STOPPED}: two links with x-url find its URL in different properties; use the same one",
    ),
    (
        linked(STOP, {**link("note"), "x-optional": True}),
        f"{STOPPED}: two links with x-url find its URL in different properties; use the same one",
    ),
    (
        linked({**link("name"), "x-optional": True}, content={JSON: {"schema": obj(name=TEXT)}}),
        f"{STOPPED}: its argument 'name' has the name of the URL that a link gives; rename one of them",
    ),
    (
        linked(STOP, **{"x-trusted-hosts": ["a.example", "https://a.example"]}),
        "#/x-trusted-hosts/1: 'https://a.example' is not a domain, such as example.com",
    ),
    (
        linked(STOP, **{"x-request-id-headers": ["x-id", "x id"]}),
        "#/x-request-id-headers/1: 'x id' is not the name of a header field, such as x-request-id",
    ),
    (linked(STOP, **{"x-trusted-hosts": "a.example"}), "#/x-trusted-hosts: must be an array, not a string"),
    # Servers and what else there is.
    (get(servers=[{"url": "https://a", "own": "x"}]), f"{GET}/servers/0: {unknown('Server')}"),
    (
        get(servers=[{"url": "/{a}", "variables": {"a": {"default": "x", "own": []}}}]),
        f"{GET}/servers/0/variables/a: {unknown('Server Variable')}",
    ),
    (get(servers=[{"url": "https://a.example/?b=c"}]), f"{GET}/servers/0/url: 'https://a.example/?b=c' {NO_URL}"),
    (get(tags=["ä" * 150]), f"{GET}: the name ääääääääääääääääääää… {TOO_LONG}"),
    *(
        (body(media_type, **given), f"{BODY}/{media_type.replace('/', '~1')}: {NO_PARTS}")
        for media_type, given in (
            ("multipart/form-data", {"schema": {"type": "object", "additionalProperties": False}}),
            ("multipart/form-data", {"schema": TEXT}),
            ("multipart/form-data", {"schema": {"oneOf": [obj(a=TEXT), obj(b=TEXT)]}}),
            ("multipart/mixed", {"schema": obj(a=TEXT)}),
        )
    ),
    (body("text/plain; charset"), f"{BODY}/text~1plain; charset: is not a media type, such as application/json"),
    (parameter("cookie", "a b"), f"{Q}/name: 'a b' cannot be the name of a cookie"),
    (schema(nested(200)), f"{S}: {TOO_DEEP}"),
    (schema(nested(300)), TOO_DEEP),
]

# Files that hold no document.
ALIASES = b"".join(b"a%d: &a%d [%s]\n" % (n, n, b",".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 9))
LIMIT = "Exceeds the limit (4300 digits) for integer string conversion: value has 5000 digits"
NO_TAG = "could not determine a constructor for the tag 'tag:yaml.org,2002:python/name:os.system'"
CONTAINS_ITSELF = "is nested too deeply, or contains itself"
NO_DOCUMENT: list[tuple[str, bytes, str]] = [
    ("yaml", b"a: 1\nb: [\n", "is not YAML: expected the node content, but found '<stream end>' in line 3"),
    ("yaml", b"a: 1\n\tb: 1\n", "is not YAML: found character '\\t' that cannot start any token in line 2"),
    (
        "yaml",
        b"openapi: 3.1.0\ninfo: 1\ninfo: 2\n",
        'is not YAML: found duplicate key "info" with value "2" (original value: "1") in line 3',
    ),
    ("yaml", b"x: {200: 1, '200': 2}\n", "#/x: has the key '200' twice, once in quotes and once without"),
    ("yaml", b"x: !!python/name:os.system x\n", f"is not YAML: {NO_TAG} in line 1"),
    ("yaml", b"x: !!set {a}\n", "#/x: a set is not a value in JSON"),
    ("yaml", b"x: !!binary YWI=\n", "#/x: a bytes is not a value in JSON"),
    ("yaml", b"x: .nan\n", "#/x: nan is not a number in JSON"),
    ("yaml", b"&a\nx: *a\n", CONTAINS_ITSELF),
    ("yaml", b"a: 1\n---\nb: 2\n", "is not YAML: but found another document in line 2"),
    (
        "yaml",
        b"a0: &a0 [x]\n" + ALIASES,
        "says more than 100,000 things again by aliases; write them out, or use $ref",
    ),
    ("yaml", b"a: " + b"[" * 700 + b"]" * 700, CONTAINS_ITSELF),
    ("yaml", b"a: " + b"1" * 5000, f"is not YAML: {LIMIT}; use sys.set_int_max_str_digits() to increase the limit"),
    ("yaml", b"\xff\xfe", "is not UTF-8 (byte 0)"),
    ("yaml", b"", "is null, not an OpenAPI document"),
    ("json", b'{"openapi": }', "is not JSON: Expecting value: line 1 column 13 (char 12)"),
    ("json", b'{"a": 1, "a": 2}', "has the key 'a' twice in one object"),
    ("json", b'{"a": Infinity}', "is not JSON: it has Infinity"),
    ("json", b'{"a": 1e400}', "#/a: inf is not a number in JSON"),
    ("json", b"[" * 100_000, CONTAINS_ITSELF),
]


def _assert_refused(spec: Path, problem: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command_line(spec, spec.parent / "out"), "--strict"]) == 1
    assert capsys.readouterr() == ("", f"{spec.name}: {problem}\n")
    assert not (spec.parent / "out").exists()


@pytest.mark.parametrize(("content", "problem"), REFUSED, ids=[problem for _, problem in REFUSED])
def test_a_refusal_names_the_place_and_the_cure(
    content: Any, problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _assert_refused(write_spec(tmp_path, content), problem, capsys)


@pytest.mark.parametrize(("ending", "content", "problem"), NO_DOCUMENT, ids=[problem for *_, problem in NO_DOCUMENT])
def test_a_file_that_holds_no_document_is_refused(
    ending: str, content: bytes, problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / f"spec.{ending}").write_bytes(content)

    _assert_refused(tmp_path / f"spec.{ending}", problem, capsys)


def test_a_missing_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _assert_refused(tmp_path / "none.yaml", "cannot be read: No such file or directory", capsys)


@pytest.mark.parametrize("package", ["a-b", "class", "json", "msgspec", "httpx2", "", "1a"])
def test_an_invalid_package_name_is_a_usage_error(package: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["--package", package])

    assert stop.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == f"python -m generator: error: --package {package!r} is not a valid name for a Python package"


def test_a_refusal_is_printable_on_any_terminal(tmp_path: Path) -> None:
    spec = write_spec(tmp_path, schema(TEXT, größe="\u202e\n\x1b[31m"))
    command = [sys.executable, "-m", "generator", *command_line(spec, tmp_path), "--strict"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}

    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=False)

    assert (result.returncode, result.stdout) == (1, b"")
    (line,) = result.stderr.decode("ascii").splitlines()
    assert line.startswith(
        r"spec.json: #/components/schemas/S: 'gr\xf6\xdfe' is not a keyword of the Schema Object; correct it"
    )
