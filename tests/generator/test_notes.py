"""What a document says wrongly is noted and costs no more than an operation; nothing of it is lost in silence."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from generator.__main__ import main
from generator.document.document import Document, Node
from generator.document.notes import Note, Notes
from generator.errors import SpecError
from generator.operation.model import Operation
from generator.operation.reader import OperationReader
from generator.pipeline import render
from generator.schema.schemas import SchemaReader
from generator.schema.types import Model

from .conftest import INT, TEXT, command_line, document, json_body, obj, operation, parameter, ref, write_spec
from .test_refusals import REFUSED

# What cannot be a client at all, or is an extension of ours that contradicts itself.
HOPELESS = (
    "is an array",
    "is a string",
    "#/openapi: must be a version 3.0 or 3.1, not None",
    "#/swagger",
    "#: lacks",
    "#/paths:",
    "#/x-",
)
CURE = "write type: [..., 'null']"
# What is refused, and below it the notes on it: all that the author of a document reads.
TAKEN = Path(__file__).with_name("taken.txt")
FINE = document({"/a": {"get": operation()}})


def _taken() -> list[tuple[str, list[str]]]:
    blocks = TAKEN.read_text(encoding="utf-8").strip("\n").split("\n\n")
    return [(problem, [note.strip() for note in notes]) for problem, *notes in map(str.splitlines, blocks)]


def tolerant(content: Any, folder: Path) -> Notes:
    """Render a document that is read tolerantly, and return the notes on it."""
    read = Document(content, "spec", strict=False)
    render(read, folder / "made")
    for path in (folder / "made").rglob("*.py"):
        ast.parse(path.read_text(encoding="utf-8"))
    return read.notes


def read_operation(**parts: Any) -> tuple[Operation, list[Note]]:
    """Return an operation of a document that is read tolerantly, and the notes on it."""
    read = Document(document({"/a": {"get": {"operationId": "a", **parts}}}), "spec", strict=False)
    (found,) = OperationReader(read, SchemaReader(read)).read()
    return found, list(read.notes.found)


NOTED = [(content, problem) for content, problem in REFUSED if not problem.startswith(HOPELESS)]


@pytest.mark.parametrize(
    ("content", "problem", "taken"),
    [(*row, taken) for row, taken in zip(NOTED, _taken(), strict=True)],
    ids=[problem for _, problem in NOTED],
)
def test_what_is_refused_strictly_is_noted_else(
    content: Any, problem: str, taken: tuple[str, list[str]], tmp_path: Path
) -> None:
    notes = tolerant(content, tmp_path)
    found = [*map(str, notes.found), *(f"left out: {missing}" for missing in notes.missing)]
    assert (problem, found) == taken


def test_a_fault_costs_the_operation_that_has_it_alone(tmp_path: Path) -> None:
    broken = operation(operationId="broken", responses={"200": {"$ref": "#/nowhere"}})
    content = document(
        {"/a": {"get": operation(operationId="fine"), "put": broken}, "/b": {"get": operation(operationId="other")}}
    )
    notes = tolerant(content, tmp_path)
    assert [str(missing) for missing in notes.missing] == [
        "PUT /a: #/paths/~1a/put/responses/200/$ref: '#/nowhere' does not exist"
    ]
    assert {path.stem for path in (tmp_path / "made" / "api" / "default").iterdir()} == {"__init__", "fine", "other"}


def test_a_fault_of_a_property_of_a_form_costs_its_place_alone(tmp_path: Path) -> None:
    form = obj(a=TEXT, b=ref("Nothing"))
    body = {"content": {"multipart/form-data": {"schema": form}}}
    notes = tolerant(document({"/a": {"post": operation(requestBody=body)}}), tmp_path)
    assert [str(missing) for missing in notes.missing] == []
    assert {note.meaning for note in notes.found} == {"taken as any value"}


def read_schemas(schemas: dict[str, Any], *, strict: bool = False) -> tuple[SchemaReader, list[str]]:
    """Return the components of a document, and the notes on it."""
    read = Document(document(schemas=schemas), "spec", strict=strict)
    reader = SchemaReader(read)
    reader.read_components()
    reader.settle()
    return reader, [str(note) for note in read.notes.found]


LIST_THEM = "list the required properties (ignored)"


@pytest.mark.parametrize(
    ("required", "note"),
    [
        (True, f": must be an array, not a boolean; {LIST_THEM}"),
        (1.5, f": must be an array, not a number; {LIST_THEM}"),
        ("a", f": must be an array, not a string; {LIST_THEM}"),
        (None, f": must be an array, not null; {LIST_THEM}"),
        ([None], "/0: must be a string, not null; put it in quotes (ignored)"),
    ],
)
def test_a_malformed_required_costs_itself_alone(required: Any, note: str) -> None:
    inner = {"type": "object", "properties": {"b": INT}, "required": required}
    schemas = {"E": {**inner, "properties": {"a": TEXT, "inner": inner}}, "Any": {"anyOf": [ref("E"), INT]}}
    reader, notes = read_schemas(schemas)
    found = {model.name: {field.name: field.required for field in model.fields} for model in reader.models}
    assert found == {"E": {"a": False, "inner": False}, "EInner": {"b": False}}
    assert notes == [f"#/components/schemas/E{place}/required{note}" for place in ("", "/properties/inner")]
    with pytest.raises(SpecError, match="E/required"):
        read_schemas(schemas, strict=True)


@pytest.mark.parametrize("discriminator", [True, ["k"], None])
def test_a_malformed_discriminator_costs_itself_alone(discriminator: Any, tmp_path: Path) -> None:
    tagged = {**obj(k=TEXT), "discriminator": discriminator}
    cat = {"allOf": [ref("Pet"), {**obj(a=TEXT), "discriminator": discriminator}]}
    schemas = {"Pet": tagged, "Cat": cat, "Any": {"oneOf": [ref("Pet"), ref("Cat")]}}
    notes = tolerant(document(schemas=schemas), tmp_path)
    assert [note.place for note in notes.found if note.meaning == "ignored"] == [
        "#/components/schemas/Pet/discriminator",
        "#/components/schemas/Cat/allOf/1/discriminator",
    ]


def test_a_malformed_required_of_a_form_costs_itself_alone(tmp_path: Path) -> None:
    form = {"type": "object", "properties": {"a": TEXT}, "required": True}
    body = {"content": {"multipart/form-data": {"schema": form}}}
    notes = tolerant(document({"/a": {"post": operation(requestBody=body)}}), tmp_path)
    assert [str(missing) for missing in notes.missing] == []
    assert {note.meaning for note in notes.found} == {"ignored", "read nevertheless"}


def test_a_model_that_cannot_be_read_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: SchemaReader, model: Model, node: Node) -> None:
        raise SpecError(node.place, f"{model.name} fails")

    monkeypatch.setattr(SchemaReader, "_read_fields", fail)
    reader, notes = read_schemas({"E": obj(a=TEXT), "List": {"type": "array", "items": obj(b=INT)}})
    assert [(model.name, model.fields) for model in reader.models] == [("E", []), ("ListItem", [])]
    assert reader.aliases[0].type.text() == "list[ListItem]"
    assert [note.split(": ")[1] for note in notes] == [
        f"{name} fails (the properties after it are left out)" for name in ("E", "ListItem")
    ]


NO_TYPE = "is not one of string, integer, number, boolean, array, object, null (ignored)"


@pytest.mark.parametrize(
    ("schema", "note"),
    [
        ({"type": {"a": 1}, "enum": ["a"]}, f"/type: {{'a': 1}} {NO_TYPE}"),
        ({"oneOf": [{"type": [{"a": 1}]}, obj(a=TEXT)]}, f"/oneOf/0/type: {{'a': 1}} {NO_TYPE}"),
        ({**TEXT, "format": ["x"]}, "/format: must be a string, not an array; put it in quotes (ignored)"),
        ({**INT, "format": {"a": 1}}, "/format: must be a string, not an object; put it in quotes (ignored)"),
        ({"type": "object", "properties": True}, "/properties: must be an object, not a boolean (ignored)"),
        (
            {
                "oneOf": [obj(k={"const": "a"}), obj(k={"const": "b"})],
                "discriminator": {"propertyName": "k", "mapping": {"a": ["x"]}},
            },
            "/discriminator/mapping/a: ['x'] is not one of the alternatives; correct it (ignored)",
        ),
    ],
)
def test_a_keyword_that_is_no_string_costs_itself_alone(schema: Any, note: str, tmp_path: Path) -> None:
    found = tolerant(document({"/a": {"post": operation(requestBody=json_body(schema))}}), tmp_path)
    place = "#/paths/~1a/post/requestBody/content/application~1json/schema"
    assert f"{place}{note}" in map(str, found.found)
    assert not found.missing


ROW = {"type": "array", "prefixItems": [TEXT]}
UUID = {"type": "string", "format": "uuid"}


@pytest.mark.parametrize(
    ("schema", "note"),
    [
        ({**ROW, "maxItems": 1000}, ": maxItems beyond 8 is not supported beside prefixItems (not checked)"),
        ({**ROW, "minItems": 1000}, ": minItems is too large, beside prefixItems (not checked)"),
        (
            {**ROW, "minItems": 2, "items": False},
            ": minItems asks for more items than there may be, beside prefixItems (not checked)",
        ),
        ({**ROW, "uniqueItems": True}, "/uniqueItems: is not supported beside prefixItems (not checked)"),
        ({**UUID, "minLength": 37}, ": minLength is not supported beside format uuid; remove one (ignored)"),
        ({**UUID, "maxLength": 35}, ": maxLength is not supported beside format uuid; remove one (ignored)"),
    ],
)
def test_a_constraint_that_no_type_can_say_is_noted(schema: Any, note: str, tmp_path: Path) -> None:
    notes = tolerant(document(schemas={"S": obj(a=schema)}), tmp_path)
    assert [str(found) for found in notes.found] == [f"#/components/schemas/S/properties/a{note}"]


def test_a_fault_of_a_schema_costs_its_place_alone(tmp_path: Path) -> None:
    content = document(schemas={"S": obj(a=TEXT, b=ref("Nothing"), c=INT)})
    notes = tolerant(content, tmp_path)
    assert [str(note) for note in notes.found] == [
        "#/components/schemas/S/properties/b/$ref: '#/components/schemas/Nothing' does not exist (taken as any value)"
    ]
    models = (tmp_path / "made" / "models" / "__init__.py").read_text(encoding="utf-8")
    assert [line.strip() for line in models.splitlines() if line.startswith("    ") and ": " in line][-3:] == [
        "a: str", "b: Any", "c: int",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("info", "problem"), [(None, "#: lacks 'info'"), ([], "#/info: must be an object, not an array")]
)
def test_a_document_without_info_is_read_as_an_api_without_a_name(info: Any, problem: str, tmp_path: Path) -> None:
    content = {**FINE, "info": info}
    if info is None:
        del content["info"]
    notes = tolerant(content, tmp_path)
    assert [str(note) for note in notes.found][:3] == [
        f"{problem} (taken as empty)",
        "#/info: lacks 'title' (taken as 'API')",
        "#/info: lacks 'version' (taken as '0')",
    ]


def test_a_path_of_another_style_costs_its_operation(tmp_path: Path) -> None:
    item = {"get": operation(parameters=[parameter("path", "id", style="matrix")])}
    notes = tolerant(document({"/a/{id}": item}), tmp_path)

    assert [str(missing) for missing in notes.missing] == [
        "GET /a/{id}: #/paths/~1a~1{id}/get/parameters/0/style: 'matrix' is not supported in path; only 'simple'"
    ]


def test_a_note_says_how_the_document_was_taken(tmp_path: Path) -> None:
    notes = tolerant(document(schemas={"S": {**TEXT, "nullable": True}}), tmp_path)

    assert [str(note) for note in notes.found] == [
        f"#/components/schemas/S/nullable: is a keyword of OpenAPI 3.0; in 3.1, {CURE} (taken as in 3.0)"
    ]


def test_each_operation_on_a_path_that_cannot_be_sent_is_left_out(tmp_path: Path) -> None:
    notes = tolerant(document({"a": {"get": operation(), "put": operation(operationId="b")}}), tmp_path)

    assert [missing.operation for missing in notes.missing] == ["GET a", "PUT a"]


def test_a_description_that_is_no_text_is_left_out() -> None:
    notes = Notes(strict=False)

    assert [Node({"a": value}, "#", notes).prose("a") for value in (5, None, "b")] == ["", "", "b"]
    assert [str(note) for note in notes.found] == ["#/a: must be a string, not a number; put it in quotes (ignored)"]


def test_a_note_is_kept_once_and_a_strict_reader_keeps_none() -> None:
    notes = Notes(strict=False)
    for _ in range(2):
        notes.add("#/a", "is odd", "taken as even")
    assert [str(note) for note in notes.found] == ["#/a: is odd (taken as even)"]
    strict = Notes(strict=True)
    with pytest.raises(SpecError, match=r"^#/a: is odd$"):
        strict.add("#/a", "is odd")
    with pytest.raises(SpecError, match=r"^#/b: is broken$"):
        strict.leave_out("GET /b", SpecError("#/b", "is broken"))
    assert (strict.found, strict.missing) == ((), [])


def run(folder: Path, content: Any, *options: str) -> int:
    return main([*command_line(write_spec(folder, content), folder / "out"), *options])


def test_a_document_without_faults_is_generated_without_a_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, FINE) == 0
    assert capsys.readouterr().err == ""


def test_notes_are_shown_and_counted_and_written_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    content = {**FINE, **{f"own{number}": 1 for number in range(25)}}
    assert run(tmp_path, content) == 0
    first, *_, more, count = capsys.readouterr().err.splitlines()
    assert (
        first == "spec.json: #: 'own0' is not a keyword of the OpenAPI Object; correct it, or call it x-own0 (ignored)"
    )
    assert more == "spec.json: 5 more; --notes FILE writes all of them"
    assert count == "0 operations left out, 25 notes"
    assert run(tmp_path, content, "--notes", str(tmp_path / "notes.txt")) == 0
    lines = (tmp_path / "notes.txt").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 25
    assert lines[24].startswith("#: 'own24' is not a keyword")
    assert " more; " not in capsys.readouterr().err


def test_a_missing_operation_is_named_and_fails_unless_that_is_allowed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = operation(operationId="b", requestBody={"$ref": "#/components/requestBodies/No"})
    content = document({"/a": {"get": operation()}, "/b": {"get": missing}})
    problem = "#/paths/~1b/get/requestBody/$ref: '#/components/requestBodies/No' does not exist"
    assert run(tmp_path, content) == 3
    out, err = capsys.readouterr()
    assert out.startswith("wrote ")
    assert err.splitlines() == [f"spec.json: left out GET /b: {problem}", "1 operation left out, 0 notes"]
    assert run(tmp_path, content, "--check") == 3
    assert capsys.readouterr() == ("", f"spec.json: left out GET /b: {problem}\n")
    assert run(tmp_path, content, "--allow-missing") == 0
    assert run(tmp_path, content, "--check", "--allow-missing") == 0
    assert run(tmp_path, content, "--strict") == 1


@pytest.mark.parametrize(
    ("info", "meaning"),
    [
        ({"title": "T"}, ": lacks 'version' (taken as '0')"),
        ({"title": "T", "version": 1.5}, "/version: must be a string, not a number; put it in quotes (taken as '1.5')"),
        ({"title": None, "version": "1"}, "/title: must be a string, not null; put it in quotes (taken as 'API')"),
    ],
)
def test_a_document_without_a_title_or_version_is_generated(info: Any, meaning: str, tmp_path: Path) -> None:
    notes = tolerant(document({"/a": {"get": operation()}}, info=info), tmp_path)
    assert [str(note) for note in notes.found] == [f"#/info{meaning}"]
    assert not notes.missing


@pytest.mark.parametrize("place", ["path", "header"])
@pytest.mark.parametrize("schema", [{"schema": obj(major=INT)}, {"content": {"application/json": {"schema": TEXT}}}])
def test_an_object_in_a_path_or_header_is_text_that_the_caller_writes(
    schema: dict[str, Any], place: str, tmp_path: Path
) -> None:
    declared = {"name": "version", "in": place, "required": True, **schema}
    notes = tolerant(document({"/a/{version}": {"get": operation(parameters=[declared])}}), tmp_path)
    assert not notes.missing
    assert any(note.meaning == "the caller writes it as text" for note in notes.found)
    module = (tmp_path / "made" / "api" / "default" / "call.py").read_text(encoding="utf-8")
    assert "version: str" in module


FORM = "application/x-www-form-urlencoded"


def form(tmp_path: Path, **media: Any) -> tuple[str, list[str]]:
    """Return the module of an operation whose body is a form, and the notes."""
    post = operation(requestBody={"required": True, "content": {FORM: media}})
    notes = tolerant(document({"/a": {"post": post}}), tmp_path)
    assert not notes.missing
    module = (tmp_path / "made" / "api" / "default" / "call.py").read_text(encoding="utf-8")
    return module, [f"{note.problem} ({note.meaning})" for note in notes.found]


def test_a_form_that_is_no_object_is_text_that_the_caller_writes(tmp_path: Path) -> None:
    module, notes = form(tmp_path, schema={"type": "array", "items": TEXT})
    assert "_TEXT: Final = Text()" in module
    assert notes == ["a form needs an object with properties (the caller writes it as text)"]


def test_a_form_may_be_one_of_several_objects(tmp_path: Path) -> None:
    module, notes = form(tmp_path, schema={"anyOf": [obj(a=TEXT), obj(b=TEXT)]})
    assert "_FORM: Final[Form[" in module
    assert not notes


def test_a_form_has_the_styles_of_its_properties(tmp_path: Path) -> None:
    deep = {"style": "deepObject", "explode": True}
    styles = {"a": deep, "b": {"style": "pipeDelimited"}, "c": {"style": "form"}, "d": {"style": "label"}}
    texts = {"type": "array", "items": TEXT}
    properties = obj(a=obj(x=TEXT), b=texts, c=texts, d=texts, e={"type": "array", "items": texts})
    module, notes = form(tmp_path, schema=properties, encoding={**styles, "e": {"explode": False}})
    assert 'styles={ "a": "deepObject", "b": "pipeDelimited", }' in module
    assert notes == [
        "'label' is not a style of a form; use one of form, spaceDelimited, pipeDelimited, deepObject (ignored)",
        "an object or a nested array cannot be joined; use style deepObject (sent as JSON)",
    ]


def test_a_form_in_a_response_is_no_structure() -> None:
    content = {FORM: {"schema": obj(a=TEXT)}}
    found, notes = read_operation(responses={"200": {"description": "Done.", "content": content}})
    assert [media.codec.kind for media in found.successes[0].media] == ["Binary"]
    assert [f"{note.problem} ({note.meaning})" for note in notes] == [
        "only JSON has a structure in a response; give it a schema of type string, or none (taken as bytes)"
    ]


@pytest.mark.parametrize(("media_type", "meaning"), [
    ("application/json; charset=utf-8", ""), ("application/xml, application/json", ""), ("application/*", ""),
    ("*/*", ""), ("application/xml", "sent as JSON"),
])  # fmt: skip
def test_an_object_in_a_form_is_sent_as_json(media_type: str, meaning: str, tmp_path: Path) -> None:
    media = {"schema": obj(a=obj(x=TEXT)), "encoding": {"a": {"contentType": media_type}}}
    post = operation(requestBody={"required": True, "content": {"multipart/form-data": media}})
    notes = tolerant(document({"/a": {"post": post}}), tmp_path)
    assert [note.meaning for note in notes.found] == [meaning] * bool(meaning)
    module = (tmp_path / "made" / "api" / "default" / "call.py").read_text(encoding="utf-8")
    assert re.search(r'FormField\("a", "a", \S+, "application/json"', module)


BINARY = {"type": "string", "format": "binary"}
PARTS, JSON, URLENCODED = "multipart/form-data", "application/json", "application/x-www-form-urlencoded"
ONE, OTHER = obj(a=TEXT), obj(b=TEXT)
FILE = obj(a=TEXT, file=BINARY)


@pytest.mark.parametrize(
    ("content", "kinds", "left_out"),
    [
        ({JSON: ONE, PARTS: ONE}, ["Json"], []),
        ({PARTS: ONE, URLENCODED: ONE, JSON: ONE}, ["Json"], []),
        ({PARTS: ONE, URLENCODED: ONE}, ["Form"], []),
        ({JSON: ONE, PARTS: OTHER}, ["Json"], [PARTS]),
        ({JSON: ONE, PARTS: ONE, "multipart/mixed": OTHER}, ["Json"], ["multipart/mixed"]),
        ({JSON: FILE, PARTS: FILE}, ["Multipart"], []),
        ({JSON: ONE, PARTS: FILE}, ["Multipart"], [JSON]),
        ({"application/octet-stream": BINARY, PARTS: ONE}, ["Multipart"], ["application/octet-stream"]),
        ({PARTS: ONE}, ["Multipart"], []),
    ],
)
def test_a_form_of_parts_does_not_hide_what_stands_beside_it(
    content: dict[str, Any], kinds: list[str], left_out: list[str]
) -> None:
    media = {name: {"schema": schema} for name, schema in content.items()}
    found, notes = read_operation(**operation(requestBody={"content": media}))
    assert found.body
    assert [one.codec.kind for one in found.body.media] == kinds
    assert [note.place.rpartition("/")[2].replace("~1", "/") for note in notes] == left_out
    assert {note.meaning for note in notes} <= {"left out"}


FILES = {"type": "array", "items": BINARY}


@pytest.mark.parametrize(
    ("content", "type_"),
    [
        ({PARTS: {"schema": FILES}}, "FileContent | list[FileContent]"),
        ({PARTS: {"schema": BINARY}, "multipart/mixed": {"schema": ONE}}, "FileContent | list[FileContent]"),
        ({PARTS: {"schema": FILES}, JSON: {"schema": ONE}}, "FileContent | list[FileContent]"),
        ({PARTS: {"schema": {"type": "array", "items": ONE}}}, "Any"),
        ({PARTS: {"schema": {"type": "object"}}}, "Any"),
        ({PARTS: {"schema": {}}}, "Any"),
        ({PARTS: {}}, "Any"),
        ({PARTS: {}, JSON: {"schema": ONE}}, None),
    ],
)
def test_the_caller_names_the_parts_of_a_form_that_names_none(content: Any, type_: str | None) -> None:
    found, notes = read_operation(**operation(requestBody={"required": True, "content": content}))
    assert found.body
    assert found.body.media[0].codec.kind == ("Multipart" if type_ else "Json")
    if type_:
        assert notes[0].problem == "names no part; give it a schema with properties"
        (field,) = found.body.fields
        assert field.name == "additional_properties"
        assert field.type.text(plain=True) == f"dict[str, {type_}]"


@pytest.mark.parametrize(
    ("schema", "type_"),
    [
        ({"anyOf": [BINARY, {"type": "null"}]}, "FileContent"),
        ({"anyOf": [{"type": "array", "items": BINARY}, {"type": "null"}]}, "list[FileContent]"),
        ({"oneOf": [BINARY, {"type": "array", "items": BINARY}]}, "FileContent | list[FileContent]"),
        ({"type": "string", "contentMediaType": "application/octet-stream"}, "FileContent"),
    ],
)
def test_a_file_in_a_form_may_be_one_alternative(schema: Any, type_: str, tmp_path: Path) -> None:
    media = {"multipart/form-data": {"schema": obj(file=schema)}}
    post = operation(requestBody={"required": True, "content": media})
    notes = tolerant(document({"/a": {"post": post}}), tmp_path)
    assert not notes.found
    module = (tmp_path / "made" / "api" / "default" / "call.py").read_text(encoding="utf-8")
    assert f"file: {type_}" in module


@pytest.mark.parametrize("schema", [ref("Form"), {"allOf": [ref("Form")], "title": "Body"}])
@pytest.mark.parametrize("file", [BINARY, {"type": "string", "contentMediaType": "application/octet-stream"}])
@pytest.mark.parametrize("is_form_alone", [True, False])
def test_the_files_of_a_form_under_components_are_no_json(
    file: Any, schema: Any, tmp_path: Path, *, is_form_alone: bool
) -> None:
    optional = {"anyOf": [file, {"type": "null"}]}
    schemas = {"Form": obj(file=file, files={"items": file}, one=optional, in_json=obj(a=file))}
    schemas |= {} if is_form_alone else {"Other": obj(form=ref("Form"))}
    post = operation(requestBody={"required": True, "content": {PARTS: {"schema": schema}}})
    notes = tolerant(document({"/a": {"post": post}}, schemas), tmp_path)
    assert not notes.missing
    found = [note.place.removeprefix("#/components/schemas/Form/properties/") for note in notes.found]
    assert found == [*(() if is_form_alone else ("file", "files/items", "one/anyOf/0")), "in_json/properties/a"]
    assert "file: FileContent" in (tmp_path / "made" / "api" / "default" / "call.py").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("encoding", "field", "problems"),
    [
        ({"contentType": "image/png"}, '"file", None, "image/png"', []),
        ({"contentType": "image/png, image/gif"}, '"file", None)', []),
        ({"contentType": "image/*"}, '"file", None)', []),
        (
            {"headers": {"X-A": {"schema": TEXT}}},
            '"file", None)',
            ["the headers of a part are the caller's: those of a file are `headers` of its `File`"],
        ),
    ],
)
def test_a_file_has_the_media_type_of_its_encoding(
    encoding: Any, field: str, problems: list[str], tmp_path: Path
) -> None:
    media = {"multipart/form-data": {"schema": obj(file=BINARY), "encoding": {"file": encoding}}}
    post = operation(requestBody={"required": True, "content": media})
    notes = tolerant(document({"/a": {"post": post}}), tmp_path)
    assert [note.problem for note in notes.found] == problems
    assert field in (tmp_path / "made" / "api" / "default" / "call.py").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("media_type", "notes"),
    [
        ("*/*", ["is a range, and only JSON has a structure; name application/json (taken as JSON)"]),
        ("application/*", ["is a range, and only JSON has a structure; name application/json (taken as JSON)"]),
        ("application/*+json", []),
        ("text/json", []),
        ("application/json+sarif", []),
    ],
)
def test_a_structure_without_a_media_type_of_its_own_is_json(media_type: str, notes: list[str]) -> None:
    content = {media_type: {"schema": obj(a=TEXT)}}
    post = operation(responses={"200": {"description": "Done.", "content": content}})
    read = Document(document({"/a": {"post": post}}), "spec", strict=False)
    schemas = SchemaReader(read)
    (found,) = OperationReader(read, schemas).read()
    assert [media.codec.kind for media in found.successes[0].media] == ["Json"]
    assert [f"{note.problem} ({note.meaning})" for note in read.notes.found] == notes


NOWHERE = {"$ref": "#/components/schemas/No"}
DONE = {"description": "Done."}


def test_a_schema_that_leads_nowhere_is_any_value_in_its_place() -> None:
    content = {"content": {JSON: {"schema": NOWHERE}}}
    found, notes = read_operation(requestBody=content, responses={"200": {**DONE, **content}})
    assert found.body
    assert [media.codec.type.text() for media in (*found.body.media, *found.successes[0].media)] == ["Any", "Any"]
    assert [(note.place.rpartition("/")[2], note.meaning) for note in notes] == [("$ref", "taken as any value")] * 2


def test_an_error_that_leads_nowhere_is_one_without_details() -> None:
    responses = {"200": {**DONE, "headers": {"X": NOWHERE}}, "404": NOWHERE, "409": DONE}
    found, notes = read_operation(responses=responses)
    assert [response.status for response in (*found.successes, *found.errors)] == ["200", "409"]
    assert [note.meaning for note in notes] == ["ignored", "an error without details"]


def test_an_operation_may_have_no_responses() -> None:
    found, notes = read_operation()
    assert [response.status for response in found.successes] == ["2XX"]
    assert "any 2XX is a success without a body" in [note.meaning for note in notes]


@pytest.mark.parametrize("status", ["204", "205"])
def test_a_status_without_a_body_has_none_although_it_is_declared(status: str) -> None:
    responses = {status: {**DONE, "content": {JSON: {"schema": {"type": "null"}}}}, "304": {**DONE, "content": {}}}
    found, notes = read_operation(responses=responses)
    assert [response.has_content for response in found.successes] == [False]
    assert [note.problem for note in notes] == [f"a {status} has no body; remove it"]


def test_a_redirect_of_bytes_is_followed_although_its_header_is_forgotten() -> None:
    for media_type, schema, follows in (("application/pdf", BINARY, True), (JSON, ONE, False)):
        responses = {"200": {**DONE, "content": {media_type: {"schema": schema}}}, "302": DONE}
        assert read_operation(responses=responses)[0].follows_redirect is follows


def test_text_of_any_media_type_is_text() -> None:
    for schema, kind in ((TEXT, "Text"), (BINARY, "Binary")):
        found, _ = read_operation(responses={"200": {**DONE, "content": {"*/*": {"schema": schema}}}})
        assert [media.codec.kind for media in found.successes[0].media] == [kind]


@pytest.mark.parametrize("media_type", ["*/*", "application/*", "application/*+json"])
def test_a_structure_in_a_range_is_sent_as_json(media_type: str) -> None:
    body = {"content": {media_type: {"schema": obj(a=TEXT)}, "application/octet-stream": {}}}
    read = Document(document({"/a": {"post": operation(requestBody=body)}}), "spec", strict=False)
    schemas = SchemaReader(read)
    (found,) = OperationReader(read, schemas).read()
    assert found.body
    assert [media.media_type for media in found.body.media] == ["application/json", "application/octet-stream"]
    assert len(read.notes.found) == 1


def test_a_header_authorization_that_no_scheme_explains_is_a_key_of_the_client() -> None:
    header = parameter("header", "authorization", description="A token, behind `Token `.", required=True)
    found, notes = read_operation(**operation(parameters=[header]))
    (key,) = found.credentials
    assert (key.name, key.kind, key.wire_name, key.description) == (
        "authorization", "ApiKey", "Authorization", "A token, behind `Token `."
    )  # fmt: skip
    problem = "OpenAPI ignores a parameter Authorization; declare a security scheme (an API key of the client)"
    assert [str(note) for note in notes] == [f"#/paths/~1a/get/parameters/0: {problem}"]
    schemes = {"bearer": {"type": "http", "scheme": "bearer"}}
    content = document({"/a": {"get": operation(parameters=[header], security=[{"bearer": []}])}})
    read = Document({**content, "components": {"securitySchemes": schemes}}, "spec", strict=False)
    (found,) = OperationReader(read, SchemaReader(read)).read()
    assert (found.credentials, found.parameters, len(read.notes.found)) == ([], [], 1)


def test_a_parameter_that_leads_nowhere_costs_no_operation() -> None:
    nowhere = {"$ref": "#/components/parameters/Nowhere"}
    found, notes = read_operation(**operation(parameters=[nowhere, parameter("query", "q")]))
    assert [argument.name for argument in found.parameters] == ["q"]
    assert [str(note) for note in notes] == [
        "#/paths/~1a/get/parameters/0/$ref: '#/components/parameters/Nowhere' does not exist (left out)"
    ]


def test_a_query_and_media_types_of_openapi_3_2_are_read() -> None:
    form = {"application/x-www-form-urlencoded": {"schema": obj(a=TEXT)}}
    whole = {"in": "querystring", "name": "filter", "content": form}
    answer = {"200": {**DONE, "content": {JSON: {"$ref": "#/components/mediaTypes/Kept"}}}}
    content = document({"/a": {"get": operation(parameters=[whole], responses=answer)}}, version="3.2.0")
    read = Document({**content, "components": {"mediaTypes": {"Kept": {"schema": obj(b=TEXT)}}}}, "spec", strict=False)
    schemas = SchemaReader(read)
    (found,) = OperationReader(read, schemas).read()
    assert [(argument.location, argument.style) for argument in found.parameters] == [("query", "form")]
    assert [[field.name for field in model.fields] for model in schemas.models] == [["a"], ["b"]]
