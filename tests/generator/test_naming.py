"""Names of the document become names of Python, whatever they are; on the wire they stay what they were."""

from __future__ import annotations

import json

import httpx2
import msgspec
import pytest

from generator.python.naming import class_name, free_name, python_name

from .conftest import INT, TEXT, Answer, Make, Package, document, json_body, obj, operation, parameter

FIELDS = [
    *("datetime", "str", "int", "list", "dict", "float", "bool", "bytes", "class", "import", "None", "self", "UUID"),
    *("Struct", "Meta", "UNSET", "type", "id", "models", "field", "_private", "__init__", "a-b", "a_b", "A B", "1st"),
    *("", " ", "ключ", "Any", "Literal", "tag", "kw_only", "rename", "$ref", "@type", "match", "ﬁ", "fi", "K", "名"),
]
SCHEMAS = [
    *("Struct", "Meta", "Any", "Client", "Literal", "UNSET", "UUID", "foo-bar", "FooBar", "foo_bar", "fooBar", "None"),
    *("1st", "Annotated", "TypeAlias", "models", "True", "Exception", "str", "datetime", "FORMAT_PATTERNS", "名"),
]
PARAMETERS = [
    *("self", "models", "request", "body", "raw", "api", "response", "UNSET", "content_type", "errors", "bodies"),
    *("class", "str", "list", "datetime", "UUID", "Any", "operation", "transport", "token", "a", "A", "a_", "ß", "ss"),
    *("Literal", "Parameter", "Request", "cookie_header", "annotations", "return", "id", "ID"),
]
OPERATIONS = [
    *("close", "raw", "list", "import", "aclose", "__init__", "__enter__", "models", "api", "datetime", "httpx2"),
    *("get_foo", "get_foo_2", "annotations", "import_module", "print", "self", "operation_1"),
    *("_transport", "id", "1st", "ключ", "build_request", "TYPE_CHECKING", "client", "errors", "types"),
]


@pytest.fixture(scope="module")
def package(make: Make) -> Package:
    form = {**obj(a=INT, self=TEXT), "required": ["a"]}
    parameters = [parameter("query", name, INT) for name in PARAMETERS]
    both = {"application/json": {"schema": form}, "text/plain": {}}
    answer = {"200": {"description": "A thing.", "content": {"application/json": {"schema": INT}}}}
    tags = ["class", "list", "a b", "A-B", "", "annotations", "1", "модуль"]
    with_parameters = operation(operationId="with_parameters", parameters=parameters, requestBody=json_body(form))
    with_body = operation(operationId="with_body", parameters=parameters[:14], requestBody={"content": both})
    in_path = operation(
        operationId="in_path", parameters=[parameter("path", name) for name in ("body", "models", "self")]
    )
    return make(
        document(
            {
                **{f"/{number}": {"get": operation(operationId=name)} for number, name in enumerate(OPERATIONS)},
                "/parameters": {"post": with_parameters},
                "/body": {"post": with_body},
                "/{self}/{models}/{body}": {"get": in_path},
                **{f"/tag{n}": {"get": operation(operationId=f"tag{n}", tags=[tag])} for n, tag in enumerate(tags)},
                "/no/id/{x}": {"parameters": [parameter("path", "x")], "get": {"responses": answer}},
            },
            {
                **{name: {"type": "object", "properties": {"of": {"const": name}}} for name in SCHEMAS},
                "Fields": {"type": "object", "properties": {name: {**TEXT, "format": "date-time"} for name in FIELDS}},
                "Inner": {"type": "object", "properties": {"value": {"type": "object", "properties": {"x": {}}}}},
                "InnerValue": {"type": "object", "properties": {"y": TEXT}},
            },
        )
    )


def test_fields_keep_their_names_on_the_wire(package: Package) -> None:
    content = dict.fromkeys(FIELDS, "2026-01-02T03:04:05Z")

    decoded = msgspec.json.decode(json.dumps(content), type=package.models.Fields)

    assert json.loads(msgspec.json.encode(decoded)) == content
    assert len(decoded.__struct_fields__) == len(FIELDS)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(json.dumps({**content, "名": "no time"}), type=package.models.Fields)


