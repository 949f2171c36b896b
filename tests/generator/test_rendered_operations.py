"""Operations become methods that send requests and read responses as the document describes them."""

from __future__ import annotations

import datetime as dt
import importlib
import inspect
import json
import re
from ast import PyCF_ALLOW_TOP_LEVEL_AWAIT
from textwrap import dedent
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import httpx2
import pytest
from box_uploads import AsyncClient, Client

from .conftest import INT, NUM, TEXT, Answer, Make, Package, document, json_body, obj, operation, parameter, ref

PART = {"number": 1, "made_at": "2026-01-02T03:04:05Z", "parent": None, "created_by": "ann"}
ANSWER = Answer(content=json.dumps(PART).encode())


def test_parameters_are_sent_in_path_query_headers_and_cookies(sink: Package) -> None:
    part, request = sink.call(
        "get_part",
        "a/b ü",
        7,
        order="up",
        tag=["a&b", "c,d"],
        ids=[1, 2],
        since=dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC),
        day=dt.date(2026, 1, 2),
        key=UUID(int=1),
        deep=True,
        ratio=0.5,
        nothing=None,
        x_trace="0af",
        x_list=["one", "two"],
        session="a;b=c",
        theme="dark",
        options={"as_user": "me"},
        answer=ANSWER,
    )

    assert part.number == 1
    assert request.method == "GET"
    assert str(request.url).partition("?")[0] == "https://things.example/api/things/a%2Fb%20%C3%BC/parts/7"
    assert parse_qsl(request.url.query.decode(), keep_blank_values=True) == [
        ("tag", "a&b"),
        ("tag", "c,d"),
        ("ids", "1,2"),
        ("since", "2026-01-02T03:04:05+00:00"),
        ("day", "2026-01-02"),
        ("key", str(UUID(int=1))),
        ("deep", "true"),
        ("ratio", "0.5"),
        ("order", "up"),
    ]
    assert request.headers["x-trace"] == "0af"
    assert request.headers["x-list"] == "one,two"
    assert request.headers["cookie"] == "session=a%3Bb%3Dc; theme=dark"
    assert request.headers["as-user"] == "me"
    assert request.headers["authorization"] == "Bearer secret"
    assert request.content == b""


def test_unset_arguments_are_not_sent(sink: Package) -> None:
    _, request = sink.call("get_part", "a", 1, order="down", answer=ANSWER)

    assert request.url.query == b"order=down"
    assert {"x-trace", "x-list", "cookie", "as-user", "content-type"}.isdisjoint(request.headers)


@pytest.mark.parametrize(
    ("argument", "change"),
    [
        ("thing_id", {"thing_id": ""}),
        ("part", {"part": 0}),
        ("part", {"part": "1"}),
        ("order", {"order": "sideways"}),
        ("tag", {"tag": "abc"}),
        ("since", {"since": dt.datetime(2026, 1, 2)}),  # noqa: DTZ001  # the fault under test
        ("x_trace", {"x_trace": "xyz"}),
        ("x_trace", {"x_trace": "a\n"}),
        ("x_list", {"x_list": ["a\r\nb: c"]}),
        ("as_user", {"as_user": "x"}),
    ],
)
def test_an_argument_that_violates_its_schema_is_refused_by_name(
    sink: Package, argument: str, change: dict[str, Any]
) -> None:
    arguments = {"thing_id": "a", "part": 1, "order": "up", **change}

    with pytest.raises(sink.errors.InvalidArgumentError, match=rf"^{argument}\b"):
        sink.operation("get_part", "things").build_request(**arguments)


def test_the_properties_of_a_body_are_arguments(sink: Package) -> None:
    thing = {"name": "a", "size": 2, "tags": ["x"], "id": "1"}

    answer = Answer(201, json.dumps(thing).encode())
    found, request = sink.call("create_thing", name="a", size=2, tags=["x"], answer=answer)

    assert found == sink.models.Thing(name="a", size=2, tags=["x"], id="1")
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.content) == {"name": "a", "size": 2, "tags": ["x"]}
    assert str(request.url) == "https://eu.example/v1/things"


def test_a_body_is_checked_before_it_is_sent(sink: Package) -> None:
    with pytest.raises(sink.errors.InvalidArgumentError, match=r"^size=11: must be at most 10$"):
        sink.operation("create_thing", "things").build_request(name="a", size=11, tags=[])


