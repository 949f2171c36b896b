"""What other people's documents have, from the document to the request and back."""

from __future__ import annotations

import inspect
import json
from typing import Any
from uuid import UUID

import msgspec
import pytest

from .conftest import INT, TEXT, Answer, Make, Package, document, obj, operation, ref

DATE = {"type": "string", "format": "date-time"}
JSON = "application/json"


def body(schema: Any, media_type: str = JSON, **parts: Any) -> dict[str, Any]:
    return {"content": {media_type: {"schema": schema, **parts}}}


def answers(schema: Any) -> dict[str, Any]:
    return {"200": {"description": "Done.", **body(schema)}}


SCHEMAS: dict[str, Any] = {
    "Mini": obj(id=TEXT),
    "Full": {**obj(id=TEXT, name=TEXT), "required": ["id", "name"]},
    "Either": {"oneOf": [ref("Mini"), ref("Full"), {"type": "object"}]},
    "Cat": obj(kind=TEXT, lives=INT),
    "Dog": obj(kind=TEXT, tricks={"type": "array", "items": TEXT}),
    # One struct in two unions with different tags.
    "Pet": {
        "oneOf": [ref("Cat"), ref("Dog")],
        "discriminator": {"propertyName": "kind", "mapping": {"cat": "Cat", "kitten": "Cat", "dog": "Dog"}},
    },
    "Hunter": {
        "oneOf": [ref("Cat"), ref("Wolf")],
        "discriminator": {"propertyName": "kind", "mapping": {"feline": "Cat", "canine": "Wolf"}},
    },
    "Wolf": obj(kind=TEXT),
    "Counted": {"type": "object", "properties": {"count": {**INT, "format": "int64"}}},
    "Words": {"anyOf": [{"type": "array", "items": TEXT}, {**TEXT, "pattern": "^a"}]},
    "Amount": {"anyOf": [{**INT, "minimum": 5}, {"type": "number", "maximum": 4}]},
    "Value": {"anyOf": [DATE, TEXT, {"type": "array", "items": INT}, {"type": "array", "items": TEXT}]},
    "Tree": {"anyOf": [{"items": ref("Tree")}, {"type": "object", "additionalProperties": ref("Tree")}, TEXT]},
    "Bag": {"type": "object", "properties": {"id": TEXT}, "required": ["id"], "additionalProperties": INT},
    "Shelf": {"type": "object", "properties": {"bags": {"type": "array", "items": ref("Bag")}, "first": ref("Bag")}},
}  # fmt: skip


def get(name: str, schema: Any = None, **parts: Any) -> dict[str, Any]:
    return operation(operationId=name, responses=answers(schema if schema is not None else {}), **parts)


@pytest.fixture(scope="module")
def foreign(make: Make) -> Package:
    deep = {
        "in": "query",
        "name": "filter",
        "style": "deepObject",
        "schema": obj(size=obj(min=INT), tags={"items": TEXT}),
    }
    written = {"in": "query", "name": "where", "content": {JSON: {"schema": obj(a=INT)}}}
    piped = {"in": "query", "name": "ids", "style": "pipeDelimited", "schema": {"type": "array", "items": INT}}
    form = obj(attributes=obj(name=TEXT), file={"type": "string", "format": "binary"}, note=TEXT)
    form["properties"] |= {"a_b": TEXT, "a b": TEXT}
    form["required"] = ["attributes", "file"]
    return make(
        document(
            {
                "/either": {"get": get("either", ref("Either"))},
                "/pets": {"get": get("pet", ref("Pet")), "post": get("hunter", ref("Hunter"))},
                "/value": {"get": get("value", ref("Value"))},
                "/words": {"get": get("words", ref("Words"))},
                "/amount": {"get": get("amount", ref("Amount"))},
                "/tree": {"get": get("tree", ref("Tree")), "post": get("grow", requestBody=body(ref("Tree")))},
                "/shelf": {"get": get("shelf", ref("Shelf")), "post": get("store", requestBody=body(ref("Bag")))},
                "/token#refresh": {"post": get("refresh", requestBody=body({**obj(a=TEXT, b=INT), "required": []}))},
                "/token": {"post": get("token")},
                "/beta?beta=true&x=": {"get": get("beta", parameters=[deep, written, piped])},
                "/upload": {"post": get("upload", requestBody=body(form, "multipart/form-data"))},
                "/secret": {"get": get("secret", security=[{"key": []}, {"basic": []}, {"cookie": []}, {"login": []}])},
                "/open": {"get": get("open_", security=[])},
                "/counted": {"get": get("counted", ref("Counted"))},
            },
            schemas=SCHEMAS,
        )
        | {"security": [{"login": []}, {"query": []}]}
        | {
            "components": {
                "schemas": SCHEMAS,
                "securitySchemes": {
                    "login": {"type": "http", "scheme": "bearer"},
                    "basic": {"type": "http", "scheme": "basic"},
                    "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
                    "query": {"type": "apiKey", "in": "query", "name": "key"},
                    "cookie": {"type": "apiKey", "in": "cookie", "name": "session"},
                },
            }
        }
    )