def test_each_schema_has_its_own_class_whatever_its_name(package: Package) -> None:
    names = {}
    for model in vars(package.models).values():
        if isinstance(model, type) and issubclass(model, msgspec.Struct) and "of" in model.__struct_fields__:
            for name in SCHEMAS:
                try:
                    msgspec.json.decode(json.dumps({"of": name}), type=model)
                except msgspec.ValidationError:
                    continue
                names[model.__name__] = name

    assert sorted(names.values()) == sorted(SCHEMAS)
    assert [names[name] for name in ("FooBar", "FooBar2", "FooBar3", "Any_")] == ["FooBar", "foo-bar", "foo_bar", "Any"]


def test_an_inner_object_does_not_take_the_class_name_of_a_schema(package: Package) -> None:
    assert package.models.InnerValue.__struct_fields__ == ("y",)


def test_a_class_name_that_is_taken_says_of_which_operation(make: Make) -> None:
    where = parameter("query", "where", {"type": "array", "items": obj(a=TEXT)}, style="deepObject")
    where["content"] = {"application/json": {"schema": where.pop("schema")}}
    made = {
        f"/{name}": {"get": operation(operationId=name, parameters=[where])} for name in ("find_a", "find_b", "find_c")
    }
    package = make(document(made, {"X-1": obj(a=TEXT), "x1": obj(b=TEXT)}))

    assert {*package.models.__all__} >= {"WhereItem", "FindBWhereItem", "FindCWhereItem", "X1", "X1_2"}


def test_what_is_a_python_name_keeps_it_in_any_order(make: Make) -> None:
    parameters = [parameter("query", name) for name in ("$page", "page")]
    thing = obj(**{"_id": TEXT, "id": TEXT, "@type": TEXT, "type": TEXT})
    form = {"multipart/form-data": {"schema": obj(_file={**TEXT, "format": "binary"}, file=TEXT)}}
    package = make(
        document(
            {
                "/thing": {"post": operation(parameters=parameters, requestBody=json_body(thing))},
                "/form": {"post": operation(operationId="send", requestBody={"content": form, "required": True})},
            }
        )
    )

    said = {"id": "a", "id_": "b", "type": "c", "type_": "d", "page": "e", "page_": "f"}
    _, request = package.call("call", **said, answer=Answer(204, b""))

    def answer(sent: httpx2.Request) -> httpx2.Response:
        assert b'name="file"\r\n\r\ntext' in sent.content
        return httpx2.Response(204)

    with package.module.Client(http=httpx2.MockTransport(answer)) as client:
        client.send(file="text", file_=b"bytes")

    assert json.loads(request.content) == {"_id": "b", "id": "a", "@type": "d", "type": "c"}
    assert dict(request.url.params) == {"page": "e", "$page": "f"}


def test_parameters_keep_their_names_on_the_wire(package: Package) -> None:
    build = package.operation("with_parameters").build_request
    known = build.__code__.co_varnames[: build.__code__.co_kwonlyargcount]
    of_body = {"a_3", "self_2"}
    numbers = {name: number for number, name in enumerate(known, 1) if name not in of_body}
    assert len(known) == len(PARAMETERS) + len(of_body)

    request = build(**numbers, a_3=1)

    sent = dict(request.query)
    assert set(sent) == set(PARAMETERS)
    assert len(set(sent.values())) == len(PARAMETERS)
    assert json.loads(request.content) == {"a": 1}


def test_a_parameter_named_body_is_kept_apart_from_the_body(package: Package) -> None:
    arguments = {"body": "text", "content_type": "text/plain", "body_": 1, "content_type_": 2, "request_": 3}
    _, request = package.call("with_body", **arguments, answer=Answer(204, b""))

    assert dict(request.url.params) == {"body": "1", "content_type": "2", "request": "3"}
    assert request.content == b"text"


def test_path_parameters_of_any_name_are_in_the_order_of_the_path(package: Package) -> None:
    _, request = package.call("in_path", "x", "y", "z", answer=Answer(204, b""))

    assert request.url.path == "/v1/x/y/z"