@pytest.mark.parametrize(
    ("content_type", "body", "sent"),
    [
        ("application/vnd.example+json;version=2", [1, 2], b"[1,2]"),
        ("application/octet-stream", b"\x00\xff", b"\x00\xff"),
        ("text/plain; charset=utf-8", "größe", "größe".encode()),
    ],
)
def test_the_caller_chooses_the_media_type_of_a_request(
    sink: Package, content_type: str, body: Any, sent: bytes
) -> None:
    _, request = sink.call("upload", body=body, content_type=content_type)

    assert (request.headers["content-type"], request.content) == (content_type, sent)


def test_the_first_media_type_of_a_request_is_the_default(sink: Package) -> None:
    _, request = sink.call("upload", body=sink.models.NewThing(name="a", size=1, tags=[]))

    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.content) == {"name": "a", "size": 1, "tags": []}


def test_a_media_type_that_is_not_offered_is_refused(sink: Package) -> None:
    with pytest.raises(sink.errors.InvalidArgumentError, match="content_type"):
        sink.operation("upload").build_request(body=b"", content_type="image/png")


@pytest.mark.parametrize(
    ("media_type", "content", "parsed"),
    [
        ("application/json", b'{"a": 1}', {"a": 1}),
        ("application/json; charset=utf-8", b'{"a": 1.0}', {"a": 1}),
        ("application/octet-stream", b"\x00", b"\x00"),
        ("text/plain; charset=latin-1", b"\xfc", "ü"),
        ("text/html", b"<p>", "<p>"),
        ("image/png", b"\x89PNG", b"\x89PNG"),
    ],
)
def test_the_media_type_of_a_response_decides_how_it_is_decoded(
    sink: Package, media_type: str, content: bytes, parsed: Any
) -> None:
    answer = Answer(200, content, media_type)
    found, _ = sink.call("upload", body=b"", content_type="application/octet-stream", answer=answer)

    assert found == parsed


def test_a_form_is_urlencoded(sink: Package) -> None:
    _, request = sink.call("log_in", user="a b&c=ü", scope=["x", "y z"], remember=True)

    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert request.content == b"user=a+b%26c%3D%C3%BC&scope=x&scope=y+z&remember=true"


def test_an_optional_body_may_be_left_out(sink: Package) -> None:
    found, request = sink.call("add_note", answer=Answer(200, b"noted", "text/plain"))
    _, with_body = sink.call("add_note", body="ä", answer=Answer(299, b"noted", "text/plain"))

    assert found == "noted"
    assert request.content == b""
    assert "content-type" not in request.headers
    assert (with_body.headers["content-type"], with_body.content) == ("text/plain", "ä".encode())


EMPTY = {"type": "object", "properties": {}}
URLENCODED = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("method", "schema", "media_type", "takes_body"),
    [
        ("get", EMPTY, URLENCODED, False),
        ("delete", {"type": "object"}, "application/json", False),
        ("post", {**EMPTY, "additionalProperties": False, "title": "Nothing"}, "application/json", False),
        ("post", {"$ref": "#/components/schemas/Nothing"}, "application/json", False),
        ("post", EMPTY, "application/json", True),
        ("get", {**EMPTY, "additionalProperties": True}, "application/json", True),
        ("get", {**EMPTY, "maxProperties": 3}, "application/json", True),
        ("get", {}, "application/json", True),
    ],
)
def test_an_optional_body_that_can_only_be_empty_is_none(
    make: Make, method: str, schema: Any, media_type: str, *, takes_body: bool
) -> None:
    content = {media_type: {"schema": schema, "encoding": {}}}
    empty = {**EMPTY, "additionalProperties": False}
    calls = {"call": {"content": content, "required": False}, "needs": {"content": content, "required": True}}
    paths = {f"/{name}": {method: operation(operationId=name, requestBody=body)} for name, body in calls.items()}
    package = make(document(paths, {"Nothing": empty}))

    assert ("body" in inspect.signature(package.module.Client.call).parameters) is takes_body
    _, request = package.call("call", answer=Answer(204, b"", ""))
    assert (request.content, "content-type" in request.headers) == (b"", False)
    # The server says that it wants one.
    needed = package.operation("needs").build_request
    given: dict[str, Any] = {"body": {}} if "body" in inspect.signature(needed).parameters else {}
    assert needed(**given).content == (b"{}" if media_type == "application/json" else b"")


