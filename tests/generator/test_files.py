"""What generated methods send and ask for: files, spread bodies, and the media types of responses."""

from __future__ import annotations

import inspect
import io
import re
from operator import methodcaller
from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET

from generator.document.document import Document
from generator.operation.reader import OperationReader
from generator.schema.schemas import SchemaReader

from .conftest import INT, TEXT, Answer, Make, Package, document, json_body, obj, operation, parameter, ref
from .test_streams import Server, run
from .test_watched_calls import KINDS

BINARY = {"schema": {"type": "string", "format": "binary"}}
JSON = {"application/json": {"schema": {"type": "object"}}}
PNG = b"\x89PNG"
SERVER = "http://intranet:8080/v1"


def answers(content: Any, **others: Any) -> dict[str, Any]:
    found = {"200": {"description": "Done.", "content": content}}
    return found | {status[1:]: {"description": "Else.", "content": other} for status, other in others.items()}


def got(name: str, content: Any, **others: Any) -> dict[str, Any]:
    return {"get": operation(operationId=name, responses=answers(content, **others))}


def sent(name: str, content: Any, **parts: Any) -> dict[str, Any]:
    return {"put": operation(operationId=name, requestBody={"required": True, "content": content}, **parts)}


@pytest.fixture(scope="module")
def package(make: Make) -> Package:
    form = {"multipart/form-data": {"schema": obj(file=BINARY["schema"], content=TEXT)}}
    path = [parameter("path", "id"), parameter("query", "verbose")]
    clashing = obj(id=INT, self=TEXT, models=TEXT, content=TEXT)
    optional = {"type": "object", "properties": {"id": INT, "content": TEXT}}
    return make(
        document(
            {
                "/x/image": got("get_image", {"image/png": BINARY}),
                "/x/report": got("get_report", {"application/pdf": BINARY}, _404=JSON, _410=JSON),
                "/x/xml": got("get_xml", {"application/xml": {"schema": TEXT}}),
                "/x/either": got("get_either", {"application/xml": {"schema": TEXT}, **JSON}),
                "/x/later": got("get_later", {"application/pdf": BINARY}, _202=JSON),
                "/x/own": got("get_own", {"application/vnd.own+json": {"schema": {"type": "object"}}}),
                "/x/any": got("get_any", {"*/*": BINARY}, _404=JSON),
                "/x/bytes": got("get_bytes", {"*/*": {"schema": {"type": "string", "format": "byte"}}}),
                "/x/json": got("get_json", JSON),
                "/x/none": {"get": operation(operationId="get_none")},
                "/x/octets": sent("put_octets", {"application/octet-stream": BINARY}),
                "/x/png": sent("put_png", {"image/png": BINARY}),
                "/x/form": sent("send_form", form),
                "/things/{id}": sent("put_thing", {"application/json": {"schema": ref("Thing")}}, parameters=path),
                "/things/{id}/more": {
                    "post": operation(
                        operationId="add", requestBody=json_body(optional, required=False), parameters=path[:1]
                    )
                },
            },
            {"Thing": clashing},
            security=[{"token": []}],
            servers=[{"url": SERVER}],
            components={"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        )
    )


TRUST = {"trusted_hosts": ["http://intranet:8080"]}


@pytest.mark.parametrize(
    ("method", "accept"),
    [
        ("get_image", "image/png"),
        ("get_report", "application/pdf, application/json;q=0.5"),
        ("get_xml", "application/xml"),
        ("get_either", "application/json"),
        ("get_later", "application/pdf, application/json"),
        ("get_own", "application/vnd.own+json"),
        ("get_any", "*/*"),
        ("get_json", "application/json"),
        ("get_none", "application/json"),
    ],
)
def test_a_call_asks_for_what_its_responses_are(package: Package, method: str, accept: str) -> None:
    answer = Answer(204, b"", "") if method == "get_none" else Answer(media_type=accept.partition(",")[0])
    _, request = package.call(method, answer=answer, options=TRUST)
    assert request.headers.get_list("accept") == [accept]


@KINDS
def test_bytes_beside_no_json_are_not_base64(package: Package, kind: str) -> None:
    for method in ("get_bytes", "stream_bytes"):
        found = run(package, kind, Server(PNG, "image/png"), methodcaller(method), token="secret", **TRUST)
        assert (found if method == "get_bytes" else b"".join(found)) == PNG


def test_an_object_that_is_no_parameters_of_a_query_is_one(make: Make) -> None:
    pageable = {"type": "object", "properties": {"page": INT, "size": INT, "sort": {"type": "array", "items": TEXT}}}
    listing = operation(
        operationId="get_a", parameters=[parameter("query", "pageable", ref("Pageable"), explode=False)]
    )
    package = make(document({"/a": {"get": listing}}, {"Pageable": pageable}))
    argument = package.models.Pageable(page=2, size=5)
    _, request = package.call("get_a", pageable=argument, answer=Answer(204, b"", ""), options=TRUST)
    assert request.url.query.decode() == "pageable=page,2,size,5"


def test_each_property_of_an_object_in_a_query_is_an_argument(make: Make) -> None:
    properties = {
        "page": {**INT, "minimum": 0, "description": "Which page.", "default": 0},
        "sort": {"type": "array", "items": TEXT},
        "body": {**INT, "default": 5, "x-client-default": True},
        "total": {**INT, "readOnly": True},
    }
    pageable = {"type": "object", "properties": properties, "required": ["sort", "total"]}
    listing = operation(
        operationId="get_a",
        parameters=[
            parameter("query", "pageable", ref("Pageable"), required=True, description="Says how.", deprecated=True),
            parameter("query", "q"),
        ],
    )
    package = make(document({"/a": {"get": listing}}, {"Pageable": pageable}))
    _, request = package.call("get_a", page=2, sort=["a", "b"], q="x", answer=Answer(204, b"", ""), options=TRUST)
    assert request.url.query.decode() == "page=2&sort=a&sort=b&body=5&q=x"
    arguments = inspect.signature(package.module.Client.get_a).parameters
    assert [(name, found.default) for name, found in arguments.items()][1:] == [
        ("sort", inspect.Parameter.empty), ("page", UNSET), ("body_", 5), ("q", UNSET)
    ]  # fmt: skip
    described = " ".join(package.module.Client.get_a.__doc__.split())
    assert "page: Which page. The server takes `0` if it is absent. Deprecated." in described
    assert "sort: Says how. Deprecated." in described
    with pytest.raises(package.errors.InvalidArgumentError, match=r"^page=-1: must be at least 0"):
        package.operation("get_a").build_request(sort=[], page=-1)


PAGE: dict[str, Any] = {"type": "object", "properties": {"page": INT}}


@pytest.mark.parametrize(
    ("schema", "others", "style"),
    [
        (PAGE | {"required": ["page"]}, [], {}),
        (PAGE | {"additionalProperties": True}, [], {"required": True}),
        (PAGE | {"default": {"page": 0}}, [], {}),
        ({"type": "object", "properties": {"page": {"type": ["integer", "null"]}}}, [parameter("query", "page")], {}),
        (PAGE, [parameter("query", "other", PAGE)], {}),
        (PAGE, [parameter("path", "page")], {}),
        (PAGE, [], {"style": "deepObject"}),
        (PAGE, [], {"x-client-option": True}),
    ],
)
def test_an_object_in_a_query_is_an_argument_if_it_says_more(schema: Any, others: Any, style: Any) -> None:
    listing = operation(parameters=[parameter("query", "pageable", schema, **style), *others])
    path = "/a/{page}" if others and others[0]["in"] == "path" else "/a"
    read = Document(document({path: {"get": listing}}), "spec")
    (found,) = OperationReader(read, SchemaReader(read)).read()
    assert [argument.wire_name for argument in found.parameters] == ["pageable", *(other["name"] for other in others)]


def test_a_query_is_a_method_with_a_body_that_may_be_sent_again(make: Make) -> None:
    sent = operation(operationId="search_a", requestBody=json_body(obj(q=TEXT)))
    package = make(document({"/a": {"query": sent}}))
    _, request = package.call("search_a", q="x", answer=Answer(204, b"", ""), options=TRUST)
    assert (request.method, request.content) == ("QUERY", b'{"q":"x"}')
    assert package.message.Request("a", "QUERY", SERVER, "/a").idempotent


def test_what_is_text_or_xml_too_is_asked_for_as_json(make: Make) -> None:
    content = {name: {"schema": obj(a=INT)} for name in ("text/plain", "application/json", "application/xml")}
    package = make(document({"/a": got("get_a", content)}))
    result, request = package.call("get_a", answer=Answer(content=b'{"a": 1}'), options=TRUST)
    assert result.a == 1
    assert request.headers["accept"] == "application/json"
    assert inspect.signature(package.module.Client.get_a).return_annotation == "models.GetAOK"


@KINDS
def test_a_stream_asks_for_the_same(package: Package, kind: str) -> None:
    server = Server(PNG, "image/png")
    assert run(package, kind, server, lambda client: client.stream_image(), token="secret", **TRUST) == [PNG]
    assert server.requests[0].headers["accept"] == "image/png"


@KINDS
@pytest.mark.parametrize("method", ["put_octets", "put_png"])
def test_a_binary_body_may_be_a_path_or_an_open_file(package: Package, kind: str, method: str, tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    path.write_bytes(PNG)
    with path.open("rb") as file:
        for body in (PNG, path, file, io.BytesIO(PNG), package.module.Stream(4, lambda: [PNG])):
            server = Server(b"", status=204)
            run(package, kind, server, methodcaller(method, body=body), token="secret", **TRUST)
            (request,) = server.requests
            assert (request.content, request.headers["content-length"]) == (PNG, "4")


@KINDS
def test_a_file_of_a_form_may_be_written_as_in_3_1(make: Make, kind: str) -> None:
    form = {
        "schema": obj(icon={}, page={"contentMediaType": "application/pdf"}, note={"contentMediaType": "text/plain"}),
        "encoding": {"icon": {"contentType": "image/png, image/jpeg"}},
    }
    package = make(document({"/a": sent("send_a", {"multipart/form-data": form})}))
    given = {"icon": package.module.types.File(PNG, "a.png", "image/png"), "page": b"%PDF", "note": "x"}
    server = Server(b"", status=204)
    run(package, kind, server, methodcaller("send_a", **given), **TRUST)
    (request,) = server.requests
    assert b'name="icon"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n' + PNG in request.content
    assert b'name="page"; filename="page"\r\nContent-Type: application/octet-stream\r\n\r\n%PDF' in request.content
    assert b'name="note"\r\n\r\nx' in request.content


@KINDS
def test_a_file_of_a_form_may_be_a_path_or_an_open_file(package: Package, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    path.write_bytes(PNG)
    file = package.module.types.File(io.BytesIO(PNG), "other.png", "image/png")
    with path.open("rb") as opened:
        for one, name in ((path, "image.png"), (opened, "image.png"), (io.BytesIO(PNG), "file"), (file, "other.png")):
            server = Server(b"", status=204)
            run(package, kind, server, methodcaller("send_form", file=one, content="x"), token="secret", **TRUST)
            (request,) = server.requests
            assert f'filename="{name}"'.encode() in request.content
            assert b"\r\n\r\n" + PNG + b"\r\n" in request.content
            assert b'name="content"\r\n\r\nx' in request.content


def parts(package: Package, kind: str, method: str, **given: Any) -> list[tuple[str, bytes]]:
    """Call a method that sends a form; return the header fields of each part, and its content."""
    server = Server(b"", status=204)
    run(package, kind, server, methodcaller(method, **given), **TRUST)
    (request,) = server.requests
    boundary = request.headers["content-type"].partition("boundary=")[2]
    found = [part.partition(b"\r\n\r\n") for part in request.content.split(f"--{boundary}".encode())[1:-1]]
    start = 'Content-Disposition: form-data; name="'
    return [(head.decode().strip().removeprefix(start), content[:-2]) for head, _, content in found]


def nullable(schema: Any) -> dict[str, Any]:
    """Return what FastAPI writes for an `Optional`."""
    return {"anyOf": [schema, {"type": "null"}]}


@pytest.fixture(scope="module")
def forms(make: Make) -> Package:
    def form(properties: dict[str, Any], rest: Any = None, **encoding: Any) -> dict[str, Any]:
        schema = {"type": "object", "properties": properties, "additionalProperties": rest}
        if rest is None:
            del schema["additionalProperties"]
        return {"multipart/form-data": {"schema": schema, "encoding": encoding}}

    deep = {"style": "deepObject", "explode": True}
    mixed = {"anyOf": [TEXT, ref("Thing"), INT, {"type": "null"}]}
    several = {"application/octet-stream": BINARY, "text/plain": {"schema": TEXT}, "application/json": {"schema": {}}}
    typed = {"text/csv": {"schema": TEXT}, "application/json": {"schema": ref("Thing")}}
    return make(
        document(
            {
                "/texts": sent("send_texts", form({"note": TEXT, "additional properties": TEXT}, TEXT)),
                "/files": sent("send_files", form({}, BINARY["schema"])),
                "/any": sent("send_any", form({"meta": {}}, True)),
                "/nullable": sent("send_nullable", form({"photo": nullable(BINARY["schema"]), "note": nullable(TEXT)})),
                "/closed": sent("send_closed", form({"note": TEXT}, False)),
                "/deep": sent(
                    "send_deep", form({"expand": {"items": TEXT}, "link": ref("Thing")}, expand=deep, link=deep)
                ),
                "/mixed": sent("send_mixed", form({"chunking": mixed, "several": {"items": mixed}})),
                "/several": sent("send_several", several),
                "/typed": sent("send_typed", typed),
            },
            {"Thing": obj(id=INT, tags={"type": "array", "items": TEXT})},
        )
    )


@KINDS
def test_null_is_left_out_of_a_form(forms: Package, kind: str) -> None:
    assert parts(forms, kind, "send_nullable", photo=None, note=None) == []
    assert parts(forms, kind, "send_nullable", photo=b"x", note="y")[0][1] == b"x"
    assert "photo: FileContent | None | UnsetType = UNSET" in forms.text("client.py")


@KINDS
def test_parts_that_the_document_does_not_name_are_sent_by_name(forms: Package, kind: str, tmp_path: Path) -> None:
    further = {"a": "x", 'b "': "y"}
    assert parts(forms, kind, "send_texts", note="n", additional_properties_="m", additional_properties=further) == [
        ('note"', b"n"),
        ('additional properties"', b"m"),
        ('a"', b"x"),
        ('b %22"', b"y"),
    ]
    path = tmp_path / "image.png"
    path.write_bytes(PNG)
    octets = "\r\nContent-Type: application/octet-stream"
    assert parts(forms, kind, "send_files", additional_properties={"one": path, "two": b"2"}) == [
        (f'one"; filename="image.png"{octets}', PNG),
        (f'two"; filename="two"{octets}', b"2"),
    ]
    assert 'client.send_files(additional_properties={"film": Path("film.mov")})' in forms.text("README.md")
    assert "additional_properties" not in inspect.signature(forms.module.Client.send_closed).parameters


@pytest.mark.parametrize(
    ("further", "problem"),
    [
        ({"note": "n"}, "additional_properties['note']: is declared, and so an argument of its own"),
        ({"a": 1}, "additional_properties['a']=1: must be str, not int"),
        ({1: "a"}, "additional_properties=1: must have strings as names"),
        (["a"], "additional_properties=['a']: must be a dict of parts by their names"),
    ],
)
def test_a_wrong_part_that_the_document_does_not_name_is_refused(forms: Package, further: Any, problem: str) -> None:
    with pytest.raises(forms.errors.InvalidArgumentError) as caught:
        forms.operation("send_texts").build_request(additional_properties=further)
    assert str(caught.value) == problem


@KINDS
def test_a_part_of_no_type_is_a_text_a_file_or_json(forms: Package, kind: str) -> None:
    json = "\r\nContent-Type: application/json"
    thing = forms.models.Thing(id=1, tags=[])
    assert parts(forms, kind, "send_any", meta=[2, {"a": [None]}], additional_properties={"b": thing, "c": PNG}) == [
        ('meta"', b"2"),
        (f'meta"{json}', b'{"a":[null]}'),
        (f'b"{json}', b'{"id":1,"tags":[]}'),
        ('c"; filename="c"\r\nContent-Type: application/octet-stream', PNG),
    ]
    assert parts(forms, kind, "send_any", meta=[PNG, io.BytesIO(b"x"), "y"]) == [
        ('meta"; filename="meta"\r\nContent-Type: application/octet-stream', PNG),
        ('meta"; filename="meta"\r\nContent-Type: application/octet-stream', b"x"),
        ('meta"', b"y"),
    ]


@KINDS
def test_a_part_that_is_a_text_or_an_object_is_json_if_it_is_an_object(forms: Package, kind: str) -> None:
    thing = forms.models.Thing(id=1, tags=[])
    json = 'chunking"\r\nContent-Type: application/json'
    assert parts(forms, kind, "send_mixed", chunking="auto") == [('chunking"', b"auto")]
    assert parts(forms, kind, "send_mixed", chunking=1) == [('chunking"', b"1")]
    assert parts(forms, kind, "send_mixed", chunking=thing) == [(json, b'{"id":1,"tags":[]}')]
    assert parts(forms, kind, "send_mixed", chunking=None) == []
    assert parts(forms, kind, "send_mixed", several=["a", thing])[0] == ('several"', b"a")
    with pytest.raises(forms.errors.InvalidArgumentError, match=r"^chunking"):
        forms.operation("send_mixed").build_request(chunking=[1])


@KINDS
def test_a_part_may_be_a_deep_object(forms: Package, kind: str) -> None:
    link = forms.models.Thing(id=1, tags=["x"])
    assert parts(forms, kind, "send_deep", expand=["a", "b"], link=link) == [
        ('expand[0]"', b"a"),
        ('expand[1]"', b"b"),
        ('link[id]"', b"1"),
        ('link[tags][0]"', b"x"),
    ]


@KINDS
def test_properties_of_a_form_are_joined_or_sent_as_json(make: Make, kind: str) -> None:
    texts = {"type": "array", "items": TEXT}
    properties = {"meta": {"type": "array", "items": ref("Note")}, "ids": nullable({"type": "array", "items": INT})}
    properties |= {"words": texts, "pipes": texts, "usual": texts, "flat": ref("Flat")}
    encoding = {
        "meta": {"contentType": "application/json"},
        "ids": {"explode": False},
        "words": {"style": "spaceDelimited"},
        "pipes": {"style": "pipeDelimited", "explode": False},
        "usual": {"style": "pipeDelimited", "explode": True},
        "flat": {"style": "form", "explode": False},
    }
    form = {"schema": {"type": "object", "properties": properties}, "encoding": encoding}
    paths = {
        "/a": sent("send_a", {"application/x-www-form-urlencoded": form}),
        "/b": sent("send_b", {"multipart/form-data": form}),
    }
    package = make(document(paths, {"Flat": obj(x=INT, y=TEXT), "Note": obj(a=INT)}))
    lists = {"ids": [1, 2], "words": ["a", "b"], "pipes": ["a", "b c"], "usual": ["a", "b"]}
    server = Server(b"", status=204)
    meta = [package.models.Note(a=1)]
    flat = package.models.Flat(x=1, y="z")
    run(package, kind, server, methodcaller("send_a", meta=meta, flat=flat, **lists), **TRUST)
    assert server.requests[0].content == (
        b"meta=%5B%7B%22a%22%3A1%7D%5D&ids=1,2&words=a+b&pipes=a%7Cb+c&usual=a&usual=b&flat=x,1,y,z"
    )
    assert parts(package, kind, "send_b", flat=flat, **lists) == [
        ('ids"', b"1,2"),
        ('words"', b"a b"),
        ('pipes"', b"a|b c"),
        ('usual"', b"a"),
        ('usual"', b"b"),
        ('flat"', b"x,1,y,z"),
    ]
    with pytest.raises(package.errors.InvalidArgumentError, match=r"^words: must not contain a space"):
        parts(package, kind, "send_b", words=["a b"])


def test_a_json_patch_is_a_list_and_another_patch_the_default(make: Make) -> None:
    kinds = ("json-patch", "merge-patch", "strategic-merge-patch")
    content = {f"application/{kind}+json": {"schema": ref("Patch")} for kind in kinds}
    package = make(document({"/a": sent("patch", content)}, {"Patch": {"type": "object", "description": "A patch."}}))
    changes = [{"op": "remove", "path": "/a"}]
    for given, media_type, body in (
        ({"body": {"a": None}}, "application/merge-patch+json", b'{"a":null}'),
        ({"body": changes, "content_type": "application/json-patch+json"}, "application/json-patch+json", None),
    ):
        _, request = package.call("patch", **given, answer=Answer(204, b"", ""), options=TRUST)
        assert request.headers["content-type"] == media_type
        assert request.content == (body or b'[{"op":"remove","path":"/a"}]')
    cure = "is not sent as application/merge-patch+json; pass content_type='application/json-patch+json'"
    with pytest.raises(package.errors.InvalidArgumentError, match=f"{re.escape(cure)}$"):
        package.operation("patch").build_request(body=changes)


def test_of_several_media_types_json_is_sent_by_default(forms: Package) -> None:
    thing = forms.models.Thing(id=1, tags=[])
    for method, body, content in (
        ("send_several", {"a": 1}, b'{"a":1}'),
        ("send_several", "text", b'"text"'),
        ("send_typed", thing, b'{"id":1,"tags":[]}'),
    ):
        _, request = forms.call(method, body=body, answer=Answer(204, b"", ""), options=TRUST)
        assert (request.headers["content-type"], request.content) == ("application/json", content)


@pytest.mark.parametrize(
    ("method", "body", "content_type", "other"),
    [
        ("send_several", b"x", "application/json", "application/octet-stream"),
        ("send_several", Path("x"), "text/plain", "application/octet-stream"),
        ("send_several", "x", "application/octet-stream", "application/json"),
        ("send_several", {"a": 1}, "application/octet-stream", "application/json"),
        ("send_several", {"a": 1}, "text/plain", "application/json"),
        ("send_typed", "x", "application/json", "text/csv"),
    ],
)
def test_a_body_of_another_media_type_is_refused(
    forms: Package, method: str, body: Any, content_type: str, other: str
) -> None:
    with pytest.raises(forms.errors.InvalidArgumentError) as caught:
        forms.operation(method).build_request(body=body, content_type=content_type)
    assert str(caught.value).endswith(f": is not sent as {content_type}; pass content_type={other!r}")


def test_a_property_whose_name_is_taken_is_an_argument_with_another_name(package: Package) -> None:
    _, request = package.call(
        "put_thing", "a", id_=1, self_="s", models_="m", content="c", answer=Answer(204), options=TRUST
    )
    assert request.url.path == "/v1/things/a"
    assert request.content == b'{"id":1,"self":"s","models":"m","content":"c"}'
    _, request = package.call("add", "a", id_=1, answer=Answer(204), options=TRUST)
    assert request.content == b'{"id":1}'
    _, request = package.call("add", "a", answer=Answer(204), options=TRUST)
    assert request.content == b""


@KINDS
def test_a_server_over_plain_http_needs_the_permission_that_the_error_names(package: Package, kind: str) -> None:
    server = Server(b"{}", "application/json")
    with pytest.raises(package.errors.InvalidArgumentError) as caught:
        run(package, kind, server, lambda client: client.get_json(), token="secret")
    (permission,) = re.findall(r"trusted_hosts=\[(.*)\]", str(caught.value))
    assert permission == repr("http://intranet:8080")
    assert not server.requests
    run(package, kind, server, lambda client: client.get_json(), token="secret", trusted_hosts=["http://intranet:8080"])
    assert server.requests[0].headers["authorization"] == "Bearer secret"


@KINDS
def test_a_server_on_this_machine_gets_the_token_over_http(make: Make, kind: str) -> None:
    paths = {"/json": got("get_json", JSON)}
    schemes = {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}}
    servers = [{"url": "http://localhost:8080"}]
    package = make(document(paths, servers=servers, security=[{"token": []}], components=schemes))
    server = Server(b"{}", "application/json")
    run(package, kind, server, lambda client: client.get_json(), token="secret")
    assert str(server.requests[0].url) == "http://localhost:8080/json"
    assert server.requests[0].headers["authorization"] == "Bearer secret"


@pytest.mark.parametrize(
    ("tags", "tag"),
    [("files", "default"), (5, "default"), ([5, "files"], "files"), ([None], "default"), (None, "default")],
)
def test_wrong_tags_of_an_operation_are_noted_and_ignored(tags: Any, tag: str) -> None:
    content = Document(document({"/a": {"get": operation(tags=tags)}}), "test", strict=False)
    (found,) = OperationReader(content, SchemaReader(content)).read()
    assert found.tag == tag
    assert not content.notes.missing
    assert [(note.place, note.problem) for note in content.notes.found] == [
        ("#/paths/~1a/get/tags", "must be a list of strings")
    ]