def test_operations_of_any_name_are_methods(package: Package) -> None:
    paths: dict[str, str] = {}

    def methods() -> list[str]:
        return [name for name in vars(package.module.Client) if name[0] != "_" and name not in {"close", "raw"}]

    for name in methods():
        try:
            _, request = package.call(name, answer=Answer(204, b""))
        except TypeError:
            continue
        paths[request.url.path.removeprefix("/v1/")] = name

    assert {str(number) for number in range(len(OPERATIONS))} <= paths.keys()
    named = {wanted: paths[str(number)] for number, wanted in enumerate(OPERATIONS)}
    assert (named["close"], named["raw"], named["list"], named["import"]) == ("close_", "raw_", "list_", "import_")
    assert (named["get_foo"], named["get_foo_2"]) == ("get_foo", "get_foo_2")
    assert {f"tag{number}" for number in range(8)} <= paths.keys()


def test_an_operation_without_id_is_named_after_its_path(package: Package) -> None:
    found, request = package.call("get_id", "a", answer=Answer(200, b"5"))

    assert (found, request.url.path) == (5, "/v1/no/id/a")


def test_close_still_closes_the_client(package: Package) -> None:
    client = package.module.Client()
    client.close()

    with pytest.raises(
        package.module.errors.__dict__[f"Made{package.name[5:]}Error"],
        match=r"^the client is closed; create a new one$",
    ):
        client.close_()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("fooBar", "foo_bar"),
        ("HTTPServer", "http_server"),
        ("X-Rate-Limit", "x_rate_limit"),
        ("class", "class_"),
        ("", "field"),
        ("9lives", "field_9lives"),
        ("a" * 300, "a" * 300),
        ("\u202ea\u0000b", "a_b"),
        ("\u0661", "field_\u0661"),
        ("²", "field_2"),
        ("\u0300", "field"),
        ("+1", "plus_1"),
        ("DateSent<", "date_sent_lt"),
        ("price>=", "price_gte"),
        ("Page<User>", "page_user"),
        ("-1", "minus_1"),
        ("reactions--1", "reactions_minus_1"),
        ("sha-256", "sha_256"),
    ],
)
def test_a_python_name_is_an_identifier(text: str, name: str) -> None:
    assert python_name(text) == name
    assert name.isidentifier()


@pytest.mark.parametrize(
    ("text", "name"), [("foo-bar", "FooBar"), ("none", "None_"), ("4", "Model4"), ("", "Model"), ("+1", "Plus1")]
)
def test_a_class_name_is_an_identifier(text: str, name: str) -> None:
    assert class_name(text) == name


def test_names_that_are_taken_are_numbered() -> None:
    taken: list[str] = []
    for _ in range(5):
        taken.append(python_name("a", taken=taken))

    assert len(set(taken)) == 5
    assert taken[:2] == ["a", "a_"]


def test_a_taken_class_name_gets_a_number() -> None:
    assert class_name("a b", taken={"AB", "AB_"}) == "AB_2"


@pytest.mark.parametrize(
    ("name", "taken", "free"),
    [
        ("a", (), "a"),
        ("a", ("a",), "a_"),
        ("a", ("a", "a_"), "a_2"),
        ("a", ("a", "a_", "a_2", "a_4"), "a_3"),
        ("a_", ("a_",), "a_2"),
    ],
)
def test_a_taken_name_gets_an_underscore_and_then_a_number(name: str, taken: tuple[str, ...], free: str) -> None:
    assert free_name(name, taken) == free


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("GetAUser", "get_a_user"),
        ("createACollection", "create_a_collection"),
        ("hasAValue", "has_a_value"),
        ("anchorXOffset", "anchor_x_offset"),
        ("getAPIKey", "get_api_key"),
        ("HTTPServer", "http_server"),
        ("listVPNs", "list_vpns"),
        ("getURLsOfPage", "get_urls_of_page"),
        ("SLEs", "sles"),
        ("list_APIs-v2", "list_apis_v2"),
        ("getAPIStatus", "get_api_status"),
        ("getOAuthToken", "get_oauth_token"),
        ("getIPv6Range", "get_ipv6_range"),
        ("orderWithETag", "order_with_etag"),
    ],
)
def test_words_begin_where_a_reader_sees_them(text: str, name: str) -> None:
    assert python_name(text) == name
