"""The README of a package: what is in it is true, its programs run, and no text of a document becomes markup."""

from __future__ import annotations

import functools
import inspect
import json
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from generator.document.document import Document
from generator.pipeline import render
from generator.render.markdown import cell_code, markdown_prose, markdown_text

from .conftest import INT, TEXT, Make, Package, document, json_body, obj, operation, parameter, ref
from .test_hostile_text import HOSTILE, _document

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
SECTIONS = ["Make a client", "Options and hooks", "Errors", "Operations"]
ITEMS = {"200": {"description": "A page.", "content": {"application/json": {"schema": ref("Page")}}}}
WITH_TOKEN = {"/with-token": {"put": operation(security=[{"token": []}])}}
PAGED = document(
    {
        "/things": {
            "get": operation(
                operationId="list_things",
                summary="List them | all",
                tags=["Things"],
                parameters=[parameter("query", "offset", INT), parameter("query", "limit", INT)],
                responses=ITEMS,
            ),
            "post": operation(
                operationId="make_thing", tags=["Things"], requestBody=json_body(obj(size=INT, name=TEXT))
            ),
        },
        "/things/{id}": {"delete": operation(operationId="drop", tags=["More"], deprecated=True, parameters=[
            parameter("path", "id"), parameter("query", "really", {"type": "boolean"}, required=True),
        ])},
    },
    {"Page": obj(entries={"type": "array", "items": TEXT}, total_count=INT)},
    security=[{"token": []}, {"key": []}, {"login": []}],
    components={
        "securitySchemes": {
            "token": {"type": "http", "scheme": "bearer"},
            "key": {"type": "apiKey", "in": "header", "name": "X-Key", "description": "From the *console*."},
            "login": {"type": "http", "scheme": "basic"},
        }
    },
)  # fmt: skip


def readme(folder: Path, content: Any, *, strict: bool = True) -> str:
    """Return the README of a document, without the steps that follow it."""
    render(Document(content, "spec.json", strict=strict), folder / "made")
    return (folder / "made" / "README.md").read_text(encoding="utf-8")


def tokens(text: str) -> Iterator[Token]:
    for token in MARKDOWN.parse(text):
        yield token
        yield from token.children or ()