def test_references_to_components_are_resolved(sink: Package) -> None:
    circle = sink.models.Circle(radius=2)

    found, request = sink.call("draw", body=[circle], answer=Answer(200, b'{"shape": "square", "side": 1}'))

    assert found == sink.models.Square(side=1)
    assert json.loads(request.content) == [{"shape": "circle", "radius": 2}]
    with pytest.raises(sink.errors.InvalidArgumentError):
        sink.operation("draw").build_request(body=[])


def test_each_success_has_its_own_type(sink: Package) -> None:
    thing = {"name": "a", "size": 3, "tags": [], "id": "1"}
    read = sink.operation("create_thing", "things").read_response

    assert read(sink.response(200, json.dumps(thing).encode())).parsed.id == "1"
    assert read(sink.response(201, json.dumps(thing).encode())).parsed.id == "1"
    with pytest.raises(
        sink.errors.DecodeError, match=r"^response body at \$\.size: must be at least 2 \(operation, status 201\)$"
    ):
        read(sink.response(201, json.dumps({**thing, "size": 1}).encode()))


@pytest.mark.parametrize("status", [202, 204])
def test_an_empty_success_is_none(sink: Package, status: int) -> None:
    found, request = sink.call("delete_part", "a", 1, answer=Answer(status, b"", ""))

    assert found is None
    assert str(request.url) == "https://trash.example/things/a/parts/1"


def test_no_token_is_sent_if_the_operation_needs_none(sink: Package) -> None:
    _, deleted = sink.call("delete_part", "a", 1, answer=Answer(204, b""))
    _, read = sink.call("read_free", answer=Answer(200, b"[1]"))

    assert "authorization" not in deleted.headers
    assert "authorization" not in read.headers


def test_a_client_may_be_made_without_a_token_if_an_operation_needs_none(make: Make) -> None:
    scheme = {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}}
    paths = {
        "/me": {"get": operation(operationId="get_me")},
        "/token": {"post": operation(operationId="log_in", security=[])},
    }
    package = make(document(paths, security=[{"token": []}], components=scheme))
    refused = httpx2.MockTransport(lambda request: httpx2.Response(401 if request.method == "GET" else 204))

    with package.module.Client(http=refused) as client:
        client.log_in()
        with pytest.raises(package.errors.UnauthorizedError, match=r"the client has no token; make it with one, as"):
            client.get_me()


def test_the_response_to_head_has_no_body(sink: Package) -> None:
    found, request = sink.call("probe_part", "a", 1, answer=Answer(200, b""))

    assert (found, request.method) == (None, "HEAD")


@pytest.mark.parametrize(("status", "title"), [(404, "range"), (422, "range"), (503, "default"), (520, "default")])
def test_an_error_is_decoded_by_status_then_range_then_default(sink: Package, status: int, title: str) -> None:
    media_type = "application/json" if title == "range" else "application/problem+json"
    answer = Answer(status, json.dumps({"title": title}).encode(), media_type)

    options = {"retry": sink.module.RetryPolicy(max_retries=0)}
    error, _ = sink.call("delete_part", "a", 1, answer=answer, options=options)

    assert error.status == status
    assert error.body == sink.models.Problem(title=title)


def test_an_undocumented_success_status_is_an_error(sink: Package) -> None:
    error, _ = sink.call("delete_part", "a", 1, answer=Answer(200, b"{}"))

    assert (error.status, type(error)) == (200, sink.errors.ApiError)


def test_default_alone_is_both_success_and_error(sink: Package) -> None:
    found, _ = sink.call("log_in", user="a", answer=Answer(200, b'{"a": [1]}'))
    error, _ = sink.call("log_in", user="a", answer=Answer(400, b'{"b": 2}'))

    assert found == {"a": [1]}
    assert (error.status, error.body) == (400, {"b": 2})