def read(foreign: Package, method: str, value: Any) -> Any:
    return foreign.call(method, answer=Answer(content=json.dumps(value).encode()))[0]


def test_the_alternative_that_knows_the_most_properties_is_taken(foreign: Package) -> None:
    models = foreign.models
    assert read(foreign, "either", {"id": "1"}) == models.Mini(id="1")
    assert read(foreign, "either", {"id": "1", "name": "a", "more": 1}) == models.Full(id="1", name="a")
    assert read(foreign, "either", {"other": 1}) == {"other": 1}


def test_a_discriminator_decides_with_several_values_and_in_several_unions(foreign: Package) -> None:
    models = foreign.models
    for kind in ("cat", "kitten"):
        assert read(foreign, "pet", {"kind": kind, "lives": 9}) == models.Cat(kind=kind, lives=9)
    assert read(foreign, "pet", {"kind": "dog", "tricks": []}) == models.Dog(kind="dog", tricks=[])
    assert read(foreign, "hunter", {"kind": "feline", "lives": 9}) == models.Cat(kind="feline", lives=9)
    with pytest.raises(foreign.errors.DecodeError, match=r"^response body at \$: lacks tricks \(pet, status 200\)$"):
        read(foreign, "pet", {"kind": "dog", "lives": 9})


def test_alternatives_of_one_json_type_are_tried_in_order(foreign: Package) -> None:
    assert read(foreign, "value", "2030-01-01T00:00:00Z").year == 2030
    assert read(foreign, "value", "soon") == "soon"
    assert read(foreign, "value", [1]) == [1]
    assert read(foreign, "value", ["a"]) == ["a"]
    with pytest.raises(foreign.errors.DecodeError, match="fits no alternative of Value"):
        read(foreign, "value", {"a": 1})


def test_a_constraint_is_of_its_own_alternative(foreign: Package) -> None:
    assert read(foreign, "words", ["b"]) == ["b"]
    assert read(foreign, "words", "a") == "a"
    with pytest.raises(foreign.errors.DecodeError):
        read(foreign, "words", "b")
    assert [read(foreign, "amount", amount) for amount in (3, 3.5, 6)] == [3, 3.5, 6]
    with pytest.raises(foreign.errors.DecodeError):
        read(foreign, "amount", 4.5)


def test_a_value_that_contains_itself_is_read_and_sent(foreign: Package) -> None:
    tree = ["a", {"b": ["c", []]}]
    assert read(foreign, "tree", tree) == tree
    _, request = foreign.call("grow", body=tree)
    assert json.loads(request.content) == tree
    with pytest.raises(foreign.errors.InvalidArgumentError):
        foreign.call("grow", body=[1])