def sections(text: str) -> dict[str, str]:
    """Return the text below each heading of the second level."""
    _, *parts = re.split(r"^## (.*)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def rows(text: str) -> list[list[str]]:
    """Return the cells of all tables, as a reader sees them, without their heads."""
    found: list[list[str]] = []
    in_body = False
    for token in MARKDOWN.parse(text):
        in_body = {"tbody_open": True, "tbody_close": False}.get(token.type, in_body)
        if in_body and token.type == "tr_open":
            found.append([])
        elif in_body and token.type == "inline":
            found[-1].append("".join(child.content for child in token.children or ()))
    return found


def programs(text: str) -> list[str]:
    return [token.content for token in MARKDOWN.parse(text) if token.type == "fence" and token.info == "python"]


def test_all_operations_are_in_a_table_of_their_tag(tmp_path: Path) -> None:
    found = sections(readme(tmp_path, PAGED))

    assert list(found) == [*SECTIONS, "Pages"]
    assert rows(found["Operations"]) == [
        ["list_things(*, offset=UNSET, limit=UNSET)", "GET /things", "List them | all"],
        ["make_thing(*, size, name)", "POST /things", ""],
        ["drop(id, *, really)", "DELETE /things/{id}", "Deprecated."],
    ]
    assert re.findall(r"^### (.*)", found["Operations"], re.MULTILINE) == ["things", "more"]
    assert rows(found["Pages"]) == [["iter_things", "list_things", "offset"]]


def test_the_signatures_are_those_of_the_methods(sink: Package) -> None:
    shown = [row[0] for row in rows(sections(sink.text("README.md"))["Operations"])]

    assert len(shown) > 8
    for signature in shown:
        name, _, arguments = signature.partition("(")
        names = [argument.partition("=")[0] for argument in arguments.removesuffix(")").split(", ") if argument]
        method = inspect.signature(getattr(sink.module.Client, name))
        positional = [key for key, one in method.parameters.items() if one.kind is not one.KEYWORD_ONLY][1:]
        keywords = [key for key, one in method.parameters.items() if one.kind is one.KEYWORD_ONLY]
        assert names == [*positional, *(["*"] if keywords else []), *keywords]
        for key in keywords:
            assert (f"{key}=" in signature) == (method.parameters[key].default is not inspect.Parameter.empty)


def test_the_credentials_are_those_that_the_client_takes(tmp_path: Path) -> None:
    found = rows(sections(readme(tmp_path, PAGED))["Make a client"])

    assert [row[0] for row in found] == ["token", "key", "login"]
    assert found[0][1].endswith("It may be left out for calls that need none.")
    assert found[1][1] == "An API key, sent as X-Key (header). From the *console*."
    assert found[2][1].startswith("User name and password as a tuple")


def test_a_client_without_credentials_and_server_says_so(tmp_path: Path) -> None:
    text = readme(tmp_path, {**document({"/a": {"get": operation()}}), "servers": []})

    said = "The document names no credentials; a `token` that is given is sent with each call: a bearer token,"
    assert said in text
    assert "names no server" in text
    assert "The API takes no credentials." in readme(tmp_path / "none", {**PAGED, "security": []})
    assert 'with Client(base_url="https://api.example.com") as client:\n    client.call()\n' in programs(text)[0]


@pytest.mark.parametrize(
    ("content", "client", "call"),
    [
        (PAGED, 'Client(os.environ["MADE_TOKEN"])', "print(client.list_things())"),
        (
            {**PAGED, "security": [{"key": []}], "paths": {**PAGED["paths"], **WITH_TOKEN}},
            'Client(key=os.environ["MADE_KEY"])',
            "print(client.list_things())",
        ),
        (
            {**PAGED, "security": [{"key": []}]},
            'Client(key=os.environ["MADE_KEY"])',
            "print(client.list_things())",
        ),
        (
            {**PAGED, "security": [{"login": []}]},
            'Client(login=(os.environ["MADE_USER"], os.environ["MADE_PASSWORD"]))',
            "print(client.list_things())",
        ),
        (
            document({"/{a}": {"put": operation(
                parameters=[parameter("path", "a"), parameter("query", "b", {"enum": ["x", "y"]}, required=True)],
                requestBody=json_body({"type": "array", "items": INT}),
            )}}),
            "Client()",
            'client.call("<a>", body=..., b="x")',
        ),
        (
            document({
                "/a": {"get": operation()},
                "/{b}": {"put": operation(operationId="put", parameters=[parameter("path", "b", INT)],
                    requestBody=json_body(obj(n=TEXT), example={"n": "```\n"}))},
            }),
            "Client()",
            'client.put(1, n="```\\x0a")',
        ),
        (document(), 'Client(base_url="https://api.example.com")', "..."),
    ],
    ids=["token", "no token", "key", "basic", "placeholders", "example", "nothing"],
)  # fmt: skip
def test_the_example_is_the_simplest_call(content: Any, client: str, call: str, tmp_path: Path) -> None:
    blocking, awaited, with_options, *_ = programs(readme(tmp_path, content))

    assert blocking.endswith(f"from made import Client\n\nwith {client} as client:\n    {call}\n")
    assert f"async with Async{client} as client:\n" in awaited
    assert f"with {client[:-1]}{'' if client.endswith('()') else ', '}hooks=hooks) as client:" in with_options
    for program in (blocking, awaited, with_options):
        compile(program, "README.md", "exec")


def test_the_programs_run(make: Make, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    package = make(PAGED)
    answer = json.dumps({"entries": ["one"], "total_count": 1}).encode()
    seen: list[httpx2.Request] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200, content=answer, headers={"content-type": "application/json"})

    for name in ("Client", "AsyncClient"):
        client = functools.partial(getattr(package.module, name), http=httpx2.MockTransport(handle))
        monkeypatch.setattr(package.module, name, client)
    monkeypatch.setenv(f"{package.name.upper()}_TOKEN", "secret")
    for program in programs(package.text("README.md")):
        exec(compile(program, "README.md", "exec"), {"__name__": "readme"})  # noqa: S102 - it is what is tested

    assert [(request.url.path, request.headers["authorization"]) for request in seen] == [
        ("/v1/things", "Bearer secret")
    ] * 4
    shown = capsys.readouterr().out
    assert shown.count("entries=['one']") == 3
    assert "GET /things\n" in shown
    assert shown.endswith("\none\n")


FILES = document(
    {
        "/parts": {"put": operation(operationId="send_part", requestBody={
            "required": True, "content": {"image/png": {"schema": {**TEXT, "format": "binary"}}},
        })},
        "/forms": {"put": operation(operationId="send_form", parameters=[parameter("query", "n", INT, required=True)],
            requestBody={"content": {"multipart/form-data": {"schema": obj(
                film={**TEXT, "format": "binary"}, more={"type": "array", "items": {**TEXT, "format": "binary"}}
            )}}})},
        "/film": {"get": operation(operationId="play_film", responses={
            "200": {"description": "It.", "content": {"video/mp4": {"schema": {**TEXT, "format": "binary"}}}},
            "302": {"description": "Elsewhere.", "headers": {"Location": {"schema": TEXT}}},
        })},
    },
    servers=[{"url": "http://films:8080/v1"}],
)  # fmt: skip


def test_the_methods_with_files_are_named_and_their_programs_run(
    make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package = make(FILES)
    text = package.text("README.md")
    found = sections(text)
    assert list(found) == [*SECTIONS, "Files", "Streams"]
    assert rows(found["Files"]) == [["send_part", "body"], ["send_form", "film, more"]]
    assert "`File`" in found["Files"]
    assert 'films alone. `trusted_hosts=["other.example"]`' in found["Make a client"]

    seen: list[httpx2.Request] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200 if request.method == "GET" else 204, content=b"film")

    client = functools.partial(package.module.Client, http=httpx2.MockTransport(handle))
    monkeypatch.setattr(package.module, "Client", client)
    monkeypatch.chdir(tmp_path)
    Path("film.mov").write_bytes(b"film")
    for section in ("Files", "Streams"):
        (program,) = programs(found[section])
        exec(compile(program, "README.md", "exec"), {"__name__": "readme"})  # noqa: S102 - it is what is tested
    assert [(request.method, request.url.path, request.content) for request in seen] == [
        ("PUT", "/v1/parts", b"film"),
        ("GET", "/v1/film", b""),
    ]
    assert Path("file").read_bytes() == b"film"


def test_sections_stand_only_where_they_apply(tmp_path: Path) -> None:
    text = readme(tmp_path, document({"/a": {"get": operation()}}))
    assert list(sections(text)) == SECTIONS
    assert "trusted_hosts" not in text


def test_our_own_package_names_its_uploader_and_command_line() -> None:
    found = sections((Path(__file__).parents[2] / "generated/box_uploads/README.md").read_text(encoding="utf-8"))
    assert "from box_uploads.upload import upload_file" in found["Upload a file"]
    assert "pip install 'box-uploads[cli]'" in found["Command line"]


def test_the_errors_are_those_of_the_statuses(sink: Package) -> None:
    found = dict(row for row in rows(sections(sink.text("README.md"))["Errors"]))

    for status in (400, 404, 418, 429, 500, 503):
        name = found.get(str(status)) or found["5XX" if status >= 500 else "any other"]
        with pytest.raises(getattr(sink.errors, name)) as error:
            sink.operation("delete_part", "things").read_response(sink.response(status, b"{}"))
        assert type(error.value).__name__ == name


def test_what_is_left_out_and_what_was_noted_is_named(tmp_path: Path) -> None:
    broken = {"requestBody": {"$ref": "#/components/requestBodies/No"}}
    paths = {"/b": {"get": operation()}, "/a|b": {"put": broken}, "/a": {"put": {**broken, "operationId": "c|d"}}}
    found = sections(readme(tmp_path, {**document(paths), "odd": 1}, strict=False))

    assert list(found) == [*SECTIONS, "Left out", "What the document says wrongly"]
    assert [row[0] for row in rows(found["Left out"])] == ["PUT /a|b", "PUT /a"]
    problem = "#/paths/~1a/put/requestBody/$ref: '#/components/requestBodies/No' does not exist"
    assert rows(found["Left out"])[1][1] == problem
    assert ["#", "'odd' is not a keyword of the OpenAPI Object; correct it, or call it x-odd", "ignored"] in rows(
        found["What the document says wrongly"]
    )


def test_notes_that_say_the_same_are_one_row(tmp_path: Path) -> None:
    properties = {f"p{number}": ref("Nothing") for number in range(9)}
    text = readme(tmp_path, document(schemas={"S": obj(**properties)}), strict=False)

    (row,) = rows(sections(text)["What the document says wrongly"])
    assert row == [
        "#/components/schemas/S/properties/p0/$ref and 8 more",
        "'#/components/schemas/Nothing' does not exist",
        "taken as any value",
    ]


def test_at_most_fifty_notes_are_shown_and_the_others_counted(tmp_path: Path) -> None:
    text = readme(tmp_path, {**document(), **{f"own{number}": 1 for number in range(57)}}, strict=False)

    assert len(rows(sections(text)["What the document says wrongly"])) == 50
    assert text.endswith("\nAnd 7 more: run the generator with `--notes`.\n")


# Hostile text.


@pytest.fixture(scope="module")
def hostile(make: Make) -> str:
    return make(_document([*HOSTILE, *MARKUP], names=lambda _, text: text)).text("README.md")


MARKUP = [
    "| a | b |\n| --- | --- |\n| c | d |",
    "<img src=x onerror=alert(1)> <!-- </table> & &lt;",
    "[link](https://evil.example) ![image](https://evil.example/x.png) <https://evil.example>",
    "[a]: https://evil.example\n\n[a]",
    "`code` ``more`` ```\n```python\nimport os\n```",
    "~~~\nfence\n~~~ ~~gone~~",
    "# heading\n\n## heading #\n\nheading\n===\n\nheading\n---\n\n***\n\n___",
    "*emphasis* **strong** _emphasis_ __strong__ snake_case_name a__b__c",
    "> quote\n\n    code\n\n\tcode",
    "1. one\n2. two\n\n- a\n- b\n\n+ c\n\n12) d",
    "\\| \\` \\\\| \\<b>",
    "$x$ $$y$$",
]


def test_text_of_the_document_never_becomes_markup(hostile: str) -> None:
    stamp, *found = list(tokens(hostile))

    assert (stamp.type, stamp.map) == ("html_block", [0, 1])
    kinds = {token.type for token in found}
    assert not kinds & {"html_block", "html_inline", "link_open", "image", "code_block", "blockquote_open", "hr"}
    assert not kinds & {"em_open", "strong_open", "s_open", "hardbreak", "softbreak"}
    assert len(programs(hostile)) == len(re.findall("^```", hostile, re.MULTILINE)) / 2 == 3
    headings = [token.tag for token in found if token.type == "heading_open"]
    assert headings.count("h1") == 1
    assert headings.count("h2") == len(SECTIONS)


def test_hostile_text_makes_as_many_rows_and_cells_as_harmless_text(hostile: str, make: Make) -> None:
    count = len(HOSTILE) + len(MARKUP)
    harmless = make(_document(["word"] * count, names=lambda number, _: f"name{number}")).text("README.md")

    assert [len(row) for row in rows(hostile)] == [len(row) for row in rows(harmless)]
    assert [len(row) for row in rows(hostile)].count(3) >= count


def test_invisible_characters_are_gone(hostile: str) -> None:
    categories = {unicodedata.category(character) for character in hostile.replace("\n", "")}

    assert not categories & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize(
    "text", [*HOSTILE, *MARKUP, "1. a", "1.5", "12)", "-", "+1", "=", "#", "a_", "_a_ b", "\ud800"]
)
def test_a_cell_shows_the_text_as_it_is(text: str) -> None:
    plain = " ".join(
        "".join(
            " " if character.isspace() else character
            for character in text
            if character.isspace() or unicodedata.category(character) not in {"Cc", "Cf", "Cs"}
        ).split()
    )
    table = f"| a | b | c |\n| --- | --- | --- |\n| {markdown_text(text)} | {cell_code(text)} | end |\n"

    assert rows(table) == [[plain, plain, "end"]]
    shown = MARKDOWN.parseInline(markdown_text(text))[0].children or []
    assert "".join(child.content for child in shown) == plain
    assert {child.type for child in shown} <= {"text", "text_special"}
    assert [token.type for token in MARKDOWN.parse(markdown_text(text))] in (
        ["paragraph_open", "inline", "paragraph_close"],
        [],
    )


def test_only_the_number_that_would_begin_a_list_is_escaped() -> None:
    assert markdown_text("1. one (a). two") == r"1\. one (a). two"


def test_what_html_would_read_is_written_as_entities() -> None:
    assert markdown_text("a & <b>") == "a &amp; &lt;b&gt;"


def test_prose_keeps_paragraphs_and_lists() -> None:
    text = "Intro:\n* one\n* two\n  more\n1. three\n2) four\n\nEnd\nof it."

    assert markdown_prose(text) == "Intro:\n\n- one\n- two more\n\n1. three\n1. four\n\nEnd of it."
    kinds = [token.type for token in MARKDOWN.parse(markdown_prose(text))]
    assert (kinds.count("bullet_list_open"), kinds.count("ordered_list_open")) == (1, 1)
    assert kinds.count("list_item_open") == 4


def test_an_example_gives_each_file_that_a_call_needs(tmp_path: Path) -> None:
    file = {**TEXT, "format": "binary"}
    form = {"multipart/form-data": {"schema": obj(file=file, files={"type": "array", "items": file})}}
    text = readme(tmp_path, document({"/a": {"post": operation(requestBody={"content": form})}}))
    assert 'client.call(file=Path("film.mov"), files=[Path("film.mov")])' in text


def test_a_model_that_is_called_like_a_file_is_none(tmp_path: Path) -> None:
    body = {"application/json": {"schema": obj(author=obj(name=TEXT), x=TEXT)}}
    post = operation(operationId="update_file_contents", requestBody={"content": body})
    text = readme(tmp_path, document({"/a": {"post": post}}))
    assert "FileContents" in (tmp_path / "made" / "client.py").read_text(encoding="utf-8")
    assert "Files:" not in text
    assert "film.mov" not in text