def test_integers_written_with_a_fraction_of_zero_are_integers(sink: Package) -> None:
    read = sink.operation("get_part", "things").read_response

    assert read(sink.response(200, json.dumps({**PART, "number": 2.0}).encode())).parsed.number == 2
    with pytest.raises(
        sink.errors.DecodeError,
        match=r"^response body at \$\.number: must be int, not float \(operation, status 200\)$",
    ):
        read(sink.response(200, json.dumps({**PART, "number": 1.5}).encode()))


@pytest.mark.parametrize(
    ("method", "text"),
    [
        ("get_part", "Needs a token with the scopes read, write."),
        ("get_part", "thing_id: Id of the thing."),
        ("get_part", 'order: Which way. The server takes `"up"` if it is absent.'),
        ("get_part", "Header `ETag`: Version of the part. Always there."),
        ("get_part", "Header fields are in `raw.get_part(…).headers`."),
        ("get_part", "get_part: Reads it again."),
        ("delete_part", "Deprecated."),
        ("delete_part", "None with 202: Will be deleted."),
        ("delete_part", "None with 204: Is deleted."),
        ("delete_part", "ApiError: Any other status. Failed."),
        ("create_thing", "NotFoundError: 404. No such kind."),
        ("create_thing", "ApiError: Any other status that is not a success."),
        ("create_thing", "Source: https://docs.example/create"),
    ],
)
def test_docstrings_contain_the_descriptions_of_the_document(sink: Package, method: str, text: str) -> None:
    assert text in getattr(sink.module.Client, method).__doc__
    assert getattr(sink.module.AsyncClient, method).__doc__ == getattr(sink.module.Client, method).__doc__


def test_any_status_may_be_an_error(make: Make, sink: Package) -> None:
    client = make(document({"/x": {"get": operation()}})).module.Client
    assert "ApiError: The status is not a success." in client.call.__doc__
    # What the document says of `default` is said once.
    assert sink.module.Client.delete_part.__doc__.count("Any other status") == 1


@pytest.mark.parametrize("text", ['client.create_thing(name="A', "None with", "Header fields"])
def test_a_docstring_contains_nothing_that_the_document_does_not_say(sink: Package, text: str) -> None:
    assert text not in sink.module.Client.create_thing.__doc__


def test_the_package_has_the_description_and_the_version_of_the_document(sink: Package) -> None:
    assert sink.module.__doc__ == "Kitchen sink.\n\nOne of everything.\n\n- a list\n- of two items\n"
    assert sink.module.__version__ == "2.5.0"


def examples(client: type) -> list[str]:
    """Return the examples in the docstrings of a client's methods."""
    # From 3.13 on, Python takes the indentation away itself.
    texts = (inspect.getdoc(member) or "" for member in vars(client).values())
    found = (re.search(r"^Example:\n(.*?)\n\n", text, re.DOTALL | re.MULTILINE) for text in texts)
    return [dedent(match[1]) for match in found if match]


@pytest.mark.parametrize("client", [Client, AsyncClient])
def test_each_example_in_a_docstring_is_a_valid_call(client: type) -> None:
    found = examples(client)
    assert len(found) >= 3
    for example in found:
        # What is streamed is read within a statement.
        mode = "exec" if example.startswith(("with ", "async with ")) else "eval"
        compile(example, "example", mode, PyCF_ALLOW_TOP_LEVEL_AWAIT)
        assert max(map(len, example.splitlines())) <= 108


def test_a_long_example_has_a_line_for_each_argument(make: Make) -> None:
    given = {"first": "a" * 60, "second": 'b"""' * 10, "third": 5}
    body = json_body(obj(first=TEXT, second=TEXT, third=INT), example=given)
    package = make(document({"/": {"post": operation(requestBody=body)}}))
    (example,) = examples(package.module.Client)
    assert len(example.splitlines()) == 5
    assert eval(example, {"client": SimpleNamespace(call=lambda **named: named)}) == given  # noqa: S307  # our own


def test_an_example_is_never_wrapped_within_a_literal(make: Make) -> None:
    note = 'many "words" \\ """ ' * 20
    body = json_body(obj(note=TEXT), example={"note": note})
    package = make(document({"/": {"post": operation(requestBody=body)}}))
    (example,) = examples(package.module.Client)
    assert eval(example, {"client": SimpleNamespace(call=lambda note: note)}) == note  # noqa: S307  # our own