def test_further_properties_are_typed_and_sent_beside_the_declared_ones(foreign: Package) -> None:
    models = foreign.models
    shelf = read(foreign, "shelf", {"bags": [{"id": "a", "x": 1}, {"id": "b"}], "first": {"id": "c", "y": 2}})
    assert shelf.bags == [models.Bag(id="a", additional_properties={"x": 1}), models.Bag(id="b")]
    assert shelf.first.additional_properties == {"y": 2}
    _, request = foreign.call("store", body=shelf.first)
    assert json.loads(request.content) == {"id": "c", "y": 2}
    with pytest.raises(foreign.errors.DecodeError):
        read(foreign, "shelf", {"bags": [{"id": "a", "x": "1"}]})
    with pytest.raises(foreign.errors.InvalidArgumentError):
        foreign.call("store", body=models.Bag(id="c", additional_properties={"y": "2"}))


def test_what_follows_a_number_sign_is_not_sent_and_what_follows_a_question_mark_is(foreign: Package) -> None:
    _, request = foreign.call("refresh", a="x")
    assert (request.method, request.url.path, request.url.fragment) == ("POST", "/v1/token", "")
    _, request = foreign.call("beta")
    assert str(request.url).endswith("/beta?beta=true&x=")


def test_an_optional_body_is_spread_and_absent_without_an_argument(foreign: Package) -> None:
    _, request = foreign.call("refresh", b=1)
    assert (request.content, request.headers["content-type"]) == (b'{"b":1}', JSON)
    _, request = foreign.call("refresh")
    assert (request.content, "content-type" in request.headers) == (b"", False)


def test_objects_and_lists_are_written_in_the_style_of_their_parameter(foreign: Package) -> None:
    models = foreign.models
    given = models.Filter(size=models.FilterSize(min=1), tags=["a", "b"])
    _, request = foreign.call("beta", filter=given, where=models.Where(a=1), ids=[1, 2])
    assert request.url.params.multi_items() == [
        *[("beta", "true"), ("x", "")],
        *[("filter[size][min]", "1"), ("filter[tags][0]", "a"), ("filter[tags][1]", "b")],
        *[("where", '{"a":1}'), ("ids", "1|2")],
    ]


