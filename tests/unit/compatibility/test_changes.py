"""What each change of a document breaks, in words."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.compatibility.operations import compare

NOTHING: list[str] = []
TEXT = {"type": "string"}

_REPEATED = "whether a client repeats the call by itself: yes, and was: as its method says"


def document(**changed: Any) -> dict[str, Any]:
    """Return a document with one operation, parts of which are given."""
    operation: dict[str, Any] = {"operationId": "do", "responses": {"200": {"description": "-"}}}
    operation |= {key: value for key, value in changed.items() if key not in {"path", "item", "root"}}
    item = {"post": operation, **changed.get("item", {})}
    return {"openapi": "3.1.0", "paths": {changed.get("path", "/a"): item}, **changed.get("root", {})}


def asking(schema: Any, **root: Any) -> dict[str, Any]:
    return document(requestBody={"content": {"application/json": {"schema": schema}}}, root=root)


def answering(schema: Any, **root: Any) -> dict[str, Any]:
    response = {"description": "-", "content": {"application/json": {"schema": schema}}}
    return document(responses={"200": response}, root=root)


def thing(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": properties}


def closed(*required: str, **properties: Any) -> dict[str, Any]:
    return {**thing(*required, **properties), "additionalProperties": False}


def parameter(**changed: Any) -> dict[str, Any]:
    return document(parameters=[{"name": "p", "in": "query", "schema": TEXT, **changed}])


def answer(**changed: Any) -> dict[str, Any]:
    return document(responses={"200": {"description": "-", **changed}})


def header(**changed: Any) -> dict[str, Any]:
    return answer(headers={"Retry-After": {"schema": {"type": "integer"}, **changed}})


BEARER = {"components": {"securitySchemes": {"a": {"type": "http", "scheme": "bearer"}}}}
SAME_BEARER = {"components": {"securitySchemes": {"b": {"type": "http", "scheme": "bearer"}}}}
BASIC = {"components": {"securitySchemes": {"a": {"type": "http", "scheme": "basic"}}}}
OPEN_SET = {"anyOf": [{"type": "string", "enum": ["a"]}, TEXT]}
NODE = {"components": {"schemas": {"Node": thing(next={"$ref": "#/components/schemas/Node"}, n={"type": "integer"})}}}
DEEPER = copy.deepcopy(NODE)
DEEPER["components"]["schemas"]["Node"]["properties"]["n"]["minimum"] = 1
SHORT = {"components": {"schemas": {"T": {"type": "string", "maxLength": 10, "pattern": "a"}}}}
TO_NODE = {"$ref": "#/components/schemas/Node"}

# Whom it breaks, and what is said of it.
OF_SCHEMAS: dict[str, tuple[Any, Any, list[str], list[str]]] = {
    # change: before, after, of a request, of a response
    "a required property": (
        thing(a=TEXT), thing("b", a=TEXT, b=TEXT),
        ["breaks clients: /b: the property is new and now required"],
        ["breaks servers: /b: the property is new and now required"],
    ),
    "an optional property of an open object": (
        thing(), thing(a=TEXT),
        ["breaks nobody: /a: the property is new"], ["breaks nobody: /a: the property is new"],
    ),
    "an optional property of a closed object": (
        closed(), closed(a=TEXT),
        ["breaks servers: /a: the property is new"], ["breaks clients: /a: the property is new"],
    ),
    "a property gone": (
        thing("a", a=TEXT), thing(),
        ["breaks clients and servers: /a: the property is gone"], ["breaks clients: /a: the property is gone"],
    ),
    "an optional property gone": (
        thing(a=TEXT), thing(),
        ["breaks clients: /a: the property is gone"], ["breaks clients: /a: the property is gone"],
    ),
    # Of several schemas all has to hold.
    "a wider rule beside a narrower one": (
        {"allOf": [{"maxLength": 10}, {"maxLength": 300}]}, {"maxLength": 300},
        ["breaks servers: maxLength: is 300 now, and was 10"], ["breaks clients: maxLength: is 300 now, and was 10"],
    ),
    "a bound that another one contains": (
        {"minimum": 20}, {"allOf": [{"minimum": 20}, {"minimum": 10}], "minimum": 5}, NOTHING, NOTHING,
    ),
    "types in common": (
        {"type": ["string", "number", "null"]},
        {"allOf": [{"type": ["number", "null"]}, {"type": ["integer", "null"]}]},
        ["breaks clients: type: number or string is no longer allowed"],
        ["breaks servers: type: number or string is no longer allowed"],
    ),
    "values in common": (
        {"enum": ["a", "b"]}, {"allOf": [{"enum": ["a", "b"]}, {"const": "a"}]},
        ["breaks clients: enum: 'b' is no longer allowed"], ["breaks servers: enum: 'b' is no longer allowed"],
    ),
    "a property in common": (
        thing(a={"minLength": 2}), {"allOf": [thing(a={"minLength": 2}), thing("a", a={"minLength": 3})]},
        ["breaks clients: /a/minLength: is 3 now, and was 2", "breaks clients: /a: the property is now required"],
        ["breaks servers: /a/minLength: is 3 now, and was 2", "breaks servers: /a: the property is now required"],
    ),
    "another pattern as well": (
        {"pattern": "a"}, {"allOf": [{"pattern": "a"}, {"pattern": "b"}]},
        ["breaks clients: pattern: is 'a' and 'b' now"], ["breaks servers: pattern: is 'a' and 'b' now"],
    ),
    "one pattern fewer": (
        {"pattern": "a", "allOf": [{"pattern": "b"}]}, {"pattern": "b"},
        ["breaks servers: pattern: is 'b' now"], ["breaks clients: pattern: is 'b' now"],
    ),
    "the narrower of two formats": (
        {"format": "int32"}, {"allOf": [{"format": "int64"}], "format": "int32"}, NOTHING, NOTHING,
    ),
    "alternatives of both": (
        {"allOf": [{"anyOf": [TEXT, {"type": "array"}]}, {"anyOf": [TEXT, {"type": "object"}]}]}, TEXT,
        NOTHING, NOTHING,
    ),
    "closed by one of them": (
        thing(), {"allOf": [thing(), {"additionalProperties": False}, {"additionalProperties": TEXT}]},
        ["breaks clients: additionalProperties: is forbidden"], ["breaks servers: additionalProperties: is forbidden"],
    ),
    "unique items": (
        {"uniqueItems": False}, {"allOf": [{"uniqueItems": True}, {"uniqueItems": False}]},
        ["breaks clients: uniqueItems: is True now"], ["breaks servers: uniqueItems: is True now"],
    ),
    "optional to required": (
        thing(a=TEXT), thing("a", a=TEXT),
        ["breaks clients: /a: the property is now required"], ["breaks servers: /a: the property is now required"],
    ),
    "required to optional": (
        thing("a", a=TEXT), thing(a=TEXT),
        ["breaks servers: /a: the property is no longer required"],
        ["breaks clients: /a: the property is no longer required"],
    ),
    "closed": (
        thing(a=TEXT), closed(a=TEXT),
        ["breaks clients: additionalProperties: is forbidden"], ["breaks servers: additionalProperties: is forbidden"],
    ),
    "opened": (
        closed(a=TEXT), thing(a=TEXT),
        ["breaks servers: additionalProperties: is allowed"], ["breaks clients: additionalProperties: is allowed"],
    ),
    "another type": (
        TEXT, {"type": "integer"},
        ["breaks clients and servers: type: is integer now, and was string"],
        ["breaks clients and servers: type: is integer now, and was string"],
    ),
    "null as well": (
        TEXT, {"type": ["string", "null"]},
        ["breaks servers: type: null is now allowed"], ["breaks clients: type: null is now allowed"],
    ),
    "null no longer": (
        {"type": ["string", "null"]}, TEXT,
        ["breaks clients: type: null is no longer allowed"], ["breaks servers: type: null is no longer allowed"],
    ),
    "integers to numbers": (
        {"type": "integer"}, {"type": "number"},
        ["breaks servers: type: number is now allowed"], ["breaks clients: type: number is now allowed"],
    ),
    "any type": (
        TEXT, {},
        ["breaks servers: type: is anything now, and was string"],
        ["breaks clients: type: is anything now, and was string"],
    ),
    "a type where there was none": (
        {}, TEXT,
        ["breaks clients: type: is string now, and was anything"],
        ["breaks servers: type: is string now, and was anything"],
    ),
    "a value of an enumeration": (
        {"enum": ["a"]}, {"enum": ["a", "b"]},
        ["breaks servers: enum: 'b' is now allowed"], ["breaks clients: enum: 'b' is now allowed"],
    ),
    "a value of an enumeration gone": (
        {"enum": ["a", "b"]}, {"enum": ["b"]},
        ["breaks clients: enum: 'a' is no longer allowed"], ["breaks servers: enum: 'a' is no longer allowed"],
    ),
    "an enumeration": (
        TEXT, {"type": "string", "enum": ["a"]},
        ["breaks clients: enum: is one of a now"], ["breaks servers: enum: is one of a now"],
    ),
    "no enumeration": (
        {"type": "string", "enum": ["a"]}, TEXT,
        ["breaks servers: enum: is no longer one of certain values"],
        ["breaks clients: enum: is no longer one of certain values"],
    ),
    "another constant": (
        {"const": "a"}, {"const": "b"},
        ["breaks clients: const: 'a' is no longer allowed", "breaks servers: const: 'b' is now allowed"],
        ["breaks clients: const: 'b' is now allowed", "breaks servers: const: 'a' is no longer allowed"],
    ),
    "a value of an open set": (
        OPEN_SET, {"anyOf": [{"type": "string", "enum": ["a", "b"]}, TEXT]}, NOTHING, NOTHING,
    ),
    "a set closed": (
        OPEN_SET, {"type": "string", "enum": ["a"]},
        ["breaks clients: enum: is one of a now"], ["breaks servers: enum: is one of a now"],
    ),
    "a higher minimum": (
        {"minimum": 1}, {"minimum": 2},
        ["breaks clients: minimum: is 2 now, and was 1"], ["breaks servers: minimum: is 2 now, and was 1"],
    ),
    "a lower minimum": (
        {"minimum": 1}, {"minimum": 0},
        ["breaks servers: minimum: is 0 now, and was 1"], ["breaks clients: minimum: is 0 now, and was 1"],
    ),
    "a higher maximum": (
        {"maxLength": 1}, {"maxLength": 2},
        ["breaks servers: maxLength: is 2 now, and was 1"], ["breaks clients: maxLength: is 2 now, and was 1"],
    ),
    "no maximum": (
        {"maxItems": 1}, {},
        ["breaks servers: maxItems: was 1, and there is none now"],
        ["breaks clients: maxItems: was 1, and there is none now"],
    ),
    "a maximum": (
        {}, {"maximum": 0},
        ["breaks clients: maximum: is 0 now, and there was none"],
        ["breaks servers: maximum: is 0 now, and there was none"],
    ),
    "a format": (
        TEXT, {"type": "string", "format": "uri"},
        ["breaks clients: format: is uri now, and was free"], ["breaks servers: format: is uri now, and was free"],
    ),
    "a wider format": (
        {"format": "int32"}, {"format": "int64"},
        ["breaks servers: format: is int64 now, and was int32"],
        ["breaks clients: format: is int64 now, and was int32"],
    ),
    "another format": (
        {"format": "uri"}, {"format": "date-time"},
        ["breaks clients and servers: format: is date-time now, and was uri"],
        ["breaks clients and servers: format: is date-time now, and was uri"],
    ),
    "another pattern": (
        {"pattern": "a"}, {"pattern": "b"},
        ["breaks clients and servers: pattern: is 'b' now"], ["breaks clients and servers: pattern: is 'b' now"],
    ),
    "a rule that is not known": (
        {}, {"contains": TEXT},
        ["breaks clients: contains: is {'type': 'string'} now"],
        ["breaks servers: contains: is {'type': 'string'} now"],
    ),
    "items deep inside": (
        thing(a={"type": "array", "items": {"minimum": 1}}), thing(a={"type": "array", "items": {"minimum": 2}}),
        ["breaks clients: /a/items/minimum: is 2 now, and was 1"],
        ["breaks servers: /a/items/minimum: is 2 now, and was 1"],
    ),
    "an alternative": (
        {"oneOf": [TEXT]}, {"oneOf": [TEXT, {"type": "array"}]},
        ["breaks servers: : array is an alternative now"], ["breaks clients: : array is an alternative now"],
    ),
    "an alternative gone": (
        {"anyOf": [TEXT, {"type": "array"}]}, {"anyOf": [TEXT]},
        ["breaks clients: : array is no longer an alternative"],
        ["breaks servers: : array is no longer an alternative"],
    ),
    "another default": (
        {"default": 1}, {"default": 2},
        ["breaks clients: default: is 2 now, and was 1"], NOTHING,
    ),
    # What says the same says nothing.
    "words": (
        {**TEXT, "description": "a"}, {**TEXT, "title": "b", "examples": ["c"], "x-d": 1, "deprecated": True},
        NOTHING, NOTHING,
    ),
    "another order": (
        thing("a", "b", a=TEXT, b=TEXT), thing("b", "a", b=TEXT, a=TEXT), NOTHING, NOTHING,
    ),
    "alternatives in another order": (
        {"anyOf": [TEXT, {"type": "array"}]}, {"anyOf": [{"type": "array"}, TEXT]}, NOTHING, NOTHING,
    ),
    "allOf inlined": (
        {"allOf": [thing("a", a=TEXT), thing(b=TEXT)]}, thing("a", a=TEXT, b=TEXT), NOTHING, NOTHING,
    ),
    "a constant as an enumeration": (
        {"const": "a"}, {"enum": ["a"]}, NOTHING, NOTHING,
    ),
    "items that may be equal": ({}, {"uniqueItems": False}, NOTHING, NOTHING),
    "nothing at least": ({}, {"minLength": 0, "minItems": 0, "minProperties": 0}, NOTHING, NOTHING),
    "a bound where the format ends": (
        {"format": "int64"}, {"format": "int64", "minimum": -(2**63), "maximum": 2**63 - 1}, NOTHING, NOTHING,
    ),
    "a bound below the end of the format": (
        {"format": "int64"}, {"format": "int64", "maximum": 2**63 - 2},
        [f"breaks clients: maximum: is {2**63 - 2} now, and there was none"],
        [f"breaks servers: maximum: is {2**63 - 2} now, and there was none"],
    ),
    "everything allowed, said otherwise": (
        {"additionalProperties": True}, {"additionalProperties": {}}, NOTHING, NOTHING,
    ),
}  # fmt: skip


def said(before: Any, after: Any) -> list[str]:
    return sorted(map(str, compare(before, after)))


def at(lines: list[str], pointer: str) -> list[str]:
    """Return the lines of the table with whole places: `/name` is a property, another word a keyword."""
    found: list[str] = []
    for line in lines:
        breaks, place, rest = line.split(": ", 2)
        whole = pointer + "/properties" * place.startswith("/") + "/" * (place[:1] not in {"/", ""}) + place
        found.append(f"{breaks}: {whole}: {rest}")
    return sorted(found)


CONTENT = "content/application~1json/schema"


@pytest.mark.parametrize(("before", "after", "request_", "response"), OF_SCHEMAS.values(), ids=OF_SCHEMAS)
class TestSchemas:
    def test_of_a_request(self, before: Any, after: Any, request_: list[str], response: list[str]) -> None:
        assert said(asking(before), asking(after)) == at(request_, f"/paths/~1a/post/requestBody/{CONTENT}")

    def test_of_a_response(self, before: Any, after: Any, request_: list[str], response: list[str]) -> None:
        assert said(answering(before), answering(after)) == at(response, f"/paths/~1a/post/responses/200/{CONTENT}")


POST = "/paths/~1a/post"
OF_OPERATIONS: dict[str, tuple[Any, Any, list[str]]] = {
    "an operation": (
        document(), document(item={"get": {"responses": {}}}),
        ["breaks servers: /paths/~1a/get: the operation is new"],
    ),
    "an operation gone": (
        document(item={"get": {"responses": {}}}), document(),
        ["breaks clients: /paths/~1a/get: the operation is gone"],
    ),
    "another method": (
        document(operationId="do"), document(operationId="make"),
        [f"breaks clients: {POST}/operationId: is make now, and was do; it is the client's method"],
    ),
    "a call that is repeated now": (
        document(), document(**{"x-idempotent": True}),
        [f"breaks clients: {POST}/x-idempotent: " + _REPEATED],
    ),
    "pages": (
        document(), document(**{"x-pages": {"method": "iter_a"}}),
        [f"breaks nobody: {POST}/x-pages: the client has a method for all pages now"],
    ),
    "other pages": (
        document(**{"x-pages": {"method": "iter_a"}}), document(**{"x-pages": {"method": "iter_b"}}),
        [f"breaks clients: {POST}/x-pages: the client's method for all pages is another one"],
    ),
    "no pages": (
        document(**{"x-pages": {"method": "iter_a"}}), document(),
        [f"breaks clients: {POST}/x-pages: the client's method for all pages is gone"],
    ),
    "an optional parameter": (
        document(), parameter(), [f"breaks servers: {POST}/parameters/0: the query parameter p is new"],
    ),
    "a required parameter": (
        document(), parameter(required=True),
        [f"breaks clients: {POST}/parameters/0: the query parameter p is new and required"],
    ),
    "a parameter gone": (
        parameter(), document(), [f"breaks clients: {POST}/parameters/0: the query parameter p is gone"],
    ),
    "a required parameter gone": (
        parameter(required=True), document(),
        [f"breaks clients and servers: {POST}/parameters/0: the query parameter p is gone"],
    ),
    "a required parameter elsewhere": (
        parameter(required=True, **{"in": "header"}), parameter(required=True),
        [f"breaks clients and servers: {POST}/parameters/0: the header parameter p is gone",
         f"breaks clients: {POST}/parameters/0: the query parameter p is new and required"],
    ),
    "a parameter as an option of the client": (
        parameter(), parameter(**{"x-client-option": True}),
        [f"breaks clients: {POST}/parameters/0/x-client-option: is an option of all calls now"],
    ),
    "an option of the client as a parameter": (
        parameter(**{"x-client-option": True}), parameter(),
        [f"breaks clients: {POST}/parameters/0/x-client-option: is an argument of each call now"],
    ),
    "a trusted host gone": (
        document(root={"x-trusted-hosts": ["a.b", "c.d"]}), document(root={"x-trusted-hosts": ["c.d"]}),
        ["breaks clients: /x-trusted-hosts: a.b is not trusted now"],
    ),
    "a trusted host": (
        document(), document(root={"x-trusted-hosts": ["a.b"]}),
        ["breaks nobody: /x-trusted-hosts: a.b is trusted now"],
    ),
    "a parameter required": (
        parameter(), parameter(required=True), [f"breaks clients: {POST}/parameters/0/required: is now required"],
    ),
    "a parameter optional": (
        parameter(required=True), parameter(),
        [f"breaks servers: {POST}/parameters/0/required: is no longer required"],
    ),
    "a parameter's rule": (
        parameter(), parameter(schema={"type": "string", "maxLength": 1}),
        [f"breaks clients: {POST}/parameters/0/schema/maxLength: is 1 now, and there was none"],
    ),
    "a parameter's style": (
        parameter(), parameter(explode=False),
        [f"breaks clients and servers: {POST}/parameters/0/explode: is False now"],
    ),
    "a body": (
        document(), document(requestBody={"content": {}, "required": True}),
        [f"breaks clients: {POST}/requestBody: the body is new and required"],
    ),
    "a body gone": (
        asking(TEXT), document(), [f"breaks clients: {POST}/requestBody: the body is gone"],
    ),
    "a required body gone": (
        document(requestBody={"content": {}, "required": True}), document(),
        [f"breaks clients and servers: {POST}/requestBody: the body is gone"],
    ),
    "a media type of a request": (
        asking(TEXT), document(requestBody={"content": {"application/json": {"schema": TEXT}, "text/plain": {}}}),
        [f"breaks servers: {POST}/requestBody/content/text~1plain: the media type is new"],
    ),
    "a media type of a response": (
        answering(TEXT), answer(content={"application/json": {"schema": TEXT}, "text/plain": {}}),
        [f"breaks clients: {POST}/responses/200/content/text~1plain: the media type is new"],
    ),
    "a body of a response gone": (
        answering(TEXT), answer(), [f"breaks clients: {POST}/responses/200: has no body any more"],
    ),
    "a body of a response": (
        answer(), answering(TEXT), [f"breaks servers: {POST}/responses/200: has a body now"],
    ),
    "a success": (
        document(), document(responses={"200": {}, "202": {}}),
        [f"breaks clients: {POST}/responses/202: the status is new"],
    ),
    "an error": (
        document(), document(responses={"200": {}, "404": {}}),
        [f"breaks nobody: {POST}/responses/404: the status is new"],
    ),
    "a status gone": (
        document(responses={"200": {}, "404": {}}), document(),
        [f"breaks servers: {POST}/responses/404: the status is gone"],
    ),
    "an optional header": (
        answer(), header(), [f"breaks nobody: {POST}/responses/200/headers/Retry-After: the header is new"],
    ),
    "a required header": (
        answer(), header(required=True),
        [f"breaks servers: {POST}/responses/200/headers/Retry-After: the header is new and required"],
    ),
    "a header gone": (
        header(), answer(), [f"breaks clients: {POST}/responses/200/headers/Retry-After: the header is gone"],
    ),
    "a header optional": (
        header(required=True), header(),
        [f"breaks clients: {POST}/responses/200/headers/Retry-After/required: is no longer required"],
    ),
    "a header's rule": (
        header(), header(schema={"type": "integer", "minimum": 0}),
        [f"breaks servers: {POST}/responses/200/headers/Retry-After/schema/minimum: is 0 now, and there was none"],
    ),
    "a link": (
        answer(), answer(links={"l": {"operationId": "do"}}),
        [f"breaks nobody: {POST}/responses/200/links/l: the link is new"],
    ),
    "a link gone": (
        answer(links={"l": {"operationId": "do"}}), answer(),
        [f"breaks clients: {POST}/responses/200/links/l: the link is gone"],
    ),
    "a link elsewhere": (
        answer(links={"l": {"operationId": "do"}}), answer(links={"l": {"operationId": "make"}}),
        [f"breaks clients and servers: {POST}/responses/200/links/l: the link leads elsewhere"],
    ),
    "credentials": (
        document(root=BEARER), document(security=[{"a": []}], root=BEARER),
        [f"breaks clients: {POST}/security: no credentials no longer suffices",
         f"breaks servers: {POST}/security: http bearer suffices now"],
    ),
    "another way as well": (
        document(security=[{"a": []}], root=BEARER), document(security=[{"a": []}, {}], root=BEARER),
        [f"breaks servers: {POST}/security: no credentials suffices now"],
    ),
    "another scheme": (
        document(root={**BEARER, "security": [{"a": []}]}), document(root={**BASIC, "security": [{"a": []}]}),
        [f"breaks clients: {POST}/security: http bearer no longer suffices",
         f"breaks servers: {POST}/security: http basic suffices now"],
    ),
    "a server gone": (
        document(root={"servers": [{"url": "/a"}, {"url": "/b"}]}), document(root={"servers": [{"url": "/a"}]}),
        ["breaks clients: /servers: /b is gone"],
    ),
    "another server of an operation": (
        document(servers=[{"url": "/a"}]), document(servers=[{"url": "/b"}]),
        [f"breaks clients: {POST}/servers: /a is gone"],
    ),
    "another server of a path": (
        document(item={"servers": [{"url": "/a"}]}), document(item={"servers": [{"url": "/b"}]}),
        [f"breaks clients: {POST}/servers: /a is gone"],
    ),
    "a server of an operation's own": (
        document(root={"servers": [{"url": "/a"}]}),
        document(servers=[{"url": "/b"}], root={"servers": [{"url": "/a"}]}),
        [f"breaks clients: {POST}/servers: /a is gone"],
    ),
    # What says the same says nothing.
    "the document's server, said by the operation": (
        document(root={"servers": [{"url": "/a"}]}),
        document(servers=[{"url": "/a"}], root={"servers": [{"url": "/a"}]}), NOTHING,
    ),
    "words around": (
        document(), document(summary="a", description="b", tags=["c"], externalDocs={}, root={"info": {}}), NOTHING,
    ),
    "a path's parameter by another name": (
        document(path="/a/{b}", parameters=[{"name": "b", "in": "path", "schema": TEXT}]),
        document(path="/a/{c}", item={"parameters": [{"name": "c", "in": "path", "schema": TEXT}]}), NOTHING,
    ),
    "a header in other letters": (
        header(), answer(headers={"retry-after": {"schema": {"type": "integer"}}}), NOTHING,
    ),
    "a scheme by another name": (
        document(security=[{"a": []}], root=BEARER), document(security=[{"b": []}], root=SAME_BEARER), NOTHING,
    ),
    "a reference instead of what it names": (
        answering(thing(a=TEXT)),
        answering({"$ref": "#/components/schemas/T"}, components={"schemas": {"T": thing(a=TEXT)}}), NOTHING,
    ),
    "a rule beside a reference": (
        answering({"$ref": "#/components/schemas/T"}, **SHORT),
        answering({"$ref": "#/components/schemas/T", "maxLength": 5, "pattern": "b"}, **SHORT),
        [f"breaks servers: {POST}/responses/200/{CONTENT}/maxLength: is 5 now, and was 10",
         f"breaks servers: {POST}/responses/200/{CONTENT}/pattern: is 'b' and 'a' now"],
    ),
    "a wider rule beside a reference": (
        answering({"$ref": "#/components/schemas/T"}, **SHORT),
        answering({"$ref": "#/components/schemas/T", "maxLength": 300}, **SHORT), NOTHING,
    ),
    "a schema that contains itself, with a rule beside": (
        answering(TO_NODE, **NODE), answering({**TO_NODE, "minProperties": 1}, **NODE),
        [f"breaks servers: {POST}/responses/200/{CONTENT}/minProperties: is 1 now, and there was none"],
    ),
    "a server": (
        document(root={"servers": [{"url": "/a"}]}), document(root={"servers": [{"url": "/a"}, {"url": "/b"}]}),
        NOTHING,
    ),
    "a component, at its own place, whatever leads to it": (
        answering(thing(a=TO_NODE, b=TO_NODE), **NODE), answering(thing(a=TO_NODE, b=TO_NODE), **DEEPER),
        ["breaks servers: /components/schemas/Node/properties/n/minimum: is 1 now, and there was none"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after", "expected"), OF_OPERATIONS.values(), ids=OF_OPERATIONS)
def test_what_is_around_schemas(before: Any, after: Any, expected: list[str]) -> None:
    assert said(before, after) == expected


@pytest.mark.parametrize(("before", "after", "expected"), OF_OPERATIONS.values(), ids=OF_OPERATIONS)
def test_a_document_is_compatible_with_itself(before: Any, after: Any, expected: list[str]) -> None:
    assert said(before, copy.deepcopy(before)) == said(after, copy.deepcopy(after)) == []