def test_the_docstring_of_a_binary_body_lists_the_accepted_types(sink: Package) -> None:
    client = sink.module.Client
    kinds = (
        "`bytes`, a `bytearray` or a contiguous `memoryview`, or read while it is sent: a `Path`, an open binary file"
    )
    assert kinds in " ".join(client.upload.__doc__.split())
    assert "Stream" not in client.add_note.__doc__
    assert sink.module.Stream is importlib.import_module(f"{sink.name}.types").Stream


def test_a_description_of_one_short_line_is_the_summary_where_there_is_none(make: Make) -> None:
    path = {
        "get": operation(description="Read it."),
        "put": operation(operationId="write", description="Write it.\n\nAnd more."),
        "post": operation(operationId="send", description="word " * 21),
        "delete": operation(operationId="remove", summary="Remove it", description="Now."),
    }
    package = make(document({"/a": path}))
    docs = {
        name: inspect.getdoc(getattr(package.module.Client, name)) or "" for name in ("call", "write", "send", "remove")
    }
    starts = {name: doc.splitlines()[::2][:2] for name, doc in docs.items()}
    assert starts == {
        "call": ["Read it.", "Returns:"],
        "write": ["Call `PUT /a`.", "Write it."],
        "send": ["Call `POST /a`.", " ".join(["word"] * 21)],
        "remove": ["Remove it.", "Now."],
    }
    assert "| Read it. |" in package.text("README.md")


def test_the_argument_of_a_body_says_what_its_schema_does(make: Make) -> None:
    bodies = {
        "own": {**json_body({"type": "string", "description": "Of the schema."}), "description": "Of the body."},
        "schema": json_body({"type": "string", "description": "Of the schema."}),
        "reference": json_body(ref("Word")),
        "nothing": json_body({"type": "string"}),
    }
    paths = {f"/{name}": {"post": operation(operationId=name, requestBody=body)} for name, body in bodies.items()}
    client = make(document(paths, {"Word": {**TEXT, "description": "A word."}})).module.Client
    docs = {name: re.findall("body: (.*)", inspect.getdoc(getattr(client, name)) or "") for name in bodies}
    assert docs == {
        "own": ["Of the body."],
        "schema": ["Of the schema."],
        "reference": ["A word."],
        "nothing": ["The body of the request."],
    }


def test_an_example_of_the_document_becomes_a_call_in_the_docstring(make: Make) -> None:
    schema = {**obj(**{"name": TEXT, "a-b": INT}), "required": ["name"]}
    body = json_body(schema, examples={"first": {"$ref": "#/components/examples/first"}})
    examples = {"first": {"value": {"name": 'a "b"', "a-b": 1}}}
    package = make(document({"/": {"post": operation(requestBody=body)}}, components={"examples": examples}))

    assert 'client.call(name="a \\"b\\"", a_b=1)' in package.module.Client.call.__doc__


def test_x_idempotent_overrides_the_http_method(make: Make) -> None:
    methods = {
        "put": operation(operationId="once", **{"x-idempotent": False}),
        "post": operation(operationId="often", **{"x-idempotent": True}),
        "delete": operation(operationId="usual"),
    }
    package = make(document({"/a": methods}))
    requests = {name: package.operation(name).build_request() for name in ("once", "often", "usual")}

    assert {name: request.idempotent for name, request in requests.items()} == {
        "once": False,
        "often": True,
        "usual": True,
    }
    assert "only if it cannot have had an effect" in package.module.Client.once.__doc__
    assert "cannot have had an effect" not in package.module.Client.often.__doc__


def test_a_document_without_security_sends_a_token_that_is_given(make: Make) -> None:
    package = make(document({"/a": {"get": operation()}}))
    seen: list[str | None] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.headers.get("authorization"))
        return httpx2.Response(401, content=b"{}")

    for arguments, note in (((), r"the client has no token"), (("t",), r"401 \(call\)")):
        with (
            package.module.Client(*arguments, http=httpx2.MockTransport(handle)) as client,
            pytest.raises(package.errors.UnauthorizedError, match=note),
        ):
            client.call()
    assert seen == [None, "Bearer t"]
    assert "The document names no credentials; a token" in package.module.Client.__doc__