def test_a_form_with_files_is_sent_in_the_order_of_the_document(
    foreign: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{foreign.name}._runtime.multipart.uuid4", lambda: UUID(int=7))
    models = foreign.models
    _, request = foreign.call("upload", attributes=models.UploadBodyAttributes(name="a.txt"), file=b"content")
    boundary = request.headers["content-type"].removeprefix("multipart/form-data; boundary=")
    first, second, end = request.content.split(f"--{boundary}".encode())[1:]
    assert first == (
        b'\r\nContent-Disposition: form-data; name="attributes"\r\n'
        b'Content-Type: application/json\r\n\r\n{"name":"a.txt"}\r\n'
    )
    assert second == (
        b'\r\nContent-Disposition: form-data; name="file"; filename="file"\r\n'
        b"Content-Type: application/octet-stream\r\n\r\ncontent\r\n"
    )
    assert end == b"--\r\n"
    assert request.headers["content-length"] == str(len(request.content))


def test_fields_of_a_form_with_equal_names_in_python_are_two_arguments(
    foreign: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{foreign.name}._runtime.multipart.uuid4", lambda: UUID(int=7))
    attributes = foreign.models.UploadBodyAttributes(name="a.txt")
    _, request = foreign.call("upload", attributes=attributes, file=b"", a_b="1", a_b_="2")

    assert b'name="a_b"\r\n\r\n1\r\n' in request.content
    assert b'name="a b"\r\n\r\n2\r\n' in request.content


def test_each_operation_sends_the_credentials_that_it_takes(foreign: Package) -> None:
    given = {"key": "k" * 9, "basic": ("me", "pass word"), "query": "q" * 9, "cookie": "c" * 9}
    _, request = foreign.call("secret", options={"token": None, **given})
    assert request.headers["x-key"] == given["key"]
    assert request.headers["authorization"] == "Basic bWU6cGFzcyB3b3Jk"
    assert request.headers["cookie"] == "session=ccccccccc"
    assert "key" not in request.url.params
    _, request = foreign.call("either", options=given)
    assert request.url.params["key"] == "qqqqqqqqq"
    assert "x-key" not in request.headers
    _, request = foreign.call("open_", options=given)
    assert (request.url.query, "authorization" in request.headers) == (b"", False)


def test_a_credential_is_described_although_the_document_does_not(foreign: Package) -> None:
    text = inspect.getdoc(foreign.module.Client) or ""
    assert "basic: The user name and the password." in text


def test_no_error_shows_a_credential(foreign: Package) -> None:
    key = "very-secret-key"
    answer = Answer(403, f'{{"message": "no {key}"}}'.encode())
    error, _ = foreign.call("secret", options={"key": key}, answer=answer)
    assert isinstance(error, foreign.errors.ForbiddenError)
    assert key not in str(error)
    assert key.encode() not in error.content
    with pytest.raises(foreign.errors.InvalidArgumentError) as refused:
        foreign.call("secret", options={"key": f"{key} "})
    assert key not in str(refused.value)


def test_every_decoder_of_the_package_can_be_built(foreign: Package) -> None:
    for name in foreign.models.__all__:
        msgspec.json.Decoder(getattr(foreign.models, name))


def test_an_integer_of_a_format_has_the_name_of_its_bounds(foreign: Package) -> None:
    shelf = foreign.text("models/__init__.py")
    assert "    count: Int64 | UnsetType = UNSET\n" in shelf
    assert read(foreign, "counted", {"count": 2**63 - 1}).count == 2**63 - 1
    with pytest.raises(
        foreign.errors.DecodeError,
        match=r"^response body at \$\.count: must be at most 9223372036854775807 \(counted, status 200\)$",
    ):
        read(foreign, "counted", {"count": 2**63})


def test_a_write_that_answers_nothing_is_no_error_where_that_is_likely(make: Make) -> None:
    answer, nothing = {"description": "Done.", **body(ref("Mini"))}, {"description": "Done."}
    anything = {"description": "Done.", **body({})}
    declared = {
        "wide": {"2XX": answer},
        "free": {"200": anything},
        "both": {"200": answer, "202": nothing},
        "one": {"200": answer},
    }
    paths = {
        f"/{name}": {
            verb: operation(operationId=f"{way}_{name}", responses=responses)
            for verb, way in (("get", "read"), ("patch", "store"))
        }
        for name, responses in declared.items()
    }
    made = make(document(paths, SCHEMAS), tolerant=True)

    def outcome(method: str, status: int, content: bytes = b"") -> Any:
        try:
            return made.call(method, answer=Answer(status, content, JSON if content else ""))[0]
        except made.errors.DecodeError as error:
            return error.reason

    refused = "is of no media type, not application/json"
    for status in (200, 204, 205, 206):
        found = {method: outcome(method, status) for name in declared for method in (f"read_{name}", f"store_{name}")}
        expected = dict.fromkeys(found, None) | dict.fromkeys(("read_wide", "read_one", "store_one"), refused)
        assert found == expected
    assert outcome("store_wide", 200, b'{"id": "1"}') == made.models.Mini(id="1")
    assert outcome("store_wide", 200, b" ") != refused
    results = {name: inspect.signature(getattr(made.module.Client, name)).return_annotation for name in expected}
    assert results == {
        **dict.fromkeys(("read_free", "store_free"), "Any"),
        "read_wide": "models.Mini",
        "store_wide": "models.Mini | None",
        **dict.fromkeys(("read_both", "store_both"), "models.Mini | None"),
        **dict.fromkeys(("read_one", "store_one"), "models.Mini"),
    }

    strict = make(document(paths, SCHEMAS))
    assert inspect.signature(strict.module.Client.store_wide).return_annotation == "models.Mini"
    with pytest.raises(strict.errors.DecodeError, match=refused):
        strict.call("store_free", answer=Answer(200, b"", ""))
