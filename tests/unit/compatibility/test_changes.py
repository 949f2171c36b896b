"""What each change of a document breaks, in words."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.compatibility.operations import compare

TEXT = {"type": "string"}


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

POST, CONTENT = "/paths/~1a/post", "content/application~1json/schema"
# What an effect breaks in a request, and in a response.
EFFECTS = {
    "narrower": ("breaks clients", "breaks servers"),
    "wider": ("breaks servers", "breaks clients"),
    "other": ("breaks clients and servers", "breaks clients and servers"),
    "nobody": ("breaks nobody", "breaks nobody"),
    "gone": ("breaks clients", "breaks clients"),
    "required and gone": ("breaks clients and servers", "breaks clients"),
    "in requests alone": ("breaks clients", ""),
}

# change: before, after, and the effects: a place that starts with a slash is a property, another one a keyword
OF_SCHEMAS: dict[str, tuple[Any, ...]] = {
    "a required property": (thing(a=TEXT), thing("b", a=TEXT, b=TEXT),
        "narrower: /b: the property is new and now required"),
    "an optional property of an open object": (thing(), thing(a=TEXT), "nobody: /a: the property is new"),
    "an optional property of a closed object": (closed(), closed(a=TEXT), "wider: /a: the property is new"),
    "a property gone": (thing("a", a=TEXT), thing(), "required and gone: /a: the property is gone"),
    "an optional property gone": (thing(a=TEXT), thing(), "gone: /a: the property is gone"),
    # Of several schemas all has to hold.
    "a wider rule beside a narrower one": ({"allOf": [{"maxLength": 10}, {"maxLength": 300}]}, {"maxLength": 300},
        "wider: maxLength: is 300 now, and was 10"),
    "a bound that another one contains": ({"minimum": 20}, {"allOf": [{"minimum": 20}, {"minimum": 10}], "minimum": 5}),
    "types in common": ({"type": ["string", "number", "null"]},
        {"allOf": [{"type": ["number", "null"]}, {"type": ["integer", "null"]}]},
        "narrower: type: number or string is no longer allowed"),
    "values in common": ({"enum": ["a", "b"]}, {"allOf": [{"enum": ["a", "b"]}, {"const": "a"}]},
        "narrower: enum: 'b' is no longer allowed"),
    "a property in common": (thing(a={"minLength": 2}),
        {"allOf": [thing(a={"minLength": 2}), thing("a", a={"minLength": 3})]},
        "narrower: /a/minLength: is 3 now, and was 2", "narrower: /a: the property is now required"),
    "another pattern as well": ({"pattern": "a"}, {"allOf": [{"pattern": "a"}, {"pattern": "b"}]},
        "narrower: pattern: is 'a' and 'b' now"),
    "one pattern fewer": ({"pattern": "a", "allOf": [{"pattern": "b"}]}, {"pattern": "b"},
        "wider: pattern: is 'b' now"),
    "the narrower of two formats": ({"format": "int32"}, {"allOf": [{"format": "int64"}], "format": "int32"}),
    "alternatives of both": ({"allOf": [{"anyOf": [TEXT, {"type": "array"}]}, {"anyOf": [TEXT, {"type": "object"}]}]},
        TEXT),
    "closed by one of them": (thing(),
        {"allOf": [thing(), {"additionalProperties": False}, {"additionalProperties": TEXT}]},
        "narrower: additionalProperties: is forbidden"),
    "unique items": ({"uniqueItems": False}, {"allOf": [{"uniqueItems": True}, {"uniqueItems": False}]},
        "narrower: uniqueItems: is True now"),
    "optional to required": (thing(a=TEXT), thing("a", a=TEXT), "narrower: /a: the property is now required"),
    "required to optional": (thing("a", a=TEXT), thing(a=TEXT), "wider: /a: the property is no longer required"),
    "closed": (thing(a=TEXT), closed(a=TEXT), "narrower: additionalProperties: is forbidden"),
    "opened": (closed(a=TEXT), thing(a=TEXT), "wider: additionalProperties: is allowed"),
    "another type": (TEXT, {"type": "integer"}, "other: type: is integer now, and was string"),
    "null as well": (TEXT, {"type": ["string", "null"]}, "wider: type: null is now allowed"),
    "null no longer": ({"type": ["string", "null"]}, TEXT, "narrower: type: null is no longer allowed"),
    "integers to numbers": ({"type": "integer"}, {"type": "number"}, "wider: type: number is now allowed"),
    "any type": (TEXT, {}, "wider: type: is anything now, and was string"),
    "a type where there was none": ({}, TEXT, "narrower: type: is string now, and was anything"),
    "a value of an enumeration": ({"enum": ["a"]}, {"enum": ["a", "b"]}, "wider: enum: 'b' is now allowed"),
    "a value of an enumeration gone": ({"enum": ["a", "b"]}, {"enum": ["b"]},
        "narrower: enum: 'a' is no longer allowed"),
    "an enumeration": (TEXT, {"type": "string", "enum": ["a"]}, "narrower: enum: is one of a now"),
    "no enumeration": ({"type": "string", "enum": ["a"]}, TEXT, "wider: enum: is no longer one of certain values"),
    "another constant": ({"const": "a"}, {"const": "b"}, "narrower: const: 'a' is no longer allowed",
        "wider: const: 'b' is now allowed"),
    "a value of an open set": (OPEN_SET, {"anyOf": [{"type": "string", "enum": ["a", "b"]}, TEXT]}),
    "a set closed": (OPEN_SET, {"type": "string", "enum": ["a"]}, "narrower: enum: is one of a now"),
    "a higher minimum": ({"minimum": 1}, {"minimum": 2}, "narrower: minimum: is 2 now, and was 1"),
    "a lower minimum": ({"minimum": 1}, {"minimum": 0}, "wider: minimum: is 0 now, and was 1"),
    "a higher maximum": ({"maxLength": 1}, {"maxLength": 2}, "wider: maxLength: is 2 now, and was 1"),
    "no maximum": ({"maxItems": 1}, {}, "wider: maxItems: was 1, and there is none now"),
    "a maximum": ({}, {"maximum": 0}, "narrower: maximum: is 0 now, and there was none"),
    "a format": (TEXT, {"type": "string", "format": "uri"}, "narrower: format: is uri now, and was free"),
    "a wider format": ({"format": "int32"}, {"format": "int64"}, "wider: format: is int64 now, and was int32"),
    "another format": ({"format": "uri"}, {"format": "date-time"}, "other: format: is date-time now, and was uri"),
    "another pattern": ({"pattern": "a"}, {"pattern": "b"}, "other: pattern: is 'b' now"),
    "a rule that is not known": ({}, {"contains": TEXT}, "narrower: contains: is {'type': 'string'} now"),
    "items deep inside": (thing(a={"type": "array", "items": {"minimum": 1}}),
        thing(a={"type": "array", "items": {"minimum": 2}}), "narrower: /a/items/minimum: is 2 now, and was 1"),
    "an alternative": ({"oneOf": [TEXT]}, {"oneOf": [TEXT, {"type": "array"}]}, "wider: : array is an alternative now"),
    "an alternative gone": ({"anyOf": [TEXT, {"type": "array"}]}, {"anyOf": [TEXT]},
        "narrower: : array is no longer an alternative"),
    "another default": ({"default": 1}, {"default": 2}, "in requests alone: default: is 2 now, and was 1"),
    # What says the same says nothing.
    "words": ({**TEXT, "description": "a"}, {**TEXT, "title": "b", "examples": ["c"], "x-d": 1, "deprecated": True}),
    "another order": (thing("a", "b", a=TEXT, b=TEXT), thing("b", "a", b=TEXT, a=TEXT)),
    "alternatives in another order": ({"anyOf": [TEXT, {"type": "array"}]}, {"anyOf": [{"type": "array"}, TEXT]}),
    "allOf inlined": ({"allOf": [thing("a", a=TEXT), thing(b=TEXT)]}, thing("a", a=TEXT, b=TEXT)),
    "a constant as an enumeration": ({"const": "a"}, {"enum": ["a"]}),
    "items that may be equal": ({}, {"uniqueItems": False}),
    "nothing at least": ({}, {"minLength": 0, "minItems": 0, "minProperties": 0}),
    "a bound where the format ends": ({"format": "int64"},
        {"format": "int64", "minimum": -(2**63), "maximum": 2**63 - 1}),
    "a bound below the end of the format": ({"format": "int64"}, {"format": "int64", "maximum": 2**63 - 2},
        f"narrower: maximum: is {2**63 - 2} now, and there was none"),
    "everything allowed, said otherwise": ({"additionalProperties": True}, {"additionalProperties": {}}),
}  # fmt: skip


def changes_of(before: Any, after: Any) -> list[str]:
    return sorted(map(str, compare(before, after)))


def expected_at(pointer: str, effects: tuple[str, ...], direction: int) -> list[str]:
    found: list[str] = []
    for line in effects:
        effect, place, rest = line.split(": ", 2)
        breaks = EFFECTS[effect][direction]
        whole = pointer + "/properties" * place.startswith("/") + "/" * (place[:1] not in {"/", ""}) + place
        found += [f"{breaks}: {whole}: {rest}"] * bool(breaks)
    return sorted(found)


@pytest.mark.parametrize(
    ("before", "after", "effects"), [(row[0], row[1], row[2:]) for row in OF_SCHEMAS.values()], ids=OF_SCHEMAS
)
class TestSchemas:
    def test_of_a_request(self, before: Any, after: Any, effects: tuple[str, ...]) -> None:
        assert changes_of(asking(before), asking(after)) == expected_at(f"{POST}/requestBody/{CONTENT}", effects, 0)

    def test_of_a_response(self, before: Any, after: Any, effects: tuple[str, ...]) -> None:
        expected = expected_at(f"{POST}/responses/200/{CONTENT}", effects, 1)
        assert changes_of(answering(before), answering(after)) == expected


# change: before, after, and whom it breaks; a place without a slash before it is in the operation
OF_OPERATIONS: dict[str, tuple[Any, ...]] = {
    "an operation": (document(), document(item={"get": {"responses": {}}}),
        "servers: /paths/~1a/get: the operation is new"),
    "an operation gone": (document(item={"get": {"responses": {}}}), document(),
        "clients: /paths/~1a/get: the operation is gone"),
    "another method": (document(operationId="do"), document(operationId="make"),
        "clients: operationId: is make now, and was do; it is the client's method"),
    "a call that is repeated now": (document(), document(**{"x-idempotent": True}),
        "clients: x-idempotent: whether a client repeats the call by itself: yes, and was: as its method says"),
    "pages": (document(), document(**{"x-pages": {"method": "iter_a"}}),
        "nobody: x-pages: the client has a method for all pages now"),
    "other pages": (document(**{"x-pages": {"method": "iter_a"}}), document(**{"x-pages": {"method": "iter_b"}}),
        "clients: x-pages: the client's method for all pages is another one"),
    "no pages": (document(**{"x-pages": {"method": "iter_a"}}), document(),
        "clients: x-pages: the client's method for all pages is gone"),
    "an optional parameter": (document(), parameter(), "servers: parameters/0: the query parameter p is new"),
    "a required parameter": (document(), parameter(required=True),
        "clients: parameters/0: the query parameter p is new and required"),
    "a parameter gone": (parameter(), document(), "clients: parameters/0: the query parameter p is gone"),
    "a required parameter gone": (parameter(required=True), document(),
        "clients and servers: parameters/0: the query parameter p is gone"),
    "a required parameter elsewhere": (parameter(required=True, **{"in": "header"}), parameter(required=True),
        "clients and servers: parameters/0: the header parameter p is gone",
        "clients: parameters/0: the query parameter p is new and required"),
    "a parameter as an option of the client": (parameter(), parameter(**{"x-client-option": True}),
        "clients: parameters/0/x-client-option: is an option of all calls now"),
    "an option of the client as a parameter": (parameter(**{"x-client-option": True}), parameter(),
        "clients: parameters/0/x-client-option: is an argument of each call now"),
    "a trusted host gone": (document(root={"x-trusted-hosts": ["a.b", "c.d"]}),
        document(root={"x-trusted-hosts": ["c.d"]}), "clients: /x-trusted-hosts: a.b is not trusted now"),
    "a trusted host": (document(), document(root={"x-trusted-hosts": ["a.b"]}),
        "nobody: /x-trusted-hosts: a.b is trusted now"),
    "a parameter required": (parameter(), parameter(required=True), "clients: parameters/0/required: is now required"),
    "a parameter optional": (parameter(required=True), parameter(),
        "servers: parameters/0/required: is no longer required"),
    "a parameter's rule": (parameter(), parameter(schema={"type": "string", "maxLength": 1}),
        "clients: parameters/0/schema/maxLength: is 1 now, and there was none"),
    "a parameter's style": (parameter(), parameter(explode=False),
        "clients and servers: parameters/0/explode: is False now"),
    "a body": (document(), document(requestBody={"content": {}, "required": True}),
        "clients: requestBody: the body is new and required"),
    "a body gone": (asking(TEXT), document(), "clients: requestBody: the body is gone"),
    "a required body gone": (document(requestBody={"content": {}, "required": True}), document(),
        "clients and servers: requestBody: the body is gone"),
    "a media type of a request": (asking(TEXT),
        document(requestBody={"content": {"application/json": {"schema": TEXT}, "text/plain": {}}}),
        "servers: requestBody/content/text~1plain: the media type is new"),
    "a media type of a response": (answering(TEXT),
        answer(content={"application/json": {"schema": TEXT}, "text/plain": {}}),
        "clients: responses/200/content/text~1plain: the media type is new"),
    "a body of a response gone": (answering(TEXT), answer(), "clients: responses/200: has no body any more"),
    "a body of a response": (answer(), answering(TEXT), "servers: responses/200: has a body now"),
    "a success": (document(), document(responses={"200": {}, "202": {}}), "clients: responses/202: the status is new"),
    "an error": (document(), document(responses={"200": {}, "404": {}}), "nobody: responses/404: the status is new"),
    "a status gone": (document(responses={"200": {}, "404": {}}), document(),
        "servers: responses/404: the status is gone"),
    "an optional header": (answer(), header(), "nobody: responses/200/headers/Retry-After: the header is new"),
    "a required header": (answer(), header(required=True),
        "servers: responses/200/headers/Retry-After: the header is new and required"),
    "a header gone": (header(), answer(), "clients: responses/200/headers/Retry-After: the header is gone"),
    "a header optional": (header(required=True), header(),
        "clients: responses/200/headers/Retry-After/required: is no longer required"),
    "a header's rule": (header(), header(schema={"type": "integer", "minimum": 0}),
        "servers: responses/200/headers/Retry-After/schema/minimum: is 0 now, and there was none"),
    "a link": (answer(), answer(links={"l": {"operationId": "do"}}), "nobody: responses/200/links/l: the link is new"),
    "a link gone": (answer(links={"l": {"operationId": "do"}}), answer(),
        "clients: responses/200/links/l: the link is gone"),
    "a link elsewhere": (answer(links={"l": {"operationId": "do"}}), answer(links={"l": {"operationId": "make"}}),
        "clients and servers: responses/200/links/l: the link leads elsewhere"),
    "credentials": (document(root=BEARER), document(security=[{"a": []}], root=BEARER),
        "clients: security: no credentials no longer suffices", "servers: security: http bearer suffices now"),
    "another way as well": (document(security=[{"a": []}], root=BEARER),
        document(security=[{"a": []}, {}], root=BEARER), "servers: security: no credentials suffices now"),
    "another scheme": (document(root={**BEARER, "security": [{"a": []}]}),
        document(root={**BASIC, "security": [{"a": []}]}), "clients: security: http bearer no longer suffices",
        "servers: security: http basic suffices now"),
    "a server gone": (document(root={"servers": [{"url": "/a"}, {"url": "/b"}]}),
        document(root={"servers": [{"url": "/a"}]}), "clients: /servers: /b is gone"),
    "another server of an operation": (document(servers=[{"url": "/a"}]), document(servers=[{"url": "/b"}]),
        "clients: servers: /a is gone"),
    "another server of a path": (document(item={"servers": [{"url": "/a"}]}),
        document(item={"servers": [{"url": "/b"}]}), "clients: servers: /a is gone"),
    "a server of an operation's own": (document(root={"servers": [{"url": "/a"}]}),
        document(servers=[{"url": "/b"}], root={"servers": [{"url": "/a"}]}), "clients: servers: /a is gone"),
    # What says the same says nothing.
    "the document's server, said by the operation": (document(root={"servers": [{"url": "/a"}]}),
        document(servers=[{"url": "/a"}], root={"servers": [{"url": "/a"}]})),
    "words around": (document(),
        document(summary="a", description="b", tags=["c"], externalDocs={}, root={"info": {}})),
    "a path's parameter by another name": (
        document(path="/a/{b}", parameters=[{"name": "b", "in": "path", "schema": TEXT}]),
        document(path="/a/{c}", item={"parameters": [{"name": "c", "in": "path", "schema": TEXT}]})),
    "a header in other letters": (header(), answer(headers={"retry-after": {"schema": {"type": "integer"}}})),
    "a scheme by another name": (document(security=[{"a": []}], root=BEARER),
        document(security=[{"b": []}], root=SAME_BEARER)),
    "a reference instead of what it names": (answering(thing(a=TEXT)),
        answering({"$ref": "#/components/schemas/T"}, components={"schemas": {"T": thing(a=TEXT)}})),
    "a rule beside a reference": (answering({"$ref": "#/components/schemas/T"}, **SHORT),
        answering({"$ref": "#/components/schemas/T", "maxLength": 5, "pattern": "b"}, **SHORT),
        f"servers: responses/200/{CONTENT}/maxLength: is 5 now, and was 10",
        f"servers: responses/200/{CONTENT}/pattern: is 'b' and 'a' now"),
    "a wider rule beside a reference": (answering({"$ref": "#/components/schemas/T"}, **SHORT),
        answering({"$ref": "#/components/schemas/T", "maxLength": 300}, **SHORT)),
    "a schema that contains itself, with a rule beside": (answering(TO_NODE, **NODE),
        answering({**TO_NODE, "minProperties": 1}, **NODE),
        f"servers: responses/200/{CONTENT}/minProperties: is 1 now, and there was none"),
    "a server": (document(root={"servers": [{"url": "/a"}]}),
        document(root={"servers": [{"url": "/a"}, {"url": "/b"}]})),
    "a component, at its own place, whatever leads to it": (answering(thing(a=TO_NODE, b=TO_NODE), **NODE),
        answering(thing(a=TO_NODE, b=TO_NODE), **DEEPER),
        "servers: /components/schemas/Node/properties/n/minimum: is 1 now, and there was none"),
}  # fmt: skip
around = pytest.mark.parametrize(
    ("before", "after", "expected"), [(row[0], row[1], row[2:]) for row in OF_OPERATIONS.values()], ids=OF_OPERATIONS
)


@around
def test_what_is_around_schemas(before: Any, after: Any, expected: tuple[str, ...]) -> None:
    places = [line.split(": ", 1) for line in expected]
    assert changes_of(before, after) == [
        f"breaks {breaks}: {rest if rest.startswith('/') else f'{POST}/{rest}'}" for breaks, rest in places
    ]


@around
def test_a_document_is_compatible_with_itself(before: Any, after: Any, expected: tuple[str, ...]) -> None:
    assert changes_of(before, copy.deepcopy(before)) == changes_of(after, copy.deepcopy(after)) == []