def test_without_security_the_client_takes_no_token_and_without_server_a_base_url(make: Make) -> None:
    package = make(document({"/a": {"get": operation()}}, servers=[{"url": "/v1"}], security=[]))

    assert "token" not in inspect.signature(package.module.Client).parameters
    with pytest.raises(TypeError, match=r"^Client\.__init__\(\) missing 1 required keyword-only argument: 'base_url'$"):
        package.module.Client()
    _, request = package.call("call", options={"base_url": "https://own.example/v1/"}, answer=Answer(204, b""))
    assert str(request.url) == "https://own.example/v1/a"


def test_client_options_are_sent_by_every_operation_that_declares_them(make: Make) -> None:
    is_option = {"x-client-option": True}
    option = parameter("header", "X-Team", required=True, **is_option)
    locale = parameter("query", "locale", {**TEXT, "maxLength": 2}, **is_option)
    calls = {"one": [parameter("query", "x_team"), option, locale], "two": [option], "three": []}
    package = make(
        document({f"/{name}": {"get": operation(operationId=name, parameters=calls[name])} for name in calls})
    )
    options = {"x_team": "us", "locale": "en"}

    _, one = package.call("one", x_team_="q", options=options, answer=Answer(204, b""))
    _, two = package.call("two", options=options, answer=Answer(204, b""))
    _, three = package.call("three", options=options, answer=Answer(204, b""))

    assert (str(one.url.query, "ascii"), one.headers["x-team"]) == ("x_team=q&locale=en", "us")
    assert (two.url.query, two.headers["x-team"]) == (b"", "us")
    assert "x-team" not in three.headers
    with pytest.raises(TypeError, match=r"^Client\.__init__\(\) missing 1 required keyword-only argument: 'x_team'$"):
        package.module.Client()


def test_a_number_is_sent_as_it_is_given(make: Make) -> None:
    numbers = {"type": "array", "items": NUM}
    found = [parameter("path", "id", NUM), parameter("query", "page", NUM), parameter("query", "ns", numbers)]
    package = make(document({"/cats/{id}": {"get": operation(parameters=found)}}))

    _, request = package.call("call", 3, page=2, ns=[1, 2**53 + 1, 2.5], answer=Answer(204, b""))

    assert request.url.raw_path == b"/v1/cats/3?page=2&ns=1&ns=9007199254740993&ns=2.5"


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_null_leaves_a_parameter_out(make: Make, version: str) -> None:
    is_old = version == "3.0.3"
    text = {**TEXT, "nullable": True} if is_old else {"anyOf": [TEXT, {"type": "null"}]}
    found = [
        parameter("query", "a", text, required=True),
        parameter("header", "b", text),
        parameter("cookie", "c", text),
    ]
    form = {"content": {"application/x-www-form-urlencoded": {"schema": obj(d=text, e=TEXT)}}, "required": True}
    package = make(document({"/": {"post": operation(parameters=found, requestBody=form)}}, version=version))

    _, request = package.call("call", a=None, b=None, c=None, d=None, e="", answer=Answer(204, b""))

    assert (request.url.query, request.content) == (b"", b"e=")
    assert {"b", "cookie"}.isdisjoint(request.headers)


def test_operation_parameters_replace_those_of_the_path(make: Make) -> None:
    general, own = parameter("query", "q", INT), parameter("query", "q", TEXT)
    reference = {"$ref": "#/components/parameters/q", "description": "Own words."}
    paths = {
        "/a": {"parameters": [general], "get": operation(parameters=[own])},
        "/b": {"parameters": [general], "get": operation(operationId="second")},
        "/c": {"get": operation(operationId="third", parameters=[reference])},
    }
    package = make(document(paths, components={"parameters": {"q": {**general, "description": "Words."}}}))

    assert package.operation("call").build_request(q="text").query == (("q", "text"),)
    assert package.operation("second").build_request(q=1).query == (("q", "1"),)
    assert "q: Own words." in package.module.Client.third.__doc__


def test_each_module_is_imported_when_it_is_first_used(sink: Package) -> None:
    assert all(hasattr(sink.module, name) for name in sink.module.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        _ = sink.module.nothing
    with pytest.raises(AttributeError, match="nothing"):
        _ = sink.module.client.api.things.nothing
